//! Downloads what the example reads about: the packages of the whole workspace, also those that only tests need.
//!
//! Building downloads what is built. With this, the tour of the own workspace needs no network once it is built; where
//! there is none now, it is left to the first run.

use std::{env, process::Command};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../../Cargo.lock");
    let (Some(cargo), Ok(host)) = (env::var_os("CARGO"), env::var("HOST")) else { return };
    let fetched = Command::new(cargo).args(["fetch", "--locked", "--quiet", "--target", &host]).output();
    if !fetched.is_ok_and(|output| output.status.success()) {
        println!("cargo::warning=the packages that only tests need are not downloaded: the first tour needs a network");
    }
}
