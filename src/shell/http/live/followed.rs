//! What a page follows of one circle: what happens there is told in order.
//!
//! Messages reach the page in the order of their arrival numbers. `streamed` is the last number
//! sent; a hole, a lag or a `resume` sets `behind`, and the store then supplies what is missing
//! while events only pass by. As entries are committed before they are told, a read that finds
//! nothing more means that every later entry is still to come as an event: no gap and no double.

use std::collections::BTreeSet;
use std::future::ready;
use std::sync::Arc;

use axum::extract::ws::Message;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::pending::{Outcome, Pending};
use crate::protocol::id::Hash;
use crate::shell::handle::{Event, View};
use crate::shell::http::app::App;
use crate::shell::http::door::CircleDoor;
use crate::shell::http::ended::{Ended, Step, close, stopping};
use crate::shell::http::frames::{ToPage, plain_error_frame, welcome_frames};
use crate::shell::http::limits::{EVENTS_JOINED_MAX, RESUME_STEP, VIEW_PERIOD};
use crate::shell::http::message::{Lens, Part, messages_frames};
use crate::shell::http::problem::Problem;
use crate::shell::http::status::reader_of;
use crate::store::{Row, Unread};

/// A circle as one page follows it.
pub(super) struct Followed {
    pub(super) circle: CircleDoor,
    app: App,
    queue: mpsc::Sender<Message>,
    events: broadcast::Receiver<Event>,
    pub(super) views: watch::Receiver<Arc<View>>,
    /// When the view was told last, and is to be told again where it has changed.
    view_last: Instant,
    view_due: Option<Instant>,
    /// By which messages are shown.
    pub(super) lens: Lens,
    /// What the page knows of the circle.
    pub(super) shown: Arc<View>,
    pub(super) streamed: u64,
    pub(super) behind: bool,
    pub(super) sends: FuturesUnordered<Pending>,
}

/// What there is to do for the page.
pub(super) enum News {
    Event(Result<Event, RecvError>),
    Sent(Outcome),
    /// None where the owner has ended.
    ViewChanged(Option<()>),
    ViewDue,
    Behind,
}

impl Followed {
    /// Subscribes first: what comes from here on is not missed.
    pub(super) fn new(circle: CircleDoor, app: App, queue: mpsc::Sender<Message>) -> Followed {
        let events = circle.handle.events.subscribe();
        let views = circle.handle.view.clone();
        let lens = circle.lens();
        Followed {
            app,
            queue,
            events,
            views,
            view_last: Instant::now(),
            view_due: None,
            shown: lens.view.clone(),
            lens,
            streamed: 0,
            behind: false,
            sends: FuturesUnordered::new(),
            circle,
        }
    }

    /// Waits for something to do. Whoever gives up waiting loses nothing.
    pub(super) async fn next(&mut self) -> News {
        let due = self.view_due;
        tokio::select! {
            event = self.events.recv() => News::Event(event),
            Some(outcome) = self.sends.next() => News::Sent(outcome),
            changed = self.views.changed(), if due.is_none() => {
                News::ViewChanged(changed.ok())
            }
            () = sleep_until(due.unwrap_or(self.view_last)), if due.is_some() => News::ViewDue,
            () = ready(()), if self.behind => News::Behind,
        }
    }

    /// Does it.
    pub(super) async fn take(&mut self, news: News) -> Step {
        match news {
            News::Event(event) => self.event(event).await,
            News::Sent(outcome) => self.sent(outcome).await,
            News::ViewChanged(changed) => {
                changed.ok_or_else(|| Some(stopping()))?;
                self.view_due = Some(self.view_last + VIEW_PERIOD);
                Ok(())
            }
            News::ViewDue => {
                self.view_due = None;
                self.view_last = Instant::now();
                self.view().await
            }
            News::Behind => self.stream_some().await,
        }
    }

    pub(super) async fn put(&self, frame: impl Into<Message>) -> Step {
        self.queue.send(frame.into()).await.map_err(|_| None)
    }

    /// Everything a fresh page needs. Its arrival number is found in the store: the view may lag,
    /// and events before the subscription are lost.
    pub(super) async fn welcome(&mut self) -> Step {
        self.refresh();
        self.shown = self.lens.view.clone();
        let from = self.shown.arrival;
        let (since, authors) = reader_of(&self.shown);
        let read = self.circle.read(move |rows| {
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
        let version = &self.app.door.home.version;
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

    pub(super) fn refresh(&mut self) {
        let view = self.circle.view();
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
        let read = self.circle.read(move |rows| rows.hashed(&about));
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
        let read = self.circle.read(move |rows| rows.since_arrival(from, RESUME_STEP));
        let rows = self.need(read.await).await?;
        self.behind = rows.len() == RESUME_STEP;
        self.streamed = rows.last().map_or(from, |row| row.arrival);
        self.put_messages(&rows).await
    }

    /// Takes what has queued up and tells it in one go.
    async fn event(&mut self, first: Result<Event, RecvError>) -> Step {
        let mut next = Some(first);
        let mut joined = 0;
        let mut fresh: Vec<Row> = Vec::new();
        let mut earlier = 0;
        while let Some(event) = next {
            match event {
                Ok(Event::Messages { rows, late }) => {
                    earlier += late;
                    self.add(&rows, &mut fresh);
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
    fn add(&mut self, rows: &[Row], fresh: &mut Vec<Row>) {
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

    pub(super) async fn notice(&self, code: &str, message: &str, count: Option<usize>) -> Step {
        self.put(ToPage::Notice { code, message, count }.encode()).await
    }
}
