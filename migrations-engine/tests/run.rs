//! Files, folders and the order of migrations.

use migrations_engine::diff::{Answers, Refuse};
use migrations_engine::schema::{ColumnType, Field, Model, ModelKey, OnDelete, Schema};
use migrations_engine::{Dialect, Direction, Migration, MigrationSet, autodetect, diff, plan_migration};

use crate::samples::{field, key, library, with_book};

#[test]
fn a_project_survives_its_files() {
    let folder = std::env::temp_dir().join(format!("migrations-engine-{}", std::process::id()));
    let mut set = MigrationSet::default();
    let new = autodetect(&set, &library(), &mut Refuse).unwrap();
    let paths = set.write(&folder, &new).unwrap();
    assert!(paths[0].ends_with("app/0001_initial.toml"));
    let changed = with_book(|book| {
        field(book, "pages").ty = ColumnType::BigInt;
        book.fields.push(Field::new("note", ColumnType::Text).default_value("it's \"new\"\n\\"));
    });
    let new = autodetect(&set, &changed, &mut Refuse).unwrap();
    assert_eq!(new[0].id.name, "0002_book_note_alter_book_pages");
    set.write(&folder, &new).unwrap();
    let read = MigrationSet::from_dir(&folder).unwrap();
    assert_eq!(read, set);
    assert_eq!(read.state().unwrap(), changed);
    read.check_index(Some(&std::fs::read_to_string(folder.join("index.toml")).unwrap())).unwrap();
    assert!(autodetect(&read, &changed, &mut Refuse).unwrap().is_empty());
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn constants_in_what_sql_means_for_the_models_are_looked_at() {
    let field = "{ name = \"n\", type = \"integer\", default = \"'many'\" }";
    let add = format!("[{{ op = \"add_field\", model = \"app.Book\", field = {field} }}]");
    for operation in [
        format!("op = \"run_sql\"\nsql = {{ all = [] }}\nstate = {add}"),
        format!("op = \"separate\"\nstate = {add}"),
        format!("op = \"separate\"\ndatabase = {add}"),
    ] {
        let migration = Migration::from_toml("app/0002_n.toml", &format!("[[operations]]\n{operation}\n")).unwrap();
        let refused = plan_migration(Dialect::Postgres, &library(), &migration, Direction::Forward).unwrap_err();
        assert_eq!(refused.code(), "M003", "{operation}: {refused}");
        assert!(refused.message().contains("`app.Book.n`"), "{refused}");
        // What was done once can be undone.
        let back = plan_migration(Dialect::Postgres, &library(), &migration, Direction::Backward);
        assert!(!back.is_err_and(|error| error.code() == "M003"), "{operation}");
    }
}

#[test]
fn mistakes_in_files_are_shown_with_their_line() {
    let error = |text: &str| Migration::from_toml("app/0001_x.toml", text).unwrap_err();
    let syntax = error("atomic = true\noperations = [");
    assert_eq!(syntax.code(), "M050");
    assert!(syntax.message().starts_with("app/0001_x.toml:2:"), "{syntax}");
    let unknown = error("\n\n[[operations]]\nop = \"rename_field\"\nmodel = \"app.Book\"\nfeild = \"a\"\nto = \"b\"\n");
    assert_eq!(unknown.code(), "M051");
    assert!(unknown.message().contains("toml:3: operation 1 (rename_field)"), "{unknown}");
    assert!(unknown.message().contains("feild"), "{unknown}");
    let foreign = error("[[operations]]\nop = \"delete_model\"\nmodel = \"other.Book\"\n");
    assert!(foreign.message().contains("cannot change"), "{foreign}");
    let condition = error(
        "[[operations]]\nop = \"add_index\"\nmodel = \"app.Book\"\nindex = { name = \"x\", on = [\"a\"], condition = \"a >\" }\n",
    );
    assert!(condition.message().contains("expected an expression"), "{condition}");
}

#[test]
fn circles_between_applications_take_two_migrations() {
    let mut schema = Schema::default();
    let to = |app: &str, name: &str| ModelKey::new(app, name);
    schema.insert(Model::new("a", "One").with(Field::auto_id()).with(Field::foreign_key(
        "two",
        to("b", "Two"),
        OnDelete::Restrict,
    )));
    schema.insert(Model::new("b", "Two").with(Field::auto_id()).with(Field::foreign_key(
        "one",
        to("a", "One"),
        OnDelete::Restrict,
    )));
    let mut set = MigrationSet::default();
    let new = autodetect(&set, &schema, &mut Refuse).unwrap();
    assert_eq!(new.len(), 3);
    new.into_iter().for_each(|migration| set.add(migration).unwrap());
    assert_eq!(set.state().unwrap(), schema);
    set.check_leaves().unwrap();
}

#[test]
fn questions_say_which_flag_answers_them() {
    let hint = |to: &Schema| diff(&library(), to, &mut Refuse).unwrap_err().hint().unwrap().to_owned();
    assert!(
        hint(&with_book(|book| book.fields.retain(|field| field.name != "price"))).contains("--remove app.Book.price")
    );
    assert!(hint(&with_book(|book| field(book, "price").null = false)).contains("--default app.Book.price=<value>"));
    assert!(
        hint(&with_book(|book| book.fields.push(Field::new("n", ColumnType::Bool))))
            .contains("--default app.Book.n=<value>")
    );
    // A many-to-many through a model has nothing that could be lost.
    let through = with_book(|book| book.fields.push(Field::many_to_many_through("x", key("Tag"), key("Author"))));
    assert_eq!(diff(&through, &library(), &mut Refuse).unwrap().len(), 1);
    let mut gone = library();
    gone.models.remove(&key("Book"));
    assert!(hint(&gone).contains("--remove app.Book"));

    let mut answers = Answers::new();
    answers.remove("app.Book.price").unwrap();
    answers.default("app.Book.n=true").unwrap();
    let to = with_book(|book| {
        book.fields.retain(|field| field.name != "price");
        book.fields.push(Field::new("n", ColumnType::Bool));
    });
    assert_eq!(diff(&library(), &to, &mut answers).unwrap().len(), 2);
    assert!(answers.unused().is_empty());
}
