//! What a model does around the writes of its rows.

use super::{
    Change, Deleted, Edit, Proposed, UniqueKey,
    bulk::{CreateMany, Inserts},
    check::{together, together_by_row},
    delete::{Collect, From, LockedRows},
    draft::DraftRow,
    edit::{loaded, values_of},
    new_row::{NewRow, complete, completed, filled, fit_all, refuse_unseen_by_hooks, validated},
    over::Over,
    parent::{self, AnyParent},
    point::{Typed, all_columns, key_values, not_found},
    upsert::{ByKey, Find, columns_of},
};
use crate::{
    Code, Error, Executor, Model, Result, Row, Transaction, Value,
    model::{ModelMeta, Reader},
    query::Skips,
    tree::{ModelRef, Select},
};
use futures_util::future::BoxFuture;
use std::{
    future::{Future, ready},
    marker::PhantomData,
    sync::{Arc, Mutex},
};

/// What is done around the writes of a model's rows: `#[model(hooks)]`, and the functions that are wanted.
///
/// They run in one transaction with the write, or in a savepoint of the one that there is: an error undoes all of it. `tx` is that
/// transaction; what is to happen once it is certain is given to [`Transaction::on_commit`]. In a [`Change`] stand the new values and
/// those before; what is set there is written.
///
/// Writes of many rows call the functions of many rows, which call the others row by row unless a model says something better.
/// What would pass the hooks by is refused, [`Code::Unhooked`]: updates and deletions that do not read their rows are, unless they
/// say `skip_hooks()`. Deletions read them first. What the database does by itself, and foreign keys that are set to NULL because
/// their row was deleted, have no hooks.
///
/// ```
/// use orm::{Change, Hooks, prelude::*};
///
/// orm::app! { pub office { Letter, Entry } }
///
/// #[derive(Model, Debug)]
/// #[model(hooks)]
/// pub struct Letter {
///     pub id: i64,
///     #[field(max_length = 80)]
///     pub title: String,
///     #[field(slug, default = || "".to_owned())]
///     pub slug: String,
/// }
///
/// /// What has happened to letters.
/// #[derive(Model, Debug)]
/// pub struct Entry {
///     pub id: i64,
///     pub text: String,
/// }
///
/// impl Hooks for Letter {
///     async fn before_create(letter: &mut Change<Letter>, _: &Transaction) -> orm::Result<()> {
///         if let Some(title) = letter.get(|l| l.title) {
///             letter.set(|l| l.slug, title.to_lowercase().replace(' ', "-"));
///         }
///         Ok(())
///     }
///
///     async fn after_update(letter: &Change<Letter>, tx: &Transaction) -> orm::Result<()> {
///         let (old, new) = (letter.old(|l| l.title), letter.get(|l| l.title));
///         Entry::draft().text(format!("{old:?} is {new:?}")).create(tx).await?;
///         tx.on_commit(async || println!("told everybody"));
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = Database::connect("sqlite::memory:").await?;
/// # orm::migrate::create_tables(&db, &[office()]).await?;
/// let letter = Letter::draft().title("Dear Ada").create(&db).await?;
/// assert_eq!(letter.slug, "dear-ada");
/// let mut letter = letter.edit();
/// letter.title = "Dear Grace".into();
/// letter.save(&db).await?;
/// assert_eq!(Entry::objects().get(&db).await?.text, r#"Some("Dear Ada") is Some("Dear Grace")"#);
/// assert_eq!(Letter::objects().update(|l| l.title.set("x"), &db).await.unwrap_err().code(), orm::Code::Unhooked);
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` says that it has hooks, and has none",
    label = "`#[model(hooks)]` goes with `impl Hooks for {Self}`",
    note = "write `impl orm::Hooks for {Self} {{ async fn before_create(row: &mut Change<{Self}>, tx: &Transaction) -> orm::Result<()> {{ .. }} }}`"
)]
#[allow(unused_variables, reason = "what does nothing uses nothing; the names are for those who read them")]
pub trait Hooks: Model {
    /// Before a row is made: its values, defaults included. They are checked afterwards.
    fn before_create(row: &mut Change<Self>, tx: &Transaction) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }

    /// After a row was made: the row as it is stored.
    fn after_create(row: &Self, tx: &Transaction) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }

    /// Before a row is changed; not called where no field differs.
    fn before_update(row: &mut Change<Self>, tx: &Transaction) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }

    /// After a row was changed.
    fn after_update(row: &Change<Self>, tx: &Transaction) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }

    /// Before a row is deleted.
    fn before_delete(row: &Self, tx: &Transaction) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }

    /// After a row was deleted.
    fn after_delete(row: &Self, tx: &Transaction) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }

    /// Looks at a row that is about to be made or changed, after what comes before it and the model's own `validate`: a rule that asks the database. What it refuses is
    /// told with the other mistakes of the row; `validated` and `mistakes` ask it too, and `skip_validation()` and `skip_hooks()` pass it
    /// by. Those two ask in a transaction, or savepoint, of its own that is rolled back afterwards: what it writes then is gone, and no
    /// work given to `on_commit` runs.
    fn validate(row: &mut Change<Self>, tx: &Transaction) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }

    /// [`validate`](Hooks::validate) for many rows at once, or for one: this is what is called.
    fn validate_many(rows: &mut [Change<Self>], tx: &Transaction) -> impl Future<Output = Result<()>> + Send {
        async move {
            for row in rows {
                <Self as Hooks>::validate(row, tx).await?;
            }
            Ok(())
        }
    }

    /// [`before_create`](Hooks::before_create) for many rows at once, or for one: this is what is called.
    fn before_create_many(rows: &mut [Change<Self>], tx: &Transaction) -> impl Future<Output = Result<()>> + Send {
        async move {
            for row in rows {
                Self::before_create(row, tx).await?;
            }
            Ok(())
        }
    }

    /// [`after_create`](Hooks::after_create) for many rows at once, or for one.
    fn after_create_many(rows: &[Self], tx: &Transaction) -> impl Future<Output = Result<()>> + Send {
        async move {
            for row in rows {
                Self::after_create(row, tx).await?;
            }
            Ok(())
        }
    }

    /// [`before_update`](Hooks::before_update) for many rows at once, or for one.
    fn before_update_many(rows: &mut [Change<Self>], tx: &Transaction) -> impl Future<Output = Result<()>> + Send {
        async move {
            for row in rows {
                Self::before_update(row, tx).await?;
            }
            Ok(())
        }
    }

    /// [`after_update`](Hooks::after_update) for many rows at once, or for one.
    fn after_update_many(rows: &[Change<Self>], tx: &Transaction) -> impl Future<Output = Result<()>> + Send {
        async move {
            for row in rows {
                Self::after_update(row, tx).await?;
            }
            Ok(())
        }
    }

    /// [`before_delete`](Hooks::before_delete) for many rows at once, or for one.
    fn before_delete_many(rows: &[Self], tx: &Transaction) -> impl Future<Output = Result<()>> + Send {
        async move {
            for row in rows {
                Self::before_delete(row, tx).await?;
            }
            Ok(())
        }
    }

    /// [`after_delete`](Hooks::after_delete) for many rows at once, or for one.
    fn after_delete_many(rows: &[Self], tx: &Transaction) -> impl Future<Output = Result<()>> + Send {
        async move {
            for row in rows {
                Self::after_delete(row, tx).await?;
            }
            Ok(())
        }
    }
}

