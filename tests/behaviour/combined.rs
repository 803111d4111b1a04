//! Queries over the rows of queries: filters on windows, unions, the first row of each kind.

use crate::{bed::behaviour, shop::*};
use orm::{Code, prelude::*, row_number, window};

behaviour! {
    async fn filters_on_windows(bed) {
        filled(&bed).await?;
        let by_author = || window().partition_by(Book::fields().author.key()).order_by(Book::fields().price.desc());
        let dearest = Book::objects().annotate(|_| row_number().over(by_author())).filter(|(_, place)| place.eq(1));
        assert_eq!(dearest.clone().order_by(|(b, _)| b.id.asc()).values(|(b, n)| (b.id, n)).all(&bed.db).await?, [(1, 1), (2, 1), (4, 1)]);
        // What is filtered later is filtered among these.
        let active = dearest.clone().filter(|(b, _)| b.price.lt(20) & b.author.country.code.eq("UK"));
        assert_eq!(active.clone().count(&bed.db).await?, 1);
        let (book, place) = active.select_related(|b| b.author).get(&bed.db).await?;
        assert_eq!((book.author.get()?.name.as_str(), place), ("Ada", 1));
        // A filter after a window does not change the window.
        let later = Book::objects().annotate(|b| row_number().over(window().order_by(b.id.asc()))).filter(|(b, _)| b.active.eq(false));
        assert_eq!(later.order_by(|(_, n)| n.desc()).values(|(_, n)| n).all(&bed.db).await?, [5, 3]);
        let summed = Book::objects().annotate(|b| b.price.sum().over(window().partition_by(b.author.key())));
        assert_eq!(summed.clone().filter(|(_, sum)| sum.gt(dec("12.7"))).values(|(b, _)| b.id).order_by(|id| id.asc()).all(&bed.db).await?, [2, 3]);
        let groups = summed.clone().group_by(|(_, sum)| sum).annotate(|_| count()).order_by(|(sum, _)| sum.asc()).all(&bed.db).await?;
        assert_eq!(groups, [(Some(dec("0.10")), 1), (Some(dec("12.70")), 2), (Some(dec("49.99")), 2)]);
        assert_eq!(summed.aggregate(|(_, sum)| sum.max()).get(&bed.db).await?, Some(dec("49.99")));
        let values = Book::objects().values(|b| (b.title, row_number().over(window().order_by(b.price.asc())))).filter(|(title, n)| n.lte(3) & title.ne("émile_x")).order_by(|(_, n)| n.asc());
        assert_eq!(values.all(&bed.db).await?, [("Sketch\\[a*b?".to_owned(), 2), ("COBOL 100%".to_owned(), 3)]);
        let top = dearest.clone().order_by(|(b, _)| b.price.desc()).limit(2).filter(|(b, _)| b.price.lt(20));
        assert_eq!(top.values(|(b, _)| b.id).all(&bed.db).await?, [1]);
        let changed = dearest.clone().update(|b| b.stock.set(100), &bed.db).await?;
        assert_eq!((changed, ids(&bed, |b| b.stock.eq(100)).await?), (3, vec![1, 2, 4]));
        assert_eq!(ids(&bed, |b| b.id.is_in(dearest.clone().values(|(b, _)| b.id))).await?, [1, 2, 4]);
        assert_eq!(dearest.clone().for_update().all(&bed.db).await.unwrap_err().code(), Code::BadQuery);
        assert_eq!(dearest.page(1, 2, &bed.db).await?.total, 3);
        Ok(())
    }

    async fn the_first_of_each(bed) {
        filled(&bed).await?;
        let dearest = Book::objects().order_by(|b| b.price.desc()).distinct_on(|b| b.author.key());
        assert_eq!(dearest.clone().order_by(|b| b.id.asc()).values(|b| b.id).all(&bed.db).await?, [1, 2, 4]);
        assert_eq!(dearest.clone().filter(|b| b.stock.gt(0)).count(&bed.db).await?, 1);
        let pairs = Book::objects().filter(|b| b.id.ne(1)).order_by(|b| (b.stock.desc(), b.id.asc())).values(|b| (b.author.name, b.stock, b.id)).distinct_on(|(name, ..)| name).order_by(|(_, _, id)| id.asc());
        assert_eq!(pairs.all(&bed.db).await?, [("Grace".to_owned(), 7, 3), ("Émile".to_owned(), -2, 4), ("Ada".to_owned(), 7, 5)]);
        let with_author = dearest.order_by(|b| b.id.asc()).select_related(|b| b.author).prefetch(|b| b.tags).all(&bed.db).await?;
        assert_eq!(with_author.iter().map(|b| b.author.get().map(|a| a.name.clone())).collect::<orm::Result<Vec<_>>>()?, ["Ada", "Grace", "Émile"]);
        assert_eq!(with_author[0].tags.get()?.len(), 2);
        Ok(())
    }

    async fn unions_intersections_and_differences(bed) {
        filled(&bed).await?;
        let cheap = || Book::objects().filter(|b| b.price.lt(1));
        let gone = || Book::objects().filter(|b| !b.active);
        let id = |query: QuerySet<Book>| query.order_by(|b| b.id.asc()).values(|b| b.id);
        assert_eq!(id(cheap().union(gone())).all(&bed.db).await?, [3, 4, 5]);
        assert_eq!(id(cheap().union_all(gone())).all(&bed.db).await?, [3, 4, 5, 5]);
        assert_eq!(id(cheap().intersection(gone())).all(&bed.db).await?, [5]);
        assert_eq!(id(cheap().difference(gone())).all(&bed.db).await?, [4]);
        assert_eq!(id(gone().difference(cheap())).all(&bed.db).await?, [3]);
        // Like any query: filtered, ordered, cut, counted, joined, with related rows.
        let all = cheap().union(gone());
        assert_eq!(all.clone().filter(|b| b.author.name.eq("Ada")).count(&bed.db).await?, 1);
        assert_eq!(titles(&all.clone().order_by(|b| b.price.desc()).limit(1).all(&bed.db).await?), ["COBOL 100%"]);
        assert_eq!(all.clone().exclude(|b| b.tags.any(|t| t.slug.eq("old"))).count(&bed.db).await?, 2);
        assert_eq!(all.clone().aggregate(|b| (count(), b.price.sum())).get(&bed.db).await?, (3, Some(dec("10.29"))));
        let related = all.clone().order_by(|b| b.id.asc()).select_related(|b| b.author).prefetch(|b| b.tags).all(&bed.db).await?;
        assert_eq!((related[0].author.get()?.name.as_str(), related[0].tags.get()?.len()), ("Grace", 2));
        assert_eq!(all.clone().first(&bed.db).await?.map(|b| b.id), Some(3));
        assert_eq!(all.clone().last(&bed.db).await?.map(|b| b.id), Some(5));
        // Parts that are cut off, unions of unions.
        let cut = Book::objects().order_by(|b| b.price.desc()).limit(2).union(Book::objects().order_by(|b| b.price.asc()).limit(1));
        assert_eq!(id(cut.clone()).all(&bed.db).await?, [1, 2, 4]);
        assert_eq!(id(cut.difference(Book::objects().filter(|b| b.id.eq(2))).union(gone())).all(&bed.db).await?, [1, 3, 4, 5]);
        assert_eq!(id(Book::objects().none().union(gone())).all(&bed.db).await?, [3, 5]);
        // Values of different models.
        let names = Person::objects().values(|p| p.name).union(Tag::objects().values(|t| t.slug));
        assert_eq!(names.clone().count(&bed.db).await?, 8);
        assert_eq!(names.filter(|name| name.icontains("A")).order_by(|name| name.desc()).limit(2).all(&bed.db).await?.len(), 2);
        let pairs = Person::objects().values(|p| (p.id, p.written.count())).union_all(Tag::objects().values(|t| (t.id, t.id)));
        assert_eq!(pairs.filter(|(a, b)| a.eq(b)).order_by(|(a, _)| a.desc()).all(&bed.db).await?, [(4, 4), (3, 3), (2, 2), (2, 2), (1, 1)]);
        let sums = Book::objects().values(|b| b.price).union_all(Line::objects().values(|l| l.price)).aggregate(|price| (price.sum(), price.count().distinct())).get(&bed.db).await?;
        assert_eq!(sums, (Some(dec("127.29")), 6));
        // In a condition.
        let chosen = cheap().union(gone()).values(|b| b.author.key());
        assert_eq!(Person::objects().filter(|p| p.id.is_in(chosen)).order_by(|p| p.id.asc()).values(|p| p.id).all(&bed.db).await?, [1, 2, 3]);
        let deleted = Tag::objects().filter(|t| t.slug.eq("unused")).union(Tag::objects().filter(|t| t.id.gt(99))).delete(&bed.db).await?;
        assert_eq!(deleted.per_model["shop.Tag"], 1);
        Ok(())
    }

    async fn rows_by_their_keys(bed) {
        filled(&bed).await?;
        let books = Book::objects().in_bulk([5, 1, 99], &bed.db).await?;
        assert_eq!((books.len(), books[&5].title.as_str()), (2, "Sketch\\[a*b?"));
        assert_eq!(Book::objects().filter(|b| b.active).in_bulk(1..=5, &bed.db).await?.len(), 3);
        bed.log.clear();
        assert!(Book::objects().in_bulk(Vec::<i64>::new(), &bed.db).await?.is_empty());
        bed.log.assert_queries(0);
        let orders = Order::objects().in_bulk([order_id(2)], &bed.db).await?;
        assert_eq!(orders[&order_id(2)].id, order_id(2));
        let book = Book::get(3, &bed.db).await?;
        assert!(Book::objects().filter(|b| !b.active).contains_row(&book, &bed.db).await?);
        assert!(!Book::objects().filter(|b| b.active).contains_row(&book, &bed.db).await?);
        assert_eq!(Book::objects().latest(|b| b.published, &bed.db).await?.map(|b| b.id), Some(5));
        assert_eq!(Book::objects().earliest(|b| b.published, &bed.db).await?.map(|b| b.id), Some(1));
        assert!(Book::objects().none().latest(|b| b.published, &bed.db).await?.is_none());
        Ok(())
    }

    async fn rows_that_others_lock(bed, requires(SelectForUpdate)) {
        filled(&bed).await?;
        let tx = bed.db.begin().await?;
        Book::objects().filter(|b| b.id.eq(1)).for_update().all(&tx).await?;
        let other = bed.db.begin().await?;
        let free = Book::objects().filter(|b| b.id.lte(2)).order_by(|b| b.id.asc()).for_update_skip_locked().all(&other).await?;
        assert_eq!(free.iter().map(|b| b.id).collect::<Vec<_>>(), [2]);
        let taken = Book::objects().filter(|b| b.id.eq(1)).for_update_nowait().all(&other).await.unwrap_err();
        assert_eq!(taken.code(), Code::LockTimeout, "{taken:?}");
        other.rollback().await?;
        tx.rollback().await?;
        Ok(())
    }
}
