//! `bye`: the sender stops.

use super::super::body::{Body, Nothing, json};
use super::super::text::{PacketError, Text};

/// The sender stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bye;

impl Body for Bye {
    const TAG: &'static str = "bye";

    fn read(_: &Text) -> Result<Bye, PacketError> {
        Ok(Bye)
    }

    fn encode(&self, n: u64) -> Vec<u8> {
        json(Self::TAG, n, &Nothing {})
    }
}