/// The hooks of a model, whether it has any or not.
#[doc(hidden)]
pub trait AnyHooks<M>: Sync {
    fn validate<'a>(&self, rows: &'a mut [Change<M>], tx: &'a Transaction) -> BoxFuture<'a, Result<()>>;
    fn before_create<'a>(&self, rows: &'a mut [Change<M>], tx: &'a Transaction) -> BoxFuture<'a, Result<()>>;
    fn after_create<'a>(&self, rows: &'a [M], tx: &'a Transaction) -> BoxFuture<'a, Result<()>>;
    fn before_update<'a>(&self, rows: &'a mut [Change<M>], tx: &'a Transaction) -> BoxFuture<'a, Result<()>>;
    fn after_update<'a>(&self, rows: &'a [Change<M>], tx: &'a Transaction) -> BoxFuture<'a, Result<()>>;
    fn before_delete<'a>(&self, rows: &'a [M], tx: &'a Transaction) -> BoxFuture<'a, Result<()>>;
    fn after_delete<'a>(&self, rows: &'a [M], tx: &'a Transaction) -> BoxFuture<'a, Result<()>>;
}

/// The hooks that a model has.
#[doc(hidden)]
pub struct HooksOf<M>(PhantomData<fn() -> M>);

impl<M> HooksOf<M> {
    /// The value.
    pub const NEW: Self = HooksOf(PhantomData);
}

impl<M: Hooks> AnyHooks<M> for HooksOf<M> {
    fn validate<'a>(&self, rows: &'a mut [Change<M>], tx: &'a Transaction) -> BoxFuture<'a, Result<()>> {
        Box::pin(M::validate_many(rows, tx))
    }

