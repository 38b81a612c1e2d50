//! Real nodes over loopback: what a circle promises, seen from its handles and its commands.

mod copied;
mod inside;
mod killed;
mod mesh;
mod partition;
mod rollback;
mod talk;
