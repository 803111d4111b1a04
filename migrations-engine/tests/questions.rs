//! Everything that has to be answered is told in one run, with the words that answer it.

use migrations_engine::diff::{Answers, Refuse};
use migrations_engine::schema::{ColumnType, Field, Model, Schema};
use migrations_engine::{Error, diff};

fn schema(models: &[(&str, &[Field])]) -> Schema {
    let mut schema = Schema::default();
    for (name, fields) in models {
        schema.insert(fields.iter().cloned().fold(Model::new("shop", *name).with(Field::auto_id()), Model::with));
    }
    schema
}

fn text(name: &str) -> Field {
    Field::new(name, ColumnType::Char { max_length: 50 })
}

fn number(name: &str) -> Field {
    Field::new(name, ColumnType::Integer)
}

fn refused(from: &Schema, to: &Schema) -> Error {
    diff(from, to, &mut Refuse).unwrap_err()
}

/// The answers that a refusal says, each by the first words of its line.
fn said(error: &Error) -> Vec<String> {
    let words = error.hint().unwrap().lines().map(|line| line.split_whitespace().take(2).collect::<Vec<_>>().join(" "));
    words.collect()
}

#[test]
fn all_renames_and_removals_are_asked_at_once() {
    let from = schema(&[
        ("Author", &[text("name"), number("age")]),
        ("Book", &[text("title"), text("isbn"), number("pages").nullable()]),
        ("Note", &[text("body")]),
    ]);
    let to = schema(&[
        ("Author", &[text("full_name"), number("born")]),
        ("Book", &[text("headline"), text("isbn13"), text("language")]),
        ("Remark", &[text("body"), text("by")]),
    ]);
    let error = refused(&from, &to);
    assert_eq!(
        said(&error),
        [
            "--rename shop.Note=Remark",
            "--rename shop.Author.name=full_name",
            "--rename shop.Author.age=born",
            "--rename shop.Book.title=headline",
            "--rename shop.Book.isbn=isbn13",
            "--remove shop.Book.pages",
            "--default shop.Book.language=<value>,",
            // What has to be known of a model that was renamed is asked as if it was.
            "--default shop.Remark.by=<value>,",
        ],
        "{error}"
    );
    assert!(error.hint().unwrap().contains("adds `born` with --default shop.Author.born=<value>"), "{error}");
    // Said together they are enough.
    let mut answers = Answers::new();
    let renames =
        ["Note=Remark", "Author.name=full_name", "Author.age=born", "Book.title=headline", "Book.isbn=isbn13"];
    for rename in renames {
        answers.rename(&format!("shop.{rename}")).unwrap();
    }
    answers.remove("shop.Book.pages").unwrap();
    answers.default("shop.Book.language=en").unwrap();
    answers.default("shop.Remark.by=nobody").unwrap();
    let operations = diff(&from, &to, &mut answers).unwrap();
    assert_eq!(operations.len(), 8, "{operations:?}");
    assert!(answers.unused().is_empty());
}

#[test]
fn the_most_like_name_is_asked_about() {
    let from = schema(&[("Book", &[text("title"), text("isbn")])]);
    let to = schema(&[("Book", &[text("isbn13"), text("titles")])]);
    assert_eq!(said(&refused(&from, &to)), ["--rename shop.Book.isbn=isbn13", "--rename shop.Book.title=titles"]);
    // Answers of either kind stand beside questions that are left.
    let mut answers = Answers::new();
    answers.rename("shop.Book.title=isbn13").unwrap();
    let error = diff(&from, &to, &mut answers).unwrap_err();
    assert_eq!(said(&error), ["--rename shop.Book.isbn=titles"]);
    let mut answers = Answers::new();
    answers.remove("shop.Book.title").unwrap();
    let error = diff(&from, &to, &mut answers).unwrap_err();
    assert_eq!(said(&error), ["--rename shop.Book.isbn=isbn13", "--default shop.Book.titles=<value>,"]);
}

#[test]
fn a_field_that_may_be_renamed_and_no_longer_allows_null_needs_both_answers() {
    let from = schema(&[("Book", &[number("pages").nullable()])]);
    let to = schema(&[("Book", &[number("leaves")])]);
    assert_eq!(said(&refused(&from, &to)), ["--rename shop.Book.pages=leaves", "--default shop.Book.leaves=<value>,"]);
}
