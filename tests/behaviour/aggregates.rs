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
        assert_eq!(Book::objects().distinct().order_by(|b| b.id.asc()).limit(3).filter(|b| !b.active).count(&bed.db).await?, 1);
        let few = Book::objects().group_by(|b| b.stock).annotate(|_| count()).order_by(|(stock, _)| stock.desc()).limit(2).filter(|(_, n)| n.eq(1));
        assert_eq!(few.all(&bed.db).await?, [(3, 1)]);
        let joined = Person::objects().join(|p| p.written).limit(2).filter(|(p, _)| p.id.eq(1)).count(&bed.db).await.unwrap_err();
        assert_eq!(joined.code(), Code::BadQuery);
        Ok(())
    }

    async fn narrowed_distinct_and_with_a_default(bed) {
        filled(&bed).await?;
        let row = Book::objects().aggregate(|b| (
            count().filter(b.active), b.price.sum().filter(b.price.lt(1)), b.price.sum().filter(b.price.gt(99)), b.price.sum().filter(b.price.gt(99)).or(0),
            b.stock.sum().distinct(), b.stock.count().distinct(), b.price.avg().filter(!b.active), b.discount.sum().filter(b.active & b.price.gt(1)), b.stock.avg().distinct().filter(b.stock.gte(0)),
        )).get(&bed.db).await?;
        assert_eq!(row, (3, Some(dec("0.30")), None, dec("0"), Some(8), 4, Some(dec("5.095")), Some(dec("0.50")), Some(10.0 / 3.0)));
        let groups = Book::objects().group_by(|b| b.author.key())
            .annotate(|b| (count().filter(b.active), b.price.max().filter(!b.active), b.price.sum() / b.price.max()))
            .filter(|(_, n, _, _)| n.gte(0)).order_by(|(id, ..)| id.asc()).all(&bed.db).await?;
        assert_eq!(groups.iter().map(|(id, n, max, _)| (*id, *n, *max)).collect::<Vec<_>>(), [(1, 1, Some(dec("0.20"))), (2, 1, Some(dec("9.99"))), (3, 1, None)]);
        let compared = Book::objects().group_by(|b| b.author.key()).annotate(|b| b.price.sum()).filter(|(_, sum)| sum.gt(dec("12.69")) & sum.lt(dec("12.71"))).all(&bed.db).await?;
        assert_eq!(compared, [(1, Some(dec("12.70")))]);
        Ok(())
    }

    async fn texts_are_joined_in_order(bed) {
        filled(&bed).await?;
        let row = Book::objects().aggregate(|b| (
            b.title.join("|").order_by(b.price.desc()), b.author.name.join(", ").distinct().order_by(b.author.name.asc()), b.title.join("'\\;--").order_by(b.id.asc()).filter(b.id.lte(2)),
            b.author.email.join("").order_by(b.id.desc()), b.title.join(",").filter(b.id.gt(99)), b.title.join(",").filter(b.id.gt(99)).or("none"),
        )).get(&bed.db).await?;
        assert_eq!(row.0.as_deref(), Some("Compilers|Notes|COBOL 100%|Sketch\\[a*b?|émile_x"));
        assert_eq!(row.1.as_deref(), Some("Ada, Grace, Émile"));
        assert_eq!(row.2.as_deref(), Some("Notes'\\;--Compilers"));
        assert_eq!(row.3.as_deref(), Some("ada@example.orgEMILE@example.orgada@example.org")); // Grace has none
        assert_eq!((row.4, row.5.as_str()), (None, "none"));
        let people = Person::objects().order_by(|p| p.id.asc()).values(|p| (p.name, p.written.aggregate(|b| b.title.join(" + ").order_by(b.id.desc())), p.edited.filter(|b| b.active).aggregate(|b| b.stock.count().distinct()))).all(&bed.db).await?;
        assert_eq!(people[0].1.as_deref(), Some("Sketch\\[a*b? + Notes"));
        assert_eq!(people.iter().map(|(_, _, n)| *n).collect::<Vec<_>>(), [1, 1, 0, 0]);
        assert_eq!(people[3].1, None);
        let ordered = Book::objects().aggregate(|b| b.title.join(",").distinct().order_by(b.id.asc())).get(&bed.db).await.unwrap_err();
        assert_eq!(ordered.code(), Code::BadQuery);
        let long: String = "x".repeat(3_000);
        Book::objects().filter(|b| b.id.eq(4)).update(|b| b.title.set("y".repeat(190)), &bed.db).await?;
        let joined = Book::objects().filter(|b| b.id.eq(4)).aggregate(|b| b.title.repeat(30).concat(long.as_str()).join(",")).get(&bed.db).await?;
        assert_eq!(joined.map(|text| text.len()), Some(8_700));
        Ok(())
    }

    async fn spread_any_and_truth(bed) {
        filled(&bed).await?;
        let row = Book::objects().aggregate(|b| (b.stock.std_dev(), b.stock.std_dev_sample(), b.stock.variance(), b.stock.variance_sample(), b.price.variance(), b.rating.std_dev())).get(&bed.db).await?;
        // 3, 0, 7, -2, 7: the mean is 3, the squares sum up to 66.
        let close = |found: Option<f64>, wanted: f64| assert!((found.unwrap() - wanted).abs() < 1e-9, "{found:?} {wanted}");
        close(row.0, (66.0_f64 / 5.0).sqrt());
        close(row.1, (66.0_f64 / 4.0).sqrt());
        close(row.2, 66.0 / 5.0);
        close(row.3, 66.0 / 4.0);
        let prices = [12.5_f64, 40.0, 9.99, 0.1, 0.2];
        let mean = prices.iter().sum::<f64>() / 5.0;
        close(row.4, prices.iter().map(|p| (p - mean).powi(2)).sum::<f64>() / 5.0);
        assert!(row.5.is_some());
        let one = Book::objects().filter(|b| b.id.eq(1)).aggregate(|b| (b.stock.std_dev(), b.stock.std_dev_sample(), b.stock.variance_sample())).get(&bed.db).await?;
        assert_eq!(one, (Some(0.0), None, None));
        let none = Book::objects().filter(|b| b.id.gt(99)).aggregate(|b| (b.stock.variance(), b.title.any_value(), b.active.all_true(), b.active.any_true())).get(&bed.db).await?;
        assert_eq!(none, (None, None, None, None));
        let row = Book::objects().aggregate(|b| (b.active.all_true(), b.active.any_true(), b.active.all_true().filter(b.id.lte(2)), b.stock.gt(-9).as_value().all_true(), b.active.min(), b.active.max())).get(&bed.db).await?;
        assert_eq!(row, (Some(false), Some(true), Some(true), Some(true), Some(false), Some(true)));
        let any = Book::objects().group_by(|b| b.author.key()).annotate(|b| (b.author.name.any_value(), b.author.email.any_value(), b.editor.key().any_value())).order_by(|(id, ..)| id.asc()).all(&bed.db).await?;
        assert_eq!(any[1], (2, Some("Grace".to_owned()), None, Some(1)));
        assert_eq!(any[0], (1, Some("Ada".to_owned()), Some("ada@example.org".to_owned()), Some(1)));
        let orders = Order::objects().aggregate(|o| (o.id.max(), o.placed.min())).get(&bed.db).await?;
        assert_eq!(orders, (Some(order_id(3)), Some(at(2024, 1, 31, 23, 59, 58))));
        Ok(())
    }
}
