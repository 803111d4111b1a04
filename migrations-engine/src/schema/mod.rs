//! Schema state: what the database should look like, as plain data without SQL.
//!
//! Two states are equal when their databases are: the order of fields, the names that the engine
//! chose for implicit indexes and constraints, and hints (`renamed_from`) do not count.

mod collation;
mod field;
mod holds;
mod key;
mod model;
mod repr;
mod types;

pub use collation::Collation;
pub use field::{Field, FieldNames, Generated, Hint, ManyToMany, OnDelete, Relation};
pub use key::ModelKey;
pub use model::{Constraint, Deferrable, Excluded, Index, Model, ModelNames};
pub use types::ColumnType;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::error::{Result, error, fail};

/// All models of all applications.
///
/// ```
/// use migrations_engine::schema::{Schema, Model, Field, ColumnType, Relation, OnDelete};
/// let mut schema = Schema::default();
/// schema.insert(Model::new("library", "Author")
///     .with(Field::auto_id())
///     .with(Field::new("name", ColumnType::Char { max_length: 100 })));
/// schema.insert(Model::new("library", "Book")
///     .with(Field::auto_id())
///     .with(Field::new("title", ColumnType::Text).indexed())
///     .with(Field::foreign_key("author", "library.Author".parse()?, OnDelete::Cascade)));
/// assert_eq!(schema.model("library", "Book").unwrap().table, "library_book");
/// assert_eq!(schema.model("library", "Book").unwrap().field("author").unwrap().column, "author_id");
/// # Ok::<(), migrations_engine::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Schema {
    /// The models by application and name.
    pub models: BTreeMap<ModelKey, Model>,
    /// Tables that models have left, in lower case: what hangs on these models is still called after them.
    #[serde(skip)]
    pub(crate) left: Hint<BTreeSet<String>>,
}

impl Schema {
    /// Adds a model; gives back the one it replaces.
    pub fn insert(&mut self, model: Model) -> Option<Model> {
        self.models.insert(model.key.clone(), model)
    }

    /// A model by application and name.
    pub fn model(&self, app: &str, name: &str) -> Option<&Model> {
        self.models.get(&ModelKey::new(app, name))
    }

    /// A model by key, or `M010`.
    pub(crate) fn get(&self, key: &ModelKey) -> Result<&Model> {
        self.models.get(key).ok_or_else(|| error!(M010, "there is no model `{key}`"))
    }

    /// A model by key for changing, or `M010`.
    pub(crate) fn get_mut(&mut self, key: &ModelKey) -> Result<&mut Model> {
        self.models.get_mut(key).ok_or_else(|| error!(M010, "there is no model `{key}`"))
    }

    /// The field a foreign key refers to: the one it names, or the only part of the key.
    pub fn target(&self, relation: &Relation) -> Result<(&Model, &Field)> {
        let Some(model) = self.models.get(&relation.to) else {
            fail!(M016, "a relation refers to `{}`, which does not exist", relation.to);
        };
        let name = match (&relation.to_field, model.primary_key.as_slice()) {
            (Some(name), _) => name,
            (None, [only]) => only,
            (None, key) => fail!(M016, "a relation refers to `{}`, whose key has {} fields", relation.to, key.len()),
        };
        match model.field(name) {
            Some(field) => Ok((model, field)),
            None => fail!(M016, "a relation refers to `{}.{name}`, which does not exist", relation.to),
        }
    }

    /// The type a field's column really has: a relation takes that of its target, at any distance.
    pub fn column_type(&self, field: &Field) -> Result<ColumnType> {
        let mut field = field;
        // A chain longer than this is a circle of keys that are relations.
        for _ in 0..64 {
            match (&field.ty, &field.relation) {
                (ColumnType::Related, Some(relation)) => field = self.target(relation)?.1,
                (ColumnType::Related, None) => {
                    fail!(M018, "field `{}` has the type of a relation but no relation", field.name)
                }
                (ty, _) => return Ok(ty.clone()),
            }
        }
        fail!(M018, "the key `{}` refers to itself in a circle", field.name)
    }

    /// The models with a relation to `key`, itself included.
    pub fn referring_to<'a>(&'a self, key: &'a ModelKey) -> impl Iterator<Item = &'a Model> {
        self.models.values().filter(move |model| model.refers_to(key))
    }

    /// Some models, with those they refer to: as much as it takes to know the type of every column.
    pub(crate) fn excerpt(&self, keys: &BTreeSet<ModelKey>) -> Schema {
        let mut excerpt = Schema::default();
        let mut queue: Vec<&ModelKey> = Vec::new();
        let mut take = |key: &ModelKey, whole: bool| {
            let Some(model) = self.models.get(key) else { return Vec::new() };
            if excerpt.insert(model.clone()).is_some() && !whole {
                return Vec::new();
            }
            let fields = model.fields.iter().filter(|field| whole || field.unique || model.is_key(&field.name));
            let relations = fields.filter_map(|field| Some(&field.relation.as_ref()?.to));
            let constraints = model.constraints.iter().filter_map(|constraint| match constraint {
                Constraint::ForeignKey { to, .. } if whole => Some(to),
                Constraint::ForeignKey { .. }
                | Constraint::Unique { .. }
                | Constraint::Check { .. }
                | Constraint::Exclude { .. } => None,
            });
            relations.chain(constraints).collect()
        };
        keys.iter().for_each(|key| queue.extend(take(key, true)));
        while let Some(key) = queue.pop() {
            queue.extend(take(key, false));
        }
        excerpt
    }

    /// Checks that every model is complete, every relation has a target and every table is that of one model: others may be models of it that
    /// are not managed.
    pub fn validate(&self) -> Result<()> {
        let mut tables = BTreeMap::new();
        for model in self.models.values() {
            model.validate()?;
            if model.managed
                && let Some(other) = tables.insert(model.table.to_lowercase(), &model.key)
            {
                fail!(M011, "`{other}` and `{}` have the same table `{}`", model.key, model.table);
            }
            for field in &model.fields {
                self.validate_relation(model, field)?;
            }
        }
        Ok(())
    }

    /// The same of what models ask for, and what files that have been applied are not asked: that expressions are not nested deeper than
    /// files can say, and that no index has the name of another.
    pub fn validate_wanted(&self) -> Result<()> {
        self.models.values().try_for_each(Model::can_be_written)?;
        self.validate()?;
        self.models.values().try_for_each(Model::validate_own_indexes)
    }

    /// Checks that a field's relation has a target.
    pub(crate) fn validate_relation(&self, model: &Model, field: &Field) -> Result<()> {
        let Some(relation) = &field.relation else { return Ok(()) };
        let place = || format!("{}.{}", model.key, field.name);
        let check = || -> Result<()> {
            match relation.many_to_many.as_ref().and_then(|many| many.through.as_ref()) {
                // The model between has the keys, of whatever columns.
                Some(through) if self.models.contains_key(&relation.to) => match self.models.contains_key(through) {
                    true => Ok(()),
                    false => fail!(M016, "the relation goes through `{through}`, which does not exist"),
                },
                _ => self.target(relation).map(drop),
            }
        };
        check().map_err(|error| error.at(place()))
    }
}
