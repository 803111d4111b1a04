//! Deleting, and what goes with it.

use super::press::*;
use crate::bed::{Bed, behaviour};
use orm::{Code, prelude::*};

use std::time::Duration;

fn counts(deleted: &orm::Deleted) -> Vec<(&str, u64)> {
    deleted.per_model.iter().map(|(model, rows)| (model.as_str(), *rows)).collect()
}

/// Ada with two books, three reviews and two tags; Bob edits one of the books.
async fn filled(bed: &Bed) -> orm::Result<(Author, Author)> {
    tables(bed).await?;
    let db = &bed.db;
    let (ada, bob) = (author("Ada", db).await?, author("Bob", db).await?);
    let tag = Tag::draft().slug("t").name("t").create(db).await?;
    for (title, reviews) in [("One", 1), ("Two", 2)] {
        let book = Book::draft().title(title).price(dec("1")).author(&ada).editor(Some(&bob)).create(db).await?;
        book.many(|b| b.tags).add([&tag], db).await?;
        let drafts = (0..reviews).map(|stars| Review::draft().book(&book).stars(stars));
        Review::objects().bulk_insert(drafts, db).await?;
    }
    book("Three", &bob, db).await?;
    bed.log.clear();
    Ok((ada, bob))
}

behaviour! {
    async fn cascades_are_counted(bed) {
        let (ada, bob) = filled(&bed).await?;
        let db = &bed.db;
        let deleted = ada.delete(db).await?;
        assert_eq!(deleted.total, 8);
        let expected = [("press.Author", 1), ("press.Book", 2), ("press.Book_tags", 2), ("press.Review", 3)];
        assert_eq!(counts(&deleted), expected);
        assert!(bed.log.count() <= 14, "{:?}", bed.log.statements());
        assert_eq!((Book::objects().count(db).await?, Tag::objects().count(db).await?), (1, 1));
        assert_eq!(ada.delete(db).await?.total, 0);
        assert_eq!(counts(&bob.delete(db).await?), [("press.Author", 1), ("press.Book", 1)]);
        Ok(())
    }

    async fn rows_that_nothing_points_to_take_one_statement(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let deleted = Review::objects().filter(|r| r.book.title.eq("Two") & r.stars.gt(0)).delete(db).await?;
        bed.log.assert_queries(1);
        assert_eq!(counts(&deleted), [("press.Review", 1)]);
        let sliced = Review::objects().order_by(|r| r.id.desc()).limit(1).delete(db).await?;
        assert_eq!(sliced.total, 1);
        bed.log.clear();
        let row = Review::objects().first(db).await?.unwrap();
        assert_eq!(row.delete(db).await?.total, 1);
        bed.log.assert_queries(2);
        assert_eq!(Review::objects().none().delete(db).await?, orm::Deleted::default());
        Ok(())
    }

    async fn set_null_keeps_the_rows(bed) {
        let (_, bob) = filled(&bed).await?;
        let db = &bed.db;
        Book::objects().filter(|b| b.author.eq(&bob)).delete(db).await?;
        assert_eq!(counts(&bob.delete(db).await?), [("press.Author", 1)]);
        assert_eq!(Book::objects().filter(|b| b.editor.is_null()).count(db).await?, 2);
        Ok(())
    }

    async fn protected_rows_stay(bed) {
        let (ada, bob) = filled(&bed).await?;
        let db = &bed.db;
        let award = Award::draft().author(&ada).create(db).await?;
        let error = Author::objects().delete(db).await.unwrap_err();
        assert_eq!((error.code(), error.model()), (Code::Protected, Some("Author")));
        assert_eq!(error.unredacted(), Some(&*format!("`Award` {}", award.id)));
        assert_eq!((Author::objects().count(db).await?, Review::objects().count(db).await?), (2, 3));
        assert!(bob.delete(db).await.is_ok());
        award.delete(db).await?;
        assert!(ada.delete(db).await.is_ok());
        Ok(())
    }

    async fn restricted_rows_may_go_together(bed) {
        let (ada, bob) = filled(&bed).await?;
        let db = &bed.db;
        let one = Book::objects().filter(|b| b.title.eq("One")).get(db).await?;
        let with_book = Contract::draft().author(&ada).book(Some(&one)).create(db).await?;
        let deleted = ada.delete(db).await?;
        assert_eq!(deleted.per_model["press.Contract"], 1);
        assert_eq!(with_book.delete(db).await?.total, 0);
        Contract::draft().author(&bob).create(db).await?;
        let error = bob.delete(db).await.unwrap_err();
        assert_eq!(error.code(), Code::Protected, "{error}");
        assert_eq!(Author::objects().count(db).await?, 1);
        Ok(())
    }

    async fn trees_and_circles(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let mut parent = Category::draft().name("root").create(db).await?;
        let root = parent.clone();
        for depth in 0..5 {
            parent = Category::draft().name(format!("c{depth}")).parent(Some(&parent)).create(db).await?;
        }
        // A row that is its own child's child.
        let mut edit = root.clone().edit();
        edit.parent = Some(ForeignKey::from(&parent));
        let root = edit.save(db).await?;
        assert_eq!(counts(&root.delete(db).await?), [("press.Category", 6)]);
        // Two models that point to each other.
        let team = Team::draft().create(db).await?;
        let player = Player::draft().team(&team).create(db).await?;
        let mut edit = team.edit();
        edit.captain = Some(ForeignKey::from(&player));
        let team = edit.save(db).await?;
        assert_eq!(counts(&team.delete(db).await?), [("press.Player", 1), ("press.Team", 1)]);
        Ok(())
    }

    async fn unchecked_is_left_to_the_database(bed) {
        let (ada, _) = filled(&bed).await?;
        let db = &bed.db;
        assert_eq!(Author::objects().filter(|a| a.id.eq(ada.id)).delete_unchecked(db).await?, 1);
        bed.log.assert_queries(1);
        assert_eq!(Review::objects().count(db).await?, 0);
        let bob = Author::objects().get(db).await?;
        Award::draft().author(&bob).create(db).await?;
        assert_eq!(Author::objects().delete_unchecked(db).await.unwrap_err().code(), Code::ForeignKeyViolation);
        Ok(())
    }

    async fn many_rows_at_once(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let authors = Author::objects().bulk_create((0..1_500).map(|n| Author::draft().name(format!("a{n}"))), db).await?;
        let books = authors.iter().map(|author| Book::draft().title("b").price(dec("1")).author(author));
        Book::objects().bulk_insert(books, db).await?;
        let deleted = Author::objects().delete(db).await?;
        assert_eq!(counts(&deleted), [("press.Author", 1_500), ("press.Book", 1_500)]);
        Ok(())
    }
}

