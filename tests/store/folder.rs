use std::fs;

use roda::store::{OpenError, Options, SCHEMA_VERSION, Store};

use crate::author::Author;
use crate::circle::{Owner, texts};

fn keys(fingerprints: &[&str]) -> Options {
    let fingerprints = fingerprints.iter().map(|key| key.to_string()).collect();
    Options { fingerprints, ..Options::default() }
}

#[test]
fn a_second_process_is_refused_and_told_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let owner = Owner::open(folder.path());
    let refused = Store::open(folder.path(), Options::default()).unwrap_err();
    assert!(matches!(refused, OpenError::Locked(_)));
    let line = refused.to_string();
    assert!(line.contains(folder.path().to_str().unwrap()) && !line.contains('\n'), "{line}");
    assert!(line.contains("stop it"), "{line}");
    owner.close();
    Owner::open(folder.path());
}

#[test]
fn two_circles_are_never_poured_together() {
    let folder = tempfile::tempdir().unwrap();
    let open = |fingerprints: &[&str]| Store::open(folder.path(), keys(fingerprints));
    let close = |fingerprints: &[&str]| Owner::with(folder.path(), keys(fingerprints)).close();
    close(&["one"]);
    let refused = open(&["two"]).unwrap_err();
    assert!(matches!(refused, OpenError::OtherCircle(_)));
    let line = refused.to_string();
    assert!(line.contains("RODA_DATA") && line.contains("RODA_KEY=NEW,OLD"), "{line}");
    close(&["two", "one"]);
    close(&["two"]);
    assert!(matches!(open(&["three"]).unwrap_err(), OpenError::OtherCircle(_)));
}

#[test]
fn a_newer_schema_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    Owner::open(folder.path()).close();
    let path = folder.path().join("roda.db");
    let newer = SCHEMA_VERSION as i64 + 1;
    let database = rusqlite::Connection::open(&path).unwrap();
    database.pragma_update(None, "user_version", newer).unwrap();
    drop(database);
    let refused = Store::open(folder.path(), Options::default()).unwrap_err();
    assert!(matches!(refused, OpenError::Newer { found, .. } if found == newer), "{refused}");
    assert!(refused.to_string().contains("update this program"), "{refused}");
    assert!(path.exists());
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_folder() {
    use std::os::unix::fs::PermissionsExt as _;
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("new/data");
    let mut owner = Owner::with(&folder, keys(&["one"]));
    owner.commit_run(texts(&mut Author::new(1), 1, None));
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    for part in ["lock", "keys", "roda.db", "roda.db-wal", "roda.db-shm"] {
        assert!(files.contains(&folder.join(part)), "{part} is not among {files:?}");
    }
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[test]
fn a_lost_database_is_said_until_the_identity_is_new() {
    let folder = tempfile::tempdir().unwrap();
    let opened = || Owner::open(folder.path());
    let identity = folder.path().join("identity");
    let owner = opened();
    assert!(!owner.store.lost, "there is no identity yet");
    owner.close();
    fs::write(&identity, "first").unwrap();
    let owner = opened();
    assert!(!owner.store.lost);
    owner.close();
    fs::remove_file(folder.path().join("roda.db")).unwrap();
    for _ in 0..2 {
        let owner = opened();
        assert!(owner.store.lost);
        owner.close();
    }
    fs::write(&identity, "second").unwrap();
    assert!(!opened().store.lost);
}

#[test]
fn a_backup_holds_the_conversation_under_a_new_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    let mut owner = Owner::open(folder.path());
    let rows = owner.commit_run(texts(&mut Author::new(1), 20, None));
    let copy = other.path().join("roda.db");
    owner.store.reader.backup(&copy).unwrap();
    assert!(owner.store.reader.backup(&copy).is_err(), "nothing is overwritten");
    fs::write(other.path().join("identity"), "an old one").unwrap();
    let epoch = [7; 8];
    let restored = Owner::with(other.path(), Options { epoch, ..Options::default() });
    assert_eq!(restored.store.reader.newest(50).unwrap().rows, rows);
    assert_eq!(restored.store.epoch, "0707070707070707");
    assert!(restored.store.lost, "what the identity signed after the backup is not held");
}
