//! Foreign keys of several columns: their types change, others let go of them, and circles of them go.

use migrations_engine::schema::{ColumnType, Constraint, Field, Model, ModelKey, OnDelete};
use migrations_engine::{Dialect, MigrationSet, Operation, plan};

use crate::samples::{of, through};

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
