use orm::prelude::*;

#[derive(Choices)]
pub enum Status {
    Draft,
    Printed(i64),
    #[choice(value = "draft")]
    Sketch,
    #[choice(other)]
    Other,
    #[choice(lable = "Lost")]
    Lost,
    #[choice(value = 3)]
    Three,
}

#[derive(Choices)]
#[choices(integer)]
pub enum Level {
    #[choice(value = "one")]
    One,
    Two = 70000000000,
}

#[derive(Choices)]
#[choices(integer)]
#[repr(u16)]
pub enum Side {
    #[choice(value = -1)]
    Left,
    Right,
}

fn main() {}
