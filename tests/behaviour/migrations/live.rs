//! What migrations make is what is found: schemas made up at random, on each database.

use crate::bed::{Backend, Bed, behaviour};
use crate::migrations::django::databases::drop_all;
use orm::Database;
use orm::migrate::{
    Migrator,
    engine::{
        self, Dialect, MigrationSet, Schema,
        condition::{BinaryOp, Expr, Function, IndexPart, Nulls, Value},
        diff::Questioner,
        introspect::{Live, as_stored},
        schema::{ColumnType, Constraint, Deferrable, Field, Generated, Index, Model, ModelKey, OnDelete},
    },
    engine_error, introspect,
};
use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index as Pick, select, subsequence},
    strategy::ValueTree,
    test_runner::TestRunner,
};

/// The fields of every model: of each type one, with a default that the database can give.
fn fields() -> Vec<(&'static str, ColumnType, Option<Expr>)> {
    let value = |value: Value| Some(Expr::Value(value));
    let call = |function| Some(Expr::call(function, []));
    vec![
        ("n", ColumnType::Integer, value(Value::Int(-7))),
        ("m", ColumnType::BigInt, value(Value::Int(i64::MAX))),
        ("k", ColumnType::SmallInt, value(Value::Int(0))),
        ("p", ColumnType::PositiveInteger, value(Value::Int(1))),
        ("q", ColumnType::PositiveBigInt, None),
        ("x", ColumnType::Decimal { max_digits: 8, decimal_places: 2 }, value(Value::Number("1.5".into()))),
        ("f", ColumnType::Double, value(Value::Number("2.25".into()))),
        ("s", ColumnType::Char { max_length: 20 }, value("it's \\ \"so\" ü".into())),
        ("t", ColumnType::Text, value("".into())),
        ("b", ColumnType::Bool, value(Value::Bool(true))),
        ("d", ColumnType::Date, value(Value::date("2024-02-29").unwrap())),
        ("w", ColumnType::Time, None),
        ("at", ColumnType::DateTime, call(Function::Now)),
        ("z", ColumnType::NaiveDateTime, None),
        ("span", ColumnType::Duration, value(Value::Duration(90_061_000_001))),
        ("u", ColumnType::Uuid, call(Function::NewUuid)),
        ("raw", ColumnType::Binary, None),
        ("j", ColumnType::Json, value(Value::Json("{}".into()))),
        ("Order", ColumnType::Integer, None),
    ]
}

fn field(name: &str) -> Expr {
    Expr::field(name)
}

