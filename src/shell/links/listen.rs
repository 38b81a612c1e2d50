//! Listening: half-open connections are few, and the oldest gives way to the newest.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tracing::{debug, info, warn};

use super::greet::{self, GreetError};
use super::{Shared, task};
use crate::handshake::HandshakeError;
use crate::protocol::limits::{HALF_OPEN_MAX, HALF_OPEN_PER_ADDRESS_MAX};

/// Milliseconds before accepting again after an error such as too many open files.
const ACCEPT_RETRY_MS: u64 = 100;

/// Accepts until the node stops.
pub(super) async fn listen(shared: Arc<Shared>, listener: TcpListener) {
    let mut half_open = HalfOpen::default();
    loop {
        let accepted = tokio::select! {
            biased;
            () = shared.stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((socket, remote)) => {
                half_open.make_room(remote.ip());
                let work = shared.tasks.spawn(greet(shared.clone(), socket, remote));
                half_open.push(remote.ip(), work.abort_handle());
            }
            Err(error) => {
                warn!(%error, "cannot accept a connection; trying again");
                tokio::time::sleep(Duration::from_millis(ACCEPT_RETRY_MS)).await;
            }
        }
    }
    half_open.abort_all();
}

async fn greet(shared: Arc<Shared>, socket: TcpStream, remote: SocketAddr) {
    match greet::listening(&shared, socket).await {
        Ok(greeted) => task::spawn(&shared, greeted, remote, None),
        Err(GreetError::Handshake(HandshakeError::DialledSelf)) => {
            debug!(%remote, "this node dialled itself");
        }
        Err(GreetError::Handshake(error)) => info!(%remote, %error, "no link"),
        Err(error) => debug!(%remote, %error, "no link"),
    }
}

/// Handshakes under way, oldest first.
#[derive(Default)]
struct HalfOpen(VecDeque<(IpAddr, AbortHandle)>);

impl HalfOpen {
    /// Makes room for one more from this address.
    fn make_room(&mut self, from: IpAddr) {
        self.0.retain(|(_, work)| !work.is_finished());
        let network = network(from);
        let of_it = |(ip, _): &(IpAddr, AbortHandle)| *ip == network;
        if !network.is_loopback()
            && self.0.iter().filter(|one| of_it(one)).count() >= HALF_OPEN_PER_ADDRESS_MAX
            && let Some(oldest) = self.0.iter().position(of_it)
        {
            self.abort(oldest);
        }
        if self.0.len() >= HALF_OPEN_MAX {
            self.abort(0);
        }
    }

    fn push(&mut self, from: IpAddr, work: AbortHandle) {
        self.0.push_back((network(from), work));
    }

    fn abort(&mut self, index: usize) {
        if let Some((_, work)) = self.0.remove(index) {
            work.abort();
        }
    }

    fn abort_all(&mut self) {
        self.0.drain(..).for_each(|(_, work)| work.abort());
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
    use super::*;

    /// Connections that never speak, in the order they came; true where one is still open.
    async fn after(connections: &[&str]) -> Vec<bool> {
        let mut half_open = HalfOpen::default();
        let works: Vec<_> = connections
            .iter()
            .map(|ip| {
                let ip = ip.parse().unwrap();
                half_open.make_room(ip);
                let work = tokio::spawn(std::future::pending::<()>());
                half_open.push(ip, work.abort_handle());
                work
            })
            .collect();
        tokio::task::yield_now().await;
        works.iter().map(|work| !work.is_finished()).collect()
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
}
