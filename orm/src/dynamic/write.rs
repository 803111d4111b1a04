//! Checked changes: what they set, and what runs them.

use super::{
    Catalog, Change, Create, DynRow, Node, Query, Term, Update, functions,
    limits::Budget,
    literal,
    literal::{Family, called},
    names,
    path::{column_name, field},
    run::read,
    scope::{Built, Scope, bad},
    select::{Builder, Stage},
};
use crate::{
    Access, Code, Connection, Deleted, Dialect, Error, Executor, Input, Operation, Result, Row, Value, compile,
    model::FieldMeta,
    tree::{self, Assignment, Expr, ModelRef, Select},
    write::{self, Inserts},
};
use serde_json::Value as Json;
use std::{collections::BTreeMap, sync::Arc};

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
    Create { model: ModelRef, rows: Vec<Vec<Option<Value>>>, seen: Vec<u16> },
    Update(tree::Update),
    Delete(Select),
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
    /// How many rows were made, changed, or have gone; with those that have gone with them.
    pub total: u64,
    /// How many of each model.
    pub per_model: BTreeMap<String, u64>,
    /// The rows that were made, as they are stored.
    pub created: Vec<DynRow>,
}

/// Checks a change.
pub(super) fn checked(catalog: &Catalog, change: &Change) -> Result<CheckedChange> {
    let budget = Budget::new(catalog.size());
    budget.change(change)?;
    Ok(CheckedChange(match change {
        Change::Create(create) => created(catalog, create)?,
        Change::Update(update) => Kind::Update(updated(catalog, &budget, update)?),
        Change::Delete(query) => Kind::Delete(chosen(catalog, &budget, query)?.select),
    }))
}

fn created(catalog: &Catalog, create: &Create) -> Result<Kind> {
    let model = catalog.find_writable(&create.model)?.clone();
    let (mut rows, mut mistakes) = (Vec::with_capacity(create.rows.len()), Vec::new());
    for (place, row) in create.rows.iter().enumerate() {
        for name in row.as_object().into_iter().flat_map(|row| row.keys()) {
            writable_field(catalog, &model, name)?;
        }
        let input = Input::from(row);
        let input = if create.automatic { input.with_automatic() } else { input };
        match write::new_row(&model, &input) {
            Ok(values) => rows.push(values),
            Err(wrong) => mistakes.extend(wrong.into_iter().map(|mistake| mistake.param("row", place))),
        }
    }
    let is_hidden = |name: &str| model.field(name).is_some_and(|(index, _)| !catalog.sees(&model, index));
    if mistakes.iter().any(|mistake| mistake.field.as_deref().is_some_and(is_hidden)) {
        return Err(bad(format!("rows of `{}` need values that cannot be given here", model.label())));
    }
    match mistakes.is_empty() {
        true => Ok(Kind::Create { seen: catalog.columns(&model), model, rows }),
        false => Err(Error::refused(model.name.clone(), mistakes)),
    }
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
    let mut set: Vec<Assignment> = Vec::new();
    for (name, term) in &update.set {
        let field = writable_field(catalog, &model, name)?;
        if field.columns().any(|column| model.key.contains(&column)) {
            return Err(bad("the key of a row cannot be changed").with_hint("make a new row, and delete the old one"));
        }
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
                let values = write::new_value(&model, field, &json)?;
                let assigned = field.columns().zip(values);
                set.extend(assigned.map(|(column, value)| Assignment { column, value: Expr::Value(value) }));
            }
            None => set.push(computed(&scope, field, term)?),
        }
    }
    set.iter().try_for_each(|assignment| budget.tree(&assignment.value))?;
    Ok(tree::Update { rows: select, set, returning: Vec::new() })
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

fn writable_field<'m>(catalog: &Catalog, model: &'m ModelRef, name: &str) -> Result<&'m FieldMeta> {
    let Some(known) = field(catalog, model, name).filter(|known| !known.is_key && known.column.is_none()) else {
        return Err(catalog.unknown_field(model, name));
    };
    if catalog.is_protected(model, known.index) {
        let what = format!("`{}` of `{}` cannot be set here", names::shown(name), model.label());
        return Err(Error::new(Code::NotEditable, what).with_fields([name.to_owned()]));
    }
    let meta = &model.fields[usize::from(known.index)];
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
            Kind::Create { model, rows, .. } => write::inserts(model, rows, dialect)?.sql(),
            Kind::Update(update) => Ok(vec![compile::update(update, dialect)?.sql(dialect)]),
            Kind::Delete(rows) => {
                let delete = tree::Delete { rows: rows.clone() };
                Ok(vec![compile::delete(&delete, dialect)?.sql(dialect)])
            }
        }
    }

    /// Makes the change; all of it happens or nothing.
    ///
    /// # Errors
    /// What the database refuses, told by field; [`Code::Unsupported`] before any statement: rows are made on MySQL only by typed
    /// drafts, as it does not give them back.
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
            Kind::Create { model, rows, seen } => {
                if !ex.dialect().capabilities().insert_returning {
                    let what = format!("{} does not give back new rows", ex.dialect());
                    return Err(Error::new(Code::Unsupported, what).with_hint("make them by typed drafts"));
                }
                let inserts = write::inserts(model, rows, ex.dialect())?;
                let created = ex.run(NewRows { inserts, model: model.clone(), seen: seen.clone() }).await?;
                Ok(Changed { created, ..Changed::of(model, rows.len() as u64) })
            }
            Kind::Update(update) if update.rows.empty => Ok(Changed::default()),
            Kind::Update(update) => {
                let statement = compile::update(update, ex.dialect())?;
                let total = ex.run(write::ChangeRows::updated(update, statement)).await?;
                Ok(Changed::of(&update.rows.model, total))
            }
            Kind::Delete(rows) if rows.empty => Ok(Changed::default()),
            Kind::Delete(rows) => {
                let Deleted { total, per_model } = write::delete_rows(rows.clone(), ex).await?;
                Ok(Changed { total, per_model, created: Vec::new() })
            }
        }
    }
}

impl Changed {
    fn of(model: &ModelRef, total: u64) -> Changed {
        let per_model = if total > 0 { BTreeMap::from([(model.label(), total)]) } else { BTreeMap::new() };
        Changed { total, per_model, created: Vec::new() }
    }
}

/// Makes rows, and reads those of their columns that may be seen.
struct NewRows {
    inserts: Inserts,
    model: ModelRef,
    seen: Vec<u16>,
}

impl Operation for NewRows {
    type Output = Vec<DynRow>;

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection) -> Result<Vec<DynRow>> {
        let NewRows { inserts, model, seen } = self;
        let names: Arc<[String]> = seen.iter().map(|&column| column_name(model, column)).collect();
        let mut rows = Vec::new();
        let each = &mut |place: usize, row: &Row<'_>| {
            let value = |&column: &u16| {
                let shape = &model.columns[usize::from(column)];
                read(row, usize::from(column), shape.kind, shape.scale)
            };
            let values = seen.iter().map(value).collect::<Result<_>>()?;
            rows.push((place, DynRow::new(names.clone(), values)));
            Ok(())
        };
        inserts.insert(conn, each).await?;
        rows.sort_by_key(|(place, _)| *place);
        Ok(rows.into_iter().map(|(_, row)| row).collect())
    }
}