/// Conditions over the fields, every form of the notation that a database may write otherwise.
fn condition() -> impl Strategy<Value = Expr> {
    let number = select(vec!["n", "m", "Order"]).prop_map(Expr::field);
    let leaf = prop_oneof![
        (number.clone(), select(vec![BinaryOp::Eq, BinaryOp::Ne, BinaryOp::Lt, BinaryOp::Ge]), -9..9_i64)
            .prop_map(|(on, op, value)| on.binary(op, value)),
        number.clone().prop_map(|on| on.between(-3, 5)),
        (number.clone(), any::<bool>(), 1..3_usize).prop_map(|(on, negated, count)| Expr::In {
            expr: Box::new(on),
            list: (0..count as i64).map(Expr::from).collect(),
            negated,
        }),
        (number.clone(), number).prop_map(|(a, b)| {
            let mixed = a.clone().binary(BinaryOp::Mul, 2).binary(BinaryOp::Sub, b.clone().binary(BinaryOp::Add, 1));
            mixed.gt(Expr::Negate(Box::new(a.binary(BinaryOp::Mod, 3))))
        }),
        select(vec!["n", "s", "b", "at", "x"]).prop_map(|name| field(name).is_null()),
        select(vec!["s", "at"]).prop_map(|name| field(name).is_not_null()),
        any::<bool>().prop_map(|truth| field("b").eq(truth)),
        Just(field("b")),
        select(vec!["a", "it's", "50%", "é\\"]).prop_map(|text| field("s").ne(text)),
        Just(field("s").is_in(["a", "b'c"])),
        (select(vec!["a%", "%\\%", "_b", "a*[!"]), any::<[bool; 2]>()).prop_map(|(pattern, [fold, negated])| {
            Expr::Like { expr: Box::new(field("s")), pattern: pattern.into(), fold, negated }
        }),
        select(vec![
            Function::StartsWith,
            Function::EndsWith,
            Function::Contains,
            Function::IStartsWith,
            Function::IEndsWith,
            Function::IContains,
            Function::IExact,
        ])
        .prop_map(|function| Expr::call(function, [field("s"), Expr::from("ab")])),
        select(vec![Function::Lower, Function::Upper, Function::Trim, Function::Ltrim, Function::Rtrim])
            .prop_map(|function| Expr::call(function, [field("s")]).eq(field("t"))),
        Just(Expr::call(Function::Length, [field("s")]).gt(2)),
        Just(Expr::call(Function::Substr, [field("s"), 1.into(), 2.into()]).eq("ab")),
        Just(Expr::call(Function::Replace, [field("s"), "a".into(), "b".into()]).ne("")),
        Just(Expr::call(Function::Coalesce, [field("n"), 0.into()]).ge(0)),
        Just(Expr::call(Function::NullIf, [field("n"), 0.into()]).ne(Expr::call(Function::Abs, [field("m")]))),
        Just(
            Expr::call(Function::Greatest, [field("n"), 3.into()])
                .gt(Expr::call(Function::Least, [field("m"), 1.into()]))
        ),
        select(vec![Function::Year, Function::Month, Function::Day])
            .prop_map(|unit| Expr::call(unit, [field("d")]).lt(2_030)),
        select(vec![Function::Hour, Function::Year]).prop_map(|unit| Expr::call(unit, [field("at")]).ne(4)),
        Just(field("d").gt(Value::date("2020-01-31").unwrap())),
        Just(field("at").lt(Value::date_time("2030-01-31 12:30:00.5").unwrap())),
        Just(field("u").ne(Value::uuid("6ba7b810-9dad-11d1-80b4-00c04fd430c8").unwrap())),
        Just(field("x").gt(Value::Number("-1.5".into()))),
        Just(Expr::call(Function::ToText, [field("n")]).ne(field("s"))),
        Just(Expr::call(Function::Concat, [field("s"), field("t")]).ne("")),
        select(vec![Function::Floor, Function::Ceil]).prop_map(|round| Expr::call(round, [field("f")]).ge(0)),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| a.and(b)),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| a.or(b)),
            inner.clone().prop_map(Expr::not),
            (inner.clone(), inner.clone(), inner)
                .prop_map(|(a, b, c)| Expr::Case { when: vec![(a, b)], otherwise: Some(Box::new(c)) }),
        ]
    })
}

/// What one model is like: indices choose among what its database can do.
#[derive(Debug, Clone)]
struct Plan {
    nullable: Vec<&'static str>,
    defaults: Vec<&'static str>,
    unique: Vec<&'static str>,
    indexed: Vec<&'static str>,
    refers: Option<(Pick, bool, bool)>,
    many: Option<Pick>,
    table: Option<usize>,
    composite_key: bool,
    checks: Vec<Expr>,
    partial: Option<Expr>,
    options: [bool; 8],
}

fn plan() -> impl Strategy<Value = Plan> {
    let names: Vec<&'static str> = fields().into_iter().map(|(name, ..)| name).collect();
    let some = move || subsequence(names.clone(), 0..names.len());
    let refers = proptest::option::of((any::<Pick>(), any::<bool>(), any::<bool>()));
    let few = subsequence(vec!["n", "s", "d", "u", "Order"], 0..3);
    (
        (
            some(),
            some(),
            few.clone(),
            few,
            refers,
            proptest::option::of(any::<Pick>()),
            proptest::option::of(0..2_usize),
        ),
        (any::<bool>(), vec(condition(), 0..4), proptest::option::of(condition()), any::<[bool; 8]>()),
    )
        .prop_map(
            |(
                (nullable, defaults, unique, indexed, refers, many, table),
                (composite_key, checks, partial, options),
            )| Plan {
                nullable,
                defaults,
                unique,
                indexed,
                refers,
                many,
                table,
                composite_key,
                checks,
                partial,
                options,
            },
        )
}

