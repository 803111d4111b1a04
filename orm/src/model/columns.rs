//! The columns of rows, one after the other: read into fields, and written from them.

use super::{FieldMeta, Model, ModelField, ModelMeta};
use crate::{FieldType, Kind, Result, Value, Values, db::Row};

/// Reads the columns of one row from left to right.
pub struct Reader<'r, 'c> {
    row: &'r Row<'c>,
    at: usize,
    related: &'r [crate::query::Related],
    /// How many digits after the point the computed decimals have, by their columns; see [`crate::compile::scales`].
    scales: &'r [(usize, u32)],
    /// The model that is being read, the first of its columns, and the number of its next field.
    model: Option<(&'static ModelMeta, usize)>,
    next: u16,
}

impl<'r, 'c> Reader<'r, 'c> {
    pub(crate) fn new(row: &'r Row<'c>, related: &'r [crate::query::Related]) -> Self {
        Reader { row, at: 0, related, scales: &[], model: None, next: 0 }
    }

    /// With what is known of the row's computed decimals.
    pub(crate) fn with_scales(self, scales: &'r [(usize, u32)]) -> Self {
        Reader { scales, ..self }
    }

    /// The next column, as a value.
    pub fn value<T: FieldType>(&mut self) -> Result<T> {
        let mut cell = self.row.cell(self.at);
        // Databases drop the zeros at a decimal's end, or add some.
        if T::KIND == Kind::Decimal {
            let computed = || self.scales.iter().find(|(column, _)| *column == self.at).map_or(0, |(_, scale)| *scale);
            cell.set_scale(match self.model {
                Some((model, first)) => model.columns.get(self.at - first).and_then(|column| column.scale),
                None => Some(computed()),
            });
        }
        self.at += 1;
        T::from_cell(&cell)
    }

    /// The next columns, as a field of a model.
    pub fn field<F: ModelField>(&mut self) -> Result<F> {
        self.next += 1;
        F::read(self)
    }

    /// The field that is being read.
    pub(crate) fn place(&self) -> Option<&'static FieldMeta> {
        self.model.and_then(|(model, _)| model.fields.get(usize::from(self.next.wrapping_sub(1))))
    }

    /// The next column.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// The answer that the row came in.
    pub(crate) fn origin(&self) -> crate::db::Origin {
        self.row.origin()
    }

    /// The columns of a model.
    pub(crate) fn columns<M: Model>(&mut self) -> Result<M> {
        let before = (self.model.replace((M::meta(), self.at)), std::mem::take(&mut self.next));
        let model = M::read_columns(self).map_err(|error| M::meta().blame_field(self.next.wrapping_sub(1), error));
        (self.model, self.next) = before;
        model
    }

    /// Whether the next `count` columns are all NULL.
    pub fn all_null(&self, count: usize) -> Result<bool> {
        for index in self.at..self.at + count {
            if !self.row.cell(index).is_null() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether one of the next `count` columns is NULL.
    pub fn any_null(&self, count: usize) -> Result<bool> {
        Ok((self.at..self.at + count).any(|index| self.row.cell(index).is_null()))
    }

    /// Leaves out the next `count` columns.
    pub fn skip(&mut self, count: usize) {
        self.at += count;
    }

    /// A model, with the related rows that were selected with it.
    #[doc(hidden)]
    pub fn model<M: Model>(&mut self) -> Result<M> {
        let related = std::mem::take(&mut self.related);
        let mut model: M = self.columns()?;
        for relation in related {
            relation.read_into(&mut model, self)?;
        }
        Ok(model)
    }

    /// A model, or nothing when its columns are NULL.
    #[doc(hidden)]
    pub fn optional_model<M: Model>(&mut self) -> Result<Option<M>> {
        let columns = M::meta().columns.len();
        if self.all_null(columns)? {
            self.skip(columns);
            return Ok(None);
        }
        self.model().map(Some)
    }
}

/// Collects the values of a row, column by column.
#[derive(Debug, Default)]
pub struct Writer {
    values: Values,
}

impl Writer {
    #[inline]
    pub(crate) fn with_capacity(columns: usize) -> Self {
        Writer { values: Values::with_capacity(columns) }
    }

    /// The next column's value.
    #[inline]
    pub fn push(&mut self, value: Value) {
        self.values.push(value);
    }

    pub(crate) fn into_values(self) -> Values {
        self.values
    }

    pub(crate) fn pop(&mut self) -> Option<Value> {
        self.values.pop()
    }

    pub(crate) fn values(&self) -> &[Value] {
        &self.values
    }

    pub(crate) fn drain(&mut self) -> impl ExactSizeIterator<Item = Value> {
        self.values.drain(..)
    }

    pub(crate) fn clear(&mut self) {
        self.values.clear();
    }
}
