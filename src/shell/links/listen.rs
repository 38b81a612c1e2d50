//! Listening: half-open connections are few. In a flood the oldest gives way, but not before a
//! member would have said something, and one whose hello has opened after those that are silent;
//! more wait in the system's queue.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;
use tokio::time::Instant;
use tracing::{debug, info, warn};

use super::greet::{self, GreetError};
use super::shared::Common;
use super::task;
use crate::handshake::HandshakeError;
use crate::protocol::limits::{HALF_OPEN_GRACE_MS, HALF_OPEN_MAX, HALF_OPEN_PER_ADDRESS_MAX};

/// Milliseconds before accepting again after an error such as too many open files.
const ACCEPT_RETRY_MS: u64 = 100;

/// Accepts until the node stops.
pub(super) async fn listen(common: Arc<Common>, listener: TcpListener) {
    let mut handshakes = Handshakes::new(Duration::from_millis(HALF_OPEN_GRACE_MS));
    tokio::select! {
        biased;
        () = common.stop.cancelled() => {}
        () = accept(&common, &listener, &mut handshakes) => {}
    }
    handshakes.abort_all();
}

async fn accept(common: &Arc<Common>, listener: &TcpListener, handshakes: &mut Handshakes) {
    loop {
        match listener.accept().await {
            Ok((socket, remote)) => {
                let place = handshakes.place(remote.ip()).await;
                let greeted = Arc::new(AtomicBool::new(false));
                let (common, said) = (common.clone(), greeted.clone());
                let work = common.clone().tasks.spawn(async move {
                    greet(&common, socket, remote, &said).await;
                    drop(place);
                });
                handshakes.push(remote.ip(), greeted, work.abort_handle());
            }
            Err(error) => {
                warn!(%error, "cannot accept a connection; trying again");
                tokio::time::sleep(Duration::from_millis(ACCEPT_RETRY_MS)).await;
            }
        }
    }
}

async fn greet(common: &Common, socket: TcpStream, remote: SocketAddr, greeted: &AtomicBool) {
    match greet::listening(common, socket, greeted).await {
        Ok((shared, greeted)) => task::spawn(&shared, greeted, remote, None),
        Err(GreetError::Handshake(HandshakeError::DialledSelf)) => {
            debug!(%remote, "this node dialled itself");
        }
        Err(GreetError::Handshake(error)) => info!(%remote, %error, "no link"),
        Err(error) => debug!(%remote, %error, "no link"),
    }
}

/// A connection that is not a link yet.
struct HalfOpen {
    network: IpAddr,
    began: Instant,
    /// Its hello has opened with a key of a circle here.
    greeted: Arc<AtomicBool>,
    work: AbortHandle,
}

/// Handshakes under way, oldest first.
struct Handshakes {
    open: VecDeque<HalfOpen>,
    places: Arc<Semaphore>,
    grace: Duration,
}

impl Handshakes {
    fn new(grace: Duration) -> Handshakes {
        let places = Arc::new(Semaphore::new(HALF_OPEN_MAX));
        Handshakes { open: VecDeque::new(), places, grace }
    }

    /// A place for one more from this address, once there is one.
    async fn place(&mut self, from: IpAddr) -> OwnedSemaphorePermit {
        const OPEN: &str = "places are never closed";
        self.open.retain(|one| !one.work.is_finished());
        let network = network(from);
        let of_it = |one: &HalfOpen| one.network == network;
        if !network.is_loopback()
            && self.open.iter().filter(|one| of_it(one)).count() >= HALF_OPEN_PER_ADDRESS_MAX
            && let Some(index) = self.oldest(of_it, false)
        {
            self.abort(index);
        }
        let places = self.places.clone();
        // Hellos can be recorded and said again: they protect half of the places at most.
        let has_greeted = |one: &&HalfOpen| one.greeted.load(Ordering::Relaxed);
        let crowd = self.open.iter().filter(has_greeted).count() > HALF_OPEN_MAX / 2;
        let Some(index) = self.oldest(|_| true, crowd) else {
            return places.acquire_owned().await.expect(OPEN);
        };
        tokio::select! {
            biased;
            place = places.clone().acquire_owned() => place.expect(OPEN),
            () = tokio::time::sleep_until(self.open[index].began + self.grace) => {
                self.abort(index);
                places.acquire_owned().await.expect(OPEN)
            }
        }
    }

