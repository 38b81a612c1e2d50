//! What went wrong with the disk, and whether the file is sound.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::ErrorCode;
use tokio::sync::mpsc;

use super::batch::StoreEvent;
use super::folder::Folder;

/// What is known about the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Soundness {
    /// The last stop was clean: nothing to check.
    Trusted,
    /// Being checked after an unclean stop.
    Checking,
    /// Checked in this process.
    Sound,
    /// The next start sets the file aside.
    Damaged,
    /// The check did not end; the next start checks again.
    Unknown,
}

/// What is known about the file, shared by all who learn of it.
#[derive(Debug, Clone)]
pub(super) struct Health(Arc<Mutex<Soundness>>);

impl Health {
    pub(super) fn new(soundness: Soundness) -> Health {
        Health(Arc::new(Mutex::new(soundness)))
    }

    /// Whether the file may be called clean.
    pub(super) fn is_sound(&self) -> bool {
        matches!(*self.file(), Soundness::Trusted | Soundness::Sound)
    }

    /// What the check has found, unless a read has met damage meanwhile.
    pub(super) fn checked(&self, found: Soundness) {
        let mut file = self.file();
        if *file == Soundness::Checking {
            *file = found;
        }
    }

    /// Notes damage; false where it is noted already.
    fn damaged(&self) -> bool {
        std::mem::replace(&mut *self.file(), Soundness::Damaged) != Soundness::Damaged
    }

    fn file(&self) -> MutexGuard<'_, Soundness> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether SQLite says that the file itself is broken.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => {
            matches!(failure.code, ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt)
        }
        // Values that this program never writes.
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..) => true,
        _ => false,
    }
}

/// What went wrong while writing into `folder`, and what to do about it.
pub(super) fn advice(error: &rusqlite::Error, folder: &Path) -> String {
    let folder = folder.display();
    let (what, todo) = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => {
            ("the disk is full", "free some space; what waits is then kept by itself")
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            ("the data folder cannot be written", "give the user that runs roda the right to write")
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            ("another program holds the database", "close that program")
        }
        _ if is_damage(error) => (
            "the database is damaged",
            "stop the node and start it again: the file is then set aside and fetched anew",
        ),
        _ => ("the disk does not take writes", "check the disk; writing is tried again meanwhile"),
    };
    format!("{what}: {todo} (folder {folder}; {error})")
}

/// Tells of damage, wherever it was met: the next start and the owner.
#[derive(Debug, Clone)]
pub(super) struct Alarm {
    pub(super) folder: Folder,
    pub(super) health: Health,
    /// Weak, as the events end with the writer.
    pub(super) events: mpsc::WeakSender<StoreEvent>,
}

impl Alarm {
    /// Notes the damage for the next start; said once.
    pub(super) fn damaged(&self, what: &str) {
        if !self.health.damaged() {
            return;
        }
        let folder = self.folder.path().display();
        tracing::error!(%folder, "the database is damaged: {what}");
        self.folder.mark_damaged();
        let told = format!(
            "the database in {folder} is damaged; stop the node and start it again: the file is \
             then set aside and the conversation fetched anew from others ({what})"
        );
        // The owner itself may be reading and cannot wait. Untold it is still on the disk.
        if let Some(events) = self.events.upgrade() {
            let _ = events.try_send(StoreEvent::Damaged(told));
        }
    }
}
