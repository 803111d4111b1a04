//! Queries by name from people who mean no good: what they write is refused with a code or bound as a value, and never part of SQL.

use crate::{bed::behaviour, shop::*};
use orm::{
    Code, Dialect, Kind, Value,
    dynamic::{
        Call, Catalog, Join, Limits, Node, Order, Pick, Prefetch, Query, Term, Window, any, call, count, count_of,
        exists, over, path, string_agg, sum,
    },
    prelude::*,
};
use proptest::{
    collection::vec,
    prop_oneof,
    strategy::{Just, Strategy, ValueTree},
    test_runner::TestRunner,
};
use serde_json::json;

/// What has broken query builders before, and what breaks text in general.
const HOSTILE: &[&str] = &[
    "x'; DROP TABLE shop_book; --",
    "x\"; DROP TABLE shop_book; --",
    "x`; DROP TABLE shop_book; --",
    "\" OR 1=1 --",
    "') OR 1=1 OR ('a'='a",
    "name\" FROM shop_person; --",
    "a b",
    "a\tb",
    "a\nb",
    "a;b",
    "a--b",
    "a#b",
    "a/*b*/",
    "a.b",
    "a,b",
    "a(b)",
    "crafted_alia%s",
    "crafted_alia%(x)s",
    "%",
    "$1",
    "?",
    "\\",
    "\u{0}",
    "\u{1}\u{7f}",
    "\u{202e}eman",
    "\u{feff}",
    "😀",
    "",
    " ",
    "_",
    "__",
    "____",
    "a__b",
    "__class__",
    "1a",
    "-",
    "--title",
    "?title",
    "title desc",
    "title) FROM shop_book; --",
    "title__exact' OR '1'='1",
    "author__",
    "__author",
    "author____name",
    "author__name__",
];

/// Nothing of the text is in the statement, whatever the dialect.
fn is_bound(query: &Query, text: &str) {
    let checked = Catalog::new().app(shop()).check(query).unwrap();
    for dialect in Dialect::ALL {
        match checked.to_sql(dialect) {
            // A placeholder is all that stands for it.
            Ok(sql) => assert!(text.trim().len() < 2 || *text == *"$1" || !sql.contains(text), "{sql}"),
            // What the database cannot keep comes into no statement.
            Err(error) => {
                assert!(text.contains('\0') && !dialect.capabilities().nul, "{error}");
                assert_eq!(error.code(), Code::InvalidValue, "{error}");
            }
        }
    }
}

fn code_of(query: &Query) -> Option<Code> {
    Catalog::new().app(shop()).check(query).err().map(|error| {
        let (shown, hint) = (error.to_string(), error.hint().unwrap_or_default());
        assert!(!shown.chars().any(|letter| letter.is_control() && letter != '\n'), "{shown:?}");
        assert!(shown.len() < 2_000 && hint.len() < 1_000, "{shown}");
        error.code()
    })
}

const REFUSED: [Code; 5] = [Code::UnknownName, Code::BadName, Code::BadQuery, Code::InvalidValue, Code::TooComplex];

#[test]
fn names_of_terms_are_checked() {
    for name in HOSTILE.iter().filter(|name| **name != "_") {
        let book = || Query::of("shop.Book");
        let named = |term: Term| Pick::Term { name: (*name).to_owned(), term };
        let queries = [
            book().annotate(*name, 1),
            book().annotate(*name, count_of("tags")),
            book().alias(*name, path("price")),
            book().aggregate(*name, count()),
            book().values([named(path("title"))]),
            book().group_by([named(path("title"))]),
            book().group_by(["title"]).annotate(*name, count()),
            book().join(Join::left("tags", *name)),
            book().filter_term(exists(book().annotate(*name, 1))),
        ];
        for query in queries {
            assert_eq!(code_of(&query), Some(Code::BadName), "{name:?} {query:?}");
        }
    }
}