    fn push(&mut self, from: IpAddr, greeted: Arc<AtomicBool>, work: AbortHandle) {
        let network = network(from);
        self.open.push_back(HalfOpen { network, began: Instant::now(), greeted, work });
    }

    /// The oldest of these that has greeted, or has not; else the oldest of these.
    fn oldest(&self, of: impl Fn(&HalfOpen) -> bool, greeted: bool) -> Option<usize> {
        let wanted = |one: &HalfOpen| of(one) && one.greeted.load(Ordering::Relaxed) == greeted;
        self.open.iter().position(wanted).or_else(|| self.open.iter().position(&of))
    }

    fn abort(&mut self, index: usize) {
        if let Some(one) = self.open.remove(index) {
            one.work.abort();
        }
    }

    fn abort_all(&mut self) {
        self.open.drain(..).for_each(|one| one.work.abort());
    }
}

/// What counts as one address: an IPv4 address, or the 64 bits of IPv6 that one customer gets.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) if !ip.is_loopback() => {
            IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64))
        }
        ip => ip,
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    /// Connections in the order they came, those with a `+` behind the address after a good hello;
    /// true where one is still open.
    async fn after(connections: &[&str]) -> Vec<bool> {
        let mut handshakes = Handshakes::new(Duration::ZERO);
        let mut works = Vec::new();
        for ip in connections {
            let greeted = Arc::new(AtomicBool::new(ip.ends_with('+')));
            works.push(come(&mut handshakes, ip.trim_end_matches('+'), greeted).await);
        }
        tokio::task::yield_now().await;
        works.iter().map(|work| !work.is_finished()).collect()
    }

    async fn come(from: &mut Handshakes, ip: &str, greeted: Arc<AtomicBool>) -> AbortHandle {
        let ip = ip.parse().unwrap();
        let place = from.place(ip).await;
        let work = tokio::spawn(async move {
            std::future::pending::<()>().await;
            drop(place);
        });
        from.push(ip, greeted, work.abort_handle());
        work.abort_handle()
    }

    #[tokio::test]
    async fn nobody_gives_way_before_a_member_would_have_spoken() {
        let mut handshakes = Handshakes::new(Duration::from_secs(3_600));
        let mut works = Vec::new();
        for _ in 0..HALF_OPEN_MAX {
            works.push(come(&mut handshakes, "127.0.0.1", Arc::default()).await);
        }
        let ip = "127.0.0.1".parse().unwrap();
        assert!(handshakes.place(ip).now_or_never().is_none(), "it waits");
        works[7].abort();
        drop(handshakes.place(ip).await);
        assert!(!works[0].is_finished());
    }

    #[tokio::test]
    async fn a_fifth_connection_from_one_address_replaces_its_oldest() {
        let open = after(&["10.0.0.2", "10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.1"]);
        assert_eq!(open.await, [true, false, true, true, true, true]);
    }

    #[tokio::test]
    async fn one_ipv6_network_counts_as_one_address() {
        let open =
            after(&["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4", "2001:db8::5"]);
        assert_eq!(open.await, [false, true, true, true, true]);
    }

    #[tokio::test]
    async fn loopback_is_bounded_only_in_all() {
        let open = after(&["127.0.0.1"; HALF_OPEN_MAX + 1]).await;
        assert_eq!(open.iter().filter(|open| **open).count(), HALF_OPEN_MAX);
        assert!(!open[0], "the oldest gave way");
    }

    #[tokio::test]
    async fn who_has_greeted_gives_way_last() {
        let open = after(&["10.0.0.1+", "10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.1"]).await;
        assert_eq!(open, [true, false, true, true, true]);
        let mut connections = ["127.0.0.1"; 3 * HALF_OPEN_MAX];
        connections[0] = "127.0.0.1+";
        assert!(after(&connections).await[0]);
        let open = after(&["127.0.0.1+"; HALF_OPEN_MAX + 1]).await;
        assert!(!open[0] && open[1], "among those that have, the oldest");
    }
}
