//! What an expression can be compared and combined with: Rust values, and other expressions of the same type.

use super::{Agg, Ex, QuerySet, aggregate::CountAll};
use crate::{
    FieldType, Kind, Model, Value,
    field::{Field, InScope, NotNull, Null, Nullable, Plain, Scope, SelectedValue, Sub, expr_in},
    query::Expression,
    tree::{BinaryOp, Expr},
};
use rust_decimal::Decimal;

/// A value or an expression that can stand beside an expression of type `T` in the query `R`.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let dear = Book::objects().filter(|b| b.price.gt(5) & b.price.gt(b.price - 1) & b.title.ne(b.author.name));
/// assert_eq!(dear.count(&db).await?, 3); // values and other expressions alike
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a `{T}` nor an expression of that type",
    label = "expected `{T}`, `Option<{T}>`, or an expression of that type in the same query",
    note = "where both are numbers, a cast brings them together, `b.stock.cast::<Decimal>() * b.price`; 12.50 is `Decimal::new(1250, 2)`",
    note = "`now()` beside a column without a zone is `now().beside(b.created)`; text that may be missing is an `Option<String>`, \
            `text.map(str::to_owned)`"
)]
pub trait Operand<R, T> {
    /// Whether it can be NULL.
    type Null: Null;
    /// Whether a number divided by it can be NULL: a value is known not to be 0, an expression is not.
    type NullAsDivisor: Null;

    /// The untyped expression.
    #[doc(hidden)]
    fn into_operand(self) -> Expr;
}

/// That a type is this one: what an expression's values have to be beside those of another.
///
/// ```
/// fn is_number<T: orm::OfType<i64>>(_: T) {}
/// is_number(7_i64);
/// ```
#[diagnostic::on_unimplemented(
    message = "a value of type `{Self}` stands where one of type `{T}` is needed",
    label = "its values are of type `{Self}`",
    note = "numbers of different types are brought together by a cast, `b.stock.cast::<Decimal>() * b.price`; the span between two moments \
            is `later.since(earlier)`"
)]
pub trait OfType<T> {}
impl<T> OfType<T> for T {}

/// A value as an expression; one that has no exact form in a database refuses the query.
pub(crate) fn bind<T: FieldType>(value: &T) -> Expr {
    match value.to_operand() {
        Ok(value) => Expr::Value(value),
        Err(error) => Expr::refused(&error),
    }
}

impl<R, T: Plain> Operand<R, T> for T {
    type Null = NotNull;
    type NullAsDivisor = NotNull;

    fn into_operand(self) -> Expr {
        bind(&self)
    }
}

impl<R, T: Plain> Operand<R, T> for &T {
    type Null = NotNull;
    type NullAsDivisor = NotNull;

    fn into_operand(self) -> Expr {
        bind(self)
    }
}

impl<R, T: Plain> Operand<R, T> for Option<T> {
    type Null = Nullable;
    type NullAsDivisor = Nullable;

    fn into_operand(self) -> Expr {
        bind(&self)
    }
}

impl<R, T: FieldType, const N: usize> Operand<R, Vec<T>> for [T; N] {
    type Null = NotNull;
    type NullAsDivisor = NotNull;

    fn into_operand(self) -> Expr {
        bind(&Vec::from(self))
    }
}

impl<R, const N: usize> Operand<R, Vec<String>> for [&str; N] {
    type Null = NotNull;
    type NullAsDivisor = NotNull;

    fn into_operand(self) -> Expr {
        bind(&self.map(str::to_owned).to_vec())
    }
}

impl<R> Operand<R, String> for &str {
    type Null = NotNull;
    type NullAsDivisor = NotNull;

    fn into_operand(self) -> Expr {
        Expr::Value(Value::Text(self.to_owned()))
    }
}

impl<R> Operand<R, Decimal> for i32 {
    type Null = NotNull;
    type NullAsDivisor = NotNull;

    fn into_operand(self) -> Expr {
        Expr::Value(Value::Decimal(self.into()))
    }
}

