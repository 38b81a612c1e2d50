//! Who is dialled when, which of two links of a pair stays, and what is told of addresses: a pure
//! state machine beside the circle.
//!
//! Addresses are hints: a link proves who is there.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use super::id::NodeId;
use super::limits::{
    ADDRESS_BYTES_MAX, ADDRESSES_MAX, CONTACTS_MAX, LINKS_MAX, REDIAL_FIRST_MS, REDIAL_MAX_MS,
};
use super::packet::{Contacts, LinkId};

/// Handshakes that began within this many milliseconds of a link's coming up overlap with it: the
/// two ends see them at different times.
const GLARE_SLACK_MS: u64 = 500;
/// The higher id lets the lower one's dial win, by about so many milliseconds.
const YIELD_MS: u64 = 300;
/// Contacts are told at most once in so many milliseconds.
const CONTACTS_MS: u64 = 200;
/// Members kept of what contacts tell; further ones are met once they dial.
pub const CONTACT_MEMBERS_MAX: usize = 4_096;

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
        self.dial_when_due(now);
        self.tell_when_due(now);
        std::mem::take(&mut self.outputs)
    }

    /// When [`MeshInput::Tick`] is due.
    pub fn wake_at(&self) -> Option<u64> {
        let waiting = self.dials.values().filter(|dial| !dial.under_way).map(|dial| dial.next);
        waiting.chain(self.tell_at).chain(self.rekeys.values().copied().flatten()).min()
    }
}

/// Links.
impl Mesh {
    fn link_up(&mut self, id: LinkId, link: Link, now: u64) {
        let peer = link.peer;
        self.ever_linked = true;
        self.gone.remove(&peer);
        if let Some(address) = &link.dialled {
            self.reached.insert(address.clone(), peer);
            self.dials.remove(address);
            self.rekeys.remove(address);
        }
        let older = self.active.get(&peer).copied();
        if older.is_none() && self.active.len() >= LINKS_MAX && !self.make_room(peer) {
            self.links.insert(id, link);
            self.outputs.push(MeshOutput::Close(id));
            return;
        }
        let mine_wins = |dialled: &Option<String>| dialled.is_some() == (self.me < peer);
        let keep_older = older.is_some_and(|older| {
            let older = &self.links[&older];
            let crossed = older.dialled.is_some() != link.dialled.is_some();
            crossed && link.began < older.up + GLARE_SLACK_MS && mine_wins(&older.dialled)
        });
        let glare = older.is_some_and(|older| {
            let older = &self.links[&older];
            older.dialled.is_some() != link.dialled.is_some()
                && link.began < older.up + GLARE_SLACK_MS
        });
        self.links.insert(id, link);
        let loser = if keep_older { Some(id) } else { older };
        if !keep_older {
            self.active.insert(peer, id);
            self.outputs.push(MeshOutput::Use(peer, id));
        }
        // In a glare only the higher id closes, and the link it dialled: so never both.
        if let Some(loser) = loser
            && (!glare || self.me > peer)
        {
            self.outputs.push(MeshOutput::Drain(loser));
        }
        if older.is_none() {
            let parts = self.whole_contacts();
            self.outputs.extend(parts.into_iter().map(|part| MeshOutput::Tell(peer, part)));
            self.links_changed = true;
            self.tell_soon(now);
        }
    }

    fn link_down(&mut self, id: LinkId, now: u64) {
        let Some(link) = self.links.remove(&id) else { return };
        let peer = link.peer;
        if self.active.get(&peer) != Some(&id) {
            return;
        }
        let other = self.links.iter().find(|(_, link)| link.peer == peer).map(|(id, _)| *id);
        match other {
            Some(other) => {
                self.active.insert(peer, other);
                self.outputs.push(MeshOutput::Use(peer, other));
            }
            None => {
                self.active.remove(&peer);
                self.rekeys.retain(|address, _| link.dialled.as_ref() != Some(address));
                self.outputs.push(MeshOutput::Lost(peer));
                self.links_changed = true;
                self.tell_soon(now);
                let known = self.addresses.get(&peer).cloned().unwrap_or_default();
                for address in link.dialled.into_iter().chain(known) {
                    self.plan(address, peer, now);
                }
            }
        }
    }

    /// Above [`LINKS_MAX`] only a neighbour on the ring of ids gets in, in somebody else's place:
    /// so the ring stays whole.
    fn make_room(&mut self, peer: NodeId) -> bool {
        if !self.is_neighbour(&peer) {
            return false;
        }
        let other = self.active.iter().find(|(id, _)| !self.is_neighbour(id)).map(|(_, l)| *l);
        self.outputs.extend(other.map(MeshOutput::Drain));
        other.is_some()
    }

    fn is_neighbour(&self, peer: &NodeId) -> bool {
        let next = self.addresses.range(self.me..).chain(self.addresses.iter()).next();
        let before =
            self.addresses.range(..self.me).next_back().or(self.addresses.last_key_value());
        [next, before].into_iter().flatten().any(|(id, _)| id == peer)
    }
}

/// Dialling.
impl Mesh {
    /// Plans the dial of an address of `peer`, unless one is planned.
    fn plan(&mut self, address: String, peer: NodeId, now: u64) {
        if peer == self.me || self.myself.contains(&address) || self.active.contains_key(&peer) {
            return;
        }
        let wait = if self.me < peer { self.jitter(50) } else { YIELD_MS + self.jitter(YIELD_MS) };
        self.reached.entry(address.clone()).or_insert(peer);
        self.dials.entry(address).or_insert(Dial { next: now + wait, tries: 0, under_way: false });
    }

