//! What a database that was made by other means calls the keys, indexes and constraints of fields. The state has the names
//! that a rule gives them; where the database has the same thing under another name, that one is dropped and renamed.

use std::collections::{BTreeMap, BTreeSet};

use super::kept::Kept;
use super::{Connection, database};
use crate::condition::{Expr, IndexPart};
use crate::error::Result;
use crate::introspect::{Live, as_stored, introspect};
use crate::naming;
use crate::plan::{Recheck, Statement, StatementKind};
use crate::schema::{Constraint, FieldNames, Index, Model, Schema};
use crate::sql::Dialect;

/// What the database calls things, as far as it matters.
#[derive(Debug)]
pub(super) struct Names {
    dialect: Dialect,
    live: Live,
    /// All there are.
    known: BTreeSet<String>,
    /// Unique indexes that are no constraints, where these are two things.
    unique_indexes: BTreeSet<String>,
    /// The state's names of what was looked for: what has none of them in the database is not there.
    looked: BTreeSet<String>,
    /// What has names of the database's own, which are not the state's.
    found: BTreeSet<String>,
    /// What indexes and unique constraints of a model are called, by the state's names for them.
    pub(super) indexes: BTreeMap<String, String>,
}

/// Whether a statement drops or renames an index or a constraint.
fn by_name(sql: &str) -> bool {
    [" DROP CONSTRAINT ", " DROP FOREIGN KEY ", "DROP INDEX ", " RENAME INDEX ", " RENAME CONSTRAINT ", "ALTER INDEX "]
        .iter()
        .any(|words| sql.contains(words))
}

/// Whether a plan drops or renames something by a name that the database may not have.
fn matters(plan: &[Statement]) -> bool {
    plan.iter().any(|statement| match &statement.kind {
        StatementKind::Sql(sql) => statement.changes.is_some() && by_name(sql),
        // An index of another name would be made again.
        StatementKind::Capture { .. } => true,
        StatementKind::Restore { .. }
        | StatementKind::Together { .. }
        | StatementKind::Look { .. }
        | StatementKind::Rust { .. } => false,
    })
}

/// The names of all indexes and constraints.
async fn known<C: Connection>(connection: &mut C) -> Result<BTreeSet<String>> {
    let sql = match connection.dialect() {
        Dialect::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'index'",
        Dialect::Postgres => {
            "SELECT relname::text FROM pg_class WHERE relkind IN ('i', 'I') AND pg_table_is_visible(oid) \
             UNION SELECT conname::text FROM pg_constraint WHERE conrelid <> 0 AND pg_table_is_visible(conrelid)"
        }
        Dialect::MariaDb | Dialect::MySql => {
            "SELECT index_name FROM information_schema.statistics WHERE table_schema = DATABASE() \
             UNION SELECT constraint_name FROM information_schema.table_constraints WHERE table_schema = DATABASE()"
        }
    };
    let rows = connection.query(sql).await.map_err(database("the live schema cannot be read"))?;
    Ok(rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect())
}

/// Reads the names, if one of these plans drops something by its name and the database lacks one of the state's.
pub(super) async fn read<C: Connection>(
    connection: &mut C,
    state: &Schema,
    plans: &[Vec<Statement>],
) -> Result<Option<Names>> {
    let mut names = look(connection, state, plans, false).await?;
    if let Some(names) = &mut names {
        names.indexes = names.of_models(state);
    }
    Ok(names)
}

