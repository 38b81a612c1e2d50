//! Honest nodes with perfect links and disks, in a time of their own.

use std::collections::{BTreeSet, VecDeque};

use ed25519_dalek::SigningKey;
use roda::conversation::kind;
use roda::protocol::circle::{Circle, Input, Now, Output, Settings};
use roda::protocol::id::{Hash, NodeId};
use roda::protocol::packet::Lane;
use roda::protocol::packet::circle::Packet;

use crate::archive::Disk;

pub struct Honest {
    pub id: NodeId,
    pub circle: Circle,
    pub disk: Disk,
}

pub struct Table {
    pub time: u64,
    pub nodes: Vec<Honest>,
    /// Milliseconds that a packet takes.
    pub hop: u64,
    /// Answers bring what was asked for and nothing else, as those of 0.1 do.
    pub plain: bool,
    asked: BTreeSet<Hash>,
    /// What is on its way, and when it arrives.
    pub post: VecDeque<(u64, NodeId, NodeId, Lane, Packet)>,
    pub packets: u64,
    pub bytes: u64,
    pub disputed: Vec<(NodeId, u64)>,
}

impl Table {
    pub fn new(count: u8) -> Table {
        let nodes = (1..=count).map(|number| {
            let key = SigningKey::from_bytes(&[number; 32]);
            let id = NodeId(key.verifying_key().to_bytes());
            let (name, sync_ms) = (format!("n{number}"), 180_000);
            let settings = Settings { name, knows_others: false, sync_ms, seed: number.into() };
            let disk = Disk::new();
            let now = Now { mono: 0, wall: 0 };
            Honest { id, circle: Circle::new(key, settings, disk.restored(), now), disk }
        });
        let (post, disputed) = (VecDeque::new(), Vec::new());
        let nodes = nodes.collect();
        let (plain, asked) = (false, BTreeSet::new());
        Table { time: 0, nodes, hop: 0, plain, asked, post, packets: 0, bytes: 0, disputed }
    }

    pub fn feed(&mut self, node: usize, input: Input) {
        let now = Now { mono: self.time, wall: self.time };
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let it = &mut self.nodes[node];
            for output in it.circle.handle(input, now, &it.disk) {
                match output {
                    Output::Send(peer, lane, packet) => {
                        self.packets += 1;
                        self.bytes += packet.bytes() as u64;
                        self.post.push_back((self.time + self.hop, it.id, peer, lane, packet));
                    }
                    Output::Commit(batch, writes) => {
                        it.disk.commit(&writes);
                        inputs.push_back(Input::Committed(batch));
                    }
                    Output::LookUp(peer, mut lookup) => {
                        let runs = lookup.read(&it.disk);
                        inputs.push_back(Input::Found(peer, lookup, runs));
                    }
                    Output::Disputed(author, seq) => self.disputed.push((author, seq)),
                    Output::Misbehaved(peer, why) => panic!("{peer:?} blamed: {why}"),
                    _ => {}
                }
            }
        }
    }

    pub fn pass(&mut self, milliseconds: u64) {
        let step = if self.hop == 0 { 50 } else { self.hop };
        for _ in 0..milliseconds / step {
            self.time += step;
            (0..self.nodes.len()).for_each(|node| self.feed(node, Input::Tick));
            self.deliver();
        }
    }

    fn deliver(&mut self) {
        while self.post.front().is_some_and(|(due, ..)| *due <= self.time) {
            let (_, from, to, lane, mut packet) = self.post.pop_front().expect("looked at above");
            match &mut packet {
                Packet::Want(want) => self.asked.extend(&want.hashes),
                Packet::History(runs) if self.plain => {
                    runs.retain(|run| run.hashes().iter().any(|hash| self.asked.contains(hash)));
                }
                _ => {}
            }
            // What goes to a liar is of no interest.
            let Some(node) = self.nodes.iter().position(|node| node.id == to) else { continue };
            self.feed(node, Input::Received(from, packet));
            if lane == Lane::History
                && let Some(sender) = self.nodes.iter().position(|node| node.id == from)
            {
                self.feed(sender, Input::Written(to, 1));
            }
        }
    }

    pub fn link(&mut self, a: usize, b: usize) {
        let (left, right) = (self.nodes[a].id, self.nodes[b].id);
        self.feed(a, Input::Up(right));
        self.feed(b, Input::Up(left));
    }

    pub fn say(&mut self, node: usize, text: &str) {
        let body = kind::text::body(text);
        self.feed(node, Input::Say { token: 1, body, reference: None });
    }

    /// The greatest entry that the node holds, and its counter.
    pub fn top(&self, node: usize) -> Option<(Hash, u64)> {
        let (timestamp, hash) = self.nodes[node].disk.order.last_key_value()?;
        Some((*hash, timestamp.lamport))
    }

    pub fn holds(&self, node: usize, author: NodeId) -> usize {
        self.nodes[node].disk.logs.get(&author).map_or(0, Vec::len)
    }
}
