//! A query as data: the model's label, and the calls on it in their order.

use super::{Prefetch, Term, depth, form::named};
use serde::{Deserialize, Serialize};

/// A query by name, as data: it can be stored, sent, compared and built piece by piece, and means nothing before a
/// [`Catalog`](super::Catalog) has checked it.
///
/// ```
/// # use library::*;
/// use orm::dynamic::{Catalog, Query, count};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let query = Query::of("library.Book")
///     .filter("author__country__code__iexact", "uk")
///     .exclude("price__gt", 50)
///     .order_by(["-price", "title"])
///     .values(["title", "author__name"])
///     .limit(10);
/// let json = serde_json::to_string(&query).unwrap();
///
/// let catalog = Catalog::new().app(library());
/// let stored: Query = serde_json::from_str(&json).unwrap();
/// let rows = catalog.check(&stored)?.all(&db).await?;
/// assert_eq!(rows[0].to_json(), serde_json::json!({"title": "Notes", "author__name": "Ada Lovelace"}));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use = "a query does nothing before a catalog has checked it, and it is run"]
pub struct Query {
    /// The model, with its application: `library.Book`.
    pub model: String,
    /// What is called on all of its rows, one after the other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<Call>,
}

/// One call on a query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Call {
    /// Only rows for which the condition is true; after `group_by`, only such groups.
    Filter(Term),
    /// Only rows for which the condition is not true: those that `filter` leaves out.
    Exclude(Term),
    /// Values beside those that each row has, under names.
    #[serde(with = "named")]
    Annotate(Vec<(String, Term)>),
    /// Names for terms that later calls use, without selecting them.
    #[serde(with = "named")]
    Alias(Vec<(String, Term)>),
    /// The rows of a relation beside each row, as often as there are any.
    Join(Join),
    /// Only these values instead of all fields.
    Values(Vec<Pick>),
    /// One row for each group of equal values of these.
    GroupBy(Vec<Pick>),
    /// One row: aggregates over all rows.
    #[serde(with = "named")]
    Aggregate(Vec<(String, Term)>),
    /// In this order instead of any other; an empty list is no order.
    OrderBy(Vec<Order>),
    /// In the opposite order.
    Reverse,
    /// Every different row once.
    Distinct,
    /// The first row, in the order so far, of those that are alike in these.
    DistinctOn(Vec<Pick>),
    /// Also the fields of rows that these to-one relations lead to.
    SelectRelated(Vec<String>),
    /// Related rows beside each row, by one more query for each relation.
    Prefetch(Vec<Prefetch>),
    /// From here on, parts of instants are those that the clocks of this zone show: a name, or `+02:00`.
    Zone(String),
    /// The first so many rows at most.
    Limit(u64),
    /// Without the first so many rows.
    Offset(u64),
    /// No row at all.
    Nothing,
    /// The rows of this query and of another, each once; both select values of the same kinds.
    Union(#[serde(deserialize_with = "depth::read")] Query),
    /// The rows of this query and of another, as often as there are.
    UnionAll(#[serde(deserialize_with = "depth::read")] Query),
    /// The rows that another query has, too.
    Intersection(#[serde(deserialize_with = "depth::read")] Query),
    /// The rows that another query does not have.
    Difference(#[serde(deserialize_with = "depth::read")] Query),
}

/// The rows of a relation beside each row: the one call that multiplies rows.
///
/// ```
/// # use library::*;
/// use orm::dynamic::{Catalog, Join, Query};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let pairs = Query::of("library.Author")
///     .join(Join::inner("books", "book"))
///     .order_by(["book__title"])
///     .values(["name", "book__title"]);
/// let rows = Catalog::new().app(library()).check(&pairs)?.all(&db).await?;
/// assert_eq!(rows[0].to_json(), serde_json::json!({"name": "Grace Hopper", "book__title": "COBOL"}));
/// assert_eq!(rows.len(), 4);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// The relation, by its path from the query's model or from another join.
    pub relation: String,
    /// The name under which later calls know its rows.
    #[serde(rename = "as")]
    pub name: String,
    /// Keep rows that have no such related row, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub left: bool,
    /// Only related rows for which this is true; it names the fields of the query, and those of the join by its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Term>,
}

impl Join {
    /// Pairs only: rows without a related row are left out.
    ///
    /// ```
    /// assert!(!orm::dynamic::Join::inner("books", "book").left);
    /// ```
    pub fn inner(relation: impl Into<String>, name: impl Into<String>) -> Join {
        Join { relation: relation.into(), name: name.into(), left: false, on: None }
    }

    /// Rows without a related row are kept.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Join, Query};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let pairs = Query::of("library.Author").join(Join::left("books", "book"));
    /// assert_eq!(Catalog::new().app(library()).check(&pairs)?.count(&db).await?, 5);
    /// # Ok(()) }
    /// ```
    pub fn left(relation: impl Into<String>, name: impl Into<String>) -> Join {
        Join { left: true, ..Join::inner(relation, name) }
    }

    /// Only related rows for which the condition is true.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Join, Query, Term};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let dear = Join::left("books", "dear").on(Term::named("dear__price__gt", 20));
    /// let query = Query::of("library.Author").join(dear).order_by(["name"]).values(["name", "dear__title"]);
    /// let rows = Catalog::new().app(library()).check(&query)?.all(&db).await?;
    /// assert!(rows[0]["dear__title"].is_null());
    /// # Ok(()) }
    /// ```
    pub fn on(mut self, condition: impl Into<Term>) -> Join {
        self.on = Some(condition.into());
        self
    }
}

/// A value that is picked for a row: by its path, or a term under a name.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Pick {
    /// A field by its path, which is its name in the row.
    Path(String),
    /// A term under a name.
    Term {
        /// The name in the row.
        #[serde(rename = "as")]
        name: String,
        /// What it is.
        term: Term,
    },
}

impl<T: Into<String>> From<T> for Pick {
    fn from(path: T) -> Pick {
        Pick::Path(path.into())
    }
}

/// A key of an order: a path, with a minus before it for the largest first, or a term.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Order {
    /// `title`, `-price`.
    Path(String),
    /// A term.
    Term {
        /// What is ordered by.
        by: Term,
        /// Largest first.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        desc: bool,
        /// Where NULLs go; unless it is said, last in an ascending order and first in a descending one.
        #[serde(skip_serializing_if = "Option::is_none")]
        nulls: Option<Nulls>,
    },
}

