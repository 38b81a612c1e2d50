//! Who is dialled when, which of two links of a pair stays, and what is told of addresses: a pure
//! state machine beside the circle.
//!
//! Addresses are hints: a link proves who is there.

mod contacts;
mod dials;
mod pairs;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use super::id::NodeId;
use super::packet::{Contacts, LinkId};
pub use contacts::CONTACT_MEMBERS_MAX;

/// What happens to the mesh.
#[derive(Debug, Clone)]
pub enum MeshInput {
    /// A handshake succeeded.
    Up {
        /// The link.
        link: LinkId,
        /// Who is there.
        peer: NodeId,
        /// The address, where this node dialled.
        dialled: Option<String>,
        /// When the handshake began, monotonic milliseconds.
        began: u64,
        /// The other end.
        remote: SocketAddr,
        /// Where the peer says it listens; `":PORT"` means at `remote`'s address.
        listens: Vec<String>,
    },
    /// The link has ended.
    Down(LinkId),
    /// A dial ended without a link.
    DialFailed(String),
    /// A dial reached this node itself.
    DialledSelf(String),
    /// The dialling side should make a new handshake.
    RekeyDue(LinkId),
    /// The peer told its contacts.
    Contacts(NodeId, Contacts),
    /// The peer said that it stops.
    Bye(NodeId),
    /// Time passed.
    Tick,
}

/// What to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MeshOutput {
    /// Dial this address.
    Dial(String),
    /// Write out what is queued, then close.
    Drain(LinkId),
    /// Close at once.
    Close(LinkId),
    /// The pair's packets go over this link from now on.
    Use(NodeId, LinkId),
    /// The pair has no link any more.
    Lost(NodeId),
    /// Keep these addresses of the member.
    Addresses(NodeId, Vec<String>),
    /// Tell the peer.
    Tell(NodeId, Contacts),
}

#[derive(Debug)]
struct Link {
    peer: NodeId,
    dialled: Option<String>,
    began: u64,
    up: u64,
}

#[derive(Debug, Default)]
struct Dial {
    next: u64,
    tries: u32,
    under_way: bool,
}

/// One node's mesh.
#[derive(Debug)]
pub struct Mesh {
    me: NodeId,
    first: Vec<String>,
    addresses: BTreeMap<NodeId, Vec<String>>,
    myself: BTreeSet<String>,
    /// Whom each address reached last.
    reached: BTreeMap<String, NodeId>,
    dials: BTreeMap<String, Dial>,
    /// Addresses of links that want a new handshake, and when to dial; none while it is under way.
    rekeys: BTreeMap<String, Option<u64>>,
    links: BTreeMap<LinkId, Link>,
    active: BTreeMap<NodeId, LinkId>,
    /// Replaced links, and when they are ended from here.
    retiring: BTreeMap<LinkId, u64>,
    ever_linked: bool,
    /// Members whose addresses changed since contacts were told.
    changed: BTreeSet<NodeId>,
    links_changed: bool,
    tell_at: Option<u64>,
    gone: BTreeSet<NodeId>,
    random: u64,
    outputs: Vec<MeshOutput>,
}

impl Mesh {
    /// A mesh that starts from `first` and from what was stored of members' addresses.
    pub fn new(
        me: NodeId,
        first: Vec<String>,
        stored: BTreeMap<NodeId, Vec<String>>,
        seed: u64,
    ) -> Mesh {
        Mesh {
            me,
            first,
            addresses: stored.into_iter().filter(|(id, _)| *id != me).collect(),
            myself: BTreeSet::new(),
            reached: BTreeMap::new(),
            dials: BTreeMap::new(),
            rekeys: BTreeMap::new(),
            links: BTreeMap::new(),
            active: BTreeMap::new(),
            retiring: BTreeMap::new(),
            ever_linked: false,
            changed: BTreeSet::new(),
            links_changed: false,
            tell_at: None,
            gone: BTreeSet::new(),
            random: seed,
            outputs: Vec::new(),
        }
    }

    /// The link that the pair uses.
    pub fn link_of(&self, peer: &NodeId) -> Option<LinkId> {
        self.active.get(peer).copied()
    }

    /// Who is at the other end.
    pub fn peer_of(&self, link: LinkId) -> Option<NodeId> {
        self.links.get(&link).map(|link| link.peer)
    }

    /// Peers linked now.
    pub fn linked(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.active.keys().copied()
    }

    /// Takes one input; `now` is in monotonic milliseconds.
    pub fn handle(&mut self, input: MeshInput, now: u64) -> Vec<MeshOutput> {
        match input {
            MeshInput::Up { link, peer, dialled, began, remote, listens } => {
                self.learn_from_link(peer, dialled.as_deref(), remote, &listens, now);
                self.link_up(link, Link { peer, dialled, began, up: now }, now);
            }
            MeshInput::Down(link) => self.link_down(link, now),
            MeshInput::DialFailed(address) => self.dial_ended(&address, now),
            MeshInput::DialledSelf(address) => {
                self.dials.remove(&address);
                self.myself.insert(address);
            }
            MeshInput::RekeyDue(link) => {
                let address = self.links.get(&link).and_then(|link| link.dialled.clone());
                self.rekeys.extend(address.map(|address| (address, Some(now))));
            }
            MeshInput::Contacts(from, contacts) => self.take_contacts(from, contacts, now),
            MeshInput::Bye(peer) => {
                self.gone.insert(peer);
            }
            MeshInput::Tick => {}
        }
        self.retire_when_due(now);
        self.dial_when_due(now);
        self.tell_when_due(now);
        std::mem::take(&mut self.outputs)
    }

    /// When [`MeshInput::Tick`] is due.
    pub fn wake_at(&self) -> Option<u64> {
        let waiting = self.dials.values().filter(|dial| !dial.under_way).map(|dial| dial.next);
        let rekeys = self.rekeys.values().copied().flatten();
        waiting.chain(self.tell_at).chain(rekeys).chain(self.retiring.values().copied()).min()
    }
}
