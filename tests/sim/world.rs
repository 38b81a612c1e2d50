//! Nodes, links and time, all driven by one seed.

use std::collections::{BTreeMap, BTreeSet};

use ed25519_dalek::SigningKey;
use fastrand::Rng;
use roda::protocol::archive::Write;
use roda::protocol::body::Body;
use roda::protocol::circle::{Circle, Input, Now, Output, Settings};
use roda::protocol::id::NodeId;
use roda::protocol::packet::{Contacts, Lane, Packet};

use crate::archive::Disk;
use crate::check::Checks;

/// Milliseconds without a packet after which a blocked link is given up.
const DEAD_MS: u64 = 45_000;

pub enum Event {
    Deliver { link: u64, from: usize, to: usize, packet: Packet },
    Drained { link: u64, node: usize, peer: usize },
    CommitDone { node: usize, life: u32, batch: u64, writes: Vec<Write> },
    Dial { a: usize, b: usize },
    Dead { link: u64, a: usize, b: usize },
    Tick { node: usize, life: u32 },
    Say { node: usize },
    Read { node: usize },
    Crash { node: usize },
    Start { node: usize },
    Block { from: usize, to: usize, blocked: bool },
    Reset { a: usize, b: usize },
    Leave { node: usize },
}

pub struct Node {
    pub key: SigningKey,
    pub id: NodeId,
    pub disk: Disk,
    pub circle: Option<Circle>,
    pub life: u32,
    pub left: bool,
    disk_free_at: u64,
    wall_skew: i64,
    next_tick: Option<u64>,
}

#[derive(Default)]
struct Pair {
    link: Option<u64>,
    /// When the last packet of each lane and direction arrives: a lane keeps its order.
    busy: BTreeMap<(usize, bool), u64>,
}

pub struct World {
    pub rng: Rng,
    pub time: u64,
    pub nodes: Vec<Node>,
    pub checks: Checks,
    events: BTreeMap<(u64, u64), Event>,
    next_event: u64,
    next_link: u64,
    next_token: u64,
    pairs: BTreeMap<(usize, usize), Pair>,
    blocked: BTreeSet<(usize, usize)>,
    delay: BTreeMap<(usize, usize), u64>,
    pub sent_packets: u64,
    pub calm: bool,
}

fn pair(a: usize, b: usize) -> (usize, usize) {
    (a.min(b), a.max(b))
}

impl World {
    pub fn new(seed: u64, count: usize) -> World {
        let mut rng = Rng::with_seed(seed);
        let nodes = (0..count)
            .map(|_| {
                let mut secret = [0; 32];
                rng.fill(&mut secret);
                let key = SigningKey::from_bytes(&secret);
                let id = NodeId(key.verifying_key().to_bytes());
                let years = 10 * 365 * 86_400_000;
                Node {
                    key,
                    id,
                    disk: Disk::new(),
                    circle: None,
                    life: 0,
                    left: false,
                    disk_free_at: 0,
                    wall_skew: rng.i64(-years..years),
                    next_tick: None,
                }
            })
            .collect();
        let mut delay = BTreeMap::new();
        for a in 0..count {
            for b in 0..count {
                let slow = rng.u8(..10) == 0;
                delay.insert((a, b), if slow { rng.u64(500..1_000) } else { rng.u64(1..80) });
            }
        }
        World {
            rng,
            time: 0,
            nodes,
            checks: Checks::default(),
            events: BTreeMap::new(),
            next_event: 0,
            next_link: 0,
            next_token: 0,
            pairs: BTreeMap::new(),
            blocked: BTreeSet::new(),
            delay,
            sent_packets: 0,
            calm: false,
        }
    }

    pub fn at(&mut self, time: u64, event: Event) {
        self.next_event += 1;
        self.events.insert((time.max(self.time), self.next_event), event);
    }

    pub fn run_until(&mut self, end: u64) {
        while let Some(entry) = self.events.first_entry().filter(|entry| entry.key().0 <= end) {
            self.time = entry.key().0;
            let event = entry.remove();
            self.take(event);
        }
        self.time = end;
    }

