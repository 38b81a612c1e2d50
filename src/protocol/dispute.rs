//! Forks: two signed branches of one author that differ at one sequence number.

use serde::{Deserialize, Serialize};

use super::entry::{CheckedRun, Place, body_hash, entry_hash, signed_bytes};
use super::id::{Hash, NodeId, Signature};
use super::json::pair;
use super::limits::{INTEGER_MAX, RUN_ENTRIES_MAX};
use super::signature::verify;

/// The end of a run from the disputed entry on, with the hashes of the bodies in their stead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    /// Hash of the entry before.
    pub prev: Option<Hash>,
    /// What the first entry names as seen.
    pub seen: Option<Hash>,
    /// Counter of the first entry.
    pub lamport: u64,
    /// Time and SHA-256 of the body of each entry up to the signed one.
    pub entries: Vec<(u64, Hash)>,
    /// The run's signature.
    pub signature: Signature,
}

impl Branch {
    /// The end of `run` from `seq` on; none where the run does not reach it.
    pub fn of(run: &CheckedRun, seq: u64) -> Option<Branch> {
        let mut from = run.entries().skip_while(|(place, ..)| place.seq < seq).peekable();
        let (place, ..) = *from.peek().filter(|(place, ..)| place.seq == seq)?;
        Some(Branch {
            prev: place.prev,
            seen: place.seen,
            lamport: place.lamport,
            entries: from.map(|(_, said, _)| (said.at, body_hash(&said.body))).collect(),
            signature: run.run().signature,
        })
    }

    /// The hash of its first entry, where lengths, ranges and the signature hold.
    fn check(&self, author: NodeId, seq: u64) -> Option<Hash> {
        let count = self.entries.len();
        if count == 0 || count > RUN_ENTRIES_MAX {
            return None;
        }
        // As for a run: whatever two runs prove, everybody takes as a proof.
        let in_range = |start: u64| start >= 1 && start <= INTEGER_MAX - (count as u64 - 1);
        if !in_range(seq) || !in_range(self.lamport) {
            return None;
        }
        let (prev, seen, lamport) = (self.prev, self.seen, self.lamport);
        let mut place = Place { author, seq, prev, seen, lamport };
        let mut first = None;
        let mut head = Hash([0; 32]);
        for (at, body) in &self.entries {
            head = entry_hash(&place, *at, body);
            first.get_or_insert(head);
            place = place.next(head);
        }
        verify(&author, &signed_bytes(&head), &self.signature).then_some(first?)
    }
}

/// The proof that an author signed two entries at one seq.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// The author.
    pub author: NodeId,
    /// Where its log forks.
    pub seq: u64,
    /// Two signed branches from `seq` on, without their bodies.
    #[serde(deserialize_with = "pair")]
    pub branches: [Branch; 2],
}

impl Dispute {
    /// The proof that `a` and `b`, runs of one author, differ at `seq`; none where they do not.
    pub fn of(a: &CheckedRun, b: &CheckedRun, seq: u64) -> Option<Dispute> {
        let differ = a.author() == b.author() && a.hash_at(seq)? != b.hash_at(seq)?;
        let branches = [Branch::of(a, seq)?, Branch::of(b, seq)?];
        differ.then_some(Dispute { author: a.author(), seq, branches })
    }

    /// About the bytes of its JSON.
    pub fn bytes(&self) -> usize {
        const PER_BRANCH: usize = 400;
        const PER_ENTRY: usize = 90;
        self.branches.iter().map(|branch| PER_BRANCH + branch.entries.len() * PER_ENTRY).sum()
    }

    /// Whether it proves a fork.
    pub fn holds(&self) -> bool {
        let [a, b] = self.branches.each_ref().map(|branch| branch.check(self.author, self.seq));
        matches!((a, b), (Some(a), Some(b)) if a != b)
    }
}
