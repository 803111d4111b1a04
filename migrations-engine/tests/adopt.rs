//! Taking over tables that are there (`--fake-initial`): the first migration, and what follows it without a gap.

use migrations_engine::diff::Refuse;
use migrations_engine::execute::Executor;
use migrations_engine::schema::{Field, Model, ModelKey, OnDelete, Schema};
use migrations_engine::{Migration, MigrationSet, Target, autodetect};

use crate::samples::now;
use crate::sqlite::Sqlite;

const TABLES: &str =
    "CREATE TABLE a_one (id integer PRIMARY KEY AUTOINCREMENT, two_id bigint NOT NULL REFERENCES b_two (id));
    CREATE TABLE b_two (id integer PRIMARY KEY AUTOINCREMENT, one_id bigint NOT NULL REFERENCES a_one (id));
    CREATE INDEX by_two ON a_one (two_id); CREATE INDEX by_one ON b_two (one_id);";

/// Two applications that refer to each other: one of them takes two migrations.
fn circle() -> MigrationSet {
    let mut schema = Schema::default();
    for (app, name, other, to) in [("a", "One", "b", "Two"), ("b", "Two", "a", "One")] {
        let reference = Field::foreign_key(to.to_lowercase(), ModelKey::new(other, to), OnDelete::Restrict);
        schema.insert(Model::new(app, name).with(Field::auto_id()).with(reference));
    }
    let mut set = MigrationSet::default();
    autodetect(&set, &schema, &mut Refuse).unwrap().into_iter().for_each(|migration| set.add(migration).unwrap());
    assert_eq!(set.iter().count(), 3);
    set
}

fn adopt(set: &MigrationSet, database: &mut Sqlite) -> migrations_engine::Result<usize> {
    now(Executor::new(set, database).fake_initial(true).migrate(&Target::Latest)).map(|done| done.len())
}

#[test]
fn a_circle_between_applications_is_taken_over() {
    let set = circle();
    let mut database = Sqlite::memory();
    database.run(TABLES);
    let before = database.all("SELECT sql FROM sqlite_master WHERE name LIKE '%_o' OR name LIKE '%one' ORDER BY name");
    assert_eq!(adopt(&set, &mut database).unwrap(), 3);
    let after = database.all("SELECT sql FROM sqlite_master WHERE name LIKE '%_o' OR name LIKE '%one' ORDER BY name");
    assert_eq!((after, database.all("SELECT COUNT(*) FROM orm_migrations")), (before, vec!["3".to_owned()]));
}

#[test]
fn what_is_not_there_is_run() {
    let mut set = circle();
    let add = |name: &str| {
        format!(
            "[[operations]]\nop = \"add_field\"\nmodel = \"a.One\"\nfield = {{ name = \"{name}\", type = \"text\", null = true }}\n"
        )
    };
    let later = |needs: &str, text: &str| format!("depends_on = [\"{needs}\"]\n{text}");
    let last = |set: &MigrationSet| set.leaves("a").into_iter().next().unwrap().to_string();
    let needs = last(&set);
    set.add(Migration::from_toml("a/0003_note.toml", &later(&needs, &add("note"))).unwrap()).unwrap();
    let mut database = Sqlite::memory();
    database.run(TABLES);
    assert_eq!(adopt(&set, &mut database).unwrap(), 4);
    assert_eq!(database.all("SELECT COUNT(note) FROM a_one"), ["0"]);

    // A part of it is there.
    let both = format!("{}{}", add("note"), add("more"));
    let mut set = circle();
    set.add(Migration::from_toml("a/0003_note.toml", &later(&needs, &both)).unwrap()).unwrap();
    let mut database = Sqlite::memory();
    database.run(TABLES);
    database.run("ALTER TABLE a_one ADD COLUMN more text");
    let refused = adopt(&set, &mut database).unwrap_err();
    assert!(refused.code() == "M087" && refused.message().contains("`a_one`.`more`"), "{refused}");
    assert!(database.all("SELECT name FROM sqlite_master WHERE name = 'orm_migrations'").is_empty());
}

