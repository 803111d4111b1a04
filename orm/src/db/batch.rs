//! SQL of a person's own without binds or answers, as an operation.

use super::{Access, Connection, Operation, Row};
use crate::{Code, Dialect, Error, Result, Statement};

/// Runs SQL of any number of statements.
pub(crate) struct Batch(pub(crate) String);

impl Operation for Batch {
    type Output = ();

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<()> {
        let done = conn.batch(&self.0).await;
        if conn.in_transaction() || !may_begin(&self.0) || !left_open(conn).await? {
            return done;
        }
        // Whoever gets the connection next would work in it, and lose everything with it.
        conn.batch("ROLLBACK").await?;
        done.and_then(|()| {
            Err(Error::new(Code::BadQuery, "the SQL began a transaction and left it open: it was rolled back")
                .with_hint("write `db.transaction(async |tx| ..)`, or end it in the same text"))
        })
    }
}

/// Whether a statement begins a transaction, as far as words tell.
fn may_begin(sql: &str) -> bool {
    let mut words = sql.split(|c: char| !c.is_ascii_alphabetic());
    words.any(|word| ["begin", "start", "savepoint"].iter().any(|begins| word.eq_ignore_ascii_case(begins)))
}

/// Whether the connection is in a transaction that nothing here has begun.
pub(super) async fn left_open(conn: &mut Connection<'_>) -> Result<bool> {
    let ask = match conn.dialect() {
        // There is no transaction inside another.
        Dialect::Sqlite if conn.batch("BEGIN").await.is_err() => return Ok(true),
        Dialect::Sqlite => return conn.batch("COMMIT").await.map(|()| false),
        // It divides by zero where the transaction is older than the statement; in one that is given up everything fails.
        Dialect::Postgres if conn.batch("SELECT 1 / (now() = statement_timestamp())::int").await.is_ok() => {
            return Ok(false);
        }
        // Other servers may count time otherwise. Savepoints are for transactions only, which the server's log tells of; one that is
        // given up takes none, and says so.
        Dialect::Postgres => {
            return match conn.batch("SAVEPOINT orm_left_open").await {
                Ok(()) => Ok(true),
                Err(error) if error.code() == Code::ConnectionLost => Err(error),
                Err(error) => Ok(error.code() == Code::TransactionOver),
            };
        }
        // Nothing tells it to everybody on MySQL. Outside of transactions both take a savepoint and forget it: its end is refused there.
        Dialect::MariaDb | Dialect::MySql => {
            match conn.raw_batch("SAVEPOINT orm_left_open; RELEASE SAVEPOINT orm_left_open").await {
                Ok(()) if conn.dialect() == Dialect::MySql => return Ok(true),
                // Without `autocommit` it may be that none has begun.
                Ok(()) => "SELECT @@in_transaction",
                // Whatever language it is said in.
                Err(error) if error.message().contains("orm_left_open") => return Ok(false),
                Err(error) => return Err(error),
            }
        }
    };
    let mut open = false;
    let mut each = |row: &Row<'_>| {
        open = row.cell(0).i64()? != 0;
        Ok(())
    };
    conn.query(&Statement::raw(ask, []), &mut each).await?;
    Ok(open)
}
