//! A peer made by hand: it speaks the protocol as far as it is told to, and no further.

use std::net::SocketAddr;

use ed25519_dalek::SigningKey;
use roda::handshake::{Dialler, Local};
use roda::keyring::CircleId;
use roda::protocol::packet::circle::{Packet, Typing};
use roda::seal::{GroupKey, Key, Sealer, seal_once};
use roda::wire::append_frame;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::HANGS;

/// One end of a handshake: identity and ephemeral secret of one byte each, 32 times.
pub fn local(identity: u8, ephemeral: u8) -> Local {
    Local {
        circle: CircleId::FIRST,
        key: SigningKey::from_bytes(&[identity; 32]),
        listen: vec![],
        clock: 0,
        ephemeral: Zeroizing::new([ephemeral; 32]),
        time: 0,
        seal: seal_once,
    }
}

/// A first frame made with this group key.
pub fn first_frame(group: u8) -> (Dialler, Vec<u8>) {
    Dialler::start(local(3, 4), &GroupKey::from_bytes([group; 32]))
}

/// What comes back until the node closes, though more could be sent.
pub async fn answer(to: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut socket = TcpStream::connect(to).await.unwrap();
    // A node that has closed already may refuse the rest.
    let _ = socket.write_all(bytes).await;
    until_closed(&mut socket).await
}

/// As [`answer`], where nothing follows the bytes.
pub async fn answer_to_all_of(to: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut socket = TcpStream::connect(to).await.unwrap();
    let _ = socket.write_all(bytes).await;
    let _ = socket.shutdown().await;
    until_closed(&mut socket).await
}

/// Reads to the end; a reset where the node closed with bytes unread is an end too.
pub async fn until_closed(socket: &mut TcpStream) -> Vec<u8> {
    let mut back = Vec::new();
    let _ = timeout(HANGS, socket.read_to_end(&mut back)).await.expect("the node closes");
    back
}

/// The next frame's token.
pub async fn token(socket: &mut TcpStream) -> Vec<u8> {
    let length = timeout(HANGS, socket.read_u32()).await.expect("a frame comes").unwrap();
    let mut token = vec![0; length as usize];
    socket.read_exact(&mut token).await.unwrap();
    token
}

/// A peer that can misbehave after a good handshake.
pub struct ByHand {
    pub socket: TcpStream,
    sealer: Sealer,
}

impl ByHand {
    /// Links as member 3.
    pub async fn link(to: SocketAddr) -> ByHand {
        ByHand::link_as(to, &[9; 32], 4).await
    }

    /// Links as member 3 of the circle with this group key.
    pub async fn link_as(to: SocketAddr, group: &[u8; 32], ephemeral: u8) -> ByHand {
        let mut socket = TcpStream::connect(to).await.unwrap();
        let key = GroupKey::from_bytes(*group);
        let (dialler, m1) = Dialler::start(local(3, ephemeral), &key);
        for byte in m1 {
            // One byte at a time: the stream's cuts mean nothing.
            socket.write_all(&[byte]).await.unwrap();
        }
        let m2 = token(&mut socket).await;
        let (joining, m3) = dialler.answered(&m2).unwrap();
        socket.write_all(&m3).await.unwrap();
        let m4 = token(&mut socket).await;
        let send: Key = joining.joined(&m4).unwrap().send;
        ByHand { socket, sealer: Sealer::new(&send) }
    }

    pub fn frame(&self, json: &[u8]) -> Vec<u8> {
        let mut frame = Vec::new();
        append_frame(&self.sealer.seal(json, 0), &mut frame);
        frame
    }

    pub async fn say(&mut self, json: &[u8]) {
        let frame = self.frame(json);
        self.socket.write_all(&frame).await.unwrap();
    }

    /// Packet number `n`, which says nothing.
    pub fn typing(&self, n: u64) -> Vec<u8> {
        self.frame(&Packet::Typing(Typing).encode(n))
    }
}
