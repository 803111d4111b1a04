//! Following the foreign keys that point to rows that are deleted, then deleting everything in an order that every
//! constraint accepts.

use super::{
    super::{fault::explained, hooks, point::columns_in, version},
    Deleted, is_free,
    lock::locked_keys,
};
use crate::{
    Code, Connection, Dialect, Error, OnDelete, Result, Row, Value, compile,
    model::{DbDefault, Reference, references_to},
    query::value_of,
    tree::{Assignment, Delete, Expr, Function, ModelRef, Select, Selected, Update},
};
use std::{borrow::Cow, collections::HashSet, collections::VecDeque};

pub(super) type Key = Vec<Value>;

/// How many keys an error names.
const NAMED: usize = 5;

/// What a deletion takes with it.
#[derive(Default)]
pub(super) struct Collector {
    /// The rows to delete, by model, in the order in which the models were found.
    nodes: Vec<Node>,
    /// Rows to delete by the foreign key that they have: nothing points to them, so that nobody needs their keys.
    direct: Vec<Followed>,
    /// Foreign keys to set to NULL or to their default.
    updates: Vec<Followed>,
    /// Foreign keys whose rows must be among those to delete.
    restricted: Vec<Followed>,
    /// Rows may go along without their hooks.
    skips_hooks: bool,
    /// The parents of the rows that the deletion is about stay.
    keep_parents: bool,
    /// The hooks of those parents are called by whoever deletes the rows.
    parents_told: bool,
}

struct Node {
    model: ModelRef,
    keys: Vec<Key>,
    seen: HashSet<String>,
}

/// A foreign key, and what it holds where it points to one of the deleted rows.
struct Followed {
    reference: Reference,
    targets: Vec<Key>,
}

impl Followed {
    async fn new(conn: &mut Connection<'_>, reference: Reference, model: &ModelRef, keys: &[Key]) -> Result<Followed> {
        Ok(Followed { targets: held(conn, &reference, model, keys).await?, reference })
    }
}

/// What a foreign key holds where it points to some rows of the model.
async fn held(conn: &mut Connection<'_>, reference: &Reference, model: &ModelRef, keys: &[Key]) -> Result<Vec<Key>> {
    let ends = reference.model.fields[usize::from(reference.field)].ends(model);
    if *ends == *model.key {
        return Ok(reference.held(keys));
    }
    let mut held = Vec::new();
    for keys in keys.chunks(chunk(conn.dialect(), model.key.len())) {
        let mut select = Select::bare(model.clone());
        select.add_filter(columns_in(model, &model.key, keys.to_vec()));
        held.extend(columns_of(conn, select, ends).await?);
    }
    held.retain(|held| !held.iter().any(Value::is_null));
    Ok(held)
}

/// The model whose rows the rows of this one are too.
fn parent_of(model: &ModelRef) -> Option<ModelRef> {
    let field = &model.fields[usize::from(model.parent()?)];
    Some(field.relation.as_ref()?.target())
}

/// That model, the one above it, and so on.
fn parents_of(model: &ModelRef) -> Vec<ModelRef> {
    std::iter::successors(parent_of(model), parent_of).collect()
}

fn key_text(key: &Key) -> String {
    format!("{key:?}")
}

/// How many keys go into one statement.
pub(super) fn chunk(dialect: Dialect, columns: usize) -> usize {
    match dialect {
        // One bind holds all of them.
        Dialect::Sqlite | Dialect::Postgres if columns == 1 => 10_000,
        _ => (1_000 / columns).max(1),
    }
}

/// The keys of the rows of a query.
pub(super) async fn keys_of(conn: &mut Connection<'_>, select: Select) -> Result<Vec<Key>> {
    let model = select.model.clone();
    columns_of(conn, select, &model.key).await
}

/// Some columns of the rows of a query.
pub(in crate::write) async fn columns_of(
    conn: &mut Connection<'_>,
    mut select: Select,
    columns: &[u16],
) -> Result<Vec<Key>> {
    let model = select.model.clone();
    let before = std::mem::take(&mut select.selection);
    select.resolve_selected(&before);
    select.related.clear();
    select.selection = columns.iter().map(|&column| Selected::Expr(Expr::own(model.clone(), column))).collect();
    if !select.is_sliced() && !select.for_update {
        select.order.clear();
        select.default_order = false;
    }
    let mut statement = compile::select(&select, conn.dialect())?;
    // A list of keys hardly comes again in the same length.
    statement.once = statement.binds.len() > NAMED;
    let mut keys = Vec::new();
    let each = &mut |row: &Row<'_>| {
        let part = |(at, &column): (usize, &u16)| value_of(&row.cell(at), model.columns[usize::from(column)].kind);
        keys.push(columns.iter().enumerate().map(part).collect::<Result<Key>>()?);
        Ok(())
    };
    conn.query(&statement, each).await.map_err(|error| error.with_model(model.name.clone()))?;
    Ok(keys)
}

