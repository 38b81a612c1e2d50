//! The `roda` command.

fn main() {}
