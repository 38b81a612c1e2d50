//! Notes that a node leaves in its data folder for the commands: the page's token, and addresses.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::Path;

use zeroize::Zeroizing;

use crate::files::{create_private, random_hex, read_small, replace_private};

/// The file in the data folder with the page's access token, 64 hex digits.
pub const WEB_TOKEN_FILE: &str = "web-token";
/// The file in the data folder with the address of the running node's page.
pub const WEB_ADDRESS_FILE: &str = "web-address";
/// The file in the data folder with the address where peers connect.
pub const PEER_ADDRESS_FILE: &str = "peer-address";
/// Bytes of randomness in a web token: out of reach of guessing.
pub const WEB_TOKEN_BYTES: usize = 32;

/// The page's access token: read from the data folder, made where there is none. The folder must
/// exist.
///
/// # Errors
/// As the system says; [`ErrorKind::InvalidData`] where the file holds something else.
pub fn web_token(dir: &Path) -> io::Result<Zeroizing<String>> {
    let path = dir.join(WEB_TOKEN_FILE);
    if !path.exists() {
        let fresh = random_hex::<WEB_TOKEN_BYTES>()?;
        create_private(&path, fresh.as_bytes())?;
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
    replace_private(&dir.join(WEB_ADDRESS_FILE), format!("{address}\n").as_bytes())
}

/// Writes where peers connect: with port 0 nobody else can know it.
///
/// # Errors
/// As the system says.
pub fn write_peer_address(dir: &Path, address: SocketAddr) -> io::Result<()> {
    replace_private(&dir.join(PEER_ADDRESS_FILE), format!("{address}\n").as_bytes())
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
    fn the_pages_address_is_found_until_it_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let address = "127.0.0.1:4242".parse().unwrap();
        write_web_address(dir.path(), address).unwrap();
        assert_eq!(read_web_address(dir.path()), Some(address));
        remove_web_address(dir.path());
        assert_eq!(read_web_address(dir.path()), None);
    }
}
