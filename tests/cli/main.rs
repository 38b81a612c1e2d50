//! The command as people and scripts meet it: the real binary, in empty folders.

mod env;
mod fake;
mod house;
mod talking;

use std::net::TcpListener;

use house::House;
use roda::seal::GroupKey;

fn key() -> String {
    GroupKey::generate().text().to_string()
}

/// An address where nobody listens, and nobody can while the socket lives.
fn nobody() -> (tokio::net::TcpSocket, String) {
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
    let address = socket.local_addr().expect("an address").to_string();
    (socket, address)
}

#[test]
fn help_names_every_command_and_the_exit_codes() {
    let ran = House::new().run(&["--help"]);
    assert_eq!(ran.code, 0);
    let commands = [
        "demo",
        "init",
        "run",
        "invite",
        "join",
        "send",
        "tail",
        "status",
        "export",
        "leave",
        "set-aside",
        "link",
        "health",
        "backup",
        "key",
    ];
    for command in commands {
        assert!(ran.out.contains(&format!("\n  {command} ")), "{command} is missing");
    }
    assert!(ran.out.contains("3 no node answers"));
}

#[test]
fn help_shows_no_values_of_the_environment() {
    let key = key();
    let ran = House::new().run_with(&[("RODA_KEY", &key), ("RODA_NAME", "Quim")], &["run", "-h"]);
    assert!(!ran.out.contains(&key) && !ran.out.contains("Quim"));
}

#[test]
fn without_a_key_two_lines_say_how_to_get_one() {
    for args in [&[][..], &["run"]] {
        let ran = House::new().run(args);
        assert_eq!((ran.code, ran.err.lines().count()), (2, 2), "{}", ran.err);
        assert!(ran.err.contains("`roda init`") && ran.err.contains("`roda join INVITE`"));
    }
}

#[test]
fn a_wrong_setting_is_one_line_that_names_its_variable() {
    let key = key();
    let cases = [
        ("RODA_PEERS", "ana.example", "HOST:PORT"),
        ("RODA_PEERS", "ana.example:1,::1:7400", "brackets"),
        ("RODA_PEERS", "http://127.0.0.1:7621/", "HOST:PORT"),
        ("RODA_PEERS", "ana.example:1;bento.example:1", "comma-separated"),
        ("RODA_LISTEN", "0.0.0.0:70000", "65535"),
        ("RODA_ADVERTISE", "ana.example:0", "65535"),
        ("RODA_WEB", "8080", "HOST:PORT"),
        ("RODA_WEB_HOSTS", "http://x/", "write"),
        ("RODA_WEB_LOGIN", "yes", "`token` nor `off`"),
        ("RODA_SYNC_SECS", "0", "1 to 86400"),
        ("RODA_NAME", "\u{202e}", "1 to 64"),
        ("RODA_WEB_DIR", "nowhere", "index.html"),
        ("RODA_LOG", "a=b=c", "filter"),
    ];
    for (variable, value, what) in cases {
        let ran = House::new().run_with(&[("RODA_KEY", &key), (variable, value)], &["run"]);
        assert_eq!((ran.code, ran.err.lines().count()), (2, 1), "{variable}: {}", ran.err);
        assert!(ran.err.starts_with(&format!("error: {variable} (environment)")), "{}", ran.err);
        assert!(ran.err.contains(what), "{variable}: {}", ran.err);
    }
}

#[test]
fn a_malformed_key_is_refused_and_not_repeated() {
    let key = key();
    let ran = House::new().run_with(&[("RODA_KEY", &key[..43])], &["run"]);
    assert_eq!((ran.code, ran.err.lines().count()), (2, 1));
    assert!(ran.err.contains("RODA_KEY (environment) is not a Fernet key"), "{}", ran.err);
    assert!(!ran.err.contains(&key[..10]));
}

#[test]
fn a_missing_key_file_is_named_with_the_command_that_makes_it() {
    let ran = House::new().run(&["run", "--key-file", "none"]);
    assert_eq!((ran.code, ran.err.lines().count()), (2, 1));
    assert!(ran.err.contains("RODA_KEY_FILE (flag)") && ran.err.contains("roda key --file"));
}

#[test]
fn init_writes_a_private_env_file_once() {
    let house = House::new();
    assert_eq!(house.run(&["init", "--name", "Ana d'Ávila"]).code, 0);
    let first = house.read(".env");
    assert!(first.contains("RODA_NAME=\"Ana d'Ávila\"") && house.path("data").is_dir());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |name| house.path(name).metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(".env"), mode("data")), (0o600, 0o700));
    }
    let again = house.run(&["init"]);
    assert_eq!(again.code, 1);
    assert!(again.err.contains("stays as it is"), "{}", again.err);
    assert_eq!(house.read(".env"), first);
    assert_eq!(house.run(&["invite", "--address", "[::1]:7400"]).code, 0, "it can be read back");
}

