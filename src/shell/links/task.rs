//! One link from its handshake to its end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::greet::Greeted;
use super::link::{Link, NO_PING};
use super::reader::{self, ReadEnd};
use super::shared::{STOP_MS, Shared};
use super::writer::Writer;
use crate::seal::{Opener, Sealer};
use crate::shell::link::{LinkEvent, LinkSender};

/// Answers to pings that wait for the writer; more are dropped, so that a flood costs nothing.
const PONGS_MAX: usize = 8;
/// Starts the link's tasks. Does not wait: a handshake cannot be aborted between success and link.
pub(super) fn spawn(
    shared: &Arc<Shared>,
    greeted: Greeted,
    remote: SocketAddr,
    dialled: Option<String>,
) {
    shared.tasks.spawn(run(shared.clone(), greeted, remote, dialled));
}

async fn run(shared: Arc<Shared>, greeted: Greeted, remote: SocketAddr, dialled: Option<String>) {
    let Greeted { frames, established, began } = greeted;
    let (frames, write) = frames.into_halves();
    let (sender, queue) = LinkSender::new();
    let id = shared.next_link();
    let link = Arc::new(Link {
        shared: shared.clone(),
        id,
        closed: queue.closed.clone(),
        ending: CancellationToken::new(),
        ping: AtomicU64::new(NO_PING),
        rekey: AtomicBool::new(dialled.is_some()),
    });
    let (circle, peer) = (established.circle, established.peer);
    let (program, dials) = (established.program, dialled.is_some());
    info!(link = id.0, %peer, %remote, program, dialled = dials, "linked");
    let listens = established.listens;
    let up = LinkEvent::Up { circle, link: id, peer, dialled, began, remote, listens, sender };
    shared.tell(up).await;
    let (pongs, to_answer) = mpsc::channel(PONGS_MAX);
    let sealer = Sealer::new(&established.send);
    let writer = Writer::new(link.clone(), write, sealer, queue, to_answer);
    let writing = shared.tasks.spawn(writer.run());
    let opener = Opener::new(&established.receive);
    reading(&link, frames, opener, pongs).await;
    match writing.await {
        Ok(Err(error)) => info!(link = id.0, %peer, %error, "link ended"),
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        _ => info!(link = id.0, %peer, "link ended"),
    }
    shared.tell(LinkEvent::Down(id)).await;
}

/// Reads until the link ends, and lets the writer end with it.
async fn reading(
    link: &Arc<Link>,
    mut frames: reader::Frames,
    opener: Opener,
    pongs: mpsc::Sender<u64>,
) {
    let ended = tokio::select! {
        biased;
        () = link.closed.cancelled() => return,
        () = link.shared.stop.cancelled() => None,
        ended = reader::read(link, &mut frames, opener, pongs) => Some(ended),
    };
    match ended {
        // Unread bytes in the socket would make the system cut off our own `bye`.
        None => {
            let limit = Duration::from_millis(STOP_MS);
            tokio::select! {
                _ = tokio::time::timeout(limit, frames.discard()) => link.closed.cancel(),
                () = link.closed.cancelled() => {}
            }
        }
        Some(Ok(())) => link.ending.cancel(),
        Some(Err(error)) => {
            match error {
                ReadEnd::Io(_) => info!(link = link.id.0, %error, "link lost"),
                _ => warn!(link = link.id.0, %error, "the peer's fault: link closed"),
            }
            link.closed.cancel();
        }
    }
}
