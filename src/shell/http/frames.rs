//! The WebSocket's frames, apart from `messages` (see `message`).

use std::collections::{BTreeMap, VecDeque};
use std::iter;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::protocol::entry::Timestamp;
use crate::protocol::id::NodeId;
use crate::protocol::receipt::Watermarks;
use crate::store::{Row, Unread};

use super::members::{Heard, Members, members_parts};
use super::message::{Lens, Message, newest_that_fit, place_text};
use super::problem::Problem;
use super::status::{self, Receipts};

/// What a page may send.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum FromPage {
    Auth {
        token: String,
    },
    Resume {
        epoch: Option<String>,
        arrival: u64,
    },
    Send {
        text: String,
        #[serde(rename = "ref")]
        reference: Option<String>,
    },
    History {
        before: Option<String>,
        after: Option<String>,
        limit: Option<usize>,
    },
    Read(Seen),
    Typing,
}

/// What the page's reader has seen.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Seen {
    /// Of each of these authors every message up to this sequence number.
    Marks { marks: Watermarks },
    /// As programs of 0.1 say it: all up to this place that had arrived by this number.
    Upto { upto: String, arrival: u64 },
}

/// What names a question, in the frame that asks and in its answer, so that the page knows which
/// one an error is about.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Question {
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

impl Question {
    /// A send with this reference.
    pub(super) fn of(reference: Option<String>) -> Question {
        Question { reference, ..Question::default() }
    }
}

/// What the node sends.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum ToPage<'a> {
    Welcome(Box<Welcome<'a>>),
    Page {
        #[serde(skip_serializing_if = "Option::is_none")]
        before: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        after: Option<&'a str>,
        messages: Vec<Message<'a>>,
        more: bool,
    },
    Sent {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        message: Box<Message<'a>>,
    },
    Receipts(&'a Receipts),
    Members {
        circle: &'a str,
        members: &'a Members,
    },
    #[serde(rename = "members_changed")]
    MembersChanged {
        circle: &'a str,
        members: &'a Members,
    },
    Heard {
        members: BTreeMap<NodeId, Heard>,
    },
    Typing {
        member: NodeId,
    },
    Progress {
        held: u64,
        of: u64,
        done: bool,
    },
    Notice {
        code: &'a str,
        message: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        count: Option<usize>,
    },
    Error {
        #[serde(flatten)]
        question: &'a Question,
        code: &'static str,
        message: &'a str,
    },
}

#[derive(Debug, Serialize)]
pub(super) struct Welcome<'a> {
    version: &'a str,
    epoch: &'a str,
    arrival: u64,
    me: NodeId,
    name: &'a str,
    circle: &'a str,
    clock: u64,
    members: Members,
    read: ReadHere,
    read_receipts: bool,
    receipts: Receipts,
    messages: Vec<Message<'a>>,
    more: bool,
    catching_up: Value,
    store: String,
    left: bool,
    rest: usize,
}

#[derive(Debug, Serialize)]
struct ReadHere {
    upto: Option<String>,
    arrival: u64,
    behind: Watermarks,
    more: bool,
    first: Option<String>,
    count: u64,
}

/// A `welcome`, and the frames in which it goes on where a frame does not hold the circle.
pub(super) fn welcome_frames(
    lens: &Lens,
    version: &str,
    arrival: u64,
    rows: &[Row],
    more: bool,
    (upto, unread): (Option<Timestamp>, Unread),
) -> impl Iterator<Item = String> {
    let view = lens.view.clone();
    // Oneself first: a page judges by its own member what is late.
    let (me, others): (Vec<_>, Vec<_>) = view.members.iter().partition(|one| one.id == view.me);
    let members = members_parts(me.into_iter().chain(others));
    let mut members: VecDeque<Members> = members.collect();
    let mut receipts: VecDeque<Receipts> = Receipts::whole(&view).parts().into();
    let messages = newest_that_fit(lens, rows);
    let welcome = ToPage::Welcome(Box::new(Welcome {
        version,
        epoch: &view.epoch,
        arrival,
        me: view.me,
        name: status::own_name(&view),
        circle: &view.circle,
        clock: view.clock,
        members: members.pop_front().unwrap_or_default(),
        read: ReadHere {
            upto: upto.map(place_text),
            arrival,
            behind: unread.behind,
            more: unread.more,
            first: unread.first.map(place_text),
            count: unread.count,
        },
        read_receipts: view.read_receipts,
        receipts: receipts.pop_front().unwrap_or_default(),
        more: more || messages.len() < rows.len(),
        messages,
        catching_up: status::catching_up_json(&view),
        store: status::store_text(&view.store),
        left: view.left,
        rest: members.len() + receipts.len(),
    }))
    .encode();
    let circle = view.circle.clone();
    let members = members
        .into_iter()
        .map(move |members| ToPage::MembersChanged { circle: &circle, members: &members }.encode());
    let receipts = receipts.into_iter().map(|receipts| ToPage::Receipts(&receipts).encode());
    iter::once(welcome).chain(members).chain(receipts)
}

impl ToPage<'_> {
    pub(super) fn encode(&self) -> String {
        serde_json::to_string(self).expect("a frame is plain data")
    }
}

pub(super) fn error_frame(question: &Question, problem: &Problem) -> String {
    ToPage::Error { question, code: problem.code, message: &problem.message }.encode()
}

/// An error that answers no question.
pub(super) fn plain_error_frame(problem: &Problem) -> String {
    error_frame(&Question::default(), problem)
}
