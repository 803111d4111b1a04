//! Typed expressions and the lookups on them.

use super::{InSet, Operand, OrderBy, Q};
use crate::{
    FieldType,
    family::{HasDate, HasTime, IsNumber, IsText},
    tree::{Aggregate, BinaryOp, Expr, Function, Like},
};
use std::marker::PhantomData;

/// A typed expression: a column, a value that a query selects, or something built from them.
///
/// Its methods are the lookups and functions. Every condition it makes is a [`Q`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an expression of a query",
    label = "expected a field, or something built from fields"
)]
#[allow(clippy::wrong_self_convention, reason = "handles are small values that conditions are made of")]
pub trait Expression: Sized {
    /// The query that it belongs to.
    type Root: 'static;
    /// The type of its values.
    type Value: FieldType;

    /// The untyped expression.
    #[doc(hidden)]
    fn into_expr(self) -> Expr;

    /// Equal to a value or another expression; `eq(None)` asks for NULL. SQL: `title = 'x'`, `title IS NULL`.
    fn eq<O: Operand<Self::Root, Plain<Self>>>(self, other: O) -> Q<Self::Root> {
        match other.into_operand() {
            Expr::Value(value) if value.is_null() => Q::from_expr(Expr::IsNull(Box::new(self.into_expr()))),
            other => Q::from_expr(self.into_expr().binary(BinaryOp::Eq, other)),
        }
    }

    /// Not equal: exactly the rows for which `eq` is not true, those with NULL too. SQL: `(title = 'x') IS NOT TRUE`.
    fn ne<O: Operand<Self::Root, Plain<Self>>>(self, other: O) -> Q<Self::Root> {
        !self.eq(other)
    }

    /// Equal, where NULL equals NULL. SQL: `IS NOT DISTINCT FROM`.
    fn is_same<O: Operand<Self::Root, Plain<Self>>>(self, other: O) -> Q<Self::Root> {
        Q::from_expr(self.into_expr().binary(BinaryOp::Is, other.into_operand()))
    }

    /// Less than. SQL: `price < 5`.
    fn lt<O: Operand<Self::Root, Plain<Self>>>(self, other: O) -> Q<Self::Root> {
        Q::from_expr(self.into_expr().binary(BinaryOp::Lt, other.into_operand()))
    }

    /// Less than or equal. SQL: `price <= 5`.
    fn lte<O: Operand<Self::Root, Plain<Self>>>(self, other: O) -> Q<Self::Root> {
        Q::from_expr(self.into_expr().binary(BinaryOp::Le, other.into_operand()))
    }

    /// Greater than. SQL: `price > 5`.
    fn gt<O: Operand<Self::Root, Plain<Self>>>(self, other: O) -> Q<Self::Root> {
        Q::from_expr(self.into_expr().binary(BinaryOp::Gt, other.into_operand()))
    }

    /// Greater than or equal. SQL: `price >= 5`.
    fn gte<O: Operand<Self::Root, Plain<Self>>>(self, other: O) -> Q<Self::Root> {
        Q::from_expr(self.into_expr().binary(BinaryOp::Ge, other.into_operand()))
    }

    /// Between two values, both included. SQL: `price >= 5 AND price <= 9`.
    fn between<A, B>(self, low: A, high: B) -> Q<Self::Root>
    where
        A: Operand<Self::Root, Plain<Self>>,
        B: Operand<Self::Root, Plain<Self>>,
    {
        let expr = self.into_expr();
        let low = expr.clone().binary(BinaryOp::Ge, low.into_operand());
        Q::from_expr(low.and(expr.binary(BinaryOp::Le, high.into_operand())))
    }

    /// One of many: a list, bound as one value, or a query that selects one value. SQL: `code IN (..)`.
    fn is_in<O: InSet<Self::Root, Plain<Self>>>(self, set: O) -> Q<Self::Root> {
        Q::from_expr(set.contains(self.into_expr()))
    }

    /// NULL. SQL: `IS NULL`.
    fn is_null(self) -> Q<Self::Root> {
        Q::from_expr(Expr::IsNull(Box::new(self.into_expr())))
    }

    /// Not NULL. SQL: `IS NOT NULL`.
    fn is_not_null(self) -> Q<Self::Root> {
        !self.is_null()
    }

