//! What the entries of a circle mean to a reader. Pure, like the protocol: no clock, no disk.

pub mod kind;
