//! Updates of many rows, each with its own values.

use super::super::{
    Proposed,
    check::{MOST_MISTAKEN, check_for, field_name, together, together_by_row},
    clock,
    fault::{Sent, explained_by},
    upsert::finish,
    version,
};
use super::in_packet;
use crate::{
    Access, Code, Connection, Dialect, Error, Operation, Result, Statement, Value, compile,
    model::ModelMeta,
    query::KeyPart,
    tree::{Assignment, Expr, ModelRef, Select, Update, UpdateRows},
};
use std::collections::HashSet;

/// The most rows in one UPDATE: as many as go well into one list, or into one JSON text.
fn most(dialect: Dialect) -> usize {
    if dialect == Dialect::Sqlite { 500 } else { 5_000 }
}

/// A row: its key, then the columns that are set.
type ByKey = (Vec<Value>, Vec<Value>);

/// Some columns of many rows.
pub(crate) struct UpdateMany {
    model: ModelRef,
    /// The columns that tell the rows apart, and the version, where it is compared.
    key: Vec<u16>,
    columns: Vec<u16>,
    rows: Vec<ByKey>,
}

/// What is done with the versions that rows had when they were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Versions {
    /// A row that has another by now is refused, and with it all.
    Compared,
    /// They are values like others, and counted up where they are not among the columns.
    Stored,
}

impl UpdateMany {
    /// Rows that have all columns, of which the key and some others count.
    pub(crate) fn new(
        model: ModelRef,
        mut columns: Vec<u16>,
        given: Vec<Vec<Value>>,
        versions: Versions,
        dialect: Dialect,
        rules: bool,
    ) -> Result<Self> {
        let (meta, mut errors) = (&*model, Vec::new());
        let mut key_columns = meta.key.clone();
        if versions == Versions::Compared {
            columns.iter().try_for_each(|&column| version::refuse_set(meta, column))?;
            key_columns.extend(meta.version);
        }
        let now = auto_now(meta, &columns);
        columns.extend(now.iter().map(|(column, _)| *column));
        let mut rows = Vec::with_capacity(given.len());
        let mut mistakes = Vec::new();
        for (place, mut values) in given.into_iter().enumerate() {
            for (column, value) in &now {
                values[usize::from(*column)] = value.clone();
            }
            if let Some(validate) = meta.validate.filter(|_| rules) {
                let set = Proposed::known_row(None, values.clone()).validated(validate, &mut errors);
                for (column, value) in set {
                    if !columns.contains(&column) && values[usize::from(column)] != value {
                        return Err(unnamed(meta, column, "validate"));
                    }
                    values[usize::from(column)] = value;
                }
            }
            let key = key_columns.iter().map(|&column| values[usize::from(column)].clone()).collect();
            let mut take = |&column: &u16| {
                let place = &mut values[usize::from(column)];
                let mut value = std::mem::replace(place, Value::Null(place.kind()));
                if let Err(error) = check_for(meta, column, &mut value, dialect, rules) {
                    errors.push(error);
                }
                value
            };
            rows.push((key, columns.iter().map(&mut take).collect()));
            mistakes.extend(together(meta, std::mem::take(&mut errors)).err().map(|error| (place, error)));
            if mistakes.len() == MOST_MISTAKEN {
                break;
            }
        }
        together_by_row(meta, mistakes)?;
        let mut update = UpdateMany { model, key: key_columns, columns, rows };
        update.keep_last();
        Ok(update)
    }

    /// A row that is given twice gets what it is given last: in one statement that would be left to chance.
    fn keep_last(&mut self) {
        let mut seen = HashSet::with_capacity(self.rows.len());
        let parts = self.model.key.len();
        let mut last: Vec<bool> =
            self.rows.iter().rev().map(|(key, _)| seen.insert(KeyPart::of_all(&key[..parts]))).collect();
        self.rows.retain(|_| last.pop().unwrap_or(true));
    }

    /// The statement for rows of which each has its own values, all at once.
    fn of_rows(&self, rows: &[ByKey], dialect: Dialect) -> Result<Statement> {
        let update = UpdateRows {
            model: self.model.clone(),
            key: self.key.clone(),
            set: self.columns.clone(),
            values: rows.iter().flat_map(|(key, values)| key.iter().chain(values)).cloned().collect(),
        };
        compile::update_rows(update, dialect)
    }

