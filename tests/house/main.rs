//! The rules of the house: what holds for every crate, file and document of the repository.
//!
//! `BLESS=1 cargo test -p orm-tests --test house` writes the generated parts of the documents anew.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod crates;
mod examples;
mod files;
mod flow;
mod reference;
mod repository;
