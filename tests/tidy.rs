//! Rules of the house that a text scan can check, each with its reason. What clippy can check is in
//! `clippy.toml` and `Cargo.toml`, what may come into the build in `deny.toml`.

use std::fs;
use std::iter;
use std::path::{Path, PathBuf};

/// Lines of a file without its tests. Above 300 ask why; this is where it stops.
const FILE_LINES_MAX: usize = 400;
/// Columns of a line.
const LINE_COLUMNS_MAX: usize = 100;

/// What a module may import of this crate, `main → lib → shell → {wire, seal, store, protocol}`.
/// Modules that are not named here stand above and may import anything.
const IMPORTS: &[(&str, &[&str])] = &[
    ("protocol", &["protocol"]),
    ("conversation", &["conversation", "protocol"]),
    ("wire", &["wire", "seal", "identity", "protocol"]),
    ("seal", &["wire", "seal", "identity", "protocol"]),
    ("identity", &["wire", "seal", "identity", "protocol"]),
    ("handshake", &["handshake", "wire", "seal", "protocol"]),
    // Rows are what the store hands to pages; the rest of the shell is above it.
    ("store", &["store", "shell::handle", "protocol"]),
];

/// Upward imports that stay forbidden where a module may otherwise import anything.
const NEVER: &[(&str, &str)] = &[("shell", "cli")];

/// Areas without clock, randomness, sockets or disk.
const PURE: &[&str] = &["protocol", "conversation"];

/// Words that these do not say, and why.
const IMPURE: &[(&str, &str)] = &[
    ("tokio", "the core is a pure state machine: the shell drives it"),
    ("rusqlite", "the core returns writes; the store commits them"),
    ("axum", "the core knows no page"),
    ("Instant", "time is an argument, or a schedule of faults cannot be replayed"),
    ("SystemTime", "time is an argument, or a schedule of faults cannot be replayed"),
    ("HashMap", "its order is random: use BTreeMap, or two nodes act differently"),
    ("HashSet", "its order is random: use BTreeSet, or two nodes act differently"),
    ("getrandom", "randomness is an argument, or a schedule of faults cannot be replayed"),
    ("fastrand", "randomness is an argument, or a schedule of faults cannot be replayed"),
];

/// Texts that `src` does not hold outside its tests, where they are allowed all the same, and why.
const BANNED: &[(&str, &[&str], &str)] = &[
    ("println!(", &["src/main.rs", "src/cli"], "only commands speak to the terminal; use tracing"),
    (
        "thread::sleep",
        &["src/shell/store"],
        "a blocked thread cannot be told to stop; wait on a channel",
    ),
    ("verify_batch", &[], "not the same as verify_strict: hostile input could make nodes disagree"),
];

/// Marks of unfinished work, spelt so that this file does not hold them.
const MARKS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// Functions of tests that may sleep are named so: they poll for a state, with a deadline.
const POLLS: &[&str] = &["eventually", "poll"];

#[test]
fn imports_point_downwards() {
    let mut broken = Vec::new();
    for file in rust("src") {
        let module = file.module();
        let area = module.first().cloned().unwrap_or_default();
        for (line, import) in file.imports() {
            let within =
                |allowed: &str| import == allowed || import.starts_with(&[allowed, "::"].concat());
            let rule = IMPORTS.iter().find(|(name, _)| *name == area);
            let forbidden = rule.is_some_and(|(_, allowed)| !allowed.iter().any(|a| within(a)))
                || NEVER.iter().any(|(name, never)| *name == area && within(never));
            if forbidden {
                broken.push(format!("{}:{line}: {area} imports crate::{import}", file.name));
            }
        }
    }
    let why =
        "imports go main → lib → shell → {wire, seal, store, protocol}; move what both need down";
    none(&broken, why);
}

#[test]
fn protocol_and_conversation_are_pure() {
    let mut broken = Vec::new();
    for file in rust("src")
        .iter()
        .filter(|file| file.module().first().is_some_and(|m| PURE.contains(&&**m)))
    {
        for (line, text) in file.code() {
            for (word, why) in IMPURE.iter().filter(|(word, _)| has_word(text, word)) {
                broken.push(format!("{}:{line}: {word}: {why}", file.name));
            }
        }
    }
    none(&broken, "they take time and randomness as input and returns what to do");
}