    /// The statement for one row, which binds the values of the columns, then those of the key.
    fn of_one(&self, (key, values): &ByKey, dialect: Dialect) -> Result<Statement> {
        let mut rows = Select::bare(self.model.clone());
        let columns = self.key.iter().map(|&column| Expr::own(self.model.clone(), column));
        rows.add_filter(Expr::same_key(columns, key.iter().cloned().map(Expr::Value)));
        let value = |(&column, value): (&u16, &Value)| Assignment { column, value: Expr::Value(value.clone()) };
        let set = self.columns.iter().zip(values).map(value).collect();
        compile::update(&Update { rows, set, returning: Vec::new() }, dialect)
    }

    /// The text of the first statement.
    pub(crate) fn sql(&self, dialect: Dialect) -> Result<Option<String>> {
        let statement = match Self::next(&self.rows, self.chunk(dialect), dialect).0 {
            [] => return Ok(None),
            [one] => self.of_one(one, dialect)?,
            rows => self.of_rows(rows, dialect)?,
        };
        Ok(Some(statement.sql(dialect)))
    }

    /// The rows of the next statement, of these at most, and those that are left.
    fn next(rows: &[ByKey], most: usize, dialect: Dialect) -> (&[ByKey], &[ByKey]) {
        let most = most.min(rows.len());
        let next = match dialect.is_mysql() && most > 1 {
            true => in_packet(rows[..most].iter().map(|(key, values)| key.iter().chain(values))),
            false => most,
        };
        rows.split_at(next)
    }

    /// The most rows of one statement.
    fn chunk(&self, dialect: Dialect) -> usize {
        let columns = self.key.iter().chain(&self.columns);
        let kinds = columns.map(|&column| self.model.columns[usize::from(column)].kind);
        let most = most(dialect);
        // For many rows a prepared statement for each is quicker than JSON, where there is no way to a server.
        let many = dialect == Dialect::Sqlite && self.rows.len() > most;
        let nul = |value: &Value| matches!(value, Value::Text(text) if text.contains('\0'));
        // Not every JSON function knows that letter.
        let odd = || dialect != Dialect::Postgres && self.rows.iter().any(|(key, to)| key.iter().chain(to).any(nul));
        if !many && compile::takes_lists(kinds) && !odd() { most } else { 1 }
    }

    /// The statements, with so many rows in one at most.
    async fn update(&self, chunk: usize, conn: &mut Connection<'_>) -> Result<u64> {
        let dialect = conn.dialect();
        let Some(first) = self.rows.first() else { return Ok(0) };
        let mut one = self.of_one(first, dialect)?;
        let (mut count, mut left) = (0, &*self.rows);
        while !left.is_empty() {
            let (rows, rest) = Self::next(left, chunk, dialect);
            left = rest;
            let many;
            let statement = match rows {
                [(key, values)] => {
                    one.binds = values.iter().chain(key).cloned().collect();
                    &one
                }
                rows => {
                    many = self.of_rows(rows, dialect)?;
                    &many
                }
            };
            count += match conn.execute(statement).await {
                Ok(count) => count,
                Err(error) => {
                    let values: Vec<Value> = rows.iter().flat_map(|(_, values)| values.iter().cloned()).collect();
                    let sent = Sent::of(&self.columns, &values);
                    return Err(explained_by(sent, error, &self.model, conn).await);
                }
            };
        }
        Ok(count)
    }
}

/// A function of the model has set what is not written.
pub(in crate::write) fn unnamed(meta: &ModelMeta, column: u16, by: &str) -> Error {
    let name = field_name(meta, column);
    let what = format!("the `{by}` of `{}` sets `{name}`, which is not among the fields to write", meta.name);
    Error::new(Code::BadQuery, what).with_model(meta.name.clone()).with_hint("name it as well").with_fields([name])
}

/// The fields that every save sets, with the present.
pub(in crate::write) fn auto_now(meta: &ModelMeta, but: &[u16]) -> Vec<(u16, Value)> {
    let columns = meta.columns.iter().enumerate().filter(|(index, column)| {
        meta.fields[usize::from(column.field)].options.auto_now && !but.contains(&(*index as u16))
    });
    columns.filter_map(|(index, column)| Some((index as u16, clock::now(column.kind)?))).collect()
}

impl Operation for UpdateMany {
    type Output = u64;

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<u64> {
        self.model.tells_rows_apart()?;
        let compared = self.key.len() > self.model.key.len();
        let chunk = self.chunk(conn.dialect());
        let (_, left) = Self::next(&self.rows, chunk, conn.dialect());
        if left.is_empty() && !compared {
            return self.update(chunk, conn).await;
        }
        let mark = conn.savepoint().await?;
        let done = match self.update(chunk, conn).await {
            Ok(count) if compared && count < self.rows.len() as u64 => Err(version::stale(&self.model)),
            done => done,
        };
        finish(conn, mark, done).await
    }
}
