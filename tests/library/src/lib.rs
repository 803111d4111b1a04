//! A library of books: the models and rows that the documentation's examples use.

use orm::migrate::engine::{self, MigrationSet, diff::Refuse};
pub use orm::{Dialect, prelude::*};

orm::app! { pub library { Author, Book, Country, Tag } }

/// Who writes books.
#[derive(Model, Debug, Clone)]
#[model(ordering(name))]
pub struct Author {
    /// The key.
    pub id: i64,
    /// As on the cover.
    #[field(max_length = 100)]
    pub name: String,
    /// The day of birth, if it is known.
    pub born: Option<NaiveDate>,
    /// Where the author comes from.
    pub country: ForeignKey<Country>,
    /// What the author has written.
    #[field(via = author)]
    pub books: HasMany<Book>,
}

/// A book.
#[derive(Model, Debug, Clone)]
#[model(unique(author, title),
        index(|b| b.published.desc(), condition = |b| b.active.eq(true)),
        check("price_not_negative", |b| b.price.gte(0)))]
pub struct Book {
    /// The key.
    pub id: i64,
    /// As printed on the cover.
    #[field(max_length = 200, help = "as printed on the cover")]
    pub title: String,
    /// In pounds.
    #[field(max_digits = 8, decimal_places = 2)]
    pub price: Decimal,
    /// Whether it is on the shelf.
    #[field(default = true)]
    pub active: bool,
    /// How often it was looked at.
    #[field(default = 0)]
    pub views: i64,
    /// When the row was made.
    #[field(auto_now_add)]
    pub created: DateTime<Utc>,
    /// When the book came out, if it has.
    pub published: Option<NaiveDate>,
    /// Who wrote it.
    #[field(on_delete = cascade)]
    pub author: ForeignKey<Author>,
    /// Who edited it, if anybody did.
    pub editor: Option<ForeignKey<Author>>,
    /// What it is about.
    pub tags: ManyToMany<Tag>,
}

/// Where authors come from.
#[derive(Model, Debug, Clone)]
pub struct Country {
    /// The key.
    pub id: i64,
    /// Two letters.
    #[field(max_length = 2, unique)]
    pub code: String,
    /// In English.
    #[field(max_length = 100)]
    pub name: String,
}

/// What books are about.
#[derive(Model, Debug, Clone)]
#[model(ordering(slug))]
pub struct Tag {
    /// The key.
    pub id: i64,
    /// As in an address.
    #[field(max_length = 50, unique)]
    pub slug: String,
    /// As people read it.
    #[field(max_length = 50)]
    pub name: String,
}

/// A database in memory with the library's tables, and no rows.
///
/// # Errors
/// When the tables cannot be made.
pub async fn empty() -> orm::Result<Database> {
    let db = Database::connect("sqlite::memory:").await?;
    orm::migrate::create_tables(&db, &[library()]).await?;
    Ok(db)
}

/// A database in memory with a few rows:
///
/// | book | price | active | views | published | author | editor | tags |
/// |---|---|---|---|---|---|---|---|
/// | 1 Notes | 12.50 | yes | 10 | 1843-09-01 | Ada | | history, maths |
/// | 2 Compilers | 40.00 | yes | 30 | 1952-05-02 | Grace | Ada | code |
/// | 3 COBOL | 9.99 | no | 0 | 1959-12-31 | Grace | | code, history |
/// | 4 Sketches | 4.20 | yes | 5 | | Ada | Grace | |
///
/// The authors are 1 Ada Lovelace (1815-12-10, UK), 2 Grace Hopper (1906-12-09, US) and 3 Nobody (born unknown, UK); the tags
/// are 1 code, 2 history, 3 maths and 4 poetry; the countries 1 UK and 2 US.
///
/// # Errors
/// When the tables or the rows cannot be made.
pub async fn filled() -> orm::Result<Database> {
    let db = empty().await?;
    fill(&db).await?;
    Ok(db)
}

/// Writes the rows of [`filled`] into the library's empty tables, which may stand beside those of other applications.
///
/// # Errors
/// When the rows cannot be made.
pub async fn fill(db: &Database) -> orm::Result<()> {
    db.batch(
        "INSERT INTO library_country (id, code, name) VALUES (1, 'UK', 'Britain'), (2, 'US', 'America');
        INSERT INTO library_author (id, name, born, country_id) VALUES
            (1, 'Ada Lovelace', '1815-12-10', 1), (2, 'Grace Hopper', '1906-12-09', 2), (3, 'Nobody', NULL, 1);
        INSERT INTO library_tag (id, slug, name) VALUES
            (1, 'code', 'Code'), (2, 'history', 'History'), (3, 'maths', 'Mathematics'), (4, 'poetry', 'Poetry');
        INSERT INTO library_book
            (id, title, price, active, views, created, published, author_id, editor_id)
        VALUES
            (1, 'Notes', 12.50, 1, 10, '2026-01-01 12:30:00', '1843-09-01', 1, NULL),
            (2, 'Compilers', 40.00, 1, 30, '2026-01-02 12:30:00', '1952-05-02', 2, 1),
            (3, 'COBOL', 9.99, 0, 0, '2026-01-03 12:30:00', '1959-12-31', 2, NULL),
            (4, 'Sketches', 4.20, 1, 5, '2026-01-04 12:30:00', NULL, 1, 2);
        INSERT INTO library_book_tags (id, book_id, tag_id) VALUES
            (1, 1, 2), (2, 1, 3), (3, 2, 1), (4, 3, 1), (5, 3, 2);",
    )
    .await
}

/// The library's first migration, as `makemigrations` would write it.
///
/// # Errors
/// When the models do not fit together.
pub fn migrations() -> orm::Result<MigrationSet> {
    let schema = orm::migrate::schema(&[library()])?;
    let new = engine::autodetect(&MigrationSet::default(), &schema, &mut Refuse);
    let mut set = MigrationSet::default();
    for migration in new.map_err(engine_error)? {
        set.add(migration).map_err(engine_error)?;
    }
    Ok(set)
}

fn engine_error(error: engine::Error) -> orm::Error {
    orm::Error::new(orm::Code::Migration, error.message()).with_source(error)
}
