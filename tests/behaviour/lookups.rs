//! Each lookup finds the same rows everywhere.

use crate::{bed::behaviour, shop::*};
use orm::prelude::*;

behaviour! {
    async fn any_number_of_keys_of_other_rows(bed) {
        filled(&bed).await?;
        // Up to so many are bound one by one on MariaDB, and further ones as one value.
        for many in [15, 17, 1_000, 4_096, 4_097, 30_000] {
            let keys: Vec<i64> = (2..many + 2).collect();
            let found = Book::objects().filter(|b| b.author.key().is_in(&keys)).count(&bed.db).await?;
            let others = Book::objects().exclude(|b| b.author.key().is_in(&keys)).count(&bed.db).await?;
            assert_eq!((found, others), (Book::objects().filter(|b| b.author.key().gt(1)).count(&bed.db).await?, 2), "{many}");
            // Several lists in one statement stay within what it can bind.
            let lists = (0..20).fold(Q::<Book>::nothing(), |any, _| any | Q::<Book>::new(|b| b.author.key().is_in(&keys)));
            assert_eq!(Book::objects().filter(|_| lists).count(&bed.db).await?, found, "{many}");
            // So do those of queries that stand before it.
            let before = || Book::objects().filter(|b| b.author.key().is_in(&keys)).values(|b| b.id).as_cte();
            let all = (1..20).fold(before(), |all, _| all.union_all(before()));
            assert_eq!(all.count(&bed.db).await?, 20 * found, "{many}");
        }
        Ok(())
    }

    async fn text_is_taken_as_it_is(bed) {
        filled(&bed).await?;
        assert_eq!(ids(&bed, |b| b.title.contains("100%")).await?, [3]);
        assert_eq!(ids(&bed, |b| b.title.contains("%")).await?, [3]);
        assert_eq!(ids(&bed, |b| b.title.contains("_")).await?, [4]);
        assert_eq!(ids(&bed, |b| b.title.contains("\\")).await?, [5]);
        assert_eq!(ids(&bed, |b| b.title.contains("[a*b?")).await?, [5]);
        assert_eq!(ids(&bed, |b| b.title.contains("a?b")).await?, [0i64; 0]);
        assert_eq!(ids(&bed, |b| b.title.icontains("[A*B?")).await?, [5]);
        assert_eq!(ids(&bed, |b| b.title.ends_with("b?")).await?, [5]);
        assert_eq!(ids(&bed, |b| b.title.ends_with("%")).await?, [3]);
        assert_eq!(ids(&bed, |b| b.title.starts_with("Sketch\\[")).await?, [5]);
        assert_eq!(ids(&bed, |b| b.title.contains("")).await?, [1, 2, 3, 4, 5]);
        assert_eq!(ids(&bed, |b| b.title.starts_with("").and_true() & b.title.ends_with("")).await?, [1, 2, 3, 4, 5]);
        Ok(())
    }

    async fn case_counts_unless_asked_otherwise(bed) {
        filled(&bed).await?;
        assert_eq!(ids(&bed, |b| b.title.eq("notes")).await?, [0i64; 0]);
        assert_eq!(ids(&bed, |b| b.title.eq("Notes ")).await?, [0i64; 0]);
        assert_eq!(ids(&bed, |b| b.title.contains("NOT")).await?, [0i64; 0]);
        assert_eq!(ids(&bed, |b| b.title.starts_with("comp")).await?, [0i64; 0]);
        assert_eq!(ids(&bed, |b| b.title.starts_with("CO")).await?, [3]);
        assert_eq!(ids(&bed, |b| b.title.istarts_with("co")).await?, [2, 3]);
        assert_eq!(ids(&bed, |b| b.title.iexact("NOTES")).await?, [1]);
        assert_eq!(ids(&bed, |b| b.title.icontains("ÉMILE")).await?, [4]);
        assert_eq!(ids(&bed, |b| b.title.istarts_with("É")).await?, [4]);
        assert_eq!(ids(&bed, |b| b.title.iends_with("_X")).await?, [4]);
        assert_eq!(ids(&bed, |b| b.author.name.iexact("émile")).await?, [4]);
        assert_eq!(ids(&bed, |b| b.author.name.lower().eq("émile")).await?, [4]);
        assert_eq!(ids(&bed, |b| b.title.upper().eq("ÉMILE_X")).await?, [4]);
        Ok(())
    }

    async fn patterns_and_regular_expressions(bed) {
        filled(&bed).await?;
        assert_eq!(ids(&bed, |b| b.title.like("C%")).await?, [2, 3]);
        assert_eq!(ids(&bed, |b| b.title.like("N_tes")).await?, [1]);
        assert_eq!(ids(&bed, |b| b.title.like("%100\\%")).await?, [3]);
        assert_eq!(ids(&bed, |b| b.title.like("%\\_x")).await?, [4]);
        assert_eq!(ids(&bed, |b| b.title.regex("^[CN]o")).await?, [1, 2]);
        assert_eq!(ids(&bed, |b| b.title.iregex("^[cn]o")).await?, [1, 2, 3]);
        assert_eq!(ids(&bed, |b| b.title.regex("\\d+")).await?, [3]);
        // One that looks back at what it has found.
        assert_eq!(ids(&bed, |b| b.title.regex("([A-Z])B\\1")).await?, [3]);
        assert_eq!(ids(&bed, |b| b.title.regex("([A-Z])N\\1")).await?, [0i64; 0]);
        assert_eq!(ids(&bed, |b| b.author.email.regex("^ada")).await?, [1, 5]);
        Ok(())
    }

    async fn patterns_from_other_columns(bed) {
        filled(&bed).await?;
        // Each book's author's name inside the book's title.
        assert_eq!(ids(&bed, |b| b.title.icontains(b.author.name)).await?, [4]);
        assert_eq!(ids(&bed, |b| b.title.istarts_with(b.author.name)).await?, [4]);
        assert_eq!(ids(&bed, |b| b.title.contains(b.title)).await?, [1, 2, 3, 4, 5]);
        assert_eq!(ids(&bed, |b| b.title.starts_with(b.title)).await?, [1, 2, 3, 4, 5]);
        assert_eq!(ids(&bed, |b| b.title.ends_with(b.title)).await?, [1, 2, 3, 4, 5]);
        assert_eq!(ids(&bed, |b| b.title.iexact(b.title.upper())).await?, [1, 2, 3, 4, 5]);
        Ok(())
    }

    async fn null_is_a_value_to_ask_for(bed) {
        filled(&bed).await?;
        assert_eq!(ids(&bed, |b| b.rating.is_null()).await?, [3, 5]);
        assert_eq!(ids(&bed, |b| b.rating.eq(None)).await?, [3, 5]);
        assert_eq!(ids(&bed, |b| b.rating.ne(None)).await?, [1, 2, 4]);
        assert_eq!(ids(&bed, |b| b.rating.is_not_null()).await?, [1, 2, 4]);
        assert_eq!(ids(&bed, |b| b.rating.ne(4.0)).await?, [1, 3, 4, 5]);
        assert_eq!(ids(&bed, |b| b.rating.is_same(None)).await?, [3, 5]);
        assert_eq!(ids(&bed, |b| b.editor.is_null()).await?, [1, 3]);
        assert_eq!(ids(&bed, |b| b.editor.eq(None)).await?, [1, 3]);
        assert_eq!(ids(&bed, |b| b.editor.ne(None)).await?, [2, 4, 5]);
        let ada = Person::get(1, &bed.db).await?;
        assert_eq!(ids(&bed, |b| b.editor.eq(Some(&ada))).await?, [2, 5]);
        assert!(ids(&bed, |b| b.author.eq(None)).await?.is_empty());
        assert!(ids(&bed, |b| b.pk().eq(None)).await?.is_empty());
        assert_eq!(ids(&bed, |b| b.editor.name.is_null()).await?, [1, 3]);
        assert_eq!(ids(&bed, |b| b.editor.name.ne("Ada")).await?, [1, 3, 4]);
        assert_eq!(ids(&bed, |b| b.editor.ne(1)).await?, [1, 3, 4]);
        assert_eq!(ids(&bed, |b| b.editor.is_same(b.author)).await?, [5]);
        assert_eq!(ids(&bed, |b| b.editor.country.is_null()).await?, [1, 3]);
        Ok(())
    }

    async fn lists_and_queries_are_sets(bed) {
        filled(&bed).await?;
        assert_eq!(ids(&bed, |b| b.title.is_in(["Notes", "Compilers", "none"])).await?, [1, 2]);
        assert_eq!(ids(&bed, |b| !b.title.is_in(["Notes", "Compilers"])).await?, [3, 4, 5]);
        assert_eq!(ids(&bed, |b| b.id.is_in(Vec::<i64>::new())).await?, [0i64; 0]);
        assert_eq!(ids(&bed, |b| !b.id.is_in(Vec::<i64>::new())).await?, [1, 2, 3, 4, 5]);
        assert_eq!(ids(&bed, |b| b.price.is_in([dec("0.1"), dec("40")])).await?, [2, 4]);
        assert_eq!(ids(&bed, |b| b.rating.is_in([4.5, 2.5])).await?, [1, 4]);
        assert_eq!(ids(&bed, |b| !b.rating.is_in([4.5, 2.5])).await?, [2, 3, 5]);
        assert_eq!(ids(&bed, |b| b.published.is_in([day(2020, 2, 29)])).await?, [5]);
        assert_eq!(ids(&bed, |b| b.active.is_in([true])).await?, [1, 2, 4]);
        assert_eq!(ids(&bed, |b| b.author.is_in([1, 3])).await?, [1, 4, 5]);
        let many: Vec<i64> = (2..70_000).collect();
        assert_eq!(ids(&bed, |b| b.id.is_in(&many)).await?, [2, 3, 4, 5]);
        let old = Person::objects().filter(|p| p.born.lt(day(1900, 1, 1)));
        assert_eq!(ids(&bed, |b| b.author.key().is_in(old.clone().values(|p| p.id))).await?, [1, 5]);
        // A set with a NULL in it: `NOT IN` would find nothing.
        let mentors = Person::objects().values(|p| p.mentor.key());
        assert_eq!(Person::objects().filter(|p| p.id.is_in(mentors.clone())).order_by(|p| p.id.asc()).values(|p| p.id).all(&bed.db).await?, [1, 2]);
        assert_eq!(Person::objects().exclude(|p| p.id.is_in(mentors)).order_by(|p| p.id.asc()).values(|p| p.id).all(&bed.db).await?, [3, 4]);
        let two = Book::objects().order_by(|b| b.price.desc()).limit(2).values(|b| b.id);
        assert_eq!(ids(&bed, |b| b.id.is_in(two)).await?, [1, 2]);
        let keys = [order_id(1), order_id(3)];
        assert_eq!(Order::objects().filter(|o| o.id.is_in(keys)).count(&bed.db).await?, 2);
        Ok(())
    }

    async fn dates_come_apart(bed) {
        filled(&bed).await?;
        assert_eq!(ids(&bed, |b| b.published.year().eq(1952)).await?, [2]);
        assert_eq!(ids(&bed, |b| b.published.month().eq(12) & b.published.day().eq(31)).await?, [3]);
        let parts = Order::objects().order_by(|o| o.placed.asc())
            .values(|o| (o.placed.year(), o.placed.month(), o.placed.day(), o.placed.hour(), o.placed.minute(), o.placed.second()))
            .all(&bed.db).await?;
        assert_eq!(parts, [(2024, 1, 31, 23, 59, 58), (2024, 2, 29, 0, 0, 1), (2025, 7, 1, 12, 30, 0)]);
        let later = Order::objects().filter(|o| o.placed.gt(at(2024, 2, 1, 0, 0, 0)));
        assert_eq!(later.count(&bed.db).await?, 2);
        let exact = Order::objects().filter(|o| o.placed.eq(at(2024, 2, 29, 0, 0, 1)));
        assert_eq!(exact.count(&bed.db).await?, 1);
        assert_eq!(Order::objects().filter(|o| o.placed.lt(now())).count(&bed.db).await?, 3);
        Ok(())
    }

    async fn arithmetic_is_the_same(bed) {
        filled(&bed).await?;
        let halves = Book::objects().order_by(|b| b.id.asc()).values(|b| (b.stock / 2, b.stock % 4, -b.stock, b.stock.abs())).all(&bed.db).await?;
        assert_eq!(halves, [(1, 3, -3, 3), (0, 0, 0, 0), (3, 3, -7, 7), (-1, -2, 2, 2), (3, 3, -7, 7)]);
        assert_eq!(ids(&bed, |b| (b.price * 2).gt(dec("19.98"))).await?, [1, 2]);
        assert_eq!(ids(&bed, |b| (b.price * 2).gte(dec("19.98"))).await?, [1, 2, 3]);
        assert_eq!(ids(&bed, |b| (b.price - b.discount).eq(12)).await?, [1]);
        assert_eq!(ids(&bed, |b| (b.price - b.discount).is_null()).await?, [2, 4]);
        assert_eq!(ids(&bed, |b| (b.price - b.discount.or(0)).lt(1)).await?, [4, 5]);
        let exact = Book::objects().filter(|b| b.id.eq(4)).values(|b| (b.price + dec("0.20"), b.price * 3)).get(&bed.db).await?;
        assert_eq!(exact, (dec("0.30"), dec("0.30")));
        assert_eq!(ids(&bed, |b| (b.price * 3).eq(dec("0.3"))).await?, [4]);
        Ok(())
    }

    async fn lists_hold_nulls_and_fields_too(bed) {
        filled(&bed).await?;
        assert_eq!(ids(&bed, |b| b.rating.is_in([Some(4.5), None])).await?, [1, 3, 5]);
        assert_eq!(ids(&bed, |b| !b.rating.is_in([Some(4.5), None])).await?, [2, 4]);
        assert_eq!(ids(&bed, |b| b.id.is_in([Some(1), None])).await?, [1]);
        assert_eq!(ids(&bed, |b| !b.id.is_in([Some(1), None])).await?, [2, 3, 4, 5]);
        assert_eq!(ids(&bed, |b| b.id.is_in([b.author.id, b.author.id])).await?, [1, 2]);
        assert_eq!(ids(&bed, |b| !b.id.is_in([b.author.id, b.author.id])).await?, [3, 4, 5]);
        assert_eq!(ids(&bed, |b| b.id.is_in(None::<i64>.into_iter().collect::<Vec<_>>())).await?, [0i64; 0]);
        Ok(())
    }
}

trait AndTrue {
    fn and_true(self) -> Self;
}

impl<R> AndTrue for Q<R> {
    fn and_true(self) -> Self {
        self & Q::<R>::everything()
    }
}
