//! Renames that are written safely: programs of both versions work side by side, and no value is lost on any way.

use super::{
    commands::{Shell, folder},
    moves::make,
    one,
};
use crate::bed::{Backend, Bed, behaviour};
use orm::{
    Code,
    migrate::{
        Migrator,
        engine::{
            MigrationSet,
            diff::{Answers, safe},
            lint::{Rule, lint},
        },
        engine_error,
    },
    prelude::*,
};

mod before {
    use orm::prelude::*;

    orm::app! { pub sides { Author, Book } }

    #[derive(Model, Debug, Clone)]
    pub struct Author {
        pub id: i64,
        #[field(max_length = 50)]
        pub name: String,
        pub liked: ManyToMany<Book>,
    }

    #[derive(Model, Debug, Clone)]
    #[model(index(title, pages), unique(title, author), check("priced", |b| b.price.gte(Decimal::ZERO)))]
    pub struct Book {
        pub id: i64,
        #[field(max_length = 50, unique)]
        pub title: String,
        pub pages: Option<i32>,
        #[field(max_digits = 6, decimal_places = 2)]
        pub price: Decimal,
        pub author: ForeignKey<Author>,
    }
}

mod after {
    use orm::prelude::*;

    orm::app! { pub sides { Person, Book } }

    #[derive(Model, Debug, Clone)]
    #[model(renamed_from = "Author")]
    pub struct Person {
        pub id: i64,
        #[field(max_length = 50)]
        pub name: String,
        pub liked: ManyToMany<Book>,
    }

    #[derive(Model, Debug, Clone)]
    #[model(index(headline, sheets), unique(headline, writer), check("priced", |b| b.cost.gte(Decimal::ZERO)))]
    pub struct Book {
        pub id: i64,
        #[field(max_length = 50, unique, renamed_from = "title")]
        pub headline: String,
        #[field(renamed_from = "pages")]
        pub sheets: Option<i32>,
        #[field(max_digits = 6, decimal_places = 2, renamed_from = "price")]
        pub cost: Decimal,
        #[field(renamed_from = "author")]
        pub writer: ForeignKey<Person>,
    }
}

/// Renames with another change of the same field.
mod narrow {
    use orm::prelude::*;

    orm::app! { pub labels { Label } }

    #[derive(Model, Debug, Clone)]
    pub struct Label {
        pub id: i64,
        #[field(max_length = 10, unique)]
        pub text: String,
        pub size: i32,
        #[field(max_length = 20)]
        pub note: Option<String>,
        #[field(max_length = 20)]
        pub code: String,
    }
}

mod wide {
    use orm::prelude::*;

    orm::app! { pub labels { Label } }

    #[derive(Model, Debug, Clone)]
    pub struct Label {
        pub id: i64,
        #[field(max_length = 40, unique, renamed_from = "text")]
        pub words: String,
        #[field(renamed_from = "size", index)]
        pub length: i64,
        // Where the version before writes NULL, this one could read no row.
        #[field(max_length = 30, renamed_from = "note", default = String::new)]
        pub remark: String,
        // Neither can do with the column of the other.
        #[field(renamed_from = "code")]
        pub number: i32,
    }
}

/// The books as programs of each version see them.
async fn old(db: &Database) -> orm::Result<Vec<(String, Option<i32>, Decimal, i64)>> {
    let rows = before::Book::objects().order_by(|b| b.id.asc()).all(db).await?;
    Ok(rows.into_iter().map(|b| (b.title, b.pages, b.price, *b.author.key())).collect())
}

async fn new(db: &Database) -> orm::Result<Vec<(String, Option<i32>, Decimal, i64)>> {
    let rows = after::Book::objects().order_by(|b| b.id.asc()).all(db).await?;
    Ok(rows.into_iter().map(|b| (b.headline, b.sheets, b.cost, *b.writer.key())).collect())
}

