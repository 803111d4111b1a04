//! Generic foreign keys: rows of any model from one column with a label and one with a key, of each type of key.

mod deletes;
mod labels;
mod related;
mod writes;

use crate::bed::{Bed, behaviour};
use orm::{Code, Dialect, prelude::*};

orm::app! { pub talk { Comment, Like, Pin, Book, Person, Country, Shelf, Bag } }

/// About anything: keys as text.
#[derive(Model, Debug, Clone, PartialEq)]
pub struct Comment {
    pub id: i64,
    pub about: GenericForeignKey,
    #[field(max_length = 100)]
    pub text: String,
    /// Comments on comments.
    #[field(via = about)]
    pub answers: HasMany<Comment>,
}

/// Of what has whole numbers for keys, or of nothing.
#[derive(Model, Debug, Clone, PartialEq)]
pub struct Like {
    pub id: i64,
    #[field(on_delete = set_null)]
    pub of: Option<GenericForeignKey<i64>>,
    pub stars: i32,
}

/// On what has a UUID.
#[derive(Model, Debug, Clone, PartialEq)]
pub struct Pin {
    pub id: i64,
    #[field(on_delete = protect, column = "spot", index = false)]
    pub on: GenericForeignKey<Uuid>,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[model(ordering(id))]
pub struct Book {
    pub id: i64,
    #[field(max_length = 100)]
    pub title: String,
    pub author: ForeignKey<Person>,
    #[field(via = about)]
    pub comments: HasMany<Comment>,
    #[field(via = of)]
    pub likes: HasMany<Like>,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[model(ordering(name))]
pub struct Person {
    pub id: Uuid,
    #[field(max_length = 100)]
    pub name: String,
    #[field(via = about)]
    pub comments: HasMany<Comment>,
    #[field(via = on)]
    pub pins: HasMany<Pin>,
}

#[derive(Model, Debug, Clone, PartialEq)]
pub struct Country {
    #[field(primary_key, max_length = 40)]
    pub code: String,
    #[field(via = about)]
    pub comments: HasMany<Comment>,
}

/// A key of a type of one's own, of another size than the column.
#[derive(FieldType, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShelfNumber(pub i32);

#[derive(Model, Debug, Clone, PartialEq)]
pub struct Shelf {
    #[field(primary_key)]
    pub number: ShelfNumber,
}

/// Knows nothing of comments.
#[derive(Model, Debug, Clone, PartialEq)]
pub struct Bag {
    pub id: i32,
}

pub struct Rows {
    pub ada: Person,
    pub grace: Person,
    pub notes: Book,
    pub sketches: Book,
    pub norway: Country,
}

async fn filled(bed: &Bed) -> orm::Result<Rows> {
    let db = &bed.db;
    orm::migrate::create_tables(db, &[talk()]).await?;
    let ada = Person::draft().name("Ada").create(db).await?;
    let grace = Person::draft().name("Grace").create(db).await?;
    let notes = Book::draft().title("Notes").author(&ada).create(db).await?;
    let sketches = Book::draft().title("Sketches").author(&ada).create(db).await?;
    let norway = Country::draft().code("nø'r%\\").create(db).await?;
    Comment::draft().about(&notes).text("long").create(db).await?;
    Comment::draft().about(&notes).text("dry").create(db).await?;
    Comment::draft().about(&ada).text("kind").create(db).await?;
    Comment::draft().about(&norway).text("cold").create(db).await?;
    Comment::draft().about(&sketches.author).text("deep").create(db).await?;
    bed.log.clear();
    Ok(Rows { ada, grace, notes, sketches, norway })
}

fn texts(comments: &[Comment]) -> Vec<&str> {
    let mut texts: Vec<&str> = comments.iter().map(|comment| comment.text.as_str()).collect();
    texts.sort_unstable();
    texts
}

behaviour! {
    async fn keys_of_every_type_come_back(bed) {
        let rows = filled(&bed).await?;
        let db = &bed.db;
        let comments = Comment::objects().order_by(|c| c.id.asc()).all(db).await?;
        let about: Vec<&str> = comments.iter().map(|comment| comment.about.label()).collect();
        assert_eq!(about, ["talk.Book", "talk.Book", "talk.Person", "talk.Country", "talk.Person"]);
        assert_eq!(comments[0].about.key_of::<Book>(), Some(rows.notes.id));
        assert_eq!(comments[2].about.key_of::<Person>(), Some(rows.ada.id));
        assert_eq!(comments[3].about.key_of::<Country>(), Some(rows.norway.code.clone()));
        assert_eq!((comments[2].about.key_of::<Book>(), comments[2].about.is::<Book>()), (None, false));
        assert_eq!(comments[0].about, GenericForeignKey::from(&rows.notes));
        assert_eq!(comments[0].about.model().unwrap().table, "talk_book");
        assert_eq!(format!("{:?}", comments[0].about), format!("talk.Book({:?})", rows.notes.id.to_string()));
        // Read again by the types that they have.
        assert_eq!(comments[2].about.fetch::<Person>(db).await?.unwrap().name, "Ada");
        bed.log.clear();
        assert!(comments[2].about.fetch::<Book>(db).await?.is_none());
        bed.log.assert_queries(0);
        // The smallest, the largest, a key of a type of one's own, and a row that is not there.
        for key in [i64::MIN, -1, 0, i64::MAX] {
            let like = Like::draft().of(GenericForeignKey::to::<Book>(key)).stars(1).create(db).await?;
            assert_eq!(Like::get(like.id, db).await?.of.unwrap().key_of::<Book>(), Some(key));
            let comment = Comment::draft().about(GenericForeignKey::to::<Book>(key)).text("").create(db).await?;
            let about = Comment::get(comment.id, db).await?.about;
            assert_eq!((about.key_of::<Book>(), about.fetch::<Book>(db).await?), (Some(key), None));
        }
        let shelf = Shelf::draft().number(ShelfNumber(-7)).create(db).await?;
        for like in [Like::draft().of(&shelf).stars(1).create(db).await?] {
            assert_eq!(Like::get(like.id, db).await?.of.unwrap().fetch::<Shelf>(db).await?.unwrap(), shelf);
            assert_eq!(Like::objects().filter(|l| l.of.of::<Shelf>().exists()).get(db).await?.id, like.id);
        }
        // A number that is too large for the model's own key is no key of it.
        let wide = Like::draft().of(GenericForeignKey::to::<Book>(1 << 40)).stars(1).create(db).await?;
        Like::objects().filter(|l| l.id.eq(wide.id)).update(|l| l.of.set(GenericForeignKey::to::<Bag>(7)), db).await?;
        assert_eq!(Like::get(wide.id, db).await?.of.unwrap().key_of::<Bag>(), Some(7));
        Ok(())
    }

    async fn found_by_row_and_by_model(bed) {
        let rows = filled(&bed).await?;
        let db = &bed.db;
        let of = |q: Q<Comment>| Comment::objects().filter(move |_| q);
        let c = Comment::fields();
        assert_eq!(texts(&of(c.about.eq(&rows.notes)).all(db).await?), ["dry", "long"]);
        assert_eq!(texts(&of(c.about.eq(&rows.sketches.author)).all(db).await?), ["deep", "kind"]);
        assert_eq!(texts(&of(c.about.eq(GenericForeignKey::to::<Country>("nø'r%\\"))).all(db).await?), ["cold"]);
        assert_eq!(texts(&of(c.about.is::<Person>()).all(db).await?), ["deep", "kind"]);
        assert_eq!(of(c.about.ne(&rows.notes)).count(db).await?, 3);
        assert!(texts(&of(c.about.is::<Bag>()).all(db).await?).is_empty());
        assert_eq!(of(c.about.is_in([&rows.notes, &rows.sketches])).count(db).await?, 2);
        let mixed: Vec<GenericForeignKey> = vec![(&rows.norway).into(), (&rows.ada).into()];
        assert_eq!(texts(&of(c.about.is_in(&mixed)).all(db).await?), ["cold", "deep", "kind"]);
        assert_eq!(of(c.about.is_in(Vec::<GenericForeignKey>::new())).count(db).await?, 0);
        // By what the rows are like: numbers, UUIDs and texts as text.
        assert_eq!(texts(&of(c.about.of::<Book>().any(|b| b.title.eq("Notes"))).all(db).await?), ["dry", "long"]);
        assert_eq!(texts(&of(c.about.of::<Person>().any(|p| p.name.starts_with("A"))).all(db).await?), ["deep", "kind"]);
        assert_eq!(texts(&of(c.about.of::<Country>().exists()).all(db).await?), ["cold"]);
        assert_eq!(texts(&of(c.about.of::<Book>().any(|b| b.author.name.eq("Ada"))).all(db).await?), ["dry", "long"]);
        assert_eq!(of(c.about.of::<Book>().none(|b| b.title.eq("Notes"))).count(db).await?, 3);
        // Values of the rows, and pairs of both.
        let named = Comment::objects().order_by(|c| c.id.asc()).values(|c| (
            c.about.of::<Book>().set().scalar(|b| b.title),
            c.about.of::<Person>().set().scalar(|p| p.name),
            c.about.of::<Country>().count(),
        ));
        let expected = [(Some("Notes"), None, 0), (Some("Notes"), None, 0), (None, Some("Ada"), 0), (None, None, 1), (None, Some("Ada"), 0)];
        assert_eq!(named.all(db).await?, expected.map(|(b, p, n)| (b.map(str::to_owned), p.map(str::to_owned), n)));
        let joined = Comment::objects().join(|c| c.about.of::<Person>()).order_by(|(c, _)| c.id.asc()).all(db).await?;
        assert_eq!(joined.iter().map(|(c, p)| (c.text.as_str(), p.name.as_str())).collect::<Vec<_>>(), [("kind", "Ada"), ("deep", "Ada")]);
        let left = Comment::objects().left_join(|c| c.about.of::<Book>()).order_by(|(c, _)| c.id.asc()).all(db).await?;
        assert_eq!(left.iter().filter(|(_, book)| book.is_some()).count(), 2);
        // Grouped by the model.
        let counted = Comment::objects().group_by(|c| c.about.label()).annotate(|_| count()).order_by(|(label, _)| label.asc());
        let expected = [("talk.Book", 2), ("talk.Country", 1), ("talk.Person", 2)];
        assert_eq!(counted.all(db).await?, expected.map(|(label, n)| (label.to_owned(), n)));
        Ok(())
    }

    async fn rows_of_a_query_around(bed) {
        let rows = filled(&bed).await?;
        let silent = Person::objects().filter(|p| !Comment::objects().within(p.id).filter(|c| c.about.eq(p.pk())).has_rows());
        assert_eq!(silent.get(&bed.db).await?, rows.grace);
        // By a relation of the row around.
        let known = Book::objects().annotate(|b| Comment::objects().within(b.id).filter(|c| c.about.eq(b.author)).row_count());
        assert_eq!(known.all(&bed.db).await?.iter().map(|(_, n)| *n).collect::<Vec<_>>(), [2, 2]);
        Ok(())
    }

    async fn unknown_labels_and_keys_that_lead_nowhere(bed) {
        let rows = filled(&bed).await?;
        let db = &bed.db;
        // What only the database can do, and other programs: labels of models that are gone, keys that are none.
        let set = async |id: i64, label: &str, key: &str| {
            Comment::objects().filter(|c| c.id.eq(id)).update(|c| (c.about.label().set(label.to_owned()), c.about.key().set(key.to_owned())), db).await
        };
        let ids: Vec<i64> = Comment::objects().order_by(|c| c.id.asc()).values(|c| c.id).all(db).await?;
        set(ids[0], "talk.Newspaper", "7").await?;
        set(ids[1], "talk.Book", "seven").await?;
        set(ids[2], "talk.Book", "007").await?;
        set(ids[3], "nonsense", "").await?;
        let comments = Comment::objects().prefetch(|c| c.about).order_by(|c| c.id.asc()).all(db).await?;
        assert_eq!((comments[0].about.label(), comments[0].about.model().is_none()), ("talk.Newspaper", true));
        assert!(comments[0].about.get::<Book>()?.is_none() && comments[0].about.fetch::<Book>(db).await?.is_none());
        for comment in &comments[1..3] {
            assert!(comment.about.is::<Book>() && comment.about.key_of::<Book>().is_none());
            assert!(comment.about.get::<Book>()?.is_none() && comment.about.fetch::<Book>(db).await?.is_none());
        }
        assert!(comments[3].about.model().is_none());
        assert_eq!(Comment::objects().filter(|c| c.about.of::<Book>().exists()).count(db).await?, 0);
        assert_eq!(Comment::objects().values(|c| c.about.of::<Book>().count()).all(db).await?, [0; 5]);
        // A row that is gone past the library.
        Person::objects().filter(|p| p.id.eq(rows.grace.id)).delete_unchecked(db).await?;
        let about: GenericForeignKey = GenericForeignKey::to::<Person>(rows.grace.id);
        let lost = Comment::draft().about(&about).text("lost").create(db).await?;
        let lost = Comment::objects().prefetch(|c| c.about).filter(|c| c.id.eq(lost.id)).get(db).await?;
        assert!(lost.about.get::<Person>()?.is_none() && lost.about.fetch::<Person>(db).await?.is_none());
        Ok(())
    }

    async fn by_name(bed) {
        use orm::dynamic::{Catalog, Query, over};
        let rows = filled(&bed).await?;
        let db = &bed.db;
        let catalog = Catalog::new().app(talk());
        let count = async |query: Query| catalog.check(&query)?.count(db).await;
        assert_eq!(count(Query::of("talk.Comment").filter("about_model", "talk.Book")).await?, 2);
        let of_notes = Query::of("talk.Comment").filter("about_model", "talk.Book").filter("about_key", rows.notes.id.to_string());
        assert_eq!(count(of_notes).await?, 2);
        assert_eq!(count(Query::of("talk.Like").filter("of_key__isnull", true)).await?, 0);
        // The reverse side is a path like any other.
        assert_eq!(count(Query::of("talk.Book").filter("comments__text", "dry")).await?, 1);
        assert_eq!(count(Query::of("talk.Person").filter("comments__isnull", true)).await?, 1);
        let counted = Query::of("talk.Book").order_by(["id"]).values(["title"]).annotate("n", over("comments", orm::dynamic::count()));
        let counted = catalog.check(&counted)?.all(db).await?;
        assert_eq!(counted.iter().map(|row| row["n"].clone()).collect::<Vec<_>>(), [orm::Value::I64(2), orm::Value::I64(0)]);
        let people = catalog.check(&Query::of("talk.Person").order_by(["name"]).prefetch(["comments"]))?.all(db).await?;
        assert_eq!((people[0].related("comments").unwrap().len(), people[1].related("comments").unwrap().len()), (2, 0));
        let row = catalog.check(&Query::of("talk.Comment").filter("text", "long"))?.get(db).await?;
        assert_eq!(row.names(), ["id", "about_model", "about_key", "text"]);
        assert_eq!(row["about_model"], orm::Value::Text("talk.Book".to_owned()));
        // Forward it leads to the rows of the model that is named.
        assert_eq!(count(Query::of("talk.Comment").filter("about__talk.Book__title", "Notes")).await?, 2);
        assert_eq!(count(Query::of("talk.Comment").filter("about__talk.Book", rows.notes.id)).await?, 2);
        assert_eq!(count(Query::of("talk.Comment").filter("about__talk.Person__isnull", false)).await?, 2);
        let titles = Query::of("talk.Comment").filter("text", "long").prefetch(["about__talk.Book__author", "about__talk.Person"]);
        let comment = catalog.check(&titles)?.get(db).await?.to_json();
        assert_eq!((&comment["about__talk.Book"]["title"], &comment["about__talk.Person"]), (&"Notes".into(), &serde_json::Value::Null));
        assert_eq!(comment["about__talk.Book"]["author"]["name"], "Ada");
        for (model, path) in [("talk.Like", "of__talk.Country"), ("talk.Comment", "about__talk.Nothing"), ("talk.Comment", "about__title")] {
            let error = catalog.check(&Query::of(model).filter(path, 7)).unwrap_err();
            assert!(matches!(error.code(), Code::BadQuery | Code::UnknownName), "{path} {error:?}");
        }
        assert_eq!(catalog.check(&Query::of("talk.Comment").prefetch(["about"])).unwrap_err().code(), Code::BadQuery);
        let error = catalog.check(&Query::of("talk.Comment").filter("about", 7)).unwrap_err();
        assert_eq!(error.code(), Code::BadQuery);
        assert!(error.hint().unwrap().contains("`about_model`, `about_key`"), "{error}");
        Ok(())
    }
}

#[test]
fn the_metadata_tells_it() {
    let (_, about) = Comment::meta().field("about").unwrap();
    let shape = about.generic.unwrap();
    assert_eq!((shape.key, shape.nullable, about.columns()), (orm::Kind::Text, false, 1..3));
    let (_, of) = Like::meta().field("of").unwrap();
    assert_eq!(of.generic.unwrap(), orm::model::GenericShape { key: orm::Kind::I64, nullable: true });
    assert_eq!(Pin::meta().columns[1].name, "spot_model");
}

#[test]
fn the_state_has_two_columns_and_an_index() -> orm::Result<()> {
    let schema = orm::migrate::schema(&[talk()])?;
    let comment = schema.model("talk", "Comment").unwrap();
    let columns: Vec<&str> = comment.fields.iter().map(|field| field.column.as_str()).collect();
    assert_eq!(columns, ["id", "about_model", "about_key", "text"]);
    assert_eq!(comment.indexes.len(), 1);
    assert!(schema.model("talk", "Pin").unwrap().indexes.is_empty());
    assert!(schema.model("talk", "Like").unwrap().field("of_key").unwrap().null);
    Ok(())
}

#[test]
fn the_statements() -> orm::Result<()> {
    let sql = Like::objects().filter(|l| l.of.of::<Book>().any(|b| b.title.eq("x"))).to_sql(Dialect::Postgres)?;
    assert!(sql.ends_with(r#"WHERE "like"."of_model" = $1 AND "like"."of_key" IN (SELECT "book"."id" FROM "talk_book" AS "book" WHERE "book"."title" = $2)"#), "{sql}");
    let sql = Book::objects().filter(|b| b.comments.exists()).to_sql(Dialect::Sqlite)?;
    assert!(
        sql.contains(r#""comment"."about_model" = ? AND "comment"."about_key" = CAST("book"."id" AS TEXT)"#),
        "{sql}"
    );
    let sql = Book::objects().filter(|b| b.likes.exists()).to_sql(Dialect::Sqlite)?;
    assert!(sql.contains(r#""like"."of_model" = ? AND "like"."of_key" = "book"."id""#), "{sql}");
    Ok(())
}
