//! The handshake, M1 to M4: proves that both ends hold the group key, who they are, and gives the
//! link keys of its own.
//!
//! Pure: tokens in, frames out. What a driver must do, in this order:
//!
//! - dialler: [`Dialler::start`], send M1; give M2's token to [`Dialler::answered`], send M3; give
//!   M4's token to [`Joining::joined`].
//! - listener: give M1's token to [`Listener::greeted`], send M2; give M3's token to
//!   [`Listener::joined`], send M4, and use the link only where its outcome says so.
//! - M1 and M2 have at most `HELLO_FRAME_MAX` bytes, M3 and M4 `JOIN_FRAME_MAX`.
//! - on an error close the connection; nothing is sent.
//!
//! `th1 = SHA-256(F1 ‖ F2)` over the frames with their lengths; `th2`, `th3` go on to `F3`, `F4`.

mod error;

use ed25519_dalek::{Signer as _, SigningKey};
use serde::{Deserialize, Serialize};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

pub use self::error::HandshakeError;
use crate::protocol::id::{Ephemeral, Hash, NodeId, Signature};
use crate::protocol::json::{Object, scan};
use crate::protocol::limits::{ADDRESS_BYTES_MAX, ADDRESSES_MAX, INTEGER_MAX};
use crate::protocol::signature::verify;
use crate::protocol::{PROGRAM, VERSION};
use crate::seal::{CircleKeys, Extracted, GroupKey, Key, Opener, extract, sha256};
use crate::wire::frame;

/// What one end brings to one handshake.
pub struct Local {
    /// Its identity.
    pub key: SigningKey,
    /// Where it listens; the first [`ADDRESSES_MAX`] are told. `":PORT"` alone means at the address
    /// that the other end sees.
    pub listen: Vec<String>,
    /// Its Lamport clock, a hint.
    pub clock: u64,
    /// 32 fresh bytes of a secure source, used once.
    pub ephemeral: Zeroizing<[u8; 32]>,
    /// Wall clock, seconds since 1970; only written into tokens.
    pub time: u64,
    /// Seals bytes with a key at a time: [`crate::seal::seal_once`]. A test may fix the IV.
    pub seal: fn(&Key, &[u8], u64) -> String,
}

impl Local {
    fn public(&self) -> Ephemeral {
        Ephemeral(PublicKey::from(&StaticSecret::from(*self.ephemeral)).to_bytes())
    }
}

/// What a handshake that succeeded gives.
pub struct Established {
    /// Who is at the other end, proven.
    pub peer: NodeId,
    /// Where the peer says it listens, see [`Local::listen`].
    pub listens: Vec<String>,
    /// What the peer's program understands, see [`PROGRAM`].
    pub program: u64,
    /// The Fernet key to send with.
    pub send: Key,
    /// The Fernet key to receive with.
    pub receive: Key,
}

/// A listener's outcome: a link, or none where this node dialled itself.
pub type Outcome = Result<Established, HandshakeError>;

#[derive(Serialize, Deserialize)]
struct Hello {
    tag: String,
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    ephemeral: Option<Ephemeral>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    answers: Option<Hash>,
}

#[derive(Serialize, Deserialize)]
struct Join {
    tag: String,
    node: NodeId,
    signature: Signature,
    listen: Vec<String>,
    clock: u64,
    #[serde(default = "first")]
    program: u64,
}

/// The program that does not tell its number.
fn first() -> u64 {
    1
}

/// A dialler that waits for M2.
pub struct Dialler {
    local: Local,
    circle: CircleKeys,
    m1: Vec<u8>,
}

/// A dialler that waits for M4.
pub struct Joining(Agreed);

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
        let m1 = hello(&local, &circle, None);
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
        let hello = open_hello(&circle, m2).ok_or(HandshakeError::Stranger)?;
        let theirs = checked(&hello)?;
        if hello.answers != Some(Hash(sha256(&[&m1]))) || theirs == local.public() {
            return Err(HandshakeError::Replayed);
        }
        let shared = agree(&local, &circle, theirs)?;
        let mut wire = [m1, m2_frame].concat();
        let th1 = sha256(&[&wire]);
        let said = [b"roda/1 init", &circle.gid[..], &th1, &local.key.verifying_key().to_bytes()];
        let m3 = join(&local, &shared.expand(b"join i", &th1), &said.concat());
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
        let join = open_join(&shared.expand(b"join r", &th2), m4)?;
        let said = [b"roda/1 resp", &circle.gid[..], &th2, &own, &join.node.0].concat();
        proven(&join, &said)?;
        if join.node.0 == own {
            return Err(HandshakeError::DialledSelf);
        }
        wire.extend_from_slice(&frame(m4));
        let [out, back] = link_keys(&shared, &wire);
        Ok(established(join, out, back))
    }
}

