//! What must hold for any bytes, one function for each fuzz target. Each panics where it does not.

mod door;
mod frame;
mod invite;
mod packet;
mod run;

pub use door::{http_body, ws_message};
pub use frame::frame;
pub use invite::invite;
pub use packet::packet;
pub use run::{entry_and_run, stored_runs};

/// The first byte, which chooses, and the rest.
fn choice(data: &[u8]) -> (u8, &[u8]) {
    data.split_first().map_or((0, data), |(first, rest)| (*first, rest))
}
