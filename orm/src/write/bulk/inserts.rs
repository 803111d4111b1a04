//! Inserts and upserts in chunks.

use super::super::{
    draft::NewRow,
    fault::explained,
    point::{all_columns, known_key, not_found, read_by_key},
    upsert::{ByKey, finish, overwrite, overwrites, upsert_in_steps},
};
use crate::{
    Access, Code, Connection, Dialect, Error, Executor, Model, Operation, Result, Row, Statement, Value, compile,
    model::{ModelMeta, Reader},
    tree::{BinaryOp, Conflict, Expr, Insert, ModelRef, Order, Select},
};
use std::{collections::HashSet, marker::PhantomData};

/// The most rows in one INSERT: more gain nothing, and the text grows.
const ROWS: usize = 500;

/// The most rows in one INSERT that gives way where the database tells what it left out by warnings, of which it keeps 64.
const WATCHED: usize = 60;

pub(super) async fn insert_many<E: Executor>(inserts: Inserts, ex: &E) -> Result<u64> {
    if inserts.rows == 0 {
        return Ok(0);
    }
    ex.run(inserts).await
}

/// Rows that have the same columns, for one statement after the other.
struct Group {
    columns: Vec<u16>,
    conflict: Option<Conflict>,
    rows: Vec<Vec<Value>>,
    /// The number of each row among all drafts.
    places: Vec<usize>,
    /// The keys that the rows already have; empty where the database makes them.
    keys: Vec<Vec<Value>>,
}

/// Rows to insert, grouped by what they have.
pub(super) struct Inserts {
    meta: &'static ModelMeta,
    groups: Vec<Group>,
    pub(super) rows: usize,
}

impl Inserts {
    pub(super) fn new<M: Model>(rows: Vec<NewRow>, conflict: Option<Conflict>) -> Inserts {
        let mut inserts = Inserts { meta: M::meta(), groups: Vec::new(), rows: rows.len() };
        for (place, row) in rows.into_iter().enumerate() {
            let columns = row.columns();
            let known = inserts.groups.iter().rposition(|group| group.columns == columns);
            inserts.add(known, columns, conflict.clone(), row, place);
        }
        inserts
    }

    /// Upserts: a key that comes twice comes in two statements, in the order of the drafts.
    pub(super) fn upserts<M: Model>(rows: Vec<NewRow>, target: Vec<u16>) -> Inserts {
        let meta = M::meta();
        let mut inserts = Inserts { meta, groups: Vec::new(), rows: rows.len() };
        let mut keys: HashSet<String> = HashSet::new();
        let mut over: Vec<u16> = Vec::new();
        for (place, row) in rows.into_iter().enumerate() {
            let columns = row.columns();
            let key = target.iter().map(|&column| format!("{:?}", row.values[usize::from(column)])).collect();
            let own = overwrites(meta, &row, &target);
            let repeated = !keys.insert(key);
            let last = inserts.groups.len().checked_sub(1);
            let same = last.filter(|&last| inserts.groups[last].columns == columns && over == own && !repeated);
            if same.is_none() {
                let key = target.iter().map(|&column| format!("{:?}", row.values[usize::from(column)])).collect();
                keys = HashSet::from([key]);
            }
            let conflict = overwrite(meta, &own, &target);
            over = own;
            inserts.add(same, columns, Some(conflict), row, place);
        }
        inserts
    }

    fn add(&mut self, group: Option<usize>, columns: Vec<u16>, conflict: Option<Conflict>, row: NewRow, place: usize) {
        let index = group.unwrap_or_else(|| {
            let (rows, places, keys) = (Vec::new(), Vec::new(), Vec::new());
            self.groups.push(Group { columns, conflict, rows, places, keys });
            self.groups.len() - 1
        });
        let group = &mut self.groups[index];
        group.keys.extend(known_key(self.meta, &row));
        group.rows.push(row.into_binds());
        group.places.push(place);
    }

    /// Whether it takes one statement, which needs no transaction.
    fn is_single(&self, dialect: Dialect) -> bool {
        self.groups.len() == 1 && self.groups.iter().all(|group| group.rows.len() <= group.chunk(dialect))
    }

