//! Conditions as values: stored, combined, used again.

use super::{Ex, Expression, OrderBy};
use crate::{
    Model,
    field::{At, Field, InScope, Scope, SelectedValue, expr_in},
    tree::Expr,
};
use std::{
    fmt,
    marker::PhantomData,
    ops::{BitAnd, BitOr, Not},
};

/// A condition on the rows of the query `R`; for a model's own query `R` is the model: `Q<Book>`.
///
/// Conditions are combined by `&`, `|` and `!`. `!q` is true for exactly the rows for which `q` is not.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let by_ada = Q::<Book>::new(|b| b.author.name.starts_with("Ada"));
/// let cheap = Q::<Book>::new(|b| b.price.lt(10));
/// assert_eq!(Book::objects().filter(|_| by_ada.clone() & cheap.clone()).count(&db).await?, 1);
/// assert_eq!(Book::objects().filter(|_| by_ada | !cheap).count(&db).await?, 3);
/// # Ok(()) }
/// ```
#[must_use = "a condition does nothing before a query is filtered by it"]
pub struct Q<R> {
    expr: Expr,
    _root: PhantomData<fn() -> R>,
}

impl<R> Q<R> {
    pub(crate) fn from_expr(expr: Expr) -> Self {
        Q::known(expr.bounded())
    }

    /// One whose depth is known to be allowed.
    fn known(expr: Expr) -> Self {
        Q { expr, _root: PhantomData }
    }

    /// True for every row: where a condition is built piece by piece, the start for `&`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let mut all = Q::<Book>::everything();
    /// for word in ["o", "t"] {
    ///     all = all & Q::<Book>::new(|b| b.title.contains(word));
    /// }
    /// assert_eq!(Book::objects().filter(|_| all).get(&db).await?.title, "Notes");
    /// # Ok(()) }
    /// ```
    pub fn everything() -> Self {
        Q::from_expr(Expr::And(Vec::new()))
    }

    /// True for no row: the start for `|`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let mut any = Q::<Book>::nothing();
    /// for title in ["Notes", "COBOL"] {
    ///     any = any | Q::<Book>::new(|b| b.title.eq(title));
    /// }
    /// assert_eq!(Book::objects().filter(|_| any).count(&db).await?, 2);
    /// # Ok(()) }
    /// ```
    pub fn nothing() -> Self {
        Q::from_expr(Expr::Or(Vec::new()))
    }

    /// Rows for which it is not true first, for [`order_by`](crate::QuerySet::order_by).
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let planned_last = Book::objects().order_by(|b| (b.published.is_null().asc(), b.title.asc())).values(|b| b.title);
    /// assert_eq!(planned_last.all(&db).await?, ["COBOL", "Compilers", "Notes", "Sketches"]);
    /// # Ok(()) }
    /// ```
    pub fn asc(self) -> OrderBy<R>
    where
        R: 'static,
    {
        self.as_value().asc()
    }

    /// Rows for which it is true first, for [`order_by`](crate::QuerySet::order_by).
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let planned_first = Book::objects().order_by(|b| (b.published.is_null().desc(), b.title.asc())).values(|b| b.title);
    /// assert_eq!(planned_first.first(&db).await?.as_deref(), Some("Sketches"));
    /// # Ok(()) }
    /// ```
    pub fn desc(self) -> OrderBy<R>
    where
        R: 'static,
    {
        self.as_value().desc()
    }

    pub(crate) fn expr(&self) -> &Expr {
        &self.expr
    }

    pub(crate) fn into_expr(self) -> Expr {
        self.expr
    }

    /// The condition as a truth value to be selected: never NULL.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let old = Book::objects().order_by(|b| b.id.asc()).values(|b| b.published.year().lt(1900).as_value());
    /// assert_eq!(old.all(&db).await?, [true, false, false, false]);
    /// # Ok(()) }
    /// ```
    pub fn as_value(self) -> Ex<R, bool> {
        Ex::new(Expr::Call(crate::tree::Function::IsTrue, vec![self.expr]))
    }
}

