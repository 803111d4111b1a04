//! A thousand models and five hundred migrations: the engine's own time, beside the time of the bare SQL.
//!
//! The bounds are wide, for slow machines, and a build that is not optimised takes a fifth of it; the figures of one that
//! is are in `docs/benchmarks.md`: `cargo test --release -p migrations-engine large -- --nocapture`.

use std::time::{Duration, Instant};

use migrations_engine::diff::Refuse;
use migrations_engine::execute::Executor;
use migrations_engine::schema::{ColumnType, Field, Index, Model, ModelKey, OnDelete, Schema};
use migrations_engine::{Dialect, Migration, MigrationId, MigrationSet, Operation, Target, autodetect, plan};

use crate::samples::{char, now};
use crate::sqlite::Sqlite;

/// Fewer where nothing is optimised: there, most of the time is SQLite's own.
const APPS: usize = if cfg!(debug_assertions) { 4 } else { 20 };
const MODELS: usize = 50;
const MIGRATIONS: usize = 25;

fn key(app: usize, model: usize) -> ModelKey {
    ModelKey::new(format!("app{app}"), format!("Model{model}"))
}

/// A thousand models of ten fields, each with a reference to the one before, some across applications.
fn models() -> Schema {
    let mut schema = Schema::default();
    for app in 0..APPS {
        for number in 0..MODELS {
            let mut model = Model::new(format!("app{app}"), format!("Model{number}")).with(Field::auto_id());
            for field in 0..4 {
                model.fields.push(Field::new(format!("text{field}"), char(50)).default_value(""));
                model.fields.push(Field::new(format!("number{field}"), ColumnType::Integer).nullable());
            }
            let target = match (app, number) {
                (0, 0) => None,
                (app, 0) => Some(key(app - 1, MODELS - 1)),
                (app, number) => Some(key(app, number - 1)),
            };
            if let Some(target) = target {
                model.fields.push(Field::foreign_key("previous", target, OnDelete::Restrict).nullable());
            }
            model.indexes.push(Index::new(format!("i_{app}_{number}"), &["text0", "number0"]));
            schema.insert(model);
        }
    }
    schema
}

/// Five hundred migrations: the first of each application, and then fields, a few at a time.
fn history(models: &Schema) -> MigrationSet {
    let mut set = MigrationSet::default();
    for migration in autodetect(&set, models, &mut Refuse).unwrap() {
        set.add(migration).unwrap();
    }
    for app in 0..APPS {
        for number in 2..=MIGRATIONS {
            let mut migration = Migration::new(MigrationId::new(format!("app{app}"), format!("{number:04}_more")));
            migration.depends_on = set.leaves(&format!("app{app}")).into_iter().cloned().collect();
            for model in [number, number + 20] {
                migration.operations.push(Operation::AddField {
                    model: key(app, model),
                    field: Field::new(format!("more{number}"), ColumnType::Integer).nullable(),
                    fill: None,
                });
            }
            set.add(migration).unwrap();
        }
    }
    set
}

fn timed<T>(what: &str, most: Duration, work: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    let done = work();
    let took = begun.elapsed();
    println!("{what}: {:.0} ms", took.as_secs_f64() * 1e3);
    assert!(took < most, "{what} took {took:?}");
    (done, took)
}

#[test]
fn a_thousand_models_and_five_hundred_migrations_are_quick() {
    let most = Duration::from_secs(20);
    let set = history(&models());
    assert!(set.iter().count() >= APPS * MIGRATIONS, "{}", set.iter().count());
    let texts: Vec<(String, String)> =
        set.iter().map(|migration| (migration.id.path(), migration.to_toml().unwrap())).collect();
    let files: Vec<(&str, &str)> = texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();

    let (read, _) = timed("read the files", most, || MigrationSet::from_embedded(&files).unwrap());
    assert_eq!(read, set);
    let (state, _) = timed("replay them", most, || set.state().unwrap());
    let (none, _) = timed("makemigrations, without a change", most, || autodetect(&set, &state, &mut Refuse).unwrap());
    assert!(none.is_empty());
    let mut changed = state.clone();
    for app in 0..APPS {
        let model = changed.models.get_mut(&key(app, 7)).unwrap();
        model.fields.push(Field::new("new", ColumnType::Date).nullable());
    }
    let (new, _) =
        timed("makemigrations, with twenty changes", most, || autodetect(&set, &changed, &mut Refuse).unwrap());
    assert_eq!(new.len(), APPS);

    // Whatever is bare SQL: the statements alone.
    let mut before = Schema::default();
    let mut statements = Vec::new();
    for migration in set.order().unwrap() {
        statements.extend(plan(Dialect::Sqlite, &before, &migration.operations).unwrap());
        migration.operations.iter().for_each(|operation| operation.apply(&mut before).unwrap());
    }
    let bare = Sqlite::memory();
    let (_, bare) = timed("the bare SQL", most, || {
        for statement in &statements {
            bare.run(&statement.sql());
        }
    });
    let mut database = Sqlite::memory();
    let (ran, whole) =
        timed("migrate from zero", most, || now(Executor::new(&set, &mut database).migrate(&Target::Latest)).unwrap());
    assert_eq!(ran.len(), set.iter().count());
    println!("migrate from zero is {:.2} times the bare SQL", whole.as_secs_f64() / bare.as_secs_f64());
    let (ran, _) = timed("migrate, with nothing to do", most, || {
        now(Executor::new(&set, &mut database).migrate(&Target::Latest)).unwrap()
    });
    assert!(ran.is_empty());
    let (back, _) = timed("back to zero", most * 3, || {
        now(Executor::new(&set, &mut database).migrate(&Target::Zero("app0".into()))).unwrap()
    });
    assert_eq!(back.len(), set.iter().count());
}
