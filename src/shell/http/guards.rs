//! Who is answered at all, and the headers that stand on every answer.

use std::net::SocketAddr;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq as _;

use super::problem::Problem;
use super::server::App;
use super::{Door, Login};

const HEADERS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// The exact names under which this node is reached.
#[derive(Debug)]
pub(super) struct Hosts(Vec<String>);

impl Hosts {
    /// Those of this machine, the listener's own address, and those that are set.
    pub(super) fn new(door: &Door, bound: SocketAddr) -> Hosts {
        let port = bound.port();
        let local = ["localhost", "127.0.0.1", "[::1]"].map(|name| format!("{name}:{port}"));
        let bound = (!bound.ip().is_unspecified()).then(|| bound.to_string());
        let set = door.hosts.iter().map(|host| host.to_lowercase());
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
    fn of<'a>(&self, headers: &'a HeaderMap, uri: &Uri) -> Option<&'a str> {
        let mut named = headers.get_all(header::HOST).iter();
        let host = named.next()?.to_str().ok()?;
        let other = uri.authority().is_some_and(|target| !self.listed(target.as_str()));
        (named.next().is_none() && !other && self.listed(host)).then_some(host)
    }

    /// A request without an Origin comes from a program, not from a page.
    fn origin_ok(&self, headers: &HeaderMap) -> bool {
        headers.get_all(header::ORIGIN).iter().all(|origin| {
            let origin = origin.to_str().unwrap_or_default();
            let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
            host.is_some_and(|host| self.listed(host))
        })
    }
}

/// Stands before every route, known or not.
pub(super) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let host = app.hosts.of(request.headers(), request.uri()).map(str::to_owned);
    let mut response = match check(&app, host.is_some(), &request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, policy(host.as_deref()));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn check(app: &App, host_listed: bool, request: &Request) -> Result<(), Problem> {
    if !host_listed {
        return Err(Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "host",
            "this node does not answer under this name; use localhost, or list the name and port \
             in RODA_WEB_HOSTS",
        ));
    }
    if !app.hosts.origin_ok(request.headers()) {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "origin",
            "another site's page may not use this node; open the node's own page",
        ));
    }
    if needs_login(request.uri().path()) && !logged_in(&app.door.login, request.headers()) {
        return Err(Problem::unauthorized(
            "send Authorization: Bearer TOKEN; `roda link` shows the token",
        ));
    }
    Ok(())
}

/// The WebSocket asks for its token itself.
fn needs_login(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/") || path == "/metrics"
}

fn logged_in(login: &Login, headers: &HeaderMap) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.split_once(' '));
    match given {
        _ if matches!(login, Login::Off) => true,
        Some((scheme, token)) => scheme.eq_ignore_ascii_case("bearer") && login.opens(token.trim()),
        None => false,
    }
}

impl Login {
    /// Whether this token opens the door; takes the same time for all wrong ones of one length.
    pub(super) fn opens(&self, token: &str) -> bool {
        match self {
            Login::Off => true,
            Login::Token(right) => right.as_bytes().ct_eq(token.as_bytes()).into(),
        }
    }
}

/// The page needs no more than this. `'self'` does not cover WebSockets in every browser.
fn policy(host: Option<&str>) -> HeaderValue {
    let socket = host.map(|host| format!(" ws://{host}")).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
         media-src 'self' blob:; font-src 'self'; connect-src 'self'{socket}; \
         manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types roda-sw"
    );
    HeaderValue::from_str(&policy).expect("a listed host is ASCII")
}
