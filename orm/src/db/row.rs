//! Rows and their cells: one reading surface over the three back ends, straight into Rust's types.

use super::{
    decode::{Bad, Decode, INEXACT},
    failure,
};
use crate::{Code, Error, Range, Result, Value};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
#[allow(unused_imports, reason = "without a back end there are no rows")]
use diesel::row::{Field as _, Row as _};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A row as the driver hands it out.
#[cfg(feature = "sqlite")]
pub(super) struct SqliteRow<'r, 'a: 'r>(
    pub &'r <diesel::SqliteConnection as diesel::connection::LoadConnection>::Row<'a, 'a>,
);
/// A row as the driver hands it out.
#[cfg(feature = "postgres")]
pub(super) struct PgRow<'a>(
    pub &'a <diesel_async::AsyncPgConnection as diesel_async::AsyncConnectionCore>::Row<'static, 'static>,
    pub &'a super::decode::postgres::Oids,
);
/// A row as the driver hands it out.
#[cfg(feature = "mysql")]
pub(super) struct MysqlRow(
    pub <diesel_async::AsyncMysqlConnection as diesel_async::AsyncConnectionCore>::Row<'static, 'static>,
);

/// One row of an answer, valid while the callback that received it runs.
///
/// ```
/// use orm::{Access, Connection, Executor, Operation, Result, Statement};
///
/// struct Show;
///
/// impl Operation for Show {
///     type Output = Vec<String>;
///
///     fn access(&self) -> Access {
///         Access::Read
///     }
///
///     async fn run(&mut self, conn: &mut Connection<'_>) -> Result<Vec<String>> {
///         let statement = Statement::raw("SELECT 1 AS one, 'x' AS letter, NULL AS gap", []);
///         let mut shown = Vec::new();
///         conn.query(&statement, &mut |row| {
///             for index in 0..row.len() {
///                 shown.push(format!("{}: {}", row.name(index).unwrap_or_default(), row.cell(index).is_null()));
///             }
///             Ok(())
///         })
///         .await?;
///         Ok(shown)
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<()> {
/// # let db = orm::Database::connect("sqlite::memory:").await?;
/// assert_eq!(db.run(Show).await?, ["one: false", "letter: false", "gap: true"]);
/// # Ok(()) }
/// ```
pub struct Row<'a> {
    cells: &'a dyn Cells,
    origin: Origin,
}

/// The answer that a row came in: known where debug assertions are on, so that loops over its rows are noticed; elsewhere it
/// is nothing, and takes no room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    #[cfg(debug_assertions)]
    number: u64,
}

impl Origin {
    /// Another answer.
    pub(crate) fn another() -> Origin {
        #[cfg(debug_assertions)]
        {
            static LAST: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
            Origin { number: 1 + LAST.fetch_add(1, std::sync::atomic::Ordering::Relaxed) }
        }
        #[cfg(not(debug_assertions))]
        Origin {}
    }

    /// Whether it is known.
    pub(crate) fn is_known(self) -> bool {
        self != Origin::default()
    }
}

/// One column of a row.
///
/// A getter whose type is not what the database sent is an error with the code [`Code::Decode`](crate::Code::Decode)
/// that names the column and what was found; so is NULL, which [`Cell::is_null`] asks for first.
pub struct Cell<'r> {
    row: &'r dyn Cells,
    index: usize,
    /// How many digits a decimal has after the point.
    scale: Option<u32>,
}

