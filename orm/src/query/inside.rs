//! Queries inside others: what they give to the query around them.

use super::{
    Ex, Expression, Q, QuerySet,
    selection::{Row, Selectable, select_values},
};
use crate::{
    FieldType, Model, compile,
    field::Sub,
    tree::{Expr, Function, PgFunction, Select},
};

impl<M: Model, O: Row> QuerySet<M, O> {
    /// The same rows as a query inside the query that `handle` belongs to, whose columns can then be used in it.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let latest = Author::objects().annotate(|a| {
    ///     Book::objects()
    ///         .within(a.id)
    ///         .filter(|b| b.author.id.eq(a.id))
    ///         .order_by(|b| b.published.desc().nulls_last())
    ///         .scalar(|b| b.title)
    /// });
    /// let (ada, title) = latest.first(&db).await?.unwrap();
    /// assert_eq!((ada.name.as_str(), title.as_deref()), ("Ada Lovelace", Some("Notes")));
    /// # Ok(()) }
    /// ```
    pub fn within<E: Expression>(self, _handle: E) -> QuerySet<M, O, Sub<E::Root, M>> {
        self.moved()
    }
}

/// A query inside another one: none that stands alone.
///
/// ```compile_fail
/// # use library::*;
/// // A query inside is `within` a field of the one around it: `Book::objects().within(a.id)`.
/// let query = Author::objects().values(|a| Book::objects().scalar(|b| b.title));
/// ```
#[diagnostic::on_unimplemented(
    message = "a query that stands alone is no value and no condition of another one",
    label = "say what it stands in: `.within(a.id)`",
    note = "`Book::objects().within(a.id).filter(|b| b.author.eq(a.id))` is a query inside that of `a`, and knows its row"
)]
pub trait StandsInside {}

/// What queries inside others give; here they tell how to be one.
impl<M: Model, O: Row> QuerySet<M, O> {
    #[doc(hidden)]
    pub fn scalar<C, V>(self, value: C) -> V
    where
        C: FnOnce(O::Handles<M>) -> V,
        Self: StandsInside,
    {
        value(self.handles())
    }

    #[doc(hidden)]
    pub fn array<C, V>(self, value: C) -> V
    where
        C: FnOnce(O::Handles<M>) -> V,
        Self: StandsInside,
    {
        value(self.handles())
    }

    #[doc(hidden)]
    pub fn has_rows(self) -> Q<M>
    where
        Self: StandsInside,
    {
        Q::from_expr(Expr::Exists(Box::new(self.into_select())))
    }

    #[doc(hidden)]
    pub fn row_count(self) -> Ex<M, i64>
    where
        Self: StandsInside,
    {
        Ex::new(super::count().expr())
    }
}

/// A query that is run by itself: none inside another one.
///
/// ```compile_fail
/// # use library::*;
/// // Whether a query inside has rows is `has_rows()`.
/// let query = Author::objects().filter(|a| Book::objects().within(a.id).exists());
/// ```
#[diagnostic::on_unimplemented(
    message = "a query inside another one is not run by itself",
    label = "here it gives a value or a condition",
    note = "whether it has rows is `has_rows()`, how many `row_count()`, a value of its first row `scalar(|b| b.title)`"
)]
pub trait StandsAlone {}

/// What queries that stand alone give; here they tell what is meant.
impl<M: Model, O: Row, R: 'static, N: 'static> QuerySet<M, O, Sub<R, N>> {
    #[doc(hidden)]
    pub fn exists(self) -> Q<R>
    where
        Self: StandsAlone,
    {
        self.has_rows()
    }

    #[doc(hidden)]
    pub fn count(self) -> Ex<R, i64>
    where
        Self: StandsAlone,
    {
        self.row_count()
    }
}

impl<M: Model, O: Row, R: 'static, N: 'static> QuerySet<M, O, Sub<R, N>> {
    /// The query as one value of the query around it: that of its first row, or NULL.
    ///
    /// ```
    /// # use library::*;
    /// let query = Author::objects().values(|a| Book::objects().within(a.id).order_by(|b| b.views.desc()).scalar(|b| b.title));
    /// assert!(query.to_sql(Dialect::Sqlite)?.contains("LIMIT"));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn scalar<C, V>(self, value: C) -> Ex<R, <V::Value as FieldType>::Nullable>
    where
        C: FnOnce(O::Handles<Sub<R, N>>) -> V,
        V: Expression<Root = Sub<R, N>> + Selectable<Sub<R, N>>,
    {
        let mut select = self.with_value(value);
        select.limit = Some(select.limit.map_or(1, |limit| limit.min(1)));
        Ex::new(Expr::Scalar(Box::new(select)))
    }

