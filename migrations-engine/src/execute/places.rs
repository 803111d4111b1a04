//! Where Rust steps note how far they came: what is noted counts for the one time that a step is run, however often that is interrupted.

use super::{Connection, STEPS_TABLE, database};
use crate::condition::Value;
use crate::error::Result;
use crate::plan::{Statement, StatementKind};
use crate::sql::literal;

/// Takes away what the step of a statement has noted, if it is one. The table is other programs' as well.
pub(super) async fn forget<C: Connection>(connection: &mut C, statement: &Statement) -> Result<()> {
    let StatementKind::Rust { name, .. } = &statement.kind else { return Ok(()) };
    if !super::live::tables(connection).await?.iter().any(|table| table == STEPS_TABLE) {
        return Ok(());
    }
    let begins = format!("{name} ");
    let text = literal(connection.dialect(), &Value::Text(begins.clone()), None)?;
    let sql = format!("DELETE FROM {STEPS_TABLE} WHERE SUBSTR(place, 1, {}) = {text}", begins.chars().count());
    let cannot = format!("what the step `{name}` has noted cannot be taken away");
    connection.execute(&sql).await.map(drop).map_err(database(cannot))
}
