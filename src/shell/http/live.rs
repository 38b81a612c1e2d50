//! One page at work, in one task: its frames answered, and told what happens in its circle.

mod asked;
mod followed;
mod pending;
mod view;

use axum::extract::ws::{Message, WebSocket};
use futures_util::StreamExt as _;
use futures_util::stream::SplitStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval};
use tokio_util::sync::CancellationToken;

use self::followed::Followed;
use super::app::App;
use super::circle::spoken_of;
use super::ended::{Ended, Step, close, stopping};
use super::limits::{PAGE_DEAD, PAGE_PING, SENDS_OUTSTANDING_MAX};

/// A page, and the circle that it follows.
pub(super) struct Page {
    followed: Followed,
    queue: mpsc::Sender<Message>,
    cancel: CancellationToken,
    heard: Instant,
}

impl Page {
    pub(super) fn new(app: &App, queue: mpsc::Sender<Message>) -> Page {
        let followed = Followed::new(spoken_of(app), app.clone(), queue.clone());
        Page { followed, queue, cancel: app.cancel.clone(), heard: Instant::now() }
    }

    /// Until the page goes or is ended.
    pub(super) async fn run(mut self, stream: &mut SplitStream<WebSocket>) -> Option<Ended> {
        let cancel = self.cancel.clone();
        tokio::select! {
            ended = self.work(stream) => ended.err().flatten(),
            () = cancel.cancelled() => Some(stopping()),
        }
    }

    async fn work(&mut self, stream: &mut SplitStream<WebSocket>) -> Step {
        self.followed.welcome().await?;
        let mut pings = interval(PAGE_PING);
        let gone = self.queue.clone();
        loop {
            tokio::select! {
                frame = stream.next(), if self.followed.sends.len() < SENDS_OUTSTANDING_MAX => {
                    self.frame(frame).await?;
                }
                news = self.followed.next() => self.followed.take(news).await?,
                _ = pings.tick() => self.ping().await?,
                () = gone.closed() => return Err(None),
            }
        }
    }

    async fn ping(&mut self) -> Step {
        if self.heard.elapsed() > PAGE_DEAD {
            return Err(Some(Ended(close::POLICY, "the page no longer answers")));
        }
        self.followed.put(Message::Ping(Default::default())).await
    }
}
