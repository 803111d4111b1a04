//! Fields of `#[derive(Row)]` structs: values and models, and structs inside them, also such that may be absent.

use super::named::RowOf;
use super::selection::{Row, Selectable, Selection};
use crate::{
    Model, Result,
    field::{At, NotNull, Nullable, Scope, ToOne},
    model::{Reader, RowPart, Target},
    tree::{Expr, Function, ModelRef, Select, Selected},
};
use std::marker::PhantomData;

/// A value, or a model.
pub const PART: u8 = 0;
/// A struct with `#[derive(Row)]`.
pub const STRUCT: u8 = 1;
/// Such a struct, or nothing.
pub const OPTIONAL: u8 = 2;

/// Asks which of them a type is: a constant of its own is found before that of a trait.
pub struct RowProbe<T>(PhantomData<T>);

/// The answer for what is no struct.
pub trait PartOfRow {
    /// Which it is.
    const WAY: u8 = PART;
}

impl<T> PartOfRow for RowProbe<T> {}

impl<T: RowStruct> RowProbe<T> {
    /// Which it is.
    pub const WAY: u8 = STRUCT;
}

impl<T: RowStruct> RowProbe<Option<T>> {
    /// Which it is.
    pub const WAY: u8 = OPTIONAL;
}

/// A struct with `#[derive(Row)]`, as it stands in another.
pub trait RowStruct: Row {
    /// What closures see of it where it may be absent.
    type OptionalHandles<R: 'static>;

    /// What closures see of it; `place` is where it begins in what is selected, and then where it ends.
    fn handles_at<R: 'static>(select: &Select, place: &mut u16) -> Self::Handles<R>;

    /// The same where it may be absent.
    fn optional_handles_at<R: 'static>(select: &Select, place: &mut u16) -> Self::OptionalHandles<R>;

    /// How many columns it has.
    fn columns() -> usize;
}

/// A type as a field of such a struct.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a row",
    label = "no value, no model, and no struct with `#[derive(Row)]`"
)]
pub trait RowField<const WAY: u8>: Sized + Send + 'static {
    /// What closures see of it.
    type Handles<R: 'static>;
    /// What closures see of it where the struct around it may be absent.
    type OptionalHandles<R: 'static>;
    /// What it is below an outer join.
    type Optional;

    /// What closures see of it; `place` is where it begins in what is selected, and then where it ends.
    fn handles<R: 'static>(select: &Select, place: &mut u16) -> Self::Handles<R>;

    /// The same where the struct around it may be absent.
    fn optional_handles<R: 'static>(select: &Select, place: &mut u16) -> Self::OptionalHandles<R>;

    /// Reads it.
    fn read(row: &mut Reader<'_, '_>) -> Result<Self>;

    /// How many columns it has.
    fn columns() -> usize;
}

/// The place of a value or a model, and the next one: a model is selected as a whole, or column by column.
fn step<T: RowPart>(select: &Select, place: &mut u16) -> u16 {
    let width = match select.selection.get(usize::from(*place)) {
        Some(Selected::Model { .. }) => 1,
        _ => T::columns() as u16,
    };
    std::mem::replace(place, *place + width)
}

#[diagnostic::do_not_recommend]
impl<T: RowPart> RowField<PART> for T {
    type Handles<R: 'static> = T::Handles<R>;
    type OptionalHandles<R: 'static> = T::OptionalHandles<R>;
    type Optional = T::Optional;

    fn handles<R: 'static>(select: &Select, place: &mut u16) -> T::Handles<R> {
        T::handles(select, step::<T>(select, place))
    }

    fn optional_handles<R: 'static>(select: &Select, place: &mut u16) -> T::OptionalHandles<R> {
        T::optional_handles(select, step::<T>(select, place))
    }

    fn read(row: &mut Reader<'_, '_>) -> Result<T> {
        RowPart::read(row)
    }

    fn columns() -> usize {
        <T as RowPart>::columns()
    }
}

impl<T: RowStruct> RowField<STRUCT> for T {
    type Handles<R: 'static> = <T as Row>::Handles<R>;
    type OptionalHandles<R: 'static> = <T as RowStruct>::OptionalHandles<R>;
    type Optional = Option<T>;

    fn handles<R: 'static>(select: &Select, place: &mut u16) -> <T as Row>::Handles<R> {
        T::handles_at(select, place)
    }

    fn optional_handles<R: 'static>(select: &Select, place: &mut u16) -> <T as RowStruct>::OptionalHandles<R> {
        T::optional_handles_at(select, place)
    }

    fn read(row: &mut Reader<'_, '_>) -> Result<T> {
        Row::read(row)
    }

    fn columns() -> usize {
        <T as RowStruct>::columns()
    }
}

impl<T: RowStruct> RowField<OPTIONAL> for Option<T> {
    type Handles<R: 'static> = T::OptionalHandles<R>;
    type OptionalHandles<R: 'static> = T::OptionalHandles<R>;
    type Optional = Option<T>;

    fn handles<R: 'static>(select: &Select, place: &mut u16) -> T::OptionalHandles<R> {
        // First it says whether it is there.
        *place += 1;
        T::optional_handles_at(select, place)
    }

    fn optional_handles<R: 'static>(select: &Select, place: &mut u16) -> T::OptionalHandles<R> {
        *place += 1;
        T::optional_handles_at(select, place)
    }

    fn read(row: &mut Reader<'_, '_>) -> Result<Self> {
        if row.value::<Option<bool>>()?.unwrap_or(false) {
            return T::read(row).map(Some);
        }
        row.skip(T::columns());
        Ok(None)
    }

    fn columns() -> usize {
        1 + T::columns()
    }
}

