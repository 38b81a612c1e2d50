//! `backup`: a copy of the conversation that can be taken while the node writes.

use std::fs;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::args::NodeArgs;
use super::fail::Failure;
use crate::config::Keys;
use crate::config::files::{create_new_private, sync_folder};

/// The database in the data folder. The secret key is in a file of its own, so a copy of the
/// database is free of it.
pub const DATABASE_FILE: &str = "roda.db";
/// How long the node may hold the database without a gap.
const BUSY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

/// Copies the database to `file`, which must not exist.
pub fn backup(file: &Path, args: &NodeArgs) -> Result<(), Failure> {
    let data = args.config(Keys::Ignore)?.data;
    let database = data.join(DATABASE_FILE);
    if !database.is_file() {
        return Err(Failure::Settings(format!(
            "{} is not there; name the node's data folder with --data",
            database.display()
        )));
    }
    copy(&database, file)?;
    println!("{} holds the conversation, without the node's secret key.", file.display());
    Ok(())
}

fn copy(database: &Path, file: &Path) -> Result<(), Failure> {
    let shown = file.display();
    let made = create_new_private(file).map_err(|why| {
        Failure::Failed(format!("{shown} cannot be made: {why}; choose another file"))
    })?;
    let copied = snapshot(database, file);
    let synced = copied.and_then(|()| {
        made.sync_all().and_then(|()| sync_folder(file)).map_err(|why| why.to_string())
    });
    synced.map_err(|why| {
        let _ = fs::remove_file(file);
        Failure::Failed(format!("no backup was made: {why}"))
    })
}

fn snapshot(database: &Path, file: &Path) -> Result<(), String> {
    let target = file.to_str().ok_or("the file's name is not UTF-8; choose another")?;
    // Not read-only: after a crash the database has to be recovered before it can be read.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let copy = || {
        let connection = Connection::open_with_flags(database, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.execute("VACUUM INTO ?1", [target])
    };
    copy().map(drop).map_err(|why| why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_is_whole_while_another_connection_writes() {
        let dir = tempfile::tempdir().unwrap();
        let database = dir.path().join(DATABASE_FILE);
        let mut writer = Connection::open(&database).unwrap();
        writer.pragma_update(None, "journal_mode", "wal").unwrap();
        writer.execute_batch("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1)").unwrap();
        let open = writer.transaction().unwrap();
        open.execute("INSERT INTO t VALUES (2)", []).unwrap();
        let file = dir.path().join("copy.db");
        copy(&database, &file).unwrap();
        open.commit().unwrap();
        let count = |path: &Path| -> i64 {
            let connection = Connection::open(path).unwrap();
            connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap()
        };
        assert_eq!((count(&file), count(&database)), (1, 2));
        assert!(copy(&database, &file).is_err(), "never over a file");
        assert_eq!(count(&file), 1);
    }
}
