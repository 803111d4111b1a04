//! What comes from outside as text, queries by name and fixtures, from random input, much more of it by `.ci/full fuzz`: it is refused with a
//! code, or it runs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![cfg(all(feature = "sqlite", feature = "yaml"))]

use bolero::check;
use library::*;
use orm::{
    Code, Error,
    dynamic::{Catalog, Change, Query},
    fixtures::{Format, Load},
};
use serde_json::{Value, json};
use std::{io::Cursor, sync::LazyLock};

/// Random bytes that decide what is written next; when they have ended, the shortest is.
struct Choices<'b>(std::slice::Iter<'b, u8>);

impl Choices<'_> {
    fn of(&mut self, count: usize) -> usize {
        self.0.next().map_or(0, |byte| usize::from(*byte) % count)
    }

    fn one<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.of(texts.len())]
    }

    /// So many of what `make` makes, mostly.
    fn list(&mut self, least: usize, make: fn(&mut Self, usize) -> Value, depth: usize) -> Vec<Value> {
        (0..least + self.of(3)).map(|_| make(self, depth)).collect()
    }
}

const MODELS: &[&str] = &["library.Book", "library.Author", "library.Tag", "library.Country", "library.Nobody"];
const PATHS: &[&str] = &[
    "id",
    "title",
    "price",
    "active",
    "views",
    "created",
    "published",
    "author",
    "editor",
    "tags",
    "name",
    "born",
    "country",
    "books",
    "code",
    "slug",
    "pk",
    "author_id",
    "author__name",
    "author__country__code",
    "editor__name",
    "tags__slug",
    "books__title",
    "created__year",
    "published__trunc_month",
    "title__lower",
    "name__length",
    "a",
    "b",
    "",
    "__",
    "author____name",
    "title__gt",
    "price__abs__sqrt",
    "written_by",
];
const LOOKUPS: &[&str] = &[
    "exact",
    "ne",
    "gt",
    "gte",
    "lt",
    "lte",
    "in",
    "range",
    "isnull",
    "same",
    "iexact",
    "contains",
    "icontains",
    "startswith",
    "iendswith",
    "like",
    "regex",
    "iregex",
    "year",
    "has_key",
    "search",
    "",
];
const FUNCTIONS: &[&str] = &[
    "lower",
    "upper",
    "trim",
    "length",
    "ord",
    "chr",
    "abs",
    "sign",
    "ceil",
    "sqrt",
    "ln",
    "year",
    "week",
    "date",
    "time",
    "trunc_day",
    "round",
    "log",
    "power",
    "substr",
    "replace",
    "left",
    "right",
    "position",
    "lpad",
    "repeat",
    "concat",
    "now",
    "at_zone",
    "coalesce",
    "greatest",
    "least",
    "nullif",
    "collate",
    "bit_and",
    "shift_left",
    "json_get",
    "json_array",
    "json_object",
    "elements",
    "row_number",
    "rank",
    "ntile",
    "lag",
    "nth_value",
    "md5",
    "pi",
    "random",
    "array_agg",
    "nothing",
];
const AGGREGATES: &[&str] = &[
    "count",
    "sum",
    "avg",
    "min",
    "max",
    "std_dev",
    "variance_sample",
    "string_agg",
    "bit_or",
    "all_true",
    "any_value",
    "corr",
    "none",
];
const KINDS: &[&str] = &[
    "bool",
    "i16",
    "i32",
    "i64",
    "f32",
    "f64",
    "decimal",
    "text",
    "bytes",
    "date",
    "time",
    "timestamp",
    "datetime",
    "duration",
    "uuid",
    "ip",
    "json",
    "text[]",
    "int4range",
];
const TEXTS: &[&str] = &[
    "",
    "a",
    "Ada",
    "2024-02-29",
    "2024-02-30",
    "12:30:00",
    "2024-02-29 12:30:00",
    "2024-02-29T12:30:00Z",
    "1.50",
    "-1e400",
    "%_\\",
    "(a+)+$",
    "Europe/Berlin",
    "+02:00",
    "\u{0}",
    "é😀",
    "'; --",
    "NOCASE",
    "00000000-0000-0000-0000-000000000001",
    "127.0.0.1",
    "{}",
];

