//! Databases that former versions wrote, as they wrote them.

use std::fs;
use std::path::Path;

use roda::protocol::archive::Archive as _;
use roda::protocol::entry::Timestamp;
use roda::protocol::id::Hash;
use roda::protocol::packet::circle::Range;
use rusqlite::Connection;
use serde_json::json;

use crate::author::Author;
use crate::circle::{Owner, texts};

/// A conversation of Ana and Rui in the first schema: a disputed author with a branch, receipts,
/// marks, an own message with its reference, and from Rui four things that 0.1 cannot read: two of
/// a kind `applaud` that are told under others (Ana's text, and nothing that is held), a poll, and
/// no JSON.
fn of_0_1(folder: &Path) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/0.1/roda.db");
    fs::copy(golden, folder.join("roda.db")).unwrap();
    fs::write(folder.join("lock"), "").unwrap();
}

#[test]
fn a_database_of_0_1_is_brought_forward_with_all_that_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    of_0_1(folder.path());
    let path = folder.path().join("roda.db");
    let version = |database: &Connection| -> i64 {
        database.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(version(&Connection::open(&path).unwrap()), 1, "the golden file itself");

    let mut owner = Owner::open(folder.path());
    let (ana, rui) = (Author::new(1).id(), Author::new(2).id());
    let restored = &owner.store.restored;
    assert_eq!((restored.arrival, restored.final_to, restored.receipt_ceiling), (10, 2, 64));
    let top = restored.top.unwrap().0;
    assert_eq!((top.author, restored.members.len()), (rui, 2));
    let (a, r) = (&restored.members[&ana], &restored.members[&rui]);
    assert_eq!((a.head.unwrap().seq, a.delivered, a.read_by_all, a.read_here), (4, 2, 1, 2));
    assert_eq!((a.dispute.as_ref().unwrap().seq, a.branch_entries), (2, 3));
    assert_eq!((r.head.unwrap().seq, r.aside, r.addresses.len()), (6, true, 2));
    assert_eq!(restored.named.as_deref(), Some("Ana"));

    let rows = owner.store.reader.newest(99).unwrap().rows;
    let said: Vec<_> = rows.iter().map(|row| (&*row.body, row.newer)).collect();
    let text = |text: &str| json!({"kind": "text", "text": text}).to_string();
    assert_eq!(said[2], (&*text("of 0.1"), 1), "what was about it is told under it");
    assert!(said.iter().all(|(body, _)| !body.contains("applaud")), "and by no row: {said:?}");
    assert_eq!(said.len(), 8);
    let sent = owner.store.reader.by_reference("of 0.1").unwrap().unwrap();
    assert_eq!((sent.author, sent.seq), (ana, 4));

    let range = Range { author: rui, from: 1, to: 6 };
    let runs = owner.store.archive.stretch(&range, None, usize::MAX).runs;
    let entries: usize = runs.iter().map(|run| run.hashes().len()).sum();
    assert_eq!(entries, 6, "and what is quiet is passed on as it was signed");
    let seen = (restored.top.unwrap().1, top.lamport);
    let more = Author { seq: 4, prev: a.head.map(|head| head.hash), ..Author::new(1) };
    let more = texts(&mut Author { lamport: a.head.unwrap().lamport, ..more }, 1, Some(seen));
    assert_eq!(owner.commit_run(more)[0].arrival, 11);
    owner.close();
    assert!(version(&Connection::open(&path).unwrap()) > 1);
}

#[test]
fn what_is_about_an_entry_counts_whether_it_came_before_or_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut owner = Owner::open(folder.path());
    let (mut ana, mut rui) = (Author::new(1), Author::new(2));
    let target = texts(&mut ana, 1, None);
    let applause = |to: Hash| json!({"kind": "applause", "quiet": true, "to": to}).to_string();
    let early = rui.says(&[applause(target.head())], None);
    let rows = owner.commit_run(early);
    assert_eq!((rows[0].about, rows[0].newer), (Some(target.head()), 0));
    let rows = owner.commit_run(target.clone());
    assert_eq!((rows[0].about, rows[0].newer), (None, 1), "it was there first");
    let late = rui.says(&[applause(target.head()), applause(target.head())], None);
    owner.commit_run(late);
    let reader = &owner.store.reader;
    let now = reader.hashed(&[target.head(), Hash([9; 32])]).unwrap();
    assert_eq!((now.len(), now[0].newer), (1, 3));
    assert_eq!(reader.newest(9).unwrap().rows, now);
    let place = Timestamp { lamport: 0, author: ana.id() };
    assert_eq!(reader.after(place, 9).unwrap().rows, now);
    assert_eq!(reader.since_arrival(0, 9).unwrap().rows.len(), 4, "each has its arrival number");
}

#[test]
fn what_another_version_of_the_kinds_put_aside_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    of_0_1(folder.path());
    Owner::open(folder.path()).close();
    let path = folder.path().join("roda.db");
    let database = Connection::open(&path).unwrap();
    let forgotten = "UPDATE entries SET kind = 4, about = hash WHERE instr(body, 'poll');
        UPDATE entries SET kind = NULL, about = NULL WHERE instr(body, 'applaud');";
    database.execute_batch(forgotten).unwrap();
    let quiet = |database: &Connection| -> i64 {
        let count = "SELECT count(*) FROM entries WHERE about IS NOT NULL";
        database.query_row(count, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(quiet(&database), 1);
    Owner::open(folder.path()).close();
    assert_eq!(quiet(&database), 1, "of its own version nothing is read again");
    database.execute("DELETE FROM meta WHERE name = 'kinds'", []).unwrap();
    Owner::open(folder.path()).close();
    assert_eq!(quiet(&database), 2);
}
