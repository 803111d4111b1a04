//! Expressions and queries that a loop builds deeper and deeper: refused with a code, and never the end of a thread's stack.

use crate::{bed::behaviour, shop::*};
use orm::{
    Code, Dialect,
    dynamic::{self, Catalog, Limits, Node, Prefetch, Query, Term, call, exists, path},
    prelude::*,
};
use serde_json::json;

const OFTEN: usize = 20_000;

type BookQ = Q<Book>;

fn active() -> BookQ {
    Q::<Book>::new(|b| b.active)
}

fn stock() -> QuerySet<Book, i32> {
    Book::objects().values(|b| b.stock)
}

/// What the checks of a query by name say, whatever the limits are.
fn code_of(query: &Query) -> Option<Code> {
    let limits = Limits { depth: usize::MAX, size: usize::MAX, joins: usize::MAX, ..Limits::default() };
    Catalog::new().app(shop()).limits(limits).check(query).map(drop).err().map(|error| error.code())
}

behaviour! {
    async fn what_is_too_deep_is_refused(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        bed.log.clear();
        let mut conditions: Vec<(&str, BookQ)> = Vec::new();
        conditions.push(("sum", Q::<Book>::new(|b| (0..5 * OFTEN).fold(b.stock + 1, |sum, _| sum + 1).gt(5))));
        conditions.push(("before", Q::<Book>::new(|b| (0..OFTEN).fold(b.stock + 1, |sum, _| 1 + sum).gt(5))));
        conditions.push(("calls", Q::<Book>::new(|b| (0..OFTEN).fold(b.title.lower(), |text, _| text.upper()).eq("x"))));
        conditions.push(("nots", (0..OFTEN).fold(active(), |all, _| !all)));
        conditions.push(("both", (0..OFTEN).fold(active(), |all, n| if n % 2 == 0 { all & active() } else { all | active() })));
        conditions.push(("cases", Q::<Book>::new(|b| {
            (0..OFTEN).fold(b.stock + 0, |value, _| case().when(b.active, value).otherwise(1)).gt(5)
        })));
        conditions.push(("queries", Q::<Book>::new(|b| {
            b.stock.is_in((0..1_000).fold(stock(), |inner, _| Book::objects().filter(|b| b.stock.is_in(inner)).values(|b| b.stock)))
        })));
        for (what, condition) in conditions {
            let query = Book::objects().filter(|_| condition.clone());
            assert_eq!(query.clone().all(db).await.unwrap_err().code(), Code::TooComplex, "{what}");
            assert_eq!(query.count(db).await.unwrap_err().code(), Code::TooComplex, "{what}");
            assert_eq!(Book::objects().exclude(|_| condition.clone()).update(|b| b.stock.set(1), db).await.unwrap_err().code(), Code::TooComplex, "{what}");
            let text = format!("{condition:?}");
            assert!(condition == condition.clone() && text.contains("more than 500 deep"), "{what}");
        }
        let values = (0..OFTEN).fold(stock(), |values, _| values.values(|stock| stock + 1));
        assert_eq!(values.all(db).await.unwrap_err().code(), Code::TooComplex);
        let unions = (0..1_000).fold(stock(), |all, _| stock().union(all));
        assert_eq!(unions.all(db).await.unwrap_err().code(), Code::TooComplex);
        let slices = (0..1_000).fold(Book::objects(), |rows, _| rows.limit(3).filter(|b| b.active));
        assert_eq!(slices.all(db).await.unwrap_err().code(), Code::TooComplex);
        bed.log.assert_queries(0);
        // What is said is about queries as well, and how many of them can follow each other.
        let chain = |long: usize| (1..long).fold(stock(), |all, _| stock().union(all));
        let refused = chain(63).all(db).await.unwrap_err();
        assert!(refused.to_string().contains("where each query counts for 8, so that some 50 unions"), "{refused}");
        assert_eq!(chain(62).all(db).await?.len(), stock().distinct().count(db).await? as usize);
        let slices = |often| (0..often).fold(Book::objects(), |rows, _| rows.limit(3).filter(|b| b.id.gt(0)));
        let refused = slices(55).all(db).await.unwrap_err();
        assert!(refused.code() == Code::TooComplex && refused.to_string().contains("some 50 unions, slices"), "{refused}");
        assert!(slices(45).to_sql(db.dialect()).is_ok());
        // Of many queries the halves are put together.
        let mut queries: Vec<_> = (0..64).map(|n| Book::objects().filter(move |b| b.id.eq(n)).values(|b| b.id)).collect();
        while queries.len() > 1 {
            let right = queries.split_off(queries.len() / 2);
            queries = queries.into_iter().zip(right).map(|(one, other)| one.union(other)).collect();
        }
        assert_eq!(queries.remove(0).count(db).await?, Book::objects().count(db).await?);
        Ok(())
    }

    async fn what_is_nearly_too_deep_is_answered(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let sums = Book::objects().order_by(|b| b.id.asc()).values(|b| (0..490).fold(b.stock + 0, |sum, _| sum + 1));
        let stocks = stock().order_by(|_| orm::value::<_, i32>(1).asc()).count(db).await?;
        let summed = sums.all(db).await?;
        assert_eq!((summed[0], summed.len() as u64), (Book::get(1, db).await?.stock + 490, stocks));
        let many = (0..900).fold(BookQ::nothing(), |any, n| any | Q::<Book>::new(|b| b.id.eq(n)));
        assert_eq!(Book::objects().filter(|_| many).count(db).await?, stocks);
        // A list of conditions is no deeper for being long.
        let all = (0..5 * OFTEN).fold(BookQ::everything(), |all, _| all & active());
        assert!(Book::objects().filter(|_| all).to_sql(db.dialect())?.len() > OFTEN * 50);
        let nots = (0..400).fold(active(), |all, _| !all);
        assert_eq!(Book::objects().filter(|_| nots).count(db).await?, Book::objects().filter(|b| b.active).count(db).await?);
        Ok(())
    }
}

