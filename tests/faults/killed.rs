//! Nodes that are killed while they talk.
//!
//! ```sh
//! ROUNDS=200 cargo test --test faults -- --nocapture killed
//! ```

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use roda::store::Reader;

use crate::program::{Door, PATIENCE, Program, eventually, eventually_agree};

/// Rounds of the ordinary run.
const ROUNDS: usize = 10;
/// Messages that each writer may write in a round: the long run stays small enough to compare.
const PER_ROUND: usize = 40;
/// More than all rounds leave.
const MESSAGES_MAX: usize = 1_000_000;
/// Writers on each node.
const WRITERS: usize = 2;

/// What the writers of one node share with the rounds.
struct Desk {
    name: String,
    door: Mutex<Door>,
    /// Texts that were acknowledged, in the order of their acknowledgements.
    acknowledged: Mutex<Vec<String>>,
    /// Messages that may be begun.
    allowed: AtomicUsize,
    stop: AtomicBool,
}

impl Desk {
    fn new(name: &str, node: &Program) -> Arc<Desk> {
        Arc::new(Desk {
            name: name.to_owned(),
            door: Mutex::new(node.door()),
            acknowledged: Mutex::default(),
            allowed: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        })
    }

    fn acknowledged(&self) -> Vec<String> {
        self.acknowledged.lock().unwrap().clone()
    }

    /// Writes until it is told to stop; what is not acknowledged is sent again.
    fn writer(self: &Arc<Desk>, number: usize) -> JoinHandle<()> {
        let desk = self.clone();
        thread::spawn(move || {
            for message in 0.. {
                if !desk.poll_for_leave_to_write() {
                    return;
                }
                let text = format!("{message} of {}'s writer {number}", desk.name);
                desk.eventually_acknowledged(&text);
                desk.acknowledged.lock().unwrap().push(text);
            }
        })
    }

    fn poll_for_leave_to_write(&self) -> bool {
        let less = |allowed: usize| allowed.checked_sub(1);
        while self.allowed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_err() {
            if self.stop.load(Ordering::Relaxed) {
                return false;
            }
            thread::sleep(Duration::from_millis(2));
        }
        true
    }

    fn eventually_acknowledged(&self, text: &str) {
        let start = Instant::now();
        loop {
            let door = self.door.lock().unwrap().clone();
            match door.say(text) {
                Some((201, message)) => return assert_eq!(message["text"], text),
                // Killed, starting, or stopping.
                None | Some((410 | 503, _)) => {}
                Some(other) => panic!("{text}: {other:?}"),
            }
            assert!(start.elapsed() < PATIENCE, "{text} is not acknowledged");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// The texts in the database of a node that does not run, from a copy of its files.
fn on_disk(node: &Program, into: &Path) -> BTreeSet<String> {
    let copy = into.join("copy");
    let _ = std::fs::remove_dir_all(&copy);
    std::fs::create_dir(&copy).unwrap();
    for part in ["roda.db", "roda.db-wal"] {
        // After a clean stop there may be no log.
        let _ = std::fs::copy(node.data().join(part), copy.join(part));
    }
    let database = copy.join("roda.db");
    let checked = rusqlite::Connection::open(&database).unwrap();
    let word: String = checked.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(word, "ok");
    let all = Reader::at(&database).newest(MESSAGES_MAX).unwrap();
    all.rows
        .iter()
        .filter_map(|row| {
            let body: serde_json::Value = serde_json::from_str(&row.body).ok()?;
            Some(body["text"].as_str()?.to_owned())
        })
        .collect()
}

#[test]
fn nothing_acknowledged_is_lost_or_doubled_by_kills_in_mid_talk() {
    let rounds = std::env::var("ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let seed = std::env::var("SEED").map_or_else(|_| fastrand::u64(..), |s| s.parse().unwrap());
    println!("SEED={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let house = tempfile::tempdir().unwrap();
    let key = fernet::Fernet::generate_key();
    let names = ["Ana", "Bento", "Caio"];
    let mut nodes: Vec<Program> = Vec::new();
    for name in names {
        let mut node = Program::new(house.path(), name, &key);
        // Kills make many lines of log.
        node.set("RODA_LOG", "warn");
        node.set("RODA_PEERS", nodes.last().map_or(String::new(), Program::peers)).start();
        // Where it was is where others look for it.
        let peers = node.peers();
        node.set("RODA_LISTEN", peers);
        nodes.push(node);
    }
    let ids: Vec<String> = nodes.iter().map(Program::id).collect();
    let desks: Vec<Arc<Desk>> =
        nodes.iter().zip(names).map(|(node, name)| Desk::new(name, node)).collect();
    let writers: Vec<JoinHandle<()>> =
        desks.iter().flat_map(|desk| (0..WRITERS).map(|number| desk.writer(number))).collect();

    let mut kills = 0;
    for round in 0..rounds {
        let before: Vec<usize> = desks.iter().map(|desk| desk.acknowledged().len()).collect();
        desks.iter().for_each(|desk| desk.allowed.store(PER_ROUND, Ordering::Relaxed));
        // One node mostly, sometimes two, sometimes all.
        let count = *[1, 1, 1, 2, 3].get(random.usize(..5)).unwrap();
        let mut victims: Vec<usize> = (0..nodes.len()).collect();
        random.shuffle(&mut victims);
        victims.truncate(count);
        let so_far = random.usize(1..PER_ROUND - WRITERS);
        let first = victims[0];
        eventually(&format!("{} talks in round {round}", names[first]), || {
            (desks[first].acknowledged().len() >= before[first] + so_far).then_some(())
        });
        for &victim in &victims {
            nodes[victim].kill();
            kills += 1;
        }
        for &victim in &victims {
            let held = on_disk(&nodes[victim], house.path());
            for text in desks[victim].acknowledged() {
                assert!(held.contains(&text), "SEED={seed}, round {round}: {text} is lost");
            }
        }
        for &victim in &victims {
            nodes[victim].start();
            *desks[victim].door.lock().unwrap() = nodes[victim].door();
        }
    }
    desks.iter().for_each(|desk| desk.stop.store(true, Ordering::Relaxed));
    for writer in writers {
        writer.join().unwrap();
    }
    let all: Vec<String> = desks.iter().flat_map(|desk| desk.acknowledged()).collect();
    let held = eventually_agree(&nodes.iter().collect::<Vec<_>>(), &all);
    for (node, id) in nodes.iter().zip(ids) {
        assert_eq!(node.id(), id, "nobody took a new identity");
    }
    println!(
        "{rounds} rounds, {kills} kills, {} acknowledged, {} entries in one order everywhere",
        all.len(),
        held.len()
    );
}
