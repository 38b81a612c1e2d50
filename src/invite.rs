//! Invitations, `roda:HOST:PORT[,HOST:PORT…]#KEY`.

use std::fmt;
use std::str::FromStr;

use crate::address::{BadAddress, split_address};
use crate::protocol::limits::ADDRESSES_MAX;
use crate::seal::{GroupKey, KEY_CHARS};

const SCHEME: &str = "roda:";
/// Characters of a wrong address that its error repeats.
const SHOWN_CHARS: usize = 80;
/// Digits of base64 in a row that may be a key in the wrong place: half of one.
const KEY_LIKE: usize = KEY_CHARS / 2;

/// Why a text is no invitation. None of the texts repeats the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadInvite {
    /// Not `roda:…#…`.
    #[error(
        "that is no invitation; it looks like roda:HOST:PORT#KEY (in quotes: # is special \
         to some shells)"
    )]
    Shape,
    /// No address, or too many.
    #[error("the invitation names {0} addresses, it needs 1 to {ADDRESSES_MAX}; ask for a new one")]
    Count(usize),
    /// An address that is none.
    #[error("the invitation's address `{0}` {1}; ask for a new invitation")]
    Address(String, BadAddress),
    /// The key is not one: usually cut off while copying.
    #[error("the invitation's key is incomplete or mistyped; copy the whole line, or ask again")]
    Key,
}

/// What lets somebody into a circle: where to knock, and the group key. Printing it shows the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    /// 1 to [`ADDRESSES_MAX`] checked `host:port`.
    pub addresses: Vec<String>,
    /// The group key.
    pub key: GroupKey,
}

impl fmt::Display for Invite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}#{}", self.addresses.join(","), self.key.text().as_str())
    }
}

impl FromStr for Invite {
    type Err = BadInvite;

    fn from_str(text: &str) -> Result<Invite, BadInvite> {
        let rest = text.trim().strip_prefix(SCHEME).ok_or(BadInvite::Shape)?;
        let (places, key) = rest.split_once('#').ok_or(BadInvite::Shape)?;
        let addresses: Vec<String> =
            places.split(',').filter(|a| !a.is_empty()).map(str::to_owned).collect();
        if addresses.is_empty() || addresses.len() > ADDRESSES_MAX {
            return Err(BadInvite::Count(addresses.len()));
        }
        for address in &addresses {
            split_address(address, false).map_err(|why| BadInvite::Address(shown(address), why))?;
        }
        let key = key.parse().map_err(|_| BadInvite::Key)?;
        Ok(Invite { addresses, key })
    }
}

/// A wrong address for its error, without what may be the key.
fn shown(address: &str) -> String {
    // What turns or hides letters would change the rest of the line.
    let plain = |c: &char| c.is_alphanumeric() || c.is_ascii_graphic() || *c == ' ';
    let shown: String = address.chars().filter(plain).collect();
    let digit = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if shown.split(|c| !digit(c)).any(|digits| digits.len() >= KEY_LIKE) {
        return "…".to_owned();
    }
    shown.chars().take(SHOWN_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::*;

    fn read(text: &str) -> Result<Invite, BadInvite> {
        text.parse()
    }

    #[test]
    fn an_invitation_survives_printing_and_reading() {
        let key = GroupKey::generate();
        for places in ["ana.example:7400", "[2001:db8::1]:7400,10.0.0.7:1", "a:1,b:2,c_d:65535"] {
            let text = format!("roda:{places}#{}", key.text().as_str());
            assert_eq!(read(&text).map(|invite| invite.to_string()), Ok(text));
        }
    }

    #[test]
    fn a_malformed_invitation_is_refused_with_its_reason_and_without_its_key() {
        let key = GroupKey::generate().text();
        let k = key.as_str();
        assert_eq!(read("hello"), Err(BadInvite::Shape));
        assert_eq!(read("roda:a:1"), Err(BadInvite::Shape));
        assert_eq!(read(&format!("roda:#{k}")), Err(BadInvite::Count(0)));
        assert_eq!(read(&format!("roda:{}#{k}", "a:1,".repeat(9))), Err(BadInvite::Count(9)));
        assert_eq!(read(&format!("roda:a:1#{}", &k[..20])), Err(BadInvite::Key));
        let bad = read(&format!("roda:2001:db8::1:7400#{k}")).unwrap_err();
        assert_eq!(bad, BadInvite::Address("2001:db8::1:7400".into(), BadAddress::Brackets));
        assert!(!bad.to_string().contains(k));
    }

    #[test]
    fn a_key_in_an_addresss_place_is_not_repeated() {
        let key = GroupKey::generate().text();
        let k = key.as_str();
        let (start, end) = k.split_at(20);
        let cut = format!("{start}\u{7}{end}");
        for place in [k, &k[..43], &k[..30], &cut, &format!("ana.example:7400{k}")] {
            let refused = read(&format!("roda:{place}#ana.example:7400")).unwrap_err().to_string();
            assert!(!refused.contains(&k[..12]), "{refused}");
        }
        let refused = read(&format!("roda:ana.example#{k}")).unwrap_err().to_string();
        assert!(refused.contains("`ana.example`"), "{refused}");
    }

    #[test]
    fn hostile_texts_are_no_invitations_and_turn_no_error_round() {
        let key = GroupKey::generate().text();
        let k = key.as_str();
        let lists = [
            include_str!("../tests/data/hostile/naughty.json"),
            include_str!("../tests/data/hostile/xss.json"),
        ];
        let mut refused = 0;
        for list in lists {
            let classes: BTreeMap<String, Vec<Value>> = serde_json::from_str(list).unwrap();
            // A text that is repeated stands in a list with its number; once is enough here.
            let texts = classes.values().flatten();
            for text in texts.filter_map(|text| text.as_str().or_else(|| text[1].as_str())) {
                for invite in [
                    text.to_owned(),
                    format!("roda:{text}#{k}"),
                    format!("roda:{text}:7400#{k}"),
                    format!("roda:a:1#{text}"),
                ] {
                    let said = match read(&invite) {
                        Ok(invite) => invite.addresses.join(","),
                        Err(why) => why.to_string(),
                    };
                    let plain =
                        |c: char| c.is_alphanumeric() || c.is_ascii_graphic() || " …".contains(c);
                    assert!(said.chars().all(plain), "{text:?}: {said:?}");
                    refused += usize::from(read(&invite).is_err());
                }
            }
        }
        assert!(refused > 1_000, "{refused} are refused");
    }
}
