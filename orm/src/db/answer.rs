//! How each driver hands out the rows of an answer, and what may end that.

#[cfg(feature = "postgres")]
use super::decode::postgres::Oids;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
use super::fragment::ByText;
#[cfg(feature = "sqlite")]
use super::fragment::Fragment;
#[cfg(feature = "mysql")]
use super::row::MysqlRow;
#[cfg(feature = "postgres")]
use super::row::PgRow;
#[cfg(feature = "sqlite")]
use super::row::SqliteRow;
#[allow(unused_imports, reason = "without a back end there are no rows")]
use super::{Row, connection::Each, row::Origin};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
use crate::Statement;
use crate::{Code, Error, Result};
#[allow(unused_imports, reason = "without a back end there are no queries")]
use diesel::query_builder::{Query, QueryId};

/// What ended a query: the database, or the receiver of its rows.
pub(super) enum Failed {
    Database(diesel::result::Error),
    Each(Error),
}

/// What a server answers, as long as its own time-out for statements lets it: it may not be there any more to keep to that.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(super) async fn in_time<T, E: Silence>(
    settings: &super::Settings,
    patient: bool,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let work = std::pin::pin!(work);
    match settings.statement_timeout.filter(|_| !patient) {
        None => work.await,
        Some(time) => {
            let time = time + settings.connect_timeout;
            tokio::time::timeout(time, work).await.unwrap_or_else(|_| Err(E::silence()))
        }
    }
}

/// The error of a server that does not answer.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(super) trait Silence {
    fn silence() -> Self;
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
impl Silence for diesel::result::Error {
    #[cold]
    fn silence() -> Self {
        let what = "the server does not answer, not even to say that the statement ran too long".to_owned();
        diesel::result::Error::DatabaseError(diesel::result::DatabaseErrorKind::ClosedConnection, Box::new(what))
    }
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
impl Silence for Failed {
    #[cold]
    fn silence() -> Self {
        Failed::Database(Silence::silence())
    }
}

#[cfg(feature = "postgres")]
impl Silence for (usize, Failed) {
    #[cold]
    fn silence() -> Self {
        (0, Silence::silence())
    }
}

impl From<diesel::result::Error> for Failed {
    #[cold]
    fn from(error: diesel::result::Error) -> Self {
        Failed::Database(error)
    }
}

#[cfg(feature = "sqlite")]
pub(super) fn sqlite_query<'a, F>(
    conn: &'a mut super::sqlite::Watched,
    fragment: F,
    each: Each<'_>,
) -> Result<(), Failed>
where
    F: Fragment<'a> + diesel::query_builder::QueryFragment<diesel::sqlite::Sqlite>,
{
    let statement = fragment.statement();
    let load = || diesel::connection::LoadConnection::load(&mut conn.conn, fragment);
    let mut rows = if F::BY_TEXT { conn.texts.announce(statement, load) } else { load() };
    match rows {
        // Where they are: what is moved is as large as what is read.
        Ok(ref mut rows) => each_sqlite_row(rows, statement.single, each),
        Err(error) => Err(error.into()),
    }
}

#[cfg(feature = "sqlite")]
pub(super) fn sqlite_execute<'a, F>(conn: &mut super::sqlite::Watched, fragment: &F) -> diesel::QueryResult<usize>
where
    F: Fragment<'a> + diesel::query_builder::QueryFragment<diesel::sqlite::Sqlite>,
{
    let mut execute = || diesel::connection::Connection::execute_returning_count(&mut conn.conn, fragment);
    if F::BY_TEXT { conn.texts.announce(fragment.statement(), execute) } else { execute() }
}

/// On a connection that somebody else has made the text is looked up by Diesel: the types that stand for texts are each connection's own.
#[cfg(feature = "sqlite")]
pub(super) fn borrowed_sqlite_query<'a>(
    conn: &'a mut diesel::SqliteConnection,
    statement: &'a Statement,
    each: Each<'_>,
) -> Result<(), Failed> {
    match diesel::connection::LoadConnection::load(conn, ByText(statement)) {
        Ok(ref mut rows) => each_sqlite_row(rows, statement.single, each),
        Err(error) => Err(error.into()),
    }
}

