//! The derive on four models, with the queries that people write over them.
use orm::At;
use orm::prelude::*;

orm::app! { pub library { Author, Book, Country, Tag } }

#[derive(Model, Debug, Clone)]
pub struct Country {
    pub id: i64,
    #[field(max_length = 2)]
    pub code: String,
}

#[derive(Model, Debug, Clone)]
pub struct Tag {
    pub id: i64,
    #[field(max_length = 50, unique)]
    pub slug: String,
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
    #[field(on_delete = cascade)]
    pub author: ForeignKey<Author>,
    pub editor: Option<ForeignKey<Author>>,
    pub tags: ManyToMany<Tag>,
}

fn cheap<S: Scope>(b: &BookFields<S>) -> Q<S::Root> {
    b.price.lt(5)
}

const LITE: orm::Dialect = orm::Dialect::Sqlite;

#[test]
fn queries_read_like_the_data() -> orm::Result<()> {
    let show = |what: &str, sql: String| println!("{what}:\n   {sql}");
    let books = Book::objects()
        .filter(|b| b.title.icontains("rust") & b.author.country.code.eq("UK"))
        .exclude(|b| b.price.gt(50))
        .order_by(|b| (b.published.desc(), b.title.asc()))
        .select_related(|b| (b.author.country, b.editor))
        .limit(10);
    for dialect in orm::Dialect::ALL {
        show("books", books.to_sql(dialect)?);
    }
    let busy = Author::objects()
        .filter(|a| a.books.any(|b| b.price.gt(20) & b.active))
        .annotate(|a| (a.books.count(), a.books.avg(|b| b.price)))
        .filter(|(_, n, _)| n.gt(3))
        .order_by(|(a, n, _)| (n.desc(), a.name.asc()));
    show("busy", busy.to_sql(LITE)?);
    let _: QuerySet<Author, (Author, i64, Option<Decimal>)> = busy;
    let per_year = Book::objects()
        .group_by(|b| (b.published.year(), b.author.name))
        .annotate(|b| (count(), b.price.sum()))
        .filter(|(_, _, n, _)| n.gt(2));
    for dialect in orm::Dialect::ALL {
        show("per year", per_year.to_sql(dialect)?);
    }
    let names = Book::objects().values(|b| (b.title, b.author.name, b.editor.name));
    show("names", names.to_sql(LITE)?);
    let _: QuerySet<Book, (String, String, Option<String>)> = names;
    let totals = Book::objects().aggregate(|b| (b.price.avg(), count()));
    show("totals", totals.to_sql(LITE)?);
    let latest = Author::objects().annotate(|a| {
        Book::objects()
            .within(a.id)
            .filter(|b| b.author.key().eq(a.id))
            .order_by(|b| b.published.desc())
            .scalar(|b| b.title)
    });
    show("latest", latest.to_sql(LITE)?);
    let _: QuerySet<Author, (Author, Option<String>)> = latest;
    let pairs = Author::objects().left_join(|a| a.books).filter(|(_, b)| b.price.gt(5));
    show("pairs", pairs.to_sql(LITE)?);
    let _: QuerySet<Author, (Author, Option<Book>)> = pairs;
    let tagged = Book::objects().filter(|b| b.tags.any(|t| t.slug.eq("x")) & cheap(&b)).join(|b| b.tags);
    show("tagged", tagged.to_sql(LITE)?);
    let nested = Author::objects()
        .filter(|a| a.books.any(|b| cheap(&b) & b.title.eq(a.name) & b.tags.any(|t| t.slug.eq(a.name))));
    show("nested", nested.to_sql(LITE)?);
    let stored: Q<Author> = Q::new(|a: AuthorFields<At<Author>>| a.country.code.is_in(["UK", "FR"]));
    show("stored", Book::objects().filter(|b| b.author.matches(&stored) | !b.active).to_sql(LITE)?);
    show(
        "arith",
        Book::objects().filter(|b| (b.views * 2 + 1).gt(b.editor.id)).values(|b| b.editor.id + 1).to_sql(LITE)?,
    );
    show("key", Book::objects().filter(|b| b.author.eq(7) | b.editor.is_null() | b.author.is_in([1, 2])).to_sql(LITE)?);
    let c = Book::objects().values(|b| case().when(b.price.lt(5), "cheap").when(b.active, "ok").otherwise("dear"));
    show("case", c.to_sql(LITE)?);
    println!("{:?}", Book::meta().options());
    Ok(())
}

