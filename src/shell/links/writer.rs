//! The sending direction of a link: two lanes, live before history, sealed and written in batches.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep_until, timeout};

use super::link::Link;
use super::shared::STOP_MS;
use super::stream::write_out;
use crate::protocol::limits::PACKET_BYTES_MAX;
use crate::protocol::packet::link::{self, Ping, Pong};
use crate::protocol::packet::mesh::{self, Bye};
use crate::protocol::packet::{Lane, Packet};
use crate::seal::Sealer;
use crate::shell::link::{LinkEvent, LinkQueue, ToLink};
use crate::wire::append_frame;

/// Bytes of frames gathered before they are written, so that a live packet waits for no more
/// history than this.
const BATCH_BYTES: usize = 64 * 1024;

/// How the writer goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// Write out what is queued, then end.
    Draining,
    /// Write out the live lane and `bye`, then end.
    Stopping,
}

/// A packet, and the bytes that the queue counts for it until it is written. What one frame does
/// not hold is cut: the first part bears the bytes, the last ends the packet.
struct Charged {
    packet: Packet,
    bytes: usize,
    last: bool,
}

impl Charged {
    /// A packet of the link's own, which the queue does not count.
    fn own(packet: impl Into<Packet>) -> Charged {
        Charged { packet: packet.into(), bytes: 0, last: true }
    }
}

/// One link's writer.
pub(super) struct Writer {
    link: Arc<Link>,
    io: OwnedWriteHalf,
    sealer: Sealer,
    queue: LinkQueue,
    pongs: mpsc::Receiver<u64>,
    live: VecDeque<Charged>,
    history: VecDeque<Charged>,
    /// Packets of the history lane in the batch, or written and not told to the owner yet.
    history_written: usize,
    phase: Phase,
    batch: Vec<u8>,
    /// What the queue counts for the batch.
    charged: usize,
    packets: u64,
    bytes: u64,
}

impl Writer {
    pub(super) fn new(
        link: Arc<Link>,
        io: OwnedWriteHalf,
        sealer: Sealer,
        queue: LinkQueue,
        pongs: mpsc::Receiver<u64>,
    ) -> Writer {
        Writer {
            link,
            io,
            sealer,
            queue,
            pongs,
            live: VecDeque::new(),
            history: VecDeque::new(),
            history_written: 0,
            phase: Phase::Open,
            batch: Vec::new(),
            charged: 0,
            packets: 0,
            bytes: 0,
        }
    }

    /// Writes until the link ends. The link is closed when this returns.
    pub(super) async fn run(mut self) -> io::Result<()> {
        let closed = self.link.closed.clone();
        let ended = tokio::select! {
            biased;
            () = closed.cancelled() => Ok(()),
            ended = self.write() => ended,
        };
        closed.cancel();
        ended
    }

    async fn write(&mut self) -> io::Result<()> {
        let pace = self.link.shared.common.pace.clone();
        let mut ping = interval(pace.ping);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let rekey_at = Instant::now() + pace.rekey;
        while self.phase == Phase::Open {
            self.wait(&mut ping, rekey_at).await;
            self.write_lanes().await?;
        }
        // The peer hears the end of our direction and answers with the end of its own.
        let grace = match self.phase {
            Phase::Stopping => Duration::from_millis(STOP_MS),
            _ => pace.drain,
        };
        self.io.shutdown().await?;
        let _ = timeout(grace, self.link.ending.cancelled()).await;
        Ok(())
    }

    /// Waits for something to write.
    async fn wait(&mut self, ping: &mut Interval, rekey_at: Instant) {
        let link = self.link.clone();
        tokio::select! {
            biased;
            () = link.shared.stop.cancelled() => self.stop(),
            () = link.ending.cancelled() => {
                self.gather();
                self.phase = Phase::Draining;
            }
            Some(number) = self.pongs.recv() => {
                self.live.push_front(Charged::own(link::Packet::Pong(Pong { number })));
            }
            _ = ping.tick() => {
                let now = link.shared.common.now();
                link.ping.store(now, Ordering::Relaxed);
                self.live.push_front(Charged::own(link::Packet::Ping(Ping { number: now })));
            }
            said = self.queue.packets.recv() => match said {
                Some(said) => self.enqueue(said),
                None => self.phase = Phase::Draining,
            },
            () = sleep_until(rekey_at), if link.rekeys() => link.rekey_due().await,
        }
    }

    fn stop(&mut self) {
        self.gather();
        self.phase = Phase::Stopping;
        self.history.clear();
        self.live.push_back(Charged::own(mesh::Packet::Bye(Bye)));
    }

    /// Takes all that waits in the queue now.
    fn gather(&mut self) {
        while self.phase == Phase::Open
            && let Ok(said) = self.queue.packets.try_recv()
        {
            self.enqueue(said);
        }
    }

    fn enqueue(&mut self, said: ToLink) {
        match said {
            ToLink::Packet(lane, packet) => {
                let lane = match lane {
                    Lane::Live => &mut self.live,
                    Lane::History => &mut self.history,
                };
                let mut bytes = packet.bytes();
                let mut parts = packet.fitting().into_iter().peekable();
                while let Some(packet) = parts.next() {
                    let last = parts.peek().is_none();
                    lane.push_back(Charged { packet, bytes: std::mem::take(&mut bytes), last });
                }
            }
            ToLink::Drain => self.phase = Phase::Draining,
            ToLink::Close => self.link.closed.cancel(),
        }
    }

    /// Writes both lanes out, batch by batch; what is queued meanwhile joins in.
    async fn write_lanes(&mut self) -> io::Result<()> {
        loop {
            self.gather();
            if self.phase == Phase::Open && self.link.shared.stop.is_cancelled() {
                self.stop();
            }
            self.fill_batch();
            if self.batch.is_empty() {
                return Ok(());
            }
            write_out(&mut self.io, &self.batch, self.link.shared.common.pace.write).await?;
            self.batch.clear();
            self.queue.queued.fetch_sub(std::mem::take(&mut self.charged), Ordering::Relaxed);
            if self.history_written > 0 && self.history.is_empty() {
                let packets = std::mem::take(&mut self.history_written);
                self.link.shared.tell(LinkEvent::Written(self.link.id, packets)).await;
            }
            self.link.count(self.packets, self.bytes).await;
        }
    }

    fn fill_batch(&mut self) {
        while self.batch.len() < BATCH_BYTES {
            let live = self.live.pop_front();
            let Some(Charged { packet, bytes, .. }) = live.or_else(|| {
                let next = self.history.pop_front();
                self.history_written += usize::from(next.as_ref().is_some_and(|next| next.last));
                next
            }) else {
                break;
            };
            self.charged += bytes;
            self.seal(&packet);
        }
    }

    fn seal(&mut self, packet: &Packet) {
        let json = packet.encode(self.packets);
        assert!(json.len() <= PACKET_BYTES_MAX, "packets are made to fit a frame");
        let before = self.batch.len();
        let token = self.sealer.seal(&json, (self.link.shared.common.wall)());
        append_frame(&token, &mut self.batch);
        self.bytes += (self.batch.len() - before) as u64;
        self.packets += 1;
    }
}
