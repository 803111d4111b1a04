//! Queries that other queries read as a table: what a filter on a window, a union or a further step needs.

use super::{BinaryOp, Common, CommonRows, Expr, Function, Order, Path, Select, Selected, Windowed};
use crate::Value;
use std::sync::Arc;

/// Why rows of several models are no table.
pub(super) const JOINED_ROWS: &str = "whole rows of joined models cannot be gone on from after windows, slices or different rows: take `values(..)` first";

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
    pub(super) fn queries(&self) -> impl Iterator<Item = &Select> {
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

    pub(super) fn parts(&self, depth: i32, each: &mut dyn FnMut(&Expr, i32)) {
        self.queries().for_each(|query| query.parts(depth - 1, each));
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

impl Derived {
    /// Whether no key of the model is that of two of its rows.
    pub(super) fn has_each_once(&self) -> bool {
        // The same row with other values beside it is another one.
        let rows_alone = |query: &Select| query.selection.len() == 1 && query.has_rows();
        match self {
            Derived::Query(query) => query.has_each_once(),
            Derived::Set { op: SetOp::UnionAll, .. } | Derived::Before => false,
            Derived::Set { op: SetOp::Union, left, .. } => rows_alone(left),
            Derived::Set { op: SetOp::Intersection | SetOp::Difference, left, .. } => left.has_each_once(),
            Derived::Common(common) => match &common.rows {
                CommonRows::Query(query) => query.has_each_once(),
                CommonRows::Recursion { first, all, .. } => !all && rows_alone(first),
            },
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

    /// Whether no key of the model is that of two of its rows, so that it tells them apart.
    pub(super) fn has_each_once(&self) -> bool {
        self.joins.is_empty() && self.has_own_once()
    }

    /// The same of what its joins make pairs of.
    pub(super) fn has_own_once(&self) -> bool {
        let from = self.from.as_ref().is_none_or(|from| from.has_each_once());
        from && self.has_rows() && self.group_by.is_none() && !self.makes_rows() && !self.model.keyless
    }

    /// Makes the query as it is a table, so that what follows is about its rows.
    pub fn derive(&mut self) {
        // Of groups, what follows sees the selected values alone, wherever they come from.
        let joined = !self.joins.is_empty() && self.group_by.is_none();
        if self.for_update {
            let why = "a locking query with windows, slices or different rows cannot be gone on from: filter first";
            return self.add_filter(Expr::invalid(why));
        }
        if joined && self.selects_models() {
            return self.add_filter(Expr::invalid(JOINED_ROWS));
        }
        if joined {
            return self.stand_on_joined();
        }
        let rows = self.group_by.is_none() && !self.distinct && self.has_rows();
        let whole = rows && !self.selection.iter().any(Selected::is_own);
        self.stand_on(whole);
    }

    /// Makes the query as it is a table, of which what follows sees the selected values alone.
    pub(crate) fn derive_values(&mut self) {
        self.stand_on(false);
    }

    /// Whether whole rows are selected, and not just values.
    pub(super) fn selects_models(&self) -> bool {
        self.selection.iter().any(|selected| matches!(selected, Selected::Model { .. }))
    }

    /// Whether values are selected, in an order that is not by these of them alone.
    pub fn is_ordered_beside(&self, list: &[Expr]) -> bool {
        let of_selected = |order: &Order| matches!(order.expr, Expr::Selected(_));
        !self.selects_models()
            && self.order.iter().all(of_selected)
            && self.order.iter().any(|order| !list.contains(&order.expr))
    }

    /// Makes a query of joined values a table; what they are ordered by is selected in it as well, behind them.
    fn stand_on_joined(&mut self) {
        let asked = self.selection.len();
        if self.order.is_empty() && std::mem::take(&mut self.default_order) && !self.distinct {
            self.order = self.model_order();
        }
        for order in &mut self.order {
            let expr = std::mem::replace(&mut order.expr, Expr::And(Vec::new())).with_selected(&self.selection);
            let selected = Selected::Expr(expr);
            let place = self.selection.iter().position(|known| *known == selected).unwrap_or_else(|| {
                self.selection.push(selected);
                self.selection.len() - 1
            });
            order.expr = Expr::Selected(place as u16);
        }
        if self.distinct && self.selection.len() > asked {
            let why = "a distinct query is ordered by something that it does not select";
            return self.add_filter(Expr::invalid(why));
        }
        self.stand_on(false);
        let all = self.selection.clone();
        for order in &mut self.order {
            order.expr = std::mem::replace(&mut order.expr, Expr::And(Vec::new())).with_selected(&all);
        }
        self.selection.truncate(asked);
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
        // What stands beside whole rows is read from outside.
        let beside = if whole { std::mem::take(&mut self.beside) } else { Vec::new() };
        let (order, default_order) = (std::mem::take(&mut self.order), self.default_order);
        let selection = read_from(&self.selection, 0);
        *self = Select {
            selection,
            related,
            beside,
            order,
            default_order,
            empty: self.empty,
            from: Some(Box::new(Derived::Query(inner))),
            ..Select::bare(self.model.clone())
        };
        self.bound();
    }

    /// The same query without the table inside, where it does nothing but pick values of groups, put them in order and cut them off.
    pub(crate) fn flattened(&self) -> Option<Select> {
        let Some(Derived::Query(inner)) = self.from.as_deref() else { return None };
        let picks =
            self.filter.is_none() && self.joins.is_empty() && self.group_by.is_none() && self.limit_by.is_empty();
        let groups = inner.group_by.as_ref().is_some_and(|keys| !keys.is_empty()) && inner.from.is_none();
        let all = !inner.distinct && !inner.empty;
        // What is computed over the groups is not computed over their rows.
        let computes = |expr: &Expr| expr.computes() != (false, false);
        let selected = |selected: &Selected| matches!(selected, Selected::Expr(expr) if computes(expr));
        let picks =
            picks && !self.selection.iter().any(selected) && !self.order.iter().any(|order| computes(&order.expr));
        if !picks || !groups || !all || self.distinct || self.empty || self.for_update {
            return None;
        }
        let mut inner = inner.clone();
        inner.update(0, &mut nearer);
        let selected = inner.selection.clone();
        inner.resolve_selected(&selected);
        let mut fits = true;
        let mut inside = |expr: &Expr| {
            expr.visit(0, &mut |part, depth| {
                // A query inside it would look at the groups' rows in place of the groups.
                let looks_out = depth < 0 && matches!(part, Expr::Outer(..));
                fits &= !looks_out && (depth != 0 || !matches!(part, Expr::Column { .. }));
            });
            let mut expr = expr.clone();
            expr.update(0, &mut |part, depth| {
                if let (Expr::Derived { source: 0, place, .. }, 0) = (&*part, depth) {
                    match inner.selection.get(usize::from(*place)) {
                        Some(Selected::Expr(of)) => *part = of.clone(),
                        _ => fits = false,
                    }
                }
            });
            expr
        };
        let picked = self.selection.iter().map(|selected| match selected {
            Selected::Expr(expr) => Some(Selected::Expr(inside(expr))),
            Selected::Model { .. } => None,
        });
        let selection = picked.collect::<Option<Vec<_>>>()?;
        let order = self.order.iter().map(|order| Order { expr: inside(&order.expr), ..order.clone() }).collect();
        if !fits {
            return None;
        }
        let (mut limit, mut offset, mut order): (_, _, Vec<Order>) = (self.limit, self.offset, order);
        if inner.is_sliced() {
            // What was cut off already is cut off further, in the same order.
            if !order.is_empty() && order != inner.order || offset.is_some() {
                return None;
            }
            limit = limit.into_iter().chain(inner.limit).min();
            (offset, order) = (inner.offset, std::mem::take(&mut inner.order));
        }
        let keys = inner.group_by.iter().flatten().filter_map(|&key| match inner.selection.get(usize::from(key)) {
            Some(Selected::Expr(key)) => Some(key.clone()),
            _ => None,
        });
        let also_by = keys.chain(inner.also_by.clone()).collect();
        let group_by = Some(Vec::new());
        Some(Select { selection, order, also_by, group_by, limit, offset, ..inner })
    }

    /// The two queries whose rows this one gives as sets, where it does nothing but put them in order and cut them off: by the places
    /// of its columns.
    pub(crate) fn plain_set(&self) -> Option<(SetOp, &Select, &Select)> {
        let Some(Derived::Set { op, left, right }) = self.from.as_deref() else { return None };
        let bare = self.filter.is_none() && self.joins.is_empty() && self.group_by.is_none() && !self.distinct;
        let in_place = |(place, selected): (usize, &Selected)| matches!(selected, Selected::Expr(expr) if expr.at_place() == u16::try_from(place).ok());
        let whole = self.selection.len() == left.selection.len()
            && self.selection.iter().enumerate().all(in_place)
            && self.order.iter().all(|order| order.expr.at_place().is_some());
        let plain = bare && whole && self.limit_by.is_empty() && !self.empty && !self.for_update;
        (plain && self.related.is_empty()).then_some((*op, left, right))
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
        let rows = |query: &Select| !query.joins.is_empty() && query.selects_models();
        let mut wrong = rows(&left) || rows(&right);
        wrong |= !left.selects_like(&right);
        let [left, right] = [left, right].map(|mut part| {
            part.settle_inside();
            part.update(0, &mut deeper);
            part
        });
        all.from = Some(Box::new(Derived::Set { op, left, right }));
        all.default_order = all.has_rows();
        if wrong {
            let why = "queries are combined when both give rows of one model, or values: of joined rows take `values(..)` first";
            all.add_filter(Expr::invalid(why));
        }
        all.bound();
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

impl Expr {
    /// The place of a value in what the query is read from, or in what it selects, when it is nothing else.
    pub(crate) fn at_place(&self) -> Option<u16> {
        match self {
            Expr::Derived { source: 0, place, .. } | Expr::Selected(place) => Some(*place),
            _ => None,
        }
    }
}

/// A query that comes to stand one query further out: what belongs to the queries around is one nearer.
fn nearer(expr: &mut Expr, depth: i32) {
    if let Expr::Outer(levels, _) = expr
        && depth <= 0
        && depth + i32::from(*levels) > 1
    {
        *levels -= 1;
    }
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
