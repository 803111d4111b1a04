//! From Django's expressions to terms.

use super::{
    pack::{list, text},
    translate::{Left, Level, Over, Translated, left},
};
use orm::{
    Kind,
    dynamic::{Aggregate, Case, Frame, Node, Order, Query, Term, Window, Without, call, exists, path},
};
use serde_json::Value as Json;

/// A recorded literal as a term.
pub fn literal(json: &Json) -> Translated<Term> {
    let typed = |kind: Kind, value: Json| Ok(Node::Typed(kind, value).into());
    match json {
        Json::Array(all) => Ok(Term::List(all.iter().map(literal).collect::<Translated<_>>()?)),
        Json::Object(map) => {
            let Some((tag, inner)) = map.iter().next() else {
                return left("a literal without a form");
            };
            match tag.as_str() {
                "$dec" => typed(Kind::Decimal, inner.clone()),
                "$date" => typed(Kind::Date, inner.clone()),
                "$time" => typed(Kind::Time, inner.clone()),
                "$datetime"
                    if text(inner).len() > 19
                        && (text(inner)[19..].contains('+') || text(inner)[19..].contains('-')) =>
                {
                    typed(Kind::DateTime, inner.clone())
                }
                "$datetime" => typed(Kind::Timestamp, inner.clone()),
                "$duration_us" => Ok(super::pack::cell(inner, Kind::Duration)?.into()),
                "$uuid" => typed(Kind::Uuid, inner.clone()),
                "$hex" => Ok(super::pack::cell(inner, Kind::Bytes)?.into()),
                "$json" => typed(Kind::Json, inner.clone()),
                _ if json["$obj"].is_string() => literal(&json["pk"]),
                other => left(format!("a literal of the form {other}")),
            }
        }
        // The smallest whole number is read as one: this was one below it, and is the nearest float.
        Json::Number(number) if number.as_f64() == Some(i64::MIN as f64) && !number.is_i64() => {
            Ok(Term::from((i64::MIN as f64).next_down()))
        }
        plain => Ok(Term::Value(plain.clone())),
    }
}

