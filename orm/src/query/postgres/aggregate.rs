//! Aggregates that keep the values.

use crate::{
    Agg, Expression,
    tree::{Aggregate, Aggregation},
};

/// All values of many rows, as one: aggregates of every [`Expression`]. PostgreSQL only.
///
/// ```
/// # use library::*;
/// let all = Book::objects().aggregate(|b| (b.title.array_agg().order_by(b.title.asc()), b.price.json_agg()));
/// assert_eq!(all.to_sql(Dialect::Sqlite).unwrap_err().code(), orm::Code::Unsupported);
/// ```
pub trait ListExpression: Expression {
    /// The values as an array, in the order of [`Agg::order_by`]; `None` when there is no row. SQL: `ARRAY_AGG(..)`.
    ///
    /// ```
    /// # use library::*;
    /// let per_author = Book::objects()
    ///     .group_by(|b| b.author.name)
    ///     .annotate(|b| b.title.array_agg().order_by(b.published.desc()).filter(b.active));
    /// let query: &QuerySet<Book, (String, Option<Vec<String>>)> = &per_author;
    /// assert!(query.to_sql(Dialect::Postgres)?.contains("ARRAY_AGG("));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn array_agg(self) -> Agg<Self::Root, Option<Vec<Self::Value>>> {
        Agg::new(Aggregation::of(Aggregate::Array, [self.into_expr()]))
    }

    /// The values as a JSON list, in the order of [`Agg::order_by`]; `None` when there is no row. SQL: `JSONB_AGG(..)`.
    ///
    /// ```
    /// # use library::*;
    /// let authors = Author::objects().annotate(|a| a.books.aggregate(|b| b.price.json_agg().distinct()));
    /// assert!(authors.to_sql(Dialect::Postgres)?.contains("JSONB_AGG(DISTINCT"));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn json_agg(self) -> Agg<Self::Root, Option<serde_json::Value>> {
        Agg::new(Aggregation::of(Aggregate::JsonArray, [self.into_expr()]))
    }
}

impl<E: Expression> ListExpression for E {}
