//! Queries as data.
#![allow(missing_docs, reason = "a variant says what its fields are")]

use super::{Derived, Expr, Function, ModelRef, derived::deeper};

/// A query: what is selected from where, and which of it, in which order.
#[derive(Debug, Clone, PartialEq)]
pub struct Select {
    /// The model that the query is over: source 0.
    pub model: ModelRef,
    /// A query that is read instead of the model's table.
    pub from: Option<Box<Derived>>,
    /// Explicit joins: sources 1 and up.
    pub joins: Vec<Join>,
    /// What each row holds.
    pub selection: Vec<Selected>,
    /// Related models that are selected right after the first part of the row.
    pub related: Vec<(super::Path, ModelRef)>,
    /// Models whose columns are selected one by one as those of related rows: as beside `related`, a row stays where a key leads nowhere
    /// that the database does not look after.
    pub beside: Vec<(super::Path, ModelRef)>,
    /// Which rows.
    pub filter: Option<Expr>,
    /// The group keys, as indices into the selection; an empty list groups everything into one row.
    pub group_by: Option<Vec<u16>>,
    /// Group keys that are not selected.
    pub also_by: Vec<Expr>,
    /// The order of the rows.
    pub order: Vec<Order>,
    /// Whether the model's own ordering applies when `order` is empty.
    pub default_order: bool,
    /// Each different row once.
    pub distinct: bool,
    /// At most so many rows.
    pub limit: Option<u64>,
    /// Without the first so many.
    pub offset: Option<u64>,
    /// When there are any, `limit` and `offset` count the rows of each group of equal values of these.
    pub limit_by: Vec<Expr>,
    /// No row can match, so that no statement needs to run.
    pub empty: bool,
    /// Lock the rows until the transaction ends.
    pub for_update: bool,
    /// The lock lets others point to the rows, where the database has such a one.
    pub lets_refer: bool,
    /// Related rows that are locked as well.
    pub lock_of: Vec<(super::Path, ModelRef)>,
    /// What to do about rows that another transaction has locked.
    pub lock_wait: LockWait,
}

/// What to do about rows that another transaction has locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LockWait {
    /// Wait for it.
    #[default]
    Wait,
    /// Fail.
    Fail,
    /// Leave them out.
    Skip,
}

/// A part of a row.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the names of the parts say what they are")]
pub enum Selected {
    /// Every column of the model at the end of a path, in the model's order.
    Model { path: super::Path, model: ModelRef },
    /// One expression.
    Expr(Expr),
}

/// An explicit join.
#[derive(Debug, Clone, PartialEq)]
pub struct Join {
    /// The joined model.
    pub model: ModelRef,
    /// A query that is joined instead of the model's table.
    pub from: Option<Box<Derived>>,
    /// Which rows remain.
    pub kind: JoinKind,
    /// What makes a pair; columns of the joined model have the join's own source.
    pub on: Expr,
}

impl Join {
    /// A join of a model's table.
    pub fn of(model: ModelRef, kind: JoinKind, on: Expr) -> Join {
        Join { model, from: None, kind, on }
    }

    /// Whether the columns of its model can be used.
    pub fn has_rows(&self) -> bool {
        self.from.as_ref().is_none_or(|from| from.has_rows())
    }

    /// Whether no key of its model is that of two of its rows.
    fn has_each_once(&self) -> bool {
        !self.model.keyless && self.from.as_ref().is_none_or(|from| from.has_rows() && from.has_each_once())
    }
}

/// Which rows remain after a join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinKind {
    /// Pairs only.
    Inner,
    /// Every left row at least once.
    Left,
}

/// One key of an ordering. NULLs are last in an ascending order and first in a descending one, unless it says otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// What is ordered by.
    pub expr: Expr,
    /// Largest first.
    pub descending: bool,
    /// Where NULLs go.
    pub nulls_first: Option<bool>,
}

impl Select {
    /// All rows of a model.
    pub fn all(model: ModelRef) -> Select {
        let selection = vec![Selected::Model { path: super::Path::source(0), model: model.clone() }];
        Select { selection, default_order: true, ..Select::bare(model) }
    }

    /// The rows of a model that count.
    pub fn usual(model: ModelRef) -> Select {
        let filter = model.filter.map(|filter| filter());
        Select { filter, ..Select::all(model) }
    }

    /// A query over a model that selects nothing yet and has no order.
    pub fn bare(model: ModelRef) -> Select {
        Select {
            model,
            from: None,
            joins: Vec::new(),
            selection: Vec::new(),
            related: Vec::new(),
            beside: Vec::new(),
            filter: None,
            group_by: None,
            also_by: Vec::new(),
            order: Vec::new(),
            default_order: false,
            distinct: false,
            limit: None,
            offset: None,
            limit_by: Vec::new(),
            empty: false,
            for_update: false,
            lets_refer: false,
            lock_of: Vec::new(),
            lock_wait: LockWait::Wait,
        }
    }

