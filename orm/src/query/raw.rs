//! Queries of one's own, as text, whose rows are typed all the same.

use super::{Literal, Row};
use crate::{Access, Code, Connection, Dialect, Error, Executor, Operation, Result, Statement, Value, model::Reader};
use std::marker::PhantomData;

/// A query as SQL text: for what querysets cannot say, such as what one database alone has. `O` is the type of a row: a value, a tuple of
/// values and models, or a model; `()` where there are none, for a statement that writes.
///
/// Every `?` stands for a value given to [`bind`](Raw::bind), in order, whatever the database; one in quotes or a comment is text,
/// and `??` is an operator of PostgreSQL's, `data ?? 'key'`. Columns are read from left to right; those of a model stand in the order
/// of its fields.
///
/// The text goes to the database as it is: it must never hold anything that came from outside the program, which is why it has to
/// be `'static`.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = orm::Database::connect("sqlite::memory:").await?;
/// let powers = orm::raw::<(i64, i64)>(
///     "WITH RECURSIVE power(n, two) AS (
///          SELECT 0, 1 UNION ALL SELECT n + 1, two * 2 FROM power WHERE n < ?
///      ) SELECT n, two FROM power ORDER BY n DESC",
/// );
/// assert_eq!(powers.bind(10).all(&db).await?[0], (10, 1024));
/// # Ok(()) }
/// ```
pub fn raw<O>(sql: &'static str) -> Raw<O> {
    Raw { sql, binds: Ok(Vec::new()), _row: PhantomData }
}

/// What [`raw`] gives: a query as text, with its values.
#[must_use = "nothing runs before `.all(&db).await` or `.execute(&db).await`"]
pub struct Raw<O> {
    sql: &'static str,
    binds: Result<Vec<Value>>,
    _row: PhantomData<fn() -> O>,
}

impl<O> Raw<O> {
    /// The value of the next `?`: of any type that a column can hold, or a `&str`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = orm::Database::connect("sqlite::memory:").await?;
    /// let (sum, text) = orm::raw::<(i64, String)>("SELECT ? + 2, ?").bind(40_i64).bind("x").get(&db).await?;
    /// assert_eq!((sum, text.as_str()), (42, "x"));
    /// # Ok(()) }
    /// ```
    pub fn bind<T: Literal>(mut self, value: T) -> Self {
        self.binds = self.binds.and_then(|mut binds| {
            binds.push(value.into_bound()?);
            Ok(binds)
        });
        self
    }

    /// The text with the placeholders of a dialect; no connection is needed.
    ///
    /// # Errors
    /// None so far: it is a `Result` as for querysets, so that both can be shown alike.
    ///
    /// ```
    /// let query = orm::raw::<i64>("SELECT id FROM shop_item WHERE price < ?");
    /// assert_eq!(query.to_sql(orm::Dialect::Postgres)?, "SELECT id FROM shop_item WHERE price < $1");
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn to_sql(&self, dialect: Dialect) -> Result<String> {
        Ok(Statement::raw(self.sql, []).sql(dialect))
    }

    /// The statement, if it has a value for each `?`.
    fn statement(self, dialect: Dialect) -> Result<Statement> {
        let statement = Statement::raw(self.sql, self.binds?);
        let (wanted, given) = (statement.wanted(dialect), statement.binds.len());
        if wanted != given {
            return Err(Error::new(Code::BadQuery, format!("the query has {wanted} `?` and {given} values"))
                .with_sql(self.sql)
                .with_hint("call `.bind(..)` once for each `?`; one inside quotes is text, and `??` is an operator of PostgreSQL's"));
        }
        Ok(statement)
    }
}

impl<O: Row> Raw<O> {
    /// All rows. The query is for reading: on SQLite the database refuses one that writes. It is run once.
    ///
    /// # Errors
    /// [`Code::BadQuery`] when there are more or fewer values than `?`, [`Code::Decode`] when a column is not of the row's type
    /// or there are more or fewer columns than it takes, and what the database says of the text.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = orm::Database::connect("sqlite::memory:").await?;
    /// let names = orm::raw::<String>("SELECT 'Ada' UNION ALL SELECT 'Grace'").all(&db).await?;
    /// assert_eq!(names, ["Ada", "Grace"]);
    /// # Ok(()) }
    /// ```
    pub async fn all<E: Executor>(self, ex: &E) -> Result<Vec<O>> {
        ex.run(Read::<O> { statement: self.statement(ex.dialect())?, _row: PhantomData }).await
    }

    /// The only row.
    ///
    /// # Errors
    /// [`Code::NotFound`] when there is none, [`Code::MultipleFound`] when there are several; see also [`all`](Raw::all).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = orm::Database::connect("sqlite::memory:").await?;
    /// assert_eq!(orm::raw::<Option<String>>("SELECT NULL").get(&db).await?, None);
    /// # Ok(()) }
    /// ```
    pub async fn get<E: Executor>(self, ex: &E) -> Result<O> {
        let sql = self.sql;
        let mut rows = self.all(ex).await?.into_iter();
        match (rows.next(), rows.next()) {
            (Some(row), None) => Ok(row),
            (None, _) => Err(Error::new(Code::NotFound, "the query has no row")
                .with_sql(sql)
                .with_hint("`.get(..).await.optional()` gives `None` instead")),
            (Some(_), Some(_)) => Err(Error::new(Code::MultipleFound, "the query has several rows")
                .with_sql(sql)
                .with_hint("narrow it, or take `.all(..)`")),
        }
    }
}

impl Raw<()> {
    /// Runs a statement that writes, and gives the number of rows that it found.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = orm::Database::connect("sqlite::memory:").await?;
    /// # db.batch("CREATE TABLE shop_item (id INTEGER PRIMARY KEY, price INTEGER); INSERT INTO shop_item VALUES (1, 5), (2, 50)").await?;
    /// let dearer = orm::raw::<()>("UPDATE shop_item SET price = price + ? WHERE price < ?").bind(1_i64).bind(20_i64);
    /// assert_eq!(dearer.execute(&db).await?, 1);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Code::BadQuery`] when there are more or fewer values than `?`, and what the database says of the text. What the models say of
    /// their rows, rules, hooks and versions, is not asked.
    pub async fn execute<E: Executor>(self, ex: &E) -> Result<u64> {
        let statement = self.statement(ex.dialect())?;
        ex.run(Execute(statement)).await
    }
}

/// A statement that writes.
struct Execute(Statement);

impl Operation for Execute {
    type Output = u64;

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<u64> {
        conn.execute(&self.0).await
    }
}

struct Read<O> {
    statement: Statement,
    _row: PhantomData<fn() -> O>,
}

impl<O: Row> Operation for Read<O> {
    type Output = Vec<O>;

    fn access(&self) -> Access {
        Access::Read
    }

    fn asks_again(&self) -> bool {
        false
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<Vec<O>> {
        let mut rows = Vec::new();
        let mut each = |row: &crate::Row<'_>| {
            let mut reader = Reader::new(row, &[]);
            rows.push(O::read(&mut reader)?);
            let (read, there) = (reader.position(), row.len());
            if read == there { Ok(()) } else { Err(more_columns(read, there)) }
        };
        conn.query(&self.statement, &mut each).await?;
        Ok(rows)
    }
}

#[cold]
fn more_columns(read: usize, there: usize) -> Error {
    Error::new(Code::Decode, format!("the answer has {there} columns, and a row is made of {read}"))
        .with_hint("name the columns that are wanted in the SQL, or a type for each of them in `raw::<(..)>`")
}