#[test]
fn a_field_of_its_own_application_is_no_gap() {
    // What changes something ends it: what comes after is run.
    let files = [
        (
            "a/0001_initial.toml",
            "[[operations]]\nop = \"create_model\"\nmodel = \"a.One\"\ntable = \"a_one\"\nprimary_key = [\"id\"]\nfields = [{ name = \"id\", type = \"bigint\", auto = true }]\n",
        ),
        (
            "a/0002_data.toml",
            "depends_on = [\"a.0001_initial\"]\n[[operations]]\nop = \"run_sql\"\nsql = { all = [\"CREATE TABLE seen (n int)\"] }\n",
        ),
        (
            "a/0003_more.toml",
            "depends_on = [\"a.0002_data\"]\n[[operations]]\nop = \"add_field\"\nmodel = \"a.One\"\nfield = { name = \"two_id\", type = \"bigint\", null = true }\n",
        ),
    ];
    let set = MigrationSet::from_embedded(&files).unwrap();
    let mut database = Sqlite::memory();
    database.run("CREATE TABLE a_one (id integer PRIMARY KEY AUTOINCREMENT, two_id bigint)");
    let refused = adopt(&set, &mut database).unwrap_err();
    assert!(refused.to_string().contains("duplicate column"), "{refused}");
    assert_eq!(database.all("SELECT COUNT(*) FROM seen"), ["0"]);
}

#[test]
fn a_run_that_stopped_half_way_goes_on() {
    let set = circle();
    let mut database = Sqlite::memory();
    database.run(TABLES);
    let structure = "SELECT sql FROM sqlite_master WHERE name LIKE '%_o' OR name LIKE '%one' ORDER BY name";
    let before = database.all(structure);
    let first = set.iter().find(|migration| migration.depends_on.is_empty()).unwrap().id.clone();
    let one = now(Executor::new(&set, &mut database).fake_initial(true).migrate(&Target::Migration(first))).unwrap();
    assert_eq!(one.len(), 1);
    // Without the flag it is not known that what is there is meant.
    assert!(now(Executor::new(&set, &mut database).migrate(&Target::Latest)).is_err());
    assert_eq!(adopt(&set, &mut database).unwrap(), 2);
    assert_eq!((database.all(structure), adopt(&set, &mut database).unwrap()), (before, 0));
}

/// One table, and a migration after it.
fn table_and(later: &str) -> MigrationSet {
    let table = "[[operations]]\nop = \"create_model\"\nmodel = \"a.One\"\ntable = \"a_one\"\nprimary_key = [\"id\"]\n\
                 fields = [{ name = \"id\", type = \"bigint\", auto = true }, { name = \"n\", type = \"integer\" }, \
                 { name = \"m\", type = \"integer\", index = true }]\n";
    let later = format!("depends_on = [\"a.0001_initial\"]\n{later}");
    let files = [("a/0001_initial.toml", table), ("a/0002_later.toml", later.as_str())];
    MigrationSet::from_embedded(&files).unwrap()
}

