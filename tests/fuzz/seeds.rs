//! The corpus, as the program itself writes these things.

use std::collections::BTreeMap;

use roda::handshake::Dialler;
use roda::invite::Invite;
use roda::protocol::dispute::Dispute;
use roda::protocol::entry::{CheckedRun, Place, Run, Said};
use roda::protocol::limits::INTEGER_MAX;
use roda::protocol::packet::Packet;
use roda::protocol::packet::circle::{self, Head, Range, Sync, Typing, Want};
use roda::protocol::packet::link::{self, Ping, Pong};
use roda::protocol::packet::mesh::{self, Bye, Contacts};
use roda::protocol::receipt::Receipt;
use roda::wire::{PREFIX, frame};
use serde_json::{Value, json};

use crate::fake::{ANA, place};
use crate::fixed::{answer, greeted, group_key, id, identity, local, receipt, run, said, seal};

/// The files of one target.
pub fn of(target: &str) -> BTreeMap<String, Vec<u8>> {
    let made = match target {
        "frame" => frames(),
        "packet" => packets(),
        "entry_and_run" => runs(),
        "invite" => invitations(),
        "http_body" => bodies(),
        "ws_message" => messages(),
        other => panic!("no target {other}"),
    };
    let named = |(at, bytes)| (format!("made-{at:02}.seed"), bytes);
    made.into_iter().enumerate().map(named).collect()
}

/// One handshake, frame by frame, and two packets after it.
fn session() -> Vec<Vec<u8>> {
    let (dialler, m1) = Dialler::start(local(1, 11, 5), &group_key());
    let greeted = greeted(local(2, 12, 6), &[group_key()], &m1[PREFIX..]);
    let (listener, m2) = greeted.expect("one key");
    let (joining, m3) = dialler.answered(&m2[PREFIX..]).expect("an answer");
    let (_, m4) = listener.joined(&m3[PREFIX..]).expect("a join");
    let keys = joining.joined(&m4[PREFIX..]).expect("a link");
    let packet = |n, packet: circle::Packet| {
        frame(seal(&keys.send, &packet.encode(n), 1_700_000_000).as_bytes())
    };
    let message = packet(0, circle::Packet::Message(run()));
    let packets = [message, packet(1, circle::Packet::Typing(Typing))];
    [m1, m2, m3, m4].into_iter().chain(packets).collect()
}

fn frames() -> Vec<Vec<u8>> {
    let session = session();
    let mut made = Vec::new();
    // The first byte is the limit, the second how many bytes arrive at once.
    for (at, one) in session.iter().enumerate() {
        made.push([&[at as u8 / 2, 16], &one[..]].concat());
    }
    let whole = session.concat();
    made.push([&[2, 255], &whole[..]].concat());
    made.push([&[2, 0], &whole[..whole.len() / 2]].concat());
    made.push([&[0, 3], &frame(b"")[..], &frame(b"no token")].concat());
    made.push([&[0, 1], &u32::MAX.to_be_bytes()[..], b"x"].concat());
    made
}

