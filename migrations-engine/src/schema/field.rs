//! Fields, relations and what hangs on one column.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Collation, ColumnType, ModelKey};
use crate::condition::{Expr, Value, serde_as_text};
use crate::error::{Error, Result, fail};
use crate::naming;

/// Something that does not count when states are compared, and is not written to files.
#[derive(Debug, Clone, Default)]
pub struct Hint<T>(pub T);

impl<T> PartialEq for Hint<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl<T> Eq for Hint<T> {}

/// One field of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "super::repr::FieldRepr", try_from = "super::repr::FieldRepr")]
pub struct Field {
    /// Its name in the model, also used in conditions.
    pub name: String,
    /// Its column. Empty for a many-to-many, which has none.
    pub column: String,
    /// What the column holds.
    pub ty: ColumnType,
    /// Whether NULL is allowed.
    pub null: bool,
    /// Whether values are unique.
    pub unique: bool,
    /// Whether the column has an index of its own. Foreign keys usually have.
    pub index: bool,
    /// The database numbers rows (identity, AUTOINCREMENT).
    pub auto: bool,
    /// The value that the program gives new rows; a migration fills existing rows with it.
    pub default: Option<Value>,
    /// The value that the database gives new rows.
    pub db_default: Option<Expr>,
    /// The model it refers to.
    pub relation: Option<Relation>,
    /// A comment stored in the database, where it can.
    pub comment: Option<String>,
    /// By which rules its text is compared.
    pub collation: Option<Collation>,
    /// The database computes it.
    pub generated: Option<Generated>,
    /// Names of what hangs on the column; filled in when the field enters the state.
    pub names: FieldNames,
    /// The name it had before; a hint for `diff`.
    pub renamed_from: Hint<Option<String>>,
    /// A default that the program makes anew each time, a fresh UUID or the moment: it is no part of the state, but what existing
    /// rows get in a new column; a hint for `diff`.
    pub fresh_default: Hint<Option<Value>>,
}

/// Names of the index and the constraints of one field. They never count in comparisons: they are
/// chosen once, when the thing is made, and stay through renames.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldNames {
    /// Of its index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    /// Of its pattern index on PostgreSQL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub like: Option<String>,
    /// Of its unique constraint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unique: Option<String>,
    /// Of the check that its type brings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// Of its foreign key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign_key: Option<String>,
    /// Of the constraints of a many-to-many's own table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<Box<[FieldNames; 2]>>,
}

impl FieldNames {
    /// All that are set.
    pub(crate) fn all(&self) -> impl Iterator<Item = &str> {
        let through = self.through.iter().flat_map(|sides| sides.iter());
        let names = [self].into_iter().chain(through);
        names
            .flat_map(|it| [&it.index, &it.like, &it.unique, &it.check, &it.foreign_key])
            .filter_map(|it| it.as_deref())
    }

    /// Whether no name is set.
    pub fn is_empty(&self) -> bool {
        self.index.is_none()
            && self.like.is_none()
            && self.unique.is_none()
            && self.check.is_none()
            && self.foreign_key.is_none()
            && self.through.is_none()
    }
}

impl PartialEq for FieldNames {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl Eq for FieldNames {}

/// A column that the database computes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generated {
    /// From which expression.
    pub expr: Expr,
    /// Stored with the row, or computed when read.
    pub stored: bool,
}

/// What happens to rows when the row they refer to goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OnDelete {
    /// They go too.
    Cascade,
    /// The other row cannot go; the database says RESTRICT.
    Protect,
    /// The other row cannot go.
    Restrict,
    /// The reference becomes NULL.
    SetNull,
    /// The reference becomes the column's database default.
    SetDefault,
    /// The database's NO ACTION.
    DoNothing,
}

impl OnDelete {
    const NAMES: [(OnDelete, &'static str); 6] = [
        (OnDelete::Cascade, "cascade"),
        (OnDelete::Protect, "protect"),
        (OnDelete::Restrict, "restrict"),
        (OnDelete::SetNull, "set null"),
        (OnDelete::SetDefault, "set default"),
        (OnDelete::DoNothing, "do nothing"),
    ];
}

impl fmt::Display for OnDelete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::NAMES.iter().find(|(rule, _)| rule == self) {
            Some((_, name)) => f.write_str(name),
            None => Ok(()),
        }
    }
}

impl FromStr for OnDelete {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        match Self::NAMES.iter().find(|(_, name)| *name == text) {
            Some((rule, _)) => Ok(*rule),
            None => fail!(
                M051,
                "`{text}` is not a delete rule; write cascade, protect, restrict, set null, set default or do nothing"
            ),
        }
    }
}

serde_as_text!(OnDelete);

/// A reference to another model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// The model referred to.
    pub to: ModelKey,
    /// The field referred to; the key without it.
    pub to_field: Option<String>,
    /// What happens to this row when the other goes.
    pub on_delete: OnDelete,
    /// Whether the database enforces it.
    pub db_constraint: bool,
    /// Set for a many-to-many: there is no column, but a table between the two.
    pub many_to_many: Option<ManyToMany>,
}

