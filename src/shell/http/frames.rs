//! The WebSocket's frames, apart from `messages` (see `message`).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::protocol::id::NodeId;

use super::message::{Lens, Message};
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
    Read {
        upto: String,
        arrival: u64,
    },
    Typing,
}

/// The `ref` of a frame that is otherwise wrong, so that the page knows which one failed.
#[derive(Debug, Default, Deserialize)]
pub(super) struct OnlyRef {
    #[serde(rename = "ref", default)]
    pub(super) reference: Option<String>,
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
        message: Message<'a>,
    },
    Receipts(Receipts),
    Members {
        circle: &'a str,
        members: Value,
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
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
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
    members: Value,
    read: ReadHere,
    read_receipts: bool,
    receipts: Receipts,
    messages: Vec<Message<'a>>,
    more: bool,
    catching_up: Value,
    store: String,
    left: bool,
}

#[derive(Debug, Serialize)]
struct ReadHere {
    upto: Option<String>,
    arrival: u64,
}

impl<'a> Welcome<'a> {
    pub(super) fn new(
        lens: &'a Lens,
        version: &'a str,
        arrival: u64,
        messages: Vec<Message<'a>>,
        more: bool,
    ) -> Welcome<'a> {
        let view = &*lens.view;
        let upto = view.read_upto.map(super::message::place_text);
        Welcome {
            version,
            epoch: &view.epoch,
            arrival,
            me: view.me,
            name: status::own_name(view),
            circle: &view.circle,
            clock: view.clock,
            members: status::members_json(view),
            read: ReadHere { upto, arrival: view.read_arrival },
            read_receipts: view.read_receipts,
            receipts: Receipts::whole(view),
            messages,
            more,
            catching_up: status::catching_up_json(view),
            store: status::store_text(&view.store),
            left: view.left,
        }
    }
}

impl ToPage<'_> {
    pub(super) fn encode(&self) -> String {
        serde_json::to_string(self).expect("a frame is plain data")
    }
}

pub(super) fn error_frame(reference: Option<&str>, problem: &Problem) -> String {
    ToPage::Error { reference, code: problem.code, message: &problem.message }.encode()
}
