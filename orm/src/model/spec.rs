//! The static description of a model, as the derive emits it: constants only, so that it costs nothing to compile.

use super::{CheckMeta, ExcludeMeta, GenericShape, IndexMeta, ModelMeta, Rules, UniqueMeta};
use crate::{
    Code, Error, FieldType, Kind, Result, Untyped, Value,
    query::RowOps,
    tree::{Expr, Order},
    write::{AnyLinkHooks, Proposed},
};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

/// An application: a label, its folder of migrations, and its models.
#[derive(Debug)]
pub struct AppSpec {
    /// The label, which starts the names of tables.
    pub label: &'static str,
    /// The folder of the crate that declares it.
    pub manifest_dir: &'static str,
    /// The source file that declares it, relative to the workspace.
    pub file: &'static str,
    /// The package that declares it.
    pub package: &'static str,
    /// The models, in the order in which they are listed.
    pub models: &'static [fn() -> &'static ModelMeta],
    /// Migrations built into the program: path and text.
    pub migrations: &'static [(&'static str, &'static str)],
}

/// What the derive knows of a model.
#[derive(Debug)]
pub struct ModelSpec {
    /// The struct's name.
    pub name: &'static str,
    /// `#[model(table = "..")]`.
    pub table: Option<&'static str>,
    /// Every field, in the order of the struct.
    pub fields: &'static [FieldSpec],
    /// The fields of the primary key, as indices.
    pub primary_key: &'static [u16],
    /// `#[model(ordering(..))]`.
    pub ordering: &'static [OrderKey],
    /// `#[model(ordering(|b| ..))]`, which is more than fields.
    pub order: Option<fn() -> Vec<Order>>,
    /// `#[model(comment = "..")]`.
    pub comment: Option<&'static str>,
    /// `#[model(verbose_name = "..")]`.
    pub verbose_name: Option<&'static str>,
    /// `#[model(verbose_name_plural = "..")]`.
    pub verbose_name_plural: Option<&'static str>,
    /// `#[model(permissions(..))]`: names, and what people read.
    pub permissions: &'static [(&'static str, &'static str)],
    /// `#[model(renamed_from = "..")]`.
    pub renamed_from: Option<&'static str>,
    /// `#[model(managed = false)]` leaves the table to others.
    pub managed: bool,
    /// `#[model(keyless)]`: other rows may have the key of a row.
    pub keyless: bool,
    /// The doc comment.
    pub help: &'static str,
    /// Constraints and indexes, some of them from closures over the model's fields.
    pub options: fn() -> ModelOptions,
    /// `#[model(validate = ..)]`: looks at a row as a whole.
    pub validate: Option<ValidateRow>,
    /// `#[model(filter = ..)]`: which rows count, unless it is said otherwise.
    pub filter: Option<fn() -> Expr>,
    /// `#[model(hooks)]`.
    pub hooks: bool,
    /// Whether a field has `validate_with`.
    pub asks: bool,
    /// Handles the model's rows where their type is not known.
    pub reader: RelatedReader,
}

/// Looks at the values that a row is about to have.
pub type ValidateRow = fn(&mut Proposed);

/// Gives what is done around changes of a many-to-many.
pub type LinkHooksReader = fn() -> &'static dyn AnyLinkHooks;

/// Gives the operations that handle a model's rows without their type.
pub type RelatedReader = fn() -> &'static RowOps;

/// Constraints and indexes of a model.
#[derive(Debug, Default, Clone)]
pub struct ModelOptions {
    /// Unique keys over several fields, or with a condition.
    pub unique: Vec<UniqueMeta>,
    /// Indexes.
    pub indexes: Vec<IndexMeta>,
    /// Check constraints.
    pub checks: Vec<CheckMeta>,
    /// Exclusions.
    pub exclusions: Vec<ExcludeMeta>,
}

impl ModelOptions {
    /// None at all.
    pub fn new() -> Self {
        ModelOptions::default()
    }
}

/// When a constraint is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deferrable {
    /// At each statement, unless the transaction says otherwise.
    Immediate,
    /// At the end of the transaction.
    Deferred,
}

/// One key of a model's ordering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderKey {
    /// The field, as an index.
    pub field: u16,
    /// Largest first.
    pub descending: bool,
}

/// What the derive knows of a field.
#[derive(Debug, Clone, Copy)]
pub struct FieldSpec {
    /// The field's Rust name.
    pub name: &'static str,
    /// What serde writes it as: its name, unless `#[serde(..)]` says otherwise; nothing of a part whose fields stand among the others.
    pub written: &'static str,
    /// What its type says of it.
    pub shape: Shape,
    /// What its attributes say.
    pub options: FieldOptions,
}

