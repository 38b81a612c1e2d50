//! What was served to each peer, over all its links: what is asked for again and again is paced.

use std::collections::BTreeMap;

use super::super::entry::CheckedRun;
use super::super::id::NodeId;
use super::super::limits::{AGAIN_BYTES_MAX, AGAIN_BYTES_PER_SECOND, LINKS_MAX};
use super::super::lookup::Cursor;
use super::super::planted::{self, Bug};

/// One peer that asks for history.
#[derive(Debug)]
struct Asker {
    /// Per author how far ranges of its log were served.
    served: BTreeMap<NodeId, u64>,
    /// Bytes that may go out now though they are no news to the peer; below zero after a large one.
    again: i64,
    /// When `again` was last reckoned.
    at: u64,
    linked: bool,
}

impl Asker {
    /// Bytes that may be served again, at this time.
    fn allowance(&self, now: u64) -> i64 {
        let elapsed = now.saturating_sub(self.at).min(1_000 * AGAIN_BYTES_MAX);
        let grown = elapsed * AGAIN_BYTES_PER_SECOND / 1_000;
        self.again.saturating_add_unsigned(grown).min(AGAIN_BYTES_MAX as i64)
    }

    fn spend(&mut self, bytes: usize, now: u64) {
        self.again = self.allowance(now).saturating_sub_unsigned(bytes as u64);
        self.at = now;
    }

    fn earn(&mut self, bytes: usize, now: u64) {
        let more = self.allowance(now).saturating_add_unsigned(bytes as u64);
        (self.again, self.at) = (more.min(AGAIN_BYTES_MAX as i64), now);
    }
}

/// All that are linked, and the last that were.
#[derive(Debug, Default)]
pub(super) struct Askers(BTreeMap<NodeId, Asker>);

impl Askers {
    /// The peer is linked. What it was served before is remembered.
    pub(super) fn linked(&mut self, peer: NodeId, now: u64) {
        let fresh = || Asker {
            served: BTreeMap::new(),
            again: AGAIN_BYTES_MAX as i64,
            at: now,
            linked: true,
        };
        self.0.entry(peer).or_insert_with(fresh).linked = true;
    }

    /// The peer is not linked any more. Of such, the last [`LINKS_MAX`] to be served are kept.
    pub(super) fn unlinked(&mut self, peer: &NodeId) {
        let Some(asker) = self.0.get_mut(peer) else { return };
        asker.linked = false;
        let gone = |(id, asker): (&NodeId, &Asker)| (!asker.linked).then_some((asker.at, *id));
        let gone: Vec<_> = self.0.iter().filter_map(gone).collect();
        if gone.len() > LINKS_MAX
            && let Some((_, oldest)) = gone.iter().min()
        {
            self.0.remove(oldest);
        }
    }

    /// When the peer may be served what is no news to it: at once, or so late.
    pub(super) fn again_at(&self, peer: &NodeId, now: u64) -> u64 {
        let left = self.0.get(peer).map_or(0, |asker| asker.allowance(now));
        if left > 0 || planted::is(Bug::AgainUnpaced) {
            return now;
        }
        now + 1 + left.unsigned_abs() * 1_000 / AGAIN_BYTES_PER_SECOND
    }

    /// Whether this was served to the peer before, or the beginning of it.
    pub(super) fn again(&self, peer: &NodeId, author: &NodeId, cursor: &Cursor) -> bool {
        let served = self.0.get(peer).and_then(|asker| asker.served.get(author));
        served.is_some_and(|served| cursor.from <= *served)
    }

    /// Runs of ranges go out to the peer. As much as is news to it may be lost and asked for again.
    pub(super) fn served<'a>(
        &mut self,
        peer: &NodeId,
        runs: impl Iterator<Item = &'a CheckedRun>,
        now: u64,
    ) {
        let Some(asker) = self.0.get_mut(peer) else { return };
        for run in runs {
            let served = asker.served.entry(run.author()).or_default();
            if run.run().last_seq() > *served {
                *served = run.run().last_seq();
                asker.earn(run.bytes(), now);
            } else {
                asker.spend(run.bytes(), now);
            }
        }
    }

    /// Something else goes out that may have gone out before.
    pub(super) fn spend(&mut self, peer: &NodeId, bytes: usize, now: u64) {
        if let Some(asker) = self.0.get_mut(peer) {
            asker.spend(bytes, now);
        }
    }
}
