//! Taking over a database whose tables are there already (`--fake-initial`).

use std::collections::{BTreeMap, BTreeSet};

use super::{Connection, live};
use crate::condition::IndexPart;
use crate::error::{Result, error};
use crate::graph::MigrationSet;
use crate::introspect::{Live, introspect};
use crate::migration::{Migration, MigrationId};
use crate::operation::Operation;
use crate::plan::{Statement, StatementKind, through_model};
use crate::schema::{Constraint, Field, Index, Model, ModelKey};
use crate::sql::Dialect;

/// The migrations of a run that are only recorded: of each application the first, and those that follow it without a gap, as
/// long as they only make what is there.
#[derive(Debug, Default)]
pub(super) struct Adoption {
    taken: BTreeSet<MigrationId>,
    /// What they make.
    models: BTreeMap<ModelKey, Model>,
}

/// SQL that does no harm where it is run again, and belongs to what is made.
fn is_extension(sql: &str) -> bool {
    let words = sql.split_whitespace().take(5).map(str::to_ascii_uppercase).collect::<Vec<_>>().join(" ");
    words == "CREATE EXTENSION IF NOT EXISTS" && !sql.trim_end().trim_end_matches(';').contains(';')
}

/// Leaves of a plan what is to be run even where all that it makes is there.
pub(super) fn leave_extensions(statements: &mut Vec<Statement>) {
    statements.retain(|statement| matches!(&statement.kind, StatementKind::Sql(sql) if is_extension(sql)));
}

impl Adoption {
    /// What is to be taken over after what is applied: a run that stopped half way goes on where it was.
    pub(super) fn after(dialect: Dialect, set: &MigrationSet, applied: &BTreeSet<MigrationId>) -> Result<Adoption> {
        let mut adoption = Adoption { taken: BTreeSet::new(), models: set.replay(|id| applied.contains(id))?.models };
        loop {
            let more: Vec<MigrationId> = set
                .iter()
                .filter(|migration| applied.contains(&migration.id) && !adoption.taken.contains(&migration.id))
                .filter(|migration| adoption.may_take(dialect, migration))
                .map(|migration| migration.id.clone())
                .collect();
            if more.is_empty() {
                return Ok(adoption);
            }
            adoption.taken.extend(more);
        }
    }

    /// Whether it is one of those that are only recorded.
    pub(super) fn has(&self, id: &MigrationId) -> bool {
        self.taken.contains(id)
    }

    /// Whether a migration only makes things, and follows those that are taken over.
    fn may_take(&self, dialect: Dialect, migration: &Migration) -> bool {
        let follows = |needed: &MigrationId| needed.app != migration.id.app || self.taken.contains(needed);
        let makes = |operation: &Operation| match operation {
            Operation::CreateModel(_)
            | Operation::AddField { .. }
            | Operation::AddIndex { .. }
            | Operation::AddConstraint { .. } => true,
            Operation::RunSql { sql, state, .. } => {
                let statements = sql.statements(dialect).unwrap_or_default();
                state.is_empty() && statements.iter().all(|sql| is_extension(sql))
            }
            _ => false,
        };
        migration.depends_on.iter().all(follows) && migration.operations.iter().all(makes)
    }

