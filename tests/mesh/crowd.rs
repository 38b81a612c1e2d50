//! Many meshes in virtual time, and identities that an adversary has made up.
//!
//! Long, because links, time and what each holds are one model.
//!
//! The meshes are those that nodes run. Who holds whose first entry is modelled: entries spread
//! over links, and are met in the order in which they come.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use roda::protocol::id::NodeId;
use roda::protocol::limits::LINKS_MAX;
use roda::protocol::mesh::{Mesh, MeshInput, MeshOutput, Standing};
use roda::protocol::packet::LinkId;
use roda::protocol::packet::mesh::{Contacts, Packet};

/// Milliseconds between two looks at what peers hold.
const SPREAD_MS: u64 = 100;
/// Milliseconds after which whoever stays alone writes its first entry all the same.
const ALONE_MS: u64 = 3_000;
/// Milliseconds until an identity that was turned away is back.
const BACK_MS: u64 = 2_000;
/// Milliseconds until a link whose other end is gone is given up.
const DEAD_MS: u64 = 50;

pub struct Node {
    pub id: NodeId,
    pub address: String,
    pub mesh: Mesh,
    /// An identity without a node: it dials, keeps what it gets, and comes back at once.
    pub made_up: bool,
    /// It knows only whole lists of links, as 0.1 does.
    pub old: bool,
    pub on: bool,
    /// Whose entries it holds, in the order in which it met them.
    pub met: Vec<usize>,
    holds: BTreeSet<usize>,
    pub writes: bool,
    first: Vec<String>,
    stored: BTreeMap<NodeId, Vec<String>>,
    wake: u64,
    on_since: u64,
}

struct Link {
    dialler: usize,
    listener: usize,
    open: bool,
    delay: u64,
    /// What each end has taken of the other's entries: the dialler's end first.
    taken: [usize; 2],
}

enum Event {
    Up { node: usize, link: u64, began: u64 },
    Down { node: usize, link: u64 },
    Failed { node: usize, address: String },
    Myself { node: usize, address: String },
    Contacts { node: usize, link: u64, contacts: Contacts },
    Tick { node: usize },
    Forget { link: u64 },
    Back { node: usize, at: usize },
    Spread,
}

pub struct Crowd {
    pub rng: Rng,
    pub time: u64,
    pub nodes: Vec<Node>,
    links: BTreeMap<u64, Link>,
    ids: BTreeMap<NodeId, usize>,
    listening: BTreeMap<String, usize>,
    events: BTreeMap<(u64, u64), Event>,
    next: u64,
    spreading: bool,
    /// Nodes below this number and the others do not reach each other.
    wall: Option<usize>,
    /// Bytes of contacts that were sent, as JSON; counted where wanted, since encoding takes time.
    pub bytes: Option<u64>,
    /// Links of two members that one of them gave up.
    pub given_up: u64,
    pub places_most: usize,
}

impl Crowd {
    pub fn new(seed: u64) -> Crowd {
        Crowd {
            rng: Rng::with_seed(seed),
            time: 0,
            nodes: Vec::new(),
            links: BTreeMap::new(),
            ids: BTreeMap::new(),
            listening: BTreeMap::new(),
            events: BTreeMap::new(),
            next: 0,
            spreading: false,
            wall: None,
            bytes: None,
            given_up: 0,
            places_most: 0,
        }
    }

    pub fn random_id(&mut self) -> NodeId {
        let mut id = [0; 32];
        self.rng.fill(&mut id);
        // Below it are ids for whoever chooses the highest.
        id[0] = id[0].min(0xfd);
        NodeId(id)
    }

    pub fn add(&mut self, id: NodeId, first: &[usize]) -> usize {
        let number = self.nodes.len();
        let address = format!("10.0.{}.{}:7400", number / 256, number % 256);
        let first: Vec<String> = first.iter().map(|at| self.nodes[*at].address.clone()).collect();
        self.nodes.push(Node {
            id,
            mesh: Mesh::new(id, BTreeMap::new(), number as u64),
            address: address.clone(),
            made_up: false,
            old: false,
            on: false,
            met: Vec::new(),
            holds: BTreeSet::new(),
            writes: true,
            first,
            stored: BTreeMap::new(),
            wake: u64::MAX,
            on_since: 0,
        });
        self.ids.insert(id, number);
        self.listening.insert(address, number);
        number
    }

    /// A member that dials these at first.
    pub fn member(&mut self, first: &[usize]) -> usize {
        let id = self.random_id();
        self.add(id, first)
    }

