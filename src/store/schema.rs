//! The database file: how it is opened, and its tables, migrated forward only.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _};

use super::sql;

/// Milliseconds to wait for a lock: only a program other than Roda can hold one for long.
const BUSY_MS: u64 = 1_000;
/// Pages of WAL before a checkpoint: 16 MiB, so that a burst is not slowed by one every 4 MiB.
const CHECKPOINT_PAGES: i64 = 4_096;
/// Bytes of WAL kept as a file after a checkpoint.
const WAL_KEEP_BYTES: i64 = 32 * 1024 * 1024;
/// KiB of page cache of the writer: holds the upper levels of every index of a million entries.
const WRITER_CACHE_KIB: i64 = 32 * 1024;
/// KiB of page cache of each reader: lookups by hash fall anywhere in their index.
const READER_CACHE_KIB: i64 = 8 * 1024;
/// Prepared statements kept per connection: all there are.
const STATEMENTS_MAX: usize = 64;

/// One step per schema version, never changed once released: a step is added instead.
const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE authors (id INTEGER PRIMARY KEY, node BLOB NOT NULL UNIQUE) STRICT;

    -- prev and the counters inside a run follow from the row before. A signature stands on the
    -- last entry of each run only; a kind only on what is not a text.
    CREATE TABLE entries (
        arrival INTEGER PRIMARY KEY,
        author INTEGER NOT NULL REFERENCES authors,
        seq INTEGER NOT NULL,
        lamport INTEGER NOT NULL,
        hash BLOB NOT NULL,
        seen BLOB,
        at INTEGER NOT NULL,
        arrived_at INTEGER NOT NULL,
        kind INTEGER,
        signature BLOB,
        body TEXT NOT NULL,
        UNIQUE (author, seq)
    ) STRICT;
    CREATE INDEX entries_order ON entries (lamport);
    -- Eight bytes find the row and the whole hash is compared there: a third of the index's size.
    -- No UNIQUE is lost: the hash covers author and seq, which are.
    CREATE INDEX entries_hash ON entries (substr(hash, 1, 8));
    CREATE INDEX entries_kind ON entries (kind, author, seq) WHERE kind IS NOT NULL;
    CREATE INDEX entries_circle ON entries (lamport) WHERE kind = 2;

    -- Other branches of disputed authors. Each run is kept whole, so one that shares its first
    -- entries with another needs no care.
    CREATE TABLE reference_runs (
        id INTEGER PRIMARY KEY,
        author INTEGER NOT NULL REFERENCES authors,
        seq INTEGER NOT NULL,
        prev BLOB,
        seen BLOB,
        lamport INTEGER NOT NULL,
        last INTEGER NOT NULL,
        head BLOB NOT NULL,
        signature BLOB NOT NULL
    ) STRICT;
    CREATE INDEX reference_runs_author ON reference_runs (author);
    CREATE INDEX reference_runs_head ON reference_runs (head);
    CREATE TABLE reference_entries (
        run INTEGER NOT NULL REFERENCES reference_runs,
        seq INTEGER NOT NULL,
        hash BLOB NOT NULL,
        at INTEGER NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (run, seq)
    ) STRICT;
    CREATE INDEX reference_entries_hash ON reference_entries (hash);

    CREATE TABLE members (
        author INTEGER PRIMARY KEY REFERENCES authors,
        addresses TEXT NOT NULL DEFAULT '[]',
        aside INTEGER NOT NULL DEFAULT 0,
        delivered INTEGER NOT NULL DEFAULT 0,
        read_by_all INTEGER NOT NULL DEFAULT 0,
        read_here INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE receipts (
        author INTEGER PRIMARY KEY REFERENCES authors,
        count INTEGER NOT NULL,
        stored BLOB NOT NULL,
        read BLOB NOT NULL,
        clock INTEGER NOT NULL,
        signature BLOB NOT NULL
    ) STRICT;
    CREATE TABLE disputes (author INTEGER PRIMARY KEY REFERENCES authors, proof TEXT NOT NULL)
        STRICT;
    CREATE TABLE sent (
        reference TEXT PRIMARY KEY,
        author INTEGER NOT NULL REFERENCES authors,
        seq INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
",
    "
    -- From an own entry to its reference.
    CREATE INDEX sent_entry ON sent (author, seq);
",
    "
    -- The hash of the entry under which an entry is told; one that is told by itself has none.
    ALTER TABLE entries ADD COLUMN about BLOB;
    CREATE INDEX entries_about ON entries (about) WHERE about IS NOT NULL;
    DROP INDEX entries_order;
    CREATE INDEX entries_rows ON entries (lamport) WHERE about IS NULL;
",
];

/// The schema version this program writes.
pub const SCHEMA_VERSION: usize = MIGRATIONS.len();

/// Why a file could not be brought to [`SCHEMA_VERSION`].
#[derive(Debug)]
pub(super) enum Unfit {
    /// Made by a newer program: its version.
    Newer(i64),
    /// SQLite's word.
    Sql(rusqlite::Error),
    /// The file system's.
    Io(std::io::Error),
}

impl From<rusqlite::Error> for Unfit {
    fn from(error: rusqlite::Error) -> Self {
        Unfit::Sql(error)
    }
}

/// Brings the schema forward, each step in a transaction of its own.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), Unfit> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let done = usize::try_from(version).unwrap_or(0);
    if done > SCHEMA_VERSION {
        return Err(Unfit::Newer(version));
    }
    for (index, step) in MIGRATIONS.iter().enumerate().skip(done) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", index as i64 + 1)?;
        transaction.commit()?;
    }
    Ok(())
}

