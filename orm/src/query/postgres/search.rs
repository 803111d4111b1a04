//! Full text search: what is looked for among words.

use super::{Headline, Rank, condition, of};
use crate::{
    Expression, FieldType, Q, Value,
    family::{IsText, Searched},
    query::Alike,
    tree::{Expr, PgFunction},
};
use std::ops::{BitAnd, BitOr, Not};

/// Searching for words: methods of every [`Expression`] whose values are text or a
/// [`SearchVector`](crate::postgres::SearchVector). PostgreSQL only.
///
/// ```
/// # use library::*;
/// use orm::postgres::{SearchQuery, search_vector};
///
/// let query = SearchQuery::websearch("engine -steam").config("english");
/// let found = Book::objects()
///     .filter(|b| search_vector((b.title, b.author.name)).config("english").search(query.clone()))
///     .order_by(|b| b.title.rank(query.clone()).desc())
///     .values(|b| (b.id, b.title.headline("engine").marked("<b>", "</b>")));
/// assert!(found.to_sql(Dialect::Postgres)?.contains("WEBSEARCH_TO_TSQUERY(CAST($"));
/// # Ok::<(), orm::Error>(())
/// ```
pub trait SearchExpression: Expression {
    /// Whether the query finds something in the words; a text stands for all of its words, in any order. SQL: `@@`.
    ///
    /// A text is taken by the configuration of the query, or the database's own. An index serves where it is over the same: a
    /// [`SearchVector`](crate::postgres::SearchVector) column is.
    ///
    /// ```
    /// # use library::*;
    /// let found = Book::objects().filter(|b| b.title.search("analytical engine"));
    /// assert!(found.to_sql(Dialect::Postgres)?.contains("@@ PLAINTO_TSQUERY($"));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn search<W: Into<SearchQuery>>(self, query: W) -> Q<Self::Root>
    where
        <Self::Value as FieldType>::Family: Searched,
    {
        let query = query.into();
        condition(PgFunction::Matches, [words(self, &query), query.into_expr()])
    }

    /// How well the query finds the words: more is better. SQL: `TS_RANK(..)`.
    ///
    /// ```
    /// # use library::*;
    /// use orm::postgres::Normalize;
    /// let best = Book::objects().order_by(|b| b.title.rank("engine").normalized([Normalize::Length]).desc());
    /// assert!(best.to_sql(Dialect::Postgres)?.contains("TS_RANK("));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn rank<W: Into<SearchQuery>>(self, query: W) -> Rank<Self::Root, Alike<Self, f32>>
    where
        <Self::Value as FieldType>::Family: Searched,
    {
        let query = query.into();
        let words = words(self, &query);
        Rank::new(words, query.into_expr())
    }

    /// The places of a text in which the query finds something, with marks around it. SQL: `TS_HEADLINE(..)`.
    ///
    /// ```
    /// # use library::*;
    /// let shown: QuerySet<Book, String> = Book::objects().values(|b| b.title.headline("engine").words(5, 12));
    /// assert!(shown.to_sql(Dialect::Postgres)?.contains("TS_HEADLINE("));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn headline<W: Into<SearchQuery>>(self, query: W) -> Headline<Self::Root, Alike<Self, String>>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        Headline::new(self.into_expr(), query.into())
    }
}

impl<E: Expression> SearchExpression for E {}

fn words<E: Expression>(on: E, query: &SearchQuery) -> Expr
where
    <E::Value as FieldType>::Family: Searched,
{
    <<E::Value as FieldType>::Family as Searched>::words(on.into_expr(), query.first_config().map(config))
}

pub(super) fn config(name: &str) -> Expr {
    of(PgFunction::Config, [text(name)])
}

pub(super) fn text(text: &str) -> Expr {
    Expr::Value(Value::Text(text.to_owned()))
}

/// What is looked for among words; queries are combined by `&`, `|` and `!`. A text alone is a [`plain`](SearchQuery::plain) one.
///
/// ```
/// use orm::postgres::SearchQuery;
/// let query = (SearchQuery::plain("engine") | SearchQuery::phrase("steam boiler")) & !SearchQuery::plain("train");
/// # let _ = query.config("english");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SearchQuery(Node);

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Text { function: PgFunction, text: String, config: Option<String> },
    Pair(PgFunction, Box<Node>, Box<Node>),
    Not(Box<Node>),
}

