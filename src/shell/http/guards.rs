//! Who is answered at all, and what its page may do.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::app::App;
use super::door::Login;
use super::problem::Problem;

/// Stands before every route, known or not.
pub(super) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let host = app.hosts.of(request.headers(), request.uri()).map(str::to_owned);
    let mut response = match check(&app, host.is_some(), &request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy(host.as_deref()));
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
