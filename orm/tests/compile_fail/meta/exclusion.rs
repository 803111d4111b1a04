use orm::prelude::*;

orm::app! { pub inn { Stay, Seat, Bed } }

#[derive(Model)]
#[model(exclude("other_types", |a, b| a.room.eq(b.name)))]
pub struct Stay {
    pub id: i64,
    pub room: i32,
    pub name: String,
}

#[derive(Model)]
#[model(exclude("one_row", |a| a.room.eq(1)), exclude(|a, b| a.room.eq(b.room)))]
pub struct Seat {
    pub id: i64,
    pub room: i32,
}

#[derive(Model)]
#[model(exclude("once", |a, b| a.room.eq(b.room), deferrable = later), exclude("twice", |a, b| a.room.eq(b.room), using = "gist"))]
pub struct Bed {
    pub id: i64,
    pub room: i32,
}

fn main() {}
