//! What the store promises: nothing is said to be committed before it is, and everything committed
//! is there again.

#[path = "../author/mod.rs"]
mod author;
mod circle;
mod faults;
mod folder;
mod golden;
mod order;
mod restored;
