//! Renames that are said, where the new name is taken; and attributes that an earlier rename has left behind.

use migrations_engine::diff::{Answers, Questioner, Refuse};
use migrations_engine::schema::{ColumnType, Field, Hint, Index, Model, ModelKey, OnDelete, Schema};
use migrations_engine::{Error, MigrationSet, autodetect, condition::Expr};

/// Hears what is told, and refuses to answer.
#[derive(Default)]
struct Hears(Vec<String>);

impl Questioner for Hears {
    fn is_renamed_field(&mut self, model: &ModelKey, old: &Field, new: &Field) -> Result<bool, Error> {
        Refuse.is_renamed_field(model, old, new)
    }
    fn is_renamed_model(&mut self, old: &ModelKey, new: &ModelKey) -> Result<bool, Error> {
        Refuse.is_renamed_model(old, new)
    }
    fn may_remove_field(&mut self, model: &ModelKey, field: &Field) -> Result<bool, Error> {
        Refuse.may_remove_field(model, field)
    }
    fn may_remove_model(&mut self, model: &ModelKey) -> Result<bool, Error> {
        Refuse.may_remove_model(model)
    }
    fn value_for_new_field(&mut self, model: &ModelKey, field: &Field) -> Result<Expr, Error> {
        Refuse.value_for_new_field(model, field)
    }
    fn value_for_null(&mut self, model: &ModelKey, field: &Field) -> Result<Option<Expr>, Error> {
        Refuse.value_for_null(model, field)
    }
    fn tell(&mut self, note: &str) {
        self.0.push(note.to_owned());
    }
}

/// A model of numbers, each with the name that it says it had.
fn model(fields: &[(&str, Option<&str>)]) -> Schema {
    let mut schema = Schema::default();
    let number = |(name, was): &(&str, Option<&str>)| Field {
        renamed_from: Hint(was.map(str::to_owned)),
        ..Field::new(*name, ColumnType::Integer)
    };
    schema.insert(fields.iter().map(number).fold(Model::new("st", "A").with(Field::auto_id()), Model::with));
    schema
}

fn migrated(schema: &Schema) -> MigrationSet {
    let mut set = MigrationSet::default();
    go_on(&mut set, schema, &mut Refuse);
    set
}

fn go_on(set: &mut MigrationSet, schema: &Schema, questioner: &mut dyn Questioner) -> Vec<String> {
    let new = autodetect(set, schema, questioner).unwrap();
    let told = new.iter().flat_map(|migration| &migration.operations).map(|operation| operation.describe()).collect();
    new.into_iter().for_each(|migration| set.add(migration).unwrap());
    assert_eq!(&set.state().unwrap(), schema);
    told
}

#[test]
fn two_fields_exchange_their_names_once() {
    let mut set = migrated(&model(&[("a", None), ("b", None)]));
    let swapped = model(&[("a", Some("b")), ("b", Some("a"))]);
    let done = go_on(&mut set, &swapped, &mut Refuse);
    assert_eq!(done, ["Rename field b of st.A to b__", "Rename field a of st.A to b", "Rename field b__ of st.A to a"]);
    // What is left in the code is not done again.
    let mut hears = Hears::default();
    assert!(go_on(&mut set, &swapped, &mut hears).is_empty() && hears.0.is_empty(), "{:?}", hears.0);
    let mut answers = Answers::new();
    answers.rename("st.A.a=b").unwrap();
    answers.rename("st.A.b=a").unwrap();
    let mut set = migrated(&model(&[("a", None), ("b", None)]));
    assert_eq!(go_on(&mut set, &model(&[("a", None), ("b", None)]), &mut answers).len(), 3);
    assert!(answers.unused().is_empty());
}

#[test]
fn a_field_takes_the_name_of_another_that_goes() {
    let mut before = model(&[("a", None), ("b", None)]);
    let owner = before.models.get_mut(&ModelKey::new("st", "A")).unwrap();
    owner.indexes.push(Index::new("st_a_b", &["b"]));
    for (after, rename) in [(model(&[("b", Some("a"))]), false), (model(&[("b", None)]), true)] {
        let mut answers = Answers::new();
        if rename {
            answers.rename("st.A.a=b").unwrap();
        }
        let asked = autodetect(&migrated(&before), &after, &mut answers).unwrap_err();
        assert!(asked.code() == "M021" && asked.hint().unwrap().contains("--remove st.A.b "), "{asked}");
        answers.remove("st.A.b").unwrap();
        let mut set = migrated(&before);
        let done = go_on(&mut set, &after, &mut answers);
        assert_eq!(done, ["Remove index st_a_b from st.A", "Remove field b from st.A", "Rename field a of st.A to b"]);
        assert!(answers.unused().is_empty());
        assert!(go_on(&mut set, &after, &mut Refuse).is_empty());
    }
}

