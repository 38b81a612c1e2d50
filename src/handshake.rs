//! The handshake, M1 to M4: proves that both ends hold the group key, who they are, and gives the
//! link keys of its own.
//!
//! Pure: tokens in, frames out. What a driver must do, in this order:
//!
//! - dialler: [`Dialler::start`], send M1; give M2's token to [`Dialler::answered`], send M3; give
//!   M4's token to [`Joining::joined`].
//! - listener: give M1's token to [`Greeting::open`], which says to whose circle it is; answer as
//!   whoever this node is there ([`Greeting::answer`]), send M2; give M3's token to
//!   [`Listener::joined`], send M4, and use the link only where its outcome says so.
//! - M1 and M2 have at most `HELLO_FRAME_MAX` bytes, M3 and M4 `JOIN_FRAME_MAX`.
//! - on an error close the connection; nothing is sent.
//!
//! `th1 = SHA-256(F1 ‖ F2)` over the frames with their lengths; `th2`, `th3` go on to `F3`, `F4`.

mod error;
mod packets;

use x25519_dalek::{PublicKey, StaticSecret};

pub use self::error::HandshakeError;
pub use self::packets::Local;
use self::packets::{Hello, Join};
use crate::keyring::{CircleId, Keyring};
use crate::protocol::id::{Ephemeral, Hash, NodeId};
use crate::seal::{CircleKeys, Extracted, GroupKey, Key, extract, sha256};
use crate::wire::frame;

/// What a handshake that succeeded gives.
pub struct Established {
    /// Whose link it is: the circle that this end was in, see [`Local::circle`].
    pub circle: CircleId,
    /// Who is at the other end, proven.
    pub peer: NodeId,
    /// Where the peer says it listens, see [`Local::listen`].
    pub listens: Vec<String>,
    /// What the peer's program understands, see [`crate::protocol::PROGRAM`].
    pub program: u64,
    /// The Fernet key to send with.
    pub send: Key,
    /// The Fernet key to receive with.
    pub receive: Key,
}

/// A listener's outcome: a link, or none where this node dialled itself.
pub type Outcome = Result<Established, HandshakeError>;

/// A dialler that waits for M2.
pub struct Dialler {
    local: Local,
    circle: CircleKeys,
    m1: Vec<u8>,
}

/// A dialler that waits for M4.
pub struct Joining(Agreed);

/// A good hello, not answered yet.
pub struct Greeting {
    circle: CircleId,
    keys: CircleKeys,
    theirs: Ephemeral,
    m1: Vec<u8>,
}

/// A listener that waits for M3.
pub struct Listener(Agreed);

/// An end that has the shared secret, and the frames so far.
struct Agreed {
    local: Local,
    circle: CircleKeys,
    shared: Extracted,
    wire: Vec<u8>,
}

impl Dialler {
    /// Begins a handshake with this group key; the frame is M1.
    pub fn start(local: Local, key: &GroupKey) -> (Dialler, Vec<u8>) {
        let circle = key.derive();
        let m1 = local.hello(&circle, None);
        (Dialler { local, circle, m1: m1.clone() }, m1)
    }

    /// Takes M2's token; the frame is M3.
    ///
    /// # Errors
    /// [`HandshakeError`].
    pub fn answered(self, m2: &[u8]) -> Result<(Joining, Vec<u8>), HandshakeError> {
        let Dialler { local, circle, m1 } = self;
        let m2_frame = frame(m2);
        if m2_frame == m1 {
            return Err(HandshakeError::Replayed);
        }
        let hello = Hello::open(&circle, m2).ok_or(HandshakeError::Stranger)?;
        let theirs = hello.checked()?;
        if hello.answers != Some(Hash(sha256(&[&m1]))) || theirs == local.public() {
            return Err(HandshakeError::Replayed);
        }
        let shared = agree(&local, &circle, theirs)?;
        let mut wire = [m1, m2_frame].concat();
        let th1 = sha256(&[&wire]);
        let said = [b"roda/1 init", &circle.gid[..], &th1, &local.key.verifying_key().to_bytes()];
        let m3 = local.join(&shared.expand(b"join i", &th1), &said.concat());
        wire.extend_from_slice(&m3);
        Ok((Joining(Agreed { local, circle, shared, wire }), m3))
    }
}

