//! Where settings come from: flags over the environment over `.env`.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};

use crate::files::read_small;

/// A setting that cannot be used. One line: the variable, what is wrong with it, what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SettingError(pub String);

/// Values of flags under the names of the variables they stand for.
pub type Flags = Vec<(&'static str, Option<String>)>;

/// One value and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// The variable's name.
    pub variable: &'a str,
    /// Its value, not empty, without white space around it.
    pub text: &'a str,
    /// Where it was found, in words.
    pub origin: &'a str,
    /// The folder that a relative path in it starts from.
    pub folder: &'a Path,
}

impl Setting<'_> {
    /// An error about this setting that shows its value. Not for keys.
    pub fn wrong(&self, why: impl std::fmt::Display) -> SettingError {
        let Setting { variable, text, origin, .. } = self;
        let text: String = text.chars().filter(|c| !c.is_control()).take(120).collect();
        SettingError(format!("{variable} ({origin}): `{text}` {why}"))
    }

    /// An error about this setting that keeps its value to itself.
    pub fn wrong_secret(&self, why: impl std::fmt::Display) -> SettingError {
        SettingError(format!("{} ({}) {why}", self.variable, self.origin))
    }

    /// The value as a path.
    pub fn path(&self) -> PathBuf {
        self.folder.join(self.text)
    }
}

#[derive(Debug)]
struct Layer {
    origin: String,
    folder: PathBuf,
    values: BTreeMap<String, String>,
}

/// All layers, the strongest first.
#[derive(Debug)]
pub struct Sources {
    layers: Vec<Layer>,
}

impl Sources {
    /// Takes the flags, this process's environment, and the nearest `.env` in `folder` or above.
    ///
    /// # Errors
    /// A `.env` that is unreadable or somebody else's, or a variable that is not UTF-8.
    pub fn gather(flags: Flags, folder: &Path) -> Result<Sources, SettingError> {
        let given = flags.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let mut layers = vec![
            Layer { origin: "flag".into(), folder: folder.into(), values: given.collect() },
            Layer {
                origin: "environment".into(),
                folder: folder.into(),
                values: environment(env::vars_os())?,
            },
        ];
        let nearest = folder.ancestors().map(|dir| dir.join(".env")).find(|path| path.is_file());
        if let Some(path) = nearest {
            let values = read_env_file(&path)?;
            let folder = path.parent().expect("a file stands in a folder").to_owned();
            layers.push(Layer { origin: path.display().to_string(), folder, values });
        }
        Ok(Sources { layers })
    }

    /// The strongest value that is not empty of any of `variables`; within one source the first
    /// named wins.
    pub fn first<'a>(&'a self, variables: &[&'a str]) -> Option<Setting<'a>> {
        self.layers.iter().find_map(|layer| {
            variables.iter().find_map(|variable| {
                let text = layer.values.get(*variable)?.trim();
                let setting =
                    Setting { variable, text, origin: &layer.origin, folder: &layer.folder };
                (!text.is_empty()).then_some(setting)
            })
        })
    }

    /// The strongest value of `variable` that is not empty.
    pub fn get<'a>(&'a self, variable: &'a str) -> Option<Setting<'a>> {
        self.first(&[variable])
    }
}

fn environment(
    vars: impl Iterator<Item = (OsString, OsString)>,
) -> Result<BTreeMap<String, String>, SettingError> {
    let ours = vars.filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        name.starts_with("RODA_").then_some((name, value))
    });
    ours.map(|(name, value)| match value.into_string() {
        Ok(value) => Ok((name, value)),
        Err(_) => Err(SettingError(format!("{name} (environment) is not UTF-8; set it anew"))),
    })
    .collect()
}

/// The settings in a `.env`, which must be this user's own.
fn read_env_file(path: &Path) -> Result<BTreeMap<String, String>, SettingError> {
    let shown = path.display();
    let failed = |why| SettingError(format!("{shown} cannot be read: {why}; mend or move it"));
    let file = File::open(path).map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let me = rustix::process::geteuid().as_raw();
        // The link's too: relative paths start where it stands.
        let owners = [path.symlink_metadata(), file.metadata()];
        for owner in owners {
            let owner = owner.map_err(failed)?.uid();
            if !is_trusted(owner, me) {
                return Err(SettingError(format!(
                    "{shown} belongs to another user (uid {owner}), whose settings are not \
                     followed; go to a folder of your own, or make the file yours with chown"
                )));
            }
        }
    }
    let text = read_small(file).map_err(failed)?;
    read_env(&text).map_err(|line| {
        // Not the line itself, which may hold the key.
        SettingError(format!("{shown}: line {line} cannot be read; write NAME='value', one a line"))
    })
}

