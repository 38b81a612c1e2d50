//! Frames and packets byte for byte, and docs/protocol.md against the code: whoever writes a
//! compatible node works from that page.

mod fixed;

use std::collections::BTreeMap;
use std::sync::Arc;

use fixed::{group_key, identity, local};
use roda::protocol::dispute::Branch;
use roda::protocol::entry::{CheckedRun, Place, Run, Said, body_hash, signed_bytes};
use roda::protocol::handshake::{Dialler, Listener};
use roda::protocol::id::{Hash, NodeId};
use roda::protocol::limits::*;
use roda::protocol::packet::{Contacts, Dispute, Head, Packet, Range, Sync, Want};
use roda::protocol::receipt::Receipt;
use roda::seal::{Opener, extract, sha256};
use roda::wire::{FrameCodec, PACKET_BYTES_MAX, PacketError, encode, fitting, frame, parse};
use tokio_util::bytes::BytesMut;
use tokio_util::codec::Decoder as _;

const DOCUMENT: &str = include_str!("../docs/protocol.md");

fn id(byte: u8) -> NodeId {
    NodeId(identity(byte).verifying_key().to_bytes())
}

fn said(at: u64, body: &str) -> Said {
    Said { at, body: body.to_owned() }
}

/// A run of member 1: its profile and its first text.
fn run() -> Arc<CheckedRun> {
    let first = Place { author: id(1), seq: 1, prev: None, seen: None, lamport: 1 };
    let entries = vec![
        said(1_700_000_000_000, r#"{"kind":"profile","name":"Ana"}"#),
        said(1_700_000_000_000, r#"{"kind":"text","text":"Olá!"}"#),
    ];
    Arc::new(Run::sign(first, entries, &identity(1)))
}

/// A run of member 2 that has seen member 1's text.
fn answer(text: &str) -> CheckedRun {
    let seen = Some(run().head());
    let first = Place { author: id(2), seq: 1, prev: None, seen, lamport: 3 };
    let body = format!(r#"{{"kind":"profile","name":"{text}"}}"#);
    Run::sign(first, vec![said(1_700_000_001_000, &body)], &identity(2))
}

fn receipt() -> Receipt {
    let stored = Arc::new(BTreeMap::from([(id(1), 2), (id(2), 1)]));
    let read = Arc::new(BTreeMap::from([(id(1), 2)]));
    Receipt::sign(1, stored, read, 3, &identity(2))
}

fn dispute() -> Dispute {
    Dispute::of(&answer("Rui"), &answer("Bia"), 1).unwrap()
}

/// One packet of each tag, numbered in this order.
fn packets() -> Vec<Packet> {
    let head = |seq, hash| Head { seq, hash: Some(hash), disputed: None };
    let members = BTreeMap::from([(id(1), vec!["ana.example:7400".to_owned()]), (id(2), vec![])]);
    vec![
        Packet::Ping(12_345),
        Packet::Pong(12_345),
        Packet::Contacts(Contacts { members, links: vec![id(1)] }),
        Packet::Sync(Sync {
            authors: BTreeMap::from([
                (id(1), head(2, run().head())),
                (id(2), Head { disputed: Some(1), ..head(1, answer("Rui").head()) }),
            ]),
            receipts: BTreeMap::from([(id(2), 1)]),
        }),
        Packet::Want(Want {
            ranges: vec![Range { author: id(1), from: 1, to: 2 }],
            hashes: vec![answer("Rui").head()],
        }),
        Packet::History(vec![run(), Arc::new(answer("Rui"))]),
        Packet::Message(run()),
        Packet::Receipt(vec![receipt().whole()]),
        Packet::Dispute(Box::new(dispute())),
        Packet::Typing,
        Packet::Bye,
    ]
}

fn checked(json: &[u8]) -> Result<(u64, Packet), PacketError> {
    parse(json).map(|(n, packet)| (n, packet.check().expect("runs hold")))
}

fn blocks<'a>(kind: &'a str) -> impl Iterator<Item = &'static str> + 'a {
    let fenced = DOCUMENT.split("```").skip(1).step_by(2);
    fenced.filter_map(move |block| block.strip_prefix(kind)?.strip_prefix('\n'))
}

#[test]
fn the_documents_packets_are_those_of_the_code_byte_for_byte() {
    let shown: Vec<&str> = blocks("json").map(str::trim_end).collect();
    for (n, packet) in (0..).zip(packets()) {
        let json = String::from_utf8(encode(&packet, n)).unwrap();
        assert!(shown.contains(&&*json), "docs/protocol.md lacks this packet:\n{json}");
        assert_eq!(checked(json.as_bytes()).unwrap(), (n, packet));
    }
    assert_eq!(shown.len(), packets().len(), "a packet in the document that is no example");
}

#[test]
fn the_documents_values_are_those_of_the_code() {
    let shown: BTreeMap<&str, &str> = blocks("values")
        .flat_map(str::lines)
        .map(|line| line.split_once(" = ").expect("name = value"))
        .collect();
    let computed = values();
    let lacking: Vec<String> = computed
        .iter()
        .filter(|(name, value)| shown.get(*name) != Some(&&***value))
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    assert!(lacking.is_empty(), "docs/protocol.md lacks:\n{}", lacking.join("\n"));
    let unknown: Vec<_> = shown.keys().filter(|name| !computed.contains_key(**name)).collect();
    assert!(unknown.is_empty(), "values that no code gives: {unknown:?}");
}

fn values() -> BTreeMap<&'static str, String> {
    let mut values = handshake_values();
    values.extend(entry_values());
    values
}

fn handshake_values() -> BTreeMap<&'static str, String> {
    let (dialler, listener) = (local(1, 4, 0), local(2, 5, 7));
    let circle = group_key().derive();
    let public = |secret: [u8; 32]| {
        x25519_dalek::PublicKey::from(&x25519_dalek::StaticSecret::from(secret)).to_bytes()
    };
    let shared = x25519_dalek::x25519([4; 32], public([5; 32]));
    let (dialler, m1) = Dialler::start(dialler, &group_key());
    let (listener, m2) = Listener::greeted(listener, &[group_key()], &m1[4..]).unwrap();
    let (joining, m3) = dialler.answered(&m2[4..]).unwrap();
    let (outcome, m4) = listener.joined(&m3[4..]).unwrap();
    let (outcome, established) = (outcome.unwrap(), joining.joined(&m4[4..]).unwrap());
    assert_eq!(outcome.receive, established.send);

    let th1 = sha256(&[&m1, &m2]);
    let th2 = sha256(&[&m1, &m2, &m3]);
    let secret = extract(&circle.prk, &shared);
    let (join_i, join_r) = (secret.expand(b"join i", &th1), secret.expand(b"join r", &th2));
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let open = |key, frame: &[u8]| text(&Opener::new(key).open(&frame[4..]).unwrap());
    let prk = hkdf::Hkdf::<sha2::Sha256>::extract(Some(&*circle.prk), &shared).0;
    BTreeMap::from([
        ("group_key", group_key().text().to_string()),
        ("P", hex::encode(*circle.prk)),
        ("Khs", hex::encode(*circle.handshake)),
        ("gid", hex::encode(circle.gid)),
        ("fingerprint", circle.fingerprint.clone()),
        ("dialler_node", id(1).to_string()),
        ("listener_node", id(2).to_string()),
        ("dialler_ephemeral", hex::encode(public([4; 32]))),
        ("listener_ephemeral", hex::encode(public([5; 32]))),
        ("x25519", hex::encode(shared)),
        ("S", hex::encode(prk)),
        ("M1_length", hex::encode(&m1[..4])),
        ("M1_json", open(&circle.handshake, &m1)),
        ("M1_token", text(&m1[4..])),
        ("M2_length", hex::encode(&m2[..4])),
        ("M2_json", open(&circle.handshake, &m2)),
        ("M2_token", text(&m2[4..])),
        ("th1", hex::encode(th1)),
        ("M3_key", hex::encode(*join_i)),
        ("M3_json", open(&join_i, &m3)),
        ("M3_token", text(&m3[4..])),
        ("th2", hex::encode(th2)),
        ("M4_key", hex::encode(*join_r)),
        ("M4_json", open(&join_r, &m4)),
        ("M4_token", text(&m4[4..])),
        ("th3", hex::encode(sha256(&[&m1, &m2, &m3, &m4]))),
        ("K_i2r", hex::encode(*established.send)),
        ("K_r2i", hex::encode(*established.receive)),
    ])
}

