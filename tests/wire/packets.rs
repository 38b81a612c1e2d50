//! Frames and packets: what is written, what is read, and what is refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::fixed::{group_key, id, identity, read, receipt, run, said};
use roda::protocol::entry::{Place, Run};
use roda::protocol::id::{Hash, NodeId};
use roda::protocol::json::OutOfBounds;
use roda::protocol::limits::*;
use roda::protocol::packet::circle::{self, Head, Range, Sync, Want};
use roda::protocol::packet::link::{self, Ping};
use roda::protocol::packet::mesh::{self, Contacts};
use roda::protocol::packet::{Packet, PacketError};
use roda::protocol::receipt::Receipt;
use roda::wire::{FrameCodec, frame};
use tokio_util::bytes::BytesMut;
use tokio_util::codec::Decoder as _;

#[test]
fn a_frame_is_a_big_endian_length_and_its_token() {
    assert_eq!(frame(b"token"), b"\0\0\0\x05token");
    let mut stream = BytesMut::from(&b"\0\0\0\x05token\0\0\0\0\0\0"[..]);
    let mut codec = FrameCodec::new(5);
    assert_eq!(codec.decode(&mut stream).unwrap().unwrap(), "token");
    assert_eq!(codec.decode(&mut stream).unwrap().unwrap(), "");
    assert_eq!(codec.decode(&mut stream).unwrap(), None);
}

#[test]
fn a_frame_above_its_limit_is_refused_before_memory_is_taken() {
    for length in [6, u32::MAX] {
        let mut stream = BytesMut::from(&length.to_be_bytes()[..]);
        let before = stream.capacity();
        assert!(FrameCodec::new(5).decode(&mut stream).is_err());
        assert_eq!(stream.capacity(), before);
    }
}