fn plain(choices: &mut Choices<'_>, _: usize) -> Value {
    match choices.of(12) {
        0 => Value::Null,
        1 => json!(choices.of(2) == 1),
        2 => json!(choices.of(256) as i64 - 128),
        3 => json!(i64::MAX),
        4 => json!(i64::MIN),
        5 => json!(u64::MAX),
        6 => json!(0.5),
        7 => json!(1e300),
        8 => json!({"value": {"a": [1, "b"]}}),
        _ => json!(choices.one(TEXTS)),
    }
}

fn term(choices: &mut Choices<'_>, depth: usize) -> Value {
    if depth > 5 {
        return plain(choices, depth);
    }
    let depth = depth + 1;
    match choices.of(26) {
        0 | 1 => plain(choices, depth),
        2 | 3 => json!({"path": choices.one(PATHS)}),
        4 | 5 => json!({"where": [format!("{}__{}", choices.one(PATHS), choices.one(LOOKUPS)), term(choices, depth)]}),
        6 => json!({"lookup": [term(choices, depth), choices.one(LOOKUPS), term(choices, depth)]}),
        7 => json!({"and": choices.list(0, term, depth)}),
        8 => json!({"or": choices.list(0, term, depth)}),
        9 => json!({"xor": choices.list(0, term, depth)}),
        10 => json!({"not": term(choices, depth)}),
        11 => json!({"any": [choices.one(PATHS), term(choices, depth)]}),
        12 => json!({"over": [choices.one(PATHS), aggregate(choices, depth)]}),
        13 | 14 => {
            let operator = choices.one(&["add", "subtract", "multiply", "divide", "remainder"]);
            json!({operator: [term(choices, depth), term(choices, depth)]})
        }
        15 | 16 => json!({"call": [choices.one(FUNCTIONS), choices.list(0, term, depth)]}),
        17 => aggregate(choices, depth),
        18 => json!({"window": [term(choices, depth), {
            "partition_by": choices.list(0, term, depth), "order_by": choices.list(0, order, depth),
            "frame": if choices.of(2) == 0 { Value::Null } else { json!({choices.one(&["rows", "range", "groups"]): [-1, choices.of(3)]}) },
        }]}),
        19 => {
            json!({"case": {"when": [[term(choices, depth), term(choices, depth)]], "otherwise": term(choices, depth)}})
        }
        20 => json!({"cast": [term(choices, depth), choices.one(KINDS)]}),
        21 => json!({"exists": query(choices, depth)}),
        22 => json!({"query": query(choices, depth)}),
        23 => json!({"outer": term(choices, depth)}),
        24 => json!({"typed": [choices.one(KINDS), plain(choices, depth)]}),
        _ => Value::Array(choices.list(0, term, depth)),
    }
}

fn aggregate(choices: &mut Choices<'_>, depth: usize) -> Value {
    let mut parts = json!({"function": choices.one(AGGREGATES), "of": term(choices, depth + 1)});
    match choices.of(8) {
        0 => parts["distinct"] = json!(true),
        1 => parts["filter"] = term(choices, depth + 1),
        2 => parts["default"] = plain(choices, depth),
        3 => parts["order_by"] = Value::Array(choices.list(1, order, depth)),
        4 => parts["separator"] = json!(choices.one(TEXTS)),
        _ => {}
    }
    json!({"aggregate": parts})
}

fn order(choices: &mut Choices<'_>, depth: usize) -> Value {
    match choices.of(3) {
        0 => json!(format!("{}{}", choices.one(&["", "-", "?", "--"]), choices.one(PATHS))),
        _ => {
            json!({"by": term(choices, depth + 1), "desc": choices.of(2) == 1, "nulls": choices.one(&["first", "last"])})
        }
    }
}

fn pick(choices: &mut Choices<'_>, depth: usize) -> Value {
    match choices.of(2) {
        0 => json!(choices.one(PATHS)),
        _ => json!({"as": choices.one(&["a", "b", "title", "n\""]), "term": term(choices, depth + 1)}),
    }
}

fn name(choices: &mut Choices<'_>, _: usize) -> Value {
    json!(choices.one(PATHS))
}

