//! Writes of rows that have no type: of models that are known by their metadata alone, from values by the names of fields.

use super::{
    Input,
    bulk::Inserts,
    draft::{NewRow, Slot, complete},
    input::{mistake, read_field},
};
use crate::{
    Dialect, Error, Result, Untyped, ValidationError, Value,
    model::{FieldMeta, ModelMeta},
    tree::ModelRef,
};

/// The values of a new row, column by column; of those that are not given none.
pub(crate) type RowValues = Vec<Option<Value>>;

/// What is given for a new row, or every mistake in it.
pub(crate) fn new_row(meta: &ModelMeta, input: &Input) -> Result<RowValues, Vec<ValidationError>> {
    input.read(meta, false)
}

/// What a written value is in the columns of a field.
pub(crate) fn new_value(meta: &ModelMeta, field: &FieldMeta, json: &serde_json::Value) -> Result<Vec<Value>> {
    let given = Untyped::Json(json);
    read_field(meta, field, given)
        .map_err(|error| Error::refused(meta.name.clone(), vec![mistake(meta, field, &error, given)]))
}

/// The statements that make new rows; they give back every column.
pub(crate) fn inserts(model: &ModelRef, rows: &[RowValues], dialect: Dialect) -> Result<Inserts> {
    let rows = rows.iter().map(|row| {
        let slot = |value: &Option<Value>| value.clone().map_or(Slot::Unset, Slot::Given);
        let mut slots: Vec<Slot> = row.iter().map(slot).collect();
        complete(model, &mut slots, dialect)?;
        Ok(NewRow::of(slots))
    });
    let returning = (0..model.columns.len() as u16).collect();
    Inserts::of_rows(model.clone(), rows.collect::<Result<_>>()?, dialect, returning)
}