#[test]
fn indexes_and_constraints_that_are_there_are_taken_over() {
    let set = table_and(
        "[[operations]]\nop = \"add_index\"\nmodel = \"a.One\"\nindex = { name = \"a_one_both\", on = [\"n\", \"m desc\"] }\n\
         [[operations]]\nop = \"add_constraint\"\nmodel = \"a.One\"\nconstraint = { kind = \"unique\", name = \"once\", on = [\"m\", \"n\"] }\n",
    );
    let table = "CREATE TABLE a_one (id integer PRIMARY KEY AUTOINCREMENT, n integer NOT NULL, m integer NOT NULL);
                 CREATE INDEX a_m ON a_one (m);";
    let indexes = "SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE%INDEX%' ORDER BY name";
    // Under these names, and under others.
    for (both, once) in [("a_one_both", "once"), ("by_both", "only_once")] {
        let mut database = Sqlite::memory();
        database.run(table);
        database.run(&format!("CREATE INDEX {both} ON a_one (n, m DESC); CREATE UNIQUE INDEX {once} ON a_one (m, n)"));
        let before = database.all(indexes);
        assert_eq!(adopt(&set, &mut database).unwrap(), 2);
        assert_eq!(database.all(indexes), before);
    }
    // One of them only.
    let mut database = Sqlite::memory();
    database.run(table);
    database.run("CREATE INDEX by_both ON a_one (n, m DESC)");
    let refused = adopt(&set, &mut database).unwrap_err();
    assert!(refused.code() == "M087" && refused.message().contains("`once` of `a_one`"), "{refused}");
    // None, and one of other columns.
    let mut database = Sqlite::memory();
    database.run(table);
    database.run("CREATE INDEX by_both ON a_one (n, m)");
    assert_eq!(adopt(&set, &mut database).unwrap(), 2);
    assert_eq!(database.all(indexes), ["a_m", "a_one_both", "by_both", "once"]);
}

#[test]
fn what_is_taken_over_has_its_own_names_in_the_same_run() {
    let set = table_and(
        "[[operations]]\nop = \"alter_field\"\nmodel = \"a.One\"\nfield = { name = \"m\", type = \"integer\" }\n",
    );
    let mut database = Sqlite::memory();
    database.run(
        "CREATE TABLE a_one (id integer PRIMARY KEY AUTOINCREMENT, n integer NOT NULL, m integer NOT NULL);
         CREATE INDEX its_own ON a_one (m)",
    );
    assert_eq!(adopt(&set, &mut database).unwrap(), 2);
    assert!(database.all("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE INDEX%'").is_empty());
}

#[test]
fn what_is_made_otherwise_is_not_taken_for_the_same() {
    let column = |more: &str| {
        format!(
            "[[operations]]\nop = \"add_field\"\nmodel = \"a.One\"\nfield = {{ name = \"code\", type = \"text\", null = true, {more} = true }}\n"
        )
    };
    let index =
        "[[operations]]\nop = \"add_index\"\nmodel = \"a.One\"\nindex = { name = \"both\", on = [\"n\", \"m\"] }\n";
    let table =
        "CREATE TABLE a_one (id integer PRIMARY KEY AUTOINCREMENT, n integer NOT NULL, m integer NOT NULL, code text);";
    for (later, more, what) in [
        (column("unique"), "", "the unique key of the column `a_one`.`code`"),
        (column("index"), "CREATE INDEX some ON a_one (code) WHERE n > 0", "the index of the column `a_one`.`code`"),
        (column("null") + index, "", "`both` of `a_one`"),
        (column("null") + index, "CREATE INDEX some ON a_one (n, m) WHERE n > 0", "`both` of `a_one`"),
        (column("null") + index, "CREATE UNIQUE INDEX some ON a_one (n, m)", "`both` of `a_one`"),
    ] {
        let later = later.replace("null = true, null = true", "null = true");
        let mut database = Sqlite::memory();
        database.run(table);
        database.run(more);
        let refused = adopt(&table_and(&later), &mut database).unwrap_err();
        assert!(refused.code() == "M087" && refused.message().contains(what), "{more}: {refused}");
    }
    for (later, more) in [
        (column("unique"), "CREATE UNIQUE INDEX some ON a_one (code)"),
        (column("index"), "CREATE INDEX some ON a_one (code, n)"),
        (column("null") + &index.replace(", \"m\"", ""), "CREATE INDEX some ON a_one (n)"),
    ] {
        let later = later.replace("null = true, null = true", "null = true");
        let mut database = Sqlite::memory();
        database.run(table);
        database.run(more);
        assert_eq!(adopt(&table_and(&later), &mut database).unwrap(), 2, "{more}");
    }
}
