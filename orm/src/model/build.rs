//! Field specifications as the derive builds them: constant functions that refuse attributes which do not fit the field's type.
//!
//! They run while the model is compiled: a panic here is a compile error at the attribute, so that the macro never has to
//! guess from the spelling of a type what it is.
#![expect(clippy::panic, reason = "these panics are compile errors of the model's crate")]

use super::{
    Collation, ColumnShape, DbDefault, FieldOptions, FieldSpec, Format, Generated, GenericShape, ModelMeta, OnDelete,
    RelationKind, Shape, const_text::Text,
};
use crate::{Kind, PgKind, Value, tree::Expr};

/// What an automatic key is.
pub(super) const AUTO_KEY: &str =
    "an automatic key is i16, i32, i64 or Uuid; for a key of your own, write #[field(primary_key)]";

impl FieldSpec {
    /// A part: its fields take this one's place.
    #[track_caller]
    pub const fn part(name: &'static str, shape: Shape) -> FieldSpec {
        match shape {
            Shape::Part(_) => FieldSpec { name, written: name, shape, options: FieldOptions::NONE },
            _ => panic!("`flatten` is for parts, structs with #[derive(ModelPart)]: remove it"),
        }
    }

    /// A field of this name, whose type says `shape`.
    #[track_caller]
    pub const fn new(name: &'static str, shape: Shape, help: &'static str) -> FieldSpec {
        if matches!(shape, Shape::Part(_)) {
            panic!("this type is a part of a model: write #[field(flatten)]");
        }
        FieldSpec { name, written: name, shape, options: FieldOptions { help, ..FieldOptions::NONE } }
    }

    /// `#[serde(rename = "..")]` and its like.
    pub const fn written(self, name: &'static str) -> Self {
        FieldSpec { written: name, ..self }
    }

    /// The field is a primary key that nobody has to give: an automatic integer, or a fresh UUID. A type that can be no key
    /// has been refused already.
    #[track_caller]
    pub const fn auto_key(mut self, fit: bool) -> Self {
        match self.shape {
            _ if !fit => {}
            Shape::Column(ColumnShape { nullable: false, choices: [], kind, .. }) => match kind {
                Kind::I16 | Kind::I32 | Kind::I64 => self.options.auto = true,
                Kind::Uuid => self.options.default = Some(new_uuid),
                _ => panic!("{}", AUTO_KEY),
            },
            _ => panic!("{}", AUTO_KEY),
        }
        self
    }

    /// `unique`.
    #[track_caller]
    pub const fn unique(mut self) -> Self {
        self.needs_column("this relation has no column: it cannot be unique");
        self.options.unique = true;
        self
    }

    /// `index`, `index = false`.
    #[track_caller]
    pub const fn index(mut self, index: bool) -> Self {
        self.needs_column("this relation has no column: it cannot have an index");
        self.options.index = Some(index);
        self
    }

    /// `max_length = ..`.
    #[track_caller]
    pub const fn max_length(mut self, length: u32) -> Self {
        match self.shape {
            Shape::Column(ColumnShape { kind: Kind::Text, max_length: Some(longest), .. }) if longest > length => {
                panic!("`max_length` is less than the longest choice: leave it out, it follows from the choices")
            }
            // Of an array it is that of its texts.
            Shape::Column(ColumnShape { kind: Kind::Text | Kind::Postgres(PgKind::Array(Kind::Text)), .. })
            | Shape::Generic(GenericShape { key: Kind::Text, .. }) => {}
            _ => panic!("`max_length` is for text: remove it"),
        }
        if length == 0 {
            panic!("`max_length` is at least 1");
        }
        self.options.max_length = Some(length);
        self
    }

    /// `min_length = ..`.
    #[track_caller]
    pub const fn min_length(mut self, length: u32) -> Self {
        self.needs_text("`min_length` is for text: remove it");
        if let Some(most) = self.options.max_length
            && length > most
        {
            panic!("`min_length` is more than `max_length`: no text would do");
        }
        self.options.rules.min_length = Some(length);
        self
    }

    /// `min = ..`.
    #[track_caller]
    pub const fn min(mut self, least: fn() -> Value) -> Self {
        self.needs_order("`min` is for numbers, days and times: remove it");
        self.options.rules.min = Some(least);
        self
    }

