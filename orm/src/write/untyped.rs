//! Writes of rows that have no type: of models that are known by their metadata alone, from values by the names of fields.

use super::{
    Input,
    bulk::{Inserts, Upserts, ignore},
    input::{mistake, read_field},
    new_row::{NewRow, Slot, complete},
    point::ReadRow,
    upsert::{ByKey, overwrites},
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
    read_field(meta, field, given, true)
        .map_err(|error| Error::refused(meta.name.clone(), vec![mistake(meta, field, &error, given)]))
}

/// A row to insert, checked and completed.
fn row_of(model: &ModelRef, values: &RowValues, dialect: Dialect) -> Result<NewRow> {
    completed(model, values, dialect, true)
}

fn completed(model: &ModelRef, values: &RowValues, dialect: Dialect, rules: bool) -> Result<NewRow> {
    let slot = |value: &Option<Value>| value.clone().map_or(Slot::Unset, Slot::Given);
    let mut slots: Vec<Slot> = values.iter().map(slot).collect();
    complete(model, &mut slots, dialect, rules)?;
    Ok(NewRow::of(slots))
}

/// The statements that make rows which were stored elsewhere: the model's rules are not asked again.
pub(crate) fn stored(model: &ModelRef, rows: &[RowValues], returning: Vec<u16>, dialect: Dialect) -> Result<Inserts> {
    let rows = rows.iter().map(|row| completed(model, row, dialect, false)).collect::<Result<_>>()?;
    Inserts::of_rows(model.clone(), rows, None, dialect, returning)
}

/// The statements that make new rows. They give back every column, unless they leave out rows whose unique keys are taken.
pub(crate) fn inserts(model: &ModelRef, rows: &[RowValues], some: bool, dialect: Dialect) -> Result<Inserts> {
    let rows = rows.iter().map(|row| row_of(model, row, dialect)).collect::<Result<_>>()?;
    let returning = if some { Vec::new() } else { (0..model.columns.len() as u16).collect() };
    Inserts::of_rows(model.clone(), rows, some.then(ignore), dialect, returning)
}

/// A new row that is looked for by the columns of a unique key; over one that is there these columns are written, or what is given.
pub(crate) fn by_key<R: ReadRow>(
    rows: R,
    values: &RowValues,
    target: &[u16],
    over: Option<&[u16]>,
    dialect: Dialect,
) -> Result<ByKey<R>> {
    let model = rows.model();
    let row = row_of(&model, values, dialect)?;
    let over = match over {
        Some(over) => over.iter().copied().filter(|&column| row.value(column).is_some()).collect(),
        None => overwrites(&model, &row, target),
    };
    ByKey::new(rows, row, target.to_vec(), over)
}

/// Many of them.
pub(crate) fn upserts<R: ReadRow + Clone>(
    rows: &R,
    values: &[RowValues],
    target: &[u16],
    over: Option<&[u16]>,
    dialect: Dialect,
) -> Result<Upserts<R>> {
    let all = values.iter().map(|values| by_key(rows.clone(), values, target, over, dialect));
    Upserts::of(rows.model(), all.collect::<Result<_>>()?, target.to_vec(), dialect)
}
