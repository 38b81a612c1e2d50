//! The page's document names every module of the page, so that a browser asks for them at once and
//! not for one after the other. The list is made where the document is served.

use std::fs;
use std::path::Path;

/// The line of the document in whose place the modules are named.
const HERE: &str = "<!-- modules -->\n";
/// Folders below `js/` are read so deep.
const DEPTH_MAX: usize = 4;

/// The document with a line for each script of `js/` that it does not name by itself.
pub(super) fn named(document: &str, mut scripts: Vec<String>) -> String {
    scripts.retain(|path| {
        path.starts_with("js/")
            && path.ends_with(".js")
            && !document.contains(&format!("\"/{path}\""))
    });
    scripts.sort_unstable();
    let line = |path: &String| format!("<link rel=\"modulepreload\" href=\"/{path}\">\n");
    document.replacen(HERE, &scripts.iter().map(line).collect::<String>(), 1)
}

/// The files of a folder's `js/`, as paths in that folder.
pub(super) fn below(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    read(folder, "js", DEPTH_MAX, &mut found);
    found
}

fn read(folder: &Path, path: &str, depth: usize, found: &mut Vec<String>) {
    // What cannot be read is named by nobody, and missed when it is asked for.
    for entry in fs::read_dir(folder.join(path)).into_iter().flatten().flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = format!("{path}/{name}");
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth > 0 => read(folder, &path, depth - 1, found),
            Ok(_) => found.push(path),
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_named_once_each_in_the_place_for_them() {
        let document = "<script src=\"/js/look.js\"></script>\n<!-- modules -->\n<p>";
        let scripts = ["js/net/b.js", "js/look.js", "js/a.js", "js/notes.md", "vendor/c.js"];
        let named = named(document, scripts.map(str::to_owned).into());
        let wanted = "<script src=\"/js/look.js\"></script>\n\
            <link rel=\"modulepreload\" href=\"/js/a.js\">\n\
            <link rel=\"modulepreload\" href=\"/js/net/b.js\">\n<p>";
        assert_eq!(named, wanted);
    }
}
