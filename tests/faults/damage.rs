//! Single flipped bytes in a node's database.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use crate::program::{Program, eventually, eventually_agree};

/// Bytes of a page of the database.
const PAGE: u64 = 4096;
/// Messages: enough for a tree of more than one level.
const MESSAGES: usize = 300;

fn text(number: usize) -> String {
    format!("{number} {}", "words ".repeat(40))
}

/// Ana with all her messages, stopped, all of it in one file; and Bento, who has them too.
fn stopped(house: &Path) -> (Program, Program) {
    let key = fernet::Fernet::generate_key();
    let mut bento = Program::new(house, "Bento", &key);
    bento.start();
    let mut ana = Program::new(house, "Ana", &key);
    ana.set("RODA_PEERS", bento.peers()).start();
    ana.eventually_linked(1);
    (0..MESSAGES).for_each(|number| drop(ana.say(&text(number))));
    eventually_agree(&[&ana, &bento], &[text(MESSAGES - 1)]);
    assert!(ana.stop().success());
    (ana, bento)
}

fn flip(file: &Path, at: u64) {
    let mut file = File::options().read(true).write(true).open(file).unwrap();
    let mut byte = [0];
    file.seek(SeekFrom::Start(at)).unwrap();
    file.read_exact(&mut byte).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(&[byte[0] ^ 0x5a]).unwrap();
}

/// As a stop that was not clean: the next start checks the file.
fn forget_the_clean_stop(database: &Path) {
    let database = rusqlite::Connection::open(database).unwrap();
    database.execute("UPDATE meta SET value = 0 WHERE name = 'clean'", []).unwrap();
}

/// Where this text stands in the file.
fn place_of(text: &str, file: &Path) -> u64 {
    let bytes = fs::read(file).unwrap();
    let found = bytes.windows(text.len()).position(|window| window == text.as_bytes());
    found.expect("the text is in the file") as u64
}

fn marked(ana: &Program) -> PathBuf {
    ana.data().join("roda.db.damaged")
}

/// After a restart the file is aside, the member new, and the conversation whole again.
fn begins_anew(mut ana: Program, bento: &Program, former: &str) {
    ana.kill();
    ana.start();
    assert!(ana.data().join("roda.db.damaged-1").exists(), "kept aside");
    assert!(ana.data().join("identity.old-1").exists(), "so is the identity");
    assert_ne!(ana.id(), former, "what it has signed may not be held");
    let all: Vec<String> = (0..MESSAGES).map(text).collect();
    eventually_agree(&[&ana, bento], &all);
    ana.say("as a new member");
    bento.eventually_shows("as a new member");
}

/// Ana's id, read from a node that does not run.
fn id_of(ana: &mut Program) -> String {
    ana.start();
    let id = ana.id();
    assert!(ana.stop().success());
    id
}

#[test]
fn a_flipped_byte_in_the_tree_is_found_said_and_made_good_by_peers() {
    let house = tempfile::tempdir().unwrap();
    let (mut ana, bento) = stopped(house.path());
    let former = id_of(&mut ana);
    let database = ana.data().join("roda.db");
    forget_the_clean_stop(&database);
    // The kind of a page in which messages stand.
    let page = place_of(&text(MESSAGES / 2), &database) / PAGE * PAGE;
    flip(&database, page);
    ana.start();
    eventually("Ana notes the damage for her next start", || marked(&ana).exists().then_some(()));
    begins_anew(ana, &bento, &former);
}

#[test]
fn a_flipped_byte_in_a_text_is_found_after_an_unclean_stop() {
    let house = tempfile::tempdir().unwrap();
    let (mut ana, bento) = stopped(house.path());
    let former = id_of(&mut ana);
    let database = ana.data().join("roda.db");
    forget_the_clean_stop(&database);
    flip(&database, place_of(&text(MESSAGES / 2), &database) + 20);
    ana.start();
    eventually("Ana notes the damage for her next start", || marked(&ana).exists().then_some(()));
    let unwell = eventually("Ana calls herself unwell", || {
        ana.door().get("/healthz").filter(|(status, _)| *status == 503)
    });
    let why = unwell.1["error"]["message"].to_string();
    assert!(why.contains("damaged") && why.contains("start it again"), "{why}");
    begins_anew(ana, &bento, &former);
}

#[test]
fn a_flipped_byte_in_a_text_is_never_passed_on() {
    let house = tempfile::tempdir().unwrap();
    let (mut ana, mut bento) = stopped(house.path());
    let former = id_of(&mut ana);
    let database = ana.data().join("roda.db");
    // A clean stop: nothing is checked at the start.
    flip(&database, place_of(&text(MESSAGES / 2), &database) + 20);
    bento.kill();
    ana.start();
    let mut caio = Program::new(house.path(), "Caio", &ana.key());
    caio.set("RODA_PEERS", ana.peers()).start();
    caio.eventually_linked(1);
    eventually("Ana notes the damage for her next start", || marked(&ana).exists().then_some(()));
    // The link stays: what she cannot vouch for is not sent. New words still pass.
    ana.say("after the damage");
    caio.eventually_linked(1);
    assert!(!caio.log().contains("the peer's fault"), "Ana is not taken for a liar");
    // Whoever has the message whole gives it to all.
    bento.set("RODA_LISTEN", "127.0.0.1:0").set("RODA_PEERS", caio.peers()).start();
    eventually_agree(&[&bento, &caio], &(0..MESSAGES).map(text).collect::<Vec<_>>());
    ana.set("RODA_PEERS", bento.peers());
    begins_anew(ana, &bento, &former);
}

#[test]
fn a_flipped_byte_at_the_head_of_a_log_is_found_at_the_start() {
    let house = tempfile::tempdir().unwrap();
    let (mut ana, bento) = stopped(house.path());
    let former = id_of(&mut ana);
    let database = ana.data().join("roda.db");
    // After a clean stop: whoever went on from here would contradict what is held elsewhere.
    flip(&database, place_of(&text(MESSAGES - 1), &database) + 20);
    begins_anew(ana, &bento, &former);
}
