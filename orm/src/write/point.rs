//! One row at a time, by statements that the connection finds by type: get by key, insert, delete by key.

use super::{
    fault::{Sent, explained_by},
    new_row::NewRow,
    update::Given,
    upsert::read_one,
};
use crate::{
    Access, Code, Connection, Dialect, Error, ErrorKind, Executor, IntoKey, Key, Model, Operation, Result, Statement,
    Value, Values, compile,
    model::{ColumnMeta, KeyShape, ModelMeta, Reader, Writer},
    statement::template,
    tree::{Expr, Insert, ModelRef, Select},
};
use std::marker::PhantomData;

/// The condition that the key of a row is this one.
pub(super) fn key_is(model: &ModelRef, key: &[Value]) -> Expr {
    let columns = model.key.iter().map(|&column| Expr::own(model.clone(), column));
    Expr::same_key(columns, key.iter().cloned().map(Expr::Value))
}

/// The condition that some columns hold one of these lists of values.
pub(super) fn columns_in(model: &ModelRef, columns: &[u16], keys: Vec<Vec<Value>>) -> Expr {
    let Some(&first) = columns.first() else { return Expr::Or(Vec::new()) };
    let kind = model.columns[usize::from(first)].kind;
    let parts = columns.iter().map(|&column| Expr::own(model.clone(), column)).collect();
    Expr::one_of_keys(parts, kind, keys.into_iter().flatten().collect::<Vec<_>>())
}

/// The values of a key.
pub(super) fn key_values<K: Key>(key: &K) -> Result<Vec<Value>> {
    key_binds(key).map(Values::into_vec)
}

/// The values of a key, to be bound by one statement.
fn key_binds<K: Key>(key: &K) -> Result<Values> {
    let mut out = Writer::with_capacity(K::KINDS.len());
    key.write(&mut out)?;
    Ok(out.into_values())
}

/// Every column of a model.
pub(super) fn all_columns(meta: &ModelMeta) -> Vec<u16> {
    (0..meta.columns.len() as u16).collect()
}

/// The text of reading a row by its key.
#[inline]
fn get_statement(meta: &'static ModelMeta, dialect: Dialect, key: Values) -> Result<Statement> {
    let make = || {
        let model = ModelRef::Static(meta);
        let mut select = Select::all(model.clone());
        select.default_order = false;
        select.add_filter(key_is(&model, &key));
        Ok(compile::select(&select, dialect)?.single(true))
    };
    Ok(template(&meta.templates.of(dialect).get, make)?.with(key))
}

/// Reads the row of a key.
pub(super) async fn read_by_key<M: Model>(conn: &mut Connection<'_>, key: impl Into<Values>) -> Result<Option<M>> {
    let statement = get_statement(M::meta(), conn.dialect(), key.into())?;
    let mut found = None;
    let each = &mut |row: &crate::Row<'_>| {
        found = Some(Reader::new(row, &[]).columns()?);
        Ok(())
    };
    conn.query_keyed::<GetOf<M>>(&statement, each).await.map_err(|error| of_key(M::meta(), error))?;
    Ok(found)
}

/// How rows of a model are read, whose columns are all there.
pub(crate) trait ReadRow: Send + Sync + 'static {
    /// What a row becomes.
    type Row: Send;

    fn model(&self) -> ModelRef;

    fn read(&self, row: &crate::Row<'_>) -> Result<Self::Row>;

    /// Reads the row of a key.
    fn by_key(
        &self,
        conn: &mut Connection<'_>,
        key: Vec<Value>,
    ) -> impl Future<Output = Result<Option<Self::Row>>> + Send;
}

/// Rows of a model's own type.
pub(super) struct Typed<M>(PhantomData<fn() -> M>);

impl<M> Typed<M> {
    pub(super) fn new() -> Self {
        Typed(PhantomData)
    }
}

impl<M> Clone for Typed<M> {
    fn clone(&self) -> Self {
        Typed::new()
    }
}

impl<M: Model> ReadRow for Typed<M> {
    type Row = M;

    fn model(&self) -> ModelRef {
        ModelRef::Static(M::meta())
    }

