//! Keys of several columns by name: beside lists, the keys of rows around, and queries.

use crate::{
    bed::{Bed, behaviour},
    composite::{depot, filled},
};
use orm::{
    Code, Value,
    dynamic::{Catalog, Query, Term, Window, call, exists, max, path},
};
use serde_json::json;

/// The shelves that a query keeps, as `A1`.
async fn shelves(bed: &Bed, query: Query) -> orm::Result<String> {
    let query = query.order_by(["hall", "number"]).values(["hall", "number"]);
    let stored: Query = serde_json::from_str(&serde_json::to_string(&query).unwrap()).unwrap();
    assert_eq!(stored, query);
    let rows = Catalog::new().app(depot()).check(&stored)?.all(&bed.db).await?;
    let named = rows.iter().map(|row| match (&row[0], &row[1]) {
        (Value::Text(hall), Value::I32(number)) => format!("{hall}{number}"),
        other => panic!("{other:?}"),
    });
    Ok(named.collect::<Vec<_>>().join(" "))
}

async fn kept(bed: &Bed, name: &str, value: impl Into<Term>) -> orm::Result<String> {
    let value = value.into();
    let found = shelves(bed, Query::of("depot.Shelf").filter(name, value.clone())).await?;
    // What a condition does not keep, its opposite does.
    let left = shelves(bed, Query::of("depot.Shelf").exclude(name, value)).await?;
    let mut all: Vec<&str> = found.split(' ').chain(left.split(' ')).filter(|one| !one.is_empty()).collect();
    all.sort_unstable();
    assert_eq!(all, ["A1", "A2", "A3", "B1"], "{name}");
    Ok(found)
}

behaviour! {
    async fn keys_beside_the_row_of_a_query(bed) {
        filled(&bed).await?;
        // The shelf of a parcel: by its key, or by the values of the columns.
        let shelf_of = |label: &str| Query::of("depot.Parcel").filter("label", label).values(["shelf"]);
        let row = |hall: &str, number: i32| Query::of("depot.Shelf").filter("hall", hall).filter("number", number);
        assert_eq!(kept(&bed, "pk", shelf_of("key")).await?, "A2");
        assert_eq!(kept(&bed, "pk__exact", row("A", 3)).await?, "A3");
        assert_eq!(kept(&bed, "pk__ne", shelf_of("key")).await?, "A1 A3 B1");
        assert_eq!(kept(&bed, "pk__gt", shelf_of("key")).await?, "A3 B1");
        assert_eq!(kept(&bed, "pk__gte", shelf_of("key")).await?, "A2 A3 B1");
        assert_eq!(kept(&bed, "pk__lt", shelf_of("key")).await?, "A1");
        assert_eq!(kept(&bed, "pk__lte", row("A", 2)).await?, "A1 A2");
        assert_eq!(kept(&bed, "pk__in", shelf_of("key")).await?, "A2");
        // The first of several rows, in the order of the query; a slice that begins later.
        let ordered = || Query::of("depot.Shelf").order_by(["-number", "-hall"]);
        assert_eq!(kept(&bed, "pk__lt", ordered()).await?, "A1 A2");
        assert_eq!(kept(&bed, "pk__gte", ordered().offset(1)).await?, "A2 A3 B1");
        assert_eq!(kept(&bed, "pk__in", ordered().limit(2)).await?, "A2 A3");
        // A row of aggregates, and one that a window tells.
        let top = Query::of("depot.Shelf").aggregate("hall", max(path("hall"))).aggregate("number", max(path("number")));
        assert!(Catalog::new().app(depot()).check(&Query::of("depot.Shelf").filter("pk__lt", top)).is_err());
        let top: Query = serde_json::from_value(json!({"model": "depot.Shelf", "calls": [{"aggregate": {
            "last": {"aggregate": {"function": "max", "of": {"path": "hall"}}}, "most": {"aggregate": {"function": "max", "of": {"path": "number"}}}}}]})).unwrap();
        assert_eq!(kept(&bed, "pk__lt", top.clone()).await?, "A1 A2 A3 B1");
        assert_eq!(kept(&bed, "pk", top).await?, "");
        let placed = Query::of("depot.Shelf").annotate("place", call("row_number", []).over(Window::new().order_by(["-hall", "-number"]))).filter("place", 2).values(["hall", "number"]);
        assert_eq!(kept(&bed, "pk__gte", placed).await?, "A3 B1");
        // No row, and a key that is not there: the condition is true for nothing, and its opposite for all.
        for none in [shelf_of("none"), row("Z", 1), Query::of("depot.Shelf").nothing(), Query::of("depot.Shelf").limit(0)] {
            assert_eq!(kept(&bed, "pk__gt", none.clone()).await?, "");
            assert_eq!(kept(&bed, "pk", none.clone()).await?, "");
            assert_eq!(kept(&bed, "pk__ne", none).await?, "A1 A2 A3 B1");
        }
        let no_spare = Query::of("depot.Parcel").filter("label", "jam").values(["spare"]);
        assert_eq!(kept(&bed, "pk__lte", no_spare).await?, "");
        // Of keys that relations hold, to one row and to many; what is sought may have none.
        assert_eq!(kept(&bed, "next__gt", row("A", 2)).await?, "A2");
        assert_eq!(kept(&bed, "next__lte", row("A", 2)).await?, "A1");
        assert_eq!(kept(&bed, "parcels__shelf__gt", row("A", 1)).await?, "A2 B1");
        assert_eq!(kept(&bed, "parcels__spare", row("B", 1)).await?, "A1");
        // A key with a key in it.
        let place = Query::of("depot.Place").filter("shelf__hall", "A").order_by(["-day"]);
        assert_eq!(kept(&bed, "places__pk__lt", place.clone()).await?, "A1");
        assert_eq!(kept(&bed, "places__pk__gt", place).await?, "B1");
        Ok(())
    }

    async fn keys_beside_that_of_the_row_around(bed) {
        filled(&bed).await?;
        let others = |lookup: &str| exists(Query::of("depot.Shelf").filter(lookup, path("pk").outer()));
        let having = async |condition: Term| shelves(&bed, Query::of("depot.Shelf").filter_term(condition)).await;
        assert_eq!(having(others("pk")).await?, "A1 A2 A3 B1");
        assert_eq!(having(others("pk__gt")).await?, "A1 A2 A3");
        assert_eq!(having(others("pk__gte")).await?, "A1 A2 A3 B1");
        assert_eq!(having(others("pk__lt")).await?, "A2 A3 B1");
        assert_eq!(having(others("pk__lte") & !others("pk__lt")).await?, "A1");
        assert_eq!(having(others("pk__ne")).await?, "A1 A2 A3 B1");
        assert_eq!(having(others("next")).await?, "A2 A3");
        assert_eq!(having(others("next__lt")).await?, "A3 B1");
        let used = |value: Term| exists(Query::of("depot.Parcel").filter("shelf", value));
        assert_eq!(having(used(path("pk").outer())).await?, "A1 A2 B1");
        assert_eq!(having(used(path("next").outer())).await?, "A1");
        // Among lists of keys, and beside columns of the row itself.
        assert_eq!(having(Term::named("pk__in", Term::List(vec![path("next"), vec![json!("B"), json!(1)].into()]))).await?, "B1");
        assert_eq!(having(Term::named("next__gt", path("pk"))).await?, "A1 A2");
        assert_eq!(having(Term::named("parcels__spare__gt", path("pk"))).await?, "A1");
        // A query in a query, which looks at the row two further out.
        let after = Query::of("depot.Shelf").filter("pk__gt", path("pk").outer().outer()).order_by(["hall", "number"]).limit(1);
        let next = exists(Query::of("depot.Parcel").filter("shelf", after));
        assert_eq!(having(next).await?, "A1 A3");
        let spare = Query::of("depot.Parcel").filter("shelf", path("pk").outer()).order_by(["label"]).values(["spare"]);
        assert_eq!(kept(&bed, "pk__lt", spare.clone()).await?, "A1");
        assert_eq!(kept(&bed, "pk__gt", spare).await?, "B1");
        // As in the document.
        // The shelves behind that of the newest parcel which are next to none.
        let newest = Query::of("depot.Parcel").order_by(["-id"]).values(["shelf"]);
        let before = Query::of("depot.Shelf").filter("next", path("pk").outer());
        let asked = Query::of("depot.Shelf").filter("pk__gte", newest).filter_term(!exists(before));
        assert_eq!(shelves(&bed, asked).await?, "B1");
        Ok(())
    }
}

