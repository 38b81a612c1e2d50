//! Commands that talk to a running node, here a stand-in.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use serde_json::json;

use super::fake::{Node, TOKEN, message};
use super::house::House;

/// Lines that wait to be looked at.
const LINES_MAX: usize = 1_024;
/// A line that does not come within this will not come.
const LINE_TIMEOUT: Duration = Duration::from_secs(20);

fn told(house: &House, node: &Node, args: &[&str]) -> super::house::Ran {
    house.run(&[args, &["--node", &node.url()]].concat())
}

#[test]
fn hostile_names_and_texts_do_not_reach_the_terminal() {
    let hostile = json!({"name": "A\u{1b}]0;x\u{7}na\n", "text": "a\u{1b}[2J\u{9b}31m\u{202e}\nb"});
    let node = Node::serve(vec![message(1, 1, hostile)], vec![]);
    let house = House::new();
    let tail = told(&house, &node, &["tail"]).out;
    assert_eq!(tail, "2026-11-22 20:31 A]0;xna: a[2J31m\n    b\n");
    for args in
        [&["export"][..], &["export", "--format", "txt"], &["status"], &["status", "--json"]]
    {
        let ran = told(&house, &node, args);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let steers = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!ran.out.contains(steers), "{args:?}: {:?}", ran.out);
    }
    let refused = told(&house, &node, &["send", "refuse", "me"]);
    assert_eq!((refused.code, &*refused.err), (4, "error: too muchc waits\n"));
}

#[test]
fn tail_prints_the_newest_in_order() {
    let all = (1..=1_200).map(|n| message(n, n, json!({"text": n.to_string()}))).collect();
    let node = Node::serve(all, vec![]);
    let house = House::new();
    let last = |count: &str| {
        let out = told(&house, &node, &["tail", "-n", count]).out;
        out.lines().map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect()
    };
    let (three, many): (Vec<u64>, Vec<u64>) = (last("3"), last("1100"));
    assert_eq!(three, [1_198, 1_199, 1_200]);
    assert_eq!(many, (101..=1_200).collect::<Vec<u64>>());
}

#[test]
fn export_prints_every_message_once_in_order() {
    let all: Vec<_> = (1..=1_100).map(|n| message(n, n, json!({}))).collect();
    let node = Node::serve(all.clone(), vec![]);
    let out = told(&House::new(), &node, &["export"]).out;
    let read: Vec<serde_json::Value> =
        out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(read, all);
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let all: Vec<_> = (1..=2_000).map(|n| message(n, n, json!({}))).collect();
    let node = Node::serve(all, vec![]);
    let house = House::new();
    let mut child = house
        .command(&["export", "--node", &node.url()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    drop(child.stdout.take());
    let done = child.wait_with_output().expect("it ends");
    assert_eq!((done.status.code(), String::from_utf8_lossy(&done.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn tail_follows_and_marks_what_came_late() {
    let held = vec![message(1, 1, json!({"text": "one"})), message(2, 5, json!({"text": "two"}))];
    let live = vec![
        message(2, 5, json!({"text": "two, changed"})),
        message(4, 3, json!({"text": "late"})),
        message(3, 6, json!({"text": "three"})),
    ];
    let node = Node::serve(held, live);
    let house = House::new();
    let mut child = house
        .command(&["tail", "-n", "1", "-f", "--node", &node.url()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let stdout = child.stdout.take().expect("piped");
    let (print, printed) = mpsc::sync_channel(LINES_MAX);
    std::thread::spawn(move || {
        BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| print.send(line))
    });
    let next = || printed.recv_timeout(LINE_TIMEOUT).map(|line| line[17..].to_owned());
    let texts: Vec<String> = (0..3).map_while(|_| next().ok()).collect();
    child.kill().expect("it runs until it is stopped");
    child.wait().expect("it ends");
    assert_eq!(texts, ["Ana: two", "Ana: three", "(late) Ana: late"]);
}

#[test]
fn send_prints_the_messages_id_and_reads_standard_input() {
    let node = Node::serve(vec![], vec![]);
    let house = House::new();
    let id = format!("{}:9\n", "ab".repeat(32));
    assert_eq!(told(&house, &node, &["send", "good", "morning"]).out, id);
    house.write("text", "from a file\n");
    let file = std::fs::File::open(house.path("text")).unwrap();
    let url = node.url();
    let mut command = house.command(&["send", "-", "--node", &url]);
    assert_eq!(command.stdin(file).output().unwrap().status.code(), Some(0));
    let empty = told(&house, &node, &["send", " "]);
    assert_eq!(empty.code, 2, "{}", empty.err);
}

#[test]
fn a_text_that_does_not_fit_is_refused_and_nothing_of_it_is_sent() {
    let node = Node::serve(vec![], vec![]);
    let house = House::new();
    let url = node.url();
    for text in [format!("{}\nREST\n", "b".repeat(16 * 1024)), "é".repeat(9_000)] {
        house.write("text", &text);
        let file = std::fs::File::open(house.path("text")).unwrap();
        let ran = house.command(&["send", "-", "--node", &url]).stdin(file).output().unwrap();
        let said = String::from_utf8(ran.stderr).unwrap();
        assert_eq!((ran.status.code(), ran.stdout.len()), (Some(2), 0), "{said}");
        assert!(said.contains("too long"), "{said}");
    }
    assert_eq!(node.asked(), Vec::<String>::new());
}

#[test]
fn the_data_folder_leads_to_the_node_and_its_token() {
    let node = Node::serve(vec![], vec![]);
    let house = House::new();
    std::fs::create_dir(house.path("data")).unwrap();
    house.write("data/web-address", &format!("{}\n", node.address));
    let without = house.run(&["status", "--data", "data"]);
    assert_eq!(without.code, 4, "{}", without.err);
    assert!(without.err.contains("web-token"), "{}", without.err);
    house.write("data/web-token", TOKEN);
    assert_eq!(house.run(&["status", "--data", "data"]).code, 0);
    assert_eq!(house.run(&["link", "--data", "data"]).out.trim(), node.url());
    assert_eq!(house.run(&["health", "--data", "data"]).out, "ok\n");
}

#[test]
fn a_stale_address_gives_way_to_the_setting() {
    let node = Node::serve(vec![], vec![]);
    let house = House::new();
    std::fs::create_dir(house.path("data")).unwrap();
    let (_held, stale) = super::nobody();
    house.write("data/web-address", &stale);
    house.write("data/web-token", TOKEN);
    let vars = [("RODA_WEB", &*node.address.to_string()), ("RODA_DATA", "data")];
    assert_eq!(house.run_with(&vars, &["status"]).code, 0);
}

#[test]
fn a_member_is_set_aside_by_name() {
    let node = Node::serve(vec![], vec![]);
    let ran = told(&House::new(), &node, &["set-aside", "Ben31mto"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(node.asked().contains(&format!("POST /api/members/{}/aside", "cd".repeat(32))));
}

#[test]
fn leaving_has_to_be_meant() {
    let node = Node::serve(vec![], vec![]);
    let ran = told(&House::new(), &node, &["leave"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("--yes") && node.asked().is_empty(), "{}", ran.err);
}
