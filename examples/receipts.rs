//! What a circle costs: processor time of nodes in one process, idle and while they talk.
//!
//! `cargo run --release --example receipts [NODES [MESSAGES_PER_SECOND [SECONDS]]]` prints a table.
//! Every message is stored, vouched for and marked at every node. Linux only: it reads `/proc`.

use std::time::Duration;

use roda::config::Config;
use roda::node::{self, Running};
use roda::seal::GroupKey;
use roda::shell::handle::Command;
use tokio::time::{Instant, interval, sleep};
use tokio_util::sync::CancellationToken;

/// Clock ticks in a second, as `/proc` counts on every Linux of today.
const TICKS: f64 = 100.0;
/// Between two looks at the nodes.
const LOOK: Duration = Duration::from_millis(20);

#[tokio::main]
async fn main() {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<u64>().expect("a number"));
    let nodes = numbers.next().unwrap_or(32);
    let rate = numbers.next().unwrap_or(10);
    let seconds = numbers.next().unwrap_or(20);
    println!("{nodes} nodes in one process, {rate} messages a second for {seconds} s");
    println!("{:<22}{:>9}{:>9}{:>9}{:>9}", "phase", "wall s", "user s", "system s", "cores");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cancel = CancellationToken::new();

    let meter = Meter::start();
    let circle = mesh(nodes, folder.path(), &cancel).await;
    meter.print("to a full mesh");
    // Profiles and contacts settle first.
    sleep(Duration::from_secs(3)).await;
    let meter = Meter::start();
    sleep(Duration::from_secs(seconds) / 4).await;
    meter.print("idle");
    let meter = Meter::start();
    talk(&circle, rate, seconds).await;
    meter.print("talking");
    let meter = Meter::start();
    poll_delivered(&circle).await;
    meter.print("until all delivered");

    cancel.cancel();
    for node in circle {
        node.stopped().await.expect("a clean stop");
    }
}

async fn mesh(nodes: u64, folder: &std::path::Path, cancel: &CancellationToken) -> Vec<Running> {
    let key = GroupKey::generate();
    let mut circle: Vec<Running> = Vec::new();
    for number in 0..nodes {
        let name = format!("Node {number}");
        let mut config = Config::local(&name, key.clone(), folder.join(&name));
        config.peers = circle.last().map(|node| node.peers.to_string()).into_iter().collect();
        circle.push(node::start(config, cancel.clone()).await.expect("the node starts"));
    }
    let whole = |node: &Running| {
        let view = node.handle.view.borrow();
        view.links as u64 == nodes - 1 && view.messages == nodes
    };
    while !circle.iter().all(whole) {
        sleep(LOOK).await;
    }
    circle
}

/// The nodes take turns.
async fn talk(circle: &[Running], rate: u64, seconds: u64) {
    let mut beat = interval(Duration::from_secs(1) / u32::try_from(rate).expect("a small number"));
    for (number, node) in (0..rate * seconds).zip(circle.iter().cycle()) {
        beat.tick().await;
        let text = format!("message {number} of an ordinary length, as people write them");
        let send = |reply| Command::Send { text, reference: None, reply };
        node.handle.ask(send).await.expect("taken");
    }
}

async fn poll_delivered(circle: &[Running]) {
    let all = |node: &Running| {
        let view = node.handle.view.borrow();
        let own = view.members.iter().find(|member| member.id == node.id);
        let last = own.and_then(|own| own.stored.get(&node.id)).copied().unwrap_or(0);
        view.delivered.get(&node.id).copied().unwrap_or(0) >= last
    };
    while !circle.iter().all(all) {
        sleep(LOOK).await;
    }
}

struct Meter {
    start: Instant,
    user: f64,
    system: f64,
}

impl Meter {
    fn start() -> Meter {
        let (user, system) = spent();
        Meter { start: Instant::now(), user, system }
    }

    fn print(self, phase: &str) {
        let (user, system) = spent();
        let (wall, user, system) =
            (self.start.elapsed().as_secs_f64(), user - self.user, system - self.system);
        let cores = (user + system) / wall;
        println!("{phase:<22}{wall:>9.2}{user:>9.2}{system:>9.2}{cores:>9.2}");
    }
}

/// User and system seconds of this process so far.
fn spent() -> (f64, f64) {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    // The command's name before may hold blanks.
    let fields: Vec<&str> = stat[stat.rfind(')').expect("a name") + 2..].split(' ').collect();
    let seconds = |field: usize| fields[field].parse::<f64>().expect("ticks") / TICKS;
    (seconds(11), seconds(12))
}
