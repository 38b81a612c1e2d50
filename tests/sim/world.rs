//! Nodes, disks and time, all driven by one seed. The links between them are in `net`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ed25519_dalek::SigningKey;
use fastrand::Rng;
use roda::protocol::archive::Write;
use roda::protocol::body::Decision;
use roda::protocol::circle::{Circle, Input};
use roda::protocol::id::NodeId;

use crate::archive::Disk;
use crate::check::Checks;
use crate::event::Event;
use crate::liar::Liar;
use crate::net::Pair;

/// Events that may happen in one simulated second: more is a storm.
const EVENTS_PER_SECOND_MAX: u64 = 60_000;

pub struct Pending {
    pub batch: u64,
    pub writes: Vec<Write>,
}

pub struct Node {
    pub key: SigningKey,
    pub id: NodeId,
    pub disk: Disk,
    pub circle: Option<Circle>,
    pub life: u32,
    pub left: bool,
    pub gone: bool,
    pub liar: Option<Liar>,
    pub group_keys: Vec<u8>,
    pub slow_until: u64,
    pub former: Option<NodeId>,
    pub rolling_back: bool,
    pub snapshot: Option<Disk>,
    pub pending: VecDeque<Pending>,
    pub disk_free_at: u64,
    /// When its next lookup can begin.
    pub lookups_free_at: u64,
    pub wall_skew: i64,
    pub next_tick: Option<u64>,
}

impl Node {
    fn new(key: SigningKey, wall_skew: i64) -> Node {
        Node {
            id: NodeId(key.verifying_key().to_bytes()),
            key,
            disk: Disk::new(),
            circle: None,
            life: 0,
            left: false,
            gone: false,
            liar: None,
            group_keys: vec![0],
            slow_until: 0,
            former: None,
            rolling_back: false,
            snapshot: None,
            pending: VecDeque::new(),
            disk_free_at: 0,
            lookups_free_at: 0,
            wall_skew,
            next_tick: None,
        }
    }

    /// Keeps the rules, and is still there.
    pub fn stays(&self) -> bool {
        self.liar.is_none() && !self.left && !self.gone
    }
}

pub struct World {
    pub rng: Rng,
    pub time: u64,
    pub nodes: Vec<Node>,
    pub checks: Checks,
    /// Every identity there was, and whose it is.
    pub owners: BTreeMap<NodeId, usize>,
    pub pairs: BTreeMap<(usize, usize), Pair>,
    pub blocked: BTreeSet<(usize, usize)>,
    pub delay: BTreeMap<(usize, usize), u64>,
    pub next_link: u64,
    /// Honest packets travel as bytes too, not only those of liars.
    pub wire: bool,
    pub sent_packets: u64,
    pub calm: bool,
    events: BTreeMap<(u64, u64), Event>,
    next_event: u64,
    pub next_token: u64,
    second: (u64, u64),
}

impl World {
    pub fn new(seed: u64, count: usize, liars: usize) -> World {
        let mut rng = Rng::with_seed(seed);
        let mut nodes: Vec<Node> = (0..count)
            .map(|_| {
                let years = 10 * 365 * 86_400_000;
                Node::new(new_key(&mut rng), rng.i64(-years..years))
            })
            .collect();
        for node in nodes.iter_mut().rev().take(liars) {
            node.liar = Some(Liar::new(&mut rng));
        }
        let mut delay = BTreeMap::new();
        for a in 0..count {
            for b in 0..count {
                let slow = rng.u8(..10) == 0;
                delay.insert((a, b), if slow { rng.u64(500..1_000) } else { rng.u64(1..80) });
            }
        }
        let owners = nodes.iter().enumerate().map(|(index, node)| (node.id, index)).collect();
        let mut checks = Checks::default();
        for node in &nodes {
            let Some(liar) = &node.liar else { continue };
            let others = liar.others.iter().map(|key| NodeId(key.verifying_key().to_bytes()));
            checks.may_fork.extend(others.chain([node.id]));
        }
        World {
            wire: rng.u8(..4) == 0,
            rng,
            time: 0,
            nodes,
            checks,
            owners,
            pairs: BTreeMap::new(),
            blocked: BTreeSet::new(),
            delay,
            next_link: 0,
            sent_packets: 0,
            calm: false,
            events: BTreeMap::new(),
            next_event: 0,
            next_token: 0,
            second: (0, 0),
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
            if self.second.0 != self.time / 1_000 {
                self.second = (self.time / 1_000, 0);
            }
            self.second.1 += 1;
            assert!(self.second.1 < EVENTS_PER_SECOND_MAX, "a storm of packets");
            self.take(event);
        }
        self.time = end;
    }

