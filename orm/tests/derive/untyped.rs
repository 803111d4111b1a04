//! Drafts and edits from values that are not typed: what is accepted, and every mistake at once, as data.

use orm::{Code, Input, prelude::*};
use serde_json::{Value as Json, json};

mod forms {
    use orm::{FieldType, prelude::*};

    orm::app! { pub forms { Country, Place, Everything } }

    #[derive(Choices, Debug, Clone, Copy, PartialEq)]
    pub enum Status {
        Draft,
        Published,
    }

    #[derive(Choices, Debug, Clone, Copy, PartialEq)]
    #[repr(i16)]
    pub enum Level {
        Low = 1,
        High = 9,
    }

    #[derive(FieldType, Debug, Clone, PartialEq, Eq, Hash)]
    pub struct Isbn(pub String);

    #[derive(ModelPart, Debug, Clone)]
    pub struct Size {
        pub pages: u16,
        pub weight: Option<f32>,
    }

    #[derive(Model, Debug, Clone)]
    pub struct Country {
        #[field(primary_key, max_length = 2)]
        pub code: String,
    }

    #[derive(Model, Debug, Clone)]
    pub struct Place {
        #[field(primary_key)]
        pub country: ForeignKey<Country>,
        #[field(primary_key)]
        pub number: i32,
    }

    #[derive(Model, Debug, Clone)]
    pub struct Everything {
        pub id: i64,
        pub flag: bool,
        pub small: i16,
        pub whole: i32,
        pub big: Option<i64>,
        pub float: f64,
        #[field(max_digits = 6, decimal_places = 2)]
        pub price: Decimal,
        #[field(max_length = 5)]
        pub text: String,
        pub note: Option<String>,
        pub day: NaiveDate,
        pub clock: NaiveTime,
        pub stamp: NaiveDateTime,
        pub instant: DateTime<Utc>,
        pub span: TimeDelta,
        pub token: Uuid,
        pub bytes: Vec<u8>,
        pub document: serde_json::Value,
        pub status: Status,
        pub level: Option<Level>,
        pub isbn: Isbn,
        #[field(default = 7)]
        pub stars: i32,
        #[field(auto_now)]
        pub changed: DateTime<Utc>,
        #[field(flatten)]
        pub size: Size,
        pub country: Option<ForeignKey<Country>>,
        pub place: ForeignKey<Place>,
        pub visited: ManyToMany<Country>,
    }
}
use forms::{Country, Everything, Place};

fn whole() -> Json {
    json!({
        "flag": true, "small": -3, "whole": 2_147_483_647, "big": null, "float": 2, "price": 12.5, "text": "žluť",
        "note": "", "day": "2024-02-29", "clock": "23:59:58.000001", "stamp": "2024-02-29T12:00:00",
        "instant": "2024-02-29T12:00:00.25+02:00", "span": "P1DT0.5S", "token": "67e55044-10b1-426f-9247-bb680e5fe0c8",
        "bytes": "aGk=", "document": { "a": [null] }, "status": "published", "level": 9, "isbn": "x", "pages": 7,
        "country": "FR", "place": ["FR", 3],
    })
}

async fn database() -> orm::Result<Database> {
    let db = Database::connect("sqlite::memory:").await?;
    orm::migrate::create_tables(&db, &[forms::forms()]).await?;
    let france = Country::draft().code("FR").create(&db).await?;
    Place::draft().country(&france).number(3).create(&db).await?;
    Ok(db)
}

/// The mistakes in a draft of `Everything`, by field and code.
fn mistakes(input: impl Into<Input>) -> Vec<(String, Code)> {
    let error = Everything::draft_from(input).err().expect("this is refused");
    assert_eq!((error.code(), error.model()), (Code::Refused, Some("Everything")));
    let field = |mistake: &orm::ValidationError| mistake.field.clone().unwrap_or_default();
    error.validation().iter().map(|mistake| (field(mistake), mistake.code)).collect()
}