/// Whether the settings of a file with this owner are followed: one's own, and those of root, who
/// can do anything anyway.
#[cfg(unix)]
fn is_trusted(owner: u32, me: u32) -> bool {
    owner == me || owner == 0
}

/// The variables of a `.env` that are this program's; what else it holds does not matter. Values
/// are taken as they are written: nothing is put in the place of a `$`.
///
/// # Errors
/// The number, from 1, of a line that cannot be read.
pub(crate) fn read_env(text: &str) -> Result<BTreeMap<String, String>, usize> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let unused = ('\u{f0000}'..='\u{ffffd}').find(|c| !text.contains(*c));
    let dollar = unused.expect("a small file does not hold all private characters");
    // A last line without its end, and with a space there, is none to dotenvy.
    let text = without_dollars(text, dollar) + "\n";
    let mut values = BTreeMap::new();
    let mut at = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if is_ours(line) {
            // From here on, as a quoted value may go on in the next line.
            let first = dotenvy::from_read_iter(&text.as_bytes()[at..]).next();
            let (name, value) = first.and_then(Result::ok).ok_or(index + 1)?;
            values.insert(name, value.replace(dollar, "$"));
        }
        at += line.len();
    }
    Ok(values)
}

fn is_ours(line: &str) -> bool {
    let line = line.trim_start();
    let exported = line.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t']));
    exported.unwrap_or(line).trim_start().starts_with("RODA_")
}

/// dotenvy has no way to leave `$NAME` alone: another character stands for each `$` that no
/// backslash escapes.
fn without_dollars(text: &str, stand_in: char) -> String {
    let mut escaped = false;
    let one = |c: char| {
        let shown = if c == '$' && !escaped { stand_in } else { c };
        escaped = c == '\\' && !escaped;
        shown
    };
    text.chars().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        read_env(text).expect("it can be read").into_iter().collect()
    }

    fn one(name: &str, value: &str) -> Vec<(String, String)> {
        vec![(name.to_owned(), value.to_owned())]
    }

    #[test]
    fn a_value_is_what_is_written() {
        for (line, value) in [
            ("RODA_NAME=Ke$ha", "Ke$ha"),
            ("RODA_NAME=$HOME ", "$HOME"),
            ("RODA_NAME=\"${HOME} and $x\"", "${HOME} and $x"),
            ("RODA_NAME='$ha' # a name", "$ha"),
            ("RODA_NAME=Ke\\$ha", "Ke$ha"),
            ("RODA_NAME=\"a\\\\$b\"", "a\\$b"),
            ("RODA_NAME='a\\$b'", "a\\$b"),
            ("export RODA_NAME=Ana", "Ana"),
            ("\t export\tRODA_NAME = Ana\r", "Ana"),
            ("RODA_NAME=\"Ana\nMaria\"\n", "Ana\nMaria"),
            ("\u{feff}RODA_NAME=Ana", "Ana"),
        ] {
            assert_eq!(read(line), one("RODA_NAME", value), "{line:?}");
        }
    }

    #[test]
    fn lines_of_other_programs_do_not_matter() {
        let others = ["JAVA_OPTS=-Xmx1g -Xms1g", "MOTD=don't panic", "a b c", "=", "X=\"", "\\"];
        let text = others.map(|line| format!("{line}\n")).concat();
        assert_eq!(read(&format!("{text}RODA_NAME=Ana\n{text}")), one("RODA_NAME", "Ana"));
    }

    #[test]
    fn a_line_that_cannot_be_read_is_numbered() {
        assert_eq!(read_env("# mine\nA=b c\nRODA_NAME=Ana Maria\n"), Err(3));
        assert_eq!(read_env("RODA_KEY=a\nRODA_NAME=don't"), Err(2));
        assert_eq!(read_env("RODA_NAME"), Err(1));
    }

    #[test]
    #[cfg(unix)]
    fn only_ones_own_settings_and_roots_are_followed() {
        assert!(is_trusted(1_000, 1_000) && is_trusted(0, 1_000) && is_trusted(0, 0));
        assert!(!is_trusted(1_001, 1_000) && !is_trusted(1_000, 0));
    }
}
