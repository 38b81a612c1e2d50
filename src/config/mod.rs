//! The settings of a node, resolved and checked.

pub mod keys;
pub mod notes;
pub mod source;

use std::env;
use std::fs::File;
use std::path::{Path, PathBuf};

use tracing_subscriber::EnvFilter;

use keys::read_keys;
pub use source::{Flags, SettingError};
use source::{Setting, Sources};

use crate::address::split_address;
use crate::files::read_small;
use crate::protocol::name::clean_name;
use crate::seal::GroupKey;

/// Port where peers connect, unless set.
pub const DEFAULT_LISTEN: &str = "0.0.0.0:7400";
/// Where the page is served, unless set: this machine only.
pub const DEFAULT_WEB: &str = "127.0.0.1:8080";
/// Seconds between vectors to every peer, unless set.
pub const DEFAULT_SYNC_SECS: u64 = 180;
/// Longest time between vectors that makes sense: one day.
pub const SYNC_SECS_MAX: u64 = 86_400;
/// Log filter, unless set.
pub const DEFAULT_LOG: &str = "info";
/// Name where neither a setting nor the system gives one.
const NAMELESS: &str = "somebody";

/// Whether the page asks for its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebLogin {
    /// `/api`, `/ws` and `/metrics` need the token.
    Token,
    /// Anybody who reaches the page's address may use it.
    Off,
}

/// Whether a command needs the group key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// Read and check it; none is not an error here.
    Read,
    /// Leave it alone: the command talks to a node that has it.
    Ignore,
}

/// Checked settings of one node.
#[derive(Debug, Clone)]
pub struct Config {
    /// The group key; where there are two, the first is spoken with. Empty where none is set.
    pub keys: Vec<GroupKey>,
    /// Display name, cleaned.
    pub name: String,
    /// `host:port` to dial first.
    pub peers: Vec<String>,
    /// `host:port` where peers connect; port 0 lets the system choose.
    pub listen: String,
    /// `host:port` that contacts name for this node.
    pub advertise: Vec<String>,
    /// `host:port` of the page; port 0 lets the system choose.
    pub web: String,
    /// Further `host:port` that the page answers to.
    pub web_hosts: Vec<String>,
    /// Whether the page asks for its token.
    pub web_login: WebLogin,
    /// The data folder; may not exist yet.
    pub data: PathBuf,
    /// Seconds between vectors to every peer, 1 to [`SYNC_SECS_MAX`].
    pub sync_secs: u64,
    /// Serve the page from this folder and not from the binary.
    pub web_dir: Option<PathBuf>,
    /// Log filter, checked.
    pub log: String,
}

impl Config {
    /// Resolves flags, environment and `.env` of the current folder.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn resolve(flags: Flags, keys: Keys) -> Result<Config, SettingError> {
        let folder = env::current_dir().map_err(|why| {
            SettingError(format!("the current folder cannot be found: {why}; cd to one that can"))
        })?;
        Config::from_sources(&Sources::gather(flags, &folder)?, keys)
    }

    /// A node on this machine alone, without login, with ports chosen by the system: for the demo
    /// and for tests.
    pub fn local(name: &str, key: GroupKey, data: PathBuf) -> Config {
        Config {
            keys: vec![key],
            name: name.to_owned(),
            peers: Vec::new(),
            listen: "127.0.0.1:0".to_owned(),
            advertise: Vec::new(),
            web: "127.0.0.1:0".to_owned(),
            web_hosts: Vec::new(),
            web_login: WebLogin::Off,
            data,
            sync_secs: DEFAULT_SYNC_SECS,
            web_dir: None,
            log: DEFAULT_LOG.to_owned(),
        }
    }

    fn from_sources(sources: &Sources, keys: Keys) -> Result<Config, SettingError> {
        let address = |variable, default: &str| match sources.get(variable) {
            Some(setting) => match split_address(setting.text, true) {
                Ok(_) => Ok(setting.text.to_owned()),
                Err(why) => Err(setting.wrong(why)),
            },
            None => Ok(default.to_owned()),
        };
        let addresses = |variable| sources.get(variable).map_or(Ok(Vec::new()), address_list);
        Ok(Config {
            keys: if keys == Keys::Read { group_keys(sources)? } else { Vec::new() },
            name: name(sources)?,
            peers: addresses("RODA_PEERS")?,
            listen: address("RODA_LISTEN", DEFAULT_LISTEN)?,
            advertise: addresses("RODA_ADVERTISE")?,
            web: address("RODA_WEB", DEFAULT_WEB)?,
            web_hosts: addresses("RODA_WEB_HOSTS")?,
            web_login: web_login(sources)?,
            data: data_folder(sources)?,
            sync_secs: sync_secs(sources)?,
            web_dir: web_dir(sources)?,
            log: log_filter(sources)?,
        })
    }
}

