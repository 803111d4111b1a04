//! Rows by a unique key: read or made, changed or made.

use super::{
    Assigns, Pending, UniqueKey,
    draft::DraftRow,
    fault::{explained, explained_by},
    hooks,
    new_row::NewRow,
    over::Over,
    point::{ReadRow, Typed, all_columns, columns_in, key_is, known_key},
    update::Given,
};
use crate::{
    Access, Code, Connection, Dialect, Error, Executor, Model, Operation, Result, Savepoint, Statement, Value, compile,
    field::At,
    model::{ModelMeta, RelationKind},
    query::{KeyPart, value_of},
    tree::{Assignment, BinaryOp, Conflict, Expr, Insert, ModelRef, Select, Selected, Update},
};
use std::{collections::HashMap, sync::Arc};

/// How often a row may come and go between two statements before that is an error.
const ATTEMPTS: usize = 5;

impl<M: Model> DraftRow<M> {
    /// The row that has the draft's values in this unique key, or else a new one from the draft; and whether it is new.
    ///
    /// Any number of tasks may do this at once: they all get the one row.
    ///
    /// # Errors
    /// Those of [`create`](DraftRow::create); also a violation of another unique key.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// use orm::write::IntoDraftRow;
    /// let draft = Tag::draft().slug("code").name("Any").into_row();
    /// let (tag, created) = draft.get_or_create(Tag::unique_keys().slug, &db).await?;
    /// assert_eq!((tag.id, created), (1, false));
    /// # Ok(()) }
    /// ```
    pub fn get_or_create<E: Executor>(self, key: UniqueKey<M>, ex: &E) -> Pending<'_, (M, bool)> {
        if let Some(hooks) = self.hooks() {
            return Pending::new(ex.atomic(move |tx| Box::pin(hooks::get_or_create(hooks, self, key, tx))));
        }
        Pending::run(ex, self.by_key(key, ex.dialect()).map(GetOrCreate))
    }

    /// Changes the row that has the draft's values in this unique key to the draft's other values, or else makes a new one;
    /// and whether it is new. Defaults are not written over an existing row.
    ///
    /// # Errors
    /// As for [`get_or_create`](DraftRow::get_or_create). Inside a transaction on MariaDB and MySQL two tasks that make the
    /// same row can get [`Code::Deadlock`]: run the transaction again.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// use orm::write::IntoDraftRow;
    /// let draft = Tag::draft().slug("logic").name("Logic").into_row();
    /// let (tag, created) = draft.update_or_create(Tag::unique_keys().slug, &db).await?;
    /// assert_eq!((tag.id, created), (5, true));
    /// # Ok(()) }
    /// ```
    pub fn update_or_create<E: Executor>(self, key: UniqueKey<M>, ex: &E) -> Pending<'_, (M, bool)> {
        Pending::run(ex, self.upserted(key, ex.dialect()).map(UpdateOrCreate))
    }

    /// Changes the row that has the draft's values in this unique key as is said, or else makes a new one from the draft; and whether
    /// it is new. What is said is made of the row that is there and of the new one.
    ///
    /// # Errors
    /// As for [`update_or_create`](DraftRow::update_or_create).
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// use orm::write::IntoDraftRow;
    /// let key = Book::unique_keys().author_title;
    /// let draft = Book::draft().author(1).title("Notes").price(5).views(1).into_row();
    /// let (book, created) = draft.update_or_create_with(key, |b, new| b.views.set(b.views + new.views), &db).await?;
    /// assert_eq!((book.views, book.price.to_string().as_str(), created), (11, "12.50", false));
    /// # Ok(()) }
    /// ```
    pub fn update_or_create_with<C, A, E>(self, key: UniqueKey<M>, set: C, ex: &E) -> Pending<'_, (M, bool)>
    where
        C: FnOnce(M::Fields<At<M>>, M::Fields<At<M>>) -> A,
        A: Assigns<M>,
        E: Executor,
    {
        let over = Over::said(set, !self.skips_validation);
        let by_key = over.and_then(|over| {
            let by_key = ByKey { over, ..self.upserted(key, ex.dialect())? };
            by_key.can_change()?;
            Ok(by_key)
        });
        Pending::run(ex, by_key.map(UpdateOrCreate))
    }

    /// Like [`update_or_create`](DraftRow::update_or_create), in one statement, which does not tell whether the row is new.
    ///
    /// SQL: `INSERT .. ON CONFLICT (..) DO UPDATE`; on MariaDB and MySQL `ON DUPLICATE KEY UPDATE` where no other unique key
    /// can be meant, and several statements where one can.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// use orm::write::IntoDraftRow;
    /// let draft = Tag::draft().slug("code").name("Programs").into_row();
    /// assert_eq!(draft.upsert(Tag::unique_keys().slug, &db).await?.name, "Programs");
    /// # Ok(()) }
    /// ```
    pub fn upsert<E: Executor>(self, key: UniqueKey<M>, ex: &E) -> Pending<'_, M> {
        Pending::run(ex, self.upserted(key, ex.dialect()).map(Upsert))
    }

    /// The SQL of an [`upsert`](DraftRow::upsert) in a dialect; no connection is needed.
    ///
    /// # Errors
    /// Those that `upsert` has before its statement; [`Code::Unsupported`] on MariaDB and MySQL where it takes several, since
    /// another unique key may stand in the way.
    ///
    /// ```
    /// # use library::*;
    /// use orm::write::IntoDraftRow;
    /// let draft = Tag::draft().slug("code").name("Programs").into_row();
    /// let sql = draft.upsert_sql(Tag::unique_keys().slug, Dialect::MySql)?;
    /// assert!(sql.ends_with("VALUES (?, ?) ON DUPLICATE KEY UPDATE `name` = VALUES(`name`)"));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn upsert_sql(self, key: UniqueKey<M>, dialect: Dialect) -> Result<String> {
        let by_key = self.by_key(key, dialect)?;
        by_key.upsert(dialect)?.map(|statement| statement.sql(dialect)).ok_or_else(|| in_steps(dialect))
    }

    /// The same, written without hooks.
    fn upserted(self, key: UniqueKey<M>, dialect: Dialect) -> Result<ByKey<Typed<M>>> {
        self.refuse_hooks(hooks::UPSERT, hooks::INSTEAD_OF_UPSERT)?;
        self.by_key(key, dialect)
    }

    /// The row, to be found by this unique key.
    pub(super) fn by_key(self, key: UniqueKey<M>, dialect: Dialect) -> Result<ByKey<Typed<M>>> {
        self.by_columns(columns_of(key), dialect)
    }

    /// The same, by the columns of the key.
    pub(super) fn by_columns(self, target: Arc<[u16]>, dialect: Dialect) -> Result<ByKey<Typed<M>>> {
        let row = self.into_values(dialect)?;
        let over = overwrites(M::meta(), &row, &target);
        ByKey::new(Typed::new(), row, target, over)
    }
}