    fn before_create<'a>(&self, rows: &'a mut [Change<M>], tx: &'a Transaction) -> BoxFuture<'a, Result<()>> {
        Box::pin(M::before_create_many(rows, tx))
    }

    fn after_create<'a>(&self, rows: &'a [M], tx: &'a Transaction) -> BoxFuture<'a, Result<()>> {
        Box::pin(M::after_create_many(rows, tx))
    }

    fn before_update<'a>(&self, rows: &'a mut [Change<M>], tx: &'a Transaction) -> BoxFuture<'a, Result<()>> {
        Box::pin(M::before_update_many(rows, tx))
    }

    fn after_update<'a>(&self, rows: &'a [Change<M>], tx: &'a Transaction) -> BoxFuture<'a, Result<()>> {
        Box::pin(M::after_update_many(rows, tx))
    }

    fn before_delete<'a>(&self, rows: &'a [M], tx: &'a Transaction) -> BoxFuture<'a, Result<()>> {
        Box::pin(M::before_delete_many(rows, tx))
    }

    fn after_delete<'a>(&self, rows: &'a [M], tx: &'a Transaction) -> BoxFuture<'a, Result<()>> {
        Box::pin(M::after_delete_many(rows, tx))
    }
}

/// The hooks of a model.
pub(super) type Of<M> = &'static dyn AnyHooks<M>;

/// Refuses a write that would pass the hooks of a model by.
pub(crate) fn refuse(meta: &ModelMeta, skipped: bool, what: &str, instead: &str) -> Result<()> {
    if skipped || !meta.hooked {
        return Ok(());
    }
    let has = if meta.hooks { "hooks" } else { "rules that ask the database (`validate_with`)" };
    Err(Error::new(Code::Unhooked, format!("`{}` has {has}, and {what} would pass them by", meta.name))
        .with_model(meta.name.clone())
        .with_hint(format!("{instead}; or say `.skip_hooks()`")))
}

/// The same of a write without a value that a rule of a field could ask about, as a deletion is: only `#[model(hooks)]` counts.
pub(crate) fn refuse_valueless(meta: &ModelMeta, skipped: bool, what: &str, instead: &str) -> Result<()> {
    refuse(meta, skipped || !meta.hooks, what, instead)
}

/// What the `validate` of a model and then its rule that asks the database say of a row: what they set, and what they refuse. Nothing is
/// written.
pub(super) async fn asked<M: Model, E: Executor>(
    hooks: Of<M>,
    row: Proposed,
    ex: &E,
) -> Result<(Vec<(u16, Value)>, Vec<Error>)> {
    undone(ex, move |tx| Box::pin(asked_in(hooks, row, tx))).await
}

/// The same within a transaction.
pub(super) async fn asked_in<M: Model>(
    hooks: Of<M>,
    row: Proposed,
    tx: &Transaction,
) -> Result<(Vec<(u16, Value)>, Vec<Error>)> {
    let mut rows = [Change::of(row)];
    rows[0].validate();
    hooks.validate(&mut rows, tx).await?;
    let [row] = rows;
    Ok(row.into_parts())
}

/// What work in a transaction gives, which is rolled back in any case: a question leaves nothing behind.
pub(super) async fn undone<T, E, W>(ex: &E, work: W) -> Result<T>
where
    T: Send + 'static,
    E: Executor,
    W: for<'t> FnOnce(&'t Transaction) -> BoxFuture<'t, Result<T>> + Send,
{
    let answer = Arc::new(Mutex::new(None));
    let place = Arc::clone(&answer);
    let ended = ex
        .atomic(move |tx| {
            let work = work(tx);
            Box::pin(async move {
                let done = work.await;
                if let Ok(mut place) = place.lock() {
                    *place = Some(done);
                }
                // Only an error rolls back, here a savepoint and there a transaction; nobody is told of this one.
                Err::<(), _>(Error::new(Code::BadQuery, "what was asked is rolled back"))
            })
        })
        .await;
    let answer = answer.lock().ok().and_then(|mut place| place.take());
    match (answer, ended) {
        (Some(answer), _) => answer,
        (None, Err(error)) => Err(error),
        (None, Ok(())) => Err(Error::new(Code::BadQuery, "nothing was asked")),
    }
}

