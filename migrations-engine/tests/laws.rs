//! Laws of the notation, of `diff` and of inverses, over generated input.

use migrations_engine::condition::{BinaryOp, Expr, Function, IndexPart, Value};
use migrations_engine::diff::Questioner;
use migrations_engine::execute::Executor;
use migrations_engine::introspect::{as_stored, introspect};
use migrations_engine::operation::invert_all;
use migrations_engine::schema::{ColumnType, Constraint, Field, Index, Model, ModelKey, OnDelete, Schema};
use migrations_engine::{Dialect, Direction, Migration, MigrationId, MigrationSet, Target, autodetect, diff, plan};
use proptest::prelude::*;
use proptest::sample::Index as Pick;

use crate::adorned::adorned;
use crate::samples::now;
use crate::sqlite::{Sqlite, Yes};

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        "-?[0-9]{1,4}\\.[0-9]{1,4}".prop_map(Value::Number),
        any::<String>().prop_map(Value::Text),
        Just(Value::date("2024-02-29").unwrap()),
        Just(Value::date_time("2024-02-29T12:00:00.50Z").unwrap()),
        any::<i64>().prop_map(Value::Duration),
        proptest::collection::vec(any::<u8>(), 0..4).prop_map(Value::Bytes),
    ]
}

fn expr() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        value().prop_map(Expr::Value),
        "[a-zA-Z_ \"]{1,6}".prop_map(Expr::Field),
        Just(Expr::field("order")),
        Just(Expr::field("date"))
    ];
    let ops = [
        BinaryOp::Or,
        BinaryOp::And,
        BinaryOp::Eq,
        BinaryOp::Ne,
        BinaryOp::Lt,
        BinaryOp::Concat,
        BinaryOp::Sub,
        BinaryOp::Div,
        BinaryOp::Mod,
    ];
    leaf.prop_recursive(5, 40, 4, move |inner| {
        let boxed = || inner.clone().prop_map(Box::new);
        prop_oneof![
            boxed().prop_map(Expr::Not),
            boxed().prop_map(Expr::Negate),
            (proptest::sample::select(ops.to_vec()), boxed(), boxed()).prop_map(|(op, left, right)| Expr::Binary {
                op,
                left,
                right
            }),
            (boxed(), any::<bool>()).prop_map(|(expr, negated)| Expr::IsNull { expr, negated }),
            (boxed(), proptest::collection::vec(inner.clone(), 0..3), any::<bool>())
                .prop_map(|(expr, list, negated)| Expr::In { expr, list, negated }),
            (boxed(), boxed(), boxed(), any::<bool>()).prop_map(|(expr, low, high, negated)| Expr::Between {
                expr,
                low,
                high,
                negated
            }),
            (boxed(), any::<String>(), any::<bool>(), any::<bool>())
                .prop_map(|(expr, pattern, fold, negated)| Expr::Like { expr, pattern, fold, negated }),
            (inner.clone(), inner.clone(), proptest::option::of(boxed()))
                .prop_map(|(a, b, otherwise)| Expr::Case { when: vec![(a, b)], otherwise }),
            inner.clone().prop_map(|arg| Expr::call(Function::Lower, [arg])),
        ]
    })
}

const APPS: [&str; 2] = ["one", "two"];
const MODELS: [&str; 4] = ["Ant", "Bee", "Cat", "Dog"];
const FIELDS: [&str; 5] = ["a", "b", "c", "d", "e"];

fn column_type() -> impl Strategy<Value = ColumnType> {
    prop_oneof![
        Just(ColumnType::Bool),
        Just(ColumnType::Integer),
        Just(ColumnType::PositiveBigInt),
        (1..90_u32).prop_map(|max_length| ColumnType::Char { max_length }),
        Just(ColumnType::Text),
        Just(ColumnType::DateTime),
        Just(ColumnType::Decimal { max_digits: 8, decimal_places: 2 }),
        Just(ColumnType::Uuid),
        Just(ColumnType::Json),
    ]
}

#[derive(Debug, Clone)]
enum Shape {
    Plain(ColumnType, bool, bool, bool),
    Key(usize, usize, bool, bool),
    Many(usize, usize),
}

