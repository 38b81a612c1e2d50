//! `typing`: the sender's reader is.

use super::super::body::{Body, Nothing, json};
use super::super::text::{PacketError, Text};

/// The sender's reader is typing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Typing;

impl Body for Typing {
    const TAG: &'static str = "typing";

    fn read(_: &Text) -> Result<Typing, PacketError> {
        Ok(Typing)
    }

    fn encode(&self, n: u64) -> Vec<u8> {
        json(Self::TAG, n, &Nothing {})
    }
}
