//! Expressions.

use super::{Sql, date::as_range, quoted};
use crate::{
    Code, Dialect, Error, Result, Value,
    resolve::Frame,
    tree::{BinaryOp, Expr, Function, Like, ModelRef, Path, Select},
};
use smallvec::SmallVec;

impl Sql {
    /// An expression where another operator may stand beside it: in parentheses, if it needs them.
    pub(super) fn operand(&mut self, expr: &Expr) -> Result<()> {
        let loose = match expr {
            Expr::And(all) | Expr::Or(all) => !all.is_empty(),
            Expr::Binary(..) => !matches!(expr, Expr::Binary(op, ..) if is_comparison(*op)),
            Expr::Case { .. } | Expr::Raw { .. } => true,
            Expr::Not(_) | Expr::IsNull(_) | Expr::Like { .. } | Expr::Regex { .. } | Expr::In(..) => false,
            _ => false,
        };
        if !loose {
            return self.expr(expr);
        }
        self.push("(");
        self.expr(expr)?;
        self.push(")");
        Ok(())
    }

    /// A side of an arithmetic or comparison operator: whatever is not a single thing stands in parentheses.
    pub(super) fn side(&mut self, expr: &Expr) -> Result<()> {
        match expr {
            // `IS` binds less than comparisons do.
            Expr::Call(Function::IsTrue, _) => {
                self.push("(");
                self.expr(expr)?;
                self.push(")");
                Ok(())
            }
            Expr::Column { .. }
            | Expr::Derived { .. }
            | Expr::Value(_)
            | Expr::Outer(..)
            | Expr::Call(..)
            | Expr::Aggregate(_)
            | Expr::Window(_)
            | Expr::Cast(..)
            | Expr::Scalar(_)
            | Expr::Row(_)
            | Expr::Proposed { .. } => self.expr(expr),
            _ => {
                self.push("(");
                self.expr(expr)?;
                self.push(")");
                Ok(())
            }
        }
    }

    /// An expression.
    pub(super) fn expr(&mut self, expr: &Expr) -> Result<()> {
        if self.keys_by_name
            && let Some((_, place)) = self.group_keys.iter().find(|(key, _)| key == expr)
        {
            self.push(&format!("c{place}"));
            return Ok(());
        }
        match expr {
            Expr::Column { path, model, column } => self.column(0, path, model, *column),
            Expr::Value(value) => {
                self.value(value);
                Ok(())
            }
            Expr::Outer(levels, inner) => self.outer(*levels, inner),
            Expr::Selected(place) => Err(bad(format!("the selected value {place} is used where it is not known"))),
            Expr::Derived { source, place, .. } => self.derived_column(*source, *place),
            Expr::Joined { place, .. } => Err(bad(format!("the joined value {place} is used where it is not known"))),
            Expr::Binary(op, left, right) => self.binary(*op, left, right),
            Expr::And(all) if all.is_empty() => self.truth(true),
            Expr::Or(all) if all.is_empty() => self.truth(false),
            Expr::And(all) => self.list(all, " AND ", |sql, part| sql.operand(part)),
            Expr::Or(all) => self.list(all, " OR ", |sql, part| sql.operand(part)),
            Expr::Not(inner) => self.not(inner),
            Expr::Negate(inner) => {
                self.push("-");
                self.side(inner)
            }
            Expr::IsNull(inner) => {
                self.side(inner)?;
                self.push(" IS NULL");
                Ok(())
            }
            Expr::In(on, list) => self.in_list(on, list),
            Expr::InRows(on, values) => self.in_rows(on, values),
            Expr::InQuery(on, select) => self.in_query(on, select),
            Expr::Row(all) => self.row(all),
            Expr::Like { on, pattern, like, fold } => self.like(on, pattern, *like, *fold),
            Expr::Regex { on, pattern, fold } => self.regex(on, pattern, *fold),
            Expr::Call(function, arguments) => self.call(*function, arguments),
            Expr::Aggregate(of) => self.aggregate(of),
            Expr::Window(windowed) => self.window(windowed),
            Expr::Case { branches, otherwise } => {
                self.push("CASE");
                for (condition, value) in branches {
                    self.push(" WHEN ");
                    self.expr(condition)?;
                    self.push(" THEN ");
                    self.alone(value)?;
                }
                if let Some(value) = otherwise {
                    self.push(" ELSE ");
                    self.alone(value)?;
                }
                self.push(" END");
                Ok(())
            }
            Expr::Cast(inner, kind) => self.cast(inner, *kind),
            // MariaDB takes some queries of no rows for true here.
            Expr::Exists(select) if select.limit == Some(0) => {
                self.push("(");
                self.truth(false)?;
                self.push(")");
                Ok(())
            }
            Expr::Exists(select) => {
                self.push("EXISTS (");
                self.select(&Select { order: Vec::new(), default_order: false, ..(**select).clone() })?;
                self.push(")");
                Ok(())
            }
            Expr::Scalar(select) => {
                self.push("(");
                self.select(select)?;
                self.push(")");
                Ok(())
            }
            Expr::Raw { pieces, parts } => self.raw(pieces, parts),
            Expr::Invalid(code, why) => Err(Error::new(*code, why.clone())),
            Expr::Proposed { model, column } => {
                self.proposed(model, *column);
                Ok(())
            }
        }
    }

