//! Orders by what is made of selected values: of rows, unions, groups, different rows and windows.

use crate::{bed::behaviour, shop::*};
use orm::{prelude::*, row_number, value, window};

behaviour! {
    async fn by_expressions_over_values(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let by_length = Tag::objects().values(|t| t.slug).order_by(|slug| (slug.length().desc(), slug.asc())).all(db).await?;
        assert_eq!(by_length, ["unused", "maths", "code", "old"]);
        let annotated = Person::objects().annotate(|p| p.written.count()).order_by(|(p, n)| ((n * -1).asc(), p.id.desc())).values(|(p, n)| (p.id, n)).all(db).await?;
        assert_eq!(annotated, [(2, 2), (1, 2), (3, 1), (4, 0)]);
        let numbered = Tag::objects().values(|t| (t.id, row_number().over(window().order_by(t.slug.asc())))).order_by(|(_, n)| (n * -1).asc()).all(db).await?;
        assert_eq!(numbered, [(4, 4), (2, 3), (1, 2), (3, 1)]);
        let deep = Tag::objects().filter(|t| t.id.eq(4)).values(|t| t.id).recursive(|id| Tag::objects().filter(|t| t.id.eq(id - 1)).values(|t| t.id));
        assert_eq!(deep.order_by(|id| (id * -1).asc()).all(db).await?, [4, 3, 2, 1]);
        Ok(())
    }

    async fn by_expressions_over_unions(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let names = || Person::objects().values(|p| p.name).union(Tag::objects().values(|t| t.slug));
        let all = names().order_by(|name| name.length().asc()).values(|name| name.length()).all(db).await?;
        assert_eq!(all, [3, 3, 4, 5, 5, 5, 6, 6]);
        let longest = names().order_by(|name| (name.length().desc(), name.lower().asc())).limit(2).all(db).await?;
        assert_eq!(longest, ["Nobody", "unused"]);
        // Two values, one of them NULL, and rows of models.
        let pairs = Person::objects().values(|p| (p.id, p.born.year())).union_all(Tag::objects().values(|t| (t.id + 10, value(None::<i32>))));
        let ordered = pairs.order_by(|(id, year)| ((year * -1).asc().nulls_last(), (id % 10).desc(), id.asc())).limit(4).values(|(id, _)| id).all(db).await?;
        assert_eq!(ordered, [2, 1, 4, 14]);
        let books = Book::objects().filter(|b| b.price.lt(1)).union(Book::objects().filter(|b| !b.active));
        assert_eq!(books.clone().order_by(|b| (b.price * -1).asc()).values(|b| b.id).all(db).await?, [3, 5, 4]);
        assert_eq!(books.order_by(|b| b.author.name.length().desc()).first(db).await?.map(|b| b.id), Some(4));
        Ok(())
    }

    async fn by_expressions_over_groups(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let groups = || Book::objects().group_by(|b| b.author.key()).annotate(|b| (count(), b.price.sum()));
        let all = groups().order_by(|(author, ..)| (author * -1).asc()).values(|(author, ..)| author).all(db).await?;
        assert_eq!(all, [3, 2, 1]);
        let dear = groups().order_by(|(_, n, sum)| (sum / n.cast::<Decimal>()).desc()).values(|(author, n, _)| (author, n)).all(db).await?;
        assert_eq!(dear, [(2, 2), (1, 2), (3, 1)]);
        assert_eq!(groups().order_by(|(_, n, sum)| ((n * -1).asc(), (sum * -1).desc())).limit(1).get(db).await?.0, 1);
        // Keys that are computed, with values of their own.
        let years = || Book::objects().filter(|b| b.published.is_not_null()).group_by(|b| (b.published.year() / 100 * 100, b.active)).annotate(|_| count());
        let rows = years().order_by(|(century, active, n)| ((century * -1).asc(), active.asc(), (n + 1).desc())).all(db).await?;
        assert_eq!(rows, [(Some(2000), false, 1), (Some(1900), false, 1), (Some(1900), true, 1), (Some(1800), true, 1)]);
        let last = years().order_by(|(century, ..)| (century * -1).asc()).limit(1).filter(|(.., n)| n.eq(1)).get(db).await?;
        assert_eq!(last, (Some(2000), false, 1));
        // After a filter on groups, and before one.
        let many = groups().filter(|(_, n, _)| n.gt(1)).order_by(|(author, ..)| (author * -1).asc()).values(|(author, ..)| author).all(db).await?;
        assert_eq!(many, [2, 1]);
        let first = years().order_by(|(century, ..)| (century * -1).asc()).filter(|(_, active, _)| active.eq(true)).values(|(century, ..)| century).all(db).await?;
        assert_eq!(first, [Some(1900), Some(1800)]);
        let texts = Person::objects().group_by(|p| p.name.left(1).upper()).annotate(|p| p.name.length().max()).order_by(|(letter, most)| (letter.concat("x").desc(), (most * 2).asc())).all(db).await?;
        assert_eq!(texts.iter().map(|(letter, _)| &**letter).collect::<Vec<_>>(), ["É", "N", "G", "A"]);
        Ok(())
    }

    async fn by_expressions_over_different_values(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let stocks = Book::objects().values(|b| b.stock).distinct();
        assert_eq!(stocks.clone().order_by(|n| (n * -1).asc()).all(db).await?, [7, 3, 0, -2]);
        assert_eq!(stocks.order_by(|n| n.abs().desc()).limit(2).all(db).await?, [7, 3]);
        let pairs = Line::objects().values(|l| (l.book.title, l.quantity)).distinct().order_by(|(title, n)| ((n * -1).asc(), title.length().desc())).all(db).await?;
        assert_eq!(pairs, [("Notes".to_owned(), 2), ("Compilers".to_owned(), 1), ("Notes".to_owned(), 1)]);
        Ok(())
    }
}

