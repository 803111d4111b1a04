//! The example of `docs/checks.md`.

use orm::{Finding, Level};
use std::time::Duration;
use tools::smithy;

mod tools {
    use orm::prelude::*;

    orm::app! { pub smithy { Tool, Unnamed } }

    /// What people work with.
    #[derive(Model, Debug)]
    pub struct Tool {
        pub id: i64,
    }

    #[derive(Model, Debug)]
    pub struct Unnamed {
        pub id: i64,
    }
}

#[test]
fn a_check_of_ones_own() {
    let project = orm::Project::new()
        .app(smithy())
        .connect_with(|database| {
            database.statement_timeout(Duration::from_secs(30)).lock_timeout(Duration::from_secs(5))
        })
        .silence("S114")
        .check(|apps| {
            let models = apps.iter().flat_map(|app| app.models());
            let unnamed = models.filter(|model| model.help.is_empty());
            let told = unnamed.map(|model| {
                Finding::new(Level::Warning, "house.W001", "nothing says what it is for")
                    .with_hint("write a doc comment")
                    .with_object(model.label())
                    .with_tag("house")
            });
            told.collect()
        });
    let mut printed = String::new();
    let done = project.database("sqlite::memory:").run_into(["program", "check", "--tag", "house"], &mut printed);
    assert_eq!(printed, "house.W001 warning: nothing says what it is for\n    write a doc comment\n");
    done.unwrap();
}
