//! The record shop a year later: renamed, added, removed and tightened, over the same rows.

use orm::prelude::*;

orm::app! { pub chinook { Album, Artist, Customer, Employee, Genre, Invoice, InvoiceLine, Label, MediaFormat, Playlist, Track } }

#[derive(Model, Debug, Clone)]
pub struct Artist {
    pub id: i64,
    #[field(max_length = 120)]
    pub name: Option<String>,
}

#[derive(Model, Debug, Clone)]
pub struct Album {
    pub id: i64,
    #[field(max_length = 250, renamed_from = "title", index)]
    pub headline: String,
    #[field(on_delete = cascade)]
    pub artist: ForeignKey<Artist>,
    pub label: Option<ForeignKey<Label>>,
}

#[derive(Model, Debug, Clone)]
pub struct Label {
    pub id: i64,
    #[field(max_length = 100, unique)]
    pub name: String,
    pub artists: ManyToMany<Artist>,
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
    #[field(max_length = 60, unique)]
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
#[model(renamed_from = "MediaType")]
pub struct MediaFormat {
    pub id: i64,
    #[field(max_length = 120)]
    pub name: Option<String>,
}

#[derive(Model, Debug, Clone)]
#[model(index(|t| (t.milliseconds.desc(), t.name.asc())), check("price_not_negative", |t| t.unit_price.gte(0)))]
pub struct Track {
    pub id: i64,
    #[field(max_length = 200)]
    pub name: String,
    pub album: Option<ForeignKey<Album>>,
    #[field(renamed_from = "media_type")]
    pub media_format: ForeignKey<MediaFormat>,
    pub genre: Option<ForeignKey<Genre>>,
    #[field(max_length = 220, default = "")]
    pub composer: String,
    pub milliseconds: i64,
    #[field(default = true)]
    pub available: bool,
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
#[model(check("quantity_positive", |l| l.quantity.gt(0)), unique(invoice, track))]
pub struct InvoiceLine {
    pub id: i64,
    pub invoice: ForeignKey<Invoice>,
    pub track: ForeignKey<Track>,
    #[field(max_digits = 10, decimal_places = 2)]
    pub unit_price: Decimal,
    pub quantity: i32,
}
