//! Rows that serde wrote, read back: a row of everything that a column can be, new ones and edits, with related rows loaded or not.

use crate::bed::{Bed, behaviour};
use orm::{Code, Input, files::StoredFile, prelude::*};
use serde::Serialize;
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, net::IpAddr};

orm::app! { pub copies { City, Hall, Room, Visit, Stamp, Wide, Text } }

#[derive(Choices, Serialize, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    InStock,
    #[serde(rename = "gone!")]
    #[choice(value = "no")]
    SoldOut,
    #[serde(rename(serialize = "in_stock"))]
    Confusing,
}

/// Written by a rule, and stored as numbers.
#[derive(Choices, Serialize, Debug, Clone, Copy, PartialEq)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
pub enum Level {
    VeryLow = -1,
    High = 7,
}

#[derive(Choices, Serialize, Debug, Clone, PartialEq)]
pub enum Colour {
    Red,
    #[choice(other)]
    Own(String),
}

#[derive(FieldType, Serialize, Debug, Clone, PartialEq)]
pub struct Ramp(i32);

#[derive(FieldType, Serialize, Debug, Clone, PartialEq)]
pub struct Mood(State);

#[derive(Model, Serialize, Debug, Clone)]
pub struct City {
    pub id: i64,
    #[field(unique, max_length = 20)]
    pub code: State,
    pub name: String,
    #[field(via = home)]
    pub people: HasMany<Wide>,
}

#[derive(Model, Serialize, Debug, Clone)]
pub struct Hall {
    #[serde(rename = "letter")]
    #[field(primary_key, max_length = 20)]
    pub code: State,
}

/// Its key is a relation and a number.
#[derive(Model, Serialize, Debug, Clone)]
#[serde(rename_all = "camelCase")]
pub struct Room {
    #[field(primary_key)]
    pub the_hall: ForeignKey<Hall>,
    #[field(primary_key)]
    pub number: i32,
}

/// Its key holds a key of two columns.
#[derive(Model, Serialize, Debug, Clone)]
pub struct Visit {
    #[field(primary_key)]
    pub room: ForeignKey<Room>,
    #[field(primary_key)]
    pub day: NaiveDate,
}

#[derive(Model, Serialize, Debug, Clone)]
pub struct Stamp {
    pub id: i64,
    pub text: String,
    #[field(via = stamps)]
    pub wides: ManyToMany<Wide>,
}

#[derive(ModelPart, Serialize, Debug, Clone)]
#[serde(rename_all = "UPPERCASE")]
pub struct Times {
    #[field(auto_now_add)]
    pub made_at: DateTime<Utc>,
    pub remark: Option<String>,
}

#[derive(ModelPart, Serialize, Debug, Clone)]
pub struct Place {
    pub street: String,
}

#[derive(Model, Serialize, Debug, Clone)]
#[serde(rename_all = "camelCase")]
pub struct Wide {
    pub id: i64,
    pub flag: bool,
    pub small: i16,
    pub medium_number: i32,
    pub big: i64,
    pub never_negative: u64,
    pub single: f32,
    pub double: f64,
    #[field(max_digits = 20, decimal_places = 4)]
    pub price: Decimal,
    pub text: String,
    pub day: NaiveDate,
    pub time: NaiveTime,
    pub moment: NaiveDateTime,
    pub instant: DateTime<Utc>,
    pub span: TimeDelta,
    pub uid: Uuid,
    pub address: IpAddr,
    pub bytes: Vec<u8>,
    pub document: Json,
    pub details: orm::Json<BTreeMap<String, Vec<i32>>>,
    pub state: State,
    pub level: Level,
    #[field(max_length = 30)]
    pub colour: Colour,
    pub ramp: Ramp,
    pub mood: Mood,
    #[serde(rename = "type")]
    pub kind: String,
    pub file: StoredFile,
    pub home: ForeignKey<City>,
    pub by_code: ForeignKey<CityByCode>,
    pub visit: ForeignKey<Visit>,
    pub about: GenericForeignKey,
    #[field(flatten)]
    pub all_times: Times,
    #[serde(flatten)]
    #[field(flatten)]
    pub place: Place,
    pub maybe_flag: Option<bool>,
    pub maybe_number: Option<u32>,
    pub maybe_text: Option<String>,
    #[field(max_digits = 6, decimal_places = 2)]
    pub maybe_price: Option<Decimal>,
    pub maybe_instant: Option<DateTime<Utc>>,
    pub maybe_span: Option<TimeDelta>,
    pub maybe_bytes: Option<Vec<u8>>,
    pub maybe_document: Option<Json>,
    pub maybe_state: Option<State>,
    pub maybe_level: Option<Level>,
    pub maybe_visit: Option<OneToOne<Visit>>,
    pub maybe_about: Option<GenericForeignKey<i64>>,
    #[field(default = 5, editable = false)]
    pub views: i32,
    #[field(auto_now)]
    pub changed: DateTime<Utc>,
    #[field(version)]
    pub version: i32,
    #[field(generated = |w| w.big + 1)]
    pub next: i64,
    pub stamps: ManyToMany<Stamp>,
    pub one: HasOne<Text>,
}