/// A database that somebody else made: its constraints say NO ACTION, whatever the models say.
mod defaults {
    use super::*;

    orm::app! { pub defaults { Owner, Pet } }

    #[derive(Model, Debug, Clone)]
    pub struct Owner {
        pub id: i64,
        #[field(max_length = 20)]
        pub name: String,
    }

    #[derive(Model, Debug, Clone)]
    pub struct Pet {
        pub id: i64,
        #[field(on_delete = set_default, db_default = 1)]
        pub keeper: ForeignKey<Owner>,
    }

    behaviour! {
        async fn a_default_is_set_where_the_database_cannot(bed) {
            let db = &bed.db;
            orm::migrate::create_tables(db, &[defaults()]).await?;
            let (first, ada) = (Owner::draft().name("first").create(db).await?, Owner::draft().name("Ada").create(db).await?);
            let pets = Pet::objects().bulk_create((0..3).map(|_| Pet::draft().keeper(&ada)), db).await?;
            let unchecked = Owner::objects().filter(|o| o.id.eq(ada.id)).delete_unchecked(db).await;
            match db.dialect().capabilities().set_default {
                true => assert_eq!(unchecked?, 1),
                false => {
                    assert_eq!(unchecked.unwrap_err().code(), Code::ForeignKeyViolation);
                    assert_eq!(counts(&ada.delete(db).await?), [("defaults.Owner", 1)]);
                }
            }
            assert!(Pet::objects().all(db).await?.iter().all(|pet| *pet.keeper.key() == first.id));
            assert_eq!(Pet::objects().count(db).await?, pets.len() as u64);
            Ok(())
        }
    }
}

