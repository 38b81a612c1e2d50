//! Bodies: what an entry says, as JSON text with a `kind`. What one decides for everybody is here;
//! what it means to a reader is `conversation`'s.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::json::{Object, scan};

/// `kind` of an author's first entry, and of another where its name changes: `name`.
pub const PROFILE: &str = "profile";
/// `kind` of what names the circle; the last in order counts: `name`.
pub const CIRCLE: &str = "circle";
/// `kind` of an author's last entry.
pub const LEAVE: &str = "leave";

/// A body as JSON with one `kind`, read as strictly as a packet: what it decides must be the same
/// everywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields<'a> {
    /// What kind of thing is said.
    pub kind: String,
    text: &'a str,
}

impl<'a> Fields<'a> {
    /// Reads a body; none where it is no JSON with a kind. Never a reason to refuse an entry.
    pub fn read(body: &'a str) -> Option<Fields<'a>> {
        #[derive(Deserialize)]
        struct Kind {
            kind: String,
        }
        let text = scan(body.as_bytes()).ok()?;
        let Object(Kind { kind }) = serde_json::from_str(text).ok()?;
        Some(Fields { kind, text })
    }

    /// The fields that `T` names; none where one is missing or of another type.
    pub fn get<T: DeserializeOwned>(&self) -> Option<T> {
        let Object(it) = serde_json::from_str(self.text).ok()?;
        Some(it)
    }

    /// The field `name`, where it is a text.
    pub fn name(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Name {
            name: String,
        }
        self.get().map(|Name { name }| name)
    }
}

/// What a body decides for everybody who holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Its author is called so.
    Profile(String),
    /// The circle is called so.
    Circle(String),
    /// Its author is gone for good, unless more follows.
    Leave,
}

impl Decision {
    /// What this body decides; none for all others, readable or not.
    pub fn read(body: &str) -> Option<Decision> {
        let fields = Fields::read(body)?;
        match &*fields.kind {
            PROFILE => fields.name().map(Decision::Profile),
            CIRCLE => fields.name().map(Decision::Circle),
            LEAVE => Some(Decision::Leave),
            _ => None,
        }
    }

    /// The body that decides this.
    pub fn encode(&self) -> String {
        match self {
            Decision::Profile(name) => json!({"kind": PROFILE, "name": name}),
            Decision::Circle(name) => json!({"kind": CIRCLE, "name": name}),
            Decision::Leave => json!({"kind": LEAVE}),
        }
        .to_string()
    }
}
