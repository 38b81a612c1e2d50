//! Roda: a group chat with nobody at its head.
//!
//! `main` reads the command line (`cli`) and starts a node (`node`) with its settings (`config`).
//! The node is a `shell` (sockets, disk, HTTP, one owner task) around the `protocol`, a pure state
//! machine; `wire` and `seal` turn its packets into bytes. Imports point only that way:
//! `cli → node → shell → {wire, seal, protocol}`.

pub mod cli;
pub mod config;
pub mod conversation;
pub mod handshake;
pub mod identity;
pub mod invite;
pub mod lan;
pub mod node;
pub mod protocol;
pub mod seal;
pub mod shell;
pub mod wire;
