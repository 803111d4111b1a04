//! Rows by a unique key and rows with values of their own, by name: as the typed ones, and nothing that was not allowed.

use super::{catalog, changes::refused};
use crate::{
    bed::{Backend, Bed, behaviour},
    shop::*,
};
use orm::{
    Code, Dialect, Value,
    dynamic::{Catalog, Change, Changed, Create, Keyed, Limits, OnConflict, Overwrite, Relate, Related, UpdateEach},
    prelude::*,
};
use serde_json::json;

fn writable() -> Catalog {
    catalog().writable(["shop.Book", "shop.Tag", "shop.Person", "shop.Profile"]).unwrap()
}

async fn run(bed: &Bed, change: impl Into<Change>) -> orm::Result<Changed> {
    let change = change.into();
    let stored: Change = serde_json::from_str(&serde_json::to_string(&change).unwrap()).unwrap();
    assert_eq!(stored, change);
    writable().check_change(&stored)?.run(&bed.db).await
}

/// The shop, whose next rows get keys of their own on PostgreSQL, too.
async fn stocked(bed: &Bed) -> orm::Result<()> {
    filled(bed).await?;
    if bed.backend == Backend::Postgres {
        for table in ["shop_book", "shop_tag", "shop_person", "shop_profile", "shop_book_tags"] {
            bed.db.batch(format!("SELECT setval(pg_get_serial_sequence('{table}', 'id'), 100)")).await?;
        }
    }
    Ok(())
}

fn tags(slugs: &[&str]) -> Create {
    slugs.iter().fold(Create::of("shop.Tag"), |create, slug| create.row(json!({"slug": slug})))
}

