//! Window functions as data.
#![allow(missing_docs, reason = "a variant says what its fields are")]

use super::{Expr, Order};

/// A window function or an aggregate, and the rows that it looks at.
#[derive(Debug, Clone, PartialEq)]
pub struct Windowed {
    /// A call of a window function, or an aggregate.
    pub call: Expr,
    /// The rows that are alike in these.
    pub partition: Vec<Expr>,
    /// Their order.
    pub order: Vec<Order>,
    /// Which of them around the current one.
    pub frame: Option<Frame>,
}

/// Rows around the current one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// What is counted.
    pub unit: FrameUnit,
    /// The first.
    pub start: Bound,
    /// The last.
    pub end: Bound,
    /// Which of them are left out.
    pub without: Option<Without>,
}

/// What a frame leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Without {
    /// The current row.
    Current,
    /// The current row, and those that are equal to it in the order.
    Equals,
    /// Those that are equal to it in the order, but not the row itself.
    Others,
}

/// What the bounds of a frame count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameUnit {
    /// Rows.
    Rows,
    /// The difference of the order key.
    Range,
}

/// An end of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The first row.
    First,
    /// So many before.
    Before(u64),
    /// The current row.
    Current,
    /// So many after.
    After(u64),
    /// The last row.
    Last,
}

impl Bound {
    /// Whether it is so far from the current row.
    pub(crate) fn counts(self) -> bool {
        matches!(self, Bound::Before(_) | Bound::After(_))
    }
}

impl Windowed {
    pub(super) fn parts(&self, depth: i32, each: &mut dyn FnMut(&Expr, i32)) {
        // An aggregate here makes no group of the query's rows: it is not shown as one.
        match &self.call {
            Expr::Aggregate(of) => of.parts(depth, each),
            call => each(call, depth),
        }
        self.partition.iter().for_each(|expr| each(expr, depth));
        self.order.iter().for_each(|order| each(&order.expr, depth));
    }

    pub(super) fn update(&mut self, depth: i32, change: &mut dyn FnMut(&mut Expr, i32)) {
        match &mut self.call {
            Expr::Aggregate(of) => of.update(depth, change),
            call => call.update(depth, change),
        }
        self.partition.iter_mut().for_each(|expr| expr.update(depth, change));
        self.order.iter_mut().for_each(|order| order.expr.update(depth, change));
    }
}
