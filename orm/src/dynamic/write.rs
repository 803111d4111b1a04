//! Checked changes: what they set, and what runs them.

use super::{
    Catalog, Change, Create, DynRow, Keyed, Node, OnConflict, Query, Term, Update,
    each::{self, Each},
    functions,
    limits::Budget,
    literal,
    literal::{Family, called},
    names,
    path::field,
    refuse::refuse_asked,
    relate::{self, Relating},
    scope::{Built, Scope, bad},
    select::{Builder, Stage},
    stored::{NewRows, Seen},
};
use crate::{
    Code, Deleted, Dialect, Error, Executor, Input, Result, compile,
    model::{FieldMeta, RelationKind},
    tree::{self, Assignment, Expr, ModelRef, Select},
    write::{self, ByKey, GetOrCreate, RowValues, UpdateOrCreate},
};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// A change by name that has been checked. Nothing runs before [`run`](CheckedChange::run) is awaited.
///
/// ```
/// # use library::*;
/// use orm::{Dialect, dynamic::{Catalog, Query, Update}};
/// let catalog = Catalog::new().app(library()).writable(["library.Tag"])?;
/// let rename = Update::of(Query::of("library.Tag").filter("slug", "code")).set("name", "x'; DROP TABLE library_tag; --");
/// let sql = catalog.check_change(&rename.into())?.to_sql(Dialect::Sqlite)?;
/// assert_eq!(sql, [r#"UPDATE "library_tag" SET "name" = ? WHERE "slug" = ?"#]);
/// # Ok::<(), orm::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct CheckedChange(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Create { rows: Vec<RowValues>, seen: Seen, taken: Taken },
    ByKey { row: RowValues, seen: Seen, target: Vec<u16>, update: bool },
    Update(tree::Update),
    Each(Each),
    Delete(Select),
    Relate(Relating),
}

/// What becomes of new rows whose unique key is taken.
#[derive(Debug, Clone)]
enum Taken {
    Refused,
    Ignored,
    Changed { target: Vec<u16>, over: Option<Vec<u16>> },
}

/// What a change has done.
///
/// ```
/// # use library::*;
/// use orm::dynamic::{Catalog, Change, Query};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let catalog = Catalog::new().app(library()).writable(["library.Tag"])?;
/// let gone = catalog.check_change(&Change::Delete(Query::of("library.Tag").filter("slug", "poetry")))?.run(&db).await?;
/// assert_eq!((gone.total, gone.per_model["library.Tag"]), (1, 1));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Changed {
    /// How many rows were made, changed, or have gone, with those that have gone with them; of a relation, how many related rows
    /// came or went.
    pub total: u64,
    /// How many of each model.
    pub per_model: BTreeMap<String, u64>,
    /// The rows that were made, as they are stored. Those that may give way to others are not among them.
    pub created: Vec<DynRow>,
    /// The row that was there already where one was looked for by a unique key, as it is now.
    pub found: Vec<DynRow>,
}

/// Checks a change.
pub(super) fn checked(catalog: &Catalog, change: &Change) -> Result<CheckedChange> {
    let budget = Budget::new(catalog.size());
    budget.change(change)?;
    Ok(CheckedChange(match change {
        Change::Create(create) => created(catalog, create)?,
        Change::GetOrCreate(keyed) => one_of_key(catalog, keyed, false)?,
        Change::UpdateOrCreate(keyed) => one_of_key(catalog, keyed, true)?,
        Change::Update(update) => Kind::Update(updated(catalog, &budget, update)?),
        Change::UpdateEach(update) => Kind::Each(each::checked(catalog, &budget, update)?),
        Change::Delete(query) => Kind::Delete(chosen(catalog, &budget, query)?.select),
        Change::Relate(relate) => Kind::Relate(relate::checked(catalog, relate)?),
    }))
}