    /// An expression of a query around this one.
    fn outer(&mut self, levels: u8, inner: &Expr) -> Result<()> {
        if let Expr::Column { path, model, column } = inner {
            return self.column(levels, path, model, *column);
        }
        let keep = self.frames.len().checked_sub(usize::from(levels)).filter(|keep| *keep > 0);
        let Some(keep) = keep else {
            return Err(bad("a column of a query around this one is used, and there is none".to_owned()));
        };
        let inside: SmallVec<[Frame; 1]> = self.frames.drain(keep..).collect();
        let written = self.operand(inner);
        self.frames.extend(inside);
        written
    }

    /// A column of the query `levels` further out.
    pub(super) fn column(&mut self, levels: u8, path: &Path, model: &ModelRef, column: u16) -> Result<()> {
        let index = self.frames.len().checked_sub(1 + usize::from(levels));
        let Some(frame) = index.and_then(|index| self.frames.get(index)) else {
            return Err(bad(format!(
                "`{}.{}` belongs to no query here",
                model.name, model.columns[column as usize].name
            )));
        };
        let place = frame.place(path, model, column)?;
        self.table_column(levels, place.table, place.column);
        Ok(())
    }

    /// A column of a row as a whole. A key that leads nowhere stands in the row that has it: whether there is a row, only its own columns
    /// tell.
    pub(super) fn column_of_row(&mut self, path: &Path, model: &ModelRef, column: u16) -> Result<()> {
        match self.frames.last().and_then(|frame| frame.optional_at_end(path)) {
            Some(table) => {
                self.table_column(0, table, column);
                Ok(())
            }
            None => self.column(0, path, model, column),
        }
    }

    pub(super) fn table_column(&mut self, levels: u8, table: usize, column: u16) {
        let Some(frame) =
            self.frames.len().checked_sub(1 + usize::from(levels)).and_then(|index| self.frames.get(index))
        else {
            return;
        };
        let table = &frame.tables[table];
        let quote = self.dialect.quote();
        if self.qualified {
            quoted(&mut self.out.text, quote, &table.alias);
            self.out.text.push('.');
        }
        quoted(&mut self.out.text, quote, &table.model.columns[column as usize].name);
    }

    pub(super) fn truth(&mut self, truth: bool) -> Result<()> {
        self.push(if truth { "1 = 1" } else { "1 = 0" });
        Ok(())
    }

