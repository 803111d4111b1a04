//! Paths: from names to relations, columns and annotations.

use super::{
    Catalog,
    limits::{Budget, too_complex},
    lookups, names,
    scope::{Built, Scope, bad},
};
use crate::{
    Code, Error, Kind, Result,
    field::link,
    model::{FieldMeta, GenericShape},
    tree::{Expr, Join, JoinKind, ModelRef, Path, Select, Step},
};

/// What a path leads to; what is left of it are transforms and a lookup.
pub(super) enum Found {
    /// An annotation.
    Term(Built),
    /// A column of the model at the end of a path.
    Column { path: Path, model: ModelRef, column: u16 },
    /// A model: its key, or what the foreign key that leads there holds.
    Key { path: Path, model: ModelRef, key: Vec<u16> },
    /// A relation to many rows.
    Many { owner: Path, step: Step },
}

impl Found {
    /// A row, by what leads to it.
    fn row(path: Path, model: ModelRef) -> Found {
        let key = path.steps.last().map_or(&model.key[..], |step| step.field().ends(&model)).to_vec();
        Found::Key { path, model, key }
    }

    /// The columns of a key.
    pub(super) fn key(path: &Path, model: &ModelRef, key: &[u16]) -> Vec<Expr> {
        let column = |&column: &u16| Expr::Column { path: path.clone(), model: model.clone(), column };
        key.iter().map(column).collect()
    }
}

/// The parent of a model, and the field that leads there, where it or one above it has the field.
fn above(catalog: &Catalog, model: &ModelRef, part: &str) -> Option<(u16, ModelRef)> {
    let link = &model.fields[usize::from(model.parent()?)];
    let link = field(catalog, model, &link.name)?.index;
    let parent = model.fields[usize::from(link)].relation.as_ref()?.target();
    let has = field(catalog, &parent, part).is_some() || above(catalog, &parent, part).is_some();
    has.then_some((link, parent))
}

/// The parts of a path: between two `_` that no other precedes.
pub(super) fn parts(path: &str) -> Vec<&str> {
    path.split("__").collect()
}

