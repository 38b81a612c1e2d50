//! The corpus of the fuzz targets: made from real encodings, and replayed through what the targets
//! check. Fuzzing itself is `tests/run fuzz`.

#[path = "../author/mod.rs"]
mod author;
#[allow(dead_code)]
#[path = "../http/fake.rs"]
mod fake;
#[path = "../fixed/mod.rs"]
mod fixed;
#[allow(dead_code)]
#[path = "../http/owner.rs"]
mod owner;
mod properties;
mod seeds;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Bytes of one file of the corpus.
const FILE_BYTES_MAX: usize = 4 * 1024;
/// Files of one target.
const FILES_MAX: usize = 48;

type Target = (&'static str, fn(&[u8]));

const TARGETS: [Target; 6] = [
    ("frame", properties::frame),
    ("packet", properties::packet),
    ("entry_and_run", properties::entry_and_run),
    ("invite", properties::invite),
    ("http_body", properties::http_body),
    ("ws_message", properties::ws_message),
];

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target)
}

/// The target's files by name.
fn corpus(target: &str) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder(target)).expect("the target has a corpus");
    let files = files.map(|file| file.unwrap().path());
    files.map(|path| (name(&path), fs::read(&path).unwrap())).collect()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

#[test]
fn every_file_of_the_corpus_keeps_what_its_target_promises() {
    for (target, property) in TARGETS {
        for (file, bytes) in corpus(target) {
            println!("{target}/{file}");
            property(&bytes);
        }
    }
}

/// `WRITE_CORPUS=1` writes it anew. Files of other names are what fuzzing found; they stay.
#[test]
fn the_corpus_is_what_the_code_writes() {
    for (target, _) in TARGETS {
        let made = seeds::of(target);
        if std::env::var_os("WRITE_CORPUS").is_some() {
            fs::create_dir_all(folder(target)).unwrap();
            for (name, bytes) in &made {
                fs::write(folder(target).join(name), bytes).unwrap();
            }
        }
        let held = corpus(target);
        assert!(made.len() >= 8 && held.len() <= FILES_MAX, "{target}: {} files", held.len());
        for (name, bytes) in made {
            assert!(bytes.len() <= FILE_BYTES_MAX, "{target}/{name}: {} bytes", bytes.len());
            let same = held.get(&name) == Some(&bytes);
            assert!(same, "{target}/{name} is not what the code writes: WRITE_CORPUS=1 mends it");
        }
    }
}

#[test]
fn every_target_has_its_program() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/targets");
    let mut programs: Vec<String> =
        fs::read_dir(top).unwrap().map(|file| name(&file.unwrap().path())).collect();
    let mut named: Vec<String> = TARGETS.iter().map(|(name, _)| format!("{name}.rs")).collect();
    programs.sort();
    named.sort();
    assert_eq!(programs, named);
}
