//! The page in a real browser, against real nodes. Needs chromium and chromedriver, and runs only
//! where `RODA_TEST_BROWSER` is set: `tests/run page` sees to both.

mod browser;
mod conversation;
mod harness;
mod hostile;
mod node;
mod shots;