#[derive(Model, Serialize, Debug, Clone)]
pub struct Text {
    #[field(primary_key, parent)]
    pub wide: OneToOne<Wide>,
    pub body: String,
}

/// What only PostgreSQL has.
mod native {
    use super::State;
    use orm::{
        postgres::{HStore, Range, SearchVector},
        prelude::*,
    };
    use serde::Serialize;

    orm::app! { pub originals { Native } }

    #[derive(Model, Serialize, Debug, Clone)]
    pub struct Native {
        pub id: i64,
        pub numbers: Vec<i32>,
        pub states: Vec<State>,
        pub spans: Option<Vec<Option<TimeDelta>>>,
        pub blobs: Vec<Vec<u8>>,
        pub days: Range<NaiveDate>,
        pub prices: Option<Range<Decimal>>,
        pub pairs: HStore,
        pub words: SearchVector,
    }
}

/// A row in which nothing is missing, and one with as little as can be.
async fn filled(bed: &Bed) -> orm::Result<(Wide, Wide)> {
    let db = &bed.db;
    orm::migrate::create_tables(db, &[copies()]).await?;
    let city = City::draft().code(State::SoldOut).name("Zürich").create(db).await?;
    let hall = Hall::draft().code(State::Confusing).create(db).await?;
    let room = Room::draft().the_hall(&hall).number(-3).create(db).await?;
    let day = NaiveDate::from_ymd_opt(1, 2, 3).unwrap();
    let visit = Visit::draft().room(&room).day(day).create(db).await?;
    let stamp = Stamp::draft().text("β").create(db).await?;
    let time = NaiveTime::from_hms_micro_opt(23, 59, 59, 999_999).unwrap();
    let least = || {
        Wide::draft()
            .flag(true)
            .small(i16::MIN)
            .medium_number(i32::MAX)
            .big(i64::MAX - 1)
            .never_negative(i64::MAX as u64)
            .single(0.1_f32)
            .double(-1.5e-9)
            .price("-99999999999.0001".parse::<Decimal>().unwrap())
            .text("\"ünï\"\\ \u{1F980} \n")
            .day(day)
            .time(time)
            .moment(day.and_time(time))
            .instant(NaiveDate::from_ymd_opt(9999, 12, 31).unwrap().and_time(time).and_utc())
            .span(TimeDelta::microseconds(-1_500_001))
            .uid(Uuid::from_u128(77))
            .address("2001:db8::1".parse::<IpAddr>().unwrap())
            .bytes(vec![0, 255, 7])
            .document(json!({"a": [1, null, "x"], "b": 1.5}))
            .details(orm::Json(BTreeMap::from([("ä".to_owned(), vec![1, 2])])))
            .state(State::InStock)
            .level(Level::VeryLow)
            .colour(Colour::Own("Red".to_owned()))
            .ramp(Ramp(3))
            .mood(Mood(State::SoldOut))
            .kind("k")
            .file(StoredFile::at("a/ü.txt").unwrap())
            .home(&city)
            .by_code(&city)
            .visit(&visit)
            .about(&city)
            .all_times(Times { made_at: Utc::now(), remark: None })
            .place(Place { street: "Gasse".to_owned() })
    };
    let bare = least().document(Json::Null).create(db).await?;
    let whole = least()
        .maybe_flag(false)
        .maybe_number(0)
        .maybe_text("")
        .maybe_price(Decimal::new(-150, 2))
        .maybe_instant(Utc::now())
        .maybe_span(TimeDelta::seconds(86_400))
        .maybe_bytes(Vec::new())
        .maybe_document(json!([]))
        .maybe_state(State::Confusing)
        .maybe_level(Level::High)
        .maybe_visit(&visit)
        .maybe_about(&city)
        .all_times(Times { made_at: Utc::now(), remark: Some("?".to_owned()) })
        .views(9)
        .create(db)
        .await?;
    whole.many(|w| w.stamps).add([&stamp], db).await?;
    let mut whole = whole.edit();
    whole.flag = false;
    Ok((bare, whole.save(db).await?))
}