    /// `max = ..`.
    #[track_caller]
    pub const fn max(mut self, most: fn() -> Value) -> Self {
        self.needs_order("`max` is for numbers, days and times: remove it");
        self.options.rules.max = Some(most);
        self
    }

    /// `email`, `url`, `slug`, `ip`.
    #[track_caller]
    pub const fn format(mut self, format: Format) -> Self {
        self.needs_text("this is for text: remove it");
        self.options.rules.format = Some(format);
        self.options.max_length = Some(format.max_length());
        self
    }

    /// `pattern = ".."`.
    #[track_caller]
    pub const fn pattern(mut self, pattern: &'static str) -> Self {
        self.needs_text("`pattern` is for text: remove it");
        self.options.rules.pattern = Some(pattern);
        self
    }

    /// `message = ".."`, `code = ".."`: what is told where a rule that is said before is not met.
    #[track_caller]
    pub const fn told(mut self, message: Option<&'static str>, code: Option<&'static str>) -> Self {
        let rules = &self.options.rules;
        if rules.min_length.is_none()
            && rules.min.is_none()
            && rules.max.is_none()
            && rules.format.is_none()
            && rules.pattern.is_none()
            && rules.own.is_none()
            && !self.options.asks
        {
            panic!(
                "`message` and `code` are what is told where a rule is not met: this field has no rule, such as `min = 1`"
            );
        }
        if message.is_some() {
            self.options.rules.told.message = message;
        }
        if code.is_some() {
            self.options.rules.told.code = code;
        }
        self
    }

    #[track_caller]
    const fn needs_text(&self, message: &'static str) {
        if !matches!(self.shape, Shape::Column(ColumnShape { kind: Kind::Text, choices: [], .. })) {
            panic!("{}", message);
        }
    }

    #[track_caller]
    const fn needs_order(&self, message: &'static str) {
        let ordered = match self.shape {
            Shape::Column(shape) => matches!(
                shape.kind,
                Kind::I16
                    | Kind::I32
                    | Kind::I64
                    | Kind::F32
                    | Kind::F64
                    | Kind::Decimal
                    | Kind::Date
                    | Kind::Time
                    | Kind::Timestamp
                    | Kind::DateTime
                    | Kind::Duration
            ),
            _ => false,
        };
        if !ordered {
            panic!("{}", message);
        }
    }

    /// `collation = ".."`.
    #[track_caller]
    pub const fn collation(mut self, collation: Collation) -> Self {
        if !matches!(self.shape, Shape::Column(ColumnShape { kind: Kind::Text, .. })) {
            panic!("`collation` is for text: remove it");
        }
        self.options.collation = Some(collation);
        self
    }

    /// `max_digits = .., decimal_places = ..`.
    #[track_caller]
    pub const fn digits(mut self, digits: u32, places: u32) -> Self {
        if !matches!(
            self.shape,
            Shape::Column(ColumnShape { kind: Kind::Decimal | Kind::Postgres(PgKind::Array(Kind::Decimal)), .. })
        ) {
            panic!("`max_digits` and `decimal_places` are for `Decimal`: remove them");
        }
        if digits == 0 || digits > 28 {
            panic!("`max_digits` is from 1 to 28, which `Decimal` holds exactly");
        }
        if places > digits {
            panic!("`decimal_places` is more than `max_digits`: the digits before the point count too");
        }
        self.options.max_digits = Some(digits);
        self.options.decimal_places = Some(places);
        self
    }

    /// `default = ..`.
    #[track_caller]
    pub const fn default(mut self, default: fn() -> Value) -> Self {
        self.needs_one_column();
        self.options.default = Some(default);
        self
    }

    /// `db_default = ..`.
    #[track_caller]
    pub const fn db_default(mut self, default: DbDefault) -> Self {
        self.needs_one_column();
        if matches!(default, DbDefault::Now) && !self.has_time() {
            panic!("`db_default = now` is for dates and times");
        }
        self.options.db_default = Some(default);
        self
    }

    /// `generated = ..`.
    #[track_caller]
    pub const fn generated(mut self, expr: fn() -> Expr, stored: bool) -> Self {
        if !matches!(self.shape, Shape::Column(_)) {
            panic!("the database computes columns: a relation is given, remove `generated`");
        }
        self.options.generated = Some(Generated { expr, stored });
        self
    }

