//! Functions that stand alone: values, the time, choices between expressions, SQL of one's own.

use super::{Ex, IntoQ, Operand, operand::bind};
use crate::{
    FieldType, Null,
    field::{NotNull, Plain},
    tree::{Expr, Function},
};
use chrono::{DateTime, Utc};
use std::{borrow::Cow, marker::PhantomData};

/// A value as an expression of any query.
pub fn value<R, T: FieldType>(value: T) -> Ex<R, T> {
    Ex::new(bind(&value))
}

/// The time at which the statement runs.
pub fn now() -> Now {
    Now(())
}

/// What [`now`] gives.
#[derive(Debug, Clone, Copy)]
pub struct Now(());

impl Now {
    pub(super) fn expr(self) -> Expr {
        Expr::Call(Function::Now, Vec::new())
    }
}

impl<R> Operand<R, DateTime<Utc>> for Now {
    type Null = NotNull;

    fn into_operand(self) -> Expr {
        self.expr()
    }
}

/// A choice between expressions: `case().when(b.price.lt(5), "cheap").otherwise("dear")`.
///
/// SQL: `CASE WHEN price < 5 THEN 'cheap' ELSE 'dear' END`.
pub fn case<R, T: Plain>() -> Case<R, T> {
    Case { branches: Vec::new(), _type: PhantomData }
}

/// A [`case`] under construction.
pub struct Case<R, T> {
    branches: Vec<(Expr, Expr)>,
    _type: PhantomData<fn() -> (R, T)>,
}

impl<R, T: Plain> Case<R, T> {
    /// When the condition is true, this value.
    pub fn when<C: IntoQ<R>, V: Operand<R, T>>(mut self, condition: C, value: V) -> Self {
        self.branches.push((condition.into_q().into_expr(), value.into_operand()));
        self
    }

    /// Else this value.
    pub fn otherwise<V: Operand<R, T>>(self, value: V) -> Ex<R, <V::Null as Null>::Wrap<T>> {
        Ex::new(Expr::Case { branches: self.branches, otherwise: Some(Box::new(value.into_operand())) })
    }

    /// Else NULL.
    pub fn or_null(self) -> Ex<R, Option<T>> {
        Ex::new(Expr::Case { branches: self.branches, otherwise: None })
    }
}

/// SQL of one's own, of a stated type; every `{}` stands for the next part: `sql::<_, i64>("length({})").part(b.title)`.
///
/// The text goes to the database as it is: it must never hold anything that came from outside the program, which is why it has
/// to be `'static`. Values are bound as parts.
pub fn sql<R, T: FieldType>(text: &'static str) -> Ex<R, T> {
    let pieces = text.split("{}").map(Cow::Borrowed).collect();
    Ex::new(Expr::Raw { pieces, parts: Vec::new() })
}

impl<R, T: FieldType> Ex<R, T> {
    /// The expression for the next `{}` of an [`sql`] text.
    pub fn part<E: super::Expression>(self, part: E) -> Self
    where
        E::Root: crate::field::InScope<R>,
    {
        match self.into_untyped() {
            Expr::Raw { pieces, mut parts } => {
                parts.push(crate::field::expr_in::<R, _>(part));
                Ex::new(Expr::Raw { pieces, parts })
            }
            _ => Ex::new(Expr::Invalid("`part` belongs to an `sql` text".to_owned())),
        }
    }
}
