//! What is known of addresses.

use std::net::SocketAddr;

use super::super::id::NodeId;
use super::super::limits::{ADDRESS_BYTES_MAX, ADDRESSES_MAX};
use super::super::packet::LinkId;
use super::super::packet::mesh::Contacts;
use super::{Mesh, MeshOutput};

/// Members without an entry whose addresses are kept; further ones must dial.
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

    pub(super) fn take_contacts(
        &mut self,
        link: LinkId,
        from: NodeId,
        contacts: Contacts,
        now: u64,
    ) {
        self.take_links(link, &contacts);
        for (id, addresses) in contacts.members {
            // Of itself the peer knows best.
            self.learn(id, addresses, id == from, now);
        }
    }

    fn learn(&mut self, id: NodeId, fresh: Vec<String>, first: bool, now: u64) {
        let room = self.addresses.len() < CONTACT_MEMBERS_MAX || self.standing.contains_key(&id);
        if id == self.me || !room && !self.addresses.contains_key(&id) {
            return;
        }
        let held = self.addresses.entry(id).or_default();
        let known = !fresh.is_empty() && fresh.iter().all(|address| held.contains(address));
        if known && (!first || held.starts_with(&fresh)) {
            return;
        }
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
        let dropped = std::mem::replace(held, merged.clone());
        for address in dropped.iter().filter(|address| !merged.contains(address)) {
            self.unplan(address, &id);
        }
        self.tell_all(id);
        self.outputs.push(MeshOutput::Addresses(id, merged.clone()));
        for address in merged {
            self.plan(address, id, now);
        }
    }
}