/// The schema of some plans on a database: what it cannot do is left out.
fn schema(dialect: Dialect, plans: &[Plan]) -> Schema {
    let can = dialect.capabilities();
    let key = |at: usize| ModelKey::new("app", format!("M{at}"));
    let mut schema = Schema::default();
    for (at, plan) in plans.iter().enumerate() {
        let [comment, desc, lower, covering, deferrable, nulls, generated, collated] = plan.options;
        let mut model = Model::new("app", format!("M{at}"));
        // Two names for all of them: they pass from one to another, and are exchanged.
        let table = plan.table.map(|number| format!("t{number}"));
        if let Some(table) = table.filter(|table| schema.models.values().all(|other| other.table != *table)) {
            model.table = table;
        }
        model.comment = comment.then(|| format!("the {at}th's"));
        if plan.composite_key {
            model.primary_key = vec!["a".into(), "c".into()];
            model.fields.push(Field::new("a", ColumnType::Integer));
            model.fields.push(Field::new("c", ColumnType::Char { max_length: 8 }));
        } else {
            model.fields.push(Field::auto_id());
        }
        for (name, ty, default) in fields() {
            let mut field = Field::new(name, ty.clone());
            field.null = plan.nullable.contains(&name);
            field.db_default = default.filter(|_| plan.defaults.contains(&name));
            field.unique = plan.unique.contains(&name);
            field.index = plan.indexed.contains(&name);
            field.comment = (comment && name == "s").then(|| "as \"printed\"".into());
            if collated && name == "t" {
                let name = match dialect {
                    Dialect::Sqlite => "NOCASE",
                    Dialect::Postgres => "C",
                    Dialect::MariaDb | Dialect::MySql => "utf8mb4_unicode_ci",
                };
                field.collation = Some(name.into());
            }
            model.fields.push(field);
        }
        if generated {
            let expr = field("m").binary(BinaryOp::Add, 1);
            let stored = !can.virtual_columns || desc;
            let made = Some(Generated { expr, stored });
            model.fields.push(Field { generated: made, null: true, ..Field::new("g", ColumnType::BigInt) });
        }
        if let Some((to, null, one)) = &plan.refers {
            let to = to.index(at + 1);
            if plans[to].composite_key {
                model.fields.push(Field { null: *null, ..Field::new("to_a", ColumnType::Integer) });
                model.fields.push(Field { null: *null, ..Field::new("to_c", ColumnType::Char { max_length: 8 }) });
                model.constraints.push(Constraint::ForeignKey {
                    name: format!("fk_{at}"),
                    fields: vec!["to_a".into(), "to_c".into()],
                    to: key(to),
                    to_fields: vec!["a".into(), "c".into()],
                    on_delete: OnDelete::Restrict,
                });
            } else {
                let rule = match (null, desc) {
                    (true, true) => OnDelete::SetNull,
                    (_, true) => OnDelete::Cascade,
                    (_, false) => OnDelete::DoNothing,
                };
                let made =
                    if *one { Field::one_to_one("to", key(to), rule) } else { Field::foreign_key("to", key(to), rule) };
                model.fields.push(Field { null: *null, ..made });
            }
        }
        if let Some(to) = plan.many.as_ref().map(|to| to.index(at + 1)).filter(|to| !plans[*to].composite_key)
            && !plan.composite_key
        {
            model.fields.push(Field::many_to_many(&model, "many", key(to)));
        }
        for (number, check) in plan.checks.iter().enumerate() {
            model.constraints.push(Constraint::check(format!("c_{at}_{number}"), check.clone()));
        }
        let mut index = Index::new(format!("i_{at}"), &["s", "n"]);
        if desc {
            index.on[1].descending = true;
            index.on[1].nulls = (nulls && can.index_nulls).then_some(Nulls::Last);
        }
        if lower && can.expression_indexes {
            index.on.push(IndexPart::from(Expr::call(Function::Lower, [field("s")])));
        }
        index.include = if covering && can.include_columns { vec!["b".into()] } else { Vec::new() };
        index.condition = plan.partial.clone().filter(|_| can.partial_indexes);
        model.indexes.push(index);
        if covering && can.index_methods {
            let gin = Index { method: Some("gin".into()), ..Index::new(format!("gin_{at}"), &["j"]) };
            model.indexes.push(gin);
        }
        let mut unique = Constraint::unique(format!("u_{at}"), &["d", "n"]);
        if let Constraint::Unique { condition, include, deferrable: when, nulls_equal, .. } = &mut unique {
            if deferrable && can.deferrable_unique {
                *when = Some(if nulls { Deferrable::Deferred } else { Deferrable::Immediate });
            } else if lower && can.partial_indexes {
                *condition = plan.partial.clone();
            } else {
                *nulls_equal = nulls && can.nulls_not_distinct;
                *include = if covering && can.include_columns { vec!["x".into()] } else { Vec::new() };
            }
        }
        model.constraints.push(unique);
        schema.insert(model);
    }
    schema
}

