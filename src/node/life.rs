//! One life of a node: an opened folder with an identity. A database that was rolled back ends it.

use std::path::Path;

use tokio::sync::watch;

use super::error::StartError;
use crate::identity::Identity;
use crate::keyring::{CircleId, Keyring};
use crate::protocol::id::NodeId;
use crate::store::{Opened, Options, Store};

/// One opened folder with its identity.
pub(super) struct Life {
    pub(super) identity: Identity,
    pub(super) opened: Opened,
    /// Said on the page once somebody can read it.
    pub(super) notice: Option<&'static str>,
    /// This node's former self, which will not write again.
    pub(super) former: Option<NodeId>,
}

pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    bytes
}

/// Opens a circle's folder and identity; `former` is the identity to be given up.
pub(super) async fn open(
    folder: &Path,
    circle: CircleId,
    keyring: &watch::Receiver<Keyring>,
    former: Option<NodeId>,
) -> Result<Life, StartError> {
    let keys = keyring.borrow().of(circle).to_vec();
    let fingerprints = keys.iter().map(|key| key.derive().fingerprint).collect();
    let options = Options { fingerprints, epoch: random(), ..Options::default() };
    let data = folder.to_owned();
    let open = move || -> Result<Life, StartError> {
        let opened =
            Store::open(&data, options).map_err(|why| StartError::Failed(why.to_string()))?;
        let notice = if former.is_some() {
            Some("new_identity_rolled_back")
        } else if opened.set_aside.is_some() {
            Some("new_identity_damaged")
        } else if opened.lost {
            Some("new_identity_lost")
        } else {
            None
        };
        let identity = match notice {
            Some(_) => Identity::replace(&data, random),
            None => Identity::load_or_create(&data, random),
        };
        let identity = identity.map_err(|why| StartError::Failed(why.to_string()))?;
        Ok(Life { identity, opened, notice, former })
    };
    tokio::task::spawn_blocking(open).await.expect("opening does not panic")
}
