//! What a live database has, read by the engine.

use super::{connection::OverConnection, engine_error};
use crate::{Access, Connection, Database, Executor, Operation, Result};
use migrations_engine::introspect::{self, Live};

/// Reads the tables and views of a database, with all that the engine's schema state can say of them; what it cannot is told as
/// notes. The history of migrations is left out. Nothing is changed.
///
/// # Errors
/// When the database refuses to tell.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// use orm::migrate::engine::introspect::{Live, as_stored};
///
/// let db = Database::connect("sqlite::memory:").await?;
/// orm::migrate::create_tables(&db, &[library()]).await?;
/// let live = orm::migrate::introspect(&db).await?;
/// let book = &live.schema.models[&Live::key("library_book")];
/// assert_eq!(book.field("author_id").unwrap().relation.as_ref().unwrap().to, Live::key("library_author"));
///
/// // It is what the models say, as this database stores it.
/// let models = orm::migrate::schema(&[library()])?;
/// assert_eq!(live, as_stored(db.dialect().into(), &models).map_err(orm::migrate::engine_error)?);
/// # Ok(()) }
/// ```
pub async fn introspect(db: &Database) -> Result<Live> {
    db.run(Introspect).await
}

struct Introspect;

impl Operation for Introspect {
    type Output = Live;

    fn access(&self) -> Access {
        Access::Read
    }

    fn on_replicas(&self) -> bool {
        false
    }

    async fn run(&mut self, connection: &mut Connection<'_>) -> Result<Live> {
        introspect::introspect(&mut OverConnection::new(connection)?).await.map_err(engine_error)
    }
}
