//! Changes to one row: what `book.edit()` gives.

use super::{
    Pending, Proposed,
    bulk::auto_now,
    check::{check_for, field_name, settable, together},
    hooks,
    input::{Input, changes_from},
    parent::{self, Child, Looked, Unlooked, Unwritten},
    point::{Typed, key_values, not_found},
    upsert::{finish, update_by_key},
    version,
};
use crate::{
    Access, Code, Connection, Dialect, Error, Executor, Model, Operation, Result, Row, Transaction, ValidationError,
    Value,
    field::Loaded,
    model::{ModelMeta, Reader, Writer},
    tree::{Assignment, Expr, ModelRef},
};
use futures_util::future::BoxFuture;
use std::{
    marker::PhantomData,
    ops::{Deref, DerefMut},
};

/// A row being changed: it reads and writes like the row, and `save` writes the columns that differ from before.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let mut book = Book::get(1, &db).await?.edit();
/// book.title = "Notes on the Engine".into();
/// let book = book.save(&db).await?;
/// assert_eq!(book.title, "Notes on the Engine");
/// # Ok(()) }
/// ```
#[must_use = "an edit writes nothing before `.save(&db).await`"]
pub struct Edit<M> {
    pub(super) row: M,
    key: Result<Vec<Value>>,
    /// The columns as they were; none, where a value had no database form.
    pub(super) original: Option<Vec<Value>>,
    skips_validation: bool,
    skips_hooks: bool,
    /// The model's `validate` has looked at it.
    validated: bool,
    /// The edit of the parent's row.
    parent: Option<Unwritten>,
}

impl<M> Deref for Edit<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.row
    }
}

impl<M> DerefMut for Edit<M> {
    fn deref_mut(&mut self) -> &mut M {
        &mut self.row
    }
}

impl<M: std::fmt::Debug> std::fmt::Debug for Edit<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Edit").field(&self.row).finish()
    }
}

pub(super) fn values_of<M: Model>(row: &M) -> Result<Vec<Value>> {
    let mut out = Writer::with_capacity(M::meta().columns.len());
    row.write_columns(&mut out)?;
    Ok(out.into_values().into_vec())
}

impl<M: Model> Edit<M> {
    pub(crate) fn new(row: M) -> Self {
        let (key, original) = (key_values(&row.key()), values_of(&row).ok());
        Edit { row, key, original, skips_validation: false, skips_hooks: false, validated: false, parent: None }
    }

    /// The edit without what the rules of its fields and the model's `validate` say: only what its columns can hold is asked when it
    /// is saved.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let mut book = Book::get(1, &db).await?.edit().skip_validation();
    /// book.views += 1;
    /// assert_eq!(book.save(&db).await?.views, 11);
    /// # Ok(()) }
    /// ```
    pub fn skip_validation(self) -> Self {
        Edit { skips_validation: true, ..self }
    }

    /// The edit without what its model does around writes: see [`Hooks`](crate::Hooks).
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let mut book = Book::get(1, &db).await?.edit().skip_hooks();
    /// book.views += 1;
    /// assert_eq!(book.save(&db).await?.views, 11);
    /// # Ok(()) }
    /// ```
    pub fn skip_hooks(self) -> Self {
        Edit { skips_hooks: true, ..self }
    }

    /// The edit behind hooks and its model's `validate`.
    pub(super) fn behind_hooks(self) -> Self {
        Edit { skips_hooks: true, validated: true, ..self }
    }

    /// The row as it is now, saved or not.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let mut book = Book::get(1, &db).await?.edit();
    /// book.views += 1;
    /// assert_eq!(book.into_row().views, 11); // not saved
    /// # Ok(()) }
    /// ```
    pub fn into_row(self) -> M {
        self.row
    }

