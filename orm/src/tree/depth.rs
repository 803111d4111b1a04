//! How deep expressions may stand in each other. Whatever is done with a tree, to the dropping of it, goes down into it, and the stack
//! of a thread ends: what grows deeper is refused where it grows.

use super::{Derived, Expr, Select, Selected};
use crate::Code;

/// How deep expressions may stand in each other. SQLite takes 1 000.
pub(crate) const DEEPEST: usize = 500;

/// How much deeper a query makes what stands in it: writing one takes more of the stack than writing an expression.
const QUERY: usize = 8;

/// What stands in place of something that is too deep.
fn too_deep() -> Expr {
    let some = DEEPEST / (QUERY + 2);
    let why = format!(
        "expressions and queries stand in each other more than {DEEPEST} deep, where each query counts for {QUERY}, so that some {some} \
         unions, slices or queries inside can follow each other: of many queries make unions of the halves of their list, and of many \
         conditions one list, by `is_in`, `|` or `&`"
    );
    Expr::Invalid(Code::TooComplex, why)
}

/// How deep something is, where it is not deeper than it may be.
pub(super) type Depth = Option<usize>;

impl Expr {
    /// The expression, or its refusal where it is too deep.
    pub(crate) fn bounded(self) -> Expr {
        if self.is_too_deep() { too_deep() } else { self }
    }

    /// Whether it is deeper than anything may be.
    pub(crate) fn is_too_deep(&self) -> bool {
        self.is_deeper(DEEPEST)
    }

    /// Whether it is deeper than so many levels. What most are made of, one value beside another, is not gone through for that.
    #[inline]
    fn is_deeper(&self, levels: usize) -> bool {
        let is_flat = match self {
            Expr::Binary(_, left, right) => left.is_one() && right.is_one(),
            _ => self.is_one(),
        };
        !(is_flat && levels > 1) && self.left_of(levels).is_none()
    }

    /// Whether it is a value of a row, or one that was given: nothing stands in it.
    #[inline]
    fn is_one(&self) -> bool {
        matches!(self, Expr::Column { .. } | Expr::Value(_))
    }

    /// Both conditions, as [`and`](Expr::and) has them, or the refusal of what would be too deep.
    pub(crate) fn and_bounded(self, other: Expr) -> Expr {
        together(self, other, Expr::and, |expr| matches!(expr, Expr::And(_)))
    }

    /// Either condition, as [`or`](Expr::or) has them, or the refusal of what would be too deep.
    pub(crate) fn or_bounded(self, other: Expr) -> Expr {
        together(self, other, Expr::or, |expr| matches!(expr, Expr::Or(_)))
    }

    /// How many of so many levels are left below its deepest place; `None` where it is deeper.
    fn left_of(&self, levels: usize) -> Option<usize> {
        let below = levels.checked_sub(1)?;
        match self {
            Expr::Derived { of, .. } => of.left_of(below),
            Expr::InQuery(on, select) => {
                on.iter().try_fold(select.left_of(below)?, |least, expr| Some(least.min(expr.left_of(below)?)))
            }
            Expr::Exists(select) | Expr::Scalar(select) => select.left_of(below),
            _ => {
                let mut least = Some(below);
                self.parts(0, &mut |part, _| least = least.and_then(|least| Some(least.min(part.left_of(below)?))));
                least
            }
        }
    }
}

/// A list of conditions that grows by one is not looked through again: only what comes to it is.
fn together(left: Expr, right: Expr, join: fn(Expr, Expr) -> Expr, is_list: fn(&Expr) -> bool) -> Expr {
    let takes = |list: &Expr, part: &Expr| is_list(list) && !part.is_deeper(DEEPEST - 1);
    match takes(&left, &right) || takes(&right, &left) {
        true => join(left, right),
        false => join(left, right).bounded(),
    }
}

impl Select {
    /// Refuses the query where it is too deep: then nothing is left of it but what is wrong.
    pub(super) fn bound(&mut self) {
        if self.left_of(DEEPEST).is_none() {
            let selection = self.selection.iter().map(|_| Selected::Expr(too_deep())).collect();
            *self = Select { selection, filter: Some(too_deep()), ..Select::bare(self.model.clone()) };
        }
    }

    /// How deep it is.
    pub(super) fn depth(&self) -> Depth {
        Some(DEEPEST - self.left_of(DEEPEST)?)
    }

    fn left_of(&self, levels: usize) -> Option<usize> {
        let below = levels.checked_sub(QUERY)?;
        let from = self.from.iter().chain(self.joins.iter().filter_map(|join| join.from.as_ref()));
        let selected = self.selection.iter().filter_map(|selected| match selected {
            Selected::Expr(expr) => Some(expr),
            Selected::Model { .. } => None,
        });
        let joined = self.joins.iter().map(|join| &join.on);
        let more = self.filter.iter().chain(&self.also_by).chain(&self.limit_by);
        let ordered = self.order.iter().map(|order| &order.expr);
        let mut exprs = selected.chain(joined).chain(more).chain(ordered);
        let least = from.into_iter().try_fold(below, |least, from| Some(least.min(from.left_of(below)?)))?;
        exprs.try_fold(least, |least, expr| Some(least.min(expr.left_of(below)?)))
    }
}

impl Derived {
    fn left_of(&self, levels: usize) -> Option<usize> {
        match self {
            // It is mentioned wherever it is read: what was found when it was made is not looked for again.
            Derived::Common(common) => levels.checked_sub(common.depth?),
            _ => self.queries().try_fold(levels, |least, query| Some(least.min(query.left_of(levels)?))),
        }
    }
}
