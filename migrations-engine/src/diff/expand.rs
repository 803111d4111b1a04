//! Renames that programs of the version before do not notice: the old name goes on to work until they are gone.
//!
//! A column gets a second one beside it, and triggers that give each the values of the other; a table leaves a view under its
//! old name. Where that cannot be done the rename stays as it is, and `lint` tells what it breaks.

use std::collections::BTreeMap;

use crate::naming;
use crate::operation::{Operation, SqlText};
use crate::plan::made_tables;
use crate::schema::{Constraint, Field, Model, ModelKey, Schema};
use crate::sql::Dialect;

/// A rename in steps.
pub(super) struct Expanded {
    /// What makes both names work.
    pub(super) now: Vec<Operation>,
    /// Whether rows are changed by it, so that it is no matter of a moment.
    pub(super) long: bool,
    /// What takes the old name away, when nobody uses it any more,
    pub(super) later: Vec<Operation>,
    /// and what goes before all such.
    pub(super) first: Vec<Operation>,
}

/// The steps for one of some operations, if it is such a rename; `state` is what it changes.
pub(super) fn expanded(state: &Schema, operations: &[Operation], at: usize) -> Option<Expanded> {
    let operation = operations.get(at)?;
    match operation {
        Operation::RenameField { .. } => column(state, operations, at),
        Operation::RenameModel { .. } | Operation::RenameTable { .. } => table(state, operations, at),
        _ => None,
    }
}

/// Whether another operation has nothing to do with a field that is renamed.
fn leaves_field(other: &Operation, model: &ModelKey, from: &str, to: &str) -> bool {
    let is = |name: &str| name == from || name == to;
    let computed =
        |field: &Field| field.generated.as_ref().is_some_and(|generated| generated.expr.fields().into_iter().any(is));
    match other {
        Operation::RenameModel { model: old, to, .. } => old != model && (old.app != model.app || *to != model.name),
        Operation::MoveModel { model: new, from } => new != model && from != model,
        other if other.model() != Some(model) => true,
        Operation::AddField { field, fill, .. } => {
            !is(&field.name) && !computed(field) && !fill.as_ref().is_some_and(|fill| fill.fields().into_iter().any(is))
        }
        Operation::AlterField { field, .. } => !is(&field.name) && !computed(field),
        Operation::RemoveField { field, .. } => !is(field),
        Operation::RenameField { field, to, .. } => !is(field) && !is(to),
        Operation::AddIndex { index, .. } => !index.fields().into_iter().any(is),
        Operation::AddConstraint { constraint, .. } => !constraint.fields().into_iter().any(is),
        Operation::AlterComment { .. }
        | Operation::RemoveIndex { .. }
        | Operation::RenameIndex { .. }
        | Operation::RemoveConstraint { .. }
        | Operation::RenameConstraint { .. } => true,
        _ => false,
    }
}

/// A field that can be there under both names for a time.
struct Renamed<'o> {
    model: &'o ModelKey,
    from: &'o str,
    to: &'o str,
    old: Field,
    new: Field,
}

/// The rename of a field, if it is one that can be done in steps.
fn renamed<'o>(state: &Schema, operations: &'o [Operation], at: usize) -> Option<Renamed<'o>> {
    let operation = operations.get(at)?;
    let Operation::RenameField { model, field: from, to, .. } = operation else { return None };
    let mut others = operations.iter().enumerate().filter(|(other, _)| *other != at);
    let owner = state.models.get(model).filter(|owner| owner.managed)?;
    let old = owner.field(from)?.clone();
    let mut after = state.clone();
    operation.apply(&mut after).ok()?;
    let new = after.models.get(model)?.field(to)?.clone();
    let plain = old.has_column() && old.generated.is_none() && !old.auto && old.db_default.is_none();
    // What has been changed under the old name is in the state.
    let changed_before = |other: usize, operation: &Operation| {
        other < at
            && matches!(operation, Operation::AlterField { model: of, field, .. } if of == model && field.name == *from)
    };
    let leaves = |(other, operation): (usize, &Operation)| {
        leaves_field(operation, model, from, to) || changed_before(other, operation)
    };
    if !plain || old.column == new.column || !others.all(leaves) {
        return None;
    }
    // Indexes and constraints are there twice; what else uses it (a key, something computed, a relation) cannot be.
    let mut without = state.clone();
    let uses = uses(owner, &[(from, to)]);
    let owner = without.models.get_mut(model)?;
    owner.indexes.retain(|index| !uses.contains(&(true, index.name.as_str())));
    owner.constraints.retain(|it| matches!(it, Constraint::Exclude { .. }) || !uses.contains(&(false, it.name())));
    Operation::RemoveField { model: model.clone(), field: from.clone() }.apply(&mut without).ok()?;
    Some(Renamed { model, from, to, old, new })
}

