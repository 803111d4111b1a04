//! What a connection is of the driver's: one of ours, or one that somebody else has made.

use std::marker::PhantomData;
#[cfg(any(feature = "postgres", feature = "mysql"))]
use std::ops::{Deref, DerefMut};

pub(super) enum Link<'a> {
    #[cfg(feature = "sqlite")]
    Sqlite(super::sqlite::Watched),
    /// One that somebody else has made.
    #[cfg(feature = "sqlite")]
    BorrowedSqlite(&'a mut diesel::SqliteConnection),
    #[cfg(feature = "postgres")]
    Postgres(Held<'a, diesel_async::AsyncPgConnection>, Option<Box<super::server::PgCancel>>),
    #[cfg(feature = "mysql")]
    Mysql(Held<'a, diesel_async::AsyncMysqlConnection>),
    /// Without a back end; or what Diesel was lent is not there any more.
    #[allow(dead_code, reason = "SQLite's connections alone become this")]
    None(PhantomData<&'a ()>),
}

/// A driver's connection to a server: one of ours, or one that somebody else has made.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(super) enum Held<'a, C> {
    Ours(Box<C>),
    Borrowed(&'a mut C),
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
impl<C> Deref for Held<'_, C> {
    type Target = C;

    #[inline]
    fn deref(&self) -> &C {
        match self {
            Held::Ours(conn) => conn,
            Held::Borrowed(conn) => conn,
        }
    }
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
impl<C> DerefMut for Held<'_, C> {
    #[inline]
    fn deref_mut(&mut self) -> &mut C {
        match self {
            Held::Ours(conn) => conn,
            Held::Borrowed(conn) => conn,
        }
    }
}

/// Whether SQLite is in no transaction: BEGIN is refused inside of one.
#[cfg(feature = "sqlite")]
pub(super) fn begins(conn: &mut diesel::SqliteConnection) -> bool {
    let begun = diesel::connection::SimpleConnection::batch_execute(conn, "BEGIN").is_ok();
    if begun {
        let _ = diesel::connection::SimpleConnection::batch_execute(conn, "ROLLBACK");
    }
    begun
}
