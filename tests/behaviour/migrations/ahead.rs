//! Rows that stand in the way of a late operation are found before the first has done anything.

use super::{one, undo};
use crate::bed::{Bed, behaviour};
use orm::{Database, Result, migrate::Migrator};

/// What comes before, what is refused, the words of the refusal, and what mends the rows.
const CASES: &[(&str, &str, &str, &str, &str)] = &[
    (
        "a field that is removed, and one that is renamed",
        r#"{ op = "remove_field", model = "shop.Book", field = "title" },
        { op = "rename_field", model = "shop.Book", field = "pages", to = "length" }"#,
        r#"{ op = "alter_field", model = "shop.Book", field = { name = "length", type = "integer", unique = true } }"#,
        "`shop_book` has 2 rows with equal values in length, which is to be unique (id: 1, 2)",
        "UPDATE shop_book SET pages = id",
    ),
    (
        "a model that is renamed",
        r#"{ op = "remove_field", model = "shop.Book", field = "title" },
        { op = "rename_model", model = "shop.Author", to = "Writer" }"#,
        r#"{ op = "alter_field", model = "shop.Writer", field = { name = "name", type = "char(2)" } }"#,
        "`shop_author` has 2 rows with more than 2 characters in `name` (id: 1, 2)",
        "UPDATE shop_author SET name = 'A' WHERE id = 1; UPDATE shop_author SET name = 'B' WHERE id = 2",
    ),
    (
        "a field that is added with a value",
        r#"{ op = "remove_field", model = "shop.Book", field = "title" },
        { op = "add_field", model = "shop.Book", field = { name = "size", type = "integer" }, fill = "pages" }"#,
        r#"{ op = "add_constraint", model = "shop.Book", constraint = { kind = "unique", name = "shop_book_size", on = ["author", "size"] } }"#,
        "`shop_book` has 2 rows with equal values in author_id, size, which is to be unique (id: 1, 2)",
        "UPDATE shop_book SET pages = id",
    ),
    (
        "a constant",
        r#"{ op = "remove_field", model = "shop.Book", field = "title" },
        { op = "add_field", model = "shop.Book", field = { name = "label", type = "char(9)" }, fill = "'new'" }"#,
        r#"{ op = "add_constraint", model = "shop.Book", constraint = { kind = "check", name = "shop_book_label", check = "label <> 'new' or pages > 10" } }"#,
        "`shop_book` has 2 rows that would break the check `shop_book_label`",
        "UPDATE shop_book SET pages = 11",
    ),
    (
        "a column that gets its values at once, and is unique",
        r#"{ op = "remove_field", model = "shop.Book", field = "title" }"#,
        r#"{ op = "add_field", model = "shop.Book", field = { name = "size", type = "integer", unique = true }, fill = "pages" }"#,
        "`shop_book` has 2 rows with equal values in size, which is to be unique (id: 1, 2)",
        "UPDATE shop_book SET pages = id",
    ),
    (
        "a reference by a field that is renamed",
        r#"{ op = "remove_field", model = "shop.Book", field = "title" },
        { op = "rename_field", model = "shop.Book", field = "pages", to = "editor" },
        { op = "rename_model", model = "shop.Author", to = "Writer" }"#,
        r#"{ op = "alter_field", model = "shop.Book", field = { name = "editor", column = "editor", to = "shop.Writer", on_delete = "restrict" } }"#,
        "`shop_book` has 2 rows whose editor refers to no row of",
        "UPDATE shop_book SET pages = 1",
    ),
];

async fn state(db: &Database) -> Result<Vec<i64>> {
    Ok(vec![
        one(db, "SELECT COUNT(*) FROM shop_book WHERE title IN ('One', 'Two')").await?,
        one(db, "SELECT SUM(pages) FROM shop_book").await?,
        one(db, "SELECT COUNT(*) FROM shop_author").await?,
    ])
}

behaviour! {
    async fn what_stops_a_migration_is_seen_through_its_earlier_operations(bed) {
        let Bed { db, .. } = &*bed;
        for (name, earlier, refused, expected, mend) in CASES {
            let begin = undo::set(&[])?;
            Migrator::with_set(begin.clone()).run(db).await?;
            db.batch(undo::ROWS).await?;
            db.batch("UPDATE shop_book SET pages = 10, author_id = 1").await?;
            let text = format!("depends_on = [\"shop.0001_initial\"]\noperations = [{earlier}, {refused}]").replace("\n        ", " ");
            let set = undo::set(&[("shop/0002_change.toml", &text)])?;
            let error = Migrator::with_set(set.clone()).run(db).await.expect_err(name);
            assert!(error.message().starts_with("M086") && error.message().contains(expected), "{name}: {error}");
            assert_eq!(state(db).await?, [2, 20, 2], "{name}: {error}");
            let history = Migrator::with_set(set.clone()).history(db).await?;
            assert!(history.len() == 1 && history[0].progress.is_none(), "{name}: {error}");
            // Nothing has to be taken back, and with other rows it goes on.
            Migrator::with_set(set.clone()).to("shop", Some("0001"))?.run(db).await?;
            db.batch(*mend).await?;
            Migrator::with_set(set.clone()).run(db).await?;
            Migrator::with_set(set).to("shop", Some("zero"))?.restored("shop.Book.title=again")?.run(db).await?;
        }
        Ok(())
    }

    async fn all_that_is_in_the_way_is_told_at_once(bed) {
        let Bed { db, .. } = &*bed;
        Migrator::with_set(undo::set(&[])?).run(db).await?;
        db.batch(undo::ROWS).await?;
        let text = r#"
depends_on = ["shop.0001_initial"]
operations = [
    { op = "alter_field", model = "shop.Author", field = { name = "name", type = "char(2)", unique = true } },
    { op = "add_constraint", model = "shop.Book", constraint = { kind = "check", name = "shop_book_long", check = "pages > 100" } },
]
"#;
        let set = undo::set(&[("shop/0002_change.toml", text)])?;
        let migrator = || Migrator::with_set(set.clone());
        let told = migrator().obstacles(db).await?;
        assert_eq!(told.len(), 2, "{told:?}");
        let error = migrator().run(db).await.unwrap_err();
        for obstacle in &told {
            assert!(obstacle.code() == "M086" && error.message().contains(obstacle.message()), "{error}");
            assert!(error.hint().unwrap().contains(obstacle.hint().unwrap()), "{error:?}");
        }
        db.batch("DELETE FROM shop_book; DELETE FROM shop_author").await?;
        assert!(migrator().obstacles(db).await?.is_empty());
        migrator().run(db).await?;
        Ok(())
    }
}
