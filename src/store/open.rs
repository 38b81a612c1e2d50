//! Opening a store: its folder locked, its file sound or set aside, its writer at work.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rusqlite::Connection;
use tokio::sync::mpsc;

use super::apply::Authors;
use super::batch::{EVENTS_MAX, QUEUE_MAX, StoreEvent};
use super::check::Checker;
use super::error::OpenError;
use super::folder::Folder;
use super::health::{Alarm, Health, Soundness, is_damage};
use super::lookup::prove_heads;
use super::reader::Reader;
use super::reread::reread;
use super::restore::restore;
use super::schema::{Unfit, meta, migrate, names, open_reader, open_writer, set_meta};
use super::writer::{Writer, WriterHandle};
use crate::protocol::archive::Restored;

/// How to open a store.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Fingerprints of the circle's keys now in use: at least one must be known to the folder,
    /// where it knows any.
    pub fingerprints: Vec<String>,
    /// Random bytes; they name the arrival numbers of a database made now.
    pub epoch: [u8; 8],
    /// Greatest number of database pages, read whenever the writer opens its connection; 0 is no
    /// bound. It stands in for a full disk in tests.
    pub page_limit: Arc<AtomicU32>,
}

/// An open store.
#[derive(Debug)]
pub struct Opened {
    /// The committed state.
    pub restored: Restored,
    /// For pages and commands.
    pub reader: Reader,
    /// For the owner alone: a connection of its own, so that no page makes it wait.
    pub archive: Reader,
    /// To commit.
    pub writer: WriterHandle,
    /// What became of it; ends once the store is closed and unlocked.
    pub events: mpsc::Receiver<StoreEvent>,
    /// 16 hex digits that name the arrival numbers.
    pub epoch: String,
    /// Where a damaged database was moved to at this start. The identity in the folder, if any,
    /// must not be used again: what it has signed may not be held.
    pub set_aside: Option<PathBuf>,
    /// There is an identity, but the database that it wrote with is gone: it must not be used
    /// again. True at every start, after a database was set aside too, until `identity` has been
    /// replaced.
    pub lost: bool,
}

/// The store; see [`Store::open`].
#[derive(Debug)]
pub struct Store;

impl Store {
    /// Opens the store in `folder`, makes it where it is missing, and starts its writer. A damaged
    /// database is set aside and a fresh one made. Blocks for some milliseconds.
    ///
    /// # Errors
    /// As [`OpenError`]; each says what to do.
    pub fn open(folder: &Path, options: Options) -> Result<Opened, OpenError> {
        let folder = Folder::create(folder)?;
        let lock = folder.lock()?;
        folder.check_keys(&options.fingerprints)?;
        let mut set_aside = None;
        if folder.is_marked_damaged() {
            set_aside = Some(folder.set_aside()?);
        }
        let loaded = match load(&folder, &options) {
            Err(Unfit::Sql(error)) if is_damage(&error) => {
                let moved = folder.set_aside()?;
                tracing::error!("the database is damaged ({error}), see {}", moved.display());
                set_aside = Some(moved);
                load(&folder, &options)
            }
            loaded => loaded,
        };
        let loaded = loaded.map_err(|unfit| match unfit {
            Unfit::Newer(found) => OpenError::Newer { folder: folder.path().to_owned(), found },
            Unfit::Sql(error) => OpenError::Database(folder.path().to_owned(), error),
            Unfit::Io(error) => folder.trouble(error),
        })?;
        let Loaded { connection, restored, epoch, lost, unclean } = loaded;
        let (queue_in, queue) = mpsc::channel(QUEUE_MAX);
        let (events, events_out) = mpsc::channel(EVENTS_MAX);
        let health = Health::new(if unclean { Soundness::Checking } else { Soundness::Trusted });
        let weak = events.downgrade();
        let alarm = Alarm { folder: folder.clone(), health: health.clone(), events: weak };
        let checker = unclean.then(|| check(&folder, alarm.clone())).transpose()?;
        let reader = Reader::new(folder.database(), alarm);
        let writer = Writer {
            connection: Some(connection),
            authors: Authors::new(),
            checker,
            folder: folder.clone(),
            health,
            page_limit: options.page_limit,
            queue,
            _lock: lock,
            events,
        };
        writer.start().map_err(|error| folder.trouble(error))?;
        Ok(Opened {
            restored,
            archive: reader.dedicated(1),
            reader,
            writer: WriterHandle(queue_in),
            events: events_out,
            epoch,
            set_aside,
            lost,
        })
    }
}

struct Loaded {
    connection: Connection,
    restored: Restored,
    epoch: String,
    lost: bool,
    unclean: bool,
}

/// Opens and migrates the database, restores from it and marks it as in use.
fn load(folder: &Folder, options: &Options) -> Result<Loaded, Unfit> {
    let existed = folder.has_database();
    if !existed {
        folder.make_database().map_err(Unfit::Io)?;
    }
    let identity = folder.identity();
    let page_limit = options.page_limit.load(Ordering::Relaxed);
    let mut connection = open_writer(&folder.database(), page_limit)?;
    migrate(&mut connection)?;
    reread(&mut connection)?;
    let restored = restore(&connection)?;
    prove_heads(&connection)?;
    let transaction = connection.transaction()?;
    let unclean = existed && meta(&transaction, names::CLEAN)? != Some(true);
    set_meta(&transaction, names::CLEAN, false)?;
    let epoch = match meta(&transaction, names::EPOCH)? {
        Some(epoch) => epoch,
        None => {
            // New here, or a backup: an identity that stands beside it wrote with another one.
            let epoch = hex::encode(options.epoch);
            set_meta(&transaction, names::EPOCH, &epoch)?;
            if let Some(identity) = &identity {
                set_meta(&transaction, names::RETIRED, identity)?;
            }
            epoch
        }
    };
    let retired: Option<Vec<u8>> = meta(&transaction, names::RETIRED)?;
    transaction.commit()?;
    let lost = identity.is_some() && identity == retired;
    Ok(Loaded { connection, restored, epoch, lost, unclean })
}

fn check(folder: &Folder, alarm: Alarm) -> Result<Checker, OpenError> {
    let connection = open_reader(&folder.database())
        .map_err(|error| OpenError::Database(folder.path().to_owned(), error))?;
    Checker::start(connection, alarm).map_err(|error| folder.trouble(error))
}
