//! Families of types: what can be asked of their values.

pub use super::postgres::family::{Array, HStore, Range, SearchVector, Searched};
use crate::tree::{Expr, Function, Like};
use rust_decimal::Decimal as D;

macro_rules! families {
    ($($(#[doc = $doc:literal])+ $name:ident;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy)]
        pub struct $name;
    )+};
}

families! {
    /// Truth values.
    Bool;
    /// Whole numbers.
    Integer;
    /// Floating point numbers.
    Float;
    /// Exact decimals.
    Decimal;
    /// Text.
    Text;
    /// Bytes.
    Bytes;
    /// Days.
    Date;
    /// Times of day.
    Time;
    /// Dates with times.
    DateTime;
    /// Spans of time.
    Duration;
    /// Identifiers.
    Uuid;
    /// IP addresses.
    Ip;
    /// JSON documents.
    Json;
    /// Enums.
    Choice;
}

/// Families with text lookups.
///
/// ```
/// # use library::*;
/// // `b.price.contains("x")` does not compile.
/// let query = Book::objects().filter(|b| b.title.contains("x"));
/// ```
#[diagnostic::on_unimplemented(
    message = "text lookups need a text field",
    label = "this is not text",
    note = "`contains`, `starts_with`, `like` and their case-insensitive forms work on `String` fields"
)]
pub trait IsText {}
impl IsText for Text {}

/// Families whose values have a length: text and bytes.
///
/// ```
/// # use library::*;
/// // `b.price.length()` does not compile.
/// let query = Book::objects().filter(|b| b.title.length().gt(5));
/// ```
#[diagnostic::on_unimplemented(
    message = "`length` needs a text field, or one of bytes",
    label = "this is neither text nor bytes",
    note = "how many elements an array has is `len()`"
)]
pub trait HasLength {}
impl HasLength for Text {}
impl HasLength for Bytes {}

/// Families whose values can hold others: text, JSON documents, and of PostgreSQL arrays, ranges and hstore.
///
/// ```
/// # use library::*;
/// // `b.price.contains("x")` does not compile.
/// let query = Book::objects().filter(|b| b.title.contains("x"));
/// ```
#[diagnostic::on_unimplemented(
    message = "`contains` needs a text field, a JSON document, an array, a range or an hstore",
    label = "this is none of them",
    note = "`contains`, `starts_with`, `like` and their case-insensitive forms work on `String` fields"
)]
pub trait Contains {
    /// What can be looked for.
    type Part: super::Plain;

    /// The condition.
    #[doc(hidden)]
    fn contains(on: Expr, part: Expr) -> Expr;
}
impl Contains for Text {
    type Part = String;

    fn contains(on: Expr, part: Expr) -> Expr {
        Expr::Like { on: Box::new(on), pattern: Box::new(part), like: Like::Contains, fold: false }
    }
}
impl Contains for Json {
    type Part = serde_json::Value;

    fn contains(on: Expr, part: Expr) -> Expr {
        Expr::Call(Function::JsonContains, vec![on, part])
    }
}

/// Families that `+` and `-` work on.
///
/// ```
/// # use library::*;
/// let query = Book::objects().filter(|b| (b.created + TimeDelta::days(1)).gt(now()) | (b.views + 1).gt(10));
/// ```
#[diagnostic::on_unimplemented(
    message = "arithmetic needs a number, a day, a time or a moment, or a span of time",
    label = "this is none of them"
)]
pub trait Adds {
    /// What is added to a `T`: another one, or a span of time.
    type Other<T: super::Plain>: super::Plain;
}
impl Adds for Integer {
    type Other<T: super::Plain> = T;
}
impl Adds for Float {
    type Other<T: super::Plain> = T;
}
impl Adds for Decimal {
    type Other<T: super::Plain> = T;
}
impl Adds for Duration {
    type Other<T: super::Plain> = T;
}
impl Adds for Date {
    type Other<T: super::Plain> = chrono::TimeDelta;
}
impl Adds for DateTime {
    type Other<T: super::Plain> = chrono::TimeDelta;
}
impl Adds for Time {
    type Other<T: super::Plain> = chrono::TimeDelta;
}

/// Families that `*` works on.
///
/// ```
/// # use library::*;
/// let query = Book::objects().filter(|b| (b.price * 2).gt(b.price + 10));
/// ```
#[diagnostic::on_unimplemented(message = "`*` needs a number, or a span of time", label = "this is neither")]
pub trait Multiplies {
    /// What a `T` is multiplied by: another one, or a whole number.
    type Other<T: super::Plain>: super::Plain;
}
impl Multiplies for Integer {
    type Other<T: super::Plain> = T;
}
impl Multiplies for Float {
    type Other<T: super::Plain> = T;
}
impl Multiplies for Decimal {
    type Other<T: super::Plain> = T;
}
impl Multiplies for Duration {
    type Other<T: super::Plain> = i64;
}

