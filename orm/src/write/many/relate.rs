//! Changes of the to-many relations of one row.

use super::{
    super::{
        bulk::refuse_hidden_errors,
        check::checked,
        fault::{Sent, explained, explained_by},
        hooks,
        new_row::default_of,
        point::{columns_in, not_found},
        update::refuse_unseen,
        upsert::finish,
    },
    Side, Skips,
    foresee::Link,
    side,
};
use crate::{
    Access, Code, Connection, Error, Operation, Result, Row, Value, compile,
    model::misfit,
    query::value_of,
    tree::{Assignment, BinaryOp, Conflict, Delete, Expr, Insert, ModelRef, NewValues, Select, Selected, Step, Update},
};
use std::{borrow::Cow, collections::HashSet};

pub(super) fn text(key: &[Value]) -> String {
    format!("{key:?}")
}

/// Each key once.
pub(super) fn distinct(keys: Vec<Vec<Value>>) -> Vec<Vec<Value>> {
    let mut seen = HashSet::new();
    keys.into_iter().filter(|key| seen.insert(text(key))).collect()
}

/// The values that the rows of a query have in some columns.
pub(super) async fn values_in(
    conn: &mut Connection<'_>,
    mut select: Select,
    columns: &[u16],
) -> Result<Vec<Vec<Value>>> {
    let model = select.model.clone();
    select.selection = columns.iter().map(|&column| Selected::Expr(Expr::own(model.clone(), column))).collect();
    let statement = compile::select(&select, conn.dialect())?;
    let mut values = Vec::new();
    let each = &mut |row: &Row<'_>| {
        let part = |(at, &column): (usize, &u16)| value_of(&row.cell(at), model.columns[usize::from(column)].kind);
        values.push(columns.iter().enumerate().map(part).collect::<Result<Vec<_>>>()?);
        Ok(())
    };
    conn.query(&statement, each).await?;
    Ok(values)
}

/// A key as people write it.
pub(super) fn shown(key: &[Value]) -> String {
    let part = |value: &Value| match value {
        Value::I16(number) => number.to_string(),
        Value::I32(number) => number.to_string(),
        Value::I64(number) => number.to_string(),
        Value::Text(text) => format!("{text:?}"),
        Value::Uuid(uuid) => uuid.to_string(),
        other => format!("{other:?}"),
    };
    match key {
        [one] => part(one),
        several => format!("({})", several.iter().map(part).collect::<Vec<_>>().join(", ")),
    }
}

/// What is done to the related rows of one row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum RelationChange {
    Add,
    Remove,
    Set,
    Clear,
}

/// A change of the related rows of the row that has this key, by their keys.
pub(crate) fn relate(step: &Step, owner: Vec<Value>, change: RelationChange, keys: &[Vec<Value>]) -> Result<Relate> {
    let (side, model) = (side(step)?, &step.model);
    let name = step.target().map_or_else(|| model.name.clone(), |target| target.name.clone());
    let owner = match step.labelled() {
        Some(labelled) => labelled.tied(&owner).ok_or_else(|| misfit(&model.name))?,
        None => owner,
    };
    let keys = distinct(keys.to_vec());
    let owner_by_key = step.held_field().and(step.start().zip(step.held()));
    Ok(Relate { owner_by_key, ..Relate::of(side, owner, change, keys, name) })
}

/// What stands in a row between: what is held of the one side, and of the other.
type Pair = (Vec<Value>, Vec<Value>);

/// The most keys in one statement.
pub(super) const CHUNK: usize = 400;

/// A change to the related rows of one row.
pub(crate) struct Relate {
    pub(super) side: Side,
    pub(super) owner: Vec<Value>,
    /// Where the owner is named by its key, and another field of it is held: its model, and the columns of that.
    owner_by_key: Option<(ModelRef, Vec<u16>)>,
    pub(super) change: RelationChange,
    pub(super) keys: Vec<Vec<Value>>,
    /// The rows are named by what is held of them, and were looked at.
    foreseen: bool,
    /// The model of the related rows.
    name: Cow<'static, str>,
    /// What is written beside the two keys into a model between.
    beside: Vec<Assignment>,
    pub(super) skips: Skips,
}