/// The rows that point to some rows by a foreign key.
fn those_with(reference: &Reference, own: &[u16], targets: &[Key]) -> Select {
    let mut select = Select::bare(reference.model.clone());
    select.add_filter(columns_in(&reference.model, own, targets.to_vec()));
    select
}

/// The keys of the rows that go along, which point to nothing else before the transaction ends.
async fn going_along(conn: &mut Connection<'_>, reference: &Reference, targets: &[Key]) -> Result<Vec<Key>> {
    let own = reference.columns();
    let mut found = Vec::new();
    for targets in targets.chunks(chunk(conn.dialect(), own.len())) {
        found.extend(locked_keys(conn, &those_with(reference, &own, targets)).await?);
    }
    Ok(found)
}

/// The keys of the rows that point to some rows by a foreign key.
async fn pointing(
    conn: &mut Connection<'_>,
    reference: &Reference,
    targets: &[Key],
    but: Option<Expr>,
    limit: Option<u64>,
) -> Result<Vec<Key>> {
    let own = reference.columns();
    let mut found = Vec::new();
    for targets in targets.chunks(chunk(conn.dialect(), own.len())) {
        let mut select = those_with(reference, &own, targets);
        if let Some(condition) = &but {
            select.add_filter(condition.clone());
        }
        select.limit = limit;
        found.extend(keys_of(conn, select).await?);
    }
    Ok(found)
}

impl Collector {
    pub(super) fn new(skips_hooks: bool, keep_parents: bool, parents_told: bool) -> Collector {
        Collector { skips_hooks, keep_parents, parents_told, ..Collector::default() }
    }

    /// Finds everything that the deletion of these rows concerns.
    ///
    /// # Errors
    /// [`Code::Protected`].
    pub(super) async fn collect(&mut self, conn: &mut Connection<'_>, model: ModelRef, keys: Vec<Key>) -> Result<()> {
        let root = model.clone();
        let (parents, told) = match self.parents_told {
            true => (parents_of(&model), keys.iter().map(key_text).collect()),
            false => (Vec::new(), HashSet::new()),
        };
        let mut queue = VecDeque::from([(model.clone(), self.add(model, keys))]);
        while let Some((model, keys)) = queue.pop_front() {
            if keys.is_empty() {
                continue;
            }
            let skips = self.skips_hooks;
            if let Some(parent) = parent_of(&model).filter(|_| !self.keep_parents || model != root) {
                // A row and its parent have one key.
                let new = self.add(parent.clone(), keys.clone());
                let known = |key: &Key| parents.contains(&parent) && told.contains(&key_text(key));
                if !skips && new.iter().any(|key| !known(key)) {
                    let what = format!("a deletion of `{}` takes them along, which", root.name);
                    hooks::refuse_valueless(&parent, false, &what, &format!("delete those `{}` first", model.name))?;
                }
                queue.push_back((parent, new));
            }
            let hooked = |reference: &Reference| !skips && reference.model.hooks;
            for reference in references_to(&model) {
                match reference.on_delete {
                    OnDelete::DoNothing => {}
                    OnDelete::SetNull | OnDelete::SetDefault => {
                        self.updates.push(Followed::new(conn, reference, &model, &keys).await?);
                    }
                    OnDelete::Restrict => {
                        self.restricted.push(Followed::new(conn, reference, &model, &keys).await?);
                    }
                    OnDelete::Protect => {
                        let held = held(conn, &reference, &model, &keys).await?;
                        let rows = pointing(conn, &reference, &held, None, Some(NAMED as u64 + 1)).await?;
                        if !rows.is_empty() {
                            return Err(protected(&root, &reference, &rows, "protect"));
                        }
                    }
                    OnDelete::Cascade
                        if is_free(&reference.model) && reference.model != root && !hooked(&reference) =>
                    {
                        self.direct.push(Followed::new(conn, reference, &model, &keys).await?);
                    }
                    OnDelete::Cascade => {
                        let held = held(conn, &reference, &model, &keys).await?;
                        let rows = going_along(conn, &reference, &held).await?;
                        let new = self.add(reference.model.clone(), rows);
                        if hooked(&reference) && !new.is_empty() {
                            let what = format!("a deletion of `{}` takes them along, which", root.name);
                            let first = format!("delete those `{}` first", reference.model.name);
                            hooks::refuse_valueless(&reference.model, false, &what, &first)?;
                        }
                        queue.push_back((reference.model, new));
                    }
                }
            }
        }
        self.check_restricted(conn, &root).await
    }

