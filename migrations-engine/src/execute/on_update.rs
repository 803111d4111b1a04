//! What foreign keys of a database that others have made say of changed keys: migrations say nothing of it, and a key that they
//! make anew goes on to say the same.

use serde::{Deserialize, Serialize};

use super::{Connection, database};
use crate::error::Result;
use crate::plan::{Statement, StatementKind};
use crate::sql::Dialect;

/// A foreign key that does more than to refuse.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct OnUpdate {
    table: String,
    name: String,
    action: String,
}

impl OnUpdate {
    fn alter(&self, dialect: Dialect, what: &str) -> String {
        format!("ALTER TABLE {} {what} {}", dialect.quote(&self.table), dialect.quote(&self.name))
    }

    fn is_dropped(&self, dialect: Dialect, sql: &str) -> bool {
        ["DROP CONSTRAINT", "DROP FOREIGN KEY"].iter().any(|what| sql == self.alter(dialect, what))
    }

    /// The statement that makes it, if it is that, with what it said.
    fn with(&self, dialect: Dialect, sql: &str) -> Option<String> {
        let rest = sql.strip_prefix(&self.alter(dialect, "ADD CONSTRAINT"))?;
        if !rest.starts_with(" FOREIGN KEY ") || rest.contains(" ON UPDATE ") {
            return None;
        }
        let at = [" ON DELETE ", " DEFERRABLE ", " NOT VALID"].iter().filter_map(|what| sql.rfind(what)).min();
        let (before, after) = sql.split_at(at.unwrap_or(sql.len()));
        Some(format!("{before} ON UPDATE {}{after}", self.action))
    }
}

fn text(statement: &Statement) -> Option<&str> {
    match &statement.kind {
        StatementKind::Sql(sql) if statement.changes.is_some() => Some(sql),
        _ => None,
    }
}

/// Those of the database, if a plan makes a foreign key anew.
pub(super) async fn read<C: Connection>(connection: &mut C, plans: &[Vec<Statement>]) -> Result<Vec<OnUpdate>> {
    let anew = |sql: &str| sql.contains(" ADD CONSTRAINT ") && sql.contains(" FOREIGN KEY ");
    let sql = match connection.dialect() {
        // There a table keeps its own when it is written anew.
        Dialect::Sqlite => return Ok(Vec::new()),
        Dialect::Postgres => {
            "SELECT t.relname::text, c.conname::text, \
             CASE c.confupdtype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' ELSE 'SET DEFAULT' END \
             FROM pg_constraint AS c JOIN pg_class AS t ON t.oid = c.conrelid \
             WHERE c.contype = 'f' AND c.confupdtype IN ('c', 'n', 'd') AND pg_table_is_visible(t.oid)"
        }
        Dialect::MariaDb | Dialect::MySql => {
            "SELECT table_name, constraint_name, update_rule FROM information_schema.referential_constraints \
             WHERE constraint_schema = DATABASE() AND update_rule IN ('CASCADE', 'SET NULL', 'SET DEFAULT')"
        }
    };
    if !plans.iter().flatten().filter_map(text).any(anew) {
        return Ok(Vec::new());
    }
    let rows = connection.query(sql).await.map_err(database("the live schema cannot be read"))?;
    let found = rows.into_iter().filter_map(|row| match <[Option<String>; 3]>::try_from(row) {
        Ok([Some(table), Some(name), Some(action)]) => Some(OnUpdate { table, name, action }),
        _ => None,
    });
    Ok(found.collect())
}

/// Those among them that one plan drops.
pub(super) fn dropped(found: &[OnUpdate], dialect: Dialect, plan: &[Statement]) -> Vec<OnUpdate> {
    let goes = |key: &&OnUpdate| plan.iter().filter_map(text).any(|sql| key.is_dropped(dialect, sql));
    found.iter().filter(goes).cloned().collect()
}

/// Lets what a plan drops and makes anew say what it said.
pub(super) fn keep(dropped: &[OnUpdate], dialect: Dialect, plan: &mut [Statement]) {
    for statement in plan.iter_mut().filter(|statement| statement.changes.is_some()) {
        if let StatementKind::Sql(sql) = &mut statement.kind
            && let Some(with) = dropped.iter().find_map(|key| key.with(dialect, sql))
        {
            *sql = with;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_made_anew_says_what_it_said() {
        let key = OnUpdate { table: "a\"b".into(), name: "k".into(), action: "CASCADE".into() };
        let made = |end: &str| {
            format!("ALTER TABLE \"a\"\"b\" ADD CONSTRAINT \"k\" FOREIGN KEY (\"x\") REFERENCES \"o\" (\"id\"){end}")
        };
        for end in [
            "",
            " ON DELETE SET NULL",
            " DEFERRABLE INITIALLY DEFERRED",
            " ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED NOT VALID",
        ] {
            let with = key.with(Dialect::Postgres, &made(end)).unwrap();
            assert_eq!(with, made(&format!(" ON UPDATE CASCADE{end}")));
            assert_eq!(key.with(Dialect::Postgres, &with), None);
        }
        assert_eq!(key.with(Dialect::Postgres, "ALTER TABLE \"a\"\"b\" ADD CONSTRAINT \"k\" CHECK (x > 0)"), None);
        assert_eq!(key.with(Dialect::Postgres, &made("").replace("\"k\"", "\"k2\"")), None);
        let my = OnUpdate { table: "t".into(), ..key.clone() };
        assert!(my.is_dropped(Dialect::MariaDb, "ALTER TABLE `t` DROP FOREIGN KEY `k`"));
        assert!(!key.is_dropped(Dialect::Postgres, "ALTER TABLE \"a\"\"b\" DROP CONSTRAINT \"k2\""));
    }
}
