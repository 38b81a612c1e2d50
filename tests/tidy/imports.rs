//! Who imports whom: every file's paths into this crate, read as text, and circles among them.

use std::collections::{BTreeMap, BTreeSet};
use std::slice;

use crate::source::Source;

/// A module, as its path from the crate's top: `shell::links::writer`.
pub type Module = String;

/// The files of one crate, by the module that each is.
pub struct Crate<'a> {
    files: BTreeMap<Module, &'a Source>,
    /// The names that a module has by a `use`, which its parts see too, and their paths.
    used: BTreeMap<Module, BTreeMap<String, Vec<String>>>,
}

/// One import: from where, in which line, and which module.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    pub from: Module,
    pub line: usize,
    pub to: Module,
}

impl<'a> Crate<'a> {
    pub fn of(files: &'a [Source]) -> Crate<'a> {
        let files = files.iter().map(|file| (file.module(), file)).collect();
        let mut all = Crate { files, used: BTreeMap::new() };
        let modules: Vec<Module> = all.files.keys().cloned().collect();
        for module in modules {
            let used = all.paths(&module).into_iter().filter(|path| path.used);
            let used = used.filter_map(|path| Some((path.parts.last()?.clone(), path.parts)));
            let used = used.collect();
            all.used.insert(module, used);
        }
        all
    }

    /// All imports of all files, each file's own left out.
    pub fn imports(&self) -> BTreeSet<Import> {
        let mut imports = BTreeSet::new();
        for from in self.files.keys() {
            for path in self.paths(from) {
                let to = self.file_of(&path.parts);
                if to != *from && !to.is_empty() {
                    imports.insert(Import { from: from.clone(), line: path.line, to });
                }
            }
        }
        imports
    }

    pub fn name(&self, module: &str) -> &str {
        &self.files[module].name
    }

    /// The module whose file holds what a path names, behind names that another has by a `use`.
    fn file_of(&self, path: &[String]) -> Module {
        let (mut module, mut rest) = (Vec::new(), path);
        while let Some((next, after)) = rest.split_first() {
            let below = [&module[..], slice::from_ref(next)].concat();
            if self.files.contains_key(&below.join("::")) {
                (module, rest) = (below, after);
                continue;
            }
            let used = self.used.get(&module.join("::")).and_then(|names| names.get(next));
            return match used {
                Some(path) if self.file_of(&path[..path.len() - 1]) != module.join("::") => {
                    self.file_of(path)
                }
                _ => module.join("::"),
            };
        }
        module.join("::")
    }

    /// The paths of a file that lead into this crate, from its top.
    fn paths(&self, module: &str) -> Vec<Path> {
        let mut paths = Vec::new();
        let tokens = tokens(self.files[module]);
        let own: Vec<String> =
            module.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let (mut at, mut used) = (0, false);
        while at < tokens.len() {
            let (line, word) = &tokens[at];
            let inside = at > 0 && ["::", "."].contains(&&*tokens[at - 1].1);
            let leads = tokens.get(at + 1).is_some_and(|(_, next)| next == "::");
            match &**word {
                "use" => used = true,
                ";" => used = false,
                _ => {}
            }
            let below = [module, "::", word].concat();
            let start = match &**word {
                _ if inside || !leads => None,
                "crate" | "roda" => Some(Vec::new()),
                "self" => Some(own.clone()),
                "super" => Some(own[..own.len().saturating_sub(1)].to_vec()),
                _ if self.files.contains_key(below.trim_start_matches("::")) => {
                    Some([&own[..], slice::from_ref(word)].concat())
                }
                _ => None,
            };
            let Some(start) = start else {
                at += 1;
                continue;
            };
            let line = *line;
            let mut found = Vec::new();
            at = tree(&tokens, at + 1, start, &mut found);
            paths.extend(found.into_iter().map(|parts| Path { line, parts, used }));
        }
        paths
    }
}

struct Path {
    line: usize,
    parts: Vec<String>,
    /// It stands in a `use`.
    used: bool,
}

/// Reads what goes on behind `path` at a `::`: names, or a group of them. Gives where it ends.
fn tree(
    tokens: &[(usize, String)],
    mut at: usize,
    mut path: Vec<String>,
    found: &mut Vec<Vec<String>>,
) -> usize {
    while tokens.get(at).is_some_and(|(_, word)| word == "::") {
        match tokens.get(at + 1).map(|(_, word)| &**word) {
            Some("super") => drop(path.pop()),
            Some("{") => {
                at += 2;
                while let Some((_, word)) = tokens.get(at) {
                    match &**word {
                        "}" => return at + 1,
                        "," => at += 1,
                        "self" => {
                            found.push(path.clone());
                            at += 1;
                        }
                        _ => {
                            let below = [&path[..], slice::from_ref(word)].concat();
                            at = tree(tokens, at + 1, below, found);
                            // A name of its own: `a as b`.
                            while tokens.get(at).is_some_and(|(_, w)| w != "," && w != "}") {
                                at += 1;
                            }
                        }
                    }
                }
                return at;
            }
            Some(word) if word.starts_with(|c: char| c.is_alphabetic() || c == '_') => {
                path.push(word.to_owned());
            }
            _ => break,
        }
        at += 2;
    }
    found.push(path);
    at
}

/// The words and signs of a file's code, without comments, texts and tests.
fn tokens(file: &Source) -> Vec<(usize, String)> {
    let mut tokens = Vec::new();
    let mut in_text = false;
    for (line, text) in file.code() {
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\\' if in_text => drop(chars.next()),
                '"' => in_text = !in_text,
                _ if in_text => {}
                // A sign in quotes; the tick of a lifetime stands alone.
                '\'' => {
                    let mut ahead = chars.clone();
                    if ahead.next() == Some('\\') {
                        chars.nth(1);
                        chars.by_ref().take_while(|c| *c != '\'').for_each(drop);
                    } else if ahead.next() == Some('\'') {
                        chars.nth(1);
                    }
                }
                '/' if chars.peek() == Some(&'/') => break,
                ':' if chars.next_if_eq(&':').is_some() => tokens.push((line, "::".to_owned())),
                c if c.is_alphanumeric() || c == '_' => {
                    let mut word = String::from(c);
                    while let Some(c) = chars.next_if(|c| c.is_alphanumeric() || *c == '_') {
                        word.push(c);
                    }
                    tokens.push((line, word));
                }
                c if c.is_whitespace() => {}
                c => tokens.push((line, c.to_string())),
            }
        }
    }
    assert!(!in_text, "{}: a text does not end", file.name);
    tokens
}

