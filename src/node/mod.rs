//! A node: peer, store and page in one process.

mod circle;
mod error;
mod home;
mod life;

pub use error::StartError;
pub use home::{Running, start};
