//! Handles of generic foreign keys: relations that lead to a row of any model.

use super::{Field, InScope, PathNode, Pk, Scope, ToMany, ToOne, row_key};
use crate::{
    GenericForeignKey, Q, Result,
    model::{GenericKey, GenericTarget, Model, ModelField, Writer},
    tree::{BinaryOp, Expr, ModelRef, Step},
    write::IntoField,
};
use std::marker::PhantomData;

/// A relation to a row of any model: what `c.about` is in a closure, where `about` is a [`GenericForeignKey`].
///
/// It is compared with rows, asked for its model, and goes on from there as a set of one row or none: `c.about.of::<Book>()`. `S` is
/// where it stands, `T` where its own columns do, which can be NULL.
///
/// ```
/// mod talk {
///     use orm::prelude::*;
///     orm::app! { pub talk { Comment } }
///
///     #[derive(Model)]
///     pub struct Comment {
///         pub id: i64,
///         pub about: GenericForeignKey<i64>,
///     }
/// }
/// # use library::*;
/// use talk::Comment;
/// let query = Comment::objects().filter(|c| c.about.is::<Book>() | c.about.eq(orm::GenericForeignKey::to::<Author>(7)));
/// let sql = query.to_sql(Dialect::Sqlite)?;
/// assert!(sql.ends_with(r#"WHERE ("about_model" = ? OR ("about_model" = ? AND "about_key" = ?))"#), "{sql}");
/// # Ok::<(), orm::Error>(())
/// ```
pub struct ToAny<S, T, K> {
    at: &'static PathNode,
    field: u16,
    #[allow(clippy::type_complexity, reason = "three markers")]
    _type: PhantomData<fn() -> (S, T, K)>,
}

impl<S, T, K> Clone for ToAny<S, T, K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S, T, K> Copy for ToAny<S, T, K> {}

impl<S: Scope, T: Scope, K: GenericKey> ToAny<S, T, K> {
    pub(super) fn new(at: &'static PathNode, field: u16) -> Self {
        ToAny { at, field, _type: PhantomData }
    }

