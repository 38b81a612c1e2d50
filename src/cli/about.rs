//! `status`, `link`, `health`, `leave` and `set-aside`: about the node and the members.

use std::io::{IsTerminal as _, Write as _, stdin, stdout};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::args::NodeArgs;
use super::client::Node;
use super::fail::Failure;
use super::output::{Paint, clean_json, clean_line};
use crate::config::notes::WEB_TOKEN_FILE;
use crate::config::{Keys, WebLogin};
use crate::protocol::name::clean_name;

/// Digits of an id that are enough to name a member.
const ID_PREFIX_MIN: usize = 4;

/// What the commands need of a member.
#[derive(Debug, Deserialize)]
struct Member {
    id: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    online: bool,
    #[serde(default)]
    rtt_ms: Option<f64>,
    #[serde(default)]
    left: bool,
    #[serde(default)]
    aside: bool,
}

impl Member {
    fn name(&self) -> String {
        clean_name(self.name.as_deref().unwrap_or_default()).unwrap_or_else(|_| "?".to_owned())
    }

    fn short(&self) -> String {
        clean_line(&self.id).chars().take(8).collect()
    }

    fn show(&self, paint: Paint) -> String {
        let mut words = vec![if self.online { "online" } else { "away" }.to_owned()];
        words.extend(self.rtt_ms.map(|rtt| format!("{rtt} ms")));
        words.extend(self.left.then(|| "left".to_owned()));
        words.extend(self.aside.then(|| "set aside here".to_owned()));
        let id = paint.dim(&self.short());
        format!("  {id}  {}  {}", paint.bold(&self.name()), words.join(", "))
    }
}

/// `[…]` or `{"members":[…]}`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Members {
    Bare(Vec<Member>),
    Wrapped { members: Vec<Member> },
}

fn members(node: &Node) -> Result<Vec<Member>, Failure> {
    Ok(match node.get("/api/members")? {
        Members::Bare(members) | Members::Wrapped { members } => members,
    })
}

/// Prints how things stand.
pub fn status(as_json: bool, args: &NodeArgs) -> Result<(), Failure> {
    let node = Node::find(args)?;
    let status: Map<String, Value> = node.get("/api/status")?;
    let mut out = stdout().lock();
    if as_json {
        return Ok(writeln!(out, "{}", clean_json(&Value::Object(status).to_string()))?);
    }
    let paint = Paint::stdout();
    for (field, value) in &status {
        let value = match value {
            Value::Null => continue,
            Value::String(text) => clean_line(text),
            other => clean_line(&other.to_string()),
        };
        writeln!(out, "{}: {value}", paint.dim(&clean_line(&field.replace('_', " "))))?;
    }
    writeln!(out, "{}:", paint.dim("members"))?;
    for member in members(&node)? {
        writeln!(out, "{}", member.show(paint))?;
    }
    Ok(())
}

/// Prints the page's address with its token.
pub fn link(args: &NodeArgs) -> Result<(), Failure> {
    let config = args.config(Keys::Ignore)?;
    let node = Node::of(args, &config)?;
    if node.token.is_none() && config.web_login == WebLogin::Token {
        return Err(Failure::Unreachable(format!(
            "{} is not there: the node makes it when it first starts; start it with `roda run`, or \
             name its folder with --data",
            config.data.join(WEB_TOKEN_FILE).display()
        )));
    }
    // A link to nothing helps nobody.
    node.get_any("/healthz")?;
    Ok(writeln!(stdout(), "{}", node.link().as_str())?)
}

/// Succeeds when the node serves and its store writes.
pub fn health(args: &NodeArgs) -> Result<(), Failure> {
    let node = Node::find(args)?;
    match node.get_any("/healthz")? {
        (200, _) => Ok(writeln!(stdout(), "ok")?),
        (status, text) => {
            let text: String = clean_line(&text).chars().take(500).collect();
            Err(Failure::Failed(format!("the node is not well ({status}): {text}")))
        }
    }
}

/// Leaves the circle, once that is certain.
pub fn leave(yes: bool, args: &NodeArgs) -> Result<(), Failure> {
    let node = Node::find(args)?;
    if !yes && !asked("Leave the circle for good? Your node cannot write in it again. [y/N] ")? {
        return Err(Failure::Failed("nothing was done".into()));
    }
    node.post("/api/leave", &json!({}))?;
    Ok(writeln!(stdout(), "You have left the circle. Your copy of it stays in the data folder.")?)
}

fn asked(question: &str) -> Result<bool, Failure> {
    if !stdin().is_terminal() {
        return Err(Failure::Settings("this is for good; say --yes if you mean it".into()));
    }
    eprint!("{question}");
    let mut answer = String::new();
    stdin()
        .read_line(&mut answer)
        .map_err(|why| Failure::Failed(format!("no answer could be read: {why}")))?;
    Ok(matches!(&*answer.trim().to_lowercase(), "y" | "yes"))
}

/// Stops waiting for a member here, or waits again.
pub fn set_aside(wanted: &str, undo: bool, args: &NodeArgs) -> Result<(), Failure> {
    let node = Node::find(args)?;
    let members = members(&node)?;
    let member = choose(&members, wanted)?;
    let path = format!("/api/members/{}/aside", member.id);
    node.post(&path, &json!({ "aside": !undo }))?;
    let what = if undo { "is waited for again" } else { "is no longer waited for here" };
    Ok(writeln!(stdout(), "{} ({}) {what}.", member.name(), member.short())?)
}

/// The one member of that id, beginning of an id, or name.
fn choose<'a>(members: &'a [Member], wanted: &str) -> Result<&'a Member, Failure> {
    let hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
    let by_id = |member: &&Member| {
        wanted.len() >= ID_PREFIX_MIN && hex(&member.id) && member.id.starts_with(wanted)
    };
    let name = clean_name(wanted).unwrap_or_default();
    let named: Vec<&Member> = members
        .iter()
        .filter(|member| hex(&member.id) && member.name().to_lowercase() == name.to_lowercase())
        .collect();
    let found =
        if named.is_empty() { members.iter().filter(by_id).collect::<Vec<_>>() } else { named };
    match found.as_slice() {
        [member] => Ok(member),
        [] => Err(Failure::Failed(format!(
            "nobody here is `{}`; `roda status` lists the members",
            clean_line(wanted)
        ))),
        several => {
            let ids: Vec<String> = several.iter().map(|member| member.short()).collect();
            Err(Failure::Failed(format!(
                "`{}` could be {}; say which by the id",
                clean_line(wanted),
                ids.join(" or ")
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members() -> Vec<Member> {
        let all = json!([{"id": "abcd01", "name": "Ana"}, {"id": "abcd02", "name": "Bento"},
            {"id": "ffff03", "name": "bento"}, {"id": "ffff04/..", "name": "Eva"}]);
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn a_member_is_named_by_name_or_by_enough_of_the_id() {
        let members = members();
        let id = |wanted: &str| choose(&members, wanted).map(|m| &*m.id).map_err(|e| e.to_string());
        assert_eq!(id("ana").as_deref(), Ok("abcd01"));
        assert_eq!(id("abcd02").as_deref(), Ok("abcd02"));
        assert!(id("abcd").unwrap_err().contains("abcd01 or abcd02"));
        assert!(id("Bento").unwrap_err().contains("by the id"));
        assert!(id("ffff04").is_err() && id("abc").is_err() && id("").is_err());
    }
}
