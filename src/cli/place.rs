//! Addresses of pages: where to connect, what to call it, and links with their token.

use std::net::{IpAddr, SocketAddr};

use zeroize::Zeroizing;

use super::fail::Failure;
use super::output::clean_line;
use crate::address::split_address;

/// The page's address as a link, with the token in its fragment: it never reaches a server's log.
pub fn page_link(address: &str, token: Option<&str>) -> Zeroizing<String> {
    Zeroizing::new(match token {
        Some(token) => format!("http://{address}/#token={token}"),
        None => format!("http://{address}/"),
    })
}

/// Where to connect for a page served at `web`, and the `Host` that its node surely answers, of
/// whatever version it is: `0.0.0.0` is no place to go to.
pub fn place(web: &str) -> (String, String) {
    let Ok(address) = web.parse::<SocketAddr>() else {
        let host = split_address(web, true)
            .map_or(web.to_owned(), |(_, port)| format!("localhost:{port}"));
        return (web.to_owned(), host);
    };
    let port = address.port();
    let there = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => format!("127.0.0.1:{port}"),
        IpAddr::V6(ip) if ip.is_unspecified() => format!("[::1]:{port}"),
        _ => web.to_owned(),
    };
    (there, format!("localhost:{port}"))
}

/// Whether `host:port` is certainly on this machine.
pub fn is_loopback(address: &str) -> bool {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let ip = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
}

/// `[http://]host:port[/][#token=…]`.
pub fn read_url(url: &str) -> Result<(String, Option<Zeroizing<String>>), Failure> {
    let wrong = |why: &str| {
        Failure::Settings(format!("--node {why}; write it as `roda link` does, http://HOST:PORT/"))
    };
    if url.starts_with("https://") {
        return Err(wrong("starts with https, which nodes do not speak"));
    }
    let rest = url.trim().strip_prefix("http://").unwrap_or(url.trim());
    let (place, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let place = place.trim_end_matches('/');
    split_address(place, false).map_err(|why| wrong(&format!("`{}` {why}", clean_line(place))))?;
    let token = fragment.strip_prefix("token=").map(|token| Zeroizing::new(token.to_owned()));
    match token {
        Some(token) if !token.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            Err(wrong("has a token with strange characters"))
        }
        token => Ok((place.to_owned(), token)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_asked_where_it_is_served_and_one_served_everywhere_at_home() {
        for (web, there) in [
            ("0.0.0.0:80", "127.0.0.1:80"),
            ("[::]:80", "[::1]:80"),
            ("127.0.0.1:80", "127.0.0.1:80"),
            ("127.0.0.2:80", "127.0.0.2:80"),
            ("10.0.0.7:80", "10.0.0.7:80"),
        ] {
            assert_eq!(place(web), (there.to_owned(), "localhost:80".to_owned()));
        }
    }

    #[test]
    fn a_link_is_taken_apart() {
        let (address, token) = read_url("http://localhost:8081/#token=ab12").unwrap();
        assert_eq!(
            (&*address, token.as_ref().map(|t| t.as_str())),
            ("localhost:8081", Some("ab12"))
        );
        assert!(read_url("https://localhost:8081").is_err());
        assert!(read_url("http://localhost").is_err());
        assert!(read_url("http://localhost:1/#token=a\r\nb").is_err());
    }

    #[test]
    fn only_this_machine_is_loopback() {
        assert!(is_loopback("127.0.0.1:1") && is_loopback("[::1]:1") && is_loopback("localhost:1"));
        assert!(!is_loopback("10.0.0.7:1") && !is_loopback("localhost.example:1"));
    }
}
