//! Names of people and circles.

use super::limits::NAME_MAX;

/// Nothing of a name can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name is empty; give one with 1 to {NAME_MAX} characters")]
pub struct NoName;

/// A name without control, bidi and invisible characters, single-spaced, at most [`NAME_MAX`]
/// characters: for names that are written, and for names of others before they are shown. Joiners
/// stay inside words: some languages are not spelled without them, nor some emoji.
///
/// # Errors
/// Nothing left.
pub fn clean_name(name: &str) -> Result<String, NoName> {
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
    if name.chars().any(seen) { Ok(name.to_owned()) } else { Err(NoName) }
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
            assert_eq!(clean_name(unseen), Err(NoName), "{unseen:?}");
        }
        assert_eq!(clean_name(&"x".repeat(99)).unwrap().len(), NAME_MAX);
        let cut_at_a_joiner = format!("{}\u{200d}x", "x".repeat(NAME_MAX - 1));
        assert_eq!(clean_name(&cut_at_a_joiner).unwrap().len(), NAME_MAX - 1);
    }
}