#[tokio::test]
async fn drafts_become_rows() -> orm::Result<()> {
    let db = Database::connect("sqlite::memory:").await?;
    db.batch(
        "CREATE TABLE library_country (id integer primary key, code text not null);
        CREATE TABLE library_tag (id integer primary key, slug text not null unique);",
    )
    .await?;
    let uk = Country::draft().code("UK").create(&db).await?;
    assert_eq!((uk.id, uk.code.as_str()), (1, "UK"));
    assert_eq!(Country::get(uk.id, &db).await?.code, "UK");
    let long = Country::draft().code("UKX").create(&db).await.unwrap_err();
    assert_eq!((long.code(), long.fields()), (orm::Code::TooLong, &["code".to_owned()][..]));
    Tag::draft().slug("rust").create(&db).await?;
    let twice = Tag::draft().slug("rust").create(&db).await.unwrap_err();
    assert_eq!((twice.code(), twice.fields()), (orm::Code::UniqueViolation, &["slug".to_owned()][..]));
    Ok(())
}

#[tokio::test]
async fn rows_come_back() -> orm::Result<()> {
    let db = Database::connect("sqlite::memory:").await?;
    db.batch("CREATE TABLE library_country (id integer primary key, code text not null);
        CREATE TABLE library_author (id integer primary key, name text not null, born date, country_id bigint not null);
        CREATE TABLE library_book (id integer primary key, title text not null, price decimal not null, active bool not null, views bigint not null, created text not null, published date, author_id bigint not null, editor_id bigint);
        INSERT INTO library_country VALUES (1, 'UK'); INSERT INTO library_author VALUES (1, 'Ada', '1815-12-10', 1);
        INSERT INTO library_book VALUES (1, 'Notes', '12.50', 1, 3, '2020-01-01 00:00:00', NULL, 1, NULL), (2, 'Rust', '4.25', 0, 4, '2020-01-01 00:00:00', '2020-01-02', 1, 1);").await?;
    let books =
        Book::objects().select_related(|b| (b.author.country, b.editor)).order_by(|b| b.id.asc()).all(&db).await?;
    assert_eq!(books[0].author.get()?.country.get()?.code, "UK");
    assert!(books[0].editor.is_none());
    assert_eq!(books[1].editor.as_ref().unwrap().get()?.name, "Ada");
    let pairs = Author::objects().left_join(|a| a.books).all(&db).await?;
    assert_eq!(pairs.len(), 2);
    let sums = Book::objects().group_by(|b| b.author.name).annotate(|b| (count(), b.views.sum())).all(&db).await?;
    println!("{sums:?}");
    assert_eq!(Book::objects().filter(|b| b.active).count(&db).await?, 1);
    assert!(Book::objects().filter(|b| b.title.icontains("RUST")).exists(&db).await?);
    Ok(())
}

#[tokio::test]
async fn related_rows_are_prefetched() -> orm::Result<()> {
    let db = Database::connect("sqlite::memory:").await?;
    db.batch("CREATE TABLE library_country (id integer primary key, code text not null);
        CREATE TABLE library_author (id integer primary key, name text not null, born date, country_id bigint not null);
        CREATE TABLE library_tag (id integer primary key, slug text not null);
        CREATE TABLE library_book_tags (id integer primary key, book_id bigint not null, tag_id bigint not null);
        CREATE TABLE library_book (id integer primary key, title text not null, price decimal not null, active bool not null, views bigint not null, created text not null, published date, author_id bigint not null, editor_id bigint);
        INSERT INTO library_country VALUES (1, 'UK'); INSERT INTO library_author VALUES (1, 'Ada', '1815-12-10', 1), (2, 'Bob', NULL, 1), (3, 'Cy', NULL, 1);
        INSERT INTO library_tag VALUES (1, 'x'), (2, 'y');
        INSERT INTO library_book VALUES (1, 'Notes', '12.50', 1, 3, '2020-01-01 00:00:00', NULL, 1, NULL), (2, 'Rust', '4.25', 0, 4, '2020-01-01 00:00:00', '2020-01-02', 1, 1), (3, 'Go', '4.25', 1, 4, '2020-01-01 00:00:00', '2020-01-02', 2, 1), (4, 'C', '1', 1, 9, '2020-01-01 00:00:00', NULL, 1, 2);
        INSERT INTO library_book_tags VALUES (1, 1, 1), (2, 1, 2), (3, 2, 2), (4, 4, 1);").await?;
    let (db, log) = db.recording();
    let titles = |author: &Author| -> orm::Result<Vec<String>> {
        Ok(author.books.get()?.iter().map(|book| book.title.clone()).collect())
    };
    let mut authors = Author::objects()
        .order_by(|a| a.id.asc())
        .prefetch(|a| {
            let books = a.books.filter(|b| b.active).order_by(|b| b.title.asc()).prefetch(|b| b.tags);
            (a.country, books)
        })
        .all(&db)
        .await?;
    log.assert_queries(4);
    assert_eq!(titles(&authors[0])?, ["C", "Notes"]);
    assert_eq!(titles(&authors[1])?, ["Go"]);
    assert!(authors[2].books.get()?.is_empty());
    assert_eq!(authors[2].country.get()?.code, "UK");
    let tags: Vec<_> = authors[0].books.get()?[1].tags.get()?.iter().map(|tag| tag.slug.as_str()).collect();
    assert_eq!(tags, ["x", "y"]);
    log.clear();
    orm::prefetch_all(&mut authors, |a| a.books.order_by(|b| b.views.desc()).limit(2), &db).await?;
    log.assert_queries(1);
    assert_eq!(titles(&authors[0])?, ["C", "Rust"]);
    log.clear();
    let books = Book::objects()
        .select_related(|b| b.editor)
        .prefetch(|b| (b.author.books, b.editor.books.filter(|b| b.active)))
        .annotate(|b| b.tags.count())
        .order_by(|(b, _)| b.id.asc())
        .all(&db)
        .await?;
    log.assert_queries(4);
    assert_eq!(titles(books[0].0.author.get()?)?.len(), 3);
    assert!(books[0].0.editor.is_none());
    let editor = books[3].0.editor.as_ref().unwrap().get()?;
    assert_eq!((editor.name.as_str(), titles(editor)?), ("Bob", vec!["Go".to_owned()]));
    assert_eq!(books[0].1, 2);
    Ok(())
}

/// What both models share.
mod parts {
    use super::*;

    #[derive(ModelPart, Debug, Clone, PartialEq)]
    pub struct Stamps {
        #[field(auto_now_add)]
        pub created: DateTime<Utc>,
        #[field(auto_now)]
        pub changed: DateTime<Utc>,
        pub by: Option<ForeignKey<User>>,
    }

    #[derive(ModelPart, Debug, Clone, PartialEq)]
    pub struct Named {
        #[field(max_length = 20)]
        pub first: String,
        pub last: String,
    }

    #[derive(Model, Debug, Clone)]
    pub struct User {
        pub id: i64,
        #[field(flatten)]
        pub name: Named,
        #[field(flatten)]
        pub stamps: Stamps,
        #[field(unique, max_length = 80)]
        pub email: String,
    }

    orm::app! { pub staff { User } }
}

#[tokio::test]
async fn parts_lend_their_columns() -> orm::Result<()> {
    use parts::{Named, User};
    let columns: Vec<&str> = User::meta().columns.iter().map(|column| &*column.name).collect();
    assert_eq!(columns, ["id", "first", "last", "created", "changed", "by_id", "email"]);
    assert_eq!(User::unique_keys().email.fields(), [6]);
    let db = Database::connect("sqlite::memory:").await?;
    db.batch(
        "CREATE TABLE staff_user (id integer primary key, first text not null, last text not null,
            created text not null, changed text not null, by_id bigint, email text not null unique)",
    )
    .await?;
    let ada = Named { first: "Ada".to_owned(), last: "Byron".to_owned() };
    let ada = User::draft().name(ada).email("ada@x.org").create(&db).await?;
    assert_eq!((ada.name.last.as_str(), &ada.stamps.by), ("Byron", &None));
    let found = User::objects()
        .filter(|u| u.name.first.eq("Ada") & u.stamps.by.name.first.is_null())
        .order_by(|u| u.stamps.created.desc())
        .select_related(|u| u.stamps.by)
        .get(&db)
        .await?;
    assert_eq!((found.email.as_str(), &found.stamps), ("ada@x.org", &ada.stamps));
    assert_eq!(parts::staff().models().count(), 1);
    Ok(())
}

mod serialised {
    use super::*;

    orm::app! { pub papers { Paper, Writer } }

    #[derive(Model, serde::Serialize)]
    pub struct Writer {
        pub id: i64,
        pub name: String,
        pub papers: HasMany<Paper>,
    }

    #[derive(Model, serde::Serialize)]
    pub struct Paper {
        pub id: i64,
        pub title: String,
        pub writer: ForeignKey<Writer>,
    }
}

#[tokio::test]
async fn relations_serialise_as_keys_or_rows() -> orm::Result<()> {
    use serialised::{Paper, Writer};
    let db = Database::connect("sqlite::memory:").await?;
    orm::migrate::create_tables(&db, &[serialised::papers()]).await?;
    let ada = Writer::draft().name("Ada").create(&db).await?;
    let paper = Paper::draft().title("Notes").writer(&ada).create(&db).await?;
    fn json(row: &impl serde::Serialize) -> String {
        serde_json::to_string(row).unwrap_or_default()
    }
    assert_eq!(json(&paper), r#"{"id":1,"title":"Notes","writer":1}"#);
    let paper = Paper::objects().select_related(|p| p.writer).get(&db).await?;
    assert_eq!(json(&paper), r#"{"id":1,"title":"Notes","writer":{"id":1,"name":"Ada","papers":null}}"#);
    let ada = Writer::objects().prefetch(|w| w.papers).get(&db).await?;
    assert_eq!(json(&ada), r#"{"id":1,"name":"Ada","papers":[{"id":1,"title":"Notes","writer":1}]}"#);
    Ok(())
}
