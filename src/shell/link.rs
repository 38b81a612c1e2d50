//! Links as the owner sees them.

use std::net::SocketAddr;

use tokio::sync::mpsc;

use crate::protocol::id::NodeId;
use crate::protocol::packet::{Lane, LinkId, Packet};

/// What link tasks tell the owner.
#[derive(Debug)]
pub enum LinkEvent {
    /// A handshake succeeded.
    Up {
        /// Names the link from now on.
        link: LinkId,
        /// Who is at the other end, proven.
        peer: NodeId,
        /// The address dialled, where this node dialled.
        dialled: Option<String>,
        /// Milliseconds on the node's monotonic clock when the handshake began.
        began: u64,
        /// The other end's socket.
        remote: SocketAddr,
        /// Addresses the peer says it listens on; `":PORT"` alone means at the address seen.
        listens: Vec<String>,
        /// To send on it.
        sender: LinkSender,
    },
    /// A packet, its runs checked.
    Received(LinkId, Packet),
    /// The history lane is empty and written out: room for more.
    Drained(LinkId),
    /// A round trip was measured, in milliseconds.
    Rtt(LinkId, u32),
    /// The dialling side should make a new handshake now.
    RekeyDue(LinkId),
    /// The link has ended; nothing more comes from it.
    Down(LinkId),
    /// A dial ended without a link.
    DialFailed {
        /// The address dialled.
        address: String,
        /// Why, for the log and `roda status`.
        reason: String,
    },
    /// A dial reached this node itself.
    DialledSelf(String),
}

/// One packet for a link's task.
#[derive(Debug)]
pub enum ToLink {
    /// Send this.
    Packet(Lane, Packet),
    /// Write out what is queued, then close.
    Drain,
    /// Close now: the peer misbehaved, or was replaced.
    Close,
}

/// Queues packets for one link, bounded in bytes by its task.
#[derive(Debug, Clone)]
pub struct LinkSender(pub mpsc::Sender<ToLink>);