mod taken_over {
    use super::*;

    orm::app! { pub taken { Owner, Pet, Toy, Diary, Node } }

    #[derive(Model, Debug, Clone)]
    pub struct Owner {
        pub id: i64,
        #[field(max_length = 20)]
        pub name: String,
    }

    #[derive(Model, Debug, Clone)]
    pub struct Pet {
        pub id: i64,
        #[field(on_delete = cascade)]
        pub owner: ForeignKey<Owner>,
        #[field(on_delete = set_default, default = 1)]
        pub keeper: ForeignKey<Owner>,
    }

    #[derive(Model, Debug, Clone)]
    pub struct Toy {
        pub id: i64,
        #[field(on_delete = set_null)]
        pub pet: Option<ForeignKey<Pet>>,
    }

    #[derive(Model, Debug, Clone)]
    pub struct Diary {
        pub id: i64,
        #[field(on_delete = do_nothing)]
        pub pet: ForeignKey<Pet>,
    }

    #[derive(Model, Debug, Clone)]
    pub struct Node {
        pub id: i64,
        #[field(on_delete = cascade)]
        pub up: Option<ForeignKey<Node>>,
    }

    const TABLES: &str = "
        CREATE TABLE taken_owner (id SERIAL, name varchar(20) NOT NULL, PRIMARY KEY (id));
        CREATE TABLE taken_pet (id SERIAL, owner_id BIGINT NOT NULL, keeper_id BIGINT NOT NULL, PRIMARY KEY (id),
            FOREIGN KEY (owner_id) REFERENCES taken_owner (id), FOREIGN KEY (keeper_id) REFERENCES taken_owner (id));
        CREATE TABLE taken_toy (id SERIAL, pet_id BIGINT, PRIMARY KEY (id),
            FOREIGN KEY (pet_id) REFERENCES taken_pet (id));
        CREATE TABLE taken_diary (id SERIAL, pet_id BIGINT NOT NULL, PRIMARY KEY (id),
            FOREIGN KEY (pet_id) REFERENCES taken_pet (id));
        CREATE TABLE taken_node (id SERIAL, up_id BIGINT, PRIMARY KEY (id),
            FOREIGN KEY (up_id) REFERENCES taken_node (id))";

    async fn tables(bed: &Bed) -> orm::Result<()> {
        let serial = match bed.db.dialect() {
            orm::Dialect::Sqlite => "INTEGER",
            orm::Dialect::Postgres => "BIGINT GENERATED BY DEFAULT AS IDENTITY",
            _ => "BIGINT AUTO_INCREMENT",
        };
        bed.db.batch(TABLES.replace("SERIAL", serial)).await
    }

