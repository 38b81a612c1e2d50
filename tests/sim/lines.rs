//! Nodes over links that carry so many bytes a second, each with the queue that a real one has.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use fastrand::Rng;
use roda::protocol::archive::Write;
use roda::protocol::circle::{Circle, Input, Now, Output, Settings};
use roda::protocol::entry::CheckedRun;
use roda::protocol::id::NodeId;
use roda::protocol::limits::SEND_QUEUE_BYTES_MAX;
use roda::protocol::lookup::Lookup;
use roda::protocol::packet::Lane;
use roda::protocol::packet::circle::Packet;

use crate::archive::Disk;
use crate::author::Author;
use crate::liar::text;

/// Milliseconds that a packet is under way once it is written.
const HOP_MS: u64 = 5;
/// Milliseconds of a lookup, and the bytes that it reads in one more.
const LOOKUP_MS: u64 = 2;
const LOOKUP_BYTES_PER_MS: usize = 16 * 1024;

/// How a node answers for history.
pub enum Manners {
    Honest,
    /// Not at all.
    Silent,
    /// Leaves this author out.
    Withholds(NodeId),
}

/// A node.
pub struct Seat {
    pub id: NodeId,
    pub circle: Circle,
    pub disk: Disk,
    pub manners: Manners,
    /// Bytes that came, in history, in receipts, and in all.
    pub history: usize,
    pub receipts: usize,
    pub bytes: usize,
    next_tick: Option<u64>,
}

/// One direction of a link.
struct Line {
    link: u64,
    bytes_per_ms: usize,
    lanes: [VecDeque<Packet>; 2],
    queued: usize,
    writes: bool,
}

enum Event {
    /// The packet is written out.
    Written(u64, usize, usize, Lane, Packet),
    Arrives(u64, usize, usize, Packet),
    Input(usize, Input),
    Found(usize, NodeId, Lookup, Vec<Arc<CheckedRun>>),
    Tick(usize),
}

#[derive(Default)]
pub struct Lines {
    pub time: u64,
    pub seats: Vec<Seat>,
    lines: BTreeMap<(usize, usize), Line>,
    events: BTreeMap<(u64, u64), Event>,
    next: u64,
    /// Most bytes that were queued in a direction.
    pub queued_most: usize,
    /// Links that were lost since their queue was full.
    pub overflows: usize,
}

pub fn id(key: &SigningKey) -> NodeId {
    NodeId(key.verifying_key().to_bytes())
}

pub fn key(number: u16) -> SigningKey {
    let mut secret = [9; 32];
    secret[..2].copy_from_slice(&number.to_be_bytes());
    SigningKey::from_bytes(&secret)
}

/// What these authors have said to each other, some entries at a time, and its bytes.
pub fn talk(authors: &[SigningKey], entries: usize, words: usize, rng: &mut Rng) -> (Disk, usize) {
    let start = |key: &SigningKey| Author::of(key.clone());
    let mut tips: Vec<Author> = authors.iter().map(start).collect();
    let (mut disk, mut bytes, mut arrival, mut top) = (Disk::new(), 0, 1, None);
    while (arrival as usize) <= entries {
        // One in three is of the first author.
        let tip = match rng.u8(..3) {
            0 => &mut tips[0],
            _ => &mut tips[rng.usize(..authors.len())],
        };
        let seen = top.filter(|(hash, _)| Some(*hash) != tip.prev);
        let body = text(&"word ".repeat(words));
        let run = tip.sign(seen, None, vec![body; rng.usize(1..=8)]);
        (top, bytes) = (Some((run.head(), run.last_lamport())), bytes + run.bytes());
        let count = run.hashes().len() as u64;
        disk.commit(&[Write::Run { run, arrival, arrived_at: 0 }]);
        arrival += count;
    }
    (disk, bytes)
}

impl Lines {
    /// A node that starts with this.
    pub fn seat(&mut self, key: SigningKey, disk: Disk) -> usize {
        let (id, seed) = (id(&key), self.seats.len() as u64);
        let settings =
            Settings { name: format!("n{seed}"), knows_others: true, sync_ms: 180_000, seed };
        let now = Now { mono: self.time, wall: self.time };
        let circle = Circle::new(key, settings, disk.restored(), now);
        let (manners, next_tick) = (Manners::Honest, None);
        let (history, receipts, bytes) = (0, 0, 0);
        self.seats.push(Seat { id, circle, disk, manners, history, receipts, bytes, next_tick });
        self.seats.len() - 1
    }

    pub fn link(&mut self, a: usize, b: usize, bytes_per_ms: usize) {
        self.next += 1;
        for (from, to) in [(a, b), (b, a)] {
            let (lanes, queued, writes) = (Default::default(), 0, false);
            let line = Line { link: self.next, bytes_per_ms, lanes, queued, writes };
            self.lines.insert((from, to), line);
        }
        for (node, peer) in [(a, b), (b, a)] {
            self.feed(node, Input::Up(self.seats[peer].id));
        }
    }

    pub fn linked(&self, a: usize, b: usize) -> bool {
        self.lines.contains_key(&(a, b))
    }

    pub fn cut(&mut self, a: usize, b: usize) {
        for (node, peer) in [(a, b), (b, a)] {
            if self.lines.remove(&(node, peer)).is_some() {
                self.feed(node, Input::Down(self.seats[peer].id));
            }
        }
    }

