//! Django's conditions and expressions in the engine's notation.

use super::text;
use orm::migrate::engine::{
    condition::{BinaryOp, Expr, Function, Value},
    schema::ColumnType,
};
use serde_json::Value as Json;

/// Why a case cannot be translated.
pub(super) type Untranslated = String;

/// A value of a column.
pub(super) fn value(json: &Json, ty: &ColumnType) -> Result<Value, Untranslated> {
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => match number.as_i64() {
            Some(_) if *ty == ColumnType::Bool => Value::Bool(number.as_i64() != Some(0)),
            Some(whole) => Value::Int(whole),
            None => Value::number(&number.to_string()).map_err(|error| error.to_string())?,
        },
        Json::String(text) => match ty {
            ColumnType::Decimal { .. } => Value::number(text).map_err(|error| error.to_string())?,
            ColumnType::Json => Value::Json(json.to_string()),
            ty if ty.is_integer() => Value::Int(text.parse().map_err(|_| format!("`{text}` for {ty}"))?),
            _ => Value::Text(text.clone()),
        },
        Json::Object(object) => {
            let (key, inner) = object.iter().next().ok_or("an empty value")?;
            match key.as_str() {
                "$decimal" => Value::number(text(inner)).map_err(|error| error.to_string())?,
                "$datetime" => Value::date_time(&format!("{}Z", text(inner))).map_err(|error| error.to_string())?,
                "$bytes" => {
                    let hex = text(inner);
                    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).map_err(|error| error.to_string());
                    Value::Bytes((0..hex.len() / 2).map(|at| byte(at * 2)).collect::<Result<_, _>>()?)
                }
                other => return Err(format!("a value {other}")),
            }
        }
        Json::Array(_) => return Err("a list as a value".into()),
    })
}

/// An expression: an object of its parts, a plain value, or, as an argument, the name of a field.
pub(super) fn expression(json: &Json, ty: &ColumnType) -> Result<Expr, Untranslated> {
    let Some(path) = json.get("$obj") else { return Ok(Expr::Value(value(json, ty)?)) };
    let none = Vec::new();
    let args = json["args"].as_array().unwrap_or(&none);
    let field_or = |arg: &Json| match arg {
        Json::String(name) => Ok(Expr::field(name.as_str())),
        arg => expression(arg, ty),
    };
    let call = |function| Ok(Expr::call(function, args.iter().map(field_or).collect::<Result<Vec<_>, _>>()?));
    match text(path).rsplit('.').next().unwrap_or_default() {
        "F" => Ok(Expr::field(text(&args[0]))),
        "Value" => Ok(Expr::Value(value(&args[0], ty)?)),
        "Q" => condition(json),
        "ExpressionWrapper" => expression(&args[0], ty),
        "Lower" => call(Function::Lower),
        "Abs" => call(Function::Abs),
        "Now" => call(Function::Now),
        "Concat" => {
            let mut parts = args.iter().map(|arg| {
                let part = field_or(arg)?;
                Ok::<_, Untranslated>(Expr::call(Function::Coalesce, [part, Expr::from("")]))
            });
            let first = parts.next().ok_or("an empty Concat")??;
            parts.try_fold(first, |left, right| Ok(left.binary(BinaryOp::Concat, right?)))
        }
        "CombinedExpression" => {
            let (left, right) = (expression(&args[0], ty)?, expression(&args[2], ty)?);
            let op = match text(&args[1]) {
                "+" => BinaryOp::Add,
                "-" => BinaryOp::Sub,
                "*" => BinaryOp::Mul,
                "/" => BinaryOp::Div,
                other => return Err(format!("the operator {other}")),
            };
            Ok(left.binary(op, right))
        }
        other => Err(format!("the expression {other}")),
    }
}

/// A condition: parts joined by and, or; a part is another, or a lookup with its value.
pub(super) fn condition(json: &Json) -> Result<Expr, Untranslated> {
    if text(&json["$obj"]).rsplit('.').next() != Some("Q") {
        return expression(json, &ColumnType::Bool);
    }
    let or = json["kwargs"]["_connector"] == "OR";
    let mut joined: Option<Expr> = None;
    for part in json["args"].as_array().into_iter().flatten() {
        let part = match part.as_array().map(Vec::as_slice) {
            Some([lookup, value]) => self::lookup(text(lookup), value)?,
            _ => condition(part)?,
        };
        joined = Some(match joined {
            None => part,
            Some(left) if or => left.or(part),
            Some(left) => left.and(part),
        });
    }
    let joined = joined.ok_or("an empty condition")?;
    Ok(if json["kwargs"]["_negated"] == true { joined.not() } else { joined })
}

fn lookup(lookup: &str, json: &Json) -> Result<Expr, Untranslated> {
    let (name, kind) = lookup.rsplit_once("__").unwrap_or((lookup, "exact"));
    let field = Expr::field(name);
    if kind == "isnull" {
        return Ok(if json == true { field.is_null() } else { field.is_not_null() });
    }
    if kind == "in" {
        let list = json.as_array().ok_or("`in` without a list")?;
        let list: Vec<Expr> = list.iter().map(|item| expression(item, &ColumnType::Text)).collect::<Result<_, _>>()?;
        return Ok(field.is_in(list));
    }
    let right = expression(json, &ColumnType::Text)?;
    Ok(match kind {
        "exact" => field.eq(right),
        "gt" => field.gt(right),
        "gte" => field.ge(right),
        "lt" => field.lt(right),
        "lte" => field.le(right),
        "contains" => Expr::call(Function::Contains, [field, right]),
        "startswith" => Expr::call(Function::StartsWith, [field, right]),
        "endswith" => Expr::call(Function::EndsWith, [field, right]),
        other => return Err(format!("the lookup {other}")),
    })
}