fn shape() -> impl Strategy<Value = Shape> {
    prop_oneof![
        3 => (column_type(), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(ty, null, unique, index)| Shape::Plain(ty, null, unique, index)),
        2 => (0..2_usize, 0..4_usize, any::<bool>(), any::<bool>()).prop_map(|(app, model, null, one)| Shape::Key(app, model, null, one)),
        1 => (0..2_usize, 0..4_usize).prop_map(|(app, model)| Shape::Many(app, model)),
    ]
}

/// A schema as people have them: half of them with all that can be said of a table.
fn schema() -> impl Strategy<Value = Schema> {
    let pairs = proptest::collection::vec((any::<Pick>(), any::<Pick>(), any::<bool>()), 0..3);
    (plain_schema(), pairs, proptest::option::of(proptest::collection::vec(any::<u32>(), 8))).prop_map(
        |(schema, pairs, seeds)| {
            let schema = paired(schema, &pairs);
            seeds.map_or(schema.clone(), |seeds| adorned(schema, &seeds))
        },
    )
}

/// With foreign keys of two columns, from any model to any, whatever applications they are of.
fn paired(mut schema: Schema, pairs: &[(Pick, Pick, bool)]) -> Schema {
    let of = |fields: [&str; 2]| fields.map(str::to_owned).to_vec();
    let keys: Vec<ModelKey> = schema.models.keys().cloned().collect();
    for (from, to, wide) in pairs.iter().filter(|_| !keys.is_empty()) {
        let (from, to) = (from.get(&keys), to.get(&keys));
        let target = schema.models.get_mut(to).unwrap();
        if target.field("p").is_none() {
            let ty = if *wide { ColumnType::BigInt } else { ColumnType::Integer };
            target.fields.extend([Field::new("p", ty), Field::new("q", ColumnType::Integer)]);
            target.constraints.push(Constraint::unique(format!("p_{}", target.table), &["p", "q"]));
        }
        let ty = target.field("p").unwrap().ty.clone();
        let model = schema.models.get_mut(from).unwrap();
        if model.field("to_p").is_none() {
            model.fields.push(Field::new("to_p", ty).nullable());
            model.fields.push(Field::new("to_q", ColumnType::Integer).nullable());
            model.constraints.push(Constraint::ForeignKey {
                name: format!("f_{}", model.table),
                fields: of(["to_p", "to_q"]),
                to: to.clone(),
                to_fields: of(["p", "q"]),
                on_delete: OnDelete::Restrict,
            });
        }
    }
    schema
}

/// One that SQLite can hold: NULLs are never equal there.
fn sqlite_schema() -> impl Strategy<Value = Schema> {
    schema().prop_map(|mut schema| {
        for constraint in schema.models.values_mut().flat_map(|model| &mut model.constraints) {
            if let Constraint::Unique { nulls_equal, .. } = constraint {
                *nulls_equal = false;
            }
        }
        schema
    })
}

