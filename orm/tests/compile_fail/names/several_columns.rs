use orm::prelude::*;

orm::app! { pub depot { Hall, Shelf, Parcel, Chest } }

#[derive(Model, Debug, Clone)]
pub struct Hall {
    #[field(primary_key, max_length = 3)]
    pub code: String,
    #[field(columns("name", "label"))]
    pub name: String,
}

#[derive(Model, Debug, Clone)]
pub struct Shelf {
    #[field(primary_key)]
    pub hall: ForeignKey<Hall>,
    #[field(primary_key)]
    pub number: i32,
}

#[derive(Model, Debug, Clone)]
pub struct Parcel {
    pub id: i64,
    #[field(columns("hall"))]
    pub shelf: ForeignKey<Shelf>,
    #[field(column = "spare", columns("spare_hall", "spare_row"))]
    pub spare: ForeignKey<Shelf>,
    #[field(columns = "home")]
    pub home: ForeignKey<Shelf>,
    #[field(columns("number", ""))]
    pub last: ForeignKey<Shelf>,
}

#[derive(Model, Debug, Clone)]
pub struct Chest {
    pub id: i64,
    #[field(columns("hall_id", "row"))]
    pub shelf: ForeignKey<Shelf>,
    pub hall: ForeignKey<Hall>,
}

fn main() {}
