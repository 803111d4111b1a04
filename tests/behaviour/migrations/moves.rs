//! A model that moves to another application takes its rows with it, and so do those that refer to it.

use super::{one, rows::query};
use crate::bed::{Bed, behaviour};
use orm::{
    App, Code,
    migrate::{
        Migrator,
        engine::{self, Migration, MigrationSet, diff::Answers},
        engine_error, schema,
    },
    prelude::*,
};

/// Tags and books in one shop.
mod before {
    pub mod shop {
        use orm::prelude::*;

        orm::app! { pub shop { Book, Tag } }

        #[derive(Model, Debug, Clone)]
        pub struct Tag {
            pub id: i64,
            #[field(max_length = 20, unique)]
            pub label: String,
            pub over: Option<ForeignKey<Tag>>,
            pub like: ManyToMany<Tag>,
        }

        #[derive(Model, Debug, Clone)]
        pub struct Book {
            pub id: i64,
            #[field(max_length = 50)]
            pub title: String,
            pub main: ForeignKey<Tag>,
            pub tags: ManyToMany<Tag>,
        }
    }

    pub mod blog {
        use orm::prelude::*;

        orm::app! { pub blog { Post } }

        #[derive(Model, Debug, Clone)]
        pub struct Post {
            pub id: i64,
            #[field(on_delete = cascade)]
            pub tag: ForeignKey<super::shop::Tag>,
        }
    }
}

