//! A bookshop: models with nullable relations, a relation to itself, two keys to one target, many-to-many with and without a
//! model between, one-to-one, and keys of three types.
#![allow(non_camel_case_types, dead_code)]

use crate::{
    bed::Bed,
    ddl::{create_tables, insert, row},
};
use orm::prelude::*;
use orm::{__private as p, At};
use std::sync::OnceLock;

pub static SHOP: p::AppSpec = p::AppSpec {
    label: "shop",
    manifest_dir: env!("CARGO_MANIFEST_DIR"),
    file: file!(),
    package: "orm-tests",
    models: &[Country::meta, Person::meta, Profile::meta, Book::meta, Tag::meta, Order::meta, Line::meta],
    migrations: &[],
};

macro_rules! model {
    ($name:ident, $fields:ident, $keys:ident, $draft:ident, key = $key:ident: $keyty:ty,
     { $($index:literal $field:ident : $type:ty, $($option:ident = $value:expr),*;)+ }, ordering = $ordering:expr) => {
        #[derive(Debug, Clone)]
        pub struct $name { $(pub $field: $type),+ }

        pub struct $fields<S: Scope> { $(pub $field: <$type as p::ModelField>::Handle<S>),+ }
        impl<S: Scope> Clone for $fields<S> { fn clone(&self) -> Self { *self } }
        impl<S: Scope> Copy for $fields<S> {}

        #[derive(Clone, Copy)]
        pub struct $keys { pub $key: p::UniqueKey<$name> }

        impl p::Listed for $name { const APP: &'static p::AppSpec = &SHOP; }

        const _: () = {
            static CELL: OnceLock<p::ModelMeta> = OnceLock::new();
            static SPEC: p::ModelSpec = p::ModelSpec {
                name: stringify!($name),
                app: <$name as p::Listed>::APP,
                table: None,
                fields: &[$(p::FieldSpec {
                    name: stringify!($field),
                    shape: <$type as p::ModelField>::SHAPE,
                    options: p::FieldOptions { $($option: $value,)* ..p::FieldOptions::NONE },
                }),+],
                primary_key: &[0],
                ordering: $ordering,
                comment: None,
                verbose_name: None,
                renamed_from: None,
                managed: true,
                help: "",
                options: p::ModelOptions::default,
                reader: p::read_related::<$name>,
            };
            impl Model for $name {
                type Fields<S: Scope> = $fields<S>;
                type Key = $keyty;
                type UniqueKeys = $keys;
                type Draft = $draft;
                const KEY: p::KeyShape = p::KeyShape { kinds: <$keyty as orm::Key>::KINDS, names: &[stringify!($key)] };
                fn meta() -> &'static p::ModelMeta { p::meta(&CELL, &SPEC) }
                fn fields_at<S: Scope>(at: &'static p::PathNode) -> $fields<S> {
                    let mut column = 0;
                    $fields { $($field: { let h = <$type as p::ModelField>::handle(at, $index, column); column += <$type as p::ModelField>::COLUMNS; let _ = column; h }),+ }
                }
                fn unique_keys() -> $keys { $keys { $key: p::UniqueKey::new(&[0]) } }
                fn key(&self) -> $keyty { self.$key.clone() }
                fn draft() -> $draft { $draft(p::DraftRow::new()) }
                fn read_columns(row: &mut p::Reader<'_, '_>) -> orm::Result<Self> { Ok($name { $($field: row.field()?),+ }) }
                fn write_columns(&self, out: &mut p::Writer) -> orm::Result<()> { $(p::ModelField::write(&self.$field, out)?;)+ Ok(()) }
                fn attach_related(&mut self, field: u16, rows: p::Loaded) { match field { $($index => p::ModelField::attach(&mut self.$field, rows),)+ _ => {} } }
                fn related(&self, field: u16) -> Option<&p::Loaded> { match field { $($index => p::ModelField::loaded(&self.$field),)+ _ => None } }
            }
            impl p::RowPart for $name {
                type Handles<R: 'static> = $fields<At<R>>;
                type OptionalHandles<R: 'static> = $fields<orm::Opt<At<R>>>;
                fn handles<R: 'static>(s: &p::Select, place: u16) -> Self::Handles<R> { p::model_handles::<$name, R>(s, place) }
                fn optional_handles<R: 'static>(s: &p::Select, place: u16) -> Self::OptionalHandles<R> { p::optional_model_handles::<$name, R>(s, place) }
                fn read(row: &mut p::Reader<'_, '_>) -> orm::Result<Self> { row.model() }
                fn read_optional(row: &mut p::Reader<'_, '_>) -> orm::Result<Option<Self>> { row.optional_model() }
            }
        };
        pub struct $draft(p::DraftRow<$name>);
    };
}

model! { Country, CountryFields, CountryKeys, CountryDraft, key = code: String, {
    0 code: String, max_length = Some(2);
    1 name: String, max_length = Some(100);
    2 people: HasMany<Person>,;
}, ordering = &[] }

model! { Person, PersonFields, PersonKeys, PersonDraft, key = id: i64, {
    0 id: i64, auto = true;
    1 name: String, max_length = Some(100);
    2 email: Option<String>,;
    3 born: Option<NaiveDate>,;
    4 country: Option<ForeignKey<Country>>,;
    5 mentor: Option<ForeignKey<Person>>,;
    6 written: HasMany<Book>, via = Some("author");
    7 edited: HasMany<Book>, via = Some("editor");
    8 pupils: HasMany<Person>, via = Some("mentor");
    9 profile: HasOne<Profile>,;
    10 orders: HasMany<Order>,;
}, ordering = &[p::OrderKey { field: 1, descending: false }] }

model! { Profile, ProfileFields, ProfileKeys, ProfileDraft, key = id: i64, {
    0 id: i64, auto = true;
    1 person: OneToOne<Person>,;
    2 bio: String,;
    3 score: Option<i32>,;
}, ordering = &[] }

model! { Tag, TagFields, TagKeys, TagDraft, key = id: i64, {
    0 id: i64, auto = true;
    1 slug: String, max_length = Some(50), unique = true;
}, ordering = &[p::OrderKey { field: 1, descending: false }] }

model! { Book, BookFields, BookKeys, BookDraft, key = id: i64, {
    0 id: i64, auto = true;
    1 title: String, max_length = Some(200);
    2 price: Decimal, max_digits = Some(8), decimal_places = Some(2);
    3 discount: Option<Decimal>, max_digits = Some(8), decimal_places = Some(2);
    4 active: bool,;
    5 stock: i32,;
    6 rating: Option<f64>,;
    7 published: Option<NaiveDate>,;
    8 author: ForeignKey<Person>,;
    9 editor: Option<ForeignKey<Person>>,;
    10 tags: ManyToMany<Tag>,;
    11 lines: HasMany<Line>,;
}, ordering = &[] }

model! { Order, OrderFields, OrderKeys, OrderDraft, key = id: Uuid, {
    0 id: Uuid,;
    1 placed: DateTime<Utc>,;
    2 customer: ForeignKey<Person>,;
    3 note: Option<String>,;
    4 lines: HasMany<Line>,;
    5 books: ManyToMany<Book>, through = Some(Line::meta);
}, ordering = &[] }

model! { Line, LineFields, LineKeys, LineDraft, key = id: i64, {
    0 id: i64, auto = true;
    1 order: ForeignKey<Order>,;
    2 book: ForeignKey<Book>,;
    3 quantity: i32,;
    4 price: Decimal, max_digits = Some(8), decimal_places = Some(2);
}, ordering = &[] }

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
    let models: Vec<_> = SHOP.models().collect();
    create_tables(&bed.db, &models).await
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
