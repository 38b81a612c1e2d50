//! What is read of the conversation, for pages and commands.

use crate::protocol::entry::{Place, Said, Timestamp};
use crate::protocol::id::{Hash, NodeId};
use crate::protocol::receipt::Watermarks;

/// Authors named in [`Unread`]: so many fit a frame to a page beside everything else.
pub const UNREAD_AUTHORS_MAX: usize = 256;
/// What is not read is counted so far: counting on takes time, and tells nobody more.
pub const UNREAD_COUNT_MAX: u64 = 10_000;
/// Things from newer versions under one entry are counted so far, in the statements.
pub const NEWER_COUNT_MAX: u64 = 1_000;

/// An entry as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its author.
    pub author: NodeId,
    /// Its sequence number.
    pub seq: u64,
    /// Its counter.
    pub lamport: u64,
    /// The author's wall clock, milliseconds since 1970.
    pub at: u64,
    /// The body's JSON text.
    pub body: String,
    /// Local arrival number, from 1, no holes, in the order of commit.
    pub arrival: u64,
    /// Wall clock here when it arrived.
    pub arrived_at: u64,
    /// The reference with which this node was asked to say it.
    pub reference: Option<String>,
    /// It is told under the entry with this hash, not by itself.
    pub about: Option<Hash>,
    /// Things from newer versions that are told under it, at most [`NEWER_COUNT_MAX`].
    pub newer: u64,
}

impl Row {
    /// An entry as it comes: nothing is known to be told under it.
    pub fn fresh(place: Place, said: &Said, arrival: u64, arrived_at: u64) -> Row {
        Row {
            author: place.author,
            seq: place.seq,
            lamport: place.lamport,
            at: said.at,
            body: said.body.clone(),
            arrival,
            arrived_at,
            reference: None,
            about: None,
            newer: 0,
        }
    }

    /// Its place in the order.
    pub fn timestamp(&self) -> Timestamp {
        Timestamp { lamport: self.lamport, author: self.author }
    }
}

/// How far an author was read, and from which sequence number on its log does not count.
pub type ReadTo = (NodeId, u64, Option<u64>);

/// What the reader here has not read. Messages of others count, from this node's own first entry
/// on: nobody waits for it to read what was said before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unread {
    /// Per author with such messages: the last sequence number before the first of them. The
    /// authors who are behind longest, at most [`UNREAD_AUTHORS_MAX`].
    pub behind: Watermarks,
    /// There are more such authors.
    pub more: bool,
    /// The first of them in the order.
    pub first: Option<Timestamp>,
    /// How many, at most [`UNREAD_COUNT_MAX`].
    pub count: u64,
}
