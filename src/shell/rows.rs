//! The store's messages, as the page's door reads them.

use tokio::sync::watch;

use crate::protocol::entry::Timestamp;
use crate::protocol::id::{Hash, NodeId};
use crate::shell::http::{Rows, Unreadable};
use crate::store::{ReadError, ReadTo, Reader, Row, Stretch, Unread};

/// What pages read of the life that the node leads now: a new one has another store, or at least
/// another owner that is to be told of damage.
#[derive(Debug, Clone)]
pub(crate) struct NowReader(pub(crate) watch::Receiver<Reader>);

impl NowReader {
    fn read<T>(&self, read: impl FnOnce(&Reader) -> Result<T, ReadError>) -> Result<T, Unreadable> {
        // A clone: a new life does not wait for a slow read.
        let reader = self.0.borrow().clone();
        read(&reader).map_err(|why| {
            tracing::error!(%why, "messages cannot be read");
            Unreadable(why.to_string())
        })
    }

    fn page(
        &self,
        read: impl FnOnce(&Reader) -> Result<Stretch, ReadError>,
    ) -> Result<(Vec<Row>, bool), Unreadable> {
        self.read(read).map(|page| (page.rows, page.more))
    }
}

impl Rows for NowReader {
    fn newest(&self, limit: usize) -> Result<(Vec<Row>, bool), Unreadable> {
        self.page(|reader| reader.newest(limit))
    }

    fn before(&self, place: Timestamp, limit: usize) -> Result<(Vec<Row>, bool), Unreadable> {
        self.page(|reader| reader.before(place, limit))
    }

    fn after(&self, place: Timestamp, limit: usize) -> Result<(Vec<Row>, bool), Unreadable> {
        self.page(|reader| reader.after(place, limit))
    }

    fn since_arrival(&self, arrival: u64, limit: usize) -> Result<Vec<Row>, Unreadable> {
        self.read(|reader| reader.since_arrival(arrival, limit)).map(|page| page.rows)
    }

    fn unread(
        &self,
        since: Timestamp,
        authors: &[ReadTo],
        arrival: u64,
    ) -> Result<Unread, Unreadable> {
        self.read(|reader| reader.unread(since, authors, arrival))
    }

    fn hashed(&self, hashes: &[Hash]) -> Result<Vec<Row>, Unreadable> {
        self.read(|reader| reader.hashed(hashes))
    }

    fn get(&self, author: NodeId, seq: u64) -> Result<Option<Row>, Unreadable> {
        self.read(|reader| reader.get(&author, seq))
    }
}
