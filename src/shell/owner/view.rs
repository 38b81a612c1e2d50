//! The view that pages and routes see.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Task, VIEW_MS};
use crate::protocol::body::Decision;
use crate::protocol::circle::{Circle, Member};
use crate::protocol::id::NodeId;
use crate::protocol::limits::MEMBERS_TESTED;
use crate::protocol::name::clean_name;
use crate::protocol::receipt::Watermarks;
use crate::shell::handle::{MemberView, StoreState, View};

/// The cleaned name in a `circle` body.
fn circle_name(body: Option<&str>) -> String {
    match body.and_then(Decision::read) {
        Some(Decision::Circle(name)) => clean_name(&name).unwrap_or_default(),
        _ => String::new(),
    }
}

/// A view before the owner's first.
pub fn first(circle: &Circle, epoch: &str, arrival: u64) -> View {
    View {
        me: circle.me(),
        epoch: epoch.to_owned(),
        circle: circle_name(circle.circle_body()),
        clock: circle.clock(),
        arrival,
        messages: arrival,
        members: Vec::new(),
        delivered: BTreeMap::new(),
        read_by_all: BTreeMap::new(),
        final_to: circle.final_shown(),
        links: 0,
        store: StoreState::Ok,
        damaged: None,
        catching_up: circle.catching_up(),
        read_receipts: circle.read_receipts(),
        read_here: BTreeMap::new(),
        left: false,
    }
}

impl Task {
    /// Makes a new view where something changed, at most every [`VIEW_MS`].
    pub(super) fn publish(&mut self) {
        let now = self.now().mono;
        if !self.view_dirty || now < self.view_at + VIEW_MS {
            return;
        }
        self.publish_now();
    }

    /// Makes a new view.
    pub(super) fn publish_now(&mut self) {
        self.view_dirty = false;
        self.view_at = self.now().mono;
        let view = self.make_view();
        let spoken = |view: &View| view.members.iter().filter(|m| m.since.is_some()).count();
        let (before, members) = (spoken(&self.owner.view.borrow()), spoken(&view));
        if before <= MEMBERS_TESTED && members > MEMBERS_TESTED {
            tracing::warn!(
                members,
                "circles of more than {MEMBERS_TESTED} members are not tested: expect delays"
            );
        }
        self.owner.view.send_if_modified(|held| {
            let new = **held != view;
            if new {
                *held = Arc::new(view);
            }
            new
        });
    }

    fn make_view(&mut self) -> View {
        if std::mem::take(&mut self.mesh_changed) {
            let mesh = &self.owner.mesh;
            let members = self.owner.circle.members().keys();
            self.linked = members.map(|id| (*id, mesh.linked_with(id).collect())).collect();
        }
        let owner = &self.owner;
        let circle = &owner.circle;
        let marks = |value: fn(&Member) -> u64| -> Watermarks {
            let all = circle.members().iter().map(|(id, member)| (*id, value(member)));
            all.filter(|(_, seq)| *seq > 0).collect()
        };
        let me = circle.members().get(&circle.me());
        View {
            members: circle.members().iter().map(|(id, m)| self.member(*id, m)).collect(),
            delivered: marks(|member| member.delivered_shown),
            read_by_all: marks(|member| member.read_by_all_shown),
            read_here: marks(|member| member.read_here),
            links: owner.mesh.linked().count(),
            store: self.store.clone(),
            damaged: self.damaged.clone(),
            left: me.is_some_and(|me| me.left),
            ..first(circle, &owner.epoch, owner.arrival)
        }
    }

    fn member(&self, id: NodeId, member: &Member) -> MemberView {
        let (circle, mesh) = (&self.owner.circle, &self.owner.mesh);
        let empty = || Arc::new(Watermarks::new());
        let receipt = member.receipt.as_ref();
        MemberView {
            id,
            name: member.name.clone(),
            online: id == circle.me() || mesh.link_of(&id).is_some(),
            last_heard: self.last_heard.get(&id).copied(),
            rtt_ms: circle.rtt_ms(&id),
            via: mesh.via(&id),
            addresses: member.addresses.clone(),
            links: self.linked.get(&id).cloned().unwrap_or_else(|| mesh.linked_with(&id).collect()),
            left: member.left,
            aside: member.aside,
            disputed: member.disputed(),
            since: member.since,
            stored: receipt.map_or_else(empty, |receipt| receipt.stored.clone()),
            read: receipt.map_or_else(empty, |receipt| receipt.read.clone()),
            clock: receipt.map_or(0, |receipt| receipt.clock),
        }
    }
}
