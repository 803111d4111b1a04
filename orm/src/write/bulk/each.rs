//! Rows that are there, each with values of its own: `bulk_update`, and what is made of both.

use super::{
    super::{
        Assigns,
        over::said_of_both,
        update::{Columns, refuse_unasked},
    },
    UpdateMany, Versions, conditions, hooked,
};
use crate::{
    Code, Dialect, Error, Executor, Model, QuerySet, Result, Value,
    field::At,
    model::Writer,
    query::Skips,
    tree::{ModelRef, Select},
};
use std::borrow::Borrow;

/// A change whose result only the database knows.
const COMPUTED: &str = "a change that the database computes";

/// All values of rows.
fn values_of_all<M: Model, B: Borrow<M>>(rows: impl IntoIterator<Item = B>) -> Result<Vec<Vec<Value>>> {
    let values = |row: B| {
        let mut out = Writer::with_capacity(M::meta().columns.len());
        row.borrow().write_columns(&mut out)?;
        Ok(out.into_values().into_vec())
    };
    rows.into_iter().map(values).collect()
}

/// The change of rows as it is said of those that are there and of those that are given; none where nothing is.
fn changed_with<M: Model, B: Borrow<M>, A: Assigns<M>>(
    of: &Select,
    rows: impl IntoIterator<Item = B>,
    set: impl FnOnce(M::Fields<At<M>>, M::Fields<At<M>>) -> A,
    skips: Skips,
    dialect: Dialect,
) -> Result<Option<UpdateMany>> {
    let (meta, within) = (M::meta(), conditions(of)?);
    let set = said_of_both(set, !skips.validation)?;
    let instead = "read the rows, and write their values by `bulk_update` or `save`";
    refuse_unasked(meta, &set, skips.hooks, COMPUTED, instead)?;
    let rows = values_of_all(rows)?;
    if rows.is_empty() || set.is_empty() {
        return Ok(None);
    }
    let versions = Versions::Compared;
    let update = UpdateMany::with(ModelRef::Static(meta), set, rows, versions, dialect, !skips.validation)?;
    let update = update.within(within, dialect)?;
    Ok((!of.empty).then_some(update))
}

impl<M: Model> QuerySet<M> {
    /// Writes some fields of any number of rows that exist, and gives the number of rows that were found.
    ///
    /// `rows` are rows, or references to them, with their new values; fields that say `auto_now` are set as well. Of a row that is given
    /// twice the last values count. Only rows that the query's conditions are true for are changed, those of the model's `filter` among
    /// them: one outside stays as it is and is not counted, as one that is gone.
    /// SQL: on PostgreSQL `UPDATE .. SET title = r.c1 FROM unnest($1, $2) AS r(c0, c1) WHERE id = r.c0` for up to 5 000 rows, on
    /// MariaDB and MySQL the same by `JSON_TABLE`, of a megabyte together, and on SQLite by `json_each`, for up to 500. More are updated one by
    /// one on SQLite, by a statement that stays prepared, which is quicker there. All in one transaction or savepoint. Conditions stand in
    /// the statement; where it takes several, the rows are found and locked before the first.
    ///
    /// # Errors
    /// Those of an edit's `save`; a row that is gone is none, unless the model has a `#[field(version)]`: then it is
    /// [`Code::Stale`], as one that was changed since, inside of the query or outside, and nothing is written. A row outside that is as it
    /// was read is none. [`Code::BadQuery`] before any statement for a query with more than conditions: an order, a slice, groups,
    /// `distinct`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let mut books = Book::objects().all(&db).await?;
    /// for book in &mut books {
    ///     book.price *= Decimal::from(2);
    /// }
    /// assert_eq!(Book::objects().bulk_update(&books, |b| b.price, &db).await?, 4);
    /// assert_eq!(Book::get(1, &db).await?.price, Decimal::from(25));
    /// // Of all that are given just those of the query.
    /// assert_eq!(Book::objects().filter(|b| b.author.name.starts_with("Ada")).bulk_update(&books, |b| b.price, &db).await?, 2);
    /// # Ok(()) }
    /// ```
    pub async fn bulk_update<E, B, C, L>(self, rows: impl IntoIterator<Item = B>, fields: C, ex: &E) -> Result<u64>
    where
        E: Executor,
        B: Borrow<M>,
        C: FnOnce(M::Fields<At<M>>) -> L,
        L: Columns<M>,
    {
        let (meta, within) = (M::meta(), conditions(self.select())?);
        let mut columns = Vec::new();
        fields(M::fields()).add_to(&mut columns)?;
        if columns.iter().any(|column| meta.key.contains(column)) {
            return Err(Error::new(Code::BadQuery, "the key of a row cannot be changed").with_model(meta.name.clone()));
        }
        let given = values_of_all(rows)?;
        if given.is_empty() || columns.is_empty() {
            return Ok(0);
        }
        let skips = self.skips();
        if let Some(hooks) = M::HOOKS.filter(|_| !skips.hooks) {
            let rules = !skips.validation;
            if self.select().empty {
                return Ok(0);
            }
            return ex.atomic(move |tx| Box::pin(hooked::update(hooks, columns, given, within, rules, tx))).await;
        }
        let (model, dialect) = (ModelRef::Static(meta), ex.dialect());
        let op = UpdateMany::new(model, columns, given, Versions::Compared, dialect, !skips.validation)?;
        let op = op.within(within, dialect)?;
        match self.select().empty {
            true => Ok(0),
            false => ex.run(op).await,
        }
    }