fn created(catalog: &Catalog, create: &Create) -> Result<Kind> {
    let model = catalog.find_writable(&create.model)?.clone();
    let rows = new_rows(catalog, &model, &create.rows, create.automatic)?;
    let taken = match &create.on_conflict {
        None => Taken::Refused,
        Some(OnConflict::Ignore) => Taken::Ignored,
        Some(OnConflict::Update(over)) => {
            let target = unique_key(catalog, &model, &over.key)?;
            let over = match &over.set {
                Some(names) => Some(overwritten(catalog, &model, names, &target)?),
                None => None,
            };
            Taken::Changed { target, over }
        }
    };
    Ok(Kind::Create { seen: Seen::of(catalog, model), rows, taken })
}

/// The row of a unique key.
fn one_of_key(catalog: &Catalog, keyed: &Keyed, update: bool) -> Result<Kind> {
    let model = catalog.find_writable(&keyed.model)?.clone();
    let target = unique_key(catalog, &model, &keyed.key)?;
    let mut rows = new_rows(catalog, &model, std::slice::from_ref(&keyed.row), keyed.automatic)?;
    match rows.pop() {
        Some(row) => Ok(Kind::ByKey { row, seen: Seen::of(catalog, model), target, update }),
        None => Err(bad("there is no row")),
    }
}

/// The values of new rows.
fn new_rows(catalog: &Catalog, model: &ModelRef, rows: &[Json], automatic: bool) -> Result<Vec<RowValues>> {
    refuse_asked(model)?;
    let (mut values, mut mistakes) = (Vec::with_capacity(rows.len()), Vec::new());
    for (place, row) in rows.iter().enumerate() {
        for name in row.as_object().into_iter().flat_map(|row| row.keys()) {
            writable_field(catalog, model, name)?;
        }
        let input = Input::from(row);
        let input = if automatic { input.with_automatic() } else { input };
        match write::new_row(model, &input) {
            Ok(new) => values.push(new),
            Err(wrong) => mistakes.extend(wrong.into_iter().map(|mistake| mistake.param("row", place))),
        }
    }
    let is_hidden = |name: &str| model.field(name).is_some_and(|(index, _)| !catalog.sees(model, index));
    if mistakes.iter().any(|mistake| mistake.field.as_deref().is_some_and(is_hidden)) {
        return Err(bad(format!("rows of `{}` need values that cannot be given here", model.label())));
    }
    match mistakes.is_empty() {
        true => Ok(values),
        false => Err(Error::refused(model.name.clone(), mistakes)),
    }
}

/// The columns of a unique key, in its own order.
fn unique_key(catalog: &Catalog, model: &ModelRef, names: &[String]) -> Result<Vec<u16>> {
    let mut asked = Vec::new();
    for name in names {
        match field(catalog, model, name).filter(|known| !known.is_key && known.column.is_none()) {
            Some(known) => asked.push(known.index),
            None => return Err(catalog.unknown_field(model, name)),
        }
    }
    asked.sort_unstable();
    let is_unique = |field: &FieldMeta| {
        let one_to_one = |kind: &RelationKind| matches!(kind, RelationKind::OneToOne { .. });
        field.options.unique || field.relation.as_ref().is_some_and(|relation| one_to_one(&relation.kind))
    };
    let key: Vec<u16> = model.key.iter().map(|&column| model.columns[usize::from(column)].field).collect();
    let alone = (0..).zip(&model.fields).filter(|(_, field)| is_unique(field)).map(|(index, _)| vec![index]);
    let together = model.options().unique.iter().filter(|unique| unique.names_a_row());
    let together = together.map(|unique| unique.fields.to_vec()).collect::<Vec<_>>();
    let mut all: Vec<Vec<u16>> = std::iter::once(key).chain(alone).chain(together).collect();
    all.iter_mut().for_each(|fields| fields.dedup());
    let same = |fields: &&Vec<u16>| {
        let mut sorted = (*fields).clone();
        sorted.sort_unstable();
        sorted == asked
    };
    if let Some(fields) = all.iter().find(same) {
        return Ok(fields.iter().flat_map(|&field| model.fields[usize::from(field)].columns()).collect());
    }
    let seen = all.iter().filter(|fields| fields.iter().all(|&field| catalog.sees(model, field)));
    let called = |fields: &Vec<u16>| {
        let names: Vec<&str> = fields.iter().map(|&field| &*model.fields[usize::from(field)].name).collect();
        format!("`{}`", names.join("`, `"))
    };
    let keys: Vec<String> = seen.map(called).collect();
    let what = format!("these fields of `{}` are no unique key of it", model.label());
    Err(bad(what).with_hint(format!("the unique keys are {}", keys.join(" and "))))
}

