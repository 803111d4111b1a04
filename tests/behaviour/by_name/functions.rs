//! Functions, zones, bits and conversions by name: the same on every database, and what is none is refused.

use super::{catalog, json_of};
use crate::{
    bed::{Backend, behaviour},
    shop::*,
};
use chrono::TimeDelta;
use orm::{
    Code, Dialect, Kind, Value,
    dynamic::{
        Aggregate, Call, Catalog, Frame, Join, Node, Order, Pick, Prefetch, Query, Term, Window, Without, call, count,
        count_of, path, sum,
    },
    prelude::*,
};
use serde_json::json;

fn aggregated(function: &str, of: Term) -> Term {
    Node::Aggregate(Aggregate { function: function.to_owned(), of: Some(of), ..Aggregate::default() }).into()
}

fn book(id: i64) -> Query {
    Query::of("shop.Book").filter("id", id)
}

fn refused(query: &Query) -> Code {
    match catalog().check(query) {
        Ok(_) => panic!("{query:?} is refused"),
        Err(error) => error.code(),
    }
}

behaviour! {
    async fn further_functions_by_name(bed) {
        filled(&bed).await?;
        let query = book(4).annotate("code", call("ord", [path("title")])).annotate("letter", call("chr", [path("id") + 229]))
            .annotate("wide", call("chr", [Term::from(128_512)])).annotate("none", call("ord", [Term::from("")]))
            .annotate("up", call("shift_left", [path("stock") + 5, 3.into()])).annotate("down", call("shift_right", [path("stock"), 1.into()]))
            .annotate("tens", call("round", [path("stock") * 37 + 100, (-1).into()])).annotate("sha", call("left", [call("sha512", [path("title")]), 8.into()]))
            .values(["code", "letter", "wide", "none", "up", "down", "tens", "sha"]);
        assert_eq!(json_of(&bed, &query).await?, json!([{
            "code": 233, "letter": "é", "wide": "😀", "none": null, "up": 24, "down": -1, "tens": 30, "sha": "a63f65f4",
        }]));
        let angles = book(1).annotate("angle", call("degrees", [call("atan2", [path("stock"), path("stock")])])).annotate("none", call("cot", [Term::from(0)]))
            .annotate("some", call("round", [call("cot", [path("id")]), 4.into()])).annotate("turn", call("cos", [call("pi", [])])).values(["angle", "none", "some", "turn"]);
        assert_eq!(json_of(&bed, &angles).await?, json!([{"angle": 45.0, "none": null, "some": 0.6421, "turn": -1.0}]));
        let random = book(1).annotate("x", call("random", []).lookup("lt", 1)).values(["x"]);
        assert_eq!(json_of(&bed, &random).await?, json!([{"x": true}]));
        let hash = book(1).annotate("sha", call("sha1", [path("title")])).values(["sha"]);
        match bed.backend {
            Backend::Postgres => assert_eq!(catalog().check(&hash)?.all(&bed.db).await.unwrap_err().code(), Code::Unsupported),
            _ => assert_eq!(json_of(&bed, &hash).await?, json!([{"sha": "70440046a3dc2e079f23ee1c57dfa76669b732aa"}])),
        }
        // As the end of a path, in a condition.
        let found = Query::of("shop.Tag").filter("slug__ord", 111).values(["slug"]);
        assert_eq!(json_of(&bed, &found).await?, json!([{"slug": "old"}]));
        let whole = Query::of("shop.Book").filter("price__round", 10).values(["id"]);
        assert_eq!(json_of(&bed, &whole).await?, json!([{"id": 3}]));
        // The first of one, and numbers that are larger than what they are called.
        let odd = book(1).annotate("one", call("coalesce", [path("stock")])).annotate("large", Term::from(Node::Typed(Kind::I16, json!(100_000))))
            .annotate("part", Term::from(Node::Typed(Kind::I64, json!(0.5)))).values(["one", "large", "part"]);
        let stock = json_of(&bed, &book(1).values(["stock"])).await?[0]["stock"].clone();
        assert_eq!(json_of(&bed, &odd).await?, json!([{"one": stock, "large": 100_000, "part": 0.5}]));
        let nowhere = Query::of("shop.Order").annotate("at", call("at_zone", [path("placed"), Node::Typed(Kind::Text, json!(null)).into()]));
        assert_eq!(refused(&nowhere), Code::BadQuery);
        // So many letters as NULL says are none.
        let many = || Term::from(None::<i64>);
        let none = book(1).annotate("l", call("lpad", [path("title"), many(), "x".into()])).annotate("r", call("rpad", [path("title"), many(), "x".into()]))
            .annotate("n", call("repeat", [path("title"), many()])).annotate("f", call("left", [path("title"), many()])).annotate("e", call("right", [path("title"), many()]))
            .values(["l", "r", "n", "f", "e"]);
        assert_eq!(json_of(&bed, &none).await?, json!([{"l": null, "r": null, "n": null, "f": null, "e": null}]));
        Ok(())
    }

    async fn documents_made_of_values(bed) {
        filled(&bed).await?;
        let object = call("json_object", [
            "title".into(), path("title"), "price".into(), path("stock") + 1, "active".into(), path("active"),
            "day".into(), path("published"), "none".into(), path("rating"), "x' \"y".into(), "it's".into(),
            "list".into(), call("json_array", [path("id"), "a".into(), None::<i64>.into(), call("json_array", [])]),
        ]);
        let rows = json_of(&bed, &book(3).annotate("made", object.clone()).values(["made"])).await?;
        assert_eq!(rows, json!([{"made": {
            "title": "COBOL 100%", "price": 8, "active": false, "day": "1959-12-31", "none": null, "x' \"y": "it's", "list": [3, "a", null, []],
        }}]));
        let inside = call("json_integer", [call("json_get", [object, "list".into(), 0.into()])]).lookup("exact", 3);
        assert_eq!(json_of(&bed, &Query::of("shop.Book").filter_term(inside).values(["id"])).await?, json!([{"id": 3}]));
        let moment = Query::of("shop.Order").order_by(["placed"]).limit(1).annotate("made", call("json_array", [path("placed"), path("customer__name")])).values(["made"]);
        let text = json_of(&bed, &moment).await?[0]["made"][0].clone();
        assert!(text.as_str().is_some_and(|text| text.ends_with(":00.250000") || text.ends_with(".250000")), "{text}");
        Ok(())
    }

    async fn bits_of_many_rows(bed) {
        filled(&bed).await?;
        let all = || Query::of("shop.Book").filter("stock__gt", 0);
        let bits = |query: Query| ["bit_and", "bit_or", "bit_xor"].into_iter().fold(query, |query, name| query.aggregate(name, aggregated(name, path("stock"))));
        // Of 3, 7 and 7; each aggregate is a call of its own.
        let query = all().then(Call::Aggregate(["bit_and", "bit_or", "bit_xor"].map(|name| (name.to_owned(), aggregated(name, path("stock")))).into()));
        assert_eq!(json_of(&bed, &query).await?, json!([{"bit_and": 3, "bit_or": 7, "bit_xor": 3}]));
        assert!(catalog().check(&bits(all())).is_err());
        // Of no rows there are none, on every database; those of a negative number are all there.
        let none = Query::of("shop.Book").filter("id", 99).then(Call::Aggregate(["bit_and", "bit_or"].map(|name| (name.to_owned(), aggregated(name, path("stock")))).into()));
        assert_eq!(json_of(&bed, &none).await?, json!([{"bit_and": null, "bit_or": null}]));
        let negative = Query::of("shop.Book").aggregate("x", aggregated("bit_or", path("stock")));
        assert_eq!(json_of(&bed, &negative).await?, json!([{"x": -1}]));
        let per_author = Query::of("shop.Person").annotate("bits", aggregated("bit_or", path("written__stock")).or(0)).order_by(["id"]).values(["bits"]);
        assert_eq!(json_of(&bed, &per_author).await?, json!([{"bits": 7}, {"bits": 7}, {"bits": -2}, {"bits": 0}]));
        assert_eq!(Book::objects().filter(|b| b.stock.gt(0)).aggregate(|b| (b.stock.bit_and_all(), b.stock.bit_xor_all())).get(&bed.db).await?, (Some(3), Some(3)));
        Ok(())
    }

    async fn what_stands_for_nothing_may_be_larger_than_the_rest(bed) {
        filled(&bed).await?;
        for function in ["max", "any_value", "bit_or"] {
            let aggregate = Aggregate { function: function.to_owned(), of: Some(path("stock")), default: Some(i64::MAX.into()), ..Aggregate::default() };
            let query = Query::of("shop.Book").filter("id", 99).aggregate("x", Term::from(Node::Aggregate(aggregate)));
            assert_eq!(json_of(&bed, &query).await?, json!([{"x": i64::MAX}]), "{function}");
        }
        Ok(())
    }

    async fn statistics_of_two_values(bed) {
        filled(&bed).await?;
        let of = |function: &str| Term::from(Node::Aggregate(Aggregate { function: function.to_owned(), of: Some(path("stock") * 2 + 1), against: Some(path("stock")), filter: Some(Term::named("stock__gte", 0)), ..Aggregate::default() }));
        let query = Query::of("shop.Book").then(Call::Aggregate(["corr", "regr_slope", "regr_intercept", "regr_count", "regr_avg_x"].map(|name| (name.to_owned(), of(name))).into()));
        if bed.backend != Backend::Postgres {
            assert_eq!(catalog().check(&query)?.all(&bed.db).await.unwrap_err().code(), Code::Unsupported);
            return Ok(());
        }
        assert_eq!(json_of(&bed, &query).await?, json!([{"corr": 1.0, "regr_slope": 2.0, "regr_intercept": 1.0, "regr_count": 4, "regr_avg_x": 4.25}]));
        let typed = Book::objects().aggregate(|b| (b.price.corr(b.price), b.rating.regr_count(b.stock), b.stock.regr_slope(b.stock)));
        assert_eq!(typed.get(&bed.db).await?, (Some(1.0), 3, Some(1.0)));
        Ok(())
    }

    async fn conversions_by_name(bed) {
        filled(&bed).await?;
        let query = Query::of("shop.Order").order_by(["placed"]).limit(1).annotate("day", path("placed").cast(Kind::Date)).annotate("clock", path("placed").cast(Kind::Time))
            .annotate("text", path("placed").cast(Kind::Date).cast(Kind::Text)).annotate("begin", path("placed").cast(Kind::Date).cast(Kind::DateTime)).values(["day", "clock", "text", "begin"]);
        let row = json_of(&bed, &query).await?[0].clone();
        let day = row["day"].as_str().unwrap().to_owned();
        assert_eq!((&row["text"], &row["begin"]), (&json!(day), &json!(format!("{day}T00:00:00Z"))));
        let numbers = Query::of("shop.Book").order_by(["id"]).annotate("n", path("active").cast(Kind::I32)).annotate("some", path("stock").cast(Kind::Bool))
            .annotate("dear", path("rating").lookup("gt", 4).cast(Kind::I64)).values(["n", "some", "dear"]);
        assert_eq!(json_of(&bed, &numbers).await?, json!([
            {"n": 1, "some": true, "dear": 1}, {"n": 1, "some": false, "dear": 0}, {"n": 0, "some": true, "dear": null},
            {"n": 1, "some": true, "dear": 0}, {"n": 0, "some": true, "dear": null},
        ]));
        let counted = Query::of("shop.Book").aggregate("n", sum(path("active").cast(Kind::I32)));
        assert_eq!(json_of(&bed, &counted).await?, json!([{"n": 3}]));
        // A day beside a moment is its beginning.
        let later = Query::of("shop.Line").filter("order__placed__gt", path("book__published")).filter("book__published__lt", path("order__placed"));
        assert!(catalog().check(&later)?.count(&bed.db).await? > 0);
        let text = Query::of("shop.Book").filter_term(path("published").cast(Kind::Text).lookup("startswith", "195")).order_by(["id"]).values(["id"]);
        assert_eq!(json_of(&bed, &text).await?, json!([{"id": 2}, {"id": 3}]));
        Ok(())
    }

    async fn times_of_day_and_parts_of_spans(bed) {
        filled(&bed).await?;
        let noon: Term = Node::Typed(Kind::Time, "12:00:00".into()).into();
        let query = Query::of("shop.Order").order_by(["placed"]).annotate("past", path("placed").cast(Kind::Time) - noon)
            .annotate("twice", path("past") * 2).annotate("also", Term::from(0.5) * path("past")).annotate("part", path("past") / 4)
            .annotate("none", path("past") / 0).values(["past", "twice", "also", "part", "none"]);
        let span = |seconds: f64| Value::Duration(TimeDelta::microseconds((seconds * 1e6) as i64));
        let rows = catalog().check(&query)?.all(&bed.db).await?;
        for (row, past) in rows.iter().zip([43_198.25, -43_198.75, 1_800.25]) {
            let expected = [span(past), span(past * 2.0), span(past * 0.5), span(past / 4.0), Value::Null(Kind::Duration)];
            assert_eq!(row.values(), expected);
        }
        // Half a microsecond goes to the even one.
        let odd: Term = Node::Typed(Kind::Duration, "00:00:00.253".into()).into();
        let query = Query::of("shop.Order").limit(1).annotate("odd", odd + (path("placed") - path("placed"))).annotate("part", path("odd") / 3.2).values(["part"]);
        assert_eq!(catalog().check(&query)?.get(&bed.db).await?.values(), [span(0.079_062)]);
        assert_eq!(refused(&Query::of("shop.Order").annotate("x", Term::from(2) / (path("placed") - path("placed")))), Code::BadQuery);
        Ok(())
    }

    async fn whole_numbers_stay_whole(bed) {
        filled(&bed).await?;
        let query = Query::of("shop.Book").order_by(["id"]).annotate("whole", call("round", [path("stock")])).annotate("same", call("round", [path("stock"), 2.into()]))
            .annotate("sum", call("round", [path("stock") + path("id")]) * 10).values(["whole", "same", "sum"]);
        assert_eq!(json_of(&bed, &query).await?, json!([
            {"whole": 3, "same": 3, "sum": 40}, {"whole": 0, "same": 0, "sum": 20}, {"whole": 7, "same": 7, "sum": 100},
            {"whole": -2, "same": -2, "sum": 20}, {"whole": 7, "same": 7, "sum": 120},
        ]));
        Ok(())
    }

    async fn texts_as_long_as_a_row_says(bed) {
        filled(&bed).await?;
        let query = Query::of("shop.Tag").order_by(["id"]).limit(3).annotate("left", call("lpad", [path("slug"), path("id") + 3, "-".into()]))
            .annotate("right", call("rpad", [path("slug"), call("length", [path("slug")]) + 1, "-".into()])).annotate("often", call("repeat", ["x".into(), path("id") - 2]))
            .annotate("much", call("length", [call("repeat", ["x".into(), path("id") * 20_000])])).values(["left", "right", "often", "much"]);
        assert_eq!(json_of(&bed, &query).await?, json!([
            {"left": "math", "right": "maths-", "often": "", "much": 10_000}, {"left": "--old", "right": "old-", "often": "", "much": 10_000},
            {"left": "--code", "right": "code-", "often": "x", "much": 10_000},
        ]));
        let much = Query::of("shop.Tag").annotate("x", call("repeat", ["x".into(), 20_000.into()]));
        assert_eq!(refused(&much), Code::BadQuery);
        Ok(())
    }

    async fn parts_of_instants_in_a_zone(bed) {
        filled(&bed).await?;
        let parts = |query: Query| query.order_by(["placed"]).limit(1).annotate("hour", path("placed__hour")).annotate("day", path("placed__date"))
            .annotate("month", path("placed__trunc_month")).values(["hour", "day", "month"]);
        let utc = json_of(&bed, &parts(Query::of("shop.Order"))).await?[0].clone();
        let there = json_of(&bed, &parts(Query::of("shop.Order").in_zone("+23:00"))).await?[0].clone();
        let hour = utc["hour"].as_i64().unwrap();
        assert_eq!(there["hour"].as_i64().unwrap(), (hour + 23) % 24);
        let moved = |day: &serde_json::Value| day.as_str().unwrap().parse::<NaiveDate>().unwrap();
        assert_eq!(moved(&there["day"]) - moved(&utc["day"]), chrono::TimeDelta::days((hour + 23) / 24));
        // The zone is that of queries inside, of those beside, and of rows that are prefetched; another one may follow.
        let day = there["day"].clone();
        let inside = Query::of("shop.Person").in_zone("+23:00").filter("orders__placed__date", day.clone());
        let found = catalog().check(&inside.clone().values(["id"]))?.all(&bed.db).await?;
        assert!(!found.is_empty());
        let again = Query::of("shop.Person").in_zone("-10:00").filter("pk__in", inside.values(["id"]));
        assert_eq!(catalog().check(&again)?.count(&bed.db).await?, found.len() as u64);
        let orders = Query::of("shop.Order").filter("placed__date", day.clone());
        let prefetched = Query::of("shop.Person").in_zone("+23:00").order_by(["id"]).prefetch([Prefetch::of("orders").rows(orders.clone())]);
        let people = catalog().check(&prefetched)?.all(&bed.db).await?;
        assert!(people.iter().any(|person| !person.related("orders").unwrap().is_empty()));
        let both = orders.clone().in_zone("+23:00").filter("placed__date", day).values(["id"]);
        assert_eq!(catalog().check(&both)?.count(&bed.db).await?, 0);
        let named = parts(Query::of("shop.Order").in_zone("Europe/Berlin"));
        match bed.backend {
            Backend::MariaDb => {}
            // Midnight in summer is two hours earlier in UTC; the first order is one of winter.
            _ => assert_eq!(json_of(&bed, &named).await?, json!([{"hour": (hour + 1) % 24, "day": "2024-02-01", "month": "2024-02-01T00:00:00"}])),
        }
        Ok(())
    }

    async fn frames_leave_rows_out(bed) {
        filled(&bed).await?;
        let window = |rows| Window::new().order_by(["stock"]).frame(Frame::Rows(None, None)).without(rows);
        let query = Query::of("shop.Book").annotate("others", sum(path("stock")).over(window(Without::Current))).annotate("unlike", sum(path("stock")).over(window(Without::Equals)))
            .annotate("unequal", sum(path("stock")).over(window(Without::Others))).annotate("before", count().over(Window::new().order_by(["stock"]).without(Without::Equals)))
            .order_by(["id"]).values(["id", "others", "unlike", "unequal", "before"]);
        if !bed.db.dialect().capabilities().frame_exclusion {
            assert_eq!(catalog().check(&query)?.all(&bed.db).await.unwrap_err().code(), Code::Unsupported);
            return Ok(());
        }
        // The stock is 3, 0, 7, -2 and 7.
        assert_eq!(json_of(&bed, &query).await?, json!([
            {"id": 1, "others": 12, "unlike": 12, "unequal": 15, "before": 2},
            {"id": 2, "others": 15, "unlike": 15, "unequal": 15, "before": 1},
            {"id": 3, "others": 8, "unlike": 1, "unequal": 8, "before": 3},
            {"id": 4, "others": 17, "unlike": 17, "unequal": 15, "before": 0},
            {"id": 5, "others": 8, "unlike": 1, "unequal": 8, "before": 3},
        ]));
        Ok(())
    }

    async fn rows_that_differ_and_joined_rows_go_on(bed) {
        filled(&bed).await?;
        // What is picked after different rows is picked of these.
        let authors = Query::of("shop.Book").values(["author__name", "active"]).distinct().order_by(["author__name"]).values(["author__name"]);
        assert_eq!(catalog().check(&authors)?.all(&bed.db).await?.len(), 5);
        let authors = Query::of("shop.Book").values(["author__name", "active"]).distinct().values(["author__name"]);
        assert_eq!(catalog().check(&authors.clone())?.all(&bed.db).await?.len(), 5);
        assert_eq!(catalog().check(&authors.distinct())?.all(&bed.db).await?.len(), 3);
        // Joined rows are combined with others like any.
        let pairs = |on: &str| Query::of("shop.Person").join(Join::inner("written", "book")).filter("book__active", true).values([Pick::from("name"), Pick::from(on)]);
        let both = pairs("book__title").union(Query::of("shop.Book").filter("active", false).values(["author__name", "title"])).order_by(["name", "book__title"]);
        assert_eq!(catalog().check(&both)?.count(&bed.db).await?, 5);
        let less = pairs("book__title").then(Call::Difference(pairs("book__title")));
        assert_eq!(catalog().check(&less)?.count(&bed.db).await?, 0);
        // A name may stand for a plain value, by which no row comes before another.
        let plain = Query::of("shop.Tag").annotate("same", "x").order_by(["same", "-slug"]).values(["slug"]).limit(1);
        assert_eq!(json_of(&bed, &plain).await?, json!([{"slug": "unused"}]));
        let term = Query::of("shop.Tag").annotate("same", 1).order_by([Order::Term { by: path("same"), desc: true, nulls: None }]);
        assert_eq!(catalog().check(&term)?.count(&bed.db).await?, 4);
        Ok(())
    }
}

