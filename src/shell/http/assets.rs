//! Answers with the page's files.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use super::app::App;
use super::problem::Problem;
use super::served::{DOCUMENT, Served, from_folder};

/// Answers every path that is no route.
pub(super) async fn file(
    State(app): State<App>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return Problem::method_not_allowed().into_response();
    }
    let missing = || Problem::not_found("there is no such file; the page is at /").into_response();
    let Some(path) = plain_path(uri.path()).map(str::to_owned) else { return missing() };
    let read = tokio::task::spawn_blocking(move || match &app.door.web_dir {
        Some(folder) => from_folder(folder, &path),
        None => app.embedded.file(&path),
    });
    match read.await {
        Ok(Some(file)) => answer(&file, &headers),
        _ => missing(),
    }
}

/// The path inside the folder, if it is made of plain names only: no `..`, nothing hidden, no
/// escapes.
fn plain_path(path: &str) -> Option<&str> {
    let path = path.strip_prefix('/')?;
    let path = if path.is_empty() { DOCUMENT } else { path };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | '+');
    let names_ok = path
        .split('/')
        .all(|name| !name.is_empty() && !name.starts_with('.') && name.chars().all(plain));
    names_ok.then_some(path)
}

fn answer(file: &Served, asked: &HeaderMap) -> Response {
    let gzip = file.gzip.as_ref().filter(|_| takes_gzip(asked));
    let form = gzip.unwrap_or(&file.plain);
    let known = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let known = known.is_some_and(|known| {
        known.split(',').any(|one| one.trim().trim_start_matches("W/") == form.etag)
    });
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Body::from(form.content.clone()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, file.mime.clone());
        if gzip.is_some() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, form.etag.clone());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if file.gzip.is_some() {
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    response
}

/// Whether the asker has said that it unpacks gzip (RFC 9110, section 12.5.3).
fn takes_gzip(asked: &HeaderMap) -> bool {
    let given = asked.get_all(header::ACCEPT_ENCODING).iter();
    let mut others = false;
    for one in given.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')) {
        let (name, weight) = one.split_once(';').unwrap_or((one, ""));
        let weight = weight.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f32>);
        let taken = weight.is_ok_and(|weight| weight > 0.0);
        match name.trim() {
            name if name.eq_ignore_ascii_case("gzip") => return taken,
            "*" => others = taken,
            _ => {}
        }
    }
    others
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_for_those_who_say_that_they_take_it() {
        for (said, taken) in [
            ("gzip", true),
            ("deflate, GZIP;q=0.5, br", true),
            ("*", true),
            ("br, *;q=0.1", true),
            ("", false),
            ("br", false),
            ("identity", false),
            ("gzip;q=0", false),
            ("*, gzip;q=0.000", false),
            ("*;q=0", false),
            ("gzip;q=much", false),
            ("xgzip", false),
        ] {
            let mut asked = HeaderMap::new();
            asked.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(said));
            assert_eq!(takes_gzip(&asked), taken, "{said}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    #[test]
    fn only_plain_names_lead_to_files() {
        assert_eq!(plain_path("/"), Some("index.html"));
        assert_eq!(plain_path("/vendor/preact.mjs"), Some("vendor/preact.mjs"));
        for bad in ["/../Cargo.toml", "/a//b", "/.env", "/a/%2e%2e/b", "/a\\b", "/a/", "x"] {
            assert_eq!(plain_path(bad), None, "{bad}");
        }
    }
}
