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
    columns: Vec<String>,
    to: String,
    action: String,
}

impl OnUpdate {
    fn is_dropped(&self, dialect: Dialect, sql: &str) -> bool {
        let (table, name) = (dialect.quote(&self.table), dialect.quote(&self.name));
        ["DROP CONSTRAINT", "DROP FOREIGN KEY"].iter().any(|what| sql == format!("ALTER TABLE {table} {what} {name}"))
    }

    /// The statement that makes it anew, by whatever name, if it is that, with what it said.
    fn with(&self, dialect: Dialect, sql: &str) -> Option<String> {
        let rest = sql.strip_prefix(&format!("ALTER TABLE {} ADD CONSTRAINT ", dialect.quote(&self.table)))?;
        let columns = dialect.quote_all(self.columns.iter().map(String::as_str));
        let is = rest.contains(&format!(" FOREIGN KEY ({columns}) REFERENCES {} (", dialect.quote(&self.to)));
        if !is || rest.contains(" ON UPDATE ") {
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
            "SELECT t.relname::text, c.conname::text, array_to_string(ARRAY(SELECT a.attname FROM unnest(c.conkey) WITH ORDINALITY AS k(n, at) \
             JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = k.n ORDER BY k.at), chr(31)), o.relname::text, \
             CASE c.confupdtype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' ELSE 'SET DEFAULT' END \
             FROM pg_constraint AS c JOIN pg_class AS t ON t.oid = c.conrelid JOIN pg_class AS o ON o.oid = c.confrelid \
             WHERE c.contype = 'f' AND c.confupdtype IN ('c', 'n', 'd') AND pg_table_is_visible(t.oid)"
        }
        Dialect::MariaDb | Dialect::MySql => {
            "SELECT r.table_name, r.constraint_name, GROUP_CONCAT(k.column_name ORDER BY k.ordinal_position SEPARATOR '\x1f'), \
             r.referenced_table_name, r.update_rule FROM information_schema.referential_constraints AS r \
             JOIN information_schema.key_column_usage AS k ON k.constraint_schema = r.constraint_schema \
             AND k.constraint_name = r.constraint_name AND k.table_name = r.table_name \
             WHERE r.constraint_schema = DATABASE() AND r.update_rule IN ('CASCADE', 'SET NULL', 'SET DEFAULT') \
             GROUP BY r.table_name, r.constraint_name, r.referenced_table_name, r.update_rule"
        }
    };
    if !plans.iter().flatten().filter_map(text).any(anew) {
        return Ok(Vec::new());
    }
    let rows = connection.query(sql).await.map_err(database("the live schema cannot be read"))?;
    let found = rows.into_iter().filter_map(|row| match <[Option<String>; 5]>::try_from(row) {
        Ok([Some(table), Some(name), Some(columns), Some(to), Some(action)]) => {
            Some(OnUpdate { table, name, columns: columns.split('\x1f').map(str::to_owned).collect(), to, action })
        }
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
        let columns = vec!["x".to_owned(), "y".to_owned()];
        let key =
            OnUpdate { table: "a\"b".into(), name: "k".into(), columns, to: "o".into(), action: "CASCADE".into() };
        let begin = "ALTER TABLE \"a\"\"b\" ADD CONSTRAINT \"n\"";
        let made = |end: &str| format!("{begin} FOREIGN KEY (\"x\", \"y\") REFERENCES \"o\" (\"c\", \"d\"){end}");
        let deferred = " DEFERRABLE INITIALLY DEFERRED";
        for end in ["", " ON DELETE SET NULL", deferred, &format!(" ON DELETE CASCADE{deferred} NOT VALID")] {
            let with = made(&format!(" ON UPDATE CASCADE{end}"));
            assert_eq!(key.with(Dialect::Postgres, &made(end)).as_ref(), Some(&with));
            assert_eq!(key.with(Dialect::Postgres, &with), None);
        }
        for other in
            [made("").replace("\"y\"", "\"z\""), made("").replace("\"o\"", "\"p\""), format!("{begin} CHECK (x > 0)")]
        {
            assert_eq!(key.with(Dialect::Postgres, &other), None);
        }
        let my = OnUpdate { table: "t".into(), ..key.clone() };
        assert!(my.is_dropped(Dialect::MariaDb, "ALTER TABLE `t` DROP FOREIGN KEY `k`"));
        assert!(!key.is_dropped(Dialect::Postgres, "ALTER TABLE \"a\"\"b\" DROP CONSTRAINT \"k2\""));
    }
}
