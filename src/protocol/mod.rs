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

/// The version of the protocol.
pub const VERSION: u64 = 1;