    /// The edit of the row's parent, of a model that has one: it is saved with this one, in one transaction. What this one has been told to
    /// pass by, `skip_validation` and `skip_hooks`, the parent's passes by as well.
    ///
    /// # Errors
    /// [`Code::NotLoaded`] when the parent is not loaded with the row.
    ///
    /// ```
    /// # use orm::prelude::*;
    /// # mod places {
    /// #     use orm::prelude::*;
    /// #     orm::app! { pub places { Place, Bar } }
    /// #     #[derive(Model)]
    /// #     pub struct Place { pub id: i64, pub name: String }
    /// #     #[derive(Model)]
    /// #     pub struct Bar {
    /// #         #[field(primary_key, parent)]
    /// #         pub place: OneToOne<Place>,
    /// #         pub taps: i32,
    /// #     }
    /// # }
    /// # use places::{Bar, Place};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # orm::migrate::create_tables(&db, &[places::places()]).await?;
    /// # Bar::draft().place(Place::draft().name("Joe's")).taps(3).create(&db).await?;
    /// let mut bar = Bar::objects().select_related(|b| b.place).get(&db).await?.edit();
    /// bar.taps = 4;
    /// bar.parent()?.name = "Ada's".into();
    /// let bar = bar.save(&db).await?; // UPDATE place .., UPDATE bar ..
    /// assert_eq!((bar.taps, bar.place.get()?.name.as_str()), (4, "Ada's"));
    /// # Ok(()) }
    /// ```
    pub fn parent(&mut self) -> Result<&mut Edit<M::Parent>>
    where
        M: Child,
    {
        if self.parent.is_none() {
            let (skips_validation, skips_hooks) = (self.skips_validation, self.skips_hooks);
            let edit = Edit::new(parent::copy_of(self.row.parent_link().get()?)?);
            self.parent = Some(Box::new(Edit { skips_validation, skips_hooks, ..edit }));
        }
        let edit = self.parent.as_mut().and_then(|edit| edit.downcast_mut());
        edit.ok_or_else(|| Error::new(Code::NotLoaded, "the parent of this row was taken away"))
    }

    /// Takes the edit of the parent's row out.
    pub(super) fn take_parent(&mut self) -> Option<Unwritten> {
        self.parent.take()
    }

    /// Sets fields from values that are not typed, all of them or none. Related rows that were loaded stay, where their keys did.
    ///
    /// # Errors
    /// [`Code::Refused`]; [`Error::validation`] lists every mistake.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let mut book = Book::get(1, &db).await?.edit();
    /// book.apply([("price", "13.50"), ("editor", "2"), ("published", "")])?;
    /// let book = book.save(&db).await?;
    /// assert_eq!((book.price.to_string().as_str(), book.published), ("13.50", None));
    /// # Ok(()) }
    /// ```
    pub fn apply(&mut self, input: impl Into<Input>) -> Result<()> {
        let new = changes_from(M::meta(), &input.into(), &values_of(&self.row)?)?;
        self.row = self.with_values(new)?;
        Ok(())
    }

    /// The row with other values in some columns, and the related rows that were loaded, where their keys are the same.
    fn with_values(&self, new: Vec<Option<Value>>) -> Result<M> {
        let mut values = values_of(&self.row)?;
        let mut changes = Vec::new();
        for (column, value) in new.into_iter().enumerate() {
            if let Some(value) = value.filter(|value| *value != values[column]) {
                values[column] = value.clone();
                changes.push((column as u16, value));
            }
        }
        let mut row: M = Reader::new(&Row::of(&values.as_slice()), &[]).columns()?;
        for (field, rows) in loaded(&self.row, &changes) {
            row.attach_related(field, rows);
        }
        Ok(row)
    }