/// The table between the two sides of a many-to-many.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ManyToMany {
    /// A model of the user's as the table between; without it the engine makes the table.
    pub through: Option<ModelKey>,
    /// The name of the table the engine makes.
    pub table: String,
    /// Its column that refers to the model with the field.
    pub source_column: String,
    /// Its column that refers to the other model.
    pub target_column: String,
}

impl Field {
    /// A field that is not null, in a column of the same name.
    pub fn new(name: impl Into<String>, ty: ColumnType) -> Self {
        let name = name.into();
        Field {
            column: name.clone(),
            name,
            ty,
            null: false,
            unique: false,
            index: false,
            auto: false,
            default: None,
            db_default: None,
            relation: None,
            comment: None,
            collation: None,
            generated: None,
            names: FieldNames::default(),
            renamed_from: Hint(None),
            fresh_default: Hint(None),
        }
    }

    /// The automatic 64-bit key `id`.
    pub fn auto_id() -> Self {
        Field { auto: true, ..Field::new("id", ColumnType::BigInt) }
    }

    /// A foreign key to the key of another model, with an index, in the column `<name>_id`.
    pub fn foreign_key(name: impl Into<String>, to: ModelKey, on_delete: OnDelete) -> Self {
        let mut field = Field::new(name, ColumnType::Related);
        field.column = naming::relation_column(&field.name);
        field.index = true;
        field.relation = Some(Relation { to, to_field: None, on_delete, db_constraint: true, many_to_many: None });
        field
    }

    /// A one-to-one: a unique foreign key.
    pub fn one_to_one(name: impl Into<String>, to: ModelKey, on_delete: OnDelete) -> Self {
        Field { unique: true, index: false, ..Field::foreign_key(name, to, on_delete) }
    }

    /// A many-to-many of the model `owner` to the model `to`, with a table that the engine makes.
    pub fn many_to_many(owner: &Model, name: impl Into<String>, to: ModelKey) -> Self {
        let name = name.into();
        let many = naming::many_to_many(&owner.key, &owner.table, &name, &to);
        let mut field = Field::new(name, ColumnType::Related);
        field.column = String::new();
        field.relation = Some(Relation {
            to,
            to_field: None,
            on_delete: OnDelete::Cascade,
            db_constraint: true,
            many_to_many: Some(many),
        });
        field
    }

    /// A many-to-many whose table is the user's model `through`.
    pub fn many_to_many_through(name: impl Into<String>, to: ModelKey, through: ModelKey) -> Self {
        let mut field = Field::new(name, ColumnType::Related);
        field.column = String::new();
        let many = ManyToMany { through: Some(through), ..ManyToMany::default() };
        field.relation = Some(Relation {
            to,
            to_field: None,
            on_delete: OnDelete::Cascade,
            db_constraint: true,
            many_to_many: Some(many),
        });
        field
    }

    /// The same field, allowing NULL.
    pub fn nullable(mut self) -> Self {
        self.null = true;
        self
    }

    /// The same field, unique.
    pub fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// The same field with an index.
    pub fn indexed(mut self) -> Self {
        self.index = true;
        self
    }

    /// The same field with a default given by the program.
    pub fn default_value(mut self, value: impl Into<Value>) -> Self {
        self.default = Some(value.into());
        self
    }

    /// The same field with a default given by the database.
    pub fn db_default(mut self, expr: impl Into<Expr>) -> Self {
        self.db_default = Some(expr.into());
        self
    }

    /// The same field with a hint for `diff` that it was called `old`.
    pub fn renamed_from(mut self, old: impl Into<String>) -> Self {
        self.renamed_from = Hint(Some(old.into()));
        self
    }

    /// The table of a many-to-many, if the field is one.
    pub fn many(&self) -> Option<&ManyToMany> {
        self.relation.as_ref()?.many_to_many.as_ref()
    }

    /// The table of a many-to-many that has one of its own, and not that of a model.
    pub(crate) fn own_table(&self) -> Option<&ManyToMany> {
        self.many().filter(|many| many.through.is_none())
    }

    /// Whether values that nothing else has go when it goes: those of its column, or the rows of a table of its own.
    pub fn holds_values(&self) -> bool {
        self.generated.is_none() && (self.has_column() || self.own_table().is_some())
    }

    /// Whether rows that are there already have to be given a value when it is added.
    pub(crate) fn needs_value(&self) -> bool {
        let provided = self.null || self.default.is_some() || self.db_default.is_some();
        self.has_column() && !provided && self.generated.is_none() && !self.auto
    }

    /// Whether the field has a column; a many-to-many has none.
    pub fn has_column(&self) -> bool {
        self.many().is_none()
    }
}

use super::Model;
