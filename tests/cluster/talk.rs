//! One order, and marks that mean what they say.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use roda::shell::handle::{Command, Event, View};

use crate::inside::{House, Node};

async fn say_many(node: &Node, count: usize) {
    let says = (0..count).map(|number| {
        let handle = node.running.handle.clone();
        let text = format!("{number} of {}", node.id());
        tokio::spawn(async move {
            handle.ask(|reply| Command::Send { text, reference: None, reply }).await
        })
    });
    for said in says.collect::<Vec<_>>() {
        said.await.unwrap().expect("said");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_messages_written_at_once_stand_in_one_order_everywhere() {
    let house = House::new();
    let nodes = house.chain(&["Ana", "Bento", "Caio"]).await;
    for node in &nodes {
        node.eventually_linked(2).await;
        node.eventually_holds(3).await;
    }
    tokio::join!(say_many(&nodes[0], 100), say_many(&nodes[1], 100), say_many(&nodes[2], 100));
    for node in &nodes {
        node.eventually_holds(303).await;
    }
    let order = nodes[0].conversation();
    let bodies: BTreeSet<&String> = order.iter().map(|(.., body)| body).collect();
    assert_eq!(bodies.len(), 303, "none lost, none doubled");
    for node in &nodes[1..] {
        assert_eq!(node.conversation(), order);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_say_is_told_before_its_commit_and_again_after_it() {
    let house = House::new();
    let nodes = house.chain(&["Ana", "Bento"]).await;
    for node in &nodes {
        node.eventually_linked(1).await;
        node.eventually_holds(2).await;
    }
    let mut events = nodes[1].running.handle.events.subscribe();
    nodes[0].say("hello").await;
    nodes[1].eventually_holds(3).await;
    let mut told = Vec::new();
    while told.last().is_none_or(|(word, _)| *word != "given") {
        let (word, rows) = match events.recv().await.unwrap() {
            Event::Early(rows) => ("early", rows),
            Event::Messages { rows, .. } => ("given", rows),
            _ => continue,
        };
        told.extend(rows.iter().map(|row| (word, row.clone())));
    }
    let row = told[0].1.clone();
    assert!(row.body.contains("hello"));
    assert_eq!(told, [("early", row.clone()), ("given", row)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_ordered_after_its_question_everywhere() {
    let house = House::new();
    let mut nodes = house.chain(&["Ana", "Bento", "Caio"]).await;
    for node in &nodes {
        node.eventually_linked(2).await;
    }
    for round in 0..20 {
        let (asker, answerer) = (round % 3, (round + 1) % 3);
        let (question, answer) = (format!("question {round}"), format!("answer {round}"));
        nodes[asker].say(&question).await;
        nodes[answerer].eventually_hears(&question).await;
        nodes[answerer].say(&answer).await;
    }
    for node in &nodes {
        node.eventually_holds(43).await;
        let order: Vec<String> = node.conversation().into_iter().map(|(.., body)| body).collect();
        let place = |text: String| order.iter().position(|body| body.contains(&text)).unwrap();
        for round in 0..20 {
            let quoted = |word: &str| format!("\"{word} {round}\"");
            assert!(place(quoted("question")) < place(quoted("answer")));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_wait_for_who_is_away_and_not_for_who_left_or_was_set_aside() {
    let house = House::new();
    let nodes = house.chain(&["Ana", "Bento", "Caio"]).await;
    nodes[0].eventually_holds(3).await;
    let first = nodes[0].say("all here").await;
    nodes[0].eventually_delivered(&first).await;
    let [ana, bento, caio] = <[Node; 3]>::try_from(nodes).ok().unwrap();
    let caio_id = caio.id();
    caio.stop().await;
    ana.eventually_linked(1).await;
    let second = ana.say("Caio is away").await;
    bento.eventually_holds(second.arrival).await;
    ana.eventually("Bento has it", |view| {
        let bento = view.members.iter().find(|member| member.id == bento.id()).unwrap();
        bento.stored.get(&second.author) == Some(&second.seq)
    })
    .await;
    assert!(ana.view().delivered[&second.author] < second.seq, "Caio has not said that he has it");
    ana.ask(|reply| Command::SetAside(caio_id, true, reply)).await;
    ana.eventually_delivered(&second).await;
    ana.ask(|reply| Command::SetAside(caio_id, false, reply)).await;
    let caio = house.start("Caio", &[]).await;
    bento.eventually_delivered(&second).await;
    caio.ask(Command::Leave).await;
    bento
        .eventually("Caio has left", |view| {
            view.members.iter().any(|member| member.id == caio_id && member.left)
        })
        .await;
    caio.stop().await;
    let third = bento.say("without Caio").await;
    bento.eventually_delivered(&third).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn read_is_said_once_every_reader_got_so_far() {
    let house = House::new();
    let nodes = house.chain(&["Ana", "Bento", "Caio"]).await;
    nodes[0].eventually_holds(3).await;
    let said = nodes[0].say("read me").await;
    nodes[0].eventually_delivered(&said).await;
    assert!(nodes[0].view().read_by_all.get(&said.author) < Some(&said.seq));
    for node in &nodes[1..] {
        // What is stored and vouched for is shown a moment later.
        node.eventually_holds(4).await;
        let marks = BTreeMap::from([(said.author, said.seq)]);
        node.running.handle.commands.send(Command::Read(marks)).await.unwrap();
    }
    nodes[0]
        .eventually("read by all", |view| view.read_by_all.get(&said.author) >= Some(&said.seq))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_that_are_not_told_are_kept_here_and_shown_to_nobody() {
    let house = House::new();
    let nodes = house.chain(&["Ana", "Bento"]).await;
    let [ana, bento] = &nodes[..] else { unreachable!("two nodes") };
    ana.eventually_holds(2).await;
    let said = ana.say("read me").await;
    ana.eventually_delivered(&said).await;
    let tell = async |on| {
        bento.running.handle.ask(|reply| Command::SetReadReceipts(on, reply)).await.unwrap();
    };
    tell(false).await;
    let marks = BTreeMap::from([(said.author, said.seq)]);
    bento.running.handle.commands.send(Command::Read(marks)).await.unwrap();
    bento
        .eventually("it is kept here", |view| view.read_here.get(&said.author) >= Some(&said.seq))
        .await;
    // Whatever Bento signs for this one, it has signed after it read.
    ana.eventually_delivered(&ana.say("and this").await).await;
    assert!(ana.view().read_by_all.get(&said.author) < Some(&said.seq), "it was told");
    tell(true).await;
    ana.eventually_delivered(&ana.say("and now").await).await;
    ana.eventually("it is told", |view| view.read_by_all.get(&said.author) >= Some(&said.seq))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_sent_twice_makes_one_message_across_a_restart_too() {
    let house = House::new();
    let send = |node: &Node| {
        let handle = node.running.handle.clone();
        let (text, reference) = ("once".to_owned(), Some("ref-1".to_owned()));
        async move { handle.ask(|reply| Command::Send { text, reference, reply }).await.unwrap() }
    };
    let ana = house.start("Ana", &[]).await;
    let (first, again) = tokio::join!(send(&ana), send(&ana));
    assert_eq!(first, again);
    ana.stop().await;
    let ana = house.start("Ana", &[]).await;
    assert_eq!(send(&ana).await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_was_chosen_later_stays_until_the_setting_changes() {
    let house = House::new();
    let mut ana = house.start("Ana", &[]).await;
    let called = |name: &'static str| {
        move |view: &Arc<View>| view.members.iter().any(|one| one.id == view.me && one.name == name)
    };
    ana.eventually("the setting's name", called("Ana")).await;
    ana.ask(|reply| Command::SetName("Bia".to_owned(), reply)).await;
    for _ in 0..2 {
        ana.stop().await;
        ana = house.start("Ana", &[]).await;
        // Whoever is renamed at the start is so before the first message.
        ana.say("here again").await;
        ana.eventually("the chosen name", called("Bia")).await;
    }
    ana.stop().await;
    let mut config = house.config("Ana", &[]);
    config.name = "Ana Maria".to_owned();
    let ana = Node::start(config.clone()).await;
    ana.eventually("the new setting's name", called("Ana Maria")).await;
    ana.stop().await;
    let ana = Node::start(config).await;
    ana.say("and again").await;
    ana.eventually("it stays", called("Ana Maria")).await;
    let profiles = ana.conversation();
    let profiles = profiles.iter().filter(|(.., body)| body.contains("profile")).count();
    assert_eq!(profiles, 3, "one for each name");
}
