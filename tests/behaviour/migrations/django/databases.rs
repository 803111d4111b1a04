//! Single changes on tables with rows, on each database: the schema and the rows that Django leaves there.

use super::expr::Untranslated;
use super::state::Names;
use super::{Listed, change, oracle, settle, text, texts};
use crate::bed::{Backend, Bed, behaviour};
use crate::migrations::rows::query;
use orm::migrate::engine::{self, Migration, MigrationId, MigrationSet, Schema};
use orm::{Database, migrate::Migrator};
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// What differs, and why: a case, the databases, the reason.
const LISTED: &[(&str, &str, &str)] = &[
    ("alter_int_to_bool", "sqlite mysql", "a number that is not 0 becomes true; Django leaves it as it is"),
    (
        "uniq_deferrable",
        "sqlite mysql",
        "Django leaves a deferrable constraint out without a word; ours refuses with M044",
    ),
    ("create_model_opts", "mysql", "Django leaves a partial index out without a word; ours refuses with M040"),
    ("index_partial", "mysql", "Django leaves a partial index out without a word; ours refuses with M040"),
    ("rename_model_m2m", "mysql", BETWEEN),
    ("alter_db_table_m2m", "mysql", BETWEEN),
    ("add_m2m", "mysql", BETWEEN),
    ("add_m2m_self", "mysql", BETWEEN),
    ("add_m2m_table", "mysql", BETWEEN),
    ("remove_m2m", "mysql", BETWEEN),
    ("rename_m2m", "mysql", BETWEEN),
];

const BETWEEN: &str = "a table between has both indexes, the same on every database";

fn name(backend: Backend) -> &'static str {
    match backend {
        Backend::SqliteMemory | Backend::SqliteFile => "sqlite",
        Backend::Postgres => "postgresql",
        Backend::MariaDb => "mysql",
    }
}

/// Rows of a query; what is NULL is empty.
async fn rows(db: &Database, sql: &str) -> orm::Result<Vec<Vec<String>>> {
    let rows = query(db, sql).await?;
    Ok(rows.into_iter().map(|row| row.into_iter().map(Option::unwrap_or_default).collect()).collect())
}

/// The columns of a table, one line each, and what constrains it: keys, unique columns, references, plain indexes.
async fn table(db: &Database, backend: Backend, table: &str) -> orm::Result<BTreeSet<String>> {
    let sqls: Vec<String> = match backend {
        Backend::SqliteMemory | Backend::SqliteFile => vec![
            format!(
                "SELECT 'column', name, LOWER(type), CASE WHEN \"notnull\" THEN 'not null' ELSE 'null' END FROM pragma_table_xinfo('{table}')"
            ),
            format!(
                "SELECT 'key', GROUP_CONCAT(name, ',') FROM (SELECT name FROM pragma_table_info('{table}') WHERE pk > 0 ORDER BY pk) HAVING COUNT(*) > 0"
            ),
            format!("SELECT 'reference', \"from\", \"table\", \"to\" FROM pragma_foreign_key_list('{table}')"),
            format!(
                "SELECT CASE WHEN i.\"unique\" THEN 'unique' ELSE 'index' END, (SELECT GROUP_CONCAT(x.name, ',') FROM pragma_index_info(i.name) AS x) FROM pragma_index_list('{table}') AS i WHERE i.origin <> 'pk'"
            ),
        ],
        Backend::Postgres => vec![
            format!(
                "SELECT 'column', attname::text, format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'not null' ELSE 'null' END FROM pg_attribute WHERE attrelid = '\"{table}\"'::regclass AND attnum > 0 AND NOT attisdropped"
            ),
            format!(
                "SELECT CASE contype WHEN 'p' THEN 'key' ELSE 'reference' END, (SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(c.conkey) WITH ORDINALITY AS k(c, n) JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = k.c), COALESCE(f.relname::text, ''), COALESCE((SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(c.confkey) WITH ORDINALITY AS k(c, n) JOIN pg_attribute AS a ON a.attrelid = c.confrelid AND a.attnum = k.c), '') FROM pg_constraint AS c LEFT JOIN pg_class AS f ON f.oid = c.confrelid WHERE c.conrelid = '\"{table}\"'::regclass AND contype IN ('p', 'f')"
            ),
            format!(
                "SELECT CASE WHEN i.indisunique THEN 'unique' ELSE 'index' END, (SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(i.indkey) WITH ORDINALITY AS k(c, n) JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.c) FROM pg_index AS i WHERE i.indrelid = '\"{table}\"'::regclass AND NOT i.indisprimary"
            ),
        ],
        Backend::MariaDb => vec![
            format!(
                "SELECT 'column', column_name, column_type, CASE is_nullable WHEN 'NO' THEN 'not null' ELSE 'null' END FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = '{table}'"
            ),
            format!(
                "SELECT CASE WHEN index_name = 'PRIMARY' THEN 'key' WHEN non_unique = 0 THEN 'unique' ELSE 'index' END, GROUP_CONCAT(column_name ORDER BY seq_in_index) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = '{table}' GROUP BY index_name, non_unique"
            ),
            format!(
                "SELECT 'reference', column_name, referenced_table_name, referenced_column_name FROM information_schema.key_column_usage WHERE table_schema = DATABASE() AND table_name = '{table}' AND referenced_table_name IS NOT NULL"
            ),
        ],
    };
    let mut found = BTreeSet::new();
    for sql in sqls {
        for row in rows(db, &sql).await? {
            found.insert(row.join(" ").trim_end().to_owned());
        }
    }
    Ok(found)
}