    /// `auto_now`.
    #[track_caller]
    pub const fn auto_now(mut self) -> Self {
        if !self.has_time() {
            panic!("`auto_now` is for dates and times: remove it");
        }
        self.options.auto_now = true;
        self
    }

    /// `auto_now_add`.
    #[track_caller]
    pub const fn auto_now_add(mut self) -> Self {
        if !self.has_time() {
            panic!("`auto_now_add` is for dates and times: remove it");
        }
        self.options.auto_now_add = true;
        self
    }

    /// `version`.
    #[track_caller]
    pub const fn version(mut self) -> Self {
        let first: fn() -> Value = match self.shape {
            Shape::Column(ColumnShape { kind: Kind::I16, nullable: false, .. }) => || Value::I16(1),
            Shape::Column(ColumnShape { kind: Kind::I32, nullable: false, .. }) => || Value::I32(1),
            Shape::Column(ColumnShape { kind: Kind::I64, nullable: false, .. }) => || Value::I64(1),
            _ => panic!("a `version` counts the changes of its row: make it an `i32` or an `i64`"),
        };
        self.options.default = Some(first);
        self.options.version = true;
        self
    }

    /// `on_delete = ..`.
    #[track_caller]
    pub const fn on_delete(mut self, rule: OnDelete) -> Self {
        let nullable = match self.shape {
            Shape::Relation(RelationKind::ForeignKey { nullable, .. } | RelationKind::OneToOne { nullable, .. }, _) => {
                nullable
            }
            Shape::Generic(shape) => shape.nullable,
            _ => panic!("`on_delete` is for `ForeignKey`, `OneToOne` and `GenericForeignKey`: remove it"),
        };
        if matches!(rule, OnDelete::SetNull) && !nullable {
            panic!("`on_delete = set_null` needs a relation that can be NULL: make it an `Option`");
        }
        self.options.on_delete = Some(rule);
        self
    }

    /// `db_constraint = ..`.
    #[track_caller]
    pub const fn db_constraint(mut self, on: bool) -> Self {
        if !matches!(self.shape, Shape::Relation(RelationKind::ForeignKey { .. } | RelationKind::OneToOne { .. }, _)) {
            panic!("`db_constraint` is for `ForeignKey` and `OneToOne`: remove it");
        }
        self.options.db_constraint = on;
        self
    }

    /// `via = ..`.
    #[track_caller]
    pub const fn via(mut self, field: &'static str) -> Self {
        if !matches!(
            self.shape,
            Shape::Relation(RelationKind::HasMany | RelationKind::HasOne | RelationKind::ManyToMany { .. }, _)
        ) {
            panic!("`via` is for `HasMany`, `HasOne` and `ManyToMany`: remove it");
        }
        self.options.via = Some(field);
        self
    }

    /// `through = ..`.
    #[track_caller]
    pub const fn through(mut self, model: fn() -> &'static ModelMeta) -> Self {
        if !matches!(self.shape, Shape::Relation(RelationKind::ManyToMany { .. }, _)) {
            panic!("`through` is for `ManyToMany`: remove it");
        }
        self.options.through = Some(model);
        self
    }

    /// `symmetrical`.
    #[track_caller]
    pub const fn symmetrical(mut self) -> Self {
        if !matches!(self.shape, Shape::Relation(RelationKind::ManyToMany { .. }, _)) {
            panic!("`symmetrical` is for `ManyToMany`: remove it");
        }
        self.options.symmetrical = true;
        self
    }

    /// `parent`. What happens to the parent happens to the row.
    #[track_caller]
    pub const fn parent(mut self) -> Self {
        match self.shape {
            Shape::Relation(RelationKind::OneToOne { nullable: true, .. }, _) => {
                panic!("a row has its parent from the beginning: make it a `OneToOne` without an `Option`")
            }
            Shape::Relation(RelationKind::OneToOne { key, .. }, _) if key.to.is_some() => {
                panic!(
                    "a row has the key of its parent: make it a `OneToOne` to the model itself, not to a unique field of it"
                )
            }
            Shape::Relation(RelationKind::OneToOne { .. }, _) => {}
            _ => panic!("`parent` is for `OneToOne`: a row has one parent, which has no other such row"),
        }
        self.options.parent = true;
        self.options.on_delete = Some(OnDelete::Cascade);
        self
    }

