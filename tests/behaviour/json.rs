//! JSON documents: the same is found everywhere, whatever the writing.

use crate::bed::{Bed, behaviour};
use orm::{At, Code, Dialect, prelude::*};
use serde_json::{Value, json};

orm::app! { pub papers { Paper } }

#[derive(Model, Debug, Clone)]
pub struct Paper {
    pub id: i64,
    pub data: Value,
    pub maybe: Option<Value>,
}

/// Documents whose keys and values try to break out of paths.
fn documents() -> Vec<Value> {
    vec![
        json!({"name": "Desk", "price": 90, "sold": null, "sizes": [{"width": 120}, {"width": 160.5}], "new": true}),
        json!({"name": "Chair", "price": 90.0, "new": false, "größe": {"é": "ü"}, "0": "zero"}),
        json!({"a\"b": 1, "c\\d": 2, "e\nf": 3, "o'k": 4, "": 5, "$": 6, "*": 7, "a.b[0]": 8, "--": 9, "{}": 10, "?": 11}),
        json!([1, 2.5, "3", null, true, [4, [5]], {"a": 1}]),
        json!("text"),
        json!(null),
        json!(7),
        json!({"big": 9_223_372_036_854_775_807_i64, "bigger": 1e19, "tiny": -9_223_372_036_854_775_808_i64, "half": 0.5, "whole": 4.0, "text": "4"}),
        json!({"deep": {"list": [[1, 2], [3]], "object": {"x": {"y": "z"}}}, "list": [1, 2]}),
        json!({"price": "90", "name": ["Desk"], "sizes": {"width": 120}}),
    ]
}

async fn filled(bed: &Bed) -> orm::Result<()> {
    orm::migrate::create_tables(&bed.db, &[papers()]).await?;
    let drafts = documents().into_iter().enumerate().map(|(at, data)| {
        let maybe = (at % 2 == 0).then(|| data.clone());
        Paper::draft().data(data).maybe(maybe)
    });
    Paper::objects().bulk_create(drafts, &bed.db).await?;
    Ok(())
}

/// The places of the documents for which a condition is true.
async fn found<Q: orm::IntoQ<Paper>>(
    bed: &Bed,
    condition: impl FnOnce(PaperFields<At<Paper>>) -> Q,
) -> orm::Result<Vec<i64>> {
    let ids = Paper::objects().filter(condition).order_by(|p| p.id.asc()).values(|p| p.id).all(&bed.db).await?;
    Ok(ids.into_iter().map(|id| id - 1).collect())
}

/// The text of the seventh document.
async fn own_text(db: &Database) -> orm::Result<String> {
    Paper::objects().filter(|p| p.id.eq(7)).values(|p| p.data.cast::<String>()).get(db).await
}

