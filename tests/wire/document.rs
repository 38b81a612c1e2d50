//! docs/protocol.md against the code: whoever writes a compatible node works from that page.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::fixed::{answer, greeted, group_key, id, local, read, receipt, run};
use roda::conversation::kind::{self, Reading};
use roda::handshake::Dialler;
use roda::protocol::body::Decision;
use roda::protocol::dispute::{Branch, Dispute};
use roda::protocol::entry::{Place, body_hash, signed_bytes};
use roda::protocol::id::Hash;
use roda::protocol::packet::circle::{self, Head, Range, Sync, Typing, Want};
use roda::protocol::packet::link::{self, Ping, Pong};
use roda::protocol::packet::mesh::{self, Bye, Contacts};
use roda::protocol::packet::{Packet, PacketError};
use roda::seal::{Opener, extract, sha256};
use serde_json::Value;

const DOCUMENT: &str = include_str!("../../docs/protocol.md");

fn dispute() -> Dispute {
    Dispute::of(&answer("Rui"), &answer("Bia"), 1).unwrap()
}

/// One packet of each tag, numbered in this order.
fn packets() -> Vec<Packet> {
    let head = |seq, hash| Head { seq, hash: Some(hash), disputed: None };
    let members = BTreeMap::from([(id(1), vec!["ana.example:7400".to_owned()]), (id(2), vec![])]);
    let contacts =
        Contacts { members, links: Some(vec![id(1)]), changes: true, ..Contacts::default() };
    let sync = Sync {
        authors: BTreeMap::from([
            (id(1), head(2, run().head())),
            (id(2), Head { disputed: Some(1), ..head(1, answer("Rui").head()) }),
        ]),
        receipts: BTreeMap::from([(id(2), 1)]),
        whole: true,
        more: false,
    };
    let want = Want {
        ranges: vec![Range { author: id(1), from: 1, to: 2 }],
        hashes: vec![answer("Rui").head()],
    };
    vec![
        link::Packet::Ping(Ping { number: 12_345 }).into(),
        link::Packet::Pong(Pong { number: 12_345 }).into(),
        mesh::Packet::Contacts(contacts).into(),
        circle::Packet::Sync(sync).into(),
        circle::Packet::Want(want).into(),
        circle::Packet::History(vec![run(), Arc::new(answer("Rui"))]).into(),
        circle::Packet::Message(run()).into(),
        circle::Packet::Receipt(vec![receipt().whole()]).into(),
        circle::Packet::Dispute(Box::new(dispute())).into(),
        circle::Packet::Typing(Typing).into(),
        mesh::Packet::Bye(Bye).into(),
    ]
}

pub fn blocks<'a>(kind: &'a str) -> impl Iterator<Item = &'static str> + 'a {
    let fenced = DOCUMENT.split("```").skip(1).step_by(2);
    fenced.filter_map(move |block| block.strip_prefix(kind)?.strip_prefix('\n'))
}

#[test]
fn the_documents_packets_are_those_of_the_code_byte_for_byte() {
    let shown: Vec<&str> = blocks("json").map(str::trim_end).collect();
    for (n, packet) in (0..).zip(packets()) {
        let json = String::from_utf8(packet.encode(n)).unwrap();
        assert!(shown.contains(&&*json), "docs/protocol.md lacks this packet:\n{json}");
        assert_eq!(read(json.as_bytes()).unwrap(), (n, Some(packet)));
    }
    assert_eq!(shown.len(), packets().len(), "a packet in the document that is no example");
}

#[test]
fn every_tag_has_its_example_in_the_document() {
    let tag = |packet: &Packet| {
        let json: Value = serde_json::from_slice(&packet.encode(0)).unwrap();
        json["tag"].as_str().unwrap().to_owned()
    };
    let mut shown: Vec<String> = packets().iter().map(tag).collect();
    let mut known = [link::Packet::TAGS, mesh::Packet::TAGS, circle::Packet::TAGS].concat();
    shown.sort();
    known.sort();
    assert_eq!(shown, known);
}

#[test]
fn a_packet_counts_for_about_its_bytes_in_a_queue() {
    for packet in packets() {
        let (bytes, counted) = (packet.encode(0).len(), packet.bytes());
        let about = bytes <= counted && counted <= 2 * bytes + 64;
        assert!(about, "{bytes} bytes count for {counted}: {packet:?}");
    }
}

