//! The page's door over real sockets, with a fake node behind it.

mod fake;
mod guards;
mod owner;
mod pages;
mod routes;
mod streams;
