//! Common table expressions: queries that are computed once, recursions, and joins of queries.

use super::{
    IntoQ, QuerySet,
    selection::{Append, Row},
};
use crate::{
    Model,
    tree::{BEFORE, JoinKind, ModelRef, Select},
};
use std::cell::Cell;

impl<M: Model, O: Row> QuerySet<M, O> {
    /// The same rows as a common table expression: computed once in a statement, however often they are read there. What comes
    /// out is a query like any other; its clones read the same table.
    ///
    /// SQL: `WITH orm_cte1 AS (SELECT ..) SELECT .. FROM orm_cte1 .. (SELECT AVG(..) FROM orm_cte1)`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let views = Book::objects().group_by(|b| b.author.id).annotate(|b| b.views.sum().or(0)).as_cte();
    /// let above_average = Author::objects()
    ///     .join_query(views.clone(), |a, (author, _)| author.eq(a.id))
    ///     .filter(|(a, _, n)| n.cast::<f64>().gt(views.within(a.id).aggregate(|(_, n)| n.avg())))
    ///     .values(|(a, _, n)| (a.name, n));
    /// assert_eq!(above_average.all(&db).await?, [("Grace Hopper".to_owned(), 30)]);
    /// # Ok(()) }
    /// ```
    pub fn as_cte(mut self) -> Self {
        self.take_select(Select::common);
        self
    }

    /// The rows of this query, then those that the step makes of each row, and of those in turn, until no new row comes: a tree,
    /// a chain, all that can be reached. Each different row once, so that a circle comes to an end.
    ///
    /// The step is a query of the same row type; its closure receives the row that it goes on from. It reads that row beside its
    /// own model, as a join; it has no groups, slices or windows.
    ///
    /// SQL: `WITH RECURSIVE orm_cte1 AS (SELECT .. UNION SELECT .. FROM .. JOIN orm_cte1 ..) SELECT .. FROM orm_cte1`.
    ///
    /// ```
    /// use orm::prelude::*;
    ///
    /// orm::app! { pub shop { Category } }
    ///
    /// #[derive(Model, Debug, Clone)]
    /// pub struct Category {
    ///     pub id: i64,
    ///     #[field(max_length = 50)]
    ///     pub name: String,
    ///     pub parent: Option<ForeignKey<Category>>,
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// let db = Database::connect("sqlite::memory:").await?;
    /// orm::migrate::create_tables(&db, &[shop()]).await?;
    /// let books = Category::draft().name("Books").create(&db).await?;
    /// let fiction = Category::draft().name("Fiction").parent(&books).create(&db).await?;
    /// Category::draft().name("Crime").parent(&fiction).create(&db).await?;
    ///
    /// // Everything below `Books`, as rows of the model.
    /// let below = Category::objects()
    ///     .filter(|c| c.id.eq(books.id))
    ///     .recursive(|above| Category::objects().filter(|c| c.parent.eq(above.id)));
    /// assert_eq!(below.exclude(|c| c.id.eq(books.id)).count(&db).await?, 2);
    ///
    /// // The whole tree, each with its depth and its path.
    /// let tree = Category::objects()
    ///     .filter(|c| c.parent.is_null())
    ///     .values(|c| (c.id, orm::value(0_i64), c.name))
    ///     .recursive(|(above, depth, path)| {
    ///         Category::objects()
    ///             .filter(|c| c.parent.eq(above))
    ///             .values(|c| (c.id, depth + 1, path.concat(" / ").concat(c.name)))
    ///     })
    ///     .order_by(|(_, _, path)| path.asc());
    /// assert_eq!(tree.all(&db).await?[2], (3, 2, "Books / Fiction / Crime".to_owned()));
    /// # Ok(()) }
    /// ```
    pub fn recursive<M2: Model, C>(self, step: C) -> Self
    where
        C: FnOnce(O::Handles<M2>) -> QuerySet<M2, O>,
    {
        self.recursion(step, false)
    }

    /// As [`recursive`](QuerySet::recursive), with equal rows as often as the step makes them. SQL: `UNION ALL`.
    ///
    /// Nothing ends it in a circle: the step has to, by a condition.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// // Who edited whom: an author, and how many steps away from Grace.
    /// let edited = Author::objects()
    ///     .filter(|a| a.name.eq("Grace Hopper"))
    ///     .values(|a| (a.id, orm::value(0_i64)))
    ///     .recursive_all(|(author, steps)| {
    ///         Book::objects().filter(|b| b.editor.eq(author) & steps.lt(3)).values(|b| (b.author.key(), steps + 1))
    ///     });
    /// assert_eq!(edited.all(&db).await?, [(2, 0), (1, 1), (2, 2), (1, 3)]);
    /// # Ok(()) }
    /// ```
    pub fn recursive_all<M2: Model, C>(self, step: C) -> Self
    where
        C: FnOnce(O::Handles<M2>) -> QuerySet<M2, O>,
    {
        self.recursion(step, true)
    }

