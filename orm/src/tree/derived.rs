//! Queries that other queries read as a table: what a filter on a window, a union or a further step needs.

use super::{BinaryOp, Common, Expr, Function, Order, Path, Select, Selected, Windowed};
use crate::Value;
use std::sync::Arc;

/// What a query reads instead of its model's table. The columns of whole rows keep their names; other values are called by
/// their place in the selection.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the names of the parts say what they are")]
#[allow(clippy::large_enum_variant, reason = "it is always boxed")]
pub enum Derived {
    /// The rows of a query.
    Query(Select),
    /// The rows of two queries, as sets.
    Set { op: SetOp, left: Select, right: Select },
    /// A query that is written before the statement. It stands alone: what is around it does not reach into it.
    Common(Arc<Common>),
    /// In the step of a recursion, the rows that it goes on from.
    Before,
}

/// What is made of the rows of two queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetOp {
    /// The rows of either, each once.
    Union,
    /// The rows of either.
    UnionAll,
    /// The rows of both.
    Intersection,
    /// The rows of the first that are none of the second.
    Difference,
}

impl Derived {
    /// The queries in it that the queries around it reach into.
    fn queries(&self) -> impl Iterator<Item = &Select> {
        let (one, two) = match self {
            Derived::Query(one) => (Some(one), None),
            Derived::Set { left, right, .. } => (Some(left), Some(right)),
            Derived::Common(_) | Derived::Before => (None, None),
        };
        one.into_iter().chain(two)
    }

    fn queries_mut(&mut self) -> impl Iterator<Item = &mut Select> {
        let (one, two) = match self {
            Derived::Query(one) => (Some(one), None),
            Derived::Set { left, right, .. } => (Some(left), Some(right)),
            Derived::Common(_) | Derived::Before => (None, None),
        };
        one.into_iter().chain(two)
    }

    pub(super) fn visit(&self, depth: i32, visit: &mut dyn FnMut(&Expr, i32)) {
        self.queries().for_each(|query| query.visit(depth - 1, visit));
    }

    pub(super) fn update(&mut self, depth: i32, change: &mut dyn FnMut(&mut Expr, i32)) {
        self.queries_mut().for_each(|query| query.update(depth - 1, change));
    }

    /// Whether something in it is about rows of the queries around it.
    pub(crate) fn reaches_out(&self) -> bool {
        let mut out = false;
        let mut look = |expr: &Expr, depth: i32| {
            if let Expr::Outer(levels, _) = expr {
                out |= depth <= 0 && depth + i32::from(*levels) > 0;
            }
        };
        self.queries().for_each(|query| query.visit(0, &mut look));
        out
    }

    /// Whether whole rows of the query's model are among its columns.
    pub(super) fn has_rows(&self) -> bool {
        let rows = |query: &Select| query.selection.iter().any(Selected::is_own);
        match self {
            Derived::Common(common) => rows(common.first()),
            Derived::Before => false,
            Derived::Query(_) | Derived::Set { .. } => self.queries().all(rows),
        }
    }
}

impl Selected {
    /// Whether it is the whole row of the query's own model.
    pub fn is_own(&self) -> bool {
        matches!(self, Selected::Model { path, .. } if *path == Path::source(0))
    }
}

impl Select {
    /// Whether the columns of the query's model can be used in it: not where a derived table has none of them.
    pub fn has_rows(&self) -> bool {
        self.from.as_ref().is_none_or(|from| from.has_rows())
    }

    /// Makes the query as it is a table, so that what follows is about its rows.
    pub fn derive(&mut self) {
        // Of groups, what follows sees the selected values alone, wherever they come from.
        if (!self.joins.is_empty() && self.group_by.is_none()) || self.for_update {
            let why =
                "a joined or locking query with windows, slices or different rows cannot be gone on from: filter first";
            return self.add_filter(Expr::invalid(why));
        }
        let rows = self.group_by.is_none() && !self.distinct && self.has_rows();
        let whole = rows && !self.selection.iter().any(Selected::is_own);
        self.stand_on(whole);
    }

    /// Makes the query as it is a table, of which what follows sees the selected values alone.
    pub(crate) fn derive_values(&mut self) {
        self.stand_on(false);
    }

