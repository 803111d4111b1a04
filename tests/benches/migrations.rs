//! A large project from an empty database, beside the SQL of its plans run statement by statement; and what a thousand models
//! take before there is any SQL.

use crate::compare::{Clock, compare_large, large_asked};
use crate::many::{self, MIGRATIONS};
use diesel::{Connection as _, SqliteConnection, connection::SimpleConnection as _};
use diesel_async::{AsyncConnection, AsyncMysqlConnection, AsyncPgConnection, SimpleAsyncConnection};
use orm::{
    Database, Kind,
    migrate::{
        Migrator,
        engine::{
            self, Dialect, Direction, Migration, MigrationSet, Operation, Schema,
            diff::Refuse,
            plan::plan_migration,
            schema::{ColumnType, Field, Index},
        },
        schema_of,
    },
    model::{Models, NewField, NewModel},
};
use std::{
    env,
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

const APPS: usize = 4;

pub fn benches() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    sqlite(&runtime);
    postgres(&runtime);
    mysql(&runtime);
    own_time();
}

/// Each migration after the first makes an index and a text longer, too.
fn history() -> MigrationSet {
    many::history(APPS, |number, [one, other]| {
        let index = Index::new(format!("more_{}_{number}", one.app), &["text1"]);
        let longer = Field::new("text2", ColumnType::Char { max_length: 80 }).default_value("");
        vec![
            Operation::AddIndex { model: one, index },
            Operation::AlterField { model: other, field: longer, fill: None },
        ]
    })
}

/// The SQL of each migration, in the order in which they run.
fn bare(dialect: Dialect, set: &MigrationSet) -> Vec<Vec<String>> {
    let mut before = Schema::default();
    let plan = |migration: &Migration| {
        let plan = plan_migration(dialect, &before, migration, Direction::Forward).expect("a plan");
        migration.operations.iter().for_each(|operation| operation.apply(&mut before).expect("it fits"));
        plan.iter().map(|statement| statement.sql()).filter(|sql| !sql.starts_with("--")).collect()
    };
    set.order().expect("an order").into_iter().map(plan).collect()
}

/// Measures both sides, each on an empty database, by the time that passes.
fn from_zero(place: &str, diesel: &mut dyn FnMut() -> Duration, orm: &mut dyn FnMut() -> Duration) {
    let name = format!("{place}: migrate from zero, 200 models in 100 migrations");
    compare_large(&name, &mut |n| (0..n).map(|_| diesel()).sum(), &mut |n| (0..n).map(|_| orm()).sum());
}

/// This library's side: the database at the URL is empty.
fn migrate(runtime: &Runtime, url: &str, set: &MigrationSet) -> Duration {
    let migrator = Migrator::with_set(set.clone());
    let db = runtime.block_on(Database::connect(url)).expect("a database");
    let took = Clock::Wall.time(|| {
        let ran = runtime.block_on(migrator.run(&db)).expect("the migrations run");
        assert_eq!(ran.len(), APPS * MIGRATIONS);
    });
    runtime.block_on(db.close());
    took
}

