//! The names that this node answers to.

use std::net::SocketAddr;

use axum::http::{HeaderMap, Uri, header};

/// The exact names under which this node is reached.
#[derive(Debug)]
pub(super) struct Hosts(Vec<String>);

impl Hosts {
    /// Those of this machine, the listener's own address, and those that are set.
    pub(super) fn new(set: &[String], bound: SocketAddr) -> Hosts {
        let port = bound.port();
        let local = ["localhost", "127.0.0.1", "[::1]"].map(|name| format!("{name}:{port}"));
        let bound = (!bound.ip().is_unspecified()).then(|| bound.to_string());
        let set = set.iter().map(|host| host.to_lowercase());
        let mut hosts: Vec<String> = local.into_iter().chain(bound).chain(set).collect();
        // Browsers leave out the port that a scheme implies.
        let bare: Vec<_> =
            hosts.iter().filter_map(|host| host.strip_suffix(":80")).map(str::to_owned).collect();
        hosts.extend(bare);
        Hosts(hosts)
    }

    fn listed(&self, host: &str) -> bool {
        self.0.iter().any(|listed| listed.eq_ignore_ascii_case(host))
    }

    /// The one Host of the request, if it is listed.
    pub(super) fn of<'a>(&self, headers: &'a HeaderMap, uri: &Uri) -> Option<&'a str> {
        let mut named = headers.get_all(header::HOST).iter();
        let host = named.next()?.to_str().ok()?;
        let other = uri.authority().is_some_and(|target| !self.listed(target.as_str()));
        (named.next().is_none() && !other && self.listed(host)).then_some(host)
    }

    /// A request without an Origin comes from a program, not from a page.
    pub(super) fn origin_ok(&self, headers: &HeaderMap) -> bool {
        headers.get_all(header::ORIGIN).iter().all(|origin| {
            let origin = origin.to_str().unwrap_or_default();
            let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
            host.is_some_and(|host| self.listed(host))
        })
    }
}
