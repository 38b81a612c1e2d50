//! `ping`: is anybody there?

use serde::{Deserialize, Serialize};

use super::super::body::{Body, json};
use super::super::text::{PacketError, Text};

/// Answered by a [`super::Pong`] with the same number, which means something only to its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ping {
    /// The ping's number.
    pub number: u64,
}

impl Body for Ping {
    const TAG: &'static str = "ping";

    fn read(text: &Text) -> Result<Ping, PacketError> {
        text.fields()
    }

    fn encode(&self, n: u64) -> Vec<u8> {
        json(Self::TAG, n, self)
    }
}
