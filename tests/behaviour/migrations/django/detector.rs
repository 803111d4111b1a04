//! Django's autodetector and ours, on the same two states.

use super::expr::Untranslated;
use super::state::{Names, schema};
use super::{Listed, change, oracle, settle, text};
use orm::migrate::engine::{
    self, Migration, MigrationSet, Operation, Schema, autodetect,
    condition::Expr,
    diff::{Questioner, Refuse},
    schema::{ColumnType, Field, ModelKey},
};
use serde_json::Value as Json;
use std::collections::{BTreeSet, VecDeque};

/// What differs, and why ours is as good or better.
const LISTED: Listed = &[
    ("test_default_related_name_option#2", CASE),
    ("test_rename_model_case#1", CASE),
    ("test_renamed_referenced_m2m_model_case#1", CASE),
    ("test_add_composite_pk#1", "the key names fields that the model does not have"),
    ("test_index_swap_names#1", "Django renames an index to the name it has; ours exchanges the two"),
    ("test_m2m_to_through#1", "Django finds an AlterField that it then refuses to run; ours replaces the relation"),
    ("test_rename_field_and_unique_together#1", "the name of a unique constraint follows its fields"),
    ("test_rename_in_index#1", "an index follows its field; Django drops it and makes it again"),
    (
        "test_unmanaged_change#1",
        "fields of models that are not managed are followed: keys that refer to them take their types",
    ),
];

const CASE: &str = "names of models are exact to case: the rename is written down and changes nothing in the database";

/// The answers that Django was given: renames that were confirmed; removals are meant; any value will do.
struct Given<'a>(&'a Json);

impl Given<'_> {
    fn asked(&self, question: &str, args: &[&str]) -> bool {
        self.0.as_array().into_iter().flatten().any(|asked| {
            let given = asked["args"].as_array().map(Vec::as_slice).unwrap_or_default();
            asked["question"] == question
                && asked["answer"] == true
                && args.iter().zip(given).all(|(arg, given)| text(given).eq_ignore_ascii_case(arg))
        })
    }
}

impl Questioner for Given<'_> {
    fn is_renamed_field(&mut self, model: &ModelKey, old: &Field, new: &Field) -> engine::Result<bool> {
        Ok(self.asked("ask_rename", &[&model.name, &old.name, &new.name]))
    }
    fn is_renamed_model(&mut self, old: &ModelKey, new: &ModelKey) -> engine::Result<bool> {
        Ok(self.asked("ask_rename_model", &[&old.to_string(), &new.to_string()]))
    }
    fn may_remove_field(&mut self, _: &ModelKey, _: &Field) -> engine::Result<bool> {
        Ok(true)
    }
    fn may_remove_model(&mut self, _: &ModelKey) -> engine::Result<bool> {
        Ok(true)
    }
    fn value_for_new_field(&mut self, model: &ModelKey, field: &Field) -> engine::Result<Expr> {
        let text = match field.ty {
            ColumnType::Bool => "true",
            ColumnType::DateTime => "now()",
            ColumnType::Date => "2020-01-01",
            ColumnType::Time => "12:30:00",
            ColumnType::Uuid => "new_uuid()",
            ColumnType::Json => "{}",
            ColumnType::Custom { .. } => return Refuse.value_for_new_field(model, field),
            _ => "1",
        };
        engine::diff::answer(text, &field.ty)
    }
    fn value_for_null(&mut self, model: &ModelKey, field: &Field) -> engine::Result<Option<Expr>> {
        self.value_for_new_field(model, field).map(Some)
    }
}

