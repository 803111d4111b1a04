use orm::prelude::*;

orm::app! { pub yard { Place, Maybe, Many, Number, ByCode } }

#[derive(Model)]
pub struct Place {
    pub id: i64,
    #[field(unique, max_length = 5)]
    pub code: String,
}

#[derive(Model)]
pub struct Maybe {
    #[field(primary_key, parent)]
    pub place: Option<OneToOne<Place>>,
}

#[derive(Model)]
pub struct Many {
    #[field(primary_key, parent)]
    pub place: ForeignKey<Place>,
}

#[derive(Model)]
pub struct Number {
    #[field(primary_key, parent)]
    pub place: i64,
}

#[derive(Model)]
pub struct ByCode {
    #[field(primary_key, parent)]
    pub place: OneToOne<PlaceByCode>,
}

fn main() {}
