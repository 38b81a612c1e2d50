//! What a family is made of.

/// A family: its tags, a line each, and what is done with any of them.
macro_rules! family {
    (
        $(#[$about_family:meta])*
        pub enum $family:ident {
            $($(#[$about:meta])* $tag:ident($body:ty),)+
        }
    ) => {
        $(#[$about_family])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $family {
            $($(#[$about])* $tag($body),)+
        }

        impl $family {
            /// The family's tags.
            pub const TAGS: &[&str] = &[$(<$body>::TAG),+];

            /// Reads a packet of this family, its runs checked; none where the tag is another's.
            ///
            /// # Errors
            /// [`PacketError`].
            pub fn read(text: &Text) -> Result<Option<$family>, PacketError> {
                $(if text.tag == <$body>::TAG {
                    return Ok(Some($family::$tag(<$body>::read(text)?)));
                })+
                Ok(None)
            }

            /// See [`super::Packet::encode`].
            pub fn encode(&self, n: u64) -> Vec<u8> {
                match self {
                    $($family::$tag(body) => body.encode(n),)+
                }
            }

            /// See [`super::Packet::bytes`].
            pub fn bytes(&self) -> usize {
                /// Tag, number, and what stands around the fields.
                const SMALL: usize = 64;
                SMALL + match self {
                    $($family::$tag(body) => Body::bytes(body),)+
                }
            }

            /// See [`super::Packet::fitting`].
            pub fn fitting(self) -> Vec<$family> {
                match self {
                    $($family::$tag(body) => {
                        body.fitting().into_iter().map($family::$tag).collect()
                    })+
                }
            }
        }
    };
}

pub(super) use family;
