//! A member that makes identities by the hundred, each of which names the one before, and tells one
//! node other versions of them than the next.

use std::sync::Arc;
use std::time::{Duration, Instant};

use roda::protocol::entry::CheckedRun;
use roda::protocol::id::Hash;
use roda::protocol::packet::circle::Packet;
use roda::seal::GroupKey;

use crate::author::Author;
use crate::ends::hand::ByHand;
use crate::program::{Program, eventually};

/// Identities in a chain; `CHAIN=1000` for others.
const CHAIN: usize = 200;
/// The promise for a thousand, with room for a busy machine.
const SOON: Duration = Duration::from_secs(5);

/// The first entry of one of the member's identities.
fn entry(number: usize, words: &str, named: Option<(Hash, u64)>) -> Arc<CheckedRun> {
    Author::numbered(77, number as u64).texts(&[words], named)
}

/// Sends the runs to the node, stays until it holds `all` entries, and goes.
async fn tell(node: &Program, runs: &[Arc<CheckedRun>], all: usize) {
    let mut hand = ByHand::link(node.peers().parse().unwrap()).await;
    for (n, part) in (0..).zip(runs.chunks(100)) {
        hand.say(&Packet::History(part.to_vec()).encode(n)).await;
    }
    eventually("all are taken", || {
        let held = node.door().get("/api/status")?.1["messages"].as_u64()?;
        (held >= all as u64).then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn chains_of_forked_identities_hold_no_message_up() {
    let count = std::env::var("CHAIN").map_or(CHAIN, |text| text.parse().expect("a number"));
    let house = tempfile::tempdir().unwrap();
    let key = GroupKey::from_bytes([9; 32]).text();
    let mut ana = Program::new(house.path(), "Ana", &key);
    ana.start();
    let mut bob = Program::new(house.path(), "Bob", &key);
    bob.set("RODA_PEERS", ana.peers()).start();
    bob.eventually_linked(1);
    // Each chain goes on from the one before, so that its counters lie above all that was said.
    let mut named = None;
    for nth in 1..=3 {
        let mut chained = Vec::new();
        for number in 0..count {
            let run = entry(nth * 10_000 + number, "for one", named);
            named = Some((run.head(), run.last_lamport()));
            chained.push(run);
        }
        let others = (0..count).map(|number| entry(nth * 10_000 + number, "for another", None));
        // Two profiles, what was said before, and an entry of every identity: the other node may
        // pass on some before the hand tells them.
        let all = 2 + (nth - 1) + nth * count;
        tell(&ana, &chained, all).await;
        tell(&bob, &others.collect::<Vec<_>>(), all).await;
        let text = format!("an honest word after chain {nth}");
        ana.say(&text);
        let start = Instant::now();
        eventually("Bob shows it as the newest", || {
            let page = bob.door().get("/api/messages?limit=1")?.1;
            (page["messages"][0]["text"] == text.as_str()).then_some(())
        });
        println!("chain {nth} of {count}: {:?}", start.elapsed());
        assert!(start.elapsed() < SOON, "chain {nth} held a message up: {:?}", start.elapsed());
    }
}
