//! Why a store is not opened.

use std::path::PathBuf;

use super::schema::SCHEMA_VERSION;

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A second process.
    #[error(
        "another roda is running on the folder {0}; stop it, or give this one a folder of its own \
         with RODA_DATA"
    )]
    Locked(PathBuf),
    /// Two circles would be poured together.
    #[error(
        "the folder {0} belongs to a circle with another key; use that circle's key, or another \
         folder with RODA_DATA; to change the circle's key, set RODA_KEY=NEW,OLD for a while"
    )]
    OtherCircle(PathBuf),
    /// Made by a newer program.
    #[error(
        "the database in {folder} was made by a newer roda (schema {found}, this one knows \
         {SCHEMA_VERSION}); update this program"
    )]
    Newer {
        /// The data folder.
        folder: PathBuf,
        /// The schema version found.
        found: i64,
    },
    /// The file system refuses.
    #[error("the data folder {0} cannot be used: {1}; check its rights and its disk")]
    Folder(PathBuf, std::io::Error),
    /// The database refuses, but not because it is damaged.
    #[error("the database in {0} cannot be opened: {1}; check the disk and its free space")]
    Database(PathBuf, rusqlite::Error),
}
