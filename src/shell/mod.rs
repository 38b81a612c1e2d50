//! The world around the protocol: sockets, disk, HTTP and the one task that owns the circle.

pub mod clock;
pub mod handle;
pub mod http;
pub mod link;
pub mod links;
pub mod owner;
pub(crate) mod rows;
