//! Full text search.

use crate::bed::behaviour;
use orm::{
    postgres::{Normalize, SearchQuery, SearchVector, Weight, search_vector},
    prelude::*,
};

orm::app! { pub texts { Author, Text } }

#[derive(Model, Debug, Clone, PartialEq)]
pub struct Author {
    pub id: i64,
    pub name: String,
}

#[derive(Model, Debug, Clone, PartialEq)]
pub struct Text {
    pub id: i64,
    pub title: String,
    pub body: Option<String>,
    pub year: i32,
    pub words: Option<SearchVector>,
    pub author: ForeignKey<Author>,
}

async fn fill(db: &Database) -> orm::Result<()> {
    orm::migrate::create_tables(db, &[texts()]).await?;
    let ada = Author::draft().name("Ada Lovelace").create(db).await?;
    let texts = [
        ("The analytical engine", Some("An engine computes numbers."), 1843),
        ("Steam engines", Some("Boilers and trains. It's <b>hot</b>."), 1801),
        ("Compilers", None, 1952),
    ];
    let texts = texts
        .map(|(title, body, year)| Text::draft().title(title).body(body.map(str::to_owned)).year(year).author(&ada));
    Text::objects().bulk_create(texts, db).await?;
    Ok(())
}

fn english(text: &str) -> SearchQuery {
    SearchQuery::plain(text).config("english")
}