#[test]
fn names_of_fields_lookups_and_functions_are_looked_up() {
    for name in HOSTILE {
        let book = || Query::of("shop.Book");
        let queries = [
            Query::of(*name),
            book().filter(*name, 1),
            book().filter(format!("title__{name}"), "x"),
            book().filter(format!("author__{name}"), 1),
            book().filter(format!("tags__{name}"), 1),
            book().exclude_term(path("title").lookup(*name, "x")),
            book().order_by([*name]),
            book().order_by([format!("-{name}")]),
            book().order_by([format!("title__{name}")]),
            book().values([*name]),
            book().group_by([*name]),
            book().annotate("x", path(*name)),
            book().annotate("x", call(*name, [path("title")])),
            book().annotate("x", sum(path(*name))),
            book().filter_term(any(*name, Term::named("id", 1))),
            book().annotate("x", over(*name, count())),
            book().select_related([*name]),
            book().join(Join::left(*name, "x")),
            book().filter("author__in", Query::of("shop.Person").values([*name])),
        ];
        for query in queries {
            // `title__` without a lookup is no name either.
            let code = code_of(&query);
            assert!(code.is_some_and(|code| REFUSED.contains(&code)), "{name:?} {query:?} {code:?}");
        }
        let aggregate = json!({"aggregate": {"function": name, "of": {"path": "price"}}});
        let query: Term = serde_json::from_value(aggregate).unwrap();
        assert_eq!(code_of(&book().aggregate("x", query)), Some(Code::UnknownName));
    }
}

#[test]
fn values_are_bound() {
    for text in HOSTILE {
        let book = || Query::of("shop.Book").values(["id"]);
        for lookup in
            ["exact", "iexact", "contains", "icontains", "startswith", "iendswith", "gt", "ne", "like", "regex"]
        {
            is_bound(&book().filter(format!("title__{lookup}"), *text), text);
        }
        is_bound(&book().filter("title__in", vec![*text, "x"]), text);
        is_bound(&book().filter("author__written__tags__slug", *text), text);
        is_bound(&Query::of("shop.Book").annotate("x", call("concat", [path("title"), (*text).into()])), text);
        is_bound(
            &Query::of("shop.Book").annotate("x", call("replace", [path("title"), (*text).into(), "y".into()])),
            text,
        );
        for field in
            ["price", "active", "stock", "rating", "published", "author", "lines__order", "lines__order__placed"]
        {
            let code = code_of(&book().filter(field, *text));
            assert_eq!(code, Some(Code::InvalidValue), "{field} {text:?}");
        }
        assert_eq!(code_of(&book().filter("title__isnull", *text)), Some(Code::InvalidValue));
    }
}

#[test]
fn zones_and_collations_are_no_sql() {
    for name in HOSTILE {
        let zone = Query::of("shop.Order").in_zone(*name).filter("placed__hour", 1).values(["id"]);
        let Ok(checked) = Catalog::new().app(shop()).check(&zone) else {
            assert_eq!(code_of(&zone), Some(Code::BadQuery), "{name:?}");
            continue;
        };
        for dialect in Dialect::ALL {
            match checked.to_sql(dialect) {
                Ok(sql) => assert!(name.trim().len() < 2 || *name == "$1" || !sql.contains(name), "{sql}"),
                Err(error) => assert!(matches!(error.code(), Code::Unsupported | Code::InvalidValue), "{error}"),
            }
        }
        let collated = call("collate", [path("title"), (*name).into()]).lookup("exact", "x");
        let checked = Catalog::new().app(shop()).check(&Query::of("shop.Book").filter_term(collated)).unwrap();
        for (dialect, quote) in [(Dialect::Sqlite, "\""), (Dialect::Postgres, "\""), (Dialect::MariaDb, "`")] {
            let sql = checked.to_sql(dialect).unwrap();
            let quoted = format!("COLLATE {quote}{}{quote}", name.replace(quote, &quote.repeat(2)));
            assert!(sql.contains(&quoted), "{sql}");
        }
        let key = call("json_object", [(*name).into(), path("id")]);
        is_bound(&Query::of("shop.Book").annotate("x", key).values(["x"]), name);
    }
}

#[test]
fn what_is_not_of_the_form_is_not_read() {
    let wrong = [
        json!({"model": "shop.Book", "calls": [{"zone": ["UTC"]}]}),
        json!({"model": "shop.Book", "calls": [{"annotate": {"x": {"window": [{"call": ["rank", []]}, {"without": "current row"}]}}}]}),
        json!({"model": "shop.Book", "calls": [{"raw": "SELECT 1"}]}),
        json!({"model": "shop.Book", "calls": [{"extra": {"where": ["1=1"]}}]}),
        json!({"model": "shop.Book", "calls": [{"filter": {"sql": "1=1"}}]}),
        json!({"model": "shop.Book", "calls": [{"filter": {"where": ["title", "x"], "or": []}}]}),
        json!({"model": "shop.Book", "calls": [{"filter": {}}]}),
        json!({"model": "shop.Book", "calls": [{"filter": {"where": ["title"]}}]}),
        json!({"model": "shop.Book", "calls": [{"limit": -1}]}),
        json!({"model": "shop.Book", "calls": [{"limit": "1; DROP TABLE shop_book"}]}),
        json!({"model": "shop.Book", "calls": [{"order_by": [{"by": {"path": "id"}, "nulls": "first; DROP"}]}]}),
        json!({"model": "shop.Book", "calls": [{"annotate": {"x": {"cast": [{"path": "id"}, "text); DROP"]}}}]}),
        json!({"model": "shop.Book", "calls": [{"annotate": {"x": {"aggregate": {"function": "sum", "template": "%(x)s"}}}}]}),
        json!({"model": "shop.Book", "calls": [{"join": {"relation": "tags", "as": "t", "type": "CROSS JOIN"}}]}),
        json!({"model": "shop.Book", "calls": [{"explain": {"analyze": true}}]}),
        json!({"model": "shop.Book", "using": "other"}),
        json!({"calls": []}),
    ];
    for wrong in wrong {
        assert!(serde_json::from_value::<Query>(wrong.clone()).is_err(), "{wrong}");
    }
    let twice = r#"{"model": "shop.Book", "calls": [{"annotate": {"x": 1, "x": 2}}]}"#;
    assert!(serde_json::from_str::<Query>(twice).is_err());
}

