//! Group keys as text.

use crate::seal::{GroupKey, NotKey};

/// Keys a node holds at once: the one it speaks with, and one more while they are changed.
pub const KEYS_MAX: usize = 2;

/// Reads one or two keys, separated by commas or white space.
///
/// # Errors
/// What is wrong, to be put after the variable's name.
pub fn read_keys(text: &str) -> Result<Vec<GroupKey>, String> {
    let mut keys: Vec<GroupKey> = Vec::new();
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
    fn two_keys_are_the_most() {
        let [a, b, c] = [(); 3].map(|()| GroupKey::generate().text());
        let [a, b, c] = [&*a, &*b, &*c];
        assert_eq!(read_keys(&format!("{a}, {b}\n")).map(|keys| keys.len()), Ok(2));
        assert_eq!(read_keys(&format!("{a},{a}")).map(|keys| keys.len()), Ok(1));
        assert!(read_keys(&format!("{a},{b},{c}")).is_err());
        assert!(read_keys(" , ").is_err());
    }
}
