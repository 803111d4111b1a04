//! Whether something is one of a list, of any length: the list is one bind, so that one text serves for all.

use super::{
    Sql,
    expr::{bad, of_column},
    trimmed,
};
use crate::{Dialect, Kind, Result, Value, model::RelationKind, tree::Expr};

/// Up to so many values are quicker as they are, on MariaDB and MySQL.
const FEW: usize = 16;

/// As many are in a foreign key, where each is in many rows: of a list in a document MariaDB always expects 40 values, and looks for
/// each by the index where it had better read the table.
const MANY: usize = 4_096;

impl Sql {
    pub(super) fn in_list(&mut self, on: &Expr, list: &Value) -> Result<()> {
        let Value::List(of) = list else {
            return Err(bad("`is_in` needs a list".to_owned()));
        };
        let (kind, values) = (of.kind, &of.values);
        if values.is_empty() {
            return self.truth(false);
        }
        list.storable(self.dialect).map_err(|error| of_column(on, error))?;
        self.side(on)?;
        let from = match self.dialect {
            // Of those, what is bound as text can be in an array.
            Dialect::Postgres if matches!(kind, Kind::Postgres(own) if !own.in_lists()) => None,
            Dialect::Postgres => {
                self.push(" = ANY(");
                self.bind(list.clone());
                self.push(")");
                return Ok(());
            }
            Dialect::Sqlite => from_json(kind, "value").map(|value| (value, "json_each(", ")".to_owned())),
            Dialect::MariaDb | Dialect::MySql if values.len() <= self.few(on) => None,
            Dialect::MariaDb | Dialect::MySql => json_table_type(kind).map(|column| {
                (from_json_table(kind, "v"), "JSON_TABLE(", format!(", '$[*]' COLUMNS (v {column} PATH '$')) AS list"))
            }),
        };
        self.push(" IN (");
        if let Some((value, before, after)) = from {
            self.push(&format!("SELECT {value} FROM {before}"));
            self.bind(list.clone());
            self.push(&after);
        } else {
            // The last one is repeated, so that there are few different statements to be kept prepared.
            let places = values.len().next_power_of_two().min(values.len().max(self.dialect.capabilities().max_binds));
            let padded = values.iter().chain(values.last().into_iter().cycle()).take(places);
            self.list(padded, ", ", |sql, value| match value {
                Value::Postgres(..) => sql.beside(&Expr::Value(value.clone()), on),
                _ => {
                    sql.value(value);
                    Ok(())
                }
            })?;
        }
        self.push(")");
        Ok(())
    }

    /// How many values are quicker as they are, on MariaDB and MySQL.
    fn few(&self, on: &Expr) -> usize {
        let Expr::Column { path, model, column } = on else { return FEW };
        let (_, model, column) = trimmed(&path.steps, model, *column);
        let field = model.columns[usize::from(column)].field;
        let relation = model.fields[usize::from(field)].relation.as_ref();
        let key = relation.is_some_and(|relation| matches!(relation.kind, RelationKind::ForeignKey { .. }));
        let repeats = key && !model.is_unique(field);
        let room = self.out.binds.len() + MANY <= self.dialect.capabilities().max_binds / 2;
        if repeats && room { MANY } else { FEW }
    }

    /// Whether some expressions together are one of these rows, whose values stand one after the other.
    pub(super) fn in_rows(&mut self, on: &[Expr], values: &[Value]) -> Result<()> {
        let rows = || values.chunks_exact(on.len());
        let Some(first) = rows().next() else { return self.truth(false) };
        for (part, value) in on.iter().cycle().zip(values) {
            value.storable(self.dialect).map_err(|error| of_column(part, error))?;
        }
        let kinds: Vec<Kind> = first.iter().map(Value::kind).collect();
        let places = 0..on.len();
        self.push("(");
        self.list(on, ", ", |sql, part| sql.expr(part))?;
        self.push(") IN (");
        match self.dialect {
            Dialect::Postgres => {
                self.push("SELECT * FROM ");
                self.unnest(&kinds, values.iter().cloned())?;
            }
            Dialect::Sqlite => {
                self.push("SELECT * FROM ");
                self.json_each(&kinds, values)?;
            }
            Dialect::MariaDb | Dialect::MySql if values.len() <= FEW => {
                self.list(rows(), ", ", |sql, row| {
                    sql.push("(");
                    sql.list(row, ", ", |sql, value| {
                        sql.value(value);
                        Ok(())
                    })?;
                    sql.push(")");
                    Ok(())
                })?;
            }
            Dialect::MariaDb | Dialect::MySql => {
                self.push("SELECT ");
                self.list(places, ", ", |sql, place| {
                    sql.push(&from_json_table(kinds[place], &format!("c{place}")));
                    Ok(())
                })?;
                self.push(" FROM ");
                self.json_table(&kinds, values)?;
                self.push(" AS list");
            }
        }
        self.push(")");
        Ok(())
    }
}

