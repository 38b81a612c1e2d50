//! The page's budgets, measured: `tests/run budgets`. Nothing fails here but what cannot be
//! measured: how fast a machine is says nothing about whether the code is right.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::{House, house};
use crate::look::Look;
use crate::node::Node;
use crate::page::Page;

/// See there.
const BENCH: &str = include_str!("budgets.js");
/// Each measurement is made so often.
const RUNS: usize = 5;
/// The node's own history when its page is opened.
const HISTORY: usize = 2_000;
const BURST: usize = 10_000;
const MANY: usize = 100_000;
/// Pages of history scrolled up through once [`MANY`] are held.
const SCROLLED: usize = 100;
/// The size of scripts, each gzipped by itself.
const GZIPPED: &str = "Promise.all(PATHS.map(async (path) => {
    const packed = (await fetch(path)).body.pipeThrough(new CompressionStream('gzip'));
    return (await new Response(packed).arrayBuffer()).byteLength;
})).then((sizes) => sizes.reduce((a, b) => a + b, 0))";
const PROFILE: &str = if cfg!(debug_assertions) { "test" } else { "release" };

/// A measurement: what, its unit, budgets at full and slowed CPU, and the values there.
struct Line {
    what: &'static str,
    unit: &'static str,
    budgets: [f64; 2],
    values: [Vec<f64>; 2],
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures, and needs a quiet machine: tests/run budgets"]
async fn budgets() {
    house(async |house| {
        let (node, _) = house.node_with_history("Ana", HISTORY).await;
        let [full, slowed] = [measure(house, &node, 1).await, measure(house, &node, 4).await];
        println!("| what | budget | min / median | budget, CPU ÷ 4 | min / median |");
        println!("| --- | --- | --- | --- | --- |");
        for (full, slowed) in full.into_iter().zip(slowed) {
            let line = Line { values: [full.1, slowed.1], ..full.0 };
            println!("{line}");
        }
        for line in heap(house, &node).await {
            println!("{line}");
        }
        println!("| ({RUNS} runs; node built as {PROFILE}) |");
    })
    .await;
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "| {} |", self.what)?;
        for (budget, values) in self.budgets.iter().zip(&self.values) {
            if values.is_empty() {
                write!(f, " | |")?;
                continue;
            }
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            let (min, median) = (sorted[0], sorted[sorted.len() / 2]);
            let over = if median > *budget { ", over" } else { "" };
            if budget.is_finite() {
                write!(f, " ≤ {budget} {} |", self.unit)?;
            } else {
                write!(f, " – |")?;
            }
            write!(f, " {min:.1} / {median:.1}{over} |")?;
        }
        Ok(())
    }
}

/// What depends on the CPU, with the CPU slowed `rate` times.
async fn measure(house: &House, node: &Node, rate: u32) -> Vec<(Line, Vec<f64>)> {
    let line = |what, unit, budgets| Line { what, unit, budgets, values: [vec![], vec![]] };
    let mut measured = vec![
        (line("first rows shown, from navigation", "ms", [300.0, 900.0]), vec![]),
        (line("10,000 messages arriving, 5% out of order", "ms", [2_000.0, 3_000.0]), vec![]),
        (line("the longest task of that (0: none above 50)", "ms", [50.0, 160.0]), vec![]),
        (line("anchor drift on an insert above", "px", [1.0, 1.0]), vec![]),
        (line("own message painted", "ms", [50.0, f64::INFINITY]), vec![]),
    ];
    let page = prepare(house, node).await;
    page.devtools("Emulation.setCPUThrottlingRate", json!({ "rate": rate })).await;
    for run in 0..RUNS {
        let first = open(&page, node).await;
        let burst = page.run(&format!("bench.burst({BURST})")).await;
        open(&page, node).await;
        let drift = number(&page.run("bench.drift()").await);
        open(&page, node).await;
        let own = own(&page, &format!("own {rate} {run}")).await;
        let values = [first, number(&burst["ms"]), number(&burst["longest"]), drift, own];
        for ((_, all), value) in measured.iter_mut().zip(values) {
            all.push(value);
        }
    }
    measured
}

/// A browser whose pages can be measured.
async fn prepare(house: &House, node: &Node) -> Page {
    let page = house.open(node, Look::default()).await;
    page.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": BENCH })).await;
    page.devtools("Network.enable", json!({})).await;
    page.devtools("Network.setCacheDisabled", json!({ "cacheDisabled": true })).await;
    page
}

/// Opens the page anew; gives the milliseconds until its first rows were painted.
async fn open(page: &Page, node: &Node) -> f64 {
    page.go("about:blank").await;
    page.go(&node.page()).await;
    page.ready().await;
    let arrival = node.ask("/api/status").await["messages"].clone();
    page.run(&format!("void (bench.arrival = {arrival}, bench.lamport = 1e6)")).await;
    number(&page.run("bench.first").await)
}

/// Milliseconds from Enter until the message is painted.
async fn own(page: &Page, text: &str) -> f64 {
    page.run(&format!("bench.own({})", json!(text))).await;
    for kind in ["keyDown", "keyUp"] {
        let enter = json!({
            "type": kind, "key": "Enter", "code": "Enter", "text": "\r",
            "windowsVirtualKeyCode": 13,
        });
        page.devtools("Input.dispatchKeyEvent", enter).await;
    }
    number(&page.run("bench.sent").await)
}

/// Rows and heap with many messages held, scrolled up some way, and what the page is made of.
async fn heap(house: &House, node: &Node) -> Vec<Line> {
    let page = prepare(house, node).await;
    open(&page, node).await;
    page.run(&format!("bench.burst({MANY})")).await;
    let rows = number(&page.run(&format!("bench.up({SCROLLED})")).await);
    page.devtools("HeapProfiler.enable", json!({})).await;
    page.devtools("HeapProfiler.collectGarbage", json!({})).await;
    page.devtools("Performance.enable", json!({})).await;
    let metrics = page.devtools("Performance.getMetrics", json!({})).await;
    let metrics = metrics["metrics"].as_array().unwrap();
    let used = metrics.iter().find(|metric| metric["name"] == "JSHeapUsedSize").unwrap();
    let line = |what, unit, budget, value| Line {
        what,
        unit,
        budgets: [budget, budget],
        values: [vec![value], vec![]],
    };
    let mut lines = vec![
        line("rows in the document with 100,000 messages", "rows", 200.0, rows),
        line("heap with 100,000 messages", "MB", 40.0, number(&used["value"]) / 1e6),
    ];
    lines.push(shipped(&page).await);
    lines
}

/// The page's scripts as the node serves them, each compressed by itself as a server would.
async fn shipped(page: &Page) -> Line {
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("web");
    let paths: Vec<_> = scripts(&web).iter().map(|path| place_of(path, &web)).collect();
    let bytes = page.run(&GZIPPED.replace("PATHS", &json!(paths).to_string())).await;
    Line {
        what: "shipped JavaScript, gzipped",
        unit: "kB",
        budgets: [90.0, 90.0],
        values: [vec![number(&bytes) / 1e3], vec![]],
    }
}

fn scripts(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(scripts(&path));
        } else if path.extension().is_some_and(|extension| extension == "js" || extension == "mjs")
        {
            found.push(path);
        }
    }
    found
}

fn place_of(file: &Path, web: &Path) -> String {
    format!("/{}", file.strip_prefix(web).unwrap().display())
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}
