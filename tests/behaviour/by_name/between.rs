//! The row between beside each related row: of this link, and of no other.

use super::catalog;
use crate::{
    bed::{Bed, behaviour},
    composite::{self, Mark, Marking, Shelf, depot},
    shop,
};
use orm::{
    Code, Database,
    dynamic::{Catalog, Join, Limits, Prefetch, Query, Window, any, call, exists, path},
    prelude::*,
};
use serde_json::{Value as Json, json};

/// Marks of shelves, each link with a weight of its own; A3 has none.
async fn marked(db: &Database) -> orm::Result<()> {
    let link = |hall: &str, number: i32, language: &str, word: &str, weight| {
        Marking::draft().shelf((hall, number)).mark((language, word)).weight(weight)
    };
    let links = [
        link("A", 1, "de", "neu", 5),
        link("A", 1, "en", "new", 1),
        link("A", 1, "en", "old", 3),
        link("A", 2, "de", "neu", 2),
        link("A", 2, "en", "old", 9),
        link("B", 1, "en", "new", 4),
    ];
    Marking::objects().bulk_create(links, db).await.map(drop)
}

/// The rows beside each of the query's rows.
async fn beside(bed: &Bed, query: Query, name: &str) -> orm::Result<Vec<Json>> {
    let stored: Query = serde_json::from_str(&serde_json::to_string(&query).unwrap()).unwrap();
    assert_eq!(stored, query);
    let rows = Catalog::new().app(depot()).check(&stored)?.all(&bed.db).await?;
    Ok(rows.iter().map(|row| row.to_json()[name].clone()).collect())
}

fn shelves(marks: Prefetch) -> Query {
    Query::of("depot.Shelf").order_by(["hall", "number"]).prefetch([marks])
}

fn words() -> Query {
    Query::of("depot.Mark").annotate("weight", path("link__weight")).values(["word", "weight"])
}

behaviour! {
    async fn the_row_between_beside_each_row(bed) {
        composite::filled(&bed).await?;
        marked(&bed.db).await?;
        bed.log.clear();
        let of_each = beside(&bed, shelves(Prefetch::of("marks").between("link").rows(words().order_by(["-link__weight"]))), "marks").await?;
        bed.log.assert_queries(2);
        assert_eq!(of_each, [
            json!([{"word": "neu", "weight": 5}, {"word": "old", "weight": 3}, {"word": "new", "weight": 1}]),
            json!([{"word": "old", "weight": 9}, {"word": "neu", "weight": 2}]),
            json!([]),
            json!([{"word": "new", "weight": 4}]),
        ]);
        // Conditions are about this link, and so do slices count.
        let heavy = words().filter("link__weight__gte", 3).order_by(["link__weight"]);
        let of_each = beside(&bed, shelves(Prefetch::of("marks").named("heavy").between("link").rows(heavy)), "heavy").await?;
        assert_eq!(of_each, [json!([{"word": "old", "weight": 3}, {"word": "neu", "weight": 5}]), json!([{"word": "old", "weight": 9}]), json!([]), json!([{"word": "new", "weight": 4}])]);
        let heaviest = words().order_by(["-link__weight"]).limit(1);
        let of_each = beside(&bed, shelves(Prefetch::of("marks").between("link").rows(heaviest)), "marks").await?;
        assert_eq!(of_each, [json!([{"word": "neu", "weight": 5}]), json!([{"word": "old", "weight": 9}]), json!([]), json!([{"word": "new", "weight": 4}])]);
        // Another link of the same mark is none of this one's.
        let light = words().exclude("link__weight__gt", 2).filter_term(exists(Query::of("depot.Marking").filter("mark", path("pk").outer()).filter("weight__gt", path("link__weight").outer())));
        let of_each = beside(&bed, shelves(Prefetch::of("marks").between("link").rows(light)), "marks").await?;
        assert_eq!(of_each, [json!([{"word": "new", "weight": 1}]), json!([{"word": "neu", "weight": 2}]), json!([]), json!([])]);
        // From the other side, whole rows, what the row between points to, computed and counted by it.
        let at = Query::of("depot.Shelf").annotate("weight", path("link__weight") * 10).annotate("first", path("link__shelf__hall__name"))
            .annotate("place", call("row_number", []).over(Window::new().partition_by(["link__mark"]).order_by(["-link__weight"])))
            .order_by(["link__weight"]);
        let marks = Query::of("depot.Mark").order_by(["language", "word"]).prefetch([Prefetch::of("shelves").between("link").rows(at)]);
        let of_each = beside(&bed, marks, "shelves").await?;
        let short = |rows: &Json| rows.as_array().unwrap().iter().map(|row| json!([row["number"], row["weight"], row["first"], row["place"]])).collect::<Json>();
        assert_eq!(of_each.iter().map(short).collect::<Vec<_>>(), [
            json!([[2, 20, "North", 2], [1, 50, "North", 1]]), json!([[1, 10, "North", 2], [1, 40, "Süd", 1]]), json!([[1, 30, "North", 2], [2, 90, "North", 1]]),
        ]);
        // Below other rows, and with rows below.
        let below = Query::of("depot.Mark").filter("link__weight__gt", 4).order_by(["word"]).annotate("weight", path("link__weight")).prefetch(["shelves"]);
        let halls = Query::of("depot.Hall").filter("code", "A").prefetch([Prefetch::of("shelves__marks").between("link").rows(below)]);
        let hall = &beside(&bed, halls, "shelves").await?[0];
        assert_eq!((&hall[0]["marks"][0]["weight"], hall[0]["marks"][0]["shelves"].as_array().unwrap().len(), &hall[2]["marks"]), (&json!(5), 2, &json!([])));
        // As in the document.
        let marks = Query::of("depot.Mark").annotate("weight", path("link__weight")).filter("link__weight__gt", 2).order_by(["-link__weight"]);
        let asked = Query::of("depot.Shelf").prefetch([Prefetch::of("marks").between("link").rows(marks)]);
        let of_each = beside(&bed, asked.order_by(["hall", "number"]), "marks").await?;
        assert_eq!(of_each[1], json!([{"language": "en", "word": "old", "weight": 9}]));
        // A condition on some link is one on any, as everywhere.
        let some = Query::of("depot.Mark").annotate("weight", path("link__weight")).filter_term(any("shelves", orm::dynamic::Term::named("hall", "B"))).values(["weight"]);
        let of_each = beside(&bed, shelves(Prefetch::of("marks").between("link").rows(some)), "marks").await?;
        assert_eq!(of_each, [json!([{"weight": 1}]), json!([]), json!([]), json!([{"weight": 4}])]);
        Ok(())
    }

    async fn the_row_of_an_automatic_table(bed) {
        shop::filled(&bed).await?;
        let slugs = Query::of("shop.Tag").annotate("link", path("between__id")).order_by(["-between__id"]).values(["slug", "link"]);
        let query = Query::of("shop.Book").filter("id", 3).prefetch([Prefetch::of("tags").between("between").rows(slugs)]);
        let row = catalog().check(&query)?.get(&bed.db).await?.to_json();
        let links: Vec<i64> = row["tags"].as_array().unwrap().iter().map(|row| row["link"].as_i64().unwrap()).collect();
        assert!(links.len() == 2 && links[0] > links[1], "{row}");
        Ok(())
    }
}

