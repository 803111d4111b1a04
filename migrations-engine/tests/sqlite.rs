//! The executor on a real SQLite database.

use std::future::{Future, ready};

use migrations_engine::execute::{Connection, Executor, Steps};
use migrations_engine::schema::{ColumnType, Field, Model, OnDelete, Schema};
use migrations_engine::{BoxError, Dialect, Direction, Migration, MigrationId, MigrationSet, Operation, Target};
use rusqlite::types::ValueRef;

use crate::samples::{char, field, key, library, now, with_book};

pub(crate) struct Sqlite(pub(crate) rusqlite::Connection);

impl Sqlite {
    pub(crate) fn memory() -> Self {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        connection.execute_batch("PRAGMA foreign_keys = ON").unwrap();
        Sqlite(connection)
    }

    fn rows(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>, BoxError> {
        let mut statement = self.0.prepare(sql)?;
        let columns = statement.column_count();
        let mut rows = statement.query([])?;
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            let value = |at| {
                Ok::<_, rusqlite::Error>(match row.get_ref(at)? {
                    ValueRef::Null => None,
                    ValueRef::Integer(number) => Some(number.to_string()),
                    ValueRef::Real(number) => Some(number.to_string()),
                    ValueRef::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
                    ValueRef::Blob(bytes) => Some(format!("{bytes:?}")),
                })
            };
            out.push((0..columns).map(value).collect::<Result<Vec<_>, _>>()?);
        }
        Ok(out)
    }

    pub(crate) fn all(&self, sql: &str) -> Vec<String> {
        let rows = self.rows(sql).unwrap();
        rows.into_iter()
            .map(|row| row.into_iter().map(|value| value.unwrap_or("NULL".into())).collect::<Vec<_>>().join("|"))
            .collect()
    }

    pub(crate) fn run(&self, sql: &str) {
        self.0.execute_batch(sql).unwrap();
    }
}

impl Connection for Sqlite {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }
    fn execute(&mut self, sql: &str) -> impl Future<Output = Result<u64, BoxError>> + Send {
        ready(self.0.execute(sql, []).map(|count| count as u64).map_err(BoxError::from))
    }
    fn query(&mut self, sql: &str) -> impl Future<Output = Result<Vec<Vec<Option<String>>>, BoxError>> + Send {
        ready(self.rows(sql))
    }
}

/// Answers yes to removals, no to renames, and gives every column some value. A model of the same name in another
/// application was moved there.
pub(crate) struct Yes;

impl migrations_engine::diff::Questioner for Yes {
    fn was_told_renamed(&mut self, old: &str, new: &str) -> bool {
        new.contains('.') && old.rsplit('.').next() == new.rsplit('.').next()
    }
    fn is_renamed_field(
        &mut self,
        _: &migrations_engine::schema::ModelKey,
        _: &Field,
        _: &Field,
    ) -> migrations_engine::Result<bool> {
        Ok(false)
    }
    fn is_renamed_model(
        &mut self,
        _: &migrations_engine::schema::ModelKey,
        _: &migrations_engine::schema::ModelKey,
    ) -> migrations_engine::Result<bool> {
        Ok(false)
    }
    fn may_remove_field(
        &mut self,
        _: &migrations_engine::schema::ModelKey,
        _: &Field,
    ) -> migrations_engine::Result<bool> {
        Ok(true)
    }
    fn may_remove_model(&mut self, _: &migrations_engine::schema::ModelKey) -> migrations_engine::Result<bool> {
        Ok(true)
    }
    fn value_for_new_field(
        &mut self,
        _: &migrations_engine::schema::ModelKey,
        field: &Field,
    ) -> migrations_engine::Result<migrations_engine::condition::Expr> {
        let text = match field.ty {
            ColumnType::Bool => "true",
            ColumnType::DateTime => "now()",
            ColumnType::Date => "2020-01-01",
            ColumnType::Uuid => "new_uuid()",
            ColumnType::Json => "{}",
            _ => "1",
        };
        migrations_engine::diff::answer(text, &field.ty)
    }
    fn value_for_null(
        &mut self,
        model: &migrations_engine::schema::ModelKey,
        field: &Field,
    ) -> migrations_engine::Result<Option<migrations_engine::condition::Expr>> {
        self.value_for_new_field(model, field).map(Some)
    }
}

/// A project on a database: makes and runs migrations for one schema after the other.
struct Project {
    set: MigrationSet,
    database: Sqlite,
}

impl Project {
    fn new() -> Self {
        Project { set: MigrationSet::default(), database: Sqlite::memory() }
    }

    fn migrate_to(&mut self, schema: &Schema) {
        for migration in migrations_engine::autodetect(&self.set, schema, &mut Yes).unwrap() {
            self.set.add(migration).unwrap();
        }
        self.run(&Target::Latest).unwrap();
        assert!(migrations_engine::autodetect(&self.set, schema, &mut Yes).unwrap().is_empty());
    }

