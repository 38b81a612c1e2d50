//! What a circle of real nodes costs: the program in processes of its own, spoken to as a page
//! speaks, beside nodes that do nothing but pass frames on (the floor), in one run.
//!
//! `cargo bench --locked --bench circle` prints every table, with `-- calm busy` only those;
//! `RUNS=`, `MEMBERS=`, `MESSAGES=`. Linux only: processor time, memory and bytes come from
//! `/proc` and `ss`.

mod busy;
mod calm;
mod crowd;
mod floor;
mod history;
mod mesh;
mod meter;
mod page;

use meter::{Spread, fdatasync_us};
use tokio::runtime::Runtime;

/// Runs of each measurement; its median is told, with the least and the greatest.
const RUNS: usize = 5;

/// A whole number from the environment.
fn number(variable: &str, otherwise: usize) -> usize {
    std::env::var(variable).map_or(otherwise, |text| text.parse().expect("a number"))
}

/// Rows of a table: what, and the figures of all runs.
#[derive(Default)]
struct Table(Vec<(String, Vec<f64>)>);

impl Table {
    fn add(&mut self, what: impl Into<String>, figure: f64) {
        let what = what.into();
        match self.0.iter_mut().find(|(row, _)| *row == what) {
            Some((_, figures)) => figures.push(figure),
            None => self.0.push((what, vec![figure])),
        }
    }

    fn print(&self, title: &str) {
        println!("\n| {title} | median | least to greatest |\n| --- | --- | --- |");
        for (what, figures) in &self.0 {
            let Spread { least, median, greatest } = Spread::of(figures);
            println!("| {what} | {median:.2} | {least:.2} to {greatest:.2} |");
        }
    }
}

type Scene = fn(&Runtime, &mut Table);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = Runtime::new().expect("a runtime");
    if let [word, rest @ ..] = arguments.as_slice()
        && word == floor::WORD
    {
        return runtime.block_on(floor::run(rest));
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{cores} cores; a file of 400 bytes more is safe after {:.0} µs", fdatasync_us());
    let scenes: &[(&str, Scene)] = &[
        ("calm", |runtime, table| runtime.block_on(calm::run(table))),
        ("busy", |runtime, table| runtime.block_on(busy::run(table))),
        ("crowd", |runtime, table| runtime.block_on(crowd::run(table))),
        ("history", |runtime, table| runtime.block_on(history::run(table))),
    ];
    let chosen = |name: &str| {
        let mut words = arguments.iter().filter(|word| !word.starts_with("--")).peekable();
        words.peek().is_none() || words.any(|word| word == name)
    };
    for (name, scene) in scenes.iter().filter(|(name, _)| chosen(name)) {
        let mut table = Table::default();
        for _ in 0..number("RUNS", RUNS) {
            scene(&runtime, &mut table);
        }
        table.print(name);
    }
}
