//! The store: one SQLite database in the data folder.
//!
//! One thread writes, in groups; a `Committed` event comes after the flush, never before. Readers
//! stand beside it, each on a read-only connection. What a caller must do: receive the events at
//! all times (the writer waits when nobody does), take a new identity where [`Opened::set_aside`]
//! or [`Opened::lost`] say so, and at the end drop the [`WriterHandle`] and receive until the
//! events end.

mod apply;
mod backup;
mod batch;
mod check;
mod error;
mod folder;
mod furthest;
mod health;
mod lookup;
mod open;
mod pool;
mod proven;
mod reader;
mod reread;
mod restore;
mod row;
mod schema;
mod sql;
mod writer;

pub use backup::BackupError;
pub use batch::{Batch, EVENTS_MAX, QUEUE_MAX, StoreEvent};
pub use error::OpenError;
pub use folder::DATABASE_FILE;
pub use furthest::furthest;
pub use open::{Opened, Options, Store};
pub use reader::{ReadError, Reader, Stretch};
pub use row::{NEWER_COUNT_MAX, ReadTo, Row, UNREAD_AUTHORS_MAX, UNREAD_COUNT_MAX, Unread};
pub use schema::SCHEMA_VERSION;
pub use writer::{GROUP_MAX, WriterHandle};
