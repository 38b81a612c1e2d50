//! Entries that an older program put aside as things it did not know, read by this one.

use rusqlite::{Connection, params};

use super::schema::{meta, names, set_meta};
use super::sql::{self, Int};
use crate::conversation::kind;

/// Entries read at once: few enough to hold, whatever they say.
const STEP: u32 = 256;

/// Where another version of the kinds has filled the database, reads again what that one did not
/// know. One walk over the conversation: about a second for a million entries.
pub(super) fn reread(connection: &mut Connection) -> rusqlite::Result<()> {
    let filled = meta::<Int>(connection, names::KINDS)?.map(|Int(version)| version);
    if filled == Some(kind::VERSION) {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    let mut from = 0;
    loop {
        let some = unknown(&transaction, from)?;
        for (arrival, body) in &some {
            let (kind, about) = sql::kind_and_about(body);
            let mut read_as = transaction.prepare_cached(sql::ENTRY_READ_AS)?;
            read_as.execute(params![arrival, kind, about])?;
        }
        match some.last() {
            Some((last, _)) => from = *last,
            None => break,
        }
    }
    set_meta(&transaction, names::KINDS, sql::int(kind::VERSION))?;
    transaction.commit()
}

fn unknown(connection: &Connection, from: i64) -> rusqlite::Result<Vec<(i64, String)>> {
    let mut unknown = connection.prepare_cached(sql::ENTRIES_UNKNOWN)?;
    unknown.query_map((from, STEP), |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}
