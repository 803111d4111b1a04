//! Changes that need more than one thought, on tables full of rows.

use super::{one, undo::filled};
use crate::bed::{Bed, behaviour};
use orm::migrate::Migrator;

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

behaviour! {
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
