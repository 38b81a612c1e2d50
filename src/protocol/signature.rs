//! The one equation by which every node checks an Ed25519 signature (RFC 8032 leaves several): two
//! nodes must never disagree about one.

use ed25519_dalek::VerifyingKey;

use super::id::{NodeId, Signature};

/// `p = 2^255 − 19` in little-endian bytes: an encoded y below it is canonical.
const P: [u8; 32] = {
    let mut p = [0xff; 32];
    p[0] = 0xed;
    p[31] = 0x7f;
    p
};

/// Whether `signature` is `node`'s over `bytes`: `S·B = R + h·A` without a cofactor, `S < L`, and
/// `A` and `R` canonical and not of small order.
pub fn verify(node: &NodeId, bytes: &[u8], signature: &Signature) -> bool {
    let r = signature.0.first_chunk().expect("a signature is longer than its R");
    canonical(&node.0)
        && canonical(r)
        && VerifyingKey::from_bytes(&node.0).is_ok_and(|key| {
            key.verify_strict(bytes, &ed25519_dalek::Signature::from_bytes(&signature.0)).is_ok()
        })
}

/// Whether the point's y is below p. That x is not 0 with its sign set need not be asked: both such
/// points are of small order.
fn canonical(point: &[u8; 32]) -> bool {
    let mut y = *point;
    y[31] &= 0x7f;
    y.iter().rev().lt(P.iter().rev())
}