/// The document with some values replaced.
fn with(changes: Json) -> Json {
    let mut document = whole();
    for (name, value) in changes.as_object().unwrap() {
        document[name] = value.clone();
    }
    document
}

/// The one mistake that a value has.
fn mistake(field: &str, value: Json) -> orm::ValidationError {
    let error = Everything::draft_from(with(json!({ field: value }))).err().expect("this is refused");
    assert_eq!((error.validation().len(), error.fields()), (1, &[field.to_owned()][..]), "{error}");
    error.validation()[0].clone()
}

#[tokio::test]
async fn a_document_makes_a_row() -> orm::Result<()> {
    let db = database().await?;
    let row = Everything::draft_from(whole())?.create(&db).await?;
    assert_eq!((row.flag, row.small, row.whole, row.big, row.float), (true, -3, i32::MAX, None, 2.0));
    assert_eq!((row.price.to_string().as_str(), row.text.as_str(), row.note.as_deref()), ("12.50", "žluť", Some("")));
    assert_eq!(row.instant.to_rfc3339(), "2024-02-29T10:00:00.250+00:00");
    assert_eq!((row.span, row.bytes.as_slice()), (TimeDelta::milliseconds(86_400_500), &b"hi"[..]));
    assert_eq!((row.status, row.level, row.isbn.0.as_str()), (forms::Status::Published, Some(forms::Level::High), "x"));
    assert_eq!((row.stars, row.size.pages, row.size.weight), (7, 7, None));
    assert_eq!((row.country.unwrap().key().as_str(), row.place.key()), ("FR", &("FR".to_owned(), 3)));
    Ok(())
}

#[tokio::test]
async fn a_form_makes_a_row() -> orm::Result<()> {
    let db = database().await?;
    let pairs = [
        ("flag", "on"),
        ("small", " 3 "),
        ("whole", "-4"),
        ("big", ""),
        ("float", "1e3"),
        ("price", "0.10"),
        ("text", ""),
        ("note", ""),
        ("day", "2024-02-29"),
        ("clock", "23:59"),
        ("stamp", "2024-02-29 12:00"),
        ("instant", "2024-02-29T12:00:00Z"),
        ("span", "1 00:00:00.5"),
        ("token", "67e5504410b1426f9247bb680e5fe0c8"),
        ("bytes", ""),
        ("document", "{\"a\": 1}"),
        ("status", "draft"),
        ("level", "1"),
        ("isbn", "x"),
        ("pages", "7"),
        ("weight", "1.5"),
        ("country", ""),
    ];
    // A key of several columns is no text.
    let refused = Everything::draft_from(pairs.into_iter().chain([("place", "FR")]).collect::<Input>()).err().unwrap();
    assert_eq!(refused.validation()[1].message, "`place`: expected the key of a `Place`, a list: [country, number]");
    let no_bytes = &refused.validation()[0];
    assert_eq!((no_bytes.field.as_deref(), no_bytes.code), (Some("bytes"), Code::MissingValue));

    let input = Input::from(pairs.to_vec()).set("place", json!(["FR", 3])).set("bytes", "");
    let row = Everything::draft_from(input)?.create(&db).await?;
    assert_eq!((row.flag, row.big, row.float, row.text.as_str(), row.note), (true, None, 1000.0, "", None));
    assert!(row.country.is_none() && row.bytes.is_empty());
    Ok(())
}

