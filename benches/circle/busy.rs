//! As many messages as a circle takes: committed at all nodes and on all pages.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::Table;
use crate::mesh::Mesh;
use crate::meter::cpu_seconds;
use crate::page::{Reader, Writer};

/// Seconds of writing.
const SECONDS: u64 = 4;
/// Messages of a writer that are not yet on all other pages.
const WINDOW: u32 = 1_024;
/// Messages that a page sends at once.
const AT_ONCE: u32 = 64;

pub async fn run(table: &mut Table) {
    let floor = rate(&Mesh::of_floor(3), 1).await;
    let one = rate(&Mesh::of_nodes(3), 1).await;
    let three = rate(&Mesh::of_nodes(3), 3).await;
    let ten = rate(&Mesh::of_nodes(10), 1).await;
    table.add("floor: one of three writes, messages a second", floor.0);
    table.add("one of three writes, messages a second", one.0);
    table.add("the same, of the floor", one.0 / floor.0);
    table.add("all three write, of one writer", three.0 / one.0);
    table.add("one of ten writes, messages a second", ten.0);
    table.add("processor time of all three for 100,000 messages, s", one.1);
}

/// Messages a second that came to all pages, and seconds of processor time for 100,000.
async fn rate(mesh: &Mesh, writers: usize) -> (f64, f64) {
    let pages = mesh.pages().await;
    let count = pages.len();
    // Of each writer, how much each page has seen.
    let seen: Arc<Vec<Vec<AtomicU32>>> =
        Arc::new((0..writers).map(|_| (0..count).map(|_| AtomicU32::new(0)).collect()).collect());
    let (mut sinks, mut readers) = (Vec::new(), Vec::new());
    for (number, (writer, mut reader)) in pages.into_iter().enumerate() {
        reader.early = false;
        sinks.push(writer);
        readers.push(tokio::spawn(read(reader, number, seen.clone())));
    }
    let cpu = || mesh.nodes.iter().map(|node| cpu_seconds(node.pid())).sum::<f64>();
    let (before, start) = (cpu(), Instant::now());
    let writing = sinks.into_iter().take(writers).enumerate();
    let writing: Vec<_> = writing
        .map(|(number, sink)| tokio::spawn(write(sink, number, seen.clone(), start)))
        .collect();
    let mut all = 0;
    for task in writing {
        all += task.await.expect("no panic");
    }
    let took = start.elapsed().as_secs_f64();
    readers.into_iter().for_each(|task| task.abort());
    (f64::from(all) / took, (cpu() - before) * 1e5 / f64::from(all))
}

async fn read(mut reader: Reader, page: usize, seen: Arc<Vec<Vec<AtomicU32>>>) {
    let nobody = AtomicUsize::new(0);
    loop {
        for (writer, number) in reader.texts(&nobody).await.0 {
            // In the order of its writer.
            seen[writer as usize][page].fetch_max(number + 1, Ordering::Relaxed);
        }
    }
}

/// How many it has written; all of them have come to the others by then.
async fn write(
    mut sink: Writer,
    writer: usize,
    seen: Arc<Vec<Vec<AtomicU32>>>,
    start: Instant,
) -> u32 {
    let on_all = || {
        let others = seen[writer].iter().enumerate().filter(|(page, _)| *page != writer);
        others.map(|(_, count)| count.load(Ordering::Relaxed)).min().expect("others")
    };
    let mut written = 0;
    while start.elapsed() < Duration::from_secs(SECONDS) {
        if written - on_all() + AT_ONCE > WINDOW {
            tokio::time::sleep(Duration::from_micros(200)).await;
            continue;
        }
        sink.send(writer as u32, written..written + AT_ONCE).await;
        written += AT_ONCE;
    }
    while on_all() < written {
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
    written
}
