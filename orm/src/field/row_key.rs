//! The primary key of a row in closures, as one thing, whether it is one column or several.

use super::{InScope, IntoKey, NamesRow, PathNode, Scope, Sub, to_one::ByRelation};
use crate::{
    Q, QuerySet, Result,
    model::{Key, Model, ModelMeta, Target, Writer},
    query::OrderKeys,
    tree::{BinaryOp, Expr, ModelRef, Order, Selected},
};
use std::marker::PhantomData;

/// The primary key of a row: what `s.pk()` is in a closure.
///
/// It is compared as a whole, whatever columns it has: with a key, a row, a relation that leads to one, or the key of a query
/// around. Keys of several columns are ordered by the first that differs.
///
/// ```
/// mod depot {
///     use orm::prelude::*;
///     orm::app! { pub depot { Hall, Shelf, Parcel } }
///
///     #[derive(Model, Debug, Clone)]
///     pub struct Hall {
///         #[field(primary_key, max_length = 3)]
///         pub code: String,
///     }
///
///     #[derive(Model, Debug, Clone)]
///     pub struct Shelf {
///         #[field(primary_key)]
///         pub hall: ForeignKey<Hall>,
///         #[field(primary_key)]
///         pub number: i32,
///     }
///
///     #[derive(Model, Debug, Clone)]
///     pub struct Parcel {
///         pub id: i64,
///         pub shelf: ForeignKey<Shelf>, // two columns: shelf_hall_id, shelf_number
///     }
/// }
/// # use orm::prelude::*;
/// use depot::{Hall, Parcel, Shelf};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = Database::connect("sqlite::memory:").await?;
/// # orm::migrate::create_tables(&db, &[depot::depot()]).await?;
/// let hall = Hall::draft().code("A").create(&db).await?;
/// for number in 1..=3 {
///     Shelf::draft().hall(&hall).number(number).create(&db).await?;
/// }
/// let shelf = Shelf::get(("A", 2), &db).await?;
/// let parcel = Parcel::draft().shelf(&shelf).create(&db).await?;
/// assert_eq!(parcel.shelf.key(), &("A".to_owned(), 2));
///
/// assert_eq!(Shelf::objects().filter(|s| s.pk().gt(("A", 1))).count(&db).await?, 2);
/// let used = Shelf::objects().filter(|s| Parcel::objects().within(s.number).filter(|p| p.shelf.eq(s.pk())).has_rows());
/// assert_eq!(used.get(&db).await?.number, 2);
/// let newest = Shelf::objects().order_by(|s| s.pk().desc()).first(&db).await?;
/// assert_eq!(newest.unwrap().number, 3);
/// # Ok(()) }
/// ```
pub struct Pk<S, M> {
    at: &'static PathNode,
    _type: PhantomData<fn() -> (S, M)>,
}

impl<S, M> Clone for Pk<S, M> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S, M> Copy for Pk<S, M> {}

/// Columns of the model at the end of a path.
pub(super) fn columns_at(at: &'static PathNode, meta: &'static ModelMeta, columns: &[u16]) -> Vec<Expr> {
    let path = at.path();
    let column = |&column: &u16| Expr::Column { path: path.clone(), model: ModelRef::Static(meta), column };
    columns.iter().map(column).collect()
}

/// The key is the one that `row` names.
pub(super) fn is_row<R, K: Target, How>(key: Vec<Expr>, row: impl NamesRow<R, K, How>) -> Expr {
    let is_null = |value: &Expr| matches!(value, Expr::Value(value) if value.is_null());
    match row.key_exprs() {
        Ok(values) if values.iter().all(is_null) => Expr::no_key(key),
        Ok(values) => Expr::same_key(key, values),
        Err(error) => Expr::refused(&error),
    }
}

impl<S: Scope, M: Model> Pk<S, M> {
    pub(super) fn new(at: &'static PathNode) -> Self {
        Pk { at, _type: PhantomData }
    }

    pub(super) fn columns(self) -> Vec<Expr> {
        columns_at(self.at, M::meta(), &M::meta().key)
    }

    fn ordered<How>(self, op: BinaryOp, row: impl NamesRow<S::Root, M, How>) -> Q<S::Root> {
        Q::from_expr(match row.key_exprs() {
            Ok(values) => Expr::ordered_key(&self.columns(), op, &values),
            Err(error) => Expr::refused(&error),
        })
    }

    fn order(self, descending: bool) -> PkOrder<S::Root> {
        let order = |expr| Order { expr, descending, nulls_first: None };
        PkOrder { keys: self.columns().into_iter().map(order).collect(), _root: PhantomData }
    }

