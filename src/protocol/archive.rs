//! What the protocol asks of a store: to commit writes in order, and to read what is committed.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::dispute::Dispute;
use super::entry::{CheckedRun, Run, Timestamp};
use super::id::{Hash, NodeId};
use super::packet::circle::Range;
use super::receipt::{Receipt, Watermarks};

/// Where a committed entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Located {
    /// Its author.
    pub author: NodeId,
    /// Its sequence number.
    pub seq: u64,
    /// Its counter.
    pub lamport: u64,
    /// On a branch of a disputed author that is not the log held here: kept for reference only.
    pub branch: bool,
}

/// Consecutive runs of one author, and how its log goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stretch {
    /// The runs; none where the entry asked for is not held.
    pub runs: Vec<Arc<CheckedRun>>,
    /// Counter of the entry after them, where there is one.
    pub next: Option<u64>,
}

/// Reads of committed entries. Small and synchronous: the state machine asks in the middle of a
/// step. Disk errors are the implementor's to handle (report, then panic or answer none).
pub trait Archive {
    /// The entry with this hash, in a log or kept for reference.
    fn locate(&self, hash: &Hash) -> Option<Located>;
    /// Hash and counter of the entry at `seq` of the author's log held here.
    fn at(&self, author: &NodeId, seq: u64) -> Option<(Hash, u64)>;
    /// The log held here from `seq` on up to the next signature.
    fn run_from(&self, author: &NodeId, seq: u64) -> Option<Run>;
    /// The log held here from the entry at `range.from` on: the run with that entry, and those
    /// after it that begin by `range.to` and before the timestamp `before`, until they have
    /// `bytes`.
    fn stretch(&self, range: &Range, before: Option<Timestamp>, bytes: usize) -> Stretch {
        let (mut found, mut size) = (Stretch::default(), 0);
        let (author, mut seq) = (range.author, range.from);
        while let Some(run) = self.run_from(&author, seq) {
            let begins = Timestamp { lamport: run.first.lamport, author };
            let beyond = seq > range.to || before.is_some_and(|before| begins >= before);
            if !found.runs.is_empty() && (beyond || size >= bytes) {
                found.next = Some(begins.lamport);
                break;
            }
            let run = CheckedRun::from_store(run);
            (seq, size) = (run.run().last_seq() + 1, size + run.bytes());
            found.runs.push(Arc::new(run));
        }
        found
    }
    /// Where the run begins that has the entry at `seq` of the log held here.
    fn run_start(&self, author: &NodeId, seq: u64) -> Option<u64>;
    /// The run of a branch that holds the entry with this hash, from the entry after its stored
    /// predecessor run up to the signature.
    fn branch_run(&self, hash: &Hash) -> Option<Run>;
}

/// One thing to commit. A batch of them is committed whole or not at all.
#[derive(Debug, Clone)]
pub enum Write {
    /// A run that continues the author's log held here.
    Run {
        /// The run.
        run: Arc<CheckedRun>,
        /// Local arrival number of its first entry; the others count on by one.
        arrival: u64,
        /// Wall clock here, milliseconds since 1970.
        arrived_at: u64,
    },
    /// A run on another branch of a disputed author; not part of the conversation.
    Branch(Arc<CheckedRun>),
    /// A member's newest receipt (its own too).
    Receipt(Receipt),
    /// A fork's proof; replaces the author's earlier one.
    Dispute(Box<Dispute>),
    /// Where a member may be reached; replaces what is stored.
    Addresses(NodeId, Vec<String>),
    /// Set aside here, or back.
    Aside(NodeId, bool),
    /// How far this node's reader has read, per author: what has changed.
    Read(Watermarks),
    /// Per author how far its entries are delivered.
    Delivered(NodeId, u64),
    /// Per author how far its entries are read by all.
    ReadByAll(NodeId, u64),
    /// Every position up to this counter is final.
    Final(u64),
    /// Receipt counts below this may have been used.
    ReceiptCeiling(u64),
    /// This node's reads are told to others from now on, or no more than these.
    ReadTold(Option<Watermarks>),
    /// The name that the settings gave, now that it was taken.
    Named(String),
    /// A page's reference of a send, and the own entry that it became.
    Sent {
        /// The page's reference.
        reference: String,
        /// Sequence number of the own entry.
        seq: u64,
    },
}

/// What a log's end was at the last commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredHead {
    /// Last sequence number.
    pub seq: u64,
    /// Its hash.
    pub hash: Hash,
    /// Its counter.
    pub lamport: u64,
}

/// Everything the state machine needs of an author at its start.
#[derive(Debug, Clone, Default)]
pub struct StoredMember {
    /// The log's end; none where only contacts or receipts are known.
    pub head: Option<StoredHead>,
    /// Timestamp of the first entry.
    pub since: Option<Timestamp>,
    /// Arrival number of the first entry.
    pub met: Option<u64>,
    /// Body of the last `profile` in its log.
    pub profile: Option<String>,
    /// Its log ends with `leave`.
    pub left: bool,
    /// Newest receipt held.
    pub receipt: Option<Receipt>,
    /// Proof of a fork.
    pub dispute: Option<Dispute>,
    /// Where it may be reached.
    pub addresses: Vec<String>,
    /// Set aside here.
    pub aside: bool,
    /// Entries of it are delivered up to here.
    pub delivered: u64,
    /// Entries of it are read by all up to here.
    pub read_by_all: u64,
    /// This node's reader has read it up to here.
    pub read_here: u64,
    /// Entries kept of it on branches.
    pub branch_entries: u64,
}

/// The committed state at a start.
#[derive(Debug, Clone, Default)]
pub struct Restored {
    /// Per member.
    pub members: BTreeMap<NodeId, StoredMember>,
    /// The greatest timestamp held, and its hash.
    pub top: Option<(Timestamp, Hash)>,
    /// The last `circle` in order: its timestamp and body.
    pub circle: Option<(Timestamp, String)>,
    /// Last arrival number given.
    pub arrival: u64,
    /// See [`Write::Final`].
    pub final_to: u64,
    /// See [`Write::ReceiptCeiling`].
    pub receipt_ceiling: u64,
    /// See [`Write::ReadTold`].
    pub read_told: Option<Watermarks>,
    /// See [`Write::Named`].
    pub named: Option<String>,
}
