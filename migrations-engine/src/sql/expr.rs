//! Expressions as SQL per database.

use crate::condition::{BinaryOp, Expr, Function, Value};
use crate::error::{Result, error, fail};
use crate::schema::ColumnType;
use crate::sql::{Dialect, literal};

/// Where the fields of an expression are found: their columns and types.
pub(crate) trait Columns {
    /// Column and type of a field.
    fn column(&self, field: &str) -> Option<(&str, &ColumnType)>;
}

impl Columns for Vec<(String, String, ColumnType)> {
    fn column(&self, field: &str) -> Option<(&str, &ColumnType)> {
        self.iter().find(|(name, _, _)| name == field).map(|(_, column, ty)| (column.as_str(), ty))
    }
}

/// An expression as SQL. `ty` is the type of the column that it fills or meets, if known.
pub(crate) fn render(dialect: Dialect, expr: &Expr, columns: &dyn Columns, ty: Option<&ColumnType>) -> Result<String> {
    Renderer { dialect, columns }.expr(expr, ty)
}

struct Renderer<'a> {
    dialect: Dialect,
    columns: &'a dyn Columns,
}

/// The type of an expression where it shows; enough to write constants beside it rightly.
fn type_of<'a>(columns: &'a dyn Columns, expr: &Expr) -> Option<&'a ColumnType> {
    match expr {
        Expr::Field(name) => columns.column(name).map(|(_, ty)| ty),
        Expr::Negate(inner) => type_of(columns, inner),
        Expr::Binary { op: BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul, left, right } => {
            type_of(columns, left).or_else(|| type_of(columns, right)).filter(|ty| ty.is_integer())
        }
        Expr::Call { function: Function::Coalesce | Function::NullIf | Function::Greatest | Function::Least, args } => {
            args.iter().find_map(|arg| type_of(columns, arg))
        }
        _ => None,
    }
}

