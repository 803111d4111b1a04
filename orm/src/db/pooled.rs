//! What a pool has to know of a connection: whether it is at work, lost, or to be kept from others, and how it is made ready again.

#[cfg(any(feature = "postgres", feature = "mysql"))]
use super::failure;
use super::{Connection, link::Link};
use crate::{Code, Error, Result};
#[cfg(any(feature = "postgres", feature = "mysql"))]
use std::sync::Arc;

impl Connection<'_> {
    /// Refuses what would change a connection that somebody else has made, or end a transaction of theirs.
    pub(crate) fn must_be_ours(&self, what: &str) -> Result<()> {
        match self.theirs {
            false => Ok(()),
            true => {
                Err(Error::new(Code::Unsupported, format!("{what} cannot run on a connection that Diesel has made"))
                    .with_hint("connect to the same database by `orm::Database::connect(url)`"))
            }
        }
    }

    pub(super) fn set_busy(&mut self, busy: bool) {
        self.busy = busy;
    }

    /// Looks up names in this schema from here on, or where the server does by itself.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(super) async fn look_in(&mut self, schema: Option<Arc<str>>) -> Result<()> {
        let sql = match &schema {
            Some(schema) => format!("SET search_path TO {schema}"),
            None => "RESET search_path".to_owned(),
        };
        // Whatever becomes of it: until it is known, nobody else has it.
        self.busy = true;
        self.raw_batch(&sql).await?;
        (self.busy, self.schema) = (false, schema);
        Ok(())
    }

    /// Whether MariaDB looks at foreign keys with each statement. A connection that did not for a while goes to nobody else, whatever
    /// becomes of it.
    pub(crate) async fn check_foreign_keys(&mut self, yes: bool) -> Result<()> {
        self.retired = true;
        self.unchecked = true;
        let value = u8::from(yes);
        self.batch(&format!("SET SESSION foreign_key_checks = {value}")).await?;
        self.unchecked = !yes;
        Ok(())
    }

    /// Whether nobody else shall have it.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(super) fn retired(&self) -> bool {
        self.retired || self.away
    }

    /// Whether what is asked next would be given the answer to something else: MariaDB's answers come in the order of the questions, and
    /// one that nobody has waited for is still on its way. PostgreSQL's driver knows whose each is.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(super) fn answers_are_astray(&self) -> bool {
        match self.link {
            #[cfg(feature = "mysql")]
            Link::Mysql(_) => self.busy || self.lost,
            _ => false,
        }
    }

    /// Whether something may still be running or open on it.
    pub(super) fn unsettled(&self) -> bool {
        self.busy || self.depth > 0
    }

    /// Whether it is known to be lost.
    pub(super) fn lost(&mut self) -> bool {
        match &mut self.link {
            #[cfg(feature = "postgres")]
            Link::Postgres(conn, _) => {
                self.lost || diesel_async::pooled_connection::PoolableConnection::is_broken(&mut **conn)
            }
            _ => self.lost,
        }
    }

    /// Undoes what Diesel may have set, where no transaction is open.
    #[cfg(feature = "sqlite")]
    pub(super) fn tidy_now(&mut self) {
        if !self.lent || self.depth > 0 || !matches!(self.link, Link::Sqlite(_)) {
            return;
        }
        // Before anything else runs on it.
        let _ = self.batch_now(super::sqlite::USUAL);
        let Link::Sqlite(watched) = &mut self.link else { return };
        // As when it was opened. Some of it may have been for once, and is there already.
        if let Some(on_sqlite) = &self.settings.on_sqlite {
            let (done, same) = watched.lend(|conn| on_sqlite.0(conn));
            if done.is_err() || !same {
                (self.link, self.lost) = (Link::None(std::marker::PhantomData), true);
                return;
            }
        }
        let setup = std::mem::take(&mut self.setup);
        let _ = self.batch_now(&setup);
        (self.setup, self.lent) = (setup, false);
    }

    /// A sign of life, past logs.
    pub(super) async fn ping(&mut self) -> Result<()> {
        self.raw_batch("SELECT 1").await
    }

    /// Ends what a dropped future left running or open; an error when the connection cannot be used again.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(super) async fn drain(&mut self) -> Result<()> {
        match &mut self.link {
            #[cfg(feature = "postgres")]
            Link::Postgres(_, cancel) if self.busy => {
                if let Some(cancel) = cancel {
                    cancel.cancel().await;
                }
                // Behind the statement, so that it has ended. The server tells nobody when it has seen the request to
                // cancel: it may come late, and would then end a statement of somebody else.
                let _ = self.raw_batch("ROLLBACK").await;
                return Err(failure::in_the_middle());
            }
            #[cfg(feature = "mysql")]
            Link::Mysql(conn) if self.busy => {
                // Its answer was read in part: the statement is ended, the connection cannot be used again.
                let _ = conn.cancel_token().cancel_query().await;
                return Err(failure::in_the_middle());
            }
            _ => {}
        }
        self.raw_batch("ROLLBACK").await?;
        if std::mem::take(&mut self.locks) {
            self.raw_batch("DO RELEASE_ALL_LOCKS()").await?;
        }
        (self.depth, self.aborted, self.busy) = (0, None, false);
        Ok(())
    }
}
