//! Typed expressions and the lookups on them.

use super::{InSet, Operand, OrderBy, Q};
use crate::{
    FieldType,
    family::{HasDate, HasTime, IsNumber, IsText},
    tree::{Aggregate, BinaryOp, Expr, Function, Like},
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
    label = "expected a field, or something built from fields"
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

    /// Contains the text, in the same case. SQL: `LIKE '%x%'` with `%`, `_` and `\` taken as they are.
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
    fn contains<O: Operand<Self::Root, String>>(self, text: O) -> Q<Self::Root>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        like(self, text, Like::Contains, false)
    }

    /// Contains the text, in any case.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().filter(|b| b.title.icontains("NOTE")).get(&db).await?.title, "Notes");
    /// # Ok(()) }
    /// ```
    fn icontains<O: Operand<Self::Root, String>>(self, text: O) -> Q<Self::Root>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        like(self, text, Like::Contains, true)
    }

    /// Starts with the text, in the same case.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Author::objects().filter(|a| a.name.starts_with("Ada")).get(&db).await?.id, 1);
    /// # Ok(()) }
    /// ```
    fn starts_with<O: Operand<Self::Root, String>>(self, text: O) -> Q<Self::Root>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        like(self, text, Like::StartsWith, false)
    }

    /// Starts with the text, in any case.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Author::objects().filter(|a| a.name.istarts_with("ada")).get(&db).await?.id, 1);
    /// # Ok(()) }
    /// ```
    fn istarts_with<O: Operand<Self::Root, String>>(self, text: O) -> Q<Self::Root>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        like(self, text, Like::StartsWith, true)
    }

    /// Ends with the text, in the same case.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Author::objects().filter(|a| a.name.ends_with("Hopper")).get(&db).await?.id, 2);
    /// # Ok(()) }
    /// ```
    fn ends_with<O: Operand<Self::Root, String>>(self, text: O) -> Q<Self::Root>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        like(self, text, Like::EndsWith, false)
    }

    /// Ends with the text, in any case.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Author::objects().filter(|a| a.name.iends_with("HOPPER")).get(&db).await?.id, 2);
    /// # Ok(()) }
    /// ```
    fn iends_with<O: Operand<Self::Root, String>>(self, text: O) -> Q<Self::Root>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        like(self, text, Like::EndsWith, true)
    }

    /// Equal in any case.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().filter(|b| b.title.iexact("cobol")).get(&db).await?.title, "COBOL");
    /// # Ok(()) }
    /// ```
    fn iexact<O: Operand<Self::Root, String>>(self, text: O) -> Q<Self::Root>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        like(self, text, Like::Whole, true)
    }

    /// Matches a pattern with `%` and `_`, in the same case.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().filter(|b| b.title.like("N_te%")).get(&db).await?.title, "Notes");
    /// # Ok(()) }
    /// ```
    fn like<O: Operand<Self::Root, String>>(self, pattern: O) -> Q<Self::Root>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        like(self, pattern, Like::Pattern, false)
    }

    /// Matches a regular expression of the database's own dialect.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().filter(|b| b.title.regex("^[A-Z]+$")).get(&db).await?.title, "COBOL");
    /// # Ok(()) }
    /// ```
    fn regex<O: Operand<Self::Root, String>>(self, pattern: O) -> Q<Self::Root>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        regex(self, pattern, false)
    }

    /// Matches a regular expression of the database's own dialect, in any case.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().filter(|b| b.title.iregex("^n.*S$")).get(&db).await?.title, "Notes");
    /// # Ok(()) }
    /// ```
    fn iregex<O: Operand<Self::Root, String>>(self, pattern: O) -> Q<Self::Root>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        regex(self, pattern, true)
    }

    /// The text in lower case.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().filter(|b| b.id.eq(3)).values(|b| b.title.lower()).get(&db).await?, "cobol");
    /// # Ok(()) }
    /// ```
    fn lower(self) -> Ex<Self::Root, Self::Value>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        call(Function::Lower, self)
    }

    /// The text in upper case.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().filter(|b| b.id.eq(1)).values(|b| b.title.upper()).get(&db).await?, "NOTES");
    /// # Ok(()) }
    /// ```
    fn upper(self) -> Ex<Self::Root, Self::Value>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        call(Function::Upper, self)
    }

    /// The text without blanks at its ends.
    ///
    /// ```
    /// # use library::*;
    /// let query = Book::objects().values(|b| b.title.trim());
    /// assert!(query.to_sql(Dialect::Sqlite)?.starts_with(r#"SELECT TRIM("title")"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn trim(self) -> Ex<Self::Root, Self::Value>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        call(Function::Trim, self)
    }

    /// How many characters the text has.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let long = Book::objects().filter(|b| b.title.length().gt(8));
    /// assert_eq!(long.get(&db).await?.title, "Compilers");
    /// # Ok(()) }
    /// ```
    fn length(self) -> Ex<Self::Root, Alike<Self, i64>>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        call(Function::Length, self)
    }

    /// The number without its sign.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let off = Book::objects().filter(|b| b.id.eq(1)).values(|b| (b.views - 25).abs());
    /// assert_eq!(off.get(&db).await?, 15);
    /// # Ok(()) }
    /// ```
    fn abs(self) -> Ex<Self::Root, Self::Value>
    where
        <Self::Value as FieldType>::Family: IsNumber,
    {
        call(Function::Abs, self)
    }

    /// The year.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let years = Book::objects().values(|b| b.published.year()).order_by(|year| year.asc());
    /// assert_eq!(years.all(&db).await?, [Some(1843), Some(1952), Some(1959), None]);
    /// # Ok(()) }
    /// ```
    fn year(self) -> Ex<Self::Root, Alike<Self, i32>>
    where
        <Self::Value as FieldType>::Family: HasDate,
    {
        call(Function::Year, self)
    }

    /// The month, from 1.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().filter(|b| b.published.month().eq(12)).get(&db).await?.title, "COBOL");
    /// # Ok(()) }
    /// ```
    fn month(self) -> Ex<Self::Root, Alike<Self, i32>>
    where
        <Self::Value as FieldType>::Family: HasDate,
    {
        call(Function::Month, self)
    }

    /// The day of the month, from 1.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().filter(|b| b.published.day().eq(31)).get(&db).await?.title, "COBOL");
    /// # Ok(()) }
    /// ```
    fn day(self) -> Ex<Self::Root, Alike<Self, i32>>
    where
        <Self::Value as FieldType>::Family: HasDate,
    {
        call(Function::Day, self)
    }

    /// The hour.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().filter(|b| b.created.hour().eq(12)).count(&db).await?, 4);
    /// # Ok(()) }
    /// ```
    fn hour(self) -> Ex<Self::Root, Alike<Self, i32>>
    where
        <Self::Value as FieldType>::Family: HasTime,
    {
        call(Function::Hour, self)
    }

    /// The minute.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().filter(|b| b.created.minute().eq(30)).count(&db).await?, 4);
    /// # Ok(()) }
    /// ```
    fn minute(self) -> Ex<Self::Root, Alike<Self, i32>>
    where
        <Self::Value as FieldType>::Family: HasTime,
    {
        call(Function::Minute, self)
    }

    /// The second.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().filter(|b| b.created.second().eq(0)).count(&db).await?, 4);
    /// # Ok(()) }
    /// ```
    fn second(self) -> Ex<Self::Root, Alike<Self, i32>>
    where
        <Self::Value as FieldType>::Family: HasTime,
    {
        call(Function::Second, self)
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

    /// The sum over the rows; `None` when there is none. An aggregate: for `aggregate` and groups.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let views: Option<i64> = Book::objects().aggregate(|b| b.views.sum()).get(&db).await?;
    /// assert_eq!(views, Some(45));
    /// # Ok(()) }
    /// ```
    fn sum(self) -> Ex<Self::Root, Option<<<Self::Value as FieldType>::Family as IsNumber>::Sum>>
    where
        <Self::Value as FieldType>::Family: IsNumber,
    {
        aggregate(Aggregate::Sum, self)
    }

    /// The mean over the rows; `None` when there is none. An aggregate: for `aggregate` and groups.
    ///
    /// That of decimals has four digits more than they have, on every database; that of whole numbers is a float.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().aggregate(|b| b.views.avg()).get(&db).await?, Some(11.25));
    /// # Ok(()) }
    /// ```
    fn avg(self) -> Ex<Self::Root, Option<<<Self::Value as FieldType>::Family as IsNumber>::Avg>>
    where
        <Self::Value as FieldType>::Family: IsNumber,
    {
        aggregate(Aggregate::Avg, self)
    }

    /// The smallest value of the rows; `None` when there is none. An aggregate: for `aggregate` and groups.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().aggregate(|b| b.published.min()).get(&db).await?, NaiveDate::from_ymd_opt(1843, 9, 1));
    /// # Ok(()) }
    /// ```
    fn min(self) -> Ex<Self::Root, <Self::Value as FieldType>::Nullable> {
        aggregate(Aggregate::Min, self)
    }

    /// The largest value of the rows; `None` when there is none. An aggregate: for `aggregate` and groups.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().aggregate(|b| b.views.max()).get(&db).await?, Some(30));
    /// # Ok(()) }
    /// ```
    fn max(self) -> Ex<Self::Root, <Self::Value as FieldType>::Nullable> {
        aggregate(Aggregate::Max, self)
    }

    /// How many rows have a value. An aggregate: for `aggregate` and groups.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().aggregate(|b| (count(), b.published.count())).get(&db).await?, (4, 3));
    /// # Ok(()) }
    /// ```
    fn count(self) -> Ex<Self::Root, i64> {
        aggregate(Aggregate::Count, self)
    }

    /// How many different values there are. An aggregate: for `aggregate` and groups.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().aggregate(|b| b.author.id.count_distinct()).get(&db).await?, 2);
    /// # Ok(()) }
    /// ```
    fn count_distinct(self) -> Ex<Self::Root, i64> {
        let on = Some(Box::new(self.into_expr()));
        Ex::new(Expr::Aggregate { function: Aggregate::Count, on, distinct: true, filter: None })
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

fn like<E: Expression, O: Operand<E::Root, String>>(on: E, pattern: O, like: Like, fold: bool) -> Q<E::Root> {
    let (on, pattern) = (Box::new(on.into_expr()), Box::new(pattern.into_operand()));
    Q::from_expr(Expr::Like { on, pattern, like, fold })
}

fn regex<E: Expression, O: Operand<E::Root, String>>(on: E, pattern: O, fold: bool) -> Q<E::Root> {
    let (on, pattern) = (Box::new(on.into_expr()), Box::new(pattern.into_operand()));
    Q::from_expr(Expr::Regex { on, pattern, fold })
}

fn call<E: Expression, T>(function: Function, on: E) -> Ex<E::Root, T> {
    Ex::new(Expr::Call(function, vec![on.into_expr()]))
}

fn aggregate<E: Expression, T>(function: Aggregate, on: E) -> Ex<E::Root, T> {
    Ex::new(Expr::Aggregate { function, on: Some(Box::new(on.into_expr())), distinct: false, filter: None })
}

/// An expression that was built from others, over the query `R`, with values of type `T`.
pub struct Ex<R, T> {
    expr: Expr,
    _type: PhantomData<fn() -> (R, T)>,
}

impl<R, T> Ex<R, T> {
    pub(crate) fn new(expr: Expr) -> Self {
        Ex { expr, _type: PhantomData }
    }

    pub(crate) fn into_untyped(self) -> Expr {
        self.expr
    }
}

impl<R, T> Clone for Ex<R, T> {
    fn clone(&self) -> Self {
        Ex::new(self.expr.clone())
    }
}

impl<R: 'static, T: FieldType> Expression for Ex<R, T> {
    type Root = R;
    type Value = T;

    fn into_expr(self) -> Expr {
        self.expr
    }
}
