//! A node's identity: its Ed25519 key, kept in the data folder.
//!
//! The file holds the 32 secret bytes as hex and is made whole or not at all. It is never
//! overwritten: a node that was rolled back takes a new identity and keeps the old file aside.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use zeroize::Zeroizing;

use crate::files::{replace_private, unless_missing};
use crate::protocol::id::NodeId;

const FILE: &str = "identity";

/// Who this node is. The secret is overwritten when dropped.
pub struct Identity {
    key: SigningKey,
}

/// Why there is no identity to run with.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The disk's fault, or the folder's permissions.
    #[error("cannot use the identity file {path}: {error}; check the folder and its permissions")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Somebody changed the file.
    #[error(
        "{path} is not an identity (64 hex digits); restore it from where it came, or move it \
         away to join as a new member"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}

impl Identity {
    /// The identity in `folder`, made with `random` (32 bytes from a secure source) where there is
    /// none. The folder must exist and be locked by this process.
    ///
    /// # Errors
    /// [`IdentityError`]; a damaged file is left as it is.
    pub fn load_or_create(
        folder: &Path,
        random: impl FnOnce() -> [u8; 32],
    ) -> Result<Identity, IdentityError> {
        let path = folder.join(FILE);
        match fs::read_to_string(&path).map(Zeroizing::new) {
            Ok(text) => Identity::parse(&text).ok_or(IdentityError::Damaged { path }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Identity::create(folder, random)
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Err(IdentityError::Damaged { path })
            }
            Err(error) => Err(IdentityError::Io { path, error }),
        }
    }

    /// Puts a new identity in place of the one in `folder`, which stays beside it as
    /// `identity.old-N`: for a node that was rolled back, or lost its database.
    ///
    /// # Errors
    /// [`IdentityError::Io`]; the old one may then be aside already, and the next start makes a
    /// new one.
    pub fn replace(
        folder: &Path,
        random: impl FnOnce() -> [u8; 32],
    ) -> Result<Identity, IdentityError> {
        let path = folder.join(FILE);
        let aside = (1..)
            .map(|number| folder.join(format!("{FILE}.old-{number}")))
            .find(|name| !name.exists())
            .expect("there are more numbers than files");
        if let Err(error) = unless_missing(fs::rename(&path, aside)) {
            return Err(IdentityError::Io { path, error });
        }
        Identity::create(folder, random)
    }

    /// The public half: who the node is to others.
    pub fn id(&self) -> NodeId {
        NodeId(self.key.verifying_key().to_bytes())
    }

    /// The secret half, to sign with.
    pub fn signing_key(&self) -> &SigningKey {
        &self.key
    }

    fn parse(text: &str) -> Option<Identity> {
        let mut secret = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim(), &mut *secret).ok()?;
        Some(Identity { key: SigningKey::from_bytes(&secret) })
    }

    fn create(folder: &Path, random: impl FnOnce() -> [u8; 32]) -> Result<Identity, IdentityError> {
        let secret = Zeroizing::new(random());
        let mut text = Zeroizing::new([0; 65]);
        hex::encode_to_slice(*secret, &mut text[..64]).expect("the buffer is twice the bytes");
        text[64] = b'\n';
        let path = folder.join(FILE);
        replace_private(&path, &*text).map_err(|error| IdentityError::Io { path, error })?;
        Ok(Identity { key: SigningKey::from_bytes(&secret) })
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identity({})", self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_survives_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let made = Identity::load_or_create(folder.path(), || [5; 32]).unwrap();
        let read = Identity::load_or_create(folder.path(), || panic!("it is there")).unwrap();
        assert_eq!(made.id(), read.id());
        assert_eq!(read.signing_key().to_bytes(), [5; 32]);
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_may_read_an_identity() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        Identity::load_or_create(folder.path(), || [5; 32]).unwrap();
        let mode = fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_replaced_identity_stays_aside_under_its_own_number() {
        let folder = tempfile::tempdir().unwrap();
        let first = Identity::load_or_create(folder.path(), || [1; 32]).unwrap();
        let second = Identity::replace(folder.path(), || [2; 32]).unwrap();
        let third = Identity::replace(folder.path(), || [3; 32]).unwrap();
        let kept = |number: u8| {
            let text = fs::read_to_string(folder.path().join(format!("{FILE}.old-{number}")));
            Identity::parse(&text.unwrap()).unwrap().id()
        };
        assert_eq!([kept(1), kept(2)], [first.id(), second.id()]);
        let read = Identity::load_or_create(folder.path(), || panic!("it is there")).unwrap();
        assert_eq!(read.id(), third.id());
    }

    #[test]
    fn a_damaged_identity_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        for damage in [&b"not hex"[..], b"", &[0xff; 64], &[b'a'; 62]] {
            fs::write(folder.path().join(FILE), damage).unwrap();
            let refused = Identity::load_or_create(folder.path(), || panic!("not made anew"));
            assert!(matches!(refused, Err(IdentityError::Damaged { .. })));
            assert_eq!(fs::read(folder.path().join(FILE)).unwrap(), damage);
        }
    }

    #[test]
    fn a_crash_while_making_an_identity_does_not_hinder_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("identity.new"), "half").unwrap();
        let made = Identity::load_or_create(folder.path(), || [5; 32]).unwrap();
        assert_eq!(made.signing_key().to_bytes(), [5; 32]);
    }

    #[test]
    fn a_secret_never_shows_in_debug_output() {
        let folder = tempfile::tempdir().unwrap();
        let made = Identity::load_or_create(folder.path(), || [5; 32]).unwrap();
        assert!(!format!("{made:?}").contains(&"05".repeat(8)));
    }
}
