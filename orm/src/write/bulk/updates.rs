//! Updates of many rows, each with its own values.

use super::super::{
    Proposed,
    check::{MOST_MISTAKEN, check_for, field_name, fit, together, together_by_row},
    clock,
    fault::explained_by,
    over::of_new,
    update::Given,
    upsert::finish,
    version,
};
use super::{in_packet, within};
use crate::{
    Access, Code, Connection, Dialect, Error, Operation, Result, Statement, Value, compile,
    model::{ModelMeta, ValidateRow},
    query::KeyPart,
    tree::{Assignment, Expr, ModelRef, Select, Update, UpdateRows},
};
use std::collections::HashSet;

/// The most rows in one UPDATE: as many as go well into one list, or into one JSON text.
fn most(dialect: Dialect) -> usize {
    if dialect == Dialect::Sqlite { 500 } else { 5_000 }
}

/// A row: its key, then the other columns that are given.
type ByKey = (Vec<Value>, Vec<Value>);

/// Some columns of many rows.
pub(crate) struct UpdateMany {
    model: ModelRef,
    /// The columns that tell the rows apart, and the version, where it is compared.
    key: Vec<u16>,
    /// The other columns that are given.
    given: Vec<u16>,
    /// What is set, made of what is given and of the row that is there.
    set: Vec<Assignment>,
    /// What has to be true of the rows that are changed.
    within: Option<Expr>,
    rows: Vec<ByKey>,
    /// The places of the rows that have to wait for those before, where one of these has the same key.
    again: Vec<usize>,
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
        columns: Vec<u16>,
        given: Vec<Vec<Value>>,
        versions: Versions,
        dialect: Dialect,
        rules: bool,
    ) -> Result<Self> {
        let validate = model.validate.filter(|_| rules);
        UpdateMany::behind(validate, model, columns, given, versions, dialect, rules)
    }

    /// The same with something else that looks at the rows before the rules of their fields do, or nothing.
    pub(crate) fn behind(
        validate: Option<ValidateRow>,
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
            if let Some(validate) = validate {
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
        let set = columns.iter().map(|&column| of_new(&model, column)).collect();
        let mut update =
            UpdateMany { model, key: key_columns, given: columns, set, within: None, rows, again: Vec::new() };
        update.keep_last();
        Ok(update)
    }

    /// Rows that have all columns, and what becomes of those that are there: said of both. A row that is given twice is changed twice.
    pub(crate) fn with(
        model: ModelRef,
        mut set: Vec<Assignment>,
        rows: Vec<Vec<Value>>,
        versions: Versions,
        dialect: Dialect,
        rules: bool,
    ) -> Result<Self> {
        let meta = &*model;
        let version = meta.version.filter(|_| versions == Versions::Compared);
        let key: Vec<u16> = meta.key.iter().copied().chain(version).collect();
        let columns: Vec<u16> = set.iter().map(|assignment| assignment.column).collect();
        let now = auto_now(meta, &columns).into_iter();
        set.extend(now.map(|(column, now)| Assignment { column, value: Expr::Value(now) }));
        let mut given = Vec::new();
        for assignment in &set {
            assignment.value.visit(0, &mut |expr, _| {
                given.extend(match expr {
                    Expr::Proposed { column, .. } if !key.contains(column) => Some(*column),
                    _ => None,
                });
            });
        }
        given.sort_unstable();
        given.dedup();
        let is_set = |column: u16| set.iter().any(|assignment| *assignment == of_new(&model, column));
        let (mut by_key, mut mistakes) = (Vec::with_capacity(rows.len()), Vec::new());
        for (place, mut row) in rows.into_iter().enumerate() {
            let mut errors = Vec::new();
            for &column in &given {
                let value = &mut row[usize::from(column)];
                // What a value is computed with follows no rules of its own.
                let checked = match is_set(column) {
                    true => check_for(meta, column, value, dialect, rules),
                    false => fit(meta, column, value)
                        .and_then(|()| value.storable(dialect).map_err(|error| meta.blame(column, error))),
                };
                errors.extend(checked.err());
            }
            mistakes.extend(together(meta, errors).err().map(|error| (place, error)));
            if mistakes.len() == MOST_MISTAKEN {
                break;
            }
            let of = |columns: &[u16]| columns.iter().map(|&column| row[usize::from(column)].clone()).collect();
            by_key.push((of(&key), of(&given)));
        }
        together_by_row(meta, mistakes)?;
        let again = repeated(&by_key, meta.key.len());
        let update = UpdateMany { model, key, given, set, within: None, rows: by_key, again };
        if let Some(first) = update.rows.first() {
            // What cannot be said in this dialect is known before any statement.
            update.of_one(first, dialect)?;
        }
        Ok(update)
    }

    /// Only rows are changed for which this is true before anything is.
    pub(crate) fn within(mut self, condition: Option<Expr>, dialect: Dialect) -> Result<Self> {
        self.within = condition;
        if let (Some(_), Some(first)) = (&self.within, self.rows.first()) {
            // What cannot be said is known before any statement.
            self.of_one(first, dialect)?;
        }
        Ok(self)
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
            given: self.given.clone(),
            set: self.set.clone(),
            within: self.within.clone(),
            values: rows.iter().flat_map(|(key, values)| key.iter().chain(values)).cloned().collect(),
        };
        compile::update_rows(update, dialect)
    }

    /// The statement for one row; where it is only given values, it binds these, then those of the key.
    fn of_one(&self, row: &ByKey, dialect: Dialect) -> Result<Statement> {
        let mut rows = Select::bare(self.model.clone());
        let columns = self.key.iter().map(|&column| Expr::own(self.model.clone(), column));
        rows.add_filter(Expr::same_key(columns, row.0.iter().cloned().map(Expr::Value)));
        self.within.iter().for_each(|condition| rows.add_filter(condition.clone()));
        let mut set = self.set.clone();
        for assignment in &mut set {
            assignment.value.update(0, &mut |expr, _| {
                if let Expr::Proposed { column, .. } = *expr
                    && let Some(value) = self.value(row, column)
                {
                    *expr = Expr::Value(value.clone());
                }
            });
        }
        compile::update(&Update { rows, set, returning: Vec::new() }, dialect)
    }

    /// What is given of a row in a column.
    fn value<'r>(&self, (key, values): &'r ByKey, column: u16) -> Option<&'r Value> {
        let mut pairs = self.key.iter().chain(&self.given).zip(key.iter().chain(values));
        pairs.find(|(known, _)| **known == column).map(|(_, value)| value)
    }

    /// Whether rows are only given values.
    fn is_plain(&self) -> bool {
        self.set.len() == self.given.len()
            && self.set.iter().zip(&self.given).all(|(set, &column)| *set == of_new(&self.model, column))
    }

    /// The text of each statement, in the order in which they run.
    pub(crate) fn sql(self, dialect: Dialect) -> Result<Vec<String>> {
        Self::sql_of_all(vec![self], dialect)
    }

    /// The keys of the rows, without versions.
    fn keys(&self) -> Vec<Vec<Value>> {
        let parts = self.model.key.len();
        self.rows.iter().map(|(key, _)| key[..parts].to_vec()).collect()
    }

    /// The keys of the rows, each with the version with which it was read.
    fn versions(&self) -> Vec<Vec<Value>> {
        self.rows.iter().map(|(key, _)| key.clone()).collect()
    }

    /// Whether one statement does it all.
    fn is_one(&self, chunk: usize, dialect: Dialect) -> bool {
        self.next(&self.rows, chunk, dialect).1.is_empty()
    }

    /// The rows of the next statement, of these at most, and those that are left: they are the last ones.
    fn next<'r>(&self, rows: &'r [ByKey], most: usize, dialect: Dialect) -> (&'r [ByKey], &'r [ByKey]) {
        let at = self.rows.len() - rows.len();
        let end = self.again.get(self.again.partition_point(|&again| again <= at)).copied().unwrap_or(self.rows.len());
        let most = most.min(end - at);
        let next = match dialect.is_mysql() && most > 1 {
            true => in_packet(rows[..most].iter().map(|(key, values)| key.iter().chain(values))),
            false => most,
        };
        rows.split_at(next)
    }

    /// The most rows of one statement.
    fn chunk(&self, dialect: Dialect) -> usize {
        let columns = self.key.iter().chain(&self.given);
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
        let (mut one, plain) = (self.of_one(first, dialect)?, self.is_plain());
        let (mut count, mut left) = (0, &*self.rows);
        while !left.is_empty() {
            let (rows, rest) = self.next(left, chunk, dialect);
            left = rest;
            let many;
            let statement = match rows {
                [(key, values)] if plain && self.within.is_none() => {
                    one.binds = values.iter().chain(key).cloned().collect();
                    &one
                }
                [row] => {
                    one = self.of_one(row, dialect)?;
                    &one
                }
                rows => {
                    many = self.of_rows(rows, dialect)?;
                    &many
                }
            };
            count += match conn.execute(statement).await {
                Ok(count) => count,
                Err(error) => return Err(explained_by(self.told(rows).sent(), error, &self.model, conn).await),
            };
        }
        Ok(count)
    }

    /// The statements, for the rows that meet the condition. Where there are several, these are found before the first, so that none
    /// depends on what another has changed. With versions, a row that does not meet it has to be as it was read all the same.
    async fn update_within(&mut self, is_one: bool, conn: &mut Connection<'_>) -> Result<u64> {
        self.has_versions(conn).await?;
        if !is_one && let Some(condition) = self.within.take() {
            let found = within::found(conn, &self.model, self.keys(), &condition).await?;
            self.keep(&found);
        }
        self.update(self.chunk(conn.dialect()), conn).await
    }

    /// Refuses rows that have not the versions with which they were read, where these are compared.
    async fn has_versions(&self, conn: &mut Connection<'_>) -> Result<()> {
        if !self.compares() {
            return Ok(());
        }
        match within::unchanged(conn, &self.model, &self.key, &self.versions()).await? < self.rows.len() {
            true => Err(version::stale(&self.model)),
            false => Ok(()),
        }
    }

    /// Leaves out the rows whose keys are not among these.
    fn keep(&mut self, found: &HashSet<KeyPart<'static>>) {
        let parts = self.model.key.len();
        self.rows.retain(|(key, _)| found.contains(&KeyPart::of_all(&key[..parts])));
        self.again = if self.again.is_empty() { Vec::new() } else { repeated(&self.rows, parts) };
    }

    /// Keeps several updates under one condition to the rows that meet it before the first of them.
    pub(crate) async fn settle(updates: &mut [UpdateMany], conn: &mut Connection<'_>) -> Result<()> {
        let [first, _, ..] = &*updates else { return Ok(()) };
        let (model, Some(condition)) = (first.model.clone(), first.within.clone()) else { return Ok(()) };
        for update in &*updates {
            update.has_versions(conn).await?;
        }
        let keys = updates.iter().flat_map(UpdateMany::keys).collect();
        let found = within::found(conn, &model, keys, &condition).await?;
        for update in updates {
            update.within = None;
            update.keep(&found);
        }
        Ok(())
    }

    /// The text of each statement of several updates under one condition, in the order in which they run.
    pub(crate) fn sql_of_all(mut updates: Vec<UpdateMany>, dialect: Dialect) -> Result<Vec<String>> {
        let mut questions = Vec::new();
        if let Some(first) = updates.first()
            && let Some(condition) = first.within.clone()
        {
            for update in updates.iter().filter(|update| update.compares()) {
                questions.extend(within::as_read(&update.model, &update.key, &update.versions()));
            }
            if updates.len() > 1 || !first.is_one(first.chunk(dialect), dialect) {
                let keys: Vec<Vec<Value>> = updates.iter().flat_map(UpdateMany::keys).collect();
                questions.extend(within::questions(&first.model, &keys, &condition));
                updates.iter_mut().for_each(|update| update.within = None);
            }
        }
        let asked = questions.iter().map(|rows| Ok(compile::select(rows, dialect)?.sql(dialect)));
        let mut all: Vec<String> = asked.collect::<Result<_>>()?;
        for update in &updates {
            let (chunk, mut left) = (update.chunk(dialect), &*update.rows);
            while !left.is_empty() {
                let (rows, rest) = update.next(left, chunk, dialect);
                left = rest;
                let statement = match rows {
                    [one] => update.of_one(one, dialect)?,
                    rows => update.of_rows(rows, dialect)?,
                };
                all.push(statement.sql(dialect));
            }
        }
        Ok(all)
    }

    /// Whether rows are only written that have the versions with which they were read.
    fn compares(&self) -> bool {
        self.key.len() > self.model.key.len()
    }

    /// What was sent of these rows, for the words of an error.
    fn told(&self, rows: &[ByKey]) -> Given {
        let mut told = Given::default();
        let is_value =
            |set: &Assignment| matches!(set.value, Expr::Value(_)) || *set == of_new(&self.model, set.column);
        let (known, computed): (Vec<&Assignment>, Vec<&Assignment>) = self.set.iter().partition(|set| is_value(set));
        told.computed = computed.iter().map(|set| set.column).collect();
        told.columns = known.iter().map(|set| set.column).collect();
        for row in rows {
            told.values.extend(known.iter().filter_map(|set| match &set.value {
                Expr::Value(value) => Some(value.clone()),
                _ => self.value(row, set.column).cloned(),
            }));
        }
        told
    }
}

/// The places of rows that have the key of one before them, since the last such place.
fn repeated(rows: &[ByKey], parts: usize) -> Vec<usize> {
    let (mut seen, mut again) = (HashSet::with_capacity(rows.len()), Vec::new());
    for (place, (key, _)) in rows.iter().enumerate() {
        let key = KeyPart::of_all(&key[..parts]);
        if !seen.insert(key.clone()) {
            seen.clear();
            seen.insert(key);
            again.push(place);
        }
    }
    again
}

/// A function of the model has set what is not written.
pub(super) fn unnamed(meta: &ModelMeta, column: u16, by: &str) -> Error {
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
        let compared = self.compares();
        let chunk = self.chunk(conn.dialect());
        let is_one = self.is_one(chunk, conn.dialect());
        if is_one && !compared {
            return self.update(chunk, conn).await;
        }
        let mark = conn.savepoint().await?;
        let done = if self.within.is_some() {
            Box::pin(self.update_within(is_one, conn)).await
        } else {
            match self.update(chunk, conn).await {
                Ok(count) if compared && count < self.rows.len() as u64 => Err(version::stale(&self.model)),
                done => done,
            }
        };
        finish(conn, mark, done).await
    }
}