    fn run(&mut self, target: &Target) -> migrations_engine::Result<Vec<(MigrationId, Direction)>> {
        now(Executor::new(&self.set, &mut self.database).migrate(target))
    }

    fn structure(&self) -> Vec<String> {
        self.database.all("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND name <> 'orm_migrations' ORDER BY type, name")
    }

    fn fill(&self) {
        self.database.run(
            "INSERT INTO app_author (id, name, age) VALUES (1, 'Ada', NULL), (2, 'Bob', 40);
             INSERT INTO app_tag (id, label) VALUES (1, 'rust'), (2, 'sql');
             INSERT INTO app_book (id, title, author_id, pages, price, published, token, extra)
                 VALUES (1, 'One', 1, 10, 9.99, '2020-01-31', NULL, '{}'), (5, 'Five', 2, 50, NULL, NULL, '00112233445566778899aabbccddeeff', '[1]'), (9, 'Gone', 2, 5, NULL, NULL, NULL, '[1]');
             DELETE FROM app_book WHERE id = 9;
             INSERT INTO app_book_tags (book_id, tag_id) VALUES (1, 1), (1, 2), (5, 2);",
        );
    }
}

#[test]
fn every_change_keeps_every_row_and_can_be_undone() {
    type Change = (&'static str, fn(&mut Model), &'static str, &'static [&'static str]);
    let changes: &[Change] = &[
        (
            "add",
            |book| book.fields.push(Field::new("n", ColumnType::Integer).default_value(7)),
            "SELECT id, n FROM app_book ORDER BY id",
            &["1|7", "5|7"],
        ),
        (
            "add null",
            |book| book.fields.push(Field::new("n", ColumnType::Text).nullable()),
            "SELECT id, n FROM app_book ORDER BY id",
            &["1|NULL", "5|NULL"],
        ),
        (
            "add reference",
            |book| book.fields.push(Field::foreign_key("tag", key("Tag"), OnDelete::SetNull).nullable()),
            "SELECT id, tag_id FROM app_book",
            &["1|NULL", "5|NULL"],
        ),
        (
            "add unique",
            |book| book.fields.push(Field::new("n", ColumnType::Integer).nullable().unique()),
            "SELECT count(*) FROM app_book",
            &["2"],
        ),
        (
            "add moment",
            |book| {
                book.fields.push(
                    Field::new("n", ColumnType::DateTime)
                        .db_default("now()".parse::<migrations_engine::condition::Expr>().unwrap()),
                )
            },
            "SELECT count(*) FROM app_book WHERE n > '2020'",
            &["2"],
        ),
        (
            "longer",
            |book| field(book, "title").ty = char(300),
            "SELECT id, title FROM app_book ORDER BY id",
            &["1|One", "5|Five"],
        ),
        (
            "bigger",
            |book| field(book, "pages").ty = ColumnType::BigInt,
            "SELECT pages FROM app_book ORDER BY id",
            &["10", "50"],
        ),
        (
            "not null",
            |book| {
                field(book, "price").null = false;
                field(book, "price").default = Some(0.into());
            },
            "SELECT price FROM app_book ORDER BY id",
            &["9.99", "0"],
        ),
        (
            "moment",
            |book| field(book, "published").ty = ColumnType::DateTime,
            "SELECT published FROM app_book ORDER BY id",
            &["2020-01-31 00:00:00", "NULL"],
        ),
        ("unique", |book| field(book, "title").unique = true, "SELECT count(*) FROM app_book", &["2"]),
        (
            "column",
            |book| field(book, "title").column = "ttl".into(),
            "SELECT ttl FROM app_book ORDER BY id",
            &["One", "Five"],
        ),
        (
            "remove reference",
            |book| {
                book.fields.retain(|field| field.name != "token");
                book.fields.retain(|field| field.name != "price");
            },
            "SELECT title FROM app_book ORDER BY id",
            &["One", "Five"],
        ),
        (
            "no check",
            |book| {
                book.constraints.pop();
            },
            "SELECT count(*) FROM app_book",
            &["2"],
        ),
        (
            "table",
            |book| book.table = "books".into(),
            "SELECT count(*) FROM books JOIN app_book_tags ON book_id = books.id",
            &["3"],
        ),
        (
            "key",
            |book| field(book, "id").ty = ColumnType::Integer,
            "SELECT count(*) FROM app_book JOIN app_book_tags ON book_id = app_book.id",
            &["3"],
        ),
    ];
    for (name, change, query, expected) in changes {
        let mut project = Project::new();
        project.migrate_to(&library());
        project.fill();
        project.database.run(
            "CREATE TRIGGER watch AFTER UPDATE OF title ON app_book BEGIN UPDATE app_author SET age = 1 WHERE id = new.author_id; END;
             CREATE VIEW titles AS SELECT title FROM app_book;
             CREATE INDEX by_hand ON app_book (pages, published);",
        );
        let before = project.structure();
        let rows = project.database.all("SELECT id, title, author_id FROM app_book ORDER BY id");
        project.migrate_to(&with_book(*change));
        assert_eq!(project.database.all(query), *expected, "{name}");
        assert_eq!(project.database.all("PRAGMA foreign_keys"), ["1"], "{name}");
        let hanging = "SELECT name FROM sqlite_master WHERE name IN ('watch', 'titles', 'by_hand') ORDER BY name";
        assert_eq!(project.database.all(hanging), ["by_hand", "titles", "watch"], "{name}");
        project.run(&Target::Migration(MigrationId::new("app", "0001_initial"))).unwrap();
        if *name != "remove reference" && *name != "table" {
            let normal = |lines: Vec<String>| lines.into_iter().map(|line| line.replace('"', "")).collect::<Vec<_>>();
            assert_eq!(normal(project.structure()), normal(before), "{name}");
        }
        assert_eq!(project.database.all("SELECT id, title, author_id FROM app_book ORDER BY id"), rows, "{name}");
        // The sequence goes on after keys whose rows are gone.
        project.database.run("INSERT INTO app_book (title, author_id, pages, extra) VALUES ('Next', 1, 1, '{}')");
        assert_eq!(project.database.all("SELECT max(id) FROM app_book"), ["10"], "{name}");
        project.run(&Target::Zero("app".into())).unwrap();
        assert_eq!(
            project
                .database
                .all("SELECT type FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND name <> 'orm_migrations'"),
            ["view"],
            "{name}"
        );
    }
}

