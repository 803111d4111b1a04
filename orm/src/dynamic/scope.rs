//! Terms to expressions: what each means in the query that it stands in.

use super::{
    Catalog, Term, aggregate, functions, json,
    limits::{Budget, too_deep},
    literal::{self, Family, called, family},
    lookups, names,
    path::{Found, field, many, parts, size},
    postgres, select,
    term::{Aggregate, Case, Node},
    window,
};
use crate::{
    Code, Error, Kind, Result, Value,
    tree::{self, BinaryOp, Expr, ModelRef, Path, Select, Selected},
};

/// A query that terms stand in: its model, its names, and the query around it.
pub(super) struct Scope<'s> {
    pub(super) catalog: &'s Catalog,
    pub(super) budget: &'s Budget<'s>,
    pub(super) model: ModelRef,
    /// Where the model stands.
    pub(super) base: Path,
    /// Tells queries of one tree apart.
    pub(super) number: usize,
    pub(super) names: Vec<(String, Name)>,
    pub(super) around: Option<&'s Scope<'s>>,
    /// Whether aggregates over the rows of the query make sense.
    pub(super) grouped: bool,
    /// Whether its rows are those of queries inside it, so that they have names and no columns.
    pub(super) derived: bool,
    /// Whether there is a row that is given beside the one that is there.
    pub(super) gives: bool,
    /// The zone whose clocks say what the parts of instants are.
    pub(super) zone: Option<Value>,
}

/// What a name stands for.
pub(super) enum Name {
    /// A term.
    Term(Built),
    /// The rows of a join.
    Join(u16, ModelRef),
}

/// A term that has been built.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Built {
    pub(super) expr: Expr,
    pub(super) kind: Kind,
}

impl Built {
    pub(super) fn new(expr: Expr, kind: Kind) -> Built {
        Built { expr, kind }
    }

    pub(super) fn family(&self) -> Family {
        family(self.kind)
    }

    pub(super) fn size(&self) -> usize {
        size(&self.expr)
    }

    /// As seen from a query so many levels deeper.
    pub(super) fn outer(self, levels: u8) -> Built {
        Built { expr: self.expr.outer(levels), ..self }
    }

    /// As a value of a row: a condition is true or false there, and never NULL.
    pub(super) fn selected(mut self) -> Built {
        if is_condition(&self.expr) {
            self.expr = Expr::Call(tree::Function::IsTrue, vec![self.expr]);
        }
        self
    }
}

pub(super) fn bad(what: impl Into<String>) -> Error {
    Error::new(Code::BadQuery, what)
}

fn is_condition(expr: &Expr) -> bool {
    match expr {
        Expr::Binary(op, ..) => {
            use BinaryOp::{Eq, Ge, Gt, Is, Le, Lt, Ne};
            matches!(op, Eq | Ne | Lt | Le | Gt | Ge | Is)
        }
        Expr::And(_) | Expr::Or(_) | Expr::Not(_) | Expr::IsNull(_) | Expr::Exists(_) => true,
        Expr::In(..) | Expr::InRows(..) | Expr::InQuery(..) | Expr::Like { .. } | Expr::Regex { .. } => true,
        _ => false,
    }
}

