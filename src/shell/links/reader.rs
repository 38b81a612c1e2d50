//! The receiving direction of a link: opens, parses, counts and checks, then tells the owner.

use std::io;
use std::sync::atomic::Ordering;

use tokio::net::tcp::OwnedReadHalf;
use tokio::sync::mpsc;
use tracing::debug;

use super::stream::FrameReader;
use super::task::{Link, NO_PING};
use crate::protocol::entry::{BadRun, Run};
use crate::protocol::packet::Packet;
use crate::seal::{NotOpened, Opener};
use crate::shell::link::LinkEvent;
use crate::wire::{PREFIX, PacketError, parse};

pub(super) type Frames = FrameReader<OwnedReadHalf>;

/// Why reading ended. All but `Io` are the peer's fault.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadEnd {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Sealed(#[from] NotOpened),
    #[error(transparent)]
    Packet(#[from] PacketError),
    #[error("packet {got} where {due} was due")]
    Count { got: u64, due: u64 },
    #[error("a run that is not one: {0}")]
    Run(#[from] BadRun),
}

/// Reads until the peer ends its direction between two frames.
pub(super) async fn read(
    link: &Link,
    frames: &mut Frames,
    opener: Opener,
    pongs: mpsc::Sender<u64>,
) -> Result<(), ReadEnd> {
    let mut bytes = 0;
    for due in 0.. {
        let Some(token) = frames.next(link.shared.pace.dead).await? else {
            return Ok(());
        };
        bytes += (PREFIX + token.len()) as u64;
        let (got, packet) = numbered(&opener.open(&token)?)?;
        if got != due {
            return Err(ReadEnd::Count { got, due });
        }
        if let Some(packet) = packet {
            take(link, packet, &pongs).await?;
        }
        link.count(due + 1, bytes).await;
    }
    Ok(())
}

/// A packet of a newer version has a number and nothing for today's node.
fn numbered(json: &[u8]) -> Result<(u64, Option<Packet<Run>>), PacketError> {
    match parse(json) {
        Ok((n, packet)) => Ok((n, Some(packet))),
        Err(PacketError::Unknown { tag, n }) => {
            debug!(tag, "skipped a packet of a newer version");
            Ok((n, None))
        }
        Err(error) => Err(error),
    }
}

async fn take(link: &Link, packet: Packet<Run>, pongs: &mpsc::Sender<u64>) -> Result<(), BadRun> {
    match packet.check()? {
        // Full or gone: the answer is not worth a wait.
        Packet::Ping(number) => drop(pongs.try_send(number)),
        Packet::Pong(number) => {
            let answered =
                link.ping.compare_exchange(number, NO_PING, Ordering::Relaxed, Ordering::Relaxed);
            if answered.is_ok() && number != NO_PING {
                let rtt = link.shared.now().saturating_sub(number);
                let rtt = u32::try_from(rtt).unwrap_or(u32::MAX);
                link.shared.tell(LinkEvent::Rtt(link.id, rtt)).await;
            }
        }
        packet => link.shared.tell(LinkEvent::Received(link.id, packet)).await,
    }
    Ok(())
}
