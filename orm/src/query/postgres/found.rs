//! How well full text search finds something, and where.

use super::{
    SearchQuery, of,
    search::{config, text},
};
use crate::{
    Expression, FieldType, Value,
    query::operand::bind,
    tree::{Expr, PgFunction},
};
use std::marker::PhantomData;

/// How well a query finds words: what [`SearchExpression::rank`](crate::postgres::SearchExpression::rank) gives.
#[must_use = "a rank does nothing before a query orders by it, or selects it"]
pub struct Rank<R, T> {
    words: Expr,
    query: Expr,
    weights: Option<[f32; 4]>,
    normalization: i32,
    function: PgFunction,
    _type: PhantomData<fn() -> (R, T)>,
}

/// What a rank is divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Normalize {
    /// One more than the logarithm of the length of the document.
    LogLength = 1,
    /// The length of the document.
    Length = 2,
    /// How far apart what is found stands; for [`Rank::cover`].
    Distance = 4,
    /// The number of different words of the document.
    Words = 8,
    /// One more than the logarithm of that.
    LogWords = 16,
    /// One more than itself, so that it lies between 0 and 1.
    Itself = 32,
}

impl<R, T> Rank<R, T> {
    pub(super) fn new(words: Expr, query: Expr) -> Self {
        Rank { words, query, weights: None, normalization: 0, function: PgFunction::Rank, _type: PhantomData }
    }

    /// What words of the weights D, C, B and A count; else 0.1, 0.2, 0.4 and 1.
    ///
    /// ```
    /// # use library::*;
    /// let best = Book::objects().order_by(|b| b.title.rank("engine").weights([0.1, 0.2, 0.4, 1.0]).desc());
    /// assert!(best.to_sql(Dialect::Postgres)?.contains("TS_RANK($1, "));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn weights(mut self, d_c_b_a: [f32; 4]) -> Self {
        self.weights = Some(d_c_b_a);
        self
    }

    /// Divided by all of these.
    ///
    /// ```
    /// # use library::*;
    /// # use orm::postgres::Normalize;
    /// let best = Book::objects().order_by(|b| b.title.rank("engine").normalized([Normalize::Words, Normalize::Itself]).desc());
    /// assert!(best.to_sql(Dialect::Postgres)?.contains("TS_RANK("));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn normalized(mut self, by: impl IntoIterator<Item = Normalize>) -> Self {
        self.normalization = by.into_iter().fold(0, |all, one| all | one as i32);
        self
    }

    /// By how near to each other what is found stands. SQL: `TS_RANK_CD(..)`.
    ///
    /// ```
    /// # use library::*;
    /// let best = Book::objects().order_by(|b| b.title.rank("analytical engine").cover().desc());
    /// assert!(best.to_sql(Dialect::Postgres)?.contains("TS_RANK_CD("));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn cover(mut self) -> Self {
        self.function = PgFunction::RankCover;
        self
    }
}

impl<R: 'static, T: FieldType> Expression for Rank<R, T> {
    type Root = R;
    type Value = T;

    fn into_expr(self) -> Expr {
        let weights = self.weights.map(|weights| bind(&weights.to_vec()));
        let normalization = (self.normalization != 0).then_some(Expr::Value(Value::I32(self.normalization)));
        let arguments = weights.into_iter().chain([self.words, self.query]).chain(normalization);
        of(self.function, arguments.collect::<Vec<_>>())
    }
}

/// The places of a text in which a query finds something: what
/// [`SearchExpression::headline`](crate::postgres::SearchExpression::headline) gives.
#[must_use = "a headline does nothing before a query selects it"]
pub struct Headline<R, T> {
    text: Expr,
    query: SearchQuery,
    options: Vec<(&'static str, String)>,
    _type: PhantomData<fn() -> (R, T)>,
}

impl<R, T> Headline<R, T> {
    pub(super) fn new(text: Expr, query: SearchQuery) -> Self {
        Headline { text, query, options: Vec::new(), _type: PhantomData }
    }

    /// With marks before and behind what is found; else `<b>` and `</b>`.
    ///
    /// The text itself is left as it is: what is shown in a page has to be escaped before, and marked by letters that are kept.
    ///
    /// ```
    /// # use library::*;
    /// let shown = Book::objects().values(|b| b.title.headline("engine").marked("[", "]"));
    /// assert!(shown.to_sql(Dialect::Postgres)?.contains("TS_HEADLINE("));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn marked(self, before: &str, behind: &str) -> Self {
        self.option("StartSel", before).option("StopSel", behind)
    }

    /// Of so many words, at least and at most; else 15 to 35.
    ///
    /// ```
    /// # use library::*;
    /// let shown = Book::objects().values(|b| b.title.headline("engine").words(3, 8));
    /// assert!(shown.to_sql(Dialect::Postgres)?.contains("TS_HEADLINE("));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn words(self, least: u16, most: u16) -> Self {
        self.option("MinWords", &least.to_string()).option("MaxWords", &most.to_string())
    }

    /// Without words of at most so many letters at its ends; else 3.
    ///
    /// ```
    /// # use library::*;
    /// let shown = Book::objects().values(|b| b.title.headline("engine").short_word(2));
    /// assert!(shown.to_sql(Dialect::Postgres)?.contains("TS_HEADLINE("));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn short_word(self, letters: u16) -> Self {
        self.option("ShortWord", &letters.to_string())
    }

    /// The whole text.
    ///
    /// ```
    /// # use library::*;
    /// let shown = Book::objects().values(|b| b.title.headline("engine").whole());
    /// assert!(shown.to_sql(Dialect::Postgres)?.contains("TS_HEADLINE("));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn whole(self) -> Self {
        self.option("HighlightAll", "true")
    }

    /// Up to so many parts of the text, with something between them; else one, from the first word that is found.
    ///
    /// ```
    /// # use library::*;
    /// let shown = Book::objects().values(|b| b.title.headline("engine").fragments(3, " … "));
    /// assert!(shown.to_sql(Dialect::Postgres)?.contains("TS_HEADLINE("));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn fragments(self, most: u16, between: &str) -> Self {
        self.option("MaxFragments", &most.to_string()).option("FragmentDelimiter", between)
    }

    fn option(mut self, name: &'static str, value: &str) -> Self {
        self.options.push((name, value.to_owned()));
        self
    }
}

impl<R: 'static, T: FieldType> Expression for Headline<R, T> {
    type Root = R;
    type Value = T;

    fn into_expr(self) -> Expr {
        let named = self.query.first_config().map(config);
        let options: Vec<String> = self.options.iter().map(|(name, value)| headline_option(name, value)).collect();
        let options = (!options.is_empty()).then(|| text(&options.join(",")));
        let arguments = named.into_iter().chain([self.text, self.query.into_expr()]).chain(options);
        of(PgFunction::Headline, arguments.collect::<Vec<_>>())
    }
}

/// An option of a headline as PostgreSQL reads it: of quotes and backslashes each two.
pub(crate) fn headline_option(name: &str, value: &str) -> String {
    format!("{name}='{}'", value.replace('\\', "\\\\").replace('\'', "''"))
}
