//! Arrays, and aggregates that make them.

use crate::bed::behaviour;
use orm::{Code, Dialect, prelude::*};
use serde_json::json;

orm::app! { pub arrays { Post, Comment, Everything } }

#[derive(Model, Debug, Clone, PartialEq)]
pub struct Post {
    pub id: i64,
    pub title: String,
    #[field(default = ["new"])]
    pub tags: Vec<String>,
    pub ratings: Option<Vec<i32>>,
    pub comments: HasMany<Comment>,
}

#[derive(Model, Debug, Clone, PartialEq)]
pub struct Comment {
    pub id: i64,
    pub post: ForeignKey<Post>,
    pub text: String,
    pub stars: Option<i16>,
}

/// An array of each kind.
#[derive(Model, Debug, Clone, PartialEq)]
pub struct Everything {
    pub id: i64,
    pub bools: Vec<bool>,
    pub smalls: Vec<i16>,
    pub longs: Vec<i64>,
    pub singles: Vec<f32>,
    pub doubles: Vec<f64>,
    pub decimals: Vec<Decimal>,
    pub gaps: Vec<Option<String>>,
    pub bytes: Vec<Vec<u8>>,
    pub dates: Vec<NaiveDate>,
    pub times: Vec<NaiveTime>,
    pub stamps: Vec<NaiveDateTime>,
    pub moments: Vec<DateTime<Utc>>,
    pub spans: Vec<TimeDelta>,
    pub uuids: Vec<Uuid>,
    pub documents: Vec<serde_json::Value>,
}

async fn fill(db: &Database) -> orm::Result<()> {
    orm::migrate::create_tables(db, &[arrays()]).await?;
    let posts = [
        Post::draft().title("one").tags(["rust", "sql"]).ratings([3, 5]),
        Post::draft().title("two").tags(["rust"]).ratings(None),
        Post::draft().title("three").tags(Vec::new()).ratings(vec![1]),
    ];
    Post::objects().bulk_create(posts, db).await?;
    let comments = [(1, "good", Some(5)), (1, "bad", None), (1, "good", Some(1)), (2, "so so", Some(3))];
    let comments = comments.map(|(post, text, stars)| Comment::draft().post(post).text(text).stars(stars));
    Comment::objects().bulk_create(comments, db).await?;
    Ok(())
}

async fn titles(query: QuerySet<Post>, db: &Database) -> orm::Result<Vec<String>> {
    query.order_by(|p| p.id.asc()).values(|p| p.title).all(db).await
}

