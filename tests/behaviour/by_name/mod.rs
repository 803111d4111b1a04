//! Queries by name: the same rows as typed ones, whatever they hold, and nothing of them in SQL text.

mod between;
mod changes;
mod described;
mod documents;
mod functions;
mod keys;
mod own;
mod prefetch;
mod upserts;
mod windows;

use crate::{bed::behaviour, shop::*};
use orm::{
    Code, Value,
    dynamic::{
        Call, Case, Catalog, Change, DynRow, Join, Limits, Node, Order, Pick, Query, Term, any, avg, call, count,
        count_of, exists, max, min, over, path, sum,
    },
    prelude::*,
};
use serde_json::json;

fn catalog() -> Catalog {
    Catalog::new().app(shop())
}

async fn rows(bed: &crate::bed::Bed, query: &Query) -> orm::Result<Vec<DynRow>> {
    // What is stored and read again is the same query.
    let stored: Query = serde_json::from_str(&serde_json::to_string(query).unwrap()).unwrap();
    assert_eq!(stored, *query);
    catalog().check(&stored)?.all(&bed.db).await
}

/// The rows as JSON.
async fn json_of(bed: &crate::bed::Bed, query: &Query) -> orm::Result<serde_json::Value> {
    Ok(serde_json::to_value(rows(bed, query).await?).unwrap())
}

/// The keys of the books that a condition keeps.
async fn kept(bed: &crate::bed::Bed, condition: impl Into<Term>) -> orm::Result<Vec<i64>> {
    let query = Query::of("shop.Book").filter_term(condition).order_by(["id"]).values(["id"]);
    Ok(rows(bed, &query)
        .await?
        .iter()
        .map(|row| match row[0] {
            Value::I64(id) => id,
            ref other => panic!("{other:?}"),
        })
        .collect())
}

