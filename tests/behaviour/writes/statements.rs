//! What inserts and upserts say before they run, and what they then run.

use super::press::*;
use crate::bed::{Bed, behaviour};
use orm::{Code, Dialect, prelude::*};

/// The writing statements that have run since the log was cleared.
fn ran(bed: &Bed) -> Vec<String> {
    let ran = bed.log.statements().into_iter().map(|ran| ran.sql).filter(|sql| sql.starts_with("INSERT")).collect();
    bed.log.clear();
    ran
}

behaviour! {
    async fn what_is_said_is_what_is_run(bed) {
        tables(&bed).await?;
        let (db, dialect) = (&bed.db, bed.db.dialect());
        let ada = author("Ada", db).await?;
        let tag = |slug: &str, name: &str| Tag::draft().slug(slug).name(name);
        bed.log.clear();

        let draft = || Book::draft().title("Notes").price(dec("1")).author(&ada);
        draft().create(db).await?;
        assert_eq!(ran(&bed), [draft().create_sql(dialect)?]);
        let draft = || Book::draft().id(70).title("Sketches").price(dec("1")).author(&ada).rank(3);
        draft().create(db).await?;
        assert_eq!(ran(&bed), [draft().create_sql(dialect)?]);

        let drafts = || [tag("a", "A"), tag("b", "B").id(90_000), tag("c", "C")];
        Tag::objects().bulk_create(drafts(), db).await?;
        assert_eq!(ran(&bed), Tag::objects().bulk_create_sql(drafts(), dialect)?);
        let drafts = || (0..1_200).map(|n| tag(&format!("tag-{n}"), "T"));
        Tag::objects().bulk_insert(drafts(), db).await?;
        let said = Tag::objects().bulk_insert_sql(drafts(), dialect)?;
        let statements = if dialect == Dialect::Sqlite { 3 } else { 1 };
        let mut ran_them = ran(&bed);
        // SQLite is asked for triggers before.
        ran_them.retain(|sql| sql.starts_with("INSERT"));
        assert_eq!((said.len(), ran_them), (statements, said));
        let drafts = || [tag("a", "A"), tag("d", "D")];
        Tag::objects().bulk_insert_ignore(drafts(), db).await?;
        assert_eq!(ran(&bed), Tag::objects().bulk_insert_ignore_sql(drafts(), dialect)?);

        for slug in ["a", "e"] {
            tag(slug, "New").upsert(|t| t.slug, db).await?;
            assert_eq!(ran(&bed), [tag(slug, "New").upsert_sql(|t| t.slug, dialect)?]);
        }
        let drafts = || [tag("a", "1"), tag("f", "2"), tag("a", "3")];
        Tag::objects().bulk_upsert(drafts(), |t| t.slug, db).await?;
        let said = Tag::objects().bulk_upsert_sql(drafts(), |t| t.slug, dialect)?;
        assert_eq!((said.len(), ran(&bed)), (2, said));

        // Where the database cannot name the key, and there is another, one statement would not be the truth.
        let member = || Member::draft().email("a@b.c").nick("a");
        match dialect.capabilities().conflict_target {
            true => {
                member().upsert(|m| m.email, db).await?;
                assert_eq!(ran(&bed), [member().upsert_sql(|m| m.email, dialect)?]);
            }
            false => {
                let refused = member().upsert_sql(|m| m.email, dialect).unwrap_err();
                assert_eq!(refused.code(), Code::Unsupported);
                let refused = Member::objects().bulk_upsert_sql([member()], |m| m.email, dialect).unwrap_err();
                assert_eq!(refused.code(), Code::Unsupported);
            }
        }
        Ok(())
    }
}

#[test]
fn what_cannot_be_written_has_no_statement() {
    let long = Tag::draft().slug("x".repeat(51)).name("X");
    assert_eq!(long.create_sql(Dialect::MySql).unwrap_err().code(), Code::TooLong);
    assert!(
        Tag::objects().bulk_create_sql(Vec::<orm::write::DraftRow<Tag>>::new(), Dialect::MySql).unwrap().is_empty()
    );
}