impl<'s> Scope<'s> {
    /// A query over a model.
    pub(super) fn new(
        catalog: &'s Catalog,
        budget: &'s Budget<'s>,
        model: ModelRef,
        around: Option<&'s Scope<'s>>,
    ) -> Scope<'s> {
        let number = budget.next_query();
        Scope {
            catalog,
            budget,
            model,
            base: Path::source(0),
            number,
            names: Vec::new(),
            around,
            grouped: false,
            derived: false,
            gives: false,
            zone: around.and_then(|around| around.zone.clone()),
        }
    }

    /// A query inside this one.
    pub(super) fn below(&self, model: ModelRef) -> Scope<'_> {
        Scope::new(self.catalog, self.budget, model, Some(self))
    }

    pub(super) fn find(&self, name: &str) -> Option<&Name> {
        self.names.iter().find(|(known, _)| known == name).map(|(_, term)| term)
    }

    /// A condition.
    pub(super) fn condition(&self, term: &Term) -> Result<Expr> {
        let built = self.term(term, Some(Kind::Bool))?;
        match built.kind {
            Kind::Bool => Ok(built.expr),
            kind => Err(bad(format!("a condition is needed, and {} is given", called(kind)))),
        }
    }

    /// A term; `wanted` is the kind that a plain value has there.
    pub(super) fn term(&self, term: &Term, wanted: Option<Kind>) -> Result<Built> {
        if let Some(kind @ Kind::Postgres(own)) = wanted
            && let Some(json) = postgres::written(term, own)
        {
            return Ok(Built::new(Expr::Value(literal::value(&json, kind)?), kind));
        }
        if wanted == Some(Kind::Json)
            && let Some(document) = json::written(term)
        {
            return Ok(Built::new(Expr::Value(Value::Json(document)), Kind::Json));
        }
        match term {
            Term::Value(json) => {
                let value = match wanted {
                    Some(kind) => literal::value(json, kind)?,
                    None => literal::plain(json)?,
                };
                let kind = value.kind();
                Ok(Built::new(Expr::Value(value), kind))
            }
            Term::List(_) => {
                Err(bad("a list stands where one value is needed").with_hint("lists go with `in` and `range`"))
            }
            Term::Node(node) => self.node(node, wanted),
        }
    }

    fn node(&self, node: &Node, wanted: Option<Kind>) -> Result<Built> {
        match node {
            Node::Value(json) => Ok(Built::new(Expr::Value(Value::Json(json.clone())), Kind::Json)),
            Node::Typed(kind, json) => {
                let value = literal::value(json, *kind)?;
                // A number that the kind cannot hold stays the number that it is.
                let kind = match (*kind, &value) {
                    (Kind::I16 | Kind::I32 | Kind::I64 | Kind::Decimal, value) => value.kind(),
                    (Kind::F32, Value::F64(float)) if (*float as f32).is_infinite() => Kind::F64,
                    (kind, _) => kind,
                };
                Ok(Built::new(Expr::Value(value), kind))
            }
            Node::Path(path) => self.path(path),
            Node::Given(name) => self.given(name),
            Node::TooDeep(most) => Err(too_deep(*most)),
            Node::Outer(term) => {
                let around = self.around.ok_or_else(nothing_around)?;
                let built = around.term(term, wanted)?;
                if built.expr.is_aggregate() {
                    return Err(bad("an aggregate of the query around cannot be used inside it"));
                }
                if built.expr.has_window() {
                    return Err(bad("a window of the query around cannot be used inside it")
                        .with_hint("name it by `annotate` or `alias`, and use that name"));
                }
                Ok(built.outer(1))
            }
            Node::Where(path, value) => {
                let named = self.named(&parts(path), value, self, 0).map(condition);
                named.map_err(|error| match error.code() {
                    // Of several conditions, the one that it is about.
                    Code::InvalidValue if error.fields().is_empty() => error.about(&names::shown(path)),
                    _ => error,
                })
            }
            Node::Lookup(left, lookup, value) => {
                let left = self.term(left, None)?;
                lookups::apply(self, left, &[lookup.as_str()], value, self, 0).map(condition)
            }
            Node::And(all) => Ok(condition(Expr::And(self.conditions(all)?))),
            Node::Or(all) => Ok(condition(Expr::Or(self.conditions(all)?))),
            Node::Xor(all) => self.odd(all).map(condition),
            Node::Not(term) => Ok(condition(Expr::Not(Box::new(self.condition(term)?)))),
            Node::Any(path, term) => self.any(path, term).map(condition),
            Node::Over(path, term) => self.over(&parts(path), &|scope| scope.term(term, None), path),
            Node::Add(left, right) => self.arithmetic(BinaryOp::Add, left, right, wanted),
            Node::Subtract(left, right) => self.arithmetic(BinaryOp::Sub, left, right, wanted),
            Node::Multiply(left, right) => self.arithmetic(BinaryOp::Mul, left, right, wanted),
            Node::Divide(left, right) => self.arithmetic(BinaryOp::Div, left, right, wanted),
            Node::Remainder(left, right) => self.arithmetic(BinaryOp::Rem, left, right, wanted),
            Node::Call(name, arguments) => functions::call(self, name, arguments),
            Node::Aggregate(aggregate) => self.aggregate(aggregate),
            Node::Window(of, over) => window::build(self, of, over),
            Node::Case(case) => self.case(case, wanted),
            Node::Cast(term, kind) => self.cast(term, *kind),
            Node::Exists(query) => {
                let (mut select, _) = select::inner(self, query)?;
                if select.group_by.is_none() && !select.distinct {
                    select.selection.clear();
                }
                Ok(condition(exists(select)))
            }
            Node::Query(query) => {
                let (mut select, mut row) = select::inner(self, query)?;
                let [built] = &mut row[..] else {
                    let what = format!("a query inside another selects one value, and this one {}", row.len());
                    return Err(bad(what).with_hint("name it by `values`"));
                };
                let one_row = select.group_by.as_ref().is_some_and(Vec::is_empty);
                if !one_row {
                    select.limit = Some(select.limit.map_or(1, |limit| limit.min(1)));
                }
                let kind = built.kind;
                let empty = std::mem::take(&mut select.empty);
                let expr = if empty { Expr::Value(Value::Null(kind)) } else { Expr::Scalar(Box::new(select)) };
                Ok(Built::new(expr, kind))
            }
        }
    }

    /// What a row is given in a field.
    fn given(&self, name: &str) -> Result<Built> {
        if !self.gives {
            return Err(bad("no row is given here").with_hint("`given` stands in the `set` of an `update_each`"));
        }
        let Some(known) = field(self.catalog, &self.model, name).filter(|known| known.column.is_none()) else {
            return Err(self.catalog.unknown_field(&self.model, name));
        };
        let meta = &self.model.fields[usize::from(known.index)];
        match meta.column_count {
            1 => {
                let (model, column) = (self.model.clone(), meta.first_column);
                let kind = model.columns[usize::from(column)].kind;
                Ok(Built::new(Expr::Proposed { model, column }, kind))
            }
            0 => Err(bad(format!("`{}` is no column of `{}`: the other side has it", meta.name, self.model.label()))),
            _ => Err(bad(format!("`{}` has several columns, where one value is needed", meta.name))),
        }
    }

    fn conditions(&self, all: &[Term]) -> Result<Vec<Expr>> {
        all.iter().map(|term| self.condition(term)).collect()
    }

    /// An odd number of conditions is true.
    fn odd(&self, all: &[Term]) -> Result<Expr> {
        let truths = self.conditions(all)?.into_iter().map(|truth| Expr::Call(tree::Function::IsTrue, vec![truth]));
        let mut odd = Expr::Or(Vec::new());
        for (index, truth) in truths.enumerate() {
            odd = match index {
                0 => truth,
                _ => odd.binary(BinaryOp::Ne, truth),
            };
            // Each side of a comparison of truths is one itself.
            odd = if index == 0 { odd } else { Expr::Call(tree::Function::IsTrue, vec![odd]) };
        }
        Ok(odd)
    }

    /// The columns of a key of several that a path leads to, here or in a query around.
    pub(super) fn key_of(&self, term: &Term) -> Result<Option<Vec<Built>>> {
        let Term::Node(node) = term else { return Ok(None) };
        match (&**node, self.around) {
            (Node::Path(path), _) => {
                let parts = parts(path);
                Ok(match self.walk(&parts)? {
                    (Found::Key { path, model, key }, taken) if taken == parts.len() => {
                        Some(key.iter().map(|&column| column_of(path.clone(), model.clone(), column)).collect())
                    }
                    _ => None,
                })
            }
            (Node::Outer(term), Some(around)) => {
                let parts = around.key_of(term)?;
                Ok(parts.map(|parts| parts.into_iter().map(|built| built.outer(1)).collect()))
            }
            (Node::Outer(_), None) => Err(nothing_around()),
            _ => Ok(None),
        }
    }

    /// A field or annotation with transforms.
    fn path(&self, path: &str) -> Result<Built> {
        let parts = parts(path);
        let (found, taken) = self.walk(&parts)?;
        let built = match found {
            Found::Many { .. } => return Err(many(path)),
            Found::Key { path: at, model, key } => {
                let [column] = key[..] else {
                    return Err(bad(format!(
                        "the key of `{}` has several columns, where one value is needed",
                        model.label()
                    )));
                };
                column_of(at, model, column)
            }
            Found::Column { path, model, column } => column_of(path, model, column),
            Found::Term(built) => built,
        };
        parts[taken..].iter().try_fold(built, |built, part| functions::transform(self, built, part))
    }

    /// A condition in its short form; the value is one of the query `levels` further out.
    pub(super) fn named(&self, parts: &[&str], value: &Term, of: &Scope<'_>, levels: u8) -> Result<Expr> {
        let (found, taken) = self.walk(parts)?;
        let rest = &parts[taken..];
        match found {
            Found::Many { owner, step } => {
                let (mut select, inner) = self.rows_of(&owner, &step)?;
                if let ["isnull"] = rest {
                    let none = lookups::truth(value)?;
                    return Ok(if none { Expr::Not(Box::new(exists(select))) } else { exists(select) });
                }
                let is_lookup = |first: &&str| self.catalog.ends_path(first) && !inner.has(first);
                let rest = if rest.first().is_none_or(is_lookup) { [&["pk"], rest].concat() } else { rest.to_vec() };
                select.add_filter(inner.named(&rest, value, of, levels + 1)?);
                Ok(exists(select))
            }
            Found::Key { path, model, key } => match key[..] {
                [column] => lookups::apply(self, column_of(path, model, column), rest, value, of, levels),
                _ => lookups::on_key(Found::key(&path, &model, &key), &model, rest, value, of, levels),
            },
            Found::Column { path, model, column } => {
                lookups::apply(self, column_of(path, model, column), rest, value, of, levels)
            }
            Found::Term(built) => lookups::apply(self, built, rest, value, of, levels),
        }
    }

    /// Whether a name is one of the model's fields.
    fn has(&self, name: &str) -> bool {
        self.model.field(name).is_some_and(|(index, _)| self.catalog.sees(&self.model, index))
    }

    /// The condition is true for some row of the relation.
    fn any(&self, path: &str, term: &Term) -> Result<Expr> {
        let parts = parts(path);
        match self.set(&parts)? {
            Some((mut select, inner, taken)) if taken == parts.len() => {
                select.add_filter(inner.condition(term)?);
                Ok(exists(select))
            }
            _ => Err(not_many(path)),
        }
    }

    /// An aggregate over the rows of a relation.
    fn over(&self, parts: &[&str], aggregate: &dyn Fn(&Scope<'_>) -> Result<Built>, path: &str) -> Result<Built> {
        let Some((mut select, mut inner, taken)) = self.set(parts)? else { return Err(not_many(path)) };
        if taken != parts.len() {
            return Err(not_many(path));
        }
        inner.grouped = true;
        let built = aggregate(&inner)?;
        if !built.expr.is_aggregate() {
            return Err(bad(format!("over `{}` stands no aggregate", names::shown(path)))
                .with_hint("for a condition on its rows there is `any`"));
        }
        super::refuse::refuse_loose(&built.expr, &[])?;
        select.selection = vec![Selected::Expr(built.expr)];
        Ok(Built::new(Expr::Scalar(Box::new(select)), built.kind))
    }

    fn aggregate(&self, aggregate: &Aggregate) -> Result<Built> {
        if let Some(Term::Node(node)) = &aggregate.of
            && let Node::Path(path) = &**node
        {
            let parts = parts(path);
            let (found, _) = self.walk(&parts)?;
            if matches!(found, Found::Many { .. }) {
                return self.aggregate_set(aggregate, &parts, path);
            }
        }
        if !self.grouped {
            let what = format!(
                "the aggregate `{}` stands where each row is one of its own",
                names::shown(&aggregate.function)
            );
            return Err(bad(what).with_hint("it goes with `aggregate`, after `group_by`, and over to-many relations"));
        }
        aggregate::aggregate(self, aggregate)
    }

    /// An aggregate of a path over a to-many relation: over all rows that it leads to, whatever else the query joins.
    fn aggregate_set(&self, aggregate: &Aggregate, parts: &[&str], path: &str) -> Result<Built> {
        if self.grouped {
            return Err(many(path));
        }
        if aggregate.filter.is_some() || aggregate.against.is_some() {
            let what = format!("it is not clear whose fields are named beside `{}`", names::shown(path));
            return Err(bad(what).with_hint("write `over`, with the relation's path and an aggregate over its rows"));
        }
        let taken = match self.set(parts)? {
            Some((_, _, taken)) => taken,
            None => return Err(many(path)),
        };
        let inner = match &parts[taken..] {
            [] if aggregate.function == "count" && !aggregate.distinct => Aggregate { of: None, ..aggregate.clone() },
            [] => Aggregate { of: Some(super::path("pk")), ..aggregate.clone() },
            rest => Aggregate { of: Some(super::path(rest.join("__"))), ..aggregate.clone() },
        };
        self.over(&parts[..taken], &|scope| aggregate::aggregate(scope, &inner), path)
    }

    fn arithmetic(&self, op: BinaryOp, left: &Term, right: &Term, wanted: Option<Kind>) -> Result<Built> {
        // A plain value is of the kind of what stands beside it.
        let wanted = wanted.filter(|kind| family(*kind) == Family::Number);
        let (left, right) = match (left, right) {
            (Term::Value(_), Term::Value(_)) => (self.term(left, wanted)?, self.term(right, wanted)?),
            (Term::Value(_), _) => {
                let right = self.term(right, wanted)?;
                (self.term(left, Some(beside(op, &right)))?, right)
            }
            _ => {
                let left = self.term(left, wanted)?;
                let right = self.term(right, Some(beside(op, &left)))?;
                (left, right)
            }
        };
        if let Some(moved) = moved(op, &left, &right) {
            return Ok(moved);
        }
        for side in [&left, &right] {
            if side.family() != Family::Number {
                return Err(bad(format!("arithmetic needs numbers, and {} is given", called(side.kind))));
            }
        }
        let kind = functions::wider(left.kind, right.kind);
        let (left, right) = (functions::widen(left, kind), functions::widen(right, kind));
        Ok(Built::new(left.expr.binary(op, right.expr), kind))
    }

    fn case(&self, case: &Case, wanted: Option<Kind>) -> Result<Built> {
        if case.when.is_empty() {
            return Err(bad("a case has no branch"));
        }
        let values: Vec<&Term> = case.when.iter().map(|(_, value)| value).chain(&case.otherwise).collect();
        let values = functions::alike(self, &values, wanted)?;
        let kind = values.kind;
        let mut values = values.exprs.into_iter();
        let mut branches = Vec::with_capacity(case.when.len());
        for (condition, _) in &case.when {
            let condition = self.condition(condition)?;
            branches.extend(values.next().map(|value| (condition, value)));
        }
        let otherwise = values.next().map(Box::new);
        Ok(Built::new(Expr::Case { branches, otherwise }, kind))
    }

    fn cast(&self, term: &Term, to: Kind) -> Result<Built> {
        let built = self.term(term, None)?;
        if built.kind == to {
            return Ok(built);
        }
        let possible = match (built.family(), family(to)) {
            (Family::Number, Family::Number | Family::Text | Family::Bool) => true,
            (
                Family::Text,
                Family::Bool | Family::Number | Family::Date | Family::Time | Family::DateTime | Family::Uuid,
            ) => true,
            (Family::DateTime, Family::Date) => return functions::transform(self, built, "date"),
            (Family::DateTime, Family::Time) => return functions::transform(self, built, "time"),
            (
                Family::Date
                | Family::Time
                | Family::DateTime
                | Family::Uuid
                | Family::Ip
                | Family::Bool
                | Family::Json,
                Family::Text,
            ) => true,
            (Family::Date, Family::DateTime) | (Family::Bool, Family::Number) => true,
            _ => false,
        };
        if !possible {
            return Err(bad(format!("{} cannot be made {}", called(built.kind), called(to))));
        }
        Ok(Built::new(tree::conversion(built.expr, built.kind, to), to))
    }
}

