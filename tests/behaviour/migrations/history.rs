//! What the database remembers: squashes, databases that are taken over, and histories that went wrong.

use super::one;
use super::undo::{INITIAL, ROWS, set};
use crate::bed::{Backend, Bed, behaviour};
use orm::migrate::{
    Migrator,
    engine::{self, MigrationId, MigrationSet, Target, execute::Remedy},
    engine_error,
};
use orm::{Code, Database, Result};

const NOTE: (&str, &str) = (
    "shop/0002_note.toml",
    r#"
depends_on = ["shop.0001_initial"]

[[operations]]
op = "add_field"
model = "shop.Book"
field = { name = "note", type = "char(50)", default = "''" }

[[operations]]
op = "run_sql"
describe = "make something of nothing"
sql = { all = ["UPDATE shop_book SET note = 'none' WHERE note = ''"] }
reverse = { all = [] }
elidable = true
"#,
);

const TAG: (&str, &str) = (
    "shop/0003_tag.toml",
    r#"
depends_on = ["shop.0002_note"]

[[operations]]
op = "alter_field"
model = "shop.Book"
field = { name = "note", type = "char(80)", default = "''" }
"#,
);

const LAST: (&str, &str) = (
    "shop/0004_last.toml",
    r#"
depends_on = ["shop.0003_tag"]

[[operations]]
op = "add_field"
model = "shop.Book"
field = { name = "last", type = "integer", null = true }
"#,
);

async fn names(db: &Database, set: &MigrationSet) -> Result<Vec<String>> {
    let history = Migrator::with_set(set.clone()).history(db).await?;
    let mut names: Vec<String> = history.into_iter().map(|entry| entry.id.name).collect();
    names.sort();
    Ok(names)
}

fn id(name: &str) -> MigrationId {
    MigrationId::new("shop", name)
}

/// The four migrations, and a squash of the first three, and one of that and the fourth.
fn squashed() -> Result<(MigrationSet, MigrationSet, MigrationSet)> {
    let plain = set(&[NOTE, TAG, LAST])?;
    let add = |set: &MigrationSet, squash: engine::Migration| {
        let mut set = set.clone();
        set.add(squash).map_err(engine_error)?;
        Ok::<_, orm::Error>(set)
    };
    let squash = plain.squash(None, &id("0003_tag"), None).map_err(engine_error)?;
    // The note is made with its last length, and the step that may be left out is.
    assert_eq!(squash.operations.len(), 2, "{:?}", squash.operations);
    let once = add(&plain, squash)?;
    let again = once.squash(None, &id("0004_last"), Some("all")).map_err(engine_error)?;
    assert_eq!(again.replaces, [id("0001_squashed_0003_tag"), id("0004_last")]);
    let twice = add(&once, again)?;
    assert_eq!(once.state().map_err(engine_error)?, plain.state().map_err(engine_error)?);
    assert_eq!(twice.state().map_err(engine_error)?, plain.state().map_err(engine_error)?);
    Ok((plain, once, twice))
}

