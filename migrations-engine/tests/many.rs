//! A project of many models with a long history: for the engine's tests, and for benchmarks of whole runs.

use crate::engine::diff::Refuse;
use crate::engine::schema::{ColumnType, Field, Index, Model, ModelKey, OnDelete, Schema};
use crate::engine::{Migration, MigrationId, MigrationSet, Operation, autodetect};

/// Models of each application.
pub(crate) const MODELS: usize = 50;
/// Migrations of each application.
pub(crate) const MIGRATIONS: usize = 25;

pub(crate) fn key(app: usize, model: usize) -> ModelKey {
    ModelKey::new(format!("app{app}"), format!("Model{model}"))
}

/// Applications of fifty models of ten fields, each with a reference to the one before, some across applications.
fn models(apps: usize) -> Schema {
    let mut schema = Schema::default();
    for (app, number) in (0..apps).flat_map(|app| (0..MODELS).map(move |number| (app, number))) {
        let mut model = Model::new(format!("app{app}"), format!("Model{number}")).with(Field::auto_id());
        for field in 0..4 {
            let text = ColumnType::Char { max_length: 50 };
            model.fields.push(Field::new(format!("text{field}"), text).default_value(""));
            model.fields.push(Field::new(format!("number{field}"), ColumnType::Integer).nullable());
        }
        let target = match (app, number) {
            (0, 0) => None,
            (app, 0) => Some(key(app - 1, MODELS - 1)),
            (app, number) => Some(key(app, number - 1)),
        };
        if let Some(target) = target {
            model.fields.push(Field::foreign_key("previous", target, OnDelete::Restrict).nullable());
        }
        model.indexes.push(Index::new(format!("i_{app}_{number}"), &["text0", "number0"]));
        schema.insert(model);
    }
    schema
}

/// Twenty-five migrations for each: the first, and then a field for two models each, and `more` by number, for the same two.
pub(crate) fn history(apps: usize, more: impl Fn(usize, [ModelKey; 2]) -> Vec<Operation>) -> MigrationSet {
    let mut set = MigrationSet::default();
    for migration in autodetect(&set, &models(apps), &mut Refuse).unwrap() {
        set.add(migration).unwrap();
    }
    for (app, number) in (0..apps).flat_map(|app| (2..=MIGRATIONS).map(move |number| (app, number))) {
        let mut migration = Migration::new(MigrationId::new(format!("app{app}"), format!("{number:04}_more")));
        migration.depends_on = set.leaves(&format!("app{app}")).into_iter().cloned().collect();
        let both = [key(app, number), key(app, number + 20)];
        for model in both.clone() {
            let field = Field::new(format!("more{number}"), ColumnType::Integer).nullable();
            migration.operations.push(Operation::AddField { model, field, fill: None });
        }
        migration.operations.extend(more(number, both));
        set.add(migration).unwrap();
    }
    set
}
