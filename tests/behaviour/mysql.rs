//! MySQL's SQL as text: what queries, inserts, updates and deletions say there, one file for each topic in `mysql/`.
//!
//! MySQL is not run. It shares MariaDB's code and differs by its capabilities; `BLESS=1` writes the files anew, and their change
//! is then read.

use crate::{
    shop::{Book, BookFields, Line, Order, Person, Profile, Tag, day, dec},
    writes::press::{self, Member, Team},
};
use orm::{At, Dialect, Result, prelude::*, row_number, window};
use serde_json::json;
use std::{env, fs, path::Path};

orm::app! { pub papers { Sheet, Seat } }

#[derive(Model, Debug, Clone)]
pub struct Sheet {
    pub id: i64,
    pub data: serde_json::Value,
    pub written: DateTime<Utc>,
}

#[derive(Model, Debug, Clone)]
#[model(unique(row, place))]
pub struct Seat {
    pub id: i64,
    pub row: i32,
    pub place: i32,
    pub guest: String,
    #[field(db_default = 0)]
    pub visits: i32,
}

type Case = (&'static str, Result<String>);

/// The condition on books, as a query.
fn where_<Q: orm::IntoQ<Book>>(condition: impl FnOnce(BookFields<At<Book>>) -> Q) -> Result<String> {
    Book::objects().filter(condition).values(|b| b.id).to_sql(Dialect::MySql)
}

fn sheet<Q: orm::IntoQ<Sheet>>(condition: impl FnOnce(SheetFields<At<Sheet>>) -> Q) -> Result<String> {
    Sheet::objects().filter(condition).values(|s| s.id).to_sql(Dialect::MySql)
}

fn lookups() -> Vec<Case> {
    vec![
        ("equal", where_(|b| b.title.eq("x"))),
        ("NULL", where_(|b| b.rating.eq(None))),
        ("null-safe", where_(|b| b.rating.is_same(b.rating))),
        ("not", where_(|b| !b.title.contains("x"))),
        ("not, of what can be NULL", where_(|b| !b.rating.gt(1.0))),
        ("contains, in any case", where_(|b| b.title.icontains("100%"))),
        ("starts with a column", where_(|b| b.title.starts_with(b.author.name))),
        ("regex", where_(|b| b.title.regex("^a") | b.title.iregex("^a"))),
        ("few values", where_(|b| b.id.is_in([1, 2, 3]))),
        ("many values", where_(|b| b.id.is_in((0..100).collect::<Vec<i64>>()))),
        ("many texts", where_(|b| b.title.is_in(vec!["x"; 100]))),
        ("many floats", where_(|b| b.rating.is_in(vec![0.5; 100]))),
        ("many keys of others", where_(|b| b.author.key().is_in((0..20).collect::<Vec<i64>>()))),
        ("a query", where_(|b| b.author.key().is_in(Person::objects().filter(|p| p.born.is_null()).values(|p| p.id)))),
        (
            "a slice",
            where_(|b| b.author.key().is_in(Person::objects().order_by(|p| p.id.asc()).limit(3).values(|p| p.id))),
        ),
        ("a set", Person::objects().filter(|p| p.written.any(|b| b.price.gt(20) & b.active)).to_sql(Dialect::MySql)),
        ("all of a set", Person::objects().filter(|p| p.written.all(|b| b.active)).to_sql(Dialect::MySql)),
    ]
}

fn functions() -> Vec<Case> {
    let book = |of: Result<String>| of;
    let sql = Dialect::MySql;
    vec![
        (
            "parts of a day",
            Book::objects()
                .values(|b| {
                    (
                        b.published.year(),
                        b.published.iso_year(),
                        b.published.quarter(),
                        b.published.week(),
                        b.published.week_day(),
                        b.published.iso_week_day(),
                    )
                })
                .to_sql(sql),
        ),
        (
            "parts of a moment",
            Order::objects()
                .values(|o| (o.placed.hour(), o.placed.second(), o.placed.date(), o.placed.time()))
                .to_sql(sql),
        ),
        ("a year as a range", where_(|b| b.published.year().eq(2020))),
        (
            "the beginning of a month",
            Order::objects()
                .values(|o| {
                    (
                        o.placed.trunc(DateUnit::Month),
                        o.placed.trunc(DateUnit::Quarter),
                        o.placed.trunc(DateUnit::Week),
                        o.placed.trunc(TimeUnit::Hour),
                    )
                })
                .to_sql(sql),
        ),
        (
            "a fixed zone",
            Order::objects().values(|o| o.placed.at(chrono::FixedOffset::east_opt(3600).unwrap()).hour()).to_sql(sql),
        ),
        (
            "a named zone",
            Order::objects().values(|o| o.placed.at(orm::Zone::named("Europe/Berlin")).hour()).to_sql(sql),
        ),
        (
            "a span of time",
            Order::objects().filter(|o| (o.placed + TimeDelta::days(30)).lt(now())).values(|o| o.id).to_sql(sql),
        ),
        ("between two days", Book::objects().values(|b| b.published.since(day(2020, 1, 1))).to_sql(sql)),
        (
            "text",
            Book::objects()
                .values(|b| {
                    (
                        b.title.lower(),
                        b.title.length(),
                        b.title.concat("!"),
                        b.title.left(3),
                        b.title.pad_start(9, "-"),
                        b.title.position("a"),
                        b.title.sha256(),
                    )
                })
                .to_sql(sql),
        ),
        (
            "numbers",
            Book::objects()
                .values(|b| {
                    (
                        b.price.floor(),
                        b.price.round(1),
                        b.stock.sqrt(),
                        b.stock.power(2),
                        b.rating.round(0),
                        b.stock.bit_xor(1),
                    )
                })
                .to_sql(sql),
        ),
        (
            "arithmetic",
            Book::objects().values(|b| (b.stock / 2, b.stock % b.stock, b.price * 2, b.price / b.discount)).to_sql(sql),
        ),
        ("conversions", Book::objects().values(|b| (b.price.cast::<i64>(), b.stock.cast::<f64>())).to_sql(sql)),
        ("a choice", Book::objects().values(|b| case().when(b.price.lt(5), "cheap").otherwise("dear")).to_sql(sql)),
        (
            "of several",
            book(Book::objects().values(|b| (b.discount.or(0), b.price.greatest(1), b.stock.null_if(0))).to_sql(sql)),
        ),
    ]
}

fn documents() -> Vec<Case> {
    vec![
        ("a path", sheet(|s| s.data.key("a \"b\"").key("c").is_not_null())),
        ("the first of a list", sheet(|s| s.data.key("list").index(0).is_not_null())),
        ("a text", sheet(|s| s.data.key("name").as_str().eq("x"))),
        ("a whole number", sheet(|s| s.data.key("n").as_i64().gt(3))),
        ("a truth value", sheet(|s| s.data.key("b").as_bool().eq(true))),
        ("null", sheet(|s| s.data.key("n").is_json_null())),
        ("equal", sheet(|s| s.data.key("n").eq(json!({"a": 1})))),
        ("keys", sheet(|s| s.data.has_keys(["a", "-b"]))),
        ("contains", sheet(|s| s.data.contains(json!({"a": [1], "b": {"c": "d"}})))),
    ]
}

fn rows() -> Vec<Case> {
    let sql = Dialect::MySql;
    vec![
        (
            "a slice",
            Book::objects()
                .order_by(|b| (b.rating.desc(), b.title.asc()))
                .limit(3)
                .offset(2)
                .values(|b| b.id)
                .to_sql(sql),
        ),
        ("related rows", Profile::objects().select_related(|p| p.person).to_sql(sql)),
        ("pairs", Person::objects().left_join(|p| p.written).values(|(p, b)| (p.name, b.title)).to_sql(sql)),
        (
            "aggregates",
            Book::objects()
                .aggregate(|b| {
                    (
                        count(),
                        b.price.sum(),
                        b.stock.avg(),
                        b.price.avg(),
                        b.stock.sum().filter(b.active),
                        b.stock.count().distinct(),
                        b.price.variance(),
                    )
                })
                .to_sql(sql),
        ),
        (
            "joined texts",
            Book::objects().aggregate(|b| b.title.join("', ").distinct().order_by(b.title.asc())).to_sql(sql),
        ),
        (
            "groups",
            Book::objects()
                .group_by(|b| b.author.key())
                .annotate(|b| (count(), b.price.max()))
                .filter(|(_, n, _)| n.gt(1))
                .order_by(|(_, n, _)| n.desc())
                .to_sql(sql),
        ),
        (
            "beside rows",
            Person::objects()
                .annotate(|p| (p.written.count(), p.written.sum(|b| b.price)))
                .filter(|(_, n, _)| n.gt(1))
                .values(|(p, n, _)| (p.id, n))
                .to_sql(sql),
        ),
        (
            "a window",
            Book::objects()
                .values(|b| {
                    (
                        b.price.sum().over(window().partition_by(b.author.key())),
                        b.stock.lag(1).over(window().order_by(b.id.asc())),
                    )
                })
                .to_sql(sql),
        ),
        (
            "a filter on a window",
            Book::objects()
                .annotate(|b| row_number().over(window().partition_by(b.author.key()).order_by(b.price.desc())))
                .filter(|(_, n)| n.lte(2))
                .values(|(b, n)| (b.id, n))
                .to_sql(sql),
        ),
        (
            "a union",
            Book::objects()
                .values(|b| b.title)
                .union(Tag::objects().values(|t| t.slug))
                .order_by(|text| text.asc())
                .limit(3)
                .to_sql(sql),
        ),
        (
            "an intersection",
            Tag::objects().values(|t| t.slug).intersection(Book::objects().values(|b| b.title)).to_sql(sql),
        ),
        (
            "the first of each",
            Line::objects().order_by(|l| l.price.desc()).distinct_on(|l| l.book.key()).values(|l| l.id).to_sql(sql),
        ),
        (
            "a recursion",
            Person::objects()
                .filter(|p| p.mentor.is_null())
                .values(|p| (p.id, p.name))
                .recursive(|(mentor, way)| {
                    Person::objects().filter(|p| p.mentor.eq(mentor)).values(|p| (p.id, way.concat(p.name)))
                })
                .to_sql(sql),
        ),
        ("a joined common table", {
            let counts = Book::objects().group_by(|b| b.author.key()).annotate(|_| count()).as_cte();
            Person::objects()
                .left_join_query(counts, |p, (author, _)| author.eq(p.id))
                .values(|(p, _, n)| (p.id, n))
                .to_sql(sql)
        }),
        ("different rows", Book::objects().values(|b| b.stock).distinct().order_by(|stock| stock.asc()).to_sql(sql)),
        ("locked rows", Book::objects().filter(|b| b.id.eq(1)).for_update_skip_locked().values(|b| b.id).to_sql(sql)),
        (
            "one value of a set",
            Person::objects().values(|p| p.written.order_by(|b| b.price.desc()).scalar(|b| b.title)).to_sql(sql),
        ),
    ]
}

fn writes() -> Vec<Case> {
    let sql = Dialect::MySql;
    vec![
        (
            "an update",
            Book::objects()
                .filter(|b| b.active)
                .update_sql(|b| (b.stock.set(b.stock + 1), b.price.set(dec("1.50"))), sql),
        ),
        (
            "an update by related rows",
            Book::objects().filter(|b| b.author.name.eq("Ada")).update_sql(|b| b.active.set(false), sql),
        ),
        (
            "an update of a slice",
            Book::objects().order_by(|b| b.price.desc()).limit(2).update_sql(|b| b.active.set(false), sql),
        ),
        (
            "an update from other rows of the table",
            Book::objects()
                .filter(|b| b.price.gt(1))
                .update_sql(|b| b.stock.set(case::<Book, _>().when(b.price.gt(9), 1).otherwise(b.stock)), sql),
        ),
        ("a deletion", Tag::objects().filter(|t| t.slug.eq("x")).delete_sql(sql)),
        ("a deletion by related rows", Line::objects().filter(|l| l.book.author.name.eq("Ada")).delete_sql(sql)),
    ]
}

fn inserts() -> Vec<Case> {
    let sql = Dialect::MySql;
    let tag = |slug: &str| Tag::draft().slug(slug);
    let member = || Member::draft().email("a@b.c").nick("a");
    let all = |sql: Result<Vec<String>>| sql.map(|statements| statements.join(";\n"));
    vec![
        ("a draft", tag("x").create_sql(sql)),
        ("a draft with its key", tag("x").id(7).create_sql(sql)),
        ("a draft with defaults", press::Book::draft().title("x").price(dec("1")).author(1).create_sql(sql)),
        ("a draft without a value", Team::draft().captain(None::<i64>).create_sql(sql)),
        ("drafts", all(Tag::objects().bulk_create_sql([tag("x"), tag("y")], sql))),
        ("drafts of different columns", all(Tag::objects().bulk_insert_sql([tag("x"), tag("y").id(7), tag("z")], sql))),
        ("drafts that give way", all(Tag::objects().bulk_insert_ignore_sql([tag("x"), tag("y")], sql))),
        ("an upsert", press::Tag::draft().slug("x").name("X").upsert_sql(|t| t.slug, sql)),
        ("an upsert of several columns", Seat::draft().row(1).place(2).guest("x").upsert_sql(|s| s.row_place, sql)),
        ("an upsert with nothing to change", tag("x").upsert_sql(|t| t.slug, sql)),
        ("an upsert that another key can be in the way of", member().upsert_sql(|m| m.email, sql)),
        ("upserts", all(Tag::objects().bulk_upsert_sql([tag("x"), tag("y")], |t| t.slug, sql))),
        ("upserts of the same row", all(Tag::objects().bulk_upsert_sql([tag("x"), tag("x")], |t| t.slug, sql))),
        (
            "upserts that another key can be in the way of",
            all(Member::objects().bulk_upsert_sql([member()], |m| m.email, sql)),
        ),
    ]
}

fn check(topic: &str, cases: Vec<Case>, wrong: &mut Vec<String>) {
    let mut text = String::new();
    for (name, sql) in cases {
        let sql = sql.unwrap_or_else(|error| format!("-- refused: {error}"));
        text.push_str(&format!("-- {name}\n{sql}\n\n"));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("behaviour/mysql").join(format!("{topic}.sql"));
    if env::var_os("BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
    } else if fs::read_to_string(&path).unwrap_or_default() != text {
        wrong.push(format!("{}:\n{text}", path.display()));
    }
}

#[test]
fn is_what_the_files_say() {
    let mut wrong = Vec::new();
    check("lookups", lookups(), &mut wrong);
    check("functions", functions(), &mut wrong);
    check("documents", documents(), &mut wrong);
    check("rows", rows(), &mut wrong);
    check("writes", writes(), &mut wrong);
    check("inserts", inserts(), &mut wrong);
    assert!(wrong.is_empty(), "run with BLESS=1 if this is right:\n{}", wrong.join("\n"));
}
