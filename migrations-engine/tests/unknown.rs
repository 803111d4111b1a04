//! What the migrations do not know of a table on SQLite is never lost in silence when it is written anew.

use migrations_engine::execute::Executor;
use migrations_engine::schema::{Collation, ColumnType, Field, Index, Model, ModelKey, OnDelete, Schema};
use migrations_engine::{MigrationSet, Target};

use crate::samples::{char, field, library, now, with_book};
use crate::sqlite::{Sqlite, Yes};

const AUTHOR: &str =
    "CREATE TABLE app_author (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, name varchar(100) NOT NULL)";

fn schema(change: impl FnOnce(&mut Model)) -> Schema {
    let mut schema = Schema::default();
    schema.insert(Model::new("app", "Author").with(Field::auto_id()).with(Field::new("name", char(100))));
    let mut book = Model::new("app", "Book")
        .with(Field::auto_id())
        .with(Field::new("title", char(200)))
        .with(Field::new("pages", ColumnType::Integer));
    change(&mut book);
    schema.insert(book);
    schema
}

/// Takes over a table that somebody made, and changes it in a way that writes it anew.
fn adopted(table: &str, models: impl Fn(&mut Model)) -> (Sqlite, migrations_engine::Result<()>) {
    let mut database = Sqlite::memory();
    database.run(AUTHOR);
    database.run(table);
    let mut set = MigrationSet::default();
    let mut to = |schema: &Schema, fake: bool| {
        for migration in migrations_engine::autodetect(&set, schema, &mut Yes).unwrap() {
            set.add(migration).unwrap();
        }
        now(Executor::new(&set, &mut database).fake_initial(fake).migrate(&Target::Latest)).map(drop)
    };
    to(&schema(&models), true).unwrap();
    let changed = schema(|book| {
        models(book);
        field(book, "pages").ty = ColumnType::BigInt;
        field(book, "pages").null = true;
    });
    let outcome = to(&changed, false);
    (database, outcome)
}

#[test]
fn a_table_that_has_more_is_not_written_anew() {
    let columns = "id integer NOT NULL PRIMARY KEY AUTOINCREMENT, title varchar(200) NOT NULL";
    for (rest, what) in [
        (", pages integer NOT NULL, UNIQUE (title, pages))", "is unique over `title, pages`"),
        (", pages integer NOT NULL UNIQUE)", "is unique over `pages`"),
        (", pages integer NOT NULL DEFAULT 3)", "default of `pages`"),
        (", pages integer NOT NULL REFERENCES app_author (id))", "foreign key of `pages` to `app_author`"),
        (", pages integer NOT NULL CHECK (pages > 0))", "a check"),
        (", pages integer NOT NULL, FOREIGN KEY (id) REFERENCES app_author (id))", "foreign key of `id`"),
        (", pages integer NOT NULL AS (id * 2) STORED)", "computes `pages`"),
    ] {
        let (database, outcome) = adopted(&format!("CREATE TABLE app_book ({columns}{rest}"), |_| ());
        let refused = outcome.expect_err(rest);
        assert!(refused.code() == "M083" && refused.message().contains(what), "{rest}: {refused}");
        assert_eq!(database.all("SELECT COUNT(*) FROM orm_migrations"), ["1"], "{rest}");
    }
    for (table, what) in [
        ("(id integer NOT NULL PRIMARY KEY, title text NOT NULL, pages integer NOT NULL) STRICT", "is STRICT"),
        (
            "(id integer NOT NULL PRIMARY KEY, title text NOT NULL, pages integer NOT NULL) WITHOUT ROWID",
            "is WITHOUT ROWID",
        ),
        (
            "(id integer NOT NULL PRIMARY KEY, title text NOT NULL COLLATE NOCASE, pages integer NOT NULL)",
            "a collation",
        ),
    ] {
        let (_, outcome) = adopted(&format!("CREATE TABLE app_book {table}"), |_| ());
        let refused = outcome.expect_err(table);
        assert!(refused.code() == "M083" && refused.message().contains(what), "{table}: {refused}");
    }
    let update = "(id integer NOT NULL PRIMARY KEY AUTOINCREMENT, title varchar(200) NOT NULL, pages integer NOT NULL, \
                  author_id bigint NULL REFERENCES app_author (id) ON UPDATE CASCADE)";
    let author = |book: &mut Model| {
        book.fields.push(Field::foreign_key("author", ModelKey::new("app", "Author"), OnDelete::DoNothing).nullable());
    };
    let (_, outcome) = adopted(&format!("CREATE TABLE app_book {update}"), author);
    let refused = outcome.unwrap_err();
    assert!(refused.code() == "M083" && refused.message().contains("ON UPDATE CASCADE"), "{refused}");
}

