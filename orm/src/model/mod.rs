//! What a person declared: models, their fields and options, as metadata and as the traits that the derive implements.

mod app;
mod attend;
mod blame;
mod build;
mod columns;
mod const_text;
mod describe;
mod far;
mod fit;
mod forms;
mod generic;
mod key;
mod meta;
mod named;
mod part;
mod registry;
mod rules;
mod selected;
mod spec;
mod target;
mod ties;
mod traits;

pub use app::App;
pub use build::{Offsets, check_listed, offsets, starts};
pub use columns::{Reader, Writer};
pub use describe::{ModelSet, Models, NewField, NewModel};
pub use far::Toward;
pub use fit::{Checked, Probe, Unfit, Why, fits, fits_bare, fits_key, fits_part, fitting};
#[cfg(feature = "cli")]
pub(crate) use generic::KEY_LENGTH;
pub use generic::{GenericKey, GenericShape, GenericTarget};
pub(crate) use generic::{LABEL_LENGTH, misfit};
pub use key::{Key, KeyField};
pub use meta::{
    CheckMeta, ColumnMeta, ExcludeMeta, FieldMeta, IndexMeta, LazyMeta, ModelMeta, Relation, Through, Told, UniqueMeta,
};
pub use named::check_columns;
pub use part::ModelPart;
pub use registry::register;
pub(crate) use registry::{Reference, labelled, models, references_to};
pub use rules::{Format, Rules};
pub use selected::{model_handles, optional_model_handles};
pub use spec::{
    AppSpec, Choice, ChoiceValue, Collation, ColumnShape, DbDefault, Deferrable, FieldOptions, FieldSpec, Generated,
    KeyShape, LinkHooksReader, ModelOptions, ModelSpec, OnDelete, OrderKey, RelatedReader, RelationKind, Shape,
    ValidateRow,
};
pub use target::{NoKey, Target, UniqueField};
pub use ties::{Far, Ways, check_tie};
pub use traits::{Listed, Model, ModelField, RowPart};
