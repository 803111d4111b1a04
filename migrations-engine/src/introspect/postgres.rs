//! What a PostgreSQL database has: from its catalogs.

use std::collections::BTreeMap;

use super::catalog::{Check, Column, Exclusion, ForeignKey, Index, Table, Unique, deferrable, included};
use super::{parts, rows};
use crate::error::Result;
use crate::execute::Connection;
use crate::schema::OnDelete;

const RELATIONS: &str = "SELECT c.oid::text, c.relname::text, c.relkind::text, COALESCE(obj_description(c.oid, 'pg_class'), ''), c.relispartition::text
FROM pg_class AS c
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't' AND pg_table_is_visible(c.oid)
  AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
  AND NOT EXISTS (SELECT 1 FROM pg_depend AS d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e')
ORDER BY c.relname";

const COLUMNS: &str = "SELECT a.attrelid::text, a.attname::text,
  CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) ELSE format_type(a.atttypid, a.atttypmod) END,
  CASE WHEN t.typtype = 'd' THEN t.typname::text ELSE '' END,
  (a.attnotnull OR (t.typtype = 'd' AND t.typnotnull))::text, a.attidentity::text, a.attgenerated::text,
  COALESCE(pg_get_expr(d.adbin, d.adrelid), ''), COALESCE(col_description(a.attrelid, a.attnum), ''),
  COALESCE((SELECT l.collname::text FROM pg_collation AS l WHERE l.oid = a.attcollation AND a.attcollation <> t.typcollation), ''),
  COALESCE((SELECT string_agg(e.enumlabel::text, chr(31) ORDER BY e.enumsortorder) FROM pg_enum AS e WHERE e.enumtypid IN (a.atttypid, t.typelem)), '')
FROM pg_attribute AS a
JOIN pg_class AS c ON c.oid = a.attrelid
JOIN pg_type AS t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND pg_table_is_visible(c.oid)
  AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
ORDER BY a.attrelid, a.attnum";

const CONSTRAINTS: &str = "SELECT c.conrelid::text, c.conname::text, c.contype::text,
  COALESCE((SELECT string_agg(a.attname::text, chr(31) ORDER BY k.n) FROM unnest(c.conkey) WITH ORDINALITY AS k(at, n) JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = k.at), ''),
  COALESCE(f.relname::text, ''),
  COALESCE((SELECT string_agg(a.attname::text, chr(31) ORDER BY k.n) FROM unnest(c.confkey) WITH ORDINALITY AS k(at, n) JOIN pg_attribute AS a ON a.attrelid = c.confrelid AND a.attnum = k.at), ''),
  c.confdeltype::text, c.confupdtype::text,
  COALESCE(pg_get_expr(c.conbin, c.conrelid), ''), pg_get_constraintdef(c.oid), c.convalidated::text
FROM pg_constraint AS c
JOIN pg_class AS r ON r.oid = c.conrelid
LEFT JOIN pg_class AS f ON f.oid = c.confrelid
WHERE pg_table_is_visible(c.conrelid) AND r.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
ORDER BY c.conrelid, c.conname";

const INDEXES: &str = "SELECT i.indrelid::text, x.relname::text, pg_get_indexdef(i.indexrelid), i.indisvalid::text
FROM pg_index AS i
JOIN pg_class AS x ON x.oid = i.indexrelid
JOIN pg_class AS r ON r.oid = i.indrelid
WHERE pg_table_is_visible(i.indrelid) AND r.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
  AND NOT EXISTS (SELECT 1 FROM pg_constraint AS c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u', 'x'))
ORDER BY i.indrelid, x.relname";

pub(super) async fn read<C: Connection>(connection: &mut C) -> Result<Vec<Table>> {
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    for [oid, name, kind, comment, partition] in rows(connection, RELATIONS).await? {
        // A partition is a part of its table.
        if partition == "true" {
            continue;
        }
        let comment = Some(comment).filter(|comment| !comment.is_empty());
        tables.insert(oid, Table { name, view: kind == "v" || kind == "m", comment, ..Table::default() });
    }
    for [oid, name, ty, domain, not_null, identity, generated, default, comment, collation, choices] in
        rows(connection, COLUMNS).await?
    {
        let Some(table) = tables.get_mut(&oid) else { continue };
        if !domain.is_empty() {
            table
                .notes
                .push((name.clone(), format!("the domain `{domain}` is read as its type `{ty}`, without its checks")));
        }
        // A serial column is numbered by a sequence.
        let auto = !identity.is_empty() || default.starts_with("nextval(");
        let has_default = !auto && !default.is_empty();
        let is_generated = !generated.is_empty();
        table.columns.push(Column {
            name,
            ty,
            null: not_null != "true",
            auto,
            default: (has_default && !is_generated).then(|| default.clone()),
            generated: is_generated.then_some((default, true)),
            collation: Some(collation).filter(|name| !name.is_empty()),
            comment: Some(comment).filter(|comment| !comment.is_empty()),
            choices: parts(&choices),
        });
    }
    constraints(connection, &mut tables).await?;
    for [oid, name, sql, valid] in rows(connection, INDEXES).await? {
        let Some(table) = tables.get_mut(&oid) else { continue };
        if valid == "true" {
            table.indexes.push(Index { name, sql });
        } else {
            table.notes.push((name, "the index is not valid; drop it, and make it anew".to_owned()));
        }
    }
    let mut tables: Vec<Table> = tables.into_values().collect();
    tables.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(tables)
}

async fn constraints<C: Connection>(connection: &mut C, tables: &mut BTreeMap<String, Table>) -> Result<()> {
    let found = rows(connection, CONSTRAINTS).await?;
    for [oid, name, kind, columns, to_table, to_columns, rule, on_update, check, definition, valid] in found {
        let Some(table) = tables.get_mut(&oid) else { continue };
        let columns = parts(&columns);
        if valid != "true" {
            table.notes.push((name.clone(), "the rows before it were not checked (NOT VALID)".to_owned()));
        }
        match kind.as_str() {
            "p" => (table.primary_key, table.primary_key_name) = (columns, Some(name)),
            "u" => table.uniques.push(Unique {
                name: Some(name),
                columns,
                include: included(&definition),
                nulls_equal: definition.contains("NULLS NOT DISTINCT"),
                deferrable: deferrable(&definition),
            }),
            "c" => table.checks.push(Check { name: Some(name), sql: check }),
            "f" => {
                if on_update != "a" && on_update != "r" {
                    table.notes.push((name.clone(), "what its ON UPDATE says is not kept".to_owned()));
                }
                table.foreign_keys.push(ForeignKey {
                    name: Some(name),
                    columns,
                    to_table,
                    to_columns: parts(&to_columns),
                    on_delete: match rule.as_str() {
                        "c" => OnDelete::Cascade,
                        "r" => OnDelete::Restrict,
                        "n" => OnDelete::SetNull,
                        "d" => OnDelete::SetDefault,
                        _ => OnDelete::DoNothing,
                    },
                });
            }
            "x" => table.exclusions.push(Exclusion { name, sql: definition }),
            "t" => {}
            _ => table.notes.push((name, format!("a constraint of another kind is left out: {definition}"))),
        }
    }
    Ok(())
}
