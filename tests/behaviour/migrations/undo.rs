//! Going back on tables full of rows: what cannot be done is refused before anything is.

use super::one;
use crate::bed::{Bed, behaviour};
use orm::{
    Code, Database, Result,
    migrate::{
        Migrator,
        engine::{MigrationSet, execute::Event},
        engine_error,
    },
};

pub(crate) const INITIAL: &str = r#"
[[operations]]
op = "create_model"
model = "shop.Author"
table = "shop_author"
primary_key = ["id"]
fields = [{ name = "id", type = "bigint", auto = true }, { name = "name", type = "char(20)", unique = true }]

[[operations]]
op = "create_model"
model = "shop.Book"
table = "shop_book"
primary_key = ["id"]
fields = [
    { name = "id", type = "bigint", auto = true },
    { name = "title", type = "char(20)" },
    { name = "author", to = "shop.Author", on_delete = "restrict", index = true },
    { name = "pages", type = "integer" },
]
constraints = [{ kind = "check", name = "shop_book_pages", check = "pages > 0" }]
"#;

pub(super) const ROWS: &str = "INSERT INTO shop_author (id, name) VALUES (1, 'Ada'), (2, 'Bob');
    INSERT INTO shop_book (id, title, author_id, pages) VALUES (1, 'One', 1, 10), (2, 'Two', 2, 20)";

pub(super) fn set(later: &[(&str, &str)]) -> Result<MigrationSet> {
    let files: Vec<(&str, &str)> =
        [("shop/0001_initial.toml", INITIAL)].into_iter().chain(later.iter().copied()).collect();
    MigrationSet::from_embedded(&files).map_err(engine_error)
}

pub(super) async fn filled(db: &Database, later: &[(&str, &str)]) -> Result<MigrationSet> {
    let set = set(later)?;
    Migrator::with_set(set.clone()).to("shop", Some("0001"))?.run(db).await?;
    db.batch(ROWS).await?;
    Migrator::with_set(set.clone()).run(db).await?;
    Ok(set)
}

/// Going back is refused, and nothing has happened.
async fn refused(db: &Database, set: &MigrationSet, target: &str, restored: Option<&str>) -> Result<String> {
    let mut migrator = Migrator::with_set(set.clone()).to("shop", Some(target))?;
    if let Some(text) = restored {
        migrator = migrator.restored(text)?;
    }
    let error = migrator.run(db).await.expect_err(target);
    assert_eq!(error.code(), Code::Migration, "{error}");
    let history = Migrator::with_set(set.clone()).history(db).await?;
    assert_eq!(history.len(), set.iter().count(), "{error}");
    assert!(history.iter().all(|entry| entry.progress.is_none()), "{error}");
    Ok(format!("{error:?}"))
}

const WIDENED: (&str, &str) = (
    "shop/0002_widen_book.toml",
    r#"
depends_on = ["shop.0001_initial"]

[[operations]]
op = "alter_field"
model = "shop.Book"
field = { name = "title", type = "char(40)", null = true }

[[operations]]
op = "alter_field"
model = "shop.Book"
field = { name = "pages", type = "bigint" }
"#,
);

const REMOVED: (&str, &str) = (
    "shop/0002_remove_author.toml",
    r#"
depends_on = ["shop.0001_initial"]

[[operations]]
op = "remove_field"
model = "shop.Book"
field = "author"

[[operations]]
op = "add_field"
model = "shop.Book"
field = { name = "note", type = "text", null = true }
"#,
);

const LATER: (&str, &str) = (
    "shop/0003_tag.toml",
    r#"
depends_on = ["shop.0002_remove_author"]

[[operations]]
op = "create_model"
model = "shop.Tag"
table = "shop_tag"
primary_key = ["id"]
fields = [{ name = "id", type = "bigint", auto = true }]
"#,
);

