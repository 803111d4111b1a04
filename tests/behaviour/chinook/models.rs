//! A music store, with the tables and columns of the Chinook sample database, as an application that takes it over would write it.
#![allow(dead_code)]

use orm::prelude::*;

orm::app! {
    pub store {
        Album, Artist, Customer, Employee, Genre, Invoice, InvoiceLine, MediaType, Playlist, PlaylistTrack, Track
    }
}

#[derive(Model, Debug, Clone)]
#[model(table = "Artist")]
pub struct Artist {
    #[field(column = "ArtistId", primary_key, auto)]
    pub artist_id: i64,
    #[field(column = "Name", max_length = 120)]
    pub name: Option<String>,
    pub albums: HasMany<Album>,
}

#[derive(Model, Debug, Clone)]
#[model(table = "Album")]
pub struct Album {
    #[field(column = "AlbumId", primary_key, auto)]
    pub album_id: i64,
    #[field(column = "Title", min_length = 1, max_length = 160)]
    pub title: String,
    #[field(column = "ArtistId", on_delete = cascade)]
    pub artist: ForeignKey<Artist>,
    pub tracks: HasMany<Track>,
}

#[derive(Model, Debug, Clone)]
#[model(table = "Employee")]
pub struct Employee {
    #[field(column = "EmployeeId", primary_key, auto)]
    pub employee_id: i64,
    #[field(column = "LastName", max_length = 20)]
    pub last_name: String,
    #[field(column = "FirstName", max_length = 20)]
    pub first_name: String,
    #[field(column = "Title", max_length = 30)]
    pub title: Option<String>,
    #[field(column = "ReportsTo", on_delete = set_null)]
    pub reports_to: Option<ForeignKey<Employee>>,
    #[field(column = "BirthDate")]
    pub birth_date: Option<DateTime<Utc>>,
    #[field(column = "HireDate")]
    pub hire_date: Option<DateTime<Utc>>,
    #[field(column = "City", max_length = 40)]
    pub city: Option<String>,
    pub reports: HasMany<Employee>,
    pub customers: HasMany<Customer>,
}

#[derive(Model, Debug, Clone)]
#[model(table = "Customer")]
pub struct Customer {
    #[field(column = "CustomerId", primary_key, auto)]
    pub customer_id: i64,
    #[field(column = "FirstName", max_length = 40)]
    pub first_name: String,
    #[field(column = "LastName", max_length = 20)]
    pub last_name: String,
    #[field(column = "Company", max_length = 80)]
    pub company: Option<String>,
    #[field(column = "City", max_length = 40)]
    pub city: Option<String>,
    #[field(column = "State", max_length = 40)]
    pub state: Option<String>,
    #[field(column = "Country", max_length = 40)]
    pub country: Option<String>,
    #[field(column = "Fax", max_length = 24)]
    pub fax: Option<String>,
    #[field(column = "Email", max_length = 60)]
    pub email: String,
    #[field(column = "SupportRepId", on_delete = set_null)]
    pub support_rep: Option<ForeignKey<Employee>>,
    pub invoices: HasMany<Invoice>,
}

#[derive(Model, Debug, Clone)]
#[model(table = "Genre")]
pub struct Genre {
    #[field(column = "GenreId", primary_key, auto)]
    pub genre_id: i64,
    #[field(column = "Name", max_length = 120)]
    pub name: Option<String>,
    pub tracks: HasMany<Track>,
}

#[derive(Model, Debug, Clone)]
#[model(table = "MediaType")]
pub struct MediaType {
    #[field(column = "MediaTypeId", primary_key, auto)]
    pub media_type_id: i64,
    #[field(column = "Name", max_length = 120)]
    pub name: Option<String>,
}

#[derive(Model, Debug, Clone)]
#[model(table = "Track")]
pub struct Track {
    #[field(column = "TrackId", primary_key, auto)]
    pub track_id: i64,
    #[field(column = "Name", max_length = 200)]
    pub name: String,
    #[field(column = "AlbumId", on_delete = cascade)]
    pub album: Option<ForeignKey<Album>>,
    #[field(column = "MediaTypeId", on_delete = protect)]
    pub media_type: ForeignKey<MediaType>,
    #[field(column = "GenreId", on_delete = set_null)]
    pub genre: Option<ForeignKey<Genre>>,
    #[field(column = "Composer", max_length = 220)]
    pub composer: Option<String>,
    #[field(column = "Milliseconds")]
    pub milliseconds: i32,
    #[field(column = "Bytes")]
    pub bytes: Option<i32>,
    #[field(column = "UnitPrice", max_digits = 10, decimal_places = 2)]
    pub unit_price: Decimal,
    #[field(through = PlaylistTrack)]
    pub playlists: ManyToMany<Playlist>,
    pub lines: HasMany<InvoiceLine>,
}

#[derive(Model, Debug, Clone)]
#[model(table = "Playlist")]
pub struct Playlist {
    #[field(column = "PlaylistId", primary_key, auto)]
    pub playlist_id: i64,
    #[field(column = "Name", max_length = 120)]
    pub name: Option<String>,
    #[field(through = PlaylistTrack)]
    pub tracks: ManyToMany<Track>,
}

#[derive(Model, Debug, Clone)]
#[model(table = "PlaylistTrack")]
pub struct PlaylistTrack {
    #[field(column = "PlaylistId", primary_key, on_delete = cascade)]
    pub playlist: ForeignKey<Playlist>,
    #[field(column = "TrackId", primary_key, on_delete = cascade)]
    pub track: ForeignKey<Track>,
}

#[derive(Model, Debug, Clone)]
#[model(table = "Invoice")]
pub struct Invoice {
    #[field(column = "InvoiceId", primary_key, auto)]
    pub invoice_id: i64,
    #[field(column = "CustomerId", on_delete = cascade)]
    pub customer: ForeignKey<Customer>,
    #[field(column = "InvoiceDate")]
    pub invoice_date: DateTime<Utc>,
    #[field(column = "BillingCity", max_length = 40)]
    pub billing_city: Option<String>,
    #[field(column = "BillingCountry", max_length = 40)]
    pub billing_country: Option<String>,
    #[field(column = "Total", max_digits = 10, decimal_places = 2)]
    pub total: Decimal,
    pub lines: HasMany<InvoiceLine>,
}

#[derive(Model, Debug, Clone)]
#[model(table = "InvoiceLine")]
pub struct InvoiceLine {
    #[field(column = "InvoiceLineId", primary_key, auto)]
    pub invoice_line_id: i64,
    #[field(column = "InvoiceId", on_delete = cascade)]
    pub invoice: ForeignKey<Invoice>,
    #[field(column = "TrackId", on_delete = restrict)]
    pub track: ForeignKey<Track>,
    #[field(column = "UnitPrice", max_digits = 10, decimal_places = 2)]
    pub unit_price: Decimal,
    #[field(column = "Quantity")]
    pub quantity: i32,
}
