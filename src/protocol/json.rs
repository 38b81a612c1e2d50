//! JSON as the protocol reads it: what the standard leaves open, and two programs could read in two
//! ways, is settled here (after I-JSON, RFC 7493).

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::limits::{INTEGER_MAX, JSON_DEPTH_MAX};

/// Why a text is not looked at any further: another program may read it otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OutOfBounds {
    /// Not UTF-8.
    #[error("not UTF-8")]
    Utf8,
    /// Nested deeper than [`JSON_DEPTH_MAX`].
    #[error("JSON nested deeper than {JSON_DEPTH_MAX}")]
    Depth,
    /// Digits of a number that make more than [`INTEGER_MAX`].
    #[error("an integer above 2^53 - 1")]
    Integer,
    /// Half of a surrogate pair in a string.
    #[error("half of a surrogate pair")]
    Surrogate,
}

/// The text in `json`, its bounds checked before anything is built from it. It need not be JSON.
///
/// # Errors
/// [`OutOfBounds`].
pub fn scan(json: &[u8]) -> Result<&str, OutOfBounds> {
    let text = std::str::from_utf8(json).map_err(|_| OutOfBounds::Utf8)?;
    let (mut depth, mut at) = (0usize, 0);
    while let Some(byte) = json.get(at) {
        at += 1;
        match byte {
            b'"' => at = end_of_string(json, at)?,
            b'{' | b'[' if depth == JSON_DEPTH_MAX => return Err(OutOfBounds::Depth),
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'0'..=b'9' => {
                let mut value = u64::from(byte - b'0');
                while let Some(digit) = json.get(at).filter(|byte| byte.is_ascii_digit()) {
                    value = value.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
                    at += 1;
                }
                if value > INTEGER_MAX {
                    return Err(OutOfBounds::Integer);
                }
            }
            _ => {}
        }
    }
    Ok(text)
}

/// Where the string that begins at `at` is over.
fn end_of_string(json: &[u8], mut at: usize) -> Result<usize, OutOfBounds> {
    loop {
        match json.get(at) {
            None => return Ok(at),
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => match (unit(json, at), unit(json, at + 6)) {
                (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => at += 12,
                (Some(0xd800..=0xdfff), _) => return Err(OutOfBounds::Surrogate),
                _ => at += 2,
            },
            Some(_) => at += 1,
        }
    }
}

/// The UTF-16 code unit of an escape `\uXXXX` at `at`, where there is one.
fn unit(json: &[u8], at: usize) -> Option<u16> {
    let digits = json.get(at..at + 6)?.strip_prefix(b"\\u")?;
    let mut unit = [0; 2];
    hex::decode_to_slice(digits, &mut unit).ok()?;
    Some(u16::from_be_bytes(unit))
}

/// A `T` that was written as an object.
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
            type Value = Object<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(fields)).map(Object)
            }
        }
        deserializer.deserialize_map(Fields(PhantomData))
    }
}

/// For a field that holds an object.
///
/// # Errors
/// What is there is no such object.
pub fn object<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Object::deserialize(deserializer).map(|Object(it)| it)
}

/// For a field that holds a list of objects.
///
/// # Errors
/// What is there is no such list.
pub fn objects<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let list = Vec::<Object<T>>::deserialize(deserializer)?;
    Ok(list.into_iter().map(|Object(it)| it).collect())
}

/// For a field that holds a list of two objects.
///
/// # Errors
/// What is there is no such list.
pub fn pair<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<[T; 2], D::Error> {
    let pair = <[Object<T>; 2]>::deserialize(deserializer)?;
    Ok(pair.map(|Object(it)| it))
}

/// A field that may be absent, and is no null.
///
/// # Errors
/// What the value's own reading says.
pub fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// For a field that holds a map: a key that stands twice is an error, since one program would take
/// the first and another the last.
///
/// # Errors
/// What is there is no map, or names something twice.
pub fn unique<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
where
    K: Deserialize<'de> + Ord,
    V: Deserialize<'de>,
    D: Deserializer<'de>,
{
    struct Pairs<K, V>(PhantomData<(K, V)>);
    impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Visitor<'de> for Pairs<K, V> {
        type Value = BTreeMap<K, V>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<BTreeMap<K, V>, A::Error> {
            let mut map = BTreeMap::new();
            while let Some((key, value)) = pairs.next_entry()? {
                if map.insert(key, value).is_some() {
                    return Err(A::Error::custom("a name stands twice"));
                }
            }
            Ok(map)
        }
    }
    deserializer.deserialize_map(Pairs(PhantomData))
}

/// As [`unique`], each value an object.
///
/// # Errors
/// As there; or a value is no object.
pub fn unique_objects<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
where
    K: Deserialize<'de> + Ord,
    V: Deserialize<'de>,
    D: Deserializer<'de>,
{
    let map: BTreeMap<K, Object<V>> = unique(deserializer)?;
    Ok(map.into_iter().map(|(key, Object(value))| (key, value)).collect())
}
