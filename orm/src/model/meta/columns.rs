//! The columns that a field has, by what its type and its attributes say.

use super::ColumnMeta;
use crate::{
    Kind,
    model::{
        FieldSpec, RelationKind, Shape,
        generic::{KEY_LENGTH, LABEL_LENGTH},
    },
};

/// The columns of a field, as yet without the field: those of a foreign key are called after those that it holds.
pub(super) fn columns_of(spec: &FieldSpec) -> Vec<ColumnMeta> {
    let options = &spec.options;
    let own = options.column.unwrap_or(spec.name);
    match spec.shape {
        Shape::Column(shape) => vec![ColumnMeta {
            scale: options.decimal_places,
            max_length: options.max_length.or(shape.max_length),
            digits: options.max_digits,
            ..ColumnMeta::plain(own.to_owned(), shape.kind, shape.nullable, 0)
        }],
        Shape::Relation(RelationKind::ForeignKey { nullable, key } | RelationKind::OneToOne { nullable, key }, _) => {
            let target = (key.spec)();
            let mut fields = Vec::with_capacity(target.fields.len());
            crate::model::part::flat(target.fields, &mut fields);
            let held: Vec<&FieldSpec> = match key.to {
                Some(to) => fields.into_iter().filter(|field| field.name == to).collect(),
                None => target.primary_key.iter().map(|&field| fields[usize::from(field)]).collect(),
            };
            let parts: Vec<ColumnMeta> = held.into_iter().flat_map(columns_of).collect();
            let one = parts.len() == 1;
            let name = |at: usize, part: &str| match (options.columns.get(at), one, options.column) {
                (Some(given), ..) => (*given).to_owned(),
                (None, true, Some(column)) => column.to_owned(),
                (None, true, None) => format!("{own}_id"),
                (None, false, _) => format!("{own}_{part}"),
            };
            let named = |(at, part): (usize, ColumnMeta)| ColumnMeta { name: name(at, &part.name), nullable, ..part };
            parts.into_iter().enumerate().map(named).collect()
        }
        Shape::Generic(shape) => {
            let column = |at: usize, part: &str, kind, longest| {
                let name = options.columns.get(at).map_or_else(|| format!("{own}_{part}"), |given| (*given).to_owned());
                ColumnMeta { max_length: longest, ..ColumnMeta::plain(name, kind, shape.nullable, 0) }
            };
            let longest = (shape.key == Kind::Text).then(|| options.max_length.unwrap_or(KEY_LENGTH));
            vec![column(0, "model", Kind::Text, Some(LABEL_LENGTH)), column(1, "key", shape.key, longest)]
        }
        Shape::Relation(..) | Shape::Part(_) => Vec::new(),
    }
}

impl ColumnMeta {
    pub(super) fn plain(name: String, kind: Kind, nullable: bool, field: u16) -> ColumnMeta {
        ColumnMeta { name, kind, nullable, field, scale: None, max_length: None, digits: None, ruled: false }
    }
}
