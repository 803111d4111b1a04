//! JSON documents that a query makes of its values.

use super::{Agg, Ex, Expression, Q};
use crate::{
    FieldType, Kind, Value,
    family::InJson,
    field::{Field, InScope, Scope, SelectedValue, expr_in},
    tree::{Expr, Function},
};
use serde_json::Value as Json;

/// A JSON object of these values, under their keys: `json_object((("title", b.title), ("price", b.price)))`, or a list of such pairs
/// where all values are of one type.
///
/// Days, times, moments and UUIDs are texts in it, NULL is `null`, and documents stand in it as they are.
///
/// SQL: `json_object('title', title, 'price', price)`; `jsonb_build_object` on PostgreSQL.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let cards = Book::objects().filter(|b| b.id.eq(1)).values(|b| {
///     orm::json_object((("title", b.title), ("by", orm::json_object([("name", b.author.name)])), ("views", b.views)))
/// });
/// assert_eq!(cards.get(&db).await?, serde_json::json!({"title": "Notes", "by": {"name": "Ada Lovelace"}, "views": 10}));
/// # Ok(()) }
/// ```
pub fn json_object<R, E: JsonEntries<R>>(entries: E) -> Ex<R, Json> {
    let mut parts: Vec<Expr> = Vec::new();
    for (key, part) in entries.into_entries() {
        let key = Expr::Value(Value::Text(key));
        if parts.iter().step_by(2).any(|known| *known == key) {
            return Ex::new(Expr::invalid("a key of a JSON object stands there twice"));
        }
        parts.extend([key, part]);
    }
    Ex::new(Expr::Call(Function::JsonObject, parts))
}

/// A JSON list of these values: `json_array((b.title, b.price))`, or a list of expressions of one type.
///
/// The values become what they do in [`json_object`].
///
/// SQL: `json_array(title, price)`; `jsonb_build_array` on PostgreSQL.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let lists = Book::objects().filter(|b| b.id.eq(4)).values(|b| orm::json_array((b.title, b.views, b.published, "new")));
/// assert_eq!(lists.get(&db).await?, serde_json::json!(["Sketches", 5, null, "new"]));
/// # Ok(()) }
/// ```
pub fn json_array<R, P: JsonParts<R>>(parts: P) -> Ex<R, Json> {
    Ex::new(Expr::Call(Function::JsonArray, parts.into_parts()))
}

/// A value that has a place in a JSON document: an expression, or a text, a number or a truth value.
///
/// ```
/// # use library::*;
/// let query = Book::objects().values(|b| orm::json_array((b.title, b.created.date(), b.price.gt(5), "new", 7)));
/// assert!(query.to_sql(Dialect::Postgres)?.contains("jsonb_build_array"));
/// # Ok::<(), orm::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no place in a JSON document",
    label = "expected a text, a number, a truth value, or an expression of such values, of days, moments, UUIDs or documents",
    note = "spans of time are numbers by `total_seconds()`"
)]
pub trait JsonPart<R> {
    /// The untyped expression.
    #[doc(hidden)]
    fn into_part(self) -> Expr;
}

/// Untyped from here on.
fn part<T: FieldType>(expr: Expr) -> Expr {
    match T::KIND {
        Kind::Uuid => Expr::Call(Function::AsText(Kind::Uuid), vec![expr]),
        Kind::Ip => Expr::Call(Function::AsText(Kind::Ip), vec![expr]),
        _ => expr,
    }
}

impl<R, S: Scope<Root: InScope<R>>, T: FieldType<Family: InJson>> JsonPart<R> for Field<S, T> {
    fn into_part(self) -> Expr {
        part::<T>(expr_in::<R, _>(self))
    }
}

/// Those of the query itself, which says what query a document in a document belongs to.
macro_rules! of_the_query {
    ($($type:ident)+) => {$(
        impl<R: 'static, T: FieldType<Family: InJson>> JsonPart<R> for $type<R, T> {
            fn into_part(self) -> Expr {
                part::<T>(self.into_expr())
            }
        }
    )+};
}

of_the_query! { Ex Agg SelectedValue }

impl<R: 'static> JsonPart<R> for Q<R> {
    fn into_part(self) -> Expr {
        self.as_value().into_expr()
    }
}

