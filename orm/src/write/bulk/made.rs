//! Reading the rows that inserts have made, where these do not give them back, or where that takes longer.

use super::{
    super::{point::row_of, upsert::finish},
    inserts::{Chunks, EachPlace, Group, Inserts, ROWS},
};
use crate::{
    Connection, Dialect, Result, Row, Statement, Value, compile,
    model::ModelMeta,
    tree::{BinaryOp, Expr, ModelRef, Order, Select},
};
use std::borrow::Cow;

impl Inserts {
    /// Runs the statements, as [`insert`](Inserts::insert) does, and gives every row.
    pub(crate) async fn insert_and_read(&mut self, conn: &mut Connection<'_>, each: EachPlace<'_>) -> Result<()> {
        if self.gives_rows() && !self.keys_may_follow() {
            return self.insert(conn, each).await.map(drop);
        }
        let mark = conn.savepoint().await?;
        let reads = if self.gives_rows() { self.keys_follow(conn).await } else { Ok(true) };
        let done = match reads {
            Ok(true) => self.create_and_read(conn, each).await,
            Ok(false) => self.insert_all(conn, each).await.map(drop),
            Err(error) => Err(error),
        };
        finish(conn, mark, done).await
    }

    /// One statement after the other, each with the reading of its rows.
    async fn create_and_read(&mut self, conn: &mut Connection<'_>, each: EachPlace<'_>) -> Result<()> {
        // The keys that SQLite makes follow each other through all statements: one reads the rows of all.
        let at_end = self.dialect == Dialect::Sqlite;
        self.in_savepoint = at_end;
        for mut group in std::mem::take(&mut self.groups) {
            let (values, keys) = (std::mem::take(&mut group.values), std::mem::take(&mut group.keys));
            let mut chunks = Chunks::of(&group, values, &[], self);
            while let Some((statement, places)) = chunks.next()? {
                if let Err(error) = conn.execute(statement).await {
                    return Err(group.explained(error, statement, places.len(), &self.model, conn).await);
                }
                if keys.is_empty() && !at_end {
                    self.read_made(conn, places, each).await?;
                }
            }
            if keys.is_empty() && at_end {
                self.read_made(conn, &group.places, each).await?;
            }
            for (&place, key) in group.places.iter().zip(keys) {
                let statement = row_of(&self.model, &key, self.dialect)?;
                conn.query(&statement, &mut |row: &Row<'_>| each(place, row)).await?;
            }
        }
        Ok(())
    }

    /// The rows that were made last: their keys follow each other.
    async fn read_made(&self, conn: &mut Connection<'_>, places: &[usize], each: EachPlace<'_>) -> Result<()> {
        let (told, more) = (conn.last_insert_id().await?, places.len() as i64 - 1);
        // SQLite tells the last key, the others the first.
        let first = if self.dialect == Dialect::Sqlite { told - more } else { told };
        let statement = from_key(&self.model, first, places.len(), self.dialect)?;
        let mut places = places.iter();
        conn.query(&statement, &mut |row| places.next().map_or(Ok(()), |&place| each(place, row))).await
    }

    /// Whether there are so many rows on SQLite that it is quicker to read them afterwards than to have them given back, if the keys
    /// that it makes follow each other.
    pub(super) fn keys_may_follow(&self) -> bool {
        let [key] = self.model.key[..] else { return false };
        let makes_keys = |group: &Group| group.conflict.is_none() && !group.columns.contains(&key);
        self.dialect == Dialect::Sqlite
            && self.rows > ROWS
            && !self.returning.is_empty()
            && self.groups.iter().all(makes_keys)
    }

    /// Whether they do: no trigger makes rows of its own, the key is the number that SQLite has for each row, and there are more.
    async fn keys_follow(&self, conn: &mut Connection<'_>) -> Result<bool> {
        if !has_no_triggers(conn, &self.model).await? {
            return Ok(false);
        }
        let sql = "SELECT coalesce(group_concat(name || ' ' || type) = ? || ' integer' COLLATE NOCASE, 0) \
                   FROM pragma_table_info(?) WHERE pk > 0";
        let key = &self.model.columns[usize::from(self.model.key[0])].name;
        let names = [key, &self.model.table].map(|name| Value::Text(name.to_string()));
        let mut follow = false;
        conn.query(&Statement::new(sql, &names[..]), &mut |row| {
            follow = row.cell(0).bool()?;
            Ok(())
        })
        .await?;
        // Where the largest keys are used up, SQLite takes others by chance.
        conn.query(&from_key(&self.model, i64::MAX / 2, 1, self.dialect)?, &mut |_| {
            follow = false;
            Ok(())
        })
        .await?;
        Ok(follow)
    }
}

/// Whether a table of SQLite has no triggers, which would take up what its statements say of conflicts, and says nothing of them
/// itself.
pub(super) async fn has_no_triggers(conn: &mut Connection<'_>, meta: &ModelMeta) -> Result<bool> {
    if conn.dialect() != Dialect::Sqlite {
        return Ok(false);
    }
    let sql = "SELECT NOT EXISTS (SELECT 1 FROM (SELECT * FROM sqlite_schema UNION ALL SELECT * FROM sqlite_temp_schema) \
               WHERE tbl_name = ? COLLATE NOCASE AND (type = 'trigger' OR type = 'table' AND sql LIKE '%ON%CONFLICT%'))";
    let mut none = false;
    conn.query(&Statement::new(sql, [Value::Text(meta.table.to_string())]), &mut |row| {
        none = row.cell(0).bool()?;
        Ok(())
    })
    .await?;
    Ok(none)
}

/// The rows from an automatic key on: those of one INSERT follow each other. Where several servers make keys, each of them leaves out
/// those of the others.
fn from_key(model: &ModelRef, first: i64, count: usize, dialect: Dialect) -> Result<Statement> {
    let key = Expr::own(model.clone(), model.key[0]);
    let mut select = Select::all(model.clone());
    select.default_order = false;
    let first = Expr::Value(Value::I64(first));
    select.add_filter(key.clone().binary(BinaryOp::Ge, first.clone()));
    if dialect == Dialect::MySql {
        let pieces = ["(", " - ", ") % @@auto_increment_increment = 0"].map(Cow::Borrowed).into();
        select.add_filter(Expr::Raw { pieces, parts: vec![key.clone(), first] });
    }
    select.order = vec![Order { expr: key, descending: false, nulls_first: None }];
    select.limit = Some(count as u64);
    compile::select(&select, dialect)
}