/// The first thing that differs, in words.
fn difference(found: &Live, wanted: &Live) -> String {
    let mut lines = Vec::new();
    for (key, wanted) in &wanted.schema.models {
        let Some(found) = found.schema.models.get(key) else {
            lines.push(format!("{key} is not there"));
            continue;
        };
        for field in &wanted.fields {
            if found.field(&field.name) != Some(field) {
                lines.push(format!("{key}: wanted {field:?}\n  found {:?}", found.field(&field.name)));
            }
        }
        for constraint in &wanted.constraints {
            if !found.constraints.contains(constraint) {
                let same = found.constraints.iter().find(|other| other.name() == constraint.name());
                lines.push(format!("{key}: wanted {constraint:?}\n  found {same:?}"));
            }
        }
        for index in &wanted.indexes {
            if !found.indexes.contains(index) {
                let same = found.indexes.iter().find(|other| other.name == index.name);
                lines.push(format!("{key}: wanted {index:?}\n  found {same:?}"));
            }
        }
        if found != wanted && lines.is_empty() {
            lines.push(format!("{key}: wanted {wanted:?}\n  found {found:?}"));
        }
    }
    lines.push(format!("notes wanted {:?}\n  found {:?}", wanted.notes, found.notes));
    lines.join("\n")
}

async fn make(db: &Database, schema: &Schema) -> orm::Result<()> {
    let mut set = MigrationSet::default();
    let new = engine::autodetect(&set, schema, &mut engine::diff::Refuse).map_err(engine_error)?;
    for migration in new {
        set.add(migration).map_err(engine_error)?;
    }
    Migrator::with_set(set).run(db).await.map(drop)
}

/// The database has what the schema says.
async fn is_made(db: &Database, schema: &Schema, case: u32) -> orm::Result<()> {
    let wanted = as_stored(db.dialect().into(), schema).map_err(engine_error)?;
    let found = introspect(db).await?;
    assert!(found == wanted, "case {case} on {:?}:\n{}", db.dialect(), difference(&found, &wanted));
    Ok(())
}

/// Agrees to everything: there are no rows.
struct Yes;

impl Questioner for Yes {
    fn is_renamed_field(&mut self, _: &ModelKey, _: &Field, _: &Field) -> engine::Result<bool> {
        Ok(false)
    }
    fn is_renamed_model(&mut self, _: &ModelKey, _: &ModelKey) -> engine::Result<bool> {
        Ok(false)
    }
    fn may_remove_field(&mut self, _: &ModelKey, _: &Field) -> engine::Result<bool> {
        Ok(true)
    }
    fn may_remove_model(&mut self, _: &ModelKey) -> engine::Result<bool> {
        Ok(true)
    }
    fn value_for_new_field(&mut self, _: &ModelKey, field: &Field) -> engine::Result<Expr> {
        Ok(Expr::Value(match field.ty {
            ColumnType::Char { .. } => "x".into(),
            _ => Value::Int(1),
        }))
    }
    fn value_for_null(&mut self, _: &ModelKey, _: &Field) -> engine::Result<Option<Expr>> {
        Ok(None)
    }
}

