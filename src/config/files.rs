//! Small private files: the web token, the page's address, `.env`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// The file in the data folder with the page's access token, 64 hex digits.
pub const WEB_TOKEN_FILE: &str = "web-token";
/// The file in the data folder with the address of the running node's page.
pub const WEB_ADDRESS_FILE: &str = "web-address";
/// The file in the data folder with the address where peers connect.
pub const PEER_ADDRESS_FILE: &str = "peer-address";
/// Bytes of randomness in a web token: out of reach of guessing.
pub const WEB_TOKEN_BYTES: usize = 32;

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

/// Makes a folder, and those above it, for this user only.
///
/// # Errors
/// As the system says.
pub fn create_folder(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Opens a new file that only this user can read.
///
/// # Errors
/// As the system says; [`ErrorKind::AlreadyExists`] where something is there.
pub fn create_new_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Writes a file (mode 0600) whole and durably where none is: false, and nothing changed, where
/// something is already there, also if two processes try at once.
///
/// # Errors
/// As the system says.
pub fn create_private(path: &Path, text: &str) -> io::Result<bool> {
    if path.symlink_metadata().is_ok() {
        return Ok(false);
    }
    let draft = draft_of(path)?;
    let written = write_synced(&draft, text).and_then(|()| match fs::hard_link(&draft, path) {
        Ok(()) => Ok(true),
        Err(why) if why.kind() == ErrorKind::AlreadyExists => Ok(false),
        // A file system without hard links: not atomic there, but never over another file.
        Err(_) => match write_synced(path, text) {
            Ok(()) => Ok(true),
            Err(why) if why.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(why) => Err(why),
        },
    });
    let _ = fs::remove_file(&draft);
    if matches!(written, Ok(true)) {
        sync_folder(path)?;
    }
    written
}

/// Replaces a file (mode 0600) whole.
///
/// # Errors
/// As the system says.
pub fn replace_private(path: &Path, text: &str) -> io::Result<()> {
    let draft = draft_of(path)?;
    let written = write_synced(&draft, text).and_then(|()| fs::rename(&draft, path));
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
    written
}

fn draft_of(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(ErrorKind::InvalidInput)?.to_string_lossy();
    Ok(path.with_file_name(format!(".{name}.{}", random_hex::<8>()?.as_str())))
}

fn write_synced(path: &Path, text: &str) -> io::Result<()> {
    let mut file = create_new_private(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Makes the name of `path` durable, where the system can.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if let Some(dir) = path.parent() {
        let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
        File::open(dir)?.sync_all()?;
    }
    Ok(())
}

/// `N` random bytes as hex.
pub(crate) fn random_hex<const N: usize>() -> io::Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut_slice()).map_err(io::Error::other)?;
    Ok(Zeroizing::new(hex::encode(bytes.as_slice())))
}

/// The page's access token: read from the data folder, made where there is none. The folder must
/// exist.
///
/// # Errors
/// As the system says; [`ErrorKind::InvalidData`] where the file holds something else.
pub fn web_token(dir: &Path) -> io::Result<Zeroizing<String>> {
    let path = dir.join(WEB_TOKEN_FILE);
    if !path.exists() {
        let fresh = random_hex::<WEB_TOKEN_BYTES>()?;
        create_private(&path, &fresh)?;
    }
    read_web_token(dir)
}

/// The page's access token where the node has made one.
///
/// # Errors
/// As [`web_token`]; [`ErrorKind::NotFound`] where there is none.
pub fn read_web_token(dir: &Path) -> io::Result<Zeroizing<String>> {
    let path = dir.join(WEB_TOKEN_FILE);
    let text = read_small(File::open(&path)?)?;
    let token = text.trim();
    if token.len() == WEB_TOKEN_BYTES * 2 && token.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(Zeroizing::new(token.to_owned()))
    } else {
        let why = format!("{} holds no token; delete it and start the node again", path.display());
        Err(io::Error::new(ErrorKind::InvalidData, why))
    }
}

/// Writes where the page is served, for commands: with port 0 nobody else can know it.
///
/// # Errors
/// As the system says.
pub fn write_web_address(dir: &Path, address: SocketAddr) -> io::Result<()> {
    replace_private(&dir.join(WEB_ADDRESS_FILE), &format!("{address}\n"))
}

/// Writes where peers connect: with port 0 nobody else can know it.
///
/// # Errors
/// As the system says.
pub fn write_peer_address(dir: &Path, address: SocketAddr) -> io::Result<()> {
    replace_private(&dir.join(PEER_ADDRESS_FILE), &format!("{address}\n"))
}

/// Where the page was last served; stale after a crash, so ask before believing it.
pub fn read_web_address(dir: &Path) -> Option<SocketAddr> {
    read_small(File::open(dir.join(WEB_ADDRESS_FILE)).ok()?).ok()?.trim().parse().ok()
}

/// Forgets the page's address when the node stops. That there is none is no error.
pub fn remove_web_address(dir: &Path) {
    let _ = fs::remove_file(dir.join(WEB_ADDRESS_FILE));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_made_once_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let token = web_token(dir.path()).unwrap();
        assert_eq!(token.len(), 64);
        assert_eq!(web_token(dir.path()).unwrap(), token);
        fs::write(dir.path().join(WEB_TOKEN_FILE), "short").unwrap();
        assert_eq!(web_token(dir.path()).unwrap_err().kind(), ErrorKind::InvalidData);
    }

    #[test]
    fn a_private_file_is_never_written_over_and_leaves_no_draft() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        assert!(create_private(&path, "first").unwrap());
        assert!(!create_private(&path, "second").unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
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

    #[test]
    fn the_pages_address_is_found_until_it_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let address = "127.0.0.1:4242".parse().unwrap();
        write_web_address(dir.path(), address).unwrap();
        assert_eq!(read_web_address(dir.path()), Some(address));
        remove_web_address(dir.path());
        assert_eq!(read_web_address(dir.path()), None);
    }
}
