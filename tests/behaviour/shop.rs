//! A bookshop: models with nullable relations, a relation to itself, two keys to one target, many-to-many with and without a
//! model between, one-to-one, and keys of three types.
#![allow(dead_code)]

use crate::{
    bed::Bed,
    rows::{insert, row},
};
use orm::{At, prelude::*};

orm::app! { pub shop { Country, Person, Profile, Book, Tag, Order, Line } }

#[derive(Model, Debug, Clone)]
pub struct Country {
    #[field(primary_key, max_length = 2)]
    pub code: String,
    #[field(max_length = 100)]
    pub name: String,
    pub people: HasMany<Person>,
}

#[derive(Model, Debug, Clone)]
#[model(ordering(name))]
pub struct Person {
    pub id: i64,
    #[field(max_length = 100)]
    pub name: String,
    pub email: Option<String>,
    pub born: Option<NaiveDate>,
    pub country: Option<ForeignKey<Country>>,
    pub mentor: Option<ForeignKey<Person>>,
    #[field(via = author)]
    pub written: HasMany<Book>,
    #[field(via = editor)]
    pub edited: HasMany<Book>,
    #[field(via = mentor)]
    pub pupils: HasMany<Person>,
    pub profile: HasOne<Profile>,
    pub orders: HasMany<Order>,
}

#[derive(Model, Debug, Clone)]
pub struct Profile {
    pub id: i64,
    pub person: OneToOne<Person>,
    pub bio: String,
    pub score: Option<i32>,
}

#[derive(Model, Debug, Clone)]
#[model(ordering(slug))]
pub struct Tag {
    pub id: i64,
    #[field(max_length = 50, unique)]
    pub slug: String,
}

#[derive(Model, Debug, Clone)]
pub struct Book {
    pub id: i64,
    #[field(max_length = 200)]
    pub title: String,
    #[field(max_digits = 8, decimal_places = 2)]
    pub price: Decimal,
    #[field(max_digits = 8, decimal_places = 2)]
    pub discount: Option<Decimal>,
    pub active: bool,
    pub stock: i32,
    pub rating: Option<f64>,
    pub published: Option<NaiveDate>,
    pub author: ForeignKey<Person>,
    pub editor: Option<ForeignKey<Person>>,
    pub tags: ManyToMany<Tag>,
    pub lines: HasMany<Line>,
}

#[derive(Model, Debug, Clone)]
pub struct Order {
    pub id: Uuid,
    pub placed: DateTime<Utc>,
    pub customer: ForeignKey<Person>,
    pub note: Option<String>,
    pub lines: HasMany<Line>,
    #[field(through = Line)]
    pub books: ManyToMany<Book>,
}

#[derive(Model, Debug, Clone)]
pub struct Line {
    pub id: i64,
    pub order: ForeignKey<Order>,
    pub book: ForeignKey<Book>,
    pub quantity: i32,
    #[field(max_digits = 8, decimal_places = 2)]
    pub price: Decimal,
}

pub fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

pub fn at(year: i32, month: u32, day_: u32, hour: u32, minute: u32, second: u32) -> DateTime<Utc> {
    day(year, month, day_).and_hms_micro_opt(hour, minute, second, 250_000).unwrap().and_utc()
}

pub fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub fn order_id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// The tables of the shop, empty.
pub async fn tables(bed: &Bed) -> orm::Result<()> {
    orm::migrate::create_tables(&bed.db, &[shop()]).await
}

