//! Temporary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, dead_code)]
#[path = "../behaviour/bed.rs"]
mod bed;
#[path = "../behaviour/checks.rs"]
mod checks;
#[path = "../behaviour/migrations/mod.rs"]
mod migrations;
mod pagila {
    #[path = "../../behaviour/pagila/dump.rs"]
    pub mod dump;
}
