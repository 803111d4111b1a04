//! Rows that do not exist yet.

use crate::{
    Error, Model, Value,
    model::{ModelField, Writer},
};
use std::marker::PhantomData;

/// The state of a required field that has no value yet.
pub struct Missing;

/// The state of a field that has a value, or needs none.
pub struct Filled;

/// The values of a draft, column by column: what every derived draft holds. Which are set is checked by the draft's type.
pub struct DraftRow<M> {
    values: Vec<Option<Value>>,
    error: Option<Error>,
    _model: PhantomData<fn() -> M>,
}

impl<M: Model> DraftRow<M> {
    /// A draft without values.
    pub fn new() -> Self {
        DraftRow { values: vec![None; M::meta().columns.len()], error: None, _model: PhantomData }
    }

    /// Sets a field, whose first column is `column`. A value that has no database form is reported when the draft is written.
    pub fn set<F: ModelField>(mut self, column: u16, value: &F) -> Self {
        let mut out = Writer::default();
        match value.write(&mut out) {
            Ok(()) => {
                for (place, value) in self.values.iter_mut().skip(usize::from(column)).zip(out.into_values()) {
                    *place = Some(value);
                }
            }
            Err(error) => self.error = self.error.or(Some(error.with_model(M::meta().static_name()))),
        }
        self
    }
}

impl<M: Model> Default for DraftRow<M> {
    fn default() -> Self {
        DraftRow::new()
    }
}
