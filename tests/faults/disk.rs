//! Disks that fill, writes that fail, and logs that cannot be written.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use futures_util::StreamExt as _;
use serde_json::Value;

use crate::program::{Program, eventually, eventually_agree};

/// What a page is told first.
fn welcome(node: &Program) -> Value {
    let url = format!("ws://{}/ws", node.door().place());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        let frame = socket.next().await.unwrap().unwrap().into_text().unwrap();
        serde_json::from_str(&frame).unwrap()
    })
}

/// A peer that has room, and a key.
fn bento(house: &Path) -> (Program, String) {
    let key = fernet::Fernet::generate_key();
    let mut bento = Program::new(house, "Bento", &key);
    bento.start();
    (bento, key)
}

/// Ana's disk takes no more, until `make_room`: what has to hold meanwhile, and afterwards.
fn full(ana: &mut Program, bento: &Program, make_room: impl FnOnce(&Program)) {
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let enough = Arc::new(AtomicBool::new(false));
    // One after the other: the one that waits for the disk has no answer yet.
    let writer = thread::spawn({
        let (door, acknowledged, enough) = (ana.door(), acknowledged.clone(), enough.clone());
        move || {
            for number in 0.. {
                let text = format!("{number} {}", "x".repeat(8_000));
                match door.say(&text) {
                    Some((201, _)) => acknowledged.lock().unwrap().push(text),
                    Some((507, _)) => {}
                    other => panic!("{other:?}"),
                }
                if enough.load(Ordering::Relaxed) {
                    return;
                }
            }
        }
    });
    let door = ana.door();
    eventually("Ana says that she cannot store", || (door.get("/healthz")?.0 == 503).then_some(()));
    enough.store(true, Ordering::Relaxed);
    let (status, refused) = door.say("too much").expect("she answers");
    assert_eq!((status, &refused["error"]["code"]), (507, &Value::from("store")), "{refused}");
    assert!(ana.status()["store"].as_str().unwrap().starts_with("failing: "));
    let page = welcome(ana);
    assert!(page["store"].as_str().unwrap().starts_with("failing: "), "the page says so: {page}");

    // Reads go on, of all that was acknowledged.
    let so_far = acknowledged.lock().unwrap().clone();
    let shown = door.conversation().expect("reads go on");
    for text in &so_far {
        assert!(shown.iter().any(|(.., shown)| shown == text), "an acknowledged message is gone");
    }
    // Bento goes on too, and is not told that she has it.
    let mut unstored = bento.say("to a full disk");
    let id = unstored["id"].as_str().unwrap().to_owned();
    eventually("Bento is linked", || (bento.status()["links"] == 1).then_some(()));
    unstored = bento.door().get(&format!("/api/messages/{id}")).unwrap().1;
    assert_eq!(unstored["stored"], Value::Array(vec![]), "she vouches for nothing");
    assert!(ana.is_running());

    make_room(ana);
    eventually("Ana stores again", || (door.get("/healthz")?.0 == 200).then_some(()));
    writer.join().unwrap();
    ana.say("there is room");
    let mut all = acknowledged.lock().unwrap().clone();
    all.extend(["there is room".to_owned(), "to a full disk".to_owned()]);
    eventually_agree(&[ana, bento], &all);
    assert_eq!(ana.status()["store"], "ok");
    assert_eq!(welcome(ana)["store"], "ok");
}

#[test]
fn a_write_that_fails_acknowledges_nothing_and_recovers_with_room() {
    let house = tempfile::tempdir().unwrap();
    let (bento, key) = bento(house.path());
    let mut ana = Program::new(house.path(), "Ana", &key);
    // No file above 512 KiB. The shell ignores the signal that goes with it, and its child too.
    let limited = "trap '' XFSZ; ulimit -S -f 1024; exec \"$@\"";
    ana.wrap(&["sh", "-c", limited, "sh"]).set("RODA_PEERS", bento.peers()).start();
    ana.eventually_linked(1);
    full(&mut ana, &bento, |ana| {
        let pid = format!("--pid={}", ana.pid());
        let raised = Command::new("prlimit").args([&pid, "--fsize=unlimited"]).status().unwrap();
        assert!(raised.success());
    });
}

