//! The `.env`: whose it is, and what of it counts.

use super::house::House;
use super::key;

/// A user that this machine need not know.
#[cfg(unix)]
const SOMEBODY: u32 = 54_321;

#[test]
fn an_unreadable_env_line_is_numbered_and_not_repeated() {
    let house = House::new();
    house.write(".env", "# mine\nRODA_NAME=Ana Maria secret\n");
    let ran = house.run(&["run"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains(".env: line 2 "), "{}", ran.err);
    assert!(!ran.err.contains("secret"));
}

#[test]
fn lines_of_other_programs_in_the_env_file_do_not_matter() {
    let house = House::new();
    house.write(".env", &format!("JAVA_OPTS=-Xmx1g -Xms1g\nRODA_KEY={}\n", key()));
    let ran = house.run(&["invite", "--address", "a:1"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
}

#[test]
#[cfg(unix)]
fn the_env_file_of_another_user_is_refused_and_its_owner_named() {
    use std::os::unix::fs::{chown, lchown, symlink};
    let house = House::new();
    let invite = ["invite", "--address", "a:1"];
    let key = key();
    let ran_below = || {
        std::fs::create_dir_all(house.path("below")).unwrap();
        let mut command = house.command(&invite);
        let ran = command.current_dir(house.path("below")).output().unwrap();
        (ran.status.code(), String::from_utf8(ran.stderr).unwrap())
    };
    house.write(".env", &format!("RODA_KEY={key}\n"));
    assert_eq!(ran_below().0, Some(0), "one's own is followed");
    if chown(house.path(".env"), Some(SOMEBODY), None).is_err() {
        return eprintln!("not shown: only root can give a file away");
    }
    let ran = house.run(&invite);
    for (code, said) in [ran_below(), (Some(ran.code), ran.err)] {
        assert_eq!((code, said.lines().count()), (Some(2), 1), "{said}");
        assert!(said.contains(".env") && said.contains(&format!("uid {SOMEBODY}")), "{said}");
    }
    // Another user's link to a file of one's own: relative paths would start where it stands.
    house.write("mine", &format!("RODA_KEY={key}\n"));
    std::fs::remove_file(house.path(".env")).unwrap();
    symlink("mine", house.path(".env")).unwrap();
    assert_eq!(ran_below().0, Some(0), "one's own link is followed");
    lchown(house.path(".env"), Some(SOMEBODY), None).unwrap();
    assert_eq!(ran_below().0, Some(2));
}

#[test]
fn the_env_file_of_a_folder_above_counts_and_its_paths_start_there() {
    let house = House::new();
    house.write(".env", "RODA_KEY_FILE=./keys\n");
    std::fs::create_dir(house.path("below")).unwrap();
    let mut command = house.command(&["invite", "--address", "a:1"]);
    command.current_dir(house.path("below"));
    assert_eq!(command.output().unwrap().status.code(), Some(2));
    house.write("keys", &format!("{}\n", key()));
    assert_eq!(command.output().unwrap().status.code(), Some(0));
}
