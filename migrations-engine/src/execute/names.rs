//! What a database that was made by other means calls the keys, indexes and constraints of fields. The state has the names
//! that a rule gives them; where the database has the same thing under another name, that one is dropped and renamed.

use std::collections::{BTreeMap, BTreeSet};

use super::{Connection, database};
use crate::error::Result;
use crate::introspect::{Live, introspect};
use crate::naming;
use crate::plan::{Recheck, Statement, StatementKind};
use crate::schema::{Constraint, Field, FieldNames, Model, Schema};
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
    /// The same of what a model has, in a migration that stopped.
    sure: BTreeSet<String>,
    /// The tables and columns that have a thing of this name on the way, in a migration that stopped.
    places: BTreeMap<String, BTreeSet<(String, String)>>,
}

/// Whether a plan drops or renames something by a name that the database may not have.
fn matters(plan: &[Statement]) -> bool {
    let by_name = |sql: &str| {
        [
            " DROP CONSTRAINT ",
            " DROP FOREIGN KEY ",
            "DROP INDEX ",
            " RENAME INDEX ",
            " RENAME CONSTRAINT ",
            "ALTER INDEX ",
        ]
        .iter()
        .any(|words| sql.contains(words))
    };
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

/// Reads the names, if one of these plans drops something by its name and the database lacks one of the state's. Where a part
/// of a plan is done, `after` has the states that its operations lead to: tables and columns may have the names of each.
pub(super) async fn read<C: Connection>(
    connection: &mut C,
    state: &Schema,
    after: &[Schema],
    plans: &[Vec<Statement>],
) -> Result<Option<Names>> {
    if !plans.iter().any(|plan| matters(plan)) {
        return Ok(None);
    }
    let (dialect, known) = (connection.dialect(), known(connection).await?);
    let there = |name: &Option<String>| name.as_ref().is_none_or(|name| known.contains(name));
    let has_field = |names: &FieldNames| {
        let constraints = dialect == Dialect::Sqlite || there(&names.unique) && there(&names.foreign_key);
        constraints && there(&names.index) && (dialect != Dialect::Postgres || there(&names.like))
    };
    let all = state.models.values().filter(|model| model.managed).all(|model| {
        let key = dialect != Dialect::Postgres || there(&model.names.primary_key);
        let through = |names: &FieldNames| names.through.as_ref().is_none_or(|sides| sides.iter().all(has_field));
        key && model.fields.iter().all(|field| has_field(&field.names) && through(&field.names))
    });
    if all && after.is_empty() {
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
    let (looked, sure, places) = (BTreeSet::new(), BTreeSet::new(), on_the_way(after));
    let mut names = Names { dialect, live, known, unique_indexes, looked, sure, places };
    names.look(state, after);
    Ok(Some(names))
}

/// The names of what hangs on a field.
fn of_field(names: &FieldNames) -> impl Iterator<Item = &String> {
    [&names.index, &names.like, &names.unique, &names.foreign_key].into_iter().flatten()
}

/// A name that the state has, and where: on a column, or (if that is empty) on a table.
struct Place {
    name: String,
    table: String,
    column: String,
    /// Whether it is that of an index or of what is unique.
    index: bool,
}

/// All names in a state.
fn places(state: &Schema) -> Vec<Place> {
    let mut places = Vec::new();
    let mut push = |name: &str, table: &str, column: &str, index: bool| {
        let (name, table, column) = (name.to_owned(), table.to_owned(), column.to_ascii_lowercase());
        places.push(Place { name, table, column, index });
    };
    for model in state.models.values().filter(|model| model.managed) {
        let table = model.table.as_str();
        for field in &model.fields {
            if field.has_column() {
                of_field(&field.names).for_each(|name| push(name, table, &field.column, true));
                push(&naming::field_index(table, &field.column), table, &field.column, true);
                field.names.check.iter().for_each(|name| push(name, table, "", false));
            }
            if let (Some(many), Some(sides)) =
                (field.many().filter(|many| many.through.is_none()), &field.names.through)
            {
                for (side, column) in sides.iter().zip([&many.source_column, &many.target_column]) {
                    of_field(side).for_each(|name| push(name, &many.table, column, true));
                    push(&naming::field_index(&many.table, column), &many.table, column, true);
                }
            }
        }
        model.names.primary_key.iter().for_each(|name| push(name, table, "", false));
        model.indexes.iter().for_each(|index| push(&index.name, table, "", true));
        for constraint in &model.constraints {
            push(constraint.name(), table, "", matches!(constraint, Constraint::Unique { .. }));
        }
    }
    places
}

/// The tables and columns that have a thing of each name, in any of these states.
fn on_the_way(states: &[Schema]) -> BTreeMap<String, BTreeSet<(String, String)>> {
    let mut on_the_way = BTreeMap::<_, BTreeSet<_>>::new();
    for place in states.iter().flat_map(places) {
        on_the_way.entry(place.name).or_default().insert((place.table, place.column));
    }
    on_the_way
}

impl Names {
    /// The table that has a thing of this name, or has it on this column: under the name that the table and the column have
    /// before, or after what is done already. None if it is not known which.
    fn find(&self, table: &str, column: &str, names: &[&String]) -> Option<(&Model, Option<&Field>)> {
        let column = column.to_ascii_lowercase();
        let mut places = BTreeSet::from([(table, column.as_str())]);
        for (table, column) in names.iter().filter_map(|name| self.places.get(*name)).flatten() {
            places.insert((table, column));
        }
        let there = places.into_iter().filter_map(|(table, column)| {
            let found = self.live.schema.models.get(&Live::key(table))?;
            let field = found.fields.iter().find(|field| field.column.eq_ignore_ascii_case(column));
            (column.is_empty() || field.is_some()).then_some((found, field))
        });
        let mut there: Vec<_> = there.collect();
        there.pop().filter(|_| there.is_empty())
    }

    fn field(&self, table: &str, column: &str, names: &FieldNames) -> Option<(&Model, &Field)> {
        let names: Vec<&String> = of_field(names).collect();
        self.find(table, column, &names).and_then(|(found, field)| Some((found, field?)))
    }

    /// Notes of which of the state's names it is known that, if they are not there, neither is what they name.
    fn look(&mut self, state: &Schema, after: &[Schema]) {
        let before = places(state);
        let looked = |place: &&Place| {
            !place.column.is_empty() && self.find(&place.table, &place.column, &[&place.name]).is_some()
        };
        let looked = before.iter().filter(looked).map(|place| place.name.clone()).collect();
        self.looked = looked;
        if after.is_empty() {
            return;
        }
        let mut given = state.clone();
        self.give(&mut given);
        let own: BTreeSet<String> =
            after.iter().chain([state, &given]).flat_map(places).map(|place| place.name).collect();
        // What has no column: if the table has nothing of that kind that is not the state's.
        let alone = |place: &&Place| {
            let found = self.find(&place.table, "", &[&place.name]);
            place.column.is_empty() && found.is_some_and(|(found, _)| !self.has_others(found, place.index, &own))
        };
        let mut sure: BTreeSet<String> = before.iter().filter(alone).map(|place| place.name.clone()).collect();
        // And what the migration makes itself has the name that it gives.
        let made = after.iter().flat_map(places).map(|place| place.name);
        sure.extend(made.filter(|name| before.iter().all(|place| place.name != *name)));
        self.sure = sure;
    }

    /// Whether a table has indexes, or constraints, under names that are not among these.
    fn has_others(&self, found: &Model, index: bool, own: &BTreeSet<String>) -> bool {
        let of_fields = found.fields.iter().flat_map(|field| {
            let FieldNames { index: plain, like, unique, foreign_key, check, .. } = &field.names;
            if index { [plain, like, unique] } else { [foreign_key, check, &None] }
        });
        let of_kind = |constraint: &&Constraint| matches!(constraint, Constraint::Unique { .. }) == index;
        let constraints = found.constraints.iter().filter(of_kind).map(Constraint::name);
        let indexes = found.indexes.iter().filter(|_| index).map(|index| index.name.as_str());
        let unread = self.live.notes.iter().filter(|note| note.table.eq_ignore_ascii_case(&found.table));
        let unread = unread
            .map(|note| note.about.as_str())
            .filter(|part| !part.is_empty() && found.fields.iter().all(|field| field.column != *part));
        let all = of_fields.flatten().map(String::as_str).chain(constraints).chain(indexes).chain(unread);
        all.into_iter().any(|name| !own.contains(name))
    }

    /// Whether a statement drops what may be there under another name, so that its being absent under this one tells nothing.
    pub(super) fn unsure(&self, statement: &Statement) -> bool {
        let (StatementKind::Sql(sql), Recheck::Query(_)) = (&statement.kind, &statement.recheck) else { return false };
        let mut words = ["DROP CONSTRAINT ", "DROP FOREIGN KEY ", "DROP INDEX "].into_iter();
        let Some((_, rest)) = words.find_map(|words| sql.split_once(words)) else { return false };
        let rest = rest.trim_start_matches("CONCURRENTLY ").trim_start_matches("IF EXISTS ");
        let mut names = self.known.iter().chain(&self.looked).chain(&self.sure);
        !names.any(|name| rest.starts_with(&self.dialect.quote(name)))
    }

    /// Gives the state the names that the database has.
    pub(super) fn give(&self, state: &mut Schema) {
        for model in state.models.values_mut().filter(|model| model.managed) {
            let table = model.table.as_str();
            let key: Vec<&String> = model.names.primary_key.iter().collect();
            let key = self.find(table, "", &key).and_then(|(found, _)| found.names.primary_key.as_ref());
            take(&mut model.names.primary_key, key, &self.known);
            for field in model.fields.iter_mut().filter(|field| field.has_column()) {
                let Some((_, live)) = self.field(table, &field.column, &field.names) else { continue };
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
            for field in &mut model.fields {
                let Some(many) = field.many().filter(|many| many.through.is_none()).cloned() else { continue };
                let Some(sides) = &mut field.names.through else { continue };
                for (side, column) in sides.iter_mut().zip([&many.source_column, &many.target_column]) {
                    let Some((found, live)) = self.field(&many.table, column, side) else { continue };
                    names(side, &live.names, &self.known);
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
    pub(super) fn mend(&self, statements: &mut [Statement]) {
        for statement in statements.iter_mut().filter(|statement| statement.changes.is_some()) {
            let StatementKind::Sql(sql) = &mut statement.kind else { continue };
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::graph::Direction;
    use crate::operation::Operation;
    use crate::plan::plan_onto;
    use crate::schema::{ColumnType, Index, ModelKey};

    fn schema(table: &str, change: impl FnOnce(&mut Model)) -> Schema {
        let field = |name: &str| Field::new(name, ColumnType::Integer);
        let mut model = Model::new("app", "Book").with(Field::auto_id()).with(field("pages").indexed());
        model = model.with(field("year")).with_index(Index::new("app_book_both", &["pages", "year"]));
        model.table = table.to_owned();
        change(&mut model);
        let mut schema = Schema::default();
        Operation::CreateModel(model).apply(&mut schema).unwrap();
        schema
    }

    /// Which statements of a migration that stopped cannot be looked up, on a database that has this.
    fn unsure(there: Schema, known: &[&str]) -> Vec<String> {
        let key = ModelKey::new("app", "Book");
        let mut before = schema("app_book", |_| ());
        let plain = Field { index: false, ..before.get(&key).unwrap().field("pages").unwrap().clone() };
        let operations = [
            Operation::RenameTable { model: key.clone(), table: "books".into() },
            Operation::AlterField { model: key.clone(), field: plain, fill: None },
            Operation::RemoveIndex { model: key, name: "app_book_both".into() },
        ];
        let (mut after, mut state) = (Vec::new(), before.clone());
        for operation in &operations {
            operation.apply(&mut state).unwrap();
            after.push(state.clone());
        }
        let mut live = Live::default();
        for mut model in there.models.into_values() {
            model.key = Live::key(&model.table);
            live.schema.insert(model);
        }
        let mut names = Names {
            dialect: Dialect::MariaDb,
            live,
            known: known.iter().map(|name| (*name).to_owned()).collect(),
            unique_indexes: BTreeSet::new(),
            looked: BTreeSet::new(),
            sure: BTreeSet::new(),
            places: on_the_way(&after),
        };
        names.look(&before, &after);
        names.give(&mut before);
        let plan = plan_onto(Dialect::MariaDb, &mut before, &operations, false, Direction::Forward).unwrap();
        plan.iter().filter(|statement| names.unsure(statement)).map(Statement::sql).collect()
    }

    #[test]
    fn what_may_be_there_under_another_name_is_not_taken_for_done() {
        // All of it is done.
        let gone = |model: &mut Model| {
            model.fields[1].index = false;
            model.indexes.clear();
        };
        assert!(unsure(schema("books", gone), &[]).is_empty());
        // The index of the field is found in the renamed table; the other has a name that nobody knows.
        let other = |model: &mut Model| {
            model.fields[1].names.index = Some("by_pages".into());
            model.indexes[0].name = "by_both".into();
        };
        assert_eq!(unsure(schema("books", other), &["by_pages", "by_both"]), ["DROP INDEX `app_book_both` ON `books`"]);
        // Nobody knows where the table is.
        assert_eq!(unsure(schema("elsewhere", other), &["by_pages", "by_both"]).len(), 2);
    }
}
