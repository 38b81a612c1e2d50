//! Runs, as packets carry them and as the store keeps them.

use std::cell::RefCell;

use roda::protocol::archive::{Archive as _, Write};
use roda::protocol::entry::{CheckedRun, Place, Run, Said, body_hash, entry_hash, signed_bytes};
use roda::protocol::limits::{BODY_MAX, INTEGER_MAX, RUN_BYTES_MAX, RUN_ENTRIES_MAX};
use roda::protocol::signature::verify;
use roda::store::{Batch, DATABASE_FILE, Options, Reader, Store, StoreEvent};
use rusqlite::Connection;
use rusqlite::types::Value;
use tempfile::TempDir;

use super::choice;
use crate::author::Author;

/// Columns of the table of entries that make up a run.
const COLUMNS: [&str; 8] = ["seq", "lamport", "hash", "seen", "at", "kind", "signature", "body"];
/// Entries in the store, in two runs.
const ENTRIES: u64 = 5;

/// An even first byte: the rest is the JSON of a run. An odd one: a changed column in the store.
pub fn entry_and_run(data: &[u8]) {
    match choice(data) {
        (form, json) if form % 2 == 0 => from_packet(json),
        (_, change) => DISK.with_borrow_mut(|disk| disk.get_or_insert_with(Disk::new).read(change)),
    }
}

fn from_packet(json: &[u8]) {
    let Ok(run) = serde_json::from_slice::<Run>(json) else { return };
    let written = serde_json::to_vec(&run).expect("a run is plain data");
    assert_eq!(run.encoded_len(), written.len());
    assert_eq!(serde_json::from_slice::<Run>(&written).expect("it is read again"), run);
    if let Ok(checked) = run.clone().check() {
        assert_eq!(*checked.run(), run);
        verifies(&checked);
    }
}

/// Everything that a checked run promises.
pub fn verifies(checked: &CheckedRun) {
    let run = checked.run();
    let count = run.entries.len();
    assert!((1..=RUN_ENTRIES_MAX).contains(&count) && checked.bytes() <= RUN_BYTES_MAX);
    assert_eq!(serde_json::to_vec(run).expect("plain data").len(), checked.bytes());
    assert!((1..=INTEGER_MAX).contains(&run.first.seq) && run.last_seq() <= INTEGER_MAX);
    assert!((1..=INTEGER_MAX).contains(&run.first.lamport));
    assert!(checked.last_lamport() <= INTEGER_MAX);
    let Place { author, mut prev, mut seen, .. } = run.first;
    assert_eq!(prev.is_some(), run.first.seq > 1);
    for (at, (place, said, hash)) in checked.entries().enumerate() {
        let step = at as u64;
        let (seq, lamport) = (run.first.seq + step, run.first.lamport + step);
        assert_eq!(place, Place { author, seq, prev, seen, lamport });
        assert!(said.body.len() <= BODY_MAX && said.at <= INTEGER_MAX);
        assert_eq!(entry_hash(&place, said.at, &body_hash(&said.body)), hash);
        assert_eq!(checked.hash_at(seq), Some(hash));
        (prev, seen) = (Some(hash), None);
    }
    assert!(verify(&author, &signed_bytes(&checked.head()), &run.signature));
    assert_eq!(run.clone().check().as_ref(), Ok(checked));
    assert_eq!(CheckedRun::from_store(run.clone()), *checked);
    // Any suffix of a run is a run with the same end; one in the middle stands for all.
    let middle = run.first.seq + count as u64 / 2;
    let suffix = checked.clone().suffix(middle).expect("it is not past the end");
    assert_eq!(suffix.head(), checked.head());
    assert_eq!(suffix.run().clone().check(), Ok(suffix));
    assert!(checked.clone().suffix(run.last_seq() + 1).is_none());
}

thread_local! {
    static DISK: RefCell<Option<Disk>> = const { RefCell::new(None) };
}

/// A store with two runs, in which one column after another is changed and put back.
struct Disk {
    database: Connection,
    reader: Reader,
    runs: [CheckedRun; 2],
    _folder: TempDir,
}

/// The two runs that the store holds: what one author has said.
pub fn stored_runs() -> [CheckedRun; 2] {
    let mut author = Author::new(7);
    let text = |text: &str| roda::conversation::kind::text::body(text);
    let said = |body| Said { at: 1_700_000_000_000, body };
    let first = author.signs(vec![said(text("one")), said(text("two"))], None);
    let rest = vec![said(text("three")), said(text("Olá!")), said(r#"{"kind":"leave"}"#.into())];
    [first, author.signs(rest, None)].map(|run| (*run).clone())
}

impl Disk {
    fn new() -> Disk {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let runs = stored_runs();
        let mut opened = Store::open(folder.path(), Options::default()).expect("a new store");
        let runs_in = runs.iter().map(|run| Write::Run {
            run: std::sync::Arc::new(run.clone()),
            arrival: run.run().first.seq,
            arrived_at: 1,
        });
        let batch = Batch { id: 1, writes: runs_in.collect() };
        opened.writer.try_write(batch).expect("the queue is empty");
        match opened.events.blocking_recv() {
            Some(StoreEvent::Committed { .. }) => {}
            other => panic!("the runs are stored, not {other:?}"),
        }
        drop(opened);
        let path = folder.path().join(DATABASE_FILE);
        let database = Connection::open(&path).expect("it is there");
        database.pragma_update(None, "synchronous", "OFF").expect("a setting");
        Disk { database, reader: Reader::at(&path), runs, _folder: folder }
    }

    /// The first bytes choose entry, column and type; the rest is the value.
    fn read(&mut self, change: &[u8]) {
        let (which, change) = choice(change);
        let (kind, bytes) = choice(change);
        let seq = u64::from(which) / COLUMNS.len() as u64 % ENTRIES + 1;
        let column = COLUMNS[usize::from(which) % COLUMNS.len()];
        let value = value(kind, bytes);
        let held: Value = self.column(column, seq);
        let set = format!("UPDATE entries SET {column} = ?1 WHERE arrival = ?2");
        // Some values the table itself refuses.
        if self.database.execute(&set, (&value, seq as i64)).is_ok() {
            let changed = self.column(column, seq) != held;
            for run in &self.runs {
                let first = run.run().first;
                if let Some(read) = self.reader.run_from(&first.author, first.seq) {
                    let checked = read.check().expect("what is read is signed");
                    for (place, _, hash) in checked.entries() {
                        // Where a signature is lost the next one covers both runs.
                        let said = self.runs.iter().find_map(|run| run.hash_at(place.seq));
                        assert_eq!(said, Some(hash), "{column} of {seq} as {value:?}");
                    }
                }
            }
            self.database.execute(&set, (&held, seq as i64)).expect("it was there before");
            if changed {
                self.is_whole();
            }
        }
    }

    fn column(&self, column: &str, seq: u64) -> Value {
        let get = format!("SELECT {column} FROM entries WHERE arrival = ?1");
        self.database.query_row(&get, [seq as i64], |row| row.get(0)).expect("the entry is there")
    }

    fn is_whole(&self) {
        for run in &self.runs {
            let first = run.run().first;
            assert_eq!(self.reader.run_from(&first.author, first.seq).as_ref(), Some(run.run()));
        }
    }
}

fn value(kind: u8, bytes: &[u8]) -> Value {
    match kind % 4 {
        0 => Value::Blob(bytes.to_vec()),
        1 => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
        2 => {
            let mut number = [0; 8];
            bytes.iter().zip(&mut number).for_each(|(byte, to)| *to = *byte);
            Value::Integer(i64::from_le_bytes(number))
        }
        _ => Value::Null,
    }
}
