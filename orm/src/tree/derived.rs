//! Queries that other queries read as a table: what a filter on a window, a union or a further step needs.

use super::{BinaryOp, Expr, Function, Order, Path, Select, Selected, Windowed};
use crate::Value;

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
    fn queries(&self) -> impl Iterator<Item = &Select> {
        let (one, two) = match self {
            Derived::Query(one) => (one, None),
            Derived::Set { left, right, .. } => (left, Some(right)),
        };
        std::iter::once(one).chain(two)
    }

    fn queries_mut(&mut self) -> impl Iterator<Item = &mut Select> {
        let (one, two) = match self {
            Derived::Query(one) => (one, None),
            Derived::Set { left, right, .. } => (left, Some(right)),
        };
        std::iter::once(one).chain(two)
    }

    pub(super) fn visit(&self, depth: i32, visit: &mut dyn FnMut(&Expr, i32)) {
        self.queries().for_each(|query| query.visit(depth - 1, visit));
    }

    pub(super) fn update(&mut self, depth: i32, change: &mut dyn FnMut(&mut Expr, i32)) {
        self.queries_mut().for_each(|query| query.update(depth - 1, change));
    }

    /// Whether whole rows of the query's model are among its columns.
    fn has_rows(&self) -> bool {
        self.queries().all(|query| query.selection.iter().any(Selected::is_own))
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
        if !self.joins.is_empty() || self.for_update {
            let why = "a joined or locking query with windows cannot be narrowed: filter first";
            return self.add_filter(Expr::Invalid(why.to_owned()));
        }
        let mut inner = self.clone();
        inner.related.clear();
        if !inner.is_sliced() {
            (inner.order, inner.default_order) = (Vec::new(), false);
        }
        let rows = inner.group_by.is_none() && !inner.distinct && inner.has_rows();
        if rows && !inner.selection.iter().any(Selected::is_own) {
            // Further steps may ask for any of its columns.
            inner.selection.push(Selected::Model { path: Path::source(0), model: self.model.clone() });
        }
        inner.update(0, &mut deeper);
        let related = std::mem::take(&mut self.related);
        let (order, default_order) = (std::mem::take(&mut self.order), self.default_order);
        let selection = derived(&self.selection);
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
        let number = Expr::Derived { place, of: Box::new(number) };
        self.add_filter(number.binary(BinaryOp::Eq, Expr::Value(Value::I64(1))));
    }

    /// The rows of two queries that select the same.
    pub fn combine(op: SetOp, left: Select, right: Select) -> Select {
        let model = left.model.clone();
        let mut all = Select { selection: derived(&left.selection), ..Select::bare(model) };
        all.related.clone_from(&left.related);
        let mut wrong = !left.joins.is_empty() || !right.joins.is_empty();
        let fits = |(one, other): (&Selected, &Selected)| match (one, other) {
            (Selected::Model { model: one, .. }, Selected::Model { model: other, .. }) => one == other,
            (Selected::Expr(_), Selected::Expr(_)) => true,
            _ => false,
        };
        wrong |=
            left.selection.len() != right.selection.len() || !left.selection.iter().zip(&right.selection).all(fits);
        let [left, right] = [left, right].map(|mut part| {
            part.related.clear();
            part.for_update = false;
            if !part.is_sliced() {
                (part.order, part.default_order) = (Vec::new(), false);
            }
            if std::mem::take(&mut part.empty) {
                part.add_filter(Expr::Or(Vec::new()));
            }
            part.update(0, &mut deeper);
            part
        });
        all.from = Some(Box::new(Derived::Set { op, left, right }));
        all.default_order = all.has_rows();
        if wrong {
            let why = "queries are combined when both give rows of one model, or values, and neither joins";
            all.add_filter(Expr::Invalid(why.to_owned()));
        }
        all
    }
}

/// What a query selects from a derived table with this selection.
fn derived(selection: &[Selected]) -> Vec<Selected> {
    let place = |(place, selected): (usize, &Selected)| match selected {
        Selected::Expr(expr) => Selected::Expr(Expr::Derived { place: place as u16, of: Box::new(expr.clone()) }),
        model => model.clone(),
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
