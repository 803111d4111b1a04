//! Models whose rows are rows of another model too: `#[field(primary_key, parent)]`.

use super::{
    DraftRow, Edit, IntoDraftRow, IntoField, Proposed,
    bulk::create_drafts,
    check::{data_of, together, together_by_row},
    delete::{For, LockRows, LockedRows},
    edit::{loaded, values_of},
    hooks,
    new_row::{Slot, completed, filled, fit_all, refuse_unseen_by_hooks},
    point::{columns_in, key_values, not_found},
    validate::{self, Subject},
};
use crate::{
    Code, Dialect, Error, Executor, Model, OneToOne, Result, Row, Transaction, ValidationError, Value,
    field::Loaded,
    model::{ModelMeta, Reader},
    tree::{ModelRef, Select},
};
use futures_util::future::BoxFuture;
use std::{any::Any, marker::PhantomData};

/// A model whose rows are rows of another model too: its key leads there, `#[field(primary_key, parent)]`.
///
/// In closures it has the fields of its parent beside its own. A draft takes the draft of its parent, and both are written in one
/// transaction; an edit is of both by [`Edit::parent`]; a deletion takes both rows, and `keep_parents` leaves the parent's.
///
/// ```
/// mod places {
///     use orm::prelude::*;
///     orm::app! { pub places { Place, Restaurant } }
///
///     #[derive(Model, Debug)]
///     pub struct Place {
///         pub id: i64,
///         pub name: String,
///         pub restaurant: HasOne<Restaurant>, // if it is one
///     }
///
///     #[derive(Model, Debug)]
///     pub struct Restaurant {
///         #[field(primary_key, parent)]
///         pub place: OneToOne<Place>, // a column `place_id`, the key
///         pub seats: i32,
///     }
/// }
/// # use orm::prelude::*;
/// use places::{Place, Restaurant};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = Database::connect("sqlite::memory:").await?;
/// # orm::migrate::create_tables(&db, &[places::places()]).await?;
/// let diner = Restaurant::draft().place(Place::draft().name("Joe's")).seats(40).create(&db).await?;
/// assert_eq!(diner.place.get()?.name, "Joe's");
///
/// let found = Restaurant::objects().filter(|r| r.name.starts_with("Joe") & r.seats.gt(30));
/// assert_eq!(found.count(&db).await?, 1);
/// assert_eq!(Place::objects().filter(|p| p.restaurant.seats.gt(30)).get(&db).await?.name, "Joe's");
///
/// let gone = diner.delete(&db).await?;
/// assert_eq!((gone.per_model["places.Restaurant"], gone.per_model["places.Place"]), (1, 1));
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no parent",
    label = "its rows are rows of this model only",
    note = "a parent is a relation that says so: `#[field(primary_key, parent)] place: OneToOne<Place>`"
)]
pub trait Child: Model<Key = <Self::Parent as Model>::Key> {
    /// The model whose rows the rows of this one are too.
    type Parent: Model;

    /// The relation, as the index of its field.
    #[doc(hidden)]
    const FIELD: u16;

    /// The relation.
    #[doc(hidden)]
    fn parent_link(&self) -> &OneToOne<Self::Parent>;
}

/// A draft or an edit of a parent, which its child holds without knowing its type.
pub type Unwritten = Box<dyn Any + Send + Sync>;

/// What the parent of a draft is given as: a row that is there, or the draft of a new one.
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
/// #     }
/// # }
/// # use places::{Bar, Place};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = Database::connect("sqlite::memory:").await?;
/// # orm::migrate::create_tables(&db, &[places::places()]).await?;
/// let place = Place::draft().name("Joe's").create(&db).await?;
/// Bar::draft().place(&place).create(&db).await?; // the place becomes a bar
/// Bar::draft().place(Place::draft().name("Ada's")).create(&db).await?; // a place that is a bar
/// assert_eq!((Place::objects().count(&db).await?, Bar::objects().count(&db).await?), (2, 2));
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no parent: neither a row of `{P}`, nor its key, nor a complete draft of one",
    label = "expected a row of `{P}`, its key, or a draft in which every required field is set"
)]
pub trait IntoParent<P: Model, How> {
    /// Gives it to the draft of the child.
    #[doc(hidden)]
    fn give_to<M: Child<Parent = P>>(self, row: DraftRow<M>) -> DraftRow<M>;
}

/// By a row that is there.
pub struct WithKey;

/// By the draft of a new row.
pub struct WithDraft;

