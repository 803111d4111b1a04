//! Changes by name: the same checks as for typed ones, nothing that was not allowed, and nothing of them in SQL text.

use super::catalog;
use crate::{
    bed::{Bed, behaviour},
    shop::*,
};
use orm::{
    Code, Dialect, Kind, OnDelete, Value,
    dynamic::{Catalog, Change, Changed, Create, Join, Limits, Node, Query, Term, Update, Window, call, count, path},
    migrate::engine,
    model::{Models, NewField, NewModel},
    prelude::*,
};
use serde_json::json;

fn writable() -> Catalog {
    catalog().writable(["shop.Book", "shop.Tag", "shop.Person", "shop.Order"]).unwrap()
}

/// What is stored and read again is the same change.
pub(super) fn sent(change: impl Into<Change>) -> Change {
    let change = change.into();
    let stored: Change = serde_json::from_str(&serde_json::to_string(&change).unwrap()).unwrap();
    assert_eq!(stored, change);
    stored
}

async fn run(bed: &Bed, change: impl Into<Change>) -> orm::Result<Changed> {
    writable().check_change(&sent(change))?.run(&bed.db).await
}

pub(super) fn refused(catalog: &Catalog, change: impl Into<Change>) -> orm::Error {
    let change = sent(change);
    match catalog.check_change(&change) {
        Ok(_) => panic!("{change:?} is refused"),
        Err(error) => error,
    }
}

/// The tables of models without structs.
pub(super) async fn make_tables(bed: &Bed, models: &Models) -> orm::Result<()> {
    let (empty, to) = (engine::Schema::default(), orm::migrate::schema_of(models.iter())?);
    let operations = engine::diff(&empty, &to, &mut engine::diff::Refuse).map_err(orm::migrate::engine_error)?;
    let plan = engine::plan(bed.db.dialect().into(), &empty, &operations).map_err(orm::migrate::engine_error)?;
    bed.db.batch(plan.iter().map(|statement| statement.sql()).collect::<Vec<_>>().join(";\n")).await
}