    /// Ends all faults: every node runs, every pair may link.
    pub fn calm_down(&mut self) {
        self.calm = true;
        self.blocked.clear();
        let wanted = |event: &Event| {
            !matches!(event, Event::Crash { .. } | Event::Block { .. } | Event::Reset { .. })
        };
        self.events.retain(|_, event| wanted(event));
        for node in 0..self.nodes.len() {
            if self.nodes[node].circle.is_none() && !self.nodes[node].left {
                self.start(node);
            }
        }
        for a in 0..self.nodes.len() {
            for b in a + 1..self.nodes.len() {
                self.at(self.time + 50, Event::Dial { a, b });
            }
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Deliver { link, from, to, packet } => self.deliver(link, from, to, packet),
            Event::Drained { link, node, peer } => {
                if self.link_of(node, peer) == Some(link) {
                    self.feed(node, Input::Drained(self.nodes[peer].id));
                }
            }
            Event::CommitDone { node, life, batch, writes } => {
                if self.nodes[node].life == life && self.nodes[node].circle.is_some() {
                    self.nodes[node].disk.commit(&writes);
                    self.feed(node, Input::Committed(batch));
                }
            }
            Event::Dial { a, b } => self.dial(a, b),
            Event::Dead { link, a, b } => {
                let still = self.blocked.contains(&(a, b)) || self.blocked.contains(&(b, a));
                if self.link_of(a, b) == Some(link) && still {
                    self.reset(a, b);
                }
            }
            Event::Tick { node, life } => {
                if self.nodes[node].life == life {
                    self.nodes[node].next_tick = None;
                    self.feed(node, Input::Tick);
                }
            }
            Event::Say { node } => self.say(node),
            Event::Read { node } => self.read(node),
            Event::Crash { node } => self.stop(node),
            Event::Start { node } => self.start(node),
            Event::Block { from, to, blocked } => self.block(from, to, blocked),
            Event::Reset { a, b } => self.reset(a, b),
            Event::Leave { node } => self.input_body(node, Body::Leave),
        }
    }

    fn deliver(&mut self, link: u64, from: usize, to: usize, packet: Packet) {
        if self.link_of(from, to) != Some(link) {
            return;
        }
        if self.blocked.contains(&(from, to)) {
            // TCP tries again until the link is given up.
            return self.at(self.time + 200, Event::Deliver { link, from, to, packet });
        }
        self.feed(to, Input::Received(self.nodes[from].id, packet));
    }

    fn link_of(&self, a: usize, b: usize) -> Option<u64> {
        self.pairs.get(&pair(a, b)).and_then(|pair| pair.link)
    }

    fn dial(&mut self, a: usize, b: usize) {
        let blocked = self.blocked.contains(&(a, b)) || self.blocked.contains(&(b, a));
        let running = |node: usize| self.nodes[node].circle.is_some();
        if !running(a) || !running(b) || self.link_of(a, b).is_some() {
            return;
        }
        if blocked {
            let later = self.time + self.rng.u64(500..3_000);
            return self.at(later, Event::Dial { a, b });
        }
        self.next_link += 1;
        let link = self.next_link;
        self.pairs.insert(pair(a, b), Pair { link: Some(link), busy: BTreeMap::new() });
        let rtt = (self.delay[&(a, b)] + self.delay[&(b, a)]) as u32;
        for (node, peer) in [(a, b), (b, a)] {
            self.feed(node, Input::Up(self.nodes[peer].id));
            self.feed(node, Input::Rtt(self.nodes[peer].id, rtt));
        }
        for node in 0..self.nodes.len() {
            self.tell_links(node);
        }
    }

    /// What the driver's `contacts` packets tell: whom each node is linked with.
    fn tell_links(&mut self, node: usize) {
        let linked: Vec<usize> =
            (0..self.nodes.len()).filter(|peer| self.link_of(node, *peer).is_some()).collect();
        let links = linked.iter().map(|peer| self.nodes[*peer].id).collect();
        let contacts = Contacts { members: BTreeMap::new(), links };
        for peer in linked {
            let packet = Packet::Contacts(contacts.clone());
            self.transmit(node, peer, Lane::Live, packet);
        }
    }

    fn reset(&mut self, a: usize, b: usize) {
        let Some(_) = self.pairs.get_mut(&pair(a, b)).and_then(|pair| pair.link.take()) else {
            return;
        };
        for (node, peer) in [(a, b), (b, a)] {
            if self.nodes[node].circle.is_some() {
                self.feed(node, Input::Down(self.nodes[peer].id));
            }
        }
        let later = self.time + self.rng.u64(100..2_000);
        self.at(later, Event::Dial { a, b });
    }

    fn block(&mut self, from: usize, to: usize, blocked: bool) {
        if !blocked {
            self.blocked.remove(&(from, to));
        } else if self.blocked.insert((from, to))
            && let Some(link) = self.link_of(from, to)
        {
            self.at(self.time + DEAD_MS, Event::Dead { link, a: from, b: to });
        }
    }

    fn stop(&mut self, node: usize) {
        self.nodes[node].life += 1;
        self.nodes[node].circle = None;
        self.nodes[node].next_tick = None;
        for peer in 0..self.nodes.len() {
            if self.link_of(node, peer).is_some() {
                self.reset(node, peer);
            }
        }
    }

