//! The library in one example: what the crate's documentation shows in parts, compiled and run as a whole.

use orm::prelude::*;

orm::app! { pub library { Author, Book, Country, Tag } }

#[derive(Model, Debug, Clone)]
pub struct Country {
    #[field(primary_key, max_length = 2)]
    pub code: String,
    #[field(max_length = 80)]
    pub name: String,
}

#[derive(Model, Debug, Clone)]
pub struct Tag {
    pub id: i64,
    #[field(max_length = 50, unique)]
    pub slug: String,
    #[field(max_length = 80)]
    pub name: String,
}

#[derive(Model, Debug, Clone)]
#[model(ordering(name))]
pub struct Author {
    pub id: i64,
    #[field(max_length = 100)]
    pub name: String,
    pub born: Option<NaiveDate>,
    pub country: ForeignKey<Country>,
    #[field(via = author)]
    pub books: HasMany<Book>,
}

#[derive(Choices, Debug, Clone, Copy, PartialEq)]
pub enum Status {
    Draft,
    #[choice(label = "In print")]
    Published,
}

#[derive(Model, Debug, Clone)]
#[model(unique(author, title),
        index(|b| b.published.desc(), condition = |b| b.active.eq(true)),
        check("price_not_negative", |b| b.price.gte(0)))]
pub struct Book {
    pub id: i64,
    #[field(max_length = 200, help = "as printed on the cover")]
    pub title: String,
    #[field(max_digits = 8, decimal_places = 2)]
    pub price: Decimal,
    #[field(default = true)]
    pub active: bool,
    #[field(default = 0)]
    pub views: i64,
    #[field(auto_now_add)]
    pub created: DateTime<Utc>,
    pub published: Option<NaiveDate>,
    #[field(default = Status::Draft)]
    pub status: Status,
    #[field(on_delete = cascade)]
    pub author: ForeignKey<Author>,
    pub editor: Option<ForeignKey<Author>>,
    pub tags: ManyToMany<Tag>,
}

/// Conditions are values: reusable at any depth.
fn cheap<S: Scope>(b: &BookFields<S>) -> Q<S::Root> {
    b.price.lt(5)
}

async fn library_with_rows() -> orm::Result<(Database, Author)> {
    let db = Database::connect("sqlite::memory:").await?;
    orm::migrate::create_tables(&db, &[library()]).await?;
    let uk = Country::draft().code("UK").name("United Kingdom").create(&db).await?;
    let ada = Author::draft().name("Ada Lovelace").country(&uk).create(&db).await?;
    let bob = Author::draft().name("Bob").country("UK").born(NaiveDate::from_ymd_opt(1900, 1, 2)).create(&db).await?;
    let drafts = (1..=4).map(|number| {
        Book::draft()
            .title(format!("Rust, volume {number}"))
            .price(Decimal::new(1_000 * number, 2))
            .published(NaiveDate::from_ymd_opt(2020 + number as i32 % 2, 5, 1))
            .author(&ada)
            .editor(&bob)
    });
    Book::objects().bulk_create(drafts, &db).await?;
    Ok((db, ada))
}

#[tokio::test]
async fn reading() -> orm::Result<()> {
    let (db, ada) = library_with_rows().await?;
    let books = Book::objects()
        .filter(|b| b.title.icontains("rust") & b.author.country.code.eq("UK"))
        .exclude(|b| b.price.gt(35))
        .order_by(|b| (b.published.desc(), b.title.asc()))
        .select_related(|b| (b.author, b.editor))
        .limit(10)
        .all(&db)
        .await?;
    assert_eq!(books.len(), 3);
    assert_eq!(books[0].author.get()?.name, "Ada Lovelace");
    assert_eq!((books[0].status, books[0].status.label().as_ref()), (Status::Draft, "Draft"));

    let busy = Author::objects()
        .filter(|a| a.books.any(|b| b.price.gt(20) & b.active))
        .annotate(|a| (a.books.count(), a.books.avg(|b| b.price)))
        .filter(|(_, n, _)| n.gt(3))
        .order_by(|(a, n, _)| (n.desc(), a.name.asc()))
        .all(&db)
        .await?;
    assert_eq!(busy.len(), 1);
    assert_eq!((busy[0].0.id, busy[0].1, busy[0].2), (ada.id, 4, Some(Decimal::new(25, 0))));

    let per_year = Book::objects()
        .group_by(|b| (b.published.year(), b.author.name))
        .annotate(|b| (count(), b.price.sum()))
        .filter(|(_, _, n, _)| n.gt(1))
        .all(&db)
        .await?;
    assert_eq!(per_year.len(), 2);

    let names = Book::objects().values(|b| (b.title, b.author.name, b.editor.name)).limit(1).all(&db).await?;
    assert_eq!(names[0].2.as_deref(), Some("Bob"));
    let (avg, n) = Book::objects().aggregate(|b| (b.price.avg(), count())).get(&db).await?;
    assert_eq!((avg, n), (Some(Decimal::new(25, 0)), 4));
    let latest = Author::objects()
        .annotate(|a| {
            Book::objects()
                .within(a.id)
                .filter(|b| b.author.key().eq(a.id))
                .order_by(|b| (b.published.desc(), b.title.asc()))
                .scalar(|b| b.title)
        })
        .all(&db)
        .await?;
    assert_eq!(latest[0].1.as_deref(), Some("Rust, volume 1"));
    let with_books =
        Author::objects().prefetch(|a| a.books.filter(|b| b.active).order_by(|b| b.title.asc())).all(&db).await?;
    assert_eq!(with_books[0].books.get()?.len(), 4);
    let pairs = Author::objects().left_join(|a| a.books).all(&db).await?;
    assert_eq!(pairs.len(), 5);
    assert_eq!(Author::objects().filter(|a| a.books.any(|b| cheap(&b))).count(&db).await?, 0);
    Ok(())
}

#[tokio::test]
async fn writing() -> orm::Result<()> {
    let (db, ada) = library_with_rows().await?;
    let book = Book::objects().order_by(|b| b.id.asc()).first(&db).await?.expect("a book");
    let mut book = book.edit();
    book.title = "New".into();
    book.save(&db).await?;
    Book::objects()
        .filter(|b| b.title.eq("New"))
        .update(|b| (b.views.set(b.views + 1), b.active.set(false)), &db)
        .await?;
    let new = Book::objects().filter(|b| b.title.eq("New")).get(&db).await?;
    assert_eq!((new.views, new.active), (1, false));

    let (tag, created) = Tag::draft().slug("rust").name("Rust").get_or_create(|t| t.slug, &db).await?;
    assert!(created);
    let (again, created) = Tag::draft().slug("rust").name("Rust!").get_or_create(|t| t.slug, &db).await?;
    assert_eq!((again.id, created), (tag.id, false));
    let key = |b: BookKeys| b.author_title;
    let (same, created) = Book::draft().title("New").author(&ada).price(1).get_or_create(key, &db).await?;
    assert_eq!((same.id, created), (new.id, false));

    let refused = Book::draft().title("Free").author(&ada).price(-1).create(&db).await.unwrap_err();
    assert_eq!(refused.code(), orm::Code::CheckViolation, "{refused}");
    Ok(())
}
