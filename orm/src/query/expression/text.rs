//! Text: what it contains, patterns, and functions on it.

use super::{Alike, Characters, Ex, Expression, Operand, Q, call, with};
use crate::{
    FieldType, NotNull, Null, Value,
    family::{HasLength, IsText},
    tree::{BinaryOp, Expr, Function, Like},
};

/// What can be asked of text, and made of it: methods of every [`Expression`] whose values are text.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let query = Author::objects().filter(|a| a.name.istarts_with("ada") & a.name.length().lt(20)).values(|a| a.name.upper());
/// assert_eq!(query.get(&db).await?, "ADA LOVELACE");
/// # Ok(()) }
/// ```
pub trait TextExpression: Expression {
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

    /// The text without blanks at its beginning.
    ///
    /// ```
    /// # use library::*;
    /// let query = Book::objects().filter(|b| b.title.trim_start().ne(b.title));
    /// assert!(query.to_sql(Dialect::Sqlite)?.contains("LTRIM("));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn trim_start(self) -> Ex<Self::Root, Self::Value>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        call(Function::TrimStart, self)
    }

    /// The text without blanks at its end.
    ///
    /// ```
    /// # use library::*;
    /// let query = Book::objects().filter(|b| b.title.trim_end().ne(b.title));
    /// assert!(query.to_sql(Dialect::Sqlite)?.contains("RTRIM("));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn trim_end(self) -> Ex<Self::Root, Self::Value>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        call(Function::TrimEnd, self)
    }

    /// This text and another one after it; NULL where one of them is. SQL: `a || b`.
    ///
    /// `or("")` makes NULL an empty text: `b.title.concat(" by ").concat(b.editor.name.or(""))`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let lines = Book::objects().order_by(|b| b.id.asc()).values(|b| b.title.concat(" by ").concat(b.author.name));
    /// assert_eq!(lines.first(&db).await?.as_deref(), Some("Notes by Ada Lovelace"));
    /// # Ok(()) }
    /// ```
    #[allow(clippy::type_complexity, reason = "one type, which says whether there is a value")]
    fn concat<O: Operand<Self::Root, String>>(
        self,
        other: O,
    ) -> Ex<Self::Root, <<<Self::Value as FieldType>::Nullness as Null>::Or<O::Null> as Null>::Wrap<String>>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        Ex::new(self.into_expr().binary(BinaryOp::Concat, other.into_operand()))
    }

    /// The first characters: so many, or as many as an expression says.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().filter(|b| b.title.left(3).eq("Not")).get(&db).await?.id, 1);
    /// # Ok(()) }
    /// ```
    fn left<C>(self, count: C) -> Ex<Self::Root, Self::Value>
    where
        C: Characters<Self::Root, <Self::Value as FieldType>::Nullness>,
        <Self::Value as FieldType>::Family: IsText,
    {
        with(Function::Left, self, [count.at_least(0)])
    }

    /// The last characters: so many, or as many as an expression says.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().filter(|b| b.title.right(3).eq("tes")).get(&db).await?.id, 1);
    /// # Ok(()) }
    /// ```
    fn right<C>(self, count: C) -> Ex<Self::Root, Self::Value>
    where
        C: Characters<Self::Root, <Self::Value as FieldType>::Nullness>,
        <Self::Value as FieldType>::Family: IsText,
    {
        with(Function::Right, self, [count.at_least(0)])
    }

    /// So many characters from a place on, which is counted from 1. Of expressions, places below that are taken as 1, and numbers of
    /// characters below 0 as 0; where they are written as numbers they are refused.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let middle = Book::objects().filter(|b| b.id.eq(1)).values(|b| (b.title.substr(2, 3), b.title.substr(2, b.title.length() - 2)));
    /// assert_eq!(middle.get(&db).await?, ("ote".to_owned(), "ote".to_owned()));
    /// # Ok(()) }
    /// ```
    fn substr<A, C>(self, from: A, count: C) -> Ex<Self::Root, Self::Value>
    where
        A: Characters<Self::Root, <Self::Value as FieldType>::Nullness>,
        C: Characters<Self::Root, <Self::Value as FieldType>::Nullness>,
        <Self::Value as FieldType>::Family: IsText,
    {
        with(Function::Substr, self, [from.at_least(1), count.at_least(0)])
    }

    /// All characters from a place on, which is counted from 1.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// // What stands behind the first blank.
    /// let last = Author::objects().filter(|a| a.id.eq(1)).values(|a| a.name.substr_from(a.name.position(" ") + 1));
    /// assert_eq!(last.get(&db).await?, "Lovelace");
    /// # Ok(()) }
    /// ```
    fn substr_from<C>(self, from: C) -> Ex<Self::Root, Self::Value>
    where
        C: Characters<Self::Root, <Self::Value as FieldType>::Nullness>,
        <Self::Value as FieldType>::Family: IsText,
    {
        with(Function::Substr, self, [from.at_least(1)])
    }

    /// The text with each occurrence of another one replaced, in the same case.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let renamed = Author::objects().filter(|a| a.id.eq(1)).values(|a| a.name.replace("Lovelace", "King"));
    /// assert_eq!(renamed.get(&db).await?, "Ada King");
    /// # Ok(()) }
    /// ```
    fn replace<A, B>(self, part: A, by: B) -> Ex<Self::Root, Self::Value>
    where
        <Self::Value as FieldType>::Family: IsText,
        A: Operand<Self::Root, String, Null = NotNull>,
        B: Operand<Self::Root, String, Null = NotNull>,
    {
        with(Function::Replace, self, [part.into_operand(), by.into_operand()])
    }

    /// Where another text is first found in this one, in the same case: from 1, and 0 when it is not.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let places = Book::objects().order_by(|b| b.id.asc()).values(|b| b.title.position("o"));
    /// assert_eq!(places.all(&db).await?, [2, 2, 0, 0]);
    /// # Ok(()) }
    /// ```
    fn position<O: Operand<Self::Root, String, Null = NotNull>>(self, part: O) -> Ex<Self::Root, Alike<Self, i64>>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        with(Function::Position, self, [part.into_operand()])
    }

    /// Filled up at the beginning to so many characters; cut at the end when it is longer.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let codes = Tag::objects().filter(|t| t.id.eq(1)).values(|t| (t.slug.pad_start(6, "*"), t.slug.pad_start(2, "*")));
    /// assert_eq!(codes.get(&db).await?, ("**code".to_owned(), "co".to_owned()));
    /// # Ok(()) }
    /// ```
    fn pad_start<C, F>(self, length: C, fill: F) -> Ex<Self::Root, Self::Value>
    where
        <Self::Value as FieldType>::Family: IsText,
        C: Characters<Self::Root, <Self::Value as FieldType>::Nullness>,
        F: Operand<Self::Root, String, Null = NotNull>,
    {
        pad(Function::PadStart, self, length, fill)
    }

    /// Filled up at the end to so many characters; cut at the end when it is longer.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Tag::objects().filter(|t| t.id.eq(1)).values(|t| t.slug.pad_end(7, "ab")).get(&db).await?, "codeaba");
    /// # Ok(()) }
    /// ```
    fn pad_end<C, F>(self, length: C, fill: F) -> Ex<Self::Root, Self::Value>
    where
        <Self::Value as FieldType>::Family: IsText,
        C: Characters<Self::Root, <Self::Value as FieldType>::Nullness>,
        F: Operand<Self::Root, String, Null = NotNull>,
    {
        pad(Function::PadEnd, self, length, fill)
    }

    /// The text so many times, or as often as an expression says.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Tag::objects().filter(|t| t.id.eq(1)).values(|t| t.slug.repeat(2)).get(&db).await?, "codecode");
    /// # Ok(()) }
    /// ```
    fn repeat<C>(self, times: C) -> Ex<Self::Root, Self::Value>
    where
        C: Characters<Self::Root, <Self::Value as FieldType>::Nullness>,
        <Self::Value as FieldType>::Family: IsText,
    {
        with(Function::Repeat, self, [times.at_least(0)])
    }

    /// The characters in the opposite order.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Tag::objects().filter(|t| t.slug.reverse().eq("edoc")).count(&db).await?, 1);
    /// # Ok(()) }
    /// ```
    fn reverse(self) -> Ex<Self::Root, Self::Value>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        call(Function::Reverse, self)
    }

    /// The code point of the first letter; NULL of an empty text.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let codes = Tag::objects().filter(|t| t.slug.eq("code")).values(|t| t.slug.code_point());
    /// assert_eq!(codes.get(&db).await?, Some(99));
    /// # Ok(()) }
    /// ```
    fn code_point(self) -> Ex<Self::Root, Option<i64>>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        call(Function::Ord, self)
    }

    /// The text under another collation of the database, for comparing and ordering: `a.name.collate("C").asc()`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let query = Author::objects().filter(|a| a.name.collate("NOCASE").eq("nobody"));
    /// assert_eq!(query.get(&db).await?.id, 3);
    /// # Ok(()) }
    /// ```
    fn collate(self, collation: &'static str) -> Ex<Self::Root, Self::Value>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        with(Function::Collate, self, [Expr::Value(Value::Text(collation.to_owned()))])
    }

    /// How many characters the text has, or bytes the value.
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
        <Self::Value as FieldType>::Family: HasLength,
    {
        call(Function::Length, self)
    }
}

impl<E: Expression> TextExpression for E {}

fn like<E: Expression, O: Operand<E::Root, String>>(on: E, pattern: O, like: Like, fold: bool) -> Q<E::Root> {
    let (on, pattern) = (Box::new(on.into_expr()), Box::new(pattern.into_operand()));
    Q::from_expr(Expr::Like { on, pattern, like, fold })
}

fn regex<E: Expression, O: Operand<E::Root, String>>(on: E, pattern: O, fold: bool) -> Q<E::Root> {
    let (on, pattern) = (Box::new(on.into_expr()), Box::new(pattern.into_operand()));
    Q::from_expr(Expr::Regex { on, pattern, fold })
}

fn pad<R, E, C, F, T>(function: Function, on: E, length: C, fill: F) -> Ex<E::Root, T>
where
    E: Expression<Root = R>,
    C: Characters<R, <E::Value as FieldType>::Nullness>,
    F: Operand<R, String>,
{
    match fill.into_operand() {
        Expr::Value(Value::Text(fill)) if fill.is_empty() => {
            Ex::new(Expr::invalid("a text cannot be filled up with nothing"))
        }
        fill => with(function, on, [length.at_least(0), fill]),
    }
}
