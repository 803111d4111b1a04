//! Texts that are alike: the extensions `pg_trgm` and `unaccent`.

use super::{call, condition};
use crate::{Ex, Expression, FieldType, NotNull, Operand, Q, family::IsText, query::Alike, tree::PgFunction};

/// How alike texts are: methods of every [`Expression`] whose values are text. PostgreSQL only.
///
/// Texts are compared by their groups of three letters, so that a slip of the pen does little. It needs the extension `pg_trgm`,
/// and [`unaccent`](SimilarExpression::unaccent) that of its name: `CREATE EXTENSION pg_trgm`, in a migration by `run_sql`.
/// Without it a query is refused with [`Code::MissingExtension`](crate::Code::MissingExtension).
///
/// ```
/// # use library::*;
/// let near = Book::objects()
///     .filter(|b| b.title.is_similar("Sketchs"))
///     .order_by(|b| b.title.similarity("Sketchs").desc());
/// assert!(near.to_sql(Dialect::Postgres)?.contains(r#"WHERE ("title" % $1) ORDER BY SIMILARITY("title", $2) DESC"#));
/// # Ok::<(), orm::Error>(())
/// ```
#[allow(clippy::wrong_self_convention, reason = "handles are small values that conditions are made of")]
pub trait SimilarExpression: Expression {
    /// How alike both texts are, from 0 to 1. SQL: `SIMILARITY(..)`.
    ///
    /// ```
    /// # use library::*;
    /// let query: QuerySet<Book, f32> = Book::objects().values(|b| b.title.similarity("Sketchs"));
    /// assert!(query.to_sql(Dialect::Postgres)?.contains("SIMILARITY("));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn similarity<O: Operand<Self::Root, String, Null = NotNull>>(self, other: O) -> Ex<Self::Root, Alike<Self, f32>>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        call(PgFunction::Similarity, [self.into_expr(), other.into_operand()])
    }

    /// How alike the other text is to a part of this one, from 0 to 1. SQL: `WORD_SIMILARITY(..)`.
    ///
    /// ```
    /// # use library::*;
    /// let query: QuerySet<Book, f32> = Book::objects().values(|b| b.title.word_similarity("Sketchs"));
    /// assert!(query.to_sql(Dialect::Postgres)?.contains("WORD_SIMILARITY("));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn word_similarity<O: Operand<Self::Root, String, Null = NotNull>>(
        self,
        other: O,
    ) -> Ex<Self::Root, Alike<Self, f32>>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        call(PgFunction::WordSimilarity, [self.into_expr(), other.into_operand()])
    }

    /// How alike the other text is to some whole words of this one, from 0 to 1. SQL: `STRICT_WORD_SIMILARITY(..)`.
    ///
    /// ```
    /// # use library::*;
    /// let query: QuerySet<Book, f32> = Book::objects().values(|b| b.title.strict_word_similarity("Sketchs"));
    /// assert!(query.to_sql(Dialect::Postgres)?.contains("STRICT_WORD_SIMILARITY("));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn strict_word_similarity<O: Operand<Self::Root, String, Null = NotNull>>(
        self,
        other: O,
    ) -> Ex<Self::Root, Alike<Self, f32>>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        call(PgFunction::StrictWordSimilarity, [self.into_expr(), other.into_operand()])
    }

    /// How far two texts are from being alike: 1 without their [`similarity`](SimilarExpression::similarity). SQL: `<->`; the nearest
    /// first, an index of the method `gist` finds them without reading the others.
    ///
    /// ```
    /// # use library::*;
    /// let nearest = Book::objects().order_by(|b| b.title.distance("Sketchs").asc()).limit(3);
    /// assert!(nearest.to_sql(Dialect::Postgres)?.contains(r#"ORDER BY ("title" <-> $1)"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn distance<O: Operand<Self::Root, String, Null = NotNull>>(self, other: O) -> Ex<Self::Root, Alike<Self, f32>>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        call(PgFunction::Distance, [self.into_expr(), other.into_operand()])
    }

    /// How far the other text is from being like a part of this one. SQL: `<->>`.
    ///
    /// ```
    /// # use library::*;
    /// let nearest = Book::objects().order_by(|b| b.title.word_distance("Sketchs").asc());
    /// assert!(nearest.to_sql(Dialect::Postgres)?.contains("<->>"));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn word_distance<O: Operand<Self::Root, String, Null = NotNull>>(self, other: O) -> Ex<Self::Root, Alike<Self, f32>>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        call(PgFunction::WordDistance, [self.into_expr(), other.into_operand()])
    }

    /// How far the other text is from being like some whole words of this one. SQL: `<->>>`.
    ///
    /// ```
    /// # use library::*;
    /// let nearest = Book::objects().order_by(|b| b.title.strict_word_distance("Sketchs").asc());
    /// assert!(nearest.to_sql(Dialect::Postgres)?.contains("<->>>"));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn strict_word_distance<O: Operand<Self::Root, String, Null = NotNull>>(
        self,
        other: O,
    ) -> Ex<Self::Root, Alike<Self, f32>>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        call(PgFunction::StrictWordDistance, [self.into_expr(), other.into_operand()])
    }

    /// Whether both texts are alike: by more than the setting `pg_trgm.similarity_threshold`, 0.3. SQL: `%`, which an index can
    /// serve.
    ///
    /// ```
    /// # use library::*;
    /// let query = Book::objects().filter(|b| b.title.is_similar("Sketchs"));
    /// assert!(query.to_sql(Dialect::Postgres)?.contains(r#"("title" % $1)"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn is_similar<O: Operand<Self::Root, String>>(self, other: O) -> Q<Self::Root>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        condition(PgFunction::Similar, [self.into_expr(), other.into_operand()])
    }

    /// Whether the other text is like a part of this one: by more than `pg_trgm.word_similarity_threshold`, 0.6. SQL: `%>`, which
    /// an index can serve.
    ///
    /// ```
    /// # use library::*;
    /// let query = Book::objects().filter(|b| b.title.is_word_similar("Sketchs"));
    /// assert!(query.to_sql(Dialect::Postgres)?.contains(r#"("title" %> $1)"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn is_word_similar<O: Operand<Self::Root, String>>(self, other: O) -> Q<Self::Root>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        condition(PgFunction::WordSimilar, [self.into_expr(), other.into_operand()])
    }

    /// Whether the other text is like some whole words of this one: by more than
    /// `pg_trgm.strict_word_similarity_threshold`, 0.5. SQL: `%>>`, which an index can serve.
    ///
    /// ```
    /// # use library::*;
    /// let query = Book::objects().filter(|b| b.title.is_strict_word_similar("Sketchs"));
    /// assert!(query.to_sql(Dialect::Postgres)?.contains(r#"("title" %>> $1)"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn is_strict_word_similar<O: Operand<Self::Root, String>>(self, other: O) -> Q<Self::Root>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        condition(PgFunction::StrictWordSimilar, [self.into_expr(), other.into_operand()])
    }

    /// The text without accents. SQL: `UNACCENT(..)`.
    ///
    /// ```
    /// # use library::*;
    /// let query = Author::objects().filter(|a| a.name.unaccent().icontains("lovelace"));
    /// assert!(query.to_sql(Dialect::Postgres)?.contains(r#"UNACCENT("name") ILIKE $1"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn unaccent(self) -> Ex<Self::Root, Alike<Self, String>>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        call(PgFunction::Unaccent, [self.into_expr()])
    }
}

impl<E: Expression> SimilarExpression for E {}
