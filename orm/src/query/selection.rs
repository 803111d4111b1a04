//! What `values`, `annotate` and `order_by` take: expressions, and tuples of them.

use super::{Agg, Ex, Expression, aggregate::CountAll, functions::Now};
use crate::{
    FieldType, Result,
    field::{Field, InScope, Scope, SelectedValue, expr_in},
    model::{Reader, RowPart},
    tree::{Expr, Order, Select, Selected},
};
use std::{any::Any, marker::PhantomData};

/// One expression to select in the query `R`, and the type it is read as.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let cheap: Vec<bool> = Book::objects().order_by(|b| b.id.asc()).values(|b| b.price.lt(5)).all(&db).await?;
/// assert_eq!(cheap, [false, false, false, true]); // a field, an expression, an aggregate, or a condition
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be selected in a query over `{R}`",
    label = "expected a field, an expression, an aggregate, or a tuple of them",
    note = "a value of one's own is `orm::value(..)`; a tuple has up to ten parts and none inside another, more are a struct with `derive(Row)`"
)]
pub trait Selectable<R> {
    /// What it is read as.
    type Part: RowPart;

    /// What is selected.
    #[doc(hidden)]
    fn into_selected(self) -> Expr;
}

impl<R, S: Scope, T: FieldType> Selectable<R> for Field<S, T>
where
    S::Root: InScope<R>,
    <Self as Expression>::Value: RowPart,
{
    type Part = <Self as Expression>::Value;

    fn into_selected(self) -> Expr {
        expr_in::<R, _>(self)
    }
}

impl<R: 'static, T: FieldType + RowPart> Selectable<R> for Ex<R, T> {
    type Part = T;

    fn into_selected(self) -> Expr {
        self.into_untyped()
    }
}

impl<R: 'static, T: FieldType + RowPart> Selectable<R> for Agg<R, T> {
    type Part = T;

    fn into_selected(self) -> Expr {
        self.into_untyped()
    }
}

impl<R: 'static, T: FieldType + RowPart> Selectable<R> for SelectedValue<R, T> {
    type Part = T;

    fn into_selected(self) -> Expr {
        self.expr()
    }
}

impl<R> Selectable<R> for CountAll {
    type Part = i64;

    fn into_selected(self) -> Expr {
        self.expr()
    }
}

impl<R> Selectable<R> for Now {
    type Part = chrono::DateTime<chrono::Utc>;

    fn into_selected(self) -> Expr {
        self.expr()
    }
}

impl<R> Selectable<R> for super::Q<R> {
    type Part = bool;

    fn into_selected(self) -> Expr {
        self.as_value().into_untyped()
    }
}

/// Expressions to select in the query `R`: one, or a tuple.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let rows: Vec<(String, i64)> = Author::objects().values(|a| (a.name, a.books.count())).all(&db).await?;
/// assert_eq!(rows[0], ("Ada Lovelace".to_owned(), 2));
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be selected in a query over `{R}`",
    label = "expected a field, an expression, an aggregate, or a tuple of them",
    note = "a value of one's own is `orm::value(..)`; a tuple has up to ten parts and none inside another, more are a struct with `derive(Row)`"
)]
pub trait Selection<R> {
    /// The type of a row that holds just these.
    type Row: Row;
    /// The types, as a tuple.
    type Parts;

    /// What is selected.
    #[doc(hidden)]
    fn into_list(self) -> Vec<Expr>;
}

/// The type of a row: a model, a value, or a tuple of them.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let rows: Vec<(Author, i64)> = Author::objects().annotate(|a| a.books.count()).all(&db).await?;
/// assert_eq!(rows.len(), 3);
/// let names: Vec<String> = Author::objects().values(|a| a.name).all(&db).await?;
/// assert_eq!(names.len(), 3);
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(message = "`{Self}` cannot be read from a row")]
pub trait Row: Sized + Send + 'static {
    /// What closures over such a row see.
    type Handles<R: 'static>;
    /// Its parts, as a tuple.
    type Parts;
    /// Its parts where there may be no such row.
    type OptionalParts;

    /// The handles.
    #[doc(hidden)]
    fn handles<R: 'static>(select: &Select) -> Self::Handles<R>;

    /// Reads a row.
    #[doc(hidden)]
    fn read(row: &mut Reader<'_, '_>) -> Result<Self>;

    /// Its first part.
    #[doc(hidden)]
    fn first(&self) -> &dyn Any;

    /// Its first part.
    #[doc(hidden)]
    fn first_mut(&mut self) -> &mut dyn Any;
}

