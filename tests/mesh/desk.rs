//! One mesh, fed by hand.

use std::collections::{BTreeMap, BTreeSet};

use roda::protocol::id::NodeId;
use roda::protocol::mesh::{Mesh, MeshInput, MeshOutput, Standing};
use roda::protocol::packet::LinkId;
use roda::protocol::packet::mesh::{Contacts, Packet};

pub struct Desk {
    pub mesh: Mesh,
    pub now: u64,
    next: u64,
    /// What was dialled, and when.
    pub dialled: Vec<(u64, String)>,
    /// Links that were ended from here.
    pub ended: BTreeSet<LinkId>,
    /// Whether the links have room for contacts.
    pub telling: bool,
    pub told: Vec<Contacts>,
    failing: Vec<(u64, String)>,
}

/// The id of this number; ids of neighbouring numbers are far apart.
pub fn named(number: u64) -> NodeId {
    let mut id = [0; 32];
    let spread = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    id[..8].copy_from_slice(&spread.to_be_bytes());
    NodeId(id)
}

pub fn address(number: u64) -> String {
    format!("10.1.{}.{}:7400", number / 256, number % 256)
}

impl Desk {
    /// The node that [`named`] calls `me`; whom it met is told with [`Desk::meet`].
    pub fn new(me: NodeId, first: &[String], stored: BTreeMap<NodeId, Vec<String>>) -> Desk {
        let mut desk = Desk {
            mesh: Mesh::new(me, stored, 7),
            now: 0,
            next: 0,
            dialled: Vec::new(),
            ended: BTreeSet::new(),
            telling: false,
            told: Vec::new(),
            failing: Vec::new(),
        };
        desk.feed(MeshInput::Learn(first.to_vec()));
        desk
    }

    pub fn meet(&mut self, id: NodeId, met: u64, written: bool) {
        self.feed(MeshInput::Standings(vec![(id, Standing::Member { met, written })]));
    }

    pub fn up(&mut self, peer: NodeId, dialled: Option<&str>, listens: &[String]) -> LinkId {
        self.next += 1;
        let link = LinkId(self.next);
        let (dialled, listens) = (dialled.map(str::to_owned), listens.to_vec());
        let remote = "10.200.0.1:40000".parse().expect("an address");
        self.feed(MeshInput::Up { link, peer, dialled, began: self.now, remote, listens });
        link
    }

    /// The other end keeps the link: it says whom it is linked with.
    pub fn stand(&mut self, link: LinkId) {
        let contacts = Contacts { links: Some(vec![]), changes: true, ..Contacts::default() };
        self.feed(MeshInput::Received(link, Packet::Contacts(contacts)));
    }

    pub fn linked(&mut self, peer: NodeId) -> LinkId {
        let link = self.up(peer, None, &[]);
        self.stand(link);
        link
    }

    pub fn holds(&self, link: LinkId) -> bool {
        !self.ended.contains(&link) && self.mesh.peer_of(link).is_some()
    }

    pub fn tell(&mut self, link: LinkId, id: NodeId, addresses: Vec<String>) {
        let members = BTreeMap::from([(id, addresses)]);
        let contacts = Contacts { members, ..Contacts::default() };
        self.feed(MeshInput::Received(link, Packet::Contacts(contacts)));
    }

    pub fn feed(&mut self, input: MeshInput) {
        let queued = if self.telling { 0 } else { usize::MAX };
        for output in self.mesh.handle(input, self.now, &|_| queued) {
            match output {
                MeshOutput::Dial(address) => {
                    self.dialled.push((self.now, address.clone()));
                    self.failing.push((self.now + 100, address));
                }
                MeshOutput::Drain(link) | MeshOutput::Close(link) => {
                    self.ended.insert(link);
                }
                MeshOutput::Send(_, Packet::Contacts(contacts)) => self.told.push(contacts),
                _ => {}
            }
        }
    }

    /// The dial of this address does not fail by itself: the caller says what comes of it.
    pub fn answers(&mut self, address: &str) {
        self.failing.retain(|(_, failing)| failing != address);
    }

    /// Time passes; nobody answers a dial, links that were ended go down.
    pub fn run(&mut self, span: u64) {
        let end = self.now + span;
        loop {
            let failing = self.failing.first().map(|(at, _)| *at);
            let wake = self.mesh.wake_at().map(|at| at.max(self.now + 1));
            let Some(at) = failing.into_iter().chain(wake).min().filter(|at| *at <= end) else {
                break;
            };
            self.now = at.max(self.now);
            match failing == Some(at) {
                true => {
                    let (_, address) = self.failing.remove(0);
                    self.feed(MeshInput::DialFailed(address));
                }
                false => self.feed(MeshInput::Tick),
            }
        }
        self.now = end;
        for link in self.ended.clone() {
            if self.mesh.peer_of(link).is_some() {
                self.feed(MeshInput::Down(link));
            }
        }
    }
}