    /// Contains the text, in the same case. SQL: `LIKE '%x%'` with `%`, `_` and `\` taken as they are.
    fn contains<O: Operand<Self::Root, String>>(self, text: O) -> Q<Self::Root>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        like(self, text, Like::Contains, false)
    }

    /// Contains the text, in any case.
    fn icontains<O: Operand<Self::Root, String>>(self, text: O) -> Q<Self::Root>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        like(self, text, Like::Contains, true)
    }

    /// Starts with the text, in the same case.
    fn starts_with<O: Operand<Self::Root, String>>(self, text: O) -> Q<Self::Root>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        like(self, text, Like::StartsWith, false)
    }

    /// Starts with the text, in any case.
    fn istarts_with<O: Operand<Self::Root, String>>(self, text: O) -> Q<Self::Root>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        like(self, text, Like::StartsWith, true)
    }

    /// Ends with the text, in the same case.
    fn ends_with<O: Operand<Self::Root, String>>(self, text: O) -> Q<Self::Root>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        like(self, text, Like::EndsWith, false)
    }

    /// Ends with the text, in any case.
    fn iends_with<O: Operand<Self::Root, String>>(self, text: O) -> Q<Self::Root>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        like(self, text, Like::EndsWith, true)
    }

    /// Equal in any case.
    fn iexact<O: Operand<Self::Root, String>>(self, text: O) -> Q<Self::Root>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        like(self, text, Like::Whole, true)
    }

    /// Matches a pattern with `%` and `_`, in the same case.
    fn like<O: Operand<Self::Root, String>>(self, pattern: O) -> Q<Self::Root>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        like(self, pattern, Like::Pattern, false)
    }

    /// Matches a regular expression of the database's own dialect.
    fn regex<O: Operand<Self::Root, String>>(self, pattern: O) -> Q<Self::Root>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        regex(self, pattern, false)
    }

    /// Matches a regular expression of the database's own dialect, in any case.
    fn iregex<O: Operand<Self::Root, String>>(self, pattern: O) -> Q<Self::Root>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        regex(self, pattern, true)
    }

    /// The text in lower case.
    fn lower(self) -> Ex<Self::Root, Self::Value>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        call(Function::Lower, self)
    }

    /// The text in upper case.
    fn upper(self) -> Ex<Self::Root, Self::Value>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        call(Function::Upper, self)
    }

    /// The text without blanks at its ends.
    fn trim(self) -> Ex<Self::Root, Self::Value>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        call(Function::Trim, self)
    }

    /// How many characters the text has.
    fn length(self) -> Ex<Self::Root, Alike<Self, i64>>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        call(Function::Length, self)
    }

    /// The number without its sign.
    fn abs(self) -> Ex<Self::Root, Self::Value>
    where
        <Self::Value as FieldType>::Family: IsNumber,
    {
        call(Function::Abs, self)
    }

    /// The year.
    fn year(self) -> Ex<Self::Root, Alike<Self, i32>>
    where
        <Self::Value as FieldType>::Family: HasDate,
    {
        call(Function::Year, self)
    }

    /// The month, from 1.
    fn month(self) -> Ex<Self::Root, Alike<Self, i32>>
    where
        <Self::Value as FieldType>::Family: HasDate,
    {
        call(Function::Month, self)
    }

    /// The day of the month, from 1.
    fn day(self) -> Ex<Self::Root, Alike<Self, i32>>
    where
        <Self::Value as FieldType>::Family: HasDate,
    {
        call(Function::Day, self)
    }

    /// The hour.
    fn hour(self) -> Ex<Self::Root, Alike<Self, i32>>
    where
        <Self::Value as FieldType>::Family: HasTime,
    {
        call(Function::Hour, self)
    }

    /// The minute.
    fn minute(self) -> Ex<Self::Root, Alike<Self, i32>>
    where
        <Self::Value as FieldType>::Family: HasTime,
    {
        call(Function::Minute, self)
    }

    /// The second.
    fn second(self) -> Ex<Self::Root, Alike<Self, i32>>
    where
        <Self::Value as FieldType>::Family: HasTime,
    {
        call(Function::Second, self)
    }

    /// The value, or this one where it is NULL. SQL: `COALESCE(..)`.
    fn or<O: Operand<Self::Root, Plain<Self>>>(
        self,
        other: O,
    ) -> Ex<Self::Root, <O::Null as crate::Null>::Wrap<Plain<Self>>> {
        Ex::new(Expr::Call(Function::Coalesce, vec![self.into_expr(), other.into_operand()]))
    }

    /// The sum over the rows; `None` when there is none. An aggregate: for `aggregate` and groups.
    fn sum(self) -> Ex<Self::Root, Option<<<Self::Value as FieldType>::Family as IsNumber>::Sum>>
    where
        <Self::Value as FieldType>::Family: IsNumber,
    {
        aggregate(Aggregate::Sum, self)
    }

    /// The mean over the rows; `None` when there is none. An aggregate: for `aggregate` and groups.
    fn avg(self) -> Ex<Self::Root, Option<<<Self::Value as FieldType>::Family as IsNumber>::Avg>>
    where
        <Self::Value as FieldType>::Family: IsNumber,
    {
        aggregate(Aggregate::Avg, self)
    }

    /// The smallest value of the rows; `None` when there is none. An aggregate: for `aggregate` and groups.
    fn min(self) -> Ex<Self::Root, <Self::Value as FieldType>::Nullable> {
        aggregate(Aggregate::Min, self)
    }

    /// The largest value of the rows; `None` when there is none. An aggregate: for `aggregate` and groups.
    fn max(self) -> Ex<Self::Root, <Self::Value as FieldType>::Nullable> {
        aggregate(Aggregate::Max, self)
    }

    /// How many rows have a value. An aggregate: for `aggregate` and groups.
    fn count(self) -> Ex<Self::Root, i64> {
        aggregate(Aggregate::Count, self)
    }

    /// How many different values there are. An aggregate: for `aggregate` and groups.
    fn count_distinct(self) -> Ex<Self::Root, i64> {
        let on = Some(Box::new(self.into_expr()));
        Ex::new(Expr::Aggregate { function: Aggregate::Count, on, distinct: true, filter: None })
    }

    /// Smallest first; NULLs are last.
    fn asc(self) -> OrderBy<Self::Root> {
        OrderBy::new(self.into_expr(), false)
    }

    /// Largest first; NULLs are first.
    fn desc(self) -> OrderBy<Self::Root> {
        OrderBy::new(self.into_expr(), true)
    }
}