behaviour! {
    async fn updates_by_name(bed) {
        filled(&bed).await?;
        let books = || Query::of("shop.Book");
        let dearer = Update::of(books().filter("author__name", "Ada")).set("price", path("price") * 2 + 1).set("stock", path("stock") + 10).set("discount", None::<i64>);
        let changed = run(&bed, dearer).await?;
        assert_eq!((changed.total, changed.per_model.get("shop.Book")), (2, Some(&2)));
        let book = Book::get(1, &bed.db).await?;
        assert_eq!((book.price, book.stock, book.discount), (dec("26.00"), 13, None));
        // Values as they come from outside, relations by their keys, texts computed from other rows.
        let values = Update::of(books().filter("id", 2)).set("price", "9.50").set("published", "2020-01-31").set("active", false).set("author", 3).set("editor", None::<i64>).set("title", call("concat", [path("author__name"), "'s; DROP TABLE shop_book; --".into()]));
        assert_eq!(run(&bed, values).await?.total, 1);
        let book = Book::get(2, &bed.db).await?;
        assert_eq!((book.price, book.published, book.active, *book.author.key()), (dec("9.50"), Some(day(2020, 1, 31)), false, 3));
        assert_eq!((book.title.as_str(), book.editor.is_none()), ("Grace's; DROP TABLE shop_book; --", true));
        let counted = Query::of("shop.Line").filter("book", path("pk").outer()).aggregate("n", count());
        assert_eq!(run(&bed, Update::of(books()).set("stock", counted)).await?.total, 5);
        // A slice is kept to, and conditions may go along relations and windows.
        assert_eq!(run(&bed, Update::of(books().order_by(["-price"]).limit(1)).set("title", "dearest")).await?.total, 1);
        assert_eq!(Book::get(1, &bed.db).await?.title, "dearest");
        let first = books().alias("place", call("row_number", []).over(Window::new().partition_by(["author"]).order_by(["id"]))).filter("place", 1);
        assert_eq!(run(&bed, Update::of(first.filter("tags__slug", "old")).set("title", "first")).await?.total, 2);
        let joined = Query::of("shop.Person").join(Join::inner("written", "book").on(Term::named("book__active", true)));
        assert_eq!(run(&bed, Update::of(joined).set("email", "x@y")).await?.total, 2);
        bed.log.clear();
        assert_eq!(run(&bed, Update::of(books().nothing()).set("stock", 1)).await?.total, 0);
        bed.log.assert_queries(0);
        Ok(())
    }

    async fn new_rows_by_name(bed) {
        tables(&bed).await?;
        run(&bed, Create::of("shop.Person").row(json!({"name": "Ada"}))).await?;
        run(&bed, Create::of("shop.Tag").row(json!({"slug": "old"}))).await?;
        let tags = Create::of("shop.Tag").row(json!({"slug": "ünï'code"})).row(json!({"slug": "z"}));
        let changed = run(&bed, tags).await?;
        assert_eq!((changed.total, changed.created.len()), (2, 2));
        assert_eq!(changed.created[0]["slug"], Value::Text("ünï'code".into()));
        let Value::I64(id) = changed.created[1]["id"] else { panic!("{changed:?}") };
        assert_eq!(Tag::get(id, &bed.db).await?.slug, "z");
        let book = json!({"title": "x", "price": 1.5, "active": true, "stock": 1, "author": 1, "published": "2020-02-29"});
        let created = run(&bed, Create::of("shop.Book").row(book)).await?.created;
        assert_eq!((&created[0]["price"], &created[0]["author_id"], &created[0]["discount"]), (&Value::Decimal(dec("1.50")), &Value::I64(1), &Value::Null(Kind::Decimal)));
        // What is hidden is not given back.
        let hidden = writable().hide("shop.Person", ["email"])?;
        let person = hidden.check_change(&sent(Create::of("shop.Person").row(json!({"name": "New"}))))?.run(&bed.db).await?;
        assert!(person.created[0].get("email").is_none() && person.created[0].get("name").is_some());
        // All or nothing, and the field that it is about.
        let error = run(&bed, Create::of("shop.Tag").row(json!({"slug": "one"})).row(json!({"slug": "old"}))).await.unwrap_err();
        assert_eq!((error.code(), error.fields()), (Code::UniqueViolation, &["slug".to_owned()][..]));
        assert!(!Tag::objects().filter(|t| t.slug.eq("one")).exists(&bed.db).await?);
        let none = run(&bed, Create::of("shop.Tag")).await?;
        assert_eq!(none.total, 0);
        let own = run(&bed, Create::of("shop.Tag").with_automatic().row(json!({"id": 99, "slug": "own"}))).await?;
        assert_eq!(own.created[0]["id"], Value::I64(99));
        Ok(())
    }

    async fn rows_gone_by_name(bed) {
        filled(&bed).await?;
        let gone = run(&bed, Change::Delete(Query::of("shop.Tag").filter("slug", "unused"))).await?;
        assert_eq!((gone.total, gone.per_model["shop.Tag"]), (1, 1));
        let error = run(&bed, Change::Delete(Query::of("shop.Person").filter("name", "Ada"))).await.unwrap_err();
        assert_eq!(error.code(), Code::Protected);
        assert_eq!(Person::objects().filter(|p| p.name.eq("Ada")).count(&bed.db).await?, 1);
        assert_eq!(run(&bed, Change::Delete(Query::of("shop.Tag").nothing())).await?.total, 0);
        Ok(())
    }

    async fn models_without_structs_are_changed(bed) {
        let models = Models::describe([
            NewModel::new("crm", "Company").field(NewField::column("id", Kind::I64).auto()).field(NewField::column("name", Kind::Text).max_length(20).unique())
                .field(NewField::has_many("people", "crm.Person", "company")).key(["id"]),
            NewModel::new("crm", "Person").field(NewField::column("id", Kind::I64).auto()).field(NewField::column("pay", Kind::Decimal).digits(8, 2).null())
                .field(NewField::foreign_key("company", "crm.Company").on_delete(OnDelete::Cascade)).key(["id"]),
        ])?;
        make_tables(&bed, &models).await?;
        let catalog = models.iter().fold(Catalog::new(), Catalog::model).writable(["crm.Company", "crm.Person"])?;
        let run = async |change: Change| catalog.check_change(&sent(change))?.run(&bed.db).await;
        run(Create::of("crm.Company").row(json!({"name": "a"})).row(json!({"name": "b"})).into()).await?;
        run(Create::of("crm.Person").row(json!({"company": 1, "pay": "12.50"})).row(json!({"company": 1, "pay": null})).row(json!({"company": 2})).into()).await?;
        let raised = Update::of(Query::of("crm.Person").filter("company__name", "a")).set("pay", path("pay") * 2);
        assert_eq!(run(raised.into()).await?.total, 2);
        let error = refused(&catalog, Create::of("crm.Company").row(json!({"name": "x".repeat(21)})));
        assert_eq!(error.validation()[0].code, Code::TooLong);
        // What the relation says goes along.
        let gone = run(Change::Delete(Query::of("crm.Company").filter("name", "a"))).await?;
        assert_eq!((gone.total, gone.per_model["crm.Person"]), (3, 2));
        Ok(())
    }
}

