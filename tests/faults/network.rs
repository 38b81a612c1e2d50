//! Networks that reset, stammer, lag and fall silent: nodes agree afterwards.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::program::{PATIENCE, Program, eventually, eventually_agree};
use crate::proxy::{Proxy, Weather};

/// A link without a word is dead after 45 s: what happens well before does not wait for that.
const BEFORE_DEAD: Duration = Duration::from_secs(30);
/// Nobody listens there: a node that names it can only dial.
const NOWHERE: &str = "127.0.0.1:1";

fn key() -> String {
    fernet::Fernet::generate_key()
}

/// A node that others reach through a proxy alone.
fn behind_proxy(house: &Path, name: &str, key: &str, known: &str) -> (Program, Proxy) {
    let proxy = Proxy::new();
    let mut node = Program::new(house, name, key);
    node.set("RODA_ADVERTISE", &proxy.address).set("RODA_PEERS", known).start();
    proxy.to(&node.peers());
    (node, proxy)
}

/// Three nodes, each behind a proxy, all linked.
fn three(house: &Path, weather: Weather) -> (Vec<Program>, Vec<Proxy>) {
    let key = key();
    let (mut nodes, mut proxies) = (Vec::<Program>::new(), Vec::<Proxy>::new());
    for name in ["Ana", "Bento", "Caio"] {
        let known = proxies.last().map_or(String::new(), |proxy| proxy.address.clone());
        let (node, proxy) = behind_proxy(house, name, &key, &known);
        proxy.set(weather);
        nodes.push(node);
        proxies.push(proxy);
    }
    (nodes, proxies)
}

fn all_say(nodes: &[Program], what: &str, said: &mut Vec<String>) {
    for (number, node) in nodes.iter().enumerate() {
        let text = format!("{what} of {number}");
        node.say(&text);
        said.push(text);
    }
}

/// Waits a little for one more reset.
fn poll_for_resets(proxies: &[Proxy], more_than: usize) {
    let start = Instant::now();
    while resets(proxies) <= more_than && start.elapsed() < Duration::from_millis(100) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn resets(proxies: &[Proxy]) -> usize {
    proxies.iter().map(Proxy::resets).sum()
}

#[test]
fn links_that_are_reset_in_mid_frame_lose_and_double_nothing() {
    let house = tempfile::tempdir().unwrap();
    let storm = Weather { reset_within: Some(20_000), ..Weather::default() };
    let (nodes, proxies) = three(house.path(), storm);
    let (start, mut said, mut round) = (Instant::now(), Vec::new(), 0);
    while resets(&proxies) < 20 {
        assert!(start.elapsed() < PATIENCE, "only {} resets", resets(&proxies));
        let before = resets(&proxies);
        all_say(&nodes, &format!("{round} {}", "x".repeat(1_500)), &mut said);
        poll_for_resets(&proxies, before);
        round += 1;
    }
    proxies.iter().for_each(|proxy| proxy.set(Weather::default()));
    eventually_agree(&nodes.iter().collect::<Vec<_>>(), &said);
    println!("{} resets while {} were said", resets(&proxies), said.len());
}

#[test]
fn links_that_carry_one_byte_at_a_time_carry_all() {
    let house = tempfile::tempdir().unwrap();
    let stammer = Weather { one_by_one: true, ..Weather::default() };
    let (nodes, _proxies) = three(house.path(), stammer);
    nodes.iter().for_each(|node| node.eventually_linked(2));
    let mut said = Vec::new();
    for round in 0..5 {
        all_say(&nodes, &format!("{round}"), &mut said);
    }
    eventually_agree(&nodes.iter().collect::<Vec<_>>(), &said);
}

#[test]
fn links_on_which_everything_takes_a_second_come_up_and_agree() {
    let house = tempfile::tempdir().unwrap();
    let far = Weather { delay: Duration::from_millis(1_000), ..Weather::default() };
    let (nodes, _proxies) = three(house.path(), far);
    nodes.iter().for_each(|node| node.eventually_linked(2));
    let mut said = Vec::new();
    for round in 0..5 {
        all_say(&nodes, &format!("{round}"), &mut said);
    }
    eventually_agree(&nodes.iter().collect::<Vec<_>>(), &said);
}

#[test]
fn a_pair_that_is_silent_one_way_or_both_talks_through_a_third() {
    let house = tempfile::tempdir().unwrap();
    let key = key();
    let proxy = Proxy::new();
    let mut bento = Program::new(house.path(), "Bento", &key);
    bento.set("RODA_ADVERTISE", NOWHERE).start();
    proxy.to(&bento.peers());
    let mut ana = Program::new(house.path(), "Ana", &key);
    ana.set("RODA_ADVERTISE", NOWHERE).set("RODA_PEERS", &proxy.address).start();
    ana.eventually_linked(1);
    let mut caio = Program::new(house.path(), "Caio", &key);
    caio.set("RODA_PEERS", format!("{},{}", ana.peers(), bento.peers())).start();
    for node in [&ana, &bento, &caio] {
        node.eventually_linked(2);
    }
    let mut said = Vec::new();
    for silent in [[true, false], [false, true], [true, true]] {
        let start = Instant::now();
        proxy.set(Weather { silent, ..Weather::default() });
        for (sayer, listener, name) in [(&ana, &bento, "Ana"), (&bento, &ana, "Bento")] {
            let text = format!("{name} through {silent:?}");
            sayer.say(&text);
            listener.eventually_shows(&text);
            said.push(text);
        }
        assert!(start.elapsed() < BEFORE_DEAD, "through Caio, while the link looks alive");
        proxy.set(Weather::default());
        eventually_agree(&[&ana, &bento, &caio], &said);
    }
}

/// Ana has dialled Bento, who is cut off from power; his old connection never ends.
fn reboot(first: impl FnOnce(&Program, &Program)) {
    let house = tempfile::tempdir().unwrap();
    let key = key();
    let (mut bento, proxy) = behind_proxy(house.path(), "Bento", &key, "");
    let mut ana = Program::new(house.path(), "Ana", &key);
    ana.set("RODA_PEERS", &proxy.address).start();
    ana.eventually_linked(1);
    bento.eventually_linked(1);
    first(&ana, &bento);
    proxy.set(Weather { dead_before: proxy.connections(), ..Weather::default() });
    bento.kill();
    let start = Instant::now();
    bento.set("RODA_PEERS", ana.peers()).start();
    proxy.to(&bento.peers());
    bento.eventually_linked(1);
    ana.say("to Bento");
    bento.eventually_shows("to Bento");
    bento.say("to Ana");
    ana.eventually_shows("to Ana");
    println!("talking again {} ms after the reboot", start.elapsed().as_millis());
    assert!(start.elapsed() < BEFORE_DEAD, "not only once the old link was given up");
    eventually_agree(&[&ana, &bento], &["to Bento".to_owned(), "to Ana".to_owned()]);
}

#[test]
fn a_peer_that_reboots_is_heard_while_its_old_connection_looks_alive() {
    reboot(|ana, bento| {
        let start = Instant::now();
        // Beyond what counts as two links made at the same time.
        eventually("the link is older than two seconds", || {
            (start.elapsed() > Duration::from_secs(2)).then_some(())
        });
        ana.say("before");
        bento.eventually_shows("before");
    });
}

#[test]
fn a_peer_that_reboots_within_a_second_is_heard_too() {
    reboot(|_, _| {});
}