fn column(state: &Schema, operations: &[Operation], at: usize) -> Option<Expanded> {
    let Renamed { model: key, from, to, old, new } = renamed(state, operations, at)?;
    let owner = state.models.get(key)?;
    // Of several fields of a model, the last sees to what stands on them.
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    let mut is_last = true;
    for (other, operation) in operations.iter().enumerate() {
        let Operation::RenameField { model, field, to, .. } = operation else { continue };
        if model != key {
            continue;
        }
        if other > at {
            is_last &= renamed(state, operations, other).is_none();
        } else if other == at || (owner.field(field).is_some() && owner.field(to).is_some()) {
            pairs.push((field, to));
        }
    }
    let Copies { made, dropped, renamed } = match is_last {
        true => copies(owner, &pairs, &operations[at + 1..])?,
        false => Copies::default(),
    };
    let model = key.clone();
    let removal = Operation::RemoveField { model: key.clone(), field: from.to_owned() };
    let beside = Field { null: true, default: None, names: Default::default(), ..new.clone() };
    let keys: Vec<&str> = owner.primary_key.iter().filter_map(|key| Some(owner.field(key)?.column.as_str())).collect();
    let both = Both { table: &owner.table, old: &old.column, new: &new.column, keys };
    let mut now = Vec::new();
    if !old.null {
        // Programs that do not know it any more give it no value.
        let field = Field { null: true, ..old.clone() };
        now.push(Operation::AlterField { model: model.clone(), field, fill: None });
    }
    now.push(Operation::AddField { model: model.clone(), field: beside.clone(), fill: None });
    now.push(Operation::RunSql {
        describe: format!("{from} and {to} follow each other"),
        sql: both.follow(),
        reverse: Some(both.stop()),
        state: Vec::new(),
        elidable: false,
    });
    now.push(Operation::RunSql {
        describe: format!("copy {from} to {to}"),
        sql: both.copy(&new.column, &old.column),
        reverse: Some(SqlText::new().with("all", [])),
        state: Vec::new(),
        elidable: false,
    });
    now.extend(made);
    let mut later = vec![Operation::RunSql {
        describe: format!("{from} no longer follows {to}"),
        sql: both.stop(),
        // The column is there again, and has no values.
        reverse: Some(both.follow_again()),
        state: Vec::new(),
        elidable: false,
    }];
    if new != beside {
        let field = Field { names: Default::default(), ..new };
        later.push(Operation::AlterField { model: model.clone(), field, fill: None });
    }
    later.push(removal);
    later.extend(renamed);
    Some(Expanded { now, long: true, later, first: dropped })
}

/// The indexes and constraints of a model that fields stand in which get other names, and whether each is an index.
fn uses<'m>(owner: &'m Model, pairs: &[(&str, &str)]) -> Vec<(bool, &'m str)> {
    let indexes = owner.indexes.iter().map(|index| (true, &*index.name, index.fields()));
    let constraints = owner.constraints.iter().map(|it| (false, it.name(), it.fields()));
    let all = indexes.chain(constraints);
    all.filter(|(.., fields)| pairs.iter().any(|(from, _)| fields.contains(from)))
        .map(|(is_index, name, _)| (is_index, name))
        .collect()
}

/// Indexes and constraints over fields, once more over the fields that take their places.
#[derive(Default)]
struct Copies {
    made: Vec<Operation>,
    /// Before the old fields go, those over them do,
    dropped: Vec<Operation>,
    /// and then the new ones get their names.
    renamed: Vec<Operation>,
}

