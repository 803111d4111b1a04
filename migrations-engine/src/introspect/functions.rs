//! Functions: what one of the engine's is on each database, recognised.

use super::meaning::{Read, Reader};
use super::parse::{Node, Unread};
use crate::condition::{Expr, Function, Value};
use crate::schema::ColumnType;
use crate::sql::Dialect;

impl Reader<'_> {
    pub(super) fn extract(&self, unit: &str, inner: &Node) -> Read {
        let function = UNITS.iter().find(|(name, ..)| *name == unit).map(|(_, function, _)| *function);
        let function = function.ok_or_else(|| format!("`{unit}` of a moment is not understood"))?;
        let inner = match inner {
            Node::AtZone(inner, zone) if is_utc(zone) => inner,
            other => other,
        };
        Ok(Expr::call(function, [self.expr(inner, None)?]))
    }

    /// `strpos(a, b) > 0` and the like: what `contains`, `startswith` and `endswith` are on each database.
    pub(super) fn text_function(&self, op: &str, left: &Node, right: &Node) -> Result<Option<Expr>, Unread> {
        let pair = |function: Function, folded: Function, text: &Node, part: &Node| -> Result<Option<Expr>, Unread> {
            Ok(Some(match (self.expr(text, None)?, self.expr(part, None)?) {
                (
                    Expr::Call { function: Function::Lower, args: text },
                    Expr::Call { function: Function::Lower, args: part },
                ) => Expr::call(folded, text.into_iter().chain(part)),
                (text, part) => Expr::call(function, [text, part]),
            }))
        };
        let (contains, starts, ends) = (
            (Function::Contains, Function::IContains),
            (Function::StartsWith, Function::IStartsWith),
            (Function::EndsWith, Function::IEndsWith),
        );
        match (op, left, right) {
            (">", Node::Call(name, args), Node::Value(Value::Int(0))) => match (name.as_str(), args.as_slice()) {
                ("strpos" | "instr", [text, part]) | ("locate", [part, text]) => {
                    pair(contains.0, contains.1, text, part)
                }
                _ => Ok(None),
            },
            ("=", Node::Call(name, args), part) => match (name.as_str(), args.as_slice()) {
                ("left", [text, Node::Call(length, of)]) if is_length(length) && of.first() == Some(part) => {
                    pair(starts.0, starts.1, text, part)
                }
                ("right", [text, Node::Call(length, of)]) if is_length(length) && of.first() == Some(part) => {
                    pair(ends.0, ends.1, text, part)
                }
                ("substr", [text, Node::Value(Value::Int(1)), Node::Call(length, of)])
                    if is_length(length) && of.first() == Some(part) =>
                {
                    pair(starts.0, starts.1, text, part)
                }
                _ => Ok(None),
            },
            // SQLite: `LENGTH(t) >= LENGTH(s) AND SUBSTR(t, LENGTH(t) - LENGTH(s) + 1) = s`.
            ("and", Node::Binary(at_least, ..), Node::Binary(equal, call, part))
                if at_least == ">=" && equal == "=" =>
            {
                match &**call {
                    Node::Call(name, args) if name == "substr" => match args.as_slice() {
                        [text, Node::Binary(plus, ..)] if plus == "+" => pair(ends.0, ends.1, text, part),
                        _ => Ok(None),
                    },
                    _ => Ok(None),
                }
            }
            _ => Ok(None),
        }
    }

    /// `CAST(a AS INTEGER) - (a < CAST(a AS INTEGER))`: what `floor` and `ceil` are on SQLite.
    pub(super) fn rounded(&self, op: &str, left: &Node, right: &Node) -> Result<Option<Expr>, Unread> {
        let (Node::Cast(value, ty), Node::Binary(compare, of, _)) = (left, right) else { return Ok(None) };
        if ty != "integer" || value != of {
            return Ok(None);
        }
        let function = match (op, compare.as_str()) {
            ("-", "<") => Function::Floor,
            ("+", ">") => Function::Ceil,
            _ => return Ok(None),
        };
        Ok(Some(Expr::call(function, [self.expr(value, None)?])))
    }

    /// `a || b`: the engine's `concat`, in which NULL counts as empty.
    pub(super) fn concat(&self, left: &Node, right: &Node) -> Read {
        let mut parts = Vec::new();
        flatten(left, &mut parts);
        flatten(right, &mut parts);
        if parts.iter().any(|part| mentions(part, "randomblob")) {
            return Ok(Expr::call(Function::NewUuid, []));
        }
        let read = |part: &&Node| match (or_empty(part), part) {
            (Some(inner), _) => self.expr(inner, None),
            (None, Node::Call(name, _)) if name == "coalesce" => self.expr(part, None),
            (None, part) => match self.expr(part, None)? {
                Expr::Field(name) if self.column(&name)?.null => {
                    Err(format!("`||` with `{name}`, which can be NULL, is not understood"))
                }
                expr @ (Expr::Field(_) | Expr::Value(_)) => Ok(expr),
                _ => Err("`||` with what may be NULL is not understood".to_owned()),
            },
        };
        Ok(joined(parts.iter().map(read).collect::<Result<Vec<_>, _>>()?))
    }

    pub(super) fn call(&self, name: &str, args: &[Node], ty: Option<&ColumnType>) -> Read {
        let utc = |at: usize| matches!(args.get(at), Some(Node::Value(Value::Text(text))) if text.eq_ignore_ascii_case("now"));
        let function = match name {
            "lower" | "lcase" => Function::Lower,
            "upper" | "ucase" => Function::Upper,
            "length" | "char_length" | "character_length" => Function::Length,
            "trim" | "btrim" => Function::Trim,
            "ltrim" => Function::Ltrim,
            "rtrim" => Function::Rtrim,
            "replace" => Function::Replace,
            "substr" | "substring" => Function::Substr,
            "concat" => {
                // On MariaDB and MySQL NULL makes NULL of all of it, as it does not of the engine's.
                let of_null = matches!(self.dialect, Dialect::MariaDb | Dialect::MySql);
                let read = |arg: &Node| match or_empty(arg) {
                    Some(inner) => self.expr(inner, None),
                    None => {
                        let expr = self.expr(arg, None)?;
                        for name in expr.fields().into_iter().filter(|_| of_null) {
                            if self.column(name)?.null {
                                return Err(format!("`concat` with `{name}`, which can be NULL, is not understood"));
                            }
                        }
                        Ok(expr)
                    }
                };
                return Ok(joined(args.iter().map(read).collect::<Result<Vec<_>, _>>()?));
            }
            // What Django writes on MariaDB, where NULL makes NULL of the other.
            "concat_ws" if args.len() > 1 && is_empty_text(&args[0]) => {
                return Ok(joined(args[1..].iter().map(|arg| self.expr(arg, None)).collect::<Result<Vec<_>, _>>()?));
            }
            "starts_with" => {
                let args = args.iter().map(|arg| self.expr(arg, None)).collect::<Result<Vec<_>, _>>()?;
                return Ok(match <[Expr; 2]>::try_from(args) {
                    Ok(
                        [
                            Expr::Call { function: Function::Lower, args: text },
                            Expr::Call { function: Function::Lower, args: part },
                        ],
                    ) => Expr::call(Function::IStartsWith, text.into_iter().chain(part)),
                    Ok(args) => Expr::call(Function::StartsWith, args),
                    Err(_) => return Err("`starts_with` takes two arguments".to_owned()),
                });
            }
            "coalesce" | "ifnull" => Function::Coalesce,
            "nullif" => Function::NullIf,
            "greatest" => Function::Greatest,
            "least" => Function::Least,
            "max" if args.len() > 1 => Function::Greatest,
            "min" if args.len() > 1 => Function::Least,
            "abs" => Function::Abs,
            "round" => Function::Round,
            "floor" => Function::Floor,
            "ceil" | "ceiling" => Function::Ceil,
            "now"
            | "current_timestamp"
            | "statement_timestamp"
            | "transaction_timestamp"
            | "clock_timestamp"
            | "utc_timestamp"
            | "localtimestamp" => return Ok(Expr::call(Function::Now, [])),
            "strftime" if utc(1) => return Ok(Expr::call(Function::Now, [])),
            "datetime" if utc(0) => return Ok(Expr::call(Function::Now, [])),
            "date" if utc(0) => return Ok(Expr::call(Function::Today, [])),
            "utc_date" | "current_date" | "curdate" => return Ok(Expr::call(Function::Today, [])),
            "gen_random_uuid" | "uuid" | "uuid_generate_v4" => return Ok(Expr::call(Function::NewUuid, [])),
            name => return Err(format!("the function `{name}` is not understood")),
        };
        let same = matches!(function, Function::Coalesce | Function::NullIf | Function::Greatest | Function::Least);
        let mut inner = None;
        if same {
            for arg in args {
                inner = inner.or(self.type_of(&self.expr(arg, None)?).filter(|_| !matches!(arg, Node::Value(_))));
            }
            inner = inner.or_else(|| ty.cloned());
        }
        let read = args.iter().map(|arg| self.expr(arg, inner.as_ref())).collect::<Result<Vec<_>, _>>()?;
        let (min, max) = function.arity();
        if read.len() < min || read.len() > max {
            return Err(format!("`{name}` with {} arguments is not understood", read.len()));
        }
        // MySQL's way to write a UUID without dashes.
        if function == Function::Replace && matches!(read.first(), Some(Expr::Call { function: Function::NewUuid, .. }))
        {
            return Ok(Expr::call(Function::NewUuid, []));
        }
        Ok(Expr::call(function, read))
    }
}

