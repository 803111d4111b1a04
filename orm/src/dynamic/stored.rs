//! What writes rows by name and reads them back.

use super::{Catalog, DynRow, path::column_name, run::read};
use crate::{
    Access, Connection, Operation, Result, Row, Value,
    tree::ModelRef,
    write::{self, Inserts, ReadRow, UpdateMany},
};
use std::sync::Arc;

/// Rows of a model, of which some columns may be seen.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) model: ModelRef,
    columns: Vec<u16>,
    names: Arc<[String]>,
}

impl Seen {
    pub(super) fn of(catalog: &Catalog, model: ModelRef) -> Seen {
        let columns = catalog.columns(&model);
        let names = columns.iter().map(|&column| column_name(&model, column)).collect();
        Seen { model, columns, names }
    }
}

impl ReadRow for Seen {
    type Row = DynRow;

    fn model(&self) -> ModelRef {
        self.model.clone()
    }

    fn read(&self, row: &Row<'_>) -> Result<DynRow> {
        let value = |&column: &u16| {
            let shape = &self.model.columns[usize::from(column)];
            read(row, usize::from(column), shape.kind, shape.scale)
        };
        Ok(DynRow::new(self.names.clone(), self.columns.iter().map(value).collect::<Result<_>>()?))
    }

    async fn by_key(&self, conn: &mut Connection<'_>, key: Vec<Value>) -> Result<Option<DynRow>> {
        let statement = write::row_of(&self.model, &key, conn.dialect())?;
        let mut found = None;
        let each = &mut |row: &Row<'_>| {
            found = Some(self.read(row)?);
            Ok(())
        };
        conn.query(&statement, each).await?;
        Ok(found)
    }
}

/// Makes rows, and reads those of their columns that may be seen.
pub(super) struct NewRows {
    pub(super) inserts: Inserts,
    pub(super) seen: Seen,
}

impl Operation for NewRows {
    type Output = Vec<DynRow>;

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<Vec<DynRow>> {
        let NewRows { inserts, seen } = self;
        let mut rows = Vec::new();
        let each = &mut |place: usize, row: &Row<'_>| {
            rows.push((place, seen.read(row)?));
            Ok(())
        };
        inserts.insert_and_read(conn, each).await?;
        rows.sort_by_key(|(place, _)| *place);
        Ok(rows.into_iter().map(|(_, row)| row).collect())
    }
}

/// Updates of many rows, all or none.
pub(super) struct EachRow(pub(super) Vec<UpdateMany>);

impl Operation for EachRow {
    type Output = u64;

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<u64> {
        let mark = conn.savepoint().await?;
        let mut total = 0;
        let mut done = UpdateMany::settle(&mut self.0, conn).await;
        for update in &mut self.0 {
            if done.is_ok() {
                done = Operation::run(update, conn).await.map(|count| total += count);
            }
        }
        if let Err(error) = done {
            // The first error is the one to tell.
            let _ = conn.roll_back(mark).await;
            return Err(error);
        }
        conn.release(mark).await?;
        Ok(total)
    }
}
