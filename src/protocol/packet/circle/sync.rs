//! `sync`: where authors' logs stand at the sender.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::super::id::{Hash, NodeId};
use super::super::super::json::{unique, unique_objects};
use super::super::super::limits::SYNC_AUTHORS_MAX;
use super::super::body::{Body, at_most, json};
use super::super::text::{PacketError, Text};

/// Where one author's log stands at the sender: a hint, believed only once its entries are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Last sequence number held; 0 where only a dispute is known.
    pub seq: u64,
    /// Hash of that entry.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hash: Option<Hash>,
    /// The author is disputed from this sequence number.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub disputed: Option<u64>,
}

/// What the sender holds, of all authors or of those it offers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sync {
    /// Per author where its log stands.
    #[serde(deserialize_with = "unique_objects")]
    pub authors: BTreeMap<NodeId, Head>,
    /// Per node the count of the receipt held; none in an offer that does not speak of receipts.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default, deserialize_with = "unique")]
    pub receipts: BTreeMap<NodeId, u64>,
    /// The whole vector: what is named neither here nor in the parts before is not held.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub whole: bool,
    /// Another part of the whole vector follows.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub more: bool,
}

impl Body for Sync {
    const TAG: &'static str = "sync";

    fn read(text: &Text) -> Result<Sync, PacketError> {
        let sync: Sync = text.fields()?;
        at_most(SYNC_AUTHORS_MAX, sync.authors.len(), "authors")?;
        Ok(sync)
    }

    fn encode(&self, n: u64) -> Vec<u8> {
        json(Self::TAG, n, self)
    }

    fn bytes(&self) -> usize {
        const PER_HEAD: usize = 180;
        const PER_COUNT: usize = 80;
        self.authors.len() * PER_HEAD + self.receipts.len() * PER_COUNT
    }

    fn fitting(mut self) -> Vec<Sync> {
        let mut cut = Vec::new();
        while self.authors.len() > SYNC_AUTHORS_MAX || self.receipts.len() > SYNC_AUTHORS_MAX {
            let (authors, receipts) = (first(&mut self.authors), first(&mut self.receipts));
            // What follows belongs to the same vector.
            let (whole, more) = (self.whole, self.whole);
            cut.push(Sync { authors, receipts, whole, more });
        }
        cut.push(self);
        cut
    }
}

/// Takes the first [`SYNC_AUTHORS_MAX`] of a map.
fn first<V>(map: &mut BTreeMap<NodeId, V>) -> BTreeMap<NodeId, V> {
    match map.keys().nth(SYNC_AUTHORS_MAX).copied() {
        Some(next) => {
            let rest = map.split_off(&next);
            std::mem::replace(map, rest)
        }
        None => std::mem::take(map),
    }
}
