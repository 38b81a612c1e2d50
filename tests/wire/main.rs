//! What goes over the wire, byte for byte: tokens, handshakes, packets, and the document of them.

#[path = "../author/mod.rs"]
mod author;
#[path = "../fixed/mod.rs"]
mod fixed;

mod document;
mod fernet_spec;
mod handshake;
mod packets;
mod signatures;
