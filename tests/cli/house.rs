//! A temporary folder to run the real command in, with nothing of this machine's settings.

use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder with a home of its own.
pub struct House(TempDir);

/// What a command left behind.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl House {
    pub fn new() -> House {
        House(tempfile::tempdir().expect("a temporary folder"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect(name);
    }

    /// The command, ready to be changed and run.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_roda"));
        command.args(args).current_dir(self.0.path()).env_clear();
        command.env("HOME", self.0.path()).env("TZ", "UTC").stdin(std::process::Stdio::null());
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        self.run_with(&[], args)
    }

    pub fn run_with(&self, vars: &[(&str, &str)], args: &[&str]) -> Ran {
        let mut command = self.command(args);
        command.envs(vars.iter().copied());
        let Output { status, stdout, stderr } = command.output().expect("the command starts");
        Ran {
            code: status.code().expect("it ends by itself"),
            out: String::from_utf8(stdout).expect("UTF-8"),
            err: String::from_utf8(stderr).expect("UTF-8"),
        }
    }
}