/// The same for a migration that stopped: what its model's indexes are called cannot be told any more. It is read in any case
/// where names were kept.
pub(super) async fn look<C: Connection>(
    connection: &mut C,
    state: &Schema,
    plans: &[Vec<Statement>],
    kept: bool,
) -> Result<Option<Names>> {
    if !kept && !plans.iter().any(|plan| matters(plan)) {
        return Ok(None);
    }
    let (dialect, known) = (connection.dialect(), known(connection).await?);
    let there = |name: &Option<String>| name.as_ref().is_none_or(|name| known.contains(name));
    let of_field = |names: &FieldNames| {
        let constraints = dialect == Dialect::Sqlite || there(&names.unique) && there(&names.foreign_key);
        constraints && there(&names.index) && (dialect != Dialect::Postgres || there(&names.like))
    };
    let all = state.models.values().filter(|model| model.managed).all(|model| {
        let key = dialect != Dialect::Postgres || there(&model.names.primary_key);
        let through = |names: &FieldNames| names.through.as_ref().is_none_or(|sides| sides.iter().all(of_field));
        // Within a table SQLite has no names.
        let constraint = |name: &str| model.constraints.iter().any(|constraint| constraint.name() == name);
        let there = |name: &str| known.contains(name) || dialect == Dialect::Sqlite && constraint(name);
        let hung = hung(model).all(|own| there(own.name));
        let others = said(dialect, model).all(|own| known.contains(own.name()));
        key && hung && others && model.fields.iter().all(|field| of_field(&field.names) && through(&field.names))
    });
    if all && !kept {
        return Ok(None);
    }
    let mut unique_indexes = BTreeSet::new();
    if dialect == Dialect::Postgres {
        let sql = "SELECT x.relname::text FROM pg_index AS i JOIN pg_class AS x ON x.oid = i.indexrelid \
                   WHERE i.indisunique AND pg_table_is_visible(i.indrelid) \
                   AND NOT EXISTS (SELECT 1 FROM pg_constraint AS c WHERE c.conindid = i.indexrelid)";
        let rows = connection.query(sql).await.map_err(database("the live schema cannot be read"))?;
        unique_indexes = rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect();
    }
    let live = introspect(connection).await?;
    let looked = looked(state, &live);
    let own: BTreeSet<String> = of_state(state).into_iter().collect();
    let found = known.difference(&own).cloned().collect();
    Ok(Some(Names { dialect, live, known, unique_indexes, looked, found, indexes: BTreeMap::new() }))
}

/// An index or unique constraint of all rows.
#[derive(Clone, Copy)]
struct Hung<'m> {
    name: &'m str,
    on: &'m [IndexPart],
    include: &'m [String],
    method: Option<&'m str>,
    unique: bool,
    nulls_equal: bool,
}

/// The indexes and unique constraints of a model.
fn hung(model: &Model) -> impl Iterator<Item = Hung<'_>> {
    let whole = |constraint| match constraint {
        &Constraint::Unique { ref name, ref on, condition: None, ref include, nulls_equal, .. } => {
            Some(Hung { name, on, include, method: None, unique: true, nulls_equal })
        }
        _ => None,
    };
    let indexes = model.indexes.iter().filter(|index| index.condition.is_none()).map(|index| Hung {
        name: &index.name,
        on: &index.on,
        include: &index.include,
        method: index.method.as_deref().filter(|method| !method.eq_ignore_ascii_case("btree")),
        unique: false,
        nulls_equal: false,
    });
    indexes.chain(model.constraints.iter().filter_map(whole))
}

/// An index or a constraint that is known by all that it says, and not by its columns alone.
#[derive(Clone, Copy)]
enum Said<'m> {
    Index(&'m Index),
    Constraint(&'m Constraint),
}

impl<'m> Said<'m> {
    fn name(self) -> &'m str {
        match self {
            Said::Index(index) => &index.name,
            Said::Constraint(constraint) => constraint.name(),
        }
    }

    /// Whether both say the same, whatever they are called.
    fn is(self, other: Said<'_>) -> bool {
        match (self, other) {
            (Said::Index(one), Said::Index(two)) => Index { name: two.name.clone(), ..one.clone() } == *two,
            (Said::Constraint(one), Said::Constraint(two)) => one.named(two.name()) == *two,
            (Said::Index(_), Said::Constraint(_)) | (Said::Constraint(_), Said::Index(_)) => false,
        }
    }
}

/// What of a model is about some rows or over expressions, and the constraints that have no index's form.
fn said(dialect: Dialect, model: &Model) -> impl Iterator<Item = Said<'_>> {
    let special = |on: &[IndexPart], condition: &Option<Expr>| {
        condition.is_some() || on.iter().any(|part| part.field().is_none())
    };
    let indexes = model.indexes.iter().filter(move |index| special(&index.on, &index.condition)).map(Said::Index);
    let constraints = model.constraints.iter().filter(move |constraint| match constraint {
        Constraint::Unique { on, condition, .. } => special(on, condition),
        // Within a table SQLite has no names.
        Constraint::Check { .. } | Constraint::ForeignKey { .. } | Constraint::Exclude { .. } => {
            dialect != Dialect::Sqlite
        }
    });
    indexes.chain(constraints.map(Said::Constraint))
}

