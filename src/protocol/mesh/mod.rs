//! Who is dialled when, which of two links of a pair stays, which way packets go, and what is told
//! of addresses: a pure state machine beside the circle.
//!
//! Addresses are hints: a link proves who is there.
//!
//! # Driving it
//!
//! 1. [`Mesh::new`] with the addresses that are stored. Tell it what is known of members
//!    ([`MeshInput::Standings`]) and the addresses that somebody here gave ([`MeshInput::Learn`]);
//!    then [`MeshInput::Start`]: of those it has stored it dials nobody before.
//! 2. Feed every [`MeshInput`] to [`Mesh::handle`], together with the time and with what waits in
//!    the links' queues. Each link is `Up` once and then `Down` once, also where it was ended from
//!    here, and whatever it brings comes in between.
//! 3. Carry out every [`MeshOutput`] in order. Each `Dial` has one end: `Up`, `DialFailed` or
//!    `DialledSelf`. The circle is told of `Use`, `Lost`, `Addresses` and `Linked`.
//! 4. Feed [`MeshInput::Tick`] at [`Mesh::wake_at`] at the latest.
//!
//! Which way packets go is the mesh's to say: what the circle sends to a peer goes over
//! [`Mesh::link_of`]; what comes on a link was said by [`Mesh::peer_of`], also while it drains;
//! what is measured on a link counts for [`Mesh::peer_using`] alone. No packet is passed on for
//! somebody else.

mod contacts;
mod dials;
mod gossip;
mod pairs;
mod places;
mod queue;
mod ways;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use super::id::NodeId;
use super::packet::LinkId;
use super::packet::mesh::{Bye, Packet};
pub use contacts::CONTACT_MEMBERS_MAX;
pub use dials::FIRST_MAX;
use gossip::Told;
pub use places::Standing;
use queue::Dials;

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
    /// A packet for the mesh came on the link.
    Received(LinkId, Packet),
    /// What is known of these members has changed; this node itself may be one of them.
    Standings(Vec<(NodeId, Standing)>),
    /// Somebody here gave these addresses, `host:port`: they are dialled now, and again until they
    /// answer. Of more than [`FIRST_MAX`] in all the last are left out.
    Learn(Vec<String>),
    /// What is known at the start is told: dial everybody.
    Start,
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
    /// Queue the packet for this link, before history. A queue that is full ends its link.
    Send(LinkId, Packet),
    /// The pair's packets go over this link from now on.
    Use(NodeId, LinkId),
    /// The pair has no link any more.
    Lost(NodeId),
    /// Keep these addresses of the member.
    Addresses(NodeId, Vec<String>),
    /// The peer says it is linked with these.
    Linked(NodeId, BTreeSet<NodeId>),
}

#[derive(Debug)]
struct Link {
    peer: NodeId,
    dialled: Option<String>,
    began: u64,
    up: u64,
    /// When the first of the pair's links came up of which each replaced the one before.
    since: u64,
    /// Dials of this address that failed, or led to a brief link, before.
    tries: u32,
    /// It gives up its place for somebody, or got none.
    going: bool,
    /// It never had a place.
    refused: bool,
    /// The other end understands changes of links.
    changes: bool,
    /// Whom the other end says it is linked with; none where it has said nothing on this link.
    linked_with: Option<BTreeSet<NodeId>>,
}

/// One node's mesh.
#[derive(Debug)]
pub struct Mesh {
    me: NodeId,
    /// Addresses that somebody here gave, at most [`FIRST_MAX`].
    first: BTreeSet<String>,
    addresses: BTreeMap<NodeId, Vec<String>>,
    myself: BTreeSet<String>,
    /// Whom a dial of each address reached last, and when.
    reached: BTreeMap<String, (NodeId, u64)>,
    dials: Dials,
    /// When the next address that only others told is due, if they are dialled evenly.
    told_at: u64,
    /// Addresses of links that want a new handshake, and when to dial; none while it is under way.
    rekeys: BTreeMap<String, Option<u64>>,
    links: BTreeMap<LinkId, Link>,
    active: BTreeMap<NodeId, LinkId>,
    /// Replaced links, and when they are ended from here.
    retiring: BTreeMap<LinkId, u64>,
    /// Peers whose links hold no place yet, and until when: somebody's is given up once they stand.
    trials: BTreeMap<NodeId, u64>,
    ever_linked: bool,
    standing: BTreeMap<NodeId, Standing>,
    told: BTreeMap<NodeId, Told>,
    /// Grows with each change of who is linked.
    links_version: u64,
    /// When somebody was last told of others as it was turned away.
    refused_at: Option<u64>,
    /// Whom each peer says it is linked with.
    pictures: BTreeMap<NodeId, BTreeSet<NodeId>>,
    gone: BTreeSet<NodeId>,
    random: u64,
    outputs: Vec<MeshOutput>,
}

