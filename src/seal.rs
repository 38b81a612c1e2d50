//! Keys and sealing: the group key, what is derived from it, and Fernet tokens.
//!
//! A token's age is never checked: clocks here may be years apart, and freshness is proven by the
//! handshake's transcript and each packet's counter. A token's text is never an identity either
//! (its base64 may be padded or not).

use std::fmt;
use std::str::FromStr;

use fernet::Fernet;
use hkdf::Hkdf;
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize, Zeroizing};

/// 32 secret bytes, overwritten when dropped.
pub type Key = Zeroizing<[u8; 32]>;

/// Characters of a group key's text: 32 bytes as padded base64.
pub const KEY_CHARS: usize = 44;

/// Latest time that [`Opener::open`] can tell `fernet`, which adds its 60 s of clock skew to it.
const END_OF_TIME: u64 = u64::MAX - 60;

/// A circle's key: whoever holds it is in. Never encrypts data, see [`CircleKeys`].
#[derive(Clone, PartialEq, Eq)]
pub struct GroupKey(Key);

/// A text that is no group key. Says nothing of the text, which may be almost the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a Fernet key (32 bytes as url-safe base64, {KEY_CHARS} characters)")]
pub struct NotKey;

impl GroupKey {
    /// The key made of these bytes, which must come from a secure random source.
    pub fn from_bytes(bytes: [u8; 32]) -> GroupKey {
        GroupKey(Zeroizing::new(bytes))
    }

    /// A fresh key from the system's randomness.
    pub fn generate() -> GroupKey {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *key).expect("the system has randomness");
        GroupKey(key)
    }

    /// The key as url-safe base64: what goes into `RODA_KEY` and invitations.
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(base64_text(&self.0))
    }

    /// Everything that is derived from the key.
    pub fn derive(&self) -> CircleKeys {
        let (mut prk, expand) = Hkdf::<Sha256>::extract(Some(b"roda/1"), &*self.0);
        let print = expanded(&expand, &[b"fingerprint"]);
        let keys = CircleKeys {
            prk: Zeroizing::new(prk.into()),
            handshake: expanded(&expand, &[b"handshake"]),
            gid: *expanded(&expand, &[b"circle"]),
            fingerprint: hex::encode(&print[..8]),
        };
        prk.as_mut_slice().zeroize();
        keys
    }
}

impl fmt::Debug for GroupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GroupKey(secret)")
    }
}

impl FromStr for GroupKey {
    type Err = NotKey;

    fn from_str(text: &str) -> Result<GroupKey, NotKey> {
        text.strip_suffix('=').and_then(base64_key).map(GroupKey).ok_or(NotKey)
    }
}

/// What a group key gives: keys and names, none of which leads back to it.
#[derive(Clone)]
pub struct CircleKeys {
    /// `P = HKDF-Extract(salt "roda/1", group key)`.
    pub prk: Key,
    /// `Khs = Expand(P, "handshake")`: seals the first two frames of a handshake.
    pub handshake: Key,
    /// `gid = Expand(P, "circle")`: names the circle in signatures and discovery. Not secret.
    pub gid: [u8; 32],
    /// The first 8 bytes of `Expand(P, "fingerprint")` as hex: tells keys apart in a data folder.
    pub fingerprint: String,
}

/// HKDF-Extract with SHA-256, then any number of [`Extracted::expand`].
pub struct Extracted(Hkdf<Sha256>);

/// `HKDF-Extract(salt, secret)`.
pub fn extract(salt: &[u8; 32], secret: &[u8; 32]) -> Extracted {
    Extracted(Hkdf::<Sha256>::new(Some(salt), secret))
}

impl Extracted {
    /// 32 bytes of `HKDF-Expand` for the info `label ‖ context`.
    pub fn expand(&self, label: &[u8], context: &[u8]) -> Key {
        expanded(&self.0, &[label, context])
    }
}

fn expanded(from: &Hkdf<Sha256>, info: &[&[u8]]) -> Key {
    let mut key = Zeroizing::new([0; 32]);
    from.expand_multi_info(info, &mut *key).expect("32 bytes are one block");
    key
}

/// Seals plain bytes into Fernet tokens.
pub struct Sealer(Fernet);

impl Sealer {
    /// A sealer with this Fernet key.
    pub fn new(key: &Key) -> Sealer {
        Sealer(fernet_of(key))
    }

    /// The token of `plain`. `time` is the wall clock in seconds since 1970, as the format wants
    /// it; nobody reads it here, so a wrong clock does no harm.
    pub fn seal(&self, plain: &[u8], time: u64) -> String {
        self.0.encrypt_at_time(plain, time)
    }
}

/// Opens Fernet tokens.
pub struct Opener(Fernet);

/// A token that does not open: another key, damaged, or no token at all; `fernet` does not tell
/// which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token does not open with this key")]
pub struct NotOpened;

impl Opener {
    /// An opener with this Fernet key.
    pub fn new(key: &Key) -> Opener {
        Opener(fernet_of(key))
    }

    /// The plain bytes of a token of any age.
    ///
    /// # Errors
    /// [`NotOpened`].
    pub fn open(&self, token: &[u8]) -> Result<Vec<u8>, NotOpened> {
        let token = std::str::from_utf8(token).map_err(|_| NotOpened)?;
        self.0.decrypt_at_time(token, None, END_OF_TIME).map_err(|_| NotOpened)
    }
}

/// Seals one text with a key of its own: the handshake's way. See [`Sealer::seal`].
pub fn seal_once(key: &Key, plain: &[u8], time: u64) -> String {
    Sealer::new(key).seal(plain, time)
}

/// SHA-256 over the parts in order.
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut sha = Sha256::new();
    parts.iter().for_each(|part| sha.update(part));
    sha.finalize().into()
}

fn fernet_of(key: &Key) -> Fernet {
    let text = Zeroizing::new(base64_text(key));
    Fernet::new(&text).expect("32 bytes of base64 are a Fernet key")
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn base64_text(bytes: &[u8; 32]) -> String {
    let mut text = String::with_capacity(KEY_CHARS);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        let digit = |shift: u32| char::from(DIGITS[(word >> shift & 63) as usize]);
        text.extend((0..=chunk.len() as u32).map(|at| digit(18 - 6 * at)));
    }
    text.push('=');
    text
}

/// 43 digits without their padding: 32 bytes, and 2 bits that must be zero.
fn base64_key(digits: &str) -> Option<Key> {
    if digits.len() != KEY_CHARS - 1 {
        return None;
    }
    let mut key = Zeroizing::new([0; 32]);
    let (mut word, mut bits, mut at) = (0u32, 0, 0);
    for digit in digits.bytes() {
        let value = DIGITS.iter().position(|known| *known == digit)? as u32;
        word = (word << 6 | value) & 0x3fff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            key[at] = (word >> bits) as u8;
            at += 1;
        }
    }
    (word & 3 == 0).then_some(key)
}