    /// The names of the fields that differ from before.
    ///
    /// # Errors
    /// When a value has no database form.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let mut book = Book::get(1, &db).await?.edit();
    /// book.views += 1;
    /// assert_eq!(book.changed()?, ["views"]);
    /// # Ok(()) }
    /// ```
    pub fn changed(&self) -> Result<Vec<&'static str>> {
        let mut names = Vec::new();
        for (column, _) in self.changes()? {
            let meta = M::meta();
            let name = &meta.fields[usize::from(meta.columns[usize::from(column)].field)].name;
            if names.last() != Some(&&**name) {
                names.push(&**name);
            }
        }
        Ok(names)
    }

    fn changes(&self) -> Result<Vec<(u16, Value)>> {
        Ok(self.differing(values_of(&self.row)?))
    }

    /// The columns in which these values differ from the row as it was.
    pub(super) fn differing(&self, now: Vec<Value>) -> Vec<(u16, Value)> {
        differing(M::meta(), self.original.as_deref(), now)
    }

    /// Writes the columns that changed, and those that say `auto_now`, and gives the row as it is stored. When nothing
    /// changed, no statement runs. Related rows that were loaded stay, where their keys did.
    ///
    /// SQL: `UPDATE book SET title = .. WHERE id = ..`.
    ///
    /// Of a model with a `#[field(version)]` the row is written only if it still has the version that was read, which is counted up.
    ///
    /// # Errors
    /// [`Code::Stale`] when it has another; [`Code::SharedKey`] when others have its key, in a `keyless` table; [`Code::NotFound`] when the row is gone; [`Code::BadQuery`] when its key was changed; [`Code::NotEditable`] when a generated
    /// field was; those of a draft's `create`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let (db, log) = db.recording();
    /// let mut book = Book::get(1, &db).await?.edit();
    /// book.price = Decimal::from(13);
    /// assert_eq!(book.save(&db).await?.price.to_string(), "13.00");
    /// assert!(log.statements()[1].sql.starts_with(r#"UPDATE "library_book" SET "price" = "#));
    /// # Ok(()) }
    /// ```
    pub fn save<E: Executor>(self, ex: &E) -> Pending<'_, M> {
        if let (Some(_), Some(above)) = (&self.parent, M::PARENT) {
            return Pending::new(ex.atomic(move |tx| Box::pin(parent::save(above, self, tx))));
        }
        if let Some(hooks) = M::HOOKS.filter(|_| !self.skips_hooks) {
            return Pending::new(ex.atomic(move |tx| Box::pin(hooks::save(hooks, self, tx))));
        }
        let changes = match self.checked_changes(ex.dialect()) {
            Ok(changes) if changes.is_empty() => return Pending::new(std::future::ready(self.unchanged())),
            Ok(changes) => changes,
            Err(error) => return Pending::new(std::future::ready(Err(error))),
        };
        let kept = loaded(&self.row, &changes);
        let read = self.original.as_deref().and_then(|row| version::as_read(M::meta(), row));
        Pending::run(ex, self.key.map(|key| Save { key, read, changes, kept, _model: PhantomData }))
    }

    fn checked_changes(&self, dialect: Dialect) -> Result<Vec<(u16, Value)>> {
        let (mut changes, errors) = self.looked_at(dialect)?;
        together(M::meta(), errors)?;
        if !changes.is_empty() {
            let set: Vec<u16> = changes.iter().map(|(column, _)| *column).collect();
            changes.extend(auto_now(M::meta(), &set));
        }
        Ok(changes)
    }

    /// The row where nothing is to be written: `validate` may have undone what was changed.
    fn unchanged(self) -> Result<M> {
        let Some(original) = self.original.as_ref().filter(|_| M::meta().validate.is_some()) else {
            return Ok(self.row);
        };
        let mut row: M = Reader::new(&Row::of(&original.as_slice()), &[]).columns()?;
        loaded(&self.row, &[]).into_iter().for_each(|(field, rows)| row.attach_related(field, rows));
        Ok(row)
    }

    /// The columns that change, and what is wrong with their values.
    pub(super) fn looked_at(&self, dialect: Dialect) -> Result<(Vec<(u16, Value)>, Vec<Error>)> {
        let (now, rules) = (values_of(&self.row)?, !self.skips_validation);
        Ok(looked_at(M::meta(), self.original.as_ref(), now, dialect, rules, self.validated))
    }

    /// Everything that can be wrong with the edit, before it is saved: as for a draft's [`validated`](super::Draft::validated), of
    /// the fields that change. One statement at most.
    ///
    /// # Errors
    /// [`Code::Refused`]; [`Error::validation`] lists every mistake.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let mut tag = Tag::get(1, &db).await?.edit();
    /// tag.slug = "maths".into(); // another tag has it
    /// let error = tag.validated(&db).await.unwrap_err();
    /// assert_eq!(error.validation()[0].code, orm::Code::UniqueViolation);
    /// # Ok(()) }
    /// ```
    pub async fn validated<E: Executor>(self, ex: &E) -> Result<Self> {
        let mistakes = self.mistakes(ex).await?;
        match mistakes.is_empty() {
            true => Ok(self),
            false => Err(Error::refused(M::meta().name.clone(), mistakes)),
        }
    }

    /// The same as a list, which is empty where nothing is wrong; the edit stays what it is.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let mut tag = Tag::get(1, &db).await?.edit();
    /// tag.slug = "maths".into(); // another tag has it
    /// assert_eq!(tag.mistakes(&db).await?[0].code, orm::Code::UniqueViolation);
    /// tag.slug = "numbers".into();
    /// assert!(tag.mistakes(&db).await?.is_empty());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// What the database says when it is asked.
    pub fn mistakes<'e, E: Executor>(&self, ex: &'e E) -> Pending<'e, Vec<ValidationError>> {
        // What there is to ask is known before anything is asked.
        let rows = self.unlooked();
        Pending::new(async move { parent::mistakes_of(rows?, ex).await })
    }

    /// Sets fields from values that are not typed, and asks all that can be asked about the row that comes of it: what
    /// [`apply`](Edit::apply) looks at and what [`validated`](Edit::validated) does, with all mistakes in one error. With a mistake nothing
    /// is set.
    ///
    /// # Errors
    /// [`Code::Refused`]; [`Error::validation`] lists every mistake.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let mut book = Book::get(1, &db).await?.edit();
    /// let error = book.apply_validated([("price", "cheap"), ("editor", "99"), ("title", "Rust")], &db).await.unwrap_err();
    /// let fields: Vec<_> = error.validation().iter().filter_map(|mistake| mistake.field.as_deref()).collect();
    /// assert_eq!((fields, book.changed()?), (vec!["price", "editor"], vec![]));
    /// book.apply_validated([("price", "13.50"), ("title", "Rust")], &db).await?;
    /// assert_eq!(book.save(&db).await?.title, "Rust");
    /// # Ok(()) }
    /// ```
    pub async fn apply_validated<E: Executor>(&mut self, input: impl Into<Input>, ex: &E) -> Result<()> {
        let (values, mut mistakes) = input.into().read_all(M::meta(), Some(&values_of(&self.row)?));
        let new = self.with_values(values)?;
        let before = std::mem::replace(&mut self.row, new);
        let asked = self.mistakes(ex);
        let new = std::mem::replace(&mut self.row, before);
        let told = mistakes.clone();
        let known = |mistake: &ValidationError| {
            mistake.field.is_some() && told.iter().any(|known| known.field == mistake.field)
        };
        mistakes.extend(asked.await?.into_iter().filter(|mistake| !known(mistake)));
        match mistakes.is_empty() {
            true => self.row = new,
            false => return Err(Error::refused(M::meta().name.clone(), mistakes)),
        }
        Ok(())
    }

    /// Whether the rules are not asked.
    pub(super) fn skips_validation(&self) -> bool {
        self.skips_validation
    }

    /// The row as it is about to be written, and before it those of its parents.
    pub(super) fn unlooked(&self) -> Result<Vec<Box<dyn Unlooked>>> {
        let mut rows = match (&self.parent, M::PARENT) {
            (Some(edit), Some(above)) => above.unlooked_edit(&**edit)?,
            _ => Vec::new(),
        };
        rows.push(Box::new(UnlookedEdit::<M> {
            key: self.key.as_ref().ok().cloned(),
            original: self.original.clone(),
            now: values_of(&self.row)?,
            rules: !self.skips_validation,
            hooks: M::HOOKS.filter(|_| !self.skips_hooks),
            validated: false,
            refused: Vec::new(),
        }));
        Ok(rows)
    }
}

