//! `send` and `tail`: speak and listen from a terminal or a script.

use std::io::{Read as _, Write as _, stdin, stdout};

use super::args::NodeArgs;
use super::client::Node;
use super::fail::Failure;
use super::message::{Message, Page};
use super::output::{Paint, clean_line};
use super::socket;
use crate::protocol::body;
use crate::protocol::limits::TEXT_MAX;

/// Messages in one answer of the node.
pub const PAGE_MAX: u32 = 500;
/// Messages that `tail` holds in memory at once; `export` has no such bound.
pub const LINES_MAX: i64 = 10_000;

/// Writes one message.
pub fn send(words: &[String], args: &NodeArgs) -> Result<(), Failure> {
    let text = if words == ["-"] { read_stdin()? } else { words.join(" ") };
    body::text(&text).map_err(|why| Failure::Settings(why.to_string()))?;
    let node = Node::find(args)?;
    let answer = node.post("/api/messages", &serde_json::json!({ "text": text }))?;
    let message: Message = serde_json::from_str(&answer).map_err(|why| node.strange(&why))?;
    Ok(writeln!(stdout(), "{}", clean_line(&message.id))?)
}

fn read_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    // One byte more than fits, so that too long a text is seen to be.
    let read = stdin().lock().take(TEXT_MAX as u64 + 1).read_to_string(&mut text);
    read.map_err(|why| Failure::Failed(format!("standard input cannot be read: {why}")))?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
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

/// The newest `count` messages, in order.
pub fn newest(node: &Node, count: u32) -> Result<Vec<Message>, Failure> {
    let mut pages: Vec<Vec<Message>> = Vec::new();
    let mut missing = count;
    let mut before = String::new();
    while missing > 0 {
        let limit = missing.min(PAGE_MAX);
        let page: Page<Message> = node.get(&format!("/api/messages?limit={limit}{before}"))?;
        let Some(oldest) = page.messages.first() else { break };
        before = format!("&before={}", oldest.cursor());
        missing = missing.saturating_sub(u32::try_from(page.messages.len()).unwrap_or(u32::MAX));
        pages.push(page.messages);
        if !page.more {
            break;
        }
    }
    Ok(pages.into_iter().rev().flatten().collect())
}
