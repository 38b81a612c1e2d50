//! `want`: what the sender asks for.

use serde::{Deserialize, Serialize};

use super::super::super::id::{Hash, NodeId};
use super::super::super::json::objects;
use super::super::super::limits::{WANT_RANGES_MAX, WANTED_HASHES_MAX};
use super::super::body::{Body, at_most, json};
use super::super::text::{PacketError, Text};

/// Entries of one author, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The author.
    pub author: NodeId,
    /// First sequence number.
    pub from: u64,
    /// Last sequence number.
    pub to: u64,
}

/// What the sender asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Want {
    /// Ranges of logs; for these authors in place of what was asked for before on this link.
    #[serde(default, deserialize_with = "objects")]
    pub ranges: Vec<Range>,
    /// Entries that held ones name.
    #[serde(default)]
    pub hashes: Vec<Hash>,
}

impl Body for Want {
    const TAG: &'static str = "want";

    fn read(text: &Text) -> Result<Want, PacketError> {
        let want: Want = text.fields()?;
        at_most(WANT_RANGES_MAX, want.ranges.len(), "ranges")?;
        at_most(WANTED_HASHES_MAX, want.hashes.len(), "hashes")?;
        Ok(want)
    }

    fn encode(&self, n: u64) -> Vec<u8> {
        json(Self::TAG, n, self)
    }

    fn bytes(&self) -> usize {
        const PER_RANGE: usize = 160;
        const PER_HASH: usize = 80;
        self.ranges.len() * PER_RANGE + self.hashes.len() * PER_HASH
    }
}
