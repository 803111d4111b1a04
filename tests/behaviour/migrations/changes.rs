//! Changes that need more than one thought, on tables full of rows.

use super::{one, undo::filled};
use crate::bed::{Backend, Bed, behaviour};
use orm::{Code, migrate::Migrator};

const NUMBERED: (&str, &str) = (
    "shop/0002_numbered.toml",
    r#"
depends_on = ["shop.0001_initial"]

[[operations]]
op = "create_model"
model = "shop.Country"
table = "shop_country"
primary_key = ["code"]
fields = [{ name = "code", type = "char(2)" }]

[[operations]]
op = "run_sql"
sql = { all = ["INSERT INTO shop_country (code) VALUES ('uk'), ('de'), ('fr')"] }
reverse = { all = [] }

[[operations]]
op = "add_field"
model = "shop.Country"
field = { name = "number", type = "bigint", auto = true }
"#,
);

const RENAMED: (&str, &str) = (
    "shop/0002_headline.toml",
    r#"
depends_on = ["shop.0001_initial"]

[[operations]]
op = "rename_field"
model = "shop.Book"
field = "title"
to = "headline"
keep_column = true

[[operations]]
op = "rename_model"
model = "shop.Author"
to = "Writer"
keep_table = true
"#,
);

const CAREFUL: (&str, &str) = (
    "shop/0002_careful.toml",
    r#"
depends_on = ["shop.0001_initial"]
atomic = false

[[operations]]
op = "add_field"
model = "shop.Book"
field = { name = "editor", to = "shop.Author", on_delete = "restrict", null = true, index = true }

[[operations]]
op = "add_field"
model = "shop.Book"
field = { name = "rank", type = "integer", null = true }

[[operations]]
op = "alter_field"
model = "shop.Book"
field = { name = "rank", type = "integer" }
fill = "pages * 2"

[[operations]]
op = "add_constraint"
model = "shop.Book"
constraint = { kind = "unique", name = "shop_book_rank", on = ["rank", "title"] }

[[operations]]
op = "add_constraint"
model = "shop.Book"
constraint = { kind = "check", name = "shop_book_ranked", check = "rank > 0" }

[[operations]]
op = "add_index"
model = "shop.Book"
index = { name = "shop_book_by_title", on = ["title"] }

[[operations]]
op = "remove_index"
model = "shop.Book"
name = "shop_book_by_title"
"#,
);

behaviour! {
    async fn what_is_not_atomic_is_done_with_short_locks(bed) {
        let Bed { db, backend, .. } = &*bed;
        let set = filled(db, &[CAREFUL]).await?;
        assert_eq!(one(db, "SELECT COUNT(*) FROM shop_book WHERE rank = pages * 2").await?, 2);
        for (sql, code) in [
            ("UPDATE shop_book SET rank = NULL", Code::NotNullViolation),
            ("UPDATE shop_book SET rank = -1", Code::CheckViolation),
            ("UPDATE shop_book SET editor_id = 99", Code::ForeignKeyViolation),
            ("UPDATE shop_book SET rank = 1, title = 'same'", Code::UniqueViolation),
        ] {
            let refused = db.batch(sql).await.unwrap_err();
            assert_eq!(refused.code(), code, "{sql}: {refused}");
        }
        if *backend == Backend::Postgres {
            let open = "SELECT COUNT(*) FROM pg_constraint WHERE NOT convalidated";
            assert_eq!(one(db, open).await?, 0);
            assert_eq!(one(db, "SELECT COUNT(*) FROM pg_index WHERE NOT indisvalid").await?, 0);
            assert_eq!(one(db, "SELECT COUNT(*) FROM pg_constraint WHERE conname LIKE '%not_null'").await?, 0);
        }
        Migrator::with_set(set).to("shop", Some("zero"))?.run(db).await?;
        Ok(())
    }

    async fn a_new_automatic_key_numbers_the_rows(bed) {
        let Bed { db, .. } = &*bed;
        let set = filled(db, &[NUMBERED]).await?;
        assert_eq!(one(db, "SELECT COUNT(DISTINCT number) FROM shop_country WHERE number > 0").await?, 3);
        db.batch("INSERT INTO shop_country (code) VALUES ('it')").await?;
        assert_eq!(one(db, "SELECT COUNT(DISTINCT number) FROM shop_country").await?, 4);
        // The code is no key any more.
        db.batch("INSERT INTO shop_country (code) VALUES ('it')").await?;
        db.batch("DELETE FROM shop_country WHERE number = (SELECT n FROM (SELECT MAX(number) AS n FROM shop_country) AS m)").await?;
        Migrator::with_set(set).to("shop", Some("0001"))?.run(db).await?;
        Ok(())
    }

    async fn a_rename_can_keep_the_column_and_the_table(bed) {
        let Bed { db, .. } = &*bed;
        let set = filled(db, &[RENAMED]).await?;
        assert_eq!(one(db, "SELECT COUNT(*) FROM shop_book WHERE title = 'One'").await?, 1);
        assert_eq!(one(db, "SELECT COUNT(*) FROM shop_author").await?, 2);
        let state = set.state().map_err(orm::migrate::engine_error)?;
        let book = state.model("shop", "Book").unwrap();
        assert_eq!(book.field("headline").unwrap().column, "title");
        let to = book.field("author").unwrap().relation.as_ref().unwrap().to.to_string();
        assert_eq!((to.as_str(), state.model("shop", "Writer").unwrap().table.as_str()), ("shop.Writer", "shop_author"));
        Migrator::with_set(set).to("shop", Some("zero"))?.run(db).await?;
        Ok(())
    }
}
