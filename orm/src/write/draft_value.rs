//! What the setters of drafts take: values, and what the database computes for a new row.

use super::{ByValue, DraftRow, FitsIn, IntoField, new_row::Slot};
use crate::{
    Error, Ex, FieldType, ForeignKey, Model, Now, Null, OfType, OneToOne, Operand, QuerySet,
    field::{NotNull, Nullable},
    model::{ModelField, Target},
    tree::{Expr, Select},
};
use chrono::{DateTime, Utc};

/// The query of expressions that stand in none: they are made of values and of queries of their own, not of a row.
///
/// ```
/// # use library::*;
/// use orm::write::NoRow;
/// fn shouted(word: &str) -> orm::Ex<NoRow, String> {
///     orm::value(word.to_owned()).upper()
/// }
/// let sql = Tag::draft().slug("logic").name(shouted("Logic")).create_sql(Dialect::Sqlite)?;
/// assert!(sql.contains("orm_upper(?)"), "{sql}");
/// # Ok::<(), orm::Error>(())
/// ```
pub enum NoRow {}

/// What a setter of a draft takes for a field of type `F`: a value, or what the database computes for the new row, made of values and of
/// no row. `How` keeps the two apart.
///
/// That is an expression, [`value`](crate::value)`("X").lower()`, [`now`](crate::now)`()`, [`sql`](crate::sql), or a query with one
/// value, of which the first row counts: `.values(|s| s.id)`. A relation takes one for its key.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let youngest = Author::objects().order_by(|a| a.born.desc().nulls_last()).values(|a| a.id);
/// let title = orm::value("  Letters ").trim().concat("!");
/// let book = Book::draft().title(title).price(5).author(youngest).create(&db).await?;
/// assert_eq!((book.title.as_str(), book.author.fetch(&db).await?.name.as_str()), ("Letters!", "Grace Hopper"));
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a value for a field of type `{F}`",
    label = "expected `{F}`",
    note = "where a `Decimal` is expected, 12.50 is `Decimal::new(1250, 2)`, or `\"12.50\".parse::<Decimal>()?`; text that may be missing is \
            an `Option<String>`, `text.map(str::to_owned)`",
    note = "what the database computes for a new row is made of values and queries alone, `orm::value(\"X\").lower()`, \
            `Shelf::objects().values(|s| s.id)`; what can be NULL says what stands in its place, `.or(..)`"
)]
pub trait DraftValue<F, How> {
    /// Gives it to a draft, for the field with this first column.
    #[doc(hidden)]
    fn give_to<M: Model>(self, row: DraftRow<M>, column: u16) -> DraftRow<M>;
}

/// By what the database computes.
pub struct ByTerm;

/// A field that the database can compute a value for: one column, or a relation with one.
///
/// ```
/// use orm::write::CanBeComputed;
/// # use library::*;
/// fn is_text<F: CanBeComputed<Plain = String>>() {}
/// is_text::<String>();
/// is_text::<Option<String>>();
/// ```
pub trait CanBeComputed {
    /// The type of its values, or of the key that a relation holds.
    type Plain;
    /// Whether it can be NULL.
    type Nullness: Null;
}

impl<T: FieldType> CanBeComputed for T {
    type Plain = T::Plain;
    type Nullness = T::Nullness;
}

macro_rules! relations {
    ($($relation:ident)+) => {$(
        impl<K: Target<Key: FieldType>> CanBeComputed for $relation<K> {
            type Plain = <K::Key as FieldType>::Plain;
            type Nullness = NotNull;
        }

        impl<K: Target<Key: FieldType>> CanBeComputed for Option<$relation<K>> {
            type Plain = <K::Key as FieldType>::Plain;
            type Nullness = Nullable;
        }
    )+};
}

relations! { ForeignKey OneToOne }

impl<F: ModelField, V: IntoField<F>> DraftValue<F, ByValue> for V {
    fn give_to<M: Model>(self, row: DraftRow<M>, column: u16) -> DraftRow<M> {
        row.with::<F>(column, self)
    }
}

impl<F, T> DraftValue<F, ByTerm> for Ex<NoRow, T>
where
    F: CanBeComputed,
    T: FieldType<Plain: OfType<F::Plain>>,
    T::Nullness: FitsIn<F::Nullness>,
{
    fn give_to<M: Model>(self, row: DraftRow<M>, column: u16) -> DraftRow<M> {
        row.compute(column, self.into_untyped())
    }
}

impl<F: CanBeComputed<Plain = DateTime<Utc>>> DraftValue<F, ByTerm> for Now {
    fn give_to<M: Model>(self, row: DraftRow<M>, column: u16) -> DraftRow<M> {
        row.compute(column, Operand::<NoRow, _>::into_operand(self))
    }
}

impl<F, Q, T> DraftValue<F, ByTerm> for QuerySet<Q, T, Q>
where
    F: CanBeComputed,
    Q: Model,
    T: FieldType<Plain: OfType<F::Plain>>,
{
    fn give_to<M: Model>(self, row: DraftRow<M>, column: u16) -> DraftRow<M> {
        let select = self.into_select();
        let limit = Some(select.limit.map_or(1, |limit| limit.min(1)));
        row.compute(column, Expr::Scalar(Box::new(Select { limit, ..select })))
    }
}

impl<M: Model> DraftRow<M> {
    /// Sets a field to a value, or to what the database computes: what the setters of drafts do.
    #[doc(hidden)]
    pub fn given<F, How>(self, column: u16, value: impl DraftValue<F, How>) -> Self {
        value.give_to(self, column)
    }

    /// Sets a field of one column to what the database computes.
    pub(super) fn compute(mut self, column: u16, value: Expr) -> Self {
        let kind = M::meta().columns.get(usize::from(column)).map(|shape| shape.kind);
        let slot = match value {
            Expr::Value(value) if Some(value.kind()) == kind => Slot::Given(value),
            Expr::Invalid(code, why) => {
                self.error = self.error.or_else(|| Some(M::meta().blame(column, Error::new(code, why))));
                return self;
            }
            expr => Slot::Computed(Box::new(expr)),
        };
        if let Some(place) = self.slots.get_mut(usize::from(column)) {
            *place = slot;
        }
        self
    }
}
