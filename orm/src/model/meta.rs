//! Metadata of models: names resolved, columns laid out, relations ready to be followed.

mod between;
mod columns;
mod constraints;
mod defaults;
mod keyless;

pub use constraints::{CheckMeta, ExcludeMeta, IndexMeta, Told, UniqueMeta};

use super::{
    AppSpec, ColumnShape, FieldOptions, FieldSpec, GenericShape, ModelOptions, ModelSpec, OrderKey, RelationKind,
    Shape, ValidateRow, describe::ModelSet,
};
use crate::{
    Kind, Value,
    field::PathNode,
    query::RowOps,
    statement::Templates,
    tree::{Expr, ModelRef, Order},
};
use migrations_engine::{naming, schema::ModelKey};
use std::{
    borrow::Cow,
    sync::{Arc, OnceLock, Weak},
};

/// A model: its names, fields, columns, keys and relations.
///
/// Whole and read-only; [`Model::meta`](super::Model::meta) gives it.
///
/// ```
/// # use library::*;
/// let meta = Book::meta();
/// assert_eq!((meta.verbose_name.as_str(), meta.key.as_slice()), ("book", &[0][..]));
/// assert_eq!(meta.columns[2].scale, Some(2));
/// ```
#[derive(Debug)]
pub struct ModelMeta {
    /// The application's label.
    pub app: String,
    /// The model's name, `Book`.
    pub name: Cow<'static, str>,
    /// The table.
    pub table: String,
    /// Every field, in the order of the struct.
    pub fields: Vec<FieldMeta>,
    /// Where serde writes each field: its name, and before it that of its part.
    pub(crate) written: Vec<Vec<&'static str>>,
    /// Every column, in the order of the fields.
    pub columns: Vec<ColumnMeta>,
    /// The columns of the primary key.
    pub key: Vec<u16>,
    /// The column that counts the changes of each row.
    pub version: Option<u16>,
    /// The model's own ordering.
    pub ordering: Vec<OrderKey>,
    /// The same, where it is more than fields: worked out for each query.
    pub(crate) order: Option<fn() -> Vec<Order>>,
    /// The comment kept in the database.
    pub comment: Option<&'static str>,
    /// What people read.
    pub verbose_name: String,
    /// What people call several: `#[model(verbose_name_plural = "..")]`, or the name with an `s`.
    pub verbose_name_plural: String,
    /// What somebody may be allowed beside `add`, `change`, `delete` and `view`: names, and what people read.
    pub permissions: &'static [(&'static str, &'static str)],
    /// The model's doc comment.
    pub help: &'static str,
    /// What it was called before.
    pub renamed_from: Option<&'static str>,
    /// Whether migrations make its table.
    pub managed: bool,
    /// Whether its table has no key, so that several rows may have what the model says is theirs: `#[model(keyless)]`.
    pub keyless: bool,
    /// Handles its rows without their type; `None` for models that have no Rust type.
    pub(crate) ops: Option<&'static RowOps>,
    /// Looks at a row as a whole.
    pub(crate) validate: Option<ValidateRow>,
    /// Which of its rows count, unless it is said otherwise: worked out for each query.
    pub(crate) filter: Option<fn() -> Expr>,
    /// Whether something is done around the writes of its rows: `#[model(hooks)]`.
    pub(crate) hooks: bool,
    /// Whether new values of its rows are looked at before they are written: by its hooks, or by a field's `validate_with`.
    pub(crate) hooked: bool,
    options: fn() -> ModelOptions,
    options_cell: OnceLock<ModelOptions>,
    root: OnceLock<&'static PathNode>,
    /// What its table is called in queries over several.
    pub(crate) alias: String,
    pub(crate) templates: Templates,
}

/// The metadata of a derived model, made when it is first asked for.
#[derive(Debug)]
pub struct LazyMeta(OnceLock<ModelMeta>);

impl LazyMeta {
    /// Not made yet.
    #[allow(clippy::new_without_default, reason = "it stands in statics")]
    pub const fn new() -> LazyMeta {
        LazyMeta(OnceLock::new())
    }