#[test]
fn what_the_models_say_is_no_more() {
    let table = "CREATE TABLE app_book (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, \
                 title varchar(200) NOT NULL COLLATE nocase DEFAULT 'x' UNIQUE, pages integer NOT NULL DEFAULT (NULL), \
                 author_id bigint NULL REFERENCES APP_AUTHOR (id), CONSTRAINT both UNIQUE (title, pages))";
    let table = table.replace(" DEFAULT (NULL)", "");
    let (database, outcome) = adopted(&table, |book| {
        let title = field(book, "title");
        title.unique = true;
        title.db_default = Some("x".into());
        title.collation = Some(Collation { sqlite: Some("nocase".into()), ..Collation::default() });
        let author = Field::foreign_key("author", ModelKey::new("app", "Author"), OnDelete::DoNothing).nullable();
        book.fields.push(Field { index: false, ..author });
        book.constraints.push(migrations_engine::schema::Constraint::unique("both", &["pages", "title"]));
    });
    outcome.unwrap();
    assert_eq!(database.all("SELECT type FROM pragma_table_info('app_book') WHERE name = 'pages'"), ["bigint"]);
}

#[test]
fn a_trigger_that_uses_what_is_gone_is_told() {
    for (trigger, name) in [
        ("CREATE TRIGGER watch AFTER INSERT ON app_book BEGIN UPDATE app_author SET age = new.pages; END", "`watch`"),
        ("CREATE TRIGGER watch AFTER DELETE ON app_author BEGIN DELETE FROM app_book WHERE pages > 3; END", "`watch`"),
        ("CREATE TRIGGER watch AFTER UPDATE OF title, \"pages\" ON app_book BEGIN SELECT 1; END", "`watch`"),
        (
            "CREATE VIEW seen AS SELECT id FROM app_author; CREATE TRIGGER watch INSTEAD OF INSERT ON seen BEGIN INSERT INTO app_book (pages) VALUES (1); END",
            "`watch`",
        ),
    ] {
        let mut database = Sqlite::memory();
        let mut set = MigrationSet::default();
        let mut to = |database: &mut Sqlite, schema: &Schema| {
            for migration in migrations_engine::autodetect(&set, schema, &mut Yes).unwrap() {
                set.add(migration).unwrap();
            }
            now(Executor::new(&set, database).migrate(&Target::Latest)).map(drop)
        };
        to(&mut database, &library()).unwrap();
        database.run(trigger);
        // One that does not work anyway is nobody's concern.
        database.run("CREATE TRIGGER broken AFTER INSERT ON app_tag BEGIN DELETE FROM nowhere; END");
        let before = database.all("SELECT sql FROM sqlite_master ORDER BY name");
        let changed = with_book(|book| {
            book.fields.retain(|field| field.name != "pages");
            book.indexes.clear();
            book.constraints.pop();
            field(book, "title").ty = char(90);
            field(book, "copies").ty = ColumnType::BigInt;
        });
        let refused = to(&mut database, &changed).expect_err(trigger);
        assert!(refused.code() == "M085" && refused.message().contains(name), "{trigger}: {refused}");
        assert_eq!(database.all("SELECT sql FROM sqlite_master ORDER BY name"), before);
    }
}

