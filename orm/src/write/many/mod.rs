//! The to-many relations of one row: read as a query, changed by adding and removing.

mod create;
mod foresee;
mod links;
mod relate;

pub use create::{IntoRelatedDraft, SetOrKeyTo};
pub use links::{AnyLinkHooks, LinkHooks, LinkHooksOf, LinkMoment, LinkedKeys, Links};
pub(crate) use links::{hooked_twice, run as run_relate};
pub(crate) use relate::{RelationChange, relate};

use super::{
    Assigns,
    point::{columns_in, key_values},
};
use crate::{
    Code, Error, Executor, IntoKey, Model, QuerySet, Result, Value,
    field::{At, Scope, ToMany},
    model::{RowPart, Writer, misfit},
    tree::{Assignment, Expr, ModelRef, Select, Selected, Step},
};
use relate::{Relate, distinct};
use std::marker::PhantomData;

/// A to-many relation of one row of `O` to rows of `T`: what `book.many(|b| b.tags)` gives.
///
/// For a many-to-many, `add`, `remove`, `set` and `clear` write rows of the table between; for the reverse of a foreign key
/// they set that key. All of it takes a few statements, however many rows there are, and either all happens or nothing.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let book = Book::get(1, &db).await?;
/// assert_eq!(book.many(|b| b.tags).add([1, 4], &db).await?, 2);
/// assert_eq!(book.many(|b| b.tags).rows()?.count(&db).await?, 4);
/// # Ok(()) }
/// ```
#[must_use = "related rows do not change before `.add(..)`, `.remove(..)` or `.set(..)`"]
pub struct Many<T, O> {
    owner: Result<Vec<Value>>,
    side: Result<Side>,
    /// What is written beside the two keys into a model between.
    beside: Result<Vec<Assignment>>,
    skips: Skips,
    _ends: PhantomData<fn() -> (T, O)>,
}

/// What is passed by, because it was said so.
#[derive(Debug, Clone, Copy, Default)]
struct Skips {
    validation: bool,
    hooks: bool,
}

/// How the related rows hang together with the owner.
#[derive(Clone)]
enum Side {
    /// By a table between: its columns for the owner and for the related row, and what the latter hold.
    Between { model: ModelRef, source: Vec<u16>, target: Vec<u16>, ends: Vec<u16>, automatic: bool, of: Step },
    /// By a foreign key of the related rows.
    ForeignKey { model: ModelRef, columns: Vec<u16> },
}

pub(crate) fn many<M: Model, S: Scope, T: Model>(row: &M, relation: ToMany<S, T>) -> Many<T, M> {
    let step = relation.step();
    let owner = held(row, &step).and_then(|key| match step.labelled() {
        Some(labelled) => labelled.tied(&key).ok_or_else(|| misfit(&M::meta().name)),
        None => Ok(key),
    });
    Many { owner, side: side(&step), beside: Ok(Vec::new()), skips: Skips::default(), _ends: PhantomData }
}

/// What foreign keys hold of the owner: its key, or another unique field.
fn held<M: Model>(row: &M, step: &Step) -> Result<Vec<Value>> {
    let Some(field) = step.held_field() else { return key_values(&row.key()) };
    let mut out = Writer::default();
    row.write_field(field, &mut out)?;
    Ok(out.into_values().into_vec())
}

fn side(step: &Step) -> Result<Side> {
    let field = &step.model.fields[usize::from(step.field)];
    let columns = |model: &ModelRef, field: u16| model.fields[usize::from(field)].columns().collect();
    let wrong = || Error::new(Code::BadModel, format!("`{}.{}` leads nowhere", step.model.name, field.name));
    if let Some(through) = step.between() {
        let model = through.model();
        let (source, target) = (columns(&model, through.source), columns(&model, through.target));
        let far = step.target().ok_or_else(wrong)?;
        if field.options.symmetrical && far != step.model {
            let what = format!("`{}.{}` is symmetrical, and leads to another model", step.model.name, field.name);
            return Err(Error::new(Code::BadModel, what).with_hint("remove `symmetrical`"));
        }
        let ends = model.fields[usize::from(through.target)].ends(&far).to_vec();
        return Ok(Side::Between { model, source, target, ends, automatic: through.automatic, of: step.clone() });
    }
    let key = step.foreign_key().ok_or_else(wrong)?;
    let model = step.target().ok_or_else(wrong)?;
    let columns = columns(&model, key);
    Ok(Side::ForeignKey { model, columns })
}

