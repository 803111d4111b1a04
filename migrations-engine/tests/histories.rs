//! Histories of several applications: whatever order their migrations are run in, each finds what it needs.

use migrations_engine::condition::Expr;
use migrations_engine::diff::reduce;
use migrations_engine::operation::invert_all;
use migrations_engine::schema::{ColumnType, Constraint, Field, Generated, Index, Model, ModelKey, OnDelete};
use migrations_engine::{Dialect, MigrationSet, Operation, diff, plan};

use crate::samples::{key, library, of, through, with_book};
use crate::sqlite::Yes;

fn model(app: &str, name: &str) -> Model {
    Model::new(app, name).with(Field::auto_id())
}

fn needs(set: &MigrationSet, id: &str) -> Vec<String> {
    let migration = set.iter().find(|migration| migration.id.to_string().starts_with(id)).unwrap();
    migration.depends_on.iter().map(ToString::to_string).collect()
}

#[test]
fn what_others_referred_to_once_goes_after_they_let_go() {
    let to = |key: &ModelKey| Field::foreign_key("bee", key.clone(), OnDelete::Cascade);
    let bee = model("one", "Bee");
    let (dog, free) = (model("two", "Dog").with(to(&bee.key)), model("two", "Dog"));
    let set = through(&[of([bee.clone(), dog.clone()]), of([bee.clone(), free.clone()]), of([free.clone()])]);
    assert_eq!(needs(&set, "one.0002"), ["one.0001_initial", "two.0002_remove_dog_bee"]);

    // A key of two fields, which no relation can hold.
    let mut pair =
        Model::new("one", "Bee").with(Field::new("a", ColumnType::Integer)).with(Field::new("b", ColumnType::Integer));
    pair.primary_key = vec!["a".into(), "b".into()];
    let mut both = pair.clone().with(Field::auto_id());
    both.primary_key = vec!["id".into()];
    let set = through(&[of([both.clone(), dog.clone()]), of([both.clone(), free.clone()]), of([pair.clone(), free])]);
    assert!(needs(&set, "one.0002").contains(&"two.0002_remove_dog_bee".to_owned()));
    // At once, too: whoever refers to it goes first.
    through(&[of([both, dog]), of([pair])]);
}

#[test]
fn what_a_model_referred_to_before_it_moved_goes_after_it_lets_go() {
    let to = |key: &ModelKey| Field::foreign_key("dog", key.clone(), OnDelete::Cascade);
    let dog = model("one", "Dog");
    let ant = |app: &str, refers: bool| {
        let ant = model(app, "Ant").in_table("ants");
        if refers { ant.with(to(&dog.key)) } else { ant }
    };
    let moved = of([dog.clone(), ant("two", true)]);
    let set = through(&[
        of([dog.clone(), ant("one", true)]),
        moved,
        of([dog.clone(), ant("two", false)]),
        of([ant("two", false)]),
    ]);
    assert!(needs(&set, "one.0002").contains(&"two.0002_remove_ant_dog".to_owned()), "{:?}", needs(&set, "one.0002"));
}

#[test]
fn a_name_is_taken_again_after_a_model_has_moved_away() {
    let plain = |app: &str| model(app, "Cat").with(Field::new("name", ColumnType::Text)).in_table("cats");
    let other = || model("one", "Cat").with(Field::new("legs", ColumnType::Integer));
    let states = [of([plain("one")]), of([plain("two")]), of([plain("two"), other()])];
    let set = through(&states);
    assert_eq!(needs(&set, "one.0002"), ["one.0001_initial", "two.0001_initial"]);
}

#[test]
fn what_is_computed_waits_for_what_it_is_computed_from() {
    let bee = |ty: ColumnType| model("one", "Bee").with(Field::new("size", ty).nullable());
    let generated = Some(Generated { expr: Expr::parse("size + 1").unwrap(), stored: true });
    let before = of([bee(ColumnType::DateTime)]);
    let after =
        of([bee(ColumnType::Integer).with(Field { generated, null: true, ..Field::new("more", ColumnType::Integer) })]);
    let operations = diff(&before, &after, &mut Yes).unwrap();
    assert!(
        matches!(operations.as_slice(), [Operation::AlterField { .. }, Operation::AddField { .. }]),
        "{operations:?}"
    );
    for dialect in Dialect::ALL {
        plan(dialect, &before, &operations).unwrap();
        let back = invert_all(&before, &operations).unwrap();
        plan(dialect, &after, &back).unwrap();
    }
}

#[test]
fn what_is_computed_goes_from_a_field_to_another_in_one_run() {
    let bee = |a: ColumnType, b: ColumnType, expr: &str| {
        let generated = Some(Generated { expr: Expr::parse(expr).unwrap(), stored: true });
        let more = Field { generated, null: true, ..Field::new("more", ColumnType::Integer) };
        of([model("one", "Bee").with(Field::new("a", a)).with(Field::new("b", b)).with(more)])
    };
    use ColumnType::{DateTime, Integer};
    // The one that it leaves becomes what its old expression does not fit, the one that it comes to what the new one does.
    for (b, order) in [(Integer, "more, a"), (DateTime, "b, more, a")] {
        let (before, after) = (bee(Integer, b, "a + 1"), bee(DateTime, Integer, "b + 2"));
        let operations = diff(&before, &after, &mut Yes).unwrap();
        let altered: Vec<&str> = operations
            .iter()
            .filter_map(|operation| match operation {
                Operation::AlterField { field, .. } => Some(field.name.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(altered.join(", "), order, "{operations:?}");
        for dialect in Dialect::ALL {
            plan(dialect, &before, &operations).unwrap();
            plan(dialect, &after, &invert_all(&before, &operations).unwrap()).unwrap();
        }
    }
}

#[test]
fn the_name_that_a_thing_has_is_no_change() {
    let rename = |name: &str, to: &str| Operation::RenameIndex { model: key("Book"), name: name.into(), to: to.into() };
    let constraint =
        |name: &str, to: &str| Operation::RenameConstraint { model: key("Book"), name: name.into(), to: to.into() };
    for operation in
        [rename("app_book_title_pages", "app_book_title_pages"), constraint("app_book_pages", "app_book_pages")]
    {
        let mut state = library();
        operation.apply(&mut state).unwrap();
        assert_eq!(state, library());
        for dialect in Dialect::ALL {
            assert!(plan(dialect, &library(), std::slice::from_ref(&operation)).unwrap().is_empty(), "{operation:?}");
        }
    }
    // Of another it is one still.
    let book = with_book(|book| book.indexes.push(Index::new("other", &["pages"])));
    let taken = rename("app_book_title_pages", "other").apply(&mut book.clone()).unwrap_err();
    assert_eq!(taken.code(), "M015");
    let taken = constraint("app_book_pages", "app_book_title_author").apply(&mut library()).unwrap_err();
    assert_eq!(taken.code(), "M015");
    assert!(matches!(library().models[&key("Book")].constraints[0], Constraint::Unique { .. }));
    // There and back again.
    assert!(reduce(vec![rename("a", "b"), rename("b", "a")]).is_empty());
}
