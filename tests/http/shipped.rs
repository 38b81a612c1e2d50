//! The page's scripts as a node serves them from its binary.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::fake::Node;

/// Gzipped JavaScript of the page at most (bytes), each script by itself: it opens within a second
/// on a slow phone.
const SHIPPED_MAX: usize = 90_000;

/// Every script below `web/`: its path on the node, and its source.
fn scripts() -> Vec<(String, String)> {
    fn below(folder: &Path, path: &str, found: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{path}/{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                below(&entry.path(), &path, found);
            } else if path.ends_with(".js") || path.ends_with(".mjs") {
                found.push((path, fs::read_to_string(entry.path()).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("web"), "", &mut found);
    assert!(found.len() > 20, "{} scripts", found.len());
    found
}

fn gzipped(text: &str) -> usize {
    let mut gzip = Command::new("gzip");
    let gzip = gzip.arg("-c").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut gzip = gzip.spawn().expect("gzip starts");
    let mut stdin = gzip.stdin.take().unwrap();
    // What it has written by then fits a pipe: scripts are small.
    stdin.write_all(text.as_bytes()).unwrap();
    drop(stdin);
    gzip.wait_with_output().unwrap().stdout.len()
}

#[tokio::test]
async fn the_javascript_that_the_page_ships_is_small() {
    let node = Node::start().await;
    let mut sum = 0;
    for (path, _) in scripts() {
        sum += gzipped(&node.ask("GET", &path, None).await.body);
    }
    println!("{sum} bytes of JavaScript, gzipped");
    assert!(sum <= SHIPPED_MAX, "{sum} bytes");
}

#[tokio::test]
async fn own_scripts_come_without_their_comments_and_vendored_ones_as_they_are() {
    let node = Node::start().await;
    for (path, source) in scripts() {
        let answer = node.ask("GET", &path, None).await;
        assert_eq!(answer.status, 200, "{path}");
        if path.starts_with("/vendor/") {
            assert!(answer.body == source, "{path} is another");
            continue;
        }
        assert_eq!(answer.body.lines().count(), source.lines().count(), "{path}");
        for (at, (served, line)) in answer.body.lines().zip(source.lines()).enumerate() {
            let words = line.trim();
            // A type before a value is a comment that fills no line.
            let cast = words.split_once("*/").is_some_and(|(_, after)| !after.is_empty());
            let comment = !cast && ["//", "/*", "*"].iter().any(|mark| words.starts_with(mark));
            assert_eq!(served, if comment { "" } else { line }, "{path}:{}", at + 1);
        }
        let etag = answer.head.split("etag: ").nth(1).unwrap().lines().next().unwrap();
        let known = format!("If-None-Match: {etag}\r\n");
        assert_eq!(node.ask_with("GET", &path, &known, None).await.status, 304, "{path}");
    }
}

/// Every script that the page's document asks for at once, as paths.
async fn preloaded(node: &Node) -> Vec<String> {
    let document = node.ask("GET", "/", None).await.body;
    let named = document.split("rel=\"modulepreload\" href=\"").skip(1);
    named.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_page_asks_for_all_its_modules_at_once_and_not_for_one_after_the_other() {
    // What the document runs by itself, and the worker, which no page imports.
    const RUN: [&str; 3] = ["/js/look.js", "/js/main.js", "/sw.js"];
    let mut wanted: Vec<String> = scripts().into_iter().map(|(path, _)| path).collect();
    wanted.retain(|path| !RUN.contains(&&**path));
    wanted.sort();
    let mut asked = preloaded(&Node::start().await).await;
    asked.sort();
    assert_eq!(asked, wanted);
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("web");
    let mut edited = preloaded(&Node::with(|door| door.web_dir = Some(web)).await).await;
    edited.sort();
    assert_eq!(edited, wanted, "from a folder too");
}
