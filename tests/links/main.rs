//! Links over real sockets.

#[path = "../author/mod.rs"]
mod author;
#[path = "../ends/mod.rs"]
mod ends;

mod circles;
mod faults;
mod talk;
