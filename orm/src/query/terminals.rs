//! What runs a query: the methods that are awaited.

use super::{
    Prefetch, QuerySet, Related, load, prefetch,
    selection::{Row, Selection, select_values},
};
use crate::{
    Access, Code, Connection, Dialect, Error, Executor, Model, Operation, Result, Statement, compile,
    model::{ModelMeta, Reader},
    tree::{Expr, Select},
};
use std::{any::Any, marker::PhantomData, sync::Arc};

/// Reads the rows of a statement.
pub(super) struct Fetch<O> {
    statement: Statement,
    scales: Vec<(usize, u32)>,
    related: Vec<Related>,
    prefetches: Vec<Arc<Prefetch>>,
    model: &'static ModelMeta,
    access: Access,
    _row: PhantomData<fn() -> O>,
}

impl<O: Row> Operation for Fetch<O> {
    type Output = Vec<O>;

    fn access(&self) -> Access {
        self.access
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<Vec<O>> {
        read_all(self, conn, &mut |_| Ok(true)).await
    }
}

/// Reads the rows that `wanted` says yes to, and what is prefetched for them.
pub(super) async fn read_all<O: Row>(
    fetch: &Fetch<O>,
    conn: &mut Connection<'_>,
    wanted: &mut (dyn FnMut(&crate::Row<'_>) -> Result<bool> + Send),
) -> Result<Vec<O>> {
    if fetch.access == Access::Write && !conn.in_transaction() {
        return Err(unlocked());
    }
    let mut rows = Vec::new();
    let (related, scales) = (&fetch.related, &fetch.scales);
    let mut each = |row: &crate::Row<'_>| {
        if wanted(row)? {
            rows.push(O::read(&mut Reader::new(row, related).with_scales(scales))?);
        }
        Ok(())
    };
    let model = fetch.model;
    conn.query(&fetch.statement, &mut each).await.map_err(|error| error.with_model(model.name.clone()))?;
    if let (false, Some(ops)) = (fetch.prefetches.is_empty() || rows.is_empty(), model.ops) {
        let jobs = load::collect(
            &fetch.prefetches,
            &rows.iter().filter_map(|row: &O| (ops.row)(row.first())).collect::<Vec<_>>(),
        )?;
        let filled = load::load(conn, &jobs).await?;
        let mut owners: Vec<_> = rows.iter_mut().filter_map(|row| (ops.row_mut)(row.first_mut())).collect();
        load::attach(&mut owners, &jobs, filled);
    }
    Ok(rows)
}

/// Outside of a transaction a lock would be gone before its rows were there.
#[cold]
fn unlocked() -> Error {
    Error::new(Code::BadQuery, "rows stay locked until their transaction ends, and `for_update` stands in none")
        .with_hint("run it in one: `db.transaction(async |tx| query.all(tx).await)`")
}

impl<M: Model, O: Row> QuerySet<M, O> {
    fn fetch(&self, dialect: Dialect) -> Result<Fetch<O>> {
        self.fetch_as(self.select(), dialect)
    }

    /// Rows of the query, which is written as `select`.
    pub(super) fn fetch_as(&self, select: &Select, dialect: Dialect) -> Result<Fetch<O>> {
        prefetch::check(self.prefetches())?;
        let fetch = Fetch::plain::<M>(compile::select(select, dialect)?);
        Ok(Fetch {
            scales: compile::scales(select),
            related: self.related().to_vec(),
            prefetches: self.prefetches().to_vec(),
            access: self.access(),
            ..fetch
        })
    }

    /// The rows that another statement gives of this query, a cursor of the server.
    pub(super) fn fetch_by(&self, select: &Select, statement: Statement) -> Fetch<O> {
        Fetch {
            scales: compile::scales(select),
            related: self.related().to_vec(),
            prefetches: self.prefetches().to_vec(),
            ..Fetch::plain::<M>(statement)
        }
    }

    pub(super) fn access(&self) -> Access {
        if self.select().for_update { Access::Write } else { Access::Read }
    }

    /// All rows.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let books: Vec<Book> = Book::objects().filter(|b| b.active).all(&db).await?;
    /// assert_eq!(books.len(), 3);
    /// # Ok(()) }
    /// ```
    pub async fn all<E: Executor>(self, ex: &E) -> Result<Vec<O>> {
        if self.select().empty {
            return Ok(Vec::new());
        }
        let fetch = self.fetch(ex.dialect())?;
        ex.run(fetch).await
    }

    /// The only row.
    ///
    /// # Errors
    /// [`Code::NotFound`] when there is none, [`Code::MultipleFound`] when there are several.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let book = Book::objects().filter(|b| b.title.eq("Notes")).get(&db).await?;
    /// assert_eq!(book.views, 10);
    /// let missing = Book::objects().filter(|b| b.title.eq("Nothing")).get(&db).await;
    /// assert_eq!(missing.unwrap_err().code(), orm::Code::NotFound);
    /// # Ok(()) }
    /// ```
    pub async fn get<E: Executor>(self, ex: &E) -> Result<O> {
        let sliced = self.select().is_sliced();
        let limit = self.select().limit.map_or(2, |limit| limit.min(2));
        let mut query = self;
        query.select_mut().limit = Some(limit);
        // Where nothing was cut off, any order tells whether there is one row.
        if !sliced && query.select().order.is_empty() {
            query.select_mut().default_order = false;
        }
        let rows = query.all(ex).await?;
        let mut rows = rows.into_iter();
        match (rows.next(), rows.next()) {
            (Some(row), None) => Ok(row),
            (None, _) => Err(Error::new(Code::NotFound, format!("no `{}` matches", M::meta().name))
                .with_model(M::meta().name.clone())
                .with_hint("`.get(..).await.optional()` gives `None` instead")),
            (Some(_), Some(_)) => Err(Error::new(Code::MultipleFound, format!("several `{}` match", M::meta().name))
                .with_model(M::meta().name.clone())
                .with_hint("narrow the filter, or take `.first(..)`")),
        }
    }

    /// The first row in the query's order, which the key completes; `None` when there is none.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let dearest = Book::objects().order_by(|b| b.price.desc()).first(&db).await?;
    /// assert_eq!(dearest.unwrap().title, "Compilers");
    /// # Ok(()) }
    /// ```
    pub async fn first<E: Executor>(mut self, ex: &E) -> Result<Option<O>> {
        let order = compile::effective_order(self.select(), true).into_owned();
        self.select_mut().order = order;
        Ok(self.limit(1).all(ex).await?.pop())
    }

    /// The last row in the query's order, which the key completes; `None` when there is none.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let newest = Book::objects().order_by(|b| b.created.asc()).last(&db).await?;
    /// assert_eq!(newest.unwrap().title, "Sketches");
    /// # Ok(()) }
    /// ```
    pub async fn last<E: Executor>(self, ex: &E) -> Result<Option<O>> {
        if self.select().is_sliced() {
            return Ok(self.all(ex).await?.pop());
        }
        self.reverse().first(ex).await
    }

    /// How many rows there are. SQL: `SELECT COUNT(*)`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().filter(|b| b.active).count(&db).await?, 3);
    /// # Ok(()) }
    /// ```
    pub async fn count<E: Executor>(self, ex: &E) -> Result<u64> {
        if self.select().empty {
            return Ok(0);
        }
        let statement = compile::count(self.select(), ex.dialect())?;
        let rows = ex.run(Fetch::<i64>::plain::<M>(statement)).await?;
        Ok(rows.into_iter().next().unwrap_or_default().unsigned_abs())
    }

    /// Whether there is a row. SQL: `SELECT 1 .. LIMIT 1`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert!(Book::objects().filter(|b| b.price.gt(30)).exists(&db).await?);
    /// # Ok(()) }
    /// ```
    pub async fn exists<E: Executor>(mut self, ex: &E) -> Result<bool> {
        if self.select().empty {
            return Ok(false);
        }
        let select = self.select_mut();
        select.settle_made_rows();
        select.order.clear();
        select.default_order = false;
        select.for_update = false;
        if select.group_by.is_none() && !select.distinct {
            select.selection.clear();
            select.related.clear();
        }
        let limit = select.limit.map_or(1, |limit| limit.min(1));
        let statement = compile::select(&Select { limit: Some(limit), ..select.clone() }, ex.dialect())?;
        Ok(!ex.run(Fetch::<Unread>::plain::<M>(statement)).await?.is_empty())
    }

    /// A page of rows, and how many there are in all. Pages are numbered from 1.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let page = Book::objects().order_by(|b| b.title.asc()).page(1, 3, &db).await?;
    /// assert_eq!((page.rows[0].title.as_str(), page.total, page.has_next()), ("COBOL", 4, true));
    /// # Ok(()) }
    /// ```
    pub async fn page<E: Executor>(self, number: u64, size: u64, ex: &E) -> Result<super::Page<O>> {
        if number == 0 || size == 0 {
            return Err(Error::new(Code::BadQuery, "pages are numbered from 1 and hold at least one row"));
        }
        prefetch::check(self.prefetches())?;
        let total = self.clone().count(ex).await?;
        let rows = self.offset((number - 1).saturating_mul(size)).limit(size).all(ex).await?;
        Ok(super::Page { rows, number, size, total })
    }
}

impl<M: Model, O: Row> QuerySet<M, O> {
    /// Aggregates over all rows: `.aggregate(|b| (b.price.avg(), count())).get(&db)`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let (books, dearest) = Book::objects().aggregate(|b| (count(), b.price.max())).get(&db).await?;
    /// assert_eq!((books, dearest), (4, Some(Decimal::from(40))));
    /// # Ok(()) }
    /// ```
    pub fn aggregate<C, A>(mut self, aggregates: C) -> QuerySet<M, A::Row>
    where
        C: FnOnce(O::Handles<M>) -> A,
        A: Selection<M>,
    {
        self.select_mut().settle_rows();
        let list = aggregates(self.handles()).into_list();
        let before = self.select().selection.clone();
        let list: Vec<Expr> = list.into_iter().map(|expr| expr.with_selected(&before)).collect();
        let select = self.select_mut();
        if std::mem::take(&mut select.empty) {
            // Of no rows there are aggregates too: their number is 0.
            select.add_filter(Expr::Or(Vec::new()));
        }
        select.order.clear();
        select.default_order = false;
        select.for_update = false;
        select.group_by = Some(Vec::new());
        select_values(select, list);
        QuerySet::from_select(self.into_select())
    }
}

/// A row that is only counted: what its columns hold, and of which type, does not matter.
struct Unread;

impl Row for Unread {
    type Handles<R: 'static> = ();
    type Parts = ();
    type OptionalParts = ();

    fn handles<R: 'static>(_: &Select) {}

    fn read(_: &mut Reader<'_, '_>) -> Result<Self> {
        Ok(Unread)
    }

    fn first(&self) -> &dyn Any {
        self
    }

    fn first_mut(&mut self) -> &mut dyn Any {
        self
    }
}

impl<O> Fetch<O> {
    fn plain<M: Model>(statement: Statement) -> Self {
        let (scales, related, prefetches) = (Vec::new(), Vec::new(), Vec::new());
        Fetch { statement, scales, related, prefetches, model: M::meta(), access: Access::Read, _row: PhantomData }
    }

    pub(super) fn access(&self) -> Access {
        self.access
    }
}

/// `NotFound` as `None`.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// assert!(Book::get(99, &db).await.optional()?.is_none());
/// # Ok(()) }
/// ```
pub trait OptionalExt<T> {
    /// The row, or `None` when there is none.
    ///
    /// ```
    /// use orm::{Code, Error, OptionalExt};
    /// let missing: orm::Result<i32> = Err(Error::new(Code::NotFound, "no row"));
    /// assert_eq!(missing.optional()?, None);
    /// # Ok::<(), Error>(())
    /// ```
    fn optional(self) -> Result<Option<T>>;
}

impl<T> OptionalExt<T> for Result<T> {
    fn optional(self) -> Result<Option<T>> {
        match self {
            Ok(row) => Ok(Some(row)),
            Err(error) if error.code() == Code::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