impl Joining {
    /// Takes M4's token.
    ///
    /// # Errors
    /// [`HandshakeError`].
    pub fn joined(self, m4: &[u8]) -> Result<Established, HandshakeError> {
        let Agreed { local, circle, shared, mut wire } = self.0;
        let th2 = sha256(&[&wire]);
        let own = local.key.verifying_key().to_bytes();
        let join = Join::open(&shared.expand(b"join r", &th2), m4)?;
        let said = [b"roda/1 resp", &circle.gid[..], &th2, &own, &join.node.0].concat();
        join.proven(&said)?;
        if join.node.0 == own {
            return Err(HandshakeError::DialledSelf);
        }
        wire.extend_from_slice(&frame(m4));
        let [out, back] = link_keys(&shared, &wire);
        Ok(established(&local, join, out, back))
    }
}

impl Greeting {
    /// Opens M1's token with whichever key of these circles it was sealed with.
    ///
    /// # Errors
    /// [`HandshakeError`].
    pub fn open(keyring: &Keyring, m1: &[u8]) -> Result<Greeting, HandshakeError> {
        let mut tried = keyring.all().map(|(circle, key)| (circle, key.derive()));
        let opened = tried.find_map(|(circle, keys)| {
            let hello = Hello::open(&keys, m1)?;
            Some((circle, keys, hello))
        });
        let (circle, keys, hello) = opened.ok_or(HandshakeError::Stranger)?;
        let theirs = hello.checked()?;
        if hello.answers.is_some() {
            return Err(HandshakeError::Replayed);
        }
        Ok(Greeting { circle, keys, theirs, m1: frame(m1) })
    }

    /// The circle whose key opened it.
    pub fn circle(&self) -> CircleId {
        self.circle
    }

    /// Answers as this end; the frame is M2.
    ///
    /// # Errors
    /// [`HandshakeError`].
    ///
    /// # Panics
    /// Where `local` is of another circle: who this node is there is nobody's business here.
    pub fn answer(self, local: Local) -> Result<(Listener, Vec<u8>), HandshakeError> {
        let Greeting { circle, keys, theirs, m1: mut wire } = self;
        assert_eq!(local.circle, circle, "a hello is answered by a member of its circle");
        let shared = agree(&local, &keys, theirs)?;
        let m2 = local.hello(&keys, Some(Hash(sha256(&[&wire]))));
        wire.extend_from_slice(&m2);
        Ok((Listener(Agreed { local, circle: keys, shared, wire }), m2))
    }
}

impl Listener {
    /// Takes M3's token; the frame is M4. Where the dialler proved to be this node itself, M4 is
    /// still sent, so that it learns whom it dialled, and the outcome is
    /// [`HandshakeError::DialledSelf`]: there is no link.
    ///
    /// # Errors
    /// [`HandshakeError`]; nothing is sent.
    pub fn joined(self, m3: &[u8]) -> Result<(Outcome, Vec<u8>), HandshakeError> {
        let Agreed { local, circle, shared, mut wire } = self.0;
        let th1 = sha256(&[&wire]);
        let own = local.key.verifying_key().to_bytes();
        let join = Join::open(&shared.expand(b"join i", &th1), m3)?;
        join.proven(&[b"roda/1 init", &circle.gid[..], &th1, &join.node.0].concat())?;
        wire.extend_from_slice(&frame(m3));
        let th2 = sha256(&[&wire]);
        let said = [b"roda/1 resp", &circle.gid[..], &th2, &join.node.0, &own].concat();
        let m4 = local.join(&shared.expand(b"join r", &th2), &said);
        if join.node.0 == own {
            return Ok((Err(HandshakeError::DialledSelf), m4));
        }
        wire.extend_from_slice(&m4);
        let [back, out] = link_keys(&shared, &wire);
        Ok((Ok(established(&local, join, out, back)), m4))
    }
}

fn agree(local: &Local, keys: &CircleKeys, theirs: Ephemeral) -> Result<Extracted, HandshakeError> {
    let secret = StaticSecret::from(*local.ephemeral);
    let shared = secret.diffie_hellman(&PublicKey::from(theirs.0));
    if !shared.was_contributory() {
        return Err(HandshakeError::Misbehaved("its ephemeral key fixes the shared secret"));
    }
    Ok(extract(&keys.prk, shared.as_bytes()))
}

/// The keys from dialler to listener and back.
fn link_keys(shared: &Extracted, wire: &[u8]) -> [Key; 2] {
    let th3 = sha256(&[wire]);
    [shared.expand(b"i2r", &th3), shared.expand(b"r2i", &th3)]
}

fn established(local: &Local, join: Join, send: Key, receive: Key) -> Established {
    let Join { node: peer, listen: listens, program, .. } = join;
    Established { circle: local.circle, peer, listens, program, send, receive }
}
