//! Links between nodes: what a link's own task does is on the way, so a forged packet is refused
//! where it would be in reality.

use std::collections::{BTreeMap, VecDeque};

use roda::protocol::circle::Input;
use roda::protocol::limits::{DEAD_MS, PACKET_BYTES_MAX, SEND_QUEUE_BYTES_MAX};
use roda::protocol::packet::mesh::{self, Contacts};
use roda::protocol::packet::{Lane, Packet};
use roda::wire::Incoming;

use crate::event::Event;
use crate::world::World;

/// Packets estimated above this are encoded to see that they fit a frame.
const LARGE: usize = PACKET_BYTES_MAX / 4;

/// What travels.
#[derive(Clone)]
pub enum Frame {
    Packet(Packet),
    /// JSON of a liar's own making; `@n` stands for the number.
    Raw(String),
}

#[derive(Default)]
pub struct Pair {
    pub link: Option<u64>,
    directions: BTreeMap<usize, Direction>,
}

#[derive(Default)]
struct Direction {
    /// When the last packet of each lane arrives: a lane keeps its order.
    busy: [u64; 2],
    lanes: [VecDeque<Frame>; 2],
    queued: usize,
    next: u64,
    incoming: Incoming,
    /// Packets that came as far as the circle.
    reached: u64,
    replay: bool,
}

fn pair(a: usize, b: usize) -> (usize, usize) {
    (a.min(b), a.max(b))
}

impl World {
    pub fn link_of(&self, a: usize, b: usize) -> Option<u64> {
        self.pairs.get(&pair(a, b)).and_then(|pair| pair.link)
    }

    fn direction(&mut self, from: usize, to: usize) -> &mut Direction {
        self.pairs.get_mut(&pair(from, to)).expect("linked").directions.entry(from).or_default()
    }

    pub fn dial(&mut self, a: usize, b: usize) {
        let blocked = self.blocked.contains(&(a, b)) || self.blocked.contains(&(b, a));
        let running = |node: usize| self.nodes[node].circle.is_some();
        if !running(a) || !running(b) || self.link_of(a, b).is_some() {
            return;
        }
        let keys = &self.nodes[b].group_keys;
        let known = self.nodes[a].group_keys.iter().any(|key| keys.contains(key));
        if blocked || !known {
            let later = self.time + self.rng.u64(500..3_000);
            return self.at(later, Event::Dial { a, b });
        }
        self.next_link += 1;
        let link = Some(self.next_link);
        self.pairs.insert(pair(a, b), Pair { link, directions: BTreeMap::new() });
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
        let links = Some(linked.iter().map(|peer| self.nodes[*peer].id).collect());
        let contacts = Contacts { links, ..Contacts::default() };
        for peer in linked {
            self.transmit(node, peer, Lane::Live, mesh::Packet::Contacts(contacts.clone()));
        }
    }

    pub fn reset(&mut self, a: usize, b: usize) {
        let Some(_) = self.pairs.get_mut(&pair(a, b)).and_then(|pair| pair.link.take()) else {
            return;
        };
        for (node, peer) in [(a, b), (b, a)] {
            self.feed(node, Input::Down(self.nodes[peer].id));
        }
        self.tell_links(a);
        self.tell_links(b);
        let later = self.time + self.rng.u64(100..2_000);
        self.at(later, Event::Dial { a, b });
    }

    pub fn block(&mut self, from: usize, to: usize, blocked: bool) {
        if !blocked {
            self.blocked.remove(&(from, to));
        } else if self.blocked.insert((from, to))
            && let Some(link) = self.link_of(from, to)
        {
            self.at(self.time + DEAD_MS, Event::Dead { link, a: from, b: to });
        }
    }

    pub fn replay_next(&mut self, from: usize, to: usize) {
        if self.link_of(from, to).is_some() {
            self.direction(from, to).replay = true;
        }
    }