impl Listener {
    /// Takes M1's token, sealed with any of `keys`; the frame is M2.
    ///
    /// # Errors
    /// [`HandshakeError`].
    pub fn greeted(
        local: Local,
        keys: &[GroupKey],
        m1: &[u8],
    ) -> Result<(Listener, Vec<u8>), HandshakeError> {
        let (circle, hello) = keys
            .iter()
            .map(GroupKey::derive)
            .find_map(|circle| open_hello(&circle, m1).map(|hello| (circle, hello)))
            .ok_or(HandshakeError::Stranger)?;
        let theirs = checked(&hello)?;
        if hello.answers.is_some() {
            return Err(HandshakeError::Replayed);
        }
        let shared = agree(&local, &circle, theirs)?;
        let mut wire = frame(m1);
        let m2 = self::hello(&local, &circle, Some(Hash(sha256(&[&wire]))));
        wire.extend_from_slice(&m2);
        Ok((Listener(Agreed { local, circle, shared, wire }), m2))
    }

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
        let join = open_join(&shared.expand(b"join i", &th1), m3)?;
        proven(&join, &[b"roda/1 init", &circle.gid[..], &th1, &join.node.0].concat())?;
        wire.extend_from_slice(&frame(m3));
        let th2 = sha256(&[&wire]);
        let said = [b"roda/1 resp", &circle.gid[..], &th2, &join.node.0, &own].concat();
        let m4 = self::join(&local, &shared.expand(b"join r", &th2), &said);
        if join.node.0 == own {
            return Ok((Err(HandshakeError::DialledSelf), m4));
        }
        wire.extend_from_slice(&m4);
        let [back, out] = link_keys(&shared, &wire);
        Ok((Ok(established(join, out, back)), m4))
    }
}

fn hello(local: &Local, circle: &CircleKeys, answers: Option<Hash>) -> Vec<u8> {
    let tag = "hello".to_owned();
    let hello = Hello { tag, version: VERSION, ephemeral: Some(local.public()), answers };
    sealed(local, &circle.handshake, &hello)
}

fn join(local: &Local, key: &Key, said: &[u8]) -> Vec<u8> {
    let join = Join {
        tag: "join".to_owned(),
        node: NodeId(local.key.verifying_key().to_bytes()),
        signature: Signature(local.key.sign(said).to_bytes()),
        listen: local.listen.iter().take(ADDRESSES_MAX).cloned().collect(),
        clock: local.clock.min(INTEGER_MAX),
        program: PROGRAM,
    };
    sealed(local, key, &join)
}

fn sealed(local: &Local, key: &Key, packet: &impl Serialize) -> Vec<u8> {
    let json = serde_json::to_vec(packet).expect("a packet is plain data");
    frame((local.seal)(key, &json, local.time).as_bytes())
}

fn open_hello(circle: &CircleKeys, token: &[u8]) -> Option<Hello> {
    let json = Opener::new(&circle.handshake).open(token).ok()?;
    let Object(hello) = serde_json::from_str(scan(&json).ok()?).ok()?;
    Some(hello)
}

/// The other end's ephemeral key, where tag and version fit.
fn checked(hello: &Hello) -> Result<Ephemeral, HandshakeError> {
    if hello.version != VERSION {
        return Err(HandshakeError::Version(hello.version));
    }
    let ephemeral = hello.ephemeral.filter(|_| hello.tag == "hello");
    ephemeral.ok_or(HandshakeError::Misbehaved("its first packet is not a hello"))
}

fn agree(local: &Local, keys: &CircleKeys, theirs: Ephemeral) -> Result<Extracted, HandshakeError> {
    let secret = StaticSecret::from(*local.ephemeral);
    let shared = secret.diffie_hellman(&PublicKey::from(theirs.0));
    if !shared.was_contributory() {
        return Err(HandshakeError::Misbehaved("its ephemeral key fixes the shared secret"));
    }
    Ok(extract(&keys.prk, shared.as_bytes()))
}

/// Who opened the hello holds the group key; a join that does not open was therefore replayed, or
/// changed on the way.
fn open_join(key: &Key, token: &[u8]) -> Result<Join, HandshakeError> {
    let json = Opener::new(key).open(token).map_err(|_| HandshakeError::Replayed)?;
    let json = scan(&json).map_err(|_| HandshakeError::Misbehaved("its join is out of bounds"))?;
    let Object::<Join>(join) = serde_json::from_str(json)
        .map_err(|_| HandshakeError::Misbehaved("its join cannot be read"))?;
    let long = |address: &String| address.len() > ADDRESS_BYTES_MAX;
    if join.tag != "join" || join.listen.len() > ADDRESSES_MAX || join.listen.iter().any(long) {
        return Err(HandshakeError::Misbehaved("its join is out of bounds"));
    }
    Ok(join)
}

fn proven(join: &Join, said: &[u8]) -> Result<(), HandshakeError> {
    let proven = verify(&join.node, said, &join.signature);
    proven.then_some(()).ok_or(HandshakeError::Misbehaved("it does not hold its node id's key"))
}

/// The keys from dialler to listener and back.
fn link_keys(shared: &Extracted, wire: &[u8]) -> [Key; 2] {
    let th3 = sha256(&[wire]);
    [shared.expand(b"i2r", &th3), shared.expand(b"r2i", &th3)]
}

fn established(join: Join, send: Key, receive: Key) -> Established {
    Established { peer: join.node, listens: join.listen, program: join.program, send, receive }
}