/// The kind of a plain value beside something in arithmetic: of a span of time there is so often as much.
fn beside(op: BinaryOp, other: &Built) -> Kind {
    match (op, other.kind) {
        (BinaryOp::Mul | BinaryOp::Div, Kind::Duration) => Kind::F64,
        (_, kind) => kind,
    }
}

/// Days, times and moments with spans of time between them.
fn moved(op: BinaryOp, left: &Built, right: &Built) -> Option<Built> {
    let sides = || (left.expr.clone(), right.expr.clone());
    match (left.family(), op, right.family()) {
        (Family::Date | Family::Time | Family::DateTime, BinaryOp::Add | BinaryOp::Sub, Family::Duration)
        | (Family::Duration, BinaryOp::Add | BinaryOp::Sub, Family::Duration) => {
            let (one, two) = sides();
            Some(Built::new(one.binary(op, two), left.kind))
        }
        (Family::Duration, BinaryOp::Add, Family::Date | Family::Time | Family::DateTime) => {
            let (one, two) = sides();
            Some(Built::new(two.binary(op, one), right.kind))
        }
        // As often, or the part of it.
        (Family::Duration, BinaryOp::Mul | BinaryOp::Div, Family::Number)
        | (Family::Number, BinaryOp::Mul, Family::Duration) => {
            let (span, number) = if left.kind == Kind::Duration { (left, right) } else { (right, left) };
            let number = tree::conversion(number.expr.clone(), number.kind, Kind::F64);
            Some(Built::new(span.expr.clone().binary(op, number), Kind::Duration))
        }
        (Family::Date | Family::Time | Family::DateTime, BinaryOp::Sub, _) if left.kind == right.kind => {
            let (one, two) = sides();
            Some(Built::new(Expr::Call(tree::Function::Since, vec![one, two]), Kind::Duration))
        }
        _ => None,
    }
}

fn condition(expr: Expr) -> Built {
    Built::new(expr, Kind::Bool)
}

pub(super) fn exists(select: Select) -> Expr {
    match select.empty {
        true => Expr::Or(Vec::new()),
        false => Expr::Exists(Box::new(select)),
    }
}

pub(super) fn column_of(path: Path, model: ModelRef, column: u16) -> Built {
    let kind = model.columns[usize::from(column)].kind;
    Built::new(Expr::Column { path, model, column }, kind)
}

fn nothing_around() -> Error {
    bad("`outer` stands in no query inside another")
}

fn not_many(path: &str) -> Error {
    bad(format!("`{}` does not end at a relation to many rows", names::shown(path)))
}