    behaviour! {
        async fn every_rule_is_kept(bed) {
            tables(&bed).await?;
            let db = &bed.db;
            let owner = |name: &'static str| Owner::draft().name(name).create(db);
            let (first, ada, bob) = (owner("first").await?, owner("Ada").await?, owner("Bob").await?);
            let his = Pet::draft().owner(&ada).keeper(&bob).create(db).await?;
            let kept = Pet::draft().owner(&bob).keeper(&ada).create(db).await?;
            let toy = Toy::draft().pet(Some(&his)).create(db).await?;
            let deleted = ada.delete(db).await?;
            assert_eq!(counts(&deleted), [("taken.Owner", 1), ("taken.Pet", 1)]);
            assert!(Toy::get(toy.id, db).await?.pet.is_none());
            assert_eq!(*Pet::get(kept.id, db).await?.keeper.key(), first.id);
            Diary::draft().pet(&kept).create(db).await?;
            assert_eq!(bob.delete(db).await.unwrap_err().code(), Code::ForeignKeyViolation);
            assert_eq!((Owner::objects().count(db).await?, Pet::objects().count(db).await?), (2, 1));
            Ok(())
        }

        async fn rows_that_point_to_each_other(bed) {
            tables(&bed).await?;
            let db = &bed.db;
            let top = Node::draft().create(db).await?;
            let mut last = top.clone();
            for _ in 0..4 {
                last = Node::draft().up(Some(&last)).create(db).await?;
            }
            let mut edit = top.clone().edit();
            edit.up = Some(ForeignKey::from(&last));
            let top = edit.save(db).await?;
            assert_eq!(top.delete(db).await?.total, 5);
            let own = Node::draft().create(db).await?;
            Node::objects().update(|n| n.up.set(&own), db).await?;
            assert_eq!(Node::objects().delete(db).await?.total, 1);
            Ok(())
        }
    }
}

/// What another transaction changes while a deletion waits for it.
mod meanwhile {
    use super::*;
    use orm::{Hooks, QuerySet};
    use std::sync::Arc;

    orm::app! { pub meanwhile { Order, Line, Letter } }

    #[derive(Model, Debug, Clone)]
    pub struct Order {
        pub id: i64,
        #[field(default = false)]
        pub paid: bool,
        pub lines: HasMany<Line>,
    }

    /// Its own rows are read: another model points to them.
    #[derive(Model, Debug, Clone)]
    pub struct Line {
        pub id: i64,
        #[field(on_delete = cascade)]
        pub order: ForeignKey<Order>,
        #[field(on_delete = cascade)]
        pub part_of: Option<ForeignKey<Line>>,
    }

    #[derive(Model, Debug, Clone)]
    #[model(hooks)]
    pub struct Letter {
        pub id: i64,
        #[field(default = false)]
        pub sent: bool,
    }

    impl Hooks for Letter {
        async fn before_delete(letter: &Letter, _: &Transaction) -> orm::Result<()> {
            assert!(!letter.sent, "of a letter that stays nothing is told");
            Ok(())
        }
    }

    /// How many orders a deletion takes while another transaction pays the first of two.
    async fn while_paid<F>(bed: &Arc<Bed>, delete: impl FnOnce(orm::Database) -> F) -> orm::Result<u64>
    where
        F: Future<Output = orm::Result<usize>> + Send + 'static,
    {
        let db = &bed.db;
        Order::objects().delete(db).await?;
        let first = Order::draft().create(db).await?;
        Line::draft().order(&first).create(db).await?;
        Order::draft().create(db).await?;
        let tx = db.begin().await?;
        Order::objects().filter(|o| o.id.eq(first.id)).update(|o| o.paid.set(true), &tx).await?;
        let deletion = tokio::spawn(delete(db.clone()));
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(!deletion.is_finished(), "it waits for the lock");
        tx.commit().await?;
        let gone = deletion.await.unwrap()?;
        assert_eq!((Order::get(first.id, db).await?.paid, Line::objects().count(db).await?), (true, 1));
        Ok(gone as u64)
    }

    fn unpaid() -> QuerySet<Order> {
        Order::objects().filter(|o| !o.paid)
    }

    fn sliced() -> QuerySet<Order> {
        unpaid().order_by(|o| o.id.asc()).limit(1)
    }

    fn different() -> QuerySet<Order> {
        unpaid().distinct().order_by(|o| o.id.asc()).limit(2)
    }

