//! Functions that SQLite lacks, registered on every connection. Never in DDL: other tools must be able to open the file.
//!
//! | Function | Gives |
//! |---|---|
//! | `orm_lower(text)`, `orm_upper(text)` | the text in lower or upper case, of all scripts |
//! | `orm_regexp(pattern, text)` | whether the pattern of the `regex` crate is found in the text |
//! | `orm_whole(number, least, most)` | the number, when it is a whole one in the range of its column; else an error |
//! | `orm_sum(number)` | the exact decimal sum, as text; compare it as `CAST(orm_sum(..) AS NUMERIC)` |

use crate::db::failure::OUT_OF_RANGE;
use diesel::{
    QueryResult, SqliteConnection, declare_sql_function,
    serialize::{IsNull, Output, Result as ToSqlResult, ToSql},
    sql_types::{BigInt, Bool, Nullable, Text},
    sqlite::{Sqlite, SqliteAggregateFunction},
};
use regex::Regex;
use rust_decimal::Decimal;
use std::sync::{Mutex, PoisonError};

#[declare_sql_function(generate_return_type_helpers = false)]
extern "SQL" {
    fn orm_lower(text: Nullable<Text>) -> Nullable<Text>;
    fn orm_upper(text: Nullable<Text>) -> Nullable<Text>;
    fn orm_regexp(pattern: Nullable<Text>, text: Nullable<Text>) -> Bool;
    fn orm_whole(number: Nullable<Text>, least: BigInt, most: BigInt) -> Nullable<BigInt>;
    #[aggregate]
    fn orm_sum(number: Nullable<Text>) -> Nullable<Text>;
}

pub(super) fn register(conn: &mut SqliteConnection) -> QueryResult<()> {
    orm_lower_utils::register_impl(conn, |text: Option<String>| text.map(|it| it.to_lowercase()))?;
    orm_upper_utils::register_impl(conn, |text: Option<String>| text.map(|it| it.to_uppercase()))?;
    // One statement asks for one pattern over and over: the last one is kept compiled.
    let last = Mutex::new(None::<(String, Regex)>);
    orm_regexp_utils::register_impl(conn, move |pattern: Option<String>, text: Option<String>| {
        found(&mut last.lock().unwrap_or_else(PoisonError::into_inner), pattern, text)
    })?;
    orm_whole_utils::register_impl(conn, whole)?;
    orm_sum_utils::register_impl::<Sum, _>(conn)
}

/// A whole number, or what stands in its place: a sum that has become too large is a float there.
#[derive(Debug)]
struct Whole(Result<Option<i64>, String>);

fn whole(number: Option<String>, least: i64, most: i64) -> Whole {
    Whole(number.map_or(Ok(None), |text| match text.parse::<i64>() {
        Ok(number) if (least..=most).contains(&number) => Ok(Some(number)),
        _ => Err(format!("{OUT_OF_RANGE}: {text} is no whole number from {least} to {most}")),
    }))
}

impl ToSql<Nullable<BigInt>, Sqlite> for Whole {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> ToSqlResult {
        match &self.0 {
            Ok(None) => Ok(IsNull::Yes),
            Ok(Some(number)) => {
                out.set_value(*number);
                Ok(IsNull::No)
            }
            Err(error) => Err(error.clone().into()),
        }
    }
}

/// Whether a pattern was found; NULL for NULL, an error for a pattern that is none.
#[derive(Debug)]
struct Found(Result<Option<bool>, regex::Error>);

fn found(last: &mut Option<(String, Regex)>, pattern: Option<String>, text: Option<String>) -> Found {
    let (Some(pattern), Some(text)) = (pattern, text) else { return Found(Ok(None)) };
    if let Some((known, regex)) = last
        && *known == pattern
    {
        return Found(Ok(Some(regex.is_match(&text))));
    }
    match Regex::new(&pattern) {
        Ok(regex) => {
            let found = regex.is_match(&text);
            *last = Some((pattern, regex));
            Found(Ok(Some(found)))
        }
        Err(error) => Found(Err(error)),
    }
}

impl ToSql<Bool, Sqlite> for Found {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> ToSqlResult {
        match &self.0 {
            Ok(None) => Ok(IsNull::Yes),
            Ok(Some(found)) => {
                out.set_value(i32::from(*found));
                Ok(IsNull::No)
            }
            Err(error) => Err(error.to_string().into()),
        }
    }
}

/// The exact sum so far; what is not exact is told in its place, and cannot be read as a number.
#[derive(Debug, Default)]
struct Sum(Option<Result<Decimal, &'static str>>);

impl SqliteAggregateFunction<Option<String>> for Sum {
    type Output = Option<String>;

    fn step(&mut self, number: Option<String>) {
        let Some(text) = number else { return };
        // SQLite writes a float with an exponent when it is very small or large.
        let read = Decimal::from_str_exact(&text).or_else(|_| Decimal::from_scientific(&text));
        let number = read.map_err(|_| "not a decimal");
        self.0 = Some(match (self.0.take().unwrap_or(Ok(Decimal::ZERO)), number) {
            (Ok(sum), Ok(number)) => add(sum, number).ok_or("a sum of more than 28 digits"),
            (Err(why), _) | (_, Err(why)) => Err(why),
        });
    }

    fn finalize(sum: Option<Self>) -> Option<String> {
        sum?.0.map(|sum| match sum {
            Ok(sum) => sum.normalize().to_string(),
            Err(why) => why.to_owned(),
        })
    }
}

/// Adds only if nothing is rounded away: the difference gives the other number back.
fn add(sum: Decimal, number: Decimal) -> Option<Decimal> {
    let total = sum.checked_add(number)?;
    (total.checked_sub(number)? == sum && total.checked_sub(sum)? == number).then_some(total)
}
