//! Changes to all rows of a query.

use super::{
    Assigns,
    assign::own_row,
    check::{follow, together},
    fault::{Sent, explained_by},
    hooks::{refuse, refuse_valueless},
    point::all_columns,
    version,
};
use crate::{
    Access, Code, Connection, Error, Executor, FieldType, Model, Operation, QuerySet, Result, Row, Statement, Value,
    compile,
    field::{At, Field, Scope, Settable, ToOne},
    model::{ModelMeta, Reader, Target},
    tree::{Assignment, Expr, ModelRef, Update},
};
use std::marker::PhantomData;

/// Fields of a model, by their handles: what `bulk_update` writes.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let books = Book::objects().all(&db).await?;
/// assert_eq!(Book::objects().bulk_update(&books, |b| (b.title, b.author), &db).await?, 4);
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a field of `{R}`, nor a tuple of its fields",
    label = "expected `b.title`, or `(b.title, b.price)`"
)]
pub trait Columns<R> {
    /// Adds the columns.
    #[doc(hidden)]
    fn add_to(self, columns: &mut Vec<u16>) -> Result<()>;
}

impl<S: Settable, T: FieldType> Columns<S::Root> for Field<S, T> {
    fn add_to(self, columns: &mut Vec<u16>) -> Result<()> {
        own_row(self.at())?;
        columns.push(self.column());
        Ok(())
    }
}

impl<S: Scope, T: Scope, K: Target> Columns<S::Root> for ToOne<S, T, K> {
    fn add_to(self, columns: &mut Vec<u16>) -> Result<()> {
        own_row(self.owner())?;
        columns.extend(self.owner().model().fields[usize::from(self.field_index())].columns());
        Ok(())
    }
}

impl<M: Model, O> QuerySet<M, O> {
    /// Changes every row of the query and gives their number.
    ///
    /// Values are checked before the statement; expressions are computed from each row as it was before. A slice is kept to.
    /// Fields that say `auto_now` are not set, as nothing is that is not named; a `version` is counted up.
    ///
    /// SQL: `UPDATE book SET views = views + 1 WHERE ..`.
    ///
    /// # Errors
    /// Those of a draft's `create`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let changed = Book::objects().filter(|b| b.views.gt(5)).update(|b| b.views.set(b.views + 1), &db).await?;
    /// assert_eq!((changed, Book::get(1, &db).await?.views), (2, 11));
    /// # Ok(()) }
    /// ```
    pub async fn update<E, C, A>(self, set: C, ex: &E) -> Result<u64>
    where
        E: Executor,
        C: FnOnce(M::Fields<At<M>>) -> A,
        A: Assigns<M>,
    {
        let empty = self.select().empty;
        let update = changes(self, set(M::fields()), Vec::new())?;
        if empty {
            return Ok(0);
        }
        let statement = compile::update(&update, ex.dialect())?;
        ex.run(ChangeRows::updated(&update, statement)).await
    }

    /// Like [`update`](QuerySet::update), and gives the changed rows, in no particular order.
    ///
    /// # Errors
    /// [`Code::Unsupported`] on MariaDB and MySQL, before any statement.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let books = Book::objects().filter(|b| !b.active).update_returning(|b| b.active.set(true), &db).await?;
    /// assert_eq!(books[0].title, "COBOL");
    /// # Ok(()) }
    /// ```
    pub async fn update_returning<E, C, A>(self, set: C, ex: &E) -> Result<Vec<M>>
    where
        E: Executor,
        C: FnOnce(M::Fields<At<M>>) -> A,
        A: Assigns<M>,
    {
        if !ex.dialect().capabilities().update_returning {
            let what = format!("{} has no UPDATE .. RETURNING", ex.dialect());
            return Err(Error::new(Code::Unsupported, what).with_hint("update, then read the rows, in a transaction"));
        }
        let empty = self.select().empty;
        let update = changes(self, set(M::fields()), all_columns(M::meta()))?;
        if empty {
            return Ok(Vec::new());
        }
        let (statement, given) = (compile::update(&update, ex.dialect())?, Given::of(&update));
        ex.run(ChangeReturning { statement, given, _model: PhantomData }).await
    }

    /// The SQL of an [`update`](QuerySet::update) in a dialect; no connection is needed.
    ///
    /// # Errors
    /// Those that `update` has before its statement.
    ///
    /// ```
    /// # use library::*;
    /// let sql = Book::objects().filter(|b| b.active).update_sql(|b| b.views.set(0), Dialect::Postgres)?;
    /// assert_eq!(sql, r#"UPDATE "library_book" SET "views" = $1 WHERE "active""#);
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn update_sql<C, A>(self, set: C, dialect: crate::Dialect) -> Result<String>
    where
        C: FnOnce(M::Fields<At<M>>) -> A,
        A: Assigns<M>,
    {
        let update = changes(self, set(M::fields()), Vec::new())?;
        Ok(compile::update(&update, dialect)?.sql(dialect))
    }
}

fn changes<M: Model, A: Assigns<M>, O>(rows: QuerySet<M, O>, assigns: A, returning: Vec<u16>) -> Result<Update> {
    let (skips, rows, meta) = (rows.skips(), rows.into_select(), M::meta());
    let mut set = Vec::new();
    assigns.add_to(&mut set).map_err(|error| error.with_model(meta.name.clone()))?;
    let instead = "read them, and write them by `bulk_update` or `save`";
    refuse_unasked(meta, &set, skips.hooks, "an update of rows that are not read", instead)?;
    settable(meta, &set)?;
    if !skips.validation {
        followed(meta, &set)?;
    }
    Ok(Update { rows, set, returning })
}

