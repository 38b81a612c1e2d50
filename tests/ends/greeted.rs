//! The listener's side of a handshake, up to its first word.

use roda::handshake::{Greeting, HandshakeError, Listener, Local};
use roda::keyring::Keyring;
use roda::seal::GroupKey;

/// M2 of a listener with these group keys, which answers M1's token as `local`.
pub fn greeted(
    local: Local,
    keys: &[GroupKey],
    m1: &[u8],
) -> Result<(Listener, Vec<u8>), HandshakeError> {
    let mut keyring = Keyring::default();
    keyring.put(local.circle, keys.to_vec());
    Greeting::open(&keyring, m1)?.answer(local)
}
