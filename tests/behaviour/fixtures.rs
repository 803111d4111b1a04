//! Fixtures: what is dumped is the same text on every back end, and loading it gives the same rows.

use crate::bed::{Bed, behaviour};
use orm::{
    Code, Json, Project,
    fixtures::{Dump, Format, Load},
    prelude::*,
};
use serde_json::json;
use std::{collections::BTreeSet, io::Cursor};

mod led;

orm::app! { pub stockroom { Place, Shelf, Thing, Label, Sticker, Slot, Lid, Note, Old } }

/// Its key is its own name.
#[derive(Model, Debug, Clone)]
pub struct Place {
    #[field(primary_key, max_length = 20)]
    pub name: String,
    pub inside: Option<ForeignKey<Place>>,
}

/// One of each name in a place.
#[derive(Model, Debug, Clone)]
#[model(unique(place, name))]
pub struct Shelf {
    pub id: i64,
    #[field(max_length = 20)]
    pub name: String,
    pub place: ForeignKey<Place>,
    #[field(via = shelf)]
    pub things: HasMany<Thing>,
}

/// A column of every kind.
#[derive(Model, Debug, Clone)]
#[model(validate = Thing::refuse)]
pub struct Thing {
    pub id: i64,
    #[field(max_length = 40, unique, min_length = 3)]
    pub code: String,
    pub shelf: Option<ForeignKey<Shelf>>,
    pub beside: Option<ForeignKey<Thing>>,
    #[field(max_digits = 10, decimal_places = 3)]
    pub price: Decimal,
    pub weight: Option<f64>,
    pub small: i16,
    pub big: u32,
    pub sound: bool,
    pub made: NaiveDate,
    pub at: NaiveTime,
    pub seen: NaiveDateTime,
    #[field(auto_now)]
    pub changed: DateTime<Utc>,
    pub lasts: TimeDelta,
    pub number: Uuid,
    pub raw: Vec<u8>,
    pub more: Json<serde_json::Value>,
    #[field(generated = |t| t.small + 1)]
    pub next: i16,
    pub labels: ManyToMany<Label>,
}

impl Thing {
    fn refuse(thing: &mut orm::Change<Thing>) {
        if thing.get(|t| t.code).is_some_and(|code| code == "refused") {
            thing.refuse(|t| t.code, "thing.refused", "not this one");
        }
    }
}

#[derive(Model, Debug, Clone)]
#[model(ordering(word))]
pub struct Label {
    pub id: i64,
    #[field(max_length = 20, unique)]
    pub word: String,
}

/// A row of any model.
#[derive(Model, Debug, Clone)]
pub struct Sticker {
    pub id: i64,
    pub on: GenericForeignKey,
}

/// A key of two columns.
#[derive(Model, Debug, Clone)]
pub struct Slot {
    #[field(primary_key)]
    pub shelf: ForeignKey<Shelf>,
    #[field(primary_key)]
    pub place: i32,
    pub holds: Option<OneToOne<Thing>>,
}

/// Its key is a relation.
#[derive(Model, Debug, Clone)]
pub struct Lid {
    #[field(primary_key, on_delete = cascade)]
    pub thing: OneToOne<Thing>,
    pub colour: String,
}

#[derive(Model, Debug, Clone)]
pub struct Note {
    pub id: Uuid,
    pub text: String,
}

/// Rows that do not count any more.
#[derive(Model, Debug, Clone)]
#[model(filter = |o| o.gone.eq(false))]
pub struct Old {
    pub id: i64,
    pub gone: bool,
}

async fn tables(bed: &Bed) -> orm::Result<()> {
    orm::migrate::create_tables(&bed.db, &[stockroom()]).await
}

