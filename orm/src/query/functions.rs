//! Functions that stand alone: values, the time, choices between expressions, SQL of one's own.

use super::{Ex, IntoQ, Operand, operand::bind};
use crate::{
    FieldType, Null,
    field::{NotNull, Plain},
    tree::{Expr, Function},
};
use chrono::{DateTime, Utc};
use std::{borrow::Cow, marker::PhantomData};

/// A value as an expression of any query.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let marked = Tag::objects().order_by(|t| t.id.asc()).limit(1).values(|t| (t.slug, orm::value(7_i64)));
/// assert_eq!(marked.all(&db).await?, [("code".to_owned(), 7)]);
/// # Ok(()) }
/// ```
pub fn value<R, T: FieldType>(value: T) -> Ex<R, T> {
    Ex::new(bind(&value))
}

/// The time at which the statement runs.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// assert_eq!(Book::objects().filter(|b| b.created.gt(now())).count(&db).await?, 0);
/// # Ok(()) }
/// ```
pub fn now() -> Now {
    Now(())
}

/// What [`now`] gives.
#[derive(Debug, Clone, Copy)]
pub struct Now(());

impl Now {
    pub(super) fn expr(self) -> Expr {
        Expr::Call(Function::Now, Vec::new())
    }
}

impl<R> Operand<R, DateTime<Utc>> for Now {
    type Null = NotNull;

    fn into_operand(self) -> Expr {
        self.expr()
    }
}

/// A choice between expressions: `case().when(b.price.lt(5), "cheap").otherwise("dear")`.
///
/// SQL: `CASE WHEN price < 5 THEN 'cheap' ELSE 'dear' END`.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let kinds = Book::objects()
///     .order_by(|b| b.id.asc())
///     .values(|b| case().when(b.price.lt(5), "cheap").when(b.price.gt(30), "dear").otherwise("fair"));
/// assert_eq!(kinds.all(&db).await?, ["fair", "dear", "fair", "cheap"]);
/// # Ok(()) }
/// ```
pub fn case<R, T: Plain>() -> Case<R, T> {
    Case { branches: Vec::new(), _type: PhantomData }
}

/// A [`case`] under construction.
pub struct Case<R, T> {
    branches: Vec<(Expr, Expr)>,
    _type: PhantomData<fn() -> (R, T)>,
}

impl<R, T: Plain> Case<R, T> {
    /// When the condition is true, this value.
    ///
    /// ```
    /// # use library::*;
    /// let query = Book::objects().values(|b| case().when(b.active, "here").otherwise("gone"));
    /// assert!(query.to_sql(Dialect::Sqlite)?.starts_with(r#"SELECT CASE WHEN "active" THEN ? ELSE ? END"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn when<C: IntoQ<R>, V: Operand<R, T>>(mut self, condition: C, value: V) -> Self {
        self.branches.push((condition.into_q().into_expr(), value.into_operand()));
        self
    }

    /// Else this value.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let either: Vec<String> = Book::objects().values(|b| case().when(b.active, b.title).otherwise("gone")).all(&db).await?;
    /// assert_eq!(either.iter().filter(|title| *title == "gone").count(), 1);
    /// # Ok(()) }
    /// ```
    pub fn otherwise<V: Operand<R, T>>(self, value: V) -> Ex<R, <V::Null as Null>::Wrap<T>> {
        Ex::new(Expr::Case { branches: self.branches, otherwise: Some(Box::new(value.into_operand())) })
    }

    /// Else NULL.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let titles: Vec<Option<String>> =
    ///     Book::objects().order_by(|b| b.id.desc()).values(|b| case().when(b.active, b.title).or_null()).all(&db).await?;
    /// assert_eq!(titles[1], None);
    /// # Ok(()) }
    /// ```
    pub fn or_null(self) -> Ex<R, Option<T>> {
        Ex::new(Expr::Case { branches: self.branches, otherwise: None })
    }
}

/// SQL of one's own, of a stated type; every `{}` stands for the next part: `sql::<_, i64>("length({})").part(b.title)`.
///
/// The text goes to the database as it is: it must never hold anything that came from outside the program, which is why it has
/// to be `'static`. Values are bound by [`bind`](Ex::bind).
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let query = Book::objects().filter(|b| b.id.eq(1)).values(|b| orm::sql::<_, i64>("instr({}, 't')").part(b.title));
/// assert_eq!(query.get(&db).await?, 3);
/// # Ok(()) }
/// ```
pub fn sql<R, T: FieldType>(text: &'static str) -> Ex<R, T> {
    let pieces = text.split("{}").map(Cow::Borrowed).collect();
    Ex::new(Expr::Raw { pieces, parts: Vec::new() })
}

impl<R, T: FieldType> Ex<R, T> {
    /// The expression for the next `{}` of an [`sql`] text.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let both = Book::objects().values(|b| orm::sql::<_, String>("{} || ' by ' || {}").part(b.title).part(b.author.name));
    /// assert_eq!(both.all(&db).await?[0], "Notes by Ada Lovelace");
    /// # Ok(()) }
    /// ```
    pub fn part<E: super::Expression>(self, part: E) -> Self
    where
        E::Root: crate::field::InScope<R>,
    {
        self.with(crate::field::expr_in::<R, _>(part))
    }

    /// The value for the next `{}` of an [`sql`] text: of any type that a column can hold.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let longer = Book::objects().filter(|b| orm::sql::<_, bool>("length({}) > {}").part(b.title).bind(8_i64));
    /// assert_eq!(longer.get(&db).await?.title, "Compilers");
    /// # Ok(()) }
    /// ```
    pub fn bind<V: FieldType>(self, value: V) -> Self {
        self.with(bind(&value))
    }

    fn with(self, part: Expr) -> Self {
        match self.into_untyped() {
            Expr::Raw { pieces, mut parts } => {
                parts.push(part);
                Ex::new(Expr::Raw { pieces, parts })
            }
            _ => Ex::new(Expr::Invalid("`part` and `bind` belong to an `sql` text".to_owned())),
        }
    }
}
