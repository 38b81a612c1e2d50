//! What a page is told of a view: what changed in it.

use super::followed::Followed;
use crate::shell::handle::StoreState;
use crate::shell::http::ended::Step;
use crate::shell::http::frames::ToPage;
use crate::shell::http::members::{MembersFrames, members_news};
use crate::shell::http::status::Receipts;

impl Followed {
    /// Tells what changed in the view since it was last told.
    pub(super) async fn view(&mut self) -> Step {
        let new = self.views.borrow_and_update().clone();
        if (&new.epoch, new.me) != (&self.shown.epoch, self.shown.me) {
            // The node leads a new life: other numbers, another member.
            return self.welcome().await;
        }
        let old = std::mem::replace(&mut self.shown, new.clone());
        let circle = &new.circle;
        let news = members_news(&old, &new);
        match news.members {
            MembersFrames::None => {}
            MembersFrames::All(members) => {
                self.put(ToPage::Members { circle, members: &members }.encode()).await?;
            }
            MembersFrames::Changed(parts) => {
                for members in &parts {
                    self.put(ToPage::MembersChanged { circle, members }.encode()).await?;
                }
            }
        }
        for members in news.heard {
            self.put(ToPage::Heard { members }.encode()).await?;
        }
        for receipts in &Receipts::since(&old, &new) {
            self.put(ToPage::Receipts(receipts).encode()).await?;
        }
        match (old.catching_up, new.catching_up) {
            (before, Some((held, of))) if before != new.catching_up => {
                self.put(ToPage::Progress { held, of, done: false }.encode()).await?;
            }
            (Some((_, of)), None) => {
                self.put(ToPage::Progress { held: of, of, done: true }.encode()).await?;
            }
            _ => {}
        }
        match &new.store {
            store if *store == old.store => Ok(()),
            StoreState::Ok => self.notice("store_ok", "messages are stored again", None).await,
            StoreState::Failing(reason) => {
                let words = format!("nothing can be stored: {reason}");
                self.notice("store_failing", &words, None).await
            }
        }
    }
}