async fn fill(db: &Database) -> orm::Result<()> {
    let city = Place::draft().name("Zürich").create(db).await?;
    Place::draft().name("Attic").inside(&city).create(db).await?;
    let shelf = Shelf::draft().name("upper").place("Attic".to_owned()).create(db).await?;
    let words = ["red", "rund 100%", "it's"].map(|word| Label::draft().word(word));
    let labels = Label::objects().bulk_create(words, db).await?;
    let mut before = None;
    for number in 0..3_i16 {
        let thing = Thing::draft()
            .code(format!("thing-{number}"))
            .shelf((number > 0).then_some(&shelf))
            .beside(before)
            .price(Decimal::new(1_005 + i64::from(number), 3))
            .weight((number != 1).then_some(0.1 + f64::from(number)))
            .small(number - 1)
            .big(2_000_000_000_u32)
            .sound(number == 0)
            .made(NaiveDate::from_ymd_opt(2024, 2, 29).unwrap())
            .at(NaiveTime::from_hms_micro_opt(23, 59, 59, 1).unwrap())
            .seen(NaiveDate::from_ymd_opt(1999, 12, 31).unwrap().and_hms_opt(0, 0, 0).unwrap())
            .lasts(TimeDelta::microseconds(-90_061_000_001))
            .number(Uuid::from_u128(0xfeed_0000 + number as u128))
            .raw(vec![0, 255, number as u8])
            .more(Json(json!({"a": [1, null, "ü"], "n": number})))
            .create(db)
            .await?;
        if number > 0 {
            thing.many(|t| t.labels).set(&labels[..number as usize], db).await?;
        }
        before = Some(thing.id);
    }
    let things = Thing::objects().order_by(|t| t.id.asc()).all(db).await?;
    Sticker::draft().on(&things[1]).create(db).await?;
    Sticker::draft().on(&city).create(db).await?;
    Slot::draft().shelf(&shelf).place(1).holds(&things[0]).create(db).await?;
    Slot::draft().shelf(&shelf).place(2).create(db).await?;
    Lid::draft().thing(&things[2]).colour("blue").create(db).await?;
    Note::draft().id(Uuid::from_u128(7)).text("a\nb").create(db).await?;
    Old::draft().gone(true).create(db).await?;
    Thing::objects().skip_validation().update(|t| t.changed.set(moment()), db).await?;
    Ok(())
}

/// A record that leads to another by its natural key.
fn thing(code: &str, beside: &str) -> serde_json::Value {
    json!({"model": "stockroom.Thing", "fields": {
        "code": code, "beside": {"code": beside}, "price": "1", "small": 1, "big": 1, "sound": true, "made": "2024-01-01",
        "at": "12:00", "seen": "2024-01-01T00:00:00", "changed": "2024-01-01T00:00:00Z", "lasts": "00:00:01",
        "number": "00000000-0000-0000-0000-000000000001", "raw": "", "more": null, "labels": [["late"]],
    }})
}

fn moment() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap()
}

async fn dumped(dump: &Dump, format: Format, db: &Database) -> orm::Result<String> {
    let mut text = Vec::new();
    dump.write(format, &mut text, db).await?;
    Ok(String::from_utf8(text).unwrap())
}

async fn loaded(text: &str, db: &Database) -> orm::Result<u64> {
    let text = Cursor::new(text.to_owned());
    Ok(Load::of([stockroom()]).read(Format::Json, text, db).await?.total)
}

/// Every row goes, the models in the order in which nothing points to what is gone.
async fn empty(db: &Database) -> orm::Result<()> {
    Slot::objects().delete(db).await?;
    Sticker::objects().delete(db).await?;
    Lid::objects().delete(db).await?;
    Thing::objects().skip_validation().update(|t| t.beside.set(None::<i64>), db).await?;
    Thing::objects().delete(db).await?;
    Shelf::objects().delete(db).await?;
    Place::objects().update(|p| p.inside.set(None::<String>), db).await?;
    Place::objects().delete(db).await?;
    Label::objects().delete(db).await?;
    Note::objects().delete(db).await?;
    Old::unfiltered().delete(db).await?;
    Ok(())
}

