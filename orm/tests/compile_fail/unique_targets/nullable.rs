//! Foreign keys to unique fields that do not say for every row which it is.
use orm::prelude::*;

orm::app! { atlas { Country, City } }

#[derive(Model)]
pub struct Country {
    pub id: i64,
    #[field(unique)]
    pub code: Option<String>,
    #[field(unique)]
    pub area: f64,
}

#[derive(Model)]
pub struct City {
    pub id: i64,
    pub country: ForeignKey<CountryByCode>,
    pub same_size: Option<OneToOne<CountryByArea>>,
}

fn main() {}
