//! Queries to statements: the calls, one after the other.

use super::{
    Call, Catalog, Checked, Join, Order, Pick, Prefetch, Query, Term, functions,
    limits::Budget,
    literal::Family,
    names,
    path::{Found, column_name, join, many, parts},
    prefetch,
    refuse::{refuse_further, refuse_loose},
    scope::{Built, Name, Scope, bad, column_of},
};
use crate::{
    Code, Error, Kind, Model, QuerySet, Result, Value, compile,
    tree::{BinaryOp, Expr, Function, JoinKind, ModelRef, Path, Select, Selected, SetOp, Step, Windowed},
};

/// What a row holds so far.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Stage {
    /// The fields of the model.
    Rows,
    /// What was picked.
    Values,
    /// Group keys and aggregates.
    Groups,
    /// Rows of a typed query, whose shape stays as it is.
    Typed,
}

pub(super) struct Builder<'s> {
    pub(super) scope: Scope<'s>,
    pub(super) select: Select,
    pub(super) stage: Stage,
    /// What each row holds, under names.
    pub(super) row: Vec<(String, Built)>,
    /// How many of them are group keys.
    keys: usize,
    pub(super) budget: &'s Budget<'s>,
    /// The relations whose rows are loaded after these.
    pub(super) prefetched: Vec<prefetch::Asked>,
}

/// A query that stands alone.
pub(super) fn checked(catalog: &Catalog, query: &Query) -> Result<Checked> {
    let budget = Budget::new(catalog.size());
    budget.query(query, 0)?;
    let model = catalog.find(&query.model)?.clone();
    let scope = Scope::new(catalog, &budget, model, None);
    let plan = prefetch::plan(Builder::new(scope).calls(&query.calls)?)?;
    Ok(Checked::new(plan, catalog.size().rows))
}

/// A condition on the rows of a model.
pub(super) fn condition(catalog: &Catalog, model: &ModelRef, term: &Term) -> Result<Expr> {
    let budget = Budget::new(catalog.size());
    budget.term(term, 0)?;
    Scope::new(catalog, &budget, model.clone(), None).condition(term)
}

/// The rows of a typed query that a query by name keeps.
pub(super) fn apply<M: Model, O, R>(
    catalog: &Catalog,
    query: &Query,
    mut to: QuerySet<M, O, R>,
) -> Result<QuerySet<M, O, R>> {
    let budget = Budget::new(catalog.size());
    budget.query(query, 0)?;
    let scope = Scope::new(catalog, &budget, ModelRef::Static(M::meta()), None);
    let select = to.select_mut();
    let builder = Builder { select: select.clone(), stage: Stage::Typed, row: Vec::new(), ..Builder::new(scope) };
    let builder = builder.calls(&query.calls)?;
    let mut built = builder.select;
    if let Some(most) = catalog.size().rows {
        built.limit = Some(built.limit.map_or(most, |limit| limit.min(most)));
    }
    *select = built;
    Ok(to)
}

/// A query inside another.
pub(super) fn inner(around: &Scope<'_>, query: &Query) -> Result<(Select, Vec<Built>)> {
    built(of_inner(around, query)?)
}

/// A query inside another whose rows are looked for by their keys, unless it names values.
pub(super) fn inner_keys(around: &Scope<'_>, query: &Query, sought: &[Expr]) -> Result<(Select, Vec<Built>)> {
    let mut builder = of_inner(around, query)?;
    if builder.stage == Stage::Rows {
        let model = builder.select.model.clone();
        let column = |&column: &u16| (String::new(), column_of(Path::source(0), model.clone(), column));
        builder.row = held_of(sought, &model).as_ref().unwrap_or(&model.key).iter().map(column).collect();
    }
    built(builder)
}

/// The columns of a model that foreign keys to it hold, if they are what is looked for.
fn held_of(sought: &[Expr], of: &ModelRef) -> Option<Vec<u16>> {
    let held = sought.iter().map(|part| match part {
        Expr::Column { path, model, column } if model == of => {
            path.steps.last()?.field().ends(model).contains(column).then_some(*column)
        }
        _ => None,
    });
    held.collect()
}

