//! Django's optimizer and ours, on the same operations.

use super::expr::Untranslated;
use super::state::Names;
use super::{Listed, change, oracle, settle, text, texts};
use orm::migrate::engine::{
    Operation, Schema,
    condition::Expr,
    diff::reduce,
    schema::{ColumnType, Constraint, Field, Index, Model},
};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// What differs, and why.
const LISTED: Listed = &[
    ("test_create_alter_index_delete_model#1", "indexes fields that the model does not have"),
    ("test_create_alter_index_field#5", RENAMED),
    ("test_create_alter_index_field#7", RENAMED),
    ("test_optimize_through_create#5", "deletes a model that another still refers to"),
];

const RENAMED: &str = "an index without a name of its own keeps the one it was made with when its field is renamed";

/// The fields that an index or constraint speaks of.
fn fields_of(json: &Json) -> Vec<&str> {
    let mut fields = texts(&json["kwargs"]["fields"]);
    for arg in json["args"].as_array().into_iter().flatten() {
        match arg {
            Json::String(name) => fields.push(name),
            Json::Array(lookup) => fields.extend(lookup.first().map(text).and_then(|name| name.split("__").next())),
            arg => fields.extend(fields_of(arg)),
        }
    }
    for (_, inner) in json["kwargs"].as_object().into_iter().flatten() {
        fields.extend(fields_of(inner));
    }
    fields
}

/// The names that operations mention before they make them: models, each with its fields.
fn mentioned(app: &str, list: &[Json]) -> Schema {
    let mut made: BTreeSet<String> = BTreeSet::new();
    let mut missing: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut indexes: Vec<(String, String)> = Vec::new();
    let mut unnamed: Vec<(String, Vec<&str>)> = Vec::new();
    let mut checks: Vec<(String, String)> = Vec::new();
    for json in list {
        let name =
            ["model_name", "name", "old_name"].into_iter().find_map(|key| json[key].as_str()).unwrap_or_default();
        let label = name.to_lowercase();
        let fields = json["fields"].as_array().map(Vec::as_slice).unwrap_or_default();
        for field in fields.iter().chain([&json["field"]]) {
            for key in ["to", "through"] {
                let target = field["kwargs"][key].as_str().and_then(|to| to.rsplit('.').next()).map(str::to_lowercase);
                if let Some(target) = target.filter(|target| !made.contains(target) && *target != label) {
                    missing.entry(target).or_default();
                }
            }
        }
        match text(&json["op"]) {
            "CreateModel" => {
                made.insert(label.clone());
                made.extend(fields.iter().map(|field| format!("{label}.{}", text(&field["name"]))));
                continue;
            }
            "RenameModel" => {
                made.insert(text(&json["new_name"]).to_lowercase());
            }
            _ => {}
        }
        if made.contains(&label) {
            continue;
        }
        let known = missing.entry(label.clone()).or_default();
        let mut uses: Vec<&str> = match text(&json["op"]) {
            "AddField" => {
                made.insert(format!("{label}.{}", text(&json["name"])));
                Vec::new()
            }
            "RenameField" => {
                made.insert(format!("{label}.{}", text(&json["new_name"])));
                vec![text(&json["old_name"])]
            }
            "AlterField" | "RemoveField" => vec![text(&json["name"])],
            "AddConstraint" => {
                made.insert(text(&json["constraint"]["kwargs"]["name"]).to_owned());
                Vec::new()
            }
            "RemoveConstraint" if !made.contains(text(&json["name"])) => {
                checks.push((label.clone(), text(&json["name"]).to_owned()));
                Vec::new()
            }
            "AddIndex" => {
                made.insert(text(&json["index"]["kwargs"]["name"]).to_owned());
                Vec::new()
            }
            "RenameIndex" if !json["old_fields"].is_null() => {
                unnamed.push((label.clone(), texts(&json["old_fields"])));
                made.insert(text(&json["new_name"]).to_owned());
                texts(&json["old_fields"])
            }
            "RenameIndex" if !made.contains(text(&json["old_name"])) => {
                indexes.push((label.clone(), text(&json["old_name"]).to_owned()));
                made.insert(text(&json["new_name"]).to_owned());
                Vec::new()
            }
            "RenameIndex" => {
                made.insert(text(&json["new_name"]).to_owned());
                Vec::new()
            }
            _ => Vec::new(),
        };
        uses.extend(fields_of(&json["index"]).into_iter().chain(fields_of(&json["constraint"])));
        for together in ["unique_together", "index_together"] {
            uses.extend(json[together].as_array().into_iter().flatten().flat_map(texts));
        }
        let unknown = uses.into_iter().filter(|field| !made.contains(&format!("{label}.{field}")));
        known.extend(unknown.map(str::to_owned));
    }
    let mut schema = Schema::default();
    for (name, fields) in missing {
        let mut model = Model::new(app, &*name).with(Field::auto_id());
        for (_, check) in checks.iter().filter(|(of, _)| *of == name) {
            model.constraints.push(Constraint::check(check, Expr::field("id").gt(0)));
        }
        for (_, index) in indexes.iter().filter(|(of, _)| *of == name) {
            model.indexes.push(Index::new(index, &["id"]));
        }
        for (_, fields) in unnamed.iter().filter(|(of, _)| *of == name) {
            model.indexes.push(Index::new("unnamed", fields));
        }
        schema.insert(
            fields
                .iter()
                .fold(model, |model, field| model.with(Field::new(field.as_str(), ColumnType::Integer).nullable())),
        );
    }
    schema
}

/// The operations as ours, each on the state after those before it.
fn translate(app: &str, before: &Schema, list: &Json) -> Result<(Vec<Operation>, Schema), Untranslated> {
    let mut state = before.clone();
    let mut names = Names::default();
    before.models.keys().for_each(|key| names.add(key.clone()));
    let mut operations = Vec::new();
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    for json in list {
        for operation in change::operations(&mut names, &state, app, json)? {
            operation.apply(&mut state).map_err(|error| error.to_string())?;
            operations.push(operation);
        }
    }
    Ok((operations, state))
}

fn replay(case: &Json) -> Result<Option<String>, Untranslated> {
    let app = text(&case["app_label"]);
    let before = mentioned(app, case["in"].as_array().map(Vec::as_slice).unwrap_or_default());
    let (given, goal) = translate(app, &before, &case["in"])?;
    let (django, same_goal) = translate(app, &before, &case["out"])?;
    if goal != same_goal {
        return Err("Django's two lists lead to different states".into());
    }
    let ours = reduce(given);
    let mut state = before;
    for operation in &ours {
        if let Err(error) = operation.apply(&mut state) {
            return Ok(Some(format!("ours do not apply: {error}")));
        }
    }
    if state != goal {
        return Ok(Some("ours lead elsewhere".into()));
    }
    let shown = |operations: &[Operation]| operations.iter().map(change::words).collect::<Vec<_>>();
    Ok((ours.len() > django.len()).then(|| format!("\n  ours   {:?}\n  Django {:?}", shown(&ours), shown(&django))))
}

#[test]
fn operations_are_reduced_as_far() {
    let Some(pack) = oracle("optimizer.json") else { return };
    let (mut ran, mut wrong) = (0, Vec::new());
    for case in pack["cases"].as_array().into_iter().flatten() {
        ran += 1;
        match replay(case) {
            Ok(None) => {}
            Ok(Some(how)) => wrong.push((text(&case["id"]).to_owned(), how)),
            Err(why) => wrong.push((text(&case["id"]).to_owned(), format!("not translated: {why}"))),
        }
    }
    settle("optimizer", ran, wrong, LISTED);
}
