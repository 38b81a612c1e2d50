//! Pairs that cannot link, and nodes that were away.

use std::time::{Duration, Instant};

use crate::inside::{House, Node, took};

/// A node that nobody can dial: it can only dial others.
async fn undialable(house: &House, name: &str, known: &[&Node]) -> Node {
    let mut config = house.config(name, known);
    config.advertise = vec!["127.0.0.1:1".to_owned()];
    Node::start(config).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_pair_is_bridged_by_a_third_node_both_ways_and_its_receipts_too() {
    let house = House::new();
    let bento = house.start("Bento", &[]).await;
    let ana = undialable(&house, "Ana", &[&bento]).await;
    let caio = undialable(&house, "Caio", &[&bento]).await;
    bento.eventually_linked(2).await;
    for (sayer, listener) in [(&ana, &caio), (&caio, &ana)] {
        let said = sayer.say("through Bento").await;
        let (author, seq) = (said.author, said.seq);
        listener
            .eventually("it came", |view| {
                let me = view.members.iter().find(|member| member.id == listener.running.id);
                me.is_some_and(|me| me.stored.get(&author) >= Some(&seq))
            })
            .await;
        sayer.eventually_delivered(&said).await;
    }
    assert_eq!((ana.view().links, caio.view().links), (1, 1), "the pair is really broken");
    assert_eq!(ana.conversation(), caio.conversation());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_away_has_two_thousand_messages_within_seconds_and_its_own_are_ordered_in() {
    let house = House::new();
    let ana = house.start("Ana", &[]).await;
    let bento = house.start("Bento", &[&ana]).await;
    let known = bento.say("before").await;
    ana.eventually_holds(known.arrival).await;
    bento.stop().await;
    ana.eventually_linked(0).await;
    let says = (0..2_000).map(|number| {
        let handle = ana.running.handle.clone();
        let text = format!("while away {number}");
        tokio::spawn(async move {
            use roda::shell::handle::Command;
            handle.ask(|reply| Command::Send { text, reference: None, reply }).await.unwrap()
        })
    });
    let mut last = 0;
    for said in says.collect::<Vec<_>>() {
        last = last.max(said.await.unwrap().arrival);
    }
    let peers = ana.running.peers;
    ana.stop().await;

    // Alone, Bento writes freely.
    let bento = house.start("Bento", &[]).await;
    bento.say("alone").await;
    let start = Instant::now();
    let mut config = house.config("Ana", &[]);
    config.listen = peers.to_string();
    let ana = Node::start(config).await;
    let all = last + 1;
    bento.eventually_holds(all).await;
    println!("2,000 messages within {} ms of coming back", took(start));
    assert!(start.elapsed() < Duration::from_secs(20));
    ana.eventually_holds(all).await;
    assert_eq!(ana.conversation(), bento.conversation());
    assert!(ana.conversation().iter().any(|(.., body)| body.contains("\"alone\"")));
}