    /// Adds rows to delete, and gives those that are new.
    fn add(&mut self, model: ModelRef, keys: Vec<Key>) -> Vec<Key> {
        let index = self.nodes.iter().position(|node| node.model == model).unwrap_or_else(|| {
            self.nodes.push(Node { model, keys: Vec::new(), seen: HashSet::new() });
            self.nodes.len() - 1
        });
        let node = &mut self.nodes[index];
        let new: Vec<Key> = keys.into_iter().filter(|key| node.seen.insert(key_text(key))).collect();
        node.keys.extend(new.iter().cloned());
        new
    }

    /// Rows that restrict a deletion let it pass when they go as well.
    async fn check_restricted(&self, conn: &mut Connection<'_>, root: &ModelRef) -> Result<()> {
        for followed in &self.restricted {
            let model = &followed.reference.model;
            let direct = self.direct.iter().filter(|direct| direct.reference.model == *model);
            let gone = direct.map(|direct| columns_in(model, &direct.reference.columns(), direct.targets.clone()));
            let but = gone.reduce(Expr::or).map(|gone| Expr::Not(Box::new(gone)));
            let seen = self.nodes.iter().find(|node| node.model == *model).map(|node| &node.seen);
            // Where none of its rows is deleted, a few are enough to tell.
            let limit = seen.is_none().then_some(NAMED as u64 + 1);
            let rows = pointing(conn, &followed.reference, &followed.targets, but, limit).await?;
            let stay = rows.into_iter().filter(|key| seen.is_none_or(|seen| !seen.contains(&key_text(key))));
            let stay: Vec<Key> = stay.collect();
            if !stay.is_empty() {
                return Err(protected(root, &followed.reference, &stay, "restrict"));
            }
        }
        Ok(())
    }

    /// Deletes what was found.
    pub(super) async fn delete(mut self, conn: &mut Connection<'_>) -> Result<Deleted> {
        let mut deleted = Deleted::default();
        for followed in &self.updates {
            let value = match followed.reference.on_delete {
                OnDelete::SetNull => None,
                _ => match default_of(&followed.reference) {
                    Ok(default) => Some(default),
                    Err(wrong) => {
                        let some = pointing(conn, &followed.reference, &followed.targets, None, Some(1)).await?;
                        match some.is_empty() {
                            true => continue,
                            false => return Err(wrong),
                        }
                    }
                },
            };
            update(conn, &followed.reference, value, &followed.targets, None).await?;
        }
        for followed in &self.direct {
            let rows =
                remove(conn, &followed.reference.model, &followed.reference.columns(), &followed.targets).await?;
            deleted.add(&followed.reference.model, rows);
        }
        self.nodes.retain(|node| !node.keys.is_empty());
        while !self.nodes.is_empty() {
            let next = match self.next() {
                Some(next) => next,
                // A circle of models: what can point to nothing does so first.
                None => {
                    self.cut_circle(conn).await?;
                    self.nodes.len() - 1
                }
            };
            let node = self.nodes.remove(next);
            version::only(conn, &node.model, &node.keys).await?;
            cut_within(conn, &node).await?;
            let rows = remove(conn, &node.model, &node.model.key, &node.keys).await?;
            deleted.add(&node.model, rows);
        }
        Ok(deleted)
    }

    /// A model to whose rows no row of another model that is still there can point.
    fn next(&self) -> Option<usize> {
        (0..self.nodes.len()).rev().find(|&index| {
            let model = &self.nodes[index].model;
            let mut others = constraints_on(model).filter(|reference| reference.model != *model);
            !others.any(|reference| self.nodes.iter().any(|node| node.model == reference.model))
        })
    }

    async fn cut_circle(&self, conn: &mut Connection<'_>) -> Result<()> {
        for node in &self.nodes {
            for reference in constraints_on(&node.model) {
                let owner = self.nodes.iter().find(|other| other.model == reference.model);
                if let Some(owner) = owner.filter(|owner| owner.model != node.model && is_nullable(&reference)) {
                    let only = Some((&owner.model.key[..], &owner.keys[..]));
                    let held = held(conn, &reference, &node.model, &node.keys).await?;
                    update(conn, &reference, None, &held, only).await?;
                }
            }
        }
        Ok(())
    }
}

/// Rows of one model that point to each other: the pointers go first, since a database may check row by row.
async fn cut_within(conn: &mut Connection<'_>, node: &Node) -> Result<()> {
    for reference in constraints_on(&node.model) {
        if reference.model == node.model && is_nullable(&reference) {
            let only = Some((&node.model.key[..], &node.keys[..]));
            let held = held(conn, &reference, &node.model, &node.keys).await?;
            update(conn, &reference, None, &held, only).await?;
        }
    }
    Ok(())
}

/// The foreign keys to a model that the database checks, which are all but the generic ones.
fn constraints_on(model: &ModelRef) -> impl Iterator<Item = Reference> {
    let checked = |reference: &Reference| {
        reference.label.is_none() && reference.model.fields[usize::from(reference.field)].options.db_constraint
    };
    references_to(model).into_iter().filter(checked)
}

