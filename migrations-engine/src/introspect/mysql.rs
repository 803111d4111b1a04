//! What a MariaDB or MySQL database has: from its information schema.

use std::collections::BTreeMap;

use super::catalog::{Check, Column, ForeignKey, Index, Table, Unique, on_delete};
use super::token::{Token, tokens};
use super::{parts, rows};
use crate::error::Result;
use crate::execute::Connection;
use crate::sql::Dialect;

const TABLES: &str = "SELECT table_name, table_type, COALESCE(table_comment, '') FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type IN ('BASE TABLE', 'VIEW', 'SYSTEM VERSIONED') ORDER BY table_name";

const COLUMNS: &str = "SELECT table_name, column_name, column_type, is_nullable, COALESCE(column_default, ''), column_default IS NOT NULL, extra, COALESCE(generation_expression, ''), COALESCE(collation_name, ''), column_comment FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position";

const INDEXES: &str = "SELECT table_name, index_name, non_unique, index_type, GROUP_CONCAT(CONCAT(COALESCE(column_name, ''), IF(collation = 'D', CHAR(30 USING utf8mb4), '')) ORDER BY seq_in_index SEPARATOR '\x1f'), COUNT(sub_part) FROM information_schema.statistics WHERE table_schema = DATABASE() GROUP BY table_name, index_name, non_unique, index_type ORDER BY table_name, index_name";

const REFERENCES: &str = "SELECT k.table_name, k.constraint_name, GROUP_CONCAT(k.column_name ORDER BY k.ordinal_position SEPARATOR '\x1f'), k.referenced_table_name, GROUP_CONCAT(k.referenced_column_name ORDER BY k.ordinal_position SEPARATOR '\x1f'), r.delete_rule, r.update_rule FROM information_schema.key_column_usage AS k JOIN information_schema.referential_constraints AS r ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name AND r.table_name = k.table_name WHERE k.table_schema = DATABASE() AND k.referenced_table_name IS NOT NULL GROUP BY k.table_name, k.constraint_name, k.referenced_table_name, r.delete_rule, r.update_rule ORDER BY k.table_name, k.constraint_name";

const CHECKS: &str = "SELECT table_name, constraint_name, check_clause, level FROM information_schema.check_constraints WHERE constraint_schema = DATABASE() ORDER BY table_name, constraint_name";

/// MySQL tells the table elsewhere, and every check has a name.
const MYSQL_CHECKS: &str = "SELECT t.table_name, c.constraint_name, c.check_clause, 'Table' FROM information_schema.check_constraints AS c JOIN information_schema.table_constraints AS t ON t.constraint_schema = c.constraint_schema AND t.constraint_name = c.constraint_name WHERE c.constraint_schema = DATABASE() AND t.constraint_type = 'CHECK' ORDER BY t.table_name, c.constraint_name";

pub(super) async fn read<C: Connection>(connection: &mut C) -> Result<Vec<Table>> {
    let dialect = connection.dialect();
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    for [name, kind, comment] in rows(connection, TABLES).await? {
        let view = kind == "VIEW";
        let comment = Some(comment).filter(|comment| !comment.is_empty() && !view);
        tables.insert(name.clone(), Table { name, view, comment, ..Table::default() });
    }
    for [table, name, ty, nullable, default, has_default, extra, generated, collation, comment] in
        rows(connection, COLUMNS).await?
    {
        let Some(table) = tables.get_mut(&table) else { continue };
        let extra = extra.to_ascii_lowercase();
        if let Some((_, rule)) = extra.split_once("on update ") {
            table.notes.push((name.clone(), format!("ON UPDATE {rule} is not kept")));
        }
        let is_generated = extra.contains("generated") && !extra.contains("default_generated");
        let default = match dialect {
            // MySQL writes constants without quotes.
            Dialect::MySql if !extra.contains("default_generated") => format!("'{}'", default.replace('\'', "''")),
            _ => default,
        };
        let usual = dialect.capabilities().text_collation;
        table.columns.push(Column {
            choices: choices(dialect, &ty),
            name,
            ty,
            null: nullable == "YES",
            auto: extra.contains("auto_increment"),
            default: (has_default == "1" && !is_generated && !default.eq_ignore_ascii_case("null")).then_some(default),
            generated: is_generated.then(|| (generated, extra.contains("stored"))),
            collation: Some(collation).filter(|name| !name.is_empty() && Some(name.as_str()) != usual),
            comment: Some(comment).filter(|comment| !comment.is_empty()),
        });
    }
    let checks = if dialect == Dialect::MySql { MYSQL_CHECKS } else { CHECKS };
    for [table, name, sql, level] in rows(connection, checks).await? {
        let Some(table) = tables.get_mut(&table) else { continue };
        table.checks.push(Check { name: Some(name).filter(|_| level != "Column"), sql });
    }
    for [table, name, columns, to_table, to_columns, rule, on_update] in rows(connection, REFERENCES).await? {
        let Some(table) = tables.get_mut(&table) else { continue };
        if !matches!(on_update.as_str(), "RESTRICT" | "NO ACTION") {
            table.notes.push((name.clone(), format!("ON UPDATE {on_update} is not kept")));
        }
        table.foreign_keys.push(ForeignKey {
            name: Some(name),
            columns: parts(&columns),
            to_table,
            to_columns: parts(&to_columns),
            on_delete: on_delete(&rule),
        });
    }
    indexes(connection, dialect, &mut tables).await?;
    Ok(tables.into_values().collect())
}

async fn indexes<C: Connection>(
    connection: &mut C,
    dialect: Dialect,
    tables: &mut BTreeMap<String, Table>,
) -> Result<()> {
    for [table, name, non_unique, kind, columns, prefixes] in rows(connection, INDEXES).await? {
        let Some(table) = tables.get_mut(&table) else { continue };
        let columns = parts(&columns);
        if columns.iter().any(String::is_empty) || !matches!(kind.as_str(), "BTREE" | "HASH") {
            table.notes.push((name, format!("an index of the kind {kind}, or on an expression, is left out")));
            continue;
        }
        if prefixes != "0" {
            table.notes.push((name.clone(), "only the beginning of a column is indexed, which is not kept".to_owned()));
        }
        let unique = non_unique == "0";
        let plain = columns.iter().all(|column| !column.ends_with('\x1e'));
        if name == "PRIMARY" {
            table.primary_key = columns;
        } else if unique && plain {
            table.uniques.push(Unique { name: Some(name), columns, ..Unique::default() });
        } else {
            let on: Vec<String> = columns
                .iter()
                .map(|column| match column.strip_suffix('\x1e') {
                    Some(column) => format!("{} DESC", dialect.quote(column)),
                    None => dialect.quote(column),
                })
                .collect();
            let word = if unique { "UNIQUE INDEX" } else { "INDEX" };
            let (quoted, of) = (dialect.quote(&name), dialect.quote(&table.name));
            table.indexes.push(Index { sql: format!("CREATE {word} {quoted} ON {of} ({})", on.join(", ")), name });
        }
    }
    Ok(())
}

/// The values of `enum('a','b')`.
fn choices(dialect: Dialect, ty: &str) -> Vec<String> {
    if !ty.starts_with("enum(") {
        return Vec::new();
    }
    let texts = tokens(dialect, ty).into_iter().filter_map(|spot| match spot.token {
        Token::Text(text) => Some(text),
        _ => None,
    });
    texts.collect()
}