behaviour! {
    async fn rows_that_give_way(bed) {
        stocked(&bed).await?;
        let done = run(&bed, tags(&["old", "new", "code", "newer"]).on_conflict(OnConflict::Ignore)).await?;
        assert_eq!((done.total, done.per_model["shop.Tag"], done.created.len()), (2, 2, 0));
        assert_eq!(Tag::objects().count(&bed.db).await?, 6);
        assert_eq!(run(&bed, tags(&["old"]).on_conflict(OnConflict::Ignore)).await?.total, 0);
        // Nothing but a unique key is a reason to leave a row out.
        let orphan = Create::of("shop.Book").row(json!({"title": "x", "price": 1, "active": true, "stock": 1, "author": 99}));
        let error = run(&bed, orphan.on_conflict(OnConflict::Ignore)).await.unwrap_err();
        assert_eq!(error.code(), Code::ForeignKeyViolation);
        Ok(())
    }

    async fn rows_written_over_others(bed) {
        stocked(&bed).await?;
        let profile = |person: i64, bio: &str, score: Option<i32>| json!({"person": person, "bio": bio, "score": score});
        let both = Create::of("shop.Profile").row(profile(1, "new", None)).row(profile(3, "other", Some(5)));
        let done = run(&bed, both.clone().on_conflict(OnConflict::update(["person"]))).await?;
        assert_eq!(done.total, 2);
        let first = Profile::get(1, &bed.db).await?;
        assert_eq!((first.bio.as_str(), first.score, Profile::objects().count(&bed.db).await?), ("new", None, 3));
        // Only what is named is written over; of a key that comes twice the last row counts.
        let some = OnConflict::Update(Overwrite { key: vec!["person".into()], set: Some(vec!["score".into()]) });
        let twice = Create::of("shop.Profile").row(profile(1, "third", Some(1))).row(profile(1, "fourth", Some(2)));
        assert_eq!(run(&bed, twice.on_conflict(some)).await?.total, 2);
        let first = Profile::get(1, &bed.db).await?;
        assert_eq!((first.bio.as_str(), first.score), ("new", Some(2)));
        // By the primary key, which is given; another unique key that is taken is an error, and nothing happens.
        let by_key = Create::of("shop.Tag").with_automatic().row(json!({"id": 1, "slug": "mathematics"})).on_conflict(OnConflict::update(["id"]));
        run(&bed, by_key).await?;
        assert_eq!(Tag::get(1, &bed.db).await?.slug, "mathematics");
        let taken = Create::of("shop.Tag").with_automatic().row(json!({"id": 90, "slug": "fresh"})).row(json!({"id": 1, "slug": "code"})).on_conflict(OnConflict::update(["id"]));
        let error = run(&bed, taken).await.unwrap_err();
        assert_eq!((error.code(), error.fields()), (Code::UniqueViolation, &["slug".to_owned()][..]));
        assert_eq!(Tag::objects().filter(|t| t.slug.eq("fresh")).count(&bed.db).await?, 0);
        Ok(())
    }

    async fn the_row_of_a_key(bed) {
        stocked(&bed).await?;
        let tag = |slug: &str| Keyed::of("shop.Tag").by(["slug"]).row(json!({"slug": slug}));
        let found = run(&bed, Change::GetOrCreate(tag("old"))).await?;
        assert_eq!((found.total, found.created.len(), &found.found[0]["id"]), (0, 0, &Value::I64(2)));
        let made = run(&bed, Change::GetOrCreate(tag("x'; --"))).await?;
        assert_eq!((made.total, made.found.len(), &made.created[0]["slug"]), (1, 0, &Value::Text("x'; --".into())));
        let profile = |score: i32| Keyed::of("shop.Profile").by(["person"]).row(json!({"person": 2, "bio": "x", "score": score}));
        let seen = run(&bed, Change::GetOrCreate(profile(7))).await?;
        assert_eq!((&seen.found[0]["bio"], &seen.found[0]["person_id"]), (&Value::Text("admiral".into()), &Value::I64(2)));
        let changed = run(&bed, Change::UpdateOrCreate(profile(7))).await?;
        assert_eq!((changed.total, &changed.found[0]["score"], &changed.found[0]["id"]), (1, &Value::I32(7), &Value::I64(2)));
        let new = Keyed::of("shop.Profile").by(["person"]).row(json!({"person": 4, "bio": "y"}));
        let new = run(&bed, Change::UpdateOrCreate(new)).await?;
        assert_eq!((new.total, new.found.len(), &new.created[0]["bio"]), (1, 0, &Value::Text("y".into())));
        // What is hidden is not given back.
        let hidden = writable().hide("shop.Profile", ["bio"])?;
        assert_eq!(hidden.check_change(&Change::GetOrCreate(profile(7))).unwrap_err().code(), Code::UnknownName);
        Ok(())
    }

    async fn rows_each_with_values_of_their_own(bed) {
        stocked(&bed).await?;
        let rows = UpdateEach::of("shop.Book").row(json!({"id": 1, "price": "1.50", "editor": 3})).row(json!({"id": 2, "editor": null, "price": 2}))
            .row(json!({"id": 3, "title": "only \u{1F600}'"})).row(json!({"id": 99, "title": "nobody"})).row(json!({"id": 3, "title": "last"}));
        let done = run(&bed, Change::UpdateEach(rows)).await?;
        assert_eq!((done.total, done.per_model["shop.Book"]), (3, 3));
        let (one, two, three) = (Book::get(1, &bed.db).await?, Book::get(2, &bed.db).await?, Book::get(3, &bed.db).await?);
        assert_eq!((one.price, one.editor.map(|it| *it.key()), one.title.as_str()), (dec("1.50"), Some(3), "Notes"));
        assert_eq!((two.price, two.editor.is_none(), three.title.as_str()), (dec("2.00"), true, "last"));
        // All or nothing.
        let broken = UpdateEach::of("shop.Tag").row(json!({"id": 4, "slug": "free"})).row(json!({"id": 1, "slug": "code"}));
        assert_eq!(run(&bed, Change::UpdateEach(broken)).await.unwrap_err().code(), Code::UniqueViolation);
        assert_eq!(Tag::get(4, &bed.db).await?.slug, "unused");
        bed.log.clear();
        assert_eq!(run(&bed, Change::UpdateEach(UpdateEach::of("shop.Tag"))).await?.total, 0);
        assert_eq!(run(&bed, Change::UpdateEach(UpdateEach::of("shop.Tag").row(json!({"id": 1})))).await?.total, 0);
        Ok(())
    }

    async fn related_rows_come_and_go(bed) {
        stocked(&bed).await?;
        let tags = |change: Related| Change::Relate(Relate::of("shop.Book", 1, "tags", change));
        let slugs = async || Book::get(1, &bed.db).await?.many(|b| b.tags).rows()?.order_by(|t| t.slug.asc()).values(|t| t.slug).all(&bed.db).await;
        let keys = |keys: &[i64]| keys.iter().map(|&key| json!(key)).collect::<Vec<_>>();
        let added = run(&bed, tags(Related::Add(keys(&[3, 1, 3])))).await?;
        assert_eq!((added.total, added.per_model["shop.Book"]), (1, 1));
        assert_eq!(slugs().await?, ["code", "maths", "old"]);
        assert_eq!(run(&bed, tags(Related::Remove(keys(&[1, 4])))).await?.total, 1);
        assert_eq!(run(&bed, tags(Related::Set(vec![json!("4"), json!(2)]))).await?.total, 2);
        assert_eq!(slugs().await?, ["old", "unused"]);
        assert_eq!(run(&bed, tags(Related::Clear)).await?.total, 2);
        assert_eq!(run(&bed, tags(Related::Add(Vec::new()))).await?.total, 0);
        assert_eq!(run(&bed, tags(Related::Add(keys(&[1, 99])))).await.unwrap_err().code(), Code::ForeignKeyViolation);
        assert!(slugs().await?.is_empty());
        // The other side of a foreign key: what is never NULL cannot be taken away.
        let pupils = |change: Related| Change::Relate(Relate::of("shop.Person", 1, "pupils", change));
        assert_eq!(run(&bed, pupils(Related::Set(keys(&[3, 4])))).await?.total, 3);
        assert_eq!(Person::get(4, &bed.db).await?.mentor.map(|it| *it.key()), Some(1));
        assert_eq!(run(&bed, pupils(Related::Add(keys(&[77])))).await.unwrap_err().code(), Code::NotFound);
        assert_eq!(run(&bed, pupils(Related::Clear)).await?.total, 2);
        let written = Change::Relate(Relate::of("shop.Person", 1, "written", Related::Remove(keys(&[1]))));
        assert_eq!(run(&bed, written).await.unwrap_err().code(), Code::BadQuery);
        Ok(())
    }
}