/// Where NULLs go in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nulls {
    /// Before all values.
    First,
    /// After all values.
    Last,
}

impl<T: Into<String>> From<T> for Order {
    fn from(path: T) -> Order {
        Order::Path(path.into())
    }
}

impl Query {
    /// All rows of a model.
    ///
    /// ```
    /// let json = serde_json::to_string(&orm::dynamic::Query::of("library.Book")).unwrap();
    /// assert_eq!(json, r#"{"model":"library.Book"}"#);
    /// ```
    pub fn of(model: impl Into<String>) -> Query {
        Query { model: model.into(), calls: Vec::new() }
    }

    /// With one more call.
    ///
    /// ```
    /// use orm::dynamic::{Call, Query};
    /// assert_eq!(Query::of("library.Book").then(Call::Limit(3)), Query::of("library.Book").limit(3));
    /// ```
    pub fn then(mut self, call: Call) -> Query {
        self.calls.push(call.bounded());
        self
    }

    /// Only rows for which the condition is true, in its short form: a path that may end in a lookup, and a value or term.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let by_ada = Query::of("library.Book").filter("author__name__istartswith", "ada");
    /// assert_eq!(Catalog::new().app(library()).check(&by_ada)?.count(&db).await?, 2);
    /// # Ok(()) }
    /// ```
    pub fn filter(self, path: impl Into<String>, value: impl Into<Term>) -> Query {
        self.filter_term(Term::named(path, value))
    }

    /// Only rows for which the condition is true.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query, Term, path};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let worth = path("price") * path("views");
    /// let query = Query::of("library.Book").filter_term(worth.lookup("gt", 1000) | Term::named("title", "Notes"));
    /// assert_eq!(Catalog::new().app(library()).check(&query)?.count(&db).await?, 2);
    /// # Ok(()) }
    /// ```
    pub fn filter_term(self, condition: impl Into<Term>) -> Query {
        self.then(Call::Filter(condition.into()))
    }

    /// Only rows for which the condition is not true; the complement of [`filter`](Query::filter).
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let not_old = Query::of("library.Book").exclude("published__year__lt", 1900);
    /// assert_eq!(Catalog::new().app(library()).check(&not_old)?.count(&db).await?, 3); // also the one without a date
    /// # Ok(()) }
    /// ```
    pub fn exclude(self, path: impl Into<String>, value: impl Into<Term>) -> Query {
        self.exclude_term(Term::named(path, value))
    }

    /// Only rows for which the condition is not true.
    ///
    /// ```
    /// use orm::dynamic::{Query, Term};
    /// let query = Query::of("library.Book").exclude_term(Term::named("views", 0) & Term::named("active", false));
    /// assert_eq!(query.calls.len(), 1);
    /// ```
    pub fn exclude_term(self, condition: impl Into<Term>) -> Query {
        self.then(Call::Exclude(condition.into()))
    }

