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
    /// The row of a unique key, or else a new one.
    GetOrCreate(Keyed),
    /// Other values in the row of a unique key, or else a new one.
    UpdateOrCreate(Keyed),
    /// Other values in rows that are there.
    Update(Update),
    /// Other values in rows that are there, in each its own.
    UpdateEach(UpdateEach),
    /// The rows of a query go, and with them what their relations say.
    Delete(Query),
    /// Other related rows of one row, by a relation to many.
    Relate(Relate),
}

/// Other related rows of one row, by a relation to many.
///
/// ```
/// # use library::*;
/// use orm::dynamic::{Catalog, Change, Relate};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let catalog = Catalog::new().app(library()).writable(["library.Book"])?;
/// let asked: Change = serde_json::from_str(r#"{"relate": {
///     "model": "library.Book", "key": 1, "relation": "tags", "change": {"set": [3, 4]}
/// }}"#).unwrap();
/// assert_eq!(catalog.check_change(&asked)?.run(&db).await?.total, 2); // one goes, one comes, one stays
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relate {
    /// The model of the row, with its application: `library.Book`.
    pub model: String,
    /// Its key; of several columns, a list.
    pub key: serde_json::Value,
    /// The relation, by its name.
    pub relation: String,
    /// What is done.
    pub change: Related,
}

/// What is done to related rows, which are told by their keys.
///
/// ```
/// use orm::dynamic::Related;
/// assert_eq!(serde_json::to_string(&Related::Clear).unwrap(), r#""clear""#);
/// assert_eq!(serde_json::to_string(&Related::Add(vec![1.into()])).unwrap(), r#"{"add":[1]}"#);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Related {
    /// These are related as well.
    Add(Vec<serde_json::Value>),
    /// These are related no longer.
    Remove(Vec<serde_json::Value>),
    /// Exactly these are related.
    Set(Vec<serde_json::Value>),
    /// None is.
    Clear,
}

impl Relate {
    /// A change of a relation of one row.
    ///
    /// ```
    /// # use library::*;
    /// use orm::{Code, dynamic::{Catalog, Change, Relate, Related}};
    /// let catalog = Catalog::new().app(library()).writable(["library.Book"])?;
    /// let wrong = Relate::of("library.Book", 1, "author", Related::Clear);
    /// assert_eq!(catalog.check_change(&Change::Relate(wrong)).unwrap_err().code(), Code::BadQuery); // that is one row
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn of(
        model: impl Into<String>,
        key: impl Into<serde_json::Value>,
        relation: impl Into<String>,
        change: Related,
    ) -> Relate {
        Relate { model: model.into(), key: key.into(), relation: relation.into(), change }
    }
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
    /// What becomes of those whose unique key is taken; unless it is said, that is an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_conflict: Option<OnConflict>,
}

/// What becomes of new rows whose unique key is taken.
///
/// ```
/// use orm::dynamic::OnConflict;
/// let json = serde_json::to_string(&OnConflict::update(["slug"])).unwrap();
/// assert_eq!(json, r#"{"update":{"key":["slug"]}}"#);
/// assert_eq!(serde_json::to_string(&OnConflict::Ignore).unwrap(), r#""ignore""#);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OnConflict {
    /// They are left out, whichever of their keys is taken.
    Ignore,
    /// The row that has their values in this key is changed.
    Update(Overwrite),
}

/// Which unique key new rows may share with a row that is there, and what is written over that.
///
/// ```
/// let json = r#"{"key": ["slug"], "set": ["name"]}"#;
/// let over: orm::dynamic::Overwrite = serde_json::from_str(json).unwrap();
/// assert_eq!(over.set, Some(vec!["name".to_owned()]));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overwrite {
    /// The fields of the unique key.
    pub key: Vec<String>,
    /// The fields that are written over the row that is there; unless they are named, all that are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<Vec<String>>,
}

