//! The page in a real browser, against real nodes. Needs chromium and chromedriver, and runs only
//! where `RODA_TEST_BROWSER` is set: `tests/run page` sees to both.

#[path = "../author/mod.rs"]
mod author;
mod browser;
mod clean;
mod door;
mod harness;
mod history;
mod look;
mod node;
mod page;
mod words;

mod around;
mod away;
mod budgets;
mod bulk;
mod conversation;
mod corpus;
mod files;
mod hands;
mod hostile;
mod late;
mod login;
mod panels;
mod readers;
mod reading;
mod restarts;
mod shots;
mod sites;
mod texts;
mod texts_looks;
