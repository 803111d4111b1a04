//! Parts: structs of fields that several models share.

use super::{FieldSpec, ModelField, Writer};
use crate::{
    Result,
    field::{Held, Loaded},
};

/// Fields that several models share, as a struct of their own: `#[derive(ModelPart)]`.
///
/// A model holds it in a field with `#[field(flatten)]`. Its columns stand among the model's own, under their own names; in
/// Rust, in rows and in queries alike, they are below the field: `book.stamps.created`, `|b| b.stamps.created.desc()`.
///
/// ```
/// use orm::prelude::*;
///
/// #[derive(ModelPart, Debug, Clone)]
/// pub struct Stamps {
///     #[field(auto_now_add)]
///     pub created: DateTime<Utc>,
///     #[field(auto_now)]
///     pub changed: DateTime<Utc>,
/// }
///
/// orm::app! { pub library { Book } }
///
/// #[derive(Model, Debug, Clone)]
/// pub struct Book {
///     pub id: i64,
///     pub title: String,
///     #[field(flatten)]
///     pub stamps: Stamps,
/// }
///
/// let newest = Book::objects().order_by(|b| b.stamps.created.desc());
/// assert!(newest.to_sql(orm::Dialect::Postgres)?.contains(r#"ORDER BY "created" DESC"#));
/// # Ok::<(), orm::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a part of a model",
    label = "`flatten` is for parts",
    note = "add `#[derive(ModelPart)]` to `{Self}`, or remove `flatten`"
)]
pub trait ModelPart: ModelField {
    /// Writes the columns of one field, by its place in the part.
    #[doc(hidden)]
    fn write_field(&self, field: u16, out: &mut Writer) -> Result<()>;

    /// Hangs loaded rows under one of its relations, by its place in the part.
    #[doc(hidden)]
    fn attach_field(&mut self, field: u16, rows: Loaded);

    /// What one of its relations holds, by its place in the part.
    #[doc(hidden)]
    fn held_field(&self, field: u16) -> Option<&Held>;
}

/// The fields of a model or a part, with those of its parts in their places.
pub(super) fn flat(fields: &'static [FieldSpec], out: &mut Vec<&'static FieldSpec>) {
    for field in fields {
        match field.shape {
            super::Shape::Part(inner) => flat(inner, out),
            _ => out.push(field),
        }
    }
}

/// Where serde writes the fields, in the order of [`flat`].
pub(super) fn written(fields: &'static [FieldSpec]) -> Vec<Vec<&'static str>> {
    let paths = fields.iter().flat_map(|field| match field.shape {
        super::Shape::Part(inner) => written(inner)
            .into_iter()
            .map(|path| Some(field.written).filter(|name| !name.is_empty()).into_iter().chain(path).collect())
            .collect(),
        _ => vec![vec![field.written]],
    });
    paths.collect()
}
