//! Labels follow models that get another name or move to another application, forwards and back.

use crate::bed::{Bed, behaviour};
use orm::{
    App,
    migrate::{
        Migrator,
        engine::{self, Migration, MigrationSet, diff::Answers},
        engine_error, follow_labels, schema,
    },
    prelude::*,
};

mod before {
    pub mod store {
        use orm::prelude::*;

        orm::app! { pub store { Book, Lamp } }

        #[derive(Model, Debug, Clone)]
        pub struct Book {
            pub id: i64,
        }

        #[derive(Model, Debug, Clone)]
        pub struct Lamp {
            pub id: i64,
        }
    }

    pub mod talk {
        use orm::prelude::*;

        orm::app! { pub talk { Comment } }

        #[derive(Model, Debug, Clone)]
        pub struct Comment {
            pub id: i64,
            pub about: GenericForeignKey,
            pub with: Option<GenericForeignKey<i64>>,
        }
    }

    pub fn apps() -> [orm::App; 2] {
        [store::store(), talk::talk()]
    }
}

mod after {
    pub mod store {
        use orm::prelude::*;

        orm::app! { pub store { Tome } }

        #[derive(Model, Debug, Clone)]
        #[model(renamed_from = "Book")]
        pub struct Tome {
            pub id: i64,
        }
    }

    pub mod house {
        use orm::prelude::*;

        orm::app! { pub house { Lamp } }

        #[derive(Model, Debug, Clone)]
        #[model(renamed_from = "store.Lamp")]
        pub struct Lamp {
            pub id: i64,
        }
    }

    pub mod talk {
        use orm::prelude::*;

        orm::app! { pub talk { Remark } }

        #[derive(Model, Debug, Clone)]
        #[model(renamed_from = "Comment")]
        pub struct Remark {
            pub id: i64,
            #[field(renamed_from = "about")]
            pub on: GenericForeignKey,
            pub with: Option<GenericForeignKey<i64>>,
        }
    }

    pub fn apps() -> [orm::App; 3] {
        [store::store(), house::house(), talk::talk()]
    }
}

fn make(set: &mut MigrationSet, apps: &[App]) -> orm::Result<Vec<Migration>> {
    let new = engine::autodetect(set, &schema(apps)?, &mut Answers::new()).map_err(engine_error)?;
    let new = follow_labels(set, new)?;
    for migration in &new {
        let text = migration.to_toml().map_err(engine_error)?;
        set.add(Migration::from_toml(&migration.id.path(), &text).map_err(engine_error)?).map_err(engine_error)?;
    }
    Ok(new)
}

behaviour! {
    async fn renamed_and_moved(bed) {
        use after::{house::Lamp, store::Tome, talk::Remark};
        use before::{store, talk::Comment};
        let Bed { db, .. } = &*bed;
        let mut set = MigrationSet::default();
        make(&mut set, &before::apps())?;
        Migrator::with_set(set.clone()).run(db).await?;
        let book = store::Book::draft().create(db).await?;
        let lamp = store::Lamp::draft().create(db).await?;
        Comment::draft().about(&book).with(&lamp).create(db).await?;
        Comment::draft().about(&lamp).create(db).await?;
        let new = make(&mut set, &after::apps())?;
        let rewrites: Vec<String> = new.iter().flat_map(|migration| &migration.operations).map(|operation| operation.describe()).filter(|does| does.starts_with("Labels")).collect();
        assert_eq!(rewrites.len(), 3, "{new:?}");
        assert!(rewrites.contains(&"Labels of store.Book become store.Tome".to_owned()) && rewrites.contains(&"Labels of store.Lamp become house.Lamp".to_owned()), "{rewrites:?}");
        // Where the labels are is there before them.
        for migration in new.iter().filter(|migration| migration.id.app != "talk") {
            assert!(migration.depends_on.iter().any(|id| id.app == "talk"), "{migration:?}");
        }
        assert!(make(&mut set, &after::apps())?.is_empty());
        Migrator::with_set(set.clone()).run(db).await?;
        let remarks = Remark::objects().prefetch(|r| (r.on, r.with)).order_by(|r| r.id.asc()).all(db).await?;
        assert!(remarks[0].on.get::<Tome>()?.is_some() && remarks[1].on.get::<Lamp>()?.is_some());
        assert!(remarks[0].with.as_ref().unwrap().get::<Lamp>()?.is_some() && remarks[1].with.is_none());
        for app in ["store", "talk"] {
            Migrator::with_set(set.clone()).to(app, Some("0001"))?.run(db).await?;
        }
        Migrator::with_set(set.clone()).to("house", Some("zero"))?.run(db).await?;
        let comments = Comment::objects().prefetch(|c| (c.about, c.with)).order_by(|c| c.id.asc()).all(db).await?;
        assert!(comments[0].about.get::<store::Book>()?.is_some() && comments[1].about.get::<store::Lamp>()?.is_some());
        assert!(comments[0].with.as_ref().unwrap().is::<store::Lamp>());
        Ok(())
    }
}

behaviour! {
    async fn inspectdb_knows_them_again(bed) {
        let Bed { db, url, .. } = &*bed;
        if url.contains(":memory:") {
            return Ok(());
        }
        orm::migrate::create_tables(db, &[crate::generic::talk()]).await?;
        let mut models = String::new();
        let line = format!("manage --database {url} inspectdb --app talk");
        orm::Project::new().run_into(line.split(' '), &mut models)?;
        let field = |line: &str| assert!(models.lines().any(|known| known.trim() == line), "{line}\n{models}");
        field("pub about: GenericForeignKey,");
        field("pub of: Option<GenericForeignKey<i64>>,");
        // Without the index that they have it is a guess.
        field("pub spot_key: Uuid,");
        assert!(!models.contains("not kept"), "{models}");
        Ok(())
    }
}

#[test]
fn nothing_is_written_where_nobody_holds_labels() -> orm::Result<()> {
    let mut set = MigrationSet::default();
    make(&mut set, &[before::store::store()])?;
    let new = make(&mut set, &[after::store::store(), after::house::house()])?;
    assert!(
        new.iter()
            .flat_map(|migration| &migration.operations)
            .all(|operation| !operation.describe().starts_with("Labels"))
    );
    Ok(())
}
