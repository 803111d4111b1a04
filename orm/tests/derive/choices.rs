//! Enums and newtypes in columns.

use orm::prelude::*;
use orm::{Code, Kind, Value};

orm::app! { shop { Item } }

#[derive(Choices, Debug, Clone, Copy, PartialEq)]
enum Status {
    Draft,
    InProgress,
    #[choice(value = "pub", label = "In print")]
    Published,
}

#[derive(Choices, Debug, Clone, Copy, PartialEq)]
#[repr(i16)]
enum Priority {
    Low = -1,
    Normal,
    High = 10,
}

#[derive(Choices, Debug, Clone, PartialEq)]
enum Colour {
    Red,
    #[choice(other)]
    Named(String),
}

#[derive(Choices, Debug, Clone, PartialEq)]
#[choices(integer)]
enum Level {
    One,
    Two,
    #[choice(other)]
    Unknown(i64),
}

#[derive(Choices, Debug, Clone, Copy, PartialEq)]
#[repr(u16)]
enum Size {
    Small = 1,
    Large = 9,
}

#[derive(orm::FieldType, Debug, Clone, PartialEq, Eq, Hash)]
struct Sku(String);

type Maybe<T> = Option<T>;

#[derive(Model, Debug, Clone)]
struct Item {
    #[field(primary_key, max_length = 20)]
    sku: Sku,
    #[field(default = Status::InProgress)]
    status: Status,
    priority: Option<Priority>,
    colour: Colour,
    level: Maybe<Level>,
}

#[tokio::test]
async fn choices_are_stored_and_read() -> orm::Result<()> {
    let db = Database::connect("sqlite::memory:").await?;
    db.batch("CREATE TABLE shop_item (sku text primary key, status text not null, priority integer, colour text not null, level integer)")
        .await?;
    let made = Item::draft().sku(Sku("a".to_owned())).colour(Colour::Red).create(&db).await?;
    assert_eq!((made.status, made.priority, made.colour), (Status::InProgress, None, Colour::Red));
    Item::draft()
        .sku(Sku("b".to_owned()))
        .status(Status::Published)
        .priority(Priority::Low)
        .colour(Colour::Named("teal".to_owned()))
        .level(Level::Unknown(77))
        .create(&db)
        .await?;
    let b = Item::objects().filter(|i| i.priority.eq(Priority::Low)).get(&db).await?;
    assert_eq!((b.colour, b.level), (Colour::Named("teal".to_owned()), Some(Level::Unknown(77))));
    let stored = Item::objects().filter(|i| i.status.is_in([Status::Published])).values(|i| i.sku).get(&db).await?;
    assert_eq!(stored, Sku("b".to_owned()));
    db.batch("UPDATE shop_item SET status = 'lost' WHERE sku = 'a'").await?;
    let error = Item::objects().filter(|i| i.sku.eq(Sku("a".to_owned()))).get(&db).await.unwrap_err();
    assert_eq!(error.code(), Code::UnknownChoice, "{error}");
    assert!(error.to_string().contains("\"in_progress\""), "{error}");
    Ok(())
}

#[test]
fn choices_have_labels_and_values() -> orm::Result<()> {
    use orm::FieldType;
    assert_eq!(Status::InProgress.label(), "In progress");
    assert_eq!(Status::ALL.len(), 3);
    assert_eq!(Status::InProgress.to_value()?, Value::Text("in_progress".to_owned()));
    assert_eq!(Status::MAX_LENGTH, Some(11));
    assert_eq!(Colour::MAX_LENGTH, None);
    assert_eq!(Priority::Normal.to_value()?, Value::I16(0));
    assert_eq!("10".parse::<Priority>()?, Priority::High);
    assert_eq!("5".parse::<Priority>().unwrap_err().code(), Code::UnknownChoice);
    assert_eq!("5".parse::<Level>()?, Level::Unknown(5));
    assert_eq!(Level::Unknown(5).label(), "5");
    assert_eq!(Level::Two.to_value()?, Value::I32(1));
    let meta = Item::meta();
    assert_eq!(meta.columns[1].max_length, Some(11));
    assert_eq!(meta.field("status").map(|(_, field)| field.column.is_some_and(|c| c.choices.len() == 3)), Some(true));
    assert_eq!(shop().label(), "shop");
    Ok(())
}

#[test]
fn choices_without_a_sign_are_those_of_their_column() {
    assert_eq!((Size::KIND, Size::POSITIVE), (Kind::I16, true));
    assert_eq!((Priority::KIND, Priority::POSITIVE), (Kind::I16, false));
    assert_eq!((Level::KIND, Level::POSITIVE), (Kind::I32, false));
    assert_eq!((Size::Large.to_value().unwrap(), "1".parse::<Size>().unwrap()), (Value::I16(9), Size::Small));
}
