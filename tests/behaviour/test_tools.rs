//! What the library has for tests: databases of their own, rows that only have to be there, locks by name.

use crate::bed::{Backend, behaviour};
use orm::{
    Change, Choices, Code, Hooks, Transaction,
    prelude::*,
    testing::{Make, TestDatabase, remove_templates, rolled_back},
};
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

orm::app! { pub bakery { Oven, Loaf, Owner, Crumb, Circle, Recipe, Step } }

#[derive(Model, Debug, Clone)]
pub struct Owner {
    pub id: i64,
    #[field(email, unique)]
    pub mail: String,
    #[field(url)]
    pub page: String,
    #[field(slug)]
    pub slug: String,
    #[field(ip)]
    pub address: String,
}

#[derive(Model, Debug, Clone)]
pub struct Oven {
    #[field(primary_key, max_length = 2)]
    pub code: String,
    pub owner: ForeignKey<Owner>,
    #[field(primary_key)]
    pub place: i16,
}

#[derive(Choices, Debug, Clone, Copy, PartialEq)]
pub enum Grain {
    Rye,
    Wheat,
}

#[derive(Model, Debug, Clone)]
pub struct Loaf {
    pub id: Uuid,
    pub oven: ForeignKey<Oven>,
    pub grain: Grain,
    #[field(min = 18, max = 20)]
    pub heat: i32,
    #[field(max = 3)]
    pub left: i64,
    #[field(min_length = 30, max_length = 40)]
    pub name: String,
    #[field(max_digits = 4, decimal_places = 2)]
    pub price: Decimal,
    pub weight: f32,
    pub raw: Vec<u8>,
    pub day: NaiveDate,
    pub at: NaiveTime,
    pub seen: NaiveDateTime,
    pub made: DateTime<Utc>,
    pub lasts: TimeDelta,
    pub more: serde_json::Value,
    pub note: Option<String>,
    #[field(default = 7)]
    pub kept: i32,
    pub crumbs: HasMany<Crumb>,
}

#[derive(Model, Debug, Clone)]
pub struct Crumb {
    pub id: i64,
    pub loaf: ForeignKey<Loaf>,
    #[field(pattern = "^[A-Z]+$", max_length = 10)]
    pub shape: String,
}

/// Cannot be made from nothing.
#[derive(Model, Debug, Clone)]
pub struct Circle {
    pub id: i64,
    pub next: ForeignKey<Circle>,
}

/// It has rules and hooks, and so has what leads to it.
#[derive(Model, Debug, Clone)]
#[model(hooks, validate = Recipe::validate)]
pub struct Recipe {
    pub id: i64,
    #[field(max_length = 40)]
    pub name: String,
    #[field(default = 0)]
    pub made: i32,
}

impl Recipe {
    fn validate(recipe: &mut Change<Recipe>) {
        if recipe.get(|r| r.name).is_some_and(|name| name == "poison") {
            recipe.refuse(|r| r.name, "recipe.poison", "nobody bakes that");
        }
    }
}

impl Hooks for Recipe {
    async fn before_create(recipe: &mut Change<Recipe>, _: &Transaction) -> orm::Result<()> {
        recipe.set(|r| r.made, 1);
        Ok(())
    }
}

#[derive(Model, Debug, Clone)]
pub struct Step {
    pub id: i64,
    pub recipe: ForeignKey<Recipe>,
}

