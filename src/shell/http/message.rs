//! Messages as JSON, the same on HTTP and WebSocket, and the places that name them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::conversation::kind::{self, Reading, UNREADABLE};
use crate::protocol::entry::Timestamp;
use crate::protocol::id::NodeId;
use crate::protocol::limits::INTEGER_MAX;
use crate::protocol::name::clean_name;
use crate::shell::handle::{MemberView, View};
use crate::store::Row;

use super::door::{Rows, Unreadable};
use super::limits::{
    FRAME_TO_PAGE_MAX, HISTORY_BYTES_MAX, HISTORY_DEFAULT, HISTORY_MAX, HISTORY_RECEIPTS_MAX,
    REFERENCE_MAX,
};
use super::problem::Problem;

/// One message as clients see it.
#[derive(Debug, Serialize)]
pub(super) struct Message<'a> {
    id: String,
    author: NodeId,
    name: &'a str,
    seq: u64,
    lamport: u64,
    at: u64,
    kind: String,
    text: String,
    arrival: u64,
    arrived_at: u64,
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    of: usize,
    state: &'static str,
    #[serde(rename = "final")]
    is_final: bool,
    /// It is told under another, and only streamed, so that arrival numbers have no holes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    quiet: bool,
    #[serde(skip_serializing_if = "is_zero")]
    newer: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    stored: Option<Vec<NodeId>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    read: Option<Vec<NodeId>>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A view, prepared for showing many messages by it.
#[derive(Debug)]
pub(super) struct Lens {
    pub(super) view: Arc<View>,
    members: BTreeMap<NodeId, usize>,
    /// First profiles of the members that count, in order.
    since: Vec<Timestamp>,
}

impl Lens {
    pub(super) fn new(view: Arc<View>) -> Lens {
        let members = view.members.iter().enumerate().map(|(i, m)| (m.id, i)).collect();
        let mut since: Vec<_> = view.members.iter().filter_map(counts_since).collect();
        since.sort_unstable();
        Lens { view, members, since }
    }

    /// As WebSocket frames have it.
    pub(super) fn message<'a>(&'a self, row: &'a Row) -> Message<'a> {
        let (kind, text) = kind_and_text(&row.body);
        let of = self.of(row);
        // What an earlier life of this node said is another member's.
        let own = row.author == self.view.me;
        Message {
            id: format!("{}:{}", row.author, row.seq),
            author: row.author,
            name: self.member(&row.author).map_or("", |member| &member.name),
            seq: row.seq,
            lamport: row.lamport,
            at: row.at,
            kind,
            text,
            arrival: row.arrival,
            arrived_at: row.arrived_at,
            reference: row.reference.as_deref().filter(|_| own),
            of,
            state: self.state(row, of),
            is_final: row.lamport <= self.view.final_to,
            quiet: row.about.is_some(),
            newer: row.newer,
            stored: None,
            read: None,
        }
    }

    /// As HTTP has it: who has stored and read it stands with it.
    pub(super) fn message_with_receipts<'a>(&'a self, row: &'a Row) -> Message<'a> {
        let who = |reached: fn(&MemberView, &Row) -> bool| {
            let others = self.view.members.iter().filter(|member| member.id != row.author);
            Some(others.filter(|member| reached(member, row)).map(|member| member.id).collect())
        };
        Message {
            stored: who(|member, row| member.stored.get(&row.author) >= Some(&row.seq)),
            read: who(|member, row| member.read.get(&row.author) >= Some(&row.seq)),
            ..self.message(row)
        }
    }

    /// How many messages with their receipts fit [`HISTORY_RECEIPTS_MAX`] bytes, or one.
    pub(super) fn fitting_with_receipts(&self) -> usize {
        // Each member's id may stand twice, with what is around it.
        const BYTES: usize = 2 * 67;
        (HISTORY_RECEIPTS_MAX / (BYTES * self.view.members.len().max(1))).max(1)
    }

    fn member(&self, id: &NodeId) -> Option<&MemberView> {
        self.members.get(id).map(|at| &self.view.members[*at])
    }

    /// Members other than the author whose receipt this message waits for.
    fn of(&self, row: &Row) -> usize {
        let place = row.timestamp();
        let all = self.since.partition_point(|since| *since < place);
        let author = self.member(&row.author).and_then(counts_since);
        all - usize::from(author.is_some_and(|since| since < place))
    }

    fn state(&self, row: &Row, of: usize) -> &'static str {
        let reached =
            |marks: &BTreeMap<NodeId, u64>| of > 0 && marks.get(&row.author) >= Some(&row.seq);
        match () {
            () if reached(&self.view.read_by_all) => "read",
            () if reached(&self.view.delivered) => "delivered",
            () => "kept",
        }
    }
}

fn counts_since(member: &MemberView) -> Option<Timestamp> {
    member.since.filter(|_| !member.left && !member.aside && member.disputed.is_none())
}

fn kind_and_text(body: &str) -> (String, String) {
    let unreadable = || UNREADABLE.to_owned();
    match kind::read(body) {
        Reading::Known(kind, text) => (kind.name.to_owned(), text),
        Reading::Newer(newer) => {
            (clean_name(&newer.kind).unwrap_or_else(|_| unreadable()), String::new())
        }
        Reading::Unreadable => (unreadable(), String::new()),
    }
}

