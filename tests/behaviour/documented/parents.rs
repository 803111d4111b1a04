//! The example of rows of two models in `docs/models.md`.

use crate::bed::behaviour;
use orm::prelude::*;

orm::app! { pub eatery { Place, Restaurant } }

#[derive(Model, Debug, Clone)]
pub struct Place {
    pub id: i64,
    #[field(max_length = 50)]
    pub name: String,
    pub restaurant: HasOne<Restaurant>, // none where the place is no restaurant
}

#[derive(Model, Debug, Clone)]
pub struct Restaurant {
    #[field(primary_key, parent)] // its key is that of the place: a column `place_id`, a foreign key with `cascade`
    pub place: OneToOne<Place>,
    pub seats: i32,
}

behaviour! {
    async fn rows_of_two_models(bed) {
        let db = &bed.db;
        orm::migrate::create_tables(db, &[eatery()]).await?;
        // A draft takes that of the parent: both rows are written in one transaction, or neither.
        let joes = Restaurant::draft().place(Place::draft().name("Joe's")).seats(40).create(db).await?;
        assert_eq!(joes.place.get()?.name, "Joe's");
        let park = Place::draft().name("Park").create(db).await?;
        Restaurant::draft().place(&park).seats(9).create(db).await?; // a place that is there becomes a restaurant

        // In closures the fields of the parent are the child's; by name too. They are joined, but for the key.
        let large = Restaurant::objects().filter(|r| r.name.ne("Park") & r.seats.gt(10)).order_by(|r| r.name.asc());
        assert_eq!(large.select_related(|r| r.place).all(db).await?.len(), 1);
        assert_eq!(Place::objects().filter(|p| p.restaurant.seats.lt(10)).get(db).await?.name, "Park");

        // An edit is of both, where the parent is loaded.
        let mut edit = joes.edit();
        edit.seats = 41;
        edit.parent()?.name = "Ada's".to_owned();
        let adas = edit.save(db).await?;
        assert_eq!((adas.seats, adas.place.get()?.name.as_str()), (41, "Ada's"));

        // A deletion takes both; `delete_keep_parents`, and `keep_parents()` of a query, leave the parent.
        assert_eq!(adas.delete(db).await?.total, 2);
        assert_eq!(Restaurant::objects().keep_parents().delete(db).await?.total, 1);
        assert_eq!(Place::objects().get(db).await?.name, "Park");
        Ok(())
    }
}
