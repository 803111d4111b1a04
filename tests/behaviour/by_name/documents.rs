//! JSON documents by name: ways into them, lookups, and names that look like SQL.

use crate::bed::{Bed, behaviour};
use orm::{
    Code,
    dynamic::{Catalog, Pick, Query, Term, call, exists, path},
    prelude::*,
};
use serde_json::json;

orm::app! { pub papers { Paper } }

#[derive(Model, Debug, Clone)]
pub struct Paper {
    pub id: i64,
    #[field(max_length = 50)]
    pub name: String,
    pub data: Option<serde_json::Value>,
}

const STRANGE: &str = r#"a"b'; DROP TABLE papers_paper --"#;

async fn filled(bed: &Bed) -> orm::Result<()> {
    orm::migrate::create_tables(&bed.db, &[papers()]).await?;
    let rows = [
        (
            "desk",
            Some(
                json!({"name": "Desk", "sizes": [{"width": 120}, {"width": 160}], "price": 90, "sold": null, "new": true}),
            ),
        ),
        ("chair", Some(json!({"name": "chair", "sizes": [], "price": 2.5, "new": false, STRANGE: "x", "größe": "L"}))),
        ("list", Some(json!([1, "two", null]))),
        ("null", Some(json!(null))),
        ("none", None),
    ];
    for (name, data) in rows {
        Paper::draft().name(name).data(data).create(&bed.db).await?;
    }
    Ok(())
}

fn catalog() -> Catalog {
    Catalog::new().app(papers())
}

async fn names(bed: &Bed, condition: Term) -> orm::Result<String> {
    let query = Query::of("papers.Paper").filter_term(condition).order_by(["id"]).values(["name"]);
    let stored: Query = serde_json::from_str(&serde_json::to_string(&query).unwrap()).unwrap();
    let rows = catalog().check(&stored)?.all(&bed.db).await?;
    let name = |row: &orm::dynamic::DynRow| row.to_json()["name"].as_str().unwrap().to_owned();
    Ok(rows.iter().map(name).collect::<Vec<_>>().join(" "))
}

