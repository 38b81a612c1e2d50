//! A message now and then: from page to page, and what it costs.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::Table;
use crate::mesh::Mesh;
use crate::meter::{cpu_seconds, memory_mib, quantile, written_bytes};

/// Messages a second, and how many are measured after how many others.
const RATE: u32 = 100;
const WARM: u32 = 100;
const MEASURED: u32 = 400;

pub async fn run(table: &mut Table) {
    let members = crate::number("MEMBERS", 3);
    let floor = measure(&Mesh::of_floor(members)).await;
    let nodes = Mesh::of_nodes(members);
    table.add("memory of an idle node, MiB", memory_mib(nodes.nodes[1].pid(), "VmRSS"));
    let node = measure(&nodes).await;
    table.add("floor: page to page, p50, ms", floor.p50);
    table.add("page to page, p50, ms", node.p50);
    table.add("the same, times the floor", node.p50 / floor.p50);
    table.add("floor: p99, ms", floor.p99);
    table.add("p99, ms", node.p99);
    table.add("the same, times the floor's", node.p99 / floor.p99);
    table.add("processor time of the sender for one message, ms", node.sender);
    table.add("of each receiver, ms", node.receiver);
    table.add("written to disk by the sender for one message, kB", node.sender_kb);
    table.add("by each receiver, kB", node.receiver_kb);
}

struct Calm {
    p50: f64,
    p99: f64,
    sender: f64,
    receiver: f64,
    sender_kb: f64,
    receiver_kb: f64,
}

async fn measure(mesh: &Mesh) -> Calm {
    let mut pages = mesh.pages().await.into_iter();
    let (mut writer, mut own) = pages.next().expect("a page");
    // Its own page reads too; what it reads is not measured.
    let own = tokio::spawn(async move {
        loop {
            own.next(0).await;
        }
    });
    let mut readers: Vec<_> = pages.collect();
    let pids: Vec<u32> = mesh.nodes.iter().map(|node| node.pid()).collect();
    let mut before = Vec::new();
    let mut latencies = Vec::new();
    for (run, count) in [(1, WARM), (2, MEASURED)] {
        before = pids.iter().map(|pid| (cpu_seconds(*pid), written_bytes(*pid))).collect();
        let start = tokio::time::Instant::now();
        let sending = async {
            let mut sent = Vec::new();
            for number in 0..count {
                tokio::time::sleep_until(start + Duration::from_secs(1) / RATE * number).await;
                sent.push(Instant::now());
                writer.send(run, number..number + 1).await;
            }
            sent
        };
        let reading = readers.iter_mut().map(|(_, reader)| async move {
            // Each as soon as it is shown.
            let mut came = BTreeMap::new();
            while came.len() < count as usize {
                let (numbers, at) = reader.next(run).await;
                numbers.into_iter().for_each(|number| _ = came.entry(number).or_insert(at));
            }
            came
        });
        let (sent, came) = tokio::join!(sending, futures_util::future::join_all(reading));
        let took = |(number, at): (u32, Instant)| (at - sent[number as usize]).as_secs_f64() * 1e3;
        latencies = came.into_iter().flatten().map(took).collect();
    }
    own.abort();
    let each = f64::from(MEASURED);
    let spent: Vec<(f64, f64)> = pids
        .iter()
        .zip(&before)
        .map(|(pid, (cpu, written))| {
            let cpu = (cpu_seconds(*pid) - cpu) * 1e3 / each;
            (cpu, (written_bytes(*pid) - written) / 1e3 / each)
        })
        .collect();
    let receivers = (spent.len() - 1) as f64;
    let sum = |of: fn(&(f64, f64)) -> f64| spent[1..].iter().map(of).sum::<f64>() / receivers;
    Calm {
        p50: quantile(&mut latencies, 0.5),
        p99: quantile(&mut latencies, 0.99),
        sender: spent[0].0,
        receiver: sum(|spent| spent.0),
        sender_kb: spent[0].1,
        receiver_kb: sum(|spent| spent.1),
    }
}
