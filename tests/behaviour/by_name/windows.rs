//! Windows by name: what they give, and what follows them.

use super::{catalog, json_of, rows};
use crate::{bed::behaviour, shop::*};
use orm::{
    Code, Value,
    dynamic::{
        Call, Case, Frame, Join, Node, Pick, Query, Term, Update, Window, call, count, count_of, exists, max, min,
        path, string_agg, sum,
    },
    prelude::*,
};
use serde_json::json;

fn by_author() -> Window {
    Window::new().partition_by(["author"]).order_by(["-price"])
}

behaviour! {
    async fn functions_of_windows_by_name(bed) {
        filled(&bed).await?;
        let by_price = || Window::new().order_by(["price"]);
        let query = Query::of("shop.Book")
            .annotate("place", call("row_number", []).over(by_author()))
            .annotate("rank", call("rank", []).over(Window::new().order_by(["stock"])))
            .annotate("dense", call("dense_rank", []).over(Window::new().order_by(["stock"])))
            .annotate("share", call("percent_rank", []).over(Window::new().order_by(["stock"])))
            .annotate("cume", call("cume_dist", []).over(Window::new().order_by(["stock"])))
            .annotate("half", call("ntile", [2.into()]).over(by_price()))
            .annotate("running", sum(path("stock")).over(by_price()))
            .annotate("all", max(path("stock")).over(Window::new()))
            .order_by(["price"]).values(["id", "place", "rank", "dense", "share", "cume", "half", "running", "all"]);
        assert_eq!(json_of(&bed, &query).await?, json!([
            {"id": 4, "place": 1, "rank": 1, "dense": 1, "share": 0.0, "cume": 0.2, "half": 1, "running": -2, "all": 7},
            {"id": 5, "place": 2, "rank": 4, "dense": 4, "share": 0.75, "cume": 1.0, "half": 1, "running": 5, "all": 7},
            {"id": 3, "place": 2, "rank": 4, "dense": 4, "share": 0.75, "cume": 1.0, "half": 1, "running": 12, "all": 7},
            {"id": 1, "place": 1, "rank": 3, "dense": 3, "share": 0.5, "cume": 0.6, "half": 2, "running": 15, "all": 7},
            {"id": 2, "place": 1, "rank": 2, "dense": 2, "share": 0.25, "cume": 0.4, "half": 2, "running": 15, "all": 7},
        ]));
        // Of a slice they are over the rows that are left.
        let of = || call("row_number", []).over(Window::new().order_by(["-id"]));
        let two = || Query::of("shop.Book").order_by(["id"]).limit(2);
        let counted = json!([{"id": 1, "n": 2}, {"id": 2, "n": 1}]);
        assert_eq!(json_of(&bed, &two().annotate("n", of()).values(["id", "n"])).await?, counted);
        let picked: Vec<Pick> = vec!["id".into(), Pick::Term { name: "n".to_owned(), term: of() }];
        assert_eq!(json_of(&bed, &two().values(picked)).await?, counted);
        Ok(())
    }

    async fn ranks_without_an_order(bed) {
        filled(&bed).await?;
        let alike = |name: &str| call(name, []).over(Window::new().partition_by([path("author")]));
        let query = Query::of("shop.Book").filter("id__lte", 3).order_by(["id"]).annotate("rank", alike("rank")).annotate("dense", alike("dense_rank"))
            .annotate("part", alike("percent_rank")).annotate("upto", alike("cume_dist")).annotate("all", call("dense_rank", []).over(Window::new()))
            .annotate("before", call("lag", [path("id")]).over(Window::new().partition_by([path("id")]))).values(["rank", "dense", "part", "upto", "all", "before"]);
        let equal = json!({"rank": 1, "dense": 1, "part": 0.0, "upto": 1.0, "all": 1, "before": null});
        assert_eq!(json_of(&bed, &query).await?, json!([equal, equal, equal]));
        Ok(())
    }

    async fn the_first_of_rows_that_are_alike(bed) {
        filled(&bed).await?;
        let dearest = || Query::of("shop.Book").order_by(["-price"]).distinct_on(["author"]);
        let titles = async |query: Query| json_of(&bed, &query.values(["title"])).await;
        assert_eq!(titles(dearest().order_by(["title"])).await?, json!([{"title": "Compilers"}, {"title": "Notes"}, {"title": "émile_x"}]));
        // What follows is about these rows alone: filters, annotations, relations, slices, aggregates.
        assert_eq!(titles(dearest().filter("title", "COBOL 100%")).await?, json!([]));
        let counted = dearest().annotate("n", count()).order_by(["title"]);
        assert!(catalog().check(&counted).is_err());
        let named = dearest().filter("author__name__startswith", "G").annotate("tagged", exists(Query::of("shop.Tag"))).values(["author__name", "tagged"]);
        assert_eq!(json_of(&bed, &named).await?, json!([{"author__name": "Grace", "tagged": true}]));
        assert_eq!(titles(dearest().order_by(["title"]).limit(1)).await?, json!([{"title": "Compilers"}]));
        assert_eq!(json_of(&bed, &dearest().aggregate("n", count())).await?, json!([{"n": 3}]));
        // By a term, after a slice and after a window; whole rows come with all their fields.
        let by_letter = Query::of("shop.Book").order_by(["title"]).distinct_on([Pick::Term { name: "letter".to_owned(), term: call("left", [path("title"), 1.into()]) }]);
        assert_eq!(json_of(&bed, &by_letter.aggregate("n", count())).await?, json!([{"n": 4}]));
        assert_eq!(json_of(&bed, &Query::of("shop.Book").order_by(["id"]).limit(2).distinct_on(["author"]).aggregate("n", count())).await?, json!([{"n": 2}]));
        let placed = Query::of("shop.Book").annotate("place", call("row_number", []).over(by_author())).order_by(["id"]).distinct_on(["place"]).values(["id", "place"]);
        assert_eq!(json_of(&bed, &placed.order_by(["id"])).await?.as_array().unwrap().len(), 2);
        let whole = catalog().check(&dearest().order_by(["title"]))?.all(&bed.db).await?;
        assert_eq!((whole[0]["title"].clone(), whole.len()), (Value::Text("Compilers".into()), 3));
        for wrong in [
            Query::of("shop.Book").group_by(["title"]).distinct_on(["title"]),
            Query::of("shop.Book").distinct().distinct_on(["title"]),
            Query::of("shop.Book").distinct_on(Vec::<String>::new()),
            Query::of("shop.Book").distinct_on([Pick::Term { name: "n".to_owned(), term: count() }]),
        ] {
            assert_eq!(catalog().check(&wrong).unwrap_err().code(), Code::BadQuery, "{wrong:?}");
        }
        Ok(())
    }

    async fn the_first_of_joined_rows_that_are_alike(bed) {
        filled(&bed).await?;
        let pairs = || Query::of("shop.Person").join(Join::left("written", "book")).order_by(["name", "-book__price"]);
        let first = pairs().values(["name", "book__title"]).distinct_on(["name"]);
        let ada = json!({"name": "Ada", "book__title": "Notes"});
        let all = json_of(&bed, &first).await?;
        assert_eq!((&all[0], all.as_array().unwrap().len()), (&ada, 4));
        // What follows is about the values of these rows, in the order that they have.
        assert_eq!(json_of(&bed, &first.clone().filter("book__title__isnull", true).values(["name"])).await?.as_array().unwrap().len(), 1);
        assert_eq!(json_of(&bed, &first.clone().limit(1)).await?, json!([ada]));
        assert_eq!(json_of(&bed, &first.aggregate("n", count())).await?, json!([{"n": 4}]));
        // Whole rows, and by a value of the joined one.
        let authors = Query::of("shop.Person").join(Join::inner("written", "book")).order_by(["id"]).distinct_on(["book__active"]);
        assert_eq!(json_of(&bed, &authors.aggregate("n", count())).await?, json!([{"n": 2}]));
        let unknown = catalog().check(&pairs().values(["name"]).distinct_on(["name"]).filter("book__title", "x")).unwrap_err();
        assert_eq!(unknown.code(), Code::UnknownName);
        Ok(())
    }

    async fn groups_in_queries_that_look_at_the_rows_around_them(bed) {
        filled(&bed).await?;
        // One value of each group, without its key: of no table, and so on every database.
        let per_author = || Query::of("shop.Book").filter("author", path("id").outer()).group_by(["author"]).annotate("most", max(path("price"))).annotate("n", count());
        let people = Query::of("shop.Person").order_by(["id"]);
        let most = people.clone().annotate("n", per_author().values(["n"])).annotate("last", per_author().order_by(["-most"]).limit(1).values(["n"])).values(["name", "n", "last"]);
        let right = json!([
            {"name": "Ada", "n": 2, "last": 2}, {"name": "Grace", "n": 2, "last": 2}, {"name": "Émile", "n": 1, "last": 1},
            {"name": "Nobody", "n": null, "last": null},
        ]);
        let found = json_of(&bed, &most).await?;
        let numbers = |rows: &serde_json::Value| rows.as_array().unwrap().iter().map(|row| (row["n"].clone(), row["last"].clone())).collect::<Vec<_>>();
        assert_eq!(numbers(&found), numbers(&right));
        assert_eq!(json_of(&bed, &people.clone().filter_term(exists(per_author().filter("n__gt", 1).values(["n"]))).aggregate("n", count())).await?, json!([{"n": 2}]));
        // A union that is no more than put in order and cut off.
        let own = |active: bool| Query::of("shop.Book").filter("author", path("id").outer()).filter("active", active).values(["title"]);
        let titles = people.annotate("title", own(true).union(own(false)).order_by(["title"]).limit(1)).values(["title"]);
        assert_eq!(json_of(&bed, &titles).await?[0], json!({"title": "Notes"}));
        Ok(())
    }

    async fn a_key_of_a_group_with_a_value_in_it(bed) {
        filled(&bed).await?;
        let term = || call("greatest", [path("stock"), 5.into()]);
        let query = Query::of("shop.Book")
            .group_by([Pick::Term { name: "least_stock".to_owned(), term: term() }])
            .annotate("least", min(path("stock")))
            .annotate("both", call("greatest", [path("least"), path("least_stock")]));
        let rows = json_of(&bed, &query.order_by(["least_stock"])).await?;
        assert!(rows.as_array().unwrap().iter().all(|row| row["both"] == row["least_stock"]), "{rows}");
        Ok(())
    }

    async fn values_of_other_rows_by_name(bed) {
        filled(&bed).await?;
        let by_id = || Window::new().order_by(["id"]);
        let query = Query::of("shop.Book")
            .annotate("before", call("lag", [path("rating")]).over(by_id()))
            .annotate("earlier", call("lag", [path("rating"), 2.into(), (-1).into()]).over(by_id()))
            .annotate("after", call("lead", [path("title"), 1.into(), "none".into()]).over(by_id()))
            .annotate("first", call("first_value", [path("stock")]).over(by_id()))
            .annotate("last", call("last_value", [path("stock")]).over(by_id().frame(Frame::Rows(None, None))))
            .annotate("second", call("nth_value", [path("stock"), 2.into()]).over(by_id()))
            .annotate("near", sum(path("stock")).over(by_id().frame(Frame::Rows(Some(-1), Some(1)))))
            .annotate("alike", count().over(Window::new().order_by(["stock"]).frame(Frame::Range(Some(-3), Some(3)))))
            .order_by(["id"]).values(["before", "earlier", "after", "first", "last", "second", "near", "alike"]);
        assert_eq!(json_of(&bed, &query).await?, json!([
            {"before": null, "earlier": -1.0, "after": "Compilers", "first": 3, "last": 7, "second": null, "near": 3, "alike": 2},
            {"before": 4.5, "earlier": -1.0, "after": "COBOL 100%", "first": 3, "last": 7, "second": 0, "near": 10, "alike": 3},
            // The row before has no rating: the default is for rows that are not there.
            {"before": 4.0, "earlier": 4.5, "after": "émile_x", "first": 3, "last": 7, "second": 0, "near": 5, "alike": 2},
            {"before": null, "earlier": 4.0, "after": "Sketch\\[a*b?", "first": 3, "last": 7, "second": 0, "near": 12, "alike": 2},
            {"before": 2.5, "earlier": null, "after": "none", "first": 3, "last": 7, "second": 0, "near": 5, "alike": 2},
        ]));
        Ok(())
    }

    async fn what_follows_a_window_by_name(bed) {
        filled(&bed).await?;
        let dearest = Query::of("shop.Book").annotate("place", call("row_number", []).over(by_author())).filter("place", 1);
        let titles = dearest.clone().order_by(["author__name"]).values(["author__name", "title"]);
        assert_eq!(json_of(&bed, &titles).await?, json!([
            {"author__name": "Ada", "title": "Notes"}, {"author__name": "Grace", "title": "Compilers"}, {"author__name": "Émile", "title": "émile_x"},
        ]));
        // What a window gives stays what it was, whatever is left out afterwards; before it, it does not see it.
        let rest = Query::of("shop.Book").alias("n", count().over(Window::new())).filter("active", true).exclude("n", 3).values(["id", "n"]);
        assert_eq!(rows(&bed, &rest).await?.len(), 3);
        let before = Query::of("shop.Book").filter("active", true).annotate("n", count().over(Window::new())).filter("n", 3);
        assert_eq!(rows(&bed, &before).await?.len(), 3);
        // Relations of the rows, in conditions and whole; counts, slices, orders and sets of them.
        let related = dearest.clone().filter("author__country__name", "Britain").filter("tags__slug", "old").select_related(["author"]);
        let found = rows(&bed, &related).await?;
        assert_eq!((found.len(), &found[0]["author__name"], &found[0]["place"]), (1, &Value::Text("Ada".into()), &Value::I64(1)));
        assert_eq!(catalog().check(&dearest)?.count(&bed.db).await?, 3);
        assert!(catalog().check(&dearest)?.exists(&bed.db).await?);
        let cut = Query::of("shop.Book").annotate("place", call("row_number", []).over(Window::new().order_by(["price"]))).order_by(["-place"]).limit(2).filter("place__lt", 5).values(["id"]);
        assert_eq!(json_of(&bed, &cut).await?, json!([{"id": 1}]));
        let keys = Query::of("shop.Book").filter_term(Term::named("pk__in", dearest.clone().values(["id"]))).order_by(["id"]).values(["id"]);
        assert_eq!(json_of(&bed, &keys).await?, json!([{"id": 1}, {"id": 2}, {"id": 4}]));
        assert_eq!(json_of(&bed, &dearest.clone().aggregate("n", sum(path("stock")))).await?, json!([{"n": 1}]));
        let groups = Query::of("shop.Book").annotate("third", call("ntile", [3.into()]).over(Window::new().order_by(["id"]))).group_by(["third"]).annotate("n", count()).order_by(["third"]);
        assert_eq!(json_of(&bed, &groups).await?, json!([{"third": 1, "n": 2}, {"third": 2, "n": 2}, {"third": 3, "n": 1}]));
        // A query inside that looks at what a window gives.
        let as_old = Query::of("shop.Book").annotate("place", call("rank", []).over(Window::new().order_by(["id"])))
            .annotate("named", Query::of("shop.Tag").filter("id", path("place").outer()).values(["slug"])).order_by(["id"]).limit(2).values(["named"]);
        assert_eq!(rows(&bed, &as_old).await?.len(), 2);
        let chosen = Query::of("shop.Book").alias("place", call("rank", []).over(Window::new().order_by(["id"])))
            .filter_term(exists(Query::of("shop.Tag").filter("id", path("place").outer()))).order_by(["id"]).values(["id"]);
        assert_eq!(json_of(&bed, &chosen).await?, json!([{"id": 1}, {"id": 2}, {"id": 3}, {"id": 4}]));
        // A typed query goes on in the same way.
        let asked = Query::of("shop.Book").alias("place", call("row_number", []).over(by_author())).filter("place", 1).order_by(["id"]);
        let books = catalog().apply(&asked, Book::objects().filter(|b| b.active).select_related(|b| b.author))?.all(&bed.db).await?;
        assert_eq!(books.iter().map(|book| (book.id, book.author.get().unwrap().name.as_str())).collect::<Vec<_>>(), [(1, "Ada"), (2, "Grace"), (4, "Émile")]);
        Ok(())
    }

    async fn related_rows_beside_a_window_by_name(bed) {
        filled(&bed).await?;
        let in_country = || call("row_number", []).over(Window::new().partition_by(["author__country__name"]).order_by(["-price"]));
        let placed = || Query::of("shop.Book").annotate("place", in_country());
        // Before the window and after it: the fields of the related rows stand there in whatever order it is asked for.
        let before = Query::of("shop.Book").select_related(["author__country", "editor"]).annotate("place", in_country()).filter("place", 1).order_by(["author__name"]);
        let after = placed().filter("place", 1).select_related(["author__country", "editor"]).order_by(["author__name"]);
        let whole = json_of(&bed, &before).await?;
        assert_eq!(whole, json_of(&bed, &after).await?);
        let short = whole.as_array().unwrap().iter().map(|row| json!([row["title"], row["author__country__name"], row["editor__name"], row["place"]]));
        assert_eq!(short.collect::<serde_json::Value>(), json!([["Notes", "Britain", null, 1], ["Compilers", "America", "Ada", 1], ["émile_x", "France", "Grace", 1]]));
        // Conditions on both at once, either of them, and the opposite.
        let ids = async |query: Query| json_of(&bed, &query.order_by(["id"]).values(["id"])).await;
        let (first, grace) = (|| Term::named("place", 1), || Term::named("author__name", "Grace"));
        assert_eq!(ids(placed().filter_term(first() & grace())).await?, json!([{"id": 2}]));
        assert_eq!(ids(placed().filter_term(first() | grace())).await?, json!([{"id": 1}, {"id": 2}, {"id": 3}, {"id": 4}]));
        assert_eq!(ids(placed().filter_term(!(first() | grace()))).await?, json!([{"id": 5}]));
        assert_eq!(ids(placed().filter("author__country__name__startswith", "B").filter("place__gt", 1)).await?, json!([{"id": 5}]));
        // Beside a window: to-many relations in conditions and aggregates, cases, and what a related row is compared with.
        assert_eq!(ids(placed().filter("place", 1).filter("tags__slug", "old").exclude("author__written__title", "Nothing")).await?, json!([{"id": 1}]));
        let named = placed().annotate("who", Node::Case(Case { when: vec![(first(), path("author__name"))], otherwise: Some(path("title")) })).filter("place__lte", 2).annotate("n", count_of("author__written"));
        assert_eq!(json_of(&bed, &named.filter("who__startswith", "C").values(["who", "n", "author__country__name"])).await?, json!([{"who": "COBOL 100%", "n": 2, "author__country__name": "America"}]));
        // Inside other queries, in groups, in prefetches, and in changes.
        let authors = Query::of("shop.Person").filter("written__in", placed().select_related(["author"]).filter("place", 2)).order_by(["id"]).values(["name"]);
        assert_eq!(json_of(&bed, &authors).await?, json!([{"name": "Ada"}, {"name": "Grace"}]));
        let groups = placed().filter("place__lte", 2).group_by(["author__country__name"]).annotate("n", count()).order_by(["author__country__name"]);
        assert_eq!(json_of(&bed, &groups).await?, json!([{"author__country__name": "America", "n": 2}, {"author__country__name": "Britain", "n": 2}, {"author__country__name": "France", "n": 1}]));
        let beside = placed().select_related(["author"]).filter("place", 1).filter("author__name", "Ada").prefetch(["tags", "author__country"]);
        let row = &json_of(&bed, &beside).await?[0];
        assert_eq!((&row["author__name"], &row["author"]["country"]["name"], row["tags"].as_array().unwrap().len()), (&json!("Ada"), &json!("Britain"), 2));
        let changed = Update::of(placed().filter("place", 2).filter("author__name", "Grace")).set("stock", 77);
        assert_eq!(catalog().writable(["shop.Book"])?.check_change(&changed.into())?.run(&bed.db).await?.total, 1);
        assert_eq!(Book::get(3, &bed.db).await?.stock, 77);
        Ok(())
    }

    async fn joined_rows_after_a_window_by_name(bed) {
        filled(&bed).await?;
        let pairs = Query::of("shop.Person").join(Join::inner("written", "book"))
            .annotate("place", call("row_number", []).over(Window::new().partition_by(["id"]).order_by(["-book__price"])))
            .values(["name", "book__title", "place"]);
        let dearest = pairs.clone().filter("place", 1).order_by(["name"]);
        assert_eq!(json_of(&bed, &dearest).await?, json!([
            {"name": "Ada", "book__title": "Notes", "place": 1}, {"name": "Grace", "book__title": "Compilers", "place": 1}, {"name": "Émile", "book__title": "émile_x", "place": 1},
        ]));
        let titled = pairs.clone().filter("place", 2).filter("book__title__startswith", "C").values(["book__title"]);
        assert_eq!(json_of(&bed, &titled).await?, json!([{"book__title": "COBOL 100%"}]));
        let groups = pairs.group_by(["place"]).annotate("n", count()).order_by(["place"]);
        assert_eq!(json_of(&bed, &groups).await?, json!([{"place": 1, "n": 3}, {"place": 2, "n": 2}]));
        let cut = Query::of("shop.Person").join(Join::inner("written", "book")).order_by(["book__price"]).values(["book__title"]).limit(3).filter("book__title__startswith", "C");
        assert_eq!(json_of(&bed, &cut).await?, json!([{"book__title": "COBOL 100%"}]));
        Ok(())
    }

    async fn groups_of_groups_by_name(bed) {
        filled(&bed).await?;
        // How many authors have written how many books.
        let written = Query::of("shop.Book").group_by(["author__name"]).annotate("books", count()).annotate("sold", sum(path("price")));
        let sizes = written.clone().group_by(["books"]).annotate("authors", count()).annotate("most", max(path("sold"))).order_by(["-books"]);
        assert_eq!(json_of(&bed, &sizes).await?, json!([{"books": 2, "authors": 2, "most": "49.99"}, {"books": 1, "authors": 1, "most": "0.10"}]));
        let large = sizes.filter("authors__gt", 1).values(["books"]);
        assert_eq!(json_of(&bed, &large).await?, json!([{"books": 2}]));
        let letters = written.filter("books", 2).group_by([Pick::Term { name: "first".into(), term: call("left", [path("author__name"), 1.into()]) }]).annotate("n", count()).order_by(["first"]);
        assert_eq!(json_of(&bed, &letters).await?, json!([{"first": "A", "n": 1}, {"first": "G", "n": 1}]));
        let different = Query::of("shop.Book").values(["author", "active"]).then(Call::Distinct).group_by(["active"]).annotate("authors", count()).order_by(["active"]);
        assert_eq!(json_of(&bed, &different).await?, json!([{"active": false, "authors": 2}, {"active": true, "authors": 3}]));
        Ok(())
    }

    async fn a_collation_that_is_none(bed) {
        filled(&bed).await?;
        let query = Query::of("shop.Book").filter_term(call("collate", [path("title"), "no_such".into()]).lookup("exact", "x"));
        let refused = rows(&bed, &query).await.unwrap_err();
        assert_eq!(refused.code(), Code::UnknownCollation, "{refused:?}");
        assert!(refused.message().contains("no_such") && refused.hint().is_some(), "{refused:?}");
        if bed.db.dialect() == orm::Dialect::MariaDb {
            let query = Query::of("shop.Book").filter_term(call("collate", [path("title"), "latin1_bin".into()]).lookup("exact", "x"));
            assert_eq!(rows(&bed, &query).await.unwrap_err().code(), Code::UnknownCollation);
        }
        Ok(())
    }

    async fn texts_put_together_by_name(bed) {
        filled(&bed).await?;
        let slugs = Query::of("shop.Tag").aggregate("slugs", string_agg(path("slug"), "', ").ordered(["-slug"]));
        assert_eq!(json_of(&bed, &slugs).await?, json!([{"slugs": "unused', old', maths', code"}]));
        let per_author = Query::of("shop.Person").annotate("titles", string_agg(path("written__title"), "|").ordered(["id"]).or("none")).order_by(["id"]).values(["titles"]);
        assert_eq!(json_of(&bed, &per_author).await?, json!([{"titles": "Notes|Sketch\\[a*b?"}, {"titles": "Compilers|COBOL 100%"}, {"titles": "émile_x"}, {"titles": "none"}]));
        Ok(())
    }
}

