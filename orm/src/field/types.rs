//! The types that a column can hold, and the traits through which more can be added.

use super::{Field, NotNull, Null, Nullable, PathNode, Scope, family};
use crate::{
    Code, Error, Kind, Result, Untyped, Value,
    db::Cell,
    model::{Choice, ColumnShape, Model, ModelField, Reader, Shape, Writer},
    write::NoKey,
};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

/// A Rust type that a column holds, or that an expression yields.
///
/// `Option<T>` is the nullable form of every [`Plain`] type. For a newtype there is `#[derive(FieldType)]`; by hand, a type
/// says how it is stored by means of another:
///
/// ```
/// use orm::{Cell, FieldType, Kind, Plain, Result, Value, family};
///
/// #[derive(Debug, PartialEq)]
/// struct Celsius(f64);
///
/// impl FieldType for Celsius {
///     type Plain = Self;
///     type Nullable = Option<Self>;
///     type Nullness = orm::NotNull;
///     type Family = family::Float;
///     const KIND: Kind = Kind::F64;
///
///     fn to_value(&self) -> Result<Value> { self.0.to_value() }
///     fn from_cell(cell: &Cell<'_>) -> Result<Self> { f64::from_cell(cell).map(Celsius) }
/// }
/// impl Plain for Celsius {}
///
/// assert_eq!(Celsius(21.5).to_value()?, Value::F64(21.5));
/// # Ok::<(), orm::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a type that a column can hold",
    label = "no database form is known for this type",
    note = "derive `FieldType` for a newtype, `Choices` for an enum, or wrap it in `Json<{Self}>`"
)]
pub trait FieldType: Sized + Send + Sync + 'static {
    /// The type without `Option`.
    type Plain: Plain;
    /// The type with `Option`.
    type Nullable: FieldType<Plain = Self::Plain, Family = Self::Family>;
    /// [`NotNull`] or [`Nullable`](super::Nullable).
    type Nullness: Null;
    /// What can be done with its values: see [`family`].
    type Family;

    /// How it is stored.
    const KIND: Kind;
    /// Whether NULL is one of its values.
    const NULLABLE: bool = false;
    /// Whether it is never negative.
    const POSITIVE: bool = false;
    /// The most characters that its text form has, where the type knows them.
    const MAX_LENGTH: Option<u32> = None;
    /// Its choices, for enums.
    const CHOICES: &'static [Choice] = &[];
    /// The choices that stand in what serde writes: its own, or those of its elements.
    #[doc(hidden)]
    const WRITTEN: &'static [Choice] = Self::CHOICES;

    /// The value to bind.
    ///
    /// # Errors
    /// When the value has no exact form in the database.
    ///
    /// ```
    /// use orm::{FieldType, Value};
    /// assert_eq!(7_i32.to_value()?, Value::I32(7));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn to_value(&self) -> Result<Value>;

    /// The value to bind, of one that is not needed any more: [`FieldType::to_value`] unless that would copy.
    ///
    /// ```
    /// use orm::{FieldType, Value};
    /// assert_eq!("long text".to_owned().into_value()?, Value::Text("long text".to_owned()));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn into_value(self) -> Result<Value> {
        self.to_value()
    }

    /// The value to compare with or to compute with: also one that no column holds.
    #[doc(hidden)]
    fn to_operand(&self) -> Result<Value> {
        self.to_value()
    }

    /// Reads it from a row.
    ///
    /// # Errors
    /// When what is stored is not of this type.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = orm::Database::connect("sqlite::memory:").await?;
    /// let (day, nothing) = orm::raw::<(chrono::NaiveDate, Option<i64>)>("SELECT '1815-12-10', NULL").get(&db).await?;
    /// assert_eq!((day.to_string().as_str(), nothing), ("1815-12-10", None));
    /// # Ok(()) }
    /// ```
    fn from_cell(cell: &Cell<'_>) -> Result<Self>;

    /// Reads it from a value from outside, such as a form's: in the form of its [`Kind`], and then as from a row.
    ///
    /// # Errors
    /// When the value is of another form, outside the range, or none.
    ///
    /// ```
    /// use orm::{FieldType, Untyped};
    /// assert_eq!(chrono::NaiveDate::from_untyped(Untyped::Text("1815-12-10"))?.to_string(), "1815-12-10");
    /// assert_eq!(u16::from_untyped(Untyped::Text("-1")).unwrap_err().code(), orm::Code::OutOfRange);
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn from_untyped(given: Untyped<'_>) -> Result<Self> {
        let value = given.read(Self::KIND)?;
        if Self::POSITIVE && matches!(value, Value::I16(..0) | Value::I32(..0) | Value::I64(..0)) {
            return Err(Error::new(Code::OutOfRange, "the value is negative, in a field that never is"));
        }
        Self::from_cell(&Cell::of(&[value].as_slice()))
    }
}

