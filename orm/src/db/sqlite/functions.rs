//! Functions that SQLite lacks, registered on every connection. Never in DDL: other tools must be able to open the file.
//!
//! | Function | Gives |
//! |---|---|
//! | `orm_lower(text)`, `orm_upper(text)` | the text in lower or upper case, of all scripts |
//! | `orm_regexp(pattern, text)` | whether the pattern, of the `regex` or the `fancy-regex` crate, is found in the text |
//! | `orm_whole(number, least, most)`, `orm_single(number)`, `orm_double(number)` | the number, when its column holds it; else an error |
//! | `orm_decimal(number, digits, scale)` | the number rounded to its column; an error, when it is too large |
//! | `orm_round(number, scale)` | the number rounded to so many digits after the point, and to 15 in all |
//! | `orm_text(text, length)` | the text without blanks that are too many; an error, when it is still too long |
//! | `orm_read_text(text, form)` | the number, day, time, moment or UUID that the text says, as it is stored; NULL where it says none |
//! | `orm_decimal_text(number, scale)` | the number as the others write it; with as many digits as it needs where the scale is -1 |
//! | `orm_time(moment)` | the time of day of a date with a time |
//! | `orm_at_zone(moment, zone)` | the moment as the clocks of a zone show it, from the system's files; an error for a zone that is not among them |
//! | `orm_moved(moment, span)` | the day, time or moment so many microseconds later |
//! | `orm_since(later, earlier)` | the microseconds between two days, moments or times of day |
//! | `orm_micros(number)` | the nearest whole number of microseconds; of two the even one, as on the others |
//! | `orm_json_equal(one, other)` | whether two JSON documents are equal, however they are written |
//! | `orm_json_contains(document, part)` | whether a JSON document contains another, as PostgreSQL's `@>` understands it |
//! | `orm_json_text(document)` | the JSON document as PostgreSQL writes it: a blank behind each comma and colon, and letters as they are |
//! | `orm_ends_with(text, end)` | whether the text ends with the other one |
//! | `orm_float(bits)` | the float with these bits, for lists of floats that have to stay what they are |
//! | `orm_lpad(text, length, fill)`, `orm_rpad(..)`, `orm_repeat(text, times)`, `orm_reverse(text)` | what their names say, in characters |
//! | `orm_md5(text)`, `orm_sha1(text)`, `orm_sha224(text)` to `orm_sha512(text)` | hashes in hexadecimal digits |
//! | `orm_sqrt(number)` and the other functions of `numbers` | what SQLite has only when it is built so; NULL where there is no value |
//! | `orm_join(list, separator)` | the texts of a JSON list as one; NULL for none |
//! | `orm_std_dev(number)`, `orm_std_dev_sample(number)`, `orm_variance(number)`, `orm_variance_sample(number)` | how far the numbers lie from their mean |
//! | `orm_bit_and(number)`, `orm_bit_or(number)`, `orm_bit_xor(number)` | the bits of whole numbers, combined; NULL for none |
//! | `orm_sum(number)` | the exact decimal sum, as text; compare it as `CAST(orm_sum(..) AS NUMERIC)` |

mod bits;
mod conversions;
mod documents;
mod fitting;
mod moments;
mod numbers;
mod spread;
mod texts;
mod zones;

use crate::db::failure::BAD_REGEX;
use diesel::{
    QueryResult, SqliteConnection,
    connection::SimpleConnection as _,
    declare_sql_function,
    serialize::{IsNull, Output, Result as ToSqlResult, ToSql},
    sql_types::{BigInt, Bool, Double, Integer, Nullable, Text},
    sqlite::{Sqlite, SqliteAggregateFunction},
};
use regex::Regex;
use rust_decimal::Decimal;
use std::sync::{Mutex, PoisonError};

