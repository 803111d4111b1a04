//! Going back over several migrations: what would stop at an earlier one is found before a later one is undone.

use super::{
    before,
    commands::{Shell, folder},
    one, undo,
};
use crate::bed::{Bed, behaviour};
use orm::{Database, Result, migrate::Migrator, migrate::engine::MigrationSet};

/// The migrations after the first, last first as they are undone; what spoils the rows, what is said of them, and what mends them.
type Case = (&'static str, &'static [&'static str], &'static str, &'static str, &'static str);

const CASES: &[Case] = &[
    (
        "a field of the same table, and one that is renamed",
        &[
            r#"{ op = "remove_field", model = "shop.Book", field = "title" }"#,
            r#"{ op = "add_field", model = "shop.Book", field = { name = "note", type = "text", null = true } },
               { op = "rename_field", model = "shop.Book", field = "pages", to = "length" }"#,
        ],
        "",
        "`shop_book` has 2 rows without a value for the new column `title` (id: 1, 2)",
        "DELETE FROM shop_book",
    ),
    (
        "a model that is renamed",
        &[
            r#"{ op = "alter_field", model = "shop.Author", field = { name = "name", type = "char(40)" } }"#,
            r#"{ op = "rename_model", model = "shop.Author", to = "Writer" }"#,
        ],
        "UPDATE shop_writer SET name = 'a name of more than twenty letters' WHERE id = 2",
        "`shop_writer` has 1 row with more than 20 characters in `name` (id: 2)",
        "UPDATE shop_writer SET name = 'Bob' WHERE id = 2",
    ),
    (
        "a column whose values are given in between",
        &[
            r#"{ op = "remove_constraint", model = "shop.Book", name = "shop_book_pages" }"#,
            r#"{ op = "alter_field", model = "shop.Book", field = { name = "pages", type = "bigint", null = true } },
               { op = "add_field", model = "shop.Book", field = { name = "size", type = "integer", null = true } }"#,
            r#"{ op = "alter_field", model = "shop.Book", field = { name = "size", type = "bigint", null = true } }"#,
        ],
        "UPDATE shop_book SET pages = -5 WHERE id = 2",
        "`shop_book` has 1 row that would break the check `shop_book_pages`",
        "UPDATE shop_book SET pages = 5 WHERE id = 2",
    ),
];

fn set(later: &[&str]) -> Result<MigrationSet> {
    let mut files: Vec<(String, String)> = Vec::new();
    let mut before = "0001_initial".to_owned();
    for (at, operations) in later.iter().enumerate() {
        let name = format!("{:04}_step", at + 2);
        let operations = operations.split_whitespace().collect::<Vec<_>>().join(" ");
        files.push((
            format!("shop/{name}.toml"),
            format!("depends_on = [\"shop.{before}\"]\noperations = [{operations}]\n"),
        ));
        before = name;
    }
    undo::set(&files.iter().map(|(path, text)| (&**path, &**text)).collect::<Vec<_>>())
}

async fn applied(db: &Database, set: &MigrationSet) -> Result<usize> {
    Ok(Migrator::with_set(set.clone()).history(db).await?.len())
}

behaviour! {
    async fn what_stops_an_earlier_migration_is_found_before_a_later_one_is_undone(bed) {
        let Bed { db, .. } = &*bed;
        for (name, later, spoil, expected, mend) in CASES {
            let set = set(later)?;
            Migrator::with_set(set.clone()).to("shop", Some("0001"))?.run(db).await?;
            db.batch(undo::ROWS).await?;
            Migrator::with_set(set.clone()).run(db).await?;
            if !spoil.is_empty() {
                db.batch(*spoil).await?;
            }
            for target in ["0001", "zero"] {
                let back = || Migrator::with_set(set.clone()).to("shop", Some(target));
                let told = back()?.obstacles(db).await?;
                assert_eq!(told.len(), 1, "{name}: {told:?}");
                let error = back()?.run(db).await.expect_err(name);
                assert!(error.message().starts_with("M086: shop.0002_step: ") && error.message().contains(expected), "{name}: {error}");
                assert_eq!(applied(db, &set).await?, later.len() + 1, "{name}: {error}");
            }
            db.batch(*mend).await?;
            Migrator::with_set(set).to("shop", Some("zero"))?.run(db).await?;
        }
        Ok(())
    }

    async fn what_cannot_be_undone_is_found_before_what_comes_after_it_is(bed) {
        let Bed { db, .. } = &*bed;
        let set = set(&[
            r#"{ op = "run_sql", sql = { all = ["UPDATE shop_book SET pages = pages + 1"] }, describe = "more" }"#,
            r#"{ op = "add_field", model = "shop.Book", field = { name = "note", type = "text", null = true } }"#,
        ])?;
        Migrator::with_set(set.clone()).run(db).await?;
        let error = Migrator::with_set(set.clone()).to("shop", Some("0001"))?.run(db).await.unwrap_err();
        assert!(error.message().starts_with("M030"), "{error}");
        assert_eq!(applied(db, &set).await?, 3);
        Ok(())
    }

    async fn what_only_shows_on_the_way_says_what_has_been_undone(bed) {
        let Bed { db, .. } = &*bed;
        // What SQL written by hand does to the rows nobody knows before.
        let set = set(&[
            r#"{ op = "alter_field", model = "shop.Book", field = { name = "pages", type = "integer", null = true } }"#,
            r#"{ op = "run_sql", sql = { all = [] }, reverse = { all = ["UPDATE shop_book SET pages = NULL WHERE id = 2"] } }"#,
            r#"{ op = "add_field", model = "shop.Book", field = { name = "note", type = "text", null = true } }"#,
        ])?;
        Migrator::with_set(set.clone()).to("shop", Some("0001"))?.run(db).await?;
        db.batch(undo::ROWS).await?;
        Migrator::with_set(set.clone()).run(db).await?;
        let error = Migrator::with_set(set.clone()).to("shop", Some("zero"))?.run(db).await.unwrap_err();
        let expected = "M086: `shop.0004_step`, `shop.0003_step` were undone before, and the database stands at `shop.0002_step`: shop.0002_step: \
             `shop_book` has 1 row with NULL in `pages`, which is to be without (id: 2)";
        assert_eq!(error.message(), expected);
        assert_eq!(applied(db, &set).await?, 2);
        assert_eq!(one(db, "SELECT COUNT(*) FROM shop_book WHERE pages IS NULL").await?, 1);
        db.batch("UPDATE shop_book SET pages = 5 WHERE id = 2").await?;
        Migrator::with_set(set).to("shop", Some("zero"))?.run(db).await?;
        Ok(())
    }

    async fn a_plan_says_what_is_only_recorded(bed) {
        let Bed { db, backend, .. } = &*bed;
        if bed.url.contains(":memory:") {
            return Ok(());
        }
        let folder = folder(&format!("recorded_{backend:?}"));
        let shell = Shell { app: before::chinook, folder, url: bed.url.clone() };
        shell.run("makemigrations")?;
        let plan = shell.run("migrate --fake-initial --plan")?;
        assert!(plan.starts_with("Apply chinook.0001_initial\n"), "{plan}");
        let plan = shell.run("migrate --fake --plan")?;
        assert_eq!(plan, "Record chinook.0001_initial\n    it is not run\n");
        orm::migrate::create_tables(db, &[before::chinook()]).await?;
        let plan = shell.run("migrate --fake-initial --plan")?;
        assert_eq!(plan, "Record chinook.0001_initial\n    what it makes is there: it is not run\n");
        assert!(shell.run("migrate --plan")?.starts_with("Apply chinook.0001_initial\n"));
        shell.run("migrate --fake-initial")?;
        assert_eq!(shell.run("migrate --fake-initial --plan")?, "Nothing to migrate.\n");
        let plan = shell.run("migrate chinook zero --fake --plan")?;
        assert_eq!(plan, "Record as undone chinook.0001_initial\n    it is not run\n");
        assert_eq!(shell.run("migrate chinook zero --fake")?, "Recording as undone chinook.0001_initial\n");
        assert_eq!(one(db, "SELECT COUNT(*) FROM chinook_artist").await?, 0);
        std::fs::remove_dir_all(&shell.folder).unwrap();
        Ok(())
    }
}
