//! What a value has to be before it is sent: refused here, no statement runs.

use crate::{Code, Dialect, Error, Kind, Result, Value, model::ModelMeta};

/// The value as the column stores it.
///
/// # Errors
/// When it does not fit: the error names the field, never the value.
pub(crate) fn checked(meta: &ModelMeta, column: u16, mut value: Value) -> Result<Value> {
    check(meta, column, &mut value)?;
    Ok(value)
}

/// The value as the column of this database stores it.
///
/// # Errors
/// Those of [`checked`], and of what this database cannot hold.
pub(super) fn stored(meta: &ModelMeta, column: u16, value: Value, dialect: Dialect) -> Result<Value> {
    let value = checked(meta, column, value)?;
    storable(meta, column, &value, dialect)?;
    Ok(value)
}

/// Refuses a value for what the database computes.
pub(super) fn settable(meta: &ModelMeta, column: u16) -> Result<()> {
    match meta.fields[usize::from(meta.columns[usize::from(column)].field)].options.generated {
        None => Ok(()),
        Some(_) => Err(refuse(meta, column, Code::NotEditable, "is computed by the database")
            .with_hint("set the fields that it is computed from")),
    }
}

/// Refuses what this database cannot hold.
pub(super) fn storable(meta: &ModelMeta, column: u16, value: &Value, dialect: Dialect) -> Result<()> {
    value.storable(dialect).map_err(|error| meta.blame(column, error))
}

/// Makes a value the one that the column stores; see [`checked`].
pub(super) fn check(meta: &ModelMeta, column: u16, value: &mut Value) -> Result<()> {
    let shape = &meta.columns[column as usize];
    let positive = || meta.is_positive(column);
    *value = match value {
        Value::Null(_) if !shape.nullable => return Err(refuse(meta, column, Code::MissingValue, "has no value")),
        Value::Text(text) => {
            // Bytes are at least as many as characters.
            if let Some(limit) = shape.max_length.filter(|&limit| text.len() > limit as usize) {
                let length = text.chars().count();
                if length > limit as usize {
                    let what = format!("has {length} characters, where its `max_length` is {limit}");
                    return Err(refuse(meta, column, Code::TooLong, &what));
                }
            }
            return Ok(());
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
        refuse(meta, column, Code::OutOfRange, &format!("is a number outside the range of its {bits} bits"))
    })
}

fn decimal(meta: &ModelMeta, column: u16, number: rust_decimal::Decimal) -> Result<Value> {
    let shape = &meta.columns[column as usize];
    let exact = number.normalize();
    if let Some(places) = shape.scale
        && exact.scale() > places
    {
        let what = format!("has {} digits after the point, where its `decimal_places` is {places}", exact.scale());
        let error = refuse(meta, column, Code::InexactDecimal, &what);
        return Err(error.with_hint("round it first: `.round_dp(..)`; nothing is rounded silently"));
    }
    if let Some(digits) = shape.digits {
        let whole = digits.saturating_sub(shape.scale.unwrap_or(0));
        let needs = exact.trunc().mantissa().unsigned_abs().checked_ilog10().map_or(0, |log| log + 1);
        if needs > whole {
            let what = format!("has {needs} digits before the point, where its `max_digits` leaves {whole}");
            return Err(refuse(meta, column, Code::OutOfRange, &what));
        }
    }
    let mut stored = exact;
    if let Some(places) = shape.scale {
        stored.rescale(places);
    }
    // A number with very many whole digits has no room for more behind the point.
    Ok(Value::Decimal(if stored == exact { stored } else { exact }))
}

fn negative(meta: &ModelMeta, column: u16) -> Error {
    refuse(meta, column, Code::OutOfRange, "is negative, in a field that never is")
}

pub(super) fn refuse(meta: &ModelMeta, column: u16, code: Code, what: &str) -> Error {
    let name = field_name(meta, column);
    Error::new(code, format!("`{}.{name}` {what}", meta.name)).with_model(meta.name.clone()).with_fields([name])
}

/// The Rust name of the field that a column belongs to.
pub(super) fn field_name(meta: &ModelMeta, column: u16) -> String {
    meta.fields[meta.columns[column as usize].field as usize].name.clone().into_owned()
}
