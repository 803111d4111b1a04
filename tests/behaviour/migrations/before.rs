//! A record shop whose tables are full: the models as they were first.
//!
//! The names and sizes are those of the Chinook sample database, whose rows the test loads when it is there.

use orm::prelude::*;

orm::app! { pub chinook { Album, Artist, Customer, Employee, Genre, Invoice, InvoiceLine, MediaType, Playlist, Track } }

#[derive(Model, Debug, Clone)]
pub struct Artist {
    pub id: i64,
    #[field(max_length = 120)]
    pub name: Option<String>,
}

#[derive(Model, Debug, Clone)]
pub struct Album {
    pub id: i64,
    #[field(max_length = 160)]
    pub title: String,
    pub artist: ForeignKey<Artist>,
}

#[derive(Model, Debug, Clone)]
pub struct Employee {
    pub id: i64,
    #[field(max_length = 20)]
    pub last_name: String,
    #[field(max_length = 20)]
    pub first_name: String,
    #[field(max_length = 30)]
    pub title: Option<String>,
    pub reports_to: Option<ForeignKey<Employee>>,
    pub hire_date: Option<NaiveDateTime>,
    #[field(max_length = 60)]
    pub email: Option<String>,
}

#[derive(Model, Debug, Clone)]
pub struct Customer {
    pub id: i64,
    #[field(max_length = 40)]
    pub first_name: String,
    #[field(max_length = 20)]
    pub last_name: String,
    #[field(max_length = 40)]
    pub country: Option<String>,
    #[field(max_length = 60)]
    pub email: String,
    pub support_rep: Option<ForeignKey<Employee>>,
}

#[derive(Model, Debug, Clone)]
pub struct Genre {
    pub id: i64,
    #[field(max_length = 120)]
    pub name: Option<String>,
}

#[derive(Model, Debug, Clone)]
pub struct MediaType {
    pub id: i64,
    #[field(max_length = 120)]
    pub name: Option<String>,
}

#[derive(Model, Debug, Clone)]
pub struct Track {
    pub id: i64,
    #[field(max_length = 200)]
    pub name: String,
    pub album: Option<ForeignKey<Album>>,
    pub media_type: ForeignKey<MediaType>,
    pub genre: Option<ForeignKey<Genre>>,
    #[field(max_length = 220)]
    pub composer: Option<String>,
    pub milliseconds: i32,
    pub bytes: Option<i32>,
    #[field(max_digits = 10, decimal_places = 2)]
    pub unit_price: Decimal,
}

#[derive(Model, Debug, Clone)]
pub struct Playlist {
    pub id: i64,
    #[field(max_length = 120)]
    pub name: Option<String>,
    pub tracks: ManyToMany<Track>,
}

#[derive(Model, Debug, Clone)]
pub struct Invoice {
    pub id: i64,
    pub customer: ForeignKey<Customer>,
    pub invoice_date: NaiveDateTime,
    #[field(max_length = 40)]
    pub billing_country: Option<String>,
    #[field(max_digits = 10, decimal_places = 2)]
    pub total: Decimal,
}

#[derive(Model, Debug, Clone)]
pub struct InvoiceLine {
    pub id: i64,
    pub invoice: ForeignKey<Invoice>,
    pub track: ForeignKey<Track>,
    #[field(max_digits = 10, decimal_places = 2)]
    pub unit_price: Decimal,
    pub quantity: i32,
}