/// The columns that new rows write over one that is there.
fn overwritten(catalog: &Catalog, model: &ModelRef, names: &[String], target: &[u16]) -> Result<Vec<u16>> {
    let mut columns = Vec::new();
    for name in names {
        let field = writable_field(catalog, model, name)?;
        if field.columns().any(|column| model.key.contains(&column) || target.contains(&column)) {
            return Err(bad("the key of a row cannot be changed").with_hint("name other fields in `set`"));
        }
        write::refuse_version(model, field.first_column)?;
        columns.extend(field.columns());
    }
    Ok(columns)
}

/// The rows that are changed.
fn chosen<'s>(catalog: &'s Catalog, budget: &'s Budget<'s>, query: &Query) -> Result<Builder<'s>> {
    let model = catalog.find_writable(&query.model)?.clone();
    let scope = Scope::new(catalog, budget, model, None);
    let builder = Builder::new(scope).calls(&query.calls)?;
    if builder.stage != Stage::Rows || !builder.select.has_rows() || builder.select.distinct {
        return Err(bad("only rows of a model can be changed, and no values, groups or unions")
            .with_hint("choose them by `filter`, `exclude`, `order_by`, `limit` and `offset`"));
    }
    Ok(builder)
}

fn updated(catalog: &Catalog, budget: &Budget<'_>, update: &Update) -> Result<tree::Update> {
    if update.set.is_empty() {
        return Err(bad("`set` names no field"));
    }
    let Builder { scope, select, .. } = chosen(catalog, budget, &update.rows)?;
    let model = scope.model.clone();
    write::refuse_unseen(&model)?;
    let set = assigned(&scope, &update.set)?;
    Ok(tree::Update { rows: select, set, returning: Vec::new() })
}

/// What fields of a model become.
pub(super) fn assigned(scope: &Scope<'_>, terms: &[(String, Term)]) -> Result<Vec<Assignment>> {
    let (catalog, model) = (scope.catalog, &scope.model);
    let mut set: Vec<Assignment> = Vec::new();
    for (name, term) in terms {
        let field = writable_field(catalog, model, name)?;
        if field.columns().any(|column| model.key.contains(&column)) {
            return Err(bad("the key of a row cannot be changed").with_hint("make a new row, and delete the old one"));
        }
        write::refuse_version(model, field.first_column)?;
        refuse_not_editable(model, field)?;
        if field.options.generated.is_some() {
            let what = format!("`{}` of `{}` is computed by the database", field.name, model.label());
            return Err(Error::new(Code::NotEditable, what)
                .with_fields([field.name.clone().into_owned()])
                .with_hint("set the fields that it is computed from"));
        }
        if set.iter().any(|before| field.columns().any(|column| column == before.column)) {
            return Err(bad(format!("`{}` is set twice", names::shown(name))));
        }
        match plain(term) {
            Some(json) => {
                let values = write::new_value(model, field, &json)?;
                let assigned = field.columns().zip(values);
                set.extend(assigned.map(|(column, value)| Assignment { column, value: Expr::Value(value) }));
            }
            None => set.push(computed(scope, field, term)?),
        }
    }
    set.iter().try_for_each(|assignment| scope.budget.tree(&assignment.value))?;
    Ok(set)
}

/// A term of nothing but plain values, as the document that it writes.
fn plain(term: &Term) -> Option<Json> {
    match term {
        Term::Node(node) => match &**node {
            Node::Typed(_, json) | Node::Value(json) => Some(json.clone()),
            _ => None,
        },
        term => super::postgres::plain(term),
    }
}

