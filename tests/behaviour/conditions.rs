//! Conditions: `exclude` is the exact complement of `filter`, whatever the condition and the data, with NULLs everywhere.

use crate::{
    bed::{Bed, behaviour},
    rows::{insert, row},
    shop::*,
};
use orm::{At, Expression, prelude::*};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use std::collections::BTreeSet;

/// A condition as data, so that it can be printed and evaluated.
#[derive(Debug, Clone)]
enum Cond {
    Stock(Comparison, i32),
    Rating(Comparison, f64),
    Discount(Comparison, i32),
    Title(u8, String),
    Editor(Comparison, String),
    MentorCountry(String),
    RatingIn(Vec<i32>),
    EditorNull,
    RatingNull,
    SameRating(Option<i32>),
    Between(i32, i32),
    Divided(i32),
    Tagged(String),
    AllTagged(String),
    Active,
    And(Vec<Cond>),
    Or(Vec<Cond>),
    Not(Box<Cond>),
}

#[derive(Debug, Clone, Copy)]
enum Comparison {
    Eq,
    Ne,
    Lt,
    Gte,
}

fn compare<E: Expression, O: orm::Operand<E::Root, <E::Value as orm::FieldType>::Plain>>(
    how: Comparison,
    left: E,
    right: O,
) -> Q<E::Root> {
    match how {
        Comparison::Eq => left.eq(right),
        Comparison::Ne => left.ne(right),
        Comparison::Lt => left.lt(right),
        Comparison::Gte => left.gte(right),
    }
}

fn build(cond: &Cond, b: BookFields<At<Book>>) -> Q<Book> {
    match cond {
        Cond::Stock(how, n) => compare(*how, b.stock, *n),
        Cond::Rating(how, n) => compare(*how, b.rating, *n),
        Cond::Discount(how, n) => compare(*how, b.discount, *n),
        Cond::Title(0, text) => b.title.icontains(text.as_str()),
        Cond::Title(1, text) => b.title.starts_with(text.as_str()),
        Cond::Title(_, text) => b.title.iexact(text.as_str()),
        Cond::Editor(how, name) => compare(*how, b.editor.name, name.as_str()),
        Cond::MentorCountry(code) => b.editor.mentor.country.code.eq(code.as_str()),
        Cond::RatingIn(list) => b.rating.is_in(list.iter().map(|n| f64::from(*n)).collect::<Vec<_>>()),
        Cond::EditorNull => b.editor.is_null(),
        Cond::RatingNull => b.rating.is_null(),
        Cond::SameRating(n) => b.rating.is_same(n.map(f64::from)),
        Cond::Between(low, high) => b.stock.between(*low, *high),
        Cond::Divided(n) => (b.stock / (b.stock * 0 + *n)).gt(b.stock % 3),
        Cond::Tagged(slug) => b.tags.any(|t| t.slug.eq(slug.as_str())),
        Cond::AllTagged(slug) => b.tags.all(|t| t.slug.ne(slug.as_str())),
        Cond::Active => b.active.eq(true),
        Cond::And(all) => all.iter().fold(Q::everything(), |q, cond| q & build(cond, b)),
        Cond::Or(all) => all.iter().fold(Q::nothing(), |q, cond| q | build(cond, b)),
        Cond::Not(inner) => !build(inner, b),
    }
}

fn conditions() -> impl Strategy<Value = Cond> {
    let how = || prop_oneof![Just(Comparison::Eq), Just(Comparison::Ne), Just(Comparison::Lt), Just(Comparison::Gte)];
    let name = || prop_oneof![Just("Ada".to_owned()), Just("Émile".to_owned()), Just("%".to_owned())];
    let leaf = prop_oneof![
        (how(), -2..4).prop_map(|(how, n)| Cond::Stock(how, n)),
        (how(), 0..4).prop_map(|(how, n)| Cond::Rating(how, f64::from(n))),
        (how(), 0..3).prop_map(|(how, n)| Cond::Discount(how, n)),
        (0u8..3, prop_oneof![Just(""), Just("a"), Just("%"), Just("é"), Just("A_b")])
            .prop_map(|(kind, text)| Cond::Title(kind, text.to_owned())),
        (how(), name()).prop_map(|(how, name)| Cond::Editor(how, name)),
        prop_oneof![Just("UK"), Just("FR")].prop_map(|code| Cond::MentorCountry(code.to_owned())),
        proptest::collection::vec(0..4, 0..4).prop_map(Cond::RatingIn),
        Just(Cond::EditorNull),
        Just(Cond::RatingNull),
        proptest::option::of(0..4).prop_map(Cond::SameRating),
        (-2..2, 0..4).prop_map(|(low, high)| Cond::Between(low, high)),
        (0..3).prop_map(Cond::Divided),
        prop_oneof![Just("maths"), Just("old")].prop_map(|slug| Cond::Tagged(slug.to_owned())),
        prop_oneof![Just("maths"), Just("old")].prop_map(|slug| Cond::AllTagged(slug.to_owned())),
        Just(Cond::Active),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Cond::And),
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Cond::Or),
            inner.prop_map(|cond| Cond::Not(Box::new(cond))),
        ]
    })
}

