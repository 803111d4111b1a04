//! Models with their indexes and constraints.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{ColumnType, Field, Hint, ModelKey, OnDelete};
use crate::condition::{Expr, IndexPart};
use crate::error::{Result, error, fail};
use crate::naming;

/// One model: a table with its fields.
#[derive(Debug, Clone, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Application and name.
    #[serde(rename = "model")]
    pub key: ModelKey,
    /// The table.
    pub table: String,
    /// The names of the fields that form the primary key.
    pub primary_key: Vec<String>,
    /// The fields, in the order of the columns when the table is made.
    pub fields: Vec<Field>,
    /// Indexes over several fields, parts of rows, or expressions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<Index>,
    /// Unique, check and composite foreign key constraints.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constraints: Vec<Constraint>,
    /// A comment stored in the database, where it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Whether migrations make and change its table. A view, or another program's table, is not managed.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub managed: bool,
    /// Names that the engine chose.
    #[serde(default, skip_serializing_if = "ModelNames::is_empty")]
    pub names: ModelNames,
    /// The name it had before; a hint for `diff`.
    #[serde(skip)]
    pub renamed_from: Hint<Option<String>>,
}

/// Names chosen by the engine for a model; they do not count in comparisons.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelNames {
    /// Of the primary key constraint on PostgreSQL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_key: Option<String>,
}

impl ModelNames {
    fn is_empty(&self) -> bool {
        self.primary_key.is_none()
    }
}
impl PartialEq for ModelNames {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl Eq for ModelNames {}

pub(super) fn yes() -> bool {
    true
}
pub(super) fn is_true(value: &bool) -> bool {
    *value
}
pub(super) fn is_false(value: &bool) -> bool {
    !*value
}

/// An index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// Its name in the database.
    pub name: String,
    /// What is indexed.
    pub on: Vec<IndexPart>,
    /// Only rows for which this is true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Expr>,
    /// Fields stored beside the key (covering index); databases without it leave them out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// The access method on PostgreSQL (`gin`, `brin` ..); other databases leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
}

/// When a constraint is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Deferrable {
    /// At each statement, unless the transaction says otherwise.
    Immediate,
    /// At the end of the transaction.
    Deferred,
}

/// A constraint of a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", rename_all_fields = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum Constraint {
    /// No two rows are equal in these.
    Unique {
        /// Its name in the database.
        name: String,
        /// Fields or expressions.
        on: Vec<IndexPart>,
        /// Only among rows for which this is true.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        condition: Option<Expr>,
        /// Fields stored beside the key.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        include: Vec<String>,
        /// When it is checked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deferrable: Option<Deferrable>,
        /// Two NULLs count as equal.
        #[serde(default, skip_serializing_if = "is_false")]
        nulls_equal: bool,
    },
    /// True (or unknown) for every row.
    Check {
        /// Its name in the database.
        name: String,
        /// The condition.
        check: Expr,
    },
    /// A foreign key of several columns; one with a single column is a field with a relation.
    ForeignKey {
        /// Its name in the database.
        name: String,
        /// Fields of this model.
        fields: Vec<String>,
        /// The model referred to.
        to: ModelKey,
        /// Its fields, one for each.
        to_fields: Vec<String>,
        /// What happens to this row when the other goes.
        on_delete: OnDelete,
    },
    /// No two rows for which every comparison is true (PostgreSQL).
    Exclude {
        /// Its name in the database.
        name: String,
        /// What is compared, as `part`, and by which `operator`.
        on: Vec<Excluded>,
        /// The access method; without it `gist`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        method: Option<String>,
        /// Only among rows for which this is true.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        condition: Option<Expr>,
        /// When it is checked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deferrable: Option<Deferrable>,
    },
}

/// What an exclusion compares of two rows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Excluded {
    /// A field or an expression, of both rows.
    pub part: IndexPart,
    /// The operator between them: `=`, `<>`, `&&`, `-|-`.
    pub operator: String,
}

