use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use roda::store::{Options, StoreEvent};

use crate::author::Author;
use crate::circle::{Owner, shown, texts};

#[test]
fn a_full_disk_commits_nothing_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let page_limit = Arc::new(AtomicU32::new(60));
    let options = Options { page_limit: page_limit.clone(), ..Options::default() };
    let mut owner = Owner::with(folder.path(), options);
    let (mut ana, mut rui) = (Author::new(1), Author::new(2));
    owner.commit_run(texts(&mut rui, 1, None));
    let small = owner.arrives(texts(&mut rui, 1, None));
    let writes = (0..10).map(|_| owner.arrives(texts(&mut ana, 256, None)));
    let writes = std::iter::once(small).chain(writes.collect::<Vec<_>>()).collect();
    owner.write(writes);
    let Some(StoreEvent::Failing(why)) = owner.store.events.blocking_recv() else {
        panic!("the disk is full")
    };
    assert!(why.contains("the disk is full") && why.contains("free some space"), "{why}");
    assert_eq!(owner.rows().len(), 1, "reads work, and no part is committed");
    page_limit.store(0, Ordering::Relaxed);
    assert!(matches!(owner.store.events.blocking_recv(), Some(StoreEvent::Recovered)));
    let rows = owner.committed();
    assert_eq!(rows.len(), 1 + 2_560);
    assert_eq!(owner.rows().len(), 2_562);
    owner.commit_run(texts(&mut ana, 1, None));
}

#[test]
fn a_batch_that_fails_at_its_end_leaves_no_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let page_limit = Arc::new(AtomicU32::new(60));
    let options = Options { page_limit, ..Options::default() };
    let mut owner = Owner::with(folder.path(), options);
    let mut ana = Author::new(1);
    owner.commit_run(texts(&mut ana, 1, None));
    let before = owner.rows();
    let writes = (0..10).map(|_| owner.arrives(texts(&mut ana, 256, None))).collect();
    owner.write(writes);
    assert!(matches!(owner.store.events.blocking_recv(), Some(StoreEvent::Failing(_))));
    let said = owner.close();
    assert!(!said.iter().any(|event| matches!(event, StoreEvent::Committed { .. })), "{said:?}");
    assert!(!was_clean(folder.path()));
    assert_eq!(Owner::open(folder.path()).rows(), before);
}

/// Fills a store, closes it, and overwrites `len` bytes of its file.
fn damaged(folder: &Path, from: u64, len: usize) {
    let mut owner = Owner::open(folder);
    let mut ana = Author::new(1);
    for _ in 0..8 {
        owner.commit_run(texts(&mut ana, 256, None));
    }
    owner.close();
    let path = folder.join("roda.db");
    let mut file = fs::File::options().read(true).write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(from)).unwrap();
    file.write_all(&vec![0xa5; len]).unwrap();
}

#[test]
fn a_file_that_is_no_database_is_set_aside_and_a_fresh_one_works() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("identity"), "old").unwrap();
    for number in 1..=2 {
        damaged(folder.path(), 0, 100);
        let mut owner = Owner::open(folder.path());
        let aside = owner.store.set_aside.clone().unwrap();
        assert_eq!(aside, folder.path().join(format!("roda.db.damaged-{number}")));
        let mut start = [0; 4];
        fs::File::open(&aside).unwrap().read_exact(&mut start).unwrap();
        assert_eq!(start, [0xa5; 4], "kept as it was");
        assert_eq!(shown(&owner.store.restored), shown(&fresh()));
        owner.commit_run(texts(&mut Author::new(3), 1, None));
        owner.close();
        let owner = Owner::open(folder.path());
        assert!(owner.store.set_aside.is_none() && owner.store.lost);
        owner.close();
        fs::remove_file(folder.path().join("roda.db")).unwrap();
    }
}

fn fresh() -> roda::protocol::archive::Restored {
    roda::protocol::archive::Restored::default()
}

fn database(folder: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(folder.join("roda.db")).unwrap()
}

fn forget_the_clean_stop(folder: &Path) {
    database(folder).execute("UPDATE meta SET value = 0 WHERE name = 'clean'", []).unwrap();
}

/// Whether the next start trusts the file.
fn was_clean(folder: &Path) -> bool {
    let clean = "SELECT value FROM meta WHERE name = 'clean'";
    database(folder).query_row(clean, [], |row| row.get(0)).unwrap()
}

/// Opens the store until its check has had the time to end, and gives what it found, if anything.
fn poll_checked(folder: &Path) -> Option<String> {
    for wait in (0..14).map(|doubled| Duration::from_millis(1 << doubled)) {
        let owner = Owner::open(folder);
        thread::sleep(wait);
        let found = owner.close().into_iter().find_map(|event| match event {
            StoreEvent::Damaged(why) => Some(why),
            _ => None,
        });
        if found.is_some() || was_clean(folder) {
            return found;
        }
    }
    panic!("the check does not end")
}

#[test]
fn a_sound_file_is_checked_once_after_an_unclean_stop() {
    let folder = tempfile::tempdir().unwrap();
    damaged(folder.path(), 0, 0);
    assert!(was_clean(folder.path()));
    forget_the_clean_stop(folder.path());
    assert_eq!(poll_checked(folder.path()), None);
    // Trusted from now on: nothing is there to be cut short.
    Owner::open(folder.path()).close();
    assert!(was_clean(folder.path()));
}

#[test]
fn damage_in_the_middle_is_found_beside_the_service_after_an_unclean_stop() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("roda.db");
    damaged(folder.path(), 0, 0);
    let pages = fs::metadata(&path).unwrap().len() / 4096;
    forget_the_clean_stop(folder.path());
    let mut file = fs::File::options().write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(pages / 2 * 4096)).unwrap();
    file.write_all(&[0xa5; 4096]).unwrap();
    drop(file);

    let mut owner = Owner::open(folder.path());
    assert!(owner.store.set_aside.is_none());
    let Some(StoreEvent::Damaged(why)) = owner.store.events.blocking_recv() else {
        panic!("a page of the file is overwritten")
    };
    assert!(why.contains("start it again"), "{why}");
    owner.close();
    assert!(!was_clean(folder.path()));
    let owner = Owner::open(folder.path());
    assert!(owner.store.set_aside.is_some() && owner.store.restored.top.is_none());
    owner.close();
    assert!(was_clean(folder.path()), "the fresh one needs no check");
}
