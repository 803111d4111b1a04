//! What PostgreSQL alone has: arrays, ranges, hstore, full text search, and texts that are alike.

mod aggregate;
mod array;
mod found;
mod hstore;
mod range;
mod search;
mod similar;
mod statistics;
mod words;

pub use aggregate::ListExpression;
pub use array::ArrayExpression;
pub(crate) use found::headline_option;
pub use found::{Headline, Normalize, Rank};
pub use hstore::HStoreExpression;
pub use range::RangeExpression;
pub use search::{SearchExpression, SearchQuery};
pub use similar::SimilarExpression;
pub use statistics::StatisticsExpression;
pub use words::{Texts, Words, search_vector};

use super::{Branch, Ex, Operand, Q, Selectable};
use crate::{
    FieldType, InScope, Nullable, OfType,
    field::{expr_in, postgres::SearchVector},
    model::RowPart,
    tree::{Expr, Function, PgFunction},
};

fn of(function: PgFunction, arguments: impl Into<Vec<Expr>>) -> Expr {
    Expr::Call(Function::Postgres(function), arguments.into())
}

fn call<R, T>(function: PgFunction, arguments: impl Into<Vec<Expr>>) -> Ex<R, T> {
    Ex::new(of(function, arguments))
}

fn condition<R>(function: PgFunction, arguments: impl Into<Vec<Expr>>) -> Q<R> {
    Q::from_expr(of(function, arguments))
}

/// What is built in steps stands wherever an expression does.
macro_rules! stands_as_expression {
    ($($name:ident<R1 $(, $type:ident)?>: $value:ty;)+) => {$(
        impl<R, R1: InScope<R> + 'static $(, $type: FieldType<Plain: OfType<P>>)?, P> Operand<R, P> for $name<R1 $(, $type)?>
        where
            $value: FieldType<Plain: OfType<P>>,
        {
            type Null = <$value as FieldType>::Nullness;
            type NullAsDivisor = Nullable;

            fn into_operand(self) -> Expr {
                expr_in::<R, _>(self)
            }
        }

        impl<R, R1: InScope<R> + 'static $(, $type: FieldType<Plain: OfType<P>>)?, P> Branch<R, P> for $name<R1 $(, $type)?> where
            $value: FieldType<Plain: OfType<P>>
        {
        }

        impl<R: 'static $(, $type: FieldType)?> Selectable<R> for $name<R $(, $type)?>
        where
            $value: RowPart,
        {
            type Part = $value;

            fn into_selected(self) -> Expr {
                crate::Expression::into_expr(self)
            }
        }
    )+};
}

stands_as_expression! {
    Words<R1>: SearchVector;
    Rank<R1, T>: T;
    Headline<R1, T>: T;
}
