//! What somebody has who kept every byte of a session, and what the group key then tells.

use std::net::SocketAddr;
use std::time::Duration;

use roda::handshake::Dialler;
use roda::protocol::packet::Lane;
use roda::seal::{CircleKeys, GroupKey, Key, Opener, extract, sha256};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use zeroize::Zeroizing;

use crate::ends::hand::{local, token};
use crate::ends::{message, node, run, start};
use crate::needle::{Needle, decode};
use crate::program::Program;
use crate::tape::{Recorder, Tape, frames};

/// Nobody listens there: a node that names it can only dial.
const NOWHERE: &str = "127.0.0.1:1";
const TEXTS: [&str; 3] = ["a sentence of Ana, said once", "palavras do Bento, ditas", "the last"];

/// A session of two real nodes, as whoever stands between them has it.
struct Session {
    key: String,
    nodes: [Program; 2],
    tapes: Vec<Tape>,
    _house: tempfile::TempDir,
}

async fn session() -> Session {
    let house = tempfile::tempdir().unwrap();
    let key = fernet::Fernet::generate_key();
    let recorder = Recorder::start().await;
    let mut bento = Program::new(house.path(), "Bento", &key);
    bento.set("RODA_NAME", "Bento Recordado").set("RODA_ADVERTISE", recorder.address.to_string());
    bento.start();
    recorder.to(bento.peers().parse::<SocketAddr>().unwrap());
    let mut ana = Program::new(house.path(), "Ana", &key);
    ana.set("RODA_NAME", "Ana Recordada").set("RODA_ADVERTISE", NOWHERE);
    ana.set("RODA_PEERS", recorder.address.to_string()).start();
    ana.eventually_linked(1);
    ana.say(TEXTS[0]);
    bento.say(TEXTS[1]);
    bento.eventually_shows(TEXTS[0]);
    ana.eventually_shows(TEXTS[1]);
    ana.say(TEXTS[2]);
    bento.eventually_shows(TEXTS[2]);
    let tapes = recorder.tapes();
    assert!(!tapes.is_empty() && tapes.iter().flatten().all(|side| frames(side).len() > 3));
    Session { key, nodes: [ana, bento], tapes, _house: house }
}

/// What nobody may find in a session.
fn needles(session: &Session) -> Vec<Needle> {
    let mut needles: Vec<Needle> =
        TEXTS.iter().map(|text| Needle::new(*text, text.as_bytes())).collect();
    for (node, name) in session.nodes.iter().zip(["Ana Recordada", "Bento Recordado"]) {
        needles.push(Needle::new(name, name.as_bytes()));
        needles.push(Needle::new(format!("{name}'s id"), &hex::decode(node.id()).unwrap()));
        let secret = std::fs::read_to_string(node.data().join("identity")).unwrap();
        let secret = hex::decode(secret.trim()).unwrap();
        needles.push(Needle::new(format!("{name}'s secret"), &secret));
    }
    needles.push(Needle::new("the group key", &*group_key(&session.key).1));
    needles
}