    /// The row is this one. SQL: `hall_id = 'A' AND number = 2`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let ada = Author::get(1, &db).await?;
    /// assert_eq!(Author::objects().filter(|a| a.pk().eq(&ada)).count(&db).await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn eq<How>(self, row: impl NamesRow<S::Root, M, How>) -> Q<S::Root> {
        Q::from_expr(is_row(self.columns(), row))
    }

    /// The row is another one.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let namesakes = Author::objects().filter(|a| {
    ///     Author::objects().within(a.id).filter(|other| other.name.eq(a.name) & other.pk().ne(a.pk())).has_rows()
    /// });
    /// assert_eq!(namesakes.count(&db).await?, 0);
    /// # Ok(()) }
    /// ```
    pub fn ne<How>(self, row: impl NamesRow<S::Root, M, How>) -> Q<S::Root> {
        !self.eq(row)
    }

    /// The row is one of these, or one of the rows of a query.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let known = Author::objects().filter(|a| a.born.is_not_null());
    /// assert_eq!(Author::objects().filter(|a| a.pk().is_in(known)).count(&db).await?, 2);
    /// assert_eq!(Author::objects().filter(|a| a.pk().is_in([1, 3, 99])).count(&db).await?, 2);
    /// # Ok(()) }
    /// ```
    pub fn is_in<How>(self, rows: impl NamesRows<S::Root, M, How>) -> Q<S::Root> {
        Q::from_expr(rows.contain(self.columns()))
    }

    /// The key is less than this one.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Author::objects().filter(|a| a.pk().lt(3)).count(&db).await?, 2);
    /// # Ok(()) }
    /// ```
    pub fn lt<How>(self, row: impl NamesRow<S::Root, M, How>) -> Q<S::Root> {
        self.ordered(BinaryOp::Lt, row)
    }

    /// The key is this one, or less.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Author::objects().filter(|a| a.pk().lte(2)).count(&db).await?, 2);
    /// # Ok(()) }
    /// ```
    pub fn lte<How>(self, row: impl NamesRow<S::Root, M, How>) -> Q<S::Root> {
        self.ordered(BinaryOp::Le, row)
    }

    /// The key is greater than this one.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Author::objects().filter(|a| a.pk().gt(1)).count(&db).await?, 2);
    /// # Ok(()) }
    /// ```
    pub fn gt<How>(self, row: impl NamesRow<S::Root, M, How>) -> Q<S::Root> {
        self.ordered(BinaryOp::Gt, row)
    }

    /// The key is this one, or greater.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Author::objects().filter(|a| a.pk().gte(2)).count(&db).await?, 2);
    /// # Ok(()) }
    /// ```
    pub fn gte<How>(self, row: impl NamesRow<S::Root, M, How>) -> Q<S::Root> {
        self.ordered(BinaryOp::Ge, row)
    }

    /// Rows in the order of their keys.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let first = Author::objects().order_by(|a| a.pk().asc()).first(&db).await?;
    /// assert_eq!(first.unwrap().id, 1);
    /// # Ok(()) }
    /// ```
    pub fn asc(self) -> PkOrder<S::Root> {
        self.order(false)
    }

    /// Rows in the order of their keys, the greatest first.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let last = Author::objects().order_by(|a| (a.country.pk().asc(), a.pk().desc())).first(&db).await?;
    /// assert_eq!(last.unwrap().id, 3);
    /// # Ok(()) }
    /// ```
    pub fn desc(self) -> PkOrder<S::Root> {
        self.order(true)
    }
}

impl<R, M: Model, S: Scope<Root: InScope<R>>> NamesRow<R, M, ByRelation> for Pk<S, M> {
    fn key_exprs(self) -> Result<Vec<Expr>> {
        let levels = <S::Root as InScope<R>>::LEVELS;
        Ok(self.columns().into_iter().map(|column| column.outer(levels)).collect())
    }
}

/// The order of a primary key's columns.
#[must_use = "an order does nothing before `order_by` is given it"]
pub struct PkOrder<R> {
    keys: Vec<Order>,
    _root: PhantomData<fn() -> R>,
}

impl<R> OrderKeys<R> for PkOrder<R> {
    fn add_to(self, order: &mut Vec<Order>) {
        order.extend(self.keys);
    }
}

/// What names rows of `K` in the query `R`: a list of what [`IntoKey`] takes, or a query over the model.
///
/// `How` keeps the two apart, so that each can be said of any type.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let british = Author::objects().filter(|a| a.country.code.eq("UK"));
/// let listed = british.clone().all(&db).await?;
/// assert_eq!(Book::objects().filter(|b| b.author.is_in(british)).count(&db).await?, 2); // a query in the query
/// assert_eq!(Book::objects().filter(|b| b.author.is_in(&listed)).count(&db).await?, 2); // the keys of rows
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name rows of `{K}`",
    label = "expected a list of rows, of their keys or of foreign keys that hold them, or a query over the model",
    note = "a query that gives keys is compared with the key: `b.author.key().is_in(..)`"
)]
pub trait NamesRows<R, K: Target, How> {
    /// The condition that the key is that of one of the rows.
    #[doc(hidden)]
    fn contain(self, key: Vec<Expr>) -> Expr;
}

/// By values.
pub struct ByKeys;

/// By a query.
pub struct ByQuery;

impl<R, K: Target, T: IntoKey<K>, I: IntoIterator<Item = T>> NamesRows<R, K, ByKeys> for I {
    fn contain(self, key: Vec<Expr>) -> Expr {
        let mut out = Writer::default();
        for row in self {
            if let Err(error) = row.into_key().write(&mut out) {
                return Expr::refused(&error);
            }
        }
        Expr::one_of_keys(key, K::Key::KINDS[0], out.into_values().into_vec())
    }
}

fn in_query<K: Target, R>(key: Vec<Expr>, query: QuerySet<K::Model, K::Model, R>) -> Expr {
    let mut select = query.into_select();
    let model = ModelRef::Static(K::Model::meta());
    let columns = K::SHAPE.columns(&model).into_iter().map(|column| Selected::Expr(Expr::own(model.clone(), column)));
    select.selection = columns.collect();
    select.related.clear();
    Expr::InQuery(key, Box::new(select))
}

impl<R, M: Model, K: Target<Model = M>> NamesRows<R, K, ByQuery> for QuerySet<M, M, M> {
    fn contain(self, key: Vec<Expr>) -> Expr {
        in_query::<K, _>(key, self)
    }
}

impl<R: 'static, M: Model, K: Target<Model = M>> NamesRows<R, K, ByQuery> for QuerySet<M, M, Sub<R, M>> {
    fn contain(self, key: Vec<Expr>) -> Expr {
        in_query::<K, _>(key, self)
    }
}