    fn not(&mut self, inner: &Expr) -> Result<()> {
        match inner {
            Expr::IsNull(on) => {
                self.side(on)?;
                self.push(" IS NOT NULL");
            }
            Expr::And(all) if all.is_empty() => return self.truth(false),
            Expr::Or(all) if all.is_empty() => return self.truth(true),
            Expr::Exists(_) => {
                self.push("NOT ");
                self.expr(inner)?;
            }
            _ => {
                let unknown = self.nullable(inner);
                self.push(if unknown { "(" } else { "NOT (" });
                self.expr(inner)?;
                self.push(if unknown { ") IS NOT TRUE" } else { ")" });
            }
        }
        Ok(())
    }

    /// Refuses a value that the database would not keep as it is, and says which field it is compared with.
    fn fits(&self, on: &Expr, other: &Expr) -> Result<()> {
        let fits = match other {
            Expr::Value(value) => value.storable(self.dialect),
            Expr::Invalid(code, why) => Err(Error::new(*code, why.clone())),
            _ => return Ok(()),
        };
        fits.map_err(|error| of_column(on, error))
    }

    fn binary(&mut self, op: BinaryOp, left: &Expr, right: &Expr) -> Result<()> {
        self.fits(left, right)?;
        self.fits(right, left)?;
        // Of a group's rows there is the key alone.
        let is_key = self.group_keys.iter().any(|(key, _)| key == left);
        if !is_key && let Some(range) = as_range(op, left, right, |expr| self.kind(expr)) {
            return self.expr(&range);
        }
        if self.compares_json(op, left, right) {
            return self.json_equal(op, left, right);
        }
        if op == BinaryOp::Is && !self.dialect.capabilities().is_distinct_from {
            self.side(left)?;
            self.push(" <=> ");
            return self.side(right);
        }
        let text = match op {
            BinaryOp::Eq => " = ",
            BinaryOp::Ne => " <> ",
            BinaryOp::Lt => " < ",
            BinaryOp::Le => " <= ",
            BinaryOp::Gt => " > ",
            BinaryOp::Ge => " >= ",
            BinaryOp::Is if self.dialect == Dialect::Sqlite => " IS ",
            BinaryOp::Is => " IS NOT DISTINCT FROM ",
            BinaryOp::Concat if self.dialect.is_mysql() => {
                self.push("CONCAT(");
                self.expr(left)?;
                self.push(", ");
                self.expr(right)?;
                self.push(")");
                return Ok(());
            }
            BinaryOp::Concat => " || ",
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::Rem => {
                return self.arithmetic(op, left, right);
            }
        };
        match left {
            Expr::Value(Value::Text(_)) => self.alone(left)?,
            _ => self.beside(left, right)?,
        }
        self.push(text);
        let exact = self.beyond_whole(left, right);
        self.beside(exact.as_ref().unwrap_or(right), left)
    }

    /// `(a, b)`.
    fn row(&mut self, all: &[Expr]) -> Result<()> {
        self.push("(");
        self.list(all, ", ", |sql, part| sql.expr(part))?;
        self.push(")");
        Ok(())
    }

    fn in_query(&mut self, on: &[Expr], select: &Select) -> Result<()> {
        let mut alike = None;
        if let [one] = on {
            alike = self.of_varchars(one, select)?;
        } else {
            self.row(on)?;
        }
        let select = alike.as_ref().unwrap_or(select);
        self.push(" IN (");
        // As it is going to be written: without the table inside, a slice of that is one here.
        let flat = select.from.as_ref().filter(|from| self.stands_alone(from)).and_then(|_| select.flattened());
        let select = flat.as_ref().unwrap_or(select);
        let sliced = select.is_sliced();
        // MariaDB and MySQL refuse LIMIT right inside IN, but not one query deeper.
        let wrap = sliced && self.dialect.is_mysql();
        let mut refers = false;
        select.visit(0, &mut |expr, depth| {
            refers |= matches!(expr, Expr::Outer(levels, _) if depth <= 0 && depth + i32::from(*levels) > 0);
        });
        if wrap && refers {
            return Err(self.unsupported(
                "slice, in a condition, that refers to the query around it",
                "take one value by `scalar`, or load the rows by `prefetch`",
            ));
        }
        self.push(if wrap { "SELECT * FROM (" } else { "" });
        if sliced {
            self.select(select)?;
        } else {
            self.select(&Select { order: Vec::new(), default_order: false, ..select.clone() })?;
        }
        self.push(if wrap { ") AS slice)" } else { ")" });
        Ok(())
    }

