//! The words of a document: `tsvector`.

use crate::{Cell, FieldType, Kind, NotNull, PgKind, PgValue, Plain, Result, Value, family};
use std::fmt;

/// The words of a document, with their places: a column of PostgreSQL's type `tsvector`.
///
/// Mostly the database fills it: by a trigger, or as a generated column. What it holds is in PostgreSQL's notation.
///
/// ```
/// use orm::{Dialect, postgres::SearchQuery, prelude::*};
/// # orm::app! { pub films { Film } }
/// #[derive(Model)]
/// pub struct Film {
///     pub id: i64,
///     pub title: String,
///     pub words: orm::postgres::SearchVector,
/// }
///
/// let found = Film::objects().filter(|f| f.words.search(SearchQuery::plain("crocodile").config("english")));
/// assert!(found.to_sql(Dialect::Postgres)?.contains(r#""words" @@ PLAINTO_TSQUERY("#));
/// # Ok::<(), orm::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct SearchVector(String);

impl SearchVector {
    /// In PostgreSQL's notation: words, each perhaps with places and weights.
    ///
    /// ```
    /// use orm::postgres::SearchVector;
    /// assert_eq!(SearchVector::new("'cat':3 'rat':2A").to_string(), "'cat':3 'rat':2A");
    /// ```
    pub fn new(notation: impl Into<String>) -> SearchVector {
        SearchVector(notation.into())
    }

    /// The words, in the order in which PostgreSQL keeps them.
    ///
    /// ```
    /// use orm::postgres::SearchVector;
    /// let words: Vec<String> = SearchVector::new("'cat':3 'it''s' 'rat':2A,5").words().collect();
    /// assert_eq!(words, ["cat", "it's", "rat"]);
    /// ```
    pub fn words(&self) -> impl Iterator<Item = String> {
        let mut rest = self.0.chars().peekable();
        std::iter::from_fn(move || {
            rest.find(|letter| *letter == '\'')?;
            let mut word = String::new();
            while let Some(letter) = rest.next() {
                match letter {
                    '\\' => word.extend(rest.next()),
                    // Two of them are one.
                    '\'' if rest.next_if_eq(&'\'').is_none() => break,
                    letter => word.push(letter),
                }
            }
            Some(word)
        })
    }
}

impl fmt::Display for SearchVector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FieldType for SearchVector {
    type Plain = Self;
    type Nullable = Option<Self>;
    type Nullness = NotNull;
    type Family = family::SearchVector;
    const KIND: Kind = Kind::Postgres(&PgKind::SearchVector);

    fn to_value(&self) -> Result<Value> {
        Ok(Value::Postgres(&PgKind::SearchVector, Box::new(PgValue::Text(self.0.clone()))))
    }

    fn from_cell(cell: &Cell<'_>) -> Result<Self> {
        cell.search_vector().map(SearchVector)
    }
}
impl Plain for SearchVector {}
