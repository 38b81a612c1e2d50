//! Who finds whom.

use std::time::Instant;

use roda::keyring::CircleId;
use roda::seal::GroupKey;

use crate::inside::{House, Node, member, took};

#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_that_each_know_one_neighbour_become_a_full_mesh() {
    let house = House::new();
    for node in house.chain(&["Ana", "Bento", "Caio"]).await {
        node.eventually_linked(2).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_two_nodes_are_a_full_mesh_within_seconds_and_one_message_reaches_all() {
    let house = House::new();
    let start = Instant::now();
    let names: Vec<String> = (0..32).map(|number| format!("n{number}")).collect();
    let nodes = house.chain(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    println!("32 nodes started after {} ms", took(start));
    for node in &nodes {
        node.eventually_linked(31).await;
    }
    println!("32 nodes linked with all others after {} ms", took(start));
    let said = nodes[7].say("to all").await;
    for node in &nodes {
        node.eventually_delivered(&said).await;
    }
    println!("and said to all after {} ms", took(start));
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_survive_a_restart() {
    let house = House::new();
    let ana = house.start("Ana", &[]).await;
    let bento = house.start("Bento", &[&ana]).await;
    ana.eventually_linked(1).await;
    bento.say("known by now").await;
    bento.stop().await;
    ana.eventually_linked(0).await;
    let bento = house.start("Bento", &[]).await;
    bento.eventually_linked(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_takes_a_new_key_to_listen_and_to_invite_with_while_it_runs() {
    let house = House::new();
    let (ana, later) = (house.start("Ana", &[]).await, GroupKey::generate());
    let keys = vec![later.clone(), house.key.clone()];
    ana.running.keyring.send_modify(|ring| ring.put(CircleId::FIRST, keys));
    let with_later = |name, known: &[&Node]| {
        let mut config = house.config(name, known);
        config.keys = vec![later.clone()];
        Node::start(config)
    };
    let bento = with_later("Bento", &[&ana]).await;
    bento.eventually_linked(1).await;
    let old = house.start("Caio", &[&ana]).await;
    old.eventually_linked(1).await;
    ana.eventually_linked(2).await;
    let url = format!("http://{}/api/invite", ana.running.web);
    let ask = move || ureq::get(url).call().unwrap().body_mut().read_to_string().unwrap();
    let invitation = tokio::task::spawn_blocking(ask).await.unwrap();
    assert!(invitation.contains(later.text().as_str()), "the key that it speaks with");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_stop_is_seen_at_once() {
    let house = House::new();
    let ana = house.start("Ana", &[]).await;
    let bento = house.start("Bento", &[&ana]).await;
    bento.eventually_linked(1).await;
    let id = bento.id();
    let start = Instant::now();
    bento.stop().await;
    ana.eventually("Bento is away", |view| !member(view, id).online).await;
    println!("seen {} ms after the stop began", took(start));
}

#[tokio::test(flavor = "multi_thread")]
async fn names_reach_everybody() {
    use roda::shell::handle::Command;
    let house = House::new();
    let ana = house.start("Ana", &[]).await;
    let bento = house.start("Bento", &[&ana]).await;
    ana.ask(|reply| Command::SetName("Ana Maria".to_owned(), reply)).await;
    ana.ask(|reply| Command::SetCircle("Família".to_owned(), reply)).await;
    let id = ana.id();
    bento
        .eventually("both names", |view| {
            view.circle == "Família"
                && view.members.iter().any(|m| m.id == id && m.name == "Ana Maria")
        })
        .await;
}
