//! `run`: one node until a signal.

use std::future::Future;
use std::io::{self, IsTerminal as _, Write as _, stderr, stdout};
use std::net::SocketAddr;
use std::process::{self, Command, Stdio};

use tokio_util::sync::CancellationToken;
use tracing::Level;
use tracing_subscriber::filter::{EnvFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use zeroize::Zeroizing;

use super::args::RunArgs;
use super::fail::Failure;
use super::place::{page_link, place};
use crate::config::files::{read_web_token, remove_web_address, write_web_address};
use crate::config::{Config, WebLogin};
use crate::node::{self, StartError};

/// What libraries may log at most, whatever the filter says: below that they write whole frames of
/// the page, with its token and the texts.
const LIBRARIES_SAY: Level = Level::INFO;
/// Exit code after a second signal, as shells count Ctrl-C.
const INTERRUPTED: i32 = 130;

/// Runs the node of this process's settings.
pub fn run(args: &RunArgs) -> Result<(), Failure> {
    let config = args.config()?;
    if config.keys.is_empty() {
        return Err(Failure::Settings(
            "there is no key yet (RODA_KEY), so no circle to be in.\n\
             Begin one with `roda init`, or join somebody's with `roda join INVITE`."
                .into(),
        ));
    }
    start_log(&config.log);
    block_on(serve(config, args.open))
}

async fn serve(config: Config, open: bool) -> Result<(), Failure> {
    let cancel = CancellationToken::new();
    stop_on_signals(cancel.clone())?;
    let running = node::start(config.clone(), cancel).await?;
    if let Err(why) = write_web_address(&config.data, running.web) {
        tracing::warn!(%why, "commands may not find this node: its address cannot be written");
    }
    let id: String = running.id.to_string().chars().take(8).collect();
    tell(&format!("{} ({id}) is up; peers connect to {}", config.name, running.peers));
    warn_of_unlisted_host(&config, running.web);
    let link = local_link(&config, running.web);
    // A log file is no place for the token.
    if stdout().is_terminal() || config.web_login == WebLogin::Off {
        tell(&Zeroizing::new(format!("page: {}", link.as_str())));
    } else {
        let bare = page_link(&place(&running.web.to_string()).0, None);
        tell(&format!("page: {} (`roda link` prints it with its token)", bare.as_str()));
    }
    if open {
        open_page(&link);
    }
    let stopped = running.stopped().await;
    remove_web_address(&config.data);
    stopped.map_err(|why| Failure::Failed(format!("the node stopped: {why:#}")))
}

/// The terminal may be gone, or its file on a full disk: a node runs on without it.
fn tell(line: &str) {
    let _ = writeln!(stdout(), "{line}");
}

/// As [`tell`], on standard error.
fn note(line: &str) {
    let _ = writeln!(stderr(), "{line}");
}

fn local_link(config: &Config, web: SocketAddr) -> Zeroizing<String> {
    let token = match config.web_login {
        WebLogin::Token => read_web_token(&config.data).ok(),
        WebLogin::Off => None,
    };
    page_link(&place(&web.to_string()).0, token.as_ref().map(|token| token.as_str()))
}

/// A page at an address that it does not answer to is the usual surprise.
fn warn_of_unlisted_host(config: &Config, web: SocketAddr) {
    let ip = web.ip();
    let listed = config.web_hosts.contains(&web.to_string());
    if !ip.is_unspecified() && !ip.is_loopback() && !listed {
        tracing::warn!("the page answers to localhost only; set RODA_WEB_HOSTS={web} as well");
    }
}

/// Asks the desktop to show the page; that it cannot is only worth a word.
fn open_page(link: &str) {
    let opener = if cfg!(target_os = "macos") {
        ["open"].as_slice()
    } else if cfg!(windows) {
        ["rundll32", "url.dll,FileProtocolHandler"].as_slice()
    } else {
        ["xdg-open"].as_slice()
    };
    let mut command = Command::new(opener[0]);
    command.args(&opener[1..]).arg(link);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Err(why) = command.spawn() {
        note(&format!("note: no browser could be opened ({why}); open the page yourself"));
    }
}

/// The log on standard error. `filter` was checked with the settings.
pub fn start_log(filter: &str) {
    let colours =
        stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    let lines = fmt::layer()
        .with_writer(stderr)
        .with_ansi(colours)
        // It would be said on standard error, and panic where that is what cannot be written.
        .log_internal_errors(false)
        .compact();
    tracing_subscriber::registry()
        .with(EnvFilter::new(filter))
        .with(Targets::new().with_target("roda", Level::TRACE).with_default(LIBRARIES_SAY))
        .with(lines)
        .init();
}

/// Runs `work` with all cores.
pub fn block_on(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|why| Failure::Failed(format!("no threads can be started: {why}")))?
        .block_on(work)
}

/// Cancels at the first Ctrl-C or SIGTERM; the second ends the process at once.
pub fn stop_on_signals(cancel: CancellationToken) -> Result<(), Failure> {
    let mut signals = Signals::new()
        .map_err(|why| Failure::Failed(format!("signals cannot be listened for: {why}")))?;
    tokio::spawn(async move {
        signals.next().await;
        note("stopping; once more to stop at once");
        cancel.cancel();
        signals.next().await;
        process::exit(INTERRUPTED);
    });
    Ok(())
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Signals { interrupt, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Signals> {
        Ok(Signals)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl From<StartError> for Failure {
    fn from(why: StartError) -> Failure {
        if why.is_setting() {
            Failure::Settings(why.to_string())
        } else {
            Failure::Failed(why.to_string())
        }
    }
}
