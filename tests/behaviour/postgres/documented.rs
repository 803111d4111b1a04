//! The examples of `docs/queries.md` about PostgreSQL's own types: each block of the document stands here as it stands there.

use super::extension;
use crate::bed::behaviour;
use orm::prelude::*;

orm::app! { pub rental { Film } }

use orm::postgres::{HStore, Range, SearchQuery, SearchVector, Weight, search_vector};

#[derive(Choices, Debug, Clone, Copy, PartialEq)]
#[choices(db_type = "mpaa_rating")]
pub enum Rating {
    #[choice(value = "G")]
    All,
    #[choice(value = "PG-13")]
    From13,
}

#[derive(Model, Debug, Clone)]
#[model(index(features, method = "gin"), index(words, method = "gist"))]
pub struct Film {
    pub id: i64,
    pub title: String,
    pub plot: Option<String>,
    pub rating: Option<Rating>,
    pub features: Vec<String>,
    pub shown: Range<NaiveDate>,
    pub marks: HStore,
    pub words: Option<SearchVector>,
}

behaviour! {
    async fn postgresql_in_the_document(bed, requires(PostgresTypes)) {
        let db = &bed.db;
        for name in ["hstore", "pg_trgm", "unaccent"] {
            extension(&bed, name).await?;
        }
        db.batch("CREATE TYPE mpaa_rating AS ENUM ('G', 'PG', 'PG-13')").await?;
        orm::migrate::create_tables(db, &[rental()]).await?;
        let day = |day| NaiveDate::from_ymd_opt(2026, 5, day).unwrap();

        let films = [
            Film::draft()
                .title("Academy Dinosaur")
                .plot("A documentary of a crocodile and a teacher".to_owned())
                .rating(Rating::From13)
                .features(["Trailers", "Deleted Scenes"])
                .shown(day(1)..day(8))
                .marks(HStore::from([("colour", "yes")])),
            Film::draft().title("Ace Goldfinger").features(Vec::new()).shown(day(5)..).marks(HStore::new()),
        ];
        Film::objects().bulk_create(films, db).await?;

        let both = Film::objects().filter(|f| f.features.contains(["Trailers", "Deleted Scenes"]) & f.features.len().lt(5));
        assert_eq!(both.values(|f| (f.title, f.features.index(0))).get(db).await?.1.as_deref(), Some("Trailers"));
        let titles = Film::objects().aggregate(|f| f.title.array_agg().order_by(f.title.desc()).filter(f.rating.is_null()));
        assert_eq!(titles.get(db).await?, Some(vec!["Ace Goldfinger".to_owned()]));

        let taken = Film::objects().filter(|f| f.shown.overlap(day(4)..=day(5)) & f.shown.end().is_not_null());
        assert_eq!(taken.get(db).await?.shown, Range::from(day(1)..day(8)));
        let in_colour = Film::objects().filter(|f| f.marks.key("colour").eq("yes") | f.marks.has_key("length"));
        assert_eq!(in_colour.count(db).await?, 1);

        // The words of two texts, some of which count more.
        let words = |f: FilmFields<orm::At<Film>>| {
            search_vector(f.title).config("english").weight(Weight::A) + search_vector(f.plot).config("english").weight(Weight::B)
        };
        Film::objects().update(|f| f.words.set(words(f)), db).await?;
        let query = SearchQuery::websearch("crocodiles -\"mad scientist\"").config("english");
        let found = Film::objects()
            .filter(|f| f.words.search(query.clone()))
            .order_by(|f| f.words.rank(query.clone()).desc())
            .values(|f| (f.title, f.plot.headline(query.clone()).marked("[", "]")));
        let plot = "A documentary of a [crocodile] and a teacher".to_owned();
        assert_eq!(found.all(db).await?, [("Academy Dinosaur".to_owned(), Some(plot))]);

        // What was written wrong is found all the same.
        let near = Film::objects()
            .filter(|f| f.title.unaccent().is_word_similar("Dinosaurus"))
            .order_by(|f| f.title.word_similarity("Dinosaurus").desc());
        assert_eq!(near.values(|f| f.title).first(db).await?.as_deref(), Some("Academy Dinosaur"));
        Ok(())
    }
}
