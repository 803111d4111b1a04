//! JSON documents, in each dialect's words.

use super::{Sql, expr::bad};
use crate::{
    Dialect, Kind, Result, Value,
    tree::{BinaryOp, Expr, Function},
};
use std::borrow::Cow;

impl Sql {
    /// A list or an object of values.
    pub(super) fn json_of(&mut self, function: Function, parts: &[Expr]) -> Result<()> {
        let list = function == Function::JsonArray;
        self.push(match (self.dialect, list) {
            (Dialect::Sqlite, true) => "json_array(",
            (Dialect::Sqlite, false) => "json_object(",
            (Dialect::Postgres, true) => "jsonb_build_array(",
            (Dialect::Postgres, false) => "jsonb_build_object(",
            (Dialect::MariaDb | Dialect::MySql, true) => "JSON_ARRAY(",
            (Dialect::MariaDb | Dialect::MySql, false) => "JSON_OBJECT(",
        });
        self.list(parts, ", ", |sql, part| sql.json_part(part))?;
        self.push(")");
        Ok(())
    }

    /// A value as what it is in a document.
    fn json_part(&mut self, part: &Expr) -> Result<()> {
        let kind = self.kind(part);
        let document = match self.dialect {
            Dialect::Sqlite => ("json(", ")"),
            Dialect::Postgres => ("", ""),
            Dialect::MariaDb => ("JSON_COMPACT(", ")"),
            Dialect::MySql => ("CAST(", " AS JSON)"),
        };
        match (kind, self.dialect) {
            (Some(Kind::Json), _) => self.around(document.0, part, document.1),
            (Some(Kind::Bool), Dialect::Sqlite | Dialect::MariaDb | Dialect::MySql) => {
                self.around(&format!("{}CASE WHEN ", document.0), part, " THEN 'true' WHEN NOT (")?;
                self.around("", part, &format!(") THEN 'false' END{}", document.1))
            }
            (Some(kind @ (Kind::Date | Kind::Time | Kind::Timestamp | Kind::DateTime)), _) => {
                self.moment_as_text(part, Some(kind))
            }
            // What is bound has no type there before it is given one.
            (Some(kind), Dialect::Postgres) if matches!(part, Expr::Value(_)) => {
                let name = self.type_name(kind);
                self.around("CAST(", part, &format!(" AS {name})"))
            }
            _ => self.expr(part),
        }
    }

    /// What lies at the end of a path: keys and places, one after the other.
    pub(super) fn json_get(&mut self, arguments: &[Expr]) -> Result<()> {
        let [document, steps @ ..] = arguments else { return Ok(()) };
        // But for SQLite, the first place of what is no list, which is its last one, is the thing itself.
        let is_end = |step: &Expr| matches!(step, Expr::Value(Value::I32(0 | -1)));
        let guarded = |at: &usize| is_end(&steps[*at]) && self.dialect != Dialect::Sqlite;
        let firsts: Vec<usize> = (0..steps.len()).filter(guarded).collect();
        if firsts.is_empty() {
            return self.json_at(document, steps);
        }
        let (type_of, list) = match self.dialect {
            Dialect::Postgres => ("jsonb_typeof(", ") = 'array'"),
            _ => ("JSON_TYPE(", ") = 'ARRAY'"),
        };
        self.push("CASE WHEN ");
        self.list(firsts, " AND ", |sql, at| {
            sql.push(type_of);
            sql.json_at(document, &steps[..at])?;
            sql.push(list);
            Ok(())
        })?;
        self.push(" THEN ");
        self.json_at(document, steps)?;
        self.push(" END");
        Ok(())
    }