fn entry_values() -> BTreeMap<&'static str, String> {
    let run = run();
    let bodies: Vec<Hash> = run.run().entries.iter().map(|said| body_hash(&said.body)).collect();
    let receipt = receipt();
    let branches = dispute().branches;
    let heads = [answer("Rui").head(), answer("Bia").head()];
    assert!(dispute().holds());
    BTreeMap::from([
        ("entry1_body", run.run().entries[0].body.clone()),
        ("entry1_body_hash", bodies[0].to_string()),
        ("entry1_preimage", hex::encode(preimage(&run.run().first, 1_700_000_000_000, &bodies[0]))),
        ("entry1_hash", run.hashes()[0].to_string()),
        ("entry2_body", run.run().entries[1].body.clone()),
        ("entry2_body_hash", bodies[1].to_string()),
        ("entry2_hash", run.hashes()[1].to_string()),
        ("run_signed", hex::encode(signed_bytes(&run.head()))),
        ("run_signature", run.run().signature.to_string()),
        ("receipt_signed", hex::encode(receipt.signed_bytes())),
        ("receipt_signature", receipt.signature.to_string()),
        ("dispute_hash_a", heads[0].to_string()),
        ("dispute_signature_a", signature(&branches[0])),
        ("dispute_hash_b", heads[1].to_string()),
        ("dispute_signature_b", signature(&branches[1])),
    ])
}

