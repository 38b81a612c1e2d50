//! What the state machine needs at its start: point lookups per member, never a walk over entries.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, Row as SqlRow};

use super::schema::{meta, names};
use super::sql::{self, Int, Marks, number_at};
use crate::conversation::kind::leave;
use crate::protocol::archive::{Restored, StoredHead, StoredMember};
use crate::protocol::entry::Timestamp;
use crate::protocol::id::NodeId;
use crate::protocol::receipt::Receipt;

/// Reads the committed state.
pub(super) fn restore(connection: &Connection) -> rusqlite::Result<Restored> {
    let number = |name| meta::<Int>(connection, name).map(|value| value.map_or(0, |Int(n)| n));
    let mut restored = Restored {
        arrival: connection.query_row(sql::LAST_ARRIVAL, [], |row| number_at(row, 0))?,
        final_to: number(names::FINAL_TO)?,
        receipt_ceiling: number(names::RECEIPT_CEILING)?,
        named: meta(connection, names::NAMED)?,
        circle: connection
            .query_row(sql::LAST_CIRCLE, [], |row| Ok((timestamp(row)?, row.get(2)?)))
            .optional()?,
        ..Restored::default()
    };
    let mut authors = connection.prepare(sql::AUTHORS)?;
    let authors = authors.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    for author in authors {
        let (id, node) = author?;
        restored.members.insert(node, member(connection, id, node)?);
    }
    // Counters grow along a log: the greatest entry is some author's last.
    let heads = restored.members.iter().filter_map(|(author, member)| {
        member.head.map(|head| (Timestamp { lamport: head.lamport, author: *author }, head.hash))
    });
    restored.top = heads.max();
    if meta(connection, names::READ_RECEIPTS)? == Some(false) {
        let told = meta::<Marks>(connection, names::READ_TOLD)?.map(|Marks(told)| told);
        let read = restored.members.iter().map(|(id, member)| (*id, member.read_here));
        restored.read_told = told.or_else(|| Some(read.filter(|(_, seq)| *seq > 0).collect()));
    }
    Ok(restored)
}

fn member(connection: &Connection, id: i64, node: NodeId) -> rusqlite::Result<StoredMember> {
    let mut member = StoredMember::default();
    let head = connection
        .prepare_cached(sql::HEAD)?
        .query_row([id], |row| {
            let (seq, lamport) = (number_at(row, 0)?, number_at(row, 2)?);
            let head = StoredHead { seq, hash: row.get(1)?, lamport };
            Ok((head, row.get::<_, Option<i64>>(3)? == leave::KIND.number))
        })
        .optional()?;
    if let Some((head, left)) = head {
        member.head = Some(head);
        member.left = left;
        let first = connection
            .prepare_cached(sql::SINCE)?
            .query_row([id], |row| Ok((number_at(row, 0)?, number_at(row, 1)?)))
            .optional()?;
        member.since = first.map(|(lamport, _)| Timestamp { lamport, author: node });
        member.met = first.map(|(_, arrival)| arrival);
        let mut profile = connection.prepare_cached(sql::LAST_PROFILE)?;
        member.profile = profile.query_row([id], |row| row.get(0)).optional()?;
    }
    member.receipt = connection
        .prepare_cached(sql::RECEIPT)?
        .query_row([id], |row| receipt(row, node))
        .optional()?;
    member.dispute = connection
        .prepare_cached(sql::DISPUTE)?
        .query_row([id], |row| json(row, 0).map(Some))
        .optional()?
        .flatten();
    member.branch_entries =
        connection.prepare_cached(sql::BRANCH_COUNT)?.query_row([id], |row| number_at(row, 0))?;
    connection
        .prepare_cached(sql::MEMBER)?
        .query_row([id], |row| {
            member.addresses = json(row, 0)?;
            member.aside = row.get(1)?;
            member.delivered = number_at(row, 2)?;
            member.read_by_all = number_at(row, 3)?;
            member.read_here = number_at(row, 4)?;
            Ok(())
        })
        .optional()?;
    Ok(member)
}

fn timestamp(row: &SqlRow<'_>) -> rusqlite::Result<Timestamp> {
    Ok(Timestamp { lamport: number_at(row, 0)?, author: row.get(1)? })
}

fn receipt(row: &SqlRow<'_>, node: NodeId) -> rusqlite::Result<Receipt> {
    let (Marks(stored), Marks(read)) = (row.get(1)?, row.get(2)?);
    Ok(Receipt {
        node,
        count: number_at(row, 0)?,
        stored: Arc::new(stored),
        read: Arc::new(read),
        clock: number_at(row, 3)?,
        signature: row.get(4)?,
    })
}

fn json<T: serde::de::DeserializeOwned>(row: &SqlRow<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| {
        let text = rusqlite::types::Type::Text;
        rusqlite::Error::FromSqlConversionFailure(column, text, Box::new(error))
    })
}
