//! Two that dial each other: whatever the delays, one link stays.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use roda::protocol::id::NodeId;
use roda::protocol::mesh::{Mesh, MeshInput, MeshOutput};
use roda::protocol::packet::LinkId;

const IDS: [NodeId; 2] = [NodeId([1; 32]), NodeId([2; 32])];
const ADDRESSES: [&str; 2] = ["127.0.0.1:1", "127.0.0.1:2"];

enum Event {
    Up { node: usize, link: u64, dialler: usize, began: u64 },
    Down { node: usize, link: u64 },
    Start { node: usize },
    Tick { node: usize },
}

/// Two meshes and the links between them.
struct Pair {
    rng: Rng,
    time: u64,
    nodes: Vec<Mesh>,
    events: BTreeMap<(u64, u64), Event>,
    next: u64,
    open: BTreeSet<u64>,
    lost: usize,
}

impl Pair {
    fn new(seed: u64) -> Pair {
        let mesh = |me: usize| Mesh::new(IDS[me], BTreeMap::new(), seed + me as u64);
        let nodes = vec![mesh(0), mesh(1)];
        let (events, open) = (BTreeMap::new(), BTreeSet::new());
        let rng = Rng::with_seed(seed);
        let mut pair = Pair { rng, time: 0, nodes, events, next: 0, open, lost: 0 };
        for node in 0..2 {
            let start = pair.rng.u64(..1_000);
            pair.at(start, Event::Start { node });
        }
        pair
    }

    fn at(&mut self, time: u64, event: Event) {
        self.next += 1;
        self.events.insert((time, self.next), event);
    }

    /// A loaded machine: most steps are quick, some take seconds.
    fn delay(&mut self) -> u64 {
        if self.rng.u8(..4) == 0 { self.rng.u64(..4_000) } else { self.rng.u64(..50) }
    }

    fn run(&mut self, end: u64) {
        while let Some(entry) = self.events.first_entry().filter(|entry| entry.key().0 <= end) {
            self.time = entry.key().0;
            match entry.remove() {
                Event::Up { node, link, dialler, began } => {
                    let up = MeshInput::Up {
                        link: LinkId(link),
                        peer: IDS[1 - node],
                        dialled: (node == dialler).then(|| ADDRESSES[1 - node].to_owned()),
                        began,
                        remote: ADDRESSES[1 - node].parse().unwrap(),
                        listens: vec![ADDRESSES[1 - node].to_owned()],
                    };
                    self.feed(node, up);
                }
                Event::Down { node, link } => self.feed(node, MeshInput::Down(LinkId(link))),
                Event::Start { node } => {
                    let other = ADDRESSES[1 - node].to_owned();
                    self.feed(node, MeshInput::Learn(vec![other]));
                }
                Event::Tick { node } => self.feed(node, MeshInput::Tick),
            }
        }
        self.time = end;
    }

    fn feed(&mut self, node: usize, input: MeshInput) {
        let now = self.time;
        for output in self.nodes[node].handle(input, now, &|_| usize::MAX) {
            match output {
                MeshOutput::Dial(_) => self.dial(node),
                MeshOutput::Drain(link) | MeshOutput::Close(link) => self.close(link.0),
                MeshOutput::Lost(_) => self.lost += 1,
                _ => {}
            }
        }
        if let Some(wake) = self.nodes[node].wake_at() {
            self.at(wake.max(now + 10), Event::Tick { node });
        }
    }

    fn dial(&mut self, dialler: usize) {
        let link = self.next;
        self.open.insert(link);
        for node in 0..2 {
            let began = self.time + if node == dialler { 0 } else { self.delay() };
            let up = began.max(self.time) + self.delay();
            self.at(up, Event::Up { node, link, dialler, began });
        }
    }

    fn close(&mut self, link: u64) {
        if self.open.remove(&link) {
            for node in 0..2 {
                // Not before it came up: the longest delays, twice.
                let down = self.time + 8_000 + self.delay();
                self.at(down, Event::Down { node, link });
            }
        }
    }
}

#[test]
fn two_that_dial_each_other_end_with_one_link_and_rarely_lose_both_in_between() {
    let mut without = 0;
    for seed in 0..2_000 {
        let mut pair = Pair::new(seed);
        pair.run(120_000);
        let used: Vec<_> = (0..2).map(|node| pair.nodes[node].link_of(&IDS[1 - node])).collect();
        assert!(used[0].is_some() && used[0] == used[1], "SEED={seed}: {used:?}");
        assert_eq!(pair.open.len(), 1, "SEED={seed}: links left open");
        without += usize::from(pair.lost > 0);
    }
    // Where dials cross by seconds each end may retire the other's link; a redial heals it.
    assert!(without < 100, "{without} of 2,000 pairs were without a link for a moment");
}
