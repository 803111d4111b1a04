//! Handles of relations that lead to at most one row.

use super::{
    Field, ForeignKey, InScope, Joins, NamesRows, OneToOne, PathNode, Plain, Scope, expr_in, path::handles_of, row_key,
};
use crate::{
    Expression, FieldType, Q, Result, Value,
    model::{Key, Model, Target, Writer},
    tree::{BinaryOp, Expr, ModelRef, Step},
};
use std::{marker::PhantomData, ops::Deref};

/// A relation to at most one row: what `b.author` is in a closure.
///
/// It dereferences to the handles of the related model, so that a path just goes on: `b.author.country.code`. `S` is where the
/// relation stands, `T` where the related model does: below a nullable relation its values are `Option`s.
///
/// ```
/// # use library::*;
/// let query = Book::objects().filter(|b| b.author.country.code.eq("UK") & b.author.id.gt(1));
/// let sql = query.to_sql(Dialect::Sqlite)?; // a join per relation; none for the key
/// assert_eq!(sql.matches("JOIN").count(), 2);
/// # Ok::<(), orm::Error>(())
/// ```
pub struct ToOne<S, T, K> {
    at: &'static PathNode,
    field: u16,
    #[allow(clippy::type_complexity, reason = "three markers")]
    _type: PhantomData<fn() -> (S, T, K)>,
}

impl<S, T, K> Clone for ToOne<S, T, K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S, T, K> Copy for ToOne<S, T, K> {}

impl<S: Joins, T: Scope, K: Target> Deref for ToOne<S, T, K> {
    type Target = <K::Model as Model>::Fields<T>;

    fn deref(&self) -> &Self::Target {
        handles_of::<K::Model, T>(self.target())
    }
}

impl<S: Scope, T: Scope, K: Target> ToOne<S, T, K> {
    pub(crate) fn new(at: &'static PathNode, field: u16) -> Self {
        ToOne { at, field, _type: PhantomData }
    }

    pub(crate) fn target(self) -> &'static PathNode {
        self.at.step(self.field, K::Model::meta())
    }

    pub(crate) fn step(self) -> Step {
        Step::new(ModelRef::Static(self.at.model()), self.field)
    }

    /// The relation, as the index of its field.
    pub(crate) fn field_index(self) -> u16 {
        self.field
    }

    pub(crate) fn owner(self) -> &'static PathNode {
        self.at
    }

    /// The columns that decide whether there is a related row, as seen from the related side.
    fn key_columns(self) -> Vec<Expr> {
        let meta = K::Model::meta();
        let ends = self.at.model().fields[usize::from(self.field)].ends(meta);
        row_key::columns_at(self.target(), meta, ends)
    }

    /// The related row is this one: an instance, its key, or a column or relation that holds its key. SQL: `author_id = 7`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let ada = Author::get(1, &db).await?;
    /// assert_eq!(Book::objects().filter(|b| b.author.eq(&ada)).count(&db).await?, 2);
    /// assert_eq!(Book::objects().filter(|b| b.author.eq(2)).count(&db).await?, 2);
    /// let latest = Author::objects().annotate(|a| {
    ///     Book::objects().within(a.id).filter(|b| b.author.eq(a.id)).order_by(|b| b.created.desc()).scalar(|b| b.title)
    /// });
    /// assert_eq!(latest.first(&db).await?.unwrap().1.as_deref(), Some("Sketches"));
    /// # Ok(()) }
    /// ```
    pub fn eq<How>(self, row: impl NamesRow<S::Root, K, How>) -> Q<S::Root> {
        Q::from_expr(row_key::is_row(self.key_columns(), row))
    }

    /// The related row is not this one; also true where there is none.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().filter(|b| b.editor.ne(1)).count(&db).await?, 3); // also those without an editor
    /// # Ok(()) }
    /// ```
    pub fn ne<How>(self, row: impl NamesRow<S::Root, K, How>) -> Q<S::Root> {
        !self.eq(row)
    }

    /// The related row is one of these, or one of the rows of a query. SQL: `author_id IN (..)`, a list as one bind.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let known = Author::objects().filter(|a| a.born.is_not_null());
    /// let authors = known.clone().all(&db).await?;
    /// assert_eq!(Book::objects().filter(|b| b.author.is_in(&authors)).count(&db).await?, 4);
    /// assert_eq!(Book::objects().filter(|b| b.author.is_in(known)).count(&db).await?, 4);
    /// # Ok(()) }
    /// ```
    pub fn is_in<How>(self, rows: impl NamesRows<S::Root, K, How>) -> Q<S::Root> {
        Q::from_expr(rows.contain(self.key_columns()))
    }

    /// There is no related row. SQL: `author_id IS NULL`.
    ///
    /// ```
    /// # use library::*;
    /// let query = Book::objects().filter(|b| b.editor.is_null());
    /// assert!(query.to_sql(Dialect::Sqlite)?.ends_with(r#"WHERE "editor_id" IS NULL"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn is_null(self) -> Q<S::Root> {
        Q::from_expr(Expr::no_key(self.key_columns()))
    }

    /// There is a related row. SQL: `author_id IS NOT NULL`.
    ///
    /// ```
    /// # use library::*;
    /// let query = Book::objects().filter(|b| b.editor.is_not_null());
    /// assert!(query.to_sql(Dialect::Sqlite)?.ends_with(r#"WHERE "editor_id" IS NOT NULL"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn is_not_null(self) -> Q<S::Root> {
        !self.is_null()
    }

    /// The same related row as that of another relation.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let own = Book::objects().filter(|b| b.author.is_same(b.editor));
    /// assert_eq!(own.count(&db).await?, 0);
    /// # Ok(()) }
    /// ```
    pub fn is_same<S2: Scope, T2: Scope>(self, other: ToOne<S2, T2, K>) -> Q<S::Root>
    where
        S2::Root: InScope<S::Root>,
    {
        let levels = <S2::Root as InScope<S::Root>>::LEVELS;
        let parts = self.key_columns().into_iter().zip(other.key_columns());
        Q::from_expr(Expr::And(parts.map(|(left, right)| left.binary(BinaryOp::Is, right.outer(levels))).collect()))
    }

    /// A condition on the related model, kept elsewhere: `b.author.matches(&adults)`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let british = Q::<Author>::new(|a| a.country.code.eq("UK"));
    /// assert_eq!(Book::objects().filter(|b| b.author.matches(&british)).count(&db).await?, 2);
    /// assert_eq!(Author::objects().filter(|_| british).count(&db).await?, 2);
    /// # Ok(()) }
    /// ```
    pub fn matches(self, condition: &Q<K::Model>) -> Q<S::Root> {
        Q::from_expr(condition.expr().clone().below(&self.target().path()))
    }
}

