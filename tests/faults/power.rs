//! Power cuts: a real node runs under `strace`, and what it asked of the disk is played again up to
//! any point, with all that was not synced by then lost, kept or torn.
//! Long, because what is recorded, cut and looked for afterwards is one claim.
//!
//! ```sh
//! TALK=400 CUTS=2000 SEED=1 cargo test --test faults -- --nocapture power
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use roda::protocol::id::NodeId;
use roda::store::{OpenError, Opened, Options, Store, StoreEvent};
use serde_json::Value;
use tempfile::TempDir;

use crate::platter::{Fate, Platter};
use crate::program::{Program, eventually};
use crate::trace::{self, Call, Event};

/// Cuts of the ordinary run.
const CUTS: usize = 300;
/// Cuts from which a whole node is started.
const STARTS: usize = 3;
/// Messages of each of Ana's writers between two stops. From some 400 on the log of the database is
/// taken over into it, and begun again, while she talks.
const TALK: u64 = 40;
const WRITERS: usize = 2;
/// More than were ever written.
const MESSAGES_MAX: usize = 1_000_000;
/// Looks at what Bento has been told, between two stops.
const LOOKS: usize = 6;

/// What Bento had been told by Ana before she acknowledged `text`.
struct Look {
    text: String,
    /// Entries of her log.
    head: u64,
    /// The count of her newest receipt.
    receipt: u64,
    /// A message of Bento's that she has vouched to hold.
    vouched: String,
}

/// Ana's life: a start, talk, a clean stop, a start, talk, and her end.
struct Recording {
    _house: TempDir,
    folder: PathBuf,
    key: String,
    ana: String,
    events: Vec<Event>,
    /// Where a process ended.
    ends: Vec<usize>,
    looks: Vec<Look>,
    identity: Vec<u8>,
    keys: String,
}

fn recording() -> Option<&'static Recording> {
    static RECORDING: OnceLock<Option<Recording>> = OnceLock::new();
    let recording = RECORDING.get_or_init(|| {
        let there = Command::new("strace").args(["-f", "--seccomp-bpf", "true"]).output();
        there.is_ok_and(|run| run.status.success()).then(record)
    });
    if recording.is_none() {
        println!("skipped: this needs strace, and the right to trace");
    }
    recording.as_ref()
}

fn record() -> Recording {
    let house = tempfile::tempdir().unwrap();
    let key = fernet::Fernet::generate_key();
    let mut bento = Program::new(house.path(), "Bento", &key);
    bento.start();
    let mut ana = Program::new(house.path(), "Ana", &key);
    ana.set("RODA_PEERS", bento.peers()).set("RODA_LOG", "warn");
    let (mut events, mut ends, mut looks, mut said) = (Vec::new(), vec![], vec![], vec![]);
    let mut id = String::new();
    for part in 0..2 {
        let output = house.path().join(format!("trace-{part}"));
        let wrapper = trace::wrapper(&output);
        ana.wrap(&wrapper.iter().map(String::as_str).collect::<Vec<_>>()).start();
        ana.eventually_linked(1);
        id = ana.id();
        said.extend(talk(part, &ana, &bento, &mut looks));
        let pid = ana.pid();
        match part {
            0 => assert!(ana.stop().success()),
            _ => ana.kill(),
        }
        let text = eventually("the trace is whole", || trace::whole(&output, pid));
        events.extend(trace::read(&text, events.len()));
        ends.push(events.len());
    }
    let traced: Vec<String> = events.iter().filter_map(acknowledged).collect();
    for text in &said {
        assert!(traced.contains(text), "an acknowledgement is not in the trace");
    }
    let folder = ana.data().parent().unwrap().to_owned();
    let identity = std::fs::read(ana.data().join("identity")).unwrap();
    let keys = std::fs::read_to_string(ana.data().join("keys")).unwrap();
    Recording { _house: house, folder, key, ana: id, events, ends, looks, identity, keys }
}

/// Ana and Bento talk; gives all that Ana has acknowledged.
fn talk(part: usize, ana: &Program, bento: &Program, looks: &mut Vec<Look>) -> Vec<String> {
    let mut said = Vec::new();
    thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                scope.spawn(move || {
                    let text = |number: usize| {
                        let long = "x".repeat(number * number * 131 % 9_000);
                        format!("{part}: {number} of Ana's writer {writer} {long}")
                    };
                    let texts: Vec<String> = (0..number("TALK", TALK) as usize).map(text).collect();
                    texts.iter().for_each(|text| drop(ana.say(text)));
                    texts
                })
            })
            .collect();
        for look in 0..LOOKS {
            let vouched = format!("{part}: {look} of Bento");
            let message = bento.say(&vouched);
            let path = format!("/api/messages/{}", message["id"].as_str().unwrap());
            let id = Value::from(ana.id());
            eventually("Ana vouches for it", || {
                let stored = bento.door().get(&path)?.1["stored"].as_array()?.clone();
                stored.contains(&id).then_some(())
            });
            let text = format!("{part}: {look} was looked at");
            let (head, receipt) = told(bento, &id);
            ana.say(&text);
            said.push(text.clone());
            looks.push(Look { text, head, receipt, vouched });
        }
        said.extend(writers.into_iter().flat_map(|writer| writer.join().unwrap()));
    });
    said
}

