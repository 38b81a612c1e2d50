//! The lookups of the state machine: see [`Archive`].
//!
//! A read that fails twice is logged and answered with none: the protocol then asks its peers, as
//! for anything it does not hold, and nothing false is said.

use std::sync::Arc;

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row as SqlRow};

use super::proven::{Proven, signature_holds};
use super::reader::Reader;
use super::sql::{self, int, number_at};
use crate::protocol::archive::{Archive, Located, Stretch};
use crate::protocol::entry::{CheckedRun, Place, Run, Said, Timestamp};
use crate::protocol::id::{Hash, NodeId, Signature};
use crate::protocol::packet::circle::Range;

impl Archive for Reader {
    fn locate(&self, hash: &Hash) -> Option<Located> {
        self.answer(|connection| {
            let held = |sql, branch| -> rusqlite::Result<_> {
                let mut statement = connection.prepare_cached(sql)?;
                statement.query_row([hash], |row| located(row, branch)).optional()
            };
            match held(sql::LOCATE, false)? {
                None => held(sql::LOCATE_BRANCH, true),
                found => Ok(found),
            }
        })
    }

    fn at(&self, author: &NodeId, seq: u64) -> Option<(Hash, u64)> {
        self.answer(|connection| at(connection, author, seq))
    }

    fn run_from(&self, author: &NodeId, seq: u64) -> Option<Run> {
        self.answer(|connection| run_from(connection, author, seq, Some(self.proven())))
    }

    fn stretch(&self, range: &Range, before: Option<Timestamp>, bytes: usize) -> Stretch {
        let found = self.answer(|connection| {
            stretch(connection, range, before, bytes, Some(self.proven())).map(Some)
        });
        found.unwrap_or_default()
    }

    fn run_start(&self, author: &NodeId, seq: u64) -> Option<u64> {
        self.answer(|connection| run_start(connection, author, seq).map(Some))
    }

    fn branch_run(&self, hash: &Hash) -> Option<Run> {
        self.answer(|connection| branch_run(connection, hash))
    }
}

impl Reader {
    fn answer<T>(&self, read: impl Fn(&Connection) -> rusqlite::Result<Option<T>>) -> Option<T> {
        self.with(read).unwrap_or_else(|error| {
            tracing::error!("{error}");
            None
        })
    }
}

fn located(row: &SqlRow<'_>, branch: bool) -> rusqlite::Result<Located> {
    let (seq, lamport) = (number_at(row, 1)?, number_at(row, 2)?);
    Ok(Located { author: row.get(0)?, seq, lamport, branch })
}

fn at(connection: &Connection, author: &NodeId, seq: u64) -> rusqlite::Result<Option<(Hash, u64)>> {
    let Ok(seq) = i64::try_from(seq) else { return Ok(None) };
    let mut statement = connection.prepare_cached(sql::AT)?;
    statement.query_row((author, seq), |row| Ok((row.get(0)?, number_at(row, 1)?))).optional()
}

/// A single run, as [`stretch`] has it.
fn run_from(
    connection: &Connection,
    author: &NodeId,
    seq: u64,
    proven: Option<&Proven>,
) -> rusqlite::Result<Option<Run>> {
    let range = Range { author: *author, from: seq, to: seq };
    let found = stretch(connection, &range, None, 0, proven)?;
    Ok(found.runs.first().map(|run| run.run().clone()))
}

/// The run as its author signed it, and nothing else: a byte that the disk has changed is damage.
fn prove(run: Run, head: &Hash, proven: Option<&Proven>) -> rusqlite::Result<CheckedRun> {
    let (author, seq) = (run.first.author, run.first.seq);
    let run = CheckedRun::from_store(run);
    if run.head() != *head {
        return Err(damage("an entry's hash is not what it was", &author, seq));
    }
    match proven.map_or_else(|| signature_holds(&run), |proven| proven.holds(&run)) {
        true => Ok(run),
        false => Err(damage("the signature does not hold", &author, seq)),
    }
}

fn damage(what: &str, author: &NodeId, seq: u64) -> rusqlite::Error {
    let what = format!("entry {seq} of {author} is not as it was signed: {what}");
    rusqlite::Error::FromSqlConversionFailure(0, Type::Blob, what.into())
}

