//! One page at work: its frames answered, what happens told, in one task.
//!
//! Messages reach the page in the order of their arrival numbers. `streamed` is the last number
//! sent; a hole, a lag or a `resume` sets `behind`, and the store then supplies what is missing
//! while events only pass by. As entries are committed before they are told, a read that finds
//! nothing more means that every later entry is still to come as an event: no gap and no double.

mod asked;
mod pending;

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::ws::{Message, WebSocket};
use futures_util::StreamExt as _;
use futures_util::stream::{FuturesUnordered, SplitStream};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::{Instant, interval, sleep_until};

use crate::protocol::id::Hash;
use crate::shell::handle::{Event, StoreState, View};
use crate::store::{Row, Unread};

use self::pending::Pending;
use super::app::App;
use super::ended::{Ended, close, stopping};
use super::frames::{ToPage, plain_error_frame, welcome_frames};
use super::limits::{
    EVENTS_JOINED_MAX, PAGE_DEAD, PAGE_PING, RESUME_STEP, SENDS_OUTSTANDING_MAX, VIEW_PERIOD,
};
use super::message::{Lens, Part, messages_frames};
use super::problem::Problem;
use super::status::{MembersNews, Receipts, members_news, reader_of};

/// Why the loop ends: the page has gone (none), or the node ends it.
type Step = Result<(), Option<Ended>>;

pub(super) struct Page {
    app: App,
    queue: mpsc::Sender<Message>,
    events: broadcast::Receiver<Event>,
    views: watch::Receiver<Arc<View>>,
    /// By which messages are shown.
    lens: Lens,
    /// What the page knows of the circle.
    shown: Arc<View>,
    streamed: u64,
    behind: bool,
    sends: FuturesUnordered<Pending>,
    heard: Instant,
}

impl Page {
    /// Subscribes first: what comes from here on is not missed.
    pub(super) fn new(app: App, queue: mpsc::Sender<Message>) -> Page {
        let events = app.door.handle.events.subscribe();
        let views = app.door.handle.view.clone();
        let lens = app.lens();
        let shown = lens.view.clone();
        let (sends, heard) = (FuturesUnordered::new(), Instant::now());
        Page { app, queue, events, views, lens, shown, streamed: 0, behind: false, sends, heard }
    }

    /// Until the page goes or is ended.
    pub(super) async fn run(mut self, stream: &mut SplitStream<WebSocket>) -> Option<Ended> {
        let cancel = self.app.cancel.clone();
        tokio::select! {
            ended = self.work(stream) => ended.err().flatten(),
            () = cancel.cancelled() => Some(stopping()),
        }
    }

    async fn work(&mut self, stream: &mut SplitStream<WebSocket>) -> Step {
        self.welcome().await?;
        let mut pings = interval(PAGE_PING);
        let mut view_due: Option<Instant> = None;
        let mut view_last = Instant::now();
        let gone = self.queue.clone();
        loop {
            tokio::select! {
                frame = stream.next(), if self.sends.len() < SENDS_OUTSTANDING_MAX => {
                    self.frame(frame).await?;
                }
                event = self.events.recv() => self.event(event).await?,
                Some(outcome) = self.sends.next() => self.sent(outcome).await?,
                changed = self.views.changed(), if view_due.is_none() => {
                    changed.map_err(|_| Some(stopping()))?;
                    view_due = Some(view_last + VIEW_PERIOD);
                }
                () = sleep_until(view_due.unwrap_or(view_last)), if view_due.is_some() => {
                    view_due = None;
                    view_last = Instant::now();
                    self.view().await?;
                }
                () = std::future::ready(()), if self.behind => self.stream_some().await?,
                _ = pings.tick() => self.ping().await?,
                () = gone.closed() => return Err(None),
            }
        }
    }

    async fn put(&self, frame: impl Into<Message>) -> Step {
        self.queue.send(frame.into()).await.map_err(|_| None)
    }

    async fn ping(&mut self) -> Step {
        if self.heard.elapsed() > PAGE_DEAD {
            return Err(Some(Ended(close::POLICY, "the page no longer answers")));
        }
        self.put(Message::Ping(Default::default())).await
    }

    /// Everything a fresh page needs. Its arrival number is found in the store: the view may lag,
    /// and events before the subscription are lost.
    async fn welcome(&mut self) -> Step {
        self.refresh();
        self.shown = self.lens.view.clone();
        let from = self.shown.arrival;
        let (since, authors) = reader_of(&self.shown);
        let read = self.app.read(move |rows| {
            let mut arrival = from;
            while let Some(last) = rows.since_arrival(arrival, RESUME_STEP)?.last() {
                arrival = last.arrival;
            }
            let unread = match since {
                Some(since) => rows.unread(since, &authors, arrival)?,
                None => Unread::default(),
            };
            // All before the first that was not read was read.
            let (upto, _) = match unread.first {
                Some(first) => rows.before(first, 1)?,
                None => rows.newest(1)?,
            };
            let read = (upto.last().map(Row::timestamp), unread);
            Ok((arrival, Part::Newest.read(rows, None)?, read))
        });
        let (arrival, (mut rows, more), read) = self.need(read.await).await?;
        rows.retain(|row| row.arrival <= arrival);
        (self.streamed, self.behind) = (arrival, false);
        let version = &self.app.door.version;
        for frame in welcome_frames(&self.lens, version, arrival, &rows, more, read) {
            self.put(frame).await?;
        }
        Ok(())
    }

    /// A page without the store is of no use: it is told why, and closed.
    async fn need<T>(&self, read: Result<T, Problem>) -> Result<T, Option<Ended>> {
        match read {
            Ok(read) => Ok(read),
            Err(problem) => {
                self.put(plain_error_frame(&problem)).await?;
                Err(Some(Ended(close::INTERNAL, "the conversation cannot be read")))
            }
        }
    }

