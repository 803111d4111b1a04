//! Aggregates: exact, never multiplied, alike everywhere.

use crate::{bed::behaviour, shop::*};
use orm::{Code, prelude::*};

behaviour! {
    async fn over_all_rows(bed) {
        filled(&bed).await?;
        let all = Book::objects().aggregate(|b| (count(), b.price.sum(), b.price.avg(), b.stock.sum(), b.stock.avg(), b.rating.max(), b.published.min(), b.stock.count_distinct()));
        let row = all.get(&bed.db).await?;
        assert_eq!(row.0, 5);
        assert_eq!(row.1, Some(dec("62.79")));
        assert_eq!(row.2, Some(dec("12.558")));
        assert_eq!((row.3, row.4), (Some(15), Some(3.0)));
        assert_eq!((row.5, row.6, row.7), (Some(4.5), Some(day(1843, 9, 1)), 4));
        let none = Book::objects().filter(|b| b.id.gt(99)).aggregate(|b| (count(), b.price.sum(), b.stock.avg())).get(&bed.db).await?;
        assert_eq!(none, (0, None, None));
        let third = Book::objects().filter(|b| b.id.is_in([3, 4, 5])).aggregate(|b| b.price.avg()).get(&bed.db).await?;
        assert_eq!(third, Some(dec("3.43")));
        let third = Book::objects().filter(|b| b.id.is_in([1, 3, 4])).aggregate(|b| (b.price.avg(), b.rating.avg())).get(&bed.db).await?;
        assert_eq!(third, (Some(dec("7.530000")), Some(3.5)));
        Ok(())
    }

    async fn of_related_rows_are_not_multiplied(bed) {
        filled(&bed).await?;
        let people = Person::objects()
            .annotate(|p| (p.written.count(), p.edited.count(), p.written.sum(|b| b.price), p.written.avg(|b| b.stock), p.written.max(|b| b.published)))
            .order_by(|(p, ..)| p.id.asc()).all(&bed.db).await?;
        let rows: Vec<_> = people.iter().map(|(p, a, b, c, d, e)| (p.id, *a, *b, *c, *d, *e)).collect();
        assert_eq!(rows, [
            (1, 2, 2, Some(dec("12.70")), Some(5.0), Some(day(2020, 2, 29))),
            (2, 2, 1, Some(dec("49.99")), Some(3.5), Some(day(1959, 12, 31))),
            (3, 1, 0, Some(dec("0.10")), Some(-2.0), None),
            (4, 0, 0, None, None, None),
        ]);
        let busy = Person::objects().annotate(|p| p.written.sum(|b| b.price)).filter(|(_, sum)| sum.gt(dec("9"))).order_by(|(_, sum)| sum.desc());
        assert_eq!(busy.values(|(p, _)| p.name).all(&bed.db).await?, ["Grace", "Ada"]);
        Ok(())
    }

    async fn by_groups(bed) {
        filled(&bed).await?;
        let groups = Book::objects().group_by(|b| b.author.name).annotate(|b| (count(), b.price.sum(), b.stock.min()))
            .order_by(|(name, ..)| name.asc()).all(&bed.db).await?;
        assert_eq!(groups[..2], [("Ada".to_owned(), 2, Some(dec("12.70")), Some(3)), ("Grace".to_owned(), 2, Some(dec("49.99")), Some(0))]);
        let having = Book::objects().group_by(|b| b.author.name).annotate(|b| (count(), b.price.sum()))
            .filter(|(name, n, sum)| n.gt(1) & name.ne("Ada") & sum.gt(dec("9.99"))).all(&bed.db).await?;
        assert_eq!(having, [("Grace".to_owned(), 2, Some(dec("49.99")))]);
        let mixed = Book::objects().group_by(|b| b.author.name).annotate(|_| count()).filter(|(name, n)| n.gt(1) | name.eq("Émile"));
        assert_eq!(mixed.clone().count(&bed.db).await?, 3);
        assert_eq!(mixed.all(&bed.db).await?.len(), 3);
        let by_sum = Book::objects().group_by(|b| b.author.key()).annotate(|b| b.price.sum()).order_by(|(_, sum)| sum.desc()).all(&bed.db).await?;
        assert_eq!(by_sum.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [2, 1, 3]);
        let years = Book::objects().group_by(|b| b.published.year()).annotate(|_| count()).order_by(|(year, _)| year.asc()).all(&bed.db).await?;
        assert_eq!(years, [(Some(1843), 1), (Some(1952), 1), (Some(1959), 1), (Some(2020), 1), (None, 1)]);
        let keys = Book::objects().group_by(|b| b.active).keys().order_by(|active| active.asc()).all(&bed.db).await?;
        assert_eq!(keys, [false, true]);
        Ok(())
    }

    async fn by_groups_of_slices_and_annotations(bed) {
        filled(&bed).await?;
        let slice = Book::objects().order_by(|b| b.price.desc()).limit(3);
        assert_eq!(slice.clone().aggregate(|b| (count(), b.price.sum())).get(&bed.db).await?, (3, Some(dec("62.49"))));
        let groups = slice.group_by(|b| b.author.key()).annotate(|_| count()).order_by(|(id, _)| id.asc()).all(&bed.db).await?;
        assert_eq!(groups, [(1, 1), (2, 2)]);
        let annotated = Book::objects().annotate(|b| b.price * 2).group_by(|(b, _)| b.active).annotate(|(_, double)| double.sum()).order_by(|(active, _)| active.asc());
        assert_eq!(annotated.all(&bed.db).await?, [(false, Some(dec("20.38"))), (true, Some(dec("105.20")))]);
        let over = Person::objects().annotate(|p| p.written.count()).aggregate(|(_, n)| (n.sum(), n.max())).get(&bed.db).await?;
        assert_eq!(over, (Some(5), Some(2)));
        let computed = Book::objects().group_by(|b| case().when(b.price.lt(1), "cheap").otherwise("dear")).annotate(|_| count())
            .order_by(|(kind, _)| kind.asc()).all(&bed.db).await?;
        assert_eq!(computed, [("cheap".to_owned(), 2), ("dear".to_owned(), 3)]);
        Ok(())
    }

    async fn counting_what_was_cut_off(bed) {
        filled(&bed).await?;
        assert_eq!(Book::objects().limit(3).count(&bed.db).await?, 3);
        assert_eq!(Book::objects().offset(4).count(&bed.db).await?, 1);
        assert_eq!(Book::objects().values(|b| b.author.key()).distinct().count(&bed.db).await?, 3);
        assert_eq!(Book::objects().group_by(|b| b.stock).keys().count(&bed.db).await?, 4);
        assert_eq!(Person::objects().join(|p| p.written).count(&bed.db).await?, 5);
        assert_eq!(Person::objects().left_join(|p| p.written).count(&bed.db).await?, 6);
        let error = Book::objects().distinct().limit(2).filter(|b| b.active).count(&bed.db).await.unwrap_err();
        assert_eq!(error.code(), Code::BadQuery);
        Ok(())
    }
}