#[test]
fn fields_stand_in_any_order_and_unknown_ones_are_ignored() {
    let json = br#"{"new":{"a":[1]},"number":5,"n":3,"later":null,"tag":"ping"}"#;
    assert_eq!(read(json).unwrap(), (3, Some(link::Packet::Ping(Ping { number: 5 }).into())));
    let message = Packet::from(circle::Packet::Message(run()));
    let json = String::from_utf8(message.encode(1)).unwrap();
    let json = json.replace(r#""seq":1,"#, r#""seq":1,"mood":"good","#);
    assert_eq!(read(json.as_bytes()).unwrap(), (1, Some(message)));
}

#[test]
fn a_tag_of_tomorrow_is_told_apart_with_its_number() {
    assert_eq!(read(br#"{"tag":"hologram","n":17}"#).unwrap(), (17, None));
}

#[test]
fn integers_above_2_to_the_53_minus_1_are_refused_wherever_they_stand() {
    let at = |number: &str| format!(r#"{{"tag":"ping","n":0,"number":{number}}}"#);
    assert!(read(at("9007199254740991").as_bytes()).is_ok());
    for number in ["9007199254740992", "18446744073709551615", "99999999999999999999999"] {
        assert!(
            matches!(read(at(number).as_bytes()), Err(PacketError::Bounds(OutOfBounds::Integer))),
            "{number}"
        );
    }
    let hidden = br#"{"tag":"typing","n":0,"later":9007199254740992}"#;
    assert!(matches!(read(hidden), Err(PacketError::Bounds(OutOfBounds::Integer))));
    let quoted = br#"{"tag":"typing","n":0,"later":"9007199254740992 \" ["}"#;
    assert!(read(quoted).is_ok(), "digits in a string are no integer");
    for number in ["-1", "1.5", "1e3", "\"1\"", "null"] {
        assert!(matches!(read(at(number).as_bytes()), Err(PacketError::Json(_))), "{number}");
    }
}

#[test]
fn json_deeper_than_its_limit_is_refused() {
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth - 1), "]".repeat(depth - 1));
        format!(r#"{{"tag":"typing","n":0,"x":{open}{close}}}"#)
    };
    assert!(read(nested(JSON_DEPTH_MAX).as_bytes()).is_ok());
    assert!(matches!(
        read(nested(JSON_DEPTH_MAX + 1).as_bytes()),
        Err(PacketError::Bounds(OutOfBounds::Depth))
    ));
    assert!(matches!(
        read("[".repeat(200_000).as_bytes()),
        Err(PacketError::Bounds(OutOfBounds::Depth))
    ));
}

fn ids(count: usize) -> impl Iterator<Item = NodeId> {
    (0..count as u64).map(|number| {
        let mut id = [0; 32];
        id[..8].copy_from_slice(&number.to_be_bytes());
        NodeId(id)
    })
}

#[test]
fn lists_longer_than_their_limits_are_refused() {
    let contacts = |count| {
        Packet::from(mesh::Packet::Contacts(Contacts {
            members: ids(count).map(|id| (id, vec![])).collect(),
            ..Contacts::default()
        }))
    };
    let head = Head { seq: 1, hash: None, disputed: None };
    let sync = |count| {
        let authors = ids(count).map(|id| (id, head)).collect();
        Packet::from(circle::Packet::Sync(Sync { authors, ..Sync::default() }))
    };
    let want = |ranges, hashes| Packet::from(circle::Packet::Want(Want { ranges, hashes }));
    let ranges =
        |count| want(ids(count).map(|author| Range { author, from: 1, to: 1 }).collect(), vec![]);
    let hashes = |count| want(vec![], ids(count).map(|id| Hash(id.0)).collect());
    let receipts = |count| Packet::from(circle::Packet::Receipt(vec![receipt().whole(); count]));
    let lists: [(usize, &dyn Fn(usize) -> Packet); 5] = [
        (CONTACTS_MAX, &contacts),
        (SYNC_AUTHORS_MAX, &sync),
        (WANT_RANGES_MAX, &ranges),
        (WANTED_HASHES_MAX, &hashes),
        (RECEIPTS_MAX, &receipts),
    ];
    for (max, make) in lists {
        assert_eq!(read(&make(max).encode(0)).unwrap().1, Some(make(max)));
        assert!(matches!(read(&make(max + 1).encode(0)), Err(PacketError::TooMany(_))));
    }
}

#[test]
fn addresses_beyond_their_limits_are_left_out() {
    let long = "x".repeat(ADDRESS_BYTES_MAX + 1);
    let many: Vec<String> = (1..=9).map(|port| format!("a.example:{port}")).collect();
    let members = BTreeMap::from([(id(1), [vec![long], many.clone()].concat())]);
    let many_ids: Vec<NodeId> = ids(LINKS_MAX + 1).collect();
    let sent = mesh::Packet::Contacts(Contacts {
        members,
        links: Some(many_ids.clone()),
        gained: many_ids.clone(),
        lost: many_ids,
        changes: true,
    });
    let Ok((_, Some(Packet::Mesh(mesh::Packet::Contacts(got))))) = read(&sent.encode(0)) else {
        panic!("refused")
    };
    assert_eq!(got.members[&id(1)], many[..ADDRESSES_MAX]);
    for list in [&got.links.unwrap(), &got.gained, &got.lost] {
        assert_eq!(list.len(), LINKS_MAX);
    }
}

#[test]
fn what_is_too_long_for_a_frame_is_cut_in_order_and_each_part_fits() {
    let fits = |packet: &circle::Packet| {
        let json = packet.encode(INTEGER_MAX);
        let token = roda::seal::seal_once(&group_key().derive().handshake, &json, 0);
        assert!(json.len() <= PACKET_BYTES_MAX && token.len() <= FRAME_MAX);
    };
    let first = Place { author: id(1), seq: 1, prev: None, seen: None, lamport: 1 };
    let largest = || {
        let entries = (0..4).map(|at| said(at, &"x".repeat(32_500))).collect();
        Arc::new(Run::sign(first, entries, &identity(1)))
    };
    let runs = vec![largest(), run(), largest(), largest()];
    let parts = circle::Packet::History(runs.clone()).fitting();
    parts.iter().for_each(fits);
    let joined = parts.into_iter().flat_map(|part| match part {
        circle::Packet::History(runs) => runs,
        other => panic!("{other:?}"),
    });
    assert_eq!(joined.collect::<Vec<_>>(), runs);

    let map: Arc<BTreeMap<NodeId, u64>> = Arc::new(ids(256).map(|id| (id, INTEGER_MAX)).collect());
    let whole = Receipt::sign(1, map.clone(), map.clone(), 1, &identity(1)).whole();
    let parts = circle::Packet::Receipt(vec![whole; RECEIPTS_MAX + 1]).fitting();
    parts.iter().for_each(fits);
    assert!(parts.len() > 1);

    let head = Head { seq: INTEGER_MAX, hash: Some(run().head()), disputed: Some(INTEGER_MAX) };
    let authors = ids(1_500).map(|id| (id, head)).collect();
    let receipts = ids(1_500).map(|id| (id, INTEGER_MAX)).collect();
    let parts =
        circle::Packet::Sync(Sync { authors, receipts, whole: true, more: false }).fitting();
    parts.iter().for_each(fits);
    assert_eq!(parts.len(), 3);
}

#[test]
fn the_longest_packet_that_fits_a_frame_is_known_exactly() {
    let token =
        |bytes| crate::fixed::seal(&group_key().derive().handshake, &vec![b'x'; bytes], 0).len();
    assert!(token(PACKET_BYTES_MAX) <= FRAME_MAX);
    assert!(token(PACKET_BYTES_MAX + 1) > FRAME_MAX);
}

#[test]
fn a_packet_that_cannot_be_read_is_not_repeated_in_its_error() {
    let text = "something private, ".repeat(1_000);
    for json in [
        serde_json::json!(text),
        serde_json::json!({"tag": "message", "n": 1, "run": text}),
        serde_json::json!({"tag": "ping", "n": 1, "number": text}),
    ] {
        let refused = read(json.to_string().as_bytes()).unwrap_err().to_string();
        assert!(refused.len() < 128 && !refused.contains("private"), "{refused}");
    }
}
