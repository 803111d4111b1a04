//! Deleting: the terminals, and what a deletion takes with it.

mod collector;
mod lock;

use super::{
    Pending,
    fault::explained,
    hooks::{self, Around},
    parent::copy_of,
    point::{all_columns, key_is, key_values},
    update::{ChangeReturning, ChangeRows},
    upsert::finish,
    version,
};
use crate::{
    Access, Code, Connection, Executor, Model, OnDelete, Operation, QuerySet, Result, Row, Statement, Value, compile,
    model::{ModelMeta, Reader, references_to},
    query::{KeyPart, Skips},
    statement::template,
    tree::{Delete, ModelRef, Select},
};
use collector::Collector;
pub(super) use collector::columns_of;
pub(super) use lock::{For, LockRows, below, by_key, has_children, lock as lock_rows};
use std::{
    collections::{BTreeMap, HashSet},
    marker::PhantomData,
};

/// What a deletion took: how many rows, in all and of each model by its label, `library.Book`.
///
/// Rows of automatic many-to-many tables are counted under names such as `library.Book_tags`.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let gone = Book::objects().filter(|b| b.price.lt(10)).delete(&db).await?;
/// assert_eq!((gone.total, gone.per_model["library.Book"], gone.per_model["library.Book_tags"]), (4, 2, 2));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deleted {
    /// All rows.
    pub total: u64,
    /// The rows of each model that lost any.
    pub per_model: BTreeMap<String, u64>,
}

impl Deleted {
    fn add(&mut self, model: &ModelMeta, rows: u64) {
        if rows > 0 {
            self.total += rows;
            *self.per_model.entry(model.label()).or_default() += rows;
        }
    }
}

impl<M: Model, O> QuerySet<M, O> {
    /// Deletes every row of the query, and does with the rows that point to them what their foreign keys' `on_delete` says:
    /// cascade, protect, restrict, set null, set default or nothing; and so on from there. All in one transaction or
    /// savepoint, whatever the database's own constraints say.
    ///
    /// A model that nothing points to takes one statement; else one query per foreign key that has to be followed and one
    /// statement per kind of row that is changed. The foreign keys of all applications count that are used by the program
    /// or registered with its `Project`; for others the constraints of the database decide.
    ///
    /// # Errors
    /// [`Code::Protected`](crate::Code::Protected), with the model and the keys of the rows that protect, and nothing is
    /// deleted.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let gone = Book::objects().filter(|b| !b.active).delete(&db).await?;
    /// assert_eq!(gone.total, 3); // the book, and what ties it to two tags
    /// # Ok(()) }
    /// ```
    pub async fn delete<E: Executor>(self, ex: &E) -> Result<Deleted> {
        let (skips, rows) = (self.skips(), self.into_select());
        if rows.empty {
            return Ok(Deleted::default());
        }
        let Some(around) = Around::<M>::of(skips) else {
            let collect = Collect::hooked(rows.model.clone(), From::Query(Box::new(rows)));
            return ex.run(Collect { skips_hooks: skips.hooks, keep_parents: skips.parents, ..collect }).await;
        };
        ex.atomic(move |tx| Box::pin(around.delete_found(rows, tx))).await
    }

    /// Like [`delete`](QuerySet::delete), and gives the rows of the query as they were, in no particular order.
    ///
    /// SQL: `DELETE .. RETURNING` where the database has it and nothing points to the model; else the rows are read, and locked, first.
    ///
    /// # Errors
    /// Those of [`delete`](QuerySet::delete).
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let gone = Book::objects().filter(|b| !b.active).delete_returning(&db).await?;
    /// assert_eq!((gone.len(), gone[0].title.as_str()), (1, "COBOL"));
    /// # Ok(()) }
    /// ```
    pub async fn delete_returning<E: Executor>(self, ex: &E) -> Result<Vec<M>> {
        let (skips, rows) = (self.skips(), self.into_select());
        if rows.empty {
            return Ok(Vec::new());
        }
        if let Some(around) = Around::<M>::of(skips) {
            return ex.atomic(move |tx| Box::pin(around.delete_returning(rows, tx))).await;
        }
        if is_free(&rows.model) {
            let delete = Delete { rows: rows.clone(), returning: all_columns(M::meta()) };
            match compile::delete(&delete, ex.dialect()) {
                Ok(statement) => return ex.run(ChangeReturning::<M>::deleted(statement)).await,
                Err(error) if error.code() == Code::Unsupported => {}
                Err(error) => return Err(error),
            }
        }
        ex.run(CollectReturning { rows, skips, _model: PhantomData }).await
    }

