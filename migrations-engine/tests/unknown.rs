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

/// Takes over a table that somebody made, with a row; writes it anew twice, and gives its text then.
fn carried(table: &str, models: impl Fn(&mut Model)) -> (Sqlite, String) {
    let mut database = Sqlite::memory();
    database.run(AUTHOR);
    database.run(table);
    database.run("INSERT INTO app_author (id, name) VALUES (1, 'Ada'); INSERT INTO app_book (id, title, pages) VALUES (1, 'T', 1)");
    let mut set = MigrationSet::default();
    let mut to = |change: &dyn Fn(&mut Model), fake: bool| {
        let schema = schema(|book| {
            models(book);
            change(book);
        });
        for migration in migrations_engine::autodetect(&set, &schema, &mut Yes).unwrap() {
            set.add(migration).unwrap();
        }
        now(Executor::new(&set, &mut database).fake_initial(fake).migrate(&Target::Latest)).unwrap();
    };
    to(&|_| (), true);
    to(&|book| field(book, "pages").null = true, false);
    to(&|book| field(book, "pages").null = false, false);
    assert_eq!(database.all("SELECT title FROM app_book WHERE pages = 1"), ["T"], "{table}");
    let text = database.all("SELECT sql FROM sqlite_master WHERE name = 'app_book'").remove(0);
    (database, text)
}

#[test]
fn what_a_table_has_more_is_written_into_the_new_one() {
    let columns = "id integer NOT NULL PRIMARY KEY AUTOINCREMENT, title varchar(200) NOT NULL";
    for (rest, kept) in [
        (
            ", pages integer NOT NULL, CONSTRAINT once UNIQUE (title, pages) ON CONFLICT IGNORE)",
            "CONSTRAINT once UNIQUE (title, pages) ON CONFLICT IGNORE",
        ),
        (", pages integer NOT NULL UNIQUE)", "UNIQUE (\"pages\")"),
        (
            ", pages integer NOT NULL, isbn text, UNIQUE (isbn COLLATE NOCASE), UNIQUE ('title' ASC, pages DESC))",
            "UNIQUE (isbn COLLATE NOCASE)",
        ),
        (", pages integer NOT NULL, isbn text, UNIQUE ('isbn'), UNIQUE (title ASC, pages))", "UNIQUE ('isbn')"),
        (", pages integer NOT NULL UNIQUE, UNIQUE (pages COLLATE NOCASE))", "UNIQUE (\"pages\")"),
        (", pages integer NOT NULL UNIQUE, UNIQUE (pages COLLATE NOCASE))", "UNIQUE (pages COLLATE NOCASE)"),
        (
            ", pages integer NOT NULL, writer int, FOREIGN KEY ('writer') REFERENCES 'app_author' ('id'))",
            "FOREIGN KEY ('writer') REFERENCES 'app_author' ('id')",
        ),
        (", pages integer NOT NULL DEFAULT 3)", "\"pages\" integer NOT NULL DEFAULT 3"),
        (", pages integer NOT NULL DEFAULT (1 + abs(-2)))", "DEFAULT (1 + abs(-2))"),
        (", pages integer NOT NULL DEFAULT \"abc\")", "\"pages\" integer NOT NULL DEFAULT \"abc\""),
        (", pages integer NOT NULL DEFAULT abc)", "\"pages\" integer NOT NULL DEFAULT abc"),
        (", pages integer NOT NULL DEFAULT (1 + 2 -- so\n))", "\"pages\" integer NOT NULL DEFAULT (1 + 2)"),
        (", pages integer NOT NULL COLLATE NOCASE)", "\"pages\" integer NOT NULL COLLATE \"NOCASE\""),
        (
            ", pages integer NOT NULL REFERENCES app_author)",
            "FOREIGN KEY (\"pages\") REFERENCES \"app_author\" ON UPDATE NO ACTION ON DELETE NO ACTION",
        ),
        (
            ", pages integer NOT NULL REFERENCES app_author (id) ON DELETE CASCADE ON UPDATE SET NULL DEFERRABLE INITIALLY DEFERRED)",
            "FOREIGN KEY (\"pages\") REFERENCES \"app_author\" (\"id\") ON UPDATE SET NULL ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED",
        ),
        (", pages integer NOT NULL CHECK (pages > 0))", "CHECK (pages > 0)"),
        (
            ", pages integer NOT NULL, CONSTRAINT some CHECK (pages > 0 AND title <> ', ('))",
            "CONSTRAINT \"some\" CHECK (pages > 0 AND title <> ', (')",
        ),
        (
            ", pages integer NOT NULL, CONSTRAINT f FOREIGN KEY (id) REFERENCES app_author (id))",
            "CONSTRAINT f FOREIGN KEY (id) REFERENCES app_author (id)",
        ),
        (
            ", pages integer NOT NULL, \"more\" text DEFAULT 'it''s, so' COLLATE nocase)",
            ", \"more\" text DEFAULT 'it''s, so' COLLATE nocase)",
        ),
        (
            ", pages integer NOT NULL, twice int AS (pages * 2) STORED, [last] int REFERENCES app_author(id))",
            "twice int AS (pages * 2) STORED, [last] int REFERENCES app_author(id)",
        ),
    ] {
        let (_, text) = carried(&format!("CREATE TABLE app_book ({columns}{rest}"), |_| ());
        assert_eq!(text.matches(kept).count(), 1, "{rest}: {text}");
    }
    let update = format!(
        "{columns}, pages integer NOT NULL, author_id bigint NULL REFERENCES app_author (id) ON UPDATE CASCADE)"
    );
    let author = |book: &mut Model| {
        book.fields.push(Field::foreign_key("author", ModelKey::new("app", "Author"), OnDelete::DoNothing).nullable());
    };
    let (database, text) = carried(&format!("CREATE TABLE app_book ({update}"), author);
    assert!(text.contains("REFERENCES \"app_author\" (\"id\") ON UPDATE CASCADE DEFERRABLE"), "{text}");
    database.run("PRAGMA foreign_keys = ON; UPDATE app_book SET author_id = 1; UPDATE app_author SET id = 7");
    assert_eq!(database.all("SELECT author_id FROM app_book"), ["7"]);
    // The values of columns that no model has.
    let table = format!("CREATE TABLE app_book ({columns}, pages integer NOT NULL, seen int NOT NULL DEFAULT 5)");
    let (database, _) = carried(&table, |_| ());
    assert_eq!(database.all("SELECT seen FROM app_book"), ["5"]);
}

