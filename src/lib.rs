//! Roda: a group chat with nobody at its head.

pub mod identity;
pub mod protocol;
pub mod seal;
pub mod shell;
pub mod wire;