/// The type of an expression's values, without `Option`.
pub type Plain<E> = <<E as Expression>::Value as FieldType>::Plain;

/// `T`, as an `Option` if the expression's values are.
pub type Alike<E, T> = <<<E as Expression>::Value as FieldType>::Nullness as crate::Null>::Wrap<T>;

fn like<E: Expression, O: Operand<E::Root, String>>(on: E, pattern: O, like: Like, fold: bool) -> Q<E::Root> {
    let (on, pattern) = (Box::new(on.into_expr()), Box::new(pattern.into_operand()));
    Q::from_expr(Expr::Like { on, pattern, like, fold })
}

fn regex<E: Expression, O: Operand<E::Root, String>>(on: E, pattern: O, fold: bool) -> Q<E::Root> {
    let (on, pattern) = (Box::new(on.into_expr()), Box::new(pattern.into_operand()));
    Q::from_expr(Expr::Regex { on, pattern, fold })
}

fn call<E: Expression, T>(function: Function, on: E) -> Ex<E::Root, T> {
    Ex::new(Expr::Call(function, vec![on.into_expr()]))
}

fn aggregate<E: Expression, T>(function: Aggregate, on: E) -> Ex<E::Root, T> {
    Ex::new(Expr::Aggregate { function, on: Some(Box::new(on.into_expr())), distinct: false, filter: None })
}

/// An expression that was built from others, over the query `R`, with values of type `T`.
pub struct Ex<R, T> {
    expr: Expr,
    _type: PhantomData<fn() -> (R, T)>,
}

impl<R, T> Ex<R, T> {
    pub(crate) fn new(expr: Expr) -> Self {
        Ex { expr, _type: PhantomData }
    }

    pub(crate) fn into_untyped(self) -> Expr {
        self.expr
    }
}

impl<R, T> Clone for Ex<R, T> {
    fn clone(&self) -> Self {
        Ex::new(self.expr.clone())
    }
}

impl<R: 'static, T: FieldType> Expression for Ex<R, T> {
    type Root = R;
    type Value = T;

    fn into_expr(self) -> Expr {
        self.expr
    }
}
