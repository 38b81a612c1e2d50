//! The packets of an established link, in families by who takes them in: the link itself, the mesh,
//! the circle. A tag is a file: what it holds, its JSON, its bounds, about how much of a queue it
//! takes, and how it is cut. A new one is a file, and a line in its family.

mod body;
pub mod circle;
mod family;
pub mod link;
pub mod mesh;
mod parts;
mod text;

pub use text::{PacketError, Text};

/// Names one link of this node for as long as the process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u64);

/// Which queue of a link a packet goes to: live ones go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Everything but history.
    Live,
    /// Old runs that were asked for.
    History,
}

/// Any packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet {
    /// Its link's own task takes it.
    Link(link::Packet),
    /// The mesh takes it.
    Mesh(mesh::Packet),
    /// The circle takes it.
    Circle(circle::Packet),
}

impl Packet {
    /// Reads a packet, its runs checked; none where no family has its tag: a newer version's.
    /// CPU-heavy: meant for the link's own task.
    ///
    /// # Errors
    /// [`PacketError`].
    pub fn read(text: &Text) -> Result<Option<Packet>, PacketError> {
        if let Some(packet) = circle::Packet::read(text)? {
            return Ok(Some(Packet::Circle(packet)));
        }
        if let Some(packet) = mesh::Packet::read(text)? {
            return Ok(Some(Packet::Mesh(packet)));
        }
        Ok(link::Packet::read(text)?.map(Packet::Link))
    }

    /// The packet with its number, as it is sealed: compact JSON, `tag` and `n` first.
    pub fn encode(&self, n: u64) -> Vec<u8> {
        match self {
            Packet::Link(packet) => packet.encode(n),
            Packet::Mesh(packet) => packet.encode(n),
            Packet::Circle(packet) => packet.encode(n),
        }
    }

    /// About the bytes of its JSON, without writing it: what it counts for in a queue.
    pub fn bytes(&self) -> usize {
        match self {
            Packet::Link(packet) => packet.bytes(),
            Packet::Mesh(packet) => packet.bytes(),
            Packet::Circle(packet) => packet.bytes(),
        }
    }

    /// The packet, cut into as many of its tag as its limits and a frame ask for, in the same
    /// order. Those that are never cut fit by their limits.
    pub fn fitting(self) -> Vec<Packet> {
        match self {
            Packet::Link(packet) => packet.fitting().into_iter().map(Packet::Link).collect(),
            Packet::Mesh(packet) => packet.fitting().into_iter().map(Packet::Mesh).collect(),
            Packet::Circle(packet) => packet.fitting().into_iter().map(Packet::Circle).collect(),
        }
    }
}

impl From<link::Packet> for Packet {
    fn from(packet: link::Packet) -> Packet {
        Packet::Link(packet)
    }
}

impl From<mesh::Packet> for Packet {
    fn from(packet: mesh::Packet) -> Packet {
        Packet::Mesh(packet)
    }
}

impl From<circle::Packet> for Packet {
    fn from(packet: circle::Packet) -> Packet {
        Packet::Circle(packet)
    }
}
