//! Foreign keys of several columns: their types change, others let go of them, and circles of them go.

use migrations_engine::diff::Answers;
use migrations_engine::execute::Executor;
use migrations_engine::operation::invert_all;
use migrations_engine::schema::{ColumnType, Constraint, Field, Model, ModelKey, OnDelete, Schema};
use migrations_engine::{Dialect, MigrationSet, Operation, Target, autodetect, diff, plan};

use crate::samples::{now, of, through};
use crate::sqlite::{Sqlite, Yes};

/// A model whose key is a pair.
fn pair(app: &str, name: &str, ty: &ColumnType) -> Model {
    let mut model = Model::new(app, name).with(Field::new("a", ty.clone())).with(Field::new("b", ColumnType::Integer));
    model.primary_key = vec!["a".into(), "b".into()];
    model
}

/// One with a foreign key to such a model, of the given type.
fn refers(model: Model, to: &ModelKey, ty: &ColumnType) -> Model {
    let name = format!("{}_fk", model.table);
    let of = |fields: [&str; 2]| fields.map(str::to_owned).to_vec();
    model.with(Field::new("to_a", ty.clone())).with(Field::new("to_b", ColumnType::Integer)).with_constraint(
        Constraint::ForeignKey {
            name,
            fields: of(["to_a", "to_b"]),
            to: to.clone(),
            to_fields: of(["a", "b"]),
            on_delete: OnDelete::Restrict,
        },
    )
}

fn operations_after_the_first(set: &MigrationSet) -> Vec<Operation> {
    let later = set.order().unwrap().into_iter().filter(|migration| migration.id.number() > 1);
    later.flat_map(|migration| migration.operations.clone()).collect()
}

#[test]
fn no_key_stands_while_one_of_its_ends_has_another_type() {
    // Whichever application comes first.
    for (to, from) in [("one", "two"), ("two", "one"), ("one", "one")] {
        let state = |ty: &ColumnType| {
            let target = pair(to, "Bee", ty);
            let other = refers(Model::new(from, "Dog").with(Field::auto_id()), &target.key, ty);
            // One whose key is made of a key, and leads on.
            let mut middle = refers(Model::new(from, "Fly"), &target.key, ty);
            middle.primary_key = vec!["to_a".into(), "to_b".into()];
            of([target, other, middle])
        };
        let before = state(&ColumnType::Integer);
        let set = through(&[before.clone(), state(&ColumnType::BigInt)]);
        let changes = operations_after_the_first(&set);
        let kinds: Vec<&str> = changes
            .iter()
            .map(|operation| match operation {
                Operation::RemoveConstraint { .. } => "remove",
                Operation::AlterField { .. } => "alter",
                Operation::AddConstraint { .. } => "add",
                other => panic!("{}", other.describe()),
            })
            .collect();
        assert_eq!(kinds, ["remove", "remove", "alter", "alter", "alter", "add", "add"], "{to} and {from}");
        // Each key goes and comes back once.
        let statements = plan(Dialect::MariaDb, &before, &changes).unwrap();
        let count = |what: &str| statements.iter().filter(|statement| statement.sql().contains(what)).count();
        assert_eq!((count("DROP FOREIGN KEY"), count("ADD CONSTRAINT")), (2, 2), "{statements:?}");
        through(&[before.clone(), state(&ColumnType::BigInt), before]);
    }
}

#[test]
fn a_key_that_stays_as_it_is_is_left_alone() {
    let state = |null: bool| {
        let target = pair("one", "Bee", &ColumnType::Integer);
        let note = Field { null, ..Field::new("note", ColumnType::Text) };
        of([
            target.clone(),
            refers(Model::new("two", "Dog").with(Field::auto_id()), &target.key, &ColumnType::Integer).with(note),
        ])
    };
    let changes = operations_after_the_first(&through(&[state(false), state(true)]));
    assert!(matches!(&*changes, [Operation::AlterField { .. }]), "{changes:?}");
}

#[test]
fn what_others_referred_to_by_several_columns_goes_after_they_let_go() {
    let integer = &ColumnType::Integer;
    let bee = pair("one", "Bee", integer);
    let dog = Model::new("two", "Dog").with(Field::auto_id());
    let both = of([bee.clone(), refers(dog.clone(), &bee.key, integer)]);
    // The key goes, or the model that has it.
    for after in [of([dog]), of([])] {
        let set = through(&[both.clone(), after]);
        let last = set.iter().filter(|migration| migration.id.app == "one").last().unwrap();
        let needed: Vec<&str> = last.depends_on.iter().map(|id| id.app.as_str()).collect();
        assert_eq!(needed, ["one", "two"]);
    }
}

#[test]
fn models_that_refer_to_each_other_by_several_columns_can_go() {
    let integer = &ColumnType::Integer;
    for (first, second) in [("one", "two"), ("one", "one")] {
        let (bee, dog) = (pair(first, "Bee", integer), pair(second, "Dog", integer));
        let circle = of([refers(bee.clone(), &dog.key, integer), refers(dog, &bee.key, integer)]);
        through(&[circle, of([])]);
    }
}