/// The newest of these rows, in order, whose messages fit [`FRAME_TO_PAGE_MAX`] bytes, or one.
pub(super) fn newest_that_fit<'a>(lens: &'a Lens, rows: &'a [Row]) -> Vec<Message<'a>> {
    let mut bytes = 0;
    let mut messages = Vec::new();
    for message in rows.iter().rev().map(|row| lens.message(row)) {
        bytes += serde_json::to_string(&message).expect("a message is plain data").len() + 1;
        if bytes > FRAME_TO_PAGE_MAX && !messages.is_empty() {
            break;
        }
        messages.push(message);
    }
    messages.reverse();
    messages
}

/// Splits rows into frames of this type and at most [`FRAME_TO_PAGE_MAX`] bytes, or one message.
pub(super) fn messages_frames<'a>(
    name: &str,
    lens: &Lens,
    rows: impl IntoIterator<Item = &'a Row>,
) -> Vec<String> {
    const CLOSE: &str = "]}";
    let open = format!(r#"{{"type":"{name}","messages":["#);
    let mut frames = Vec::new();
    let mut frame = String::new();
    for row in rows {
        let message = serde_json::to_string(&lens.message(row)).expect("a message is plain data");
        if !frame.is_empty() && frame.len() + 1 + message.len() + CLOSE.len() > FRAME_TO_PAGE_MAX {
            frames.push(std::mem::take(&mut frame) + CLOSE);
        }
        frame.push_str(if frame.is_empty() { &open } else { "," });
        frame.push_str(&message);
    }
    if !frame.is_empty() {
        frames.push(frame + CLOSE);
    }
    frames
}

/// Which part of the conversation is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Newest,
    Before(Timestamp),
    After(Timestamp),
}

impl Part {
    /// From the two cursors of a request, of which one at most may stand.
    pub(super) fn parse(before: Option<&str>, after: Option<&str>) -> Result<Part, Problem> {
        match (before, after) {
            (None, None) => Ok(Part::Newest),
            (Some(place), None) => parse_place(place).map(Part::Before),
            (None, Some(place)) => parse_place(place).map(Part::After),
            (Some(_), Some(_)) => Err(Problem::invalid("give either before or after, not both")),
        }
    }

    /// Reads this part, oldest first. Cut at [`HISTORY_BYTES_MAX`], nearest the cursor kept.
    pub(super) fn read(
        self,
        rows: &dyn Rows,
        limit: Option<usize>,
    ) -> Result<(Vec<Row>, bool), Unreadable> {
        let limit = limit.unwrap_or(HISTORY_DEFAULT).clamp(1, HISTORY_MAX);
        let (mut page, more) = match self {
            Part::Newest => rows.newest(limit)?,
            Part::Before(place) => rows.before(place, limit)?,
            Part::After(place) => rows.after(place, limit)?,
        };
        let mut bytes = 0;
        let mut fits = |row: &Row| {
            bytes += row.body.len();
            bytes <= HISTORY_BYTES_MAX
        };
        let kept = match self {
            Part::After(_) => page.iter().take_while(|row| fits(row)).count(),
            _ => page.iter().rev().take_while(|row| fits(row)).count(),
        };
        let cut = page.len() - kept;
        match self {
            Part::After(_) => page.truncate(kept),
            _ => drop(page.drain(..cut)),
        }
        Ok((page, more || cut > 0))
    }
}

/// A place in the order as text: `COUNTER.AUTHOR`.
pub(super) fn place_text(place: Timestamp) -> String {
    format!("{}.{}", place.lamport, place.author)
}

/// Reads `COUNTER.AUTHOR`.
pub(super) fn parse_place(text: &str) -> Result<Timestamp, Problem> {
    let read = || {
        let (lamport, author) = text.split_once('.')?;
        let lamport = lamport.parse().ok().filter(|lamport| *lamport <= INTEGER_MAX)?;
        Some(Timestamp { lamport, author: author.parse().ok()? })
    };
    read().ok_or_else(|| {
        Problem::invalid("a place is COUNTER.AUTHOR, with the author's id as 64 hex digits")
    })
}

/// Reads `AUTHOR:SEQ`.
pub(super) fn parse_message_id(text: &str) -> Result<(NodeId, u64), Problem> {
    let read = || {
        let (author, seq) = text.split_once(':')?;
        Some((author.parse().ok()?, seq.parse().ok().filter(|seq| *seq <= INTEGER_MAX)?))
    };
    read().ok_or_else(|| {
        Problem::invalid("a message's id is AUTHOR:SEQ, with the author's id as 64 hex digits")
    })
}

/// Whether a page's or program's reference has a length that is taken.
pub(super) fn check_reference(reference: Option<&str>) -> Result<(), Problem> {
    match reference {
        Some(reference) if reference.is_empty() || reference.len() > REFERENCE_MAX => {
            Err(Problem::invalid(format!("a ref has 1 to {REFERENCE_MAX} bytes; use a UUID")))
        }
        _ => Ok(()),
    }
}
