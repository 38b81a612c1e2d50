//! The page's door: files, HTTP routes and WebSockets, on one listener.
//!
//! A request passes, in this order: the connection's bounds (`server`), then the guards on Host,
//! Origin and token, which also put the security headers on every answer (`guards`), then its
//! route (`routes`, `socket`, `assets`). Nothing here changes the circle: commands go to the owner
//! through [`Handle`], and messages are read through [`Rows`].

mod assets;
mod frames;
mod guards;
mod live;
mod message;
mod metrics;
mod problem;
mod routes;
mod server;
mod socket;
mod status;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::protocol::entry::Timestamp;
use crate::protocol::id::NodeId;

use super::handle::{Handle, ReadTo, Row, Unread, View};

pub use self::server::serve;
pub use self::status::fingerprint;

/// Everything that stands behind the door.
#[derive(Clone)]
pub struct Door {
    /// The running node.
    pub handle: Handle,
    /// Its committed messages.
    pub rows: Arc<dyn Rows>,
    /// Who may use `/api`, `/metrics` and the WebSocket.
    pub login: Login,
    /// Further exact `host:port` that are answered, beside the listener's own address, and
    /// `localhost`, `127.0.0.1` and `[::1]` with its port.
    pub hosts: Vec<String>,
    /// Serve the page's files from this folder, not from the binary.
    pub web_dir: Option<PathBuf>,
    /// Makes the invitation, `roda:HOST:PORT[,HOST:PORT…]#KEY`.
    pub invite: Invite,
    /// The program's version, as pages and `status` show it.
    pub version: String,
}

/// Makes the invitation from the addresses in the view.
pub type Invite = Arc<dyn Fn(&View) -> String + Send + Sync>;

/// Who may use `/api`, `/metrics` and the WebSocket.
#[derive(Clone)]
pub enum Login {
    /// Everybody who reaches the port under a listed name.
    Off,
    /// Whoever shows this token.
    Token(String),
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

/// Every bound of the door, each with its reason.
pub mod limits {
    use std::time::Duration;

    /// Bytes of one frame from a page: a text of 16 KiB with room for escapes.
    pub const FRAME_FROM_PAGE_MAX: usize = 64 * 1024;
    /// Bytes of a frame above which the socket is cut at once; up to here the page is answered.
    pub const FRAME_CUT_MAX: usize = 2 * FRAME_FROM_PAGE_MAX;
    /// Bytes of one frame to a page: more goes on in another, unless a single message or member
    /// needs more. `welcome` has so many for its messages, its members and its receipts each;
    /// `page` is bounded by [`HISTORY_BYTES_MAX`].
    pub const FRAME_TO_PAGE_MAX: usize = 60 * 1024;
    /// Bytes of these for what stands around members or receipts: a name of 64 characters, at most.
    pub const FRAME_HEAD_MAX: usize = 1024;
    /// Bytes of messages in one page of history, unless a single message needs more: 500 of the
    /// longest texts are not made into one answer.
    pub const HISTORY_BYTES_MAX: usize = 1024 * 1024;
    /// Bytes of receipts in one page of history on HTTP, unless a single message needs more.
    pub const HISTORY_RECEIPTS_MAX: usize = 4 * 1024 * 1024;
    /// Bytes of a JSON body: a text of 16 KiB with every byte escaped (96 KiB), and some room.
    pub const JSON_BODY_MAX: usize = 128 * 1024;
    /// A body must have arrived within this.
    pub const BODY_WAIT: Duration = Duration::from_secs(10);
    /// Request line and headers must have arrived within this, on idle connections too.
    pub const HEADERS_WAIT: Duration = Duration::from_secs(5);
    /// Bytes of request line and headers.
    pub const HEADERS_MAX: usize = 16 * 1024;
    /// Open connections: 16 pages, and a few browsers with six idle ones each. One more closes the
    /// longest idle.
    pub const CONNECTIONS_MAX: usize = 128;
    /// Pages at once: each holds queues; one person does not look at more.
    pub const PAGES_MAX: usize = 16;
    /// `auth` must have arrived within this.
    pub const AUTH_WAIT: Duration = Duration::from_secs(5);
    /// Frames that wait for a page's socket.
    pub const PAGE_QUEUE_MAX: usize = 64;
    /// Frames written before one flush.
    pub const WRITE_BATCH_MAX: usize = 16;
    /// A page that takes nothing for so long is closed; it resumes from the store.
    pub const SLOW_PAGE: Duration = Duration::from_secs(10);
    /// Sends of one page that wait for their commit; then nothing more is read from it.
    pub const SENDS_OUTSTANDING_MAX: usize = 1_024;
    /// Bytes of a page's reference.
    pub const REFERENCE_MAX: usize = 128;
    /// Messages read from the store in one step while a page resumes.
    pub const RESUME_STEP: usize = 500;
    /// Events joined into one `messages` frame.
    pub const EVENTS_JOINED_MAX: usize = 64;
    /// Messages in a page of history unless asked otherwise, and in `welcome`.
    pub const HISTORY_DEFAULT: usize = 50;
    /// Messages in a page of history at most.
    pub const HISTORY_MAX: usize = 500;
    /// Least time between two `receipts`, `members` or `progress` frames.
    pub const VIEW_PERIOD: Duration = Duration::from_millis(50);
    /// Between two pings of a page, so that one that vanished frees its place.
    pub const PAGE_PING: Duration = Duration::from_secs(20);
    /// A page that was not heard of for so long (pongs count) is closed.
    pub const PAGE_DEAD: Duration = Duration::from_secs(60);
    /// For a close frame to be read by the other side.
    pub const CLOSE_WAIT: Duration = Duration::from_secs(1);
    /// For open requests and pages when the node stops.
    pub const SHUTDOWN_WAIT: Duration = Duration::from_secs(3);
    /// After `accept` failed (out of descriptors) before the next.
    pub const ACCEPT_RETRY: Duration = Duration::from_millis(100);
}