    fn json_at(&mut self, document: &Expr, steps: &[Expr]) -> Result<()> {
        if steps.is_empty() {
            return self.side(document);
        }
        match self.dialect {
            Dialect::Postgres => {
                self.push("(");
                self.side(document)?;
                for step in steps {
                    self.push(" -> ");
                    self.expr(step)?;
                }
                self.push(")");
            }
            Dialect::Sqlite => {
                self.push("(");
                self.side(document)?;
                self.push(" -> ");
                self.json_path(steps)?;
                self.push(")");
            }
            Dialect::MariaDb | Dialect::MySql => {
                self.around("JSON_EXTRACT(", document, ", ")?;
                // A path from the end that is the same for all rows keeps there what it found in the row before.
                let from_end = steps.iter().any(|step| matches!(step, Expr::Value(Value::I32(..0))));
                if from_end && self.dialect == Dialect::MariaDb {
                    self.push("CONCAT(");
                    self.json_path(steps)?;
                    self.around(", LEFT(", document, ", 0))")?;
                } else {
                    self.json_path(steps)?;
                }
                self.push(")");
            }
        }
        Ok(())
    }

    /// A path as SQLite, MariaDB and MySQL write it: `$."a"[0]`. Keys are quoted as JSON quotes them.
    fn json_path(&mut self, steps: &[Expr]) -> Result<()> {
        let mut path = "$".to_owned();
        for step in steps {
            match step {
                Expr::Value(Value::I32(-1)) if self.dialect != Dialect::Sqlite => path.push_str("[last]"),
                Expr::Value(Value::I32(place @ ..-1)) if self.dialect != Dialect::Sqlite => {
                    path.push_str(&format!("[last-{}]", place.unsigned_abs() - 1));
                }
                Expr::Value(Value::I32(place @ ..0)) => path.push_str(&format!("[#{place}]")),
                Expr::Value(Value::I32(place)) => path.push_str(&format!("[{place}]")),
                Expr::Value(Value::Text(key)) if key.starts_with('-') && self.dialect == Dialect::MariaDb => {
                    return Err(
                        self.unsupported("way to a JSON key that begins with `-`", "compare the whole document")
                    );
                }
                Expr::Value(Value::Text(key)) => path.push_str(&format!(".{}", serde_json::Value::from(key.as_str()))),
                _ => return Err(bad("a step into a JSON document is a key or a place".to_owned())),
            }
        }
        self.bind(Value::Text(path));
        Ok(())
    }

    /// A document as a value of SQL, where it is of that kind.
    pub(super) fn json_as(&mut self, function: Function, on: &Expr) -> Result<()> {
        match self.dialect {
            Dialect::Sqlite => self.sqlite_json_as(function, on),
            Dialect::Postgres => self.postgres_json_as(function, on),
            Dialect::MariaDb | Dialect::MySql => self.mysql_json_as(function, on),
        }
    }

    fn sqlite_json_as(&mut self, function: Function, on: &Expr) -> Result<()> {
        match function {
            Function::JsonText => {
                self.around("CASE json_type(", on, ") WHEN 'text' THEN json_extract(")?;
                self.around("", on, ", '$') END")
            }
            Function::JsonInteger => {
                self.around("CASE WHEN json_type(", on, ") IN ('integer', 'real') AND json_extract(")?;
                self.around("", on, ", '$') = CAST(json_extract(")?;
                self.around("", on, ", '$') AS INTEGER) THEN CAST(json_extract(")?;
                self.around("", on, ", '$') AS INTEGER) END")
            }
            Function::JsonFloat => {
                self.around("CASE WHEN json_type(", on, ") IN ('integer', 'real') THEN CAST(json_extract(")?;
                self.around("", on, ", '$') AS REAL) END")
            }
            _ => self.around("CASE json_type(", on, ") WHEN 'true' THEN 1 WHEN 'false' THEN 0 END"),
        }
    }

    fn postgres_json_as(&mut self, function: Function, on: &Expr) -> Result<()> {
        let (json, before, after) = match function {
            Function::JsonText => ("string", "", " #>> '{}' END"),
            Function::JsonInteger => ("number", "CAST(", " AS BIGINT) END"),
            Function::JsonFloat => ("number", "CAST(", " AS DOUBLE PRECISION) END"),
            _ => ("boolean", "CAST(", " AS BOOLEAN) END"),
        };
        self.around("CASE WHEN jsonb_typeof(", on, &format!(") = '{json}' THEN "))?;
        if function == Function::JsonInteger {
            self.around("CASE WHEN CAST(", on, " AS NUMERIC) = TRUNC(CAST(")?;
            self.around("", on, " AS NUMERIC)) AND CAST(")?;
            self.around("", on, &format!(" AS NUMERIC) BETWEEN {} AND {} THEN ", i64::MIN, i64::MAX))?;
        }
        self.push(before);
        self.side(on)?;
        self.push(after);
        self.push(if function == Function::JsonInteger { " END" } else { "" });
        Ok(())
    }

