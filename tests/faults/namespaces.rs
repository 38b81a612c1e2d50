//! Three nodes on a network of their own, whose packets are dropped, doubled and overtaken.
//!
//! Each node has a network namespace; a fourth holds the bridge between them, and the test, which
//! starts itself there again to reach the pages. Nothing of it is seen outside. The kernel's own
//! filter does the faults, as not every kernel has netem.

use std::process::{Command, id};
use std::time::{Duration, Instant};

use crate::program::{Program, eventually, eventually_agree};

/// The prefix of the namespaces' names, for the test that runs within.
const WITHIN: &str = "RODA_TEST_NAMESPACES";
const NAMES: [&str; 3] = ["Ana", "Bento", "Caio"];
/// All nodes, and not the bridge, from which the test asks.
const NODES: &str = "10.77.0.0/29";
/// The protocol's `DEAD_MS`; a ping is heard up to 15 s before it falls silent.
const DEAD: Duration = Duration::from_secs(45);
const PING: Duration = Duration::from_secs(15);

fn address(node: usize) -> String {
    format!("10.77.0.{}", node + 1)
}

/// Whether the command worked.
fn run(line: &str) -> bool {
    let mut words = line.split(' ');
    let output = Command::new(words.next().unwrap()).args(words).output();
    output.is_ok_and(|output| output.status.success())
}

/// The namespaces; they go with all that is in them.
struct Net(String);

impl Net {
    /// None without the right to make it, or where a part of it is not in this kernel.
    fn new() -> Option<Net> {
        let net = Net(format!("roda-test-{}", id()));
        net.make().then_some(net)
    }

    fn make(&self) -> bool {
        let hub = &self.space("hub");
        let ready = run(&format!("ip netns add {hub}"))
            && run(&format!("ip -n {hub} link set lo up"))
            && run(&format!("ip -n {hub} link add bridge type bridge"))
            && run(&format!("ip -n {hub} addr add 10.77.0.254/24 dev bridge"))
            && run(&format!("ip -n {hub} link set bridge up"));
        ready && (0..NAMES.len()).all(|node| self.join(node))
    }

    fn join(&self, node: usize) -> bool {
        let (hub, name) = (self.space("hub"), NAMES[node]);
        let (space, address) = (self.space(name), address(node));
        run(&format!("ip netns add {space}"))
            && run(&format!("ip -n {space} link set lo up"))
            && run(&format!("ip -n {hub} link add {name} type veth peer name eth0 netns {space}"))
            && run(&format!("ip -n {hub} link set {name} master bridge up"))
            && run(&format!("ip -n {space} addr add {address}/24 dev eth0"))
            && run(&format!("ip -n {space} link set eth0 up"))
            // A class for those that are overtaken: slow, while all others pass.
            && self.tc(node, "qdisc add dev eth0 root handle 1: htb default 1")
            && self.tc(node, "class add dev eth0 parent 1: classid 1:1 htb rate 1gbit quantum 9000")
            && self.tc(node, "class add dev eth0 parent 1: classid 1:2 htb rate 400kbit")
            && self.storm(node, 0.0)
            && self.calm(node)
    }

    fn space(&self, name: &str) -> String {
        format!("{}-{name}", self.0)
    }

    fn tc(&self, node: usize, what: &str) -> bool {
        run(&format!("ip netns exec {} tc {what}", self.space(NAMES[node])))
    }

    fn filter(&self, node: usize, what: &str) -> bool {
        run(&format!("ip netns exec {} iptables -w {what}", self.space(NAMES[node])))
    }

    /// Of what a node gets from others a part is lost; of what it sends a fifth goes twice, and a
    /// fifth is overtaken.
    fn storm(&self, node: usize, loss: f32) -> bool {
        let some = "-m statistic --mode random --probability";
        let others = (0..NAMES.len()).filter(|other| *other != node).map(address);
        let mut doubled = others
            .map(|to| format!("-t mangle -A POSTROUTING -d {to} {some} 0.2 -j TEE --gateway {to}"));
        self.filter(node, &format!("-A INPUT -s {NODES} {some} {loss} -j DROP"))
            && doubled.all(|rule| self.filter(node, &rule))
            && self.filter(
                node,
                &format!(
                    "-t mangle -A POSTROUTING -d {NODES} {some} 0.2 -j CLASSIFY --set-class 1:2"
                ),
            )
    }

    /// Nothing that `from` sends reaches `to`, which is not told.
    fn cut(&self, from: usize, to: usize) {
        assert!(self.filter(to, &format!("-A INPUT -s {} -j DROP", address(from))));
    }

    fn calm(&self, node: usize) -> bool {
        self.filter(node, "-F") && self.filter(node, "-t mangle -F")
    }

