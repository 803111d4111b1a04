//! Values from texts and as texts, as the other databases read and write them.

use crate::db::{bind, decode::text};
use diesel::{
    QueryResult, SqliteConnection, declare_sql_function,
    sql_types::{Integer, Nullable, Text},
};
use rust_decimal::Decimal;
use uuid::Uuid;

#[declare_sql_function(generate_return_type_helpers = false)]
extern "SQL" {
    fn orm_read_text(text: Nullable<Text>, form: Text) -> Nullable<Text>;
    fn orm_decimal_text(number: Nullable<Text>, scale: Integer) -> Nullable<Text>;
}

pub(super) fn register(conn: &mut SqliteConnection) -> QueryResult<()> {
    orm_read_text_utils::register_impl(conn, |text: Option<String>, form: String| read(&text?, &form))?;
    orm_decimal_text_utils::register_impl(conn, |number: Option<String>, scale: i32| decimal_text(&number?, scale))
}

/// What the text says, in the form in which it is stored.
fn read(said: &str, form: &str) -> Option<String> {
    match form {
        "number" => number(said.trim_matches(' ')),
        "uuid" => uuid(said).map(|it| it.simple().to_string()),
        "hyphenated" => uuid(said).map(|it| it.hyphenated().to_string()),
        "date" => day(said).map(str::to_owned),
        "time" => clock(said).then(|| text::time(said).ok().map(bind::time_text)).flatten(),
        _ => {
            let moment = said.strip_suffix('Z').unwrap_or(said);
            let (date, time) = moment.split_at_checked(10)?;
            day(date)?;
            clock(time.strip_prefix([' ', 'T'])?).then_some(())?;
            text::datetime(moment).ok().and_then(|moment| bind::timestamp_text(moment).ok())
        }
    }
}

fn uuid(said: &str) -> Option<Uuid> {
    Uuid::try_parse(said).ok().filter(|_| matches!(said.len(), 32 | 36))
}

fn day(said: &str) -> Option<&str> {
    let is_day = said.len() == 10 && !said.starts_with("0000") && shaped(said, "0000-00-00");
    Some(said).filter(|said| is_day && text::date(said).is_ok())
}

fn clock(said: &str) -> bool {
    ["00:00", "00:00:00"].iter().any(|shape| shaped(said, shape))
        || said.split_at_checked(8).is_some_and(|(time, part)| {
            shaped(time, "00:00:00")
                && (2..=7).contains(&part.len())
                && part.strip_prefix('.').is_some_and(|digits| digits.bytes().all(|it| it.is_ascii_digit()))
        })
}

/// Digits where the shape has some, and what else it has.
fn shaped(said: &str, shape: &str) -> bool {
    said.len() == shape.len()
        && said.bytes().zip(shape.bytes()).all(|(it, of)| if of == b'0' { it.is_ascii_digit() } else { it == of })
}

fn number(said: &str) -> Option<String> {
    let plain = said.strip_prefix(['-', '+']).unwrap_or(said);
    let (digits, exponent) = plain.split_once(['e', 'E']).unwrap_or((plain, "0"));
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    let is = |part: &str| part.bytes().all(|it| it.is_ascii_digit());
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let said_digits = is(whole) && is(part) && !(whole.is_empty() && part.is_empty());
    (said_digits && is(exponent) && (1..=2).contains(&exponent.len())).then(|| said.to_owned())
}

fn decimal_text(number: &str, scale: i32) -> Option<String> {
    let read: Decimal = super::decimal(number)?;
    Some(match u32::try_from(scale) {
        Ok(scale) => format!("{read:.*}", scale as usize),
        Err(_) => read.normalize().to_string(),
    })
}