impl ColumnShape {
    /// What a type says of its column.
    ///
    /// ```
    /// use orm::{Kind, model::ColumnShape};
    /// assert_eq!((ColumnShape::of::<u32>().kind, ColumnShape::of::<u32>().positive), (Kind::I32, true));
    /// ```
    pub const fn of<T: FieldType>() -> ColumnShape {
        ColumnShape {
            kind: T::KIND,
            nullable: T::NULLABLE,
            positive: T::POSITIVE,
            max_length: T::MAX_LENGTH,
            choices: T::CHOICES,
            written: T::WRITTEN,
            untyped: |given| T::from_untyped(given)?.to_value(),
        }
    }
}

/// A [`FieldType`] that is never NULL.
///
/// ```
/// use orm::{FieldType, Plain, Value};
/// fn null_of<T: Plain>() -> orm::Result<Value> {
///     None::<T>.to_value()
/// }
/// assert_eq!(null_of::<i64>()?, Value::Null(orm::Kind::I64));
/// # Ok::<(), orm::Error>(())
/// ```
#[diagnostic::on_unimplemented(message = "`{Self}` can be NULL, which is not possible here")]
pub trait Plain: FieldType<Plain = Self, Nullable = Option<Self>, Nullness = NotNull> {}

impl<T: Plain> FieldType for Option<T> {
    type Plain = T;
    type Nullable = Option<T>;
    type Nullness = Nullable;
    type Family = T::Family;
    const KIND: Kind = T::KIND;
    const NULLABLE: bool = true;
    const POSITIVE: bool = T::POSITIVE;
    const MAX_LENGTH: Option<u32> = T::MAX_LENGTH;
    const CHOICES: &'static [Choice] = T::CHOICES;
    const WRITTEN: &'static [Choice] = T::WRITTEN;

    fn to_value(&self) -> Result<Value> {
        self.as_ref().map_or(Ok(Value::Null(T::KIND)), T::to_value)
    }

    fn into_value(self) -> Result<Value> {
        self.map_or(Ok(Value::Null(T::KIND)), T::into_value)
    }

    #[inline]
    fn from_cell(cell: &Cell<'_>) -> Result<Self> {
        if cell.is_null() { Ok(None) } else { T::from_cell(cell).map(Some) }
    }

    fn from_untyped(given: Untyped<'_>) -> Result<Self> {
        if given.is_nothing() { Ok(None) } else { T::from_untyped(given).map(Some) }
    }
}

macro_rules! plain {
    ($($type:ty: $family:ident, $kind:ident, |$value:ident| $store:expr, $get:ident;)+) => {$(
        impl FieldType for $type {
            type Plain = Self;
            type Nullable = Option<Self>;
            type Nullness = NotNull;
            type Family = family::$family;
            const KIND: Kind = Kind::$kind;

            fn to_value(&self) -> Result<Value> {
                let $value = self;
                Ok(Value::$kind($store))
            }

            fn into_value(self) -> Result<Value> {
                Ok(Value::$kind(self))
            }

            #[inline]
            fn from_cell(cell: &Cell<'_>) -> Result<Self> {
                cell.$get()
            }
        }
        impl Plain for $type {}
    )+};
}

