//! The check after an unclean stop, beside the service.

use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::{Connection, InterruptHandle};

use super::health::{Alarm, Soundness, is_damage};
use super::lookup::prove_all;

/// Milliseconds between attempts to interrupt a check that has not begun to run yet.
const INTERRUPT_MS: u64 = 2;

/// `quick_check`, then every hash and signature, on a thread and a connection of its own.
pub(super) struct Checker {
    thread: JoinHandle<()>,
    interrupt: InterruptHandle,
}

impl Checker {
    /// Starts the check.
    pub(super) fn start(connection: Connection, alarm: Alarm) -> std::io::Result<Checker> {
        let interrupt = connection.get_interrupt_handle();
        let thread = thread::Builder::new().name("store-check".to_owned()).spawn(move || {
            match check(&connection) {
                Ok(()) => alarm.health.checked(Soundness::Sound),
                Err(Unsound::Damaged(what)) => alarm.damaged(&what),
                Err(Unsound::Unchecked) => alarm.health.checked(Soundness::Unknown),
            }
        })?;
        Ok(Checker { thread, interrupt })
    }

    /// Ends the check, finished or not.
    pub(super) fn stop(self) {
        while !self.thread.is_finished() {
            self.interrupt.interrupt();
            thread::sleep(Duration::from_millis(INTERRUPT_MS));
        }
        if self.thread.join().is_err() {
            tracing::error!("the check of the database panicked");
        }
    }
}

/// Why a file may not be called sound.
enum Unsound {
    /// In SQLite's words.
    Damaged(String),
    /// The check did not end.
    Unchecked,
}

fn check(connection: &Connection) -> Result<(), Unsound> {
    let quick = "PRAGMA quick_check(1)";
    let checked = match connection.query_row(quick, [], |row| row.get::<_, String>(0)) {
        // SQLite has no checksums: a changed letter is found by what was signed.
        Ok(word) if word == "ok" => prove_all(connection),
        Ok(word) => return Err(Unsound::Damaged(word)),
        Err(error) => Err(error),
    };
    checked.map_err(|error| {
        if is_damage(&error) {
            return Unsound::Damaged(error.to_string());
        }
        tracing::warn!("the database could not be checked, the next start will: {error}");
        Unsound::Unchecked
    })
}
