//! Tables that are made straight from the models are those that replaying the migrations' files makes.

use super::{django::databases::drop_all, make};
use crate::bed::{Bed, behaviour};
use orm::{
    App,
    migrate::{
        Migrator, create_tables,
        engine::{MigrationSet, introspect::differences},
        introspect,
    },
};

/// Applications that have a bit of everything.
fn apps() -> Vec<App> {
    vec![
        crate::shop::shop(),
        super::before::chinook(),
        super::after::chinook(),
        crate::composite::depot(),
        crate::to_field::atlas(),
        crate::generic::talk(),
        crate::inheritance::inherit(),
        crate::lineage::lineage(),
        crate::addresses::network(),
        crate::sides::store(),
        catalogue::catalogue(),
    ]
}

behaviour! {
    async fn the_tables_of_the_last_state_are_those_of_the_history(bed) {
        let Bed { db, backend, .. } = &*bed;
        for app in apps() {
            let label = app.label();
            create_tables(db, &[app]).await?;
            let straight = introspect(db).await?;
            assert!(straight.schema.models.len() >= app.models().count(), "{label}");
            drop_all(db, *backend).await?;

            let mut set = MigrationSet::default();
            make(&mut set, app, &[])?;
            Migrator::with_set(set).run(db).await?;
            let replayed = introspect(db).await?;
            assert_eq!(differences(&straight, &replayed), [], "{label}");
            assert_eq!(straight, replayed, "{label}");
            drop_all(db, *backend).await?;
        }
        Ok(())
    }
}