    #[inline]
    pub(crate) fn get(&'static self, spec: &'static ModelSpec, app: &'static AppSpec) -> &'static ModelMeta {
        self.0.get_or_init(|| ModelMeta::build(spec, app))
    }
}

/// A field of a model.
#[derive(Debug)]
pub struct FieldMeta {
    /// The field's Rust name, without `r#`.
    pub name: Cow<'static, str>,
    /// The name of the model that it is a field of.
    pub model: Cow<'static, str>,
    /// What its attributes say.
    pub options: FieldOptions,
    /// The first of its columns.
    pub first_column: u16,
    /// How many columns it has: none for to-many sides, several for keys that span columns.
    pub column_count: u16,
    /// What a column's type says; `None` for relations.
    pub column: Option<ColumnShape>,
    /// Where a relation leads; `None` for plain columns.
    pub relation: Option<Relation>,
    /// What a generic foreign key holds; `None` for all others.
    pub generic: Option<GenericShape>,
    /// What a model that is described at run time says in place of `options.default`.
    pub default: Option<Value>,
}

/// A relation of a model to another.
#[derive(Debug)]
pub struct Relation {
    /// Its kind.
    pub kind: RelationKind,
    /// The unique field of the other model that a foreign key holds, if it is not the key.
    pub to_field: Option<Cow<'static, str>>,
    target: Target,
    through: OnceLock<Option<Through>>,
    reverse: OnceLock<Option<u16>>,
    ends: OnceLock<Vec<u16>>,
}

/// A model that metadata leads to.
#[derive(Debug, Clone)]
pub(super) enum Target {
    Static(fn() -> &'static ModelMeta),
    Model(ModelRef),
    /// One that was described together with the model that leads to it: neither keeps the other.
    Sibling(Weak<ModelSet>, u16),
}

impl Target {
    fn model(&self) -> ModelRef {
        match self {
            Target::Static(meta) => ModelRef::Static(meta()),
            Target::Model(model) => model.clone(),
            Target::Sibling(set, place) => match set.upgrade() {
                Some(set) => ModelRef::Member(set, *place),
                // Who asks has the model that leads there, and so the set: this is never reached.
                None => ModelRef::Static(nowhere()),
            },
        }
    }

    /// A model that the metadata of `owner` leads to, without keeping it where it is kept by what it belongs to.
    fn from(model: &ModelRef) -> Target {
        match model {
            ModelRef::Member(set, place) => Target::Sibling(Arc::downgrade(set), *place),
            model => Target::Model(model.clone()),
        }
    }
}

fn nowhere() -> &'static ModelMeta {
    static NOWHERE: OnceLock<ModelMeta> = OnceLock::new();
    NOWHERE.get_or_init(|| ModelMeta::described(Described::default()))
}

/// What the metadata of a model that no struct stands for is made of.
#[derive(Debug, Default)]
pub(super) struct Described {
    pub(super) app: String,
    pub(super) name: String,
    pub(super) table: String,
    pub(super) fields: Vec<FieldMeta>,
    pub(super) columns: Vec<ColumnMeta>,
    pub(super) key: Vec<u16>,
    pub(super) unique: Vec<UniqueMeta>,
    pub(super) ordering: Vec<OrderKey>,
}

/// The table between the two sides of a many-to-many, seen from one of them.
#[derive(Debug, Clone)]
pub struct Through {
    model: Target,
    /// Its foreign key to this side, as a field index.
    pub source: u16,
    /// Its foreign key to the other side, as a field index.
    pub target: u16,
    /// Whether it was made for the relation, and is no model of the person's.
    pub automatic: bool,
}

/// A column of a model.
#[derive(Debug, Clone)]
pub struct ColumnMeta {
    /// The column's name in the database.
    pub name: String,
    /// How its values are stored.
    pub kind: Kind,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// The field that it belongs to.
    pub field: u16,
    /// Digits after the point of a decimal.
    pub scale: Option<u32>,
    /// The most characters of a text.
    pub max_length: Option<u32>,
    /// Digits in all of a decimal.
    pub digits: Option<u32>,
    /// Whether its field has rules.
    pub(crate) ruled: bool,
}

impl ModelMeta {
    /// Whether a column's numbers are never negative, as those of `u32` are.
    pub(crate) fn is_positive(&self, column: u16) -> bool {
        let field = &self.fields[usize::from(self.columns[usize::from(column)].field)];
        field.column.is_some_and(|column| column.positive)
    }

