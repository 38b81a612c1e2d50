//! Addresses as people write them, `host:port`.

use std::net::{Ipv6Addr, SocketAddrV6};

use crate::protocol::limits::ADDRESS_BYTES_MAX;

/// Why a text is not `host:port`. The text says what to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// No port.
    #[error("has no port; write HOST:PORT, for example ana.example:7400")]
    NoPort,
    /// A port that is no number from 1 to 65535 (or 0, where one is chosen at the start).
    #[error("has no port between 1 and 65535; write HOST:PORT, for example ana.example:7400")]
    Port,
    /// An IPv6 address without brackets.
    #[error("looks like IPv6; write it in brackets, for example [2001:db8::1]:7400")]
    Brackets,
    /// A page's address, or several at once.
    #[error("is not HOST:PORT; write nothing around it, for example ana.example:7400")]
    More,
    /// A host that is neither a name nor an address.
    #[error("has no usable host; write a name or an IP address, for example ana.example:7400")]
    Host,
}

/// Splits `host:port` and checks both; port 0 is let through only where `zero` says so.
///
/// # Errors
/// [`BadAddress`]: the writer's to mend.
pub fn split_address(text: &str, zero: bool) -> Result<(&str, u16), BadAddress> {
    let (host, port) = text.rsplit_once(':').ok_or(BadAddress::NoPort)?;
    if text.starts_with('[') {
        if !host.ends_with(']') {
            return Err(BadAddress::NoPort);
        }
    } else if [text, host].iter().any(|text| text.parse::<Ipv6Addr>().is_ok()) {
        return Err(BadAddress::Brackets);
    } else if host.contains(':') {
        return Err(BadAddress::More);
    }
    if port.is_empty() || !port.bytes().all(|b| b.is_ascii_digit()) {
        return Err(BadAddress::Port);
    }
    let port: u16 = port.parse().map_err(|_| BadAddress::Port)?;
    if port == 0 && !zero {
        return Err(BadAddress::Port);
    }
    let named = |host: &str| {
        !host.is_empty()
            && !host.starts_with(['.', '-'])
            && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c))
    };
    let good = if host.starts_with('[') {
        text.parse::<SocketAddrV6>().is_ok()
    } else {
        named(host) && text.len() <= ADDRESS_BYTES_MAX
    };
    if good { Ok((host, port)) } else { Err(BadAddress::Host) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_needs_a_host_and_a_port() {
        assert_eq!(split_address("[::1]:8080", false), Ok(("[::1]", 8080)));
        assert_eq!(split_address("0.0.0.0:0", true), Ok(("0.0.0.0", 0)));
        assert_eq!(split_address("a:0", false), Err(BadAddress::Port));
        assert_eq!(split_address("a:70000", false), Err(BadAddress::Port));
        assert_eq!(split_address("a:+1", false), Err(BadAddress::Port));
        assert_eq!(split_address("a", false), Err(BadAddress::NoPort));
        assert_eq!(split_address("[::1]", false), Err(BadAddress::NoPort));
        assert_eq!(split_address("[ana]:1", false), Err(BadAddress::Host));
        assert_eq!(split_address("a b:1", false), Err(BadAddress::Host));
        for ipv6 in ["::1", "::1:7400", "2001:db8::1", "2001:db8::1:7400", "fe80::a:b:c:d:1"] {
            assert_eq!(split_address(ipv6, false), Err(BadAddress::Brackets), "{ipv6}");
        }
        for more in ["http://a:1", "http://127.0.0.1:7621/", "a:1 b:2", "a:1;b:2", "a:1:2"] {
            assert_eq!(split_address(more, false), Err(BadAddress::More), "{more}");
        }
    }
}