behaviour! {
    async fn elements_are_rows(bed, requires(PostgresTypes)) {
        let db = &bed.db;
        fill(db).await?;
        let tags = || Post::objects().values(|p| (p.id, p.tags.elements()));
        let rust = |id| (id, "rust".to_owned());
        assert_eq!(tags().order_by(|(id, tag)| (id.asc(), tag.asc())).all(db).await?, [rust(1), (1, "sql".to_owned()), rust(2)]);
        // What follows is about the elements: a post without any has none.
        assert_eq!((tags().count(db).await?, tags().filter(|(_, tag)| tag.eq("rust")).count(db).await?), (3, 2));
        assert!(!Post::objects().filter(|p| p.id.eq(3)).values(|p| p.tags.elements()).exists(db).await?);
        assert_eq!(tags().values(|(_, tag)| tag).distinct().order_by(|tag| tag.desc()).all(db).await?, ["sql", "rust"]);
        let counted = tags().group_by(|(_, tag)| tag).annotate(|_| count()).order_by(|(_, n)| n.desc());
        assert_eq!(counted.all(db).await?, [("rust".to_owned(), 2), ("sql".to_owned(), 1)]);
        let most = Post::objects().values(|p| p.ratings.elements()).aggregate(|rating| rating.max());
        assert_eq!(most.get(db).await?, Some(5));
        let beside = Post::objects().order_by(|p| p.id.asc()).annotate(|p| p.tags.elements());
        assert_eq!(beside.clone().offset(1).limit(1).all(db).await?[0].1, "sql");
        let mut rows = beside.stream_by(1, db);
        let mut read = 0;
        while rows.try_next().await?.is_some() {
            read += 1;
        }
        assert_eq!(read, 3);
        let inside = Post::objects().filter(|p| p.tags.elements().eq("rust")).count(db).await.unwrap_err();
        assert_eq!(inside.code(), Code::BadQuery);
        let named = Post::objects().filter(|p| p.id.eq(2)).values(|p| p.tags.elements().upper());
        assert_eq!(named.all(db).await?, ["RUST"]);
        // Those of two lists side by side, and aggregates of what are no rows yet, are refused before any statement.
        bed.log.clear();
        let codes = [
            Post::objects().values(|p| (p.tags.elements(), p.ratings.elements())).all(db).await.unwrap_err().code(),
            Post::objects().aggregate(|p| p.ratings.elements().max()).get(db).await.unwrap_err().code(),
        ];
        assert_eq!(codes, [Code::BadQuery; 2]);
        bed.log.assert_queries(0);
        let upper = Post::objects().filter(|p| p.id.eq(2)).values(|p| p.tags.elements()).values(|tag| tag.upper());
        assert_eq!(upper.all(db).await?, ["RUST"]);
        // So is what a query inside another says of them.
        let tagged = Post::objects().filter(|p| {
            Post::objects().within(p.id).filter(|other| other.id.eq(p.id)).values(|other| other.tags.elements()).has_rows()
        });
        assert_eq!(tagged.order_by(|p| p.id.asc()).values(|p| p.id).all(db).await?, [1, 2]);
        let counts = Post::objects().order_by(|p| p.id.asc()).values(|p| {
            Post::objects().within(p.id).filter(|other| other.id.eq(p.id)).values(|other| other.tags.elements()).row_count()
        });
        assert_eq!(counts.limit(3).all(db).await?, [2, 1, 0]);
        Ok(())
    }

    async fn arrays_of_every_kind_come_back(bed, requires(PostgresTypes)) {
        orm::migrate::create_tables(&bed.db, &[arrays()]).await?;
        let noon = NaiveDate::from_ymd_opt(2024, 2, 29).unwrap().and_hms_micro_opt(12, 0, 0, 7).unwrap();
        let draft = Everything::draft()
            .bools([true, false])
            .smalls([-1, 7])
            .longs([i64::MIN, i64::MAX])
            .singles([0.5])
            .doubles([0.1, -2.0])
            .decimals(["12.50".parse().unwrap(), Decimal::from(-3)])
            .gaps([Some("a, \"b\"\\ {c}".to_owned()), None, Some(String::new())])
            .bytes([vec![0, 255], Vec::new()])
            .dates([noon.date()])
            .times([noon.time()])
            .stamps([noon])
            .moments([noon.and_utc()])
            .spans([TimeDelta::microseconds(-1), TimeDelta::days(40)])
            .uuids([Uuid::from_u128(7)])
            .documents([json!({"a": [1, null]}), json!("x")]);
        let made = draft.create(&bed.db).await?;
        assert_eq!(made.gaps, [Some("a, \"b\"\\ {c}".to_owned()), None, Some(String::new())]);
        assert_eq!(made.bytes, [vec![0, 255], Vec::new()]);
        assert_eq!(Everything::get(made.id, &bed.db).await?, made);
        // Each is compared, as a whole, with what came back.
        let same = Everything::objects().filter(|e| {
            e.bools.eq(&made.bools) & e.smalls.eq(&made.smalls) & e.longs.eq(&made.longs) & e.singles.eq(&made.singles)
                & e.doubles.eq(&made.doubles) & e.decimals.eq(&made.decimals) & e.gaps.eq(&made.gaps) & e.bytes.eq(&made.bytes)
                & e.dates.eq(&made.dates) & e.times.eq(&made.times) & e.stamps.eq(&made.stamps) & e.moments.eq(&made.moments)
                & e.spans.eq(&made.spans) & e.uuids.eq(&made.uuids) & e.documents.eq(&made.documents)
        });
        assert_eq!(same.count(&bed.db).await?, 1);
        // A row that did not change writes nothing; one that did writes its array.
        let mut edit = made.edit();
        edit.longs.push(0);
        assert_eq!(edit.save(&bed.db).await?.longs, [i64::MIN, i64::MAX, 0]);
        Ok(())
    }

    async fn arrays_are_asked_for_what_they_hold(bed, requires(PostgresTypes)) {
        let db = &bed.db;
        fill(db).await?;
        assert_eq!(Post::draft().title("four").create(db).await?.tags, ["new"]);
        assert_eq!(titles(Post::objects().filter(|p| p.tags.contains(["rust"])), db).await?, ["one", "two"]);
        assert_eq!(titles(Post::objects().filter(|p| p.tags.contains(["rust", "sql"])), db).await?, ["one"]);
        assert_eq!(titles(Post::objects().filter(|p| p.tags.contains(Vec::new())), db).await?.len(), 4);
        assert_eq!(titles(Post::objects().filter(|p| p.tags.contained_by(["rust", "go"])), db).await?, ["two", "three"]);
        assert_eq!(titles(Post::objects().filter(|p| p.tags.overlap(["sql", "new"])), db).await?, ["one", "four"]);
        assert_eq!(titles(Post::objects().exclude(|p| p.ratings.overlap([3])), db).await?, ["two", "three", "four"]);
        assert_eq!(titles(Post::objects().filter(|p| p.tags.any_eq("sql")), db).await?, ["one"]);
        assert_eq!(titles(Post::objects().filter(|p| p.tags.any_eq(p.title)), db).await?, [""; 0]);
        assert_eq!(titles(Post::objects().filter(|p| p.tags.eq(["rust"])), db).await?, ["two"]);
        assert_eq!(titles(Post::objects().filter(|p| p.tags.is_in([vec!["rust".to_owned()], vec![]])), db).await?, ["two", "three"]);
        assert_eq!(titles(Post::objects().filter(|p| p.tags.len().eq(0)), db).await?, ["three"]);
        assert_eq!(titles(Post::objects().filter(|p| p.ratings.len().is_null()), db).await?, ["two", "four"]);
        assert_eq!(titles(Post::objects().filter(|p| p.ratings.index(1).gt(4)), db).await?, ["one"]);
        let parts = Post::objects().filter(|p| p.id.eq(1)).values(|p| {
            (p.tags.index(0), p.tags.index(9), p.tags.slice(1..), p.tags.slice(..1), p.tags.slice(5..7), p.ratings.slice(0..=1))
        });
        let (first, none, rest, begin, nothing, ratings) = parts.get(db).await?;
        assert_eq!((first.as_deref(), none), (Some("rust"), None));
        assert_eq!((rest, begin), (vec!["sql".to_owned()], vec!["rust".to_owned()]));
        assert_eq!((nothing, ratings), (Vec::new(), Some(vec![3, 5])));
        let documents = Post::objects().filter(|p| p.id.lte(2)).order_by(|p| p.id.asc());
        let documents = documents.values(|p| orm::json_object((("tags", p.tags), ("ratings", p.ratings), ("first", p.tags.slice(..1)))));
        let written = [json!({"tags": ["rust", "sql"], "ratings": [3, 5], "first": ["rust"]}), json!({"tags": ["rust"], "ratings": null, "first": ["rust"]})];
        assert_eq!(documents.all(db).await?, written);
        let changed = Post::objects().filter(|p| p.id.lte(2)).update(|p| (p.tags.set(["go"]), p.ratings.set(None)), db).await?;
        assert_eq!(changed, 2);
        assert_eq!(titles(Post::objects().filter(|p| p.tags.contains(["go"]) & p.ratings.is_null()), db).await?, ["one", "two"]);
        Ok(())
    }

    async fn arrays_are_made_of_rows(bed, requires(PostgresTypes)) {
        let db = &bed.db;
        fill(db).await?;
        let (all, each, stars, documents, none) = Comment::objects()
            .aggregate(|c| {
                let of_one = c.post.eq(1);
                (
                    c.text.array_agg().order_by(c.id.asc()).filter(of_one),
                    c.text.array_agg().distinct().order_by(c.text.desc()),
                    c.stars.array_agg().order_by(c.id.desc()),
                    c.text.json_agg().order_by((c.text.asc(), c.id.asc())),
                    c.text.array_agg().filter(c.id.lt(0)),
                )
            })
            .get(db)
            .await?;
        assert_eq!(all.unwrap(), ["good", "bad", "good"]);
        assert_eq!(each.unwrap(), ["so so", "good", "bad"]);
        assert_eq!(stars.unwrap(), [Some(3), Some(1), None, Some(5)]);
        assert_eq!(documents, Some(json!(["bad", "good", "good", "so so"])));
        assert_eq!(none, None);
        let listed = Post::objects()
            .annotate(|p| {
                let texts = Comment::objects().within(p.id).filter(|c| c.post.eq(p.id)).order_by(|c| c.id.desc());
                (texts.array(|c| c.text), p.comments.aggregate(|c| c.stars.array_agg().order_by(c.id.asc())))
            })
            .order_by(|(p, ..)| p.id.asc())
            .values(|(p, texts, stars)| (p.id, texts, stars));
        let listed = listed.all(db).await?;
        assert_eq!(listed[0].1, ["good", "bad", "good"]);
        assert_eq!(listed[0].2, Some(vec![Some(5), None, Some(1)]));
        assert_eq!((listed[2].1.len(), &listed[2].2), (0, &None));
        let grouped = Comment::objects().group_by(|c| c.text).annotate(|c| c.stars.array_agg().order_by(c.stars.asc()));
        let grouped = grouped.order_by(|(text, _)| text.asc()).all(db).await?;
        assert_eq!(grouped[1], ("good".to_owned(), Some(vec![Some(1), Some(5)])));
        Ok(())
    }

    async fn databases_without_arrays_refuse_them(bed) {
        if bed.db.dialect().capabilities().postgres_types {
            return Ok(());
        }
        let db = &bed.db;
        let tables = orm::migrate::create_tables(db, &[arrays()]).await.unwrap_err();
        assert_eq!((tables.code(), tables.message().contains("M044")), (Code::Migration, true), "{tables}");
        bed.log.clear();
        let read = Post::objects().all(db).await.unwrap_err();
        let made = Post::draft().title("x").create(db).await.unwrap_err();
        let changed = Post::objects().update(|p| p.title.set("x"), db).await.unwrap_err();
        let gone = Post::objects().delete(db).await.unwrap_err();
        let gathered = Comment::objects().aggregate(|c| c.text.array_agg()).get(db).await.unwrap_err();
        let asked = Comment::objects().filter(|c| c.text.is_similar("x")).count(db).await.unwrap_err();
        let searched = Comment::objects().filter(|c| c.text.search("x")).count(db).await.unwrap_err();
        let listed = Post::objects().values(|p| orm::json_array((p.title, p.tags))).all(db).await.unwrap_err();
        for error in [&read, &made, &changed, &gone, &gathered, &asked, &searched, &listed] {
            assert_eq!(error.code(), Code::Unsupported, "{error:?}");
        }
        assert_eq!((read.model(), read.fields()), (Some("Post"), &["tags".to_owned()][..]), "{read:?}");
        bed.log.assert_queries(0);
        Ok(())
    }
}