    pub fn say(&mut self, node: usize, words: &str) {
        let body = text(words);
        self.feed(node, Input::Say { token: 1, body, reference: None });
    }

    /// The node tells its peer whom it is linked with.
    pub fn tell_links(&mut self, node: usize, peer: usize, links: BTreeSet<NodeId>) {
        let told = Input::Linked(self.seats[node].id, links);
        self.at(self.time + HOP_MS, Event::Input(peer, told));
    }

    pub fn pass(&mut self, milliseconds: u64) {
        let end = self.time + milliseconds;
        while let Some(entry) = self.events.first_entry().filter(|entry| entry.key().0 <= end) {
            self.time = entry.key().0;
            let event = entry.remove();
            self.take(event);
        }
        self.time = end;
    }

    fn at(&mut self, time: u64, event: Event) {
        self.next += 1;
        self.events.insert((time.max(self.time), self.next), event);
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Written(link, from, to, lane, packet) => {
                let same = |line: &&mut Line| line.link == link;
                let Some(line) = self.lines.get_mut(&(from, to)).filter(same) else { return };
                line.queued -= packet.bytes();
                line.writes = false;
                self.at(self.time + HOP_MS, Event::Arrives(link, from, to, packet));
                if lane == Lane::History {
                    self.feed(from, Input::Written(self.seats[to].id, 1));
                }
                self.write(from, to);
            }
            Event::Arrives(link, from, to, packet) => {
                if self.lines.get(&(from, to)).is_some_and(|line| line.link == link) {
                    let (bytes, seat) = (packet.bytes(), &mut self.seats[to]);
                    seat.bytes += bytes;
                    match &packet {
                        Packet::History(_) => seat.history += bytes,
                        Packet::Receipt(_) => seat.receipts += bytes,
                        _ => {}
                    }
                    self.feed(to, Input::Received(self.seats[from].id, packet));
                }
            }
            Event::Input(node, input) => self.feed(node, input),
            Event::Found(node, peer, lookup, runs) => {
                self.feed(node, Input::Found(peer, lookup, runs));
            }
            Event::Tick(node) => {
                self.seats[node].next_tick = None;
                self.feed(node, Input::Tick);
            }
        }
    }

    fn feed(&mut self, node: usize, input: Input) {
        let now = Now { mono: self.time, wall: self.time };
        let seat = &mut self.seats[node];
        let outputs = seat.circle.handle(input, now, &seat.disk);
        let wake = seat.circle.wake_at().map(|at| at.max(self.time + 1));
        for output in outputs {
            match output {
                Output::Send(peer, lane, packet) => {
                    let to = self.seats.iter().position(|seat| seat.id == peer);
                    self.send(node, to.expect("a seat"), lane, packet);
                }
                Output::Commit(batch, writes) => {
                    self.seats[node].disk.commit(&writes);
                    self.at(self.time + 1, Event::Input(node, Input::Committed(batch)));
                }
                Output::LookUp(peer, mut lookup) => {
                    let runs = lookup.read(&self.seats[node].disk);
                    let bytes: usize = runs.iter().map(|run| run.bytes()).sum();
                    let at = self.time + LOOKUP_MS + (bytes / LOOKUP_BYTES_PER_MS) as u64;
                    self.at(at, Event::Found(node, peer, lookup, runs));
                }
                Output::Misbehaved(peer, why) => panic!("{peer:?} blamed: {why}"),
                _ => {}
            }
        }
        let seat = &mut self.seats[node];
        if let Some(at) = wake.filter(|at| seat.next_tick.is_none_or(|next| *at < next)) {
            seat.next_tick = Some(at);
            self.at(at, Event::Tick(node));
        }
    }

    fn send(&mut self, from: usize, to: usize, lane: Lane, mut packet: Packet) {
        let drops = match (&self.seats[from].manners, &mut packet) {
            (Manners::Silent, Packet::History(_)) => true,
            (Manners::Withholds(author), Packet::History(runs)) => {
                runs.retain(|run| run.author() != *author);
                runs.is_empty()
            }
            _ => false,
        };
        if drops {
            let written = Input::Written(self.seats[to].id, 1);
            return self.at(self.time, Event::Input(from, written));
        }
        let Some(line) = self.lines.get_mut(&(from, to)) else { return };
        line.queued += packet.bytes();
        line.lanes[usize::from(lane == Lane::History)].push_back(packet);
        self.queued_most = self.queued_most.max(line.queued);
        if line.queued > SEND_QUEUE_BYTES_MAX {
            self.overflows += 1;
            return self.cut(from, to);
        }
        self.write(from, to);
    }

    /// Writes the next packet, live ones first.
    fn write(&mut self, from: usize, to: usize) {
        let Some(line) = self.lines.get_mut(&(from, to)).filter(|line| !line.writes) else {
            return;
        };
        let [live, history] = &mut line.lanes;
        let next = live.pop_front().map(|packet| (Lane::Live, packet));
        let next = next.or_else(|| history.pop_front().map(|packet| (Lane::History, packet)));
        let Some((lane, packet)) = next else { return };
        line.writes = true;
        let (link, takes) = (line.link, packet.bytes() / line.bytes_per_ms);
        self.at(self.time + takes as u64, Event::Written(link, from, to, lane, packet));
    }
}