plain! {
    bool: Bool, Bool, |v| *v, bool;
    i16: Integer, I16, |v| *v, i16;
    i32: Integer, I32, |v| *v, i32;
    i64: Integer, I64, |v| *v, i64;
    f32: Float, F32, |v| *v, f32;
    f64: Float, F64, |v| *v, f64;
    String: Text, Text, |v| v.clone(), text;
    Vec<u8>: Bytes, Bytes, |v| v.clone(), bytes;
    Decimal: Decimal, Decimal, |v| *v, scaled_decimal;
    NaiveDate: Date, Date, |v| *v, date;
    NaiveTime: Time, Time, |v| *v, time;
    NaiveDateTime: DateTime, Timestamp, |v| *v, timestamp;
    DateTime<Utc>: DateTime, DateTime, |v| *v, datetime;
    TimeDelta: Duration, Duration, |v| *v, duration;
    Uuid: Uuid, Uuid, |v| *v, uuid;
    std::net::IpAddr: Ip, Ip, |v| *v, ip;
    serde_json::Value: Json, Json, |v| v.clone(), json;
}

macro_rules! positive {
    ($($type:ty as $signed:ty, $kind:ident, $get:ident;)+) => {$(
        impl FieldType for $type {
            type Plain = Self;
            type Nullable = Option<Self>;
            type Nullness = NotNull;
            type Family = family::Integer;
            const KIND: Kind = Kind::$kind;
            const POSITIVE: bool = true;

            fn to_value(&self) -> Result<Value> {
                <$signed>::try_from(*self).map(Value::$kind).map_err(|_| {
                    let more = match stringify!($type) {
                        "u64" => "no whole number's column holds more: use a `Decimal`, or a text",
                        _ => "use a field type of more bits",
                    };
                    Error::new(Code::OutOfRange, format!("the number is more than the column's {}", <$signed>::MAX))
                        .with_hint(more)
                })
            }

            fn to_operand(&self) -> Result<Value> {
                // Past all whole numbers a float is as good: it is larger than every one that is stored.
                let wide = |number: u64| i64::try_from(number).map_or(Value::F64(number as f64), Value::I64);
                Ok(<$signed>::try_from(*self).map_or_else(|_| wide(u64::from(*self)), Value::$kind))
            }

            fn from_cell(cell: &Cell<'_>) -> Result<Self> {
                let stored = cell.$get()?;
                <$type>::try_from(stored).map_err(|_| {
                    Error::new(Code::Decode, "the number is negative, in a field that never is")
                        .with_unredacted(stored.to_string())
                })
            }
        }
        impl Plain for $type {}
    )+};
}

positive! {
    u16 as i16, I16, i16;
    u32 as i32, I32, i32;
    u64 as i64, I64, i64;
}

/// A value that is stored as a JSON document.
///
/// ```
/// use orm::{FieldType, Json, Value};
/// let tags = Json(vec!["a", "b"].into_iter().map(String::from).collect::<Vec<_>>());
/// assert_eq!(tags.to_value()?, Value::Json(serde_json::json!(["a", "b"])));
/// # Ok::<(), orm::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json<T>(pub T);

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> FieldType for Json<T> {
    type Plain = Self;
    type Nullable = Option<Self>;
    type Nullness = NotNull;
    type Family = family::Json;
    const KIND: Kind = Kind::Json;

    fn to_value(&self) -> Result<Value> {
        serde_json::to_value(&self.0).map(Value::Json).map_err(|error| {
            Error::new(Code::InvalidValue, "the value has no JSON form").with_unredacted(error.to_string())
        })
    }

    fn from_cell(cell: &Cell<'_>) -> Result<Self> {
        serde_json::from_value(cell.json()?).map(Json).map_err(|error| {
            let what = format!("the document is no `{}`", std::any::type_name::<T>());
            Error::new(Code::Decode, what).with_unredacted(error.to_string())
        })
    }
}
impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Plain for Json<T> {}

impl<T: FieldType> ModelField for T {
    type Nullness = T::Nullness;
    type Target = ();
    type Handle<S: Scope> = Field<S, T>;
    type Alone<M: Model> = NoKey<M>;
    const SHAPE: Shape = Shape::Column(ColumnShape::of::<T>());
    const COLUMNS: u16 = 1;

    fn handle<S: Scope>(at: &'static PathNode, _field: u16, column: u16) -> Field<S, T> {
        Field::new(at, column)
    }

    fn read(row: &mut Reader<'_, '_>) -> Result<Self> {
        row.value()
    }

    fn write(&self, out: &mut Writer) -> Result<()> {
        out.push(self.to_value()?);
        Ok(())
    }

    fn write_owned(self, out: &mut Writer) -> Result<()> {
        out.push(self.into_value()?);
        Ok(())
    }
}