#[test]
fn renaming_a_model_takes_its_tables_along() {
    let mut project = Project::new();
    project.migrate_to(&library());
    project.fill();
    let mut migration = Migration::new(MigrationId::new("app", "0002_rename"));
    migration.depends_on = vec![MigrationId::new("app", "0001_initial")];
    migration.operations = vec![
        Operation::RenameModel { model: key("Tag"), to: "Label".into(), keep_table: false },
        Operation::RenameModel { model: key("Book"), to: "Novel".into(), keep_table: false },
        Operation::RenameField { model: key("Novel"), field: "tags".into(), to: "labels".into(), keep_column: false },
        Operation::RenameField { model: key("Novel"), field: "author".into(), to: "writer".into(), keep_column: false },
    ];
    project.set.add(migration).unwrap();
    project.run(&Target::Latest).unwrap();
    let joined = "SELECT app_novel.title, label FROM app_novel JOIN app_novel_labels ON novel_id = app_novel.id JOIN app_label ON app_label.id = label_id ORDER BY 1, 2";
    assert_eq!(project.database.all(joined), ["Five|sql", "One|rust", "One|sql"]);
    assert_eq!(project.database.all("SELECT writer_id FROM app_novel ORDER BY id"), ["1", "2"]);
    assert!(project.database.all("PRAGMA foreign_key_check").is_empty());
    project.run(&Target::Migration(MigrationId::new("app", "0001_initial"))).unwrap();
    assert_eq!(project.database.all("SELECT count(*) FROM app_book_tags WHERE tag_id > 0 AND book_id > 0"), ["3"]);
}

#[test]
fn a_rebuild_refuses_to_lose_what_it_does_not_know() {
    for (by_hand, code) in [
        ("ALTER TABLE app_book ADD COLUMN secret text CHECK (secret <> pages OR extra IS NULL)", "M083"),
        ("CREATE VIEW v AS SELECT extra FROM app_book", "M085"),
        (
            "PRAGMA foreign_keys = OFF; INSERT INTO app_book_tags (book_id, tag_id) VALUES (77, 1); PRAGMA foreign_keys = ON",
            "M082",
        ),
    ] {
        let mut project = Project::new();
        project.migrate_to(&library());
        project.fill();
        project.database.run(by_hand);
        let before = project.structure();
        let changed = with_book(|book| {
            book.fields.retain(|field| field.name != "extra");
            field(book, "pages").ty = ColumnType::BigInt;
        });
        let mut migrations = migrations_engine::autodetect(&project.set, &changed, &mut Yes).unwrap();
        // Last the one that can only be done by a rebuild.
        migrations[0].operations.reverse();
        migrations.into_iter().for_each(|migration| project.set.add(migration).unwrap());
        let error = project.run(&Target::Latest).unwrap_err();
        let refused_by_sqlite = error.code() == "M081" && code == "M085";
        assert!(error.code() == code || refused_by_sqlite, "{by_hand}: {error}");
        assert_eq!(project.structure(), before);
        assert_eq!(project.database.all("PRAGMA foreign_keys"), ["1"]);
        assert_eq!(project.database.all("SELECT count(*) FROM orm_migrations"), ["1"]);
    }
}