fn copies(owner: &Model, pairs: &[(&str, &str)], following: &[Operation]) -> Option<Copies> {
    let mut copies = Copies::default();
    let mut rename = |name: &mut String| {
        if let Some((_, to)) = pairs.iter().find(|(from, _)| from == name) {
            (*to).clone_into(name);
        }
    };
    let (from, to) = *pairs.first()?;
    for (is_index, old) in uses(owner, pairs) {
        let model = owner.key.clone();
        // What the operations that follow make of it.
        let gone = |other: &Operation| match other {
            Operation::RemoveIndex { model, name } | Operation::RemoveConstraint { model, name } => {
                *model == owner.key && name == old
            }
            _ => false,
        };
        if following.iter().any(gone) {
            continue;
        }
        let called = following.iter().find_map(|other| match other {
            Operation::RenameIndex { model, name, to } | Operation::RenameConstraint { model, name, to } => {
                (*model == owner.key && name == old).then_some(to)
            }
            _ => None,
        });
        let name = called.map_or_else(|| old.to_owned(), String::clone);
        let meanwhile = naming::follower(&owner.table, from, to, &naming::short(&name));
        if is_index {
            let mut index = owner.indexes.iter().find(|index| index.name == old)?.clone();
            index.rename_fields(&mut rename);
            index.name.clone_from(&meanwhile);
            copies.made.push(Operation::AddIndex { model: model.clone(), index });
            copies.dropped.push(Operation::RemoveIndex { model: model.clone(), name: name.clone() });
            copies.renamed.push(Operation::RenameIndex { model, name: meanwhile, to: name });
        } else {
            let old = owner.constraints.iter().find(|constraint| constraint.name() == old)?;
            if matches!(old, Constraint::Exclude { .. }) {
                return None;
            }
            let mut constraint = old.named(&meanwhile);
            constraint.rename_fields(&mut rename);
            copies.made.push(Operation::AddConstraint { model: model.clone(), constraint });
            copies.dropped.push(Operation::RemoveConstraint { model: model.clone(), name: name.clone() });
            copies.renamed.push(Operation::RenameConstraint { model, name: meanwhile, to: name });
        }
    }
    Some(copies)
}

/// Two columns with the same values.
struct Both<'m> {
    table: &'m str,
    old: &'m str,
    new: &'m str,
    keys: Vec<&'m str>,
}

/// Texts for all databases; MySQL's are MariaDB's.
fn texts(of: impl Fn(Dialect) -> Vec<String>) -> SqlText {
    let mut text = SqlText::new();
    for (name, dialect) in [("sqlite", Dialect::Sqlite), ("postgres", Dialect::Postgres), ("mysql", Dialect::MySql)] {
        text.by_database.insert(name.to_owned(), of(dialect));
    }
    text
}

