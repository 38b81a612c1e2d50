//! The command line: what can be said, and who does it.

mod about;
mod args;
mod backup;
mod client;
mod demo;
mod export;
mod fail;
mod history;
mod invite;
mod log;
mod message;
mod output;
mod place;
mod run;
mod setup;
mod socket;
mod talk;

use std::process::ExitCode;

use clap::{Parser, Subcommand, value_parser};

use args::{NodeArgs, RunArgs};
use export::Format;
use fail::Failure;

const EXAMPLES: &str = "\
Examples:
  roda demo                              three nodes on this machine, to look around
  roda init --name Ana && roda run       begin a circle
  roda invite                            let somebody in
  roda join 'roda:ana.example:7400#…'    join theirs (in quotes: # is special to some shells)
  roda send 'Good morning' && roda tail -f

Settings come from flags, else the environment, else the nearest .env; an empty one counts as unset.

Exit codes: 0 done, 1 failed, 2 wrong usage or settings, 3 no node answers, 4 the node refused.";

/// A group chat with nobody at its head. Without a command: run the node.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunArgs,
}

// Made once, at the start: its size does not matter.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Subcommand)]
enum Command {
    /// A whole circle in this process, with a throw-away key and data
    #[command(after_help = "Example:\n  roda demo --nodes 4 --web-port 9001")]
    Demo {
        /// How many nodes
        #[arg(long, default_value_t = 3)]
        #[arg(value_parser = value_parser!(u16).range(1..=demo::NODES_MAX))]
        nodes: u16,
        /// Port of the first page; the others follow. 0 lets the system choose them all
        #[arg(long, default_value_t = demo::WEB_PORT)]
        web_port: u16,
    },
    /// Begin a circle: write .env with a fresh key, and a data folder beside it
    #[command(after_help = "Example:\n  mkdir ana && cd ana && roda init --name Ana && roda run")]
    Init {
        /// Your name in the circle
        #[arg(long)]
        name: Option<String>,
    },
    /// Run the node (the same as `roda` alone)
    #[command(after_help = "Example:\n  roda run --open --web 127.0.0.1:8090")]
    Run(RunArgs),
    /// Print the circle's invitation; on a terminal as a QR code too
    #[command(
        after_help = "Whoever has the invitation can join and read all. Send it over a way you \
        trust.\n\nExample:\n  roda invite --address ana.example:7400"
    )]
    Invite {
        /// Where a newcomer knocks; may be given more than once
        #[arg(long, value_name = "HOST:PORT")]
        address: Vec<String>,
        /// Print the QR code wherever the output goes
        #[arg(long)]
        qr: bool,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Join somebody's circle: write .env from their invitation
    #[command(
        after_help = "Example:\n  roda join 'roda:ana.example:7400#KEY' --name Bento && roda run"
    )]
    Join {
        /// roda:HOST:PORT[,HOST:PORT…]#KEY, in quotes
        invite: String,
        /// Your name in the circle
        #[arg(long)]
        name: Option<String>,
    },
    /// Write a message; prints its id once it is stored
    #[command(after_help = "Examples:\n  roda send 'Good morning'\n  uptime | roda send -")]
    Send {
        /// What to say; several words are joined by spaces, `-` alone reads it from standard input
        #[arg(required = true)]
        text: Vec<String>,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Print the newest messages, in order
    #[command(after_help = "Example:\n  roda tail -n 50 -f")]
    Tail {
        /// How many
        #[arg(short = 'n', long, default_value_t = 20,
            value_parser = value_parser!(u32).range(..=talk::LINES_MAX))]
        lines: u32,
        /// Go on with new ones as they come; those that belong further up are marked `late`
        #[arg(short, long)]
        follow: bool,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// How the node and the circle's members are
    Status {
        /// As the node says it
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Print the whole conversation, in order
    #[command(after_help = "Example:\n  roda export --format txt > circle.txt")]
    Export {
        /// One JSON object a line, or text for people
        #[arg(long, value_enum, default_value_t = Format::Jsonl)]
        format: Format,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Leave the circle for good
    Leave {
        /// Do not ask
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Stop waiting, here, for a member who will not come back
    #[command(after_help = "Example:\n  roda set-aside Bento\n  roda set-aside Bento --undo")]
    SetAside {
        /// A name, an id, or the beginning of an id
        member: String,
        /// Wait for the member again
        #[arg(long)]
        undo: bool,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Print the page's address with its access token
    Link(NodeArgs),
    /// Say whether the node serves and its store writes; for containers
    Health(NodeArgs),
    /// Copy the database, without the secret key, while the node runs or not
    #[command(after_help = "Example:\n  roda backup circle.db")]
    Backup {
        /// The copy; must not exist
        file: std::path::PathBuf,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Print a fresh group key, or keep one in a file
    #[command(after_help = "Example:\n  roda key --file /run/roda/key")]
    Key {
        /// Write it (mode 0600) into this file; a file that is there stays as it is
        #[arg(long)]
        file: Option<std::path::PathBuf>,
    },
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let Cli { command, run } = Cli::parse();
    match dispatch(command.unwrap_or(Command::Run(run))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn dispatch(command: Command) -> Result<(), Failure> {
    match command {
        Command::Demo { nodes, web_port } => demo::demo(nodes, web_port),
        Command::Init { name } => setup::init(name.as_deref()),
        Command::Run(args) => run::run(&args),
        Command::Invite { address, qr, node } => invite::invite(address, qr, &node),
        Command::Join { invite, name } => setup::join(&invite, name.as_deref()),
        Command::Send { text, node } => talk::send(&text, &node),
        Command::Tail { lines, follow, node } => talk::tail(lines, follow, &node),
        Command::Status { json, node } => about::status(json, &node),
        Command::Export { format, node } => export::export(format, &node),
        Command::Leave { yes, node } => about::leave(yes, &node),
        Command::SetAside { member, undo, node } => about::set_aside(&member, undo, &node),
        Command::Link(node) => about::link(&node),
        Command::Health(node) => about::health(&node),
        Command::Backup { file, node } => backup::backup(&file, &node),
        Command::Key { file } => setup::key(file.as_deref()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
