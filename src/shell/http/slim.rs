//! Scripts as they are served: without the comments that fill whole lines. Lines keep their numbers
//! and their words, so that what a browser says of a line is true of the source.

/// Words after which a slash begins a pattern; after any other it divides.
const BEFORE_PATTERN: [&str; 9] =
    ["return", "typeof", "case", "of", "in", "void", "delete", "await", "yield"];

/// What a script is in the middle of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    /// The text of a template.
    Template,
    /// The code in a template's `${…}`, with so many braces of its own open.
    Slot(usize),
}

/// The script with its whole-line comments left empty; none where it cannot be read for sure: then
/// it is to be served as it is.
pub(super) fn slim(script: &str) -> Option<String> {
    let mut kept = String::with_capacity(script.len());
    let mut within = Vec::new();
    let mut lines = script.split_inclusive('\n');
    while let Some(line) = lines.next() {
        let words = line.trim();
        let in_code = within.last() != Some(&Within::Template);
        if in_code && words.starts_with("//") {
            kept.push_str(end_of(line));
        } else if in_code && words.starts_with("/*") && !goes_on(words) {
            let mut last = line;
            loop {
                kept.push_str(end_of(last));
                match last.split_once("*/") {
                    Some((_, after)) if after.trim().is_empty() => break,
                    Some(_) => return None,
                    None => last = lines.next()?,
                }
            }
        } else {
            kept.push_str(line);
            scan(line, &mut within)?;
        }
    }
    within.is_empty().then_some(kept)
}

/// Whether a line that begins with a comment has code behind it, as the name of a type before a
/// value has.
fn goes_on(words: &str) -> bool {
    words.split_once("*/").is_some_and(|(_, after)| !after.trim().is_empty())
}

fn end_of(line: &str) -> &str {
    &line[line.trim_end_matches(['\r', '\n']).len()..]
}

/// Follows a line from what it begins within to what it ends within.
fn scan(line: &str, within: &mut Vec<Within>) -> Option<()> {
    let bytes = line.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let rest = &line[at..];
        let place = within.last_mut();
        at += match (place, byte) {
            (Some(Within::Template), b'\\') => rest.chars().take(2).map(char::len_utf8).sum(),
            (Some(Within::Template), b'`') => {
                within.pop();
                1
            }
            (Some(Within::Template), b'$') if rest.starts_with("${") => {
                within.push(Within::Slot(0));
                2
            }
            (Some(Within::Template), _) => rest.chars().next()?.len_utf8(),
            (Some(Within::Slot(0)), b'}') => {
                within.pop();
                1
            }
            (Some(Within::Slot(open)), b'{') => {
                *open += 1;
                1
            }
            (Some(Within::Slot(open)), b'}') => {
                *open -= 1;
                1
            }
            (_, b'`') => {
                within.push(Within::Template);
                1
            }
            (_, b'\'' | b'"') => quoted(rest, byte)?,
            (_, b'/') if rest.starts_with("//") => return Some(()),
            (_, b'/') if rest.starts_with("/*") => rest.find("*/")? + 2,
            (_, b'/') if begins_pattern(&line[..at]) => pattern(rest)?,
            _ => rest.chars().next()?.len_utf8(),
        };
    }
    Some(())
}

/// Bytes of the string that the text begins with; none where it does not end on its line.
fn quoted(text: &str, quote: u8) -> Option<usize> {
    let mut escaped = true;
    let end = |byte: u8| {
        let ends = byte == quote && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    };
    text.bytes().position(end).map(|at| at + 1)
}

/// Bytes of the pattern that the text begins with, without its flags.
fn pattern(text: &str) -> Option<usize> {
    let (mut escaped, mut class) = (false, false);
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'\n' => return None,
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'[' => class = true,
            b']' => class = false,
            b'/' if !class => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Whether a slash after this begins a pattern.
fn begins_pattern(before: &str) -> bool {
    let before = before.trim_end();
    let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$');
    let word = &before[before.trim_end_matches(named).len()..];
    match before.chars().next_back() {
        _ if !word.is_empty() => BEFORE_PATTERN.contains(&word),
        last => !matches!(last, Some(')' | ']' | '\'' | '"' | '`')),
    }
}

#[cfg(test)]
mod tests {
    use super::slim;

    /// Of these lines those with a mark are left empty, and no other is touched.
    fn check(script: &str) {
        let wanted: Vec<&str> =
            script.lines().map(|line| if line.contains("gone") { "" } else { line }).collect();
        let slim = slim(script).expect("it can be read");
        assert_eq!(slim.lines().collect::<Vec<_>>(), wanted);
        assert_eq!(slim.ends_with('\n'), script.ends_with('\n'));
    }

    #[test]
    fn comments_that_fill_lines_are_gone_and_lines_keep_their_numbers() {
        check("// gone\n'use strict';\n\n/** gone */\nlet a = 1; // stays\n  // gone\n");
        check("/* gone\n * gone\n\n gone */\nlet b = a / 2; /* stays */\n  /* gone */\nf();");
        check("let a =\n  /** @type {A} stays */ (b);\n// gone\n");
        check("// gone\r\nlet a;\r\n");
        check("");
        check("let a = 1");
    }

    #[test]
    fn what_stands_in_a_text_is_no_comment() {
        check("const a = `\n// stays\n/* stays\n ${b}`;\n// gone\n");
        check("const a = `${\n// gone\n{ a: `\n// stays\n` }.a}\n// stays\n`;\n// gone\n");
        check("const a = '/* stays', b = \"`// stays\", c = '\\'`';\n// gone\n");
        check("const a = `\\`\n// stays\n\\${`;\n// gone\n");
        check("const a = `${'`'}\n// stays\n${\"}\"}`;\n// gone\n");
    }

    #[test]
    fn what_stands_in_a_pattern_begins_nothing() {
        check("const a = /[`/]'\\/`/u;\n// gone\n");
        check("f(/`/.test(x), y => /\"/.exec(y));\n// gone\n");
        check("if (a) return /`/;\n// gone\n");
        check("const a = b / c; const d = `\n// stays / `;\n// gone\n");
        check("const a = (b) / c, d = e[0] / `\n// stays\n`.length / f;\n// gone\n");
    }

    #[test]
    fn what_cannot_be_read_for_sure_is_left_as_it_is() {
        for script in [
            "const a = `never ended\n// a\n",
            "const a = 'goes on \\\n// below';\n",
            "/* ends\n before code */ f();\n// a\n",
            "/* never ends\n// a\n",
            "f(); /* ends below\n*/\n",
            "if (a) /`/.test(b);\n// a\n",
        ] {
            assert_eq!(slim(script), None, "{script}");
        }
    }
}
