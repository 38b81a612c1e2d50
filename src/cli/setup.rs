//! `init`, `join` and `key`: settings and keys before there is a node.

use std::env;
use std::fs::File;
use std::path::Path;

use super::fail::Failure;
use crate::config::keys::read_keys;
use crate::files::{create_folder, create_private, read_small};
use crate::invite::Invite;
use crate::protocol::name::clean_name;
use crate::seal::GroupKey;

const ENV_FILE: &str = ".env";
const DATA_FOLDER: &str = "data";

/// Begins a circle in the current folder.
pub fn init(name: Option<&str>) -> Result<(), Failure> {
    write_env(&GroupKey::generate(), &[], name)?;
    println!(
        "A new circle begins here: .env has its key, ./{DATA_FOLDER} will hold your messages."
    );
    println!("Now start your node with `roda run`, and let others in with `roda invite`.");
    Ok(())
}

/// Joins somebody's circle from the current folder.
pub fn join(invite: &str, name: Option<&str>) -> Result<(), Failure> {
    let invite: Invite = invite.parse().map_err(|why| Failure::Settings(format!("{why}")))?;
    write_env(&invite.key, &invite.addresses, name)?;
    println!("Invitation accepted: .env has the circle's key and knows {}.", invite.addresses[0]);
    println!("Now start your node with `roda run`.");
    Ok(())
}

/// Prints a fresh key, or sees to it that `file` holds one.
pub fn key(file: Option<&Path>) -> Result<(), Failure> {
    let key = GroupKey::generate();
    let Some(file) = file else {
        println!("{}", key.text().as_str());
        return Ok(());
    };
    let shown = file.display();
    let wrong = |why| Failure::Failed(format!("{shown} cannot be written: {why}"));
    if create_private(file, format!("{}\n", key.text().as_str()).as_bytes()).map_err(wrong)? {
        println!("{shown} holds a fresh key.");
        return Ok(());
    }
    println!("{shown} is there already and stays as it is.");
    let held = File::open(file).and_then(read_small);
    if !held.is_ok_and(|text| read_keys(&text).is_ok()) {
        eprintln!("warning: {shown} holds no key that can be read here");
    }
    Ok(())
}

fn write_env(key: &GroupKey, peers: &[String], name: Option<&str>) -> Result<(), Failure> {
    let name = name.map(clean_name).transpose();
    let name = name.map_err(|why| Failure::Settings(format!("--name: {why}")))?;
    let text = env_text(key, peers, name.as_deref());
    let failed = |what: &str, why| Failure::Failed(format!("{what} cannot be written here: {why}"));
    if !create_private(Path::new(ENV_FILE), text.as_bytes()).map_err(|why| failed(ENV_FILE, why))? {
        let here = env::current_dir().unwrap_or_default();
        return Err(Failure::Failed(format!(
            "{} is there already and stays as it is; use another folder, or move it away (it may \
             hold the only copy of a circle's key)",
            here.join(ENV_FILE).display()
        )));
    }
    create_folder(Path::new(DATA_FOLDER)).map_err(|why| failed(DATA_FOLDER, why))
}

fn env_text(key: &GroupKey, peers: &[String], name: Option<&str>) -> String {
    let mut text = String::from(
        "# Settings of a Roda node; `roda run --help` names them all.\n\
         # Whoever has the key can join the circle and read it: keep this file to yourself.\n",
    );
    text.push_str(&format!("RODA_KEY={}\n", key.text().as_str()));
    if !peers.is_empty() {
        text.push_str(&format!("RODA_PEERS={}\n", quoted(&peers.join(","))));
    }
    if let Some(name) = name {
        text.push_str(&format!("RODA_NAME={}\n", quoted(name)));
    }
    text.push_str(&format!("# A relative path starts at this file.\nRODA_DATA=./{DATA_FOLDER}\n"));
    text
}

/// A value that `.env` readers give back as it is.
fn quoted(value: &str) -> String {
    if !value.contains('\'') {
        return format!("'{value}'");
    }
    let mut text = String::from("\"");
    for c in value.chars() {
        if matches!(c, '"' | '\\' | '$') {
            text.push('\\');
        }
        text.push(c);
    }
    text + "\""
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::source::read_env;

    #[test]
    fn names_survive_the_env_file() {
        let key = GroupKey::generate();
        for name in ["Ana", "O'Neil \"$HOME\" \\", "a # b", "$x ${y}", "\"", "São João"] {
            let text = env_text(&key, &["[::1]:7400".into()], Some(name));
            let read = read_env(&text).unwrap();
            let get = |wanted: &str| read.get(wanted).map(String::as_str);
            assert_eq!(get("RODA_NAME"), Some(name));
            assert_eq!(get("RODA_KEY"), Some(key.text().as_str()));
            assert_eq!(get("RODA_PEERS"), Some("[::1]:7400"));
        }
    }
}
