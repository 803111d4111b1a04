//! All rows of an application's tables, and the numbers that automatic keys go on from.

use super::{connection::OverConnection, engine_dialect, schema};
use crate::{
    Access, App, Code, Connection, Database, Dialect, Error, Executor, Operation, Result, compile::reset_sequence,
};
use migrations_engine::{execute::Connection as _, plan::tables_of, schema::Model};

/// The tables that migrations make for some applications, those that refer to others before them.
fn tables(apps: &[App]) -> Result<Vec<Model>> {
    Ok(tables_of(&schema(apps)?))
}

fn quoted(dialect: Dialect, names: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let names = names.into_iter().map(|name| engine_dialect(dialect).quote(name.as_ref()));
    names.collect::<Vec<_>>().join(", ")
}

fn texts(names: &[&str]) -> String {
    names.iter().map(|name| format!("'{}'", name.replace('\'', "''"))).collect::<Vec<_>>().join(", ")
}

/// The statements of [`flush`], in their order.
///
/// # Errors
/// When the models do not fit together.
///
/// ```
/// # use library::library;
/// let sql = orm::migrate::flush_sql(orm::Dialect::Sqlite, &[library()])?;
/// assert!(sql.contains(&"DELETE FROM \"library_book\"".to_owned()), "{sql:?}");
/// # Ok::<(), orm::Error>(())
/// ```
pub fn flush_sql(dialect: Dialect, apps: &[App]) -> Result<Vec<String>> {
    let tables = tables(apps)?;
    let names: Vec<&str> = tables.iter().map(|model| model.table.as_str()).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    Ok(match dialect {
        Dialect::Postgres => vec![format!("TRUNCATE {} RESTART IDENTITY", quoted(dialect, &names))],
        Dialect::MariaDb | Dialect::MySql => {
            let each = names.iter().map(|name| format!("TRUNCATE TABLE {}", quoted(dialect, [name])));
            ["SET FOREIGN_KEY_CHECKS = 0".to_owned()]
                .into_iter()
                .chain(each)
                .chain(["SET FOREIGN_KEY_CHECKS = 1".to_owned()])
                .collect()
        }
        Dialect::Sqlite => {
            let each = names.iter().map(|name| format!("DELETE FROM {}", quoted(dialect, [name])));
            let numbered = tables.iter().any(|model| model.fields.iter().any(|field| field.auto));
            let numbers = numbered.then(|| format!("DELETE FROM sqlite_sequence WHERE name IN ({})", texts(&names)));
            each.chain(numbers).collect()
        }
    })
}

/// Removes all rows of the applications' tables, and lets their automatic keys begin anew; the tables stay, and so does the
/// history of migrations.
///
/// # Errors
/// When a table is not there, and when rows of tables that are not theirs refer to theirs (on PostgreSQL: when such tables do, also
/// without rows): then nothing is removed.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = Database::connect("sqlite::memory:").await?;
/// # orm::migrate::create_tables(&db, &[library()]).await?;
/// Tag::draft().slug("new").name("New").create(&db).await?;
/// orm::migrate::flush(&db, &[library()]).await?;
/// assert_eq!(Tag::objects().count(&db).await?, 0);
/// # Ok(()) }
/// ```
pub async fn flush(db: &Database, apps: &[App]) -> Result<()> {
    let statements = flush_sql(db.dialect(), apps)?;
    let tables: Vec<String> = tables(apps)?.into_iter().map(|model| model.table).collect();
    if tables.is_empty() {
        return Ok(());
    }
    db.run(Flush { statements, tables }).await
}

struct Flush {
    statements: Vec<String>,
    tables: Vec<String>,
}

