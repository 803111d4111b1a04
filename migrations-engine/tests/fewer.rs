//! Fewer or safer operations lead to the same state as those that they take the place of.

use migrations_engine::diff::{reduce, reduce_from, safe};
use migrations_engine::schema::{ColumnType, Field, Model, OnDelete, Schema};
use migrations_engine::{Migration, MigrationId, MigrationSet, Operation, diff};

use crate::samples::{char, key, library, of};
use crate::sqlite::Yes;

fn reached(from: &Schema, operations: &[Operation]) -> Schema {
    let mut state = from.clone();
    operations.iter().for_each(|operation| operation.apply(&mut state).unwrap());
    state
}

#[test]
fn a_number_that_is_added_to_a_new_model_becomes_its_key() {
    let mut code = Model::new("app", "Item").with(Field::new("code", char(9)));
    code.primary_key = vec!["code".into()];
    let operations = vec![
        Operation::CreateModel(code),
        Operation::AddField { model: key("Item"), field: Field::auto_id(), fill: None },
    ];
    let fewer = reduce(operations.clone());
    assert_eq!(fewer.len(), 1);
    assert_eq!(reached(&Schema::default(), &fewer), reached(&Schema::default(), &operations));
    assert_eq!(reduce_from(&Schema::default(), operations), fewer);
}

#[test]
fn a_squash_keeps_what_sql_means_for_the_models() {
    let mut set = MigrationSet::default();
    for migration in migrations_engine::autodetect(&set, &library(), &mut Yes).unwrap() {
        set.add(migration).unwrap();
    }
    let step = |elidable: bool, state: &str| {
        format!(
            "[[operations]]\nop = \"run_sql\"\nsql = {{ all = [] }}\nreverse = {{ all = [] }}\nelidable = {elidable}\n{state}\n"
        )
    };
    let born = "state = [{ op = \"add_field\", model = \"app.Author\", field = { name = \"born\", type = \"date\", null = true } }]";
    let text =
        format!("depends_on = [\"app.0001_initial\"]\n{}{}{}", step(true, ""), step(true, born), step(false, ""));
    set.add(Migration::from_toml("app/0002_born.toml", &text).unwrap()).unwrap();
    let squash = set.squash(None, &MigrationId::new("app", "0002_born"), None).unwrap();
    let as_written = set.squash_as_written(None, &MigrationId::new("app", "0002_born"), None).unwrap();
    assert!(as_written.operations.len() >= squash.operations.len());
    assert_eq!((&as_written.id, &as_written.replaces), (&squash.id, &squash.replaces));
    let sql = squash.operations.iter().filter(|operation| matches!(operation, Operation::RunSql { .. })).count();
    assert_eq!(sql, 2, "{:?}", squash.operations);
    assert_eq!(reached(&Schema::default(), &squash.operations), set.state().unwrap());
}

#[test]
fn a_new_field_that_becomes_the_key_is_never_null() {
    let mut after = library();
    let tag = after.models.get_mut(&key("Tag")).unwrap();
    tag.fields.push(Field::new("code", ColumnType::Integer));
    tag.primary_key = vec!["code".into()];
    tag.fields.iter_mut().for_each(|field| field.auto = false);
    let mut set = MigrationSet::default();
    for migration in migrations_engine::autodetect(&set, &library(), &mut Yes).unwrap() {
        set.add(migration).unwrap();
    }
    let new = migrations_engine::autodetect(&set, &after, &mut Yes).unwrap();
    assert!(new[0].operations.iter().any(|operation| matches!(operation, Operation::AlterPrimaryKey { .. })));
    let steps = safe(&library(), new);
    let operations: Vec<Operation> = steps.into_iter().flat_map(|migration| migration.operations).collect();
    assert_eq!(reached(&library(), &operations), after);
}

#[test]
fn a_column_with_a_check_of_its_own_is_renamed_back_on_mariadb_as_it_was_renamed() {
    let rename =
        Operation::RenameField { model: key("Book"), field: "extra".into(), to: "more".into(), keep_column: false };
    let plan = migrations_engine::plan(migrations_engine::Dialect::MariaDb, &library(), &[rename]).unwrap();
    let renamed = plan.iter().find(|statement| statement.sql().contains("CHANGE COLUMN `extra` `more`")).unwrap();
    let back = renamed.reverse.as_deref().unwrap();
    assert!(back.contains("CHANGE COLUMN `more` `extra`") && back.contains("JSON_VALID(`extra`)"), "{back}");
}

#[test]
fn a_model_whose_name_another_takes_is_not_renamed_in_steps() {
    let rename = |model: &str, to: &str| Operation::RenameModel { model: key(model), to: to.into(), keep_table: false };
    let steps = |operations: Vec<Operation>| -> usize {
        let migration = Migration { operations, ..Migration::new(MigrationId::new("app", "0002_names")) };
        let steps = safe(&library(), vec![migration]);
        let operations = steps.iter().flat_map(|migration| &migration.operations);
        operations.filter(|operation| matches!(operation, Operation::RunSql { .. })).count()
    };
    assert!(steps(vec![rename("Book", "Volume")]) > 0);
    assert_eq!(steps(vec![rename("Book", "Volume"), rename("Tag", "Book")]), 0);
}

