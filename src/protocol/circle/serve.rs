//! Answering `want`: whole runs, in timestamp order, so that every entry named comes before the one
//! that names it.

use std::collections::VecDeque;
use std::sync::Arc;

use super::super::archive::{Archive, Located};
use super::super::entry::{CheckedRun, Run};
use super::super::id::{Hash, NodeId};
use super::super::limits::{REFERENCE_ENTRIES_MAX, RUN_BYTES_MAX, WANTED_HASHES_MAX};
use super::super::packet::{Lane, Packet, Want};
use super::Circle;
use super::sync::Serving;

/// Bytes of history queued before the link must have written them out.
const BYTES_IN_FLIGHT: usize = 4 * RUN_BYTES_MAX;

/// Whether the entry is in one of these runs already.
fn among(runs: &[Run], at: &Located) -> bool {
    let range = |run: &Run| run.first.seq..=run.last_seq();
    !at.reference
        && runs.iter().any(|run| run.first.author == at.author && range(run).contains(&at.seq))
}

impl Circle {
    pub(super) fn take_want(&mut self, peer: NodeId, want: Want, archive: &dyn Archive) {
        let Some(link) = self.links.get_mut(&peer) else { return };
        for range in want.ranges {
            let held = self.members.get(&range.author).map_or(0, |member| member.committed);
            if range.from >= 1 && range.from <= range.to.min(held) {
                let serving = Serving { from: range.from, to: range.to, front: None };
                link.serving.insert(range.author, serving);
            }
        }
        for hash in want.hashes {
            // Whoever asks faster than it reads is answered what it asked first.
            if link.asked.len() < WANTED_HASHES_MAX && !link.asked.contains(&hash) {
                link.asked.push_back(hash);
            }
        }
        self.serve(peer, archive);
    }

    /// The run with this entry. Of a disputed author also those before it, oldest first: the peer
    /// looks for where its log forks.
    fn runs_up_to(&self, hash: &Hash, archive: &dyn Archive) -> VecDeque<Run> {
        let Some(located) = archive.locate(hash) else { return VecDeque::new() };
        if located.reference {
            return archive.reference_run(hash).into_iter().collect();
        }
        let (mut runs, mut bytes) = (VecDeque::new(), 0);
        let disputed = self.members.get(&located.author).is_some_and(|m| m.dispute.is_some());
        let back = if disputed { REFERENCE_ENTRIES_MAX as u64 } else { 1 };
        let mut seq = (located.seq + 1).saturating_sub(back).max(1);
        while seq <= located.seq {
            let Some(run) = archive.run_from(&located.author, seq) else { break };
            seq = run.last_seq() + 1;
            bytes += run.encoded_len();
            runs.push_back(run);
            // The end is what was asked for; the peer asks on from where this begins.
            while bytes > BYTES_IN_FLIGHT && runs.len() > 1 {
                bytes -= runs.pop_front().map_or(0, |run| run.encoded_len());
            }
        }
        runs
    }

    pub(super) fn written(&mut self, peer: NodeId, packets: usize, archive: &dyn Archive) {
        if let Some(link) = self.links.get_mut(&peer) {
            // A link that is used again tells of what it was given before, too.
            link.unwritten = link.unwritten.saturating_sub(packets);
            self.serve(peer, archive);
        }
    }

    fn serve(&mut self, peer: NodeId, archive: &dyn Archive) {
        let link = self.links.get_mut(&peer).expect("served links are up");
        if link.unwritten > 0 {
            return;
        }
        let (mut runs, mut bytes): (Vec<Run>, usize) = (Vec::new(), 0);
        while bytes < BYTES_IN_FLIGHT {
            let Some(hash) = self.links.get_mut(&peer).and_then(|link| link.asked.pop_front())
            else {
                break;
            };
            if !archive.locate(&hash).is_some_and(|at| among(&runs, &at)) {
                let more = self.runs_up_to(&hash, archive);
                bytes += more.iter().map(Run::encoded_len).sum::<usize>();
                runs.extend(more);
            }
        }
        let link = self.links.get_mut(&peer).expect("served links are up");
        while bytes < BYTES_IN_FLIGHT {
            link.serving.retain(|author, serving| {
                if serving.front.is_none() && serving.from <= serving.to {
                    serving.front = archive.run_from(author, serving.from);
                }
                serving.front.is_some()
            });
            let next = link.serving.iter_mut().min_by_key(|(author, serving)| {
                (serving.front.as_ref().map(|run| run.first.lamport), **author)
            });
            let Some((_, serving)) = next else { break };
            let run = serving.front.take().expect("retained with a front");
            serving.from = run.last_seq() + 1;
            bytes += run.encoded_len();
            runs.push(run);
        }
        self.send_history(peer, runs);
    }

    fn send_history(&mut self, peer: NodeId, runs: Vec<Run>) {
        let (mut packet, mut bytes) = (Vec::new(), 0);
        for run in runs {
            let run = CheckedRun::from_store(run);
            if bytes + run.bytes() > RUN_BYTES_MAX && !packet.is_empty() {
                self.send_packed(peer, std::mem::take(&mut packet));
                bytes = 0;
            }
            bytes += run.bytes();
            packet.push(Arc::new(run));
        }
        if !packet.is_empty() {
            self.send_packed(peer, packet);
        }
    }

    fn send_packed(&mut self, peer: NodeId, runs: Vec<Arc<CheckedRun>>) {
        self.links.get_mut(&peer).expect("served links are up").unwritten += 1;
        self.outputs.push(super::Output::Send(peer, Lane::History, Packet::History(runs)));
    }
}
