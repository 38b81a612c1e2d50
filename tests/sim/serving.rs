//! Serving history, in a time of its own: reading and writing take some there. What one peer asks
//! for costs neither the others nor the node more than its share.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use roda::protocol::archive::Write;
use roda::protocol::circle::{Circle, Input, Now, Output, Settings};
use roda::protocol::entry::CheckedRun;
use roda::protocol::id::NodeId;
use roda::protocol::limits::{AGAIN_BYTES_MAX, AGAIN_BYTES_PER_SECOND, INTEGER_MAX, RUN_BYTES_MAX};
use roda::protocol::lookup::Lookup;
use roda::protocol::packet::Lane;
use roda::protocol::packet::circle::{Packet, Range, Want};

use crate::archive::Disk;
use crate::author::Author;
use crate::liar::text;

/// Milliseconds that a lookup takes.
const READ_MS: u64 = 30;
/// Milliseconds between two questions of one that asks without end.
const ASK_MS: u64 = 200;
/// Most bytes of one answer to a range, and of what is queued for one peer.
const ANSWER_BYTES: usize = 6 * RUN_BYTES_MAX;

enum Event {
    Ask(NodeId),
    Found(NodeId, Lookup, Vec<Arc<CheckedRun>>),
    Written(NodeId),
    Committed(u64),
    Tick,
}

/// What one peer is sent.
#[derive(Default)]
struct Peer {
    /// Bytes of each packet that is not written out.
    lane: VecDeque<usize>,
    lane_free_at: u64,
    /// First and last seq of the runs that were sent, in order.
    runs: Vec<(u64, u64)>,
    bytes: usize,
}

/// One node that holds another member's log, and those who ask for it.
struct Desk {
    circle: Circle,
    disk: Disk,
    author: NodeId,
    /// Bytes of the log.
    held: usize,
    time: u64,
    events: BTreeMap<(u64, u64), Event>,
    next_event: u64,
    /// Milliseconds that one packet takes to be written.
    write_ms: u64,
    read_until: u64,
    peers: BTreeMap<NodeId, Peer>,
}

impl Desk {
    fn new(runs: u64, words: usize, write_ms: u64) -> Desk {
        let [me, author] = [1, 2].map(|byte| SigningKey::from_bytes(&[byte; 32]));
        let mut tip = Author::of(author);
        let (mut disk, mut held) = (Disk::new(), 0);
        for arrival in 1..=runs {
            let run = tip.sign(None, None, vec![text(&"words ".repeat(words))]);
            held += run.bytes();
            disk.commit(&[Write::Run { run, arrival, arrived_at: 0 }]);
        }
        let settings =
            Settings { name: "Ana".to_owned(), knows_others: true, sync_ms: 180_000, seed: 1 };
        let circle = Circle::new(me, settings, disk.restored(), Now { mono: 0, wall: 0 });
        Desk {
            circle,
            disk,
            author: tip.id(),
            held,
            time: 0,
            events: BTreeMap::new(),
            next_event: 0,
            write_ms,
            read_until: 0,
            peers: BTreeMap::new(),
        }
    }

    /// A peer that asks at these times.
    fn asks(&mut self, number: u8, times: impl Iterator<Item = u64>) -> NodeId {
        let peer = NodeId([number; 32]);
        self.peers.insert(peer, Peer::default());
        self.feed(Input::Up(peer));
        times.for_each(|time| self.at(time, Event::Ask(peer)));
        peer
    }

    fn at(&mut self, time: u64, event: Event) {
        self.next_event += 1;
        self.events.insert((time.max(self.time), self.next_event), event);
    }

    /// Lets time pass until something holds, or until the end.
    fn run_until(&mut self, end: u64, holds: impl Fn(&Desk) -> bool) {
        while !holds(self)
            && let Some(entry) = self.events.first_entry().filter(|entry| entry.key().0 <= end)
        {
            self.time = entry.key().0;
            match entry.remove() {
                Event::Ask(peer) => {
                    let ranges = vec![Range { author: self.author, from: 1, to: INTEGER_MAX }];
                    let want = Packet::Want(Want { ranges, hashes: vec![] });
                    self.feed(Input::Received(peer, want));
                }
                Event::Found(peer, lookup, runs) => self.feed(Input::Found(peer, lookup, runs)),
                Event::Written(peer) => {
                    self.peers.get_mut(&peer).expect("a peer").lane.pop_front();
                    self.feed(Input::Written(peer, 1));
                }
                Event::Committed(batch) => self.feed(Input::Committed(batch)),
                Event::Tick => self.feed(Input::Tick),
            }
        }
    }

    fn feed(&mut self, input: Input) {
        let now = Now { mono: self.time, wall: self.time };
        for output in self.circle.handle(input, now, &self.disk) {
            match output {
                Output::Send(peer, Lane::History, packet) => self.queue(peer, &packet),
                Output::LookUp(peer, mut lookup) => {
                    let runs = lookup.read(&self.disk);
                    self.read_until = self.read_until.max(self.time) + READ_MS;
                    self.at(self.read_until, Event::Found(peer, lookup, runs));
                }
                Output::Commit(batch, writes) => {
                    self.disk.commit(&writes);
                    self.at(self.time + 1, Event::Committed(batch));
                }
                _ => {}
            }
        }
        if let Some(wake) = self.circle.wake_at().filter(|_| self.events.len() < 10_000) {
            self.at(wake.max(self.time + 1), Event::Tick);
        }
    }

