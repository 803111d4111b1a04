//! `b.views.set(b.views + 1)`: what an update sets.

use super::check::fit;
use crate::{
    Code, Error, FieldType, ForeignKey, GenericForeignKey, Operand, Result,
    field::{Field, NotNull, Nullable, Opt, PathNode, Scope, Settable, ToAny, ToOne},
    model::{GenericKey, ModelField, ModelMeta, Target, Writer},
    tree::{Assignment, Expr},
    write::IntoField,
};
use std::marker::PhantomData;

/// A new value for a field, in an update of the query `R`: what `b.views.set(..)` makes.
///
/// ```
/// # use library::*;
/// let sql = Book::objects().update_sql(|b| (b.views.set(b.views + 1), b.active.set(true)), Dialect::Postgres)?;
/// assert_eq!(sql, r#"UPDATE "library_book" SET "views" = "views" + $1, "active" = $2"#);
/// # Ok::<(), orm::Error>(())
/// ```
#[must_use = "an assignment does something only when an update returns it"]
pub struct Assign<R> {
    set: Result<Vec<Assignment>>,
    _root: PhantomData<fn() -> R>,
}

/// Whether a value that can be NULL or not fits a field of the nullness `N`.
///
/// ```
/// # use library::*;
/// // The editor's name can be NULL, and a title never is: something has to stand in its place.
/// let sql = Book::objects().update_sql(|b| b.title.set(b.editor.name.or("edited by nobody")), Dialect::Sqlite);
/// assert!(sql.is_ok());
/// ```
#[diagnostic::on_unimplemented(
    message = "a value that can be NULL cannot be set on a field that never is",
    label = "this can be NULL",
    note = "say what stands in its place: `.or(..)`"
)]
pub trait FitsIn<N> {}
impl FitsIn<NotNull> for NotNull {}
impl FitsIn<Nullable> for NotNull {}
impl FitsIn<Nullable> for Nullable {}

/// What an update sets: one assignment, or a tuple or list of them.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let zero = Book::objects().update(|b| vec![b.views.set(0)], &db).await?; // one, a tuple, or a list
/// assert_eq!(zero, 4);
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not what an update of `{R}` can set",
    label = "expected `b.field.set(value)`, or a tuple of such"
)]
pub trait Assigns<R> {
    /// Adds the assignments.
    #[doc(hidden)]
    fn add_to(self, set: &mut Vec<Assignment>) -> Result<()>;
}

impl<R> Assigns<R> for Assign<R> {
    fn add_to(self, set: &mut Vec<Assignment>) -> Result<()> {
        set.extend(self.set?);
        Ok(())
    }
}

impl<R, A: Assigns<R>> Assigns<R> for Vec<A> {
    fn add_to(self, set: &mut Vec<Assignment>) -> Result<()> {
        self.into_iter().try_for_each(|assign| assign.add_to(set))
    }
}

macro_rules! tuples {
    ($(($($part:ident . $index:tt),+))+) => {$(
        impl<R, $($part: Assigns<R>),+> Assigns<R> for ($($part,)+) {
            fn add_to(self, set: &mut Vec<Assignment>) -> Result<()> {
                $(self.$index.add_to(set)?;)+
                Ok(())
            }
        }

        impl<R, $($part: super::Columns<R>),+> super::Columns<R> for ($($part,)+) {
            fn add_to(self, columns: &mut Vec<u16>) -> Result<()> {
                $(self.$index.add_to(columns)?;)+
                Ok(())
            }
        }
    )+};
}

tuples! {
    (A.0)
    (A.0, B.1)
    (A.0, B.1, C.2)
    (A.0, B.1, C.2, D.3)
    (A.0, B.1, C.2, D.3, E.4)
    (A.0, B.1, C.2, D.3, E.4, F.5)
    (A.0, B.1, C.2, D.3, E.4, F.5, G.6)
    (A.0, B.1, C.2, D.3, E.4, F.5, G.6, H.7)
    (A.0, B.1, C.2, D.3, E.4, F.5, G.6, H.7, I.8)
    (A.0, B.1, C.2, D.3, E.4, F.5, G.6, H.7, I.8, J.9)
}

