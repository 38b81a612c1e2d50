//! What is known and told of addresses.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::super::id::NodeId;
use super::super::limits::{ADDRESS_BYTES_MAX, ADDRESSES_MAX, CONTACTS_MAX};
use super::super::packet::Contacts;
use super::{Mesh, MeshOutput};

/// Contacts are told at most once in so many milliseconds.
const CONTACTS_MS: u64 = 200;
/// Members kept of what contacts tell; further ones are met once they dial.
pub const CONTACT_MEMBERS_MAX: usize = 4_096;

impl Mesh {
    pub(super) fn learn_from_link(
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

    pub(super) fn take_contacts(&mut self, from: NodeId, contacts: Contacts, now: u64) {
        for (id, addresses) in contacts.members {
            let room = self.addresses.len() < CONTACT_MEMBERS_MAX;
            if id != self.me && (room || self.addresses.contains_key(&id)) {
                // Of itself the peer knows best.
                self.learn(id, addresses, id == from, now);
            }
        }
    }

    pub(super) fn learn(&mut self, id: NodeId, fresh: Vec<String>, first: bool, now: u64) {
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

    pub(super) fn tell_soon(&mut self, now: u64) {
        self.tell_at.get_or_insert(now + CONTACTS_MS);
    }

    pub(super) fn tell_when_due(&mut self, now: u64) {
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

    pub(super) fn whole_contacts(&self) -> Vec<Contacts> {
        let links: Vec<NodeId> = self.active.keys().copied().collect();
        let all: Vec<(NodeId, Vec<String>)> =
            self.addresses.iter().map(|(id, addresses)| (*id, addresses.clone())).collect();
        all.chunks(CONTACTS_MAX)
            .map(|part| Contacts { members: part.iter().cloned().collect(), links: links.clone() })
            .collect()
    }
}