impl Both<'_> {
    /// The names of the triggers: when rows come, when the old column changes, and the new one.
    fn names(&self) -> [String; 3] {
        ["come", "old", "new"].map(|what| naming::follower(self.table, self.old, self.new, what))
    }

    fn follow(&self) -> SqlText {
        texts(|dialect| self.follow_on(dialect))
    }

    fn follow_on(&self, dialect: Dialect) -> Vec<String> {
        let quote = |name: &str| dialect.quote(name);
        let (table, old, new) = (quote(self.table), quote(self.old), quote(self.new));
        let [come, by_old, by_new] = self.names().map(|name| quote(&name));
        match dialect {
            // Where both are changed, the new one counts; where none is, each stays as it is. What is compared is what is stored,
            // whatever the collation.
            Dialect::Postgres => vec![
                format!(
                    "CREATE FUNCTION {come}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                     IF TG_OP = 'INSERT' THEN NEW.{new} := COALESCE(NEW.{new}, NEW.{old}); NEW.{old} := NEW.{new}; \
                     ELSIF NEW.{new}::text COLLATE \"C\" IS DISTINCT FROM OLD.{new}::text COLLATE \"C\" THEN NEW.{old} := NEW.{new}; \
                     ELSIF NEW.{old}::text COLLATE \"C\" IS DISTINCT FROM OLD.{old}::text COLLATE \"C\" THEN NEW.{new} := NEW.{old}; \
                     END IF; RETURN NEW; END $$"
                ),
                format!(
                    "CREATE TRIGGER {come} BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {come}()"
                ),
            ],
            Dialect::MariaDb | Dialect::MySql => {
                // The text of a float has fewer digits than the float, and texts are equal by their collation.
                let kept = |column: &str| {
                    format!(
                        "NEW.{column} <=> OLD.{column} AND CAST(NEW.{column} AS BINARY) <=> CAST(OLD.{column} AS BINARY)"
                    )
                };
                let (kept_old, kept_new) = (kept(&old), kept(&new));
                vec![
                    format!(
                        "CREATE TRIGGER {come} BEFORE INSERT ON {table} FOR EACH ROW \
                         SET NEW.{new} = COALESCE(NEW.{new}, NEW.{old}), NEW.{old} = NEW.{new}"
                    ),
                    format!(
                        "CREATE TRIGGER {by_new} BEFORE UPDATE ON {table} FOR EACH ROW \
                         SET NEW.{old} = IF({kept_new}, NEW.{old}, NEW.{new}), \
                         NEW.{new} = IF({kept_old}, NEW.{new}, NEW.{old})"
                    ),
                ]
            }
            Dialect::Sqlite => {
                let row: Vec<String> = self.keys.iter().map(|key| format!("{0} IS NEW.{0}", quote(key))).collect();
                let row = row.join(" AND ");
                // The text of a float has fewer digits than the float, and texts are equal by their collation.
                let same = |one: String, other: String| {
                    format!("({one} IS {other} AND CAST({one} AS BLOB) IS CAST({other} AS BLOB))")
                };
                let kept = |column: &str| same(format!("NEW.{column}"), format!("OLD.{column}"));
                let (kept_old, kept_new) = (kept(&old), kept(&new));
                let alike = same(format!("NEW.{old}"), format!("NEW.{new}"));
                vec![
                    format!(
                        "CREATE TRIGGER {come} AFTER INSERT ON {table} WHEN NOT {alike} BEGIN \
                         UPDATE {table} SET {old} = COALESCE(NEW.{new}, NEW.{old}), {new} = COALESCE(NEW.{new}, NEW.{old}) \
                         WHERE {row}; END"
                    ),
                    format!(
                        "CREATE TRIGGER {by_old} AFTER UPDATE ON {table} \
                         WHEN {kept_new} AND NOT {kept_old} AND NOT {alike} BEGIN \
                         UPDATE {table} SET {new} = NEW.{old} WHERE {row}; END"
                    ),
                    format!(
                        "CREATE TRIGGER {by_new} AFTER UPDATE ON {table} \
                         WHEN NOT {kept_new} AND NOT {alike} BEGIN \
                         UPDATE {table} SET {old} = NEW.{new} WHERE {row}; END"
                    ),
                ]
            }
        }
    }

    fn stop(&self) -> SqlText {
        texts(|dialect| {
            let [come, by_old, by_new] = self.names().map(|name| dialect.quote(&name));
            match dialect {
                Dialect::Postgres => vec![
                    format!("DROP TRIGGER {come} ON {}", dialect.quote(self.table)),
                    format!("DROP FUNCTION {come}()"),
                ],
                Dialect::MariaDb | Dialect::MySql => {
                    vec![format!("DROP TRIGGER {come}"), format!("DROP TRIGGER {by_new}")]
                }
                Dialect::Sqlite => [come, by_old, by_new].map(|name| format!("DROP TRIGGER {name}")).to_vec(),
            }
        })
    }

    fn copy_on(&self, dialect: Dialect, to: &str, from: &str) -> String {
        let [table, to, from] = [self.table, to, from].map(|name| dialect.quote(name));
        format!("UPDATE {table} SET {to} = {from} WHERE {to} IS NULL AND {from} IS NOT NULL")
    }

    fn copy(&self, to: &str, from: &str) -> SqlText {
        texts(|dialect| vec![self.copy_on(dialect, to, from)])
    }

    /// What is written while the copy is made follows already.
    fn follow_again(&self) -> SqlText {
        texts(|dialect| {
            let mut statements = self.follow_on(dialect);
            statements.push(self.copy_on(dialect, self.old, self.new));
            statements
        })
    }
}

/// A table that gets another name, with the columns of both, in the same order.
struct Moved {
    old: String,
    new: String,
    columns: Vec<(String, String)>,
}

