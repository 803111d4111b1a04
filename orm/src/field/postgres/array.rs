//! Arrays: `Vec<T>` of a plain type. `Vec<u8>` is bytes, since no column holds a `u8`.

use crate::{Cell, FieldType, Kind, NotNull, PgKind, PgValue, Plain, Result, Value, family, model::Choice};

/// An array of PostgreSQL; elements that can be NULL are `Option`s.
///
/// ```
/// use orm::{FieldType, Kind, postgres::PgKind};
/// assert_eq!(Vec::<String>::KIND, Kind::Postgres(&PgKind::Array(Kind::Text)));
/// assert_eq!(Vec::<Option<i32>>::KIND, Kind::Postgres(&PgKind::Array(Kind::I32)));
/// assert_eq!(Vec::<u8>::KIND, Kind::Bytes);
/// ```
impl<T: FieldType> FieldType for Vec<T> {
    type Plain = Self;
    type Nullable = Option<Self>;
    type Nullness = NotNull;
    type Family = family::Array<T>;
    const KIND: Kind = Kind::Postgres(kind::<T>());
    const WRITTEN: &'static [Choice] = T::WRITTEN;

    fn to_value(&self) -> Result<Value> {
        let elements = self.iter().map(T::to_value).collect::<Result<_>>()?;
        Ok(Value::Postgres(kind::<T>(), Box::new(PgValue::Array(elements))))
    }

    fn into_value(self) -> Result<Value> {
        let elements = self.into_iter().map(T::into_value).collect::<Result<_>>()?;
        Ok(Value::Postgres(kind::<T>(), Box::new(PgValue::Array(elements))))
    }

    fn from_cell(cell: &Cell<'_>) -> Result<Self> {
        cell.array()?.into_iter().map(|element| T::from_cell(&Cell::of(&[element].as_slice()))).collect()
    }
}
impl<T: FieldType> Plain for Vec<T> {}

/// The kind of arrays of a type.
const fn kind<T: FieldType>() -> &'static PgKind {
    const {
        if !PgKind::is_element(T::KIND) {
            panic!("an array holds plain values, and no arrays or ranges: write `Json<..>`");
        }
        &PgKind::Array(T::KIND)
    }
}

/// That a type is an array, and of what.
///
/// ```
/// use orm::postgres::IsArray;
/// fn first<A: IsArray>(array: Vec<A::Element>) -> Option<A::Element> {
///     array.into_iter().next()
/// }
/// assert_eq!(first::<Vec<i32>>(vec![3, 4]), Some(3));
/// ```
pub trait IsArray: Plain {
    /// What its elements are.
    type Element: FieldType;
}

impl<T: FieldType> IsArray for Vec<T> {
    type Element = T;
}
