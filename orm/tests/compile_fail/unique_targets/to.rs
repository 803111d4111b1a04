//! The unique field that a foreign key holds is said by its type.
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
    #[field(to = code)]
    pub country: ForeignKey<Country>,
}

fn main() {}
