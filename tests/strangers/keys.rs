//! Half of what it takes to be a member: a key without an identity, an identity without the key.

use std::time::Duration;

use ed25519_dalek::SigningKey;
use roda::handshake::{Dialler, Local};
use roda::seal::{GroupKey, Key, seal_once};
use roda::shell::link::LinkEvent;
use roda::shell::links::Pace;
use roda::wire::frame;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::ends::greeted::greeted;
use crate::ends::hand::{answer, first_frame, local, token, until_closed};
use crate::ends::{End, HANGS, Setting, node, start};

/// Every encoding of a point of small order, those above 2^255 - 19 too.
const LOW_ORDER: [&str; 7] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

fn group() -> GroupKey {
    GroupKey::from_bytes([9; 32])
}

fn hello(rest: &str) -> Vec<u8> {
    let json = format!(r#"{{"tag":"hello","version":1,{rest}}}"#);
    frame(seal_once(&group().derive().handshake, json.as_bytes(), 0).as_bytes())
}

/// The point with its unused top bit set, which X25519 does not look at.
fn top_bit_set(point: &str) -> String {
    let mut bytes = hex::decode(point).unwrap();
    bytes[31] |= 0x80;
    hex::encode(bytes)
}

#[tokio::test]
async fn a_low_order_point_gets_not_one_byte_from_a_listener() {
    let mut end = start(node(2)).await;
    for point in LOW_ORDER {
        for point in [point.to_owned(), top_bit_set(point)] {
            let m1 = hello(&format!(r#""ephemeral":"{point}""#));
            assert_eq!(answer(end.address, &m1).await, b"", "{point}");
        }
    }
    assert!(end.events.try_recv().is_err());
}

#[tokio::test]
async fn a_low_order_point_gets_nothing_more_from_a_dialler() {
    let mut a = start(node(1)).await;
    let liar = TcpListener::bind("127.0.0.1:0").await.unwrap();
    for point in LOW_ORDER {
        for point in [point.to_owned(), top_bit_set(point)] {
            a.dial(liar.local_addr().unwrap());
            let mut socket = liar.accept().await.unwrap().0;
            let m1 = frame(&token(&mut socket).await);
            let answers = hex::encode(roda::seal::sha256(&[&m1]));
            let m2 = hello(&format!(r#""ephemeral":"{point}","answers":"{answers}""#));
            socket.write_all(&m2).await.unwrap();
            assert_eq!(until_closed(&mut socket).await, b"", "{point}");
            assert!(matches!(a.event().await, LinkEvent::DialFailed { .. }), "{point}");
        }
    }
}

/// A member's own secret key, and not the circle's.
fn thief() -> Local {
    local(1, 6)
}

#[tokio::test]
async fn a_stolen_identity_without_the_group_key_gets_not_one_byte() {
    let mut end = start(node(2)).await;
    for group in [[0; 32], [8; 32], thief().key.to_bytes()] {
        let (_, m1) = Dialler::start(thief(), &GroupKey::from_bytes(group));
        assert_eq!(answer(end.address, &m1).await, b"");
    }
    assert!(end.events.try_recv().is_err());
}

#[tokio::test]
async fn a_stolen_identity_and_a_recorded_hello_are_not_enough_for_a_link() {
    let mut end = start(node(2)).await;
    let recorded = first_frame(9).1;
    let mut socket = TcpStream::connect(end.address).await.unwrap();
    socket.write_all(&recorded).await.unwrap();
    token(&mut socket).await;
    // What is missing is the shared secret: any other key's join does not open.
    let (_, m3) = {
        let other = GroupKey::from_bytes([8; 32]);
        let (dialler, m1) = Dialler::start(thief(), &other);
        let listener = greeted(local(2, 5), &[other], &m1[4..]);
        dialler.answered(&listener.unwrap().1[4..]).unwrap()
    };
    socket.write_all(&m3).await.unwrap();
    assert_eq!(until_closed(&mut socket).await, b"");
    assert!(end.events.try_recv().is_err());
}

#[tokio::test]
async fn a_dialler_says_nothing_after_its_hello_to_a_stolen_identity() {
    let mut a = start(node(1)).await;
    let liar = TcpListener::bind("127.0.0.1:0").await.unwrap();
    a.dial(liar.local_addr().unwrap());
    let mut socket = liar.accept().await.unwrap().0;
    let m1 = token(&mut socket).await;
    let elsewhere = GroupKey::from_bytes([8; 32]);
    let (_, of_elsewhere) = Dialler::start(local(2, 6), &elsewhere);
    let greeted = greeted(local(2, 5), &[elsewhere], &of_elsewhere[4..]);
    socket.write_all(&greeted.unwrap().1).await.unwrap();
    assert_eq!(until_closed(&mut socket).await, b"", "M1 of {} bytes was all", m1.len());
    assert!(matches!(a.event().await, LinkEvent::DialFailed { .. }));
}

/// A join with this value in a field; a hello stays as it is.
fn set(json: &[u8], field: &str, value: &str) -> Vec<u8> {
    let mut packet: serde_json::Value = serde_json::from_slice(json).unwrap();
    if packet["tag"] == "hello" {
        return json.to_vec();
    }
    packet[field] = value.into();
    serde_json::to_vec(&packet).unwrap()
}

/// Member 1's name under a signature of one's own.
fn other_name(key: &Key, json: &[u8], time: u64) -> String {
    let member = SigningKey::from_bytes(&[1; 32]).verifying_key().to_bytes();
    seal_once(key, &set(json, "node", &hex::encode(member)), time)
}

/// The name that has no secret key: with it, lax verification takes this signature for any text.
fn nobody(key: &Key, json: &[u8], time: u64) -> String {
    let identity = format!("01{}", "00".repeat(31));
    let json = set(json, "node", &identity);
    seal_once(key, &set(&json, "signature", &format!("{identity}{}", "00".repeat(32))), time)
}

fn no_signature(key: &Key, json: &[u8], time: u64) -> String {
    seal_once(key, &set(json, "signature", &"00".repeat(64)), time)
}

fn no_join(key: &Key, json: &[u8], time: u64) -> String {
    seal_once(key, &set(json, "tag", "sync"), time)
}

fn nothing(key: &Key, json: &[u8], time: u64) -> String {
    let hello = json.starts_with(br#"{"tag":"hello""#);
    seal_once(key, if hello { json } else { b"" }, time)
}

/// Says a good hello; its join is sealed by `seal`.
async fn join_sealed_by(end: &End, seal: fn(&Key, &[u8], u64) -> String) -> (TcpStream, Vec<u8>) {
    let mut socket = TcpStream::connect(end.address).await.unwrap();
    let (dialler, m1) = Dialler::start(Local { seal, ..local(3, 4) }, &group());
    socket.write_all(&m1).await.unwrap();
    let m3 = dialler.answered(&token(&mut socket).await).unwrap().1;
    (socket, m3)
}

#[tokio::test]
async fn the_group_key_without_an_identity_gets_a_hello_and_no_link() {
    let mut end = start(node(2)).await;
    for seal in [other_name, nobody, no_signature, no_join, nothing] {
        let (mut socket, m3) = join_sealed_by(&end, seal).await;
        socket.write_all(&m3).await.unwrap();
        assert_eq!(until_closed(&mut socket).await, b"", "nothing after M2");
    }
    assert!(end.events.try_recv().is_err());
    // The same with an identity links.
    let (mut socket, m3) = join_sealed_by(&end, seal_once).await;
    socket.write_all(&m3).await.unwrap();
    token(&mut socket).await;
    end.up().await;
}

#[tokio::test]
async fn whoever_holds_the_group_key_and_waits_is_let_go() {
    let pace = Pace { handshake: Duration::from_millis(200), ..Pace::default() };
    let mut end = start(Setting { pace, ..node(2) }).await;
    let mut socket = TcpStream::connect(end.address).await.unwrap();
    socket.write_all(&first_frame(9).1).await.unwrap();
    token(&mut socket).await;
    assert_eq!(timeout(HANGS, socket.read(&mut [0; 1])).await.unwrap().unwrap(), 0);
    assert!(end.events.try_recv().is_err());
}