    /// `to = ..`. Only a many-to-many has a model between, whose key it names.
    pub const fn to(mut self, field: &'static str) -> Self {
        self.options.to = Some(field);
        self
    }

    /// `table = ".."`.
    #[track_caller]
    pub const fn table(mut self, name: &'static str) -> Self {
        if !matches!(self.shape, Shape::Relation(RelationKind::ManyToMany { .. }, _)) {
            panic!("`table` is for `ManyToMany`; the model's own table is named by #[model(table = \"..\")]");
        }
        self.options.table = Some(name);
        self
    }

    /// `comment = ".."`.
    #[track_caller]
    pub const fn comment(mut self, text: &'static str) -> Self {
        self.needs_column("this relation has no column that could have a comment");
        self.options.comment = Some(text);
        self
    }

    /// `renamed_from = ".."`.
    pub const fn renamed_from(mut self, name: &'static str) -> Self {
        self.options.renamed_from = Some(name);
        self
    }

    /// What the type asks for and no attribute has given.
    #[track_caller]
    pub const fn done(self) -> Self {
        if self.options.max_digits.is_none()
            && matches!(self.shape, Shape::Column(ColumnShape { kind: Kind::Decimal, .. }))
        {
            panic!("a `Decimal` has a fixed number of digits: write #[field(max_digits = 10, decimal_places = 2)]");
        }
        self
    }

    /// How many columns the field has.
    pub const fn columns(&self) -> u16 {
        match self.shape {
            Shape::Column(_) => 1,
            Shape::Relation(RelationKind::ForeignKey { key, .. } | RelationKind::OneToOne { key, .. }, _) => {
                key.kinds.len() as u16
            }
            Shape::Relation(..) => 0,
            Shape::Generic(_) => 2,
            Shape::Part(fields) => {
                let mut columns = 0;
                let mut index = 0;
                while index < fields.len() {
                    columns += fields[index].columns();
                    index += 1;
                }
                columns
            }
        }
    }

    /// How many fields it stands for.
    const fn fields(&self) -> u16 {
        let Shape::Part(fields) = self.shape else { return 1 };
        let mut count = 0;
        let mut index = 0;
        while index < fields.len() {
            count += fields[index].fields();
            index += 1;
        }
        count
    }

    const fn has_time(&self) -> bool {
        matches!(
            self.shape,
            Shape::Column(ColumnShape { kind: Kind::Date | Kind::Time | Kind::Timestamp | Kind::DateTime, .. })
        )
    }

    #[track_caller]
    const fn needs_one_column(&self) {
        self.needs_column("this relation has no column: it has no default");
        if self.columns() > 1 {
            panic!("this relation has several columns: it has no default");
        }
    }

    #[track_caller]
    pub(super) const fn needs_column(&self, problem: &str) {
        if self.columns() == 0 {
            panic!("{}", problem);
        }
    }
}

fn new_uuid() -> Value {
    Value::Uuid(uuid::Uuid::now_v7())
}

/// The first column of each field.
pub type Offsets<const N: usize> = [u16; N];

/// Lays out the columns of a model.
pub const fn offsets<const N: usize>(fields: &[FieldSpec; N]) -> Offsets<N> {
    let mut out = [0; N];
    let mut column = 0;
    let mut index = 0;
    while index < N {
        out[index] = column;
        column += fields[index].columns();
        index += 1;
    }
    out
}

/// The first field of each, when parts stand for several.
pub const fn starts<const N: usize>(fields: &[FieldSpec; N]) -> Offsets<N> {
    let mut out = [0; N];
    let mut field = 0;
    let mut index = 0;
    while index < N {
        out[index] = field;
        field += fields[index].fields();
        index += 1;
    }
    out
}

/// Refuses a field without a column in a list of the model: `unique(books)`.
#[track_caller]
pub const fn check_listed(columns: u16, name: &str, list: &str) {
    if columns == 0 {
        let text =
            Text::new().push("`").push(name).push("` has no column, its rows are of another model: take it out of `");
        panic!("{}", text.push(list).push("(..)`").as_str());
    }
}