fn of_inner<'s>(around: &'s Scope<'_>, query: &Query) -> Result<Builder<'s>> {
    let model = around.catalog.find(&query.model)?.clone();
    around.budget.another_table()?;
    Builder::new(around.below(model)).calls(&query.calls)
}

fn built(builder: Builder<'_>) -> Result<(Select, Vec<Built>)> {
    let (select, row) = builder.finish()?;
    Ok((select, row.into_iter().map(|(_, built)| built).collect()))
}

impl<'s> Builder<'s> {
    pub(super) fn new(scope: Scope<'s>) -> Builder<'s> {
        let filter = scope.model.filter.map(|filter| filter());
        let mut select = Select { filter, ..Select::bare(scope.model.clone()) };
        select.default_order = true;
        let row = fields(&scope, &Path::source(0), &scope.model, "");
        Builder { budget: scope.budget, select, row, scope, stage: Stage::Rows, keys: 0, prefetched: Vec::new() }
    }

    pub(super) fn calls(self, calls: &[Call]) -> Result<Builder<'s>> {
        calls.iter().try_fold(self, |mut builder, call| {
            builder.call(call)?;
            Ok(builder)
        })
    }

    fn call(&mut self, call: &Call) -> Result<()> {
        if self.stage == Stage::Typed {
            let keeps = matches!(
                call,
                Call::Filter(_)
                    | Call::Exclude(_)
                    | Call::Alias(_)
                    | Call::OrderBy(_)
                    | Call::Reverse
                    | Call::Zone(_)
                    | Call::Limit(_)
                    | Call::Offset(_)
                    | Call::Nothing
            );
            if !keeps {
                return Err(bad("a query that is applied to a typed one cannot change what its rows are")
                    .with_hint("it can filter, exclude, order, reverse and slice"));
            }
        }
        match call {
            Call::Filter(term) => self.filter(term, false),
            Call::Exclude(term) => self.filter(term, true),
            Call::Annotate(items) => items.iter().try_for_each(|(name, term)| self.annotate(name, term)),
            Call::Alias(items) => items.iter().try_for_each(|(name, term)| self.alias(name, term).map(drop)),
            Call::Join(join) => self.join(join),
            Call::Values(picks) => self.values(picks),
            Call::GroupBy(picks) => self.group_by(picks),
            Call::Aggregate(items) => self.aggregate(items),
            Call::OrderBy(keys) => self.order_by(keys),
            Call::Reverse => self.reverse(),
            Call::Distinct => {
                self.settle()?;
                self.select.distinct = true;
                Ok(())
            }
            Call::DistinctOn(picks) => self.distinct_on(picks),
            Call::Prefetch(relations) => self.prefetch(relations),
            Call::SelectRelated(paths) => paths.iter().try_for_each(|path| self.related(path)),
            Call::Zone(name) => {
                self.scope.zone = Some(compile::zone_of(name)?);
                Ok(())
            }
            Call::Limit(count) => {
                self.select.limit = Some(self.select.limit.map_or(*count, |limit| limit.min(*count)));
                Ok(())
            }
            Call::Offset(count) => {
                self.select.offset = Some(self.select.offset.unwrap_or(0).saturating_add(*count));
                self.select.limit = self.select.limit.map(|limit| limit.saturating_sub(*count));
                Ok(())
            }
            Call::Nothing => {
                self.select.empty = true;
                Ok(())
            }
            Call::Union(other) => self.combine(SetOp::Union, other),
            Call::UnionAll(other) => self.combine(SetOp::UnionAll, other),
            Call::Intersection(other) => self.combine(SetOp::Intersection, other),
            Call::Difference(other) => self.combine(SetOp::Difference, other),
        }
    }

