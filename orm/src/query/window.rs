//! Windows: values that depend on other rows of the query, without making one row of many.

use super::{Agg, Ex, Expression, Operand, OrderKeys, Selection, expression::Plain};
use crate::{
    FieldType, Null, Value,
    tree::{Bound, Expr, Frame, FrameUnit, Function, Order, Windowed, Without},
};
use std::{
    marker::PhantomData,
    ops::{RangeFrom, RangeFull, RangeInclusive, RangeToInclusive},
};

/// The rows that a window function looks at: those of one part of the query's rows, in an order.
///
/// A filter on what a window gives is a filter on the rows as they then are: the query becomes a derived table.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// // The dearest book of each author.
/// let dearest = Book::objects()
///     .annotate(|b| orm::row_number().over(orm::window().partition_by(b.author.id).order_by(b.price.desc())))
///     .filter(|(_, place)| place.eq(1))
///     .order_by(|(b, _)| b.title.asc());
/// let titles: Vec<String> = dearest.values(|(b, _)| b.title).all(&db).await?;
/// assert_eq!(titles, ["Compilers", "Notes"]);
/// # Ok(()) }
/// ```
pub fn window<R>() -> Window<R> {
    Window { partition: Vec::new(), order: Vec::new(), frame: None, _root: PhantomData }
}

/// What [`window`] gives.
#[must_use = "a window does nothing before a function is computed `over` it"]
pub struct Window<R> {
    partition: Vec<Expr>,
    order: Vec<Order>,
    frame: Option<Frame>,
    _root: PhantomData<fn() -> R>,
}

impl<R> Clone for Window<R> {
    fn clone(&self) -> Self {
        let Window { partition, order, frame, .. } = self;
        Window { partition: partition.clone(), order: order.clone(), frame: frame.clone(), _root: PhantomData }
    }
}

impl<R> Window<R> {
    /// Only the rows that are alike in these values. SQL: `PARTITION BY`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let shares = Book::objects()
    ///     .order_by(|b| b.id.asc())
    ///     .values(|b| b.views.sum().over(orm::window().partition_by(b.author.id)));
    /// assert_eq!(shares.all(&db).await?, [Some(15), Some(30), Some(30), Some(15)]);
    /// # Ok(()) }
    /// ```
    pub fn partition_by<K: Selection<R>>(mut self, keys: K) -> Self {
        self.partition = keys.into_list();
        self
    }

    /// In this order. SQL: `ORDER BY`.
    ///
    /// An aggregate is then one of the rows up to this one and its equals, unless a frame says which.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let running = Book::objects().order_by(|b| b.id.asc()).values(|b| b.views.sum().over(orm::window().order_by(b.id.asc())));
    /// assert_eq!(running.all(&db).await?, [Some(10), Some(40), Some(40), Some(45)]);
    /// # Ok(()) }
    /// ```
    pub fn order_by<K: OrderKeys<R>>(mut self, keys: K) -> Self {
        self.order.clear();
        keys.add_to(&mut self.order);
        self
    }

    /// Only so many rows around each: `-1..=1` is the row before, the row itself and the one after; `..=0` all up to the row.
    /// SQL: `ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let near = orm::window().order_by(Book::fields().id.asc()).rows(-1..=1);
    /// let sums = Book::objects().order_by(|b| b.id.asc()).values(|b| b.views.sum().over(near));
    /// assert_eq!(sums.all(&db).await?, [Some(40), Some(40), Some(35), Some(5)]);
    /// # Ok(()) }
    /// ```
    pub fn rows<F: FrameBounds>(mut self, bounds: F) -> Self {
        self.frame = Some(frame(FrameUnit::Rows, bounds.bounds()));
        self
    }

    /// Only the rows whose order key is so near: `-10..=0`. SQL: `RANGE BETWEEN 10 PRECEDING AND CURRENT ROW`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let alike = orm::window().order_by(Book::fields().views.asc()).range(-5..=5);
    /// let counts = Book::objects().order_by(|b| b.views.asc()).values(|b| b.id.count().over(alike));
    /// assert_eq!(counts.all(&db).await?, [2, 3, 2, 1]); // of 0, 5, 10 and 30 views
    /// # Ok(()) }
    /// ```
    pub fn range<F: FrameBounds>(mut self, bounds: F) -> Self {
        self.frame = Some(frame(FrameUnit::Range, bounds.bounds()));
        self
    }

