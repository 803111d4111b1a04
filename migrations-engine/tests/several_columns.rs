//! Foreign keys of several columns: their types change, others let go of them, and circles of them go.

use migrations_engine::schema::{ColumnType, Constraint, Field, Model, ModelKey, OnDelete, Schema};
use migrations_engine::{MigrationSet, autodetect};

use crate::sqlite::Yes;

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

fn of(models: impl IntoIterator<Item = Model>) -> Schema {
    let mut schema = Schema::default();
    models.into_iter().for_each(|model| drop(schema.insert(model)));
    schema
}

/// The migrations that lead through all of the states, each of which is reached by replaying them.
fn through(states: &[Schema]) -> MigrationSet {
    let mut set = MigrationSet::default();
    for state in states {
        for migration in autodetect(&set, state, &mut Yes).unwrap() {
            set.add(migration).unwrap();
        }
        assert_eq!(&set.state().unwrap(), state);
    }
    set
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
