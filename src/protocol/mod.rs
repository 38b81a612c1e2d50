//! The protocol of one circle, without clock, randomness, sockets or disk.

pub mod archive;
pub mod body;
pub mod circle;
pub mod dispute;
pub mod entry;
pub mod id;
pub mod json;
pub mod limits;
pub mod lookup;
pub mod mesh;
pub mod name;
pub mod packet;
pub mod planted;
pub mod receipt;
pub mod signature;

/// The version of the protocol: nodes of another do not link.
pub const VERSION: u64 = 1;
/// What this program understands of it, told in `join`, and grown with what others may then send:
/// 1 is 0.1, which tells nothing.
pub const PROGRAM: u64 = 2;
