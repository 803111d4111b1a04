//! A film rental, with the tables, views and types of the Pagila sample database, as an application that takes it over writes it.
#![allow(dead_code)]

use orm::{postgres::SearchVector, prelude::*};

orm::app! {
    pub rental_store {
        Actor, Address, Category, City, Country, Customer, Film, FilmActor, FilmCategory, FilmList, Inventory, Language, Payment,
        Rental, SalesByStore, Staff, Store
    }
}

/// The enum `mpaa_rating` of the database.
#[derive(Choices, Debug, Clone, Copy, PartialEq, serde::Serialize)]
#[choices(db_type = "mpaa_rating")]
pub enum Rating {
    #[choice(value = "G")]
    #[serde(rename = "G")]
    General,
    #[choice(value = "PG")]
    #[serde(rename = "PG")]
    Guidance,
    #[choice(value = "PG-13")]
    #[serde(rename = "PG-13")]
    Caution,
    #[choice(value = "R")]
    #[serde(rename = "R")]
    Restricted,
    #[choice(value = "NC-17")]
    #[serde(rename = "NC-17")]
    Adults,
}

#[derive(Model, Debug, Clone)]
#[model(table = "country", managed = false)]
pub struct Country {
    #[field(primary_key, auto)]
    pub country_id: i32,
    #[field(max_length = 50)]
    pub country: String,
    pub last_update: NaiveDateTime,
    pub cities: HasMany<City>,
}

#[derive(Model, Debug, Clone)]
#[model(table = "city", managed = false)]
pub struct City {
    #[field(primary_key, auto)]
    pub city_id: i32,
    #[field(max_length = 50)]
    pub city: String,
    #[field(on_delete = do_nothing)]
    pub country: ForeignKey<Country>,
    pub last_update: NaiveDateTime,
    pub addresses: HasMany<Address>,
}

#[derive(Model, Debug, Clone)]
#[model(table = "address", managed = false)]
pub struct Address {
    #[field(primary_key, auto)]
    pub address_id: i32,
    #[field(max_length = 50)]
    pub address: String,
    #[field(max_length = 50)]
    pub address2: Option<String>,
    #[field(max_length = 20)]
    pub district: String,
    #[field(on_delete = do_nothing)]
    pub city: ForeignKey<City>,
    #[field(max_length = 10)]
    pub postal_code: Option<String>,
    #[field(max_length = 20)]
    pub phone: String,
    pub last_update: NaiveDateTime,
}

#[derive(Model, Debug, Clone)]
#[model(table = "language", managed = false)]
pub struct Language {
    #[field(primary_key, auto)]
    pub language_id: i32,
    #[field(max_length = 20)]
    pub name: String,
    pub last_update: NaiveDateTime,
}

#[derive(Model, Debug, Clone)]
#[model(table = "category", managed = false)]
pub struct Category {
    #[field(primary_key, auto)]
    pub category_id: i32,
    #[field(max_length = 25)]
    pub name: String,
    pub last_update: NaiveDateTime,
    #[field(through = FilmCategory)]
    pub films: ManyToMany<Film>,
}

#[derive(Model, Debug, Clone)]
#[model(table = "actor", managed = false)]
pub struct Actor {
    #[field(primary_key, auto)]
    pub actor_id: i32,
    #[field(max_length = 45)]
    pub first_name: String,
    #[field(max_length = 45)]
    pub last_name: String,
    pub last_update: NaiveDateTime,
    #[field(through = FilmActor)]
    pub films: ManyToMany<Film>,
}

#[derive(Model, Debug, Clone)]
#[model(table = "film", managed = false)]
pub struct Film {
    #[field(primary_key, auto)]
    pub film_id: i32,
    #[field(max_length = 255)]
    pub title: String,
    pub description: Option<String>,
    pub release_year: Option<i32>,
    #[field(on_delete = do_nothing)]
    pub language: ForeignKey<Language>,
    #[field(on_delete = do_nothing)]
    pub original_language: Option<ForeignKey<Language>>,
    pub rental_duration: i16,
    #[field(max_digits = 4, decimal_places = 2)]
    pub rental_rate: Decimal,
    pub length: Option<i16>,
    #[field(max_digits = 5, decimal_places = 2)]
    pub replacement_cost: Decimal,
    pub rating: Option<Rating>,
    pub last_update: NaiveDateTime,
    pub special_features: Option<Vec<String>>,
    pub fulltext: SearchVector,
    #[field(through = FilmActor)]
    pub actors: ManyToMany<Actor>,
    #[field(through = FilmCategory)]
    pub categories: ManyToMany<Category>,
    pub inventory: HasMany<Inventory>,
}

#[derive(Model, Debug, Clone)]
#[model(table = "film_actor", managed = false)]
pub struct FilmActor {
    #[field(primary_key, on_delete = do_nothing)]
    pub actor: ForeignKey<Actor>,
    #[field(primary_key, on_delete = do_nothing)]
    pub film: ForeignKey<Film>,
    pub last_update: NaiveDateTime,
}