behaviour! {
    async fn lookups_by_name(bed) {
        filled(&bed).await?;
        let cases: Vec<(&str, Term, &[i64])> = vec![
            ("title", "Notes".into(), &[1]),
            ("title__exact", "notes".into(), &[]),
            ("title__iexact", "ÉMILE_X".into(), &[4]),
            ("title__contains", "%".into(), &[3]),
            ("title__icontains", "OBO".into(), &[3]),
            ("title__startswith", "Sketch\\[".into(), &[5]),
            ("title__istartswith", "ÉM".into(), &[4]),
            ("title__endswith", "*b?".into(), &[5]),
            ("title__iendswith", "_X".into(), &[4]),
            ("title__regex", "^[A-Z]+ ".into(), &[3]),
            ("title__iregex", "^notes$".into(), &[1]),
            ("title__like", "%o%s".into(), &[1, 2]),
            ("title__length__lt", 6.into(), &[1]),
            ("title__lower__in", vec!["notes", "compilers"].into(), &[1, 2]),
            ("price__gt", "9.99".into(), &[1, 2]),
            ("price__gte", 9.99.into(), &[1, 2, 3]),
            ("price__range", vec![0.1, 0.2].into(), &[4, 5]),
            ("discount", None::<i64>.into(), &[2, 4]),
            ("discount__isnull", false.into(), &[1, 3, 5]),
            ("discount__ne", "0.50".into(), &[2, 3, 4, 5]),
            ("stock", i64::MAX.into(), &[]),
            ("stock__lt", i64::MAX.into(), &[1, 2, 3, 4, 5]),
            ("stock__lt", 2.5.into(), &[2, 4]),
            ("stock__in", vec![json!(7), json!(0), json!(i64::MAX), json!(3.5)].into(), &[2, 3, 5]),
            ("stock__in", Vec::<i64>::new().into(), &[]),
            ("rating__in", vec![json!(4.5), json!(null)].into(), &[1, 3, 5]),
            ("active", false.into(), &[3, 5]),
            ("active", "true".into(), &[1, 2, 4]),
            ("published__year", 1952.into(), &[2]),
            ("published__lt", "1900-01-01".into(), &[1]),
            ("published__month__in", vec![2, 12].into(), &[3, 5]),
            ("author", 2.into(), &[2, 3]),
            ("author_id", 2.into(), &[2, 3]),
            ("author__pk__in", vec![1, 3].into(), &[1, 4, 5]),
            ("author__name__startswith", "G".into(), &[2, 3]),
            ("author__country__name__iexact", "britain".into(), &[1, 5]),
            ("author__mentor__name", "Ada".into(), &[2, 3]),
            ("editor__isnull", true.into(), &[1, 3]),
            ("editor__name", None::<i64>.into(), &[1, 3]),
            ("author__same", path("editor"), &[5]),
            ("author__profile__score__gt", 5.into(), &[1, 5]),
            ("tags__slug", "old".into(), &[1, 3]),
            ("tags", 3.into(), &[2, 3]),
            ("tags__in", vec![1, 2].into(), &[1, 3, 5]),
            ("tags__isnull", true.into(), &[4]),
            ("tags__isnull", false.into(), &[1, 2, 3, 5]),
            ("lines__order__customer__name", "Émile".into(), &[1, 2]),
            ("author__pupils__written__title__icontains", "cobol".into(), &[1, 5]),
            ("title", path("author__name"), &[]),
            ("stock__gt", path("rating"), &[]),
            ("author__in", Query::of("shop.Person").filter("born__lt", "1900-01-01").into(), &[1, 5]),
            ("author__name__in", Query::of("shop.Person").values(["name"]).order_by(["-name"]).limit(1).into(), &[4]),
        ];
        for (name, value, expected) in cases {
            let found = kept(&bed, Term::named(name, value.clone())).await?;
            assert_eq!(found, expected, "{name} {value:?}");
            let excluded = Query::of("shop.Book").exclude(name, value).order_by(["id"]).values(["id"]);
            let left: Vec<i64> = (1..=5).filter(|id| !expected.contains(id)).collect();
            assert_eq!(json_of(&bed, &excluded).await?, left.iter().map(|id| json!({"id": id})).collect::<serde_json::Value>(), "{name}");
        }
        Ok(())
    }

    async fn conditions_by_name(bed) {
        filled(&bed).await?;
        let (active, cheap, dated) = (Term::named("active", true), Term::named("price__lt", 10), Term::named("published__year__gt", 1950));
        assert_eq!(kept(&bed, active.clone() & cheap.clone()).await?, [4]);
        assert_eq!(kept(&bed, active.clone() | cheap.clone()).await?, [1, 2, 3, 4, 5]);
        assert_eq!(kept(&bed, !(active.clone() & cheap.clone())).await?, [1, 2, 3, 5]);
        assert_eq!(kept(&bed, !dated.clone()).await?, [1, 4]);
        let odd: Term = Node::Xor(vec![active.clone(), cheap.clone(), dated.clone()]).into();
        assert_eq!(kept(&bed, odd).await?, [1]);
        assert_eq!(kept(&bed, Term::from(Node::Xor(vec![active.clone(), dated]))).await?, [1, 3, 4, 5]);
        assert_eq!(kept(&bed, Term::from(Node::And(vec![]))).await?, [1, 2, 3, 4, 5]);
        assert_eq!(kept(&bed, Term::from(Node::Or(vec![]))).await?, [0i64; 0]);
        assert_eq!(kept(&bed, (path("price") * 2).lookup("gt", path("price") + 10)).await?, [1, 2]);
        assert_eq!(kept(&bed, any("tags", Term::named("slug", "code") & Term::named("slug", "old"))).await?, [0i64; 0]);
        assert_eq!(kept(&bed, Term::named("tags__slug", "code") & Term::named("tags__slug", "old")).await?, [3]);
        assert_eq!(kept(&bed, any("tags", Term::named("slug", path("title").outer()) | Term::named("id__gt", 2))).await?, [2, 3]);
        let same_author = Query::of("shop.Book").filter("author", path("author").outer()).exclude("pk", path("pk").outer());
        assert_eq!(kept(&bed, exists(same_author.clone())).await?, [1, 2, 3, 5]);
        assert_eq!(kept(&bed, exists(same_author.nothing())).await?, [0i64; 0]);
        let deep = Query::of("shop.Line").filter("book", path("id").outer())
            .filter_term(exists(Query::of("shop.Order").filter("pk", path("order").outer()).filter("lines__book", path("id").outer().outer()).filter("note", "gift")));
        assert_eq!(kept(&bed, exists(deep)).await?, [1, 2]);
        Ok(())
    }

    async fn values_and_annotations_by_name(bed) {
        filled(&bed).await?;
        let size = Case { when: vec![(Term::named("price__lt", 1), "cheap".into()), (Term::named("price__lt", 20), "fair".into())], otherwise: Some("dear".into()) };
        let query = Query::of("shop.Book").annotate("size", Node::Case(size)).annotate("half", path("price") / 2)
            .annotate("labels", count_of("tags")).annotate("sold", sum(path("lines__quantity")).or(0))
            .annotate("shout", call("concat", [call("upper", [path("author__name")]), "!".into()]))
            .annotate("dear", path("price").lookup("gt", 20))
            .filter("labels__gte", 1).order_by(["-sold", "id"]).values(["id", "size", "half", "labels", "sold", "shout", "dear"]).limit(2);
        assert_eq!(json_of(&bed, &query).await?, json!([
            {"id": 1, "size": "fair", "half": "6.250000", "labels": 2, "sold": 3, "shout": "ADA!", "dear": false},
            {"id": 2, "size": "dear", "half": "20.000000", "labels": 1, "sold": 1, "shout": "GRACE!", "dear": true},
        ]));
        let latest = Query::of("shop.Book").filter("author", path("pk").outer()).order_by([Order::Term { by: path("published"), desc: true, nulls: Some(orm::dynamic::Nulls::Last) }]).values(["title"]);
        let people = Query::of("shop.Person").annotate("latest", latest).order_by(["id"]).values(["name", "latest"]);
        assert_eq!(json_of(&bed, &people).await?, json!([
            {"name": "Ada", "latest": "Sketch\\[a*b?"}, {"name": "Grace", "latest": "COBOL 100%"}, {"name": "Émile", "latest": "émile_x"}, {"name": "Nobody", "latest": null},
        ]));
        let sets = Query::of("shop.Person").annotate("n", count_of("written")).annotate("tags", count_of("written__tags"))
            .annotate("dear", over("written", count().filtered(Term::named("price__gt", 10)))).annotate("mean", avg(path("written__stock")))
            .annotate("first", min(path("written__published"))).order_by(["id"]).values(["n", "tags", "dear", "mean", "first"]);
        assert_eq!(json_of(&bed, &sets).await?, json!([
            {"n": 2, "tags": 3, "dear": 1, "mean": 5.0, "first": "1843-09-01"},
            {"n": 2, "tags": 3, "dear": 1, "mean": 3.5, "first": "1952-05-02"},
            {"n": 1, "tags": 0, "dear": 0, "mean": -2.0, "first": null},
            {"n": 0, "tags": 0, "dear": 0, "mean": null, "first": null},
        ]));
        let whole = rows(&bed, &Query::of("shop.Book").filter("id", 1).select_related(["author__country"])).await?;
        assert_eq!(whole[0].names()[..10], ["id", "title", "price", "discount", "active", "stock", "rating", "published", "author_id", "editor_id"]);
        assert_eq!((&whole[0]["price"], &whole[0]["author__country__name"]), (&Value::Decimal(dec("12.50")), &Value::Text("Britain".into())));
        Ok(())
    }

    async fn groups_and_joins_by_name(bed) {
        filled(&bed).await?;
        let groups = Query::of("shop.Book").group_by(["author__name"]).annotate("n", count()).annotate("total", sum(path("price")))
            .filter("n__gt", 1).filter("author__name__ne", "Ada").order_by(["-total"]);
        assert_eq!(json_of(&bed, &groups).await?, json!([{"author__name": "Grace", "n": 2, "total": "49.99"}]));
        let years = Query::of("shop.Book").group_by([Pick::Term { name: "year".into(), term: path("published__year") }]).annotate("n", count()).filter("year__isnull", false).order_by(["year"]).limit(1);
        assert_eq!(json_of(&bed, &years).await?, json!([{"year": 1843, "n": 1}]));
        let picked = Query::of("shop.Book").group_by(["author__name"]).annotate("n", count()).filter("n", 2).order_by(["-author__name"]).values(["n"]);
        assert_eq!(json_of(&bed, &picked).await?, json!([{"n": 2}, {"n": 2}]));
        let most = Query::of("shop.Book").group_by(["author"]).annotate("n", count()).order_by(["-n", "author"]).limit(1).values(["author"]);
        let busiest = Query::of("shop.Person").filter("id__in", most).values(["name"]);
        assert_eq!(json_of(&bed, &busiest).await?, json!([{"name": "Ada"}]));
        let all = Query::of("shop.Book").then(Call::Aggregate(vec![("n".into(), count()), ("total".into(), sum(path("price"))), ("most".into(), max(path("rating"))), ("authors".into(), count_of("author").distinct())]));
        assert_eq!(json_of(&bed, &all).await?, json!([{"n": 5, "total": "62.79", "most": 4.5, "authors": 3}]));
        let none = Query::of("shop.Book").nothing().aggregate("n", count()).aggregate("x", count());
        assert_eq!(json_of(&bed, &none).await?, json!([{"x": 1}]));
        assert_eq!(json_of(&bed, &Query::of("shop.Book").nothing().aggregate("n", count())).await?, json!([{"n": 0}]));
        assert_eq!(json_of(&bed, &Query::of("shop.Book").order_by(["-price"]).limit(3).aggregate("n", sum(path("price")))).await?, json!([{"n": "62.49"}]));
        let pairs = Query::of("shop.Person").join(Join::left("written", "book").on(Term::named("book__price__gt", 10))).order_by(["id"]).values(["name", "book__title"]);
        assert_eq!(json_of(&bed, &pairs).await?, json!([
            {"name": "Ada", "book__title": "Notes"}, {"name": "Grace", "book__title": "Compilers"}, {"name": "Émile", "book__title": null}, {"name": "Nobody", "book__title": null},
        ]));
        let labels = Query::of("shop.Person").join(Join::inner("written", "book")).join(Join::inner("book__tags", "tag")).group_by(["tag__slug"]).annotate("n", count()).order_by(["-n", "tag__slug"]);
        assert_eq!(json_of(&bed, &labels).await?, json!([{"tag__slug": "code", "n": 2}, {"tag__slug": "maths", "n": 2}, {"tag__slug": "old", "n": 2}]));
        let own_editor = Query::of("shop.Book").join(Join::inner("editor", "e").on(Term::named("e", path("author")))).values(["title"]);
        assert_eq!(json_of(&bed, &own_editor).await?, json!([{"title": "Sketch\\[a*b?"}]));
        Ok(())
    }

    async fn groups_by_values_of_one_name_are_counted(bed) {
        filled(&bed).await?;
        let groups = Query::of("shop.Book").group_by(["author__name", "editor__name"]).annotate("n", count());
        assert_eq!(catalog().check(&groups)?.count(&bed.db).await?, 5);
        let different = Query::of("shop.Book").values(["author__country__name", "editor__country__name"]).distinct();
        assert_eq!(catalog().check(&different)?.count(&bed.db).await?, 5);
        Ok(())
    }

    async fn sets_and_further_steps_by_name(bed) {
        filled(&bed).await?;
        let titles = || Query::of("shop.Book").filter("price__lt", 10).values(["title"]);
        let both = titles().union(Query::of("shop.Tag").values(["slug"])).filter("title__startswith", "C").order_by(["title"]);
        assert_eq!(json_of(&bed, &both).await?, json!([{"title": "COBOL 100%"}]));
        assert_eq!(catalog().check(&titles().union(Query::of("shop.Tag").values(["slug"])))?.count(&bed.db).await?, 7);
        let twice = titles().then(Call::UnionAll(titles())).order_by(["-title"]).limit(2);
        let rows_of = rows(&bed, &twice).await?;
        assert_eq!((rows_of.len(), &rows_of[0]), (2, &rows_of[1]));
        let not_old = titles().then(Call::Difference(Query::of("shop.Book").filter("tags__slug", "old").values(["title"])));
        assert_eq!(catalog().check(&not_old)?.count(&bed.db).await?, 2);
        let old = titles().then(Call::Intersection(Query::of("shop.Book").filter("tags__slug", "old").values(["title"])));
        assert_eq!(json_of(&bed, &old).await?, json!([{"title": "COBOL 100%"}]));
        let wrong = titles().union(Query::of("shop.Book").values(["id"]));
        assert_eq!(catalog().check(&wrong).unwrap_err().code(), Code::BadQuery);
        assert_eq!(catalog().check(&both.filter("price", 1)).unwrap_err().code(), Code::UnknownName);
        let per_author = Query::of("shop.Book").group_by(["author__name"]).annotate("n", count());
        let most = per_author.clone().aggregate("most", max(path("n"))).clone();
        assert_eq!(json_of(&bed, &most).await?, json!([{"most": 2}]));
        let cut = per_author.order_by(["-n", "author__name"]).limit(2).filter("author__name", "Grace");
        assert_eq!(json_of(&bed, &cut).await?, json!([{"author__name": "Grace", "n": 2}]));
        let different = Query::of("shop.Book").values(["author__name"]).distinct().aggregate("n", count());
        assert_eq!(json_of(&bed, &different).await?, json!([{"n": 3}]));
        Ok(())
    }

    async fn typed_and_by_name_together(bed) {
        filled(&bed).await?;
        let catalog = catalog();
        let asked: Q<Book> = catalog.condition(&(Term::named("tags__slug", "old") | Term::named("author__name", "Émile")))?;
        assert_eq!(ids(&bed, |b| b.price.lt(10) & asked).await?, [3, 4]);
        let query = Query::of("shop.Book").exclude("active", false).order_by(["-price"]).limit(2);
        let found = catalog.apply(&query, Book::objects().filter(|b| b.price.lt(20)).select_related(|b| b.author))?.all(&bed.db).await?;
        assert_eq!((titles(&found), found[0].author.get()?.name.as_str()), (vec!["Notes", "émile_x"], "Ada"));
        let error = catalog.apply(&query.clone().values(["title"]), Book::objects()).map(drop).unwrap_err();
        assert_eq!(error.code(), Code::BadQuery);
        let error = catalog.apply(&query, Person::objects()).map(drop).unwrap_err();
        assert_eq!(error.code(), Code::BadQuery);
        let limited = catalog.limits(Limits { rows: Some(1), ..Limits::default() });
        assert_eq!(limited.apply(&Query::of("shop.Book"), Book::objects())?.all(&bed.db).await?.len(), 1);
        Ok(())
    }

    async fn slices_by_name(bed) {
        filled(&bed).await?;
        let cheap = Query::of("shop.Book").order_by(["price"]).limit(3);
        assert_eq!(json_of(&bed, &cheap.clone().filter("price__gt", 1).values(["id"])).await?, json!([{"id": 3}]));
        assert_eq!(json_of(&bed, &cheap.clone().reverse().values(["id"])).await?, json!([{"id": 3}, {"id": 5}, {"id": 4}]));
        assert_eq!(json_of(&bed, &cheap.clone().offset(2).values(["id"])).await?, json!([{"id": 3}]));
        assert_eq!(catalog().check(&cheap.clone().order_by(["id"])).unwrap_err().code(), Code::BadQuery);
        assert_eq!(catalog().check(&cheap)?.count(&bed.db).await?, 3);
        assert_eq!(json_of(&bed, &Query::of("shop.Person").reverse().limit(1).values(["name"])).await?, json!([{"name": "Émile"}]));
        let authors = Query::of("shop.Book").values(["author__name"]).distinct().order_by(["-author__name"]).limit(1);
        assert_eq!(json_of(&bed, &authors).await?, json!([{"author__name": "Émile"}]));
        bed.log.clear();
        assert!(rows(&bed, &Query::of("shop.Book").nothing()).await?.is_empty());
        assert!(!catalog().check(&Query::of("shop.Book").nothing())?.exists(&bed.db).await?);
        bed.log.assert_queries(0);
        Ok(())
    }

    async fn the_examples_of_the_document(bed) {
        filled(&bed).await?;
        let document = include_str!("../../../docs/by-name.md");
        let examples: Vec<&str> = document.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        let (changes, examples): (Vec<&str>, Vec<&str>) = examples.into_iter().partition(|example| !example.contains("\n  \"model\""));
        assert_eq!((examples.len(), changes.len()), (10, 2));
        for example in changes {
            let change: Change = serde_json::from_str(example).unwrap_or_else(|error| panic!("{error}\n{example}"));
            assert_eq!(catalog().writable(["shop.Book"])?.check_change(&change)?.run(&bed.db).await?.total, 2);
        }
        let mut found = Vec::new();
        for example in examples {
            let query: Query = serde_json::from_str(example).unwrap_or_else(|error| panic!("{error}\n{example}"));
            found.push(rows(&bed, &query).await?);
        }
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1, 2, 4, 2, 1, 3, 3, 1]);
        assert_eq!((&found[1][0]["month"], &found[1][0]["n"]), (&Value::Timestamp(day(2024, 2, 1).and_time(NaiveTime::MIN)), &Value::I64(2)));
        assert_eq!((&found[3][0]["name"], &found[3][0]["sold"]), (&Value::Text("Ada".into()), &Value::I64(3)));
        assert_eq!(found[9][0]["latest"], Value::Text("Sketch\\[a*b?".into()));
        Ok(())
    }
}

#[test]
fn what_is_wrong_is_named() {
    let catalog = catalog().hide("shop.Person", ["email"]).unwrap();
    let refused = |path: &str, value: serde_json::Value| {
        let query = json!({"model": "shop.Book", "calls": [{"filter": {"where": [path, value]}}]});
        let query: Query = serde_json::from_value(query).unwrap();
        let Err(error) = catalog.check(&query).map(drop) else { panic!("{path} is refused") };
        (error.message().to_owned(), error.hint().unwrap_or_default().to_owned())
    };
    assert_eq!(refused("price__gt", json!("cheap")).0, "`price__gt`: expected a decimal number");
    let (message, hint) = refused("author__email", json!("x"));
    assert_eq!(message, "a field of `shop.Person` is not called `email`");
    assert!(!hint.contains("acos") && hint.contains("born"), "{hint}");
}
