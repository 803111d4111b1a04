//! Typed expressions, and what can be asked of all of them. What is for some types only is beside this file.

mod aggregate;
mod characters;
mod date;
mod hash;
mod json;
mod number;
mod text;

pub use aggregate::{Agg, AggregateExpression};
pub use characters::{Characters, NullOnlyAs};
pub use date::{DateExpression, DateUnit, TimeUnit, TruncTo, Zone};
pub use hash::HashExpression;
pub use json::JsonExpression;
pub use number::{Both, Exponent, NumberExpression};
pub use text::TextExpression;

use super::{InSet, Operand, OrderBy, Q};
use crate::{
    FieldType,
    family::{CastTo, Contains},
    tree::{BinaryOp, Expr, Function, conversion},
};
use std::marker::PhantomData;

/// A typed expression: a column, a value that a query selects, or something built from them.
///
/// Its methods are the lookups and functions. Every condition it makes is a [`Q`].
///
/// ```
/// # use library::*;
/// let query = Book::objects().filter(|b| (b.price * 2).gt(b.price + 10) & b.author.name.lower().starts_with("ada"));
/// assert!(query.to_sql(Dialect::Sqlite)?.contains("WHERE"));
/// # Ok::<(), orm::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an expression of a query",
    label = "expected a field, or something built from fields",
    note = "a condition is one by `.as_value()`; a query is `within` one of the fields: `Book::objects().within(a.id)`"
)]
#[allow(clippy::wrong_self_convention, reason = "handles are small values that conditions are made of")]
pub trait Expression: Sized {
    /// The query that it belongs to.
    type Root: 'static;
    /// The type of its values.
    type Value: FieldType;

    /// The untyped expression.
    #[doc(hidden)]
    fn into_expr(self) -> Expr;