    fn refresh(&mut self) {
        let view = self.app.view();
        if !Arc::ptr_eq(&view, &self.lens.view) {
            self.lens = Lens::new(view);
        }
    }

    /// Tells new rows; and of what is told under another entry, that entry as it looks now.
    async fn put_messages(&mut self, rows: &[Row]) -> Step {
        self.refresh();
        for frame in messages_frames("messages", &self.lens, rows) {
            self.put(frame).await?;
        }
        let about: BTreeSet<Hash> = rows.iter().filter_map(|row| row.about).collect();
        if about.is_empty() {
            return Ok(());
        }
        let about: Vec<Hash> = about.into_iter().collect();
        let read = self.app.read(move |rows| rows.hashed(&about));
        let changed = self.need(read.await).await?;
        let told = changed.iter().filter(|row| row.about.is_none());
        for frame in messages_frames("changed", &self.lens, told) {
            self.put(frame).await?;
        }
        Ok(())
    }

    /// One step of catching up from the store.
    async fn stream_some(&mut self) -> Step {
        let from = self.streamed;
        let read = self.app.read(move |rows| rows.since_arrival(from, RESUME_STEP));
        let rows = self.need(read.await).await?;
        self.behind = rows.len() == RESUME_STEP;
        self.streamed = rows.last().map_or(from, |row| row.arrival);
        self.put_messages(&rows).await
    }

    /// Takes what has queued up and tells it in one go.
    async fn event(&mut self, first: Result<Event, broadcast::error::RecvError>) -> Step {
        use broadcast::error::{RecvError, TryRecvError};
        let mut next = Some(first);
        let mut joined = 0;
        let mut fresh: Vec<Row> = Vec::new();
        let mut earlier = 0;
        while let Some(event) = next {
            match event {
                Ok(Event::Messages { rows, late }) => {
                    earlier += late;
                    self.take(&rows, &mut fresh);
                }
                Ok(Event::Early(rows)) => self.early(&rows).await?,
                Ok(Event::Typing(member)) => self.put(ToPage::Typing { member }.encode()).await?,
                Ok(Event::Notice { code, message }) => self.notice(code, &message, None).await?,
                Err(RecvError::Lagged(_)) => self.behind = true,
                Err(RecvError::Closed) => return Err(Some(stopping())),
            }
            joined += 1;
            if joined == EVENTS_JOINED_MAX {
                break;
            }
            next = match self.events.try_recv() {
                Ok(event) => Some(Ok(event)),
                Err(TryRecvError::Lagged(missed)) => Some(Err(RecvError::Lagged(missed))),
                Err(TryRecvError::Empty | TryRecvError::Closed) => None,
            };
        }
        self.tell(&fresh, earlier).await
    }

    /// Tells what is not stored yet. The page is given it again, once it is.
    async fn early(&mut self, rows: &[Row]) -> Step {
        self.refresh();
        let fresh = rows.iter().filter(|row| !self.behind && row.arrival > self.streamed);
        for frame in messages_frames("early", &self.lens, fresh) {
            self.put(frame).await?;
        }
        Ok(())
    }

    /// Adds the rows that continue what was streamed; a hole leaves the rest to the store.
    fn take(&mut self, rows: &[Row], fresh: &mut Vec<Row>) {
        for row in rows {
            if self.behind || row.arrival > self.streamed + 1 {
                self.behind = true;
                return;
            }
            if row.arrival > self.streamed {
                self.streamed = row.arrival;
                fresh.push(row.clone());
            }
        }
    }

    async fn tell(&mut self, fresh: &[Row], earlier: usize) -> Step {
        self.put_messages(fresh).await?;
        if earlier == 0 {
            return Ok(());
        }
        let words = match earlier {
            1 => "1 earlier message arrived".to_owned(),
            more => format!("{more} earlier messages arrived"),
        };
        self.notice("late", &words, Some(earlier)).await
    }

    async fn notice(&self, code: &str, message: &str, count: Option<usize>) -> Step {
        self.put(ToPage::Notice { code, message, count }.encode()).await
    }

    /// Tells what changed in the view since it was last told.
    async fn view(&mut self) -> Step {
        let new = self.views.borrow_and_update().clone();
        if (&new.epoch, new.me) != (&self.shown.epoch, self.shown.me) {
            // The node leads a new life: other numbers, another member.
            return self.welcome().await;
        }
        let old = std::mem::replace(&mut self.shown, new.clone());
        let circle = &new.circle;
        match members_news(&old, &new) {
            MembersNews::None => {}
            MembersNews::All(members) => {
                self.put(ToPage::Members { circle, members: &members }.encode()).await?;
            }
            MembersNews::Changed(parts) => {
                for members in &parts {
                    self.put(ToPage::MembersChanged { circle, members }.encode()).await?;
                }
            }
        }
        for receipts in &Receipts::since(&old, &new) {
            self.put(ToPage::Receipts(receipts).encode()).await?;
        }
        match (old.catching_up, new.catching_up) {
            (before, Some((held, of))) if before != new.catching_up => {
                self.put(ToPage::Progress { held, of, done: false }.encode()).await?;
            }
            (Some((_, of)), None) => {
                self.put(ToPage::Progress { held: of, of, done: true }.encode()).await?;
            }
            _ => {}
        }
        match &new.store {
            store if *store == old.store => Ok(()),
            StoreState::Ok => self.notice("store_ok", "messages are stored again", None).await,
            StoreState::Failing(reason) => {
                let words = format!("nothing can be stored: {reason}");
                self.notice("store_failing", &words, None).await
            }
        }
    }
}