#[test]
fn rows_between_that_are_none_are_refused() {
    let catalog = Catalog::new().app(depot());
    let refused = |catalog: &Catalog, query: Query| match catalog.check(&query) {
        Ok(_) => panic!("{query:?} is refused"),
        Err(error) => error,
    };
    let marks = |rows: Query| shelves(Prefetch::of("marks").between("link").rows(rows));
    let mark = || Query::of("depot.Mark");
    // A foreign key has no row between.
    let direct = Query::of("depot.Hall").prefetch([Prefetch::of("shelves").between("link")]);
    let error = refused(&catalog, direct);
    assert_eq!((error.code(), error.message()), (Code::BadQuery, "there is no row between for `link` to name"));
    // Names that stand for something else, and such that are none.
    for name in ["word", "shelves", "pk", "a b", "a__b", ""] {
        let error = refused(&catalog, shelves(Prefetch::of("marks").between(name)));
        assert_eq!(error.code(), Code::BadName, "{name}");
    }
    assert_eq!(refused(&catalog, marks(mark().annotate("link", path("word")))).code(), Code::BadName);
    assert_eq!(
        refused(&catalog, marks(mark().annotate("w", path("link__wieght")))).hint(),
        Some("did you mean `weight`?")
    );
    // Not without its name, and not where there is no prefetch.
    assert_eq!(refused(&catalog, shelves(Prefetch::of("marks").rows(words()))).code(), Code::UnknownName);
    // What is cut is not filtered any more.
    let error = refused(&catalog, marks(mark().distinct_on(["word"])));
    assert!(
        error.code() == Code::BadQuery && error.message().ends_with("are filtered first, then ordered, then cut"),
        "{error}"
    );
    for rows in [mark().distinct(), mark().group_by(["word"]), mark().join(Join::inner("shelves", "other"))] {
        assert_eq!(refused(&catalog, marks(rows)).code(), Code::BadQuery);
    }
    // The same relation twice, by different names between.
    let twice =
        Query::of("depot.Shelf").prefetch([Prefetch::of("marks").between("one"), Prefetch::of("marks").between("two")]);
    assert_eq!(refused(&catalog, twice).code(), Code::BadQuery);
    // What is not in the catalog, or hidden in it, is not there between either.
    let few = [Shelf::meta(), Mark::meta(), crate::composite::Hall::meta()];
    let few = few.into_iter().fold(Catalog::new(), |catalog, meta| catalog.model(orm::tree::ModelRef::Static(meta)));
    assert_eq!(refused(&few, marks(words())).code(), Code::UnknownName);
    let hidden = catalog.clone().hide("depot.Marking", ["weight"]).unwrap();
    assert_eq!(refused(&hidden, marks(words())).code(), Code::UnknownName);
    let small = catalog.clone().limits(Limits { joins: 0, ..Limits::default() });
    assert_eq!(refused(&small, marks(words())).code(), Code::TooComplex);
    let wrong = r#"{"model": "depot.Shelf", "calls": [{"prefetch": [{"relation": "marks", "betwen": "x"}]}]}"#;
    assert!(serde_json::from_str::<Query>(wrong).unwrap_err().to_string().contains("between"));
}