#[test]
fn what_is_called_otherwise_is_found_by_what_it_is() {
    let table = "CREATE TABLE app_book (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, title varchar(200) NOT NULL, \
                 pages integer NOT NULL, author_id bigint NULL REFERENCES app_author (id)); \
                 CREATE INDEX books_by_pages ON app_book (pages); CREATE UNIQUE INDEX titles_once ON app_book (title); \
                 CREATE INDEX by_hand ON app_book (title, pages)";
    let models = |book: &mut Model| {
        let author = Field::foreign_key("author", ModelKey::new("app", "Author"), OnDelete::DoNothing).nullable();
        book.fields.push(Field { index: false, ..author });
        field(book, "title").unique = true;
        field(book, "pages").index = true;
    };
    let indexes = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name";
    for (rebuilt, unique) in [(false, true), (true, true), (true, false)] {
        let mut database = Sqlite::memory();
        database.run(AUTHOR);
        database.run(table);
        let mut set = MigrationSet::default();
        let mut to = |schema: &Schema, fake: bool| {
            for migration in migrations_engine::autodetect(&set, schema, &mut Yes).unwrap() {
                set.add(migration).unwrap();
            }
            now(Executor::new(&set, &mut database).fake_initial(fake).migrate(&Target::Latest)).map(drop)
        };
        to(&schema(models), true).unwrap();
        to(
            &schema(|book| {
                models(book);
                field(book, "pages").index = false;
                field(book, "pages").null = rebuilt;
                field(book, "title").unique = unique;
            }),
            false,
        )
        .unwrap();
        let left: &[&str] = if unique { &["by_hand", "titles_once"] } else { &["by_hand"] };
        assert_eq!(database.all(indexes), left, "{rebuilt}");
    }
}

#[test]
fn an_index_of_several_columns_under_another_name_is_not_left_in_silence() {
    let table = "CREATE TABLE app_book (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, title varchar(200) NOT NULL, \
                 pages integer NOT NULL); CREATE INDEX by_both ON app_book (title, pages); CREATE INDEX by_pages ON app_book (pages)";
    let mut database = Sqlite::memory();
    database.run(AUTHOR);
    database.run(table);
    let mut set = MigrationSet::default();
    let mut to = |schema: &Schema| {
        for migration in migrations_engine::autodetect(&set, schema, &mut Yes).unwrap() {
            set.add(migration).unwrap();
        }
        now(Executor::new(&set, &mut database).fake_initial(true).migrate(&Target::Latest)).map(drop)
    };
    to(&schema(|book| {
        field(book, "pages").index = true;
        book.indexes.push(Index::new("app_book_both", &["title", "pages"]));
    }))
    .unwrap();
    let refused = to(&schema(|book| field(book, "pages").index = true)).unwrap_err();
    assert!(refused.code() == "M081" && refused.to_string().contains("app_book_both"), "{refused}");
}

#[test]
fn what_is_unique_with_an_expression_is_another_thing() {
    let table = "CREATE TABLE app_book (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, title varchar(200) NOT NULL UNIQUE, \
                 pages integer NOT NULL); CREATE UNIQUE INDEX by_hand ON app_book (title, lower(pages))";
    let mut database = Sqlite::memory();
    database.run(AUTHOR);
    database.run(table);
    let mut set = MigrationSet::default();
    let mut to = |unique: bool| {
        for migration in
            migrations_engine::autodetect(&set, &schema(|book| field(book, "title").unique = unique), &mut Yes).unwrap()
        {
            set.add(migration).unwrap();
        }
        now(Executor::new(&set, &mut database).fake_initial(true).migrate(&Target::Latest)).unwrap();
    };
    to(true);
    to(false);
    assert_eq!(database.all("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"), ["by_hand"]);
}
