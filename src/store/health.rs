//! Whether the store writes, and whether its file is sound: for `roda health` and the page.

use std::path::Path;

use rusqlite::ErrorCode;
use tokio::sync::{mpsc, watch};

use super::batch::StoreEvent;
use super::folder::Folder;

/// Where the store stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreState {
    /// Writes are committed.
    Ok,
    /// The last write failed, for this reason; it is tried again.
    Failing(String),
}

/// What is known about the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Soundness {
    /// The last stop was clean: nothing to check.
    Trusted,
    /// Being checked after an unclean stop.
    Checking,
    /// Checked in this process.
    Sound,
    /// Damaged, in SQLite's words. The next start sets the file aside.
    Damaged(String),
    /// The check did not end; the next start checks again.
    Unknown,
}

/// The store's health. Cheap to clone; every clone sees the same.
#[derive(Debug, Clone)]
pub struct StoreHealth {
    writes: watch::Sender<StoreState>,
    file: watch::Sender<Soundness>,
}

impl StoreHealth {
    pub(super) fn new() -> Self {
        let (writes, file) = (StoreState::Ok, Soundness::Trusted);
        StoreHealth { writes: watch::Sender::new(writes), file: watch::Sender::new(file) }
    }

    /// Whether the last write was committed.
    pub fn writes(&self) -> StoreState {
        self.writes.borrow().clone()
    }

    /// Whether the file is known to be sound.
    pub fn file(&self) -> Soundness {
        self.file.borrow().clone()
    }

    /// Follows [`StoreHealth::file`].
    pub fn watch_file(&self) -> watch::Receiver<Soundness> {
        self.file.subscribe()
    }

    /// Whether the node may call itself healthy: writes are committed, no damage is known.
    pub fn ok(&self) -> bool {
        self.writes() == StoreState::Ok && !matches!(self.file(), Soundness::Damaged(_))
    }

    pub(super) fn set_writes(&self, state: StoreState) {
        self.writes.send_replace(state);
    }

    pub(super) fn set_file(&self, soundness: Soundness) {
        self.file.send_replace(soundness);
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

/// Tells of damage, wherever it was met: the next start, the owner, and whoever asks for health.
#[derive(Debug, Clone)]
pub(super) struct Alarm {
    pub(super) folder: Folder,
    pub(super) health: StoreHealth,
    /// Weak, as the events end with the writer.
    pub(super) events: mpsc::WeakSender<StoreEvent>,
}

impl Alarm {
    /// Notes the damage for the next start; said once.
    pub(super) fn damaged(&self, what: &str) {
        if matches!(self.health.file(), Soundness::Damaged(_)) {
            return;
        }
        self.health.set_file(Soundness::Damaged(what.to_owned()));
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
