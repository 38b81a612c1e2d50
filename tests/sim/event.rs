//! What happens in a world, and when it is to.

use std::sync::Arc;

use roda::protocol::entry::CheckedRun;
use roda::protocol::id::NodeId;
use roda::protocol::lookup::Lookup;
use roda::protocol::packet::Lane;

pub enum Event {
    /// The next frame of this lane arrives.
    Deliver {
        link: u64,
        from: usize,
        to: usize,
        lane: Lane,
    },
    /// One packet of the history lane is written out.
    Written {
        link: u64,
        node: usize,
        peer: usize,
    },
    /// What was looked up for the peer is read.
    Found {
        node: usize,
        life: u32,
        found: Box<(NodeId, Lookup, Vec<Arc<CheckedRun>>)>,
    },
    CommitDone {
        node: usize,
        life: u32,
    },
    Dial {
        a: usize,
        b: usize,
    },
    Dead {
        link: u64,
        a: usize,
        b: usize,
    },
    Tick {
        node: usize,
        life: u32,
    },
    Say {
        node: usize,
        bytes: usize,
    },
    Read {
        node: usize,
    },
    Crash {
        node: usize,
    },
    Start {
        node: usize,
    },
    Block {
        from: usize,
        to: usize,
        blocked: bool,
    },
    Reset {
        a: usize,
        b: usize,
    },
    /// Somebody on the wire sends the next packet of this direction twice.
    Replay {
        from: usize,
        to: usize,
    },
    /// The node reads nothing for a while.
    Slow {
        node: usize,
        until: u64,
    },
    /// Nothing is committed for a while.
    DiskFails {
        node: usize,
        until: u64,
    },
    /// A copy of the database is made, and comes back later.
    Snapshot {
        node: usize,
    },
    Restore {
        node: usize,
    },
    /// Goes on with a new identity.
    Reborn {
        node: usize,
    },
    /// Starts again with other group keys.
    Rekey {
        node: usize,
        keys: Vec<u8>,
    },
    Leave {
        node: usize,
    },
    /// Never comes back, and says nothing.
    Gone {
        node: usize,
    },
    /// A Byzantine member acts.
    Lie {
        node: usize,
        signed: bool,
    },
}
