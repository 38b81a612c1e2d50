//! A long conversation, written into a node's store before its first start: the fastest way.

use std::collections::BTreeMap;
use std::path::Path;

use roda::conversation::kind;
use roda::protocol::archive::Write;
use roda::protocol::body::Decision;
use roda::protocol::entry::Said;
use roda::seal::GroupKey;
use roda::shell::clock::wall_ms;
use roda::store::{Batch, Opened, Options, Store, StoreEvent};

use crate::author::Author;

/// Who talked. None of them has a node: they are away.
const PEOPLE: [&str; 3] = ["Dandara", "Emil", "Fumiko"];
/// Messages that one says before the next does, in turn.
const TURNS: [usize; 5] = [1, 4, 2, 1, 3];
/// Milliseconds between two messages: a hundred thousand take some weeks.
const PACE_MS: u64 = 30_000;
/// Runs in one batch.
const BATCH: usize = 512;

/// Text of the message with this number, from 0.
pub fn text(number: usize) -> String {
    let words = ["the square", "a drum", "six o'clock", "the long way round", "rain, perhaps"];
    format!("message {number}: {}", words[number % words.len()].repeat(1 + number % 3))
}

/// Writes `count` messages into a data folder that no node has used yet, as heard one by one until
/// now. Gives the number of entries, profiles too.
pub async fn write(data: &Path, key: &str, count: usize) -> usize {
    let profile = |name: &str| vec![Decision::Profile(name.to_owned()).encode()];
    let mut turns: Vec<_> = PEOPLE.map(profile).into_iter().enumerate().collect();
    let mut first = 0;
    while first < count {
        let turn = turns.len();
        let said = TURNS[turn % TURNS.len()].min(count - first);
        let texts = (first..first + said).map(|n| kind::text::body(&text(n)));
        turns.push((turn % PEOPLE.len(), texts.collect()));
        first += said;
    }
    write_turns(data, key, turns).await
}

/// As [`write`]: what was said, in turn, by the people with these numbers.
pub async fn write_turns(data: &Path, key: &str, turns: Vec<(usize, Vec<String>)>) -> usize {
    write_timed(data, key, turns, |_, at| at).await
}

/// As [`write_turns`]: `clock` gives each author's time for the entry with this number, from that
/// of an honest one.
pub async fn write_timed(
    data: &Path,
    key: &str,
    turns: Vec<(usize, Vec<String>)>,
    clock: impl Fn(usize, u64) -> u64,
) -> usize {
    let fingerprint = key.parse::<GroupKey>().unwrap().derive().fingerprint;
    let options = Options { fingerprints: vec![fingerprint], epoch: [7; 8], ..Options::default() };
    let mut store = Store::open(data, options).unwrap();
    let mut authors = BTreeMap::new();
    let entries = turns.iter().map(|(_, bodies)| bodies.len()).sum::<usize>();
    let began = wall_ms() - entries as u64 * PACE_MS;
    // The whole conversation is one chain: each names the one before it.
    let (mut top, mut written, mut writes, mut id) = (None, 0, Vec::new(), 0);
    for (person, bodies) in turns {
        let new = || Author::numbered(1, person as u64);
        let author: &mut Author = authors.entry(person).or_insert_with(new);
        let said = bodies.iter().enumerate().map(|(i, body)| Said {
            at: clock(written + i, began + (written + i) as u64 * PACE_MS),
            body: body.clone(),
        });
        let seen = top.filter(|top| Some(*top) != author.prev);
        let run = author.signs_at(written as u64 + 1, said.collect(), seen);
        top = Some(run.head());
        let (arrival, arrived_at) = (written as u64 + 1, began + written as u64 * PACE_MS);
        written += bodies.len();
        writes.push(Write::Run { run, arrival, arrived_at });
        if writes.len() == BATCH || written == entries {
            id += 1;
            commit(&mut store, Batch { id, writes: std::mem::take(&mut writes) }).await;
        }
    }
    let Opened { writer, mut events, .. } = store;
    drop(writer);
    while events.recv().await.is_some() {}
    entries
}

async fn commit(store: &mut Opened, batch: Batch) {
    let id = batch.id;
    store.writer.try_write(batch).unwrap();
    loop {
        match store.events.recv().await.unwrap() {
            StoreEvent::Committed { through, .. } if through == id => return,
            StoreEvent::Committed { .. } => {}
            other => panic!("expected a commit, not {other:?}"),
        }
    }
}