/// What fills a field of each of the three; see [`RowField`].
pub struct Filling<const WAY: u8>;

impl Filling<PART> {
    /// Of a value or a model.
    pub fn fill<R, T, How, E: FillsPart<R, T, How>>(value: E) -> Vec<Expr> {
        value.fill()
    }
}

impl Filling<STRUCT> {
    /// Of a struct.
    pub fn fill<R, T, How, E: FillsStruct<R, T, How>>(value: E) -> Vec<Expr> {
        value.fill()
    }
}

impl Filling<OPTIONAL> {
    /// Of a struct that may be absent.
    pub fn fill<R, T, How, E: FillsOptional<R, T, How>>(value: E) -> Vec<Expr> {
        value.fill()
    }
}

/// What fills a field with a value, or with a model: an expression, or a relation that leads to one row.
#[diagnostic::on_unimplemented(
    message = "this does not fill a field of type `{T}`",
    label = "expected an expression of that type, or a relation to one row of that model",
    note = "a relation that may lead to no row fills an `Option`"
)]
pub trait FillsPart<R, T, How> {
    /// What is selected.
    fn fill(self) -> Vec<Expr>;
}

/// What fills a field with a struct that has `#[derive(Row)]`: a relation to one row of its model, or its fields.
#[diagnostic::on_unimplemented(
    message = "this does not fill the struct `{T}`",
    label = "expected a relation to one row of the model of `{T}`, or its fields",
    note = "the model of a struct is said above it, #[row(model = Book)]; a relation that may lead to no row fills an `Option<{T}>`"
)]
pub trait FillsStruct<R, T, How> {
    /// What is selected.
    fn fill(self) -> Vec<Expr>;
}

/// What fills a field with a struct, or with nothing: a relation that may lead to no row.
#[diagnostic::on_unimplemented(
    message = "this does not fill a field of type `{T}`",
    label = "expected a relation that may lead to no row"
)]
pub trait FillsOptional<R, T, How> {
    /// What is selected.
    fn fill(self) -> Vec<Expr>;
}

/// By an expression.
pub struct ByValue;

/// By a relation.
pub struct ByRow;

impl<R, T, E: Selectable<R, Part = T>> FillsPart<R, T, ByValue> for E {
    fn fill(self) -> Vec<Expr> {
        vec![self.into_selected()]
    }
}

impl<R, S, T, M, K> FillsPart<R, M, ByRow> for ToOne<S, T, K>
where
    S: Scope<Root = R>,
    T: Scope<Null: LeadsAlways>,
    M: Model,
    K: Target<Model = M>,
{
    fn fill(self) -> Vec<Expr> {
        columns(self)
    }
}

impl<R, S, T, M, K> FillsPart<R, Option<M>, ByRow> for ToOne<S, T, K>
where
    S: Scope<Root = R>,
    T: Scope<Null: MayLeadNowhere>,
    M: Model,
    K: Target<Model = M>,
{
    fn fill(self) -> Vec<Expr> {
        columns(self)
    }
}

impl<R, T: RowStruct, E: Selection<R, Row = T>> FillsStruct<R, T, ByValue> for E {
    fn fill(self) -> Vec<Expr> {
        self.into_list()
    }
}

impl<R, S, T, K, N> FillsStruct<R, N, ByRow> for ToOne<S, T, K>
where
    R: 'static,
    S: Scope<Root = R>,
    T: Scope<Null: LeadsAlways>,
    K: Target,
    N: RowOf<K::Model>,
{
    fn fill(self) -> Vec<Expr> {
        N::list::<R>(K::Model::fields_at::<At<R>>(self.target()))
    }
}

impl<R, S, T, K, N> FillsOptional<R, Option<N>, ByRow> for ToOne<S, T, K>
where
    R: 'static,
    S: Scope<Root = R>,
    T: Scope<Null: MayLeadNowhere>,
    K: Target,
    N: RowOf<K::Model>,
{
    fn fill(self) -> Vec<Expr> {
        let there = self.is_not_null().into_expr();
        let values = N::list::<R>(K::Model::fields_at::<At<R>>(self.target()));
        std::iter::once(Expr::Call(Function::IsTrue, vec![there])).chain(values).collect()
    }
}

fn columns<S: Scope, T: Scope, K: Target>(relation: ToOne<S, T, K>) -> Vec<Expr> {
    let (path, model) = (relation.target().path(), ModelRef::Static(K::Model::meta()));
    let column = |column| Expr::Column { path: path.clone(), model: model.clone(), column };
    (0..K::Model::meta().columns.len() as u16).map(column).collect()
}

/// Where a relation always leads to a row.
#[diagnostic::on_unimplemented(
    message = "this relation may lead to no row",
    label = "what it fills has to be an `Option`"
)]
pub trait LeadsAlways {}
impl LeadsAlways for NotNull {}

/// Where a relation may lead to no row.
#[diagnostic::on_unimplemented(
    message = "this relation always leads to a row",
    label = "take the `Option` away from what it fills"
)]
pub trait MayLeadNowhere {}
impl MayLeadNowhere for Nullable {}

/// What stands for a field where a query fills a struct by the names of its fields: `CardFields { title: b.title, .. }`.
pub trait FillsField<R, T, const WAY: u8> {
    /// What is selected.
    fn fill(self) -> Vec<Expr>;
}

impl<R, T, E: Selectable<R, Part = T>> FillsField<R, T, PART> for E {
    fn fill(self) -> Vec<Expr> {
        vec![self.into_selected()]
    }
}

impl<R, T: RowStruct, E: Selection<R, Row = T>> FillsField<R, T, STRUCT> for E {
    fn fill(self) -> Vec<Expr> {
        self.into_list()
    }
}