/// Finds the row that has a unique key.
pub(super) struct Find<M>(pub(super) ByKey<Typed<M>>);

impl<M: Model> Operation for Find<M> {
    type Output = Option<M>;

    fn access(&self) -> Access {
        Access::Read
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<Option<M>> {
        self.0.find(conn).await
    }
}

/// The most rows that are looked for by one query.
const FOUND_AT_ONCE: usize = 400;

/// Finds the rows of unique keys, in their order.
pub(super) struct FindAll<M>(pub(super) Vec<ByKey<Typed<M>>>);

impl<M: Model> Operation for FindAll<M> {
    type Output = Vec<M>;

    fn access(&self) -> Access {
        Access::Read
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<Vec<M>> {
        let mut rows = Vec::with_capacity(self.0.len());
        for chunk in self.0.chunks(FOUND_AT_ONCE) {
            let mut found = found(chunk, conn).await?;
            for by_key in chunk {
                let row = match found.remove(&KeyPart::of_all(&by_key.held()).into_owned()) {
                    Some(row) => Some(row),
                    // One that comes twice, and one that the database takes for the same though it is written otherwise.
                    None => by_key.find(conn).await?,
                };
                rows.push(row.ok_or_else(|| comes_and_goes(M::meta()))?);
            }
        }
        Ok(rows)
    }
}

/// The rows of unique keys, by what they have in them.
async fn found<M: Model>(chunk: &[ByKey<Typed<M>>], conn: &mut Connection<'_>) -> Result<HashMap<KeyPart<'static>, M>> {
    let Some(first) = chunk.first() else { return Ok(HashMap::new()) };
    let (model, target) = (first.model(), &first.target);
    let mut select = Select::all(model.clone());
    select.default_order = false;
    select.add_filter(columns_in(&model, target, chunk.iter().map(ByKey::held).collect()));
    let mut found = HashMap::new();
    let each = &mut |row: &crate::Row<'_>| {
        let key = target
            .iter()
            .map(|&column| value_of(&row.cell(usize::from(column)), model.columns[usize::from(column)].kind));
        found.insert(KeyPart::of_all(&key.collect::<Result<Vec<_>>>()?).into_owned(), first.rows.read(row)?);
        Ok(())
    };
    conn.query(&compile::select(&select, conn.dialect())?, each).await?;
    Ok(found)
}

/// An upsert that is asked for as one statement, where it takes several.
#[cold]
pub(super) fn in_steps(dialect: Dialect) -> Error {
    Error::new(Code::Unsupported, format!("{dialect} cannot name the key of an upsert, and this model has others"))
        .with_hint("the upsert itself takes several statements there: a locked read, then an UPDATE or an INSERT")
}

/// A new row, and the unique key that says whether it exists.
pub(crate) struct ByKey<R> {
    rows: R,
    pub(super) row: NewRow,
    /// The columns of the key.
    target: Arc<[u16]>,
    pub(super) over: Over,
}

/// The columns of a unique key.
pub(super) fn columns_of<M: Model>(key: UniqueKey<M>) -> Arc<[u16]> {
    key.fields().iter().flat_map(|&field| M::meta().fields[usize::from(field)].columns()).collect()
}

impl<R: ReadRow> ByKey<R> {
    pub(super) fn new(rows: R, row: NewRow, target: Arc<[u16]>, over: Over) -> Result<Self> {
        row.has_key(&rows.model(), &target)?;
        Ok(ByKey { rows, row, target, over })
    }