#[test]
fn relations_are_changed_where_what_holds_them_may_be() {
    let relate = |model: &str, relation: &str| Change::Relate(Relate::of(model, 1, relation, Related::Clear));
    let code = |catalog: &Catalog, change: Change| refused(catalog, change).code();
    let books = catalog().writable(["shop.Book"]).unwrap();
    assert!(books.check_change(&relate("shop.Book", "tags")).is_ok());
    // By a foreign key it is the rows there that change; by a model between, its rows.
    assert!(books.check_change(&relate("shop.Person", "written")).is_ok());
    assert_eq!(code(&books, relate("shop.Person", "pupils")), Code::NotEditable);
    assert_eq!(code(&books, relate("shop.Book", "lines")), Code::NotEditable);
    let order = Change::Relate(Relate::of("shop.Order", order_id(1).to_string(), "books", Related::Clear));
    assert_eq!(code(&books, order.clone()), Code::NotEditable);
    assert!(catalog().writable(["shop.Line"]).unwrap().check_change(&order).is_ok());
    assert_eq!(code(&catalog().writable(["shop.Tag"]).unwrap(), relate("shop.Book", "tags")), Code::NotEditable);
    // Protected and hidden, on either side.
    assert_eq!(
        code(&books.clone().protect("shop.Book", ["tags"]).unwrap(), relate("shop.Book", "tags")),
        Code::NotEditable
    );
    assert_eq!(
        code(&books.clone().protect("shop.Book", ["author"]).unwrap(), relate("shop.Person", "written")),
        Code::NotEditable
    );
    assert_eq!(
        code(&books.clone().hide("shop.Book", ["author"]).unwrap(), relate("shop.Person", "written")),
        Code::NotEditable
    );
    assert_eq!(
        code(&books.clone().hide("shop.Book", ["tags"]).unwrap(), relate("shop.Book", "tags")),
        Code::UnknownName
    );
    let error = refused(&books, relate("shop.Book", "tag"));
    assert_eq!((error.code(), error.hint()), (Code::UnknownName, Some("did you mean `tags`?")));
    for name in ["tags__slug", "", "x'; DROP TABLE shop_book_tags; --", "author_id", "pk"] {
        assert_eq!(code(&books, relate("shop.Book", name)), Code::UnknownName, "{name}");
    }
    for name in ["author", "title"] {
        assert_eq!(code(&books, relate("shop.Book", name)), Code::BadQuery);
    }
    // Keys that are none.
    for key in [json!(null), json!("x"), json!([1]), json!({"id": 1}), json!(1.5), json!("1; --"), json!(true)] {
        let owner = Change::Relate(Relate::of("shop.Book", key.clone(), "tags", Related::Clear));
        assert_eq!(code(&books, owner), Code::InvalidValue, "{key}");
        let far = Change::Relate(Relate::of("shop.Book", 1, "tags", Related::Add(vec![json!(1), key.clone()])));
        assert_eq!(code(&books, far), Code::InvalidValue, "{key}");
    }
    let small = books.limits(Limits { list: 1, ..Limits::default() });
    let many = Change::Relate(Relate::of("shop.Book", 1, "tags", Related::Set(vec![json!(1), json!(2)])));
    assert_eq!(code(&small, many), Code::TooComplex);
    for wrong in [
        r#"{"relate": {"model": "shop.Book", "key": 1, "relation": "tags", "change": "drop"}}"#,
        r#"{"relate": {"model": "shop.Book", "key": 1, "relation": "tags", "change": {"add": [1], "remove": [2]}}}"#,
        r#"{"relate": {"model": "shop.Book", "key": 1, "relation": "tags", "change": "clear", "sql": ""}}"#,
    ] {
        assert!(serde_json::from_str::<Change>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn what_no_key_and_no_field_is_is_refused() {
    let catalog = writable().hide("shop.Person", ["email"]).unwrap().protect("shop.Book", ["price"]).unwrap();
    let code = |change: Change| refused(&catalog, change).code();
    let tag = json!({"slug": "x"});
    for key in [vec!["slug", "id"], vec![], vec!["slug", "slug"]] {
        assert_eq!(code(Change::GetOrCreate(Keyed::of("shop.Tag").by(key).row(tag.clone()))), Code::BadQuery);
    }
    for key in ["slag", "slug\" = slug --", "", "pk", "slug__lower", "author_id"] {
        assert_eq!(code(Change::UpdateOrCreate(Keyed::of("shop.Tag").by([key]).row(tag.clone()))), Code::UnknownName);
        assert_eq!(code(tags(&["x"]).on_conflict(OnConflict::update([key])).into()), Code::UnknownName, "{key}");
        let set = OnConflict::Update(Overwrite { key: vec!["id".into()], set: Some(vec![key.to_owned()]) });
        assert_eq!(code(tags(&["x"]).on_conflict(set).into()), Code::UnknownName, "{key}");
        assert_eq!(
            code(Change::UpdateEach(UpdateEach::of("shop.Tag").row(json!({"id": 1, key: 1})))),
            Code::UnknownName
        );
    }
    let error = refused(&catalog, tags(&["x"]).on_conflict(OnConflict::update(["slog"])));
    assert_eq!(error.hint(), Some("did you mean `slug`?"));
    let itself = OnConflict::Update(Overwrite { key: vec!["slug".into()], set: Some(vec!["slug".into()]) });
    assert_eq!(code(tags(&["x"]).on_conflict(itself).into()), Code::BadQuery);
    // What may not be written, and what is not there.
    assert_eq!(code(Change::GetOrCreate(Keyed::of("shop.Line").by(["id"]).row(json!({})))), Code::NotEditable);
    assert_eq!(code(Change::UpdateEach(UpdateEach::of("shop.Country"))), Code::NotEditable);
    assert_eq!(code(Change::UpdateEach(UpdateEach::of("shop.Secrets"))), Code::UnknownName);
    assert_eq!(
        code(Change::UpdateEach(UpdateEach::of("shop.Book").row(json!({"id": 1, "price": 1})))),
        Code::NotEditable
    );
    let hidden = UpdateEach::of("shop.Person").row(json!({"id": 1, "email": "x"}));
    assert_eq!(code(Change::UpdateEach(hidden)), Code::UnknownName);
    // Every mistake is told, by its row and its field; a key that is not given is one.
    let wrong = UpdateEach::of("shop.Tag")
        .row(json!({"slug": "x"}))
        .row(json!({"id": 1, "slug": "x".repeat(51)}))
        .row(json!(7));
    let error = refused(&catalog, Change::UpdateEach(wrong));
    let told: Vec<_> = error.validation().iter().map(|mistake| (mistake.code, mistake.params["row"].clone())).collect();
    assert_eq!(told, [(Code::MissingValue, json!(0)), (Code::TooLong, json!(1)), (Code::InvalidValue, json!(2))]);
    let keyless = Change::GetOrCreate(Keyed::of("shop.Tag").by(["id"]).row(tag));
    let error = writable().check_change(&keyless).unwrap().to_sql(Dialect::Sqlite).unwrap_err();
    assert_eq!(error.code(), Code::BadQuery);
    let small = writable().limits(Limits { list: 1, text: 10, ..Limits::default() });
    assert_eq!(refused(&small, tags(&["a", "b"]).on_conflict(OnConflict::Ignore)).code(), Code::TooComplex);
    let each = UpdateEach::of("shop.Tag").row(json!({"id": 1})).row(json!({"id": 2}));
    assert_eq!(refused(&small, Change::UpdateEach(each)).code(), Code::TooComplex);
    let long = Keyed::of("shop.Tag").by(["slug"]).row(json!({"slug": "x".repeat(11)}));
    assert_eq!(refused(&small, Change::GetOrCreate(long)).code(), Code::TooComplex);
    for wrong in [
        r#"{"create": {"model": "shop.Tag", "rows": [], "on_conflict": "replace"}}"#,
        r#"{"create": {"model": "shop.Tag", "rows": [], "on_conflict": {"update": {"key": ["slug"], "where": "1=1"}}}}"#,
        r#"{"get_or_create": {"model": "shop.Tag", "key": "slug", "row": {}}}"#,
        r#"{"update_each": {"model": "shop.Tag", "rows": [], "sql": "x"}}"#,
    ] {
        assert!(serde_json::from_str::<Change>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn statements_of_upserts_hold_no_values() {
    let changes: [Change; 4] = [
        tags(&["'xyz"]).on_conflict(OnConflict::Ignore).into(),
        tags(&["'xyz"]).on_conflict(OnConflict::update(["slug"])).into(),
        Change::GetOrCreate(Keyed::of("shop.Tag").by(["slug"]).row(json!({"slug": "'xyz"}))),
        Change::UpdateEach(
            UpdateEach::of("shop.Tag").row(json!({"id": 1, "slug": "'xyz"})).row(json!({"id": 2, "slug": "xyz"})),
        ),
    ];
    for change in changes {
        let checked = writable().check_change(&change).unwrap();
        for dialect in Dialect::ALL {
            let sql = checked.to_sql(dialect).unwrap().join(";");
            assert!(!sql.is_empty() && !sql.contains("xyz"), "{sql}");
        }
    }
    let created = writable().check_change(&tags(&["a"]).into()).unwrap();
    assert_eq!(created.to_sql(Dialect::MySql).unwrap(), ["INSERT INTO `shop_tag` (`slug`) VALUES (?)"]);
    let over = writable().check_change(&tags(&["a"]).on_conflict(OnConflict::update(["slug"])).into()).unwrap();
    let sql = over.to_sql(Dialect::MySql).unwrap();
    assert_eq!(sql, ["INSERT INTO `shop_tag` (`slug`) VALUES (?) ON DUPLICATE KEY UPDATE `slug` = VALUES(`slug`)"]);
    let sql = over.to_sql(Dialect::Sqlite).unwrap();
    assert_eq!(
        sql,
        [r#"INSERT INTO "shop_tag" ("slug") VALUES (?) ON CONFLICT ("slug") DO UPDATE SET "slug" = excluded."slug""#]
    );
}