/// What names a row of `K` in the query `R`: what [`IntoKey`] takes, a column that holds the key, or another relation.
///
/// `How` keeps them apart, so that each can be said of any type. `None` is where the relation leads to no row.
///
/// ```
/// # use library::*;
/// // The column of a query around, another relation of the row, and a key.
/// let query = Author::objects().filter(|a| Book::objects().within(a.id).filter(|b| b.author.eq(a.id)).has_rows());
/// let own = Book::objects().filter(|b| b.editor.eq(b.author) | b.author.eq(1));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name a row of `{K}`",
    label = "expected a row, its key, a foreign key that holds it, or a column that does",
    note = "whether there is no row is `.eq(None)`, or `.is_null()`",
    note = "a query knows the rows of one around it where it is `within` that: `Book::objects().within(a.id)`"
)]
pub trait NamesRow<R, K: Target, How> {
    /// The columns of the key.
    #[doc(hidden)]
    fn key_exprs(self) -> Result<Vec<Expr>>;
}

/// By a value.
pub struct ByKey;

/// By a column.
pub struct ByColumn;

/// By another relation.
pub struct ByRelation;

/// By a row that may not be there: none is where the relation leads to none.
pub struct ByOption;

impl<R, M: Model, K: Target<Model = M>> NamesRow<R, K, ByOption> for Option<&M> {
    fn key_exprs(self) -> Result<Vec<Expr>> {
        match self {
            Some(row) => key_exprs(K::key_of(row)),
            None => Ok(K::Key::KINDS.iter().map(|&kind| Expr::Value(Value::Null(kind))).collect()),
        }
    }
}

impl<R, K: Target, T: IntoKey<K>> NamesRow<R, K, ByKey> for T {
    fn key_exprs(self) -> Result<Vec<Expr>> {
        key_exprs(self.into_key())
    }
}

fn key_exprs<K: Key>(key: K) -> Result<Vec<Expr>> {
    let mut out = Writer::default();
    key.write(&mut out)?;
    Ok(out.into_values().into_iter().map(Expr::Value).collect())
}

impl<R, K, E> NamesRow<R, K, ByColumn> for E
where
    K: Target<Key: Plain>,
    E: Expression<Root: InScope<R>, Value: FieldType<Plain = K::Key>>,
{
    fn key_exprs(self) -> Result<Vec<Expr>> {
        Ok(vec![expr_in::<R, _>(self)])
    }
}

impl<R, K: Target, S: Scope<Root: InScope<R>>, T: Scope> NamesRow<R, K, ByRelation> for ToOne<S, T, K> {
    fn key_exprs(self) -> Result<Vec<Expr>> {
        let levels = <S::Root as InScope<R>>::LEVELS;
        Ok(self.key_columns().into_iter().map(|column| column.outer(levels)).collect())
    }
}

/// What names a row of `K`: an instance, its key, or a relation that points to it.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let ada = Author::get(1, &db).await?; // by the key
/// let book = Book::objects().filter(|b| b.author.eq(&ada)).first(&db).await?.unwrap(); // by the row
/// let again = Author::get(&book.author, &db).await?; // by the relation
/// assert_eq!(again.name, ada.name);
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name a row of `{K}`",
    label = "expected a row, its key, or a foreign key that holds it"
)]
pub trait IntoKey<K: Target> {
    /// The key of the row.
    fn into_key(self) -> K::Key;
}

