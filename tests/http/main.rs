//! The page's door over real sockets, with a fake node behind it.

#[path = "../program/mod.rs"]
mod program;

mod circles;
mod crowds;
mod fake;
mod floods;
mod guards;
mod owner;
mod packed;
mod pages;
mod quiet;
mod routes;
mod shipped;
mod streams;
mod unreadable;