impl Constraint {
    /// The model that a foreign key of several columns leads to.
    pub(crate) fn target(&self) -> Option<&ModelKey> {
        match self {
            Constraint::ForeignKey { to, .. } => Some(to),
            Constraint::Unique { .. } | Constraint::Check { .. } | Constraint::Exclude { .. } => None,
        }
    }

    /// Its name in the database.
    pub fn name(&self) -> &str {
        match self {
            Constraint::Unique { name, .. }
            | Constraint::Check { name, .. }
            | Constraint::ForeignKey { name, .. }
            | Constraint::Exclude { name, .. } => name,
        }
    }

    /// The same constraint under another name.
    #[must_use]
    pub fn named(&self, new: &str) -> Self {
        let mut named = self.clone();
        match &mut named {
            Constraint::Unique { name, .. }
            | Constraint::Check { name, .. }
            | Constraint::ForeignKey { name, .. }
            | Constraint::Exclude { name, .. } => new.clone_into(name),
        }
        named
    }

    /// A unique constraint over plain fields.
    pub fn unique(name: impl Into<String>, fields: &[&str]) -> Self {
        Constraint::Unique {
            name: name.into(),
            on: fields.iter().map(|field| IndexPart::field_asc(*field)).collect(),
            condition: None,
            include: Vec::new(),
            deferrable: None,
            nulls_equal: false,
        }
    }

    /// A check.
    pub fn check(name: impl Into<String>, check: Expr) -> Self {
        Constraint::Check { name: name.into(), check }
    }

    /// What it says of fields in expressions, or by their names.
    fn exprs(&self) -> Vec<&Expr> {
        match self {
            Constraint::Unique { on, condition, .. } => on.iter().map(|part| &part.expr).chain(condition).collect(),
            Constraint::Check { check, .. } => vec![check],
            Constraint::ForeignKey { .. } => Vec::new(),
            Constraint::Exclude { on, condition, .. } => on.iter().map(|on| &on.part.expr).chain(condition).collect(),
        }
    }

    /// Every field it mentions.
    pub fn fields(&self) -> BTreeSet<&str> {
        let beside = match self {
            Constraint::Unique { include: fields, .. } | Constraint::ForeignKey { fields, .. } => fields.as_slice(),
            Constraint::Check { .. } | Constraint::Exclude { .. } => &[],
        };
        mentioned(self.exprs(), beside)
    }

    pub(crate) fn rename_fields(&mut self, rename: &mut dyn FnMut(&mut String)) {
        match self {
            Constraint::Unique { on, condition, include, .. } => {
                on.iter_mut().for_each(|part| part.expr.rename_fields(rename));
                condition.iter_mut().for_each(|expr| expr.rename_fields(rename));
                include.iter_mut().for_each(rename);
            }
            Constraint::Check { check, .. } => check.rename_fields(rename),
            Constraint::ForeignKey { fields, .. } => fields.iter_mut().for_each(rename),
            Constraint::Exclude { on, condition, .. } => {
                on.iter_mut().for_each(|on| on.part.expr.rename_fields(rename));
                condition.iter_mut().for_each(|expr| expr.rename_fields(rename));
            }
        }
    }
}

fn mentioned<'a>(exprs: Vec<&'a Expr>, beside: &'a [String]) -> BTreeSet<&'a str> {
    exprs.into_iter().flat_map(Expr::fields).chain(beside.iter().map(String::as_str)).collect()
}

impl Index {
    /// An index over plain fields.
    pub fn new(name: impl Into<String>, fields: &[&str]) -> Self {
        Index {
            name: name.into(),
            on: fields.iter().map(|field| IndexPart::field_asc(*field)).collect(),
            condition: None,
            include: Vec::new(),
            method: None,
        }
    }

    fn exprs(&self) -> Vec<&Expr> {
        self.on.iter().map(|part| &part.expr).chain(&self.condition).collect()
    }

