//! What pages, routes and programs ask of the node.

use std::collections::BTreeMap;

use tokio::sync::oneshot;

use super::Task;
use crate::conversation::kind::text;
use crate::protocol::body::Decision;
use crate::protocol::circle::Input;
use crate::protocol::circle::Output;
use crate::protocol::id::NodeId;
use crate::protocol::limits::WAITING_SENDS_MAX;
use crate::protocol::name::clean_name;
use crate::protocol::packet::Lane;
use crate::protocol::packet::circle::{Packet, Typing};
use crate::shell::handle::{Command, Refused, StoreState};
use crate::store::Row;

/// Who waits for an own entry.
pub(super) enum Asked {
    /// Wants the message; the same reference may be asked for again meanwhile.
    Message(Option<String>, Vec<oneshot::Sender<Result<Row, Refused>>>),
    /// Wants to know that it is committed.
    Done(oneshot::Sender<Result<(), Refused>>),
}

impl Asked {
    fn refuse(self, why: &Refused) {
        // An asker that has gone needs no answer.
        match self {
            Asked::Message(_, replies) => {
                replies.into_iter().for_each(|reply| drop(reply.send(Err(why.clone()))));
            }
            Asked::Done(reply) => drop(reply.send(Err(why.clone()))),
        }
    }
}

impl Task {
    /// Takes commands in order. All that is said goes into the circle before it may stamp, so that
    /// it shares one signature.
    pub(super) fn commands(&mut self, commands: Vec<Command>) {
        for command in commands {
            self.command(command);
            self.write_backlog();
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Send { text, reference, reply } => self.send(&text, reference, reply),
            Command::SetName(name, reply) => match clean_name(&name) {
                Ok(name) => self.say(Decision::Profile(name), reply),
                Err(why) => drop(reply.send(Err(Refused::Invalid(why.to_string())))),
            },
            Command::SetCircle(name, reply) => match clean_name(&name) {
                Ok(name) => self.say(Decision::Circle(name), reply),
                Err(why) => drop(reply.send(Err(Refused::Invalid(why.to_string())))),
            },
            Command::SetReadReceipts(on, reply) => {
                self.circle(Input::ReadReceipts(on));
                let _ = reply.send(Ok(()));
            }
            Command::SetAside(member, aside, reply) => {
                let _ = reply.send(self.set_aside(member, aside));
            }
            Command::Leave(reply) => self.say(Decision::Leave, reply),
            Command::Read(marks) => self.circle(Input::Read(marks)),
            Command::Typing => {
                let peers: Vec<NodeId> = self.owner.mesh.linked().collect();
                for peer in peers {
                    self.carry_out(Output::Send(peer, Lane::Live, Packet::Typing(Typing)));
                }
            }
        }
    }

    fn set_aside(&mut self, member: NodeId, aside: bool) -> Result<(), Refused> {
        if member == self.owner.circle.me() {
            let why = "this is you: to go for good, leave the circle".to_owned();
            return Err(Refused::Invalid(why));
        }
        if !self.owner.circle.members().contains_key(&member) {
            let why = "no such member; `roda status` lists the ids".to_owned();
            return Err(Refused::Invalid(why));
        }
        self.circle(Input::SetAside(member, aside));
        self.restanding.insert(member);
        Ok(())
    }

    fn send(
        &mut self,
        text: &str,
        reference: Option<String>,
        reply: oneshot::Sender<Result<Row, Refused>>,
    ) {
        if let Err(why) = text::check(text) {
            return drop(reply.send(Err(Refused::Invalid(why.to_string()))));
        }
        if let Some(reference) = &reference {
            match self.owner.archive.by_reference(reference) {
                Ok(None) => {}
                Ok(Some(row)) => return drop(reply.send(Ok(row))),
                // It may have been written already: not a second time.
                Err(why) => return drop(reply.send(Err(Refused::Store(why.to_string())))),
            }
            for asked in self.asked.values_mut() {
                if let Asked::Message(Some(waiting), replies) = asked
                    && waiting == reference
                {
                    return replies.push(reply);
                }
            }
        }
        if let Err(why) = self.may_say() {
            return drop(reply.send(Err(why)));
        }
        let token = self.token(Asked::Message(reference.clone(), vec![reply]));
        self.circle(Input::Say { token, body: text::body(text), reference });
    }

    fn say(&mut self, decision: Decision, reply: oneshot::Sender<Result<(), Refused>>) {
        if let Err(why) = self.may_say() {
            return drop(reply.send(Err(why)));
        }
        let token = self.token(Asked::Done(reply));
        let body = decision.encode();
        self.circle(Input::Say { token, body, reference: None });
    }

    fn may_say(&self) -> Result<(), Refused> {
        if let StoreState::Failing(why) = &self.store {
            return Err(Refused::Store(why.clone()));
        }
        if self.asked.len() >= WAITING_SENDS_MAX {
            let why = "too many messages wait to be stored; try again in a moment".to_owned();
            return Err(Refused::Busy(why));
        }
        Ok(())
    }

    fn token(&mut self, asked: Asked) -> u64 {
        let token = self.next_token;
        self.next_token += 1;
        self.asked.insert(token, asked);
        token
    }

    /// The rows just committed answer those who said them.
    pub(super) fn answer_said(&mut self, rows: &[Row]) {
        if self.said.is_empty() {
            return;
        }
        let me = self.owner.circle.me();
        let own: BTreeMap<u64, &Row> =
            rows.iter().filter(|row| row.author == me).map(|row| (row.seq, row)).collect();
        for (token, seq) in std::mem::take(&mut self.said) {
            match self.asked.remove(&token) {
                Some(Asked::Message(_, replies)) => {
                    let row = own.get(&seq).expect("what was said was committed in this batch");
                    replies.into_iter().for_each(|reply| drop(reply.send(Ok((*row).clone()))));
                }
                Some(Asked::Done(reply)) => drop(reply.send(Ok(()))),
                None => {}
            }
        }
    }

    pub(super) fn refuse_left(&mut self, token: u64) {
        let why = Refused::Gone("you have left this circle; a new folder can join again".into());
        if let Some(asked) = self.asked.remove(&token) {
            asked.refuse(&why);
        }
    }

    pub(super) fn refuse_all(&mut self) {
        let why = Refused::Gone("the node is stopping; start it again".into());
        std::mem::take(&mut self.asked).into_values().for_each(|asked| asked.refuse(&why));
    }
}
