//! The store's messages, as the page's door reads them.

use crate::protocol::entry::Timestamp;
use crate::protocol::id::NodeId;
use crate::shell::handle::Row;
use crate::shell::http::Rows;
use crate::shell::store::{Page, ReadError, Reader};

/// A page that cannot be read is shown empty; the disk's fault is in the log and in the view.
fn page(read: Result<Page, ReadError>) -> (Vec<Row>, bool) {
    match read {
        Ok(page) => (page.rows, page.more),
        Err(why) => {
            tracing::error!(%why, "messages cannot be read");
            (Vec::new(), false)
        }
    }
}

impl Rows for Reader {
    fn newest(&self, limit: usize) -> (Vec<Row>, bool) {
        page(Reader::newest(self, limit))
    }

    fn before(&self, place: Timestamp, limit: usize) -> (Vec<Row>, bool) {
        page(Reader::before(self, place, limit))
    }

    fn after(&self, place: Timestamp, limit: usize) -> (Vec<Row>, bool) {
        page(Reader::after(self, place, limit))
    }

    fn since_arrival(&self, arrival: u64, limit: usize) -> Vec<Row> {
        page(Reader::since_arrival(self, arrival, limit)).0
    }

    fn get(&self, author: NodeId, seq: u64) -> Option<Row> {
        Reader::get(self, &author, seq).unwrap_or_else(|why| {
            tracing::error!(%why, "a message cannot be read");
            None
        })
    }
}