impl OnConflict {
    /// The row that has the values of new ones in this unique key gets what they are given.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Create, OnConflict};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let catalog = Catalog::new().app(library()).writable(["library.Tag"])?;
    /// let tags = Create::of("library.Tag")
    ///     .row(serde_json::json!({"slug": "code", "name": "Programs"}))
    ///     .row(serde_json::json!({"slug": "logic", "name": "Logic"}))
    ///     .on_conflict(OnConflict::update(["slug"]));
    /// assert_eq!(catalog.check_change(&tags.into())?.run(&db).await?.total, 2);
    /// assert_eq!(Tag::get(1, &db).await?.name, "Programs");
    /// # Ok(()) }
    /// ```
    pub fn update<T: Into<String>>(key: impl IntoIterator<Item = T>) -> OnConflict {
        OnConflict::Update(Overwrite { key: key.into_iter().map(Into::into).collect(), set: None })
    }
}

/// One row, and the unique key by which it is looked for.
///
/// ```
/// # use library::*;
/// use orm::dynamic::{Catalog, Change, Keyed};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let catalog = Catalog::new().app(library()).writable(["library.Tag"])?;
/// let tag = Keyed::of("library.Tag").by(["slug"]).row(serde_json::json!({"slug": "code", "name": "Any"}));
/// let found = catalog.check_change(&Change::GetOrCreate(tag.clone()))?.run(&db).await?;
/// assert_eq!((found.total, &found.found[0]["name"]), (0, &orm::Value::Text("Code".into())));
/// let changed = catalog.check_change(&Change::UpdateOrCreate(tag))?.run(&db).await?;
/// assert_eq!((changed.total, &changed.found[0]["name"]), (1, &orm::Value::Text("Any".into())));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keyed {
    /// The model, with its application: `library.Tag`.
    pub model: String,
    /// The fields of the unique key.
    pub key: Vec<String>,
    /// The row: an object of values by the names of fields, those of the key among them.
    pub row: serde_json::Value,
    /// Keys and times that are given by themselves may stand among the values, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub automatic: bool,
}

impl Keyed {
    /// Nothing yet, of this model.
    ///
    /// ```
    /// assert!(orm::dynamic::Keyed::of("library.Tag").key.is_empty());
    /// ```
    pub fn of(model: impl Into<String>) -> Keyed {
        Keyed { model: model.into(), key: Vec::new(), row: serde_json::Value::Null, automatic: false }
    }

    /// By this unique key.
    ///
    /// ```
    /// assert_eq!(orm::dynamic::Keyed::of("library.Tag").by(["slug"]).key, ["slug"]);
    /// ```
    pub fn by<T: Into<String>>(mut self, key: impl IntoIterator<Item = T>) -> Keyed {
        self.key = key.into_iter().map(Into::into).collect();
        self
    }

    /// This row.
    ///
    /// ```
    /// # use library::*;
    /// use orm::{Code, dynamic::{Catalog, Change, Keyed}};
    /// let catalog = Catalog::new().app(library()).writable(["library.Tag"])?;
    /// // Names of tags are not unique.
    /// let tag = Keyed::of("library.Tag").by(["name"]).row(serde_json::json!({"slug": "code", "name": "Code"}));
    /// let error = catalog.check_change(&Change::GetOrCreate(tag)).unwrap_err();
    /// assert_eq!((error.code(), error.hint()), (Code::BadQuery, Some("the unique keys are `id` and `slug`")));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn row(mut self, row: impl Into<serde_json::Value>) -> Keyed {
        self.row = row.into();
        self
    }
}

/// Other values in rows that are there, in each its own: objects of values by the names of fields, those of the key among them.
///
/// ```
/// # use library::*;
/// use orm::dynamic::{Catalog, Change, UpdateEach};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let catalog = Catalog::new().app(library()).writable(["library.Book"])?;
/// let prices = UpdateEach::of("library.Book")
///     .row(serde_json::json!({"id": 1, "price": "10.00"}))
///     .row(serde_json::json!({"id": 2, "price": "41.00"}));
/// assert_eq!(catalog.check_change(&Change::UpdateEach(prices))?.run(&db).await?.total, 2);
/// assert_eq!(Book::get(2, &db).await?.price, Decimal::from(41));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpdateEach {
    /// The model, with its application: `library.Book`.
    pub model: String,
    /// The rows. Of one that is given twice the last values count; where `set` says what is made of them, it is changed twice.
    pub rows: Vec<serde_json::Value>,
    /// What fields become: a value, or a term of the row that is there and, by [`given`](super::given), of the one that is given. Unless
    /// any is named, the fields of each row become what it is given.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "named")]
    pub set: Vec<(String, Term)>,
    /// The condition for a row to be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<Term>,
}