#[test]
fn what_was_without_rowid_stays_so() {
    let table = "CREATE TABLE app_book (id varchar(9) NOT NULL PRIMARY KEY, title varchar(200) NOT NULL, pages integer NOT NULL) WITHOUT ROWID";
    let (_, text) = carried(table, |book| *field(book, "id") = Field::new("id", char(9)));
    assert!(text.ends_with(") WITHOUT ROWID"), "{text}");
}

#[test]
fn what_goes_with_a_column_that_goes_is_not_carried() {
    let columns = "id integer NOT NULL PRIMARY KEY AUTOINCREMENT, title varchar(200) NOT NULL, pages integer NOT NULL DEFAULT 3 \
                   CHECK (pages > 0) UNIQUE REFERENCES app_author (id) ON UPDATE CASCADE";
    let without = |table: String| {
        let mut database = Sqlite::memory();
        database.run(AUTHOR);
        database.run(&table);
        database.run("CREATE INDEX by_pages ON app_book (pages)");
        let mut set = MigrationSet::default();
        let mut to = |schema: &Schema| {
            for migration in migrations_engine::autodetect(&set, schema, &mut Yes).unwrap() {
                set.add(migration).unwrap();
            }
            now(Executor::new(&set, &mut database).fake_initial(true).migrate(&Target::Latest)).map(drop)
        };
        // What the model says of the column makes SQLite write the table anew.
        to(&schema(|book| field(book, "pages").unique = true)).unwrap();
        let outcome = to(&schema(|book| {
            book.fields.retain(|field| field.name != "pages");
            field(book, "title").null = true;
        }));
        (database, outcome)
    };
    let (database, outcome) = without(format!("CREATE TABLE app_book ({columns})"));
    outcome.unwrap();
    let text = database.all("SELECT sql FROM sqlite_master WHERE name = 'app_book'").remove(0);
    assert!(!text.contains("CHECK") && !text.contains("pages") && !text.contains("UNIQUE"), "{text}");
    for (more, what) in [
        ("CHECK (pages <> length(title))", "a check"),
        ("UNIQUE (title, pages)", "unique over `title, pages`"),
        ("FOREIGN KEY (id, pages) REFERENCES app_author (id, name)", "foreign key of `id, pages`"),
    ] {
        let (database, outcome) = without(format!("CREATE TABLE app_book ({columns}, {more})"));
        let refused = outcome.expect_err(more);
        assert!(refused.code() == "M083" && refused.message().contains(what), "{more}: {refused}");
        assert_eq!(database.all("SELECT COUNT(*) FROM orm_migrations"), ["1"], "{more}");
    }
}

