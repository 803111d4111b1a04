use orm::prelude::*;

orm::app! { pub yard { Place, Bar } }

#[derive(Model)]
pub struct Place {
    pub id: i64,
    pub name: String,
}

#[derive(Model)]
pub struct Bar {
    #[field(primary_key, parent)]
    pub place: OneToOne<Place>,
    pub taps: i32,
}

async fn wrong(db: &Database, bar: Bar, place: Place) -> orm::Result<()> {
    Bar::draft().place(Place::draft()).taps(1).create(db).await?; // the place has no name
    Bar::draft().place("Joe's").taps(1).create(db).await?;
    Bar::draft().taps(1).create(db).await?; // no place at all
    Bar::objects().filter(|b| b.nam.eq("Joe's")).all(db).await?;
    place.delete_keep_parents(db).await?;
    Place::objects().keep_parents().delete(db).await?;
    place.edit().parent()?;
    bar.delete(db).await?;
    Ok(())
}

fn main() {}
