//! What a link does with every opened token before anybody else sees it: parse, count, check.

use super::packet::{PacketError, parse};
use crate::protocol::entry::BadRun;
use crate::protocol::packet::Packet;
use crate::protocol::planted::{self, Bug};

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
    /// A run that is not one.
    #[error("a run that is not one: {0}")]
    Run(#[from] BadRun),
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

    /// The packet in `json`, its runs checked; none for one of a newer version.
    ///
    /// # Errors
    /// [`BadPacket`]: close the link.
    pub fn take(&mut self, json: &[u8]) -> Result<Option<Packet>, BadPacket> {
        match parse(json) {
            Ok((n, packet)) => {
                self.number(n)?;
                Ok(Some(packet.check()?))
            }
            Err(PacketError::Unknown { tag, n }) => {
                self.number(n)?;
                tracing::debug!(tag, "skipped a packet of a newer version");
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
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
