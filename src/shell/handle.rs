//! What the pages, the HTTP routes and the commands see of a circle of a running node: commands in,
//! a view and events out. The circle's owner task stands behind it.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::protocol::entry::Timestamp;
use crate::protocol::id::NodeId;
use crate::protocol::receipt::Watermarks;
use crate::store::Row;

/// Commands that wait for the owner; a full queue slows the asker down.
pub const COMMANDS_MAX: usize = 1_024;
/// Events a page may lag behind before it is told to resume.
pub const EVENTS_MAX: usize = 1_024;

/// Why a command was not done. The text says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The asker's fault: a text too long, a name with nothing in it, an unknown member.
    #[error("{0}")]
    Invalid(String),
    /// Nobody's fault yet: too much waits; try again.
    #[error("{0}")]
    Busy(String),
    /// The disk's fault: nothing can be stored.
    #[error("{0}")]
    Store(String),
    /// The node is stopping, or has left the circle.
    #[error("{0}")]
    Gone(String),
}

/// What a page or a program may ask of the node in a circle.
#[derive(Debug)]
pub enum Command {
    /// Write a message. Answered once it is committed here.
    Send {
        /// The text, at most 16 KiB.
        text: String,
        /// The same reference makes one message, across restarts too.
        reference: Option<String>,
        /// The message.
        reply: oneshot::Sender<Result<Row, Refused>>,
    },
    /// Change this node's name. Answered once committed.
    SetName(String, oneshot::Sender<Result<(), Refused>>),
    /// Name the circle. Answered once committed.
    SetCircle(String, oneshot::Sender<Result<(), Refused>>),
    /// Tell others what was read here, or not.
    SetReadReceipts(bool, oneshot::Sender<Result<(), Refused>>),
    /// Stop waiting for a member (or wait again).
    SetAside(NodeId, bool, oneshot::Sender<Result<(), Refused>>),
    /// Leave the circle for good. Answered once committed and said.
    Leave(oneshot::Sender<Result<(), Refused>>),
    /// The reader has read, of each of these authors, all up to this sequence number.
    Read(Watermarks),
    /// The reader is typing.
    Typing,
}

/// Where the store stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreState {
    /// Writes are committed.
    Ok,
    /// The last write failed, for this reason; it is tried again.
    Failing(String),
}

/// A member as pages show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberView {
    /// Its node id.
    pub id: NodeId,
    /// Its cleaned name; empty until its profile is held.
    pub name: String,
    /// Linked with this node now (always true of this node itself).
    pub online: bool,
    /// Wall clock here when something was last received from it, where ever.
    pub last_heard: Option<u64>,
    /// Round trip in milliseconds, where linked.
    pub rtt_ms: Option<u32>,
    /// Where not linked: somebody linked with both.
    pub via: Option<NodeId>,
    /// Addresses, newest first.
    pub addresses: Vec<String>,
    /// Whom it says it is linked with.
    pub links: Arc<[NodeId]>,
    /// It said goodbye for good.
    pub left: bool,
    /// Set aside here.
    pub aside: bool,
    /// It signed two entries at this sequence number.
    pub disputed: Option<u64>,
    /// Place of its first profile; none until it is held. Entries after it wait for its receipt.
    pub since: Option<Timestamp>,
    /// What it has signed that it has stored.
    pub stored: Arc<Watermarks>,
    /// What it has signed that it has read.
    pub read: Arc<Watermarks>,
    /// Its receipt's clock.
    pub clock: u64,
}

/// What is the home's, whichever circle is spoken of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeView {
    /// The program's version, as pages and `status` show it.
    pub version: String,
    /// Where others can reach it, `host:port`, for invitations: those that were set, else guessed.
    pub addresses: Vec<String>,
}

/// A circle at one moment, apart from its messages: its store is its own too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// This node.
    pub me: NodeId,
    /// Names this store's arrival numbers: another epoch, another count.
    pub epoch: String,
    /// The circle's cleaned name; empty until somebody named it.
    pub circle: String,
    /// The greatest counter held.
    pub clock: u64,
    /// Last arrival number committed.
    pub arrival: u64,
    /// Entries committed in all logs.
    pub messages: u64,
    /// Everybody known, this node too.
    pub members: Vec<MemberView>,
    /// Per author: delivered up to this sequence number.
    pub delivered: BTreeMap<NodeId, u64>,
    /// Per author: read by all up to this sequence number.
    pub read_by_all: BTreeMap<NodeId, u64>,
    /// Every position up to this counter is final.
    pub final_to: u64,
    /// Links that are up.
    pub links: usize,
    /// The store's state.
    pub store: StoreState,
    /// Damage that was met in the store's file: what, and what to do. The next start sets it aside.
    pub damaged: Option<String>,
    /// Entries held, and the number held once caught up, while catching up.
    pub catching_up: Option<(u64, u64)>,
    /// Whether this node's reads are told.
    pub read_receipts: bool,
    /// Per author: read by the reader here up to this sequence number.
    pub read_here: Watermarks,
    /// This node has left the circle.
    pub left: bool,
}

/// What pages are told as it happens.
#[derive(Debug, Clone)]
pub enum Event {
    /// New entries, just committed, in arrival order. `late` of them belong above older ones.
    Messages {
        /// The entries.
        rows: Arc<[Row]>,
        /// How many of them are not at the end of the order.
        late: usize,
    },
    /// Entries of others that are proven and have their place, and are not committed yet; in
    /// arrival order. Each comes again in [`Event::Messages`] once it is.
    Early(Arc<[Row]>),
    /// The member is typing now.
    Typing(NodeId),
    /// Something a person should know, in plain words with a code for translation.
    Notice {
        /// A word for programs.
        code: &'static str,
        /// The words.
        message: String,
    },
}

/// Access to a circle of a running node. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Handle {
    /// Commands to the owner, at most [`COMMANDS_MAX`] waiting.
    pub commands: mpsc::Sender<Command>,
    /// The newest view; renewed at most every 50 ms.
    pub view: watch::Receiver<Arc<View>>,
    /// Subscribe for events; a subscriber that lags must resume from the store.
    pub events: broadcast::Sender<Event>,
}

impl Handle {
    /// Asks the owner and waits for its answer.
    ///
    /// # Errors
    /// As [`Refused`]; [`Refused::Gone`] where the node stops before it answers.
    pub async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, Refused>>) -> Command,
    ) -> Result<T, Refused> {
        let gone = || Refused::Gone("the node is stopping; start it again".to_owned());
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}
