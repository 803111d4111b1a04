//! Histories of several applications: whatever order their migrations are run in, each finds what it needs.

use migrations_engine::condition::Expr;
use migrations_engine::diff::reduce;
use migrations_engine::execute::Executor;
use migrations_engine::introspect::{as_stored, introspect};
use migrations_engine::operation::invert_all;
use migrations_engine::schema::{
    ColumnType, Constraint, Field, Generated, Hint, Index, Model, ModelKey, OnDelete, Schema,
};
use migrations_engine::{Dialect, MigrationId, MigrationSet, Operation, Target, autodetect, diff, plan};

use crate::samples::{key, library, now, of, through, with_book};
use crate::sqlite::{Sqlite, Yes};

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
fn a_table_is_taken_after_whoever_had_it_has_left_it() {
    let cats = |table: &str| model("two", "Cat").in_table(table);
    let dog = || model("one", "Dog").in_table("Pets");
    let start = model("one", "Bee");
    // In one run, and in two.
    let set = through(&[of([start.clone(), cats("pets")]), of([start.clone(), cats("cats"), dog()])]);
    assert_eq!(needs(&set, "one.0002"), ["one.0001_initial", "two.0002_cat_table"]);
    let states = [of([start.clone(), cats("pets")]), of([start.clone(), cats("cats")])];
    let set = through(&[states[0].clone(), states[1].clone(), of([start.clone(), cats("cats"), dog()])]);
    assert_eq!(needs(&set, "one.0002"), ["one.0001_initial", "two.0002_cat_table"]);
    // It comes back to the first, which waits for the second.
    let gone = of([start.clone(), cats("cats")]);
    let set = through(&[states[0].clone(), of([start.clone(), cats("cats"), dog()]), gone, states[0].clone()]);
    assert_eq!(needs(&set, "two.0003"), ["one.0003_delete_dog", "two.0002_cat_table"]);
    // One that moved with its table leaves it from where it is.
    let moved = |app: &str, table: &str| model(app, "Cat").in_table(table);
    let set = through(&[
        of([start.clone(), moved("three", "pets")]),
        of([start.clone(), moved("two", "pets")]),
        of([start.clone(), moved("two", "cats")]),
        of([start.clone(), moved("two", "cats"), dog()]),
    ]);
    assert!(needs(&set, "one.0002").contains(&"two.0002_cat_table".to_owned()), "{:?}", needs(&set, "one.0002"));
    // Whoever is not managed has no table to leave.
    let foreign = Model { managed: false, ..cats("pets") };
    let set = through(&[of([start.clone(), foreign.clone()]), of([start.clone(), foreign.clone(), dog()])]);
    assert_eq!(needs(&set, "one.0002"), ["one.0001_initial"]);
    // Until it is managed.
    let both = of([start, cats("pets"), dog()]);
    assert_eq!(both.validate().unwrap_err().code(), "M011");
    let managed = Operation::AlterManaged { model: foreign.key.clone(), managed: true };
    assert_eq!(managed.apply(&mut set.state().unwrap()).unwrap_err().code(), "M011");
}

#[test]
fn a_table_between_models_is_taken_after_whoever_had_it_has_left_it() {
    let bee = model("one", "Bee");
    let linked = |table: &str| {
        let cat = model("two", "Cat");
        let mut field = Field::many_to_many(&cat, "bees", bee.key.clone());
        field.relation.as_mut().unwrap().many_to_many.as_mut().unwrap().table = table.into();
        cat.with(field)
    };
    let taker = model("one", "Pair").in_table("pairs");
    let set = through(&[
        of([bee.clone(), linked("pairs")]),
        of([bee.clone(), model("two", "Cat")]),
        of([bee.clone(), model("two", "Cat"), taker.clone()]),
    ]);
    assert!(needs(&set, "one.0002").contains(&"two.0002_remove_cat_bees".to_owned()), "{:?}", needs(&set, "one.0002"));
    let set = through(&[
        of([bee.clone(), model("two", "Cat"), taker]),
        of([bee.clone(), model("two", "Cat")]),
        of([bee.clone(), linked("pairs")]),
    ]);
    assert!(needs(&set, "two.0002").contains(&"one.0002_delete_pair".to_owned()), "{:?}", needs(&set, "two.0002"));
}

