//! What does not compile, and what the compiler then says.
//!
//! One folder of `compile_fail` for each class of mistake. After a change of wording: `TRYBUILD=overwrite cargo test -p orm --test derive compile`.

#[test]
fn mistakes_are_named() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/compile_fail/*/*.rs");
}
