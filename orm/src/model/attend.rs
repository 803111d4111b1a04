//! What of a field is done by functions of a person's own, as the derive says it.
#![expect(clippy::panic, reason = "these panics are compile errors of the model's crate")]

use super::{FieldSpec, LinkHooksReader, RelationKind, Shape};
use crate::{ValidationError, Value};

impl FieldSpec {
    /// `hooks = ..` of a many-to-many.
    #[track_caller]
    pub const fn link_hooks(mut self, hooks: LinkHooksReader) -> Self {
        if !matches!(self.shape, Shape::Relation(RelationKind::ManyToMany { .. }, _)) {
            panic!("`hooks` is for `ManyToMany`, whose links it is about: for rows, write #[model(hooks)]");
        }
        if self.options.via.is_some() && self.options.through.is_none() {
            panic!("this is the reverse side of a many-to-many: write `hooks` on the field that `via` names");
        }
        self.options.link_hooks = Some(hooks);
        self
    }

    /// `validate = ..`.
    #[track_caller]
    pub const fn validate(mut self, rule: fn(&Value) -> Result<(), ValidationError>) -> Self {
        if !matches!(self.shape, Shape::Column(_)) {
            panic!("`validate` is for columns: look at relations by #[model(validate = ..)]");
        }
        self.options.rules.own = Some(rule);
        self
    }

    /// `validate_with = ..`.
    #[track_caller]
    pub const fn validate_with(mut self) -> Self {
        if !matches!(self.shape, Shape::Column(_)) {
            panic!("`validate_with` is for columns: look at relations by `validate` of #[model(hooks)]");
        }
        self.options.asks = true;
        self
    }
}
