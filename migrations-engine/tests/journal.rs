//! Migrations that are not one transaction, on SQLite: killed anywhere, two at once, taken back.

use std::sync::mpsc;
use std::time::Duration;

use migrations_engine::execute::{Connection, Executor, NoSteps, Remedy, Steps};
use migrations_engine::schema::Schema;
use migrations_engine::{BoxError, Dialect, Migration, MigrationId, MigrationSet, Target};

use crate::samples::{library, now};
use crate::sqlite::{Sqlite, Yes};

/// A connection that dies after so many statements.
struct Fused(Sqlite, usize);

impl Fused {
    fn burn(&mut self) -> Result<(), BoxError> {
        self.1 = self.1.checked_sub(1).ok_or("the process died")?;
        Ok(())
    }

    /// What another process finds.
    fn dead(self) -> Sqlite {
        let _ = self.0.0.execute_batch("ROLLBACK");
        self.0.run("PRAGMA legacy_alter_table = OFF; PRAGMA foreign_keys = ON");
        self.0
    }
}

impl Connection for Fused {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }
    async fn execute(&mut self, sql: &str) -> Result<u64, BoxError> {
        self.burn()?;
        self.0.execute(sql).await
    }
    async fn query(&mut self, sql: &str) -> Result<Vec<Vec<Option<String>>>, BoxError> {
        self.burn()?;
        self.0.query(sql).await
    }
}

fn initial() -> MigrationSet {
    let mut set = MigrationSet::default();
    for migration in migrations_engine::autodetect(&set, &library(), &mut Yes).unwrap() {
        set.add(migration).unwrap();
    }
    set
}

fn with(text: &str) -> MigrationSet {
    let mut set = initial();
    let text = format!("depends_on = [\"app.0001_initial\"]\natomic = false\n{text}");
    set.add(Migration::from_toml("app/0002_later.toml", &text).unwrap()).unwrap();
    set
}

/// The first migration, rows, and what hangs on the table of books.
fn filled() -> Sqlite {
    let mut database = Sqlite::memory();
    now(Executor::new(&initial(), &mut database).migrate(&Target::Latest)).unwrap();
    database.run(
        "INSERT INTO app_author (id, name, age) VALUES (1, 'Ada', NULL), (2, 'Bob', 40);
         INSERT INTO app_book (id, title, author_id, pages, extra) VALUES (1, 'One', 1, 10, '{}'), (5, 'Five', 2, 50, '{}');
         CREATE TABLE log (what text);
         CREATE TRIGGER watch AFTER UPDATE OF title ON app_book BEGIN INSERT INTO log VALUES (new.title); END;
         CREATE INDEX by_hand ON app_book (pages, published);",
    );
    database
}

fn structure(database: &Sqlite) -> Vec<String> {
    database
        .all("SELECT name || ' ' || COALESCE(sql, '') FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name")
}

#[test]
fn a_migration_that_dies_is_never_taken_for_complete() {
    let mut set = MigrationSet::default();
    for mut migration in migrations_engine::autodetect(&set, &library(), &mut Yes).unwrap() {
        migration.atomic = false;
        set.add(migration).unwrap();
    }
    let whole = {
        let mut database = Sqlite::memory();
        now(Executor::new(&set, &mut database).migrate(&Target::Latest)).unwrap();
        structure(&database)
    };
    for fuse in 0.. {
        let mut connection = Fused(Sqlite::memory(), fuse);
        let first = now(Executor::new(&set, &mut connection).migrate(&Target::Latest));
        let mut database = connection.dead();
        // Each statement is one transaction with the note of it: nobody has to be asked.
        now(Executor::new(&set, &mut database).migrate(&Target::Latest)).unwrap();
        assert_eq!(structure(&database), whole, "after {fuse}");
        if first.is_ok() {
            break;
        }
    }
}

const STEPS: &str = r#"
    [[operations]]
    op = "alter_field"
    model = "app.Book"
    field = { name = "pages", type = "bigint" }
    [[operations]]
    op = "run_rust"
    name = "shout"
    [[operations]]
    op = "alter_field"
    model = "app.Book"
    field = { name = "title", type = "char(200)", unique = true }
    [[operations]]
    op = "run_sql"
    sql = { all = ["UPDATE app_author SET age = COALESCE(age, 0) + 1"] }
    reverse = { all = ["UPDATE app_author SET age = age - 1"] }
"#;

struct Shout;

