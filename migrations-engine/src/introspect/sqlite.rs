//! What a SQLite database has: from its pragmas, and from the text of its tables.

use super::catalog::{Column, ForeignKey, Index, Table, Unique, on_delete};
use super::create::{self, Created};
use super::rows;
use crate::error::Result;
use crate::execute::Connection;
use crate::sql::Dialect;

/// Without the tables in which a virtual one keeps what is its own.
const TABLES: &str = "SELECT name, type, sql FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT IN (SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow') ORDER BY name";

pub(super) async fn read<C: Connection>(connection: &mut C) -> Result<Vec<Table>> {
    let mut tables = Vec::new();
    for [name, kind, sql] in rows(connection, TABLES).await? {
        let mut table = Table { name, view: kind == "view", ..Table::default() };
        if sql.to_ascii_lowercase().starts_with("create virtual") {
            table.notes.push((String::new(), "a virtual table: left out".to_owned()));
            tables.push(table);
            continue;
        }
        columns(connection, &mut table, &sql).await?;
        if !table.view {
            keys(connection, &mut table, &sql).await?;
        }
        tables.push(table);
    }
    Ok(tables)
}

async fn columns<C: Connection>(connection: &mut C, table: &mut Table, sql: &str) -> Result<()> {
    let from = format!(
        "SELECT name, type, \"notnull\", COALESCE(dflt_value, ''), dflt_value IS NOT NULL, pk, hidden FROM pragma_table_xinfo({})",
        super::text(Dialect::Sqlite, &table.name)?
    );
    let found = match rows(connection, &from).await {
        Ok(found) => found,
        Err(error) if table.view => {
            table.notes.push((String::new(), format!("the view does not work: {error}")));
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let created = if table.view { Created::default() } else { create::read(sql) };
    let same = |name: &str, column: &str| name.eq_ignore_ascii_case(column);
    let mut key = Vec::new();
    for [name, ty, not_null, default, has_default, pk, hidden] in found {
        let written = created.generated.iter().find(|(column, _)| same(column, &name));
        let place: usize = pk.parse().unwrap_or(0);
        if place > 0 {
            key.push((place, name.clone()));
        }
        let ty = ty.to_ascii_lowercase().replace("generated always", "").trim().to_owned();
        table.columns.push(Column {
            null: not_null != "1" && place == 0,
            default: (has_default == "1").then_some(default),
            generated: written.filter(|_| hidden == "2" || hidden == "3").map(|(_, sql)| (sql.clone(), hidden == "3")),
            collation: created
                .collations
                .iter()
                .find(|(column, name_of)| same(column, &name) && !name_of.eq_ignore_ascii_case("binary"))
                .map(|(_, collation)| collation.clone()),
            name,
            ty,
            ..Column::default()
        });
    }
    key.sort();
    table.primary_key = key.into_iter().map(|(_, name)| name).collect();
    // A key of one INTEGER column numbers the rows.
    if let [only] = table.primary_key.as_slice()
        && !created.without_rowid
    {
        for column in table.columns.iter_mut().filter(|column| column.name == *only) {
            column.auto = column.ty == "integer";
        }
    }
    table.checks = created.checks;
    Ok(())
}

async fn keys<C: Connection>(connection: &mut C, table: &mut Table, sql: &str) -> Result<()> {
    let created = create::read(sql);
    let name = super::text(Dialect::Sqlite, &table.name)?;
    let named = |columns: &[String]| {
        let same = |known: &&(Vec<String>, String)| {
            known.0.len() == columns.len() && known.0.iter().zip(columns).all(|(a, b)| a.eq_ignore_ascii_case(b))
        };
        created.named.iter().find(same).map(|(_, name)| name.clone())
    };
    let indexes = format!(
        "SELECT i.name, i.origin, COALESCE((SELECT sql FROM sqlite_master WHERE type = 'index' AND name = i.name), '') FROM pragma_index_list({name}) AS i ORDER BY i.name"
    );
    for [index, origin, sql] in rows(connection, &indexes).await? {
        match origin.as_str() {
            "c" => table.indexes.push(Index { name: index, sql }),
            "u" => {
                let of = format!(
                    "SELECT name FROM pragma_index_info({}) ORDER BY seqno",
                    super::text(Dialect::Sqlite, &index)?
                );
                let columns: Vec<String> = rows(connection, &of).await?.into_iter().map(|[column]| column).collect();
                table.uniques.push(Unique { name: named(&columns), columns, ..Unique::default() });
            }
            _ => {}
        }
    }
    let references = format!(
        "SELECT id, \"table\", \"from\", COALESCE(\"to\", ''), on_delete, on_update FROM pragma_foreign_key_list({name}) ORDER BY id, seq"
    );
    let mut last = String::new();
    for [id, to_table, from, to, rule, on_update] in rows(connection, &references).await? {
        if id != last || table.foreign_keys.is_empty() {
            last = id;
            let rule = on_delete(&rule);
            table.foreign_keys.push(ForeignKey {
                name: None,
                columns: Vec::new(),
                to_table,
                to_columns: Vec::new(),
                on_delete: rule,
            });
            if on_update != "NO ACTION" && on_update != "RESTRICT" {
                table.notes.push((from.clone(), format!("ON UPDATE {on_update} is not kept")));
            }
        }
        if let Some(key) = table.foreign_keys.last_mut() {
            key.columns.push(from);
            key.to_columns.extend(Some(to).filter(|to| !to.is_empty()));
        }
    }
    for key in &mut table.foreign_keys {
        key.name = named(&key.columns);
    }
    Ok(())
}
