use orm::Frozen;

#[derive(Frozen)]
#[frozen(app = "library")]
struct Author {
    id: i64,
}

#[derive(Frozen)]
#[frozen(app = "library", at = "0001")]
struct Pair(i64, String);

#[derive(Frozen)]
#[frozen(app = "library", since = "0001")]
struct Book {
    id: i64,
}

fn main() {}
