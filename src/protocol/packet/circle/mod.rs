//! What one circle's members say to each other of its logs.

mod dispute;
mod history;
mod message;
mod receipt;
mod sync;
mod typing;
mod want;

use super::body::Body;
use super::family::family;
use super::text::{PacketError, Text};
pub use dispute::Proof;
pub use history::History;
pub use message::Message;
pub use receipt::Receipts;
pub use sync::{Head, Sync};
pub use typing::Typing;
pub use want::{Range, Want};

family! {
    /// A packet for the circle.
    pub enum Packet {
        /// What the sender holds.
        Sync(Sync),
        /// What the sender asks for.
        Want(Want),
        /// Runs asked for.
        History(History),
        /// The sender's own new run, live.
        Message(Message),
        /// Signed receipts, the sender's or passed on.
        Receipt(Receipts),
        /// A fork's proof.
        Dispute(Proof),
        /// The sender's reader is typing.
        Typing(Typing),
    }
}
