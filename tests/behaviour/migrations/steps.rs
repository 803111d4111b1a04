//! Data steps: functions of the program that migrations run, on tables full of rows.

use super::one;
use super::undo::{filled, set as set_of};
use crate::bed::{Bed, behaviour};
use orm::migrate::{
    Migrator, Step, StepFuture,
    engine::{MigrationId, MigrationSet, Schema, execute::Remedy},
};
use orm::{Code, Database, Error, Frozen, Result, Value};
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
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

/// The step stops at this row, once.
static TRIPS: AtomicBool = AtomicBool::new(false);

fn label(mut step: Step<'_>) -> StepFuture<'_> {
    Box::pin(async move {
        step.each(2, |book: &mut Book| {
            if book.id == 6 && TRIPS.load(Ordering::Relaxed) {
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
            let migrator = || Migrator::with_set(set.clone()).step("shop.label", label).step("shop.unlabel", unlabel);
            // Without the function, nothing is begun.
            let missing = Migrator::with_set(set.clone()).run(db).await.unwrap_err();
            assert!(missing.message().contains("M084") && missing.hint().unwrap().contains("Project::new().step("), "{missing}");
            assert_eq!(migrator().history(db).await?.len(), 1);

            // The flag is the whole process's: each back end has its turn.
            let turn = TURN.lock().await;
            TRIPS.store(true, Ordering::Relaxed);
            let tripped = migrator().run(db).await.unwrap_err();
            TRIPS.store(false, Ordering::Relaxed);
            assert!(format!("{tripped:?}").contains("tripped over the sixth"), "{tripped:?}");

            let seen = Arc::new(AtomicU64::new(0));
            let counter = seen.clone();
            migrator().on_step(move |_, rows| counter.store(rows, Ordering::Relaxed)).run(db).await?;
            drop(turn);
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

static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

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