#[declare_sql_function(generate_return_type_helpers = false)]
extern "SQL" {
    fn orm_lower(text: Nullable<Text>) -> Nullable<Text>;
    fn orm_upper(text: Nullable<Text>) -> Nullable<Text>;
    fn orm_regexp(pattern: Nullable<Text>, text: Nullable<Text>) -> Nullable<Bool>;
    fn orm_time(moment: Nullable<Text>) -> Nullable<Text>;
    fn orm_at_zone(moment: Nullable<Text>, zone: Text) -> Nullable<Text>;
    fn orm_moved(moment: Nullable<Text>, span: Nullable<BigInt>) -> Nullable<Text>;
    fn orm_since(later: Nullable<Text>, earlier: Nullable<Text>) -> Nullable<BigInt>;
    fn orm_micros(number: Nullable<Double>) -> Nullable<BigInt>;
    fn orm_json_equal(one: Nullable<Text>, other: Nullable<Text>) -> Nullable<Bool>;
    fn orm_json_contains(document: Nullable<Text>, part: Nullable<Text>) -> Nullable<Bool>;
    fn orm_json_text(document: Nullable<Text>) -> Nullable<Text>;
    fn orm_ends_with(text: Nullable<Text>, end: Nullable<Text>) -> Nullable<Bool>;
    fn orm_float(bits: Nullable<BigInt>) -> Nullable<Double>;
    fn orm_lpad(text: Nullable<Text>, length: Nullable<Integer>, fill: Nullable<Text>) -> Nullable<Text>;
    fn orm_rpad(text: Nullable<Text>, length: Nullable<Integer>, fill: Nullable<Text>) -> Nullable<Text>;
    fn orm_repeat(text: Nullable<Text>, times: Nullable<Integer>) -> Nullable<Text>;
    fn orm_reverse(text: Nullable<Text>) -> Nullable<Text>;
    fn orm_md5(text: Nullable<Text>) -> Nullable<Text>;
    fn orm_sha1(text: Nullable<Text>) -> Nullable<Text>;
    fn orm_sha224(text: Nullable<Text>) -> Nullable<Text>;
    fn orm_sha256(text: Nullable<Text>) -> Nullable<Text>;
    fn orm_sha384(text: Nullable<Text>) -> Nullable<Text>;
    fn orm_sha512(text: Nullable<Text>) -> Nullable<Text>;
    fn orm_join(list: Nullable<Text>, separator: Text) -> Nullable<Text>;
    #[aggregate]
    fn orm_std_dev(number: Nullable<Double>) -> Nullable<Double>;
    #[aggregate]
    fn orm_std_dev_sample(number: Nullable<Double>) -> Nullable<Double>;
    #[aggregate]
    fn orm_variance(number: Nullable<Double>) -> Nullable<Double>;
    #[aggregate]
    fn orm_variance_sample(number: Nullable<Double>) -> Nullable<Double>;
    #[aggregate]
    fn orm_bit_and(number: Nullable<BigInt>) -> Nullable<BigInt>;
    #[aggregate]
    fn orm_bit_or(number: Nullable<BigInt>) -> Nullable<BigInt>;
    #[aggregate]
    fn orm_bit_xor(number: Nullable<BigInt>) -> Nullable<BigInt>;
    #[aggregate]
    fn orm_sum(number: Nullable<Text>) -> Nullable<Text>;
}

pub(super) fn register(conn: &mut SqliteConnection) -> QueryResult<()> {
    orm_lower_utils::register_impl(conn, |text: Option<String>| text.map(|it| texts::lower(&it)))?;
    orm_upper_utils::register_impl(conn, |text: Option<String>| text.map(|it| it.to_uppercase()))?;
    // One statement asks for one pattern over and over: the last one is kept compiled.
    let last = Mutex::new(None::<(String, Pattern)>);
    orm_regexp_utils::register_impl(conn, move |pattern: Option<String>, text: Option<String>| {
        found(&mut last.lock().unwrap_or_else(PoisonError::into_inner), pattern, text)
    })?;
    fitting::register(conn)?;
    conversions::register(conn)?;
    orm_time_utils::register_impl(conn, moments::time)?;
    orm_at_zone_utils::register_impl(conn, zones::at_zone)?;
    orm_moved_utils::register_impl(conn, moments::moved)?;
    orm_since_utils::register_impl(conn, moments::since)?;
    orm_micros_utils::register_impl(conn, moments::micros)?;
    orm_json_equal_utils::register_impl(conn, documents::equal)?;
    orm_json_contains_utils::register_impl(conn, documents::contains)?;
    orm_json_text_utils::register_impl(conn, documents::written)?;
    orm_ends_with_utils::register_impl(conn, |text: Option<String>, end: Option<String>| Some(text?.ends_with(&end?)))?;
    orm_float_utils::register_impl(conn, |bits: Option<i64>| bits.map(|bits| f64::from_bits(bits as u64)))?;
    orm_lpad_utils::register_impl(conn, texts::pad_start)?;
    orm_rpad_utils::register_impl(conn, texts::pad_end)?;
    orm_repeat_utils::register_impl(conn, texts::repeat)?;
    orm_reverse_utils::register_impl(conn, texts::reverse)?;
    orm_md5_utils::register_impl(conn, texts::md5)?;
    orm_sha1_utils::register_impl(conn, texts::sha1)?;
    orm_sha224_utils::register_impl(conn, texts::sha2::<sha2::Sha224>)?;
    orm_sha256_utils::register_impl(conn, texts::sha2::<sha2::Sha256>)?;
    orm_sha384_utils::register_impl(conn, texts::sha2::<sha2::Sha384>)?;
    orm_sha512_utils::register_impl(conn, texts::sha2::<sha2::Sha512>)?;
    numbers::register(conn)?;
    orm_join_utils::register_impl(conn, documents::join)?;
    orm_std_dev_utils::register_impl::<spread::Spread<0, true>, _>(conn)?;
    orm_std_dev_sample_utils::register_impl::<spread::Spread<1, true>, _>(conn)?;
    orm_variance_utils::register_impl::<spread::Spread<0, false>, _>(conn)?;
    orm_variance_sample_utils::register_impl::<spread::Spread<1, false>, _>(conn)?;
    orm_bit_and_utils::register_impl::<bits::Bits<'&'>, _>(conn)?;
    orm_bit_or_utils::register_impl::<bits::Bits<'|'>, _>(conn)?;
    orm_bit_xor_utils::register_impl::<bits::Bits<'^'>, _>(conn)?;
    orm_sum_utils::register_impl::<Sum, _>(conn)
}

