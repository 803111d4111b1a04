//! Each of Django's operations on SQLite, forwards or backwards: the schema that it leaves, and the rows.

use super::expr::Untranslated;
use super::state::{Names, schema};
use super::{Listed, change, oracle, settle, text, texts};
use crate::migrations::rows::query;
use orm::migrate::engine::{Migration, MigrationId, MigrationSet, Operation, Schema, autodetect, diff::Refuse};
use orm::{Database, migrate::Migrator};
use serde_json::Value as Json;

/// What differs, and why.
const LISTED: Listed = &[
    ("test_add_constraint#2", STATES),
    ("test_remove_constraint#4", STATES),
    ("test_rename_index_unnamed_index_with_unique_index#2", STATES),
    ("test_composite_pk_operations#4", STATES),
    ("test_invalid_generated_field_changes_on_rename_virtual#2", "Django leaves the expression with the old name"),
    ("test_invalid_generated_field_changes_on_rename_virtual#3", "Django leaves the expression with the old name"),
    ("test_add_deferred_unique_constraint#2", DEFERRED),
    ("test_create_model_with_deferred_unique_constraint#1", DEFERRED),
    ("test_create_model_with_deferred_unique_constraint#2", DEFERRED),
    ("test_remove_deferred_unique_constraint#3", DEFERRED),
    (
        "test_remove_covering_unique_constraint#3",
        "Django leaves a covering constraint out on SQLite; ours is unique there too",
    ),
    (
        "test_alter_field_add_database_default_func#2",
        "pi() is none of the portable functions; a default of one's own is SQL of one's own",
    ),
    ("test_add_generated_field#2", "text and numbers are joined only through to_text in portable expressions"),
    ("test_alter_field_foreignobject_noop#2", "a ForeignObject has no column"),
    ("test_run_sql_params_invalid#1", "SQL written by hand has no parameters in ours"),
    (
        "test_alter_id_pk_to_uuid_pk#2",
        "Django leaves the table without a key for a moment; ours asks for the new key first",
    ),
    (
        "test_composite_pk_operations#2",
        "Django runs no SQL for a composite key of a table that exists; ours makes it the key",
    ),
    ("test_rename_model_with_self_referential_m2m#1", LONG),
    ("test_alter_field_reloads_state_on_fk_with_to_field_target_changes#5", LONG),
    ("test_alter_field_pk_fk#3", TYPES),
    ("test_alter_field_pk_fk_db_collation#4", TYPES),
    ("test_alter_field_pk_fk_db_collation#5", TYPES),
    ("test_alter_field_pk_mti_and_fk_to_base#2", TYPES),
    ("test_alter_field_pk_mti_fk#3", TYPES),
    ("test_alter_field_reloads_state_fk_with_to_field_related_name_target_type_change#2", TYPES),
    ("test_autofield__bigautofield_foreignfield_growth#4", TYPES),
    ("test_smallfield_autofield_foreignfield_growth#4", TYPES),
    ("test_smallfield_bigautofield_foreignfield_growth#2", TYPES),
];

const STATES: &str = "the two states of the case do not belong together";
const DEFERRED: &str = "Django leaves a deferrable constraint out on SQLite without a word; ours refuses with M044";
const LONG: &str = "a name has at most 63 bytes, the same on every database";
const TYPES: &str = "a reference has the type of the key it refers to; Django's on SQLite keeps another";

/// Columns, indexes and references of every table, without names that the engine chooses.
async fn structure(db: &Database) -> orm::Result<Vec<String>> {
    let tables = "FROM sqlite_master AS t, ";
    let only = "WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name <> 'orm_migrations'";
    let mut found = Vec::new();
    for sql in [
        format!(
            "SELECT 'column', t.name, c.name, LOWER(c.type), CAST(c.\"notnull\" AS TEXT), c.dflt_value, CAST(c.pk AS TEXT) {tables} pragma_table_xinfo(t.name) AS c {only}"
        ),
        format!(
            "SELECT 'reference', t.name, f.\"from\", f.\"table\", f.\"to\" {tables} pragma_foreign_key_list(t.name) AS f {only}"
        ),
        format!(
            "SELECT 'index', t.name, CAST(i.\"unique\" AS TEXT), CAST(i.partial AS TEXT), \
             (SELECT GROUP_CONCAT(COALESCE(x.name, 'expression') || x.desc) FROM pragma_index_xinfo(i.name) AS x WHERE x.key) \
             {tables} pragma_index_list(t.name) AS i {only} AND i.origin <> 'pk'"
        ),
    ] {
        let rows = query(db, &sql).await?;
        found.extend(
            rows.into_iter().map(|row| {
                row.into_iter().map(|value| value.unwrap_or_else(|| "-".into())).collect::<Vec<_>>().join(" ")
            }),
        );
    }
    found.sort();
    Ok(found)
}

