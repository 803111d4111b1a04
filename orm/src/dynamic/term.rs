//! The terms of a query by name: paths, values, and what is made of them. A closed set, as data.

use super::{Order, Query, Window};
use crate::Kind;
use serde::{Deserialize, Serialize};

/// A piece of a query by name: a path, a value, a condition, or something made of them.
///
/// In JSON a scalar is a value, a list is a list of terms, and everything else is an object with one key, which says what it is.
///
/// ```
/// use orm::dynamic::{Term, path};
/// let term = (path("price") * 2).lookup("gt", 10) & Term::named("author__name__icontains", "ada");
/// let json = serde_json::to_value(&term).unwrap();
/// assert_eq!(json, serde_json::json!({"and": [
///     {"lookup": [{"multiply": [{"path": "price"}, 2]}, "gt", 10]},
///     {"where": ["author__name__icontains", "ada"]},
/// ]}));
/// assert_eq!(serde_json::from_value::<Term>(json).unwrap(), term);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Term {
    /// A value; what it is compared with says of which type.
    Value(serde_json::Value),
    /// Several terms: what `in` and `range` take, and keys of several columns.
    List(Vec<Term>),
    /// Everything else.
    Node(Box<Node>),
}

/// What a [`Term`] is that is not a plain value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Node {
    /// A JSON document as a value.
    Value(serde_json::Value),
    /// A value of a kind: `["date", "2020-01-31"]`.
    Typed(Kind, serde_json::Value),
    /// A field, an annotation or a join by its path, with transforms: `author__born__year`.
    Path(String),
    /// What a row of an [`UpdateEach`](super::UpdateEach) is given in a field, beside the row that is there.
    Given(String),
    /// A term of the query around this one.
    Outer(Term),
    /// The short form of a condition: a path that may end in a lookup, and what it is compared with.
    Where(String, Term),
    /// A lookup on any term.
    Lookup(Term, String, Term),
    /// All are true.
    And(Vec<Term>),
    /// One is true.
    Or(Vec<Term>),
    /// An odd number of them is true.
    Xor(Vec<Term>),
    /// It is not true: false or unknown.
    Not(Term),
    /// The condition is true for some row of a to-many relation, whose fields it names.
    Any(String, Term),
    /// An aggregate over the rows of a to-many relation, whose fields it names.
    Over(String, Term),
    /// The sum of two numbers.
    Add(Term, Term),
    /// The difference of two numbers.
    Subtract(Term, Term),
    /// The product of two numbers.
    Multiply(Term, Term),
    /// The quotient of two numbers; whole numbers give whole numbers.
    Divide(Term, Term),
    /// The rest of a division.
    Remainder(Term, Term),
    /// A function of the catalogue.
    Call(String, Vec<Term>),
    /// An aggregate.
    Aggregate(Aggregate),
    /// A function or an aggregate over the rows of a window.
    Window(Term, Window),
    /// The first branch whose condition is true.
    Case(Case),
    /// A conversion to a kind.
    Cast(Term, Kind),
    /// Whether the query has rows.
    Exists(Query),
    /// The one value that a query selects; after `in`, all of them.
    Query(Query),
    /// What stands in place of a term that was built deeper than this, which is the deepest that there is: a query with it is refused with
    /// [`Code::TooComplex`](crate::Code::TooComplex).
    TooDeep(usize),
}

/// An aggregate over the rows of a query, of a group, or of a to-many relation.
///
/// ```
/// use orm::dynamic::{count, path, sum};
/// let json = serde_json::to_value(sum(path("price"))).unwrap();
/// assert_eq!(json, serde_json::json!({"aggregate": {"function": "sum", "of": {"path": "price"}}}));
/// let json = serde_json::to_value(count()).unwrap();
/// assert_eq!(json, serde_json::json!({"aggregate": {"function": "count"}}));
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aggregate {
    /// Its name: `count`, `sum`, `avg`, `min`, `max` and others.
    pub function: String,
    /// What is aggregated; `count` alone can do without, and counts rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Term>,
    /// The second value, `x`, of statistics of two; the first is `y`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<Term>,
    /// Each different value once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub distinct: bool,
    /// Only rows for which this is true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<Term>,
    /// In this order, where it matters: of texts that are put together, and of lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order_by: Vec<Order>,
    /// What stands between the texts of `string_agg`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub separator: Option<String>,
    /// What is given where there is nothing to aggregate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Term>,
}