#[test]
fn nothing_banned_is_used() {
    let mut broken = Vec::new();
    for file in rust("src") {
        for (line, text) in file.code() {
            for (ban, allowed, why) in BANNED {
                if text.contains(ban) && !allowed.iter().any(|path| file.name.starts_with(path)) {
                    broken.push(format!("{}:{line}: {ban} {why}", file.name));
                }
            }
        }
    }
    none(&broken, "bans of this house");
}

#[test]
fn tests_wait_for_states_and_not_for_time() {
    let mut broken = Vec::new();
    for file in rust("src").into_iter().chain(rust("tests")).filter(|f| f.name != "tests/tidy.rs") {
        let from = if file.name.starts_with("src/") { file.tests_from() } else { 0 };
        let mut function = "";
        for (line, text) in file.text.lines().enumerate().skip(from) {
            function = function_name(text).unwrap_or(function);
            let polls = POLLS.iter().any(|poll| function.starts_with(poll));
            if is_code(text) && text.contains("sleep(") && !polls {
                broken.push(format!("{}:{}: sleeps in `{function}`", file.name, line + 1));
            }
        }
    }
    none(
        &broken,
        "a sleep is too long on one machine and too short on another: poll for the state \
        with a deadline, in a function named eventually… or poll…",
    );
}

#[test]
fn files_hold_one_thing() {
    let count = |file: &Source| match file.name.ends_with(".rs") {
        true => file.tests_from(),
        false => file.text.lines().count(),
    };
    let broken: Vec<_> = rust("src")
        .into_iter()
        .chain(files("web/js", &["js"]))
        .map(|file| (count(&file), file.name))
        .filter(|(lines, _)| *lines > FILE_LINES_MAX)
        .map(|(lines, name)| format!("{name}: {lines} lines without its tests"))
        .collect();
    none(&broken, "a file above 400 lines holds more than one thing: split it by meaning");
}

#[test]
fn lines_fit_beside_each_other() {
    let mut broken = Vec::new();
    for file in own_text() {
        for (line, text) in file.text.lines().enumerate() {
            let columns = text.chars().count();
            if columns > LINE_COLUMNS_MAX {
                broken.push(format!("{}:{}: {columns} columns", file.name, line + 1));
            }
        }
    }
    none(&broken, "lines end by column 100, so that two files fit beside each other");
}

#[test]
fn no_work_is_left_as_a_mark() {
    let mut broken = Vec::new();
    for file in own_text() {
        for (line, text) in file.text.lines().enumerate() {
            for mark in MARKS.iter().filter(|mark| has_word(text, mark)) {
                broken.push(format!("{}:{}: {mark}", file.name, line + 1));
            }
        }
    }
    none(&broken, "do it, or write it down where work is planned");
}

/// What people and machines are told to run. A fixed promise of the README is left as it is.
#[test]
fn cargo_builds_what_is_locked() {
    const COMMANDS: [&str; 8] =
        ["build", "test", "run", "install", "clippy", "bench", "check", "fetch"];
    const FIXED: &str = "cargo run --release -- demo";
    let mut told = files("docs", &["md"]);
    let names = ["README.md", "Dockerfile", "tests/run", "tests/compose", ".ci/run", "deny.toml"];
    told.extend(names.iter().flat_map(|name| files(name, &["", "md", "toml"])));
    assert!(told.len() > names.len(), "the files are there");
    let (mut broken, mut calls) = (Vec::new(), 0);
    for file in told {
        // A command may go on below, after a backslash.
        let text = file.text.replace("\\\n", " ");
        for line in text.lines() {
            for (at, _) in line.match_indices("cargo ") {
                let command = &line[at..];
                let ends = command.find(['`', '#', ';', '|']).unwrap_or(command.len());
                let command = command[..ends].trim();
                let verb = command.split_whitespace().nth(1).unwrap_or_default();
                if COMMANDS.contains(&verb) && command != FIXED {
                    calls += 1;
                    if !has_word(command, "--locked") {
                        broken.push(format!("{}: {command}", file.name));
                    }
                }
            }
        }
    }
    assert!(calls > 10, "{calls} calls are found");
    none(&broken, "without --locked a build may take other versions than were tested");
}

/// A file of the checkout, its name from the top with `/`.
struct Source {
    name: String,
    text: String,
}

impl Source {
    /// Where in the crate it stands: `src/shell/link.rs` is `shell`, `link`.
    fn module(&self) -> Vec<String> {
        let path = self.name.trim_start_matches("src/").trim_end_matches(".rs");
        let last_means_folder = |part: &&str| !["mod", "lib", "main"].contains(part);
        path.split('/').filter(last_means_folder).map(str::to_owned).collect()
    }

