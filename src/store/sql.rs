//! Every statement of the store, and how the protocol's types become columns.
//!
//! Order is by counter, then by the author's *raw id*. Authors are small integers inside, which say
//! nothing about that order: ties are therefore sorted as they are read, within one counter.

use rusqlite::Row as SqlRow;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use crate::conversation::kind::newer::{self, Newer};
use crate::conversation::kind::{self, Reading};
use crate::protocol::id::{Hash, NodeId, Signature};
use crate::protocol::receipt::Watermarks;

macro_rules! bytes {
    ($($name:ident),*) => {$(
        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                <[u8; _]>::column_result(value).map($name)
            }
        }
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::Borrowed(ValueRef::Blob(&self.0)))
            }
        }
    )*};
}
bytes!(NodeId, Hash, Signature);

/// An integer of the protocol as SQLite has it.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).expect("the protocol's integers end at 2^53 - 1")
}

/// Back from [`int`].
pub(super) struct Int(pub(super) u64);

impl FromSql for Int {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = value.as_i64()?;
        u64::try_from(number).map(Int).map_err(|_| FromSqlError::OutOfRange(number))
    }
}

/// The column as a number of the protocol.
pub(super) fn number_at(row: &SqlRow<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get(column).map(|Int(number)| number)
}

/// Watermarks as one column: raw id and big-endian number, again and again.
pub(super) struct Marks(pub(super) Watermarks);

/// See [`Marks`].
pub(super) fn marks_bytes(marks: &Watermarks) -> Vec<u8> {
    marks.iter().flat_map(|(author, seq)| author.0.into_iter().chain(seq.to_be_bytes())).collect()
}

impl FromSql for Marks {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let (pairs, rest) = value.as_blob()?.as_chunks::<40>();
        if !rest.is_empty() {
            return Err(FromSqlError::InvalidType);
        }
        let pair = |pair: &[u8; 40]| {
            let (author, seq) = pair.split_first_chunk::<32>().expect("40 bytes hold 32");
            (NodeId(*author), u64::from_be_bytes(seq.try_into().expect("8 are left")))
        };
        Ok(Marks(pairs.iter().map(pair).collect()))
    }
}

/// The columns `kind` and `about`: only what something looks up. Texts, by far the most, have none.
pub(super) fn kind_and_about(body: &str) -> (Option<i64>, Option<Hash>) {
    match kind::read(body) {
        Reading::Known(kind, _) => (kind.number, None),
        Reading::Newer(Newer { about: Some(about), .. }) => (Some(newer::QUIET), Some(about)),
        Reading::Newer(_) | Reading::Unreadable => (None, None),
    }
}

macro_rules! rows {
    ($rest:literal) => {
        rows!("", $rest)
    };
    ($index:literal, $rest:literal) => {
        concat!(
            "SELECT a.node, e.seq, e.lamport, e.at, e.body, e.arrival, e.arrived_at, ",
            "(SELECT s.reference FROM sent s WHERE s.author = e.author AND s.seq = e.seq), ",
            "e.about, (SELECT count(*) FROM (SELECT 1 FROM entries n INDEXED BY entries_about ",
            "WHERE n.about = e.hash LIMIT 1000)) ",
            "FROM entries e ",
            $index,
            " CROSS JOIN authors a ON a.id = e.author ",
            $rest
        )
    };
}