fn signature(branch: &Branch) -> String {
    branch.signature.to_string()
}

/// What an entry's hash is the SHA-256 of, written down a second time, after the document.
fn preimage(place: &Place, at: u64, body: &Hash) -> Vec<u8> {
    let mut bytes = Vec::new();
    let field = |bytes: &mut Vec<u8>, part: &[u8]| {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    };
    field(&mut bytes, b"roda/1 entry");
    field(&mut bytes, &place.author.0);
    bytes.extend_from_slice(&place.seq.to_be_bytes());
    field(&mut bytes, &place.prev.map(|hash| hash.0.to_vec()).unwrap_or_default());
    field(&mut bytes, &place.seen.map(|hash| hash.0.to_vec()).unwrap_or_default());
    bytes.extend_from_slice(&place.lamport.to_be_bytes());
    bytes.extend_from_slice(&at.to_be_bytes());
    field(&mut bytes, &body.0);
    bytes
}

#[test]
fn an_entrys_hash_covers_exactly_the_documented_bytes() {
    for (place, said, hash) in run().entries().chain(answer("Rui").entries()) {
        let bytes = preimage(&place, said.at, &body_hash(&said.body));
        assert_eq!(hash, Hash(sha256(&[&bytes])));
    }
}

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
    assert_eq!(checked(json).unwrap(), (3, Packet::Ping(5)));
    let json = String::from_utf8(encode(&Packet::Message(run()), 1)).unwrap();
    let json = json.replace(r#""seq":1,"#, r#""seq":1,"mood":"good","#);
    assert_eq!(checked(json.as_bytes()).unwrap(), (1, Packet::Message(run())));
}

