//! Entries, their hashes, and runs: the unit that is signed, sent and accepted.

use ed25519_dalek::{Signer as _, SigningKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::id::{Hash, NodeId, Signature};
use super::json::objects;
use super::limits::{BODY_MAX, INTEGER_MAX, RUN_BYTES_MAX, RUN_ENTRIES_MAX};
use super::planted::{self, Bug};
use super::signature::verify;

const ENTRY_DOMAIN: &[u8] = b"roda/1 entry";
const RUN_DOMAIN: &[u8] = b"roda/1 run";

/// Lamport's timestamp; its order is the order of the conversation, a total order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// The Lamport counter, 1 to 2^53 − 1.
    pub lamport: u64,
    /// Tells equal counters apart.
    pub author: NodeId,
}

/// What an entry says, apart from its place: on the wire and in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Wall clock of the author, milliseconds since 1970. For people to read; orders nothing.
    pub at: u64,
    /// JSON text; exactly these bytes are hashed, kept and passed on.
    pub body: String,
}

/// SHA-256 of a body's exact bytes.
pub fn body_hash(body: &str) -> Hash {
    Hash(Sha256::digest(body.as_bytes()).into())
}

/// An entry's place: all that its hash covers but time and body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Who said it.
    pub author: NodeId,
    /// Its place in the author's log, from 1.
    pub seq: u64,
    /// Hash of the author's entry before; none at seq 1.
    pub prev: Option<Hash>,
    /// The greatest entry the author held; none where that is `prev`, and inside a run.
    pub seen: Option<Hash>,
    /// `1 + max(lamport(prev), lamport(seen))`.
    pub lamport: u64,
}

impl Place {
    /// The place of the next entry of the same run.
    pub fn next(&self, hash: Hash) -> Place {
        Place {
            author: self.author,
            seq: self.seq + 1,
            prev: Some(hash),
            seen: None,
            lamport: self.lamport + 1,
        }
    }
}

/// The hash of the entry at `place` with this time and this SHA-256 of its body: over the domain
/// tag and the fields, integers as u64 big-endian, byte strings behind their u64 length. The body
/// is in it by its own hash, so a fork is proven without the bodies.
pub fn entry_hash(place: &Place, at: u64, body_hash: &Hash) -> Hash {
    let mut sha = Sha256::new();
    let mut bytes = |part: &[u8]| {
        sha.update((part.len() as u64).to_be_bytes());
        sha.update(part);
    };
    bytes(ENTRY_DOMAIN);
    bytes(&place.author.0);
    sha.update(place.seq.to_be_bytes());
    for named in [&place.prev, &place.seen] {
        let part: &[u8] = named.as_ref().map_or(&[], |hash| &hash.0);
        sha.update((part.len() as u64).to_be_bytes());
        sha.update(part);
    }
    sha.update(place.lamport.to_be_bytes());
    sha.update(at.to_be_bytes());
    sha.update(32u64.to_be_bytes());
    sha.update(body_hash.0);
    Hash(sha.finalize().into())
}

/// Consecutive entries of one author, stamped together, signed once. Only the first names anything:
/// the others chain on by construction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "RunFields")]
pub struct Run {
    /// Place of the first entry.
    #[serde(flatten)]
    pub first: Place,
    /// 1 to [`RUN_ENTRIES_MAX`] entries.
    pub entries: Vec<Said>,
    /// The author's signature over `"roda/1 run" ‖ hash` of the last entry.
    pub signature: Signature,
}

/// A run as it is read: one flat object, whose unknown fields are passed over unread.
#[derive(Deserialize)]
struct RunFields {
    author: NodeId,
    seq: u64,
    prev: Option<Hash>,
    seen: Option<Hash>,
    lamport: u64,
    #[serde(deserialize_with = "objects")]
    entries: Vec<Said>,
    signature: Signature,
}

impl From<RunFields> for Run {
    fn from(fields: RunFields) -> Run {
        let RunFields { author, seq, prev, seen, lamport, entries, signature } = fields;
        Run { first: Place { author, seq, prev, seen, lamport }, entries, signature }
    }
}

/// Why a run is not one. Always the fault of whoever sent it: honest nodes pass on only what they
/// checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadRun {
    /// No entries, or more than [`RUN_ENTRIES_MAX`].
    #[error("a run holds 1 to {RUN_ENTRIES_MAX} entries")]
    Length,
    /// A body above [`BODY_MAX`], or the whole above [`RUN_BYTES_MAX`].
    #[error("a run or one of its bodies is too large")]
    Size,
    /// A sequence number, counter or time of 0 or above 2^53 − 1.
    #[error("an integer is out of range")]
    Range,
    /// Seq 1 with a `prev`, or a later one without.
    #[error("prev does not fit the sequence number")]
    Prev,
    /// The signature does not hold.
    #[error("the signature does not hold")]
    Signature,
}