/// The first branch whose condition is true.
///
/// ```
/// use orm::dynamic::{Case, Term, path};
/// let size = Case { when: vec![(Term::named("views__gt", 100), "much".into())], otherwise: Some("little".into()) };
/// let json = serde_json::to_value(&size).unwrap();
/// assert_eq!(json, serde_json::json!({"when": [[{"where": ["views__gt", 100]}, "much"]], "otherwise": "little"}));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Conditions and their values.
    pub when: Vec<(Term, Term)>,
    /// The value where none is true; NULL unless it is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<Term>,
}

impl Node {
    /// The terms in it; those of queries in it are not counted.
    pub(super) fn parts(&self) -> Vec<&Term> {
        match self {
            Node::Value(_) | Node::Typed(..) | Node::Path(_) | Node::Given(_) => Vec::new(),
            Node::Exists(_) | Node::Query(_) | Node::TooDeep(_) => Vec::new(),
            Node::Outer(one) | Node::Where(_, one) | Node::Not(one) | Node::Any(_, one) | Node::Over(_, one) => {
                vec![one]
            }
            Node::Cast(one, _) => vec![one],
            Node::Lookup(one, _, two)
            | Node::Add(one, two)
            | Node::Subtract(one, two)
            | Node::Multiply(one, two)
            | Node::Divide(one, two)
            | Node::Remainder(one, two) => vec![one, two],
            Node::And(all) | Node::Or(all) | Node::Xor(all) | Node::Call(_, all) => all.iter().collect(),
            Node::Aggregate(aggregate) => {
                let order = aggregate.order_by.iter().filter_map(|order| match order {
                    Order::Term { by, .. } => Some(by),
                    Order::Path(_) => None,
                });
                let parts = [&aggregate.of, &aggregate.against, &aggregate.filter, &aggregate.default];
                parts.into_iter().flatten().chain(order).collect()
            }
            Node::Window(of, window) => std::iter::once(of).chain(window.terms()).collect(),
            Node::Case(case) => {
                let branches = case.when.iter().flat_map(|(condition, value)| [condition, value]);
                branches.chain(&case.otherwise).collect()
            }
        }
    }
}

impl From<Node> for Term {
    /// Of more than 100 terms that stand in each other it makes [`Node::TooDeep`].
    fn from(node: Node) -> Term {
        Term::Node(Box::new(node)).bounded()
    }
}

impl Term {
    /// The short form of a condition: a path that may end in a lookup, and what it is compared with.
    ///
    /// ```
    /// use orm::dynamic::Term;
    /// let cheap = Term::named("price__lt", 5) | Term::named("author__country__code__in", vec!["UK", "US"]);
    /// assert!(matches!(cheap, Term::Node(_)));
    /// ```
    pub fn named(path: impl Into<String>, value: impl Into<Term>) -> Term {
        Node::Where(path.into(), value.into()).into()
    }

    /// A lookup on this term, by its name.
    ///
    /// ```
    /// use orm::dynamic::{Term, call, path};
    /// let long = call("length", [path("title")]).lookup("gt", 20);
    /// assert_eq!(serde_json::to_string(&long).unwrap(), r#"{"lookup":[{"call":["length",[{"path":"title"}]]},"gt",20]}"#);
    /// ```
    pub fn lookup(self, name: impl Into<String>, value: impl Into<Term>) -> Term {
        Node::Lookup(self, name.into(), value.into()).into()
    }

