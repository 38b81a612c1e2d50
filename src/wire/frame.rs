//! Frames: a big-endian u32 length, then a token of that length.

use std::io;

use tokio_util::bytes::{Buf as _, Bytes, BytesMut};
use tokio_util::codec::Decoder;

/// Bytes of the length before each token.
pub const PREFIX: usize = 4;

/// A frame longer than this stage of the link allows: the peer's fault, or no Roda node at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a frame of {length} bytes where at most {max} are allowed")]
pub struct TooLong {
    /// What the length field says.
    pub length: u32,
    /// What is allowed, bytes.
    pub max: usize,
}

/// Cuts a stream into tokens. The length is checked before memory is taken for the token.
#[derive(Debug)]
pub struct FrameCodec {
    max: usize,
}

impl FrameCodec {
    /// Takes tokens of at most `max` bytes.
    pub fn new(max: usize) -> FrameCodec {
        FrameCodec { max }
    }

    /// Bytes of the longest frame taken now, its length too.
    pub fn frame_max(&self) -> usize {
        PREFIX + self.max
    }

    /// From the next frame on takes tokens of at most `max` bytes.
    pub fn set_max(&mut self, max: usize) {
        self.max = max;
    }
}

impl Decoder for FrameCodec {
    type Item = Bytes;
    type Error = io::Error;

    fn decode(&mut self, stream: &mut BytesMut) -> io::Result<Option<Bytes>> {
        let Some(prefix) = stream.first_chunk::<PREFIX>() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes(*prefix);
        let bytes = length as usize;
        if bytes > self.max {
            let refused = TooLong { length, max: self.max };
            return Err(io::Error::new(io::ErrorKind::InvalidData, refused));
        }
        if stream.len() < PREFIX + bytes {
            stream.reserve(PREFIX + bytes - stream.len());
            return Ok(None);
        }
        stream.advance(PREFIX);
        Ok(Some(stream.split_to(bytes).freeze()))
    }
}

/// Appends the token's frame.
pub fn append_frame(token: &str, out: &mut Vec<u8>) {
    let length = u32::try_from(token.len()).expect("tokens are far below 4 GiB");
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(token.as_bytes());
}

/// The token's frame.
pub fn frame(token: &[u8]) -> Vec<u8> {
    let length = u32::try_from(token.len()).expect("tokens are far below 4 GiB");
    [&length.to_be_bytes(), token].concat()
}
