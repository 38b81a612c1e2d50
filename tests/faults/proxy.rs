//! A TCP proxy that does to connections what networks do.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// Bytes read at once.
const CHUNK: usize = 4096;
/// Chunks on their way in one direction.
const UNDER_WAY: usize = 256;

/// What happens to connections now.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weather {
    /// How long every byte takes.
    pub delay: Duration,
    /// Bytes are written one at a time.
    pub one_by_one: bool,
    /// Nothing passes in this direction: to the node behind the proxy, and from it.
    pub silent: [bool; 2],
    /// Each connection is reset after some number of bytes up to this one.
    pub reset_within: Option<u64>,
    /// Connections before this number carry nothing any more, and never end.
    pub dead_before: u64,
}

/// Stands before one node's peer port.
pub struct Proxy {
    pub address: String,
    state: Arc<State>,
    runtime: Option<Runtime>,
}

struct State {
    target: Mutex<Option<SocketAddr>>,
    weather: watch::Sender<Weather>,
    connections: AtomicU64,
    resets: AtomicUsize,
}

impl Proxy {
    pub fn new() -> Proxy {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state = Arc::new(State {
            target: Mutex::new(None),
            weather: watch::Sender::new(Weather::default()),
            connections: AtomicU64::new(0),
            resets: AtomicUsize::new(0),
        });
        runtime.spawn(accept(listener, state.clone()));
        Proxy { address, state, runtime: Some(runtime) }
    }

    /// Passes new connections on to this node.
    pub fn to(&self, target: &str) {
        *self.state.target.lock().unwrap() = Some(target.parse().unwrap());
    }

    pub fn set(&self, weather: Weather) {
        self.state.weather.send_replace(weather);
    }

    /// Connections so far.
    pub fn connections(&self) -> u64 {
        self.state.connections.load(Ordering::Relaxed)
    }

    /// Those that were reset.
    pub fn resets(&self) -> usize {
        self.state.resets.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    loop {
        let Ok((from, _)) = listener.accept().await else { return };
        let target = *state.target.lock().unwrap();
        let state = state.clone();
        tokio::spawn(async move {
            if let Some(target) = target
                && let Ok(to) = TcpStream::connect(target).await
            {
                carry(from, to, &state).await;
            }
        });
    }
}

/// Carries one connection until it ends, or is made to.
async fn carry(from: TcpStream, to: TcpStream, state: &State) {
    let number = state.connections.fetch_add(1, Ordering::Relaxed);
    let (from, to) = ((from.set_nodelay(true), from).1, (to.set_nodelay(true), to).1);
    let ((mut from_read, mut from_write), (mut to_read, mut to_write)) =
        (from.into_split(), to.into_split());
    let budget = state.weather.borrow().reset_within.map(|most| fastrand::u64(1..=most));
    let left = AtomicU64::new(budget.unwrap_or(u64::MAX));
    let cut = CancellationToken::new();
    let line = |direction| Line { number, direction, state, left: &left, cut: &cut };
    tokio::select! {
        () = cut.cancelled() => {
            state.resets.fetch_add(1, Ordering::Relaxed);
            for half in [from_write.as_ref(), to_write.as_ref()] {
                // What was not sent is thrown away, and the other end gets a reset.
                half.set_zero_linger().unwrap();
            }
        }
        _ = async {
            let (there, back) = (line(0), line(1));
            tokio::join!(
                there.pass(&mut from_read, &mut to_write),
                back.pass(&mut to_read, &mut from_write),
            )
        } => {}
    }
}

/// One direction of one connection.
struct Line<'a> {
    number: u64,
    direction: usize,
    state: &'a State,
    left: &'a AtomicU64,
    cut: &'a CancellationToken,
}

impl Line<'_> {
    async fn pass(&self, read: &mut OwnedReadHalf, write: &mut OwnedWriteHalf) {
        let (queue, chunks) = mpsc::channel(UNDER_WAY);
        tokio::join!(self.take(read, queue), self.give(write, chunks));
    }

    async fn take(&self, read: &mut OwnedReadHalf, queue: mpsc::Sender<(Instant, Vec<u8>)>) {
        let mut buffer = [0; CHUNK];
        while let Ok(count @ 1..) = read.read(&mut buffer).await {
            let due = Instant::now() + self.state.weather.borrow().delay;
            if queue.send((due, buffer[..count].to_vec())).await.is_err() {
                return;
            }
        }
    }

    async fn give(
        &self,
        write: &mut OwnedWriteHalf,
        mut chunks: mpsc::Receiver<(Instant, Vec<u8>)>,
    ) {
        let mut weather = self.state.weather.subscribe();
        let open = |weather: &Weather| {
            self.number >= weather.dead_before && !weather.silent[self.direction]
        };
        while let Some((due, chunk)) = chunks.recv().await {
            sleep_until(due).await;
            let Ok(now) = weather.wait_for(open).await.map(|now| *now) else { return };
            let pieces = chunk.chunks(if now.one_by_one { 1 } else { CHUNK });
            for piece in pieces {
                let spent = piece.len() as u64;
                let left = self.left.load(Ordering::Relaxed);
                if spent >= left {
                    // As much as is left goes out, then nothing more.
                    let _ = write.write_all(&piece[..left as usize]).await;
                    self.cut.cancel();
                    return;
                }
                self.left.store(left - spent, Ordering::Relaxed);
                if write.write_all(piece).await.is_err() {
                    return;
                }
            }
        }
        // The end passes as bytes do.
        if weather.wait_for(open).await.is_ok() {
            let _ = write.shutdown().await;
        }
    }
}
