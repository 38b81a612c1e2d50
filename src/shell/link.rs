//! Links as the owner sees them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::keyring::CircleId;
use crate::protocol::id::NodeId;
use crate::protocol::limits::SEND_QUEUE_BYTES_MAX;
use crate::protocol::packet::{Lane, LinkId, Packet};

/// What link tasks tell the owner.
#[derive(Debug)]
pub enum LinkEvent {
    /// A handshake succeeded.
    Up {
        /// The circle that the handshake was in: its owner is told.
        circle: CircleId,
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
    /// So many more packets of the history lane are written out, each counted once.
    Written(LinkId, usize),
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

/// Packets that wait between the owner and one link's task; bytes fill up first in practice.
pub const LINK_QUEUE_PACKETS_MAX: usize = 16 * 1024;

/// Queues packets for one link, bounded in bytes and number. Cheap to clone.
#[derive(Debug, Clone)]
pub struct LinkSender {
    queue: mpsc::Sender<ToLink>,
    queued: Arc<AtomicUsize>,
    closed: CancellationToken,
}

/// The link has too much queued and is closed for it; the peer resyncs once it is linked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the peer takes packets more slowly than they come; its link is dropped")]
pub struct Full;

/// The task's end of a [`LinkSender`].
#[derive(Debug)]
pub struct LinkQueue {
    /// What was queued, in order.
    pub packets: mpsc::Receiver<ToLink>,
    /// Bytes queued and not yet written: the task takes [`Packet::bytes`] off for each packet.
    pub queued: Arc<AtomicUsize>,
    /// Cancelled by [`LinkSender::close`] and by an overflow.
    pub closed: CancellationToken,
}

impl LinkSender {
    /// A sender and the end that its link's task reads.
    pub fn new() -> (LinkSender, LinkQueue) {
        let (queue, packets) = mpsc::channel(LINK_QUEUE_PACKETS_MAX);
        let queued = Arc::new(AtomicUsize::new(0));
        let closed = CancellationToken::new();
        let sender = LinkSender { queue, queued: queued.clone(), closed: closed.clone() };
        (sender, LinkQueue { packets, queued, closed })
    }

    /// Queues a packet; never waits. A link that has ended, or is closed, takes it and forgets it:
    /// its [`LinkEvent::Down`] is on the way.
    ///
    /// # Errors
    /// [`Full`] above [`SEND_QUEUE_BYTES_MAX`], once: the link closes.
    pub fn try_send(&self, lane: Lane, packet: impl Into<Packet>) -> Result<(), Full> {
        if self.closed.is_cancelled() {
            return Ok(());
        }
        let packet = packet.into();
        let bytes = packet.bytes();
        let before = self.queued.fetch_add(bytes, Ordering::Relaxed);
        let sent = if before + bytes > SEND_QUEUE_BYTES_MAX {
            Err(Full)
        } else {
            match self.queue.try_send(ToLink::Packet(lane, packet)) {
                Ok(()) => return Ok(()),
                Err(mpsc::error::TrySendError::Closed(_)) => Ok(()),
                Err(mpsc::error::TrySendError::Full(_)) => Err(Full),
            }
        };
        self.queued.fetch_sub(bytes, Ordering::Relaxed);
        if sent.is_err() {
            self.closed.cancel();
        }
        sent
    }

    /// Bytes queued and not yet written, about.
    pub fn queued(&self) -> usize {
        self.queued.load(Ordering::Relaxed)
    }

    /// Writes out what is queued, then closes.
    pub fn drain(&self) {
        if self.queue.try_send(ToLink::Drain).is_err() {
            self.closed.cancel();
        }
    }

    /// Closes at once; what is queued is lost.
    pub fn close(&self) {
        // An ended or full queue needs no word: the token says it.
        let _ = self.queue.try_send(ToLink::Close);
        self.closed.cancel();
    }
}
