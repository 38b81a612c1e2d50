//! Roda: a group chat with nobody at its head.

pub mod cli;
pub mod config;
pub mod invite;
pub mod node;
pub mod protocol;
pub mod shell;
