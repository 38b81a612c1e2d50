//! What travels on a link: frames, and in what order packets come out of them.
//!
//! A frame is a big-endian u32 length and that many bytes of Fernet token. What the tokens hold,
//! [`crate::protocol::packet`] reads.

mod frame;
mod incoming;

pub use frame::{FrameCodec, PREFIX, TooLong, append_frame, frame};
pub use incoming::{BadPacket, Incoming};
