//! Constraint violations in the words of the model: which fields they belong to.

use super::check::field_name;
use crate::{Code, Connection, Dialect, Error, ErrorKind, Statement, Value, model::ModelMeta, tree::Expr};

/// The error of a write to `meta`, with the fields by their Rust names.
#[cold]
pub(crate) async fn explained(error: Error, meta: &ModelMeta, conn: &mut Connection) -> Error {
    let mut error = error.with_model(meta.static_name());
    if error.kind() != ErrorKind::Constraint && !matches!(error.code(), Code::OutOfRange | Code::TooLong) {
        return error;
    }
    let mut columns: Vec<String> = error.fields().to_vec();
    if columns.is_empty() {
        columns = from_details(error.message());
    }
    if let Some(constraint) = error.constraint().map(str::to_owned).filter(|_| columns.is_empty()) {
        columns = from_model(&constraint, meta);
        if columns.is_empty() && matches!(conn.dialect(), Dialect::MariaDb | Dialect::MySql) {
            columns = from_server(&constraint, meta, conn).await;
        }
    }
    let mut fields: Vec<String> = Vec::new();
    for name in columns {
        let known = meta.columns.iter().position(|column| column.name == name);
        let field = known.map_or(name, |column| field_name(meta, column as u16));
        if !fields.contains(&field) {
            fields.push(field);
        }
    }
    if !fields.is_empty() {
        error = error.with_fields(fields);
    }
    error
}

/// PostgreSQL: "(Key (author_id, title)=(1, x) already exists.)".
fn from_details(message: &str) -> Vec<String> {
    let Some(end) = message.find(")=(") else { return Vec::new() };
    let Some(start) = message[..end].rfind('(') else { return Vec::new() };
    message[start + 1..end].split(", ").map(|name| name.trim_matches('"').to_owned()).collect()
}

/// Constraints that the model names, and keys that are named after their column.
fn from_model(constraint: &str, meta: &ModelMeta) -> Vec<String> {
    let names = |columns: &mut dyn Iterator<Item = u16>| -> Vec<String> {
        columns.map(|column| meta.columns[column as usize].name.clone()).collect()
    };
    if constraint == "PRIMARY" {
        return names(&mut meta.key.iter().copied());
    }
    let options = meta.options();
    if let Some(unique) = options.unique.iter().find(|unique| unique.name == Some(constraint)) {
        return names(&mut unique.fields.iter().flat_map(|&field| meta.fields[field as usize].columns()));
    }
    if let Some(check) = options.checks.iter().find(|check| ends_with_name(constraint, check.name)) {
        let mut columns = Vec::new();
        check.condition.visit(0, &mut |expr, _| {
            if let Expr::Column { column, .. } = expr
                && !columns.contains(column)
            {
                columns.push(*column);
            }
        });
        return names(&mut columns.into_iter());
    }
    meta.columns.iter().filter(|column| column.name == constraint).map(|column| column.name.clone()).collect()
}

/// Names may carry the table's in front.
fn ends_with_name(constraint: &str, name: &str) -> bool {
    constraint.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with('_'))
}

/// The columns of a key or constraint, asked of MariaDB or MySQL: an error there does not end the transaction.
async fn from_server(constraint: &str, meta: &ModelMeta, conn: &mut Connection) -> Vec<String> {
    let sql = "SELECT column_name FROM information_schema.key_column_usage WHERE table_schema = DATABASE() AND \
               table_name = ? AND constraint_name = ? ORDER BY ordinal_position";
    let binds = [Value::Text(meta.table.clone()), Value::Text(constraint.to_owned())];
    let mut columns = Vec::new();
    let asked = conn
        .query(&Statement::raw(sql, binds), &mut |row| {
            columns.push(row.cell(0).text()?);
            Ok(())
        })
        .await;
    if asked.is_err() {
        columns.clear();
    }
    columns
}
