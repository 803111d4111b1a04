//! Rows of two queries as sets, the first row of each kind, and rows by their keys.

use super::{
    QuerySet, RelatedSelection,
    selection::{Row, Selection},
};
use crate::{
    Code, Error, Executor, Expression, FieldType, InSet, IntoKey, Key, Model, Operand, Plain, Result, compile,
    field::{At, PathNode, Sub},
    model::Writer,
    tree::{Expr, LockWait, ModelRef, Order, Select, SetOp},
    write::FieldOf,
};
use std::{collections::HashMap, hash::Hash};

/// A query that stands where another one does: both alone, or both inside the same query.
///
/// ```
/// # use library::*;
/// // Queries over different models stand beside each other; what they select has to be of one type.
/// let names: QuerySet<Author, String> = Author::objects().values(|a| a.name).union(Tag::objects().values(|t| t.name));
/// ```
#[diagnostic::on_unimplemented(
    message = "a query of `{Self}` does not stand beside one of `{R}`",
    note = "both stand alone, or both are `within` the same query"
)]
pub trait Beside<R> {}
impl<M: Model, M2: Model> Beside<M> for M2 {}
impl<R, M, M2> Beside<Sub<R, M>> for Sub<R, M2> {}

impl<M: Model, O: Row, R: 'static> QuerySet<M, O, R> {
    /// The rows of either query, each different one once. Both give rows of the same type; what comes out is a query like any
    /// other, to be filtered, ordered and cut.
    ///
    /// SQL: `SELECT .. FROM (SELECT .. UNION SELECT ..)`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let names = Author::objects().values(|a| a.name).union(Tag::objects().values(|t| t.name));
    /// let names = names.filter(|name| name.contains("o")).order_by(|name| name.asc()).limit(3);
    /// assert_eq!(names.all(&db).await?, ["Ada Lovelace", "Code", "Grace Hopper"]);
    /// let books = Book::objects().filter(|b| b.price.gt(30)).union(Book::objects().filter(|b| b.active));
    /// assert_eq!(books.filter(|b| b.views.gt(5)).count(&db).await?, 2);
    /// # Ok(()) }
    /// ```
    pub fn union<M2: Model, R2: Beside<R>>(self, other: QuerySet<M2, O, R2>) -> Self {
        self.combined(SetOp::Union, other)
    }

    /// The rows of one query, then those of the other: equal ones as often as they are there.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let prices = Book::objects().values(|b| b.author.id).union_all(Book::objects().values(|b| b.id));
    /// assert_eq!(prices.count(&db).await?, 8);
    /// # Ok(()) }
    /// ```
    pub fn union_all<M2: Model, R2: Beside<R>>(self, other: QuerySet<M2, O, R2>) -> Self {
        self.combined(SetOp::UnionAll, other)
    }

    /// The rows that both queries have, each different one once. SQL: `INTERSECT`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let writing = Book::objects().values(|b| b.author.name);
    /// let editing = Book::objects().filter(|b| !b.editor.is_null()).values(|b| b.editor.name.or(""));
    /// assert_eq!(writing.intersection(editing).order_by(|name| name.asc()).all(&db).await?, ["Ada Lovelace", "Grace Hopper"]);
    /// # Ok(()) }
    /// ```
    pub fn intersection<M2: Model, R2: Beside<R>>(self, other: QuerySet<M2, O, R2>) -> Self {
        self.combined(SetOp::Intersection, other)
    }

    /// The rows of this query that the other one does not have, each different one once. SQL: `EXCEPT`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let idle = Author::objects().difference(Author::objects().filter(|a| a.books.exists()));
    /// assert_eq!(idle.get(&db).await?.name, "Nobody");
    /// # Ok(()) }
    /// ```
    pub fn difference<M2: Model, R2: Beside<R>>(self, other: QuerySet<M2, O, R2>) -> Self {
        self.combined(SetOp::Difference, other)
    }

    fn combined<M2: Model, R2>(mut self, op: SetOp, other: QuerySet<M2, O, R2>) -> Self {
        let left = std::mem::replace(self.select_mut(), Select::bare(ModelRef::Static(M::meta())));
        *self.select_mut() = Select::combine(op, left, other.into_select());
        self
    }

    /// The first row, in the order so far, of those that are alike in these values; it can be ordered anew after it.
    ///
    /// SQL: `ROW_NUMBER() OVER (PARTITION BY author_id ORDER BY ..) = 1`, around a derived table: on every database.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let dearest = Book::objects().order_by(|b| b.price.desc()).distinct_on(|b| b.author.id).order_by(|b| b.title.asc());
    /// assert_eq!(dearest.values(|b| b.title).all(&db).await?, ["Compilers", "Notes"]);
    /// # Ok(()) }
    /// ```
    pub fn distinct_on<C, K>(mut self, keys: C) -> Self
    where
        C: FnOnce(O::Handles<R>) -> K,
        K: Selection<R>,
    {
        self.select_mut().settle();
        let keys = keys(self.handles()).into_list();
        let select = self.select_mut();
        let known = select.selection.clone();
        let keys = keys.into_iter().map(|key| key.with_selected(&known)).collect();
        let order: Vec<Order> = compile::effective_order(select, true)
            .into_owned()
            .into_iter()
            .map(|order| Order { expr: order.expr.with_selected(&known), ..order })
            .collect();
        select.first_of_each(keys, order);
        self
    }

    /// Locks the rows, and those that these relations lead to. SQL: `FOR UPDATE OF book, author`; on MariaDB, which cannot name
    /// tables, the rows of every joined one.
    ///
    /// # Errors
    /// [`Code::BadQuery`](crate::Code::BadQuery) on PostgreSQL and MySQL, before it runs, for a relation that may lead nowhere.
    ///
    /// ```
    /// # use library::*;
    /// let query = Book::objects().filter(|b| b.id.eq(1)).for_update_of(|b| b.author);
    /// assert!(query.to_sql(Dialect::Postgres)?.ends_with(r#"FOR UPDATE OF "book", "author""#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn for_update_of<C, L>(mut self, relations: C) -> Self
    where
        C: FnOnce(M::Fields<At<R>>) -> L,
        L: RelatedSelection,
    {
        let mut related = Vec::new();
        relations(M::fields_at(PathNode::root(M::meta(), 0))).add_to(&mut related);
        related.iter().for_each(|related| related.paths(&mut self.select_mut().lock_of));
        self.select_mut().for_update = true;
        self
    }

    /// Locks the rows and lets others point to them meanwhile, by `FOR NO KEY UPDATE`: enough where keys stay what they are. Databases
    /// without it lock by `FOR UPDATE`, which waits for more. It goes together with the other locks:
    /// `.for_no_key_update().for_update_nowait()`.
    ///
    /// ```
    /// # use library::*;
    /// let query = Book::objects().filter(|b| b.id.eq(1)).for_no_key_update();
    /// assert!(query.to_sql(Dialect::Postgres)?.ends_with("FOR NO KEY UPDATE"));
    /// assert!(query.to_sql(Dialect::MariaDb)?.ends_with("FOR UPDATE"));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn for_no_key_update(mut self) -> Self {
        self.select_mut().lets_refer = true;
        self.select_mut().for_update = true;
        self
    }

    /// Locks the rows, and fails at once when another transaction has locked one of them. SQL: `FOR UPDATE NOWAIT`.
    ///
    /// ```
    /// # use library::*;
    /// let query = Book::objects().filter(|b| b.id.eq(1)).for_update_nowait();
    /// assert!(query.to_sql(Dialect::Postgres)?.ends_with("FOR UPDATE NOWAIT"));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn for_update_nowait(mut self) -> Self {
        self.select_mut().lock_wait = LockWait::Fail;
        self.select_mut().for_update = true;
        self
    }

    /// Locks the rows that no other transaction has locked, and leaves the others out. SQL: `FOR UPDATE SKIP LOCKED`.
    ///
    /// ```
    /// # use library::*;
    /// let next = Book::objects().filter(|b| b.active).order_by(|b| b.id.asc()).limit(1).for_update_skip_locked();
    /// assert!(next.to_sql(Dialect::MariaDb)?.ends_with("FOR UPDATE SKIP LOCKED"));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn for_update_skip_locked(mut self) -> Self {
        self.select_mut().lock_wait = LockWait::Skip;
        self.select_mut().for_update = true;
        self
    }
}