fn is_nullable(reference: &Reference) -> bool {
    reference.columns().iter().all(|&column| reference.model.columns[usize::from(column)].nullable)
}

/// Sets a foreign key that points to these rows to a value, or to NULL; of all rows that do, or of some `only`.
async fn update(
    conn: &mut Connection<'_>,
    reference: &Reference,
    value: Option<Expr>,
    targets: &[Key],
    only: Option<(&[u16], &[Key])>,
) -> Result<()> {
    let (model, own) = (&reference.model, &reference.columns()[..]);
    let set: Vec<Assignment> = own
        .iter()
        .map(|&column| {
            let null = || Expr::Value(Value::Null(model.columns[usize::from(column)].kind));
            Assignment { column, value: value.clone().unwrap_or_else(null) }
        })
        .collect();
    for targets in targets.chunks(chunk(conn.dialect(), own.len())) {
        let mut rows = Select::bare(model.clone());
        rows.add_filter(columns_in(model, own, targets.to_vec()));
        let lists: Vec<Option<&[Key]>> = match only {
            Some((key, keys)) => keys.chunks(chunk(conn.dialect(), key.len())).map(Some).collect(),
            None => vec![None],
        };
        for list in lists {
            let mut rows = rows.clone();
            if let (Some((key, _)), Some(list)) = (only, list) {
                rows.add_filter(columns_in(model, key, list.to_vec()));
            }
            let mut statement =
                compile::update(&Update { rows, set: set.clone(), returning: Vec::new() }, conn.dialect())?;
            statement.once = statement.binds.len() > NAMED;
            if let Err(error) = conn.execute(&statement).await {
                return Err(explained(error, model, conn).await);
            }
        }
    }
    Ok(())
}

/// Deletes the rows whose columns hold one of these keys.
async fn remove(conn: &mut Connection<'_>, model: &ModelRef, own: &[u16], keys: &[Key]) -> Result<u64> {
    let mut count = 0;
    // What was found last may point to what was found first.
    for keys in keys.rchunks(chunk(conn.dialect(), own.len())) {
        let mut rows = Select::bare(model.clone());
        rows.add_filter(columns_in(model, own, keys.to_vec()));
        let mut statement = compile::delete(&Delete { rows, returning: Vec::new() }, conn.dialect())?;
        statement.once = statement.binds.len() > NAMED;
        match conn.execute(&statement).await {
            Ok(rows) => count += rows,
            Err(error) => return Err(explained(error, model, conn).await),
        }
    }
    Ok(count)
}

/// What `on_delete = set_default` sets.
fn default_of(reference: &Reference) -> Result<Expr> {
    let field = &reference.model.fields[usize::from(reference.field)];
    match (field.default_value(), field.options.db_default) {
        (Some(default), _) => Ok(Expr::Value(default)),
        (None, Some(DbDefault::Value(default))) => Ok(Expr::Value(default())),
        (None, Some(DbDefault::Now)) => Ok(Expr::Call(Function::Now, Vec::new())),
        (None, Some(DbDefault::Sql(sql))) => Ok(Expr::Raw { pieces: vec![Cow::Borrowed(sql)], parts: Vec::new() }),
        (None, None) => Err(Error::new(
            Code::BadModel,
            format!("`{}.{}` says on_delete = set_default and has no default", reference.model.name, field.name),
        )),
    }
}

#[cold]
fn protected(root: &ModelRef, reference: &Reference, rows: &[Key], rule: &str) -> Error {
    let field = &reference.model.fields[usize::from(reference.field)].name;
    let shown: Vec<String> = rows.iter().take(NAMED).map(shown).collect();
    let more = if rows.len() > NAMED { ", .." } else { "" };
    let name = &reference.model.name;
    Error::new(
        Code::Protected,
        format!(
            "`{}` cannot be deleted: rows of `{name}` would be left behind, and their `{field}` says on_delete = {rule}",
            root.name,
        ),
    )
    .with_unredacted(format!("`{name}` {}{more}", shown.join(", ")))
    .with_model(root.name.clone())
    .with_hint(format!("delete those `{name}` first, or point their `{field}` elsewhere"))
}

fn shown(key: &Key) -> String {
    let part = |value: &Value| match value {
        Value::I16(number) => number.to_string(),
        Value::I32(number) => number.to_string(),
        Value::I64(number) => number.to_string(),
        Value::Text(text) => format!("{text:?}"),
        Value::Uuid(uuid) => uuid.to_string(),
        other => format!("{other:?}"),
    };
    match &key[..] {
        [one] => part(one),
        several => format!("({})", several.iter().map(part).collect::<Vec<_>>().join(", ")),
    }
}