#[test]
fn names_move_on_in_a_row() {
    let mut set = migrated(&model(&[("a", None), ("b", None)]));
    let done = go_on(&mut set, &model(&[("b", Some("a")), ("c", Some("b"))]), &mut Refuse);
    assert_eq!(done, ["Rename field b of st.A to c", "Rename field a of st.A to b"]);
}

#[test]
fn what_is_left_of_earlier_renames_is_tolerated() {
    let mut set = migrated(&model(&[("a", None)]));
    go_on(&mut set, &model(&[("b", Some("a"))]), &mut Refuse);
    go_on(&mut set, &model(&[("c", Some("b"))]), &mut Refuse);
    let mut hears = Hears::default();
    for later in [model(&[("c", Some("b"))]), model(&[("c", Some("a"))])] {
        assert!(go_on(&mut set, &later, &mut hears).is_empty());
    }
    // The old name in use again, by a field of its own.
    let mut answers = Answers::new().or_ask(hears);
    answers.default("st.A.b=0").unwrap();
    assert_eq!(go_on(&mut set, &model(&[("b", None), ("c", Some("b"))]), &mut answers), ["Add field b to st.A"]);
    let mut hears = Hears::default();
    assert!(go_on(&mut set, &model(&[("b", None), ("c", Some("b"))]), &mut hears).is_empty());
    assert!(hears.0.is_empty(), "{:?}", hears.0);
}

#[test]
fn what_cannot_be_meant_is_told() {
    let set = migrated(&model(&[("a", None), ("b", None)]));
    let mut hears = Hears::default();
    assert!(autodetect(&set, &model(&[("a", None), ("b", Some("zzz"))]), &mut hears).unwrap().is_empty());
    assert!(hears.0.remove(0).contains("`st.A.b` says `renamed_from = \"zzz\"`, but there was no such field"));
    assert!(autodetect(&set, &model(&[("a", None), ("b", Some("a"))]), &mut hears).unwrap().is_empty());
    assert!(hears.0.remove(0).contains("`a` is still in the model"));
    let misspelt = autodetect(&set, &model(&[("a", None), ("title", Some("bb"))]), &mut hears).unwrap_err();
    assert!(misspelt.code() == "M012" && misspelt.message().contains("`b` is gone from the model"), "{misspelt}");
    let mut answers = Answers::new();
    answers.rename("st.A.a=b").unwrap();
    let both = autodetect(&set, &model(&[("a", None), ("b", None)]), &mut answers).unwrap_err();
    assert_eq!(both.code(), "M023", "{both}");
}

#[test]
fn all_that_would_be_asked_is_told_at_once() {
    let set = migrated(&model(&[("a", None), ("b", None)]));
    let mut after = Schema::default();
    let text = |name: &str| Field::new(name, ColumnType::Text);
    after.insert(Model::new("st", "A").with(Field::auto_id()).with(text("c")).with(text("d")));
    let refused = autodetect(&set, &after, &mut Refuse).unwrap_err();
    let all = refused.to_string();
    for flag in ["--remove st.A.a ", "--remove st.A.b ", "--default st.A.c=", "--default st.A.d="] {
        assert!(all.contains(flag), "{all}");
    }
}

/// Models with one number each, and the names that they say they had.
fn models(named: &[(&str, Option<&str>)]) -> Schema {
    let mut schema = Schema::default();
    for (name, was) in named {
        let mut model =
            Model::new("st", *name).with(Field::auto_id()).with(Field::new(format!("n_{name}"), ColumnType::Integer));
        model.renamed_from = Hint(was.map(str::to_owned));
        schema.insert(model);
    }
    schema
}

#[test]
fn a_model_that_says_what_cannot_be_is_told() {
    let set = migrated(&models(&[("A", None), ("B", None)]));
    let refused = |after: &[(&str, Option<&str>)]| autodetect(&set, &models(after), &mut Refuse).unwrap_err();
    for (after, what) in [
        // It takes a name that another has.
        (&[("B", Some("A"))][..], "`st.B` says `renamed_from = \"A\"`, but there already is a model `st.B`"),
        (&[("A", Some("B")), ("B", Some("A"))], "there already is a model `st.A`"),
        // One of no model, where one is gone.
        (&[("B", None), ("C", Some("AA"))], "there was no such model; `st.A` is gone: is it that one?"),
    ] {
        let error = refused(after).to_string();
        assert!(error.contains("M012") && error.contains(what), "{error}");
    }
    let mut hears = Hears::default();
    assert!(autodetect(&set, &models(&[("A", None), ("B", Some("Z"))]), &mut hears).unwrap().is_empty());
    assert!(hears.0.remove(0).contains("`st.B` says `renamed_from = \"Z\"`, but there was no such model"));
    let made = autodetect(&set, &models(&[("A", None), ("B", None), ("C", Some("A"))]), &mut hears).unwrap();
    assert_eq!(made[0].operations.len(), 1);
    assert!(hears.0.remove(0).contains("`st.A` is still a model"));
}

