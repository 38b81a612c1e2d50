//! The parts of the view as JSON: members, receipts, status.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::protocol::id::NodeId;
use crate::protocol::receipt::Watermarks;
use crate::shell::handle::{MemberView, StoreState, View};

use super::message::place_text;

/// An offline member's `last_heard` is told anew when it moved by so many milliseconds.
const HEARD_STEP_MS: u64 = 10_000;

/// The first 80 bits of a node id in groups, for people to compare by eye.
pub fn fingerprint(id: &NodeId) -> String {
    let groups: Vec<String> = id.0[..10].chunks(2).map(hex::encode).collect();
    groups.join(" ")
}

/// A member without its receipt.
pub(super) fn member_json(member: &MemberView) -> Value {
    json!({
        "id": member.id,
        "name": member.name,
        "fingerprint": fingerprint(&member.id),
        "online": member.online,
        "last_heard": member.last_heard,
        "rtt_ms": member.rtt_ms,
        "via": member.via,
        "addresses": member.addresses,
        "links": member.links,
        "left": member.left,
        "aside": member.aside,
        "disputed": member.disputed,
        "since": member.since.map(place_text),
    })
}

pub(super) fn members_json(view: &View) -> Value {
    view.members.iter().map(member_json).collect()
}

/// Whether pages must be told about members anew. Receipts travel by themselves, and that an
/// online member was just heard is no news.
pub(super) fn members_changed(old: &View, new: &View) -> bool {
    let shown = |member: &MemberView| MemberView {
        last_heard: member.last_heard.filter(|_| !member.online).map(|at| at / HEARD_STEP_MS),
        stored: Default::default(),
        read: Default::default(),
        clock: 0,
        ..member.clone()
    };
    old.circle != new.circle
        || old.members.len() != new.members.len()
        || old.members.iter().zip(&new.members).any(|(a, b)| shown(a) != shown(b))
}

/// How far everybody has got; on changes only what changed.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Receipts {
    members: BTreeMap<NodeId, MemberReceipt>,
    delivered: BTreeMap<NodeId, u64>,
    read: BTreeMap<NodeId, u64>,
    #[serde(rename = "final")]
    final_to: u64,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct MemberReceipt {
    stored: Watermarks,
    read: Watermarks,
    clock: u64,
}

impl Receipts {
    pub(super) fn whole(view: &View) -> Receipts {
        Receipts::between(None, view)
    }

    /// What changed since `old`; none where nothing did.
    pub(super) fn since(old: &View, new: &View) -> Option<Receipts> {
        let receipts = Receipts::between(Some(old), new);
        let quiet = receipts.members.is_empty()
            && receipts.delivered.is_empty()
            && receipts.read.is_empty()
            && old.final_to == new.final_to;
        (!quiet).then_some(receipts)
    }

    fn between(old: Option<&View>, new: &View) -> Receipts {
        let before: BTreeMap<_, _> =
            old.iter().flat_map(|view| &view.members).map(|member| (member.id, member)).collect();
        let mut members = BTreeMap::new();
        for member in &new.members {
            let old = before.get(&member.id);
            let receipt = MemberReceipt {
                stored: changed(old.map(|old| &*old.stored), &member.stored),
                read: changed(old.map(|old| &*old.read), &member.read),
                clock: member.clock,
            };
            let moved = old.is_none_or(|old| old.clock != member.clock);
            if moved || !receipt.stored.is_empty() || !receipt.read.is_empty() {
                members.insert(member.id, receipt);
            }
        }
        Receipts {
            members,
            delivered: changed(old.map(|view| &view.delivered), &new.delivered),
            read: changed(old.map(|view| &view.read_by_all), &new.read_by_all),
            final_to: new.final_to,
        }
    }
}

fn changed(old: Option<&Watermarks>, new: &Watermarks) -> Watermarks {
    let same = |id: &NodeId, seq: &u64| old.and_then(|old| old.get(id)) == Some(seq);
    new.iter().filter(|(id, seq)| !same(id, seq)).map(|(id, seq)| (*id, *seq)).collect()
}

pub(super) fn own_name(view: &View) -> &str {
    view.members.iter().find(|member| member.id == view.me).map_or("", |member| &member.name)
}

pub(super) fn store_text(store: &StoreState) -> String {
    match store {
        StoreState::Ok => "ok".to_owned(),
        StoreState::Failing(reason) => format!("failing: {reason}"),
    }
}

pub(super) fn catching_up_json(view: &View) -> Value {
    view.catching_up.map_or(Value::Null, |(held, of)| json!({"held": held, "of": of}))
}

pub(super) fn status_json(view: &View, version: &str) -> Value {
    json!({
        "id": view.me,
        "name": own_name(view),
        "circle": view.circle,
        "clock": view.clock,
        "messages": view.messages,
        "links": view.links,
        "store": store_text(&view.store),
        "catching_up": catching_up_json(view),
        "version": version,
        "epoch": view.epoch,
        "left": view.left,
    })
}
