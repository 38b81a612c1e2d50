//! What a disk holds after a power cut: all that was synced, and whatever it likes of the rest.
//!
//! As harsh as POSIX allows: an entry of a folder is durable only once that folder was synced, also
//! where the file itself was; of what was not synced any part may survive, in any order.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::trace::{Call, Event};

/// What becomes of unsynced changes.
#[derive(Debug, Clone, Copy)]
pub enum Fate {
    /// None survives.
    Lost,
    /// All survive: the process died, the disk went on.
    Kept,
    /// Each survives or not.
    Some,
    /// Each survives or not; of a write each sector of so many bytes.
    Torn(u64),
}

#[derive(Debug, Clone)]
enum Change {
    Bytes(u64, Vec<u8>),
    Len(u64),
    /// Names and what they now stand for; a rename is two of them at once.
    Names(Vec<(String, Option<usize>)>),
}

#[derive(Debug, Default)]
struct Node {
    name: String,
    is_folder: bool,
    durable: Data,
    /// Not durable yet: the call's number, whether it has returned, and what it changes.
    changes: Vec<(usize, bool, Change)>,
    /// The length that the program sees.
    len: u64,
}

#[derive(Debug, Default, Clone)]
struct Data {
    bytes: Vec<u8>,
    names: BTreeMap<String, usize>,
}

impl Data {
    fn apply(&mut self, change: &Change) {
        match change {
            Change::Bytes(at, bytes) => {
                let (from, to) = (*at as usize, *at as usize + bytes.len());
                self.bytes.resize(self.bytes.len().max(to), 0);
                self.bytes[from..to].copy_from_slice(bytes);
            }
            Change::Len(len) => self.bytes.resize(*len as usize, 0),
            Change::Names(names) => {
                for (name, node) in names {
                    match node {
                        Some(node) => drop(self.names.insert(name.clone(), *node)),
                        None => drop(self.names.remove(name)),
                    }
                }
            }
        }
    }
}

/// A call that has begun.
struct Begun {
    call: Call,
    /// The node it is about, and for a sync the changes that it makes durable.
    node: Option<usize>,
    covers: Vec<usize>,
}

struct Handle {
    node: usize,
    at: u64,
    append: bool,
}

/// The disk below one folder, which is there and durable at the beginning.
pub struct Platter {
    root: PathBuf,
    nodes: Vec<Node>,
    /// What the program sees: every path below the root.
    live: BTreeMap<PathBuf, usize>,
    files: BTreeMap<u64, Handle>,
    begun: BTreeMap<usize, Begun>,
    /// The disk does not keep its word: a sync of what has this name has done nothing.
    pub deaf_to: Option<&'static str>,
}

impl Platter {
    pub fn new(root: &Path) -> Platter {
        Platter {
            root: root.to_owned(),
            nodes: vec![Node { name: name(root), is_folder: true, ..Node::default() }],
            live: BTreeMap::from([(root.to_owned(), 0)]),
            files: BTreeMap::new(),
            begun: BTreeMap::new(),
            deaf_to: None,
        }
    }

    /// The process has ended, however it did.
    pub fn ended(&mut self) {
        self.files.clear();
        self.begun.clear();
    }

    pub fn take(&mut self, event: &Event) {
        match event {
            Event::Begin(number, call) => self.begin(*number, call),
            Event::End(number, result) => {
                if let Some(begun) = self.begun.remove(number) {
                    self.end(*number, begun, *result);
                }
            }
        }
    }

    fn begin(&mut self, number: usize, call: &Call) {
        let mut begun = Begun { call: call.clone(), node: None, covers: vec![] };
        match call {
            Call::Write { file, bytes, at } => {
                let Some(handle) = self.files.get_mut(file) else { return };
                let node = &mut self.nodes[handle.node];
                let from = match at {
                    Some(at) => *at,
                    None if handle.append => node.len,
                    None => handle.at,
                };
                if at.is_none() {
                    handle.at = from + bytes.len() as u64;
                }
                node.len = node.len.max(from + bytes.len() as u64);
                begun.node = Some(handle.node);
                node.changes.push((number, false, Change::Bytes(from, bytes.clone())));
            }
            Call::Truncate { file, len } => {
                let Some(handle) = self.files.get(file) else { return };
                begun.node = Some(handle.node);
                self.nodes[handle.node].len = *len;
                self.nodes[handle.node].changes.push((number, false, Change::Len(*len)));
            }
            Call::Sync(file) => {
                let Some(handle) = self.files.get(file) else { return };
                let done = self.nodes[handle.node].changes.iter().filter(|(_, done, _)| *done);
                begun.covers = done.map(|(number, ..)| *number).collect();
                begun.node = Some(handle.node);
            }
            // Free for another thread from now on.
            Call::Close(file) => drop(self.files.remove(file)),
            Call::Other { file, name } => {
                assert!(!self.files.contains_key(file), "{name} is not modelled");
            }
            _ => {}
        }
        self.begun.insert(number, begun);
    }