behaviour! {
    async fn programs_of_both_versions_work_while_names_change(bed) {
        let Bed { db, backend, .. } = &*bed;
        let mut set = MigrationSet::default();
        make(&mut set, &[before::sides()], &mut Answers::new())?;
        Migrator::with_set(set.clone()).run(db).await?;
        let ann = before::Author::draft().name("Ann").create(db).await?;
        let first = before::Book::draft().title("One").pages(10).price(Decimal::new(150, 2)).author(&ann).create(db).await?;
        before::Book::draft().title("Two").price(Decimal::new(250, 2)).author(&ann).create(db).await?;
        ann.many(|a| a.liked).add([&first], db).await?;
        let stored = old(db).await?;

        let mut plain = set.clone();
        let steps = make(&mut plain, &[after::sides()], &mut Answers::new())?;
        let steps = safe(&set.state().map_err(engine_error)?, steps);
        for step in &steps {
            set.add(step.clone()).map_err(engine_error)?;
        }
        assert_eq!(set.state().map_err(engine_error)?, plain.state().map_err(engine_error)?);
        let (last, expand) = steps.split_last().unwrap();
        let middle = expand.last().unwrap().id.name.clone();
        Migrator::with_set(set.clone()).to("sides", Some(&middle))?.run(db).await?;

        // What was there is seen by both, and so is what either writes.
        assert_eq!(new(db).await?, stored);
        let viewed = *backend != Backend::SqliteFile && *backend != Backend::SqliteMemory;
        let eve = after::Person::draft().name("Eve").create(db).await?;
        if viewed {
            let bob = before::Author::draft().name("Bob").create(db).await?;
            assert!(bob.id > eve.id);
            before::Author::objects().filter(|a| a.id.eq(eve.id)).update(|a| a.name.set("Eva"), db).await?;
            assert_eq!(after::Person::get(eve.id, db).await?.name, "Eva");
            let liked = before::Author::get(ann.id, db).await?;
            assert_eq!(liked.many(|a| a.liked).all(db).await?.len(), 1);
            bob.delete(db).await?;
        } else {
            assert_eq!(before::Author::objects().count(db).await.unwrap_err().code(), Code::MissingTable);
        }
        let by_old = before::Book::draft().title("Old").pages(1).price(Decimal::new(350, 2)).author(&ann).create(db).await?;
        let by_new = after::Book::draft().headline("New").cost(Decimal::new(450, 2)).writer(&eve).create(db).await?;
        assert_eq!(old(db).await?, new(db).await?);
        assert_eq!(old(db).await?[3], ("New".to_owned(), None, Decimal::new(450, 2), eve.id));
        // The same letters in another case are another value; NULL is one, too.
        after::Book::objects().filter(|b| b.id.eq(by_old.id)).update(|b| (b.headline.set("OLD"), b.sheets.set(None)), db).await?;
        before::Book::objects().filter(|b| b.id.eq(by_new.id)).update(|b| (b.title.set("NEW"), b.pages.set(7)), db).await?;
        after::Book::objects().filter(|b| b.id.eq(first.id)).update(|b| b.writer.set(&eve), db).await?;
        let both = old(db).await?;
        assert_eq!(both, new(db).await?);
        assert_eq!((both[2].0.as_str(), both[2].1, both[3].0.as_str(), both[3].1, both[0].3), ("OLD", None, "NEW", Some(7), eve.id));

        // Where the two differ all the same, what changes neither of them leaves both as they are.
        if *backend == Backend::Postgres {
            let stale = "BEGIN; SET LOCAL session_replication_role = 'replica'; UPDATE sides_book SET title = 'Stale' WHERE id = 1; COMMIT";
            db.batch(stale).await?;
            after::Book::objects().filter(|b| b.id.eq(1)).update(|b| b.sheets.set(11), db).await?;
            assert_eq!(new(db).await?[0].0, both[0].0);
            after::Book::objects().filter(|b| b.id.eq(1)).update(|b| (b.headline.set("One!"), b.sheets.set(both[0].1)), db).await?;
            after::Book::objects().filter(|b| b.id.eq(1)).update(|b| b.headline.set(both[0].0.clone()), db).await?;
            assert_eq!(old(db).await?, both);
        }

        // Then those of the version before are gone.
        Migrator::with_set(set.clone()).run(db).await?;
        assert_eq!(new(db).await?, both);
        assert!(before::Book::objects().count(db).await.is_ok() && old(db).await.is_err());
        assert_eq!(before::Author::objects().count(db).await.unwrap_err().code(), Code::MissingTable);
        let late = after::Book::draft().headline("Late").cost(Decimal::ONE).writer(&eve).create(db).await?;
        assert_eq!(late.sheets, None);
        assert!(make(&mut set.clone(), &[after::sides()], &mut Answers::new())?.is_empty());
        let both = new(db).await?;

        // And back: in the middle both work again, and nothing is lost behind it.
        Migrator::with_set(set.clone()).to("sides", Some(&middle))?.run(db).await?;
        assert_eq!((old(db).await?, new(db).await?), (both.clone(), both.clone()));
        before::Book::objects().filter(|b| b.id.eq(first.id)).update(|b| b.title.set("First"), db).await?;
        assert_eq!(new(db).await?[0].0, "First");
        Migrator::with_set(set.clone()).to("sides", Some("0001"))?.run(db).await?;
        assert_eq!(old(db).await?[1..], both[1..]);
        assert_eq!(old(db).await?[0].0, "First");
        assert_eq!(before::Author::objects().count(db).await?, 2);
        if *backend == Backend::Postgres {
            let left = "SELECT COUNT(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace";
            assert_eq!(one(db, left).await?, 0, "{}", last.id);
        }
        Ok(())
    }
}

