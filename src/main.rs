//! The `roda` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    roda::cli::main()
}
