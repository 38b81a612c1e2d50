//! What must hold at every step.

use std::collections::{BTreeMap, BTreeSet};

use roda::protocol::archive::Write;
use roda::protocol::body::Decision;
use roda::protocol::circle::{Circle, Output};
use roda::protocol::id::NodeId;
use roda::protocol::limits::{
    HINTS_MAX, RECEIPTS_UNMET_MAX, SEND_QUEUE_BYTES_MAX, WAITING_AUTHOR_BYTES_MAX,
    WAITING_BYTES_MAX, WANTED_MAX,
};
use roda::protocol::packet::circle::Packet;
use roda::protocol::receipt::Receipt;

use crate::world::Node;

/// Marks of one node: they never fall, through restarts too.
#[derive(Default, Clone)]
struct Marks {
    delivered: BTreeMap<NodeId, u64>,
    read: BTreeMap<NodeId, u64>,
    final_to: u64,
    final_computed: u64,
    /// Who was known when positions up to a counter became final.
    known: BTreeMap<u64, BTreeSet<NodeId>>,
    /// The newest receipt of each member; a restart may fall back to what was committed.
    receipts: BTreeMap<NodeId, Receipt>,
}

#[derive(Default)]
pub struct Checks {
    asked: BTreeMap<u64, String>,
    /// Acknowledged: author, sequence number, what was said.
    pub acknowledged: Vec<(NodeId, u64, String)>,
    /// Who may sign two versions: liars, and honest members whose database was put back.
    pub may_fork: BTreeSet<NodeId>,
    counts: BTreeMap<NodeId, u64>,
    marks: BTreeMap<NodeId, Marks>,
    pub delivered_moves: u64,
    pub final_moves: u64,
    pub disputes: u64,
    pub replays: u64,
    pub refusals: u64,
    pub overflows: u64,
    pub lies: u64,
    pub reborn: u64,
    /// Milliseconds from the end of the faults to agreement.
    pub slowest: u64,
}

impl Checks {
    pub fn asked(&mut self, token: u64, _node: usize, body: &str) {
        self.asked.insert(token, body.to_owned());
    }

    pub fn refused(&mut self, token: u64) {
        self.asked.remove(&token).expect("a refusal of a question, once");
    }

    /// An answer comes only after the commit. True where the member has left with it.
    pub fn said(&mut self, token: u64, node: &Node, seq: u64) -> bool {
        let body = self.asked.remove(&token).expect("an answer to a question, once");
        let kept = &node.disk.logs[&node.id][seq as usize - 1];
        assert_eq!(kept.said.body, body, "what is acknowledged is what was committed");
        let left = body == Decision::Leave.encode();
        self.acknowledged.push((node.id, seq, body));
        left
    }

    pub fn started(&mut self, node: &Node) {
        let circle = node.circle.as_ref().expect("started");
        let marks = self.marks.entry(node.id).or_default();
        // What was computed and not yet stored as final was never shown.
        marks.final_computed = circle.final_computed();
        marks.receipts.clear();
        self.marks_hold(node);
    }

    /// The database of this member is an older one now: its marks may be too, and what it goes on
    /// to say may be a second version.
    pub fn restored(&mut self, id: NodeId) {
        self.may_fork.insert(id);
        let marks = self.marks.entry(id).or_default();
        *marks = Marks { known: std::mem::take(&mut marks.known), ..Marks::default() };
        self.counts.remove(&id);
        self.reborn += 1;
    }

    pub fn after_step(&mut self, node: &Node, clock_before: u64, outputs: &[Output]) {
        let writes = outputs.iter().filter_map(|output| match output {
            Output::Commit(_, writes) => Some(writes),
            _ => None,
        });
        for write in writes.flatten() {
            let Write::Run { run, .. } = write else { continue };
            let circle = node.circle.as_ref().expect("stepped");
            let (author, lamport) = (run.author(), run.run().first.lamport);
            if author == node.id {
                assert!(lamport > clock_before, "stamped past all that was in view");
            }
            let marks = self.marks.entry(node.id).or_default();
            let known = marks.known.get(&marks.final_computed).is_some_and(|k| k.contains(&author));
            let waited_for = circle.members().get(&author).is_some_and(|m| m.waited_for());
            let bound = known && waited_for && !self.may_fork.contains(&author);
            assert!(
                lamport > marks.final_computed || !bound,
                "{:?} took {lamport} of {author:?} though {} was final; its receipt: {:?}",
                node.id,
                marks.final_computed,
                circle.receipt(&author)
            );
        }
        let circle = node.circle.as_ref().expect("stepped");
        queues_hold(circle, outputs);
        self.marks_hold(node);
    }