/// The connection that writes: WAL, flushed at every commit, both read back. `page_limit` as
/// [`super::open::Options::page_limit`].
pub(super) fn open_writer(path: &Path, page_limit: u32) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    prepare(&connection)?;
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", WAL_KEEP_BYTES)?;
    connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    if page_limit > 0 {
        connection.pragma_update(None, "max_page_count", page_limit)?;
    }
    let synchronous: i64 = connection.query_row("PRAGMA synchronous", [], |row| row.get(0))?;
    if mode != "wal" || synchronous != 2 {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
        let why = "this file system does not do write-ahead logging; use a local disk";
        return Err(rusqlite::Error::SqliteFailure(code, Some(why.to_owned())));
    }
    Ok(connection)
}

/// A connection that only reads.
pub(super) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    prepare(&connection)?;
    connection.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
    Ok(connection)
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_millis(BUSY_MS))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.pragma_update(None, "trusted_schema", false)
}

/// Names in the meta table.
pub(super) mod names {
    pub(in super::super) const EPOCH: &str = "epoch";
    pub(in super::super) const CLEAN: &str = "clean";
    pub(in super::super) const RETIRED: &str = "retired";
    pub(in super::super) const FINAL_TO: &str = "final_to";
    pub(in super::super) const RECEIPT_CEILING: &str = "receipt_ceiling";
    pub(in super::super) const READ_RECEIPTS: &str = "read_receipts";
    pub(in super::super) const NAMED: &str = "named";
    /// By which version of the kinds its entries were read; none before there were any.
    pub(in super::super) const KINDS: &str = "kinds";
    /// What others were told before; a store of 0.1 has none, and kept no further reads.
    pub(in super::super) const READ_TOLD: &str = "read_told";
}

/// A value of the meta table.
pub(super) fn meta<T: rusqlite::types::FromSql>(
    connection: &Connection,
    name: &str,
) -> rusqlite::Result<Option<T>> {
    connection.prepare_cached(sql::META_GET)?.query_row([name], |row| row.get(0)).optional()
}

/// Sets a value of the meta table.
pub(super) fn set_meta(
    connection: &Connection,
    name: &str,
    value: impl rusqlite::ToSql,
) -> rusqlite::Result<()> {
    connection.prepare_cached(sql::META_SET)?.execute(rusqlite::params![name, value]).map(drop)
}