#[test]
fn what_many_read_is_looked_through_once() {
    let doubled = |often| {
        (0..often).fold(stock().as_cte(), |all, _| {
            all.clone().join_query(all, |one, other| one.eq(other)).values(|(one, _)| one).as_cte()
        })
    };
    for dialect in [Dialect::Sqlite, Dialect::Postgres, Dialect::MariaDb] {
        let sql = doubled(40).to_sql(dialect).unwrap();
        assert_eq!(sql.matches("orm_cte").count(), 41 + 2 * 40 + 1, "{sql}");
        assert_eq!(doubled(100).to_sql(dialect).unwrap_err().code(), Code::TooComplex);
    }
}

#[test]
fn what_is_too_deep_by_name_is_refused() {
    let books = || Query::of("shop.Book");
    let ends = |term: Term| books().filter_term(term.lookup("gt", 1));
    let sum = (0..OFTEN).fold(path("stock"), |sum, _| sum + 1);
    let copy = sum.clone();
    assert!(sum == copy && format!("{sum:?}").contains("TooDeep"));
    let refused = (0..100).fold(path("stock"), |sum, _| sum + 1);
    let written = serde_json::to_string(&refused).unwrap();
    assert_eq!((written.as_str(), serde_json::from_str::<Term>(&written).unwrap()), (r#"{"too_deep":100}"#, refused));
    let asked = [
        ends(sum),
        books().filter_term((0..OFTEN).fold(Term::named("active", true), |all, _| !all)),
        books().filter_term((0..OFTEN).fold(Term::named("active", true), |all, n| match n % 2 {
            0 => all & Term::named("id", 1),
            _ => all | Term::named("id", 1),
        })),
        ends((0..OFTEN).fold(path("title"), |text, _| call("upper", [text]))),
        ends((0..OFTEN).fold(Term::from(1), |list, _| Term::List(vec![Node::Not(list).into()]))),
        (0..OFTEN).fold(books(), |query, _| books().union(query)),
        (0..OFTEN).fold(books(), |query, _| books().filter_term(exists(query))),
        (0..OFTEN).fold(books(), |query, _| Query::of("shop.Person").prefetch([Prefetch::of("written").rows(query)])),
        (0..2_000).fold(books().alias("n0", path("stock") + 1), |query, n| {
            query.alias(format!("n{}", n + 1), path(format!("n{n}")) + 1)
        }),
    ];
    for query in &asked {
        assert_eq!(code_of(query), Some(Code::TooComplex), "{:.200}", format!("{query:?}"));
    }
    // A list of conditions is no deeper for being long.
    let all = (0..OFTEN).fold(Term::named("active", true), |all, n| all & Term::named("id__ne", n as i64));
    assert_eq!(code_of(&books().filter_term(all)), None);
    let nearly = (0..95).fold(path("stock"), |sum, _| sum + 1);
    assert_eq!(code_of(&ends(nearly)), None);
}

#[test]
fn what_is_read_too_deep_is_refused() {
    let nested = |times: usize, around: &dyn Fn(serde_json::Value) -> serde_json::Value| {
        (0..times).fold(json!({"path": "active"}), |term, _| around(term))
    };
    let not = |term| json!({"not": term});
    assert!(serde_json::from_value::<Term>(nested(45, &not)).is_ok());
    for times in [55, 300] {
        let error = serde_json::from_value::<Term>(nested(times, &not)).unwrap_err();
        assert!(error.to_string().contains("more than 50 deep"), "{error}");
    }
    let books = json!({"model": "shop.Book"});
    for call in ["union", "difference"] {
        let query =
            (0..300).fold(books.clone(), |query, _| json!({"model": "shop.Book", "calls": [{ (call): query }]}));
        let error = serde_json::from_value::<Query>(query).unwrap_err();
        assert!(error.to_string().contains("more than 50 deep"), "{error}");
    }
    let rows = |query| json!({"model": "shop.Book", "calls": [{"prefetch": [{"relation": "tags", "query": query}]}]});
    let query = (0..300).fold(books.clone(), |query, _| rows(query));
    assert!(serde_json::from_value::<Query>(query).unwrap_err().to_string().contains("more than 50 deep"));
    // What was refused does not count for what is read next.
    assert!(serde_json::from_value::<Term>(nested(45, &not)).is_ok());
    assert!(serde_json::from_value::<dynamic::Query>(books).is_ok());
}