/// Tables as others make them, with what a state has no word for.
fn by_hand(backend: Backend) -> &'static str {
    match backend {
        Backend::SqliteMemory | Backend::SqliteFile => {
            "CREATE TABLE [Order] (Id INTEGER PRIMARY KEY, -- by hand, (with a comment
                Name NVARCHAR(40) COLLATE NOCASE NOT NULL UNIQUE, \"price\" NUMERIC(10,2) DEFAULT 0 CHECK (price >= 0),
                made TIMESTAMP DEFAULT CURRENT_TIMESTAMP, kind TEXT CHECK (kind IN ('a', 'b)')),
                odd GEOMETRY, total AS (price * 2) STORED,
                CONSTRAINT cheap CHECK (price < 9 OR Name GLOB 'x*'), CHECK (length(hex(kind)) > 1));
            CREATE TABLE line (a int, b int, order_id int REFERENCES \"order\" ON UPDATE CASCADE ON DELETE CASCADE,
                x int, y int, PRIMARY KEY (b, a), CONSTRAINT to_line FOREIGN KEY (x, y) REFERENCES line (b, a));
            CREATE INDEX dear ON [Order] (price DESC, lower(Name)) WHERE price > 5;
            CREATE UNIQUE INDEX one_each ON line (order_id, x);
            CREATE VIEW names AS SELECT Id, Name FROM [Order]"
        }
        Backend::Postgres => {
            "CREATE TYPE mood AS ENUM ('a', 'b c'); CREATE DOMAIN short AS varchar(9) CHECK (VALUE <> '');
            CREATE TABLE \"Order\" (\"Id\" serial PRIMARY KEY, \"Name\" varchar(40) COLLATE \"C\" NOT NULL UNIQUE,
                price numeric(10,2) DEFAULT 0 CHECK (price >= 0), made timestamptz DEFAULT now(), kind mood,
                odd point, code short, total numeric(10,2) GENERATED ALWAYS AS (price * 2) STORED, tags text[],
                CONSTRAINT cheap CHECK (price < 9 OR \"Name\" LIKE 'x%'), CONSTRAINT deep CHECK (md5(code) <> ''),
                EXCLUDE USING gist (odd WITH ~=));
            CREATE TABLE line (a int, b int, order_id int REFERENCES \"Order\" ON UPDATE CASCADE ON DELETE CASCADE,
                x int, y int, PRIMARY KEY (b, a), CONSTRAINT to_line FOREIGN KEY (x, y) REFERENCES line (b, a));
            CREATE INDEX dear ON \"Order\" (price DESC NULLS LAST, lower(\"Name\")) INCLUDE (made) WHERE price > 5;
            CREATE UNIQUE INDEX one_each ON line (order_id, x);
            COMMENT ON TABLE line IS 'part of it'; COMMENT ON COLUMN line.a IS 'it''s';
            CREATE TABLE parted (day date PRIMARY KEY) PARTITION BY RANGE (day);
            CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
            CREATE VIEW names AS SELECT \"Id\", \"Name\" FROM \"Order\""
        }
        Backend::MariaDb => {
            "CREATE TABLE `Order` (Id int PRIMARY KEY AUTO_INCREMENT, Name varchar(40) COLLATE utf8mb4_unicode_ci NOT NULL UNIQUE,
                price numeric(10,2) DEFAULT 0 CHECK (price >= 0), made datetime(6) DEFAULT current_timestamp(6) ON UPDATE current_timestamp(6),
                kind enum('a', 'b c'), odd point, total numeric(10,2) GENERATED ALWAYS AS (price * 2) STORED,
                short text, CONSTRAINT cheap CHECK (price < 9 OR Name LIKE 'x%'), CONSTRAINT deep CHECK (md5(short) <> ''));
            CREATE TABLE line (a int COMMENT 'it''s', b int, order_id int, x int, y int, PRIMARY KEY (b, a),
                FOREIGN KEY (order_id) REFERENCES `Order` (Id) ON UPDATE CASCADE ON DELETE CASCADE,
                CONSTRAINT to_line FOREIGN KEY (x, y) REFERENCES line (b, a)) COMMENT 'part of it';
            CREATE INDEX dear ON `Order` (price DESC, Name(5));
            CREATE UNIQUE INDEX one_each ON line (order_id, x);
            CREATE VIEW names AS SELECT Id, Name FROM `Order`"
        }
    }
}