/// The row that a selection of `Parts` makes of this one.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let rows: Vec<(Author, i64, i64)> = Author::objects()
///     .annotate(|a| a.books.count())
///     .annotate(|(a, _)| a.books.filter(|b| b.active).count())
///     .all(&db)
///     .await?;
/// assert_eq!((rows[1].1, rows[1].2), (2, 1));
/// # Ok(()) }
/// ```
pub trait Append<Parts>: Row {
    /// The longer row.
    type Row: Row;
}

impl<T: RowPart> Row for T {
    type Handles<R: 'static> = T::Handles<R>;
    type Parts = (T,);
    type OptionalParts = (T::Optional,);

    fn handles<R: 'static>(select: &Select) -> T::Handles<R> {
        T::handles(select, 0)
    }

    fn read(row: &mut Reader<'_, '_>) -> Result<Self> {
        T::read(row)
    }

    fn first(&self) -> &dyn Any {
        self
    }

    fn first_mut(&mut self) -> &mut dyn Any {
        self
    }
}

macro_rules! single {
    ($([$($generics:tt)*] $type:ty;)+) => {$(
        impl<R, $($generics)*> Selection<R> for $type
        where
            Self: Selectable<R>,
        {
            type Row = <Self as Selectable<R>>::Part;
            type Parts = (<Self as Selectable<R>>::Part,);

            fn into_list(self) -> Vec<Expr> {
                vec![self.into_selected()]
            }
        }
    )+};
}

single! {
    [S, T] Field<S, T>;
    [T] Ex<R, T>;
    [T] Agg<R, T>;
    [T] SelectedValue<R, T>;
    [] CountAll;
    [] Now;
    [] super::Q<R>;
    [] super::postgres::Words<R>;
    [T] super::postgres::Rank<R, T>;
    [T] super::postgres::Headline<R, T>;
}

