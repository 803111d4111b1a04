//! What is done around changes of a many-to-many relation: `#[field(hooks = ..)]`.

use super::{
    Side,
    foresee::{Foresee, Foreseen, Link, Said},
    relate::{Relate, RelationChange},
};
use crate::{Executor, Key, Model, Result, Row, Transaction, Value, model::Reader, tree::Step};
use futures_util::future::BoxFuture;
use std::{
    fmt,
    future::{Future, ready},
    marker::PhantomData,
};

/// What is done around changes of the links of a many-to-many relation: `#[field(hooks = TagLinks)]` on it, and the functions that are wanted
/// for a type of that name.
///
/// They are told of the links that come or go, all of a change at once, by the keys of both sides, whichever side it was made from and by
/// whatever: `add`, `remove`, `set`, `clear`, what makes related rows, and changes by name. A link that is there already does not come, and
/// one that is not there does not go. Of a `set` those that go are told before those that come. They run in one transaction with the
/// change, or in a savepoint of the one that there is: an error undoes all of it. What is to happen once it is certain is given to
/// [`Transaction::on_commit`]. [`Many::skip_hooks`](super::Many::skip_hooks) passes them by. Links that go because a row on one of the sides is
/// deleted have no hooks: those of the row have.
///
/// ```
/// use orm::{LinkHooks, Links, Transaction, prelude::*};
///
/// orm::app! { pub office { Letter, Label, Entry } }
///
/// #[derive(Model, Debug)]
/// pub struct Letter {
///     pub id: i64,
///     pub title: String,
///     #[field(hooks = Labelling)]
///     pub labels: ManyToMany<Label>,
/// }
///
/// #[derive(Model, Debug)]
/// pub struct Label {
///     pub id: i64,
///     pub text: String,
///     #[field(via = labels)]
///     pub letters: ManyToMany<Letter>,
/// }
///
/// /// What has happened to letters.
/// #[derive(Model, Debug)]
/// pub struct Entry {
///     pub id: i64,
///     pub text: String,
/// }
///
/// pub struct Labelling;
///
/// impl LinkHooks<Letter, Label> for Labelling {
///     async fn after_add(links: &Links<Letter, Label>, tx: &Transaction) -> orm::Result<()> {
///         let told = links.iter().map(|(letter, label)| Entry::draft().text(format!("letter {letter} has label {label}")));
///         Entry::objects().bulk_insert(told, tx).await?;
///         tx.on_commit(async || println!("told everybody"));
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = Database::connect("sqlite::memory:").await?;
/// # orm::migrate::create_tables(&db, &[office()]).await?;
/// let letter = Letter::draft().title("Dear Ada").create(&db).await?;
/// let label = Label::draft().text("read").create(&db).await?;
/// letter.many(|l| l.labels).add([&label], &db).await?;
/// label.many(|l| l.letters).add([&letter], &db).await?; // it is there already
/// assert_eq!(Entry::objects().get(&db).await?.text, "letter 1 has label 1");
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no hooks for links from `{O}` to `{T}`",
    label = "`#[field(hooks = ..)]` names a type with `impl LinkHooks<{O}, {T}>`",
    note = "write `impl orm::LinkHooks<{O}, {T}> for {Self} {{ async fn after_add(links: &Links<{O}, {T}>, tx: &Transaction) -> orm::Result<()> {{ .. }} }}`"
)]
#[allow(unused_variables, reason = "what does nothing uses nothing; the names are for those who read them")]
pub trait LinkHooks<O: Model, T: Model>: Send + Sync + 'static {
    /// Before links are made.
    fn before_add(links: &Links<O, T>, tx: &Transaction) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }

    /// After links were made.
    fn after_add(links: &Links<O, T>, tx: &Transaction) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }

    /// Before links go.
    fn before_remove(links: &Links<O, T>, tx: &Transaction) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }

    /// After links have gone.
    fn after_remove(links: &Links<O, T>, tx: &Transaction) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }
}

/// Links that come or go, between rows of `O`, whose model has the relation, and rows of `T`: never none.
///
/// ```
/// # use library::*;
/// use orm::Links;
/// /// The books that get a tag, or lose one.
/// fn books(links: &Links<Book, Tag>) -> Vec<i64> {
///     links.iter().map(|(book, _)| *book).collect()
/// }
/// ```
pub struct Links<O: Model, T: Model> {
    pairs: Vec<(O::Key, T::Key)>,
    from_far_side: bool,
}

impl<O: Model, T: Model> Links<O, T> {
    /// The keys of both sides of each link, each once. Of a `symmetrical` relation the first is that of the row whose relation is changed, and
    /// the way back is not told by itself.
    ///
    /// ```
    /// # use library::*;
    /// # use orm::Links;
    /// fn is_about(links: &Links<Book, Tag>, tag: i64) -> bool {
    ///     links.iter().any(|(_, of)| *of == tag)
    /// }
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = &(O::Key, T::Key)> {
        self.pairs.iter()
    }

    /// How many they are.
    ///
    /// ```
    /// # use library::*;
    /// # use orm::Links;
    /// fn told(links: &Links<Book, Tag>) -> String {
    ///     format!("{} links", links.count())
    /// }
    /// ```
    pub fn count(&self) -> usize {
        self.pairs.len()
    }