/// A schema of up to eight models that refer to each other at will.
fn plain_schema() -> impl Strategy<Value = Schema> {
    let model = proptest::option::of((proptest::collection::btree_map(0..5_usize, shape(), 0..5), any::<[bool; 4]>()));
    (proptest::collection::vec(model, 8), 0..4_usize).prop_map(|(models, shift)| {
        let key = |app: usize, model: usize| ModelKey::new(APPS[app], MODELS[model]);
        let there = |app: usize, model: usize| models[app * 4 + model].is_some();
        let mut schema = Schema::default();
        for (at, model) in models.iter().enumerate() {
            let Some((fields, [index, unique, check, table])) = model else { continue };
            let mut made = Model::new(APPS[at / 4], MODELS[at % 4]).with(Field::auto_id());
            // Tables and names of indexes pass between models, also of other applications.
            let passed = (at + shift) % 4;
            let special = format!("special_{passed}");
            if *table && schema.models.values().all(|other| other.table != special) {
                made.table = special;
            }
            for (name, shape) in fields {
                let name = FIELDS[*name];
                let field = match shape {
                    Shape::Plain(ty, null, unique, index) => {
                        Field { null: *null, unique: *unique, index: *index, ..Field::new(name, ty.clone()) }
                    }
                    Shape::Key(app, model, null, one) if there(*app, *model) => {
                        let rule = if *null { OnDelete::SetNull } else { OnDelete::Cascade };
                        let field = if *one {
                            Field::one_to_one(name, key(*app, *model), rule)
                        } else {
                            Field::foreign_key(name, key(*app, *model), rule)
                        };
                        Field { null: *null, ..field }
                    }
                    Shape::Many(app, model) if there(*app, *model) => {
                        Field::many_to_many(&made, name, key(*app, *model))
                    }
                    Shape::Key(..) | Shape::Many(..) => continue,
                };
                made.fields.push(field);
            }
            let names: Vec<String> = made
                .fields
                .iter()
                .filter(|field| field.has_column() && !field.auto)
                .map(|field| field.name.clone())
                .collect();
            let names: Vec<&str> = names.iter().map(String::as_str).take(2).collect();
            let passed = format!("i_{passed}");
            let is_free =
                |name: &String| schema.models.values().all(|other| other.indexes.iter().all(|it| it.name != *name));
            let index_name = Some(passed).filter(is_free).unwrap_or_else(|| format!("i_{}", at + 4));
            if let [first, ..] = names.as_slice() {
                if *index {
                    made.indexes.push(Index::new(index_name, &names));
                    made.indexes.last_mut().unwrap().on[0] = IndexPart::field_asc(*first).desc();
                }
                if *unique {
                    made.constraints.push(Constraint::unique(format!("u_{at}"), &names));
                }
                if *check {
                    made.constraints.push(Constraint::check(
                        format!("c_{at}"),
                        Expr::field(*first).is_not_null().or(Expr::field(*first).is_null()),
                    ));
                }
            }
            schema.insert(made);
        }
        schema
    })
}

/// As [`Yes`], and whatever may have been renamed was.
struct Renamed;