    /// Every field it mentions.
    pub fn fields(&self) -> BTreeSet<&str> {
        mentioned(self.exprs(), &self.include)
    }

    pub(crate) fn rename_fields(&mut self, rename: &mut dyn FnMut(&mut String)) {
        self.on.iter_mut().for_each(|part| part.expr.rename_fields(rename));
        self.condition.iter_mut().for_each(|expr| expr.rename_fields(rename));
        self.include.iter_mut().for_each(rename);
    }
}

impl PartialEq for Model {
    fn eq(&self, other: &Self) -> bool {
        fn sorted<T, K: Ord>(items: &[T], key: impl Fn(&T) -> K) -> Vec<&T> {
            let mut sorted: Vec<&T> = items.iter().collect();
            sorted.sort_by_key(|item| key(item));
            sorted
        }
        let Model {
            key,
            table,
            primary_key,
            fields,
            indexes,
            constraints,
            comment,
            managed,
            names: _,
            renamed_from: _,
        } = self;
        *key == other.key
            && *table == other.table
            && *primary_key == other.primary_key
            && *comment == other.comment
            && *managed == other.managed
            && fields.len() == other.fields.len()
            && fields.iter().all(|field| other.field(&field.name) == Some(field))
            && sorted(indexes, |index| index.name.clone()) == sorted(&other.indexes, |index| index.name.clone())
            && sorted(constraints, |c| c.name().to_owned()) == sorted(&other.constraints, |c| c.name().to_owned())
    }
}

impl Model {
    /// A model without fields, in the table `<app>_<model>`, with the key `id`.
    pub fn new(app: impl Into<String>, name: impl Into<String>) -> Self {
        let key = ModelKey::new(app, name);
        Model {
            table: naming::table(&key),
            key,
            primary_key: vec!["id".to_owned()],
            fields: Vec::new(),
            indexes: Vec::new(),
            constraints: Vec::new(),
            comment: None,
            managed: true,
            names: ModelNames::default(),
            renamed_from: Hint(None),
        }
    }

    /// The same model with one more field.
    pub fn with(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    /// The same model with an index.
    pub fn with_index(mut self, index: Index) -> Self {
        self.indexes.push(index);
        self
    }

    /// The same model with a constraint.
    pub fn with_constraint(mut self, constraint: Constraint) -> Self {
        self.constraints.push(constraint);
        self
    }

    /// The same model in another table.
    pub fn in_table(mut self, table: impl Into<String>) -> Self {
        self.table = table.into();
        self
    }

    /// The same model with a hint for `diff` that it was called `old`.
    pub fn renamed_from(mut self, old: impl Into<String>) -> Self {
        self.renamed_from = Hint(Some(old.into()));
        self
    }

    /// A field by name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// A field by name, or `M012`.
    pub(crate) fn get(&self, name: &str) -> Result<&Field> {
        self.field(name).ok_or_else(|| error!(M012, "`{}` has no field `{name}`", self.key))
    }

    /// Whether a field is part of the primary key.
    pub fn is_key(&self, field: &str) -> bool {
        self.primary_key.iter().any(|name| name == field)
    }

    /// Whether any relation of this model refers to `key`.
    pub fn refers_to(&self, key: &ModelKey) -> bool {
        self.fields.iter().filter_map(|field| field.relation.as_ref()).any(|relation| {
            relation.to == *key || relation.many_to_many.as_ref().is_some_and(|many| many.through.as_ref() == Some(key))
        }) || self.constraints.iter().any(|constraint| constraint.target() == Some(key))
    }

    /// Whether a relation or a foreign key of several columns names a field of a model, other than through the key.
    pub(crate) fn names_field(&self, key: &ModelKey, name: &str) -> bool {
        let by_relation = self.fields.iter().filter_map(|field| field.relation.as_ref());
        by_relation.into_iter().any(|relation| relation.to == *key && relation.to_field.as_deref() == Some(name))
            || self.constraints.iter().any(|constraint| match constraint {
                Constraint::ForeignKey { to, to_fields, .. } => {
                    to == key && to_fields.iter().any(|field| field == name)
                }
                Constraint::Unique { .. } | Constraint::Check { .. } | Constraint::Exclude { .. } => false,
            })
    }

    /// Its table and those of its many-to-manys that have their own.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().filter_map(Field::own_table).map(|many| many.table.as_str()).chain([self.table.as_str()])
    }