    /// Whether the change was made from the other side: by a row of `T`.
    ///
    /// ```
    /// # use library::*;
    /// # use orm::Links;
    /// fn by(links: &Links<Book, Tag>) -> &'static str {
    ///     if links.is_from_far_side() { "the tag" } else { "the book" }
    /// }
    /// ```
    pub fn is_from_far_side(&self) -> bool {
        self.from_far_side
    }
}

impl<O: Model, T: Model> fmt::Debug for Links<O, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links").field("count", &self.pairs.len()).field("from_far_side", &self.from_far_side).finish()
    }
}

/// When hooks are told.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkMoment {
    /// Before links are made.
    BeforeAdd,
    /// After they were.
    AfterAdd,
    /// Before links go.
    BeforeRemove,
    /// After they have gone.
    AfterRemove,
}

/// The keys of two rows, as values.
#[doc(hidden)]
pub type LinkedKeys = (Vec<Value>, Vec<Value>);

/// The hooks of a relation, whatever its sides.
#[doc(hidden)]
pub trait AnyLinkHooks: Sync {
    /// Tells them; the first key of each pair is that of the side which has the relation.
    fn tell<'a>(
        &self,
        moment: LinkMoment,
        pairs: &'a [LinkedKeys],
        from_far_side: bool,
        tx: &'a Transaction,
    ) -> BoxFuture<'a, Result<()>>;
}

/// The hooks that a relation has.
#[doc(hidden)]
pub struct LinkHooksOf<H, O, T>(PhantomData<fn() -> (H, O, T)>);

impl<H, O, T> LinkHooksOf<H, O, T> {
    /// The value.
    pub const NEW: Self = LinkHooksOf(PhantomData);
}

fn read<K: Key>(key: &[Value]) -> Result<K> {
    K::read(&mut Reader::new(&Row::of(&key), &[]))
}

impl<H: LinkHooks<O, T>, O: Model, T: Model> AnyLinkHooks for LinkHooksOf<H, O, T> {
    fn tell<'a>(
        &self,
        moment: LinkMoment,
        pairs: &'a [LinkedKeys],
        from_far_side: bool,
        tx: &'a Transaction,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let pairs = pairs.iter().map(|(own, far)| Ok((read(own)?, read(far)?))).collect::<Result<_>>()?;
            let links: Links<O, T> = Links { pairs, from_far_side };
            match moment {
                LinkMoment::BeforeAdd => H::before_add(&links, tx).await,
                LinkMoment::AfterAdd => H::after_add(&links, tx).await,
                LinkMoment::BeforeRemove => H::before_remove(&links, tx).await,
                LinkMoment::AfterRemove => H::after_remove(&links, tx).await,
            }
        })
    }
}

/// The hooks of a relation, as it is seen from where a change begins.
#[derive(Clone, Copy)]
pub(super) struct Told {
    hooks: fn() -> &'static dyn AnyLinkHooks,
    /// The other side has said them.
    from_far_side: bool,
}

impl Told {
    /// Those that a side of a relation has said.
    fn of(side: &Side) -> Option<Told> {
        let hooked = |said: &Said| {
            let from_far_side = said.from_far_side;
            said.step.field().options.link_hooks.map(|hooks| Told { hooks, from_far_side })
        };
        Said::all(side).iter().find_map(hooked)
    }

    async fn tell(&self, moment: LinkMoment, owner: &[Value], far: &[Link], tx: &Transaction) -> Result<()> {
        let pair = |link: &Link| match self.from_far_side {
            false => (owner.to_vec(), link.key.clone()),
            true => (link.key.clone(), owner.to_vec()),
        };
        let pairs: Vec<LinkedKeys> = far.iter().map(pair).collect();
        (self.hooks)().tell(moment, &pairs, self.from_far_side, tx).await
    }
}

/// Whether both sides of a relation have said hooks, of which one would not be told.
pub(crate) fn hooked_twice(step: &Step) -> bool {
    let Ok(side) = super::side(step) else { return false };
    Said::all(&side).iter().filter(|said| said.step.field().options.link_hooks.is_some()).count() > 1
}

/// Changes a relation, with what is done around it.
pub(crate) async fn run<E: Executor>(relate: Relate, ex: &E) -> Result<u64> {
    match Told::of(&relate.side).filter(|_| !relate.skips.hooks) {
        None => ex.run(relate).await,
        // Boxed, so that the futures of those who have none are small.
        Some(told) => Box::pin(ex.atomic(move |tx| Box::pin(hooked(relate, told, tx)))).await,
    }
}

async fn hooked(relate: Relate, told: Told, tx: &Transaction) -> Result<u64> {
    let foreseen = tx.run(Foresee(Some(relate), told.from_far_side)).await?;
    let Some(Foreseen { relate, owner, gone, new, led_nowhere }) = foreseen else { return Ok(0) };
    let mut count = led_nowhere;
    if !gone.is_empty() {
        told.tell(LinkMoment::BeforeRemove, &owner, &gone, tx).await?;
        count += tx.run(relate.just(RelationChange::Remove, &gone)).await?;
        told.tell(LinkMoment::AfterRemove, &owner, &gone, tx).await?;
    }
    if !new.is_empty() {
        told.tell(LinkMoment::BeforeAdd, &owner, &new, tx).await?;
    }
    if let Some(adding) = relate.adding(&new) {
        count += tx.run(adding).await?;
    }
    if !new.is_empty() {
        told.tell(LinkMoment::AfterAdd, &owner, &new, tx).await?;
    }
    Ok(count)
}