    /// Whether everything that a migration makes is there: then it need only be recorded. `M087` if a part is.
    pub(super) async fn takes<C: Connection>(&mut self, connection: &mut C, migration: &Migration) -> Result<bool> {
        if !self.may_take(connection.dialect(), migration) {
            return Ok(false);
        }
        let mut models = self.models.clone();
        let mut made: Vec<Model> = Vec::new();
        let mut added: Vec<(String, &Field)> = Vec::new();
        let mut hung: Vec<(&ModelKey, Hung<'_>)> = Vec::new();
        for operation in &migration.operations {
            match operation {
                Operation::CreateModel(model) => drop(models.insert(model.key.clone(), model.clone())),
                Operation::AddField { model, field, .. } => {
                    let Some(owner) = models.get_mut(model) else { return Ok(false) };
                    owner.fields.push(field.clone());
                    if !owner.managed || !self.models.contains_key(model) {
                        continue;
                    }
                    made.extend(through_model(owner, field));
                    if field.has_column() {
                        added.push((owner.table.clone(), field));
                    }
                }
                Operation::AddIndex { model, index } => hung.push((model, Hung::Index(index))),
                Operation::AddConstraint { model, constraint } => hung.push((model, Hung::Constraint(constraint))),
                _ => {}
            }
        }
        for model in models.values().filter(|model| model.managed && !self.models.contains_key(&model.key)) {
            made.extend(model.fields.iter().filter_map(|field| through_model(model, field)));
            made.push(model.clone());
        }
        let (mut there, mut missing) = (Vec::new(), Vec::new());
        let has = |live: &[String], name: &str| live.iter().any(|column| column.eq_ignore_ascii_case(name));
        for model in &made {
            let live = live::columns(connection, &model.table).await?;
            if live.is_empty() {
                missing.push(format!("the table `{}`", model.table));
                continue;
            }
            there.push(format!("`{}`", model.table));
            let gone = |field: &&Field| field.has_column() && !has(&live, &field.column);
            let columns = model.fields.iter().filter(gone);
            missing.extend(columns.map(|field| format!("the column `{}`.`{}`", model.table, field.column)));
        }
        // What hangs on tables is only looked for where they were there before: of those that are made the tables tell.
        hung.retain(|(key, _)| self.models.contains_key(*key));
        if !added.is_empty() || !hung.is_empty() {
            let live = introspect(connection).await?;
            for (table, field) in &added {
                let column = format!("the column `{table}`.`{}`", field.column);
                if !has(&live::columns(connection, table).await?, &field.column) {
                    missing.push(column);
                    continue;
                }
                missing.extend(bare(table, field, &live).map(|what| format!("{what} of {column}")));
                there.push(column);
            }
            for (key, what) in hung {
                let Some(model) = models.get(key) else { return Ok(false) };
                if !model.managed {
                    continue;
                }
                let found = what.is_in(model, &live);
                if found { &mut there } else { &mut missing }.push(format!("`{}` of `{}`", what.name(), model.table));
            }
        }
        if !there.is_empty() && !missing.is_empty() {
            let (there, missing) = (there.join(", "), missing.join(", "));
            return Err(error!(M087, "`{}`: {there} are there, but {missing} is not", migration.id)
                .with_hint("make the models like the tables that exist (or the tables like the models) before the first migration is recorded"));
        }
        if there.is_empty() {
            return Ok(false);
        }
        self.taken.insert(migration.id.clone());
        self.models = models;
        Ok(true)
    }
}

/// What a field has, and its column in the database has not.
fn bare(table: &str, field: &Field, live: &Live) -> Option<&'static str> {
    let found = live.schema.models.get(&Live::key(table))?;
    let column = found.fields.iter().find(|other| other.column.eq_ignore_ascii_case(&field.column))?;
    let key = found.primary_key.as_slice() == [column.name.clone()];
    let only = |constraint: &Constraint| match constraint {
        Constraint::Unique { on, condition: None, .. } => {
            matches!(on.as_slice(), [part] if part.field() == Some(&column.name))
        }
        _ => false,
    };
    let first = |on: &[IndexPart]| on.first().is_some_and(|part| part.field() == Some(&column.name));
    let unique = key || column.unique || found.constraints.iter().any(only);
    let whole = |index: &Index| index.condition.is_none() && first(&index.on);
    let leads =
        |constraint: &Constraint| matches!(constraint, Constraint::Unique { on, condition: None, .. } if first(on));
    let indexed = unique || column.index || found.indexes.iter().any(whole) || found.constraints.iter().any(leads);
    let refers = field.relation.as_ref().is_some_and(|relation| relation.db_constraint);
    if field.unique && !unique {
        Some("the unique key")
    } else if refers && column.relation.is_none() {
        Some("the foreign key")
    } else if field.index && !indexed {
        Some("the index")
    } else {
        None
    }
}

/// What hangs on a table.
enum Hung<'a> {
    Index(&'a Index),
    Constraint(&'a Constraint),
}

impl Hung<'_> {
    fn name(&self) -> &str {
        match self {
            Hung::Index(index) => &index.name,
            Hung::Constraint(constraint) => constraint.name(),
        }
    }

    /// Whether the database has it: by its name, or of the same columns.
    fn is_in(&self, model: &Model, live: &Live) -> bool {
        let Some(found) = live.schema.models.get(&Live::key(&model.table)) else { return false };
        let same = |one: &[IndexPart], other: &[IndexPart]| {
            let own = columns(model, one);
            own.is_some() && own == columns(found, other)
        };
        let method = |index: &Index| index.method.clone().filter(|method| !method.eq_ignore_ascii_case("btree"));
        let alike = match self {
            Hung::Index(own) => found.indexes.iter().any(|other| {
                own.condition.is_none()
                    && other.condition.is_none()
                    && same(&own.on, &other.on)
                    && method(own) == method(other)
            }),
            Hung::Constraint(Constraint::Unique { on, condition: None, nulls_equal, .. }) => {
                found.constraints.iter().any(|other| match other {
                    Constraint::Unique { on: other, condition: None, nulls_equal: equal, .. } => {
                        same(on, other) && nulls_equal == equal
                    }
                    _ => false,
                })
            }
            Hung::Constraint(_) => false,
        };
        let named = |name: &str| name.eq_ignore_ascii_case(self.name());
        // Of one column they are what the live field has.
        let of_field = |unique: bool, on: &[IndexPart]| {
            let on = columns(model, on).unwrap_or_default();
            let [(column, false)] = on.as_slice() else { return false };
            found.fields.iter().any(|field| {
                field.column.eq_ignore_ascii_case(column) && if unique { field.unique } else { field.index }
            })
        };
        let alone = match self {
            Hung::Index(own) => own.condition.is_none() && method(own).is_none() && of_field(false, &own.on),
            Hung::Constraint(Constraint::Unique { on, condition: None, nulls_equal: false, .. }) => of_field(true, on),
            Hung::Constraint(_) => false,
        };
        // What is not understood is told by its name.
        let noted = || live.notes.iter().any(|note| note.table == model.table && named(&note.about));
        alike
            || alone
            || noted()
            || found.indexes.iter().any(|index| named(&index.name))
            || found.constraints.iter().any(|constraint| named(constraint.name()))
    }
}

/// The columns of an index without expressions.
fn columns(model: &Model, on: &[IndexPart]) -> Option<Vec<(String, bool)>> {
    let column = |part: &IndexPart| {
        let name = part.field()?;
        let column = model.field(name).map_or(name, |field| &field.column);
        Some((column.to_ascii_lowercase(), part.descending))
    };
    on.iter().map(column).collect()
}