fn address_list(setting: Setting<'_>) -> Result<Vec<String>, SettingError> {
    let parts = setting.text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let one = |text| match split_address(text, false) {
        Ok(_) => Ok(text.to_owned()),
        Err(why) => {
            Err(Setting { text, ..setting }.wrong(format!("{why} (several: comma-separated)")))
        }
    };
    parts.map(one).collect()
}

fn group_keys(sources: &Sources) -> Result<Vec<GroupKey>, SettingError> {
    let Some(setting) = sources.first(&["RODA_KEY", "RODA_KEY_FILE"]) else {
        return Ok(Vec::new());
    };
    if setting.variable == "RODA_KEY" {
        return read_keys(setting.text).map_err(|why| setting.wrong_secret(why));
    }
    let path = setting.path();
    let text = File::open(&path).and_then(read_small).map_err(|why| {
        let path = path.display();
        setting.wrong(format!("cannot be read: {why}; make a key with `roda key --file {path}`"))
    })?;
    read_keys(&text).map_err(|why| setting.wrong(why))
}

fn name(sources: &Sources) -> Result<String, SettingError> {
    if let Some(setting) = sources.get("RODA_NAME") {
        return clean_name(setting.text).map_err(|why| setting.wrong(why));
    }
    let system = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| env::var(name).ok());
    let name = system.and_then(|name| clean_name(&name).ok());
    Ok(name.unwrap_or_else(|| NAMELESS.to_owned()))
}

fn web_login(sources: &Sources) -> Result<WebLogin, SettingError> {
    match sources.get("RODA_WEB_LOGIN") {
        None => Ok(WebLogin::Token),
        Some(setting) => match setting.text {
            "token" => Ok(WebLogin::Token),
            "off" => Ok(WebLogin::Off),
            _ => Err(setting.wrong("is neither `token` nor `off`; write one of them")),
        },
    }
}

fn data_folder(sources: &Sources) -> Result<PathBuf, SettingError> {
    if let Some(setting) = sources.get("RODA_DATA") {
        return Ok(setting.path());
    }
    let dirs = directories::ProjectDirs::from("", "", "roda").ok_or_else(|| {
        SettingError(
            "RODA_DATA is not set and this system names no home; set it to a folder".into(),
        )
    })?;
    Ok(dirs.data_dir().to_owned())
}

fn sync_secs(sources: &Sources) -> Result<u64, SettingError> {
    let Some(setting) = sources.get("RODA_SYNC_SECS") else { return Ok(DEFAULT_SYNC_SECS) };
    match setting.text.parse() {
        Ok(secs) if (1..=SYNC_SECS_MAX).contains(&secs) => Ok(secs),
        _ => Err(setting.wrong(format!("is no number of seconds from 1 to {SYNC_SECS_MAX}"))),
    }
}

fn web_dir(sources: &Sources) -> Result<Option<PathBuf>, SettingError> {
    let Some(setting) = sources.get("RODA_WEB_DIR") else { return Ok(None) };
    let path = setting.path();
    let page = Path::new("index.html");
    if path.join(page).is_file() {
        Ok(Some(path))
    } else {
        Err(setting.wrong("has no index.html; name the folder with the page's files, or unset it"))
    }
}

fn log_filter(sources: &Sources) -> Result<String, SettingError> {
    let Some(setting) = sources.get("RODA_LOG") else { return Ok(DEFAULT_LOG.to_owned()) };
    EnvFilter::try_new(setting.text)
        .map(|_| setting.text.to_owned())
        .map_err(|_| setting.wrong("is no log filter; write error, warn, info, debug or trace"))
}
