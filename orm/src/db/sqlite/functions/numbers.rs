//! Functions on numbers, which SQLite has only when it is built so.

use diesel::{
    QueryResult, SqliteConnection, declare_sql_function,
    sql_types::{BigInt, Double, Integer, Nullable},
};
use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};

#[declare_sql_function(generate_return_type_helpers = false)]
extern "SQL" {
    fn orm_sqrt(number: Nullable<Double>) -> Nullable<Double>;
    fn orm_exp(number: Nullable<Double>) -> Nullable<Double>;
    fn orm_ln(number: Nullable<Double>) -> Nullable<Double>;
    fn orm_sin(number: Nullable<Double>) -> Nullable<Double>;
    fn orm_cos(number: Nullable<Double>) -> Nullable<Double>;
    fn orm_tan(number: Nullable<Double>) -> Nullable<Double>;
    fn orm_asin(number: Nullable<Double>) -> Nullable<Double>;
    fn orm_acos(number: Nullable<Double>) -> Nullable<Double>;
    fn orm_atan(number: Nullable<Double>) -> Nullable<Double>;
    fn orm_cot(number: Nullable<Double>) -> Nullable<Double>;
    fn orm_atan2(up: Nullable<Double>, along: Nullable<Double>) -> Nullable<Double>;
    fn orm_degrees(number: Nullable<Double>) -> Nullable<Double>;
    fn orm_radians(number: Nullable<Double>) -> Nullable<Double>;
    fn orm_ceiling(number: Nullable<Double>) -> Nullable<Double>;
    fn orm_floor(number: Nullable<Double>) -> Nullable<Double>;
    fn orm_round(number: Nullable<Double>, scale: Integer) -> Nullable<Double>;
    fn orm_round_whole(number: Nullable<BigInt>, scale: Integer) -> Nullable<BigInt>;
    fn orm_power(number: Nullable<Double>, exponent: Nullable<Double>) -> Nullable<Double>;
}

/// A value, where there is one.
fn real(value: f64) -> Option<f64> {
    Some(value).filter(|value| value.is_finite())
}

/// Half a digit goes away from zero, as on the others. What no decimal holds stays what it is.
fn rounded(number: f64, scale: i32) -> f64 {
    if scale < 0 {
        // To tens, hundreds and so on.
        let whole = Decimal::from(10u64.saturating_pow(scale.unsigned_abs()));
        let exact = Decimal::from_scientific(&format!("{number:.14e}")).ok().map(|exact| exact / whole);
        let tens = exact.map(|exact| exact.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero));
        return tens.and_then(|tens| tens.checked_mul(whole)?.to_f64()).unwrap_or(number);
    }
    let digits = scale.unsigned_abs();
    let exact = Decimal::from_scientific(&format!("{number:.14e}"))
        .ok()
        .and_then(|exact| exact.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero).to_f64());
    exact.unwrap_or(number)
}

/// A whole number to tens, hundreds and so on; what no number of 64 bits holds is NULL.
fn rounded_whole(number: i64, scale: i32) -> Option<i64> {
    let Some(unit) = 10_i128.checked_pow(scale.min(0).unsigned_abs()) else { return Some(0) };
    let half = if number < 0 { -unit / 2 } else { unit / 2 };
    i64::try_from((i128::from(number) + half) / unit * unit).ok()
}

pub(super) fn register(conn: &mut SqliteConnection) -> QueryResult<()> {
    orm_sqrt_utils::register_impl(conn, |it: Option<f64>| it.and_then(|it| real(it.sqrt())))?;
    orm_exp_utils::register_impl(conn, |it: Option<f64>| it.and_then(|it| real(it.exp())))?;
    orm_ln_utils::register_impl(conn, |it: Option<f64>| it.and_then(|it| real(it.ln())))?;
    orm_sin_utils::register_impl(conn, |it: Option<f64>| it.and_then(|it| real(it.sin())))?;
    orm_cos_utils::register_impl(conn, |it: Option<f64>| it.and_then(|it| real(it.cos())))?;
    orm_tan_utils::register_impl(conn, |it: Option<f64>| it.and_then(|it| real(it.tan())))?;
    orm_asin_utils::register_impl(conn, |it: Option<f64>| it.and_then(|it| real(it.asin())))?;
    orm_acos_utils::register_impl(conn, |it: Option<f64>| it.and_then(|it| real(it.acos())))?;
    orm_atan_utils::register_impl(conn, |it: Option<f64>| it.and_then(|it| real(it.atan())))?;
    orm_cot_utils::register_impl(conn, |it: Option<f64>| it.and_then(|it| real(it.tan().recip())))?;
    orm_atan2_utils::register_impl(conn, |up: Option<f64>, along: Option<f64>| real(up?.atan2(along?)))?;
    orm_degrees_utils::register_impl(conn, |it: Option<f64>| it.and_then(|it| real(it.to_degrees())))?;
    orm_radians_utils::register_impl(conn, |it: Option<f64>| it.and_then(|it| real(it.to_radians())))?;
    orm_ceiling_utils::register_impl(conn, |it: Option<f64>| it.and_then(|it| real(it.ceil())))?;
    orm_floor_utils::register_impl(conn, |it: Option<f64>| it.and_then(|it| real(it.floor())))?;
    orm_round_utils::register_impl(conn, |it: Option<f64>, scale: i32| it.map(|it| rounded(it, scale)))?;
    orm_round_whole_utils::register_impl(conn, |it: Option<i64>, scale: i32| rounded_whole(it?, scale))?;
    orm_power_utils::register_impl(conn, |it: Option<f64>, by: Option<f64>| real(it?.powf(by?)))
}
