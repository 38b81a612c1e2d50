//! What the fuzz targets check.

#[path = "../author/mod.rs"]
mod author;
#[allow(dead_code)]
#[path = "../http/fake.rs"]
mod fake;
#[allow(dead_code)]
#[path = "../http/owner.rs"]
mod owner;
pub mod properties;
