//! Temporary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, dead_code)]
#[path = "../behaviour/bed.rs"]
mod bed;
#[path = "../behaviour/checks.rs"]
mod checks;
mod migrations {
    #[path = "../../behaviour/migrations/after.rs"]
    mod after;
    #[path = "../../behaviour/migrations/ahead.rs"]
    mod ahead;
    #[path = "../../behaviour/migrations/back.rs"]
    mod back;
    #[path = "../../behaviour/migrations/before.rs"]
    mod before;
    #[path = "../../behaviour/migrations/collations.rs"]
    mod collations;
    #[path = "../../behaviour/migrations/commands.rs"]
    mod commands;
    #[path = "../../behaviour/migrations/databases.rs"]
    mod databases;
    #[path = "../../behaviour/migrations/fits.rs"]
    mod fits;
    #[path = "../../behaviour/migrations/history.rs"]
    mod history;
    #[path = "../../behaviour/migrations/rows.rs"]
    mod rows;
    #[path = "../../behaviour/migrations/tour.rs"]
    mod tour;
    #[path = "../../behaviour/migrations/undo.rs"]
    pub(crate) mod undo;
    pub(crate) async fn one(db: &orm::Database, sql: &str) -> orm::Result<i64> {
        let rows = rows::query(db, sql).await?;
        let number =
            rows.first().and_then(|row| row.first()).and_then(Option::as_deref).and_then(|text| text.parse().ok());
        Ok(number.unwrap_or(-1))
    }
}