/// A small file system of its own; none without the right to mount one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn new(place: &Path) -> Option<SmallDisk> {
        fs::create_dir(place).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]).arg(place);
        match mount.output() {
            Ok(mounted) if mounted.status.success() => Some(SmallDisk(place.to_owned())),
            _ => {
                println!("skipped: mounting a small disk needs root");
                None
            }
        }
    }

    /// Fills what is left.
    fn fill(&self) {
        let mut ballast = File::create(self.0.join("ballast")).unwrap();
        for size in [64 * 1024, 4096, 1] {
            while match ballast.write(&vec![0; size]) {
                Ok(count) => count > 0,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::StorageFull);
                    false
                }
            } {}
        }
    }

    fn empty(&self) {
        fs::remove_file(self.0.join("ballast")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a node that failed may still hold it.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_acknowledges_nothing_and_recovers_with_room() {
    let house = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::new(&house.path().join("disk")) else { return };
    let (bento, key) = bento(house.path());
    // Her log is on that disk too.
    let mut ana = Program::new(&disk.0, "Ana", &key);
    ana.set("RODA_PEERS", bento.peers()).start();
    ana.eventually_linked(1);
    ana.say("while there is room");
    disk.fill();
    full(&mut ana, &bento, |_| disk.empty());
}

#[test]
fn a_start_on_a_full_disk_says_so_and_loses_nothing() {
    let house = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::new(&house.path().join("disk")) else { return };
    let mut ana = Program::new(&disk.0, "Ana", &fernet::Fernet::generate_key());
    ana.start();
    let id = ana.id();
    ana.say("kept");
    ana.kill();
    disk.fill();
    let refused = ana.command(&["run"]).output().unwrap();
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{words}");
    assert!(words.contains("check the disk") || words.contains("cannot be written"), "{words}");
    disk.empty();
    ana.start();
    assert_eq!(ana.id(), id, "the same member");
    ana.eventually_shows("kept");
}

#[test]
fn a_log_that_cannot_be_written_stops_nothing() {
    let house = tempfile::tempdir().unwrap();
    let (bento, key) = bento(house.path());
    let mut ana = Program::new(house.path(), "Ana", &key);
    // As on a full disk: every write to standard output and standard error fails.
    let logged = "exec \"$@\" >/dev/full 2>/dev/full";
    ana.wrap(&["sh", "-c", logged, "sh"]).set("RODA_PEERS", bento.peers()).start();
    ana.eventually_linked(1);
    ana.say("logged nowhere");
    bento.eventually_shows("logged nowhere");
    assert!(ana.stop().success(), "a clean stop");
}

#[test]
fn a_demo_whose_output_cannot_be_written_goes_on() {
    let house = tempfile::tempdir().unwrap();
    let mut demo = Command::new("sh");
    demo.args([
        "-c",
        "exec \"$@\" >/dev/full 2>/dev/full",
        "sh",
        env!("CARGO_BIN_EXE_roda"),
        "demo",
    ]);
    demo.args(["--web-port", "0"]).env("TMPDIR", house.path()).env("NO_PROXY", "*");
    let mut demo = demo.spawn().unwrap();
    let nodes = || {
        let folder = fs::read_dir(house.path()).ok()?.next()?.ok()?.path();
        let names = fs::read_dir(folder).ok()?.flatten();
        Some(names.filter(|node| node.path().join("identity").exists()).count())
    };
    eventually("three nodes are made", || (nodes()? == 3).then_some(()));
    // A panic would have given another status.
    assert!(Command::new("kill").arg(demo.id().to_string()).status().unwrap().success());
    let ended = eventually("the demo stops", || demo.try_wait().unwrap());
    assert!(ended.success(), "{ended}");
    assert_eq!(fs::read_dir(house.path()).unwrap().count(), 0, "its folder is gone");
}