    /// This term of the query around the one that it is used in.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query, exists, path};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let dear = Query::of("library.Book").filter("author", path("id").outer()).filter("price__gt", 20);
    /// let authors = Query::of("library.Author").filter_term(exists(dear)).values(["name"]);
    /// let rows = Catalog::new().app(library()).check(&authors)?.all(&db).await?;
    /// assert_eq!(rows[0]["name"], orm::Value::Text("Grace Hopper".into()));
    /// # Ok(()) }
    /// ```
    pub fn outer(self) -> Term {
        Node::Outer(self).into()
    }

    /// As a value of another kind.
    ///
    /// ```
    /// use orm::{Kind, dynamic::path};
    /// assert_eq!(serde_json::to_string(&path("views").cast(Kind::Text)).unwrap(), r#"{"cast":[{"path":"views"},"text"]}"#);
    /// ```
    pub fn cast(self, kind: Kind) -> Term {
        Node::Cast(self, kind).into()
    }

    /// The query that it is.
    pub(super) fn query(&self) -> Option<&Query> {
        match self {
            Term::Node(node) => match &**node {
                Node::Query(query) => Some(query),
                _ => None,
            },
            Term::Value(_) | Term::List(_) => None,
        }
    }

    /// Whether a query stands inside it.
    pub(super) fn has_query(&self) -> bool {
        match self {
            Term::Value(_) => false,
            Term::List(terms) => terms.iter().any(Term::has_query),
            Term::Node(node) => {
                let is_query = matches!(**node, Node::Exists(_) | Node::Query(_) | Node::Any(..) | Node::Over(..));
                is_query || node.parts().into_iter().any(Term::has_query)
            }
        }
    }

    /// An aggregate over this term's aggregate with one of its parts changed; other terms stay as they are.
    fn aggregate(mut self, change: impl FnOnce(&mut Aggregate)) -> Term {
        if let Term::Node(node) = &mut self
            && let Node::Aggregate(aggregate) = &mut **node
        {
            change(aggregate);
        }
        self
    }

    /// Of an aggregate: only over rows for which the condition is true. Other terms stay as they are.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query, Term, count};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let active = Query::of("library.Book").aggregate("n", count().filtered(Term::named("active", true)));
    /// let row = Catalog::new().app(library()).check(&active)?.get(&db).await?;
    /// assert_eq!(row["n"], orm::Value::I64(3));
    /// # Ok(()) }
    /// ```
    pub fn filtered(self, condition: impl Into<Term>) -> Term {
        self.aggregate(|aggregate| aggregate.filter = Some(condition.into()))
    }

    /// Of an aggregate: each different value once. Other terms stay as they are.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query, count_of};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let authors = Query::of("library.Book").aggregate("authors", count_of("author").distinct());
    /// assert_eq!(Catalog::new().app(library()).check(&authors)?.get(&db).await?["authors"], orm::Value::I64(2));
    /// # Ok(()) }
    /// ```
    pub fn distinct(self) -> Term {
        self.aggregate(|aggregate| aggregate.distinct = true)
    }

    /// Of `string_agg` and lists: in this order. Other terms stay as they are.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query, path, string_agg};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let slugs = Query::of("library.Tag").aggregate("slugs", string_agg(path("slug"), "+").ordered(["-slug"]));
    /// let row = Catalog::new().app(library()).check(&slugs)?.get(&db).await?;
    /// assert_eq!(row["slugs"], orm::Value::Text("poetry+maths+history+code".into()));
    /// # Ok(()) }
    /// ```
    pub fn ordered<O: Into<Order>>(self, keys: impl IntoIterator<Item = O>) -> Term {
        self.aggregate(|aggregate| aggregate.order_by = keys.into_iter().map(Into::into).collect())
    }

