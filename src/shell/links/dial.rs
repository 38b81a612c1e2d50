//! Dialling: every address of a name, with every group key in turn.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::greet::{self, GreetError};
use super::shared::{CONNECT_MS, RESOLVED_MAX, Shared};
use super::task;
use crate::handshake::HandshakeError;
use crate::seal::GroupKey;
use crate::shell::link::LinkEvent;

/// Dials once and tells the owner how it ended.
pub(super) async fn dial(shared: &std::sync::Arc<Shared>, address: String) {
    let work = async {
        let _turn = shared.common.dialling.acquire().await.expect("never closed");
        attempt(shared, &address).await
    };
    let ended = tokio::select! {
        biased;
        () = shared.stop.cancelled() => return,
        ended = work => ended,
    };
    match ended {
        Ok(()) => {}
        Err(DialError::Greet(GreetError::Handshake(HandshakeError::DialledSelf))) => {
            shared.tell(LinkEvent::DialledSelf(address)).await;
        }
        Err(error) => {
            let reason = error.to_string();
            shared.tell(LinkEvent::DialFailed { address, reason }).await;
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum DialError {
    #[error("cannot find the address: {0}; check its spelling, it must be host:port")]
    Resolve(io::Error),
    #[error("cannot connect: {0}; check that the node there runs and its port is reachable")]
    Connect(io::Error),
    #[error(transparent)]
    Greet(GreetError),
}

/// Ends with the first link, or the last error; a self-dial ends it at once.
async fn attempt(shared: &std::sync::Arc<Shared>, address: &str) -> Result<(), DialError> {
    let limit = Duration::from_millis(CONNECT_MS);
    let found = timeout(limit, lookup_host(address)).await.unwrap_or_else(|late| Err(late.into()));
    let keys = shared.group_keys();
    let mut last = DialError::Resolve(io::ErrorKind::NotFound.into());
    for remote in found.map_err(DialError::Resolve)?.take(RESOLVED_MAX) {
        for key in &keys {
            match one(shared, address, remote, key).await {
                Ok(()) => return Ok(()),
                Err(
                    error @ DialError::Greet(GreetError::Handshake(HandshakeError::DialledSelf)),
                ) => return Err(error),
                Err(error) => last = error,
            }
            // Only an answer without a byte may mean that the other key is the right one.
            if !matches!(last, DialError::Greet(GreetError::Silent | GreetError::Io(_))) {
                break;
            }
        }
    }
    Err(last)
}

async fn one(
    shared: &std::sync::Arc<Shared>,
    address: &str,
    remote: SocketAddr,
    key: &GroupKey,
) -> Result<(), DialError> {
    let limit = Duration::from_millis(CONNECT_MS);
    let socket = timeout(limit, TcpStream::connect(remote))
        .await
        .unwrap_or_else(|late| Err(late.into()))
        .map_err(DialError::Connect)?;
    let greeted = greet::dialling(shared, socket, key).await.map_err(DialError::Greet)?;
    task::spawn(shared, greeted, remote, Some(address.to_owned()));
    Ok(())
}
