//! Group keys as text.

use std::fmt;
use std::str::FromStr;

use fernet::Fernet;
use zeroize::Zeroizing;

/// Keys a node holds at once: the one it speaks with, and one more while they are changed.
pub const KEYS_MAX: usize = 2;
/// Characters of a key: 32 bytes as padded base64.
pub const KEY_CHARS: usize = 44;

/// A group key in its text form, checked: 32 bytes as url-safe base64. Cleared from memory when
/// dropped, never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyText(Zeroizing<String>);

/// A text that is no group key. Says nothing of the text, which may be almost the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a Fernet key (32 bytes as url-safe base64, {KEY_CHARS} characters)")]
pub struct NotKey;

impl KeyText {
    /// A fresh key from the system's randomness.
    pub fn generate() -> KeyText {
        KeyText(Zeroizing::new(Fernet::generate_key()))
    }

    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyText(secret)")
    }
}

impl FromStr for KeyText {
    type Err = NotKey;

    fn from_str(text: &str) -> Result<KeyText, NotKey> {
        let whole = text.len() == KEY_CHARS && text.ends_with('=');
        if whole && Fernet::new(text).is_some() {
            Ok(KeyText(Zeroizing::new(text.to_owned())))
        } else {
            Err(NotKey)
        }
    }
}

/// Reads one or two keys, separated by commas or white space.
///
/// # Errors
/// What is wrong, to be put after the variable's name.
pub fn read_keys(text: &str) -> Result<Vec<KeyText>, String> {
    let mut keys: Vec<KeyText> = Vec::new();
    let parts = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|part| !part.is_empty());
    for part in parts {
        let key = part.parse().map_err(|why: NotKey| {
            format!("{why}; copy it whole, or make a new circle's key with `roda key`")
        })?;
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    match keys.len() {
        0 => Err("holds no key; make one with `roda key`".to_owned()),
        1..=KEYS_MAX => Ok(keys),
        n => Err(format!("holds {n} keys; give the new one and the old one, at most {KEYS_MAX}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_checked_and_never_shown() {
        let key = KeyText::generate();
        assert_eq!(key.expose().parse(), Ok(key.clone()));
        for bad in ["", "abc", &key.expose()[1..], &key.expose()[..43]] {
            assert_eq!(bad.parse::<KeyText>(), Err(NotKey), "{bad}");
        }
        assert!(!format!("{key:?}").contains(&key.expose()[..8]));
    }

    #[test]
    fn two_keys_are_the_most() {
        let [a, b, c] = [(); 3].map(|()| KeyText::generate());
        let (a, b, c) = (a.expose(), b.expose(), c.expose());
        assert_eq!(read_keys(&format!("{a}, {b}\n")).map(|keys| keys.len()), Ok(2));
        assert_eq!(read_keys(&format!("{a},{a}")).map(|keys| keys.len()), Ok(1));
        assert!(read_keys(&format!("{a},{b},{c}")).is_err());
        assert!(read_keys(" , ").is_err());
    }
}
