//! Handles of relations that lead to any number of rows: sets, never joins.

use super::{At, PathNode, Scope, Sub};
use crate::{
    Expression, FieldType, Q,
    family::IsNumber,
    model::Model,
    query::{Ex, IntoQ, OrderKeys, Prefetch, PrefetchSelection, Related, RelatedSelection, read_related},
    tree::{Aggregate, BinaryOp, Expr, Join, JoinKind, ModelRef, Path, Select, Selected, Step},
};
use std::{marker::PhantomData, sync::Arc};

/// The rows of `M` that belong to a row: what `a.books` is in a closure.
///
/// A set: what is asked of it is a subquery of its own, so that nothing is ever multiplied.
pub struct ToMany<S, M> {
    at: &'static PathNode,
    field: u16,
    _type: PhantomData<fn() -> (S, M)>,
}

impl<S, M> Clone for ToMany<S, M> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S, M> Copy for ToMany<S, M> {}

/// The scope of the rows of a set that belongs to a row of the query `R`.
pub type Within<R, M> = At<Sub<R, M>>;

impl<S: Scope, M: Model> ToMany<S, M> {
    pub(crate) fn new(at: &'static PathNode, field: u16) -> Self {
        ToMany { at, field, _type: PhantomData }
    }

    pub(crate) fn step(self) -> Step {
        Step { model: ModelRef::Static(self.at.model()), field: self.field }
    }

    pub(crate) fn owner(self) -> &'static PathNode {
        self.at
    }

    /// The rows of the set for which the condition is true.
    pub fn filter<C, Q2>(self, condition: C) -> Set<S, M>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> Q2,
        Q2: IntoQ<Sub<S::Root, M>>,
    {
        self.set().filter(condition)
    }

    /// The whole set.
    pub fn set(self) -> Set<S, M> {
        let select = Select::all(ModelRef::Static(M::meta()));
        Set { relation: self, select, related: Vec::new(), below: Vec::new() }
    }

    /// The rows of the set in this order: for `prefetch`, and for [`Set::scalar`].
    pub fn order_by<C, K>(self, keys: C) -> Set<S, M>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> K,
        K: OrderKeys<Sub<S::Root, M>>,
    {
        self.set().order_by(keys)
    }

    /// The first `count` rows of the set at most, for each row that it belongs to: for `prefetch`.
    pub fn limit(self, count: u64) -> Set<S, M> {
        self.set().limit(count)
    }

    /// The rows of the set with rows that they are related to: for `prefetch`.
    pub fn prefetch<C, L>(self, relations: C) -> Set<S, M>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> L,
        L: PrefetchSelection,
    {
        self.set().prefetch(relations)
    }

    /// The rows of the set with rows that they point to, loaded in the same query: for `prefetch`.
    pub fn select_related<C, L>(self, relations: C) -> Set<S, M>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> L,
        L: RelatedSelection,
    {
        self.set().select_related(relations)
    }

    /// Whether the condition is true for some row of the set. SQL: `EXISTS (..)`.
    pub fn any<C, Q2>(self, condition: C) -> Q<S::Root>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> Q2,
        Q2: IntoQ<Sub<S::Root, M>>,
    {
        self.filter(condition).exists()
    }

    /// Whether the condition is true for no row of the set. SQL: `NOT EXISTS (..)`.
    pub fn none<C, Q2>(self, condition: C) -> Q<S::Root>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> Q2,
        Q2: IntoQ<Sub<S::Root, M>>,
    {
        !self.any(condition)
    }

    /// Whether the condition is true for every row of the set; so it is for an empty one. SQL: `NOT EXISTS (.. IS NOT TRUE)`.
    pub fn all<C, Q2>(self, condition: C) -> Q<S::Root>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> Q2,
        Q2: IntoQ<Sub<S::Root, M>>,
    {
        !self.any(|row| !condition(row).into_q())
    }

    /// Whether the set has a row.
    pub fn exists(self) -> Q<S::Root> {
        self.set().exists()
    }

    /// How many rows the set has.
    pub fn count(self) -> Ex<S::Root, i64> {
        self.set().count()
    }

    /// The sum over the set; `None` when it is empty.
    pub fn sum<C, E>(self, value: C) -> Ex<S::Root, Option<<<E::Value as FieldType>::Family as IsNumber>::Sum>>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> E,
        E: Expression,
        <E::Value as FieldType>::Family: IsNumber,
    {
        self.set().sum(value)
    }

    /// The mean over the set; `None` when it is empty.
    pub fn avg<C, E>(self, value: C) -> Ex<S::Root, Option<<<E::Value as FieldType>::Family as IsNumber>::Avg>>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> E,
        E: Expression,
        <E::Value as FieldType>::Family: IsNumber,
    {
        self.set().avg(value)
    }

    /// The smallest value in the set; `None` when it is empty.
    pub fn min<C, E>(self, value: C) -> Ex<S::Root, <E::Value as FieldType>::Nullable>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> E,
        E: Expression,
    {
        self.set().min(value)
    }

    /// The largest value in the set; `None` when it is empty.
    pub fn max<C, E>(self, value: C) -> Ex<S::Root, <E::Value as FieldType>::Nullable>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> E,
        E: Expression,
    {
        self.set().max(value)
    }
}

