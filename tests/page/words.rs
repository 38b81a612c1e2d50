//! The page's own words.

use serde_json::Value;

pub const ENGLISH: &str = include_str!("../../web/lang/en.json");
pub const PORTUGUESE: &str = include_str!("../../web/lang/pt-BR.json");

/// What a page that speaks so says for `key`.
pub fn word(texts: &str, key: &str) -> String {
    serde_json::from_str::<Value>(texts).unwrap()[key].as_str().unwrap().to_owned()
}
