//! Functions that stand alone: values, the time, choices between expressions, SQL of one's own.

use super::{Alike, Branch, Ex, IntoQ, Operand, operand::bind};
use crate::{
    Expression, FieldType, Null, Result, Value,
    field::{NotNull, Plain},
    tree::{Aggregate, Aggregation, BinaryOp, Expr, Function},
};
use chrono::{DateTime, TimeDelta, Utc};
use std::{borrow::Cow, marker::PhantomData};

/// A value as an expression of any query.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let marked = Tag::objects().order_by(|t| t.id.asc()).limit(1).values(|t| (t.slug, orm::value(7_i64)));
/// assert_eq!(marked.all(&db).await?, [("code".to_owned(), 7)]);
/// let kinds = Tag::objects().limit(1).values(|_| orm::value("tag"));
/// assert_eq!(kinds.all(&db).await?, ["tag"]);
/// # Ok(()) }
/// ```
pub fn value<R, V: Literal>(value: V) -> Ex<R, V::Type> {
    Ex::new(value.into_compared())
}

/// What [`value`] takes, and SQL of one's own, [`raw`](crate::raw) and [`sql`]: a value of any type that a column can hold, or a `&str`.
///
/// ```
/// # use library::*;
/// let sorts: QuerySet<Tag, (String, i32)> = Tag::objects().values(|_| (orm::value("tag"), orm::value(1)));
/// # let _ = sorts;
/// let named = orm::raw::<(String, i64)>("SELECT ?, ?").bind("tag").bind(1_i64);
/// # let _ = named;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a type that a column can hold",
    label = "no database form is known for this type",
    note = "derive `FieldType` for a newtype, `Choices` for an enum, or wrap it in `Json<{Self}>`"
)]
pub trait Literal {
    /// The type of the expression.
    type Type: FieldType;

    /// The value as a column holds it.
    #[doc(hidden)]
    fn into_bound(self) -> Result<Value>;

    /// The value as an expression compares it.
    #[doc(hidden)]
    fn into_compared(self) -> Expr;
}

impl<T: FieldType> Literal for T {
    type Type = T;

    fn into_bound(self) -> Result<Value> {
        self.to_value()
    }

    fn into_compared(self) -> Expr {
        bind(&self)
    }
}

impl Literal for &str {
    type Type = String;

    fn into_bound(self) -> Result<Value> {
        Ok(Value::Text(self.to_owned()))
    }

    fn into_compared(self) -> Expr {
        Expr::Value(Value::Text(self.to_owned()))
    }
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
    Now(TimeDelta::zero())
}

/// What [`now`] gives; a span of time moves it: `now() - TimeDelta::days(7)`.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let fresh = Book::objects().filter(|b| b.created.gt(now() - TimeDelta::days(365 * 1000)));
/// assert_eq!(fresh.count(&db).await?, 4);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Now(TimeDelta);

impl Now {
    /// The span of time since a moment: negative when that is yet to come.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let ages = Book::objects().filter(|b| now().since(b.created).lt(TimeDelta::days(365_000))).values(|b| now().since(b.created));
    /// assert!(ages.first(&db).await?.unwrap() < TimeDelta::days(365_000));
    /// # Ok(()) }
    /// ```
    pub fn since<E: Expression<Value: FieldType<Plain = DateTime<Utc>>>>(
        self,
        earlier: E,
    ) -> Ex<E::Root, Alike<E, TimeDelta>> {
        Ex::new(Expr::Call(Function::Since, vec![self.expr(), earlier.into_expr()]))
    }

    /// As an expression of the query that another one belongs to: for what is asked of moments, `now().beside(b.created).year()`, and
    /// for columns without a zone, `now().beside(b.seen).at(Zone::named("UTC"))`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let years = Book::objects().values(|b| now().beside(b.created).year() - b.created.year());
    /// assert!(years.all(&db).await?.iter().all(|years| *years >= 0));
    /// let yet = Book::objects().filter(|b| b.created.date().gt(now().beside(b.created).date()));
    /// assert!(!yet.exists(&db).await?);
    /// # Ok(()) }
    /// ```
    pub fn beside<E: Expression>(self, _other: E) -> Ex<E::Root, DateTime<Utc>> {
        Ex::new(self.expr())
    }