impl<M: Model, O: Row> QuerySet<M, O> {
    /// The row with the smallest value; rows without one come last. `None` when there is no row.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let first = Book::objects().earliest(|b| b.published, &db).await?;
    /// assert_eq!(first.map(|b| b.title).as_deref(), Some("Notes"));
    /// # Ok(()) }
    /// ```
    pub async fn earliest<C, E, Ex>(self, value: C, ex: &Ex) -> Result<Option<O>>
    where
        C: FnOnce(O::Handles<M>) -> E,
        E: Expression<Root = M>,
        Ex: Executor,
    {
        self.order_by(|row| value(row).asc().nulls_last()).first(ex).await
    }

    /// The row with the largest value; rows without one come last. `None` when there is no row.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let last = Book::objects().latest(|b| b.published, &db).await?;
    /// assert_eq!(last.map(|b| b.title).as_deref(), Some("COBOL")); // not the one without a date
    /// # Ok(()) }
    /// ```
    pub async fn latest<C, E, Ex>(self, value: C, ex: &Ex) -> Result<Option<O>>
    where
        C: FnOnce(O::Handles<M>) -> E,
        E: Expression<Root = M>,
        Ex: Executor,
    {
        self.order_by(|row| value(row).desc().nulls_last()).first(ex).await
    }
}

