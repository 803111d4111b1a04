//! Its build script.
fn main() {}
