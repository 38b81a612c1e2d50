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
