//! Members that write signed runs, and a store that is opened on a folder of its own.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use roda::conversation::kind;
use roda::protocol::archive::{Restored, Write};
use roda::protocol::entry::{CheckedRun, Place, Run, Said};
use roda::protocol::id::{Hash, NodeId};
use roda::protocol::receipt::Receipt;
use roda::store::{Batch, Opened, Options, Row, Store, StoreEvent};

/// A member's key and the end of its log.
#[derive(Clone)]
pub struct Author {
    pub key: SigningKey,
    pub seq: u64,
    pub prev: Option<Hash>,
    pub lamport: u64,
}

impl Author {
    pub fn new(number: u8) -> Author {
        Author { key: SigningKey::from_bytes(&[number; 32]), seq: 0, prev: None, lamport: 0 }
    }

    pub fn id(&self) -> NodeId {
        NodeId(self.key.verifying_key().to_bytes())
    }

    /// Continues the log; `seen` is the hash and counter of another's entry.
    pub fn run(&mut self, bodies: &[String], seen: Option<(Hash, u64)>) -> Arc<CheckedRun> {
        let lamport = 1 + self.lamport.max(seen.map_or(0, |(_, lamport)| lamport));
        let (seq, prev, seen) = (self.seq + 1, self.prev, seen.map(|(hash, _)| hash));
        let first = Place { author: self.id(), seq, prev, seen, lamport };
        let said = |(i, body): (usize, &String)| Said { at: 1_000 + i as u64, body: body.clone() };
        let run = Run::sign(first, bodies.iter().enumerate().map(said).collect(), &self.key);
        self.seq = run.run().last_seq();
        self.prev = Some(run.head());
        self.lamport = run.last_lamport();
        Arc::new(run)
    }

    pub fn texts(&mut self, count: usize, seen: Option<(Hash, u64)>) -> Arc<CheckedRun> {
        let text = |i| kind::text::body(&format!("text {i} \u{1f642}"));
        self.run(&(0..count).map(text).collect::<Vec<_>>(), seen)
    }

    pub fn receipt(&self, count: u64) -> Receipt {
        let stored = BTreeMap::from([(self.id(), count * 2), (NodeId([9; 32]), 1)]);
        Receipt::sign(count, stored.into(), BTreeMap::new().into(), count, &self.key)
    }
}

/// An open store, and the numbers that its owner gives out.
pub struct Owner {
    pub store: Opened,
    pub arrival: u64,
    pub batch: u64,
}

impl Owner {
    pub fn open(folder: &Path) -> Owner {
        Owner::with(folder, Options::default())
    }

    pub fn with(folder: &Path, options: Options) -> Owner {
        let store = Store::open(folder, options).unwrap();
        Owner { arrival: store.restored.arrival, store, batch: 0 }
    }

    /// The write of a run, arriving next.
    pub fn arrives(&mut self, run: Arc<CheckedRun>) -> Write {
        let arrival = self.arrival + 1;
        self.arrival += run.hashes().len() as u64;
        Write::Run { run, arrival, arrived_at: 5_000 }
    }

    /// Hands a batch over without waiting.
    pub fn write(&mut self, writes: Vec<Write>) {
        self.batch += 1;
        self.store.writer.try_write(Batch { id: self.batch, writes }).unwrap();
    }

    /// Waits until all batches are committed; gives their rows.
    pub fn committed(&mut self) -> Vec<Row> {
        let mut all = Vec::new();
        loop {
            match self.store.events.blocking_recv().unwrap() {
                StoreEvent::Committed { through, rows } => {
                    all.extend(rows);
                    if through == self.batch {
                        return all;
                    }
                }
                other => panic!("expected a commit, not {other:?}"),
            }
        }
    }

    pub fn commit(&mut self, writes: Vec<Write>) -> Vec<Row> {
        self.write(writes);
        self.committed()
    }

    pub fn commit_run(&mut self, run: Arc<CheckedRun>) -> Vec<Row> {
        let write = self.arrives(run);
        self.commit(vec![write])
    }

    /// All entries in order.
    pub fn rows(&self) -> Vec<Row> {
        self.store.reader.newest(10_000).unwrap().rows
    }

    /// Stops the store; gives what it said meanwhile.
    pub fn close(self) -> Vec<StoreEvent> {
        let Opened { writer, mut events, .. } = self.store;
        drop(writer);
        std::iter::from_fn(|| events.blocking_recv()).collect()
    }
}

/// A text that tells whether two restored states are the same.
pub fn shown(restored: &Restored) -> String {
    format!("{restored:#?}")
}
