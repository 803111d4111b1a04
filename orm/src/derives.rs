//! The derives beside `Model`, with what they take.

/// Makes a struct of fields a part that several models share.
///
/// It takes the field options of [`Model`](derive@crate::Model), and none for the model; see [`ModelPart`](trait@crate::ModelPart).
///
/// ```
/// use orm::prelude::*;
///
/// #[derive(ModelPart, Debug, Clone)]
/// pub struct Address {
///     #[field(max_length = 100)]
///     pub street: String,
///     pub city: Option<String>,
/// }
///
/// orm::app! { pub shop { Customer } }
///
/// #[derive(Model, Debug, Clone)]
/// pub struct Customer {
///     pub id: i64,
///     #[field(flatten)]
///     pub address: Address,
/// }
///
/// let columns: Vec<&str> = Customer::meta().columns.iter().map(|column| &*column.name).collect();
/// assert_eq!(columns, ["id", "street", "city"]);
/// let _ = Customer::objects().filter(|c| c.address.city.eq("Oslo"));
/// ```
pub use orm_derive::ModelPart;

/// Makes an enum the type of a column; see [`Choices`](trait@crate::Choices) for what can be done with it.
///
/// | attribute | meaning |
/// |---|---|
/// | nothing | stored as text, `InProgress` as `in_progress`, labelled `In progress`; `max_length` follows from the longest |
/// | `#[choices(integer)]`, or discriminants `Low = 1` | stored as numbers, in 32 bits; `#[repr(i16)]` and `#[repr(i64)]` say otherwise, and `#[repr(u16)]`, `#[repr(u32)]` and `#[repr(u64)]` make a column that is never negative |
/// | `#[choices(db_type = "mood")]` | stored as texts of an enum of the database's own, on PostgreSQL only; `CREATE TYPE` makes it |
/// | `#[choice(value = "pub")]`, `#[choice(value = 7)]` | the stored value of a variant |
/// | `#[choice(label = "In print")]` | what people read |
/// | `#[choice(other)] Other(String)` | takes stored values that are none of the choices (`i64` for numbers); without it they are an error, [`Code::UnknownChoice`](crate::Code::UnknownChoice) |
///
/// ```
/// use orm::prelude::*;
///
/// #[derive(Choices, Debug, Clone, PartialEq)]
/// #[repr(i32)] // Rust asks for it where a variant with a discriminant stands beside one that holds a value
/// enum Level {
///     Low = 1,
///     High = 9,
///     #[choice(other)]
///     Unknown(i64),
/// }
///
/// assert_eq!("9".parse::<Level>()?, Level::High);
/// assert_eq!("5".parse::<Level>()?, Level::Unknown(5));
/// # Ok::<(), orm::Error>(())
/// ```
pub use orm_derive::Choices;

/// Makes a newtype the type of a column: it is stored as what it holds.
///
/// ```
/// use orm::{FieldType, Value};
///
/// #[derive(FieldType, Debug, Clone, PartialEq, Eq, Hash)]
/// struct Isbn(String);
///
/// assert_eq!(Isbn("3-16-148410-0".to_owned()).to_value()?, Value::Text("3-16-148410-0".to_owned()));
/// # Ok::<(), orm::Error>(())
/// ```
pub use orm_derive::FieldType;

/// Makes a struct the shape that a model's table has at a migration, for data steps: see the trait
/// [`Frozen`](trait@crate::Frozen).
///
/// ```
/// use orm::Frozen;
///
/// #[derive(Frozen)]
/// #[frozen(app = "library", at = "0001")]
/// struct Tag {
///     id: i64,
///     name: String,
/// }
/// assert_eq!(Tag::MODEL, "Tag");
/// ```
pub use orm_derive::Frozen;

/// Makes a struct the row of a query: its fields are filled by their names, and closures see them by their names too.
///
/// With `#[row(model = Book)]` it takes values of that model: each field the one of its name, or what its closure says. A
/// name that the model does not have, or a value of another type, does not compile.
///
/// | attribute | meaning |
/// |---|---|
/// | `#[row(model = Book)]` on the struct | the model that [`values_as`](crate::QuerySet::values_as) takes the values from |
/// | `#[row(\|b\| b.author.name)]` on a field | what fills it, instead of the model's field of its name: any expression |
///
/// ```
/// # use library::*;
/// #[derive(Row, Debug, PartialEq)]
/// #[row(model = Book)]
/// struct Card {
///     title: String,
///     price: Decimal,
///     #[row(|b| b.author.name)]
///     author: String,
///     #[row(|b| b.editor.name)]
///     editor: Option<String>, // below a relation that may be NULL
///     #[row(|b| b.tags.count())]
///     tags: i64,
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let cards = Book::objects().filter(|b| b.active).values_as::<Card>().filter(|card| card.tags.gt(0));
/// let cards: Vec<Card> = cards.order_by(|card| card.price.desc()).all(&db).await?;
/// assert_eq!((cards[0].title.as_str(), cards[0].editor.as_deref()), ("Compilers", Some("Ada Lovelace")));
/// # Ok(()) }
/// ```
///
/// Beside the struct stands `CardFields`, generic in each field: what closures receive, and what fills a row in any query, with
/// the fields in any order. One that is missing, unknown or of another type does not compile.
///
/// ```
/// # use library::*;
/// #[derive(Row)]
/// struct Sales {
///     author: String,
///     books: i64,
///     dearest: Option<Decimal>,
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let sales = Book::objects()
///     .group_by(|b| b.author.name)
///     .annotate(|b| (count(), b.price.max()))
///     .values(|(author, books, dearest)| SalesFields { author, dearest, books })
///     .order_by(|sales| sales.author.asc());
/// let first = sales.first(&db).await?.unwrap();
/// assert_eq!((first.author.as_str(), first.books, first.dearest), ("Ada Lovelace", 2, Some(Decimal::new(1250, 2))));
/// # Ok(()) }
/// ```
///
/// A field can be another such struct, or a model: the relation of its name fills it, or the one that a closure gives, all in one
/// query. Behind a relation that may lead to no row it is an `Option`. A struct without a model is filled by its fields. In closures
/// what it holds is seen by its names: `|card| card.author.name.eq("Ada")`; of a model that is so until the rows become a table of
/// their own, as by `union`.
///
/// ```
/// # use library::*;
/// #[derive(Row, Debug, PartialEq)]
/// #[row(model = Author)]
/// struct Writer {
///     name: String,
///     #[row(|a| a.country.code)]
///     country: String,
/// }
///
/// #[derive(Row, Debug)]
/// #[row(model = Book)]
/// struct Card {
///     title: String,
///     author: Writer,
///     editor: Option<Writer>,
///     #[row(|b| b.author.country)]
///     printed: Country, // a whole model
///     #[row(|b| NumbersFields { views: b.views, price: b.price })]
///     numbers: Numbers,
/// }
///
/// #[derive(Row, Debug)]
/// struct Numbers {
///     price: Decimal,
///     views: i64,
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let cards = Book::objects().values_as::<Card>().filter(|card| card.author.country.eq("US") & card.numbers.views.gt(0));
/// let card = cards.get(&db).await?;
/// assert_eq!((card.author.name.as_str(), card.printed.name.as_str()), ("Grace Hopper", "America"));
/// assert_eq!(card.editor, Some(Writer { name: "Ada Lovelace".to_owned(), country: "UK".to_owned() }));
/// # Ok(()) }
/// ```
///
/// A tuple gets the names of a struct, in its order, by [`named`](crate::QuerySet::named).
pub use orm_derive::Row;
