use orm::prelude::*;

orm::app! { pub yard { Place, NoKey, Twice, Wide, Itself, Kept } }

#[derive(Model)]
pub struct Place {
    pub id: i64,
    pub name: String,
}

#[derive(Model)]
pub struct NoKey {
    pub id: i64,
    #[field(parent)]
    pub place: OneToOne<Place>,
}

#[derive(Model)]
pub struct Twice {
    #[field(primary_key, parent)]
    pub place: OneToOne<Place>,
    #[field(parent)]
    pub other: OneToOne<Place>,
}

#[derive(Model)]
pub struct Wide {
    #[field(primary_key, parent)]
    pub place: OneToOne<Place>,
    #[field(primary_key)]
    pub number: i32,
}

#[derive(Model)]
pub struct Itself {
    #[field(primary_key, parent)]
    pub itself: OneToOne<Itself>,
}

#[derive(Model)]
pub struct Kept {
    #[field(primary_key, parent, on_delete = protect)]
    pub place: OneToOne<Place>,
}

fn main() {}