impl<P: Model, T: IntoField<OneToOne<P>>> IntoParent<P, WithKey> for T {
    fn give_to<M: Child<Parent = P>>(self, mut row: DraftRow<M>) -> DraftRow<M> {
        row.parent = None;
        let column = M::meta().fields[usize::from(M::FIELD)].first_column;
        row.with::<OneToOne<P>>(column, self)
    }
}

impl<P: Model, D: IntoDraftRow<P>> IntoParent<P, WithDraft> for D {
    fn give_to<M: Child<Parent = P>>(self, mut row: DraftRow<M>) -> DraftRow<M> {
        for column in M::meta().fields[usize::from(M::FIELD)].columns() {
            row.slots[usize::from(column)] = Slot::Handed;
        }
        row.parent = Some(Box::new(self.into_row()));
        row
    }
}

/// A row that is about to be written, before anybody looks at it. Its model's type is not known.
#[doc(hidden)]
pub trait Unlooked: Send {
    /// Whether its model has a rule that asks the database.
    fn has_rule(&self) -> bool;

    /// Asks that rule: what it sets stays in the row, and what it refuses is told when the row is looked at.
    fn ask_rule<'a>(&'a mut self, tx: &'a Transaction) -> BoxFuture<'a, Result<()>>;

    /// What is wrong with it.
    fn look(self: Box<Self>, dialect: Dialect) -> Result<Looked>;
}

/// Everything that is wrong with rows: what their models' rules say that ask the database, then their other rules, then what the
/// database says.
pub(super) async fn mistakes_of<E: Executor>(mut rows: Vec<Box<dyn Unlooked>>, ex: &E) -> Result<Vec<ValidationError>> {
    if rows.iter().any(|row| row.has_rule()) {
        rows = hooks::undone(ex, move |tx| {
            Box::pin(async move {
                for row in rows.iter_mut().filter(|row| row.has_rule()) {
                    row.ask_rule(tx).await?;
                }
                Ok(rows)
            })
        })
        .await?;
    }
    let mut mistakes = Vec::new();
    for row in rows {
        mistakes.extend(row.look(ex.dialect())?.asked(ex).await?);
    }
    Ok(mistakes)
}

/// The row of a draft.
struct UnlookedDraft<M: 'static> {
    slots: Vec<Slot>,
    /// What is told when it is written: nothing is asked.
    wrong: bool,
    rules: bool,
    hooks: Option<hooks::Of<M>>,
    /// The model's `validate` has looked at it.
    validated: bool,
    refused: Vec<Error>,
}

impl<M: Model> Unlooked for UnlookedDraft<M> {
    fn has_rule(&self) -> bool {
        self.hooks.is_some() && self.rules && !self.wrong
    }

    fn ask_rule<'a>(&'a mut self, tx: &'a Transaction) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let Some(hooks) = self.hooks else { return Ok(()) };
            refuse_unseen_by_hooks(M::meta(), &self.slots)?;
            // What lacks a value is told when it is looked at.
            filled(M::meta(), &mut self.slots);
            let row = Proposed::new_row(self.slots.iter().map(|slot| slot.value().cloned()).collect());
            let (set, refused) = hooks::asked_in(hooks, row, tx).await?;
            set.into_iter().for_each(|(column, value)| self.slots[usize::from(column)] = Slot::Given(value));
            (self.refused, self.validated) = (refused, true);
            Ok(())
        })
    }

    fn look(mut self: Box<Self>, dialect: Dialect) -> Result<Looked> {
        let (meta, mut errors) = (M::meta(), self.refused);
        if !self.wrong && self.validated {
            errors.extend(filled(meta, &mut self.slots));
            errors.extend(fit_all(meta, &mut self.slots, dialect, self.rules));
        } else if !self.wrong {
            errors.extend(completed(meta, &mut self.slots, dialect, self.rules));
        }
        let values = self.slots.iter().map(|slot| slot.value().cloned()).collect();
        Ok(Looked { model: ModelRef::Static(meta), key: None, values, changed: None, errors })
    }
}

/// A row that is about to be written, and what is wrong with it already.
#[doc(hidden)]
pub struct Looked {
    pub(super) model: ModelRef,
    pub(super) key: Option<Vec<Value>>,
    pub(super) values: Vec<Option<Value>>,
    pub(super) changed: Option<Vec<u16>>,
    pub(super) errors: Vec<Error>,
}

