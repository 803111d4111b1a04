//! Models of an existing database, to be read through: `NOTE` marks what is left to decide.

use orm::prelude::*;

orm::app! {
    pub shop {
        Author,
        Book,
        OrderLine,
        Alike,
        BookTitles,
        Log,
        Tag,
        Mention,
        Parcel,
        Sticker
    }
}

#[derive(Model, Debug, Clone)]
pub struct Author {
    pub id: i64,
    #[field(max_length = 40)]
    pub name: String,
    pub born: Option<NaiveDate>,
    #[field(db_default = now)]
    pub made: DateTime<Utc>,
    #[field(via = author)]
    pub books: HasMany<Book>,
    #[field(via = editor)]
    pub books_by_editor: HasMany<Book>,
    pub stickers: HasMany<Sticker>,
}

#[derive(Choices, Debug, Clone, Copy, PartialEq, Eq)]
#[choices(db_type = "binding")]
pub enum BookBound {
    Hard,
    #[choice(value = "paper back")]
    PaperBack,
}

// NOTE: `book_gin`: `CREATE INDEX book_gin ON public.shop_book USING gin (to_tsvector('simple'::regconfig, (title)::text))` is left out: the function `to_tsvector` is not understood
#[derive(Model, Debug, Clone)]
#[model(
    comment = "what is \"sold\"",
    unique(author, title, name = "titles"),
    check("kinds", |m| m.r#type.is_in([1, 2, 3]) | m.cover.is_null()),
    check("not_free", |m| m.price.gte(0) & (m.active.eq(true) | m.title.ne("old"))),
    check("odd", |m| (m.price * 2).lt(900)),
    index(labels, method = "gin", name = "book_labels"),
    index(|m| (m.title.lower().asc(), m.price.desc()), name = "book_search", condition = |m| m.active.eq(true) & m.price.gt(2))
)]
pub struct Book {
    pub id: i64,
    #[field(max_length = 40, db_default = "it's", comment = "as printed")]
    pub title: String,
    #[field(max_digits = 8, decimal_places = 2, db_default = sql("0"))]
    pub price: Decimal,
    #[field(db_default = true)]
    pub active: bool,
    #[field(db_default = 3)]
    pub r#type: i16,
    #[field(max_length = 40)]
    pub cover: Option<String>,
    #[field(column = "pk")]
    pub pk_value: Option<i32>,
    #[field(on_delete = cascade)]
    pub author: ForeignKey<Author>,
    #[field(on_delete = set_null)]
    pub editor: Option<ForeignKey<Author>>,
    #[field(column = "previous")]
    pub previous: Option<OneToOne<Book>>,
    // NOTE: there is no type for its `point`: write one that implements `FieldType`
    // pub place: Option<point>,
    // NOTE: its values are those of a type of the database's own
    pub bound: Option<BookBound>,
    // NOTE: its type is `json`; a migration would make another of the same values
    pub notes: Option<serde_json::Value>,
    // NOTE: its values are those of a type of the database's own
    #[field(db_default = sql("'{}'"))]
    pub bindings: Vec<BookBound>,
    pub labels: Option<Vec<String>>,
    pub sold: Option<orm::postgres::Range<NaiveDate>>,
    pub words: Option<orm::postgres::SearchVector>,
    pub hours: Option<Vec<NaiveTime>>,
    #[field(max_digits = 9, decimal_places = 2, generated = |m| m.price * 2)]
    pub double_price: Option<Decimal>,
    pub book: HasOne<Book>,
    pub order_lines: HasMany<OrderLine>,
    #[field(through = Alike, via = left)]
    pub alike: ManyToMany<Book>,
    pub tags: ManyToMany<Tag>,
}

#[derive(Model, Debug, Clone)]
#[model(table = "Order Line")]
pub struct OrderLine {
    #[field(primary_key)]
    pub number: i32,
    #[field(primary_key, max_length = 3)]
    pub part: String,
    #[field(column = "id")]
    pub id_value: Option<i32>,
    #[field(column = "bookid")]
    pub bookid: ForeignKey<Book>,
    pub parcels: HasMany<Parcel>,
    pub stickers: HasMany<Sticker>,
}

#[derive(Model, Debug, Clone)]
#[model(table = "alike")]
pub struct Alike {
    #[field(primary_key, on_delete = cascade, index = false)]
    pub left: ForeignKey<Book>,
    #[field(primary_key, on_delete = cascade)]
    pub right: ForeignKey<Book>,
}

// NOTE: a view has no key; `id` is a guess: say which columns tell rows apart
#[derive(Model, Debug, Clone)]
#[model(table = "book_titles", managed = false, keyless)]
pub struct BookTitles {
    #[field(primary_key)]
    pub id: i64,
    #[field(max_length = 40)]
    pub title: Option<String>,
}

// NOTE: the table has no key; `at` is a guess: say which columns tell rows apart
#[derive(Model, Debug, Clone)]
#[model(table = "log", managed = false, keyless)]
pub struct Log {
    #[field(primary_key)]
    pub at: DateTime<Utc>,
    pub line: Option<String>,
    // NOTE: its type is `numeric`, which does not say how many digits it has; 15 and 5 are a guess
    #[field(max_digits = 15, decimal_places = 5)]
    pub weight: Option<Decimal>,
}

#[derive(Model, Debug, Clone)]
pub struct Tag {
    pub id: i64,
    #[field(max_length = 40, unique)]
    pub label: String,
    pub mentions: HasMany<Mention>,
    #[field(via = tags)]
    pub books: ManyToMany<Book>,
}

#[derive(Model, Debug, Clone)]
#[model(table = "mention")]
pub struct Mention {
    pub id: i64,
    #[field(column = "tag_label", on_delete = cascade)]
    pub tag_label: ForeignKey<TagByLabel>,
}

#[derive(Model, Debug, Clone)]
#[model(table = "parcel")]
pub struct Parcel {
    pub id: i64,
    #[field(on_delete = cascade, index = false)]
    pub line: Option<ForeignKey<OrderLine>>,
    pub other: Option<i32>,
    pub weight: i32,
}

#[derive(Model, Debug, Clone)]
#[model(table = "sticker")]
pub struct Sticker {
    pub id: i64,
    #[field(columns("order_no", "piece"), on_delete = cascade, index = false)]
    pub order_line: ForeignKey<OrderLine>,
    #[field(on_delete = cascade, index = false)]
    pub author: ForeignKey<Author>,
}
