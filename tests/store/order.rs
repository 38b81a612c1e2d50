use std::collections::BTreeMap;

use roda::protocol::archive::Write;
use roda::protocol::body::Decision;
use roda::protocol::entry::Timestamp;
use roda::protocol::id::NodeId;
use roda::store::{Row, Unread};

use crate::author::Author;
use crate::circle::{Owner, texts};

/// Before every entry: counters start at 1.
const BEGINNING: Timestamp = Timestamp { lamport: 0, author: NodeId([0; 32]) };

/// Twelve members that write apart, five entries each: every counter is used twelve times.
fn apart(folder: &std::path::Path) -> (Owner, Vec<Row>) {
    let mut owner = Owner::open(folder);
    let mut rows = Vec::new();
    for number in (1..=12).rev() {
        rows.extend(owner.commit_run(texts(&mut Author::new(number), 5, None)));
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
        let oldest = reader.after(BEGINNING, limit).unwrap();
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
fn page_after_page_is_the_whole_conversation_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut owner = Owner::open(folder.path());
    let mut rows = Vec::new();
    for number in 1..=7 {
        rows.extend(owner.commit_run(texts(&mut Author::new(number), 200, None)));
    }
    rows.sort_by_key(Row::timestamp);
    let (mut read, mut more, mut at) = (Vec::new(), true, BEGINNING);
    while more {
        let page = owner.store.reader.after(at, 500).unwrap();
        at = page.rows.last().unwrap().timestamp();
        read.extend(page.rows);
        more = page.more;
    }
    assert!(read == rows, "{} rows of {}", read.len(), rows.len());
}

#[test]
fn arrivals_are_in_the_order_of_commit() {
    let folder = tempfile::tempdir().unwrap();
    let (owner, mut all) = apart(folder.path());
    all.sort_by_key(|row| row.arrival);
    let page = owner.store.reader.since_arrival(10, 20).unwrap();
    assert_eq!((&page.rows[..], page.more), (&all[10..30], true));
    assert_eq!(owner.store.reader.since_arrival(60, 20).unwrap().rows, []);
    assert_eq!(owner.rows().len(), 60);
    assert_eq!(owner.store.reader.get(&all[3].author, all[3].seq).unwrap().as_ref(), Some(&all[3]));
}

#[test]
fn what_is_not_read_is_what_others_said_beyond_the_marks() {
    let folder = tempfile::tempdir().unwrap();
    let mut owner = Owner::open(folder.path());
    let (mut ana, mut rui) = (Author::new(1), Author::new(2));
    owner.commit_run(texts(&mut ana, 100, None));
    owner.commit_run(texts(&mut rui, 60, None));
    let name = Decision::Profile("Rui".to_owned()).encode();
    owner.commit_run(rui.says(&[name], None));
    owner.commit_run(texts(&mut rui, 39, None));
    let place = |author: &Author, lamport| Timestamp { lamport, author: author.id() };
    let unread = |since: u64, [ana_read, rui_read]: [u64; 2], until, arrival| {
        let authors = [(ana.id(), ana_read, until), (rui.id(), rui_read, None)];
        let me = Timestamp { lamport: since, author: NodeId([0; 32]) };
        owner.store.reader.unread(me, &authors, arrival).unwrap()
    };
    let none = unread(0, [100, 100], None, 200);
    assert_eq!(none, Unread::default());
    let some = unread(0, [90, 60], None, 200);
    let behind = BTreeMap::from([(ana.id(), 90), (rui.id(), 61)]);
    assert_eq!((some.behind, some.more), (behind, false), "a profile needs no reading");
    assert_eq!((some.first, some.count), (Some(place(&rui, 62)), 10 + 39));
    let since = unread(95, [0, 0], None, 200);
    let behind = BTreeMap::from([(ana.id(), 94), (rui.id(), 94)]);
    assert_eq!((since.behind, since.count), (behind, 6 + 6), "it was said before the reader came");
    let arrived = unread(0, [90, 0], None, 110);
    assert_eq!(arrived.count, 10 + 10, "the rest had not arrived");
    let disputed = unread(0, [90, 100], Some(95), 200);
    assert_eq!((disputed.count, disputed.first), (4, Some(place(&ana, 91))));
}

#[test]
fn a_reference_sent_twice_is_one_message() {
    let folder = tempfile::tempdir().unwrap();
    let mut owner = Owner::open(folder.path());
    let mut ana = Author::new(1);
    let sent = |seq| Write::Sent { reference: "page-1".into(), seq };
    let writes = vec![owner.arrives(texts(&mut ana, 1, None)), sent(1)];
    let rows = owner.commit(writes);
    let writes = vec![owner.arrives(texts(&mut ana, 1, None)), sent(2)];
    let again = owner.commit(writes);
    assert_eq!(again[0].reference, None, "it is that of the first");
    assert_eq!(owner.store.reader.by_reference("page-1").unwrap().as_ref(), Some(&rows[0]));
    assert_eq!(owner.store.reader.by_reference("page-2").unwrap(), None);
}

#[test]
fn an_entry_brings_the_reference_with_which_it_was_sent() {
    let folder = tempfile::tempdir().unwrap();
    let mut owner = Owner::open(folder.path());
    let (mut ana, mut rui) = (Author::new(1), Author::new(2));
    owner.commit_run(texts(&mut rui, 2, None));
    let sent = |name: &str, seq| Write::Sent { reference: name.into(), seq };
    // Two of three entries of a run, in either order.
    let writes = vec![owner.arrives(texts(&mut ana, 3, None)), sent("c", 3), sent("a", 1)];
    let mut rows = owner.commit(writes);
    let references = |rows: &[Row]| -> Vec<Option<String>> {
        rows.iter().map(|row| row.reference.clone()).collect()
    };
    let wanted = [Some("a".to_owned()), None, Some("c".to_owned())];
    assert_eq!(references(&rows), wanted, "as it is told");
    let reader = &owner.store.reader;
    assert_eq!(references(&reader.since_arrival(2, 9).unwrap().rows), wanted, "as it is read");
    assert_eq!(references(&reader.since_arrival(0, 2).unwrap().rows), [None, None]);
    rows.sort_by_key(Row::timestamp);
    let before = Timestamp { lamport: 1, author: NodeId([0; 32]) };
    let all = [reader.newest(9), reader.after(BEGINNING, 9), reader.after(before, 9)];
    for page in all.map(Result::unwrap) {
        let own: Vec<_> = page.rows.into_iter().filter(|row| row.author == ana.id()).collect();
        assert_eq!(own, rows);
    }
    assert_eq!(reader.get(&ana.id(), 3).unwrap().as_ref(), Some(&rows[2]));
}
