//! The same by name, as data.

use super::extension;
use crate::bed::behaviour;
use orm::{
    Code,
    dynamic::{Catalog, Query, Term},
    postgres::{HStore, Range, SearchVector},
    prelude::*,
};
use serde_json::json;

orm::app! { pub named { Thing } }

#[derive(Choices, Debug, Clone, Copy, PartialEq)]
#[choices(db_type = "size")]
pub enum Size {
    Small,
    Large,
}

#[derive(Model, Debug, Clone, PartialEq)]
pub struct Thing {
    pub id: i64,
    pub name: String,
    pub tags: Vec<String>,
    pub marks: HStore,
    pub years: Range<i32>,
    pub size: Option<Size>,
    pub words: Option<SearchVector>,
}

behaviour! {
    async fn types_of_postgresql_are_asked_by_name(bed, requires(PostgresTypes)) {
        let db = &bed.db;
        for name in ["hstore", "pg_trgm", "unaccent"] {
            extension(&bed, name).await?;
        }
        db.batch("CREATE TYPE size AS ENUM ('small', 'large')").await?;
        orm::migrate::create_tables(db, &[named()]).await?;
        let things = [
            Thing::draft().name("Café table").tags(["wood", "red"]).marks(HStore::from([("legs", "4")])).years(1990..2001).size(Size::Large),
            Thing::draft().name("Chair").tags(["wood"]).marks(HStore::new()).years(2000..).words(SearchVector::new("'chair':1")),
        ];
        Thing::objects().bulk_create(things, db).await?;
        let catalog = Catalog::new().app(named());
        let ids = async |name: &str, value: serde_json::Value| {
            let term: Term = serde_json::from_value(json!({"where": [name, value]})).unwrap();
            let query = Query::of("named.Thing").filter_term(term).order_by(["id"]);
            let rows = catalog.check(&query)?.all(db).await?;
            Ok::<_, orm::Error>(rows.iter().map(|row| row.get("id").unwrap().to_json()).collect::<Vec<_>>())
        };
        for (name, value, right) in [
            ("tags__contains", json!(["red"]), &[1][..]),
            ("tags__contained_by", json!(["wood", "blue"]), &[2]),
            ("tags__overlap", json!(["red", "blue"]), &[1]),
            ("tags__any_eq", json!("wood"), &[1, 2]),
            ("tags", json!(["wood"]), &[2]),
            ("tags__len", json!(2), &[1]),
            ("tags__len__gt", json!(0), &[1, 2]),
            ("tags__1", json!("red"), &[1]),
            ("tags__0__istartswith", json!("WO"), &[1, 2]),
            ("tags__0_1", json!(["wood"]), &[1, 2]),
            ("marks__contains", json!({"value": {"legs": "4"}}), &[1]),
            ("marks__has_key", json!("legs"), &[1]),
            ("marks__has_keys", json!(["legs", "x"]), &[]),
            ("marks__has_any_keys", json!(["legs", "x"]), &[1]),
            ("marks__legs", json!("4"), &[1]),
            ("marks__legs__isnull", json!(true), &[2]),
            ("marks__keys__contains", json!(["legs"]), &[1]),
            ("years__contains", json!(2000), &[1, 2]),
            ("years__contains", json!([2005, 2010]), &[2]),
            ("years__overlap", json!({"value": {"lower": 1980, "upper": 1990, "bounds": "[]"}}), &[1]),
            ("years__fully_lt", json!([2001, null]), &[1]),
            ("years__fully_gt", json!([1900, 1950]), &[1, 2]),
            ("years__adjacent_to", json!([2001, 2003]), &[1]),
            ("years__start", json!(2000), &[2]),
            ("years__end__isnull", json!(true), &[2]),
            ("years__upper_inf", json!(true), &[2]),
            ("years__isempty", json!(false), &[1, 2]),
            ("size", json!("large"), &[1]),
            ("size__in", json!(["small", "large"]), &[1]),
            ("size__gt", json!("small"), &[1]),
            ("name__search", json!("tables"), &[1]),
            ("words__search", json!("chair"), &[2]),
            ("name__trigram_similar", json!("Chairs"), &[2]),
            ("name__trigram_word_similar", json!("table"), &[1]),
            ("name__unaccent__startswith", json!("Cafe"), &[1]),
        ] {
            assert_eq!(ids(name, value.clone()).await?, right, "{name} {value}");
        }
        for (name, value, code) in [
            ("tags__fully_lt", json!(["x"]), Code::BadQuery),
            ("tags__contains", json!("red"), Code::InvalidValue),
            ("tags__contains", json!([1]), Code::InvalidValue),
            ("tags__icontains", json!("x"), Code::BadQuery),
            ("tags__years", json!("x"), Code::UnknownName),
            ("name__overlap", json!("x"), Code::BadQuery),
            ("years__contains", json!("x"), Code::InvalidValue),
            ("marks__contains", json!({"value": {"legs": 4}}), Code::InvalidValue),
            ("size", json!("huge"), Code::InvalidValue),
        ] {
            let error = ids(name, value.clone()).await.unwrap_err();
            assert_eq!(error.code(), code, "{name} {value} {error:?}");
        }
        // Full text search: words with weights, queries, how well they are found, and where.
        let words = json!({"call": ["search_together", [
            {"call": ["search_weight", [{"call": ["search_vector", ["english", {"path": "name"}]]}, "A"]]},
            {"call": ["search_vector", [null, {"path": "tags__0"}, {"path": "name"}]]}
        ]]});
        let wanted = json!({"call": ["search_or", [
            {"call": ["search_query", ["english", "websearch", "tables -chair"]]},
            {"call": ["search_and", [
                {"call": ["search_query", [null, "plain", "wood"]]}, {"call": ["search_not", [{"call": ["search_query", [null, "raw", "ch:*"]]}]]}
            ]]}
        ]]});
        let query: Query = serde_json::from_value(json!({"model": "named.Thing", "calls": [
            {"filter": {"lookup": [words, "search", wanted]}},
            {"annotate": {
                "rank": {"call": ["search_rank", [words, wanted, 1]]},
                "shown": {"call": ["search_headline", ["english", {"path": "name"}, wanted, {"value": {"before": "[", "behind": "]"}}]]},
                "alike": {"call": ["similarity", [{"path": "name"}, "Café tables"]]}
            }},
            {"order_by": ["-rank"]},
            {"values": ["id", "shown", "alike"]}
        ]})).unwrap();
        let rows = catalog.check(&query)?.all(db).await?;
        assert_eq!((rows.len(), rows[0].to_json()["shown"].clone()), (1, json!("Café [table]")));
        assert!(rows[0].to_json()["alike"].as_f64().unwrap() > 0.5);
        // A plain text asks for all its words.
        let found = json!({"where": ["name__search", "chair"]});
        let rank = json!({"call": ["search_rank", [{"path": "name"}, {"call": ["search_then", ["chair", {"call": ["search_query", [null, "plain", "x"]]}]]}]]});
        let query = json!({"model": "named.Thing", "calls": [{"filter": found}, {"annotate": {"rank": rank}}, {"values": ["id", "rank"]}]});
        let query: Query = serde_json::from_value(query).unwrap();
        assert_eq!(catalog.check(&query)?.get(db).await?.to_json()["id"], 2);
        for (name, arguments) in [
            ("search_query", json!(["english", "regex", "x"])),
            ("search_query", json!(["english", "plain"])),
            ("search_weight", json!([{"path": "words"}, "E"])),
            ("search_rank", json!([{"path": "id"}, {"call": ["search_query", [null, "plain", "x"]]}])),
            ("search_rank", json!([{"path": "words"}, 5])),
            ("search_headline", json!([null, {"path": "name"}, {"call": ["search_query", [null, "plain", "x"]]}, {"value": {"StartSel": "x"}}])),
            ("search_then", json!([{"path": "words"}])),
        ] {
            let query = json!({"model": "named.Thing", "calls": [{"annotate": {"x": {"call": [name, arguments]}}}]});
            let error = catalog.check(&serde_json::from_value(query).unwrap()).unwrap_err();
            assert!(matches!(error.code(), Code::BadQuery | Code::InvalidValue | Code::UnknownName), "{name} {error:?}");
        }
        let query = json!({"model": "named.Thing", "calls": [{"aggregate": {
            "names": {"aggregate": {"function": "array_agg", "of": {"path": "name"}, "filter": {"where": ["id", 1]}}},
            "first": {"aggregate": {"function": "json_agg", "of": {"path": "tags__0"}}}
        }}]});
        let query: Query = serde_json::from_value(query).unwrap();
        let row = catalog.check(&query)?.get(db).await?;
        let row = serde_json::to_value(&row).unwrap();
        assert_eq!(row, json!({"names": ["Café table"], "first": ["wood", "wood"]}));
        let rows = catalog.check(&Query::of("named.Thing").filter("id", 1))?.all(db).await?;
        let right = json!([{
            "id": 1, "name": "Café table", "tags": ["wood", "red"], "marks": {"legs": "4"},
            "years": {"lower": 1990, "upper": 2001, "bounds": "[)"}, "size": "large", "words": null
        }]);
        assert_eq!(serde_json::to_value(&rows).unwrap(), right);
        // Drafts from outside read the same forms.
        let from = json!({
            "name": "Shelf", "tags": ["oak"], "marks": {"boards": "5", "door": null}, "years": [2010, 2020], "size": "small"
        });
        let shelf = Thing::draft_from(from)?.create(db).await?;
        assert_eq!((shelf.tags, shelf.years, shelf.size), (vec!["oak".to_owned()], (2010..2020).into(), Some(Size::Small)));
        assert_eq!(shelf.marks.get("door"), Some(&None));
        let wrong = json!({"name": "x", "tags": "oak", "marks": [], "years": [1], "size": "huge"});
        let mistakes = Thing::draft_from(wrong).err().unwrap();
        let mistakes: Vec<&str> = mistakes.validation().iter().filter_map(|it| it.field.as_deref()).collect();
        assert_eq!(mistakes, ["marks", "size", "tags", "years"]);
        Ok(())
    }
}
