//! A dump of `pg_dump` is loaded as statements: its `COPY` blocks become inserts, and the commands of `psql` are left out.

use orm::Database;
use std::path::Path;

/// How many rows one statement inserts.
const ROWS: usize = 2_000;

/// Loads a dump into an empty database.
pub async fn load(db: &Database, dump: &Path) -> orm::Result<()> {
    let text = std::fs::read_to_string(dump).unwrap();
    // One connection from beginning to end: the dump sets how it is read.
    db.transaction(async |tx| {
        let (mut sql, mut rows, mut head) = (String::new(), Vec::new(), None::<String>);
        for line in text.lines() {
            match &head {
                Some(insert) if line == "\\." => {
                    for some in rows.chunks(ROWS) {
                        tx.batch(format!("{insert} VALUES {}", some.join(","))).await?;
                    }
                    rows.clear();
                    head = None;
                }
                Some(_) => rows.push(values(line)),
                None if line.starts_with("COPY ") => {
                    if !sql.trim().is_empty() {
                        tx.batch(std::mem::take(&mut sql)).await?;
                    }
                    head = Some(line.replace("COPY ", "INSERT INTO ").replace(" FROM stdin;", ""));
                }
                None if line.starts_with('\\') || line == "CREATE SCHEMA public;" => {}
                None => {
                    sql.push_str(line);
                    sql.push('\n');
                }
            }
        }
        // The dump leaves the session without a search path.
        sql.push_str("SELECT set_config('search_path', 'public', false);");
        tx.batch(sql).await
    })
    .await?;
    db.batch("ANALYZE".to_owned()).await
}

/// A row of the text format of `COPY`, as a row of `VALUES`.
fn values(line: &str) -> String {
    let value = |field: &str| match field {
        "\\N" => "NULL".to_owned(),
        // Backslashes mean the same in both.
        field => format!("E'{}'", field.replace('\'', "''")),
    };
    format!("({})", line.split('\t').map(value).collect::<Vec<_>>().join(","))
}