#[test]
fn what_has_no_place_in_the_new_table_is_refused() {
    for (table, what) in [
        ("(id integer NOT NULL PRIMARY KEY, title text NOT NULL, pages integer NOT NULL) STRICT", "is STRICT"),
        (
            "(id integer NOT NULL PRIMARY KEY, title text NOT NULL, pages integer NOT NULL) WITHOUT ROWID",
            "no place in the new one",
        ),
        (
            "(id integer NOT NULL PRIMARY KEY, title text NOT NULL, pages integer NOT NULL AS (id * 2) STORED)",
            "computes `pages`",
        ),
    ] {
        let (_, outcome) = adopted(&format!("CREATE TABLE app_book {table}"), |_| ());
        let refused = outcome.expect_err(table);
        assert!(refused.code() == "M083" && refused.message().contains(what), "{table}: {refused}");
    }
}

#[test]
fn a_check_in_other_words_beside_one_that_nobody_knows_is_asked_about() {
    let positive = |book: &mut Model| {
        let positive = migrations_engine::condition::Expr::field("pages").gt(0);
        book.constraints.push(migrations_engine::schema::Constraint::check("positive", positive));
    };
    let table = |checks: &str| {
        format!(
            "CREATE TABLE app_book (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, title varchar(200) NOT NULL, \
             pages integer NOT NULL, {checks})"
        )
    };
    let (_, outcome) = adopted(&table("CHECK (NOT pages <= 0), CHECK (pages < 9000)"), positive);
    let refused = outcome.unwrap_err();
    assert!(refused.code() == "M083" && refused.message().contains("none that is called `positive`"), "{refused}");
    let (_, outcome) = adopted(&table("CHECK (pages <> length(title))"), positive);
    let refused = outcome.unwrap_err();
    assert!(refused.code() == "M083" && refused.message().contains("none that is called `positive`"), "{refused}");
    // What is of other columns is another one, even where the known one is not there.
    let (_, text) = carried(&table("CHECK (length(title) > 0)"), positive);
    assert!(text.contains("CHECK (length(title) > 0)") && text.matches("CHECK").count() == 2, "{text}");
    let (_, text) = carried(&table("CHECK (NOT pages <= 0), CHECK (length(title) > 0)"), positive);
    assert!(text.contains("CHECK (length(title) > 0)") && text.matches("CHECK").count() == 2, "{text}");
    let (_, text) = carried(&table("CHECK (([Pages]) > 0), CHECK (pages < 9000)"), positive);
    assert!(text.contains("CHECK (pages < 9000)") && text.matches("CHECK").count() == 2, "{text}");
}

#[test]
fn what_a_known_thing_has_beside_and_would_lose_is_refused() {
    for (table, what) in [
        (
            "id integer NOT NULL PRIMARY KEY, title varchar(200) NOT NULL, pages integer NOT NULL, UNIQUE (title COLLATE NOCASE)",
            "is unique over `title` by a collation",
        ),
        (
            "id integer NOT NULL, title varchar(200) NOT NULL UNIQUE, pages integer NOT NULL, PRIMARY KEY (id COLLATE NOCASE)",
            "has a key that is compared by a collation",
        ),
    ] {
        let (_, outcome) =
            adopted(&format!("CREATE TABLE app_book ({table})"), |book| field(book, "title").unique = true);
        let refused = outcome.expect_err(table);
        assert!(refused.code() == "M083" && refused.message().contains(what), "{table}: {refused}");
    }
}

