//! Why a command did not do its work, as words and an exit code.

use std::io;
use std::process::ExitCode;

use crate::config::SettingError;

/// A command's failure. Each kind has the exit code that `roda --help` promises.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The world's fault, or the node's.
    #[error("{0}")]
    Failed(String),
    /// Usage or settings.
    #[error("{0}")]
    Settings(String),
    /// No node answers.
    #[error("{0}")]
    Unreachable(String),
    /// The node answered no.
    #[error("{0}")]
    Refused(String),
    /// Whoever read the output has gone: nothing to say, and nothing wrong.
    #[error("the output was closed")]
    OutputClosed,
}

impl Failure {
    /// Prints the failure and gives its exit code.
    pub fn report(self) -> ExitCode {
        let code = match self {
            Failure::OutputClosed => return ExitCode::SUCCESS,
            Failure::Failed(_) => 1,
            Failure::Settings(_) => 2,
            Failure::Unreachable(_) => 3,
            Failure::Refused(_) => 4,
        };
        eprintln!("error: {self}");
        ExitCode::from(code)
    }
}

impl From<SettingError> for Failure {
    fn from(why: SettingError) -> Failure {
        Failure::Settings(why.to_string())
    }
}

/// Failures to write to standard output.
impl From<io::Error> for Failure {
    fn from(why: io::Error) -> Failure {
        match why.kind() {
            io::ErrorKind::BrokenPipe => Failure::OutputClosed,
            _ => Failure::Failed(format!("the output cannot be written: {why}")),
        }
    }
}
