//! Functions of the database that the library does not have: declared in one line, with types.

use super::{Agg, Ex};
use crate::tree::{Aggregate, Aggregation, Declared, Expr, Function};

/// Declares a function of the database: its arguments, its result and what it is called, as a function for queries.
///
/// One name serves everywhere; otherwise a name for each database that has the function (`mysql` is MariaDB too), and using it on
/// another is [`Code::Unsupported`](crate::Code::Unsupported) before any statement runs. A name is letters, digits and `_`, with
/// points between: anything else does not compile, so that nothing can be injected. The result is an `Option` where an
/// argument may be NULL; one that may be NULL by itself is declared as an `Option`. The first argument is a field or another
/// expression of the query; the others may be values too. A function may also take none.
///
/// ```
/// # use library::*;
/// orm::sql_function! {
///     /// The code of the first letter.
///     pub fn code_of(text: String) -> i64 = { sqlite: "unicode", postgres: "ascii", mysql: "ord" };
///
///     /// Where a part begins, from 1.
///     fn place_of(text: String, part: String) -> i64 = { sqlite: "instr", postgres: "strpos", mysql: "instr" };
///
///     fn hex(bytes: String) -> String = "hex";
///
///     fn version() -> String = { sqlite: "sqlite_version", postgres: "version", mysql: "version" };
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let found = Book::objects().filter(|b| place_of(b.title, "BO").gt(0)).values(|b| (code_of(b.title), hex(b.title)));
/// assert_eq!(found.get(&db).await?, (67, "434F424F4C".to_owned()));
/// assert!(Tag::objects().values(|_| version()).first(&db).await?.is_some_and(|text| text.starts_with('3')));
/// let editors: Vec<Option<i64>> = Book::objects().order_by(|b| b.id.asc()).values(|b| code_of(b.editor.name)).all(&db).await?;
/// assert_eq!(editors, [None, Some(65), None, Some(71)]); // books without an editor have none
/// # Ok(()) }
/// ```
///
/// A function that gives rows is declared as a [`SetOf`](crate::SetOf) their values, and makes several rows of one where it is
/// selected, as the elements of arrays and documents do. On SQLite they are the column `value` of a table-valued function; MariaDB
/// and MySQL have none.
///
/// ```
/// # use library::*;
/// orm::sql_function! {
///     /// Each number from one to another.
///     fn series(first: i64, last: i64) -> orm::SetOf<i64> = { postgres: "generate_series" };
/// }
///
/// let pages = Book::objects().values(|b| (b.title, series(b.id, 9))).filter(|(_, page)| page.gt(2));
/// assert!(pages.to_sql(orm::Dialect::Postgres)?.contains(r#"CROSS JOIN generate_series("book2"."id", $1) AS orm_elements(value)"#));
/// # Ok::<(), orm::Error>(())
/// ```
///
/// One that makes one value of many rows is declared as an [`AggregateOf`](crate::AggregateOf) its type, and used as those of the library:
/// over all rows, groups and sets, with `filter`, `distinct`, `order_by` and `over`.
///
/// ```
/// # use library::*;
/// orm::sql_function! {
///     /// The sum as a float, 0 of none.
///     fn total(value: i64) -> orm::AggregateOf<f64> = { sqlite: "total" };
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let views = Author::objects().order_by(|a| a.id.asc()).values(|a| a.books.aggregate(|b| total(b.views).filter(b.active) / 2.0));
/// assert_eq!(views.all(&db).await?, [7.5, 15.0, 0.0]);
/// # Ok(()) }
/// ```
///
/// ```compile_fail
/// orm::sql_function! { fn evil(text: String) -> i64 = "length(1); DROP TABLE x --"; }
/// ```
#[macro_export]
macro_rules! sql_function {
    ($(
        $(#[$meta:meta])*
        $vis:vis fn $name:ident($($arguments:tt)*) -> $result:ty = $names:tt;
    )+) => {$(
        $crate::sql_function! { @one [$(#[$meta])*] [$vis] $name [$($arguments)*] [$result] $names }
    )+};
    (@one [$($meta:tt)*] [$vis:vis] $name:ident [] [$result:ty] $names:tt) => {
        $($meta)*
        $vis fn $name<Root>() -> <$result as $crate::__private::Gives>::Call<Root, <$result as $crate::__private::Gives>::Value> {
            const NAMES: &$crate::tree::Declared = {
                const NEW: $crate::tree::Declared = $crate::__private::gives::<$result>(stringify!($name));
                &$crate::sql_function!(@names NEW, $names)
            };
            <$result as $crate::__private::Gives>::call::<Root, <$result as $crate::__private::Gives>::Value>(NAMES, ::std::vec![])
        }
    };
    (@one [$($meta:tt)*] [$vis:vis] $name:ident
        [$first:ident: $first_type:ty $(, $argument:ident: $type:ty)* $(,)?] [$result:ty] $names:tt
    ) => {
        $($meta)*
        #[allow(non_camel_case_types, clippy::too_many_arguments)]
        $vis fn $name<$first, $($argument),*>(
            $first: $first,
            $($argument: $argument),*
        ) -> <$result as $crate::__private::Gives>::Call<
            <$first as $crate::Expression>::Root,
            $crate::__private::Alike<$first, $crate::sql_function!(@result $first, $result, $($argument: $type),*)>,
        >
        where
            $first: $crate::Expression<
                Value: $crate::FieldType<Plain = <$first_type as $crate::FieldType>::Plain>,
            >,
            $($argument: $crate::Operand<<$first as $crate::Expression>::Root, <$type as $crate::FieldType>::Plain>,)*
        {
            const NAMES: &$crate::tree::Declared = {
                const NEW: $crate::tree::Declared = $crate::__private::gives::<$result>(stringify!($name));
                &$crate::sql_function!(@names NEW, $names)
            };
            let arguments = ::std::vec![
                $crate::Expression::into_expr($first),
                $($crate::Operand::<
                    <$first as $crate::Expression>::Root,
                    <$type as $crate::FieldType>::Plain,
                >::into_operand($argument)),*
            ];
            <$result as $crate::__private::Gives>::call::<
                <$first as $crate::Expression>::Root,
                $crate::__private::Alike<$first, $crate::sql_function!(@result $first, $result, $($argument: $type),*)>,
            >(NAMES, arguments)
        }
    };
    (@names $names:expr, { $($database:ident: $name:literal),+ $(,)? }) => { $names$(.$database($name))+ };
    (@names $names:expr, $name:literal) => { $names.sqlite($name).postgres($name).mysql($name) };
    (@result $first:ident, $result:ty,) => { <$result as $crate::__private::Gives>::Value };
    (@result $first:ident, $result:ty, $argument:ident: $type:ty $(, $more:ident: $types:ty)*) => {
        <<$argument as $crate::Operand<
            <$first as $crate::Expression>::Root,
            <$type as $crate::FieldType>::Plain,
        >>::Null as $crate::Null>::Wrap<
            $crate::sql_function!(@result $first, $result, $($more: $types),*)
        >
    };
}

/// What a function gives that makes several rows of one, in [`sql_function!`](crate::sql_function): the type of the value in each.
///
/// ```
/// orm::sql_function! { fn words(text: String, between: String) -> orm::SetOf<String> = { postgres: "string_to_table" }; }
/// # use library::*;
/// # let query = Book::objects().values(|b| words(b.title, " ")).distinct();
/// # assert!(query.to_sql(orm::Dialect::Postgres)?.contains("string_to_table"));
/// # Ok::<(), orm::Error>(())
/// ```
pub struct SetOf<T>(std::marker::PhantomData<T>);

/// What a function gives that makes one value of many rows, in [`sql_function!`](crate::sql_function): the type of that value, an
/// `Option` where it may be NULL. It is an [`Agg`](crate::Agg), with all that can be said of one.
///
/// ```
/// orm::sql_function! { fn last(title: String) -> orm::AggregateOf<Option<String>> = "max"; }
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// assert_eq!(Book::objects().aggregate(|b| last(b.title).filter(b.price.gt(30))).get(&db).await?.as_deref(), Some("Compilers"));
/// # Ok(()) }
/// ```
pub struct AggregateOf<T>(std::marker::PhantomData<T>);

/// What a declared function gives: a value, rows, or a value of many rows.
#[doc(hidden)]
pub trait Gives {
    type Value: crate::FieldType;
    /// A call in the query `R`, whose values are of the type `V`: that of the function, or where an argument may be NULL an `Option`.
    type Call<R, V>;
    const ROWS: bool = false;

    fn call<R, V>(function: &'static Declared, arguments: Vec<Expr>) -> Self::Call<R, V>;
}

impl<T: crate::FieldType> Gives for T {
    type Value = T;
    type Call<R, V> = Ex<R, V>;

    fn call<R, V>(function: &'static Declared, arguments: Vec<Expr>) -> Ex<R, V> {
        Ex::new(Expr::Call(Function::Declared(function), arguments))
    }
}

impl<T: crate::FieldType> Gives for SetOf<T> {
    type Value = T;
    type Call<R, V> = Ex<R, V>;
    const ROWS: bool = true;

    fn call<R, V>(function: &'static Declared, arguments: Vec<Expr>) -> Ex<R, V> {
        Ex::new(Expr::Call(Function::Declared(function), arguments))
    }
}

impl<T: crate::FieldType> Gives for AggregateOf<T> {
    type Value = T;
    type Call<R, V> = Agg<R, T>;

    fn call<R, V>(function: &'static Declared, arguments: Vec<Expr>) -> Agg<R, T> {
        Agg::new(Aggregation::of(Aggregate::Declared(function), arguments))
    }
}

/// A function that gives this, without a name yet.
#[doc(hidden)]
pub const fn gives<T: Gives>(name: &'static str) -> Declared {
    Declared::new(name, <T::Value as crate::FieldType>::KIND, T::ROWS)
}
