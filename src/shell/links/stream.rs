//! Frames over a socket: reading with one timer, writing with another.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;
use tokio_util::bytes::{Bytes, BytesMut};
use tokio_util::codec::Decoder as _;

use crate::wire::FrameCodec;

/// Bytes asked of the socket at once; fewer while frames are shorter, as strangers' are.
const READ_BYTES: usize = 32 * 1024;

/// Reads frames. Cancel-safe: what was read of a frame stays.
pub(super) struct FrameReader<R> {
    io: R,
    codec: FrameCodec,
    buffer: BytesMut,
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    pub(super) fn new(io: R, max: usize) -> Self {
        FrameReader { io, codec: FrameCodec::new(max), buffer: BytesMut::new() }
    }

    pub(super) fn set_max(&mut self, max: usize) {
        self.codec.set_max(max);
    }

    /// The next token; none where the stream ended between frames. An error of kind `TimedOut`
    /// where nothing at all came for as long as `dead`.
    pub(super) async fn next(&mut self, dead: Duration) -> io::Result<Option<Bytes>> {
        loop {
            if let Some(token) = self.codec.decode(&mut self.buffer)? {
                return Ok(Some(token));
            }
            self.buffer.reserve(READ_BYTES.min(self.codec.frame_max()));
            match timeout(dead, self.io.read_buf(&mut self.buffer)).await?? {
                0 if self.buffer.is_empty() => return Ok(None),
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                _ => {}
            }
        }
    }

    /// Reads and forgets until the stream ends.
    pub(super) async fn discard(&mut self) {
        self.buffer.clear();
        while let Ok(1..) = self.io.read_buf(&mut self.buffer).await {
            self.buffer.clear();
        }
    }

    /// The socket, for writing to it.
    pub(super) fn io(&mut self) -> &mut R {
        &mut self.io
    }
}

impl FrameReader<TcpStream> {
    /// Parts the directions; what was already read stays with the reader.
    pub(super) fn into_halves(self) -> (FrameReader<OwnedReadHalf>, OwnedWriteHalf) {
        let (io, write) = self.io.into_split();
        (FrameReader { io, codec: self.codec, buffer: self.buffer }, write)
    }
}

/// Writes all bytes; each part that the system takes may take `limit`.
pub(super) async fn write_out<W: AsyncWrite + Unpin>(
    io: &mut W,
    mut bytes: &[u8],
    limit: Duration,
) -> io::Result<()> {
    while !bytes.is_empty() {
        match timeout(limit, io.write(bytes)).await?? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            count => bytes = &bytes[count..],
        }
    }
    timeout(limit, io.flush()).await?
}
