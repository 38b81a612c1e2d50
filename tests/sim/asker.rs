//! One node, fed by hand: what it asks of whom, and what it sends.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use roda::protocol::circle::{Circle, Input, Now, Output, Settings};
use roda::protocol::entry::CheckedRun;
use roda::protocol::id::NodeId;
use roda::protocol::limits::INTEGER_MAX;
use roda::protocol::packet::circle::{Packet, Sync};
use roda::protocol::receipt::{Receipt, Watermarks};

use crate::archive::Disk;
use crate::author::Author;
use crate::liar::text;

/// Milliseconds from a question to its answer.
pub const TRIP_MS: u64 = 50;
/// Milliseconds within which an honest peer's receipts are here, where nobody has to be waited for.
pub const SOON_MS: u64 = 1_000;

pub type Receipts = BTreeMap<NodeId, Receipt>;

pub struct Asker {
    pub circle: Circle,
    pub disk: Disk,
    pub time: u64,
    pub members: Vec<SigningKey>,
    /// What peers that answer hold.
    pub holders: BTreeMap<NodeId, Receipts>,
    pub answers: VecDeque<(u64, NodeId, Receipt)>,
    /// Whose receipts were asked of whom.
    pub asks: Vec<(NodeId, NodeId)>,
    /// Receipts that it sent.
    pub sent: Vec<(NodeId, u64)>,
    /// Who was asked for an entry by its hash.
    pub asked_hash: Vec<NodeId>,
    /// It takes a new identity.
    pub rolled_back: bool,
}

pub fn id(key: &SigningKey) -> NodeId {
    NodeId(key.verifying_key().to_bytes())
}

pub fn key(number: u16) -> SigningKey {
    let mut secret = [7; 32];
    secret[..2].copy_from_slice(&number.to_be_bytes());
    SigningKey::from_bytes(&secret)
}

pub fn peer(number: u8) -> NodeId {
    NodeId([number; 32])
}

pub fn run_of(key: &SigningKey) -> Arc<CheckedRun> {
    let mut tip = Author::of(key.clone());
    tip.sign(None, None, vec![text("here")])
}

pub fn word(key: &SigningKey, count: u64) -> Receipt {
    let stored = Arc::new(Watermarks::from([(id(key), 1)]));
    Receipt::sign(count, stored, Arc::default(), 1, key)
}

impl Asker {
    /// One of so many members, linked with as many peers.
    pub fn new(members: u16, peers: u8) -> Asker {
        let settings =
            Settings { name: "Ana".to_owned(), knows_others: false, sync_ms: 180_000, seed: 1 };
        let disk = Disk::new();
        let circle = Circle::new(key(0), settings, disk.restored(), Now { mono: 0, wall: 0 });
        let members: Vec<SigningKey> = (1..=members).map(key).collect();
        let (holders, answers) = (BTreeMap::new(), VecDeque::new());
        let (asks, sent, asked_hash, rolled_back) = (Vec::new(), Vec::new(), Vec::new(), false);
        let mut asker = Asker {
            circle,
            disk,
            time: 0,
            members,
            holders,
            answers,
            asks,
            sent,
            asked_hash,
            rolled_back,
        };
        asker.pass(2_000);
        for number in 1..=peers {
            asker.feed(Input::Up(peer(number)));
            asker.gets(peer(number), Packet::Sync(Sync { whole: true, ..Sync::default() }));
        }
        for key in asker.members.clone() {
            asker.gets(peer(1), Packet::History(vec![run_of(&key)]));
        }
        asker.pass(2_000);
        asker
    }

    pub fn feed(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let now = Now { mono: self.time, wall: self.time };
            for output in self.circle.handle(input, now, &self.disk) {
                match output {
                    Output::Commit(batch, writes) => {
                        self.disk.commit(&writes);
                        inputs.push_back(Input::Committed(batch));
                    }
                    Output::Send(to, _, Packet::Sync(sync)) if !sync.whole => {
                        sync.receipts.iter().for_each(|(node, held)| self.asked(to, *node, *held));
                    }
                    Output::Send(to, lane, Packet::Receipt(changes)) => {
                        self.sent.extend(changes.iter().map(|change| (change.node, change.count)));
                        if lane == roda::protocol::packet::Lane::History {
                            inputs.push_back(Input::Written(to, 1));
                        }
                    }
                    Output::Send(to, _, Packet::Want(want)) if !want.hashes.is_empty() => {
                        self.asked_hash.push(to);
                    }
                    Output::RolledBack => self.rolled_back = true,
                    Output::Misbehaved(peer, why) => panic!("{peer:?} blamed: {why}"),
                    _ => {}
                }
            }
        }
    }

    pub fn asked(&mut self, to: NodeId, node: NodeId, held: u64) {
        let theirs = self.holders.get(&to).and_then(|holds| holds.get(&node));
        let ours = self.count(&node);
        if held == ours {
            self.asks.push((to, node));
        }
        if let Some(receipt) = theirs.filter(|receipt| receipt.count > held) {
            self.answers.push_back((self.time + TRIP_MS, to, receipt.clone()));
        }
    }

    pub fn gets(&mut self, from: NodeId, packet: Packet) {
        self.feed(Input::Received(from, packet));
    }

    pub fn offers(&mut self, from: NodeId, counts: impl IntoIterator<Item = (NodeId, u64)>) {
        let receipts = counts.into_iter().collect();
        self.gets(from, Packet::Sync(Sync { receipts, ..Sync::default() }));
    }

    /// The peer offers every member's receipt with this count, and has it.
    pub fn offers_all(&mut self, from: NodeId, count: u64) {
        let receipts = self.members.iter().map(|key| (id(key), word(key, count)));
        let receipts: Receipts = receipts.collect();
        let counts: Vec<_> = receipts.keys().map(|node| (*node, count)).collect();
        self.holders.insert(from, receipts);
        self.offers(from, counts);
    }

    /// The peer says that it has far newer ones of everybody, and has none.
    pub fn boasts(&mut self, from: NodeId) {
        let ids: Vec<NodeId> = self.members.iter().map(id).collect();
        self.offers(from, ids.into_iter().map(|node| (node, INTEGER_MAX)));
    }

    pub fn pass(&mut self, milliseconds: u64) {
        for _ in 0..milliseconds / TRIP_MS {
            self.time += TRIP_MS;
            while self.answers.front().is_some_and(|(at, ..)| *at <= self.time) {
                let (_, from, receipt) = self.answers.pop_front().expect("looked at above");
                self.gets(from, Packet::Receipt(vec![receipt.whole()]));
            }
            self.feed(Input::Tick);
        }
    }

    pub fn count(&self, node: &NodeId) -> u64 {
        self.circle.receipt(node).map_or(0, |receipt| receipt.count)
    }

    /// Milliseconds until it holds everybody's receipt with this count.
    pub fn until_all(&mut self, count: u64) -> u64 {
        let start = self.time;
        let lacks = |asker: &Asker| {
            asker.members.iter().filter(|key| asker.count(&id(key)) < count).count()
        };
        while lacks(self) > 0 {
            assert!(self.time < start + 60_000, "{} receipts never come", lacks(self));
            self.pass(TRIP_MS);
        }
        self.time - start
    }
}
