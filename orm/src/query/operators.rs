//! `+ - * / %` and unary minus on expressions.

use super::{Agg, Alike, Ex, Expression, Now, Operand, expression::Plain, operand::bind};
use crate::{
    FieldType, Value,
    family::{Adds, Divides, IsNumber, Multiplies},
    field::{Field, Null, Nullable, Scope, SelectedValue},
    tree::{BinaryOp, Expr},
};
use chrono::TimeDelta;
use rust_decimal::Decimal;
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

type Family<E> = <<E as Expression>::Value as FieldType>::Family;
type Addend<E> = <Family<E> as Adds>::Other<Plain<E>>;
type Factor<E> = <Family<E> as Multiplies>::Other<Plain<E>>;

/// `E`'s plain type, as an `Option` if either side can be NULL.
type Either<E, N> = <<<<E as Expression>::Value as FieldType>::Nullness as Null>::Or<N> as Null>::Wrap<Plain<E>>;
type Sum<E, O> = Either<E, <O as Operand<<E as Expression>::Root, Addend<E>>>::Null>;
type Product<E, O> = Either<E, <O as Operand<<E as Expression>::Root, Factor<E>>>::Null>;
type Quotient<E, O> = Either<E, <O as Operand<<E as Expression>::Root, Plain<E>>>::NullAsDivisor>;

fn combine<E: Expression, T>(op: BinaryOp, left: E, right: Expr) -> Ex<E::Root, T> {
    Ex::new(left.into_expr().binary(op, right))
}

fn divide<E: Expression, T>(op: BinaryOp, left: E, right: Expr) -> Ex<E::Root, T> {
    let zero = match &right {
        Expr::Value(Value::I16(0) | Value::I32(0) | Value::I64(0)) => true,
        Expr::Value(Value::F32(number)) => *number == 0.0,
        Expr::Value(Value::F64(number)) => *number == 0.0,
        Expr::Value(Value::Decimal(number)) => number.is_zero(),
        _ => false,
    };
    match zero {
        true => Ex::new(Expr::invalid("division by 0")),
        false => combine(op, left, right),
    }
}

macro_rules! operators {
    ($($trait:ident, $method:ident, $family:ident, $other:ident, $output:ident, $combine:ident;)+) => {$(
        impl<S: Scope, T: FieldType<Family: $family>, O> $trait<O> for Field<S, T>
        where
            O: Operand<S::Root, $other<Self>>,
        {
            type Output = Ex<S::Root, $output<Self, O>>;

            fn $method(self, other: O) -> Self::Output {
                $combine(BinaryOp::$trait, self, other.into_operand())
            }
        }

        impl<R: 'static, T: FieldType<Family: $family>, O> $trait<O> for Ex<R, T>
        where
            O: Operand<R, $other<Self>>,
        {
            type Output = Ex<R, $output<Self, O>>;

            fn $method(self, other: O) -> Self::Output {
                $combine(BinaryOp::$trait, self, other.into_operand())
            }
        }

        impl<R: 'static, T: FieldType<Family: $family>, O> $trait<O> for Agg<R, T>
        where
            O: Operand<R, $other<Self>>,
        {
            type Output = Ex<R, $output<Self, O>>;

            fn $method(self, other: O) -> Self::Output {
                $combine(BinaryOp::$trait, self, other.into_operand())
            }
        }

        impl<R: 'static, T: FieldType<Family: $family>, O> $trait<O> for SelectedValue<R, T>
        where
            O: Operand<R, $other<Self>>,
        {
            type Output = Ex<R, $output<Self, O>>;

            fn $method(self, other: O) -> Self::Output {
                $combine(BinaryOp::$trait, self, other.into_operand())
            }
        }
    )+};
}

operators! {
    Add, add, Adds, Addend, Sum, combine;
    Sub, sub, Adds, Addend, Sum, combine;
    Mul, mul, Multiplies, Factor, Product, combine;
    Div, div, Divides, Plain, Quotient, divide;
    Rem, rem, Divides, Plain, Quotient, divide;
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

/// A number before an expression: `10 - b.stock`.
macro_rules! numbers_before {
    ($($number:ident)+) => {$(
        numbers_before! { @each $number Add add Alike, Sub sub Alike, Mul mul Alike, Div div Divided, Rem rem Divided }
    )+};
    (@each $number:ident $($trait:ident $method:ident $output:ident),+) => {$(
        numbers_before! { @one [S: Scope] Field<S, T>, S::Root, $number $trait $method $output }
        numbers_before! { @one [R: 'static] Ex<R, T>, R, $number $trait $method $output }
        numbers_before! { @one [R: 'static] Agg<R, T>, R, $number $trait $method $output }
        numbers_before! { @one [R: 'static] SelectedValue<R, T>, R, $number $trait $method $output }
    )+};
    (@one [$($generics:tt)*] $right:ty, $root:ty, $number:ident $trait:ident $method:ident $output:ident) => {
        impl<$($generics)*, T: FieldType<Plain = $number>> $trait<$right> for $number {
            type Output = Ex<$root, $output<$right, $number>>;

            fn $method(self, right: $right) -> Self::Output {
                Ex::new(bind(&self).binary(BinaryOp::$trait, right.into_expr()))
            }
        }
    };
}

/// What a number is divided by can be 0, which gives NULL.
type Divided<E, N> = <<<<E as Expression>::Value as FieldType>::Nullness as Null>::Or<Nullable> as Null>::Wrap<N>;

numbers_before! { i16 i32 i64 f32 f64 Decimal }

impl Add<TimeDelta> for Now {
    type Output = Now;

    fn add(self, span: TimeDelta) -> Now {
        self.moved(span)
    }
}

impl Sub<TimeDelta> for Now {
    type Output = Now;

    fn sub(self, span: TimeDelta) -> Now {
        self.moved(-span)
    }
}
