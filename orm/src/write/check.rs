//! What a value has to be before it is sent: refused here, no statement runs.

use super::rules;
use crate::{
    Code, Dialect, Error, Kind, PgValue, Result, ValidationError, Value,
    model::{FieldMeta, ModelMeta},
};
use serde_json::{Value as Json, json};

/// The value as the column stores it, as the rules of its field allow it.
///
/// # Errors
/// When it does not fit: the error names the field, never the value.
pub(crate) fn checked(meta: &ModelMeta, column: u16, mut value: Value) -> Result<Value> {
    check(meta, column, &mut value)?;
    Ok(value)
}

/// Makes a value the one that the column of this database stores, and refuses one for what the database computes. Without `rules`
/// it is only asked whether the column can hold it.
pub(super) fn check_for(meta: &ModelMeta, column: u16, value: &mut Value, dialect: Dialect, rules: bool) -> Result<()> {
    settable(meta, column)?;
    fit(meta, column, value)?;
    if rules {
        follow(meta, column, value)?;
    }
    value.storable(dialect).map_err(|error| meta.blame(column, error))
}

/// Makes a value the one that the column stores; see [`checked`].
fn check(meta: &ModelMeta, column: u16, value: &mut Value) -> Result<()> {
    fit(meta, column, value)?;
    follow(meta, column, value)
}

/// Refuses a value that a rule of its field does not allow.
pub(super) fn follow(meta: &ModelMeta, column: u16, value: &Value) -> Result<()> {
    let shape = &meta.columns[usize::from(column)];
    match shape.ruled {
        false => Ok(()),
        true => rules::follow(meta, column, &meta.fields[usize::from(shape.field)].options.rules, value),
    }
}

/// Refuses a value for what the database computes.
pub(super) fn settable(meta: &ModelMeta, column: u16) -> Result<()> {
    match meta.fields[usize::from(meta.columns[usize::from(column)].field)].options.generated {
        None => Ok(()),
        Some(_) => Err(refuse(meta, column, Code::NotEditable, "is computed by the database", [])
            .with_hint("set the fields that it is computed from")),
    }
}

/// Makes a value the one that the column stores, if it can hold it; the rules of its field are not asked.
pub(super) fn fit(meta: &ModelMeta, column: u16, value: &mut Value) -> Result<()> {
    let shape = &meta.columns[column as usize];
    let positive = || meta.is_positive(column);
    *value = match value {
        Value::Null(_) if !shape.nullable => return Err(refuse(meta, column, Code::MissingValue, "has no value", [])),
        Value::Text(text) => return short(meta, column, text),
        Value::Postgres(_, array) if shape.max_length.is_some() || shape.digits.is_some() => {
            let PgValue::Array(elements) = &mut **array else { return Ok(()) };
            return elements.iter_mut().try_for_each(|element| match element {
                Value::Text(text) => short(meta, column, text),
                Value::Decimal(number) => decimal(meta, column, *number).map(|fitting| *element = fitting),
                _ => Ok(()),
            });
        }
        Value::Decimal(number) => decimal(meta, column, *number)?,
        Value::I16(number) if *number < 0 && positive() => return Err(negative(meta, column)),
        Value::I32(number) if *number < 0 && positive() => return Err(negative(meta, column)),
        Value::I64(number) if *number < 0 && positive() => return Err(negative(meta, column)),
        Value::I64(_) if shape.kind == Kind::I64 => return Ok(()),
        Value::I16(number) => integer(meta, column, i64::from(*number))?,
        Value::I32(number) => integer(meta, column, i64::from(*number))?,
        Value::I64(number) => integer(meta, column, *number)?,
        Value::Time(_) | Value::Timestamp(_) | Value::DateTime(_) | Value::Duration(_) => {
            crate::truncated(value.clone())
        }
        _ => return Ok(()),
    };
    Ok(())
}

/// Refuses a text that is longer than its column.
fn short(meta: &ModelMeta, column: u16, text: &str) -> Result<()> {
    // Bytes are at least as many as characters.
    let Some(limit) = meta.columns[usize::from(column)].max_length.filter(|&limit| text.len() > limit as usize) else {
        return Ok(());
    };
    let length = text.chars().count();
    if length <= limit as usize {
        return Ok(());
    }
    let what = format!("has {length} characters, where its `max_length` is {limit}");
    let params = [("limit", json!(limit)), ("length", json!(length))];
    Err(refuse(meta, column, Code::TooLong, &what, params))
}

/// The value in the width of its column.
fn integer(meta: &ModelMeta, column: u16, number: i64) -> Result<Value> {
    let kind = meta.columns[column as usize].kind;
    let fitting = match kind {
        Kind::I16 => i16::try_from(number).ok().map(Value::I16),
        Kind::I32 => i32::try_from(number).ok().map(Value::I32),
        _ => Some(Value::I64(number)),
    };
    fitting.ok_or_else(|| {
        let bits = if kind == Kind::I16 { 16 } else { 32 };
        let what = format!("is a number outside the range of its {bits} bits");
        refuse(meta, column, Code::OutOfRange, &what, range(meta, column))
    })
}

