//! `export`: the whole conversation in its order.

use std::io::{BufWriter, Write as _, stdout};

use clap::ValueEnum;
use serde_json::value::RawValue;

use super::args::NodeArgs;
use super::client::Node;
use super::fail::Failure;
use super::history::{Answer, PAGE_MAX};
use super::message::Message;
use super::output::{Paint, clean_json};

/// How to write a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One JSON object a line, as the node gives it
    Jsonl,
    /// As `roda tail` prints it
    Txt,
}

/// Prints all messages, page after page.
pub fn export(format: Format, args: &NodeArgs) -> Result<(), Failure> {
    let node = Node::find(args)?;
    let mut out = BufWriter::new(stdout().lock());
    // Before every message: counters start at 1.
    let mut after = format!("0.{}", "0".repeat(64));
    loop {
        let path = format!("/api/messages?limit={PAGE_MAX}&after={after}");
        let page: Answer<Box<RawValue>> = node.get(&path)?;
        let mut last = None;
        for raw in &page.messages {
            let message: Message =
                serde_json::from_str(raw.get()).map_err(|why| node.strange(&why))?;
            match format {
                Format::Jsonl => writeln!(out, "{}", clean_json(raw.get()))?,
                Format::Txt => writeln!(out, "{}", message.show(Paint::stdout(), false))?,
            }
            last = Some(message.cursor());
        }
        if !page.more {
            return Ok(out.flush()?);
        }
        match last {
            Some(cursor) if cursor != after => after = cursor,
            Some(_) => return Err(node.strange(&"the same page twice")),
            None => return Err(node.strange(&"nothing, and more of it")),
        }
    }
}