/// Whether both are over the same columns in the same order, and made alike. None is what has expressions.
fn alike((model, own): (&Model, Hung<'_>), (live, other): (&Model, Hung<'_>)) -> bool {
    let column = |model: &Model, name: &str| -> String {
        model.field(name).map_or(name, |field| &field.column).to_ascii_lowercase()
    };
    let part = |one: &IndexPart, two: &IndexPart| {
        let columns = one.field().map(|name| column(model, name)).zip(two.field().map(|name| column(live, name)));
        columns.is_some_and(|(one, two)| one == two)
            && (one.descending, &one.opclass, one.nulls) == (two.descending, &two.opclass, two.nulls)
    };
    let included = |model: &Model, hung: Hung<'_>| -> Vec<String> {
        hung.include.iter().map(|name| column(model, name)).collect()
    };
    own.on.len() == other.on.len()
        && own.on.iter().zip(other.on).all(|(one, two)| part(one, two))
        && included(model, own) == included(live, other)
        && (own.method, own.unique, own.nulls_equal) == (other.method, other.unique, other.nulls_equal)
}

/// All names that a state has for indexes and constraints.
fn of_state(state: &Schema) -> Vec<String> {
    let of =
        |names: &FieldNames| [names.index.clone(), names.like.clone(), names.unique.clone(), names.foreign_key.clone()];
    let mut all = Vec::new();
    for model in state.models.values() {
        all.extend(model.names.primary_key.clone());
        all.extend(model.indexes.iter().map(|index| index.name.clone()));
        all.extend(model.constraints.iter().map(|constraint| constraint.name().to_owned()));
        for field in &model.fields {
            all.extend(of(&field.names).into_iter().flatten());
            all.extend(field.names.through.iter().flat_map(|sides| sides.iter()).flat_map(of).flatten());
        }
    }
    all
}

/// The names of the state's fields whose columns are there, and so all that hangs on them is known.
fn looked(state: &Schema, live: &Live) -> BTreeSet<String> {
    let mut looked = BTreeSet::new();
    let mut look = |table: &str, column: &str, names: &FieldNames| {
        let found = live.schema.models.get(&Live::key(table));
        if found.is_some_and(|found| found.fields.iter().any(|other| other.column.eq_ignore_ascii_case(column))) {
            looked
                .extend([&names.index, &names.like, &names.unique, &names.foreign_key].into_iter().flatten().cloned());
            looked.insert(naming::field_index(table, column));
        }
    };
    for model in state.models.values().filter(|model| model.managed) {
        for field in &model.fields {
            if field.has_column() {
                look(&model.table, &field.column, &field.names);
            }
            if let (Some(many), Some(sides)) = (field.own_table(), &field.names.through) {
                look(&many.table, &many.source_column, &sides[0]);
                look(&many.table, &many.target_column, &sides[1]);
            }
        }
    }
    looked
}