/// Only the row itself can be changed, not one that it points to.
pub(super) fn own_row(at: &PathNode) -> Result<()> {
    if at.path().steps.is_empty() && at.path().source == 0 {
        return Ok(());
    }
    if at.path().source != 0 {
        return Err(Error::new(Code::BadQuery, "only the row that is there is changed, not the one beside it")
            .with_hint("set the field of the first of the two"));
    }
    Err(Error::new(Code::BadQuery, format!("a field of a related `{}` cannot be set here", at.model().name))
        .with_hint(format!("update the related rows: `{}::objects().filter(..).update(..)`", at.model().name)))
}

fn assign<R>(at: &'static PathNode, parts: impl IntoIterator<Item = (u16, Expr)>) -> Assign<R> {
    let set = own_row(at).and_then(|()| {
        parts
            .into_iter()
            .map(|(column, value)| Ok(Assignment { column, value: value_for(at.model(), column, value)? }))
            .collect()
    });
    Assign { set, _root: PhantomData }
}

/// A value has to fit; what an expression gives is looked at where it is computed.
fn value_for(meta: &ModelMeta, column: u16, value: Expr) -> Result<Expr> {
    match value {
        Expr::Value(mut value) => fit(meta, column, &mut value).map(|()| Expr::Value(value)),
        Expr::Invalid(code, why) => Err(meta.blame(column, Error::new(code, why))),
        expr => Ok(expr),
    }
}

impl<S: Scope, T: FieldType> Field<S, T> {
    /// Sets the field in an update: to a value, or to an expression. SQL: `SET views = views + 1`.
    ///
    /// What an expression gives is rounded to the digits of a decimal field, and refused where the field cannot hold it.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// Book::objects().filter(|b| b.id.eq(1)).update(|b| (b.views.set(b.views + 1), b.published.set(None)), &db).await?;
    /// let book = Book::get(1, &db).await?;
    /// assert_eq!((book.views, book.published), (11, None));
    /// # Ok(()) }
    /// ```
    pub fn set<O>(self, value: O) -> Assign<S::Root>
    where
        S: Settable,
        O: Operand<S::Root, T::Plain>,
        O::Null: FitsIn<T::Nullness>,
    {
        assign(self.at(), [(self.column(), value.into_operand())])
    }
}

impl<S: Scope, K: Target> ToOne<S, S, K> {
    /// Points the relation to another row in an update: an instance, or its key. SQL: `SET author_id = 7`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let ada = Author::get(1, &db).await?;
    /// Book::objects().filter(|b| b.title.eq("COBOL")).update(|b| b.author.set(&ada), &db).await?;
    /// assert_eq!(Book::objects().filter(|b| b.author.eq(&ada)).count(&db).await?, 3);
    /// # Ok(()) }
    /// ```
    pub fn set<V: IntoField<ForeignKey<K>>>(self, row: V) -> Assign<S::Root> {
        point(self.owner(), self.field_index(), &row.into_field())
    }
}

impl<S: Scope, K: Target> ToOne<S, Opt<S>, K> {
    /// Points the relation to another row in an update: an instance, its key, or an `Option` of such.
    /// SQL: `SET editor_id = 7`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// Book::objects().filter(|b| b.editor.is_null()).update(|b| b.editor.set(3), &db).await?;
    /// assert_eq!(Book::objects().filter(|b| b.editor.eq(3)).count(&db).await?, 2);
    /// # Ok(()) }
    /// ```
    pub fn set<V: IntoField<Option<ForeignKey<K>>>>(self, row: V) -> Assign<S::Root> {
        point(self.owner(), self.field_index(), &row.into_field())
    }

    /// Points the relation to no row in an update. SQL: `SET editor_id = NULL`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// Book::objects().update(|b| b.editor.set_null(), &db).await?;
    /// assert!(!Book::objects().exclude(|b| b.editor.is_null()).exists(&db).await?);
    /// # Ok(()) }
    /// ```
    pub fn set_null(self) -> Assign<S::Root> {
        point(self.owner(), self.field_index(), &None::<ForeignKey<K>>)
    }
}