#[test]
fn keys_beside_what_is_none_are_refused() {
    let catalog = Catalog::new().app(depot());
    let refused = |name: &str, value: Term| {
        let query = Query::of("depot.Shelf").filter(name, value.clone());
        match catalog.check(&query) {
            Ok(_) => panic!("{name} {value:?} is refused"),
            Err(error) => error,
        }
    };
    let halls = || Query::of("depot.Hall");
    let wrong: [(&str, Term); 9] = [
        ("pk", halls().into()),
        ("pk__gt", halls().values(["code", "name"]).into()),
        ("pk__lte", Query::of("depot.Shelf").values(["number", "hall"]).into()),
        ("pk__gt", path("number")),
        ("pk__gt", path("room")),
        ("pk__in", path("pk")),
        ("pk", 1.into()),
        ("pk__gt", vec![json!("A")].into()),
        ("next__lt", Query::of("depot.Mark").into()),
    ];
    for (name, value) in wrong {
        let error = refused(name, value);
        assert!(matches!(error.code(), Code::InvalidValue | Code::BadQuery), "{name}: {error:?}");
    }
    let error = refused("pk__gt", path("number"));
    assert_eq!(error.message(), "`pk__gt`: the key of `depot.Shelf` has 2 columns");
    assert!(error.hint().unwrap().contains("or a query"), "{error:?}");
    assert_eq!(refused("pk__gt", path("pk").outer()).code(), Code::BadQuery);
    assert_eq!(refused("pk__gt", path("nothing")).code(), Code::UnknownName);
    let sql = |dialect| {
        let last = Query::of("depot.Parcel").order_by(["-label"]).values(["shelf"]);
        let query = Query::of("depot.Shelf").filter("pk__gt", last).order_by(Vec::<String>::new()).values(["room"]);
        catalog.check(&query).unwrap().to_sql(dialect).unwrap()
    };
    assert!(
        sql(orm::Dialect::Sqlite).contains(r#"("shelf"."hall_id", "shelf"."number") > (SELECT"#),
        "{}",
        sql(orm::Dialect::Sqlite)
    );
}
