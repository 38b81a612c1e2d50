//! What a page asks for: its frames read, handed on and answered.

use axum::extract::ws::Message;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Page;
use super::followed::Followed;
use super::pending::{Outcome, Pending};
use crate::protocol::entry::Timestamp;
use crate::protocol::id::NodeId;
use crate::protocol::receipt::Watermarks;
use crate::shell::handle::{Command, Refused};
use crate::shell::http::door::{Rows, Unreadable};
use crate::shell::http::ended::{Ended, Step};
use crate::shell::http::frames::{
    FromPage, Question, Seen, ToPage, error_frame, plain_error_frame,
};
use crate::shell::http::limits::FRAME_FROM_PAGE_MAX;
use crate::shell::http::message::{Part, check_reference, parse_place};
use crate::shell::http::problem::Problem;
use crate::store::{Row, furthest};

impl Page {
    pub(super) async fn frame(&mut self, frame: Option<Result<Message, axum::Error>>) -> Step {
        self.heard = Instant::now();
        let text = match frame {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return Ok(()),
            Some(Ok(Message::Binary(_))) => {
                let problem = Problem::invalid("send text frames with JSON");
                return self.followed.put(plain_error_frame(&problem)).await;
            }
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(None),
        };
        let read = if text.len() > FRAME_FROM_PAGE_MAX {
            Err(Problem::too_large(format!(
                "a frame has at most {FRAME_FROM_PAGE_MAX} bytes; send less at once"
            )))
        } else {
            serde_json::from_str(&text)
                .map_err(|error| Problem::invalid(format!("the frame cannot be read: {error}")))
        };
        let answered = match read {
            Ok(frame) => self.followed.answer(frame).await?,
            Err(problem) => Err(problem),
        };
        match answered {
            Ok(()) => Ok(()),
            Err(problem) => {
                let question: Question = serde_json::from_str(&text).unwrap_or_default();
                self.followed.put(error_frame(&question, &problem)).await
            }
        }
    }
}

impl Followed {
    /// The inner result is the page's fault, the outer ends the page.
    async fn answer(&mut self, frame: FromPage) -> Result<Result<(), Problem>, Option<Ended>> {
        match frame {
            FromPage::Auth { .. } => {}
            FromPage::Resume { epoch, arrival } => self.resume(epoch, arrival).await?,
            FromPage::Send { text, reference } => return Ok(self.send(text, reference).await),
            FromPage::History { before, after, limit } => {
                return self.history(before.as_deref(), after.as_deref(), limit).await;
            }
            FromPage::Read(Seen::Marks { marks }) => {
                return Ok(self.command(Command::Read(marks)).await);
            }
            FromPage::Read(Seen::Upto { upto, arrival }) => {
                return Ok(self.read_upto(&upto, arrival).await);
            }
            // Not worth waiting for.
            FromPage::Typing => drop(self.circle.handle.commands.try_send(Command::Typing)),
        }
        Ok(Ok(()))
    }

    async fn command(&self, command: Command) -> Result<(), Problem> {
        self.circle.handle.commands.send(command).await.map_err(|_| Problem::gone())
    }

    /// Looks up what a program of 0.1 has said it has read.
    async fn read_upto(&mut self, upto: &str, arrival: u64) -> Result<(), Problem> {
        let upto = parse_place(upto)?;
        let view = self.circle.view();
        let marks = self.circle.read(move |rows| {
            let mut marks = Watermarks::new();
            for author in view.members.iter().map(|member| member.id) {
                let from = view.read_here.get(&author).copied().unwrap_or(0);
                let to = last_seen(rows, author, from, (upto, arrival))?;
                if to > from {
                    marks.insert(author, to);
                }
            }
            Ok(marks)
        });
        self.command(Command::Read(marks.await?)).await
    }

    /// Another epoch, or a number this store never gave: the page starts afresh.
    async fn resume(&mut self, epoch: Option<String>, arrival: u64) -> Step {
        let same = arrival == 0 || epoch.as_deref() == Some(self.circle.view().epoch.as_str());
        let given = arrival <= self.streamed.max(self.circle.view().arrival);
        if !same || !given {
            return self.welcome().await;
        }
        (self.streamed, self.behind) = (arrival, true);
        Ok(())
    }

    /// Hands the text on in the order of the frames; its answer is awaited beside the others.
    async fn send(&mut self, text: String, reference: Option<String>) -> Result<(), Problem> {
        check_reference(reference.as_deref())?;
        let (reply, answer) = oneshot::channel::<Result<Row, Refused>>();
        self.command(Command::Send { text, reference: reference.clone(), reply }).await?;
        self.sends.push(Pending { reference, answer });
        Ok(())
    }

    async fn history(
        &mut self,
        before: Option<&str>,
        after: Option<&str>,
        limit: Option<usize>,
    ) -> Result<Result<(), Problem>, Option<Ended>> {
        let part = match Part::parse(before, after) {
            Ok(part) => part,
            Err(problem) => return Ok(Err(problem)),
        };
        let (rows, more) = match self.circle.read(move |rows| part.read(rows, limit)).await {
            Ok(read) => read,
            Err(problem) => return Ok(Err(problem)),
        };
        self.refresh();
        let messages = rows.iter().map(|row| self.lens.message(row)).collect();
        self.put(ToPage::Page { before, after, messages, more }.encode()).await?;
        Ok(Ok(()))
    }

    pub(super) async fn sent(&mut self, (reference, outcome): Outcome) -> Step {
        match outcome {
            Ok(row) => {
                self.refresh();
                let (reference, message) = (reference.as_deref(), self.lens.message(&row).into());
                self.put(ToPage::Sent { reference, message }.encode()).await
            }
            Err(problem) => {
                let question = Question::of(reference);
                self.put(error_frame(&question, &problem)).await
            }
        }
    }
}

/// The last entry of the author from `seen` on at or before this place that had arrived by this
/// number: both grow along a log.
fn last_seen(
    rows: &dyn Rows,
    author: NodeId,
    seen: u64,
    (upto, arrival): (Timestamp, u64),
) -> Result<u64, Unreadable> {
    furthest(seen, |seq| {
        let row = rows.get(author, seq)?;
        Ok(row.is_some_and(|row| row.timestamp() <= upto && row.arrival <= arrival))
    })
}
