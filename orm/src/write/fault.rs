//! Constraint violations in the words of the model: which fields they belong to.

use super::{check::as_data, point::columns_in};
use crate::{
    Code, Connection, Dialect, Error, ErrorKind, Result, Row, Statement, Value, compile,
    model::{FieldMeta, ModelMeta, RelationKind, Told, UniqueMeta},
    tree::{Expr, ModelRef, Select, Selected},
};

/// What a statement has sent, as far as that is known: the values of rows, each as long as `columns`, and the columns that the
/// database was to compute.
#[derive(Clone, Copy, Default)]
pub(super) struct Sent<'a> {
    pub(super) columns: &'a [u16],
    pub(super) values: &'a [Value],
    pub(super) computed: &'a [u16],
}

impl<'a> Sent<'a> {
    pub(super) fn of(columns: &'a [u16], values: &'a [Value]) -> Sent<'a> {
        Sent { columns, values, computed: &[] }
    }
}

/// The error of a write to `meta`, with the fields by their Rust names.
#[cold]
pub(super) async fn explained(error: Error, meta: &ModelMeta, conn: &mut Connection<'_>) -> Error {
    explained_by(Sent::default(), error, meta, conn).await
}

/// [`explained`], where it is known what was sent.
#[cold]
pub(super) async fn explained_by(sent: Sent<'_>, error: Error, meta: &ModelMeta, conn: &mut Connection<'_>) -> Error {
    let mut error = error.with_model(meta.name.clone());
    let unfit = matches!(error.code(), Code::OutOfRange | Code::TooLong | Code::InexactDecimal | Code::InvalidValue);
    if error.kind() != ErrorKind::Constraint && !unfit {
        return error;
    }
    if error.table().is_some_and(|table| !meta.has_table(table)) {
        // Rows of another model point here: that is no field's mistake.
        return error.with_fields([]);
    }
    let mut columns: Vec<String> = error.fields().to_vec();
    // PostgreSQL tells of expressions as well: the model knows what they are made of.
    let is_column = |name: &String| meta.columns.iter().any(|column| column.name == *name);
    if error.constraint().is_some() && !columns.iter().all(is_column) {
        columns.clear();
    }
    if unfit && columns.is_empty() {
        // Not every database says which.
        if let [column] = *sent.computed {
            columns = vec![meta.columns[usize::from(column)].name.clone()];
        }
    } else if let Some(constraint) = error.constraint().map(str::to_owned).filter(|_| columns.is_empty()) {
        let positive = positive_column(&constraint, meta).filter(|_| error.code() == Code::CheckViolation);
        if let Some(column) = positive {
            // MariaDB refuses it by the column's type.
            error = error.retold(Code::OutOfRange, "the number is negative, in a field that never is");
            columns = vec![column];
        } else {
            columns = from_model(&constraint, meta);
        }
        if columns.is_empty() && matches!(conn.dialect(), Dialect::MariaDb | Dialect::MySql) {
            columns = from_server(&constraint, meta, conn).await;
        }
    } else if columns.is_empty() && error.code() == Code::ForeignKeyViolation {
        // Where looking fails, nothing is known.
        let keys = broken_keys(sent, meta, conn).await.unwrap_or_default();
        columns = keys
            .iter()
            .flat_map(|field| field.columns())
            .map(|column| meta.columns[usize::from(column)].name.clone())
            .collect();
    }
    let fields = meta.fields_with(&columns);
    if !fields.is_empty() {
        let named: Vec<String> = fields.iter().map(|field| format!("{}.{field}", meta.name)).collect();
        error = error.about(&named.join("`, `"));
    }
    let error = error.with_fields(fields);
    let mistake = told_of(&error, meta).of(as_data(&error));
    error.with_validation(vec![mistake])
}

/// What people are told of the constraint that refused, where the model says it.
fn told_of(error: &Error, meta: &ModelMeta) -> Told {
    let options = meta.options();
    let name = error.constraint().unwrap_or_default();
    match error.code() {
        Code::CheckViolation => {
            let check = options.checks.iter().find(|check| ends_with_name(name, check.name));
            check.map(|check| check.told).unwrap_or_default()
        }
        Code::UniqueViolation => {
            let same = |unique: &&UniqueMeta| {
                let fields = unique.fields.iter().map(|&field| &*meta.fields[usize::from(field)].name);
                unique.name.is_some_and(|own| own == name)
                    || unique.expressions.is_empty() && fields.eq(error.fields().iter().map(String::as_str))
            };
            options.unique.iter().find(same).map(|unique| unique.told).unwrap_or_default()
        }
        _ => Told::default(),
    }
}

/// The column whose type a check belongs to, by the check's name.
fn positive_column(constraint: &str, meta: &ModelMeta) -> Option<String> {
    let mut positive = (0..).zip(&meta.columns).filter(|(at, _)| meta.is_positive(*at)).map(|(_, column)| &column.name);
    positive.find(|name| ends_with_name(constraint, &format!("{name}_check"))).cloned()
}