    /// Changes any number of rows that exist as is said, made of the row that is there and of the one that is given, and gives the number
    /// of rows that were found.
    ///
    /// `rows` are rows, or references to them: `new` is what stands in them, `b` what stands in the database. Only those are changed that the
    /// query's conditions are true for, as by [`bulk_update`](QuerySet::bulk_update). What is computed is asked no rules, as by
    /// [`update`](QuerySet::update); a field that gets what is given is checked. Fields that say `auto_now` are set as well. A row that is
    /// given twice is changed twice, in this order.
    ///
    /// SQL: as for [`bulk_update`](QuerySet::bulk_update), `UPDATE .. SET views = book.views + r.c1 FROM .. AS r`.
    ///
    /// # Errors
    /// Those of [`bulk_update`](QuerySet::bulk_update); with a `#[field(version)]` a row that is given twice is [`Code::Stale`] as well.
    /// Before any statement: [`Code::BadQuery`] where what is said follows a relation, or asks a query; [`Code::Unvalidated`] and
    /// [`Code::Unhooked`] for models that look at their rows by `validate` or by hooks, until they are skipped;
    /// [`Code::Unsupported`] on MariaDB and MySQL where fields are exchanged.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let mut seen = Book::objects().filter(|b| b.active).all(&db).await?;
    /// for book in &mut seen {
    ///     book.views = 2; // since yesterday
    ///     book.price = Decimal::from(9);
    /// }
    /// let changed = Book::objects().bulk_update_with(&seen, |b, new| (b.views.set(b.views + new.views), b.price.set(new.price)), &db);
    /// assert_eq!(changed.await?, 3);
    /// let book = Book::get(1, &db).await?;
    /// assert_eq!((book.views, book.price), (12, Decimal::from(9)));
    /// # Ok(()) }
    /// ```
    pub async fn bulk_update_with<E, B, C, A>(self, rows: impl IntoIterator<Item = B>, set: C, ex: &E) -> Result<u64>
    where
        E: Executor,
        B: Borrow<M>,
        C: FnOnce(M::Fields<At<M>>, M::Fields<At<M>>) -> A,
        A: Assigns<M>,
    {
        match changed_with(self.select(), rows, set, self.skips(), ex.dialect())? {
            Some(op) => ex.run(op).await,
            None => Ok(0),
        }
    }

    /// The SQL of a [`bulk_update_with`](QuerySet::bulk_update_with) in a dialect, statement by statement; no connection is needed.
    ///
    /// # Errors
    /// Those that `bulk_update_with` has before its first statement.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let books = Book::objects().all(&db).await?;
    /// let sql = Book::objects().bulk_update_with_sql(&books, |b, new| b.views.set(b.views + new.views), Dialect::Postgres)?;
    /// assert!(sql[0].starts_with(r#"UPDATE "library_book" AS "book" SET "views" = "book"."views" + orm_rows.c1 FROM unnest("#));
    /// # Ok(()) }
    /// ```
    pub fn bulk_update_with_sql<B, C, A>(
        self,
        rows: impl IntoIterator<Item = B>,
        set: C,
        dialect: Dialect,
    ) -> Result<Vec<String>>
    where
        B: Borrow<M>,
        C: FnOnce(M::Fields<At<M>>, M::Fields<At<M>>) -> A,
        A: Assigns<M>,
    {
        let op = changed_with(self.select(), rows, set, self.skips(), dialect)?;
        op.map_or_else(|| Ok(Vec::new()), |op| op.sql(dialect))
    }
}
