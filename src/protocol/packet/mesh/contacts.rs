//! `contacts`: who can be reached where, and whom the sender is linked with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::super::id::NodeId;
use super::super::super::json::{present, unique};
use super::super::super::limits::{ADDRESS_BYTES_MAX, ADDRESSES_MAX, CONTACTS_MAX, LINKS_MAX};
use super::super::body::{Body, at_most, json};
use super::super::text::{PacketError, Text};

/// Members and where they may be reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contacts {
    /// Per member its addresses, `host:port`, newest first.
    #[serde(deserialize_with = "unique")]
    pub members: BTreeMap<NodeId, Vec<String>>,
    /// Whom the sender is linked with now, whole; none where only changes are told, or nothing.
    #[serde(skip_serializing_if = "Option::is_none", default, deserialize_with = "present")]
    pub links: Option<Vec<NodeId>>,
    /// Whom the sender has been linked with since it last told its links here.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub gained: Vec<NodeId>,
    /// Whom it is linked with no more since then.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub lost: Vec<NodeId>,
    /// The sender understands changes.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub changes: bool,
}

impl Body for Contacts {
    const TAG: &'static str = "contacts";

    /// Addresses and links are hints: what is beyond the limits is left out.
    fn read(text: &Text) -> Result<Contacts, PacketError> {
        let mut contacts: Contacts = text.fields()?;
        at_most(CONTACTS_MAX, contacts.members.len(), "members")?;
        let lists = contacts.links.iter_mut().chain([&mut contacts.gained, &mut contacts.lost]);
        lists.for_each(|ids| ids.truncate(LINKS_MAX));
        for addresses in contacts.members.values_mut() {
            addresses.retain(|address| address.len() <= ADDRESS_BYTES_MAX);
            addresses.truncate(ADDRESSES_MAX);
        }
        Ok(contacts)
    }

    fn encode(&self, n: u64) -> Vec<u8> {
        json(Self::TAG, n, self)
    }

    fn bytes(&self) -> usize {
        const PER_ID: usize = 80;
        let addresses = self.members.values().flatten();
        let links = self.links.iter().chain([&self.gained, &self.lost]);
        addresses.map(|address| address.len() + 3).sum::<usize>()
            + (self.members.len() + links.flatten().count()) * PER_ID
    }
}