behaviour! {
    async fn a_panic_on_the_way_leaves_a_database_that_can_be_used(bed) {
        let db = &bed.db;
        filled(db, &[]).await?;
        let all = set(&[WIDENED])?;
        let mut ran = 0;
        let die = move |event: &Event<'_>| {
            if matches!(event, Event::Ran { .. }) {
                ran += 1;
                assert!(ran < 2, "the test's own");
            }
        };
        let (run, whole) = (db.clone(), all.clone());
        let run = tokio::spawn(async move { Migrator::with_set(whole).on_progress(die).run(&run).await });
        assert!(run.await.unwrap_err().is_panic());
        // No transaction is open, and foreign keys are looked at.
        let error = db.batch("INSERT INTO shop_book (id, title, author_id, pages) VALUES (9, 'Three', 77, 1)").await.unwrap_err();
        assert_eq!(error.code(), Code::ForeignKeyViolation, "{error}");
        let tx = db.begin().await?;
        tx.batch("DELETE FROM shop_book").await?;
        tx.rollback().await?;
        Migrator::with_set(all).run(db).await?;
        assert_eq!(one(db, "SELECT COUNT(*) FROM shop_book").await?, 2);
        Ok(())
    }

    async fn a_reference_that_comes_back_needs_a_value(bed) {
        let Bed { db, .. } = &*bed;
        let set = filled(db, &[REMOVED, LATER]).await?;
        for target in ["0001", "zero"] {
            let error = refused(db, &set, target, None).await?;
            assert!(error.contains("M086") && error.contains("--default shop.Book.author=<value>"), "{error}");
            assert!(error.contains("`shop_book` has 2 rows without a value for the new column `author_id` (id: 1, 2)"), "{error}");
        }
        // The migration after it was not undone either, nor the first half of this one.
        assert_eq!(one(db, "SELECT COUNT(*) FROM shop_tag").await?, 0);
        assert_eq!(one(db, "SELECT COUNT(*) FROM shop_book WHERE note IS NULL").await?, 2);
        let error = refused(db, &set, "0001", Some("shop.Book.author=99")).await?;
        assert!(error.contains("has no such row") || error.contains("M082"), "{error}");
        let error = refused(db, &set, "0002", Some("shop.Book.author=1")).await?;
        assert!(error.contains("M023"), "{error}");
        let error = refused(db, &set, "0001", Some("shop.Book.author=Ada")).await?;
        assert!(error.contains("M003") || error.contains("M001") || error.contains("M012"), "{error}");

        Migrator::with_set(set.clone()).to("shop", Some("0001"))?.restored("shop.Book.author=2")?.run(db).await?;
        assert_eq!(one(db, "SELECT COUNT(*) FROM shop_book WHERE author_id = 2").await?, 2);
        let orphan = db.batch("UPDATE shop_book SET author_id = 99").await.unwrap_err();
        assert_eq!(orphan.code(), Code::ForeignKeyViolation, "{orphan}");

        // Without rows there is nothing to answer.
        Migrator::with_set(set.clone()).run(db).await?;
        db.batch("DELETE FROM shop_book").await?;
        Migrator::with_set(set.clone()).to("shop", Some("zero"))?.run(db).await?;
        Ok(())
    }

    async fn required_columns_that_come_back_need_values_too(bed) {
        let Bed { db, .. } = &*bed;
        let removed = r#"
depends_on = ["shop.0001_initial"]
operations = [
    { op = "remove_constraint", model = "shop.Book", name = "shop_book_pages" },
    { op = "remove_field", model = "shop.Book", field = "pages" },
    { op = "remove_field", model = "shop.Book", field = "title" },
]
"#;
        let set = filled(db, &[("shop/0002_remove.toml", removed)]).await?;
        let error = refused(db, &set, "0001", None).await?;
        for field in ["pages", "title"] {
            assert!(error.contains(&format!("`shop_book` has 2 rows without a value for the new column `{field}` (id: 1, 2)")), "{error}");
            assert!(error.contains(&format!("--default shop.Book.{field}=<value>")), "{error}");
        }
        let told = Migrator::with_set(set.clone()).to("shop", Some("0001"))?.obstacles(db).await?;
        assert_eq!(told.len(), 2, "{told:?}");
        for wrong in ["shop.Book.pages=many", "shop.Book.title=a title of more than twenty letters"] {
            let error = refused(db, &set, "0001", Some(wrong)).await?;
            assert!(error.contains("M003") || error.contains("M012") && error.contains("write "), "{error}");
        }
        // What the values break is seen before, too.
        let back = |pages: &str| Migrator::with_set(set.clone()).to("shop", Some("0001"))?.restored(pages)?.restored("shop.Book.title=Again");
        let error = back("shop.Book.pages=0")?.run(db).await.unwrap_err();
        assert!(error.message().contains("M086") && error.message().contains("shop_book_pages"), "{error}");
        assert_eq!(Migrator::with_set(set.clone()).history(db).await?.len(), 2);
        back("shop.Book.pages=5")?.run(db).await?;
        assert_eq!(one(db, "SELECT COUNT(*) FROM shop_book WHERE pages = 5 AND title = 'Again'").await?, 2);
        // Without rows there is nothing to answer.
        Migrator::with_set(set.clone()).run(db).await?;
        db.batch("DELETE FROM shop_book").await?;
        Migrator::with_set(set.clone()).to("shop", Some("0001"))?.run(db).await?;
        Ok(())
    }

    async fn rows_that_no_longer_fit_are_found_before_anything_is_undone(bed) {
        let Bed { db, .. } = &*bed;
        type Case = (&'static str, &'static str, &'static str, &'static str, &'static str);
        let cases: &[Case] = &[
            (
                "null",
                r#"op = "alter_field"
model = "shop.Book"
field = { name = "pages", type = "integer", null = true }"#,
                "UPDATE shop_book SET pages = NULL WHERE id = 1",
                "`shop_book` has 1 row with NULL in `pages`, which is to be without (id: 1)",
                "UPDATE shop_book SET pages = 1 WHERE id = 1",
            ),
            (
                "check",
                r#"op = "remove_constraint"
model = "shop.Book"
name = "shop_book_pages""#,
                "UPDATE shop_book SET pages = -1 WHERE id = 1",
                "`shop_book` has 1 row that would break the check `shop_book_pages`",
                "UPDATE shop_book SET pages = 1 WHERE id = 1",
            ),
            (
                "unique",
                r#"op = "alter_field"
model = "shop.Author"
field = { name = "name", type = "char(20)" }"#,
                "UPDATE shop_author SET name = 'Ada' WHERE id = 2",
                "`shop_author` has 2 rows with equal values in name, which is to be unique (id: 1, 2)",
                "UPDATE shop_author SET name = 'Bob' WHERE id = 2",
            ),
            (
                "reference",
                r#"op = "alter_field"
model = "shop.Book"
field = { name = "author", column = "author_id", type = "bigint" }"#,
                "UPDATE shop_book SET author_id = 99 WHERE id = 2",
                "`shop_book` has 1 row whose author_id refers to no row of `shop_author` (id: 2)",
                "UPDATE shop_book SET author_id = 2 WHERE id = 2",
            ),
            (
                "longer",
                r#"op = "alter_field"
model = "shop.Book"
field = { name = "title", type = "char(30)" }"#,
                "UPDATE shop_book SET title = 'a title of more than twenty' WHERE id = 2",
                "`shop_book` has 1 row with more than 20 characters in `title` (id: 2)",
                "UPDATE shop_book SET title = 'Two' WHERE id = 2",
            ),
        ];
        for (name, operation, spoil, expected, mend) in cases {
            let path = format!("shop/0002_{name}.toml");
            let note = "op = \"add_field\"\nmodel = \"shop.Book\"\nfield = { name = \"note\", type = \"text\", null = true }";
            // Undone last first: the note would be gone by then.
            let text = format!(
                "depends_on = [\"shop.0001_initial\"]\n[[operations]]\n{operation}\n[[operations]]\n{note}\n"
            );
            // Undoing the note changes the same table; only a look at the rows beforehand keeps both.
            let other = text.replace("shop.Book\"\nfield = { name = \"note\"", "shop.Author\"\nfield = { name = \"note\"");
            let text = if *name == "unique" { text } else { other };
            let set = filled(db, &[(&path, &text)]).await?;
            db.batch(*spoil).await?;
            for target in ["0001", "zero"] {
                let error = refused(db, &set, target, None).await?;
                assert!(error.contains(expected), "{name}: {error}");
            }
            db.batch(*mend).await?;
            Migrator::with_set(set.clone()).to("shop", Some("zero"))?.run(db).await?;
        }
        Ok(())
    }

    async fn what_was_made_anew_each_time_is_said_as_it_is_written(bed) {
        let db = &bed.db;
        let field = |name: &str, ty: &str| format!("[[operations]]\nop = \"add_field\"\nmodel = \"shop.Author\"\nfield = {{ name = \"{name}\", type = \"{ty}\" }}\n");
        let fields = [("made", "datetime", "now()"), ("day", "date", "today()"), ("token", "uuid", "new_uuid()")];
        let added: String = fields.iter().map(|(name, ty, _)| field(name, ty)).collect();
        let added = format!("depends_on = [\"shop.0001_initial\"]\n{added}");
        let removed: String = fields
            .iter()
            .map(|(name, ..)| format!("[[operations]]\nop = \"remove_field\"\nmodel = \"shop.Author\"\nfield = \"{name}\"\n"))
            .collect();
        let removed = format!("depends_on = [\"shop.0002_more\"]\n{removed}");
        let set = set(&[("shop/0002_more.toml", &added), ("shop/0003_less.toml", &removed)])?;
        Migrator::with_set(set.clone()).run(db).await?;
        db.batch("INSERT INTO shop_author (id, name) VALUES (1, 'Ada'), (2, 'Bob')").await?;
        let error = refused(db, &set, "0002", None).await?;
        let mut migrator = Migrator::with_set(set.clone()).to("shop", Some("0002"))?;
        for (name, _, made) in fields {
            let told = format!("shop.Author.{name}={made}");
            assert!(error.contains(&format!("--default '{told}'")), "{error}");
            migrator = migrator.restored(&told)?;
        }
        migrator.run(db).await?;
        let rows = crate::migrations::rows::query(db, "SELECT id FROM shop_author WHERE made IS NOT NULL AND day IS NOT NULL AND token IS NOT NULL");
        assert_eq!(rows.await?.len(), 2);
        Ok(())
    }
}
