//! What an expression gives, as its column holds it: SQLite stores whatever it is given. The others round a decimal to the digits of
//! its column, cut blanks that are too many, and refuse all else.

use super::Given;
use crate::db::failure::{NOT_EXACT, OUT_OF_RANGE, TOO_LONG};
use diesel::{
    QueryResult, SqliteConnection, declare_sql_function,
    sql_types::{BigInt, Double, Integer, Nullable, Text},
};
use rust_decimal::RoundingStrategy;

#[declare_sql_function(generate_return_type_helpers = false)]
extern "SQL" {
    fn orm_whole(number: Nullable<Text>, least: BigInt, most: BigInt) -> Nullable<BigInt>;
    fn orm_decimal(number: Nullable<Text>, digits: Integer, scale: Integer) -> Nullable<Text>;
    fn orm_single(number: Nullable<Double>) -> Nullable<Double>;
    fn orm_double(number: Nullable<Double>) -> Nullable<Double>;
    fn orm_text(text: Nullable<Text>, length: Integer) -> Nullable<Text>;
}

pub(super) fn register(conn: &mut SqliteConnection) -> QueryResult<()> {
    orm_whole_utils::register_impl(conn, whole)?;
    orm_decimal_utils::register_impl(conn, decimal)?;
    orm_single_utils::register_impl(conn, single)?;
    orm_double_utils::register_impl(conn, double)?;
    orm_text_utils::register_impl(conn, text)
}

fn given<V, T>(value: Option<V>, fit: impl FnOnce(V) -> Result<T, &'static str>) -> Given<T> {
    Given(value.map(fit).transpose().map_err(str::to_owned))
}

fn whole(number: Option<String>, least: i64, most: i64) -> Given<i64> {
    // A sum that has become too large is a float there.
    given(number, |text| text.parse().ok().filter(|number| (least..=most).contains(number)).ok_or(OUT_OF_RANGE))
}

/// Half a digit goes away from zero, as on the others.
fn decimal(number: Option<String>, digits: i32, scale: i32) -> Given<String> {
    given(number, |text| {
        let scale = scale.unsigned_abs();
        let rounded = super::decimal(&text).ok_or(OUT_OF_RANGE)?;
        let rounded = rounded.round_dp_with_strategy(scale, RoundingStrategy::MidpointAwayFromZero).normalize();
        let whole = rounded.trunc().mantissa().unsigned_abs().checked_ilog10().map_or(0, |log| log + 1);
        if whole + scale > digits.unsigned_abs() {
            return Err(OUT_OF_RANGE);
        }
        // SQLite has counted in floats: of what is longer the last digits are lost.
        if whole + rounded.scale() > 15 { Err(NOT_EXACT) } else { Ok(rounded.to_string()) }
    })
}

fn single(number: Option<f64>) -> Given<f64> {
    given(number, |number| Some(f64::from(number as f32)).filter(|number| number.is_finite()).ok_or(OUT_OF_RANGE))
}

fn double(number: Option<f64>) -> Given<f64> {
    given(number, |number| Some(number).filter(|number| number.is_finite()).ok_or(OUT_OF_RANGE))
}

fn text(text: Option<String>, length: i32) -> Given<String> {
    given(text, |mut text| {
        if let Some((end, _)) = text.char_indices().nth(length.unsigned_abs() as usize) {
            if text[end..].bytes().any(|byte| byte != b' ') {
                return Err(TOO_LONG);
            }
            text.truncate(end);
        }
        Ok(text)
    })
}