/// Makes rows from drafts.
pub(super) async fn create<M: Model>(hooks: Of<M>, drafts: Vec<DraftRow<M>>, tx: &Transaction) -> Result<Vec<M>> {
    let (meta, dialect) = (M::meta(), tx.dialect());
    let (mut drafts, mut changes) = (drafts, Vec::new());
    for draft in &mut drafts {
        if let Some(error) = draft.error.take() {
            return Err(error);
        }
        if draft.skips_hooks {
            continue;
        }
        refuse_unseen_by_hooks(meta, &draft.slots)?;
        together(meta, filled(meta, &mut draft.slots))?;
        changes.push(Change::of(Proposed::new_row(draft.slots.iter().map(|slot| slot.value().cloned()).collect())));
    }
    if !changes.is_empty() {
        hooks.before_create(&mut changes, tx).await?;
    }
    let asks: Vec<bool> = drafts.iter().filter(|it| !it.skips_hooks).map(|draft| !draft.skips_validation).collect();
    changes.iter_mut().zip(&asks).filter(|(_, asks)| **asks).for_each(|(change, _)| change.validate());
    match asks.contains(&false) {
        false if changes.is_empty() => {}
        false => hooks.validate(&mut changes, tx).await?,
        true => {
            for (place, _) in asks.iter().enumerate().filter(|(_, asks)| **asks) {
                hooks.validate(&mut changes[place..=place], tx).await?;
            }
        }
    }
    let (mut rows, mut mistakes, single) = (Vec::with_capacity(drafts.len()), Vec::new(), drafts.len() == 1);
    let mut changes = changes.into_iter();
    let told: Vec<bool> = drafts.iter().map(|draft| !draft.skips_hooks).collect();
    for (place, mut draft) in drafts.into_iter().enumerate() {
        let rules = !draft.skips_validation;
        let errors = match told[place].then(|| changes.next()).flatten() {
            None => completed(meta, &mut draft.slots, dialect, rules),
            Some(change) => {
                let (set, mut errors) = change.into_parts();
                set.into_iter().for_each(|(column, value)| draft.give(column, value));
                errors.extend(fit_all(meta, &mut draft.slots, dialect, rules));
                errors
            }
        };
        match single {
            true => together(meta, errors)?,
            false => mistakes.extend(together(meta, errors).err().map(|error| (place, error))),
        }
        rows.push(draft.into_new_row());
    }
    together_by_row(meta, mistakes)?;
    let inserts = Inserts::of_rows(ModelRef::Static(meta), rows, None, dialect, all_columns(meta))?;
    let rows = tx.run(CreateMany { inserts, _model: PhantomData }).await?;
    if !told.contains(&false) {
        hooks.after_create(&rows, tx).await?;
        return Ok(rows);
    }
    // The hooks are given those rows that did not pass them by, side by side.
    let (with, without): (Vec<_>, Vec<_>) = rows.into_iter().zip(&told).partition(|(_, told)| **told);
    let with: Vec<M> = with.into_iter().map(|(row, _)| row).collect();
    if !with.is_empty() {
        hooks.after_create(&with, tx).await?;
    }
    let (mut with, mut without) = (with.into_iter(), without.into_iter().map(|(row, _)| row));
    Ok(told.iter().filter_map(|&told| if told { with.next() } else { without.next() }).collect())
}

/// Makes a row from a draft.
pub(super) async fn create_one<M: Model>(hooks: Of<M>, draft: DraftRow<M>, tx: &Transaction) -> Result<M> {
    create(hooks, vec![draft], tx).await?.pop().ok_or_else(|| not_found(M::meta()))
}

/// An upsert, and what to do in its place.
pub(super) const UPSERT: &str = "an upsert, which does not tell what was there,";
pub(super) const INSTEAD_OF_UPSERT: &str = "use `get_or_create`, and `save` what has changed";

/// Makes any number of rows, in one transaction.
pub(super) async fn create_all<M: Model, E: Executor>(
    hooks: Of<M>,
    drafts: Vec<DraftRow<M>>,
    ex: &E,
) -> Result<Vec<M>> {
    ex.atomic(move |tx| Box::pin(create(hooks, drafts, tx))).await
}