    fn model(&self) -> ModelRef {
        self.rows.model()
    }

    /// Refuses to change a row by values that the new one does not have before it is stored.
    pub(super) fn can_change(&self) -> Result<()> {
        self.over.changes(&self.model(), &self.row).map(drop)
    }

    /// What the row has in the unique key: none of it is NULL.
    fn held(&self) -> Vec<Value> {
        self.target.iter().filter_map(|&column| self.row.value(column).cloned()).collect()
    }

    fn select(&self, mut select: Select, dialect: Dialect) -> Result<Statement> {
        select.default_order = false;
        for &column in &*self.target {
            let value = self.row.value(column).cloned().map_or(Expr::Or(Vec::new()), Expr::Value);
            select.add_filter(Expr::own(self.model(), column).binary(BinaryOp::Eq, value));
        }
        compile::select(&select, dialect)
    }

    /// The row with the key.
    async fn find(&self, conn: &mut Connection<'_>) -> Result<Option<R::Row>> {
        let statement = self.select(Select::all(self.model()), conn.dialect())?;
        read_one(&self.rows, conn, &statement).await
    }

    /// The primary key of the row with the key, which is locked.
    async fn lock(&self, conn: &mut Connection<'_>) -> Result<Option<Vec<Value>>> {
        let model = self.model();
        let mut select = Select { for_update: true, ..Select::bare(model.clone()) };
        select.selection = model.key.iter().map(|&column| Selected::Expr(Expr::own(model.clone(), column))).collect();
        let statement = self.select(select, conn.dialect())?;
        let mut key = None;
        let each = &mut |row: &crate::Row<'_>| {
            let parts = model.key.iter().enumerate();
            let part = |(at, &column): (usize, &u16)| value_of(&row.cell(at), model.columns[usize::from(column)].kind);
            key = Some(parts.map(part).collect::<Result<Vec<_>>>()?);
            Ok(())
        };
        conn.query(&statement, each).await?;
        Ok(key)
    }

