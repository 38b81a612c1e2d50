//! A store in memory: what survives a simulated crash.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use roda::protocol::archive::{Archive, Located, Restored, StoredHead, StoredMember, Write};
use roda::protocol::body::Decision;
use roda::protocol::entry::{CheckedRun, Run, Said, Timestamp};
use roda::protocol::id::{Hash, NodeId, Signature};

#[derive(Clone)]
pub struct Kept {
    pub hash: Hash,
    pub prev: Option<Hash>,
    pub seen: Option<Hash>,
    pub lamport: u64,
    pub said: Said,
    signature: Option<Signature>,
}

#[derive(Clone, Default)]
pub struct Disk {
    pub logs: BTreeMap<NodeId, Vec<Kept>>,
    pub order: BTreeMap<Timestamp, Hash>,
    located: BTreeMap<Hash, Located>,
    branches: BTreeMap<Hash, Arc<CheckedRun>>,
    state: Restored,
    pub arrivals: BTreeSet<u64>,
}

impl Disk {
    pub fn new() -> Disk {
        Disk::default()
    }

    /// Applies a batch, as a commit would.
    pub fn commit(&mut self, writes: &[Write]) {
        for write in writes {
            self.apply(write);
        }
    }

    fn member(&mut self, id: NodeId) -> &mut StoredMember {
        self.state.members.entry(id).or_default()
    }

    fn apply(&mut self, write: &Write) {
        match write {
            Write::Run { run, arrival, .. } => self.append(run, *arrival),
            Write::Branch(run) => {
                for (place, _, hash) in run.entries() {
                    self.branches.insert(hash, run.clone());
                    let located = Located {
                        author: run.author(),
                        seq: place.seq,
                        lamport: place.lamport,
                        branch: true,
                    };
                    self.located.insert(hash, located);
                }
                self.member(run.author()).branch_entries += run.hashes().len() as u64;
            }
            Write::Receipt(receipt) => self.member(receipt.node).receipt = Some(receipt.clone()),
            Write::Dispute(proof) => self.member(proof.author).dispute = Some((**proof).clone()),
            Write::Addresses(id, addresses) => self.member(*id).addresses.clone_from(addresses),
            Write::Aside(id, aside) => self.member(*id).aside = *aside,
            Write::Read(marks) => {
                for (id, seq) in marks {
                    self.member(*id).read_here = *seq;
                }
            }
            Write::Delivered(id, seq) => self.member(*id).delivered = *seq,
            Write::ReadByAll(id, seq) => self.member(*id).read_by_all = *seq,
            Write::Final(to) => self.state.final_to = *to,
            Write::ReceiptCeiling(ceiling) => self.state.receipt_ceiling = *ceiling,
            Write::ReadTold(told) => self.state.read_told.clone_from(told),
            Write::Named(name) => self.state.named = Some(name.clone()),
            Write::Sent { .. } => {}
        }
    }

    fn append(&mut self, run: &CheckedRun, arrival: u64) {
        let author = run.author();
        let last = run.run().last_seq();
        for (index, (place, said, hash)) in run.entries().enumerate() {
            let log = self.logs.entry(author).or_default();
            assert_eq!(log.len() as u64 + 1, place.seq, "a log has no holes");
            assert_eq!(log.last().map(|kept| kept.hash), place.prev, "a log is a chain");
            let lamport = place.lamport;
            log.push(Kept {
                hash,
                prev: place.prev,
                seen: place.seen,
                lamport,
                said: said.clone(),
                signature: (place.seq == last).then_some(run.run().signature),
            });
            assert!(
                self.arrivals.insert(arrival + index as u64),
                "an arrival number is given once"
            );
            let timestamp = Timestamp { lamport, author };
            assert!(self.order.insert(timestamp, hash).is_none(), "a timestamp is unique");
            let located = Located { author, seq: place.seq, lamport, branch: false };
            self.located.insert(hash, located);
            self.state.arrival = self.state.arrival.max(arrival + index as u64);
            self.member(author).met.get_or_insert(arrival + index as u64);
            self.note(timestamp, place.seq, hash, &said.body);
        }
    }

    fn note(&mut self, timestamp: Timestamp, seq: u64, hash: Hash, body: &str) {
        if self.state.top.is_none_or(|(top, _)| top < timestamp) {
            self.state.top = Some((timestamp, hash));
        }
        let member = self.member(timestamp.author);
        member.head = Some(StoredHead { seq, hash, lamport: timestamp.lamport });
        member.since.get_or_insert(timestamp);
        let decided = Decision::read(body);
        member.left = decided == Some(Decision::Leave);
        if matches!(decided, Some(Decision::Profile(_))) {
            member.profile = Some(body.to_owned());
        }
    }

    pub fn restored(&self) -> Restored {
        self.state.clone()
    }

    pub fn has(&self, author: &NodeId, seq: u64) -> bool {
        self.logs.get(author).is_some_and(|log| log.len() as u64 >= seq)
    }
}

impl Archive for Disk {
    fn locate(&self, hash: &Hash) -> Option<Located> {
        self.located.get(hash).copied()
    }

    fn at(&self, author: &NodeId, seq: u64) -> Option<(Hash, u64)> {
        let kept = self.logs.get(author)?.get(usize::try_from(seq).ok()?.checked_sub(1)?)?;
        Some((kept.hash, kept.lamport))
    }

    fn run_from(&self, author: &NodeId, seq: u64) -> Option<Run> {
        let log = self.logs.get(author)?.get(usize::try_from(seq).ok()?.checked_sub(1)?..)?;
        let end = log.iter().position(|kept| kept.signature.is_some())?;
        let first = &log[0];
        Some(Run {
            first: roda::protocol::entry::Place {
                author: *author,
                seq,
                prev: first.prev,
                seen: first.seen,
                lamport: first.lamport,
            },
            entries: log[..=end].iter().map(|kept| kept.said.clone()).collect(),
            signature: log[end].signature?,
        })
    }

    fn run_start(&self, author: &NodeId, seq: u64) -> Option<u64> {
        let before = self.logs.get(author)?.get(..usize::try_from(seq).ok()?.checked_sub(1)?)?;
        let signed = before.iter().rposition(|kept| kept.signature.is_some());
        Some(signed.map_or(1, |index| index as u64 + 2))
    }

    fn branch_run(&self, hash: &Hash) -> Option<Run> {
        self.branches.get(hash).map(|run| run.run().clone())
    }
}
