//! The page's files as they are served: plain, and packed where that makes them smaller.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::http::HeaderValue;
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest as _, Sha256};

use super::modules;
use super::slim::slim;

#[derive(RustEmbed)]
#[folder = "web/"]
#[allow_missing = true]
struct Web;

/// The page itself, which is what `/` is.
pub(super) const DOCUMENT: &str = "index.html";

/// A file is packed where so many in a hundred of its bytes are saved: pictures and fonts are
/// packed already.
const SAVED_PERCENT_MIN: usize = 10;

/// One form of a file.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) content: Bytes,
    /// Of this form alone: a cache tells the two apart.
    pub(super) etag: HeaderValue,
}

/// A file as it is served.
#[derive(Debug)]
pub(super) struct Served {
    pub(super) mime: HeaderValue,
    pub(super) plain: Form,
    pub(super) gzip: Option<Form>,
}

/// What is in the binary, each made when it is first asked for, and kept: strangers may ask for
/// files as often as they like.
#[derive(Debug, Default)]
pub(super) struct Embedded(Mutex<BTreeMap<String, Arc<Served>>>);

impl Embedded {
    /// The file of this path. Our own scripts come without their comments; what is vendored comes
    /// as `VENDOR.lock` has it. Blocks while a file is made.
    pub(super) fn file(&self, path: &str) -> Option<Arc<Served>> {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(served) = made.get(path) {
            return Some(served.clone());
        }
        let mut raw = Raw::of(Web::get(path)?);
        if path.ends_with(".js") && !path.starts_with("vendor/") {
            let slim = str::from_utf8(&raw.content).ok().and_then(slim);
            raw.content = slim.map_or(raw.content, String::into_bytes);
        }
        raw.name_modules(path, || Web::iter().map(|path| path.into_owned()).collect());
        let served = Arc::new(raw.served(packed));
        made.insert(path.to_owned(), served.clone());
        Some(served)
    }
}

/// A file of a folder, as it is there now: not packed, which is not worth it for one look. Links
/// may lead about within the folder, not out of it.
pub(super) fn from_folder(folder: &Path, path: &str) -> Option<Arc<Served>> {
    let folder: PathBuf = folder.canonicalize().ok()?;
    let file = folder.join(path).canonicalize().ok()?;
    if !file.starts_with(&folder) || !file.is_file() {
        return None;
    }
    let mut raw = rust_embed::utils::read_file_from_fs(&file).ok().map(Raw::of)?;
    raw.name_modules(path, || modules::below(&folder));
    Some(Arc::new(raw.served(|_| None)))
}

struct Raw {
    content: Vec<u8>,
    mime: String,
}

impl Raw {
    fn of(file: EmbeddedFile) -> Raw {
        let mime = file.metadata.mimetype().to_owned();
        Raw { content: file.data.into_owned(), mime }
    }

    /// Where this is the page's document.
    fn name_modules(&mut self, path: &str, files: impl FnOnce() -> Vec<String>) {
        if path == DOCUMENT
            && let Ok(document) = str::from_utf8(&self.content)
        {
            self.content = modules::named(document, files()).into_bytes();
        }
    }

    fn served(self, pack: impl Fn(&[u8]) -> Option<Vec<u8>>) -> Served {
        let digest = hex::encode(&Sha256::digest(&self.content)[..16]);
        let form = |content: Vec<u8>, ending: &str| Form {
            content: content.into(),
            etag: HeaderValue::from_str(&format!("\"{digest}{ending}\"")).expect("hex is ASCII"),
        };
        let mut mime = match &*self.mime {
            "application/javascript" => "text/javascript".to_owned(),
            _ => self.mime,
        };
        if mime.starts_with("text/") {
            mime.push_str("; charset=utf-8");
        }
        Served {
            mime: HeaderValue::from_str(&mime).expect("a MIME type is ASCII"),
            gzip: pack(&self.content).map(|packed| form(packed, "-gzip")),
            plain: form(self.content, ""),
        }
    }
}

fn packed(content: &[u8]) -> Option<Vec<u8>> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    let packed = gzip.write_all(content).and_then(|()| gzip.finish()).expect("memory takes all");
    let worth_it = packed.len() * 100 <= content.len() * (100 - SAVED_PERCENT_MIN);
    worth_it.then_some(packed)
}