    /// The names of its indexes and constraints, those of fields not counted.
    pub(crate) fn uses(&self) -> impl Iterator<Item = &str> {
        self.indexes.iter().map(|index| index.name.as_str()).chain(self.constraints.iter().map(Constraint::name))
    }

    /// What it has in the database: tables, indexes and constraints by name, in lower case. Most databases have one of each kind,
    /// whatever the table, and compare them so.
    pub(crate) fn stored(&self) -> BTreeSet<String> {
        self.tables().chain(self.uses()).filter(|_| self.managed).map(str::to_lowercase).collect()
    }

    /// Names of indexes and constraints that mention a field, its own not counted.
    pub(crate) fn using_field(&self, name: &str) -> Vec<&str> {
        let indexes =
            self.indexes.iter().filter(|index| index.fields().contains(name)).map(|index| index.name.as_str());
        let constraints = self.constraints.iter().filter(|c| c.fields().contains(name)).map(Constraint::name);
        let generated = self.fields.iter().filter(|field| {
            field.name != name
                && field.generated.as_ref().is_some_and(|generated| generated.expr.fields().contains(&name))
        });
        indexes.chain(constraints).chain(generated.map(|field| field.name.as_str())).collect()
    }

    /// Checks that the model is complete in itself.
    pub fn validate(&self) -> Result<()> {
        let bad = |what: String| error!(M018, "`{}`: {what}", self.key);
        let mut names = BTreeSet::new();
        let mut columns = BTreeSet::new();
        for field in &self.fields {
            if !names.insert(field.name.as_str()) {
                fail!(M013, "`{}` has two fields `{}`", self.key, field.name);
            }
            if field.has_column() && !columns.insert(field.column.to_lowercase()) {
                fail!(M013, "`{}` has two fields in the column `{}`", self.key, field.column);
            }
            self.validate_field(field)?;
        }
        if self.primary_key.is_empty() && self.managed {
            return Err(bad("it has no primary key".into()));
        }
        for name in &self.primary_key {
            match self.field(name) {
                None => return Err(bad(format!("the key names the field `{name}`, which does not exist"))),
                Some(field) if field.null || !field.has_column() => {
                    return Err(bad(format!("the key field `{name}` must have a column without NULL")));
                }
                Some(_) => {}
            }
        }
        let autos: Vec<_> = self.fields.iter().filter(|field| field.auto).collect();
        if autos.len() > 1
            || autos.iter().any(|field| self.primary_key != [field.name.as_str()] || !field.ty.is_integer())
        {
            return Err(bad("only the primary key, of one integer field, can be automatic".into()));
        }
        for constraint in &self.constraints {
            let Constraint::Exclude { name, on, .. } = constraint else { continue };
            let sign = |on: &Excluded| {
                !on.operator.is_empty() && on.operator.chars().all(|sign| "+-*/<>=~!@#%^&|`?".contains(sign))
            };
            if on.is_empty() || !on.iter().all(sign) {
                return Err(bad(format!("`{name}` compares nothing, or by what is no operator: write `=` or `&&`")));
            }
        }
        let mut taken = BTreeSet::new();
        let uses = self.indexes.iter().map(|index| (index.name.as_str(), index.fields()));
        for (name, fields) in uses.chain(self.constraints.iter().map(|c| (c.name(), c.fields()))) {
            if !taken.insert(name) {
                fail!(M015, "`{}` has two indexes or constraints `{name}`", self.key);
            }
            self.validate_use(name, &fields)?;
        }
        Ok(())
    }

