//! A circle of many, one message a second: what each costs all of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::Table;
use crate::mesh::Mesh;
use crate::meter::{cpu_seconds, quantile, wire_bytes};
use crate::page::Reader;

/// Members, unless `MEMBERS` says so.
const MEMBERS: [usize; 3] = [8, 32, 64];
/// Messages that are measured, one a second.
const MESSAGES: u32 = 10;
/// Until a circle that has just met says nothing more than it must.
const CALM: Duration = Duration::from_secs(8);
/// How long nothing is said, to see what that costs.
const IDLE: Duration = Duration::from_secs(10);

pub async fn run(table: &mut Table) {
    match crate::number("MEMBERS", 0) {
        0 => {
            for members in MEMBERS {
                measure(members, table).await;
            }
        }
        members => measure(members, table).await,
    }
}

/// Everything that can be read off at a moment.
struct Moment {
    wire: f64,
    cpu: f64,
    page: f64,
}

async fn measure(members: usize, table: &mut Table) {
    let mesh = Mesh::of_nodes(members);
    let mut pages = mesh.pages().await.into_iter();
    let (mut writer, own) = pages.next().expect("a page");
    let (_kept, other) = pages.next().expect("a page");
    let bytes = Arc::new(AtomicUsize::new(0));
    let (came, mut comes) = mpsc::channel(MESSAGES as usize);
    let mut reading = vec![tokio::spawn(tell(other, came, bytes.clone()))];
    for reader in pages.map(|(_, reader)| reader).chain([own]) {
        let (unheard, _) = mpsc::channel(1);
        reading.push(tokio::spawn(tell(reader, unheard, Arc::default())));
    }
    tokio::time::sleep(CALM).await;
    let ports = mesh.peer_ports();
    let look = || Moment {
        wire: wire_bytes(&ports),
        cpu: mesh.nodes.iter().map(|node| cpu_seconds(node.pid())).sum(),
        page: bytes.load(Ordering::Relaxed) as f64,
    };
    let start = look();
    tokio::time::sleep(IDLE).await;
    let idle = look();
    let mut took = Vec::new();
    for number in 0..MESSAGES {
        let sent = Instant::now();
        writer.send(1, number..number + 1).await;
        took.push((comes.recv().await.expect("it comes") - sent).as_secs_f64() * 1e3);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let end = look();
    let (seconds, each) = (IDLE.as_secs_f64(), f64::from(MESSAGES));
    let idle_wire = (idle.wire - start.wire) / seconds;
    let idle_cpu = (idle.cpu - start.cpu) / seconds;
    let idle_page = (idle.page - start.page) / seconds;
    let wire = (end.wire - idle.wire) / each - idle_wire;
    let cpu = ((end.cpu - idle.cpu) / each - idle_cpu) / members as f64;
    table.add(format!("{members} members: on the wire for one message, kB"), wire / 1e3);
    table.add(format!("{members}: processor time at each node, ms"), cpu * 1e3);
    table.add(format!("{members}: page to page, p50, ms"), quantile(&mut took, 0.5));
    let page = (end.page - idle.page) / each - idle_page;
    table.add(format!("{members}: to a page for one message, kB"), page / 1e3);
    table.add(format!("{members}: idle, to a page, kB a second"), idle_page / 1e3);
    table.add(format!("{members}: idle, on the wire, kB a second"), idle_wire / 1e3);
    table.add(format!("{members}: idle, cores of all nodes"), idle_cpu);
    reading.into_iter().for_each(|task| task.abort());
}

/// Says when each of the run's texts came first, and counts all bytes.
async fn tell(mut reader: Reader, came: mpsc::Sender<Instant>, bytes: Arc<AtomicUsize>) {
    let mut next = 0;
    loop {
        let (texts, at) = reader.texts(&bytes).await;
        for (_, number) in texts.into_iter().filter(|(run, _)| *run == 1) {
            if number == next {
                next += 1;
                // Nobody may be listening.
                let _ = came.try_send(at);
            }
        }
    }
}
