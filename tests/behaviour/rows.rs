//! Rows put into tables without the library's own writes.

use orm::{Access, Connection, Database, Dialect, Executor, Operation, Result, Statement, Value};

fn quoted(name: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Sqlite | Dialect::Postgres => format!("\"{name}\""),
        _ => format!("`{name}`"),
    }
}

struct Insert(Statement);

impl Operation for Insert {
    type Output = u64;
    fn access(&self) -> Access {
        Access::Write
    }
    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<u64> {
        conn.execute(&self.0).await
    }
}

/// Puts rows into a table; the columns are named in one text, with blanks between them.
pub async fn insert(db: &Database, table: &str, columns: &str, rows: Vec<Vec<Value>>) -> Result<()> {
    insert_into(db, table, columns.split_whitespace(), rows).await
}

/// Puts rows into a table.
pub async fn insert_into<'n>(
    db: &Database,
    table: &str,
    columns: impl IntoIterator<Item = &'n str>,
    rows: Vec<Vec<Value>>,
) -> Result<()> {
    let names: Vec<_> = columns.into_iter().map(|name| quoted(name, db.dialect())).collect();
    let places = vec!["?"; names.len()].join(", ");
    let sql = format!(
        "INSERT INTO {} ({}) VALUES {}",
        quoted(table, db.dialect()),
        names.join(", "),
        vec![format!("({places})"); rows.len()].join(", ")
    );
    db.run(Insert(Statement::raw(&sql, rows.into_iter().flatten()))).await?;
    Ok(())
}

/// A row for [`insert`]: each value in its database form.
macro_rules! row {
    ($($value:expr),+ $(,)?) => { vec![$(orm::FieldType::to_value(&$value)?),+] };
}
pub(crate) use row;