#[test]
fn windows_that_mean_nothing_are_refused() {
    let refused = |term: Term| {
        let query = Query::of("shop.Book").annotate("x", term);
        let Err(error) = catalog().check(&query).map(drop) else { panic!("{query:?} is refused") };
        (error.code(), error.message().to_owned(), error.hint().unwrap_or_default().to_owned())
    };
    let window = || Window::new().order_by(["id"]);
    let (code, message, hint) = refused(call("row_numbr", []).over(window()));
    assert_eq!((code, message.as_str()), (Code::UnknownName, "a function of windows is not called `row_numbr`"));
    assert_eq!(hint, "did you mean `row_number`?");
    assert_eq!(refused(call("row_number) --", []).over(window())).0, Code::UnknownName);
    assert!(refused(call("rank", [])).2.contains("window"));
    let bad = [
        path("price").over(window()),
        Term::from(1).over(window()),
        call("lower", [path("title")]).over(window()),
        call("row_number", [path("id")]).over(window()),
        call("lag", []).over(window()),
        call("lag", [path("id"), path("stock")]).over(window()),
        call("lag", [path("id"), (-1).into()]).over(window()),
        call("lag", [path("id"), 1.into(), path("title")]).over(window()),
        call("ntile", [0.into()]).over(window()),
        call("nth_value", [path("id"), json!("1; DROP TABLE shop_book").into()]).over(window()),
        sum(path("title")).over(window()),
        sum(path("tags__id")).over(window()),
        sum(sum(path("stock")).over(window())).over(window()),
        count().over(window().frame(Frame::Rows(Some(1), Some(-1)))),
        count().over(window().frame(Frame::Rows(Some(i64::MIN), None))),
        count().over(Window::new().order_by(["title"]).frame(Frame::Range(Some(-1), None))),
        count().over(Window::new().frame(Frame::Range(Some(-1), None))),
        count().over(Window::new().order_by(["tags"])),
        string_agg(path("title"), ","),
    ];
    for term in bad {
        assert!(matches!(refused(term.clone()).0, Code::BadQuery | Code::UnknownName), "{term:?}");
    }
    let place =
        Pick::Term { name: "place".into(), term: call("coalesce", [call("rank", []).over(window()), 1.into()]) };
    let grouped = Query::of("shop.Book").group_by([place]);
    let refused = catalog().check(&grouped).map(drop).unwrap_err();
    assert!(refused.code() == Code::BadQuery && refused.hint().unwrap().contains("`annotate` it first"), "{refused}");
    for (name, hidden) in [("partition_by", json!(["author__email"])), ("order_by", json!(["-author__email"]))] {
        let query = json!({"model": "shop.Book", "calls": [{"annotate": {"x": {"window": [{"call": ["rank", []]}, {name: hidden}]}}}]});
        let query: Query = serde_json::from_value(query).unwrap();
        let error = catalog().hide("shop.Person", ["email"]).unwrap().check(&query).map(drop).unwrap_err();
        assert_eq!(error.code(), Code::UnknownName);
    }
    let joined =
        Query::of("shop.Person").join(Join::inner("written", "book")).annotate("n", count().over(Window::new()));
    assert_eq!(catalog().check(&joined.filter("n", 1)).unwrap_err().code(), Code::BadQuery);
    let wrong = |json: &str| serde_json::from_str::<Query>(json).unwrap_err().to_string();
    let nulls = wrong(r#"{"model": "shop.Book", "calls": [{"order_by": [{"by": {"path": "id"}, "nulls": "end"}]}]}"#);
    assert!(nulls.contains("unknown variant `end`, expected `first` or `last`"), "{nulls}");
    let down = wrong(r#"{"model": "shop.Book", "calls": [{"order_by": [{"by": {"path": "id"}, "down": true}]}]}"#);
    assert!(down.contains("unknown field `down`, expected one of `by`, `desc`, `nulls`"), "{down}");
    let named = wrong(r#"{"model": "shop.Book", "calls": [{"values": [{"name": "x", "term": 1}]}]}"#);
    assert!(named.contains("unknown field `name`, expected `as` or `term`"), "{named}");
    let kind = wrong(r#"{"model": "shop.Book", "calls": [{"filter": {"cast": [{"path": "id"}, "string"]}}]}"#);
    assert!(kind.contains("`string` is not a kind of value; there are `bool`, `i16`"), "{kind}");
    let key = wrong(
        r#"{"model": "shop.Book", "calls": [{"annotate": {"x": {"window": [{"call": ["rank", []]}, {"partition_by": [{"paht": "id"}]}]}}}]}"#,
    );
    assert!(key.contains("unknown variant `paht`"), "{key}");
    let inside = Query::of("shop.Book").filter_term(count().over(Window::new()).lookup("gt", 1));
    assert_eq!(catalog().check(&inside).unwrap_err().code(), Code::BadQuery);
    let wrong = r#"{"model": "shop.Book", "calls": [{"annotate": {"x": {"window": [{"call": ["rank", []]}, {"order": ["id"]}]}}}]}"#;
    assert!(serde_json::from_str::<Query>(wrong).is_err());
    let on = Join::inner("written", "book").on(count().over(Window::new()).lookup("gt", 1));
    assert_eq!(catalog().check(&Query::of("shop.Person").then(Call::Join(on))).unwrap_err().code(), Code::BadQuery);
}
