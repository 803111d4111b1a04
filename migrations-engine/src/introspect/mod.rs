//! The other way: from a live database to the state that describes it.
//!
//! A database does not know everything that a state says: which field a column is called by, what two types that are stored alike
//! are apart, that a table stands between the sides of a many-to-many. [`introspect`] gives what it does know, with tables for
//! models and columns for fields; [`as_stored`] brings a state of models down to the same, so that the two can be compared.
//!
//! What the state has no place for is told as a [`Note`], never left out in silence.

mod catalog;
mod create;
mod drift;
mod functions;
mod index;
mod interpret;
mod literal;
mod meaning;
mod mysql;
pub(crate) mod parse;
mod postgres;
mod sqlite;
mod stored;
pub(crate) mod token;
mod types;

use std::collections::BTreeMap;

use crate::condition::{IndexPart, Value};
use crate::error::Result;
use crate::execute::{Connection, HISTORY_TABLE, NAMES_TABLE, STEPS_TABLE, database};
use crate::schema::{Constraint, Model, ModelKey, OnDelete, Schema};
use crate::sql::{Dialect, literal as constant};

pub use drift::{Difference, Drift, differences, differences_where};
pub use stored::as_stored;

/// What a database has, as far as a state can say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// A model for each table and view, under the key [`Live::key`] of its name; views are not managed. Fields are named as
    /// their columns. Tables between the sides of a many-to-many are models like all others.
    pub schema: Schema,
    /// What the state has no place for.
    pub notes: Vec<Note>,
    /// The values of columns whose type in the database lists them, by table and column.
    pub choices: BTreeMap<(String, String), Vec<String>>,
    /// The kind of database.
    pub dialect: Dialect,
}

/// Something in a database that a state cannot say.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// The table.
    pub table: String,
    /// The column, index or constraint; empty if it is about the table.
    pub about: String,
    /// What it is.
    pub text: String,
}

impl Live {
    /// The key under which a table stands in the schema.
    pub fn key(table: &str) -> ModelKey {
        ModelKey::new("live", table)
    }

    /// Whether a foreign key has no rule for deletes: whoever made it keeps one otherwise, as Django does. MariaDB and MySQL tell such a key
    /// from none that restricts.
    pub fn is_unruled(&self, rule: OnDelete) -> bool {
        match self.dialect {
            Dialect::Sqlite | Dialect::Postgres => rule == OnDelete::DoNothing,
            Dialect::MariaDb | Dialect::MySql => matches!(rule, OnDelete::DoNothing | OnDelete::Restrict),
        }
    }

    /// Whether a foreign key in this column needs no index of its own: on MariaDB and MySQL it leans on another that begins with it.
    pub fn leans(&self, model: &Model, column: &str) -> bool {
        let first = |on: &[IndexPart]| on.first().and_then(IndexPart::field) == Some(column);
        let unique = model.constraints.iter().any(
            |constraint| matches!(constraint, Constraint::Unique { on, condition: None, .. } if on.len() > 1 && first(on)),
        );
        let key = model.primary_key.first().is_some_and(|name| name == column);
        matches!(self.dialect, Dialect::MariaDb | Dialect::MySql)
            && model.field(column).is_some_and(|field| field.relation.is_some())
            && (unique || key || model.indexes.iter().any(|index| first(&index.on)))
    }
}

/// Reads what the database has that the connection works in, the engine's own history left out.
///
/// # Errors
/// `M081` when the database refuses one of the queries.
pub async fn introspect<C: Connection>(connection: &mut C) -> Result<Live> {
    let dialect = connection.dialect();
    let mut tables = match dialect {
        Dialect::Sqlite => sqlite::read(connection).await?,
        Dialect::Postgres => postgres::read(connection).await?,
        Dialect::MariaDb | Dialect::MySql => mysql::read(connection).await?,
    };
    let own = [HISTORY_TABLE, NAMES_TABLE, STEPS_TABLE];
    tables.retain(|table| !own.contains(&table.name.as_str()));
    Ok(interpret::interpret(dialect, tables))
}

/// The rows of a query with N columns; NULL is empty.
async fn rows<const N: usize, C: Connection>(connection: &mut C, sql: &str) -> Result<Vec<[String; N]>> {
    let rows = connection.query(sql).await.map_err(database("the live schema cannot be read"))?;
    let whole = |row: Vec<Option<String>>| {
        let mut values = row.into_iter().map(Option::unwrap_or_default);
        std::array::from_fn(|_| values.next().unwrap_or_default())
    };
    Ok(rows.into_iter().map(whole).collect())
}

/// The parts of a list that a query has put together.
fn parts(text: &str) -> Vec<String> {
    if text.is_empty() { Vec::new() } else { text.split('\x1f').map(str::to_owned).collect() }
}

/// A text literal.
fn text(dialect: Dialect, text: &str) -> Result<String> {
    constant(dialect, &Value::Text(text.to_owned()), None)
}