    /// A value beside those that each row has.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query, count_of};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// // Each on its own: never multiplied.
    /// let busy = Query::of("library.Book").annotate("labels", count_of("tags")).filter("labels__gte", 2);
    /// assert_eq!(Catalog::new().app(library()).check(&busy)?.count(&db).await?, 2);
    /// # Ok(()) }
    /// ```
    pub fn annotate(self, name: impl Into<String>, term: impl Into<Term>) -> Query {
        self.then(Call::Annotate(vec![(name.into(), term.into())]))
    }

    /// A name for a term that later calls use, without selecting it.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query, path};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let query = Query::of("library.Book").alias("worth", path("price") * path("views")).order_by(["-worth"]).values(["title"]);
    /// let row = Catalog::new().app(library()).check(&query)?.first(&db).await?.unwrap();
    /// assert_eq!(row.to_json(), serde_json::json!({"title": "Compilers"}));
    /// # Ok(()) }
    /// ```
    pub fn alias(self, name: impl Into<String>, term: impl Into<Term>) -> Query {
        self.then(Call::Alias(vec![(name.into(), term.into())]))
    }

    /// The rows of a relation beside each row; see [`Join`].
    ///
    /// ```
    /// use orm::dynamic::{Join, Query};
    /// let json = serde_json::to_string(&Query::of("library.Author").join(Join::left("books", "book"))).unwrap();
    /// assert_eq!(json, r#"{"model":"library.Author","calls":[{"join":{"relation":"books","as":"book","left":true}}]}"#);
    /// ```
    pub fn join(self, join: Join) -> Query {
        self.then(Call::Join(join))
    }

    /// Only these values instead of all fields.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let query = Query::of("library.Book").filter("id", 2).values(["title", "editor__name"]);
    /// let row = Catalog::new().app(library()).check(&query)?.get(&db).await?;
    /// assert_eq!(row[1], orm::Value::Text("Ada Lovelace".into()));
    /// # Ok(()) }
    /// ```
    pub fn values<P: Into<Pick>>(self, picks: impl IntoIterator<Item = P>) -> Query {
        self.then(Call::Values(picks.into_iter().map(Into::into).collect()))
    }

    /// One row for each group of equal values; what is annotated after it are aggregates over the group, and a filter after it
    /// keeps groups.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query, path, sum};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let groups = Query::of("library.Book")
    ///     .group_by(["active"])
    ///     .annotate("seen", sum(path("views")))
    ///     .filter("seen__gt", 0);
    /// let row = Catalog::new().app(library()).check(&groups)?.get(&db).await?;
    /// assert_eq!(row.to_json(), serde_json::json!({"active": true, "seen": 45}));
    /// # Ok(()) }
    /// ```
    pub fn group_by<P: Into<Pick>>(self, picks: impl IntoIterator<Item = P>) -> Query {
        self.then(Call::GroupBy(picks.into_iter().map(Into::into).collect()))
    }

    /// One row with an aggregate over all rows.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query, max, path};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let most = Query::of("library.Book").aggregate("most", max(path("views")));
    /// assert_eq!(Catalog::new().app(library()).check(&most)?.get(&db).await?["most"], orm::Value::I64(30));
    /// # Ok(()) }
    /// ```
    pub fn aggregate(self, name: impl Into<String>, term: impl Into<Term>) -> Query {
        self.then(Call::Aggregate(vec![(name.into(), term.into())]))
    }

    /// In this order: paths, with a minus before them for the largest first, or terms.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let query = Query::of("library.Book").order_by(["-author__name", "title"]).values(["title"]);
    /// let row = Catalog::new().app(library()).check(&query)?.first(&db).await?.unwrap();
    /// assert_eq!(row["title"], orm::Value::Text("COBOL".into()));
    /// # Ok(()) }
    /// ```
    pub fn order_by<O: Into<Order>>(self, keys: impl IntoIterator<Item = O>) -> Query {
        self.then(Call::OrderBy(keys.into_iter().map(Into::into).collect()))
    }

    /// In the opposite order; an unordered query is turned by its key.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let last = Query::of("library.Author").reverse().values(["name"]);
    /// assert_eq!(Catalog::new().app(library()).check(&last)?.first(&db).await?.unwrap()[0], orm::Value::Text("Nobody".into()));
    /// # Ok(()) }
    /// ```
    pub fn reverse(self) -> Query {
        self.then(Call::Reverse)
    }

