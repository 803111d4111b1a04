//! Related rows beside rows, by name.

use super::catalog;
use crate::{
    bed::{Bed, behaviour},
    shop::*,
};
use orm::{
    Code,
    dynamic::{Call, Catalog, DynRow, Join, Limits, Prefetch, Query, Window, call, count, count_of},
};
use serde_json::json;

async fn rows(bed: &Bed, query: &Query) -> orm::Result<Vec<DynRow>> {
    let stored: Query = serde_json::from_str(&serde_json::to_string(query).unwrap()).unwrap();
    assert_eq!(stored, *query);
    catalog().check(&stored)?.all(&bed.db).await
}

/// The values under a name in the related rows.
fn picked(row: &DynRow, relation: &str, name: &str) -> serde_json::Value {
    row.related(relation).unwrap().iter().map(|row| row.to_json()[name].clone()).collect()
}

behaviour! {
    async fn prefetched_by_name(bed) {
        filled(&bed).await?;
        bed.log.clear();
        let query = Query::of("shop.Person").order_by(["id"]).prefetch(["country", "written__tags", "profile", "mentor"]);
        let people = rows(&bed, &query).await?;
        bed.log.assert_queries(6);
        let titles: Vec<_> = people.iter().map(|person| picked(person, "written", "id")).collect();
        assert_eq!(titles, [json!([1, 5]), json!([2, 3]), json!([4]), json!([])]);
        let ada = people[0].to_json();
        assert_eq!((&ada["country"]["name"], &ada["written"][0]["tags"][0]["slug"]), (&json!("Britain"), &json!("maths")));
        assert_eq!((&ada["country_id"], &ada["mentor"]), (&json!("UK"), &json!(null)));
        assert_eq!(serde_json::to_value(&people).unwrap()[0], ada);
        assert!(people[0].related("edited").is_none() && people[3].related("country").unwrap().len() <= 1);
        // Two rows have the same one beside them, and a relation that leads back.
        let books = rows(&bed, &Query::of("shop.Book").order_by(["id"]).prefetch(["author__written"])).await?;
        assert_eq!(books[1].to_json()["author"], books[2].to_json()["author"]);
        assert_eq!(picked(&books[1].related("author").unwrap()[0], "written", "id"), json!([2, 3]));
        Ok(())
    }

    async fn some_rows_prefetched_by_name(bed) {
        filled(&bed).await?;
        let dear = Query::of("shop.Book").filter("price__gt", 5).order_by(["-price"]).annotate("labels", count_of("tags")).values(["title", "labels"]);
        let cheapest = Query::of("shop.Book").order_by(["price"]).limit(1).prefetch(["tags"]);
        let old = Query::of("shop.Tag").exclude("slug", "code").order_by(["-slug"]);
        let query = Query::of("shop.Person").filter("written__isnull", false).order_by(["id"]).prefetch([
            Prefetch::of("written").named("dear").rows(dear), Prefetch::of("written").named("cheapest").rows(cheapest), Prefetch::of("written__tags").rows(old), Prefetch::of("written").named("all"),
        ]);
        let people = rows(&bed, &query).await?;
        assert_eq!(people[1].to_json()["dear"], json!([{"title": "Compilers", "labels": 1}, {"title": "COBOL 100%", "labels": 2}]));
        let cheapest: Vec<_> = people.iter().map(|person| picked(person, "cheapest", "id")).collect();
        assert_eq!(cheapest, [json!([5]), json!([3]), json!([4])]);
        assert_eq!(picked(&people[1].related("cheapest").unwrap()[0], "tags", "slug"), json!(["code", "old"]));
        assert_eq!(picked(&people[0].related("written").unwrap()[0], "tags", "slug"), json!(["old", "maths"]));
        assert_eq!(picked(&people[0], "all", "id"), json!([1, 5]));
        // Without an order the first are those of the least keys.
        let any = Query::of("shop.Book").order_by(Vec::<String>::new()).limit(1);
        let people_with_any = rows(&bed, &Query::of("shop.Person").filter("id__lt", 4).order_by(["id"]).prefetch([Prefetch::of("written").rows(any)])).await?;
        let first: Vec<_> = people_with_any.iter().map(|person| picked(person, "written", "id")).collect();
        assert_eq!(first, [json!([1]), json!([2]), json!([4])]);
        // Rows of a many-to-many, so many for each, and what a window gives of all of them.
        let first = Query::of("shop.Book").order_by(["-id"]).limit(1);
        let tags = rows(&bed, &Query::of("shop.Tag").order_by(["id"]).prefetch([Prefetch::of("book").rows(first)])).await;
        assert_eq!(tags.unwrap_err().code(), Code::UnknownName);
        let placed = Query::of("shop.Book").annotate("place", call("row_number", []).over(Window::new().order_by(["price"]))).filter("place__gt", 2).order_by(["-place"]);
        let people = rows(&bed, &Query::of("shop.Person").order_by(["id"]).prefetch([Prefetch::of("written").rows(placed)])).await?;
        assert_eq!((picked(&people[0], "written", "place"), picked(&people[1], "written", "place")), (json!([4]), json!([5, 3])));
        // Once more, and as the way to another: the rows that were named.
        let few = || Prefetch::of("written").rows(Query::of("shop.Book").order_by(["-id"]).limit(1));
        let twice = Query::of("shop.Person").filter("id", 1).prefetch([Prefetch::from("written__tags"), few(), few(), Prefetch::of("written").named("rest")]);
        let ada = rows(&bed, &twice).await?.remove(0).to_json();
        assert_eq!((ada["written"].as_array().unwrap().len(), &ada["written"][0]["id"], ada["rest"].as_array().unwrap().len()), (1, &json!(5), 2));
        assert_eq!(ada["written"][0]["tags"][0]["slug"], json!("maths"));
        // Nothing to load: no statement.
        bed.log.clear();
        assert!(rows(&bed, &Query::of("shop.Person").filter("id", 99).prefetch(["written"])).await?.is_empty());
        bed.log.assert_queries(1);
        let none = Query::of("shop.Person").filter("id", 1).prefetch([Prefetch::of("written").rows(Query::of("shop.Book").nothing())]);
        assert_eq!(rows(&bed, &none).await?[0].to_json()["written"], json!([]));
        // Counts and first rows are of the rows themselves; what is hidden stays so.
        let checked = catalog().check(&query)?;
        assert_eq!((checked.count(&bed.db).await?, checked.names().len(), checked.kinds().count()), (3, 6, 6));
        assert!(checked.first(&bed.db).await?.unwrap().related("dear").is_some());
        let hidden = catalog().hide("shop.Book", ["price", "author"])?;
        let book = hidden.check(&Query::of("shop.Person").filter("id", 1).prefetch(["edited"]))?.get(&bed.db).await?.to_json();
        assert!(book["edited"][0].get("price").is_none() && book["edited"][0].get("author_id").is_none() && book["edited"][0].get("title").is_some());
        let few = catalog().limits(Limits { rows: Some(1), ..Limits::default() });
        assert_eq!(few.check(&Query::of("shop.Person").filter("id", 1).prefetch(["written"]))?.get(&bed.db).await?.related("written").unwrap().len(), 1);
        Ok(())
    }
}

