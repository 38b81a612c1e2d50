//! Everything that is random in the program, fixed: so that every byte can be compared.
#![allow(dead_code)] // each test file uses its part

use std::collections::BTreeMap;
use std::sync::Arc;

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockEncryptMut as _, KeyIvInit as _};
use ed25519_dalek::SigningKey;
use hkdf::hmac::{Hmac, KeyInit as _, Mac as _};
use roda::handshake::Local;
use roda::keyring::CircleId;
use roda::protocol::entry::{CheckedRun, Said};
use roda::protocol::id::NodeId;
use roda::protocol::packet::{Packet, PacketError, Text};
use roda::protocol::receipt::Receipt;
use roda::seal::{GroupKey, Key};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::author::Author;

#[path = "../ends/greeted.rs"]
mod greeted;
pub use greeted::greeted;

/// The initialisation vector of every fixed token.
pub const IV: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// The Fernet token of `plain` with [`IV`], made without the library that the program uses.
pub fn seal(key: &Key, plain: &[u8], time: u64) -> String {
    let cipher = cbc::Encryptor::<aes::Aes128>::new_from_slices(&key[16..], &IV).unwrap();
    let text = cipher.encrypt_padded_vec_mut::<Pkcs7>(plain);
    let mut token = [&[0x80][..], &time.to_be_bytes(), &IV, &text].concat();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key[..16]).unwrap();
    mac.update(&token);
    token.extend_from_slice(&mac.finalize().into_bytes());
    base64(&token)
}

pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut word = [0; 4];
        word[1..=chunk.len()].copy_from_slice(chunk);
        let word = u32::from_be_bytes(word);
        for at in 0..4 {
            let digit = DIGITS[(word >> (18 - 6 * at) & 63) as usize];
            text.push(if at <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

/// The group key of all examples.
pub fn group_key() -> GroupKey {
    GroupKey::from_bytes([3; 32])
}

/// The identity with this byte, 32 times, as its secret key.
pub fn identity(byte: u8) -> SigningKey {
    SigningKey::from_bytes(&[byte; 32])
}

/// One end of a handshake: identity and ephemeral secret of one byte each, 32 times.
pub fn local(secret: u8, ephemeral: u8, clock: u64) -> Local {
    Local {
        circle: CircleId::FIRST,
        key: identity(secret),
        listen: vec![":7400".to_owned()],
        clock,
        ephemeral: Zeroizing::new([ephemeral; 32]),
        time: 1_700_000_000,
        seal,
    }
}

pub fn id(byte: u8) -> NodeId {
    NodeId(identity(byte).verifying_key().to_bytes())
}

pub fn said(at: u64, body: &str) -> Said {
    Said { at, body: body.to_owned() }
}

/// A run of member 1: its profile and its first text.
pub fn run() -> Arc<CheckedRun> {
    let entries = vec![
        said(1_700_000_000_000, r#"{"kind":"profile","name":"Ana"}"#),
        said(1_700_000_000_000, r#"{"kind":"text","text":"Olá!"}"#),
    ];
    Author::new(1).signs(entries, None)
}

/// A run of member 2 that has seen member 1's text.
pub fn answer(text: &str) -> CheckedRun {
    let body = format!(r#"{{"kind":"profile","name":"{text}"}}"#);
    let seen = (run().head(), run().last_lamport());
    (*Author::new(2).signs(vec![said(1_700_000_001_000, &body)], Some(seen))).clone()
}

pub fn receipt() -> Receipt {
    let stored = Arc::new(BTreeMap::from([(id(1), 2), (id(2), 1)]));
    let read = Arc::new(BTreeMap::from([(id(1), 2)]));
    Receipt::sign(1, stored, read, 3, &identity(2))
}

/// The packet and its number; none where nobody here knows its tag.
pub fn read(json: &[u8]) -> Result<(u64, Option<Packet>), PacketError> {
    let text = Text::of(json)?;
    Ok((text.n, Packet::read(&text)?))
}