#[test]
fn a_table_between_models_is_free_once_its_model_is_gone() {
    let ant = model("two", "Ant");
    let linked = |app: &str, name: &str| {
        let cat = model(app, name).in_table("pets");
        let field = Field::many_to_many(&cat, "friends", ant.key.clone());
        cat.with(field)
    };
    let before =
        of([ant.clone(), linked("one", "Cat"), model("two", "Dog").with(Field::new("age", ColumnType::Integer))]);
    let after =
        of([ant.clone(), model("one", "Bee"), linked("two", "Dog").with(Field::new("age", ColumnType::Integer))]);
    let set = through(&[before, after]);
    let takes = set.iter().filter(|migration| {
        let mut added = migration.operations.iter();
        added.any(|operation| matches!(operation, Operation::AddField { field, .. } if field.name == "friends"))
    });
    let ids: Vec<String> = takes.map(|migration| migration.id.to_string()).collect();
    assert!(!ids.is_empty() && ids.iter().all(|id| needs(&set, id).iter().any(|id| id.starts_with("one."))), "{ids:?}");
}

#[test]
fn tables_that_models_of_two_applications_exchange_go_back() {
    let ant = model("two", "Ant");
    let linked = |app: &str, name: &str, table: &str| {
        let made = model(app, name).in_table(table);
        let field = Field::many_to_many(&made, "friends", ant.key.clone());
        made.with(field)
    };
    let before = [model("one", "Bee").in_table("first"), model("two", "Dog").in_table("second")];
    let after = of([linked("one", "Bee", "second"), linked("two", "Dog", "first"), ant.clone()]);
    ran_back(&of(before), &after);
}

#[test]
fn a_model_that_goes_last_makes_room_for_the_table_of_another() {
    let to = |pet: &Model| model("one", "Cat").with(Field::foreign_key("pet", pet.key.clone(), OnDelete::Cascade));
    // In the very same table, it would be the same model.
    let size = Field::new("size", ColumnType::Integer);
    let (ant, bee) = (model("one", "Ant").in_table("Pets"), model("one", "Bee").in_table("pets").with(size));
    let (before, after) = (of([ant.clone(), to(&ant)]), of([bee.clone(), to(&bee)]));
    let done = ran_back(&before, &after);
    assert_eq!(
        done,
        [
            "Rename the table of one.Ant to Pets__",
            "Create model one.Bee",
            "Alter field pet of one.Cat",
            "Delete model one.Ant"
        ]
    );
}

#[test]
fn names_of_indexes_and_constraints_are_exchanged() {
    let sized = |name: &str, index: &str, unique: &str| {
        let made = model("one", name).with(Field::new("size", ColumnType::Integer));
        made.with_index(Index::new(index, &["size"])).with_constraint(Constraint::unique(unique, &["size"]))
    };
    let before = of([sized("Ant", "i", "u"), sized("Bee", "j", "v")]);
    let after = of([sized("Ant", "j", "v"), sized("Bee", "i", "u")]);
    let done = ran_back(&before, &after);
    assert_eq!(done.len(), 6, "{done:#?}");
    assert!(done.iter().all(|done| done.starts_with("Rename")), "{done:#?}");
    // One follows another.
    let done = ran_back(
        &of([sized("Ant", "i", "u"), sized("Bee", "j", "v")]),
        &of([sized("Ant", "j", "v"), sized("Bee", "k", "w")]),
    );
    assert_eq!(done.len(), 4, "{done:#?}");
}

#[test]
fn a_name_that_is_free_only_after_the_model_comes_later() {
    // Both go to the new model, whose constraint has the name of one of the model that goes after that.
    let pair = |name: &str| {
        let made =
            model("one", name).with(Field::new("p", ColumnType::Integer)).with(Field::new("q", ColumnType::Integer));
        made.with_constraint(Constraint::unique("both", &["p", "q"]))
    };
    let cat = |to: &str| {
        let to = ModelKey::new("one", to);
        let made =
            model("one", "Cat").with(Field::new("p", ColumnType::Integer)).with(Field::new("q", ColumnType::Integer));
        let both = || vec!["p".to_owned(), "q".to_owned()];
        made.with(Field::foreign_key("pet", to.clone(), OnDelete::Cascade)).with_constraint(Constraint::ForeignKey {
            name: "to_both".into(),
            fields: both(),
            to,
            to_fields: both(),
            on_delete: OnDelete::Restrict,
        })
    };
    let done = ran_back(&of([pair("Ant"), cat("Ant")]), &of([pair("Bee"), cat("Bee")]));
    let at =
        |what: &str| done.iter().position(|done| done.contains(what)).unwrap_or_else(|| panic!("{what}: {done:#?}"));
    assert!(at("Create model one.Bee") < at("Delete model one.Ant"), "{done:#?}");
    assert!(at("Delete model one.Ant") < at("constraint both"), "{done:#?}");
    assert!(at("constraint both") < done.iter().rposition(|done| done.contains("to_both")).unwrap(), "{done:#?}");
}