impl Names {
    /// What is there under another name than the state's, of the same columns in the same order.
    fn of_models(&self, state: &Schema) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        for model in state.models.values().filter(|model| model.managed) {
            let Some(live) = self.live.schema.models.get(&Live::key(&model.table)) else { continue };
            for own in hung(model).filter(|own| !self.known.contains(own.name)) {
                let same = |other: &Hung<'_>| self.found.contains(other.name) && alike((model, own), (live, *other));
                if let Some(other) = hung(live).find(same) {
                    found.insert(own.name.to_owned(), other.name.to_owned());
                }
            }
        }
        let stored = as_stored(self.dialect, state).ok();
        for model in stored.iter().flat_map(|stored| stored.schema.models.values()) {
            let Some(live) = self.live.schema.models.get(&model.key) else { continue };
            for own in said(self.dialect, model).filter(|own| !self.known.contains(own.name())) {
                let same = |other: &Said<'_>| {
                    let free = self.found.contains(other.name()) && !found.values().any(|name| name == other.name());
                    free && own.is(*other)
                };
                if let Some(other) = said(self.dialect, live).find(same) {
                    found.insert(own.name().to_owned(), other.name().to_owned());
                }
            }
        }
        found
    }

    /// What is to be known of a state when its migration stops: none if its names are those of the database.
    pub(super) fn keep(&self, state: &Schema, indexes: &BTreeMap<String, String>) -> Result<Option<Kept>> {
        Ok(Some(Kept::of(state, &self.found, indexes)?).filter(|kept| !kept.is_empty()))
    }

    /// Gives the state the names that the database has.
    pub(super) fn give(&self, state: &mut Schema) {
        for model in state.models.values_mut().filter(|model| model.managed) {
            if let Some(found) = self.live.schema.models.get(&Live::key(&model.table)) {
                take(&mut model.names.primary_key, found.names.primary_key.as_ref(), &self.known);
                let table = model.table.as_str();
                for field in model.fields.iter_mut().filter(|field| field.has_column()) {
                    let live = found.fields.iter().find(|other| other.column.eq_ignore_ascii_case(&field.column));
                    let Some(live) = live else { continue };
                    // Only of what the field has by itself: another index of its column is somebody else's.
                    let refers = field.relation.is_some();
                    let leans = refers && !field.index && self.dialect.capabilities().foreign_key_needs_index;
                    let mut of = live.names.clone();
                    of.index.take_if(|_| !field.index && !leans);
                    of.unique.take_if(|_| !field.unique);
                    of.foreign_key.take_if(|_| !refers);
                    of.like.take_if(|_| !(field.index || field.unique));
                    let rule = naming::field_index(table, &field.column);
                    if leans && field.names.index.is_none() && self.known.contains(&rule) {
                        of.index = None;
                    }
                    names(&mut field.names, &of, &self.known);
                }
            }
            for field in &mut model.fields {
                let Some(many) = field.own_table().cloned() else { continue };
                let Some(found) = self.live.schema.models.get(&Live::key(&many.table)) else { continue };
                let Some(sides) = &mut field.names.through else { continue };
                for (side, column) in sides.iter_mut().zip([&many.source_column, &many.target_column]) {
                    if let Some(live) = found.fields.iter().find(|other| other.column.eq_ignore_ascii_case(column)) {
                        names(side, &live.names, &self.known);
                    }
                    let both =
                        |constraint: &&Constraint| matches!(constraint, Constraint::Unique { on, .. } if on.len() == 2);
                    let unique = found.constraints.iter().find(both).map(|unique| unique.name().to_owned());
                    take(&mut side.unique, unique.as_ref(), &self.known);
                }
            }
        }
    }

    /// Drops as an index what is unique by an index only, and an index of a field, if it is there. Of other indexes it is not
    /// known what the database calls them: to drop those under a name that is not there fails.
    pub(super) fn mend(&self, statements: &mut [Statement], indexes: &mut BTreeMap<String, String>) {
        for statement in statements.iter_mut().filter(|statement| statement.changes.is_some()) {
            if let StatementKind::Capture { known, .. } = &mut statement.kind {
                // After the table is made anew, they have our names or are gone.
                let others: Vec<String> = known.indexes.iter().filter_map(|name| indexes.remove(name)).collect();
                known.indexes.extend(others);
                continue;
            }
            let StatementKind::Sql(sql) = &mut statement.kind else { continue };
            let named = indexes.iter().find(|(own, _)| by_name(sql) && sql.contains(&self.dialect.quote(own)));
            if let Some((own, other)) = named.map(|(own, other)| (own.clone(), other.clone())) {
                *sql = sql.replacen(&self.dialect.quote(&own), &self.dialect.quote(&other), 1);
                if let Recheck::Query(done) | Recheck::Clear { done, .. } = &mut statement.recheck {
                    *done = done.replace(&format!("'{own}'"), &format!("'{other}'"));
                }
                // It is gone, or has the name that it is given.
                indexes.remove(&own);
            }
            if let Some((_, name)) = sql.split_once(" DROP CONSTRAINT ")
                && self.unique_indexes.iter().any(|index| self.dialect.quote(index) == name)
            {
                *sql = format!("DROP INDEX {name}");
                continue;
            }
            let how = ["DROP INDEX CONCURRENTLY ", "DROP INDEX "].into_iter().find(|how| sql.starts_with(how));
            let Some((how, rest)) = how.and_then(|how| Some((how, sql.strip_prefix(how)?))) else { continue };
            let among = |names: &BTreeSet<String>| names.iter().any(|name| rest.starts_with(&self.dialect.quote(name)));
            if !among(&self.known) && among(&self.looked) && self.dialect != Dialect::MySql {
                *sql = format!("{how}IF EXISTS {rest}");
            }
        }
    }
}

fn names(own: &mut FieldNames, live: &FieldNames, known: &BTreeSet<String>) {
    take(&mut own.index, live.index.as_ref(), known);
    take(&mut own.like, live.like.as_ref(), known);
    take(&mut own.unique, live.unique.as_ref(), known);
    take(&mut own.foreign_key, live.foreign_key.as_ref(), known);
}

/// Takes the name that the database has for something, unless it has one by ours.
fn take(own: &mut Option<String>, live: Option<&String>, known: &BTreeSet<String>) {
    if let Some(live) = live
        && own.as_ref().is_none_or(|own| !known.contains(own))
    {
        *own = Some(live.clone());
    }
}
