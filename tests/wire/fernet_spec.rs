//! The vectors of the Fernet specification. Age and clock are not checked here on purpose: clocks
//! of members may be years apart, and freshness is proven by counters.

use roda::seal::{GroupKey, NotKey, Opener, seal_once};
use serde::Deserialize;
use zeroize::Zeroizing;

#[derive(Deserialize)]
struct Vector {
    #[serde(default)]
    desc: String,
    token: String,
    #[serde(default)]
    src: String,
    #[serde(default)]
    iv: Vec<u8>,
    secret: String,
}

fn vectors(text: &str) -> Vec<Vector> {
    serde_json::from_str(text).unwrap()
}

fn bytes_of(secret: &str) -> Zeroizing<[u8; 32]> {
    // The group key's text is the Fernet key's own encoding: 32 bytes of url-safe base64.
    let bytes = base64(secret);
    Zeroizing::new(bytes.try_into().unwrap())
}

fn base64(text: &str) -> Vec<u8> {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits: String = text
        .trim_end_matches('=')
        .chars()
        .map(|digit| format!("{:06b}", DIGITS.find(digit).unwrap()))
        .collect();
    bits.as_bytes()
        .chunks_exact(8)
        .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap())
        .collect()
}

fn open(vector: &Vector) -> Option<Vec<u8>> {
    Opener::new(&bytes_of(&vector.secret)).open(vector.token.as_bytes()).ok()
}

#[test]
fn tokens_of_the_specification_open() {
    for vector in vectors(include_str!("../data/fernet-spec/verify.json")) {
        assert_eq!(open(&vector), Some(vector.src.into_bytes()));
    }
}

#[test]
fn a_token_has_the_layout_that_the_specification_generates() {
    for vector in vectors(include_str!("../data/fernet-spec/generate.json")) {
        assert_eq!(open(&vector), Some(vector.src.clone().into_bytes()));
        // The IV is random here, so all but IV, ciphertext and MAC is compared.
        let ours = base64(&seal_once(&bytes_of(&vector.secret), vector.src.as_bytes(), 499162800));
        let theirs = base64(&vector.token);
        assert_eq!(ours.len(), theirs.len());
        assert_eq!(ours[..9], theirs[..9], "version and time");
        assert_eq!(theirs[9..25], vector.iv[..]);
    }
}

#[test]
fn damaged_tokens_stay_shut() {
    let mut seen = 0;
    for vector in vectors(include_str!("../data/fernet-spec/invalid.json")) {
        if !ages(&vector) {
            assert_eq!(open(&vector), None, "{}", vector.desc);
            seen += 1;
        }
    }
    assert_eq!(seen, 6);
}

#[test]
fn expired_and_far_future_tokens_open_because_members_clocks_may_be_years_apart() {
    let aged: Vec<Vector> = vectors(include_str!("../data/fernet-spec/invalid.json"))
        .into_iter()
        .filter(ages)
        .collect();
    assert_eq!(aged.len(), 2);
    for vector in aged {
        assert!(open(&vector).is_some(), "{}", vector.desc);
    }
    let key = Zeroizing::new([7; 32]);
    for time in [0, u64::MAX - 60, u64::MAX] {
        let token = seal_once(&key, b"when?", time);
        assert_eq!(Opener::new(&key).open(token.as_bytes()).unwrap(), b"when?");
    }
}

fn ages(vector: &Vector) -> bool {
    vector.desc.starts_with("far-future") || vector.desc.starts_with("expired")
}

#[test]
fn a_group_key_reads_back_from_its_own_text() {
    for byte in 0..=255u8 {
        let mut bytes = [byte; 32];
        bytes[31] = byte.wrapping_mul(37);
        let key = GroupKey::from_bytes(bytes);
        assert_eq!(base64(&key.text()), bytes);
        assert_eq!(key.text().parse(), Ok(key));
    }
}

#[test]
fn a_text_that_is_no_key_is_refused_and_not_repeated() {
    let good = GroupKey::from_bytes([9; 32]).text();
    let mut loose = good[..42].to_owned();
    loose.push_str("B="); // the two bits beyond 32 bytes are set
    let (bare, long) = (good.trim_end_matches('='), format!("{}A", &*good));
    for bad in ["", "hello", &good[1..], bare, &loose, &good.replace('C', "+"), &long] {
        assert_eq!(bad.parse::<GroupKey>(), Err(NotKey), "{bad}");
    }
    assert!(!NotKey.to_string().contains(&good[..8]));
}

#[test]
fn a_key_never_shows_in_debug_output() {
    let key = GroupKey::from_bytes([9; 32]);
    assert_eq!(format!("{key:?}"), "GroupKey(secret)");
}
