//! The examples of `docs/migrations.md`: every block of the document stands here as it stands there.

use crate::{
    bed::behaviour,
    migrations::{one, undo::INITIAL},
};
use orm::{
    Frozen, Project,
    migrate::{Migrator, Step, StepFuture, engine::MigrationSet, engine_error},
};
use std::{fs, path::Path};

mod store {
    orm::app! { pub shop {} }
}

mod traffic {
    orm::app! { pub visits {} }
}

use store::shop;
use traffic::visits;

fn project() -> Project {
    Project::new()
        .app(shop())
        .database("sqlite://shop.db")
        .app_in("analytics", visits())
        .database_named("analytics", "postgres://localhost/analytics")
}

/// Books as they are at that migration: the fields that the step needs.
#[derive(Frozen)]
#[frozen(app = "shop", at = "0005")]
struct Book {
    id: i64,
    title: String,
}

fn retitle(mut step: Step<'_>) -> StepFuture<'_> {
    Box::pin(async move {
        let trim = |book: &mut Book| {
            book.title = book.title.trim().to_owned();
            Ok(())
        };
        step.each(500, trim).await.map(drop)
    })
}

fn with_steps() -> Project {
    Project::new().app(shop()).step("shop.retitle", retitle)
}

behaviour! {
    async fn the_data_step_of_the_document_runs_on_its_file(bed) {
        let db = &bed.db;
        let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/migrations.md");
        let text = fs::read_to_string(document).unwrap();
        let (_, rest) = text.split_once("```toml\n# migrations/shop/0005_retitle.toml\n").unwrap();
        let (file, _) = rest.split_once("```").unwrap();
        let between = |number: u32, before: &str| format!("depends_on = [\"shop.{before}\"]\n# {number}\n");
        let (second, third) = (between(2, "0001_initial"), between(3, "0002_second"));
        let fourth = between(4, "0003_third");
        let set = MigrationSet::from_embedded(&[
            ("shop/0001_initial.toml", INITIAL),
            ("shop/0002_second.toml", &second),
            ("shop/0003_third.toml", &third),
            ("shop/0004_constraints.toml", &fourth),
            ("shop/0005_retitle.toml", file),
        ])
        .map_err(engine_error)?;
        let to = |name: &str| Migrator::with_set(set.clone()).step("shop.retitle", retitle).to("shop", Some(name));
        to("0004")?.run(db).await?;
        db.batch("INSERT INTO shop_author (id, name) VALUES (1, 'Ada'); INSERT INTO shop_book (id, title, author_id, pages) VALUES (1, ' One ', 1, 10)").await?;
        to("0005")?.run(db).await?;
        let trimmed = "SELECT COUNT(*) FROM shop_book WHERE title = 'One'";
        assert_eq!(one(db, trimmed).await?, 1);
        to("0004")?.run(db).await?;
        assert_eq!(one(db, trimmed).await?, 1);
        assert_eq!(with_steps().apps().len(), 1);
        Ok(())
    }
}

#[test]
fn a_project_has_applications_in_several_databases() {
    let project = project();
    assert_eq!(project.apps().iter().map(|app| app.label()).collect::<Vec<_>>(), ["shop", "visits"]);
}
