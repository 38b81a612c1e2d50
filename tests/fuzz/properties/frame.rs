//! A stream of frames: strangers' bytes, before any key.

use std::io;

use ed25519_dalek::SigningKey;
use roda::handshake::{Greeting, Local};
use roda::keyring::{CircleId, Keyring};
use roda::protocol::limits::{FRAME_MAX, HELLO_FRAME_MAX, JOIN_FRAME_MAX};
use roda::seal::{GroupKey, seal_once};
use roda::wire::{FrameCodec, PREFIX, TooLong, append_frame, frame as frame_of};
use tokio_util::bytes::{Bytes, BytesMut};
use tokio_util::codec::Decoder as _;
use zeroize::Zeroizing;

use super::choice;

const LIMITS: [usize; 3] = [HELLO_FRAME_MAX, JOIN_FRAME_MAX, FRAME_MAX];

/// The first byte chooses the limit, the second the pieces in which the rest arrives.
pub fn frame(data: &[u8]) {
    let (limit, data) = choice(data);
    let (step, stream) = choice(data);
    let max = LIMITS[usize::from(limit) % LIMITS.len()];
    let whole = cut(stream, stream.len().max(1), max);
    let pieces = cut(stream, usize::from(step) + 1, max);
    assert_eq!(whole, pieces, "the stream's pieces mean nothing");
    let (tokens, refused) = whole;
    let mut said = Vec::new();
    for token in &tokens {
        assert!(token.len() <= max);
        said.extend(frame_of(token));
        if let Ok(text) = std::str::from_utf8(token) {
            let mut appended = Vec::new();
            append_frame(text, &mut appended);
            assert_eq!(appended, frame_of(token));
        }
    }
    let rest = stream.strip_prefix(&*said).expect("frames are canonical");
    if let Some(TooLong { length, max: told }) = refused {
        assert_eq!(told, max);
        assert!(rest.starts_with(&length.to_be_bytes()) && length as usize > max);
    } else if let Some(prefix) = rest.first_chunk::<PREFIX>() {
        let length = u32::from_be_bytes(*prefix) as usize;
        assert!(length <= max && rest.len() < PREFIX + length, "a whole frame is taken");
    }
    for token in tokens.iter().filter(|token| token.len() <= HELLO_FRAME_MAX) {
        greeted(token);
    }
}

/// The tokens of a stream that arrives `step` bytes at a time, and what ends it.
fn cut(stream: &[u8], step: usize, max: usize) -> (Vec<Bytes>, Option<TooLong>) {
    let (mut codec, mut buffer, mut tokens) = (FrameCodec::new(max), BytesMut::new(), Vec::new());
    for piece in stream.chunks(step) {
        buffer.extend_from_slice(piece);
        loop {
            match codec.decode(&mut buffer) {
                Ok(Some(token)) => tokens.push(token),
                Ok(None) => break,
                Err(error) => return (tokens, Some(reason(&error))),
            }
            assert!(buffer.capacity() <= 2 * (stream.len() + codec.frame_max()));
        }
        assert!(
            buffer.capacity() <= 2 * (buffer.len() + codec.frame_max()),
            "{} bytes are taken for {}",
            buffer.capacity(),
            buffer.len(),
        );
    }
    (tokens, None)
}

fn reason(error: &io::Error) -> TooLong {
    *error.get_ref().and_then(|inner| inner.downcast_ref()).expect("the codec's own error")
}

/// A listener's first packet: refused, or answered within its bound.
fn greeted(token: &[u8]) {
    let local = Local {
        circle: CircleId::FIRST,
        key: SigningKey::from_bytes(&[1; 32]),
        listen: vec![],
        clock: 0,
        ephemeral: Zeroizing::new([2; 32]),
        time: 0,
        seal: seal_once,
    };
    let mut keyring = Keyring::default();
    keyring.put(CircleId::FIRST, vec![GroupKey::from_bytes([3; 32])]);
    let answer = Greeting::open(&keyring, token).and_then(|greeting| greeting.answer(local));
    if let Ok((_, answer)) = answer {
        assert!(answer.len() <= PREFIX + HELLO_FRAME_MAX);
    }
}
