//! What a migration does to a database that people are working on: what locks, rewrites, loses or breaks.

mod by_hand;
mod older;

use std::collections::BTreeSet;
use std::fmt;

use crate::error::Result;
use crate::graph::Direction;
use crate::migration::Migration;
use crate::operation::Operation;
use crate::plan::{Foresight, Statement, StatementKind, plan_onto};
use crate::schema::{ColumnType, Constraint, Field, ModelKey, Schema};
use crate::sql::{AlterStyle, Dialect, misfit};

macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $name:ident;)+) => {
        /// Every rule; its name is the stable code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Rule {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Rule {
            /// All rules with their meaning, for a reference page.
            pub const ALL: &'static [(Rule, &'static str)] = &[$((Rule::$name, concat!($($doc),+))),+];

            /// The code as written in messages, such as `L001`.
            pub fn as_str(self) -> &'static str {
                match self { $(Rule::$name => stringify!($name),)+ }
            }
        }
    };
}

rules! {
    /// An index is made while writes wait.
    L001;
    /// A table is written anew, row by row, while others wait.
    L002;
    /// All rows are looked at while others wait: a check, a foreign key, a column that becomes NOT NULL.
    L003;
    /// Data are lost for good.
    L004;
    /// It cannot be undone.
    L005;
    /// Programs of the version before, which still run meanwhile, no longer work.
    L006;
    /// Whether it can be done depends on the rows.
    L007;
    /// All rows are changed in one statement.
    L008;
    /// SQL written by hand cannot be run in the transaction of its migration.
    L009;
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing to know before a migration is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Which rule.
    pub rule: Rule,
    /// Which of the migration's operations, from 0.
    pub operation: usize,
    /// What happens.
    pub message: String,
    /// How to do it safely.
    pub advice: String,
}

/// What there is to know about a migration on one database; `before` is the state without it.
///
/// Tables that the migration makes itself have no rows and nobody who waits: they are left out.
///
/// ```
/// use migrations_engine::lint::{Rule, lint};
/// use migrations_engine::schema::{ColumnType, Field, Index, Model};
/// use migrations_engine::{Dialect, Migration, Operation, Schema};
/// let mut before = Schema::default();
/// before.insert(Model::new("library", "Tag").with(Field::auto_id()).with(Field::new("label", ColumnType::Text)));
/// let mut migration = Migration::new("library.0002_tag".parse()?);
/// migration.operations.push(Operation::AddIndex {
///     model: "library.Tag".parse()?,
///     index: Index::new("tag_label", &["label"]),
/// });
/// let notices = lint(Dialect::Postgres, &before, &migration)?;
/// assert_eq!(notices[0].rule, Rule::L001);
/// migration.atomic = false; // now it is made while rows are written
/// assert!(lint(Dialect::Postgres, &before, &migration)?.is_empty());
/// # Ok::<(), migrations_engine::Error>(())
/// ```
pub fn lint(dialect: Dialect, before: &Schema, migration: &Migration) -> Result<Vec<Notice>> {
    Run::default().lint(dialect, before, migration)
}

/// Migrations that are run one after the other, before any program of the new version: what one of them makes is without rows, and
/// unknown to those who wait, for the next ones, too.
///
/// ```
/// use migrations_engine::lint::{Run, lint};
/// use migrations_engine::schema::{ColumnType, Field, Index, Model};
/// use migrations_engine::{Dialect, Migration, Operation, Schema};
/// let mut first = Migration::new("library.0001_initial".parse()?);
/// let label = Field::new("label", ColumnType::Text);
/// first.operations.push(Operation::CreateModel(Model::new("library", "Tag").with(Field::auto_id()).with(label)));
/// let mut second = Migration::new("library.0002_tag".parse()?);
/// second.operations.push(Operation::AddIndex {
///     model: "library.Tag".parse()?,
///     index: Index::new("tag_label", &["label"]),
/// });
/// let (mut run, mut state) = (Run::default(), Schema::default());
/// run.lint(Dialect::Postgres, &state, &first)?;
/// first.operations[0].apply(&mut state)?;
/// assert!(run.lint(Dialect::Postgres, &state, &second)?.is_empty());
/// assert!(!lint(Dialect::Postgres, &state, &second)?.is_empty());
/// # Ok::<(), migrations_engine::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// Models that it makes.
    made: BTreeSet<ModelKey>,
    /// Their tables.
    fresh: BTreeSet<String>,
    /// Fields that it adds to others.
    fields: BTreeSet<(ModelKey, String)>,
}

