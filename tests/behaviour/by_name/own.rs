//! Functions of a program's own by name: called with what they take, and with nothing else.

use super::catalog;
use crate::{bed::behaviour, shop::*};
use orm::{
    Code, Value,
    dynamic::{Argument, Catalog, Query, Window, call, count, path, sum},
    prelude::*,
};
use serde_json::json;

orm::sql_function! {
    /// Where a part begins, from 1.
    fn place_of(text: String, part: String) -> i64 = { sqlite: "instr", postgres: "strpos", mysql: "instr" };

    fn everywhere() -> String = { sqlite: "no_such" };

    fn total(value: f64) -> orm::AggregateOf<Option<f64>> = "sum";
}

fn told() -> orm::Result<Catalog> {
    catalog()
        .function("place_of", |text: Argument<String>, part: Argument<String>| place_of(text, part))?
        .function("cents", |price: Argument<Decimal>| (price * 100).cast::<i64>())?
        .function("eighth", |place: Argument<i32>| orm::value::<_, String>("COBOL".to_owned()).left(place))?
        .function("answer", || orm::value::<_, i64>(42))?
        .function("sqlite_alone", everywhere::<orm::dynamic::Caller>)
}

behaviour! {
    async fn functions_that_a_catalog_is_told_of(bed) {
        filled(&bed).await?;
        let rows = async |query: Query| -> orm::Result<serde_json::Value> {
            let stored: Query = serde_json::from_str(&serde_json::to_string(&query).unwrap()).unwrap();
            Ok(serde_json::to_value(told()?.check(&stored)?.all(&bed.db).await?).unwrap())
        };
        let books = || Query::of("shop.Book").order_by(["id"]);
        let named = books().filter_term(call("place_of", [path("title"), "o".into()]).lookup("gt", 0)).values(["id"]);
        assert_eq!(rows(named).await?, json!([{"id": 1}, {"id": 2}]));
        let hostile = books().annotate("at", call("place_of", [path("author__name"), "'; DROP TABLE shop_book; --".into()])).filter("at", 0).values(["id"]);
        assert_eq!(rows(hostile).await?.as_array().unwrap().len(), 5);
        let dear = books().annotate("cents", call("cents", [path("price") + 1])).filter("id", 1).values(["cents"]);
        assert_eq!(rows(dear).await?, json!([{"cents": 1350}]));
        let whole = books().annotate("cents", call("cents", [path("stock")])).filter("id", 1).values(["cents"]);
        assert_eq!(rows(whole).await?, json!([{"cents": 300}]));
        let groups = Query::of("shop.Book").group_by(["active"]).annotate("cents", call("cents", [sum(path("price"))])).filter("active", false).values(["cents"]);
        assert_eq!(rows(groups).await?, json!([{"cents": 1019}]));
        let odd = books().annotate("id8", call("eighth", [path("id")])).filter("id", 1).values(["id8"]);
        assert_eq!(rows(odd).await?, json!([{"id8": "C"}]));
        let row = told()?.check(&books().annotate("n", call("answer", [])).limit(1))?.get(&bed.db).await?;
        assert_eq!(row["n"], Value::I64(42));
        let alone = told()?.check(&books().annotate("x", call("sqlite_alone", [])))?.all(&bed.db).await;
        let code = alone.map(drop).unwrap_err().code();
        assert_eq!(code == Code::Unsupported, bed.db.dialect() != orm::Dialect::Sqlite, "{code:?}");
        Ok(())
    }
}