#[test]
fn the_documents_json_is_taken_and_refused_as_it_says() {
    let lines = |kind| blocks(kind).flat_map(str::lines);
    for json in lines("taken") {
        let taken = read(json.as_bytes());
        assert!(taken.is_ok(), "{json}\n{taken:?}");
    }
    for json in lines("refused") {
        assert!(read(json.as_bytes()).is_err(), "taken: {json}");
    }
    assert!(lines("taken").count() > 5 && lines("refused").count() > 15);
    assert!(read(b"{\"tag\":\"typing\",\"n\":0,\"later\":\"\xff\"}").is_err(), "not UTF-8");
    assert!(read("\u{feff}{\"tag\":\"typing\",\"n\":0}".as_bytes()).is_err(), "a byte order mark");
}

#[test]
fn the_documents_bodies_are_read_as_it_says() {
    let mut seen = BTreeMap::new();
    for line in blocks("bodies").flat_map(str::lines) {
        let (reading, body) = line.split_once(' ').unwrap();
        let body: String = serde_json::from_str(body).unwrap();
        let read = match kind::read(&body) {
            Reading::Known(kind, _) => kind.name,
            Reading::Newer(newer) if newer.about.is_some() => "quiet",
            Reading::Newer(_) => "newer",
            Reading::Unreadable => "unreadable",
        };
        assert_eq!(read, reading, "{body}");
        let decides = ["leave", "profile", "circle"].contains(&read);
        assert_eq!(Decision::read(&body).is_some(), decides, "{body}");
        *seen.entry(reading).or_insert(0) += 1;
    }
    assert!(
        seen["quiet"] >= 1 && seen["leave"] >= 2 && seen["newer"] >= 2 && seen["unreadable"] >= 10,
        "{seen:?}"
    );
}

#[test]
fn a_field_that_may_be_absent_may_and_every_other_may_not() {
    // As the document's table of packets has it: (tag, fields that may be absent).
    let optional: &[(&str, &[&str])] = &[
        ("contacts", &["links", "gained", "lost", "changes"]),
        ("sync", &["receipts", "whole", "more", "hash", "disputed"]),
        ("want", &["ranges", "hashes"]),
        ("history", &["prev", "seen"]),
        ("message", &["prev", "seen"]),
        ("receipt", &["base"]),
        ("dispute", &["prev", "seen"]),
    ];
    let nullable = ["hash", "disputed", "prev", "seen", "base"];
    for (n, packet) in (0..).zip(packets()) {
        let json: Value = serde_json::from_slice(&packet.encode(n)).unwrap();
        let tag = json["tag"].as_str().unwrap().to_owned();
        let free = optional.iter().find(|(name, _)| *name == tag).map_or(&[][..], |(_, it)| it);
        let fields = fields(&json, String::new());
        assert!(fields.len() >= 2);
        for field in fields {
            let name = field.rsplit('/').next().unwrap();
            let taken = |change: &dyn Fn(&mut Value)| {
                let mut changed = json.clone();
                change(&mut changed);
                // A run of which something is missing is signed no more, but it is read.
                !matches!(read(changed.to_string().as_bytes()), Err(PacketError::Json(_)))
            };
            let (at, name) = (field.strip_suffix(name).unwrap().trim_end_matches('/'), name);
            let absent = taken(&|json| {
                json.pointer_mut(at).unwrap().as_object_mut().unwrap().remove(name);
            });
            let null = taken(&|json| *json.pointer_mut(&field).unwrap() = Value::Null);
            assert_eq!(absent, free.contains(&name), "{tag} without {field}");
            assert_eq!(
                null,
                nullable.contains(&name) && free.contains(&name),
                "{tag}, {field} null"
            );
        }
    }
}

/// Where the fields of packets stand in `json`, without the names in maps of ids.
fn fields(json: &Value, at: String) -> Vec<String> {
    let deeper = |(name, value): (String, &Value)| {
        let here = format!("{at}/{name}");
        let id = name.len() == 64 || name.bytes().all(|byte| byte.is_ascii_digit());
        let inner = fields(value, here.clone());
        if id { inner } else { [vec![here], inner].concat() }
    };
    match json {
        Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), v)).flat_map(deeper).collect(),
        Value::Array(list) => {
            (0..).zip(list).map(|(k, v): (usize, _)| (k.to_string(), v)).flat_map(deeper).collect()
        }
        _ => Vec::new(),
    }
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
    let (listener, m2) = greeted(listener, &[group_key()], &m1[4..]).unwrap();
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
