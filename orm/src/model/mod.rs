//! What a person declared: models, their fields and options, as metadata and as the traits that the derive implements.

mod app;
mod key;
mod meta;
mod names;
mod spec;
mod traits;

pub use app::App;
pub use key::Key;
pub use meta::{CheckMeta, ColumnMeta, FieldMeta, IndexMeta, ModelMeta, Relation, Through, UniqueMeta};
pub use spec::{
    AppSpec, Choice, ChoiceValue, ColumnShape, DbDefault, FieldOptions, FieldSpec, KeyShape, ModelOptions, ModelSpec,
    OnDelete, OrderKey, RelatedReader, RelationKind, Shape,
};
pub use traits::{Listed, Model, ModelField, Reader, RowPart, Writer, model_handles, optional_model_handles};
