//! Everything that is random in the program, fixed: so that every byte can be compared.

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockEncryptMut as _, KeyIvInit as _};
use ed25519_dalek::SigningKey;
use hkdf::hmac::{Hmac, KeyInit as _, Mac as _};
use roda::protocol::handshake::Local;
use roda::seal::{GroupKey, Key};
use sha2::Sha256;
use zeroize::Zeroizing;

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
        key: identity(secret),
        listen: vec![":7400".to_owned()],
        clock,
        ephemeral: Zeroizing::new([ephemeral; 32]),
        time: 1_700_000_000,
        seal,
    }
}