fn table(state: &Schema, operations: &[Operation], at: usize) -> Option<Expanded> {
    let operation = operations.get(at)?;
    let mut after = state.clone();
    operation.apply(&mut after).ok()?;
    let renamed = |key: &ModelKey| match operation {
        Operation::RenameModel { model, to, .. } if model == key => ModelKey::new(&*key.app, &**to),
        _ => key.clone(),
    };
    let mut moved = Vec::new();
    let mut touched: Vec<ModelKey> = Vec::new();
    let after_tables = tables(&after, ModelKey::clone);
    for (place, old) in tables(state, renamed) {
        let new = after_tables.get(&place)?;
        let columns = |model: &Model| -> Vec<String> {
            let columns = model.fields.iter().filter(|field| field.has_column());
            columns.map(|field| field.column.clone()).collect()
        };
        let columns: Vec<(String, String)> = columns(&old).into_iter().zip(columns(new)).collect();
        if old.table != new.table {
            moved.push(Moved { old: old.table.clone(), new: new.table.clone(), columns });
            touched.push(place.0);
        } else if columns.iter().any(|(old, new)| old != new) {
            // A view cannot have the name of its table.
            return None;
        }
    }
    // A view holds on to the columns that it has.
    let adds = |other: &Operation| {
        matches!(
            other,
            Operation::AddField { .. }
                | Operation::AddIndex { .. }
                | Operation::RemoveIndex { .. }
                | Operation::RenameIndex { .. }
                | Operation::AddConstraint { .. }
                | Operation::RemoveConstraint { .. }
                | Operation::RenameConstraint { .. }
        )
    };
    let elsewhere = |key: &ModelKey| !touched.contains(key) && !touched.contains(&renamed(key));
    // The name that another takes or gives: what is said of one by its name would be said of the other, too.
    let takes = |other: &Operation| match other {
        Operation::RenameModel { model, to, .. } => Some(ModelKey::new(&*model.app, &**to)),
        Operation::MoveModel { from, .. } => Some(from.clone()),
        _ => None,
    };
    let apart =
        |other: &Operation| other.model().is_none_or(elsewhere) && takes(other).is_none_or(|taken| elsewhere(&taken));
    let mut others = operations.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, other)| other);
    let alone = others.all(|other| adds(other) || apart(other));
    if moved.is_empty() || !alone {
        return None;
    }
    // A view cannot have the name of another's new table either.
    let mut end = after;
    operations[at + 1..].iter().try_for_each(|other| other.apply(&mut end)).ok()?;
    let taken = tables(&end, ModelKey::clone);
    if moved.iter().any(|moved| taken.values().any(|model| model.table.eq_ignore_ascii_case(&moved.old))) {
        return None;
    }
    let make = || {
        views(&moved, |dialect, moved| {
            let columns = moved.columns.iter().map(|(old, new)| match old == new {
                true => dialect.quote(new),
                false => format!("{} AS {}", dialect.quote(new), dialect.quote(old)),
            });
            let columns = columns.collect::<Vec<_>>().join(", ");
            format!("CREATE VIEW {} AS SELECT {columns} FROM {}", dialect.quote(&moved.old), dialect.quote(&moved.new))
        })
    };
    let drop = || views(&moved, |dialect, moved| format!("DROP VIEW {}", dialect.quote(&moved.old)));
    let first = moved.first()?;
    let step = |describe: String, sql: SqlText, reverse: SqlText| Operation::RunSql {
        describe,
        sql,
        reverse: Some(reverse),
        state: Vec::new(),
        elidable: false,
    };
    let now = vec![operation.clone(), step(format!("{} stays as a view", first.old), make(), drop())];
    let later = vec![step(format!("{} goes as a view", first.old), drop(), make())];
    Some(Expanded { now, long: false, later, first: Vec::new() })
}

/// The tables that migrations make, by the model that they are of, and by its field where that is a many-to-many.
fn tables(schema: &Schema, called: impl Fn(&ModelKey) -> ModelKey) -> BTreeMap<(ModelKey, Option<String>), Model> {
    let all = made_tables(schema, &schema.models.keys().cloned().collect());
    all.into_iter().map(|((key, field), model)| ((called(&key), field), model)).collect()
}

/// Nothing on SQLite: no row can be written through a view there.
fn views(moved: &[Moved], of: impl Fn(Dialect, &Moved) -> String) -> SqlText {
    texts(|dialect| match dialect {
        Dialect::Sqlite => Vec::new(),
        dialect => moved.iter().map(|moved| of(dialect, moved)).collect(),
    })
}