impl Run {
    /// What there is to know about the next migration of the run.
    ///
    /// # Errors
    /// When the database cannot do what it asks for.
    pub fn lint(&mut self, dialect: Dialect, before: &Schema, migration: &Migration) -> Result<Vec<Notice>> {
        let careful = !migration.atomic && dialect.capabilities().short_locks;
        let mut linter = Linter { migration, dialect, careful, operation: 0, run: self, notices: Vec::new() };
        let mut state = before.clone();
        for (at, operation) in migration.operations.iter().enumerate() {
            linter.operation = at;
            linter.planned(&mut state, operation).map_err(|error| error.at(&migration.id))?;
        }
        Ok(linter.notices)
    }
}

const NO_OTHER_WAY: &str = "there is no way that locks for less: run it when few work with the table; `migrate --lock-timeout` keeps others from queueing behind it";

struct Linter<'m> {
    migration: &'m Migration,
    dialect: Dialect,
    careful: bool,
    operation: usize,
    run: &'m mut Run,
    notices: Vec<Notice>,
}

/// A unique or plain index, a check or reference of a field.
fn gains(old: Option<&Field>, new: &Field, of: impl Fn(&Field) -> bool) -> bool {
    of(new) && !old.is_some_and(of)
}

fn enforced(field: &Field) -> bool {
    field.has_column() && field.relation.as_ref().is_some_and(|relation| relation.db_constraint)
}