/// The key, and its bytes.
fn group_key(text: &str) -> (GroupKey, Key) {
    let bytes = decode(text.as_bytes()).unwrap();
    (text.parse().unwrap(), Zeroizing::new(bytes.try_into().unwrap()))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_name_or_id_can_be_found_in_a_recorded_session() {
    let session = session().await;
    let mut tokens = 0;
    for side in session.tapes.iter().flatten() {
        for needle in needles(&session) {
            assert!(!needle.is_in(side), "{} is on the wire", needle.what);
        }
        for frame in frames(side) {
            let bytes = decode(&frame[4..]).expect("a frame is a length and a token of base64");
            tokens += 1;
            for needle in needles(&session) {
                assert!(!needle.is_in(&bytes), "{} is in a token", needle.what);
            }
        }
    }
    assert!(tokens > 8, "{tokens} tokens");
}

/// How many frames of a session open with the group key and these guesses of the shared secret.
/// The first two are the hellos.
fn opened(tape: &Tape, circle: &CircleKeys, shared: &[[u8; 32]]) -> usize {
    let [there, back] = tape.each_ref().map(|side| frames(side));
    let wire = [there[0], back[0], there[1], back[1]];
    let transcript = |count: usize| sha256(&wire[..count]);
    let mut keys: Vec<Key> = vec![circle.handshake.clone(), circle.prk.clone()];
    keys.push(Zeroizing::new(circle.gid));
    for salt in [&circle.prk, &circle.handshake] {
        for secret in shared {
            let extracted = extract(salt, secret);
            for (label, count) in [("join i", 2), ("join r", 3), ("i2r", 4), ("r2i", 4)] {
                keys.push(extracted.expand(label.as_bytes(), &transcript(count)));
            }
        }
    }
    let openers: Vec<Opener> = keys.iter().map(Opener::new).collect();
    let opens = |frame: &&&[u8]| openers.iter().any(|opener| opener.open(&frame[4..]).is_ok());
    there.iter().chain(&back).filter(opens).count()
}

/// The fresh public keys that the hellos tell to whoever holds the group key.
fn ephemerals(tape: &Tape, circle: &CircleKeys) -> Vec<[u8; 32]> {
    let told = |side: &Vec<u8>| {
        let hello = Opener::new(&circle.handshake).open(&frames(side)[0][4..]).unwrap();
        let hello: serde_json::Value = serde_json::from_slice(&hello).unwrap();
        let key = hex::decode(hello["ephemeral"].as_str().unwrap()).unwrap();
        key.try_into().unwrap()
    };
    tape.iter().map(told).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_session_stays_shut_with_the_key_in_hand() {
    let session = session().await;
    let (group, bytes) = group_key(&session.key);
    let circle = group.derive();
    for tape in &session.tapes {
        let public = ephemerals(tape, &circle);
        let mut guesses = public.clone();
        guesses.extend([[0; 32], *bytes, circle.gid, *circle.prk, *circle.handshake]);
        // Not even the identities' secrets help, with what the hellos tell.
        for node in &session.nodes {
            let secret = std::fs::read_to_string(node.data().join("identity")).unwrap();
            let secret: [u8; 32] = hex::decode(secret.trim()).unwrap().try_into().unwrap();
            guesses.push(secret);
            guesses.extend(public.iter().map(|theirs| agreed(secret, *theirs)));
        }
        assert_eq!(opened(tape, &circle, &guesses), 2, "the two hellos and nothing more");
    }
}

fn agreed(secret: [u8; 32], theirs: [u8; 32]) -> [u8; 32] {
    let secret = x25519_dalek::StaticSecret::from(secret);
    secret.diffie_hellman(&x25519_dalek::PublicKey::from(theirs)).to_bytes()
}

/// The same attack, with the one secret that is never kept: so that it is known to work.
#[tokio::test(flavor = "multi_thread")]
async fn with_a_fresh_secret_of_the_handshake_the_same_session_opens() {
    let mut listener = start(node(2)).await;
    let recorder = Recorder::start().await;
    recorder.to(listener.address);
    let mut socket = TcpStream::connect(recorder.address).await.unwrap();
    let group = GroupKey::from_bytes([9; 32]);
    let (dialler, m1) = Dialler::start(local(3, 4), &group);
    socket.write_all(&m1).await.unwrap();
    let (joining, m3) = dialler.answered(&token(&mut socket).await).unwrap();
    socket.write_all(&m3).await.unwrap();
    joining.joined(&token(&mut socket).await).unwrap();
    let up = listener.up().await;
    up.sender.try_send(Lane::Live, message(run(2, 10))).unwrap();
    tokio::time::timeout(Duration::from_secs(20), token(&mut socket)).await.unwrap();
    let (tape, circle) = (recorder.tapes().remove(0), group.derive());
    let all = tape.iter().map(|side| frames(side).len()).sum::<usize>();
    assert!(all >= 5, "{all} frames");
    let public = ephemerals(&tape, &circle);
    assert_eq!(opened(&tape, &circle, &public), 2);
    assert_eq!(opened(&tape, &circle, &[agreed([4; 32], public[1])]), all);
}
