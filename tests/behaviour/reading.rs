//! Orders, slices, pages, streams, joins and values.

use crate::{
    bed::behaviour,
    rows::{insert, row},
    shop::*,
};
use futures_util::TryStreamExt;
use orm::{Code, Cursor, prelude::*};

behaviour! {
    async fn one_row(bed) {
        filled(&bed).await?;
        assert_eq!(Book::objects().filter(|b| b.title.eq("Notes")).get(&bed.db).await?.price, dec("12.50"));
        assert_eq!(Book::objects().filter(|b| b.id.eq(2)).get(&bed.db).await?.price.to_string(), "40.00");
        assert_eq!(Book::objects().filter(|b| b.id.eq(9)).get(&bed.db).await.unwrap_err().code(), Code::NotFound);
        assert!(Book::objects().filter(|b| b.id.eq(9)).get(&bed.db).await.optional()?.is_none());
        assert_eq!(Book::objects().get(&bed.db).await.unwrap_err().code(), Code::MultipleFound);
        assert_eq!(Book::objects().first(&bed.db).await?.unwrap().id, 1);
        assert_eq!(Book::objects().last(&bed.db).await?.unwrap().id, 5);
        assert_eq!(Person::objects().first(&bed.db).await?.unwrap().name, "Ada");
        assert_eq!(Book::objects().order_by(|b| b.stock.desc()).first(&bed.db).await?.unwrap().id, 5);
        assert_eq!(Book::objects().order_by(|b| b.stock.desc()).last(&bed.db).await?.unwrap().id, 4);
        assert!(Book::objects().exists(&bed.db).await?);
        assert!(!Book::objects().filter(|b| b.price.gt(100)).exists(&bed.db).await?);
        bed.log.clear();
        assert!(Book::objects().none().all(&bed.db).await?.is_empty());
        bed.log.assert_queries(0);
        Ok(())
    }

    // The texts of queries of one shape are written once: here are more shapes than are kept, each with several values.
    async fn queries_of_one_shape_differ_in_their_values(bed) {
        filled(&bed).await?;
        let books = Book::objects().order_by(|b| b.id.asc()).all(&bed.db).await?;
        for pivot in [0, 3, 7, i32::MAX] {
            for order in 0..4 {
                let query = |query: QuerySet<Book>| match order {
                    0 => query.order_by(|b| b.id.asc()),
                    1 => query.order_by(|b| b.id.asc()).limit(2),
                    2 => query.order_by(|b| b.id.desc()),
                    _ => query.order_by(|b| b.id.asc()).limit(3).offset(1),
                };
                let expected = |keep: &dyn Fn(i32) -> bool| {
                    let kept = books.iter().filter(|book| keep(book.stock)).map(|book| book.id);
                    match order {
                        0 => kept.collect::<Vec<_>>(),
                        1 => kept.take(2).collect(),
                        2 => kept.rev().collect(),
                        _ => kept.take(3).skip(1).collect(),
                    }
                };
                macro_rules! agree {
                    ($($method:ident $operator:tt),+) => {$(
                        let found = query(Book::objects().filter(|b| b.stock.$method(pivot))).all(&bed.db).await?;
                        let found: Vec<i64> = found.iter().map(|book| book.id).collect();
                        assert_eq!(found, expected(&|stock| stock $operator pivot), "{pivot} {order}");
                    )+};
                }
                agree!(eq ==, ne !=, lt <, lte <=, gt >, gte >=);
            }
        }
        Ok(())
    }

    async fn nulls_stand_where_they_are_said_to(bed) {
        filled(&bed).await?;
        let order = |books: Vec<Book>| books.iter().map(|b| b.id).collect::<Vec<_>>();
        let all = Book::objects();
        assert_eq!(order(all.clone().order_by(|b| (b.rating.asc(), b.id.asc())).all(&bed.db).await?), [4, 2, 1, 3, 5]);
        assert_eq!(order(all.clone().order_by(|b| (b.rating.desc(), b.id.asc())).all(&bed.db).await?), [3, 5, 1, 2, 4]);
        assert_eq!(order(all.clone().order_by(|b| (b.rating.asc().nulls_first(), b.id.asc())).all(&bed.db).await?), [3, 5, 4, 2, 1]);
        assert_eq!(order(all.clone().order_by(|b| (b.rating.desc().nulls_last(), b.id.asc())).all(&bed.db).await?), [1, 2, 4, 3, 5]);
        assert_eq!(order(all.clone().order_by(|b| (b.editor.name.asc(), b.id.desc())).all(&bed.db).await?), [5, 2, 4, 3, 1]);
        assert_eq!(order(all.clone().order_by(|b| (b.rating.asc(), b.id.asc())).reverse().all(&bed.db).await?), [5, 3, 1, 2, 4]);
        Ok(())
    }

    async fn slices_can_be_narrowed(bed) {
        filled(&bed).await?;
        let dearest = Book::objects().order_by(|b| b.price.desc()).limit(3);
        let active = dearest.clone().filter(|b| b.active);
        assert_eq!(titles(&active.all(&bed.db).await?), ["Compilers", "Notes"]);
        assert_eq!(titles(&dearest.clone().offset(1).exclude(|b| b.active).all(&bed.db).await?), ["COBOL 100%"]);
        assert_eq!(dearest.clone().filter(|b| b.author.name.eq("Grace")).limit(1).values(|b| b.id).all(&bed.db).await?, [2]);
        assert_eq!(dearest.clone().order_by(|b| b.id.asc()).all(&bed.db).await.unwrap_err().code(), Code::BadQuery);
        assert_eq!(dearest.last(&bed.db).await?.unwrap().id, 3);
        assert_eq!(Book::objects().order_by(|b| b.id.asc()).offset(3).values(|b| b.id).all(&bed.db).await?, [4, 5]);
        assert_eq!(Book::objects().order_by(|b| b.id.asc()).limit(4).offset(3).values(|b| b.id).all(&bed.db).await?, [4]);
        Ok(())
    }

    async fn pages_by_number_and_by_cursor(bed) {
        filled(&bed).await?;
        let page = Book::objects().order_by(|b| b.price.asc()).page(2, 2, &bed.db).await?;
        assert_eq!((titles(&page.rows), page.total, page.pages(), page.has_next()), (vec!["COBOL 100%", "Notes"], 5, 3, true));
        let by_rating = || Book::objects().order_by(|b| (b.rating.desc(), b.stock.asc()));
        let (mut seen, mut cursor) = (Vec::new(), None::<Cursor>);
        loop {
            let page = by_rating().page_after(cursor.as_ref(), 2, &bed.db).await?;
            seen.extend(page.rows.iter().map(|b| b.id));
            let Some(next) = page.next else { break };
            cursor = Some(next.to_string().parse()?);
        }
        assert_eq!(seen, [3, 5, 1, 2, 4]);
        let other = Book::objects().page_after(cursor.as_ref(), 2, &bed.db).await.unwrap_err();
        assert_eq!(other.code(), Code::InvalidValue);
        for descending in [false, true] {
            let query = || Book::objects().order_by(|b| if descending { b.editor.name.desc().nulls_last() } else { b.editor.name.asc().nulls_first() });
            let whole = query().limit(99).values(|b| b.id).all(&bed.db).await?;
            let (mut seen, mut cursor) = (Vec::new(), None);
            loop {
                let page = query().annotate(|b| b.price + 1).page_after(cursor.as_ref(), 1, &bed.db).await?;
                seen.extend(page.rows.iter().map(|(b, _)| b.id));
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(seen, whole);
        }
        let orders = Order::objects().order_by(|o| o.placed.desc());
        let first = orders.clone().page_after(None, 1, &bed.db).await?;
        let second = orders.page_after(first.next.as_ref(), 9, &bed.db).await?;
        assert_eq!(second.rows.iter().map(|o| o.id).collect::<Vec<_>>(), [order_id(2), order_id(1)]);
        assert!(second.next.is_none());
        Ok(())
    }

    async fn streams_read_in_chunks(bed) {
        tables(&bed).await?;
        let tags: Vec<_> = (1..=1203i64).map(|id| Ok(row![id, format!("tag{:04}", 1203 - id)])).collect::<orm::Result<_>>()?;
        for some in tags.chunks(400) {
            insert(&bed.db, "shop_tag", "id slug", some.to_vec()).await?;
        }
        bed.log.clear();
        let mut stream = Tag::objects().stream(&bed.db);
        let (mut count, mut last) = (0, String::new());
        while let Some(tag) = stream.try_next().await? {
            assert!(tag.slug > last);
            (count, last) = (count + 1, tag.slug);
        }
        drop(stream);
        assert_eq!(count, 1203);
        bed.log.assert_queries(3);
        let some: Vec<i64> = Tag::objects().order_by(|t| t.id.desc()).offset(3).limit(700).values(|t| t.id).stream(&bed.db).try_collect().await?;
        assert_eq!((some.len(), some[0], some[699]), (700, 1200, 501));
        let groups: Vec<i64> = Tag::objects().group_by(|t| t.id % 2).keys().stream(&bed.db).try_collect().await?;
        assert_eq!(groups.len(), 2);
        Ok(())
    }

    async fn streams_of_rows_without_keys(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let tags: Vec<_> = (1..=1203i64).map(|id| Ok(row![id, format!("tag{:04}", 1203 - id)])).collect::<orm::Result<_>>()?;
        for some in tags.chunks(400) {
            insert(db, "shop_tag", "id slug", some.to_vec()).await?;
        }
        let groups = || Tag::objects().group_by(|t| t.id).annotate(|_| count()).order_by(|(id, _)| id.desc());
        bed.log.clear();
        let mut stream = groups().stream_by(500, db);
        let mut next = 1203;
        while let Some((id, n)) = stream.try_next().await? {
            assert_eq!((id, n), (next, 1));
            next -= 1;
            // The rest of the program has connections of its own.
            if id == 600 {
                assert_eq!(Tag::objects().count(db).await?, 1203);
            }
        }
        assert_eq!(next, 0);
        drop(stream);
        if bed.backend == crate::bed::Backend::Postgres {
            // BEGIN, DECLARE, three times FETCH, CLOSE and COMMIT, and the count.
            assert_eq!(bed.log.statements().iter().filter(|sql| sql.sql.starts_with("FETCH 500")).count(), 3);
        }
        // A stream that is dropped gives its connection back, whatever it has read.
        for _ in 0..20 {
            let mut stream = groups().stream_by(7, db);
            assert_eq!(stream.try_next().await?, Some((1203, 1)));
        }
        let exact: Vec<_> = groups().limit(1000).stream_by(500, db).try_collect().await?;
        assert_eq!(exact.len(), 1000);
        // Inside a transaction other statements run between the chunks, and a second stream beside the first.
        db.transaction(async |tx| {
            let mut stream = groups().stream_by(100, tx);
            let mut other = Tag::objects().values(|t| t.slug.left(6)).distinct().stream_by(50, tx);
            let mut read = 0;
            while let Some((id, _)) = stream.try_next().await? {
                read += 1;
                if id % 100 == 0 {
                    Tag::objects().filter(|t| t.id.eq(id)).update(|t| t.slug.set(format!("new{id}")), tx).await?;
                    assert!(other.try_next().await?.is_some());
                }
            }
            assert_eq!(read, 1203);
            Ok(())
        }).await?;
        assert_eq!(Tag::objects().filter(|t| t.slug.starts_with("new")).count(db).await?, 12);
        // What goes wrong comes out of the stream.
        let broken = Tag::objects().group_by(|t| orm::sql::<_, i64>("nothing({})").part(t.id)).keys();
        let error = broken.stream(db).try_collect::<Vec<_>>().await.unwrap_err();
        assert_eq!(error.kind(), orm::ErrorKind::Query);
        Ok(())
    }

    async fn windows_are_over_the_rows_of_all_chunks_and_pages(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let numbered = || Book::objects().annotate(|b| (orm::row_number().over(orm::window().order_by(b.id.asc())), b.stock.lag(1).over(orm::window().order_by(b.id.asc()))));
        let all: Vec<(i64, Option<i32>)> = numbered().order_by(|(b, ..)| b.id.asc()).all(db).await?.into_iter().map(|(_, n, lag)| (n, lag)).collect();
        assert_eq!(all.iter().map(|(n, _)| *n).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        let streamed: Vec<(Book, i64, Option<i32>)> = numbered().order_by(|(b, ..)| b.id.asc()).stream_by(2, db).try_collect().await?;
        assert_eq!(streamed.into_iter().map(|(_, n, lag)| (n, lag)).collect::<Vec<_>>(), all);
        // In the order of the window itself.
        let (mut paged, mut next) = (Vec::new(), None);
        loop {
            let page = numbered().order_by(|(_, n, _)| n.desc()).page_after(next.as_ref(), 2, db).await?;
            paged.extend(page.rows.into_iter().map(|(_, n, lag)| (n, lag)));
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        paged.reverse();
        assert_eq!(paged, all);
        // An order by chance has no place to go on from.
        let mut ids: Vec<i64> = Book::objects().order_by(|_| orm::random().asc()).stream_by(2, db).map_ok(|b| b.id).try_collect().await?;
        ids.sort_unstable();
        assert_eq!(ids, [1, 2, 3, 4, 5]);
        let pages = Book::objects().annotate(|_| orm::random()).order_by(|(_, chance)| chance.asc()).page_after(None, 2, db).await;
        assert_eq!(pages.unwrap_err().code(), orm::Code::BadQuery);
        Ok(())
    }

    async fn long_texts_are_put_together_whole(bed) {
        filled(&bed).await?;
        let between = "-".repeat(600_000);
        let text = Book::objects().aggregate(|b| b.title.join(between.clone())).get(&bed.db).await?.unwrap_or_default();
        assert!(text.len() > 2_400_000 && text.split(between.as_str()).count() == 5, "{}", text.len());
        Ok(())
    }

    async fn streams_load_related_rows(bed) {
        filled(&bed).await?;
        let mut stream = Person::objects().prefetch(|p| p.written).stream(&bed.db);
        let mut books = 0;
        while let Some(person) = stream.try_next().await? {
            books += person.written.get()?.len();
        }
        drop(stream);
        assert_eq!(books, 5);
        bed.log.assert_queries(2);
        let pairs: Vec<(Person, Option<Book>)> = Person::objects().left_join(|p| p.written).stream(&bed.db).try_collect().await?;
        assert_eq!(pairs.len(), 6);
        Ok(())
    }

    async fn joins_give_pairs(bed) {
        filled(&bed).await?;
        let pairs = Person::objects().left_join(|p| p.written).order_by(|(p, b)| (p.id.asc(), b.id.asc())).all(&bed.db).await?;
        let shown: Vec<_> = pairs.iter().map(|(p, b)| (p.id, b.as_ref().map(|b| b.id))).collect();
        assert_eq!(shown, [(1, Some(1)), (1, Some(5)), (2, Some(2)), (2, Some(3)), (3, Some(4)), (4, None)]);
        let dear = Person::objects().join(|p| p.written).filter(|(p, b)| b.price.gt(10) & p.country.name.eq("America")).all(&bed.db).await?;
        assert_eq!(dear.len(), 1);
        assert_eq!(dear[0].1.title, "Compilers");
        let tagged = Book::objects().join(|b| b.tags).values(|(b, t)| (b.id, t.slug)).order_by(|(id, slug)| (id.asc(), slug.asc())).all(&bed.db).await?;
        assert_eq!(tagged.len(), 6);
        assert_eq!(tagged[1], (1, "old".to_owned()));
        let three = Person::objects().join(|p| p.written).left_join(|(_, b)| b.lines).order_by(|(p, b, l)| (p.id.asc(), b.id.asc(), l.id.asc())).all(&bed.db).await?;
        assert_eq!(three.len(), 6);
        assert_eq!(three[0].2.as_ref().unwrap().quantity, 2);
        assert!(three[5].2.is_none());
        let below = Book::objects().join(|b| b.author.pupils).values(|(b, p)| (b.id, p.name)).order_by(|(id, _)| id.asc()).all(&bed.db).await?;
        assert_eq!(below, [(1, "Grace".to_owned()), (2, "Émile".to_owned()), (3, "Émile".to_owned()), (5, "Grace".to_owned())]);
        let counted = Person::objects().left_join(|p| p.written).group_by(|(p, _)| p.name).annotate(|(_, b)| (b.id.count(), b.price.sum()))
            .order_by(|(_, n, _)| n.asc()).limit(1).all(&bed.db).await?;
        assert_eq!(counted, [("Nobody".to_owned(), 0, None)]);
        Ok(())
    }

    async fn values_have_the_types_of_their_paths(bed) {
        filled(&bed).await?;
        let rows = Book::objects().order_by(|b| b.id.asc()).limit(2).values(|b| (b.title, b.author.country.name, b.editor.born.year(), b.discount.or(0))).all(&bed.db).await?;
        let rows: Vec<(String, Option<String>, Option<i32>, Decimal)> = rows;
        assert_eq!(rows[0], ("Notes".to_owned(), Some("Britain".to_owned()), None, dec("0.5")));
        assert_eq!(rows[1], ("Compilers".to_owned(), Some("America".to_owned()), Some(1815), dec("0")));
        let kinds = Book::objects().order_by(|b| b.id.asc())
            .values(|b| case().when(b.price.lt(1), "cheap").when(b.active, "fair").otherwise("old")).all(&bed.db).await?;
        assert_eq!(kinds, ["fair", "fair", "old", "cheap", "cheap"]);
        let numbers = Book::objects().order_by(|b| b.id.asc()).values(|b| case().when(b.active, b.stock).or_null()).all(&bed.db).await?;
        assert_eq!(numbers, [Some(3), Some(0), None, Some(-2), None]);
        let authors = Book::objects().values(|b| b.author.name).distinct().order_by(|name| name.asc()).all(&bed.db).await?;
        assert_eq!(authors.len(), 3);
        let flags = Book::objects().order_by(|b| b.id.asc()).values(|b| (b.rating.gt(4.0), !b.rating.gt(4.0))).all(&bed.db).await?;
        assert_eq!(flags[0], (true, false));
        assert_eq!(flags[2], (false, true));
        let after = Book::objects().values(|b| (b.id, b.price * 2)).filter(|(_, double)| double.gt(20)).order_by(|(_, double)| double.desc()).all(&bed.db).await?;
        assert_eq!(after, [(2, dec("80")), (1, dec("25"))]);
        Ok(())
    }

    async fn subqueries_see_the_query_around_them(bed) {
        filled(&bed).await?;
        let latest = Person::objects().annotate(|p| p.written.order_by(|b| b.published.desc().nulls_last()).scalar(|b| b.title))
            .order_by(|(p, _)| p.id.asc()).values(|(_, title)| title).all(&bed.db).await?;
        assert_eq!(latest, [Some("Sketch\\[a*b?".to_owned()), Some("COBOL 100%".to_owned()), Some("émile_x".to_owned()), None]);
        let dearer = Book::objects().filter(|b| b.author.written.any(|other| other.price.gt(b.price)));
        assert_eq!(dearer.order_by(|b| b.id.asc()).values(|b| b.id).all(&bed.db).await?, [3, 5]);
        let own = Person::objects().filter(|p| p.written.any(|b| b.editor.is_same(b.author)));
        assert_eq!(own.values(|p| p.name).all(&bed.db).await?, ["Ada"]);
        let deep = Person::objects().filter(|p| p.written.any(|b| b.tags.any(|t| t.slug.eq("maths") & p.name.eq("Ada") & b.active)));
        assert_eq!(deep.count(&bed.db).await?, 1);
        let all_active = Person::objects().filter(|p| p.written.all(|b| b.rating.gt(2.0))).values(|p| p.name).all(&bed.db).await?;
        assert_eq!(all_active, ["Nobody", "Émile"]);
        let free = Person::objects().annotate(|p| Book::objects().within(p.id).filter(|b| b.editor.key().eq(p.id)).row_count()).order_by(|(p, _)| p.id.asc());
        assert_eq!(free.values(|(_, n)| n).all(&bed.db).await?, [2, 1, 0, 0]);
        let stored: Q<Person> = Q::new(|p: PersonFields<orm::At<Person>>| p.country.code.is_in(["UK", "FR"]));
        assert_eq!(ids(&bed, |b| b.author.matches(&stored)).await?, [1, 4, 5]);
        assert_eq!(ids(&bed, |b| !b.editor.matches(&stored)).await?, [1, 3, 4]);
        Ok(())
    }
}