impl Operation for Relate {
    type Output = u64;

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<u64> {
        if self.keys.is_empty() && matches!(self.change, RelationChange::Add | RelationChange::Remove) {
            return Ok(0);
        }
        self.refuse_unseen()?;
        let mark = conn.savepoint().await?;
        let done = match self.look(conn).await {
            Ok(()) => self.relate(conn).await,
            Err(error) => Err(error),
        };
        finish(conn, mark, done).await.map_err(|error| self.told(error))
    }
}

impl Relate {
    pub(super) fn of(
        side: Side,
        owner: Vec<Value>,
        change: RelationChange,
        keys: Vec<Vec<Value>>,
        name: Cow<'static, str>,
    ) -> Relate {
        let (owner_by_key, foreseen) = (None, false);
        Relate { side, owner, owner_by_key, change, keys, foreseen, name, beside: Vec::new(), skips: Skips::default() }
    }

    pub(super) fn with(self, beside: Vec<Assignment>, skips: Skips) -> Relate {
        Relate { beside, skips, ..self }
    }

    /// A part of the change: just these links.
    pub(super) fn just(&self, change: RelationChange, links: &[Link]) -> Relate {
        self.just_keys(change, links.iter().map(|link| link.held.clone()).collect())
    }

    /// What is to be written so that these links are there: where a relation goes both ways, also the half that another lacks.
    pub(super) fn adding(&self, new: &[Link]) -> Option<Relate> {
        let adds = matches!(self.change, RelationChange::Add | RelationChange::Set);
        let both_ways = matches!(&self.side, Side::Between { of, .. } if of.field().options.symmetrical);
        match adds && both_ways && !self.keys.is_empty() {
            true => Some(self.just_keys(RelationChange::Add, self.keys.clone())),
            false => (!new.is_empty()).then(|| self.just(RelationChange::Add, new)),
        }
    }

    fn just_keys(&self, change: RelationChange, keys: Vec<Vec<Value>>) -> Relate {
        let relate = Relate::of(self.side.clone(), self.owner.clone(), change, keys, self.name.clone());
        Relate { foreseen: true, ..relate.with(self.beside.clone(), self.skips) }
    }

    /// Names the rows, and refuses those that may not be chosen.
    async fn look(&mut self, conn: &mut Connection<'_>) -> Result<()> {
        if self.foreseen {
            return Ok(());
        }
        self.name_rows(conn).await?;
        match self.side {
            Side::Between { .. } => Box::pin(self.refuse_unchosen_ones(conn)).await,
            Side::ForeignKey { .. } => Ok(()),
        }
    }

    /// Refuses what the model whose rows are written would not get to see.
    pub(super) fn refuse_unseen(&self) -> Result<()> {
        let (what, instead) = match &self.side {
            Side::Between { automatic: true, .. } => return Ok(()),
            Side::Between { .. } => {
                ("a change of the rows that stand between", "make and delete those rows themselves")
            }
            Side::ForeignKey { .. } => ("a change of the keys that point here", "`save` each of the rows"),
        };
        let model = self.written().0;
        let goes_only = self.change == RelationChange::Clear || self.change == RelationChange::Remove;
        let is_between = matches!(self.side, Side::Between { .. });
        let is_deletion = goes_only && is_between;
        // No rule of a field asks about a foreign key.
        let refuse = if is_between && !goes_only { hooks::refuse } else { hooks::refuse_valueless };
        refuse(model, self.skips.hooks, what, instead)?;
        if self.skips.validation || is_deletion { Ok(()) } else { refuse_unseen(model) }
    }