    fn queue(&mut self, to: NodeId, packet: &Packet) {
        let peer = self.peers.get_mut(&to).expect("a peer");
        let Packet::History(runs) = packet else { panic!("history") };
        peer.runs.extend(runs.iter().map(|run| (run.run().first.seq, run.run().last_seq())));
        let bytes = packet.bytes();
        peer.bytes += bytes;
        peer.lane.push_back(bytes);
        let queued: usize = peer.lane.iter().sum();
        assert!(queued <= ANSWER_BYTES, "{queued} bytes are queued for a peer that reads");
        peer.lane_free_at = peer.lane_free_at.max(self.time) + self.write_ms;
        let at = peer.lane_free_at;
        self.at(at, Event::Written(to));
    }
}

/// A newcomer reads a packet in a tenth of a second.
pub fn a_slow_reader() {
    let mut desk = Desk::new(200, 2_500, 100);
    let peer = desk.asks(3, [0].into_iter());
    desk.run_until(60_000, |_| false);
    let all: Vec<(u64, u64)> = (1..=200).map(|seq| (seq, seq)).collect();
    assert!(desk.peers[&peer].runs == all, "each once, in order: {:?}", desk.peers[&peer].runs);
}

/// A member asks for everything five times in a second, for a minute.
pub fn asked_without_end() {
    const SECONDS: u64 = 60;
    let mut desk = Desk::new(2_000, 20, 1);
    let peer = desk.asks(3, (0..SECONDS * 1_000).step_by(ASK_MS as usize));
    desk.run_until(SECONDS * 1_000, |_| false);
    let (sent, held) = (desk.peers[&peer].bytes, desk.held);
    let paced = (AGAIN_BYTES_MAX + SECONDS * AGAIN_BYTES_PER_SECOND) as usize;
    assert!(sent >= held, "what is new to it comes: {sent} of {held}");
    assert!(sent <= held * 11 / 10 + paced + ANSWER_BYTES, "{sent} bytes for {held}");
}

/// A member asks again and again while its line carries the first answer.
pub fn asked_again_on_its_way() {
    let mut desk = Desk::new(200, 2_500, 500);
    let peer = desk.asks(3, (0..2_000).step_by(ASK_MS as usize));
    let all = |desk: &Desk| desk.peers[&peer].runs.contains(&(200, 200));
    desk.run_until(60_000, all);
    let runs = &desk.peers[&peer].runs;
    assert_eq!(runs.len(), 200, "each once, before anything comes a second time");
}

/// Twelve ask for everything at once.
pub fn a_crowd() {
    let mut desk = Desk::new(400, 2_500, 5);
    let crowd: Vec<NodeId> = (10..22).map(|number| desk.asks(number, [0].into_iter())).collect();
    let all = |desk: &Desk, peer: &NodeId| desk.peers[peer].runs.len() >= 400;
    desk.run_until(600_000, |desk| crowd.iter().any(|peer| all(desk, peer)));
    let bytes = |peer: &NodeId| desk.peers[peer].bytes;
    let (least, most) = (crowd.iter().map(bytes).min(), crowd.iter().map(bytes).max());
    assert!(least.unwrap() + 2 * ANSWER_BYTES >= most.unwrap(), "{least:?} and {most:?} bytes");
}

#[test]
fn what_is_long_is_queued_only_once_all_that_went_before_is_written_out() {
    a_slow_reader();
}

#[test]
fn who_asks_again_and_again_is_served_everything_once_and_then_little_by_little() {
    asked_without_end();
}

#[test]
fn what_is_asked_for_while_it_is_on_its_way_goes_out_once() {
    asked_again_on_its_way();
}

#[test]
fn those_who_ask_at_once_take_turns() {
    a_crowd();
}

/// A link that is lost and comes back takes nothing from the newcomer, and gives nothing to one
/// that asks without end.
#[test]
fn what_was_served_is_remembered_over_a_new_link() {
    let mut desk = Desk::new(2_000, 20, 1);
    let peer = desk.asks(3, std::iter::empty());
    for round in 0..100 {
        let from = round * 1_000;
        desk.at(from, Event::Ask(peer));
        desk.run_until(from + 999, |_| false);
        desk.feed(Input::Down(peer));
        desk.feed(Input::Up(peer));
        desk.peers.get_mut(&peer).expect("a peer").lane.clear();
        desk.events.retain(|_, event| !matches!(event, Event::Written(_)));
    }
    let (sent, held) = (desk.peers[&peer].bytes, desk.held);
    let paced = (AGAIN_BYTES_MAX + 100 * AGAIN_BYTES_PER_SECOND) as usize;
    assert!(sent <= held * 11 / 10 + paced + ANSWER_BYTES, "{sent} bytes for {held}");
}
