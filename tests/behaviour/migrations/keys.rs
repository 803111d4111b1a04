//! A model that others refer to gets another key: what refers to it goes on to lead to the same rows, forwards and back.

use super::{make, one, rows::query};
use crate::bed::{Bed, behaviour};
use orm::{
    App, Code, Database, Result,
    migrate::{Migrator, engine::MigrationSet},
};

/// The models, where the region has these fields of its own.
macro_rules! keyed_by {
    ($name:ident, $($key:tt)+) => {
        mod $name {
            use orm::prelude::*;

            orm::app! { pub keyed { Region, City, Detail, Remark, Tag } }

            #[derive(Model, Debug, Clone)]
            pub struct Region {
                $($key)+
                pub parent: Option<ForeignKey<Region>>,
                pub near: ManyToMany<Region>,
            }

            #[derive(Model, Debug, Clone)]
            pub struct City {
                pub id: i64,
                pub region: ForeignKey<Region>,
                pub second: Option<OneToOne<Region>>,
            }

            #[derive(Model, Debug, Clone)]
            pub struct Detail {
                #[field(primary_key)]
                pub region: OneToOne<Region>,
                pub pages: i32,
            }

            #[derive(Model, Debug, Clone)]
            pub struct Remark {
                pub id: i64,
                pub detail: ForeignKey<Detail>,
            }

            #[derive(Model, Debug, Clone)]
            pub struct Tag {
                pub id: i64,
                pub regions: ManyToMany<Region>,
            }
        }
    };
}

keyed_by!(
    before,
    pub id: i64,
    pub code: i64,
    #[field(max_length = 20)]
    pub name: String,
);
keyed_by!(
    by_number,
    #[field(primary_key)]
    pub code: i64,
    #[field(max_length = 20)]
    pub name: String,
);
keyed_by!(
    by_name,
    pub code: i64,
    #[field(primary_key, max_length = 20)]
    pub name: String,
);

/// The codes are the other rows' numbers: whoever keeps the values leads elsewhere.
const ROWS: &str = "INSERT INTO keyed_region (id, code, name, parent_id) VALUES (1, 2, 'first', NULL), (2, 1, 'second', 1), (3, 7, 'third', 2);
    INSERT INTO keyed_region_near (from_region_id, to_region_id) VALUES (1, 2), (2, 1), (3, 3);
    INSERT INTO keyed_city (id, region_id, second_id) VALUES (10, 1, 2), (11, 2, 1), (12, 2, NULL);
    INSERT INTO keyed_detail (region_id, pages) VALUES (1, 100), (2, 200);
    INSERT INTO keyed_remark (id, detail_id) VALUES (20, 1), (21, 2), (22, 2);
    INSERT INTO keyed_tag (id) VALUES (30), (31);
    INSERT INTO keyed_tag_regions (tag_id, region_id) VALUES (30, 1), (30, 2), (31, 3)";

/// What refers to what, by names.
async fn links(db: &Database, key: &str) -> Result<Vec<Vec<Vec<Option<String>>>>> {
    let region = |column: &str, alias: &str| format!("JOIN keyed_region AS {alias} ON {alias}.{key} = {column}");
    let queries = [
        format!("SELECT r.name, p.name FROM keyed_region AS r LEFT {} ORDER BY 1", region("r.parent_id", "p")),
        format!(
            "SELECT f.name, t.name FROM keyed_region_near AS n {} {} ORDER BY 1, 2",
            region("n.from_region_id", "f"),
            region("n.to_region_id", "t")
        ),
        format!(
            "SELECT c.id, r.name, s.name FROM keyed_city AS c {} LEFT {} ORDER BY 1",
            region("c.region_id", "r"),
            region("c.second_id", "s")
        ),
        format!("SELECT r.name, d.pages FROM keyed_detail AS d {} ORDER BY 1", region("d.region_id", "r")),
        format!(
            "SELECT k.id, d.pages, r.name FROM keyed_remark AS k JOIN keyed_detail AS d ON d.region_id = k.detail_id {} ORDER BY 1",
            region("d.region_id", "r")
        ),
        format!("SELECT g.tag_id, r.name FROM keyed_tag_regions AS g {} ORDER BY 1, 2", region("g.region_id", "r")),
    ];
    let mut found = Vec::new();
    for sql in &queries {
        found.push(query(db, sql).await?);
    }
    Ok(found)
}