/// The same of a table as the pack describes it.
fn described(json: &Json) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for column in json["columns"].as_array().into_iter().flatten() {
        let null = if column["null"] == true { "null" } else { "not null" };
        let ty = text(&column["type"]).to_lowercase();
        lines.insert(format!("column {} {ty} {null}", text(&column["name"])));
    }
    for (_, constraint) in json["constraints"].as_object().into_iter().flatten() {
        let columns = texts(&constraint["columns"]).join(",");
        if constraint["primary_key"] == true {
            lines.insert(format!("key {columns}"));
        } else if constraint["unique"] == true {
            lines.insert(format!("unique {columns}"));
        }
        if let [to, column] = texts(&constraint["foreign_key"])[..] {
            lines.insert(format!("reference {columns} {to} {column}"));
        }
        if constraint["index"] == true && constraint["unique"] != true && constraint["primary_key"] != true {
            lines.insert(format!("index {columns}"));
        }
    }
    lines
}

fn value(json: &Json) -> String {
    let shown = match json {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    same(shown)
}

/// Truth is a number where there is no such type, and moments that were now are now.
fn same(value: String) -> String {
    match value.as_str() {
        "true" => "1".into(),
        "false" => "0".into(),
        now if now.starts_with("2026-") => "now".into(),
        number if number.contains('.') && number.parse::<f64>().is_ok() => {
            number.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        // Midnight is the day, in whatever form.
        _ => value
            .trim_end_matches(".000000")
            .trim_end_matches("+00:00")
            .trim_end_matches("+00")
            .trim_end_matches(" 00:00:00")
            .to_owned(),
    }
}

pub(in crate::migrations) async fn drop_all(db: &Database, backend: Backend) -> orm::Result<()> {
    match backend {
        Backend::SqliteMemory | Backend::SqliteFile => {
            db.batch("PRAGMA foreign_keys = OFF").await?;
            for row in
                rows(db, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").await?
            {
                db.batch(format!("DROP TABLE \"{}\"", row[0])).await?;
            }
            db.batch("PRAGMA foreign_keys = ON").await
        }
        Backend::Postgres => db.batch("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await,
        Backend::MariaDb => {
            let tables =
                rows(db, "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()").await?;
            let tables: Vec<String> = tables.into_iter().map(|row| format!("`{}`", row[0])).collect();
            match tables.is_empty() {
                true => Ok(()),
                false => {
                    db.batch(format!(
                        "SET foreign_key_checks = 0; DROP TABLE {}; SET foreign_key_checks = 1",
                        tables.join(", ")
                    ))
                    .await
                }
            }
        }
    }
}

/// The base, what the case prepares, and its change, as two migrations.
fn migrations(pack: &Json, case: &Json) -> Result<MigrationSet, Untranslated> {
    let failed = |error: engine::Error| error.to_string();
    let mut state = Schema::default();
    let mut names = Names::of(&[]);
    let mut set = MigrationSet::default();
    let parts = [
        ("0001_base", &pack["base_models"]),
        ("0002_setup", &case["setup_operations"]),
        ("0003_change", &case["operations"]),
    ];
    let mut last: Option<MigrationId> = None;
    for (name, list) in parts {
        let mut migration = Migration::new(MigrationId::new("app", name));
        migration.depends_on.extend(last.replace(migration.id.clone()));
        for json in list.as_array().into_iter().flatten() {
            for operation in change::operations(&mut names, &state, "app", json)? {
                operation.apply(&mut state).map_err(failed)?;
                migration.operations.push(operation);
            }
        }
        set.add(migration).map_err(failed)?;
    }
    Ok(set)
}

async fn replay(bed: &Bed, pack: &Json, case: &Json) -> Result<Option<String>, String> {
    let Bed { db, backend, .. } = bed;
    let django = &case["backends"][name(*backend)];
    let set = migrations(pack, case)?;
    let failed = |error: orm::Error| format!("{error:?}");
    drop_all(db, *backend).await.map_err(failed)?;
    let first = Migrator::with_set(set.clone()).to("app", Some("0001")).map_err(failed)?;
    if let Err(error) = first.run(db).await {
        return Ok(Some(format!("before the change: {error:?}")));
    }
    for sql in texts(&pack["rows"]) {
        db.batch(sql).await.map_err(failed)?;
    }
    let setup = Migrator::with_set(set.clone()).to("app", Some("0002")).map_err(failed)?;
    setup.run(db).await.map_err(failed)?;
    if let Err(error) = Migrator::with_set(set.clone()).run(db).await {
        let refused = !django["execute_error"].is_null();
        return Ok((!refused).then(|| format!("{error:?}")));
    }
    if !django["execute_error"].is_null() {
        return Ok(Some("Django's fails, ours does not".into()));
    }
    for (name, json) in django["after"].as_object().into_iter().flatten() {
        let (ours, wanted) = (table(db, *backend, name).await.map_err(failed)?, described(json));
        let more: Vec<_> = ours.difference(&wanted).collect();
        let less: Vec<_> = wanted.difference(&ours).collect();
        if !more.is_empty() || !less.is_empty() {
            return Ok(Some(format!("{name}:\n  ours   {more:?}\n  Django {less:?}")));
        }
    }
    if let Some(wanted) = django["book_rows_after"].as_array() {
        let mut book = django["after"].as_object().into_iter().flatten().map(|(name, _)| name.as_str());
        let book = book.find(|name| *name == "app_book" || *name == "library_book").unwrap_or("app_book");
        let Some(first) = wanted.first().and_then(Json::as_object) else { return Ok(None) };
        let columns: Vec<&str> = first.keys().map(String::as_str).collect();
        let quote = if *backend == Backend::MariaDb { '`' } else { '"' };
        let text = if *backend == Backend::MariaDb { "CHAR" } else { "TEXT" };
        let quoted: Vec<String> =
            columns.iter().map(|column| format!("CAST({quote}{column}{quote} AS {text})")).collect();
        let found = rows(db, &format!("SELECT {} FROM {book} ORDER BY id", quoted.join(", "))).await.map_err(failed)?;
        let wanted: Vec<Vec<String>> =
            wanted.iter().map(|row| columns.iter().map(|column| value(&row[*column])).collect()).collect();
        let found: Vec<Vec<String>> = found.into_iter().map(|row| row.into_iter().map(same).collect()).collect();
        if found != wanted {
            return Ok(Some(format!("rows: ours {found:?}, Django's {wanted:?}")));
        }
    }
    // And back, where nothing stands in the way.
    let back = Migrator::with_set(set).to("app", Some("0002")).map_err(failed)?;
    match back.run(db).await {
        Ok(_) => {}
        Err(error) if error.message().contains("M086") || error.message().contains("M081") => return Ok(None),
        Err(error) => return Ok(Some(format!("back: {error:?}"))),
    }
    for (name, json) in django["before"].as_object().into_iter().flatten() {
        let (ours, wanted) = (table(db, *backend, name).await.map_err(failed)?, described(json));
        if ours != wanted {
            return Ok(Some(format!(
                "back: {name}:\n  ours   {:?}\n  Django {:?}",
                ours.difference(&wanted),
                wanted.difference(&ours)
            )));
        }
    }
    Ok(None)
}

behaviour! {
    async fn single_changes_leave_the_same_schema_and_rows(bed) {
        let Some(pack) = oracle("schema_sql.json") else { return Ok(()) };
        let backend = name(bed.backend);
        let (mut ran, mut wrong) = (0, Vec::new());
        for case in pack["cases"].as_array().into_iter().flatten() {
            ran += 1;
            match replay(&bed, &pack, case).await {
                Ok(None) => {}
                Ok(Some(how)) => wrong.push((text(&case["id"]).to_owned(), how)),
                Err(why) => wrong.push((text(&case["id"]).to_owned(), format!("not translated: {why}"))),
            }
        }
        let listed: Vec<(&'static str, &'static str)> = LISTED
            .iter()
            .filter(|(_, databases, _)| databases.split(' ').any(|name| name == backend))
            .map(|(id, _, why)| (*id, *why))
            .collect();
        let listed: Listed = listed.leak();
        settle(&format!("single changes on {backend}"), ran, wrong, listed);
        Ok(())
    }
}