#[test]
fn what_is_too_large_is_refused() {
    let book = || Query::of("shop.Book");
    let mut deep = Term::named("id", 1);
    for _ in 0..1_000 {
        deep = !deep;
    }
    assert_eq!(code_of(&book().filter_term(deep)), Some(Code::TooComplex));
    let text = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    assert!(serde_json::from_str::<Term>(&text).is_err());

    let wide = Term::from(Node::Or((0..2_000).map(|id| Term::named("id", id)).collect()));
    assert_eq!(code_of(&book().filter_term(wide)), Some(Code::TooComplex));
    let long: Vec<i64> = (0..10_001).collect();
    assert_eq!(code_of(&book().filter("id__in", long)), Some(Code::TooComplex));
    assert_eq!(code_of(&book().filter("title", "x".repeat(100_001))), Some(Code::TooComplex));
    assert_eq!(code_of(&book().filter("author__mentor__".repeat(50), 1)), Some(Code::TooComplex));
    let far = format!("{}name", "author__".to_owned() + &"mentor__".repeat(40));
    assert_eq!(code_of(&book().filter(far, "x")), Some(Code::TooComplex));
    let sets = (0..40).fold(book(), |query, n| {
        query.annotate(format!("n{n}"), over("tags", count().filtered(Term::named("id__gt", n))))
    });
    assert_eq!(code_of(&sets), Some(Code::TooComplex));
    // Each name doubles the one before it: 2^60 parts.
    let doubled = (0..60).fold(book().alias("n0", path("stock") + path("stock")), |query, n| {
        query.alias(format!("n{}", n + 1), path(format!("n{n}")) + path(format!("n{n}")))
    });
    assert_eq!(code_of(&doubled), Some(Code::TooComplex));
    let catalog = Catalog::new().app(shop()).limits(Limits { regex: false, ..Limits::default() });
    assert_eq!(catalog.check(&book().filter("title__regex", "(a+)+$")).unwrap_err().code(), Code::BadQuery);
}

#[test]
fn hidden_fields_do_not_exist() {
    let catalog = Catalog::new().app(shop()).hide("shop.Person", ["email", "country"]).unwrap();
    let person = || Query::of("shop.Person");
    let queries = [
        person().filter("email", "x"),
        person().filter("email__startswith", "a"),
        person().order_by(["email"]),
        person().values(["email"]),
        person().annotate("x", path("email")),
        person().group_by(["email"]),
        person().filter("country", "UK"),
        person().filter("country_id", "UK"),
        person().filter("country__name", "x"),
        person().select_related(["country"]),
        person().prefetch(["country"]),
        person().annotate("x", count().over(Window::new().partition_by(["email"]))),
        person().annotate("x", count().over(Window::new().order_by(["-email"]))),
        person().aggregate("x", string_agg(path("name"), ",").ordered(["email"])),
        Query::of("shop.Book").prefetch(["author__country"]),
        person().join(Join::left("country", "c")),
        Query::of("shop.Book").filter("author__email__contains", "@"),
        Query::of("shop.Book").filter_term(any("author__pupils", Term::named("email", "x"))),
        Query::of("shop.Country").annotate("x", count_of("people__email")),
    ];
    for query in queries {
        let error = catalog.check(&query).unwrap_err();
        assert_eq!(error.code(), Code::UnknownName, "{query:?}");
        assert!(!error.hint().unwrap_or_default().contains("email"), "{error}");
    }
    let names = catalog.check(&Query::of("shop.Book").select_related(["author"])).unwrap();
    assert!(!names.names().iter().any(|name| name.contains("email") || name.contains("author__country")));
    let alone = Catalog::new().model(orm::tree::ModelRef::Static(Book::meta()));
    for path in ["author", "author__name", "tags", "editor__pk", "lines__id"] {
        assert_eq!(
            alone.check(&Query::of("shop.Book").filter(path, 1)).unwrap_err().code(),
            Code::UnknownName,
            "{path}"
        );
    }
    assert!(alone.check(&Query::of("shop.Book")).unwrap().names().iter().all(|name| !name.contains("author")));
}

