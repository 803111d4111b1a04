//! A schema for each tenant: one pool of connections, and nobody sees the rows of another.

use crate::bed::{Bed, behaviour};
use orm::{Code, prelude::*};

orm::app! { pub rented { Flat } }

#[derive(Model, Debug, Clone)]
pub struct Flat {
    pub id: i64,
    #[field(max_length = 20, unique)]
    pub name: String,
}

async fn tenant(number: usize, bed: &Bed) -> orm::Result<Database> {
    bed.db.batch(format!("CREATE SCHEMA \"tenant {number}\"")).await?;
    let db = bed.db.in_schema(&format!("tenant {number}"))?;
    orm::migrate::create_tables(&db, &[rented()]).await?;
    Ok(db)
}

behaviour! {
    async fn rows_are_those_of_the_tenant(bed, requires(PostgresTypes)) {
        let mut tenants = Vec::new();
        for number in 0..3 {
            tenants.push(tenant(number, &bed).await?);
        }
        let tasks: Vec<_> = (0..12)
            .map(|task| {
                let (number, db) = (task % 3, tenants[task % 3].clone());
                tokio::spawn(async move {
                    for round in 0..25 {
                        let name = format!("{number}-{task}-{round}");
                        let flat = Flat::draft().name(&*name).create(&db).await?;
                        assert_eq!(Flat::get(flat.id, &db).await?.name, name);
                        db.transaction(async |tx| {
                            let mut edit = flat.edit();
                            edit.name = format!("{name}!");
                            edit.save(tx).await
                        })
                        .await?;
                        let names = Flat::objects().values(|f| f.name).all(&db).await?;
                        assert!(names.iter().all(|name| name.starts_with(&format!("{number}-"))), "{number}: {names:?}");
                    }
                    Ok::<(), orm::Error>(())
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap()?;
        }
        for db in &tenants {
            assert_eq!(Flat::objects().count(db).await?, 100);
        }
        // Without a schema names mean what they always do.
        assert_eq!(Flat::objects().count(&bed.db).await.unwrap_err().code(), Code::MissingTable);
        // A tenant that is not there has nothing, and gets nothing of another: neither rows nor tables.
        bed.db.batch("CREATE TABLE rented_flat (id INTEGER)").await?;
        let nowhere = bed.db.in_schema("nowhere")?;
        assert_eq!(Flat::objects().count(&nowhere).await.unwrap_err().code(), Code::MissingTable);
        assert!(orm::migrate::create_tables(&nowhere, &[rented()]).await.is_err());
        // Whatever a name is, it is a name.
        let odd = bed.db.in_schema("public\"; DROP SCHEMA \"tenant 1\" CASCADE; --")?;
        assert_eq!(Flat::objects().count(&odd).await.unwrap_err().code(), Code::MissingTable);
        assert_eq!(Flat::objects().count(&tenants[1]).await?, 100);
        for odd in ["", "a\0b"] {
            assert_eq!(bed.db.in_schema(odd).unwrap_err().code(), Code::BadSetting);
        }
        Ok(())
    }

    async fn elsewhere_a_tenant_has_a_database(bed) {
        if !bed.db.dialect().capabilities().postgres_types {
            assert_eq!(bed.db.in_schema("a").unwrap_err().code(), Code::Unsupported);
        }
        Ok(())
    }
}