#[test]
fn a_tag_of_tomorrow_is_told_apart_with_its_number() {
    match parse(br#"{"tag":"hologram","n":17}"#) {
        Err(PacketError::Unknown { tag, n: 17 }) => assert_eq!(tag, "hologram"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn integers_above_2_to_the_53_minus_1_are_refused_wherever_they_stand() {
    let at = |number: &str| format!(r#"{{"tag":"ping","n":0,"number":{number}}}"#);
    assert!(parse(at("9007199254740991").as_bytes()).is_ok());
    for number in ["9007199254740992", "18446744073709551615", "99999999999999999999999"] {
        assert!(matches!(parse(at(number).as_bytes()), Err(PacketError::Integer)), "{number}");
    }
    let hidden = br#"{"tag":"typing","n":0,"later":9007199254740992}"#;
    assert!(matches!(parse(hidden), Err(PacketError::Integer)));
    let quoted = br#"{"tag":"typing","n":0,"later":"9007199254740992 \" ["}"#;
    assert!(parse(quoted).is_ok(), "digits in a string are no integer");
    for number in ["-1", "1.5", "1e3", "\"1\"", "null"] {
        assert!(matches!(parse(at(number).as_bytes()), Err(PacketError::Json(_))), "{number}");
    }
}

#[test]
fn json_deeper_than_its_limit_is_refused() {
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth - 1), "]".repeat(depth - 1));
        format!(r#"{{"tag":"typing","n":0,"x":{open}{close}}}"#)
    };
    assert!(parse(nested(JSON_DEPTH_MAX).as_bytes()).is_ok());
    assert!(matches!(parse(nested(JSON_DEPTH_MAX + 1).as_bytes()), Err(PacketError::Depth)));
    assert!(matches!(parse("[".repeat(200_000).as_bytes()), Err(PacketError::Depth)));
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
        Packet::Contacts(Contacts {
            members: ids(count).map(|id| (id, vec![])).collect(),
            links: vec![],
        })
    };
    let head = Head { seq: 1, hash: None, disputed: None };
    let sync = |count| {
        Packet::Sync(Sync {
            authors: ids(count).map(|id| (id, head)).collect(),
            receipts: BTreeMap::new(),
        })
    };
    let ranges = |count| {
        Packet::Want(Want {
            ranges: ids(count).map(|author| Range { author, from: 1, to: 1 }).collect(),
            hashes: vec![],
        })
    };
    let hashes = |count| {
        Packet::Want(Want { ranges: vec![], hashes: ids(count).map(|id| Hash(id.0)).collect() })
    };
    let receipts = |count| Packet::Receipt(vec![receipt().whole(); count]);
    let lists: [(usize, &dyn Fn(usize) -> Packet); 5] = [
        (CONTACTS_MAX, &contacts),
        (SYNC_AUTHORS_MAX, &sync),
        (WANT_RANGES_MAX, &ranges),
        (WANTED_HASHES_MAX, &hashes),
        (RECEIPTS_MAX, &receipts),
    ];
    for (max, make) in lists {
        assert_eq!(checked(&encode(&make(max), 0)).unwrap().1, make(max));
        assert!(matches!(checked(&encode(&make(max + 1), 0)), Err(PacketError::TooMany(_))));
    }
}

#[test]
fn addresses_beyond_their_limits_are_left_out() {
    let long = "x".repeat(ADDRESS_BYTES_MAX + 1);
    let many: Vec<String> = (1..=9).map(|port| format!("a.example:{port}")).collect();
    let members = BTreeMap::from([(id(1), [vec![long], many.clone()].concat())]);
    let sent = Packet::Contacts(Contacts { members, links: ids(LINKS_MAX + 1).collect() });
    let Ok((_, Packet::Contacts(got))) = checked(&encode(&sent, 0)) else { panic!("refused") };
    assert_eq!(got.members[&id(1)], many[..ADDRESSES_MAX]);
    assert_eq!(got.links.len(), LINKS_MAX);
}

#[test]
fn what_is_too_long_for_a_frame_is_cut_in_order_and_each_part_fits() {
    let fits = |packet: &Packet| {
        let json = encode(packet, INTEGER_MAX);
        let token = roda::seal::seal_once(&group_key().derive().handshake, &json, 0);
        assert!(json.len() <= PACKET_BYTES_MAX && token.len() <= FRAME_MAX);
    };
    let first = Place { author: id(1), seq: 1, prev: None, seen: None, lamport: 1 };
    let largest = || {
        let entries = (0..4).map(|at| said(at, &"x".repeat(32_500))).collect();
        Arc::new(Run::sign(first, entries, &identity(1)))
    };
    let runs = vec![largest(), run(), largest(), largest()];
    let parts = fitting(Packet::History(runs.clone()));
    parts.iter().for_each(fits);
    let joined = parts.into_iter().flat_map(|part| match part {
        Packet::History(runs) => runs,
        other => panic!("{other:?}"),
    });
    assert_eq!(joined.collect::<Vec<_>>(), runs);

    let map: Arc<BTreeMap<NodeId, u64>> = Arc::new(ids(256).map(|id| (id, INTEGER_MAX)).collect());
    let whole = Receipt::sign(1, map.clone(), map.clone(), 1, &identity(1)).whole();
    let parts = fitting(Packet::Receipt(vec![whole; RECEIPTS_MAX + 1]));
    parts.iter().for_each(fits);
    assert!(parts.len() > 1);

    let head = Head { seq: INTEGER_MAX, hash: Some(run().head()), disputed: Some(INTEGER_MAX) };
    let authors = ids(1_500).map(|id| (id, head)).collect();
    let receipts = ids(1_500).map(|id| (id, INTEGER_MAX)).collect();
    let parts = fitting(Packet::Sync(Sync { authors, receipts }));
    parts.iter().for_each(fits);
    assert_eq!(parts.len(), 3);
}

#[test]
fn the_longest_packet_that_fits_a_frame_is_known_exactly() {
    let token = |bytes| fixed::seal(&group_key().derive().handshake, &vec![b'x'; bytes], 0).len();
    assert!(token(PACKET_BYTES_MAX) <= FRAME_MAX);
    assert!(token(PACKET_BYTES_MAX + 1) > FRAME_MAX);
}