impl<M: Model> IntoKey<M> for &M {
    fn into_key(self) -> M::Key {
        self.key()
    }
}

impl<K: Target> IntoKey<K> for &ForeignKey<K> {
    fn into_key(self) -> K::Key {
        self.key().clone()
    }
}

impl<K: Target> IntoKey<K> for ForeignKey<K> {
    fn into_key(self) -> K::Key {
        self.key().clone()
    }
}

impl<K: Target> IntoKey<K> for OneToOne<K> {
    fn into_key(self) -> K::Key {
        self.key().clone()
    }
}

impl<K: Target> IntoKey<K> for &OneToOne<K> {
    fn into_key(self) -> K::Key {
        self.key().clone()
    }
}

/// The key of `M`, made of a `T`.
///
/// ```
/// # use library::*;
/// use orm::KeyFrom;
/// assert_eq!(<i64 as KeyFrom<Book, i64>>::key_from(7), 7);
/// ```
#[diagnostic::on_unimplemented(
    message = "a row of `{M}` is not named by a `{T}`: its key is a `{Self}`",
    label = "expected a row, a foreign key to it, or a `{Self}`"
)]
pub trait KeyFrom<M, T> {
    /// The key.
    fn key_from(value: T) -> Self;
}

macro_rules! key_values {
    ($($type:ty $(where $life:lifetime)? => $key:ty;)+) => {$(
        impl<$($life,)? M> KeyFrom<M, $type> for $key {
            fn key_from(value: $type) -> $key {
                value.into()
            }
        }

        impl<$($life,)? K: Target<Key: KeyFrom<K, $type>>> IntoKey<K> for $type {
            fn into_key(self) -> K::Key {
                K::Key::key_from(self)
            }
        }
    )+};
}

key_values! {
    i64 => i64;
    i32 => i32;
    i16 => i16;
    u32 => u32;
    u64 => u64;
    uuid::Uuid => uuid::Uuid;
    String => String;
    &'a str where 'a => String;
}

/// A part of a key of several: itself, `&str` for a text, or a tuple where the part is a key of several as well.
///
/// ```
/// use orm::IntoPart;
/// let (shelf, day): ((String, i32), i64) = (("A", 7).into_part(), 1.into_part());
/// assert_eq!((shelf.0.as_str(), shelf.1, day), ("A", 7, 1));
/// ```
#[diagnostic::on_unimplemented(message = "`{Self}` is not a part of a key that is a `{K}`", label = "expected `{K}`")]
pub trait IntoPart<K> {
    /// The part.
    fn into_part(self) -> K;
}

impl<K: Plain> IntoPart<K> for K {
    fn into_part(self) -> K {
        self
    }
}

impl IntoPart<String> for &str {
    fn into_part(self) -> String {
        self.to_owned()
    }
}

macro_rules! key_tuples {
    ($(($($part:ident from $given:ident in $place:tt),+))+) => {$(
        impl<$($part, $given: IntoPart<$part>),+> IntoPart<($($part,)+)> for ($($given,)+) {
            fn into_part(self) -> ($($part,)+) {
                ($(self.$place.into_part(),)+)
            }
        }

        impl<To, $($part, $given: IntoPart<$part>),+> IntoKey<To> for ($($given,)+)
        where
            To: Target<Key = ($($part,)+)>,
        {
            fn into_key(self) -> To::Key {
                self.into_part()
            }
        }
    )+};
}

key_tuples! {
    (A from X in 0, B from Y in 1)
    (A from X in 0, B from Y in 1, C from Z in 2)
    (A from X in 0, B from Y in 1, C from Z in 2, D from W in 3)
    (A from X in 0, B from Y in 1, C from Z in 2, D from W in 3, E from V in 4)
    (A from X in 0, B from Y in 1, C from Z in 2, D from W in 3, E from V in 4, F from U in 5)
    (A from X in 0, B from Y in 1, C from Z in 2, D from W in 3, E from V in 4, F from U in 5, G from T in 6)
    (A from X in 0, B from Y in 1, C from Z in 2, D from W in 3, E from V in 4, F from U in 5, G from T in 6, H from S in 7)
}

/// A handle for the key of a relation's row, where its type is one column.
impl<S: Scope, T: Scope, K: Target> ToOne<S, T, K>
where
    K::Key: FieldType,
{
    /// The key of the related row, or what its unique field holds, as a value: no join is needed for it.
    ///
    /// ```
    /// # use library::*;
    /// let query = Author::objects().filter(|a| Book::objects().within(a.id).filter(|b| b.author.key().eq(a.id)).has_rows());
    /// assert!(!query.to_sql(Dialect::Sqlite)?.contains("JOIN"));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn key(self) -> Field<T, K::Key> {
        Field::new(self.target(), self.at.model().fields[usize::from(self.field)].ends(K::Model::meta())[0])
    }
}
