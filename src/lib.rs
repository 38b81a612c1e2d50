//! Roda: a group chat with nobody at its head.

pub mod protocol;
pub mod shell;