#[test]
fn what_may_not_be_changed_is_refused() {
    let books = || Query::of("shop.Book");
    let catalog = writable().hide("shop.Person", ["email"]).unwrap().protect("shop.Book", ["price"]).unwrap();
    let code = |change: Change| refused(&catalog, change).code();
    // A catalog reads only, unless it is told.
    assert_eq!(refused(&super::catalog(), Change::Delete(books())).code(), Code::NotEditable);
    assert_eq!(code(Update::of(Query::of("shop.Line")).set("quantity", 1).into()), Code::NotEditable);
    assert_eq!(code(Create::of("shop.Country").into()), Code::NotEditable);
    assert_eq!(code(Create::of("shop.Secrets").into()), Code::UnknownName);
    // Protected and hidden fields, and names that are none.
    let error = refused(&catalog, Update::of(books()).set("price", 1));
    assert_eq!((error.code(), error.fields()), (Code::NotEditable, &["price".to_owned()][..]));
    assert_eq!(code(Create::of("shop.Book").row(json!({"title": "x", "price": 1})).into()), Code::NotEditable);
    assert_eq!(code(Update::of(Query::of("shop.Person")).set("email", "x").into()), Code::UnknownName);
    assert_eq!(code(Create::of("shop.Person").row(json!({"name": "x", "email": "x"})).into()), Code::UnknownName);
    let error = refused(&catalog, Update::of(books()).set("titel", "x"));
    assert_eq!((error.code(), error.hint()), (Code::UnknownName, Some("did you mean `title`?")));
    for name in ["title\" = 'x', \"stock", "title = 1 --", "", "author__name", "author_id", "pk", "title__lower"] {
        assert_eq!(code(Update::of(books()).set(name, 1).into()), Code::UnknownName, "{name}");
        assert_eq!(code(Create::of("shop.Book").row(json!({name: 1})).into()), Code::UnknownName, "{name}");
    }
    // What a row does not say by itself, and what is no row.
    let bad: Vec<Change> = vec![
        Update::of(books()).into(),
        Update::of(books()).set("id", 7).into(),
        Update::of(books()).set("tags", vec![1]).into(),
        Update::of(books()).set("stock", path("title")).into(),
        Update::of(books()).set("stock", count()).into(),
        Update::of(books()).set("stock", count().over(Window::new())).into(),
        Update::of(books().alias("n", count().over(Window::new())).filter("n", 1)).set("stock", path("n")).into(),
        Update::of(books().join(Join::inner("tags", "tag"))).set("stock", path("tag__id")).into(),
        Update::of(books().values(["title"])).set("stock", 1).into(),
        Update::of(books().group_by(["title"])).set("stock", 1).into(),
        Update::of(books().distinct()).set("stock", 1).into(),
        Change::Delete(books().union(books())),
        Change::Delete(books().values(["id"])),
    ];
    for change in bad {
        assert_eq!(code(change.clone()), Code::BadQuery, "{change:?}");
    }
    let twice = Update::of(books()).set("stock", 1).set("stock", 2).into();
    assert_eq!(catalog.check_change(&twice).unwrap_err().code(), Code::BadQuery);
    // Values of the wrong form, each told by its field; the value itself is not shown.
    let error = refused(&catalog, Update::of(books()).set("stock", "secret"));
    assert_eq!(error.validation()[0].field.as_deref(), Some("stock"));
    assert!(!format!("{error:?} {error}").contains("secret"));
    let wrong = Create::of("shop.Tag")
        .row(json!({"slug": "a"}))
        .row(json!({"slug": "x".repeat(51)}))
        .row(json!({}))
        .row(json!([1]));
    let error = refused(&catalog, wrong);
    let told: Vec<_> = error.validation().iter().map(|mistake| (mistake.code, mistake.params["row"].clone())).collect();
    assert_eq!(told, [(Code::TooLong, json!(1)), (Code::MissingValue, json!(2)), (Code::InvalidValue, json!(3))]);
    assert_eq!(refused(&catalog, Update::of(books()).set("stock", i64::MAX)).validation()[0].code, Code::OutOfRange);
    assert_eq!(
        refused(&catalog, Update::of(books()).set("title", None::<i64>)).validation()[0].code,
        Code::MissingValue
    );
    let key: Change = Create::of("shop.Tag").row(json!({"id": 1, "slug": "a"})).into();
    assert_eq!(refused(&catalog, key).validation()[0].code, Code::NotEditable);
    // A required field that is hidden is not named.
    let hidden = writable().hide("shop.Book", ["title"]).unwrap();
    let error = refused(&hidden, Create::of("shop.Book").row(json!({"price": 1})));
    assert!(error.code() == Code::BadQuery && !format!("{error:?}").contains("title"), "{error:?}");
}

