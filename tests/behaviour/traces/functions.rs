//! From Django's functions to those by name.

use super::{
    pack::{list, text},
    terms::literal,
    translate::{Level, Translated, left},
};
use orm::{
    Kind,
    dynamic::{Node, Term, call},
};
use serde_json::Value as Json;

/// The kind of a field of Django's without a place in a model: what an expression gives, or is made.
pub fn kind_of(field: &str) -> Option<Kind> {
    Some(match field {
        "IntegerField" | "PositiveIntegerField" | "AutoField" => Kind::I32,
        "SmallIntegerField" | "PositiveSmallIntegerField" | "SmallAutoField" => Kind::I16,
        "BigIntegerField" | "PositiveBigIntegerField" | "BigAutoField" => Kind::I64,
        "FloatField" => Kind::F64,
        "DecimalField" => Kind::Decimal,
        "BooleanField" => Kind::Bool,
        "CharField" | "TextField" | "SlugField" | "EmailField" | "URLField" | "GenericIPAddressField" => Kind::Text,
        "DateField" => Kind::Date,
        "TimeField" => Kind::Time,
        "DateTimeField" => Kind::Timestamp,
        "DurationField" => Kind::Duration,
        "UUIDField" => Kind::Uuid,
        "BinaryField" => Kind::Bytes,
        "JSONField" => Kind::Json,
        _ => return None,
    })
}

/// The functions of one value, and the transforms that they are.
const UNARY: &[(&str, &str)] = &[
    ("Lower", "lower"),
    ("Upper", "upper"),
    ("Length", "length"),
    ("Trim", "trim"),
    ("LTrim", "ltrim"),
    ("RTrim", "rtrim"),
    ("Reverse", "reverse"),
    ("MD5", "md5"),
    ("SHA1", "sha1"),
    ("SHA224", "sha224"),
    ("SHA256", "sha256"),
    ("SHA384", "sha384"),
    ("SHA512", "sha512"),
    ("Chr", "chr"),
    ("Ord", "ord"),
    ("Abs", "abs"),
    ("Sign", "sign"),
    ("Ceil", "ceil"),
    ("Floor", "floor"),
    ("Sqrt", "sqrt"),
    ("Exp", "exp"),
    ("Ln", "ln"),
    ("Sin", "sin"),
    ("Cos", "cos"),
    ("Tan", "tan"),
    ("Cot", "cot"),
    ("ASin", "asin"),
    ("ACos", "acos"),
    ("ATan", "atan"),
    ("Degrees", "degrees"),
    ("Radians", "radians"),
    ("Round", "round"),
    ("ExtractYear", "year"),
    ("ExtractIsoYear", "iso_year"),
    ("ExtractQuarter", "quarter"),
    ("ExtractMonth", "month"),
    ("ExtractWeek", "week"),
    ("ExtractWeekDay", "week_day"),
    ("ExtractIsoWeekDay", "iso_week_day"),
    ("ExtractDay", "day"),
    ("ExtractHour", "hour"),
    ("ExtractMinute", "minute"),
    ("ExtractSecond", "second"),
    ("TruncDate", "date"),
    ("TruncTime", "time"),
    ("TruncYear", "trunc_year"),
    ("TruncQuarter", "trunc_quarter"),
    ("TruncMonth", "trunc_month"),
    ("TruncWeek", "trunc_week"),
    ("TruncDay", "trunc_day"),
    ("TruncHour", "trunc_hour"),
    ("TruncMinute", "trunc_minute"),
    ("TruncSecond", "trunc_second"),
];

/// The lookups of Django's that a test may give another name.
const LOOKUPS: &[(&str, &str)] = &[
    ("Exact", "exact"),
    ("IExact", "iexact"),
    ("Contains", "contains"),
    ("IContains", "icontains"),
    ("StartsWith", "startswith"),
    ("IStartsWith", "istartswith"),
    ("EndsWith", "endswith"),
    ("IEndsWith", "iendswith"),
    ("GreaterThan", "gt"),
    ("GreaterThanOrEqual", "gte"),
    ("LessThan", "lt"),
    ("LessThanOrEqual", "lte"),
    ("In", "in"),
    ("Range", "range"),
    ("IsNull", "isnull"),
    ("Regex", "regex"),
    ("IRegex", "iregex"),
];