/// Some of the rows of a [`ToMany`].
pub struct Set<S, M> {
    relation: ToMany<S, M>,
    /// The rows by their own conditions; what ties them to their owner is added where the set is used.
    select: Select,
    related: Vec<Related>,
    below: Vec<Arc<Prefetch>>,
}

impl<S: Scope, M: Model> Set<S, M> {
    fn handles() -> M::Fields<Within<S::Root, M>> {
        M::fields_at(PathNode::root(M::meta(), 0))
    }

    /// The rows for which the condition is true as well.
    pub fn filter<C, Q2>(mut self, condition: C) -> Self
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> Q2,
        Q2: IntoQ<Sub<S::Root, M>>,
    {
        self.select.add_filter(condition(Self::handles()).into_q().into_expr());
        self
    }

    /// The rows in this order instead of the model's own: for `prefetch`, and for [`Set::scalar`].
    pub fn order_by<C, K>(mut self, keys: C) -> Self
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> K,
        K: OrderKeys<Sub<S::Root, M>>,
    {
        self.select.order.clear();
        self.select.default_order = false;
        keys(Self::handles()).add_to(&mut self.select.order);
        self
    }

    /// The first `count` rows at most, for each row that the set belongs to: for `prefetch`.
    ///
    /// SQL: `ROW_NUMBER() OVER (PARTITION BY author_id ORDER BY ..) <= 3`, in a derived table.
    pub fn limit(mut self, count: u64) -> Self {
        self.select.limit = Some(self.select.limit.map_or(count, |limit| limit.min(count)));
        self
    }

    /// The rows with rows that they are related to, by one more query per relation: for `prefetch`.
    pub fn prefetch<C, L>(mut self, relations: C) -> Self
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> L,
        L: PrefetchSelection,
    {
        relations(Self::handles()).add_to(&mut self.below);
        self
    }

    /// The rows with rows that they point to, loaded in the same query: for `prefetch`.
    pub fn select_related<C, L>(mut self, relations: C) -> Self
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> L,
        L: RelatedSelection,
    {
        relations(Self::handles()).add_to(&mut self.related);
        self.select.related.clear();
        self.related.iter().for_each(|related| related.paths(&mut self.select.related));
        self
    }

    pub(crate) fn into_prefetch(self) -> (Vec<Step>, Prefetch) {
        let Set { relation, select, related, below } = self;
        let prefetch =
            Prefetch { step: relation.step(), ops: read_related::<M>(), select, related, below, asked: true };
        (relation.at.path().steps.to_vec(), prefetch)
    }

    /// The set as a query inside the one that its owner stands in.
    fn tied(mut self) -> Select {
        let owner = self.relation.at.path();
        let link = link(&owner, &self.relation.step(), &self.select.model, 0, 1, 1);
        let tie = match link.through {
            Some((model, tie)) => {
                self.select.joins.push(Join { model, kind: JoinKind::Inner, on: link.on });
                tie
            }
            None => link.on,
        };
        self.select.filter = Some(match self.select.filter.take() {
            Some(filter) => tie.and(filter),
            None => tie,
        });
        self.select.related.clear();
        self.select
    }

    /// Whether there is a row.
    pub fn exists(self) -> Q<S::Root> {
        let mut select = self.tied();
        select.selection.clear();
        (select.order, select.default_order) = (Vec::new(), false);
        Q::from_expr(Expr::Exists(Box::new(select)))
    }

    /// One value of the first row, in the order that was asked for; `None` when there is no row.
    ///
    /// SQL: `(SELECT title FROM .. ORDER BY .. LIMIT 1)`.
    pub fn scalar<C, E>(self, value: C) -> Ex<S::Root, <E::Value as FieldType>::Nullable>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> E,
        E: Expression<Root = Sub<S::Root, M>>,
    {
        let value = value(Self::handles()).into_expr();
        let mut select = self.tied();
        select.selection = vec![Selected::Expr(value)];
        select.limit = Some(1);
        Ex::new(Expr::Scalar(Box::new(select)))
    }