#[test]
fn changes_have_limits_and_no_sql_of_their_own() {
    let small = writable().limits(Limits { list: 2, text: 10, depth: 4, ..Limits::default() });
    let tag = |slug: &str| Create::of("shop.Tag").row(json!({"slug": slug}));
    assert_eq!(refused(&small, tag("a").row(json!({"slug": "b"})).row(json!({"slug": "c"}))).code(), Code::TooComplex);
    assert_eq!(refused(&small, tag(&"x".repeat(11))).code(), Code::TooComplex);
    let deep = (0..5).fold(path("stock"), |term, _| term + 1);
    assert_eq!(refused(&small, Update::of(Query::of("shop.Book")).set("stock", deep)).code(), Code::TooComplex);
    for text in ["'", "\"; DROP TABLE shop_tag; --", "`", "?", "$1", "\\"] {
        for dialect in [Dialect::Sqlite, Dialect::Postgres, Dialect::MariaDb] {
            let changes: [Change; 3] = [
                tag(&format!("{text}xyz")).into(),
                Update::of(Query::of("shop.Tag").filter("slug", format!("{text}xyz")))
                    .set("slug", format!("{text}xyz"))
                    .into(),
                Change::Delete(Query::of("shop.Tag").filter("slug", format!("{text}xyz"))),
            ];
            for change in changes {
                let sql = writable().check_change(&sent(change)).unwrap().to_sql(dialect).unwrap();
                assert!(!sql.join(";").contains("xyz"), "{sql:?}");
            }
        }
    }
    for wrong in [
        r#"{"replace": {"model": "shop.Tag", "rows": []}}"#,
        r#"{"create": {"model": "shop.Tag", "rows": [], "sql": "x"}}"#,
        r#"{"update": {"rows": {"model": "shop.Tag"}, "set": {"slug": "a", "slug": "b"}}}"#,
        r#"{"delete": {"model": "shop.Tag", "where": "1=1"}}"#,
    ] {
        assert!(serde_json::from_str::<Change>(wrong).is_err(), "{wrong}");
    }
    let typed: Term = Node::Typed(Kind::Decimal, json!("1.50")).into();
    assert!(writable().check_change(&Update::of(Query::of("shop.Book")).set("price", typed).into()).is_ok());
}
