//! Changes to all rows of a query.

use super::press::*;
use crate::bed::{Bed, behaviour};
use orm::{Code, Dialect, prelude::*};

async fn filled(bed: &Bed) -> orm::Result<(Author, Author)> {
    tables(bed).await?;
    let db = &bed.db;
    let (ada, bob) = (author("Ada", db).await?, author("Bob", db).await?);
    for (number, who) in [&ada, &ada, &bob, &bob, &bob].into_iter().enumerate() {
        let price = Decimal::from(number as i64 + 1);
        let draft = Book::draft().title(format!("b{number}")).price(price).author(who).views(number as i64);
        draft.create(db).await?;
    }
    bed.log.clear();
    Ok((ada, bob))
}

async fn views(bed: &Bed) -> orm::Result<Vec<i64>> {
    Book::objects().order_by(|b| b.id.asc()).values(|b| b.views).all(&bed.db).await
}

behaviour! {
    async fn a_sum_that_is_too_large_is_refused_and_nothing_is_lost(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        Book::objects().filter(|b| b.title.eq("b0")).update(|b| b.views.set(i64::MAX), db).await?;
        let before = views(&bed).await?;
        let refused = Book::objects().update(|b| b.views.set(b.views + 1), db).await.unwrap_err();
        assert_eq!(refused.code(), Code::OutOfRange, "{refused}");
        assert_eq!(views(&bed).await?, before);
        Ok(())
    }

    async fn values_of_other_rows_are_those_before(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        // Each takes the number of the row before it, and none sees what the statement has written already.
        let next = Book::objects().update(|b| {
            let before = Book::objects().within(b.id).filter(|other| other.id.eq(b.id - 1));
            b.views.set(before.scalar(|other| other.views).or(100))
        }, db).await?;
        assert_eq!(next, 5);
        assert_eq!(views(&bed).await?, [100, 0, 1, 2, 3]);
        // By a relation and back, with a guard of the column, several columns, and a condition.
        let others = Book::objects().filter(|b| b.views.lt(50)).update(|b| (
            b.views.set(b.author.books.filter(|other| other.active).sum(|other| other.views).or(0)),
            b.price.set(b.price + 1),
        ), db).await?;
        assert_eq!(others, 4);
        assert_eq!(views(&bed).await?, [100, 100, 6, 6, 6]);
        let first = Book::objects().order_by(|b| b.id.asc()).limit(2).update(|b| {
            let most = Book::objects().within(b.id).aggregate(|other| other.views.max());
            b.views.set(most.or(0) + b.id)
        }, db).await?;
        assert_eq!(first, 2);
        let after = views(&bed).await?;
        assert_eq!(&after[..2], [101, 102]);
        Ok(())
    }

    async fn values_and_expressions(bed) {
        let (ada, _) = filled(&bed).await?;
        let db = &bed.db;
        let count = Book::objects()
            .filter(|b| b.views.gt(1))
            .update(|b| (b.views.set(b.views * 2 + 1), b.active.set(false), b.note.set("é")), db)
            .await?;
        bed.log.assert_queries(1);
        assert_eq!(count, 3);
        assert_eq!(views(&bed).await?, [0, 1, 5, 7, 9]);
        assert_eq!(Book::objects().filter(|b| b.note.eq("é") & !b.active).count(db).await?, 3);
        // Setting what is there already counts too.
        assert_eq!(Book::objects().update(|b| b.active.set(false), db).await?, 5);
        let cleared = Book::objects().update(|b| (b.note.set(None), b.editor.set(&ada), b.pages.set(3)), db).await?;
        assert_eq!(cleared, 5);
        let twice = Book::objects().update(|b| (b.views.set(1), b.views.set(2)), db).await.unwrap_err();
        assert_eq!((twice.code(), twice.fields()), (Code::BadQuery, &["views".to_owned()][..]));
        assert_eq!(Book::objects().filter(|b| b.note.is_null() & b.editor.eq(&ada) & b.pages.eq(3)).count(db).await?, 5);
        assert_eq!(Book::objects().update(|b| b.editor.set_null(), db).await?, 5);
        assert_eq!(Book::objects().filter(|b| b.editor.is_null()).count(db).await?, 5);
        // Every expression sees the row as it was.
        let swap = Book::objects().filter(|b| b.title.eq("b0")).update(|b| (b.title.set("z"), b.note.set(b.title)), db);
        swap.await?;
        let row = Book::objects().filter(|b| b.title.eq("z")).get(db).await?;
        assert_eq!(row.note.as_deref(), Some("b0"));
        Ok(())
    }

    async fn conditions_over_relations(bed) {
        let (_, bob) = filled(&bed).await?;
        let db = &bed.db;
        assert_eq!(Book::objects().filter(|b| b.author.name.eq("Bob")).update(|b| b.views.set(50), db).await?, 3);
        bed.log.assert_queries(1);
        assert_eq!(views(&bed).await?, [0, 1, 50, 50, 50]);
        // The condition reads the table that is written.
        let many = Book::objects().filter(|b| b.author.books.count().gt(2)).update(|b| b.views.set(b.views + 1), db);
        assert_eq!(many.await?, 3);
        let rich = Author::objects().filter(|a| a.books.any(|b| b.price.gt(4))).update(|a| a.name.set("Rich"), db);
        assert_eq!(rich.await?, 1);
        assert_eq!(Author::get(bob.id, db).await?.name, "Rich");
        Ok(())
    }

    async fn values_of_related_rows(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        assert_eq!(Book::objects().update(|b| b.note.set(b.author.name), db).await?, 5);
        let notes = Book::objects().order_by(|b| b.id.asc()).values(|b| b.note).all(db).await?;
        let notes: Vec<_> = notes.iter().map(|note| note.as_deref().unwrap()).collect();
        assert_eq!(notes, ["Ada", "Ada", "Bob", "Bob", "Bob"]);
        let counted = Book::objects().update(|b| b.views.set(b.author.books.count()), db).await?;
        assert_eq!((counted, views(&bed).await?), (5, vec![2, 2, 3, 3, 3]));
        Ok(())
    }

    async fn slices_are_kept_to(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let two = Book::objects().order_by(|b| b.price.desc()).limit(2).update(|b| b.views.set(9), db).await?;
        assert_eq!((two, views(&bed).await?), (2, vec![0, 1, 2, 9, 9]));
        let next = Book::objects().order_by(|b| b.author.name.asc()).offset(1).limit(1).update(|b| b.views.set(8), db);
        assert_eq!((next.await?, views(&bed).await?), (1, vec![0, 8, 2, 9, 9]));
        bed.log.clear();
        assert_eq!(Book::objects().none().update(|b| b.views.set(0), db).await?, 0);
        bed.log.assert_queries(0);
        Ok(())
    }

    async fn what_cannot_be_set(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let all = Book::objects;
        let error = all().update(|b| b.title.set("x".repeat(201)), db).await.unwrap_err();
        assert_eq!((error.code(), fields(&error)), (Code::TooLong, vec!["title"]));
        assert_eq!(all().update(|b| b.price.set(dec("0.001")), db).await.unwrap_err().code(), Code::InexactDecimal);
        assert_eq!(all().update(|b| b.author.name.set("x"), db).await.unwrap_err().code(), Code::BadQuery);
        assert_eq!(all().update(|b| b.id.set(1), db).await.unwrap_err().code(), Code::BadQuery);
        let groups = all().group_by(|b| b.author.name).keys().update(|b| b.views.set(1), db).await;
        assert_eq!(groups.unwrap_err().code(), Code::BadQuery);
        bed.log.assert_queries(0);
        let error = all().update(|b| b.price.set(b.price * -1), db).await.unwrap_err();
        assert_eq!((error.code(), fields(&error)), (Code::CheckViolation, vec!["price"]), "{error}");
        Ok(())
    }

    async fn changed_rows_come_back(bed, requires(UpdateReturning)) {
        filled(&bed).await?;
        let db = &bed.db;
        let mut rows = Book::objects().filter(|b| b.author.name.eq("Ada")).update_returning(|b| b.views.set(7), db).await?;
        bed.log.assert_queries(1);
        rows.sort_by_key(|row| row.id);
        assert_eq!(rows.iter().map(|row| (row.title.as_str(), row.views)).collect::<Vec<_>>(), [("b0", 7), ("b1", 7)]);
        Ok(())
    }
}

