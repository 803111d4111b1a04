//! `check` and the rules of foreign keys for deletes: those that migrations have made are kept, others need none.

use super::{
    commands::{Shell, folder},
    rows::query,
};
use crate::bed::{Backend, Bed, behaviour};
use orm::{Database, Result, prelude::*};

orm::app! { pub kept { Shelf, Thing } }

#[derive(Model, Debug)]
pub struct Shelf {
    pub id: i64,
}

#[derive(Model, Debug)]
pub struct Thing {
    pub id: i64,
    #[field(on_delete = cascade)]
    pub shelf: ForeignKey<Shelf>,
}

/// Takes the rule away from the foreign key of things to shelves.
async fn unrule(db: &Database, backend: Backend) -> Result<()> {
    let names = match backend {
        Backend::Postgres => {
            "SELECT conname FROM pg_constraint WHERE conrelid = 'kept_thing'::regclass AND contype = 'f'"
        }
        Backend::MariaDb => {
            "SELECT constraint_name FROM information_schema.referential_constraints WHERE constraint_schema = DATABASE() AND table_name = 'kept_thing'"
        }
        _ => {
            // A table of SQLite's says it in its own text.
            let rewritten = "PRAGMA writable_schema = ON; \
                UPDATE sqlite_master SET sql = REPLACE(sql, ' ON DELETE CASCADE', '') WHERE name = 'kept_thing'; \
                PRAGMA writable_schema = RESET";
            return db.batch(rewritten).await;
        }
    };
    let names = query(db, names).await?;
    assert_eq!(names.len(), 1, "{names:?}");
    let name = names[0][0].clone().unwrap();
    let (drop, quote) = if backend == Backend::Postgres { ("CONSTRAINT", '"') } else { ("FOREIGN KEY", '`') };
    let deferred = if backend == Backend::Postgres { " DEFERRABLE INITIALLY DEFERRED" } else { "" };
    db.batch(format!(
        "ALTER TABLE kept_thing DROP {drop} {quote}{name}{quote}; \
         ALTER TABLE kept_thing ADD CONSTRAINT {quote}{name}{quote} FOREIGN KEY (shelf_id) REFERENCES kept_shelf (id){deferred}"
    ))
    .await
}

behaviour! {
    async fn a_key_that_has_lost_its_rule_differs_where_migrations_have_made_it(bed) {
        let Bed { db, backend, .. } = &*bed;
        if *backend == Backend::SqliteMemory {
            // Every command connects anew, so that a database in memory would be another each time.
            return Ok(());
        }
        let shell = Shell { app: kept, folder: folder(&format!("ruled_{backend:?}")), url: bed.url.clone() };
        shell.run("makemigrations")?;
        shell.run("migrate")?;
        shell.run("check")?;
        unrule(db, *backend).await?;
        let told = shell.refused("check");
        assert!(told.message().starts_with("1 difference "), "{told}");
        let printed = shell.run("check --allow D018")?;
        assert!(!printed.contains("D018"), "{printed}");

        // In a database of Django's keys have no rules.
        db.batch("CREATE TABLE django_migrations (id integer)").await?;
        shell.run("check")?;
        db.batch("DROP TABLE django_migrations").await?;
        assert!(shell.refused("check").message().starts_with("1 difference "));

        // Nor need they have any in tables that were taken over.
        shell.run("migrate --fake kept zero")?;
        shell.run("migrate --fake")?;
        shell.run("check")?;
        shell.run("migrate --fake kept zero")?;
        shell.run("migrate --fake-initial")?;
        shell.run("check")?;
        std::fs::remove_dir_all(&shell.folder).unwrap();
        Ok(())
    }
}