fn dispute() -> Dispute {
    let first = run().run().first;
    let fork = Run::sign(first, vec![said(1, r#"{"kind":"text","text":"other"}"#)], &identity(1));
    Dispute::of(&run(), &fork, 1).expect("two first entries")
}

fn packets() -> Vec<Vec<u8>> {
    let (one, two) = (run(), std::sync::Arc::new(answer("Bento")));
    let head = Head { seq: 2, hash: Some(one.head()), disputed: None };
    let disputed = Head { seq: 0, hash: None, disputed: Some(1) };
    let sync = Sync {
        authors: [(id(1), head), (id(2), disputed)].into(),
        receipts: [(id(2), 1)].into(),
        whole: true,
        more: false,
    };
    let range = Range { author: id(1), from: 1, to: INTEGER_MAX };
    let members = [(id(1), vec!["ana.example:7400".to_owned()]), (id(2), vec![])];
    let later = Receipt::sign(2, receipt().stored, receipt().read, 9, &identity(2));
    let contacts = Contacts {
        members: members.into(),
        links: Some(vec![id(2)]),
        gained: vec![id(3)],
        lost: vec![id(4)],
        changes: true,
    };
    let packets: [Packet; 13] = [
        mesh::Packet::Contacts(contacts).into(),
        circle::Packet::Sync(sync).into(),
        circle::Packet::Sync(Sync::default()).into(),
        circle::Packet::Want(Want { ranges: vec![range], hashes: vec![two.head()] }).into(),
        circle::Packet::History(vec![one.clone(), two]).into(),
        circle::Packet::History(vec![]).into(),
        circle::Packet::Message(one).into(),
        circle::Packet::Receipt(vec![receipt().whole(), later.since(&receipt())]).into(),
        circle::Packet::Dispute(Box::new(dispute())).into(),
        circle::Packet::Typing(Typing).into(),
        link::Packet::Ping(Ping { number: 7 }).into(),
        link::Packet::Pong(Pong { number: INTEGER_MAX }).into(),
        mesh::Packet::Bye(Bye).into(),
    ];
    let mut made: Vec<_> = packets.iter().zip(0..).map(|(packet, n)| packet.encode(n)).collect();
    let newer = json!({"tag": "newer", "n": 3, "what": [{"a": [1.5, "\u{1f642}", null]}]});
    made.push(newer.to_string().into_bytes());
    // Signed by nobody.
    let message = circle::Packet::Message(run()).encode(0);
    made.push(String::from_utf8(message).expect("JSON").replace("Ana", "Eva").into_bytes());
    made
}

fn long_run() -> CheckedRun {
    let first = Place { author: id(3), seq: 9, prev: Some(run().head()), seen: None, lamport: 12 };
    let entries: Vec<Said> = (0..16).map(|at| said(at, r#"{"kind":"newer"}"#)).collect();
    Run::sign(first, entries, &identity(3))
}

fn runs() -> Vec<Vec<u8>> {
    let end = (*run()).clone().suffix(2).expect("its second entry");
    let [first, second] = crate::properties::stored_runs();
    let json = |run: &CheckedRun| serde_json::to_vec(run.run()).expect("plain data");
    let runs = [(*run()).clone(), answer("Rui"), end, long_run(), first, second.clone()];
    // An even first byte: a run as packets have it.
    let mut made: Vec<_> = runs.iter().map(|run| [&[0][..], &json(run)].concat()).collect();
    // An odd one: entry and column, type, and what is put there.
    for column in 0..8 {
        let hash = second.head().0;
        made.push([&[1, column + 8 * (column % 5), column % 4], &hash[..]].concat());
    }
    made.push([&[1, 8 + 6, 3][..]].concat());
    made.push([&[1, 4 * 8 + 7, 1], &b"{\"kind\":\"leave\"}"[..]].concat());
    made
}

fn invitations() -> Vec<Vec<u8>> {
    let key = group_key();
    let places = [
        &["ana.example:7400"][..],
        &["[2001:db8::1]:7400", "10.0.0.7:1"],
        &["[fe80::1%3]:7400"],
        &["a:1", "b:2", "c_d:65535", "e:5", "f:6", "g:7", "h:8", "i-j:9"],
    ];
    let invite = |places: &[&str]| {
        let addresses = places.iter().map(|place| (*place).to_owned()).collect();
        Invite { addresses, key: key.clone() }.to_string()
    };
    let mut made: Vec<String> = places.iter().map(|places| invite(places)).collect();
    made.extend(places.iter().flat_map(|places| places.iter()).map(|place| (*place).to_owned()));
    made.push(key.text().to_string());
    made.push(format!("{},{}", &*key.text(), &*key.text()));
    made.push(invite(&["a:1"])[..30].to_owned());
    made.into_iter().map(String::into_bytes).collect()
}

fn bodies() -> Vec<Vec<u8>> {
    let asks: [(u8, Value); 11] = [
        (0, json!({"text": "Olá!"})),
        (0, json!({"text": "*two*\n\u{1f642}", "ref": "5f0c"})),
        (0, json!({"text": "x", "ref": "r".repeat(129)})),
        (1, json!({"name": "Ana Maria"})),
        (1, json!({"name": " ", "read_receipts": false})),
        (1, json!({"read_receipts": true})),
        (2, json!({"name": "roda"})),
        (3, json!({"aside": false})),
        (3, json!({})),
        (0, json!([])),
        (0, json!({"text": null})),
    ];
    let mut made: Vec<_> = asks
        .iter()
        .map(|(route, body)| [&[*route], body.to_string().as_bytes()].concat())
        .collect();
    let addresses = [
        (4, format!("before={}&limit=2", place(7, ANA))),
        (4, format!("after={}", place(0, ANA))),
        (4, format!("before={}&after=1.2&limit=-1", place(INTEGER_MAX, ANA))),
        (5, format!("{ANA}:1")),
        (5, format!("{ANA}:{}", u64::MAX)),
        (6, ANA.to_string()),
        (6, "f".repeat(63)),
    ];
    made.extend(addresses.iter().map(|(route, text)| [&[*route], text.as_bytes()].concat()));
    made
}

fn messages() -> Vec<Vec<u8>> {
    let frames = [
        json!({"type": "auth", "token": "0f"}),
        json!({"type": "resume", "epoch": "e1", "arrival": 1}),
        json!({"type": "resume", "epoch": null, "arrival": 0}),
        json!({"type": "send", "text": "Olá!", "ref": "5f0c"}),
        json!({"type": "send", "text": "full", "ref": "5f0d"}),
        json!({"type": "send", "text": "x", "ref": ""}),
        json!({"type": "history", "before": place(9, ANA), "limit": 3}),
        json!({"type": "history", "after": place(0, ANA), "before": "1.2"}),
        json!({"type": "read", "marks": {ANA.to_string(): 3}}),
        json!({"type": "typing"}),
        json!({"type": "newer", "ref": "5f0e"}),
    ];
    let texts: Vec<String> = frames.iter().map(Value::to_string).collect();
    let mut made: Vec<Vec<u8>> = texts.iter().map(|text| text.clone().into_bytes()).collect();
    made.push(texts.join("\n").into_bytes());
    made.push(vec![0xff, 0xfe, b'\n', b'{']);
    made
}