fn decimal(meta: &ModelMeta, column: u16, number: rust_decimal::Decimal) -> Result<Value> {
    let shape = &meta.columns[column as usize];
    let exact = number.normalize();
    if let Some(digits) = shape.digits {
        let whole = digits.saturating_sub(shape.scale.unwrap_or(0));
        let needs = exact.trunc().mantissa().unsigned_abs().checked_ilog10().map_or(0, |log| log + 1);
        if needs > whole {
            let what = format!("has {needs} digits before the point, where its `max_digits` leaves {whole}");
            let params = [("max_digits", json!(digits)), ("decimal_places", json!(shape.scale))];
            return Err(refuse(meta, column, Code::OutOfRange, &what, params));
        }
    }
    if let Some(places) = shape.scale
        && exact.scale() > places
    {
        let what = format!("has {} digits after the point, where its `decimal_places` is {places}", exact.scale());
        let error = refuse(meta, column, Code::InexactDecimal, &what, [("decimal_places", json!(places))]);
        return Err(error.with_hint("round it first: `.round_dp(..)`; nothing is rounded silently"));
    }
    let mut stored = exact;
    if let Some(places) = shape.scale {
        stored.rescale(places);
    }
    // A number with very many whole digits has no room for more behind the point.
    Ok(Value::Decimal(if stored == exact { stored } else { exact }))
}

fn negative(meta: &ModelMeta, column: u16) -> Error {
    refuse(meta, column, Code::OutOfRange, "is negative, in a field that never is", range(meta, column))
}

/// The whole numbers that a column holds, as what a message is made of.
pub(super) fn range(meta: &ModelMeta, column: u16) -> impl Iterator<Item = (&'static str, Json)> + use<> {
    let range = meta.columns[usize::from(column)].kind.whole_range();
    let least = range.map(|(least, _)| if meta.is_positive(column) { 0 } else { least });
    let bounds = [("min", least), ("max", range.map(|(_, most)| most))];
    bounds.into_iter().filter_map(|(name, bound)| Some((name, json!(bound?))))
}

/// The error of a value that a column does not take; `params` are what the message is made of.
pub(super) fn refuse(
    meta: &ModelMeta,
    column: u16,
    code: Code,
    what: &str,
    params: impl IntoIterator<Item = (&'static str, Json)>,
) -> Error {
    let name = field_name(meta, column);
    let mut mistake = ValidationError::new(name.as_str(), code, format!("`{name}` {what}"));
    mistake.params.extend(params);
    Error::new(code, format!("`{}.{name}` {what}", meta.name))
        .with_model(meta.name.clone())
        .with_fields([name])
        .with_validation(vec![mistake])
}

/// The error of a value that a function of the person's own does not allow.
pub(super) fn refused(meta: &ModelMeta, column: u16, mut mistake: ValidationError) -> Error {
    let name = mistake.field.get_or_insert_with(|| field_name(meta, column)).clone();
    Error::new(mistake.code, format!("`{}.{name}`: {}", meta.name, mistake.message))
        .with_model(meta.name.clone())
        .with_fields([name])
        .with_validation(vec![mistake])
}

/// One error of all the mistakes in a row: a single one is that error itself.
pub(super) fn together(meta: &ModelMeta, mut errors: Vec<Error>) -> Result<()> {
    match errors.len() {
        0 => Ok(()),
        1 => Err(errors.remove(0)),
        _ => Err(Error::refused(meta.name.clone(), errors.iter().flat_map(data_of).collect())),
    }
}

/// How many rows with mistakes are looked at, before the others are left.
pub(super) const MOST_MISTAKEN: usize = 100;

/// One error of the mistakes in rows, by their places: each says in `row` which it is of. That of a single row is that error itself.
pub(super) fn together_by_row(meta: &ModelMeta, mut errors: Vec<(usize, Error)>) -> Result<()> {
    let told = |(row, error): &(usize, Error)| {
        let row = *row;
        data_of(error).into_iter().map(move |mistake| mistake.param("row", row)).collect::<Vec<_>>()
    };
    let mistakes = errors.iter().flat_map(told).collect();
    match errors.len() {
        0 => Ok(()),
        1 => Err(errors.remove(0).1.with_validation(mistakes)),
        _ => Err(Error::refused(meta.name.clone(), mistakes)),
    }
}

/// The same error, whose mistakes are told of rows by their places among more of them.
pub(crate) fn placed(error: Error, places: &[usize]) -> Error {
    let place = |mistake: &ValidationError| {
        let row = mistake.params.get("row")?.as_u64()?;
        places.get(usize::try_from(row).ok()?).copied()
    };
    let told = error.validation().iter().cloned().map(|mistake| match place(&mistake) {
        Some(place) => mistake.param("row", place),
        None => mistake,
    });
    let told: Vec<ValidationError> = told.collect();
    if told.is_empty() { error } else { error.with_validation(told) }
}

/// The mistakes that an error is.
pub(super) fn data_of(error: &Error) -> Vec<ValidationError> {
    match error.validation() {
        [] => vec![as_data(error)],
        known => known.to_vec(),
    }
}

/// An error that a field is to blame for, as data; one of several fields is of the row as a whole.
pub(super) fn as_data(error: &Error) -> ValidationError {
    let mut mistake = ValidationError::of_row(error.code(), error.message());
    if let Some(constraint) = error.constraint() {
        mistake = mistake.param("constraint", constraint);
    }
    match error.fields() {
        [] => mistake,
        [field] => ValidationError { field: Some(field.clone()), ..mistake },
        fields => mistake.param("fields", fields),
    }
}

/// What is wrong with the default of a field, if anything is.
pub(crate) fn wrong_default(meta: &ModelMeta, field: &FieldMeta) -> Option<Error> {
    let mut value = field.default_value()?;
    // The longest decimals: what a database holds less of is said elsewhere.
    check_for(meta, field.first_column, &mut value, Dialect::Postgres, true).err()
}

/// The Rust name of the field that a column belongs to.
pub(super) fn field_name(meta: &ModelMeta, column: u16) -> String {
    meta.fields[meta.columns[column as usize].field as usize].name.clone().into_owned()
}