#[test]
fn history_that_disagrees_is_named() {
    let mut project = Project::new();
    project.migrate_to(&library());
    project.migrate_to(&with_book(|book| field(book, "pages").ty = ColumnType::BigInt));
    let code = |project: &mut Project| {
        project.run(&Target::Latest).map(|_| "none").map_err(|error| error.code()).unwrap_or_else(|code| code)
    };
    assert_eq!(code(&mut project), "none");
    let whole = project.set.clone();
    // Edited.
    project.set = MigrationSet::default();
    for migration in whole.iter() {
        let mut migration = migration.clone();
        migration.operations.truncate(2);
        project.set.add(migration).unwrap();
    }
    assert_eq!(code(&mut project), "M070");
    // Missing.
    project.set = MigrationSet::default();
    project.set.add(whole.iter().next().unwrap().clone()).unwrap();
    // A database may be ahead of a program that has nothing to run.
    assert_eq!(code(&mut project), "none");
    assert_eq!(project.run(&Target::Zero("app".into())).map_err(|error| error.code()).unwrap_err(), "M071");
    // Out of order.
    project.set = whole;
    project.database.run("DELETE FROM orm_migrations WHERE name = '0001_initial'");
    assert_eq!(code(&mut project), "M072");
    // Faked.
    let done = now(Executor::new(&project.set, &mut project.database).fake(true).history()).unwrap();
    assert_eq!(done.len(), 1);
}

struct Count(u32);

impl Steps<Sqlite> for &mut Count {
    fn has(&self, name: &str) -> bool {
        name == "shout" || name == "whisper"
    }
    async fn run(&mut self, name: &str, state: &Schema, whole: bool, connection: &mut Sqlite) -> Result<(), BoxError> {
        self.0 += 1;
        assert!(whole);
        assert!(state.model("app", "Author").is_some());
        let function = if name == "shout" { "UPPER" } else { "LOWER" };
        connection.execute(&format!("UPDATE app_author SET name = {function}(name)")).await?;
        Ok(())
    }
}

#[test]
fn rust_and_sql_steps_run_both_ways() {
    let mut project = Project::new();
    project.migrate_to(&library());
    project.fill();
    let text = r#"
        depends_on = ["app.0001_initial"]
        [[operations]]
        op = "run_rust"
        name = "shout"
        reverse = "whisper"
        [[operations]]
        op = "run_sql"
        describe = "greet"
        sql = { sqlite = ["UPDATE app_author SET age = 7"], all = [] }
        reverse = { all = [] }
    "#;
    project.set.add(Migration::from_toml("app/0002_steps.toml", text).unwrap()).unwrap();
    let missing = project.run(&Target::Latest).unwrap_err();
    assert_eq!(missing.code(), "M084");
    let mut count = Count(0);
    now(Executor::new(&project.set, &mut project.database).with_steps(&mut count).migrate(&Target::Latest)).unwrap();
    assert_eq!(project.database.all("SELECT name, age FROM app_author ORDER BY id"), ["ADA|7", "BOB|7"]);
    let back = Target::Migration(MigrationId::new("app", "0001_initial"));
    now(Executor::new(&project.set, &mut project.database).with_steps(&mut count).migrate(&back)).unwrap();
    assert_eq!(project.database.all("SELECT name FROM app_author ORDER BY id"), ["ada", "bob"]);
    assert_eq!(count.0, 2);
}

#[test]
fn what_takes_the_place_of_null_is_looked_up_once_its_key_is_there() {
    let mut project = Project::new();
    let schema = |models: [Model; 2]| {
        let mut schema = Schema::default();
        models.into_iter().for_each(|model| drop(schema.insert(model)));
        schema
    };
    let number = |name: &str| Field::new(name, ColumnType::Integer);
    let mut cat = Model::new("app", "Cat").with(number("a")).with(number("b"));
    cat.primary_key = vec!["a".to_owned(), "b".to_owned()];
    let bee = || Model::new("app", "Bee").with(Field::auto_id());
    project.migrate_to(&schema([cat, bee().with(number("d").nullable())]));
    project
        .database
        .run("INSERT INTO app_cat (a, b) VALUES (5, 6); INSERT INTO app_bee (id, d) VALUES (1, NULL), (2, 1)");
    let cat = Model::new("app", "Cat").with(Field::auto_id());
    project.migrate_to(&schema([cat, bee().with(Field::foreign_key("d", key("Cat"), OnDelete::Cascade))]));
    assert_eq!(project.database.all("SELECT id, d_id FROM app_bee ORDER BY id"), ["1|1", "2|1"]);
    assert_eq!(project.database.all("SELECT id FROM app_cat"), ["1"]);
}