    pub(crate) fn owner(self) -> &'static PathNode {
        self.at
    }

    /// The relation, as the index of its field.
    pub(crate) fn field_index(self) -> u16 {
        self.field
    }

    fn column(self, place: u16) -> u16 {
        self.at.model().fields[usize::from(self.field)].first_column + place
    }

    fn columns(self) -> [Expr; 2] {
        let column = |place| Expr::Column {
            path: self.at.path(),
            model: ModelRef::Static(self.at.model()),
            column: self.column(place),
        };
        [column(0), column(1)]
    }

    /// The column with the label of the model, as a value: to be selected, grouped and ordered by.
    ///
    /// ```
    /// # mod talk {
    /// #     use orm::prelude::*;
    /// #     orm::app! { pub talk { Comment } }
    /// #     #[derive(Model)]
    /// #     pub struct Comment {
    /// #         pub id: i64,
    /// #         pub about: GenericForeignKey<i64>,
    /// #     }
    /// # }
    /// # use library::*;
    /// # use talk::Comment;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # orm::migrate::create_tables(&db, &[talk::talk()]).await?;
    /// Comment::draft().about(orm::GenericForeignKey::to::<Book>(7)).create(&db).await?;
    /// let counted = Comment::objects().group_by(|c| c.about.label()).annotate(|_| orm::count());
    /// assert_eq!(counted.all(&db).await?, [("library.Book".to_owned(), 1)]);
    /// # Ok(()) }
    /// ```
    pub fn label(self) -> Field<T, String> {
        Field::new(self.at, self.column(0))
    }

    /// The column with the key of the row, as a value.
    ///
    /// ```
    /// # mod talk {
    /// #     use orm::prelude::*;
    /// #     orm::app! { pub talk { Comment } }
    /// #     #[derive(Model)]
    /// #     pub struct Comment {
    /// #         pub id: i64,
    /// #         pub about: GenericForeignKey<i64>,
    /// #     }
    /// # }
    /// # use library::*;
    /// # use talk::Comment;
    /// let query = Comment::objects().filter(|c| c.about.key().gt(7));
    /// assert!(query.to_sql(Dialect::Sqlite)?.ends_with(r#"WHERE "about_key" > ?"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn key(self) -> Field<T, K> {
        Field::new(self.at, self.column(1))
    }

    /// It leads to a row of `M`, whichever.
    ///
    /// ```
    /// # mod talk {
    /// #     use orm::prelude::*;
    /// #     orm::app! { pub talk { Comment } }
    /// #     #[derive(Model)]
    /// #     pub struct Comment {
    /// #         pub id: i64,
    /// #         pub about: GenericForeignKey<i64>,
    /// #     }
    /// # }
    /// # use library::*;
    /// # use talk::Comment;
    /// let query = Comment::objects().filter(|c| c.about.is::<Book>());
    /// assert!(query.to_sql(Dialect::Sqlite)?.ends_with(r#"WHERE "about_model" = ?"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn is<M: GenericTarget<K>>(self) -> Q<S::Root> {
        let [label, _] = self.columns();
        Q::from_expr(label.binary(BinaryOp::Eq, Expr::Value(crate::Value::Text(M::meta().label()))))
    }

    /// It leads to this row: a row, a relation to one, a [`GenericForeignKey`], or the key of a row of a query around.
    ///
    /// ```
    /// # mod talk {
    /// #     use orm::prelude::*;
    /// #     orm::app! { pub talk { Comment } }
    /// #     #[derive(Model)]
    /// #     pub struct Comment {
    /// #         pub id: i64,
    /// #         pub about: GenericForeignKey,
    /// #     }
    /// # }
    /// # use library::*;
    /// # use talk::Comment;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let book = Book::get(1, &db).await?;
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # orm::migrate::create_tables(&db, &[talk::talk()]).await?;
    /// Comment::draft().about(&book.author).create(&db).await?;
    /// assert_eq!(Comment::objects().filter(|c| c.about.eq(&book)).count(&db).await?, 0);
    /// assert_eq!(Comment::objects().filter(|c| c.about.eq(&book.author)).count(&db).await?, 1);
    /// let silent = Book::objects()
    ///     .filter(|b| !Comment::objects().within(b.id).filter(|c| c.about.eq(b.pk()) | c.about.eq(b.author)).has_rows());
    /// # Ok(()) }
    /// ```
    pub fn eq<How>(self, row: impl NamesAny<S::Root, K, How>) -> Q<S::Root> {
        Q::from_expr(match row.pair(self.step()) {
            Ok(pair) => Expr::same_key(self.columns(), pair),
            Err(error) => Expr::refused(&error),
        })
    }

    /// It does not lead to this row; also true where it leads to none.
    ///
    /// ```
    /// # mod talk {
    /// #     use orm::prelude::*;
    /// #     orm::app! { pub talk { Comment } }
    /// #     #[derive(Model)]
    /// #     pub struct Comment {
    /// #         pub id: i64,
    /// #         pub about: GenericForeignKey<i64>,
    /// #     }
    /// # }
    /// # use library::*;
    /// # use talk::Comment;
    /// let others = Comment::objects().filter(|c| c.about.ne(orm::GenericForeignKey::to::<Book>(7)));
    /// ```
    pub fn ne<How>(self, row: impl NamesAny<S::Root, K, How>) -> Q<S::Root> {
        !self.eq(row)
    }

    /// It leads to one of these rows, as one bind: a list of rows, or of [`GenericForeignKey`]s to rows of several models. For the
    /// rows of a query there is `c.about.of::<Book>().any(|b| ..)`.
    ///
    /// ```
    /// # mod talk {
    /// #     use orm::prelude::*;
    /// #     orm::app! { pub talk { Comment } }
    /// #     #[derive(Model)]
    /// #     pub struct Comment {
    /// #         pub id: i64,
    /// #         pub about: GenericForeignKey,
    /// #     }
    /// # }
    /// # use library::*;
    /// # use talk::Comment;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let books = Book::objects().all(&db).await?;
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # orm::migrate::create_tables(&db, &[talk::talk()]).await?;
    /// Comment::draft().about(&books[0]).create(&db).await?;
    /// assert_eq!(Comment::objects().filter(|c| c.about.is_in(&books)).count(&db).await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn is_in<V: IntoField<GenericForeignKey<K>>>(self, rows: impl IntoIterator<Item = V>) -> Q<S::Root> {
        let mut out = Writer::default();
        for row in rows {
            if let Err(error) = row.into_field().write(&mut out) {
                return Q::from_expr(Expr::refused(&error));
            }
        }
        Q::from_expr(Expr::one_of_keys(self.columns().into(), crate::Kind::Text, out.into_values().into_vec()))
    }

    /// It leads to no row.
    ///
    /// ```
    /// # mod talk {
    /// #     use orm::prelude::*;
    /// #     orm::app! { pub talk { Comment } }
    /// #     #[derive(Model)]
    /// #     pub struct Comment {
    /// #         pub id: i64,
    /// #         pub about: Option<GenericForeignKey<i64>>,
    /// #     }
    /// # }
    /// # use library::*;
    /// # use talk::Comment;
    /// let loose = Comment::objects().filter(|c| c.about.is_null());
    /// ```
    pub fn is_null(self) -> Q<S::Root> {
        Q::from_expr(Expr::no_key(self.columns()))
    }

    /// It leads to a row, or did.
    ///
    /// ```
    /// # mod talk {
    /// #     use orm::prelude::*;
    /// #     orm::app! { pub talk { Comment } }
    /// #     #[derive(Model)]
    /// #     pub struct Comment {
    /// #         pub id: i64,
    /// #         pub about: Option<GenericForeignKey<i64>>,
    /// #     }
    /// # }
    /// # use library::*;
    /// # use talk::Comment;
    /// let bound = Comment::objects().filter(|c| c.about.is_not_null());
    /// ```
    pub fn is_not_null(self) -> Q<S::Root> {
        !self.is_null()
    }

    /// The row that it leads to where that is one of `M`, as a set of one row or none: for conditions on it, values of it, joins
    /// with it, and to be loaded, which can be narrowed and goes on below.
    ///
    /// `any` asks whether the key is among those of the rows that fit, and is quick on every database. Other uses compare the keys of
    /// both; keys that are held as text and are none are converted for that, which no index of theirs helps with.
    ///
    /// ```
    /// # mod talk {
    /// #     use orm::prelude::*;
    /// #     orm::app! { pub talk { Comment } }
    /// #     #[derive(Model)]
    /// #     pub struct Comment {
    /// #         pub id: i64,
    /// #         pub about: GenericForeignKey<i64>,
    /// #     }
    /// # }
    /// # use library::*;
    /// # use talk::Comment;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// # orm::migrate::create_tables(&db, &[talk::talk()]).await?;
    /// Comment::draft().about(orm::GenericForeignKey::to::<Book>(2)).create(&db).await?;
    /// let titles = Comment::objects().values(|c| c.about.of::<Book>().order_by(|b| b.id.asc()).scalar(|b| b.title));
    /// assert_eq!(titles.get(&db).await?.as_deref(), Some("Compilers"));
    /// let comments = Comment::objects().prefetch(|c| (c.about, c.about.of::<Book>().select_related(|b| b.author)));
    /// assert_eq!(comments.get(&db).await?.about.get::<Book>()?.unwrap().author.get()?.name, "Grace Hopper");
    /// # Ok(()) }
    /// ```
    pub fn of<M: GenericTarget<K>>(self) -> ToMany<S, M> {
        ToMany::new(self.at, self.field)
    }

    fn step(self) -> Step {
        Step::new(ModelRef::Static(self.at.model()), self.field)
    }
}

