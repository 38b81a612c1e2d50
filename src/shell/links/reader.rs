//! The receiving direction of a link: opens, parses, counts and checks, then tells the owner.

use std::io;
use std::sync::atomic::Ordering;

use tokio::net::tcp::OwnedReadHalf;
use tokio::sync::mpsc;

use super::link::{Link, NO_PING};
use super::stream::FrameReader;
use crate::protocol::packet::Packet;
use crate::protocol::packet::link::{self, Ping, Pong};
use crate::seal::{NotOpened, Opener};
use crate::shell::link::LinkEvent;
use crate::wire::{BadPacket, Incoming, PREFIX};

pub(super) type Frames = FrameReader<OwnedReadHalf>;

/// Why reading ended. All but `Io` are the peer's fault.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadEnd {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Sealed(#[from] NotOpened),
    #[error(transparent)]
    Packet(#[from] BadPacket),
}

/// Reads until the peer ends its direction between two frames.
pub(super) async fn read(
    link: &Link,
    frames: &mut Frames,
    opener: Opener,
    pongs: mpsc::Sender<u64>,
) -> Result<(), ReadEnd> {
    let (mut bytes, mut incoming) = (0, Incoming::default());
    loop {
        let Some(token) = frames.next(link.shared.common.pace.dead).await? else {
            return Ok(());
        };
        bytes += (PREFIX + token.len()) as u64;
        if let Some(packet) = incoming.take(&opener.open(&token)?)? {
            take(link, packet, &pongs).await;
        }
        link.count(incoming.count(), bytes).await;
    }
}

async fn take(link: &Link, packet: Packet, pongs: &mpsc::Sender<u64>) {
    match packet {
        // Full or gone: the answer is not worth a wait.
        Packet::Link(link::Packet::Ping(Ping { number })) => drop(pongs.try_send(number)),
        Packet::Link(link::Packet::Pong(Pong { number })) => {
            let answered =
                link.ping.compare_exchange(number, NO_PING, Ordering::Relaxed, Ordering::Relaxed);
            if answered.is_ok() && number != NO_PING {
                let rtt = link.shared.common.now().saturating_sub(number);
                let rtt = u32::try_from(rtt).unwrap_or(u32::MAX);
                link.shared.tell(LinkEvent::Rtt(link.id, rtt)).await;
            }
        }
        packet => link.shared.tell(LinkEvent::Received(link.id, packet)).await,
    }
}