mod slim {
    use super::*;
    use orm::dynamic::{Catalog, Query};

    orm::app! { pub slim { Label } }

    /// As Django makes its columns, and with a text that knows no case.
    #[derive(Model, Debug, Clone, PartialEq)]
    pub struct Label {
        pub id: i64,
        pub name: String,
        #[field(max_length = 10)]
        pub tags: Vec<String>,
        #[field(max_length = 10)]
        pub more: Option<Vec<String>>,
        pub plain: Vec<String>,
    }

    const TABLE: &str = "CREATE EXTENSION IF NOT EXISTS citext;
        CREATE TABLE slim_label (id bigserial PRIMARY KEY, name citext NOT NULL UNIQUE, tags varchar(10)[] NOT NULL, more varchar(10)[],
            plain text[] NOT NULL);
        CREATE INDEX slim_tags ON slim_label USING gin (tags)";

    behaviour! {
        async fn arrays_of_varchar(bed, requires(PostgresTypes)) {
            let db = &bed.db;
            db.batch(TABLE).await?;
            let drafts = [
                Label::draft().name("one").tags(["rust", "sql"]).more(["x"]).plain(["rust"]),
                Label::draft().name("two").tags(["rust"]).more(None).plain(["rust"]),
                Label::draft().name("three").tags(Vec::new()).more(Vec::new()).plain(["sql", "c"]),
            ];
            Label::objects().bulk_create(drafts, db).await?;
            let found = async |query: QuerySet<Label>| query.order_by(|l| l.id.asc()).values(|l| l.id).all(db).await;
            let all = Label::objects;
            assert_eq!(found(all().filter(|l| l.tags.eq(["rust"]))).await?, [2]);
            assert_eq!(found(all().filter(|l| l.tags.ne(["rust"]))).await?, [1, 3]);
            assert_eq!(found(all().filter(|l| l.more.is_same(vec!["x".to_owned()]))).await?, [1]);
            assert_eq!(found(all().filter(|l| l.more.eq(None))).await?, [2]);
            assert_eq!(found(all().filter(|l| l.tags.gt(["rust"]))).await?, [1]);
            assert_eq!(found(all().filter(|l| l.tags.is_in([vec!["rust".to_owned()], Vec::new()]))).await?, [2, 3]);
            assert_eq!(found(all().filter(|l| l.tags.contains(["sql"]))).await?, [1]);
            assert_eq!(found(all().filter(|l| l.tags.contained_by(["rust", "c"]))).await?, [2, 3]);
            assert_eq!(found(all().filter(|l| l.tags.overlap(["c", "sql"]))).await?, [1]);
            assert_eq!(found(all().filter(|l| l.tags.any_eq("rust") & l.tags.len().eq(2))).await?, [1]);
            assert_eq!(found(all().filter(|l| l.tags.slice(..1).eq(["rust"]) & l.tags.index(1).eq("sql"))).await?, [1]);
            // Beside arrays of the other type, either way round.
            assert_eq!(found(all().filter(|l| l.tags.eq(l.plain))).await?, [2]);
            assert_eq!(found(all().filter(|l| l.plain.eq(l.tags))).await?, [2]);
            assert_eq!(found(all().filter(|l| l.plain.overlap(l.tags))).await?, [1, 2]);
            assert_eq!(found(all().filter(|l| l.tags.overlap(l.more.or(["rust"])))).await?, [2]);
            // Of several values.
            assert_eq!(found(all().filter(|l| l.more.or(["x"]).eq(["x"]))).await?, [1, 2]);
            assert_eq!(found(all().filter(|l| l.more.or(["x"]).is_in([["x"]]))).await?, [1, 2]);
            assert_eq!(found(all().filter(|l| l.more.or(l.plain).eq(["rust"]))).await?, [2]);
            assert_eq!(found(all().filter(|l| l.plain.null_if(["rust"]).or(l.tags).eq(["rust"]))).await?, [2]);
            assert_eq!(found(all().filter(|l| l.tags.null_if(["rust"]).is_null())).await?, [2]);
            assert_eq!(found(all().filter(|l| case::<Label, _>().when(l.id.gt(1), l.tags).otherwise(l.plain).eq(["rust"]))).await?, [1, 2]);
            assert_eq!(found(all().filter(|l| case::<Label, _>().when(l.id.gt(1), l.plain).otherwise(l.tags).contains(["rust"]))).await?, [1, 2]);
            assert_eq!(found(all().filter(|l| case::<Label, _>().when(l.id.gt(1), l.tags).otherwise(vec!["x".to_owned()]).eq(["rust"]))).await?, [2]);
            assert_eq!(found(all().filter(|l| case::<Label, _>().when(l.id.gt(1), l.tags).or_null().eq(["rust"]))).await?, [2]);
            assert_eq!(found(all().filter(|l| Label::objects().within(l.id).filter(move |o| o.id.eq(l.id)).scalar(|o| o.tags).eq(["rust"]))).await?, [2]);
            assert_eq!(found(all().filter(|l| Label::objects().within(l.id).filter(move |o| o.id.eq(l.id)).aggregate(|o| o.tags.max()).eq(["rust"]))).await?, [2]);
            let tags = Label::objects().filter(|l| l.id.eq(2)).values(|l| l.tags);
            assert_eq!(found(all().filter(|l| l.tags.is_in(tags))).await?, [2]);
            // Among those of a query, which may be of the other type; in slices, different rows and groups as well.
            let plain = || Label::objects().filter(|l| l.id.gt(1)).values(|l| l.plain);
            assert_eq!(found(all().filter(|l| l.tags.is_in(plain()))).await?, found(all().filter(|l| l.tags.eq(["rust"]))).await?);
            assert_eq!(found(all().exclude(|l| l.tags.is_in(plain()))).await?, [1, 3]);
            assert_eq!(found(all().filter(|l| l.tags.is_in(plain().distinct()))).await?, [2]);
            assert_eq!(found(all().filter(|l| l.tags.is_in(plain().order_by(|plain| plain.desc()).limit(9)))).await?, [2]);
            assert_eq!(found(all().filter(|l| l.tags.is_in(plain().union(plain())))).await?, [2]);
            assert_eq!(found(all().filter(|l| l.tags.is_in(plain().none()))).await?, [0i64; 0]);
            // What they are ordered by, and grouped by, is of the type that it has.
            let last = || plain().distinct().order_by(|plain| plain.desc()).limit(1);
            assert_eq!(found(all().filter(|l| l.tags.is_in(last()))).await?, [0i64; 0]);
            assert_eq!(found(all().filter(|l| l.tags.is_in(plain().distinct().order_by(|plain| plain.asc()).limit(1)))).await?, [2]);
            let grouped = || Label::objects().group_by(|l| l.plain).annotate(|_| count()).filter(|(plain, _)| plain.ne(["c"]));
            let of_most = || grouped().order_by(|(plain, n)| (n.desc(), plain.asc())).values(|(plain, _)| plain);
            assert_eq!(found(all().filter(|l| l.tags.is_in(of_most()))).await?, [2]);
            assert_eq!(found(all().filter(|l| l.tags.is_in(of_most().limit(1)))).await?, [2]);
            assert_eq!(found(all().filter(|l| l.tags.is_in(of_most().offset(1).limit(5)))).await?, [0i64; 0]);
            assert_eq!(found(all().exclude(|l| l.tags.is_in(of_most().limit(1)))).await?, [1, 3]);
            let by_key = || grouped().order_by(|(plain, _)| plain.desc()).values(|(plain, _)| plain).limit(2);
            assert_eq!(found(all().filter(|l| l.tags.is_in(by_key()))).await?, [2]);
            assert_eq!(found(all().filter(|l| l.plain.is_in(by_key()))).await?, [1, 2, 3]);
            assert_eq!(found(all().filter(|l| l.tags.is_in(Label::objects().group_by(|o| o.plain).keys().limit(9)))).await?, [2]);
            let of_tags = || Label::objects().group_by(|l| l.tags).annotate(|_| count()).order_by(|(tags, _)| tags.desc()).values(|(tags, _)| tags);
            assert_eq!(found(all().filter(|l| l.plain.is_in(of_tags().limit(2)))).await?, [1, 2]);
            let varchars = || Label::objects().filter(|l| l.id.eq(2)).values(|l| l.tags);
            assert_eq!(found(all().filter(|l| l.plain.is_in(varchars()))).await?, found(all().filter(|l| l.plain.eq(["rust"]))).await?);
            let sql = all().filter(|l| l.tags.is_in(plain())).to_sql(Dialect::Postgres)?;
            assert!(sql.contains(r#""tags" IN (SELECT CAST("label2"."plain" AS VARCHAR[]) FROM"#), "{sql}");
            // By name.
            let catalog = Catalog::new().app(slim());
            for (name, value, ids) in [("tags", json!(["rust"]), json!([{"id": 2}])), ("tags__overlap", json!(["sql"]), json!([{"id": 1}])), ("tags__contains", json!(["rust"]), json!([{"id": 1}, {"id": 2}])), ("more__contained_by", json!(["x"]), json!([{"id": 1}, {"id": 3}]))] {
                let query: Query = serde_json::from_value(json!({"model": "slim.Label", "calls": [{"filter": {"where": [name, value]}}, {"order_by": ["id"]}, {"values": ["id"]}]})).unwrap();
                assert_eq!(serde_json::to_value(catalog.check(&query)?.all(db).await?).unwrap(), ids, "{name}");
            }
            // Written, by values and by other columns.
            let mut label = Label::get(3, db).await?;
            label.tags = vec!["new".into()];
            assert_eq!(Label::objects().bulk_update([&label], |l| l.tags, db).await?, 1);
            Label::objects().filter(|l| l.id.eq(2)).update(|l| l.tags.set(l.plain), db).await?;
            Label::objects().filter(|l| l.id.eq(1)).update(|l| l.tags.set(["over"]), db).await?;
            let read = Label::objects().order_by(|l| l.id.asc()).values(|l| l.tags).all(db).await?;
            assert_eq!(read, [vec!["over".to_owned()], vec!["rust".into()], vec!["new".into()]]);
            // The index serves.
            let plan = Label::objects().filter(|l| l.tags.contains(["over"])).to_sql(Dialect::Postgres)?;
            assert!(plan.ends_with(r#"WHERE ("tags" @> CAST($1 AS VARCHAR[]))"#), "{plan}");
            bed.log.clear();
            let long = Label::draft().name("long").tags(["short", "12345678901"]).plain(Vec::new()).create(db).await.unwrap_err();
            assert_eq!((long.code(), long.fields()), (Code::TooLong, &["tags".to_owned()][..]), "{long}");
            bed.log.assert_queries(0);
            Ok(())
        }

        async fn tables_with_arrays_of_varchar(bed, requires(PostgresTypes)) {
            let db = &bed.db;
            orm::migrate::create_tables(db, &[slim()]).await?;
            let long = "INSERT INTO slim_label (name, tags, plain) VALUES ('x', '{12345678901}', '{}')";
            assert_eq!(db.batch(long).await.unwrap_err().code(), Code::TooLong);
            db.batch("INSERT INTO slim_label (name, tags, plain) VALUES ('x', '{1234567890}', '{12345678901}')").await?;
            assert_eq!(Label::objects().filter(|l| l.tags.contains(["1234567890"])).count(db).await?, 1);
            Ok(())
        }

        async fn texts_that_know_no_case(bed, requires(PostgresTypes)) {
            let db = &bed.db;
            db.batch(TABLE).await?;
            Label::draft().name("One").tags(["rust"]).plain(Vec::new()).create(db).await?;
            let count = async |query: QuerySet<Label>| query.count(db).await;
            // What is compared is a text, and texts know case; the database's own key does not.
            assert_eq!(count(Label::objects().filter(|l| l.name.eq("one"))).await?, 0);
            assert_eq!(count(Label::objects().filter(|l| l.name.eq("One") & l.name.is_in(["One"]))).await?, 1);
            assert_eq!(count(Label::objects().filter(|l| l.name.iexact("one") & l.name.icontains("NE"))).await?, 1);
            let taken = Label::draft().name("ONE").tags(["rust"]).plain(Vec::new()).create(db).await.unwrap_err();
            assert_eq!((taken.code(), taken.fields()), (Code::UniqueViolation, &["name".to_owned()][..]));
            assert_eq!(Label::objects().values(|l| l.name).get(db).await?, "One");
            Ok(())
        }
    }
}

/// Texts of a collation that knows no case: the database compares them, and so do queries.
mod folded {
    use super::*;
    use orm::dynamic::{Catalog, Query};

    orm::app! { pub folded { Word } }

    #[derive(Model, Debug, Clone)]
    pub struct Word {
        pub id: i64,
        #[field(max_length = 20, collation(postgres = "folded_nocase"))]
        pub text: String,
    }

    behaviour! {
        async fn texts_of_a_collation_that_knows_no_case(bed, requires(PostgresTypes)) {
            let db = &bed.db;
            db.batch("CREATE COLLATION folded_nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)").await?;
            orm::migrate::create_tables(db, &[folded()]).await?;
            Word::objects().bulk_create(["One", "Émile", "two"].map(|text| Word::draft().text(text)), db).await?;
            let count = async |query: QuerySet<Word>| query.count(db).await;
            assert_eq!(count(Word::objects().filter(|w| w.text.eq("ONE"))).await?, 1);
            assert_eq!(count(Word::objects().filter(|w| w.text.ne("émile"))).await?, 2);
            assert_eq!(count(Word::objects().filter(|w| w.text.is_in(["one", "TWO", "Emile"]))).await?, 2);
            let catalog = Catalog::new().app(folded());
            for (name, value, found) in [("text", json!("ONE"), 1), ("text__exact", json!("émile"), 1), ("text__in", json!(["one", "TWO", "x"]), 2), ("text__ne", json!("oNe"), 2)] {
                let query = Query::of("folded.Word").filter(name, serde_json::from_value::<orm::dynamic::Term>(value).unwrap());
                assert_eq!(catalog.check(&query)?.count(db).await?, found, "{name}");
            }
            // Patterns are none of such a collation's.
            for query in [Word::objects().filter(|w| w.text.iexact("one")), Word::objects().filter(|w| w.text.contains("n"))] {
                assert_eq!(count(query).await.unwrap_err().code(), Code::Sql);
            }
            Ok(())
        }
    }
}

mod costly {
    use super::*;

    orm::app! { pub costly { Bill } }

    #[derive(Model, Debug, Clone)]
    pub struct Bill {
        pub id: i64,
        #[field(max_digits = 5, decimal_places = 2)]
        pub costs: Vec<Decimal>,
        #[field(max_digits = 5, decimal_places = 2)]
        pub parts: Option<Vec<Option<Decimal>>>,
    }

    behaviour! {
        async fn arrays_of_decimals_with_so_many_digits(bed, requires(PostgresTypes)) {
            let db = &bed.db;
            orm::migrate::create_tables(db, &[costly()]).await?;
            let decimal = |number, scale| Decimal::new(number, scale);
            let bill = Bill::draft().costs(vec![decimal(15, 1), decimal(-99_999, 2)]).parts(vec![None, Some(decimal(7, 0))]).create(db).await?;
            let read = Bill::get(bill.id, db).await?;
            for bill in [&bill, &read] {
                assert_eq!(bill.costs.iter().map(ToString::to_string).collect::<Vec<_>>(), ["1.50", "-999.99"]);
                assert_eq!(bill.parts.as_ref().unwrap()[1].unwrap().to_string(), "7.00");
            }
            // Nothing is rounded without a word, neither here nor by a type that the column has not got.
            bed.log.clear();
            for (number, code) in [(decimal(1_005, 3), Code::InexactDecimal), (decimal(1_000, 0), Code::OutOfRange)] {
                let refused = Bill::draft().costs(vec![decimal(1, 0), number]).create(db).await.unwrap_err();
                assert_eq!((refused.code(), refused.fields()), (code, &["costs".to_owned()][..]), "{refused}");
            }
            bed.log.assert_queries(0);
            assert!(db.batch("INSERT INTO costly_bill (costs) VALUES ('{1000}')").await.is_err());
            Ok(())
        }
    }
}
