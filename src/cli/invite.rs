//! `invite`: who may come in, and where to knock.

use std::io::{IsTerminal as _, Write as _, stdout};
use std::net::SocketAddr;

use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};
use serde_json::Value;

use super::args::NodeArgs;
use super::client::Node;
use super::fail::Failure;

use super::output::Paint;
use crate::address::split_address;
use crate::config::{Config, Keys};
use crate::invite::Invite;
use crate::lan;
use crate::protocol::limits::ADDRESSES_MAX;

/// Prints the circle's invitation.
pub fn invite(addresses: Vec<String>, qr: bool, args: &NodeArgs) -> Result<(), Failure> {
    for address in &addresses {
        split_address(address, false)
            .map_err(|why| Failure::Settings(format!("--address `{address}` {why}")))?;
    }
    let config = args.config(Keys::Read)?;
    let live = match Node::of(args, &config).and_then(|node| node.get::<Value>("/api/invite")) {
        Ok(answer) => find_invite(&answer),
        Err(failure) if args.node.is_some() => return Err(failure),
        Err(_) => None,
    };
    let key = live.as_ref().map(|live| live.key.clone()).or(config.keys.first().cloned());
    let key = key.ok_or_else(|| {
        Failure::Settings(
            "no circle to invite to: no key is set here; begin a circle with `roda init`, or join \
             one with `roda join INVITE`"
                .into(),
        )
    })?;
    let mut addresses = match (addresses.is_empty(), live) {
        (false, _) => addresses,
        (true, Some(live)) => live.addresses,
        (true, None) => likely_addresses(&config)?,
    };
    addresses.truncate(ADDRESSES_MAX);
    let text = Invite { addresses, key }.to_string();
    let mut out = stdout().lock();
    writeln!(out, "{text}")?;
    if qr || stdout().is_terminal() {
        write!(out, "\n{}", qr_lines(&text, Paint::stdout())?)?;
    }
    Ok(())
}

/// The invitation somewhere in the node's answer.
fn find_invite(answer: &Value) -> Option<Invite> {
    match answer {
        Value::String(text) => text.parse().ok(),
        Value::Object(fields) => fields.values().find_map(find_invite),
        _ => None,
    }
}

/// Where others may reach a node with these settings, as far as this machine can tell.
fn likely_addresses(config: &Config) -> Result<Vec<String>, Failure> {
    if !config.advertise.is_empty() {
        return Ok(config.advertise.clone());
    }
    let unknown = || {
        Failure::Settings(
            "cannot tell where others reach this node; say it with --address HOST:PORT (or \
             RODA_ADVERTISE)"
                .into(),
        )
    };
    let (_, port) = split_address(&config.listen, true).expect("checked with the settings");
    if port == 0 {
        return Err(unknown());
    }
    match config.listen.parse::<SocketAddr>() {
        Ok(listen) if listen.ip().is_unspecified() => {
            let own = lan::address().ok_or_else(unknown)?;
            eprintln!(
                "note: {own} is this machine's address on its own network; for people elsewhere \
                 say --address HOST:PORT"
            );
            Ok(vec![format!("{own}:{port}")])
        }
        _ => Ok(vec![config.listen.clone()]),
    }
}

/// A QR code of half-block characters. In colours it is black on white; without, it is drawn for a
/// dark terminal, where the blocks are the light parts.
fn qr_lines(text: &str, paint: Paint) -> Result<String, Failure> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).map_err(|why| {
        Failure::Failed(format!("the invitation does not fit a QR code ({why}); send it as text"))
    })?;
    let (dark, light) = if paint.colours() {
        (Dense1x2::Dark, Dense1x2::Light)
    } else {
        (Dense1x2::Light, Dense1x2::Dark)
    };
    let image = code.render::<Dense1x2>().dark_color(dark).light_color(light).build();
    Ok(image.lines().map(|line| paint.black_on_white(line) + "\n").collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::GroupKey;

    #[test]
    fn an_invitation_is_found_wherever_the_answer_has_it() {
        let text = format!("roda:[::1]:7400#{}", GroupKey::generate().text().as_str());
        let answer = serde_json::json!({"qr": "<svg/>", "invite": {"link": text}});
        assert_eq!(find_invite(&answer).map(|invite| invite.to_string()), Some(text));
        assert_eq!(find_invite(&serde_json::json!({"link": "roda:#"})), None);
    }

    #[test]
    fn settings_name_the_address_and_a_port_chosen_later_does_not() {
        let mut config = Config::local("Ana", GroupKey::generate(), "data".into());
        assert!(likely_addresses(&config).is_err());
        config.listen = "10.0.0.7:7400".into();
        assert_eq!(likely_addresses(&config).unwrap(), ["10.0.0.7:7400"]);
        config.advertise = vec!["ana.example:1".into()];
        assert_eq!(likely_addresses(&config).unwrap(), ["ana.example:1"]);
    }
}
