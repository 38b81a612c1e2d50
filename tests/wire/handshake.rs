//! The handshake as a pure machine: what it gives, and what it refuses.

use crate::fixed::{greeted, group_key, identity, local};
use roda::handshake::{Dialler, Established, Greeting, HandshakeError, Joining, Listener, Local};
use roda::keyring::{CircleId, Keyring};
use roda::protocol::id::NodeId;
use roda::protocol::{PROGRAM, VERSION};
use roda::seal::{GroupKey, seal_once};

fn token(frame: &[u8]) -> &[u8] {
    let (length, token) = frame.split_at(4);
    assert_eq!(u32::from_be_bytes(length.try_into().unwrap()) as usize, token.len());
    token
}

/// Up to M3: what each end waits for, and M3's frame.
fn halfway(dialler: Local, listener: Local) -> (Joining, Listener, Vec<u8>) {
    let (dialler, m1) = Dialler::start(dialler, &group_key());
    let (listener, m2) = greeted(listener, &[group_key()], token(&m1)).unwrap();
    let (joining, m3) = dialler.answered(token(&m2)).unwrap();
    (joining, listener, m3)
}

fn whole(dialler: Local, listener: Local) -> (Established, Established) {
    let (joining, listener, m3) = halfway(dialler, listener);
    let (outcome, m4) = listener.joined(token(&m3)).unwrap();
    (joining.joined(token(&m4)).unwrap(), outcome.unwrap())
}

fn error<T>(result: Result<T, HandshakeError>) -> HandshakeError {
    result.err().expect("refused")
}

/// M1 or M2 of somebody who holds the group key and sends this JSON.
fn hello(json: &str) -> String {
    seal_once(&group_key().derive().handshake, json.as_bytes(), 0)
}

#[test]
fn both_ends_learn_each_other_and_get_the_same_two_keys() {
    let (dialler, listener) = whole(local(1, 4, 0), local(2, 5, 0));
    assert_eq!(dialler.peer, NodeId(identity(2).verifying_key().to_bytes()));
    assert_eq!(listener.peer, NodeId(identity(1).verifying_key().to_bytes()));
    assert_eq!(dialler.listens, [":7400"]);
    assert_eq!((dialler.program, listener.program), (PROGRAM, PROGRAM));
    assert_eq!(dialler.send, listener.receive);
    assert_eq!(dialler.receive, listener.send);
    assert_ne!(dialler.send, dialler.receive);
}

#[test]
fn every_handshake_gives_new_keys() {
    let (first, _) = whole(local(1, 4, 0), local(2, 5, 0));
    let (other_dialler, _) = whole(local(1, 6, 0), local(2, 5, 0));
    let (other_listener, _) = whole(local(1, 4, 0), local(2, 6, 0));
    assert_ne!(first.send, other_dialler.send);
    assert_ne!(first.send, other_listener.send);
}

#[test]
fn clocks_at_both_ends_of_time_do_not_hinder() {
    let at = |time, local| Local { time, ..local };
    whole(at(0, local(1, 4, 0)), at(u64::MAX, local(2, 5, 0)));
}

#[test]
fn a_listener_with_two_keys_answers_with_the_one_it_was_greeted_with() {
    let other = GroupKey::from_bytes([8; 32]);
    for keys in [[group_key(), other.clone()], [other, group_key()]] {
        let (dialler, m1) = Dialler::start(local(1, 4, 0), &group_key());
        let (_, m2) = greeted(local(2, 5, 0), &keys, token(&m1)).unwrap();
        dialler.answered(token(&m2)).unwrap();
    }
}

