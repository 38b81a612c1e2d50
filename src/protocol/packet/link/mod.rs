//! What the two ends of a link say to each other; nobody else hears of it.

mod ping;
mod pong;

use super::body::Body;
use super::family::family;
use super::text::{PacketError, Text};
pub use ping::Ping;
pub use pong::Pong;

family! {
    /// A packet for the link itself.
    pub enum Packet {
        /// Is anybody there?
        Ping(Ping),
        /// The answer.
        Pong(Pong),
    }
}