/// What names a row of any model in the query `R`: a row, a relation, a [`GenericForeignKey`], or a row of a query around.
///
/// `How` keeps them apart, so that each can be said of any type.
///
/// ```
/// # mod talk {
/// #     use orm::prelude::*;
/// #     orm::app! { pub talk { Comment } }
/// #     #[derive(Model)]
/// #     pub struct Comment {
/// #         pub id: i64,
/// #         pub about: GenericForeignKey<i64>,
/// #     }
/// # }
/// # use library::*;
/// # use talk::Comment;
/// let silent = Book::objects().filter(|b| !Comment::objects().within(b.id).filter(|c| c.about.eq(b.pk())).has_rows());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name a row that this generic foreign key can lead to",
    label = "expected a row, a foreign key to one, or `GenericForeignKey::to::<Model>(key)`",
    note = "its keys are of type `{K}`; whether it leads to no row is `.is_null()`"
)]
pub trait NamesAny<R, K, How> {
    /// The label and the key.
    #[doc(hidden)]
    fn pair(self, step: Step) -> Result<Vec<Expr>>;
}

/// By a value.
pub struct ByPair;

/// By a relation or key of a query.
pub struct ByHandle;

impl<R, K: GenericKey, V: IntoField<GenericForeignKey<K>>> NamesAny<R, K, ByPair> for V {
    fn pair(self, _step: Step) -> Result<Vec<Expr>> {
        let mut out = Writer::default();
        self.into_field().write(&mut out)?;
        Ok(out.into_values().into_iter().map(Expr::Value).collect())
    }
}

impl<R, K, M, S, T> NamesAny<R, K, ByHandle> for ToOne<S, T, M>
where
    M: GenericTarget<K>,
    S: Scope<Root: InScope<R>>,
    T: Scope,
{
    fn pair(self, step: Step) -> Result<Vec<Expr>> {
        let columns = row_key::columns_at(self.target(), M::meta(), &M::meta().key);
        Ok(pair::<M>(step, columns, <S::Root as InScope<R>>::LEVELS))
    }
}

impl<R, K, M: GenericTarget<K>, S: Scope<Root: InScope<R>>> NamesAny<R, K, ByHandle> for Pk<S, M> {
    fn pair(self, step: Step) -> Result<Vec<Expr>> {
        Ok(pair::<M>(step, self.columns(), <S::Root as InScope<R>>::LEVELS))
    }
}

fn pair<M: Model>(step: Step, key: Vec<Expr>, levels: u8) -> Vec<Expr> {
    let step = Step { end: Some(ModelRef::Static(M::meta())), ..step };
    let key = key.into_iter().map(|part| part.outer(levels)).collect();
    step.labelled().map_or_else(Vec::new, |labelled| labelled.pair(key).into())
}