    /// Equal to a value or another expression; `eq(None)` asks for NULL. SQL: `title = 'x'`, `title IS NULL`.
    ///
    /// ```
    /// # use library::*;
    /// let query = Book::objects().filter(|b| b.title.eq("Notes") & b.published.eq(None));
    /// assert!(query.to_sql(Dialect::Sqlite)?.ends_with(r#"WHERE "title" = ? AND "published" IS NULL"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn eq<O: Operand<Self::Root, Plain<Self>>>(self, other: O) -> Q<Self::Root> {
        match other.into_operand() {
            Expr::Value(value) if value.is_null() => Q::from_expr(Expr::IsNull(Box::new(self.into_expr()))),
            other => Q::from_expr(self.into_expr().binary(BinaryOp::Eq, other)),
        }
    }

    /// Not equal: exactly the rows for which `eq` is not true, those with NULL too. SQL: `(title = 'x') IS NOT TRUE`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let not_then = Book::objects().filter(|b| b.published.ne(NaiveDate::from_ymd_opt(1952, 5, 2)));
    /// assert_eq!(not_then.count(&db).await?, 3); // the one that has no date is among them
    /// # Ok(()) }
    /// ```
    fn ne<O: Operand<Self::Root, Plain<Self>>>(self, other: O) -> Q<Self::Root> {
        !self.eq(other)
    }

    /// Equal, where NULL equals NULL. SQL: `IS NOT DISTINCT FROM`.
    ///
    /// ```
    /// # use library::*;
    /// let query = Book::objects().filter(|b| b.published.is_same(b.author.born));
    /// assert!(query.to_sql(Dialect::Sqlite)?.ends_with(r#"WHERE "book"."published" IS "author"."born""#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn is_same<O: Operand<Self::Root, Plain<Self>>>(self, other: O) -> Q<Self::Root> {
        Q::from_expr(self.into_expr().binary(BinaryOp::Is, other.into_operand()))
    }

    /// Less than. SQL: `price < 5`.
    ///
    /// ```
    /// # use library::*;
    /// let query = Book::objects().filter(|b| b.views.lt(5));
    /// assert!(query.to_sql(Dialect::Sqlite)?.ends_with(r#"WHERE "views" < ?"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn lt<O: Operand<Self::Root, Plain<Self>>>(self, other: O) -> Q<Self::Root> {
        Q::from_expr(self.into_expr().binary(BinaryOp::Lt, other.into_operand()))
    }

    /// Less than or equal. SQL: `price <= 5`.
    ///
    /// ```
    /// # use library::*;
    /// let query = Book::objects().filter(|b| b.views.lte(5));
    /// assert!(query.to_sql(Dialect::Sqlite)?.ends_with(r#"WHERE "views" <= ?"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn lte<O: Operand<Self::Root, Plain<Self>>>(self, other: O) -> Q<Self::Root> {
        Q::from_expr(self.into_expr().binary(BinaryOp::Le, other.into_operand()))
    }

    /// Greater than. SQL: `price > 5`.
    ///
    /// ```
    /// # use library::*;
    /// let query = Book::objects().filter(|b| b.views.gt(b.author.id * 10));
    /// assert!(query.to_sql(Dialect::Sqlite)?.ends_with(r#"WHERE "views" > ("author_id" * ?)"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn gt<O: Operand<Self::Root, Plain<Self>>>(self, other: O) -> Q<Self::Root> {
        Q::from_expr(self.into_expr().binary(BinaryOp::Gt, other.into_operand()))
    }

    /// Greater than or equal. SQL: `price >= 5`.
    ///
    /// ```
    /// # use library::*;
    /// let query = Book::objects().filter(|b| b.views.gte(5));
    /// assert!(query.to_sql(Dialect::Sqlite)?.ends_with(r#"WHERE "views" >= ?"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn gte<O: Operand<Self::Root, Plain<Self>>>(self, other: O) -> Q<Self::Root> {
        Q::from_expr(self.into_expr().binary(BinaryOp::Ge, other.into_operand()))
    }

    /// Between two values, both included. SQL: `price >= 5 AND price <= 9`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let query = Book::objects().filter(|b| b.views.between(5, 10));
    /// assert_eq!(query.values(|b| b.title).all(&db).await?, ["Notes", "Sketches"]);
    /// # Ok(()) }
    /// ```
    fn between<A, B>(self, low: A, high: B) -> Q<Self::Root>
    where
        A: Operand<Self::Root, Plain<Self>>,
        B: Operand<Self::Root, Plain<Self>>,
    {
        let expr = self.into_expr();
        let low = expr.clone().binary(BinaryOp::Ge, low.into_operand());
        Q::from_expr(low.and(expr.binary(BinaryOp::Le, high.into_operand())))
    }

    /// One of many: a list, bound as one value, or a query that selects one value. SQL: `code IN (..)`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let listed = Book::objects().filter(|b| b.title.is_in(["Notes", "COBOL"]));
    /// assert_eq!(listed.count(&db).await?, 2);
    /// let born_here = Author::objects().filter(|a| a.country.code.eq("UK")).values(|a| a.name);
    /// let by_them = Book::objects().filter(|b| b.author.name.is_in(born_here));
    /// assert_eq!(by_them.count(&db).await?, 2);
    /// # Ok(()) }
    /// ```
    fn is_in<O: InSet<Self::Root, Plain<Self>>>(self, set: O) -> Q<Self::Root> {
        Q::from_expr(set.contains(self.into_expr()))
    }

    /// NULL. SQL: `IS NULL`.
    ///
    /// ```
    /// # use library::*;
    /// let query = Book::objects().filter(|b| b.published.is_null());
    /// assert!(query.to_sql(Dialect::Sqlite)?.ends_with(r#"WHERE "published" IS NULL"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn is_null(self) -> Q<Self::Root> {
        Q::from_expr(Expr::IsNull(Box::new(self.into_expr())))
    }

    /// Not NULL. SQL: `IS NOT NULL`.
    ///
    /// ```
    /// # use library::*;
    /// let query = Book::objects().filter(|b| b.published.is_not_null());
    /// assert!(query.to_sql(Dialect::Sqlite)?.ends_with(r#"WHERE "published" IS NOT NULL"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn is_not_null(self) -> Q<Self::Root> {
        !self.is_null()
    }

    /// Contains the part: a text a piece of it, in the same case; a JSON document what the other one holds.
    ///
    /// Text: SQL `LIKE '%x%'` with `%`, `_` and `\` taken as they are. JSON: every key and value of the part is found in the
    /// document, objects within objects, and each element of a list in the list; SQL `@>` on PostgreSQL.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let query = Book::objects().filter(|b| b.title.contains("ote"));
    /// assert_eq!(query.get(&db).await?.title, "Notes");
    /// assert!(!Book::objects().filter(|b| b.title.contains("NOTE") | b.title.contains("%")).exists(&db).await?);
    /// # Ok(()) }
    /// ```
    fn contains<O>(self, part: O) -> Q<Self::Root>
    where
        <Self::Value as FieldType>::Family: Contains,
        O: Operand<Self::Root, <<Self::Value as FieldType>::Family as Contains>::Part>,
    {
        Q::from_expr(<<Self::Value as FieldType>::Family as Contains>::contains(self.into_expr(), part.into_operand()))
    }

    /// The value, or this one where it is NULL. SQL: `COALESCE(..)`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let editors = Book::objects().order_by(|b| b.id.asc()).values(|b| b.editor.name.or(b.author.name));
    /// let names: Vec<String> = editors.all(&db).await?;
    /// assert_eq!(names, ["Ada Lovelace", "Ada Lovelace", "Grace Hopper", "Grace Hopper"]);
    /// # Ok(()) }
    /// ```
    fn or<O: Operand<Self::Root, Plain<Self>>>(
        self,
        other: O,
    ) -> Ex<Self::Root, <O::Null as crate::Null>::Wrap<Plain<Self>>> {
        Ex::new(Expr::Call(Function::Coalesce, vec![self.into_expr(), other.into_operand()]))
    }

    /// NULL where it equals the other one, else the value. SQL: `NULLIF(..)`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let views = Book::objects().order_by(|b| b.id.asc()).values(|b| b.views.null_if(0));
    /// assert_eq!(views.all(&db).await?, [Some(10), Some(30), None, Some(5)]);
    /// # Ok(()) }
    /// ```
    fn null_if<O: Operand<Self::Root, Plain<Self>>>(
        self,
        other: O,
    ) -> Ex<Self::Root, <Self::Value as FieldType>::Nullable> {
        with(Function::NullIf, self, [other.into_operand()])
    }

    /// The value as one of another type: between numbers; from and to text; of a moment its day or its time, and of a day its
    /// beginning; of truth 1 and 0; of a JSON document its text.
    ///
    /// The result is the same on every database:
    /// - A number that becomes a whole one is cut off behind the point, as by Rust's `as`; so is one that a text says, `2.9`.
    /// - A text that says no such value gives NULL, so that what is read from text is an `Option`. Days, times and moments are
    ///   written as `2026-05-01`, `12:30` or `12:30:05.25`, and `2026-05-01 12:30:00`.
    /// - The text of a JSON document has PostgreSQL's blanks, `{"a": [1, 2]}`. The order of its keys is the database's, and so are its
    ///   numbers: PostgreSQL keeps them as decimals, `0.0000001` where the others have the `1e-7` that was written.
    /// - A decimal becomes a text with the digits of its field, `12.50`; truth `true` or `false`; a UUID has its hyphens. Only floats
    ///   are written in each database's own way: a whole one is `3.0` on SQLite, and `3` elsewhere.
    ///
    /// # Errors
    /// [`Code::OutOfRange`](crate::Code::OutOfRange), by the database, where the type does not hold the number. MariaDB and MySQL
    /// have one type for all whole numbers: there `i16` and `i32` are [`Code::Decode`](crate::Code::Decode) where they are read.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let book = Book::objects().filter(|b| b.id.eq(1));
    /// assert_eq!(book.clone().values(|b| (b.price.cast::<i64>(), b.views.cast::<f64>())).get(&db).await?, (12, 10.0));
    /// let texts = book.clone().values(|b| (b.price.cast::<String>(), b.views.cast::<String>().concat(" views")));
    /// assert_eq!(texts.get(&db).await?, ("12.50".to_owned(), "10 views".to_owned()));
    /// let read = book.values(|b| (b.views.cast::<String>().cast::<i64>(), b.title.cast::<i64>()));
    /// assert_eq!(read.get(&db).await?, (Some(10), None)); // "Notes" is no number
    /// # Ok(()) }
    /// ```
    fn cast<T: crate::Plain>(self) -> Ex<Self::Root, Cast<Self, T>>
    where
        <Self::Value as FieldType>::Family: CastTo<T::Family>,
    {
        Ex::new(conversion(self.into_expr(), <Self::Value as FieldType>::KIND, T::KIND))
    }

    /// The same value as one that may be NULL, where others of its place are: in the rows of a union, say.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let names = Book::objects().values(|b| b.editor.name).union(Book::objects().values(|b| b.title.nullable()));
    /// assert_eq!(names.filter(|name| name.is_null()).count(&db).await?, 1);
    /// # Ok(()) }
    /// ```
    fn nullable(self) -> Ex<Self::Root, <Self::Value as FieldType>::Nullable> {
        Ex::new(self.into_expr())
    }

    /// The larger of the two; NULL where one of them is.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let views = Book::objects().order_by(|b| b.id.asc()).values(|b| b.views.greatest(9));
    /// assert_eq!(views.all(&db).await?, [10, 30, 9, 9]);
    /// # Ok(()) }
    /// ```
    fn greatest<O: Operand<Self::Root, Plain<Self>>>(self, other: O) -> Ex<Self::Root, Both<Self, O>> {
        with(Function::Greatest, self, [other.into_operand()])
    }

    /// The smaller of the two; NULL where one of them is.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let views = Book::objects().order_by(|b| b.id.asc()).values(|b| b.views.least(b.id * 3));
    /// assert_eq!(views.all(&db).await?, [3, 6, 0, 5]);
    /// # Ok(()) }
    /// ```
    fn least<O: Operand<Self::Root, Plain<Self>>>(self, other: O) -> Ex<Self::Root, Both<Self, O>> {
        with(Function::Least, self, [other.into_operand()])
    }

    /// Smallest first; NULLs are last.
    ///
    /// ```
    /// # use library::*;
    /// let query = Book::objects().order_by(|b| b.title.asc());
    /// assert!(query.to_sql(Dialect::Sqlite)?.ends_with(r#"ORDER BY "title""#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn asc(self) -> OrderBy<Self::Root> {
        OrderBy::new(self.into_expr(), false)
    }

    /// Largest first; NULLs are first.
    ///
    /// ```
    /// # use library::*;
    /// let query = Book::objects().order_by(|b| b.views.desc());
    /// assert!(query.to_sql(Dialect::Sqlite)?.ends_with(r#"ORDER BY "views" DESC"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn desc(self) -> OrderBy<Self::Root> {
        OrderBy::new(self.into_expr(), true)
    }
}