impl<R, S: Scope, T: FieldType<Plain: OfType<P>>, P> Operand<R, P> for Field<S, T>
where
    S::Root: InScope<R>,
{
    type Null = <<Field<S, T> as Expression>::Value as FieldType>::Nullness;
    type NullAsDivisor = Nullable;

    fn into_operand(self) -> Expr {
        expr_in::<R, _>(self)
    }
}

impl<R, R1: InScope<R> + 'static, T: FieldType<Plain: OfType<P>>, P> Operand<R, P> for Ex<R1, T> {
    type Null = T::Nullness;
    type NullAsDivisor = Nullable;

    fn into_operand(self) -> Expr {
        expr_in::<R, _>(self)
    }
}

impl<R, R1: InScope<R> + 'static, T: FieldType<Plain: OfType<P>>, P> Operand<R, P> for Agg<R1, T> {
    type Null = T::Nullness;
    type NullAsDivisor = Nullable;

    fn into_operand(self) -> Expr {
        expr_in::<R, _>(self)
    }
}

impl<R> Operand<R, i64> for CountAll {
    type Null = NotNull;
    type NullAsDivisor = Nullable;

    fn into_operand(self) -> Expr {
        self.expr()
    }
}

impl<R, R1: InScope<R> + 'static, T: FieldType<Plain: OfType<P>>, P> Operand<R, P> for SelectedValue<R1, T> {
    type Null = T::Nullness;
    type NullAsDivisor = Nullable;

    fn into_operand(self) -> Expr {
        expr_in::<R, _>(self)
    }
}

/// What a [`case`](crate::case) gives in the query `R`: a value or an expression of the type `T`, which is found out from it.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let seen = Book::objects().order_by(|b| b.id.asc()).values(|b| case().when(b.active, b.views).otherwise(0_i64)); // of `i64`
/// assert_eq!(seen.limit(2).all(&db).await?, [10, 30]);
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a value of type `{T}`, as the others of this `case` are",
    label = "expected `{T}`, `Option<{T}>`, or an expression of that type in the same query",
    note = "numbers of different types are brought together by a cast: `b.stock.cast::<Decimal>()`"
)]
pub trait Branch<R, T>: Operand<R, T> {}
impl<R, T: Plain> Branch<R, T> for T {}
impl<R, T: Plain> Branch<R, T> for &T {}
impl<R, T: Plain> Branch<R, T> for Option<T> {}
impl<R> Branch<R, String> for &str {}
impl<R> Branch<R, Decimal> for i32 {}
impl<R, S: Scope<Root: InScope<R>>, T: FieldType<Plain: OfType<P>>, P> Branch<R, P> for Field<S, T> {}
impl<R, R1: InScope<R> + 'static, T: FieldType<Plain: OfType<P>>, P> Branch<R, P> for Ex<R1, T> {}
impl<R, R1: InScope<R> + 'static, T: FieldType<Plain: OfType<P>>, P> Branch<R, P> for Agg<R1, T> {}
impl<R, R1: InScope<R> + 'static, T: FieldType<Plain: OfType<P>>, P> Branch<R, P> for SelectedValue<R1, T> {}

/// Whole numbers beside decimals, which hold them exactly.
macro_rules! whole_beside_decimal {
    ($($whole:ty)+) => {$(
        whole_beside_decimal! { @of $whole }
        whole_beside_decimal! { @of Option<$whole> }
    )+};
    (@of $whole:ty) => {
        #[diagnostic::do_not_recommend]
        impl<R, S: Scope> Operand<R, Decimal> for Field<S, $whole>
        where
            S::Root: InScope<R>,
        {
            type Null = <<Field<S, $whole> as Expression>::Value as FieldType>::Nullness;
            type NullAsDivisor = Nullable;

            fn into_operand(self) -> Expr {
                as_decimal(expr_in::<R, _>(self))
            }
        }

        whole_beside_decimal! { @one Ex, $whole }
        whole_beside_decimal! { @one Agg, $whole }
        whole_beside_decimal! { @one SelectedValue, $whole }
    };
    (@one $expression:ident, $whole:ty) => {
        #[diagnostic::do_not_recommend]
        impl<R, R1: InScope<R> + 'static> Operand<R, Decimal> for $expression<R1, $whole> {
            type Null = <$whole as FieldType>::Nullness;
            type NullAsDivisor = Nullable;

            fn into_operand(self) -> Expr {
                as_decimal(expr_in::<R, _>(self))
            }
        }
    };
}

