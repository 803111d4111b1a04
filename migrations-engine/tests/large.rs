//! A thousand models and five hundred migrations: the engine's own time, and the time of a run beside that of its SQL.
//!
//! The bounds are wide, for slow machines and builds without optimisation; the figures of an optimised build are in
//! `docs/benchmarks.md`: `cargo test --release -p migrations-engine large -- --nocapture`.

use std::time::{Duration, Instant};

use migrations_engine::diff::Refuse;
use migrations_engine::execute::{Connection, Executor};
use migrations_engine::schema::{ColumnType, Field, Schema};
use migrations_engine::{BoxError, Dialect, MigrationSet, Target, autodetect, plan};

use crate::many::{MIGRATIONS, history, key};
use crate::samples::{char, now};
use crate::sqlite::Sqlite;

fn timed<T>(what: &str, most: Duration, work: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    let done = work();
    let took = begun.elapsed();
    println!("{what}: {:.0} ms", took.as_secs_f64() * 1e3);
    assert!(took < most, "{what} took {took:?}");
    (done, took)
}

/// A database that takes no time: it remembers which migrations it was told to record.
#[derive(Default)]
struct Quick {
    recorded: Vec<Vec<Option<String>>>,
}

impl Connection for Quick {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }
    async fn execute(&mut self, sql: &str) -> Result<u64, BoxError> {
        if let Some(values) = sql.strip_prefix("INSERT INTO orm_migrations") {
            let texts: Vec<&str> = values.split('\'').skip(1).step_by(2).collect();
            let text = |at: usize| texts.get(at).map(|text| (*text).to_owned());
            self.recorded.push(vec![text(0), text(1), text(2), text(0), None, None, None, None]);
        }
        Ok(0)
    }
    async fn query(&mut self, sql: &str) -> Result<Vec<Vec<Option<String>>>, BoxError> {
        if sql.contains("to_regclass") || sql.contains("advisory") {
            return Ok(vec![vec![Some("1".to_owned())]]);
        }
        if sql.starts_with("SELECT 1 FROM orm_migrations") {
            let texts: Vec<&str> = sql.split('\'').skip(1).step_by(2).collect();
            let same = |row: &&Vec<Option<String>>| {
                row[0].as_deref() == texts.first().copied() && row[1].as_deref() == texts.get(1).copied()
            };
            return Ok(self.recorded.iter().filter(same).map(|_| vec![Some("1".to_owned())]).collect());
        }
        Ok(if sql.starts_with("SELECT app") { self.recorded.clone() } else { Vec::new() })
    }
}

#[test]
fn a_thousand_models_and_five_hundred_migrations_take_little_time() {
    const APPS: usize = 20;
    let most = Duration::from_secs(20);
    let set = history(APPS, |_, _| Vec::new());
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
        // Nobody has named it, which the history tells.
        model.fields.iter_mut().filter(|field| field.name == "text0").for_each(|field| field.ty = char(60));
    }
    let (new, _) = timed("makemigrations, with two changes in each application", most, || {
        autodetect(&set, &changed, &mut Refuse).unwrap()
    });
    assert_eq!(new.len(), APPS);
    let mut database = Quick::default();
    let (ran, _) = timed("migrate from zero, own time", most, || {
        now(Executor::new(&set, &mut database).migrate(&Target::Latest)).unwrap()
    });
    assert_eq!(ran.len(), set.iter().count());
    let (plan, _) = timed("plan, with nothing to do", most, || {
        now(Executor::new(&set, &mut database).plan(&Target::Latest)).unwrap()
    });
    assert!(plan.is_empty());
    let (ran, _) = timed("migrate, with nothing to do", most, || {
        now(Executor::new(&set, &mut database).migrate(&Target::Latest)).unwrap()
    });
    assert!(ran.is_empty());
    let zero = Target::Zero("app0".into());
    let (back, _) =
        timed("back to zero, own time", most, || now(Executor::new(&set, &mut database).migrate(&zero)).unwrap());
    assert_eq!(back.len(), set.iter().count());
}

#[test]
fn a_large_run_costs_little_more_than_its_sql() {
    let most = Duration::from_secs(60);
    let set = history(4, |_, _| Vec::new());
    let mut before = Schema::default();
    let mut statements = Vec::new();
    for migration in set.order().unwrap() {
        statements.extend(plan(Dialect::Sqlite, &before, &migration.operations).unwrap());
        migration.operations.iter().for_each(|operation| operation.apply(&mut before).unwrap());
    }
    let bare = Sqlite::memory();
    let (_, bare) = timed("the bare SQL of 100 migrations on SQLite", most, || {
        statements.iter().for_each(|statement| bare.run(&statement.sql()));
    });
    let mut database = Sqlite::memory();
    let (ran, whole) = timed("the same as migrations", most, || {
        now(Executor::new(&set, &mut database).migrate(&Target::Latest)).unwrap()
    });
    assert_eq!(ran.len(), set.iter().count());
    println!("which is {:.2} times the bare SQL", whole.as_secs_f64() / bare.as_secs_f64());
    assert!(whole < bare * 20, "{whole:?} beside {bare:?}");
}