    /// Reads from the query as it is; `whole` also selects the rows of its model, whose columns further steps may ask for.
    fn stand_on(&mut self, whole: bool) {
        let mut inner = self.clone();
        inner.related.clear();
        if !inner.is_sliced() {
            (inner.order, inner.default_order) = (Vec::new(), false);
        }
        if whole {
            inner.selection.push(Selected::Model { path: Path::source(0), model: self.model.clone() });
        }
        inner.update(0, &mut deeper);
        let related = std::mem::take(&mut self.related);
        let (order, default_order) = (std::mem::take(&mut self.order), self.default_order);
        let selection = read_from(&self.selection, 0);
        *self = Select {
            selection,
            related,
            order,
            default_order,
            empty: self.empty,
            from: Some(Box::new(Derived::Query(inner))),
            ..Select::bare(self.model.clone())
        };
    }

    /// Keeps the first row, in the query's order, of those that are alike in these.
    pub fn first_of_each(&mut self, keys: Vec<Expr>, order: Vec<Order>) {
        let call = Expr::Call(Function::RowNumber, Vec::new());
        let place = self.selection.len() as u16;
        let number = Expr::Window(Box::new(Windowed { call, partition: keys, order, frame: None }));
        self.selection.push(Selected::Expr(number.clone()));
        self.derive();
        self.selection.pop();
        let number = Expr::Derived { source: 0, place, of: Box::new(number) };
        self.add_filter(number.binary(BinaryOp::Eq, Expr::Value(Value::I64(1))));
    }

    /// The rows of two queries that select the same.
    pub fn combine(op: SetOp, left: Select, right: Select) -> Select {
        let model = left.model.clone();
        let mut all = Select { selection: read_from(&left.selection, 0), ..Select::bare(model) };
        all.related.clone_from(&left.related);
        let mut wrong = !left.joins.is_empty() || !right.joins.is_empty();
        wrong |= !left.selects_like(&right);
        let [left, right] = [left, right].map(|mut part| {
            part.settle_inside();
            part.update(0, &mut deeper);
            part
        });
        all.from = Some(Box::new(Derived::Set { op, left, right }));
        all.default_order = all.has_rows();
        if wrong {
            let why = "queries are combined when both give rows of one model, or values, and neither joins";
            all.add_filter(Expr::invalid(why));
        }
        all
    }
}

impl Select {
    /// Whether both give rows of one model, or values, in the same places.
    pub(super) fn selects_like(&self, other: &Select) -> bool {
        let fits = |(one, other): (&Selected, &Selected)| match (one, other) {
            (Selected::Model { model: one, .. }, Selected::Model { model: other, .. }) => one == other,
            (Selected::Expr(_), Selected::Expr(_)) => true,
            _ => false,
        };
        self.selection.len() == other.selection.len() && self.selection.iter().zip(&other.selection).all(fits)
    }

    /// Leaves out what has no meaning in a query that another one reads.
    pub(super) fn settle_inside(&mut self) {
        self.related.clear();
        self.for_update = false;
        if !self.is_sliced() {
            (self.order, self.default_order) = (Vec::new(), false);
        }
        if std::mem::take(&mut self.empty) {
            self.add_filter(Expr::Or(Vec::new()));
        }
    }
}

/// What a query selects from a derived table with this selection, at one of its sources.
pub(super) fn read_from(selection: &[Selected], source: u16) -> Vec<Selected> {
    let place = |(place, selected): (usize, &Selected)| match selected {
        Selected::Expr(of) => Selected::Expr(Expr::Derived { source, place: place as u16, of: Box::new(of.clone()) }),
        Selected::Model { model, .. } => Selected::Model { path: Path::source(source), model: model.clone() },
    };
    selection.iter().enumerate().map(place).collect()
}

/// A query that comes to stand one query further inside: what belongs to the queries around is one further out.
pub(super) fn deeper(expr: &mut Expr, depth: i32) {
    if let Expr::Outer(levels, _) = expr
        && depth <= 0
        && depth + i32::from(*levels) > 0
    {
        *levels += 1;
    }
}