    /// Of an aggregate: what it gives where there is nothing to aggregate. Other terms stay as they are.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query, path, sum};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let none = Query::of("library.Book").filter("id", 99).aggregate("seen", sum(path("views")).or(0));
    /// assert_eq!(Catalog::new().app(library()).check(&none)?.get(&db).await?["seen"], orm::Value::I64(0));
    /// # Ok(()) }
    /// ```
    pub fn or(self, default: impl Into<Term>) -> Term {
        self.aggregate(|aggregate| aggregate.default = Some(default.into()))
    }
}

/// A field, an annotation or a join by its path, with transforms: `author__born__year`.
///
/// ```
/// assert_eq!(serde_json::to_string(&orm::dynamic::path("author__name")).unwrap(), r#"{"path":"author__name"}"#);
/// ```
pub fn path(path: impl Into<String>) -> Term {
    Node::Path(path.into()).into()
}

/// What a row of an [`UpdateEach`](super::UpdateEach) is given in a field, where `path` is what the row that is there has.
///
/// ```
/// # use library::*;
/// use orm::dynamic::{Catalog, Change, UpdateEach, given, path};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let catalog = Catalog::new().app(library()).writable(["library.Book"])?;
/// let seen = UpdateEach::of("library.Book").row(serde_json::json!({"id": 1, "views": 5})).set("views", path("views") + given("views"));
/// assert_eq!(catalog.check_change(&Change::UpdateEach(seen))?.run(&db).await?.total, 1);
/// assert_eq!(Book::get(1, &db).await?.views, 15);
/// # Ok(()) }
/// ```
pub fn given(field: impl Into<String>) -> Term {
    Node::Given(field.into()).into()
}

/// A function of the catalogue.
///
/// ```
/// # use library::*;
/// use orm::dynamic::{Catalog, Query, call, path};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let query = Query::of("library.Tag").filter("slug", "code").annotate("shout", call("upper", [path("name")]));
/// let row = Catalog::new().app(library()).check(&query)?.get(&db).await?;
/// assert_eq!(row["shout"], orm::Value::Text("CODE".into()));
/// # Ok(()) }
/// ```
pub fn call(function: impl Into<String>, arguments: impl IntoIterator<Item = Term>) -> Term {
    Node::Call(function.into(), arguments.into_iter().collect()).into()
}

/// Whether a query has rows; its terms reach the query around it by [`Term::outer`].
///
/// ```
/// use orm::dynamic::{Query, exists};
/// let json = serde_json::to_string(&exists(Query::of("library.Tag"))).unwrap();
/// assert_eq!(json, r#"{"exists":{"model":"library.Tag"}}"#);
/// ```
pub fn exists(query: Query) -> Term {
    Node::Exists(query).into()
}

/// Whether the condition is true for some row of a to-many relation; the condition names the fields of that row.
///
/// ```
/// # use library::*;
/// use orm::dynamic::{Catalog, Query, Term, any};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// // One book that is both, where two conditions by path could be met by two books.
/// let both = any("books", Term::named("active", true) & Term::named("price__gt", 20));
/// let query = Query::of("library.Author").filter_term(both);
/// assert_eq!(Catalog::new().app(library()).check(&query)?.count(&db).await?, 1);
/// # Ok(()) }
/// ```
pub fn any(relation: impl Into<String>, condition: impl Into<Term>) -> Term {
    Node::Any(relation.into(), condition.into()).into()
}

/// An aggregate over the rows of a to-many relation; it names the fields of those rows.
///
/// ```
/// # use library::*;
/// use orm::dynamic::{Catalog, Query, Term, count, over};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let active = over("books", count().filtered(Term::named("active", true)));
/// let query = Query::of("library.Author").annotate("active", active).order_by(["name"]).values(["active"]);
/// let rows = Catalog::new().app(library()).check(&query)?.all(&db).await?;
/// assert_eq!(serde_json::to_string(&rows).unwrap(), r#"[{"active":2},{"active":1},{"active":0}]"#);
/// # Ok(()) }
/// ```
pub fn over(relation: impl Into<String>, aggregate: impl Into<Term>) -> Term {
    Node::Over(relation.into(), aggregate.into()).into()
}