behaviour! {
    async fn an_order_of_documents_loses_no_rows(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let ordered = || Paper::objects().order_by(|p| p.data.asc()).values(|p| p.id);
        let all = ordered().all(db).await?;
        assert_eq!(all.len(), documents().len());
        let papers = || Paper::objects().order_by(|p| p.data.asc());
        let mut streamed = Vec::new();
        let mut rows = papers().stream_by(2, db);
        while let Some(paper) = rows.try_next().await? {
            streamed.push(paper.id);
        }
        assert_eq!(streamed, all);
        drop(rows);
        match papers().page_after(None, 2, db).await {
            Ok(page) => assert_eq!((bed.backend, page.rows.len()), (crate::bed::Backend::Postgres, 2)),
            Err(error) => assert_eq!(error.code(), orm::Code::Unsupported, "{error}"),
        }
        // Of a union as well, the first of them.
        let part = |odd: bool| Paper::objects().filter(|p| (p.id % 2).eq(i64::from(odd))).values(|p| (p.data, p.id));
        let first = part(true).union(part(false)).order_by(|(data, _)| data.asc()).limit(3).all(db).await?;
        assert_eq!(first.into_iter().map(|(_, id)| id).collect::<Vec<_>>(), all[..3]);
        Ok(())
    }

    async fn elements_are_rows(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        // What is a list has its elements, of whatever kind; an empty one, an object, a text and NULL have none.
        let all = || Paper::objects().order_by(|p| p.id.asc()).values(|p| (p.id, p.data.elements()));
        let found = all().filter(|(id, _)| id.eq(4)).all(db).await?;
        let list = [json!(1), json!(2.5), json!("3"), json!(null), json!(true), json!([4, [5]]), json!({"a": 1})];
        let mut values: Vec<Value> = found.into_iter().map(|(_, value)| value).collect();
        values.sort_by_key(|value| list.iter().position(|known| known == value));
        assert_eq!(values, list);
        assert_eq!(all().count(db).await?, 7);
        assert!(!Paper::objects().values(|p| p.maybe.key("no").elements()).exists(db).await?);
        // What is asked of an element is asked of each, however often it is named.
        let sizes = || Paper::objects().values(|p| {
            let size = || p.data.key("sizes").elements().key("width");
            (p.id, size().as_f64(), size().as_i64())
        });
        let widths = sizes().order_by(|(_, wide, _)| wide.desc()).all(db).await?;
        assert_eq!(widths, [(1, Some(160.5), None), (1, Some(120.0), Some(120))]);
        assert_eq!(sizes().filter(|(_, wide, _)| wide.gt(150.0)).count(db).await?, 1);
        let wide = sizes().values(|(_, wide, _)| wide).aggregate(|wide| wide.max());
        assert_eq!(wide.get(db).await?, Some(160.5));
        let counted = sizes().group_by(|(id, _, _)| id).annotate(|_| count());
        assert_eq!(counted.all(db).await?, [(1, 2)]);
        // Beside the whole row, in a slice, among joined tables, and as a condition of the query around.
        let beside = Paper::objects().order_by(|p| p.id.asc()).annotate(|p| p.data.key("list").elements().as_i64());
        let (paper, first) = beside.order_by(|(_, n)| n.desc()).first(db).await?.unwrap();
        assert_eq!((paper.id, first), (9, Some(2)));
        let holders = Paper::objects().filter(|p| {
            let same = Paper::objects().within(p.id).filter(|other| other.id.eq(p.id));
            same.values(|other| other.data.key("list").elements().as_i64()).filter(|n| n.eq(2)).has_rows()
        });
        // MariaDB has no table inside a query that looks at the rows around it.
        let look_out = db.dialect() != Dialect::MariaDb;
        match holders.values(|p| p.id).all(db).await {
            Err(error) if !look_out => assert_eq!(error.code(), Code::Unsupported),
            found => assert_eq!(found?, [9]),
        }
        let numbers = Paper::objects().filter(|p| p.id.lte(9)).order_by(|p| p.id.asc()).values(|p| {
            let same = Paper::objects().within(p.id).filter(|other| other.id.eq(p.id));
            same.values(|other| other.data.key("list").elements()).row_count()
        });
        match numbers.offset(7).all(db).await {
            Err(error) if !look_out => assert_eq!(error.code(), Code::Unsupported),
            found => assert_eq!(found?, [0, 2]),
        }
        let kinds = Paper::objects().values(|p| p.data.key("deep").key("list").elements().elements());
        assert_eq!(kinds.count(db).await.unwrap_err().code(), Code::BadQuery);
        // Nothing runs where they are no rows.
        bed.log.clear();
        let codes = [
            Paper::objects().filter(|p| p.data.elements().as_i64().eq(1)).count(db).await.unwrap_err().code(),
            Paper::objects().order_by(|p| p.data.elements().as_i64().asc()).all(db).await.unwrap_err().code(),
            Paper::objects().values(|p| (p.data.elements(), p.maybe.elements())).all(db).await.unwrap_err().code(),
            Paper::objects().aggregate(|p| p.data.elements().as_i64().max()).get(db).await.unwrap_err().code(),
            Paper::objects().update(|p| p.maybe.set(p.data.elements()), db).await.unwrap_err().code(),
        ];
        assert_eq!(codes, [Code::BadQuery; 5]);
        bed.log.assert_queries(0);
        Ok(())
    }

    async fn functions_give_rows(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        orm::sql_function! {
            /// The numbers from one to another; on SQLite, what a list of JSON holds.
            fn numbers(first: i64, last: i64) -> orm::SetOf<i64> = { postgres: "generate_series" };
            fn parts(list: String) -> orm::SetOf<String> = { sqlite: "json_each", postgres: "json_array_elements_text" };
        }
        let counted = Paper::objects().filter(|p| p.id.lte(2)).values(|p| (p.id, numbers(p.id, 3)));
        let counted = counted.order_by(|(id, n)| (id.asc(), n.desc())).all(db).await;
        match db.dialect() {
            Dialect::Postgres => assert_eq!(counted?, [(1, 3), (1, 2), (1, 1), (2, 3), (2, 2)]),
            _ => assert_eq!(counted.unwrap_err().code(), Code::Unsupported),
        }
        if db.dialect() == Dialect::Sqlite {
            let given = Paper::objects().filter(|p| p.id.eq(1)).values(|_| parts(orm::value(r#"["b","a"]"#.to_owned())));
            assert_eq!(given.order_by(|part| part.asc()).all(db).await?, ["a", "b"]);
        }
        Ok(())
    }

    async fn ways_into_documents(bed) {
        filled(&bed).await?;
        let names = Paper::objects().order_by(|p| p.id.asc()).values(|p| p.data.key("name")).all(&bed.db).await?;
        assert_eq!(names[..3], [Some(json!("Desk")), Some(json!("Chair")), None]);
        assert_eq!(names[9], Some(json!(["Desk"])));
        let first = Paper::objects().order_by(|p| p.id.asc()).values(|p| (p.data.index(0), p.data.index(6).key("a"), p.data.index(5).index(1).index(0), p.data.index(3))).all(&bed.db).await?;
        assert_eq!(first[3], (Some(json!(1)), Some(json!(1)), Some(json!(5)), Some(json!(null))));
        for (at, row) in first.iter().enumerate().filter(|(at, _)| *at != 3) {
            assert_eq!(*row, (None, None, None, None), "{at}");
        }
        assert_eq!(found(&bed, |p| p.data.key("sizes").index(0).key("width").as_i64().eq(120)).await?, [0]);
        assert_eq!(found(&bed, |p| p.data.key("0").is_not_null()).await?, [1]);
        assert_eq!(found(&bed, |p| p.data.key("größe").key("é").as_str().eq("ü")).await?, [1]);
        for (place, key) in ["a\"b", "c\\d", "e\nf", "o'k", "", "$", "*", "a.b[0]", "--", "{}", "?"].into_iter().enumerate() {
            if bed.db.dialect() == Dialect::MariaDb && key == "--" {
                let refused = found(&bed, |p| p.data.has_key(key)).await.unwrap_err();
                assert_eq!(refused.code(), Code::Unsupported);
                continue;
            }
            assert_eq!(found(&bed, |p| p.data.key(key).as_i64().eq(place as i64 + 1)).await?, [2], "{key:?}");
            assert_eq!(found(&bed, |p| p.data.has_key(key)).await?, [2], "{key:?}");
        }
        assert_eq!(found(&bed, |p| p.maybe.key("name").as_str().eq("Desk")).await?, [0]);
        Ok(())
    }

    async fn values_of_each_kind(bed) {
        filled(&bed).await?;
        let item = Paper::objects().order_by(|p| p.id.asc());
        let texts = item.clone().values(|p| (p.data.as_str(), p.data.as_i64(), p.data.as_f64(), p.data.as_bool())).all(&bed.db).await?;
        assert_eq!(texts[4], (Some("text".to_owned()), None, None, None));
        assert_eq!(texts[5], (None, None, None, None));
        assert_eq!(texts[6], (None, Some(7), Some(7.0), None));
        assert_eq!(texts[3], (None, None, None, None));
        let numbers = item.clone().filter(|p| p.data.has_key("big"))
            .values(|p| (p.data.key("big").as_i64(), p.data.key("bigger").as_i64(), p.data.key("tiny").as_i64(), p.data.key("half").as_i64(), p.data.key("whole").as_i64(), p.data.key("text").as_i64(), p.data.key("bigger").as_f64(), p.data.key("half").as_f64()))
            .get(&bed.db).await?;
        assert_eq!(numbers, (Some(i64::MAX), None, Some(i64::MIN), None, Some(4), None, Some(1e19), Some(0.5)));
        assert_eq!(found(&bed, |p| p.data.key("new").as_bool().eq(true)).await?, [0]);
        assert_eq!(found(&bed, |p| p.data.key("new").as_bool().eq(false)).await?, [1]);
        assert_eq!(found(&bed, |p| p.data.key("price").as_f64().gte(89.5)).await?, [0, 1]);
        assert_eq!(found(&bed, |p| p.data.key("name").as_str().icontains("DES")).await?, [0]);
        assert_eq!(found(&bed, |p| p.data.key("name").as_str().eq("desk")).await?, [0i64; 0]);
        let order = item.order_by(|p| (p.data.key("price").as_f64().asc(), p.id.desc())).values(|p| p.id).all(&bed.db).await?;
        assert_eq!(order[..2], [2, 1]);
        Ok(())
    }

    async fn null_of_sql_and_null_of_json(bed) {
        filled(&bed).await?;
        assert_eq!(found(&bed, |p| p.data.is_null()).await?, [0i64; 0]);
        assert_eq!(found(&bed, |p| p.data.is_json_null()).await?, [5]);
        assert_eq!(found(&bed, |p| p.data.eq(Value::Null)).await?, [5]);
        assert_eq!(found(&bed, |p| p.maybe.is_null()).await?, [1, 3, 5, 7, 9]);
        assert_eq!(found(&bed, |p| p.maybe.eq(None)).await?, [1, 3, 5, 7, 9]);
        assert_eq!(found(&bed, |p| p.data.key("sold").is_json_null()).await?, [0]);
        assert_eq!(found(&bed, |p| !p.data.key("sold").is_json_null()).await?, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(found(&bed, |p| p.data.key("sold").is_not_null()).await?, [0]);
        assert_eq!(found(&bed, |p| p.data.index(3).is_json_null()).await?, [3]);
        let rows = Paper::objects().order_by(|p| p.id.asc()).all(&bed.db).await?;
        assert_eq!((rows[5].data.clone(), rows[4].maybe.clone(), rows[5].maybe.clone()), (Value::Null, Some(json!("text")), None));
        Ok(())
    }

    async fn equality_is_of_what_is_said(bed) {
        filled(&bed).await?;
        assert_eq!(found(&bed, |p| p.data.key("price").eq(json!(90))).await?, [0, 1]);
        assert_eq!(found(&bed, |p| p.data.key("price").eq(json!("90"))).await?, [9]);
        assert_eq!(found(&bed, |p| p.data.key("price").ne(json!(90.0))).await?, [2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(found(&bed, |p| p.data.eq(json!("text"))).await?, [4]);
        let turned: Value = serde_json::from_str(r#"{"0": "zero", "größe": {"é": "ü"}, "new": false, "price": 9e1, "name": "Chair"}"#).unwrap();
        assert_eq!(found(&bed, |p| p.data.eq(&turned)).await?, [1]);
        assert_eq!(found(&bed, |p| p.data.is_in([turned, json!(7.0)])).await?, [1, 6]);
        assert_eq!(found(&bed, |p| p.data.is_same(p.maybe)).await?, [0, 2, 4, 6, 8]);
        assert_eq!(found(&bed, |p| p.maybe.is_same(None)).await?, [1, 3, 5, 7, 9]);
        assert_eq!(found(&bed, |p| p.data.key("list").eq(json!([2, 1]))).await?, [0i64; 0]);
        Ok(())
    }

    async fn keys_and_parts(bed) {
        filled(&bed).await?;
        assert_eq!(found(&bed, |p| p.data.has_key("price")).await?, [0, 1, 9]);
        assert_eq!(found(&bed, |p| p.data.has_key("sold")).await?, [0]);
        assert_eq!(found(&bed, |p| !p.data.has_key("price")).await?, [2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(found(&bed, |p| p.data.has_key("3")).await?, [0i64; 0]); // an element of a list is no key
        assert_eq!(found(&bed, |p| p.data.has_keys(["name", "new"])).await?, [0, 1]);
        assert_eq!(found(&bed, |p| p.data.has_any_keys(["big", "deep", "none"])).await?, [7, 8]);
        assert_eq!(found(&bed, |p| p.data.has_any_keys(Vec::<String>::new())).await?, [0i64; 0]);
        assert_eq!(found(&bed, |p| p.data.key("deep").has_key("list")).await?, [8]);
        assert_eq!(found(&bed, |p| p.maybe.has_key("price")).await?, [0]);

        assert_eq!(found(&bed, |p| p.data.contains(json!({"price": 90}))).await?, [0, 1]);
        assert_eq!(found(&bed, |p| p.data.contains(json!({"sizes": [{"width": 120}]}))).await?, [0]);
        assert_eq!(found(&bed, |p| p.data.contains(json!({"sizes": {"width": 120}}))).await?, [9]);
        assert_eq!(found(&bed, |p| p.data.contains(json!({"name": "Desk"}))).await?, [0]); // not `["Desk"]`
        assert_eq!(found(&bed, |p| p.data.contains(json!({"deep": {"object": {"x": {}}}}))).await?, [8]);
        assert_eq!(found(&bed, |p| p.data.contains(json!({"sold": null}))).await?, [0]);
        assert_eq!(found(&bed, |p| p.data.contains(json!([1, "3"]))).await?, [3]);
        assert_eq!(found(&bed, |p| p.data.contains(json!([[4]]))).await?, [3]);
        // Not what is in a list within the list.
        assert_eq!(found(&bed, |p| p.data.contains(json!([4]))).await?, [0i64; 0]);
        assert_eq!(found(&bed, |p| p.data.contains(json!(4))).await?, [0i64; 0]);
        assert_eq!(found(&bed, |p| p.data.contains(json!([]))).await?, [3]);
        assert_eq!(found(&bed, |p| p.data.contains(json!({"sizes": [{}]}))).await?, [0]);
        assert_eq!(found(&bed, |p| p.data.contains(json!("3"))).await?, [3]);
        assert_eq!(found(&bed, |p| p.data.contains(json!({"a": 1}))).await?, [0i64; 0]);
        assert_eq!(found(&bed, |p| p.data.contains(json!({}))).await?, [0, 1, 2, 7, 8, 9]);
        assert_eq!(found(&bed, |p| p.data.contains(p.maybe)).await?, [0, 2, 4, 6, 8]);
        assert_eq!(found(&bed, |p| !p.data.contains(json!({"price": 90}))).await?, [2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(found(&bed, |p| p.data.key("list").contained_by(json!([3, 2, 1]))).await?, [8]);
        Ok(())
    }

    async fn the_text_of_whole_documents(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        // The same writing everywhere, whatever that of the database.
        let texts = Paper::objects().filter(|p| p.id.between(4, 7)).order_by(|p| p.id.asc());
        let texts = texts.values(|p| (p.data.cast::<String>(), p.maybe.cast::<String>())).all(db).await?;
        assert_eq!(texts[0], (r#"[1, 2.5, "3", null, true, [4, [5]], {"a": 1}]"#.to_owned(), None));
        assert_eq!(texts[1], (r#""text""#.to_owned(), Some(r#""text""#.to_owned())));
        assert_eq!((texts[2].0.as_str(), texts[3].0.as_str()), ("null", "7"));
        assert_eq!(found(&bed, |p| p.data.cast::<String>().icontains("NAME\": \"DESK\"")).await?, [0]);
        assert_eq!(found(&bed, |p| p.data.cast::<String>().starts_with("[1, 2")).await?, [3]);
        assert_eq!(found(&bed, |p| p.data.cast::<String>().contains("{\"x\": {\"y\"")).await?, [8]);
        assert_eq!(found(&bed, |p| p.maybe.cast::<String>().iexact("\"TEXT\"")).await?, [4]);
        assert_eq!(found(&bed, |p| p.data.cast::<String>().regex("\"größe\": [{]")).await?, [1]);
        assert_eq!(found(&bed, |p| p.data.key("price").cast::<String>().eq("\"90\"")).await?, [9]);
        db.batch(r#"UPDATE papers_paper SET data = '{"a" :1,"b":[ 1,2 ], "c, d: e":null}' WHERE id = 7"#).await?;
        assert_eq!(own_text(db).await?, r#"{"a": 1, "b": [1, 2], "c, d: e": null}"#);
        // Numbers are as the database keeps them.
        Paper::objects().filter(|p| p.id.eq(7)).update(|p| p.data.set(json!([1e-7, 1e20, 2.50])), db).await?;
        let kept = match db.dialect() {
            Dialect::Postgres => "[0.0000001, 100000000000000000000, 2.5]",
            _ => "[1e-7, 1e+20, 2.5]",
        };
        assert_eq!(own_text(db).await?, kept);
        if db.dialect() == Dialect::Sqlite {
            db.batch(r#"UPDATE papers_paper SET data = '{"a\"\u00e9\/":"\ud83d\ude00, :\n\\"}' WHERE id = 7"#).await?;
            assert_eq!(own_text(db).await?, r#"{"a\"é/": "😀, :\n\\"}"#);
        }
        Ok(())
    }
}
