//! `run`: one node until a signal.

use std::future::Future;
use std::io::{self, IsTerminal as _, Write as _, stderr, stdout};
use std::net::SocketAddr;
use std::process::{self, Stdio};

use tokio::process::Command;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::args::RunArgs;
use super::fail::Failure;
use super::log::start_log;
use super::place::{page_link, place};
use crate::config::notes::{read_web_token, remove_web_address, write_web_address};
use crate::config::{Config, WebLogin};
use crate::node::{self, StartError};

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

/// Asks the desktop to show the page; that it cannot is only worth a word.
fn open_page(link: &str) {
    let (opener, words) = if cfg!(target_os = "macos") {
        ("open", None)
    } else if cfg!(windows) {
        ("rundll32", Some("url.dll,FileProtocolHandler"))
    } else {
        ("xdg-open", None)
    };
    let mut command = Command::new(opener);
    command.args(words).arg(link);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let opening = command.spawn();
    // Some openers live as long as the browser does.
    tokio::spawn(async move {
        let why = match opening {
            Ok(mut child) => match child.wait().await {
                Ok(ended) if ended.success() => return,
                Ok(ended) => format!("{opener} ended with {ended}"),
                Err(why) => why.to_string(),
            },
            Err(why) => why.to_string(),
        };
        note(&format!("note: no browser could be opened ({why}); open the page yourself"));
    });
}

/// Runs `work` with all cores.
pub fn block_on(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|why| Failure::Failed(format!("no threads can be started: {why}")))?
        .block_on(work)
}

/// Cancels at the first Ctrl-C, SIGTERM or SIGHUP; another Ctrl-C or SIGTERM ends the process at
/// once. Not another SIGHUP: the shell and the system both send one when a terminal closes.
pub fn stop_on_signals(cancel: CancellationToken) -> Result<(), Failure> {
    let mut signals = Signals::new()
        .map_err(|why| Failure::Failed(format!("signals cannot be listened for: {why}")))?;
    tokio::spawn(async move {
        signals.asked_or_hung_up().await;
        note("stopping; once more to stop at once");
        cancel.cancel();
        signals.asked().await;
        process::exit(INTERRUPTED);
    });
    Ok(())
}

#[cfg(unix)]
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Option<Signal>,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Signals> {
        let hangup = (!hangups_are_ignored()).then(|| signal(SignalKind::hangup())).transpose()?;
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Signals { interrupt, terminate: signal(SignalKind::terminate())?, hangup })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    async fn asked_or_hung_up(&mut self) {
        let Some(mut hangup) = self.hangup.take() else { return self.asked().await };
        tokio::select! {
            _ = hangup.recv() => {}
            () = self.asked() => {}
        }
    }
}

/// Whether `nohup` or the like has said that a closed terminal ends nothing. Where the system does
/// not tell, a hangup is left to it.
#[cfg(unix)]
fn hangups_are_ignored() -> bool {
    const HANGUP: u64 = 1;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_none_or(|mask| mask & HANGUP != 0)
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Signals> {
        Ok(Signals)
    }

    async fn asked(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    async fn asked_or_hung_up(&mut self) {
        self.asked().await;
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
