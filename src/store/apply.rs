//! One group of batches as one transaction.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::batch::Batch;
use super::row::Row;
use super::schema::{names, set_meta};
use super::sql::{self, int, marks_bytes};
use crate::protocol::archive::Write;
use crate::protocol::entry::CheckedRun;
use crate::protocol::id::{Hash, NodeId};
use crate::protocol::receipt::Receipt;

/// The small integers of authors, remembered for as long as the connection lives and nothing is
/// rolled back.
pub(super) type Authors = HashMap<NodeId, i64>;

/// Commits the group whole or not at all; gives the conversation's new rows, in arrival order.
/// `again`: an earlier try failed in a way that may yet have reached the disk.
pub(super) fn commit(
    connection: &mut Connection,
    authors: &mut Authors,
    group: &[Batch],
    again: bool,
) -> rusqlite::Result<Vec<Row>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut apply = Apply {
        transaction: &transaction,
        authors,
        again,
        rows: vec![],
        receipts: BTreeMap::new(),
    };
    for batch in group {
        for (index, write) in batch.writes.iter().enumerate() {
            apply.write(write, &batch.writes[..index])?;
        }
    }
    for receipt in std::mem::take(&mut apply.receipts).into_values() {
        apply.receipt(receipt)?;
    }
    let rows = apply.rows;
    transaction.commit()?;
    Ok(rows)
}

struct Apply<'a> {
    transaction: &'a Transaction<'a>,
    authors: &'a mut Authors,
    again: bool,
    rows: Vec<Row>,
    /// Only the newest of each member in the group is written.
    receipts: BTreeMap<NodeId, &'a Receipt>,
}

impl<'a> Apply<'a> {
    fn write(&mut self, write: &'a Write, before: &[Write]) -> rusqlite::Result<()> {
        match write {
            Write::Run { run, arrival, arrived_at } => self.run(run, *arrival, *arrived_at),
            Write::Branch(run) => self.branch(run),
            Write::Receipt(receipt) => {
                let newest = self.receipts.entry(receipt.node).or_insert(receipt);
                if receipt.count > newest.count {
                    *newest = receipt;
                }
                Ok(())
            }
            Write::Dispute(dispute) => {
                let proof = serde_json::to_string(dispute).expect("a dispute is plain data");
                self.of(sql::DISPUTE_SET, &dispute.author, proof)
            }
            Write::Addresses(node, addresses) => {
                let list = serde_json::to_string(addresses).expect("strings are plain data");
                self.of(sql::ADDRESSES_SET, node, list)
            }
            Write::Aside(node, aside) => self.of(sql::ASIDE_SET, node, aside),
            Write::Delivered(node, seq) => self.of(sql::DELIVERED_GROW, node, int(*seq)),
            Write::ReadByAll(node, seq) => self.of(sql::READ_BY_ALL_GROW, node, int(*seq)),
            Write::Read(marks) => {
                for (node, seq) in marks {
                    self.of(sql::READ_HERE_GROW, node, int(*seq))?;
                }
                Ok(())
            }
            Write::Final(lamport) => self.grow(names::FINAL_TO, int(*lamport)),
            Write::ReceiptCeiling(count) => self.grow(names::RECEIPT_CEILING, int(*count)),
            Write::ReadTold(told) => {
                set_meta(self.transaction, names::READ_RECEIPTS, told.is_none())?;
                let marks = told.as_ref().map(marks_bytes).unwrap_or_default();
                set_meta(self.transaction, names::READ_TOLD, marks)
            }
            Write::Named(name) => set_meta(self.transaction, names::NAMED, name),
            Write::Sent { reference, seq } => self.sent(reference, *seq, before),
        }
    }

    fn run(&mut self, run: &CheckedRun, arrival: u64, arrived_at: u64) -> rusqlite::Result<()> {
        let follows = self.rows.last().is_none_or(|last| last.arrival + 1 == arrival);
        assert!(follows, "arrival numbers have no holes, {arrival} does not follow");
        let author = self.author(&run.author())?;
        let held = self.again && self.arrived(arrival, &run.hashes()[0])?;
        let last = run.run().last_seq();
        let mut add = self.transaction.prepare_cached(sql::ENTRY_ADD)?;
        let mut newer = self.transaction.prepare_cached(sql::NEWER_COUNT)?;
        for ((place, said, hash), arrival) in run.entries().zip(arrival..) {
            let (kind, about) = sql::kind_and_about(&said.body);
            if !held {
                add.execute(params![
                    int(arrival),
                    author,
                    int(place.seq),
                    int(place.lamport),
                    hash,
                    place.seen,
                    int(said.at),
                    int(arrived_at),
                    kind,
                    (place.seq == last).then_some(run.run().signature),
                    said.body,
                    about,
                ])?;
            }
            // They may have come before it.
            let newer = newer.query_row([hash], |row| sql::number_at(row, 0))?;
            self.rows.push(Row { newer, about, ..Row::fresh(place, said, arrival, arrived_at) });
        }
        Ok(())
    }

    fn arrived(&self, arrival: u64, hash: &Hash) -> rusqlite::Result<bool> {
        let mut arrived = self.transaction.prepare_cached(sql::ENTRY_ARRIVED)?;
        let held: Option<Hash> = arrived.query_row([int(arrival)], |row| row.get(0)).optional()?;
        Ok(held.is_some_and(|held| held == *hash))
    }