macro_rules! plain {
    ($($type:ty: |$it:ident| $value:expr;)+) => {$(
        impl<R> JsonPart<R> for $type {
            fn into_part(self) -> Expr {
                let $it = self;
                Expr::Value($value)
            }
        }
    )+};
}

plain! {
    &str: |it| Value::Text(it.to_owned());
    String: |it| Value::Text(it);
    bool: |it| Value::Bool(it);
    i32: |it| Value::I32(it);
    i64: |it| Value::I64(it);
    f64: |it| Value::F64(it);
}

/// The elements of a [`json_array`]: a tuple of up to ten, an array, or a `Vec`.
///
/// ```
/// # use library::*;
/// let query = Book::objects().values(|b| (orm::json_array([b.title, b.author.name]), orm::json_array((b.title, b.views))));
/// assert!(query.to_sql(Dialect::Sqlite)?.contains("json_array"));
/// # Ok::<(), orm::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list of values for a JSON document",
    label = "expected a tuple of up to ten values, an array or a `Vec`"
)]
pub trait JsonParts<R> {
    /// The untyped expressions.
    #[doc(hidden)]
    fn into_parts(self) -> Vec<Expr>;
}

/// The keys and values of a [`json_object`]: a tuple of up to ten pairs, an array of pairs, or a `Vec`.
///
/// ```
/// # use library::*;
/// let query = Book::objects().values(|b| orm::json_object((("title", b.title), ("views", b.views))));
/// assert!(query.to_sql(Dialect::Sqlite)?.contains("json_object"));
/// # Ok::<(), orm::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list of keys and values for a JSON object",
    label = "expected pairs of a key and a value: `((\"title\", b.title), (\"views\", b.views))`"
)]
pub trait JsonEntries<R> {
    /// The keys and the untyped expressions.
    #[doc(hidden)]
    fn into_entries(self) -> Vec<(String, Expr)>;
}

impl<R, P: JsonPart<R>, const N: usize> JsonParts<R> for [P; N] {
    fn into_parts(self) -> Vec<Expr> {
        self.into_iter().map(JsonPart::into_part).collect()
    }
}

impl<R, P: JsonPart<R>> JsonParts<R> for Vec<P> {
    fn into_parts(self) -> Vec<Expr> {
        self.into_iter().map(JsonPart::into_part).collect()
    }
}

fn entry<R, K: Into<String>, P: JsonPart<R>>((key, part): (K, P)) -> (String, Expr) {
    (key.into(), part.into_part())
}

impl<R, K: Into<String>, P: JsonPart<R>, const N: usize> JsonEntries<R> for [(K, P); N] {
    fn into_entries(self) -> Vec<(String, Expr)> {
        self.into_iter().map(entry).collect()
    }
}

impl<R, K: Into<String>, P: JsonPart<R>> JsonEntries<R> for Vec<(K, P)> {
    fn into_entries(self) -> Vec<(String, Expr)> {
        self.into_iter().map(entry).collect()
    }
}

macro_rules! tuples {
    ($(($($part:ident . $index:tt),+))+) => {$(
        impl<R, $($part: JsonPart<R>),+> JsonParts<R> for ($($part,)+) {
            fn into_parts(self) -> Vec<Expr> {
                vec![$(self.$index.into_part()),+]
            }
        }

        impl<R, $($part: JsonPart<R>),+> JsonEntries<R> for ($((&'static str, $part),)+) {
            fn into_entries(self) -> Vec<(String, Expr)> {
                vec![$(entry(self.$index)),+]
            }
        }
    )+};
}

tuples! {
    (A.0)
    (A.0, B.1)
    (A.0, B.1, C.2)
    (A.0, B.1, C.2, D.3)
    (A.0, B.1, C.2, D.3, E.4)
    (A.0, B.1, C.2, D.3, E.4, F.5)
    (A.0, B.1, C.2, D.3, E.4, F.5, G.6)
    (A.0, B.1, C.2, D.3, E.4, F.5, G.6, H.7)
    (A.0, B.1, C.2, D.3, E.4, F.5, G.6, H.7, I.8)
    (A.0, B.1, C.2, D.3, E.4, F.5, G.6, H.7, I.8, J.9)
}