impl Renderer<'_> {
    fn expr(&self, expr: &Expr, ty: Option<&ColumnType>) -> Result<String> {
        let dialect = self.dialect;
        let not = |negated: bool| if negated { "NOT " } else { "" };
        Ok(match expr {
            Expr::Value(value) => literal(dialect, value, ty)?,
            Expr::Field(name) => {
                let (column, _) =
                    self.columns.column(name).ok_or_else(|| error!(M012, "there is no field `{name}`"))?;
                dialect.quote(column)
            }
            Expr::Not(inner) => format!("NOT ({})", self.expr(inner, None)?),
            Expr::Negate(inner) => format!("-({})", self.expr(inner, ty)?),
            Expr::Binary { op, left, right } => self.binary(*op, left, right)?,
            Expr::IsNull { expr, negated } => format!("{} IS {}NULL", self.operand(expr, None)?, not(*negated)),
            Expr::In { list, .. } if list.is_empty() => {
                fail!(M002, "`{expr}`: a list without values; leave the condition out")
            }
            Expr::In { expr, list, negated } => {
                let ty = type_of(self.columns, expr);
                let list = list.iter().map(|item| self.expr(item, ty)).collect::<Result<Vec<_>>>()?;
                format!("{} {}IN ({})", self.operand(expr, None)?, not(*negated), list.join(", "))
            }
            Expr::Between { expr, low, high, negated } => {
                let ty = type_of(self.columns, expr);
                let (low, high) = (self.operand(low, ty)?, self.operand(high, ty)?);
                format!("{} {}BETWEEN {low} AND {high}", self.operand(expr, None)?, not(*negated))
            }
            Expr::Like { expr, pattern, fold, negated } => self.like(expr, pattern, *fold, *negated)?,
            Expr::Case { when, otherwise } => {
                let mut sql = "CASE".to_owned();
                for (condition, result) in when {
                    sql += &format!(" WHEN {} THEN {}", self.expr(condition, None)?, self.expr(result, ty)?);
                }
                if let Some(otherwise) = otherwise {
                    sql += &format!(" ELSE {}", self.expr(otherwise, ty)?);
                }
                sql + " END"
            }
            Expr::Call { function, args } => self.call(*function, args, ty)?,
        })
    }

    /// An expression as part of another: in parentheses unless it is a single thing.
    fn operand(&self, expr: &Expr, ty: Option<&ColumnType>) -> Result<String> {
        let sql = self.expr(expr, ty)?;
        Ok(match expr {
            Expr::Value(_) | Expr::Field(_) | Expr::Call { .. } => sql,
            _ => format!("({sql})"),
        })
    }

    fn binary(&self, op: BinaryOp, left: &Expr, right: &Expr) -> Result<String> {
        let (left_ty, right_ty) = (type_of(self.columns, right), type_of(self.columns, left));
        if matches!(op, BinaryOp::Div | BinaryOp::Mod) {
            let (left_sql, right_sql) = (self.operand(left, left_ty)?, self.operand(right, right_ty)?);
            return self.division(op, (left, left_sql), (right, right_sql));
        }
        let symbol = match op {
            BinaryOp::Or | BinaryOp::And => {
                // Chains of the same operator stay flat.
                let side = |side: &Expr| match side {
                    Expr::Binary { op: inner, .. } if *inner == op => self.expr(side, None),
                    Expr::Binary { op: BinaryOp::Or | BinaryOp::And, .. } => {
                        Ok(format!("({})", self.expr(side, None)?))
                    }
                    _ => self.expr(side, None),
                };
                let word = if op == BinaryOp::Or { "OR" } else { "AND" };
                return Ok(format!("{} {word} {}", side(left)?, side(right)?));
            }
            BinaryOp::Concat => return self.call(Function::Concat, &[left.clone(), right.clone()], None),
            BinaryOp::Ne => "<>",
            BinaryOp::Eq
            | BinaryOp::Lt
            | BinaryOp::Le
            | BinaryOp::Gt
            | BinaryOp::Ge
            | BinaryOp::Add
            | BinaryOp::Sub
            | BinaryOp::Mul
            | BinaryOp::Div
            | BinaryOp::Mod => op.as_str(),
        };
        Ok(format!("{} {symbol} {}", self.operand(left, left_ty)?, self.operand(right, right_ty)?))
    }

    /// `/` and `%`, as in queries: what divides by 0 is NULL, and whole numbers give whole ones.
    fn division(&self, op: BinaryOp, left: (&Expr, String), right: (&Expr, String)) -> Result<String> {
        let whole = self.is_whole(left.0) && self.is_whole(right.0);
        let ((_, left), (divisor, mut right)) = (left, right);
        if self.dialect != Dialect::Sqlite && !matches!(divisor, Expr::Value(_)) {
            right = format!("NULLIF({right}, 0)");
        }
        Ok(match (self.dialect, op) {
            // A decimal without a fraction is an integer there.
            (Dialect::Sqlite, BinaryOp::Div) if !whole => format!("{left} * 1.0 / {right}"),
            (Dialect::Sqlite, BinaryOp::Mod) if !whole => {
                return Err(error!(M044, "SQLite has no remainder of numbers that are not whole"));
            }
            (Dialect::MariaDb | Dialect::MySql, BinaryOp::Div) if whole => format!("{left} DIV {right}"),
            _ => format!("{left} {} {right}", op.as_str()),
        })
    }

    /// Whether an expression is known to give whole numbers.
    fn is_whole(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Value(value) => matches!(value, Value::Int(_)),
            Expr::Field(name) => self.columns.column(name).is_some_and(|(_, ty)| ty.is_integer()),
            Expr::Negate(inner) => self.is_whole(inner),
            Expr::Binary { left, right, .. } => self.is_whole(left) && self.is_whole(right),
            Expr::Case { when, otherwise } => {
                when.iter().map(|(_, value)| value).chain(otherwise.as_deref()).all(|value| self.is_whole(value))
            }
            Expr::Call { function, args } => match function {
                Function::Length | Function::ToInteger => true,
                Function::Year | Function::Month | Function::Day => true,
                Function::Hour | Function::Minute | Function::Second => true,
                Function::Abs | Function::Coalesce | Function::NullIf | Function::Greatest | Function::Least => {
                    args.iter().all(|arg| self.is_whole(arg))
                }
                _ => false,
            },
            _ => false,
        }
    }

    fn like(&self, expr: &Expr, pattern: &str, fold: bool, negated: bool) -> Result<String> {
        let subject = self.operand(expr, None)?;
        let not = if negated { "NOT " } else { "" };
        // Parts of the pattern: a wildcard, or a character taken as it is.
        let mut parts = Vec::new();
        let mut chars = pattern.chars();
        while let Some(c) = chars.next() {
            parts.push(match c {
                '\\' => (chars.next().unwrap_or('\\'), false),
                '%' | '_' => (c, true),
                c => (c, false),
            });
        }
        if self.dialect == Dialect::Sqlite && !fold {
            // LIKE folds case there; GLOB does not.
            let glob: String = parts
                .iter()
                .map(|(c, wild)| match (c, wild) {
                    ('%', true) => "*".to_owned(),
                    ('_', true) => "?".to_owned(),
                    ('*' | '?' | '[', false) => format!("[{c}]"),
                    (c, _) => c.to_string(),
                })
                .collect();
            return Ok(format!("{subject} {not}GLOB {}", literal(self.dialect, &Value::Text(glob), None)?));
        }
        let escaped: String = parts
            .iter()
            .map(|(c, wild)| if !wild && matches!(c, '%' | '_' | '!') { format!("!{c}") } else { c.to_string() })
            .collect();
        let pattern = literal(self.dialect, &Value::Text(escaped), None)?;
        Ok(if fold {
            format!("LOWER({subject}) {not}LIKE LOWER({pattern}) ESCAPE '!'")
        } else {
            format!("{subject} {not}LIKE {pattern} ESCAPE '!'")
        })
    }

    fn call(&self, function: Function, args: &[Expr], ty: Option<&ColumnType>) -> Result<String> {
        let (min, max) = function.arity();
        if args.len() < min || args.len() > max {
            fail!(M002, "`{}` does not take {} arguments", function.name(), args.len());
        }
        let inner = match function {
            Function::Coalesce | Function::NullIf | Function::Greatest | Function::Least => {
                args.iter().find_map(|arg| type_of(self.columns, arg)).or(ty)
            }
            _ => None,
        };
        let sql = args.iter().map(|arg| self.expr(arg, inner)).collect::<Result<Vec<_>>>()?;
        let plain = |name: &str| format!("{name}({})", sql.join(", "));
        let part = |at: usize| sql.get(at).map_or("", String::as_str);
        let (a, b) = (part(0), part(1));
        let (sqlite, postgres) = (self.dialect == Dialect::Sqlite, self.dialect == Dialect::Postgres);
        Ok(match function {
            Function::Lower => plain("LOWER"),
            Function::Upper => plain("UPPER"),
            Function::Length if sqlite => plain("LENGTH"),
            Function::Length => plain("CHAR_LENGTH"),
            Function::Trim => plain("TRIM"),
            Function::Ltrim => plain("LTRIM"),
            Function::Rtrim => plain("RTRIM"),
            Function::Replace => plain("REPLACE"),
            Function::Substr if postgres => plain("SUBSTR"),
            Function::Substr if sqlite => plain("SUBSTR"),
            Function::Substr => plain("SUBSTRING"),
            Function::Concat => {
                let texts: Vec<String> = sql
                    .iter()
                    .map(|arg| if postgres { format!("COALESCE(({arg})::text, '')") } else { format!("COALESCE({arg}, '')") })
                    .collect();
                // CONCAT is not immutable on PostgreSQL, so it cannot be indexed.
                if sqlite || postgres { format!("({})", texts.join(" || ")) } else { format!("CONCAT({})", texts.join(", ")) }
            }
            Function::StartsWith => self.starts(a, b),
            Function::EndsWith => self.ends(a, b),
            Function::Contains => self.position(a, b),
            Function::IStartsWith => self.starts(&format!("LOWER({a})"), &format!("LOWER({b})")),
            Function::IEndsWith => self.ends(&format!("LOWER({a})"), &format!("LOWER({b})")),
            Function::IContains => self.position(&format!("LOWER({a})"), &format!("LOWER({b})")),
            Function::IExact => format!("(LOWER({a}) = LOWER({b}))"),
            Function::Coalesce => plain("COALESCE"),
            Function::NullIf => plain("NULLIF"),
            Function::Greatest if sqlite => plain("MAX"),
            Function::Least if sqlite => plain("MIN"),
            Function::Greatest => plain("GREATEST"),
            Function::Least => plain("LEAST"),
            Function::Abs => plain("ABS"),
            Function::Round => plain("ROUND"),
            Function::Floor if sqlite => format!("(CAST({a} AS INTEGER) - ({a} < CAST({a} AS INTEGER)))"),
            Function::Ceil if sqlite => format!("(CAST({a} AS INTEGER) + ({a} > CAST({a} AS INTEGER)))"),
            Function::Floor => plain("FLOOR"),
            Function::Ceil => plain("CEIL"),
            Function::Now if sqlite => "STRFTIME('%Y-%m-%d %H:%M:%f', 'NOW')".to_owned(),
            Function::Now if postgres && ty == Some(&ColumnType::NaiveDateTime) => {
                "(STATEMENT_TIMESTAMP() AT TIME ZONE 'UTC')".to_owned()
            }
            Function::Now if postgres => "STATEMENT_TIMESTAMP()".to_owned(),
            Function::Now => "UTC_TIMESTAMP(6)".to_owned(),
            Function::Today if sqlite => "DATE('NOW')".to_owned(),
            Function::Today if postgres => "(STATEMENT_TIMESTAMP() AT TIME ZONE 'UTC')::date".to_owned(),
            Function::Today => "UTC_DATE()".to_owned(),
            Function::NewUuid if sqlite => "(LOWER(HEX(RANDOMBLOB(6))) || '4' || SUBSTR(LOWER(HEX(RANDOMBLOB(2))), 2) || 'a' || SUBSTR(LOWER(HEX(RANDOMBLOB(8))), 2))".to_owned(),
            Function::NewUuid if postgres => "GEN_RANDOM_UUID()".to_owned(),
            Function::NewUuid if self.dialect.column_type(&ColumnType::Uuid)? == "uuid" => "UUID()".to_owned(),
            Function::NewUuid => "REPLACE(UUID(), '-', '')".to_owned(),
            Function::Year => self.extract("YEAR", "%Y", args, a),
            Function::Month => self.extract("MONTH", "%m", args, a),
            Function::Day => self.extract("DAY", "%d", args, a),
            Function::Hour => self.extract("HOUR", "%H", args, a),
            Function::Minute => self.extract("MINUTE", "%M", args, a),
            Function::Second => self.extract("SECOND", "%S", args, a),
            Function::ToText if sqlite => format!("CAST({a} AS TEXT)"),
            Function::ToText if postgres => format!("CAST({a} AS text)"),
            Function::ToText => format!("CAST({a} AS CHAR)"),
            Function::ToInteger if sqlite => format!("CAST({a} AS INTEGER)"),
            Function::ToInteger if postgres => format!("CAST({a} AS bigint)"),
            Function::ToInteger => format!("CAST({a} AS SIGNED)"),
        })
    }

    fn starts(&self, text: &str, prefix: &str) -> String {
        match self.dialect {
            Dialect::Sqlite => format!("(SUBSTR({text}, 1, LENGTH({prefix})) = {prefix})"),
            Dialect::Postgres => format!("STARTS_WITH({text}, {prefix})"),
            Dialect::MariaDb | Dialect::MySql => format!("(LEFT({text}, CHAR_LENGTH({prefix})) = {prefix})"),
        }
    }

    fn ends(&self, text: &str, suffix: &str) -> String {
        match self.dialect {
            Dialect::Sqlite => {
                format!(
                    "(LENGTH({text}) >= LENGTH({suffix}) AND SUBSTR({text}, LENGTH({text}) - LENGTH({suffix}) + 1) = {suffix})"
                )
            }
            Dialect::Postgres => format!("(RIGHT({text}, CHAR_LENGTH({suffix})) = {suffix})"),
            Dialect::MariaDb | Dialect::MySql => format!("(RIGHT({text}, CHAR_LENGTH({suffix})) = {suffix})"),
        }
    }

    fn position(&self, text: &str, part: &str) -> String {
        match self.dialect {
            Dialect::Postgres => format!("(STRPOS({text}, {part}) > 0)"),
            Dialect::Sqlite | Dialect::MariaDb | Dialect::MySql => format!("(INSTR({text}, {part}) > 0)"),
        }
    }

    fn extract(&self, unit: &str, format: &str, args: &[Expr], sql: &str) -> String {
        match self.dialect {
            Dialect::Sqlite => format!("CAST(STRFTIME('{format}', {sql}) AS INTEGER)"),
            Dialect::Postgres => {
                // A moment has no year of its own there; ours is that of UTC.
                let moment = args.first().and_then(|arg| type_of(self.columns, arg)) == Some(&ColumnType::DateTime);
                let sql = if moment { format!("({sql} AT TIME ZONE 'UTC')") } else { sql.to_owned() };
                format!("CAST(TRUNC(EXTRACT({unit} FROM {sql})) AS integer)")
            }
            Dialect::MariaDb | Dialect::MySql => format!("EXTRACT({unit} FROM {sql})"),
        }
    }
}