/// The lookup that a class of Django's is.
pub fn lookup(class: &str) -> Option<&'static str> {
    LOOKUPS.iter().find(|(known, _)| *known == class).map(|(_, name)| *name)
}

/// The transform that a function of Django's is.
pub fn transform(class: &str) -> Option<&'static str> {
    UNARY.iter().find(|(known, _)| *known == class).map(|(_, name)| *name)
}

/// What takes its arguments one after the other.
const PLAIN: &[(&str, &str)] = &[
    ("Coalesce", "coalesce"),
    ("Greatest", "greatest"),
    ("Least", "least"),
    ("NullIf", "nullif"),
    ("Now", "now"),
    ("Pi", "pi"),
    ("Power", "power"),
    ("ATan2", "atan2"),
    ("StrIndex", "position"),
    ("JSONArray", "json_array"),
    ("RowNumber", "row_number"),
    ("Rank", "rank"),
    ("DenseRank", "dense_rank"),
    ("PercentRank", "percent_rank"),
    ("CumeDist", "cume_dist"),
    ("FirstValue", "first_value"),
    ("LastValue", "last_value"),
];

/// What takes more by name: in which order, and what stands for one that is left out.
const NAMED: &[(&str, &str, &[(&str, Option<&str>)])] = &[
    ("Ntile", "ntile", &[("num_buckets", None)]),
    ("NthValue", "nth_value", &[("nth", None)]),
    ("Lag", "lag", &[("offset", None), ("default", None)]),
    ("Lead", "lead", &[("offset", None), ("default", None)]),
    ("Left", "left", &[("length", None)]),
    ("Right", "right", &[("length", None)]),
    ("Repeat", "repeat", &[("number", None)]),
    ("LPad", "lpad", &[("length", None), ("fill_text", Some(" "))]),
    ("RPad", "rpad", &[("length", None), ("fill_text", Some(" "))]),
    ("Substr", "substr", &[("pos", None), ("length", None)]),
    ("Replace", "replace", &[("text", None), ("replacement", Some(""))]),
    ("Round", "round", &[("precision", None)]),
    ("Collate", "collate", &[("collation", None)]),
];