/// Parts of a moment: the word in EXTRACT, the function, the format of SQLite's STRFTIME.
pub(super) const UNITS: &[(&str, Function, &str)] = &[
    ("year", Function::Year, "%Y"),
    ("month", Function::Month, "%m"),
    ("day", Function::Day, "%d"),
    ("hour", Function::Hour, "%H"),
    ("minute", Function::Minute, "%M"),
    ("second", Function::Second, "%S"),
];

pub(super) fn is_utc(zone: &Node) -> bool {
    match zone {
        Node::Value(Value::Text(text)) => text == "UTC",
        Node::Cast(inner, _) => is_utc(inner),
        _ => false,
    }
}

fn is_length(name: &str) -> bool {
    matches!(name, "length" | "char_length" | "character_length")
}

/// What stands in `COALESCE(.., '')`, whatever it is converted to.
fn or_empty(node: &Node) -> Option<&Node> {
    match node {
        Node::Cast(coalesce, ty) if ty == "text" => or_empty(coalesce),
        Node::Call(name, args) if name == "coalesce" => match args.as_slice() {
            // The conversion that the engine writes on PostgreSQL.
            [Node::Cast(text, ty), empty] if ty == "text" && is_empty_text(empty) => Some(text),
            [text, empty] if is_empty_text(empty) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// Texts joined to one, those of texts that are joined themselves among them: NULL counts as empty all the way.
fn joined(texts: Vec<Expr>) -> Expr {
    let flat = texts.into_iter().flat_map(|text| match text {
        Expr::Call { function: Function::Concat, args } => args,
        text => vec![text],
    });
    Expr::call(Function::Concat, flat)
}

fn is_empty_text(node: &Node) -> bool {
    match node {
        Node::Value(Value::Text(text)) => text.is_empty(),
        Node::Cast(inner, _) => is_empty_text(inner),
        _ => false,
    }
}

fn flatten<'n>(node: &'n Node, parts: &mut Vec<&'n Node>) {
    match node {
        Node::Binary(op, left, right) if op == "||" => {
            flatten(left, parts);
            flatten(right, parts);
        }
        other => parts.push(other),
    }
}

/// Whether a function is called in it, at the depth at which the engine's own expressions call it.
fn mentions(node: &Node, function: &str) -> bool {
    match node {
        Node::Call(name, args) => name == function || args.iter().any(|arg| mentions(arg, function)),
        _ => false,
    }
}