    /// Where foreign keys hold another field of rows than their key, they are named by that.
    pub(super) async fn name_rows(&mut self, conn: &mut Connection<'_>) -> Result<()> {
        if let Some((model, held)) = self.owner_by_key.take() {
            let mut select = Select::bare(model.clone());
            select.add_filter(columns_in(&model, &model.key, vec![self.owner.clone()]));
            let found = values_in(conn, select, &held).await?.pop();
            self.owner = found.ok_or_else(|| not_found(&model))?;
        }
        let Side::Between { ends, of, .. } = &self.side else { return Ok(()) };
        let Some(far) = of.target().filter(|far| far.key != *ends) else { return Ok(()) };
        if self.change != RelationChange::Remove {
            self.refuse_missing(conn, &far, &self.keys).await?;
        }
        let mut held = Vec::with_capacity(self.keys.len());
        for keys in self.keys.chunks(CHUNK) {
            let mut select = Select::bare(far.clone());
            select.add_filter(columns_in(&far, &far.key, keys.to_vec()));
            held.extend(values_in(conn, select, ends).await?);
        }
        self.keys = held;
        Ok(())
    }

    async fn relate(&self, conn: &mut Connection<'_>) -> Result<u64> {
        match &self.side {
            Side::Between { of, .. } if of.field().options.symmetrical => self.relate_both_ways(conn).await,
            _ => self.relate_one_way(conn).await,
        }
    }

    /// Where a relation goes both ways: each statement has both directions, so that two tasks which relate the same rows from either side
    /// do not wait for each other.
    async fn relate_both_ways(&self, conn: &mut Connection<'_>) -> Result<u64> {
        let Side::Between { model, source, target, .. } = &self.side else { return Ok(0) };
        let from = self.related(conn).await?;
        let to = values_in(conn, self.rows_where(target, &self.owner), source).await?;
        let texts = |keys: &[Vec<Value>]| keys.iter().map(|key| text(key)).collect::<HashSet<_>>();
        let (from_here, to_here, wanted) = (texts(&from), texts(&to), texts(&self.keys));
        let gone: Vec<Vec<Value>> = match self.change {
            RelationChange::Add => Vec::new(),
            RelationChange::Remove => self.keys.clone(),
            RelationChange::Clear => distinct([from, to].concat()),
            RelationChange::Set => {
                distinct([from, to].concat()).into_iter().filter(|key| !wanted.contains(&text(key))).collect()
            }
        };
        let adds = matches!(self.change, RelationChange::Add | RelationChange::Set);
        let mut pairs = Vec::new();
        for key in self.keys.iter().filter(|_| adds) {
            if !from_here.contains(&text(key)) {
                pairs.push((self.owner.clone(), key.clone()));
            }
            if !to_here.contains(&text(key)) && *key != self.owner {
                pairs.push((key.clone(), self.owner.clone()));
            }
        }
        pairs.sort_by_cached_key(|(from, to)| text(&[from.clone(), to.clone()].concat()));
        let lost = gone.iter().filter(|key| from_here.contains(&text(key))).count();
        let new = self.keys.iter().filter(|key| adds && !from_here.contains(&text(key))).count();
        for gone in gone.chunks(CHUNK) {
            let both = [(source, target), (target, source)].map(|(from, to)| {
                let held = columns_in(model, from, vec![self.owner.clone()]);
                held.and(columns_in(model, to, gone.to_vec()))
            });
            let mut rows = Select::bare(model.clone());
            rows.add_filter(Expr::Or(both.into()));
            self.delete(conn, rows).await?;
        }
        if let Side::Between { automatic, .. } = &self.side {
            let more = if *automatic { Vec::new() } else { self.more_columns(model)? };
            self.insert(conn, model, &pairs, &more, *automatic).await?;
        }
        Ok((lost + new) as u64)
    }

