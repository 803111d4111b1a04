//! Handles on the same connections that differ in what they see: sessions, the primary alone, the schema of a tenant.

use super::Database;
#[cfg(any(feature = "postgres", feature = "mysql"))]
use super::{Access, Operation, replicas, server};
use crate::{Code, Dialect, Error, Result};
use std::sync::Arc;

/// What one handle on a database has for itself; none of it is the usual.
#[derive(Clone, Default)]
pub(super) struct View {
    /// What its session has written, where reads may go to replicas.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(super) mark: Option<Arc<replicas::Mark>>,
    /// Whether reads go to the primary whatever was written.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(super) primary: bool,
    /// The schema in which names are looked up, quoted.
    pub(super) schema: Option<Arc<str>>,
}

/// A replica, as it is now: see [`Database::replicas`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplicaStatus {
    /// Its URL, without the password.
    pub url: String,
    /// Whether reads are sent to it: one that could not be reached is tried again after a while.
    pub available: bool,
    /// How many of its connections are in use.
    pub busy: usize,
}

impl Database {
    pub(super) fn view(&self) -> &View {
        static USUAL: View = View {
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            mark: None,
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            primary: false,
            schema: None,
        };
        self.view.as_deref().unwrap_or(&USUAL)
    }

    fn seen_by(&self, view: View) -> Database {
        Database { view: Some(Arc::new(view)), ..self.clone() }
    }

    /// A handle on the same connections for which the names of tables mean those of this schema, and of no other: one for each tenant. A
    /// connection is told when it last served another; statements stay prepared. Migrations by such a handle make the tables there.
    ///
    /// # Errors
    /// [`Code::Unsupported`] but on PostgreSQL: there a tenant has a database of its own. [`Code::BadSetting`] for what cannot be the name
    /// of a schema.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// let db = orm::Database::connect("sqlite::memory:").await?;
    /// let error = db.in_schema("tenant_7").unwrap_err();
    /// assert_eq!(error.code(), orm::Code::Unsupported);
    /// # Ok(()) }
    /// ```
    pub fn in_schema(&self, name: &str) -> Result<Database> {
        if self.inner.dialect != Dialect::Postgres {
            let what = format!("{} has no schemas inside a database", self.inner.dialect);
            return Err(Error::new(Code::Unsupported, what).with_hint("connect to a database for each tenant"));
        }
        if name.is_empty() || name.len() > 63 || name.contains('\0') {
            return Err(Error::new(Code::BadSetting, format!("`{name}` cannot be the name of a schema")));
        }
        #[cfg(feature = "postgres")]
        if let super::Pool::Borrowed(_) = &self.inner.pool {
            let what = "names are looked up where the connection's owner has said, who has lent it";
            return Err(Error::new(Code::Unsupported, what).with_hint("run `SET search_path` on it before"));
        }
        let mut view = self.view().clone();
        view.schema = Some(format!("\"{}\"", name.replace('"', "\"\"")).into());
        Ok(self.seen_by(view))
    }

    /// The replicas of the database, as they are now; none where it has none.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// let db = orm::Database::connect("sqlite::memory:").await?;
    /// assert!(db.replicas().is_empty());
    /// # Ok(()) }
    /// ```
    pub fn replicas(&self) -> Vec<ReplicaStatus> {
        #[cfg(any(feature = "postgres", feature = "mysql"))]
        if let Some(replicas) = &self.inner.replicas {
            return replicas.status();
        }
        Vec::new()
    }

    /// A handle on the same connections with a session of its own: its reads see what was written through it, and are not held up by
    /// what others write. One for each request of a web back end is what it is for; all clones of a handle are one session.
    ///
    /// Without replicas it is the same as a clone.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let session = db.session();
    /// Tag::draft().slug("logic").name("Logic").create(&session).await?;
    /// assert_eq!(Tag::objects().count(&session).await?, 5); // not from a replica that has not heard of it
    /// # Ok(()) }
    /// ```
    pub fn session(&self) -> Database {
        #[cfg(any(feature = "postgres", feature = "mysql"))]
        if self.inner.replicas.is_some() {
            return self.seen_by(View { mark: Some(Arc::default()), ..self.view().clone() });
        }
        self.clone()
    }

    /// A handle whose reads go to the primary as well: for what must not be a moment old.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().count(&db.primary()).await?, 4);
    /// # Ok(()) }
    /// ```
    pub fn primary(&self) -> Database {
        #[cfg(any(feature = "postgres", feature = "mysql"))]
        if self.inner.replicas.is_some() {
            return self.seen_by(View { primary: true, ..self.view().clone() });
        }
        self.clone()
    }
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
impl Database {
    /// Reads on a replica, where there is one that will do, and everything else on the primary.
    pub(super) async fn run_somewhere<Op: Operation>(
        &self,
        mut op: Op,
        primary: &server::ServerPool,
        replicas: &replicas::Replicas,
    ) -> Result<Op::Output> {
        let View { mark, primary: only, schema } = self.view();
        if let Some(mark) = mark.as_ref().filter(|_| !only && op.on_replicas())
            && let Some(output) = replicas.run(&mut op, &self.probe, mark, primary, schema.as_ref()).await?
        {
            return Ok(output);
        }
        let _writing = (op.access() != Access::Read || !op.asks_again()).then(|| self.writing());
        primary.run(op, &self.probe, schema.as_ref()).await
    }

    /// A write of this session, as long as it is kept.
    pub(super) fn writing(&self) -> replicas::Writing {
        replicas::Writing::of(self.view().mark.as_ref())
    }
}
