//! Members that write signed runs, and a store that is opened on a folder of its own.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use roda::conversation::kind;
use roda::protocol::archive::{Restored, Write};
use roda::protocol::entry::CheckedRun;
use roda::protocol::id::{Hash, NodeId};
use roda::protocol::receipt::Receipt;
use roda::store::{Batch, Opened, Options, Row, Store, StoreEvent};

use crate::author::Author;

/// A receipt of this member, and of one that nobody else knows.
pub fn receipt(of: &Author, count: u64) -> Receipt {
    let stored = BTreeMap::from([(of.id(), count * 2), (NodeId([9; 32]), 1)]);
    Receipt::sign(count, stored.into(), BTreeMap::new().into(), count, &of.key)
}

/// So many texts as one run.
pub fn texts(of: &mut Author, count: usize, seen: Option<(Hash, u64)>) -> Arc<CheckedRun> {
    let text = |i| kind::text::body(&format!("text {i} \u{1f642}"));
    of.says(&(0..count).map(text).collect::<Vec<_>>(), seen)
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