#[test]
fn the_sql_of_updates() -> orm::Result<()> {
    let by_author = || Book::objects().filter(|b| b.author.name.eq("Bob"));
    let set = |dialect| by_author().update_sql(|b| b.views.set(b.views + 1), dialect);
    assert_eq!(
        set(Dialect::Sqlite)?,
        r#"UPDATE "press_book" AS "book" SET "views" = orm_whole("book"."views" + ?, -9223372036854775808, 9223372036854775807) WHERE "book"."id" IN (SELECT "book2"."id" FROM "press_book" AS "book2" JOIN "press_author" AS "author" ON "book2"."author_id" = "author"."id" WHERE "author"."name" = ?)"#
    );
    assert_eq!(
        set(Dialect::MySql)?,
        "UPDATE `press_book` AS `book` JOIN (SELECT DISTINCT `book2`.`id` FROM `press_book` AS `book2` JOIN `press_author` AS `author` ON `book2`.`author_id` = `author`.`id` WHERE `author`.`name` = ?) AS `chosen` ON `book`.`id` = `chosen`.`id` SET `book`.`views` = `book`.`views` + ?"
    );
    assert_eq!(
        by_author().delete_sql(Dialect::MySql)?,
        "DELETE `book` FROM `press_book` AS `book` JOIN (SELECT DISTINCT `book2`.`id` FROM `press_book` AS `book2` JOIN `press_author` AS `author` ON `book2`.`author_id` = `author`.`id` WHERE `author`.`name` = ?) AS `chosen` ON `book`.`id` = `chosen`.`id`"
    );
    assert_eq!(
        Tag::objects().filter(|t| t.uses.lt(1)).delete_sql(Dialect::Postgres)?,
        r#"DELETE FROM "press_tag" WHERE "uses" < $1"#
    );
    // MariaDB assigns from left to right: what is read is written last; a circle is refused.
    let set = |dialect| Book::objects().update_sql(|b| (b.title.set("x"), b.note.set(b.title)), dialect);
    assert_eq!(set(Dialect::MariaDb)?, "UPDATE `press_book` SET `note` = `title`, `title` = ?");
    let circle = |dialect| Book::objects().update_sql(|b| (b.title.set(b.note.or("")), b.note.set(b.title)), dialect);
    assert!(circle(Dialect::Postgres).is_ok());
    assert_eq!(circle(Dialect::MariaDb).unwrap_err().code(), Code::Unsupported);
    Ok(())
}