macro_rules! tuples {
    ($(($($part:ident . $index:tt),+))+) => {$(
        impl<R, $($part: Selectable<R>),+> Selection<R> for ($($part,)+) {
            type Row = ($($part::Part,)+);
            type Parts = ($($part::Part,)+);

            fn into_list(self) -> Vec<Expr> {
                vec![$(self.$index.into_selected()),+]
            }
        }

        impl<$($part: RowPart),+> Row for ($($part,)+) {
            type Handles<R: 'static> = ($($part::Handles<R>,)+);
            type Parts = Self;
            type OptionalParts = ($($part::Optional,)+);

            fn handles<R: 'static>(select: &Select) -> Self::Handles<R> {
                ($($part::handles(select, $index),)+)
            }

            fn read(row: &mut Reader<'_, '_>) -> Result<Self> {
                Ok(($($part::read(row)?,)+))
            }

            fn first(&self) -> &dyn Any {
                &self.0
            }

            fn first_mut(&mut self) -> &mut dyn Any {
                &mut self.0
            }
        }

        impl<R, $($part: OrderKeys<R>),+> OrderKeys<R> for ($($part,)+) {
            fn add_to(self, order: &mut Vec<Order>) {
                $(self.$index.add_to(order);)+
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

macro_rules! append {
    ($(($($old:ident),+) + ($($new:ident),+);)+) => {$(
        impl<$($old: RowPart,)+ $($new: RowPart),+> Append<($($new,)+)> for ($($old,)+) {
            type Row = ($($old,)+ $($new,)+);
        }
    )+};
}

macro_rules! append_to_one {
    ($(($($new:ident),+);)+) => {$(
        impl<M: RowPart, $($new: RowPart),+> Append<($($new,)+)> for M {
            type Row = (M, $($new,)+);
        }
    )+};
}

append_to_one! {
    (A); (A, B); (A, B, C); (A, B, C, D); (A, B, C, D, E); (A, B, C, D, E, F);
}

append! {
    (A, B) + (X);
    (A, B) + (X, Y);
    (A, B) + (X, Y, Z);
    (A, B) + (X, Y, Z, W);
    (A, B, C) + (X);
    (A, B, C) + (X, Y);
    (A, B, C) + (X, Y, Z);
    (A, B, C) + (X, Y, Z, W);
    (A, B, C, D) + (X);
    (A, B, C, D) + (X, Y);
    (A, B, C, D) + (X, Y, Z);
    (A, B, C, D) + (X, Y, Z, W);
    (A, B, C, D, E) + (X);
    (A, B, C, D, E) + (X, Y);
    (A, B, C, D, E) + (X, Y, Z);
    (A, B, C, D, E, F) + (X);
    (A, B, C, D, E, F) + (X, Y);
}

/// One key of an ordering.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let books = Book::objects().order_by(|b| b.published.desc().nulls_last());
/// assert_eq!(books.first(&db).await?.unwrap().title, "COBOL");
/// # Ok(()) }
/// ```
#[must_use = "an order does nothing before `order_by` is given it"]
pub struct OrderBy<R> {
    order: Order,
    _root: PhantomData<fn() -> R>,
}

impl<R> OrderBy<R> {
    pub(super) fn new(expr: Expr, descending: bool) -> Self {
        OrderBy { order: Order { expr, descending, nulls_first: None }, _root: PhantomData }
    }

    /// NULLs before all values.
    ///
    /// ```
    /// # use library::*;
    /// let query = Book::objects().order_by(|b| b.published.asc().nulls_first());
    /// assert!(query.to_sql(Dialect::Postgres)?.ends_with(r#"ORDER BY "published" NULLS FIRST"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn nulls_first(mut self) -> Self {
        self.order.nulls_first = Some(true);
        self
    }

    /// NULLs after all values.
    ///
    /// ```
    /// # use library::*;
    /// let query = Book::objects().order_by(|b| b.published.desc().nulls_last());
    /// assert!(query.to_sql(Dialect::Postgres)?.ends_with(r#"ORDER BY "published" DESC NULLS LAST"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn nulls_last(mut self) -> Self {
        self.order.nulls_first = Some(false);
        self
    }

    /// The key as data: for a model's indexes.
    #[doc(hidden)]
    pub fn into_order(self) -> Order {
        self.order
    }
}

/// Keys of an ordering in the query `R`: `b.title.asc()`, or a tuple or list of such.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let books = Book::objects().order_by(|b| vec![b.active.asc(), b.title.desc()]); // a list, or a tuple
/// assert_eq!(books.values(|b| b.title).all(&db).await?, ["COBOL", "Sketches", "Notes", "Compilers"]);
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an ordering of a query over `{R}`",
    label = "expected `.asc()` or `.desc()` of a field or expression, or a tuple of them"
)]
pub trait OrderKeys<R> {
    /// Adds the keys.
    #[doc(hidden)]
    fn add_to(self, order: &mut Vec<Order>);
}

impl<R> OrderKeys<R> for OrderBy<R> {
    fn add_to(self, order: &mut Vec<Order>) {
        order.push(self.order);
    }
}

impl<R, K: OrderKeys<R>> OrderKeys<R> for Vec<K> {
    fn add_to(self, order: &mut Vec<Order>) {
        self.into_iter().for_each(|key| key.add_to(order));
    }
}

/// Puts a list of expressions where a query's selection is.
pub(super) fn select_values(select: &mut Select, list: Vec<Expr>) {
    select.selection = list.into_iter().map(Selected::Expr).collect();
    select.related.clear();
}
