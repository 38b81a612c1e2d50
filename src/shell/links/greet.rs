//! Handshakes over sockets.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::bytes::Bytes;
use zeroize::Zeroizing;

use super::shared::Shared;
use super::stream::{FrameReader, write_out};
use crate::handshake::{Dialler, Established, HandshakeError, Listener, Local};
use crate::protocol::limits::{FRAME_MAX, HELLO_FRAME_MAX, JOIN_FRAME_MAX};
use crate::seal::{GroupKey, seal_once};

/// Why a connection did not become a link.
#[derive(Debug, thiserror::Error)]
pub(super) enum GreetError {
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// No byte came: what a listener does that cannot open M1.
    #[error(
        "the other side closed without an answer: it holds another group key, is not a Roda \
         node, or is busy"
    )]
    Silent,
    #[error("the connection failed during the handshake: {0}")]
    Io(#[from] io::Error),
    #[error("the handshake took longer than {} s", .0.as_secs_f32())]
    Slow(Duration),
}

/// A socket after its handshake, and when that began on the node's monotonic clock.
pub(super) struct Greeted {
    pub(super) frames: FrameReader<TcpStream>,
    pub(super) established: Established,
    pub(super) began: u64,
}

/// Shakes hands as the side that dialled.
pub(super) async fn dialling(
    shared: &Shared,
    socket: TcpStream,
    key: &GroupKey,
) -> Result<Greeted, GreetError> {
    let began = shared.now();
    let mut frames = opened(socket)?;
    let work = async {
        let (dialler, m1) = Dialler::start(local(shared), key);
        send(&mut frames, &m1, shared).await?;
        let m2 = next(&mut frames, shared).await?.ok_or(GreetError::Silent)?;
        let (joining, m3) = dialler.answered(&m2)?;
        send(&mut frames, &m3, shared).await?;
        frames.set_max(JOIN_FRAME_MAX);
        let m4 = next(&mut frames, shared).await?.ok_or_else(cut_off)?;
        Ok(joining.joined(&m4)?)
    };
    let established = within(shared, work).await?;
    frames.set_max(FRAME_MAX);
    Ok(Greeted { frames, established, began })
}

/// Shakes hands as the side that listened; `greeted` is set once a good hello has come.
pub(super) async fn listening(
    shared: &Shared,
    socket: TcpStream,
    greeted: &AtomicBool,
) -> Result<Greeted, GreetError> {
    let began = shared.now();
    let mut frames = opened(socket)?;
    let work = async {
        let m1 = next(&mut frames, shared).await?.ok_or_else(cut_off)?;
        let (listener, m2) = Listener::greeted(local(shared), &shared.group_keys, &m1)?;
        greeted.store(true, Ordering::Relaxed);
        send(&mut frames, &m2, shared).await?;
        frames.set_max(JOIN_FRAME_MAX);
        let m3 = next(&mut frames, shared).await?.ok_or_else(cut_off)?;
        let (outcome, m4) = listener.joined(&m3)?;
        send(&mut frames, &m4, shared).await?;
        Ok(outcome?)
    };
    let established = within(shared, work).await?;
    frames.set_max(FRAME_MAX);
    Ok(Greeted { frames, established, began })
}

fn opened(socket: TcpStream) -> Result<FrameReader<TcpStream>, GreetError> {
    socket.set_nodelay(true)?;
    Ok(FrameReader::new(socket, HELLO_FRAME_MAX))
}

async fn within<T>(
    shared: &Shared,
    work: impl Future<Output = Result<T, GreetError>>,
) -> Result<T, GreetError> {
    let limit = shared.pace.handshake;
    timeout(limit, work).await.unwrap_or(Err(GreetError::Slow(limit)))
}

async fn next(
    frames: &mut FrameReader<TcpStream>,
    shared: &Shared,
) -> Result<Option<Bytes>, GreetError> {
    Ok(frames.next(shared.pace.handshake).await?)
}

async fn send(
    frames: &mut FrameReader<TcpStream>,
    frame: &[u8],
    shared: &Shared,
) -> Result<(), GreetError> {
    Ok(write_out(frames.io(), frame, shared.pace.handshake).await?)
}

fn cut_off() -> GreetError {
    GreetError::Io(io::ErrorKind::UnexpectedEof.into())
}

fn local(shared: &Shared) -> Local {
    let mut ephemeral = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *ephemeral).expect("the system gives random bytes");
    Local {
        key: shared.key.clone(),
        listen: shared.listens.clone(),
        clock: shared.clock.load(Ordering::Relaxed),
        ephemeral,
        time: (shared.wall)(),
        seal: seal_once,
    }
}