impl Scope<'_> {
    /// Follows a path as far as it names something; gives how many of its parts that took.
    pub(super) fn walk(&self, parts: &[&str]) -> Result<(Found, usize)> {
        let (mut path, mut model, mut at) = (self.base.clone(), self.model.clone(), 0);
        if self.derived {
            return self.value_of_row(parts);
        }
        let first = parts.first().copied().unwrap_or_default();
        match self.find(first) {
            Some(super::scope::Name::Term(term)) => {
                self.budget.built(term.size())?;
                return Ok((Found::Term(term.clone()), 1));
            }
            Some(super::scope::Name::Join(source, joined)) => {
                (path, model, at) = (Path::source(*source), joined.clone(), 1);
            }
            None => {}
        }
        while let Some(&part) = parts.get(at) {
            if part == "pk" {
                self.joined(&path, parts, at)?;
                let key = model.key.clone();
                return Ok((Found::Key { path, model, key }, at + 1));
            }
            let Some(field) = field(self.catalog, &model, part) else {
                // The fields of a parent are those of its children.
                if let Some((link, parent)) = above(self.catalog, &model, part) {
                    self.joined(&path, parts, at)?;
                    (path, model) = (path.step(model, link), parent);
                    continue;
                }
                // A relation may be followed by a lookup on its key.
                let follows = at > 0 && self.catalog.ends_path(part);
                return if follows { Ok((Found::row(path, model), at)) } else { Err(self.unknown(&model, part, at)) };
            };
            let (index, meta) = (field.index, &model.fields[usize::from(field.index)]);
            self.joined(&path, parts, at)?;
            if let (Some(shape), None) = (meta.generic, field.column) {
                let Some(&label) = parts.get(at + 1).filter(|label| label.contains('.')) else {
                    return Err(generic(meta));
                };
                let step = leading(self.catalog, &model, index, shape, label)?;
                return Ok((Found::Many { owner: path, step }, at + 2));
            }
            let Some(relation) = &meta.relation else {
                let column = field.column.unwrap_or(meta.first_column);
                return Ok((Found::Column { path, column, model: model.clone() }, at + 1));
            };
            let step = Step::new(model.clone(), index);
            if !relation.is_to_one() {
                return Ok((Found::Many { owner: path, step }, at + 1));
            }
            (path, model, at) = (path.step(step.model, index), relation.target(), at + 1);
            if field.is_key {
                break;
            }
        }
        match at {
            0 => Err(self.unknown(&model, "", 0)),
            _ => Ok((Found::row(path, model), at)),
        }
    }

    /// A value of a row that a query inside gives: its name may hold what separates the parts of a path.
    fn value_of_row(&self, parts: &[&str]) -> Result<(Found, usize)> {
        for taken in (1..=parts.len()).rev() {
            if let Some(super::scope::Name::Term(term)) = self.find(&parts[..taken].join("__")) {
                self.budget.built(term.size())?;
                return Ok((Found::Term(term.clone()), taken));
            }
        }
        let known = self.names.iter().map(|(name, _)| name.as_str());
        Err(names::unknown("a value of these rows", &parts.join("__"), known))
    }

    /// Counts the table that a path goes through.
    fn joined(&self, path: &Path, parts: &[&str], at: usize) -> Result<()> {
        match path.steps.is_empty() {
            true => Ok(()),
            false => self.budget.table(self.number, || parts[..at].join("__")),
        }
    }

    fn unknown(&self, model: &ModelRef, part: &str, at: usize) -> Error {
        let seen = model.fields.iter().enumerate().filter(|(index, _)| self.catalog.sees(model, *index as u16));
        let mut known: Vec<&str> = seen.map(|(_, field)| &*field.name).collect();
        known.push("pk");
        if at == 0 {
            known.extend(self.names.iter().map(|(name, _)| name.as_str()));
        }
        let ends = lookups::names().map(|name| -> &str { name }).chain(self.catalog.transforms());
        let lookups: Vec<&str> = ends.filter(|_| at > 0).collect();
        names::unknown_beside(&format!("a field of `{}`", model.label()), part, known, lookups)
    }

    /// The rows of a to-many relation of this query's rows, as a query inside it that selects nothing yet.
    pub(super) fn rows_of(&self, owner: &Path, step: &Step) -> Result<(Select, Scope<'_>)> {
        self.budget.another_table()?;
        let target = target(step);
        let filter = target.filter.map(|filter| filter());
        let mut select = Select { filter, ..Select::bare(target.clone()) };
        let tied = link(owner, step, &target, 0, 1, 1);
        let tie = match tied.through {
            Some((between, tie)) => {
                select.joins.push(Join::of(between, JoinKind::Inner, tied.on));
                tie
            }
            None => tied.on,
        };
        select.add_filter(tie);
        Ok((select, self.below(target)))
    }

    /// The rows that a path of to-many relations leads to, as a query inside this one that selects nothing yet; and what is left of
    /// the path. A relation after the first is joined to it.
    pub(super) fn set(&self, parts: &[&str]) -> Result<Option<(Select, Scope<'_>, usize)>> {
        let (Found::Many { owner, step }, mut taken) = self.walk(parts)? else { return Ok(None) };
        let (mut select, mut scope) = self.rows_of(&owner, &step)?;
        // A set of a set: the pairs of both.
        while let Some(left) = parts.get(taken..).filter(|left| !left.is_empty()) {
            let Ok((Found::Many { owner, step }, more)) = scope.walk(left) else { break };
            scope.budget.table(scope.number, || left[..more].join("__"))?;
            let (source, model) = join(&mut select, &owner, &step, JoinKind::Inner, None);
            (scope.base, scope.model) = (Path::source(source), model);
            taken += more;
        }
        Ok(Some((select, scope, taken)))
    }
}

/// Joins the rows of a relation, and the model between, if there is one; gives the source of the rows and their model.
pub(super) fn join(
    select: &mut Select,
    owner: &Path,
    step: &Step,
    kind: JoinKind,
    on: Option<Expr>,
) -> (u16, ModelRef) {
    let target = target(step);
    let next = select.joins.len() as u16 + 1;
    let field = &step.model.fields[usize::from(step.field)];
    let to_one = field.relation.as_ref().is_some_and(|relation| relation.is_to_one());
    let mut tie = if to_one {
        let far = owner.step(step.model.clone(), step.field);
        let ends = field.ends(&target);
        let pairs = Found::key(&far, &target, ends).into_iter().zip(Found::key(&Path::source(next), &target, ends));
        Expr::And(pairs.map(|(near, far)| near.binary(crate::tree::BinaryOp::Eq, far)).collect())
    } else {
        let source = next + u16::from(step.between().is_some());
        let tied = link(owner, step, &target, source, next, 0);
        if let Some((between, tie)) = tied.through {
            select.joins.push(Join::of(between, kind, tie));
        }
        tied.on
    };
    if let Some(on) = on {
        tie = tie.and(on);
    }
    select.joins.push(Join::of(target.clone(), kind, tie));
    (select.joins.len() as u16, target)
}

