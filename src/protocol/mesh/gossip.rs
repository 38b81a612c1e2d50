//! What each peer is told: addresses, and whom this node is linked with.
//!
//! Both can be long and change often. So they wait per peer, in sets that news only make larger up
//! to the size of the book, and go out a packet at a time, when the peer's link has room.

use std::collections::BTreeSet;

use super::super::id::NodeId;
use super::super::limits::{CONTACTS_MAX, LINKS_MAX, SEND_QUEUE_BYTES_MAX};
use super::super::packet::LinkId;
use super::super::packet::mesh::{Contacts, Packet};
use super::super::planted::{self, Bug};
use super::{Link, Mesh, MeshOutput};

/// Bytes queued for a link above which contacts wait: history on its way fits below, and the rest
/// of the queue stays free for what cannot wait.
const CONTACTS_QUEUED_MAX: usize = SEND_QUEUE_BYTES_MAX / 4;
/// Least milliseconds between two `contacts` to one peer.
const CONTACTS_MS: u64 = 200;
/// Milliseconds more for each link: some hundred packets a second are sent at most.
const PER_LINK_MS: u64 = 10;
/// Milliseconds until the first on a link: an end that has no place for it has closed it by then.
const FIRST_MS: u64 = 100;
/// Least milliseconds between two to a peer that takes only whole lists of links.
const LISTS_MS: u64 = 1_000;
/// Milliseconds after which links are told whole again, whatever was told: the time of a `sync`.
const RETELL_MS: u64 = 180_000;
/// Least milliseconds between two newcomers that are told of others as they are turned away.
const REFUSAL_MS: u64 = 200;

/// What one peer was told and is to be told.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Members whose addresses it is to be told.
    owed: BTreeSet<NodeId>,
    /// Links as told over the link in use; none where they are to be told whole.
    links: Option<BTreeSet<NodeId>>,
    /// See [`Mesh::links_version`].
    version: u64,
    whole_at: u64,
    next: u64,
}

impl Told {
    fn is_due(&self, version: u64) -> bool {
        !self.owed.is_empty() || self.links.is_none() || self.version != version
    }
}

impl Mesh {
    /// Another link with the peer is used: what was told over the one before may be lost.
    pub(super) fn tell_anew(&mut self, peer: NodeId, addresses: bool, now: u64) {
        let told = self.told.entry(peer).or_default();
        told.links = None;
        told.next = now + FIRST_MS;
        if addresses {
            told.owed = self.addresses.keys().filter(|id| **id != peer).copied().collect();
        }
    }

    /// The addresses of this member have changed.
    pub(super) fn tell_all(&mut self, member: NodeId) {
        for (_, told) in self.told.iter_mut().filter(|(peer, _)| **peer != member) {
            told.owed.insert(member);
        }
    }

    fn interval(&self) -> u64 {
        CONTACTS_MS + PER_LINK_MS * self.active.len() as u64
    }

    pub(super) fn tell_when_due(&mut self, now: u64, queued: &dyn Fn(LinkId) -> usize) {
        let interval = self.interval();
        let mut due = Vec::new();
        for (peer, told) in &mut self.told {
            if told.whole_at + RETELL_MS <= now {
                told.links = None;
            }
            if told.next <= now && told.is_due(self.links_version) {
                told.next = now + interval;
                due.push(*peer);
            }
        }
        for peer in due {
            // Where there is no room, it is due again.
            if let Some(link) = self.link_of(&peer)
                && queued(link) < CONTACTS_QUEUED_MAX
                && let Some(contacts) = self.contacts_for(&peer, now)
            {
                self.outputs.push(MeshOutput::Send(link, Packet::Contacts(contacts)));
            }
        }
    }

    pub(super) fn tell_wake(&self) -> Option<u64> {
        let at = |told: &Told| match told.is_due(self.links_version) {
            true => told.next,
            false => told.whole_at + RETELL_MS,
        };
        self.told.values().map(at).min()
    }