    fn marks_hold(&mut self, node: &Node) {
        let circle = node.circle.as_ref().expect("running");
        let marks = self.marks.entry(node.id).or_default();
        for (id, member) in circle.members() {
            if let Some(receipt) = &member.receipt
                && marks.receipts.get(id).is_none_or(|held| held.count != receipt.count)
            {
                let held = marks.receipts.insert(*id, receipt.clone());
                held.iter().for_each(|held| word_holds(circle, held, receipt));
            }
            for (map, now) in [
                (&mut marks.delivered, member.delivered_shown),
                (&mut marks.read, member.read_by_all_shown),
            ] {
                let before = map.entry(*id).or_default();
                assert!(now >= *before, "a mark went back from {before} to {now}");
                self.delivered_moves += u64::from(now > *before);
                *before = now;
            }
        }
        assert!(circle.final_shown() >= marks.final_to, "finality went back");
        if circle.final_computed() > marks.final_computed {
            marks.final_computed = circle.final_computed();
            let members = circle.members().iter();
            let known = members.filter(|(_, m)| m.since.is_some()).map(|(id, _)| *id).collect();
            marks.known.insert(marks.final_computed, known);
        }
        self.final_moves += u64::from(circle.final_shown() > marks.final_to);
        marks.final_to = circle.final_shown();
    }

    /// A packet leaves: own runs and receipts only after the commit.
    pub fn sent(&mut self, node: &Node, packet: &Packet) {
        match packet {
            Packet::Message(run) => {
                assert!(node.disk.has(&node.id, run.run().last_seq()), "committed before sent");
            }
            Packet::Receipt(changes) => {
                for change in changes.iter().filter(|change| change.node == node.id) {
                    for (author, seq) in &change.stored {
                        assert!(node.disk.has(author, *seq), "a receipt implies a commit");
                    }
                    let used = self.counts.entry(node.id).or_default();
                    assert!(change.count >= *used, "a receipt's count is never used again");
                    *used = change.count;
                    let top = node.disk.order.last_key_value().map_or(0, |(t, _)| t.lamport);
                    assert!(change.clock <= top, "a clock promises only what is committed");
                }
            }
            _ => {}
        }
    }
}

/// What a member has vouched for stays so, whatever it says later; but for what cannot be had
/// again, entries past a fork.
fn word_holds(circle: &Circle, held: &Receipt, new: &Receipt) {
    let falls = |(id, seq): (&NodeId, &u64)| {
        let fork = circle.members().get(id).and_then(|member| member.disputed());
        new.stored.get(id).is_some_and(|now| now < seq && fork.is_none_or(|from| *now + 1 < from))
    };
    let fallen = held.clock > new.clock || held.stored.iter().any(falls);
    assert!(!fallen, "a member's word went back from {held:?} to {new:?}");
}

/// Every queue within its bound, and no input that makes a node queue more than a link takes.
fn queues_hold(circle: &Circle, outputs: &[Output]) {
    let queues = circle.queues();
    assert!(queues.waiting_bytes <= WAITING_BYTES_MAX, "{queues:?}");
    assert!(queues.waiting_author_bytes <= WAITING_AUTHOR_BYTES_MAX, "{queues:?}");
    assert!(queues.wanted <= WANTED_MAX, "{queues:?}");
    assert!(queues.hints <= HINTS_MAX + circle.members().len(), "{queues:?}");
    assert!(queues.serving <= circle.members().len(), "{queues:?}");
    assert!(queues.unmet <= RECEIPTS_UNMET_MAX, "{queues:?}");
    let mut bytes: BTreeMap<NodeId, usize> = BTreeMap::new();
    for output in outputs {
        let Output::Send(peer, _, packet) = output else { continue };
        *bytes.entry(*peer).or_default() += packet.bytes();
    }
    let most = bytes.values().max().copied().unwrap_or(0);
    assert!(most <= SEND_QUEUE_BYTES_MAX, "one input made it queue {most} bytes for one link");
}