    /// An identity of the adversary's choice.
    pub fn made_up(&mut self, id: NodeId, writes: bool) -> usize {
        let number = self.add(id, &[]);
        let node = &mut self.nodes[number];
        (node.made_up, node.writes, node.on) = (true, writes, true);
        let address = node.address.clone();
        self.listening.remove(&address);
        if writes {
            self.write(number);
        }
        number
    }

    pub fn start(&mut self, node: usize) {
        let now = self.time;
        let it = &mut self.nodes[node];
        it.mesh = Mesh::new(it.id, it.stored.clone(), now + node as u64);
        (it.on, it.on_since) = (true, now);
        let (met, first) = (it.met.clone(), it.first.clone());
        self.feed(node, MeshInput::Learn(first));
        self.tell_standings(node, met);
        self.feed(node, MeshInput::Start);
        self.spread_soon();
    }

    pub fn stop(&mut self, node: usize) {
        self.nodes[node].on = false;
        let open: Vec<u64> = self.links_of(node);
        open.into_iter().for_each(|link| self.close(link, DEAD_MS));
    }

    pub fn cut(&mut self, a: usize, b: usize) {
        let between =
            |link: &Link| [(a, b), (b, a)].contains(&(link.dialler, link.listener)) && link.open;
        let open: Vec<u64> =
            self.links.iter().filter(|(_, link)| between(link)).map(|(id, _)| *id).collect();
        open.into_iter().for_each(|link| self.close(link, 0));
    }

    /// Nodes below this number and the others lose each other, until there is no wall.
    pub fn part(&mut self, wall: Option<usize>) {
        self.wall = wall;
        let across = |link: &Link| link.open && self.walled(link.dialler, link.listener);
        let open: Vec<u64> =
            self.links.iter().filter(|(_, link)| across(link)).map(|(id, _)| *id).collect();
        open.into_iter().for_each(|link| self.close(link, DEAD_MS));
    }

    fn walled(&self, a: usize, b: usize) -> bool {
        self.wall.is_some_and(|wall| (a < wall) != (b < wall))
    }

    fn links_of(&self, node: usize) -> Vec<u64> {
        let of = |link: &Link| link.open && (link.dialler == node || link.listener == node);
        self.links.iter().filter(|(_, link)| of(link)).map(|(id, _)| *id).collect()
    }

    fn at(&mut self, time: u64, event: Event) {
        self.next += 1;
        self.events.insert((time, self.next), event);
    }

    /// The node writes its first entry.
    pub fn write(&mut self, node: usize) {
        self.take(node, node);
    }

    fn take(&mut self, node: usize, author: usize) {
        if self.nodes[node].holds.insert(author) {
            self.nodes[node].met.push(author);
            if !self.nodes[node].made_up {
                self.tell_standings(node, vec![author]);
            }
            self.spread_soon();
        }
    }

    fn tell_standings(&mut self, node: usize, members: Vec<usize>) {
        let it = &self.nodes[node];
        let place = |author: &usize| it.met.iter().position(|one| one == author);
        let standing = |author: usize| {
            let met = place(&author)? as u64;
            Some((self.nodes[author].id, Standing::Member { met, written: false }))
        };
        let all = members.into_iter().filter_map(standing).collect();
        self.feed(node, MeshInput::Standings(all));
    }

    fn spread_soon(&mut self) {
        if !std::mem::replace(&mut self.spreading, true) {
            self.at(self.time + SPREAD_MS, Event::Spread);
        }
    }

    /// Everybody takes over each link what the other end holds.
    fn spread(&mut self) {
        self.spreading = false;
        let open: Vec<u64> =
            self.links.iter().filter(|(_, link)| link.open).map(|(id, _)| *id).collect();
        for id in open {
            let Link { dialler, listener, taken, .. } = self.links[&id];
            if [(0, listener), (1, dialler)]
                .iter()
                .all(|(end, peer)| taken[*end] == self.nodes[*peer].met.len())
            {
                continue;
            }
            for (end, (node, peer)) in [(dialler, listener), (listener, dialler)].iter().enumerate()
            {
                if !self.uses(*node, *peer, id) {
                    continue;
                }
                let fresh = self.nodes[*peer].met[taken[end]..].to_vec();
                self.links.get_mut(&id).expect("kept").taken[end] += fresh.len();
                fresh.into_iter().for_each(|author| self.take(*node, author));
                if self.nodes[*node].writes && !self.nodes[*peer].met.is_empty() {
                    self.write(*node);
                }
            }
        }
        let now = self.time;
        let silent = |it: &Node| it.on && it.writes && !it.made_up && it.met.is_empty();
        let alone = self.nodes.iter().position(|it| silent(it) && now > it.on_since + ALONE_MS);
        alone.into_iter().for_each(|node| self.write(node));
        if self.nodes.iter().any(silent) {
            self.spread_soon();
        }
    }