    fn insert_statement(&self, dialect: Dialect) -> Result<Statement> {
        let (model, can) = (self.model(), dialect.capabilities());
        let conflict = can.conflict_target.then(|| Conflict { target: self.target.to_vec(), update: Vec::new() });
        let returning = if can.insert_returning { all_columns(&model) } else { Vec::new() };
        let (columns, values) = (self.row.columns(), self.row.clone().into_values());
        compile::insert(Insert { model, columns, values, conflict, returning, in_savepoint: false }, dialect)
    }

    /// The statements that look for the row, and that make it.
    pub(crate) fn sql(&self, dialect: Dialect) -> Result<Vec<String>> {
        let find = self.select(Select::all(self.model()), dialect)?;
        Ok(vec![find.sql(dialect), self.insert_statement(dialect)?.sql(dialect)])
    }

    /// Inserts the row, unless one with the key exists. `Err` inside says that a unique key was violated, which may be this
    /// one: where the database cannot name it, or where another task's row got in by another of its keys first. `guarded`
    /// says that the caller can undo what is done here.
    async fn insert(&self, conn: &mut Connection<'_>, guarded: bool) -> Result<Result<Option<R::Row>>> {
        let meta = &*self.model();
        let can = conn.dialect().capabilities();
        let statement = self.insert_statement(conn.dialect())?;
        let others = !is_only_key(meta, &self.row, &self.target);
        let inserted = match others && can.conflict_target && !guarded {
            true => kept_open(&self.rows, conn, &statement).await,
            false => read_one(&self.rows, conn, &statement).await,
        };
        match inserted {
            Ok(Some(row)) => Ok(Ok(Some(row))),
            Ok(None) if can.insert_returning => Ok(Ok(None)),
            Ok(None) => self.find(conn).await.map(Ok),
            Err(error) if error.code() == Code::UniqueViolation && (others || !can.conflict_target) => Ok(Err(error)),
            Err(error) => Err(explained_by(self.row.told().sent(), error, meta, conn).await),
        }
    }

    /// The one statement of an upsert; none where the database cannot name the key in it, and others may stand in the way.
    fn upsert(&self, dialect: Dialect) -> Result<Option<Statement>> {
        let (model, can) = (self.model(), dialect.capabilities());
        if !can.conflict_target && !is_only_key(&model, &self.row, &self.target) {
            return Ok(None);
        }
        let insert = Insert {
            model: self.model(),
            columns: self.row.columns(),
            values: self.row.clone().into_values(),
            conflict: Some(self.over.conflict(&model, &self.target)),
            returning: if can.insert_returning { all_columns(&model) } else { Vec::new() },
            in_savepoint: false,
        };
        compile::insert(insert, dialect).map(Some)
    }

    async fn update(&self, conn: &mut Connection<'_>, key: &[Value]) -> Result<Option<R::Row>> {
        if self.over.is_empty() {
            return self.rows.by_key(conn, key.to_vec()).await;
        }
        let changes = self.over.changes(&self.model(), &self.row)?;
        update_by_key(&self.rows, conn, key, None, changes).await
    }
}

/// What a draft writes over an existing row.
pub(super) fn overwrites(meta: &ModelMeta, row: &NewRow, target: &[u16]) -> Over {
    Over::Columns(row.overwrites(meta, target).collect())
}

/// The last row of an answer.
pub(super) async fn read_one<R: ReadRow>(
    rows: &R,
    conn: &mut Connection<'_>,
    statement: &Statement,
) -> Result<Option<R::Row>> {
    let mut found = None;
    let each = &mut |row: &crate::Row<'_>| {
        found = Some(rows.read(row)?);
        Ok(())
    };
    conn.query(statement, each).await?;
    Ok(found)
}