/// The shop with a few rows that every test knows.
///
/// | book | price | discount | active | stock | rating | published | author | editor | tags |
/// |---|---|---|---|---|---|---|---|---|---|
/// | 1 Notes | 12.50 | 0.50 | yes | 3 | 4.5 | 1843-09-01 | Ada | | maths, old |
/// | 2 Compilers | 40.00 | | yes | 0 | 4.0 | 1952-05-02 | Grace | Ada | code |
/// | 3 COBOL 100% | 9.99 | 1.25 | no | 7 | | 1959-12-31 | Grace | | code, old |
/// | 4 émile_x | 0.10 | | yes | -2 | 2.5 | | Émile | Grace | |
/// | 5 Sketch\[a*b? | 0.20 | 0.00 | no | 7 | | 2020-02-29 | Ada | Ada | maths |
pub async fn filled(bed: &Bed) -> orm::Result<()> {
    tables(bed).await?;
    let db = &bed.db;
    let none = None::<i64>;
    insert(
        db,
        "shop_country",
        "code name",
        vec![
            row!["UK".to_owned(), "Britain".to_owned()],
            row!["US".to_owned(), "America".to_owned()],
            row!["FR".to_owned(), "France".to_owned()],
        ],
    )
    .await?;
    let person = |id: i64,
                  name: &str,
                  email: Option<&str>,
                  born: Option<NaiveDate>,
                  country: Option<&str>,
                  mentor: Option<i64>| {
        Ok::<_, orm::Error>(row![
            id,
            name.to_owned(),
            email.map(str::to_owned),
            born,
            country.map(str::to_owned),
            mentor
        ])
    };
    insert(
        db,
        "shop_person",
        "id name email born country_id mentor_id",
        vec![
            person(1, "Ada", Some("ada@example.org"), Some(day(1815, 12, 10)), Some("UK"), none)?,
            person(2, "Grace", None, Some(day(1906, 12, 9)), Some("US"), Some(1))?,
            person(3, "Émile", Some("EMILE@example.org"), None, Some("FR"), Some(2))?,
            person(4, "Nobody", None, None, None, none)?,
        ],
    )
    .await?;
    insert(
        db,
        "shop_profile",
        "id person_id bio score",
        vec![row![1i64, 1i64, "first".to_owned(), Some(9i32)], row![2i64, 2i64, "admiral".to_owned(), None::<i32>]],
    )
    .await?;
    insert(
        db,
        "shop_tag",
        "id slug",
        vec![
            row![1i64, "maths".to_owned()],
            row![2i64, "old".to_owned()],
            row![3i64, "code".to_owned()],
            row![4i64, "unused".to_owned()],
        ],
    )
    .await?;
    insert(
        db,
        "shop_book",
        "id title price discount active stock rating published author_id editor_id",
        vec![
            row![
                1i64,
                "Notes".to_owned(),
                dec("12.50"),
                Some(dec("0.50")),
                true,
                3i32,
                Some(4.5),
                Some(day(1843, 9, 1)),
                1i64,
                none
            ],
            row![
                2i64,
                "Compilers".to_owned(),
                dec("40.00"),
                None::<Decimal>,
                true,
                0i32,
                Some(4.0),
                Some(day(1952, 5, 2)),
                2i64,
                Some(1i64)
            ],
            row![
                3i64,
                "COBOL 100%".to_owned(),
                dec("9.99"),
                Some(dec("1.25")),
                false,
                7i32,
                None::<f64>,
                Some(day(1959, 12, 31)),
                2i64,
                none
            ],
            row![
                4i64,
                "émile_x".to_owned(),
                dec("0.10"),
                None::<Decimal>,
                true,
                -2i32,
                Some(2.5),
                None::<NaiveDate>,
                3i64,
                Some(2i64)
            ],
            row![
                5i64,
                "Sketch\\[a*b?".to_owned(),
                dec("0.20"),
                Some(dec("0.00")),
                false,
                7i32,
                None::<f64>,
                Some(day(2020, 2, 29)),
                1i64,
                Some(1i64)
            ],
        ],
    )
    .await?;
    insert(
        db,
        "shop_book_tags",
        "id book_id tag_id",
        vec![
            row![1i64, 1i64, 1i64],
            row![2i64, 1i64, 2i64],
            row![3i64, 2i64, 3i64],
            row![4i64, 3i64, 3i64],
            row![5i64, 3i64, 2i64],
            row![6i64, 5i64, 1i64],
        ],
    )
    .await?;
    insert(
        db,
        "shop_order",
        "id placed customer_id note",
        vec![
            row![order_id(1), at(2024, 1, 31, 23, 59, 58), 3i64, Some("gift".to_owned())],
            row![order_id(2), at(2024, 2, 29, 0, 0, 1), 3i64, None::<String>],
            row![order_id(3), at(2025, 7, 1, 12, 30, 0), 4i64, None::<String>],
        ],
    )
    .await?;
    insert(
        db,
        "shop_line",
        "id order_id book_id quantity price",
        vec![
            row![1i64, order_id(1), 1i64, 2i32, dec("12.00")],
            row![2i64, order_id(1), 2i64, 1i32, dec("40.00")],
            row![3i64, order_id(2), 1i64, 1i32, dec("12.50")],
        ],
    )
    .await?;
    bed.log.clear();
    Ok(())
}

/// The titles of books, in their order.
pub fn titles(books: &[Book]) -> Vec<&str> {
    books.iter().map(|book| book.title.as_str()).collect()
}

/// The keys of the books for which a condition is true, in order.
pub async fn ids<Q: orm::IntoQ<Book>>(
    bed: &Bed,
    condition: impl FnOnce(BookFields<At<Book>>) -> Q,
) -> orm::Result<Vec<i64>> {
    Book::objects().filter(condition).order_by(|b| b.id.asc()).values(|b| b.id).all(&bed.db).await
}

/// The titles of the books of a person, which have to be loaded.
pub fn written(person: &Person) -> orm::Result<Vec<&str>> {
    Ok(titles(person.written.get()?))
}