/// The row that has the draft's values in a unique key, or else a new one.
pub(super) async fn get_or_create<M: Model>(
    hooks: Of<M>,
    draft: DraftRow<M>,
    key: UniqueKey<M>,
    tx: &Transaction,
) -> Result<(M, bool)> {
    parent::refuse_unwritten(M::meta(), draft.parent.is_some())?;
    refuse_unseen_by_hooks(M::meta(), &draft.slots)?;
    let mut slots = draft.slots.clone();
    together(M::meta(), filled(M::meta(), &mut slots))?;
    if !draft.skips_validation {
        // The key is looked for as it would be stored; what is refused is told when the row is made.
        validated(M::meta(), &mut slots);
    }
    complete(M::meta(), &mut slots, tx.dialect(), false)?;
    let (row, target) = (NewRow::of(slots), columns_of(key));
    let find = || ByKey::new(Typed::new(), row.clone(), target.clone(), Over::Columns(Default::default())).map(Find);
    if let Some(found) = tx.run(find()?).await? {
        return Ok((found, false));
    }
    match tx.atomic(move |tx| Box::pin(create_one(hooks, draft, tx))).await {
        Ok(row) => Ok((row, true)),
        // Another task was quicker.
        Err(error) if error.code() == Code::UniqueViolation => {
            tx.run(find()?).await?.map(|row| (row, false)).ok_or(error)
        }
        Err(error) => Err(error),
    }
}

/// Writes what has changed in a row.
pub(super) async fn save<M: Model>(hooks: Of<M>, mut edit: Edit<M>, tx: &Transaction) -> Result<M> {
    let mut now = values_of(&edit.row)?;
    if edit.differing(now.clone()).is_empty() {
        return Ok(edit.row);
    }
    let mut changes = [Change::of(Proposed::known_row(edit.original.clone(), now.clone()))];
    hooks.before_update(&mut changes, tx).await?;
    if !edit.skips_validation() {
        changes[0].validate();
        hooks.validate(&mut changes, tx).await?;
    }
    let [change] = changes;
    let (set, mut errors) = change.into_parts();
    if !set.is_empty() {
        let kept = loaded(&edit.row, &set);
        set.into_iter().for_each(|(column, value)| now[usize::from(column)] = value);
        edit.row = Reader::new(&Row::of(&now.as_slice()), &[]).columns()?;
        kept.into_iter().for_each(|(field, rows)| edit.row.attach_related(field, rows));
    }
    let edit = edit.behind_hooks();
    if !errors.is_empty() {
        errors.extend(edit.looked_at(tx.dialect())?.1);
        together(M::meta(), errors)?;
    }
    let original = edit.original.clone();
    let row = edit.save(tx).await?;
    hooks.after_update(&[Change::of(Proposed::known_row(original, values_of(&row)?))], tx).await?;
    Ok(row)
}

/// What is done around a deletion: by the hooks of the model, and of its parents where they go as well.
pub(super) struct Around<M: Model> {
    hooks: Option<Of<M>>,
    parent: Option<&'static dyn AnyParent<M>>,
    keep_parents: bool,
}

impl<M: Model> Around<M> {
    /// None where nothing is.
    pub(super) fn of(skips: Skips) -> Option<Around<M>> {
        // Rules of fields ask about values: a deletion has none.
        let hooks = M::HOOKS.filter(|_| M::SPEC.hooks);
        let parent = M::PARENT.filter(|parent| !skips.parents && parent.is_hooked());
        let any = !skips.hooks && (hooks.is_some() || parent.is_some());
        any.then_some(Around { hooks, parent, keep_parents: skips.parents })
    }

    /// Deletes the rows of a query, and what goes with them.
    pub(super) async fn delete_found(self, rows: Select, tx: &Transaction) -> Result<Deleted> {
        let rows = tx.run(LockedRows::of(rows)).await?;
        self.delete(&rows, tx).await
    }

    /// The same, and gives the rows as they were.
    pub(super) async fn delete_returning(self, rows: Select, tx: &Transaction) -> Result<Vec<M>> {
        let rows = tx.run(LockedRows::of(rows)).await?;
        self.delete(&rows, tx).await?;
        Ok(rows)
    }

    /// Deletes rows, and what goes with them.
    pub(super) async fn delete(self, rows: &[M], tx: &Transaction) -> Result<Deleted> {
        if rows.is_empty() {
            return Ok(Deleted::default());
        }
        if let Some(hooks) = self.hooks {
            hooks.before_delete(rows, tx).await?;
        }
        let parents = match self.parent {
            Some(parent) => Some(parent.before_delete(rows, tx).await?),
            None => None,
        };
        let keys = rows.iter().map(|row| key_values(&row.key())).collect::<Result<Vec<_>>>()?;
        let collect = Collect::told(ModelRef::Static(M::meta()), From::Keys(keys), self.keep_parents);
        let gone = tx.run(collect).await?;
        if let Some(hooks) = self.hooks {
            hooks.after_delete(rows, tx).await?;
        }
        if let Some(parents) = parents {
            parents.after_delete(tx).await?;
        }
        Ok(gone)
    }
}