    behaviour! {
        async fn rows_that_are_no_more_meant_stay(bed, requires(SelectForUpdate)) {
            orm::migrate::create_tables(&bed.db, &[meanwhile()]).await?;
            assert_eq!(while_paid(&bed, async |db| Ok(unpaid().delete(&db).await?.total as usize)).await?, 1);
            assert_eq!(while_paid(&bed, async |db| Ok(unpaid().delete_returning(&db).await?.len())).await?, 1);
            assert!(while_paid(&bed, async |db| Ok(sliced().delete(&db).await?.total as usize)).await? <= 1);
            assert!(while_paid(&bed, async |db| Ok(sliced().delete_returning(&db).await?.len())).await? <= 1);
            assert_eq!(while_paid(&bed, async |db| Ok(different().delete(&db).await?.total as usize)).await?, 1);
            assert_eq!(while_paid(&bed, async |db| Ok(different().delete_returning(&db).await?.len())).await?, 1);
            Ok(())
        }

        async fn rows_that_others_are_given_meanwhile_are_seen(bed, requires(SelectForUpdate)) {
            orm::migrate::create_tables(&bed.db, &[meanwhile()]).await?;
            let db = &bed.db;
            let empty = || Order::objects().exclude(|o| o.lines.exists());
            for returning in [false, true] {
                let order = Order::draft().create(db).await?;
                let tx = db.begin().await?;
                let order = Order::objects().filter(|o| o.id.eq(order.id)).for_update().get(&tx).await?;
                Line::draft().order(&order).create(&tx).await?;
                let ex = db.clone();
                let deletion = tokio::spawn(async move {
                    match returning {
                        false => Ok(empty().delete(&ex).await?.total as usize),
                        true => empty().delete_returning(&ex).await.map(|rows| rows.len()),
                    }
                });
                tokio::time::sleep(Duration::from_millis(200)).await;
                tx.commit().await?;
                assert_eq!(deletion.await.unwrap()?, 0);
                assert_eq!(Order::objects().delete(db).await?.total, 2);
            }
            Ok(())
        }

        async fn rows_that_go_along_stay_when_they_are_given_away(bed, requires(SelectForUpdate)) {
            orm::migrate::create_tables(&bed.db, &[meanwhile()]).await?;
            let db = &bed.db;
            let (first, second) = (Order::draft().create(db).await?, Order::draft().create(db).await?);
            let line = Line::draft().order(&first).create(db).await?;
            let tx = db.begin().await?;
            Line::objects().filter(|l| l.id.eq(line.id)).update(|l| l.order.set(&second), &tx).await?;
            let ex = db.clone();
            let deletion = tokio::spawn(async move { first.delete(&ex).await });
            tokio::time::sleep(Duration::from_millis(200)).await;
            tx.commit().await?;
            assert_eq!(deletion.await.unwrap()?.total, 1);
            assert_eq!(*Line::get(line.id, db).await?.order.key(), second.id);
            Ok(())
        }

        async fn hooks_hear_nothing_of_rows_that_stay(bed, requires(SelectForUpdate)) {
            orm::migrate::create_tables(&bed.db, &[meanwhile()]).await?;
            let db = &bed.db;
            for sliced in [false, true] {
                Letter::objects().skip_hooks().delete(db).await?;
                let (letter, _) = (Letter::draft().create(db).await?, Letter::draft().create(db).await?);
                let tx = db.begin().await?;
                Letter::objects().skip_hooks().filter(|l| l.id.eq(letter.id)).update(|l| l.sent.set(true), &tx).await?;
                let ex = db.clone();
                let deletion = tokio::spawn(async move {
                    let rows = Letter::objects().filter(|l| !l.sent).order_by(|l| l.id.asc());
                    if sliced { rows.limit(2) } else { rows }.delete(&ex).await
                });
                tokio::time::sleep(Duration::from_millis(200)).await;
                tx.commit().await?;
                assert_eq!(deletion.await.unwrap()?.total, 1);
                assert!(Letter::get(letter.id, db).await?.sent);
            }
            Ok(())
        }
    }
}