impl Looked {
    /// All that is wrong with it, what only the database knows included.
    pub(super) async fn asked<E: Executor>(self, ex: &E) -> Result<Vec<ValidationError>> {
        let Looked { model, key, values, changed, mut errors } = self;
        // The key of a row that exists may have no database form: then there is nothing to ask.
        if key.is_some() || changed.is_none() {
            validate::ask(Subject { model, key: key.as_deref(), values, changed }, &mut errors, ex).await?;
        }
        Ok(errors.iter().flat_map(data_of).collect())
    }

    /// What is wrong with it before anything has run; what hooks may still set right is not asked.
    fn known(self) -> Vec<Error> {
        if self.model.hooked { Vec::new() } else { self.errors }
    }
}

/// What the writes of a child do with its parent, whose type they do not know.
#[doc(hidden)]
pub trait AnyParent<M>: Sync {
    /// The relation, as the index of its field.
    fn field(&self) -> u16;

    /// Whether something is done around the writes of the parent, or of its own.
    fn is_hooked(&self) -> bool;

    /// The rows of the draft of a parent and of those above. The draft stays what it is: what rules set, the write sets, once.
    fn unlooked_draft(&self, draft: &(dyn Any + Send + Sync)) -> Vec<Box<dyn Unlooked>>;

    /// The rows of the edit of a parent and of those above.
    fn unlooked_edit(&self, edit: &(dyn Any + Send + Sync)) -> Result<Vec<Box<dyn Unlooked>>>;

    /// Makes the parents, and gives their keys and rows; without any hooks where that is said of all, or of one.
    fn create<'a>(
        &self,
        drafts: Vec<Unwritten>,
        skips_hooks: bool,
        tx: &'a Transaction,
    ) -> BoxFuture<'a, Result<Vec<MadeParent>>>;

    /// Saves the parent.
    fn save<'a>(&self, edit: Unwritten, tx: &'a Transaction) -> BoxFuture<'a, Result<Loaded>>;

    /// What is done before the parents of these rows are deleted, and what is left to do afterwards.
    fn before_delete<'a>(&self, rows: &'a [M], tx: &'a Transaction) -> BoxFuture<'a, Result<Box<dyn Going>>>;
}

/// The key of a parent that was made, and its row.
type MadeParent = (Vec<Value>, Loaded);

/// Rows that are about to be deleted.
#[doc(hidden)]
pub trait Going: Send + Sync {
    /// What is done after they were.
    fn after_delete<'a>(self: Box<Self>, tx: &'a Transaction) -> BoxFuture<'a, Result<()>>;
}

struct GoingRows<P> {
    rows: Vec<P>,
    above: Option<Box<dyn Going>>,
}

impl<P: Model> Going for GoingRows<P> {
    fn after_delete<'a>(self: Box<Self>, tx: &'a Transaction) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            if let Some(hooks) = P::HOOKS {
                hooks.after_delete(&self.rows, tx).await?;
            }
            match self.above {
                Some(above) => above.after_delete(tx).await,
                None => Ok(()),
            }
        })
    }
}

/// The parent that a model has.
#[doc(hidden)]
pub struct ParentOf<M>(PhantomData<fn() -> M>);

impl<M> ParentOf<M> {
    /// The value.
    pub const NEW: Self = ParentOf(PhantomData);
}

impl<M: Child> AnyParent<M> for ParentOf<M> {
    fn field(&self) -> u16 {
        M::FIELD
    }

    fn is_hooked(&self) -> bool {
        M::Parent::SPEC.hooks || M::Parent::PARENT.is_some_and(|above| above.is_hooked())
    }

    fn unlooked_draft(&self, draft: &(dyn Any + Send + Sync)) -> Vec<Box<dyn Unlooked>> {
        let Some(draft) = draft.downcast_ref::<DraftRow<M::Parent>>() else { return Vec::new() };
        let mut rows = match (&draft.parent, M::Parent::PARENT) {
            (Some(parent), Some(above)) => above.unlooked_draft(&**parent),
            _ => Vec::new(),
        };
        rows.push(Box::new(UnlookedDraft::<M::Parent> {
            slots: draft.slots.clone(),
            wrong: draft.error.is_some(),
            rules: !draft.skips_validation,
            hooks: draft.hooks(),
            validated: false,
            refused: Vec::new(),
        }));
        rows
    }

    fn unlooked_edit(&self, edit: &(dyn Any + Send + Sync)) -> Result<Vec<Box<dyn Unlooked>>> {
        edit.downcast_ref::<Edit<M::Parent>>().map_or_else(|| Ok(Vec::new()), Edit::unlooked)
    }

