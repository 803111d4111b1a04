//! A state of models as a database would tell it.

use super::Live;
use super::catalog::{Check, Column, Exclusion, ForeignKey, Index, Table, Unique, deferrable, included};
use super::interpret::interpret;
use crate::error::Result;
use crate::plan::Renames;
use crate::plan::table::{self, lower};
use crate::plan::{create_index, through_model};
use crate::schema::{Model, OnDelete, Schema};
use crate::sql::{AlterStyle, CommentStyle, Dialect};

/// What [`introspect`](super::introspect) finds in a database of this kind that has been brought to `schema` by migrations. Models
/// that are not managed are left out.
///
/// # Errors
/// When the database cannot do what the schema asks for, as a plan would say.
///
/// ```
/// use migrations_engine::introspect::{Live, as_stored};
/// use migrations_engine::schema::{ColumnType, Field, Model};
/// use migrations_engine::{Dialect, Schema};
///
/// let mut schema = Schema::default();
/// schema.insert(Model::new("shop", "Item").with(Field::auto_id()).with(Field::new("takes", ColumnType::Duration)));
/// let stored = as_stored(Dialect::Sqlite, &schema)?;
/// let item = &stored.schema.models[&Live::key("shop_item")];
/// // SQLite has no type for a span of time: it is stored as microseconds.
/// assert_eq!(item.field("takes").unwrap().ty, ColumnType::BigInt);
/// # Ok::<(), migrations_engine::Error>(())
/// ```
pub fn as_stored(dialect: Dialect, schema: &Schema) -> Result<Live> {
    let mut tables = Vec::new();
    for model in schema.models.values().filter(|model| model.managed) {
        tables.push(stored(dialect, schema, model)?);
        for through in model.fields.iter().filter_map(|field| through_model(model, field)) {
            tables.push(stored(dialect, schema, &through)?);
        }
    }
    Ok(interpret(dialect, tables))
}

fn stored(dialect: Dialect, schema: &Schema, model: &Model) -> Result<Table> {
    let can = dialect.capabilities();
    let made = lower(dialect, schema, model, &Renames::default())?;
    let modify = can.alter == AlterStyle::Modify;
    let mut table = Table {
        comment: made.comment.clone().filter(|_| can.comments != CommentStyle::None),
        primary_key: made.primary_key.clone(),
        ..Table::default()
    };
    for column in &made.columns {
        table.checks.extend(column.check.clone().map(|sql| Check { name: None, sql }));
        if column.unique {
            table.uniques.push(Unique { columns: vec![column.name.clone()], ..Unique::default() });
        }
        table.foreign_keys.extend(column.references.as_ref().map(|key| foreign_key(None, key, modify)));
        let in_place = can.alter == AlterStyle::Rebuild && made.primary_key == [column.name.clone()];
        table.columns.push(Column {
            name: column.name.clone(),
            ty: column.sql_type.clone(),
            // MariaDB takes no NOT NULL on a generated column.
            null: column.null || (column.generated.is_some() && modify),
            auto: column.auto || (in_place && column.sql_type == "integer"),
            default: column.default.clone(),
            generated: column.generated.as_ref().map(|computed| (computed.sql.clone(), computed.stored)),
            collation: column.collation.clone().filter(|name| Some(name.as_str()) != can.text_collation),
            comment: column.comment.clone(),
            choices: Vec::new(),
        });
    }
    for (name, unique) in &made.uniques {
        table.uniques.push(Unique {
            name: Some(name.clone()),
            columns: unique.columns.clone(),
            include: included(&unique.suffix),
            nulls_equal: unique.nulls_equal,
            deferrable: deferrable(&unique.suffix),
        });
    }
    for (name, index) in &made.indexes {
        table.indexes.push(Index { name: name.clone(), sql: create_index(dialect, &made.name, name, index) });
    }
    for (name, check) in &made.checks {
        table.checks.push(Check { name: Some(name.clone()), sql: check.sql.clone() });
    }
    table.foreign_keys.extend(made.foreign_keys.iter().map(|(name, key)| foreign_key(Some(name), key, modify)));
    let exclusions = made.exclusions.iter();
    table.exclusions.extend(exclusions.map(|(name, made)| Exclusion { name: name.clone(), sql: made.sql.clone() }));
    table.name = made.name;
    Ok(table)
}

fn foreign_key(name: Option<&String>, key: &table::ForeignKey, modify: bool) -> ForeignKey {
    ForeignKey {
        name: name.cloned(),
        columns: key.columns.clone(),
        to_table: key.to_table.clone(),
        to_columns: key.to_columns.clone(),
        on_delete: match key.on_delete {
            OnDelete::Protect => OnDelete::Restrict,
            // MariaDB takes nothing for RESTRICT.
            OnDelete::DoNothing if modify => OnDelete::Restrict,
            rule => rule,
        },
    }
}