    /// Keeps only rows for which the condition is true as well.
    pub fn add_filter(&mut self, condition: Expr) {
        self.filter = Some(match self.filter.take() {
            Some(filter) => filter.and(condition),
            None => condition,
        });
    }

    /// The same in front of what there is: what ties rows to others.
    pub fn add_first_filter(&mut self, condition: Expr) {
        self.filter = Some(match self.filter.take() {
            Some(filter) => condition.and(filter),
            None => condition,
        });
    }

    /// Keeps only rows for which the condition is true as well, whatever stage the query has reached.
    pub fn narrow(&mut self, condition: Expr) {
        self.settle();
        let condition = condition.with_selected(&self.selection);
        self.add_filter(condition);
    }

    /// The order that the model says.
    pub(crate) fn model_order(&self) -> Vec<Order> {
        let keys = self.model.ordering.iter().flat_map(|key| {
            let columns = self.model.fields[usize::from(key.field)].columns();
            columns.map(|column| (key.descending, Expr::own(self.model.clone(), column)))
        });
        let of_fields = keys.map(|(descending, expr)| Order { expr, descending, nulls_first: None });
        self.model.order.map(|order| order()).unwrap_or_default().into_iter().chain(of_fields).collect()
    }

    /// Makes sure that what follows is about the rows as they are: after windows and slices.
    pub fn settle(&mut self) {
        match self.has_window() {
            true => self.derive(),
            false => self.settle_slice(),
        }
    }

    /// Makes sure that the windows among these are over the rows that are left.
    pub fn settle_for(&mut self, list: &[Expr]) {
        if list.iter().any(Expr::has_window) {
            self.settle_slice();
        }
    }

    /// Makes sure that what follows computes on the rows as they are: of groups and different rows as well.
    pub fn settle_rows(&mut self) {
        match self.group_by.is_some() || self.distinct {
            true => self.derive(),
            false => self.settle(),
        }
    }

    /// Makes a grouped query a table, unless its groups stay what they are when just these are selected: the keys come first, and
    /// no other key than a column is part of something else.
    pub fn settle_groups(&mut self, list: &[Expr]) {
        let Some(keys) = &self.group_by else { return };
        let (first, rest) = list.split_at_checked(keys.len()).unwrap_or((&[], list));
        let stays = match keys.is_empty() {
            true => list.iter().any(|expr| self.is_aggregate(expr)),
            false => {
                let in_place = keys.iter().zip(first).filter(|(key, expr)| **expr == Expr::Selected(**key)).count();
                in_place == keys.len() && !rest.iter().any(|expr| self.computes_on_key(expr, keys))
            }
        };
        if !stays {
            self.derive();
        }
    }

    /// Selects these values instead, which may take what was selected before.
    pub fn reselect(&mut self, list: Vec<Expr>) {
        self.settle_groups(&list);
        let before = std::mem::take(&mut self.selection);
        self.selection = list.into_iter().map(|expr| Selected::Expr(expr.with_selected(&before))).collect();
        self.resolve_selected(&before);
        self.related.clear();
        self.beside.clear();
    }

    /// Whether an aggregate is part of an expression, or of what it takes from the selection.
    fn is_aggregate(&self, expr: &Expr) -> bool {
        expr.is_aggregate() || expr.uses(|place| self.selected(place).is_some_and(Expr::is_aggregate))
    }

    /// The value that is selected at a place.
    fn selected(&self, place: u16) -> Option<&Expr> {
        match self.selection.get(usize::from(place)) {
            Some(Selected::Expr(expr)) => Some(expr),
            _ => None,
        }
    }

    fn computes_on_key(&self, expr: &Expr, keys: &[u16]) -> bool {
        let is_column = |place| matches!(self.selected(place), Some(Expr::Column { .. }));
        expr.computes_on(|place| keys.contains(&place) && !is_column(place))
    }

    /// Makes a query whose rows became one a table, where it is to be ordered by something that is computed on them: databases know
    /// the group keys and the different values there, and nothing that is made of them.
    pub fn settle_order(&mut self, order: &[Order]) {
        let computes = |order: &Order| match &self.group_by {
            Some(keys) => self.computes_on_key(&order.expr, keys),
            None => self.distinct && order.expr.computes_on(|_| true),
        };
        if order.iter().any(computes) {
            self.derive();
        }
    }

    /// Whether a window is selected.
    pub(crate) fn has_window(&self) -> bool {
        self.selection.iter().any(|selected| matches!(selected, Selected::Expr(expr) if expr.has_window()))
    }