    /// The values of all rows of the query, in its order, as an array of the query around it. PostgreSQL only; SQL: `ARRAY(..)`.
    ///
    /// ```
    /// # use library::*;
    /// let titles = Author::objects().annotate(|a| {
    ///     Book::objects().within(a.id).filter(|b| b.author.eq(a.id)).order_by(|b| b.price.desc()).array(|b| b.title)
    /// });
    /// let query: &QuerySet<Author, (Author, Vec<String>)> = &titles;
    /// assert!(query.to_sql(Dialect::Postgres)?.contains(r#"ARRAY(SELECT "book"."title""#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn array<C, V>(self, value: C) -> Ex<R, Vec<V::Value>>
    where
        C: FnOnce(O::Handles<Sub<R, N>>) -> V,
        V: Expression<Root = Sub<R, N>> + Selectable<Sub<R, N>>,
    {
        let select = self.with_value(value);
        Ex::new(Expr::Call(Function::Postgres(PgFunction::ArrayOf), vec![Expr::Scalar(Box::new(select))]))
    }

    /// The query with one value of each row, in its order.
    fn with_value<C, V>(self, value: C) -> Select
    where
        C: FnOnce(O::Handles<Sub<R, N>>) -> V,
        V: Selectable<Sub<R, N>>,
    {
        let value = value(self.handles()).into_selected();
        let mut select = self.into_select();
        // Rows that are different by more than the value are those rows still.
        if select.distinct && !(select.selection.len() == 1 && matches!(value, Expr::Selected(0))) {
            select.derive();
        }
        select.reselect(vec![value]);
        select.order = compile::effective_order(&select, false).into_owned();
        select
    }

    /// Whether the query has a row, as a condition of the query around it. SQL: `EXISTS (..)`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let namesakes = Author::objects().filter(|a| Tag::objects().within(a.id).filter(|t| t.name.eq(a.name)).has_rows());
    /// assert_eq!(namesakes.count(&db).await?, 0);
    /// # Ok(()) }
    /// ```
    pub fn has_rows(mut self) -> Q<R> {
        self.select_mut().settle_made_rows();
        Q::from_expr(Expr::Exists(Box::new(self.into_select())))
    }

    /// How many rows the query has, as a value of the query around it.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let later = Author::objects()
    ///     .annotate(|a| Author::objects().within(a.id).filter(|other| other.born.gt(a.born)).row_count());
    /// assert_eq!(later.first(&db).await?.unwrap().1, 1); // one was born after Ada
    /// # Ok(()) }
    /// ```
    pub fn row_count(self) -> Ex<R, i64> {
        self.over_rows(super::count().expr())
    }

    /// An aggregate over the rows of the query, as a value of the query around it.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let dearer = Book::objects().filter(|b| {
    ///     let others = Book::objects().within(b.id).filter(|other| other.author.eq(b.author));
    ///     b.price.gt(others.aggregate(|other| other.price.avg()))
    /// });
    /// assert_eq!(dearer.values(|b| b.title).all(&db).await?, ["Notes", "Compilers"]);
    /// # Ok(()) }
    /// ```
    pub fn aggregate<C, A>(self, aggregate: C) -> Ex<R, A::Part>
    where
        C: FnOnce(O::Handles<Sub<R, N>>) -> A,
        A: Selectable<Sub<R, N>>,
    {
        let aggregate = aggregate(self.handles()).into_selected();
        self.over_rows(aggregated(aggregate))
    }

    fn over_rows<T>(self, aggregate: Expr) -> Ex<R, T> {
        let mut select = self.into_select();
        select.settle();
        if select.distinct || select.group_by.is_some() || select.makes_rows() {
            select.derive();
        }
        let aggregate = aggregate.with_selected(&select.selection);
        (select.order, select.default_order) = (Vec::new(), false);
        select_values(&mut select, vec![aggregate]);
        Ex::new(Expr::Scalar(Box::new(select)))
    }
}

/// What `aggregate` was given, if there is an aggregate in it.
pub(crate) fn aggregated(expr: Expr) -> Expr {
    match expr.is_aggregate() {
        true => expr,
        false => Expr::invalid(
            "`aggregate` takes an aggregate, `b.price.sum()`, or what is computed of some: a set has many values of anything else",
        ),
    }
}