    async fn relate_one_way(&self, conn: &mut Connection<'_>) -> Result<u64> {
        match self.change {
            RelationChange::Add => self.add(conn, &self.keys).await,
            RelationChange::Remove => self.remove(conn, &self.keys).await,
            RelationChange::Clear => self.clear(conn).await,
            RelationChange::Set => {
                let wanted: HashSet<String> = self.keys.iter().map(|key| text(key)).collect();
                let now = self.related(conn).await?;
                let there: HashSet<String> = now.iter().map(|key| text(key)).collect();
                let gone: Vec<_> = now.into_iter().filter(|key| !wanted.contains(&text(key))).collect();
                let new: Vec<_> = self.keys.iter().filter(|key| !there.contains(&text(key))).cloned().collect();
                Ok(self.remove(conn, &gone).await? + self.add(conn, &new).await?)
            }
        }
    }

    /// The model whose rows are written, its columns for the owner, and those that name the related row.
    fn written(&self) -> (&ModelRef, &[u16], &[u16]) {
        match &self.side {
            Side::Between { model, source, target, .. } => (model, source, target),
            Side::ForeignKey { model, columns } => (model, columns, &model.key),
        }
    }

    fn where_owner(&self) -> Select {
        self.rows_where(self.written().1, &self.owner)
    }

    /// The rows that are written which hold these values.
    pub(super) fn rows_where(&self, columns: &[u16], values: &[Value]) -> Select {
        let model = self.written().0;
        let mut select = Select::bare(model.clone());
        for (&column, value) in columns.iter().zip(values) {
            let column = Expr::own(model.clone(), column);
            select.add_filter(column.binary(BinaryOp::Eq, Expr::Value(value.clone())));
        }
        select
    }

    /// The keys of the related rows.
    pub(super) async fn related(&self, conn: &mut Connection<'_>) -> Result<Vec<Vec<Value>>> {
        values_in(conn, self.where_owner(), self.written().2).await
    }

    async fn add(&self, conn: &mut Connection<'_>, keys: &[Vec<Value>]) -> Result<u64> {
        match &self.side {
            Side::ForeignKey { model, columns } => self.point(conn, model, columns, keys, true).await,
            Side::Between { model, automatic: true, .. } => {
                self.insert(conn, model, &self.pairs(keys), &[], true).await
            }
            Side::Between { model, automatic: false, .. } => {
                let more = self.more_columns(model)?;
                let there: HashSet<String> = self.related(conn).await?.iter().map(|key| text(key)).collect();
                let new: Vec<_> = keys.iter().filter(|key| !there.contains(&text(key))).cloned().collect();
                self.insert(conn, model, &self.pairs(&new), &more, false).await
            }
        }
    }

    /// This row with each of the others.
    fn pairs(&self, keys: &[Vec<Value>]) -> Vec<Pair> {
        keys.iter().map(|key| (self.owner.clone(), key.clone())).collect()
    }

    /// Adds rows to the table between; `more` are columns that have defaults.
    async fn insert(
        &self,
        conn: &mut Connection<'_>,
        model: &ModelRef,
        pairs: &[Pair],
        more: &[u16],
        ignore: bool,
    ) -> Result<u64> {
        let (_, source, target) = self.written();
        let names_target = conn.dialect().capabilities().conflict_target;
        let chunk = if ignore && !names_target { 60 } else { CHUNK };
        let columns: Vec<u16> = source.iter().chain(target).chain(more).copied().collect();
        let mut count = 0;
        for pairs in pairs.chunks(chunk) {
            let mut values = Vec::with_capacity(pairs.len() * columns.len());
            for (from, to) in pairs {
                values.extend(from.iter().chain(to).cloned());
                for &column in more {
                    let given = self.given(column).map(|value| checked(model, column, value.clone()));
                    values
                        .extend(given.transpose()?.map_or_else(|| default_of(model, column), |value| Ok(Some(value)))?);
                }
            }
            let insert = Insert {
                model: model.clone(),
                columns: columns.clone(),
                values: NewValues::Known(values),
                conflict: ignore.then(|| Conflict { target: Vec::new(), update: Vec::new() }),
                returning: Vec::new(),
                in_savepoint: false,
            };
            let mut statement = compile::insert(insert, conn.dialect())?;
            statement.once = pairs.len() > 4;
            count += match conn.execute(&statement).await {
                Ok(rows) => rows,
                Err(error) => {
                    let sent = Sent::of(&columns, statement.binds());
                    return Err(explained_by(sent, error, model, conn).await);
                }
            };
            if ignore && !names_target {
                refuse_hidden_errors(conn, model).await?;
            }
        }
        Ok(count)
    }

