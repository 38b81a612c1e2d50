//! Another site's page in the same browser: it reads nothing and writes nothing.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::door::Told;
use crate::harness::{House, house};
use crate::look::Look;
use crate::node::{Node, Setting};
use crate::page::Page;

/// What the hostile site's pages run; see there for all that is tried.
const ATTACK: &str = include_str!("site.js");
/// Asks the page's own origin for everything, as only a page of that origin can.
const ASK_OWN_ORIGIN: &str = "Promise.all(['/', '/js/main.js', '/healthz', '/metrics', \
    '/api/messages', '/api/status', '/api/members', '/api/invite', '/ws', '/api/nothing'].map(\
    async (path) => { const answer = await fetch(path); return [path, answer.status, \
    (await answer.json()).error.code]; }).concat(['POST', 'PUT'].flatMap((method) => [\
    ['/api/messages', {text: 'rebound'}], ['/api/circle', {name: 'rebound'}], ['/api/leave', {}]\
    ].map(async ([path, body]) => { const answer = await fetch(path, { method, \
    body: JSON.stringify(body), headers: {'Content-Type': 'application/json'} }); \
    return [path, answer.status, (await answer.json()).error.code]; }))))";
/// Whether a socket to the page's own origin opens.
const OPEN_OWN_SOCKET: &str = "new Promise((done) => { \
    const socket = new WebSocket(`ws://${location.host}/ws`); \
    socket.onopen = () => done('open'); socket.onclose = () => done('closed'); })";

/// A web site of this test's own: gives its script's page to whoever asks, and lets everybody read
/// it.
struct Site {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Site {
    async fn start() -> Site {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream));
            }
        });
        Site { address, serving }
    }

    /// Its page's address under this name.
    fn named(&self, host: &str) -> String {
        format!("http://{host}:{}/", self.address.port())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// One request, one answer, whatever was asked; who asks first whether it may is told that it may.
async fn answer(mut stream: TcpStream) {
    let mut request = Vec::new();
    while !request.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
        match stream.read_buf(&mut request).await {
            Ok(count) if count > 0 => {}
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&request).to_lowercase();
    let origin = head.lines().find_map(|line| line.strip_prefix("origin: ")).unwrap_or("*");
    let kind = if head.starts_with("get /js/") { "text/javascript" } else { "text/html" };
    let script = if kind == "text/html" { format!("<script>{ATTACK}</script>") } else { "".into() };
    let page = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}; charset=utf-8\r\n\
         Content-Length: {}\r\nAccess-Control-Allow-Origin: {origin}\r\n\
         Access-Control-Allow-Credentials: true\r\n\
         Access-Control-Allow-Headers: content-type, authorization\r\n\
         Access-Control-Allow-Methods: GET, POST, PUT\r\nConnection: close\r\n\r\n{script}",
        script.len()
    );
    // Who goes away meanwhile wanted no answer.
    stream.write_all(page.as_bytes()).await.ok();
    stream.shutdown().await.ok();
}

/// Opens a page of the hostile site and has it attack these addresses; gives what it read, and the
/// ways that nobody answered.
async fn attacked(house: &House, from: &str, addresses: &[String]) -> (Page, Vec<String>, Value) {
    let page = house.open_unready(from, Look::default()).await;
    let mut told = page.run(&format!("attack({})", json!(addresses))).await;
    let unanswered = told["unanswered"].take();
    (page, serde_json::from_value(told["read"].take()).unwrap(), unanswered)
}

/// What an attack could change of a node.
async fn state(node: &Node) -> (Vec<Told>, [Value; 3], Vec<Value>) {
    let status = node.ask("/api/status").await;
    let status = ["name", "circle", "left"].map(|field| status[field].clone());
    let members = node.ask("/api/members").await["members"].take();
    let aside = members.as_array().unwrap().iter().map(|member| member["aside"].clone());
    (node.conversation().await, status, aside.collect())
}

/// Frames of a page and what they show: the browser's own page where it was refused.
async fn frames(page: &Page) -> Vec<String> {
    let tree = page.devtools("Page.getFrameTree", json!({})).await;
    let children = tree["frameTree"]["childFrames"].as_array().cloned().unwrap_or_default();
    children.iter().map(|child| child["frame"]["url"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn another_sites_page_reads_nothing_writes_nothing_and_frames_nothing() {
    house(async |house| {
        let open = house.node("Ana").await;
        let locked = house.start(Setting { login: true, ..house.setting("Bento") }).await;
        let site = Site::start().await;
        let mut before = Vec::new();
        for node in [&open, &locked] {
            node.post(["said in private".to_owned()]).await;
            // What a node shows of itself may be a moment behind what it has acknowledged.
            node.eventually_holds(2).await;
            before.push(state(node).await);
        }
        let ports = [&open, &locked].map(|node| node.web.rsplit_once(':').unwrap().1.to_owned());
        let [open_port, locked_port] = &ports;
        let addresses = [
            format!("http://127.0.0.1:{open_port}"),
            format!("http://localhost:{locked_port}"),
            format!("http://ana.example:{open_port}"),
        ];
        for host in ["127.0.0.1", "evil.example"] {
            let (page, read, unanswered) = attacked(house, &site.named(host), &addresses).await;
            assert_eq!(read, [""; 0], "read by a page of {host}");
            assert_eq!(unanswered, json!([]), "by {host}: not really tried");
            for url in frames(&page).await {
                assert!(!ports.iter().any(|port| url.contains(port.as_str())), "{url} is framed");
            }
        }
        for (node, before) in [&open, &locked].into_iter().zip(before) {
            assert_eq!(state(node).await, before, "written by another site's page");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_rebound_to_the_node_gives_no_content() {
    house(async |house| {
        let ana = house.node("Ana").await;
        ana.post(["said in private".to_owned()]).await;
        ana.eventually_holds(2).await;
        let before = state(&ana).await;
        let (_, port) = ana.web.rsplit_once(':').unwrap();
        let page =
            house.open_unready(&format!("http://evil.example:{port}/"), Look::default()).await;
        let shown = page.text("html").await;
        assert!(shown.contains("this node does not answer under this name"), "it says {shown:?}");
        let Value::Array(asked) = page.run(ASK_OWN_ORIGIN).await else { panic!("no answers") };
        assert_eq!(asked.len(), 16);
        for answer in asked {
            assert_eq!((&answer[1], &answer[2]), (&json!(421), &json!("host")), "{}", answer[0]);
        }
        assert_eq!(page.run(OPEN_OWN_SOCKET).await, json!("closed"));
        assert_eq!(state(&ana).await, before, "written under a foreign name");
    })
    .await;
}

/// The attacks of the first test, on a server that lets everybody do everything: each kind of them
/// is really carried out, and seen where it succeeds.
#[tokio::test(flavor = "multi_thread")]
async fn the_attacks_read_a_careless_site() {
    house(async |house| {
        let site = Site::start().await;
        let careless = Site::start().await;
        let address = careless.named("127.0.0.1").trim_end_matches('/').to_owned();
        let (page, read, unanswered) = attacked(house, &site.named("127.0.0.1"), &[address]).await;
        for way in ["fetch", "fetch with a token", "fetch that writes", "request", "window"] {
            assert!(
                read.iter().any(|what| what.starts_with(&format!("{way}: "))),
                "{way}: {read:?}"
            );
        }
        assert_eq!(unanswered, json!([]), "not really tried");
        let port = careless.address.port().to_string();
        assert!(frames(&page).await.iter().any(|url| url.contains(&port)), "nothing is framed");
    })
    .await;
}
