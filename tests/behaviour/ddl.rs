//! Tables for models, in each dialect's words, and rows put into them without the library's own writes.

use orm::{
    Access, Connection, Database, Dialect, Executor, Kind, Operation, Result, Statement, Value,
    model::{ColumnMeta, ModelMeta},
};

fn type_of(column: &ColumnMeta, dialect: Dialect) -> String {
    let length = column.max_length.unwrap_or(200);
    let (digits, scale) = (column.digits.unwrap_or(20), column.scale.unwrap_or(2));
    match dialect {
        Dialect::Sqlite => match column.kind {
            Kind::Bool => "bool".into(),
            Kind::I16 => "smallint".into(),
            Kind::I32 => "integer".into(),
            Kind::I64 | Kind::Duration => "bigint".into(),
            Kind::F32 | Kind::F64 => "real".into(),
            Kind::Decimal => "decimal".into(),
            Kind::Bytes => "blob".into(),
            Kind::Date => "date".into(),
            Kind::Time => "time".into(),
            Kind::Timestamp | Kind::DateTime => "datetime".into(),
            Kind::Uuid => "char(32)".into(),
            _ => "text".into(),
        },
        Dialect::Postgres => match column.kind {
            Kind::Bool => "boolean".into(),
            Kind::I16 => "smallint".into(),
            Kind::I32 => "integer".into(),
            Kind::I64 => "bigint".into(),
            Kind::F32 => "real".into(),
            Kind::F64 => "double precision".into(),
            Kind::Decimal => format!("numeric({digits}, {scale})"),
            Kind::Bytes => "bytea".into(),
            Kind::Date => "date".into(),
            Kind::Time => "time".into(),
            Kind::Timestamp => "timestamp".into(),
            Kind::DateTime => "timestamptz".into(),
            Kind::Duration => "interval".into(),
            Kind::Uuid => "uuid".into(),
            Kind::Json => "jsonb".into(),
            _ => "text".into(),
        },
        _ => match column.kind {
            Kind::Bool => "bool".into(),
            Kind::I16 => "smallint".into(),
            Kind::I32 => "integer".into(),
            Kind::I64 | Kind::Duration => "bigint".into(),
            Kind::F32 => "float".into(),
            Kind::F64 => "double".into(),
            Kind::Decimal => format!("decimal({digits}, {scale})"),
            Kind::Bytes => "longblob".into(),
            Kind::Date => "date".into(),
            Kind::Time => "time(6)".into(),
            Kind::Timestamp | Kind::DateTime => "datetime(6)".into(),
            Kind::Uuid => "uuid".into(),
            Kind::Json => "json".into(),
            _ => format!("varchar({length}) character set utf8mb4 collate utf8mb4_nopad_bin"),
        },
    }
}

fn quoted(name: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Sqlite | Dialect::Postgres => format!("\"{name}\""),
        _ => format!("`{name}`"),
    }
}

/// Creates the tables of models, and the tables between them.
pub async fn create_tables(db: &Database, models: &[&'static ModelMeta]) -> Result<()> {
    let dialect = db.dialect();
    let create = |model: &ModelMeta| {
        let mut parts: Vec<String> = Vec::new();
        for column in &model.columns {
            let null = if column.nullable { "null" } else { "not null" };
            parts.push(format!("{} {} {null}", quoted(&column.name, dialect), type_of(column, dialect)));
        }
        let key: Vec<_> =
            model.key.iter().map(|&column| quoted(&model.columns[usize::from(column)].name, dialect)).collect();
        parts.push(format!("primary key ({})", key.join(", ")));
        format!("create table {} ({})", quoted(&model.table, dialect), parts.join(", "))
    };
    for &model in models {
        db.batch(create(model)).await?;
        let owner = orm::tree::ModelRef::Static(model);
        for field in &model.fields {
            let through = field.relation.as_ref().and_then(|relation| relation.through(&owner, field));
            if let Some(through) = through.filter(|_| field.options.through.is_none()) {
                db.batch(create(&through.model)).await?;
            }
        }
    }
    Ok(())
}

struct Insert(Statement);

impl Operation for Insert {
    type Output = u64;
    fn access(&self) -> Access {
        Access::Write
    }
    async fn run(&mut self, conn: &mut Connection) -> Result<u64> {
        conn.execute(&self.0).await
    }
}

/// Puts rows into a table; the columns are named in one text, with blanks between them.
pub async fn insert(db: &Database, table: &str, columns: &str, rows: Vec<Vec<Value>>) -> Result<()> {
    let names: Vec<_> = columns.split_whitespace().map(|name| quoted(name, db.dialect())).collect();
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
