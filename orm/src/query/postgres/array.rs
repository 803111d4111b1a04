//! Arrays.

use super::{call, condition};
use crate::{
    Ex, Expression, FieldType, Operand, Q, Value,
    field::postgres::IsArray,
    query::{Alike, expression::Plain},
    tree::{Expr, PgFunction},
};
use std::ops::{Bound, RangeBounds};

type Element<E> = <Plain<E> as IsArray>::Element;

/// What can be asked of arrays: methods of every [`Expression`] whose values are `Vec`s. PostgreSQL only.
///
/// [`contains`](Expression::contains) asks whether all elements of another array are there; `eq` compares whole arrays.
///
/// ```
/// use orm::{Dialect, prelude::*};
///
/// orm::app! { pub blog { Post } }
///
/// #[derive(Model)]
/// pub struct Post {
///     pub id: i64,
///     pub tags: Vec<String>,
///     pub ratings: Option<Vec<i32>>,
/// }
///
/// let both = Post::objects().filter(|p| p.tags.contains(["rust", "sql"]) & !p.tags.overlap(["draft"]));
/// assert!(both.to_sql(Dialect::Postgres)?.contains(r#"("tags" @> $1) AND NOT (("tags" && $2))"#));
/// let first: QuerySet<Post, (Option<String>, i32)> = Post::objects().values(|p| (p.tags.index(0), p.tags.len()));
/// # let _ = first;
/// let refused = both.to_sql(Dialect::Sqlite).unwrap_err();
/// assert_eq!(refused.code(), orm::Code::Unsupported);
/// # Ok::<(), orm::Error>(())
/// ```
#[allow(clippy::len_without_is_empty, reason = "the length is a number of the query, to be compared with 0")]
pub trait ArrayExpression: Expression<Value: FieldType<Plain: IsArray>> {
    /// Whether every element is one of the other array's. SQL: `<@`.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub blog { Post } }
    /// # #[derive(Model)]
    /// # pub struct Post { pub id: i64, pub tags: Vec<String> }
    /// let plain = Post::objects().filter(|p| p.tags.contained_by(["rust", "sql"]));
    /// assert!(plain.to_sql(Dialect::Postgres)?.contains(r#"("tags" <@ $1)"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn contained_by<O: Operand<Self::Root, Plain<Self>>>(self, other: O) -> Q<Self::Root> {
        condition(PgFunction::ContainedBy, [self.into_expr(), other.into_operand()])
    }

    /// Whether both have an element in common. SQL: `&&`.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub blog { Post } }
    /// # #[derive(Model)]
    /// # pub struct Post { pub id: i64, pub tags: Vec<String> }
    /// let either = Post::objects().filter(|p| p.tags.overlap(["rust", "sql"]));
    /// assert!(either.to_sql(Dialect::Postgres)?.contains(r#"("tags" && $1)"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn overlap<O: Operand<Self::Root, Plain<Self>>>(self, other: O) -> Q<Self::Root> {
        condition(PgFunction::Overlap, [self.into_expr(), other.into_operand()])
    }

    /// How many elements there are. SQL: `CARDINALITY(..)`.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub blog { Post } }
    /// # #[derive(Model)]
    /// # pub struct Post { pub id: i64, pub tags: Vec<String> }
    /// let untagged = Post::objects().filter(|p| p.tags.len().eq(0));
    /// assert!(untagged.to_sql(Dialect::Postgres)?.contains(r#"CARDINALITY("tags") = $1"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn len(self) -> Ex<Self::Root, Alike<Self, i32>> {
        call(PgFunction::ArrayLength, [self.into_expr()])
    }

    /// The element at a place, from 0; NULL where there is none.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub blog { Post } }
    /// # #[derive(Model)]
    /// # pub struct Post { pub id: i64, pub tags: Vec<String> }
    /// let first: QuerySet<Post, Option<String>> = Post::objects().values(|p| p.tags.index(0));
    /// assert!(first.to_sql(Dialect::Postgres)?.contains(r#"("tags")[$1]"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn index(self, place: u32) -> Ex<Self::Root, <Element<Self> as FieldType>::Nullable> {
        call(PgFunction::ArrayElement, [self.into_expr(), after(place)])
    }

    /// The elements at some places, from 0, those that are there.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub blog { Post } }
    /// # #[derive(Model)]
    /// # pub struct Post { pub id: i64, pub tags: Vec<String> }
    /// let first: QuerySet<Post, Vec<String>> = Post::objects().values(|p| p.tags.slice(..3));
    /// assert!(first.to_sql(Dialect::Postgres)?.contains(r#"("tags")[$1:$2]"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn slice(self, places: impl RangeBounds<u32>) -> Ex<Self::Root, Self::Value> {
        let from = match places.start_bound() {
            Bound::Included(place) => after(*place),
            Bound::Excluded(place) => after(place.saturating_add(1)),
            Bound::Unbounded => after(0),
        };
        let until = match places.end_bound() {
            Bound::Included(place) => Some(after(*place)),
            Bound::Excluded(place) => Some(number(*place)),
            Bound::Unbounded => None,
        };
        call(PgFunction::ArraySlice, [self.into_expr(), from].into_iter().chain(until).collect::<Vec<_>>())
    }

    /// Whether an element is equal to a value or another expression. SQL: `= ANY(..)`.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub blog { Post } }
    /// # #[derive(Model)]
    /// # pub struct Post { pub id: i64, pub title: String, pub tags: Vec<String> }
    /// let named = Post::objects().filter(|p| p.tags.any_eq("rust") | p.tags.any_eq(p.title));
    /// assert!(named.to_sql(Dialect::Postgres)?.contains(r#"($1 = ANY("tags")) OR ("title" = ANY("tags"))"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn any_eq<O: Operand<Self::Root, <Element<Self> as FieldType>::Plain>>(self, value: O) -> Q<Self::Root> {
        condition(PgFunction::ArrayHas, [self.into_expr(), value.into_operand()])
    }

    /// Each element in a row of its own, with the other values of the row beside it; none for an array without elements. What follows
    /// is about these rows: filters, orders, groups and counts. SQL: `UNNEST(..)`.
    ///
    /// ```
    /// use orm::prelude::*;
    ///
    /// orm::app! { pub cinema { Film } }
    ///
    /// #[derive(Model, Debug)]
    /// pub struct Film {
    ///     pub id: i64,
    ///     pub features: Vec<String>,
    /// }
    ///
    /// let kinds = Film::objects().values(|f| f.features.elements()).distinct().order_by(|feature| feature.asc());
    /// assert!(kinds.to_sql(orm::Dialect::Postgres)?.contains(r#"CROSS JOIN UNNEST("film"."features")"#));
    /// let trailers = Film::objects().values(|f| (f.id, f.features.elements())).filter(|(_, feature)| feature.eq("Trailers"));
    /// assert!(trailers.to_sql(orm::Dialect::Postgres)?.contains("FROM (SELECT"));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn elements(self) -> Ex<Self::Root, Element<Self>> {
        call(PgFunction::Elements, [self.into_expr()])
    }
}

impl<E: Expression<Value: FieldType<Plain: IsArray>>> ArrayExpression for E {}

/// A place that is counted from 0, as PostgreSQL counts it.
fn after(place: u32) -> Expr {
    number(place.saturating_add(1))
}

fn number(number: u32) -> Expr {
    match i32::try_from(number) {
        Ok(number) => Expr::Value(Value::I32(number)),
        Err(_) => Expr::invalid(format!("an array has no place {number}")),
    }
}
