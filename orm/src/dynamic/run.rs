//! Checked queries: what runs them, and how their rows are read.

use super::{DynRow, prefetch::Plan};
use crate::{
    Access, Code, Connection, Dialect, Error, Executor, Explain, Kind, Operation, Result, Row, Statement, Value,
    compile,
    query::{self, value_of},
    tree::Select,
};
use std::sync::Arc;

/// A query by name that has been checked: it knows its statement and what its rows hold. Nothing runs before a terminal is awaited.
///
/// ```
/// # use library::*;
/// use orm::dynamic::{Catalog, Query};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let query = Query::of("library.Book").filter("title__startswith", "C").order_by(["title"]).values(["title", "price"]);
/// let checked = Catalog::new().app(library()).check(&query)?;
/// assert_eq!(checked.names(), ["title", "price"]);
/// assert_eq!(checked.count(&db).await?, 2);
/// assert_eq!(checked.all(&db).await?[1]["title"], orm::Value::Text("Compilers".into()));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Checked {
    plan: Plan,
    /// The most rows that it may give.
    most: Option<u64>,
}

impl Checked {
    pub(super) fn new(plan: Plan, most: Option<u64>) -> Checked {
        Checked { plan, most }
    }

    /// The names of the values of each row.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query};
    /// let query = Query::of("library.Tag").select_related(Vec::<String>::new());
    /// assert_eq!(Catalog::new().app(library()).check(&query)?.names(), ["id", "slug", "name"]);
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn names(&self) -> &[String] {
        &self.plan.names
    }

    /// The kinds of the values of each row: for the columns of a report.
    ///
    /// ```
    /// # use library::*;
    /// use orm::{Kind, dynamic::{Catalog, Query, count}};
    /// let query = Query::of("library.Book").group_by(["published"]).annotate("n", count());
    /// let checked = Catalog::new().app(library()).check(&query)?;
    /// assert_eq!(checked.kinds().collect::<Vec<_>>(), [Kind::Date, Kind::I64]);
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn kinds(&self) -> impl Iterator<Item = Kind> + '_ {
        self.plan.kinds[..self.plan.names.len()].iter().copied()
    }

    /// The query as data of the library's own.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query};
    /// let checked = Catalog::new().app(library()).check(&Query::of("library.Tag").limit(3))?;
    /// assert_eq!(checked.select().limit, Some(3));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn select(&self) -> &Select {
        &self.plan.select
    }

    /// The SQL of the query in a dialect, with placeholders; no connection is needed.
    ///
    /// # Errors
    /// [`Code::Unsupported`] when the database cannot do it, [`Code::BadQuery`] when the query means nothing.
    ///
    /// ```
    /// # use library::*;
    /// use orm::{Dialect, dynamic::{Catalog, Query}};
    /// let query = Query::of("library.Tag").filter("slug", "x' OR 1=1 --").values(["name"]).order_by(Vec::<String>::new());
    /// let sql = Catalog::new().app(library()).check(&query)?.to_sql(Dialect::Sqlite)?;
    /// assert_eq!(sql, r#"SELECT "name" FROM "library_tag" WHERE "slug" = ?"#);
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn to_sql(&self, dialect: Dialect) -> Result<String> {
        Ok(compile::select(&self.limited(self.most), dialect)?.sql(dialect))
    }

    /// How the database would run the query, up to the catalog's limit of rows.
    ///
    /// # Errors
    /// [`Code::Unsupported`] for what the database cannot tell, before anything is run.
    ///
    /// ```
    /// # use library::*;
    /// use orm::{Explain, dynamic::{Catalog, Query}};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let checked = Catalog::new().app(library()).check(&Query::of("library.Book").filter("id", 1))?;
    /// let plan = checked.explain(Explain::new(), &db).await?;
    /// assert_eq!(plan.to_string(), "SEARCH library_book USING INTEGER PRIMARY KEY (rowid=?)");
    /// # Ok(()) }
    /// ```
    pub async fn explain<E: Executor>(&self, how: Explain, ex: &E) -> Result<query::Plan> {
        query::explained(&self.limited(self.most), how, Access::Read, ex).await
    }

    fn limited(&self, most: Option<u64>) -> Select {
        let limit = match (self.plan.select.limit, most) {
            (Some(limit), Some(most)) => Some(limit.min(most)),
            (limit, most) => limit.or(most),
        };
        Select { limit, ..self.plan.select.clone() }
    }

    async fn fetch<E: Executor>(&self, select: &Select, ex: &E) -> Result<Vec<DynRow>> {
        if select.empty {
            return Ok(Vec::new());
        }
        let statement = compile::select(select, ex.dialect())?;
        let fetch = Fetch { statement, kinds: self.plan.kinds.clone(), scales: compile::scales(select) };
        self.plan.dress(run_fetch(fetch, ex).await?, ex).await
    }

    /// All rows, up to the catalog's limit.
    ///
    /// # Errors
    /// What the database says, and [`Code::Unsupported`] before any statement runs.
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Catalog::new().app(library()).check(&Query::of("library.Book"))?.all(&db).await?.len(), 4);
    /// # Ok(()) }
    /// ```
    pub async fn all<E: Executor>(&self, ex: &E) -> Result<Vec<DynRow>> {
        self.fetch(&self.limited(self.most), ex).await
    }

    /// The first row, in the query's order or else by key.
    ///
    /// # Errors
    /// See [`all`](Checked::all).
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let query = Query::of("library.Book").filter("views__gt", 1000);
    /// assert!(Catalog::new().app(library()).check(&query)?.first(&db).await?.is_none());
    /// # Ok(()) }
    /// ```
    pub async fn first<E: Executor>(&self, ex: &E) -> Result<Option<DynRow>> {
        let mut select = self.limited(Some(1));
        select.order = compile::effective_order(&select, true).into_owned();
        Ok(self.fetch(&select, ex).await?.pop())
    }

    /// The only row.
    ///
    /// # Errors
    /// [`Code::NotFound`] when there is none, [`Code::MultipleFound`] when there are several; see also [`all`](Checked::all).
    ///
    /// ```
    /// # use library::*;
    /// use orm::{Code, dynamic::{Catalog, Query}};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let catalog = Catalog::new().app(library());
    /// let missing = catalog.check(&Query::of("library.Book").filter("id", 99))?.get(&db).await.unwrap_err();
    /// assert_eq!(missing.code(), Code::NotFound);
    /// let several = catalog.check(&Query::of("library.Book"))?.get(&db).await.unwrap_err();
    /// assert_eq!(several.code(), Code::MultipleFound);
    /// # Ok(()) }
    /// ```
    pub async fn get<E: Executor>(&self, ex: &E) -> Result<DynRow> {
        let mut rows = self.fetch(&self.limited(Some(2)), ex).await?.into_iter();
        let name = &self.plan.select.model.name;
        match (rows.next(), rows.next()) {
            (Some(row), None) => Ok(row),
            (None, _) => Err(Error::new(Code::NotFound, format!("no `{name}` matches"))),
            (Some(_), Some(_)) => Err(Error::new(Code::MultipleFound, format!("several `{name}` match"))),
        }
    }

    /// How many rows the query has, whatever the catalog's limit.
    ///
    /// # Errors
    /// See [`all`](Checked::all).
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Catalog::new().app(library()).check(&Query::of("library.Book").filter("active", true))?.count(&db).await?, 3);
    /// # Ok(()) }
    /// ```
    pub async fn count<E: Executor>(&self, ex: &E) -> Result<u64> {
        if self.plan.select.empty {
            return Ok(0);
        }
        let statement = compile::count(&self.plan.select, ex.dialect())?;
        let rows = run_fetch(Fetch { statement, kinds: Arc::from([Kind::I64]), scales: Vec::new() }, ex).await?;
        match rows.first().map(Vec::as_slice) {
            Some([Value::I64(count)]) => Ok(count.unsigned_abs()),
            _ => Err(Error::new(Code::Decode, "the database gives no count")),
        }
    }

    /// Whether the query has a row.
    ///
    /// # Errors
    /// See [`all`](Checked::all).
    ///
    /// ```
    /// # use library::*;
    /// use orm::dynamic::{Catalog, Query};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert!(!Catalog::new().app(library()).check(&Query::of("library.Book").filter("price__lt", 0))?.exists(&db).await?);
    /// # Ok(()) }
    /// ```
    pub async fn exists<E: Executor>(&self, ex: &E) -> Result<bool> {
        let mut select = self.limited(Some(1));
        if !self.plan.select.is_sliced() {
            (select.order, select.default_order) = (Vec::new(), false);
        }
        Ok(!self.fetch(&select, ex).await?.is_empty())
    }
}

