//! `+ - * / %` and unary minus on expressions.

use super::{Ex, Expression, Operand};
use crate::{
    FieldType,
    family::IsNumber,
    field::{Field, Null, Scope, SelectedValue},
    tree::{BinaryOp, Expr},
};
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

/// The type of `E op O`: `E`'s plain type, as an `Option` if either side can be NULL.
pub(super) type Combined<E, O> = <<<<E as Expression>::Value as FieldType>::Nullness as Null>::Or<
    <O as Operand<<E as Expression>::Root, super::expression::Plain<E>>>::Null,
> as Null>::Wrap<super::expression::Plain<E>>;

fn combine<E, O>(op: BinaryOp, left: E, right: O) -> Ex<E::Root, Combined<E, O>>
where
    E: Expression,
    O: Operand<E::Root, super::expression::Plain<E>>,
{
    Ex::new(left.into_expr().binary(op, right.into_operand()))
}

macro_rules! operators {
    ($($trait:ident, $method:ident, $op:ident;)+) => {$(
        impl<S: Scope, T: FieldType<Family: IsNumber>, O> $trait<O> for Field<S, T>
        where
            O: Operand<S::Root, super::expression::Plain<Self>>,
        {
            type Output = Ex<S::Root, Combined<Self, O>>;

            fn $method(self, other: O) -> Self::Output {
                combine(BinaryOp::$op, self, other)
            }
        }

        impl<R: 'static, T: FieldType<Family: IsNumber>, O> $trait<O> for Ex<R, T>
        where
            O: Operand<R, super::expression::Plain<Self>>,
        {
            type Output = Ex<R, Combined<Self, O>>;

            fn $method(self, other: O) -> Self::Output {
                combine(BinaryOp::$op, self, other)
            }
        }

        impl<R: 'static, T: FieldType<Family: IsNumber>, O> $trait<O> for SelectedValue<R, T>
        where
            O: Operand<R, super::expression::Plain<Self>>,
        {
            type Output = Ex<R, Combined<Self, O>>;

            fn $method(self, other: O) -> Self::Output {
                combine(BinaryOp::$op, self, other)
            }
        }
    )+};
}

operators! {
    Add, add, Add;
    Sub, sub, Sub;
    Mul, mul, Mul;
    Div, div, Div;
    Rem, rem, Rem;
}

impl<S: Scope, T: FieldType<Family: IsNumber>> Neg for Field<S, T> {
    type Output = Ex<S::Root, <Self as Expression>::Value>;

    fn neg(self) -> Self::Output {
        Ex::new(Expr::Negate(Box::new(self.into_expr())))
    }
}

impl<R: 'static, T: FieldType<Family: IsNumber>> Neg for Ex<R, T> {
    type Output = Ex<R, T>;

    fn neg(self) -> Self::Output {
        Ex::new(Expr::Negate(Box::new(self.into_expr())))
    }
}