    /// Of a frame's rows all but some; without a frame, of those up to the row and its equals. SQL: `EXCLUDE CURRENT ROW`.
    ///
    /// MariaDB and MySQL have no such frames: [`Code::Unsupported`](crate::Code::Unsupported), before any statement.
    ///
    /// ```
    /// # use library::*;
    /// use orm::tree::Without;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let others = orm::window().order_by(Book::fields().id.asc()).rows(..).without(Without::Current);
    /// let sums = Book::objects().order_by(|b| b.id.asc()).values(|b| b.views.sum().over(others));
    /// assert_eq!(sums.all(&db).await?, [Some(35), Some(15), Some(45), Some(40)]); // of 10, 30, 0 and 5
    /// # Ok(()) }
    /// ```
    pub fn without(mut self, rows: Without) -> Self {
        let usual = || frame(FrameUnit::Range, (None, Some(0)));
        self.frame.get_or_insert_with(usual).without = Some(rows);
        self
    }
}

fn frame(unit: FrameUnit, (start, end): (Option<i64>, Option<i64>)) -> Frame {
    let bound = |place: Option<i64>, open: Bound| match place {
        None => open,
        Some(0) => Bound::Current,
        Some(place) if place < 0 => Bound::Before(place.unsigned_abs()),
        Some(place) => Bound::After(place.unsigned_abs()),
    };
    Frame { unit, start: bound(start, Bound::First), end: bound(end, Bound::Last), without: None }
}

/// A range of rows around one, which is 0: `-1..=1`, `..=0`, `0..` or `..`.
///
/// ```
/// # use library::*;
/// let all = orm::window().order_by(Book::fields().id.asc()).rows(..);
/// let query = Book::objects().values(|b| b.views.max().over(all));
/// assert!(query.to_sql(Dialect::Postgres)?.contains("ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"));
/// # Ok::<(), orm::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a range of rows",
    label = "expected `-1..=1`, `..=0`, `0..` or `..`: both ends are part of it"
)]
pub trait FrameBounds {
    /// Both ends, where there are any.
    #[doc(hidden)]
    fn bounds(self) -> (Option<i64>, Option<i64>);
}

impl FrameBounds for RangeInclusive<i64> {
    fn bounds(self) -> (Option<i64>, Option<i64>) {
        (Some(*self.start()), Some(*self.end()))
    }
}

impl FrameBounds for RangeToInclusive<i64> {
    fn bounds(self) -> (Option<i64>, Option<i64>) {
        (None, Some(self.end))
    }
}

impl FrameBounds for RangeFrom<i64> {
    fn bounds(self) -> (Option<i64>, Option<i64>) {
        (Some(self.start), None)
    }
}

impl FrameBounds for RangeFull {
    fn bounds(self) -> (Option<i64>, Option<i64>) {
        (None, None)
    }
}

/// A window function that waits for its [`window`]: what [`row_number`] and its like give.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let by_price = orm::window().order_by(Book::fields().price.asc());
/// let places = Book::objects().order_by(|b| b.id.asc()).values(|_| orm::rank().over(by_price));
/// assert_eq!(places.all(&db).await?, [3, 4, 2, 1]);
/// # Ok(()) }
/// ```
#[must_use = "a function of a window needs one: `.over(window())`"]
pub struct WindowFunction<T> {
    call: Expr,
    /// What it gives where there is no such row: a call that is NULL there and nowhere else, and the value.
    default: Option<(Expr, Expr)>,
    _type: PhantomData<fn() -> T>,
}

impl<T: FieldType> WindowFunction<T> {
    fn new(function: Function, arguments: Vec<Expr>) -> Self {
        WindowFunction { call: Expr::Call(function, arguments), default: None, _type: PhantomData }
    }

    /// The value of another row, or what is given where there is none.
    fn neighbour(function: Function, value: Expr, rows: u32, default: Expr) -> Self {
        let there = Expr::Call(function, vec![count(1), count(rows)]);
        WindowFunction { default: Some((there, default)), ..Self::new(function, vec![value, count(rows)]) }
    }

    /// Over the rows of the window.
    ///
    /// ```
    /// # use library::*;
    /// let query = Book::objects().values(|b| orm::row_number().over(orm::window().order_by(b.title.asc())));
    /// assert!(query.to_sql(Dialect::Sqlite)?.contains(r#"ROW_NUMBER() OVER (ORDER BY "title")"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn over<R>(self, window: Window<R>) -> Ex<R, T> {
        let Some((there, default)) = self.default else { return over(self.call, window) };
        let there = over::<R, T>(there, window.clone()).into_untyped();
        let value = over::<R, T>(self.call, window).into_untyped();
        let branches = vec![(Expr::IsNull(Box::new(there)), default)];
        Ex::new(Expr::Case { branches, otherwise: Some(Box::new(value)) })
    }
}

