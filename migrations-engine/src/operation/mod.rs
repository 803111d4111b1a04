//! Operations: the closed set of changes that migrations are made of.

mod apply;
mod describe;
mod invert;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::condition::Expr;
use crate::schema::{Constraint, Field, Index, Model, ModelKey};

pub(crate) use apply::follow_table;
pub use invert::invert_all;

/// One change of the schema or of data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
#[allow(clippy::large_enum_variant)] // kept in lists of a few dozen
pub enum Operation {
    /// Makes a model and its table.
    CreateModel(Model),
    /// Removes a model, its table and its rows.
    DeleteModel {
        /// Which.
        model: ModelKey,
    },
    /// Renames a model; relations to it follow, and so do its table and the many-to-many tables and
    /// columns that had their default names.
    RenameModel {
        /// Which.
        model: ModelKey,
        /// Its new name.
        to: String,
        /// Its table keeps its name, whatever that is; so do its many-to-many tables.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        keep_table: bool,
    },
    /// Moves a model here from another application, with its table and its rows as they are: nothing happens in the
    /// database, and relations to it follow.
    MoveModel {
        /// What it is called here.
        model: ModelKey,
        /// What it was called there, as `app.Model`.
        from: ModelKey,
    },
    /// Puts a model into another table; many-to-many tables with default names follow.
    RenameTable {
        /// Which.
        model: ModelKey,
        /// The new table.
        table: String,
    },
    /// Changes a table's comment.
    AlterComment {
        /// Whose.
        model: ModelKey,
        /// The new comment.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
    },
    /// Changes whether migrations make and change a table; nothing happens in the database.
    AlterManaged {
        /// Whose.
        model: ModelKey,
        /// The new value.
        managed: bool,
    },
    /// Makes other fields the primary key.
    AlterPrimaryKey {
        /// Whose.
        model: ModelKey,
        /// The new key.
        primary_key: Vec<String>,
    },
    /// Adds a field with its column, or with the table of a many-to-many.
    AddField {
        /// To which model.
        model: ModelKey,
        /// The field.
        field: Field,
        /// The value of existing rows, once; else they get the field's default.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fill: Option<Expr>,
    },
    /// Removes a field with its column and its values.
    RemoveField {
        /// From which model.
        model: ModelKey,
        /// Which.
        field: String,
    },
    /// Replaces the definition of a field.
    AlterField {
        /// Of which model.
        model: ModelKey,
        /// The new definition.
        field: Field,
        /// What replaces NULL in existing rows, once; else the field's default.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fill: Option<Expr>,
    },
    /// Renames a field; a column (or many-to-many table) with its default name follows.
    RenameField {
        /// Of which model.
        model: ModelKey,
        /// Which.
        field: String,
        /// Its new name.
        to: String,
        /// Its column keeps its name, whatever that is.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        keep_column: bool,
    },
    /// Adds an index.
    AddIndex {
        /// To which model.
        model: ModelKey,
        /// The index.
        index: Index,
    },
    /// Removes an index.
    RemoveIndex {
        /// From which model.
        model: ModelKey,
        /// Its name.
        name: String,
    },
    /// Renames an index.
    RenameIndex {
        /// Of which model.
        model: ModelKey,
        /// Its name.
        name: String,
        /// Its new name.
        to: String,
    },
    /// Adds a constraint.
    AddConstraint {
        /// To which model.
        model: ModelKey,
        /// The constraint.
        constraint: Constraint,
    },
    /// Removes a constraint.
    RemoveConstraint {
        /// From which model.
        model: ModelKey,
        /// Its name.
        name: String,
    },
    /// Renames a constraint.
    RenameConstraint {
        /// Of which model.
        model: ModelKey,
        /// Its name.
        name: String,
        /// Its new name.
        to: String,
    },
    /// Runs SQL written by hand.
    RunSql {
        /// What it does, in a few words.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        describe: String,
        /// The statements, per database.
        sql: SqlText,
        /// The statements that undo it; without them it cannot be undone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reverse: Option<SqlText>,
        /// What it means for the state.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        state: Vec<Operation>,
        /// May be left out when migrations are squashed.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        elidable: bool,
    },
    /// Runs a step that the program registered under a name.
    RunRust {
        /// The name.
        name: String,
        /// The name of the step that undoes it, empty if nothing is to be done; without it this cannot be undone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reverse: Option<String>,
        /// May be left out when migrations are squashed.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        elidable: bool,
    },
    /// Does one thing to the database and another to the state.
    Separate {
        /// What happens in the database.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        database: Vec<Operation>,
        /// What happens to the state.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        state: Vec<Operation>,
    },
}

/// SQL statements per database: `sqlite`, `postgres`, `mariadb`, `mysql`, or `all` for the others.
/// An empty list means that nothing is to be done there; without an entry the database refuses.
///
/// ```
/// use migrations_engine::{Dialect, operation::SqlText};
/// let sql = SqlText::new().with("postgres", ["CREATE EXTENSION citext"]).with("all", []);
/// assert_eq!(sql.statements(Dialect::Sqlite), Some(&[][..]));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SqlText {
    /// The statements by the name of the database.
    pub by_database: BTreeMap<String, Vec<String>>,
}

