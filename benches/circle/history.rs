//! What somebody has missed: a member that was never here fetches it all.

use std::time::Instant;

use crate::Table;
use crate::mesh::{Mesh, until};
use crate::meter::memory_mib;

/// Messages that are said at once.
const AT_ONCE: u32 = 256;

pub async fn run(table: &mut Table) {
    let messages = crate::number("MESSAGES", 100_000) as u32;
    let mut mesh = Mesh::of_nodes(2);
    let (mut writer, mut reader) = mesh.nodes[0].page().await;
    for first in (0..messages).step_by(AT_ONCE as usize) {
        let count = AT_ONCE.min(messages - first);
        writer.send(1, first..first + count).await;
        while reader.next(1).await.0.into_iter().max() < Some(first + count - 1) {}
    }
    let all = f64::from(messages);
    until("both hold all", || mesh.nodes[1].status("messages") >= all);
    let start = Instant::now();
    let newcomer = mesh.start(2);
    until("it holds all", || newcomer.status("messages") >= all);
    table.add(
        format!("{messages} messages fetched by a newcomer, s"),
        start.elapsed().as_secs_f64(),
    );
    table.add("the newcomer's memory at its most, MiB", memory_mib(newcomer.pid(), "VmHWM"));
    table.add("afterwards, MiB", memory_mib(newcomer.pid(), "VmRSS"));
    table.add("the source's, MiB", memory_mib(mesh.nodes[0].pid(), "VmHWM"));
    let database = std::fs::metadata(mesh.folder(0).join("roda.db"));
    let bytes = database.map_or(0, |file| file.len()) as f64;
    table.add("the source's database, bytes a message", bytes / all);
    mesh.nodes.push(newcomer);
}
