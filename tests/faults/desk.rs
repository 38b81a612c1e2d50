//! The program on somebody's machine: its terminal, its browser, its address.
#![cfg(target_os = "linux")] // processes are read from /proc, and all of 127/8 is this machine

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use tempfile::TempDir;

use crate::program::{Program, eventually};

fn ana() -> (TempDir, Program) {
    let house = tempfile::tempdir().unwrap();
    let ana = Program::new(house.path(), "Ana", &fernet::Fernet::generate_key());
    (house, ana)
}

/// What the system does to the programs of a terminal that is closed.
fn hang_up(node: &Program) {
    let sent = Command::new("kill").args(["-HUP", &node.pid().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn a_closed_terminal_stops_a_node_as_it_should_be_stopped() {
    let (_house, mut ana) = ana();
    // Whatever runs this test may have been started by nohup itself.
    ana.wrap(&["env", "--default-signal=HUP"]).start().say("kept");
    // The shell hangs up, and the system does.
    hang_up(&ana);
    hang_up(&ana);
    eventually("Ana ends", || (!ana.is_running()).then_some(()));
    assert!(!ana.data().join("web-address").exists(), "nothing of the running node is left");
    assert!(ana.log().contains("stopping"), "{}", ana.log());
    ana.kill();
    ana.start().eventually_shows("kept");
}

#[test]
fn a_node_that_nohup_started_goes_on() {
    let (_house, mut ana) = ana();
    ana.wrap(&["nohup"]).start();
    hang_up(&ana);
    ana.say("still here");
    assert!(ana.is_running());
}

#[test]
fn the_page_is_served_and_found_at_the_very_address_that_was_set() {
    let (_house, mut ana) = ana();
    ana.set("RODA_WEB", "127.0.0.2:0").start();
    let place = ana.door().place().to_owned();
    assert!(place.starts_with("127.0.0.2:"), "{place}");
    assert!(ana.log().contains(&format!("page: http://{place}/")), "{}", ana.log());
    assert_eq!(ana.door().get("/api/status").expect("it answers").0, 200, "under its own name");
    let status = ana.command(&["status"]).output().unwrap();
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
}

#[test]
fn an_opener_that_fails_is_told_and_waited_for() {
    let (house, mut ana) = ana();
    let opener = house.path().join("xdg-open");
    fs::write(&opener, "#!/bin/sh\nexit 3\n").unwrap();
    fs::set_permissions(&opener, fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    ana.set("PATH", format!("{}:{path}", house.path().display()));
    ana.wrap(&["sh", "-c", "exec \"$@\" --open", "sh"]).start();
    eventually("the failure is told", || {
        ana.log().contains("xdg-open ended with exit status: 3").then_some(())
    });
    assert_eq!(children(ana.pid()), Vec::<String>::new(), "none is left, not even a dead one");
}

/// The state of each child of this process, dead ones too.
fn children(of: u32) -> Vec<String> {
    let stat = |entry: fs::DirEntry| fs::read_to_string(entry.path().join("stat")).ok();
    let stats = fs::read_dir("/proc").unwrap().filter_map(Result::ok).filter_map(stat);
    let child = |stat: String| {
        // After the name, which may hold anything.
        let mut fields = stat.rsplit_once(") ")?.1.split(' ').map(str::to_owned);
        let (state, parent) = (fields.next()?, fields.next()?);
        (parent == of.to_string()).then_some(state)
    };
    stats.filter_map(child).collect()
}
