use orm::prelude::*;

#[derive(Choices)]
pub struct Status(String);

#[derive(orm::FieldType)]
pub struct Size {
    width: i64,
    height: i64,
}

#[derive(orm::FieldType)]
pub struct Maybe(Option<i64>);

fn main() {}