#[test]
fn a_model_takes_the_name_of_another_that_goes() {
    let before = models(&[("A", None), ("B", None)]);
    let key = |name: &str| ModelKey::new("st", name);
    for said in [None, Some("A")] {
        let mut after = models(&[("A", None)]);
        let mut taking = after.models.remove(&key("A")).unwrap();
        (taking.key, taking.table, taking.renamed_from) = (key("B"), "st_b".into(), Hint(said.map(str::to_owned)));
        after.insert(taking);
        let mut answers = Answers::new();
        answers.rename("st.A=B").unwrap();
        let asked = autodetect(&migrated(&before), &after, &mut answers).unwrap_err();
        assert!(asked.code() == "M020" && asked.hint().unwrap().contains("--remove st.B"), "{asked}");
        answers.remove("st.B").unwrap();
        let mut set = migrated(&before);
        let mut referred = before.clone();
        let done = go_on(&mut set, &after, &mut answers);
        assert_eq!(done, ["Delete model st.B", "Rename model st.A to B"]);
        assert!(answers.unused().is_empty());
        let mut hears = Hears::default();
        assert!(go_on(&mut set, &after, &mut hears).is_empty() && hears.0.is_empty(), "{:?}", hears.0);
        // What refers to it would refer to another.
        let to = Field::foreign_key("b", key("B"), OnDelete::Cascade);
        let other = Model::new("st", "C").with(Field::auto_id()).with(to);
        referred.insert(other.clone());
        after.insert(other);
        let refused = autodetect(&migrated(&referred), &after, &mut answers).unwrap_err();
        assert_eq!(refused.code(), "M020", "{refused}");
    }
}

#[test]
fn what_models_were_called_before_is_known() {
    let mut set = migrated(&models(&[("A", None)]));
    let mut moved = models(&[("B", Some("A"))]);
    moved.models.get_mut(&ModelKey::new("st", "B")).unwrap().fields[1].name = "n_A".into();
    moved.models.get_mut(&ModelKey::new("st", "B")).unwrap().fields[1].column = "n_A".into();
    assert_eq!(go_on(&mut set, &moved, &mut Refuse), ["Rename model st.A to B"]);
    let mut hears = Hears::default();
    assert!(go_on(&mut set, &moved, &mut hears).is_empty());
    // The old name in use again, and gone again.
    let both = |a: bool| {
        let mut both = moved.clone();
        both.models.extend(models(&[("A", None)]).models.into_iter().filter(|_| a));
        both
    };
    go_on(&mut set, &both(true), &mut hears);
    let mut answers = Answers::new().or_ask(hears);
    answers.remove("st.A").unwrap();
    assert_eq!(go_on(&mut set, &both(false), &mut answers), ["Delete model st.A"]);
    let mut hears = Hears::default();
    assert!(go_on(&mut set, &both(false), &mut hears).is_empty());
    assert!(hears.0.is_empty(), "{:?}", hears.0);
}

#[test]
fn answers_that_are_given_again_do_not_exchange_names_back() {
    let fields = model(&[("a", None), ("b", None)]);
    let mut twins = Schema::default();
    for name in ["A", "B"] {
        twins.insert(Model::new("st", name).with(Field::auto_id()).with(Field::new("n", ColumnType::Integer)));
    }
    for (schema, told) in [(fields, ["st.A.a=b", "st.A.b=a"]), (twins, ["st.A=B", "st.B=A"])] {
        let answers = || {
            let mut answers = Answers::new();
            told.iter().for_each(|told| answers.rename(told).unwrap());
            answers
        };
        let mut set = migrated(&schema);
        assert_eq!(go_on(&mut set, &schema, &mut answers()).len(), 3);
        let again = autodetect(&set, &schema, &mut answers()).unwrap_err();
        assert!(again.code() == "M020" && again.message().contains("an earlier migration"), "{again}");
        assert!(again.hint().unwrap().contains("take the answers away"), "{again}");
        assert!(go_on(&mut set, &schema, &mut Refuse).is_empty());
    }
}