mod of_models {
    use crate::bed::behaviour;
    use orm::prelude::*;

    orm::app! { pub racks { Rack, Jar } }

    #[derive(Model, Debug, Clone)]
    #[model(ordering(name))]
    pub struct Rack {
        pub id: i64,
        pub name: String,
        pub jars: HasMany<Jar>,
    }

    /// Ordered by what is said of its rack, by an expression, and with NULLs in the end.
    #[derive(Model, Debug, Clone)]
    #[model(ordering(|j| (j.rack.name.desc(), (j.size % 10).asc(), j.label.asc().nulls_last())))]
    pub struct Jar {
        pub id: i64,
        pub size: i32,
        pub label: Option<String>,
        pub rack: ForeignKey<Rack>,
    }

    behaviour! {
        async fn a_model_is_ordered_by_more_than_fields(bed) {
            let db = &bed.db;
            orm::migrate::create_tables(db, &[racks()]).await?;
            let racks = Rack::objects().bulk_create(["A", "B"].map(|name| Rack::draft().name(name)), db).await?;
            let jar = |size: i32, label: Option<&str>, rack: usize| {
                Jar::draft().size(size).label(label.map(str::to_owned)).rack(&racks[rack])
            };
            let jars = [jar(21, None, 0), jar(1, Some("x"), 0), jar(10, None, 0), jar(5, Some("y"), 1)];
            Jar::objects().bulk_insert(jars, db).await?;
            let sizes = async |query: QuerySet<Jar>| query.values(|j| j.size).all(db).await;
            bed.log.clear();
            for _ in 0..2 {
                assert_eq!(sizes(Jar::objects()).await?, [5, 10, 1, 21]);
                let rows = Jar::objects().filter(|j| j.size.lt(21)).all(db).await?;
                assert_eq!(rows.iter().map(|jar| jar.size).collect::<Vec<_>>(), [5, 10, 1]);
            }
            bed.log.assert_queries(4);
            assert_eq!(sizes(Jar::objects().order_by(|j| j.size.asc())).await?, [1, 5, 10, 21]);
            assert_eq!(sizes(Jar::objects().reverse()).await?, [21, 1, 10, 5]);
            assert_eq!((Jar::objects().first(db).await?.unwrap().size, Jar::objects().last(db).await?.unwrap().size), (5, 21));
            assert_eq!(sizes(Jar::objects().offset(1).limit(2)).await?, [10, 1]);
            assert_eq!(Jar::objects().count(db).await?, 4);
            // Beside each parent, two at most, as the model says.
            let loaded = Rack::objects().prefetch(|r| r.jars.limit(2)).all(db).await?;
            let seen: Vec<Vec<i32>> = loaded.iter().map(|rack| rack.jars.get().unwrap().iter().map(|jar| jar.size).collect()).collect();
            assert_eq!(seen, [vec![10, 1], vec![5]]);
            let joined = Rack::objects().join(|r| r.jars).values(|(r, j)| (r.name, j.size)).all(db).await?;
            assert_eq!(joined.len(), 4);
            let (small, large) = (Jar::objects().filter(|j| j.size.lt(10)), Jar::objects().filter(|j| j.size.gte(10)));
            assert_eq!(small.union(large).count(db).await?, 4);
            assert_eq!(Jar::objects().filter(|j| j.size.lt(6)).delete(db).await?.total, 2);
            assert_eq!(Jar::objects().update(|j| j.size.set(0), db).await?, 2);
            Ok(())
        }
    }
}