    fn branch(&mut self, checked: &CheckedRun) -> rusqlite::Result<()> {
        let run = checked.run();
        let (head, seq) = (checked.head(), int(run.first.seq));
        if self.transaction.prepare_cached(sql::BRANCH_HELD)?.exists(params![head, seq])? {
            return Ok(());
        }
        let author = self.author(&run.first.author)?;
        let id: i64 = self.transaction.prepare_cached(sql::BRANCH_RUN_ADD)?.query_row(
            params![
                author,
                seq,
                run.first.prev,
                run.first.seen,
                int(run.first.lamport),
                int(run.last_seq()),
                head,
                run.signature,
            ],
            |row| row.get(0),
        )?;
        let mut add = self.transaction.prepare_cached(sql::BRANCH_ENTRY_ADD)?;
        for (place, said, hash) in checked.entries() {
            add.execute(params![id, int(place.seq), hash, int(said.at), said.body])?;
        }
        Ok(())
    }

    fn receipt(&mut self, receipt: &Receipt) -> rusqlite::Result<()> {
        let author = self.author(&receipt.node)?;
        self.transaction.prepare_cached(sql::RECEIPT_SET)?.execute(params![
            author,
            int(receipt.count),
            marks_bytes(&receipt.stored),
            marks_bytes(&receipt.read),
            int(receipt.clock),
            receipt.signature,
        ])?;
        Ok(())
    }

    /// The author is kept with it: after a change of identity, old references keep their meaning.
    fn sent(&mut self, reference: &str, seq: u64, before: &[Write]) -> rusqlite::Result<()> {
        let own = before.iter().rev().find_map(|write| match write {
            Write::Run { run, .. } => run.hash_at(seq).map(|_| run.author()),
            _ => None,
        });
        let own = own.expect("a reference follows its own run in the same batch");
        let author = self.author(&own)?;
        let mut add = self.transaction.prepare_cached(sql::SENT_ADD)?;
        // Nothing is changed where the reference is that of another entry.
        if add.execute(params![reference, author, int(seq)])? > 0 {
            let row = self.rows.iter_mut().rev().find(|row| row.author == own && row.seq == seq);
            row.expect("its run was just applied").reference = Some(reference.to_owned());
        }
        Ok(())
    }

    /// Runs a statement with an author and one value.
    fn of(
        &mut self,
        sql: &str,
        node: &NodeId,
        value: impl rusqlite::ToSql,
    ) -> rusqlite::Result<()> {
        let author = self.author(node)?;
        self.transaction.prepare_cached(sql)?.execute(params![author, value]).map(drop)
    }

    fn grow(&self, name: &str, value: impl rusqlite::ToSql) -> rusqlite::Result<()> {
        self.transaction.prepare_cached(sql::META_GROW)?.execute(params![name, value]).map(drop)
    }

    fn author(&mut self, node: &NodeId) -> rusqlite::Result<i64> {
        if let Some(id) = self.authors.get(node) {
            return Ok(*id);
        }
        let mut find = self.transaction.prepare_cached(sql::AUTHOR_FIND)?;
        let id = match find.query_row([node], |row| row.get(0)).optional()? {
            Some(id) => id,
            None => self
                .transaction
                .prepare_cached(sql::AUTHOR_ADD)?
                .query_row([node], |row| row.get(0))?,
        };
        self.authors.insert(*node, id);
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ed25519_dalek::SigningKey;

    use super::*;
    use crate::protocol::dispute::Dispute;
    use crate::protocol::entry::{Place, Run, Said};

    #[test]
    fn a_group_that_reached_the_disk_though_it_failed_is_not_committed_twice() {
        let mut connection = Connection::open_in_memory().unwrap();
        crate::store::schema::migrate(&mut connection).unwrap();
        let key = SigningKey::from_bytes(&[1; 32]);
        let author = NodeId(key.verifying_key().to_bytes());
        let first = Place { author, seq: 1, prev: None, seen: None, lamport: 1 };
        let said = |text: &str| Said { at: 1, body: text.to_owned() };
        let sign = |text| Arc::new(Run::sign(first, vec![said("same"), said(text)], &key));
        let (run, branch) = (sign("a"), sign("b"));
        let dispute = Dispute::of(&run, &branch, 2).unwrap();
        let writes = vec![
            Write::Run { run, arrival: 1, arrived_at: 1 },
            Write::Sent { reference: "r".to_owned(), seq: 2 },
            Write::Branch(branch),
            Write::Dispute(Box::new(dispute)),
            Write::Delivered(author, 2),
        ];
        let group = [Batch { id: 1, writes }];
        let once = commit(&mut connection, &mut Authors::new(), &group, false).unwrap();
        let again = commit(&mut connection, &mut Authors::new(), &group, true).unwrap();
        assert_eq!(again, once);
        let count = |table: &str| -> i64 {
            let sql = format!("SELECT count(*) FROM {table}");
            connection.query_row(&sql, [], |row| row.get(0)).unwrap()
        };
        assert_eq!(["entries", "reference_entries", "sent", "authors"].map(count), [2, 2, 1, 1]);
    }
}