impl UpdateEach {
    /// No row yet.
    ///
    /// ```
    /// assert!(orm::dynamic::UpdateEach::of("library.Book").rows.is_empty());
    /// ```
    pub fn of(model: impl Into<String>) -> UpdateEach {
        UpdateEach { model: model.into(), rows: Vec::new(), set: Vec::new(), filter: None }
    }

    /// A field becomes this, made of the row that is there and of what is given.
    ///
    /// ```
    /// use orm::dynamic::{UpdateEach, given, path};
    /// let more = UpdateEach::of("library.Book").set("views", path("views") + given("views"));
    /// let json = serde_json::to_string(&more).unwrap();
    /// assert_eq!(json, r#"{"model":"library.Book","rows":[],"set":{"views":{"add":[{"path":"views"},{"given":"views"}]}}}"#);
    /// ```
    pub fn set(mut self, field: impl Into<String>, value: impl Into<Term>) -> UpdateEach {
        self.set.push((field.into(), value.into()));
        self
    }

    /// Only rows that meet this are changed, also of those that are given: in its short form, as of a query.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Change, UpdateEach};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let catalog = Catalog::new().app(library()).writable(["library.Book"])?;
    /// let views = (1..5).fold(UpdateEach::of("library.Book"), |all, id| all.row(serde_json::json!({"id": id, "views": 0})));
    /// let of_ada = views.filter("author__name__startswith", "Ada");
    /// assert_eq!(catalog.check_change(&Change::UpdateEach(of_ada))?.run(&db).await?.total, 2);
    /// # Ok(()) }
    /// ```
    pub fn filter(self, path: impl Into<String>, value: impl Into<Term>) -> UpdateEach {
        self.filter_term(Term::named(path, value))
    }

    /// The same by any condition.
    ///
    /// ```
    /// use orm::dynamic::{Term, UpdateEach};
    /// let dear = UpdateEach::of("library.Book").filter_term(Term::named("price__gt", 5) | Term::named("active", false));
    /// assert!(dear.filter.is_some());
    /// ```
    pub fn filter_term(mut self, condition: impl Into<Term>) -> UpdateEach {
        let condition = condition.into();
        self.filter = Some(match self.filter.take() {
            Some(before) => before & condition,
            None => condition,
        });
        self
    }

    /// And this row.
    ///
    /// ```
    /// # use library::*;
    /// use orm::{Code, dynamic::{Catalog, Change, UpdateEach}};
    /// let catalog = Catalog::new().app(library()).writable(["library.Book"])?;
    /// let keyless = UpdateEach::of("library.Book").row(serde_json::json!({"price": 1}));
    /// assert_eq!(catalog.check_change(&Change::UpdateEach(keyless)).unwrap_err().validation()[0].code, Code::MissingValue);
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn row(mut self, row: impl Into<serde_json::Value>) -> UpdateEach {
        self.rows.push(row.into());
        self
    }
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
        Create { model: model.into(), rows: Vec::new(), automatic: false, on_conflict: None }
    }

    /// Rows whose unique key is taken are left out, or their values are written over those that are there.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Create, OnConflict};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let catalog = Catalog::new().app(library()).writable(["library.Tag"])?;
    /// let tags = ["code", "logic"].map(|slug| serde_json::json!({"slug": slug, "name": slug}));
    /// let new = tags.into_iter().fold(Create::of("library.Tag"), Create::row).on_conflict(OnConflict::Ignore);
    /// assert_eq!(catalog.check_change(&new.into())?.run(&db).await?.total, 1); // there is a tag `code` already
    /// # Ok(()) }
    /// ```
    pub fn on_conflict(mut self, what: OnConflict) -> Create {
        self.on_conflict = Some(what);
        self
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