/// The attributes of a field.
#[derive(Debug, Clone, Copy)]
pub struct FieldOptions {
    /// `column = ".."`.
    pub column: Option<&'static str>,
    /// `columns("..", "..")`; empty where they are called after the field.
    pub columns: &'static [&'static str],
    /// `unique`.
    pub unique: bool,
    /// `index` (foreign keys have one unless `index = false`).
    pub index: Option<bool>,
    /// `max_length = ..`, in characters.
    pub max_length: Option<u32>,
    /// What its values have to be besides.
    pub rules: Rules,
    /// `validate_with = ..`: whether a function of the person's own asks the database about its values.
    pub asks: bool,
    /// `collation = ".."` of a text.
    pub collation: Option<Collation>,
    /// `max_digits = ..` of a decimal.
    pub max_digits: Option<u32>,
    /// `decimal_places = ..` of a decimal.
    pub decimal_places: Option<u32>,
    /// `default = ..`, as the value that a migration gives to existing rows.
    pub default: Option<fn() -> Value>,
    /// `db_default = ..`.
    pub db_default: Option<DbDefault>,
    /// `generated = ..`.
    pub generated: Option<Generated>,
    /// `auto_now`: set at every save.
    pub auto_now: bool,
    /// `auto_now_add`: set when the row is made.
    pub auto_now_add: bool,
    /// `version`: begins at 1, and counts up with every change of the row.
    pub version: bool,
    /// Filled by the database: an automatic integer key.
    pub auto: bool,
    /// `on_delete = ..`.
    pub on_delete: Option<OnDelete>,
    /// `db_constraint`: whether the database looks after a foreign key.
    pub db_constraint: bool,
    /// `via = ..`: what of the other model, or of the model between, leads here.
    pub via: Option<&'static str>,
    /// `to = ..`: what of the model between leads to the other side of a many-to-many.
    pub to: Option<&'static str>,
    /// `through = ..`: the model between the two sides of a many-to-many.
    pub through: Option<fn() -> &'static ModelMeta>,
    /// `table = ".."` of an automatic many-to-many table.
    pub table: Option<&'static str>,
    /// `symmetrical`: of two rows each is related to the other, or neither.
    pub symmetrical: bool,
    /// `hooks = ..`: what is done around changes of a many-to-many.
    pub link_hooks: Option<LinkHooksReader>,
    /// `parent`: the rows are rows of the related model too.
    pub parent: bool,
    /// `help = ".."`.
    pub help: &'static str,
    /// `verbose_name = ".."`.
    pub verbose_name: Option<&'static str>,
    /// `choices_from = ..`: which rows of the other model a foreign key or a many-to-many may lead to, over that model's fields.
    pub choices_from: Option<fn() -> Expr>,
    /// `editable`: whether people change it in forms.
    pub editable: bool,
    /// `widget = ".."`: by what people change it in forms.
    pub widget: Option<&'static str>,
    /// `comment = ".."`, kept in the database.
    pub comment: Option<&'static str>,
    /// `renamed_from = ".."`.
    pub renamed_from: Option<&'static str>,
}

impl FieldOptions {
    /// No attribute at all.
    pub const NONE: FieldOptions = FieldOptions {
        column: None,
        columns: &[],
        unique: false,
        index: None,
        max_length: None,
        rules: Rules::NONE,
        asks: false,
        collation: None,
        max_digits: None,
        decimal_places: None,
        default: None,
        db_default: None,
        generated: None,
        auto_now: false,
        auto_now_add: false,
        version: false,
        auto: false,
        on_delete: None,
        db_constraint: true,
        via: None,
        to: None,
        through: None,
        table: None,
        symmetrical: false,
        link_hooks: None,
        parent: false,
        help: "",
        verbose_name: None,
        choices_from: None,
        editable: true,
        widget: None,
        comment: None,
        renamed_from: None,
    };
}

impl FieldOptions {
    /// Whether the database fills the column of a row that says nothing of it.
    pub(crate) fn filled_by_database(&self) -> bool {
        self.auto || self.db_default.is_some() || self.generated.is_some()
    }
}

/// By which rules a text column compares, by the name that each database has for them; none is the usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collation {
    /// On SQLite.
    pub sqlite: Option<&'static str>,
    /// On PostgreSQL.
    pub postgres: Option<&'static str>,
    /// On MariaDB and MySQL.
    pub mysql: Option<&'static str>,
}

/// What the database computes a column from.
#[derive(Debug, Clone, Copy)]
pub struct Generated {
    /// The expression, over the model's own fields.
    pub expr: fn() -> Expr,
    /// Stored with the row, or else computed whenever it is read.
    pub stored: bool,
}

/// A default that lives in the database.
#[derive(Debug, Clone, Copy)]
pub enum DbDefault {
    /// A value.
    Value(fn() -> Value),
    /// The time of the statement.
    Now,
    /// SQL of the person's own.
    Sql(&'static str),
}

/// What happens to rows that point to a row that is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnDelete {
    /// They are deleted too.
    Cascade,
    /// The deletion is refused.
    Protect,
    /// The deletion is refused, unless the rows go as well by another way.
    #[default]
    Restrict,
    /// They point to nothing.
    SetNull,
    /// They point to the default.
    SetDefault,
    /// Nothing: the database may refuse.
    DoNothing,
}

