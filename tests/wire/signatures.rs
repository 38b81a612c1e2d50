//! One signature for each thing that checks of Ed25519 are known to disagree about, made with the
//! curve itself: no library signs so.

use crate::document::blocks;
use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT as B, EIGHT_TORSION};
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use ed25519_dalek::{Signer as _, SigningKey};
use roda::protocol::id::{NodeId, Signature};
use roda::protocol::signature::verify;
use sha2::{Digest as _, Sha512};

/// The order of the base point, little-endian.
const L: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];
/// The neutral point with its y of 1 written as 1 + p.
const NEUTRAL_ABOVE_P: [u8; 32] = {
    let mut y = [0xff; 32];
    y[0] = 0xee;
    y[31] = 0x7f;
    y
};

struct Case {
    taken: bool,
    why: &'static str,
    node: [u8; 32],
    bytes: Vec<u8>,
    signature: [u8; 64],
}

fn secret(byte: u8) -> Scalar {
    Scalar::from_bytes_mod_order([byte; 32])
}

fn h(r: &[u8; 32], a: &[u8; 32], bytes: &[u8]) -> Scalar {
    let hash: [u8; 64] =
        Sha512::new().chain_update(r).chain_update(a).chain_update(bytes).finalize().into();
    Scalar::from_bytes_mod_order_wide(&hash)
}

fn signature(r: &[u8; 32], s: &[u8; 32]) -> [u8; 64] {
    [*r, *s].concat().try_into().unwrap()
}

/// A signature by `a` with its R from `r`, over the first bytes whose h, taken modulo 8, `fits`.
fn with(
    (taken, why): (bool, &'static str),
    (a, a_shown): (Scalar, [u8; 32]),
    (r, r_shown): (Scalar, [u8; 32]),
    fits: impl Fn(u8) -> bool,
) -> Case {
    let tries = (0u8..=255).map(|number| vec![number]);
    let mut fitting = tries.map(|bytes| (h(&r_shown, &a_shown, &bytes), bytes));
    let (h, bytes) = fitting.find(|(h, _)| fits(h.as_bytes()[0] % 8)).unwrap();
    let signature = signature(&r_shown, (r + h * a).as_bytes());
    Case { taken, why, node: a_shown, bytes, signature }
}

fn cases() -> Vec<Case> {
    let (a, r) = (secret(6), secret(7));
    let shown = |point: EdwardsPoint| point.compress().to_bytes();
    let torsion = EIGHT_TORSION[1];
    let (plain_a, plain_r) = ((a, shown(B * a)), (r, shown(B * r)));
    let mixed_a = (a, shown(B * a + torsion));
    let mixed_r = (r, shown(B * r + torsion));
    let key = SigningKey::from_bytes(&[1; 32]);
    let ordinary = key.sign(b"roda").to_bytes();
    let above = {
        let mut sum = [0; 32];
        let mut carry = 0u16;
        for (at, byte) in sum.iter_mut().enumerate() {
            carry += u16::from(ordinary[32 + at]) + u16::from(L[at]);
            *byte = carry as u8;
            carry >>= 8;
        }
        signature(ordinary[..32].try_into().unwrap(), &sum)
    };
    let by_key = |taken, why, signature| {
        let node = key.verifying_key().to_bytes();
        Case { taken, why, node, bytes: b"roda".to_vec(), signature }
    };
    let none = Scalar::ZERO;
    vec![
        by_key(true, "an ordinary one", ordinary),
        by_key(false, "S is not below L", above),
        with((true, "A with a part of small order that h takes away"), mixed_a, plain_r, |h| {
            h == 0
        }),
        with((false, "A with one that only a cofactor takes away"), mixed_a, plain_r, |h| h == 1),
        with((true, "A and R with parts of small order that meet"), mixed_a, mixed_r, |h| h == 7),
        with((false, "R with one that only a cofactor takes away"), plain_a, mixed_r, |_| true),
        with((false, "A is of small order"), (none, shown(torsion)), plain_r, |h| h == 0),
        with((false, "R is of small order"), plain_a, (none, shown(B * none)), |_| true),
        with((false, "A is not canonical"), (none, NEUTRAL_ABOVE_P), plain_r, |_| true),
        with((false, "R is not canonical"), plain_a, (none, NEUTRAL_ABOVE_P), |_| true),
    ]
}

#[test]
fn the_documents_signatures_are_taken_and_refused_as_it_says() {
    let lines: Vec<String> = cases()
        .iter()
        .map(|case| {
            let verdict = if case.taken { "taken" } else { "refused" };
            let [node, bytes] = [&case.node[..], &case.bytes].map(hex::encode);
            format!("{verdict} {node} {bytes} {} {}", hex::encode(case.signature), case.why)
        })
        .collect();
    let shown: Vec<&str> = blocks("signatures").flat_map(str::lines).collect();
    assert_eq!(shown, lines, "docs/protocol.md should hold:\n{}", lines.join("\n"));
    for case in cases() {
        let (node, signature) = (NodeId(case.node), Signature(case.signature));
        assert_eq!(verify(&node, &case.bytes, &signature), case.taken, "{}", case.why);
    }
}

#[test]
fn what_is_refused_for_its_order_alone_holds_otherwise() {
    for case in cases().iter().filter(|case| case.why.ends_with("small order") && !case.taken) {
        let (r, s) = case.signature.split_at(32);
        let [r, a]: [[u8; 32]; 2] = [r.try_into().unwrap(), case.node];
        let point = |bytes| CompressedEdwardsY(bytes).decompress().unwrap();
        let s = Scalar::from_canonical_bytes(s.try_into().unwrap()).unwrap();
        assert_eq!(B * s, point(r) + point(a) * h(&r, &a, &case.bytes), "{}", case.why);
    }
}

#[test]
fn only_a_y_below_p_is_canonical_whatever_its_point() {
    let signed = |node: [u8; 32]| {
        let case =
            with((true, ""), (secret(6), node), (secret(7), (B * secret(7)).compress().0), |_| {
                true
            });
        verify(&NodeId(node), &case.bytes, &Signature(case.signature))
    };
    assert!(signed((B * secret(6)).compress().0));
    // No secret is known of these points, so no such signature holds: none is to be asked for.
    for above in 0..19 {
        let mut y = NEUTRAL_ABOVE_P;
        y[0] = 0xed + above;
        assert!(!signed(y));
    }
}