impl<C: Connection> Steps<C> for Shout {
    fn has(&self, _: &str) -> bool {
        true
    }
    async fn run(&mut self, _: &str, _: &Schema, _: bool, connection: &mut C) -> Result<(), BoxError> {
        connection.execute("UPDATE app_author SET name = UPPER(name)").await.map(drop)
    }
}

#[test]
fn a_table_that_is_written_anew_beside_a_step_keeps_what_hangs_on_it_wherever_it_stops() {
    let set = with(STEPS);
    let whole = {
        let mut database = filled();
        now(Executor::new(&set, &mut database).with_steps(Shout).migrate(&Target::Latest)).unwrap();
        structure(&database)
    };
    let hanging = |name: &str| whole.iter().any(|line| line.starts_with(name));
    assert!(hanging("watch ") && hanging("by_hand "), "{whole:?}");
    let mut asked = 0;
    for fuse in 0.. {
        let mut connection = Fused(filled(), fuse);
        let first = now(Executor::new(&set, &mut connection).with_steps(Shout).migrate(&Target::Latest));
        let mut database = connection.dead();
        let mut second = now(Executor::new(&set, &mut database).with_steps(Shout).migrate(&Target::Latest));
        if let Err(error) = &second {
            // Only of the step it is not known, and it does no harm twice.
            assert!(error.code() == "M073" && error.message().contains("`shout`"), "after {fuse}: {error}");
            asked += 1;
            let id = MigrationId::new("app", "0002_later");
            now(Executor::new(&set, &mut database).with_steps(Shout).repair(&id, Remedy::NotDone)).unwrap();
            second = now(Executor::new(&set, &mut database).with_steps(Shout).migrate(&Target::Latest));
        }
        second.unwrap();
        assert_eq!(structure(&database), whole, "after {fuse}");
        let rows = database.all("SELECT b.id, title, pages, name, age FROM app_book AS b JOIN app_author AS a ON a.id = author_id ORDER BY 1");
        assert_eq!(rows, ["1|One|10|ADA|1", "5|Five|50|BOB|41"], "after {fuse}");
        if first.is_ok() {
            break;
        }
    }
    assert!(asked > 0);
}

#[test]
fn what_is_taken_back_may_stop_anywhere() {
    let text = r#"
        [[operations]]
        op = "add_field"
        model = "app.Author"
        field = { name = "born", type = "date", null = true }
        [[operations]]
        op = "run_sql"
        sql = { all = ["UPDATE app_author SET age = COALESCE(age, 0) + 1"] }
        reverse = { all = ["UPDATE app_author SET age = age - 1"] }
        [[operations]]
        op = "rename_field"
        model = "app.Author"
        field = "born"
        to = "birth"
        [[operations]]
        op = "run_sql"
        sql = { all = ["UPDATE nowhere SET x = 1"] }
        reverse = { all = [] }
    "#;
    let set = with(text);
    let id = MigrationId::new("app", "0002_later");
    let stopped = || {
        let mut database = filled();
        let refused = now(Executor::new(&set, &mut database).migrate(&Target::Latest)).unwrap_err();
        assert_eq!(refused.code(), "M081", "{refused}");
        assert_eq!(database.all("SELECT birth, age FROM app_author ORDER BY id"), ["NULL|1", "NULL|41"]);
        database
    };
    for fuse in 0.. {
        let mut connection = Fused(stopped(), fuse);
        let first = now(Executor::new(&set, &mut connection).repair(&id, Remedy::Undo));
        let mut database = connection.dead();
        if database.all("SELECT COUNT(*) FROM orm_migrations") == ["2"] {
            now(Executor::new(&set, &mut database).repair(&id, Remedy::Undo)).unwrap();
        }
        assert_eq!(database.all("SELECT name, age FROM app_author ORDER BY id"), ["Ada|0", "Bob|40"], "after {fuse}");
        assert_eq!(structure(&database), structure(&filled()), "after {fuse}");
        if first.is_ok() {
            break;
        }
    }
}

/// Says that it has begun, and waits to be told to go on.
struct Slow(mpsc::Sender<()>, mpsc::Receiver<()>);

impl Steps<Sqlite> for Slow {
    fn has(&self, _: &str) -> bool {
        true
    }
    async fn run(&mut self, _: &str, _: &Schema, _: bool, connection: &mut Sqlite) -> Result<(), BoxError> {
        self.0.send(())?;
        self.1.recv()?;
        connection.execute("UPDATE app_author SET age = COALESCE(age, 0) + 1").await.map(drop)
    }
}