#[test]
fn a_hello_is_to_the_circle_whose_key_it_was_sealed_with_and_the_link_is_that_circles() {
    let mut keyring = Keyring::default();
    let keys: Vec<GroupKey> = (10..16).map(|byte| GroupKey::from_bytes([byte; 32])).collect();
    for (number, keys) in (1..).zip(keys.chunks(2)) {
        keyring.put(CircleId(number), keys.to_vec());
    }
    for (at, key) in keys.iter().enumerate() {
        let circle = CircleId(at as u32 / 2 + 1);
        let (dialler, m1) = Dialler::start(Local { circle: CircleId(7), ..local(1, 4, 0) }, key);
        let greeting = Greeting::open(&keyring, token(&m1)).unwrap();
        assert_eq!(greeting.circle(), circle);
        let (listener, m2) = greeting.answer(Local { circle, ..local(2, 5, 0) }).unwrap();
        let (joining, m3) = dialler.answered(token(&m2)).unwrap();
        let (outcome, m4) = listener.joined(token(&m3)).unwrap();
        assert_eq!(outcome.unwrap().circle, circle);
        // Each end has numbers of its own.
        assert_eq!(joining.joined(token(&m4)).unwrap().circle, CircleId(7));
    }
}

#[test]
fn another_group_key_or_a_changed_byte_is_a_stranger() {
    let (_, m1) = Dialler::start(local(1, 4, 0), &GroupKey::from_bytes([8; 32]));
    let greeted = |m1: &[u8]| greeted(local(2, 5, 0), &[group_key()], m1);
    assert_eq!(error(greeted(token(&m1))), HandshakeError::Stranger);
    let (_, m1) = Dialler::start(local(1, 4, 0), &group_key());
    for at in [4, 20, 60, m1.len() - 8] {
        let mut changed = m1.clone();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        assert_eq!(error(greeted(token(&changed))), HandshakeError::Stranger, "byte {at}");
    }
    assert_eq!(error(greeted(b"")), HandshakeError::Stranger);
}

