//! Aggregates, and what they are over.

use super::{Declared, Expr, Order};

/// Aggregates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Aggregate {
    /// How many.
    Count,
    /// The sum.
    Sum,
    /// The mean.
    Avg,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// The standard deviation of all values.
    StdDev,
    /// The standard deviation of what the values are a sample of.
    StdDevSample,
    /// The variance of all values.
    Variance,
    /// The variance of what the values are a sample of.
    VarianceSample,
    /// One of the values.
    Any,
    /// Whether all are true.
    AllTrue,
    /// Whether one is true.
    AnyTrue,
    /// Texts one after the other; the second argument stands between them.
    Join,
    /// The bits that all values have.
    BitAnd,
    /// The bits that one of the values has.
    BitOr,
    /// The bits that an odd number of the values has.
    BitXor,
    /// All values, as an array.
    Array,
    /// All values, as a JSON list.
    JsonArray,
    /// One of two values, on PostgreSQL alone.
    Statistic(Statistic),
    /// One that a person has declared.
    Declared(&'static Declared),
    /// SQL of a person's own, which is the argument.
    Written,
}

/// Statistics of two values: of the first, `y`, that hangs on the second, `x`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the functions")]
pub enum Statistic {
    Corr,
    CovarPop,
    CovarSample,
    RegrAvgX,
    RegrAvgY,
    RegrCount,
    RegrIntercept,
    RegrR2,
    RegrSlope,
    RegrSxx,
    RegrSxy,
    RegrSyy,
}

/// An aggregate with what it is over.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregation {
    /// What is computed.
    pub function: Aggregate,
    /// What of each row; nothing for the number of rows.
    pub arguments: Vec<Expr>,
    /// Each different value once.
    pub distinct: bool,
    /// Only over rows for which this is true.
    pub filter: Option<Expr>,
    /// In this order, where it matters.
    pub order: Vec<Order>,
}

impl Aggregation {
    /// An aggregate over all rows.
    pub fn of(function: Aggregate, arguments: impl IntoIterator<Item = Expr>) -> Aggregation {
        let arguments = arguments.into_iter().collect();
        Aggregation { function, arguments, distinct: false, filter: None, order: Vec::new() }
    }

    pub(super) fn parts(&self, depth: i32, each: &mut dyn FnMut(&Expr, i32)) {
        self.arguments.iter().chain(&self.filter).for_each(|expr| each(expr, depth));
        self.order.iter().for_each(|order| each(&order.expr, depth));
    }

    pub(super) fn update(&mut self, depth: i32, change: &mut dyn FnMut(&mut Expr, i32)) {
        self.arguments.iter_mut().chain(&mut self.filter).for_each(|expr| expr.update(depth, change));
        self.order.iter_mut().for_each(|order| order.expr.update(depth, change));
    }
}
