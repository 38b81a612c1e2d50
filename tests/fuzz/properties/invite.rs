//! Invitations, keys and addresses: texts that people paste.

use roda::address::split_address;
use roda::config::keys::{KEYS_MAX, read_keys};
use roda::invite::Invite;
use roda::protocol::limits::{ADDRESS_BYTES_MAX, ADDRESSES_MAX};

/// Bytes of the greatest error that one line may hold.
const ERROR_BYTES_MAX: usize = 1024;
/// Digits of base64 in a row that no error repeats: half a key. Above what is said anyway.
const KEY_LIKE: usize = 22;

/// An invitation that is taken is printed as one that says the same, and no error shows a key.
pub fn invite(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match text.parse::<Invite>() {
        Ok(invite) => taken(text, &invite),
        Err(refused) => {
            let line = refused.to_string();
            assert!(line.len() <= ERROR_BYTES_MAX && !line.contains(char::is_control), "{line:?}");
            let plain: String = text.chars().filter(|c| !c.is_control()).collect();
            let digit = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
            for key in plain.split(|c| !digit(c)).filter(|digits| digits.len() >= KEY_LIKE) {
                assert!(!line.contains(key), "{line:?} shows what may be a key");
            }
        }
    }
    for zero in [false, true] {
        if let Ok((host, port)) = split_address(text, zero) {
            assert!(text.len() <= ADDRESS_BYTES_MAX && !host.is_empty() && (zero || port > 0));
            assert_eq!(split_address(&format!("{host}:{port}"), zero), Ok((host, port)));
        }
    }
    if let Ok(keys) = read_keys(text) {
        assert!((1..=KEYS_MAX).contains(&keys.len()));
        assert!(keys.iter().all(|key| key.text().parse().as_ref() == Ok(key)));
    }
}

fn taken(text: &str, invite: &Invite) {
    assert!((1..=ADDRESSES_MAX).contains(&invite.addresses.len()));
    for address in &invite.addresses {
        assert!(address.len() <= ADDRESS_BYTES_MAX, "{} bytes", address.len());
        split_address(address, false).expect("its addresses are addresses");
    }
    assert!(text.trim().ends_with(invite.key.text().as_str()), "the key's text is canonical");
    let printed = invite.to_string();
    assert_eq!(printed.parse::<Invite>().as_ref(), Ok(invite));
    // Only empty places between commas, and white space around, are not printed again.
    let bare: String = text.trim().replace(',', "");
    assert_eq!(printed.replace(',', ""), bare);
    assert!(printed.len() <= text.len());
}