    fn uses(&self, node: usize, peer: usize, link: u64) -> bool {
        let it = &self.nodes[node];
        it.on && (it.made_up || it.mesh.link_of(&self.nodes[peer].id) == Some(LinkId(link)))
    }

    pub fn run(&mut self, span: u64) {
        let end = self.time + span;
        while let Some(entry) = self.events.first_entry().filter(|entry| entry.key().0 <= end) {
            self.time = entry.key().0;
            let event = entry.remove();
            self.happen(event);
        }
        self.time = end;
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Up { node, link, began } => self.up(node, link, began),
            Event::Down { node, link } => self.down(node, link),
            Event::Failed { node, address } if self.nodes[node].on => {
                self.feed(node, MeshInput::DialFailed(address));
            }
            Event::Myself { node, address } if self.nodes[node].on => {
                self.feed(node, MeshInput::DialledSelf(address));
            }
            Event::Contacts { node, link, contacts } => self.told(node, link, contacts),
            Event::Tick { node } if self.nodes[node].on && self.nodes[node].wake == self.time => {
                self.feed(node, MeshInput::Tick);
            }
            Event::Forget { link } => drop(self.links.remove(&link)),
            Event::Back { node, at } => self.dial_made_up(node, at),
            Event::Spread => self.spread(),
            _ => {}
        }
    }

    fn up(&mut self, node: usize, id: u64, began: u64) {
        let Some(link) = self.links.get(&id) else { return };
        let dialled = link.dialler == node;
        let peer = if dialled { link.listener } else { link.dialler };
        if !self.nodes[node].on {
            return self.close(id, DEAD_MS);
        }
        if self.nodes[node].made_up {
            // It behaves: it says whom it is linked with.
            let contacts = Contacts { links: Some(vec![]), changes: true, ..Contacts::default() };
            self.at(self.time + 20, Event::Contacts { node: peer, link: id, contacts });
            return self.spread_soon();
        }
        let other = &self.nodes[peer];
        let listens = if other.made_up { vec![] } else { vec![other.address.clone()] };
        let input = MeshInput::Up {
            link: LinkId(id),
            peer: other.id,
            dialled: dialled.then(|| other.address.clone()),
            began,
            remote: other.address.parse().expect("an address"),
            listens,
        };
        self.feed(node, input);
        self.places_most = self.places_most.max(self.nodes[node].mesh.taken());
        self.spread_soon();
    }

    fn down(&mut self, node: usize, id: u64) {
        if self.nodes[node].made_up {
            let Some(link) = self.links.get(&id) else { return };
            let at = if link.dialler == node { link.listener } else { link.dialler };
            return self.at(self.time + BACK_MS, Event::Back { node, at });
        }
        if self.nodes[node].on {
            self.feed(node, MeshInput::Down(LinkId(id)));
        }
    }

    fn told(&mut self, node: usize, link: u64, mut contacts: Contacts) {
        let it = &self.nodes[node];
        if !it.on || it.made_up || !self.links.contains_key(&link) {
            return;
        }
        if it.old {
            let links = Some(contacts.links.unwrap_or_default());
            contacts = Contacts { members: contacts.members, links, ..Contacts::default() };
        }
        self.feed(node, MeshInput::Received(LinkId(link), Packet::Contacts(contacts)));
    }

    /// Both ends lose the link, the later one after the packets that are on their way.
    fn close(&mut self, id: u64, after: u64) {
        let Some(link) = self.links.get_mut(&id).filter(|link| link.open) else { return };
        link.open = false;
        let (ends, at) = ([link.dialler, link.listener], self.time + link.delay + after);
        ends.into_iter().for_each(|node| self.at(at, Event::Down { node, link: id }));
        // Not before it came up at either end.
        self.at(at + 200, Event::Forget { link: id });
    }

    pub fn dial_made_up(&mut self, node: usize, at: usize) {
        if self.nodes[node].on {
            self.connect(node, at);
        }
    }

    fn connect(&mut self, dialler: usize, listener: usize) {
        self.next += 1;
        let (id, delay) = (self.next, self.rng.u64(5..40));
        let taken = [0; 2];
        self.links.insert(id, Link { dialler, listener, open: true, delay, taken });
        let began = self.time;
        for (node, trips) in [(dialler, 2), (listener, 3)] {
            self.at(began + trips * delay, Event::Up { node, link: id, began });
        }
    }

    fn dial(&mut self, node: usize, address: String) {
        let soon = self.time + self.rng.u64(10..80);
        match self.listening.get(&address).copied() {
            Some(there) if there == node => self.at(soon, Event::Myself { node, address }),
            Some(there) if self.nodes[there].on && !self.walled(node, there) => {
                self.connect(node, there);
            }
            _ => self.at(soon, Event::Failed { node, address }),
        }
    }

    pub fn feed(&mut self, node: usize, input: MeshInput) {
        let now = self.time;
        for output in self.nodes[node].mesh.handle(input, now, &|_| 0) {
            match output {
                MeshOutput::Dial(address) => self.dial(node, address),
                MeshOutput::Drain(link) | MeshOutput::Close(link) => {
                    self.note_given_up(node, link.0);
                    self.close(link.0, 0);
                }
                MeshOutput::Send(link, Packet::Contacts(contacts)) => {
                    self.pass_on(node, link.0, contacts);
                }
                MeshOutput::Send(_, Packet::Bye(_)) => panic!("a link says this by itself"),
                MeshOutput::Addresses(member, addresses) => {
                    self.nodes[node].stored.insert(member, addresses);
                }
                MeshOutput::Use(..) | MeshOutput::Lost(_) | MeshOutput::Linked(..) => {}
            }
        }
        if let Some(wake) = self.nodes[node].mesh.wake_at() {
            let wake = wake.max(now + 1);
            let planned = self.nodes[node].wake;
            self.nodes[node].wake = wake;
            if wake != planned {
                self.at(wake, Event::Tick { node });
            }
        }
    }

    /// A link that both ends used, of two members, and that one of them ends: no other link of
    /// the pair takes its place.
    fn note_given_up(&mut self, node: usize, id: u64) {
        let Some(link) = self.links.get(&id).filter(|link| link.open) else { return };
        let (a, b) = (link.dialler, link.listener);
        let member = |node: usize| !self.nodes[node].made_up;
        let stood = self.uses(a, b, id) && self.uses(b, a, id);
        let told = self.nodes[node].mesh.linked_with(&self.nodes[a + b - node].id).next().is_some();
        if member(a) && member(b) && stood && told {
            self.given_up += 1;
        }
    }

    fn pass_on(&mut self, node: usize, id: u64, mut contacts: Contacts) {
        let Some(link) = self.links.get(&id).filter(|link| link.open) else { return };
        let to = if link.dialler == node { link.listener } else { link.dialler };
        let at = self.time + link.delay;
        if self.nodes[node].old {
            let links = Some(self.nodes[node].mesh.linked().take(LINKS_MAX).collect());
            contacts = Contacts { members: contacts.members, links, ..Contacts::default() };
        }
        if let Some(bytes) = &mut self.bytes {
            *bytes += Packet::Contacts(contacts.clone()).encode(0).len() as u64;
        }
        self.at(at, Event::Contacts { node: to, link: id, contacts });
    }

    pub fn linked(&self, a: usize, b: usize) -> bool {
        let both = |a: usize, b: usize| self.nodes[a].mesh.link_of(&self.nodes[b].id);
        self.nodes[a].on && self.nodes[b].on && both(a, b).is_some() && both(a, b) == both(b, a)
    }

    /// Whether all members that are on reach each other over links of members.
    pub fn together(&self) -> bool {
        let member = |it: &usize| self.nodes[*it].on && !self.nodes[*it].made_up;
        let members: Vec<usize> = (0..self.nodes.len()).filter(member).collect();
        let mut reached: BTreeSet<usize> = members.first().copied().into_iter().collect();
        let mut fresh: Vec<usize> = reached.iter().copied().collect();
        while let Some(node) = fresh.pop() {
            for peer in self.nodes[node].mesh.linked() {
                let peer = self.ids[&peer];
                if !self.nodes[peer].made_up && self.linked(node, peer) && reached.insert(peer) {
                    fresh.push(peer);
                }
            }
        }
        reached.len() == members.len()
    }
}
