//! Members that ask a node for its history: slowly, and without end.

use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use roda::protocol::id::NodeId;
use roda::protocol::limits::{AGAIN_BYTES_MAX, AGAIN_BYTES_PER_SECOND, INTEGER_MAX};
use roda::protocol::packet::circle::{Packet, Range, Sync, Want};
use roda::seal::GroupKey;
use roda::store::Options;
use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;

use crate::author::Author;
use crate::circle::Owner;
use crate::ends::HANGS;
use crate::ends::hand::ByHand;
use crate::program::{Program, eventually};

/// Runs that one commit takes.
const AT_ONCE: usize = 500;

/// A node of circle 9 that holds `count` runs of one author, of `each` texts with so many bytes.
fn holding(count: usize, each: usize, bytes: usize) -> (TempDir, Program, NodeId) {
    let house = tempfile::tempdir().unwrap();
    let key = GroupKey::from_bytes([9; 32]);
    let mut ana = Program::new(house.path(), "Ana", &key.text());
    ana.start().say("a member of the circle");
    assert!(ana.stop().success());
    let fingerprints = vec![key.derive().fingerprint];
    let mut owner = Owner::with(&ana.data(), Options { fingerprints, ..Options::default() });
    let mut author = Author::new(100);
    let texts = vec![roda::conversation::kind::text::body(&"x".repeat(bytes)); each];
    for from in (0..count).step_by(AT_ONCE) {
        let runs = (from..count).take(AT_ONCE);
        let writes = runs.map(|_| owner.arrives(author.says(&texts, None)));
        let writes = writes.collect();
        owner.commit(writes);
    }
    owner.close();
    ana.start();
    (house, ana, author.id())
}