    fn create<'a>(
        &self,
        drafts: Vec<Unwritten>,
        skips_hooks: bool,
        tx: &'a Transaction,
    ) -> BoxFuture<'a, Result<Vec<MadeParent>>> {
        let drafts = drafts.into_iter().filter_map(|draft| draft.downcast::<DraftRow<M::Parent>>().ok());
        let drafts: Vec<DraftRow<M::Parent>> = drafts.map(|draft| *draft).collect();
        Box::pin(async move {
            // Each draft says for itself whether its hooks are called.
            let count = drafts.len();
            let (own, with): (Vec<_>, Vec<_>) =
                drafts.into_iter().enumerate().partition(|(_, draft)| draft.skips_hooks && !skips_hooks);
            let mut made = Vec::with_capacity(count);
            for (own, drafts) in [(false, with), (true, own)] {
                let (places, drafts): (Vec<usize>, Vec<_>) = drafts.into_iter().unzip();
                if drafts.is_empty() {
                    continue;
                }
                let rows = create_all(drafts, own || skips_hooks, skips_hooks, tx).await;
                let rows = rows.map_err(|error| by_places(error, &places, count))?;
                for (place, row) in places.into_iter().zip(rows) {
                    made.push((place, (key_values(&row.key())?, Loaded::new(row))));
                }
            }
            made.sort_by_key(|(place, _)| *place);
            Ok(made.into_iter().map(|(_, made)| made).collect())
        })
    }

    fn save<'a>(&self, edit: Unwritten, tx: &'a Transaction) -> BoxFuture<'a, Result<Loaded>> {
        Box::pin(async move {
            match edit.downcast::<Edit<M::Parent>>() {
                Ok(edit) => edit.save(tx).await.map(Loaded::new),
                Err(_) => Err(not_found(M::Parent::meta())),
            }
        })
    }

    fn before_delete<'a>(&self, rows: &'a [M], tx: &'a Transaction) -> BoxFuture<'a, Result<Box<dyn Going>>> {
        Box::pin(async move {
            let model = ModelRef::Static(M::Parent::meta());
            let keys = rows.iter().map(|row| key_values(&row.key())).collect::<Result<Vec<_>>>()?;
            let mut parents = Select { default_order: false, ..Select::all(model.clone()) };
            parents.add_filter(columns_in(&model, &model.key, keys));
            let rows: Vec<M::Parent> = tx.run(LockedRows::of(parents)).await?;
            if let Some(hooks) = M::Parent::HOOKS {
                hooks.before_delete(&rows, tx).await?;
            }
            let above = match M::Parent::PARENT.filter(|above| above.is_hooked()) {
                Some(above) => Some(above.before_delete(&rows, tx).await?),
                None => None,
            };
            Ok(Box::new(GoingRows { rows, above }) as Box<dyn Going>)
        })
    }
}

/// A copy of a row, with what was loaded with it.
pub(super) fn copy_of<M: Model>(row: &M) -> Result<M> {
    let values = values_of(row)?;
    let mut copy: M = Reader::new(&Row::of(&values.as_slice()), &[]).columns()?;
    loaded(row, &[]).into_iter().for_each(|(field, rows)| copy.attach_related(field, rows));
    Ok(copy)
}

/// Refuses to write a draft whose parent is still to be made, by what makes one row only.
pub(super) fn refuse_unwritten(meta: &ModelMeta, unwritten: bool) -> Result<()> {
    let Some(parent) = meta.parent().filter(|_| unwritten) else { return Ok(()) };
    let field = &meta.fields[usize::from(parent)];
    Err(Error::new(
        Code::BadQuery,
        format!("the `{}` of this `{}` draft is a draft too, and this writes one row only", field.name, meta.name),
    )
    .with_model(meta.name.clone())
    .with_fields([field.name.to_string()])
    .with_hint(format!(
        "`create`, `bulk_create` and `bulk_insert` write both; or make it first, and give its row: `.{}(&row)`",
        field.name
    )))
}

/// The error of some of the rows, with the places that they have among all.
fn by_places(error: Error, places: &[usize], count: usize) -> Error {
    if count < 2 || error.validation().is_empty() {
        return error;
    }
    let placed = |mistake: ValidationError| {
        let row = match mistake.params.get("row").and_then(serde_json::Value::as_u64) {
            Some(row) => usize::try_from(row).ok().and_then(|row| places.get(row)),
            // Of one row by itself it is not said which.
            None => places.first().filter(|_| places.len() == 1),
        };
        match row.copied() {
            Some(row) => mistake.param("row", row),
            None => mistake,
        }
    };
    let mistakes = error.validation().iter().cloned().map(placed).collect();
    error.with_validation(mistakes)
}

