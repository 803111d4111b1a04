//! Foreign keys to a field that is not there, and to one that is not unique.
use orm::prelude::*;

orm::app! { atlas { Country, City } }

#[derive(Model)]
pub struct Country {
    pub id: i64,
    #[field(unique)]
    pub code: String,
    pub name: String,
}

#[derive(Model)]
pub struct City {
    pub id: i64,
    pub country: ForeignKey<CountryByCod>,
    pub named: ForeignKey<CountryByName>,
}

fn main() {}