    fn raw(&mut self, pieces: &[std::borrow::Cow<'static, str>], parts: &[Expr]) -> Result<()> {
        if pieces.len() != parts.len() + 1 {
            return Err(bad(format!(
                "the text `{}` has {} places and {} parts",
                pieces.join("{}"),
                pieces.len().saturating_sub(1),
                parts.len()
            )));
        }
        self.push(&pieces[0]);
        for (part, piece) in parts.iter().zip(&pieces[1..]) {
            self.operand(part)?;
            self.push(piece);
        }
        Ok(())
    }

    fn like(&mut self, on: &Expr, pattern: &Expr, like: Like, fold: bool) -> Result<()> {
        self.fits(on, pattern)?;
        let text = match pattern {
            Expr::Value(Value::Text(text)) => Some(text.as_str()),
            Expr::Value(value) if value.is_null() => return self.truth(false),
            _ => None,
        };
        match self.dialect {
            Dialect::Sqlite => self.sqlite_like(on, pattern, text, like, fold),
            Dialect::Postgres => {
                self.side(on)?;
                self.push(if fold { " ILIKE " } else { " LIKE " });
                self.pattern(pattern, text, like)
            }
            Dialect::MariaDb | Dialect::MySql => {
                self.folded(on, fold, "LOWER")?;
                self.push(" LIKE ");
                if fold {
                    self.push("LOWER(");
                }
                self.pattern(pattern, text, like)?;
                if fold {
                    self.push(")");
                }
                Ok(())
            }
        }
    }

    fn folded(&mut self, on: &Expr, fold: bool, function: &str) -> Result<()> {
        match (fold, on) {
            (false, Expr::Value(_)) => return self.alone(on),
            (false, _) => return self.side(on),
            (true, _) => {}
        }
        self.push(function);
        self.push("(");
        self.expr(on)?;
        self.push(")");
        Ok(())
    }

    /// A LIKE pattern: `%`, `_` and `\` in the text stand for themselves.
    fn pattern(&mut self, pattern: &Expr, text: Option<&str>, like: Like) -> Result<()> {
        let (before, after) = match like {
            Like::Contains => ("%", "%"),
            Like::StartsWith => ("", "%"),
            Like::EndsWith => ("%", ""),
            Like::Whole | Like::Pattern => ("", ""),
        };
        match text {
            Some(text) if like == Like::Pattern => self.bind(Value::Text(text.to_owned())),
            Some(text) => {
                let mut escaped = String::with_capacity(text.len() + 2);
                escaped.push_str(before);
                for letter in text.chars() {
                    if matches!(letter, '%' | '_' | '\\') {
                        escaped.push('\\');
                    }
                    escaped.push(letter);
                }
                escaped.push_str(after);
                self.bind(Value::Text(escaped));
            }
            None => {
                // Backslashes are doubled inside strings on MariaDB and MySQL.
                let slash = if self.dialect.is_mysql() { "\\\\" } else { "\\" };
                let escape = like != Like::Pattern;
                // There `CONCAT` makes an empty text of NULL, which everything contains.
                let postgres = self.dialect == Dialect::Postgres;
                self.push(&if postgres { format!("('{before}' || ") } else { format!("CONCAT('{before}', ") });
                if escape {
                    self.push("REPLACE(REPLACE(REPLACE(");
                }
                if escape {
                    self.expr(pattern)?;
                } else {
                    self.side(pattern)?;
                }
                if escape {
                    self.push(&format!(", '{slash}', '{slash}{slash}'), '%', '{slash}%'), '_', '{slash}_')"));
                }
                self.push(&if postgres { format!(" || '{after}')") } else { format!(", '{after}')") });
            }
        }
        Ok(())
    }

    /// SQLite's LIKE folds ASCII letters whatever is asked, and LIKE and GLOB end at the character U+0000: plain functions take
    /// their place, on folded text where case does not count.
    fn sqlite_like(&mut self, on: &Expr, pattern: &Expr, text: Option<&str>, like: Like, fold: bool) -> Result<()> {
        // A longer pattern is refused there.
        let short = |text: &str| text.len() < 10_000;
        let indexable = |text: &&str| like == Like::StartsWith && !fold && !text.contains('\0') && short(text);
        if let Some(text) = text.filter(indexable) {
            self.side(on)?;
            self.push(" GLOB ");
            self.bind(Value::Text(glob(text)));
            return Ok(());
        }
        if like == Like::Pattern {
            let Some(text) = text else {
                return Err(
                    self.unsupported("patterns made of columns", "use `contains`, `starts_with` or `ends_with`")
                );
            };
            self.push("orm_regexp(");
            self.bind(Value::Text(pattern_as_regex(text, fold)));
            return self.around(", ", on, ")");
        }
        let (before, between, after) = match like {
            Like::Whole => ("", " = ", ""),
            Like::EndsWith => ("orm_ends_with(", ", ", ")"),
            Like::StartsWith => ("instr(", ", ", ") = 1"),
            Like::Contains | Like::Pattern => ("instr(", ", ", ") > 0"),
        };
        self.push(before);
        self.folded(on, fold, "orm_lower")?;
        self.push(between);
        // What is bound is folded by the same function: one rule for both sides.
        self.folded(pattern, fold, "orm_lower")?;
        self.push(after);
        Ok(())
    }

    fn regex(&mut self, on: &Expr, pattern: &Expr, fold: bool) -> Result<()> {
        self.fits(on, pattern)?;
        match self.dialect {
            Dialect::Sqlite => {
                self.push("orm_regexp(");
                if fold {
                    self.push("'(?i)' || ");
                }
                self.operand(pattern)?;
                self.push(", ");
                self.expr(on)?;
                self.push(")");
                Ok(())
            }
            Dialect::Postgres => {
                self.side(on)?;
                self.push(if fold { " ~* " } else { " ~ " });
                self.side(pattern)
            }
            Dialect::MariaDb | Dialect::MySql => {
                self.side(on)?;
                self.push(if fold { " REGEXP CONCAT('(?i)', " } else { " REGEXP CONCAT('(?-i)', " });
                self.expr(pattern)?;
                self.push(")");
                Ok(())
            }
        }
    }
}

/// A pattern of GLOB for what begins with the text.
fn glob(text: &str) -> String {
    let mut glob = String::with_capacity(text.len() + 2);
    for letter in text.chars() {
        if matches!(letter, '*' | '?' | '[') {
            glob.extend(['[', letter, ']']);
        } else {
            glob.push(letter);
        }
    }
    glob.push('*');
    glob
}

/// A pattern of LIKE as a regular expression.
fn pattern_as_regex(pattern: &str, fold: bool) -> String {
    let mut regex = if fold { "(?si)^" } else { "(?s)^" }.to_owned();
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '%' => regex.push_str(".*"),
            '_' => regex.push('.'),
            '\\' => push_literal(&mut regex, letters.next().unwrap_or('\\')),
            letter => push_literal(&mut regex, letter),
        }
    }
    regex.push_str("\\z");
    regex
}

fn push_literal(regex: &mut String, letter: char) {
    if letter.is_ascii_punctuation() {
        regex.push('\\');
    }
    regex.push(letter);
}

/// The error of a value beside an expression: that of a field, where it is a column.
#[cold]
pub(super) fn of_column(on: &Expr, error: Error) -> Error {
    match on {
        Expr::Column { model, column, .. } => model.blame(*column, error),
        _ => error,
    }
}

fn is_comparison(op: BinaryOp) -> bool {
    use BinaryOp::*;
    matches!(op, Eq | Ne | Lt | Le | Gt | Ge | Is)
}

pub(super) fn bad(what: impl Into<String>) -> Error {
    Error::new(Code::BadQuery, what)
}