    /// The rows of this query and of another, as sets.
    fn combine(&mut self, op: SetOp, query: &Query) -> Result<()> {
        let catalog = self.scope.catalog;
        let model = catalog.find(&query.model)?.clone();
        self.budget.another_table()?;
        let mut scope = Scope::new(catalog, self.budget, model, self.scope.around);
        scope.zone.clone_from(&self.scope.zone);
        let mut other = Builder::new(scope).calls(&query.calls)?;
        for side in [&mut *self, &mut other] {
            // What is joined to rows is a part of them then.
            if !side.select.joins.is_empty() {
                side.derive()?;
            }
        }
        let (mut right, mut theirs) = other.finish()?;
        let (mut left, mut mine) = self.take()?.finish()?;
        let same = mine.iter_mut().zip(&mut theirs).filter_map(|((_, one), (_, two))| alike(one, two)).count();
        if mine.len() != theirs.len() || same != mine.len() {
            return Err(bad("queries are combined when they select as many values, of the same kinds")
                .with_hint("name them by `values`, and make them alike by `cast`"));
        }
        for (select, row) in [(&mut left, &mine), (&mut right, &theirs)] {
            select.selection = row.iter().map(|(_, built)| Selected::Expr(built.expr.clone())).collect();
        }
        self.stand_on(Select::combine(op, left, right), mine)
    }

    fn filter(&mut self, term: &Term, negated: bool) -> Result<()> {
        self.settle_rows()?;
        let condition = self.scope.condition(term)?;
        if condition.has_window() {
            return Err(bad("a window stands in a filter, before there are rows to look at")
                .with_hint("name it by `annotate` or `alias`, and filter by that name"));
        }
        if self.stage == Stage::Groups {
            refuse_loose(&condition, &self.group_keys())?;
        }
        self.budget.tree(&condition)?;
        self.select.add_filter(if negated { Expr::Not(Box::new(condition)) } else { condition });
        Ok(())
    }

    fn group_keys(&self) -> Vec<Expr> {
        self.row[..self.keys].iter().map(|(_, built)| built.expr.clone()).collect()
    }

    /// A name for a term.
    fn alias(&mut self, name: &str, term: &Term) -> Result<Built> {
        self.free(name)?;
        // A query inside can look at what a window gives when that is a value of the rows.
        if term.has_query() && !self.windows().is_empty() {
            self.settle_rows()?;
        }
        let mut built = self.scope.term(term, None)?.selected();
        if built.expr.has_window() && self.select.is_sliced() {
            self.settle()?;
            built = self.scope.term(term, None)?.selected();
        }
        if self.stage == Stage::Groups {
            refuse_loose(&built.expr, &self.group_keys())?;
        }
        self.budget.tree(&built.expr)?;
        self.scope.names.push((name.to_owned(), Name::Term(built.clone())));
        Ok(built)
    }

    fn annotate(&mut self, name: &str, term: &Term) -> Result<()> {
        if self.stage == Stage::Groups {
            self.settle()?;
        }
        let built = self.alias(name, term)?;
        self.add(name.to_owned(), built)
    }

    fn add(&mut self, name: String, built: Built) -> Result<()> {
        if self.row.iter().any(|(known, _)| *known == name) {
            return Err(Error::new(Code::BadName, format!("`{}` stands twice in a row", names::shown(&name)))
                .with_hint("give one of them another name by `as`"));
        }
        self.row.push((name, built));
        Ok(())
    }

    /// Refuses a name that stands for something else already.
    pub(super) fn free(&self, name: &str) -> Result<()> {
        names::check_alias(name)?;
        let model = &self.scope.model;
        let is_field = name == "pk"
            || model.field(name).is_some_and(|(index, _)| self.scope.catalog.sees(model, index))
            || self.row.iter().any(|(known, _)| known == name) && self.stage == Stage::Rows;
        match is_field || self.scope.find(name).is_some() {
            true => {
                Err(Error::new(Code::BadName, format!("`{}` is the name of something else here", names::shown(name)))
                    .with_hint("choose another name"))
            }
            false => Ok(()),
        }
    }

