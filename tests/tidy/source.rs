//! The files of the checkout as text.

use std::fs;
use std::path::{Path, PathBuf};

/// A file of the checkout, its name from the top with `/`.
pub struct Source {
    pub name: String,
    pub text: String,
}

impl Source {
    /// Where in the crate it stands: `src/shell/link.rs` is `shell::link`, `src/lib.rs` is empty.
    pub fn module(&self) -> String {
        let path = self.name.trim_start_matches("src/").trim_end_matches(".rs");
        let names_itself = |part: &&str| !["mod", "lib"].contains(part);
        path.split('/').filter(names_itself).collect::<Vec<_>>().join("::")
    }

    /// Lines before its tests; none where the whole file is tests.
    pub fn tests_from(&self) -> usize {
        let name = self.name.trim_end_matches(".rs");
        if name.ends_with("/tests") || name.ends_with("_tests") || name.contains("/tests/") {
            return 0;
        }
        let mut lines = self.text.lines();
        lines
            .position(|line| line == "#[cfg(test)]" || line.starts_with("#[cfg(all(test,"))
            .unwrap_or(self.text.lines().count())
    }

    /// Numbered lines of code, without comments and tests.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().take(self.tests_from()).enumerate();
        lines.filter(|(_, text)| is_code(text)).map(|(line, text)| (line + 1, text))
    }
}

pub fn is_code(line: &str) -> bool {
    !line.trim_start().starts_with("//")
}

pub fn function_name(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let declares = before.split_whitespace().all(|word| {
        word.starts_with("pub") || ["async", "const", "move"].contains(&word) || word.ends_with(')')
    });
    let end = after.find(|c: char| !c.is_alphanumeric() && c != '_')?;
    (declares && is_code(line)).then(|| &after[..end])
}

pub fn has_word(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(part) && !text[at + word.len()..].starts_with(part))
}

pub fn rust(folder: &str) -> Vec<Source> {
    files(folder, &["rs"])
}

/// Everything written by hand that is code.
pub fn own_text() -> Vec<Source> {
    let mut all = rust("src");
    all.extend(files("tests", &["rs", "js", "mjs", "sh", ""]));
    all.extend(rust("benches"));
    all.extend(files("web", &["js", "css", "html"]));
    all.extend(files("types", &["ts"]));
    all.retain(|file| !file.name.contains("/vendor/") && !file.name.contains("node_modules/"));
    all
}

/// The files below a folder with one of these extensions, sorted; none where there is no folder.
pub fn files(folder: &str, extensions: &[&str]) -> Vec<Source> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut waiting: Vec<PathBuf> = vec![top.join(folder)];
    let mut found = Vec::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let extension = path.extension().map_or("", |extension| extension.to_str().unwrap());
        if extensions.contains(&extension) && path.is_file() {
            let name = path.strip_prefix(top).unwrap().to_str().unwrap().replace('\\', "/");
            found.push(Source { name, text: fs::read_to_string(&path).unwrap() });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}