    pub fn start(&mut self, node: usize) {
        if self.nodes[node].circle.is_some() || self.nodes[node].left {
            return;
        }
        let settings = Settings {
            name: format!("n{node}"),
            knows_others: node > 0,
            sync_ms: 180_000,
            seed: self.rng.u64(..),
        };
        let now = self.now(node);
        let it = &mut self.nodes[node];
        it.disk_free_at = self.time;
        it.circle = Some(Circle::new(it.key.clone(), settings, it.disk.restored(), now));
        self.checks.started(&self.nodes[node]);
        self.feed(node, Input::Tick);
        for peer in (0..self.nodes.len()).filter(|peer| *peer != node) {
            let later = self.time + self.rng.u64(10..1_500);
            self.at(later, Event::Dial { a: node, b: peer });
        }
    }

    fn say(&mut self, node: usize) {
        let text = format!("{node} at {} {}", self.time, "x".repeat(self.rng.usize(..60)));
        self.input_body(node, Body::Text { text });
    }

    fn input_body(&mut self, node: usize, body: Body) {
        if self.nodes[node].circle.is_some() {
            self.next_token += 1;
            let token = self.next_token;
            self.checks.asked(token, node, &body);
            self.feed(node, Input::Say { token, body, reference: None });
        }
    }

    fn read(&mut self, node: usize) {
        let it = &self.nodes[node];
        let Some((upto, _)) = it.disk.order.last_key_value().map(|(t, h)| (*t, *h)) else { return };
        let marks = it.disk.logs.iter().map(|(id, log)| (*id, log.len() as u64)).collect();
        let arrival = it.disk.arrivals.len() as u64;
        if it.circle.is_some() {
            self.feed(node, Input::Read { marks, upto, arrival });
        }
    }

    fn now(&self, node: usize) -> Now {
        let wall = 1_700_000_000_000_i64 + self.nodes[node].wall_skew + self.time as i64;
        Now { mono: self.time, wall: wall as u64 }
    }

    pub fn feed(&mut self, node: usize, input: Input) {
        let now = self.now(node);
        let it = &mut self.nodes[node];
        let Some(circle) = &mut it.circle else { return };
        let clock_before = circle.clock();
        let outputs = circle.handle(input, now, &it.disk);
        let wake = circle.wake_at();
        self.checks.after_step(&self.nodes[node], clock_before, &outputs);
        for output in outputs {
            self.carry_out(node, output);
        }
        self.tick_at(node, wake);
    }

    fn tick_at(&mut self, node: usize, wake: Option<u64>) {
        let Some(wake) = wake.map(|at| at.max(self.time + 1)) else { return };
        if self.nodes[node].next_tick.is_none_or(|at| wake < at) {
            self.nodes[node].next_tick = Some(wake);
            let life = self.nodes[node].life;
            self.at(wake, Event::Tick { node, life });
        }
    }

    fn carry_out(&mut self, node: usize, output: Output) {
        match output {
            Output::Send(peer, lane, packet) => {
                let peer = self.index(&peer);
                self.transmit(node, peer, lane, packet);
            }
            Output::Commit(batch, writes) => {
                let slow = self.rng.u8(..20) == 0 && !self.calm;
                let cost = if slow { self.rng.u64(50..400) } else { self.rng.u64(1..6) };
                let done = self.nodes[node].disk_free_at.max(self.time) + cost;
                self.nodes[node].disk_free_at = done;
                let life = self.nodes[node].life;
                self.at(done, Event::CommitDone { node, life, batch, writes });
            }
            Output::Said(token, seq) => {
                if self.checks.said(token, &self.nodes[node], seq) {
                    self.nodes[node].left = true;
                    let life = self.time + 3_000;
                    self.at(life, Event::Crash { node });
                }
            }
            Output::Misbehaved(peer, why) => panic!("an honest node blamed {peer:?}: {why}"),
            Output::RolledBack => panic!("an honest node was told it was rolled back"),
            Output::Disputed(author, seq) => panic!("an honest node forked: {author:?} at {seq}"),
            Output::ClockContradicted(author) => panic!("{author:?} wrote below its own clock"),
            Output::Typing(_) => {}
            Output::Refused(token) => self.checks.refused(token),
        }
    }

    fn index(&self, id: &NodeId) -> usize {
        self.nodes.iter().position(|node| node.id == *id).expect("a known node")
    }

    fn transmit(&mut self, from: usize, to: usize, lane: Lane, packet: Packet) {
        let Some(link) = self.link_of(from, to) else { return };
        self.sent_packets += 1;
        self.checks.sent(&self.nodes[from], &packet);
        let history = lane == Lane::History;
        let mut at = self.time + self.delay[&(from, to)] + self.rng.u64(..5);
        if history {
            at += self.rng.u64(..50);
        }
        let busy = self.pairs.get_mut(&pair(from, to)).expect("linked").busy.entry((from, history));
        let busy = busy.or_default();
        at = at.max(*busy);
        *busy = at;
        if history {
            self.at(at, Event::Drained { link, node: from, peer: to });
        }
        self.at(at, Event::Deliver { link, from, to, packet });
    }
}