    fn read(&self, row: &crate::Row<'_>) -> Result<M> {
        Reader::new(row, &[]).columns()
    }

    fn by_key(&self, conn: &mut Connection<'_>, key: Vec<Value>) -> impl Future<Output = Result<Option<M>>> + Send {
        read_by_key(conn, key)
    }
}

/// The statement that reads the row of a key.
pub(crate) fn row_of(model: &ModelRef, key: &[Value], dialect: Dialect) -> Result<Statement> {
    let mut select = Select::all(model.clone());
    select.default_order = false;
    select.add_filter(key_is(model, key));
    compile::select(&select, dialect)
}

/// The error of reading a row by its key.
#[cold]
fn of_key(meta: &ModelMeta, error: Error) -> Error {
    match *meta.key {
        [column] if error.kind() == ErrorKind::Value => meta.blame(column, error),
        _ => error.with_model(meta.name.clone()),
    }
}

/// No row has the key.
#[cold]
pub(super) fn not_found(meta: &ModelMeta) -> Error {
    Error::new(Code::NotFound, format!("no `{}` has this key", meta.name))
        .with_model(meta.name.clone())
        .with_hint("`.await.optional()` gives `None` instead")
}

/// Names [`read_by_key`]'s statement in the connection's cache.
struct GetOf<M>(PhantomData<M>);

/// Names [`CreateOne`]'s statement in the connection's cache.
struct InsertOf<M>(PhantomData<M>);

/// Reads one row by its key; it has no more than the key, so that it is quickly handed on.
struct Get<M: Model>(M::Key);

/// The same, whether it is a row that counts or not: relations lead to either.
struct GetAny<M: Model>(M::Key);

impl<M: Model> Operation for GetAny<M> {
    type Output = M;

    fn access(&self) -> Access {
        Access::Read
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<M> {
        read_by_key(conn, key_binds(&self.0)?).await?.ok_or_else(|| not_found(M::meta()))
    }
}

impl<M: Model> Operation for Get<M> {
    type Output = M;

    fn access(&self) -> Access {
        Access::Read
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<M> {
        let key = key_binds(&self.0)?;
        let found = match M::meta().filter {
            None => read_by_key(conn, key).await?,
            Some(_) => read_usual(conn, &key).await?,
        };
        found.ok_or_else(|| not_found(M::meta()))
    }
}

/// Reads the row of a key, if it is one that counts.
async fn read_usual<M: Model>(conn: &mut Connection<'_>, key: &[Value]) -> Result<Option<M>> {
    let mut select = Select::usual(ModelRef::Static(M::meta()));
    select.default_order = false;
    select.add_filter(key_is(&select.model.clone(), key));
    read_one(&Typed::new(), conn, &compile::select(&select, conn.dialect())?.single(true)).await
}

/// The row of a key: what `Model::get` runs.
pub(crate) fn get<M: Model, E: Executor>(key: M::Key, ex: &E) -> impl Future<Output = Result<M>> + Send {
    ex.run(Get(key))
}

/// Reads one row by what foreign keys hold of it.
struct GetBy<M> {
    by: KeyShape,
    held: Values,
    _model: PhantomData<fn() -> M>,
}

impl<M: Model> Operation for GetBy<M> {
    type Output = M;

