//! Primary keys: one field's type, or a tuple of several.

use super::{Reader, Target, Writer};
use crate::{FieldType, ForeignKey, Kind, OneToOne, Result, field::Plain};
use std::hash::Hash;

/// The type of a primary key: a field's type, or a tuple of up to eight keys, where one part is a relation to a row whose key is a
/// tuple itself. It has at most 16 columns.
///
/// Nothing in the library assumes that a key is one column.
///
/// ```
/// use orm::{Key, Kind};
/// assert_eq!(<(i64, String)>::KINDS, [Kind::I64, Kind::Text]); // a key may span columns
/// assert_eq!(<((i64, String), i32)>::KINDS, [Kind::I64, Kind::Text, Kind::I32]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a primary key",
    note = "a key is a type with `Eq` and `Hash` that a column can hold and that is never NULL, or a tuple of up to eight such types"
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

/// The most columns of a key: what MariaDB takes.
const MOST: usize = 16;

/// The kinds of the columns of several parts, one after the other.
struct Kinds {
    all: [Kind; MOST],
    length: usize,
}

impl Kinds {
    const fn of(parts: &[&'static [Kind]]) -> Kinds {
        let mut kinds = Kinds { all: [Kind::Bool; MOST], length: 0 };
        let mut part = 0;
        while part < parts.len() {
            let mut column = 0;
            while column < parts[part].len() {
                assert!(kinds.length < MOST, "a key has at most 16 columns");
                kinds.all[kinds.length] = parts[part][column];
                kinds.length += 1;
                column += 1;
            }
            part += 1;
        }
        kinds
    }

    const fn as_slice(&self) -> &[Kind] {
        self.all.split_at(self.length).0
    }
}

/// The kinds of a tuple's columns: a constant of its own, so that a slice of it can be one.
trait Joined {
    const KINDS: &'static Kinds;
}

macro_rules! tuple_keys {
    ($(($($part:ident . $index:tt),+))+) => {$(
        impl<$($part: Key),+> Joined for ($($part,)+) {
            const KINDS: &'static Kinds = &Kinds::of(&[$($part::KINDS),+]);
        }

        impl<$($part: Key),+> Key for ($($part,)+) {
            const KINDS: &'static [Kind] = <Self as Joined>::KINDS.as_slice();

            fn write(&self, out: &mut Writer) -> Result<()> {
                $(self.$index.write(out)?;)+
                Ok(())
            }

            fn read(row: &mut Reader<'_, '_>) -> Result<Self> {
                Ok(($($part::read(row)?,)+))
            }
        }
    )+};
}

tuple_keys! {
    (A.0, B.1)
    (A.0, B.1, C.2)
    (A.0, B.1, C.2, D.3)
    (A.0, B.1, C.2, D.3, E.4)
    (A.0, B.1, C.2, D.3, E.4, F.5)
    (A.0, B.1, C.2, D.3, E.4, F.5, G.6)
    (A.0, B.1, C.2, D.3, E.4, F.5, G.6, H.7)
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

impl<K: Target> KeyField for ForeignKey<K> {
    type Part = K::Key;

    fn part(&self) -> K::Key {
        self.key().clone()
    }
}

impl<K: Target> KeyField for OneToOne<K> {
    type Part = K::Key;

    fn part(&self) -> K::Key {
        self.key().clone()
    }
}
