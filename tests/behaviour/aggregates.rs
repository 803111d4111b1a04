//! Aggregates: exact, never multiplied, alike everywhere.

use crate::{bed::behaviour, shop::*};
use orm::{Code, prelude::*, row_number, window};

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

    async fn one_value_of_groups_inside_another_query(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        // MariaDB has no table inside a query that looks at the rows around it.
        fn same<T: PartialEq + std::fmt::Debug>(found: orm::Result<Vec<T>>, expected: &[T], looks_out: bool) {
            match found {
                Err(error) if !looks_out => assert_eq!(error.code(), Code::Unsupported),
                found => assert_eq!(found.unwrap(), expected),
            }
        }
        let looks_out = db.dialect() != orm::Dialect::MariaDb;
        macro_rules! each {
            (|$p:ident, $books:ident| $value:expr) => {
                Person::objects().order_by(|p| p.id.asc()).values(|$p| {
                    let $books = Book::objects().within($p.id).filter(|b| b.author.eq($p.id));
                    $value
                }).all(db).await
            };
        }
        let sums = each!(|p, books| books.group_by(|b| b.author.key()).annotate(|b| b.stock.sum()).scalar(|(_, sum)| sum));
        assert_eq!(sums?, [Some(10), Some(7), Some(-2), None]);
        let most = each!(|p, books| {
            let sums = books.group_by(|b| b.active).annotate(|b| b.stock.sum());
            sums.order_by(|(active, sum)| (sum.desc(), active.asc())).limit(1).scalar(|(active, _)| active)
        });
        assert_eq!(most?, [Some(false), Some(false), Some(true), None]);
        let second = each!(|p, books| {
            let sums = books.group_by(|b| b.published.year()).annotate(|b| b.stock.sum());
            sums.filter(|(year, _)| year.gt(1900)).order_by(|(_, sum)| sum.asc()).scalar(|(_, sum)| sum)
        });
        assert_eq!(second?, [Some(7), Some(0), None, None]);
        let largest = each!(|p, books| books.group_by(|b| b.active).annotate(|b| b.stock.sum()).aggregate(|(_, sum)| sum.max()));
        same(largest, &[Some(7), Some(7), Some(-2), None], looks_out);
        let groups = each!(|p, books| books.group_by(|b| b.active).annotate(|b| b.stock.sum()).row_count());
        same(groups, &[2, 2, 1, 0], looks_out);
        let kinds = each!(|p, books| books.values(|b| b.active).distinct().row_count());
        same(kinds, &[2, 2, 1, 0], looks_out);
        let top = each!(|p, books| books.order_by(|b| b.stock.desc()).limit(1).aggregate(|b| b.stock.sum()));
        same(top, &[Some(7), Some(7), Some(-2), None], looks_out);
        let least = each!(|p, books| {
            let different = books.values(|b| (b.active, b.stock)).distinct();
            different.order_by(|(_, stock)| stock.asc()).scalar(|(active, _)| active)
        });
        same(least, &[Some(true), Some(true), Some(true), None], looks_out);
        let last = each!(|p, books| {
            let both = books.clone().filter(|b| b.active).union(books.filter(|b| !b.active));
            both.order_by(|b| b.id.desc()).scalar(|b| b.title)
        });
        same(last, &[Some("Sketch\\[a*b?".to_owned()), Some("COBOL 100%".to_owned()), Some("émile_x".to_owned()), None], looks_out);
        // In the order of a value that is not the one taken.
        let pairs = || Book::objects().values(|b| (b.id, b.title)).union(Book::objects().values(|b| (b.id, b.title)));
        let first = Person::objects().limit(1).values(|p| (
            pairs().within(p.id).order_by(|(id, _)| id.asc()).scalar(|(_, title)| title),
            Book::objects().within(p.id).values(|b| (b.id, b.title)).distinct().order_by(|(id, _)| id.desc()).scalar(|(_, title)| title.left(1)),
            Book::objects().within(p.id).group_by(|b| (b.active, b.id)).keys().order_by(|(_, id)| id.desc()).limit(1).scalar(|(_, id)| id),
        ));
        assert_eq!(first.all(db).await?, [(Some("Notes".to_owned()), Some("S".to_owned()), Some(5))]);
        // Conditions on a computed key and on an aggregate at once.
        let letters = Book::objects().group_by(|b| b.title.left(1)).annotate(|b| (count(), b.stock.sum()));
        let some = letters.filter(|(letter, n, _)| letter.is_in(["N", "S"]) | n.gt(1)).order_by(|(letter, ..)| letter.asc());
        assert_eq!(some.all(db).await?, [("C".to_owned(), 2, Some(7)), ("N".to_owned(), 1, Some(3)), ("S".to_owned(), 1, Some(7))]);
        let years = Book::objects().group_by(|b| (b.active, b.published.year())).annotate(|_| count());
        let years = years.filter(|(_, year, n)| (year - 1900).gt(0) & (year.lt(1960) | n.gt(1)) | n.lt(0));
        assert_eq!(years.values(|(_, year, _)| year).order_by(|year| year.asc()).all(db).await?, [Some(1952), Some(1959)]);
        let early = Book::objects().filter(|b| b.published.is_not_null()).group_by(|b| b.published.year()).annotate(|b| b.stock.sum());
        let early = early.annotate(|(year, sum)| sum.sum().over(window().partition_by(year.gte(Some(1950)))));
        let early = early.order_by(|(year, ..)| year.asc()).values(|(_, _, all)| all);
        assert_eq!(early.all(db).await?, [Some(3), Some(14), Some(14), Some(14)]);
        let sizes = Book::objects().group_by(|b| b.author.name).keys().order_by(|name| (count().desc(), name.asc()));
        assert_eq!(sizes.all(db).await?, ["Ada", "Grace", "Émile"]);
        // A span of values around a key that may be NULL.
        let near = Book::objects().order_by(|b| b.id.asc()).values(|b| count().over(window().order_by(b.rating.asc()).range(-1..=1)));
        assert_eq!(near.all(db).await?, [2, 2, 2, 1, 2]);
        // What looks at other rows cannot be locked.
        let locked = db.transaction(async |tx| {
            Book::objects().annotate(|b| row_number().over(window().order_by(b.id.asc()))).for_update().all(tx).await
        });
        assert_eq!(locked.await.unwrap_err().code(), Code::BadQuery);
        // Groups beside groups, and beside rows.
        let years = || Book::objects().filter(|b| b.published.is_not_null()).group_by(|b| b.author.key()).annotate(|b| (b.stock.sum(), count()));
        let pairs = years().join_query(years(), |(author, ..), (other, ..)| author.eq(other - 1));
        let pairs = pairs.values(|(author, stock, _, other, sold, _)| (author, other, stock, sold)).order_by(|(author, ..)| author.asc());
        assert_eq!(pairs.all(db).await?, [(1, 2, Some(10), Some(7))]);
        let named = years().join_query(Person::objects(), |(author, ..), p| p.id.eq(author)).values(|(_, _, n, p)| (p.name, n));
        assert_eq!(named.order_by(|(name, _)| name.asc()).all(db).await?, [("Ada".to_owned(), 2), ("Grace".to_owned(), 2)]);
        // An aggregate of an aggregate is none.
        let twice = Book::objects().group_by(|b| b.active).annotate(|b| b.stock.sum().avg());
        bed.log.clear();
        assert_eq!(twice.all(db).await.unwrap_err().code(), Code::BadQuery);
        bed.log.assert_queries(0);
        // Different texts in the order of themselves, however they are made.
        let letters = Book::objects().aggregate(|b| b.title.left(1).join("|").distinct().order_by(b.title.left(1).desc()));
        assert_eq!(letters.get(db).await?.map(|letters| letters.split('|').count()), Some(4));
        // Of no other query's rows, everywhere.
        let largest = Person::objects().order_by(|p| p.id.asc()).limit(1).values(|p| {
            let sums = Book::objects().within(p.id).group_by(|b| b.active).annotate(|b| b.stock.sum());
            (sums.clone().aggregate(|(_, sum)| sum.max()), sums.row_count())
        });
        assert_eq!(largest.all(db).await?, [(Some(14), 2)]);
        let cut = Book::objects().values(|b| (b.active, b.stock)).distinct().order_by(|(_, stock)| stock.desc()).limit(2);
        assert_eq!(cut.values(|(active, _)| active).all(db).await?, [false, true]);
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

    async fn groups_and_different_rows_are_rows_for_what_follows(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let stocks = || Book::objects().group_by(|b| b.stock).annotate(|_| count());
        assert_eq!(stocks().aggregate(|_| count()).get(db).await?, 4);
        assert_eq!(Book::objects().group_by(|b| b.stock).keys().aggregate(|stock| stock.sum()).get(db).await?, Some(8));
        let different = || Book::objects().values(|b| b.stock).distinct();
        assert_eq!(different().aggregate(|stock| (count(), stock.sum())).get(db).await?, (4, Some(8)));
        let each = different().group_by(|stock| stock).annotate(|_| count()).order_by(|(stock, _)| stock.asc());
        assert_eq!(each.all(db).await?, [(-2, 1), (0, 1), (3, 1), (7, 1)]);
        let most = Book::objects().group_by(|b| b.author.key()).annotate(|b| b.stock.sum()).aggregate(|(_, sum)| sum.max());
        assert_eq!(most.get(db).await?, Some(10));
        let twice = Book::objects().group_by(|b| b.author.key()).annotate(|_| count()).group_by(|(_, n)| n).annotate(|_| count()).order_by(|(n, _)| n.asc());
        assert_eq!(twice.all(db).await?, [(1, 1), (2, 2)]);
        let joined = Person::objects().join(|p| p.written).group_by(|(p, _)| p.id).annotate(|(_, b)| b.stock.sum());
        assert_eq!(joined.aggregate(|(_, sum)| (count(), sum.max())).get(db).await?, (3, Some(10)));
        Ok(())
    }

    async fn other_values_of_groups_leave_the_groups_alone(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let stocks = || Book::objects().group_by(|b| b.stock).annotate(|_| count()).order_by(|(stock, _)| stock.asc());
        assert_eq!(stocks().values(|(stock, n)| (stock + 1, n)).all(db).await?, [(-1, 1), (1, 1), (4, 1), (8, 2)]);
        assert_eq!(stocks().values(|(stock, n)| (stock * 0, n)).all(db).await?, [(0, 1), (0, 1), (0, 1), (0, 2)]);
        assert_eq!(stocks().values(|(_, n)| (orm::value(7_i64), n)).all(db).await?, [(7, 1), (7, 1), (7, 1), (7, 2)]);
        assert_eq!(stocks().values(|(stock, n)| (n, stock)).all(db).await?, [(1, -2), (1, 0), (1, 3), (2, 7)]);
        assert_eq!(stocks().values(|(_, n)| n).all(db).await?, [1, 1, 1, 2]);
        assert_eq!(stocks().values(|(stock, _)| stock).all(db).await?, [-2, 0, 3, 7]);
        let pairs = Book::objects().group_by(|b| (b.author.key(), b.active)).annotate(|_| count());
        assert_eq!(pairs.order_by(|(author, active, _)| (author.asc(), active.asc())).values(|(_, active, n)| (active, n)).all(db).await?.len(), 5);
        let computed = Book::objects().group_by(|b| b.stock + 1).annotate(|_| count()).order_by(|(more, _)| more.asc());
        assert_eq!(computed.values(|(more, n)| (more, more * 10, n)).all(db).await?, [(-1, -10, 1), (1, 10, 1), (4, 40, 1), (8, 80, 2)]);
        let one = Book::objects().aggregate(|b| (count(), b.stock.max())).values(|(n, _)| n);
        assert_eq!(one.all(db).await?, [5]);
        let constant = Book::objects().aggregate(|_| count()).values(|_| orm::value(7_i64));
        assert_eq!(constant.all(db).await?, [7]);
        // The other columns of a row go with its key.
        let titles = Book::objects().group_by(|b| b.id).annotate(|b| b.title).order_by(|(id, _)| id.asc());
        assert_eq!(titles.first(db).await?, Some((1, "Notes".to_owned())));
        Ok(())
    }

    async fn an_aggregate_needs_a_group(bed) {
        filled(&bed).await?;
        let (db, log) = bed.db.recording();
        let codes = [
            Book::objects().annotate(|b| b.stock.sum()).all(&db).await.map(drop),
            Book::objects().values(|b| (b.title, b.stock.sum())).all(&db).await.map(drop),
            Book::objects().order_by(|b| b.stock.sum().asc()).all(&db).await.map(drop),
            Book::objects().filter(|b| b.stock.sum().gt(1)).all(&db).await.map(drop),
            Book::objects().group_by(|b| b.stock).annotate(|b| b.title).all(&db).await.map(drop),
            Book::objects().aggregate(|b| (b.title, count())).all(&db).await.map(drop),
            Book::objects().aggregate(|b| b.title).all(&db).await.map(drop),
            Book::objects().filter(|b| row_number().over(window().order_by(b.id.asc())).gt(1)).all(&db).await.map(drop),
        ];
        for (index, code) in codes.into_iter().enumerate() {
            let error = code.unwrap_err();
            assert_eq!((error.code(), error.hint().is_some()), (Code::BadQuery, true), "{index}: {error}");
        }
        log.assert_queries(0);
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

    async fn joins_with_some_of_the_rows(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let pairs = |rows: Vec<(Person, Option<Book>)>| -> Vec<(String, Option<i64>)> {
            rows.into_iter().map(|(person, book)| (person.name, book.map(|book| book.id))).collect()
        };
        let named = |name: &str, book| (name.to_owned(), book);
        // A condition on the joined rows leaves nobody out.
        let active = Person::objects().left_join(|p| p.written.filter(|b| b.active)).order_by(|(p, _)| p.id.asc());
        let found = pairs(active.clone().all(db).await?);
        assert_eq!(found, [named("Ada", Some(1)), named("Grace", Some(2)), named("Émile", Some(4)), named("Nobody", None)]);
        assert_eq!(active.filter(|(_, b)| b.id.is_null()).count(db).await?, 1);
        // One that follows relations, holds sets, or speaks of the row that they belong to.
        let edited = Person::objects()
            .left_join(|p| p.written.filter(|b| b.editor.name.eq("Ada")))
            .order_by(|(p, _)| p.id.asc());
        let found = pairs(edited.all(db).await?);
        assert_eq!(found, [named("Ada", Some(5)), named("Grace", Some(2)), named("Émile", None), named("Nobody", None)]);
        let tagged = Person::objects().left_join(|p| p.written.filter(|b| b.tags.any(|t| t.slug.eq("old")) & b.id.gte(p.id)));
        let found = pairs(tagged.order_by(|(p, _)| p.id.asc()).all(db).await?);
        assert_eq!(found, [named("Ada", Some(1)), named("Grace", Some(3)), named("Émile", None), named("Nobody", None)]);
        // Across a table between: once for a book without such a tag.
        let maths = Book::objects().left_join(|b| b.tags.filter(|t| t.slug.eq("old"))).order_by(|(b, _)| b.id.asc());
        let found: Vec<(i64, Option<String>)> = maths.all(db).await?.into_iter().map(|(b, t)| (b.id, t.map(|t| t.slug))).collect();
        let old = || Some("old".to_owned());
        assert_eq!(found, [(1, old()), (2, None), (3, old()), (4, None), (5, None)]);
        assert_eq!(Book::objects().join(|b| b.tags.filter(|t| t.slug.eq("old"))).count(db).await?, 2);
        let cut = Person::objects().join(|p| p.written.limit(1)).count(db).await.unwrap_err();
        assert_eq!(cut.code(), Code::BadQuery);
        Ok(())
    }
}