#[test]
fn another_version_is_told_apart() {
    let json = format!(r#"{{"tag":"hello","version":{},"new":true}}"#, VERSION + 1);
    let greeted = greeted(local(2, 5, 0), &[group_key()], hello(&json).as_bytes());
    assert_eq!(error(greeted), HandshakeError::Version(2));
}

#[test]
fn an_ephemeral_key_that_fixes_the_secret_is_refused() {
    // Points of small order: 0, 1, and one of order 8.
    let order8 = "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800";
    let one = format!("01{}", "00".repeat(31));
    for point in [&"00".repeat(32), &one, order8] {
        let json = format!(r#"{{"tag":"hello","version":1,"ephemeral":"{point}"}}"#);
        let greeted = greeted(local(2, 5, 0), &[group_key()], hello(&json).as_bytes());
        assert!(matches!(error(greeted), HandshakeError::Misbehaved(_)), "{point}");
    }
}

#[test]
fn a_dialler_refuses_its_own_words_and_answers_to_others() {
    let (dialler, m1) = Dialler::start(local(1, 4, 0), &group_key());
    assert_eq!(error(dialler.answered(token(&m1))), HandshakeError::Replayed);

    let (_, elsewhere) = Dialler::start(local(1, 6, 0), &group_key());
    let (_, m2) = greeted(local(2, 5, 0), &[group_key()], token(&elsewhere)).unwrap();
    let (dialler, _) = Dialler::start(local(1, 4, 0), &group_key());
    assert_eq!(error(dialler.answered(token(&m2))), HandshakeError::Replayed);

    // Its own ephemeral key back, in an answer that fits.
    let (dialler, m1) = Dialler::start(local(1, 4, 0), &group_key());
    let (_, m2) = greeted(local(2, 4, 0), &[group_key()], token(&m1)).unwrap();
    assert_eq!(error(dialler.answered(token(&m2))), HandshakeError::Replayed);
}

#[test]
fn a_listener_refuses_an_answer_as_a_greeting() {
    let (_, m1) = Dialler::start(local(1, 4, 0), &group_key());
    let (_, m2) = greeted(local(2, 5, 0), &[group_key()], token(&m1)).unwrap();
    let greeted = greeted(local(1, 6, 0), &[group_key()], token(&m2));
    assert_eq!(error(greeted), HandshakeError::Replayed);
}

#[test]
fn joins_of_another_handshake_do_not_fit() {
    let (joining, _, m3) = halfway(local(1, 4, 0), local(2, 5, 0));
    let (_, other, other_m3) = halfway(local(1, 4, 0), local(2, 6, 0));
    assert_eq!(error(other.joined(token(&m3))), HandshakeError::Replayed);
    let (_, other, _) = halfway(local(1, 4, 0), local(2, 6, 0));
    let (_, other_m4) = other.joined(token(&other_m3)).unwrap();
    assert_eq!(error(joining.joined(token(&other_m4))), HandshakeError::Replayed);
}

#[test]
fn a_join_sent_back_is_refused() {
    let (joining, _, m3) = halfway(local(1, 4, 0), local(2, 5, 0));
    assert_eq!(error(joining.joined(token(&m3))), HandshakeError::Replayed);
}

#[test]
fn nobody_passes_for_another_member() {
    // Member 3 reads and makes every key of a handshake, and still cannot sign as member 1.
    struct Forged;
    impl Forged {
        fn seal(key: &roda::seal::Key, plain: &[u8], time: u64) -> String {
            let text = String::from_utf8(plain.to_vec()).unwrap();
            let own = hex::encode(identity(3).verifying_key().to_bytes());
            let other = hex::encode(identity(1).verifying_key().to_bytes());
            seal_once(key, text.replace(&own, &other).as_bytes(), time)
        }
    }
    let forger = Local { seal: Forged::seal, ..local(3, 4, 0) };
    let (_, listener, m3) = halfway(forger, local(2, 5, 0));
    assert!(matches!(error(listener.joined(token(&m3))), HandshakeError::Misbehaved(_)));
}

#[test]
fn dialling_oneself_is_told_apart_at_both_ends() {
    let (joining, listener, m3) = halfway(local(1, 4, 0), local(1, 5, 0));
    let (outcome, m4) = listener.joined(token(&m3)).unwrap();
    assert_eq!(error(outcome), HandshakeError::DialledSelf);
    assert_eq!(error(joining.joined(token(&m4))), HandshakeError::DialledSelf);
}

/// M3 of 0.1, between the ends and with the fixed IV of the document's values.
const M3_OF_0_1: &str = "\
    gAAAAABlU_EAAAECAwQFBgcICQoLDA0OD4014pJns-RTLiXHWseaComx1rSI20YKOgcdRxnA83XEusAB\
    9O2O--PbgCF_AWLk6I3mkDn1c5KYMvJq5tG0cOBUyx3BuEv3oUvA-jI-hpCtIv4mBz1cC5VWWsVyWsZ3\
    P1Oxo2K5ua7iFzF4c9Tzf2rMpXXojf5r_xahlmq3r7eRWZ-VDp7rUy1TCR1uflDmk8jRwtt_Rh0iGtMd\
    53uRXklQbW8-8Cqk96sSCmVhGCsJJ3MqwfV57fNV-8UEYGIhLqSM8TfdX8EssognK9VAL63hZgx8I_Bx\
    jDad0Sl2kzpQYp_dDqA2XNADge2Vqix5VDpq5-Sb5wdufFhH4-4_e-CuHwFsIQ8XNuaxiYC6ONR8W_RG\
    hN31nrrytWTPoGDXj_qjDUUp_mukKy7Qf1-GRNM=";

#[test]
fn a_join_of_0_1_links_and_is_known_as_such() {
    let (dialler, m1) = Dialler::start(local(1, 4, 0), &group_key());
    let (listener, m2) = greeted(local(2, 5, 7), &[group_key()], token(&m1)).unwrap();
    let (_, m3) = dialler.answered(token(&m2)).unwrap();
    assert_ne!(token(&m3), M3_OF_0_1.as_bytes());
    let (outcome, _) = listener.joined(M3_OF_0_1.as_bytes()).unwrap();
    let established = outcome.unwrap();
    assert_eq!(established.peer, NodeId(identity(1).verifying_key().to_bytes()));
    assert_eq!(established.program, 1);
}