    fn mysql_json_as(&mut self, function: Function, on: &Expr) -> Result<()> {
        const NUMBERS: &str = ") IN ('INTEGER', 'UNSIGNED INTEGER', 'DOUBLE', 'DECIMAL')";
        match function {
            Function::JsonText => {
                // What comes out of a document has a collation of its own.
                self.around("CASE JSON_TYPE(", on, ") WHEN 'STRING' THEN ")?;
                self.exactly(|sql| sql.around("CONVERT(JSON_UNQUOTE(", on, ") USING utf8mb4)"))?;
                self.push(" END");
                Ok(())
            }
            Function::JsonInteger => {
                let number = " AS DECIMAL(65, 20))";
                self.around("CASE WHEN JSON_TYPE(", on, &format!("{NUMBERS} AND CAST("))?;
                self.around("", on, &format!("{number} = TRUNCATE(CAST("))?;
                self.around("", on, &format!("{number}, 0) AND CAST("))?;
                self.around("", on, &format!("{number} BETWEEN {} AND {} THEN CAST(CAST(", i64::MIN, i64::MAX))?;
                self.around("", on, &format!("{number} AS SIGNED) END"))
            }
            Function::JsonFloat => {
                self.around("CASE WHEN JSON_TYPE(", on, &format!("{NUMBERS} THEN CAST("))?;
                self.around("", on, " AS DOUBLE) END")
            }
            _ => {
                self.around("CASE JSON_TYPE(", on, ") WHEN 'BOOLEAN' THEN JSON_UNQUOTE(")?;
                self.around("", on, ") = 'true' END")
            }
        }
    }

    pub(super) fn json_is_null(&mut self, on: &Expr) -> Result<()> {
        match self.dialect {
            Dialect::Sqlite => self.around("json_type(", on, ") = 'null'"),
            Dialect::Postgres => self.around("jsonb_typeof(", on, ") = 'null'"),
            Dialect::MariaDb | Dialect::MySql => self.around("JSON_TYPE(", on, ") = 'NULL'"),
        }
    }

    pub(super) fn json_has_key(&mut self, on: &Expr, key: &Expr) -> Result<()> {
        let key = std::slice::from_ref(key);
        self.push("(");
        match self.dialect {
            Dialect::Sqlite => {
                self.around("json_type(", on, ") = 'object' AND json_type(")?;
                self.around("", on, ", ")?;
                self.json_path(key)?;
                self.push(") IS NOT NULL)");
            }
            Dialect::Postgres => {
                self.around("jsonb_typeof(", on, ") = 'object' AND ")?;
                self.side(on)?;
                self.push(" ? ");
                self.list(key, "", |sql, key| sql.expr(key))?;
                self.push(")");
            }
            Dialect::MariaDb | Dialect::MySql => {
                self.around("JSON_TYPE(", on, ") = 'OBJECT' AND JSON_CONTAINS_PATH(")?;
                self.around("", on, ", 'one', ")?;
                self.json_path(key)?;
                self.push("))");
            }
        }
        Ok(())
    }

    pub(super) fn json_contains(&mut self, on: &Expr, part: &Expr) -> Result<()> {
        if self.dialect == Dialect::Postgres {
            self.push("(");
            self.side(on)?;
            self.push(" @> ");
            self.side(part)?;
            self.push(")");
            return Ok(());
        }
        if let (true, Expr::Value(Value::Json(part))) = (self.dialect.is_mysql(), part) {
            let mut all = Vec::new();
            within(on.clone(), part, 0, true, &mut all);
            self.push("(");
            self.list(&all, " AND ", |sql, condition| sql.expr(condition))?;
            self.push(")");
            return Ok(());
        }
        let function = if self.dialect == Dialect::Sqlite { "orm_json_contains(" } else { "JSON_CONTAINS(" };
        self.around(function, on, ", ")?;
        self.around("", part, ")")
    }