/// The foreign keys that the values of a refused statement break, where the database does not say: the only one among them,
/// or those whose rows are not there; and if all are, the one that the database computes.
async fn broken_keys<'m>(sent: Sent<'_>, meta: &'m ModelMeta, conn: &mut Connection<'_>) -> Result<Vec<&'m FieldMeta>> {
    let given = meta.fields.iter().map(|field| (field, keys_of(field, sent)));
    let mut given: Vec<_> = given.filter(|(_, keys)| !keys.is_empty()).collect();
    let is_computed = |field: &&FieldMeta| {
        points(field) && field.column_count > 0 && field.columns().all(|column| sent.computed.contains(&column))
    };
    let computed: Vec<&FieldMeta> = meta.fields.iter().filter(is_computed).collect();
    if given.len() > 1 || !computed.is_empty() {
        let mut broken = Vec::new();
        for (field, keys) in given {
            if !all_there(field, keys, meta, sent, conn).await? {
                broken.push((field, Vec::new()));
            }
        }
        given = broken;
    }
    match computed[..] {
        [computed] if given.is_empty() => Ok(vec![computed]),
        _ => Ok(given.into_iter().map(|(field, _)| field).collect()),
    }
}

fn points(field: &FieldMeta) -> bool {
    field.relation.as_ref().is_some_and(|relation| {
        matches!(relation.kind, RelationKind::ForeignKey { .. } | RelationKind::OneToOne { .. })
    })
}

/// The different keys that a foreign key was given.
fn keys_of(field: &FieldMeta, sent: Sent<'_>) -> Vec<Vec<Value>> {
    if points(field) { keys_in(field.columns(), sent) } else { Vec::new() }
}

/// The different values of some columns together, where none is NULL.
fn keys_in(columns: impl Iterator<Item = u16>, sent: Sent<'_>) -> Vec<Vec<Value>> {
    let place = |column| sent.columns.iter().position(|sent| *sent == column);
    let Some(places) = columns.map(place).collect::<Option<Vec<usize>>>() else { return Vec::new() };
    let mut keys = Vec::new();
    for row in sent.values.chunks_exact(sent.columns.len().max(1)) {
        let key: Vec<Value> = places.iter().map(|&place| row[place].clone()).collect();
        if !key.iter().any(Value::is_null) && !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// Whether the rows that a foreign key was given are there, or among those that were sent.
async fn all_there(
    field: &FieldMeta,
    mut keys: Vec<Vec<Value>>,
    meta: &ModelMeta,
    sent: Sent<'_>,
    conn: &mut Connection<'_>,
) -> Result<bool> {
    let Some(relation) = &field.relation else { return Ok(true) };
    let target: ModelRef = relation.target();
    if target.table == meta.table {
        let new = keys_in(field.ends(&target).iter().copied(), sent);
        keys.retain(|key| !new.contains(key));
    }
    let count = keys.len();
    let mut select = Select::bare(target.clone());
    let ends = field.ends(&target);
    select.selection = ends.iter().map(|&column| Selected::Expr(Expr::own(target.clone(), column))).collect();
    select.add_filter(columns_in(&target, ends, keys));
    let mut found = 0;
    let each = &mut |_: &Row<'_>| {
        found += 1;
        Ok(())
    };
    conn.query(&compile::select(&select, conn.dialect())?, each).await?;
    Ok(found == count)
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
        let mut columns = unique.fields.iter().flat_map(|&field| meta.fields[field as usize].columns()).collect();
        unique.expressions.iter().for_each(|key| add_columns(&key.expr, &mut columns));
        return names(&mut columns.into_iter());
    }
    let checks = options.checks.iter().map(|check| (check.name, &check.condition));
    let exclusions = options.exclusions.iter().map(|exclude| (exclude.name, &exclude.pair));
    if let Some((_, condition)) = checks.chain(exclusions).find(|(name, _)| ends_with_name(constraint, name)) {
        let mut columns = Vec::new();
        add_columns(condition, &mut columns);
        return names(&mut columns.into_iter());
    }
    meta.columns.iter().filter(|column| column.name == constraint).map(|column| column.name.clone()).collect()
}

/// Adds the columns of the row itself that an expression reads.
fn add_columns(expr: &Expr, columns: &mut Vec<u16>) {
    expr.visit(0, &mut |expr, _| {
        let Expr::Column { path, column, .. } = expr else { return };
        // The key of a related row stands in the columns that lead to it.
        let own = path.steps.first().map_or(*column..*column + 1, |step| step.field().columns());
        columns.extend(own.filter(|column| !columns.contains(column)).collect::<Vec<_>>());
    });
}

/// Names may carry the table's in front.
fn ends_with_name(constraint: &str, name: &str) -> bool {
    constraint.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with('_'))
}

/// The columns of a key or constraint, asked of MariaDB or MySQL: an error there does not end the transaction.
async fn from_server(constraint: &str, meta: &ModelMeta, conn: &mut Connection<'_>) -> Vec<String> {
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
