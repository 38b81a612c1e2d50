//! The fake node's owner task and its rows in memory.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use roda::conversation::kind::{self, Reading};
use roda::protocol::entry::Timestamp;
use roda::protocol::id::{Hash, NodeId};
use roda::shell::handle::{Command, Event, Refused};
use roda::shell::http::{Rows, Unreadable};
use roda::store::{ReadTo, Row, Unread};
use tokio::sync::{broadcast, mpsc};

use crate::fake::ME;

#[derive(Default)]
pub struct Memory(pub Mutex<Vec<Row>>, AtomicBool);

type Read<T> = Result<T, Unreadable>;

impl Memory {
    /// From now on reads fail, or do not.
    pub fn fails(&self, fails: bool) {
        self.1.store(fails, Ordering::Relaxed);
    }

    fn readable(&self) -> Read<Vec<Row>> {
        match self.1.load(Ordering::Relaxed) {
            true => Err(Unreadable("the disk is gone; check it".to_owned())),
            false => Ok(self.0.lock().unwrap().clone()),
        }
    }

    fn ordered(&self) -> Read<Vec<Row>> {
        let mut rows = self.readable()?;
        rows.retain(|row| row.about.is_none());
        rows.sort_by_key(Row::timestamp);
        Ok(rows)
    }

    pub fn add(&self, author: NodeId, lamport: u64, body: &str) -> Row {
        let mut rows = self.0.lock().unwrap();
        let seq = rows.iter().filter(|row| row.author == author).count() as u64 + 1;
        let arrival = rows.len() as u64 + 1;
        let about = match kind::read(body) {
            Reading::Newer(newer) => newer.about,
            _ => None,
        };
        let row = Row {
            author,
            seq,
            lamport,
            at: 5,
            body: body.to_owned(),
            arrival,
            arrived_at: 6,
            reference: None,
            about,
            newer: 0,
        };
        rows.push(row.clone());
        row
    }

    /// The newest row was asked for with this reference.
    pub fn refer(&self, reference: &Option<String>) -> Row {
        let mut rows = self.0.lock().unwrap();
        let row = rows.last_mut().expect("something was said");
        row.reference.clone_from(reference);
        row.clone()
    }

    pub fn say(&self, author: NodeId, text: &str) -> Row {
        self.add(author, self.next_lamport(), &kind::text::body(text))
    }

    pub fn next_lamport(&self) -> u64 {
        self.0.lock().unwrap().iter().map(|row| row.lamport).max().unwrap_or(0) + 1
    }
}

/// What stands for the hash of the entry with this arrival number.
pub fn hash_of(arrival: u64) -> Hash {
    Hash([arrival as u8; 32])
}

fn last(mut rows: Vec<Row>, limit: usize) -> (Vec<Row>, bool) {
    let cut = rows.len().saturating_sub(limit);
    (rows.split_off(cut), cut > 0)
}

impl Rows for Memory {
    fn newest(&self, limit: usize) -> Read<(Vec<Row>, bool)> {
        Ok(last(self.ordered()?, limit))
    }

    fn before(&self, place: Timestamp, limit: usize) -> Read<(Vec<Row>, bool)> {
        let older = |row: &Row| row.timestamp() < place;
        Ok(last(self.ordered()?.into_iter().filter(older).collect(), limit))
    }

    fn after(&self, place: Timestamp, limit: usize) -> Read<(Vec<Row>, bool)> {
        let newer = |row: &Row| row.timestamp() > place;
        let mut rows: Vec<Row> = self.ordered()?.into_iter().filter(newer).collect();
        let more = rows.len() > limit;
        rows.truncate(limit);
        Ok((rows, more))
    }

    fn hashed(&self, hashes: &[Hash]) -> Read<Vec<Row>> {
        let all = self.readable()?;
        let named = all.iter().filter(|row| hashes.contains(&hash_of(row.arrival)));
        let told = |hash| all.iter().filter(|row| row.about == Some(hash)).count() as u64;
        Ok(named.map(|row| Row { newer: told(hash_of(row.arrival)), ..row.clone() }).collect())
    }

    fn since_arrival(&self, arrival: u64, limit: usize) -> Read<Vec<Row>> {
        let newer = |row: &Row| row.arrival > arrival;
        Ok(self.readable()?.into_iter().filter(newer).take(limit).collect())
    }

    fn unread(&self, since: Timestamp, authors: &[ReadTo], arrival: u64) -> Read<Unread> {
        let beyond = |row: &&Row| {
            let read = authors.iter().find(|(author, ..)| *author == row.author);
            read.is_some_and(|(_, mark, _)| row.seq > *mark)
                && row.timestamp() > since
                && row.arrival <= arrival
        };
        let rows = self.ordered()?;
        let rows: Vec<&Row> = rows.iter().filter(beyond).collect();
        let mut unread = Unread { count: rows.len() as u64, ..Unread::default() };
        for row in rows.iter().rev() {
            unread.behind.insert(row.author, row.seq - 1);
            unread.first = Some(row.timestamp());
        }
        Ok(unread)
    }

    fn get(&self, author: NodeId, seq: u64) -> Read<Option<Row>> {
        let wanted = |row: &Row| row.author == author && row.seq == seq;
        Ok(self.ordered()?.into_iter().find(wanted))
    }
}

/// The owner: a text `hold` is answered only once `release` came.
pub async fn own(
    mut commands: mpsc::Receiver<Command>,
    rows: Arc<Memory>,
    events: broadcast::Sender<Event>,
    asked: mpsc::Sender<String>,
) {
    let mut known: BTreeMap<String, Row> = BTreeMap::new();
    let mut held = Vec::new();
    while let Some(command) = commands.recv().await {
        let words = match command {
            Command::Send { text, reference, reply } => {
                if text == "full" {
                    let _ = reply.send(Err(Refused::Store("the disk is full".to_owned())));
                    continue;
                }
                let old = reference.as_ref().and_then(|reference| known.get(reference)).cloned();
                let row = old.unwrap_or_else(|| {
                    rows.say(ME, &text);
                    let row = rows.refer(&reference);
                    let _ = events.send(Event::Messages { rows: [row.clone()].into(), late: 0 });
                    row
                });
                known.extend(reference.clone().map(|reference| (reference, row.clone())));
                match &*text {
                    "hold" => held.push((reply, row)),
                    _ => drop(reply.send(Ok(row))),
                }
                if text == "release" {
                    held.drain(..).for_each(|(reply, row)| drop(reply.send(Ok(row))));
                }
                format!("send {text} {reference:?}")
            }
            Command::SetName(name, reply) => {
                let answer = match name.trim().is_empty() {
                    true => Err(Refused::Invalid("the name is empty".to_owned())),
                    false => Ok(()),
                };
                let _ = reply.send(answer);
                format!("name {name}")
            }
            Command::SetCircle(name, reply) => {
                let _ = reply.send(Ok(()));
                format!("circle {name}")
            }
            Command::SetReadReceipts(told, reply) => {
                let _ = reply.send(Ok(()));
                format!("read_receipts {told}")
            }
            Command::SetAside(member, aside, reply) => {
                let _ = reply.send(Ok(()));
                format!("aside {member:?} {aside}")
            }
            Command::Leave(reply) => {
                let _ = reply.send(Ok(()));
                "leave".to_owned()
            }
            Command::Read(marks) => format!("read {:?}", marks.values().collect::<Vec<_>>()),
            Command::Typing => "typing".to_owned(),
        };
        let _ = asked.try_send(words);
    }
}
