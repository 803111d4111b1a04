//! Handles of columns, and of values that a query selects.

use super::{FieldType, InScope, Null, PathNode, Scope};
use crate::{
    query::Expression,
    tree::{Expr, ModelRef, Select, Selected},
};
use std::marker::PhantomData;

/// A column of a model in a query: what `b.title` is in a closure.
///
/// It is `Copy`; the lookups and functions are methods of [`Expression`](crate::Expression) and its companions.
///
/// ```
/// # use library::*;
/// use orm::{At, Field};
/// let title: Field<At<Book>, String> = Book::fields().title;
/// let query = Book::objects().filter(|_| title.eq("Notes"));
/// ```
pub struct Field<S, T> {
    at: &'static PathNode,
    column: u16,
    _type: PhantomData<fn() -> (S, T)>,
}

impl<S, T> Clone for Field<S, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S, T> Copy for Field<S, T> {}

impl<S: Scope, T: FieldType> Field<S, T> {
    pub(crate) fn new(at: &'static PathNode, column: u16) -> Self {
        Field { at, column, _type: PhantomData }
    }

    /// Where the column stands.
    pub(crate) fn at(self) -> &'static PathNode {
        self.at
    }

    /// The column, as an index into the model's.
    pub(crate) fn column(self) -> u16 {
        self.column
    }

    pub(crate) fn expr(self) -> Expr {
        Expr::Column { path: self.at.path(), model: ModelRef::Static(self.at.model()), column: self.column }
    }
}

impl<S: Scope, T: FieldType> Expression for Field<S, T> {
    type Root = S::Root;
    type Value = <S::Null as Null>::Wrap<T>;

    fn into_expr(self) -> Expr {
        self.expr()
    }
}

/// Nothing is comparable with a handle in Rust: the trait is there for its message.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`==`, `<` and `>` compare in Rust, not in the database",
    label = "write `.eq(..)`, `.lt(..)` or `.gt(..)`"
)]
pub trait ComparedInRust {}

impl<S, T, O: ComparedInRust> PartialEq<O> for Field<S, T> {
    fn eq(&self, _: &O) -> bool {
        false
    }
}

impl<S, T, O: ComparedInRust> PartialOrd<O> for Field<S, T> {
    fn partial_cmp(&self, _: &O) -> Option<std::cmp::Ordering> {
        None
    }
}

/// A value that a query selects: what the second part of `|(author, n)|` is after `annotate`.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let counted = Author::objects().annotate(|a| a.books.count());
/// let idle = counted.filter(|(_, n)| n.eq(0)); // `n` is a `SelectedValue`
/// assert_eq!(idle.get(&db).await?.0.name, "Nobody");
/// # Ok(()) }
/// ```
pub struct SelectedValue<R, T> {
    /// The source of a joined query that selects it, while that is being joined; 0 for the query itself.
    source: u16,
    place: u16,
    _type: PhantomData<fn() -> (R, T)>,
}

impl<R, T> Clone for SelectedValue<R, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<R, T> Copy for SelectedValue<R, T> {}

impl<R, T> SelectedValue<R, T> {
    pub(crate) fn new(select: &Select, place: u16) -> Self {
        let source = match select.selection.get(usize::from(place)) {
            Some(Selected::Expr(Expr::Joined { source, .. })) => *source,
            _ => 0,
        };
        SelectedValue { source, place, _type: PhantomData }
    }

    pub(crate) fn expr(self) -> Expr {
        match self.source {
            0 => Expr::Selected(self.place),
            source => Expr::Joined { source, place: self.place },
        }
    }
}

impl<R: 'static, T: FieldType> Expression for SelectedValue<R, T> {
    type Root = R;
    type Value = T;

    fn into_expr(self) -> Expr {
        self.expr()
    }
}

/// The expression as seen from the query `R`.
pub(crate) fn expr_in<R, E: Expression>(expression: E) -> Expr
where
    E::Root: InScope<R>,
{
    expression.into_expr().outer(<E::Root as InScope<R>>::LEVELS)
}
