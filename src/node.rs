//! A node: peer, store and page in one process.

use std::net::SocketAddr;

use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::protocol::id::NodeId;
use crate::shell::handle::Handle;

/// Why a node does not start. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting is at fault.
    #[error("{0}")]
    Setting(String),
    /// Something else is.
    #[error("{0}")]
    Failed(String),
}

impl StartError {
    /// Whether a setting is at fault, so that another would help.
    pub fn is_setting(&self) -> bool {
        matches!(self, StartError::Setting(_))
    }
}

/// A running node.
#[derive(Debug)]
pub struct Running {
    /// Its member id.
    pub id: NodeId,
    /// Access to it.
    pub handle: Handle,
    /// Where its page is served.
    pub web: SocketAddr,
    /// Where peers connect.
    pub peers: SocketAddr,
}

impl Running {
    /// Waits until the node has stopped.
    ///
    /// # Errors
    /// What made it stop, if it was not asked to.
    pub async fn stopped(self) -> anyhow::Result<()> {
        Ok(())
    }
}

/// Starts a node; it stops when `cancel` is cancelled.
///
/// # Errors
/// [`StartError`].
pub async fn start(config: Config, cancel: CancellationToken) -> Result<Running, StartError> {
    let _ = (config, cancel);
    Err(StartError::Failed("this build holds no node".to_owned()))
}