mod slots {
    use super::*;

    orm::app! { pub slots { Slot } }

    #[derive(Model, Debug, Clone)]
    pub struct Slot {
        pub id: i64,
        #[field(unique)]
        pub place: i32,
        #[field(max_length = 20)]
        pub name: String,
    }

    behaviour! {
        async fn the_order_of_an_update(bed) {
            orm::migrate::create_tables(&bed.db, &[slots()]).await?;
            let db = &bed.db;
            Slot::objects().bulk_insert((1..=4).map(|n| Slot::draft().place(n).name(format!("s{n}"))), db).await?;
            // Each steps aside for the next where a database changes rows in an order.
            let moved = Slot::objects().order_by(|s| s.place.desc()).update(|s| s.place.set(s.place + 1), db).await;
            let places = || Slot::objects().order_by(|s| s.id.asc()).values(|s| s.place);
            match bed.db.dialect().capabilities().ordered_updates {
                true => assert_eq!((moved?, places().all(db).await?), (4, vec![2, 3, 4, 5])),
                false => {
                    assert_eq!(moved.unwrap_err().code(), Code::UniqueViolation);
                    assert_eq!(places().all(db).await?, [1, 2, 3, 4]);
                    Slot::objects().update(|s| s.place.set(s.place + 100), db).await?;
                    Slot::objects().update(|s| s.place.set(s.place - 99), db).await?;
                }
            }
            // By what is computed, with a condition, and a slice: which rows, on every database.
            let named = Slot::objects().filter(|s| s.name.ne("s1")).order_by(|s| s.name.upper().desc());
            assert_eq!(named.update(|s| s.name.set(s.name.concat("!")), db).await?, 3);
            let last = || Slot::objects().order_by(|s| s.place.desc()).offset(1).limit(2);
            assert_eq!(last().update(|s| s.name.set("new"), db).await?, 2);
            let names = Slot::objects().order_by(|s| s.id.asc()).values(|s| s.name);
            assert_eq!(names.all(db).await?, ["s1", "new", "new", "s4!"]);
            assert_eq!((last().delete(db).await?.total, places().all(db).await?), (2, vec![2, 5]));
            assert_eq!((last().delete_unchecked(db).await?, places().all(db).await?), (1, vec![5]));
            Ok(())
        }
    }
}

