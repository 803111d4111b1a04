//! What Django answers on the Chinook database, asked in this library's own words. Every case of the pack that is asked here has
//! its id; `LEFT_OUT` says which are not, and why.
//!
//! The pack is the folder that `ORM_ORACLE` names; without it the tests say NOT RUN.

mod changes;
mod models;
mod questions;
mod rows;
mod sets;
mod writes;

use crate::{
    bed::{Bed, behaviour},
    pack::{Pack, shown},
};
use models::*;
use orm::{Access, Connection, Kind, Operation, Statement, Value, prelude::*};
use std::path::Path;

/// Cases that are asked elsewhere, or not at all.
const LEFT_OUT: &[(&str, &str)] = &[(
    "P03",
    "a negative place does not compile; what follows a slice is answered here where Django refuses: see `slices`",
)];

/// The tables on this back end, with the rows of the pack.
async fn load(bed: &Bed, folder: &Path) -> orm::Result<()> {
    orm::migrate::create_tables(&bed.db, &[store()]).await?;
    // It may stand in a folder that cannot be written.
    let copy = std::env::temp_dir().join(format!("orm_oracle_{}_{:?}.sqlite", std::process::id(), bed.backend));
    std::fs::copy(folder.join("data").join("chinook.sqlite"), &copy).unwrap();
    let source = Database::connect(format!("sqlite://{}", copy.display())).await?;
    fill::<Artist>(&source, bed).await?;
    fill::<Album>(&source, bed).await?;
    fill::<Employee>(&source, bed).await?;
    fill::<Customer>(&source, bed).await?;
    fill::<Genre>(&source, bed).await?;
    fill::<MediaType>(&source, bed).await?;
    fill::<Track>(&source, bed).await?;
    fill::<Playlist>(&source, bed).await?;
    fill::<PlaylistTrack>(&source, bed).await?;
    fill::<Invoice>(&source, bed).await?;
    fill::<InvoiceLine>(&source, bed).await?;
    source.close().await;
    std::fs::remove_file(copy).unwrap();
    bed.log.clear();
    Ok(())
}

async fn fill<M: Model>(source: &Database, bed: &Bed) -> orm::Result<()> {
    let columns = &M::meta().columns;
    let names: Vec<&str> = columns.iter().map(|column| &*column.name).collect();
    let kinds = columns.iter().map(|column| column.kind).collect();
    let sql = format!("SELECT {} FROM {}", names.join(", "), M::meta().table);
    let rows = source.run(Rows { sql, kinds }).await?;
    for rows in rows.chunks(200) {
        crate::rows::insert(&bed.db, &M::meta().table, &names.join(" "), rows.to_vec()).await?;
    }
    Ok(())
}

struct Rows {
    sql: String,
    kinds: Vec<Kind>,
}

impl Operation for Rows {
    type Output = Vec<Vec<Value>>;

    fn access(&self) -> Access {
        Access::Read
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> orm::Result<Self::Output> {
        let mut rows = Vec::new();
        let kinds = &self.kinds;
        let mut each = |row: &orm::Row<'_>| {
            let value = |(index, kind): (usize, &Kind)| {
                let cell = row.cell(index);
                Ok(match kind {
                    _ if cell.is_null() => Value::Null(*kind),
                    Kind::I64 => Value::I64(cell.i64()?),
                    Kind::I32 => Value::I32(cell.i32()?),
                    Kind::Decimal => Value::Decimal(cell.decimal()?),
                    Kind::DateTime => Value::DateTime(cell.datetime()?),
                    _ => Value::Text(cell.text()?),
                })
            };
            rows.push(kinds.iter().enumerate().map(value).collect::<orm::Result<_>>()?);
            Ok(())
        };
        conn.query(&Statement::raw(&self.sql, []), &mut each).await?;
        Ok(rows)
    }
}

behaviour! {
    async fn what_django_answers(bed) {
        let Ok(folder) = std::env::var("ORM_ORACLE") else {
            println!("NOT RUN: ORM_ORACLE names no folder");
            return Ok(());
        };
        let folder = Path::new(&folder);
        load(&bed, folder).await?;
        let mut pack = Pack::read(folder, "chinook");
        Box::pin(questions::ask(&bed, &mut pack)).await?;
        Box::pin(sets::ask(&bed, &mut pack)).await?;
        Box::pin(rows::ask(&bed, &mut pack)).await?;
        Box::pin(writes::ask(&bed, &mut pack)).await?;
        Box::pin(changes::ask(&bed, &mut pack)).await?;
        pack.finish(LEFT_OUT);
        Ok(())
    }
}