impl<'a> Row<'a> {
    /// Values that are in memory.
    pub(crate) fn of(cells: &'a dyn Cells) -> Row<'a> {
        Row::from(Origin::default(), cells)
    }

    /// What a driver handed out.
    #[inline]
    pub(crate) fn from(origin: Origin, cells: &'a dyn Cells) -> Row<'a> {
        Row { cells, origin }
    }

    /// The answer that it came in.
    pub(crate) fn origin(&self) -> Origin {
        self.origin
    }

    /// How many columns the row has.
    #[allow(clippy::len_without_is_empty, reason = "a row without columns does not exist")]
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// The column at `index`, counted from 0; one that does not exist gives errors from its getters.
    #[inline]
    pub fn cell(&self, index: usize) -> Cell<'a> {
        Cell { row: self.cells, index, scale: None }
    }

    /// The name of the column at `index`, as the database gives it.
    pub fn name(&self, index: usize) -> Option<String> {
        self.cells.name(index)
    }
}

macro_rules! getters {
    ($($(#[doc = $doc:literal])+ $name:ident -> $type:ty;)+) => {
        /// What each back end's row, and values in memory, can be read as. The dispatch is here, once for a cell, so that what
        /// is behind it knows its back end.
        pub(crate) trait Cells {
            /// How many there are.
            fn len(&self) -> usize;
            /// The name of one.
            fn name(&self, index: usize) -> Option<String>;
            /// Whether one is there, and is NULL.
            fn is_null(&self, index: usize) -> bool;
            $($(#[doc = $doc])+
            fn $name(&self, index: usize) -> Result<$type>;)+
        }

        impl Cell<'_> {
            $($(#[doc = $doc])+
            #[inline]
            pub fn $name(&self) -> Result<$type> {
                self.row.$name(self.index)
            })+
        }

        #[allow(unused_macros, reason = "without a back end there are no rows")]
        macro_rules! cells {
            ($row:ty, |$this:ident, $at:ident, $value:ident| $typed:expr) => {
                impl Cells for $row {
                    fn len(&self) -> usize {
                        self.0.field_count()
                    }

                    fn name(&self, index: usize) -> Option<String> {
                        self.0.get(index).and_then(|field| field.field_name().map(str::to_owned))
                    }

                    fn is_null(&self, index: usize) -> bool {
                        self.0.get(index).is_some_and(|field| field.is_null())
                    }

                    $(fn $name(&self, index: usize) -> Result<$type> {
                        let read = match self.0.get(index) {
                            Some(field) => {
                                let ($this, $at) = (self, index);
                                // It stays where it is: moving it takes longer than reading it.
                                let mut $value = field.value();
                                $typed.and_then(|value| value.$name())
                            }
                            None => Err(Bad::Missing),
                        };
                        read.map_err(|bad| bad.into_error(index, stringify!($type)))
                    })+
                }
            };
        }

        impl Cells for &[Value] {
            fn len(&self) -> usize {
                <[Value]>::len(self)
            }

            fn name(&self, _: usize) -> Option<String> {
                None
            }

            fn is_null(&self, index: usize) -> bool {
                self.get(index).is_some_and(Value::is_null)
            }

            $(fn $name(&self, index: usize) -> Result<$type> {
                match self.get(index) {
                    Some(value) => value.$name(),
                    None => Err(Bad::Missing),
                }
                .map_err(|bad| bad.into_error(index, stringify!($type)))
            })+
        }
    };
}

getters! {
    /// A truth value; of an integer, 0 or 1.
    bool -> bool;
    /// An integer of any width the server sends, within the range of `i16`.
    i16 -> i16;
    /// An integer of any width the server sends, within the range of `i32`.
    i32 -> i32;
    /// An integer of any width the server sends, within the range of `i64`.
    i64 -> i64;
    /// A float.
    f32 -> f32;
    /// A float, or an integer.
    f64 -> f64;
    /// An exact decimal; what is not exact, like a float of 16 digits, is an error.
    decimal -> Decimal;
    /// A decimal, of a float rounded to 15 digits: for averages and the like, which are not exact anywhere.
    decimal_rounded -> Decimal;
    /// Text.
    text -> String;
    /// Bytes.
    bytes -> Vec<u8>;
    /// A day.
    date -> NaiveDate;
    /// A time of day.
    time -> NaiveTime;
    /// A date and time of day without a zone.
    timestamp -> NaiveDateTime;
    /// An instant.
    datetime -> DateTime<Utc>;
    /// A span of time; one in months is an error, since they have no length.
    duration -> TimeDelta;
    /// A UUID.
    uuid -> Uuid;
    /// An IP address.
    ip -> std::net::IpAddr;
    /// A JSON document.
    json -> serde_json::Value;
    /// The elements of an array of PostgreSQL.
    array -> Vec<Value>;
    /// A range of PostgreSQL.
    range -> Range<Value>;
    /// What `hstore` of PostgreSQL holds.
    hstore -> BTreeMap<String, Option<String>>;
    /// The words of a document, `tsvector` of PostgreSQL, as it writes them: `'cat':3 'rat':2`.
    search_vector -> String;
}

#[cfg(feature = "sqlite")]
cells!(SqliteRow<'_, '_>, |_row, _index, value| Ok(&mut value));
#[cfg(feature = "postgres")]
cells!(PgRow<'_>, |row, index, value| value.as_mut().map(|value| row.1.typed(index, value)).ok_or(Bad::Null));
#[cfg(feature = "mysql")]
cells!(MysqlRow, |_row, _index, value| value.take().ok_or(Bad::Null));

impl<'r> Cell<'r> {
    /// The first of some values that are in memory, as a cell.
    pub(crate) fn of(value: &'r dyn Cells) -> Cell<'r> {
        Cell { row: value, index: 0, scale: None }
    }

    /// Whether the column is NULL.
    #[inline]
    pub fn is_null(&self) -> bool {
        self.row.is_null(self.index)
    }

    pub(crate) fn set_scale(&mut self, scale: Option<u32>) {
        self.scale = scale;
    }

    /// [`Cell::decimal`] with as many digits after the point as its column or expression has: no fewer, and no more zeros.
    pub(crate) fn scaled_decimal(&self) -> Result<Decimal> {
        let mut value = self.decimal()?;
        let Some(scale) = self.scale.filter(|scale| *scale != value.scale()) else { return Ok(value) };
        if scale < value.scale() {
            value = value.normalize();
        }
        if scale > value.scale() {
            value.rescale(scale);
        }
        Ok(value)
    }

    /// Where the column stands in its row, counted from 0.
    pub fn index(&self) -> usize {
        self.index
    }
}

impl Bad {
    #[cold]
    fn into_error(self, column: usize, wanted: &str) -> Error {
        let column = column + 1;
        match self {
            Bad::Missing => Error::new(Code::Decode, format!("the answer has no column {column}")),
            Bad::Null => Error::new(Code::Decode, format!("column {column} is NULL, where `{wanted}` was expected"))
                .with_hint("make the field an `Option`, or the column NOT NULL"),
            Bad::Found(found) => {
                Error::new(Code::Decode, format!("column {column} cannot be read as `{wanted}`: it holds {found}"))
            }
            Bad::Value(form, value) => {
                let error = Bad::Found(form.to_owned()).into_error(column - 1, wanted);
                let hint = if form == INEXACT { failure::hint(Code::InexactDecimal) } else { None };
                let error = hint.into_iter().fold(error, Error::with_hint);
                error.with_unredacted(format!("{form}: {value}"))
            }
        }
    }
}