    /// Whether several rows are made of one, so that what is selected says how many there are.
    pub(crate) fn makes_rows(&self) -> bool {
        let mut found = false;
        for selected in &self.selection {
            if let Selected::Expr(expr) = selected {
                expr.visit(0, &mut |part, depth| found |= depth == 0 && part.makes_rows());
            }
        }
        found
    }

    /// Makes the rows that what is selected makes of one, so that what follows is about them.
    pub fn settle_made_rows(&mut self) {
        if self.makes_rows() {
            self.derive();
        }
    }

    /// Whether the rows are told apart by keys of models, so that there is a total order of them.
    pub fn has_keys(&self) -> bool {
        !self.distinct && self.has_own_once() && self.joins.iter().all(Join::has_each_once)
    }

    /// Whether its rows can be read in pieces, each from where the one before ended: not where a window is over all of them, or where
    /// their order is another one each time.
    pub(crate) fn is_read_by_keys(&self) -> bool {
        let mut by_chance = false;
        for order in &self.order {
            let key = order.expr.clone().with_selected(&self.selection);
            key.visit(0, &mut |part, _| by_chance |= matches!(part, Expr::Call(Function::Random, _)));
        }
        !by_chance && self.has_keys() && !self.has_window()
    }

    /// Makes what was cut off by number a condition, so that what follows is about the rows that are left: their keys are
    /// those of the query as it was.
    pub fn settle_slice(&mut self) {
        if !self.is_sliced() {
            return;
        }
        if self.distinct || !self.has_each_once() {
            return self.derive();
        }
        let keys: Vec<Expr> = self.model.key.iter().map(|&column| Expr::own(self.model.clone(), column)).collect();
        let mut slice = self.clone();
        slice.order.iter_mut().for_each(|order| {
            let expr = std::mem::replace(&mut order.expr, Expr::And(Vec::new()));
            order.expr = expr.with_selected(&self.selection);
        });
        slice.selection = keys.iter().cloned().map(Selected::Expr).collect();
        slice.update(0, &mut deeper);
        slice.related.clear();
        slice.beside.clear();
        (slice.for_update, self.limit, self.offset) = (false, None, None);
        self.filter = Some(Expr::InQuery(keys, Box::new(slice)).bounded());
    }

    /// Replaces every [`Expr::Selected`] outside the selection, which is about to change, by what was selected there.
    pub fn resolve_selected(&mut self, before: &[Selected]) {
        for order in &mut self.order {
            let expr = std::mem::replace(&mut order.expr, Expr::And(Vec::new()));
            order.expr = expr.with_selected(before);
        }
    }

    /// Calls `visit` on every expression of the query; see [`Expr::visit`].
    pub fn visit(&self, depth: i32, visit: &mut dyn FnMut(&Expr, i32)) {
        self.parts(depth, &mut |part, depth| part.visit(depth, visit));
    }

    /// Calls `each` on the expressions that it is directly made of, those of the queries that it reads from among them; see
    /// [`Expr::visit`].
    pub(super) fn parts(&self, depth: i32, each: &mut dyn FnMut(&Expr, i32)) {
        for selected in &self.selection {
            if let Selected::Expr(expr) = selected {
                each(expr, depth);
            }
        }
        self.from.iter().for_each(|from| from.parts(depth, each));
        for join in &self.joins {
            join.from.iter().for_each(|from| from.parts(depth, each));
            each(&join.on, depth);
        }
        self.filter.iter().chain(&self.also_by).for_each(|expr| each(expr, depth));
        self.order.iter().for_each(|order| each(&order.expr, depth));
        self.limit_by.iter().for_each(|expr| each(expr, depth));
    }

    /// Calls `change` on every expression of the query; see [`Expr::update`].
    pub fn update(&mut self, depth: i32, change: &mut dyn FnMut(&mut Expr, i32)) {
        self.from.iter_mut().for_each(|from| from.update(depth, change));
        for join in &mut self.joins {
            join.from.iter_mut().for_each(|from| from.update(depth, change));
            join.on.update(depth, change);
        }
        for selected in &mut self.selection {
            if let Selected::Expr(expr) = selected {
                expr.update(depth, change);
            }
        }
        self.filter.iter_mut().chain(&mut self.also_by).for_each(|expr| expr.update(depth, change));
        self.order.iter_mut().for_each(|order| order.expr.update(depth, change));
        self.limit_by.iter_mut().for_each(|expr| expr.update(depth, change));
    }

    /// Whether rows are cut off by number, so that further conditions have to stand around the query.
    pub fn is_sliced(&self) -> bool {
        self.limit.is_some() || self.offset.is_some()
    }
}