/// What every back end dumps, character by character.
const WHOLE: &str = r#"[
{"model":"stockroom.Place","pk":"Attic","fields":{"inside":"Zürich"}},
{"model":"stockroom.Place","pk":"Zürich","fields":{"inside":null}},
{"model":"stockroom.Shelf","pk":1,"fields":{"name":"upper","place":"Attic"}},
{"model":"stockroom.Thing","pk":1,"fields":{"code":"thing-0","shelf":null,"beside":null,"price":"1.005","weight":0.1,"small":-1,"big":2000000000,"sound":true,"made":"2024-02-29","at":"23:59:59.000001","seen":"1999-12-31T00:00:00","changed":"2023-11-14T22:13:20.123456Z","lasts":"-2 22:58:58.999999","number":"00000000-0000-0000-0000-0000feed0000","raw":"AP8A","more":{"a":[1,null,"ü"],"n":0},"labels":[]}},
"#;

behaviour! {
    async fn what_is_dumped_is_the_same_everywhere_and_comes_back(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        fill(db).await?;
        let dump = Dump::of([stockroom()]);
        let text = dumped(&dump, Format::Json, db).await?;
        assert!(text.starts_with(WHOLE), "{text}");
        for part in [
            r#"{"model":"stockroom.Sticker","pk":1,"fields":{"on":{"key":2,"model":"stockroom.Thing"}}}"#,
            r#"{"model":"stockroom.Sticker","pk":2,"fields":{"on":{"key":"Zürich","model":"stockroom.Place"}}}"#,
            r#"{"model":"stockroom.Slot","pk":[1,1],"fields":{"holds":1}}"#,
            r#"{"model":"stockroom.Lid","pk":3,"fields":{"colour":"blue"}}"#,
            r#"{"model":"stockroom.Old","pk":1,"fields":{"gone":true}}"#,
            r#""labels":[1,2]"#,
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        let records = text.lines().count() as u64 - 2;
        // Over what is there: nothing changes, whatever the database holds already.
        assert_eq!(loaded(&text, db).await?, records);
        assert_eq!(dumped(&dump, Format::Json, db).await?, text);
        // From nothing.
        empty(db).await?;
        assert_eq!(dumped(&dump, Format::Json, db).await?, "[\n]\n");
        assert_eq!(loaded(&text, db).await?, records);
        assert_eq!(dumped(&dump, Format::Json, db).await?, text);
        // Numbering goes on behind what was loaded.
        assert_eq!(Label::draft().word("new").create(db).await?.id, 4);
        // Line by line, and as YAML.
        let lines = dumped(&dump, Format::JsonLines, db).await?;
        assert_eq!(lines.lines().count() as u64, records + 1);
        for format in [Format::JsonLines, Format::Yaml] {
            let written = dumped(&dump, format, db).await?;
            empty(db).await?;
            Load::of([stockroom()]).read(format, Cursor::new(written), db).await?;
            assert_eq!(dumped(&dump, Format::JsonLines, db).await?, lines);
        }
        Ok(())
    }

    async fn natural_keys_find_the_same_rows_under_other_numbers(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        fill(db).await?;
        let dump = Dump::of([stockroom()]).natural_keys().only(["stockroom.Place", "stockroom.Shelf", "stockroom.Label", "stockroom.Thing", "stockroom.Slot"])?;
        let text = dumped(&dump, Format::Json, db).await?;
        for part in [
            r#"{"model":"stockroom.Shelf","fields":{"name":"upper","place":"Attic"}}"#,
            r#""shelf":{"name":"upper","place":"Attic"},"beside":{"code":"thing-0"}"#,
            r#""labels":[{"word":"red"},{"word":"rund 100%"}]"#,
            r#"{"model":"stockroom.Slot","pk":[{"name":"upper","place":"Attic"},1],"fields":{"holds":{"code":"thing-0"}}}"#,
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        empty(db).await?;
        Label::draft().word("rund 100%").create(db).await?;
        loaded(&text, db).await?;
        let ids = Label::objects().order_by(|l| l.word.asc()).values(|l| (l.word, l.id)).all(db).await?;
        assert_eq!(ids.len(), 3);
        assert!(ids.iter().all(|(_, id)| *id > 3), "{ids:?}");
        // One label has another number, and so another place.
        let sorted = |text: &str| text.lines().map(|line| line.trim_end_matches(',').to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(sorted(&dumped(&dump, Format::Json, db).await?), sorted(&text));
        // Again: the same rows, changed.
        loaded(&text.replace("\"1.007\"", "\"9.000\""), db).await?;
        let thing = Thing::objects().filter(|t| t.code.eq("thing-2")).prefetch(|t| t.labels).get(db).await?;
        assert_eq!((thing.price.to_string().as_str(), thing.labels.get()?.len()), ("9.000", 2));
        assert_eq!(Thing::objects().count(db).await?, 3);
        Ok(())
    }

    async fn rows_may_point_to_what_comes_later(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let text = json!([
            {"model": "stockroom.shelf", "fields": {"name": "a", "place": "Cellar"}},
            {"model": "stockroom.shelf", "fields": {"name": "b", "place": "Cellar"}},
            {"model": "stockroom.slot", "pk": [["Cellar", "b"], 1], "fields": {"holds": null}},
            {"model": "stockroom.place", "pk": "Cellar", "fields": {"inside": "House"}},
            {"model": "stockroom.place", "pk": "House", "fields": {"inside": null}},
            {"model": "stockroom.label", "fields": {"word": "late"}},
        ]);
        // In Django's form a natural key is the list of its values: here those of (place, name).
        assert_eq!(loaded(&text.to_string(), db).await?, 6);
        let slot = Slot::objects().select_related(|s| s.shelf).get(db).await?;
        assert_eq!((slot.shelf.get()?.name.as_str(), slot.place), ("b", 1));
        // Three that lead in a circle, which NULL opens.
        let circle = json!([thing("one", "two"), thing("two", "three"), thing("three", "one")]);
        assert_eq!(loaded(&circle.to_string(), db).await?, 3);
        let beside = Thing::objects().order_by(|t| t.code.asc()).values(|t| (t.code, t.beside.code)).all(db).await?;
        let expected = [("one", "two"), ("three", "one"), ("two", "three")];
        assert_eq!(beside, expected.map(|(code, other)| (code.to_owned(), Some(other.to_owned()))));
        assert_eq!(Thing::objects().filter(|t| t.labels.any(|l| l.word.eq("late"))).count(db).await?, 3);
        Ok(())
    }

    async fn mistakes_name_the_record_and_leave_nothing(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let good = r#"{"model": "stockroom.Label", "pk": 1, "fields": {"word": "good"}}"#;
        let mut many = thing("x1x", "x1x");
        many["pk"] = json!(1);
        many["fields"]["beside"] = json!(null);
        many["fields"]["labels"] = json!([999]); // no such label
        let many = many.to_string();
        for (record, code, said) in [
            (r#"{"model": "stockroom.Lable", "pk": 2, "fields": {}}"#, Code::UnknownName, "record 2: there is no model `stockroom.Lable`"),
            (r#"{"model": "stockroom.Label", "pk": 2, "fields": {"wort": "x"}}"#, Code::Refused, "record 2 (stockroom.Label): 2 mistake(s)"),
            (r#"{"model": "stockroom.Label", "pk": "x", "fields": {"word": "x"}}"#, Code::Refused, "record 2 (stockroom.Label): 1 mistake(s)"),
            (r#"{"model": "stockroom.Label", "pk": [1, 2], "fields": {"word": "x"}}"#, Code::Refused, "record 2 (stockroom.Label)"),
            (r#"{"model": "stockroom.Slot", "pk": 1, "fields": {}}"#, Code::BadFixture, "record 2 (stockroom.Slot): its `pk` has to be a list of 2 values"),
            (r#"{"model": "stockroom.Slot", "pk": [{"name": "x"}, 1], "fields": {}}"#, Code::BadFixture, "record 2 (stockroom.Slot): `shelf`: no `stockroom.Shelf` has {\"name\":\"x\"}"),
            (r#"{"model": "stockroom.Slot", "pk": [["x"], 1], "fields": {}}"#, Code::BadFixture, "record 2 (stockroom.Slot): [\"x\"] is no natural key of `stockroom.Shelf`"),
            (r#"{"model": "stockroom.Slot", "pk": [{"title": "x"}, 1], "fields": {}}"#, Code::UnknownField, "`stockroom.Shelf` has no field `title`"),
            (r#"{"model": "stockroom.Place", "pk": "x", "fields": {"inside": "nowhere"}}"#, Code::ForeignKeyViolation, ""),
            (&many, Code::ForeignKeyViolation, ""),
            (r#"{"model": "stockroom.Label", "pk": 2, "fields": {"word": "good"}}"#, Code::UniqueViolation, "record 1 (stockroom.Label) to record 2 (stockroom.Label)"),
            (r#"{"model": "stockroom.Label", "pk": 2, "fields": {"word": "x"}, "more": 1}"#, Code::BadFixture, "record 2: it has `more`"),
            (r#"{"model": "stockroom.Label", "pk""#, Code::BadFixture, "record 2: it is no JSON"),
        ] {
            let text = format!("[{good}, {record}]");
            let error = loaded(&text, db).await.expect_err(record);
            assert_eq!(error.code(), code, "{error}");
            assert!(error.message().contains(said), "{error}");
            assert_eq!(Label::objects().count(db).await?, 0, "{record}");
        }
        // What another connection does is looked at as ever: nothing is left switched off.
        for _ in 0..8 {
            let refused = Place::draft().name("x").inside("nowhere".to_owned()).create(db).await.unwrap_err();
            assert_eq!(refused.code(), Code::ForeignKeyViolation);
        }
        Ok(())
    }

    async fn rows_are_taken_as_they_were_elsewhere(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        fill(db).await?;
        let text = dumped(&Dump::of([stockroom()]).only(["stockroom.Thing"])?, Format::Json, db).await?;
        // Too short for the rule, and refused by the model: rules are for what is new.
        loaded(&text.replace("thing-0", "x").replace("thing-1", "refused"), db).await?;
        let codes = Thing::objects().order_by(|t| t.id.asc()).values(|t| t.code).all(db).await?;
        assert_eq!(codes, ["x", "refused", "thing-2"]);
        assert!(Thing::objects().values(|t| t.changed).all(db).await?.iter().all(|changed| *changed == moment()));
        // Only some fields: the others stay.
        loaded(r#"[{"model": "stockroom.Label", "pk": 1, "fields": {"word": "rot"}}]"#, db).await?;
        assert_eq!(Label::objects().filter(|l| l.id.eq(1)).values(|l| l.word).get(db).await?, "rot");
        // A key that comes twice means what it says last.
        let twice = r#"[{"model": "stockroom.Label", "pk": 1, "fields": {"word": "a"}}, {"model": "stockroom.Label", "pk": 1, "fields": {"word": "b"}}]"#;
        loaded(twice, db).await?;
        assert_eq!(Label::get(1, db).await?.word, "b");
        // .. of what it says: the rest is what was said before.
        let parts = r#"[{"model": "stockroom.Place", "pk": "m", "fields": {"inside": "Attic"}}, {"model": "stockroom.Place", "pk": "m", "fields": {}}]"#;
        loaded(parts, db).await?;
        assert_eq!(Place::objects().filter(|p| p.name.eq("m")).values(|p| p.inside.name).get(db).await?.as_deref(), Some("Attic"));
        // Two without a key that mean one row by their natural key are one row.
        let twins = r#"[{"model": "stockroom.Label", "fields": {"word": "twin"}}, {"model": "stockroom.Label", "fields": {"word": "twin"}}]"#;
        loaded(twins, db).await?;
        assert_eq!(Label::objects().filter(|l| l.word.eq("twin")).count(db).await?, 1);
        // Numbers that others have taken are not given again, though no row has them.
        let taken = Label::draft().word("taken").create(db).await?;
        taken.clone().delete(db).await?;
        loaded(r#"[{"model": "stockroom.Label", "pk": 1, "fields": {"word": "c"}}]"#, db).await?;
        assert!(Label::draft().word("next").create(db).await?.id >= taken.id);
        // A generic key is a number: natural keys would lose what it means.
        let natural = dumped(&Dump::of([stockroom()]).natural_keys(), Format::Json, db).await.unwrap_err();
        assert_eq!((natural.code(), natural.fields()), (Code::BadFixture, &["on".to_owned()][..]));
        Ok(())
    }

    async fn records_as_django_writes_them_are_read(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        // Labels in small letters, what the database computes, the fields of a key beside it, spans below zero.
        let text = r#"[{"model": "stockroom.thing", "pk": 7, "fields": {"code": "django", "shelf": null, "beside": null, "price": "1.005",
            "weight": -0.0, "small": -1, "big": 1, "sound": true, "made": "2024-02-29", "at": "00:00:00.000", "seen": "1999-12-31T00:00:00",
            "changed": "2024-02-29T01:02:03.123Z", "lasts": "-1 23:59:59.999999", "number": "00112233-4455-6677-8899-aabbccddeeff",
            "raw": "//4=", "more": null, "next": 99, "labels": []}},
            {"model": "stockroom.slot", "pk": [1, 2], "fields": {"shelf": 1, "place": 2, "holds": 7}},
            {"model": "stockroom.shelf", "pk": 1, "fields": {"name": "upper", "place": "Attic"}},
            {"model": "stockroom.place", "pk": "Attic", "fields": {"inside": null}}]"#;
        assert_eq!(loaded(text, db).await?, 4);
        let thing = Thing::get(7, db).await?;
        assert_eq!((thing.lasts, thing.next, thing.raw), (TimeDelta::microseconds(-1), 0, vec![255, 254]));
        assert_eq!(Slot::objects().get(db).await?.holds.map(|holds| *holds.key()), Some(7));
        // What is no field of the model's stays a mistake.
        let unknown = loaded(r#"[{"model": "stockroom.label", "pk": 1, "fields": {"word": "x", "previous": 1}}]"#, db).await.unwrap_err();
        assert_eq!(unknown.fields(), ["previous"]);
        Ok(())
    }

    async fn it_is_part_of_a_transaction(bed) {
        tables(&bed).await?;
        let text = r#"[{"model": "stockroom.Place", "pk": "a", "fields": {"inside": "b"}}, {"model": "stockroom.Place", "pk": "b", "fields": {"inside": null}}]"#;
        let undone: orm::Result<()> = bed
            .db
            .transaction(async |tx| {
                Load::of([stockroom()]).read(Format::Json, text.as_bytes(), tx).await?;
                assert_eq!(Place::objects().count(tx).await?, 2);
                Err(orm::Error::new(Code::Own("stockroom.undone"), "not now"))
            })
            .await;
        assert_eq!(undone.unwrap_err().code(), Code::Own("stockroom.undone"));
        assert_eq!(Place::objects().count(&bed.db).await?, 0);
        Ok(())
    }

    async fn many_rows_take_few_statements(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let records: Vec<_> = (1..=1_200).map(|id| json!({"model": "stockroom.Label", "pk": id, "fields": {"word": format!("w{id}")}})).collect();
        let text = serde_json::Value::from(records).to_string();
        bed.log.clear();
        loaded(&text, db).await?;
        // In three parts: the keys that are there, and an insert each.
        let statements = bed.log.statements().iter().filter(|query| query.sql.contains("stockroom_label")).count();
        assert!(statements <= 3 * 2 + 2, "{:#?}", bed.log.statements());
        let dump = Dump::of([stockroom()]).only(["stockroom.Label"])?;
        bed.log.clear();
        assert_eq!(dumped(&dump, Format::JsonLines, db).await?.lines().count(), 1_200);
        assert_eq!(bed.log.statements().len(), 3);
        bed.log.clear();
        loaded(&text.replace("\"w", "\"v").replace("\"vord", "\"word"), db).await?;
        assert_eq!(Label::objects().filter(|l| l.word.starts_with("v")).count(db).await?, 1_200);
        Ok(())
    }

    async fn commands_write_and_read_files(bed) {
        tables(&bed).await?;
        fill(&bed.db).await?;
        if matches!(bed.backend, crate::bed::Backend::SqliteMemory) {
            return Ok(());
        }
        let folder = tempdir(&bed.url);
        let url = bed.url.clone();
        let run = move |line: String| {
            let mut printed = String::new();
            let project = Project::new().app(stockroom());
            // Said in the line: whatever the environment names.
            let line = ["manage", "--database", &url].into_iter().chain(line.split(' '));
            project.run_into(line, &mut printed).map(|()| printed)
        };
        let file = folder.join("all.jsonl").display().to_string();
        let printed = tokio::task::spawn_blocking(move || {
            run(format!("dumpdata --output {file}"))?;
            let shown = run("dumpdata stockroom.Label stockroom.Place -e stockroom.Place --format jsonl".to_owned())?;
            assert_eq!(shown.lines().next(), Some(r#"{"model":"stockroom.Label","pk":1,"fields":{"word":"red"}}"#));
            assert_eq!(shown.lines().count(), 3);
            // Some rows of one model, by their keys.
            let keys = |line: &str| run(format!("dumpdata --format jsonl {line}"));
            let shown = keys("stockroom.Label --pks 2,1 --pks 2")?;
            assert_eq!(shown.lines().map(|line| &line[..34]).collect::<Vec<_>>(), [
                r#"{"model":"stockroom.Label","pk":1,"#,
                r#"{"model":"stockroom.Label","pk":2,"#
            ]);
            assert!(keys("stockroom.Label --pks 2 --natural-keys")?.starts_with(r#"{"model":"stockroom.Label","fields""#));
            let missing = keys("stockroom.Label --pks 1,99,98").unwrap_err();
            assert_eq!((missing.code(), missing.message()), (Code::NotFound, "no row of `stockroom.Label` has the key 99, 98"));
            assert_eq!(keys("stockroom.Label --pks one").unwrap_err().code(), Code::InvalidValue);
            assert_eq!(keys("--pks 1").unwrap_err().code(), Code::BadSetting);
            assert_eq!(keys("stockroom.Slot --pks 1").unwrap_err().code(), Code::BadSetting);
            assert_eq!(run("dumpdata stockroom.Lable".to_owned()).unwrap_err().code(), Code::UnknownName);
            assert_eq!(run("loaddata no_such.json".to_owned()).unwrap_err().code(), Code::Io);
            assert_eq!(run(format!("dumpdata -o {file}.xml")).unwrap_err().code(), Code::BadFixture);
            run(format!("loaddata {file}"))
        });
        let printed = printed.await.unwrap()?;
        assert!(printed.contains("records\n") && printed.contains("  stockroom.Thing: 3\n"), "{printed}");
        std::fs::remove_dir_all(folder).unwrap();
        Ok(())
    }
}

fn tempdir(url: &str) -> std::path::PathBuf {
    let name: String = url.chars().filter(char::is_ascii_alphanumeric).collect();
    let folder = std::env::temp_dir().join(format!("orm_fixtures_{name}"));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
