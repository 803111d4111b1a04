//! Common table expressions: recursions, queries that are computed once, and joins of queries.

use crate::{bed::behaviour, shop::*};
use orm::{Code, prelude::*, row_number, value, window};

/// Everybody from the top: key, depth and the way there. Ada taught Grace, who taught Émile.
fn schools() -> QuerySet<Person, (i64, i64, String)> {
    Person::objects().filter(|p| p.mentor.is_null()).values(|p| (p.id, value(0_i64), p.name)).recursive(
        |(mentor, depth, way)| {
            Person::objects()
                .filter(|p| p.mentor.eq(mentor))
                .values(|p| (p.id, depth + 1, way.concat(" > ").concat(p.name)))
        },
    )
}

/// The pupils of a person, and theirs, the person first.
fn school(of: i64) -> QuerySet<Person> {
    Person::objects().filter(|p| p.id.eq(of)).recursive(|mentor| Person::objects().filter(|p| p.mentor.eq(mentor.id)))
}

behaviour! {
    async fn a_tree_with_depth_and_path(bed) {
        filled(&bed).await?;
        let rows = schools().order_by(|(id, ..)| id.asc()).all(&bed.db).await?;
        let row = |id, depth, way: &str| (id, depth, way.to_owned());
        assert_eq!(rows, [row(1, 0, "Ada"), row(2, 1, "Ada > Grace"), row(3, 2, "Ada > Grace > Émile"), row(4, 0, "Nobody")]);
        // A query like any other.
        let deep = schools().filter(|(_, depth, way)| depth.gt(0) & way.contains("Grace")).order_by(|(_, depth, _)| depth.desc());
        assert_eq!(deep.clone().values(|(id, depth, _)| (id, depth)).all(&bed.db).await?, [(3, 2), (2, 1)]);
        assert_eq!((deep.clone().count(&bed.db).await?, deep.clone().exists(&bed.db).await?), (2, true));
        assert_eq!(deep.clone().limit(1).get(&bed.db).await?.0, 3);
        assert_eq!(deep.clone().page(2, 1, &bed.db).await?.rows, [row(2, 1, "Ada > Grace")]);
        assert_eq!(schools().group_by(|(_, depth, _)| depth).annotate(|_| count()).order_by(|(depth, _)| depth.asc()).all(&bed.db).await?, [(0, 2), (1, 1), (2, 1)]);
        assert_eq!(schools().aggregate(|(_, depth, way)| (depth.max(), way.length().max())).get(&bed.db).await?, (Some(2), Some(19)));
        // Longer than any column of the model, and deeper than MariaDB goes by itself.
        let long = Person::objects().filter(|p| p.id.eq(4)).values(|p| (value(0_i64), p.name, p.id)).recursive_all(|(n, text, id)| {
            Person::objects().filter(|p| p.id.eq(id) & n.lt(2_500)).values(|p| (n + 1, text.concat("+"), p.id))
        });
        assert_eq!(long.aggregate(|(n, text, _)| (count(), n.max(), text.length().max())).get(&bed.db).await?, (2_501, Some(2_500), Some(2_506)));
        Ok(())
    }

    async fn whole_rows_that_can_be_reached(bed) {
        filled(&bed).await?;
        let names = |query: QuerySet<Person>| query.order_by(|p| p.id.asc()).values(|p| p.name);
        assert_eq!(names(school(1)).all(&bed.db).await?, ["Ada", "Grace", "Émile"]);
        assert_eq!(names(school(3)).all(&bed.db).await?, ["Émile"]);
        assert!(school(1).none().all(&bed.db).await?.is_empty());
        assert!(names(school(99)).all(&bed.db).await?.is_empty());
        // The way up.
        let mentors = Person::objects().filter(|p| p.id.eq(3)).recursive(|pupil| Person::objects().filter(|p| p.id.eq(pupil.mentor.key())));
        assert_eq!(names(mentors).all(&bed.db).await?, ["Ada", "Grace", "Émile"]);
        // Related rows, sets and the model's own order, as for any rows.
        let rows = school(1).select_related(|p| p.country).prefetch(|p| p.written).all(&bed.db).await?;
        assert_eq!(rows.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["Ada", "Grace", "Émile"]);
        assert_eq!((rows[1].country.as_ref().unwrap().get()?.name.as_str(), written(&rows[1])?.len()), ("America", 2));
        assert_eq!(school(1).annotate(|p| p.written.count()).order_by(|(p, n)| (n.desc(), p.id.asc())).values(|(p, n)| (p.id, n)).all(&bed.db).await?, [(1, 2), (2, 2), (3, 1)]);
        assert_eq!(names(school(1).filter(|p| p.country.name.eq("France"))).all(&bed.db).await?, ["Émile"]);
        // In conditions, and where rows are written.
        let theirs = Book::objects().filter(|b| b.author.key().is_in(school(2).values(|p| p.id)));
        assert_eq!(theirs.clone().order_by(|b| b.id.asc()).values(|b| b.id).all(&bed.db).await?, [2, 3, 4]);
        assert_eq!(theirs.update(|b| b.stock.set(50), &bed.db).await?, 3);
        assert_eq!(ids(&bed, |b| b.stock.eq(50)).await?, [2, 3, 4]);
        assert_eq!(school(2).update(|p| p.email.set(Some("x@example.org".to_owned())), &bed.db).await?, 2);
        assert_eq!(school(2).filter(|p| p.email.eq("x@example.org")).count(&bed.db).await?, 2);
        let idle = Tag::objects().filter(|t| t.slug.eq("unused")).recursive(|t| Tag::objects().filter(|other| other.id.eq(t.id)));
        assert_eq!(idle.delete(&bed.db).await?.total, 1);
        Ok(())
    }

    async fn circles_come_to_an_end(bed) {
        filled(&bed).await?;
        Person::objects().filter(|p| p.id.eq(1)).update(|p| p.mentor.set(3), &bed.db).await?;
        assert_eq!(school(2).count(&bed.db).await?, 3);
        let reached = Person::objects().filter(|p| p.id.eq(2)).values(|p| p.id).recursive(|at| Person::objects().filter(|p| p.mentor.eq(at)).values(|p| p.id));
        assert_eq!(reached.order_by(|id| id.asc()).all(&bed.db).await?, [1, 2, 3]);
        let rounds = Person::objects().filter(|p| p.id.eq(2)).values(|p| (p.id, value(1_i64))).recursive_all(|(at, n)| {
            Person::objects().filter(|p| p.mentor.eq(at) & n.lt(7)).values(|p| (p.id, n + 1))
        });
        assert_eq!(rounds.group_by(|(id, _)| id).annotate(|_| count()).order_by(|(id, _)| id.asc()).all(&bed.db).await?, [(1, 2), (2, 3), (3, 2)]);
        Ok(())
    }

    async fn steps_through_other_models(bed) {
        filled(&bed).await?;
        // Whom an author's books lead to through their editors; numbers keep their digits on the way.
        let edited = Book::objects().filter(|b| b.id.eq(4)).values(|b| (b.author.key(), b.price, b.published)).recursive(|(author, price, _)| {
            Book::objects().filter(|b| b.author.eq(author) & b.editor.is_not_null() & b.editor.ne(b.author)).values(|b| (b.editor.key().or(0), price + b.price * dec("0.125"), b.published))
        });
        let rows = edited.order_by(|(_, price, _)| price.asc()).all(&bed.db).await?;
        assert_eq!(rows, [(3, dec("0.10"), None), (2, dec("0.1125"), None), (1, dec("5.1125"), Some(day(1952, 5, 2)))]);
        // Joined sets in the step, and the columns of what the row before points to.
        let by_country = Person::objects().filter(|p| p.id.eq(2)).recursive(|before| {
            Person::objects().filter(|p| p.mentor.country.eq(before.country) & p.written.any(|b| b.author.eq(p.id) & b.price.lt(1)))
        });
        assert_eq!(by_country.order_by(|p| p.id.asc()).values(|p| p.id).all(&bed.db).await?, [2, 3]);
        Ok(())
    }

    async fn common_tables_are_written_once(bed) {
        filled(&bed).await?;
        let stock = Book::objects().filter(|b| b.stock.gt(0)).group_by(|b| b.author.key()).annotate(|b| b.stock.sum().or(0)).as_cte();
        let above = Person::objects()
            .join_query(stock.clone(), |p, (author, _)| author.eq(p.id))
            .filter(|(p, _, n)| n.gt(stock.clone().within(p.id).aggregate(|(_, n)| n.avg()).cast::<i64>()))
            .values(|(p, _, n)| (p.name, n));
        assert_eq!(above.to_sql(bed.db.dialect())?.matches("SUM(").count(), 1);
        assert_eq!(above.all(&bed.db).await?, [("Ada".to_owned(), 10)]);
        // Two that read each other, a recursion among them.
        let deep = schools().as_cte();
        let deepest = deep.clone().aggregate(|(_, depth, _)| depth.max()).as_cte();
        let last = deep.join_query(deepest, |(_, depth, _), most| most.eq(depth)).values(|(_, _, way, _)| way);
        assert_eq!(last.get(&bed.db).await?, "Ada > Grace > Émile");
        // Rows of a model, filtered after it.
        let dear = Book::objects().order_by(|b| b.price.desc()).limit(3).as_cte();
        assert_eq!(dear.clone().filter(|b| b.author.name.eq("Grace")).count(&bed.db).await?, 2);
        assert_eq!(dear.clone().order_by(|b| b.id.asc()).values(|b| b.id).all(&bed.db).await?, [1, 2, 3]);
        assert_eq!(Person::objects().filter(|p| p.id.is_in(dear.values(|b| b.author.key()))).count(&bed.db).await?, 2);
        // Windows, numbered among all rows.
        let placed = Book::objects().values(|b| (b.id, row_number().over(window().order_by(b.price.desc())))).as_cte();
        assert_eq!(placed.filter(|(_, place)| place.eq(2)).get(&bed.db).await?, (1, 2));
        Ok(())
    }

    async fn joined_queries(bed) {
        filled(&bed).await?;
        let sales = Line::objects().group_by(|l| l.book.key()).annotate(|l| (l.quantity.sum(), l.price.max()));
        let sold = Book::objects().join_query(sales.clone(), |b, (book, ..)| book.eq(b.id)).order_by(|(b, ..)| b.id.asc());
        let rows: Vec<(Book, i64, Option<i64>, Option<Decimal>)> = sold.select_related(|b| b.author).prefetch(|b| b.tags).all(&bed.db).await?;
        assert_eq!(rows.iter().map(|(b, _, n, price)| (b.id, *n, *price)).collect::<Vec<_>>(), [(1, Some(3), Some(dec("12.5"))), (2, Some(1), Some(dec("40")))]);
        assert_eq!((rows[0].0.author.get()?.name.as_str(), rows[0].0.tags.get()?.len()), ("Ada", 2));
        let all = Book::objects().left_join_query(sales, |b, (book, ..)| book.eq(b.id)).order_by(|(b, ..)| b.id.asc());
        assert_eq!(all.clone().values(|(b, _, n, _)| (b.id, n)).all(&bed.db).await?, [(1, Some(3)), (2, Some(1)), (3, None), (4, None), (5, None)]);
        assert_eq!(all.clone().filter(|(_, book, ..)| book.is_null()).count(&bed.db).await?, 3);
        let unsold = all.group_by(|(b, _, n, _)| (b.author.key(), n.is_null())).annotate(|_| count()).order_by(|(author, none, _)| (author.asc(), none.asc()));
        assert_eq!(unsold.all(&bed.db).await?, [(1, false, 1), (1, true, 1), (2, false, 1), (2, true, 1), (3, true, 1)]);
        // Rows with rows: pairs of a person's dearest book and of the person.
        let dearest = Book::objects().order_by(|b| b.price.desc()).distinct_on(|b| b.author.key());
        let pairs: Vec<(Person, Option<Book>)> = Person::objects().left_join_query(dearest, |p, b| b.author.eq(p.id)).order_by(|(p, _)| p.id.asc()).all(&bed.db).await?;
        assert_eq!(pairs.iter().map(|(p, b)| (p.id, b.as_ref().map(|b| b.id))).collect::<Vec<_>>(), [(1, Some(1)), (2, Some(2)), (3, Some(4)), (4, None)]);
        // Rows without a key of their own: read whole, and no page can end among them.
        let twice = Tag::objects().values(|t| t.id).union_all(Tag::objects().values(|t| t.id));
        let doubled = Tag::objects().join_query(twice, |t, id| id.eq(t.id));
        let mut stream = doubled.clone().stream(&bed.db);
        let mut seen = 0;
        while let Some((tag, id)) = stream.try_next().await? {
            assert_eq!(tag.id, id);
            seen += 1;
        }
        assert_eq!(seen, 8);
        assert_eq!(doubled.page_after(None, 3, &bed.db).await.unwrap_err().code(), Code::BadQuery);
        Ok(())
    }

    async fn one_within_the_step_of_another(bed) {
        filled(&bed).await?;
        // It has handles of its own, whatever the models are, and cannot use those around it.
        let below = |from: i64| Person::objects().filter(|p| p.id.eq(from)).values(|p| p.id).recursive(|at| Person::objects().filter(|p| p.mentor.eq(at)).values(|p| p.id));
        let rows = Person::objects().filter(|p| p.id.eq(1)).recursive(|before| {
            let theirs = school(2);
            Person::objects().filter(|p| p.mentor.eq(before.id) & p.id.is_in(theirs.values(|p| p.id)) & p.id.is_in(below(2)))
        });
        assert_eq!(rows.order_by(|p| p.id.asc()).values(|p| p.id).all(&bed.db).await?, [1, 2, 3]);
        let joined = Person::objects().filter(|p| p.id.eq(1)).values(|p| p.id).recursive(|at| {
            Person::objects().join_query(below(2), |p, id| id.eq(p.id)).filter(|(p, _)| p.mentor.eq(at)).values(|(p, _)| p.id)
        });
        assert_eq!(joined.order_by(|id| id.asc()).all(&bed.db).await?, [1, 2, 3]);
        bed.log.clear();
        let of_rows = Person::objects().filter(|p| p.id.eq(1)).recursive(|outer| {
            let inner = Person::objects().filter(|p| p.id.eq(2)).recursive(|inner| Person::objects().filter(|p| p.mentor.eq(inner.id) & p.id.ne(outer.id)));
            Person::objects().filter(|p| p.id.is_in(inner.values(|p| p.id)))
        });
        let of_values = Person::objects().values(|p| p.id).recursive(|outer| {
            let inner = Person::objects().values(|p| p.id).recursive(|inner| Person::objects().filter(|p| p.mentor.eq(outer) & p.id.ne(inner)).values(|p| p.id));
            Person::objects().filter(|p| p.id.is_in(inner)).values(|p| p.id)
        });
        let in_the_first = Person::objects().values(|p| p.id).recursive(|outer| {
            let inner = Person::objects().filter(|p| p.id.eq(outer)).values(|p| p.id).recursive(|inner| Person::objects().filter(|p| p.mentor.eq(inner)).values(|p| p.id));
            Person::objects().filter(|p| p.id.is_in(inner)).values(|p| p.id)
        });
        let refused = [of_rows.all(&bed.db).await.map(drop), of_values.all(&bed.db).await.map(drop), in_the_first.all(&bed.db).await.map(drop)];
        for refused in refused {
            let error = refused.unwrap_err();
            assert_eq!(error.code(), Code::BadQuery, "{error}");
            assert!(error.message().contains("within the step of another"), "{error}");
        }
        bed.log.assert_queries(0);
        Ok(())
    }

    async fn what_a_recursion_cannot_say(bed) {
        tables(&bed).await?;
        let first = || Person::objects().values(|p| (p.id, value(0_i64)));
        let grouped = first().recursive(|(id, n)| Person::objects().filter(|p| p.mentor.eq(id)).group_by(|p| p.id).annotate(|p| (p.id + n).max().or(0)));
        let cut = first().recursive(|(id, n)| Person::objects().filter(|p| p.mentor.eq(id)).values(|p| (p.id, n + 1)).limit(1));
        let numbered = first().recursive(|(id, _)| Person::objects().filter(|p| p.mentor.eq(id)).values(|p| (p.id, row_number().over(window().order_by(p.id.asc())))));
        bed.log.clear();
        for query in [grouped, cut, numbered] {
            let error = query.all(&bed.db).await.unwrap_err();
            assert_eq!(error.code(), Code::BadQuery);
            assert!(error.to_string().contains("step"), "{error}");
        }
        let mut kept = None;
        let _ = first().recursive(|(id, n)| {
            kept = Some(n);
            Person::objects().filter(|p| p.mentor.eq(id)).values(|p| (p.id, n + 1))
        });
        let elsewhere = Person::objects().filter(|p| p.id.eq(kept.unwrap())).all(&bed.db).await.unwrap_err();
        assert_eq!(elsewhere.code(), Code::BadQuery, "{elsewhere}");
        let pairs = Person::objects().join(|p| p.written).as_cte().all(&bed.db).await.unwrap_err();
        assert_eq!(pairs.code(), Code::BadQuery, "{pairs}");
        bed.log.assert_queries(0);
        Ok(())
    }
}
