//! Many rows in one statement of one text: their values are one bind for each column, or one for all.

use super::{Sql, list::from_json_table, write::guard};
use crate::{Dialect, Kind, Result, Statement, Value, tree::UpdateRows};

/// Whether rows of columns of these kinds can be handed over as lists.
pub(crate) fn takes_lists(mut kinds: impl Iterator<Item = Kind>) -> bool {
    !kinds.any(|kind| matches!(kind, Kind::Postgres(_)))
}

/// Whether new rows of such columns are: elsewhere their text is as quick.
pub(crate) fn inserts_lists(dialect: Dialect, kinds: impl Iterator<Item = Kind>) -> bool {
    dialect == Dialect::Postgres && takes_lists(kinds)
}

/// Rows to change, each to its own values, as one statement.
pub(crate) fn update_rows(update: UpdateRows, dialect: Dialect) -> Result<Statement> {
    let mut sql = Sql::new(dialect);
    sql.update_rows(update)?;
    Ok(sql.finish())
}

impl Sql {
    /// `unnest($1, $2)`: a list for each column of rows whose values stand one after the other.
    pub(super) fn unnest(&mut self, kinds: &[Kind], values: impl ExactSizeIterator<Item = Value>) -> Result<()> {
        let rows = values.len() / kinds.len();
        let mut lists: Vec<Vec<Value>> = kinds.iter().map(|_| Vec::with_capacity(rows)).collect();
        for (place, value) in values.enumerate() {
            lists[place % kinds.len()].push(value);
        }
        self.push("unnest(");
        self.list(kinds.iter().zip(lists), ", ", |sql, (&kind, list)| {
            sql.bind(Value::list(kind, list));
            Ok(())
        })?;
        self.push(")");
        Ok(())
    }

    fn update_rows(&mut self, update: UpdateRows) -> Result<()> {
        let UpdateRows { model, key, set, values } = update;
        let columns = || key.iter().chain(&set).map(|&column| &model.columns[usize::from(column)]);
        let kinds: Vec<Kind> = columns().map(|column| column.kind).collect();
        let is_mysql = self.dialect.is_mysql();
        self.push("UPDATE ");
        self.name(&model.table);
        if is_mysql {
            self.push(" JOIN ");
            self.json_table(&kinds, &values)?;
            self.push(" AS orm_rows ON ");
        } else {
            self.push(" SET ");
        }
        let pairs = |sql: &mut Sql, from: usize, to: usize, between: &str, qualified: bool| {
            sql.list((from..to).zip(columns().skip(from)), between, |sql, (place, column)| {
                if qualified {
                    sql.name(&model.table);
                    sql.push(".");
                }
                sql.name(&column.name);
                sql.push(" = ");
                let value = format!("orm_rows.c{place}");
                sql.push(&if is_mysql { from_json_table(column.kind, &value) } else { value });
                Ok(())
            })
        };
        let (keys, all) = (key.len(), kinds.len());
        let counted = model.version.filter(|version| !set.contains(version));
        let counts_version = |sql: &mut Sql, qualified: bool| {
            let Some(version) = counted else { return };
            let (name, table) = (&model.columns[usize::from(version)].name, &model.table);
            let guard = if sql.dialect == Dialect::Sqlite { guard(&model, version) } else { None };
            sql.push(", ");
            if qualified {
                sql.name(table);
                sql.push(".");
            }
            sql.name(name);
            sql.push(" = ");
            sql.push(guard.as_ref().map_or("", |(function, _)| function));
            sql.push(if guard.is_some() { "(" } else { "" });
            sql.name(table);
            sql.push(".");
            sql.name(name);
            sql.push(" + 1");
            if let Some((_, limits)) = guard {
                sql.push(&limits);
                sql.push(")");
            }
        };
        if is_mysql {
            pairs(self, 0, keys, " AND ", true)?;
            self.push(" SET ");
            pairs(self, keys, all, ", ", true)?;
            counts_version(self, true);
            return Ok(());
        }
        pairs(self, keys, all, ", ", false)?;
        counts_version(self, false);
        self.push(" FROM ");
        if self.dialect == Dialect::Sqlite {
            self.json_each(&kinds, &values)?;
            self.push(" AS orm_rows WHERE ");
        } else {
            self.unnest(&kinds, values.into_iter())?;
            let names: Vec<String> = (0..all).map(|place| format!("c{place}")).collect();
            self.push(&format!(" AS orm_rows({}) WHERE ", names.join(", ")));
        }
        pairs(self, 0, keys, " AND ", true)
    }
}