/// A model with a pair of fields that is unique, and has another key.
fn unique_pair(app: &str, name: &str) -> Model {
    let model = Model::new(app, name).with(Field::auto_id());
    let unique = Constraint::unique(format!("{}_pair", model.table), &["a", "b"]);
    let field = |name: &str| Field::new(name, ColumnType::Integer).nullable();
    model.with(field("a")).with(field("b")).with_constraint(unique)
}

/// The operations that lead from one state to the other, which every database can carry out and undo.
fn planned(before: &Schema, after: &Schema) -> Vec<String> {
    let operations = diff(before, after, &mut Yes).unwrap();
    let back = invert_all(before, &operations).unwrap();
    for dialect in Dialect::ALL {
        plan(dialect, before, &operations).unwrap();
        plan(dialect, after, &back).unwrap();
    }
    operations.iter().map(Operation::describe).collect()
}

/// Runs the migrations on an empty database, and undoes all of them.
fn there_and_back(set: &MigrationSet) {
    let mut database = Sqlite::memory();
    now(Executor::new(set, &mut database).migrate(&Target::Latest)).unwrap();
    for app in ["one", "two"] {
        now(Executor::new(set, &mut database).migrate(&Target::Zero(app.to_owned()))).unwrap();
    }
}

#[test]
fn a_new_model_refers_by_several_columns_to_what_an_older_one_gets() {
    let integer = &ColumnType::Integer;
    let plain = Model::new("one", "Bee").with(Field::auto_id());
    let bee = unique_pair("one", "Bee");
    let dog = refers(Model::new("two", "Dog").with(Field::auto_id()), &bee.key, integer);
    let (before, after) = (of([plain]), of([bee.clone(), dog.clone()]));
    let (unique, key) = ("Add constraint one_bee_pair to one.Bee", "Add constraint two_dog_fk to two.Dog");
    let operations = planned(&before, &after);
    assert_eq!(operations[operations.len() - 2..], [unique, key]);
    // The other way round: the key goes first, and then what it stood on.
    let (unique, key) = ("Remove constraint one_bee_pair from one.Bee", "Remove constraint two_dog_fk from two.Dog");
    assert_eq!(planned(&after, &before)[..2], [key, unique]);
    let set = through(&[before.clone(), after, before]);
    there_and_back(&set);
    // Where it is there already, the model comes with its key.
    assert_eq!(planned(&of([bee.clone()]), &of([bee, dog])), ["Create model two.Dog"]);
}

#[test]
fn a_new_model_waits_for_the_one_that_it_refers_to_by_several_columns() {
    let integer = &ColumnType::Integer;
    // No relation can hold a key of two fields: the first waits until there is another.
    let older = pair("one", "Bee", integer);
    let bee = Model::new("one", "Bee").with(Field::auto_id());
    let to_bee = Field::foreign_key("bee", bee.key.clone(), OnDelete::Cascade);
    let dog = unique_pair("one", "Dog").with(to_bee);
    let other = refers(Model::new("two", "Dog").with(Field::auto_id()), &dog.key, integer);
    let error = Operation::CreateModel(other.clone()).apply(&mut of([])).unwrap_err();
    assert_eq!(error.code(), "M010");
    let (before, after) = (of([older]), of([bee, dog, other]));
    planned(&before, &after);
    there_and_back(&through(&[before, after]));
}

#[test]
fn a_field_is_renamed_after_others_have_named_it() {
    let integer = &ColumnType::Integer;
    let bee = unique_pair("one", "Bee");
    let dog = refers(Model::new("two", "Dog").with(Field::auto_id()), &bee.key, integer);
    let before = of([bee.clone(), dog.clone()]);
    let mut after = before.clone();
    let rename = |field: &str, to: &str| Operation::RenameField {
        model: bee.key.clone(),
        field: field.into(),
        to: to.into(),
        keep_column: false,
    };
    rename("a", "first").apply(&mut after).unwrap();
    let mut set = through(&[before]);
    let mut answers = Answers::new();
    answers.rename("one.Bee.a=first").unwrap();
    for migration in autodetect(&set, &after, &mut answers).unwrap() {
        set.add(migration).unwrap();
    }
    assert_eq!(set.state().unwrap(), after);
    assert_eq!(operations_after_the_first(&set), [rename("a", "first")]);
    there_and_back(&set);
}

#[test]
fn what_others_named_once_changes_after_they_let_go() {
    let pair = unique_pair("one", "Bee");
    let free = Model::new("two", "Dog").with(Field::auto_id());
    let plain = Model::new("one", "Bee").with(Field::auto_id());
    let single = plain.clone().with(Field::new("a", ColumnType::Integer).unique());
    let mut by_one = Field::foreign_key("bee", plain.key.clone(), OnDelete::Cascade);
    by_one.relation.iter_mut().for_each(|relation| relation.to_field = Some("a".into()));
    let by_two = refers(free.clone(), &pair.key, &ColumnType::Integer);
    for (bee, dog) in [(pair, by_two), (single, free.clone().with(by_one))] {
        let states = [of([bee.clone(), dog]), of([bee, free.clone()]), of([plain.clone(), free.clone()])];
        let set = through(&states);
        let last = set.iter().filter(|migration| migration.id.app == "one").last().unwrap();
        let needed: Vec<&str> = last.depends_on.iter().map(|id| id.app.as_str()).collect();
        assert_eq!(needed, ["one", "two"]);
        there_and_back(&set);
    }
}
