//! First packets: ten thousand that are random or near to valid, and no answer to any.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fastrand::Rng;
use roda::seal::{GroupKey, seal_once};
use roda::wire::frame;

use crate::ends::hand::{answer_to_all_of, first_frame};
use crate::ends::{End, node, start};

/// How many are sent; `PACKETS=` sends more.
const PACKETS: usize = 10_000;
/// Connections at once: fewer than a listener keeps half-open, so that none gives way unread.
const AT_ONCE: usize = 16;
/// Bytes at the end of a token that base64 may write in more than one way.
const LOOSE_END: usize = 4;

/// A node that listens in circle 9.
async fn listener() -> End {
    start(node(2)).await
}

/// Sends `count` packets from `make`, and gives those that were answered.
async fn answered(
    to: SocketAddr,
    count: usize,
    make: fn(&mut Rng) -> Vec<u8>,
    seed: u64,
) -> Vec<Vec<u8>> {
    let next = Arc::new(AtomicUsize::new(0));
    let senders = (0..AT_ONCE).map(|_| {
        let next = next.clone();
        tokio::spawn(async move {
            let mut answered = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return answered;
                }
                let packet = make(&mut Rng::with_seed(seed.wrapping_add(number as u64)));
                if !answer_to_all_of(to, &packet).await.is_empty() {
                    answered.push(packet);
                }
            }
        })
    });
    let mut all = Vec::new();
    for sender in senders.collect::<Vec<_>>() {
        all.extend(sender.await.unwrap());
    }
    all
}

fn bytes(random: &mut Rng, max: usize) -> Vec<u8> {
    let count = random.usize(..max);
    std::iter::repeat_with(|| random.u8(..)).take(count).collect()
}

/// A first frame of somebody else's circle.
fn of_another_circle(random: &mut Rng) -> Vec<u8> {
    let key = GroupKey::from_bytes(std::array::from_fn(|_| random.u8(..)));
    let hello = format!(
        r#"{{"tag":"hello","version":1,"ephemeral":"{}"}}"#,
        hex::encode(std::array::from_fn::<u8, 32, _>(|_| random.u8(..)))
    );
    frame(seal_once(&key.derive().handshake, hello.as_bytes(), random.u64(..)).as_bytes())
}

/// A first frame that was right, with some of its characters changed.
fn changed(random: &mut Rng) -> Vec<u8> {
    let right = first_frame(9).1;
    let mut frame = right.clone();
    for _ in 0..random.usize(1..4) {
        let at = random.usize(4..frame.len() - LOOSE_END);
        // Any other byte, but more often one that a token may have.
        frame[at] = match random.bool() {
            true => frame[at] ^ random.u8(1..),
            false if frame[at] == b'A' => b'B',
            false => b'A',
        };
    }
    // Two changes may have met and undone each other.
    if frame == right { changed(random) } else { frame }
}

/// A first frame that was right, under a length that is not its own.
fn wrong_length(random: &mut Rng) -> Vec<u8> {
    let mut frame = first_frame(9).1;
    let length = frame.len() - 4;
    let other = match random.u8(..4) {
        0 => length - random.usize(LOOSE_END..length),
        1 => length + random.usize(1..1_000),
        2 => random.usize(1_025..1 << 20),
        _ => length.swap_bytes(),
    };
    frame[..4].copy_from_slice(&(other as u32).to_be_bytes());
    frame
}

/// What other programs say first, and lengths alone.
fn of_another_program(random: &mut Rng) -> Vec<u8> {
    const SAID: [&[u8]; 9] = [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x00\x00\x00\x00",
        b"\xff\xff\xff\xff",
        b"\x00\x00\x04\x00",
        b"\x00\x00\x00\x04AAAA",
        b"\x00\x00\x00\x01",
        b"",
    ];
    [SAID[random.usize(..SAID.len())], &bytes(random, 64)].concat()
}

/// One packet of a stranger: nobody who makes these holds the circle's key.
fn strange(random: &mut Rng) -> Vec<u8> {
    match random.u8(..8) {
        0 => bytes(random, 2_000),
        1 => frame(&bytes(random, 1_025)),
        2 => {
            const DIGITS: &[u8] =
                b"gAAABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            let length = random.usize(..1_025);
            let digit = |_| DIGITS[random.usize(..DIGITS.len())];
            frame(&[b"gAAAAA", &(0..length).map(digit).collect::<Vec<u8>>()[..]].concat())
        }
        3 => of_another_circle(random),
        4 => {
            let whole = first_frame(9).1;
            whole[..random.usize(..whole.len())].to_vec()
        }
        5 => wrong_length(random),
        6 => of_another_program(random),
        _ => changed(random),
    }
}

/// A first packet that opens with the circle's key and is not a hello.
fn no_hello(random: &mut Rng) -> Vec<u8> {
    let point = hex::encode(std::array::from_fn::<u8, 32, _>(|_| random.u8(..)));
    let json = match random.u8(..12) {
        0 => r#"{"tag":"hello","version":1}"#.to_owned(),
        1 => format!(r#"{{"tag":"join","version":1,"ephemeral":"{point}"}}"#),
        2 => format!(r#"{{"tag":"hello","version":{},"ephemeral":"{point}"}}"#, random.u64(2..)),
        3 => format!(r#"{{"tag":"hello","version":1,"ephemeral":"{}"}}"#, &point[2..]),
        4 => format!(r#"{{"tag":"hello","version":1,"ephemeral":"{point}","answers":"{point}"}}"#),
        5 => format!(r#"{{"version":1,"ephemeral":"{point}"}}"#),
        6 => format!(r#"{{"tag":"hello","tag":"hello","version":1,"ephemeral":"{point}"}}"#),
        7 => format!(
            r#"{{"tag":"hello","version":1,"ephemeral":"{point}","x":{}{}}}"#,
            "[".repeat(9),
            "]".repeat(9)
        ),
        8 => format!(
            r#"{{"tag":"hello","version":1,"ephemeral":"{point}","x":{}}}"#,
            random.u64(1 << 53..)
        ),
        9 => format!(r#"["hello",1,"{point}"#),
        10 => String::from_utf8_lossy(&bytes(random, 200)).into_owned(),
        _ => String::new(),
    };
    let key = GroupKey::from_bytes([9; 32]).derive().handshake;
    frame(seal_once(&key, json.as_bytes(), 0).as_bytes())
}

/// Nobody linked, and the node still answers a member.
async fn unmoved(mut end: End) {
    assert!(end.events.try_recv().is_err(), "no link and no word to the owner");
    assert!(!answer_to_all_of(end.address, &first_frame(9).1).await.is_empty(), "M2");
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_first_packets_of_strangers_get_not_one_byte() {
    let count = std::env::var("PACKETS").map_or(PACKETS, |count| count.parse().unwrap());
    let seed = std::env::var("SEED").map_or(1, |seed| seed.parse().unwrap());
    let end = listener().await;
    let answered = answered(end.address, count, strange, seed).await;
    assert!(answered.is_empty(), "SEED={seed}: {}", answered[0].escape_ascii());
    unmoved(end).await;
    println!("{count} first packets, not one byte back");
}

#[tokio::test(flavor = "multi_thread")]
async fn first_packets_that_open_and_are_no_hello_get_not_one_byte() {
    let end = listener().await;
    let answered = answered(end.address, PACKETS / 10, no_hello, 1).await;
    assert!(answered.is_empty(), "{}", answered[0].escape_ascii());
    unmoved(end).await;
}