fn models(json: &Json) -> &[Json] {
    json["models"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// What operations amount to: models made and deleted stand for what is made and removed with them.
fn amount(operations: &[Operation]) -> Vec<String> {
    let of = |wanted: fn(&Operation) -> bool| -> BTreeSet<&ModelKey> {
        operations.iter().filter(|operation| wanted(operation)).filter_map(Operation::model).collect()
    };
    let created = of(|operation| matches!(operation, Operation::CreateModel(_)));
    let deleted = of(|operation| matches!(operation, Operation::DeleteModel { .. }));
    let implied = |operation: &Operation| {
        let Some(model) = operation.model() else { return false };
        match operation {
            Operation::CreateModel(_) | Operation::DeleteModel { .. } => false,
            _ => created.contains(model) || deleted.contains(model),
        }
    };
    let mut words: Vec<String> = operations.iter().filter(|operation| !implied(operation)).map(change::words).collect();
    words.sort();
    words
}

/// Django's operations in an order in which they apply; they lead to the state `after`, or the translation is wrong.
fn expected(case: &Json, before: &Schema) -> Result<(Vec<Operation>, Schema), Untranslated> {
    let mut names = Names::of(models(&case["before"]));
    let later = Names::of(models(&case["after"]));
    let mut state = before.clone();
    let mut operations = Vec::new();
    let mut queue: VecDeque<(&str, &Json)> = VecDeque::new();
    for (app, migrations) in case["expected"].as_object().into_iter().flatten() {
        queue.extend(migrations.as_array().into_iter().flatten().map(|migration| (app.as_str(), migration)));
    }
    let mut tries = queue.len() * queue.len() + 1;
    while let Some((app, migration)) = queue.pop_front() {
        let attempt = || -> Result<(Vec<Operation>, Schema, Names), Untranslated> {
            let (mut state, mut names, mut made) = (state.clone(), names.clone(), Vec::new());
            let mut columns: BTreeSet<(&str, &str)> = BTreeSet::new();
            for json in migration["operations"].as_array().into_iter().flatten() {
                // A column that was named keeps its name when the field is renamed.
                let mut json = json.clone();
                if !json["field"]["kwargs"]["db_column"].is_null() {
                    let given = &migration["operations"].as_array().into_iter().flatten().find(|other| **other == json);
                    columns.extend(given.map(|given| (text(&given["model_name"]), text(&given["name"]))));
                }
                if columns.contains(&(text(&json["model_name"]), text(&json["old_name"]))) {
                    json["keep_column"] = Json::Bool(true);
                }
                let json = &json;
                let label = format!("{app}.{}", text(&json["name"]));
                if let Some(key) = later.get(&label).filter(|_| super::state::is_proxy(json)) {
                    names.alias(&label, key.clone());
                }
                for operation in change::operations(&mut names, &state, app, json)? {
                    operation
                        .apply(&mut state)
                        .map_err(|error| format!("Django's {}: {error}", operation.describe()))?;
                    made.push(operation);
                }
            }
            Ok((made, state, names))
        };
        match attempt() {
            Ok((made, now, known)) => {
                operations.extend(made);
                (state, names) = (now, known);
            }
            Err(_) if tries > 0 && !queue.is_empty() => queue.push_back((app, migration)),
            Err(error) => return Err(error),
        }
        tries = tries.saturating_sub(1);
    }
    Ok((operations, state))
}

/// A set of migrations whose state is `before`: one for each application, and whatever circles need.
fn begun(before: &Schema) -> Result<MigrationSet, Untranslated> {
    let mut set = MigrationSet::default();
    for migration in autodetect(&set, before, &mut Given(&Json::Null)).map_err(|error| error.to_string())? {
        set.add(migration).map_err(|error| error.to_string())?;
    }
    Ok(set)
}

enum Outcome {
    Same,
    Differs(String),
}

fn replay(case: &Json) -> Result<Outcome, Untranslated> {
    let (before, after) = (schema(models(&case["before"]))?, schema(models(&case["after"]))?);
    let fail = |error: engine::Error| error.to_string();
    let mut set = begun(&before)?;
    if set.state().map_err(fail)? != before {
        return Ok(Outcome::Differs("the migrations to the first state do not lead there".into()));
    }
    let new: Vec<Migration> = match autodetect(&set, &after, &mut Given(&case["questions_asked"])) {
        Ok(new) => new,
        Err(error) => return Ok(Outcome::Differs(format!("ours refuses: {error}"))),
    };
    let mut ours = Vec::new();
    for migration in &new {
        ours.extend(migration.operations.iter().cloned());
        set.add(migration.clone()).map_err(fail)?;
    }
    set.check_leaves().map_err(fail)?;
    if set.state().map_err(fail)? != after {
        return Ok(Outcome::Differs("ours do not lead to the second state".into()));
    }
    let (django, reached) = expected(case, &before)?;
    if reached != after {
        return Ok(Outcome::Differs(format!(
            "Django's, as translated, do not lead to the second state\n  ours   {:?}\n  Django {:?}",
            amount(&ours),
            amount(&django)
        )));
    }
    let (ours, django) = (amount(&ours), amount(&django));
    if ours != django {
        return Ok(Outcome::Differs(format!("\n  ours   {ours:?}\n  Django {django:?}")));
    }
    let theirs: usize =
        case["expected"].as_object().into_iter().flatten().filter_map(|(_, list)| list.as_array()).map(Vec::len).sum();
    if new.len() > theirs {
        return Ok(Outcome::Differs(format!("ours are {} migrations, Django's {theirs}", new.len())));
    }
    Ok(Outcome::Same)
}

#[test]
fn the_same_changes_are_found() {
    let Some(pack) = oracle("autodetector.json") else { return };
    let (mut ran, mut wrong) = (0, Vec::new());
    for case in pack["cases"].as_array().into_iter().flatten().filter(|case| case["portable"] == true) {
        let id = text(&case["id"]).to_owned();
        ran += 1;
        match replay(case) {
            Ok(Outcome::Same) => {}
            Ok(Outcome::Differs(how)) => wrong.push((id, how)),
            Err(why) => wrong.push((id, format!("not translated: {why}"))),
        }
    }
    settle("autodetector", ran, wrong, LISTED);
}