/// The row of an edit.
struct UnlookedEdit<M: 'static> {
    key: Option<Vec<Value>>,
    original: Option<Vec<Value>>,
    now: Vec<Value>,
    rules: bool,
    hooks: Option<hooks::Of<M>>,
    /// The model's `validate` has looked at it.
    validated: bool,
    refused: Vec<Error>,
}

impl<M: Model> Unlooked for UnlookedEdit<M> {
    /// As before a save: a row that stays what it is is not asked about.
    fn has_rule(&self) -> bool {
        self.hooks.is_some()
            && self.rules
            && !differing(M::meta(), self.original.as_deref(), self.now.clone()).is_empty()
    }

    fn ask_rule<'a>(&'a mut self, tx: &'a Transaction) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let Some(hooks) = self.hooks else { return Ok(()) };
            let row = Proposed::known_row(self.original.clone(), self.now.clone());
            let (set, refused) = hooks::asked_in(hooks, row, tx).await?;
            (self.refused, self.validated) = (refused, true);
            set.into_iter().for_each(|(column, value)| self.now[usize::from(column)] = value);
            Ok(())
        })
    }

    fn look(self: Box<Self>, dialect: Dialect) -> Result<Looked> {
        let (meta, mut errors) = (M::meta(), self.refused);
        let (now, rules) = (self.now.clone(), self.rules);
        let (changes, more) = looked_at(meta, self.original.as_ref(), now, dialect, rules, self.validated);
        errors.extend(more);
        let mut values: Vec<Option<Value>> = self.now.into_iter().map(Some).collect();
        let changed = changes.iter().map(|(column, _)| *column).collect();
        for (column, value) in changes {
            values[usize::from(column)] = Some(value);
        }
        Ok(Looked { model: ModelRef::Static(meta), key: self.key, values, changed: Some(changed), errors })
    }
}

/// The columns in which values differ from the row as it was.
fn differing(meta: &ModelMeta, original: Option<&[Value]>, now: Vec<Value>) -> Vec<(u16, Value)> {
    let kept =
        |column: u16| meta.key.contains(&column) || meta.version == Some(column) || settable(meta, column).is_err();
    let now = (0..).zip(now);
    match original {
        Some(original) => now.filter(|(column, value)| *value != original[usize::from(*column)]).collect(),
        None => now.filter(|(column, _)| !kept(*column)).collect(),
    }
}

