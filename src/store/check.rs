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
        alarm.health.set_file(Soundness::Checking);
        let thread = thread::Builder::new().name("store-check".to_owned()).spawn(move || {
            match check(&connection) {
                Soundness::Damaged(what) => alarm.damaged(&what),
                found if alarm.health.file() == Soundness::Checking => alarm.health.set_file(found),
                // A read has met damage meanwhile.
                _ => {}
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

fn check(connection: &Connection) -> Soundness {
    let quick = "PRAGMA quick_check(1)";
    let checked = match connection.query_row(quick, [], |row| row.get::<_, String>(0)) {
        // SQLite has no checksums: a changed letter is found by what was signed.
        Ok(word) if word == "ok" => prove_all(connection),
        Ok(word) => return Soundness::Damaged(word),
        Err(error) => Err(error),
    };
    match checked {
        Ok(()) => Soundness::Sound,
        Err(error) if is_damage(&error) => Soundness::Damaged(error.to_string()),
        Err(error) => {
            tracing::warn!("the database could not be checked, the next start will: {error}");
            Soundness::Unknown
        }
    }
}
