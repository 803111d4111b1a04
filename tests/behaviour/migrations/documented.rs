//! The examples of `docs/migration-files.md` are one history: it runs forward and back over rows, on every back end.

use super::{one, rows::query};
use crate::bed::{Bed, behaviour};
use orm::{
    Frozen,
    migrate::{Migrator, Step, StepFuture, engine::MigrationSet, engine_error},
};
use std::{fs, path::Path};

/// The migrations of the document, by the paths in their first lines.
fn history() -> orm::Result<MigrationSet> {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/migration-files.md");
    let text = fs::read_to_string(document).unwrap();
    let blocks = text.split("```toml\n").skip(1).map(|block| block.split_once("\n```").expect("a block has an end").0);
    let files: Vec<(&str, &str)> = blocks
        .map(|block| {
            let path = block.lines().next().and_then(|line| line.strip_prefix("# migrations/"));
            (path.unwrap_or_else(|| panic!("a block begins with its path:\n{block}")), block)
        })
        .collect();
    assert!(files.len() > 5);
    MigrationSet::from_embedded(&files).map_err(engine_error)
}

#[derive(Frozen)]
#[frozen(app = "shop", at = "0005")]
struct Book {
    id: i64,
    title: String,
}

fn retitle(mut step: Step<'_>) -> StepFuture<'_> {
    Box::pin(async move {
        let longer = |book: &mut Book| {
            book.title.insert_str(0, "The ");
            Ok(())
        };
        step.each(100, longer).await.map(drop)
    })
}

fn untitle(mut step: Step<'_>) -> StepFuture<'_> {
    Box::pin(async move {
        let shorter = |book: &mut Book| {
            book.title = book.title.replacen("The ", "", 1);
            Ok(())
        };
        step.each(100, shorter).await.map(drop)
    })
}

behaviour! {
    async fn the_history_of_the_document_runs_forward_and_back(bed) {
        let Bed { db, .. } = &*bed;
        let set = history()?;
        let migrator = || Migrator::with_set(set.clone()).step("shop.retitle", retitle).step("shop.untitle", untitle);
        migrator().to("shop", Some("0001"))?.run(db).await?;
        db.batch("INSERT INTO shop_author (id, name) VALUES (1, 'Ada'), (2, 'Bob')").await?;
        db.batch("INSERT INTO shop_tag (id, label) VALUES (1, 'new')").await?;
        db.batch("INSERT INTO shop_book (id, title, author_id, price) VALUES (1, 'Notes', 1, 3), (2, 'More', 2, 4)").await?;
        db.batch("INSERT INTO shop_book_tags (book_id, tag_id) VALUES (1, 1)").await?;
        let books = "SELECT id, title, author_id, published FROM shop_book ORDER BY id";
        let before = query(db, books).await?;
        migrator().run(db).await?;
        assert_eq!(one(db, "SELECT COUNT(*) FROM shop_book WHERE price = 0 AND pages = 0").await?, 2);
        let right = "SELECT COUNT(*) FROM shop_book b JOIN shop_publisher p ON p.id = b.publisher_id JOIN shop_writer w ON w.id = b.author_id WHERE p.name = w.name AND b.title LIKE 'The %'";
        assert_eq!(one(db, right).await?, 2);
        assert_eq!(one(db, "SELECT COUNT(*) FROM shop_book WHERE shelf IS NULL").await?, 2);
        let state = set.state().map_err(engine_error)?;
        assert!(state.model("shop", "Draft").is_none() && state.model("shop", "Tag").is_none());
        assert_eq!(state.model("labels", "Tag").unwrap().table, "shop_label");
        assert!(state.model("shop", "Book").unwrap().field("shelf").is_none());
        migrator().to("shop", Some("0001"))?.run(db).await?;
        assert_eq!(query(db, books).await?, before);
        assert_eq!(one(db, "SELECT COUNT(*) FROM shop_book_tags").await?, 1);
        migrator().to("shop", Some("zero"))?.run(db).await?;
        Ok(())
    }
}
