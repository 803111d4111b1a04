//! Texts that are alike.

use super::extension;
use crate::bed::behaviour;
use orm::{Code, prelude::*};

orm::app! { pub names { Name } }

#[derive(Model, Debug, Clone, PartialEq)]
pub struct Name {
    pub id: i64,
    pub name: String,
}

behaviour! {
    async fn texts_that_are_alike_are_found(bed, requires(PostgresTypes)) {
        let db = &bed.db;
        extension(&bed, "pg_trgm").await?;
        extension(&bed, "unaccent").await?;
        orm::migrate::create_tables(db, &[names()]).await?;
        Name::objects().bulk_create(["Kathrin", "Katrin Müller", "Peter"].map(|name| Name::draft().name(name)), db).await?;
        let like = Name::objects().filter(|n| n.name.is_similar("Kathrine")).order_by(|n| n.name.similarity("Kathrine").desc());
        assert_eq!(like.values(|n| n.name).all(db).await?, ["Kathrin"]);
        let part = Name::objects().filter(|n| n.name.is_word_similar("Katrin") & n.name.is_strict_word_similar("Katrin"));
        assert_eq!(part.values(|n| n.id).all(db).await?, [2]);
        let near = Name::objects().order_by(|n| n.id.asc()).values(|n| {
            (n.name.similarity("Katrin"), n.name.word_similarity("Katrin"), n.name.strict_word_similarity("Katrin"))
        });
        let near = near.all(db).await?;
        assert_eq!((near[1].1, near[1].2), (1.0, 1.0), "{near:?}");
        assert!(near[1].0 < 1.0 && near[0].0 > near[2].0, "{near:?}");
        let far = Name::objects().order_by(|n| (n.name.distance("Katrin").asc(), n.id.asc())).values(|n| {
            (n.name, n.name.word_distance("Katrin"), n.name.strict_word_distance("Katrin"), (n.name.distance("Katrin") + n.name.similarity("Katrin")).round(3))
        });
        let far = far.all(db).await?;
        assert_eq!((far[2].0.as_str(), far[2].3), ("Peter", 1.0), "{far:?}");
        assert!(far.iter().any(|(name, word, strict, _)| name == "Katrin Müller" && (*word, *strict) == (0.0, 0.0)), "{far:?}");
        let plain = Name::objects().filter(|n| n.name.unaccent().ends_with("Muller")).values(|n| n.name.unaccent().lower());
        assert_eq!(plain.all(db).await?, ["katrin muller"]);
        Ok(())
    }

    async fn a_missing_extension_is_named(bed, requires(PostgresTypes)) {
        let db = &bed.db;
        orm::migrate::create_tables(db, &[names()]).await?;
        let alike = Name::objects().values(|n| n.name.similarity("x")).all(db).await.unwrap_err();
        let found = Name::objects().filter(|n| n.name.is_similar("x")).count(db).await.unwrap_err();
        let plain = Name::objects().filter(|n| n.name.unaccent().eq("x")).count(db).await.unwrap_err();
        for (error, extension) in [(alike, "pg_trgm"), (found, "pg_trgm"), (plain, "unaccent")] {
            assert_eq!(error.code(), Code::MissingExtension, "{error:?}");
            assert!(error.hint().is_some_and(|hint| hint.contains(&format!("CREATE EXTENSION {extension}"))), "{error:?}");
        }
        Ok(())
    }
}