impl<M: Model + Row> QuerySet<M> {
    /// The rows with these keys, by their keys; keys that no row has are left out. Without keys nothing runs.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let books = Book::objects().in_bulk([1, 3, 99], &db).await?;
    /// assert_eq!((books.len(), books[&3].title.as_str()), (2, "COBOL"));
    /// # Ok(()) }
    /// ```
    pub async fn in_bulk<I, Ex>(mut self, keys: I, ex: &Ex) -> Result<HashMap<M::Key, M>>
    where
        I: IntoIterator<Item: IntoKey<M>>,
        Ex: Executor,
    {
        let mut out = Writer::default();
        for key in keys {
            key.into_key().write(&mut out)?;
        }
        if out.values().is_empty() {
            return Ok(HashMap::new());
        }
        let condition = has_key(M::meta(), out);
        self.select_mut().narrow(condition);
        Ok(self.unordered().all(ex).await?.into_iter().map(|row| (row.key(), row)).collect())
    }

    /// The rows with these values of a unique field, by the values: Django's `in_bulk(.., field_name="slug")`.
    ///
    /// # Errors
    /// [`Code::BadQuery`] for a field of which two rows may have the same value.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let tags = Tag::objects().in_bulk_by(|t| t.slug, ["code", "maths", "none"], &db).await?;
    /// assert_eq!((tags.len(), tags["maths"].slug.as_str()), (2, "maths"));
    /// # Ok(()) }
    /// ```
    pub async fn in_bulk_by<C, F, I, V, Ex>(
        mut self,
        field: C,
        values: I,
        ex: &Ex,
    ) -> Result<HashMap<<F as FieldOf<M>>::Value, M>>
    where
        C: FnOnce(M::Fields<At<M>>) -> F,
        F: FieldOf<M> + Expression<Root = M, Value: FieldType<Plain = <F as FieldOf<M>>::Value>>,
        <F as FieldOf<M>>::Value: Plain + Eq + Hash,
        I: IntoIterator<Item = V>,
        V: Operand<M, <F as FieldOf<M>>::Value>,
        Ex: Executor,
    {
        let field = field(M::fields());
        let meta = M::meta();
        let column = &meta.columns[usize::from(field.columns().start)];
        let number = column.field;
        if !meta.is_unique(number) {
            let why = format!("two rows may have the same `{}`", column.name);
            return Err(Error::new(Code::BadQuery, why).with_model(meta.name.clone()).with_hint(
                "take a unique field, or gather the rows of each value: `.filter(|t| t.kind.is_in(..)).all(&db)`",
            ));
        }
        let values: Vec<V> = values.into_iter().collect();
        if values.is_empty() {
            return Ok(HashMap::new());
        }
        self.select_mut().narrow(values.contains(field.into_expr()));
        let mut rows = HashMap::new();
        for row in self.unordered().all(ex).await? {
            let mut out = Writer::with_capacity(1);
            row.write_field(number, &mut out)?;
            if !out.values()[0].is_null() {
                rows.insert(F::read(out.values())?, row);
            }
        }
        Ok(rows)
    }

    /// Whether a row is among those of the query, by its key.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let book = Book::get(1, &db).await?;
    /// assert!(Book::objects().filter(|b| b.active).contains_row(&book, &db).await?);
    /// # Ok(()) }
    /// ```
    pub async fn contains_row<Ex: Executor>(mut self, row: &M, ex: &Ex) -> Result<bool> {
        let mut out = Writer::with_capacity(1);
        row.key().write(&mut out)?;
        let condition = has_key(M::meta(), out);
        self.select_mut().narrow(condition);
        self.exists(ex).await
    }
}

/// That a row has one of these keys.
fn has_key(meta: &'static crate::model::ModelMeta, keys: Writer) -> Expr {
    let model = ModelRef::Static(meta);
    let kind = meta.columns[usize::from(meta.key[0])].kind;
    let key = meta.key.iter().map(|&column| Expr::own(model.clone(), column)).collect();
    Expr::one_of_keys(key, kind, keys.into_values().into_vec())
}
