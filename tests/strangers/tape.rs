//! Whoever stands on the way and keeps every byte, of every connection to one node.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::net::{TcpListener, TcpStream};

use crate::replay::{Recorded, pass};

/// The two directions of one connection: from the dialler, from the listener.
pub type Tape = [Vec<u8>; 2];

/// Stands before a node.
pub struct Recorder {
    pub address: SocketAddr,
    to: Arc<Mutex<Option<SocketAddr>>>,
    tapes: Arc<Mutex<Vec<[Recorded; 2]>>>,
}

impl Recorder {
    pub async fn start() -> Recorder {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (to, tapes) = (Arc::new(Mutex::new(None)), Arc::<Mutex<Vec<[Recorded; 2]>>>::default());
        let (target, kept) = (to.clone(), tapes.clone());
        tokio::spawn(async move {
            while let Ok((dialled, _)) = listener.accept().await {
                let Some(to) = *target.lock().unwrap() else { continue };
                let Ok(listens) = TcpStream::connect(to).await else { continue };
                let (there, back) = (Recorded::default(), Recorded::default());
                kept.lock().unwrap().push([there.clone(), back.clone()]);
                let (dialled, listens) = (dialled.into_split(), listens.into_split());
                tokio::spawn(pass(dialled.0, listens.1, there));
                tokio::spawn(pass(listens.0, dialled.1, back));
            }
        });
        Recorder { address, to, tapes }
    }

    /// Passes new connections on to this node.
    pub fn to(&self, node: SocketAddr) {
        *self.to.lock().unwrap() = Some(node);
    }

    pub fn tapes(&self) -> Vec<Tape> {
        let tapes = self.tapes.lock().unwrap();
        tapes.iter().map(|tape| tape.each_ref().map(|side| side.lock().unwrap().clone())).collect()
    }
}

/// The whole frames of one direction, with their lengths.
pub fn frames(mut stream: &[u8]) -> Vec<&[u8]> {
    let mut frames = Vec::new();
    while let Some(prefix) = stream.first_chunk::<4>() {
        let bytes = 4 + u32::from_be_bytes(*prefix) as usize;
        let Some((frame, rest)) = stream.split_at_checked(bytes) else { break };
        frames.push(frame);
        stream = rest;
    }
    frames
}
