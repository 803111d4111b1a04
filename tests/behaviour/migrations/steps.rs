//! Data steps: functions of the program that migrations run, on tables full of rows.

use super::one;
use super::undo::{filled, set as set_of};
use crate::bed::{Bed, behaviour};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use orm::migrate::{
    Migrator, Step, StepFuture,
    engine::{MigrationId, MigrationSet, Schema, execute::Remedy},
};
use orm::{Code, Database, Dialect, Error, Frozen, Result, Value, prelude::Decimal};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

const STEP: (&str, &str) = (
    "shop/0002_step.toml",
    r#"
depends_on = ["shop.0001_initial"]

[[operations]]
op = "add_field"
model = "shop.Book"
field = { name = "label", type = "char(60)", null = true }

[[operations]]
op = "run_rust"
name = "shop.label"
reverse = "shop.unlabel"
"#,
);

/// Books as they are at that migration.
#[derive(Frozen)]
#[frozen(app = "shop", at = "0002")]
struct Book {
    id: i64,
    title: String,
    author: i64,
    label: Option<String>,
}

/// Where `TRIPS`, it stops at the sixth row.
fn label<const TRIPS: bool>(mut step: Step<'_>) -> StepFuture<'_> {
    Box::pin(async move {
        step.each(2, |book: &mut Book| {
            if TRIPS && book.id == 6 {
                return Err(Error::new(Code::Migration, "tripped over the sixth"));
            }
            // One that is seen again would be labelled twice.
            let before = book.label.take().unwrap_or_default();
            book.label = Some(format!("{before}{} by {}", book.title, book.author));
            Ok(())
        })
        .await?;
        Ok(())
    })
}

#[derive(Frozen)]
#[frozen(app = "shop", at = "0002")]
struct Author {
    id: i64,
    name: String,
}

/// Goes over the books twice, and over the authors in between.
fn thrice<const TRIPS: bool>(mut step: Step<'_>) -> StepFuture<'_> {
    Box::pin(async move {
        let label = |book: &mut Book, word: &str| {
            book.label = Some(format!("{} {word}", book.label.take().unwrap_or_default()).trim().to_owned());
        };
        step.each(2, |book: &mut Book| {
            label(book, "one");
            Ok(())
        })
        .await?;
        step.each(2, |author: &mut Author| {
            author.name += "!";
            Ok(())
        })
        .await?;
        step.each(2, |book: &mut Book| {
            if TRIPS && book.id == 6 {
                return Err(Error::new(Code::Migration, "tripped over the sixth"));
            }
            label(book, "two");
            Ok(())
        })
        .await
        .map(drop)
    })
}

const SLOTS: &str = r#"
depends_on = ["shop.0001_initial"]
atomic = false

[[operations]]
op = "create_model"
model = "shop.Slot"
table = "shop_slot"
primary_key = ["taken", "day", "time", "since", "price", "length"]
fields = [
    { name = "taken", type = "bool" },
    { name = "day", type = "date" },
    { name = "time", type = "time" },
    { name = "since", type = "datetime" },
    { name = "price", type = "decimal(8, 2)" },
    { name = "length", type = "duration" },
    { name = "note", type = "char(9)", null = true },
]

[[operations]]
op = "run_rust"
name = "shop.fill"

[[operations]]
op = "run_rust"
name = "shop.mark"
"#;

/// A key of all that is no number and no text.
#[derive(Frozen)]
#[frozen(app = "shop", at = "0002")]
struct Slot {
    taken: bool,
    day: NaiveDate,
    time: NaiveTime,
    since: DateTime<Utc>,
    price: Decimal,
    length: TimeDelta,
    note: Option<String>,
}

fn fill(mut step: Step<'_>) -> StepFuture<'_> {
    Box::pin(async move {
        let day = NaiveDate::from_ymd_opt(2024, 2, 29).unwrap();
        for n in 1..=9_i64 {
            // They differ by one part or another.
            let n = |every: i64| n / every % 3;
            let time = NaiveTime::from_hms_micro_opt(10, 0, 0, 1 + n(1) as u32).unwrap();
            let values = [
                Value::Bool(n(6) > 0),
                Value::Date(day + TimeDelta::days(n(5))),
                Value::Time(time),
                Value::DateTime((day + TimeDelta::days(n(4))).and_time(time).and_utc()),
                Value::Decimal(Decimal::new(150 + n(3), 2)),
                Value::Duration(TimeDelta::milliseconds(-1500 + n(2))),
            ];
            let sql = "INSERT INTO shop_slot (taken, day, time, since, price, length) VALUES (?, ?, ?, ?, ?, ?)";
            let sql = sql.replace("time,", if step.dialect() == Dialect::MariaDb { "`time`," } else { "\"time\"," });
            step.execute(&sql, values).await?;
        }
        Ok(())
    })
}

fn mark<const TRIPS: bool>(mut step: Step<'_>) -> StepFuture<'_> {
    Box::pin(async move {
        let mut seen = 0;
        step.each(2, |slot: &mut Slot| {
            seen += 1;
            if TRIPS && seen == 6 {
                return Err(Error::new(Code::Migration, "tripped over the sixth"));
            }
            slot.note = Some(slot.note.take().unwrap_or_default() + "x");
            Ok(())
        })
        .await
        .map(drop)
    })
}

fn unlabel(mut step: Step<'_>) -> StepFuture<'_> {
    Box::pin(async move {
        let books: Vec<Book> = step.rows().await?;
        let table = step.state().model("shop", "Book").unwrap().table.clone();
        for book in books {
            step.execute(&format!("UPDATE {table} SET label = NULL WHERE id = ?"), [Value::I64(book.id)]).await?;
        }
        Ok(())
    })
}

async fn more(db: &Database) -> Result<()> {
    let values: Vec<String> = (3..=9).map(|n| format!("({n}, 'Book {n}', 1, {n})")).collect();
    db.batch(format!("INSERT INTO shop_book (id, title, author_id, pages) VALUES {}", values.join(", "))).await
}

const LABELLED: &str = "SELECT COUNT(*) FROM shop_book WHERE label LIKE '% by %' AND label NOT LIKE '% by % by %'";

behaviour! {
    async fn a_step_works_in_batches_and_goes_on_where_it_stopped(bed) {
        let Bed { db, .. } = &*bed;
        let set = filled(db, &[]).await?;
        more(db).await?;
        drop(set);
        let text = |atomic: bool| format!("atomic = {atomic}\n{}", STEP.1);
        for atomic in [true, false] {
            let set = set_of(&[(STEP.0, &text(atomic))])?;
            let with = |label| Migrator::with_set(set.clone()).step("shop.label", label).step("shop.unlabel", unlabel);
            let migrator = || with(label::<false>);
            // Without the function, nothing is begun.
            let missing = Migrator::with_set(set.clone()).run(db).await.unwrap_err();
            assert!(missing.message().contains("M084") && missing.hint().unwrap().contains("Project::new().step("), "{missing}");
            assert_eq!(migrator().history(db).await?.len(), 1);

            let tripped = with(label::<true>).run(db).await.unwrap_err();
            assert!(format!("{tripped:?}").contains("tripped over the sixth"), "{tripped:?}");

            let seen = Arc::new(AtomicU64::new(0));
            let counter = seen.clone();
            migrator().on_step(move |_, rows| counter.store(rows, Ordering::Relaxed)).run(db).await?;
            assert_eq!(one(db, LABELLED).await?, 9, "atomic: {atomic}");
            let whole = atomic && db.dialect().capabilities().transactional_ddl;
            // Four rows were done and committed before.
            assert_eq!(seen.load(Ordering::Relaxed), if whole { 9 } else { 5 });
            // Where it noted how far it is stands in no models.
            let found = orm::migrate::introspect(db).await?;
            assert!(found.schema.models.values().all(|model| !model.table.starts_with("orm_")));
            migrator().to("shop", Some("0001"))?.run(db).await?;
        }
        Ok(())
    }

    async fn each_time_over_a_table_goes_on_by_itself(bed) {
        let Bed { db, .. } = &*bed;
        drop(filled(db, &[]).await?);
        more(db).await?;
        let set = set_of(&[(STEP.0, &format!("atomic = false\n{}", STEP.1))])?;
        let with = |label| Migrator::with_set(set.clone()).step("shop.label", label).step("shop.unlabel", unlabel);
        let migrator = || with(thrice::<false>);
        let id = MigrationId::new("shop", "0002_step");
        let told = "SELECT COUNT(*) FROM shop_book WHERE label = 'one two'";
        let authors = "SELECT COUNT(*) FROM shop_author WHERE name LIKE '%!' AND name NOT LIKE '%!!'";
        let noted = "SELECT COUNT(*) FROM orm_migration_steps";
        let tripped = async || {
            let tripped = with(thrice::<true>).run(db).await.unwrap_err();
            assert!(format!("{tripped:?}").contains("tripped over the sixth"), "{tripped:?}");
        };
        tripped().await;
        // Twice through the first table, and in the middle of the third time over a table.
        assert_eq!((one(db, told).await?, one(db, noted).await?), (4, 3));
        migrator().run(db).await?;
        // What was done is not done again, and nothing is left out.
        assert_eq!((one(db, told).await?, one(db, authors).await?, one(db, noted).await?), (9, 2, 0));

        migrator().to("shop", Some("0001"))?.run(db).await?;
        db.batch("UPDATE shop_author SET name = REPLACE(name, '!', '')").await?;
        tripped().await;
        // The process was killed in the middle of it, and a person has done the rest.
        db.batch("UPDATE orm_migrations SET doing = 1 WHERE name = '0002_step'").await?;
        migrator().repair(db, &id, Remedy::Done).await?;
        migrator().run(db).await?;
        assert_eq!(one(db, noted).await?, 0);
        // A note that was left all the same says nothing to a step that begins.
        migrator().to("shop", Some("0001"))?.run(db).await?;
        db.batch("UPDATE shop_author SET name = REPLACE(name, '!', '')").await?;
        db.batch("INSERT INTO orm_migration_steps (place, position) VALUES ('shop.label shop.Book', 'through'), ('other shop.Book', '[1]')").await?;
        migrator().run(db).await?;
        assert_eq!((one(db, told).await?, one(db, authors).await?, one(db, noted).await?), (9, 2, 1));
        Ok(())
    }

    async fn a_step_goes_on_after_a_key_of_any_type(bed) {
        let Bed { db, .. } = &*bed;
        let set = filled(db, &[]).await?;
        drop(set);
        let set = set_of(&[("shop/0002_slots.toml", SLOTS)])?;
        let with = |mark| Migrator::with_set(set.clone()).step("shop.fill", fill).step("shop.mark", mark);
        let migrator = || with(mark::<false>);
        let tripped = with(mark::<true>).run(db).await.unwrap_err();
        assert!(format!("{tripped:?}").contains("tripped over the sixth"), "{tripped:?}");
        assert_eq!(one(db, "SELECT COUNT(*) FROM shop_slot WHERE note = 'x'").await?, 4);
        let position = "UPDATE orm_migration_steps SET position = '[\"no key\"]'";
        let kept = crate::migrations::rows::query(db, "SELECT position FROM orm_migration_steps").await?;
        db.batch(position).await?;
        // What cannot be read does not begin anew, since that would change rows twice.
        let refused = migrator().run(db).await.unwrap_err();
        assert!(format!("{refused:?}").contains("is no key of"), "{refused:?}");
        let restore = kept[0][0].as_deref().unwrap().replace('\'', "''");
        db.batch(format!("UPDATE orm_migration_steps SET position = '{restore}'")).await?;
        migrator().run(db).await?;
        assert_eq!(one(db, "SELECT COUNT(*) FROM shop_slot WHERE note = 'x'").await?, 9);
        Ok(())
    }

    async fn a_shape_that_does_not_fit_is_refused(bed) {
        let Bed { db, .. } = &*bed;
        let _ = filled(db, &[]).await?;
        type Function = fn(Step<'_>) -> StepFuture<'_>;
        let cases: [(Function, &str); 4] = [
            (wrong::<WrongType>, "`pages` is of type integer"),
            (wrong::<NoField>, "no field `colour`"),
            (wrong::<NoKey>, "the key `id` is missing"),
            (wrong::<NoModel>, "no such model"),
        ];
        let text = "depends_on = [\"shop.0001_initial\"]\n[[operations]]\nop = \"run_rust\"\nname = \"wrong\"\n";
        for (function, expected) in cases {
            let set = set_of(&[("shop/0002_wrong.toml", text)])?;
            let refused = Migrator::with_set(set).step("wrong", function).run(db).await.unwrap_err();
            assert!(format!("{refused:?}").contains(expected), "{refused:?}");
            db.batch("DELETE FROM orm_migrations WHERE name = '0002_wrong'").await?;
        }
        Ok(())
    }

    async fn a_step_that_leaves_nothing_to_undo_goes_back(bed) {
        let Bed { db, .. } = &*bed;
        fn nothing(_: Step<'_>) -> StepFuture<'_> {
            Box::pin(async { Ok(()) })
        }
        let step = |reverse: &str| {
            let text = "depends_on = [\"shop.0001_initial\"]\n[[operations]]\nop = \"run_rust\"\nname = \"nothing\"\n";
            set_of(&[("shop/0002_nothing.toml", &format!("{text}{reverse}"))])
        };
        let _ = filled(db, &[]).await?;
        let back = async |set: MigrationSet| Migrator::with_set(set).step("nothing", nothing).to("shop", Some("0001"))?.run(db).await;
        Migrator::with_set(step("")?).step("nothing", nothing).run(db).await?;
        let refused = back(step("")?).await.unwrap_err();
        assert!(refused.message().contains("M030"), "{refused}");
        assert!(refused.hint().unwrap().contains("repair --accept"), "{refused}");
        let set = step("reverse = \"\"\n")?;
        let id = MigrationId::new("shop", "0002_nothing");
        Migrator::with_set(set.clone()).step("nothing", nothing).repair(db, &id, Remedy::Accept).await?;
        back(set).await?;
        assert_eq!(one(db, "SELECT COUNT(*) FROM orm_migrations").await?, 1);
        Ok(())
    }

    async fn a_hook_runs_after_each_migrate(bed) {
        let Bed { db, .. } = &*bed;
        fn hook<'s>(db: &'s Database, state: &'s Schema) -> StepFuture<'s> {
            Box::pin(async move {
                let table = &state.model("shop", "Author").unwrap().table;
                let row = "SELECT MAX(id) + 1, CONCAT('hook ', MAX(id))";
                db.batch(format!("INSERT INTO {table} (id, name) {row} FROM {table}")).await
            })
        }
        let set = filled(db, &[]).await?;
        Migrator::with_set(set.clone()).after(hook).run(db).await?;
        Migrator::with_set(set).after(hook).run(db).await?;
        assert_eq!(one(db, "SELECT COUNT(*) FROM shop_author WHERE name LIKE 'hook %'").await?, 2);
        Ok(())
    }
}

fn wrong<F: Frozen>(mut step: Step<'_>) -> StepFuture<'_> {
    Box::pin(async move { step.each(10, |_: &mut F| Ok(())).await.map(drop) })
}

#[derive(Frozen)]
#[frozen(app = "shop", model = "Book", at = "0001")]
struct WrongType {
    id: i64,
    pages: i64,
}

#[derive(Frozen)]
#[frozen(app = "shop", model = "Book", at = "0001")]
struct NoField {
    id: i64,
    colour: String,
}

#[derive(Frozen)]
#[frozen(app = "shop", model = "Book", at = "0001")]
struct NoKey {
    title: String,
}

#[derive(Frozen)]
#[frozen(app = "shop", at = "0001")]
struct NoModel {
    id: i64,
}
