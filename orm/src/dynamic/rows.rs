//! Rows of queries by name: values under names.

use crate::Value;
use serde::{Serialize, Serializer, ser::SerializeMap};
use std::{fmt, ops::Index, sync::Arc};

/// A row of a query by name: its values by their names and by their places, in the order of the query.
///
/// It serialises as an object with its values in the forms of [`Value::to_json`].
///
/// ```
/// # use library::*;
/// use orm::{Value, dynamic::{Catalog, Query}};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let query = Query::of("library.Book").filter("id", 1).values(["title", "price", "published"]);
/// let row = Catalog::new().app(library()).check(&query)?.get(&db).await?;
/// assert_eq!(row[0], Value::Text("Notes".into()));
/// assert_eq!(row["price"], row[1]);
/// assert!(row.get("views").is_none());
/// assert_eq!(serde_json::to_string(&row).unwrap(), r#"{"title":"Notes","price":"12.50","published":"1843-09-01"}"#);
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq)]
pub struct DynRow {
    names: Arc<[String]>,
    values: Vec<Value>,
    /// The rows of relations, under their names; of a relation to one row one or none.
    related: Vec<(String, bool, Vec<DynRow>)>,
}

impl DynRow {
    pub(super) fn new(names: Arc<[String]>, values: Vec<Value>) -> DynRow {
        DynRow { names, values, related: Vec::new() }
    }

    /// With the rows of relations, under their names, and whether there is one at most.
    pub(super) fn with_related(mut self, related: Vec<(String, bool, Vec<DynRow>)>) -> DynRow {
        self.related = related;
        self
    }

    /// The rows of a relation that was prefetched; of a relation to one row one or none. `None` when it was not.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let query = Query::of("library.Book").filter("id", 1).prefetch(["tags", "editor"]);
    /// let book = Catalog::new().app(library()).check(&query)?.get(&db).await?;
    /// assert_eq!(book.related("tags").unwrap()[0]["slug"], orm::Value::Text("history".into()));
    /// assert!(book.related("editor").unwrap().is_empty() && book.related("author").is_none());
    /// # Ok(()) }
    /// ```
    pub fn related(&self, name: &str) -> Option<&[DynRow]> {
        self.related.iter().find(|(known, ..)| known == name).map(|(.., rows)| rows.as_slice())
    }

    /// The value under a name.
    ///
    /// ```
    /// # use library::*;
    /// use orm::{Value, dynamic::{Catalog, Query}};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let tag = Catalog::new().app(library()).check(&Query::of("library.Tag").filter("id", 1))?.get(&db).await?;
    /// assert!(matches!(tag.get("slug"), Some(Value::Text(_))));
    /// # Ok(()) }
    /// ```
    pub fn get(&self, name: &str) -> Option<&Value> {
        let place = self.names.iter().position(|known| known == name)?;
        self.values.get(place)
    }

    /// The names, in the order of the values.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let tag = Catalog::new().app(library()).check(&Query::of("library.Tag").filter("id", 1))?.get(&db).await?;
    /// assert_eq!(tag.names(), ["id", "slug", "name"]);
    /// # Ok(()) }
    /// ```
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The values, in the order of the names.
    ///
    /// ```
    /// # use library::*;
    /// use orm::{Value, dynamic::{Catalog, Query}};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let tag = Catalog::new().app(library()).check(&Query::of("library.Tag").filter("id", 1))?.get(&db).await?;
    /// assert_eq!(tag.values()[0], Value::I64(1));
    /// # Ok(()) }
    /// ```
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The row as a JSON object.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let query = Query::of("library.Tag").filter("id", 1).values(["id"]);
    /// let tag = Catalog::new().app(library()).check(&query)?.get(&db).await?;
    /// assert_eq!(tag.to_json(), serde_json::json!({"id": 1}));
    /// # Ok(()) }
    /// ```
    pub fn to_json(&self) -> serde_json::Value {
        let values = self.pairs().map(|(name, value)| (name.clone(), value.to_json()));
        let related = self.related.iter().map(|(name, to_one, rows)| {
            let mut rows = rows.iter().map(DynRow::to_json);
            let rows = if *to_one { rows.next().unwrap_or_default() } else { rows.collect() };
            (name.clone(), rows)
        });
        values.chain(related).collect()
    }

    fn pairs(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.names.iter().zip(&self.values)
    }
}

impl Serialize for DynRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.values.len() + self.related.len()))?;
        for (name, value) in self.pairs() {
            map.serialize_entry(name, &value.to_json())?;
        }
        for (name, to_one, rows) in &self.related {
            match to_one {
                true => map.serialize_entry(name, &rows.first())?,
                false => map.serialize_entry(name, rows)?,
            }
        }
        map.end()
    }
}

impl fmt::Debug for DynRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let related = self.related.iter().map(|(name, _, rows)| (name, rows));
        f.debug_map().entries(self.pairs()).entries(related).finish()
    }
}

impl Index<usize> for DynRow {
    type Output = Value;

    /// The value at a place.
    ///
    /// # Panics
    /// When the row is shorter; [`values`](DynRow::values) tells.
    fn index(&self, place: usize) -> &Value {
        &self.values[place]
    }
}

impl Index<&str> for DynRow {
    type Output = Value;

    /// The value under a name.
    ///
    /// # Panics
    /// When there is none; [`get`](DynRow::get) tells.
    fn index(&self, name: &str) -> &Value {
        let place = self.names.iter().position(|known| known == name).unwrap_or(self.values.len());
        &self.values[place]
    }
}
