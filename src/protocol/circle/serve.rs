//! Answering `want`: whole runs, in timestamp order, so that every entry named comes before the one
//! that names it.

use std::sync::Arc;

use super::super::archive::Archive;
use super::super::entry::{CheckedRun, Run};
use super::super::id::{Hash, NodeId};
use super::super::limits::{REFERENCE_ENTRIES_MAX, RUN_BYTES_MAX};
use super::super::packet::{Lane, Packet, Want};
use super::Circle;
use super::sync::Serving;

/// `history` packets queued before the link must have written them out.
const PACKETS_IN_FLIGHT: usize = 4;

impl Circle {
    pub(super) fn take_want(&mut self, peer: NodeId, want: Want, archive: &dyn Archive) {
        let Some(link) = self.links.get_mut(&peer) else { return };
        for range in want.ranges {
            if range.from >= 1 && range.from <= range.to {
                let serving = Serving { from: range.from, to: range.to, front: None };
                link.serving.insert(range.author, serving);
            }
        }
        let mut runs = Vec::new();
        for hash in want.hashes {
            self.runs_up_to(&hash, archive, &mut runs);
        }
        self.send_history(peer, runs);
        self.serve(peer, archive);
    }

    /// The run with this entry. Of a disputed author also those before it, oldest first: the peer
    /// looks for where its log forks.
    fn runs_up_to(&self, hash: &Hash, archive: &dyn Archive, runs: &mut Vec<Run>) {
        let Some(located) = archive.locate(hash) else { return };
        if located.reference {
            runs.extend(archive.reference_run(hash));
            return;
        }
        let disputed = self.members.get(&located.author).is_some_and(|m| m.dispute.is_some());
        let back = if disputed { REFERENCE_ENTRIES_MAX as u64 } else { 1 };
        let mut seq = (located.seq + 1).saturating_sub(back).max(1);
        while seq <= located.seq {
            let Some(run) = archive.run_from(&located.author, seq) else { return };
            seq = run.last_seq() + 1;
            runs.push(run);
        }
    }

    pub(super) fn drained(&mut self, peer: NodeId, archive: &dyn Archive) {
        if let Some(link) = self.links.get_mut(&peer) {
            link.in_flight = false;
            self.serve(peer, archive);
        }
    }

    fn serve(&mut self, peer: NodeId, archive: &dyn Archive) {
        let link = self.links.get_mut(&peer).expect("served links are up");
        if link.in_flight {
            return;
        }
        let (mut runs, mut bytes) = (Vec::new(), 0);
        while bytes < PACKETS_IN_FLIGHT * RUN_BYTES_MAX {
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
        self.links.get_mut(&peer).expect("served links are up").in_flight = true;
        self.outputs.push(super::Output::Send(peer, Lane::History, Packet::History(runs)));
    }
}