/// The area of a module: its folder or file at the top.
pub fn area(module: &str) -> &str {
    module.split("::").next().unwrap_or_default()
}

/// Circles among files. A part of one of `machines` may name the machine it is a part of.
pub fn circles_of_files(imports: &BTreeSet<Import>, machines: &[&str]) -> Vec<Vec<Module>> {
    let whole = |import: &Import| {
        machines.iter().any(|machine| {
            import.to == *machine && import.from.starts_with(&[machine, "::"].concat())
        })
    };
    let arrows = imports.iter().filter(|import| !whole(import));
    circles(arrows.map(|import| (import.from.clone(), import.to.clone())).collect())
}

/// Circles among the parts of each module, each part with all that is below it.
pub fn circles_of_folders(imports: &BTreeSet<Import>) -> Vec<Vec<Module>> {
    let mut arrows: BTreeSet<(Module, Module)> = BTreeSet::new();
    for Import { from, to, .. } in imports {
        let (from, to): (Vec<&str>, Vec<&str>) =
            (from.split("::").collect(), to.split("::").collect());
        let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
        if shared < from.len() && shared < to.len() {
            arrows.insert((from[..=shared].join("::"), to[..=shared].join("::")));
        }
    }
    circles(arrows)
}

/// The sets of two or more that reach each other.
fn circles(arrows: BTreeSet<(Module, Module)>) -> Vec<Vec<Module>> {
    let mut reached: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (start, _) in &arrows {
        let mut seen = BTreeSet::new();
        let mut waiting = vec![&**start];
        while let Some(at) = waiting.pop() {
            let next = arrows.iter().filter(|(from, _)| from == at).map(|(_, to)| &**to);
            waiting.extend(next.filter(|to| seen.insert(*to)));
        }
        reached.insert(start, seen);
    }
    let circle = |(start, all): (&&str, &BTreeSet<&str>)| -> Option<Vec<Module>> {
        let back = |to: &&&str| reached.get(**to).is_some_and(|there| there.contains(start));
        let mut round: Vec<Module> = all.iter().filter(back).map(|to| to.to_string()).collect();
        round.sort();
        (round.len() > 1 && all.contains(start)).then_some(round)
    };
    reached.iter().filter_map(circle).collect::<BTreeSet<_>>().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planted(files: &[(&str, &str)]) -> BTreeSet<Import> {
        let source =
            |(name, text): &(&str, &str)| Source { name: (*name).into(), text: (*text).into() };
        let files: Vec<Source> = files.iter().map(source).collect();
        Crate::of(&files).imports()
    }

    fn told(imports: &BTreeSet<Import>) -> Vec<String> {
        imports.iter().map(|i| format!("{}:{} {}", i.from, i.line, i.to)).collect()
    }

    #[test]
    fn every_way_to_name_another_file_is_an_import() {
        let imports = planted(&[
            ("src/a.rs", "use crate::b::{self, c::C,\n    d::{D as E, F}};\nfn f() { b::x() }"),
            ("src/b/mod.rs", "mod c;\nuse c::C;\npub(crate) use d::D;\nfn x() { crate::a::f() }"),
            ("src/b/c.rs", "use super::D;\nuse super::super::a;\nfn f<'a>(x: &'a super::d::F) {}"),
            ("src/b/d.rs", "// crate::a\nfn f() { let _ = (\"crate::a\", '\"', crate::a::f()); }"),
            ("src/main.rs", "fn main() { roda::a::f() }\n#[cfg(test)]\nuse crate::b::c::C;"),
        ]);
        let expected = [
            "a:1 b",
            "a:1 b::c",
            "a:1 b::d",
            "b:2 b::c",
            "b:3 b::d",
            "b:4 a",
            "b::c:1 b::d",
            "b::c:2 a",
            "b::c:3 b::d",
            "b::d:2 a",
            "main:1 a",
        ];
        assert_eq!(told(&imports), expected);
    }

    #[test]
    fn a_circle_of_files_is_found_however_long_it_is() {
        let imports = planted(&[
            ("src/a.rs", "use crate::b::B;"),
            ("src/b.rs", "use crate::c::C;"),
            ("src/c.rs", "use crate::a::A;"),
            ("src/d.rs", "use crate::a::A;"),
        ]);
        assert_eq!(circles_of_files(&imports, &[]), [["a", "b", "c"]]);
        assert_eq!(circles_of_folders(&imports), [["a", "b", "c"]]);
    }

    #[test]
    fn folders_go_round_where_their_files_do_not() {
        let imports = planted(&[
            ("src/a/mod.rs", "mod x;\nmod y;"),
            ("src/a/x.rs", "use crate::b::B;"),
            ("src/a/y.rs", ""),
            ("src/b.rs", "use crate::a::y::Y;"),
        ]);
        assert!(circles_of_files(&imports, &[]).is_empty());
        assert_eq!(circles_of_folders(&imports), [["a", "b"]]);
    }

    #[test]
    fn a_part_that_names_its_whole_goes_round_unless_they_are_one_machine() {
        let imports = planted(&[
            ("src/m/mod.rs", "mod x;\nmod y;\nuse x::X;"),
            ("src/m/x.rs", "use super::M;"),
            ("src/m/y.rs", ""),
        ]);
        assert_eq!(circles_of_files(&imports, &[]), [["m", "m::x"]]);
        assert!(circles_of_files(&imports, &["m"]).is_empty());
    }
}