#[test]
fn nobody_goes_on_with_what_another_is_in_the_middle_of() {
    let folder = std::env::temp_dir().join(format!("migrations-engine-two-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("two.db");
    let open = || Sqlite(rusqlite::Connection::open(&path).unwrap());
    let set = with("[[operations]]\nop = \"run_rust\"\nname = \"slow\"\n");
    now(Executor::new(&initial(), &mut open()).migrate(&Target::Latest)).unwrap();
    open().run("INSERT INTO app_author (id, name, age) VALUES (1, 'Ada', NULL)");

    let ((begun, has_begun), (go_on, waits)) = (mpsc::channel(), mpsc::channel());
    std::thread::scope(|scope| {
        let (set, open) = (&set, &open);
        let first = scope.spawn(move || {
            now(Executor::new(set, &mut open()).with_steps(Slow(begun, waits)).migrate(&Target::Latest)).unwrap().len()
        });
        has_begun.recv().unwrap();
        let mut other = open();
        let id = MigrationId::new("app", "0002_later");
        let busy = now(Executor::new(set, &mut other).with_steps(Shout).lock_timeout(0).migrate(&Target::Latest));
        assert_eq!(busy.unwrap_err().code(), "M080");
        let busy = now(Executor::new(set, &mut other).lock_timeout(0).repair(&id, Remedy::Done));
        assert_eq!(busy.unwrap_err().code(), "M080");
        // One that has the time waits, and finds that everything is done.
        let second = scope.spawn(move || {
            now(Executor::new(set, &mut open()).with_steps(Shout).migrate(&Target::Latest)).unwrap().len()
        });
        std::thread::sleep(Duration::from_millis(60));
        go_on.send(()).unwrap();
        assert_eq!((first.join().unwrap(), second.join().unwrap()), (1, 0));
    });
    let mut after = open();
    assert_eq!(after.all("SELECT name, age FROM app_author"), ["Ada|1"]);
    now(Executor::new(&set, &mut after).with_steps(NoSteps).history()).unwrap();
    drop(after);
    let left: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["two.db"]);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_cannot_be_committed_leaves_no_transaction_open() {
    // That the author is missing is seen at the end of the transaction.
    const ORPHAN: &str = "INSERT INTO app_book (title, author_id, pages, extra) VALUES ('Orphan', 99, 1, '{}')";
    let closed = |database: &Sqlite| {
        assert!(database.0.is_autocommit());
        assert_eq!(database.all("PRAGMA foreign_keys"), ["1"]);
        assert_eq!(database.all("SELECT COUNT(*) FROM app_book"), ["2"]);
    };
    let orphan = format!("[[operations]]\nop = \"run_sql\"\nsql = {{ all = [\"{ORPHAN}\"] }}\n");
    // Beside it a table is written anew, for which foreign keys are switched off; or not.
    let anew = "[[operations]]\nop = \"alter_field\"\nmodel = \"app.Author\"\nfield = { name = \"name\", type = \"char(90)\" }\n";
    for text in [orphan.clone(), format!("{anew}{orphan}")] {
        for atomic in [true, false] {
            let mut set = with(&text);
            let id = MigrationId::new("app", "0002_later");
            let mut later = set.get(&id).unwrap().clone();
            later.atomic = atomic;
            set = initial();
            set.add(later).unwrap();
            let mut database = filled();
            let refused = now(Executor::new(&set, &mut database).migrate(&Target::Latest)).unwrap_err();
            assert!(refused.to_string().contains("committed") || text.contains("alter_field"), "{refused}");
            closed(&database);
        }
    }
    let back = format!(
        "[[operations]]\nop = \"run_sql\"\nsql = {{ all = [\"UPDATE app_author SET age = 1\"] }}\nreverse = {{ all = [\"{ORPHAN}\"] }}\n\
         [[operations]]\nop = \"run_sql\"\nsql = {{ all = [\"UPDATE nowhere SET x = 1\"] }}\n"
    );
    let (set, mut database) = (with(&back), filled());
    now(Executor::new(&set, &mut database).migrate(&Target::Latest)).unwrap_err();
    let id = MigrationId::new("app", "0002_later");
    let refused = now(Executor::new(&set, &mut database).repair(&id, Remedy::Undo)).unwrap_err();
    assert!(refused.message().contains("committed"), "{refused}");
    closed(&database);
}

#[test]
fn what_stopped_of_another_program_is_no_matter_of_ours() {
    let text = "[[operations]]\nop = \"run_sql\"\nsql = { all = [\"UPDATE app_author SET age = 7\"] }\n";
    let (set, mut database) = (with(text), filled());
    database.run(
        "INSERT INTO orm_migrations (app, name, checksum, applied_at, direction, done, total, doing) \
         VALUES ('elsewhere', '0001_initial', 'x', 'y', 'forward', 1, 3, 1)",
    );
    let obstacles = now(Executor::new(&set, &mut database).obstacles(&Target::Latest)).unwrap();
    assert!(obstacles.is_empty(), "{obstacles:?}");
    assert_eq!(now(Executor::new(&set, &mut database).migrate(&Target::Latest)).unwrap().len(), 1);
    assert_eq!(database.all("SELECT DISTINCT age FROM app_author"), ["7"]);
    assert_eq!(database.all("SELECT done FROM orm_migrations WHERE app = 'elsewhere'"), ["1"]);
}

#[test]
fn sql_of_several_statements_is_taken_back_as_a_whole() {
    let id = MigrationId::new("app", "0002_later");
    let text = |second: &str, third: &str| {
        format!(
            "[[operations]]\nop = \"add_field\"\nmodel = \"app.Author\"\nfield = {{ name = \"born\", type = \"date\", null = true }}\n\
             [[operations]]\nop = \"run_sql\"\nsql = {{ all = [\"CREATE TABLE one (x int)\", \"{second}\"] }}\n\
             reverse = {{ all = [\"DROP TABLE one\"] }}\n\
             [[operations]]\nop = \"run_sql\"\nsql = {{ all = [\"{third}\"] }}\n"
        )
    };
    let (two, wrong) = ("INSERT INTO one VALUES (2)", "UPDATE nowhere SET x = 1");
    let stopped = |set: &MigrationSet| {
        let mut database = filled();
        now(Executor::new(set, &mut database).migrate(&Target::Latest)).unwrap_err();
        database
    };
    let set = with(&text(two, wrong));
    for fuse in 0.. {
        let mut connection = Fused(stopped(&set), fuse);
        let first = now(Executor::new(&set, &mut connection).repair(&id, Remedy::Undo));
        let mut database = connection.dead();
        if database.all("SELECT doing FROM orm_migrations WHERE done IS NOT NULL") == ["1"] {
            // It died while SQL of a person's own was run, of which only a person knows.
            let undone = database.all("SELECT name FROM sqlite_master WHERE name = 'one'").is_empty();
            assert!(!undone || first.is_err(), "after {fuse}");
            continue;
        }
        if database.all("SELECT COUNT(*) FROM orm_migrations") == ["2"] {
            now(Executor::new(&set, &mut database).repair(&id, Remedy::Undo)).unwrap();
        }
        assert_eq!(structure(&database), structure(&filled()), "after {fuse}");
        if first.is_ok() {
            break;
        }
    }
    // A part of it is not undone by what would undo the other part.
    let (set, right) = (with(&text(wrong, "DELETE FROM log")), with(&text(two, "DELETE FROM log")));
    let mut database = stopped(&set);
    let refused = now(Executor::new(&set, &mut database).repair(&id, Remedy::Undo)).unwrap_err();
    assert!(refused.code() == "M030" && refused.message().contains("only as a whole"), "{refused}");
    assert!(refused.hint().unwrap().contains("repair --accept app.0002_later"), "{refused}");
    assert_eq!(database.all("SELECT COUNT(*) FROM one"), ["0"]);
    now(Executor::new(&right, &mut database).repair(&id, Remedy::Accept)).unwrap();
    now(Executor::new(&right, &mut database).migrate(&Target::Latest)).unwrap();
    assert_eq!(database.all("SELECT x FROM one"), ["2"]);
}

#[test]
fn what_was_run_is_taken_back_by_the_file_as_it_was() {
    let id = MigrationId::new("app", "0002_later");
    let text = |name: &str, last: &str| {
        format!(
            "[[operations]]\nop = \"add_field\"\nmodel = \"app.Author\"\nfield = {{ name = \"{name}\", type = \"date\", null = true }}\n\
             [[operations]]\nop = \"run_sql\"\nsql = {{ all = [\"{last}\"] }}\n"
        )
    };
    let (wrong, right) = ("UPDATE nowhere SET x = 1", "DELETE FROM log");
    let set = with(&text("born", wrong));
    for old_table in [false, true] {
        let mut database = filled();
        if old_table {
            // As it was made before what the statements are was noted.
            database.run("ALTER TABLE orm_migrations DROP COLUMN statements");
        }
        now(Executor::new(&set, &mut database).migrate(&Target::Latest)).unwrap_err();
        let before = structure(&database);
        // One that is done was edited, and what was refused.
        let edited = with(&text("birth", right));
        let refused = now(Executor::new(&edited, &mut database).repair(&id, Remedy::Undo)).unwrap_err();
        assert!(refused.code() == "M073" && refused.message().starts_with("statement 1 of"), "{refused}");
        assert!(refused.hint().unwrap().starts_with("restore in the file what was run"), "{refused}");
        assert_eq!(structure(&database), before);
        // Only what was refused.
        let corrected = with(&text("born", right));
        now(Executor::new(&corrected, &mut database).repair(&id, Remedy::Undo)).unwrap();
        now(Executor::new(&corrected, &mut database).migrate(&Target::Latest)).unwrap();
        assert_eq!(database.all("SELECT COUNT(*) FROM orm_migrations WHERE statements IS NULL"), ["2"]);
    }
    // An entry that says nothing of it is taken back as before.
    let mut database = filled();
    now(Executor::new(&set, &mut database).migrate(&Target::Latest)).unwrap_err();
    database.run("ALTER TABLE orm_migrations DROP COLUMN statements");
    now(Executor::new(&set, &mut database).repair(&id, Remedy::Undo)).unwrap();
    assert_eq!(database.all("SELECT name FROM orm_migrations"), ["0001_initial"]);
}

const BORN: &str = r#"
    [[operations]]
    op = "add_field"
    model = "app.Author"
    field = { name = "born", type = "date", null = true }
"#;

#[test]
fn a_migration_that_was_begun_before_keeps_its_entry_when_its_first_statement_is_refused() {
    let set = with(BORN);
    let entry = "SELECT done FROM orm_migrations WHERE name = '0002_later'";
    let in_the_way = |database: &Sqlite| database.run("ALTER TABLE app_author ADD COLUMN born text");
    let refused = |database: &mut Sqlite| now(Executor::new(&set, database).migrate(&Target::Latest)).unwrap_err();
    // One that begins leaves none.
    let mut database = filled();
    in_the_way(&database);
    assert_eq!(refused(&mut database).code(), "M081");
    assert!(database.all(entry).is_empty());
    let mut begun = 0;
    for fuse in 0.. {
        let mut connection = Fused(filled(), fuse);
        let first = now(Executor::new(&set, &mut connection).migrate(&Target::Latest));
        let mut database = connection.dead();
        if first.is_ok() {
            break;
        }
        if database.all(entry) == ["0"] {
            begun += 1;
            in_the_way(&database);
            assert_eq!(refused(&mut database).code(), "M081");
            assert_eq!(database.all(entry), ["0"], "after {fuse}");
        }
    }
    assert!(begun > 0);
}

#[test]
fn what_was_refused_once_counts_as_begun_when_it_is_tried_again() {
    let set =
        with(&format!("{BORN}[[operations]]\nop = \"run_sql\"\nsql = {{ all = [\"CREATE TABLE one (x int)\"] }}\n"));
    let entry = "SELECT doing FROM orm_migrations WHERE name = '0002_later' AND done = 1";
    let refused = || {
        let mut database = filled();
        database.run("CREATE TABLE one (y int)");
        now(Executor::new(&set, &mut database).migrate(&Target::Latest)).unwrap_err();
        assert_eq!(database.all(entry), ["2"]);
        database.run("DROP TABLE one");
        database
    };
    let mut asked = 0;
    for fuse in 0.. {
        let mut connection = Fused(refused(), fuse);
        let first = now(Executor::new(&set, &mut connection).migrate(&Target::Latest));
        let mut database = connection.dead();
        let made = !database.all("SELECT name FROM sqlite_master WHERE name = 'one'").is_empty();
        if made && database.all("SELECT done FROM orm_migrations WHERE name = '0002_later'") == ["1"] {
            // It was done, and killed before the note: nobody may take it for refused.
            assert_eq!(database.all(entry), ["1"], "after {fuse}");
            let again = now(Executor::new(&set, &mut database).migrate(&Target::Latest)).unwrap_err();
            assert_eq!(again.code(), "M073", "after {fuse}: {again}");
            asked += 1;
        }
        if first.is_ok() {
            break;
        }
    }
    assert!(asked > 0);
}