/// A value of a row; `scale` is how many digits after the point a decimal has.
pub(super) fn read(row: &Row<'_>, place: usize, kind: Kind, scale: Option<u32>) -> Result<Value> {
    let mut cell = row.cell(place);
    if kind != Kind::Decimal || cell.is_null() {
        return value_of(&cell, kind);
    }
    Ok(Value::Decimal(match scale {
        Some(scale) => {
            cell.set_scale(Some(scale));
            cell.scaled_decimal()?
        }
        // What is computed is no more exact than the database counts.
        None => cell.decimal_rounded()?.normalize(),
    }))
}

/// What reads the values of rows.
pub(crate) struct Fetch {
    pub(crate) statement: Statement,
    pub(crate) kinds: Arc<[Kind]>,
    /// How many digits after the point the decimals have, by their places.
    pub(crate) scales: Vec<(usize, u32)>,
}

/// The values of all rows.
pub(crate) async fn run_fetch<E: Executor>(fetch: Fetch, ex: &E) -> Result<Vec<Vec<Value>>> {
    ex.run(fetch).await
}

impl Operation for Fetch {
    type Output = Vec<Vec<Value>>;

    fn access(&self) -> Access {
        Access::Read
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<Vec<Vec<Value>>> {
        let mut rows = Vec::new();
        let (kinds, scales) = (&self.kinds, &self.scales);
        let mut each = |row: &Row<'_>| {
            let values = kinds.iter().enumerate().map(|(place, kind)| {
                let scale = scales.iter().find(|(known, _)| *known == place).map(|(_, scale)| *scale);
                read(row, place, *kind, scale)
            });
            rows.push(values.collect::<Result<_>>()?);
            Ok(())
        };
        conn.query(&self.statement, &mut each).await?;
        Ok(rows)
    }
}