impl Run {
    /// Signs `entries` as the run that starts at `first`.
    pub fn sign(first: Place, entries: Vec<Said>, key: &SigningKey) -> CheckedRun {
        let mut run = Run { first, entries, signature: Signature([0; 64]) };
        let hashes = run.hashes();
        let head = *hashes.last().expect("a run has entries");
        run.signature = Signature(key.sign(&signed_bytes(&head)).to_bytes());
        let bytes = run.encoded_len();
        CheckedRun { run, hashes, bytes }
    }

    /// Checks sizes, ranges, chain and signature. What the run names is checked when it is taken.
    ///
    /// # Errors
    /// [`BadRun`]: the sender's fault.
    pub fn check(self) -> Result<CheckedRun, BadRun> {
        let count = self.entries.len();
        if count == 0 || count > RUN_ENTRIES_MAX {
            return Err(BadRun::Length);
        }
        let last_in_range = |start: u64| start >= 1 && start <= INTEGER_MAX - (count as u64 - 1);
        if !last_in_range(self.first.seq)
            || !last_in_range(self.first.lamport)
            || self.entries.iter().any(|said| said.at > INTEGER_MAX)
        {
            return Err(BadRun::Range);
        }
        if self.first.prev.is_some() != (self.first.seq > 1) {
            return Err(BadRun::Prev);
        }
        let bytes = self.encoded_len();
        if bytes > RUN_BYTES_MAX || self.entries.iter().any(|said| said.body.len() > BODY_MAX) {
            return Err(BadRun::Size);
        }
        let hashes = self.hashes();
        let head = hashes.last().expect("counted above");
        let signed = verify(&self.first.author, &signed_bytes(head), &self.signature);
        if !signed && !planted::is(Bug::SignatureUnchecked) {
            return Err(BadRun::Signature);
        }
        Ok(CheckedRun { run: self, hashes, bytes })
    }

    /// Sequence number of the last entry.
    pub fn last_seq(&self) -> u64 {
        self.first.seq + self.entries.len() as u64 - 1
    }

    fn hashes(&self) -> Vec<Hash> {
        let mut place = self.first;
        let mut hashes = Vec::with_capacity(self.entries.len());
        for said in &self.entries {
            let hash = entry_hash(&place, said.at, &body_hash(&said.body));
            hashes.push(hash);
            place = place.next(hash);
        }
        hashes
    }

    /// Bytes of the run as the JSON of [`serde_json::to_vec`], without writing it.
    pub fn encoded_len(&self) -> usize {
        struct Count(usize);
        impl std::io::Write for Count {
            fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
                self.0 += buf.len();
                Ok(buf.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let mut count = Count(0);
        serde_json::to_writer(&mut count, self).expect("a run is plain data");
        count.0
    }
}

/// The bytes that a run's signature covers.
pub fn signed_bytes(head: &Hash) -> Vec<u8> {
    [RUN_DOMAIN, &head.0].concat()
}

/// A run whose sizes, ranges, chain and signature hold. Made only by [`Run::check`],
/// [`Run::sign`] and [`CheckedRun::suffix`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedRun {
    run: Run,
    hashes: Vec<Hash>,
    bytes: usize,
}

impl CheckedRun {
    /// A run read back from this node's own store, which took it only checked.
    pub fn from_store(run: Run) -> CheckedRun {
        let (hashes, bytes) = (run.hashes(), run.encoded_len());
        CheckedRun { run, hashes, bytes }
    }

    /// The run itself.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// The author.
    pub fn author(&self) -> NodeId {
        self.run.first.author
    }

    /// Hashes of its entries, in order.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// Hash of its last entry.
    pub fn head(&self) -> Hash {
        *self.hashes.last().expect("a run has entries")
    }

    /// Bytes as encoded JSON.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Counter of the last entry.
    pub fn last_lamport(&self) -> u64 {
        self.run.first.lamport + self.run.entries.len() as u64 - 1
    }

    /// The hash at `seq`, where the run has it.
    pub fn hash_at(&self, seq: u64) -> Option<Hash> {
        let index = seq.checked_sub(self.run.first.seq)?;
        self.hashes.get(usize::try_from(index).ok()?).copied()
    }

    /// The run from `seq` on: any suffix of a run is a run. None where nothing is left.
    pub fn suffix(self, seq: u64) -> Option<CheckedRun> {
        let skip = seq.saturating_sub(self.run.first.seq) as usize;
        if skip == 0 {
            return Some(self);
        }
        if skip >= self.hashes.len() {
            return None;
        }
        let CheckedRun { run, hashes, .. } = self;
        let first = Place {
            author: run.first.author,
            seq: run.first.seq + skip as u64,
            prev: Some(hashes[skip - 1]),
            seen: None,
            lamport: run.first.lamport + skip as u64,
        };
        let run = Run { first, entries: run.entries[skip..].to_vec(), signature: run.signature };
        let bytes = run.encoded_len();
        Some(CheckedRun { run, hashes: hashes[skip..].to_vec(), bytes })
    }

    /// Its entries with their hashes.
    pub fn entries(&self) -> impl Iterator<Item = (Place, &Said, Hash)> + '_ {
        let mut place = self.run.first;
        self.run.entries.iter().zip(&self.hashes).map(move |(said, hash)| {
            let here = place;
            place = place.next(*hash);
            (here, said, *hash)
        })
    }
}