    /// Every different row once.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let query = Query::of("library.Book").values(["author"]).distinct();
    /// assert_eq!(Catalog::new().app(library()).check(&query)?.count(&db).await?, 2);
    /// # Ok(()) }
    /// ```
    pub fn distinct(self) -> Query {
        self.then(Call::Distinct)
    }

    /// The first row, in the order so far, of those that are alike in these; it can be ordered anew after it.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let dearest = Query::of("library.Book").order_by(["-price"]).distinct_on(["author"]).order_by(["title"]);
    /// let rows = Catalog::new().app(library()).check(&dearest.values(["title"]))?.all(&db).await?;
    /// assert_eq!(rows[0].to_json(), serde_json::json!({"title": "Compilers"}));
    /// # Ok(()) }
    /// ```
    pub fn distinct_on<P: Into<Pick>>(self, picks: impl IntoIterator<Item = P>) -> Query {
        self.then(Call::DistinctOn(picks.into_iter().map(Into::into).collect()))
    }

    /// Also the fields of rows that these to-one relations lead to, in the same query.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let query = Query::of("library.Book").filter("id", 1).select_related(["author__country"]);
    /// let row = Catalog::new().app(library()).check(&query)?.get(&db).await?;
    /// assert_eq!(row["author__country__code"], orm::Value::Text("UK".into()));
    /// # Ok(()) }
    /// ```
    pub fn select_related<T: Into<String>>(self, paths: impl IntoIterator<Item = T>) -> Query {
        self.then(Call::SelectRelated(paths.into_iter().map(Into::into).collect()))
    }

    /// Related rows beside each row, by one more query for each relation, whatever the number of rows: relations by their paths, or
    /// some of their rows.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let (db, log) = db.recording();
    /// let query = Query::of("library.Author").order_by(["id"]).prefetch(["country", "books__tags"]);
    /// let rows = Catalog::new().app(library()).check(&query)?.all(&db).await?;
    /// let books = rows[0].related("books").unwrap();
    /// assert_eq!((books.len(), books[0].related("tags").unwrap().len()), (2, 2));
    /// assert_eq!(rows[0].to_json()["country"]["code"], "UK");
    /// log.assert_queries(4);
    /// # Ok(()) }
    /// ```
    pub fn prefetch<P: Into<Prefetch>>(self, relations: impl IntoIterator<Item = P>) -> Query {
        self.then(Call::Prefetch(relations.into_iter().map(Into::into).collect()))
    }

    /// From here on, parts of instants are those that the clocks of this zone show: a name, `Europe/Berlin`, or `+02:00`.
    ///
    /// ```
    /// # use library::*;
    /// use orm::{Dialect, dynamic::{Catalog, Query}};
    /// let query = Query::of("library.Book").in_zone("+02:00").filter("created__hour", 7).values(["title"]);
    /// let sql = Catalog::new().app(library()).check(&query)?.to_sql(Dialect::Postgres)?;
    /// assert!(sql.contains(r#"EXTRACT(HOUR FROM ("created" AT TIME ZONE $1))"#), "{sql}");
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn in_zone(self, zone: impl Into<String>) -> Query {
        self.then(Call::Zone(zone.into()))
    }

    /// The first so many rows at most.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Catalog::new().app(library()).check(&Query::of("library.Book").limit(3))?.all(&db).await?.len(), 3);
    /// # Ok(()) }
    /// ```
    pub fn limit(self, count: u64) -> Query {
        self.then(Call::Limit(count))
    }

    /// Without the first so many rows.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let rest = Query::of("library.Book").order_by(["id"]).offset(3);
    /// assert_eq!(Catalog::new().app(library()).check(&rest)?.all(&db).await?.len(), 1);
    /// # Ok(()) }
    /// ```
    pub fn offset(self, count: u64) -> Query {
        self.then(Call::Offset(count))
    }

    /// The rows of this query and of another, each once. What follows is about the rows of both, by the names of the first.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let names = Query::of("library.Author").values(["name"]).union(Query::of("library.Tag").values(["name"]));
    /// let some = names.filter("name__startswith", "A").order_by(["name"]);
    /// let rows = Catalog::new().app(library()).check(&some)?.all(&db).await?;
    /// assert_eq!(rows[0]["name"], orm::Value::Text("Ada Lovelace".into()));
    /// # Ok(()) }
    /// ```
    pub fn union(self, other: Query) -> Query {
        self.then(Call::Union(other))
    }

    /// No row at all; no statement is run.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert!(Catalog::new().app(library()).check(&Query::of("library.Book").nothing())?.all(&db).await?.is_empty());
    /// # Ok(()) }
    /// ```
    pub fn nothing(self) -> Query {
        self.then(Call::Nothing)
    }
}
