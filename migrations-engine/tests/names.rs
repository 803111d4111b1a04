//! Names that no database takes are refused before any statement.

use migrations_engine::condition::Expr;
use migrations_engine::schema::{ColumnType, Constraint, Field, Index, Model, Schema};
use migrations_engine::{Dialect, Operation, plan};

use crate::samples::{key, library};

#[test]
fn names_that_are_too_long_are_refused_before_any_statement() {
    let long = "n".repeat(64);
    let model = key("Author");
    let field = Field { column: long.clone(), ..Field::new("long", ColumnType::Text).nullable() };
    let many = {
        let author = &library().models[&model];
        let mut many = Field::many_to_many(author, "tags", key("Tag"));
        many.relation.as_mut().unwrap().many_to_many.as_mut().unwrap().table.clone_from(&long);
        many
    };
    let check = Constraint::check(long.clone(), Expr::field("age").gt(0));
    let create = Operation::CreateModel(Model::new("app", "Long").with(Field::auto_id()).in_table(long.clone()));
    for operation in [
        create,
        Operation::RenameTable { model: model.clone(), table: long.clone() },
        Operation::AddField { model: model.clone(), field, fill: None },
        Operation::AddField { model: model.clone(), field: many, fill: None },
        Operation::AddIndex { model: model.clone(), index: Index::new(long.clone(), &["age"]) },
        Operation::AddConstraint { model: model.clone(), constraint: Constraint::unique(long.clone(), &["age"]) },
        Operation::AddConstraint { model: model.clone(), constraint: check },
        Operation::RenameIndex { model: key("Book"), name: "app_book_title_pages".into(), to: long.clone() },
        Operation::RenameConstraint { model: key("Book"), name: "app_book_pages".into(), to: long.clone() },
    ] {
        for dialect in Dialect::ALL {
            let refused = plan(dialect, &library(), std::slice::from_ref(&operation)).map(|plan| format!("{plan:#?}"));
            let error = refused.expect_err(&format!("{dialect}: {operation:?}"));
            assert_eq!(error.code(), "M018", "{error}");
            assert!(error.message().contains(&long), "{error}");
        }
    }
    // Letters count by their bytes, and one less is well.
    let table = |name: String| {
        let create = Operation::CreateModel(Model::new("app", "Long").with(Field::auto_id()).in_table(name));
        plan(Dialect::Postgres, &Schema::default(), &[create]).map(drop)
    };
    assert_eq!(table("é".repeat(32)).unwrap_err().code(), "M018");
    table("é".repeat(31)).unwrap();
    table("n".repeat(63)).unwrap();
}

#[test]
fn an_index_that_may_be_missing_is_renamed_only_where_it_is_there() {
    // Whether one for patterns was made, only the server knows: no collation that ignores something allows it.
    let sql = |collation: Option<&str>| {
        let of = |like: Option<&str>| {
            let mut field = Field::new("name", ColumnType::Char { max_length: 9 }).indexed();
            field.collation = collation.map(Into::into);
            field.names.like = like.map(str::to_owned);
            field
        };
        let mut state = Schema::default();
        Operation::CreateModel(Model::new("app", "Author").with(Field::auto_id()).with(of(Some("old"))))
            .apply(&mut state)
            .unwrap();
        let rename = Operation::AlterField { model: key("Author"), field: of(Some("new")), fill: None };
        let statements = plan(Dialect::Postgres, &state, &[rename]).unwrap();
        let [renamed] = &statements[..] else { panic!("{statements:?}") };
        (renamed.sql(), renamed.reverse.clone().unwrap())
    };
    let both = |there: &str| {
        (
            format!("ALTER INDEX {there}\"old\" RENAME TO \"new\""),
            format!("ALTER INDEX {there}\"new\" RENAME TO \"old\""),
        )
    };
    assert_eq!(sql(None), both(""));
    assert_eq!(sql(Some("loose")), both("IF EXISTS "));
}