#[test]
fn what_the_models_say_from_now_on_is_there_once() {
    let mut database = Sqlite::memory();
    database.run(AUTHOR);
    database.run(
        "CREATE TABLE app_book (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, title varchar(200) NOT NULL, \
         pages integer NOT NULL REFERENCES app_author (id) ON UPDATE CASCADE, UNIQUE (title), CHECK (pages > 0))",
    );
    let mut set = MigrationSet::default();
    let mut to = |schema: &Schema| {
        for migration in migrations_engine::autodetect(&set, schema, &mut Yes).unwrap() {
            set.add(migration).unwrap();
        }
        now(Executor::new(&set, &mut database).fake_initial(true).migrate(&Target::Latest)).unwrap();
    };
    let author = |book: &mut Model| {
        book.fields.pop();
        let author = Field::foreign_key("author", ModelKey::new("app", "Author"), OnDelete::DoNothing);
        book.fields.push(Field { column: "pages".into(), index: false, ..author });
    };
    to(&schema(|book| {
        book.fields.pop();
        book.fields.push(Field { column: "pages".into(), ..Field::new("author", ColumnType::BigInt) });
    }));
    to(&schema(|book| {
        author(book);
        field(book, "title").unique = true;
        let positive = migrations_engine::condition::Expr::field("author").gt(0);
        book.constraints.push(migrations_engine::schema::Constraint::check("positive", positive));
    }));
    let text = database.all("SELECT sql FROM sqlite_master WHERE name = 'app_book'").remove(0);
    for once in ["REFERENCES", "UNIQUE", "CHECK", "ON UPDATE CASCADE"] {
        assert_eq!(text.matches(once).count(), 1, "{once}: {text}");
    }
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
fn an_index_of_several_columns_under_another_name_is_found_by_them() {
    let table = "CREATE TABLE app_book (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, title varchar(200) NOT NULL, \
                 pages integer NOT NULL); CREATE INDEX by_both ON app_book (title, pages); CREATE INDEX by_pages ON app_book (pages); \
                 CREATE INDEX other_way ON app_book (pages, title)";
    let left = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name";
    // In place, and where the table is written anew.
    for null in [false, true] {
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
        to(&schema(|book| {
            field(book, "pages").index = true;
            field(book, "title").null = null;
        }))
        .unwrap();
        assert_eq!(database.all(left), ["by_pages", "other_way"], "{null}");
    }
    // One that is not there at all is not left in silence.
    let mut database = Sqlite::memory();
    database.run(AUTHOR);
    database.run(&table.replace("(title, pages)", "(title)"));
    let mut set = MigrationSet::default();
    let mut to = |both: bool| {
        let schema = schema(|book| {
            if both {
                book.indexes.push(Index::new("app_book_both", &["title", "pages"]));
            }
        });
        for migration in migrations_engine::autodetect(&set, &schema, &mut Yes).unwrap() {
            set.add(migration).unwrap();
        }
        now(Executor::new(&set, &mut database).fake_initial(true).migrate(&Target::Latest)).map(drop)
    };
    to(true).unwrap();
    let refused = to(false).unwrap_err();
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

#[test]
fn an_index_that_compares_otherwise_is_another_thing() {
    let mut database = Sqlite::memory();
    database.run(AUTHOR);
    database.run(
        "CREATE TABLE app_book (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, title varchar(200) NOT NULL UNIQUE, \
         pages integer NOT NULL); CREATE INDEX both_by_hand ON app_book (title COLLATE NOCASE, pages); \
         CREATE INDEX pages_by_hand ON app_book (pages COLLATE NOCASE); CREATE INDEX both ON app_book (title, pages); \
         CREATE UNIQUE INDEX title_by_hand ON app_book (title COLLATE NOCASE); CREATE INDEX pages ON app_book (pages)",
    );
    let mut set = MigrationSet::default();
    let mut to = |indexed: bool| {
        let schema = schema(|book| {
            field(book, "title").unique = indexed;
            field(book, "pages").index = indexed;
            field(book, "pages").null = !indexed;
            if indexed {
                book.indexes.push(Index::new("app_book_both", &["title", "pages"]));
            }
        });
        for migration in migrations_engine::autodetect(&set, &schema, &mut Yes).unwrap() {
            set.add(migration).unwrap();
        }
        now(Executor::new(&set, &mut database).fake_initial(true).migrate(&Target::Latest)).unwrap();
    };
    to(true);
    to(false);
    let left = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name";
    assert_eq!(database.all(left), ["both_by_hand", "pages_by_hand", "title_by_hand"]);
}

#[test]
fn keys_are_not_given_again_whatever_the_case_of_the_table() {
    let (database, _) = carried(
        "CREATE TABLE APP_Book (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, title varchar(200) NOT NULL, pages integer NOT NULL); \
         INSERT INTO app_book (id, title, pages) VALUES (41, 'gone', 9); DELETE FROM app_book",
        |_| (),
    );
    database.run("INSERT INTO app_book (title, pages) VALUES ('N', 2)");
    assert_eq!(database.all("SELECT id FROM app_book ORDER BY id"), ["1", "42"]);
}

#[test]
fn the_numbers_of_rows_stay() {
    for (more, rowid, kept) in [("", "rowid", "70"), (", _ROWID_ int", "oid", "1"), (", seen int", "rowid", "70")] {
        let mut database = Sqlite::memory();
        database.run(&format!(
            "{AUTHOR}; CREATE TABLE app_book (id varchar(9) NOT NULL PRIMARY KEY, title varchar(200) NOT NULL, pages integer NOT NULL{more}); \
             INSERT INTO app_book ({rowid}, id, title, pages) VALUES (70, 'k', 'T', 1)"
        ));
        let mut set = MigrationSet::default();
        let mut to = |null: bool| {
            let schema = schema(|book| {
                *field(book, "id") = Field::new("id", char(9));
                field(book, "pages").null = null;
            });
            for migration in migrations_engine::autodetect(&set, &schema, &mut Yes).unwrap() {
                set.add(migration).unwrap();
            }
            now(Executor::new(&set, &mut database).fake_initial(true).migrate(&Target::Latest)).unwrap();
        };
        to(false);
        to(true);
        assert_eq!(database.all(&format!("SELECT {rowid} FROM app_book")), [kept], "{more}");
    }
}
