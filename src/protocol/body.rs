//! Bodies: what an entry says, as JSON text with a `kind`.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::json::{Object, scan};
use super::limits::{NAME_MAX, TEXT_MAX};

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Body {
    /// Always an author's first entry, again when it changes.
    Profile {
        /// The member's name.
        name: String,
    },
    /// A message.
    Text {
        /// What was written.
        text: String,
    },
    /// Names the circle; the last in order counts.
    Circle {
        /// The circle's name.
        name: String,
    },
    /// Gone for good: an author's last entry.
    Leave,
}

/// A body as a reader finds it: never a reason to refuse an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// Understood.
    Known(Body),
    /// A kind of a newer version.
    Newer(String),
    /// Not JSON with a kind, or a known kind without its fields.
    Unreadable,
}

impl Body {
    /// The body's JSON text.
    pub fn encode(&self) -> String {
        serde_json::to_string(self).expect("a body is plain data")
    }

    /// Reads a body's text, as strictly as a packet's: what it decides (who has left, who is
    /// called what) must be the same everywhere.
    pub fn read(text: &str) -> Reading {
        #[derive(Deserialize)]
        struct Kind {
            kind: String,
        }
        let Some(Kind { kind }) = object(text) else { return Reading::Unreadable };
        let body = match &*kind {
            "profile" => object(text).map(|Name { name }| Body::Profile { name }),
            "text" => object(text).map(|Text { text }| Body::Text { text }),
            "circle" => object(text).map(|Name { name }| Body::Circle { name }),
            "leave" => Some(Body::Leave),
            _ => return Reading::Newer(kind),
        };
        body.map_or(Reading::Unreadable, Reading::Known)
    }
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

#[derive(Deserialize)]
struct Text {
    text: String,
}

fn object<T: DeserializeOwned>(text: &str) -> Option<T> {
    let Object(it) = serde_json::from_str(scan(text.as_bytes()).ok()?).ok()?;
    Some(it)
}

/// Why a text or name cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    /// Nothing but white space.
    #[error("the text is empty; write something first")]
    Empty,
    /// Above [`TEXT_MAX`].
    #[error("the text has {0} bytes, at most {TEXT_MAX} fit; send it in parts")]
    TooLong(usize),
    /// A name with nothing that can be shown.
    #[error("the name is empty; give one with 1 to {NAME_MAX} characters")]
    NoName,
}

/// A text message's body.
///
/// # Errors
/// Empty or too long: the writer's to mend.
pub fn text(text: &str) -> Result<Body, BadText> {
    if text.trim().is_empty() {
        return Err(BadText::Empty);
    }
    if text.len() > TEXT_MAX {
        return Err(BadText::TooLong(text.len()));
    }
    Ok(Body::Text { text: text.to_owned() })
}

/// A name without control, bidi and invisible characters, single-spaced, at most [`NAME_MAX`]
/// characters: for names that are written, and for names of others before they are shown. Joiners
/// stay inside words: some languages are not spelled without them, nor some emoji.
///
/// # Errors
/// Nothing left.
pub fn clean_name(name: &str) -> Result<String, BadText> {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
                | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}')
            // Nothing to see either: fillers, a blank Braille cell, joiners, tags.
            || matches!(c, '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}'
                | '\u{e0000}'..='\u{e0fff}')
    };
    let spaced: String = name.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    let kept: String = spaced.chars().filter(|c| !hidden(*c)).collect();
    let words: Vec<_> =
        kept.split_whitespace().map(joined).filter(|word| !word.is_empty()).collect();
    let name: String = words.join(" ").chars().take(NAME_MAX).collect();
    let name = name.trim_end_matches(|c| c == ' ' || is_joiner(c));
    // Selectors choose how the character before them looks.
    let seen = |c: char| !matches!(c, ' ' | '\u{fe00}'..='\u{fe0f}') && !is_joiner(c);
    if name.chars().any(seen) { Ok(name.to_owned()) } else { Err(BadText::NoName) }
}

/// The zero-width non-joiner and joiner.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// A word in which joiners only stand between two other characters, one at a time.
fn joined(word: &str) -> String {
    let mut kept = String::new();
    for c in word.trim_matches(is_joiner).chars() {
        if !is_joiner(c) || !kept.ends_with(is_joiner) {
            kept.push(c);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_what_can_be_seen_and_nothing_else() {
        for (name, shown) in [
            ("  Ana \t Maria\u{3000}", "Ana Maria"),
            ("\u{202e}A\u{0}n\u{200b}a\u{2069}\u{feff}\u{1b}", "Ana"),
            ("A\u{ad}n\u{34f}a\u{3164}\u{2800}\u{e0041}", "Ana"),
            ("Zo\u{eb} \u{2764}\u{fe0f}", "Zo\u{eb} \u{2764}\u{fe0f}"),
            ("علی\u{200c}رضا", "علی\u{200c}رضا"),
            ("श्री\u{200d}", "श्री"),
            ("\u{200d}A\u{200c}\u{200d}\u{200b}\u{200c}na\u{200c} \u{200d} B", "A\u{200c}na B"),
            ("\u{1f469}\u{200d}\u{1f467}", "\u{1f469}\u{200d}\u{1f467}"),
        ] {
            assert_eq!(clean_name(name).as_deref(), Ok(shown), "{name:?}");
        }
        for unseen in [
            "",
            " ",
            "\u{200b}",
            "\u{200c}",
            "\u{fe0f}\u{200d}\u{fe0f}",
            "\u{3164}",
            "\u{ffa0}\u{115f}",
            "\u{fe0f} \u{2800}",
        ] {
            assert_eq!(clean_name(unseen), Err(BadText::NoName), "{unseen:?}");
        }
        assert_eq!(clean_name(&"x".repeat(99)).unwrap().len(), NAME_MAX);
        let cut_at_a_joiner = format!("{}\u{200d}x", "x".repeat(NAME_MAX - 1));
        assert_eq!(clean_name(&cut_at_a_joiner).unwrap().len(), NAME_MAX - 1);
    }
}