fn target(step: &Step) -> ModelRef {
    step.target().unwrap_or_else(|| step.model.clone())
}

/// A field by its name, or a foreign key by the name of its column.
pub(super) struct Named {
    pub(super) index: u16,
    /// Whether its column was named: nothing of the related row can follow.
    pub(super) is_key: bool,
    /// The column of a generic foreign key that was named.
    pub(super) column: Option<u16>,
}

pub(super) fn field(catalog: &Catalog, model: &ModelRef, name: &str) -> Option<Named> {
    let named = |name: &str| model.field(name).filter(|(index, _)| catalog.sees(model, *index));
    if let Some((index, _)) = named(name) {
        return Some(Named { index, is_key: false, column: None });
    }
    for (place, part) in GENERIC.iter().enumerate() {
        let known = name.strip_suffix(part).and_then(named).filter(|(_, field)| field.generic.is_some());
        if let Some((index, field)) = known {
            return Some(Named { index, is_key: false, column: Some(field.first_column + place as u16) });
        }
    }
    let (index, field) = named(name.strip_suffix("_id")?)?;
    (field.relation.is_some() && field.column_count == 1).then_some(Named { index, is_key: true, column: None })
}

/// The step along a generic foreign key to the rows of one model.
pub(super) fn leading(
    catalog: &Catalog,
    model: &ModelRef,
    field: u16,
    shape: GenericShape,
    label: &str,
) -> Result<Step> {
    let end = catalog.find(label)?.clone();
    let key: Vec<Kind> = end.key.iter().map(|&column| end.columns[usize::from(column)].kind).collect();
    match shape.holds(&key) {
        true => Ok(Step { end: Some(end), ..Step::new(model.clone(), field) }),
        false => Err(bad(format!("`{}` cannot lead to `{}`", model.fields[usize::from(field)].name, end.label()))),
    }
}

/// What the names of the two columns of a generic foreign key end with.
const GENERIC: [&str; 2] = ["_model", "_key"];

/// Refuses a generic foreign key where one value is needed.
fn generic(field: &FieldMeta) -> Error {
    let name = &field.name;
    bad(format!("`{name}` leads to rows of any model, and is no value")).with_hint(format!(
        "`{name}__app.Model` leads to the rows of a model; its label and its key are `{name}_model`, `{name}_key`"
    ))
}

/// The name of a column of a model in rows: that of its field, and for foreign keys with the part of the key that it holds.
pub(super) fn column_name(model: &ModelRef, column: u16) -> String {
    let field = &model.fields[usize::from(model.columns[usize::from(column)].field)];
    match (&field.relation, field.column_count) {
        (None, 2) => format!("{}{}", field.name, GENERIC[usize::from(column - field.first_column) % 2]),
        (None, _) => field.name.clone().into_owned(),
        (Some(_), 1) => format!("{}_id", field.name),
        (Some(relation), _) => {
            let target = relation.target();
            let part = field.ends(&target).get(usize::from(column - field.first_column));
            match part {
                Some(&part) => format!("{}_{}", field.name, target.columns[usize::from(part)].name),
                None => field.name.clone().into_owned(),
            }
        }
    }
}

/// Refuses a path where one value is needed and many are there.
pub(super) fn many(path: &str) -> Error {
    let what = format!("`{}` leads to many rows, where one value is needed", names::shown(path));
    Error::new(Code::BadQuery, what)
        .with_hint("ask for an aggregate over it, such as a count, or make its rows part of the query by `join`")
}

/// So many functions that are written with their arguments several times may stand in an expression as others do.
const FEW: u32 = 12;

impl Budget<'_> {
    /// Counts what stands in a tree. What databases have no function for is written with arguments that come several times: where such
    /// stand in each other, the text doubles with each.
    pub(super) fn tree(&self, expr: &Expr) -> Result<()> {
        use crate::tree::Function::{Greatest, Least, PadEnd, PadStart, Repeat};
        if expr.is_too_deep() {
            return Err(too_complex("names that use each other make the query too deep"));
        }
        let mut doubled = 0u32;
        let doubles = |expr: &Expr| matches!(expr, Expr::Call(Greatest | Least | PadStart | PadEnd | Repeat, _));
        expr.visit(0, &mut |expr, _| doubled += u32::from(doubles(expr)));
        self.built(size(expr).saturating_mul(1 << doubled.saturating_sub(FEW).min(30)))
    }
}

/// How many parts an expression has.
pub(super) fn size(expr: &Expr) -> usize {
    let mut size = 0;
    expr.visit(0, &mut |_, _| size += 1);
    size
}