#[test]
fn a_name_of_a_model_that_goes_is_free_once_it_is_gone() {
    let unique = |name: &str, constraint: &str| {
        let mut made = model("app", name).with(Field::new("size", ColumnType::Integer));
        made.constraints.push(Constraint::unique(constraint, &["size"]));
        made
    };
    ran(&[&of([unique("Ant", "one_size"), unique("Bee", "sizes")]), &of([unique("Bee", "one_size")])]);
    ran(&[
        &of([unique("Ant", "one_size")]),
        &of([unique("Bee", "one_size").with(Field::new("more", ColumnType::Text))]),
    ]);
}

#[test]
fn a_name_in_the_database_is_taken_after_whoever_had_it_has_left_it() {
    let named = |app: &str, model: &str, name: Option<&str>| {
        let mut made = Model::new(app, model).with(Field::auto_id()).with(Field::new("size", ColumnType::Integer));
        made.indexes.extend(name.map(|name| Index::new(name, &["size"])));
        made
    };
    let before = of([named("one", "Bee", None), named("two", "Cat", Some("By_Size"))]);
    let after = of([named("one", "Bee", Some("by_size")), named("two", "Cat", None)]);
    let set = through(&[before.clone(), after.clone()]);
    assert!(
        needs(&set, "one.0002").iter().any(|needed| needed.starts_with("two.0002")),
        "{:?}",
        needs(&set, "one.0002")
    );
    let set = through(&[before, of([named("one", "Bee", None), named("two", "Cat", None)]), after]);
    assert!(
        needs(&set, "one.0002").iter().any(|needed| needed.starts_with("two.0002")),
        "{:?}",
        needs(&set, "one.0002")
    );
}