    /// Builds the metadata of a derived model.
    pub(crate) fn build(spec: &'static ModelSpec, app: &'static AppSpec) -> ModelMeta {
        super::register(app);
        let mut fields = Vec::with_capacity(spec.fields.len());
        let mut columns = Vec::with_capacity(spec.fields.len());
        let mut flat = Vec::with_capacity(spec.fields.len());
        super::part::flat(spec.fields, &mut flat);
        for (index, field) in flat.into_iter().enumerate() {
            fields.push(FieldMeta::build(spec.name, index as u16, field, &mut columns));
        }
        let key = spec.primary_key.iter().flat_map(|&field| fields[field as usize].columns()).collect();
        let name = spec.verbose_name.map_or_else(|| super::forms::words(spec.name), str::to_owned);
        let version = fields.iter().find(|field| field.options.version).map(|field| field.first_column);
        ModelMeta {
            app: app.label.to_owned(),
            name: Cow::Borrowed(spec.name),
            table: spec.table.map_or_else(|| naming::table(&ModelKey::new(app.label, spec.name)), str::to_owned),
            fields,
            written: super::part::written(spec.fields),
            columns,
            key,
            version,
            ordering: spec.ordering.to_vec(),
            order: spec.order,
            comment: spec.comment,
            verbose_name: name.clone(),
            verbose_name_plural: spec.verbose_name_plural.map_or_else(|| format!("{name}s"), str::to_owned),
            permissions: spec.permissions,
            help: spec.help,
            renamed_from: spec.renamed_from,
            managed: spec.managed,
            keyless: spec.keyless,
            ops: Some((spec.reader)()),
            validate: spec.validate,
            filter: spec.filter,
            hooks: spec.hooks,
            hooked: spec.hooks || spec.asks,
            options: spec.options,
            options_cell: OnceLock::new(),
            root: OnceLock::new(),
            alias: spec.name.to_lowercase(),
            templates: Templates::default(),
        }
    }

    /// The metadata of a model that no struct stands for.
    pub(super) fn described(model: Described) -> ModelMeta {
        ModelMeta {
            verbose_name: super::forms::words(&model.name),
            verbose_name_plural: format!("{}s", super::forms::words(&model.name)),
            permissions: &[],
            alias: model.name.to_lowercase(),
            app: model.app,
            name: Cow::Owned(model.name),
            table: model.table,
            fields: model.fields,
            written: Vec::new(),
            columns: model.columns,
            key: model.key,
            version: None,
            ordering: model.ordering,
            order: None,
            comment: None,
            help: "",
            renamed_from: None,
            managed: true,
            keyless: false,
            ops: None,
            validate: None,
            filter: None,
            hooks: false,
            hooked: false,
            options: ModelOptions::default,
            options_cell: OnceLock::from(ModelOptions { unique: model.unique, ..ModelOptions::default() }),
            root: OnceLock::new(),
            templates: Templates::default(),
        }
    }

    /// The model with its application, `library.Book`.
    ///
    /// ```
    /// # use library::*;
    /// assert_eq!(Author::meta().label(), "library.Author");
    /// ```
    pub fn label(&self) -> String {
        format!("{}.{}", self.app, self.name)
    }

    /// Whether this is the model's label: `library.Book`.
    pub(crate) fn has_label(&self, label: &str) -> bool {
        label.split_once('.').is_some_and(|(app, name)| app == self.app && *name == *self.name)
    }

    /// The model with a label, `library.Book`; `None` where no application that is known lists one. An application is known from
    /// the moment one of its models is used, or [registered](super::register), as `Project` does with all of its own.
    ///
    /// ```
    /// # use library::*;
    /// use orm::model::ModelMeta;
    /// orm::model::register(Book::APPLICATION);
    /// assert_eq!(ModelMeta::labelled("library.Book").unwrap().table, "library_book");
    /// assert!(ModelMeta::labelled("library.Newspaper").is_none());
    /// ```
    pub fn labelled(label: &str) -> Option<&'static ModelMeta> {
        super::labelled(label)
    }

    /// The field of this name.
    ///
    /// ```
    /// # use library::*;
    /// let (index, field) = Book::meta().field("title").unwrap();
    /// assert_eq!((index, field.options.max_length, field.options.help), (1, Some(200), "as printed on the cover"));
    /// ```
    pub fn field(&self, name: &str) -> Option<(u16, &FieldMeta)> {
        self.fields.iter().enumerate().find(|(_, field)| field.name == name).map(|(index, field)| (index as u16, field))
    }