    /// Whether two documents are equal, however they are written.
    pub(super) fn json_equal(&mut self, op: BinaryOp, left: &Expr, right: &Expr) -> Result<()> {
        if op == BinaryOp::Is {
            self.push("CASE WHEN ");
            self.side(left)?;
            self.push(" IS NULL OR ");
            self.side(right)?;
            self.push(" IS NULL THEN ");
            self.side(left)?;
            self.push(" IS NULL AND ");
            self.side(right)?;
            self.push(" IS NULL ELSE ");
            self.json_equal(BinaryOp::Eq, left, right)?;
            self.push(" END");
            return Ok(());
        }
        self.push(if op == BinaryOp::Ne { "NOT " } else { "" });
        if self.dialect == Dialect::MariaDb {
            // After a row with NULL the function takes later NULLs for equal.
            self.push("CASE WHEN ");
            self.side(left)?;
            self.push(" IS NOT NULL AND ");
            self.side(right)?;
            self.push(" IS NOT NULL THEN ");
        }
        let (before, between, after) = match self.dialect {
            Dialect::Sqlite => ("orm_json_equal(", ", ", ")"),
            Dialect::MySql => ("(CAST(", " AS JSON) = CAST(", " AS JSON))"),
            _ => ("JSON_EQUALS(", ", ", ") END"),
        };
        self.around(before, left, between)?;
        self.around("", right, after)
    }

    /// Whether a comparison is one of documents that the database would compare as text.
    pub(super) fn compares_json(&self, op: BinaryOp, left: &Expr, right: &Expr) -> bool {
        self.dialect != Dialect::Postgres
            && matches!(op, BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Is)
            && [left, right].into_iter().any(|side| self.kind(side) == Some(Kind::Json))
    }
}

/// The conditions that a document contains another. What MariaDB and MySQL call so finds a value on every level of a list: the way
/// down is gone step by step.
fn within(on: Expr, part: &serde_json::Value, depth: usize, first: bool, all: &mut Vec<Expr>) {
    let raw = |pieces: &[&'static str], parts| Expr::Raw {
        pieces: pieces.iter().map(|piece| Cow::Borrowed(*piece)).collect(),
        parts,
    };
    match part {
        serde_json::Value::Object(members) => {
            all.push(raw(&["JSON_TYPE(", ") = 'OBJECT'"], vec![on.clone()]));
            for (key, part) in members {
                let key = Expr::Value(Value::Text(key.clone()));
                within(Expr::Call(Function::JsonGet, vec![on.clone(), key]), part, depth, false, all);
            }
        }
        serde_json::Value::Array(items) => {
            all.push(raw(&["JSON_TYPE(", ") = 'ARRAY'"], vec![on.clone()]));
            all.extend(items.iter().map(|item| some_item(&on, item, depth)));
        }
        one => {
            let equal = on.clone().binary(BinaryOp::Eq, Expr::Value(Value::Json(one.clone())));
            // A list contains the single values in it, where it is the whole document.
            let listed = first.then(|| {
                let list = raw(&["JSON_TYPE(", ") = 'ARRAY'"], vec![on.clone()]);
                Expr::And(vec![list, some_item(&on, one, depth)])
            });
            all.push(Expr::Or(std::iter::once(equal).chain(listed).collect()));
        }
    }
}

/// The condition that an item of a list contains a document.
fn some_item(list: &Expr, part: &serde_json::Value, depth: usize) -> Expr {
    let table = format!("items{depth}");
    let item = Expr::Raw { pieces: vec![Cow::Owned(format!("{table}.item"))], parts: Vec::new() };
    let mut all = Vec::new();
    within(item, part, depth + 1, false, &mut all);
    let columns = format!(", '$[*]' COLUMNS (item JSON PATH '$')) AS {table} WHERE ");
    let pieces = vec![Cow::Borrowed("EXISTS (SELECT 1 FROM JSON_TABLE("), Cow::Owned(columns), Cow::Borrowed(")")];
    Expr::Raw { pieces, parts: vec![list.clone(), Expr::And(all)] }
}
