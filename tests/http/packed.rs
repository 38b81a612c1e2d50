//! The page's files, packed for whoever takes that.

use std::io::Read as _;

use flate2::read::GzDecoder;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::fake::Node;

/// An answer whose body may be any bytes.
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

async fn ask(node: &Node, method: &str, path: &str, headers: &str) -> Answer {
    let host = format!("Host: localhost:{}\r\nConnection: close\r\n", node.address.port());
    let request = format!("{method} {path} HTTP/1.1\r\n{host}{headers}\r\n");
    let mut stream = TcpStream::connect(node.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await.unwrap();
    let end = all.windows(4).position(|four| four == b"\r\n\r\n").expect("a whole answer");
    let head = String::from_utf8(all[..end].to_vec()).unwrap().to_lowercase();
    Answer { status: head[9..12].parse().unwrap(), head, body: all[end + 4..].to_vec() }
}

const GZIP: &str = "Accept-Encoding: gzip, deflate\r\n";

#[tokio::test]
async fn a_file_comes_packed_to_who_takes_that_and_plain_to_all_others() {
    let node = Node::start().await;
    for path in ["/", "/js/main.js", "/css/base.css", "/vendor/emoji/en.json", "/icon.svg"] {
        let plain = ask(&node, "GET", path, "").await;
        let packed = ask(&node, "GET", path, GZIP).await;
        assert_eq!((plain.status, packed.status), (200, 200), "{path}");
        assert_eq!(plain.header("content-encoding"), None, "{path}");
        assert_eq!(packed.header("content-encoding"), Some("gzip"), "{path}");
        let mut unpacked = Vec::new();
        GzDecoder::new(&packed.body[..]).read_to_end(&mut unpacked).unwrap();
        assert!(unpacked == plain.body && packed.body.len() < plain.body.len(), "{path}");
        assert_eq!(packed.header("content-type"), plain.header("content-type"), "{path}");
        for answer in [&plain, &packed] {
            assert_eq!(answer.header("vary"), Some("accept-encoding"), "{path}");
            assert_eq!(answer.header("cache-control"), Some("no-cache"), "{path}");
            let length = answer.body.len().to_string();
            assert_eq!(answer.header("content-length"), Some(&*length), "{path}");
        }
        let head = ask(&node, "HEAD", path, GZIP).await;
        assert_eq!(head.header("content-length"), packed.header("content-length"), "{path}");
        assert!(head.body.is_empty(), "{path}");
    }
}

#[tokio::test]
async fn each_form_of_a_file_is_known_again_by_its_own_tag() {
    let node = Node::start().await;
    for path in ["/", "/js/main.js"] {
        let plain = ask(&node, "GET", path, "").await.header("etag").unwrap().to_owned();
        let packed = ask(&node, "GET", path, GZIP).await.header("etag").unwrap().to_owned();
        assert_ne!(plain, packed, "{path}");
        for (tag, takes, status) in
            [(&plain, "", 304), (&packed, GZIP, 304), (&plain, GZIP, 200), (&packed, "", 200)]
        {
            let known = format!("{takes}If-None-Match: \"x\", W/{tag}\r\n");
            let answer = ask(&node, "GET", path, &known).await;
            assert_eq!(answer.status, status, "{path} {known}");
            assert_eq!(answer.header("vary"), Some("accept-encoding"), "{path}");
            if status == 304 {
                assert_eq!(answer.header("etag"), Some(&**tag), "{path}");
                assert!(answer.body.is_empty(), "{path}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_packed_already_and_what_is_being_edited_comes_as_it_is() {
    let node = Node::start().await;
    for path in ["/vendor/figtree/latin.woff2", "/icons/192.png"] {
        let answer = ask(&node, "GET", path, GZIP).await;
        assert_eq!((answer.status, answer.header("content-encoding")), (200, None), "{path}");
        assert_eq!(answer.header("vary"), None, "{path}");
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.html"), "a page ".repeat(1_000)).unwrap();
    let web = folder.path().to_owned();
    let node = Node::with(|door| door.web_dir = Some(web)).await;
    assert_eq!(ask(&node, "GET", "/", GZIP).await.body.len(), 7_000);
    std::fs::write(folder.path().join("index.html"), "another").unwrap();
    assert_eq!(ask(&node, "GET", "/", GZIP).await.body, b"another");
}
