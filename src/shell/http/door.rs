//! What stands behind the door: the circles, their messages, and who may come in.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use subtle::ConstantTimeEq as _;

use crate::keyring::CircleId;
use crate::protocol::entry::Timestamp;
use crate::protocol::id::{Hash, NodeId};
use crate::shell::handle::{Handle, HomeView};
use crate::store::{ReadTo, Row, Unread};

/// Everything that stands behind the door.
#[derive(Clone)]
pub struct Door {
    /// The circles of this home, [`CircleId::FIRST`] among them.
    pub circles: BTreeMap<CircleId, CircleDoor>,
    /// What is the home's, whichever circle is spoken of.
    pub home: HomeView,
    /// Who may use `/api`, `/metrics` and the WebSocket.
    pub login: Login,
    /// Further exact `host:port` that are answered, beside the listener's own address, and
    /// `localhost`, `127.0.0.1` and `[::1]` with its port.
    pub hosts: Vec<String>,
    /// Serve the page's files from this folder, not from the binary.
    pub web_dir: Option<PathBuf>,
}

/// One circle behind the door.
#[derive(Clone)]
pub struct CircleDoor {
    /// The node in it.
    pub handle: Handle,
    /// Its committed messages.
    pub rows: Arc<dyn Rows>,
    /// Makes the invitation, `roda:HOST:PORT[,HOST:PORT…]#KEY`.
    pub invite: Invite,
}

/// Makes the invitation into a circle of this home.
pub type Invite = Arc<dyn Fn(&HomeView) -> String + Send + Sync>;

/// Who may use `/api`, `/metrics` and the WebSocket.
#[derive(Clone)]
pub enum Login {
    /// Everybody who reaches the port under a listed name.
    Off,
    /// Whoever shows this token.
    Token(String),
}

impl Login {
    /// Whether this token opens the door; takes the same time for all wrong ones of one length.
    pub(super) fn opens(&self, token: &str) -> bool {
        match self {
            Login::Off => true,
            Login::Token(right) => right.as_bytes().ct_eq(token.as_bytes()).into(),
        }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Login::Off => "Off",
            Login::Token(_) => "Token(…)",
        })
    }
}

/// The committed messages, for reading. All methods block; they are called off the async threads.
/// What a subscriber of [`Handle::events`] was told must be visible here: commit, then tell.
///
/// Pages are in order, oldest first; their `bool` tells whether there is more on the far side.
pub trait Rows: Send + Sync + 'static {
    /// The last `limit` entries in order, and whether there are older ones.
    ///
    /// # Errors
    /// The disk's fault, as for every read here.
    fn newest(&self, limit: usize) -> Result<(Vec<Row>, bool), Unreadable>;
    /// The last `limit` entries before this place, and whether there are older ones.
    ///
    /// # Errors
    /// See [`Rows::newest`].
    fn before(&self, place: Timestamp, limit: usize) -> Result<(Vec<Row>, bool), Unreadable>;
    /// The first `limit` entries after this place, and whether there are newer ones.
    ///
    /// # Errors
    /// See [`Rows::newest`].
    fn after(&self, place: Timestamp, limit: usize) -> Result<(Vec<Row>, bool), Unreadable>;
    /// At most `limit` entries with a greater arrival number, by arrival number.
    ///
    /// # Errors
    /// See [`Rows::newest`].
    fn since_arrival(&self, arrival: u64, limit: usize) -> Result<Vec<Row>, Unreadable>;
    /// What the reader here has not read; see the store's reader.
    ///
    /// # Errors
    /// See [`Rows::newest`].
    fn unread(
        &self,
        since: Timestamp,
        authors: &[ReadTo],
        arrival: u64,
    ) -> Result<Unread, Unreadable>;
    /// The entries with these hashes, of those that are held.
    ///
    /// # Errors
    /// See [`Rows::newest`].
    fn hashed(&self, hashes: &[Hash]) -> Result<Vec<Row>, Unreadable>;
    /// The entry at `seq` of the author's log.
    ///
    /// # Errors
    /// See [`Rows::newest`].
    fn get(&self, author: NodeId, seq: u64) -> Result<Option<Row>, Unreadable>;
}

/// Messages could not be read: never the same as that there are none. Says why, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);
