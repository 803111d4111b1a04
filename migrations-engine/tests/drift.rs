//! How a database differs from what it should be: each kind of difference, from a change that makes it.

use migrations_engine::condition::Expr;
use migrations_engine::introspect::{Drift, Live, as_stored, differences};
use migrations_engine::schema::{ColumnType, Constraint, Field, Generated, Index, Model, OnDelete};
use migrations_engine::{Dialect, Schema};

use crate::samples::{field, library, with_book};

fn stored(schema: &Schema) -> Live {
    as_stored(Dialect::Postgres, schema).unwrap()
}

/// What is told when the database is like the one schema and should be like the other.
fn told(wanted: &Schema, found: &Schema) -> Vec<(Drift, String)> {
    differences(&stored(wanted), &stored(found)).into_iter().map(|it| (it.drift, it.to_string())).collect()
}

#[test]
fn every_difference_is_told_by_its_code() {
    type Change = fn(&mut Model);
    let changes: &[(Change, &[Drift])] = &[
        (|book| book.fields.retain(|field| field.name != "token"), &[Drift::D011]),
        (|book| book.fields.push(Field::new("more", ColumnType::Text).nullable()), &[Drift::D020]),
        (|book| field(book, "pages").ty = ColumnType::BigInt, &[Drift::D012]),
        (|book| field(book, "title").null = true, &[Drift::D013]),
        (|book| field(book, "pages").db_default = Some(Expr::value(7)), &[Drift::D014]),
        (|book| field(book, "title").collation = Some("C".into()), &[Drift::D016]),
        (|book| field(book, "author").relation.as_mut().unwrap().on_delete = OnDelete::Restrict, &[Drift::D018]),
        (|book| field(book, "price").unique = true, &[Drift::D020]),
        (|book| book.indexes.push(Index::new("more", &["title", "pages"])), &[Drift::D020]),
        (|book| book.constraints.clear(), &[Drift::D019]),
        (|book| book.comment = Some("sold".into()), &[Drift::D022]),
        (|book| field(book, "title").comment = Some("as printed".into()), &[Drift::D022]),
    ];
    let whole = library();
    assert!(told(&whole, &whole).is_empty());
    for (change, drifts) in changes {
        let found = told(&whole, &with_book(*change));
        let codes: Vec<Drift> = found.iter().map(|(drift, _)| *drift).collect();
        assert!(!found.is_empty() && codes.iter().all(|code| drifts.contains(code)), "{found:#?} {drifts:?}");
    }
}

#[test]
fn names_keys_and_tables_are_compared() {
    let named = |name: &str| with_book(|book| book.constraints.push(Constraint::unique(name, &["title", "pages"])));
    let found = told(&named("by_title"), &named("titles"));
    assert_eq!(found[0].0, Drift::D021);
    assert!(
        found[0].1.ends_with("unique constraint over title, pages is called `titles`, not `by_title`"),
        "{found:?}"
    );

    let check = |expr: &str| {
        let check = expr.parse().unwrap();
        with_book(|book| book.constraints.push(Constraint::check("enough", check)))
    };
    let found = told(&check("pages > 3"), &check("pages > 4"));
    assert_eq!(found[0].0, Drift::D019);
    assert!(found[0].1.ends_with("`enough` is check `pages > 4`, not check `pages > 3`"), "{found:?}");

    let computed = |expr: &str| {
        let generated = Some(Generated { expr: expr.parse().unwrap(), stored: true });
        with_book(|book| book.fields.push(Field { generated, ..Field::new("sheets", ColumnType::Integer) }))
    };
    assert_eq!(told(&computed("pages + 1"), &computed("pages + 2"))[0].0, Drift::D015);

    let mut without = library();
    without.models.retain(|key, _| key.name != "Tag");
    let mut book = without.models.get(&"app.Book".parse().unwrap()).unwrap().clone();
    book.fields.retain(|field| field.name != "tags");
    without.insert(book);
    let found = told(&library(), &without);
    assert_eq!(found.iter().map(|(drift, _)| *drift).collect::<Vec<_>>(), [Drift::D010, Drift::D010]);
    // Tables that no model has are somebody else's.
    assert!(told(&without, &library()).is_empty());

    let key = |names: &[&str]| {
        let mut model = Model::new("app", "Pair");
        model.fields = vec![Field::new("a", ColumnType::Integer), Field::new("b", ColumnType::Integer)];
        model.primary_key = names.iter().map(|name| (*name).to_owned()).collect();
        let mut schema = Schema::default();
        schema.insert(model);
        schema
    };
    assert_eq!(told(&key(&["a", "b"]), &key(&["b"]))[0].0, Drift::D017);
}

#[test]
fn of_indexes_with_pattern_operators_the_field_has_its_own() {
    let mut own = Index::new("a_first", &["name"]);
    own.on[0].opclass = Some("varchar_pattern_ops".to_owned());
    let name = Field { index: true, ..Field::new("name", ColumnType::Char { max_length: 20 }) };
    let mut schema = Schema::default();
    schema.insert(Model::new("shop", "Item").with(Field::auto_id()).with(name).with_index(own.clone()));
    let stored = stored(&schema);
    let item = &stored.schema.models[&Live::key("shop_item")];
    let like = item.field("name").unwrap().names.like.as_deref();
    assert!(like.is_some_and(|like| like.ends_with("_like")), "{like:?}");
    assert_eq!(item.indexes, [own]);
}

#[test]
fn a_foreign_key_without_a_rule_will_do_in_place_of_any() {
    let ruled = |rule| with_book(|book| field(book, "author").relation.as_mut().unwrap().on_delete = rule);
    for (dialect, unruled) in [
        (Dialect::Postgres, &[OnDelete::DoNothing][..]),
        (Dialect::Sqlite, &[OnDelete::DoNothing]),
        (Dialect::MariaDb, &[OnDelete::DoNothing, OnDelete::Restrict, OnDelete::Protect]),
    ] {
        let told = |wanted: OnDelete, found: OnDelete| {
            let stored = |rule| as_stored(dialect, &ruled(rule)).unwrap();
            let told = differences(&stored(wanted), &stored(found));
            assert!(told.iter().all(|it| it.drift == Drift::D018), "{told:?}");
            !told.is_empty()
        };
        for &found in unruled {
            for wanted in [OnDelete::Cascade, OnDelete::Protect, OnDelete::Restrict, OnDelete::DoNothing] {
                assert!(!told(wanted, found), "{dialect:?}: {wanted}, {found}");
            }
            // What the database does of itself is more than a model that wants nothing of it says.
            assert!(told(found, OnDelete::Cascade), "{dialect:?}: {found}, cascade");
        }
    }
}