    fn join(&mut self, asked: &Join) -> Result<()> {
        if self.stage == Stage::Groups || self.select.is_sliced() {
            return Err(bad("rows are joined before they are grouped or cut"));
        }
        self.free(&asked.name)?;
        let path = parts(&asked.relation);
        let (owner, step) = match self.scope.walk(&path)? {
            (Found::Many { owner, step }, taken) if taken == path.len() => (owner, step),
            (Found::Key { path: at, .. }, taken) if taken == path.len() && !at.steps.is_empty() => last_step(&at),
            _ => return Err(bad(format!("`{}` is no relation", names::shown(&asked.relation)))),
        };
        self.budget.table(self.scope.number, || format!("join {}", asked.name))?;
        let kind = if asked.left { JoinKind::Left } else { JoinKind::Inner };
        let (source, model) = join(&mut self.select, &owner, &step, kind, None);
        self.scope.names.push((asked.name.clone(), Name::Join(source, model)));
        if let Some(on) = &asked.on {
            let condition = self.scope.condition(on)?;
            if condition.is_aggregate() || condition.has_window() {
                return Err(bad("rows are joined by conditions without aggregates and windows"));
            }
            refuse_further(&condition, source)?;
            self.budget.tree(&condition)?;
            if let Some(last) = self.select.joins.last_mut() {
                last.on = std::mem::replace(&mut last.on, Expr::And(Vec::new())).and(condition);
            }
        }
        Ok(())
    }

    /// What is picked, under its names.
    fn picked(&self, picks: &[Pick]) -> Result<Vec<(String, Built)>> {
        let mut row = Vec::with_capacity(picks.len());
        for pick in picks {
            match pick {
                Pick::Term { name, term } => {
                    self.free(name)?;
                    row.push((name.clone(), self.scope.term(term, None)?.selected()));
                }
                Pick::Path(path) => match self.scope.walk(&parts(path))? {
                    // A key of several columns is as many values.
                    (Found::Key { path: at, model, key }, taken) if taken == parts(path).len() && key.len() > 1 => {
                        for column in key {
                            let name = format!("{path}__{}", model.columns[usize::from(column)].name);
                            row.push((name, column_of(at.clone(), model.clone(), column)));
                        }
                    }
                    (Found::Many { .. }, _) => return Err(many(path)),
                    _ => row.push((path.clone(), self.scope.term(&super::path(path.as_str()), None)?.selected())),
                },
            }
        }
        row.iter().try_for_each(|(_, built)| self.budget.tree(&built.expr))?;
        Ok(row)
    }

    fn values(&mut self, picks: &[Pick]) -> Result<()> {
        if picks.is_empty() {
            return Err(bad("`values` names no value"));
        }
        if self.stage == Stage::Groups || self.stage == Stage::Values && self.select.distinct {
            // The keys stay what is grouped by, whether they are picked or not; so do the rows that differ.
            self.derive()?;
        }
        let mut row = self.picked(picks)?;
        if self.select.is_sliced() && row.iter().any(|(_, built)| built.expr.has_window()) {
            self.settle()?;
            row = self.picked(picks)?;
        }
        self.row.clear();
        self.stage = Stage::Values;
        row.into_iter().try_for_each(|(name, built)| {
            self.name(&name, &built, picks);
            self.add(name, built)
        })
    }

    /// A picked term can be named by later calls.
    fn name(&mut self, name: &str, built: &Built, picks: &[Pick]) {
        if picks.iter().any(|pick| matches!(pick, Pick::Term { name: known, .. } if known == name)) {
            self.scope.names.push((name.to_owned(), Name::Term(built.clone())));
        }
    }