impl Level<'_> {
    pub fn func(&mut self, json: &Json) -> Translated<Term> {
        let (name, kw) = (text(&json["name"]), &json["kw"]);
        let mut args = Vec::new();
        for arg in list(&json["args"]) {
            args.push(self.term(arg)?);
        }
        if let Some((_, function, more)) = NAMED.iter().find(|(known, ..)| *known == name) {
            for (named, default) in *more {
                match (&kw[named], default) {
                    (Json::Null, Some(default)) => args.push((*default).into()),
                    (Json::Null, None) => {}
                    (value, _) => args.push(self.term(value)?),
                }
            }
            return Ok(call(*function, args));
        }
        if let Some((_, function)) = PLAIN.iter().find(|(known, _)| *known == name) {
            return Ok(call(*function, args));
        }
        if let Some(zone) = kw["tzinfo"]["$tz"].as_str()
            && !args.is_empty()
        {
            let on = args.remove(0);
            args.insert(0, call("at_zone", [on, super::zones::zone(zone).into()]));
        }
        let as_asked = |term: Term| match text(&kw["output_field"]["$field"]["type"]) {
            "DateField" if self.gives(&json["args"][0]) != Some("DateField") => call("date", [term]),
            "TimeField" if self.gives(&json["args"][0]) != Some("TimeField") => call("time", [term]),
            _ => term,
        };
        if let Some(function) = transform(name) {
            let truncated = name.starts_with("Trunc") && !kw["output_field"].is_null();
            let term = call(function, args);
            return Ok(if truncated { as_asked(term) } else { term });
        }
        Ok(match name {
            "Trunc" => as_asked(call(format!("trunc_{}", text(&kw["kind"])), args)),
            "Extract" => call(text(&kw["lookup_name"]), args),
            "Log" if args.len() == 2 => {
                args.swap(0, 1);
                call("log", args)
            }
            "KeyTransform" | "KeyTextTransform" => {
                // The text of what lies on the way is not asked for, and what is a number is a place in a list.
                if let [inner] = &list(&json["args"])
                    && inner["name"] == "KeyTextTransform"
                {
                    let mut inner = inner.clone();
                    inner["name"] = "KeyTransform".into();
                    args = vec![self.term(&inner)?];
                }
                let key = &kw["key_name"];
                let place = key.as_str().and_then(|key| key.parse::<i64>().ok()).map(Json::from);
                args.push(literal(place.as_ref().unwrap_or(key))?);
                let inside = call("json_get", args);
                if name == "KeyTransform" { inside } else { call("json_text", [inside]) }
            }
            "JSONObject" => {
                let mut parts = Vec::new();
                for (key, value) in json["fields"].as_object().into_iter().flatten() {
                    parts.push(key.as_str().into());
                    parts.push(self.term(value)?);
                }
                call("json_object", parts)
            }
            "Concat" => {
                let texts = args.into_iter().zip(list(&json["args"])).map(|(arg, json)| match arg {
                    text @ Term::Value(_) => text,
                    // Django makes texts of what is none.
                    other => {
                        let is_text = self.gives(json).is_none_or(|kind| kind_of(kind) == Some(Kind::Text));
                        call("coalesce", [if is_text { other } else { other.cast(Kind::Text) }, "".into()])
                    }
                });
                call("concat", texts)
            }
            "ExpressionWrapper" if args.len() == 1 => args.remove(0),
            "Mod" if args.len() == 2 => {
                let right = args.remove(1);
                args.remove(0) % right
            }
            "Cast" if args.len() == 1 => {
                let field = &kw["output_field"]["$field"];
                let on = args.remove(0);
                // The text of a number in a document is made one.
                if json["args"][0]["name"] == "KeyTextTransform" {
                    let inside = |function| match &on {
                        Term::Node(node) => match &**node {
                            Node::Call(_, inner) => Some(call(function, inner.clone())),
                            _ => None,
                        },
                        _ => None,
                    };
                    let number = match kind_of(text(&field["type"])) {
                        Some(Kind::I16 | Kind::I32 | Kind::I64) => inside("json_integer"),
                        Some(Kind::F64 | Kind::Decimal) => inside("json_float"),
                        _ => None,
                    };
                    if let Some(number) = number {
                        return Ok(number);
                    }
                }
                match (text(&field["type"]), kind_of(text(&field["type"]))) {
                    ("DateField", _) if self.gives(&json["args"][0]) == Some("DateTimeField") => call("date", [on]),
                    ("TimeField", _) if self.gives(&json["args"][0]) == Some("DateTimeField") => call("time", [on]),
                    (_, Some(Kind::Timestamp)) => on.cast(self.pack.moment()),
                    (_, Some(Kind::Text)) if !field["max_length"].is_null() => {
                        call("left", [on.cast(Kind::Text), literal(&field["max_length"])?])
                    }
                    (_, Some(kind)) => on.cast(kind),
                    (other, None) => return left(format!("a cast to {other}")),
                }
            }
            other => return left(format!("the function {other}")),
        })
    }

    /// The type of the field that an expression names.
    fn gives(&self, json: &Json) -> Option<&str> {
        let name = format!("F:{}", json["name"].as_str()?);
        let paths = &self.pack.json["paths"];
        let resolved =
            [&paths[&self.asked][&name], &paths[&self.model][&name]].into_iter().find(|it| it.is_object())?;
        list(&resolved["transforms"]).is_empty().then(|| text(&resolved["type"]))
    }
}