    /// Runs the statements. `each` gets the number of the draft and its row, where `returning` asks for rows.
    async fn insert(
        &mut self,
        conn: &mut Connection,
        returning: &[u16],
        each: &mut (dyn FnMut(usize, &Row<'_>) -> Result<()> + Send),
    ) -> Result<u64> {
        let meta = self.meta;
        let mut count = 0;
        for group in &mut self.groups {
            let chunk = group.chunk(conn.dialect());
            let mut rows = std::mem::take(&mut group.rows).into_iter();
            let mut from = 0;
            loop {
                let some: Vec<_> = rows.by_ref().take(chunk).collect();
                if some.is_empty() {
                    break;
                }
                let length = some.len();
                let insert = Insert {
                    model: ModelRef::Static(meta),
                    columns: group.columns.clone(),
                    rows: some,
                    conflict: group.conflict.clone(),
                    returning: returning.to_vec(),
                };
                let mut statement = compile::insert(insert, conn.dialect())?;
                statement.once = length != chunk && !comes_again(length);
                let mut at = from;
                let ran = match returning.is_empty() {
                    true => conn.execute(&statement).await,
                    false => {
                        let read = &mut |row: &Row<'_>| {
                            let place = group.places.get(at).copied().unwrap_or_default();
                            at += 1;
                            each(place, row)
                        };
                        conn.query(&statement, read).await.map(|()| length as u64)
                    }
                };
                let ran = match ran {
                    Ok(ran) => ran,
                    Err(error) => return Err(explained(error, meta, conn).await),
                };
                if group.ignores() && !conn.dialect().capabilities().conflict_target {
                    refuse_hidden_errors(conn, meta).await?;
                }
                let updates = group.conflict.is_some() && !group.ignores();
                count += if updates { length as u64 } else { ran };
                from += length;
            }
        }
        Ok(count)
    }
}

impl Group {
    fn ignores(&self) -> bool {
        self.conflict.as_ref().is_some_and(|conflict| conflict.update.is_empty())
    }

    /// The rows of one statement.
    fn chunk(&self, dialect: Dialect) -> usize {
        let can = dialect.capabilities();
        let most = if self.ignores() && !can.conflict_target { WATCHED } else { ROWS };
        match self.columns.len() {
            // `DEFAULT VALUES` is one row.
            0 => 1,
            columns => (can.max_binds / columns).clamp(1, most),
        }
    }
}

/// Sizes of batches that people choose: their statements stay prepared, and they are few. Others would fill the connection's
/// memory with texts that hardly come again.
fn comes_again(rows: usize) -> bool {
    rows <= 8 || rows.is_power_of_two() || rows.is_multiple_of(50)
}

/// INSERT IGNORE turns every error into a warning: all but those about unique keys become errors again.
pub(in crate::write) async fn refuse_hidden_errors(conn: &mut Connection, meta: &ModelMeta) -> Result<()> {
    let mut hidden = None;
    conn.query(&Statement::raw("SHOW WARNINGS", []), &mut |row| {
        // "Duplicate entry '..' for key '..'".
        if row.cell(1).i64()? != 1062 {
            hidden.get_or_insert(row.cell(2).text()?);
        }
        Ok(())
    })
    .await?;
    match hidden {
        None => Ok(()),
        Some(message) => {
            let code = match message.contains("foreign key constraint") {
                true => Code::ForeignKeyViolation,
                false if message.contains("CONSTRAINT") => Code::CheckViolation,
                false => Code::Sql,
            };
            Err(explained(Error::new(code, message), meta, conn).await)
        }
    }
}

impl Operation for Inserts {
    type Output = u64;

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection) -> Result<u64> {
        let watched = !conn.dialect().capabilities().conflict_target && self.groups.iter().any(Group::ignores);
        if self.is_single(conn.dialect()) && !watched {
            return self.insert(conn, &[], &mut |_, _| Ok(())).await;
        }
        let mark = conn.savepoint().await?;
        let done = self.insert(conn, &[], &mut |_, _| Ok(())).await;
        finish(conn, mark, done).await
    }
}

