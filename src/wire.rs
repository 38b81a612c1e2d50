//! What travels on a link: frames, and the JSON of packets inside them.
//!
//! A frame is a big-endian u32 length and that many bytes of Fernet token. A packet is one JSON
//! object with a `tag` and its number `n`.

mod frame;
mod incoming;
mod packet;

pub use frame::{FrameCodec, PREFIX, TooLong, append_frame, frame};
pub use incoming::{BadPacket, Incoming};
pub use packet::{PACKET_BYTES_MAX, PacketError, encode, fitting, parse};
