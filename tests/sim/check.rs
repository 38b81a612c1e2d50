//! What must hold at every step, and at the end.

use std::collections::{BTreeMap, BTreeSet};

use roda::protocol::archive::Write;
use roda::protocol::body::Body;
use roda::protocol::circle::Output;
use roda::protocol::id::NodeId;
use roda::protocol::limits::WAITING_BYTES_MAX;
use roda::protocol::packet::Packet;

use crate::world::{Node, World};

/// Marks of one node: they never fall, through restarts too.
#[derive(Default, Clone)]
struct Marks {
    delivered: BTreeMap<NodeId, u64>,
    read: BTreeMap<NodeId, u64>,
    final_to: u64,
    final_computed: u64,
    /// Who was known when positions became final.
    known: BTreeSet<NodeId>,
}

#[derive(Default)]
pub struct Checks {
    asked: BTreeMap<u64, Body>,
    /// Acknowledged: author, sequence number, what was said.
    acknowledged: Vec<(NodeId, u64, Body)>,
    counts: BTreeMap<NodeId, u64>,
    marks: BTreeMap<NodeId, Marks>,
    pub delivered_moves: u64,
    pub final_moves: u64,
}

impl Checks {
    pub fn asked(&mut self, token: u64, _node: usize, body: &Body) {
        self.asked.insert(token, body.clone());
    }

    pub fn refused(&mut self, token: u64) {
        self.asked.remove(&token).expect("a refusal of a question, once");
    }

    /// An answer comes only after the commit. True where the member has left with it.
    pub fn said(&mut self, token: u64, node: &Node, seq: u64) -> bool {
        let body = self.asked.remove(&token).expect("an answer to a question, once");
        let kept = &node.disk.logs[&node.id][seq as usize - 1];
        assert_eq!(kept.said.body, body.encode(), "what is acknowledged is what was committed");
        let left = body == Body::Leave;
        self.acknowledged.push((node.id, seq, body));
        left
    }

    pub fn started(&mut self, node: &Node) {
        let circle = node.circle.as_ref().expect("started");
        let marks = self.marks.entry(node.id).or_default();
        // What was computed and not yet stored as final was never shown.
        marks.final_computed = circle.final_computed();
        marks.known = node.disk.logs.keys().copied().collect();
        self.marks_hold(node);
    }

    pub fn after_step(&mut self, node: &Node, clock_before: u64, outputs: &[Output]) {
        let writes = outputs.iter().filter_map(|output| match output {
            Output::Commit(_, writes) => Some(writes),
            _ => None,
        });
        for write in writes.flatten() {
            let Write::Run { run, .. } = write else { continue };
            let (author, lamport) = (run.author(), run.run().first.lamport);
            if author == node.id {
                assert!(lamport > clock_before, "stamped past all that was in view");
            }
            let marks = self.marks.entry(node.id).or_default();
            assert!(
                lamport > marks.final_computed || !marks.known.contains(&author),
                "{:?} took {lamport} of {author:?} though all up to {} was final",
                node.id,
                marks.final_computed
            );
        }
        let circle = node.circle.as_ref().expect("stepped");
        assert!(circle.waiting().0 <= WAITING_BYTES_MAX);
        self.marks_hold(node);
    }

    fn marks_hold(&mut self, node: &Node) {
        let circle = node.circle.as_ref().expect("running");
        let marks = self.marks.entry(node.id).or_default();
        for (id, member) in circle.members() {
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
            marks.known = members.filter(|(_, m)| m.since.is_some()).map(|(id, _)| *id).collect();
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

    /// The faults are over and time has passed: everybody agrees, and nothing is lost.
    pub fn agreed(world: &World) -> Result<(), String> {
        let stayed: Vec<&Node> = world.nodes.iter().filter(|node| !node.left).collect();
        let reference = &stayed[0].disk.order;
        for node in &stayed {
            if node.disk.order != *reference {
                return Err(format!(
                    "{:?} holds {} entries, {:?} holds {}",
                    node.id,
                    node.disk.order.len(),
                    stayed[0].id,
                    reference.len()
                ));
            }
        }
        for (author, seq, body) in &world.checks.acknowledged {
            let kept = stayed[0].disk.logs.get(author).and_then(|log| log.get(*seq as usize - 1));
            let author_left = world.nodes.iter().any(|node| node.left && node.id == *author);
            match kept {
                Some(kept) if kept.said.body == body.encode() => {}
                // Who left for good may have gone before anybody was there to hear it.
                None if author_left => {}
                _ => return Err(format!("{author:?}:{seq} was acknowledged and is lost")),
            }
        }
        Ok(())
    }

    /// Every entry stands after what it names.
    pub fn happens_before_holds(world: &World) {
        for node in &world.nodes {
            let timestamp: BTreeMap<_, _> =
                node.disk.order.iter().map(|(timestamp, hash)| (*hash, *timestamp)).collect();
            for log in node.disk.logs.values() {
                for kept in log {
                    for named in [kept.prev, kept.seen].into_iter().flatten() {
                        assert!(timestamp[&named] < timestamp[&kept.hash]);
                    }
                }
            }
        }
    }

    /// With all receipts in, whoever stayed sees all delivered and everything final.
    pub fn settled(world: &World) -> Result<(), String> {
        for node in world.nodes.iter().filter(|node| !node.left) {
            let circle = node.circle.as_ref().expect("all run at the end");
            let gone_unheard = |other: &Node| {
                other.left && circle.members().get(&other.id).is_some_and(|m| m.waited_for())
            };
            if world.nodes.iter().any(gone_unheard) {
                continue; // nobody heard its goodbye: it is waited for until it is set aside
            }
            for (author, log) in &node.disk.logs {
                let delivered = circle.members()[author].delivered_shown;
                if delivered < log.len() as u64 {
                    return Err(format!(
                        "at {:?} {author:?} is delivered to {delivered} of {}",
                        node.id,
                        log.len()
                    ));
                }
            }
            let top = node.disk.order.last_key_value().map_or(0, |(top, _)| top.lamport);
            if circle.final_shown() < top {
                return Err(format!("at {:?} final to {} of {top}", node.id, circle.final_shown()));
            }
        }
        Ok(())
    }
}
