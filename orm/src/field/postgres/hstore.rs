//! Texts by their keys: the extension `hstore`.

use crate::{Cell, FieldType, Kind, NotNull, PgKind, PgValue, Plain, Result, Value, family};
use std::{
    collections::BTreeMap,
    ops::{Deref, DerefMut},
};

/// Texts, or NULL, by their keys: a column of PostgreSQL's type `hstore`, which comes with the extension of that name.
///
/// The database has to have the extension: `CREATE EXTENSION hstore`, in a migration by `run_sql`. It is a map in Rust.
///
/// ```
/// use orm::postgres::HStore;
/// let mut tags = HStore::from([("colour", "red"), ("size", "12")]);
/// tags.insert("sold".to_owned(), None);
/// assert_eq!(tags["colour"].as_deref(), Some("red"));
/// assert_eq!(tags.len(), 3);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct HStore(BTreeMap<String, Option<String>>);

impl HStore {
    /// With nothing in it.
    ///
    /// ```
    /// assert!(orm::postgres::HStore::new().is_empty());
    /// ```
    pub fn new() -> HStore {
        HStore::default()
    }
}

impl Deref for HStore {
    type Target = BTreeMap<String, Option<String>>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for HStore {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl<K: Into<String>, V: Into<String>, const N: usize> From<[(K, V); N]> for HStore {
    fn from(pairs: [(K, V); N]) -> HStore {
        pairs.into_iter().map(|(key, value)| (key.into(), Some(value.into()))).collect()
    }
}

impl FromIterator<(String, Option<String>)> for HStore {
    fn from_iter<I: IntoIterator<Item = (String, Option<String>)>>(pairs: I) -> HStore {
        HStore(pairs.into_iter().collect())
    }
}

impl FieldType for HStore {
    type Plain = Self;
    type Nullable = Option<Self>;
    type Nullness = NotNull;
    type Family = family::HStore;
    const KIND: Kind = Kind::Postgres(&PgKind::HStore);

    fn to_value(&self) -> Result<Value> {
        Ok(Value::Postgres(&PgKind::HStore, Box::new(PgValue::HStore(self.0.clone()))))
    }

    fn from_cell(cell: &Cell<'_>) -> Result<Self> {
        cell.hstore().map(HStore)
    }
}
impl Plain for HStore {}