fn list<'j>(json: &'j Json, pack: &'j Json, of: &str) -> &'j [Json] {
    pack[of][text(json)].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn value(json: &Json) -> String {
    match json {
        Json::Null => "-".into(),
        Json::Bool(truth) => i32::from(*truth).to_string(),
        Json::Number(number) => match number.as_f64() {
            Some(float) if float.fract() == 0.0 => format!("{float:.0}"),
            _ => number.to_string(),
        },
        Json::String(text) => text.clone(),
        other => other["$bytes"].as_str().map_or_else(|| other.to_string(), str::to_owned),
    }
}

fn literal(json: &Json) -> String {
    match json {
        Json::Null => "NULL".into(),
        Json::Bool(truth) => i32::from(*truth).to_string(),
        Json::String(text) => format!("'{}'", text.replace('\'', "''")),
        other => other["$bytes"].as_str().map_or_else(|| other.to_string(), |hex| format!("X'{hex}'")),
    }
}

async fn fill(db: &Database, tables: &Json) -> orm::Result<()> {
    db.batch("PRAGMA foreign_keys = OFF").await?;
    for (table, content) in tables.as_object().into_iter().flatten() {
        let generated = query(db, &format!("SELECT name FROM pragma_table_xinfo('{table}') WHERE hidden > 1")).await?;
        let plain = |column: &&str| !generated.iter().flatten().any(|name| name.as_deref() == Some(*column));
        let all = texts(&content["columns"]);
        let columns: Vec<String> =
            all.iter().filter(|column| plain(column)).map(|column| format!("\"{column}\"")).collect();
        for row in content["rows"].as_array().into_iter().flatten() {
            let values = all.iter().zip(row.as_array().into_iter().flatten());
            let values: Vec<String> =
                values.filter(|(column, _)| plain(column)).map(|(_, value)| literal(value)).collect();
            db.batch(format!("INSERT INTO \"{table}\" ({}) VALUES ({})", columns.join(", "), values.join(", ")))
                .await?;
        }
    }
    db.batch("PRAGMA foreign_keys = ON").await
}

async fn rows_differ(db: &Database, tables: &Json) -> orm::Result<Option<String>> {
    for (table, content) in tables.as_object().into_iter().flatten() {
        let columns: Vec<String> =
            texts(&content["columns"]).into_iter().map(|column| format!("\"{column}\"")).collect();
        let found = query(db, &format!("SELECT {} FROM \"{table}\" ORDER BY 1", columns.join(", "))).await?;
        let found: Vec<Vec<String>> =
            found.into_iter().map(|row| row.into_iter().map(|v| v.unwrap_or_else(|| "-".into())).collect()).collect();
        let mut wanted: Vec<Vec<String>> = content["rows"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|row| row.as_array().into_iter().flatten().map(value).collect())
            .collect();
        wanted.sort();
        let mut sorted = found.clone();
        sorted.sort();
        if sorted != wanted {
            return Ok(Some(format!("rows of {table}: {found:?}, Django's {wanted:?}")));
        }
    }
    Ok(None)
}

/// The state without the names of what has none of its own in Django.
fn unnamed(schema: &Schema) -> Schema {
    let mut schema = schema.clone();
    for model in schema.models.values_mut() {
        for constraint in &mut model.constraints {
            if constraint.name().ends_with("_uniq") {
                *constraint = constraint.named(&format!("{:?}", constraint.fields()));
            }
        }
        for index in &mut model.indexes {
            if index.name.ends_with("_idx") {
                index.name = format!("{:?}", index.fields());
            }
        }
    }
    schema
}

/// What a database has after the same change, ours and Django's.
async fn replay(case: &Json, pack: &Json) -> Result<Option<String>, Untranslated> {
    let app = text(&case["app_label"]);
    let forwards = case["direction"] == "forwards";
    let (from, to) = if forwards { ("before", "after") } else { ("after", "before") };
    let models = list(&case[from], pack, "states");
    let before = schema(models)?;
    let after = schema(list(&case[to], pack, "states"))?;
    let mut names = Names::of(models);
    let operations = change::operations(&mut names, &before, app, &case["operation"])?;
    let mut reached = before.clone();
    for operation in &operations {
        if let Err(error) = operation.apply(&mut reached) {
            return Ok(Some(format!("{}: {error}", operation.describe())));
        }
    }
    if unnamed(&reached) != unnamed(&after) {
        return Ok(Some(format!(
            "another state: {:?}",
            operations.iter().map(Operation::describe).collect::<Vec<_>>()
        )));
    }
    let failed = |error: orm::migrate::engine::Error| error.to_string();
    let mut set = MigrationSet::default();
    let mut leaves: Vec<MigrationId> = Vec::new();
    for migration in autodetect(&set, &before, &mut Refuse).map_err(failed)? {
        set.add(migration).map_err(failed)?;
    }
    for app in set.apps() {
        leaves.extend(set.leaves(app).into_iter().cloned());
    }
    let mut migration = Migration::new(MigrationId::new(app, "0009_change"));
    migration.depends_on = leaves;
    migration.operations = operations;
    let previous = set.leaves(app).first().map(|id| id.name.clone());
    let base = set.clone();
    set.add(migration).map_err(failed)?;

    let failed = |error: orm::Error| format!("{error:?}");
    let db = Database::connect("sqlite::memory:").await.map_err(failed)?;
    let run = async |set: &MigrationSet, target: Option<&str>| -> Result<(), String> {
        let migrator = Migrator::with_set(set.clone());
        let migrator = match target {
            Some(target) => migrator.to(app, Some(target)).map_err(failed)?,
            None => migrator,
        };
        migrator.run(&db).await.map(drop).map_err(failed)
    };
    let outcome = async {
        run(&base, None).await?;
        if forwards {
            fill(&db, &case["rows_before"]).await.map_err(failed)?;
            run(&set, None).await?;
        } else {
            run(&set, None).await?;
            fill(&db, &case["rows_before"]).await.map_err(failed)?;
            run(&set, Some(previous.as_deref().unwrap_or("zero"))).await?;
        }
        Ok::<_, String>(())
    };
    if let Err(error) = outcome.await {
        return Ok(Some(error));
    }
    if case["schema_after"].is_null() {
        return Ok(None); // another case runs the same with a schema
    }
    let django = Database::connect("sqlite::memory:").await.map_err(failed)?;
    for kind in ["table", "index"] {
        for thing in list(&case["schema_after"], pack, "schemas").iter().filter(|thing| thing["type"] == kind) {
            django.batch(text(&thing["sql"])).await.map_err(failed)?;
        }
    }
    let (ours, wanted) = (structure(&db).await.map_err(failed)?, structure(&django).await.map_err(failed)?);
    if ours != wanted {
        let more: Vec<_> = ours.iter().filter(|line| !wanted.contains(line)).collect();
        let less: Vec<_> = wanted.iter().filter(|line| !ours.contains(line)).collect();
        return Ok(Some(format!("\n  ours   {more:?}\n  Django {less:?}")));
    }
    rows_differ(&db, &case["rows_after"]).await.map_err(failed)
}

#[tokio::test]
async fn each_operation_leaves_the_same_schema_and_rows() {
    let Some(pack) = oracle("operations.json") else { return };
    let (mut ran, mut wrong) = (0, Vec::new());
    for case in pack["cases"].as_array().into_iter().flatten() {
        ran += 1;
        match replay(case, &pack).await {
            Ok(None) => {}
            Ok(Some(how)) => wrong.push((text(&case["id"]).to_owned(), how)),
            Err(why) => wrong.push((text(&case["id"]).to_owned(), format!("not translated: {why}"))),
        }
    }
    settle("operations", ran, wrong, LISTED);
}