#[cfg(feature = "sqlite")]
pub(super) fn borrowed_sqlite_execute(
    conn: &mut diesel::SqliteConnection,
    statement: &Statement,
) -> diesel::QueryResult<usize> {
    diesel::connection::Connection::execute_returning_count(conn, &ByText(statement))
}

#[cfg(feature = "sqlite")]
fn each_sqlite_row<'a>(
    rows: &mut <diesel::SqliteConnection as diesel::connection::LoadConnection>::Cursor<'a, 'a>,
    single: bool,
    each: Each<'_>,
) -> Result<(), Failed> {
    let origin = Origin::another();
    for row in rows {
        each(&Row::from(origin, &SqliteRow(&row?))).map_err(Failed::Each)?;
        if single {
            break;
        }
    }
    Ok(())
}

#[cfg(feature = "postgres")]
pub(super) async fn pg_query<F>(
    conn: &mut diesel_async::AsyncPgConnection,
    fragment: F,
    each: Each<'_>,
) -> Result<(), Failed>
where
    F: Query + diesel::query_builder::QueryFragment<diesel::pg::Pg> + QueryId + Send,
{
    use futures_util::TryStreamExt;
    let mut rows = diesel_async::AsyncConnectionCore::load(conn, fragment).await?;
    let (mut oids, origin) = (None, Origin::another());
    while let Some(row) = rows.try_next().await? {
        let oids = oids.get_or_insert_with(|| Oids::new(diesel::row::Row::field_count(&row)));
        each(&Row::from(origin, &PgRow(&row, oids))).map_err(Failed::Each)?;
    }
    Ok(())
}

/// All queries are on their way before the first answer is read.
#[cfg(feature = "postgres")]
pub(super) async fn pg_pipeline(
    conn: &diesel_async::AsyncPgConnection,
    statements: &[Statement],
    each: &mut (dyn FnMut(usize, &Row<'_>) -> Result<()> + Send),
) -> Result<(), (usize, Failed)> {
    use futures_util::{StreamExt, TryStreamExt, stream::FuturesOrdered};
    let mut sent: FuturesOrdered<_> = statements
        .iter()
        .map(|statement| diesel_async::AsyncConnectionCore::load(&mut &*conn, ByText(statement)))
        .collect();
    let mut index = 0;
    while let Some(rows) = sent.next().await {
        let mut rows = rows.map_err(|error| (index, error.into()))?;
        let (mut oids, origin) = (None, Origin::another());
        while let Some(row) = rows.try_next().await.map_err(|error| (index, error.into()))? {
            let oids = oids.get_or_insert_with(|| Oids::new(diesel::row::Row::field_count(&row)));
            each(index, &Row::from(origin, &PgRow(&row, oids))).map_err(|error| (index, Failed::Each(error)))?;
        }
        index += 1;
    }
    Ok(())
}

#[cfg(feature = "mysql")]
pub(super) async fn mysql_query<F>(
    conn: &mut diesel_async::AsyncMysqlConnection,
    fragment: F,
    each: Each<'_>,
) -> Result<(), Failed>
where
    F: Query + diesel::query_builder::QueryFragment<diesel::mysql::Mysql> + QueryId + Send,
{
    use futures_util::TryStreamExt;
    let mut rows = diesel_async::AsyncConnectionCore::load(conn, fragment).await?;
    // An answer is read to its end also after an error, so that the connection stays usable.
    let (mut refused, origin) = (None, Origin::another());
    while let Some(row) = rows.try_next().await? {
        if refused.is_none() {
            refused = each(&Row::from(origin, &MysqlRow(row))).err();
        }
    }
    refused.map_or(Ok(()), |error| Err(Failed::Each(error)))
}

pub(super) fn no_back_end<F>(_: &F, _: Each<'_>) -> Result<(), Failed> {
    Err(Failed::Each(gone()))
}

/// The error of what has no back end, or has lost it: the `None` of a connection's link.
#[cold]
pub(super) fn gone() -> Error {
    Error::new(Code::ConnectionLost, "what Diesel ran has put another connection into the place of this one")
        .with_hint("connect again; a closure that Diesel runs in leaves the connection where it is")
}