/// Checks every entry against its hash and its author's signature.
pub(super) fn prove_all(connection: &Connection) -> rusqlite::Result<()> {
    for (node, head) in heads(connection)? {
        let mut next = 1;
        while next <= head {
            let Some(run) = run_from(connection, &node, next, None)? else {
                return Err(damage("it is missing", &node, next));
            };
            next = run.last_seq() + 1;
        }
    }
    Ok(())
}

/// Checks the last run of every author: what the node would go on from.
pub(super) fn prove_heads(connection: &Connection) -> rusqlite::Result<()> {
    for (node, head) in heads(connection)? {
        let first = run_start(connection, &node, head)?;
        if run_from(connection, &node, first, None)?.is_none_or(|run| run.last_seq() != head) {
            return Err(damage("its run is not whole", &node, head));
        }
    }
    Ok(())
}

fn run_start(connection: &Connection, author: &NodeId, seq: u64) -> rusqlite::Result<u64> {
    let mut before = connection.prepare_cached(sql::RUN_BEFORE)?;
    let before = before.query_row((author, int(seq)), |row| number_at(row, 0)).optional()?;
    Ok(before.unwrap_or(0) + 1)
}

/// Authors with entries, and the last seq of each.
fn heads(connection: &Connection) -> rusqlite::Result<Vec<(NodeId, u64)>> {
    let mut authors = connection.prepare_cached(sql::AUTHORS)?;
    let authors = authors.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))?;
    let mut heads = Vec::new();
    for author in authors {
        let (id, node) = author?;
        let mut head = connection.prepare_cached(sql::HEAD)?;
        let head = head.query_row([id], |row| number_at(row, 0)).optional()?;
        heads.extend(head.map(|head| (node, head)));
    }
    Ok(heads)
}

/// See [`Archive::stretch`].
fn stretch(
    connection: &Connection,
    range: &Range,
    before: Option<Timestamp>,
    bytes: usize,
    proven: Option<&Proven>,
) -> rusqlite::Result<Stretch> {
    let author = range.author;
    let (mut found, mut size) = (Stretch::default(), 0);
    let mut prev = match range.from {
        0 => return Ok(found),
        1 => None,
        from => at(connection, &author, from - 1)?.map(|(hash, _)| hash),
    };
    let mut statement = connection.prepare_cached(sql::RUN_FROM)?;
    let Ok(from) = i64::try_from(range.from) else { return Ok(found) };
    let mut rows = statement.query((author, from))?;
    let (mut place, mut entries) = (None, Vec::new());
    while let Some(row) = rows.next()? {
        let (seq, lamport) = (number_at(row, 0)?, number_at(row, 1)?);
        if place.is_none() {
            let beyond = before.is_some_and(|before| Timestamp { lamport, author } >= before);
            if !found.runs.is_empty() && (beyond || seq > range.to || size >= bytes) {
                found.next = Some(lamport);
                break;
            }
            place = Some(Place { author, seq, prev, seen: row.get(2)?, lamport });
        }
        entries.push(Said { at: number_at(row, 3)?, body: row.get(4)? });
        if let Some(signature) = row.get::<_, Option<Signature>>(5)?
            && let Some(first) = place.take()
        {
            let run = Run { first, entries: std::mem::take(&mut entries), signature };
            let run = prove(run, &row.get(6)?, proven)?;
            (prev, size) = (Some(run.head()), size + run.bytes());
            found.runs.push(Arc::new(run));
        }
    }
    // The entry asked for is there, or nothing is.
    let asked = found.runs.first().is_none_or(|run| run.run().first.seq == range.from);
    Ok(if asked { found } else { Stretch::default() })
}

fn branch_run(connection: &Connection, hash: &Hash) -> rusqlite::Result<Option<Run>> {
    let mut statement = connection.prepare_cached(sql::BRANCH_RUN)?;
    let found = statement
        .query_row([hash], |row| {
            let first = Place {
                author: row.get(1)?,
                seq: number_at(row, 2)?,
                prev: row.get(3)?,
                seen: row.get(4)?,
                lamport: number_at(row, 5)?,
            };
            Ok((row.get::<_, i64>(0)?, Run { first, entries: vec![], signature: row.get(6)? }))
        })
        .optional()?;
    let Some((id, mut run)) = found else { return Ok(None) };
    let mut entries = connection.prepare_cached(sql::BRANCH_ENTRIES)?;
    let entries =
        entries.query_map([id], |row| Ok(Said { at: number_at(row, 0)?, body: row.get(1)? }))?;
    run.entries = entries.collect::<rusqlite::Result<_>>()?;
    Ok(Some(run))
}
