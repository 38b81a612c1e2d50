//! A copy of the database while it is used.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::reader::{ReadError, Reader};
use super::schema::names;
use super::sql;
use crate::files::private;

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The place named cannot be written, or is taken: nothing is overwritten.
    #[error(
        "the backup {0} cannot be written: {1}; name a new file in a folder that you can write"
    )]
    Target(PathBuf, io::Error),
    /// The copy failed.
    #[error("the backup {0} was not finished: {1}; check the free space there")]
    Copy(PathBuf, ReadError),
}

impl Reader {
    /// Copies the database into the new file `to`, readable by its owner alone, flushed. The
    /// identity is not in it: whoever starts from it (as `roda.db` in a data folder) takes a new
    /// one, and gives new arrival numbers under a new epoch. Blocks as long as the copy takes.
    ///
    /// # Errors
    /// As [`BackupError`]; then there is no file left.
    pub fn backup(&self, to: &Path) -> Result<(), BackupError> {
        let target = |error| BackupError::Target(to.to_owned(), error);
        private().write(true).create_new(true).open(to).map_err(target)?;
        let copied = self
            .dedicated(1)
            .copy(to)
            .map_err(|error| BackupError::Copy(to.to_owned(), error))
            .and_then(|()| fs::File::open(to).and_then(|file| file.sync_all()).map_err(target));
        if copied.is_err() {
            let _ = fs::remove_file(to);
        }
        copied
    }

    fn copy(&self, to: &Path) -> Result<(), ReadError> {
        let path = to.to_string_lossy();
        self.with(|connection| connection.execute("VACUUM INTO ?1", [&path]).map(drop))?;
        let copy = Connection::open(to)?;
        for name in [names::EPOCH, names::RETIRED, names::CLEAN] {
            copy.execute(sql::META_REMOVE, [name])?;
        }
        copy.close().map_err(|(_, error)| ReadError(error))
    }
}
