//! What is asked of a slice is about the rows that it kept; what cannot be asked is refused everywhere alike.

use crate::{bed::behaviour, shop::*};
use futures_util::TryStreamExt;
use orm::{Code, Dialect, prelude::*};

behaviour! {
    async fn a_slice_keeps_its_rows(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let two = || Book::objects().order_by(|b| b.id.asc()).limit(2);
        assert_eq!(titles(&two().reverse().all(db).await?), ["Compilers", "Notes"]);
        assert_eq!(titles(&two().last(db).await?.into_iter().collect::<Vec<_>>()), ["Compilers"]);
        assert_eq!(titles(&two().unordered().filter(|b| b.id.gt(1)).all(db).await?), ["Compilers"]);
        assert_eq!(titles(&two().offset(1).all(db).await?), ["Compilers"]);
        assert_eq!(two().offset(u64::MAX).offset(u64::MAX).count(db).await?, 0);
        let authors = Book::objects().order_by(|b| b.id.asc()).offset(1).limit(2).values(|b| b.author.name);
        assert_eq!(authors.distinct().all(db).await.map_err(|error| error.code()), Err(Code::BadQuery));
        let authors = Book::objects().order_by(|b| b.id.asc()).offset(1).limit(2).values(|b| b.author.name);
        assert_eq!(authors.distinct().order_by(|name| name.asc()).all(db).await?, ["Grace"]);
        let pairs = Person::objects().order_by(|p| p.id.asc()).limit(1).join(|p| p.written);
        assert_eq!(pairs.count(db).await?, 2);
        assert_eq!(two().select_related(|b| b.author).count(db).await?, 2);
        assert_eq!(Book::objects().values(|b| (b.id + 1, b.id + 2)).distinct().count(db).await?, Book::objects().count(db).await?);
        // The model's order decides which row a slice keeps.
        assert_eq!(Tag::objects().limit(1).get(db).await?.slug, "code");
        Ok(())
    }

    async fn a_slice_inside_another_query_keeps_its_owner(bed) {
        filled(&bed).await?;
        let counts = Person::objects().order_by(|p| p.id.asc()).annotate(|p| {
            let first = Book::objects().within(p.id).filter(|b| b.author.id.eq(p.id)).order_by(|b| b.id.asc()).limit(1);
            first.row_count()
        });
        match bed.db.dialect() {
            // It knows no outer columns in a derived table, which a limit inside IN takes there.
            Dialect::MariaDb => {
                let refused = counts.all(&bed.db).await.map(|rows| rows.len()).map_err(|error| error.code());
                assert_eq!(refused, Err(Code::Unsupported));
            }
            _ => {
                let counts: Vec<i64> = counts.all(&bed.db).await?.into_iter().map(|(_, count)| count).collect();
                assert_eq!(counts, [1, 1, 1, 0]);
            }
        }
        Ok(())
    }

    async fn a_slice_of_rows_that_are_there_twice_keeps_its_rows(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        // 3, 4, 5, 5
        let all = || Book::objects().filter(|b| b.price.lt(1)).union_all(Book::objects().filter(|b| !b.active)).order_by(|b| b.id.asc());
        assert_eq!(all().limit(3).filter(|b| b.id.gt(0)).values(|b| b.id).all(db).await?, [3, 4, 5]);
        assert_eq!(all().limit(3).aggregate(|b| (count(), b.id.sum())).get(db).await?, (3, Some(12)));
        assert_eq!(all().limit(3).reverse().values(|b| b.id).all(db).await?, [5, 4, 3]);
        assert_eq!(all().values(|b| b.id).stream_by(3, db).try_collect::<Vec<_>>().await?, [3, 4, 5, 5]);
        assert_eq!(all().stream_by(3, db).try_collect::<Vec<_>>().await?.len(), 4);
        assert_eq!(all().page_after(None, 3, db).await.unwrap_err().code(), Code::BadQuery);
        // Rows that are alike but for what stands beside them.
        let beside = |n: i32| Book::objects().filter(|b| b.id.lte(2)).annotate(move |_| orm::value(n));
        let both = || beside(1).union(beside(2)).order_by(|(b, n)| (b.id.asc(), n.asc()));
        assert_eq!(both().limit(3).filter(|(b, _)| b.id.gt(0)).values(|(b, n)| (b.id, n)).all(db).await?, [(1, 1), (1, 2), (2, 1)]);
        assert_eq!(both().stream_by(3, db).try_collect::<Vec<_>>().await?.len(), 4);
        // Of others a union has each once, and pages by their keys.
        let once = || Book::objects().filter(|b| b.price.lt(1)).union(Book::objects().filter(|b| !b.active));
        let first = once().page_after(None, 2, db).await?;
        assert_eq!(titles(&once().page_after(first.next.as_ref(), 2, db).await?.rows), ["Sketch\\[a*b?"]);
        Ok(())
    }

    async fn windows_after_a_slice_are_over_its_rows(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let three = || Book::objects().order_by(|b| b.id.asc()).limit(3);
        let counted = three().annotate(|_| count().over(orm::window())).values(|(b, n)| (b.id, n));
        assert_eq!(counted.all(db).await?, [(1, 3), (2, 3), (3, 3)]);
        assert_eq!(three().values(|b| (b.id, count().over(orm::window()))).all(db).await?, [(1, 3), (2, 3), (3, 3)]);
        let before = Book::objects().annotate(|_| count().over(orm::window())).order_by(|(b, _)| b.id.asc()).limit(2);
        assert_eq!(before.values(|(b, n)| (b.id, n)).all(db).await?, [(1, 5), (2, 5)]);
        Ok(())
    }

    async fn a_slice_inside_gives_the_value_that_it_left(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let stocks = Person::objects().order_by(|p| p.id.asc()).limit(1).values(|p| {
            let books = || Book::objects().within(p.id).filter(|b| b.author.id.eq(p.id)).order_by(|b| b.id.asc());
            (
                books().scalar(|b| b.id),
                books().offset(1).scalar(|b| b.id),
                books().limit(1).offset(1).scalar(|b| b.id),
                books().limit(0).scalar(|b| b.id),
            )
        });
        assert_eq!(stocks.all(db).await?, [(Some(1), Some(5), None, None)]);
        // A window is no value of the aggregate's own query.
        let ranks = Person::objects().order_by(|p| p.id.asc()).values(|p| {
            let ranked = Book::objects().within(p.id).annotate(|b| orm::row_number().over(orm::window().order_by(b.id.asc())));
            ranked.filter(|(b, _)| b.id.gt(2)).aggregate(|(_, n)| n.max())
        });
        assert_eq!(ranks.first(db).await?, Some(Some(5)));
        let most = Person::objects().values(|p| Book::objects().within(p.id).annotate(|b| orm::row_number().over(orm::window().order_by(b.id.asc()))).aggregate(|(_, n)| n.max()));
        assert_eq!(most.first(db).await?, Some(Some(5)));
        // A set has its order before it is cut.
        let late = Person::objects().prefetch(|p| p.written.order_by(|b| b.price.desc()).limit(1).order_by(|b| b.title.asc()));
        assert_eq!(late.all(db).await.unwrap_err().code(), Code::BadQuery);
        Ok(())
    }

    async fn nothing_has_aggregates_too(bed) {
        filled(&bed).await?;
        let none = Book::objects().none().aggregate(|b| (count(), b.stock.sum()));
        assert_eq!(none.get(&bed.db).await?, (0, None));
        Ok(())
    }

    async fn different_values_are_ordered_by_what_is_selected(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        // The model's own order is one of rows.
        let mentors = Person::objects().values(|p| p.mentor.id).distinct();
        assert_eq!(mentors.clone().count(db).await?, 3);
        assert_eq!(mentors.clone().all(db).await?.len(), 3);
        assert_eq!(mentors.order_by(|id| id.asc()).all(db).await?, [Some(1), Some(2), None]);
        let other = Book::objects().order_by(|b| b.title.asc()).values(|b| b.author.name).distinct();
        assert_eq!(other.all(db).await.map_err(|error| error.code()), Err(Code::BadQuery));
        assert_eq!(Person::objects().distinct().select_related(|p| p.mentor).all(db).await?.len(), 4);
        // Values that are left out order them still: the pairs stay different, whatever is picked of them.
        let pairs = || Book::objects().filter(|b| b.id.lte(3)).values(|b| (b.author.name, b.active)).distinct();
        let names = pairs().order_by(|(name, active)| (active.desc(), name.desc())).values(|(name, _)| name);
        assert_eq!(names.all(db).await?, ["Grace", "Ada", "Grace"]);
        // Without an order what is picked is what differs.
        assert_eq!(pairs().values(|(name, _)| name).all(db).await?.len(), 2);
        // By what is picked they are in order as they are.
        assert_eq!(pairs().order_by(|(name, _)| name.asc()).values(|(name, _)| name).all(db).await?, ["Ada", "Grace"]);
        Ok(())
    }

    async fn locks_are_of_rows(bed) {
        filled(&bed).await?;
        bed.db.transaction(async |tx| {
            let books = || Book::objects().for_update();
            assert_eq!(books().count(tx).await?, 5);
            assert!(books().exists(tx).await?);
            assert_eq!(books().select_related(|b| b.editor).all(tx).await?.len(), 5);
            assert_eq!(books().filter(|b| b.author.name.eq("Ada")).all(tx).await?.len(), 2);
            Ok(())
        }).await?;
        let outside = Book::objects().for_update().get(&bed.db).await.unwrap_err();
        assert_eq!((outside.code(), outside.hint().is_some()), (Code::BadQuery, true), "{outside}");
        let refused = Book::objects().for_update().distinct().all(&bed.db).await;
        assert_eq!(refused.map(|rows| rows.len()).map_err(|error| error.code()), Err(Code::BadQuery));
        Ok(())
    }
}