#[test]
fn prefetches_that_mean_nothing_are_refused() {
    let people = || Query::of("shop.Person");
    let refused = |catalog: &Catalog, query: Query| match catalog.check(&query) {
        Ok(_) => panic!("{query:?} is refused"),
        Err(error) => error.code(),
    };
    let books = || Query::of("shop.Book");
    let hidden = catalog().hide("shop.Book", ["tags"]).unwrap();
    assert_eq!(refused(&hidden, people().prefetch(["written__tags"])), Code::UnknownName);
    let alone = Catalog::new().model(orm::tree::ModelRef::Static(<Person as orm::Model>::meta()));
    assert_eq!(refused(&alone, people().prefetch(["written"])), Code::UnknownName);
    for name in ["", "writen", "country_id", "written__x", "written; DROP TABLE shop_book"] {
        assert_eq!(refused(&catalog(), people().prefetch([name])), Code::UnknownName, "{name}");
    }
    for name in ["name", "a b", "x\"; --", "a__b", ""] {
        assert_eq!(
            refused(&catalog(), people().prefetch([Prefetch::of("written").named(name)])),
            Code::BadName,
            "{name}"
        );
    }
    let bad = [
        people().prefetch(["name"]),
        people().values(["name"]).prefetch(["written"]),
        people().prefetch(["written"]).values(["name"]),
        people().prefetch(["written"]).group_by(["name"]),
        people().prefetch([Prefetch::of("written").rows(Query::of("shop.Tag"))]),
        people().prefetch([Prefetch::of("written").rows(books().group_by(["title"]))]),
        people().prefetch([Prefetch::of("written").rows(books().distinct())]),
        people().prefetch([Prefetch::of("written").rows(books().join(Join::inner("tags", "tag")))]),
        people().prefetch([Prefetch::of("written").rows(books().union(books()))]),
        people().prefetch([Prefetch::of("written").rows(books().limit(1)), Prefetch::of("written").rows(books())]),
        people().prefetch([Prefetch::of("written").rows(books().limit(1)), "written".into()]),
        people().prefetch(["written"]).prefetch([Prefetch::of("written").rows(books().limit(1))]),
        people().prefetch([Prefetch::of("written__tags").rows(Query::of("shop.Tag").limit(1)), "written__tags".into()]),
        Query::of("shop.Book").filter("author__in", people().prefetch(["written"])),
        people().annotate("n", Query::of("shop.Book").prefetch(["tags"]).aggregate("n", count())),
    ];
    for query in bad {
        assert_eq!(refused(&catalog(), query.clone()), Code::BadQuery, "{query:?}");
    }
    let small = catalog().limits(Limits { depth: 3, joins: 2, ..Limits::default() });
    assert_eq!(refused(&small, people().prefetch(["written__tags", "country"])), Code::TooComplex);
    let deep = (0..4).fold(books(), |query, _| people().prefetch([Prefetch::of("written").rows(query)]));
    assert_eq!(refused(&small, deep), Code::TooComplex);
    let wrong = r#"{"model": "shop.Person", "calls": [{"prefetch": [{"relation": "written", "sql": "x"}]}]}"#;
    assert!(serde_json::from_str::<Query>(wrong).is_err());
    let typed = people().then(Call::Prefetch(vec!["written".into()]));
    assert_eq!(
        catalog().apply(&typed, <Person as orm::Model>::objects()).map(drop).unwrap_err().code(),
        Code::BadQuery
    );
}
