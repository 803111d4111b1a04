//! Updates of many rows, each with its own values.

use super::super::{
    check::stored,
    clock,
    fault::{Sent, explained_by},
    point::{key_in, key_is},
    upsert::finish,
};
use crate::{
    Access, Connection, Dialect, Operation, Result, Statement, Value, compile,
    model::ModelMeta,
    tree::{Assignment, Expr, ModelRef, Select, Update},
};

/// The most rows in one UPDATE, which looks each of them up in a list.
const UPDATES: usize = 100;

/// Some columns of many rows.
pub(super) struct UpdateMany {
    meta: &'static ModelMeta,
    columns: Vec<u16>,
    /// By row: the key, then the columns.
    rows: Vec<(Vec<Value>, Vec<Value>)>,
}

impl UpdateMany {
    pub(super) fn new(
        meta: &'static ModelMeta,
        mut columns: Vec<u16>,
        given: Vec<Vec<Value>>,
        dialect: Dialect,
    ) -> Result<Self> {
        let now = auto_now(meta, &columns);
        columns.extend(now.iter().map(|(column, _)| *column));
        let mut rows = Vec::with_capacity(given.len());
        for mut values in given {
            for (column, value) in &now {
                values[usize::from(*column)] = value.clone();
            }
            let key = meta.key.iter().map(|&column| values[usize::from(column)].clone()).collect();
            let take = |&column: &u16| {
                let place = &mut values[usize::from(column)];
                let value = std::mem::replace(place, Value::Null(place.kind()));
                stored(meta, column, value, dialect)
            };
            rows.push((key, columns.iter().map(take).collect::<Result<Vec<_>>>()?));
        }
        Ok(UpdateMany { meta, columns, rows })
    }

    fn statement(&self, rows: &[(Vec<Value>, Vec<Value>)], dialect: Dialect) -> Result<Statement> {
        let model = ModelRef::Static(self.meta);
        let keys = rows.iter().map(|(key, _)| key.clone()).collect();
        let mut select = Select::bare(model.clone());
        select.add_filter(key_in(&model, keys));
        let case = |(at, &column): (usize, &u16)| {
            let branch =
                |(key, values): &(Vec<Value>, Vec<Value>)| (key_is(&model, key), Expr::Value(values[at].clone()));
            let value = Expr::Case { branches: rows.iter().map(branch).collect(), otherwise: None };
            Assignment { column, value }
        };
        let set = self.columns.iter().enumerate().map(case).collect();
        let mut statement = compile::update(&Update { rows: select, set, returning: Vec::new() }, dialect)?;
        statement.once = rows.len() > 1 && rows.len() != self.chunk(dialect);
        Ok(statement)
    }

    fn chunk(&self, dialect: Dialect) -> usize {
        let binds = self.meta.key.len() + self.columns.len() * (self.meta.key.len() + 1);
        (dialect.capabilities().max_binds / binds).clamp(1, UPDATES)
    }

    async fn update(&self, conn: &mut Connection) -> Result<u64> {
        let mut count = 0;
        for rows in self.rows.chunks(self.chunk(conn.dialect())) {
            let statement = self.statement(rows, conn.dialect())?;
            count += match conn.execute(&statement).await {
                Ok(count) => count,
                Err(error) => {
                    let values: Vec<Value> = rows.iter().flat_map(|(_, values)| values.iter().cloned()).collect();
                    let sent = Sent::of(&self.columns, &values);
                    return Err(explained_by(sent, error, self.meta, conn).await);
                }
            };
        }
        Ok(count)
    }
}

/// The fields that every save sets, with the present.
pub(in crate::write) fn auto_now(meta: &ModelMeta, but: &[u16]) -> Vec<(u16, Value)> {
    let columns = meta.columns.iter().enumerate().filter(|(index, column)| {
        meta.fields[usize::from(column.field)].options.auto_now && !but.contains(&(*index as u16))
    });
    columns.filter_map(|(index, column)| Some((index as u16, clock::now(column.kind)?))).collect()
}

impl Operation for UpdateMany {
    type Output = u64;

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection) -> Result<u64> {
        if self.rows.len() <= self.chunk(conn.dialect()) {
            return self.update(conn).await;
        }
        let mark = conn.savepoint().await?;
        let done = self.update(conn).await;
        finish(conn, mark, done).await
    }
}
