//! Roda: a group chat with nobody at its head.
//!
//! `main` reads the command line (`cli`) and starts a node (`node`) with its settings (`config`).
//! The node is a `shell` (sockets, HTTP, one owner task) and a `store` around the `protocol`, a
//! pure state machine; `handshake`, `wire` and `seal` turn its packets into bytes, and `keyring`
//! says which circle a key opens. `conversation` says what entries mean to a reader. Imports
//! point down only:
//! `main → cli → node → shell → {store, handshake, wire, seal} → {conversation, protocol}`.

pub mod address;
pub mod cli;
pub mod config;
pub mod conversation;
pub mod files;
pub mod handshake;
pub mod identity;
pub mod invite;
pub mod keyring;
pub mod lan;
pub mod node;
pub mod protocol;
pub mod seal;
pub mod shell;
pub mod store;
pub mod wire;