impl SqlText {
    /// Names that may stand for a database.
    pub const DATABASES: [&'static str; 5] = ["all", "mariadb", "mysql", "postgres", "sqlite"];

    /// Nothing for any database.
    pub fn new() -> Self {
        SqlText::default()
    }

    /// The same with statements for one database.
    pub fn with<const N: usize>(mut self, database: &str, statements: [&str; N]) -> Self {
        self.by_database.insert(database.to_owned(), statements.map(str::to_owned).to_vec());
        self
    }

    /// The statements for a database; MariaDB takes those of MySQL if it has none of its own.
    pub fn statements(&self, dialect: crate::Dialect) -> Option<&[String]> {
        let names = dialect.capabilities().sql_text_names;
        names.iter().chain(&["all"]).find_map(|name| self.by_database.get(*name)).map(Vec::as_slice)
    }
}

impl Operation {
    /// The model it changes, if it changes one.
    pub fn model(&self) -> Option<&ModelKey> {
        match self {
            Operation::CreateModel(model) => Some(&model.key),
            Operation::DeleteModel { model }
            | Operation::RenameModel { model, .. }
            | Operation::MoveModel { model, .. }
            | Operation::RenameTable { model, .. }
            | Operation::AlterComment { model, .. }
            | Operation::AlterManaged { model, .. }
            | Operation::AlterPrimaryKey { model, .. }
            | Operation::AddField { model, .. }
            | Operation::RemoveField { model, .. }
            | Operation::AlterField { model, .. }
            | Operation::RenameField { model, .. }
            | Operation::AddIndex { model, .. }
            | Operation::RemoveIndex { model, .. }
            | Operation::RenameIndex { model, .. }
            | Operation::AddConstraint { model, .. }
            | Operation::RemoveConstraint { model, .. }
            | Operation::RenameConstraint { model, .. } => Some(model),
            Operation::RunSql { .. } | Operation::RunRust { .. } | Operation::Separate { .. } => None,
        }
    }

    /// The other models that must exist before it.
    pub fn depends_on(&self) -> Vec<&ModelKey> {
        fn of_field(field: &Field) -> impl Iterator<Item = &ModelKey> {
            let relation = field.relation.as_ref();
            relation
                .map(|relation| &relation.to)
                .into_iter()
                .chain(relation.and_then(|relation| relation.many_to_many.as_ref()?.through.as_ref()))
        }
        let own = self.model();
        let all: Vec<&ModelKey> = match self {
            Operation::CreateModel(model) => model
                .fields
                .iter()
                .flat_map(of_field)
                .chain(model.constraints.iter().filter_map(Constraint::target))
                .collect(),
            Operation::AddField { field, .. } | Operation::AlterField { field, .. } => of_field(field).collect(),
            Operation::AddConstraint { constraint, .. } => constraint.target().into_iter().collect(),
            Operation::MoveModel { from, .. } => vec![from],
            Operation::RunSql { state, .. } | Operation::Separate { state, .. } => {
                state.iter().flat_map(|op| op.model().into_iter().chain(op.depends_on())).collect()
            }
            Operation::DeleteModel { .. }
            | Operation::RenameModel { .. }
            | Operation::RenameTable { .. }
            | Operation::AlterComment { .. }
            | Operation::AlterManaged { .. }
            | Operation::AlterPrimaryKey { .. }
            | Operation::RemoveField { .. }
            | Operation::RenameField { .. }
            | Operation::AddIndex { .. }
            | Operation::RemoveIndex { .. }
            | Operation::RenameIndex { .. }
            | Operation::RemoveConstraint { .. }
            | Operation::RenameConstraint { .. }
            | Operation::RunRust { .. } => Vec::new(),
        };
        all.into_iter().filter(|key| Some(*key) != own).collect()
    }

    /// Whether it removes data for good.
    pub fn destroys_data(&self) -> bool {
        match self {
            Operation::DeleteModel { .. } | Operation::RemoveField { .. } => true,
            Operation::Separate { database, .. } => database.iter().any(Operation::destroys_data),
            Operation::CreateModel(_)
            | Operation::RenameModel { .. }
            | Operation::MoveModel { .. }
            | Operation::RenameTable { .. }
            | Operation::AlterComment { .. }
            | Operation::AlterManaged { .. }
            | Operation::AlterPrimaryKey { .. }
            | Operation::AddField { .. }
            | Operation::AlterField { .. }
            | Operation::RenameField { .. }
            | Operation::AddIndex { .. }
            | Operation::RemoveIndex { .. }
            | Operation::RenameIndex { .. }
            | Operation::AddConstraint { .. }
            | Operation::RemoveConstraint { .. }
            | Operation::RenameConstraint { .. }
            | Operation::RunSql { .. }
            | Operation::RunRust { .. } => false,
        }
    }
}
