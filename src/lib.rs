//! Roda: a group chat with nobody at its head.

pub mod identity;
pub mod cli;
pub mod config;
pub mod invite;
pub mod node;
pub mod protocol;
pub mod seal;
pub mod shell;
pub mod wire;
