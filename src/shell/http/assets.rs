//! The page's files: embedded in the binary, or from a folder while editing.

use std::path::{Path, PathBuf};

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest as _, Sha256};

use super::app::App;
use super::modules;
use super::problem::Problem;
use super::slim::slim;

#[derive(RustEmbed)]
#[folder = "web/"]
#[allow_missing = true]
struct Web;

/// The page itself, which is what `/` is.
const DOCUMENT: &str = "index.html";

/// A file as it is served.
struct Served {
    content: Vec<u8>,
    mime: String,
}

impl Served {
    fn of(file: EmbeddedFile) -> Served {
        let mime = file.metadata.mimetype().to_owned();
        Served { content: file.data.into_owned(), mime }
    }

    /// From the binary. Our own scripts come without their comments; what is vendored comes as
    /// `VENDOR.lock` has it.
    fn embedded(path: &str) -> Option<Served> {
        let mut file = Web::get(path).map(Served::of)?;
        if path.ends_with(".js") && !path.starts_with("vendor/") {
            let slim = str::from_utf8(&file.content).ok().and_then(slim);
            file.content = slim.map_or(file.content, String::into_bytes);
        }
        file.name_modules(path, || Web::iter().map(|path| path.into_owned()).collect());
        Some(file)
    }

    /// Where this is the page's document.
    fn name_modules(&mut self, path: &str, files: impl FnOnce() -> Vec<String>) {
        if path == DOCUMENT
            && let Ok(document) = str::from_utf8(&self.content)
        {
            self.content = modules::named(document, files()).into_bytes();
        }
    }
}

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
    let folder = app.door.web_dir.clone();
    let read = tokio::task::spawn_blocking(move || match folder {
        Some(folder) => from_folder(&folder, &path),
        None => Served::embedded(&path),
    });
    match read.await {
        Ok(Some(file)) => answer(file, &headers),
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

/// Links may lead about within the folder, not out of it.
fn from_folder(folder: &Path, path: &str) -> Option<Served> {
    let folder: PathBuf = folder.canonicalize().ok()?;
    let file = folder.join(path).canonicalize().ok()?;
    if !file.starts_with(&folder) || !file.is_file() {
        return None;
    }
    let mut file = rust_embed::utils::read_file_from_fs(&file).ok().map(Served::of)?;
    file.name_modules(path, || modules::below(&folder));
    Some(file)
}

fn answer(file: Served, headers: &HeaderMap) -> Response {
    let etag = format!("\"{}\"", hex::encode(&Sha256::digest(&file.content)[..16]));
    let etag_value = HeaderValue::from_str(&etag).expect("hex is ASCII");
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let cached = known.is_some_and(|known| {
        known.split(',').any(|one| one.trim().trim_start_matches("W/") == etag)
    });
    let mut response = if cached {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut mime = match &*file.mime {
            "application/javascript" => "text/javascript".to_owned(),
            _ => file.mime,
        };
        if mime.starts_with("text/") {
            mime.push_str("; charset=utf-8");
        }
        let mut response = Body::from(file.content).into_response();
        let mime = HeaderValue::from_str(&mime).expect("a MIME type is ASCII");
        response.headers_mut().insert(header::CONTENT_TYPE, mime);
        response
    };
    response.headers_mut().insert(header::ETAG, etag_value);
    let cache = HeaderValue::from_static("no-cache");
    response.headers_mut().insert(header::CACHE_CONTROL, cache);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_lead_to_files() {
        assert_eq!(plain_path("/"), Some("index.html"));
        assert_eq!(plain_path("/vendor/preact.mjs"), Some("vendor/preact.mjs"));
        for bad in ["/../Cargo.toml", "/a//b", "/.env", "/a/%2e%2e/b", "/a\\b", "/a/", "x"] {
            assert_eq!(plain_path(bad), None, "{bad}");
        }
    }
}
