//! What the driver tells the circle, and is told to do.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::archive::Write;
use super::super::entry::CheckedRun;
use super::super::id::NodeId;
use super::super::lookup::Lookup;
use super::super::packet::Lane;
use super::super::packet::circle::Packet;
use super::super::receipt::Watermarks;

/// What the driver is told to be, apart from what is committed.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The member's cleaned name. Taken when it is another than the last time: what was chosen
    /// later, by [`Input::Say`], is kept until then.
    pub name: String,
    /// An address or another member is known: the first profile waits for a link.
    pub knows_others: bool,
    /// Milliseconds between two whole `sync` to every peer.
    pub sync_ms: u64,
    /// Seed of the jitter.
    pub seed: u64,
}

/// What happens to the circle.
#[derive(Debug, Clone)]
pub enum Input {
    /// The pair has a (new) link.
    Up(NodeId),
    /// The pair has no link any more.
    Down(NodeId),
    /// A round trip to the peer took so many milliseconds.
    Rtt(NodeId, u32),
    /// Whom the peer says it is linked with.
    Linked(NodeId, BTreeSet<NodeId>),
    /// A packet came from the peer, its runs checked.
    Received(NodeId, Packet),
    /// So many more of the packets sent to the peer in [`Lane::History`] are written out. Once all
    /// are, there is room for more.
    Written(NodeId, usize),
    /// What an [`Output::LookUp`] has found, and what is left of it.
    Found(NodeId, Lookup, Vec<Arc<CheckedRun>>),
    /// Every batch up to this one is committed.
    Committed(u64),
    /// Write an entry; answered by [`Output::Said`] once it is committed.
    Say {
        /// Names the request in the answer.
        token: u64,
        /// What to say: a body's JSON text.
        body: String,
        /// The page's reference, kept with the entry.
        reference: Option<String>,
    },
    /// The reader here has read so far: per author the last entry.
    Read(Watermarks),
    /// Tell this node's reads, or stop telling them.
    ReadReceipts(bool),
    /// Stop waiting for a member, or wait again.
    SetAside(NodeId, bool),
    /// New addresses of a member, to be kept.
    Addresses(NodeId, Vec<String>),
    /// Time passed.
    Tick,
}

/// What the driver must do.
#[derive(Debug, Clone)]
pub enum Output {
    /// Queue the packet for the peer.
    Send(NodeId, Lane, Packet),
    /// Read this for the peer beside everything else, and answer with [`Input::Found`]; at most
    /// [`super::super::limits::LOOKUPS_MAX`] are out at once.
    LookUp(NodeId, Lookup),
    /// The peer broke the protocol: close its link. The reason is for the log.
    Misbehaved(NodeId, &'static str),
    /// Commit these writes, whole, after all earlier batches.
    Commit(u64, Vec<Write>),
    /// The entry asked for is committed, as this own sequence number.
    Said(u64, u64),
    /// Not written: this member has left the circle.
    Refused(u64),
    /// The member's reader is typing.
    Typing(NodeId),
    /// A validly signed own entry that is not held: this database was rolled back, or the key is
    /// used twice. The driver must take a new identity; nothing more is stamped with this one.
    RolledBack,
    /// The author is disputed from this sequence number.
    Disputed(NodeId, u64),
    /// An entry of the author contradicts the clock of its receipt.
    ClockContradicted(NodeId),
}