impl Linter<'_> {
    /// Plans an operation, and looks at it; the state follows.
    fn planned(&mut self, state: &mut Schema, operation: &Operation) -> Result<()> {
        if let Operation::Separate { database, .. } = operation {
            let mut other = state.clone();
            for inner in database {
                self.planned(&mut other, inner)?;
            }
        }
        let old = state.clone();
        let (one, path) = (std::slice::from_ref(operation), &mut Foresight::default());
        let statements = plan_onto(self.dialect, state, one, self.migration.atomic, Direction::Forward, path)?;
        match operation {
            Operation::CreateModel(model) => {
                self.run.made.insert(model.key.clone());
                self.run.fresh.insert(model.table.clone());
            }
            operation if operation.model().is_some_and(|model| self.run.made.contains(model)) => {
                if let Operation::RenameModel { model, to, .. } = operation {
                    self.run.made.insert(ModelKey::new(model.app.clone(), to.clone()));
                }
            }
            Operation::MoveModel { model, from } if self.run.made.contains(from) => {
                self.run.made.insert(model.clone());
            }
            // What is within it has been looked at.
            Operation::Separate { .. } => {}
            operation => self.operation(&old, state, operation, &statements),
        }
        Ok(())
    }

    fn notice(&mut self, rule: Rule, message: impl Into<String>, advice: impl Into<String>) {
        let notice = Notice { rule, operation: self.operation, message: message.into(), advice: advice.into() };
        if !self.notices.contains(&notice) {
            self.notices.push(notice);
        }
    }

    /// Whether the migration makes a view in place of a table that gets another name.
    fn leaves_view(&self, table: &str) -> bool {
        let make = format!("CREATE VIEW {} ", self.dialect.quote(table));
        self.migration.operations.iter().any(|operation| match operation {
            Operation::RunSql { sql, .. } => {
                sql.statements(self.dialect).unwrap_or_default().iter().any(|sql| sql.starts_with(&make))
            }
            _ => false,
        })
    }

    /// Whether others wait at all: SQLite has one writer, whatever it does.
    fn waits(&self) -> bool {
        self.dialect.capabilities().alter != AlterStyle::Rebuild && !self.careful
    }

    fn postgres(&self) -> bool {
        self.dialect.capabilities().short_locks
    }

    fn index(&mut self, table: &str, what: &str) {
        if self.waits() && self.postgres() {
            self.notice(
                Rule::L001,
                format!("{what} is made under a SHARE lock: nobody writes to `{table}` until it is done"),
                "put it into a migration of its own with `atomic = false`: there it is made concurrently (`makemigrations --safe` does so)",
            );
        }
    }

    /// The index of something that is unique. That of a constraint is made by `ALTER TABLE`, which keeps readers away, too.
    fn unique(&mut self, table: &str, what: &str, statements: &[Statement]) {
        let alters = |sql: String| sql.starts_with("ALTER TABLE ") && sql.contains(" UNIQUE");
        if !statements.iter().map(Statement::sql).any(alters) {
            return self.index(table, what);
        }
        if self.waits() && self.postgres() {
            self.exclusive(
                table,
                what,
                "put it into a migration of its own with `atomic = false`: there it is made concurrently (`makemigrations --safe` does so)",
            );
        }
    }

    fn exclusive(&mut self, table: &str, what: &str, advice: &str) {
        self.notice(
            Rule::L001,
            format!("{what} is made under an ACCESS EXCLUSIVE lock: nobody reads or writes `{table}` until it is done"),
            advice,
        );
    }

    fn scan(&mut self, table: &str, what: &str, lock: &str) {
        if !self.waits() {
            return;
        }
        let message = match self.postgres() {
            true => format!("{what} looks at all rows of `{table}` under {lock} lock"),
            false => format!("{what} looks at all rows of `{table}` while nobody writes to it"),
        };
        let advice = match self.postgres() {
            true => {
                "put it into a migration of its own with `atomic = false`: there it holds for new rows at once, and is checked while rows are written (`makemigrations --safe` does so)"
            }
            false => {
                "run it when few work with the table; `migrate --lock-timeout` keeps others from queueing behind it"
            }
        };
        self.notice(Rule::L003, message, advice);
    }

    fn operation(&mut self, old: &Schema, new: &Schema, operation: &Operation, statements: &[Statement]) {
        let table =
            operation.model().and_then(|key| old.models.get(key)).map_or_else(String::new, |model| model.table.clone());
        let managed = operation.model().and_then(|key| old.models.get(key)).is_none_or(|model| model.managed);
        if !managed {
            return;
        }
        for statement in statements {
            if let StatementKind::Capture { table, .. } = &statement.kind
                && !self.run.fresh.contains(table)
            {
                self.notice(
                    Rule::L002,
                    format!("SQLite makes `{table}` anew and copies every row; the database takes no other write until that is done"),
                    "nothing to do for small tables; for large ones, when few work with it",
                );
            }
        }
        if let Operation::RunSql { sql, .. } = operation {
            self.by_hand(&operation.describe(), sql.statements(self.dialect).unwrap_or_default());
        }
        match operation {
            Operation::DeleteModel { model } => {
                self.notice(
                    Rule::L004,
                    format!("`{table}` goes with all its rows"),
                    "keep a copy if they may be needed",
                );
                self.breaks(
                    format!("programs that still read `{model}` fail"),
                    "take the model out of the program first, and remove it in a later release",
                );
            }
            Operation::RemoveField { model, field }
                if old.models.get(model).and_then(|model| model.field(field)).is_some_and(Field::holds_values) =>
            {
                self.notice(
                    Rule::L004,
                    format!("`{model}.{field}` goes with all its values"),
                    "keep a copy if they may be needed",
                );
                self.breaks(
                    format!("programs that still read or write `{model}.{field}` fail"),
                    "release programs that do not use it first, and remove it in a later release",
                );
            }
            Operation::MoveModel { model, from } => self.linked([old, new], from, model),
            Operation::RenameModel { model, to, .. } => {
                let key = ModelKey::new(model.app.clone(), to.clone());
                self.linked([old, new], model, &key);
                let now = new.models.get(&key);
                if now.is_some_and(|now| now.table != table) && !self.leaves_view(&table) {
                    self.breaks(
                        format!("programs of the version before know the table `{table}` only"),
                        format!("keep the table: `keep_table = true` here, and `#[model(table = \"{table}\")]`; or make a view with the old name for the time between (`makemigrations --safe` does so)"),
                    );
                }
            }
            Operation::RenameTable { .. } if !self.leaves_view(&table) => self.breaks(
                format!("programs of the version before know the table `{table}` only"),
                "leave the table its name; or make a view with the old name for the time between (`makemigrations --safe` does so)",
            ),
            Operation::RenameField { model, field, to, .. } => {
                let column = |state: &Schema, name: &str| Some(state.models.get(model)?.field(name)?.column.clone());
                let (was, now) = (column(old, field), column(new, to));
                if let Some(was) = was.filter(|was| !was.is_empty() && Some(was) != now.as_ref()) {
                    self.breaks(
                        format!("programs of the version before know the column `{was}` only"),
                        format!("keep the column: `keep_column = true` here, and `#[field(column = \"{was}\")]`; or add the new one, copy, and remove the old one in a later release (`makemigrations --safe` does so, where programs of both versions can do with what else of the field changes)"),
                    );
                }
            }
            Operation::AddField { model, field, fill } => self.added(&table, model, field, fill.is_some(), statements),
            Operation::AlterField { model, field, .. } => {
                let was = old.models.get(model).and_then(|model| model.field(&field.name));
                let ty = |state: &Schema, field: &Field| state.column_type(field).unwrap_or(field.ty.clone());
                if let Some(was) = was {
                    let types = [&ty(old, was), &ty(new, field)];
                    self.asks(model, was, field, types);
                    self.altered(&table, was, field, types, statements);
                }
            }
            Operation::AddIndex { index, .. } => self.index(&table, &format!("the index `{}`", index.name)),
            Operation::AddConstraint { model, constraint } => {
                if let Some(model) = new.models.get(model) {
                    self.constrained(model, constraint);
                }
                self.constraint(&table, constraint, statements);
            }
            Operation::AlterPrimaryKey { model, primary_key } => {
                if primary_key.iter().any(|field| self.is_known(model, field)) {
                    self.may_write("rows that are equal in the new key, or without");
                }
                if self.postgres() {
                    self.exclusive(&table, "the index of the new key", NO_OTHER_WAY);
                }
                self.depends("the new key: no two rows may be equal in it, or without");
                // What refers to it gets the new key.
                self.updates(statements);
            }
            Operation::RunSql { reverse: None, .. } | Operation::RunRust { reverse: None, .. } => self.notice(
                Rule::L005,
                format!("\"{}\" has no reverse", operation.describe()),
                "give it one; an empty one if nothing is to be done",
            ),
            Operation::CreateModel(_)
            | Operation::RenameTable { .. }
            | Operation::RemoveField { .. }
            | Operation::AlterComment { .. }
            | Operation::AlterManaged { .. }
            | Operation::RemoveIndex { .. }
            | Operation::RenameIndex { .. }
            | Operation::RemoveConstraint { .. }
            | Operation::RenameConstraint { .. }
            | Operation::RunSql { .. }
            | Operation::RunRust { .. }
            | Operation::Separate { .. } => {}
        }
    }

    fn constraint(&mut self, table: &str, constraint: &Constraint, statements: &[Statement]) {
        match constraint {
            Constraint::Unique { name, .. } => {
                self.unique(table, &format!("the index of `{name}`"), statements);
                self.depends(&format!("`{name}`: no two rows may be equal in its fields"));
            }
            Constraint::Exclude { name, .. } => {
                self.exclusive(table, &format!("the index of `{name}`"), NO_OTHER_WAY);
                self.depends(&format!("`{name}`: no two rows may stand beside each other that it forbids"));
            }
            Constraint::Check { name, .. } => {
                self.scan(table, &format!("the check `{name}`"), "an ACCESS EXCLUSIVE");
                self.depends(&format!("`{name}`: every row must pass"));
            }
            Constraint::ForeignKey { name, .. } => {
                self.scan(table, &format!("the foreign key `{name}`"), "a SHARE ROW EXCLUSIVE");
                self.depends(&format!("`{name}`: every row must refer to one that exists"));
            }
        }
    }

    fn depends(&mut self, what: &str) {
        self.notice(
            Rule::L007,
            what,
            "`migrate` looks at the rows before it begins and refuses (M086) if they do not fit",
        );
    }

    fn updates(&mut self, statements: &[Statement]) {
        for sql in statements.iter().map(Statement::sql) {
            let Some(rest) = sql.strip_prefix("UPDATE ") else { continue };
            let Some(table) = rest.chars().next().and_then(|quote| rest[1..].split(quote).next()) else { continue };
            if !self.run.fresh.contains(table) {
                self.notice(
                    Rule::L008,
                    format!("every row of `{table}` is changed in one statement: its locks are held until all are done"),
                    "for large tables fill in a data step that works in batches, and alter the field in a later migration",
                );
            }
        }
    }

    fn added(&mut self, table: &str, model: &ModelKey, field: &Field, filled: bool, statements: &[Statement]) {
        self.run.fields.insert((model.clone(), field.name.clone()));
        if !field.has_column() {
            return;
        }
        let given = field.null || field.db_default.is_some() || field.generated.is_some() || field.auto;
        if !given {
            self.breaks(
                format!("programs of the version before do not know `{model}.{}`, so rows that they add have no value there", field.name),
                "give it a default of the database (`db_default`); or add it with NULL, and alter it when those programs are gone (`makemigrations --safe` does so)",
            );
            if !filled && field.default.is_none() {
                self.depends(&format!("`{model}.{}` has no value for rows that are there", field.name));
            }
        }
        if field.unique {
            self.unique(table, &format!("the index of `{}`", field.name), statements);
        } else if field.index {
            self.index(table, &format!("the index of `{}`", field.name));
        }
        if enforced(field) {
            self.scan(table, &format!("the foreign key of `{}`", field.name), "a SHARE ROW EXCLUSIVE");
        }
        let stored = field.generated.as_ref().is_some_and(|generated| generated.stored);
        let volatile = field.db_default.as_ref().is_some_and(|expr| expr.to_string().contains("new_uuid"));
        if self.dialect.capabilities().alter != AlterStyle::Rebuild && (stored || volatile || field.auto) {
            self.rewrites(table, &format!("a value of its own for every row in `{}`", field.name));
        }
        self.updates(statements);
    }

    fn rewrites(&mut self, table: &str, why: &str) {
        let lock = if self.postgres() {
            "an ACCESS EXCLUSIVE lock: nobody reads or writes it"
        } else {
            "a lock: nobody writes to it"
        };
        self.notice(
            Rule::L002,
            format!("{why}: the whole of `{table}` is written anew under {lock} until that is done"),
            "for large tables add a new field, fill it in a data step that works in batches, and remove the old one in a later release",
        );
    }

    fn altered(
        &mut self,
        table: &str,
        was: &Field,
        field: &Field,
        [old_type, new_type]: [&ColumnType; 2],
        statements: &[Statement],
    ) {
        if old_type != new_type && self.dialect.capabilities().alter != AlterStyle::Rebuild {
            let longer = match (old_type, new_type) {
                (ColumnType::Char { max_length: old }, ColumnType::Char { max_length: new }) => old <= new,
                (ColumnType::Char { .. }, ColumnType::Text) => self.postgres(),
                // More digits before the point, as many after it.
                (
                    ColumnType::Decimal { max_digits: old, decimal_places: places },
                    ColumnType::Decimal { max_digits: new, decimal_places: as_many },
                ) => self.postgres() && places == as_many && old <= new,
                _ => false,
            };
            if !longer {
                self.rewrites(table, &format!("the type of `{}` changes", field.name));
                let changed = statements.iter().flat_map(|statement| &statement.changes).flatten();
                let changed = changed.filter_map(|place| place.split_once('.')).map(|(table, _)| table.to_owned());
                for other in changed.collect::<BTreeSet<String>>() {
                    if other != table && !self.run.fresh.contains(&other) {
                        self.rewrites(&other, &format!("what refers to `{table}` gets the type of `{}`", field.name));
                    }
                }
            }
        }
        let stored = field.generated.as_ref().is_some_and(|generated| generated.stored);
        if was.generated != field.generated && stored && self.dialect.capabilities().alter != AlterStyle::Rebuild {
            self.rewrites(table, &format!("`{}` is computed anew for every row", field.name));
        }
        if misfit(self.dialect, old_type, new_type, &field.column).is_some() {
            self.depends(&format!("the values of `{}` must fit its new type", field.name));
        }
        if was.null && !field.null {
            self.scan(table, &format!("`{}` without NULL", field.name), "an ACCESS EXCLUSIVE");
            self.breaks(
                format!("programs of the version before may still write NULL to `{}`", field.name),
                "release programs that always give a value first",
            );
        }
        if was.has_column() && was.column != field.column {
            self.breaks(
                format!("programs of the version before know the column `{}` only", was.column),
                "leave the column its name",
            );
        }
        if gains(Some(was), field, |field| field.unique) {
            self.unique(table, &format!("the index of `{}`", field.name), statements);
            self.depends(&format!("no two rows may be equal in `{}`", field.name));
        }
        if gains(Some(was), field, |field| field.index) {
            self.index(table, &format!("the index of `{}`", field.name));
        }
        if gains(Some(was), field, enforced) {
            self.scan(table, &format!("the foreign key of `{}`", field.name), "a SHARE ROW EXCLUSIVE");
            self.depends(&format!("every `{}` must refer to a row that exists", field.name));
        }
        self.updates(statements);
    }
}
