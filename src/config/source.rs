//! Where settings come from: flags over the environment over `.env`.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

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
    /// An unreadable `.env`, or a variable that is not UTF-8.
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

fn read_env_file(path: &Path) -> Result<BTreeMap<String, String>, SettingError> {
    let shown = path.display();
    let text = fs::read_to_string(path)
        .map_err(|why| SettingError(format!("{shown} cannot be read: {why}; mend or move it")))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    dotenvy::from_read_iter(text.as_bytes())
        .collect::<Result<_, _>>()
        // dotenvy's own words repeat the line, which may hold the key.
        .map_err(|why| match why {
            dotenvy::Error::LineParse(bad, _) => {
                let number = line_with(text, &bad).map_or(String::new(), |n| format!("line {n} "));
                SettingError(format!(
                    "{shown}: {number}cannot be read; write NAME='value', one a line"
                ))
            }
            why => SettingError(format!("{shown} cannot be read: {why}; mend or move it")),
        })
}

/// Number, from 1, of the only line that holds the first line of `part`.
fn line_with(text: &str, part: &str) -> Option<usize> {
    let part = part.lines().next()?.trim();
    let mut found = text.lines().enumerate().filter(|(_, line)| line.contains(part));
    let (index, _) = found.next()?;
    (found.next().is_none() && !part.is_empty()).then_some(index + 1)
}