    fn recursion<M2: Model, C>(mut self, step: C, all: bool) -> Self
    where
        C: FnOnce(O::Handles<M2>) -> QuerySet<M2, O>,
    {
        let before = Before::new();
        let step = step(O::handles(&self.select().beside(before.0))).into_select();
        self.take_select(|first| first.recursion(step, before.0, all));
        self
    }
}

thread_local! {
    /// What the next recursion calls the rows that it goes on from.
    static BEFORE_NEXT: Cell<u16> = const { Cell::new(BEFORE) };
}

/// What a recursion calls the rows that it goes on from while its step is made: not what one around it does, whose rows would
/// be taken for its own.
struct Before(u16);

impl Before {
    fn new() -> Before {
        Before(BEFORE_NEXT.replace(BEFORE_NEXT.get() - 1))
    }
}

impl Drop for Before {
    fn drop(&mut self) {
        BEFORE_NEXT.set(self.0);
    }
}

impl<M: Model, O: Row, R: 'static> QuerySet<M, O, R> {
    /// Pairs of each row with each row of another query that the condition is true for. The other query stands alone: it may be
    /// grouped, cut, recursive, or a common table expression.
    ///
    /// SQL: `JOIN (SELECT ..) AS .. ON ..`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let sales = Book::objects().group_by(|b| b.author.id).annotate(|b| (count(), b.price.max()));
    /// let authors: Vec<(Author, i64, i64, Option<Decimal>)> = Author::objects()
    ///     .join_query(sales, |a, (author, _, _)| author.eq(a.id))
    ///     .filter(|(_, _, _, dearest)| dearest.gt(20))
    ///     .all(&db)
    ///     .await?;
    /// assert_eq!((authors.len(), authors[0].0.name.as_str(), authors[0].2), (1, "Grace Hopper", 2));
    /// # Ok(()) }
    /// ```
    pub fn join_query<M2, O2, C, Q>(
        self,
        query: QuerySet<M2, O2>,
        on: C,
    ) -> QuerySet<M, <O as Append<O2::Parts>>::Row, R>
    where
        M2: Model,
        O2: Row,
        O: Append<O2::Parts>,
        C: FnOnce(O::Handles<R>, O2::Handles<R>) -> Q,
        Q: IntoQ<R>,
    {
        self.joined(query, JoinKind::Inner, on).retype()
    }

    /// Pairs as [`join_query`](QuerySet::join_query) makes them, and rows for which the condition is true for none once, with
    /// `None`. SQL: `LEFT JOIN (SELECT ..) AS .. ON ..`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let counts = Book::objects().filter(|b| b.active).group_by(|b| b.author.id).annotate(|_| count());
    /// let active: Vec<(String, i64)> = Author::objects()
    ///     .left_join_query(counts, |a, (author, _)| author.eq(a.id))
    ///     .values(|(a, _, n)| (a.name, n.or(0)))
    ///     .all(&db)
    ///     .await?;
    /// assert_eq!(active[2], ("Nobody".to_owned(), 0));
    /// # Ok(()) }
    /// ```
    pub fn left_join_query<M2, O2, C, Q>(
        self,
        query: QuerySet<M2, O2>,
        on: C,
    ) -> QuerySet<M, <O as Append<O2::OptionalParts>>::Row, R>
    where
        M2: Model,
        O2: Row,
        O: Append<O2::OptionalParts>,
        C: FnOnce(O::Handles<R>, O2::Handles<R>) -> Q,
        Q: IntoQ<R>,
    {
        self.joined(query, JoinKind::Left, on).retype()
    }

    fn joined<M2, O2, C, Q>(mut self, query: QuerySet<M2, O2>, kind: JoinKind, on: C) -> Self
    where
        M2: Model,
        O2: Row,
        C: FnOnce(O::Handles<R>, O2::Handles<R>) -> Q,
        Q: IntoQ<R>,
    {
        self.select_mut().settle_rows();
        let query = query.into_select();
        let source = self.select().joins.len() as u16 + 1;
        let on = on(self.handles(), O2::handles(&query.beside(source))).into_q().into_expr();
        self.select_mut().join_query(query, kind, on);
        self
    }

    fn take_select(&mut self, change: impl FnOnce(Select) -> Select) {
        let select = self.select_mut();
        let before = std::mem::replace(select, Select::bare(ModelRef::Static(M::meta())));
        *select = change(before);
    }
}
