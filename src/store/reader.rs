//! Reads of what is committed, for pages and commands: a few read-only connections, taken in turn.
//!
//! Every call blocks (microseconds to milliseconds): from async code use `spawn_blocking`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, Params, Row as SqlRow};

use super::furthest::furthest;
use super::health::Alarm;
use super::pool::Pool;
use super::proven::Proven;
use super::row::{ReadTo, Row, UNREAD_AUTHORS_MAX, UNREAD_COUNT_MAX, Unread};
use super::sql::{self, int, number_at};
use crate::protocol::entry::Timestamp;
use crate::protocol::id::{Hash, NodeId};

/// Connections for pages and commands: readers are quick, and more would only share the same disk.
const CONNECTIONS_MAX: usize = 4;
/// The database could not be read, twice.
#[derive(Debug, thiserror::Error)]
#[error("the database cannot be read ({0}); check the disk, then start the node again")]
pub struct ReadError(#[from] pub(super) rusqlite::Error);

/// Some of the conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stretch {
    /// In order, oldest first (in arrival order where arrivals were asked for).
    pub rows: Vec<Row>,
    /// There are more in the direction that was asked for.
    pub more: bool,
}

/// Access to what is committed. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct Reader(Arc<Pool>);

impl Reader {
    /// Reads the database at this path, beside whoever writes it.
    pub fn at(database: &Path) -> Reader {
        Reader::with_room(database.to_owned(), CONNECTIONS_MAX, None, Arc::default())
    }

    /// As [`Reader::at`], for a node that is to be told of damage.
    pub(super) fn new(path: PathBuf, alarm: Alarm) -> Reader {
        Reader::with_room(path, CONNECTIONS_MAX, Some(alarm), Arc::default())
    }

    /// A reader with so many connections that nobody else uses.
    pub fn dedicated(&self, connections: usize) -> Reader {
        let Pool { path, alarm, proven, .. } = &*self.0;
        Reader::with_room(path.clone(), connections, alarm.clone(), proven.clone())
    }

    pub(super) fn proven(&self) -> &Proven {
        &self.0.proven
    }

