//! What a tag's file says of its packet, and what such files share.

use serde::Serialize;

use super::text::{PacketError, Text};

/// What a packet of one tag holds.
pub(super) trait Body: Sized {
    /// `tag` in its JSON.
    const TAG: &'static str;

    /// Reads it, with its bounds and all that can be checked of it alone: this is the link's own
    /// task, where work holds up nobody else.
    ///
    /// # Errors
    /// [`PacketError`].
    fn read(text: &Text) -> Result<Self, PacketError>;

    /// The whole packet with its number, as it is sealed.
    fn encode(&self, n: u64) -> Vec<u8>;

    /// About the bytes of its JSON beside tag and number, without writing it.
    fn bytes(&self) -> usize {
        0
    }

    /// Itself, cut into as many as its limits and a frame ask for, in the same order. What is never
    /// cut fits by its limits.
    fn fitting(self) -> Vec<Self> {
        vec![self]
    }
}

/// Compact JSON, `tag` and `n` first.
pub(super) fn json<T: Serialize>(tag: &'static str, n: u64, fields: &T) -> Vec<u8> {
    #[derive(Serialize)]
    struct Tagged<'a, T> {
        tag: &'static str,
        n: u64,
        #[serde(flatten)]
        fields: &'a T,
    }
    serde_json::to_vec(&Tagged { tag, n, fields }).expect("a packet is plain data")
}

/// A packet that is nothing but its tag.
#[derive(Serialize)]
pub(super) struct Nothing {}

pub(super) fn at_most(max: usize, count: usize, what: &'static str) -> Result<(), PacketError> {
    if count > max { Err(PacketError::TooMany(what)) } else { Ok(()) }
}