    /// The interned path to the model itself.
    pub(crate) fn root(&self, make: impl FnOnce() -> &'static PathNode) -> &'static PathNode {
        self.root.get_or_init(make)
    }

    /// The constraints and indexes of the model.
    ///
    /// ```
    /// # use library::*;
    /// assert_eq!(Book::meta().options().checks[0].name, "price_not_negative");
    /// ```
    pub fn options(&self) -> &ModelOptions {
        self.options_cell.get_or_init(self.options)
    }

    /// Whether no two rows share a value of the field.
    pub(crate) fn is_unique(&self, field: u16) -> bool {
        let alone = !self.keyless && self.key.iter().all(|&column| self.columns[usize::from(column)].field == field);
        let constraint = |unique: &UniqueMeta| unique.fields == [field] && unique.condition.is_none();
        alone || self.fields[usize::from(field)].options.unique || self.options().unique.iter().any(constraint)
    }

    /// The field that leads to the parent, where the model's rows are rows of another model too.
    ///
    /// ```
    /// # use library::*;
    /// assert_eq!(Book::meta().parent(), None);
    /// ```
    pub fn parent(&self) -> Option<u16> {
        let field = self.columns[usize::from(*self.key.first()?)].field;
        self.fields[usize::from(field)].options.parent.then_some(field)
    }

    /// Whether the database fills the key: one automatic integer.
    ///
    /// ```
    /// # use library::*;
    /// assert_eq!(Book::meta().auto_key(), Some(0));
    /// ```
    pub fn auto_key(&self) -> Option<u16> {
        match *self.key {
            [column] if self.fields[self.columns[column as usize].field as usize].options.auto => Some(column),
            _ => None,
        }
    }
}

impl FieldMeta {
    fn build(model: &'static str, index: u16, spec: &'static FieldSpec, columns: &mut Vec<ColumnMeta>) -> FieldMeta {
        let first_column = columns.len() as u16;
        let options = spec.options;
        columns.extend(columns::columns_of(spec).into_iter().map(|column| ColumnMeta {
            field: index,
            ruled: options.rules.any(),
            ..column
        }));
        let (column, relation, generic) = match spec.shape {
            Shape::Column(shape) => (Some(shape), None, None),
            Shape::Relation(kind, target) => (None, Some(Relation::new(kind, Target::Static(target))), None),
            Shape::Generic(shape) => (None, None, Some(shape)),
            // The caller has put the fields of parts in their places.
            Shape::Part(_) => (None, None, None),
        };
        let column_count = columns.len() as u16 - first_column;
        let (name, model) = (Cow::Borrowed(spec.name), Cow::Borrowed(model));
        FieldMeta { name, model, options, first_column, column_count, column, relation, generic, default: None }
    }

    /// The columns of the field, as indices.
    ///
    /// ```
    /// # use library::*;
    /// let (_, author) = Book::meta().field("author").unwrap();
    /// assert_eq!(author.columns(), 7..8);
    /// ```
    pub fn columns(&self) -> std::ops::Range<u16> {
        self.first_column..self.first_column + self.column_count
    }

    /// The columns of the model at the other end that those of a foreign key hold, one for each: those of its key, or of one of
    /// its unique fields.
    pub(crate) fn ends<'m>(&'m self, target: &'m ModelMeta) -> &'m [u16] {
        let known = self.relation.as_ref().and_then(|relation| Some((relation, relation.to_field.as_deref()?)));
        let Some((relation, to_field)) = known else { return &target.key };
        relation.ends.get_or_init(|| {
            target.field(to_field).map_or_else(|| target.key.clone(), |(_, field)| field.columns().collect())
        })
    }

    /// Whether it is the reverse side of a many-to-many of the other model.
    pub(crate) fn mirrors(&self) -> bool {
        self.is_many_to_many() && self.options.via.is_some() && self.options.through.is_none()
    }

    /// Whether a table between is made for it.
    pub(crate) fn makes_table(&self) -> bool {
        self.is_many_to_many() && self.options.via.is_none() && self.options.through.is_none()
    }

    pub(crate) fn is_many_to_many(&self) -> bool {
        self.relation.as_ref().is_some_and(|relation| matches!(relation.kind, RelationKind::ManyToMany { .. }))
    }
}

impl Through {
    /// The model between.
    ///
    /// ```
    /// # use library::*;
    /// let (_, tags) = Book::meta().field("tags").unwrap();
    /// let between = tags.relation.as_ref().unwrap().through(&orm::tree::ModelRef::Static(Book::meta()), tags);
    /// assert_eq!(between.unwrap().model().label(), "library.Book_tags");
    /// ```
    pub fn model(&self) -> ModelRef {
        self.model.model()
    }

    /// The same, seen from the other side.
    pub(crate) fn turned(&self) -> Through {
        Through { source: self.target, target: self.source, ..self.clone() }
    }
}

impl Relation {
    fn new(kind: RelationKind, target: Target) -> Relation {
        let to_field = match kind {
            RelationKind::ForeignKey { key, .. } | RelationKind::OneToOne { key, .. } => key.to.map(Cow::Borrowed),
            _ => None,
        };
        let (through, reverse, ends) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Relation { kind, to_field, target, through, reverse, ends }
    }

