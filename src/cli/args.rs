//! Flags that stand for settings.

use clap::Args;

use crate::config::{Config, Flags, Keys, SettingError};

/// Flags of the node. There is none for the key itself: other users of the machine can read a
/// command line.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Settings of the node")]
pub struct RunArgs {
    /// Open the page in the browser
    #[arg(long, help_heading = None)]
    pub open: bool,
    /// File with the group key [RODA_KEY_FILE]
    #[arg(long, value_name = "FILE")]
    key_file: Option<String>,
    /// Your name in the circle [RODA_NAME; the system user]
    #[arg(long)]
    name: Option<String>,
    /// Nodes to dial first, comma-separated [RODA_PEERS]
    #[arg(long, value_name = "HOST:PORT,…")]
    peers: Option<String>,
    /// Where peers connect [RODA_LISTEN; 0.0.0.0:7400]
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// Where others reach this node [RODA_ADVERTISE; the listen port where others see it]
    #[arg(long, value_name = "HOST:PORT,…")]
    advertise: Option<String>,
    /// Where the page is served [RODA_WEB; 127.0.0.1:8080]
    #[arg(long, value_name = "HOST:PORT")]
    web: Option<String>,
    /// Further exact HOST:PORT that the page answers to [RODA_WEB_HOSTS]
    #[arg(long, value_name = "HOST:PORT,…")]
    web_hosts: Option<String>,
    /// `token`, or `off`: whoever reaches the page may use it [RODA_WEB_LOGIN; token]
    #[arg(long, value_name = "HOW")]
    web_login: Option<String>,
    /// Data folder [RODA_DATA; the platform's]
    #[arg(long, value_name = "FOLDER")]
    data: Option<String>,
    /// Seconds between comparisons with every peer [RODA_SYNC_SECS; 180]
    #[arg(long, value_name = "SECONDS")]
    sync_secs: Option<String>,
    /// Serve the page from this folder, to edit it [RODA_WEB_DIR; the binary's own]
    #[arg(long, value_name = "FOLDER")]
    web_dir: Option<String>,
    /// Log filter [RODA_LOG; info]
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,
}

impl RunArgs {
    /// The settings, with the key.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn config(&self) -> Result<Config, SettingError> {
        Config::resolve(self.flags(), Keys::Read)
    }

    fn flags(&self) -> Flags {
        vec![
            ("RODA_KEY_FILE", self.key_file.clone()),
            ("RODA_NAME", self.name.clone()),
            ("RODA_PEERS", self.peers.clone()),
            ("RODA_LISTEN", self.listen.clone()),
            ("RODA_ADVERTISE", self.advertise.clone()),
            ("RODA_WEB", self.web.clone()),
            ("RODA_WEB_HOSTS", self.web_hosts.clone()),
            ("RODA_WEB_LOGIN", self.web_login.clone()),
            ("RODA_DATA", self.data.clone()),
            ("RODA_SYNC_SECS", self.sync_secs.clone()),
            ("RODA_WEB_DIR", self.web_dir.clone()),
            ("RODA_LOG", self.log.clone()),
        ]
    }
}

/// Flags that find the running node.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Which node")]
pub struct NodeArgs {
    /// The page's address, as `roda link` prints it [where the data folder or RODA_WEB says]
    #[arg(long, value_name = "URL")]
    pub node: Option<String>,
    /// The node's data folder [RODA_DATA; the platform's]
    #[arg(long, value_name = "FOLDER")]
    data: Option<String>,
}

impl NodeArgs {
    /// The settings, as the node of this folder would have them.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn config(&self, keys: Keys) -> Result<Config, SettingError> {
        Config::resolve(vec![("RODA_DATA", self.data.clone())], keys)
    }
}
