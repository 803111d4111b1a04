//! How the database would run a query, in words that people can read.

use super::{QuerySet, selection::Row};
use crate::{
    Access, Cell, Code, Connection, Dialect, Error, Executor, Model, Operation, Result, Statement, compile,
    tree::Select,
};
use std::fmt;

/// What [`QuerySet::explain_with`] shall tell besides the plan.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// // SQLite has no such thing: the error comes before any statement.
/// let refused = Book::objects().explain_with(orm::Explain::new().analyze(), &db).await;
/// assert_eq!(refused.unwrap_err().code(), orm::Code::Unsupported);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Explain {
    analyze: bool,
    verbose: bool,
    buffers: bool,
    json: bool,
}

impl Explain {
    /// The plan alone: nothing is run.
    ///
    /// ```
    /// assert_eq!(orm::Explain::new(), orm::Explain::default());
    /// ```
    pub fn new() -> Self {
        Explain::default()
    }

    /// Runs the query, and tells what it took. PostgreSQL, MariaDB and MySQL.
    ///
    /// ```
    /// let measured = orm::Explain::new().analyze();
    /// ```
    pub fn analyze(self) -> Self {
        Explain { analyze: true, ..self }
    }

    /// Tells which columns each step gives. PostgreSQL.
    ///
    /// ```
    /// let in_full = orm::Explain::new().verbose();
    /// ```
    pub fn verbose(self) -> Self {
        Explain { verbose: true, ..self }
    }

    /// Tells how much was read from memory and from disk. PostgreSQL.
    ///
    /// ```
    /// let with_reads = orm::Explain::new().analyze().buffers();
    /// ```
    pub fn buffers(self) -> Self {
        Explain { buffers: true, ..self }
    }

    /// The plan as a JSON document, for programs: `serde_json::from_str(&plan.to_string())`. PostgreSQL, MariaDB and MySQL, the last
    /// without [`analyze`](Explain::analyze).
    ///
    /// ```
    /// let for_programs = orm::Explain::new().json();
    /// ```
    pub fn json(self) -> Self {
        Explain { json: true, ..self }
    }

    /// What stands before the statement.
    fn words(self, dialect: Dialect) -> Result<String> {
        let refuse = |what: &str| {
            let problem = format!("{dialect} cannot explain a query with `{what}`");
            Err(Error::new(Code::Unsupported, problem).with_hint("leave it out, or ask PostgreSQL"))
        };
        let postgres = dialect == Dialect::Postgres;
        if self.verbose && !postgres {
            return refuse("verbose");
        }
        if self.buffers && !postgres {
            return refuse("buffers");
        }
        Ok(match dialect {
            Dialect::Postgres => {
                let options = [("ANALYZE", self.analyze), ("VERBOSE", self.verbose), ("BUFFERS", self.buffers)];
                let options = options.into_iter().chain([("FORMAT JSON", self.json)]);
                let options: Vec<&str> = options.filter(|(_, on)| *on).map(|(name, _)| name).collect();
                if options.is_empty() { "EXPLAIN ".to_owned() } else { format!("EXPLAIN ({}) ", options.join(", ")) }
            }
            Dialect::Sqlite | Dialect::MySql if self.json && (self.analyze || dialect == Dialect::Sqlite) => {
                return refuse("json");
            }
            Dialect::MariaDb if self.analyze && self.json => "ANALYZE FORMAT=JSON ".to_owned(),
            Dialect::MariaDb | Dialect::MySql if self.json => "EXPLAIN FORMAT=JSON ".to_owned(),
            Dialect::Sqlite if self.analyze => return refuse("analyze"),
            Dialect::Sqlite => "EXPLAIN QUERY PLAN ".to_owned(),
            Dialect::MariaDb if self.analyze => "ANALYZE ".to_owned(),
            Dialect::MySql if self.analyze => "EXPLAIN ANALYZE ".to_owned(),
            Dialect::MariaDb | Dialect::MySql => "EXPLAIN ".to_owned(),
        })
    }
}

/// What a database says of how it runs a query; its [`Display`](fmt::Display) form is for people.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let plan = Book::objects().filter(|b| b.id.eq(1)).explain(&db).await?;
/// assert_eq!(plan.to_string(), "SEARCH library_book USING INTEGER PRIMARY KEY (rowid=?)");
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    lines: Vec<String>,
}

