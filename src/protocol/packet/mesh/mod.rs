//! What one mesh tells another: who can be reached where, and who stops.

mod bye;
mod contacts;

use super::body::Body;
use super::family::family;
use super::text::{PacketError, Text};
pub use bye::Bye;
pub use contacts::Contacts;

family! {
    /// A packet for the mesh.
    pub enum Packet {
        /// Who can be reached where.
        Contacts(Contacts),
        /// The sender stops; no redial is needed until it is back.
        Bye(Bye),
    }
}
