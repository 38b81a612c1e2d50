//! A bounded set of read-only connections.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

use super::health::{Alarm, is_damage};
use super::proven::Proven;
use super::schema::open_reader;

/// Connections to one database, opened when first needed, taken in turn.
#[derive(Debug)]
pub(super) struct Pool {
    pub(super) path: PathBuf,
    /// Told of damage; none where no node stands behind the reads.
    pub(super) alarm: Option<Alarm>,
    /// Signatures that need no second proof, whoever reads.
    pub(super) proven: Arc<Proven>,
    free: Mutex<Free>,
    freed: Condvar,
}

#[derive(Debug)]
struct Free {
    idle: Vec<Connection>,
    /// How many more may be opened.
    room: usize,
}

impl Pool {
    /// A pool of at most `room` connections.
    pub(super) fn new(
        path: PathBuf,
        room: usize,
        alarm: Option<Alarm>,
        proven: Arc<Proven>,
    ) -> Pool {
        let free = Mutex::new(Free { idle: Vec::new(), room });
        Pool { path, alarm, proven, free, freed: Condvar::new() }
    }

    /// Runs `read` on a connection, once more on a new one where that fails.
    pub(super) fn with<T>(
        &self,
        read: impl Fn(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let mut lease = self.lease();
        let first = lease.connection().and_then(&read);
        let done = first.or_else(|error| {
            tracing::warn!("a read failed, trying once more: {error}");
            lease.connection = None;
            lease.connection().and_then(&read)
        });
        if let Err(error) = &done {
            lease.connection = None;
            if let Some(alarm) = self.alarm.as_ref().filter(|_| is_damage(error)) {
                alarm.damaged(&error.to_string());
            }
        }
        done
    }

    fn lease(&self) -> Lease<'_> {
        let mut free = self.free();
        loop {
            if let Some(connection) = free.idle.pop() {
                return Lease { pool: self, connection: Some(connection) };
            }
            if free.room > 0 {
                free.room -= 1;
                return Lease { pool: self, connection: None };
            }
            free = self.freed.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn free(&self) -> MutexGuard<'_, Free> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to one connection, given back when dropped.
struct Lease<'a> {
    pool: &'a Pool,
    connection: Option<Connection>,
}

impl Lease<'_> {
    fn connection(&mut self) -> rusqlite::Result<&Connection> {
        match &mut self.connection {
            Some(connection) => Ok(connection),
            closed => Ok(closed.insert(open_reader(&self.pool.path)?)),
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let mut free = self.pool.free();
        match self.connection.take() {
            Some(connection) => free.idle.push(connection),
            None => free.room += 1,
        }
        self.pool.freed.notify_one();
    }
}