fn words() -> impl Strategy<Value = String> {
    let known = vec![
        "id",
        "title",
        "price",
        "active",
        "stock",
        "rating",
        "published",
        "author",
        "editor",
        "tags",
        "lines",
        "name",
        "born",
        "mentor",
        "pk",
        "written",
        "slug",
        "order",
        "placed",
        "quantity",
        "exact",
        "gt",
        "in",
        "isnull",
        "contains",
        "iexact",
        "startswith",
        "range",
        "same",
        "year",
        "lower",
        "length",
        "date",
        "hour",
        "abs",
        "x",
        "n",
    ];
    prop_oneof![
        8 => vec(proptest::sample::select(known), 1..4).prop_map(|parts| parts.join("__")),
        1 => ".*",
        1 => proptest::sample::select(HOSTILE).prop_map(str::to_owned),
    ]
}

fn values() -> impl Strategy<Value = Term> {
    prop_oneof![
        proptest::bool::ANY.prop_map(Term::from),
        (-3i64..60).prop_map(Term::from),
        proptest::num::f64::ANY.prop_map(Term::from),
        "[^\0]*".prop_map(Term::from),
        proptest::sample::select(vec![
            "2020-02-29",
            "1843-09-01T00:00:00Z",
            "12.50",
            "00000000-0000-0000-0000-000000000001",
            "Notes"
        ])
        .prop_map(Term::from),
        Just(Term::from(None::<i64>)),
        vec((-3i64..9).prop_map(Term::from), 0..4).prop_map(Term::List),
        words().prop_map(path),
        Just(Term::from(Kind::Date)),
    ]
}

fn terms() -> impl Strategy<Value = Term> {
    let leaf = prop_oneof![values(), (words(), values()).prop_map(|(path, value)| Term::named(path, value))];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            pair.clone().prop_map(|(a, b)| a & b),
            pair.clone().prop_map(|(a, b)| a | b),
            inner.clone().prop_map(|a| !a),
            pair.clone().prop_map(|(a, b)| Node::Xor(vec![a, b]).into()),
            (pair.clone(), words()).prop_map(|((a, b), name)| a.lookup(name, b)),
            (inner.clone(), words()).prop_map(|(a, name)| any(name, a)),
            (inner.clone(), words()).prop_map(|(a, name)| over(name, count().filtered(a))),
            (
                vec(inner.clone(), 0..4),
                proptest::sample::select(vec![
                    "lower", "coalesce", "greatest", "concat", "nullif", "now", "abs", "length"
                ])
            )
                .prop_map(|(all, name)| call(name, all)),
            inner.clone().prop_map(|a| Query::of("shop.Tag").filter_term(a).values(["id"]).into()),
            inner.clone().prop_map(|a| exists(Query::of("shop.Person").filter_term(a))),
            inner.clone().prop_map(Term::outer),
            inner.clone().prop_map(|a| count().filtered(a)),
            (windowed(inner.clone()), words(), words())
                .prop_map(|(of, key, order)| of.over(Window::new().partition_by([key]).order_by([order]))),
            inner.prop_map(|a| string_agg(a, "', \"").ordered(["id"])),
        ]
    })
}

/// What can stand over a window, and what cannot.
fn windowed(inner: impl Strategy<Value = Term> + Clone) -> impl Strategy<Value = Term> {
    let names = vec!["row_number", "rank", "percent_rank", "first_value", "lag", "lead", "nth_value", "ntile"];
    prop_oneof![
        (vec(inner.clone(), 0..3), proptest::sample::select(names)).prop_map(|(all, name)| call(name, all)),
        inner.clone().prop_map(|a| count().filtered(a)),
        inner.prop_map(orm::dynamic::sum),
    ]
}

