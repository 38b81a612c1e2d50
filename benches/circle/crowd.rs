//! A circle of many, one message a second: what each costs all of them.

use std::time::{Duration, Instant};

use crate::Table;
use crate::mesh::Mesh;
use crate::meter::{cpu_seconds, quantile, wire_bytes};
use crate::page::Reader;

/// Messages that are measured, one a second.
const MESSAGES: u32 = 10;
/// Until a circle that has just met says nothing more than it must.
const CALM: Duration = Duration::from_secs(8);
/// How long nothing is said, to see what that costs.
const IDLE: Duration = Duration::from_secs(10);

pub async fn run(table: &mut Table) {
    for members in [8, 32, 64] {
        measure(members, table).await;
    }
}

async fn measure(members: usize, table: &mut Table) {
    let mesh = Mesh::of_nodes(members);
    let mut pages = mesh.pages().await.into_iter();
    let (mut writer, own) = pages.next().expect("a page").split();
    let (_kept, mut other) = pages.next().expect("a page").split();
    let others = pages.map(|page| page.split().1).chain([own]);
    let others: Vec<_> = others.map(|reader| tokio::spawn(keep_reading(reader))).collect();
    tokio::time::sleep(CALM).await;
    let ports = mesh.peer_ports();
    let cpu = || mesh.nodes.iter().map(|node| cpu_seconds(node.pid())).sum::<f64>();
    let (bytes, spent) = (wire_bytes(&ports), cpu());
    tokio::time::sleep(IDLE).await;
    let idle = IDLE.as_secs_f64();
    let (idle_wire, idle_cpu) = ((wire_bytes(&ports) - bytes) / idle, (cpu() - spent) / idle);
    let (bytes, spent) = (wire_bytes(&ports), cpu());
    let mut took = Vec::new();
    let reading = async {
        let mut came = 0;
        while came < MESSAGES {
            came += other.next(1).await.0.len() as u32;
            took.push(Instant::now());
        }
    };
    let mut sent = Vec::new();
    let sending = async {
        for number in 0..MESSAGES {
            sent.push(Instant::now());
            writer.send(1, number..number + 1).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    tokio::join!(sending, reading);
    let seconds = f64::from(MESSAGES);
    let wire = (wire_bytes(&ports) - bytes) / seconds - idle_wire;
    let each = ((cpu() - spent) / seconds - idle_cpu) / members as f64 * 1e3;
    let mut took: Vec<f64> =
        took.iter().zip(&sent).map(|(came, sent)| (*came - *sent).as_secs_f64() * 1e3).collect();
    table.add(format!("{members} members: on the wire for one message, kB"), wire / 1e3);
    table.add(format!("{members}: processor time at each node, ms"), each);
    table.add(format!("{members}: page to page, p50, ms"), quantile(&mut took, 0.5));
    table.add(format!("{members}: to a page, kB a second"), other.bytes as f64 / seconds / 1e3);
    table.add(format!("{members}: idle, on the wire, kB a second"), idle_wire / 1e3);
    table.add(format!("{members}: idle, cores of all nodes"), idle_cpu);
    others.into_iter().for_each(|task| task.abort());
}

async fn keep_reading(mut reader: Reader) {
    loop {
        reader.texts().await;
    }
}
