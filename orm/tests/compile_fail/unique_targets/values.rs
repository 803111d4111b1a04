//! What is no value of the unique field that a foreign key holds.
use orm::prelude::*;

orm::app! { atlas { Country, City } }

#[derive(Model)]
pub struct Country {
    pub id: i64,
    #[field(unique)]
    pub code: String,
}

#[derive(Model)]
pub struct City {
    pub id: i64,
    pub country: ForeignKey<CountryByCode>,
    pub owner: ForeignKey<Country>,
}

async fn wrong(city: City, db: Database) -> orm::Result<()> {
    let draft = City::draft().country(7);
    let by_number = City::objects().filter(|c| c.country.eq(7));
    let by_other_row = City::objects().filter(|c| c.country.eq(&city));
    let by_other_key = City::objects().filter(|c| c.country.eq(c.owner));
    let country = Country::get(&city.country, &db).await?;
    Ok(())
}

fn main() {}