    /// The next packet for the peer; none where nothing is new.
    fn contacts_for(&mut self, peer: &NodeId, now: u64) -> Option<Contacts> {
        let changes = self.links[self.active.get(peer)?].changes || planted::is(Bug::ChangesToOld);
        let links: BTreeSet<NodeId> = self.active.keys().take(LINKS_MAX).copied().collect();
        let interval = self.interval();
        let told = self.told.get_mut(peer)?;
        // Those who are there first: lying contacts may name thousands who are not.
        let there = |id: &&NodeId| self.active.contains_key(*id);
        let owed = told.owed.iter().filter(there);
        let owed = owed.chain(told.owed.iter().filter(|id| !there(id)));
        let part: Vec<NodeId> = owed.take(CONTACTS_MAX).copied().collect();
        let news = told.links.as_ref() != Some(&links);
        told.version = self.links_version;
        if part.is_empty() && !news {
            return None;
        }
        told.owed.retain(|id| !part.contains(id));
        let members = part.into_iter().map(|id| (id, self.addresses[&id].clone())).collect();
        let mut contacts = Contacts { members, changes: true, ..Contacts::default() };
        match &told.links {
            Some(before) if changes => {
                contacts.gained = links.difference(before).copied().collect();
                contacts.lost = before.difference(&links).copied().collect();
            }
            before => {
                let again = before.is_some();
                told.next = now + if again { interval.max(LISTS_MS) } else { interval };
                told.whole_at = now;
                contacts.links = Some(links.iter().copied().collect());
            }
        }
        told.links = Some(links);
        Some(contacts)
    }

    /// Turns somebody away. Who has no entry yet may know nobody else: it is told who is there.
    pub(super) fn refuse(&mut self, id: LinkId, link: Link, now: u64) {
        let stranger = !self.standing.contains_key(&link.peer);
        self.links.insert(id, Link { refused: true, ..link });
        if !stranger || self.refused_at.is_some_and(|at| now < at + REFUSAL_MS) {
            self.outputs.push(MeshOutput::Close(id));
            return;
        }
        self.refused_at = Some(now);
        let there = self.active.keys().filter_map(|id| self.addresses.get_key_value(id));
        let members = there.take(CONTACTS_MAX).map(|(id, all)| (*id, all.clone())).collect();
        let contacts = Contacts { members, ..Contacts::default() };
        self.outputs.push(MeshOutput::Send(id, Packet::Contacts(contacts)));
        self.outputs.push(MeshOutput::Drain(id));
    }

    /// Notes whom the other end of this link says it is linked with.
    pub(super) fn take_links(&mut self, link: LinkId, contacts: &Contacts) {
        let Some(held) = self.links.get_mut(&link) else { return };
        held.changes |= contacts.changes;
        match (&contacts.links, &mut held.linked_with) {
            (Some(whole), told) => *told = Some(whole.iter().take(LINKS_MAX).copied().collect()),
            (None, Some(told)) => {
                told.retain(|id| !contacts.lost.contains(id));
                let room = LINKS_MAX.saturating_sub(told.len());
                told.extend(contacts.gained.iter().take(room));
            }
            // Changes of what was never told.
            (None, None) => {}
        }
        let (peer, told) = (held.peer, held.linked_with.is_some());
        if told && self.active.get(&peer) == Some(&link) {
            self.settle(&peer);
        }
        self.see(peer);
    }

    /// Whom the peer is linked with is what it told over the link in use; until it has, what it
    /// told before.
    pub(super) fn see(&mut self, peer: NodeId) {
        let link = self.active.get(&peer).and_then(|link| self.links.get(link));
        let told = link.and_then(|link| link.linked_with.as_ref());
        if let Some(told) = told
            && self.pictures.get(&peer) != Some(told)
        {
            self.outputs.push(MeshOutput::Linked(peer, told.clone()));
            self.pictures.insert(peer, told.clone());
        }
    }
}
