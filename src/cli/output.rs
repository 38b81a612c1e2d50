//! What is printed: colour where it helps, and nothing that a stranger could steer a terminal with.

use std::env;
use std::io::{IsTerminal as _, stdout};

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Colours, where standard output is a terminal that wants them.
#[derive(Debug, Clone, Copy)]
pub struct Paint(bool);

impl Paint {
    /// Colours for standard output: none without a terminal, with `NO_COLOR` or on a dumb one.
    pub fn stdout() -> Paint {
        let unset = |name| env::var_os(name).is_none_or(|value| value.is_empty());
        let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        Paint(stdout().is_terminal() && unset("NO_COLOR") && !dumb)
    }

    /// Dimmed: what stands around the words.
    pub fn dim(self, text: &str) -> String {
        self.code("2", text)
    }

    /// Bold.
    pub fn bold(self, text: &str) -> String {
        self.code("1", text)
    }

    /// In a colour of `seed`'s own, so that one author always looks the same.
    pub fn tint(self, seed: &str, text: &str) -> String {
        const TINTS: [&str; 6] = ["31", "32", "33", "34", "35", "36"];
        let sum: usize = seed.bytes().map(usize::from).sum();
        self.code(TINTS[sum % TINTS.len()], text)
    }

    /// For a QR code: right on dark and light terminals alike.
    pub fn black_on_white(self, text: &str) -> String {
        self.code("30;107", text)
    }

    /// Whether there are colours at all.
    pub fn colours(self) -> bool {
        self.0
    }

    fn code(self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Whether a character could move the cursor, start a terminal escape or turn the reading
/// direction of what follows.
fn steers(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A stranger's text in one line.
pub fn clean_line(text: &str) -> String {
    let spaced = text
        .chars()
        .map(|c| if matches!(c, '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}') { ' ' } else { c });
    spaced.filter(|c| !steers(*c)).collect()
}

/// A stranger's text as lines, the later ones indented, so that none looks like a message of its
/// own. Tabs stay.
pub fn clean_lines(text: &str) -> String {
    const BREAKS: [char; 6] = ['\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];
    let text = text.replace("\r\n", "\n").replace(BREAKS, "\n");
    let clean = |line: &str| line.split('\t').map(clean_line).collect::<Vec<_>>().join("\t");
    text.split('\n').map(clean).collect::<Vec<_>>().join("\n    ")
}

/// One JSON value in one line that no terminal obeys: control characters, which JSON allows in
/// strings from U+007F on, become escapes.
pub fn clean_json(json: &str) -> String {
    let mut line = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\n' | '\r' | '\t' => line.push(' '),
            c if steers(c) => line.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => line.push(c),
        }
    }
    line
}

/// Milliseconds since 1970 as this machine's local time to the minute.
pub fn local_minute(at: Option<u64>) -> String {
    let at = at.and_then(|at| i64::try_from(at).ok());
    let moment = at.and_then(|at| Timestamp::from_millisecond(at).ok());
    match moment {
        Some(moment) => moment.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string(),
        None => "????-??-?? ??:??".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_the_network_reaches_the_terminal_as_a_command() {
        let hostile = "a\x1b[2Jb\u{9b}31mc\x07\x08\u{202e}d\te\x7f";
        assert_eq!(clean_line(hostile), "a[2Jb31mcd e");
        for line_break in ["\n", "\r\n", "\r", "\u{b}", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}"] {
            assert_eq!(clean_lines(&["one", "two"].join(line_break)), "one\n    two");
        }
        assert_eq!(clean_lines("if x:\n\treturn\u{202e}"), "if x:\n    \treturn");
    }

    #[test]
    fn letters_and_emoji_stay() {
        let text = "São João 👩\u{200d}👩\u{200d}👧 עברית";
        assert_eq!(clean_line(text), text);
    }

    #[test]
    fn json_keeps_its_meaning_when_cleaned() {
        let json = "{\"text\":\"a\u{9b}b\u{202e}\"}";
        let clean = clean_json(json);
        assert_eq!(clean, "{\"text\":\"a\\u009bb\\u202e\"}");
        let read = |json| serde_json::from_str::<serde_json::Value>(json).unwrap();
        assert_eq!(read(&clean), read(json));
    }

    #[test]
    fn a_time_out_of_range_is_no_panic() {
        assert_eq!(local_minute(Some(u64::MAX)), "????-??-?? ??:??");
        assert_eq!(local_minute(Some(253_500_000_000_000)), "????-??-?? ??:??");
    }
}
