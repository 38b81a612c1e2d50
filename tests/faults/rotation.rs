//! A circle that changes its key while it talks.

use crate::program::{Program, eventually, eventually_agree};

const ROUNDS: usize = 3;

/// Restarts one node with these keys, knowing the others by where they are now.
fn restart(nodes: &mut [Program], at: usize, keys: &str) {
    assert!(nodes[at].stop().success());
    let others = nodes.iter().enumerate().filter(|(other, _)| *other != at);
    let known: Vec<String> = others.map(|(_, node)| node.peers()).collect();
    nodes[at].set("RODA_KEY", keys).set("RODA_PEERS", known.join(",")).start();
}

fn all_say(nodes: &[Program], what: &str, said: &mut Vec<String>) {
    for (number, node) in nodes.iter().enumerate() {
        for round in 0..ROUNDS {
            let text = format!("{what}, {round} of {number}");
            node.say(&text);
            said.push(text);
        }
    }
}

#[test]
fn a_running_circle_changes_its_key_step_by_step_and_then_keeps_the_old_one_out() {
    let house = tempfile::tempdir().unwrap();
    let [old, new] = [(); 2].map(|()| fernet::Fernet::generate_key());
    let mut nodes: Vec<Program> = Vec::new();
    for name in ["Ana", "Bento", "Caio"] {
        let known: Vec<String> = nodes.iter().map(Program::peers).collect();
        let mut node = Program::new(house.path(), name, &old);
        node.set("RODA_PEERS", known.join(",")).start();
        nodes.push(node);
    }
    let ids: Vec<String> = nodes.iter().map(Program::id).collect();
    let mut said = Vec::new();
    nodes.iter().for_each(|node| node.eventually_linked(2));
    for keys in [format!("{new},{old}"), new.clone()] {
        for at in 0..nodes.len() {
            all_say(&nodes, &format!("before step {at} of {}", keys.len()), &mut said);
            restart(&mut nodes, at, &keys);
            // The others say something while the one comes back.
            all_say(&nodes, &format!("after step {at} of {}", keys.len()), &mut said);
            nodes.iter().for_each(|node| node.eventually_linked(2));
        }
    }
    eventually_agree(&nodes.iter().collect::<Vec<_>>(), &said);
    assert_eq!(nodes.iter().map(Program::id).collect::<Vec<_>>(), ids, "the same members");

    let all: Vec<String> = nodes.iter().map(Program::peers).collect();
    let mut late = Program::new(house.path(), "Late", &old);
    late.set("RODA_PEERS", all.join(",")).start();
    for place in &all {
        eventually(&format!("{place} refused the old key"), || {
            let refused = |line: &str| line.contains("no link") && line.contains(place);
            late.log().lines().any(refused).then_some(())
        });
    }
    let status = late.status();
    assert_eq!(status["links"], 0, "{status}");
    assert!(nodes.iter().all(|node| node.status()["links"] == 2));
    // With the new one it is in, and has everything.
    assert!(late.stop().success());
    late.set("RODA_KEY", format!("{new},{old}")).start();
    late.eventually_linked(1);
    nodes.push(late);
    eventually_agree(&nodes.iter().collect::<Vec<_>>(), &said);
}