    /// The error of a table between that nobody has declared, as one of the relation. Not every database looks at keys before
    /// the end.
    fn told(&self, error: Error) -> Error {
        let Side::Between { automatic: true, of, .. } = &self.side else { return error };
        if error.code() != Code::ForeignKeyViolation {
            return error;
        }
        let field = &of.model.fields[usize::from(of.field)];
        let (owner, far) = (of.model.name.clone(), field.relation.as_ref().map(|relation| relation.target()));
        let added = if self.keys.len() == 1 { "the key" } else { "one of the keys" };
        let itself = &far.as_ref().filter(|_| of.reverse).unwrap_or(&of.model).verbose_name;
        let (field, name) = (&field.name, &self.name);
        let what =
            format!("`{owner}.{field}`: there is no `{name}` with {added}, or the {itself} itself is not stored");
        error.retold_of(owner, field, what)
    }

    /// The columns of a model between, beside the two keys, that a default fills. What has none, and wants a value, has to be
    /// written as itself.
    fn more_columns(&self, model: &ModelRef) -> Result<Vec<u16>> {
        let (_, source, target) = self.written();
        let mut more = Vec::new();
        for (column, shape) in (0..).zip(&model.columns) {
            if source.contains(&column) || target.contains(&column) {
                continue;
            }
            if self.given(column).is_some() {
                more.push(column);
                continue;
            }
            match default_of(model, column) {
                Ok(Some(_)) => more.push(column),
                Ok(None) => {}
                Err(_) => {
                    let field = &model.fields[usize::from(shape.field)].name;
                    let what = format!("`{}` stands between, and its `{field}` needs a value", model.name);
                    return Err(Error::new(Code::BadQuery, what)
                        .with_hint(format!("give it, `.through::<{0}, _>(|row| row.{field}.set(..))`", model.name)));
                }
            }
        }
        Ok(more)
    }

    /// What is to stand in a column of a model between.
    fn given(&self, column: u16) -> Option<&Value> {
        self.beside.iter().find_map(|assignment| match &assignment.value {
            Expr::Value(value) if assignment.column == column => Some(value),
            _ => None,
        })
    }

    async fn remove(&self, conn: &mut Connection<'_>, keys: &[Vec<Value>]) -> Result<u64> {
        let (model, owner, far) = self.written();
        if let Side::ForeignKey { .. } = self.side {
            return self.point(conn, model, owner, keys, false).await;
        }
        let mut count = 0;
        for keys in keys.chunks(CHUNK) {
            let mut rows = self.where_owner();
            rows.add_filter(columns_in(model, far, keys.to_vec()));
            count += self.delete(conn, rows).await?;
        }
        Ok(count)
    }

    /// Deletes rows of the table between.
    async fn delete(&self, conn: &mut Connection<'_>, rows: Select) -> Result<u64> {
        let model = rows.model.clone();
        let mut statement = compile::delete(&Delete { rows, returning: Vec::new() }, conn.dialect())?;
        statement.once = statement.binds.len() > 4;
        match conn.execute(&statement).await {
            Ok(rows) => Ok(rows),
            Err(error) => Err(explained(error, &model, conn).await),
        }
    }