#[test]
fn an_invitation_leads_into_the_same_circle() {
    let (ana, bento) = (House::new(), House::new());
    ana.run(&["init"]);
    let args = ["invite", "--address", "[2001:db8::1]:7400", "--address", "ana.example:7400"];
    let invite = ana.run(&args).out.trim().to_owned();
    assert!(invite.starts_with("roda:[2001:db8::1]:7400,ana.example:7400#"), "{invite}");
    assert_eq!(bento.run(&["join", &invite, "--name", "Bento"]).code, 0);
    assert!(bento.read(".env").contains("RODA_PEERS='[2001:db8::1]:7400,ana.example:7400'"));
    assert_eq!(bento.run(&args).out.trim(), invite);
    assert_eq!(bento.run(&["join", &invite]).code, 1, "never over an .env file");
}

#[test]
fn an_invitation_may_be_drawn() {
    let house = House::new();
    let invite = ["invite", "--address", "ana.example:7400", "--qr"];
    let ran = house.run_with(&[("RODA_KEY", &key())], &invite);
    assert!(ran.out.lines().count() > 15 && ran.out.contains('▀'), "{}", ran.out);
}

#[test]
fn an_invitation_needs_an_address_that_others_reach() {
    let vars = [("RODA_KEY", &*key()), ("RODA_LISTEN", "0.0.0.0:0")];
    let ran = House::new().run_with(&vars, &["invite"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("--address HOST:PORT"), "{}", ran.err);
}

#[test]
fn a_malformed_invitation_changes_nothing() {
    let house = House::new();
    let cut = format!("roda:ana.example:7400#{}", &key()[..20]);
    for bad in ["hello", "roda:ana.example:7400", "roda:ana.example#x", &cut] {
        let ran = house.run(&["join", bad]);
        assert_eq!((ran.code, ran.err.lines().count()), (2, 1), "{}", ran.err);
    }
    assert!(!house.path(".env").exists());
}

#[test]
fn flags_override_the_environment_which_overrides_the_env_file() {
    let house = House::new();
    let says = |vars: &[(&str, &str)], args: &[&str]| {
        let ran = house.run_with(vars, &[&["run"], args].concat());
        assert_eq!(ran.code, 2);
        ran.err.split('`').nth(1).expect("a quoted value").to_owned()
    };
    // Values that are wrong are repeated, so the error tells which one counted.
    house.write(".env", &format!("RODA_KEY={}\nRODA_SYNC_SECS=file\n", key()));
    let env = [("RODA_SYNC_SECS", "env")];
    assert_eq!(says(&env, &["--sync-secs", "flag"]), "flag");
    assert_eq!(says(&env, &[]), "env");
    assert_eq!(says(&[], &[]), "file");
    assert_eq!(says(&[("RODA_SYNC_SECS", " ")], &["--sync-secs", ""]), "file", "empty is unset");
}

#[test]
fn a_key_file_is_made_once_and_then_kept() {
    let house = House::new();
    assert_eq!(house.run(&["key", "--file", "key"]).code, 0);
    let first = house.read("key");
    assert!(first.trim().parse::<GroupKey>().is_ok());
    assert_eq!(house.run(&["key", "--file", "key"]).code, 0);
    assert_eq!(house.read("key"), first);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(house.path("key").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    let printed = house.run(&["key"]).out;
    assert!(printed.trim().parse::<GroupKey>().is_ok() && printed != first);
}

#[test]
fn the_environments_key_counts_before_its_key_file() {
    let house = House::new();
    let key = key();
    let vars = [("RODA_KEY", &*key), ("RODA_KEY_FILE", "none")];
    let ran = house.run_with(&vars, &["invite", "--address", "a:1"]);
    assert_eq!(ran.out.trim(), format!("roda:a:1#{key}"));
}

#[test]
fn commands_say_when_no_node_answers() {
    let (_held, web) = nobody();
    let commands: [&[&str]; 9] = [
        &["send", "hi"],
        &["tail"],
        &["tail", "-f"],
        &["status"],
        &["export"],
        &["leave", "--yes"],
        &["set-aside", "Ana"],
        &["link"],
        &["health"],
    ];
    for command in commands {
        let ran = House::new().run_with(&[("RODA_WEB", &web)], command);
        assert_eq!((ran.code, ran.err.lines().count()), (3, 1), "{command:?}: {}", ran.err);
        assert!(ran.err.contains("roda run"), "{command:?}: {}", ran.err);
    }
}

#[test]
fn wrong_usage_has_its_own_exit_code() {
    for args in [&["sing"][..], &["send"], &["demo", "--nodes", "0"], &["tail", "--node", "x"]] {
        assert_eq!(House::new().run(args).code, 2, "{args:?}");
    }
}

#[test]
fn the_demo_names_a_taken_port() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ran = House::new().run(&["demo", "--nodes", "1", "--web-port", &port]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains(&port) && ran.err.contains("--web-port"), "{}", ran.err);
}

#[test]
fn every_variable_is_in_the_example_file() {
    let example = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/.env.example"));
    let example = example.expect(".env.example");
    let help = House::new().run(&["run", "--help"]).out;
    let named = help.split(['[', ']', ';', ' ']).filter(|word| word.starts_with("RODA_"));
    let variables: Vec<&str> = named.collect();
    assert!(variables.len() >= 12, "{variables:?}");
    for variable in variables {
        assert!(example.contains(&format!("\n#{variable}=")), "{variable} is missing");
    }
}
