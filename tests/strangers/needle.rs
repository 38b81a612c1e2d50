//! Whether something secret can be found in bytes, in any form in which programs write bytes.

const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Something to look for.
pub struct Needle {
    pub what: String,
    forms: Vec<Vec<u8>>,
}

impl Needle {
    /// As it is, as hex, as base64 wherever it begins, and as a list of numbers.
    pub fn new(what: impl Into<String>, bytes: &[u8]) -> Needle {
        assert!(bytes.len() >= 8, "what is shorter is found by chance");
        let list = |separator: &str| {
            let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
            numbers.join(separator).into_bytes()
        };
        let hex = hex::encode(bytes);
        let mut forms = vec![bytes.to_vec(), hex.to_uppercase().into_bytes(), hex.into_bytes()];
        forms.extend([list(","), list(", ")]);
        for digits in [URL_SAFE, STANDARD] {
            forms.extend((0..3).map(|before| base64_within(bytes, before, digits)));
        }
        Needle { what: what.into(), forms }
    }

    pub fn is_in(&self, bytes: &[u8]) -> bool {
        let found = |form: &Vec<u8>| bytes.windows(form.len()).any(|window| window == form);
        self.forms.iter().any(found)
    }
}

/// The digits that are the same whatever stands around, with this many bytes before.
fn base64_within(bytes: &[u8], before: usize, digits: &[u8; 64]) -> Vec<u8> {
    let padded: Vec<u8> = std::iter::repeat_n(0, before).chain(bytes.iter().copied()).collect();
    let first = (before * 8).div_ceil(6);
    let last = padded.len() * 8 / 6;
    let bit = |at: usize| usize::from(padded[at / 8] >> (7 - at % 8) & 1);
    let digit = |at: usize| (0..6).fold(0, |value, next| value << 1 | bit(at * 6 + next));
    (first..last).map(|at| digits[digit(at)]).collect()
}

/// Bytes of url-safe base64; none where it is not.
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut word, mut bits) = (0u32, 0);
    for digit in text.iter().filter(|digit| **digit != b'=') {
        word = (word << 6 | URL_SAFE.iter().position(|known| known == digit)? as u32) & 0x3fff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((word >> bits) as u8);
        }
    }
    Some(bytes)
}

#[test]
fn a_needle_is_found_in_every_form() {
    let needle = Needle::new("a text", b"some words");
    for hay in [
        "before some words after",
        "736f6d6520776f726473",
        "736F6D6520776F726473",
        "xx c29tZSB3b3Jkcw==",
        "eHNvbWUgd29yZHM=",
        "eHhzb21lIHdvcmRzeHg=",
        "[115, 111, 109, 101, 32, 119, 111, 114, 100, 115]",
    ] {
        assert!(needle.is_in(hay.as_bytes()), "{hay}");
    }
    assert!(!needle.is_in(b"some word"));
    assert_eq!(decode(b"c29tZSB3b3Jkcw==").as_deref(), Some(&b"some words"[..]));
}