/// The tags have an application of their own; `$attribute` says what becomes of their table.
macro_rules! after {
    ($name:ident, $(#[$attribute:meta])?) => {
        mod $name {
            pub mod core {
                use orm::prelude::*;

                orm::app! { pub core { Tag } }

                #[derive(Model, Debug, Clone)]
                $(#[$attribute])?
                pub struct Tag {
                    pub id: i64,
                    #[field(max_length = 20, unique)]
                    pub label: String,
                    pub over: Option<ForeignKey<Tag>>,
                    pub like: ManyToMany<Tag>,
                }
            }

            pub mod shop {
                use orm::prelude::*;

                orm::app! { pub shop { Book } }

                #[derive(Model, Debug, Clone)]
                pub struct Book {
                    pub id: i64,
                    #[field(max_length = 50)]
                    pub title: String,
                    pub main: ForeignKey<super::core::Tag>,
                    pub tags: ManyToMany<super::core::Tag>,
                }
            }

            pub mod blog {
                use orm::prelude::*;

                orm::app! { pub blog { Post } }

                #[derive(Model, Debug, Clone)]
                pub struct Post {
                    pub id: i64,
                    #[field(on_delete = cascade)]
                    pub tag: ForeignKey<super::core::Tag>,
                }
            }

            pub fn apps() -> [orm::App; 3] {
                [core::core(), shop::shop(), blog::blog()]
            }
        }
    };
}

after!(kept, #[model(table = "shop_tag")]);
after!(renamed,);
after!(said, #[model(renamed_from = "shop.Tag")]);

/// The migrations from the set so far to the models, as files would have them.
pub(super) fn make(set: &mut MigrationSet, apps: &[App], answers: &mut Answers) -> orm::Result<Vec<Migration>> {
    let new = engine::autodetect(set, &schema(apps)?, answers).map_err(engine_error)?;
    for migration in &new {
        let text = migration.to_toml().map_err(engine_error)?;
        let again = Migration::from_toml(&migration.id.path(), &text).map_err(engine_error)?;
        assert_eq!(again, *migration, "{text}");
        set.add(again).map_err(engine_error)?;
    }
    Ok(new)
}

fn first() -> orm::Result<MigrationSet> {
    let mut set = MigrationSet::default();
    make(&mut set, &[before::shop::shop(), before::blog::blog()], &mut Answers::new())?;
    Ok(set)
}

pub(super) fn described(new: &[Migration]) -> Vec<String> {
    let of = |migration: &Migration| {
        let does: Vec<String> = migration.operations.iter().map(|operation| operation.describe()).collect();
        format!("{}: {}", migration.id, does.join(", "))
    };
    new.iter().map(of).collect()
}

const ROWS: &str = "INSERT INTO shop_tag (id, label, over_id) VALUES (1, 'all', NULL), (2, 'new', 1);
    INSERT INTO shop_tag_like (from_tag_id, to_tag_id) VALUES (1, 2);
    INSERT INTO shop_book (id, title, main_id) VALUES (1, 'Notes', 2);
    INSERT INTO shop_book_tags (book_id, tag_id) VALUES (1, 1), (1, 2);
    INSERT INTO blog_post (id, tag_id) VALUES (1, 2)";

behaviour! {
    async fn a_model_moves_with_its_table(bed) {
        let Bed { db, log, .. } = &*bed;
        let mut set = first()?;
        Migrator::with_set(set.clone()).run(db).await?;
        db.batch(ROWS).await?;
        // Two models cannot have one table: nothing has to be asked.
        let new = make(&mut set, &kept::apps(), &mut Answers::new())?;
        assert_eq!(described(&new), ["core.0001_initial: Move model shop.Tag to core.Tag"]);
        let needed: Vec<String> = new[0].depends_on.iter().map(ToString::to_string).collect();
        assert_eq!(needed, ["blog.0001_initial", "shop.0001_initial"]);
        assert!(make(&mut set, &kept::apps(), &mut Answers::new())?.is_empty());
        let before = log.statements().len();
        Migrator::with_set(set.clone()).run(db).await?;
        let ran: Vec<String> = log.statements()[before..].iter().map(|statement| statement.sql.clone()).collect();
        assert!(!ran.iter().any(|sql| sql.contains("ALTER TABLE") || sql.contains("shop_tag")), "{ran:?}");
        let book = kept::shop::Book::objects().filter(|b| b.main.label.eq("new")).get(db).await?;
        assert_eq!(book.title, "Notes");
        assert_eq!(kept::core::Tag::objects().filter(|t| t.over.label.eq("all")).count(db).await?, 1);
        assert_eq!(kept::blog::Post::objects().filter(|p| p.tag.label.eq("new")).count(db).await?, 1);
        let orphan = db.batch("UPDATE blog_post SET tag_id = 99").await.unwrap_err();
        assert_eq!(orphan.code(), Code::ForeignKeyViolation, "{orphan}");
        // Without the new application the tags are those of the shop again.
        Migrator::with_set(set.clone()).to("core", Some("zero"))?.run(db).await?;
        assert_eq!(before::shop::Tag::objects().count(db).await?, 2);
        Migrator::with_set(set.clone()).run(db).await?;
        Migrator::with_set(set).to("shop", Some("zero"))?.run(db).await?;
        assert_eq!(db.batch("SELECT 1 FROM shop_tag").await.unwrap_err().code(), Code::MissingTable);
        Ok(())
    }

    async fn a_model_moves_and_its_table_follows(bed) {
        let Bed { db, .. } = &*bed;
        let mut set = first()?;
        Migrator::with_set(set.clone()).run(db).await?;
        db.batch(ROWS).await?;
        let asked = make(&mut set.clone(), &renamed::apps(), &mut Answers::new()).unwrap_err();
        assert_eq!(asked.message(), "M020: was the model `shop.Tag` moved to `core.Tag`?");
        assert!(asked.hint().unwrap().contains("--rename shop.Tag=core.Tag keeps its table and its rows"), "{asked}");
        // Saying it in the model is an answer as well.
        let told = make(&mut set.clone(), &said::apps(), &mut Answers::new())?;
        let mut answers = Answers::new();
        answers.rename("shop.Tag=core.Tag").map_err(engine_error)?;
        let new = make(&mut set, &renamed::apps(), &mut answers)?;
        assert!(answers.unused().is_empty());
        assert_eq!(described(&new), described(&told));
        assert!(described(&new)[0].starts_with("core.0001_initial: Move model shop.Tag to core.Tag, Rename the table of core.Tag to core_tag"), "{new:?}");
        Migrator::with_set(set.clone()).run(db).await?;
        assert_eq!(renamed::core::Tag::objects().filter(|t| t.over.label.eq("all")).count(db).await?, 1);
        assert_eq!(renamed::shop::Book::objects().filter(|b| b.tags.any(|t| t.label.eq("all"))).count(db).await?, 1);
        assert_eq!(one(db, "SELECT COUNT(*) FROM core_tag_like").await?, 1);
        assert!(make(&mut set, &renamed::apps(), &mut Answers::new())?.is_empty());
        let orphan = db.batch("UPDATE shop_book SET main_id = 99").await.unwrap_err();
        assert_eq!(orphan.code(), Code::ForeignKeyViolation, "{orphan}");
        Migrator::with_set(set.clone()).to("core", Some("zero"))?.run(db).await?;
        assert_eq!(query(db, "SELECT label FROM shop_tag ORDER BY id").await?.len(), 2);
        assert_eq!(one(db, "SELECT COUNT(*) FROM shop_tag_like").await?, 1);
        // What is said to be gone is gone.
        let mut set = first()?;
        let mut gone = Answers::new();
        gone.remove("shop.Tag").map_err(engine_error)?;
        let new = make(&mut set, &renamed::apps(), &mut gone)?;
        assert!(described(&new).iter().any(|it| it.contains("Create model core.Tag")), "{new:?}");
        assert!(described(&new).iter().any(|it| it.contains("Delete model shop.Tag")), "{new:?}");
        Ok(())
    }
}