impl<T: Model, O: Model> Many<T, O> {
    /// The related rows, as a query over their model.
    ///
    /// # Errors
    /// When the relation cannot be followed, or the key of the row has no database form.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let ada = Author::get(1, &db).await?;
    /// let cheap = ada.many(|a| a.books).rows()?.filter(|b| b.price.lt(10));
    /// assert_eq!(cheap.get(&db).await?.title, "Sketches");
    /// # Ok(()) }
    /// ```
    pub fn rows(self) -> Result<QuerySet<T>> {
        let (owner, side) = (self.owner?, self.side?);
        let target = ModelRef::Static(T::meta());
        let condition = match side {
            Side::ForeignKey { columns, .. } => columns_in(&target, &columns, vec![owner]),
            Side::Between { model, source, target: far, ends, .. } => {
                let mut between = Select::bare(model.clone());
                between.add_filter(columns_in(&model, &source, vec![owner]));
                between.selection =
                    far.iter().map(|&column| Selected::Expr(Expr::own(model.clone(), column))).collect();
                let key = ends.iter().map(|&column| Expr::own(target.clone(), column)).collect();
                Expr::InQuery(key, Box::new(between))
            }
        };
        let mut query = T::objects();
        query.select_mut().add_filter(condition);
        Ok(query)
    }

    /// The related rows.
    ///
    /// # Errors
    /// See [`rows`](Many::rows).
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let tags = Book::get(3, &db).await?.many(|b| b.tags).all(&db).await?;
    /// assert_eq!((tags[0].slug.as_str(), tags[1].slug.as_str()), ("code", "history"));
    /// # Ok(()) }
    /// ```
    pub async fn all<E: Executor>(self, ex: &E) -> Result<Vec<T>>
    where
        T: RowPart,
    {
        self.rows()?.all(ex).await
    }

    /// Relates these rows as well, and gives the number of those that were not yet related.
    ///
    /// # Errors
    /// When one of them does not exist nothing is related: [`Code::ForeignKeyViolation`] for a many-to-many, and
    /// [`Code::NotFound`], with the keys that are missing, for the reverse of a foreign key. Two tasks that relate the same rows at once
    /// can get [`Code::Deadlock`] on MariaDB and MySQL: run the transaction again.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let book = Book::get(1, &db).await?;
    /// let tag = Tag::draft().slug("logic").name("Logic").create(&db).await?;
    /// assert_eq!(book.many(|b| b.tags).add([&tag], &db).await?, 1);
    /// assert_eq!(book.many(|b| b.tags).add([&tag], &db).await?, 0); // it is there already
    /// # Ok(()) }
    /// ```
    pub async fn add<E: Executor, K: IntoKey<T>>(self, rows: impl IntoIterator<Item = K>, ex: &E) -> Result<u64> {
        links::run(self.change(RelationChange::Add, rows)?, ex).await
    }

    /// Relates these rows no longer, and gives the number of those that were. The rows themselves stay.
    ///
    /// # Errors
    /// [`Code::BadQuery`] where the relation is a foreign key that is never NULL: then the rows have to be deleted.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let book = Book::get(1, &db).await?;
    /// assert_eq!(book.many(|b| b.tags).remove([2, 4], &db).await?, 1);
    /// # Ok(()) }
    /// ```
    pub async fn remove<E: Executor, K: IntoKey<T>>(self, rows: impl IntoIterator<Item = K>, ex: &E) -> Result<u64> {
        links::run(self.change(RelationChange::Remove, rows)?, ex).await
    }

    /// Relates exactly these rows, and gives the number of relations that came or went.
    ///
    /// # Errors
    /// Those of [`add`](Many::add) and [`remove`](Many::remove).
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let book = Book::get(1, &db).await?;
    /// assert_eq!(book.many(|b| b.tags).set([3, 4], &db).await?, 2); // one goes, one comes, one stays
    /// # Ok(()) }
    /// ```
    pub async fn set<E: Executor, K: IntoKey<T>>(self, rows: impl IntoIterator<Item = K>, ex: &E) -> Result<u64> {
        links::run(self.change(RelationChange::Set, rows)?, ex).await
    }

    /// Relates no row, and gives the number of those that were related.
    ///
    /// # Errors
    /// Those of [`remove`](Many::remove).
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let book = Book::get(1, &db).await?;
    /// assert_eq!(book.many(|b| b.tags).clear(&db).await?, 2);
    /// # Ok(()) }
    /// ```
    pub async fn clear<E: Executor>(self, ex: &E) -> Result<u64> {
        links::run(self.relating(RelationChange::Clear, Vec::new())?, ex).await
    }