behaviour! {
    async fn what_else_changes_of_a_renamed_field_is_done_before_or_after(bed) {
        let Bed { db, .. } = &*bed;
        let mut set = MigrationSet::default();
        make(&mut set, &[narrow::labels()], &mut Answers::new())?;
        Migrator::with_set(set.clone()).run(db).await?;
        narrow::Label::draft().text("one").size(1).code("11").create(db).await?;
        let mut answers = Answers::new();
        answers.default("labels.Label.remark=''").map_err(engine_error)?;
        let mut plain = set.clone();
        let steps = make(&mut plain, &[wide::labels()], &mut answers)?;
        let steps = safe(&set.state().map_err(engine_error)?, steps);
        for step in &steps {
            set.add(step.clone()).map_err(engine_error)?;
        }
        assert_eq!(set.state().map_err(engine_error)?, plain.state().map_err(engine_error)?);
        let told: Vec<String> = steps.iter().flat_map(|step| &step.operations).map(|it| it.describe()).collect();
        let plain: Vec<&String> = told.iter().filter(|it| it.starts_with("Rename field")).collect();
        let expected = ["Rename field note of labels.Label to remark", "Rename field code of labels.Label to number"];
        assert_eq!(plain, expected, "{told:?}");
        let begin = set.state_before(&steps[0].id).map_err(engine_error)?;
        let mut state = begin;
        let mut breaks = Vec::new();
        for step in &steps {
            let found = lint(orm::migrate::engine::Dialect::Postgres, &state, step).map_err(engine_error)?;
            breaks.extend(found.into_iter().filter(|notice| notice.rule == Rule::L006).map(|notice| notice.message));
            step.operations.iter().try_for_each(|it| it.apply(&mut state)).map_err(engine_error)?;
        }
        for column in ["note", "code"] {
            assert!(breaks.iter().any(|it| it.contains(&format!("the column `{column}` only"))), "{breaks:?}");
        }

        // In between both names are written, the longer text by the new one and read by the old.
        let (_, expand) = steps.split_last().unwrap();
        let middle = expand.last().unwrap().id.name.clone();
        Migrator::with_set(set.clone()).to("labels", Some(&middle))?.run(db).await?;
        db.batch("INSERT INTO labels_label (words, length, remark, number) VALUES ('a text of twenty and more', 2, 'x', 5)").await?;
        db.batch("INSERT INTO labels_label (text, size, remark, number) VALUES ('old', 3, '', 6)").await?;
        let same = "SELECT COUNT(*) FROM labels_label WHERE words = text AND length = size";
        assert_eq!(one(db, same).await?, 3);

        Migrator::with_set(set.clone()).run(db).await?;
        let rows = wide::Label::objects().order_by(|l| l.id.asc()).all(db).await?;
        let rows: Vec<_> = rows.iter().map(|l| (l.words.as_str(), l.length, l.remark.as_str(), l.number)).collect();
        assert_eq!(rows, [("one", 1, "", 11), ("a text of twenty and more", 2, "x", 5), ("old", 3, "", 6)]);
        assert!(make(&mut set.clone(), &[wide::labels()], &mut Answers::new())?.is_empty());
        db.batch("DELETE FROM labels_label WHERE id = 2").await?;
        Migrator::with_set(set).to("labels", Some("0001"))?.run(db).await?;
        assert_eq!(narrow::Label::objects().filter(|l| l.text.eq("old")).get(db).await?.size, 3);
        Ok(())
    }
}

#[test]
fn the_command_tells_what_is_for_later() {
    let folder = folder("safe_renames");
    let url = format!("sqlite://{}/sides.db", folder.display());
    let mut shell = Shell { app: before::sides, folder, url };
    shell.run("makemigrations").unwrap();
    shell.run("migrate").unwrap();
    shell.app = after::sides;
    let printed = shell.run("makemigrations --safe").unwrap();
    let last = printed.lines().last().unwrap();
    assert!(last.contains("is for when no program of the version before runs any more"), "{printed}");
    let (_, before) = last.split_once("until then `migrate sides ").expect(last);
    let before = before.trim_end_matches("`.");
    assert!(shell.run(&format!("migrate sides {before}")).unwrap().contains(&format!("Applying sides.{before}_")));
    assert!(shell.run("migrate --plan").unwrap().contains("L006"));
    shell.run("migrate").unwrap();
    shell.run("check").unwrap();
    shell.run("makemigrations --check").unwrap();
    std::fs::remove_dir_all(&shell.folder).unwrap();
}