    /// Queues the packet, cut to frames as the writer of a link does.
    pub fn transmit(&mut self, from: usize, to: usize, lane: Lane, packet: impl Into<Packet>) {
        let history = lane == Lane::History;
        let parts = packet.into().fitting();
        let last = parts.len() - 1;
        for (index, part) in parts.into_iter().enumerate() {
            if self.nodes[from].liar.is_none() && part.bytes() > LARGE {
                let bytes = part.encode(1 << 40).len();
                assert!(bytes <= PACKET_BYTES_MAX, "a packet of {bytes} bytes fits no frame");
            }
            let Some(at) = self.queue(from, to, lane, Frame::Packet(part)) else { return };
            if history && index == last {
                let link = self.link_of(from, to).expect("queued on a link");
                self.at(at, Event::Written { link, node: from, peer: to });
            }
        }
    }

    /// When the frame arrives; none where there is no link, or its queue was full.
    pub fn queue(&mut self, from: usize, to: usize, lane: Lane, frame: Frame) -> Option<u64> {
        let link = self.link_of(from, to)?;
        let mut at = self.time + self.delay[&(from, to)] + self.rng.u64(..5);
        if lane == Lane::History {
            at += self.rng.u64(..50);
        }
        at = at.max(self.nodes[to].slow_until);
        let honest = self.nodes[from].liar.is_none();
        let bytes = frame.bytes();
        let direction = self.direction(from, to);
        let index = usize::from(lane == Lane::History);
        let busy = &mut direction.busy[index];
        at = at.max(*busy);
        *busy = at;
        direction.queued += bytes;
        direction.lanes[index].push_back(frame);
        if honest && direction.queued > SEND_QUEUE_BYTES_MAX {
            self.checks.overflows += 1;
            self.reset(from, to);
            return None;
        }
        self.at(at, Event::Deliver { link, from, to, lane });
        Some(at)
    }

    pub fn deliver(&mut self, link: u64, from: usize, to: usize, lane: Lane) {
        if self.link_of(from, to) != Some(link) {
            return;
        }
        let room = self.nodes[to].circle.as_ref().is_some_and(|circle| circle.has_room());
        if self.blocked.contains(&(from, to)) || !room {
            // TCP tries again until the link is given up.
            return self.at(self.time + 200, Event::Deliver { link, from, to, lane });
        }
        let direction = self.direction(from, to);
        let lane = &mut direction.lanes[usize::from(lane == Lane::History)];
        let frame = lane.pop_front().expect("a frame for each arrival");
        direction.queued -= frame.bytes();
        let n = direction.next;
        direction.next += 1;
        let replay = std::mem::take(&mut direction.replay);
        let taken = self.arrive(from, to, n, &frame);
        let honest = self.nodes[from].liar.is_none();
        assert!(taken || !honest, "an honest packet is refused");
        if replay && taken && self.link_of(from, to) == Some(link) {
            self.checks.replays += 1;
            self.arrive(from, to, n, &frame);
        }
    }

    /// What the receiving link's task does with a token that it has opened.
    fn arrive(&mut self, from: usize, to: usize, n: u64, frame: &Frame) -> bool {
        let as_bytes = self.wire || self.nodes[from].liar.is_some();
        let to_liar = self.nodes[to].liar.is_some();
        let direction = self.direction(from, to);
        let incoming = &mut direction.incoming;
        let taken = match frame {
            Frame::Packet(packet) if as_bytes && !to_liar => incoming.take(&packet.encode(n)),
            Frame::Packet(packet) => incoming.number(n).map(|()| Some(packet.clone())),
            Frame::Raw(json) => incoming.take(json.replace("@n", &n.to_string()).as_bytes()),
        };
        let Ok(packet) = taken else {
            self.checks.refusals += 1;
            self.reset(from, to);
            return false;
        };
        assert_eq!(direction.reached, n, "each packet reaches the circle once, in order");
        direction.reached += 1;
        let peer = self.nodes[from].id;
        match packet {
            Some(Packet::Circle(packet)) => self.feed(to, Input::Received(peer, packet)),
            // The mesh beside the circle makes this of it.
            Some(Packet::Mesh(mesh::Packet::Contacts(Contacts { links: Some(links), .. }))) => {
                self.feed(to, Input::Linked(peer, links.into_iter().collect()));
            }
            _ => {}
        }
        true
    }
}

impl Frame {
    fn bytes(&self) -> usize {
        match self {
            Frame::Packet(packet) => packet.bytes(),
            Frame::Raw(json) => json.len(),
        }
    }
}
