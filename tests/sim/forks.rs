//! A member that signs two versions: everybody finds out, agrees on where, and nobody honest is
//! held up by it.

use std::sync::Arc;

use ed25519_dalek::SigningKey;
use roda::conversation::kind;
use roda::protocol::circle::Input;
use roda::protocol::entry::{CheckedRun, Place, Run, Said};
use roda::protocol::id::{Hash, NodeId};
use roda::protocol::packet::circle::Packet;

use crate::table::Table;

/// A member that signs what it likes.
struct Liar {
    key: SigningKey,
    id: NodeId,
}

impl Liar {
    fn new() -> Liar {
        let key = SigningKey::from_bytes(&[99; 32]);
        let id = NodeId(key.verifying_key().to_bytes());
        Liar { key, id }
    }

    fn run(&self, seq: u64, prev: Option<Hash>, lamport: u64, texts: &[&str]) -> Arc<CheckedRun> {
        let said = |text: &&str| Said { at: 1, body: kind::text::body(text) };
        let first = Place { author: self.id, seq, prev, seen: None, lamport };
        Arc::new(Run::sign(first, texts.iter().map(said).collect(), &self.key))
    }
}

/// Two halves that cannot see each other are told two versions from `common` entries on.
fn two_halves_told_two_versions(common: usize) -> (Table, Liar) {
    let (mut table, liar) = (Table::new(2), Liar::new());
    table.pass(2_000);
    let texts: Vec<String> = (0..common).map(|number| number.to_string()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let start = liar.run(1, None, 1, &texts);
    let versions = [["left", "and on"], ["right", "and further"]];
    for (node, version) in versions.iter().enumerate() {
        table.feed(node, Input::Up(liar.id));
        table.feed(node, Input::Received(liar.id, Packet::Message(start.clone())));
        let mut prev = start.head();
        for (index, text) in version.iter().enumerate() {
            let seq = (common + 1 + index) as u64;
            let run = liar.run(seq, Some(prev), seq, &[text]);
            prev = run.head();
            table.feed(node, Input::Received(liar.id, Packet::Message(run)));
        }
        table.feed(node, Input::Down(liar.id));
        table.say(node, "an honest word that names the liar's last");
    }
    table.pass(1_000);
    (table, liar)
}

/// Two who are linked get a version each, at once, and show by their receipts that they hold one.
pub fn of_one_length() {
    let (mut table, liar) = (Table::new(2), Liar::new());
    table.link(0, 1);
    table.pass(2_000);
    for (node, words) in ["left", "right"].into_iter().enumerate() {
        table.feed(node, Input::Up(liar.id));
        let run = liar.run(1, None, 1, &[words]);
        table.feed(node, Input::Received(liar.id, Packet::Message(run)));
        table.feed(node, Input::Down(liar.id));
    }
    table.pass(15_000);
    for node in &table.nodes {
        assert_eq!(node.circle.members()[&liar.id].disputed(), Some(1), "they find out");
    }
}

#[test]
fn two_versions_of_one_length_are_found_within_seconds() {
    of_one_length();
}

#[test]
fn two_versions_are_found_and_both_halves_agree_where_they_part() {
    for common in [1, 7, 200] {
        let (mut table, liar) = two_halves_told_two_versions(common);
        table.link(0, 1);
        table.pass(10_000);
        let parts = common as u64 + 1;
        for node in 0..2 {
            assert_eq!(table.nodes[node].circle.members()[&liar.id].disputed(), Some(parts));
            assert_eq!(table.holds(node, liar.id), common + 2, "its entries stay readable");
        }
        assert!(table.disputed.iter().all(|(author, _)| *author == liar.id));
    }
}

#[test]
fn nobody_honest_is_held_up_by_a_fork() {
    let (mut table, _) = two_halves_told_two_versions(3);
    let ids = [table.nodes[0].id, table.nodes[1].id];
    assert_eq!((table.holds(0, ids[1]), table.holds(1, ids[0])), (0, 0), "apart until now");
    table.link(0, 1);
    table.pass(10_000);
    table.say(0, "after the fork");
    table.pass(10_000);
    assert_eq!((table.holds(0, ids[1]), table.holds(1, ids[0])), (2, 3));
    // The liar is not waited for: all that is honest becomes delivered and final.
    for node in &table.nodes {
        assert_eq!(node.circle.members()[&ids[0]].delivered_shown, 3);
        assert!(node.circle.final_shown() >= node.circle.clock());
    }
}

#[test]
fn who_comes_later_learns_of_the_fork_and_of_what_was_the_same_before_it() {
    let (mut table, liar) = two_halves_told_two_versions(5);
    let mut late = Table::new(3);
    table.nodes.push(late.nodes.remove(2));
    table.link(0, 1);
    table.pass(10_000);
    table.link(0, 2);
    table.pass(10_000);
    assert_eq!(table.nodes[2].circle.members()[&liar.id].disputed(), Some(6));
    assert!(table.holds(2, liar.id) >= 5, "the common part");
    let (first, second) = (table.nodes[0].id, table.nodes[1].id);
    assert_eq!((table.holds(2, first), table.holds(2, second)), (2, 2));
}