impl<S: Scope, K: Target> ToOne<S, S, K>
where
    K::Key: FieldType,
{
    /// Points the relation to another row in an update, by an expression for its key: that of another relation, a case, a query for
    /// one value. SQL: `SET author_id = CASE .. END`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let ghosts = Book::objects().filter(|b| b.editor.is_not_null());
    /// ghosts.update(|b| b.author.set_key(b.editor.key().or(b.author.key())), &db).await?;
    /// assert_eq!(*Book::get(4, &db).await?.author.key(), 2); // who has edited it
    /// # Ok(()) }
    /// ```
    pub fn set_key<O>(self, key: O) -> Assign<S::Root>
    where
        O: Operand<S::Root, <K::Key as FieldType>::Plain>,
        O::Null: FitsIn<NotNull>,
    {
        point_by(self.owner(), self.field_index(), key.into_operand())
    }
}

impl<S: Scope, K: Target> ToOne<S, Opt<S>, K>
where
    K::Key: FieldType,
{
    /// Points the relation to another row in an update, or to none, by an expression for its key: that of another relation, a case, a
    /// query for one value. SQL: `SET manager_id = (SELECT ..)`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// Book::objects().update(|b| b.editor.set_key(b.author.key()), &db).await?;
    /// let book = Book::get(1, &db).await?;
    /// assert_eq!(book.editor.unwrap().key(), book.author.key());
    /// # Ok(()) }
    /// ```
    pub fn set_key<O>(self, key: O) -> Assign<S::Root>
    where
        O: Operand<S::Root, <K::Key as FieldType>::Plain>,
        O::Null: FitsIn<Nullable>,
    {
        point_by(self.owner(), self.field_index(), key.into_operand())
    }
}

impl<S: Scope, K: GenericKey> ToAny<S, S, K> {
    /// Sets a generic foreign key: a row, a relation to one, or a [`GenericForeignKey`].
    ///
    /// SQL: `SET about_model = 'library.Book', about_key = 7`.
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
    /// Comment::objects().update(|c| c.about.set(orm::GenericForeignKey::to::<Author>(1)), &db).await?;
    /// assert!(Comment::get(1, &db).await?.about.is::<Author>());
    /// # Ok(()) }
    /// ```
    pub fn set<V: IntoField<GenericForeignKey<K>>>(self, row: V) -> Assign<S::Root> {
        point(self.owner(), self.field_index(), &row.into_field())
    }
}

impl<S: Scope, K: GenericKey> ToAny<S, Opt<S>, K> {
    /// Sets a generic foreign key that can be NULL; `None` is where it leads to no row.
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
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # orm::migrate::create_tables(&db, &[talk::talk()]).await?;
    /// Comment::draft().create(&db).await?;
    /// Comment::objects().update(|c| c.about.set(orm::GenericForeignKey::to::<Author>(1)), &db).await?;
    /// assert!(Comment::get(1, &db).await?.about.unwrap().is::<Author>());
    /// # Ok(()) }
    /// ```
    pub fn set<V: IntoField<Option<GenericForeignKey<K>>>>(self, row: V) -> Assign<S::Root> {
        point(self.owner(), self.field_index(), &row.into_field())
    }

    /// Makes it lead to no row.
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
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # orm::migrate::create_tables(&db, &[talk::talk()]).await?;
    /// assert_eq!(Comment::objects().update(|c| c.about.set_null(), &db).await?, 0);
    /// # Ok(()) }
    /// ```
    pub fn set_null(self) -> Assign<S::Root> {
        point(self.owner(), self.field_index(), &None::<GenericForeignKey<K>>)
    }
}

fn point_by<R>(at: &'static PathNode, field: u16, key: Expr) -> Assign<R> {
    let field = &at.model().fields[usize::from(field)];
    match field.column_count {
        1 => assign(at, [(field.first_column, key)]),
        _ => {
            let error =
                Error::new(Code::BadQuery, format!("`{}` has no column here: the other side has it", field.name));
            Assign { set: Err(error), _root: PhantomData }
        }
    }
}

fn point<R, F: ModelField>(at: &'static PathNode, field: u16, value: &F) -> Assign<R> {
    let field = &at.model().fields[usize::from(field)];
    if field.column_count == 0 {
        let error = Error::new(Code::BadQuery, format!("`{}` has no column here: the other side has it", field.name));
        return Assign { set: Err(error), _root: PhantomData };
    }
    let (mut out, first) = (Writer::default(), field.first_column);
    match value.write(&mut out) {
        Ok(()) => assign(at, field.columns().zip(out.into_values().into_iter().map(Expr::Value))),
        Err(error) => Assign { set: Err(at.model().blame(first, error)), _root: PhantomData },
    }
}