impl Operation for Flush {
    type Output = ();

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, connection: &mut Connection<'_>) -> Result<()> {
        let dialect = connection.dialect();
        let mut connection = OverConnection::new(connection)?;
        let names: Vec<&str> = self.tables.iter().map(String::as_str).collect();
        match dialect {
            Dialect::Postgres => self.all(&mut connection).await,
            Dialect::MariaDb | Dialect::MySql => {
                // Each TRUNCATE is committed: what would be in the way is looked for before, and whether all are there.
                for name in &names {
                    let there = format!("SELECT 1 FROM {} LIMIT 0", quoted(dialect, [name]));
                    connection.query(&there).await.map_err(refused)?;
                }
                let others = format!(
                    "SELECT table_name, referenced_table_name FROM information_schema.referential_constraints \
                     WHERE constraint_schema = DATABASE() AND referenced_table_name IN ({0}) AND table_name NOT IN ({0})",
                    texts(&names)
                );
                for row in connection.query(&others).await.map_err(refused)? {
                    let [Some(table), Some(referred)] = row.as_slice() else { continue };
                    let some = format!("SELECT 1 FROM {} LIMIT 1", quoted(dialect, [table]));
                    if !connection.query(&some).await.map_err(refused)?.is_empty() {
                        return Err(in_the_way(table, referred));
                    }
                }
                let done = self.all(&mut connection).await;
                connection.execute("SET FOREIGN_KEY_CHECKS = 1").await.map_err(refused)?;
                done
            }
            Dialect::Sqlite => {
                // Only a database with tables that say AUTOINCREMENT keeps numbers.
                let numbers = "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'";
                if connection.query(numbers).await.map_err(refused)?.is_empty() {
                    self.statements.retain(|sql| !sql.contains("sqlite_sequence"));
                }
                connection.execute("PRAGMA foreign_keys = OFF").await.map_err(refused)?;
                let done = self.in_transaction(&mut connection).await;
                connection.execute("PRAGMA foreign_keys = ON").await.map_err(refused)?;
                done
            }
        }
    }
}

impl Flush {
    async fn all(&self, connection: &mut OverConnection<'_, '_>) -> Result<()> {
        for sql in &self.statements {
            connection.execute(sql).await.map_err(refused)?;
        }
        Ok(())
    }

    async fn in_transaction(&self, connection: &mut OverConnection<'_, '_>) -> Result<()> {
        connection.execute("BEGIN IMMEDIATE").await.map_err(refused)?;
        let done = async {
            self.all(connection).await?;
            let names: Vec<&str> = self.tables.iter().map(String::as_str).collect();
            let names = texts(&names);
            let left =
                format!("SELECT \"table\", parent FROM pragma_foreign_key_check WHERE parent IN ({names}) LIMIT 1");
            match connection.query(&left).await.map_err(refused)?.first().map(Vec::as_slice) {
                Some([Some(table), Some(referred)]) => Err(in_the_way(table, referred)),
                _ => Ok(()),
            }
        };
        let done = done.await;
        let done = match done {
            Ok(()) => connection.execute("COMMIT").await.map(drop).map_err(refused),
            Err(error) => Err(error),
        };
        if done.is_err() {
            // The first error is the one to show.
            let _ = connection.execute("ROLLBACK").await;
        }
        done
    }
}

fn in_the_way(table: &str, referred: &str) -> Error {
    Error::new(Code::ForeignKeyViolation, format!("rows of `{table}` refer to rows of `{referred}`, which would go")).with_hint(
        "that table belongs to none of these applications: remove its rows first, or flush all applications together",
    )
}

fn refused(source: migrations_engine::BoxError) -> Error {
    match source.downcast::<Error>() {
        Ok(error) => *error,
        Err(source) => Error::new(Code::BadQuery, "the database refused to remove the rows").with_source(source),
    }
}

/// The statements after which automatic keys go on from the largest that is there: for rows that came with keys of their own, from a
/// copy for example. Only PostgreSQL needs any.
///
/// # Errors
/// When the models do not fit together.
///
/// ```
/// # use library::library;
/// use orm::{Dialect, migrate::sequence_sql};
/// assert!(sequence_sql(Dialect::Postgres, &[library()])?[0].starts_with("SELECT setval("));
/// assert!(sequence_sql(Dialect::Sqlite, &[library()])?.is_empty()); // it goes on from there by itself
/// # Ok::<(), orm::Error>(())
/// ```
pub fn sequence_sql(dialect: Dialect, apps: &[App]) -> Result<Vec<String>> {
    let mut statements = Vec::new();
    for model in tables(apps)? {
        let automatic = model.fields.iter().filter(|field| field.auto);
        statements.extend(automatic.filter_map(|field| reset_sequence(&model.table, &field.column, dialect)));
    }
    Ok(statements)
}