impl Plan {
    /// The lines, steps inside others further to the right.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let plan = Book::objects().filter(|b| b.author.name.eq("Ada Lovelace")).explain(&db).await?;
    /// assert_eq!(plan.lines().len(), 2); // a step for each table
    /// # Ok(()) }
    /// ```
    pub fn lines(&self) -> &[String] {
        &self.lines
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines.join("\n"))
    }
}

impl<M: Model, O: Row> QuerySet<M, O> {
    /// How the database would run the query, which is not run.
    ///
    /// SQL: `EXPLAIN SELECT ..`; on SQLite `EXPLAIN QUERY PLAN`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let plan = Book::objects().filter(|b| b.views.gt(5)).explain(&db).await?;
    /// assert_eq!(plan.to_string(), "SCAN library_book"); // no index helps
    /// # Ok(()) }
    /// ```
    pub async fn explain<E: Executor>(self, ex: &E) -> Result<Plan> {
        self.explain_with(Explain::new(), ex).await
    }

    /// [`explain`](QuerySet::explain) with more to tell, where the database can.
    ///
    /// # Errors
    /// [`Code::Unsupported`] for what the database cannot tell, before anything is run.
    ///
    /// ```
    /// # use library::*;
    /// # async fn shown(db: &Database) -> orm::Result<()> {
    /// let plan = Book::objects().filter(|b| b.active).explain_with(orm::Explain::new().analyze(), db).await?;
    /// println!("{plan}"); // Seq Scan on library_book  (cost=.. rows=..) (actual time=..)
    /// # Ok(()) }
    /// ```
    pub async fn explain_with<E: Executor>(self, how: Explain, ex: &E) -> Result<Plan> {
        explained(self.select(), how, self.access(), ex).await
    }
}

/// How the database would run a query, which has this access when it runs.
pub(crate) async fn explained<E: Executor>(select: &Select, how: Explain, access: Access, ex: &E) -> Result<Plan> {
    let dialect = ex.dialect();
    let words = how.words(dialect)?;
    let statement = compile::select(select, dialect)?;
    // Whatever is measured runs: a query that locks, locks.
    let access = if how.analyze { access } else { Access::Read };
    ex.run(Explained { statement: statement.after(&words), access, dialect }).await
}

struct Explained {
    statement: Statement,
    access: Access,
    dialect: Dialect,
}

impl Operation for Explained {
    type Output = Plan;

    fn access(&self) -> Access {
        self.access
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<Plan> {
        let mut lines = Vec::new();
        // The depths of SQLite's steps, by their numbers.
        let mut depths = vec![(0, 0)];
        let sqlite = self.dialect == Dialect::Sqlite;
        let mut each = |row: &crate::Row<'_>| {
            if sqlite {
                let (step, parent) = (row.cell(0).i64()?, row.cell(1).i64()?);
                let depth = depths.iter().rev().find(|(known, _)| *known == parent).map_or(0, |(_, depth)| *depth);
                depths.push((step, depth + 1));
                lines.push(format!("{}{}", "  ".repeat(depth), row.cell(3).text()?));
            } else if row.len() == 1 {
                let cell = row.cell(0);
                let text = cell.text().or_else(|_| cell.json().map(|plan| format!("{plan:#}")))?;
                lines.extend(text.lines().map(str::to_owned));
            } else {
                let shown = |index: usize| Some(format!("{}: {}", row.name(index)?, shown(&row.cell(index))?));
                lines.push((0..row.len()).filter_map(shown).collect::<Vec<_>>().join(", "));
            }
            Ok(())
        };
        conn.query(&self.statement, &mut each).await?;
        Ok(Plan { lines })
    }
}

/// A cell of any type as text; nothing for NULL.
fn shown(cell: &Cell<'_>) -> Option<String> {
    if cell.is_null() {
        return None;
    }
    let number = || cell.i64().map(|number| number.to_string());
    let text = cell.text().or_else(|_| number()).or_else(|_| cell.f64().map(|number| number.to_string()));
    text.ok().filter(|text| !text.is_empty())
}