impl Sql {
    /// `(SELECT .. FROM json_each(..))` of rows whose values stand one after the other, with the columns `c0`, `c1` ..
    pub(super) fn json_each(&mut self, kinds: &[Kind], values: &[Value]) -> Result<()> {
        self.push("(SELECT ");
        self.list(kinds.iter().enumerate(), ", ", |sql, (place, &kind)| {
            let element = format!("value->>'$[{place}]'");
            // A document is text there as well.
            let value = from_json(kind, &element).unwrap_or(element);
            sql.push(&format!("{value} AS c{place}"));
            Ok(())
        })?;
        self.push(" FROM json_each(");
        self.bind(list_of_rows(kinds, values));
        self.push("))");
        Ok(())
    }

    /// `JSON_TABLE(..)` of rows whose values stand one after the other, with the columns `c0`, `c1` ..
    pub(super) fn json_table(&mut self, kinds: &[Kind], values: &[Value]) -> Result<()> {
        self.push("JSON_TABLE(");
        self.bind(list_of_rows(kinds, values));
        self.push(", '$[*]' COLUMNS (");
        self.list(kinds.iter().enumerate(), ", ", |sql, (place, &kind)| {
            // A document is text there as well.
            let column = json_table_type(kind).unwrap_or("LONGTEXT");
            sql.push(&format!("c{place} {column} PATH '$[{place}]'"));
            Ok(())
        })?;
        self.push("))");
        Ok(())
    }
}

/// Rows whose values stand one after the other, to be bound as one.
fn list_of_rows(kinds: &[Kind], values: &[Value]) -> Value {
    Value::list(Kind::Json, values.chunks_exact(kinds.len()).map(|row| Value::list(kinds[0], row.iter().cloned())))
}

/// What SQLite makes of an element of a JSON list. Bytes have no form in JSON, and floats might lose a digit there: digits and
/// bits do not.
fn from_json(kind: Kind, element: &str) -> Option<String> {
    Some(match kind {
        Kind::Json | Kind::Postgres(_) => return None,
        Kind::Bytes => format!("unhex({element})"),
        Kind::F32 | Kind::F64 => format!("orm_float({element})"),
        Kind::Decimal => format!("CAST({element} AS NUMERIC)"),
        _ => element.to_owned(),
    })
}

/// The value of a column of a table that MariaDB or MySQL makes of a JSON list.
pub(super) fn from_json_table(kind: Kind, column: &str) -> String {
    if kind == Kind::Bytes { format!("UNHEX({column})") } else { column.to_owned() }
}

/// The type of such a column, where there is one.
fn json_table_type(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::Bool | Kind::I16 | Kind::I32 | Kind::I64 | Kind::Duration => "BIGINT",
        Kind::Decimal => "DECIMAL(65, 28)",
        Kind::Text | Kind::Bytes => "LONGTEXT",
        Kind::F32 | Kind::F64 => "DOUBLE",
        Kind::Uuid => "CHAR(36)",
        Kind::Ip => "CHAR(39)",
        Kind::Date => "DATE",
        Kind::Time => "TIME(6)",
        Kind::Timestamp | Kind::DateTime => "DATETIME(6)",
        Kind::Json | Kind::Postgres(_) => return None,
    })
}