impl Mesh {
    /// A mesh that starts from what was stored of members' addresses.
    pub fn new(me: NodeId, stored: BTreeMap<NodeId, Vec<String>>, seed: u64) -> Mesh {
        Mesh {
            me,
            first: BTreeSet::new(),
            addresses: stored.into_iter().filter(|(id, _)| *id != me).collect(),
            myself: BTreeSet::new(),
            reached: BTreeMap::new(),
            dials: Dials::default(),
            told_at: 0,
            rekeys: BTreeMap::new(),
            links: BTreeMap::new(),
            active: BTreeMap::new(),
            retiring: BTreeMap::new(),
            trials: BTreeMap::new(),
            ever_linked: false,
            standing: BTreeMap::new(),
            told: BTreeMap::new(),
            links_version: 0,
            refused_at: None,
            pictures: BTreeMap::new(),
            gone: BTreeSet::new(),
            random: seed,
            outputs: Vec::new(),
        }
    }

    /// Takes one input and says what to do about it. `now` is in monotonic milliseconds; `queued`
    /// tells the bytes that wait in a link's queue: contacts may be long, and wait behind much.
    pub fn handle(
        &mut self,
        input: MeshInput,
        now: u64,
        queued: &dyn Fn(LinkId) -> usize,
    ) -> Vec<MeshOutput> {
        match input {
            MeshInput::Up { link, peer, dialled, began, remote, listens } => {
                self.learn_from_link(peer, dialled.as_deref(), remote, &listens, now);
                let dial = dialled.as_ref().and_then(|address| self.dials.take(address));
                let tries = dial.map_or(0, |dial| dial.tries);
                self.link_up(link, Link::new(peer, dialled, began, tries, now), now);
            }
            MeshInput::Down(link) => self.link_down(link, now),
            MeshInput::DialFailed(address) => self.dial_ended(&address, now),
            MeshInput::DialledSelf(address) => {
                self.dials.take(&address);
                if self.myself.len() < CONTACT_MEMBERS_MAX {
                    self.myself.insert(address);
                }
            }
            MeshInput::RekeyDue(link) => {
                let address = self.links.get(&link).and_then(|link| link.dialled.clone());
                self.rekeys.extend(address.map(|address| (address, Some(now))));
            }
            MeshInput::Received(link, packet) => self.received(link, packet, now),
            MeshInput::Standings(all) => {
                for (id, standing) in all {
                    if standing != Standing::Unmet && self.standing.insert(id, standing).is_none() {
                        self.rank_anew(&id);
                    }
                }
            }
            MeshInput::Learn(addresses) => self.dial_first(addresses, now),
            MeshInput::Start => self.dial_known(now),
            MeshInput::Tick => {}
        }
        self.retire_when_due(now);
        self.settle_when_due(now);
        self.dial_when_due(now);
        self.tell_when_due(now, queued);
        std::mem::take(&mut self.outputs)
    }

    fn received(&mut self, link: LinkId, packet: Packet, now: u64) {
        let Some(peer) = self.peer_of(link) else { return };
        match packet {
            Packet::Contacts(contacts) => self.take_contacts(link, peer, contacts, now),
            Packet::Bye(Bye) => {
                if self.gone.len() < CONTACT_MEMBERS_MAX {
                    self.gone.insert(peer);
                }
            }
        }
    }

    /// When [`MeshInput::Tick`] is due.
    pub fn wake_at(&self) -> Option<u64> {
        let retiring = self.retiring.values().copied().min();
        let settle = self.trials.values().copied().min();
        let wakes = [self.dial_wake(), self.tell_wake(), settle, retiring];
        wakes.into_iter().flatten().min()
    }
}

impl Link {
    fn new(peer: NodeId, dialled: Option<String>, began: u64, tries: u32, up: u64) -> Link {
        Link {
            peer,
            dialled,
            began,
            up,
            since: up,
            tries,
            going: false,
            refused: false,
            changes: false,
            linked_with: None,
        }
    }
}