#[derive(Model, Debug, Clone)]
#[model(table = "film_category", managed = false)]
pub struct FilmCategory {
    #[field(primary_key, on_delete = do_nothing)]
    pub film: ForeignKey<Film>,
    #[field(primary_key, on_delete = do_nothing)]
    pub category: ForeignKey<Category>,
    pub last_update: NaiveDateTime,
}

#[derive(Model, Debug, Clone)]
#[model(table = "store", managed = false)]
pub struct Store {
    #[field(primary_key, auto)]
    pub store_id: i32,
    #[field(on_delete = do_nothing)]
    pub manager_staff: ForeignKey<Staff>,
    #[field(on_delete = do_nothing)]
    pub address: ForeignKey<Address>,
    pub last_update: NaiveDateTime,
}

#[derive(Model, Debug, Clone)]
#[model(table = "staff", managed = false)]
pub struct Staff {
    #[field(primary_key, auto)]
    pub staff_id: i32,
    #[field(max_length = 45)]
    pub first_name: String,
    #[field(max_length = 45)]
    pub last_name: String,
    #[field(on_delete = do_nothing)]
    pub address: ForeignKey<Address>,
    #[field(max_length = 50)]
    pub email: Option<String>,
    #[field(on_delete = do_nothing)]
    pub store: ForeignKey<Store>,
    pub active: bool,
    #[field(max_length = 16)]
    pub username: String,
    #[field(max_length = 40)]
    pub password: Option<String>,
    pub last_update: NaiveDateTime,
    pub picture: Option<Vec<u8>>,
}

#[derive(Model, Debug, Clone)]
#[model(table = "customer", managed = false)]
pub struct Customer {
    #[field(primary_key, auto)]
    pub customer_id: i32,
    #[field(on_delete = do_nothing)]
    pub store: ForeignKey<Store>,
    #[field(max_length = 45)]
    pub first_name: String,
    #[field(max_length = 45)]
    pub last_name: String,
    #[field(max_length = 50)]
    pub email: Option<String>,
    #[field(on_delete = do_nothing)]
    pub address: ForeignKey<Address>,
    pub activebool: bool,
    pub create_date: NaiveDate,
    pub last_update: Option<NaiveDateTime>,
    pub active: Option<i32>,
    pub rentals: HasMany<Rental>,
    pub payments: HasMany<Payment>,
}

#[derive(Model, Debug, Clone)]
#[model(table = "inventory", managed = false)]
pub struct Inventory {
    #[field(primary_key, auto)]
    pub inventory_id: i32,
    #[field(on_delete = do_nothing)]
    pub film: ForeignKey<Film>,
    #[field(on_delete = do_nothing)]
    pub store: ForeignKey<Store>,
    pub last_update: NaiveDateTime,
    pub rentals: HasMany<Rental>,
}

#[derive(Model, Debug, Clone)]
#[model(table = "rental", managed = false)]
pub struct Rental {
    #[field(primary_key, auto)]
    pub rental_id: i32,
    pub rental_date: NaiveDateTime,
    #[field(on_delete = do_nothing)]
    pub inventory: ForeignKey<Inventory>,
    #[field(on_delete = do_nothing)]
    pub customer: ForeignKey<Customer>,
    pub return_date: Option<NaiveDateTime>,
    #[field(on_delete = do_nothing)]
    pub staff: ForeignKey<Staff>,
    pub last_update: NaiveDateTime,
    pub payments: HasMany<Payment>,
}

#[derive(Model, Debug, Clone)]
#[model(table = "payment", managed = false)]
pub struct Payment {
    #[field(primary_key, auto)]
    pub payment_id: i32,
    #[field(on_delete = do_nothing)]
    pub customer: ForeignKey<Customer>,
    #[field(on_delete = do_nothing)]
    pub staff: ForeignKey<Staff>,
    #[field(on_delete = do_nothing)]
    pub rental: Option<ForeignKey<Rental>>,
    #[field(max_digits = 5, decimal_places = 2)]
    pub amount: Decimal,
    pub payment_date: NaiveDateTime,
}

#[derive(Model, Debug, Clone)]
#[model(table = "sales_by_store", managed = false)]
pub struct SalesByStore {
    #[field(primary_key)]
    pub store: String,
    pub manager: String,
    #[field(max_digits = 10, decimal_places = 2)]
    pub total_sales: Decimal,
}

#[derive(Model, Debug, Clone)]
#[model(table = "film_list", managed = false)]
pub struct FilmList {
    #[field(primary_key)]
    pub fid: i32,
    #[field(max_length = 255)]
    pub title: String,
    #[field(max_length = 25)]
    pub category: String,
    #[field(max_digits = 4, decimal_places = 2)]
    pub price: Decimal,
    pub length: Option<i16>,
    pub rating: Option<Rating>,
    pub actors: String,
}
