use std::collections::BTreeMap;

use roda::protocol::archive::Write;
use roda::protocol::entry::Timestamp;
use roda::shell::handle::Row;

use crate::circle::{Author, Owner};

/// Twelve members that write apart, five entries each: every counter is used twelve times.
fn apart(folder: &std::path::Path) -> (Owner, Vec<Row>) {
    let mut owner = Owner::open(folder);
    let mut rows = Vec::new();
    for number in (1..=12).rev() {
        rows.extend(owner.commit_run(Author::new(number).texts(5, None)));
    }
    rows.sort_by_key(Row::timestamp);
    (owner, rows)
}

#[test]
fn pages_are_in_order_across_equal_counters() {
    let folder = tempfile::tempdir().unwrap();
    let (owner, all) = apart(folder.path());
    let reader = &owner.store.reader;
    for limit in [1, 7, 12, 59, 60, 61] {
        let newest = reader.newest(limit).unwrap();
        assert_eq!(newest.rows, all[all.len().saturating_sub(limit)..]);
        assert_eq!(newest.more, limit < all.len());
        let oldest = reader.oldest(limit).unwrap();
        assert_eq!(oldest.rows, all[..limit.min(all.len())]);
        for (at, row) in all.iter().enumerate() {
            let before = reader.before(row.timestamp(), limit).unwrap();
            assert_eq!(before.rows, all[at.saturating_sub(limit)..at]);
            assert_eq!(before.more, at > limit);
            let after = reader.after(row.timestamp(), limit).unwrap();
            let end = all.len().min(at + 1 + limit);
            assert_eq!(after.rows, all[at + 1..end]);
            assert_eq!(after.more, end < all.len());
        }
    }
}

#[test]
fn an_export_is_the_whole_conversation_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut owner = Owner::open(folder.path());
    let mut rows = Vec::new();
    for number in 1..=7 {
        rows.extend(owner.commit_run(Author::new(number).texts(200, None)));
    }
    rows.sort_by_key(Row::timestamp);
    let exported: Vec<Row> = owner.store.reader.export().map(Result::unwrap).collect();
    assert!(exported == rows, "{} rows of {}", exported.len(), rows.len());
}

#[test]
fn arrivals_are_in_the_order_of_commit() {
    let folder = tempfile::tempdir().unwrap();
    let (owner, mut all) = apart(folder.path());
    all.sort_by_key(|row| row.arrival);
    let page = owner.store.reader.since_arrival(10, 20).unwrap();
    assert_eq!((&page.rows[..], page.more), (&all[10..30], true));
    assert_eq!(owner.store.reader.since_arrival(60, 20).unwrap().rows, []);
    assert_eq!(owner.store.reader.count().unwrap(), 60);
    assert_eq!(owner.store.reader.get(&all[3].author, all[3].seq).unwrap().as_ref(), Some(&all[3]));
}

#[test]
fn a_reader_has_read_what_stood_above_and_had_arrived() {
    let folder = tempfile::tempdir().unwrap();
    let mut owner = Owner::open(folder.path());
    let (mut ana, mut rui) = (Author::new(1), Author::new(2));
    owner.commit_run(ana.texts(100, None));
    owner.commit_run(rui.texts(100, None));
    let marks = |lamport, arrival, from: [u64; 2]| {
        let authors = BTreeMap::from([(ana.id(), from[0]), (rui.id(), from[1])]);
        let upto = Timestamp { lamport, author: ana.id() };
        let marks = owner.store.reader.read_marks(upto, arrival, &authors).unwrap();
        [ana.id(), rui.id()].map(|id| marks.get(&id).copied().unwrap_or(0))
    };
    let rui_at = if rui.id() < ana.id() { 37 } else { 36 };
    assert_eq!(marks(37, 200, [0, 0]), [37, rui_at]);
    assert_eq!(marks(37, 110, [0, 0]), [37, 10], "the rest had not arrived");
    assert_eq!(marks(1_000, 200, [99, 100]), [100, 0], "only what grew");
    assert_eq!(marks(37, 200, [50, 5]), [0, rui_at], "marks never shrink");
}

#[test]
fn a_reference_sent_twice_is_one_message() {
    let folder = tempfile::tempdir().unwrap();
    let mut owner = Owner::open(folder.path());
    let mut ana = Author::new(1);
    let sent = |seq| Write::Sent { reference: "page-1".into(), seq };
    let writes = vec![owner.arrives(ana.texts(1, None)), sent(1)];
    let rows = owner.commit(writes);
    let writes = vec![owner.arrives(ana.texts(1, None)), sent(2)];
    owner.commit(writes);
    assert_eq!(owner.store.reader.by_reference("page-1").unwrap().as_ref(), Some(&rows[0]));
    assert_eq!(owner.store.reader.by_reference("page-2").unwrap(), None);
}
