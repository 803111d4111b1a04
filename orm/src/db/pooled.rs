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
        self.retired
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
