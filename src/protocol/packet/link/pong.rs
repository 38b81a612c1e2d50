//! `pong`: the answer to a `ping`.

use serde::{Deserialize, Serialize};

use super::super::body::{Body, json};
use super::super::text::{PacketError, Text};

/// The answer to a [`super::Ping`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pong {
    /// The ping's number.
    pub number: u64,
}

impl Body for Pong {
    const TAG: &'static str = "pong";

    fn read(text: &Text) -> Result<Pong, PacketError> {
        text.fields()
    }

    fn encode(&self, n: u64) -> Vec<u8> {
        json(Self::TAG, n, self)
    }
}
