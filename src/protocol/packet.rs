//! The packets of an established link. `wire` gives them their JSON.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::dispute::Dispute;
use super::entry::{CheckedRun, Run};
use super::id::{Hash, NodeId};
use super::json::{objects, present, unique, unique_objects};
use super::receipt::ReceiptChange;

/// Where one author's log stands at the sender: a hint, believed only once its entries are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Last sequence number held; 0 where only a dispute is known.
    pub seq: u64,
    /// Hash of that entry.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hash: Option<Hash>,
    /// The author is disputed from this sequence number.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub disputed: Option<u64>,
}

/// `sync`: what the sender holds, of all authors or of those it offers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sync {
    /// Per author where its log stands.
    #[serde(deserialize_with = "unique_objects")]
    pub authors: BTreeMap<NodeId, Head>,
    /// Per node the count of the receipt held; none in an offer that does not speak of receipts.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default, deserialize_with = "unique")]
    pub receipts: BTreeMap<NodeId, u64>,
    /// The whole vector: what is named neither here nor in the parts before is not held.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub whole: bool,
    /// Another part of the whole vector follows.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub more: bool,
}

/// Entries of one author, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The author.
    pub author: NodeId,
    /// First sequence number.
    pub from: u64,
    /// Last sequence number.
    pub to: u64,
}

/// `want`: what the sender asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Want {
    /// Ranges of logs; for these authors in place of what was asked for before on this link.
    #[serde(default, deserialize_with = "objects")]
    pub ranges: Vec<Range>,
    /// Entries that held ones name.
    #[serde(default)]
    pub hashes: Vec<Hash>,
}

/// `contacts`: members and where they may be reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contacts {
    /// Per member its addresses, `host:port`, newest first.
    #[serde(deserialize_with = "unique")]
    pub members: BTreeMap<NodeId, Vec<String>>,
    /// Whom the sender is linked with now, whole; none where only changes are told, or nothing.
    #[serde(skip_serializing_if = "Option::is_none", default, deserialize_with = "present")]
    pub links: Option<Vec<NodeId>>,
    /// Whom the sender has been linked with since it last told its links here.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub gained: Vec<NodeId>,
    /// Whom it is linked with no more since then.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub lost: Vec<NodeId>,
    /// The sender understands changes.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub changes: bool,
}

/// A packet with its runs as `R`: [`Run`] as parsed, [`CheckedRun`] once the link's task has
/// checked them.
#[derive(Debug, Clone, PartialEq)]
pub enum Packet<R = Arc<CheckedRun>> {
    /// Who can be reached where.
    Contacts(Contacts),
    /// What the sender holds.
    Sync(Sync),
    /// What the sender asks for.
    Want(Want),
    /// Runs asked for.
    History(Vec<R>),
    /// The sender's own new run, live.
    Message(R),
    /// Signed receipts, the sender's or passed on.
    Receipt(Vec<ReceiptChange>),
    /// A fork's proof.
    Dispute(Box<Dispute>),
    /// The sender's reader is typing.
    Typing,
    /// Answered by a `pong` with the same number.
    Ping(u64),
    /// Answer to `ping`.
    Pong(u64),
    /// The sender stops; no redial is needed until it is back.
    Bye,
}

impl Packet<Run> {
    /// Checks every run. CPU-heavy: meant for the link's own task.
    ///
    /// # Errors
    /// The first bad run: the sender's fault.
    pub fn check(self) -> Result<Packet, super::entry::BadRun> {
        Ok(match self {
            Packet::History(runs) => Packet::History(
                runs.into_iter().map(|run| run.check().map(Arc::new)).collect::<Result<_, _>>()?,
            ),
            Packet::Message(run) => Packet::Message(Arc::new(run.check()?)),
            Packet::Contacts(contacts) => Packet::Contacts(contacts),
            Packet::Sync(sync) => Packet::Sync(sync),
            Packet::Want(want) => Packet::Want(want),
            Packet::Receipt(receipts) => Packet::Receipt(receipts),
            Packet::Dispute(dispute) => Packet::Dispute(dispute),
            Packet::Typing => Packet::Typing,
            Packet::Ping(number) => Packet::Ping(number),
            Packet::Pong(number) => Packet::Pong(number),
            Packet::Bye => Packet::Bye,
        })
    }
}

/// Names one link of this node for as long as the process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u64);

/// Which queue of a link a packet goes to: live ones go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Everything but history.
    Live,
    /// Old runs that were asked for.
    History,
}
