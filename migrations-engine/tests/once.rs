//! SQLite: a table that several operations of a migration would write anew is written once, and loses nothing by it.

use migrations_engine::schema::{ColumnType, Constraint, Field, Index, Model, Schema};
use migrations_engine::{
    Dialect, Direction, Migration, MigrationSet, Target, autodetect, execute::Executor, plan_migration,
};

use crate::samples::{char, field, library, now, with_book};
use crate::sqlite::{Sqlite, Yes};

/// How often the tables are written anew on one way.
fn written(before: &Schema, migration: &Migration, direction: Direction) -> usize {
    let plan = plan_migration(Dialect::Sqlite, before, migration, direction).unwrap();
    plan.iter().filter(|statement| statement.sql().starts_with("CREATE TABLE \"new__")).count()
}

fn run(set: &MigrationSet, database: &mut Sqlite, target: &Target) -> migrations_engine::Result<()> {
    now(Executor::new(set, database).migrate(target)).map(drop)
}

/// A database with books and what hangs on them, and the one migration that leads from there to other books.
fn changed(change: fn(&mut Model)) -> (MigrationSet, Sqlite, Migration) {
    let mut set = MigrationSet::default();
    autodetect(&set, &library(), &mut Yes).unwrap().into_iter().for_each(|migration| set.add(migration).unwrap());
    let mut database = Sqlite::memory();
    run(&set, &mut database, &Target::Latest).unwrap();
    database.run(
        "INSERT INTO app_author (id, name, age) VALUES (1, 'Ada', NULL);
         INSERT INTO app_tag (id, label) VALUES (1, 'rust');
         INSERT INTO app_book (id, title, author_id, pages, published, extra) VALUES (1, 'One', 1, 10, '2020-01-31', '{}'), (7, 'Gone', 1, 5, NULL, '[]');
         DELETE FROM app_book WHERE id = 7;
         INSERT INTO app_book_tags (book_id, tag_id) VALUES (1, 1);
         CREATE TABLE log (text text);
         CREATE TRIGGER told AFTER UPDATE ON app_book BEGIN INSERT INTO log VALUES (NEW.title); END;
         CREATE INDEX by_hand ON app_book (pages, title);
         CREATE VIEW titles AS SELECT title, pages FROM app_book;",
    );
    let mut new = autodetect(&set, &with_book(change), &mut Yes).unwrap();
    assert_eq!(new.len(), 1);
    let migration = new.remove(0);
    set.add(migration.clone()).unwrap();
    (set, database, migration)
}

#[test]
fn several_changes_write_a_table_once() {
    let (set, mut database, migration) = changed(|book| {
        field(book, "title").ty = char(300);
        field(book, "published").null = false;
        book.fields.push(Field::new("stock", ColumnType::Integer).default_value(3));
        book.fields.push(Field::new("weight", ColumnType::BigInt).db_default(5));
        book.indexes.push(Index::new("by_weight", &["weight"]));
        book.constraints.push(Constraint::check("copies_checked", "copies < 100".parse().unwrap()));
    });
    assert!(migration.operations.len() >= 6);
    for direction in [Direction::Forward, Direction::Backward] {
        assert_eq!(written(&library(), &migration, direction), 1, "{direction:?}");
    }
    let structure = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND name <> 'orm_migrations' ORDER BY type, name";
    let before = database.all(structure);
    run(&set, &mut database, &Target::Latest).unwrap();
    assert_eq!(
        database.all("SELECT id, title, author_id, pages, published, stock, weight FROM app_book"),
        ["1|One|1|10|2020-01-31|3|5"]
    );
    assert_eq!(database.all("SELECT book_id, tag_id FROM app_book_tags"), ["1|1"]);
    assert_eq!(database.all("SELECT seq FROM sqlite_sequence WHERE name = 'app_book'"), ["7"]);
    assert_eq!(database.all("SELECT title FROM titles"), ["One"]);
    database.run("UPDATE app_book SET pages = 11");
    assert_eq!(database.all("SELECT text FROM log"), ["One"]);
    let indexes =
        database.all("SELECT name FROM sqlite_master WHERE type = 'index' AND name IN ('by_hand', 'by_weight')");
    assert_eq!(indexes.len(), 2);
    assert!(database.0.execute("UPDATE app_book SET copies = 100", []).is_err());

    run(&set, &mut database, &Target::Migration("app.0001_initial".parse().unwrap())).unwrap();
    assert_eq!(database.all(structure), before);
    assert_eq!(database.all("SELECT id, title, pages, published FROM app_book"), ["1|One|11|2020-01-31"]);
}

#[test]
fn what_looks_at_what_another_changes_waits_for_it() {
    let (set, mut database, migration) = changed(|book| {
        book.fields.push(Field::new("stock", ColumnType::Integer).default_value(3));
        book.constraints.push(Constraint::check("stocked", "stock > 2".parse().unwrap()));
    });
    assert_eq!(written(&library(), &migration, Direction::Forward), 2);
    run(&set, &mut database, &Target::Latest).unwrap();
    assert_eq!(database.all("SELECT stock FROM app_book"), ["3"]);

    // Rows in the way of the second are found before the first has done anything.
    let (set, mut database, migration) = changed(|book| {
        field(book, "title").ty = char(300);
        book.constraints.push(Constraint::check("thick", "pages > 100".parse().unwrap()));
    });
    assert_eq!(written(&library(), &migration, Direction::Forward), 1);
    let refused = run(&set, &mut database, &Target::Latest).unwrap_err();
    assert_eq!(refused.code(), "M086", "{refused}");
    assert!(refused.message().contains("thick"), "{refused}");

    // Also where it is an index that asks.
    let (set, mut database, migration) = changed(|book| {
        field(book, "title").ty = char(300);
        book.constraints.push(Constraint::unique("pages_once", &["pages"]));
    });
    assert_eq!(written(&library(), &migration, Direction::Forward), 1);
    database.run("INSERT INTO app_book (title, author_id, pages, extra) VALUES ('Two', 1, 10, '{}')");
    let refused = run(&set, &mut database, &Target::Latest).unwrap_err();
    assert_eq!(refused.code(), "M086", "{refused}");
    assert!(refused.message().contains("pages"), "{refused}");
}
