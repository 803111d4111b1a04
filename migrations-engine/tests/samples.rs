//! Schemas and helpers that several tests use.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use migrations_engine::condition::Value;
use migrations_engine::schema::{ColumnType, Constraint, Field, Index, Model, ModelKey, OnDelete, Schema};
use migrations_engine::{MigrationSet, autodetect};

use crate::sqlite::Yes;

/// Runs a future that never waits.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a test connection never waits"),
    }
}

pub(crate) fn key(name: &str) -> ModelKey {
    ModelKey::new("app", name)
}

pub(crate) fn char(max_length: u32) -> ColumnType {
    ColumnType::Char { max_length }
}

/// Authors, tags and books with a bit of everything.
pub(crate) fn library() -> Schema {
    let mut schema = Schema::default();
    schema.insert(
        Model::new("app", "Author")
            .with(Field::auto_id())
            .with(Field::new("name", char(100)))
            .with(Field::new("age", ColumnType::Integer).nullable()),
    );
    schema.insert(Model::new("app", "Tag").with(Field::auto_id()).with(Field::new("label", char(50)).unique()));
    let book = Model::new("app", "Book")
        .with(Field::auto_id())
        .with(Field::new("title", char(200)).indexed())
        .with(Field::foreign_key("author", key("Author"), OnDelete::Cascade))
        .with(Field::new("pages", ColumnType::Integer).default_value(0))
        .with(Field::new("copies", ColumnType::PositiveInteger).db_default(1))
        .with(Field::new("price", ColumnType::Decimal { max_digits: 8, decimal_places: 2 }).nullable())
        .with(Field::new("published", ColumnType::Date).nullable())
        .with(Field::new("token", ColumnType::Uuid).nullable())
        .with(Field::new("extra", ColumnType::Json).default_value(Value::Json("{}".into())))
        .with_index(Index::new("app_book_title_pages", &["title", "pages"]))
        .with_constraint(Constraint::unique("app_book_title_author", &["title", "author"]))
        .with_constraint(Constraint::check("app_book_pages", "pages >= 0 or pages is null".parse().unwrap()));
    let tags = Field::many_to_many(&book, "tags", key("Tag"));
    schema.insert(book.with(tags));
    schema
}

/// The library with its books changed.
pub(crate) fn with_book(change: impl FnOnce(&mut Model)) -> Schema {
    let mut schema = library();
    change(schema.models.get_mut(&key("Book")).unwrap());
    schema
}

/// The field of a model to change.
pub(crate) fn field<'a>(model: &'a mut Model, name: &str) -> &'a mut Field {
    model.fields.iter_mut().find(|field| field.name == name).unwrap()
}

/// The schema of some models.
pub(crate) fn of(models: impl IntoIterator<Item = Model>) -> Schema {
    let mut schema = Schema::default();
    models.into_iter().for_each(|model| drop(schema.insert(model)));
    schema
}

/// The migrations that lead through all of the states, each of which is reached by replaying them.
pub(crate) fn through(states: &[Schema]) -> MigrationSet {
    let mut set = MigrationSet::default();
    for state in states {
        for migration in autodetect(&set, state, &mut Yes).unwrap() {
            set.add(migration).unwrap();
        }
        assert_eq!(&set.state().unwrap(), state);
    }
    set
}