/// As [`read_one`], in a way that leaves a transaction usable when the statement is refused: PostgreSQL would end it.
async fn kept_open<R: ReadRow>(rows: &R, conn: &mut Connection<'_>, statement: &Statement) -> Result<Option<R::Row>> {
    if !conn.in_transaction() {
        return read_one(rows, conn, statement).await;
    }
    let mark = conn.savepoint().await?;
    let done = read_one(rows, conn, statement).await;
    finish(conn, mark, done).await
}

/// Sets columns of the row of a key, if it has the version that was `read`, and gives the row; `None` when there is none.
pub(super) async fn update_by_key<R: ReadRow>(
    from: &R,
    conn: &mut Connection<'_>,
    key: &[Value],
    read: Option<(u16, Value)>,
    set: Vec<Assignment>,
) -> Result<Option<R::Row>> {
    let model = from.model();
    let meta = &*model;
    let mut rows = Select::bare(model.clone());
    rows.add_filter(key_is(&model, key));
    if let Some((column, version)) = read {
        rows.add_filter(Expr::own(model.clone(), column).binary(BinaryOp::Eq, Expr::Value(version)));
    }
    let returns = conn.dialect().capabilities().update_returning;
    let returning = if returns { all_columns(meta) } else { Vec::new() };
    let update = Update { rows, set, returning };
    let statement = compile::update(&update, conn.dialect())?;
    let done = match returns {
        true => read_one(from, conn, &statement).await,
        false => match conn.execute(&statement).await {
            Ok(0) => Ok(None),
            Ok(_) => return from.by_key(conn, key.to_vec()).await,
            Err(error) => Err(error),
        },
    };
    match done {
        Ok(row) => Ok(row),
        Err(error) => Err(explained_by(Given::of(&update).sent(), error, meta, conn).await),
    }
}

/// Keeps what was done since the savepoint, or undoes it when it failed.
pub(super) async fn finish<T>(conn: &mut Connection<'_>, mark: Savepoint, done: Result<T>) -> Result<T> {
    match done {
        Ok(value) => {
            conn.release(mark).await?;
            Ok(value)
        }
        Err(error) => {
            // The first error is the one to tell.
            let _ = conn.roll_back(mark).await;
            Err(error)
        }
    }
}

#[cold]
fn comes_and_goes(meta: &ModelMeta) -> Error {
    Error::new(Code::Serialization, format!("the `{}` of this key is made and deleted all the time", meta.name))
        .with_model(meta.name.clone())
        .with_hint("try again")
}

/// Reads the row of the key, or makes it; and tells whether it is new.
pub(crate) struct GetOrCreate<R>(pub(crate) ByKey<R>);

impl<R: ReadRow> Operation for GetOrCreate<R> {
    type Output = (R::Row, bool);

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<(R::Row, bool)> {
        let mut refused = None;
        for _ in 0..ATTEMPTS {
            if let Some(row) = self.0.find(conn).await? {
                return Ok((row, false));
            }
            // The key is free, and yet a unique key was violated: it was another one.
            if let Some(error) = refused.take() {
                return Err(explained(error, &self.0.model(), conn).await);
            }
            match self.0.insert(conn, false).await? {
                Ok(Some(row)) => return Ok((row, true)),
                Ok(None) => {}
                Err(error) => refused = Some(error),
            }
        }
        Err(comes_and_goes(&self.0.model()))
    }
}

/// Changes the row of the key, or makes it; and tells whether it is new.
pub(crate) struct UpdateOrCreate<R>(pub(crate) ByKey<R>);