    /// The first of the rows that are alike; what follows is about these.
    fn distinct_on(&mut self, picks: &[Pick]) -> Result<()> {
        if self.stage == Stage::Groups || self.select.distinct || self.scope.derived {
            return Err(bad("`distinct_on` takes rows, and no groups, unions or different rows"));
        }
        if picks.is_empty() {
            return Err(bad("`distinct_on` names nothing in which rows are alike"));
        }
        self.settle_rows()?;
        let keys = self.picked(picks)?;
        if keys.iter().any(|(_, built)| built.expr.is_aggregate() || built.expr.has_window()) {
            return Err(bad("rows are alike in values of their own, without aggregates and windows"));
        }
        let order = compile::effective_order(&self.select, true).into_owned();
        let keys: Vec<Expr> = keys.into_iter().map(|(_, built)| built.expr).collect();
        if self.stage == Stage::Rows && self.select.joins.is_empty() {
            self.select.first_of_each(keys, order);
            return Ok(());
        }
        // What follows sees the values of the row alone, and their number.
        let call = Expr::Call(Function::RowNumber, Vec::new());
        let number = Expr::Window(Box::new(Windowed { call, partition: keys, order, frame: None }));
        self.row.push((String::new(), Built::new(number, Kind::I64)));
        self.derive()?;
        self.scope.names.pop();
        if let Some((_, number)) = self.row.pop() {
            self.select.add_filter(number.expr.binary(BinaryOp::Eq, Expr::Value(Value::I64(1))));
        }
        Ok(())
    }

    fn group_by(&mut self, picks: &[Pick]) -> Result<()> {
        // Groups, and rows each of which is there once, are rows themselves by then.
        match self.stage == Stage::Groups || self.select.distinct {
            true => self.derive()?,
            false => self.settle_rows()?,
        }
        let row = self.picked(picks)?;
        if row.iter().any(|(_, built)| built.expr.is_aggregate()) {
            return Err(bad("an aggregate is no key of a group"));
        }
        if row.iter().any(|(_, built)| compile::is_windowed(&built.expr)) {
            return Err(bad("a window is no key of a group: it is over the rows that there are in the end")
                .with_hint("`annotate` it first, and name it among the keys"));
        }
        self.row.clear();
        self.stage = Stage::Groups;
        self.keys = row.len();
        for (name, built) in row {
            self.name(&name, &built, picks);
            self.add(name, built)?;
        }
        self.scope.grouped = true;
        (self.select.order, self.select.default_order) = (Vec::new(), false);
        Ok(())
    }

    fn aggregate(&mut self, items: &[(String, Term)]) -> Result<()> {
        if items.is_empty() {
            return Err(bad("`aggregate` names no value"));
        }
        self.group_by(&[])?;
        if std::mem::take(&mut self.select.empty) {
            // Of no rows there are aggregates too: their number is 0.
            self.select.add_filter(Expr::Or(Vec::new()));
        }
        for (name, term) in items {
            let built = self.alias(name, term)?;
            if !built.expr.is_aggregate() {
                return Err(bad(format!("`{}` is no aggregate", names::shown(name))));
            }
            self.add(name.clone(), built)?;
        }
        Ok(())
    }

    fn order_by(&mut self, keys: &[Order]) -> Result<()> {
        if self.select.is_sliced() {
            return Err(
                bad("`order_by` after `limit` or `offset` would change which rows are left").with_hint("order first")
            );
        }
        let order = self.scope.order(keys)?;
        for key in &order {
            if self.stage == Stage::Groups {
                refuse_loose(&key.expr, &self.group_keys())?;
            }
            self.budget.tree(&key.expr)?;
        }
        self.select.order = order;
        self.select.default_order = false;
        Ok(())
    }

    fn reverse(&mut self) -> Result<()> {
        self.settle()?;
        self.select.group_by = (self.stage == Stage::Groups).then(Vec::new);
        self.select.order = compile::effective_order(&self.select, true).into_owned();
        self.select.group_by = None;
        self.select.default_order = false;
        for order in &mut self.select.order {
            order.descending = !order.descending;
            order.nulls_first = order.nulls_first.map(|first| !first);
        }
        Ok(())
    }

    fn prefetch(&mut self, relations: &[Prefetch]) -> Result<()> {
        if self.stage != Stage::Rows {
            return Err(bad("related rows stand beside whole rows, not beside values or groups"));
        }
        let (catalog, model) = (self.scope.catalog, self.scope.model.clone());
        relations.iter().try_for_each(|asked| prefetch::ask(&mut self.prefetched, catalog, &model, asked))
    }