/// The columns that change, and what is wrong with their values.
fn looked_at(
    meta: &ModelMeta,
    original: Option<&Vec<Value>>,
    mut now: Vec<Value>,
    dialect: Dialect,
    rules: bool,
    validated: bool,
) -> (Vec<(u16, Value)>, Vec<Error>) {
    let old = original.map(Vec::as_slice);
    let (mut changes, mut errors) = (differing(meta, old, now.clone()), Vec::new());
    if let Some(validate) = meta.validate.filter(|_| rules && !validated && !changes.is_empty()) {
        let row = Proposed::known_row(original.cloned(), now.clone());
        let set = row.validated(validate, &mut errors);
        set.into_iter().for_each(|(column, value)| now[usize::from(column)] = value);
        changes = differing(meta, old, now);
    }
    for (column, value) in &mut changes {
        if let Err(error) = checked(meta, *column, value, dialect, rules) {
            errors.push(error);
        }
    }
    (changes, errors)
}

/// Checks the new value of a column of a row that exists.
fn checked(meta: &ModelMeta, column: u16, value: &mut Value, dialect: Dialect, rules: bool) -> Result<()> {
    if meta.key.contains(&column) {
        let name = field_name(meta, column);
        return Err(Error::new(Code::BadQuery, format!("`{name}` is the key of the row, which cannot be changed"))
            .with_model(meta.name.clone())
            .with_fields([name])
            .with_hint("make a new row, and delete the old one"));
    }
    version::refuse_set(meta, column)?;
    check_for(meta, column, value, dialect, rules)
}

/// The related rows that are loaded, without those whose keys change.
pub(super) fn loaded<M: Model>(row: &M, changes: &[(u16, Value)]) -> Vec<(u16, Loaded)> {
    let fields = M::meta().fields.iter().enumerate();
    let kept = fields.filter(|(_, field)| !changes.iter().any(|(column, _)| field.columns().contains(column)));
    kept.filter_map(|(index, _)| Some((index as u16, row.held(index as u16)?.rows()?.clone()))).collect()
}

struct Save<M> {
    key: Vec<Value>,
    /// The version that was read.
    read: Option<(u16, Value)>,
    changes: Vec<(u16, Value)>,
    kept: Vec<(u16, Loaded)>,
    _model: PhantomData<fn() -> M>,
}

impl<M: Model> Operation for Save<M> {
    type Output = M;

    fn access(&self) -> Access {
        if M::meta().keyless { Access::Write } else { Access::ShortWrite }
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<M> {
        if !M::meta().keyless {
            return self.save(conn).await;
        }
        // Looked at behind the write: a row that came meanwhile was written as well.
        let mark = conn.savepoint().await?;
        let done = match self.save(conn).await {
            Ok(row) => {
                let key = std::slice::from_ref(&self.key);
                version::only(conn, &ModelRef::Static(M::meta()), key).await.map(|()| row)
            }
            error => error,
        };
        finish(conn, mark, done).await
    }
}

impl<M: Model> Save<M> {
    async fn save(&mut self, conn: &mut Connection<'_>) -> Result<M> {
        let changes = self.changes.iter().cloned();
        let changes = changes.map(|(column, value)| Assignment { column, value: Expr::Value(value) }).collect();
        let row = update_by_key(&Typed::<M>::new(), conn, &self.key, self.read.clone(), changes).await?;
        let Some(mut row) = row else {
            return Err(match M::meta().version {
                None => not_found(M::meta()),
                Some(_) => version::why_missing(conn, &ModelRef::Static(M::meta()), self.key.clone()).await,
            });
        };
        for (field, loaded) in self.kept.drain(..) {
            row.attach_related(field, loaded);
        }
        Ok(row)
    }
}

/// What can be saved: no row by itself.
///
/// ```compile_fail
/// # use library::*;
/// # async fn wrong(book: Book, db: &Database) -> orm::Result<()> {
/// book.save(db).await?; // `book.edit()` is what is saved
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "a row has no `save`: what is saved is an edit of it",
    label = "`{Self}` is plain data",
    note = "write `let mut row = row.edit();`, change its fields, and `row.save(&db).await?`",
    note = "a row that is not stored yet is a draft: `{Self}::draft()..create(&db)`"
)]
pub trait IsEdit: Sized {
    /// Saves it.
    fn save_edit<E: Executor>(self, ex: &E) -> Pending<'_, Self>;
}