#[test]
fn what_links_to_a_model_that_moves_under_another_name_follows_it() {
    let cat = model("two", "Cat");
    let linked = |to: &str, app: &str| {
        let field = Field::many_to_many(&cat, "friends", ModelKey::new(app, to));
        of([model(app, to).in_table("pets"), cat.clone().with(field)])
    };
    let (before, after) = (linked("Bee", "one"), linked("Ant", "two"));
    let operations = diff(&before, &after, &mut Yes).unwrap();
    assert!(matches!(operations.as_slice(), [Operation::MoveModel { .. }]), "{operations:?}");
    for dialect in Dialect::ALL {
        let sql = |state, operations: &[Operation]| -> Vec<String> {
            plan(dialect, state, operations).unwrap().iter().map(|statement| statement.sql()).collect()
        };
        let there = sql(&before, &operations);
        assert!(there.iter().any(|sql| sql.contains("bee_id") && sql.contains("ant_id")), "{there:?}");
        let back = sql(&after, &invert_all(&before, &operations).unwrap());
        assert!(back.iter().any(|sql| sql.contains("bee_id") && sql.contains("ant_id")), "{back:?}");
    }
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

/// Runs what leads from nothing through the states, and is there what the last says.
fn ran(states: &[&Schema]) {
    let (mut set, mut database) = (MigrationSet::default(), Sqlite::memory());
    for state in states {
        autodetect(&set, state, &mut Yes).unwrap().into_iter().for_each(|migration| set.add(migration).unwrap());
        let ran = now(Executor::new(&set, &mut database).migrate(&Target::Latest));
        let tables = |state: &Schema| {
            let made = |model: &Model| format!("{} in {}, {:?}", model.key, model.table, model.fields[1]);
            state.models.values().map(made).collect::<Vec<_>>().join("; ")
        };
        ran.unwrap_or_else(|error| {
            panic!("{:?}: {error}", states.iter().map(|state| tables(state)).collect::<Vec<_>>())
        });
    }
    let found = now(introspect(&mut database)).unwrap();
    assert_eq!(found, as_stored(Dialect::Sqlite, &set.state().unwrap()).unwrap());
}

/// Runs what leads from one state to another, and undoes it application by application; gives what was done.
fn ran_back(before: &Schema, after: &Schema) -> Vec<String> {
    let (mut set, mut database) = (MigrationSet::default(), Sqlite::memory());
    let mut latest: Vec<MigrationId> = Vec::new();
    for state in [before, after] {
        latest = ["one", "two"].iter().flat_map(|app| set.leaves(app)).cloned().collect();
        autodetect(&set, state, &mut Yes).unwrap().into_iter().for_each(|migration| set.add(migration).unwrap());
        now(Executor::new(&set, &mut database).migrate(&Target::Latest)).unwrap();
        let found = now(introspect(&mut database)).unwrap();
        assert_eq!(found, as_stored(Dialect::Sqlite, state).unwrap());
    }
    let new = set.order().unwrap().into_iter().filter(|migration| migration.id.number() > 1);
    let done = new.flat_map(|migration| migration.operations.iter().map(Operation::describe)).collect();
    for id in latest {
        now(Executor::new(&set, &mut database).migrate(&Target::Migration(id))).unwrap();
    }
    let found = now(introspect(&mut database)).unwrap();
    assert_eq!(found, as_stored(Dialect::Sqlite, before).unwrap());
    done
}

#[test]
fn names_that_were_made_for_a_table_are_not_made_again_for_the_next() {
    let made = |name: &str, table: Option<&str>, index: bool| {
        let size = Field { index, ..Field::new("size", ColumnType::Integer) };
        let made = Model::new("app", name).with(Field::auto_id()).with(size);
        table.map_or(made.clone(), |table| made.in_table(table))
    };
    let tables = [None, Some("t1"), Some("t2")];
    let pairs = tables.into_iter().flat_map(|one| tables.map(|other| (one, other)));
    let apart = pairs.filter(|(one, other)| one.is_none() || one != other);
    let indexed = [(true, true), (true, false), (false, true)];
    let all: Vec<Schema> = apart
        .flat_map(|(one, other)| indexed.map(|on| of([made("Ant", one, on.0), made("Bee", other, on.1)])))
        .collect();
    for (from, to) in all.iter().flat_map(|from| all.iter().map(move |to| (from, to))) {
        ran(&[from, to]);
    }

    // The same in one table, and of models.
    let sized = |fields: &[&str]| {
        let indexed = |name: &&str| Field { index: true, null: true, ..Field::new(*name, ColumnType::Integer) };
        of([fields.iter().map(indexed).fold(model("app", "Ant"), Model::with)])
    };
    let mut renamed = sized(&["length"]);
    renamed.models.get_mut(&ModelKey::new("app", "Ant")).unwrap().fields[1].renamed_from = Hint(Some("size".into()));
    ran(&[&sized(&["size"]), &renamed, &sized(&["length", "size"]), &sized(&["length", "size", "more"])]);
    let linked = |name: &str| {
        let made = made(name, None, true);
        let field = Field::many_to_many(&made, "friends", made.key.clone());
        made.with(field)
    };
    let old = Model { renamed_from: Hint(Some("Ant".into())), ..linked("Old") };
    let mut older = old.clone();
    older.renamed_from = Hint(None);
    let both = of([older, linked("Ant")]);
    ran(&[&of([linked("Ant")]), &of([old]), &both]);
    // Every database calls each of them otherwise.
    let mut set = MigrationSet::default();
    for state in [of([linked("Ant")]), of([Model { renamed_from: Hint(Some("Ant".into())), ..linked("Old") }]), both] {
        autodetect(&set, &state, &mut Yes).unwrap().into_iter().for_each(|migration| set.add(migration).unwrap());
    }
    for dialect in Dialect::ALL {
        let (mut state, mut names) = (Schema::default(), Vec::new());
        for migration in set.order().unwrap() {
            for statement in plan(dialect, &state, &migration.operations).unwrap() {
                let sql = statement.sql();
                let quote = if dialect == Dialect::MariaDb || dialect == Dialect::MySql { '`' } else { '"' };
                let words = ["CREATE INDEX ", "CREATE UNIQUE INDEX ", "CONSTRAINT "];
                let made =
                    words.iter().flat_map(|words| sql.split(words).skip(1).filter_map(|rest| rest.split(quote).nth(1)));
                names.extend(made.map(str::to_owned));
            }
            migration.operations.iter().for_each(|operation| operation.apply(&mut state).unwrap());
        }
        let distinct: std::collections::BTreeSet<&String> = names.iter().collect();
        assert!(names.len() > 4 && distinct.len() == names.len(), "{dialect:?}: {names:?}");
    }
}
