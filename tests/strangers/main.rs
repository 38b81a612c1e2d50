//! The peer port against strangers: whoever does not hold both the circle's key and an identity of
//! its own gets no link, costs nothing, and keeps nobody out. A member that floods keeps nobody out
//! either.

#[path = "../author/mod.rs"]
mod author;
#[path = "../store/circle.rs"]
#[allow(dead_code)] // each test target uses its part
mod circle;
#[path = "../ends/mod.rs"]
mod ends;
#[path = "../program/mod.rs"]
mod program;

mod asks;
mod chain;
mod first;
mod flood;
mod keys;
mod member;
mod needle;
mod recorded;
mod replay;
mod secrets;
mod tape;
mod truncated;
