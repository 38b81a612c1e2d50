//! `backup`: a copy of the conversation that can be taken while the node writes.

use std::path::Path;

use super::args::NodeArgs;
use super::fail::Failure;
use crate::config::Keys;
use crate::store::{DATABASE_FILE, Reader};

/// Copies the database to `file`, which must not exist.
pub fn backup(file: &Path, args: &NodeArgs) -> Result<(), Failure> {
    let database = args.config(Keys::Ignore)?.data.join(DATABASE_FILE);
    if !database.is_file() {
        return Err(Failure::Settings(format!(
            "{} is not there; name the node's data folder with --data",
            database.display()
        )));
    }
    Reader::at(&database).backup(file).map_err(|why| Failure::Failed(why.to_string()))?;
    println!("{} holds the conversation, without the node's secret key.", file.display());
    Ok(())
}
