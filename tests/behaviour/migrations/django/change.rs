//! Django's operations as ours.

use super::expr::Untranslated;
use super::state::{
    Names, by_field, constraint, field, index, index_together, is_proxy, model, order_field, together, unique_together,
};
use super::text;
use orm::migrate::engine::{
    Operation, Schema,
    condition::Expr,
    naming,
    schema::{Constraint, Index, Model, ModelKey},
};
use serde_json::Value as Json;

/// The operations that one of Django's stands for, on a state; none for what the database does not see.
pub(super) fn operations(
    names: &mut Names,
    state: &Schema,
    app: &str,
    json: &Json,
) -> Result<Vec<Operation>, Untranslated> {
    let named = |what: &str| -> Result<ModelKey, Untranslated> {
        let label = format!("{app}.{}", text(&json[what]));
        names.get(&label).cloned().ok_or_else(|| format!("no model `{label}`"))
    };
    let of = |key: &ModelKey| state.models.get(key).ok_or_else(|| format!("no model `{key}`"));
    let one = |operation| Ok(vec![operation]);
    match text(&json["op"]) {
        "CreateModel" if is_proxy(json) => Ok(Vec::new()),
        "CreateModel" => {
            names.add(ModelKey::new(app, text(&json["name"])));
            one(Operation::CreateModel(model(names, app, json)?))
        }
        "DeleteModel" => match named("name") {
            Ok(model) if state.models.contains_key(&model) && model.name.eq_ignore_ascii_case(text(&json["name"])) => {
                one(Operation::DeleteModel { model })
            }
            _ => Ok(Vec::new()), // a proxy
        },
        "RenameModel" => {
            let (model, to) = (named("old_name")?, text(&json["new_name"]).to_owned());
            if model.name == to {
                return Ok(Vec::new());
            }
            names.add(ModelKey::new(app, to.clone()));
            one(Operation::RenameModel { model, to, keep_table: false })
        }
        "AlterModelTable" => {
            let key = named("name")?;
            let table = json["table"].as_str().map_or_else(|| naming::table(&key), str::to_owned);
            if of(&key)?.table == table { Ok(Vec::new()) } else { one(Operation::RenameTable { model: key, table }) }
        }
        "AlterModelTableComment" => {
            let comment = json["table_comment"].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
            one(Operation::AlterComment { model: named("name")?, comment })
        }
        "AlterModelOptions" => {
            // Of the options only this one is seen by the database, and what a proxy says is not about its table.
            let managed = json["options"]["managed"] != false;
            let own = |key: &ModelKey| key.name.eq_ignore_ascii_case(text(&json["name"]));
            match named("name").ok().filter(own).filter(|key| of(key).is_ok_and(|model| model.managed != managed)) {
                Some(model) => one(Operation::AlterManaged { model, managed }),
                None => Ok(Vec::new()),
            }
        }
        "AlterModelManagers" | "AlterConstraint" => Ok(Vec::new()),
        "AlterOrderWithRespectTo" => {
            let key = named("name")?;
            let has = of(&key)?.field("_order").is_some();
            match (json["order_with_respect_to"].is_string(), has) {
                (true, false) => one(Operation::AddField { model: key, field: order_field(), fill: None }),
                (false, true) => one(Operation::RemoveField { model: key, field: "_order".into() }),
                _ => Ok(Vec::new()),
            }
        }
        "AlterUniqueTogether" => {
            let key = named("name")?;
            let model = of(&key)?;
            let wanted: Vec<Constraint> =
                together(&json["unique_together"]).iter().map(|fields| unique_together(model, fields)).collect();
            // A constraint over the same fields in another order is another.
            let same = |left: &Constraint, right: &Constraint| match (left, right) {
                (Constraint::Unique { on: left, .. }, Constraint::Unique { on: right, .. }) => left == right,
                _ => false,
            };
            let old = model.constraints.iter().filter(|constraint| constraint.name().ends_with("_uniq"));
            let gone = old.clone().filter(|old| !wanted.iter().any(|new| same(old, new)));
            let mut operations: Vec<Operation> = gone
                .map(|gone| Operation::RemoveConstraint { model: key.clone(), name: gone.name().to_owned() })
                .collect();
            let come = wanted.iter().filter(|new| !old.clone().any(|old| same(old, new)));
            operations.extend(come.map(|new| Operation::AddConstraint { model: key.clone(), constraint: new.clone() }));
            Ok(operations)
        }
        "AlterIndexTogether" => {
            let key = named("name")?;
            let model = of(&key)?;
            let wanted: Vec<Index> =
                together(&json["index_together"]).iter().map(|fields| index_together(model, fields)).collect();
            let old = model.indexes.iter().filter(|index| index.name.ends_with("_idx"));
            let same = |left: &Index, right: &Index| left.fields() == right.fields();
            let gone = old.clone().filter(|old| !wanted.iter().any(|new| same(old, new)));
            let mut operations: Vec<Operation> =
                gone.map(|gone| Operation::RemoveIndex { model: key.clone(), name: gone.name.clone() }).collect();
            let come = wanted.iter().filter(|new| !old.clone().any(|old| same(old, new)));
            operations.extend(come.map(|new| Operation::AddIndex { model: key.clone(), index: new.clone() }));
            Ok(operations)
        }
        "AddField" | "AlterField" => {
            let key = named("model_name")?;
            let owner = of(&key)?;
            let mut fill = None;
            let mut described = json["field"].clone();
            described["name"] = json["name"].clone();
            if text(&described["type"]) == "CompositePrimaryKey" {
                let name = |part: &str| {
                    owner.fields.iter().find(|field| field.column == part).map_or(part, |field| &field.name).to_owned()
                };
                let primary_key = super::texts(&described["args"]).into_iter().map(name).collect();
                return one(Operation::AlterPrimaryKey { model: key, primary_key });
            }
            let mut field = field(names, owner, &described)?;
            by_field(&owner.fields, &mut field)?;
            if json["preserve_default"] == false {
                // It was for existing rows only.
                fill = field.default.take().map(Expr::Value);
            }
            // A new field that numbers the rows is the key by itself.
            let numbers = field.auto && text(&json["op"]) == "AddField";
            let makes_key =
                described["kwargs"]["primary_key"] == true && !numbers && owner.primary_key != [field.name.as_str()];
            let changed = owner.field(&field.name) != Some(&field);
            let mut operations = Vec::new();
            if changed && text(&json["op"]) == "AddField" {
                operations.push(Operation::AddField { model: key.clone(), field: field.clone(), fill });
            } else if changed {
                operations.push(Operation::AlterField { model: key.clone(), field: field.clone(), fill });
            }
            if makes_key {
                operations.push(Operation::AlterPrimaryKey { model: key, primary_key: vec![field.name] });
            }
            Ok(operations)
        }
        "RemoveField" => {
            let (key, field) = (named("model_name")?, text(&json["name"]).to_owned());
            // What uses the field goes before it; Django lets it go afterwards.
            let owner = of(&key)?;
            let uses = |fields: std::collections::BTreeSet<&str>| fields.contains(field.as_str());
            let constraints = owner.constraints.iter().filter(|constraint| uses(constraint.fields()));
            let indexes = owner.indexes.iter().filter(|index| uses(index.fields()));
            let mut operations: Vec<Operation> = constraints
                .map(|gone| Operation::RemoveConstraint { model: key.clone(), name: gone.name().to_owned() })
                .chain(indexes.map(|gone| Operation::RemoveIndex { model: key.clone(), name: gone.name.clone() }))
                .collect();
            operations.push(Operation::RemoveField { model: key.clone(), field });
            Ok(operations)
        }
        "RenameField" => one(Operation::RenameField {
            model: named("model_name")?,
            field: text(&json["old_name"]).to_owned(),
            to: text(&json["new_name"]).to_owned(),
            keep_column: json["keep_column"] == true,
        }),
        "AddIndex" => {
            let key = named("model_name")?;
            let index = index(of(&key)?, &json["index"])?;
            one(Operation::AddIndex { model: key, index })
        }
        "RemoveIndex" => {
            one(Operation::RemoveIndex { model: named("model_name")?, name: text(&json["name"]).to_owned() })
        }
        "RenameIndex" => {
            let key = named("model_name")?;
            let name = match json["old_name"].as_str() {
                Some(name) => name.to_owned(),
                None => unnamed(of(&key)?, &super::texts(&json["old_fields"]))?,
            };
            one(Operation::RenameIndex { model: key, name, to: text(&json["new_name"]).to_owned() })
        }
        "AddConstraint" => {
            one(Operation::AddConstraint { model: named("model_name")?, constraint: constraint(&json["constraint"])? })
        }
        "RemoveConstraint" => {
            one(Operation::RemoveConstraint { model: named("model_name")?, name: text(&json["name"]).to_owned() })
        }
        other => Err(format!("the operation {other}")),
    }
}

fn unnamed(model: &Model, fields: &[&str]) -> Result<String, Untranslated> {
    let found = model.indexes.iter().find(|index| index.fields() == fields.iter().copied().collect());
    found.map(|index| index.name.clone()).ok_or_else(|| format!("no index on {fields:?}"))
}

/// An operation in a few lower-case words, to be compared; none for what `created` and `deleted` models imply.
pub(super) fn words(operation: &Operation) -> String {
    operation.describe().to_lowercase()
}
