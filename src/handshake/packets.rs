//! What one end says in M1 to M4, and how the other reads it.

use ed25519_dalek::{Signer as _, SigningKey};
use serde::{Deserialize, Serialize};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::error::HandshakeError;
use crate::keyring::CircleId;
use crate::protocol::id::{Ephemeral, Hash, NodeId, Signature};
use crate::protocol::json::{Object, scan};
use crate::protocol::limits::{ADDRESS_BYTES_MAX, ADDRESSES_MAX, INTEGER_MAX};
use crate::protocol::signature::verify;
use crate::protocol::{PROGRAM, VERSION};
use crate::seal::{CircleKeys, Key, Opener};
use crate::wire::frame;

/// What one end brings to one handshake.
pub struct Local {
    /// The circle in which it is who it is.
    pub circle: CircleId,
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

#[derive(Serialize, Deserialize)]
pub(super) struct Hello {
    tag: String,
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    ephemeral: Option<Ephemeral>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) answers: Option<Hash>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Join {
    tag: String,
    pub(super) node: NodeId,
    signature: Signature,
    pub(super) listen: Vec<String>,
    clock: u64,
    #[serde(default = "first")]
    pub(super) program: u64,
}

/// The program that does not tell its number.
fn first() -> u64 {
    1
}

impl Local {
    pub(super) fn public(&self) -> Ephemeral {
        Ephemeral(PublicKey::from(&StaticSecret::from(*self.ephemeral)).to_bytes())
    }

    /// M1's frame, or M2's, which answers a hello with this hash.
    pub(super) fn hello(&self, circle: &CircleKeys, answers: Option<Hash>) -> Vec<u8> {
        let tag = "hello".to_owned();
        let hello = Hello { tag, version: VERSION, ephemeral: Some(self.public()), answers };
        self.sealed(&circle.handshake, &hello)
    }

    /// M3's frame, or M4's.
    pub(super) fn join(&self, key: &Key, said: &[u8]) -> Vec<u8> {
        let join = Join {
            tag: "join".to_owned(),
            node: NodeId(self.key.verifying_key().to_bytes()),
            signature: Signature(self.key.sign(said).to_bytes()),
            listen: self.listen.iter().take(ADDRESSES_MAX).cloned().collect(),
            clock: self.clock.min(INTEGER_MAX),
            program: PROGRAM,
        };
        self.sealed(key, &join)
    }

    fn sealed(&self, key: &Key, packet: &impl Serialize) -> Vec<u8> {
        let json = serde_json::to_vec(packet).expect("a packet is plain data");
        frame((self.seal)(key, &json, self.time).as_bytes())
    }
}

impl Hello {
    pub(super) fn open(circle: &CircleKeys, token: &[u8]) -> Option<Hello> {
        let json = Opener::new(&circle.handshake).open(token).ok()?;
        let Object(hello) = serde_json::from_str(scan(&json).ok()?).ok()?;
        Some(hello)
    }

    /// The other end's ephemeral key, where tag and version fit.
    pub(super) fn checked(&self) -> Result<Ephemeral, HandshakeError> {
        if self.version != VERSION {
            return Err(HandshakeError::Version(self.version));
        }
        let ephemeral = self.ephemeral.filter(|_| self.tag == "hello");
        ephemeral.ok_or(HandshakeError::Misbehaved("its first packet is not a hello"))
    }
}

impl Join {
    /// Who opened the hello holds the group key; a join that does not open was therefore replayed,
    /// or changed on the way.
    pub(super) fn open(key: &Key, token: &[u8]) -> Result<Join, HandshakeError> {
        const OUT_OF_BOUNDS: HandshakeError =
            HandshakeError::Misbehaved("its join is out of bounds");
        let json = Opener::new(key).open(token).map_err(|_| HandshakeError::Replayed)?;
        let json = scan(&json).map_err(|_| OUT_OF_BOUNDS)?;
        let Object::<Join>(join) = serde_json::from_str(json)
            .map_err(|_| HandshakeError::Misbehaved("its join cannot be read"))?;
        let long = |address: &String| address.len() > ADDRESS_BYTES_MAX;
        if join.tag != "join" || join.listen.len() > ADDRESSES_MAX || join.listen.iter().any(long) {
            return Err(OUT_OF_BOUNDS);
        }
        Ok(join)
    }

    /// Whether it is signed by whom it names.
    pub(super) fn proven(&self, said: &[u8]) -> Result<(), HandshakeError> {
        let proven = verify(&self.node, said, &self.signature);
        let stolen = HandshakeError::Misbehaved("it does not hold its node id's key");
        proven.then_some(()).ok_or(stolen)
    }
}