/// What a node holds of another: entries of its log, and the count of its newest receipt.
fn told(node: &Program, of: &Value) -> (u64, u64) {
    let database = rusqlite::Connection::open(node.data().join("roda.db")).unwrap();
    let id = hex::decode(of.as_str().unwrap()).unwrap();
    let sql = "SELECT (SELECT max(seq) FROM entries WHERE author = authors.id),
                      (SELECT count FROM receipts WHERE author = authors.id)
               FROM authors WHERE node = ?";
    let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
    let (head, receipt) = database.query_row(sql, [id], row).unwrap();
    (head as u64, receipt as u64)
}

/// The text of the message whose acknowledgement begins to leave the node here.
fn acknowledged(event: &Event) -> Option<String> {
    let Event::Begin(_, Call::Write { bytes, .. }) = event else { return None };
    if !bytes.starts_with(b"HTTP/1.1 201") {
        return None;
    }
    let text = String::from_utf8_lossy(bytes);
    let body: Value = serde_json::from_str(text.split_once("\r\n\r\n")?.1).unwrap();
    Some(body["text"].as_str().unwrap().to_owned())
}

/// What has to be there after a cut.
#[derive(Default)]
struct Promised {
    texts: Vec<String>,
    head: u64,
    receipt: u64,
}

impl Promised {
    fn take(&mut self, event: &Event, looks: &[Look]) {
        let Some(text) = acknowledged(event) else { return };
        if let Some(look) = looks.iter().find(|look| look.text == text) {
            self.head = self.head.max(look.head);
            self.receipt = self.receipt.max(look.receipt);
            self.texts.push(look.vouched.clone());
        }
        self.texts.push(text);
    }

    /// Opens the store in the folder as a start does.
    fn check(&self, data: &Path, recording: &Recording) -> Result<(), String> {
        let file = |name: &str, whole: &[u8]| match std::fs::read(data.join(name)) {
            Ok(bytes) if bytes == whole => Ok(()),
            Ok(_) => Err(format!("{name} is not what was written")),
            Err(_) if self.texts.is_empty() => Ok(()),
            Err(why) => Err(format!("{name}: {why}")),
        };
        file("identity", &recording.identity)?;
        file("keys", recording.keys.as_bytes())?;
        let fingerprints = recording.keys.lines().map(str::to_owned).collect();
        let options = Options { fingerprints, ..Options::default() };
        let opened = Store::open(data, options.clone()).map_err(|why| why.to_string())?;
        let Opened { restored, reader, archive, writer, mut events, set_aside, lost: gone, .. } =
            opened;
        let mut counts = BTreeMap::<String, usize>::new();
        for row in reader.newest(MESSAGES_MAX).map_err(|why| why.to_string())?.rows {
            let body: Value = serde_json::from_str(&row.body).map_err(|why| why.to_string())?;
            if let Some(text) = body["text"].as_str() {
                *counts.entry(text.to_owned()).or_default() += 1;
            }
        }
        drop((writer, reader, archive));
        while events.blocking_recv().is_some() {}
        poll_sound(data, &options)?;

        let id = NodeId(hex::decode(&recording.ana).unwrap().try_into().unwrap());
        let head = restored.members.get(&id).and_then(|ana| ana.head).map_or(0, |head| head.seq);
        let lost = self.texts.iter().find(|text| !counts.contains_key(*text));
        let wrong = [
            set_aside.map(|_| "the database was set aside".to_owned()),
            gone.then(|| "the identity may not be used again".to_owned()),
            lost.map(|text| format!("{text:.40} is lost")),
            counts.values().any(|&count| count > 1).then(|| "a message is doubled".to_owned()),
            (head < self.head).then(|| format!("{head} entries, told of {}", self.head)),
            (restored.receipt_ceiling < self.receipt)
                .then(|| format!("{} receipts, sent {}", restored.receipt_ceiling, self.receipt)),
        ];
        wrong.into_iter().flatten().next().map_or(Ok(()), Err)
    }
}