/// The type of an expression's values, without `Option`.
pub type Plain<E> = <<E as Expression>::Value as FieldType>::Plain;

/// `T`, as an `Option` if the expression's values are.
pub type Alike<E, T> = <<<E as Expression>::Value as FieldType>::Nullness as crate::Null>::Wrap<T>;

/// The type of a [cast](Expression::cast): an `Option` where the values can be NULL, or may say none of that type.
pub type Cast<E, T> = <<<<E as Expression>::Value as FieldType>::Nullness as crate::Null>::Or<
    <<<E as Expression>::Value as FieldType>::Family as CastTo<<T as FieldType>::Family>>::Null,
> as crate::Null>::Wrap<T>;

fn call<E: Expression, T>(function: Function, on: E) -> Ex<E::Root, T> {
    Ex::new(Expr::Call(function, vec![on.into_expr()]))
}

fn with<E: Expression, T, const N: usize>(function: Function, on: E, more: [Expr; N]) -> Ex<E::Root, T> {
    Ex::new(Expr::Call(function, std::iter::once(on.into_expr()).chain(more).collect()))
}

/// An expression that was built from others, over the query `R`, with values of type `T`.
#[must_use = "an expression does nothing before a query selects it, or is filtered by it"]
pub struct Ex<R, T> {
    expr: Expr,
    _type: PhantomData<fn() -> (R, T)>,
}

impl<R, T> Ex<R, T> {
    pub(crate) fn new(expr: Expr) -> Self {
        Ex { expr: expr.bounded(), _type: PhantomData }
    }

    pub(crate) fn into_untyped(self) -> Expr {
        self.expr
    }
}

impl<R, T> Clone for Ex<R, T> {
    fn clone(&self) -> Self {
        Ex { expr: self.expr.clone(), _type: PhantomData }
    }
}

impl<R: 'static, T: FieldType> Expression for Ex<R, T> {
    type Root = R;
    type Value = T;

    fn into_expr(self) -> Expr {
        self.expr
    }
}