    /// The time of the statement, moved by a further span.
    pub(super) fn moved(self, span: TimeDelta) -> Now {
        Now(self.0 + span)
    }

    pub(super) fn expr(self) -> Expr {
        let now = Expr::Call(Function::Now, Vec::new());
        match self.0.is_zero() {
            true => now,
            false => now.binary(BinaryOp::Add, Expr::Value(Value::Duration(self.0))),
        }
    }
}

impl<R> Branch<R, DateTime<Utc>> for Now {}

impl<R> Operand<R, DateTime<Utc>> for Now {
    type Null = NotNull;
    type NullAsDivisor = NotNull;

    fn into_operand(self) -> Expr {
        self.expr()
    }
}

/// A number from 0 to 1, another one for each row: `order_by(|_| orm::random().asc())` shuffles the rows.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let two = Book::objects().order_by(|_| orm::random().asc()).limit(2).all(&db).await?;
/// assert_eq!(two.len(), 2);
/// # Ok(()) }
/// ```
pub fn random<R>() -> Ex<R, f64> {
    Ex::new(Expr::Call(Function::Random, Vec::new()))
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
#[must_use = "a choice does nothing before a query selects it, or is filtered by it"]
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
    pub fn when<C: IntoQ<R>, V: Branch<R, T>>(mut self, condition: C, value: V) -> Self {
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
    pub fn otherwise<V: Branch<R, T>>(self, value: V) -> Ex<R, <V::Null as Null>::Wrap<T>> {
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

/// SQL of one's own, of a stated type; every `{}` stands for the next part: `sql::<_, i64>("length({})").part(b.title)`. Where the
/// SQL itself has a `{}`, write `{{}}`.
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
    Ex::new(Expr::Raw { pieces: pieces(text), parts: Vec::new() })
}

/// The text between the places; `{{}}` is no place, but stands for `{}`.
fn pieces(text: &'static str) -> Vec<Cow<'static, str>> {
    let whole = text.split("{{}}").map(|part| part.split("{}").map(Cow::Borrowed));
    let mut pieces: Vec<Cow<'static, str>> = Vec::new();
    for part in whole {
        for (index, piece) in part.enumerate() {
            match pieces.last_mut().filter(|_| index == 0) {
                Some(last) => *last = Cow::Owned(format!("{last}{{}}{piece}")),
                None => pieces.push(piece),
            }
        }
    }
    pieces
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

    /// The value for the next `{}` of an [`sql`] text: of any type that a column can hold, or a `&str`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let longer = Book::objects().filter(|b| orm::sql::<_, bool>("length({}) > {}").part(b.title).bind(8_i64));
    /// assert_eq!(longer.get(&db).await?.title, "Compilers");
    /// # Ok(()) }
    /// ```
    pub fn bind<V: Literal>(self, value: V) -> Self {
        self.with(value.into_compared())
    }

    /// An [`sql`] text that makes one value of many rows, so that it can be used as the aggregates of the library are: over all rows, groups
    /// and sets, with `filter` and `over` where the text is one call. Its type is an `Option` where there may be none.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let median = Book::objects()
    ///     .aggregate(|b| orm::sql::<_, Option<f64>>("percentile_cont(0.5) WITHIN GROUP (ORDER BY {})").part(b.views).aggregated());
    /// assert!(median.to_sql(Dialect::Postgres)?.contains(r#"WITHIN GROUP (ORDER BY "views")"#));
    ///
    /// let spans = Book::objects()
    ///     .group_by(|b| b.author.name)
    ///     .annotate(|b| orm::sql::<_, Option<i64>>("MAX({}) - MIN({})").part(b.views).part(b.views).aggregated());
    /// assert_eq!(spans.order_by(|(name, _)| name.asc()).all(&db).await?[0].1, Some(5));
    /// # Ok(()) }
    /// ```
    pub fn aggregated(self) -> super::Agg<R, T> {
        super::Agg::new(Aggregation::of(Aggregate::Written, [self.into_untyped()]))
    }

    fn with(self, part: Expr) -> Self {
        match self.into_untyped() {
            Expr::Raw { pieces, mut parts } => {
                parts.push(part);
                Ex::new(Expr::Raw { pieces, parts })
            }
            _ => Ex::new(Expr::invalid("`part` and `bind` belong to an `sql` text")),
        }
    }
}