/// Registers them on a connection that somebody else has made, where they are to stay: each time anew would make SQLite prepare all
/// statements again.
pub(in crate::db) fn register_once(conn: &mut SqliteConnection) -> QueryResult<()> {
    // Another version of this library may have been there before.
    let name =
        format!("orm_registered_{}", env!("CARGO_PKG_VERSION").replace(|c: char| !c.is_ascii_alphanumeric(), "_"));
    if conn.batch_execute(&format!("SELECT {name}()")).is_ok() {
        return Ok(());
    }
    register(conn)?;
    conn.register_noarg_sql_function::<Integer, i32, _>(&name, true, || 1)
}

/// What a function gives: NULL, a value, or the error with which the statement fails.
#[derive(Debug)]
struct Given<T>(Result<Option<T>, String>);

macro_rules! given {
    ($($type:ty as $sql:ident, |$value:ident| $set:expr;)+) => {$(
        impl ToSql<Nullable<$sql>, Sqlite> for Given<$type> {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> ToSqlResult {
                match &self.0 {
                    Ok(None) => Ok(IsNull::Yes),
                    Ok(Some($value)) => {
                        out.set_value($set);
                        Ok(IsNull::No)
                    }
                    Err(error) => Err(error.clone().into()),
                }
            }
        }
    )+};
}

given! {
    i64 as BigInt, |value| *value;
    f64 as Double, |value| *value;
    bool as Bool, |value| i32::from(*value);
    String as Text, |value| value.as_str();
}

/// How often the search of a pattern that looks back or around may begin again in one text: enough for what people write, and a moment.
const STEPS: usize = 10_000;

/// A regular expression, compiled.
#[derive(Debug)]
enum Pattern {
    /// Found in time that grows with the text alone.
    Plain(Regex),
    /// One that looks back at what it has found, or around: the steps of its search are counted.
    Fancy(fancy_regex::Regex),
}

impl Pattern {
    fn new(pattern: &str) -> Result<Pattern, String> {
        match Regex::new(pattern) {
            Ok(regex) => Ok(Pattern::Plain(regex)),
            Err(error) => match fancy_regex::RegexBuilder::new(pattern).backtrack_limit(STEPS).build() {
                Ok(regex) => Ok(Pattern::Fancy(regex)),
                Err(_) => Err(error.to_string()),
            },
        }
    }

    fn is_in(&self, text: &str) -> Result<bool, String> {
        match self {
            Pattern::Plain(regex) => Ok(regex.is_match(text)),
            Pattern::Fancy(regex) => regex.is_match(text).map_err(|error| error.to_string()),
        }
    }
}

fn found(last: &mut Option<(String, Pattern)>, pattern: Option<String>, text: Option<String>) -> Given<bool> {
    let (Some(pattern), Some(text)) = (pattern, text) else { return Given(Ok(None)) };
    let known = match last.take().filter(|(known, _)| *known == pattern) {
        Some((_, regex)) => Ok(regex),
        None => Pattern::new(&pattern),
    };
    let asked = known.and_then(|regex| {
        let found = regex.is_in(&text);
        *last = Some((pattern, regex));
        found
    });
    // The pattern, which is a value, stands in front of what is wrong with it.
    Given(asked.map(Some).map_err(|why| {
        let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
        format!("{BAD_REGEX}: {why}")
    }))
}

/// The exact sum so far; what is not exact is told in its place, and cannot be read as a number.
#[derive(Debug, Default)]
struct Sum(Option<Result<Decimal, &'static str>>);

impl SqliteAggregateFunction<Option<String>> for Sum {
    type Output = Option<String>;

    fn step(&mut self, number: Option<String>) {
        let Some(text) = number else { return };
        let number = decimal(&text).ok_or("not a decimal");
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

/// The decimal that SQLite has written as text: a float with an exponent when it is very small or large, and with digits behind the
/// fifteenth that the decimal never had.
fn decimal(text: &str) -> Option<Decimal> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if digits > 15 && text.contains(['.', 'e', 'E']) {
        let shortest = format!("{:e}", text.parse::<f64>().ok()?);
        let read = Decimal::from_scientific(&shortest).ok()?;
        if read.normalize().mantissa().unsigned_abs() < 1_000_000_000_000_000 {
            return Some(read);
        }
    }
    Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text)).ok()
}

/// Adds only if nothing is rounded away: the difference gives the other number back.
fn add(sum: Decimal, number: Decimal) -> Option<Decimal> {
    let total = sum.checked_add(number)?;
    (total.checked_sub(number)? == sum && total.checked_sub(sum)? == number).then_some(total)
}