whole_beside_decimal! { i16 i32 i64 u16 u32 u64 }

fn as_decimal(whole: Expr) -> Expr {
    Expr::Cast(Box::new(whole), Kind::Decimal)
}

/// A set of values of type `T`, for `is_in` in the query `R`: a list, or a query that selects one value.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let authors = Book::objects().filter(|b| b.price.gt(30)).values(|b| b.author.id);
/// assert_eq!(Author::objects().filter(|a| a.id.is_in(authors)).get(&db).await?.name, "Grace Hopper");
/// assert_eq!(Author::objects().filter(|a| a.id.is_in(vec![1, 2])).count(&db).await?, 2);
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of `{T}`",
    label = "expected a list of `{T}`, or a query with one value: `.values(|x| x.field)`",
    note = "a query that looks out is `within` a handle of the closure directly around it; rows themselves are compared by `x.pk().is_in(..)`"
)]
pub trait InSet<R, T> {
    /// The condition that `expr` is one of the set.
    #[doc(hidden)]
    fn contains(self, expr: Expr) -> Expr;
}

/// Values are one bind; NULL and expressions are compared apart, as `eq` does.
fn list<T: Plain>(expr: Expr, items: impl Iterator<Item = Expr>) -> Expr {
    let mut values = Vec::new();
    let mut null = false;
    let mut others = Vec::new();
    for item in items {
        match item {
            Expr::Value(value) if value.is_null() => null = true,
            // Equal documents may be written in different ways; and what no column of the kind holds is of another kind.
            Expr::Value(value) if T::KIND != Kind::Json && value.kind() == T::KIND => values.push(value),
            refused @ Expr::Invalid(..) => return refused,
            other => others.push(expr.clone().binary(BinaryOp::Eq, other)),
        }
    }
    if null {
        others.push(Expr::IsNull(Box::new(expr.clone())));
    }
    if !values.is_empty() {
        others.insert(0, Expr::In(Box::new(expr), Value::list(T::KIND, values)));
    }
    match others.len() {
        1 => others.remove(0),
        _ => Expr::Or(others),
    }
}

impl<R, T: Plain, V: Operand<R, T>> InSet<R, T> for Vec<V> {
    fn contains(self, expr: Expr) -> Expr {
        list::<T>(expr, self.into_iter().map(Operand::into_operand))
    }
}

impl<R, T: Plain, V: Operand<R, T>, const N: usize> InSet<R, T> for [V; N] {
    fn contains(self, expr: Expr) -> Expr {
        list::<T>(expr, self.into_iter().map(Operand::into_operand))
    }
}

impl<R, T: Plain> InSet<R, T> for &[T] {
    fn contains(self, expr: Expr) -> Expr {
        list::<T>(expr, self.iter().map(bind))
    }
}

impl<R, T: Plain> InSet<R, T> for &Vec<T> {
    fn contains(self, expr: Expr) -> Expr {
        list::<T>(expr, self.iter().map(bind))
    }
}

impl<R, T: Plain, M: Model, V: FieldType<Plain = T>> InSet<R, T> for QuerySet<M, V, M> {
    fn contains(self, expr: Expr) -> Expr {
        Expr::InQuery(vec![expr], Box::new(self.into_select()))
    }
}

impl<R, T: Plain, M: Model, V: FieldType<Plain = T>> InSet<R, T> for QuerySet<M, V, Sub<R, M>> {
    fn contains(self, expr: Expr) -> Expr {
        Expr::InQuery(vec![expr], Box::new(self.into_select()))
    }
}