behaviour! {
    async fn texts_are_searched_for_words(bed, requires(PostgresTypes)) {
        let db = &bed.db;
        fill(db).await?;
        let ids = async |query: QuerySet<Text>| query.order_by(|t| t.id.asc()).values(|t| t.id).all(db).await;
        let found = async |query: SearchQuery| {
            let query = query.config("english");
            ids(Text::objects().filter(|t| search_vector((t.title, t.body)).config("english").search(query))).await
        };
        assert_eq!(ids(Text::objects().filter(|t| t.title.search(english("engine")))).await?, [1, 2]);
        assert_eq!(ids(Text::objects().filter(|t| t.body.search(english("engine")))).await?, [1]);
        assert_eq!(ids(Text::objects().exclude(|t| t.body.search(english("engine")))).await?, [2, 3]);
        assert_eq!(found(SearchQuery::plain("engine")).await?, [1, 2]);
        assert_eq!(found(SearchQuery::phrase("steam engine")).await?, [2]);
        assert_eq!(found(SearchQuery::phrase("engine steam")).await?, Vec::<i64>::new());
        assert_eq!(found(SearchQuery::raw("compil:* | (engin & !steam)")).await?, [1, 3]);
        assert_eq!(found(SearchQuery::websearch("engine -steam or \"boilers and trains\"")).await?, [1, 2]);
        assert_eq!(found(SearchQuery::plain("engine") & !SearchQuery::plain("steam")).await?, [1]);
        assert_eq!(found(SearchQuery::plain("compilers") | "number").await?, [1, 3]);
        assert_eq!(found(!SearchQuery::plain("engine")).await?, [3]);
        assert_eq!(found(SearchQuery::plain("analytical").then(SearchQuery::raw("eng:*"))).await?, [1]);
        // Over a relation, and what is no text.
        let wide = Text::objects().filter(|t| search_vector((t.author.name, t.year)).search("lovelace 1952"));
        assert_eq!(ids(wide).await?, [3]);
        // What people write is only ever a value.
        let hostile = "'); DROP TABLE texts_text; -- & | ! <-> \\ :*";
        assert_eq!(found(SearchQuery::plain(hostile)).await?, Vec::<i64>::new());
        assert_eq!(found(SearchQuery::websearch(hostile)).await?, Vec::<i64>::new());
        assert!(Text::objects().filter(|t| t.title.search(SearchQuery::plain("x").config("no such"))).count(db).await.is_err());
        Ok(())
    }

    async fn words_are_found_by_their_beginnings(bed, requires(PostgresTypes)) {
        let db = &bed.db;
        fill(db).await?;
        let found = async |text: &str| {
            let query = SearchQuery::prefix(text).config("simple");
            Text::objects().filter(|t| t.title.search(query)).order_by(|t| t.id.asc()).values(|t| t.id).all(db).await
        };
        assert_eq!(found("eng").await?, [1, 2]);
        assert_eq!(found("st ENG").await?, [2]);
        assert_eq!(found("eng comp").await?, [0_i64; 0]);
        // Any text is taken as it is.
        for text in ["", " ", "it's", "a' | b:* & !c", "back\\slash", "(((", "eng:* | comp"] {
            found(text).await?;
        }
        Ok(())
    }

    async fn what_is_found_is_ranked_and_shown(bed, requires(PostgresTypes)) {
        let db = &bed.db;
        fill(db).await?;
        let weighted = Text::objects()
            .annotate(|t| {
                let words = search_vector(t.title).config("english").weight(Weight::A)
                    + search_vector(t.body).config("english").weight(Weight::D);
                let rank = words.clone().rank(english("engine"));
                let body_first = words.rank(english("engine")).weights([1.0, 0.4, 0.2, 0.1]).normalized([Normalize::Itself]);
                (rank, body_first)
            })
            .filter(|(_, rank, _)| rank.gt(0.0_f32))
            .order_by(|(t, ..)| t.id.asc())
            .values(|(t, rank, body_first)| (t.id, rank, body_first));
        let rows: Vec<(i64, f32, f32)> = weighted.all(db).await?;
        assert_eq!(rows.len(), 2);
        assert!(rows[0].1 > rows[1].1, "{rows:?}");
        assert!(rows[0].2 > rows[1].2 && rows[0].2 < 1.0, "{rows:?}");
        let near = Text::objects().filter(|t| t.id.eq(1)).values(|t| {
            let of = |query: &str| t.title.rank(english(query)).cover();
            (of("analytical engine"), of("analytical engine").normalized([Normalize::Length]))
        });
        let (plain, by_length) = near.get(db).await?;
        assert!(plain > by_length && by_length > 0.0, "{plain} {by_length}");

        let shown = Text::objects().order_by(|t| t.id.asc()).values(|t| {
            (
                t.title.headline(english("engine")),
                t.body.headline(english("train")).marked("[it's ", "]").words(2, 5),
                t.title.headline(english("engine")).whole().marked("<", ">"),
            )
        });
        let rows: Vec<(String, Option<String>, String)> = shown.all(db).await?;
        assert_eq!(rows[0].0, "The analytical <b>engine</b>");
        assert_eq!(rows[1].2, "Steam <engines>");
        assert!(rows[1].1.as_deref().is_some_and(|text| text.contains("[it's trains]")), "{rows:?}");
        assert_eq!(rows[2].1, None);
        Ok(())
    }

    async fn words_are_a_column(bed, requires(PostgresTypes)) {
        let db = &bed.db;
        fill(db).await?;
        let words = |t: TextFields<orm::At<Text>>| search_vector(t.title).config("english").weight(Weight::A) + search_vector(t.body);
        assert_eq!(Text::objects().update(|t| t.words.set(words(t)), db).await?, 3);
        let stored = Text::get(1, db).await?.words.unwrap();
        assert_eq!(stored.words().collect::<Vec<_>>(), ["analyt", "comput", "engin", "number"], "{stored}");
        assert_eq!(stored.to_string(), "'analyt':2A 'comput':6 'engin':3A,5 'number':7");
        let again = Text::draft().title("copy").year(1).author(1).words(stored.clone()).create(db).await?;
        assert_eq!(again.words, Some(stored.clone()));
        assert_eq!(Text::objects().filter(|t| t.words.eq(&stored)).count(db).await?, 2);
        assert_eq!(Text::objects().filter(|t| t.words.search(english("engines"))).count(db).await?, 3);
        let odd = SearchVector::new("'a\\\\b' 'it''s':3B");
        let odd = Text::draft().title("odd").year(1).author(1).words(odd).create(db).await?.words.unwrap();
        assert_eq!(odd.words().collect::<Vec<_>>(), ["a\\b", "it's"], "{odd}");
        Ok(())
    }
}