    fn related(&mut self, path: &str) -> Result<()> {
        if self.stage != Stage::Rows {
            return Err(bad("related rows go with whole rows, not with values or groups"));
        }
        let names = parts(path);
        // Those on the way, too.
        for end in 1..=names.len() {
            let (at, model) = match self.scope.walk(&names[..end])? {
                (Found::Key { path: at, model, .. }, taken) if taken == end && !at.steps.is_empty() => (at, model),
                (Found::Many { .. }, _) => return Err(many(path)),
                _ => return Err(bad(format!("`{}` is no relation", names::shown(path)))),
            };
            let prefix = format!("{}__", names[..end].join("__"));
            self.budget.table(self.scope.number, || prefix.clone())?;
            for (name, built) in fields(&self.scope, &at, &model, &prefix) {
                if !self.row.iter().any(|(known, _)| *known == name) {
                    self.row.push((name, built));
                }
            }
            self.select.beside.push((at, model));
        }
        Ok(())
    }

    /// The statement, and what each of its rows holds.
    pub(super) fn finish(self) -> Result<(Select, Vec<(String, Built)>)> {
        if !self.prefetched.is_empty() {
            return Err(bad(
                "rows that are prefetched stand beside the rows of the query itself, and of no query in it",
            ));
        }
        if self.row.is_empty() {
            return Err(bad("the query selects nothing"));
        }
        let mut select = self.select;
        if select.distinct && self.stage == Stage::Rows && select.order.is_empty() && select.default_order {
            // Whole rows keep their own order.
            select.order = compile::effective_order(&Select { distinct: false, ..select.clone() }, false).into_owned();
        }
        if self.stage != Stage::Rows {
            select.default_order = false;
            select.beside.clear();
        }
        if self.stage == Stage::Groups {
            select.group_by = Some((0..self.keys as u16).collect());
            if self.keys == 0 && !self.row.iter().all(|(_, built)| built.expr.is_aggregate()) {
                return Err(bad("one row for all holds aggregates only"));
            }
        }
        select.selection = self.row.iter().map(|(_, built)| Selected::Expr(built.expr.clone())).collect();
        for order in &mut select.order {
            // What is selected is ordered by its place: written again, its binds would be others.
            let place = self.row.iter().position(|(_, built)| built.expr == order.expr);
            if let Some(place) = place.filter(|_| !matches!(order.expr, Expr::Column { .. })) {
                order.expr = Expr::Selected(place as u16);
            }
        }
        Ok((select, self.row))
    }
}

/// Makes two values of one kind; numbers become those that hold both.
fn alike(one: &mut Built, two: &mut Built) -> Option<()> {
    if one.kind != two.kind && (one.family(), two.family()) != (Family::Number, Family::Number) {
        return None;
    }
    let kind = functions::wider(one.kind, two.kind);
    for side in [one, two] {
        *side = Built { kind, ..functions::widen(side.clone(), kind) };
    }
    Some(())
}

/// The relation that a path of to-one relations ends with, and where it starts.
fn last_step(path: &Path) -> (Path, Step) {
    let (step, before) = match path.steps.split_last() {
        Some((step, before)) => (step.clone(), before),
        None => (Step::new(path.steps[0].model.clone(), 0), &path.steps[..]),
    };
    let owner = before.iter().fold(Path::source(path.source), |path, step| path.step(step.model.clone(), step.field));
    (owner, step)
}

/// The fields of a model that may be seen, under their names.
fn fields(scope: &Scope<'_>, path: &Path, model: &ModelRef, prefix: &str) -> Vec<(String, Built)> {
    let seen = scope.catalog.columns(model).into_iter();
    seen.map(|column| {
        (format!("{prefix}{}", column_name(model, column)), column_of(path.clone(), model.clone(), column))
    })
    .collect()
}