impl<R, T> Agg<R, T> {
    /// Over the rows of the window, instead of making one row of them.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let share = Book::objects().order_by(|b| b.id.asc()).values(|b| b.views * 100 / b.views.sum().over(orm::window()));
    /// assert_eq!(share.first(&db).await?, Some(Some(22)));
    /// # Ok(()) }
    /// ```
    pub fn over(self, window: Window<R>) -> Ex<R, T> {
        over(self.into_untyped(), window)
    }
}

fn over<R, T>(call: Expr, window: Window<R>) -> Ex<R, T> {
    let Window { partition, order, frame, .. } = window;
    Ex::new(Expr::Window(Box::new(Windowed { call, partition, order, frame })))
}

macro_rules! functions {
    ($($(#[doc = $doc:literal])+ $name:ident -> $type:ty, $function:ident, $shown:literal;)+) => {$(
        $(#[doc = $doc])+
        ///
        /// ```
        /// # use library::*;
        /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
        /// # let db = filled().await?;
        /// let by_shelf = orm::window().order_by(Book::fields().active.desc());
        #[doc = concat!("let found = Book::objects().order_by(|b| b.id.asc()).values(|_| orm::", stringify!($name), "().over(by_shelf));")]
        #[doc = concat!("assert_eq!(found.all(&db).await?, ", $shown, "); // the third book is not on the shelf")]
        /// # Ok(()) }
        /// ```
        pub fn $name() -> WindowFunction<$type> {
            WindowFunction::new(Function::$function, Vec::new())
        }
    )+};
}

functions! {
    /// The place of the row in its window, from 1; equals share one, and as many are left out after them.
    rank -> i64, Rank, "[1, 1, 4, 1]";
    /// As [`rank`], without leaving out places after equals.
    dense_rank -> i64, DenseRank, "[1, 1, 2, 1]";
    /// How far down the row stands, from 0 to 1: the rank among the others.
    percent_rank -> f64, PercentRank, "[0.0, 0.0, 1.0, 0.0]";
    /// The share of rows that come before the row or are its equals.
    cume_dist -> f64, CumeDist, "[0.75, 0.75, 1.0, 0.75]";
}

/// The number of the row in its window, from 1; equals get different ones, in any order.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let found = Book::objects()
///     .order_by(|b| b.id.asc())
///     .values(|b| orm::row_number().over(orm::window().partition_by(b.author.id).order_by(b.id.asc())));
/// assert_eq!(found.all(&db).await?, [1, 1, 2, 2]);
/// # Ok(()) }
/// ```
pub fn row_number() -> WindowFunction<i64> {
    WindowFunction::new(Function::RowNumber, Vec::new())
}

/// The number of the bucket, from 1, when the rows are dealt out into so many of about the same size.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let halves = Book::objects().order_by(|b| b.id.asc()).values(|b| orm::ntile(2).over(orm::window().order_by(b.id.asc())));
/// assert_eq!(halves.all(&db).await?, [1, 1, 2, 2]);
/// # Ok(()) }
/// ```
pub fn ntile(buckets: u32) -> WindowFunction<i64> {
    match buckets {
        0 => WindowFunction {
            call: Expr::invalid("rows are dealt out into one bucket or more"),
            default: None,
            _type: PhantomData,
        },
        _ => WindowFunction::new(Function::Ntile, vec![count(buckets)]),
    }
}

fn count(number: u32) -> Expr {
    Expr::Value(Value::I32(i32::try_from(number).unwrap_or(i32::MAX)))
}

/// Values of other rows of a window: methods of every [`Expression`].
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let by_id = orm::window().order_by(Book::fields().id.asc());
/// let pairs = Book::objects().order_by(|b| b.id.asc()).values(|b| (b.views, b.views.lag(1).over(by_id)));
/// assert_eq!(pairs.all(&db).await?, [(10, None), (30, Some(10)), (0, Some(30)), (5, Some(0))]);
/// # Ok(()) }
/// ```
pub trait WindowExpression: Expression {
    /// The value of the row so many before; NULL where there is none.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let by_id = orm::window().order_by(Book::fields().id.asc());
    /// let before = Book::objects().order_by(|b| b.id.asc()).values(|b| b.views.lag(2).over(by_id).or(-1));
    /// assert_eq!(before.all(&db).await?, [-1, -1, 10, 30]);
    /// # Ok(()) }
    /// ```
    fn lag(self, rows: u32) -> WindowFunction<<Self::Value as FieldType>::Nullable> {
        WindowFunction::new(Function::Lag, vec![self.into_expr(), count(rows)])
    }

    /// The value of the row so many before, which may be NULL, or another one where there is no such row.
    ///
    /// SQL: `CASE WHEN LAG(1, 2) OVER (..) IS NULL THEN ? ELSE LAG(views, 2) OVER (..) END`, which every database has.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let by_id = orm::window().order_by(Book::fields().id.asc());
    /// let before = Book::objects().order_by(|b| b.id.asc()).values(|b| b.views.lag_or(2, -1).over(by_id));
    /// assert_eq!(before.all(&db).await?, [-1, -1, 10, 30]);
    /// # Ok(()) }
    /// ```
    fn lag_or<O>(self, rows: u32, default: O) -> WindowFunction<<O::Null as Null>::Wrap<Self::Value>>
    where
        O: Operand<Self::Root, Plain<Self>>,
    {
        WindowFunction::neighbour(Function::Lag, self.into_expr(), rows, default.into_operand())
    }

    /// The value of the row so many after; NULL where there is none.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let by_id = orm::window().order_by(Book::fields().id.asc());
    /// let after = Book::objects().order_by(|b| b.id.asc()).values(|b| b.views.lead(1).over(by_id));
    /// assert_eq!(after.all(&db).await?, [Some(30), Some(0), Some(5), None]);
    /// # Ok(()) }
    /// ```
    fn lead(self, rows: u32) -> WindowFunction<<Self::Value as FieldType>::Nullable> {
        WindowFunction::new(Function::Lead, vec![self.into_expr(), count(rows)])
    }

    /// The value of the row so many after, which may be NULL, or another one where there is no such row: as
    /// [`lag_or`](WindowExpression::lag_or).
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let by_id = orm::window().order_by(Book::fields().id.asc());
    /// let after = Book::objects().order_by(|b| b.id.asc()).values(|b| b.views.lead_or(1, 7).over(by_id));
    /// assert_eq!(after.all(&db).await?, [30, 0, 5, 7]);
    /// # Ok(()) }
    /// ```
    fn lead_or<O>(self, rows: u32, default: O) -> WindowFunction<<O::Null as Null>::Wrap<Self::Value>>
    where
        O: Operand<Self::Root, Plain<Self>>,
    {
        WindowFunction::neighbour(Function::Lead, self.into_expr(), rows, default.into_operand())
    }

    /// The value of the first row of the frame.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let by_price = orm::window().order_by(Book::fields().price.asc());
    /// let cheapest = Book::objects().values(|b| b.title.first_value().over(by_price));
    /// assert_eq!(cheapest.first(&db).await?.flatten().as_deref(), Some("Sketches"));
    /// # Ok(()) }
    /// ```
    fn first_value(self) -> WindowFunction<<Self::Value as FieldType>::Nullable> {
        WindowFunction::new(Function::FirstValue, vec![self.into_expr()])
    }

    /// The value of the last row of the frame, which ends at the current row unless it says otherwise.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let by_price = orm::window().order_by(Book::fields().price.asc()).rows(..);
    /// let dearest = Book::objects().values(|b| b.title.last_value().over(by_price));
    /// assert_eq!(dearest.first(&db).await?.flatten().as_deref(), Some("Compilers"));
    /// # Ok(()) }
    /// ```
    fn last_value(self) -> WindowFunction<<Self::Value as FieldType>::Nullable> {
        WindowFunction::new(Function::LastValue, vec![self.into_expr()])
    }

    /// The value of a row of the frame, counted from 1; NULL where there is none.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let by_price = orm::window().order_by(Book::fields().price.asc()).rows(..);
    /// let second = Book::objects().values(|b| b.title.nth_value(2).over(by_price));
    /// assert_eq!(second.first(&db).await?.flatten().as_deref(), Some("COBOL"));
    /// # Ok(()) }
    /// ```
    fn nth_value(self, place: u32) -> WindowFunction<<Self::Value as FieldType>::Nullable> {
        WindowFunction::new(Function::NthValue, vec![self.into_expr(), count(place.max(1))])
    }
}

impl<E: Expression> WindowExpression for E {}
