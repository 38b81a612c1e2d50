//! Why handshakes fail.

use crate::protocol::VERSION;

/// Why a handshake failed. The text says whose fault it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// Another group key, another program, or a damaged frame.
    #[error("the other side does not hold this circle's key, or is not a Roda node")]
    Stranger,
    /// A newer or older program.
    #[error("the other side speaks version {0}, this node version {VERSION}; update the older one")]
    Version(u64),
    /// The other side's fault: it holds the key and breaks the protocol.
    #[error("the other side misbehaved: {0}")]
    Misbehaved(&'static str),
    /// Somebody on the way recorded an earlier handshake or sends our own words back.
    #[error("the other side replayed a handshake")]
    Replayed,
    /// Nobody's fault: the address leads back here, or this identity was copied to two machines.
    #[error("the other side is this node itself")]
    DialledSelf,
}