/// Families that `/` and `%` work on.
///
/// ```
/// # use library::*;
/// // Dividing by a column can be dividing by 0, which gives `None`; a number is known not to be 0.
/// let rates: QuerySet<Book, (i64, Option<i64>)> = Book::objects().values(|b| (b.id / 2, b.id / b.views));
/// ```
#[diagnostic::on_unimplemented(message = "`/` and `%` need a number", label = "this is not a number")]
pub trait Divides {}
impl Divides for Integer {}
impl Divides for Float {}
impl Divides for Decimal {}

/// Families with arithmetic.
///
/// ```
/// # use library::*;
/// let sums: QuerySet<Book, (Option<i64>, Option<Decimal>)> = Book::objects().aggregate(|b| (b.views.sum(), b.price.sum()));
/// ```
#[diagnostic::on_unimplemented(message = "this needs a number", label = "this is not a number")]
pub trait IsNumber {
    /// What their sum is.
    type Sum: super::Plain;
    /// What their mean is.
    type Avg: super::Plain;
}
impl IsNumber for Integer {
    type Sum = i64;
    type Avg = f64;
}
impl IsNumber for Float {
    type Sum = f64;
    type Avg = f64;
}
impl IsNumber for Decimal {
    type Sum = D;
    type Avg = D;
}
impl IsNumber for Duration {
    type Sum = chrono::TimeDelta;
    type Avg = chrono::TimeDelta;
}

/// Families whose values have a place in a JSON document.
///
/// ```
/// # use library::*;
/// let cards: QuerySet<Book, serde_json::Value> = Book::objects().values(|b| orm::json_object((("title", b.title), ("views", b.views))));
/// ```
#[diagnostic::on_unimplemented(
    message = "values of the family `{Self}` have no place in a JSON document",
    label = "JSON has no form for this",
    note = "spans of time are numbers by `total_seconds()`"
)]
pub trait InJson {}

macro_rules! in_json {
    ($($family:ident)+) => {$( impl InJson for $family {} )+};
}

in_json! { Bool Integer Float Decimal Text Date Time DateTime Uuid Ip Json Choice }
impl<T: super::FieldType<Family: InJson>> InJson for Array<T> {}

/// Families with a day in them.
///
/// ```
/// # use library::*;
/// let years: QuerySet<Book, (i32, Option<i32>)> = Book::objects().values(|b| (b.created.year(), b.published.year()));
/// ```
#[diagnostic::on_unimplemented(message = "the parts of a day need a date", label = "this has no date")]
pub trait HasDate {}
impl HasDate for Date {}
impl HasDate for DateTime {}

/// Families with a time of day in them.
///
/// ```
/// # use library::*;
/// let hours: QuerySet<Book, i32> = Book::objects().values(|b| b.created.hour());
/// ```
#[diagnostic::on_unimplemented(message = "the parts of a time of day need one", label = "this has no time of day")]
pub trait HasTime {}
impl HasTime for Time {}
impl HasTime for DateTime {}

/// Families whose values can be made ones of another family: see [`cast`](crate::Expression::cast).
///
/// ```
/// # use library::*;
/// // `b.published.cast::<i64>()` does not compile: a day is no number.
/// let texts: QuerySet<Book, (String, Option<String>)> = Book::objects().values(|b| (b.price.cast::<String>(), b.published.cast::<String>()));
/// ```
#[diagnostic::on_unimplemented(
    message = "a value of the family `{Self}` cannot be made one of the family `{To}`",
    label = "there is no such conversion",
    note = "`cast` is between numbers, from and to text, of a moment to its day or its time, of a day to a moment, and of truth to 1 and 0"
)]
pub trait CastTo<To> {
    /// Whether a value can say none of the other family.
    type Null: super::Null;
}

macro_rules! casts {
    ($($from:ident -> $($to:ident)+, $null:ident;)+) => {$($(
        impl CastTo<$to> for $from {
            type Null = super::$null;
        }
    )+)+};
}

casts! {
    Integer -> Integer Float Decimal Text Bool, NotNull;
    Float -> Integer Float Decimal Text Bool, NotNull;
    Decimal -> Integer Float Decimal Text Bool, NotNull;
    Bool -> Bool Integer Float Decimal Text, NotNull;
    Text -> Integer Float Decimal Bool Date Time DateTime Uuid, Nullable;
    Ip -> Ip Text, NotNull;
    Text -> Text, NotNull;
    Date -> Date DateTime Text, NotNull;
    Time -> Time Text, NotNull;
    DateTime -> DateTime Date Time Text, NotNull;
    Uuid -> Uuid Text, NotNull;
    Json -> Json Text, NotNull;
    Choice -> Text, NotNull;
}
