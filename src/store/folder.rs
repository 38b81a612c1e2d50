//! The data folder: who may use it, which keys it knows, and files that are set aside.
//!
//! `lock` is held while a store is open; `keys` remembers fingerprints, outside of the database so
//! that they outlive it; `roda.db.damaged` asks the next start to set the database aside.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::error::OpenError;
use crate::files::{create_folder, private, replace_private, unless_missing};

/// The database in the data folder; the secret key is in a file of its own.
pub const DATABASE_FILE: &str = "roda.db";

/// Files that make up a database, as endings of its name.
const PARTS: [&str; 3] = ["", "-wal", "-shm"];

/// The folder's paths.
#[derive(Debug, Clone)]
pub(super) struct Folder(PathBuf);

/// Keeps every other process out of the folder.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Drop for Lock {
    /// Closing the file is not enough: a process that is just being started has it too, until it
    /// has become another program.
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
            tracing::debug!(%error, "the folder's lock goes with its file");
        }
    }
}

impl Folder {
    /// Makes the folder where it is missing, readable by its owner alone.
    pub(super) fn create(path: &Path) -> Result<Folder, OpenError> {
        let folder = Folder(path.to_owned());
        create_folder(path).map_err(|error| folder.trouble(error))?;
        Ok(folder)
    }

    /// The folder itself.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// The database file.
    pub(super) fn database(&self) -> PathBuf {
        self.0.join(DATABASE_FILE)
    }

    /// Takes the lock.
    pub(super) fn lock(&self) -> Result<Lock, OpenError> {
        let open = private().read(true).write(true).create(true).open(self.0.join("lock"));
        let file = open.map_err(|error| self.trouble(error))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock(file)),
            Err(TryLockError::WouldBlock) => Err(OpenError::Locked(self.0.clone())),
            Err(TryLockError::Error(error)) => Err(self.trouble(error)),
        }
    }

    /// Refuses keys of which the folder knows none, though it knows others; then remembers all.
    pub(super) fn check_keys(&self, given: &[String]) -> Result<(), OpenError> {
        let path = self.0.join("keys");
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            read => read,
        }
        .map_err(|error| self.trouble(error))?;
        let known: BTreeSet<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        if !known.is_empty() && !given.iter().any(|key| known.contains(key.as_str())) {
            return Err(OpenError::OtherCircle(self.0.clone()));
        }
        let all: BTreeSet<&str> = known.iter().copied().chain(given.iter().map(|k| &**k)).collect();
        if all == known {
            return Ok(());
        }
        let text: String = all.iter().flat_map(|key| [key, "\n"]).collect();
        replace_private(&path, text.as_bytes()).map_err(|error| self.trouble(error))
    }

    /// A digest of the identity file, to recognise it by; none where there is no such file.
    pub(super) fn identity(&self) -> Option<Vec<u8>> {
        let bytes = fs::read(self.0.join("identity")).ok()?;
        let digest = Sha256::new().chain_update(b"roda/1 retired").chain_update(bytes).finalize();
        Some(digest.to_vec())
    }

    /// Whether there is a database at all.
    pub(super) fn has_database(&self) -> bool {
        fs::metadata(self.database()).is_ok_and(|data| data.len() > 0)
    }

    /// Makes an empty database file that only its owner can read; SQLite gives `-wal` and `-shm`
    /// the same rights. A `-wal` left alone belongs to a database that is gone: it is set aside.
    pub(super) fn make_database(&self) -> io::Result<()> {
        if self.0.join("roda.db-wal").exists() {
            self.move_aside()?;
        }
        private().write(true).create(true).truncate(false).open(self.database()).map(drop)
    }

    /// Asks the next start to set the database aside.
    pub(super) fn mark_damaged(&self) {
        if let Err(error) = replace_private(&self.0.join("roda.db.damaged"), b"") {
            tracing::error!("the damage could not be noted for the next start: {error}");
        }
    }

    /// Whether the last process asked for that.
    pub(super) fn is_marked_damaged(&self) -> bool {
        self.0.join("roda.db.damaged").exists()
    }

    /// Renames the database and what belongs to it; nothing is overwritten. Gives the new name.
    pub(super) fn set_aside(&self) -> Result<PathBuf, OpenError> {
        self.move_aside().map_err(|error| self.trouble(error))
    }

    fn move_aside(&self) -> io::Result<PathBuf> {
        let name = |number: u32, part: &str| self.0.join(format!("roda.db.damaged-{number}{part}"));
        let free = |number: &u32| PARTS.iter().all(|part| !name(*number, part).exists());
        let number = (1..).find(free).expect("a folder does not hold 2^32 files");
        // The database goes last: until then a start that is cut short finds it and begins again.
        for part in PARTS.iter().rev() {
            let old = self.0.join(format!("roda.db{part}"));
            unless_missing(fs::rename(old, name(number, part)))?;
        }
        unless_missing(fs::remove_file(self.0.join("roda.db.damaged")))?;
        Ok(name(number, ""))
    }

    /// An error of the file system as a start reports it.
    pub(super) fn trouble(&self, error: io::Error) -> OpenError {
        OpenError::Folder(self.0.clone(), error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_given_back_though_a_process_being_started_has_its_file_too() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::create(dir.path()).unwrap();
        let lock = folder.lock().unwrap();
        let inherited = lock.0.try_clone().unwrap();
        assert!(matches!(folder.lock(), Err(OpenError::Locked(_))));
        drop(lock);
        folder.lock().unwrap();
        drop(inherited);
    }
}
