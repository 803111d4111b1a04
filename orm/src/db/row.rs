//! Rows and their cells: one reading surface over the three back ends, straight into Rust's types.

use super::decode::{Bad, Decode};
use crate::{Code, Error, Result, Value};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use std::marker::PhantomData;
use uuid::Uuid;

#[cfg(feature = "sqlite")]
pub(super) type SqliteRow<'a> = <diesel::SqliteConnection as diesel::connection::LoadConnection>::Row<'a, 'a>;
#[cfg(feature = "sqlite")]
type SqliteField<'r> = <SqliteRow<'r> as diesel::row::Row<'r, diesel::sqlite::Sqlite>>::Field<'r>;
#[cfg(feature = "postgres")]
pub(super) type PgRow = <diesel_async::AsyncPgConnection as diesel_async::AsyncConnectionCore>::Row<'static, 'static>;
#[cfg(feature = "postgres")]
type PgField<'r> = <PgRow as diesel::row::Row<'r, diesel::pg::Pg>>::Field<'r>;
#[cfg(feature = "mysql")]
pub(super) type MysqlRow =
    <diesel_async::AsyncMysqlConnection as diesel_async::AsyncConnectionCore>::Row<'static, 'static>;
#[cfg(feature = "mysql")]
type MysqlField<'r> = <MysqlRow as diesel::row::Row<'r, diesel::mysql::Mysql>>::Field<'r>;

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
///     async fn run(&mut self, conn: &mut Connection) -> Result<Vec<String>> {
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
pub struct Row<'a>(pub(super) Source<'a>);

pub(super) enum Source<'a> {
    #[cfg(feature = "sqlite")]
    Sqlite(SqliteRow<'a>),
    #[cfg(feature = "postgres")]
    Postgres(PgRow),
    #[cfg(feature = "mysql")]
    Mysql(MysqlRow),
    Values(&'a [Value]),
}

/// One column of a row.
///
/// A getter whose type is not what the database sent is an error with the code [`Code::Decode`](crate::Code::Decode)
/// that names the column and what was found; so is NULL, which [`Cell::is_null`] asks for first.
pub struct Cell<'r> {
    index: usize,
    /// How many digits a decimal has after the point.
    scale: Option<u32>,
    raw: Raw<'r>,
}

enum Raw<'r> {
    #[cfg(feature = "sqlite")]
    Sqlite(SqliteField<'r>),
    #[cfg(feature = "postgres")]
    Postgres(PgField<'r>),
    #[cfg(feature = "mysql")]
    Mysql(MysqlField<'r>),
    Value(&'r Value),
    Missing(PhantomData<&'r ()>),
}

impl<'a> Row<'a> {
    /// Values that are in memory, as a row.
    pub(crate) fn of(values: &'a [Value]) -> Row<'a> {
        Row(Source::Values(values))
    }

    /// How many columns the row has.
    #[allow(clippy::len_without_is_empty, reason = "a row without columns does not exist")]
    pub fn len(&self) -> usize {
        #[allow(unused_imports, reason = "without a back end there are no rows")]
        use diesel::row::Row as _;
        match &self.0 {
            #[cfg(feature = "sqlite")]
            Source::Sqlite(row) => row.field_count(),
            #[cfg(feature = "postgres")]
            Source::Postgres(row) => row.field_count(),
            #[cfg(feature = "mysql")]
            Source::Mysql(row) => row.field_count(),
            Source::Values(values) => values.len(),
        }
    }

    /// The column at `index`, counted from 0; one that does not exist gives errors from its getters.
    #[inline]
    pub fn cell(&self, index: usize) -> Cell<'_> {
        #[allow(unused_imports, reason = "without a back end there are no rows")]
        use diesel::row::Row as _;
        let raw = match &self.0 {
            #[cfg(feature = "sqlite")]
            Source::Sqlite(row) => row.get(index).map(Raw::Sqlite),
            #[cfg(feature = "postgres")]
            Source::Postgres(row) => row.get(index).map(Raw::Postgres),
            #[cfg(feature = "mysql")]
            Source::Mysql(row) => row.get(index).map(Raw::Mysql),
            Source::Values(values) => values.get(index).map(Raw::Value),
        };
        Cell { index, scale: None, raw: raw.unwrap_or(Raw::Missing(PhantomData)) }
    }

    /// The name of the column at `index`, as the database gives it.
    pub fn name(&self, index: usize) -> Option<String> {
        #[allow(unused_imports, reason = "without a back end there are no rows")]
        use diesel::row::{Field as _, Row as _};
        match &self.0 {
            #[cfg(feature = "sqlite")]
            Source::Sqlite(row) => row.get(index).and_then(|field| field.field_name().map(str::to_owned)),
            #[cfg(feature = "postgres")]
            Source::Postgres(row) => row.get(index).and_then(|field| field.field_name().map(str::to_owned)),
            #[cfg(feature = "mysql")]
            Source::Mysql(row) => row.get(index).and_then(|field| field.field_name().map(str::to_owned)),
            Source::Values(_) => None,
        }
    }
}

macro_rules! getters {
    ($($(#[doc = $doc:literal])+ $name:ident -> $type:ty;)+) => {
        impl Cell<'_> {
            $($(#[doc = $doc])+
            #[inline]
            pub fn $name(&self) -> Result<$type> {
                #[allow(unused_imports, reason = "without a back end there are no rows")]
                use diesel::row::Field as _;
                let read: Result<$type, Bad> = match &self.raw {
                    #[cfg(feature = "sqlite")]
                    Raw::Sqlite(field) => match field.value() {
                        Some(value) => value.$name(),
                        None => Err(Bad::Null),
                    },
                    #[cfg(feature = "postgres")]
                    Raw::Postgres(field) => match field.value() {
                        Some(value) => value.$name(),
                        None => Err(Bad::Null),
                    },
                    #[cfg(feature = "mysql")]
                    Raw::Mysql(field) => match field.value() {
                        Some(value) => value.$name(),
                        None => Err(Bad::Null),
                    },
                    Raw::Value(value) => value.$name(),
                    Raw::Missing(_) => Err(Bad::Missing),
                };
                read.map_err(|bad| bad.into_error(self.index, stringify!($type)))
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
    /// A JSON document.
    json -> serde_json::Value;
}

impl<'r> Cell<'r> {
    /// A value that is in memory, as a cell.
    pub(crate) fn of(value: &'r Value) -> Cell<'r> {
        Cell { index: 0, scale: None, raw: Raw::Value(value) }
    }
}

impl Cell<'_> {
    /// Whether the column is NULL.
    #[inline]
    pub fn is_null(&self) -> bool {
        #[allow(unused_imports, reason = "without a back end there are no rows")]
        use diesel::row::Field as _;
        match &self.raw {
            #[cfg(feature = "sqlite")]
            Raw::Sqlite(field) => field.is_null(),
            #[cfg(feature = "postgres")]
            Raw::Postgres(field) => field.value().is_none(),
            #[cfg(feature = "mysql")]
            Raw::Mysql(field) => field.value().is_none(),
            Raw::Value(value) => value.is_null(),
            Raw::Missing(_) => false,
        }
    }

    pub(crate) fn set_scale(&mut self, scale: Option<u32>) {
        self.scale = scale;
    }

    /// [`Cell::decimal`] with as many digits after the point as the column has, whatever the database keeps.
    pub(crate) fn scaled_decimal(&self) -> Result<Decimal> {
        let mut value = self.decimal()?;
        if let Some(scale) = self.scale.filter(|scale| *scale > value.scale()) {
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
        }
    }
}
