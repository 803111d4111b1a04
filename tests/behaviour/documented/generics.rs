//! The example of functions for several models in `docs/models.md`.

use crate::bed::behaviour;
use orm::{At, Field, prelude::*};

orm::app! { pub attic { Chest } }

/// What is marked as deleted, and stays: for every model that says where.
pub trait SoftDelete: Model {
    fn deleted(row: Self::Fields<At<Self>>) -> Field<At<Self>, Option<DateTime<Utc>>>;
}

/// Marks the rows of a query.
pub async fn bury<M: SoftDelete, E: Executor>(rows: QuerySet<M>, ex: &E) -> orm::Result<u64> {
    rows.update(|row| M::deleted(row).set(Utc::now()), ex).await
}

/// Whether a row is marked.
pub fn marked<M: SoftDelete>() -> Q<M> {
    Q::new(|row| M::deleted(row).is_not_null())
}

#[derive(Model, Debug, Clone)]
#[model(filter = |c| c.deleted.is_null())] // the others are not among `objects()`
pub struct Chest {
    pub id: i64,
    pub deleted: Option<DateTime<Utc>>,
}

impl SoftDelete for Chest {
    fn deleted(row: Self::Fields<At<Self>>) -> Field<At<Self>, Option<DateTime<Utc>>> {
        row.deleted
    }
}

behaviour! {
    async fn rows_are_marked_and_not_deleted(bed) {
        let db = &bed.db;
        orm::migrate::create_tables(db, &[attic()]).await?;
        let chests = Chest::objects().bulk_create([Chest::draft(), Chest::draft()], db).await?;
        assert_eq!(bury(Chest::objects().filter(|c| c.id.eq(chests[0].id)), db).await?, 1);
        let gone = Chest::unfiltered().filter(|_| marked::<Chest>());
        assert_eq!((Chest::objects().count(db).await?, gone.clone().count(db).await?), (1, 1));
        assert_eq!(gone.update(|c| c.deleted.set(None), db).await?, 1); // back again
        assert_eq!(Chest::objects().count(db).await?, 2);
        Ok(())
    }
}