    pub(super) fn described(
        kind: RelationKind,
        target: Target,
        to_field: Option<String>,
        reverse: Option<u16>,
        through: Option<(Target, u16, u16)>,
    ) -> Relation {
        let through = through.map(|(model, source, target)| Through { model, source, target, automatic: false });
        Relation {
            to_field: to_field.map(Cow::Owned),
            through: OnceLock::from(through),
            reverse: reverse.map_or_else(OnceLock::new, |reverse| OnceLock::from(Some(reverse))),
            ..Relation::new(kind, target)
        }
    }

    /// The model between, where it was described at run time.
    pub(crate) fn described_through(&self) -> Option<ModelRef> {
        match self.through.get() {
            Some(Some(Through { model: model @ Target::Sibling(..), .. })) => Some(model.model()),
            _ => None,
        }
    }

    /// The model that the relation leads to.
    ///
    /// ```
    /// # use library::*;
    /// let (_, author) = Book::meta().field("author").unwrap();
    /// assert_eq!(author.relation.as_ref().unwrap().target().label(), "library.Author");
    /// ```
    pub fn target(&self) -> ModelRef {
        self.target.model()
    }

    /// Whether at most one row is at the other end.
    ///
    /// ```
    /// # use library::*;
    /// let (_, tags) = Book::meta().field("tags").unwrap();
    /// assert!(!tags.relation.as_ref().unwrap().is_to_one());
    /// ```
    pub fn is_to_one(&self) -> bool {
        match self.kind {
            RelationKind::ForeignKey { .. } | RelationKind::OneToOne { .. } | RelationKind::HasOne => true,
            RelationKind::HasMany | RelationKind::ManyToMany { .. } => false,
        }
    }

    /// The foreign key of the target that this reverse side stands for, as a field index: the one that `via` names, which may be
    /// generic, or else the only one that points back.
    ///
    /// ```
    /// # use library::*;
    /// let (_, books) = Author::meta().field("books").unwrap();
    /// let foreign_key = books.relation.as_ref().unwrap().reverse(Author::meta(), books);
    /// assert_eq!(foreign_key, Book::meta().field("author").map(|(index, _)| index));
    /// ```
    pub fn reverse(&self, owner: &ModelMeta, field: &FieldMeta) -> Option<u16> {
        *self.reverse.get_or_init(|| foreign_key_to(&self.target(), owner, field.options.via, None))
    }

    /// The table between the two sides of a many-to-many; `None` for other relations.
    ///
    /// ```
    /// # use library::*;
    /// let (_, tags) = Book::meta().field("tags").unwrap();
    /// let between = tags.relation.as_ref().unwrap().through(&orm::tree::ModelRef::Static(Book::meta()), tags);
    /// assert_eq!(between.unwrap().model().table, "library_book_tags");
    /// ```
    pub fn through(&self, owner: &ModelRef, field: &FieldMeta) -> Option<&Through> {
        let between = self.through.get_or_init(|| match (self.kind, field.options.through, field.options.via) {
            (RelationKind::ManyToMany { .. }, Some(model), via) => {
                let (model, target) = (model(), self.target());
                let to = field.options.to.and_then(|to| foreign_key_to(model, &target, Some(to), None));
                let source = foreign_key_to(model, owner, via, to)?;
                let target = foreign_key_to(model, &target, field.options.to, Some(source))?;
                Some(Through { model: Target::Model(ModelRef::Static(model)), source, target, automatic: false })
            }
            (RelationKind::ManyToMany { .. }, None, Some(via)) => {
                let target = self.target();
                let (_, other) = target.field(via).filter(|(_, other)| !other.mirrors())?;
                Some(other.relation.as_ref()?.through(&target, other)?.turned())
            }
            (RelationKind::ManyToMany { .. }, None, None) => {
                Some(between::automatic_through(owner, field, self.target()))
            }
            _ => None,
        });
        between.as_ref()
    }
}

/// The foreign key from `model` to `to`: the named one, or else the first that is not `other_than`.
fn foreign_key_to(model: &ModelMeta, to: &ModelMeta, named: Option<&str>, other_than: Option<u16>) -> Option<u16> {
    let found = model.fields.iter().enumerate().find(|(index, field)| {
        field.column_count > 0
            && other_than != Some(*index as u16)
            && named.is_none_or(|name| field.name == name)
            && match &field.relation {
                Some(relation) => std::ptr::eq::<ModelMeta>(&*relation.target(), to),
                None => named.is_some() && field.generic.is_some(),
            }
    });
    found.map(|(index, _)| index as u16)
}

impl AppSpec {
    /// The metadata of every model.
    pub fn models(&self) -> impl Iterator<Item = &'static ModelMeta> + '_ {
        self.models.iter().map(|meta| meta())
    }
}