    /// Of a `clear`, deletes the rows between that lead nowhere: no link goes with them.
    pub(super) async fn clear_nowhere(&self, conn: &mut Connection<'_>) -> Result<u64> {
        let (model, _, far) = self.written();
        let nullable = far.iter().filter(|&&column| model.columns[usize::from(column)].nullable);
        let nowhere: Vec<Expr> =
            nullable.map(|&column| Expr::IsNull(Box::new(Expr::own(model.clone(), column)))).collect();
        if self.change != RelationChange::Clear || nowhere.is_empty() {
            return Ok(0);
        }
        let mut rows = self.where_owner();
        rows.add_filter(Expr::Or(nowhere));
        self.delete(conn, rows).await
    }

    /// Removes all in one statement.
    async fn clear(&self, conn: &mut Connection<'_>) -> Result<u64> {
        match &self.side {
            Side::Between { .. } => self.delete(conn, self.where_owner()).await,
            Side::ForeignKey { .. } => {
                let keys = self.related(conn).await?;
                self.remove(conn, &keys).await
            }
        }
    }

    /// Rows that do not exist cannot be pointed anywhere, and an update would pass them by in silence.
    async fn refuse_missing(&self, conn: &mut Connection<'_>, model: &ModelRef, keys: &[Vec<Value>]) -> Result<()> {
        let mut there = HashSet::new();
        for keys in keys.chunks(CHUNK) {
            let mut select = Select::bare(model.clone());
            select.add_filter(columns_in(model, &model.key, keys.to_vec()));
            there.extend(values_in(conn, select, &model.key).await?.iter().map(|key| text(key)));
        }
        let missing: Vec<&Vec<Value>> = keys.iter().filter(|key| !there.contains(&text(key))).collect();
        let what = match (missing.len(), keys.len()) {
            (0, _) => return Ok(()),
            (1, 1) => format!("no `{}` has the key", model.name),
            (count, all) => format!("no `{}` has {count} of the {all} keys", model.name),
        };
        let first: Vec<String> = missing.iter().take(10).map(|key| shown(key)).collect();
        Err(Error::new(Code::NotFound, what)
            .with_model(self.name.clone())
            .with_unredacted(format!("the first of the keys: {}", first.join(", "))))
    }

    /// Sets the foreign key of related rows to the owner, or to NULL where it is the owner.
    async fn point(
        &self,
        conn: &mut Connection<'_>,
        model: &ModelRef,
        columns: &[u16],
        keys: &[Vec<Value>],
        to_owner: bool,
    ) -> Result<u64> {
        if !to_owner && columns.iter().any(|&column| !model.columns[usize::from(column)].nullable) {
            if keys.is_empty() {
                return Ok(0);
            }
            let field = &model.fields[usize::from(model.columns[usize::from(columns[0])].field)].name;
            return Err(Error::new(
                Code::BadQuery,
                format!("`{}.{field}` is never NULL: its rows cannot be left without", model.name),
            )
            .with_hint("delete the rows, or point them elsewhere"));
        }
        if to_owner {
            self.refuse_missing(conn, model, keys).await?;
        }
        let pairs = columns.iter().zip(&self.owner);
        let mut count = 0;
        for keys in keys.chunks(CHUNK) {
            let mut rows = if to_owner { Select::bare(model.clone()) } else { self.where_owner() };
            rows.add_filter(columns_in(model, &model.key, keys.to_vec()));
            let mut others = Vec::new();
            let mut set = Vec::new();
            for (&column, value) in pairs.clone() {
                let own = Expr::own(model.clone(), column);
                others.push(own.binary(BinaryOp::Eq, Expr::Value(value.clone())));
                let value = if to_owner { value.clone() } else { Value::Null(value.kind()) };
                set.push(Assignment { column, value: Expr::Value(value) });
            }
            if to_owner {
                rows.add_filter(Expr::Not(Box::new(Expr::And(others))));
            }
            let mut statement = compile::update(&Update { rows, set, returning: Vec::new() }, conn.dialect())?;
            statement.once = statement.binds.len() > 4;
            count += match conn.execute(&statement).await {
                Ok(rows) => rows,
                Err(error) => return Err(explained(error, model, conn).await),
            };
        }
        Ok(count)
    }
}