    /// Deletes every row of the query in one statement and gives their number; what happens to rows that point to them is
    /// left to the constraints of the database.
    ///
    /// SQL: `DELETE FROM book WHERE ..`.
    ///
    /// # Errors
    /// [`Code::ForeignKeyViolation`](crate::Code::ForeignKeyViolation) when a constraint refuses.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Tag::objects().filter(|t| t.slug.eq("poetry")).delete_unchecked(&db).await?, 1);
    /// # Ok(()) }
    /// ```
    pub async fn delete_unchecked<E: Executor>(self, ex: &E) -> Result<u64> {
        let (skips, rows) = (self.skips(), self.into_select());
        hooks::refuse_valueless(
            M::meta(),
            skips.hooks,
            "a deletion of rows that are not read",
            "use `delete`, which reads them",
        )?;
        if rows.empty {
            return Ok(0);
        }
        let model = rows.model.clone();
        let statement = compile::delete(&Delete { rows, returning: Vec::new() }, ex.dialect())?;
        ex.run(ChangeRows::deleted(model, statement)).await
    }

    /// The SQL of [`delete_unchecked`](QuerySet::delete_unchecked) in a dialect; no connection is needed.
    ///
    /// # Errors
    /// When the query is not one of rows.
    ///
    /// ```
    /// # use library::*;
    /// let sql = Book::objects().filter(|b| !b.active).delete_sql(Dialect::Sqlite)?;
    /// assert_eq!(sql, r#"DELETE FROM "library_book" WHERE NOT ("active")"#);
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn delete_sql(self, dialect: crate::Dialect) -> Result<String> {
        Ok(compile::delete(&Delete { rows: self.into_select(), returning: Vec::new() }, dialect)?.sql(dialect))
    }
}

/// Deletes the rows of a query whose model has no Rust type, with what their relations say.
pub(crate) async fn delete_rows<E: Executor>(rows: Select, ex: &E) -> Result<Deleted> {
    ex.run(Collect::hooked(rows.model.clone(), From::Query(Box::new(rows)))).await
}

/// Deletes one row: what `Model::delete` runs.
pub(crate) fn delete_row<'e, M: Model, E: Executor>(row: &M, ex: &'e E) -> Pending<'e, Deleted> {
    delete_one(row, Skips::default(), ex)
}

/// The same, and leaves the row of its parent.
pub(crate) fn delete_keep_parents<'e, M: Model, E: Executor>(row: &M, ex: &'e E) -> Pending<'e, Deleted> {
    delete_one(row, Skips { parents: true, ..Skips::default() }, ex)
}

fn delete_one<'e, M: Model, E: Executor>(row: &M, skips: Skips, ex: &'e E) -> Pending<'e, Deleted> {
    if let Some(around) = Around::<M>::of(skips) {
        // The row may be gone before the deletion runs: the hooks see a copy.
        return match copy_of(row) {
            Ok(copy) => Pending::new(ex.atomic(move |tx| {
                Box::pin(async move {
                    // Of a row that is gone by now nothing is told.
                    match tx.run(version::Unchanged::of(&copy)?.looked_for()).await? {
                        true => around.delete(&[copy], tx).await,
                        false => Ok(Deleted::default()),
                    }
                })
            })),
            Err(error) => Pending::new(std::future::ready(Err(error))),
        };
    }
    let read = match version::Unchanged::of(row) {
        Ok(read) => read,
        Err(error) => return Pending::new(std::future::ready(Err(error))),
    };
    let model = ModelRef::Static(M::meta());
    if model.version.is_none() && !model.keyless && is_free(&model) {
        return Pending::run(ex, DeleteOne::<M>::new(read.key(), ex.dialect()));
    }
    let collect = Collect::hooked(model, From::Row(read));
    Pending::run(ex, Ok(Collect { keep_parents: skips.parents, ..collect }))
}