/// What a field becomes by a term.
fn computed(scope: &Scope<'_>, field: &FieldMeta, term: &Term) -> Result<Assignment> {
    let name = &field.name;
    let (1, column) = (field.column_count, field.first_column) else {
        return Err(bad(format!("`{name}` has several columns, and becomes a list of values")));
    };
    let kind = scope.model.columns[usize::from(column)].kind;
    let built = scope.term(term, Some(kind))?.selected();
    let fits = built.kind == kind || (built.family(), literal::family(kind)) == (Family::Number, Family::Number);
    if !fits {
        let what = format!("`{name}` is {}, and {} is given", called(kind), called(built.kind));
        return Err(bad(what).with_hint("make it one by `cast`"));
    }
    own_row(&built.expr)?;
    let Built { expr, .. } = functions::widen(built, kind);
    Ok(Assignment { column, value: expr })
}

/// Refuses what one row does not say by itself.
fn own_row(expr: &Expr) -> Result<()> {
    let mut wrong = None;
    expr.visit(0, &mut |part, depth| match part {
        Expr::Aggregate(_) if depth == 0 => wrong = Some("an aggregate over the rows that are changed"),
        Expr::Window(_) | Expr::Derived { .. } if depth == 0 => wrong = Some("a window over the rows that are changed"),
        Expr::Column { path, .. } if depth == 0 && path.source > 0 => wrong = Some("a value of joined rows"),
        _ => {}
    });
    match wrong {
        Some(what) => {
            Err(bad(format!("a field cannot become {what}")).with_hint("ask for it by a query inside: `query`"))
        }
        None => Ok(()),
    }
}

/// Refuses a field that the model keeps from people.
pub(super) fn refuse_not_editable(model: &ModelRef, field: &FieldMeta) -> Result<()> {
    match field.options.editable {
        true => Ok(()),
        false => Err(Error::new(
            Code::NotEditable,
            format!("`{}` of `{}` is not for people to change", field.name, model.label()),
        )
        .with_fields([field.name.clone().into_owned()])
        .with_hint("change it by the model")),
    }
}

pub(super) fn writable_field<'m>(catalog: &Catalog, model: &'m ModelRef, name: &str) -> Result<&'m FieldMeta> {
    let Some(known) = field(catalog, model, name).filter(|known| !known.is_key && known.column.is_none()) else {
        return Err(catalog.unknown_field(model, name));
    };
    if catalog.is_protected(model, known.index) {
        let what = format!("`{}` of `{}` cannot be set here", names::shown(name), model.label());
        return Err(Error::new(Code::NotEditable, what).with_fields([name.to_owned()]));
    }
    let meta = &model.fields[usize::from(known.index)];
    if meta.options.asks {
        refuse_asked(model)?;
    }
    match meta.column_count {
        0 => Err(bad(format!("`{}` is no column of `{}`: the other side has it", meta.name, model.label()))),
        _ => Ok(meta),
    }
}

