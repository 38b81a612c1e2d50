//! Messages as the node's HTTP interface tells them, and as a terminal shows them.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::output::{Paint, clean_line, clean_lines, local_minute};
use crate::conversation::kind::{self, Kind, UNREADABLE, text};
use crate::protocol::name::clean_name;

/// What the commands need of a message; fields of newer versions are let be.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Message {
    /// `AUTHOR:SEQ`.
    pub id: String,
    /// The author's node id, hex.
    pub author: String,
    /// The author's name; empty where unknown.
    #[serde(default, deserialize_with = "or_nothing")]
    pub name: Option<String>,
    /// Its counter.
    pub lamport: u64,
    /// The author's wall clock, milliseconds since 1970.
    #[serde(default, deserialize_with = "or_nothing")]
    pub at: Option<u64>,
    /// `text`, `profile`, `circle`, `leave`, or what a newer version has.
    #[serde(default, deserialize_with = "or_nothing")]
    pub kind: String,
    /// The text, or the name that was given.
    #[serde(default, deserialize_with = "or_nothing")]
    pub text: Option<String>,
    /// Local arrival number.
    #[serde(default)]
    pub arrival: u64,
    /// Told under another message, not by itself.
    #[serde(default, deserialize_with = "or_nothing")]
    pub quiet: bool,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

/// A field that is of another kind than it should be is as good as none: one message that cannot
/// be understood must not keep the others from being shown.
fn or_nothing<'de, T, D>(field: D) -> Result<T, D::Error>
where
    T: DeserializeOwned + Default,
    D: Deserializer<'de>,
{
    Ok(serde_json::from_value(Value::deserialize(field)?).unwrap_or_default())
}

impl Message {
    /// Its place in the order.
    pub fn place(&self) -> (u64, &str) {
        (self.lamport, &self.author)
    }

    /// The place as the routes' `before` and `after` take it.
    pub fn cursor(&self) -> String {
        format!("{}.{}", self.lamport, self.author)
    }

    /// `2026-11-22 20:31 Ana: text`, later lines indented, cleaned.
    pub fn show(&self, paint: Paint, late: bool) -> String {
        let time = paint.dim(&local_minute(self.at));
        let late = if late { paint.dim("(late) ") } else { String::new() };
        let name = clean_name(self.name.as_deref().unwrap_or_default())
            .unwrap_or_else(|_| clean_line(&self.author).chars().take(8).collect());
        let text = clean_lines(self.text.as_deref().unwrap_or_default());
        let who = paint.tint(&self.author, &name);
        match &*self.kind {
            shown if shown == text::KIND.name && self.text.is_some() => {
                format!("{time} {late}{who}: {text}")
            }
            kind => format!("{time} {late}* {who} {}", paint.dim(&self.happening(kind, &text))),
        }
    }

    fn happening(&self, kind: &str, text: &str) -> String {
        let seq = self.rest.get("seq").and_then(Value::as_u64).unwrap_or_default();
        match (kind::named(kind), kind) {
            (Some(Kind { told: Some(told), .. }), _) => told(seq, text),
            (Some(_), _) | (None, UNREADABLE) => "sent something that cannot be read".to_owned(),
            (None, _) => "sent something from a newer version".to_owned(),
        }
    }
}

#[cfg(test)]
pub(super) fn example(json: Value) -> Message {
    let mut whole = serde_json::json!({
        "id": "aa:2", "author": "aa".repeat(32), "name": "Ana", "seq": 2, "lamport": 5, "at": 0,
        "kind": "text", "text": "hello", "arrival": 1
    });
    let fields = json.as_object().expect("fields to change").clone();
    whole.as_object_mut().expect("an object").extend(fields);
    serde_json::from_value(whole).expect("a message")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(json: Value) -> String {
        example(json).show(Paint::stdout(), false)[17..].to_owned()
    }

    #[test]
    fn a_message_cannot_look_like_two() {
        let text = "hi\n2026-11-22 20:31 Bento: I owe you";
        assert_eq!(shown(json!({"text": text})), format!("Ana: {}", text.replace('\n', "\n    ")));
    }

    #[test]
    fn one_message_that_cannot_be_understood_is_shown_as_such() {
        let unreadable = "* Ana sent something that cannot be read";
        assert_eq!(shown(json!({"text": {"newer": true}})), unreadable);
        assert_eq!(shown(json!({"text": null})), unreadable);
        assert_eq!(shown(json!({"kind": 7})), "* Ana sent something from a newer version");
        assert_eq!(shown(json!({"name": [], "author": "ab"})), "ab: hello");
        for at in [json!(8_640_000_000_000_001_u64), json!(1_u64 << 53), json!(-1), json!("now")] {
            let whole = example(json!({"at": at})).show(Paint::stdout(), false);
            assert_eq!(whole, "????-??-?? ??:?? Ana: hello");
        }
    }

    #[test]
    fn hostile_names_are_stripped_and_nameless_authors_shown_by_id() {
        assert_eq!(shown(json!({"name": "A\u{1b}[31m\nna\u{202e}"})), "A[31m na: hello");
        assert_eq!(shown(json!({"name": ""})), "aaaaaaaa: hello");
    }

    #[test]
    fn what_is_no_text_is_said_in_words() {
        assert_eq!(shown(json!({"kind": "profile", "seq": 1, "text": null})), "* Ana joined");
        assert_eq!(shown(json!({"kind": "leave", "text": null})), "* Ana left for good");
        let newer = "* Ana sent something from a newer version";
        assert_eq!(shown(json!({"kind": "\u{1b}c", "text": null})), newer);
    }
}
