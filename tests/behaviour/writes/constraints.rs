//! Constraints that speak of relations.

use super::press::fields;
use crate::bed::{Bed, behaviour};
use orm::{Code, prelude::*};

orm::app! { pub roads { Town, Road } }

#[derive(Model, Debug, Clone)]
pub struct Town {
    pub id: i64,
}

#[derive(Model, Debug, Clone)]
#[model(check("leads_elsewhere", |r| r.from.ne(r.to)), check("one_owner", |r| r.owner.is_null() | r.length.gt(5)))]
pub struct Road {
    pub id: i64,
    pub from: ForeignKey<Town>,
    pub to: ForeignKey<Town>,
    pub owner: Option<ForeignKey<Town>>,
    #[field(default = 1)]
    pub length: i32,
}

behaviour! {
    async fn a_check_speaks_of_relations(bed) {
        let Bed { db, .. } = &*bed;
        orm::migrate::create_tables(db, &[roads()]).await?;
        let (here, there) = (Town::draft().create(db).await?, Town::draft().create(db).await?);
        Road::draft().from(&here).to(&there).create(db).await?;
        let around = Road::draft().from(&here).to(&here).create(db).await.unwrap_err();
        assert_eq!((around.code(), fields(&around)), (Code::CheckViolation, vec!["from", "to"]));
        let owned = Road::draft().from(&here).to(&there).owner(&here).create(db).await.unwrap_err();
        assert_eq!((owned.code(), fields(&owned)), (Code::CheckViolation, vec!["owner", "length"]));
        Ok(())
    }
}
