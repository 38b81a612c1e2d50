//! What is held of each log, and what of that is the same everywhere.

use super::super::super::archive::Archive;
use super::super::super::id::{Hash, NodeId};
use super::super::super::packet::circle::Head;
use super::{Member, Members};

impl Members {
    /// How far the author's log is held, committed or not.
    pub fn head_seq(&self, author: &NodeId) -> u64 {
        self.get(author).map_or(0, Member::head_seq)
    }

    /// From where the author is disputed.
    pub fn disputed(&self, author: &NodeId) -> Option<u64> {
        self.get(author).and_then(Member::disputed)
    }

    /// How far the author's log here is the same everywhere: up to its fork.
    pub fn common(&self, author: &NodeId) -> u64 {
        self.get(author).map_or(0, |member| {
            member.disputed().map_or(member.committed, |from| member.committed.min(from - 1))
        })
    }

    /// The end of the author's log as it is told to peers. Of a disputed author only up to the
    /// fork: so a lower one that nobody has seen yet shows.
    pub fn head_of(&self, author: &NodeId, archive: &dyn Archive) -> Option<Head> {
        let member = self.get(author)?;
        let known = member.committed > 0 || member.dispute.is_some();
        let seq = self.common(author);
        known.then(|| Head {
            seq,
            hash: match seq == member.committed {
                true => member.committed_hash,
                false => self.entry_at(author, seq, archive).map(|(hash, _)| hash),
            },
            disputed: member.disputed(),
        })
    }

    /// Hash and counter of an entry of the log held, committed or not.
    pub fn entry_at(
        &self,
        author: &NodeId,
        seq: u64,
        archive: &dyn Archive,
    ) -> Option<(Hash, u64)> {
        let member = self.get(author)?;
        match member.head {
            Some(head) if head.seq == seq => Some((head.hash, head.lamport)),
            Some(head) if seq < head.seq && seq > 0 => {
                member.fresh_at(seq).or_else(|| archive.at(author, seq))
            }
            _ => None,
        }
    }
}
