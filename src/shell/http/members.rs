//! Members as JSON, and what is new about them.

use std::collections::BTreeMap;
use std::iter;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use crate::protocol::id::NodeId;
use crate::shell::handle::{MemberView, View};

use super::limits::PART_BYTES_MAX;
use super::message::place_text;

/// Bytes of when and how quickly a member was heard.
const HEARD_BYTES: usize = 144;
/// An offline member's `last_heard` is told anew when it moved by so many milliseconds.
const HEARD_STEP_MS: u64 = 10_000;

/// The first 80 bits of a node id in groups, for people to compare by eye.
fn fingerprint(id: &NodeId) -> String {
    let groups: Vec<String> = id.0[..10].chunks(2).map(hex::encode).collect();
    groups.join(" ")
}

/// A member without its receipt.
fn member_json(member: &MemberView) -> Value {
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

/// Members as a frame has them.
pub(super) type Members = Vec<Box<RawValue>>;

/// Members in parts of at most [`PART_BYTES_MAX`] bytes, or one member.
pub(super) fn members_parts<'a>(
    members: impl Iterator<Item = &'a MemberView>,
) -> impl Iterator<Item = Members> {
    let encode = |member| to_raw_value(&member_json(member)).expect("a member is plain data");
    let mut members = members.map(encode).peekable();
    iter::from_fn(move || {
        let (mut part, mut bytes) = (Members::new(), 0);
        while let Some(member) =
            members.next_if(|next| part.is_empty() || bytes + next.get().len() < PART_BYTES_MAX)
        {
            bytes += member.get().len() + 1;
            part.push(member);
        }
        (!part.is_empty()).then_some(part)
    })
}

/// What pages must be told about members: in one life nobody is forgotten.
pub(super) struct MembersNews {
    /// Who is new or has changed.
    pub(super) members: MembersFrames,
    /// Who was heard at another time or more quickly, and has not changed else; in parts that fit a
    /// frame.
    pub(super) heard: Vec<BTreeMap<NodeId, Heard>>,
}

/// Members that changed, as frames have them.
#[derive(Debug)]
pub(super) enum MembersFrames {
    /// None did.
    None,
    /// All of them.
    All(Members),
    /// Those that changed, in parts.
    Changed(Vec<Members>),
}

/// What is new about members since `old`.
pub(super) fn members_news(old: &View, new: &View) -> MembersNews {
    let before: BTreeMap<_, _> = old.members.iter().map(|member| (member.id, member)).collect();
    let (mut changed, mut heard) = (Vec::new(), Vec::new());
    for member in &new.members {
        match before.get(&member.id) {
            Some(before) if lasts(before, member) => {
                if Heard::shown(before) != Heard::shown(member) {
                    heard.push((member.id, Heard::of(member)));
                }
            }
            _ => changed.push(member),
        }
    }
    let heard = heard.chunks(PART_BYTES_MAX / HEARD_BYTES);
    MembersNews {
        members: changed_frames(changed, old.circle != new.circle, new),
        heard: heard.map(|part| part.iter().copied().collect()).collect(),
    }
}

/// All are told where they fit one frame.
fn changed_frames(changed: Vec<&MemberView>, renamed: bool, new: &View) -> MembersFrames {
    if changed.is_empty() && !renamed {
        return MembersFrames::None;
    }
    let mut all = members_parts(new.members.iter());
    let first = all.next().unwrap_or_default();
    if all.next().is_none() {
        return MembersFrames::All(first);
    }
    let mut parts: Vec<Members> = members_parts(changed.into_iter()).collect();
    if parts.is_empty() {
        parts.push(Members::new());
    }
    MembersFrames::Changed(parts)
}

/// Whether nothing has changed but what is told by itself: receipts, and when and how quickly the
/// member was heard.
fn lasts(old: &MemberView, new: &MemberView) -> bool {
    let MemberView {
        id, name, online, via, addresses, links, left, aside, disputed, since, ..
    } = old;
    let flags = |member: &MemberView| (member.online, member.left, member.aside);
    (*online, *left, *aside) == flags(new)
        && (id, via, disputed, since) == (&new.id, &new.via, &new.disputed, &new.since)
        && (name, addresses, links) == (&new.name, &new.addresses, &new.links)
}

/// When and how quickly a member was heard: it changes all the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Heard {
    rtt_ms: Option<u32>,
    last_heard: Option<u64>,
}

impl Heard {
    fn of(member: &MemberView) -> Heard {
        Heard { rtt_ms: member.rtt_ms, last_heard: member.last_heard }
    }

    /// That an online member was just heard is no news.
    fn shown(member: &MemberView) -> Heard {
        let told = member.last_heard.filter(|_| !member.online);
        Heard { last_heard: told.map(|at| at / HEARD_STEP_MS), ..Heard::of(member) }
    }
}
