//! Rules of the house that a text scan can check, each with its reason. What clippy can check is in
//! `clippy.toml` and `Cargo.toml`, what may come into the build in `deny.toml`.

mod imports;
mod source;

use std::collections::BTreeSet;

use imports::{Crate, Import, area, circles_of_files, circles_of_folders};
use source::{Source, files, function_name, has_word, is_code, own_text, rust};

/// Lines of a file without its tests. Above 300 ask why; this is where it stops.
const FILE_LINES_MAX: usize = 400;
/// Columns of a line.
const LINE_COLUMNS_MAX: usize = 100;

/// The areas of `src`, from the top down, and what each imports: only of those below it here.
const AREAS: &[(&str, &str)] = &[
    ("main", "cli"),
    ("cli", "node config invite store lan address files seal conversation protocol"),
    ("node", "shell config invite identity store keyring lan address protocol"),
    ("shell", "store handshake wire keyring seal conversation protocol"),
    ("config", "address files seal protocol"),
    ("invite", "address seal protocol"),
    ("identity", "files protocol"),
    ("store", "files conversation protocol"),
    ("handshake", "wire keyring seal protocol"),
    ("wire", "protocol"),
    ("keyring", "seal"),
    ("address", "protocol"),
    ("lan", ""),
    ("files", ""),
    ("seal", ""),
    ("conversation", "protocol"),
    ("protocol", ""),
];

/// State machines whose parts, a file each, see the whole: their `impl` is theirs together.
const MACHINES: &[&str] = &["protocol::circle", "protocol::mesh", "shell::owner"];

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
    ("thread::sleep", &["src/store"], "a blocked thread cannot be told to stop; wait on a channel"),
    ("verify_batch", &[], "not the same as verify_strict: hostile input could make nodes disagree"),
];

/// Marks of unfinished work, spelt so that this file does not hold them.
const MARKS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// Functions of tests that may sleep are named so: they poll for a state, with a deadline.
const POLLS: &[&str] = &["eventually", "poll"];

#[test]
fn every_area_imports_only_what_stands_below_it() {
    let files = rust("src");
    let all = Crate::of(&files);
    let mut broken = Vec::new();
    let mut met = BTreeSet::new();
    for Import { from, line, to } in all.imports() {
        let (above, below) = (area(&from), area(&to));
        met.insert((above.to_owned(), below.to_owned()));
        if above != below && !may_import(above, below) {
            broken.push(format!("{}:{line}: {above} imports {to}", all.name(&from)));
        }
    }
    let listed = |area: &str| AREAS.iter().position(|(name, _)| *name == area);
    let areas: BTreeSet<String> = files.iter().map(|file| area(&file.module()).into()).collect();
    let strange = areas.iter().filter(|name| !name.is_empty() && listed(name).is_none());
    broken.extend(strange.map(|name| format!("src/{name} stands in no line of AREAS")));
    for (at, (above, imports)) in AREAS.iter().enumerate() {
        for below in imports.split_whitespace() {
            if listed(below).is_none_or(|below| below <= at) {
                broken.push(format!("AREAS: {below} does not stand below {above}"));
            }
            if !met.contains(&(above.to_string(), below.to_string())) {
                broken.push(format!("AREAS: {above} does not import {below}; strike it out"));
            }
        }
    }
    none(&broken, "imports go down, as docs/architecture.md draws it; move what both need down");
}

fn may_import(above: &str, below: &str) -> bool {
    let listed = AREAS.iter().find(|(name, _)| *name == above);
    listed.is_some_and(|(_, imports)| imports.split(' ').any(|name| name == below))
}

#[test]
fn no_imports_go_round() {
    let files = rust("src");
    let all = Crate::of(&files);
    let imports = all.imports();
    assert!(imports.len() > 300, "{} imports are read", imports.len());
    let mut broken = Vec::new();
    for (what, circles) in
        [("files", circles_of_files(&imports, MACHINES)), ("folders", circles_of_folders(&imports))]
    {
        for circle in circles {
            broken.push(format!("{what}: {}", circle.join(", ")));
            let part = |module: &str| {
                let within =
                    |one: &&String| module == *one || module.starts_with(&format!("{one}::"));
                circle.iter().filter(within).max_by_key(|one| one.len())
            };
            for Import { from, line, to } in &imports {
                let (from_part, to_part) = (part(from), part(to));
                if from_part.is_some() && to_part.is_some() && from_part != to_part {
                    broken.push(format!("    {}:{line} imports {to}", all.name(from)));
                }
            }
        }
    }
    none(&broken, "what two files need of each other belongs into a third, below both");
}

#[test]
fn protocol_and_conversation_are_pure() {
    let mut broken = Vec::new();
    for file in rust("src").iter().filter(|file| PURE.contains(&area(&file.module()))) {
        for (line, text) in file.code() {
            for (word, why) in IMPURE.iter().filter(|(word, _)| has_word(text, word)) {
                broken.push(format!("{}:{line}: {word}: {why}", file.name));
            }
        }
    }
    none(&broken, "they take time and randomness as input and return what to do");
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
    for file in
        rust("src").into_iter().chain(rust("tests")).filter(|f| !f.name.starts_with("tests/tidy/"))
    {
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

fn none(broken: &[String], why: &str) {
    assert!(broken.is_empty(), "{why}:\n  {}", broken.join("\n  "));
}