fn aggregate(function: &str, of: Option<Term>) -> Term {
    let function = function.to_owned();
    Node::Aggregate(Aggregate { function, of, ..Aggregate::default() }).into()
}

/// How many rows.
///
/// ```
/// # use library::*;
/// use orm::dynamic::{Catalog, Query, count};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let per_author = Query::of("library.Book").group_by(["author__name"]).annotate("n", count()).order_by(["-n", "author__name"]);
/// let rows = Catalog::new().app(library()).check(&per_author)?.all(&db).await?;
/// assert_eq!(serde_json::to_string(&rows[0]).unwrap(), r#"{"author__name":"Ada Lovelace","n":2}"#);
/// # Ok(()) }
/// ```
pub fn count() -> Term {
    aggregate("count", None)
}

/// How many values, or how many rows of a to-many relation.
///
/// ```
/// # use library::*;
/// use orm::dynamic::{Catalog, Query, count_of};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let query = Query::of("library.Author").filter("id", 2).annotate("n", count_of("books"));
/// assert_eq!(Catalog::new().app(library()).check(&query)?.get(&db).await?["n"], orm::Value::I64(2));
/// # Ok(()) }
/// ```
pub fn count_of(of: impl Into<String>) -> Term {
    aggregate("count", Some(path(of)))
}

/// Texts one after the other, with a separator between them.
///
/// ```
/// # use library::*;
/// use orm::dynamic::{Catalog, Query, path, string_agg};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let titles = string_agg(path("books__title"), ", ").ordered(["title"]);
/// let query = Query::of("library.Author").filter("id", 1).annotate("titles", titles);
/// let row = Catalog::new().app(library()).check(&query)?.get(&db).await?;
/// assert_eq!(row["titles"], orm::Value::Text("Notes, Sketches".into()));
/// # Ok(()) }
/// ```
pub fn string_agg(of: Term, separator: impl Into<String>) -> Term {
    let (function, separator) = ("string_agg".to_owned(), Some(separator.into()));
    Node::Aggregate(Aggregate { function, of: Some(of), separator, ..Aggregate::default() }).into()
}

macro_rules! aggregates {
    ($($(#[doc = $doc:literal])+ $name:ident;)+) => {$(
        $(#[doc = $doc])+
        pub fn $name(of: Term) -> Term {
            aggregate(stringify!($name), Some(of))
        }
    )+};
}

aggregates! {
    /// The sum of a term; of a path over a to-many relation, the sum over that relation's rows.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query, path, sum};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let query = Query::of("library.Author").filter("id", 2).annotate("views", sum(path("books__views")));
    /// assert_eq!(Catalog::new().app(library()).check(&query)?.get(&db).await?["views"], orm::Value::I64(30));
    /// # Ok(()) }
    /// ```
    sum;
    /// The mean of a term.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query, avg, path};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let query = Query::of("library.Author").filter("id", 2).annotate("views", avg(path("books__views")));
    /// assert_eq!(Catalog::new().app(library()).check(&query)?.get(&db).await?["views"], orm::Value::F64(15.0));
    /// # Ok(()) }
    /// ```
    avg;
    /// The smallest value of a term.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query, min, path};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let query = Query::of("library.Book").aggregate("first", min(path("title")));
    /// assert_eq!(Catalog::new().app(library()).check(&query)?.get(&db).await?["first"], orm::Value::Text("COBOL".into()));
    /// # Ok(()) }
    /// ```
    min;
    /// The largest value of a term.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query, max, path};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let query = Query::of("library.Book").aggregate("last", max(path("title")));
    /// assert_eq!(Catalog::new().app(library()).check(&query)?.get(&db).await?["last"], orm::Value::Text("Sketches".into()));
    /// # Ok(()) }
    /// ```
    max;
}