impl<R: ReadRow> UpdateOrCreate<R> {
    /// One attempt in a transaction or savepoint of its own, so that its locks go when it fails.
    async fn attempt(&self, conn: &mut Connection<'_>, last: &mut Option<Error>) -> Result<Option<(R::Row, bool)>> {
        if let Some(key) = self.0.lock(conn).await? {
            return Ok(self.0.update(conn, &key).await?.map(|row| (row, false)));
        }
        if let Some(error) = last.take() {
            return Err(explained(error, &self.0.model(), conn).await);
        }
        match self.0.insert(conn, true).await? {
            Ok(row) => Ok(row.map(|row| (row, true))),
            Err(error) => {
                *last = Some(error);
                Ok(None)
            }
        }
    }

    async fn change(&self, conn: &mut Connection<'_>) -> Result<(R::Row, bool)> {
        let mut last = None;
        for _ in 0..ATTEMPTS {
            let mark = conn.savepoint().await?;
            let done = self.attempt(conn, &mut last).await;
            match done {
                Ok(None) => conn.roll_back(mark).await?,
                Ok(Some(done)) => {
                    conn.release(mark).await?;
                    return Ok(done);
                }
                Err(error) => return finish(conn, mark, Err(error)).await,
            }
        }
        Err(comes_and_goes(&self.0.model()))
    }
}

impl<R: ReadRow> Operation for UpdateOrCreate<R> {
    type Output = (R::Row, bool);

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<(R::Row, bool)> {
        self.change(conn).await
    }
}

/// An upsert where the database cannot name the key in its statement.
pub(super) async fn upsert_in_steps<R: ReadRow>(row: ByKey<R>, conn: &mut Connection<'_>) -> Result<R::Row> {
    Ok(UpdateOrCreate(row).change(conn).await?.0)
}

struct Upsert<R>(ByKey<R>);

impl<R: ReadRow + Clone> Operation for Upsert<R> {
    type Output = R::Row;

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<R::Row> {
        let by_key = &self.0;
        let model = by_key.model();
        let meta = &*model;
        let others = !is_only_key(meta, &by_key.row, &by_key.target);
        let Some(statement) = by_key.upsert(conn.dialect())? else {
            return upsert_in_steps(by_key.clone(), conn).await;
        };
        let done = match others {
            true => kept_open(&by_key.rows, conn, &statement).await,
            false => read_one(&by_key.rows, conn, &statement).await,
        };
        match done {
            // Another task's row may have got in by another of its keys first.
            Err(error) if others && error.code() == Code::UniqueViolation => {
                upsert_in_steps(by_key.clone(), conn).await
            }
            Ok(Some(row)) => Ok(row),
            Ok(None) => by_key.find(conn).await?.ok_or_else(|| comes_and_goes(meta)),
            Err(error) => Err(explained_by(by_key.row.told().sent(), error, meta, conn).await),
        }
    }
}

impl<R: Clone> Clone for ByKey<R> {
    fn clone(&self) -> Self {
        let ByKey { rows, row, target, over } = self;
        ByKey { rows: rows.clone(), row: row.clone(), target: target.clone(), over: over.clone() }
    }
}

/// Whether no other unique key can stand in the way of a row: ON DUPLICATE KEY gives way to any of them.
pub(super) fn is_only_key(meta: &ModelMeta, row: &NewRow, target: &[u16]) -> bool {
    let same = |columns: Vec<u16>| columns == target;
    let key_left_out = known_key(meta, row).is_none();
    let fields = meta.fields.iter().filter(|field| {
        let one_to_one =
            field.relation.as_ref().is_some_and(|relation| matches!(relation.kind, RelationKind::OneToOne { .. }));
        field.options.unique || one_to_one
    });
    let together = meta.options().unique.iter().map(|unique| {
        let fields = unique.fields.iter();
        fields.flat_map(|&field| meta.fields[usize::from(field)].columns()).collect::<Vec<u16>>()
    });
    (key_left_out || same(meta.key.clone()))
        && fields.map(|field| field.columns().collect()).all(same)
        && together.into_iter().all(same)
}