    fn access(&self) -> Access {
        Access::Read
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<M> {
        let model = ModelRef::Static(M::meta());
        let columns = self.by.columns(&model).into_iter().map(|column| Expr::own(model.clone(), column));
        let mut select = Select::all(model.clone());
        select.default_order = false;
        select.add_filter(Expr::same_key(columns, self.held.iter().cloned().map(Expr::Value)));
        let found = read_one(&Typed::new(), conn, &compile::select(&select, conn.dialect())?).await;
        found.map_err(|error| error.with_model(M::meta().name.clone()))?.ok_or_else(|| not_found(M::meta()))
    }
}

/// The row that a foreign key leads to, by what it holds.
pub(crate) fn get_by<M: Model, K: Key, E: Executor>(
    by: KeyShape,
    held: K,
    ex: &E,
) -> impl Future<Output = Result<M>> + Send {
    let held = key_binds(&held);
    async move { ex.run(GetBy { by, held: held?, _model: PhantomData }).await }
}

/// The row of a key that a relation holds.
pub(crate) fn get_any<M: Model, E: Executor>(key: M::Key, ex: &E) -> impl Future<Output = Result<M>> + Send {
    ex.run(GetAny(key))
}

/// The key that something names; apart from `Model::get`, so that its future does not hold what it was given.
pub(crate) fn key_of<M: Model>(row: impl IntoKey<M>) -> M::Key {
    row.into_key()
}

/// Inserts one row and gives it as it is stored.
pub(super) struct CreateOne<M> {
    statement: Statement,
    /// The columns that are sent; none for the model's usual ones, whose statement has a name by type.
    columns: Option<Vec<u16>>,
    /// What is sent, where some of it is computed.
    told: Option<Box<Given>>,
    /// The key, as far as it is known before.
    key: Option<Vec<Value>>,
    _model: PhantomData<fn() -> M>,
}

impl<M: Model> CreateOne<M> {
    pub(super) fn new(row: NewRow, dialect: Dialect) -> Result<Self> {
        let meta = M::meta();
        let columns = if is_usual(meta, &row) { None } else { Some(row.columns()) };
        let told = row.is_computed().then(|| Box::new(row.told()));
        let returns = dialect.capabilities().insert_returning;
        let key = if returns { None } else { known_key(meta, &row) };
        let make = |row: NewRow| {
            let returning = if returns { all_columns(meta) } else { Vec::new() };
            let (model, columns) = (ModelRef::Static(meta), row.columns());
            let values = row.into_values();
            compile::insert(Insert { model, columns, values, conflict: None, returning, in_savepoint: false }, dialect)
        };
        let statement = match columns.is_none() {
            true => template(&meta.templates.of(dialect).insert, || make(row.clone()))?.with(row.into_binds()),
            false => make(row)?,
        };
        Ok(CreateOne { statement, columns, told, key, _model: PhantomData })
    }

    pub(super) fn sql(&self, dialect: Dialect) -> String {
        self.statement.sql(dialect)
    }
}

/// Whether just the automatic key and the defaults of the database are left out.
fn is_usual(meta: &ModelMeta, row: &NewRow) -> bool {
    !row.is_computed() && row.sent().zip(&meta.columns).all(|(sent, column)| sent == is_sent(meta, column))
}

/// Whether a row has the column usually.
fn is_sent(meta: &ModelMeta, column: &ColumnMeta) -> bool {
    !meta.fields[column.field as usize].options.filled_by_database()
}

/// The columns that a row has usually.
fn usual_columns(meta: &ModelMeta) -> Vec<u16> {
    (0..).zip(&meta.columns).filter(|(_, column)| is_sent(meta, column)).map(|(index, _)| index).collect()
}

/// The key, where the row has it.
pub(super) fn known_key(meta: &ModelMeta, row: &NewRow) -> Option<Vec<Value>> {
    meta.key.iter().map(|&column| row.value(column).cloned()).collect()
}

impl<M: Model> Operation for CreateOne<M> {
    type Output = M;

    fn access(&self) -> Access {
        // What asks a query may take long.
        if self.told.is_none() { Access::ShortWrite } else { Access::Write }
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<M> {
        let mut created = None;
        let each = &mut |row: &crate::Row<'_>| {
            created = Some(Reader::new(row, &[]).columns()?);
            Ok(())
        };
        let ran = match self.columns.is_none() {
            true => conn.query_keyed::<InsertOf<M>>(&self.statement, each).await,
            false => conn.query(&self.statement, each).await,
        };
        if let Err(error) = ran {
            let meta = M::meta();
            let columns = self.columns.clone().unwrap_or_else(|| usual_columns(meta));
            let sent = match &self.told {
                Some(told) => told.sent(),
                None => Sent::of(&columns, self.statement.binds()),
            };
            return Err(explained_by(sent, error, meta, conn).await);
        }
        if let Some(row) = created {
            return Ok(row);
        }
        let key = match &self.key {
            Some(key) => key.clone(),
            None => vec![Value::I64(conn.last_insert_id().await?)],
        };
        read_by_key(conn, key).await?.ok_or_else(|| not_found(M::meta()))
    }
}