/// The same as serde writes it, and as it is printed.
fn same(one: &Wide, other: &Wide) {
    assert_eq!(format!("{one:?}"), format!("{other:?}"));
    assert_eq!(json(one), json(other));
}

fn json(row: &impl Serialize) -> Json {
    // By way of text, as a queue has it.
    serde_json::from_str(&serde_json::to_string(row).unwrap()).unwrap()
}

behaviour! {
    async fn a_row_of_everything_comes_back(bed) {
        let (bare, whole) = filled(&bed).await?;
        let db = &bed.db;
        assert_eq!((json(&whole)["mediumNumber"].clone(), json(&whole)["level"].clone()), (json!(i32::MAX), json!("VERY-LOW")));
        for row in [bare, whole] {
            // An edit of the row that it was: nothing has changed.
            let mut edit = Wide::get(row.id, db).await?.edit();
            edit.apply(Input::of_row(json(&row)))?;
            assert_eq!(edit.changed()?, [""; 0]);
            same(&edit.into_row(), &row);

            // The row itself, once it is gone.
            row.many(|w| w.stamps).clear(db).await?;
            row.clone().delete(db).await?;
            let again = Wide::draft_from(Input::of_row(json(&row)).with_automatic())?.create(db).await?;
            same(&again, &row);
            same(&Wide::get(row.id, db).await?, &row);

            // A new row like it, whose key, times and version are its own.
            let mut written = json(&row);
            written["maybeVisit"] = Json::Null;
            let twin = Wide::draft_from(Input::of_row(written))?.create(db).await?;
            assert_ne!(twin.id, row.id);
            assert_eq!((twin.version, twin.views, twin.next), (1, 5, row.next));
            let alike = Wide { id: row.id, version: row.version, views: row.views, changed: row.changed, maybe_visit: row.maybe_visit.clone(), ..twin };
            same(&Wide { all_times: row.all_times.clone(), ..alike }, &row);
        }
        Ok(())
    }

    async fn related_rows_that_are_loaded_are_their_keys(bed) {
        let (bare, whole) = filled(&bed).await?;
        let db = &bed.db;
        Text::draft().wide(&whole).body("b").create(db).await?;
        let loaded = Wide::objects()
            .select_related(|w| (w.home, w.by_code, w.visit.room.the_hall, w.maybe_visit.room, w.one))
            .prefetch(|w| (w.stamps, w.about, w.home.people))
            .order_by(|w| w.id.asc())
            .all(db)
            .await?;
        for (row, plain) in loaded.iter().zip([&bare, &whole]) {
            let written = json(row);
            assert_eq!(written["visit"]["room"]["theHall"]["letter"], "in_stock");
            assert!(written["byCode"].is_object() && written["home"]["people"][0].is_object() && written["stamps"].is_array());
            let mut edit = Wide::get(row.id, db).await?.edit();
            edit.apply(Input::of_row(written.clone()))?;
            assert_eq!(edit.changed()?, [""; 0]);
            // Another row is given all of it: the relations with the rest.
            let mut all = written;
            all.as_object_mut().unwrap().retain(|name, _| !["id", "version", "maybeVisit"].contains(&name.as_str()));
            let target = Wide::objects().filter(|w| w.id.ne(row.id)).order_by(|w| w.id.asc()).first(db).await?.unwrap();
            let kept = target.maybe_visit.clone();
            let mut edit = target.edit();
            edit.apply(Input::of_row(all))?;
            let tx = db.begin().await?;
            let saved = edit.save(&tx).await?;
            tx.rollback().await?;
            assert_eq!((saved.maybe_visit, saved.visit.key(), saved.by_code.key()), (kept, plain.visit.key(), &State::SoldOut));
            assert_eq!((saved.flag, saved.maybe_text, saved.maybe_about), (plain.flag, plain.maybe_text.clone(), plain.maybe_about.clone()));
        }
        // A row of two models: the key of the child is that of its parent.
        let text = Text::objects().select_related(|t| t.wide).get(db).await?;
        let mut edit = text.clone().edit();
        edit.apply(Input::of_row(json(&text)))?;
        assert!(edit.changed()?.is_empty());
        text.clone().delete_keep_parents(db).await?;
        let again = Text::draft_from(Input::of_row(json(&text)))?.create(db).await?;
        assert_eq!((again.wide.key(), again.body), (text.wide.key(), text.body));
        // Keys of several columns, and a key within a key.
        let visit = Visit::objects().select_related(|v| v.room).get(db).await?;
        for written in [json(&visit), json(&Visit::objects().get(db).await?)] {
            let mut edit = visit.clone().edit();
            edit.apply(Input::of_row(written.clone()))?;
            assert!(edit.changed()?.is_empty());
            let mut other = written;
            other["day"] = json!("2026-01-01");
            let new = Visit::draft_from(Input::of_row(other))?;
            new.create(db).await?.delete(db).await?;
        }
        Ok(())
    }

    async fn what_may_not_be_set_is_passed_over_and_the_rest_refused(bed) {
        let (bare, whole) = filled(&bed).await?;
        let db = &bed.db;
        let mistakes = |edit: &mut orm::Edit<Wide>, change: fn(&mut Json)| {
            let mut written = json(&Wide { ..bare.clone() });
            change(&mut written);
            let error = edit.apply(Input::of_row(written)).err();
            error.map(|error| serde_json::to_value(error.validation()).unwrap()).unwrap_or_default()
        };
        let mut edit = bare.clone().edit();
        // Another row, another state of it, and what is no field.
        let other = mistakes(&mut edit, |row| row["id"] = json!(99));
        assert_eq!(other, json!([{"field": "id", "code": "value.not_editable", "message": "`id` is the key of another row", "params": {"reason": "key"}}]));
        let stale = mistakes(&mut edit, |row| row["version"] = json!(7));
        assert_eq!((&stale[0]["field"], &stale[0]["code"]), (&json!("version"), &json!(Code::Stale.as_str())));
        let unknown = mistakes(&mut edit, |row| row["txet"] = json!(1));
        assert_eq!((&unknown[0]["code"], &unknown[0]["params"]["nearest"]), (&json!("value.unknown_field"), &json!("text")));
        let unknown = mistakes(&mut edit, |row| row["allTimes"]["MADE"] = json!(1));
        assert_eq!(unknown[0]["field"], "allTimes.MADE");
        // Names as they are in Rust are not those that serde writes.
        let unknown = mistakes(&mut edit, |row| row["kind"] = json!("k"));
        assert_eq!(unknown[0]["field"], "kind");
        // Values of another form, each at its field.
        for (name, field, wrong) in [
            ("state", "state", json!("SoldOut")),
            ("level", "level", json!("High")),
            ("bytes", "bytes", json!([1, 256])),
            ("span", "span", json!([1, 5])),
            ("span", "span", json!([1, 1_000_000_000])),
            ("home", "home", json!({"name": "x"})),
            ("visit", "visit", json!([["in_stock", 1]])),
            ("byCode", "by_code", json!("nowhere")),
            ("about", "about", json!({"model": "copies.Nothing", "key": "1"})),
        ] {
            let mut written = json(&bare);
            written[name] = wrong.clone();
            let error = edit.apply(Input::of_row(written)).unwrap_err();
            let [mistake] = error.validation() else { panic!("{wrong}: {error:?}") };
            assert_eq!(mistake.field.as_deref(), Some(field), "{wrong}");
        }
        assert!(edit.changed()?.is_empty());
        // Bytes as text, and choices as they are stored, are understood as well.
        edit.apply(Input::of_row(json!({"bytes": "AQI=", "state": "no", "level": 7, "mood": "gone!", "span": "00:00:01"})))?;
        assert_eq!((edit.bytes.as_slice(), edit.state, edit.level), (&[1, 2][..], State::SoldOut, Level::High));
        assert_eq!((edit.changed()?, edit.span), (vec!["span", "bytes", "state", "level"], TimeDelta::seconds(1)));

        // What the program allows, and what it adds itself.
        let mut edit = bare.clone().edit();
        let mut written = json(&whole);
        written.as_object_mut().unwrap().retain(|name, _| !["id", "version"].contains(&name.as_str()));
        edit.apply(Input::of_row(written.clone()).only(["flag", "views"]).set("text", "own"))?;
        assert_eq!(edit.changed()?, ["flag", "text", "views"]);
        let mut edit = bare.clone().edit();
        edit.apply(Input::of_row(written.clone()).set("maybe_visit", Json::Null))?;
        assert_eq!((edit.views, edit.changed, edit.maybe_number), (bare.views, bare.changed, Some(0)));
        let lacking = Wide::draft_from(Input::of_row(json(&whole)).only(["flag"])).err().unwrap();
        assert!(lacking.validation().iter().all(|mistake| mistake.code == Code::MissingValue));
        assert_eq!(Wide::draft_from(Input::of_row(json!([]))).err().unwrap().validation()[0].params["expected"], "object");
        let twice = Wide::draft_validated(Input::of_row(json(&whole)).with_automatic(), db).await.err().unwrap();
        let told: Vec<_> = twice.validation().iter().filter_map(|mistake| mistake.field.as_deref()).collect();
        assert_eq!(told, ["maybe_visit", "id"]);

        // From outside all is as it was.
        let outside = Wide::draft_from(json!({"state": "InStock", "span": [1, 0], "home": {"id": 1}, "id": 7})).err().unwrap();
        let told: Vec<_> = outside.validation().iter().take(4).filter_map(|mistake| mistake.field.as_deref()).collect();
        assert_eq!(told, ["home", "id", "span", "state"]);
        Ok(())
    }

    async fn types_of_postgres_come_back(bed, requires(PostgresTypes)) {
        use native::Native;
        use orm::postgres::{HStore, Range, SearchVector};
        let db = &bed.db;
        db.batch("CREATE EXTENSION IF NOT EXISTS hstore").await?;
        orm::migrate::create_tables(db, &[native::originals()]).await?;
        let day = NaiveDate::from_ymd_opt(2026, 1, 31).unwrap();
        let row = Native::draft()
            .numbers(vec![1, -2])
            .states(vec![State::SoldOut, State::InStock])
            .spans(vec![Some(TimeDelta::microseconds(-1)), None])
            .blobs(vec![vec![0, 255], vec![]])
            .days(Range::from(day..))
            .prices(Range::from(Decimal::new(15, 1)..Decimal::new(99, 0)))
            .pairs([("ä".to_owned(), Some("1".to_owned())), ("b".to_owned(), None)].into_iter().collect::<HStore>())
            .words(SearchVector::default())
            .create(db)
            .await?;
        let mut edit = row.clone().edit();
        edit.apply(Input::of_row(json(&row)))?;
        assert_eq!(edit.changed()?, [""; 0]);
        let twin = Native::draft_from(Input::of_row(json(&row)))?.create(db).await?;
        assert_eq!(json(&Native { id: row.id, ..twin }), json(&row));
        Ok(())
    }
}