/// What a field's type says of it.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// A column.
    Column(ColumnShape),
    /// A relation.
    Relation(RelationKind, fn() -> &'static ModelMeta),
    /// A relation to a row of any model: a column with its label, and one with the key.
    Generic(GenericShape),
    /// A part: fields that several models share.
    Part(&'static [FieldSpec]),
}

/// What a column's type says of it.
#[derive(Debug, Clone, Copy)]
pub struct ColumnShape {
    /// How values are stored.
    pub kind: Kind,
    /// `Option`.
    pub nullable: bool,
    /// An unsigned integer.
    pub positive: bool,
    /// The most characters, when the type knows them: the longest choice of an enum.
    pub max_length: Option<u32>,
    /// The choices of an enum.
    pub choices: &'static [Choice],
    /// The choices that stand in what serde writes: of an array, those of its elements.
    pub written: &'static [Choice],
    /// Reads a value from outside, as the type does.
    pub untyped: fn(Untyped<'_>) -> Result<Value>,
}

/// One choice of an enum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    /// The stored value.
    pub value: ChoiceValue,
    /// What people read.
    pub label: &'static str,
    /// What serde writes of it: the variant's name, unless `#[serde(..)]` says otherwise.
    pub written: &'static str,
}

/// How a choice is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChoiceValue {
    /// As text.
    Text(&'static str),
    /// As a number.
    Integer(i64),
}

impl ChoiceValue {
    /// The value in JSON.
    pub(crate) fn to_json(self) -> serde_json::Value {
        match self {
            ChoiceValue::Text(text) => text.into(),
            ChoiceValue::Integer(number) => number.into(),
        }
    }
}

/// The kinds of relation.
#[derive(Debug, Clone, Copy)]
pub enum RelationKind {
    /// A foreign key: columns here.
    ForeignKey {
        /// `Option<ForeignKey<_>>`.
        nullable: bool,
        /// What it holds of the target.
        key: KeyShape,
    },
    /// A unique foreign key.
    OneToOne {
        /// `Option<OneToOne<_>>`.
        nullable: bool,
        /// What it holds of the target.
        key: KeyShape,
    },
    /// The reverse of a foreign key.
    HasMany,
    /// The reverse of a one-to-one.
    HasOne,
    /// Through a table of its own, or through a model of the person's.
    ManyToMany {
        /// The model that it leads to, with its module.
        to: &'static str,
    },
}

/// What the columns look like that foreign keys hold: those of a primary key, or of a unique field.
#[derive(Debug, Clone, Copy)]
pub struct KeyShape {
    /// How each column is stored.
    pub kinds: &'static [Kind],
    /// The model's description, which has the names of the columns.
    pub spec: fn() -> &'static ModelSpec,
    /// The model whose key it is, with its module: what tells it from others at compile time.
    pub model: &'static str,
    /// The unique field; none for the primary key.
    pub to: Option<&'static str>,
}

impl KeyShape {
    /// The columns of its model.
    pub(crate) fn columns(self, model: &ModelMeta) -> Vec<u16> {
        match self.to.and_then(|to| model.field(to)) {
            Some((_, field)) => field.columns().collect(),
            None => model.key.clone(),
        }
    }

    /// That of a model which is described at run time: its relations know their columns.
    pub(super) const UNKNOWN: KeyShape =
        KeyShape { kinds: &[], spec: || unreachable!("it has no columns"), model: "", to: None };
}

/// How values from outside are read: as the Rust type of the kind does.
pub(super) fn untyped(kind: Kind, null: bool) -> fn(Untyped<'_>) -> Result<Value> {
    fn of<T: FieldType>(null: bool) -> fn(Untyped<'_>) -> Result<Value> {
        match null {
            true => |given| T::Nullable::from_untyped(given)?.to_value(),
            false => |given| T::from_untyped(given)?.to_value(),
        }
    }
    match kind {
        Kind::Bool => of::<bool>(null),
        Kind::I16 => of::<i16>(null),
        Kind::I32 => of::<i32>(null),
        Kind::I64 => of::<i64>(null),
        Kind::F32 => of::<f32>(null),
        Kind::F64 => of::<f64>(null),
        Kind::Decimal => of::<Decimal>(null),
        Kind::Text => of::<String>(null),
        Kind::Bytes => of::<Vec<u8>>(null),
        Kind::Date => of::<NaiveDate>(null),
        Kind::Time => of::<NaiveTime>(null),
        Kind::Timestamp => of::<NaiveDateTime>(null),
        Kind::DateTime => of::<DateTime<Utc>>(null),
        Kind::Duration => of::<TimeDelta>(null),
        Kind::Uuid => of::<Uuid>(null),
        Kind::Ip => of::<std::net::IpAddr>(null),
        Kind::Json => of::<serde_json::Value>(null),
        Kind::Postgres(_) => {
            |_| Err(Error::new(Code::Unsupported, "a type of PostgreSQL is read from outside by models of structs"))
        }
    }
}