behaviour! {
    async fn elements_by_name(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let query = |calls: serde_json::Value| -> Query {
            serde_json::from_value(json!({"model": "papers.Paper", "calls": calls})).unwrap()
        };
        let size = json!({"annotate": {"size": {"call": ["elements", [{"path": "data__sizes"}]]}}});
        let wide = json!([size, {"filter": {"where": ["size__width__gt", 130]}}, {"values": ["name", "size__width"]}]);
        let rows = catalog().check(&query(wide))?.all(db).await?;
        assert_eq!(rows.iter().map(|row| row.to_json()["name"].clone()).collect::<Vec<_>>(), [json!("desk")]);
        let counted = json!([size, {"group_by": ["name"]}, {"annotate": {"n": {"aggregate": {"function": "count"}}}}, {"order_by": ["name"]}]);
        let rows = catalog().check(&query(counted))?.all(db).await?;
        let pairs: Vec<_> = rows.iter().map(|row| (row.to_json()["name"].clone(), row.to_json()["n"].clone())).collect();
        assert_eq!(pairs, [(json!("desk"), json!(2))]);
        assert_eq!(catalog().check(&query(json!([size, {"values": ["size"]}])))?.count(db).await?, 2);
        // Not where there are no rows of them.
        let early = json!([{"filter": {"lookup": [{"call": ["elements", [{"path": "data__sizes"}]]}, "isnull", false]}}]);
        assert_eq!(catalog().check(&query(early)).unwrap_err().code(), Code::BadQuery);
        let wrong = json!([{"annotate": {"x": {"call": ["elements", [{"path": "name"}]]}}}]);
        assert_eq!(catalog().check(&query(wrong)).unwrap_err().code(), Code::BadQuery);
        // Plans come from the program.
        let plan = catalog().check(&query(json!([{"filter": {"where": ["id", 1]}}])))?.explain(orm::Explain::new(), db).await?;
        assert!(!plan.lines().is_empty());
        Ok(())
    }

    async fn places_from_the_end_of_lists(bed) {
        filled(&bed).await?;
        let many = json!({"sizes": [[1, 2], [3, [4]]], "-x": 5, "-1": 6});
        Paper::draft().name("many").data(Some(many)).create(&bed.db).await?;
        let cases: [(&str, Term, &str); 9] = [
            ("data__sizes__-1__width", 160.into(), "desk"),
            ("data__sizes__-2__width__lt", 130.into(), "desk"),
            ("data__sizes__-1__-1__-1", 4.into(), "many"),
            ("data__-2", "two".into(), "list"),
            ("data__-1__is_json_null", true.into(), "list"),
            ("data__-3__isnull", false.into(), "list"),
            ("data__-4__isnull", false.into(), ""),
            // Neither a text nor a number has a last element, and no object has.
            ("data__name__-1__isnull", false.into(), ""),
            ("data__-1", 6.into(), ""),
        ];
        for (name, value, expected) in cases {
            assert_eq!(names(&bed, Term::named(name, value)).await?, expected, "{name}");
        }
        // A key that looks like a place is reached by a text.
        let key = call("json_get", [path("data"), "-1".into()]).lookup("exact", 6);
        match bed.db.dialect() {
            orm::Dialect::MariaDb => assert_eq!(names(&bed, key).await.unwrap_err().code(), Code::Unsupported),
            _ => assert_eq!(names(&bed, key).await?, "many"),
        }
        Ok(())
    }

    async fn lookups_on_the_text_of_whole_documents(bed) {
        filled(&bed).await?;
        let cases: [(&str, Term, &str); 12] = [
            ("data__icontains", "SIZES\": [{\"WIDTH\": 120}".into(), "desk"),
            ("data__icontains", "\"price\": 2.5".into(), "chair"),
            ("data__icontains", "GRÖSSE".into(), ""),
            ("data__icontains", "größe".into(), "chair"),
            ("data__startswith", "[1, \"two\"".into(), "list"),
            ("data__istartswith", "[1, \"TWO\"".into(), "list"),
            ("data__endswith", "null]".into(), "list"),
            ("data__iendswith", "NULL]".into(), "list"),
            ("data__iexact", "[1, \"Two\", Null]".into(), "list"),
            ("data__iexact", "NULL".into(), "null"),
            ("data__like", "[1,%".into(), "list"),
            ("data__regex", "^.1, .two".into(), "list"),
        ];
        for (name, value, expected) in cases {
            assert_eq!(names(&bed, Term::named(name, value)).await?, expected, "{name}");
        }
        // What lies inside is looked at where it is a text, and `contains` asks what a document holds.
        assert_eq!(names(&bed, Term::named("data__sizes__icontains", "width")).await?, "");
        assert_eq!(names(&bed, Term::named("data__contains", json!({"price": 90}))).await?, "desk");
        let text = Query::of("papers.Paper").filter("name__in", vec!["list", "none"]).order_by(["name"]);
        let text = text.annotate("text", path("data").cast(orm::Kind::Text)).values(["text"]);
        let rows = catalog().check(&text)?.all(&bed.db).await?;
        let texts: Vec<_> = rows.iter().map(|row| row.to_json()["text"].clone()).collect();
        assert_eq!(texts, [json!("[1, \"two\", null]"), json!(null)]);
        Ok(())
    }

    async fn whole_documents_wherever_they_are_read(bed) {
        filled(&bed).await?;
        let count = async |query: Query| catalog().check(&query)?.count(&bed.db).await;
        let papers = || Query::of("papers.Paper");
        let wide = || Term::named("data__icontains", "\"WIDTH\": 120");
        assert_eq!(count(papers().filter_term(wide())).await?, 1);
        // Of different values, and of the rows around a query.
        assert_eq!(count(papers().values(["name", "data"]).distinct().filter_term(wide())).await?, 1);
        assert_eq!(count(papers().order_by(["id"]).values(["name", "data"]).limit(2).filter_term(wide())).await?, 1);
        let around = papers().filter("name", "none").filter_term(path("data").outer().lookup("icontains", "\"WIDTH\": 120"));
        assert_eq!(count(papers().filter_term(exists(around))).await?, 1);
        // Made by the query.
        let made = call("json_object", ["name".into(), path("name")]);
        assert_eq!(count(papers().filter_term(made.lookup("icontains", "\"NAME\": \"DESK"))).await?, 1);
        // What lies inside is its text there, too.
        let inside = || papers().values([Pick::Term { name: "said".to_owned(), term: path("data__name") }]);
        assert_eq!(count(inside().distinct().filter("said__startswith", "Desk")).await?, 1);
        assert_eq!(count(inside().distinct().filter("said__startswith", "\"Desk")).await?, 0);
        let around = papers().filter("name", "none").filter_term(path("data__name").outer().lookup("startswith", "Desk"));
        assert_eq!(count(papers().filter_term(exists(around))).await?, 1);
        Ok(())
    }

    async fn numbers_beyond_the_ends_of_whole_ones(bed) {
        orm::migrate::create_tables(&bed.db, &[papers()]).await?;
        for id in [i64::MIN, 1, i64::MAX] {
            Paper::draft().id(id).name(id.to_string()).create(&bed.db).await?;
        }
        let all = format!("{} 1 {}", i64::MIN, i64::MAX);
        let beyond = 9_223_372_036_854_775_808_u64;
        let cases: [(&str, serde_json::Value, &str); 8] = [
            ("id__lt", json!(beyond), &all),
            ("id__lte", json!(beyond), &all),
            ("id__gt", json!(beyond), ""),
            ("id__gte", json!(beyond), ""),
            ("id", json!(beyond), ""),
            ("id__in", json!([1, beyond]), "1"),
            ("id__range", json!([-1e20, 1e20]), &all),
            ("id__lt", json!(-1e40), ""),
        ];
        for (name, value, expected) in cases {
            let value: Term = value.as_array().map_or_else(|| value.clone().into(), |list| list.clone().into());
            assert_eq!(names(&bed, Term::named(name, value)).await?, expected, "{name}");
        }
        Ok(())
    }

    async fn ways_into_documents_by_name(bed) {
        filled(&bed).await?;
        let cases: Vec<(&str, Term, &str)> = vec![
            ("data__name", "Desk".into(), "desk"),
            ("data__name__exact", "desk".into(), ""),
            ("data__name__iexact", "desk".into(), "desk"),
            ("data__name__in", vec!["Desk", "chair"].into(), "desk chair"),
            ("data__name__icontains", "A".into(), "chair"),
            ("data__name__istartswith", "de".into(), "desk"),
            ("data__name__regex", "^[A-Z]".into(), "desk"),
            ("data__price", 90.into(), "desk"),
            ("data__price", 90.0.into(), "desk"),
            ("data__price__gt", 2.4.into(), "desk chair"),
            ("data__price__lte", 2.5.into(), "chair"),
            ("data__price__range", vec![2, 3].into(), "chair"),
            ("data__name__gt", "a".into(), "chair"),
            ("data__new", true.into(), "desk"),
            ("data__sizes__1__width", 160.into(), "desk"),
            ("data__sizes__0__width__gte", 100.into(), "desk"),
            ("data__sizes", json!([]).into(), "chair"),
            ("data__sizes__0", json!({"width": 120}).into(), "desk"),
            ("data__1", "two".into(), "list"),
            ("data__größe", "L".into(), "chair"),
            ("data__sold__isnull", false.into(), "desk"),
            ("data__sold__is_json_null", true.into(), "desk"),
            ("data__is_json_null", true.into(), "null"),
            ("data__isnull", true.into(), "none"),
            ("data__missing__isnull", true.into(), "chair desk list null none"),
            ("data__has_key", "sizes".into(), "desk chair"),
            ("data__sizes__0__has_key", "width".into(), "desk"),
            ("data__has_keys", vec!["new", "sold"].into(), "desk"),
            ("data__has_any_keys", vec!["größe", "sold"].into(), "desk chair"),
            ("data__has_any_keys", Vec::<String>::new().into(), ""),
            ("data__contains", json!({"new": true}).into(), "desk"),
            ("data__contains", json!({"sizes": [{"width": 160}]}).into(), "desk"),
            ("data__sizes__contains", json!([{"width": 120}]).into(), "desk"),
            ("data__contained_by", json!([1, "two", null, 4]).into(), "list null"),
            ("data__name", path("name"), "chair"),
            ("name", path("data__name"), "chair"),
            ("data__price__gt", path("id"), "desk chair"),
        ];
        for (name, value, expected) in cases {
            let found = names(&bed, Term::named(name, value.clone())).await?;
            let mut sorted: Vec<&str> = expected.split(' ').filter(|name| !name.is_empty()).collect();
            let mut ours: Vec<&str> = found.split(' ').filter(|name| !name.is_empty()).collect();
            sorted.sort_unstable();
            ours.sort_unstable();
            assert_eq!(ours, sorted, "{name} {value:?}");
        }
        Ok(())
    }

    async fn values_of_documents_by_name(bed) {
        filled(&bed).await?;
        let inside = |steps: &[&str]| call("json_get", std::iter::once(path("data")).chain(steps.iter().map(|step| (*step).into())));
        let query = Query::of("papers.Paper").annotate("text", call("json_text", [path("data__name")]))
            .annotate("whole", call("json_integer", [path("data__price")])).annotate("float", call("json_float", [path("data__price")]))
            .annotate("fresh", call("json_bool", [path("data__new")])).annotate("strange", call("json_text", [inside(&[STRANGE])]))
            .annotate("place", call("json_get", [path("data"), 1.into()]))
            .order_by(["id"]).values(["text", "whole", "float", "fresh", "strange", "place"]).limit(3);
        let rows = catalog().check(&query)?.all(&bed.db).await?;
        assert_eq!(serde_json::to_value(&rows).unwrap(), json!([
            {"text": "Desk", "whole": 90, "float": 90.0, "fresh": true, "strange": null, "place": null},
            {"text": "chair", "whole": null, "float": 2.5, "fresh": false, "strange": "x", "place": null},
            {"text": null, "whole": null, "float": null, "fresh": null, "strange": null, "place": "two"},
        ]));
        Ok(())
    }

    async fn documents_in_order(bed) {
        filled(&bed).await?;
        Paper::draft().name("text").data(Some(json!({"price": "10"}))).create(&bed.db).await?;
        Paper::draft().name("little").data(Some(json!({"price": -100}))).create(&bed.db).await?;
        Paper::draft().name("shut").data(Some(json!({"price": true}))).create(&bed.db).await?;
        let ordered = async |by: &str| {
            let query = Query::of("papers.Paper").order_by([by, "id"]).values(["name"]);
            let rows = catalog().check(&query)?.all(&bed.db).await?;
            let names: Vec<_> = rows.iter().map(|row| row.to_json()["name"].as_str().unwrap().to_owned()).collect();
            Ok::<_, orm::Error>(names.join(" "))
        };
        assert_eq!(ordered("data__price").await?, "text little chair desk shut list null none");
        assert_eq!(ordered("-data__price").await?, "list null none shut desk chair little text");
        let query = Query::of("papers.Paper").filter("name__in", vec!["desk", "list", "null", "none"]).order_by(["data"]).values(["name", "data"]);
        let rows = catalog().check(&query)?.all(&bed.db).await?;
        let names: Vec<_> = rows.iter().map(|row| row.to_json()["name"].clone()).collect();
        assert_eq!(names, ["null", "list", "desk", "none"]);
        Ok(())
    }

    async fn keys_are_only_keys(bed) {
        filled(&bed).await?;
        for key in ["'", "\"", "\\", "$", "$.name", "name]", "a'||'b", "') OR 1=1 --", "?", "%", "*", "🦀", STRANGE] {
            let expected = if key == STRANGE { "chair" } else { "" };
            assert_eq!(names(&bed, Term::named("data__has_key", key)).await?, expected, "{key}");
            assert_eq!(names(&bed, Term::named("data__has_any_keys", vec![key])).await?, expected, "{key}");
            let there = call("json_get", [path("data"), key.into()]).lookup("isnull", false);
            assert_eq!(names(&bed, there).await?, expected, "{key}");
            assert_eq!(names(&bed, Term::named(format!("data__{key}"), "x")).await?, expected, "{key}");
        }
        assert_eq!(Paper::objects().count(&bed.db).await?, 5);
        Ok(())
    }
}

#[test]
fn questions_that_documents_have_no_answer_to() {
    let refused = |condition: Term| {
        let query = Query::of("papers.Paper").filter_term(condition);
        let Err(error) = catalog().check(&query).map(drop) else { panic!("{query:?} is refused") };
        error.code()
    };
    let cases = [
        Term::named("data__price__gt", json!({"a": 1})),
        Term::named("data__price__gt", true),
        Term::named("data__gt", path("data__price")),
        Term::named("data__has_key", 1),
        Term::named("data__has_keys", "a"),
        Term::named("data__overlap", vec![1]),
        Term::named("name__is_json_null", true),
        call("json_text", [path("name")]).lookup("exact", "x"),
        call("json_get", [path("name"), "x".into()]).lookup("isnull", true),
        call("json_get", [path("data"), path("name")]).lookup("isnull", true),
        call("json_get", [path("data"), (-1).into()]).lookup("isnull", true),
        call("json_get", []).lookup("isnull", true),
        Term::named("data__is_json_null", "yes"),
    ];
    for term in cases {
        assert!(matches!(refused(term.clone()), Code::BadQuery | Code::InvalidValue), "{term:?}");
    }
}