mod racks {
    use super::*;

    orm::app! { pub racks { Rack, Shelf } }

    #[derive(Model, Debug, Clone)]
    pub struct Rack {
        pub id: i64,
        #[field(max_length = 20)]
        pub name: String,
        pub shelves: HasMany<Shelf>,
    }

    #[derive(Model, Debug, Clone)]
    pub struct Shelf {
        pub id: i64,
        pub rack: ForeignKey<Rack>,
        #[field(unique)]
        pub place: i32,
    }

    behaviour! {
        async fn the_order_of_an_update_whose_condition_follows_relations(bed) {
            orm::migrate::create_tables(&bed.db, &[racks()]).await?;
            let db = &bed.db;
            let (left, right) = (Rack::draft().name("left").create(db).await?, Rack::draft().name("right").create(db).await?);
            Shelf::objects().bulk_insert((1..=4).map(|n| Shelf::draft().rack(&left).place(n)), db).await?;
            Shelf::objects().bulk_insert((21..=22).map(|n| Shelf::draft().rack(&right).place(n)), db).await?;
            let places = async || Shelf::objects().order_by(|s| s.id.asc()).values(|s| s.place).all(db).await;
            let ordered = bed.db.dialect().capabilities().ordered_updates;
            let downwards = || Shelf::objects().order_by(|s| s.place.desc());
            let next = |queries: QuerySet<Shelf>| queries.update(|s| s.place.set(s.place + 1), db);
            let by_relation = || downwards().filter(|s| s.rack.name.eq("left"));
            let by_rows_of_its_own = || downwards().filter(|s| Shelf::objects().within(s.id).filter(|o| o.place.lt(10) & o.id.eq(s.id)).has_rows());
            if ordered {
                assert_eq!((next(by_relation()).await?, places().await?), (4, vec![2, 3, 4, 5, 21, 22]));
                assert_eq!((next(by_rows_of_its_own()).await?, places().await?), (4, vec![3, 4, 5, 6, 21, 22]));
                let sliced = Shelf::objects().filter(|s| s.rack.name.eq("left")).order_by(|s| s.place.desc()).limit(1);
                assert_eq!((next(sliced).await?, places().await?), (1, vec![3, 4, 5, 7, 21, 22]));
            } else {
                for queries in [by_relation(), by_rows_of_its_own()] {
                    assert_eq!(next(queries).await.unwrap_err().code(), Code::UniqueViolation);
                }
            }
            // Where the statement takes the keys beside it, the other rows of the table are not read.
            if bed.db.dialect().capabilities().ordered_joins {
                let other = Rack::draft().name("other").create(db).await?;
                Shelf::objects().bulk_insert((1_000..13_000).map(|n| Shelf::draft().rack(&other).place(n)), db).await?;
                let tx = db.begin().await?;
                let read = async || {
                    let counted = "SELECT CAST(variable_value AS INTEGER) FROM information_schema.session_status WHERE variable_name IN ('HANDLER_READ_RND_NEXT', 'HANDLER_READ_NEXT')";
                    Ok::<i64, orm::Error>(orm::raw::<i64>(counted).all(&tx).await?.into_iter().sum())
                };
                let before = read().await?;
                let nothing = read().await? - before;
                assert_eq!(by_relation().update(|s| s.place.set(s.place + 1), &tx).await?, 4);
                let rows = read().await? - before - 2 * nothing;
                assert!(rows < 1_000, "{rows} rows were read");
                tx.commit().await?;
                assert_eq!(places().await?[..6], [4, 5, 6, 8, 21, 22]);
                Shelf::objects().filter(|s| s.rack.eq(&other)).delete(db).await?;
            }
            // An order that follows a relation is none of the statement's.
            let far = Shelf::objects().filter(|s| s.rack.name.eq("right")).order_by(|s| s.rack.name.asc());
            assert_eq!(far.update(|s| s.place.set(s.place + 100), db).await?, 2);
            assert_eq!(places().await?[4..], [121, 122]);
            Ok(())
        }
    }
}
