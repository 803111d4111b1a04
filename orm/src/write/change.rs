//! The values that a row is about to have, as the functions that look at them see it.

use super::{
    IntoField,
    check::{field_name, refused},
};
use crate::{
    Cell, Code, Error, FieldType, ForeignKey, Model, Result, Row, ValidationError, Value,
    field::{Field, Opt, Own, PathNode, Scope, ToOne},
    model::{ModelField, Reader, Target, ValidateRow, Writer},
};
use std::{marker::PhantomData, ops::Range};

/// The values that a row is about to have, and those that it has: what `#[model(validate = ..)]` looks at.
///
/// A field is known by its handle, as in queries. What the database is going to fill in is not known yet.
///
/// ```
/// use orm::{Change, Code, prelude::*};
///
/// orm::app! { pub hotel { Stay } }
///
/// #[derive(Model, Debug)]
/// #[model(validate = Stay::validate)]
/// pub struct Stay {
///     pub id: i64,
///     pub begins: NaiveDate,
///     pub ends: NaiveDate,
/// }
///
/// impl Stay {
///     fn validate(stay: &mut Change<Stay>) {
///         if stay.get(|s| s.ends) < stay.get(|s| s.begins) {
///             stay.refuse(|s| s.ends, "stay.order", "a stay does not end before it begins");
///         }
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = Database::connect("sqlite::memory:").await?;
/// # orm::migrate::create_tables(&db, &[hotel()]).await?;
/// let day = |day| NaiveDate::from_ymd_opt(2026, 5, day).unwrap();
/// let error = Stay::draft().begins(day(7)).ends(day(1)).create(&db).await.unwrap_err();
/// assert_eq!((error.code(), error.fields()), (Code::Own("stay.order"), &["ends".to_owned()][..]));
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Change<M> {
    row: Proposed,
    _model: PhantomData<fn() -> M>,
}

/// The same without a type.
#[derive(Debug, Default)]
pub struct Proposed {
    is_new: bool,
    /// The values that the row has, where they are known.
    old: Option<Vec<Value>>,
    /// By column, what it will have, as far as that is known.
    new: Vec<Option<Value>>,
    /// The columns that were set meanwhile.
    set: Vec<u16>,
    errors: Vec<Error>,
}

impl Proposed {
    /// A row that does not exist yet.
    pub(super) fn new_row(new: Vec<Option<Value>>) -> Proposed {
        Proposed { is_new: true, new, ..Proposed::default() }
    }

    /// A row that exists.
    pub(super) fn known_row(old: Option<Vec<Value>>, new: Vec<Value>) -> Proposed {
        Proposed { old, new: new.into_iter().map(Some).collect(), ..Proposed::default() }
    }

    /// What the model itself says of the row: the values that it sets. What it refuses joins the errors.
    pub(super) fn validated(mut self, validate: ValidateRow, errors: &mut Vec<Error>) -> Vec<(u16, Value)> {
        validate(&mut self);
        errors.append(&mut self.errors);
        self.take_set()
    }

    /// The columns that were set, with their values.
    fn take_set(&mut self) -> Vec<(u16, Value)> {
        let mut set = std::mem::take(&mut self.set);
        set.sort_unstable();
        set.dedup();
        set.into_iter().filter_map(|column| Some((column, self.new.get(usize::from(column))?.clone()?))).collect()
    }

    /// Lets a function look at the row.
    #[doc(hidden)]
    pub fn looked_at<M: Model>(&mut self, look: impl FnOnce(&mut Change<M>)) {
        let mut change = Change::of(std::mem::take(self));
        look(&mut change);
        *self = change.row;
    }
}

impl<M> Change<M> {
    pub(super) fn of(row: Proposed) -> Self {
        Change { row, _model: PhantomData }
    }
}

impl<M> Change<M> {
    /// The value that a column is about to have, if it has one that is not NULL and was not there before.
    pub(super) fn differs(&self, column: u16) -> Option<Value> {
        let at = usize::from(column);
        let new = self.row.new.get(at)?.as_ref().filter(|new| !new.is_null())?;
        let old = self.row.old.as_ref().and_then(|old| old.get(at));
        (old != Some(new)).then(|| new.clone())
    }

    /// Refuses the row.
    pub(super) fn refuse_by(&mut self, error: Error) {
        self.row.errors.push(error);
    }
}