fn call(choices: &mut Choices<'_>, depth: usize) -> Value {
    let named = |choices: &mut Choices<'_>| json!({choices.one(&["a", "b", "title", "a b"]): term(choices, depth + 1)});
    match choices.of(20) {
        0 | 1 => json!({"filter": term(choices, depth)}),
        2 => json!({"exclude": term(choices, depth)}),
        3 => json!({"annotate": named(choices)}),
        4 => json!({"alias": named(choices)}),
        5 => json!({"values": choices.list(0, pick, depth)}),
        6 => json!({"group_by": choices.list(0, pick, depth)}),
        7 => json!({"aggregate": {"n": aggregate(choices, depth)}}),
        8 => json!({"order_by": choices.list(0, order, depth)}),
        9 => json!({"select_related": choices.list(0, name, depth)}),
        10 => {
            json!({"join": {"relation": choices.one(PATHS), "as": choices.one(&["a", "b"]), "left": choices.of(2) == 1}})
        }
        11 => json!({"prefetch": [{"relation": choices.one(PATHS), "as": "rows", "query": query(choices, depth + 1)}]}),
        12 => json!({"zone": choices.one(TEXTS)}),
        13 => json!({"limit": choices.of(4)}),
        14 => json!({"offset": choices.of(3)}),
        15 => json!({choices.one(&["union", "union_all", "intersection", "difference"]): query(choices, depth + 1)}),
        16 => json!({"distinct_on": choices.list(1, pick, depth)}),
        17 => json!("distinct"),
        18 => json!("reverse"),
        _ => json!("nothing"),
    }
}

fn query(choices: &mut Choices<'_>, depth: usize) -> Value {
    let calls = if depth > 4 { Vec::new() } else { choices.list(1, call, depth) };
    json!({"model": choices.one(MODELS), "calls": calls})
}

/// What no query by name may come to: an answer that says the statement was wrong.
fn is_at_fault(error: &Error) -> bool {
    match error.code() {
        Code::Sql | Code::MissingTable | Code::ConnectionLost => true,
        // SQLite goes on with floats where whole numbers grow beyond 64 bits.
        Code::Decode => !error.message().contains("it holds a float"),
        _ => false,
    }
}

fn ready<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::new().app(library()).writable(["library.Book"]).unwrap());
static DB: LazyLock<Database> = LazyLock::new(|| ready(filled()).unwrap());

#[test]
fn texts_of_queries() {
    check!().for_each(|bytes| {
        if let Ok(asked) = serde_json::from_slice::<Query>(bytes) {
            let again: Query = serde_json::from_str(&serde_json::to_string(&asked).unwrap()).unwrap();
            assert_eq!(again, asked);
            let _ = CATALOG.check(&asked);
        }
        if let Ok(asked) = serde_json::from_slice::<Change>(bytes) {
            let _ = CATALOG.check_change(&asked);
        }
    });
}

#[test]
fn queries() {
    check!().for_each(|bytes| {
        let described = query(&mut Choices(bytes.iter()), 0);
        let Ok(asked) = serde_json::from_value::<Query>(described.clone()) else { return };
        assert_eq!(serde_json::from_value::<Query>(serde_json::to_value(&asked).unwrap()).unwrap(), asked);
        let Ok(checked) = CATALOG.check(&asked) else { return };
        for dialect in Dialect::ALL {
            let _ = checked.to_sql(dialect);
        }
        if let Err(error) = ready(checked.all(&*DB)) {
            assert!(!is_at_fault(&error), "{error:?}\n{described}");
        }
    });
}

#[test]
fn fixtures() {
    check!().with_type::<(u8, Vec<u8>)>().for_each(|(format, bytes)| {
        let format = [Format::Json, Format::JsonLines, Format::Yaml][usize::from(*format) % 3];
        let loaded = ready(DB.transaction(async |tx| {
            Load::of([library()]).read(format, Cursor::new(bytes.clone()), tx).await?;
            // Nothing stays.
            Err::<(), _>(Error::new(Code::NotFound, "read"))
        }));
        assert!(!is_at_fault(&loaded.unwrap_err()));
    });
}