impl Questioner for Renamed {
    fn is_renamed_field(&mut self, _: &ModelKey, _: &Field, _: &Field) -> migrations_engine::Result<bool> {
        Ok(true)
    }
    fn is_renamed_model(&mut self, _: &ModelKey, _: &ModelKey) -> migrations_engine::Result<bool> {
        Ok(true)
    }
    fn may_remove_field(&mut self, _: &ModelKey, _: &Field) -> migrations_engine::Result<bool> {
        Ok(true)
    }
    fn may_remove_model(&mut self, _: &ModelKey) -> migrations_engine::Result<bool> {
        Ok(true)
    }
    fn value_for_new_field(
        &mut self,
        model: &ModelKey,
        field: &Field,
    ) -> migrations_engine::Result<migrations_engine::condition::Expr> {
        Yes.value_for_new_field(model, field)
    }
    fn value_for_null(
        &mut self,
        model: &ModelKey,
        field: &Field,
    ) -> migrations_engine::Result<Option<migrations_engine::condition::Expr>> {
        Yes.value_for_null(model, field)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_parses_back(expr in expr()) {
        prop_assert_eq!(Expr::parse(&expr.to_string()).unwrap(), expr);
    }

    #[test]
    fn the_parser_never_panics(text in "[a-z'\" ()=<>!|+*/%,.0-9-]{0,40}") {
        let _ = Expr::parse(&text);
    }

    #[test]
    fn diff_leads_to_the_goal_and_its_inverse_back(a in schema(), b in schema()) {
        prop_assert!(diff(&a, &a, &mut Yes).unwrap().is_empty());
        let mut state = Schema::default();
        for operation in diff(&state, &a, &mut Yes).unwrap() {
            operation.apply(&mut state).unwrap();
        }
        prop_assert_eq!(&state, &a);
        let operations = diff(&a, &b, &mut Yes).unwrap();
        let inverse = invert_all(&state, &operations).unwrap();
        for operation in &operations {
            operation.apply(&mut state).unwrap();
        }
        prop_assert_eq!(&state, &b);
        prop_assert!(diff(&state, &b, &mut Yes).unwrap().is_empty());
        for operation in &inverse {
            operation.apply(&mut state).unwrap();
        }
        prop_assert_eq!(&state, &a);
    }

    #[test]
    fn every_database_can_plan_it_or_says_why_not(a in schema(), b in schema()) {
        let operations = diff(&a, &b, &mut Yes).unwrap();
        for dialect in Dialect::ALL {
            if let Err(error) = plan(dialect, &a, &operations) {
                prop_assert!(matches!(error.code(), "M040" | "M041" | "M044" | "M045"), "{}", error);
            }
        }
    }

    #[test]
    fn sqlite_has_what_the_goal_says_and_then_what_was_before(a in sqlite_schema(), b in sqlite_schema()) {
        let mut set = MigrationSet::default();
        let mut database = Sqlite::memory();
        let mut seen = Vec::new();
        for schema in [&a, &b] {
            for migration in autodetect(&set, schema, &mut Yes).unwrap() {
                set.add(migration).unwrap();
            }
            now(Executor::new(&set, &mut database).migrate(&Target::Latest)).unwrap();
            let found = structure(&database);
            prop_assert_eq!(&found, &made_at_once(schema));
            seen.push((found, applied(&mut database, &set)));
        }
        // Undo what led from `a` to `b`, last first.
        let gone: Vec<_> = seen[1].1.iter().filter(|id| !seen[0].1.contains(id)).collect();
        for app in APPS {
            let kept = seen[0].1.iter().filter(|id| id.app == app).max();
            let target = kept.map_or(Target::Zero(app.to_owned()), |id| Target::Migration(id.clone()));
            if gone.iter().any(|id| id.app == app) {
                now(Executor::new(&set, &mut database).migrate(&target)).unwrap();
            }
        }
        prop_assert_eq!(&structure(&database), &seen[0].0);
    }

    #[test]
    fn what_is_made_is_found(a in sqlite_schema()) {
        let (_, mut database) = made(&a);
        let found = now(introspect(&mut database)).unwrap();
        prop_assert_eq!(found, as_stored(Dialect::Sqlite, &a).unwrap());
    }

    #[test]
    fn migrations_form_one_history(a in schema(), b in schema(), c in schema()) {
        let mut set = MigrationSet::default();
        for schema in [&a, &b, &c] {
            for migration in autodetect(&set, schema, &mut Yes).unwrap() {
                let text = migration.to_toml().unwrap();
                let path = migration.id.path();
                let read = Migration::from_toml(&path, &text).unwrap();
                prop_assert_eq!(&read, &migration, "{}", text);
                prop_assert_eq!(read.checksum().unwrap(), migration.checksum().unwrap());
                set.add(migration).unwrap();
            }
            prop_assert_eq!(&set.state().unwrap(), schema);
            set.check_leaves().unwrap();
        }
    }

    #[test]
    fn what_is_written_safely_leads_to_the_same(a in schema(), b in schema()) {
        let mut set = MigrationSet::default();
        for schema in [&a, &b] {
            let new = autodetect(&set, schema, &mut Yes).unwrap();
            let safe = migrations_engine::diff::safe(&set.state().unwrap(), new);
            for migration in safe {
                let before = set.state().unwrap();
                for dialect in Dialect::ALL {
                    if let Err(error) = migrations_engine::lint::lint(dialect, &before, &migration) {
                        prop_assert!(matches!(error.code(), "M040" | "M041" | "M044" | "M045"), "{}", error);
                    }
                }
                set.add(migration).unwrap();
            }
            prop_assert_eq!(&set.state().unwrap(), schema);
            set.check_leaves().unwrap();
        }
    }

    #[test]
    fn renames_that_are_written_safely_lead_to_the_same(a in schema(), b in schema()) {
        let mut set = MigrationSet::default();
        autodetect(&set, &a, &mut Yes).unwrap().into_iter().for_each(|migration| set.add(migration).unwrap());
        let new = autodetect(&set, &b, &mut Renamed).unwrap();
        for migration in migrations_engine::diff::safe(&set.state().unwrap(), new) {
            let before = set.state().unwrap();
            for dialect in Dialect::ALL {
                for direction in [Direction::Forward, Direction::Backward] {
                    if let Err(error) = migrations_engine::plan_migration(dialect, &before, &migration, direction) {
                        prop_assert!(matches!(error.code(), "M040" | "M041" | "M044" | "M045" | "M022"), "{}", error);
                    }
                }
            }
            set.add(migration).unwrap();
        }
        prop_assert_eq!(&set.state().unwrap(), &b);
    }

    #[test]
    fn reducing_changes_nothing_but_the_number(a in schema(), b in schema()) {
        let mut operations = diff(&Schema::default(), &a, &mut Yes).unwrap();
        operations.extend(diff(&a, &b, &mut Yes).unwrap());
        let count = operations.len();
        let reduced = migrations_engine::diff::reduce(operations);
        prop_assert!(reduced.len() <= count);
        let mut state = Schema::default();
        for operation in &reduced {
            operation.apply(&mut state).unwrap();
        }
        prop_assert_eq!(&state, &b);
    }
}

#[test]
fn what_is_needed_is_there_when_a_model_is_made_later() {
    // A model is made where its new field can be, but not after what it still refers to is called otherwise.
    let model = |app: &str, name: &str| Model::new(app, name).with(Field::auto_id());
    let (cat, target) = (ModelKey::new("one", "Cat"), ModelKey::new("one", "Dog"));
    let dog = ModelKey::new("two", "Dog");
    let to = |name: &str, key: &ModelKey| Field::foreign_key(name, key.clone(), OnDelete::Cascade);
    let flag = |name: &str| Field::new(name, ColumnType::Bool);
    let mut from = Schema::default();
    from.insert(model("one", "Cat"));
    from.insert(model("two", "Ant").with(flag("e")));
    from.insert(model("two", "Dog").with(to("c", &cat)));
    let mut into = Schema::default();
    into.insert(model("one", "Dog"));
    into.insert(model("two", "Ant").with(to("e", &dog)));
    into.insert(model("two", "Cat"));
    into.insert(model("two", "Dog").with(flag("c")).with(to("d", &target)));
    let mut operations = diff(&Schema::default(), &from, &mut Yes).unwrap();
    operations.extend(diff(&from, &into, &mut Yes).unwrap());
    let reduced = migrations_engine::diff::reduce(operations);
    let mut state = Schema::default();
    for operation in &reduced {
        operation.apply(&mut state).unwrap();
    }
    assert_eq!(state, into);
}

fn applied(database: &mut Sqlite, set: &MigrationSet) -> Vec<MigrationId> {
    now(Executor::new(set, database).history()).unwrap().into_iter().map(|entry| entry.id).collect()
}

fn made_at_once(schema: &Schema) -> Vec<String> {
    structure(&made(schema).1)
}

fn made(schema: &Schema) -> (MigrationSet, Sqlite) {
    let mut set = MigrationSet::default();
    for migration in autodetect(&set, schema, &mut Yes).unwrap() {
        set.add(migration).unwrap();
    }
    let mut database = Sqlite::memory();
    now(Executor::new(&set, &mut database).migrate(&Target::Latest)).unwrap();
    (set, database)
}

/// Columns, indexes and foreign keys of every table, without order and without names that were
/// chosen when the table was called otherwise.
fn structure(database: &Sqlite) -> Vec<String> {
    let tables = "FROM sqlite_master AS t, ";
    let only = "WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name <> 'orm_migrations'";
    let mut found = database.all(&format!(
        "SELECT t.name, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk {tables} pragma_table_xinfo(t.name) AS c {only}"
    ));
    found.extend(database.all(&format!(
        "SELECT t.name, f.\"from\", f.\"table\", f.\"to\", f.on_delete {tables} pragma_foreign_key_list(t.name) AS f {only}"
    )));
    found.extend(database.all(&format!(
        "SELECT t.name, i.\"unique\", i.origin, i.partial, \
         (SELECT GROUP_CONCAT(x.name || x.desc) FROM pragma_index_xinfo(i.name) AS x WHERE x.key) \
         {tables} pragma_index_list(t.name) AS i {only}"
    )));
    found.sort();
    found
}

#[test]
fn an_id_has_a_number() {
    assert_eq!(MigrationId::new("app", "0012_x").number(), 12);
}
