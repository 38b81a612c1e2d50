//! `send` and `tail`: speak and listen from a terminal or a script.

use std::io::{Read, Write as _, stdin, stdout};

use super::args::NodeArgs;
use super::client::Node;
use super::fail::Failure;
use super::history::newest;
use super::message::Message;
use super::output::{Paint, clean_line};
use super::socket;
use crate::conversation::kind::text;
use crate::protocol::limits::TEXT_MAX;

/// Bytes taken from standard input: the longest text, and room for blank lines after it.
const INPUT_MAX: usize = 4 * TEXT_MAX;
/// Messages that `tail` holds in memory at once; `export` has no such bound.
pub const LINES_MAX: i64 = 10_000;

/// Writes one message.
pub fn send(words: &[String], args: &NodeArgs) -> Result<(), Failure> {
    let text = if words == ["-"] { read_text(stdin().lock())? } else { words.join(" ") };
    text::check(&text).map_err(|why| Failure::Settings(why.to_string()))?;
    let node = Node::find(args)?;
    let answer = node.post("/api/messages", &serde_json::json!({ "text": text }))?;
    let message: Message = serde_json::from_str(&answer).map_err(|why| node.strange(&why))?;
    Ok(writeln!(stdout(), "{}", clean_line(&message.id))?)
}

/// A text without the blank lines at its end. It is whole: what is too long is never cut.
fn read_text(from: impl Read) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = from.take(INPUT_MAX as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|why| Failure::Failed(format!("standard input cannot be read: {why}")))?;
    let last = bytes.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r'));
    let end = last.map_or(0, |last| last + 1);
    // Above the bound more may follow that was not read.
    if end > TEXT_MAX || bytes.len() > INPUT_MAX {
        return Err(Failure::Settings(format!(
            "standard input is too long: at most {TEXT_MAX} bytes fit into a message; send it in \
             parts"
        )));
    }
    bytes.truncate(end);
    String::from_utf8(bytes).map_err(|_| {
        Failure::Settings("standard input is no text in UTF-8; convert it first".to_owned())
    })
}

/// Prints the newest messages, and goes on where asked.
pub fn tail(lines: u32, follow: bool, args: &NodeArgs) -> Result<(), Failure> {
    let node = Node::find(args)?;
    if follow {
        return socket::follow(&node, lines);
    }
    let mut out = stdout().lock();
    for message in newest(&node, lines)? {
        writeln!(out, "{}", message.show(Paint::stdout(), false))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_taken_whole_or_not_at_all() {
        let fits = "b".repeat(TEXT_MAX);
        let read = |text: String| read_text(text.as_bytes()).map_err(|why| why.to_string());
        assert_eq!(read(format!("{fits}\r\n\n")), Ok(fits.clone()));
        for long in [
            format!("{fits}b"),
            format!("{fits}\nREST\n"),
            format!("{fits}{}REST", "\n".repeat(INPUT_MAX)),
            format!("{}REST", "\n".repeat(INPUT_MAX)),
            "é".repeat(9_000),
        ] {
            let refused = read(long).unwrap_err();
            assert!(refused.contains("too long"), "{refused}");
        }
        let refused = read_text(&b"caf\xe9"[..]).unwrap_err().to_string();
        assert!(refused.contains("UTF-8"), "{refused}");
    }
}