    /// How many rows there are.
    pub fn count(self) -> Ex<S::Root, i64> {
        self.value(Expr::Aggregate { function: Aggregate::Count, on: None, distinct: false, filter: None })
    }

    /// The sum; `None` when there is no row.
    pub fn sum<C, E>(self, value: C) -> Ex<S::Root, Option<<<E::Value as FieldType>::Family as IsNumber>::Sum>>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> E,
        E: Expression,
        <E::Value as FieldType>::Family: IsNumber,
    {
        self.aggregate(Aggregate::Sum, value)
    }

    /// The mean; `None` when there is no row.
    pub fn avg<C, E>(self, value: C) -> Ex<S::Root, Option<<<E::Value as FieldType>::Family as IsNumber>::Avg>>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> E,
        E: Expression,
        <E::Value as FieldType>::Family: IsNumber,
    {
        self.aggregate(Aggregate::Avg, value)
    }

    /// The smallest value; `None` when there is no row.
    pub fn min<C, E>(self, value: C) -> Ex<S::Root, <E::Value as FieldType>::Nullable>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> E,
        E: Expression,
    {
        self.aggregate(Aggregate::Min, value)
    }

    /// The largest value; `None` when there is no row.
    pub fn max<C, E>(self, value: C) -> Ex<S::Root, <E::Value as FieldType>::Nullable>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> E,
        E: Expression,
    {
        self.aggregate(Aggregate::Max, value)
    }

    fn aggregate<C, E, T>(self, function: Aggregate, value: C) -> Ex<S::Root, T>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> E,
        E: Expression,
    {
        let on = Some(Box::new(value(Self::handles()).into_expr()));
        self.value(Expr::Aggregate { function, on, distinct: false, filter: None })
    }

    fn value<T>(self, expr: Expr) -> Ex<S::Root, T> {
        if self.select.is_sliced() {
            return Ex::new(Expr::Invalid(
                "a set with a limit is for `prefetch`: it cannot be counted or summed".into(),
            ));
        }
        let mut select = self.tied();
        (select.order, select.default_order) = (Vec::new(), false);
        select.selection = vec![Selected::Expr(expr)];
        Ex::new(Expr::Scalar(Box::new(select)))
    }
}

/// How the rows at the far end of a to-many relation hang together with its owner.
pub(crate) struct Link {
    /// The model between the two sides, and what ties it to the owner.
    pub(crate) through: Option<(ModelRef, Expr)>,
    /// What ties the far end to the model between, or to the owner.
    pub(crate) on: Expr,
}

/// Links the model at `source` (and the one between, if any, at `between`) to the owner, which stands `levels` queries out.
pub(crate) fn link(owner: &Path, step: &Step, target: &ModelRef, source: u16, between: u16, levels: u8) -> Link {
    let model = &step.model;
    let field = &model.fields[step.field as usize];
    let refuse =
        |what: &str| Link { through: None, on: Expr::Invalid(format!("`{}.{}` {what}", model.name, field.name)) };
    let Some(relation) = &field.relation else { return refuse("is not a relation") };
    let columns_at = |source: u16, model: &ModelRef, columns: Vec<u16>| -> Vec<Expr> {
        let column = |column| Expr::Column { path: Path::source(source), model: model.clone(), column };
        columns.into_iter().map(column).collect()
    };
    let owner_key: Vec<Expr> = model
        .key
        .iter()
        .map(|&column| Expr::Column { path: owner.clone(), model: model.clone(), column }.outer(levels))
        .collect();
    let foreign_key = |source: u16, model: &ModelRef, field: u16| {
        columns_at(source, model, model.fields[field as usize].columns().collect())
    };
    if let Some(through) = relation.through(model, field) {
        let target_key = columns_at(source, target, target.key.clone());
        let tie = equal(foreign_key(between, &through.model, through.source), owner_key);
        let on = equal(foreign_key(between, &through.model, through.target), target_key);
        return Link { through: Some((through.model.clone(), tie)), on };
    }
    match relation.reverse(model, field) {
        Some(reverse) => Link { through: None, on: equal(foreign_key(source, target, reverse), owner_key) },
        None => refuse("has no foreign key on the other side"),
    }
}

fn equal(left: Vec<Expr>, right: Vec<Expr>) -> Expr {
    let mut parts: Vec<Expr> =
        left.into_iter().zip(right).map(|(left, right)| left.binary(BinaryOp::Eq, right)).collect();
    if parts.len() == 1 { parts.remove(0) } else { Expr::And(parts) }
}