async fn begin(db: &Database) -> Result<MigrationSet> {
    let mut set = MigrationSet::default();
    make(&mut set, before::keyed(), &[])?;
    Migrator::with_set(set.clone()).run(db).await?;
    db.batch(ROWS).await?;
    Ok(set)
}

behaviour! {
    async fn references_follow_the_rows_to_their_new_key_and_back(bed) {
        let Bed { db, .. } = &*bed;
        for (app, key) in [(by_number::keyed as fn() -> App, "code"), (by_name::keyed as fn() -> App, "name")] {
            let mut set = begin(db).await?;
            let first = links(db, "id").await?;
            let made = make(&mut set, app(), &[("--remove", "keyed.Region.id")])?;
            assert_eq!(make(&mut set, app(), &[])?, 0);
            Migrator::with_set(set.clone()).run(db).await?;
            assert_eq!(links(db, key).await?, first, "{key}");
            assert_eq!(query(db, &format!("SELECT region_id AS by_{key} FROM keyed_city WHERE id = 10")).await?[0][0].as_deref(), Some(if key == "code" { "2" } else { "first" }));
            // The constraints are there again.
            for orphan in [
                format!("UPDATE keyed_city SET region_id = {}", if key == "code" { "99" } else { "'none'" }),
                format!("UPDATE keyed_tag_regions SET region_id = {} WHERE tag_id = 31", if key == "code" { "99" } else { "'none'" }),
            ] {
                assert_eq!(db.batch(orphan).await.unwrap_err().code(), Code::ForeignKeyViolation, "{key}");
            }
            let twice = db.batch("UPDATE keyed_city SET second_id = (SELECT o.second_id FROM (SELECT second_id FROM keyed_city WHERE id = 10) AS o) WHERE id = 12");
            assert_eq!(twice.await.unwrap_err().code(), Code::UniqueViolation, "{key}");
            assert!(make(&mut set, app(), &[])? == 0 && made > 0);

            // Numbered anew on the way back, wherever that leads.
            Migrator::with_set(set.clone()).to("keyed", Some("0001"))?.run(db).await?;
            assert_eq!(links(db, "id").await?, first, "{key}");
            let orphan = db.batch("UPDATE keyed_city SET region_id = 99").await.unwrap_err();
            assert_eq!(orphan.code(), Code::ForeignKeyViolation, "{key}");
            Migrator::with_set(set.clone()).run(db).await?;
            assert_eq!(links(db, key).await?, first, "{key}");
            Migrator::with_set(set).to("keyed", Some("zero"))?.run(db).await?;
        }
        Ok(())
    }

    async fn a_key_that_is_none_is_refused_before_anything_is_done(bed) {
        let Bed { db, .. } = &*bed;
        let mut set = begin(db).await?;
        db.batch("UPDATE keyed_region SET code = 1, name = 'same'").await?;
        for app in [by_number::keyed as fn() -> App, by_name::keyed as fn() -> App] {
            let mut set = set.clone();
            make(&mut set, app(), &[("--remove", "keyed.Region.id")])?;
            let refused = Migrator::with_set(set.clone()).run(db).await.unwrap_err();
            assert!(refused.message().contains("M086") && refused.message().contains("`keyed_region` has 3 rows with equal values"), "{refused}");
            let history = Migrator::with_set(set).history(db).await?;
            assert!(history.len() == 1 && history[0].progress.is_none(), "{refused}");
        }
        assert_eq!(one(db, "SELECT COUNT(*) FROM keyed_region WHERE id < 4").await?, 3);
        assert_eq!(make(&mut set, before::keyed(), &[])?, 0);
        Ok(())
    }
}
