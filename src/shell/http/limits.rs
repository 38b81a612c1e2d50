//! Every bound of the door, each with its reason.

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
/// Bytes of members or receipts in one frame.
pub const PART_BYTES_MAX: usize = FRAME_TO_PAGE_MAX - FRAME_HEAD_MAX;
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
/// Between two pings of a page, so that one that vanished frees its slot.
pub const PAGE_PING: Duration = Duration::from_secs(20);
/// A page that was not heard of for so long (pongs count) is closed.
pub const PAGE_DEAD: Duration = Duration::from_secs(60);
/// For a close frame to be read by the other side.
pub const CLOSE_WAIT: Duration = Duration::from_secs(1);
/// For open requests and pages when the node stops.
pub const SHUTDOWN_WAIT: Duration = Duration::from_secs(3);
/// After `accept` failed (out of descriptors) before the next.
pub const ACCEPT_RETRY: Duration = Duration::from_millis(100);