impl Level<'_> {
    /// Whether an expression is about aggregates.
    pub fn is_aggregate(&self, json: &Json) -> bool {
        match json {
            Json::Array(all) => all.iter().any(|one| self.is_aggregate(one)),
            Json::Object(map) => {
                let named = |name: &Json| self.names.iter().any(|(known, aggregate)| *aggregate && known == text(name));
                match text(&json["e"]) {
                    "agg" => true,
                    "F" => named(&json["name"]),
                    "subquery" | "exists" | "query" | "outer_ref" | "window" => false,
                    _ => {
                        let first = text(&json["path"]);
                        self.names.iter().any(|(known, aggregate)| {
                            *aggregate
                                && !first.is_empty()
                                && (first == known || first.starts_with(&format!("{known}__")))
                        }) || map.values().any(|one| self.is_aggregate(one))
                    }
                }
            }
            _ => false,
        }
    }

    /// What a lookup compares with.
    pub fn value(&mut self, json: &Json) -> Translated<Term> {
        match json {
            Json::Array(all) => {
                // Django leaves NULL out of a list.
                let is_null = |one: &Json| {
                    let of_document = one["output_field"]["type"] == "JSONField";
                    one.is_null() || one["e"] == "value" && one["value"].is_null() && !of_document
                };
                let all = all.iter().filter(|one| !is_null(one) && one["e"] != "json_null");
                let all = all.filter(|one| !list(one).iter().any(Json::is_null));
                Ok(Term::List(all.map(|one| self.value(one)).collect::<Translated<_>>()?))
            }
            Json::Object(_) if !json["e"].is_null() => self.term(json),
            other => literal(other),
        }
    }

    pub fn term(&mut self, json: &Json) -> Translated<Term> {
        match text(&json["e"]) {
            "F" => {
                let (name, _) = self.path(text(&json["name"]), Over::Join)?;
                Ok(path(name))
            }
            "outer_ref" => {
                // Where there is no query around, it is refused.
                let Some(around) = &mut self.around else {
                    return Ok(path(json["name"].as_str().unwrap_or("pk")).outer());
                };
                let inner = match json["name"].as_str() {
                    Some(name) => {
                        let (by_name, _) = around.path(name, Over::Join)?;
                        if let Some(parts) = around.at_key.take() {
                            return Ok(Term::List(parts.into_iter().map(|part| path(part).outer()).collect()));
                        }
                        path(by_name)
                    }
                    None => around.term(&json["name"])?,
                };
                Ok(inner.outer())
            }
            "value" if json["value"].is_null() && !json["output_field"].is_null() => {
                match super::functions::kind_of(text(&json["output_field"]["type"])) {
                    Some(kind) => Ok(kind.into()),
                    None => literal(&json["value"]),
                }
            }
            // What is said to be a number is made one.
            "value" if json["output_field"]["type"] == "IntegerField" && json["value"].is_string() => literal(
                &text(&json["value"]).parse().map_or_else(|_| json["value"].clone(), |number: i64| number.into()),
            ),
            "value" => literal(&json["value"]),
            "op" => {
                let (a, b) = (self.term(&json["lhs"])?, self.term(&json["rhs"])?);
                Ok(match text(&json["op"]) {
                    "+" => a + b,
                    "-" => a - b,
                    "*" => a * b,
                    "/" => a / b,
                    "%%" => a % b,
                    "^" => call("power", [a, b]),
                    "&" => call("bit_and", [a, b]),
                    "|" => call("bit_or", [a, b]),
                    "#" => call("bit_xor", [a, b]),
                    "<<" => call("shift_left", [a, b]),
                    ">>" => call("shift_right", [a, b]),
                    other => return left(format!("the operator {other}")),
                })
            }
            "not" => Ok(!self.term(&json["expr"])?),
            "q" => Ok(self.q(json, Over::Join)?.0),
            "lookup" if json["lhs"].is_array() => {
                self.of_several(text(&json["name"]), list(&json["lhs"]), &json["rhs"])
            }
            "lookup" => Ok(self.term(&json["lhs"])?.lookup(text(&json["name"]), self.value(&json["rhs"])?)),
            "case" => {
                let mut when = Vec::new();
                for branch in list(&json["whens"]) {
                    let condition = self.q(&branch["condition"], Over::Join)?.0;
                    when.push((condition, self.term(&branch["then"])?));
                }
                let otherwise = match &json["default"] {
                    Json::Null => None,
                    default => Some(self.term(default)?).filter(|term| *term != Term::Value(Json::Null)),
                };
                if when.is_empty() {
                    let kind = super::functions::kind_of(text(&json["output_field"]["type"]));
                    let otherwise = otherwise.or(kind.map(Term::from));
                    return otherwise.ok_or_else(|| Left("a case without a branch".to_owned()));
                }
                Ok(Node::Case(Case { when, otherwise }).into())
            }
            "subquery" | "query" => Ok(self.inner(json.get("query").unwrap_or(json))?.into()),
            "json_null" => Ok(Node::Typed(Kind::Json, Json::Null).into()),
            "exists" => Ok(exists(self.inner(&json["query"])?)),
            "slice_of" => self.part_of(json),
            "agg" => self.agg(json),
            "window" => self.window(json),
            "func" => self.func(json),
            "" => literal(json),
            other => left(format!("the expression {other}")),
        }
    }

    /// A part of a text, counted as Python does.
    fn part_of(&mut self, json: &Json) -> Translated<Term> {
        let on = self.term(&json["expr"])?;
        let from = json["index"].as_i64().or(json["start"].as_i64()).unwrap_or_default();
        let to = json["index"].as_i64().map(|at| at + 1).or(json["stop"].as_i64());
        let length = to.map(|to| Term::from(to.saturating_sub(from).max(0)));
        Ok(call("substr", [on, Term::from(from + 1)].into_iter().chain(length)))
    }

    /// A lookup on several values at once.
    fn of_several(&mut self, lookup: &str, on: &[Json], with: &Json) -> Translated<Term> {
        let terms = on.iter().map(|one| self.term(one)).collect::<Translated<Vec<_>>>()?;
        match lookup {
            "isnull" => {
                let null = terms.into_iter().map(|term| term.lookup("isnull", with.clone()));
                Ok(Node::And(null.collect()).into())
            }
            "in" if with.is_array() => {
                let equal = list(with).iter().map(|one| self.of_several("exact", on, one));
                Ok(Node::Or(equal.collect::<Translated<_>>()?).into())
            }
            "exact" | "gt" | "gte" | "lt" | "lte" if list(with).len() == on.len() => {
                self.by_first_that_differs(lookup, terms, list(with))
            }
            _ => left("a literal of several values beside a query"),
        }
    }

    /// Values beside as many others: the first that differ decide.
    pub fn by_first_that_differs(&mut self, lookup: &str, terms: Vec<Term>, with: &[Json]) -> Translated<Term> {
        let with = with.iter().map(|one| self.value(one)).collect::<Translated<Vec<_>>>()?;
        if terms.len() != with.len() {
            return left("refused, by its form: several values beside another number of them");
        }
        let equal = |to: usize| (0..to).map(|at| terms[at].clone().lookup("exact", with[at].clone()));
        if lookup == "exact" {
            return Ok(Node::And(equal(terms.len()).collect()).into());
        }
        let first = (0..terms.len()).map(|at| {
            let last = at + 1 == terms.len();
            let by = if last { lookup } else { lookup.trim_end_matches('e') };
            Node::And(equal(at).chain([terms[at].clone().lookup(by, with[at].clone())]).collect()).into()
        });
        Ok(Node::Or(first.collect()).into())
    }

    fn inner(&mut self, json: &Json) -> Translated<Query> {
        let mut level = self.inside(text(&json["model"]));
        if !json["related"].is_null() {
            level.belongs(&json["related"])?;
        }
        level.calls(list(&json["calls"]))?;
        if let Some(around) = level.around.take() {
            self.joined_inside(*around);
        }
        Ok(level.ready()?.query)
    }

    /// What a query inside this one refers to is joined here.
    fn joined_inside(&mut self, seen: Level<'_>) {
        (self.joins, self.joined, self.calling) = (seen.joins, seen.joined, seen.calling);
        if let (Some(around), Some(seen)) = (&mut self.around, seen.around) {
            around.joined_inside(*seen);
        }
    }

    fn window(&mut self, json: &Json) -> Translated<Term> {
        let of = self.term(&json["expr"])?;
        let partition = list(&json["partition_by"]).iter().map(|key| self.term(key)).collect::<Translated<Vec<_>>>()?;
        let keys: Vec<Json> =
            list(&json["order_by"]).iter().map(|key| serde_json::json!({"expr": key, "desc": false})).collect();
        let mut window = Window::new().partition_by(partition).order_by(Vec::<Order>::new());
        window.order_by = self.order(&keys)?;
        let frame = &json["frame"];
        if !frame.is_null() {
            window.without = match text(&frame["exclusion"]) {
                "current_row" => Some(Without::Current),
                "group" => Some(Without::Equals),
                "ties" => Some(Without::Others),
                _ => None,
            };
            let ends = (frame["start"].as_i64(), frame["end"].as_i64());
            window = window.frame(match text(&frame["unit"]) {
                "rows" => Frame::Rows(ends.0, ends.1),
                _ => Frame::Range(ends.0, ends.1),
            });
        }
        Ok(of.over(window))
    }

    /// A date with a time that is compared with a day is its day, and a day that is compared with such is its beginning.
    pub fn coerced(&self, path: &str, value: &Json) -> Json {
        if let Json::Array(all) = value {
            return all.iter().map(|one| self.coerced(path, one)).collect();
        }
        let resolved = self.resolved(path);
        let plain = list(&resolved["transforms"]).is_empty();
        match (text(&resolved["type"]), text(&value["$datetime"]), text(&value["$date"])) {
            ("DateField", moment, "") if plain && moment.len() >= 10 => {
                // The day of an instant is the one where the program runs.
                serde_json::json!({"$date": super::zones::day(self.pack, moment)})
            }
            ("DateTimeField", "", day) if plain && !day.is_empty() => {
                let zone = super::zones::offset_of(&self.pack.zone).unwrap_or_default();
                let zone = if self.pack.moment() == Kind::DateTime { zone } else { String::new() };
                serde_json::json!({"$datetime": format!("{day}T00:00:00{zone}")})
            }
            _ => value.clone(),
        }
    }

    fn agg(&mut self, json: &Json) -> Translated<Term> {
        let kw = &json["kw"];
        let function = match text(&json["name"]) {
            name @ ("Count" | "Sum" | "Avg" | "Min" | "Max") => name.to_lowercase(),
            "StringAgg" => "string_agg".to_owned(),
            "BitAnd" => "bit_and".to_owned(),
            "BitOr" => "bit_or".to_owned(),
            "BitXor" => "bit_xor".to_owned(),
            "AnyValue" => "any_value".to_owned(),
            "StdDev" if kw["sample"] == Json::Bool(true) => "std_dev_sample".to_owned(),
            "StdDev" => "std_dev".to_owned(),
            "Variance" if kw["sample"] == Json::Bool(true) => "variance_sample".to_owned(),
            "Variance" => "variance".to_owned(),
            "Corr" => "corr".to_owned(),
            "CovarPop" if kw["sample"] == Json::Bool(true) => "covar_sample".to_owned(),
            "CovarPop" => "covar_pop".to_owned(),
            "RegrAvgX" => "regr_avg_x".to_owned(),
            "RegrAvgY" => "regr_avg_y".to_owned(),
            name @ ("RegrCount" | "RegrIntercept" | "RegrR2" | "RegrSlope" | "RegrSXX" | "RegrSXY" | "RegrSYY") => {
                format!("regr_{}", name["Regr".len()..].to_lowercase())
            }
            "BoolAnd" => "all_true".to_owned(),
            "BoolOr" => "any_true".to_owned(),
            "ArrayAgg" => "array_agg".to_owned(),
            "JSONBAgg" => "json_agg".to_owned(),
            other => return left(format!("the aggregate {other}")),
        };
        for name in kw.as_object().into_iter().flat_map(|map| map.keys()) {
            if !["filter", "distinct", "default", "output_field", "sample", "order_by", "delimiter"]
                .contains(&name.as_str())
            {
                return left(format!("an aggregate with {name}"));
            }
        }
        let of = match &list(&json["args"]) {
            [star] if text(&star["e"]) == "star" => None,
            [one] | [one, _] => Some(self.term(one)?),
            _ => return left("an aggregate of several"),
        };
        let against = list(&json["args"]).get(1).map(|two| self.term(two)).transpose()?;
        let filter = match &kw["filter"] {
            Json::Null => None,
            filter => Some(self.q(filter, Over::Join)?.0),
        };
        let default = match &kw["default"] {
            Json::Null => None,
            default if default["e"].is_null() => Some(literal(default)?),
            default => Some(self.term(default)?),
        };
        let distinct = kw["distinct"] == Json::Bool(true);
        let separator = match &kw["delimiter"] {
            Json::Null => None,
            Json::String(text) => Some(text.clone()),
            value if text(&value["e"]) == "value" && value["value"].is_string() => {
                Some(text(&value["value"]).to_owned())
            }
            _ => return left("an aggregate with a computed delimiter"),
        };
        let keys: Vec<Json> = match &kw["order_by"] {
            Json::Null => Vec::new(),
            Json::Array(keys) => keys.clone(),
            one => vec![one.clone()],
        };
        let keys: Vec<Json> = keys
            .iter()
            .map(|key| match key["e"].is_null() {
                true => super::order_key(key),
                false => serde_json::json!({"expr": key, "desc": false}),
            })
            .collect();
        let order_by = self.order(&keys)?;
        let more = Aggregate { function, of, against, ..Aggregate::default() };
        Ok(Node::Aggregate(Aggregate { distinct, filter, default, order_by, separator, ..more }).into())
    }
}
