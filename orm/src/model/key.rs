//! Primary keys: one field's type, or a tuple of several.

use super::{Reader, Writer};
use crate::{FieldType, ForeignKey, Kind, Model, OneToOne, Result, field::Plain};
use std::hash::Hash;

/// The type of a primary key: a field's type, or a tuple of them.
///
/// Nothing in the library assumes that a key is one column.
///
/// ```
/// use orm::Key;
/// assert_eq!(<(i64, String)>::KINDS, [orm::Kind::I64, orm::Kind::Text]); // a key may span columns
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a primary key",
    note = "a key is a type with `Eq` and `Hash` that a column can hold and that is never NULL, or a tuple of such types"
)]
pub trait Key: Clone + Eq + Hash + Send + Sync + 'static {
    /// How each column is stored.
    const KINDS: &'static [Kind];

    /// Writes the columns.
    fn write(&self, out: &mut Writer) -> Result<()>;

    /// Reads the columns.
    fn read(row: &mut Reader<'_, '_>) -> Result<Self>;
}

impl<T: FieldType + Plain + Clone + Eq + Hash> Key for T {
    const KINDS: &'static [Kind] = &[T::KIND];

    fn write(&self, out: &mut Writer) -> Result<()> {
        out.push(self.to_value()?);
        Ok(())
    }

    fn read(row: &mut Reader<'_, '_>) -> Result<Self> {
        row.value()
    }
}

macro_rules! tuple_keys {
    ($(($($part:ident . $index:tt),+))+) => {$(
        impl<$($part: FieldType + Plain + Clone + Eq + Hash),+> Key for ($($part,)+) {
            const KINDS: &'static [Kind] = &[$($part::KIND),+];

            fn write(&self, out: &mut Writer) -> Result<()> {
                $(out.push(self.$index.to_value()?);)+
                Ok(())
            }

            fn read(row: &mut Reader<'_, '_>) -> Result<Self> {
                Ok(($(row.value::<$part>()?,)+))
            }
        }
    )+};
}

tuple_keys! {
    (A.0, B.1)
    (A.0, B.1, C.2)
    (A.0, B.1, C.2, D.3)
}

/// A field that can be a primary key, or a part of one: a column's type, or a relation to a row, whose key it then is.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` cannot be a primary key",
    note = "a key is a type with `Eq` and `Hash` that a column can hold and that is never NULL, or a relation to one row"
)]
pub trait KeyField {
    /// What the key holds of it.
    type Part: Key;

    /// The key's part in this row.
    fn part(&self) -> Self::Part;
}

impl<T: FieldType + Plain + Clone + Eq + Hash> KeyField for T {
    type Part = T;

    fn part(&self) -> T {
        self.clone()
    }
}

impl<M: Model> KeyField for ForeignKey<M> {
    type Part = M::Key;

    fn part(&self) -> M::Key {
        self.key().clone()
    }
}

impl<M: Model> KeyField for OneToOne<M> {
    type Part = M::Key;

    fn part(&self) -> M::Key {
        self.key().clone()
    }
}