    /// `M001` if an expression of it is nested deeper than a file of migrations can say.
    pub(super) fn can_be_written(&self) -> Result<()> {
        for field in &self.fields {
            let place = || format!("an expression of `{}.{}`", self.key, field.name);
            let exprs = field.db_default.iter().chain(field.generated.as_ref().map(|generated| &generated.expr));
            exprs.into_iter().try_for_each(|expr| expr.can_be_written(&place()))?;
        }
        let uses = self.indexes.iter().map(|index| (index.name.as_str(), index.exprs()));
        for (name, exprs) in uses.chain(self.constraints.iter().map(|c| (c.name(), c.exprs()))) {
            let what = format!("an expression of `{name}` of `{}`", self.key);
            exprs.into_iter().try_for_each(|expr| expr.can_be_written(&what))?;
        }
        Ok(())
    }

    /// Whether an index or a constraint has the name of a field's own index: the database would have one of the two. Asked of the models
    /// that are wanted, and not of files that have been applied.
    pub(super) fn validate_own_indexes(&self) -> Result<()> {
        let taken: BTreeSet<&str> = self.uses().collect();
        let own = |field: &&Field| {
            field.index && !field.unique && field.has_column() && self.primary_key != [field.name.as_str()]
        };
        for field in self.fields.iter().filter(own) {
            let usual = || naming::field_index(&self.table, &field.column);
            let name = field.names.index.clone().unwrap_or_else(usual);
            if taken.contains(name.as_str()) {
                fail!(
                    M015,
                    "`{}` has another index or constraint `{name}` beside the index of `{}`",
                    self.key,
                    field.name
                );
            }
        }
        Ok(())
    }

    pub(crate) fn validate_use(&self, name: &str, fields: &BTreeSet<&str>) -> Result<()> {
        for field in fields {
            if !self.field(field).is_some_and(Field::has_column) {
                fail!(M012, "`{name}` of `{}` names the field `{field}`, which does not exist", self.key);
            }
        }
        Ok(())
    }

    pub(crate) fn validate_field(&self, field: &Field) -> Result<()> {
        let bad = |what: &str| Err(error!(M018, "`{}.{}`: {what}", self.key, field.name));
        let related = field.ty == ColumnType::Related;
        match &field.relation {
            None if related => return bad("the type `related` needs a relation"),
            Some(_) if !related => return bad("a relation takes the type of its target; the type must be `related`"),
            Some(relation) if relation.on_delete == OnDelete::SetNull && !field.null && field.has_column() => {
                return bad("`on_delete = set null` needs a field that allows NULL");
            }
            Some(relation) if relation.on_delete == OnDelete::SetDefault && field.db_default.is_none() => {
                return bad("`on_delete = set default` needs a database default");
            }
            _ => {}
        }
        if field.has_column() && field.column.is_empty() {
            return bad("it has no column");
        }
        if let Some(collation) = &field.collation {
            if !related && !field.ty.is_text() {
                return bad("a collation is for text");
            }
            let plain = |letter: char| letter.is_ascii_alphanumeric() || "_-.@".contains(letter);
            if collation.names().any(|name| name.is_empty() || !name.chars().all(plain)) {
                return bad("a collation is a name of letters, digits, `_`, `-`, `.` and `@`");
            }
        }
        if let Some(generated) = &field.generated {
            if field.db_default.is_some() || field.default.is_some() || field.auto {
                return bad("a generated field has no default");
            }
            if generated.expr.mentions_moment() {
                return bad("it is computed from its row alone, and not from the time or by chance");
            }
            let computed =
                |name: &&str| *name == field.name || self.field(name).is_some_and(|it| it.generated.is_some());
            if let Some(other) = generated.expr.fields().into_iter().find(computed) {
                return bad(&format!(
                    "it is computed from the generated field `{other}`: write what that is computed from"
                ));
            }
        }
        Ok(())
    }
}
