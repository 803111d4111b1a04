//! Rows of a struct of one's own: `#[derive(Row)]`.

use super::{QuerySet, selection::Row};
use crate::{
    Model,
    field::{At, PathNode},
    tree::Expr,
};

/// A struct that takes some of a model's values: `#[derive(Row)]` with `#[row(model = Book)]`.
///
/// ```
/// # use library::*;
/// #[derive(Row, Debug, PartialEq)]
/// #[row(model = Book)]
/// struct Card {
///     title: String,
///     #[row(|b| b.author.name)]
///     author: String,
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let card = Book::objects().filter(|b| b.id.eq(1)).values_as::<Card>().get(&db).await?;
/// assert_eq!(card, Card { title: "Notes".to_owned(), author: "Ada Lovelace".to_owned() });
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which fields of `{M}` it holds",
    label = "not a row of `{M}`",
    note = "write `#[derive(Row)] #[row(model = {M})]` above the struct"
)]
pub trait RowOf<M: Model>: Row {
    /// What is selected.
    #[doc(hidden)]
    fn list<R: 'static>(fields: M::Fields<At<R>>) -> Vec<Expr>;
}

/// What a closure makes of the fields.
#[doc(hidden)]
pub fn with<F, E>(fields: F, closure: impl FnOnce(F) -> E) -> E {
    closure(fields)
}

impl<M: Model + Row, R: 'static> QuerySet<M, M, R> {
    /// Only the values that the struct names, as rows of that struct: [`derive(Row)`](derive@crate::Row). What it does not name
    /// is not read, and cannot be asked for.
    ///
    /// SQL: `SELECT title, author.name FROM ..`.
    ///
    /// ```
    /// # use library::*;
    /// #[derive(Row)]
    /// #[row(model = Author)]
    /// struct Shelf {
    ///     name: String,
    ///     #[row(|a| a.books.count())]
    ///     books: i64,
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let shelves = Author::objects().values_as::<Shelf>().filter(|s| s.books.gt(0)).order_by(|s| s.name.desc());
    /// let shelves = shelves.all(&db).await?;
    /// assert_eq!((shelves[0].name.as_str(), shelves[0].books), ("Grace Hopper", 2));
    /// # Ok(()) }
    /// ```
    pub fn values_as<T: RowOf<M>>(self) -> QuerySet<M, T, R> {
        self.selecting(T::list::<R>(M::fields_at(PathNode::root(M::meta(), 0))))
    }
}

impl<M: Model, O: Row, R: 'static> QuerySet<M, O, R> {
    /// The same rows as a struct of one's own, whose fields take the parts of the row in their order: a tuple gets names, in
    /// Rust and in closures.
    ///
    /// ```
    /// # use library::*;
    /// #[derive(Row)]
    /// struct Busy {
    ///     author: Author,
    ///     books: i64,
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let busy = Author::objects().annotate(|a| a.books.count()).named::<Busy>();
    /// let busy = busy.filter(|row| row.books.gt(1) & row.author.country.code.eq("US")).get(&db).await?;
    /// assert_eq!((busy.author.name.as_str(), busy.books), ("Grace Hopper", 2));
    /// # Ok(()) }
    /// ```
    pub fn named<T: Row<Parts = O::Parts>>(self) -> QuerySet<M, T, R> {
        self.retype()
    }
}