impl<M: Model> Change<M> {
    /// Lets the model's own `validate` look at the row.
    pub(super) fn validate(&mut self) {
        if let Some(validate) = M::meta().validate {
            validate(&mut self.row);
        }
    }

    /// What was set, and what was refused.
    pub(super) fn into_parts(mut self) -> (Vec<(u16, Value)>, Vec<Error>) {
        (self.row.take_set(), self.row.errors)
    }

    /// The same, taken out: what is set and refused from here on is by itself.
    pub(super) fn take_parts(&mut self) -> (Vec<(u16, Value)>, Vec<Error>) {
        (self.row.take_set(), std::mem::take(&mut self.row.errors))
    }

    /// Whether it is a row that does not exist yet.
    ///
    /// ```
    /// # use library::*;
    /// fn validate(book: &mut orm::Change<Book>) {
    ///     if book.is_new() && book.get(|b| b.views).is_some_and(|views| views > 0) {
    ///         book.refuse(|b| b.views, "book.views", "nobody has seen a new book");
    ///     }
    /// }
    /// ```
    pub fn is_new(&self) -> bool {
        self.row.is_new
    }

    /// The value that a field is going to have: `None` where it is NULL, or left to the database. A relation gives its key.
    ///
    /// ```
    /// # use library::*;
    /// fn validate(book: &mut orm::Change<Book>) {
    ///     let (price, author) = (book.get(|b| b.price), book.get(|b| b.author));
    ///     if author.is_some_and(|author| *author.key() == 1) && price > Some(Decimal::from(100)) {
    ///         book.refuse(|b| b.price, "book.price", "Ada's books are for everyone");
    ///     }
    /// }
    /// ```
    pub fn get<F: FieldOf<M>>(&self, field: impl FnOnce(M::Fields<Own<M>>) -> F) -> Option<F::Value> {
        let new = |column: u16| self.row.new.get(usize::from(column))?.clone();
        read::<M, F>(field(handles::<M>()).columns(), new)
    }

    /// The value that a field has in the row as it is; `None` for a new row, and where that is not known: `bulk_update` writes rows
    /// over others that it has not seen.
    ///
    /// ```
    /// # use library::*;
    /// fn validate(book: &mut orm::Change<Book>) {
    ///     if book.old(|b| b.active) == Some(false) && book.get(|b| b.active) == Some(true) {
    ///         book.refuse(|b| b.active, "book.gone", "what is out of print stays out of print");
    ///     }
    /// }
    /// ```
    pub fn old<F: FieldOf<M>>(&self, field: impl FnOnce(M::Fields<Own<M>>) -> F) -> Option<F::Value> {
        let old = |column: u16| self.row.old.as_ref()?.get(usize::from(column)).cloned();
        read::<M, F>(field(handles::<M>()).columns(), old)
    }

    /// Whether a field is going to have another value than it has; of a new row, whether it has one. Where it is not known what it has,
    /// it may have changed.
    ///
    /// ```
    /// # use library::*;
    /// fn validate(book: &mut orm::Change<Book>) {
    ///     if !book.is_new() && book.changed(|b| b.author) {
    ///         book.refuse(|b| b.author, "book.author", "a book keeps its author");
    ///     }
    /// }
    /// ```
    pub fn changed<F: FieldOf<M>>(&self, field: impl FnOnce(M::Fields<Own<M>>) -> F) -> bool {
        field(handles::<M>()).columns().any(|column| {
            let column = usize::from(column);
            let new = self.row.new.get(column).and_then(Option::as_ref);
            match &self.row.old {
                Some(old) => new.is_some_and(|new| old.get(column) != Some(new)),
                None => new.is_some_and(|new| !self.row.is_new || !new.is_null()),
            }
        })
    }

    /// Gives a field another value; it is checked like one that was given before.
    ///
    /// ```
    /// # use library::*;
    /// fn validate(tag: &mut orm::Change<Tag>) {
    ///     if let Some(slug) = tag.get(|t| t.slug) {
    ///         tag.set(|t| t.slug, slug.to_lowercase());
    ///     }
    /// }
    /// ```
    pub fn set<F: FieldOf<M>>(&mut self, field: impl FnOnce(M::Fields<Own<M>>) -> F, value: impl IntoField<F::Field>) {
        let columns = field(handles::<M>()).columns();
        let mut out = Writer::default();
        match value.into_field().write_owned(&mut out) {
            Ok(()) => {
                for (column, value) in columns.zip(out.into_values()) {
                    if let Some(place) = self.row.new.get_mut(usize::from(column)) {
                        *place = Some(value);
                        self.row.set.push(column);
                    }
                }
            }
            Err(error) => self.row.errors.push(M::meta().blame(columns.start, error)),
        }
    }

