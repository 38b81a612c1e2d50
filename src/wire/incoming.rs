//! What a link does with every opened token before anybody else sees it: count, read, check.

use crate::protocol::packet::{Packet, PacketError, Text};
use crate::protocol::planted::{self, Bug};

/// Characters of an unknown tag that are kept for the log.
const TAG_SHOWN: usize = 32;

/// Why a packet is not taken: always the peer's fault.
#[derive(Debug, thiserror::Error)]
pub enum BadPacket {
    /// Not a packet, or out of its limits.
    #[error(transparent)]
    Packet(#[from] PacketError),
    /// A packet was left out, doubled or replayed.
    #[error("packet {got} where {due} was due")]
    Count {
        /// The packet's number.
        got: u64,
        /// The number that was due.
        due: u64,
    },
}

/// One direction of a link: its packets are numbered 0, 1, 2, …
#[derive(Debug, Default)]
pub struct Incoming {
    due: u64,
}

impl Incoming {
    /// Packets taken so far.
    pub fn count(&self) -> u64 {
        self.due
    }

    /// The packet that a token held, its runs checked; none for one of a newer version.
    ///
    /// # Errors
    /// [`BadPacket`]: close the link.
    pub fn take(&mut self, opened: &[u8]) -> Result<Option<Packet>, BadPacket> {
        let text = Text::of(opened)?;
        self.number(text.n)?;
        let packet = Packet::read(&text)?;
        if packet.is_none() {
            let tag: String = text.tag.chars().take(TAG_SHOWN).collect();
            tracing::debug!(tag, "skipped a packet of a newer version");
        }
        Ok(packet)
    }

    /// Counts a packet with this number.
    ///
    /// # Errors
    /// [`BadPacket::Count`]: it is not the one that is due.
    pub fn number(&mut self, got: u64) -> Result<(), BadPacket> {
        if got != self.due && !planted::is(Bug::PacketNumberUnchecked) {
            return Err(BadPacket::Count { got, due: self.due });
        }
        self.due = got + 1;
        Ok(())
    }
}