    pub(super) fn with<T>(
        &self,
        read: impl Fn(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, ReadError> {
        Ok(self.0.with(read)?)
    }

    fn with_room(path: PathBuf, room: usize, alarm: Option<Alarm>, proven: Arc<Proven>) -> Reader {
        Reader(Arc::new(Pool::new(path, room, alarm, proven)))
    }

    /// The newest `limit` entries; more: there are older ones.
    ///
    /// # Errors
    /// The disk's fault, as for every read here.
    pub fn newest(&self, limit: usize) -> Result<Stretch, ReadError> {
        self.page(limit, true, sql::ROWS_NEWEST, |more| (more,))
    }

    /// The last `limit` entries before `place`; more: there are older ones.
    ///
    /// # Errors
    /// See [`Reader::newest`].
    pub fn before(&self, place: Timestamp, limit: usize) -> Result<Stretch, ReadError> {
        let params = |more| (int(place.lamport), place.author, more);
        self.page(limit, true, sql::ROWS_BEFORE, params)
    }

    /// The first `limit` entries after `place`; more: there are newer ones.
    ///
    /// # Errors
    /// See [`Reader::newest`].
    pub fn after(&self, place: Timestamp, limit: usize) -> Result<Stretch, ReadError> {
        let params = |more| (int(place.lamport), place.author, more);
        self.page(limit, false, sql::ROWS_AFTER, params)
    }

    /// The first `limit` entries that arrived after number `arrival`, in arrival order.
    ///
    /// # Errors
    /// See [`Reader::newest`].
    pub fn since_arrival(&self, arrival: u64, limit: usize) -> Result<Stretch, ReadError> {
        self.page(limit, false, sql::ROWS_SINCE_ARRIVAL, |more| (int(arrival), more))
    }

    /// The entry at `seq` of the author's log.
    ///
    /// # Errors
    /// See [`Reader::newest`].
    pub fn get(&self, author: &NodeId, seq: u64) -> Result<Option<Row>, ReadError> {
        self.with(|connection| {
            connection.prepare_cached(sql::ROW)?.query_row((author, int(seq)), row).optional()
        })
    }

    /// The entries with these hashes, of those that are held.
    ///
    /// # Errors
    /// See [`Reader::newest`].
    pub fn hashed(&self, hashes: &[Hash]) -> Result<Vec<Row>, ReadError> {
        self.with(|connection| {
            let mut one = connection.prepare_cached(sql::ROW_HASHED)?;
            let found = hashes.iter().map(|hash| one.query_row([hash], row).optional());
            found.filter_map(Result::transpose).collect()
        })
    }

    /// The own entry that the send with this reference became.
    ///
    /// # Errors
    /// See [`Reader::newest`].
    pub fn by_reference(&self, reference: &str) -> Result<Option<Row>, ReadError> {
        self.with(|connection| {
            connection.prepare_cached(sql::ROW_SENT)?.query_row([reference], row).optional()
        })
    }

    /// What the reader of this node, `me`, has not read: see [`Unread`]. `authors` gives how far
    /// each other was read, and from where on its log does not count any more; `arrival` the last
    /// entry that is looked at.
    ///
    /// # Errors
    /// See [`Reader::newest`].
    pub fn unread(
        &self,
        since: Timestamp,
        authors: &[ReadTo],
        arrival: u64,
    ) -> Result<Unread, ReadError> {
        self.with(|connection| {
            let mut behind = Vec::new();
            let mut unread = Unread::default();
            for (author, mark, until) in authors {
                // What was said before its reader came needs no reading.
                let from = read_mark(connection, author, *mark, since)?;
                let until = until.map_or(i64::MAX, int);
                let mut next = connection.prepare_cached(sql::NEXT_SAID)?;
                let first = next
                    .query_row((author, int(from), until, int(arrival)), |row| {
                        let place = Timestamp { lamport: number_at(row, 1)?, author: *author };
                        Ok((place, number_at(row, 0)?))
                    })
                    .optional()?;
                let Some((place, seq)) = first else { continue };
                behind.push((place, *author, seq - 1));
                let rest = int(UNREAD_COUNT_MAX - unread.count);
                let mut count = connection.prepare_cached(sql::COUNT_SAID)?;
                let values = (author, int(from), until, int(arrival), rest);
                unread.count += count.query_row(values, |row| number_at(row, 0))?;
            }
            behind.sort_unstable();
            unread.first = behind.first().map(|(place, ..)| *place);
            unread.more = behind.len() > UNREAD_AUTHORS_MAX;
            let named = behind.into_iter().take(UNREAD_AUTHORS_MAX);
            unread.behind = named.map(|(_, author, seq)| (author, seq)).collect();
            Ok(unread)
        })
    }

    fn page<P: Params>(
        &self,
        limit: usize,
        newest_first: bool,
        sql: &str,
        params: impl Fn(i64) -> P,
    ) -> Result<Stretch, ReadError> {
        self.with(|connection| {
            let one_more = int(limit as u64 + 1);
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map(params(one_more), row)?;
            let mut rows = rows.collect::<rusqlite::Result<Vec<Row>>>()?;
            let more = rows.len() > limit;
            rows.truncate(limit);
            if newest_first {
                rows.reverse();
            }
            Ok(Stretch { rows, more })
        })
    }
}

/// The greatest seq from `mark` on at or before `upto`: places grow along a log.
fn read_mark(
    connection: &Connection,
    author: &NodeId,
    mark: u64,
    upto: Timestamp,
) -> rusqlite::Result<u64> {
    let mut placed = connection.prepare_cached(sql::PLACED)?;
    furthest(mark, |seq| {
        let place = placed.query_row((author, int(seq)), |row| {
            Ok(Timestamp { lamport: number_at(row, 0)?, author: *author } <= upto)
        });
        Ok(place.optional()?.unwrap_or(false))
    })
}

fn row(row: &SqlRow<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        author: row.get(0)?,
        seq: number_at(row, 1)?,
        lamport: number_at(row, 2)?,
        at: number_at(row, 3)?,
        body: row.get(4)?,
        arrival: number_at(row, 5)?,
        arrived_at: number_at(row, 6)?,
        reference: row.get(7)?,
        about: row.get(8)?,
        newer: number_at(row, 9)?,
    })
}