fn sqlite(runtime: &Runtime) {
    let folder = env::temp_dir().join(format!("orm-migrations-{}", std::process::id()));
    let path = folder.join("large.db").display().to_string();
    let anew = || {
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
    };
    let set = history();
    let migrations = bare(Dialect::Sqlite, &set);
    let mut diesel = || {
        anew();
        let mut conn = SqliteConnection::establish(&path).expect("a connection");
        let mut run = |sql: &str| conn.batch_execute(sql).expect(sql);
        // A table that is written anew is dropped meanwhile.
        run("PRAGMA foreign_keys = OFF; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
        Clock::Wall.time(|| {
            for statements in &migrations {
                run("BEGIN IMMEDIATE");
                statements.iter().for_each(|sql| run(sql));
                run("COMMIT");
            }
        })
    };
    let mut orm = || {
        anew();
        migrate(runtime, &format!("sqlite://{path}"), &set)
    };
    from_zero("SQLite file", &mut diesel, &mut orm);
    let _ = std::fs::remove_dir_all(&folder);
}

/// Both sides on a server: `anew` makes the database empty, and `$around` stands before and after each migration.
macro_rules! on_server {
    ($place:literal, $dialect:expr, $runtime:expr, $url:expr, $conn:ty, $admin:expr, $anew:expr, $around:expr) => {{
        let set = history();
        let migrations = bare($dialect, &set);
        let (runtime, url, around): (&Runtime, &str, [Option<&str>; 2]) = ($runtime, $url, $around);
        let anew = || {
            for sql in $anew {
                runtime.block_on($admin.batch(sql)).expect("an empty database");
            }
        };
        let mut diesel = || {
            anew();
            runtime.block_on(async {
                let mut conn = <$conn>::establish(url).await.expect("a connection");
                let begun = Instant::now();
                for statements in &migrations {
                    let statements = statements.iter().map(String::as_str);
                    for sql in around[0].into_iter().chain(statements).chain(around[1]) {
                        conn.batch_execute(sql).await.expect(sql);
                    }
                }
                begun.elapsed()
            })
        };
        let mut orm = || {
            anew();
            migrate(runtime, url, &set)
        };
        from_zero($place, &mut diesel, &mut orm);
    }};
}

fn postgres(runtime: &Runtime) {
    let server = env::var("ORM_TEST_POSTGRES_URL").unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/".to_owned());
    let name = format!("orm_migrations_{}", std::process::id());
    let url = &format!("{server}{name}");
    let admin = match runtime.block_on(Database::connect(format!("{server}postgres"))) {
        Ok(admin) => admin,
        Err(error) => return println!("PostgreSQL, migrations: NOT RUN ({error})"),
    };
    let [drop, create] = [format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"), format!("CREATE DATABASE {name}")];
    let around = [Some("BEGIN"), Some("COMMIT")];
    let anew = || [drop.clone(), create.clone()];
    on_server!("PostgreSQL", Dialect::Postgres, runtime, url, AsyncPgConnection, admin, anew(), around);
    runtime.block_on(admin.batch(drop)).expect("the database can be dropped");
}

fn mysql(runtime: &Runtime) {
    let server = env::var("ORM_TEST_MYSQL_URL").unwrap_or_else(|_| "mysql://root@127.0.0.1:3306/".to_owned());
    let name = format!("orm_migrations_{}", std::process::id());
    let url = &format!("{server}{name}");
    let admin = match runtime.block_on(Database::connect(format!("{server}information_schema"))) {
        Ok(admin) => admin,
        Err(error) => return println!("MariaDB, migrations: NOT RUN ({error})"),
    };
    let [drop, create] = [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")];
    let anew = || [drop.clone(), create.clone()];
    on_server!("MariaDB", Dialect::MariaDb, runtime, url, AsyncMysqlConnection, admin, anew(), [None, None]);
    runtime.block_on(admin.batch(drop)).expect("the database can be dropped");
}

/// From the models of a program to what makes their tables: nothing here asks a database.
fn own_time() {
    const NAME: &str = "1 000 models of ten fields: from models to state and SQL";
    if !large_asked(NAME) {
        return;
    }
    let model = |number: usize| {
        let model = NewModel::new(format!("app{}", number / 50), format!("Model{number}"));
        let model = model.field(NewField::column("id", Kind::I64).auto()).key(["id"]);
        let fields = (0..4).flat_map(|field| {
            let text = NewField::column(format!("text{field}"), Kind::Text).max_length(50);
            [text, NewField::column(format!("number{field}"), Kind::I32).null()]
        });
        let model = fields.fold(model, NewModel::field);
        let before = format!("app{}.Model{}", number.saturating_sub(1) / 50, number.saturating_sub(1));
        model.field(NewField::foreign_key("previous", before).null())
    };
    let models = Models::describe((0..1_000).map(model)).expect("models");
    let empty = Schema::default();
    let (mut states, mut plans) = (Vec::new(), Vec::new());
    for _ in 0..21 {
        let begun = Instant::now();
        let state = schema_of(models.iter()).expect("a state");
        states.push(begun.elapsed());
        let operations = engine::diff(&empty, &state, &mut Refuse).expect("operations");
        let plan = engine::plan(Dialect::Postgres, &empty, &operations).expect("a plan");
        plans.push(begun.elapsed());
        assert!(plan.len() >= 1_000);
    }
    let median = |mut all: Vec<Duration>| {
        all.sort();
        all[all.len() / 2]
    };
    println!("{NAME}: {:.1?} and {:.1?}", median(states), median(plans));
}
