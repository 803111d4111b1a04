//! Common table expressions: queries that stand before the statement, and recursions, which go on from their own rows.

use super::{Derived, Expr, Join, JoinKind, ModelRef, Path, Select, Selected, depth::Depth, derived::read_from};
use std::sync::Arc;

/// A query that stands alone, before the statement, and is read there like a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Common {
    /// What its rows are.
    pub rows: CommonRows,
    /// How deep it is; `None` where that is too deep.
    pub(super) depth: Depth,
}

/// What the rows of a common table are.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the names of the parts say what they are")]
#[allow(clippy::large_enum_variant, reason = "it is always shared")]
pub enum CommonRows {
    /// The rows of a query.
    Query(Select),
    /// The rows of the first query, then what the step makes of them, and of what it makes, until nothing new comes; `all`
    /// keeps rows that were there already.
    Recursion { first: Select, step: Select, all: bool },
}

/// The source that stands for the rows a step goes on from, until the sources of the step are known. In a recursion that is made
/// within the step of another one it is one less, and so on.
pub const BEFORE: u16 = u16::MAX;

impl Common {
    /// The query that says what is selected.
    pub fn first(&self) -> &Select {
        match &self.rows {
            CommonRows::Query(query) | CommonRows::Recursion { first: query, .. } => query,
        }
    }

    fn of(rows: CommonRows) -> Common {
        let depth = match &rows {
            CommonRows::Query(query) => query.depth(),
            CommonRows::Recursion { first, step, .. } => first.depth().zip(step.depth()).map(|(one, two)| one.max(two)),
        };
        Common { rows, depth }
    }
}

/// Whether the query, which reads this, is all that a common table has: then it can be joined itself.
fn is_whole(from: &Derived, query: &Select) -> bool {
    let Derived::Common(common) = from else { return false };
    let selection = read_from(&common.first().selection, 0);
    *query == Select { selection, ..Select::bare(query.model.clone()) }
}

impl Expr {
    /// The expression with every [`Expr::Joined`] of `marker` replaced by what that source, now known as `source`, has selected
    /// there.
    pub fn with_joined(mut self, marker: u16, source: u16, selection: &[Selected]) -> Expr {
        self.update(0, &mut |expr, depth| joined(expr, depth, marker, source, selection));
        self
    }
}

fn joined(expr: &mut Expr, depth: i32, marker: u16, source: u16, selection: &[Selected]) {
    match expr {
        Expr::Column { path, .. } if depth == 0 && path.source == marker => path.source = source,
        Expr::Joined { source: found, place } if depth == 0 && *found == marker => {
            if let Some(Selected::Expr(of)) = selection.get(usize::from(*place)) {
                *expr = Expr::Derived { source, place: *place, of: Box::new(of.clone()) };
            }
        }
        _ => {}
    }
}

impl Select {
    /// What handles are made from for the rows of this query, when another query joins it at `source`.
    pub fn beside(&self, source: u16) -> Select {
        let mark = |(place, selected): (usize, &Selected)| match selected {
            Selected::Expr(_) => Selected::Expr(Expr::Joined { source, place: place as u16 }),
            Selected::Model { model, .. } => Selected::Model { path: Path::source(source), model: model.clone() },
        };
        let selection = self.selection.iter().enumerate().map(mark).collect();
        Select { selection, ..Select::bare(self.model.clone()) }
    }

    /// The query as one that stands before the statement.
    pub fn common(mut self) -> Select {
        let related = std::mem::take(&mut self.related);
        self.settle_inside();
        let why = self.no_table();
        self.read(related, why, CommonRows::Query)
    }

    /// The rows of this query, then those that the step makes of them. Columns of the rows before have the source `before` in the
    /// step; see [`BEFORE`].
    pub fn recursion(mut self, mut step: Select, before: u16, all: bool) -> Select {
        let related = std::mem::take(&mut self.related);
        self.settle_inside();
        let mut why = self.no_table();
        if step.group_by.is_some() || step.distinct || step.is_sliced() || step.has_window() {
            why = Some("the step of a recursion has no groups, slices, windows or distinct rows: put them after it");
        } else if !self.selects_like(&step) {
            why = Some("the step of a recursion selects the same as the first query");
        } else if self.reads_beyond(before) || step.reads_beyond(before) {
            why = Some(
                "a recursion within the step of another one stands alone: it has no rows of the one around it. Make it outside, and \
                 join it in the step by `join_query`",
            );
        }
        step.settle_inside();
        let source = step.joins.len() as u16 + 1;
        step.update(0, &mut |expr, depth| joined(expr, depth, before, source, &self.selection));
        let from = Some(Box::new(Derived::Before));
        step.joins.push(Join { from, ..Join::of(self.model.clone(), JoinKind::Inner, Expr::And(Vec::new())) });
        self.read(related, why, |first| CommonRows::Recursion { first, step, all })
    }

    /// Whether it uses rows of a recursion that this one is made within the step of.
    fn reads_beyond(&self, before: u16) -> bool {
        let mut beyond = false;
        self.visit(0, &mut |expr, depth| {
            if let Expr::Column { path: Path { source, .. }, .. } | Expr::Joined { source, .. } = expr {
                beyond |= depth == 0 && *source > before;
            }
        });
        beyond
    }

    /// All that a common table of this query has.
    fn read(
        self,
        related: Vec<(Path, ModelRef)>,
        why: Option<&str>,
        rows: impl FnOnce(Select) -> CommonRows,
    ) -> Select {
        let mut all = Select { selection: read_from(&self.selection, 0), related, ..Select::bare(self.model.clone()) };
        match why {
            // Written, it would be refused for what follows from this.
            Some(why) => all.add_filter(Expr::invalid(why)),
            None => all.from = Some(Box::new(Derived::Common(Arc::new(Common::of(rows(self)))))),
        }
        all.default_order = all.has_rows();
        all.bound();
        all
    }

    /// Joins a query that stands alone at the next source; `on` is about the columns of both.
    pub fn join_query(&mut self, mut query: Select, kind: JoinKind, on: Expr) {
        let source = self.joins.len() as u16 + 1;
        let (selection, model) = (query.selection.clone(), query.model.clone());
        let on = on.with_selected(&self.selection).with_joined(source, source, &selection);
        if let Some(why) = query.no_table() {
            self.add_filter(Expr::invalid(why));
        }
        query.settle_inside();
        let from = match query.from.take() {
            // Nothing was done to the rows of a common table: it is joined itself.
            Some(from) if is_whole(&from, &query) => from,
            from => Box::new(Derived::Query(Select { from, ..query })),
        };
        self.joins.push(Join { from: Some(from), ..Join::of(model, kind, on) });
        self.selection.extend(read_from(&selection, source));
    }

    /// Why the query cannot be read like a table, if so: two models may have columns of one name.
    fn no_table(&self) -> Option<&'static str> {
        let other = |selected: &Selected| matches!(selected, Selected::Model { .. }) && !selected.is_own();
        let why = "whole rows of joined models have no place in a table of their own: take `values(..)` first";
        self.selection.iter().any(other).then_some(why)
    }
}
