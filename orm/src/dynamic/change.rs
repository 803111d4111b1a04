//! Changes by name, as data.

use super::{Query, Term, form::named};
use serde::{Deserialize, Serialize};

/// A change by name, as data: it means nothing before a [`Catalog`](super::Catalog) has checked it, which has to say that its model
/// may be changed.
///
/// ```
/// # use library::*;
/// use orm::dynamic::{Catalog, Change};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let catalog = Catalog::new().app(library()).writable(["library.Book"])?;
/// let asked: Change = serde_json::from_str(r#"{"update": {
///     "rows": {"model": "library.Book", "calls": [{"filter": {"where": ["author__name__startswith", "Ada"]}}]},
///     "set": {"views": {"add": [{"path": "views"}, 1]}, "active": true}
/// }}"#).unwrap();
/// assert_eq!(catalog.check_change(&asked)?.run(&db).await?.total, 2);
/// assert_eq!(Book::get(1, &db).await?.views, 11);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Change {
    /// New rows.
    Create(Create),
    /// Other values in rows that are there.
    Update(Update),
    /// The rows of a query go, and with them what their relations say.
    Delete(Query),
}

/// New rows of a model: their values by the names of fields.
///
/// ```
/// # use library::*;
/// use orm::dynamic::{Catalog, Create};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let catalog = Catalog::new().app(library()).writable(["library.Tag"])?;
/// let new = Create::of("library.Tag").row(serde_json::json!({"slug": "logic", "name": "Logic"}));
/// let changed = catalog.check_change(&new.into())?.run(&db).await?;
/// assert_eq!(changed.created[0].to_json(), serde_json::json!({"id": 5, "slug": "logic", "name": "Logic"}));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Create {
    /// The model, with its application: `library.Tag`.
    pub model: String,
    /// The rows: objects of values by the names of fields. What is left out has its default.
    pub rows: Vec<serde_json::Value>,
    /// Keys and times that are given by themselves may stand among the values, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub automatic: bool,
}

/// Other values in the rows of a query.
///
/// ```
/// # use library::*;
/// use orm::dynamic::{Catalog, Query, Update, path};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let catalog = Catalog::new().app(library()).writable(["library.Book"])?;
/// let dearer = Update::of(Query::of("library.Book").filter("active", true)).set("price", path("price") * 2).set("editor", 1);
/// assert_eq!(catalog.check_change(&dearer.into())?.run(&db).await?.total, 3);
/// assert_eq!(Book::get(1, &db).await?.price.to_string(), "25.00");
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Update {
    /// Which rows.
    pub rows: Query,
    /// What each field becomes: a value, or a term that is computed from the row as it was.
    #[serde(with = "named")]
    pub set: Vec<(String, Term)>,
}

impl Create {
    /// No row yet.
    ///
    /// ```
    /// let json = serde_json::to_string(&orm::dynamic::Create::of("library.Tag")).unwrap();
    /// assert_eq!(json, r#"{"model":"library.Tag","rows":[]}"#);
    /// ```
    pub fn of(model: impl Into<String>) -> Create {
        Create { model: model.into(), rows: Vec::new(), automatic: false }
    }

    /// Keys and times that are given by themselves may stand among the values, too.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Create};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let catalog = Catalog::new().app(library()).writable(["library.Tag"])?;
    /// let copied = Create::of("library.Tag").with_automatic().row(serde_json::json!({"id": 70, "slug": "a", "name": "A"}));
    /// assert_eq!(catalog.check_change(&copied.into())?.run(&db).await?.created[0]["id"], orm::Value::I64(70));
    /// # Ok(()) }
    /// ```
    pub fn with_automatic(mut self) -> Create {
        self.automatic = true;
        self
    }

    /// And this row.
    ///
    /// ```
    /// # use library::*;
    /// use orm::{Code, dynamic::{Catalog, Create}};
    /// let catalog = Catalog::new().app(library()).writable(["library.Tag"])?;
    /// let new = Create::of("library.Tag").row(serde_json::json!({"slug": "a", "name": 7, "colour": "red"}));
    /// // Every mistake is found, and told by field.
    /// let error = catalog.check_change(&new.into()).unwrap_err();
    /// assert_eq!(error.code(), Code::UnknownName);
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn row(mut self, row: impl Into<serde_json::Value>) -> Create {
        self.rows.push(row.into());
        self
    }
}

impl Update {
    /// Nothing yet, in these rows.
    ///
    /// ```
    /// use orm::dynamic::{Query, Update};
    /// assert!(Update::of(Query::of("library.Book")).set.is_empty());
    /// ```
    pub fn of(rows: Query) -> Update {
        Update { rows, set: Vec::new() }
    }

    /// A field becomes this.
    ///
    /// ```
    /// use orm::dynamic::{Query, Update};
    /// let json = serde_json::to_string(&Update::of(Query::of("library.Book")).set("views", 0)).unwrap();
    /// assert_eq!(json, r#"{"rows":{"model":"library.Book"},"set":{"views":0}}"#);
    /// ```
    pub fn set(mut self, field: impl Into<String>, value: impl Into<Term>) -> Update {
        self.set.push((field.into(), value.into()));
        self
    }
}

impl From<Create> for Change {
    fn from(create: Create) -> Change {
        Change::Create(create)
    }
}

impl From<Update> for Change {
    fn from(update: Update) -> Change {
        Change::Update(update)
    }
}