impl<M: Model> Q<M> {
    /// A condition on a model, outside a query.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let cheap = Q::<Book>::new(|b| b.price.lt(5));
    /// assert_eq!(Book::objects().filter(|_| cheap).get(&db).await?.title, "Sketches");
    /// # Ok(()) }
    /// ```
    pub fn new<C, Q2>(condition: C) -> Self
    where
        C: FnOnce(M::Fields<At<M>>) -> Q2,
        Q2: IntoQ<M>,
    {
        condition(M::fields()).into_q()
    }
}

impl<R> Clone for Q<R> {
    fn clone(&self) -> Self {
        Q::known(self.expr.clone())
    }
}

impl<R> PartialEq for Q<R> {
    fn eq(&self, other: &Self) -> bool {
        self.expr == other.expr
    }
}

impl<R> fmt::Debug for Q<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expr.fmt(f)
    }
}

/// What can stand where a condition is expected: a [`Q`], a `bool` field, or a condition of a query around this one.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// // A `bool` field is a condition; so is a function that makes one, at any depth.
/// fn wanted<S: Scope>(b: &BookFields<S>) -> Q<S::Root> {
///     b.active & b.price.lt(20)
/// }
/// assert_eq!(Book::objects().filter(|b| b.active).count(&db).await?, 3);
/// assert_eq!(Author::objects().filter(|a| a.books.any(|b| wanted(&b))).get(&db).await?.name, "Ada Lovelace");
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a condition on `{R}`",
    label = "expected a condition, such as `b.title.eq(\"x\")`",
    note = "comparisons are methods: `.eq(..)`, `.gt(..)`; the operators `==` and `>` compare in Rust, not in the database"
)]
pub trait IntoQ<R> {
    /// The condition.
    fn into_q(self) -> Q<R>;
}

impl<R1: InScope<R>, R> IntoQ<R> for Q<R1> {
    fn into_q(self) -> Q<R> {
        match R1::LEVELS {
            0 => Q::known(self.expr),
            levels => Q::from_expr(self.expr.outer(levels)),
        }
    }
}

impl<R, S: Scope> IntoQ<R> for Field<S, bool>
where
    S::Root: InScope<R>,
{
    fn into_q(self) -> Q<R> {
        Q::from_expr(expr_in::<R, _>(self))
    }
}

impl<R> IntoQ<R> for Ex<R, bool> {
    fn into_q(self) -> Q<R> {
        Q::from_expr(self.into_untyped())
    }
}

impl<R> IntoQ<R> for SelectedValue<R, bool> {
    fn into_q(self) -> Q<R> {
        Q::from_expr(self.expr())
    }
}

impl<R, O: IntoQ<R>> BitAnd<O> for Q<R> {
    type Output = Q<R>;

    fn bitand(self, other: O) -> Q<R> {
        Q::known(self.expr.and_bounded(other.into_q().expr))
    }
}

impl<R, O: IntoQ<R>> BitOr<O> for Q<R> {
    type Output = Q<R>;

    fn bitor(self, other: O) -> Q<R> {
        Q::known(self.expr.or_bounded(other.into_q().expr))
    }
}

impl<R> Not for Q<R> {
    type Output = Q<R>;

    fn not(self) -> Q<R> {
        Q::from_expr(Expr::Not(Box::new(self.expr)))
    }
}

impl<S: Scope, O: IntoQ<S::Root>> BitAnd<O> for Field<S, bool> {
    type Output = Q<S::Root>;

    fn bitand(self, other: O) -> Q<S::Root> {
        Q::from_expr(self.expr()) & other
    }
}

impl<S: Scope, O: IntoQ<S::Root>> BitOr<O> for Field<S, bool> {
    type Output = Q<S::Root>;

    fn bitor(self, other: O) -> Q<S::Root> {
        Q::from_expr(self.expr()) | other
    }
}

impl<S: Scope> Not for Field<S, bool> {
    type Output = Q<S::Root>;

    fn not(self) -> Q<S::Root> {
        !Q::from_expr(self.expr())
    }
}
