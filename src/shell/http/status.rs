//! The parts of the view as JSON, apart from members: receipts, status.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::protocol::entry::Timestamp;
use crate::protocol::id::NodeId;
use crate::protocol::receipt::Watermarks;
use crate::shell::handle::{HomeView, StoreState, View};
use crate::store::ReadTo;

use super::limits::PART_BYTES_MAX;

/// Bytes of one watermark: an id, a number of 16 digits and what stands between.
const MARK_BYTES: usize = 88;
/// Bytes of a member's receipt without its watermarks.
const MEMBER_BYTES: usize = 128;

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

    /// What changed since `old`, in parts; none where nothing did.
    pub(super) fn since(old: &View, new: &View) -> Vec<Receipts> {
        let receipts = Receipts::between(Some(old), new);
        let quiet = receipts.members.is_empty()
            && receipts.delivered.is_empty()
            && receipts.read.is_empty()
            && old.final_to == new.final_to;
        if quiet { Vec::new() } else { receipts.parts() }
    }

    /// In parts of at most [`PART_BYTES_MAX`] bytes, at least one: a receipt may name all authors.
    pub(super) fn parts(self) -> Vec<Receipts> {
        let mut parts = Parts { full: Vec::new(), last: self.like(), bytes: 0 };
        for (author, seq) in self.delivered {
            parts.room(MARK_BYTES).delivered.insert(author, seq);
        }
        for (author, seq) in self.read {
            parts.room(MARK_BYTES).read.insert(author, seq);
        }
        for (id, receipt) in self.members {
            // Told too where only its clock moved.
            parts.member(id, receipt.clock, 0);
            for (author, seq) in receipt.stored {
                parts.member(id, receipt.clock, MARK_BYTES).stored.insert(author, seq);
            }
            for (author, seq) in receipt.read {
                parts.member(id, receipt.clock, MARK_BYTES).read.insert(author, seq);
            }
        }
        parts.full.push(parts.last);
        parts.full
    }

    /// With no marks yet.
    fn like(&self) -> Receipts {
        Receipts { final_to: self.final_to, ..Receipts::default() }
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

/// Receipts that are being divided.
struct Parts {
    full: Vec<Receipts>,
    last: Receipts,
    bytes: usize,
}

impl Parts {
    /// The part that has room for so many bytes more.
    fn room(&mut self, bytes: usize) -> &mut Receipts {
        if self.bytes + bytes > PART_BYTES_MAX {
            let next = self.last.like();
            self.full.push(std::mem::replace(&mut self.last, next));
            self.bytes = 0;
        }
        self.bytes += bytes;
        &mut self.last
    }

    /// The member in the part that has room for it, and for so many bytes in it.
    fn member(&mut self, id: NodeId, clock: u64, bytes: usize) -> &mut MemberReceipt {
        let known = self.last.members.contains_key(&id);
        let part = self.room(bytes + if known { 0 } else { MEMBER_BYTES });
        part.members.entry(id).or_insert_with(|| MemberReceipt { clock, ..Default::default() })
    }
}

fn changed(old: Option<&Watermarks>, new: &Watermarks) -> Watermarks {
    let same = |id: &NodeId, seq: &u64| old.and_then(|old| old.get(id)) == Some(seq);
    new.iter().filter(|(id, seq)| !same(id, seq)).map(|(id, seq)| (*id, *seq)).collect()
}

/// From where on the reader of this node counts, and of each other how far it was read and from
/// where on its log does not count.
pub(super) fn reader_of(view: &View) -> (Option<Timestamp>, Vec<ReadTo>) {
    let me = view.members.iter().find(|member| member.id == view.me);
    let others = view.members.iter().filter(|member| member.id != view.me);
    let read = |id| view.read_here.get(id).copied().unwrap_or(0);
    let authors = others.map(|other| (other.id, read(&other.id), other.disputed)).collect();
    (me.and_then(|me| me.since), authors)
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

pub(super) fn status_json(view: &View, home: &HomeView) -> Value {
    json!({
        "id": view.me,
        "name": own_name(view),
        "circle": view.circle,
        "clock": view.clock,
        "messages": view.messages,
        "links": view.links,
        "store": store_text(&view.store),
        "catching_up": catching_up_json(view),
        "version": home.version,
        "epoch": view.epoch,
        "left": view.left,
    })
}