/// Rows with NULLs in every nullable column, the same on every back end.
async fn random_rows(bed: &Bed, runner: &mut TestRunner) -> orm::Result<()> {
    filled(bed).await?;
    let strategy = (
        prop_oneof![Just(""), Just("a%"), Just("É_b"), Just("A_b"), Just("xx")],
        proptest::option::of(0..3i32),
        any::<bool>(),
        -2..4i32,
        proptest::option::of(0..4i32),
        1..5i64,
        proptest::option::of(1..5i64),
    );
    let (mut rows, mut tags) = (Vec::new(), Vec::new());
    for id in 10..60i64 {
        let (title, discount, active, stock, rating, author, editor) = strategy.new_tree(runner).unwrap().current();
        let discount = discount.map(Decimal::from);
        rows.push(row![
            id,
            title.to_owned(),
            dec("1"),
            discount,
            active,
            stock,
            rating.map(f64::from),
            None::<NaiveDate>,
            author,
            editor
        ]);
        if id % 3 > 0 {
            tags.push(row![id * 2, id, 1 + id % 2]);
        }
        if id % 5 == 0 {
            tags.push(row![id * 2 + 1, id, 3i64]);
        }
    }
    insert(&bed.db, "shop_book", "id title price discount active stock rating published author_id editor_id", rows)
        .await?;
    insert(&bed.db, "shop_book_tags", "id book_id tag_id", tags).await
}

behaviour! {
    async fn exclude_is_the_complement_of_filter(bed) {
        let mut runner = TestRunner::deterministic();
        random_rows(&bed, &mut runner).await?;
        let everything: BTreeSet<i64> = ids(&bed, |b| b.id.gt(0)).await?.into_iter().collect();
        for _ in 0..150 {
            let cond = conditions().new_tree(&mut runner).unwrap().current();
            let found: BTreeSet<i64> = ids(&bed, |b| build(&cond, b)).await?.into_iter().collect();
            let left: Vec<i64> = Book::objects().exclude(|b| build(&cond, b)).values(|b| b.id).all(&bed.db).await?;
            let left: BTreeSet<i64> = left.into_iter().collect();
            assert!(found.is_disjoint(&left), "{cond:?} is both true and not true of {:?}", &found & &left);
            assert_eq!(&found | &left, everything, "{cond:?}");
            // The condition as a value says the same, and so does a count.
            let values = Book::objects().values(|b| (b.id, build(&cond, b).as_value())).all(&bed.db).await?;
            let true_of: BTreeSet<i64> = values.into_iter().filter(|(_, holds)| *holds).map(|(id, _)| id).collect();
            assert_eq!(true_of, found, "{cond:?}");
            assert_eq!(Book::objects().filter(|b| build(&cond, b)).count(&bed.db).await? as usize, found.len());
        }
        Ok(())
    }

    async fn outer_joins_become_inner_where_it_is_the_same(bed) {
        filled(&bed).await?;
        assert_eq!(ids(&bed, |b| b.editor.name.eq("Ada")).await?, [2, 5]);
        assert!(!bed.log.statements().last().unwrap().sql.contains("LEFT JOIN"));
        assert_eq!(ids(&bed, |b| b.editor.name.eq("Ada") | b.editor.is_null()).await?, [1, 2, 3, 5]);
        assert!(bed.log.statements().last().unwrap().sql.contains("LEFT JOIN"));
        assert_eq!(ids(&bed, |b| b.editor.mentor.name.eq("Ada")).await?, [4]);
        assert!(!bed.log.statements().last().unwrap().sql.contains("LEFT JOIN"));
        Ok(())
    }

    async fn a_relation_equals_a_column_or_another_relation(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        // The key of the query around.
        let latest = Person::objects().order_by(|p| p.id.asc()).values(|p| {
            Book::objects().within(p.id).filter(|b| b.author.eq(p.id)).order_by(|b| b.id.desc()).scalar(|b| b.title)
        });
        let latest: Vec<Option<String>> = latest.all(db).await?;
        assert_eq!(latest[0].as_deref(), Some("Sketch\\[a*b?"));
        assert_eq!(latest[3], None);
        // Another relation of the same row; one that can be NULL is unknown, and so is its opposite's complement.
        assert_eq!(ids(&bed, |b| b.author.eq(b.editor)).await?, [5]);
        assert_eq!(ids(&bed, |b| b.editor.eq(b.author)).await?, [5]);
        assert_eq!(ids(&bed, |b| b.editor.ne(b.author)).await?, [1, 2, 3, 4]);
        // A column that holds a key, along a path, and a text key.
        assert_eq!(ids(&bed, |b| b.author.mentor.eq(b.editor)).await?, [2, 4]);
        let home = Person::objects().filter(|p| p.country.eq(p.mentor.country.code) | p.country.eq("FR"));
        assert_eq!(home.count(db).await?, 1);
        let inside = Person::objects().filter(|p| p.written.any(|b| b.editor.eq(p.mentor) & !b.editor.is_null()));
        assert_eq!(inside.order_by(|p| p.id.asc()).values(|p| p.id).all(db).await?, [2, 3]);
        Ok(())
    }
}