    /// Refuses the value of a field: the code is the program's own, the message for people.
    ///
    /// ```
    /// # use library::*;
    /// fn validate(tag: &mut orm::Change<Tag>) {
    ///     if tag.get(|t| t.slug).is_some_and(|slug| slug == "admin") {
    ///         tag.refuse(|t| t.slug, "tag.reserved", "this word is taken");
    ///     }
    /// }
    /// ```
    pub fn refuse<F: FieldOf<M>>(
        &mut self,
        field: impl FnOnce(M::Fields<Own<M>>) -> F,
        code: &'static str,
        message: impl Into<String>,
    ) {
        let column = field(handles::<M>()).columns().start;
        let mistake = ValidationError::new(field_name(M::meta(), column), Code::Own(code), message);
        self.row.errors.push(refused(M::meta(), column, mistake));
    }

    /// Refuses the row as a whole.
    ///
    /// ```
    /// # use library::*;
    /// fn validate(author: &mut orm::Change<Author>) {
    ///     if author.get(|a| a.born).is_none() && author.get(|a| a.name).is_some_and(|name| name.is_empty()) {
    ///         author.refuse_row(orm::ValidationError::from("say who it is, or when they were born"));
    ///     }
    /// }
    /// ```
    pub fn refuse_row(&mut self, mistake: impl Into<ValidationError>) {
        let mistake = mistake.into();
        let error = Error::new(mistake.code, format!("`{}`: {}", M::meta().name, mistake.message))
            .with_model(M::meta().name.clone())
            .with_fields(mistake.field.clone())
            .with_validation(vec![mistake]);
        self.row.errors.push(error);
    }
}

/// The value of a field, where all of its columns have one.
fn read<M, F: FieldOf<M>>(columns: Range<u16>, value: impl Fn(u16) -> Option<Value>) -> Option<F::Value> {
    let known = columns.map(|column| value(column).filter(|value| !value.is_null()));
    F::read(&known.collect::<Option<Vec<_>>>()?).ok()
}

fn handles<M: Model>() -> M::Fields<Own<M>> {
    M::fields_at(PathNode::root(M::meta(), 0))
}

/// A field of a model by its handle, to be read from values: a column, or a relation with columns.
///
/// ```
/// # use library::*;
/// fn price(book: &orm::Change<Book>) -> Option<Decimal> {
///     book.get(|b| b.price)
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a field of `{M}` with a value of its own",
    label = "expected `b.title`, or a relation with a column, `b.author`"
)]
pub trait FieldOf<M> {
    /// The type of its values.
    type Value;
    /// The type of the field, which may be an `Option` of it.
    type Field: ModelField;

    /// Its columns.
    #[doc(hidden)]
    fn columns(&self) -> Range<u16>;

    /// Its value, by those of its columns, none of which is NULL.
    #[doc(hidden)]
    fn read(values: &[Value]) -> Result<Self::Value>;
}

impl<S: Scope, T: FieldType> FieldOf<S::Root> for Field<S, T> {
    type Value = T::Plain;
    type Field = T;

    fn columns(&self) -> Range<u16> {
        self.column()..self.column() + 1
    }

    fn read(values: &[Value]) -> Result<T::Plain> {
        T::Plain::from_cell(&Cell::of(&values))
    }
}

impl<S: Scope, K: Target> FieldOf<S::Root> for ToOne<S, S, K> {
    type Value = ForeignKey<K>;
    type Field = ForeignKey<K>;

    fn columns(&self) -> Range<u16> {
        self.owner().model().fields[usize::from(self.field_index())].columns()
    }

    fn read(values: &[Value]) -> Result<ForeignKey<K>> {
        ModelField::read(&mut Reader::new(&Row::of(&values), &[]))
    }
}

impl<S: Scope, K: Target> FieldOf<S::Root> for ToOne<S, Opt<S>, K> {
    type Value = ForeignKey<K>;
    type Field = Option<ForeignKey<K>>;

    fn columns(&self) -> Range<u16> {
        self.owner().model().fields[usize::from(self.field_index())].columns()
    }

    fn read(values: &[Value]) -> Result<ForeignKey<K>> {
        ModelField::read(&mut Reader::new(&Row::of(&values), &[]))
    }
}
