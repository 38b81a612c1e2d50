//! What a process asked of the disk, in the order in which it asked: the output of `strace`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The calls that change files or make them durable, and those by which bytes leave a node.
const CALLS: &str = "openat,creat,close,write,pwrite64,writev,pwritev,pwritev2,sendto,sendmsg,\
     fsync,fdatasync,sync_file_range,ftruncate,truncate,fallocate,copy_file_range,lseek,rename,\
     renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat";

/// What goes before a command line so that its calls are written to `output`. The tracer is a
/// grandchild: the child is the program itself, to be killed or asked to stop.
pub fn wrapper(output: &Path) -> Vec<String> {
    let calls = format!("trace={CALLS}");
    let output = output.to_str().unwrap();
    let all = "-DDD -f --seccomp-bpf -xx -s 1000000";
    let words = std::iter::once("strace").chain(all.split(' '));
    words.chain(["-e", &calls, "-o", output]).map(str::to_owned).collect()
}

/// The trace of the process `pid`; none until it ends with that process's end.
pub fn whole(output: &Path, pid: u32) -> Option<String> {
    let text = std::fs::read_to_string(output).ok()?;
    let (number, word) = text.strip_suffix(" +++\n")?.rsplit('\n').next()?.split_once(' ')?;
    let ended = number == pid.to_string() && word.trim_start().starts_with("+++ ");
    ended.then_some(text)
}

/// One call, without its result.
#[derive(Debug, Clone)]
pub enum Call {
    Open {
        path: PathBuf,
        create: bool,
        truncate: bool,
        append: bool,
    },
    Close(u64),
    /// At the offset, or where the file stands.
    Write {
        file: u64,
        bytes: Vec<u8>,
        at: Option<u64>,
    },
    Truncate {
        file: u64,
        len: u64,
    },
    Sync(u64),
    Rename(PathBuf, PathBuf),
    Link(PathBuf, PathBuf),
    Unlink(PathBuf),
    MakeFolder(PathBuf),
    /// One that is not modelled; with the file that it is about.
    Other {
        file: u64,
        name: String,
    },
}

/// A call begins, or returns with a result (negative where it failed). Between the two it may have
/// done anything from nothing to all of its work.
#[derive(Debug, Clone)]
pub enum Event {
    Begin(usize, Call),
    End(usize, i64),
}

/// Reads a trace; calls are numbered from `first` on.
///
/// # Panics
/// On what it does not understand: a line left out would be a write that is not known.
pub fn read(text: &str, first: usize) -> Vec<Event> {
    let (mut events, mut open, mut number) = (Vec::new(), BTreeMap::new(), first);
    for line in text.lines() {
        let (thread, rest) = line.split_once(' ').expect("a thread's number");
        let rest = rest.trim_start();
        if rest.starts_with("+++") || rest.starts_with("---") {
            continue;
        }
        if rest.starts_with("<... ") {
            // A call that was under way when its thread began to be followed has no beginning.
            if let Some(call) = open.remove(thread) {
                events.push(Event::End(call, result(rest)));
            }
            continue;
        }
        let (name, args) =
            rest.split_once('(').unwrap_or_else(|| panic!("not a call: {rest:.200}"));
        events.push(Event::Begin(number, call(name, args)));
        match rest.ends_with("<unfinished ...>") {
            true => drop(open.insert(thread, number)),
            false => events.push(Event::End(number, result(rest))),
        }
        number += 1;
    }
    events
}

/// A call that never came back, as the process was killed in it, is one that failed.
fn result(line: &str) -> i64 {
    let after = line.rsplit_once(") ").map_or("", |(_, after)| after.trim_start());
    let word = after.trim_start_matches("= ").split(' ').next().unwrap_or_default();
    word.parse().unwrap_or(-1)
}

fn call(name: &str, args: &str) -> Call {
    let mut strings = strings(args);
    let paths: Vec<PathBuf> = match name {
        "write" | "pwrite64" | "writev" | "pwritev" | "pwritev2" | "sendto" | "sendmsg" => vec![],
        _ => strings.iter().map(|bytes| text(bytes).into()).collect(),
    };
    let file = leading_number(args);
    let path = |index: usize| paths.get(index).cloned().unwrap_or_default();
    let after = args.rsplit('"').next().unwrap_or_default();
    let last = after.split(')').next().unwrap_or_default().rsplit(", ").next().unwrap_or_default();
    match name {
        "openat" => {
            let has = |flag: &str| after.contains(flag);
            let (create, truncate) = (has("O_CREAT"), has("O_TRUNC"));
            Call::Open { path: path(0), create, truncate, append: has("O_APPEND") }
        }
        "close" => Call::Close(file),
        "write" => Call::Write { file, bytes: strings.remove(0), at: None },
        "pwrite64" => Call::Write { file, bytes: strings.remove(0), at: leading(last) },
        "writev" | "sendto" | "sendmsg" => Call::Write { file, bytes: strings.concat(), at: None },
        "fsync" | "fdatasync" => Call::Sync(file),
        "ftruncate" => Call::Truncate { file, len: leading(last).expect("a length") },
        "rename" | "renameat" | "renameat2" => Call::Rename(path(0), path(1)),
        "link" | "linkat" => Call::Link(path(0), path(1)),
        "unlink" | "unlinkat" => Call::Unlink(path(0)),
        "mkdir" | "mkdirat" => Call::MakeFolder(path(0)),
        other => Call::Other { file, name: other.to_owned() },
    }
}

fn leading(text: &str) -> Option<u64> {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// The first argument where it is a file's number, else one that no file has.
fn leading_number(args: &str) -> u64 {
    leading(args).unwrap_or(u64::MAX)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("paths of this test are text")
}

/// The arguments in quotes: every byte is written as `\x` and two digits.
fn strings(args: &str) -> Vec<Vec<u8>> {
    let quoted = args.split('"').skip(1).step_by(2);
    quoted
        .map(|text| {
            let digits: String = text.split("\\x").collect();
            hex::decode(digits).unwrap_or_else(|why| panic!("{why}: {text:.200}"))
        })
        .collect()
}