impl SearchQuery {
    /// All words of the text, wherever they stand.
    ///
    /// ```
    /// # use library::*;
    /// let found = Book::objects().filter(|b| b.title.search(orm::postgres::SearchQuery::plain("the engines")));
    /// assert!(found.to_sql(Dialect::Postgres)?.contains("PLAINTO_TSQUERY("));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn plain(text: impl Into<String>) -> SearchQuery {
        SearchQuery::leaf(PgFunction::PlainQuery, text.into())
    }

    /// The words of the text, one after the other.
    ///
    /// ```
    /// # use library::*;
    /// let found = Book::objects().filter(|b| b.title.search(orm::postgres::SearchQuery::phrase("analytical engine")));
    /// assert!(found.to_sql(Dialect::Postgres)?.contains("PHRASETO_TSQUERY("));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn phrase(text: impl Into<String>) -> SearchQuery {
        SearchQuery::leaf(PgFunction::PhraseQuery, text.into())
    }

    /// PostgreSQL's own notation: `engine:* & !train`. What is no such notation is an error of the database: text that people
    /// write is better taken by [`websearch`](SearchQuery::websearch).
    ///
    /// ```
    /// # use library::*;
    /// let found = Book::objects().filter(|b| b.title.search(orm::postgres::SearchQuery::raw("eng:* & !train")));
    /// assert!(found.to_sql(Dialect::Postgres)?.contains(" TO_TSQUERY("));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn raw(notation: impl Into<String>) -> SearchQuery {
        SearchQuery::leaf(PgFunction::RawQuery, notation.into())
    }

    /// As search engines take it: words, `"phrases"`, `or`, and `-` before what must not be there. Any text is taken.
    ///
    /// ```
    /// # use library::*;
    /// let found = Book::objects().filter(|b| b.title.search(orm::postgres::SearchQuery::websearch("engine or \"steam boiler\"")));
    /// assert!(found.to_sql(Dialect::Postgres)?.contains("WEBSEARCH_TO_TSQUERY("));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn websearch(text: impl Into<String>) -> SearchQuery {
        SearchQuery::leaf(PgFunction::WebQuery, text.into())
    }

    /// All words of the text by their beginnings: `"eng wh"` finds engines and wheels. Any text is taken.
    ///
    /// ```
    /// # use library::*;
    /// let found = Book::objects().filter(|b| b.title.search(orm::postgres::SearchQuery::prefix("eng wh")));
    /// assert!(found.to_sql(Dialect::Postgres)?.contains(" TO_TSQUERY("));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn prefix(text: impl Into<String>) -> SearchQuery {
        let text = text.into();
        let begin = |word: &str| format!("'{}':*", word.replace('\\', "\\\\").replace('\'', "''"));
        let words: Vec<String> = text.split_whitespace().map(begin).collect();
        match words.is_empty() {
            true => SearchQuery::plain(text),
            false => SearchQuery::raw(words.join(" & ")),
        }
    }

    fn leaf(function: PgFunction, text: String) -> SearchQuery {
        SearchQuery(Node::Text { function, text, config: None })
    }

    /// With a configuration of the database, mostly a language, for every part that has none yet; else the database's own is taken.
    ///
    /// ```
    /// # use library::*;
    /// use orm::postgres::SearchQuery;
    /// let query = (SearchQuery::plain("engine") & SearchQuery::plain("wheel")).config("english");
    /// let found = Book::objects().filter(|b| b.title.search(query));
    /// assert_eq!(found.to_sql(Dialect::Postgres)?.matches("AS regconfig").count(), 3);
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn config(mut self, name: impl Into<String>) -> SearchQuery {
        self.0.config(&name.into());
        self
    }

    /// This one, and right behind it the other.
    ///
    /// ```
    /// # use library::*;
    /// use orm::postgres::SearchQuery;
    /// let query = SearchQuery::plain("analytical").then(SearchQuery::raw("eng:*"));
    /// let found = Book::objects().filter(|b| b.title.search(query));
    /// assert!(found.to_sql(Dialect::Postgres)?.contains(" <-> "));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn then(self, other: impl Into<SearchQuery>) -> SearchQuery {
        self.pair(PgFunction::ThenQuery, other.into())
    }

    fn pair(self, function: PgFunction, other: SearchQuery) -> SearchQuery {
        SearchQuery(Node::Pair(function, Box::new(self.0), Box::new(other.0)))
    }

    pub(super) fn first_config(&self) -> Option<&str> {
        self.0.first_config()
    }

    pub(super) fn into_expr(self) -> Expr {
        self.0.into_expr()
    }
}

impl Node {
    fn config(&mut self, name: &str) {
        match self {
            Node::Text { config, .. } => {
                config.get_or_insert_with(|| name.to_owned());
            }
            Node::Pair(_, one, other) => [one, other].into_iter().for_each(|node| node.config(name)),
            Node::Not(node) => node.config(name),
        }
    }

    fn first_config(&self) -> Option<&str> {
        match self {
            Node::Text { config, .. } => config.as_deref(),
            Node::Pair(_, one, other) => one.first_config().or_else(|| other.first_config()),
            Node::Not(node) => node.first_config(),
        }
    }

    fn into_expr(self) -> Expr {
        match self {
            Node::Text { function, text: written, config: name } => {
                let arguments: Vec<Expr> = name.as_deref().map(config).into_iter().chain([text(&written)]).collect();
                of(function, arguments)
            }
            Node::Pair(function, one, other) => of(function, [one.into_expr(), other.into_expr()]),
            Node::Not(node) => of(PgFunction::OtherThanQuery, [node.into_expr()]),
        }
    }
}

impl<T: Into<String>> From<T> for SearchQuery {
    fn from(text: T) -> SearchQuery {
        SearchQuery::plain(text)
    }
}

impl<T: Into<SearchQuery>> BitAnd<T> for SearchQuery {
    type Output = SearchQuery;

    fn bitand(self, other: T) -> SearchQuery {
        self.pair(PgFunction::BothQueries, other.into())
    }
}

impl<T: Into<SearchQuery>> BitOr<T> for SearchQuery {
    type Output = SearchQuery;

    fn bitor(self, other: T) -> SearchQuery {
        self.pair(PgFunction::EitherQuery, other.into())
    }
}

impl Not for SearchQuery {
    type Output = SearchQuery;

    fn not(self) -> SearchQuery {
        SearchQuery(Node::Not(Box::new(self.0)))
    }
}