/// Inserts that give their rows.
pub(super) struct CreateMany<M> {
    pub(super) inserts: Inserts,
    pub(super) _model: PhantomData<fn() -> M>,
}

impl<M: Model> CreateMany<M> {
    async fn create(&mut self, conn: &mut Connection) -> Result<Vec<M>> {
        let mut rows: Vec<Option<M>> = Vec::new();
        rows.resize_with(self.inserts.rows, || None);
        if conn.dialect().capabilities().insert_returning {
            let each = &mut |place: usize, row: &Row<'_>| {
                rows[place] = Some(Reader::new(row, &[]).columns()?);
                Ok(())
            };
            self.inserts.insert(conn, &all_columns(M::meta()), each).await?;
        } else {
            self.create_and_read(conn, &mut rows).await?;
        }
        rows.into_iter().map(|row| row.ok_or_else(|| not_found(M::meta()))).collect()
    }

    /// Without RETURNING: one statement after the other, each with the reading of its rows.
    async fn create_and_read(&mut self, conn: &mut Connection, rows: &mut [Option<M>]) -> Result<()> {
        let meta = M::meta();
        for group in std::mem::take(&mut self.inserts.groups) {
            let chunk = group.chunk(conn.dialect());
            let Group { columns, rows: values, places, keys, .. } = group;
            let mut values = values.into_iter();
            for places in places.chunks(chunk) {
                let insert = Insert {
                    model: ModelRef::Static(meta),
                    columns: columns.clone(),
                    rows: values.by_ref().take(places.len()).collect(),
                    conflict: None,
                    returning: Vec::new(),
                };
                let statement = compile::insert(insert, conn.dialect())?;
                if let Err(error) = conn.execute(&statement).await {
                    return Err(explained(error, meta, conn).await);
                }
                if keys.is_empty() {
                    let mut places = places.iter();
                    let first = conn.last_insert_id().await?;
                    let statement = from_key(meta, first, places.len(), conn.dialect())?;
                    let each = &mut |row: &Row<'_>| {
                        if let Some(&place) = places.next() {
                            rows[place] = Some(Reader::new(row, &[]).columns()?);
                        }
                        Ok(())
                    };
                    conn.query(&statement, each).await?;
                }
            }
            for (&place, key) in places.iter().zip(keys) {
                rows[place] = read_by_key(conn, key).await?;
            }
        }
        Ok(())
    }
}

/// The rows from an automatic key on: those of one INSERT follow each other.
fn from_key(meta: &'static ModelMeta, first: i64, count: usize, dialect: Dialect) -> Result<Statement> {
    let model = ModelRef::Static(meta);
    let key = Expr::own(model.clone(), meta.key[0]);
    let mut select = Select::all(model);
    select.default_order = false;
    select.add_filter(key.clone().binary(BinaryOp::Ge, Expr::Value(Value::I64(first))));
    select.order = vec![Order { expr: key, descending: false, nulls_first: None }];
    select.limit = Some(count as u64);
    compile::select(&select, dialect)
}

impl<M: Model> Operation for CreateMany<M> {
    type Output = Vec<M>;

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection) -> Result<Vec<M>> {
        if self.inserts.is_single(conn.dialect()) {
            return self.create(conn).await;
        }
        let mark = conn.savepoint().await?;
        let done = self.create(conn).await;
        finish(conn, mark, done).await
    }
}

/// Upserts where the database cannot name the key in its statement.
pub(super) struct UpsertInSteps<M>(pub(super) Vec<ByKey<M>>);

impl<M: Model> Operation for UpsertInSteps<M> {
    type Output = u64;

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection) -> Result<u64> {
        let rows = std::mem::take(&mut self.0);
        let count = rows.len() as u64;
        let mark = conn.savepoint().await?;
        let mut done = Ok(count);
        for row in rows {
            if let Err(error) = upsert_in_steps(row, conn).await {
                done = Err(error);
                break;
            }
        }
        finish(conn, mark, done).await
    }
}