behaviour! {
    async fn functions_of_ones_own_at_the_end_of_a_path(bed) {
        filled(&bed).await?;
        let catalog = catalog()
            .function("initial", |text: Argument<String>| text.left(1).upper())?
            .function("doubled", |number: Argument<i64>| number * 2)?
            .function("place_of", |text: Argument<String>, part: Argument<String>| place_of(text, part))?;
        let rows = async |query: Query| -> orm::Result<serde_json::Value> {
            Ok(serde_json::to_value(catalog.check(&query)?.all(&bed.db).await?).unwrap())
        };
        let books = || Query::of("shop.Book").order_by(["id"]).values(["id"]);
        assert_eq!(rows(books().filter("title__initial", "N")).await?, json!([{"id": 1}]));
        assert_eq!(rows(books().filter("title__lower__initial__in", vec!["N", "S"]).filter("author__name__initial", "A")).await?, json!([{"id": 1}, {"id": 5}]));
        assert_eq!(rows(books().filter("title__initial__length__gt", 1)).await?, json!([]));
        // On what a relation holds, and in what a set of rows is asked.
        assert_eq!(rows(books().filter("author__doubled", 2)).await?, json!([{"id": 1}, {"id": 5}]));
        let authors = Query::of("shop.Person").filter("written__title__initial", "N").values(["id"]);
        assert_eq!(rows(authors).await?, json!([{"id": 1}]));
        let listed = Query::of("shop.Book").filter("id__lte", 2).order_by(["-title__initial"]).values(["title__initial"]);
        assert_eq!(rows(listed).await?, json!([{"title__initial": "N"}, {"title__initial": "C"}]));
        let groups = Query::of("shop.Book").group_by(["author__name__initial"]).annotate("n", count()).filter("author__name__initial", "A");
        assert_eq!(rows(groups).await?, json!([{"author__name__initial": "A", "n": 2}]));
        let refused = |query: Query| catalog.check(&query).map(drop).unwrap_err();
        assert_eq!(refused(books().filter("price__initial", "N")).code(), Code::BadQuery);
        // With more arguments than one it is called, and a slip is told.
        assert_eq!(refused(books().filter("title__place_of", 1)).code(), Code::UnknownName);
        assert_eq!(refused(books().filter("title__initail", "N")).hint(), Some("did you mean `initial`?"));
        assert_eq!(refused(books().filter("author__doubledd", 2)).hint(), Some("did you mean `doubled`?"));
        Ok(())
    }
}

#[test]
fn functions_that_mean_nothing_are_refused() -> orm::Result<()> {
    let refused = |told: orm::Result<Catalog>| told.map(drop).unwrap_err().code();
    assert_eq!(refused(catalog().function("lower", |text: Argument<String>| text.upper())), Code::BadName);
    assert_eq!(refused(told()?.function("cents", |price: Argument<Decimal>| price)), Code::BadName);
    assert_eq!(refused(catalog().function("a b", |price: Argument<Decimal>| price)), Code::BadName);
    assert_eq!(refused(catalog().function("total", |price: Argument<f64>| total(price))), Code::BadQuery);
    let ranked = |price: Argument<f64>| orm::rank().over(orm::window().order_by(price.asc()));
    assert_eq!(refused(catalog().function("ranked", ranked)), Code::BadQuery);
    let asked = |term| told()?.check(&Query::of("shop.Book").annotate("x", term)).map(drop);
    for term in [
        call("place_of", [path("title")]),
        call("place_of", [path("title"), path("stock")]),
        call("cents", [path("title")]),
        call("cents", [count().over(Window::new()), 1.into()]),
    ] {
        let Err(error) = asked(term.clone()) else { panic!("{term:?} is refused") };
        let code = error.code();
        assert!(matches!(code, Code::BadQuery | Code::InvalidValue), "{term:?} {code:?}");
    }
    // Calls that stand in each other are counted by what comes of them.
    let doubling = told()?.function("twice", |text: Argument<String>| text.clone().concat(text))?;
    let nested = |name: &str| {
        (0..30).fold(path("title"), |term, _| {
            call(name, [term, "x".into()].into_iter().take(if name == "twice" { 1 } else { 2 }))
        })
    };
    for name in ["twice", "greatest"] {
        let error = doubling.check(&Query::of("shop.Book").annotate("x", nested(name))).map(drop).unwrap_err();
        assert_eq!(error.code(), Code::TooComplex, "{name}: {error}");
    }
    let slip = asked(call("plcae_of", [path("title"), "x".into()])).unwrap_err();
    assert_eq!((slip.code(), slip.hint()), (Code::UnknownName, Some("did you mean `place_of`?")));
    let unknown = catalog().check(&Query::of("shop.Book").annotate("x", call("cents", [path("price")])));
    assert_eq!(unknown.map(drop).unwrap_err().code(), Code::UnknownName);
    Ok(())
}