    /// Packets of each of the node's rules so far.
    fn hits(&self, node: usize) -> Vec<u64> {
        let list = |table: &str, chain: &str| {
            let space = self.space(NAMES[node]);
            let mut command = Command::new("ip");
            command.args(["netns", "exec", &space, "iptables", "-w", "-t", table]);
            let output = command.args(["-vnxL", chain]).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        let all = list("filter", "INPUT") + &list("mangle", "POSTROUTING");
        let counts = all.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok());
        counts.collect()
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        // The one within only looks at it.
        if std::env::var(WITHIN).is_err() {
            for name in NAMES.iter().chain(&["hub"]) {
                run(&format!("ip netns del {}", self.space(name)));
            }
        }
    }
}

fn node(net: &Net, house: &std::path::Path, number: usize, key: &str) -> Program {
    let own = address(number);
    let others = (0..NAMES.len()).filter(|other| *other != number);
    let peers: Vec<String> = others.map(|other| format!("{}:7400", address(other))).collect();
    let mut node = Program::new(house, NAMES[number], key);
    node.wrap(&["ip", "netns", "exec", &net.space(NAMES[number])]);
    // Ports can be fixed where nobody else is.
    node.set("RODA_LISTEN", format!("{own}:7400")).set("RODA_PEERS", peers.join(","));
    node.set("RODA_WEB", format!("{own}:8080")).set("RODA_WEB_HOSTS", format!("{own}:8080"));
    node.start();
    node
}

fn eventually_links(nodes: &[Program], wanted: [u64; 3]) {
    for (node, wanted) in nodes.iter().zip(wanted) {
        let door = node.door();
        eventually(&format!("{wanted} links"), || {
            (door.get("/api/status")?.1["links"] == wanted).then_some(())
        });
    }
}

fn all_say(nodes: &[Program], what: &str, said: &mut Vec<String>) {
    for (number, node) in nodes.iter().enumerate() {
        let text = format!("{what} of {} {}", NAMES[number], "x".repeat(2_000));
        node.say(&text);
        said.push(text);
    }
}

fn within(net: &Net) {
    let house = tempfile::tempdir().unwrap();
    let key = fernet::Fernet::generate_key();
    for (number, loss) in [0.05, 0.15, 0.3].into_iter().enumerate() {
        assert!(net.storm(number, loss));
    }
    let nodes: Vec<Program> = (0..3).map(|number| node(net, house.path(), number, &key)).collect();
    let all: Vec<&Program> = nodes.iter().collect();
    let start = Instant::now();
    eventually_links(&nodes, [2; 3]);
    println!("all linked in the storm after {} ms", start.elapsed().as_millis());
    let mut said = Vec::new();
    for round in 0..10 {
        all_say(&nodes, &format!("{round} in the storm"), &mut said);
    }
    eventually_agree(&all, &said);
    for (number, name) in NAMES.iter().enumerate() {
        let hits = net.hits(number);
        println!("{name}: lost, doubled to each, overtaken: {hits:?}");
        assert!(hits.iter().all(|&hits| hits > 0), "this was no storm: {hits:?}");
        assert!(net.calm(number));
    }
    eventually_links(&nodes, [2; 3]);

    let (ana, bento) = (0, 1);
    let mut silent = Instant::now();
    for cuts in [&[(ana, bento)][..], &[(bento, ana)], &[(ana, bento), (bento, ana)]] {
        (0..3).for_each(|number| assert!(net.calm(number)));
        silent = Instant::now();
        cuts.iter().for_each(|&(from, to)| net.cut(from, to));
        all_say(&nodes, &format!("past {cuts:?}"), &mut said);
        eventually_agree(&all, &said);
        assert!(silent.elapsed() < DEAD - PING, "through Caio, while the link looks alive");
    }
    eventually_links(&nodes, [1, 1, 2]);
    let given_up = silent.elapsed();
    println!("the silent link was given up after {} ms", given_up.as_millis());
    assert!(given_up > DEAD - PING - Duration::from_secs(1), "by its timer: {given_up:?}");
    all_say(&nodes, "without it", &mut said);
    (0..3).for_each(|number| assert!(net.calm(number)));
    let mended = Instant::now();
    eventually_links(&nodes, [2; 3]);
    println!("mended after {} ms", mended.elapsed().as_millis());
    all_say(&nodes, "with it", &mut said);
    eventually_agree(&all, &said);
}

#[test]
fn dropped_doubled_and_overtaken_packets_lose_nothing_and_a_silent_link_is_given_up_and_mended() {
    if let Ok(prefix) = std::env::var(WITHIN) {
        return within(&Net(prefix));
    }
    let Some(net) = Net::new() else {
        println!("skipped: network namespaces need root, iproute2 and iptables");
        return;
    };
    let this = "namespaces::dropped_doubled_and_overtaken_packets_lose_nothing_and_a_silent_link_\
                is_given_up_and_mended";
    let mut again = Command::new("ip");
    again.args(["netns", "exec", &net.space("hub")]).arg(std::env::current_exe().unwrap());
    again.args(["--exact", this, "--nocapture"]).env(WITHIN, &net.0);
    let output = again.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    println!("{told}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "it failed within the namespaces");
    assert!(told.contains("1 passed"), "it ran nowhere");
}