/// Whether a deletion of a model's rows is that of its rows only: nothing has to be done for rows that point to them, and they have no
/// parents.
fn is_free(model: &ModelRef) -> bool {
    model.parent().is_none() && references_to(model).iter().all(|reference| reference.on_delete == OnDelete::DoNothing)
}

/// Names [`DeleteOne`]'s statement in the connection's cache.
struct DeleteOf<M>(PhantomData<M>);

/// Deletes one row that nothing points to.
struct DeleteOne<M> {
    statement: Statement,
    _model: PhantomData<fn() -> M>,
}

impl<M: Model> DeleteOne<M> {
    fn new(key: Vec<Value>, dialect: crate::Dialect) -> Result<Self> {
        let meta = M::meta();
        let make = || {
            let model = ModelRef::Static(meta);
            let mut rows = Select::bare(model.clone());
            rows.add_filter(key_is(&model, &key));
            compile::delete(&Delete { rows, returning: Vec::new() }, dialect)
        };
        let statement = template(&meta.templates.of(dialect).delete, make)?.with(key);
        Ok(DeleteOne { statement, _model: PhantomData })
    }
}

impl<M: Model> Operation for DeleteOne<M> {
    type Output = Deleted;

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<Deleted> {
        let mut deleted = Deleted::default();
        match conn.execute_keyed::<DeleteOf<M>>(&self.statement).await {
            Ok(rows) => deleted.add(M::meta(), rows),
            Err(error) => return Err(explained(error, M::meta(), conn).await),
        }
        Ok(deleted)
    }
}

/// Deletes rows with all that hangs on them.
pub(super) struct Collect {
    model: ModelRef,
    from: From,
    skips_hooks: bool,
    /// The rows of the model's parents stay.
    keep_parents: bool,
    /// The hooks of the rows' parents are called by whoever deletes them.
    parents_told: bool,
}

/// Which rows.
pub(super) enum From {
    Query(Box<Select>),
    Keys(Vec<Vec<Value>>),
    /// One that was read: it goes if it has the same version still.
    Row(version::Unchanged),
}

impl Collect {
    /// A deletion that takes no rows along whose models have hooks.
    pub(super) fn hooked(model: ModelRef, from: From) -> Collect {
        Collect { model, from, skips_hooks: false, keep_parents: false, parents_told: false }
    }

    /// One whose caller calls the hooks of the parents' rows.
    pub(super) fn told(model: ModelRef, from: From, keep_parents: bool) -> Collect {
        Collect { keep_parents, parents_told: true, ..Collect::hooked(model, from) }
    }

    async fn delete(&mut self, conn: &mut Connection<'_>) -> Result<Deleted> {
        let mut collector = Collector::new(self.skips_hooks, self.keep_parents, self.parents_told);
        let keys = match &mut self.from {
            // What a condition finds goes by that: its keys are those of others, too.
            From::Query(select) if self.model.keyless && is_free(&self.model) => {
                let delete = Delete { rows: (**select).clone(), returning: Vec::new() };
                let mut deleted = Deleted::default();
                let statement = compile::delete(&delete, conn.dialect())?;
                deleted.add(&self.model, conn.execute(&statement).await?);
                return Ok(deleted);
            }
            From::Query(select) => lock::locked_keys(conn, select).await?,
            From::Keys(keys) => std::mem::take(keys),
            From::Row(row) => {
                row.run(conn).await?;
                vec![row.key()]
            }
        };
        collector.collect(conn, self.model.clone(), keys).await?;
        collector.delete(conn).await
    }
}

/// Deletes the rows of a query with all that hangs on them, and gives them as they were.
struct CollectReturning<M> {
    rows: Select,
    skips: Skips,
    _model: PhantomData<fn() -> M>,
}