impl CheckedChange {
    /// The SQL of the change in a dialect, with placeholders; no connection is needed. Of a deletion it is the one of the rows
    /// themselves, without what goes with them.
    ///
    /// # Errors
    /// Those that [`run`](CheckedChange::run) has before its statements.
    ///
    /// ```
    /// # use library::*;
    /// use orm::{Dialect, dynamic::{Catalog, Create}};
    /// let catalog = Catalog::new().app(library()).writable(["library.Tag"])?;
    /// let new = Create::of("library.Tag").row(serde_json::json!({"slug": "a", "name": "A"}));
    /// let sql = catalog.check_change(&new.into())?.to_sql(Dialect::Postgres)?;
    /// assert!(sql[0].starts_with(r#"INSERT INTO "library_tag" ("slug", "name") VALUES ($1, $2)"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn to_sql(&self, dialect: Dialect) -> Result<Vec<String>> {
        match &self.0 {
            Kind::Create { seen, rows, taken: Taken::Changed { target, over } } => {
                write::upserts(seen, rows, target, over.as_deref(), dialect)?.sql(dialect)
            }
            Kind::Create { seen, rows, taken } => {
                write::inserts(&seen.model, rows, matches!(taken, Taken::Ignored), dialect)?.sql()
            }
            Kind::ByKey { row, seen, target, .. } => {
                write::by_key(seen.clone(), row, target.as_slice().into(), None, dialect)?.sql(dialect)
            }
            Kind::Each(each) => each.sql(dialect),
            Kind::Update(update) => Ok(vec![compile::update(update, dialect)?.sql(dialect)]),
            Kind::Delete(rows) => {
                let delete = tree::Delete { rows: rows.clone(), returning: Vec::new() };
                Ok(vec![compile::delete(&delete, dialect)?.sql(dialect)])
            }
            Kind::Relate(_) => Err(bad("which statements change a relation is known when they run")),
        }
    }

    /// Makes the change; all of it happens or nothing.
    ///
    /// # Errors
    /// What the database refuses, told by field; [`Code::Unsupported`] before any statement.
    ///
    /// ```
    /// # use library::*;
    /// use orm::{Code, dynamic::{Catalog, Create}};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let catalog = Catalog::new().app(library()).writable(["library.Tag"])?;
    /// let twice = Create::of("library.Tag").row(serde_json::json!({"slug": "code", "name": "Code"}));
    /// let error = catalog.check_change(&twice.into())?.run(&db).await.unwrap_err();
    /// assert_eq!((error.code(), error.fields()), (Code::UniqueViolation, &["slug".to_owned()][..]));
    /// # Ok(()) }
    /// ```
    pub async fn run<E: Executor>(&self, ex: &E) -> Result<Changed> {
        match &self.0 {
            Kind::Create { rows, .. } if rows.is_empty() => Ok(Changed::default()),
            Kind::Create { seen, rows, taken: Taken::Changed { target, over } } => {
                let upserts = write::upserts(seen, rows, target, over.as_deref(), ex.dialect())?;
                Ok(Changed::of(&seen.model, upserts.run(ex).await?))
            }
            Kind::Create { seen, rows, taken: Taken::Ignored } => {
                let total = ex.run(write::inserts(&seen.model, rows, true, ex.dialect())?).await?;
                Ok(Changed::of(&seen.model, total))
            }
            Kind::Create { seen, rows, taken: Taken::Refused } => {
                let inserts = write::inserts(&seen.model, rows, false, ex.dialect())?;
                let created = ex.run(NewRows { inserts, seen: seen.clone() }).await?;
                Ok(Changed { created, ..Changed::of(&seen.model, rows.len() as u64) })
            }
            Kind::ByKey { row, seen, target, update } => {
                let by_key: ByKey<Seen> =
                    write::by_key(seen.clone(), row, target.as_slice().into(), None, ex.dialect())?;
                let (row, new) = match update {
                    true => ex.run(UpdateOrCreate(by_key)).await?,
                    false => ex.run(GetOrCreate(by_key)).await?,
                };
                let changed = Changed::of(&seen.model, u64::from(new || *update));
                Ok(match new {
                    true => Changed { created: vec![row], ..changed },
                    false => Changed { found: vec![row], ..changed },
                })
            }
            Kind::Each(each) => Ok(Changed::of(&each.model, each.run(ex).await?)),
            Kind::Update(update) if update.rows.empty => Ok(Changed::default()),
            Kind::Update(update) => {
                let statement = compile::update(update, ex.dialect())?;
                let total = ex.run(write::ChangeRows::updated(update, statement)).await?;
                Ok(Changed::of(&update.rows.model, total))
            }
            Kind::Delete(rows) if rows.empty => Ok(Changed::default()),
            Kind::Delete(rows) => {
                let Deleted { total, per_model } = write::delete_rows(rows.clone(), ex).await?;
                Ok(Changed { total, per_model, ..Changed::default() })
            }
            Kind::Relate(relating) => {
                let (model, total) = relating.run(ex).await?;
                Ok(Changed::of(model, total))
            }
        }
    }
}

impl Changed {
    fn of(model: &ModelRef, total: u64) -> Changed {
        let per_model = if total > 0 { BTreeMap::from([(model.label(), total)]) } else { BTreeMap::new() };
        Changed { total, per_model, ..Changed::default() }
    }
}