behaviour! {
    async fn a_squash_stands_for_what_it_replaces(bed) {
        let Bed { db, .. } = &*bed;
        let (plain, once, twice) = squashed()?;
        let run = async |set: &MigrationSet, target: Option<&str>| -> Result<usize> {
            let migrator = Migrator::with_set(set.clone());
            let migrator = if target.is_some() { migrator.to("shop", target)? } else { migrator };
            Ok(migrator.run(db).await?.len())
        };
        // An empty database meets only the squash, and goes back by it.
        assert_eq!(run(&once, None).await?, 2);
        assert_eq!(names(db, &once).await?, ["0001_squashed_0003_tag", "0004_last"]);
        assert_eq!(run(&once, Some("zero")).await?, 2);
        assert_eq!(run(&twice, None).await?, 1);
        assert_eq!(names(db, &twice).await?, ["0001_all"]);
        assert_eq!(run(&twice, Some("zero")).await?, 1);

        // One that is past all of it records the squash.
        run(&plain, Some("0003")).await?;
        db.batch(ROWS.replace(", pages)", ", pages, note)").replace("10)", "10, '')").replace("20)", "20, '')")).await?;
        assert_eq!(run(&once, None).await?, 1);
        let parts = ["0001_initial", "0001_squashed_0003_tag", "0002_note", "0003_tag", "0004_last"];
        assert_eq!(names(db, &once).await?, parts);
        assert_eq!(run(&twice, None).await?, 0);
        assert_eq!(names(db, &twice).await?.len(), 6);
        assert_eq!(run(&twice, None).await?, 0);
        // A program that does not have the squashes knows what is done, has nothing to run, and can forget them.
        assert_eq!(run(&plain, None).await?, 0);
        assert!(Migrator::with_set(plain.clone()).to("shop", Some("0003"))?.run(db).await.unwrap_err().message().contains("M071"));
        for squash in ["0001_squashed_0003_tag", "0001_all"] {
            Migrator::with_set(plain.clone()).repair(db, &id(squash), Remedy::Forget).await?;
        }
        assert_eq!(run(&plain, None).await?, 0);
        assert_eq!(run(&twice, None).await?, 0);
        assert_eq!(names(db, &twice).await?, ["0001_all", "0001_initial", "0002_note", "0003_tag", "0004_last"]);
        assert_eq!(one(db, "SELECT COUNT(*) FROM shop_book").await?, 2);
        db.batch("DELETE FROM shop_book").await?;
        // With the squash, all that it stands for is undone.
        run(&twice, Some("zero")).await?;
        assert!(names(db, &twice).await?.is_empty());

        // One in the middle goes on step by step.
        run(&plain, Some("0002")).await?;
        assert_eq!(run(&twice, None).await?, 2);
        assert_eq!(one(db, "SELECT COUNT(*) FROM shop_book WHERE last IS NULL").await?, 0);
        // Then the old files may go, and what depended on them depends on the squash.
        let mut small = MigrationSet::default();
        for migration in twice.iter().filter(|migration| migration.id.name == "0001_all") {
            small.add(migration.clone()).map_err(engine_error)?;
        }
        assert_eq!(run(&twice, None).await?, 0);
        assert_eq!(run(&small, None).await?, 0);
        Ok(())
    }

    async fn a_database_that_is_there_is_taken_over(bed) {
        let Bed { db, .. } = &*bed;
        let all = set(&[NOTE])?;
        Migrator::with_set(all.clone()).to("shop", Some("0001"))?.run(db).await?;
        db.batch(ROWS).await?;
        // As if it had been made by other means.
        db.batch("DROP TABLE orm_migrations").await?;
        let refused = Migrator::with_set(all.clone()).run(db).await.unwrap_err();
        assert_eq!(refused.code(), Code::Migration, "{refused}");
        db.batch("DROP TABLE IF EXISTS orm_migrations").await?;
        Migrator::with_set(all.clone()).fake_initial(true).run(db).await?;
        assert_eq!(names(db, &all).await?, ["0001_initial", "0002_note"]);
        assert_eq!(one(db, "SELECT COUNT(*) FROM shop_book WHERE note = 'none'").await?, 2);

        // Half of it is not enough.
        db.batch("DROP TABLE orm_migrations").await?;
        db.batch("ALTER TABLE shop_book DROP COLUMN title").await?;
        let refused = Migrator::with_set(all.clone()).fake_initial(true).run(db).await.unwrap_err();
        assert!(refused.message().contains("M087") && refused.message().contains("`title`"), "{refused}");
        assert!(names(db, &all).await?.is_empty());
        Ok(())
    }

    async fn what_went_wrong_is_explained_and_repaired(bed) {
        let Bed { db, backend, .. } = &*bed;
        let all = set(&[NOTE, TAG, LAST])?;
        let migrator = || Migrator::with_set(all.clone());
        migrator().run(db).await?;
        let codes = async || -> Result<Vec<&'static str>> {
            Ok(migrator().findings(db).await?.iter().map(|finding| finding.code.as_str()).collect())
        };
        assert!(codes().await?.is_empty());
        let refused = migrator().repair(db, &id("0001_initial"), Remedy::Accept).await.unwrap_err();
        assert!(refused.message().contains("M074"), "{refused}");

        db.batch("UPDATE orm_migrations SET checksum = 'x' WHERE name = '0002_note'").await?;
        assert_eq!(codes().await?, ["M070"]);
        assert!(migrator().run(db).await.unwrap_err().message().contains("M070"));
        migrator().repair(db, &id("0002_note"), Remedy::Accept).await?;
        assert!(codes().await?.is_empty());

        db.batch("UPDATE orm_migrations SET name = '0005_lost' WHERE name = '0004_last'").await?;
        assert_eq!(codes().await?, ["M071"]);
        assert!(migrator().run(db).await.unwrap_err().message().contains("M071"));
        // A program that is older than the database has nothing to run.
        assert!(Migrator::with_set(set(&[NOTE, TAG])?).run(db).await?.is_empty());
        migrator().repair(db, &id("0005_lost"), Remedy::Forget).await?;
        assert!(codes().await?.is_empty());

        db.batch("DELETE FROM orm_migrations WHERE name = '0002_note'").await?;
        assert_eq!(codes().await?, ["M072"]);
        assert!(migrator().run(db).await.unwrap_err().message().contains("M072"));
        migrator().repair(db, &id("0002_note"), Remedy::Record).await?;
        assert!(codes().await?.is_empty());

        // Stopped in the middle: the column is there, the SQL by hand may have run or not.
        db.batch("UPDATE orm_migrations SET direction = 'forward', done = 1, total = 2, doing = 1 WHERE name = '0002_note'").await?;
        db.batch("DELETE FROM orm_migrations WHERE name = '0003_tag'").await?;
        assert_eq!(codes().await?, ["M073"]);
        if *backend == Backend::MariaDb {
            // Where the migration is not one transaction.
            let plan = engine::plan_migration(
                engine::Dialect::MariaDb,
                &all.state_before(&id("0002_note")).map_err(engine_error)?,
                all.get(&id("0002_note")).unwrap(),
                engine::Direction::Forward,
            )
            .map_err(engine_error)?;
            let sql = format!("UPDATE orm_migrations SET done = {}, total = {} WHERE name = '0002_note'", plan.len() - 1, plan.len());
            db.batch(sql).await?;
            let stopped = migrator().run(db).await.unwrap_err();
            assert!(stopped.message().contains("M073"), "{stopped}");
            assert!(stopped.hint().unwrap().contains("repair --not-done shop.0002_note"), "{stopped}");
            migrator().repair(db, &id("0002_note"), Remedy::NotDone).await?;
            // Back to where it began: the column goes again.
            migrator().repair(db, &id("0002_note"), Remedy::Undo).await?;
            assert_eq!(names(db, &all).await?, ["0001_initial"]);
            let gone = db.batch("SELECT note FROM shop_book").await.unwrap_err();
            assert_eq!(gone.code(), Code::MissingTable, "{gone}");
        }
        Ok(())
    }
}