impl<M: Model> CollectReturning<M> {
    async fn delete(&self, conn: &mut Connection<'_>) -> Result<Vec<M>> {
        let rows = LockedRows::<M>::of(self.rows.clone()).run(conn).await?;
        let keys = rows.iter().map(|row| key_values(&row.key())).collect::<Result<Vec<_>>>()?;
        let mut collector = Collector::new(self.skips.hooks, self.skips.parents, false);
        collector.collect(conn, self.rows.model.clone(), keys).await?;
        collector.delete(conn).await?;
        Ok(rows)
    }
}

impl<M: Model> Operation for CollectReturning<M> {
    type Output = Vec<M>;

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<Vec<M>> {
        let mark = conn.savepoint().await?;
        let done = self.delete(conn).await;
        finish(conn, mark, done).await
    }
}

/// The whole rows of a query, which nobody else changes before the transaction ends: where they can be locked.
pub(super) struct LockedRows<M> {
    select: Select,
    _model: PhantomData<fn() -> M>,
}

impl<M: Model> LockedRows<M> {
    pub(super) fn of(select: Select) -> LockedRows<M> {
        LockedRows { select, _model: PhantomData }
    }
}

impl<M: Model> Operation for LockedRows<M> {
    type Output = Vec<M>;

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<Vec<M>> {
        let rows = &self.select;
        if !conn.dialect().capabilities().select_for_update {
            return RowsOf::of(rows.clone()).run(conn).await;
        }
        if !has_children(conn, &rows.model)
            && lock::is_about_itself(rows)
            && let Some(locking) = lock::locking(rows)
        {
            return RowsOf::of(locking).run(conn).await;
        }
        let locked = lock::lock_found(conn, rows).await?;
        if locked.is_empty() {
            return Ok(Vec::new());
        }
        // As they are by now: another may have changed them before they were locked.
        let mut locked: HashSet<KeyPart<'_>> = locked.iter().map(|key| KeyPart::of_all(key)).collect();
        let mut found = RowsOf::<M>::of(lock::unlocking(rows)).run(conn).await?;
        let keys = found.iter().map(|row| key_values(&row.key())).collect::<Result<Vec<_>>>()?;
        let mut keys = keys.iter();
        found.retain(|_| keys.next().is_some_and(|key| locked.remove(&KeyPart::of_all(key))));
        Ok(found)
    }
}

/// The whole rows of a query.
pub(super) struct RowsOf<M> {
    select: Select,
    _model: PhantomData<fn() -> M>,
}

impl<M: Model> RowsOf<M> {
    pub(super) fn of(mut select: Select) -> RowsOf<M> {
        let before = std::mem::take(&mut select.selection);
        select.resolve_selected(&before);
        select.related.clear();
        select.selection = Select::all(select.model.clone()).selection;
        RowsOf { select, _model: PhantomData }
    }
}

impl<M: Model> Operation for RowsOf<M> {
    type Output = Vec<M>;

    fn access(&self) -> Access {
        Access::Read
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<Vec<M>> {
        let mut rows = Vec::new();
        let each = &mut |row: &Row<'_>| {
            rows.push(Reader::new(row, &[]).columns()?);
            Ok(())
        };
        conn.query(&compile::select(&self.select, conn.dialect())?, each).await?;
        Ok(rows)
    }
}

impl Operation for Collect {
    type Output = Deleted;

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<Deleted> {
        if is_free(&self.model)
            && let From::Query(select) = &self.from
        {
            let statement =
                compile::delete(&Delete { rows: (**select).clone(), returning: Vec::new() }, conn.dialect())?;
            let mut deleted = Deleted::default();
            match conn.execute(&statement).await {
                Ok(rows) => deleted.add(&self.model, rows),
                Err(error) => return Err(explained(error, &self.model, conn).await),
            }
            return Ok(deleted);
        }
        let mark = conn.savepoint().await?;
        let done = self.delete(conn).await;
        finish(conn, mark, done).await
    }
}
