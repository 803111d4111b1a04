//! One behaviour, every back end: each test runs on SQLite in memory and in a file, on PostgreSQL and on MariaDB.
//!
//! The servers are found by `ORM_TEST_POSTGRES_URL` and `ORM_TEST_MYSQL_URL`; without them, on this machine. A server that
//! cannot be reached is said to be NOT RUN, and is a failure where `CI` is set.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod bed;
mod migrations;
mod rows;
mod shop;

mod across;
mod addresses;
mod ages;
mod aggregates;
mod around;
mod asked;
mod by_name;
mod checks;
mod chinook;
mod combined;
mod composite;
mod conditions;
mod conversions;
mod dates;
mod decimals;
mod depth;
mod documented;
mod edges;
mod field_rules;
mod files;
mod filters;
mod fixtures;
mod functions;
mod generic;
mod hooks;
mod hostile;
mod inheritance;
mod joined;
mod json;
mod limits;
mod lineage;
mod links;
mod lookups;
mod loops;
mod mysql;
mod named;
mod nested;
mod ordering;
mod pack;
mod pagila;
mod postgres;
mod prefetch;
mod reading;
mod recursion;
mod reliability;
mod replicas;
mod rivals;
mod scale;
mod scripts;
mod secrets;
mod sides;
mod slices;
mod tenants;
mod test_tools;
mod to_field;
mod traces;
mod validation;
mod windows;
mod writes;
mod written;