    /// Lines before its tests; none where the whole file is tests.
    fn tests_from(&self) -> usize {
        let name = self.name.trim_end_matches(".rs");
        if name.ends_with("/tests") || name.ends_with("_tests") || name.contains("/tests/") {
            return 0;
        }
        let mut lines = self.text.lines();
        lines.position(|line| line == "#[cfg(test)]").unwrap_or(self.text.lines().count())
    }

    /// Numbered lines of code, without comments and tests.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().take(self.tests_from()).enumerate();
        lines.filter(|(_, text)| is_code(text)).map(|(line, text)| (line + 1, text))
    }

    /// What its code names of this crate, from the crate's top, with line numbers.
    fn imports(&self) -> Vec<(usize, String)> {
        let code: Vec<(usize, &str)> = self.code().collect();
        let mut imports = Vec::new();
        for (at, (line, text)) in code.iter().enumerate() {
            let rest = code[at + 1..].iter().map(|(_, text)| *text);
            for (start, _) in text.match_indices("crate::") {
                // A group of a long `use` goes on below.
                let path: String = iter::once(&text[start + 7..]).chain(rest.clone()).collect();
                imports.extend(paths(&path).into_iter().map(|import| (*line, import)));
            }
            if let Some(import) = self.above(text) {
                imports.push((*line, import));
            }
        }
        imports
    }

    /// What a path that starts with `super::` names; none where it leaves the crate.
    fn above(&self, text: &str) -> Option<String> {
        let start = text.find("super::")?;
        let rest = text[start..].trim_start_matches("super::");
        let ups = (text[start..].len() - rest.len()) / "super::".len();
        let module = self.module();
        let kept = &module[..module.len().checked_sub(ups)?];
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let full: Vec<&str> = kept.iter().map(String::as_str).chain([name.as_str()]).collect();
        Some(full.join("::"))
    }
}

/// The first two parts of each path in `a::b::c` or `{a::b, c::{d, e}}`, the text after `crate::`.
fn paths(text: &str) -> Vec<String> {
    let plain = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let two = |path: &str| path.split("::").take(2).collect::<Vec<_>>().join("::");
    let Some(group) = text.strip_prefix('{') else {
        let path: String = text.chars().take_while(|c| plain(*c)).collect();
        return vec![two(path.trim_end_matches(':'))];
    };
    let (mut depth, mut found, mut path) = (1, Vec::new(), String::new());
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => found.push(std::mem::take(&mut path)),
            c if depth == 1 && plain(c) => path.push(c),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    found.push(path);
    found.retain(|path| !path.is_empty());
    found.iter().map(|path| two(path.trim_end_matches(':'))).collect()
}

fn is_code(line: &str) -> bool {
    !line.trim_start().starts_with("//")
}

fn function_name(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let declares = before.split_whitespace().all(|word| {
        word.starts_with("pub") || ["async", "const", "move"].contains(&word) || word.ends_with(')')
    });
    let end = after.find(|c: char| !c.is_alphanumeric() && c != '_')?;
    (declares && is_code(line)).then(|| &after[..end])
}

fn has_word(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(part) && !text[at + word.len()..].starts_with(part))
}

fn rust(folder: &str) -> Vec<Source> {
    files(folder, &["rs"])
}

/// Everything written by hand that is code.
fn own_text() -> Vec<Source> {
    let mut all = rust("src");
    all.extend(files("tests", &["rs", "js", "mjs", "sh", ""]));
    all.extend(rust("benches"));
    all.extend(files("web", &["js", "css", "html"]));
    all.retain(|file| !file.name.contains("/vendor/") && !file.name.contains("node_modules/"));
    all
}

/// The files below a folder with one of these extensions, sorted; none where there is no folder.
fn files(folder: &str, extensions: &[&str]) -> Vec<Source> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut waiting: Vec<PathBuf> = vec![top.join(folder)];
    let mut found = Vec::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let extension = path.extension().map_or("", |extension| extension.to_str().unwrap());
        if extensions.contains(&extension) && path.is_file() {
            let name = path.strip_prefix(top).unwrap().to_str().unwrap().replace('\\', "/");
            found.push(Source { name, text: fs::read_to_string(&path).unwrap() });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn none(broken: &[String], why: &str) {
    assert!(broken.is_empty(), "{why}:\n  {}", broken.join("\n  "));
}
