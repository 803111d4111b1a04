//! Writes of rows that have no type: of models that are known by their metadata alone, from values by the names of fields.

use super::{
    DraftRow, Input,
    bulk::{Inserts, Upserts, ignore},
    input::{mistake, read_field},
    new_row::{NewRow, Slot, complete},
    over::Over,
    point::ReadRow,
    upsert::{ByKey, overwrites},
};
use crate::{
    Access, Connection, Dialect, Error, Model, Operation, Result, Row, Untyped, ValidationError, Value,
    model::{FieldMeta, ModelMeta},
    query::value_of,
    tree::ModelRef,
};
use std::sync::Arc;

/// The values of a new row, column by column; of those that are not given none.
pub(crate) type RowValues = Vec<Option<Value>>;

/// What is given for a new row, or every mistake in it.
pub(crate) fn new_row(meta: &ModelMeta, input: &Input) -> Result<RowValues, Vec<ValidationError>> {
    input.read(meta, None)
}

/// What a written value is in the columns of a field.
pub(crate) fn new_value(meta: &ModelMeta, field: &FieldMeta, json: &serde_json::Value) -> Result<Vec<Value>> {
    let given = Untyped::Json(json);
    read_field(meta, field, given, true)
        .map_err(|error| Error::refused(meta.name.clone(), vec![mistake(meta, field, &error, given)]))
}

/// The same of a value that something is computed with: it follows no rules of the field.
pub(crate) fn any_value(meta: &ModelMeta, field: &FieldMeta, json: &serde_json::Value) -> Result<Vec<Value>> {
    let given = Untyped::Json(json);
    read_field(meta, field, given, false)
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
    target: Arc<[u16]>,
    over: Option<&[u16]>,
    dialect: Dialect,
) -> Result<ByKey<R>> {
    let model = rows.model();
    let row = row_of(&model, values, dialect)?;
    let over = match over {
        Some(over) => Over::Columns(over.iter().copied().filter(|&column| row.value(column).is_some()).collect()),
        None => overwrites(&model, &row, &target),
    };
    ByKey::new(rows, row, target, over)
}

/// Many of them.
pub(crate) fn upserts<R: ReadRow + Clone>(
    rows: &R,
    values: &[RowValues],
    target: &[u16],
    over: Option<&[u16]>,
    dialect: Dialect,
) -> Result<Upserts<R>> {
    let target = Arc::from(target);
    let all = values.iter().map(|values| by_key(rows.clone(), values, Arc::clone(&target), over, dialect));
    Upserts::of(rows.model(), all.collect::<Result<_>>()?, &target, dialect)
}

/// A draft with these values; what is not among them is left to defaults.
pub(crate) fn draft_of<M: Model>(values: RowValues) -> DraftRow<M> {
    DraftRow::from_slots(values.into_iter().map(|value| value.map_or(Slot::Unset, Slot::Given)).collect())
}

/// Makes rows, all of whose columns come back, and gives some columns of each.
pub(crate) struct Made {
    model: ModelRef,
    inserts: Inserts,
    columns: Vec<u16>,
}

impl Made {
    pub(crate) fn new(model: ModelRef, inserts: Inserts, columns: Vec<u16>) -> Made {
        Made { model, inserts, columns }
    }
}

impl Operation for Made {
    type Output = Vec<Vec<Value>>;

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<Vec<Vec<Value>>> {
        let Made { model, inserts, columns } = self;
        let mut rows = Vec::new();
        let each = &mut |place: usize, row: &Row<'_>| {
            let value =
                |&column: &u16| value_of(&row.cell(usize::from(column)), model.columns[usize::from(column)].kind);
            rows.push((place, columns.iter().map(value).collect::<Result<Vec<Value>>>()?));
            Ok(())
        };
        inserts.insert_and_read(conn, each).await?;
        rows.sort_by_key(|(place, _)| *place);
        Ok(rows.into_iter().map(|(_, values)| values).collect())
    }
}