const WRONG: &str = r#"
depends_on = ["shop.0001_initial"]

[[operations]]
op = "run_sql"
sql = { all = ["UPDATE shop_book SET title = 'x'"] }
reverse = { all = ["UPDATE shop_book SET title = 'z'"] }

[[operations]]
op = "run_sql"
sql = { all = ["UPDATE shop_bok SET title = 'y'"] }
"#;

behaviour! {
    async fn a_file_that_the_database_refuses_is_corrected(bed) {
        let Bed { db, backend, .. } = &*bed;
        let with = |text: &str| set(&[("shop/0002_wrong.toml", text)]);
        let wrong = with(WRONG)?;
        Migrator::with_set(wrong.clone()).to("shop", Some("0001"))?.run(db).await?;
        db.batch(ROWS).await?;
        let wrong_again = || Migrator::with_set(wrong.clone());
        let refused = wrong_again().run(db).await.unwrap_err();
        assert_eq!(refused.code(), Code::Migration, "{refused}");
        let right = with(&WRONG.replace("shop_bok", "shop_book"))?;
        let migrator = || Migrator::with_set(right.clone());
        if *backend == Backend::MariaDb {
            assert!(wrong_again().obstacles(db).await?.is_empty());
            // One statement is done, and the file is not the one that it was done by.
            assert!(refused.hint().unwrap().contains("`repair --undo shop.0002_wrong`"), "{refused}");
            let stopped = migrator().run(db).await.unwrap_err();
            assert!(stopped.message().contains("M073"), "{stopped}");
            assert!(stopped.hint().unwrap().contains("`repair --undo shop.0002_wrong`"), "{stopped}");
            migrator().repair(db, &MigrationId::new("shop", "0002_wrong"), Remedy::Undo).await?;
            assert!(one(db, "SELECT COUNT(*) FROM shop_book WHERE title = 'z'").await? > 0);
        }
        migrator().run(db).await?;
        assert_eq!(one(db, "SELECT COUNT(*) FROM shop_book WHERE title <> 'y'").await?, 0);
        Ok(())
    }
}

#[test]
fn a_missing_file_is_told_before_branches() {
    let last = "depends_on = [\"shop.0002_lost\"]\noperations = []\n";
    let files = [("shop/0001_initial.toml", INITIAL), ("shop/0003_last.toml", last)];
    let set = MigrationSet::from_embedded(&files).unwrap();
    let missing = set.check_leaves().unwrap_err();
    assert_eq!(missing.code(), "M063", "{missing}");
}

#[test]
fn branches_are_merged_where_they_go_together() {
    let branch = |name: &str, field: &str| {
        let text = format!(
            "depends_on = [\"shop.0001_initial\"]\n[[operations]]\nop = \"add_field\"\nmodel = \"shop.Book\"\nfield = {{ name = \"{field}\", type = \"integer\", null = true }}\n"
        );
        (format!("shop/0002_{name}.toml"), text)
    };
    let merged = |branches: &[(String, String)]| {
        let files: Vec<(&str, &str)> = [("shop/0001_initial.toml", INITIAL)]
            .into_iter()
            .chain(branches.iter().map(|(path, text)| (path.as_str(), text.as_str())))
            .collect();
        let set = MigrationSet::from_embedded(&files).unwrap();
        let conflict = set.path(&std::collections::BTreeSet::new(), &Target::Latest).unwrap_err();
        assert_eq!(conflict.code(), "M061");
        assert!(conflict.hint().unwrap().contains("--merge"), "{conflict}");
        set.merge("shop").map(|merge| (set, merge.unwrap()))
    };
    let (mut set, merge) = merged(&[branch("one", "first"), branch("two", "second")]).unwrap();
    assert_eq!((merge.id.name.as_str(), merge.depends_on.len()), ("0003_merge_one_two", 2));
    set.add(merge).unwrap();
    assert_eq!(set.state().unwrap().model("shop", "Book").unwrap().fields.len(), 6);
    let clash = merged(&[branch("one", "same"), branch("two", "same")]).unwrap_err();
    assert_eq!(clash.code(), "M061");
    assert!(clash.message().contains("do not go together"), "{clash}");
}
