//! Files and folders for this user alone, written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// Bytes of a file that is read whole: settings and keys are far shorter, devices are endless.
pub const SMALL_FILE_MAX: usize = 64 * 1024;

/// The text of a small file: all of it, or an error.
///
/// # Errors
/// As the system says; [`ErrorKind::FileTooLarge`] above [`SMALL_FILE_MAX`].
pub fn read_small(file: impl io::Read) -> io::Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(SMALL_FILE_MAX as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > SMALL_FILE_MAX {
        let why = format!("it has more than {SMALL_FILE_MAX} bytes");
        return Err(io::Error::new(ErrorKind::FileTooLarge, why));
    }
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is not text in UTF-8"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Makes a folder, and those above it, for this user only, durably.
///
/// # Errors
/// As the system says.
pub fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let made: Vec<&Path> = path.ancestors().take_while(|folder| !folder.exists()).collect();
    builder.create(path)?;
    made.into_iter().try_for_each(keep_name)
}

/// Options for files that only this user can read.
pub fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Writes a file (mode 0600) whole and durably where none is: false, and nothing changed, where
/// something is already there, also if two processes try at once.
///
/// # Errors
/// As the system says.
pub fn create_private(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    if path.symlink_metadata().is_ok() {
        return Ok(false);
    }
    let name = path.file_name().ok_or(ErrorKind::InvalidInput)?.to_string_lossy();
    let draft = path.with_file_name(format!(".{name}.{}", random_hex::<8>()?.as_str()));
    let written = write_synced(&draft, bytes).and_then(|()| match fs::hard_link(&draft, path) {
        Ok(()) => Ok(true),
        Err(why) if why.kind() == ErrorKind::AlreadyExists => Ok(false),
        // A file system without hard links: not atomic there, but never over another file.
        Err(_) => match write_synced(path, bytes) {
            Ok(()) => Ok(true),
            Err(why) if why.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(why) => Err(why),
        },
    });
    let _ = fs::remove_file(&draft);
    if matches!(written, Ok(true)) {
        keep_name(path)?;
    }
    written
}

/// Replaces a file (mode 0600), or makes it: after a crash it is the old one or the new one, whole.
/// One process at a time: the draft beside it, `NAME.new`, is written over.
///
/// # Errors
/// As the system says.
pub fn replace_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = draft_of(path)?;
    unless_missing(fs::remove_file(&draft))?;
    write_synced(&draft, bytes).and_then(|()| fs::rename(&draft, path)).inspect_err(|_| {
        let _ = fs::remove_file(&draft);
    })?;
    keep_name(path)
}

fn draft_of(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(ErrorKind::InvalidInput)?.to_string_lossy();
    Ok(path.with_file_name(format!("{name}.new")))
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = private().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes the name of `path` durable, where the system can: that of a file that was synced is not
/// by that alone.
fn keep_name(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        let here = folder.as_os_str().is_empty();
        File::open(if here { Path::new(".") } else { folder })?.sync_all()?;
    }
    Ok(())
}

/// That a file is not there is no error.
///
/// # Errors
/// Any other.
pub fn unless_missing(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// `N` random bytes as hex.
///
/// # Errors
/// The system has no randomness.
pub fn random_hex<const N: usize>() -> io::Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut_slice()).map_err(io::Error::other)?;
    Ok(Zeroizing::new(hex::encode(bytes.as_slice())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_file_is_never_written_over_and_leaves_no_draft() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        assert!(create_private(&path, b"first").unwrap());
        assert!(!create_private(&path, b"second").unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_replaced_file_is_the_new_one_whatever_a_crash_left_of_the_last() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys");
        fs::write(dir.path().join("keys.new"), "half of something longer").unwrap();
        for text in ["one", "two"] {
            replace_private(&path, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_small_file_is_read_whole_or_refused() {
        let fits = "b".repeat(SMALL_FILE_MAX);
        assert_eq!(read_small(fits.as_bytes()).unwrap().as_str(), fits);
        for long in [io::repeat(b'b'), io::repeat(0xff)] {
            assert_eq!(read_small(long).unwrap_err().kind(), ErrorKind::FileTooLarge);
        }
        assert_eq!(read_small(&b"\xff"[..]).unwrap_err().kind(), ErrorKind::InvalidData);
    }
}