/// Refuses a change that would pass by the hooks of a model, or the rules that ask the database about the fields that are set.
pub(crate) fn refuse_unasked(
    meta: &ModelMeta,
    set: &[Assignment],
    skipped: bool,
    what: &str,
    instead: &str,
) -> Result<()> {
    let asks = |assignment: &Assignment| {
        let column = &meta.columns[usize::from(assignment.column)];
        meta.fields[usize::from(column.field)].options.asks
    };
    let refuse = if set.iter().any(asks) { refuse } else { refuse_valueless };
    refuse(meta, skipped, what, instead)
}

/// Refuses to set the key of a row, its version, or anything twice.
pub(super) fn settable(meta: &ModelMeta, set: &[Assignment]) -> Result<()> {
    if set.iter().any(|assignment| meta.key.contains(&assignment.column)) {
        return Err(Error::new(Code::BadQuery, "the key of a row cannot be changed")
            .with_model(meta.name.clone())
            .with_hint("make a new row, and delete the old one"));
    }
    for (index, assignment) in set.iter().enumerate() {
        version::refuse_set(meta, assignment.column)?;
        if set[..index].iter().any(|before| before.column == assignment.column) {
            let name = super::check::field_name(meta, assignment.column);
            return Err(Error::new(Code::BadQuery, format!("`{name}` is set twice"))
                .with_model(meta.name.clone())
                .with_fields([name])
                .with_hint("keep one of the two"));
        }
    }
    Ok(())
}

/// Refuses values that the rules of their fields do not allow, and what only the rows themselves could tell.
pub(super) fn followed(meta: &ModelMeta, set: &[Assignment]) -> Result<()> {
    refuse_unseen(meta)?;
    let mut errors = Vec::new();
    for Assignment { column, value } in set {
        if let Expr::Value(value) = value
            && let Err(error) = follow(meta, *column, value)
        {
            errors.push(error);
        }
    }
    together(meta, errors)
}

/// Refuses to change rows that the model's `validate` does not get to see.
pub(crate) fn refuse_unseen(meta: &ModelMeta) -> Result<()> {
    if meta.validate.is_none() {
        return Ok(());
    }
    let what = format!("`{}` looks at each row by its `validate`, and these rows are not read", meta.name);
    Err(Error::new(Code::Unvalidated, what)
        .with_model(meta.name.clone())
        .with_hint("read them, and write them by `bulk_update` or `save`; or say `.skip_validation()`"))
}

/// What an update sets, for the words of its error: foreign keys by value, and the columns that are computed.
#[derive(Default)]
pub(super) struct Given {
    pub(super) columns: Vec<u16>,
    pub(super) values: Vec<Value>,
    pub(super) computed: Vec<u16>,
}

impl Given {
    pub(super) fn of(update: &Update) -> Given {
        let model = &update.rows.model;
        let mut given = Given::default();
        for Assignment { column, value } in &update.set {
            let field = &model.fields[usize::from(model.columns[usize::from(*column)].field)];
            match value {
                Expr::Value(value) if field.relation.is_some() => {
                    given.columns.push(*column);
                    given.values.push(value.clone());
                }
                Expr::Value(_) => {}
                _ => given.computed.push(*column),
            }
        }
        given
    }

    pub(super) fn sent(&self) -> Sent<'_> {
        Sent { columns: &self.columns, values: &self.values, computed: &self.computed }
    }
}

/// A statement that changes rows of a model.
pub(crate) struct ChangeRows {
    statement: Statement,
    model: ModelRef,
    given: Given,
}

impl ChangeRows {
    /// The change of an update, by its statement.
    pub(crate) fn updated(update: &Update, statement: Statement) -> ChangeRows {
        ChangeRows { statement, model: update.rows.model.clone(), given: Given::of(update) }
    }

    /// A deletion.
    pub(crate) fn deleted(model: ModelRef, statement: Statement) -> ChangeRows {
        ChangeRows { statement, model, given: Given::default() }
    }
}

impl Operation for ChangeRows {
    type Output = u64;

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<u64> {
        match conn.execute(&self.statement).await {
            Ok(count) => Ok(count),
            Err(error) => Err(explained_by(self.given.sent(), error, &self.model, conn).await),
        }
    }
}

/// A statement that changes rows of a model, and gives them back.
pub(super) struct ChangeReturning<M> {
    statement: Statement,
    given: Given,
    _model: PhantomData<fn() -> M>,
}

impl<M> ChangeReturning<M> {
    /// A deletion.
    pub(super) fn deleted(statement: Statement) -> Self {
        ChangeReturning { statement, given: Given::default(), _model: PhantomData }
    }
}

impl<M: Model> Operation for ChangeReturning<M> {
    type Output = Vec<M>;

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<Vec<M>> {
        let mut rows = Vec::new();
        let each = &mut |row: &Row<'_>| {
            rows.push(Reader::new(row, &[]).columns()?);
            Ok(())
        };
        match conn.query(&self.statement, each).await {
            Ok(()) => Ok(rows),
            Err(error) => Err(explained_by(self.given.sent(), error, M::meta(), conn).await),
        }
    }
}