/// Opens the store until its check has had the time to end, and to find nothing.
fn poll_sound(data: &Path, options: &Options) -> Result<(), String> {
    for wait in (0..14).map(|doubled| Duration::from_millis(1 << doubled)) {
        let opened = match Store::open(data, options.clone()) {
            // Whatever another test is starting this very moment holds what this process holds.
            Err(OpenError::Locked(_)) => {
                thread::sleep(wait);
                continue;
            }
            opened => opened.map_err(|why| why.to_string())?,
        };
        let Opened { reader, archive, writer, mut events, .. } = opened;
        thread::sleep(wait);
        drop((writer, reader, archive));
        while let Some(event) = events.blocking_recv() {
            if let StoreEvent::Damaged(why) = event {
                return Err(why);
            }
        }
        let database = rusqlite::Connection::open(data.join("roda.db")).unwrap();
        let clean = "SELECT value FROM meta WHERE name = 'clean'";
        if database.query_row(clean, [], |row| row.get(0)).unwrap() {
            return Ok(());
        }
    }
    Err("the check does not end".to_owned())
}

/// Points at which the power goes: half of them within three events of a sync or an answer.
fn points(recording: &Recording, count: usize, random: &mut fastrand::Rng) -> Vec<usize> {
    let events = &recording.events;
    let near = |event: &Event| {
        matches!(event, Event::Begin(_, Call::Sync(_))) || acknowledged(event).is_some()
    };
    let near: Vec<usize> = (0..events.len()).filter(|&index| near(&events[index])).collect();
    let mut points: Vec<usize> = (0..count)
        .map(|number| match number % 2 {
            0 => random.usize(..=events.len()),
            _ => (random.choice(&near).unwrap() + random.usize(..4)).min(events.len()),
        })
        .collect();
    points.sort_unstable();
    points
}

/// Plays the recording up to each point and gives what the disk then holds to `look`.
fn cut(
    recording: &Recording,
    deaf_to: Option<&'static str>,
    cuts: usize,
    seed: u64,
    mut look: impl FnMut(usize, Fate, &Path, &Promised),
) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut platter = Platter::new(&recording.folder);
    platter.deaf_to = deaf_to;
    let (mut promised, mut played) = (Promised::default(), 0);
    let fates = [Fate::Lost, Fate::Some, Fate::Torn(512), Fate::Torn(4_096), Fate::Kept];
    let house = tempfile::tempdir().unwrap();
    for (number, point) in points(recording, cuts, &mut random).into_iter().enumerate() {
        for event in &recording.events[played..point] {
            if recording.ends.contains(&played) {
                platter.ended();
            }
            platter.take(event);
            promised.take(event, &recording.looks);
            played += 1;
        }
        let fate = fates[number % fates.len()];
        let found = house.path().join(format!("{number}"));
        platter.cut(&found, fate, &mut random);
        look(point, fate, &found, &promised);
        std::fs::remove_dir_all(found).unwrap();
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap())
}

#[test]
fn after_a_power_cut_at_any_point_what_was_acknowledged_is_there() {
    let Some(recording) = recording() else { return };
    let (seed, cuts) = (number("SEED", fastrand::u64(..)), number("CUTS", CUTS as u64) as usize);
    println!("SEED={seed}");
    let (mut made, mut lost, house) = (0, 0, tempfile::tempdir().unwrap());
    cut(recording, None, cuts, seed, |point, fate, found, promised| {
        made += 1;
        let data = found.join("data");
        if made % (cuts / STARTS).max(1) == 0 {
            let mut again = Program::new(house.path(), &format!("{made}"), &recording.key);
            copy(&data, &again.data());
            again.start();
            assert_eq!(again.id(), recording.ana, "SEED={seed}, point {point}: another member");
            let shown = again.door().conversation().unwrap();
            for text in &promised.texts {
                let count = shown.iter().filter(|(.., shown)| shown == text).count();
                assert_eq!(count, 1, "SEED={seed}, point {point}, {fate:?}: {text:.40}");
            }
        }
        promised.check(&data, recording).unwrap_or_else(|why| {
            panic!("SEED={seed}, cut at {point} of {}, {fate:?}: {why}", recording.events.len())
        });
        lost = promised.texts.len();
    });
    println!("{made} cuts of {} events, {lost} texts at the last", recording.events.len());
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn a_power_cut_on_a_disk_that_does_not_keep_its_word_is_seen_to_lose() {
    let Some(recording) = recording() else { return };
    // The log of the database, the database itself, and the folder's names.
    for deaf_to in ["roda.db-wal", "roda.db", "data", "Ana", "keys.new", "identity.new"] {
        let mut failed = 0;
        cut(recording, Some(deaf_to), 40, 1, |_, _, found, promised| {
            failed += usize::from(promised.check(&found.join("data"), recording).is_err());
        });
        assert!(failed > 0, "nobody misses what was synced to {deaf_to}");
        println!("{failed} of 40 cuts lose where syncs of {deaf_to} do nothing");
    }
}
