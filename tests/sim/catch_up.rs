//! A newcomer fetches a long history over slow links, while all talk on: nothing comes much more
//! than once, and it never stands still for long.

use ed25519_dalek::SigningKey;
use fastrand::Rng;
use roda::protocol::limits::RANGE_RETRY_MS;

use crate::lines::{Lines, Manners, id, key, talk};

/// Milliseconds from one look at the newcomer to the next.
const STEP_MS: u64 = 25;
/// Milliseconds between two messages of each who is here.
const TALK_MS: u64 = 100;
/// Bytes a millisecond between those who were there before.
const FAST: usize = 10_000;
/// Some milliseconds for questions and answers to travel.
const TRIPS_MS: u64 = 500;

struct Scene {
    lines: Lines,
    rng: Rng,
    authors: Vec<SigningKey>,
    /// Bytes and entries of the history.
    bytes: usize,
    entries: usize,
    newcomer: usize,
    grown_at: u64,
    held: usize,
    /// The longest that nothing was added to what it holds, in milliseconds.
    stood: u64,
}

impl Scene {
    /// So many of six authors are here, linked with each other, and a newcomer.
    fn new(here: usize, entries: usize, seed: u64) -> Scene {
        let mut rng = Rng::with_seed(seed);
        let authors: Vec<SigningKey> = (1..=6).map(key).collect();
        let (disk, bytes) = talk(&authors, entries, 160, &mut rng);
        let mut lines = Lines::default();
        for key in &authors[..here] {
            lines.seat(key.clone(), disk.clone());
        }
        let newcomer = lines.seat(key(99), crate::archive::Disk::new());
        for a in 0..here {
            (0..a).for_each(|b| lines.link(a, b, FAST));
        }
        lines.pass(2_000);
        let (entries, held, stood) = (disk.order.len(), 0, 0);
        let grown_at = lines.time;
        Scene { lines, rng, authors, bytes, entries, newcomer, grown_at, held, stood }
    }

    /// A moment, in which those who are here talk; whether the newcomer lacks some of the history.
    fn step(&mut self) -> bool {
        if self.lines.time.is_multiple_of(TALK_MS) {
            (0..self.newcomer).for_each(|node| self.lines.say(node, "and on"));
        }
        self.lines.pass(STEP_MS);
        let held = self.lines.seats[self.newcomer].disk.order.len();
        if held > self.held {
            (self.held, self.grown_at) = (held, self.lines.time);
        }
        self.stood = self.stood.max(self.lines.time - self.grown_at);
        assert!(self.lines.time < 120_000, "{held} of {} are here after two minutes", self.entries);
        self.held < self.entries
    }

    fn came(&self) -> f64 {
        self.lines.seats[self.newcomer].history as f64 / self.bytes as f64
    }

    fn tell(&self, what: &str) {
        let Scene { lines, stood, .. } = self;
        println!(
            "{what}: {} bytes, {:.2} of them came; it stood still for {stood} ms at most, of {} ms",
            self.bytes,
            self.came(),
            lines.time - 2_000
        );
    }
}

/// Three have it, over lines of 1 to 4 MB/s; each quarter of a second one of these is cut.
pub fn over_cut_links() {
    let mut scene = Scene::new(3, 16_000, 4);
    let rates: Vec<usize> = (0..3).map(|_| scene.rng.usize(1_000..4_000)).collect();
    let mut back = [0; 3];
    let newcomer = scene.newcomer;
    let mut cuts = 0;
    loop {
        for node in 0..3 {
            if back[node] <= scene.lines.time && !scene.lines.linked(node, newcomer) {
                scene.lines.link(node, newcomer, rates[node]);
            }
        }
        if scene.lines.time.is_multiple_of(250) {
            let node = scene.rng.usize(..3);
            scene.lines.cut(node, newcomer);
            back[node] = scene.lines.time + scene.rng.u64(50..300);
            cuts += 1;
        }
        if !scene.step() {
            break;
        }
    }
    scene.tell(&format!("{cuts} links cut"));
    assert!(scene.came() < 1.2, "{:.2} times what there is came", scene.came());
    assert!(scene.stood <= RANGE_RETRY_MS, "it stood still for {} ms", scene.stood);
}

/// The first of two takes part in all the talk, and sends nothing that it is asked for.
pub fn from_one_who_only_talks() {
    let mut scene = Scene::new(2, 6_000, 5);
    scene.lines.seats[0].manners = Manners::Silent;
    scene.lines.link(0, scene.newcomer, 2_000);
    (0..4).for_each(|_| assert!(scene.step()));
    scene.lines.link(1, scene.newcomer, 2_000);
    while scene.step() {}
    scene.tell("the first only talks");
    let most = RANGE_RETRY_MS + TRIPS_MS;
    assert!(scene.stood <= most, "it stood still for {} ms", scene.stood);
    assert!(scene.came() < 1.2, "{:.2} times what there is came", scene.came());
    let (took, least) = (scene.lines.time - 2_000, (scene.bytes / 2_000) as u64);
    assert!(took <= 2 * most + 2 * least, "{took} ms, where the line alone takes {least}");
}

/// The first of two leaves the author out that writes most.
pub fn from_one_who_withholds() {
    let mut scene = Scene::new(2, 16_000, 6);
    scene.lines.seats[1].manners = Manners::Withholds(id(&scene.authors[0]));
    scene.lines.link(1, scene.newcomer, 2_000);
    (0..4).for_each(|_| assert!(scene.step()));
    scene.lines.link(0, scene.newcomer, 2_000);
    while scene.step() {}
    scene.tell("the first withholds an author");
    let most = 2 * RANGE_RETRY_MS;
    assert!(scene.stood <= most, "it stood still for {} ms", scene.stood);
    assert!(scene.came() < 1.5, "{:.2} times what there is came", scene.came());
}

#[test]
fn after_any_lost_link_a_long_fetch_goes_on_within_two_seconds_while_all_talk() {
    over_cut_links();
}

#[test]
fn who_talks_and_answers_no_question_holds_up_a_fetch_for_two_seconds() {
    from_one_who_only_talks();
}

#[test]
fn who_withholds_an_author_holds_up_a_fetch_for_some_seconds() {
    from_one_who_withholds();
}
