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

/// What pages must be told about members.
#[derive(Debug)]
pub(super) enum MembersNews {
    /// Nothing.
    None,
    /// All of them.
    All(Members),
    /// Those that changed, in parts.
    Changed(Vec<Members>),
}

/// What is new about members since `old`, but for what changes all the time: in one life nobody is
/// forgotten. All are told where they fit one frame.
pub(super) fn members_news(old: &View, new: &View) -> MembersNews {
    let before: BTreeMap<_, _> = old.members.iter().map(|member| (member.id, member)).collect();
    let differs =
        |member: &&MemberView| before.get(&member.id).is_none_or(|old| !lasts(old, member));
    let changed: Vec<_> = new.members.iter().filter(differs).collect();
    if changed.is_empty() && old.circle == new.circle {
        return MembersNews::None;
    }
    let mut all = members_parts(new.members.iter());
    let first = all.next().unwrap_or_default();
    if all.next().is_none() {
        return MembersNews::All(first);
    }
    let mut parts: Vec<Members> = members_parts(changed.into_iter()).collect();
    if parts.is_empty() {
        parts.push(Members::new());
    }
    MembersNews::Changed(parts)
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

/// Who was heard since `old` at another time or more quickly, in parts that fit a frame.
pub(super) fn heard_news(old: &View, new: &View) -> Vec<BTreeMap<NodeId, Heard>> {
    let before: BTreeMap<_, _> = old.members.iter().map(|member| (member.id, member)).collect();
    // Of whom more has changed, the member itself is told.
    let heard = |old: &MemberView, new: &MemberView| {
        lasts(old, new) && Heard::shown(old) != Heard::shown(new)
    };
    let news = new.members.iter();
    let news = news.filter(|member| before.get(&member.id).is_some_and(|old| heard(old, member)));
    let news: Vec<_> = news.map(|member| (member.id, Heard::of(member))).collect();
    news.chunks(PART_BYTES_MAX / HEARD_BYTES).map(|part| part.iter().copied().collect()).collect()
}
