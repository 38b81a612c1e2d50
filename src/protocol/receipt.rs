//! Receipts: a member's signed word for how far it has stored, and read, every log.

use std::collections::BTreeMap;
use std::sync::Arc;

use ed25519_dalek::{Signer as _, SigningKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::id::{NodeId, Signature};
use super::json::unique;
use super::signature::verify;

const RECEIPT_DOMAIN: &[u8] = b"roda/1 receipt";

/// Per author the last sequence number reached.
pub type Watermarks = BTreeMap<NodeId, u64>;

/// A whole receipt. The newest `count` of a node wins; watermarks and clock only grow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Whose word it is.
    pub node: NodeId,
    /// Grows with every receipt of the node; not every number is used.
    pub count: u64,
    /// What it has committed.
    pub stored: Arc<Watermarks>,
    /// What its reader has seen.
    pub read: Arc<Watermarks>,
    /// It will write no further entry with a counter up to this.
    pub clock: u64,
    /// Over [`Receipt::signed_bytes`].
    pub signature: Signature,
}

impl Receipt {
    /// Signs a receipt.
    pub fn sign(
        count: u64,
        stored: Arc<Watermarks>,
        read: Arc<Watermarks>,
        clock: u64,
        key: &SigningKey,
    ) -> Receipt {
        let node = NodeId(key.verifying_key().to_bytes());
        let signature = Signature([0; 64]);
        let mut receipt = Receipt { node, count, stored, read, clock, signature };
        receipt.signature = Signature(key.sign(&receipt.signed_bytes()).to_bytes());
        receipt
    }

    /// Whether the signature is the node's.
    pub fn holds(&self) -> bool {
        verify(&self.node, &self.signed_bytes(), &self.signature)
    }

    /// The domain tag, then SHA-256 over node, count, both maps (a u64 count, then raw id and u64
    /// each, sorted by raw id) and clock; integers big-endian.
    pub fn signed_bytes(&self) -> Vec<u8> {
        let mut sha = Sha256::new();
        sha.update(self.node.0);
        sha.update(self.count.to_be_bytes());
        for map in [&self.stored, &self.read] {
            sha.update((map.len() as u64).to_be_bytes());
            for (author, seq) in map.iter() {
                sha.update(author.0);
                sha.update(seq.to_be_bytes());
            }
        }
        sha.update(self.clock.to_be_bytes());
        [RECEIPT_DOMAIN, &sha.finalize()].concat()
    }

    /// The whole receipt as it travels.
    pub fn whole(&self) -> ReceiptChange {
        ReceiptChange {
            node: self.node,
            count: self.count,
            base: None,
            stored: (*self.stored).clone(),
            read: (*self.read).clone(),
            clock: self.clock,
            signature: self.signature,
        }
    }

    /// What changed since `base`, an older receipt of the same node: the whole receipt where it
    /// names an author no more, as changes only set.
    pub fn since(&self, base: &Receipt) -> ReceiptChange {
        let named = |old: &Watermarks, new: &Watermarks| old.keys().all(|id| new.contains_key(id));
        if !named(&base.stored, &self.stored) || !named(&base.read, &self.read) {
            return self.whole();
        }
        let changed = |new: &Watermarks, old: &Watermarks| -> Watermarks {
            new.iter().filter(|(id, seq)| old.get(id) != Some(seq)).map(|(i, s)| (*i, *s)).collect()
        };
        ReceiptChange {
            base: Some(base.count),
            stored: changed(&self.stored, &base.stored),
            read: changed(&self.read, &base.read),
            ..self.whole()
        }
    }
}

/// A receipt on the wire: whole, or the changes since the one numbered `base`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptChange {
    /// See [`Receipt::node`].
    pub node: NodeId,
    /// See [`Receipt::count`].
    pub count: u64,
    /// Count of the receipt that the maps change; none where they are whole.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub base: Option<u64>,
    /// See [`Receipt::stored`].
    #[serde(deserialize_with = "unique")]
    pub stored: Watermarks,
    /// See [`Receipt::read`].
    #[serde(deserialize_with = "unique")]
    pub read: Watermarks,
    /// See [`Receipt::clock`].
    pub clock: u64,
    /// See [`Receipt::signature`].
    pub signature: Signature,
}

impl ReceiptChange {
    /// About the bytes of its JSON.
    pub fn bytes(&self) -> usize {
        const HEAD: usize = 400;
        const PER_MARK: usize = 80;
        HEAD + (self.stored.len() + self.read.len()) * PER_MARK
    }

    /// The whole receipt, given the one held; none where `held` is not its base. The signature is
    /// not checked here.
    pub fn apply(&self, held: Option<&Receipt>) -> Option<Receipt> {
        let merged = |change: &Watermarks, old: Option<&Arc<Watermarks>>| {
            let mut map = old.map(|map| (**map).clone()).unwrap_or_default();
            map.extend(change.iter().map(|(id, seq)| (*id, *seq)));
            Arc::new(map)
        };
        let base = match self.base {
            None => None,
            Some(count) => Some(held.filter(|receipt| receipt.count == count)?),
        };
        Some(Receipt {
            node: self.node,
            count: self.count,
            stored: merged(&self.stored, base.map(|r| &r.stored)),
            read: merged(&self.read, base.map(|r| &r.read)),
            clock: self.clock,
            signature: self.signature,
        })
    }
}
