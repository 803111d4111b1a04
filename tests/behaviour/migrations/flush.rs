//! Rows that go, tables that stay, and the numbers of keys.

use super::{
    commands::{Shell, folder, moved},
    rows::query,
};
use crate::bed::{Bed, behaviour};
use orm::{
    Code, Dialect,
    migrate::{Migrator, flush, migrations, sequence_sql},
    prelude::*,
};

orm::app! { pub flushed { Author, Book } }

#[derive(Model, Debug, Clone)]
pub struct Author {
    pub id: i64,
    #[field(max_length = 20)]
    pub name: String,
    pub teacher: Option<ForeignKey<Author>>,
}

#[derive(Model, Debug, Clone)]
pub struct Book {
    pub id: i64,
    pub by: ForeignKey<Author>,
    pub tags: ManyToMany<Author>,
}

async fn fill(db: &Database) -> orm::Result<i64> {
    let ada = Author::draft().name("Ada").create(db).await?;
    let ben = Author::draft().name("Ben").teacher(&ada).create(db).await?;
    let book = Book::draft().by(&ben).create(db).await?;
    book.many(|b| b.tags).add([&ada, &ben], db).await?;
    Ok(ada.id)
}

behaviour! {
    async fn all_rows_go_and_keys_begin_anew(bed) {
        let Bed { db, .. } = &*bed;
        orm::migrate::create_tables(db, &[flushed()]).await?;
        for _ in 0..2 {
            assert_eq!(fill(db).await?, 1);
            flush(db, &[flushed()]).await?;
            assert_eq!((Author::objects().count(db).await?, Book::objects().count(db).await?), (0, 0));
        }

        // Somebody else's rows are not left without what they refer to.
        db.batch("CREATE TABLE others (author bigint REFERENCES flushed_author (id), FOREIGN KEY (author) REFERENCES flushed_author (id))").await?;
        fill(db).await?;
        if db.dialect() != Dialect::Postgres {
            flush(db, &[flushed()]).await?;
            fill(db).await?;
        }
        db.batch("INSERT INTO others (author) VALUES (1)").await?;
        let refused = flush(db, &[flushed()]).await.unwrap_err();
        if db.dialect() != Dialect::Postgres {
            assert_eq!(refused.code(), Code::ForeignKeyViolation, "{refused}");
            assert!(refused.message().contains("`others`"), "{refused}");
        }
        assert_eq!(Author::objects().count(db).await?, 2);
        // What refers to nothing is still refused.
        assert!(Book::draft().by(999).create(db).await.is_err());
        db.batch("DROP TABLE others").await?;

        // Rows that came with keys of their own.
        db.batch("INSERT INTO flushed_author (id, name) VALUES (50, 'Eve')").await?;
        for sql in sequence_sql(db.dialect(), &[flushed()])? {
            query(db, &sql).await?;
        }
        assert_eq!(Author::draft().name("Fay").create(db).await?.id, 51);
        flush(db, &[flushed()]).await?;
        for sql in sequence_sql(db.dialect(), &[flushed()])? {
            query(db, &sql).await?;
        }
        assert_eq!(fill(db).await?, 1);
        Ok(())
    }

    async fn the_commands_ask_before_rows_go(bed) {
        let Bed { db, backend, .. } = &*bed;
        if bed.url.contains(":memory:") {
            return Ok(());
        }
        let shell = Shell { app: flushed, folder: folder(&format!("flush_{backend:?}")), url: bed.url.clone() };
        shell.run("makemigrations")?;
        shell.run("migrate")?;
        fill(db).await?;
        let refused = shell.refused("flush");
        assert!(refused.hint().unwrap().contains("--yes"), "{refused}");
        assert_eq!(Author::objects().count(db).await?, 2);
        assert_eq!(shell.run("flush --yes flushed")?, "Removed all rows of flushed.\n");
        assert_eq!(Author::objects().count(db).await?, 0);
        assert_eq!(shell.run("flush --noinput")?, "Removed all rows of flushed.\n");
        assert_eq!(shell.run("migrate")?, "Nothing to migrate.\n");
        assert!(shell.refused("flush --yes nowhere").hint().unwrap().contains("flushed"));

        let printed = shell.run("sqlflush")?;
        assert!(printed.contains("flushed_book_tags") && !printed.contains("orm_migrations"), "{printed}");
        assert!(shell.run("sqlflush --dialect postgres")?.starts_with("TRUNCATE \"flushed_book_tags\", "));
        assert!(shell.run("sqlsequencereset --dialect postgres")?.starts_with("SELECT setval("));
        assert_eq!(shell.run("sqlsequencereset --dialect sqlite")?, "-- nothing to do on sqlite\n");
        let set = migrations(&[moved(flushed(), &shell.folder)])?;
        assert!(Migrator::with_set(set).plan(db).await?.is_empty());
        std::fs::remove_dir_all(&shell.folder).unwrap();
        Ok(())
    }
}