macro_rules! statements {
    ($($name:ident = $text:expr;)*) => {
        $(pub(super) const $name: &str = $text;)*
        #[cfg(test)]
        const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}

statements! {
    META_GET = "SELECT value FROM meta WHERE name = ?1";
    META_SET = "INSERT INTO meta (name, value) VALUES (?1, ?2)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    META_GROW = "INSERT INTO meta (name, value) VALUES (?1, ?2)
        ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)";

    META_REMOVE = "DELETE FROM meta WHERE name = ?1";

    AUTHOR_FIND = "SELECT id FROM authors WHERE node = ?1";
    AUTHOR_ADD = "INSERT INTO authors (node) VALUES (?1) RETURNING id";
    AUTHORS = "SELECT id, node FROM authors";

    ENTRY_ADD = "INSERT INTO entries
        (arrival, author, seq, lamport, hash, seen, at, arrived_at, kind, signature, body, about)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    ENTRIES_UNKNOWN = "SELECT arrival, body FROM entries WHERE arrival > ?1
        AND (+kind IS NULL OR +kind = 4) AND (instr(body, 'quiet') OR instr(body, '\'))
        ORDER BY arrival LIMIT ?2";
    ENTRY_READ_AS = "UPDATE entries SET kind = ?2, about = ?3 WHERE arrival = ?1";
    NEWER_COUNT = "SELECT count(*) FROM (SELECT 1 FROM entries INDEXED BY entries_about
        WHERE about = ?1 LIMIT 1000)";
    ENTRY_ARRIVED = "SELECT hash FROM entries WHERE arrival = ?1";
    BRANCH_HELD = "SELECT 1 FROM reference_runs WHERE head = ?1 AND seq <= ?2";
    BRANCH_RUN_ADD = "INSERT INTO reference_runs
        (author, seq, prev, seen, lamport, last, head, signature)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) RETURNING id";
    BRANCH_ENTRY_ADD = "INSERT INTO reference_entries (run, seq, hash, at, body)
        VALUES (?1, ?2, ?3, ?4, ?5)";
    RECEIPT_SET = "INSERT INTO receipts (author, count, stored, read, clock, signature)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT (author) DO UPDATE SET count = excluded.count, stored = excluded.stored,
            read = excluded.read, clock = excluded.clock, signature = excluded.signature
        WHERE excluded.count > count";
    DISPUTE_SET = "INSERT INTO disputes (author, proof) VALUES (?1, ?2)
        ON CONFLICT (author) DO UPDATE SET proof = excluded.proof";
    ADDRESSES_SET = "INSERT INTO members (author, addresses) VALUES (?1, ?2)
        ON CONFLICT (author) DO UPDATE SET addresses = excluded.addresses";
    ASIDE_SET = "INSERT INTO members (author, aside) VALUES (?1, ?2)
        ON CONFLICT (author) DO UPDATE SET aside = excluded.aside";
    DELIVERED_GROW = "INSERT INTO members (author, delivered) VALUES (?1, ?2)
        ON CONFLICT (author) DO UPDATE SET delivered = max(delivered, excluded.delivered)";
    READ_BY_ALL_GROW = "INSERT INTO members (author, read_by_all) VALUES (?1, ?2)
        ON CONFLICT (author) DO UPDATE SET read_by_all = max(read_by_all, excluded.read_by_all)";
    READ_HERE_GROW = "INSERT INTO members (author, read_here) VALUES (?1, ?2)
        ON CONFLICT (author) DO UPDATE SET read_here = max(read_here, excluded.read_here)";
    SENT_ADD = "INSERT INTO sent (reference, author, seq) VALUES (?1, ?2, ?3)
        ON CONFLICT (reference) DO UPDATE SET seq = sent.seq
        WHERE sent.author = excluded.author AND sent.seq = excluded.seq";

    HEAD = "SELECT seq, hash, lamport, kind FROM entries WHERE author = ?1
        ORDER BY seq DESC LIMIT 1";
    SINCE = "SELECT lamport, arrival FROM entries WHERE author = ?1 AND seq = 1";
    LAST_PROFILE = "SELECT body FROM entries INDEXED BY entries_kind
        WHERE kind = 1 AND author = ?1 ORDER BY seq DESC LIMIT 1";
    LAST_CIRCLE = "SELECT e.lamport, a.node, e.body FROM entries e INDEXED BY entries_circle
        CROSS JOIN authors a ON a.id = e.author
        WHERE e.kind = 2 ORDER BY e.lamport DESC, a.node DESC LIMIT 1";
    LAST_ARRIVAL = "SELECT coalesce(max(arrival), 0) FROM entries";
    MEMBER = "SELECT addresses, aside, delivered, read_by_all, read_here FROM members
        WHERE author = ?1";
    RECEIPT = "SELECT count, stored, read, clock, signature FROM receipts WHERE author = ?1";
    DISPUTE = "SELECT proof FROM disputes WHERE author = ?1";
    BRANCH_COUNT = "SELECT coalesce(sum(last - seq + 1), 0) FROM reference_runs
        WHERE author = ?1";

    LOCATE = "SELECT a.node, e.seq, e.lamport FROM entries e INDEXED BY entries_hash
        CROSS JOIN authors a ON a.id = e.author
        WHERE substr(e.hash, 1, 8) = substr(?1, 1, 8) AND e.hash = ?1";
    LOCATE_BRANCH = "SELECT a.node, x.seq, r.lamport + x.seq - r.seq FROM reference_entries x
        CROSS JOIN reference_runs r ON r.id = x.run CROSS JOIN authors a ON a.id = r.author
        WHERE x.hash = ?1 LIMIT 1";
    AT = "SELECT hash, lamport FROM entries
        WHERE author = (SELECT id FROM authors WHERE node = ?1) AND seq = ?2";
    PLACED = "SELECT lamport FROM entries
        WHERE author = (SELECT id FROM authors WHERE node = ?1) AND seq = ?2";
    NEXT_SAID = "SELECT seq, lamport FROM entries
        WHERE author = (SELECT id FROM authors WHERE node = ?1) AND seq > ?2 AND seq < ?3
        AND kind IS NULL AND arrival <= ?4 ORDER BY seq LIMIT 1";
    COUNT_SAID = "SELECT count(*) FROM (SELECT 1 FROM entries
        WHERE author = (SELECT id FROM authors WHERE node = ?1) AND seq > ?2 AND seq < ?3
        AND kind IS NULL AND arrival <= ?4 LIMIT ?5)";
    RUN_BEFORE = "SELECT seq FROM entries WHERE author = (SELECT id FROM authors WHERE node = ?1)
        AND seq < ?2 AND signature IS NOT NULL ORDER BY seq DESC LIMIT 1";
    RUN_FROM = "SELECT seq, lamport, seen, at, body, signature, hash FROM entries
        WHERE author = (SELECT id FROM authors WHERE node = ?1) AND seq >= ?2 ORDER BY seq";
    BRANCH_RUN = "SELECT r.id, a.node, r.seq, r.prev, r.seen, r.lamport, r.signature
        FROM reference_entries x CROSS JOIN reference_runs r ON r.id = x.run
        CROSS JOIN authors a ON a.id = r.author WHERE x.hash = ?1 LIMIT 1";
    BRANCH_ENTRIES = "SELECT at, body FROM reference_entries WHERE run = ?1 ORDER BY seq";

    ROWS_NEWEST = rows!("INDEXED BY entries_rows",
        "WHERE e.about IS NULL ORDER BY e.lamport DESC, a.node DESC LIMIT ?1");
    ROWS_BEFORE = rows!("INDEXED BY entries_rows",
        "WHERE e.about IS NULL AND e.lamport <= ?1 AND (e.lamport < ?1 OR a.node < ?2)
         ORDER BY e.lamport DESC, a.node DESC LIMIT ?3");
    ROWS_AFTER = rows!("INDEXED BY entries_rows",
        "WHERE e.about IS NULL AND e.lamport >= ?1 AND (e.lamport > ?1 OR a.node > ?2)
         ORDER BY e.lamport, a.node LIMIT ?3");
    ROW_HASHED = rows!("INDEXED BY entries_hash",
        "WHERE substr(e.hash, 1, 8) = substr(?1, 1, 8) AND e.hash = ?1");
    ROWS_SINCE_ARRIVAL = rows!("WHERE e.arrival > ?1 ORDER BY e.arrival LIMIT ?2");
    ROW = rows!("WHERE e.author = (SELECT id FROM authors WHERE node = ?1) AND e.seq = ?2");
    ROW_SENT = rows!("WHERE e.author = (SELECT author FROM sent WHERE reference = ?1)
        AND e.seq = (SELECT seq FROM sent WHERE reference = ?1)");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::kind::{circle, profile};
    use crate::store::row::NEWER_COUNT_MAX;

    /// Members are few; walking them all once at a start is meant.
    const WALKS_AUTHORS: &str = "AUTHORS";

    #[test]
    fn the_numbers_in_statements_are_those_that_have_a_name() {
        let says = |text: &str, number: String| text.contains(&number);
        assert!(says(LAST_PROFILE, format!("kind = {} ", profile::KIND.number.unwrap())));
        assert!(says(LAST_CIRCLE, format!("kind = {} ", circle::KIND.number.unwrap())));
        assert!(says(ENTRIES_UNKNOWN, format!("kind = {})", newer::QUIET)));
        for counts in [NEWER_COUNT, ROWS_NEWEST, ROW_HASHED] {
            assert!(says(counts, format!("LIMIT {NEWER_COUNT_MAX})")));
        }
    }

    #[test]
    fn no_statement_walks_or_sorts_the_conversation() {
        let mut connection = rusqlite::Connection::open_in_memory().unwrap();
        crate::store::schema::migrate(&mut connection).unwrap();
        // Plans for children of a new author run only while a constraint is deferred: never.
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        for (name, text) in ALL {
            let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {text}")).unwrap();
            let nulls = vec![rusqlite::types::Null; plan.parameter_count()];
            let steps: Vec<String> = plan
                .query_map(rusqlite::params_from_iter(nulls), |row| row.get(3))
                .unwrap()
                .map(Result::unwrap)
                .collect();
            for step in steps {
                // An index that is walked in order stops at the statement's LIMIT; what a subquery
                // gives was searched for in steps of its own.
                let searched = ["entries_rows", "(subquery"].iter().any(|it| step.contains(it));
                let walk = step.starts_with("SCAN") && !searched;
                let bounded = step.contains("entries_circle") || step.contains("CONSTANT ROW");
                assert!(!walk || bounded || *name == WALKS_AUTHORS, "{name}: {step}");
                assert!(!step.contains("TEMP B-TREE FOR ORDER BY"), "{name}: {step}");
                assert!(!step.contains("AUTOMATIC"), "{name}: {step}");
            }
        }
    }
}