    fn dial_ended(&mut self, address: &str, now: u64) {
        let gone = self.reached.get(address).is_some_and(|peer| self.gone.contains(peer));
        let tries = self.dials.get(address).map_or(0, |dial| dial.tries);
        let ceiling = match self.ever_linked {
            false => REDIAL_FIRST_MS,
            true if gone => REDIAL_MAX_MS,
            true => (REDIAL_FIRST_MS << tries.min(5)).min(REDIAL_MAX_MS),
        };
        let wait = ceiling / 2 + self.jitter(ceiling / 2);
        if let Some(rekey) = self.rekeys.get_mut(address) {
            *rekey = Some(now + REDIAL_MAX_MS);
        }
        if let Some(dial) = self.dials.get_mut(address) {
            *dial = Dial { next: now + wait, tries: tries.saturating_add(1), under_way: false };
        }
    }

    fn dial_when_due(&mut self, now: u64) {
        for address in self.first.clone() {
            let linked =
                self.reached.get(&address).is_some_and(|peer| self.active.contains_key(peer));
            if !linked && !self.myself.contains(&address) {
                self.dials.entry(address).or_default();
            }
        }
        let linked: Vec<String> = self
            .dials
            .keys()
            .filter(|address| {
                self.reached.get(*address).is_some_and(|peer| self.active.contains_key(peer))
            })
            .cloned()
            .collect();
        for address in linked {
            self.dials.remove(&address);
        }
        for (address, at) in &mut self.rekeys {
            if at.take_if(|at| *at <= now).is_some() {
                self.outputs.push(MeshOutput::Dial(address.clone()));
            }
        }
        let room = LINKS_MAX.saturating_sub(self.active.len());
        let due = self.dials.iter_mut().filter(|(_, dial)| !dial.under_way && dial.next <= now);
        for (address, dial) in due.take(room) {
            dial.under_way = true;
            self.outputs.push(MeshOutput::Dial(address.clone()));
        }
        if room == 0 {
            // The mesh is as full as it gets: what is due comes back when there is room.
            self.dials.values_mut().for_each(|dial| dial.next = dial.next.max(now + REDIAL_MAX_MS));
        }
    }

    /// Plans dials of everybody known: at the start.
    pub fn dial_known(&mut self, now: u64) {
        for (peer, addresses) in self.addresses.clone() {
            for address in addresses {
                self.plan(address, peer, now);
            }
        }
    }

    fn jitter(&mut self, span: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.random >> 33) % (span + 1)
    }
}

/// Contacts.
impl Mesh {
    fn learn_from_link(
        &mut self,
        peer: NodeId,
        dialled: Option<&str>,
        remote: SocketAddr,
        listens: &[String],
        now: u64,
    ) {
        let seen = listens.iter().filter_map(|listen| match listen.strip_prefix(':') {
            Some(port) => {
                let port = port.parse().ok().filter(|port| *port != 0)?;
                Some(SocketAddr::new(remote.ip(), port).to_string())
            }
            None => Some(listen.clone()),
        });
        let fresh: Vec<String> = dialled.map(str::to_owned).into_iter().chain(seen).collect();
        self.learn(peer, fresh, true, now);
    }

    fn take_contacts(&mut self, from: NodeId, contacts: Contacts, now: u64) {
        for (id, addresses) in contacts.members {
            let room = self.addresses.len() < CONTACT_MEMBERS_MAX;
            if id != self.me && (room || self.addresses.contains_key(&id)) {
                // Of itself the peer knows best.
                self.learn(id, addresses, id == from, now);
            }
        }
    }

    fn learn(&mut self, id: NodeId, fresh: Vec<String>, first: bool, now: u64) {
        let held = self.addresses.entry(id).or_default();
        let (front, back) = if first { (fresh, held.clone()) } else { (held.clone(), fresh) };
        let mut merged: Vec<String> = Vec::new();
        for address in front.into_iter().chain(back) {
            if !merged.contains(&address) && address.len() <= ADDRESS_BYTES_MAX {
                merged.push(address);
            }
        }
        merged.truncate(ADDRESSES_MAX);
        if *held == merged {
            return;
        }
        held.clone_from(&merged);
        self.changed.insert(id);
        self.tell_soon(now);
        self.outputs.push(MeshOutput::Addresses(id, merged.clone()));
        for address in merged {
            self.plan(address, id, now);
        }
    }

    fn tell_soon(&mut self, now: u64) {
        self.tell_at.get_or_insert(now + CONTACTS_MS);
    }

    fn tell_when_due(&mut self, now: u64) {
        if self.tell_at.is_none_or(|at| at > now) {
            return;
        }
        self.tell_at = None;
        let changed: Vec<NodeId> = std::mem::take(&mut self.changed).into_iter().collect();
        let links: Vec<NodeId> = self.active.keys().copied().collect();
        let parts: Vec<Contacts> = changed
            .chunks(CONTACTS_MAX)
            .map(|part| part.iter().map(|id| (*id, self.addresses[id].clone())).collect())
            .chain((changed.is_empty() && self.links_changed).then(BTreeMap::new))
            .map(|members| Contacts { members, links: links.clone() })
            .collect();
        self.links_changed = false;
        for peer in &links {
            self.outputs.extend(parts.iter().map(|part| MeshOutput::Tell(*peer, part.clone())));
        }
    }

    fn whole_contacts(&self) -> Vec<Contacts> {
        let links: Vec<NodeId> = self.active.keys().copied().collect();
        let all: Vec<(NodeId, Vec<String>)> =
            self.addresses.iter().map(|(id, addresses)| (*id, addresses.clone())).collect();
        all.chunks(CONTACTS_MAX)
            .map(|part| Contacts { members: part.iter().cloned().collect(), links: links.clone() })
            .collect()
    }
}
