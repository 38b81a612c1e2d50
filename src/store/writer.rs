//! The one thread that writes: group commit, and trying again until the disk takes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};
use tokio::sync::mpsc::{self, error::TrySendError};

use super::apply::{Authors, commit};
use super::batch::{Batch, StoreEvent};
use super::check::Checker;
use super::folder::{Folder, Lock};
use super::health::{Health, advice, is_damage};
use super::row::Row;
use super::schema::{names, open_writer, set_meta};

/// Batches in one transaction: beyond some hundred rows a flush costs next to nothing per row.
pub const GROUP_MAX: usize = 1_000;
/// Milliseconds the writer lets more gather, only while there is a crowd.
const LINGER_MS: u64 = 2;
/// Rows of the last group above which there is a crowd: a lone message commits at once.
const CROWD_ROWS: usize = 2;
/// Milliseconds before a failed group is tried again; doubles up to [`RETRY_MAX_MS`].
const RETRY_MS: u64 = 100;
/// Greatest wait in milliseconds before a failed group is tried again.
const RETRY_MAX_MS: u64 = 2_000;

/// Hands batches to the writer. When it is dropped the writer commits what waits, marks a clean
/// stop, gives the folder's lock back, and then closes the events: keep receiving until they end.
#[derive(Debug)]
pub struct WriterHandle(pub(super) mpsc::Sender<Batch>);

impl WriterHandle {
    /// Queues a batch where there is room (of [`super::QUEUE_MAX`]).
    ///
    /// # Errors
    /// Full: the disk is behind; keep the batch and take nothing more from outside. Closed: the
    /// writer has panicked, which is a bug.
    pub fn try_write(&self, batch: Batch) -> Result<(), TrySendError<Batch>> {
        self.0.try_send(batch)
    }
}

/// The writer's thread. Fields drop in this order: the lock is free before the events end.
pub(super) struct Writer {
    /// None while it could not be opened again.
    pub(super) connection: Option<Connection>,
    pub(super) authors: Authors,
    pub(super) checker: Option<Checker>,
    pub(super) folder: Folder,
    pub(super) health: Health,
    pub(super) page_limit: Arc<AtomicU32>,
    pub(super) queue: mpsc::Receiver<Batch>,
    pub(super) _lock: Lock,
    pub(super) events: mpsc::Sender<StoreEvent>,
}

impl Writer {
    pub(super) fn start(self) -> std::io::Result<()> {
        thread::Builder::new().name("store-write".to_owned()).spawn(|| self.run()).map(drop)
    }

    fn run(mut self) {
        let mut group = Vec::new();
        let mut crowd = false;
        while self.queue.blocking_recv_many(&mut group, GROUP_MAX) > 0 {
            if crowd && group.len() < GROUP_MAX {
                thread::sleep(Duration::from_millis(LINGER_MS));
                let more = std::iter::from_fn(|| self.queue.try_recv().ok());
                group.extend(more.take(GROUP_MAX - group.len()));
            }
            let Some(rows) = self.commit_at_last(&group) else { break };
            crowd = rows.len() > CROWD_ROWS;
            let through = group.last().expect("a group is not empty").id;
            self.tell(StoreEvent::Committed { through, rows });
            group.clear();
        }
        self.close(group.len() + self.queue.len());
    }

    /// Tries until the group is committed; none where the owner went away before that.
    fn commit_at_last(&mut self, group: &[Batch]) -> Option<Vec<Row>> {
        let mut wait = RETRY_MS;
        let mut failed = false;
        loop {
            match self.try_commit(group, failed) {
                Ok(rows) => {
                    if failed {
                        tracing::info!("the store writes again");
                        self.tell(StoreEvent::Recovered);
                    }
                    return Some(rows);
                }
                Err(error) => self.report(&error, failed),
            }
            if self.queue.is_closed() {
                return None;
            }
            failed = true;
            thread::sleep(Duration::from_millis(wait));
            wait = (wait * 2).min(RETRY_MAX_MS);
        }
    }

    fn try_commit(&mut self, group: &[Batch], again: bool) -> rusqlite::Result<Vec<Row>> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            closed => {
                let limit = self.page_limit.load(Ordering::Relaxed);
                closed.insert(open_writer(&self.folder.database(), limit)?)
            }
        };
        commit(connection, &mut self.authors, group, again)
    }

    /// After an error nothing of the connection is trusted, its cache of pages least of all.
    fn report(&mut self, error: &rusqlite::Error, already: bool) {
        self.connection = None;
        self.authors.clear();
        let violated = error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation);
        assert!(!violated, "the protocol committed what contradicts the store: {error}");
        if is_damage(error) {
            self.folder.mark_damaged();
        }
        let advice = advice(error, self.folder.path());
        if !already {
            tracing::error!("{advice}");
            self.tell(StoreEvent::Failing(advice));
        }
    }

    fn tell(&self, event: StoreEvent) {
        // An owner that is gone has closed the queue too: what waits is still committed.
        let _ = self.events.blocking_send(event);
    }

    fn close(&mut self, unwritten: usize) {
        if let Some(checker) = self.checker.take() {
            checker.stop();
        }
        if unwritten > 0 {
            let folder = self.folder.path().display();
            tracing::error!("stopped with {unwritten} batches that {folder} did not take");
            return;
        }
        let Some(connection) = self.connection.take() else { return };
        let marked =
            if self.health.is_sound() { set_meta(&connection, names::CLEAN, true) } else { Ok(()) };
        let moved = marked
            .and_then(|()| connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
        if let Err(error) = moved {
            tracing::warn!("the store was not closed cleanly, the next start checks it: {error}");
        }
    }
}
