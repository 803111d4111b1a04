//! Models that would trip a careless macro: nothing imported, names of the prelude taken, names of methods as fields.
#![deny(missing_docs, unused, clippy::all)]

/// Types of the person's own, with the names of Rust's.
#[allow(dead_code, missing_docs)]
mod names {
    pub struct Option;
    pub struct Result;
    pub struct String;
    pub struct Vec;
    pub struct Clone;
    pub struct Copy;

    #[allow(non_snake_case)]
    pub fn Some() {}
    #[allow(non_snake_case)]
    pub fn Ok() {}
}
#[allow(unused_imports)]
use names::*;

orm::app! { pub hygiene { Awkward, country::Country, r#Match } }

/// A model whose fields are called like what the library or the macro uses.
#[derive(orm::Model, Debug)]
#[allow(dead_code, reason = "no row is looked at here; what the derive writes must not warn")]
pub struct Awkward {
    /// The key.
    #[field(primary_key, auto)]
    pub key: i64,
    /// A word of Rust's.
    pub r#type: ::std::string::String,
    /// A method of querysets.
    pub filter: i32,
    /// A method of expressions.
    pub eq: i32,
    /// A method of drafts.
    pub create: ::std::option::Option<i32>,
    /// A method of models.
    pub objects: bool,
    /// Names inside the expansion.
    pub row: i64,
    /// Names inside the expansion.
    pub out: i64,
    /// Names inside the expansion.
    pub at: i64,
    /// Names inside the expansion.
    pub value: i64,
    /// Names inside the expansion.
    pub field: i64,
    /// Names inside the expansion.
    pub rows: i64,
    /// Names inside the expansion.
    pub this: i64,
    /// A field with the name of a type beside it.
    pub country: orm::ForeignKey<country::Country>,
    /// An alias for an optional relation.
    pub home: Maybe<orm::ForeignKey<country::Country>>,
    /// An alias for an optional column.
    pub note: Maybe<Text>,
    private: i64,
}

/// `Option` by another name.
pub type Maybe<T> = ::std::option::Option<T>;
/// `String` by another name.
pub type Text = ::std::string::String;

/// A module of its own.
pub mod country {
    /// A country.
    #[derive(orm::Model, Debug)]
    #[allow(dead_code)]
    #[model(ordering(-name), comment = "where people live", verbose_name = "land")]
    pub struct Country {
        /// The key.
        pub id: i32,
        /// The name.
        #[field(unique, max_length = 80, verbose_name = "name in English")]
        pub name: ::std::string::String,
        /// Who lives there.
        #[field(via = country)]
        pub people: orm::HasMany<super::Awkward>,
    }
}

/// A model called like a word of Rust's.
#[derive(orm::Model, Debug)]
#[allow(dead_code, reason = "no row is looked at here; what the derive writes must not warn")]
pub struct r#Match {
    /// The key.
    pub id: orm::prelude::Uuid,
}

#[test]
fn awkward_models_work() -> orm::Result<()> {
    use orm::prelude::*;
    let draft = Awkward::draft()
        .r#type("a")
        .filter(1)
        .eq(2)
        .objects(true)
        .row(1)
        .out(2)
        .at(3)
        .value(4)
        .field(5)
        .rows(6)
        .this(7)
        .private(8)
        .country(9)
        .note("n")
        .create(3);
    drop_draft(draft);
    let sql = Awkward::objects()
        .filter(|a| a.r#type.eq("x") & a.filter.eq(1) & a.eq.eq(1) & a.home.name.eq("y"))
        .order_by(|a| a.create.desc())
        .values(|a| (a.key, a.home.name))
        .to_sql(orm::Dialect::Sqlite)?;
    assert!(sql.contains(r#""type" = ?"#), "{sql}");
    assert_eq!(Awkward::meta().field("type").map(|(index, _)| index), ::std::option::Option::Some(1));
    assert_eq!(r#Match::meta().table, "hygiene_match");
    assert_eq!(country::Country::meta().verbose_name, "land");
    assert_eq!(country::Country::meta().help, "A country.");
    ::std::result::Result::Ok(())
}

fn drop_draft(draft: impl orm::write::IntoDraftRow<Awkward>) {
    let _ = draft.into_row();
}