#[test]
fn what_functions_do_not_take_is_refused() {
    let wrong = [
        call("chr", [path("title")]),
        call("ord", [path("stock")]),
        call("shift_left", [path("price"), 1.into()]),
        call("shift_left", [path("stock"), path("title")]),
        call("round", [path("price"), 29.into()]),
        call("round", [path("price"), path("stock")]),
        call("collate", [path("title"), path("title")]),
        call("pi", [1.into()]),
        call("json_object", ["a".into()]),
        call("json_object", [path("title"), 1.into()]),
        call("json_object", ["a".into(), 1.into(), "a".into(), 2.into()]),
        call("json_object", [1.into(), 1.into()]),
        path("published").cast(Kind::I64),
        path("active").cast(Kind::Date),
    ];
    for term in wrong {
        assert!(
            matches!(refused(&Query::of("shop.Book").annotate("x", term.clone())), Code::BadQuery | Code::UnknownName),
            "{term:?}"
        );
    }
    assert_eq!(refused(&Query::of("shop.Order").annotate("x", call("json_array", [path("id")]))), Code::BadQuery);
    for (of, against) in
        [(path("stock"), None), (path("title"), Some(path("stock"))), (path("stock"), Some(path("title")))]
    {
        let corr = Aggregate { function: "corr".to_owned(), of: Some(of), against, ..Aggregate::default() };
        assert_eq!(refused(&Query::of("shop.Book").aggregate("x", Node::Aggregate(corr))), Code::BadQuery);
    }
    let against = Aggregate {
        against: Some(path("stock")),
        ..Aggregate { function: "sum".to_owned(), of: Some(path("stock")), ..Aggregate::default() }
    };
    assert_eq!(refused(&Query::of("shop.Book").aggregate("x", Node::Aggregate(against))), Code::BadQuery);
    let floats = Query::of("shop.Book").aggregate("x", aggregated("bit_or", path("rating")));
    assert_eq!(refused(&floats), Code::BadQuery);
    assert_eq!(refused(&Query::of("shop.Order").in_zone("UTC+2").filter("placed__hour", 1)), Code::BadQuery);
    assert_eq!(
        refused(&Query::of("shop.Book").order_by([Order::Term { by: 1.into(), desc: false, nulls: None }])),
        Code::BadQuery
    );
    // A key of several columns is counted by its rows; each different one once is no number.
    let count_of_pairs = Query::of("shop.Person").annotate("n", count_of("written__tags"));
    assert!(catalog().check(&count_of_pairs).is_ok());
    let zone =
        Query::of("shop.Order").in_zone("x'; DROP TABLE shop_order; --").filter("placed__hour", 1).values(["id"]);
    for dialect in [Dialect::Postgres, Dialect::MariaDb] {
        let sql = Catalog::new().app(shop()).check(&zone).unwrap().to_sql(dialect).unwrap();
        assert!(!sql.contains("DROP"), "{sql}");
    }
    let name = "x\" OR 1=1 --";
    let collated =
        Query::of("shop.Book").filter_term(call("collate", [path("title"), name.into()]).lookup("exact", "x"));
    let sql = catalog().check(&collated).unwrap().to_sql(Dialect::Postgres).unwrap();
    assert!(sql.contains(r#"COLLATE "x"" OR 1=1 --""#), "{sql}");
}