behaviour! {
    // As by a draft: with hooks, with rules; what it leads to is only there.
    async fn rows_are_made_with_hooks_and_rules(bed) {
        orm::migrate::create_tables(&bed.db, &[bakery()]).await?;
        let db = &bed.db;
        assert_eq!(Recipe::make(db).await?.made, 1);
        assert_eq!(Recipe::make_with(|r| (r.name.set("bread"), r.made.set(5)), db).await?.made, 1);
        let error = Recipe::make_with(|r| r.name.set("poison"), db).await.unwrap_err();
        assert_eq!((error.code(), Recipe::objects().count(db).await?), (Code::Own("recipe.poison"), 2));
        let step = Step::make(db).await?;
        assert_eq!(step.recipe.fetch(db).await?.made, 0);
        Ok(())
    }

    async fn rows_are_made_up(bed) {
        orm::migrate::create_tables(&bed.db, &[bakery()]).await?;
        let db = &bed.db;
        let mut names = BTreeSet::new();
        for _ in 0..30 {
            let loaf = Loaf::make(db).await?;
            assert!((18..=20).contains(&loaf.heat) && loaf.left <= 3, "{loaf:?}");
            assert!((30..=40).contains(&loaf.name.len()) && loaf.note.is_none() && loaf.kept == 7, "{loaf:?}");
            names.insert(loaf.name);
        }
        assert_eq!(names.len(), 30);
        assert_eq!(Oven::objects().count(db).await?, 30);
        let loaf = Loaf::make_with(|l| (l.grain.set(Grain::Wheat), l.note.set("mine"), l.kept.set(1)), db).await?;
        assert_eq!((loaf.grain, loaf.note.as_deref(), loaf.kept), (Grain::Wheat, Some("mine"), 1));
        let crumb = Crumb::make(db).await.unwrap_err();
        assert_eq!((crumb.code(), crumb.fields()), (Code::MissingValue, &["shape".to_owned()][..]));
        let crumb = Crumb::make_with(|c| (c.shape.set("ROUND"), c.loaf.set(&loaf)), db).await?;
        assert_eq!(*crumb.loaf.key(), loaf.id);
        assert_eq!(Loaf::objects().count(db).await?, 31);
        let circle = Circle::make(db).await.unwrap_err();
        assert_eq!(circle.code(), Code::MissingValue);
        let computed = Loaf::make_with(|l| l.kept.set(l.kept + 1), db).await.unwrap_err();
        assert_eq!(computed.code(), Code::BadQuery);
        // The rules of the row itself are asked.
        assert_eq!(Loaf::make_with(|l| l.heat.set(99), db).await.unwrap_err().code(), Code::OutOfRange);
        Ok(())
    }

    async fn each_test_has_a_database(bed) {
        let url = match bed.backend {
            Backend::SqliteMemory => "sqlite::memory:".to_owned(),
            Backend::SqliteFile => "sqlite://".to_owned(),
            _ => bed.url.clone(),
        };
        let first = TestDatabase::at(&url, [bakery()]).await?;
        let begun = Instant::now();
        let count = 8_u32;
        let made: Vec<_> = (0..count).map(|_| {
            let url = url.clone();
            tokio::spawn(async move { TestDatabase::at(&url, [bakery()]).await })
        }).collect();
        let mut all = Vec::new();
        for task in made {
            all.push(task.await.unwrap()?);
        }
        println!("{:?}: {:?} for a database", bed.backend, begun.elapsed() / count);
        Owner::make(&first).await?;
        for db in &all {
            assert_eq!(Owner::objects().count(db).await?, 0);
            assert_eq!(Owner::make(db).await?.id, 1);
        }
        let names: BTreeSet<String> = all.iter().map(|db| db.url().to_owned()).collect();
        assert!(names.len() == 8 || bed.backend == Backend::SqliteMemory);
        all.pop().unwrap().remove().await?;
        drop(all);
        first.remove().await?;
        if matches!(bed.backend, Backend::Postgres | Backend::MariaDb) {
            let left = match bed.backend {
                Backend::Postgres => "SELECT datname::text FROM pg_database WHERE datname LIKE ?",
                _ => "SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE ?",
            };
            let ours = format!("orm_test_{}_%_________", std::process::id());
            let left = orm::raw::<String>(left).bind(ours).all(&bed.db).await?;
            assert_eq!(left, [""; 0]);
        }
        let wrong = TestDatabase::at("postgres://nobody@127.0.0.1:1/x", [bakery()]).await.unwrap_err();
        assert_eq!(wrong.code(), Code::Unreachable);
        if bed.backend == Backend::Postgres {
            assert!(remove_templates(&bed.url).await? >= 1);
        }
        Ok(())
    }

    async fn what_is_rolled_back_leaves_nothing(bed) {
        orm::migrate::create_tables(&bed.db, &[bakery()]).await?;
        let letters = Arc::new(AtomicU32::new(0));
        let sent = letters.clone();
        let counted = rolled_back(&bed.db, async |tx| {
            Owner::make(tx).await?;
            let sent = sent.clone();
            tx.on_commit(async move || {
                sent.fetch_add(1, Ordering::Relaxed);
            });
            assert_eq!(tx.run_on_commit().await, 1);
            assert_eq!(tx.run_on_commit().await, 0);
            Owner::objects().count(tx).await
        });
        assert_eq!(counted.await?, 1);
        assert_eq!(letters.load(Ordering::Relaxed), 1);
        assert_eq!(Owner::objects().count(&bed.db).await?, 0);
        let failed = rolled_back(&bed.db, async |tx| Owner::get(9, tx).await).await;
        assert_eq!(failed.unwrap_err().code(), Code::NotFound);
        Ok(())
    }

    async fn a_lock_by_name_keeps_others_out(bed) {
        let (db, inside) = (&bed.db, Arc::new(AtomicU32::new(0)));
        let tasks: Vec<_> = (0..6).map(|_| {
            let (db, inside) = (db.clone(), inside.clone());
            tokio::spawn(async move {
                db.transaction(async |tx| {
                    tx.advisory_lock("oven's door").await?;
                    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    assert_eq!(inside.fetch_sub(1, Ordering::SeqCst), 1);
                    Ok(())
                })
                .await
            })
        }).collect();
        for task in tasks {
            task.await.unwrap()?;
        }
        if !matches!(bed.backend, Backend::SqliteMemory | Backend::SqliteFile) {
            let holder = db.begin().await?;
            assert!(holder.try_advisory_lock("a").await?);
            let other = db.begin().await?;
            assert!(!other.try_advisory_lock("a").await?);
            assert!(other.try_advisory_lock("b").await?);
            holder.rollback().await?;
            assert!(other.try_advisory_lock("a").await?);
            // Also where the transaction is just dropped.
            drop(other);
            let begun = Instant::now();
            loop {
                let again = db.begin().await?;
                if again.try_advisory_lock("a").await? {
                    break;
                }
                assert!(begun.elapsed() < Duration::from_secs(5));
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        } else {
            let reads = db.build_transaction().read_only().begin().await?;
            assert_eq!(reads.advisory_lock("a").await.unwrap_err().code(), Code::BadQuery);
        }
        Ok(())
    }
}

/// Another application of the same label.
mod other {
    use orm::prelude::*;

    orm::app! { pub bakery { Cake } }

    #[derive(Model, Debug, Clone)]
    pub struct Cake {
        pub id: i64,
    }
}

#[tokio::test(flavor = "current_thread")]
async fn applications_of_one_label_have_tables_of_their_own() -> orm::Result<()> {
    let first = TestDatabase::at("sqlite::memory:", [bakery()]).await?;
    let second = TestDatabase::at("sqlite::memory:", [other::bakery()]).await?;
    assert_eq!((Owner::objects().count(&first).await?, other::Cake::objects().count(&second).await?), (0, 0));
    Ok(())
}