fn calls() -> impl Strategy<Value = Call> {
    prop_oneof![
        4 => terms().prop_map(Call::Filter),
        1 => terms().prop_map(Call::Exclude),
        2 => (words(), terms()).prop_map(|(name, term)| Call::Annotate(vec![(name, term)])),
        1 => (words(), terms()).prop_map(|(name, term)| Call::Aggregate(vec![(name, term)])),
        1 => vec(words(), 0..3).prop_map(|paths| Call::Values(paths.into_iter().map(Pick::from).collect())),
        1 => vec(words(), 0..3).prop_map(|paths| Call::GroupBy(paths.into_iter().map(Pick::from).collect())),
        1 => vec(words(), 0..3).prop_map(|paths| Call::OrderBy(paths.into_iter().map(Order::from).collect())),
        1 => terms().prop_map(|by| Call::OrderBy(vec![Order::Term { by, desc: true, nulls: None }])),
        1 => vec(words(), 0..2).prop_map(Call::SelectRelated),
        1 => vec(words(), 0..2).prop_map(|all| Call::Prefetch(all.into_iter().map(Prefetch::from).collect())),
        1 => terms().prop_map(|term| Call::Union(Query::of("shop.Book").filter_term(term))),
        1 => (words(), words(), terms()).prop_map(|(relation, name, on)| Call::Join(Join::left(relation, name).on(on))),
        1 => (0u64..9).prop_map(Call::Limit),
        1 => proptest::sample::select(vec![Call::Reverse, Call::Distinct, Call::Offset(1)]),
    ]
}

/// Queries of known and unknown names in any order; the same ones each time.
fn some_queries(count: usize) -> Vec<Query> {
    let runner = &mut TestRunner::deterministic();
    let queries = (proptest::sample::select(vec!["shop.Book", "shop.Person", "shop.Order"]), vec(calls(), 0..4));
    let query = |_| {
        let (model, calls) = queries.new_tree(runner).unwrap().current();
        calls.into_iter().fold(Query::of(model), Query::then)
    };
    (0..count).map(query).collect()
}

behaviour! {
    async fn whatever_is_asked_no_statement_is_refused(bed) {
        filled(&bed).await?;
        let catalog = Catalog::new().app(shop());
        let (mut ran, mut refused) = (0, 0);
        for query in some_queries(2_000) {
            let stored: Query = serde_json::from_str(&serde_json::to_string(&query).unwrap()).unwrap();
            let checked = match catalog.check(&stored) {
                Ok(checked) => checked,
                Err(error) => {
                    assert!(REFUSED.contains(&error.code()), "{error}\n{query:?}");
                    refused += 1;
                    continue;
                }
            };
            match checked.all(&bed.db).await {
                Ok(_) => ran += 1,
                // Said before any statement ran, or of a value that the database could not keep as it is.
                Err(error) => assert!(matches!(error.code(), Code::Unsupported | Code::BadQuery | Code::InvalidValue | Code::InexactDecimal), "{error}\n{}", serde_json::to_string(&query).unwrap()),
            }
        }
        println!("{ran} ran, {refused} were refused");
        assert!(ran > 200 && refused > 200, "{ran} ran, {refused} were refused");
        assert_eq!(Book::objects().count(&bed.db).await?, 5);
        Ok(())
    }

    async fn hostile_values_are_only_values(bed) {
        filled(&bed).await?;
        let catalog = Catalog::new().app(shop());
        for text in HOSTILE.iter().filter(|text| !text.contains('\0')) {
            for lookup in ["exact", "iexact", "contains", "icontains", "startswith", "istartswith", "endswith", "iendswith", "in"] {
                let value: Term = if lookup == "in" { vec![*text].into() } else { (*text).into() };
                let found = catalog.check(&Query::of("shop.Book").filter(format!("title__{lookup}"), value))?.all(&bed.db).await?;
                let expected = match (*text, lookup) {
                    ("", "contains" | "icontains" | "startswith" | "istartswith" | "endswith" | "iendswith") => 5,
                    ("\\", "contains" | "icontains") => 1,
                    ("%", "contains" | "icontains" | "endswith" | "iendswith") => 1,
                    ("?", "contains" | "icontains" | "endswith" | "iendswith") => 1,
                    ("_", "contains" | "icontains") => 1,
                    (" ", "contains" | "icontains") => 1,
                    _ => 0,
                };
                assert_eq!(found.len(), expected, "{lookup} {text:?}");
            }
            let echoed = catalog.check(&Query::of("shop.Tag").filter("id", 1).annotate("echo", call("coalesce", [(*text).into(), path("slug")])))?.get(&bed.db).await?;
            assert_eq!(echoed["echo"], Value::Text((*text).to_owned()));
        }
        assert_eq!(Book::objects().count(&bed.db).await?, 5);
        Ok(())
    }
}
