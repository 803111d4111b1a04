//! Functions of the database that the library does not have: declared in one line, with types.

use super::Ex;
use crate::{
    tree::{Declared, Expr, Function},
};

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
/// assert!(pages.to_sql(orm::Dialect::Postgres)?.contains(r#"CROSS JOIN generate_series("book"."id", $1) AS orm_elements(value)"#));
/// # Ok::<(), orm::Error>(())
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
        $vis fn $name<Root>() -> $crate::Ex<Root, <$result as $crate::__private::Gives>::Value> {
            const NAMES: &$crate::tree::Declared = {
                const NEW: $crate::tree::Declared = $crate::__private::gives::<$result>(stringify!($name));
                &$crate::sql_function!(@names NEW, $names)
            };
            $crate::__private::declared(NAMES, ::std::vec![])
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
        ) -> $crate::Ex<
            <$first as $crate::Expression>::Root,
            $crate::__private::Alike<$first, $crate::sql_function!(@result $first, $result, $($argument: $type),*)>,
        >
        where
            $first: $crate::Expression<Value: $crate::FieldType<Plain = $first_type>>,
            $($argument: $crate::Operand<<$first as $crate::Expression>::Root, $type>,)*
        {
            const NAMES: &$crate::tree::Declared = {
                const NEW: $crate::tree::Declared = $crate::__private::gives::<$result>(stringify!($name));
                &$crate::sql_function!(@names NEW, $names)
            };
            let arguments = ::std::vec![
                $crate::Expression::into_expr($first),
                $($crate::Operand::<<$first as $crate::Expression>::Root, $type>::into_operand($argument)),*
            ];
            $crate::__private::declared(NAMES, arguments)
        }
    };
    (@names $names:expr, { $($database:ident: $name:literal),+ $(,)? }) => { $names$(.$database($name))+ };
    (@names $names:expr, $name:literal) => { $names.sqlite($name).postgres($name).mysql($name) };
    (@result $first:ident, $result:ty,) => { <$result as $crate::__private::Gives>::Value };
    (@result $first:ident, $result:ty, $argument:ident: $type:ty $(, $more:ident: $types:ty)*) => {
        <<$argument as $crate::Operand<<$first as $crate::Expression>::Root, $type>>::Null as $crate::Null>::Wrap<
            $crate::sql_function!(@result $first, $result, $($more: $types),*)
        >
    };
}

/// A call of a declared function.
#[doc(hidden)]
pub fn declared<R, T>(function: &'static Declared, arguments: Vec<Expr>) -> Ex<R, T> {
    Ex::new(Expr::Call(Function::Declared(function), arguments))
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

/// What a declared function gives: a value, or rows.
#[doc(hidden)]
pub trait Gives {
    type Value: crate::FieldType;
    const ROWS: bool;
}

impl<T: crate::FieldType> Gives for T {
    type Value = T;
    const ROWS: bool = false;
}

impl<T: crate::FieldType> Gives for SetOf<T> {
    type Value = T;
    const ROWS: bool = true;
}

/// A function that gives this, without a name yet.
#[doc(hidden)]
pub const fn gives<T: Gives>(name: &'static str) -> Declared {
    Declared::new(name, <T::Value as crate::FieldType>::KIND, T::ROWS)
}