#[test]
fn every_mistake_comes_at_once() {
    let document = json!({
        "id": 3, "flag": "yes", "small": 40_000, "whole": 1.5, "float": "2", "price": 1.005, "text": "längst zu lang",
        "day": "2023-02-29", "clock": "25:00:00", "stamp": "2024-01-01T25:00", "instant": "2024-01-01T00:00:00", "span": 5,
        "token": "x", "bytes": "?", "status": "sold", "level": 2, "isbn": 5, "changed": "2024-01-01T00:00:00Z",
        "pages": -1, "wieght": 2, "country": { "code": "FR" }, "place": ["FR"], "visited": ["FR"], "stars": null,
    });
    use Code::*;
    let mut found = mistakes(document);
    found.sort_by(|left, right| left.0.cmp(&right.0));
    let mut expected = [
        ("bytes", InvalidValue),
        ("changed", NotEditable),
        ("clock", InvalidValue),
        ("country", InvalidValue),
        ("day", InvalidValue),
        ("document", MissingValue),
        ("flag", InvalidValue),
        ("float", InvalidValue),
        ("id", NotEditable),
        ("instant", InvalidValue),
        ("isbn", InvalidValue),
        ("level", UnknownChoice),
        ("pages", OutOfRange),
        ("place", InvalidValue),
        ("price", InexactDecimal),
        ("small", OutOfRange),
        ("span", InvalidValue),
        ("stamp", InvalidValue),
        ("stars", MissingValue),
        ("status", UnknownChoice),
        ("text", TooLong),
        ("token", InvalidValue),
        ("visited", NotEditable),
        ("whole", InvalidValue),
        ("wieght", UnknownField),
    ];
    expected.sort_by(|left, right| left.0.cmp(right.0));
    let expected: Vec<_> = expected.into_iter().map(|(field, code)| (field.to_owned(), code)).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_mistake_says_what_it_is_made_of() {
    let params = |field: &str, value: Json| serde_json::to_value(mistake(field, value).params).unwrap();
    assert_eq!(params("text", json!("too long")), json!({ "limit": 5, "length": 8 }));
    assert_eq!(params("small", json!(40_000)), json!({ "min": -32768, "max": 32767 }));
    assert_eq!(params("pages", json!(-1)), json!({ "min": 0, "max": 32767 }));
    assert_eq!(params("pages", json!(40_000)), json!({ "min": 0, "max": 32767 }));
    assert_eq!(params("price", json!("12345.6")), json!({ "max_digits": 6, "decimal_places": 2 }));
    assert_eq!(params("price", json!("0.005")), json!({ "decimal_places": 2 }));
    assert_eq!(params("status", json!("sold")), json!({ "choices": ["draft", "published"] }));
    assert_eq!(params("level", json!(2)), json!({ "choices": [1, 9] }));
    assert_eq!(params("day", json!("tomorrow")), json!({ "expected": "a date, YYYY-MM-DD" }));
    assert_eq!(params("visited", json!([])), json!({ "reason": "many_to_many" }));
    let unknown = Everything::draft_from(with(json!({ "prize": 1 }))).err().unwrap();
    assert_eq!(
        serde_json::to_value(unknown.validation()).unwrap(),
        json!([{
            "field": "prize", "code": "value.unknown_field", "message": "`Everything` has no field `prize`; did you mean `price`?",
            "params": { "nearest": "price" },
        }])
    );
}

#[test]
fn numbers_are_exact() {
    for inexact in [json!(0.123_456_789_012_345_67), json!("0.00000000000000000000000000001")] {
        assert_eq!(mistake("price", inexact.clone()).code, Code::InexactDecimal, "{inexact}");
    }
    for large in [json!("99999999999999999999999999999999"), json!(u64::MAX), json!("1e9")] {
        assert_eq!(mistake("price", large.clone()).code, Code::OutOfRange, "{large}");
    }
    for no_number in [json!("NaN"), json!("1_000"), json!("0x10"), json!(""), json!("."), json!(true)] {
        let code = mistake("price", no_number.clone()).code;
        assert!(matches!(code, Code::InvalidValue | Code::MissingValue), "{no_number}: {code:?}");
    }
    assert_eq!(mistake("big", json!(u64::MAX)).code, Code::OutOfRange);
    assert_eq!(mistake("whole", json!("5")).code, Code::InvalidValue);
    assert_eq!(mistake("text", json!("a\0b")).code, Code::InvalidValue);
    let form = |field: &str, value: &str| Everything::draft_from([(field, value)]).err().unwrap().validation()[0].code;
    assert_eq!(form("whole", "99999999999999999999999999999999999999999"), Code::OutOfRange);
    assert_eq!(form("float", "inf"), Code::InvalidValue);
    assert_eq!(form("float", "1e999"), Code::OutOfRange);
    assert_eq!(form("weight", "1e300"), Code::OutOfRange);
    assert_eq!(form("flag", "maybe"), Code::InvalidValue);
}

#[test]
fn values_that_are_no_object_are_refused() {
    for document in [json!(null), json!([1]), json!("x")] {
        let error = Everything::draft_from(document).err().unwrap();
        assert_eq!(
            serde_json::to_value(error.validation()).unwrap(),
            json!([{
                "field": null, "code": "value.invalid", "message": "expected an object with the names of fields",
                "params": { "expected": "object" },
            }])
        );
    }
    let twice = [("small", "1"), ("small", "2")];
    assert!(mistakes(twice).contains(&("small".to_owned(), Code::InvalidValue)));
}

#[test]
fn what_may_come_from_outside_can_be_narrowed_down() {
    let input = || Input::from(whole()).only(["flag", "small"]);
    let refused = mistakes(input());
    assert_eq!(refused.len(), whole().as_object().unwrap().len() - 2);
    assert!(refused.iter().all(|(_, code)| *code == Code::NotEditable));
    // What the program sets itself is allowed, and checked.
    let refused = mistakes(input().set("stars", 5).set("text", "too long"));
    assert!(refused.contains(&("text".to_owned(), Code::TooLong)));
    assert!(!refused.iter().any(|(field, _)| field == "stars"));
}

#[tokio::test]
async fn an_edit_takes_all_values_or_none() -> orm::Result<()> {
    let db = database().await?;
    let row = Everything::draft_from(whole())?.create(&db).await?;
    let mut edit = Everything::objects().select_related(|e| (e.country, e.place)).get(&db).await?.edit();
    let refused = edit.apply(json!({ "id": 9, "stars": 1, "text": "too long", "frobnicate": 1 })).unwrap_err();
    let codes: Vec<Code> = refused.validation().iter().map(|mistake| mistake.code).collect();
    assert_eq!(codes.len(), 3);
    assert!(
        codes.contains(&Code::NotEditable) && codes.contains(&Code::TooLong) && codes.contains(&Code::UnknownField)
    );
    assert!(edit.changed()?.is_empty());

    edit.apply(json!({ "stars": 1, "price": "7", "country": null, "pages": 9, "level": 1 }))?;
    assert_eq!(edit.changed()?, ["price", "level", "stars", "pages", "country"]);
    assert!(edit.place.is_loaded(), "the place is the same, so its row stays");
    let row = {
        let _ = row;
        edit.save(&db).await?
    };
    assert_eq!((row.stars, row.price.to_string().as_str(), row.size.pages), (1, "7.00", 9));
    assert_eq!((row.level, row.country), (Some(forms::Level::Low), None));
    Ok(())
}

#[test]
fn a_type_of_ones_own_reads_as_it_likes() {
    use orm::{Cell, FieldType, Kind, Plain, Untyped, Value, family};

    #[derive(Debug, PartialEq)]
    struct Percent(f64);

    impl FieldType for Percent {
        type Plain = Self;
        type Nullable = Option<Self>;
        type Nullness = orm::NotNull;
        type Family = family::Float;
        const KIND: Kind = Kind::F64;

        fn to_value(&self) -> orm::Result<Value> {
            self.0.to_value()
        }
        fn from_cell(cell: &Cell<'_>) -> orm::Result<Self> {
            f64::from_cell(cell).map(Percent)
        }
        fn from_untyped(given: Untyped<'_>) -> orm::Result<Self> {
            match given {
                Untyped::Text(text) => f64::from_untyped(Untyped::Text(text.trim_end_matches('%'))).map(Percent),
                json => f64::from_untyped(json).map(Percent),
            }
        }
    }
    impl Plain for Percent {}

    assert_eq!(Percent::from_untyped(Untyped::Text("50%")).unwrap(), Percent(50.0));
    assert_eq!(Option::<Percent>::from_untyped(Untyped::Json(&json!(null))).unwrap(), None);
}
