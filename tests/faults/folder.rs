//! Folders that are not this process's to use.

use std::fs;

use crate::program::Program;

#[test]
fn a_second_process_on_a_folder_is_refused_and_the_first_goes_on() {
    let house = tempfile::tempdir().unwrap();
    let mut ana = Program::new(house.path(), "Ana", &fernet::Fernet::generate_key());
    ana.start();
    let before = fs::read(ana.data().join("web-address")).unwrap();
    for _ in 0..3 {
        let second = ana.command(&["run"]).output().unwrap();
        let words = String::from_utf8_lossy(&second.stderr).into_owned();
        assert_eq!(second.status.code(), Some(1), "{words}");
        assert!(
            words.contains("another roda is running") && words.contains("RODA_DATA"),
            "{words}"
        );
    }
    assert_eq!(fs::read(ana.data().join("web-address")).unwrap(), before);
    ana.say("still here");
    assert!(ana.stop().success());
    ana.start().eventually_shows("still here");
}

#[test]
fn another_circles_key_is_refused_and_changes_nothing() {
    let house = tempfile::tempdir().unwrap();
    let (old, other) = (fernet::Fernet::generate_key(), fernet::Fernet::generate_key());
    let mut ana = Program::new(house.path(), "Ana", &old);
    ana.start().say("ours");
    let id = ana.id();
    assert!(ana.stop().success());
    let files =
        || ["identity", "keys", "roda.db"].map(|file| fs::read(ana.data().join(file)).unwrap());
    let before = files();
    let mut command = ana.command(&["run"]);
    let refused = command.env("RODA_KEY", &other).output().unwrap();
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success());
    for word in ["another key", "RODA_DATA", "RODA_KEY=NEW,OLD"] {
        assert!(words.contains(word), "{word}: {words}");
    }
    assert!(files() == before, "nothing has changed");
    // With both the folder learns the new one, and then knows it alone.
    for key in [format!("{other},{old}"), other] {
        ana.set("RODA_KEY", key).start().eventually_shows("ours");
        assert_eq!(ana.id(), id);
        assert!(ana.stop().success());
    }
}

/// Every file and folder below `folder`, with its rights.
#[cfg(unix)]
fn rights(folder: &std::path::Path) -> Vec<(std::path::PathBuf, u32)> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut all = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let (path, data) = file.map(|file| (file.path(), file.metadata().unwrap())).unwrap();
        all.push((path.clone(), data.permissions().mode() & 0o777));
        if data.is_dir() {
            all.extend(rights(&path));
        }
    }
    all
}

#[cfg(unix)]
#[test]
fn every_file_that_a_node_writes_is_its_owners_alone_whatever_the_umask() {
    let house = tempfile::tempdir().unwrap();
    let open = ["sh", "-c", "umask 000; exec \"$@\"", "sh"];
    let mut ana = Program::new(house.path(), "Ana", &fernet::Fernet::generate_key());
    let begin = ana.data().join("begin");
    ana.wrap(&open);
    let mut init = ana.command(&["init"]);
    init.env_remove("RODA_KEY").env_remove("RODA_DATA");
    fs::create_dir_all(&begin).unwrap();
    assert!(init.current_dir(&begin).output().unwrap().status.success());
    let mut begun: Vec<_> = rights(&begin);
    begun.sort();
    assert_eq!(begun, [(begin.join(".env"), 0o600), (begin.join("data"), 0o700)]);
    fs::remove_dir_all(ana.data()).unwrap();

    ana.set("RODA_WEB_LOGIN", "token").start();
    let data = ana.data();
    let (copy, key) = (data.join("copy.db"), data.join("key"));
    let [copied, kept] = [&copy, &key].map(|path| path.to_str().unwrap().to_owned());
    for args in [&["backup", &copied][..], &["key", "--file", &kept]] {
        let ran = ana.command(args).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    }
    let all = rights(&data);
    let written = [
        "identity",
        "keys",
        "lock",
        "roda.db",
        "roda.db-wal",
        "roda.db-shm",
        "web-token",
        "web-address",
        "peer-address",
        "copy.db",
        "key",
    ];
    for name in written {
        assert!(all.contains(&(data.join(name), 0o600)), "{name}: {all:?}");
    }
    assert_eq!(all.len(), written.len(), "{all:?}");
    let house = rights(data.parent().unwrap());
    assert!(house.contains(&(data, 0o700)), "{house:?}");
}