    /// Ends all faults: every node runs, every pair may link. Liars go on without signing, and
    /// nobody waits any more for who is gone.
    pub fn calm_down(&mut self) {
        self.calm = true;
        self.blocked.clear();
        self.break_one_pair();
        self.events.retain(|_, event| {
            let kept = matches!(
                event,
                Event::Deliver { .. }
                    | Event::Written { .. }
                    | Event::Found { .. }
                    | Event::CommitDone { .. }
                    | Event::Dial { .. }
                    | Event::Tick { .. }
                    | Event::Dead { .. }
                    | Event::Reborn { .. }
            );
            let left = matches!(event, Event::Crash { .. });
            kept || left
        });
        let stopping: Vec<usize> = (0..self.nodes.len()).filter(|n| self.nodes[*n].left).collect();
        self.events.retain(|_, event| match event {
            Event::Crash { node } => stopping.contains(node),
            _ => true,
        });
        for node in 0..self.nodes.len() {
            let it = &mut self.nodes[node];
            (it.slow_until, it.disk_free_at) = (0, self.time);
            if it.group_keys != [0] && it.group_keys != [1] {
                it.group_keys.truncate(1);
            }
            if it.stays() && it.circle.is_none() {
                self.start(node);
            }
            let pending = self.nodes[node].pending.len();
            let life = self.nodes[node].life;
            for _ in 0..pending {
                self.at(self.time, Event::CommitDone { node, life });
            }
        }
        let newest = self.nodes.iter().filter(|n| n.stays()).map(|n| n.group_keys[0]).max();
        for node in self.nodes.iter_mut().filter(|node| node.liar.is_none()) {
            node.group_keys = newest.into_iter().collect();
        }
        for a in 0..self.nodes.len() {
            for b in a + 1..self.nodes.len() {
                self.at(self.time + 50, Event::Dial { a, b });
            }
        }
        self.set_aside_who_is_gone();
    }

    /// In some histories two honest nodes never get a link again: a third is between them.
    fn break_one_pair(&mut self) {
        let stays = |node: &usize| self.nodes[*node].stays();
        let here: Vec<usize> = (0..self.nodes.len()).filter(stays).collect();
        if here.len() > 2 && self.rng.bool() {
            let (a, b) = (here[0], here[self.rng.usize(1..here.len())]);
            self.reset(a, b);
            self.blocked.extend([(a, b), (b, a)]);
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Deliver { link, from, to, lane } => self.deliver(link, from, to, lane),
            Event::Written { link, node, peer } => {
                if self.link_of(node, peer) == Some(link) {
                    self.feed(node, Input::Written(self.nodes[peer].id, 1));
                }
            }
            Event::Found { node, life, found } => {
                let (peer, lookup, runs) = *found;
                if self.nodes[node].life == life {
                    self.feed(node, Input::Found(peer, lookup, runs));
                }
            }
            Event::CommitDone { node, life } => self.commit_done(node, life),
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
            Event::Say { node, bytes } => self.say(node, bytes),
            Event::Read { node } => self.read(node),
            Event::Crash { node } => self.stop(node),
            Event::Start { node } => self.start(node),
            Event::Block { from, to, blocked } => self.block(from, to, blocked),
            Event::Reset { a, b } => self.reset(a, b),
            Event::Replay { from, to } => self.replay_next(from, to),
            Event::Slow { node, until } => self.nodes[node].slow_until = until,
            Event::DiskFails { node, until } => {
                let free = &mut self.nodes[node].disk_free_at;
                *free = until.max(*free);
            }
            Event::Snapshot { node } => {
                self.nodes[node].snapshot = Some(self.nodes[node].disk.clone());
            }
            Event::Restore { node } => self.restore(node),
            Event::Reborn { node } => self.reborn(node),
            Event::Rekey { node, keys } => {
                self.stop(node);
                self.nodes[node].group_keys = keys;
                self.start(node);
            }
            Event::Leave { node } => self.input_body(node, Decision::Leave.encode()),
            Event::Gone { node } => {
                self.stop(node);
                self.nodes[node].gone = true;
            }
            Event::Lie { node, signed } => Liar::act(self, node, signed),
        }
    }

    fn commit_done(&mut self, node: usize, life: u32) {
        if self.nodes[node].life != life {
            return;
        }
        if self.nodes[node].disk_free_at > self.time + 400 {
            // The disk failed meanwhile; the store tries again.
            let later = self.nodes[node].disk_free_at;
            return self.at(later, Event::CommitDone { node, life });
        }
        let Some(Pending { batch, writes }) = self.nodes[node].pending.pop_front() else { return };
        self.nodes[node].disk.commit(&writes);
        self.feed(node, Input::Committed(batch));
    }
}

pub fn new_key(rng: &mut Rng) -> SigningKey {
    let mut secret = [0; 32];
    rng.fill(&mut secret);
    SigningKey::from_bytes(&secret)
}
