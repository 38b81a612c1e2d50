//! Handshakes over sockets.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::bytes::Bytes;
use zeroize::Zeroizing;

use super::shared::{Common, Shared};
use super::stream::{FrameReader, write_out};
use crate::handshake::{Dialler, Established, Greeting, HandshakeError, Local};
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
    /// Its key is here, and nobody who could answer: this node stops, or begins anew there.
    #[error("this node is not in that circle now")]
    Away,
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
    let common = &shared.common;
    let began = common.now();
    let mut frames = opened(socket)?;
    let work = async {
        let (dialler, m1) = Dialler::start(local(shared), key);
        send(&mut frames, &m1, common).await?;
        let m2 = next(&mut frames, common).await?.ok_or(GreetError::Silent)?;
        let (joining, m3) = dialler.answered(&m2)?;
        send(&mut frames, &m3, common).await?;
        frames.set_max(JOIN_FRAME_MAX);
        let m4 = next(&mut frames, common).await?.ok_or_else(cut_off)?;
        Ok(joining.joined(&m4)?)
    };
    let established = within(common, work).await?;
    frames.set_max(FRAME_MAX);
    Ok(Greeted { frames, established, began })
}

/// Shakes hands as the side that listened, in the circle whose key opens the hello; `greeted` is
/// set once a good one has come.
pub(super) async fn listening(
    common: &Common,
    socket: TcpStream,
    greeted: &AtomicBool,
) -> Result<(Arc<Shared>, Greeted), GreetError> {
    let began = common.now();
    let mut frames = opened(socket)?;
    let work = async {
        let m1 = next(&mut frames, common).await?.ok_or_else(cut_off)?;
        let greeting = Greeting::open(&common.keyring.borrow(), &m1)?;
        let shared = common.circle(greeting.circle()).ok_or(GreetError::Away)?;
        greeted.store(true, Ordering::Relaxed);
        let established = tokio::select! {
            biased;
            () = shared.stop.cancelled() => return Err(GreetError::Away),
            established = answering(&shared, &mut frames, greeting) => established?,
        };
        Ok((shared, established))
    };
    let (shared, established) = within(common, work).await?;
    frames.set_max(FRAME_MAX);
    Ok((shared, Greeted { frames, established, began }))
}

async fn answering(
    shared: &Shared,
    frames: &mut FrameReader<TcpStream>,
    greeting: Greeting,
) -> Result<Established, GreetError> {
    let common = &shared.common;
    let (listener, m2) = greeting.answer(local(shared))?;
    send(frames, &m2, common).await?;
    frames.set_max(JOIN_FRAME_MAX);
    let m3 = next(frames, common).await?.ok_or_else(cut_off)?;
    let (outcome, m4) = listener.joined(&m3)?;
    send(frames, &m4, common).await?;
    Ok(outcome?)
}

fn opened(socket: TcpStream) -> Result<FrameReader<TcpStream>, GreetError> {
    socket.set_nodelay(true)?;
    Ok(FrameReader::new(socket, HELLO_FRAME_MAX))
}

async fn within<T>(
    common: &Common,
    work: impl Future<Output = Result<T, GreetError>>,
) -> Result<T, GreetError> {
    let limit = common.pace.handshake;
    timeout(limit, work).await.unwrap_or(Err(GreetError::Slow(limit)))
}

async fn next(
    frames: &mut FrameReader<TcpStream>,
    common: &Common,
) -> Result<Option<Bytes>, GreetError> {
    Ok(frames.next(common.pace.handshake).await?)
}

async fn send(
    frames: &mut FrameReader<TcpStream>,
    frame: &[u8],
    common: &Common,
) -> Result<(), GreetError> {
    Ok(write_out(frames.io(), frame, common.pace.handshake).await?)
}

fn cut_off() -> GreetError {
    GreetError::Io(io::ErrorKind::UnexpectedEof.into())
}

fn local(shared: &Shared) -> Local {
    let mut ephemeral = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *ephemeral).expect("the system gives random bytes");
    Local {
        circle: shared.circle,
        key: shared.key.clone(),
        listen: shared.common.listens.clone(),
        clock: shared.clock.load(Ordering::Relaxed),
        ephemeral,
        time: (shared.common.wall)(),
        seal: seal_once,
    }
}
