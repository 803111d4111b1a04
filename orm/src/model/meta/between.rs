//! The model of an automatic many-to-many table, which nobody has declared.

use super::{ColumnMeta, Described, FieldMeta, ModelMeta, Relation, Target, Through, UniqueMeta};
use crate::{
    Kind,
    model::{ColumnShape, FieldOptions, KeyShape, ModelOptions, OnDelete, RelationKind},
    tree::ModelRef,
};
use migrations_engine::{naming, schema::ModelKey};
use std::{
    borrow::Cow,
    sync::{Arc, OnceLock},
};

/// The model of an automatic many-to-many table: a key of its own and a foreign key to each side.
pub(super) fn automatic_through(owner: &ModelRef, field: &FieldMeta, target: ModelRef) -> Through {
    let key = |model: &ModelMeta| ModelKey::new(&*model.app, &*model.name);
    let made = naming::many_to_many(&key(owner), &owner.table, &field.name, &key(&target));
    let side = |column: &str| column.strip_suffix("_id").unwrap_or(column).to_owned();
    let between = format!("{}_{}", owner.name, field.name);
    let mut columns = vec![ColumnMeta::plain("id".to_owned(), Kind::I64, false, 0)];
    let id = FieldMeta {
        name: Cow::Borrowed("id"),
        model: Cow::Owned(between.clone()),
        options: FieldOptions { auto: true, ..FieldOptions::NONE },
        first_column: 0,
        column_count: 1,
        column: Some(ColumnShape::of::<i64>()),
        relation: None,
        generic: None,
        default: None,
    };
    let mut fields = vec![id];
    for (name, model) in [(side(&made.source_column), owner.clone()), (side(&made.target_column), target)] {
        let first_column = columns.len() as u16;
        let index = fields.len() as u16;
        for &part in &model.key {
            let part = &model.columns[part as usize];
            let column = if model.key.len() == 1 { format!("{name}_id") } else { format!("{name}_{}", part.name) };
            columns.push(ColumnMeta { nullable: false, field: index, name: column, ruled: false, ..part.clone() });
        }
        let kind = RelationKind::ForeignKey { nullable: false, key: KeyShape::UNKNOWN };
        fields.push(FieldMeta {
            name: Cow::Owned(name),
            model: Cow::Owned(between.clone()),
            options: FieldOptions { on_delete: Some(OnDelete::Cascade), ..FieldOptions::NONE },
            first_column,
            column_count: columns.len() as u16 - first_column,
            column: None,
            relation: Some(Relation::new(kind, Target::from(&model))),
            generic: None,
            default: None,
        });
    }
    let table = field.options.table.map_or(made.table, str::to_owned);
    let both = UniqueMeta { fields: vec![1, 2], ..UniqueMeta::default() };
    let described = Described {
        app: owner.app.clone(),
        name: between,
        table,
        fields,
        columns,
        key: vec![0],
        ..Described::default()
    };
    let model = ModelMeta {
        verbose_name: format!("{} of {}", field.name, owner.verbose_name),
        managed: owner.managed,
        options_cell: OnceLock::from(ModelOptions { unique: vec![both], ..ModelOptions::default() }),
        ..ModelMeta::described(described)
    };
    Through { model: Target::Model(ModelRef::Shared(Arc::new(model))), source: 1, target: 2, automatic: true }
}