#[test]
fn a_table_is_taken_only_after_whoever_had_it_has_left_it() {
    let [ant, bee] = ["Ant", "Bee"].map(|name| Model::new("app", name).with(Field::auto_id()));
    let table = |model: &Model, table: &str| Operation::RenameTable { model: model.key.clone(), table: table.into() };
    // They exchange their tables.
    let before = of([ant.clone(), bee.clone()]);
    let after = of([ant.clone().in_table("app_bee"), bee.clone().in_table("app_ant")]);
    let operations = diff(&before, &after, &mut Yes).unwrap();
    assert_eq!(operations.len(), 3, "{operations:?}");
    let mut whole: Vec<Operation> = [&ant, &bee].map(|model| Operation::CreateModel(model.clone())).into();
    whole.extend(operations);
    assert_eq!(reached(&Schema::default(), &reduce(whole)), after);
    // Nothing is known of what was there before.
    let operations = vec![table(&ant, "a"), table(&bee, "b"), table(&ant, "app_bee")];
    assert_eq!(reduce(operations.clone()), operations);
    // Who has another is in nobody's way.
    let operations = vec![
        Operation::CreateModel(bee.clone()),
        Operation::CreateModel(ant.clone()),
        Operation::DeleteModel { model: bee.key.clone() },
        table(&ant, "ants"),
    ];
    assert_eq!(reduce(operations), [Operation::CreateModel(ant.in_table("ants"))]);
}

#[test]
fn a_table_that_another_takes_is_not_renamed_in_steps() {
    let leave = Operation::RenameTable { model: key("Tag"), table: "labels".into() };
    let steps = |operations: Vec<Operation>| -> Vec<Operation> {
        let migration = Migration { operations, ..Migration::new(MigrationId::new("app", "0002_names")) };
        safe(&library(), vec![migration]).into_iter().flat_map(|migration| migration.operations).collect()
    };
    let taken = Model::new("app", "Word").with(Field::auto_id()).in_table("App_Tag");
    let both = vec![leave.clone(), Operation::CreateModel(taken)];
    // A view under the old name would be in the way of the new table.
    assert_eq!(steps(both.clone()), both);
    let other = Model::new("app", "Word").with(Field::auto_id());
    assert!(steps(vec![leave, Operation::CreateModel(other)]).len() > 2);
}

#[test]
fn what_changes_a_model_passes_those_that_only_refer_to_it() {
    let [book, person] = ["Book", "Person"].map(|name| Model::new("app", name).with(Field::auto_id()));
    let to = |name: &str, model: &Model| Field::foreign_key(name, model.key.clone(), OnDelete::Cascade);
    let review = Model::new("app", "Review").with(Field::auto_id()).with(to("book", &book));
    let author = to("author", &person);
    let operations = vec![
        Operation::CreateModel(book.clone()),
        Operation::CreateModel(person.clone()),
        Operation::AddField { model: book.key.clone(), field: author.clone(), fill: None },
        Operation::CreateModel(review.clone()),
        Operation::AddField { model: book.key.clone(), field: Field::new("title", char(9)), fill: None },
        Operation::AlterField { model: book.key.clone(), field: Field::new("title", char(20)), fill: None },
        Operation::RemoveField { model: book.key.clone(), field: author.name.clone() },
        Operation::DeleteModel { model: person.key.clone() },
    ];
    let wanted = [book.clone().with(Field::new("title", char(20))), review].map(Operation::CreateModel);
    assert_eq!(reduce_from(&Schema::default(), operations), wanted);

    // What is referred to stays where it is: it is there before, and goes after.
    let coded = book.clone().with(Field { unique: true, ..Field::new("code", char(9)) });
    let mut by_code = to("book", &book);
    by_code.relation.as_mut().unwrap().to_field = Some("code".into());
    let operations = vec![
        Operation::CreateModel(book.clone()),
        Operation::AddField { model: book.key.clone(), field: coded.fields[1].clone(), fill: None },
        Operation::CreateModel(Model::new("app", "Note").with(Field::auto_id()).with(by_code)),
        Operation::RemoveField { model: Model::new("app", "Note").key, field: "book".into() },
        Operation::RemoveField { model: book.key.clone(), field: "code".into() },
    ];
    // A key stays one until nothing refers to it, and what referred to it is not to be seen in what it becomes.
    let mut state = Schema::default();
    let mut noted = to("book", &book);
    noted.relation.as_mut().unwrap().to_field = Some("code".into());
    state.insert(coded.clone());
    state.insert(Model::new("app", "Note").with(Field::auto_id()).with(noted));
    let alter = |model: &Model, field: Field| Operation::AlterField { model: model.key.clone(), field, fill: None };
    let changes = vec![
        alter(&coded, Field { unique: true, ..Field::new("code", char(20)) }),
        alter(&Model::new("app", "Note"), to("book", &book)),
        alter(&coded, Field::new("code", char(20))),
    ];
    assert_eq!(reduce_from(&state, changes.clone()), changes);

    let wanted = [book, Model::new("app", "Note").with(Field::auto_id())].map(Operation::CreateModel);
    assert_eq!(reduce_from(&Schema::default(), operations[..4].to_vec()).len(), 2);
    assert_eq!(reduce_from(&Schema::default(), operations), wanted);
}
