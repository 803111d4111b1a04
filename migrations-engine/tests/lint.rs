//! What is told of each kind of change, and what `--safe` makes of it.

use migrations_engine::condition::IndexPart;
use migrations_engine::diff::{SafeStep, safe, safe_steps};
use migrations_engine::lint::{Rule, Run, lint};
use migrations_engine::schema::{ColumnType, Constraint, Field, Generated, Hint, Index, Model, OnDelete, Schema};
use migrations_engine::{Dialect, Direction, Migration, MigrationSet, Operation, autodetect, plan_migration};

use crate::samples::{char, field, key, library, with_book};
use crate::sqlite::Yes;

/// The codes for a change of books, on one database.
fn codes(dialect: Dialect, change: fn(&mut Model)) -> Vec<&'static str> {
    let mut set = MigrationSet::default();
    autodetect(&set, &library(), &mut Yes).unwrap().into_iter().for_each(|migration| set.add(migration).unwrap());
    let new = autodetect(&set, &with_book(change), &mut Yes).unwrap();
    assert_eq!(new.len(), 1);
    let mut codes: Vec<_> =
        lint(dialect, &library(), &new[0]).unwrap().iter().map(|notice| notice.rule.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

#[test]
fn each_kind_of_change_has_its_codes() {
    type Case =
        (&'static str, fn(&mut Model), &'static [&'static str], &'static [&'static str], &'static [&'static str]);
    let cases: &[Case] = &[
        ("null", |b| b.fields.push(Field::new("n", ColumnType::Integer).nullable()), &[], &[], &[]),
        (
            "default",
            |b| b.fields.push(Field::new("n", ColumnType::Integer).default_value(1)),
            &["L006"],
            &["L006"],
            &["L002", "L006"],
        ),
        ("db default", |b| b.fields.push(Field::new("n", ColumnType::Integer).db_default(1)), &[], &[], &[]),
        ("index", |b| b.indexes.push(Index::new("i", &["pages"])), &["L001"], &[], &[]),
        (
            "unique",
            |b| b.constraints.push(Constraint::unique("u", &["pages"])),
            &["L001", "L006", "L007"],
            &["L006", "L007"],
            &["L006", "L007"],
        ),
        (
            "check",
            |b| b.constraints.push(Constraint::check("c", "copies > 0".parse().unwrap())),
            &["L003", "L006", "L007"],
            &["L003", "L006", "L007"],
            &["L002", "L006", "L007"],
        ),
        (
            "reference",
            |b| b.fields.push(Field::foreign_key("tag", key("Tag"), OnDelete::Restrict).nullable()),
            &["L001", "L003"],
            &["L003"],
            &[],
        ),
        ("longer", |b| field(b, "title").ty = char(300), &[], &[], &["L002"]),
        ("bigger", |b| field(b, "pages").ty = ColumnType::BigInt, &["L002"], &["L002"], &["L002"]),
        (
            "wider",
            |b| field(b, "price").ty = ColumnType::Decimal { max_digits: 10, decimal_places: 2 },
            &[],
            &["L002"],
            &[],
        ),
        (
            "finer",
            |b| field(b, "price").ty = ColumnType::Decimal { max_digits: 10, decimal_places: 3 },
            &["L002"],
            &["L002"],
            &[],
        ),
        (
            "shorter",
            |b| field(b, "title").ty = char(100),
            &["L002", "L006", "L007"],
            &["L002", "L006", "L007"],
            &["L002", "L006", "L007"],
        ),
        (
            "otherwise",
            |b| field(b, "published").ty = ColumnType::DateTime,
            &["L002", "L006"],
            &["L002", "L006"],
            &["L002", "L006"],
        ),
        ("no default", |b| field(b, "copies").db_default = None, &["L006"], &["L006"], &["L002", "L006"]),
        (
            "no default but NULL",
            |b| (field(b, "copies").db_default, field(b, "copies").null) = (None, true),
            &[],
            &[],
            &["L002"],
        ),
        (
            "unique field",
            |b| field(b, "pages").unique = true,
            &["L001", "L006", "L007"],
            &["L006", "L007"],
            &["L002", "L006", "L007"],
        ),
        (
            "not null",
            |b| field(b, "published").null = false,
            &["L003", "L006", "L008"],
            &["L003", "L006", "L008"],
            &["L002", "L006"],
        ),
        (
            "remove",
            |b| b.fields.retain(|field| field.name != "token"),
            &["L004", "L006"],
            &["L004", "L006"],
            &["L004", "L006"],
        ),
        ("column", |b| field(b, "title").column = "ttl".into(), &["L006"], &["L006"], &["L006"]),
        ("table", |b| b.table = "books".into(), &["L006"], &["L006"], &["L006"]),
    ];
    for (name, change, postgres, mariadb, sqlite) in cases {
        assert_eq!(codes(Dialect::Postgres, *change), *postgres, "{name} on PostgreSQL");
        assert_eq!(codes(Dialect::MariaDb, *change), *mariadb, "{name} on MariaDB");
        assert_eq!(codes(Dialect::Sqlite, *change), *sqlite, "{name} on SQLite");
    }
}

/// What the run of these migrations says of programs of the version before.
fn breaks(dialect: Dialect, run: &mut Run, before: &Schema, texts: &[&str]) -> Vec<String> {
    let (mut state, mut told) = (before.clone(), Vec::new());
    for (at, text) in texts.iter().enumerate() {
        let migration = Migration::from_toml(&format!("app/{:04}_later.toml", at + 2), text).unwrap();
        let notices = run.lint(dialect, &state, &migration).unwrap();
        told.extend(notices.into_iter().filter(|notice| notice.rule == Rule::L006).map(|notice| notice.message));
        migration.operations.iter().for_each(|operation| operation.apply(&mut state).unwrap());
    }
    told
}

#[test]
fn what_programs_of_the_version_before_can_no_longer_do_is_told() {
    let before = with_book(|book| {
        book.fields.push(Field::new("shelf", ColumnType::Integer).nullable());
        let made = Some(Generated { expr: "pages + 1".parse().unwrap(), stored: true });
        book.fields.push(Field { generated: made, ..Field::new("sum", ColumnType::Integer) });
    });
    let told = |dialect: Dialect, operation: &str| {
        let text = format!("[[operations]]\nmodel = \"app.Book\"\n{operation}");
        breaks(dialect, &mut Run::default(), &before, &[&text])
    };
    // It alone makes a column a computed one.
    let alter = |field: &str| told(Dialect::Sqlite, &format!("op = \"alter_field\"\nfield = {{ {field} }}\n"));
    let add = |constraint: &str| {
        told(Dialect::Postgres, &format!("op = \"add_constraint\"\nconstraint = {{ {constraint} }}\n"))
    };
    let may_write = |what: &str| vec![format!("programs of the version before may still write {what}")];

    let as_another = alter("name = 'published', type = 'datetime', null = true");
    assert_eq!(
        as_another,
        ["programs of the version before read and write `published` as date, which becomes datetime"]
    );
    assert_eq!(
        alter("name = 'pages', type = 'smallint', default = '0'"),
        may_write("to `pages` what smallint does not hold")
    );
    assert!(alter("name = 'pages', type = 'bigint', default = '0'").is_empty());
    assert!(alter("name = 'copies', type = 'integer', db_default = '1'").is_empty());
    assert!(alter("name = 'price', type = 'decimal(10, 3)', null = true").is_empty());
    assert_eq!(
        alter("name = 'price', type = 'decimal(8, 3)', null = true"),
        may_write("to `price` what decimal(8, 3) does not hold")
    );
    assert!(alter("name = 'title', type = 'char(300)', index = true").is_empty());
    let left = alter("name = 'copies', type = 'positive integer'");
    assert!(matches!(&left[..], [one] if one.contains("may leave `copies` to the database")), "{left:?}");
    let computed = alter("name = 'sum', type = 'integer'");
    assert!(matches!(&computed[..], [one] if one.contains("give no value for `sum`")), "{computed:?}");
    let written = alter("name = 'pages', type = 'integer', generated = 'copies + 1'");
    assert!(written.iter().any(|one| one.contains("write to `pages`, which the database now computes")), "{written:?}");
    assert_eq!(
        alter("name = 'shelf', to = 'app.Tag', on_delete = 'restrict', column = 'shelf', null = true").last(),
        may_write("to `shelf` what refers to no row").last()
    );

    assert_eq!(add("kind = 'unique', name = 'once', on = ['pages']"), may_write("rows that `once` refuses"));
    assert_eq!(add("kind = 'check', name = 'few', check = 'pages < 9'"), may_write("rows that `few` refuses"));
    let exclude = "kind = 'exclude', name = 'apart', on = [{ part = 'pages', operator = '=' }]";
    assert_eq!(add(exclude), may_write("rows that `apart` refuses"));
}

#[test]
fn columns_between_models_that_follow_the_name_of_one_are_told() {
    let rename = "[[operations]]\nop = 'rename_model'\nmodel = 'app.Tag'\nto = 'Label'\nkeep_table = true\n";
    let moved = "[[operations]]\nop = 'move_model'\nmodel = 'app.Label'\nfrom = 'app.Tag'\n";
    for text in [rename, moved] {
        let told = breaks(Dialect::Postgres, &mut Run::default(), &library(), &[text]);
        let expected = "the column `tag_id` of `app_book_tags`, which becomes `label_id`";
        assert!(matches!(&told[..], [one] if one.contains(expected)), "{text}: {told:?}");
    }
    // One that comes only now is known to nobody.
    let add = "[[operations]]\nop = 'add_field'\nmodel = 'app.Book'\nfield = { name = 'more', to = 'app.Tag', many = true, table = 'app_book_more', columns = ['book_id', 'tag_id'] }\n";
    let remove = "[[operations]]\nop = 'remove_field'\nmodel = 'app.Book'\nfield = 'tags'\n";
    let told = breaks(Dialect::Postgres, &mut Run::default(), &library(), &[add, remove, rename]);
    assert!(told.iter().all(|one| !one.contains("label_id")), "{told:?}");
}

#[test]
fn what_those_programs_do_not_know_does_not_break_them() {
    let add = "[[operations]]\nop = 'add_field'\nmodel = 'app.Book'\nfield = { name = 'isbn', type = 'char(13)', null = true }\n";
    let unique = "[[operations]]\nop = 'add_constraint'\nmodel = 'app.Book'\nconstraint = { kind = 'unique', name = 'one_isbn', on = ['isbn', 'pages'] }\n";
    let longer = "[[operations]]\nop = 'alter_field'\nmodel = 'app.Book'\nfield = { name = 'isbn', type = 'integer', null = true, unique = true }\n";
    let mut run = Run::default();
    assert!(breaks(Dialect::Postgres, &mut run, &library(), &[add, unique, longer]).is_empty());
    // In another run, they may know it.
    let before = with_book(|book| book.fields.push(Field::new("isbn", char(13)).nullable()));
    assert_eq!(breaks(Dialect::Postgres, &mut Run::default(), &before, &[unique]).len(), 1);
    assert_eq!(breaks(Dialect::Postgres, &mut Run::default(), &before, &[longer]).len(), 2);
    // Where NULL is equal to NULL, rows without it are equal, too.
    let equal = unique.replace("on =", "nulls_equal = true, on =");
    assert_eq!(breaks(Dialect::Postgres, &mut Run::default(), &library(), &[add, &equal]).len(), 1);

    let make = "[[operations]]\nop = 'create_model'\nmodel = 'app.Shelf'\ntable = 'app_shelf'\nprimary_key = ['id']\nfields = [{ name = 'id', type = 'bigint', auto = true }, { name = 'row', type = 'integer', db_default = '1' }]\n";
    let later = [
        "op = 'add_constraint'\nmodel = 'app.Shelf'\nconstraint = { kind = 'check', name = 'some_row', check = 'row > 0' }\n",
        "op = 'add_constraint'\nmodel = 'app.Shelf'\nconstraint = { kind = 'unique', name = 'one_row', on = ['row'] }\n",
        "op = 'alter_field'\nmodel = 'app.Shelf'\nfield = { name = 'row', type = 'bool' }\n",
    ]
    .map(|operation| format!("[[operations]]\n{operation}"));
    let whole: Vec<&str> = [make].into_iter().chain(later.iter().map(String::as_str)).collect();
    assert!(breaks(Dialect::Postgres, &mut Run::default(), &library(), &whole).is_empty());
    let mut made = library();
    Migration::from_toml("app/0002_shelf.toml", make).unwrap().operations[0].apply(&mut made).unwrap();
    assert_eq!(breaks(Dialect::Postgres, &mut Run::default(), &made, &whole[1..]).len(), 4);
}

#[test]
fn sql_without_a_way_back_is_told() {
    let text = "[[operations]]\nop = \"run_sql\"\nsql = { all = [] }\n";
    let migration = Migration::from_toml("app/0002_sql.toml", text).unwrap();
    assert_eq!(lint(Dialect::Sqlite, &library(), &migration).unwrap()[0].rule, Rule::L005);
}

#[test]
fn sql_by_hand_is_looked_through_for_what_is_known_of_it() {
    let told = |sql: &str, atomic: bool, dialect: Dialect| -> Vec<&'static str> {
        let text = format!(
            "atomic = {atomic}\n[[operations]]\nop = \"run_sql\"\nsql = {{ all = ['{sql}'] }}\nreverse = {{ all = [] }}\n"
        );
        let migration = Migration::from_toml("app/0002_sql.toml", &text).unwrap();
        lint(dialect, &library(), &migration).unwrap().iter().map(|notice| notice.rule.as_str()).collect()
    };
    let concurrently = "create unique index concurrently i on t (a)";
    assert_eq!(told(concurrently, true, Dialect::Postgres), ["L009"]);
    assert_eq!(told("DROP INDEX CONCURRENTLY i", true, Dialect::Postgres), ["L009"]);
    assert!(told(concurrently, false, Dialect::Postgres).is_empty());
    assert_eq!(told("CREATE INDEX i ON t (a)", true, Dialect::Postgres), ["L001"]);
    assert!(told("CREATE INDEX i ON t (a)", true, Dialect::Sqlite).is_empty());
    assert!(told("CREATE EXTENSION IF NOT EXISTS citext", true, Dialect::Postgres).is_empty());
    let cases: &[(&str, &[&str])] = &[
        ("DROP TABLE t", &["L004", "L006"]),
        ("alter table t drop a, drop constraint c", &["L004", "L006"]),
        ("ALTER TABLE t DROP CONSTRAINT c", &[]),
        ("ALTER TABLE t ALTER COLUMN a DROP NOT NULL", &[]),
        ("TRUNCATE t", &["L004"]),
        ("/* all */ DELETE FROM t; -- where", &["L004"]),
        ("DELETE FROM t WHERE a = 1", &[]),
        ("UPDATE t SET a = \"where\"", &["L008"]),
        ("UPDATE t SET a = 2 WHERE a = 1", &[]),
        ("ALTER TABLE t ALTER COLUMN a SET DATA TYPE bigint", &["L002"]),
        ("ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES o (id)", &["L003"]),
        ("ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES o (id) NOT VALID", &[]),
        ("ALTER TABLE t ADD CHECK (a > 0)", &["L003"]),
        ("ALTER TABLE t ALTER a SET NOT NULL", &["L003"]),
        ("ALTER TABLE t RENAME a TO b", &["L006"]),
        ("ALTER TABLE t RENAME CONSTRAINT a TO b", &[]),
        ("CREATE FUNCTION f() RETURNS int AS $$ DELETE FROM t; DROP TABLE t $$ LANGUAGE sql", &[]),
    ];
    for (sql, codes) in cases {
        assert_eq!(told(sql, true, Dialect::Postgres), *codes, "{sql}");
    }
    assert_eq!(told("ALTER TABLE t MODIFY a bigint", true, Dialect::MariaDb), ["L002"]);
    assert_eq!(told("RENAME TABLE t TO u", true, Dialect::MariaDb), ["L006"]);
    assert_eq!(told("DELETE FROM t", true, Dialect::Sqlite), ["L004"]);
}

#[test]
fn what_is_done_to_the_database_alone_and_to_other_tables_is_told() {
    let told = |text: &str, dialect: Dialect| -> Vec<String> {
        let migration = Migration::from_toml("app/0002_x.toml", text).unwrap();
        let notices = lint(dialect, &library(), &migration).unwrap();
        notices.iter().map(|notice| format!("{} {}", notice.rule.as_str(), notice.message)).collect()
    };
    let separate = "[[operations]]\nop = \"separate\"\ndatabase = [{ op = \"remove_field\", model = \"app.Book\", field = \"price\" }]\n";
    let notices = told(separate, Dialect::Postgres);
    assert!(
        notices.iter().any(|notice| notice.starts_with("L004") && notice.contains("`app.Book.price`")),
        "{notices:?}"
    );
    let key = "[[operations]]\nop = \"alter_field\"\nmodel = \"app.Author\"\nfield = { name = \"id\", type = \"integer\", auto = true }\n";
    let notices = told(key, Dialect::Postgres);
    assert!(notices.iter().any(|notice| notice.starts_with("L002") && notice.contains("`app_book`")), "{notices:?}");
    let notices = told(key, Dialect::Sqlite);
    assert!(notices.iter().any(|notice| notice.contains("SQLite makes `app_book` anew")), "{notices:?}");
}

#[test]
fn renames_leave_the_old_names_to_older_programs() {
    let mut set = MigrationSet::default();
    autodetect(&set, &library(), &mut Yes).unwrap().into_iter().for_each(|migration| set.add(migration).unwrap());
    let goal = with_book(|book| {
        let token = field(book, "token");
        (token.name, token.column) = ("mark".into(), "mark".into());
        token.renamed_from = Hint(Some("token".into()));
    });
    let new = safe_steps(&library(), autodetect(&set, &goal, &mut Yes).unwrap());
    assert_eq!(new.iter().map(|step| step.later).collect::<Vec<_>>(), [false, true]);
    for (SafeStep { migration, .. }, expected) in new.into_iter().zip([&[][..], &["L004", "L006"]]) {
        let before = set.state().unwrap();
        let told = lint(Dialect::Postgres, &before, &migration).unwrap();
        let codes: Vec<_> = told.iter().map(|notice| notice.rule.as_str()).collect();
        assert_eq!(codes, expected, "{}: {told:?}", migration.id);
        let again = Migration::from_toml(&migration.id.path(), &migration.to_toml().unwrap()).unwrap();
        assert_eq!(again, migration);
        set.add(migration).unwrap();
    }
    assert_eq!(set.state().unwrap(), goal);
    // The name that it had may stay in the code, and stops nothing.
    assert!(autodetect(&set, &goal, &mut Yes).unwrap().is_empty());
}

#[test]
fn every_rule_is_explained() {
    assert!(Rule::ALL.iter().all(|(_, meaning)| meaning.len() > 20));
}

#[test]
fn the_safe_form_locks_nothing_for_long() {
    let mut set = MigrationSet::default();
    autodetect(&set, &library(), &mut Yes).unwrap().into_iter().for_each(|migration| set.add(migration).unwrap());
    let goal = with_book(|book| {
        book.fields.push(Field::new("stock", ColumnType::Integer).default_value(0));
        book.fields.push(Field::foreign_key("tag", key("Tag"), OnDelete::Restrict).nullable());
        book.indexes.push(Index::new("by_pages", &["pages"]));
        book.constraints.push(Constraint::unique("one_title", &["title", "pages"]));
        book.constraints.push(Constraint::check("copies_positive", "copies > 0".parse().unwrap()));
        field(book, "published").null = false;
    });
    let new = safe(&library(), autodetect(&set, &goal, &mut Yes).unwrap());
    assert!(new.len() > 1);
    let mut sql = Vec::new();
    for migration in new {
        let before = set.state().unwrap();
        let told = lint(Dialect::Postgres, &before, &migration).unwrap();
        let locks = |rule: Rule| matches!(rule, Rule::L001 | Rule::L002 | Rule::L003);
        assert!(!told.iter().any(|notice| locks(notice.rule)), "{}: {told:?}", migration.id);
        let plan = plan_migration(Dialect::Postgres, &before, &migration, Direction::Forward).unwrap();
        sql.extend(plan.iter().map(|statement| statement.sql()));
        set.add(migration).unwrap();
    }
    assert_eq!(set.state().unwrap(), goal);
    let all = sql.join("\n");
    for expected in [
        "CREATE INDEX CONCURRENTLY \"by_pages\"",
        "CREATE UNIQUE INDEX CONCURRENTLY \"one_title\"",
        "ADD CONSTRAINT \"one_title\" UNIQUE USING INDEX \"one_title\"",
        "ADD CONSTRAINT \"copies_positive\" CHECK (\"copies\" > 0) NOT VALID",
        "VALIDATE CONSTRAINT \"copies_positive\"",
        "CHECK (\"published\" IS NOT NULL) NOT VALID",
        "ALTER COLUMN \"stock\" SET NOT NULL",
    ] {
        assert!(all.contains(expected), "{expected} is not in\n{all}");
    }
}

#[test]
fn what_keeps_readers_away_says_so() {
    let told = |operation: Operation, atomic: bool| {
        let mut migration = Migration::new("app.0002_later".parse().unwrap());
        (migration.operations, migration.atomic) = (vec![operation], atomic);
        let notices = lint(Dialect::Postgres, &library(), &migration).unwrap();
        notices.into_iter().filter(|notice| notice.rule == Rule::L001).map(|notice| notice.message).collect::<Vec<_>>()
    };
    let model = || key("Author");
    let tag = || key("Tag");
    let exclusive = |told: &[String]| matches!(told, [one] if one.contains("ACCESS EXCLUSIVE lock: nobody reads or writes `app_author`"));
    let share = |told: &[String]| matches!(told, [one] if one.contains("SHARE lock: nobody writes to `app_author`"));
    let name = Field::new("name", ColumnType::Char { max_length: 100 });
    let unique =
        || Operation::AddConstraint { model: model(), constraint: Constraint::unique("app_author_name", &["name"]) };
    let unique_field = || Operation::AlterField { model: model(), field: name.clone().unique(), fill: None };
    let indexed = Operation::AlterField { model: model(), field: name.clone().indexed(), fill: None };
    let new_key = || Operation::AlterPrimaryKey { model: tag(), primary_key: vec!["label".into()] };
    assert!(exclusive(&told(unique(), true)) && exclusive(&told(unique_field(), true)));
    assert!(share(&told(indexed, true)));
    // A unique index that is no constraint.
    let some = Constraint::Unique {
        name: "app_author_old".into(),
        on: vec![IndexPart::field_asc("name")],
        condition: Some("age > 9".parse().unwrap()),
        include: Vec::new(),
        deferrable: None,
        nulls_equal: false,
    };
    assert!(share(&told(Operation::AddConstraint { model: model(), constraint: some }, true)));
    // In steps of its own the one is made concurrently, and a key is not.
    assert!(told(unique(), false).is_empty() && told(unique_field(), false).is_empty());
    for atomic in [true, false] {
        assert!(told(new_key(), atomic)[0].contains("the index of the new key is made under an ACCESS EXCLUSIVE lock"));
    }
}
