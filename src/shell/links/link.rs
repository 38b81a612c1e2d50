//! What reader and writer of one link share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio_util::sync::CancellationToken;

use super::shared::Shared;
use crate::protocol::packet::LinkId;
use crate::shell::link::LinkEvent;

/// No ping is under way.
pub(super) const NO_PING: u64 = u64::MAX;

/// What reader and writer of one link share.
pub(super) struct Link {
    pub(super) shared: Arc<Shared>,
    pub(super) id: LinkId,
    /// Ends the link at once.
    pub(super) closed: CancellationToken,
    /// The peer has ended its direction: write out what is queued and end.
    pub(super) ending: CancellationToken,
    /// Number of the ping under way: milliseconds on the node's clock when it was queued.
    pub(super) ping: AtomicU64,
    /// Whether the owner shall be told when a new handshake is due: on the dialling side, once.
    pub(super) rekey: AtomicBool,
}

impl Link {
    /// Tells the owner, once, where one direction has carried enough for one key.
    pub(super) async fn count(&self, packets: u64, bytes: u64) {
        let pace = &self.shared.common.pace;
        if packets >= pace.rekey_packets || bytes >= pace.rekey_bytes {
            self.rekey_due().await;
        }
    }

    /// Whether the owner is still to be told of a new handshake.
    pub(super) fn rekeys(&self) -> bool {
        self.rekey.load(Ordering::Relaxed)
    }

    /// Tells the owner once that a new handshake is due.
    pub(super) async fn rekey_due(&self) {
        if self.rekey.swap(false, Ordering::Relaxed) {
            self.shared.tell(LinkEvent::RekeyDue(self.id)).await;
        }
    }
}