/// What is wrong with rows before anything has run.
fn known(rows: Vec<Box<dyn Unlooked>>, dialect: Dialect) -> Result<Vec<Error>> {
    let mut errors = Vec::new();
    for row in rows {
        errors.extend(row.look(dialect)?.known());
    }
    Ok(errors)
}

/// Makes a row, and the one of its parent before it.
pub(super) async fn create_one<M: Model>(draft: DraftRow<M>, tx: &Transaction) -> Result<M> {
    let skips_hooks = draft.skips_hooks;
    create_all(vec![draft], skips_hooks, false, tx).await?.pop().ok_or_else(|| not_found(M::meta()))
}

/// Makes rows, and before them those of their parents that are still to be made. The hooks of the rows may be passed by, and those of
/// all parents.
pub(super) async fn create_all<M: Model>(
    mut drafts: Vec<DraftRow<M>>,
    skips_hooks: bool,
    skips_above: bool,
    tx: &Transaction,
) -> Result<Vec<M>> {
    let (meta, hooks) = (M::meta(), M::HOOKS.filter(|_| !skips_hooks));
    let Some(above) = M::PARENT.filter(|_| drafts.iter().any(|draft| draft.parent.is_some())) else {
        return match hooks {
            Some(hooks) => hooks::create(hooks, drafts, tx).await,
            None => create_drafts(drafts, tx).await,
        };
    };
    // All mistakes are told together, before anything is written.
    let (mut mistakes, single) = (Vec::new(), drafts.len() == 1);
    for (place, draft) in drafts.iter().enumerate() {
        let parents = draft.parent.as_ref().map(|parent| above.unlooked_draft(&**parent));
        let mut errors = known(parents.into_iter().flatten().collect(), tx.dialect())?;
        if (hooks.is_none() || draft.skips_hooks) && draft.error.is_none() {
            errors.extend(completed(meta, &mut draft.slots.clone(), tx.dialect(), !draft.skips_validation));
        }
        match single {
            true => together(meta, errors)?,
            false => mistakes.extend(together(meta, errors).err().map(|error| (place, error))),
        }
    }
    together_by_row(meta, mistakes)?;
    let (mut places, mut parents) = (Vec::new(), Vec::new());
    for (place, draft) in drafts.iter_mut().enumerate() {
        if let Some(error) = draft.error.take() {
            return Err(error);
        }
        if let Some(parent) = draft.parent.take() {
            places.push(place);
            parents.push(parent);
        }
    }
    let count = drafts.len();
    let made = above.create(parents, skips_above, tx).await.map_err(|error| by_places(error, &places, count))?;
    let mut loaded = Vec::with_capacity(made.len());
    for (place, (key, row)) in places.into_iter().zip(made) {
        for (column, value) in meta.fields[usize::from(above.field())].columns().zip(key) {
            drafts[place].give(column, value);
        }
        loaded.push((place, row));
    }
    let mut rows = match hooks {
        Some(hooks) => hooks::create(hooks, drafts, tx).await?,
        None => create_drafts(drafts, tx).await?,
    };
    for (place, parent) in loaded {
        if let Some(row) = rows.get_mut(place) {
            row.attach_related(above.field(), parent);
        }
    }
    Ok(rows)
}

/// Saves a row, and the one of its parent before it.
pub(super) async fn save<M: Model>(above: &'static dyn AnyParent<M>, mut edit: Edit<M>, tx: &Transaction) -> Result<M> {
    together(M::meta(), known(edit.unlooked()?, tx.dialect())?)?;
    // Its own row first, as a deletion does: else each could wait for what the other has.
    if tx.dialect().capabilities().select_for_update
        && let Ok(key) = key_values(&edit.row.key())
        && !edit.differing(values_of(&edit.row)?).is_empty()
    {
        tx.run(LockRows::of::<M>(vec![key], For::Change)).await?;
    }
    let parent = match edit.take_parent() {
        Some(parent) => Some(above.save(parent, tx).await?),
        None => None,
    };
    let mut row = edit.save(tx).await?;
    if let Some(parent) = parent {
        row.attach_related(above.field(), parent);
    }
    Ok(row)
}