/// Asks for all that there is of an author.
fn everything_of(author: NodeId) -> Packet {
    Packet::Want(Want { ranges: vec![Range { author, from: 1, to: INTEGER_MAX }], hashes: vec![] })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_fetches_much_keeps_its_link_however_slowly_it_reads() {
    const RUNS: usize = 2_000;
    const BYTES: usize = 16_000;
    let (_house, ana, author) =
        tokio::task::spawn_blocking(|| holding(RUNS, 1, BYTES)).await.unwrap();
    let mut hand = ByHand::link(ana.peers().parse().unwrap()).await;
    hand.say(&everything_of(author).encode(0)).await;
    let (mut came, mut part) = (0, vec![0; 1024 * 1024]);
    while came < RUNS * BYTES {
        // Reads no more until the node has done something else.
        let door = ana.door();
        let say = move || door.say("meanwhile").map(|(status, _)| status);
        assert_eq!(tokio::task::spawn_blocking(say).await.unwrap(), Some(201));
        let read = timeout(HANGS, hand.socket.read_exact(&mut part)).await.expect("more comes");
        came += read.expect("the link stays");
    }
    assert!(!ana.log().contains("too slowly"), "{}", ana.log());
}

/// A member that asks for everything of an author every 200 ms, and reads all that comes.
struct Asker {
    stop: Arc<AtomicBool>,
    read: Arc<AtomicU64>,
    asking: tokio::task::JoinHandle<()>,
}

impl Asker {
    async fn start(ana: &Program, author: NodeId) -> Asker {
        let (stop, read) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (stopped, count) = (stop.clone(), read.clone());
        let mut hand = ByHand::link(ana.peers().parse().unwrap()).await;
        let asking = tokio::spawn(async move {
            let mut beat = tokio::time::interval(Duration::from_millis(200));
            // It holds nothing that the node would have to wait for.
            let nothing = Sync { whole: true, ..Sync::default() };
            hand.say(&Packet::Sync(nothing).encode(0)).await;
            let (mut n, mut part) = (1, vec![0; 256 * 1024]);
            while !stopped.load(Ordering::Relaxed) {
                tokio::select! {
                    _ = beat.tick() => {
                        hand.say(&everything_of(author).encode(n)).await;
                        n += 1;
                    }
                    came = hand.socket.read(&mut part) => {
                        let came = came.expect("the link stays");
                        assert!(came > 0, "the link stays");
                        count.fetch_add(came as u64, Ordering::Relaxed);
                    }
                }
            }
        });
        Asker { stop, read, asking }
    }

    async fn end(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.asking.await.expect("its link stayed");
        self.read.load(Ordering::Relaxed)
    }
}

/// How long each of these messages takes until it is acknowledged, the longest last.
async fn times_of(ana: &Program, what: &str, count: usize) -> Vec<Duration> {
    let (door, what) = (ana.door(), what.to_owned());
    let says = move || {
        let mut times: Vec<Duration> = (0..count)
            .map(|number| {
                let start = Instant::now();
                assert_eq!(door.say(&format!("{what} {number}")).unwrap().0, 201);
                start.elapsed()
            })
            .collect();
        times.sort();
        times
    };
    tokio::task::spawn_blocking(says).await.unwrap()
}

/// Bytes of frames for these bytes of runs, as an upper bound: base64, and what is around them.
fn as_frames(bytes: u64) -> u64 {
    bytes * 3 / 2
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_asks_for_everything_without_end_is_served_a_bounded_number_of_bytes() {
    const RUNS: usize = 1_000;
    const BYTES: usize = 2_000;
    /// Answers of ten times the log come to more than may be served in this time.
    const MESSAGES: usize = 200;
    let (_house, ana, author) =
        tokio::task::spawn_blocking(|| holding(RUNS, 1, BYTES)).await.unwrap();
    let start = Instant::now();
    let asker = Asker::start(&ana, author).await;
    let held = (RUNS * BYTES) as u64;
    while asker.read.load(Ordering::Relaxed) < held {
        assert!(!asker.asking.is_finished() && start.elapsed() < HANGS, "what is new comes");
        tokio::task::yield_now().await;
    }
    let times = times_of(&ana, "while it asks", MESSAGES).await;
    let (seconds, read) = (start.elapsed().as_secs() + 1, asker.end().await);
    println!("{read} bytes in {seconds} s; a message took {:?} at most", times.last());
    let paced = AGAIN_BYTES_MAX + AGAIN_BYTES_PER_SECOND * seconds;
    let held = held + (RUNS * 512) as u64;
    // What is on its way at the end comes to an answer more.
    let most = as_frames(held + paced + 1024 * 1024);
    assert!(read <= most, "{read} bytes went out in {seconds} s, {most} at most are due");
}

/// A process that does nothing but keep a processor busy; it ends with its handle.
struct Spinner(Child);

impl Drop for Spinner {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures: on a quiet machine, cargo test --release --locked --test strangers \
            measured -- --ignored --nocapture"]
async fn measured_while_a_member_asks() {
    let (_house, ana, author) =
        tokio::task::spawn_blocking(|| holding(4_000, 1, 60)).await.unwrap();
    let print = |what: &str, times: &[Duration], bytes: u64, took: Duration| {
        let ms = |time: Duration| time.as_millis();
        let rate = bytes as f64 / 1e6 / took.as_secs_f64();
        let (half, most) = (ms(times[times.len() / 2]), ms(times[times.len() - 1]));
        println!("{what}: a message takes {half} ms, {most} at most; {rate:.2} MB/s go out");
    };
    for spinning in [0, 6] {
        let spin =
            || Spinner(Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap());
        let spinners: Vec<Spinner> = std::iter::repeat_with(spin).take(spinning).collect();
        let alone = format!("{spinning} spin, nobody asks");
        print(&alone, &times_of(&ana, &alone, 50).await, 0, Duration::from_secs(1));
        let (start, asker) = (Instant::now(), Asker::start(&ana, author).await);
        let asked = format!("{spinning} spin, a member asks");
        let times = loop {
            let times = times_of(&ana, &format!("{asked} {:?}", start.elapsed()), 50).await;
            if start.elapsed() > Duration::from_secs(6) {
                break times;
            }
        };
        print(&asked, &times, asker.read.load(Ordering::Relaxed), start.elapsed());
        asker.end().await;
        let after = format!("{spinning} spin, just after");
        print(&after, &times_of(&ana, &after, 50).await, 0, Duration::from_secs(1));
        drop(spinners);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures: on a quiet machine, MESSAGES=1000000 cargo test --release --locked \
            --test strangers measured -- --ignored --nocapture"]
async fn measured_while_a_newcomer_fetches() {
    let messages = std::env::var("MESSAGES").map_or(100_000, |text| text.parse().unwrap());
    for each in [1, 250] {
        let fill = move || holding(messages / each, each, 60);
        let (house, ana, _) = tokio::task::spawn_blocking(fill).await.unwrap();
        let mut bob = Program::new(house.path(), "Bob", &ana.key());
        bob.set("RODA_PEERS", ana.peers()).set("RODA_LOG", "info").start();
        let (start, door) = (Instant::now(), bob.door());
        let fetched = tokio::task::spawn_blocking(move || {
            for part in 1..=20 {
                eventually("the next part is fetched", || {
                    let held = door.get("/api/status")?.1["messages"].as_u64()?;
                    (held >= (messages * part / 20) as u64).then_some(())
                });
            }
        });
        let times = times_of(&ana, "meanwhile", 100).await;
        fetched.await.unwrap();
        let lost = ana.log().matches("too slowly").count();
        println!(
            "{messages} messages in runs of {each}: {:.1} s, {lost} drops; a message of the source \
             takes {:?}, {:?} at most",
            start.elapsed().as_secs_f64(),
            times[times.len() / 2],
            times[times.len() - 1],
        );
    }
}
