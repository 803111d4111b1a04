//! How deep expressions may stand in each other. Whatever is done with a tree, to the dropping of it, goes down into it, and the stack
//! of a thread ends: what grows deeper is refused where it grows.

use super::{Common, Derived, Expr, Select, Selected};
use crate::Code;

/// How deep expressions may stand in each other. SQLite takes 1 000.
pub(crate) const DEEPEST: usize = 500;

/// How much deeper a query makes what stands in it: writing one takes more of the stack than writing an expression.
const QUERY: usize = 8;

/// What stands in place of something that is too deep.
fn too_deep() -> Expr {
    Expr::Invalid(Code::TooComplex, format!("expressions stand in each other more than {DEEPEST} deep"))
}

impl Expr {
    /// The expression, or its refusal where it is too deep.
    pub(crate) fn bounded(self) -> Expr {
        if self.is_too_deep() { too_deep() } else { self }
    }

    /// Whether it is deeper than anything may be.
    pub(crate) fn is_too_deep(&self) -> bool {
        self.is_deeper(DEEPEST)
    }

    /// Both conditions, as [`and`](Expr::and) has them, or the refusal of what would be too deep.
    pub(crate) fn and_bounded(self, other: Expr) -> Expr {
        together(self, other, Expr::and, |expr| matches!(expr, Expr::And(_)))
    }

    /// Either condition, as [`or`](Expr::or) has them, or the refusal of what would be too deep.
    pub(crate) fn or_bounded(self, other: Expr) -> Expr {
        together(self, other, Expr::or, |expr| matches!(expr, Expr::Or(_)))
    }

    /// Whether it is deeper than so many levels.
    fn is_deeper(&self, levels: usize) -> bool {
        let Some(below) = levels.checked_sub(1) else { return true };
        match self {
            Expr::Derived { of, .. } => of.is_deeper(below),
            Expr::InQuery(on, select) => on.iter().any(|expr| expr.is_deeper(below)) || select.is_deeper(below),
            Expr::Exists(select) | Expr::Scalar(select) => select.is_deeper(below),
            _ => {
                let mut deeper = false;
                self.parts(0, &mut |part, _| deeper = deeper || part.is_deeper(below));
                deeper
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
        if self.is_deeper(DEEPEST) {
            let selection = self.selection.iter().map(|_| Selected::Expr(too_deep())).collect();
            *self = Select { selection, filter: Some(too_deep()), ..Select::bare(self.model.clone()) };
        }
    }

    fn is_deeper(&self, levels: usize) -> bool {
        let Some(below) = levels.checked_sub(QUERY) else { return true };
        let deeper = |expr: &Expr| expr.is_deeper(below);
        let selected = |selected: &Selected| matches!(selected, Selected::Expr(expr) if deeper(expr));
        let mut from = self.from.iter().chain(self.joins.iter().filter_map(|join| join.from.as_ref()));
        from.any(|from| from.is_deeper(below))
            || self.selection.iter().any(selected)
            || self.joins.iter().any(|join| deeper(&join.on))
            || self.filter.iter().chain(&self.also_by).chain(&self.limit_by).any(deeper)
            || self.order.iter().any(|order| deeper(&order.expr))
    }
}

impl Derived {
    fn is_deeper(&self, levels: usize) -> bool {
        match self {
            Derived::Common(common) => match &**common {
                Common::Query(query) => query.is_deeper(levels),
                Common::Recursion { first, step, .. } => first.is_deeper(levels) || step.is_deeper(levels),
            },
            _ => self.queries().any(|query| query.is_deeper(levels)),
        }
    }
}
