//! The conversation, page after page.

use serde::Deserialize;

use super::client::Node;
use super::fail::Failure;
use super::message::Message;

/// Messages in one answer of the node.
pub const PAGE_MAX: u32 = 500;
/// A page of the conversation.
#[derive(Debug, Deserialize)]
pub struct Answer<T> {
    /// In order, oldest first.
    pub messages: Vec<T>,
    /// Whether there are more in the direction asked.
    pub more: bool,
}

/// The newest `count` messages, in order.
pub fn newest(node: &Node, count: u32) -> Result<Vec<Message>, Failure> {
    let mut pages: Vec<Vec<Message>> = Vec::new();
    let mut missing = count;
    let mut before = String::new();
    while missing > 0 {
        let limit = missing.min(PAGE_MAX);
        let page: Answer<Message> = node.get(&format!("/api/messages?limit={limit}{before}"))?;
        let Some(oldest) = page.messages.first() else {
            if page.more {
                return Err(node.strange(&"nothing, and more of it"));
            }
            break;
        };
        before = format!("&before={}", oldest.cursor());
        missing = missing.saturating_sub(u32::try_from(page.messages.len()).unwrap_or(u32::MAX));
        pages.push(page.messages);
        if !page.more {
            break;
        }
    }
    Ok(pages.into_iter().rev().flatten().collect())
}
