//! What goes to the writer, and what comes back.

use super::row::Row;
use crate::protocol::archive::Write;

/// Batches that wait for the writer; their bytes are bounded by the protocol's
/// [`crate::protocol::limits::UNCOMMITTED_BYTES_MAX`].
pub const QUEUE_MAX: usize = 4_096;
/// Events that wait for the owner; a full queue makes the writer wait.
pub const EVENTS_MAX: usize = 64;

/// Writes that are committed together or not at all.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Grows with every batch.
    pub id: u64,
    /// In order. A [`Write::Sent`] follows the run it speaks of.
    pub writes: Vec<Write>,
}

/// What the store tells the owner.
#[derive(Debug)]
pub enum StoreEvent {
    /// All batches up to this one are committed and flushed.
    Committed {
        /// The last of them.
        through: u64,
        /// The conversation's new entries, in arrival order.
        rows: Vec<Row>,
    },
    /// A commit failed; nothing of it is kept yet, and it is tried again until it works. Said once.
    Failing(String),
    /// It worked; [`StoreEvent::Committed`] follows.
    Recovered,
    /// The check after an unclean stop, or a read, met damage. The next start sets the file aside.
    Damaged(String),
}
