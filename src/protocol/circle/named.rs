//! What an entry names, and what that names in turn: the answer to a hash brings it along, or a
//! chain of forks would cost its reader a round trip for each.

use std::collections::BTreeSet;

use super::super::archive::{Archive, Located};
use super::super::entry::Run;
use super::super::id::{Hash, Signature};
use super::super::limits::NAMED_RUNS_MAX;
use super::super::planted::{self, Bug};

/// The run with the entry of this hash, and those it names, directly or through others, where
/// the asker may lack them: of a log from the seq that `lacked_from` tells. At most
/// [`NAMED_RUNS_MAX`] and `room` bytes, the nearest; oldest first, so that each can be taken before
/// what names it. What was `brought` before is left out.
pub(super) fn with_named(
    hash: &Hash,
    archive: &dyn Archive,
    lacked_from: &dyn Fn(&Located) -> u64,
    brought: &mut BTreeSet<Signature>,
    room: usize,
) -> Vec<Run> {
    let (mut runs, mut bytes) = (Vec::new(), 0);
    let mut named: BTreeSet<(u64, Hash)> = BTreeSet::from([(0, *hash)]);
    while let Some((_, hash)) = named.pop_last() {
        let Some(at) = archive.locate(&hash) else { continue };
        let Some(run) = run_with(&hash, &at, lacked_from(&at), archive) else { continue };
        if !brought.insert(run.signature) {
            continue;
        }
        bytes += run.encoded_len();
        if !runs.is_empty() && (bytes > room || runs.len() >= NAMED_RUNS_MAX) {
            brought.remove(&run.signature);
            break;
        }
        if planted::is(Bug::NamedLeftOut) {
            return vec![run];
        }
        for hash in [run.first.prev, run.first.seen].into_iter().flatten() {
            let lacked = |at: &Located| at.branch || at.seq >= lacked_from(at);
            named.extend(archive.locate(&hash).filter(lacked).map(|at| (at.lamport, hash)));
        }
        runs.push(run);
    }
    runs.sort_by_key(|run| (run.first.lamport, run.first.author));
    runs
}

/// The run that has the entry: from where the asker may lack it, the entry itself at the latest.
fn run_with(hash: &Hash, at: &Located, lacked_from: u64, archive: &dyn Archive) -> Option<Run> {
    if at.branch {
        return archive.branch_run(hash);
    }
    let start = archive.run_start(&at.author, at.seq)?;
    archive.run_from(&at.author, start.max(lacked_from.min(at.seq)))
}