behaviour! {
    async fn what_others_made_is_found_and_the_rest_is_told(bed) {
        let Bed { db, backend, .. } = &*bed;
        db.batch(by_hand(*backend)).await?;
        let live = introspect(db).await?;
        let model = |table: &str| &live.schema.models[&Live::key(table)];
        let (order, line) = (model("Order"), model("line"));
        let (sqlite, postgres) = (db.dialect() == orm::Dialect::Sqlite, *backend == Backend::Postgres);

        let id = order.field("Id").unwrap();
        assert!(id.auto && !id.null && id.ty == ColumnType::Integer && order.primary_key == ["Id"]);
        let name = order.field("Name").unwrap();
        assert!(name.unique && !name.null && name.ty == ColumnType::Char { max_length: 40 });
        let collation = if sqlite { "NOCASE" } else if postgres { "C" } else { "utf8mb4_unicode_ci" };
        assert_eq!(name.collation, Some(collation.into()));
        let price = order.field("price").unwrap();
        assert_eq!(price.ty, ColumnType::Decimal { max_digits: 10, decimal_places: 2 });
        assert_eq!(price.db_default, Some(0.into()));
        assert_eq!(order.field("made").unwrap().db_default, Some(Expr::call(Function::Now, [])));
        let total = order.field("total").unwrap().generated.as_ref().unwrap();
        assert!(total.stored && total.expr == field("price").binary(BinaryOp::Mul, 2));
        let check = |name: &str| match order.constraints.iter().find(|constraint| constraint.name() == name) {
            Some(Constraint::Check { check, .. }) => check.to_string(),
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(check("cheap"), "price < 9 or Name like 'x%'");
        assert_eq!(check("Order_price_check"), "price >= 0");
        let dear = order.indexes.iter().find(|index| index.name == "dear").unwrap();
        assert!(dear.on[0].descending && dear.on[0].field() == Some("price"), "{dear:?}");
        assert_eq!(dear.condition.is_some(), sqlite || postgres);
        assert_eq!(dear.include, if postgres { vec!["made"] } else { Vec::new() });

        assert_eq!(line.primary_key, ["b", "a"]);
        let relation = line.field("order_id").unwrap().relation.as_ref().unwrap();
        assert_eq!((&relation.to, relation.on_delete), (&Live::key("Order"), OnDelete::Cascade));
        let to_line = line.constraints.iter().find(|constraint| constraint.name() == "to_line");
        let Some(Constraint::ForeignKey { fields, to_fields, .. }) = to_line else { panic!("{to_line:?}") };
        assert_eq!((fields, to_fields), (&vec!["x".to_owned(), "y".into()], &vec!["b".to_owned(), "a".into()]));
        let one_each = line.constraints.iter().find(|constraint| constraint.name() == "one_each");
        assert_eq!(one_each, Some(&Constraint::unique("one_each", &["order_id", "x"])));
        let names = model("names");
        assert!(!names.managed && names.primary_key.is_empty() && names.fields.len() == 2);
        if !sqlite {
            assert_eq!(line.comment.as_deref(), Some("part of it"));
            assert_eq!(line.field("a").unwrap().comment.as_deref(), Some("it's"));
            assert_eq!(live.choices[&("Order".to_owned(), "kind".to_owned())], ["a", "b c"]);
        } else {
            assert_eq!(check("Order_kind_check"), "kind in ('a', 'b)')");
        }
        if postgres {
            assert!(live.schema.models.contains_key(&Live::key("parted")));
            assert!(!live.schema.models.contains_key(&Live::key("parted_1")));
            assert!(matches!(order.field("tags").unwrap().ty, ColumnType::Custom { .. }));
            let excludes = |constraint: &Constraint| match constraint {
                Constraint::Exclude { on, .. } => on[0].part.field() == Some("odd") && on[0].operator == "~=",
                _ => false,
            };
            assert!(order.constraints.iter().any(excludes), "{:?}", order.constraints);
        }

        // Nothing is left out in silence.
        let told: Vec<String> = live.notes.iter().map(|note| format!("{} {}: {}", note.table, note.about, note.text)).collect();
        let mut wanted = vec!["ON UPDATE"];
        wanted.push(if sqlite { "`hex` is not understood" } else { "`md5` is not understood" });
        if postgres {
            wanted.push("the domain `short`");
        }
        if *backend == Backend::MariaDb {
            wanted.push("only the beginning");
        }
        for text in wanted {
            assert!(told.iter().any(|told| told.contains(text)), "{text}: {told:#?}");
        }
        Ok(())
    }

    async fn what_migrations_make_is_what_is_found(bed) {
        let Bed { db, backend, .. } = &*bed;
        // A database takes its time.
        let cases = ProptestConfig::default().cases / 32;
        let mut runner = TestRunner::deterministic();
        let dialect: Dialect = db.dialect().into();
        for case in 0..cases {
            let plans = vec(plan(), 1..4).new_tree(&mut runner).unwrap().current();
            let schema = schema(dialect, &plans);
            drop_all(db, *backend).await?;
            if let Err(error) = make(db, &schema).await {
                panic!("case {case}: {error:?}");
            }
            let wanted = as_stored(dialect, &schema).map_err(engine_error)?;
            let found = introspect(db).await?;
            assert!(found == wanted, "case {case} on {backend:?}:\n{}", difference(&found, &wanted));
        }
        Ok(())
    }

    async fn changes_lead_to_what_was_meant_and_back(bed) {
        let Bed { db, backend, .. } = &*bed;
        let cases = ProptestConfig::default().cases / 32;
        let mut runner = TestRunner::deterministic();
        let dialect: Dialect = db.dialect().into();
        let mut changed = 0;
        for case in 0..cases {
            let mut made_up = || vec(plan(), 2).new_tree(&mut runner).unwrap().current();
            let schemas = [schema(dialect, &made_up()), schema(dialect, &made_up())];
            drop_all(db, *backend).await?;
            let mut set = MigrationSet::default();
            let (mut last, mut states) = (None, Vec::new());
            for schema in &schemas {
                last = set.iter().last().map(|migration| migration.id.name.clone());
                for migration in engine::autodetect(&set, schema, &mut Yes).map_err(engine_error)? {
                    set.add(migration).map_err(engine_error)?;
                }
                match Migrator::with_set(set.clone()).run(db).await {
                    Ok(_) => {}
                    // Some changes a database cannot make, and says so before it begins.
                    Err(error) if last.is_some() && ["M044", "M045"].iter().any(|code| error.message().contains(code)) => {
                        last = None;
                        break;
                    }
                    Err(error) => panic!("case {case} on {backend:?}: {error:?}"),
                }
                // With the names that things got when they were made.
                states.push(set.state().map_err(engine_error)?);
                assert_eq!(states.last(), Some(schema));
                is_made(db, states.last().unwrap_or(schema), case).await?;
                assert!(engine::autodetect(&set, schema, &mut engine::diff::Refuse).map_err(engine_error)?.is_empty());
                assert!(Migrator::with_set(set.clone()).run(db).await?.is_empty());
            }
            let Some(last) = last else { continue };
            changed += 1;
            if let Err(error) = Migrator::with_set(set.clone()).to("app", Some(&last))?.run(db).await {
                panic!("case {case} on {backend:?}, back to {last}: {error:?}");
            }
            is_made(db, &states[0], case).await?;
        }
        println!("{backend:?}: {changed} of {cases} changes were made");
        assert!(changed > 0);
        Ok(())
    }
}
