//! The page's door: files, HTTP routes and WebSockets, on one listener.
//!
//! A request passes, in this order: the connection's bounds (`server`), then the guards on Host,
//! Origin and token, which also put the security headers on every answer (`guards`), then its
//! route (`routes`, `socket`, `assets`). Which circle it speaks of is said in one place (`circle`).
//! Nothing here changes a circle: commands go to its owner through
//! [`crate::shell::handle::Handle`], and messages are read through [`Rows`].

mod app;
mod assets;
mod circle;
mod door;
mod ended;
mod frames;
mod guards;
mod hosts;
pub mod limits;
mod live;
mod members;
mod message;
mod metrics;
mod modules;
mod problem;
mod request;
mod routes;
mod served;
mod server;
mod slim;
mod slots;
mod socket;
mod status;

pub use self::door::{CircleDoor, Door, Invite, Login, Rows, Unreadable};
pub use self::server::serve;