    /// Writes these values into the rows of the model between that `add`, `set` and `create` make, where they would have defaults.
    ///
    /// ```
    /// # mod shop {
    /// #     use orm::prelude::*;
    /// #     orm::app! { pub shop { Order, Product, Line } }
    /// #     #[derive(Model)]
    /// #     pub struct Order {
    /// #         pub id: i64,
    /// #         #[field(through = Line)]
    /// #         pub products: ManyToMany<Product>,
    /// #     }
    /// #     #[derive(Model)]
    /// #     pub struct Product {
    /// #         pub id: i64,
    /// #         pub name: String,
    /// #     }
    /// #     #[derive(Model)]
    /// #     pub struct Line {
    /// #         pub id: i64,
    /// #         pub order: ForeignKey<Order>,
    /// #         pub product: ForeignKey<Product>,
    /// #         pub quantity: i32,
    /// #     }
    /// # }
    /// # use orm::prelude::*;
    /// # use shop::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # orm::migrate::create_tables(&db, &[shop::shop()]).await?;
    /// let (order, lamp) = (Order::draft().create(&db).await?, Product::draft().name("Lamp").create(&db).await?);
    /// let products = order.many(|o| o.products).through::<Line, _>(|l| l.quantity.set(2));
    /// assert_eq!(products.add([&lamp], &db).await?, 1);
    /// assert_eq!(Line::objects().get(&db).await?.quantity, 2);
    /// # Ok(()) }
    /// ```
    pub fn through<B: Model, A: Assigns<B>>(mut self, set: impl FnOnce(B::Fields<At<B>>) -> A) -> Self {
        self.beside = beside(self.side.as_ref().ok(), set(B::fields()));
        self
    }

    /// Changes the relation whether or not the model whose rows are written has a `validate`, which does not see them, and whether or not
    /// `choices_from` of a many-to-many has the related rows.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let ada = Author::get(1, &db).await?;
    /// assert_eq!(ada.many(|a| a.books).skip_validation().add([3], &db).await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn skip_validation(mut self) -> Self {
        self.skips.validation = true;
        self
    }

    /// Changes the relation whether or not the model whose rows are written has hooks, which are not run; nor are those of the relation,
    /// [`LinkHooks`](crate::LinkHooks).
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let ada = Author::get(1, &db).await?;
    /// assert_eq!(ada.many(|a| a.books).skip_hooks().add([3], &db).await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn skip_hooks(mut self) -> Self {
        self.skips.hooks = true;
        self
    }

    fn change<K: IntoKey<T>>(self, change: RelationChange, rows: impl IntoIterator<Item = K>) -> Result<Relate> {
        let keys = rows.into_iter().map(|row| key_values(&row.into_key())).collect::<Result<Vec<_>>>()?;
        self.relating(change, distinct(keys))
    }

    fn relating(self, change: RelationChange, keys: Vec<Vec<Value>>) -> Result<Relate> {
        let (side, owner, beside) = (self.side?, self.owner?, self.beside?);
        let relate = Relate::of(side, owner, change, keys, T::meta().name.clone());
        Ok(relate.with(beside, self.skips))
    }
}

/// The values for a model between: it has to be the one of the relation, and neither of its two keys is among them.
fn beside<B: Model>(side: Option<&Side>, assigns: impl Assigns<B>) -> Result<Vec<Assignment>> {
    let bad = |what: String, hint: &str| Err(Error::new(Code::BadQuery, what).with_hint(hint));
    let mut set = Vec::new();
    assigns.add_to(&mut set).map_err(|error| error.with_model(B::meta().name.clone()))?;
    // What is wrong with the relation itself is told when it is used.
    let Some(side) = side else { return Ok(set) };
    let Side::Between { model, source, target, automatic: false, .. } = side else {
        return bad(format!("`{}` does not stand between here", B::meta().name), "leave out `.through(..)`");
    };
    if !std::ptr::eq(&**model, B::meta()) {
        let hint = format!("write `.through::<{}, _>(..)`", model.name);
        return bad(format!("`{}` stands between here, not `{}`", model.name, B::meta().name), &hint);
    }
    if set.iter().any(|assignment| source.contains(&assignment.column) || target.contains(&assignment.column)) {
        return bad(format!("the keys of `{}` are those of the related rows", model.name), "leave them out");
    }
    if set.iter().any(|assignment| !matches!(assignment.value, Expr::Value(_))) {
        return bad(format!("a new `{}` has no values yet to compute from", model.name), "give values");
    }
    Ok(set)
}