    fn end(&mut self, number: usize, begun: Begun, result: i64) {
        if let (Some(node), true) = (begun.node, result < 0) {
            return self.nodes[node].changes.retain(|(other, ..)| *other != number);
        }
        if result < 0 {
            return;
        }
        match begun.call {
            Call::Open { path, create, truncate, append } => {
                if create && !self.live.contains_key(&path) && self.within(&path) {
                    self.add(number, &path, false);
                }
                let Some(&node) = self.live.get(&path) else { return };
                if truncate {
                    self.nodes[node].len = 0;
                    self.nodes[node].changes.push((number, true, Change::Len(0)));
                }
                self.files.insert(result as u64, Handle { node, at: 0, append });
            }
            Call::Sync(_) => {
                let node = &mut self.nodes[begun.node.expect("known as it began")];
                if self.deaf_to == Some(node.name.as_str()) {
                    return;
                }
                for (number, _, change) in &node.changes {
                    if begun.covers.contains(number) {
                        node.durable.apply(change);
                    }
                }
                node.changes.retain(|(number, ..)| !begun.covers.contains(number));
            }
            Call::Write { bytes, .. } => {
                assert_eq!(result, bytes.len() as i64, "part of a write is not modelled");
                self.done(begun.node, number);
            }
            Call::Truncate { .. } => self.done(begun.node, number),
            Call::Rename(from, to) => {
                let Some(node) = self.live.remove(&from) else { return };
                assert_eq!(from.parent(), to.parent(), "only within one folder");
                self.live.insert(to.clone(), node);
                self.name(number, &to, vec![(name(&from), None), (name(&to), Some(node))]);
            }
            Call::Link(from, to) => {
                let Some(&node) = self.live.get(&from) else { return };
                self.live.insert(to.clone(), node);
                self.name(number, &to, vec![(name(&to), Some(node))]);
            }
            Call::Unlink(path) if self.live.remove(&path).is_some() => {
                self.name(number, &path, vec![(name(&path), None)]);
            }
            Call::MakeFolder(path) if self.within(&path) => self.add(number, &path, true),
            _ => {}
        }
    }

    fn within(&self, path: &Path) -> bool {
        path.starts_with(&self.root)
    }

    fn add(&mut self, number: usize, path: &Path, is_folder: bool) {
        let node = self.nodes.len();
        self.nodes.push(Node { name: name(path), is_folder, ..Node::default() });
        self.live.insert(path.to_owned(), node);
        self.name(number, path, vec![(name(path), Some(node))]);
    }

    fn name(&mut self, number: usize, path: &Path, names: Vec<(String, Option<usize>)>) {
        let folder = self.live[path.parent().expect("below the root")];
        self.nodes[folder].changes.push((number, true, Change::Names(names)));
    }

    fn done(&mut self, node: Option<usize>, number: usize) {
        let changes = &mut self.nodes[node.expect("known as it began")].changes;
        changes.iter_mut().filter(|(other, ..)| *other == number).for_each(|one| one.1 = true);
    }

    /// Writes what the next start finds into the folder `into`, which is made.
    pub fn cut(&self, into: &Path, fate: Fate, random: &mut fastrand::Rng) {
        let found: Vec<Data> = self.nodes.iter().map(|node| after(node, fate, random)).collect();
        self.write(&found, 0, into);
    }

    fn write(&self, found: &[Data], node: usize, place: &Path) {
        if !self.nodes[node].is_folder {
            return std::fs::write(place, &found[node].bytes).unwrap();
        }
        std::fs::create_dir(place).unwrap();
        for (name, &child) in &found[node].names {
            self.write(found, child, &place.join(name));
        }
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

fn after(node: &Node, fate: Fate, random: &mut fastrand::Rng) -> Data {
    let mut data = node.durable.clone();
    for (_, _, change) in &node.changes {
        match (fate, change) {
            (Fate::Lost, _) => {}
            (Fate::Kept, _) => data.apply(change),
            (Fate::Torn(sector), Change::Bytes(at, bytes)) => {
                let mut from = 0;
                while from < bytes.len() {
                    let room = sector - (at + from as u64) % sector;
                    let to = bytes.len().min(from + room as usize);
                    if random.bool() {
                        data.apply(&Change::Bytes(at + from as u64, bytes[from..to].to_vec()));
                    }
                    from = to;
                }
            }
            _ if random.bool() => data.apply(change),
            _ => {}
        }
    }
    data
}
